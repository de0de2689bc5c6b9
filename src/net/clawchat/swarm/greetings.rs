//! Relays that we are to be introduced by, and have to be known to first.
//!
//! A hole is punched with the addresses that others have seen us at, and libp2p takes those that
//! it knows of when the relayed connection is made, not later. Whoever goes through a relay as
//! soon as it is dialled has none, and stays relayed. So the relay is asked first.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

use super::task::Want;

/// How long a relay may take to say at which address it sees us.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Relays, and who waits for them.
#[derive(Debug, Default)]
pub(super) struct Greetings {
    /// Peers that have told us how they see us, on a connection that is there.
    told: HashSet<PeerId>,
    waiting: HashMap<PeerId, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    until: Instant,
    wants: Vec<Want>,
}

impl Greetings {
    /// Returns the first relay on the way to a peer that has not told us yet how it sees us,
    /// with its own address.
    pub(super) fn missing(&self, addresses: &[Multiaddr]) -> Option<(PeerId, Multiaddr)> {
        let relays = addresses.iter().filter_map(relay_of);
        relays
            .into_iter()
            .find(|(peer, _)| !self.told.contains(peer))
    }

    /// Lets somebody wait for a relay. Returns whether nobody did before.
    pub(super) fn wait(&mut self, relay: PeerId, want: Want, now: Instant) -> bool {
        let mut first = false;
        let waiting = self.waiting.entry(relay).or_insert_with(|| {
            first = true;
            Waiting {
                until: now + PATIENCE,
                wants: Vec::new(),
            }
        });
        waiting.wants.push(want);
        first
    }

    /// A peer said how it sees us. Returns who has waited for that.
    pub(super) fn told(&mut self, peer: PeerId) -> Vec<Want> {
        self.told.insert(peer);
        self.done(peer)
    }

    /// A peer is not there any more.
    pub(super) fn gone(&mut self, peer: PeerId) {
        self.told.remove(&peer);
    }

    /// Returns who has waited for a relay that cannot be reached.
    pub(super) fn done(&mut self, relay: PeerId) -> Vec<Want> {
        let waiting = self.waiting.remove(&relay);
        waiting.map_or_else(Vec::new, |waiting| waiting.wants)
    }

    /// Returns when somebody will have waited long enough.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.values().map(|waiting| waiting.until).min()
    }

    /// Returns who has waited long enough.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Want> {
        let over: Vec<PeerId> = self
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.until <= now)
            .map(|(relay, _)| *relay)
            .collect();
        over.into_iter()
            .flat_map(|relay| self.done(relay))
            .collect()
    }
}

/// Returns the relay that an address leads through.
fn relay_of(address: &Multiaddr) -> Option<(PeerId, Multiaddr)> {
    let mut own = Multiaddr::empty();
    for part in address {
        if part == Protocol::P2pCircuit {
            let Some(Protocol::P2p(relay)) = own.iter().last() else {
                return None;
            };
            return Some((relay, own));
        }
        own.push(part);
    }
    None
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::super::Protocol as Purpose;
    use super::*;

    const RELAY: &str = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";

    fn want() -> Want {
        Want {
            peer: PeerId::random(),
            addresses: Vec::new(),
            protocol: Purpose::Session,
            reply: oneshot::channel().0,
            greeted: false,
        }
    }

    #[test]
    fn a_relay_is_missing_until_it_has_told_how_it_sees_us_and_again_when_it_is_gone() {
        let relay: PeerId = RELAY.parse().unwrap();
        let direct: Multiaddr = "/ip4/192.0.2.2/tcp/1".parse().unwrap();
        let own = format!("/ip4/192.0.2.1/tcp/1/p2p/{RELAY}");
        let circuit: Multiaddr = format!("{own}/p2p-circuit").parse().unwrap();
        let own: Multiaddr = own.parse().unwrap();
        let mut greetings = Greetings::default();

        assert_eq!(greetings.missing(std::slice::from_ref(&direct)), None);
        let both = [direct, circuit];
        assert_eq!(greetings.missing(&both), Some((relay, own.clone())));
        greetings.told(relay);
        assert_eq!(greetings.missing(&both), None);
        greetings.gone(relay);
        assert_eq!(greetings.missing(&both), Some((relay, own)));
    }

    #[test]
    fn whoever_waits_goes_on_when_the_relay_told_or_when_it_took_too_long() {
        let (one, other) = (PeerId::random(), PeerId::random());
        let now = Instant::now();
        let mut greetings = Greetings::default();
        assert!(greetings.wait(one, want(), now));
        assert!(!greetings.wait(one, want(), now));
        assert!(greetings.wait(other, want(), now));

        assert_eq!(greetings.told(one).len(), 2);
        assert_eq!(greetings.due(now).len(), 0);
        let due = greetings.next_due().unwrap();
        assert_eq!(greetings.due(due).len(), 1);
        assert_eq!(greetings.next_due(), None);
    }
}
