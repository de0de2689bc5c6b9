//! Two people who talk over a relay that runs.

use super::{Person, Relay};

/// A relay, two people on it, and the channel between them.
pub(crate) struct World {
    pub(crate) relay: Relay,
    pub(crate) ana: Person,
    pub(crate) bo: Person,
    pub(crate) channel: String,
}

impl World {
    pub(crate) fn new() -> Self {
        let relay = Relay::start();
        let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
        let channel = ana.befriend(&bo);
        Self {
            relay,
            ana,
            bo,
            channel,
        }
    }
}
