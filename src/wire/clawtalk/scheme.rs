//! What this layer has to be told of cryptography.

use crate::model::{Digest, PublicKey};

/// The cryptography, passed in: this layer has none.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    /// Computes the public half of the secret key of a box (X25519).
    pub box_public: fn(&[u8; 32]) -> PublicKey,
    /// Computes the public half of the seed of a signing key (Ed25519).
    pub signing_public: fn(&[u8; 32]) -> PublicKey,
    /// Tells whether a signature is one of this key over these bytes. It has to be strict: no
    /// second form of a signature, and no key under which anybody can sign.
    pub verify: fn(&PublicKey, &[u8], &[u8; 64]) -> bool,
    /// Computes the digest of a list of byte strings.
    pub digest: fn(&[&[u8]]) -> Digest,
}
