//! Messages of a session. Start with [`Message::decode`].

use std::fmt;

use super::attestation::principal;
use super::cbor::{self, CborError, Value};
use super::{Attestation, LARGEST_NUMBER};
use crate::model::PeerText;

const HELLO: u64 = 0x01;
const AUTH: u64 = 0x02;
const AUTH_OK: u64 = 0x03;
const AUTH_FAIL: u64 = 0x04;
const STREAM_DATA: u64 = 0x12;
const PING: u64 = 0x20;
const PONG: u64 = 0x21;
/// Ours: a real gateway ignores types that it does not know once a session is authenticated.
const RECEIPT: u64 = 0x70;

/// The version of the session protocol.
const VERSION: u64 = 1;
/// Our own name in a HELLO for that we send and understand receipts; a real gateway ignores it.
const RECEIPTS: &str = "receipts";
/// Longest nonce of a PING that is repeated, as CBOR. Real ones have 17 bytes.
const LONGEST_NONCE: usize = 256;

/// Random bytes that begin a session.
pub type Nonce = [u8; 16];

/// Why a frame is no message. Nothing of it is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not CBOR as it is read here.
    #[error(transparent)]
    Cbor(#[from] CborError),
    /// It is no map with a type.
    #[error("a message without a type")]
    Type,
    /// A part of a message of this type is missing or cannot be true.
    #[error("`{0}` is missing or cannot be true")]
    Member(&'static str),
}

/// A message. What a peer wrote is not believed yet.
#[derive(Clone, Debug, PartialEq)]
pub enum Message<'a> {
    /// Who opens a session, and with which node key.
    Hello(Hello),
    /// Who they are, with the attestation of their wallet.
    Auth(Box<Auth>),
    /// The other side is believed.
    AuthOk,
    /// The other side is not believed, or not wanted.
    AuthFail {
        /// A number without a fixed meaning.
        code: u64,
        /// Why, in their words.
        reason: PeerText,
    },
    /// Bytes for the program behind the session: a [`Chat`].
    StreamData(Value<'a>),
    /// Asks whether somebody reads. The nonce may be anything.
    Ping(Value<'a>),
    /// Answers that.
    Pong(Value<'a>),
    /// What became of a chat, between two of ours.
    Receipt(Receipt, ChatId),
    /// Anything else.
    Other(u64),
}

/// How somebody opens a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Random bytes that the AUTH of the same side repeats.
    pub nonce: Nonce,
    /// When, in seconds since 1970.
    pub timestamp: u64,
    /// The Ed25519 key of their node.
    pub node_key: [u8; 32],
    /// Whether they send and understand receipts.
    pub receipts: bool,
}

/// Who somebody says that they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// Who, as they say: short, of letters, digits and `:`.
    pub principal: String,
    /// What their wallet signed.
    pub attestation: Attestation,
    /// The nonce of their HELLO.
    pub session_nonce: Nonce,
}

/// What became of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It is stored.
    Delivered,
    /// It waits there for a person to decide.
    Waits,
    /// It was refused.
    Refused,
}

/// The id of a chat: 1 to 64 characters of `A-Z a-z 0-9 . _ -`. Real ones are 32 hexadecimal
/// digits, made anew with every transmission.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatId(String);

impl ChatId {
    /// Takes an id that is safe in a line of text.
    pub fn parse(text: &str) -> Option<Self> {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(is_safe);
        fits.then(|| Self(text.to_owned()))
    }

    /// Makes one as the real program does: 32 hexadecimal digits.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(super::hex(&random))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ChatId {
    /// Prints the name of the type alone: a peer chose the id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChatId").finish_non_exhaustive()
    }
}

impl<'a> Message<'a> {
    /// Reads a frame. Members that are not known are ignored, as the real program ignores them.
    pub fn decode(frame: &'a [u8]) -> Result<Self, Unreadable> {
        let mut value = cbor::decode(frame)?;
        let kind = value.get("type").and_then(Value::as_uint);
        Ok(match kind.ok_or(Unreadable::Type)? {
            HELLO => Self::Hello(Hello::from_value(&value)?),
            AUTH => Self::Auth(Box::new(Auth::from_value(&value)?)),
            AUTH_OK => Self::AuthOk,
            AUTH_FAIL => Self::AuthFail {
                code: value.get("code").and_then(Value::as_uint).unwrap_or(0),
                reason: peer_text(&value, "reason").unwrap_or_default(),
            },
            STREAM_DATA => Self::StreamData(take(&mut value, "data")),
            PING => Self::Ping(take(&mut value, "nonce")),
            PONG => Self::Pong(take(&mut value, "nonce")),
            RECEIPT => receipt(&value)?,
            other => Self::Other(other),
        })
    }

    /// Writes the frame, without its length.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello(hello) => hello.encode(),
            Self::Auth(auth) => auth.encode(),
            Self::AuthOk => of_type(AUTH_OK, []),
            Self::AuthFail { code, reason } => {
                let reason = Value::text(reason.expose_untrusted());
                of_type(
                    AUTH_FAIL,
                    [("code", Value::Uint(*code)), ("reason", reason)],
                )
            }
            Self::StreamData(data) => of_type(
                STREAM_DATA,
                [
                    ("streamId", Value::Uint(0)),
                    ("data", data.clone()),
                    ("fin", Value::Bool(false)),
                ],
            ),
            Self::Ping(nonce) => of_type(PING, [("nonce", nonce.clone())]),
            Self::Pong(nonce) => of_type(PONG, [("nonce", nonce.clone())]),
            Self::Receipt(receipt, id) => {
                let state = Value::Uint(receipt.number());
                of_type(RECEIPT, [("id", Value::text(&id.0)), ("state", state)])
            }
            Self::Other(kind) => of_type(*kind, []),
        }
    }

    /// Returns the answer to a PING with this nonce; nothing where the nonce is longer than any
    /// that asks in earnest.
    pub fn pong(nonce: &Value<'_>) -> Option<Vec<u8>> {
        let pong = Message::Pong(nonce.clone()).encode();
        (pong.len() <= LONGEST_NONCE).then_some(pong)
    }
}

/// Writes a map with a type.
fn of_type<'a>(kind: u64, members: impl IntoIterator<Item = (&'a str, Value<'a>)>) -> Vec<u8> {
    let kind = [("type", Value::Uint(kind))];
    Value::map(kind.into_iter().chain(members)).encode()
}

/// Takes a member out of a map, the last of this name.
fn take<'a>(value: &mut Value<'a>, name: &str) -> Value<'a> {
    let Value::Map(entries) = value else {
        return Value::Undefined;
    };
    let place = entries.iter().rposition(|(key, _)| key == name);
    place.map_or(Value::Undefined, |place| entries.swap_remove(place).1)
}

fn peer_text(value: &Value<'_>, name: &str) -> Option<PeerText> {
    value.get(name)?.as_text().map(PeerText::new)
}

fn nonce(value: &Value<'_>, name: &'static str) -> Result<Nonce, Unreadable> {
    let bytes = value.get(name).and_then(Value::as_byte_list);
    let nonce = bytes.and_then(|bytes| bytes.try_into().ok());
    nonce.ok_or(Unreadable::Member(name))
}

fn time(value: &Value<'_>, name: &'static str) -> Result<u64, Unreadable> {
    let time = value.get(name).and_then(Value::as_uint);
    time.filter(|time| *time <= LARGEST_NUMBER)
        .ok_or(Unreadable::Member(name))
}

fn receipt<'a>(value: &Value<'_>) -> Result<Message<'a>, Unreadable> {
    let state = value.get("state").and_then(Value::as_uint);
    let receipt = state.and_then(Receipt::from_number);
    let id = value.get("id").and_then(Value::as_text);
    Ok(Message::Receipt(
        receipt.ok_or(Unreadable::Member("state"))?,
        id.and_then(ChatId::parse).ok_or(Unreadable::Member("id"))?,
    ))
}

impl Receipt {
    fn number(self) -> u64 {
        match self {
            Self::Delivered => 1,
            Self::Waits => 2,
            Self::Refused => 3,
        }
    }

    fn from_number(number: u64) -> Option<Self> {
        let all = [Self::Delivered, Self::Waits, Self::Refused];
        all.into_iter().find(|receipt| receipt.number() == number)
    }
}

impl Hello {
    fn encode(self) -> Vec<u8> {
        let receipts = self.receipts.then_some((RECEIPTS, Value::Uint(1)));
        let members = [
            ("version", Value::Uint(VERSION)),
            ("nodePublicKey", Value::bytes(&self.node_key)),
            ("nonce", Value::bytes(&self.nonce)),
            ("timestamp", Value::Uint(self.timestamp)),
        ];
        of_type(HELLO, members.into_iter().chain(receipts))
    }

    fn from_value(value: &Value<'_>) -> Result<Self, Unreadable> {
        let number = |name: &str| value.get(name).and_then(Value::as_uint);
        if number("version") != Some(VERSION) {
            return Err(Unreadable::Member("version"));
        }
        let key = value.get("nodePublicKey").and_then(Value::as_byte_list);
        let key = key.and_then(|key| key.try_into().ok());
        Ok(Self {
            nonce: nonce(value, "nonce")?,
            timestamp: time(value, "timestamp")?,
            node_key: key.ok_or(Unreadable::Member("nodePublicKey"))?,
            receipts: number(RECEIPTS) == Some(1),
        })
    }
}

impl Auth {
    fn encode(&self) -> Vec<u8> {
        let members = [
            ("principal", Value::text(&self.principal)),
            ("attestation", self.attestation.to_value()),
            ("sessionNonce", Value::bytes(&self.session_nonce)),
        ];
        of_type(AUTH, members)
    }

    fn from_value(value: &Value<'_>) -> Result<Self, Unreadable> {
        let who = value.get("principal").and_then(principal);
        let attestation = value.get("attestation").and_then(Attestation::from_value);
        Ok(Self {
            principal: who.ok_or(Unreadable::Member("principal"))?,
            attestation: attestation.ok_or(Unreadable::Member("attestation"))?,
            session_nonce: nonce(value, "sessionNonce")?,
        })
    }
}

/// A chat, as it travels inside of `STREAM_DATA`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// Its id, which a real gateway makes anew with every transmission.
    pub id: ChatId,
    /// Who wrote it, as it says. Only the principal of the session may stand here.
    pub from: String,
    /// What they call themselves.
    pub nick: Option<PeerText>,
    /// What they say.
    pub content: PeerText,
    /// When, in milliseconds since 1970, by their clock.
    pub timestamp: u64,
    /// What it is about. Chaperons alone say so; a real gateway ignores it.
    pub subject: Option<PeerText>,
}

impl Chat {
    /// Reads the data of `STREAM_DATA`. A real gateway sends all of it, so all of it is wanted.
    pub fn decode(data: &[u8]) -> Result<Self, Unreadable> {
        let value = cbor::decode(data)?;
        let text = |name: &str| value.get(name).and_then(Value::as_text);
        let id = text("id").and_then(ChatId::parse);
        let from = value.get("from").and_then(principal);
        Ok(Self {
            id: id.ok_or(Unreadable::Member("id"))?,
            from: from.ok_or(Unreadable::Member("from"))?,
            nick: peer_text(&value, "nick").filter(|nick| !nick.is_empty()),
            content: peer_text(&value, "content").ok_or(Unreadable::Member("content"))?,
            timestamp: time(&value, "timestamp")?,
            subject: peer_text(&value, "subject").filter(|subject| !subject.is_empty()),
        })
    }

    /// Writes the data of `STREAM_DATA`.
    pub fn encode(&self) -> Vec<u8> {
        let nick = self.nick.as_ref().map(PeerText::expose_untrusted);
        let subject = self.subject.as_ref().map(PeerText::expose_untrusted);
        let members = [
            ("id", Value::text(self.id.as_str())),
            ("from", Value::text(&self.from)),
            ("nick", nick.map_or(Value::Undefined, Value::text)),
            ("content", Value::text(self.content.expose_untrusted())),
            ("timestamp", Value::Uint(self.timestamp)),
        ];
        let subject = subject.map(|subject| ("subject", Value::text(subject)));
        Value::map(members.into_iter().chain(subject)).encode()
    }
}
