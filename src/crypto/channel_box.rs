//! The box between two keys.

use std::fmt;

use crypto_box::SalsaBox;
use crypto_box::aead::{Aead as _, AeadInPlace as _};

use super::{Error, SecretKey};
use crate::model::PublicKey;

const NONCE: usize = 24;
const TAG: usize = 16;

/// NaCl's box of one channel, with the shared key computed once: that is most of the work of
/// sealing or opening a message. The shared key is wiped when this is dropped.
pub struct ChannelBox(SalsaBox);

impl ChannelBox {
    /// Computes the box between our key and the peer's. A low-order key is refused, as
    /// libsodium does.
    pub fn new(ours: &SecretKey, theirs: &PublicKey) -> Result<Self, Error> {
        if theirs.is_low_order() {
            return Err(Error::LowOrder);
        }
        let theirs = crypto_box::PublicKey::from_bytes(theirs.0);
        let shared = ours.with_scalar(|ours| SalsaBox::new(&theirs, ours));
        Ok(Self(shared))
    }

    /// Seals a plaintext into an envelope: nonce, tag, ciphertext.
    ///
    /// A nonce must never be used twice between two keys, in either direction; 24 random bytes
    /// are enough for that.
    pub fn seal(&self, nonce: &[u8; NONCE], plain: &[u8]) -> Vec<u8> {
        let mut envelope = Vec::with_capacity(NONCE + TAG + plain.len());
        envelope.extend_from_slice(nonce);
        envelope.extend_from_slice(&[0; TAG]);
        envelope.extend_from_slice(plain);
        let (head, text) = envelope.split_at_mut(NONCE + TAG);
        let tag = self
            .0
            .encrypt_in_place_detached(nonce.into(), &[], text)
            .expect("no associated data, and the length is far below the cipher's limit");
        for (place, byte) in head.iter_mut().skip(NONCE).zip(tag) {
            *place = byte;
        }
        envelope
    }

    /// Opens an envelope that either side sealed.
    pub fn open(&self, envelope: &[u8]) -> Result<Vec<u8>, Error> {
        let Some((nonce, sealed)) = envelope.split_first_chunk::<NONCE>() else {
            return Err(Error::DoesNotOpen);
        };
        match self.0.decrypt(nonce.into(), sealed) {
            Ok(plain) => Ok(plain),
            Err(_) => Err(Error::DoesNotOpen),
        }
    }
}

impl fmt::Debug for ChannelBox {
    /// Prints the name alone: types that hold a box must be printable, its key never.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelBox(..)")
    }
}
