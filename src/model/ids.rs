//! Identifiers. Each is its own type, so that a message can never be looked up as a channel.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

row_id! {
    /// A conversation of this profile. Local; the peer never learns it, it is never reused.
    ChannelId
}
row_id! {
    /// A login of ours. Local and never reused.
    AccountId
}
row_id! {
    /// A message of this profile, in either direction. Local and never reused.
    MessageId
}
row_id! {
    /// Something a person has to settle. Local and never reused.
    ReviewId
}

/// A kind of messaging network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NetworkId {
    /// `ClawBuddy` mailbox relays.
    Mailbox,
    /// `OpenClaw` Agent Mesh.
    Mesh,
    /// `ClawTalk` relays.
    #[serde(rename = "clawtalk")]
    ClawTalk,
    /// `ClawChat`, peer to peer.
    #[serde(rename = "clawchat")]
    ClawChat,
}

impl NetworkId {
    /// Returns the name as the store and JSON write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::Mesh => "mesh",
            Self::ClawTalk => "clawtalk",
            Self::ClawChat => "clawchat",
        }
    }

    /// Returns how many bytes subject, body and metadata of one message may have.
    ///
    /// Mailbox: every relay takes so much. Ours accepts 1 MiB per request and base64 adds a
    /// third. Text that JSON has to escape fits less; the relay then says so. `ClawChat`: its
    /// gateways take 16 MiB, which no person reads.
    pub const fn longest_text(self) -> usize {
        match self {
            Self::Mailbox => 700 * 1024,
            Self::Mesh => 64 * 1024,
            Self::ClawTalk => 44 * 1024,
            Self::ClawChat => 256 * 1024,
        }
    }

    /// Returns the name as a person reads it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Mailbox => "ClawBuddy",
            Self::Mesh => "Agent Mesh",
            Self::ClawTalk => "ClawTalk",
            Self::ClawChat => "ClawChat",
        }
    }

    /// Tells whether messages go straight to the peer, with no relay between, and each side
    /// accepts the other by itself.
    pub const fn is_direct(self) -> bool {
        match self {
            Self::Mailbox | Self::ClawTalk => false,
            Self::Mesh | Self::ClawChat => true,
        }
    }

    /// Tells whether contact begins with a request that the other side has to accept. Where it
    /// does not, and messages go straight to the peer, whoever connects has asked.
    pub const fn asks_first(self) -> bool {
        match self {
            Self::Mailbox | Self::ClawTalk | Self::ClawChat => false,
            Self::Mesh => true,
        }
    }

    /// Tells whether messages say what kind they are, to which topic they belong and what they
    /// answer, and whether they are signed.
    pub const fn has_threads(self) -> bool {
        match self {
            Self::Mailbox | Self::Mesh | Self::ClawChat => false,
            Self::ClawTalk => true,
        }
    }

    /// Finds the network with this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "mailbox" => Some(Self::Mailbox),
            "mesh" => Some(Self::Mesh),
            "clawtalk" => Some(Self::ClawTalk),
            "clawchat" => Some(Self::ClawChat),
            _ => None,
        }
    }
}

/// A SHA-256 digest (FIPS 180-4) of an envelope, a draft or a log entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Returns the 64 lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        use fmt::Write as _;
        self.0
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                // Writing to a String cannot fail.
                let _infallible = write!(text, "{byte:02x}");
                text
            })
    }

    /// Reads 64 hexadecimal digits of either case.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 64 {
            return None;
        }
        let mut digest = [0; 32];
        for (slot, pair) in digest.iter_mut().zip(bytes.chunks_exact(2)) {
            let pair = str::from_utf8(pair).ok()?;
            if !pair.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            *slot = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(digest))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("not 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_survives_its_hexadecimal_form() {
        let digest = Digest([0xa7; 32]);
        assert_eq!(Digest::from_hex(&digest.hex()), Some(digest));
    }

    #[test]
    fn a_digest_refuses_signs_and_short_text() {
        assert_eq!(Digest::from_hex(&"+1".repeat(32)), None);
        assert_eq!(Digest::from_hex("00"), None);
    }
}
