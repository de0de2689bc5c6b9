//! Our half of a channel's keys.

use std::fmt;

use zeroize::ZeroizeOnDrop;

use super::Error;
use crate::model::PublicKey;

/// An X25519 secret key, or the seed of an Ed25519 one ([`super::signing`]): 32 secret bytes. It
/// is wiped when it is dropped, and cannot be copied or compared.
#[derive(ZeroizeOnDrop)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// Makes a new key from the system's randomness.
    pub fn generate() -> Result<Self, Error> {
        let mut key = Self([0; 32]);
        super::fill_random(&mut key.0)?;
        Ok(key)
    }

    /// Takes the 32 bytes of a key file. Any 32 bytes are a key. The caller wipes its own copy.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, only to write them where secrets are kept.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Computes the public half of an X25519 key.
    pub fn public(&self) -> PublicKey {
        self.with_scalar(|key| PublicKey(key.public_key().to_bytes()))
    }

    /// Lends the key in the form that the box computes with.
    ///
    /// `crypto_box` 0.9.1 wipes the scalar of its key when it drops it, but not the bytes
    /// beside it, so they are overwritten here; `black_box` keeps that from being optimised
    /// away.
    pub(super) fn with_scalar<T>(&self, run: impl FnOnce(&crypto_box::SecretKey) -> T) -> T {
        let mut key = crypto_box::SecretKey::from_bytes(self.0);
        let result = run(&key);
        key = crypto_box::SecretKey::from_bytes([0; 32]);
        std::hint::black_box(&key);
        result
    }
}

impl fmt::Debug for SecretKey {
    /// Prints the name alone: types that hold a key must be printable, the key never.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}
