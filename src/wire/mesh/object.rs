//! Objects that carry a signature, before anything of them is believed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::canonical::{self, Error, Members, Style, Value, WideText};
use super::{AgentId, DirectId, RequestId, Scheme};
use crate::model::PublicKey;
use crate::wire::loose_json::Loose;

pub use super::canonical::LONGEST;

/// The member that holds the signature, over all the others.
const SIGNATURE: &str = "signature";

/// Why bytes are no object. Nothing of them is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnObject {
    /// They are not JSON as it is read here.
    #[error(transparent)]
    Json(#[from] Error),
    /// They are JSON, but no object.
    #[error("JSON, but not an object")]
    OtherType,
}

/// Why an object is not believed. Nothing of it is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The id is missing, no text, or could be a path.
    #[error("the id is missing or not safe to use")]
    Id,
    /// The type says that it is something else.
    #[error("it is of another type")]
    Type,
    /// The agent's name is missing, no text, or could be a path.
    #[error("the agent's id is missing or not safe to use")]
    Agent,
    /// The key is no Ed25519 key in the usual form.
    #[error("the key is not an Ed25519 key in its usual form")]
    Key,
    /// The fingerprint is that of another key.
    #[error("the fingerprint is not that of the key")]
    Fingerprint,
    /// A member is missing or of another type.
    #[error("a part is missing or of the wrong type")]
    Member,
    /// The time of writing is in no usual form.
    #[error("the time is not in the usual form")]
    Time,
    /// The time of writing is too far from now.
    #[error("it was written too long ago, or a clock is wrong")]
    Stale,
    /// It is addressed to somebody else.
    #[error("it is addressed to somebody else")]
    NotForUs,
    /// The signature is missing, broken, of another key or over other content.
    #[error("the signature does not fit")]
    Signature,
}

/// An object that is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused<I> {
    /// Why.
    pub reason: Reason,
    /// Its id, where it is safe to repeat.
    pub id: Option<I>,
}

/// An object that came from outside. Nothing in it is believed yet.
#[derive(Clone, PartialEq)]
pub struct Received<'a>(Members<'a>);

impl std::fmt::Debug for Received<'_> {
    /// Tells how many members there are, and nothing of them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Received({} members)", self.0.len())
    }
}

impl<'a> Received<'a> {
    /// Reads a body. An empty one is an object without members, as it is to the scripts.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NotAnObject> {
        if bytes.is_empty() {
            return Ok(Self(Vec::new()));
        }
        match canonical::parse(bytes)? {
            Value::Object(members) => Ok(Self(members)),
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::NotFinite(_)
            | Value::Text(_)
            | Value::Array(_) => Err(NotAnObject::OtherType),
        }
    }

    /// Returns who a direct message claims to be from.
    pub fn sender(&self) -> Option<AgentId> {
        AgentId::parse(&self.text("from")?)
    }

    /// Returns who a direct message claims to be for.
    pub fn receiver(&self) -> Option<AgentId> {
        AgentId::parse(&self.text("to")?)
    }

    /// Returns the id that a contact request claims.
    pub fn request_id(&self) -> Option<RequestId> {
        RequestId::parse(&self.text("request_id")?)
    }

    /// Returns the id that a direct message claims.
    pub fn direct_id(&self) -> Option<DirectId> {
        DirectId::parse(&self.text("message_id")?)
    }

    /// Writes it as the scripts store it: members in the order in which they came. Halves of
    /// surrogate pairs become U+FFFD, and the signature with them fits no more.
    pub fn to_file(&self) -> String {
        canonical::write(&Value::Object(self.0.clone()), Style::File)
    }

    /// Writes it as it travels: ASCII, on one line. Its signature fits as it did.
    pub fn to_line(&self) -> String {
        canonical::write(&Value::Object(self.0.clone()), Style::Line)
    }

    /// Writes it so that every reader of JSON can read it: what JSON cannot say becomes `null`,
    /// or U+FFFD inside of a string.
    pub fn to_json(&self) -> String {
        // Written and read again rather than converted: it is short, and one reader decides.
        let line = self.to_line();
        let mut json = String::new();
        match Loose::parse(&line) {
            Ok(value) => value.write(&mut json),
            Err(_) => json.push_str("{}"),
        }
        json
    }

    /// Makes an object of some of its members.
    pub(super) fn of(members: Members<'a>) -> Self {
        Self(members)
    }

    /// Checks the signature over everything but itself.
    pub(super) fn check_signature(&self, key: &PublicKey, scheme: &Scheme) -> Result<(), Reason> {
        let message = canonical::canonical_without(&self.0, SIGNATURE);
        let signature = self
            .text(SIGNATURE)
            .and_then(|text| STANDARD.decode(text).ok())
            .and_then(|bytes| <[u8; 64]>::try_from(bytes).ok())
            .ok_or(Reason::Signature)?;
        if (scheme.verify)(key, message.as_bytes(), &signature) {
            Ok(())
        } else {
            Err(Reason::Signature)
        }
    }

    /// Returns a member that is a string.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let Value::Text(text) = self.member(name)? else {
            return None;
        };
        Some(text.to_text())
    }

    /// Returns a member that is an object.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        let Value::Object(members) = self.member(name)? else {
            return None;
        };
        Some(Self(members.clone()))
    }

    /// Returns a member that is true or false.
    pub(super) fn truth(&self, name: &str) -> Option<bool> {
        let Value::Bool(truth) = self.member(name)? else {
            return None;
        };
        Some(*truth)
    }

    /// Tells whether there is a member of this name, of whatever type.
    pub(super) fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    /// Returns what it holds.
    pub(super) fn into_members(self) -> Members<'a> {
        self.0
    }

    fn member(&self, name: &str) -> Option<&Value<'a>> {
        let found = self.0.iter().find(|(key, _)| key.is(name));
        found.map(|(_, value)| value)
    }
}

/// A signed object of ours, in the two forms in which it is written.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    /// As it travels: ASCII, on one line.
    pub body: String,
    /// As the scripts store it.
    pub file: String,
}

impl std::fmt::Debug for Signed {
    /// Tells the length alone: the content is private.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signed({} bytes)", self.body.len())
    }
}

impl Signed {
    /// Signs an object and adds the signature as its last member.
    pub(super) fn new(mut members: Members<'_>, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Self {
        let message = canonical::canonical_without(&members, SIGNATURE);
        let signature = STANDARD.encode(sign(message.as_bytes()));
        members.push((SIGNATURE.into(), string(&signature)));
        let object = Value::Object(members);
        Self {
            body: canonical::write(&object, Style::Line),
            file: canonical::write(&object, Style::File),
        }
    }
}

/// Makes a string.
pub(super) fn string<'a>(text: &str) -> Value<'a> {
    Value::Text(WideText::from(text))
}

/// Makes the members of an object.
pub(super) fn members<'a>(
    list: impl IntoIterator<Item = (&'static str, Value<'a>)>,
) -> Members<'a> {
    list.into_iter()
        .map(|(name, value)| (WideText::from(name), value))
        .collect()
}
