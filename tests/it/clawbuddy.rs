//! The real `clawbuddy` 0.4.0 on the other side of a channel.
//!
//! Every case runs the program itself, from the package that CI installs; where it is not
//! installed a case prints that it was skipped.

mod conversation;
mod hostile;
mod moving;
mod same_words;

use crate::support::clawbuddy::Clawbuddy;
use crate::support::{Person, Relay};

/// One of us and one of them, strangers so far.
struct Two {
    relay: Relay,
    us: Person,
    them: Clawbuddy,
}

impl Two {
    fn meet() -> Option<Self> {
        let relay = Relay::start();
        Some(Self {
            us: Person::on(relay.url()),
            them: Clawbuddy::on(relay.url())?,
            relay,
        })
    }

    /// They accept our invite; returns the channel.
    fn we_invite(&self) -> String {
        let invited = self.us.invite("+15550100");
        self.them.json(&["accept", &invited.url]);
        self.us.json(&["check", "--accept-requests"]);
        self.us.trust(&invited.channel);
        invited.channel
    }

    /// We accept their invite; returns the channel.
    fn they_invite(&self) -> String {
        let invited = self.them.invite("+15550199");
        self.us.json(&["accept", &invited.url]);
        self.us.trust(&invited.channel);
        assert_eq!(self.them.texts(), [""; 0]);
        invited.channel
    }
}
