//! Envelopes as the `payload` of a message carries them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::base64_text::{self, Alphabet};

/// Bytes of the shortest envelope: a nonce of 24 and a tag of 16 around no plaintext.
const SHORTEST_ENVELOPE: usize = 24 + 16;

/// Why a payload is not the text of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The text is not base64 with its padding.
    #[error("the payload is not base64 text (or its end is cut off)")]
    NotBase64,
    /// It decodes to fewer bytes than any envelope has.
    #[error("the payload has {0} bytes, too few for an envelope")]
    TooShort(usize),
}

/// Writes an envelope as standard base64 with padding.
pub fn encode_payload(envelope: &[u8]) -> String {
    STANDARD.encode(envelope)
}

/// Reads the envelope in a payload: at least 40 bytes, nonce first.
///
/// Characters outside the standard alphabet are skipped, which real peers rely on for line
/// breaks; `-` and `_` are among the skipped, as in the reference.
pub fn decode_payload(text: &str) -> Result<Vec<u8>, PayloadError> {
    let envelope = base64_text::decode(text, Alphabet::Standard).ok_or(PayloadError::NotBase64)?;
    if envelope.len() < SHORTEST_ENVELOPE {
        return Err(PayloadError::TooShort(envelope.len()));
    }
    Ok(envelope)
}
