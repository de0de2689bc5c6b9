//! The JSON of HTTP answers, as the scripts write it and read it.
//!
//! To the scripts a request that does not verify is a success (`200`) whose result says so; they
//! break off on any other status. What we answer tells a stranger nothing of this machine: no
//! path, and no reason.

use super::canonical::{Members, Style, Value, write};
use super::object::{members, string};
use super::{
    AgentId, DirectId, Identity, PROTOCOL, Reason, Received, RequestId, Scheme, decode_time,
    encode_time, file_name,
};
use crate::model::UnixMillis;

/// What is answered to an HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON on one line.
    pub body: String,
}

/// That a message arrived. It is not signed, so it is worth as much as the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Which message.
    pub id: DirectId,
    /// When the other side had it, by its clock; absent where it says so in no usual form.
    pub at: Option<UnixMillis>,
}

impl Answer {
    /// Tells who we are.
    pub fn discovery(identity: &Identity) -> Self {
        let agent = Value::Object(identity.members());
        Self::new(
            200,
            members([
                ("ok", Value::Bool(true)),
                ("protocol", string(PROTOCOL)),
                ("agent", agent),
            ]),
        )
    }

    /// Says that a contact request arrived, whatever becomes of it.
    pub fn request_received(id: &RequestId) -> Self {
        Self::result(members([
            ("verified", Value::Bool(true)),
            ("request_id", string(id.as_str())),
            ("saved", string(&file_name(id.as_str()))),
        ]))
    }

    /// Says that a contact request was not believed.
    pub fn request_refused(id: Option<&RequestId>) -> Self {
        Self::unverified("request_id", id.map(RequestId::as_str))
    }

    /// Says that a message arrived, which ends its delivery.
    pub fn message_received(id: &DirectId, at: UnixMillis) -> Self {
        let ack = members([
            ("type", string("ack")),
            ("message_id", string(id.as_str())),
            ("status", string("received")),
            ("timestamp", string(&encode_time(at))),
        ]);
        Self::result(members([
            ("verified", Value::Bool(true)),
            ("message_id", string(id.as_str())),
            ("saved", string(&file_name(id.as_str()))),
            ("ack", Value::Object(ack)),
        ]))
    }

    /// Says that a message was not believed.
    pub fn message_refused(id: Option<&DirectId>) -> Self {
        Self::unverified("message_id", id.map(DirectId::as_str))
    }

    /// Says that nobody accepted this sender here. A name that is not safe to repeat is left out
    /// as a missing one is.
    pub fn not_trusted(from: Option<&AgentId>) -> Self {
        Self::error(400, &not_trusted(from))
    }

    /// Says that there is nothing at this path.
    pub fn not_found() -> Self {
        Self::error(404, "not_found")
    }

    /// Says that the body is not what is read here.
    pub fn invalid_json() -> Self {
        Self::error(400, "invalid_json")
    }

    /// Says that something went wrong, in one of our words.
    pub fn error(status: u16, word: &str) -> Self {
        Self::new(
            status,
            members([("ok", Value::Bool(false)), ("error", string(word))]),
        )
    }

    fn unverified(name: &'static str, id: Option<&str>) -> Self {
        Self::result(members([
            ("verified", Value::Bool(false)),
            (name, id.map_or(Value::Null, string)),
        ]))
    }

    fn result(result: Members<'_>) -> Self {
        let result = Value::Object(result);
        Self::new(
            200,
            members([("ok", Value::Bool(true)), ("result", result)]),
        )
    }

    fn new(status: u16, object: Members<'_>) -> Self {
        Self {
            status,
            body: write(&Value::Object(object), Style::Line),
        }
    }
}

/// The words of the scripts, line break included.
fn not_trusted(from: Option<&AgentId>) -> String {
    let from = from.map_or("None", AgentId::as_str);
    format!("Peer {from} is not trusted\n")
}

/// Why an answer tells of no agent. Nothing of the answer is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// It is no answer of this protocol.
    #[error("no agent of this network is at that address")]
    NoAgent,
    /// It is one, of another version.
    #[error("the agent speaks another version of the protocol")]
    OtherVersion,
    /// It is one whose identity is not set up.
    #[error("an agent is at that address, but it is not set up")]
    NotSetUp,
    /// It tells something of itself that cannot be true.
    #[error("the agent at that address is not believed: {0}")]
    NotBelieved(Reason),
}

/// Reads what an agent tells of itself. Nothing proves that it has the key: only a signature
/// does.
pub fn decode_discovery(
    status: u16,
    bytes: &[u8],
    scheme: &Scheme,
) -> Result<Identity, DiscoveryError> {
    let answer = Received::parse(bytes).map_err(|_other| DiscoveryError::NoAgent)?;
    let is_failure = status == 500 && answer.truth("ok") == Some(false);
    if is_failure && answer.text("error").is_some() {
        return Err(DiscoveryError::NotSetUp);
    }
    if status != 200 || answer.truth("ok") != Some(true) {
        return Err(DiscoveryError::NoAgent);
    }
    match answer.text("protocol") {
        Some(protocol) if protocol == PROTOCOL => {}
        Some(_) => return Err(DiscoveryError::OtherVersion),
        None => return Err(DiscoveryError::NoAgent),
    }
    let agent = answer.object("agent").ok_or(DiscoveryError::NoAgent)?;
    Identity::read(&agent, scheme).map_err(DiscoveryError::NotBelieved)
}

/// Why an answer does not mean that something arrived. Nothing of the answer is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The other side has another key of ours, or is stricter than we know.
    #[error("the other side did not believe it: for it the signature does not fit")]
    NotVerified,
    /// Nobody accepted us there yet.
    #[error("the other side has not accepted us as a contact")]
    NotTrusted,
    /// It was verified, but no receipt for this message came.
    #[error("the other side sent no receipt for it")]
    NoReceipt,
    /// It is no answer of this protocol.
    #[error("the answer cannot be read")]
    Unreadable,
    /// Another failure.
    #[error("the other side refused it ({0})")]
    Status(u16),
}

/// Reads what was answered to a contact request of this id.
pub fn decode_contact_answer(status: u16, bytes: &[u8], id: &RequestId) -> Result<(), NotTaken> {
    let result = decode_result(status, bytes, None)?;
    if result.request_id().as_ref() == Some(id) {
        Ok(())
    } else {
        Err(NotTaken::NoReceipt)
    }
}

/// Reads what was answered to a direct message of this id from `ours`.
pub fn decode_message_answer(
    status: u16,
    bytes: &[u8],
    id: &DirectId,
    ours: &AgentId,
) -> Result<Ack, NotTaken> {
    let result = decode_result(status, bytes, Some(ours))?;
    let ack = result.object("ack").ok_or(NotTaken::NoReceipt)?;
    let is_of_this = ack.text("type").as_deref() == Some("ack")
        && ack.text("status").as_deref() == Some("received")
        && ack.direct_id().as_ref() == Some(id);
    if !is_of_this {
        return Err(NotTaken::NoReceipt);
    }
    let at = ack.text("timestamp");
    Ok(Ack {
        id: id.clone(),
        at: at.and_then(|time| decode_time(&time)),
    })
}

/// Returns the result of an answer if it says `verified`: the status alone says nothing.
fn decode_result<'a>(
    status: u16,
    bytes: &'a [u8],
    ours: Option<&AgentId>,
) -> Result<Received<'a>, NotTaken> {
    let answer = Received::parse(bytes);
    if status != 200 {
        let error = answer.ok().and_then(|answer| answer.text("error"));
        let says = |agent: &AgentId| error.as_deref() == Some(&not_trusted(Some(agent)));
        return Err(if status == 400 && ours.is_some_and(says) {
            NotTaken::NotTrusted
        } else {
            NotTaken::Status(status)
        });
    }
    let answer = answer.map_err(|_other| NotTaken::Unreadable)?;
    let result = answer.object("result").ok_or(NotTaken::Unreadable)?;
    match (answer.truth("ok"), result.truth("verified")) {
        (Some(true), Some(true)) => Ok(result),
        (Some(true), Some(false)) => Err(NotTaken::NotVerified),
        _ => Err(NotTaken::Unreadable),
    }
}
