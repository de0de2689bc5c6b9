//! SHA-256 of bytes, of lists of bytes, and of keys.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::model::{Digest, Fingerprint, IdentityKey};

/// Returns the SHA-256 of these bytes.
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// Returns the SHA-256 over all parts, each preceded by its length as 8 bytes, little-endian,
/// so that no two different lists have the same input.
pub fn sha256_of(parts: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    Digest(hasher.finalize().into())
}

/// Returns the short form of a key for a person: see [`Fingerprint`].
pub fn fingerprint(key: &IdentityKey) -> Fingerprint {
    short(&sha256(&key.bytes()))
}

/// Returns the short form of a digest, which is its beginning.
pub fn short(digest: &Digest) -> Fingerprint {
    let Digest(digest) = digest;
    let mut text = String::with_capacity(19);
    for (place, byte) in digest.iter().take(8).enumerate() {
        if place > 0 && place % 2 == 0 {
            text.push('-');
        }
        let _infallible = write!(text, "{byte:02x}");
    }
    Fingerprint(text)
}
