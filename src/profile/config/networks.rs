//! Where the networks of a profile listen for others.

use std::net::SocketAddr;

use crate::model::NetworkId;

use super::{Config, Key, Value, text};

impl Config {
    /// Returns where an engine that goes on running listens for others on a network; `None`
    /// where it does not.
    pub fn listen(&self, network: NetworkId) -> Option<SocketAddr> {
        match network {
            NetworkId::Mailbox | NetworkId::ClawTalk | NetworkId::ClawChat => None,
            NetworkId::Mesh => text(self.value(Key::MeshListen)).parse().ok(),
        }
    }

    /// Tells whether others on the local network are told that we are there.
    pub fn is_announced(&self, network: NetworkId) -> bool {
        match network {
            NetworkId::Mailbox | NetworkId::ClawTalk | NetworkId::ClawChat => false,
            NetworkId::Mesh => self.value(Key::MeshAnnounce) == Value::YesNo(true),
        }
    }

    /// Tells whether the relay of a network gets a readable copy of every message.
    pub fn is_audited(&self, network: NetworkId) -> bool {
        match network {
            NetworkId::Mailbox | NetworkId::Mesh | NetworkId::ClawChat => false,
            NetworkId::ClawTalk => self.value(Key::ClawtalkAudit) == Value::YesNo(true),
        }
    }
}
