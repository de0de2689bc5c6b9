//! Envelopes as a relay lists them, and what is to be believed of one.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::names::EVERYBODY;
use super::{AgentName, EnvelopeId, ListingError, Scheme, decode_payload};
use crate::model::{
    Content, Digest, MessageKind, PeerText, Provenance, PublicKey, RawReason, UnixMillis,
};
use crate::wire::clawbuddy_files::parse_iso_utc;
use crate::wire::js_json::{self, JsText, Value, quoted};

/// Bytes of the longest envelope that is read. A relay takes 64 Ki characters, each of which can
/// be six bytes here.
pub const LONGEST_ENVELOPE: usize = 512 * 1024;

/// What is in an envelope, and what is to be believed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What it says.
    pub content: Content,
    /// How far it is proven who wrote it. Without a key of the sender's to check a signature with,
    /// it counts as unsigned.
    pub provenance: Provenance,
    /// Whether its signature proves that it was meant for everybody. A relay writes every
    /// recipient's own name into it, so nothing else tells.
    pub broadcast: bool,
}

/// Why an element of a list is no envelope. Nothing of it is in this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// There is more of it than a relay takes.
    #[error("longer than {LONGEST_ENVELOPE} bytes")]
    TooLong,
    /// It is no JSON object.
    #[error("not a JSON object")]
    NotAnObject,
    /// Nobody is named as its sender, or by a name that cannot be used.
    #[error("the sender's name is missing or cannot be used")]
    From,
    /// There is no payload.
    #[error("it has no payload")]
    NoPayload,
}

/// An element of a list that is no envelope.
#[derive(Clone, PartialEq, Eq)]
pub struct Broken {
    /// Why.
    pub why: EnvelopeError,
    /// The id to delete it by, where there is one that is safe to use.
    pub id: Option<EnvelopeId>,
    /// When the relay took it, where it says so.
    pub at: Option<UnixMillis>,
    /// All of it, as JSON text.
    pub text: PeerText,
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broken")
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

/// A message as a relay lists it. Nothing in it is believed yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The id that the relay gave it, by which it is deleted; `None` where it is not safe to use.
    pub id: Option<EnvelopeId>,
    /// Who the relay says it is from. Not signed.
    pub from: AgentName,
    /// What kind of message it says that it is; `None` where that is none of the three.
    pub kind: Option<MessageKind>,
    /// The thread it belongs to.
    pub topic: Option<JsText>,
    /// What links a response to its request.
    pub correlation: Option<JsText>,
    /// The id of the message it answers. Not signed.
    pub reply_to: Option<JsText>,
    /// When the relay took it. Not signed.
    pub at: Option<UnixMillis>,
    /// Who the relay says it is for.
    to: Option<JsText>,
    /// Whether it is sealed.
    sealed: bool,
    /// The payload as it came: JSON text.
    payload: String,
    /// Base64 of the nonce, where it is sealed.
    nonce: Option<String>,
    signature: Signature,
    /// JSON of what is signed beside the recipient, as `JavaScript` writes it.
    signed: [(&'static str, Option<String>); 6],
    /// Whether `signed` is all there is to sign. What is nested too deep is not written.
    is_whole: bool,
}

/// What an envelope has for a signature.
#[derive(Clone, PartialEq, Eq)]
enum Signature {
    /// None, or nothing that counts as one.
    None,
    /// This.
    Bytes([u8; 64]),
    /// Something else: its JSON.
    Other(String),
}

impl fmt::Debug for Envelope {
    /// Tells who it is from, and nothing of the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("id", &self.id)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Reads the answer to a request for messages, in the relay's order. Elements that are no
/// envelopes spoil no other.
pub fn decode_page(bytes: &[u8]) -> Result<Vec<Result<Envelope, Broken>>, ListingError> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        messages: Vec<&'a RawValue>,
    }
    let text = String::from_utf8_lossy(bytes);
    match serde_json::from_str::<Page<'_>>(&text) {
        Ok(page) => Ok(page
            .messages
            .into_iter()
            .map(|element| Envelope::decode(element.get()))
            .collect()),
        Err(_) => Err(ListingError),
    }
}

impl Envelope {
    /// Reads one envelope from JSON text. Of several equal members the last counts.
    pub fn decode(text: &str) -> Result<Self, Broken> {
        let broken = |why, members: Option<&Members<'_>>| Broken {
            why,
            id: members.and_then(Members::id),
            at: members.and_then(Members::at),
            text: PeerText::new(text),
        };
        if text.len() > LONGEST_ENVELOPE {
            return Err(broken(EnvelopeError::TooLong, None));
        }
        let Ok(members) = serde_json::from_str(text).map(Members) else {
            return Err(broken(EnvelopeError::NotAnObject, None));
        };
        let from = members.text("from");
        let Some(from) = from.and_then(|from| AgentName::parse(&from.to_text()).ok()) else {
            return Err(broken(EnvelopeError::From, Some(&members)));
        };
        let Some(payload) = members.get("payload") else {
            return Err(broken(EnvelopeError::NoPayload, Some(&members)));
        };
        let payload = payload.to_owned();
        Ok(Self::of(&members, from, payload))
    }

    fn of(members: &Members<'_>, from: AgentName, payload: String) -> Self {
        let nonce = members.get("nonce").and_then(truthy);
        let encrypted = members.get("encrypted").and_then(truthy);
        let is_text = payload.starts_with('"');
        let mut is_whole = true;
        let signed = SIGNED.map(|name| {
            let json = members.get(name).map(js_json::stringify);
            is_whole &= json != Some(None);
            (name, json.flatten())
        });
        Self {
            id: members.id(),
            from,
            kind: members
                .text("type")
                .and_then(|kind| MessageKind::parse(&kind.to_text())),
            topic: members.label("topic"),
            correlation: members.label("correlationId"),
            reply_to: members.label("replyTo"),
            at: members.at(),
            to: members.text("to"),
            sealed: encrypted.is_some() && is_text && nonce.is_some(),
            payload,
            nonce,
            signature: Signature::decode(members.get("signature")),
            signed,
            is_whole,
        }
    }

    /// Tells whether it says that it is sealed, and has what that takes.
    pub fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// Returns the digest by which it is known wherever it shows up.
    ///
    /// What is sealed is known by nonce and payload: the same box again is the same message
    /// again, under whatever id and with whatever signature. Plain text has no nonce, and the
    /// same words may be said twice, so its id counts; without one, nothing tells two such
    /// messages apart.
    pub fn digest(&self, scheme: &Scheme) -> Digest {
        if self.sealed {
            let nonce = self.nonce.as_deref().unwrap_or_default();
            return sealed_digest(nonce, &self.payload, scheme);
        }
        let id = self.id.as_ref().map_or("", EnvelopeId::as_str);
        let signature: &[u8] = match &self.signature {
            Signature::None => &[],
            Signature::Bytes(bytes) => bytes,
            Signature::Other(json) => json.as_bytes(),
        };
        let parts = [
            b"clawtalk plain",
            id.as_bytes(),
            self.payload.as_bytes(),
            signature,
        ];
        (scheme.digest)(&parts)
    }

    /// Judges the signature and opens the box.
    ///
    /// `ours` is our exact name: a message for somebody else proves nothing here. `signing` is the sender's key; without one nothing can
    /// be verified. `unseal` opens the sender's box from its nonce and what is sealed.
    pub fn open(
        &self,
        ours: &AgentName,
        signing: Option<&PublicKey>,
        scheme: &Scheme,
        unseal: impl FnOnce(&[u8; 24], &[u8]) -> Option<Vec<u8>>,
    ) -> Opened {
        let content = if self.sealed {
            self.unseal(unseal)
        } else {
            decode_payload(&self.payload)
                .ok_or(RawReason::NotAMessage)
                .map(Content::Text)
        };
        let content = content.unwrap_or_else(|reason| Content::Raw {
            reason,
            payload: PeerText::new(&*self.payload),
        });
        let is_to = |name: &str| self.to.as_ref().is_some_and(|to| to.is(name));
        let fits = |to: &str| signing.is_some_and(|key| self.verify(to, key, scheme));
        let is_signed = signing.is_some() && self.signature != Signature::None;
        let for_us = is_signed && is_to(ours.as_str()) && fits(ours.as_str());
        // Nobody can seal for everybody, so there that would be a forgery.
        let is_listed = !self.sealed && (is_to(ours.as_str()) || is_to(EVERYBODY));
        let broadcast = is_signed && !for_us && is_listed && fits(EVERYBODY);
        let provenance = match (is_signed, for_us || broadcast, self.sealed) {
            (true, false, _) => Provenance::WrongSignature,
            (_, _, false) => Provenance::PlainText,
            (true, true, true) => Provenance::Verified,
            (false, _, true) => Provenance::Unsigned,
        };
        Opened {
            content,
            provenance,
            broadcast,
        }
    }

    fn verify(&self, to: &str, key: &PublicKey, scheme: &Scheme) -> bool {
        let Signature::Bytes(signature) = &self.signature else {
            return false;
        };
        let text = message_text(to, &self.signed);
        self.is_whole && (scheme.verify)(key, text.as_bytes(), signature)
    }

    fn unseal(
        &self,
        unseal: impl FnOnce(&[u8; 24], &[u8]) -> Option<Vec<u8>>,
    ) -> Result<Content, RawReason> {
        let nonce = self.nonce.as_deref().and_then(from_base64);
        let nonce = nonce.and_then(|nonce| nonce.try_into().ok());
        let nonce: [u8; 24] = nonce.ok_or(RawReason::NotAnEnvelope)?;
        let sealed = from_base64(&self.payload).ok_or(RawReason::NotAnEnvelope)?;
        let plain = unseal(&nonce, &sealed).ok_or(RawReason::DoesNotOpen)?;
        let plain = String::from_utf8(plain).map_err(|_not_utf8| RawReason::NotAMessage)?;
        let body = decode_payload(&plain).ok_or(RawReason::NotAMessage)?;
        Ok(Content::Text(body))
    }
}

/// Computes the digest of a sealed envelope from the JSON of its nonce and of its payload.
pub(super) fn sealed_digest(nonce: &str, payload: &str, scheme: &Scheme) -> Digest {
    // Decoded, because there is more than one JSON text of the same string.
    let bytes = |json| from_base64(json).unwrap_or_else(|| Vec::from(json));
    (scheme.digest)(&[b"clawtalk sealed", &bytes(nonce), &bytes(payload)])
}

/// What is signed beside the recipient, in this order.
const SIGNED: [&str; 6] = [
    "type",
    "topic",
    "correlationId",
    "encrypted",
    "payload",
    "nonce",
];

/// Writes a message from the JSON of its members, absent ones left out.
pub(super) fn message_text(to: &str, members: &[(&'static str, Option<String>)]) -> String {
    let mut text = format!("{{\"to\":{}", quoted(to));
    for (name, json) in members {
        if let Some(json) = json {
            text.push_str(",\"");
            text.push_str(name);
            text.push_str("\":");
            text.push_str(json);
        }
    }
    text.push('}');
    text
}

/// Decodes a JSON string of base64.
fn from_base64(json: &str) -> Option<Vec<u8>> {
    let text = JsText::from_json(json)?;
    STANDARD.decode(text.to_text()).ok()
}

/// Returns JSON that counts as true in a condition.
fn truthy(json: &str) -> Option<String> {
    // What is nested too deep to be read is an object or an array, which counts.
    let counts = js_json::parse(json).is_none_or(|value| js_json::is_truthy(&value));
    counts.then(|| json.to_owned())
}

impl Signature {
    fn decode(json: Option<&str>) -> Self {
        let Some(json) = json.and_then(truthy) else {
            return Self::None;
        };
        match from_base64(&json).map(<[u8; 64]>::try_from) {
            Some(Ok(bytes)) => Self::Bytes(bytes),
            _ => Self::Other(json),
        }
    }
}

/// The members of an object, each as JSON text.
struct Members<'a>(HashMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Members<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|member| member.get())
    }

    /// Returns a member that is a string.
    fn text(&self, name: &str) -> Option<JsText> {
        self.get(name).and_then(JsText::from_json)
    }

    /// Returns a member that should be a string; anything else but `null` as its JSON.
    fn label(&self, name: &str) -> Option<JsText> {
        let json = self.get(name)?;
        match js_json::parse(json) {
            Some(Value::Null) => None,
            Some(Value::Text(text)) => Some(text),
            _ => Some(JsText::from(json)),
        }
    }

    fn id(&self) -> Option<EnvelopeId> {
        EnvelopeId::parse(&self.text("id")?.to_text())
    }

    fn at(&self) -> Option<UnixMillis> {
        parse_iso_utc(&self.text("ts")?.to_text())
    }
}
