//! The other JSON of the relay's HTTP.

use std::fmt;

use serde::Deserialize;

use super::{AgentName, ApiKey, EnvelopeId, InviteCode, PeerKeys, encode_key};
use crate::model::{PeerText, UnixMillis};
use crate::wire::clawbuddy_files::{iso_utc, parse_iso_utc};
use crate::wire::js_json::{JsText, quoted};

/// Writes a time as relays do, `2026-01-01T00:00:00.000Z`.
pub fn encode_time(time: UnixMillis) -> String {
    let mut text = iso_utc(time);
    text.truncate("2026-01-01T00:00:00.000".len());
    text.push('Z');
    text
}

/// The answer to a posted message. It does not say that anybody got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The id that the relay gave it; `None` where it is not safe to use.
    pub id: Option<EnvelopeId>,
    /// When the relay took it.
    pub at: Option<UnixMillis>,
}

/// Reads the answer to a posted message; `None` where it is none.
pub fn decode_posted(bytes: &[u8]) -> Option<Posted> {
    #[derive(Deserialize)]
    struct Answer {
        id: String,
        ts: Option<String>,
    }
    let answer: Answer = serde_json::from_slice(bytes).ok()?;
    Some(Posted {
        id: EnvelopeId::parse(&answer.id),
        at: answer.ts.and_then(|ts| parse_iso_utc(&ts)),
    })
}

/// Writes the body that registers somebody who was invited. The keys follow with
/// [`keys_request`]: a relay of the original would not take them here.
pub fn register_request(invite: &InviteCode, name: &AgentName, owner: Option<&str>) -> String {
    let owner = owner.map(|owner| format!(",\"owner\":{}", quoted(owner)));
    format!(
        "{{\"invite\":{},\"name\":{}{}}}",
        quoted(invite.as_str()),
        quoted(name.as_str()),
        owner.unwrap_or_default()
    )
}

/// Reads the answer to a registration: the name as the relay has it, and the key. The caller
/// wipes its own copy of the bytes.
pub fn decode_registered(bytes: &[u8]) -> Option<(AgentName, ApiKey)> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        name: &'a str,
        #[serde(rename = "apiKey")]
        api_key: &'a str,
    }
    let answer: Answer<'_> = serde_json::from_slice(bytes).ok()?;
    let name = AgentName::parse(answer.name).ok()?;
    Some((name, ApiKey::parse(answer.api_key)?))
}

/// Writes the body that uploads our public keys. Without one to sign with, the relay's is
/// emptied.
pub fn keys_request(keys: &PeerKeys) -> String {
    let signing = keys.signing.as_ref().map(encode_key).unwrap_or_default();
    let key = encode_key(&keys.key);
    format!("{{\"publicKey\":\"{key}\",\"signingKey\":\"{signing}\"}}")
}

/// Reads the answer to a request for health: how many agents there are, where it is a relay of
/// this kind that answers. `None` inside where the relay cannot say.
pub fn decode_health(bytes: &[u8]) -> Option<Option<u64>> {
    #[derive(Deserialize)]
    struct Health {
        status: String,
        agents: serde_json::Value,
    }
    let health: Health = serde_json::from_slice(bytes).ok()?;
    matches!(&*health.status, "ok" | "degraded").then(|| health.agents.as_u64())
}

/// What kind of refusal a relay's error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request is wrong.
    BadRequest,
    /// The request is too long.
    PayloadTooLarge,
    /// The key is unknown.
    Unauthorized,
    /// The key is not allowed to do that.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// It is taken.
    Conflict,
    /// Too many requests.
    RateLimited,
    /// The relay failed.
    InternalError,
    /// Any other, or none.
    Other,
}

/// Reads the answer to a request that failed: the code, and the relay's words, which may be
/// anything.
pub fn decode_error(bytes: &[u8]) -> (ErrorCode, PeerText) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Answer {
        error: String,
        code: String,
    }
    let answer: Answer = serde_json::from_slice(bytes).unwrap_or_default();
    let code = match &*answer.code {
        "BAD_REQUEST" => ErrorCode::BadRequest,
        "PAYLOAD_TOO_LARGE" => ErrorCode::PayloadTooLarge,
        "UNAUTHORIZED" => ErrorCode::Unauthorized,
        "FORBIDDEN" => ErrorCode::Forbidden,
        "NOT_FOUND" => ErrorCode::NotFound,
        "CONFLICT" => ErrorCode::Conflict,
        "RATE_LIMITED" => ErrorCode::RateLimited,
        "INTERNAL_ERROR" => ErrorCode::InternalError,
        _ => ErrorCode::Other,
    };
    (code, PeerText::new(answer.error))
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From us.
    Sent,
    /// To us.
    Received,
}

/// What the reference's client tells the relay of every message: all that was sealed, readable
/// for whoever has the admin key.
#[derive(Clone)]
pub struct Audit<'a> {
    /// The relay's id of the message.
    pub id: &'a EnvelopeId,
    /// Which way it went.
    pub direction: Direction,
    /// Who wrote it.
    pub from: &'a AgentName,
    /// Who it is for.
    pub to: &'a AgentName,
    /// The thread it belongs to.
    pub topic: Option<&'a JsText>,
    /// What links a response to its request.
    pub correlation: Option<&'a JsText>,
    /// The payload, as JSON text.
    pub payload: &'a str,
    /// When the relay took it.
    pub at: UnixMillis,
}

impl fmt::Debug for Audit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Audit<'_> {
    /// Writes the body of the request.
    pub fn encode(&self) -> String {
        let direction = match self.direction {
            Direction::Sent => "sent",
            Direction::Received => "received",
        };
        let label = |name: &str, label: Option<&JsText>| {
            label.map_or_else(String::new, |label| {
                format!("\"{name}\":{},", label.to_json())
            })
        };
        format!(
            "{{\"messageId\":{},\"direction\":\"{direction}\",\"from\":{},\"to\":{},{}{}\
             \"payload\":{},\"ts\":\"{}\"}}",
            quoted(self.id.as_str()),
            quoted(self.from.as_str()),
            quoted(self.to.as_str()),
            label("topic", self.topic),
            label("correlationId", self.correlation),
            self.payload,
            encode_time(self.at),
        )
    }
}
