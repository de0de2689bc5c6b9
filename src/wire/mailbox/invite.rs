//! Invite links, and the two things in them that are used elsewhere: mailbox ids and relay URLs.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::{Host, Url};

use super::key::{KeyError, decode_key, encode_key};
use crate::model::PublicKey;

/// Longest mailbox id that is taken. Real ones have 22 characters.
const LONGEST_ID: usize = 64;

/// Longest link that is looked at.
const LONGEST_LINK: usize = 4096;

/// What is wrong with an invite link or a relay's address, in words for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// Nothing that a link could be.
    #[error("this is not a link; it should begin with https:// or http://")]
    NotALink,
    /// Longer than any link of this kind.
    #[error("the link is longer than {LONGEST_LINK} characters")]
    TooLong,
    /// A user name or password stands in the address.
    #[error("the address holds a user name or password; ask for one without")]
    Credentials,
    /// A relay's address with `?` or `#`.
    #[error("the address of a relay has no part after ? or #")]
    QueryOrFragment,
    /// No `channel` in the link.
    #[error("the link holds no channel; it may have been cut off")]
    NoChannel,
    /// A channel id that could be part of a path.
    #[error("the channel in the link has characters that no real one has, or is too long")]
    UnsafeChannel,
    /// No `pub` in the link.
    #[error("the link holds no key; it may have been cut off")]
    NoKey,
    /// The key is broken.
    #[error("the key in the link is broken: {0}")]
    Key(KeyError),
    /// A key whose box everybody can open.
    #[error("the key in the link is unsafe (low order): anybody could read the messages")]
    LowOrderKey,
}

/// The id of a mailbox on a relay: 1 to 64 characters of `A-Z a-z 0-9 - _`.
///
/// The reference takes any text, and so let a link choose the path of a key file. Every id that
/// the reference makes is in this alphabet. Whoever knows an id can read and delete its
/// envelopes, so `Debug` shows only its beginning.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxId(String);

impl MailboxId {
    /// Takes an id that is safe in a path and in a URL.
    pub fn parse(text: &str) -> Result<Self, InviteError> {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.is_empty() {
            return Err(InviteError::NoChannel);
        }
        if text.len() > LONGEST_ID || !text.bytes().all(is_safe) {
            return Err(InviteError::UnsafeChannel);
        }
        Ok(Self(text.to_owned()))
    }

    /// Makes a new id of 22 characters from random bytes, as the reference does.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(random))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailboxId({}…)", self.0.get(..4).unwrap_or_default())
    }
}

/// The address of a relay: `http` or `https`, host, perhaps port and base path; normalised, no
/// slash at the end, no credentials, query or fragment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayUrl(String);

impl RelayUrl {
    /// Reads an address as a person or a configuration file writes it.
    pub fn parse(text: &str) -> Result<Self, InviteError> {
        let url = parse_url(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InviteError::QueryOrFragment);
        }
        Ok(Self::with_path(&url, url.path()))
    }

    /// Takes scheme, host and port of this URL, and another path.
    fn with_path(url: &Url, path: &str) -> Self {
        let origin = url.origin().ascii_serialization();
        Self(format!("{origin}{}", path.trim_end_matches('/')))
    }

    /// Returns the address without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether it is this machine by name or number: `localhost`, `127.0.0.0/8`, `::1`.
    pub fn is_loopback(&self) -> bool {
        let Ok(url) = Url::parse(&self.0) else {
            return false;
        };
        match url.host() {
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                name == "localhost" || name.ends_with(".localhost")
            }
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
            None => false,
        }
    }

    /// Tells whether the way to it is encrypted (`https`). What travels is sealed in any case;
    /// who talks to whom, and the handshake, is not.
    pub fn is_tls(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl fmt::Display for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an invite link says: where the mailbox is, and the key of whoever made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// The relay that the mailbox is on.
    pub relay: RelayUrl,
    /// The mailbox.
    pub channel: MailboxId,
    /// The key of whoever made the invite.
    pub key: PublicKey,
}

impl Invite {
    /// Writes the link.
    pub fn to_url(&self) -> String {
        let (relay, channel) = (self.relay.as_str(), self.channel.as_str());
        let key = encode_key(&self.key);
        format!("{relay}/invite?channel={channel}&pub={key}")
    }

    /// Reads a link, spaces and line breaks around it ignored.
    ///
    /// As the reference does, it takes any path, parameters in any order and percent-encoded,
    /// the first of several that is not empty, and ignores a fragment. Unlike it, it refuses
    /// what could not work or would be dangerous.
    ///
    /// What stands before `/invite` in the path is the relay's base path. The reference drops
    /// it, but builds its own links as `<mailbox>/invite?...`, so such a link can only come
    /// from a mailbox with that base path, whose owner polls there: dropping it would put the
    /// handshake where nobody looks. Other paths tell nothing and are dropped, as there.
    pub fn parse(text: &str) -> Result<Self, InviteError> {
        let url = parse_url(text)?;
        let parameter = |name: &str| {
            url.query_pairs()
                .find(|(key, value)| key == name && !value.is_empty())
                .map(|(_, value)| value)
        };
        let channel = MailboxId::parse(&parameter("channel").ok_or(InviteError::NoChannel)?)?;
        let key = decode_key(&parameter("pub").ok_or(InviteError::NoKey)?);
        let key = key.map_err(InviteError::Key)?;
        if key.is_low_order() {
            return Err(InviteError::LowOrderKey);
        }
        let base = url.path().trim_end_matches('/').strip_suffix("/invite");
        Ok(Self {
            relay: RelayUrl::with_path(&url, base.unwrap_or_default()),
            channel,
            key,
        })
    }
}

/// Reads an `http` or `https` URL without credentials.
fn parse_url(text: &str) -> Result<Url, InviteError> {
    let text = text.trim();
    if text.len() > LONGEST_LINK {
        return Err(InviteError::TooLong);
    }
    // The URL standard reads `https:host`, `https:///host` and `https:\\host` as links too;
    // the reference does not, and no relay writes them.
    let (scheme, rest) = text.split_once("://").ok_or(InviteError::NotALink)?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    if !is_http || rest.starts_with(['/', '\\']) {
        return Err(InviteError::NotALink);
    }
    let Ok(url) = Url::parse(text) else {
        return Err(InviteError::NotALink);
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InviteError::Credentials);
    }
    Ok(url)
}
