//! Direct messages.

use super::canonical::{Members, Value, WideText};
use super::contact::written;
use super::object::{members, string};
use super::{AgentId, DirectId, Reason, Received, Refused, Scheme, Signed, Window, encode_time};
use crate::model::{Body, PeerText, PublicKey, UnixMillis};

const TYPE: &str = "direct_message";
const TEXT: &str = "text";
const SUBJECT: &str = "subject";

/// A message from one agent to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectMessage {
    /// Its id, which the sender chooses. The same id again is the same message again.
    pub id: DirectId,
    /// Who sent it.
    pub from: AgentId,
    /// Who it is for.
    pub to: AgentId,
    /// When it was written, to the second.
    pub written: UnixMillis,
    /// What it says.
    ///
    /// The scripts know a text alone. A subject is a member beside it; all others are the
    /// metadata, so that nothing that came is hidden.
    pub body: Body,
}

impl DirectMessage {
    /// Reads a message to us and checks it against the key that is pinned for its sender.
    pub fn decode(
        object: &Received<'_>,
        ours: &AgentId,
        key: &PublicKey,
        window: Window,
        scheme: &Scheme,
    ) -> Result<Self, Refused<DirectId>> {
        let id = object.direct_id();
        let believed = match id.clone() {
            Some(id) => object
                .check_signature(key, scheme)
                .and_then(|()| Self::believe(object, id, ours, window)),
            None => Err(Reason::Id),
        };
        believed.map_err(|reason| Refused { reason, id })
    }

    /// Reads a message of ours back, whoever it is for and whenever it was written, and checks
    /// it against our key.
    pub fn decode_sent(
        object: &Received<'_>,
        key: &PublicKey,
        scheme: &Scheme,
    ) -> Result<Self, Refused<DirectId>> {
        match object.receiver() {
            Some(to) => Self::decode(object, &to, key, Window::Any, scheme),
            None => Err(Refused {
                reason: Reason::NotForUs,
                id: object.direct_id(),
            }),
        }
    }

    fn believe(
        object: &Received<'_>,
        id: DirectId,
        ours: &AgentId,
        window: Window,
    ) -> Result<Self, Reason> {
        if object.text("type").as_deref() != Some(TYPE) {
            return Err(Reason::Type);
        }
        let from = object.sender().ok_or(Reason::Agent)?;
        let to = object.text("to");
        let to = to
            .and_then(|id| AgentId::parse(&id))
            .filter(|to| to == ours)
            .ok_or(Reason::NotForUs)?;
        let written = written(object, window)?;
        let body = object.object("body").ok_or(Reason::Member)?;
        Ok(Self {
            id,
            from,
            to,
            written,
            body: read_body(body)?,
        })
    }

    /// Signs it with the key of the sender.
    pub fn sign(&self, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Signed {
        let metadata = self.body.metadata.expose_untrusted();
        let object = members([
            ("type", string(TYPE)),
            ("message_id", string(self.id.as_str())),
            ("from", string(self.from.as_str())),
            ("to", string(self.to.as_str())),
            ("timestamp", string(&encode_time(self.written))),
            ("body", Value::Object(body_members(&self.body, metadata))),
        ]);
        Signed::new(object, sign)
    }
}

fn read_body(body: Received<'_>) -> Result<Body, Reason> {
    let text = body.text(TEXT).ok_or(Reason::Member)?;
    let subject = body.text(SUBJECT);
    // A subject that is no text stays where it can be seen.
    let is_named = |name: &WideText| name.is(TEXT) || (name.is(SUBJECT) && subject.is_some());
    let rest: Members<'_> = body
        .into_members()
        .into_iter()
        .filter(|(name, _)| !is_named(name))
        .collect();
    let mut read = Body::new(subject.clone().unwrap_or_default(), text);
    read.metadata = PeerText::new(Received::of(rest).to_json());
    Ok(read)
}

fn body_members<'a>(body: &Body, metadata: &'a str) -> Members<'a> {
    let mut list = members([(TEXT, string(body.body.expose_untrusted()))]);
    if !body.subject.is_empty() {
        list.push((SUBJECT.into(), string(body.subject.expose_untrusted())));
    }
    // What is no JSON object there says nothing.
    if let Ok(Value::Object(rest)) = Value::parse_into(metadata) {
        let is_named =
            |name: &WideText| name.is(TEXT) || (name.is(SUBJECT) && !body.subject.is_empty());
        list.extend(rest.into_iter().filter(|(name, _)| !is_named(name)));
    }
    list
}
