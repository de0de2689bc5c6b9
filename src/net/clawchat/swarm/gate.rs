//! Turns away connections of an address that opens too many.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::IpAddr;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

use super::ip_of;

/// Connections that one address may open at once.
const BURST: u32 = 20;

/// How long it takes until one more is allowed: eight a second, where a real gateway allows
/// five, because several chaperons may share one address.
const REFILL: Duration = Duration::from_millis(125);

/// Connections from one address that may be there at the same time.
const ESTABLISHED: usize = 64;

/// Connections from one address that are being set up at the same time: whoever opens them and
/// says nothing must not keep everybody else out.
const PENDING: usize = 16;

/// Addresses that are remembered.
const REMEMBERED: usize = 4096;

/// Why a connection was turned away.
#[derive(Debug, thiserror::Error)]
enum Denied {
    /// The address opens them too quickly.
    #[error("too many new connections from this address")]
    Rate,
    /// The address has too many.
    #[error("too many connections from this address")]
    Count,
}

/// Where a connection comes from: an address, or a relay of ours, for which there is one count.
type Source = Option<IpAddr>;

/// Limits by source address.
#[derive(Debug, Default)]
pub(super) struct Gate {
    buckets: Buckets,
    established: HashMap<Source, HashSet<ConnectionId>>,
    pending: HashMap<ConnectionId, Source>,
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let source = source_of(remote);
        let there = self.established.get(&source).map_or(0, HashSet::len);
        let pending = self.pending.values().filter(|one| **one == source);
        if there >= ESTABLISHED || pending.count() >= PENDING {
            return Err(ConnectionDenied::new(Denied::Count));
        }
        if !self.buckets.take(source, Instant::now()) {
            return Err(ConnectionDenied::new(Denied::Rate));
        }
        self.pending.insert(connection, source);
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        _connection: ConnectionId,
        _peer: PeerId,
        _local: &Multiaddr,
        _remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _connection: ConnectionId,
        _peer: PeerId,
        _address: &Multiaddr,
        _role: Endpoint,
        _port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ListenFailure(failure) = event {
            self.pending.remove(&failure.connection_id);
        } else if let FromSwarm::ConnectionEstablished(established) = event {
            self.pending.remove(&established.connection_id);
            if established.endpoint.is_listener() {
                let source = source_of(established.endpoint.get_remote_address());
                let there = self.established.entry(source).or_default();
                there.insert(established.connection_id);
            }
        } else if let FromSwarm::ConnectionClosed(closed) = event
            && closed.endpoint.is_listener()
        {
            let source = source_of(closed.endpoint.get_remote_address());
            if let Some(there) = self.established.get_mut(&source) {
                there.remove(&closed.connection_id);
                if there.is_empty() {
                    self.established.remove(&source);
                }
            }
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _peer: PeerId,
        _connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

/// Returns the address that somebody connects from; `None` through a relay.
fn source_of(remote: &Multiaddr) -> Source {
    match ip_of(remote)? {
        // Somebody with one IPv6 address has 2^64 of them.
        IpAddr::V6(ip) => Some(IpAddr::V6((u128::from(ip) >> 64 << 64).into())),
        ip @ IpAddr::V4(_) => Some(ip),
    }
}

/// A leaky bucket for each source, kept as the time when it is empty.
#[derive(Debug, Default)]
struct Buckets {
    empty_at: HashMap<Source, Instant>,
}

impl Buckets {
    /// Takes one, if there is room.
    fn take(&mut self, source: Source, now: Instant) -> bool {
        if self.empty_at.len() >= REMEMBERED {
            self.empty_at.retain(|_, empty| *empty > now);
            // Still full: so many addresses at once are no friends of ours.
            if self.empty_at.len() >= REMEMBERED && !self.empty_at.contains_key(&source) {
                return false;
            }
        }
        let empty = self.empty_at.entry(source).or_insert(now);
        let filled = (*empty).max(now) + REFILL;
        if filled > now + REFILL * BURST {
            return false;
        }
        *empty = filled;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const ONE: Source = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
    const OTHER: Source = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)));

    #[test]
    fn one_address_may_open_a_burst_and_then_eight_a_second() {
        let mut buckets = Buckets::default();
        let start = Instant::now();

        let first = (0..100).filter(|_| buckets.take(ONE, start)).count();
        let later = start + Duration::from_secs(1);
        let second = (0..100).filter(|_| buckets.take(ONE, later)).count();

        assert_eq!((first, second), (20, 8));
    }

    #[test]
    fn an_address_that_opens_too_many_leaves_the_others_alone() {
        let mut buckets = Buckets::default();
        let now = Instant::now();
        while buckets.take(ONE, now) {}

        assert!(buckets.take(OTHER, now));
        assert!(buckets.take(None, now));
    }

    #[test]
    fn neighbours_in_one_ipv6_network_count_as_one() {
        let one = "/ip6/2001:db8::1/tcp/1".parse().unwrap();
        let other = "/ip6/2001:db8::2/tcp/1".parse().unwrap();

        assert_eq!(source_of(&one), source_of(&other));
    }
}
