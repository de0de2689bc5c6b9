//! A node of ours on a network without relays: where it listens, whom it tells of itself, and
//! how others are reached.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

/// The port of the first identity, as the reference has it; its WebSocket is one above.
pub const DEFAULT_PORT: u16 = 9000;

/// To whom the addresses of an identity are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// To peers that a person accepted, who may tell others.
    #[default]
    Public,
    /// To nobody: who has our address from elsewhere reaches us.
    Private,
    /// To nobody; strangers learn not even who we are, and we ask nobody where others are.
    Stealth,
}

impl Visibility {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Public, Self::Private, Self::Stealth];

    /// Returns the name as JSON and the command line write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Stealth => "stealth",
        }
    }

    /// Finds the one with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// How a peer is reached, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerPath {
    /// Straight.
    Direct,
    /// Straight, through a hole that both sides punched into their routers.
    HolePunched,
    /// Through a relay, which sees who talks with whom and not what.
    Relayed,
}

impl PeerPath {
    /// Returns it in one or two words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::HolePunched => "hole-punched",
            Self::Relayed => "relayed",
        }
    }
}

/// Whether others can reach us from outside, as far as peers could tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Nobody has tried yet.
    #[default]
    Unknown,
    /// Somebody who tried came through.
    Public,
    /// Nobody who tried came through: there is a router or a firewall in between.
    Private,
}

impl Reach {
    /// Returns one sentence for a person.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unknown => "nobody has tried yet whether you can be reached from outside",
            Self::Public => "others reach you from outside",
            Self::Private => "others do not reach you from outside, except through a relay",
        }
    }
}

/// How one identity runs its node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSettings {
    /// Address of this computer to listen at.
    pub ip: IpAddr,
    /// TCP port; the WebSocket listens one above. 0: any two that are free.
    pub port: u16,
    /// To whom its addresses are told.
    #[serde(default)]
    pub visibility: Visibility,
    /// Nodes to connect with at the start, as multiaddrs; none unless a person names some.
    #[serde(default)]
    pub bootstrap: Vec<String>,
    /// Relays to be reached through, as multiaddrs.
    #[serde(default)]
    pub relays: Vec<String>,
    /// Whether it relays for others.
    #[serde(default)]
    pub relay_server: bool,
    /// Who may ask for contact: principals, or `*` for anybody.
    pub allowed: Vec<String>,
    /// Whether what it lets in wakes the assistant.
    pub wake: bool,
    /// Whether it runs with the engine.
    pub autoload: bool,
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self {
            ip: Ipv4Addr::UNSPECIFIED.into(),
            port: DEFAULT_PORT,
            visibility: Visibility::Public,
            bootstrap: Vec::new(),
            relays: Vec::new(),
            relay_server: false,
            allowed: vec!["*".to_owned()],
            wake: true,
            autoload: true,
        }
    }
}

impl NodeSettings {
    /// Tells whether somebody may ask for contact.
    pub fn allows(&self, principal: &str) -> bool {
        self.allowed
            .iter()
            .any(|one| one == "*" || one == principal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visibility_is_found_by_its_name() {
        for one in Visibility::ALL {
            assert_eq!(Visibility::parse(one.as_str()), Some(one));
        }
        assert_eq!(Visibility::parse("hidden"), None);
    }

    #[test]
    fn who_may_ask_is_named_or_anybody() {
        let mut settings = NodeSettings::default();
        assert!(settings.allows("stacks:ST1"));
        settings.allowed = vec!["stacks:ST1".to_owned()];
        assert!(settings.allows("stacks:ST1"));
        assert!(!settings.allows("stacks:ST2"));
        settings.allowed.clear();
        assert!(!settings.allows("stacks:ST1"));
    }
}
