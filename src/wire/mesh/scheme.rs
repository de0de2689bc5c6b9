//! What this layer has to be told of cryptography.

use std::fmt;

use crate::model::PublicKey;

/// The signature scheme, passed in: this layer has none.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    /// Reads a public key from the one PEM text of it; nothing where it is unusable.
    pub read_key: fn(&str) -> Option<PublicKey>,
    /// Writes that text.
    pub write_key: fn(&PublicKey) -> String,
    /// Computes the name of a key from its PEM text: `sha256:` and hexadecimal digits.
    pub fingerprint: fn(&str) -> String,
    /// Tells whether a signature is one of this key over these bytes.
    pub verify: fn(&PublicKey, &[u8], &[u8; 64]) -> bool,
}

/// A public key with the two texts that go with it on this network.
#[derive(Clone, PartialEq, Eq)]
pub struct MeshKey {
    key: PublicKey,
    pem: String,
    fingerprint: String,
}

impl MeshKey {
    /// Takes a key that can be used.
    pub fn new(key: PublicKey, scheme: &Scheme) -> Self {
        let pem = (scheme.write_key)(&key);
        Self {
            key,
            fingerprint: (scheme.fingerprint)(&pem),
            pem,
        }
    }

    /// Reads a key from its PEM text.
    pub fn read(pem: &str, scheme: &Scheme) -> Option<Self> {
        (scheme.read_key)(pem).map(|key| Self::new(key, scheme))
    }

    /// Returns the key.
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// Returns its PEM text, 113 bytes.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Returns its name: `sha256:` and 64 hexadecimal digits.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl fmt::Debug for MeshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MeshKey").field(&self.key).finish()
    }
}
