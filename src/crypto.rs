//! Seals and opens envelopes and what lies on disk, makes keys, digests and random bytes.
//!
//! What lies on disk is sealed in [`vault`]. The scheme of envelopes is NaCl's box (X25519,
//! `XSalsa20`, Poly1305), which `ClawBuddy` peers speak. It has no sender: both sides can open
//! what either sealed, and a seal says nothing about where an envelope belongs. What travels in
//! the clear is signed in [`signing`]; wallets are in [`stacks`].
//!
//! Must not: read the clock, do I/O other than asking the system for randomness, or know what
//! the bytes mean. Secrets wipe themselves, print only the name of their type, and are in no
//! error.

mod channel_box;
mod digest;
mod safety_code;
mod secret_key;
pub mod signing;
pub mod stacks;
pub mod vault;

pub use channel_box::ChannelBox;
pub use digest::{fingerprint, sha256, sha256_of, short};
pub use safety_code::{SafetyCode, safety_code};
pub use secret_key::SecretKey;

/// Why something of this module did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// The peer's key is one whose box everybody can open.
    #[error("the key is unsafe (low order)")]
    LowOrder,
    /// The envelope was sealed with another key, was changed, or is none.
    #[error("the envelope does not open with this key")]
    DoesNotOpen,
    /// The passphrase is another one, or what it protects was changed: nobody can tell which.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// What says how the vault is locked was not written by this program.
    #[error("the lock of the vault cannot be read")]
    BrokenLock,
}

/// Returns random bytes from the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    fill_random(&mut bytes)?;
    Ok(bytes)
}

/// Fills a place with random bytes, so that a secret among them is in no other place.
fn fill_random(bytes: &mut [u8]) -> Result<(), Error> {
    match getrandom::fill(bytes) {
        Ok(()) => Ok(()),
        Err(_) => Err(Error::NoRandomness),
    }
}
