//! Public keys and what a person compares of them. Secret keys live in `crypto` alone.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An X25519 public key (RFC 7748), 32 bytes, as the networks exchange it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, ..] = self.0;
        write!(f, "PublicKey({first:02x}{second:02x}{third:02x}…)")
    }
}

/// The short form of an identity key: the first 8 bytes of its SHA-256, as
/// `xxxx-xxxx-xxxx-xxxx` in lower-case hexadecimal.
///
/// Enough to tell keys apart on a screen; to be sure of a peer, compare the safety code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
