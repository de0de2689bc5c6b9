//! The JSON of the relay's HTTP, as a client writes and reads it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::key::{KeyError, decode_key, encode_key};
use crate::model::PublicKey;

/// Why a handshake holds no key that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The answer is not a JSON object with a string `public_key`.
    #[error("the handshake holds no public key")]
    NoKey,
    /// The text under `public_key` is not a key.
    #[error("the handshake holds a broken key")]
    Key(#[source] KeyError),
    /// The key is one of those whose box everybody can open.
    #[error("the handshake holds an unsafe key (low order)")]
    LowOrder,
}

/// Why the answer to a posted message was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the relay's answer holds no sequence number")]
pub struct PostedError;

/// Why a list of messages was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the relay's answer is not a JSON array")]
pub struct ListingError;

/// One message as the relay lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Number that the relay gave it; nothing where there is none to acknowledge by.
    pub seq: Option<i64>,
    /// What was posted.
    pub payload: Payload,
}

/// The payload of a listed message. The relay takes any JSON value for one.
#[derive(Clone, PartialEq, Eq)]
pub enum Payload {
    /// A string: perhaps the text of an envelope.
    Text(String),
    /// Anything else, as JSON text: never an envelope. Where a record has no payload, the whole
    /// record.
    Other(String),
}

impl std::fmt::Debug for Payload {
    /// Tells kind and length only: the content is a stranger's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Other(json) => write!(f, "Other({} bytes)", json.len()),
        }
    }
}

/// Writes the body that puts a handshake.
pub fn handshake_request(key: &PublicKey) -> String {
    let key = encode_key(key);
    format!("{{\"public_key\":\"{key}\"}}")
}

/// Writes the body that posts a message with this payload.
pub fn message_request(payload: &str) -> String {
    let payload = serde_json::Value::from(payload);
    format!("{{\"payload\":{payload}}}")
}

/// Reads the key of the handshake that the relay shows. A key whose box everybody could open
/// is refused here.
pub fn decode_handshake(bytes: &[u8]) -> Result<PublicKey, HandshakeError> {
    #[derive(Deserialize)]
    struct Handshake {
        public_key: String,
    }
    let Ok(handshake) = serde_json::from_slice::<Handshake>(bytes) else {
        return Err(HandshakeError::NoKey);
    };
    let key = decode_key(&handshake.public_key).map_err(HandshakeError::Key)?;
    if key.is_low_order() {
        return Err(HandshakeError::LowOrder);
    }
    Ok(key)
}

/// Reads the sequence number from the answer to a posted message.
pub fn decode_posted(bytes: &[u8]) -> Result<i64, PostedError> {
    #[derive(Deserialize)]
    struct Posted {
        seq: i64,
    }
    match serde_json::from_slice::<Posted>(bytes) {
        Ok(posted) => Ok(posted.seq),
        Err(_) => Err(PostedError),
    }
}

/// Reads a list of messages in the relay's order. Elements that are no records are kept as
/// they came and spoil no other.
pub fn decode_listing(bytes: &[u8]) -> Result<Vec<Record>, ListingError> {
    let text = String::from_utf8_lossy(bytes);
    match serde_json::from_str::<Vec<&RawValue>>(&text) {
        Ok(elements) => Ok(elements.into_iter().map(decode_record).collect()),
        Err(_) => Err(ListingError),
    }
}

fn decode_record(element: &RawValue) -> Record {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        seq: Option<&'a RawValue>,
        #[serde(borrow, default)]
        payload: Option<&'a RawValue>,
    }
    let Ok(fields) = serde_json::from_str::<Fields<'_>>(element.get()) else {
        return Record {
            seq: None,
            payload: Payload::Other(element.get().to_owned()),
        };
    };
    let payload = fields.payload.unwrap_or(element);
    Record {
        seq: fields.seq.and_then(|seq| seq.get().parse().ok()),
        payload: match serde_json::from_str(payload.get()) {
            Ok(text) => Payload::Text(text),
            Err(_) => Payload::Other(payload.get().to_owned()),
        },
    }
}
