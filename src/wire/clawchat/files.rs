//! `inbox.json`, `outbox.json` and `peers.json` of one identity.
//!
//! The real program believes whatever stands there, and begins anew where it cannot read it.
//! Here what cannot be true is left out and counted, and a file that is no list is an error.

use serde_json::{Map, Value};

use super::message::ChatId;
use super::{FileError, LARGEST_NUMBER, is_address};
use crate::model::PeerText;
use crate::wire::loose_json::Loose;

/// Longest principal that is looked at.
const LONGEST_PRINCIPAL: usize = 64;

/// What was read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<T> {
    /// What can be used, in the order of the file.
    pub entries: Vec<T>,
    /// How many others there are.
    pub skipped: usize,
}

/// A message that came. Id, sender and time are what the sender claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxEntry {
    /// Its id, where it is safe to repeat.
    pub id: Option<ChatId>,
    /// Who it says it is from: short, of letters, digits and `:`.
    pub from: String,
    /// What they called themselves.
    pub from_nick: Option<PeerText>,
    /// Which identity it came to.
    pub to: String,
    /// What it says.
    pub content: PeerText,
    /// When it was written, in milliseconds since 1970.
    pub timestamp: u64,
}

/// A message that was sent, or waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Its id, which never went out: the real program makes another for each transmission.
    pub id: Option<ChatId>,
    /// Which identity wrote it.
    pub from: String,
    /// Who it is for: a principal, or what was typed in place of one.
    pub to: PeerText,
    /// What it says.
    pub content: PeerText,
    /// When it was written, in milliseconds since 1970.
    pub timestamp: u64,
    /// What became of it.
    pub status: Status,
}

/// What became of a message, as the real program says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It waits.
    Pending,
    /// It was given to a connection. Nobody knows whether it arrived.
    Sent,
    /// It is in the inbox of another identity here.
    Delivered,
    /// It will not be tried again.
    Failed,
}

/// Somebody who can be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerEntry {
    /// Who: short, of letters, digits and `:`.
    pub principal: String,
    /// Where: multiaddrs, as far as they look like such.
    pub addresses: Vec<String>,
    /// What they are called here.
    pub alias: Option<PeerText>,
    /// When they were last there, in milliseconds since 1970.
    pub last_seen: u64,
}

impl InboxEntry {
    /// Reads `inbox.json`.
    pub fn decode(json: &str) -> Result<Read<Self>, FileError> {
        read(json, |entry| {
            Some(Self {
                id: chat_id(entry),
                from: principal(entry, "from")?,
                from_nick: text(entry, "fromNick").filter(|nick| !nick.is_empty()),
                to: principal(entry, "to")?,
                content: text(entry, "content")?,
                timestamp: number(entry, "timestamp")?,
            })
        })
    }

    /// Writes `inbox.json`, as the real program does.
    pub fn encode(entries: &[Self]) -> String {
        write(entries, |entry| {
            let nick = entry.from_nick.as_ref();
            members([
                ("id", Some(id_value(entry.id.as_ref()))),
                ("from", Some(entry.from.as_str().into())),
                ("fromNick", nick.map(|nick| nick.expose_untrusted().into())),
                ("to", Some(entry.to.as_str().into())),
                ("content", Some(entry.content.expose_untrusted().into())),
                ("timestamp", Some(entry.timestamp.into())),
                ("status", Some(Status::Delivered.name().into())),
            ])
        })
    }
}

impl OutboxEntry {
    /// Reads `outbox.json`.
    pub fn decode(json: &str) -> Result<Read<Self>, FileError> {
        read(json, |entry| {
            let status = entry.get("status").and_then(Value::as_str);
            Some(Self {
                id: chat_id(entry),
                from: principal(entry, "from")?,
                to: text(entry, "to")?,
                content: text(entry, "content")?,
                timestamp: number(entry, "timestamp")?,
                status: status.and_then(Status::parse)?,
            })
        })
    }

    /// Writes `outbox.json`, as the real program does.
    pub fn encode(entries: &[Self]) -> String {
        write(entries, |entry| {
            members([
                ("id", Some(id_value(entry.id.as_ref()))),
                ("from", Some(entry.from.as_str().into())),
                ("to", Some(entry.to.expose_untrusted().into())),
                ("content", Some(entry.content.expose_untrusted().into())),
                ("timestamp", Some(entry.timestamp.into())),
                ("status", Some(entry.status.name().into())),
            ])
        })
    }
}

impl PeerEntry {
    /// Reads `peers.json`. Addresses of other forms, as `host:port`, are left out: the real
    /// program never delivers to them either.
    pub fn decode(json: &str) -> Result<Read<Self>, FileError> {
        read(json, |entry| {
            let addresses = entry.get("address").and_then(Value::as_str)?;
            let addresses = addresses.split(',').map(str::trim);
            Some(Self {
                principal: principal(entry, "principal")?,
                addresses: addresses
                    .filter(|address| is_address(address))
                    .map(str::to_owned)
                    .collect(),
                alias: text(entry, "alias").filter(|alias| !alias.is_empty()),
                last_seen: number(entry, "lastSeen").unwrap_or(0),
            })
        })
    }

    /// Writes `peers.json`, as the real program does.
    pub fn encode(entries: &[Self]) -> String {
        write(entries, |entry| {
            let alias = entry.alias.as_ref();
            members([
                ("principal", Some(entry.principal.as_str().into())),
                ("address", Some(entry.addresses.join(",").into())),
                ("alias", alias.map(|alias| alias.expose_untrusted().into())),
                ("lastSeen", Some(entry.last_seen.into())),
            ])
        })
    }
}

impl Status {
    const ALL: [Self; 4] = [Self::Pending, Self::Sent, Self::Delivered, Self::Failed];

    /// Returns how the file writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

fn read<T>(json: &str, entry: impl Fn(&Value) -> Option<T>) -> Result<Read<T>, FileError> {
    let value = Loose::parse(json).map_err(|_content| FileError::Json)?;
    let Value::Array(list) = value.into_value() else {
        return Err(FileError::Json);
    };
    let entries: Vec<_> = list.iter().filter_map(entry).collect();
    let skipped = list.len() - entries.len();
    Ok(Read { entries, skipped })
}

fn write<T>(entries: &[T], value: impl Fn(&T) -> Value) -> String {
    let list = Value::Array(entries.iter().map(value).collect());
    format!("{list:#}")
}

fn members<const N: usize>(list: [(&str, Option<Value>); N]) -> Value {
    let present = list.into_iter();
    let present = present.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}

fn chat_id(entry: &Value) -> Option<ChatId> {
    ChatId::parse(entry.get("id")?.as_str()?)
}

fn id_value(id: Option<&ChatId>) -> Value {
    id.map_or("", ChatId::as_str).into()
}

fn text(entry: &Value, name: &str) -> Option<PeerText> {
    entry.get(name)?.as_str().map(PeerText::new)
}

fn principal(entry: &Value, name: &str) -> Option<String> {
    let text = entry.get(name)?.as_str()?;
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b':';
    let fits = text.len() <= LONGEST_PRINCIPAL && text.bytes().all(is_safe);
    fits.then(|| text.to_owned())
}

fn number(entry: &Value, name: &str) -> Option<u64> {
    let number = entry.get(name)?.as_u64();
    number.filter(|number| *number <= LARGEST_NUMBER)
}
