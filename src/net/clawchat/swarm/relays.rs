//! Slots at relays: each is asked for until it is had, and again when it is lost.

use std::time::Duration;

use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

/// The wait after the first failure; it doubles from there.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The relays of a node.
#[derive(Debug, Default)]
pub(super) struct Relays {
    all: Vec<Relay>,
}

/// One relay.
#[derive(Debug)]
struct Relay {
    address: Multiaddr,
    peer: PeerId,
    state: State,
    failures: u32,
    /// What went wrong last, in our words.
    problem: Option<String>,
}

/// How far we are with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Asked at this time.
    Due(Instant),
    /// Was asked.
    Asked(ListenerId),
    /// Has a slot for us.
    Reserved(ListenerId),
}

impl State {
    fn listener(self) -> Option<ListenerId> {
        match self {
            Self::Due(_) => None,
            Self::Asked(listener) | Self::Reserved(listener) => Some(listener),
        }
    }
}

impl Relays {
    /// Adds a relay to be asked at once. Returns whether its address names its peer, as it has
    /// to, and is no circuit itself.
    pub(super) fn add(&mut self, address: Multiaddr, now: Instant) -> bool {
        let Some(Protocol::P2p(peer)) = address.iter().last() else {
            return false;
        };
        if address.iter().any(|part| part == Protocol::P2pCircuit) {
            return false;
        }
        self.all.push(Relay {
            address,
            peer,
            state: State::Due(now),
            failures: 0,
            problem: None,
        });
        true
    }

    /// Returns when the next relay is to be asked.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.all
            .iter()
            .filter_map(|relay| match relay.state {
                State::Due(at) => Some(at),
                State::Asked(_) | State::Reserved(_) => None,
            })
            .min()
    }

    /// Asks every relay that is due: `listen` is given where to listen. Returns those that could
    /// not even be asked.
    pub(super) fn ask<E: ToString>(
        &mut self,
        now: Instant,
        mut listen: impl FnMut(Multiaddr) -> Result<ListenerId, E>,
    ) -> Vec<(Multiaddr, String)> {
        let mut failed = Vec::new();
        for relay in &mut self.all {
            if !matches!(relay.state, State::Due(at) if at <= now) {
                continue;
            }
            match listen(relay.address.clone().with(Protocol::P2pCircuit)) {
                Ok(listener) => relay.state = State::Asked(listener),
                Err(error) => {
                    relay.fail(now);
                    failed.push((relay.address.clone(), error.to_string()));
                }
            }
        }
        failed
    }

    /// Notes why a dial to a peer failed, in case it is a relay.
    pub(super) fn note(&mut self, peer: PeerId, problem: &str) {
        for relay in self.all.iter_mut().filter(|relay| relay.peer == peer) {
            relay.problem = Some(problem.to_owned());
        }
    }

    /// Whether this is the listener of a relay.
    pub(super) fn has(&self, listener: ListenerId) -> bool {
        self.of(listener).is_some()
    }

    /// A relay has a slot for us. Returns its address where that is news.
    pub(super) fn reserved(&mut self, listener: ListenerId) -> Option<Multiaddr> {
        let index = self.of(listener)?;
        let relay = self.all.get_mut(index)?;
        let news = relay.state != State::Reserved(listener);
        relay.state = State::Reserved(listener);
        relay.failures = 0;
        relay.problem = None;
        news.then(|| relay.address.clone())
    }

    /// A relay has no slot for us. Returns its address and what is wrong.
    pub(super) fn lost(
        &mut self,
        listener: ListenerId,
        problem: Option<String>,
        now: Instant,
    ) -> Option<(Multiaddr, String)> {
        let index = self.of(listener)?;
        let relay = self.all.get_mut(index)?;
        let was_there = matches!(relay.state, State::Reserved(_));
        relay.fail(now);
        let problem = relay.problem.take().or(problem).unwrap_or_else(|| {
            let words = if was_there {
                "the connection with the relay ended"
            } else {
                "the relay does not answer"
            };
            words.to_owned()
        });
        Some((relay.address.clone(), problem))
    }

    /// Returns where we are reached through relays.
    pub(super) fn addresses(&self, us: PeerId) -> impl Iterator<Item = Multiaddr> + '_ {
        self.all
            .iter()
            .filter(|relay| matches!(relay.state, State::Reserved(_)))
            .map(move |relay| {
                let circuit = relay.address.clone().with(Protocol::P2pCircuit);
                circuit.with(Protocol::P2p(us))
            })
    }

    fn of(&self, listener: ListenerId) -> Option<usize> {
        self.all
            .iter()
            .position(|relay| relay.state.listener() == Some(listener))
    }
}

impl Relay {
    fn fail(&mut self, now: Instant) {
        let doublings = self.failures.min(10);
        self.failures += 1;
        self.state = State::Due(now + (FIRST_WAIT * (1 << doublings)).min(LONGEST_WAIT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELAY: &str =
        "/ip4/192.0.2.1/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";

    #[test]
    fn a_relay_is_asked_again_ever_later_until_it_has_a_slot() {
        let now = Instant::now();
        let mut relays = Relays::default();
        assert!(relays.add(RELAY.parse().unwrap(), now));

        let mut waits = Vec::new();
        let mut at = now;
        for _ in 0..8 {
            let listener = ListenerId::next();
            let failed = relays.ask(at, |_| Ok::<_, String>(listener));
            assert_eq!(failed, []);
            relays.lost(listener, None, at).unwrap();
            let next = relays.next_due().unwrap();
            waits.push((next - at).as_secs());
            at = next;
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300]);

        let listener = ListenerId::next();
        relays.ask(at, |_| Ok::<_, String>(listener));
        assert_eq!(relays.reserved(listener), Some(RELAY.parse().unwrap()));
        assert_eq!(relays.reserved(listener), None);
        assert_eq!(relays.next_due(), None);
        relays.lost(listener, None, at).unwrap();
        assert_eq!(relays.next_due(), Some(at + FIRST_WAIT));
    }

    #[test]
    fn an_address_that_does_not_name_the_relay_is_of_no_use() {
        let mut relays = Relays::default();
        let nameless = "/ip4/192.0.2.1/tcp/1".parse().unwrap();
        let circuit = format!("{RELAY}/p2p-circuit").parse().unwrap();

        assert!(!relays.add(nameless, Instant::now()));
        assert!(!relays.add(circuit, Instant::now()));
    }
}
