//! Public keys and what a person compares of them. Secret keys live in `crypto` alone.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A public key, 32 bytes, as the networks exchange it: X25519 (RFC 7748) where envelopes are
/// sealed, Ed25519 (RFC 8032) where messages are signed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub [u8; 32]);

/// The X25519 points whose order divides 8, little-endian, top bit clear: 0, 1, the two of
/// order 8, and p-1, p, p+1 (p = 2^255 - 19), the last two being 0 and 1 written otherwise.
///
/// The list of libsodium's `x25519_ref10.c`. A box made with one of them has a key that
/// everybody knows.
const LOW_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ],
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ],
    near_p(0xec),
    near_p(0xed),
    near_p(0xee),
];

/// Writes the number whose lowest byte is this one and whose other bytes are those of p.
const fn near_p(lowest: u8) -> [u8; 32] {
    let mut point = [0xff; 32];
    let [first, .., last] = &mut point;
    *first = lowest;
    *last = 0x7f;
    point
}

impl PublicKey {
    /// Tells whether a box made with this X25519 key would have a key that everybody knows.
    ///
    /// Non-canonical forms count too; the top bit is ignored, as X25519 ignores it.
    pub fn is_low_order(&self) -> bool {
        let mut point = self.0;
        if let Some(last) = point.last_mut() {
            *last &= 0x7f;
        }
        LOW_ORDER.contains(&point)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, ..] = self.0;
        write!(f, "PublicKey({first:02x}{second:02x}{third:02x}…)")
    }
}

/// What somebody is known by: the key to seal for them with, or to verify what they sign. Networks
/// that keep the two apart have the one to verify with beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdentityKey {
    /// The only key, or the one to seal with.
    pub key: PublicKey,
    /// The one to verify with, where it is another; `None` also where they have none.
    pub signing: Option<PublicKey>,
}

impl From<PublicKey> for IdentityKey {
    fn from(key: PublicKey) -> Self {
        Self { key, signing: None }
    }
}

impl IdentityKey {
    /// Returns the bytes of all of it: 32, or 64 where there are two keys.
    pub fn bytes(&self) -> Vec<u8> {
        let signing = self.signing.iter().flat_map(|key| key.0);
        self.key.0.into_iter().chain(signing).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_order_points_are_known_with_and_without_the_top_bit() {
        for mut point in LOW_ORDER {
            assert!(PublicKey(point).is_low_order());
            point[31] |= 0x80;
            assert!(PublicKey(point).is_low_order());
        }
    }

    #[test]
    fn the_base_point_is_not_low_order() {
        let mut nine = [0; 32];
        nine[0] = 9;
        assert!(!PublicKey(nine).is_low_order());
    }
}
