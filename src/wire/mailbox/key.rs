//! Public keys as handshakes, invites and `channels.json` write them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;

use super::base64_text::{self, Alphabet};
use crate::model::PublicKey;

/// Why a text is not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not base64 with its padding.
    #[error("the key is not base64 text (or its end is cut off)")]
    NotBase64,
    /// It decodes to another length.
    #[error("the key has {0} bytes instead of 32")]
    Length(usize),
}

/// Writes a key as URL-safe base64 with padding: 44 characters.
pub fn encode_key(key: &PublicKey) -> String {
    URL_SAFE.encode(key.0)
}

/// Reads a key in either base64 alphabet; padding is required, other characters are skipped,
/// as the reference does.
///
/// A low-order key is returned like any other: see [`PublicKey::is_low_order`].
pub fn decode_key(text: &str) -> Result<PublicKey, KeyError> {
    let bytes = base64_text::decode(text, Alphabet::Both).ok_or(KeyError::NotBase64)?;
    let length = bytes.len();
    match bytes.try_into() {
        Ok(key) => Ok(PublicKey(key)),
        Err(_) => Err(KeyError::Length(length)),
    }
}
