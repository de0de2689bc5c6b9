//! Which connections there are, and which of them is the best to use.

use std::collections::HashMap;

use libp2p::core::ConnectedPoint;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};

use super::{Path, is_circuit};

/// A connection that is there.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    /// The swarm's number.
    pub(super) id: ConnectionId,
    /// How it reaches the peer.
    pub(super) path: Path,
    /// Where the peer is.
    pub(super) remote: Multiaddr,
}

/// All connections of a node.
#[derive(Debug, Default)]
pub(super) struct Connections {
    of: HashMap<PeerId, Vec<Connection>>,
}

impl Connections {
    /// Takes in a new connection; `dialled` where a person's address led to it.
    ///
    /// A direct connection that nobody dialled while a relayed one to the same peer is there was
    /// coordinated over that one: that is what hole punching comes to, on either side.
    pub(super) fn add(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        endpoint: &ConnectedPoint,
        dialled: bool,
    ) {
        let all = self.of.entry(peer).or_default();
        let path = if endpoint.is_relayed() {
            Path::Relayed
        } else if !dialled && all.iter().any(|c| c.path == Path::Relayed) {
            Path::HolePunched
        } else {
            Path::Direct
        };
        all.push(Connection {
            id,
            path,
            remote: remote_of(endpoint, peer),
        });
    }

    /// Forgets a connection.
    pub(super) fn remove(&mut self, peer: PeerId, id: ConnectionId) {
        if let Some(all) = self.of.get_mut(&peer) {
            all.retain(|connection| connection.id != id);
            if all.is_empty() {
                self.of.remove(&peer);
            }
        }
    }

    /// Returns the connection to use for something new: the most direct one, of those the newest.
    pub(super) fn best(&self, peer: PeerId) -> Option<&Connection> {
        // `min_by_key` keeps the first of equals.
        self.of
            .get(&peer)?
            .iter()
            .rev()
            .min_by_key(|connection| connection.path)
    }

    /// Returns how this peer is reached; `None` where it is not connected.
    pub(super) fn path(&self, peer: PeerId) -> Option<Path> {
        self.best(peer).map(|connection| connection.path)
    }

    /// Returns one connection.
    pub(super) fn get(&self, peer: PeerId, id: ConnectionId) -> Option<&Connection> {
        self.of.get(&peer)?.iter().find(|c| c.id == id)
    }
}

/// Returns where the other end of a connection is.
fn remote_of(endpoint: &ConnectedPoint, peer: PeerId) -> Multiaddr {
    match endpoint {
        ConnectedPoint::Dialer { address, .. } => address.clone(),
        ConnectedPoint::Listener {
            local_addr,
            send_back_addr,
        } => caller_of(local_addr, send_back_addr, peer),
    }
}

/// Returns where somebody is who connected to us: with a relay in between, libp2p names them by
/// their id alone, and the relay as where they came in.
pub(super) fn caller_of(local: &Multiaddr, remote: &Multiaddr, peer: PeerId) -> Multiaddr {
    if is_circuit(local) {
        local.clone().with(Protocol::P2p(peer))
    } else {
        remote.clone()
    }
}

#[cfg(test)]
mod tests {
    use libp2p::core::Endpoint;
    use libp2p::core::transport::PortUse;

    use super::*;

    fn dialled(address: &str) -> ConnectedPoint {
        ConnectedPoint::Dialer {
            address: address.parse().unwrap(),
            role_override: Endpoint::Dialer,
            port_use: PortUse::Reuse,
        }
    }

    fn id(number: usize) -> ConnectionId {
        ConnectionId::new_unchecked(number)
    }

    const DIRECT: &str = "/ip4/127.0.0.1/tcp/1";
    const RELAYED: &str =
        "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit";

    #[test]
    fn the_most_direct_connection_is_used_and_of_those_the_newest() {
        let peer = PeerId::random();
        let mut all = Connections::default();
        all.add(peer, id(1), &dialled(DIRECT), true);
        all.add(peer, id(2), &dialled(RELAYED), true);
        all.add(peer, id(3), &dialled(DIRECT), true);

        assert_eq!(all.best(peer).unwrap().id, id(3));
        all.remove(peer, id(3));
        all.remove(peer, id(1));
        assert_eq!(all.path(peer), Some(Path::Relayed));
        all.remove(peer, id(2));
        assert_eq!(all.path(peer), None);
    }

    #[test]
    fn a_direct_connection_nobody_dialled_beside_a_relayed_one_is_hole_punched() {
        let peer = PeerId::random();
        let mut all = Connections::default();
        all.add(peer, id(1), &dialled(RELAYED), true);
        all.add(peer, id(2), &dialled(DIRECT), false);

        assert_eq!(all.path(peer), Some(Path::HolePunched));
    }

    #[test]
    fn a_direct_connection_that_was_dialled_is_not_hole_punched() {
        let peer = PeerId::random();
        let mut all = Connections::default();
        all.add(peer, id(1), &dialled(RELAYED), true);
        all.add(peer, id(2), &dialled(DIRECT), true);

        assert_eq!(all.path(peer), Some(Path::Direct));
    }
}
