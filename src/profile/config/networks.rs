//! Where the networks of a profile listen for others.

use std::net::{Ipv4Addr, SocketAddr};

use crate::model::NetworkId;

use super::Config;

/// Where agents of the mesh listen, as its scripts do; but for this computer alone.
const MESH: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8787);

impl Config {
    /// Returns where an engine that goes on running listens for others on a network; `None`
    /// where it does not.
    pub fn listen(&self, network: NetworkId) -> Option<SocketAddr> {
        match network {
            NetworkId::Mailbox => None,
            NetworkId::Mesh => Some(MESH),
        }
    }

    /// Tells whether others on the local network are told that we are there.
    pub fn is_announced(&self, network: NetworkId) -> bool {
        match network {
            NetworkId::Mailbox | NetworkId::Mesh => false,
        }
    }
}
