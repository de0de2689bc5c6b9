//! Messages of the peer exchange PX-1: who can be reached where. Nothing in them is signed.

use super::attestation::principal;
use super::cbor::{self, Value};
use super::{LARGEST_NUMBER, NodeId, Unreadable, is_address};
use crate::model::PeerText;

const RESOLVE: u64 = 1;
const ANSWER: u64 = 2;
const PUSH: u64 = 3;

/// Most entries of a push that are taken, or sent. Real gateways send up to 20.
pub const MOST_ENTRIES: usize = 32;
/// Most addresses of one entry that are taken, or sent.
pub const MOST_ADDRESSES: usize = 8;

/// The id of a question, which its answer repeats. Real ones are 32 hexadecimal digits; up to 64
/// characters of ASCII are repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// Takes an id that is safe to repeat.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// Makes one as the real program does.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(super::hex(&random))
    }
}

/// Somebody, and where they can be reached, as whoever sent it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who: short, of letters, digits and `:`.
    pub principal: String,
    /// The key of their node, where it is told.
    pub node: Option<NodeId>,
    /// Where: up to [`MOST_ADDRESSES`] multiaddrs that look like such.
    pub addresses: Vec<String>,
    /// When they were last seen there, in milliseconds since 1970.
    pub last_seen: u64,
}

/// A message of the peer exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Px {
    /// Asks where somebody is.
    Resolve {
        /// Who.
        principal: String,
        /// Which question.
        id: RequestId,
    },
    /// Answers that.
    Answer {
        /// Which question.
        id: RequestId,
        /// Where they are, if that is known and may be told.
        peer: Option<Entry>,
        /// Why not, in the words of whoever answers.
        error: Option<PeerText>,
    },
    /// Tells of somebody unasked.
    Push(Vec<Entry>),
}

impl Px {
    /// Reads a frame. Entries that cannot be true are left out; a push of more than
    /// [`MOST_ENTRIES`] is refused whole.
    pub fn decode(frame: &[u8]) -> Result<Self, Unreadable> {
        let value = cbor::decode(frame)?;
        let kind = value.get("type").and_then(Value::as_uint);
        match kind.ok_or(Unreadable::Type)? {
            RESOLVE => Ok(Self::Resolve {
                principal: value
                    .get("principal")
                    .and_then(principal)
                    .ok_or(Unreadable::Member("principal"))?,
                id: request_id(&value)?,
            }),
            ANSWER => Ok(Self::Answer {
                id: request_id(&value)?,
                peer: value.get("peer").and_then(Entry::from_value),
                error: value
                    .get("error")
                    .and_then(Value::as_text)
                    .map(PeerText::new),
            }),
            PUSH => {
                let peers = value.get("peers").and_then(Value::as_array);
                let peers = peers.filter(|peers| peers.len() <= MOST_ENTRIES);
                let peers = peers.ok_or(Unreadable::Member("peers"))?;
                let entries = peers.iter().filter_map(Entry::from_value);
                Ok(Self::Push(entries.collect()))
            }
            _ => Err(Unreadable::Type),
        }
    }

    /// Returns the id of a question whose rest cannot be read, so that it can be answered all the
    /// same: a real gateway that gets no answer stops running.
    pub fn id_of_question(frame: &[u8]) -> Option<RequestId> {
        let value = cbor::decode(frame).ok()?;
        let kind = value.get("type").and_then(Value::as_uint);
        (kind == Some(RESOLVE)).then(|| request_id(&value).ok())?
    }

    /// Writes the frame, without its length.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Resolve { principal, id } => Value::map([
                ("type", Value::Uint(RESOLVE)),
                ("principal", Value::text(principal)),
                ("requestId", Value::text(&id.0)),
            ])
            .encode(),
            Self::Answer { id, peer, error } => {
                let peer = peer.as_ref().map_or(Value::Null, Entry::to_value);
                let error = error.as_ref().map(PeerText::expose_untrusted);
                let members = [
                    ("type", Value::Uint(ANSWER)),
                    ("requestId", Value::text(&id.0)),
                    ("peer", peer),
                ];
                let error = error.map(|error| ("error", Value::text(error)));
                Value::map(members.into_iter().chain(error)).encode()
            }
            Self::Push(entries) => {
                let peers = entries.iter().map(Entry::to_value).collect();
                Value::map([("type", Value::Uint(PUSH)), ("peers", Value::Array(peers))]).encode()
            }
        }
    }
}

fn request_id(value: &Value<'_>) -> Result<RequestId, Unreadable> {
    let id = value.get("requestId").and_then(Value::as_text);
    id.and_then(RequestId::parse)
        .ok_or(Unreadable::Member("requestId"))
}

impl Entry {
    fn to_value(&self) -> Value<'_> {
        let node = self.node.map(|node| node.to_string());
        let addresses = self.addresses.iter();
        Value::map([
            ("principal", Value::text(&self.principal)),
            (
                "multiaddrs",
                Value::Array(addresses.map(|address| Value::text(address)).collect()),
            ),
            ("lastSeen", Value::Uint(self.last_seen)),
            (
                "peerId",
                node.map_or(Value::Undefined, |node| Value::Text(node.into())),
            ),
        ])
    }

    /// Reads an entry; `None` where it cannot be true. Of its addresses those are left that could
    /// be some.
    fn from_value(value: &Value<'_>) -> Option<Self> {
        let node = match value.get("peerId") {
            Some(node) if !node.is_nothing() => Some(NodeId::parse(node.as_text()?)?),
            _ => None,
        };
        let addresses = value.get("multiaddrs")?.as_array()?;
        let addresses = addresses.iter().filter_map(Value::as_text);
        Some(Self {
            principal: principal(value.get("principal")?)?,
            node,
            addresses: addresses
                .filter(|text| is_address(text))
                .take(MOST_ADDRESSES)
                .map(str::to_owned)
                .collect(),
            last_seen: value
                .get("lastSeen")
                .and_then(Value::as_uint)
                .filter(|time| *time <= LARGEST_NUMBER)?,
        })
    }
}
