//! Links that say who somebody is and where to reach them:
//! `chaperon:clawchat?principal=stacks%3AST…&addr=%2Fip4%2F…&nick=…`.

use std::fmt;

use url::form_urlencoded::{Serializer, parse};

use super::{LONGEST_ADDRESS, NodeId, node_of};
use crate::model::PeerText;

/// What every link begins with.
const BEGIN: &str = "chaperon:clawchat?";
/// Longest link that is looked at.
const LONGEST_LINK: usize = 8 * 1024;
/// Most addresses of a link.
const MOST_ADDRESSES: usize = 8;
/// Longest principal, in bytes. Real ones have up to 48.
const LONGEST_PRINCIPAL: usize = 64;
/// Longest name, in bytes.
const LONGEST_NICK: usize = 64;

/// What is wrong with a link, in words for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Nothing that such a link could be.
    #[error("this is not a ClawChat link; it should begin with {BEGIN}")]
    NotALink,
    /// Longer than any link of this kind.
    #[error("the link is longer than {LONGEST_LINK} characters")]
    TooLong,
    /// A part that no link of this kind has, or one too many of a kind.
    #[error("the link has a part that does not belong there")]
    Parameter,
    /// No principal, or none that could be one.
    #[error("the link holds no principal; it may have been cut off")]
    Principal,
    /// No address, or one that is none.
    #[error("the link holds no address that ends in a node's id")]
    Address,
    /// Addresses of several nodes.
    #[error("the addresses in the link lead to different nodes")]
    SeveralNodes,
    /// The name is empty or too long.
    #[error("the name in the link is empty or too long")]
    Nick,
}

/// What a link says. Whether the checksum of the principal fits has to be checked by whoever
/// knows how.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Who: `stacks:` and letters and digits.
    pub principal: String,
    /// Where: 1 to 8 multiaddrs, all of one node.
    pub addresses: Vec<String>,
    /// What they call themselves.
    pub nick: Option<PeerText>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    /// Makes a link; fails where it could not be read again.
    pub fn new(
        principal: String,
        addresses: Vec<String>,
        nick: Option<PeerText>,
    ) -> Result<Self, LinkError> {
        let link = Self {
            principal,
            addresses,
            nick,
        };
        link.check()?;
        Ok(link)
    }

    /// Writes the link.
    pub fn to_url(&self) -> String {
        let mut parameters = Serializer::for_suffix(BEGIN.to_owned(), BEGIN.len());
        parameters.append_pair("principal", &self.principal);
        for address in &self.addresses {
            parameters.append_pair("addr", address);
        }
        if let Some(nick) = &self.nick {
            parameters.append_pair("nick", nick.expose_untrusted());
        }
        parameters.finish()
    }

    /// Reads a link, spaces and line breaks around it ignored.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        if text.len() > LONGEST_LINK {
            return Err(LinkError::TooLong);
        }
        let parameters = text.strip_prefix(BEGIN).ok_or(LinkError::NotALink)?;
        let (mut principal, mut addresses, mut nick) = (None, Vec::new(), None);
        for (name, value) in parse(parameters.as_bytes()) {
            let value = value.into_owned();
            match &*name {
                "principal" if principal.is_none() => principal = Some(value),
                "addr" if addresses.len() < MOST_ADDRESSES => addresses.push(value),
                "nick" if nick.is_none() => nick = Some(PeerText::new(value)),
                _ => return Err(LinkError::Parameter),
            }
        }
        Self::new(principal.ok_or(LinkError::Principal)?, addresses, nick)
    }

    /// Returns the node that all addresses lead to.
    pub fn node(&self) -> Option<NodeId> {
        self.addresses.first().and_then(|address| node_of(address))
    }

    fn check(&self) -> Result<(), LinkError> {
        let address = self.principal.strip_prefix("stacks:");
        let is_safe = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let address = address.filter(|text| !text.is_empty() && text.len() < LONGEST_PRINCIPAL);
        address.filter(is_safe).ok_or(LinkError::Principal)?;
        let mut nodes = self.addresses.iter().map(|address| node_of(address));
        let first = nodes.next().flatten().ok_or(LinkError::Address)?;
        for node in nodes {
            if node.ok_or(LinkError::Address)? != first {
                return Err(LinkError::SeveralNodes);
            }
        }
        let several = self.addresses.len() > MOST_ADDRESSES;
        let nick = self.nick.as_ref().map_or(1, PeerText::len);
        if several || self.addresses.iter().any(|a| a.len() > LONGEST_ADDRESS) {
            return Err(LinkError::Address);
        }
        if !(1..=LONGEST_NICK).contains(&nick) {
            return Err(LinkError::Nick);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: &str = "stacks:ST1JAHE8GEHB0MCBGR8J6W0AA7TJEE1XKFSD2Q80H";

    fn address(seed: u8) -> String {
        format!("/ip4/192.0.2.1/tcp/9000/p2p/{}", NodeId([seed; 32]))
    }

    #[test]
    fn a_link_is_read_back() {
        let nick = Some(PeerText::new("Bob & co +1"));
        let link = Link::new(WHO.to_owned(), vec![address(1), address(1)], nick).unwrap();
        let url = link.to_url();
        assert!(url.starts_with("chaperon:clawchat?principal=stacks%3AST1JAHE8GEHB0"));
        assert!(url.ends_with("&nick=Bob+%26+co+%2B1"));
        assert_eq!(Link::parse(&format!(" {url}\n")), Ok(link.clone()));
        assert_eq!(link.node(), Some(NodeId([1; 32])));
    }

    #[test]
    fn a_link_that_could_mislead_is_refused() {
        let (one, other) = (address(1), address(2));
        for (parameters, error) in [
            (String::new(), LinkError::Principal),
            (format!("principal={WHO}"), LinkError::Address),
            (format!("addr={one}"), LinkError::Principal),
            (format!("principal=bob&addr={one}"), LinkError::Principal),
            (
                format!("principal=stacks:..%2F..%2Fx&addr={one}"),
                LinkError::Principal,
            ),
            (
                format!("principal={WHO}&principal={WHO}&addr={one}"),
                LinkError::Parameter,
            ),
            (
                format!("principal={WHO}&addr={one}&preset=colleague"),
                LinkError::Parameter,
            ),
            (
                format!("principal={WHO}&addr={one}&addr={other}"),
                LinkError::SeveralNodes,
            ),
            (
                format!("principal={WHO}&addr=/ip4/192.0.2.1/tcp/9000"),
                LinkError::Address,
            ),
            (format!("principal={WHO}&addr={one}&nick="), LinkError::Nick),
            (
                format!("principal={WHO}{}", format!("&addr={one}").repeat(9)),
                LinkError::Parameter,
            ),
        ] {
            assert_eq!(
                Link::parse(&format!("{BEGIN}{parameters}")),
                Err(error),
                "{parameters}"
            );
        }
        assert_eq!(
            Link::parse("https://x/?principal"),
            Err(LinkError::NotALink)
        );
        let long = format!("{BEGIN}nick={}", "x".repeat(LONGEST_LINK));
        assert_eq!(Link::parse(&long), Err(LinkError::TooLong));
    }
}
