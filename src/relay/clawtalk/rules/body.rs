//! Request bodies, judged in the reference's order.
//!
//! What a client can tell apart survives: the order of keys, absent members, explicit nulls,
//! digits of numbers, halves of surrogate pairs.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::{Refusal, instant};
use crate::model::UnixMillis;
use crate::relay::json::{Compact, falsy};

/// Longest body of a message or an entry, in UTF-16 code units, as the reference counts.
const LONGEST_BODY: usize = 65_536;

/// How long a message is kept where its sender does not say.
const USUAL_TTL: Duration = Duration::from_secs(30 * DAY);

/// The shortest and the longest that a message may be kept.
const TTL: (f64, f64) = (60.0, 90.0 * 86_400.0);

const DAY: u64 = 86_400;

/// Longest name in bytes that the admin may give; who registers by invite has 32.
const LONGEST_NAME: usize = 128;

/// Longest key or address in bytes.
const LONGEST_TEXT: usize = 2_048;

/// Most bytes of `capabilities`, `owner` and `label`, as JSON.
const LONGEST_NOTE: usize = 8_192;

/// Names that mean something else: everybody, and the relay itself in the audit log.
const RESERVED: [&str; 2] = ["broadcast", "_system"];

/// A message to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct Message {
    pub(in crate::relay::clawtalk) to: To,
    /// The members from `type` to `signature`, in the reference's order, with no braces.
    pub(in crate::relay::clawtalk) members: Vec<u8>,
    pub(in crate::relay::clawtalk) topic: Option<String>,
    pub(in crate::relay::clawtalk) ttl: Duration,
    /// The payload and the topic as JSON, where the sender says that it is not encrypted.
    pub(in crate::relay::clawtalk) plain: Option<(Vec<u8>, Option<Vec<u8>>)>,
}

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) enum To {
    /// Everybody but the sender.
    Broadcast,
    /// These, as the sender wrote them.
    Names(Vec<String>),
}

/// An agent that the admin registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct NewAgent {
    pub(in crate::relay::clawtalk) name: String,
    /// JSON.
    pub(in crate::relay::clawtalk) owner: Vec<u8>,
    pub(in crate::relay::clawtalk) public_key: String,
    pub(in crate::relay::clawtalk) signing_key: String,
    /// JSON.
    pub(in crate::relay::clawtalk) capabilities: Option<Vec<u8>>,
    pub(in crate::relay::clawtalk) webhook: Option<String>,
}

/// Somebody who registers with an invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct Registration {
    pub(in crate::relay::clawtalk) invite: String,
    pub(in crate::relay::clawtalk) agent: NewAgent,
}

/// What changes in an agent's record; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct Patch {
    pub(in crate::relay::clawtalk) webhook: WebhookPatch,
    /// JSON.
    pub(in crate::relay::clawtalk) capabilities: Option<Vec<u8>>,
    pub(in crate::relay::clawtalk) public_key: Option<String>,
    pub(in crate::relay::clawtalk) signing_key: Option<String>,
}

/// What becomes of an agent's webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::relay::clawtalk) enum WebhookPatch {
    #[default]
    Stays,
    Goes,
    Is(String),
}

/// An invite to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct Invite {
    /// JSON.
    pub(in crate::relay::clawtalk) label: Option<Vec<u8>>,
    pub(in crate::relay::clawtalk) max_uses: Option<i64>,
    pub(in crate::relay::clawtalk) lasts: Option<Duration>,
}

/// An entry of the audit log. All but the texts are JSON as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct Entry {
    /// The members from `messageId` to `ts`, with no braces.
    pub(in crate::relay::clawtalk) members: Vec<u8>,
    /// What makes a second one the same entry: id, direction, time and recipient.
    pub(in crate::relay::clawtalk) identity: Vec<u8>,
    /// `None` where it cannot be read as a time.
    pub(in crate::relay::clawtalk) at: Option<UnixMillis>,
    pub(in crate::relay::clawtalk) from: Option<String>,
    pub(in crate::relay::clawtalk) to: Option<String>,
    pub(in crate::relay::clawtalk) topic: Option<String>,
}

/// A JSON object, or anything else, which has no members.
struct Body(Compact);

impl Body {
    /// Reads JSON as the reference does: invalid UTF-8 becomes U+FFFD. It throws on `null`.
    fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let text = String::from_utf8_lossy(bytes);
        let invalid = |_| Refusal::INVALID_JSON;
        let compact = Compact::read(text.as_bytes()).map_err(invalid)?;
        if compact.is_null() {
            return Err(Refusal::INVALID_JSON);
        }
        Ok(Self(compact))
    }

    fn read_short(bytes: &[u8], too_long: &'static str) -> Result<Self, Refusal> {
        let text = String::from_utf8_lossy(bytes);
        if text.len() > LONGEST_BODY && text.encode_utf16().count() > LONGEST_BODY {
            return Err(Refusal::too_large(too_long));
        }
        Self::read(bytes)
    }

    fn member(&self, name: &str) -> Option<&[u8]> {
        self.0.member(name)
    }

    /// Returns a member unless JavaScript would call it false.
    fn truthy(&self, name: &str) -> Option<&[u8]> {
        self.member(name).filter(|value| !falsy(value))
    }

    fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.truthy(name).is_some())
    }

    /// Returns a member unless it is absent or `null`.
    fn given(&self, name: &str) -> Option<&[u8]> {
        self.member(name).filter(|value| *value != b"null")
    }

    /// Returns those of the members that are there, in this order, as they are written in an
    /// object.
    fn members(&self, names: &[&str]) -> Vec<u8> {
        let mut members = Vec::new();
        for name in names {
            let Some(value) = self.member(name) else {
                continue;
            };
            if !members.is_empty() {
                members.push(b',');
            }
            members.extend_from_slice(&escaped(name));
            members.push(b':');
            members.extend_from_slice(value);
        }
        members
    }
}

/// Returns the text of a JSON string; `None` for other values and for half surrogate pairs.
fn string(value: &[u8]) -> Option<String> {
    serde_json::from_slice(value).ok()
}

/// Returns a text as JSON.
pub(in crate::relay::clawtalk) fn escaped(text: &str) -> Vec<u8> {
    serde_json::Value::from(text).to_string().into_bytes()
}

/// Reads the body of `POST /messages`.
pub(in crate::relay::clawtalk) fn message(bytes: &[u8]) -> Result<Message, Refusal> {
    let body = Body::read_short(bytes, "Message exceeds 64KB limit")?;
    let (to, encrypted, payload) = (
        body.truthy("to"),
        body.member("encrypted"),
        body.member("payload"),
    );
    let kind = body.truthy("type");
    let (Some(to), Some(kind), Some(encrypted), Some(payload)) = (to, kind, encrypted, payload)
    else {
        let text = "Missing required fields: to, type, encrypted, payload";
        return Err(Refusal::bad_request(text));
    };
    if !matches!(kind, b"\"request\"" | b"\"response\"" | b"\"notification\"") {
        return Err(Refusal::bad_request("Invalid message type"));
    }
    let to = recipients(to)?;
    let topic = body.truthy("topic");
    let plain = falsy(encrypted).then(|| (payload.to_vec(), topic.map(<[u8]>::to_vec)));
    Ok(Message {
        to,
        members: body.members(&[
            "type",
            "topic",
            "correlationId",
            "replyTo",
            "encrypted",
            "payload",
            "nonce",
            "signature",
        ]),
        topic: topic.and_then(string),
        ttl: ttl(body.truthy("ttl"))?,
        plain,
    })
}

fn recipients(to: &[u8]) -> Result<To, Refusal> {
    match string(to) {
        Some(name) if name == "broadcast" => Ok(To::Broadcast),
        Some(name) => Ok(To::Names(vec![name])),
        None => serde_json::from_slice(to)
            .map(To::Names)
            .map_err(|_no_names| {
                Refusal::bad_request("Invalid recipient: to must be a name or a list of names")
            }),
    }
}

/// Reads how long a message is to be kept: a number of seconds, or a text that is one.
fn ttl(value: Option<&[u8]>) -> Result<Duration, Refusal> {
    let Some(value) = value else {
        return Ok(USUAL_TTL);
    };
    let text = string(value).or_else(|| std::str::from_utf8(value).ok().map(str::to_owned));
    let seconds = text.and_then(|text| text.trim().parse::<f64>().ok());
    match seconds {
        Some(seconds) if seconds >= TTL.0 => Ok(Duration::from_secs_f64(seconds.min(TTL.1))),
        _ => Err(Refusal::bad_request(
            "Invalid ttl: a number of seconds from 60 on",
        )),
    }
}

/// Reads the body of `POST /agents`.
pub(in crate::relay::clawtalk) fn new_agent(bytes: &[u8]) -> Result<NewAgent, Refusal> {
    let body = Body::read(bytes)?;
    if !body.has_all(&["name", "owner", "publicKey", "signingKey"]) {
        let text = "Missing required fields: name, owner, publicKey, signingKey";
        return Err(Refusal::bad_request(text));
    }
    let name = body.member("name").and_then(string).filter(|name| {
        name.len() <= LONGEST_NAME && !name.chars().any(char::is_control) && name.trim() == name
    });
    let invalid = "Invalid agent name: a text of at most 128 bytes without control characters";
    let name = name.ok_or_else(|| Refusal::bad_request(invalid))?;
    let key = |name| {
        let text = body.member(name).and_then(string);
        text.filter(|text| text.len() <= LONGEST_TEXT)
            .ok_or_else(|| Refusal::bad_request("Invalid key: it has to be a text"))
    };
    Ok(NewAgent {
        name: unreserved(name)?,
        owner: note(body.member("owner"))?.unwrap_or_default(),
        public_key: key("publicKey")?,
        signing_key: key("signingKey")?,
        capabilities: note(body.member("capabilities"))?,
        webhook: webhook(body.truthy("webhookUrl"))?,
    })
}

fn unreserved(name: String) -> Result<String, Refusal> {
    let folded = name.to_lowercase();
    if RESERVED.contains(&folded.as_str()) {
        return Err(Refusal::bad_request("Agent name is reserved"));
    }
    Ok(name)
}

/// Takes any JSON that is not too long.
fn note(value: Option<&[u8]>) -> Result<Option<Vec<u8>>, Refusal> {
    match value {
        Some(value) if value.len() > LONGEST_NOTE => {
            Err(Refusal::too_large("A field exceeds 8KB limit"))
        }
        value => Ok(value.map(<[u8]>::to_vec)),
    }
}

fn webhook(value: Option<&[u8]>) -> Result<Option<String>, Refusal> {
    let Some(value) = value else {
        return Ok(None);
    };
    let text = string(value).filter(|text| text.len() <= LONGEST_TEXT);
    let url = text.as_deref().and_then(|text| Url::parse(text).ok());
    let reachable =
        url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match text {
        Some(text) if reachable => Ok(Some(text)),
        _ => Err(Refusal::bad_request(
            "Invalid webhookUrl: an http or https URL",
        )),
    }
}

/// Reads the body of `POST /register`.
pub(in crate::relay::clawtalk) fn registration(bytes: &[u8]) -> Result<Registration, Refusal> {
    let body = Body::read(bytes)?;
    let invite = body.truthy("invite");
    let invite = invite.ok_or_else(|| Refusal::bad_request("Missing invite code"))?;
    let name = body.truthy("name");
    let name = name.ok_or_else(|| Refusal::bad_request("Missing agent name"))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let is_name = |name: &String| matches!(name.len(), 2..=32) && name.bytes().all(plain);
    let invalid =
        "Invalid agent name. Use 2-32 characters: letters, numbers, hyphens, underscores.";
    let name = string(name).filter(is_name);
    let name = name.ok_or_else(|| Refusal::bad_request(invalid))?;
    Ok(Registration {
        // What is no text is no code either.
        invite: string(invite).unwrap_or_default(),
        agent: NewAgent {
            name: unreserved(name)?,
            owner: note(body.truthy("owner"))?.unwrap_or_else(|| escaped("invited")),
            public_key: String::new(),
            signing_key: String::new(),
            capabilities: note(body.member("capabilities"))?,
            webhook: webhook(body.truthy("webhookUrl"))?,
        },
    })
}

/// Reads the body of `PATCH /agents/:name`.
pub(in crate::relay::clawtalk) fn patch(bytes: &[u8]) -> Result<Patch, Refusal> {
    let body = Body::read(bytes)?;
    let webhook = match body.member("webhookUrl") {
        None => WebhookPatch::Stays,
        Some(value) if falsy(value) => WebhookPatch::Goes,
        value => webhook(value)?.map_or(WebhookPatch::Goes, WebhookPatch::Is),
    };
    Ok(Patch {
        webhook,
        capabilities: note(body.member("capabilities"))?,
        public_key: key(body.member("publicKey"))?,
        signing_key: key(body.member("signingKey"))?,
    })
}

/// Takes 32 bytes in base64, or nothing, which takes the key away.
fn key(value: Option<&[u8]>) -> Result<Option<String>, Refusal> {
    let Some(value) = value else {
        return Ok(None);
    };
    if value == b"null" {
        return Ok(Some(String::new()));
    }
    let text = string(value).filter(|text| {
        text.is_empty() || STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
    });
    let invalid = "Invalid key: 32 bytes in base64, or an empty text";
    text.map(Some).ok_or_else(|| Refusal::bad_request(invalid))
}

/// Reads the body of `POST /invites`; what is not JSON counts as nothing said.
pub(in crate::relay::clawtalk) fn invite(bytes: &[u8]) -> Result<Invite, Refusal> {
    let Ok(body) = Body::read(bytes) else {
        return Ok(Invite::default());
    };
    let number = |value: &[u8]| serde_json::from_slice::<f64>(value).ok();
    let max_uses = match body.given("maxUses") {
        None => None,
        Some(value) => {
            let count = serde_json::from_slice::<i64>(value).ok().or_else(|| {
                // `3.0` is 3 in JavaScript.
                let whole = number(value).filter(|count| count.fract() == 0.0)?;
                format!("{whole:.0}").parse().ok()
            });
            let invalid = "Invalid maxUses: a whole number from 1 on";
            let count = count.filter(|count| *count >= 1);
            Some(count.ok_or_else(|| Refusal::bad_request(invalid))?)
        }
    };
    let lasts = match body.given("expiresInHours") {
        None => None,
        Some(value) => {
            let hours = number(value).filter(|hours| *hours > 0.0);
            let hours = hours.map(|hours| hours.min(24.0 * 36_500.0));
            let invalid = "Invalid expiresInHours: a positive number";
            let hours = hours.ok_or_else(|| Refusal::bad_request(invalid))?;
            Some(Duration::from_secs_f64(hours * 3600.0))
        }
    };
    Ok(Invite {
        label: note(body.truthy("label"))?,
        max_uses,
        lasts,
    })
}

/// Reads the body of `POST /audit`.
pub(in crate::relay::clawtalk) fn audit_entry(bytes: &[u8]) -> Result<Entry, Refusal> {
    let body = Body::read_short(bytes, "Payload exceeds 64KB limit")?;
    if !body.has_all(&["messageId", "direction", "from", "to", "payload", "ts"]) {
        let text = "Missing required fields: messageId, direction, from, to, payload, ts";
        return Err(Refusal::bad_request(text));
    }
    let direction = body.member("direction").unwrap_or_default();
    if !matches!(direction, b"\"sent\"" | b"\"received\"") {
        let text = "Invalid direction, must be 'sent' or 'received'";
        return Err(Refusal::bad_request(text));
    }
    let text = |name| body.member(name).and_then(string);
    Ok(Entry {
        members: body.members(&[
            "messageId",
            "direction",
            "from",
            "to",
            "topic",
            "payload",
            "ts",
        ]),
        identity: body.members(&["ts", "messageId", "direction", "to"]),
        at: text("ts").as_deref().and_then(instant),
        from: text("from"),
        to: text("to"),
        topic: text("topic"),
    })
}

#[cfg(test)]
mod tests;
