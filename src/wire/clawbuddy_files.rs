//! The reference client's `channels.json`, read and written as it does, for import and export.
//!
//! Must not: touch the file system or decide what an entry means. What stands in a file is the
//! user's, but names in it may be a peer's words: they stay out of errors.

mod iso_time;

use std::fmt;

use serde_json::{Map, Value};

pub use iso_time::{iso_utc, parse_iso_utc};

use super::loose_json::{Error as JsonError, Loose};
use super::python_json;

/// Why a `channels.json` was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes are not UTF-8.
    #[error("not UTF-8 text")]
    NotText,
    /// The text is not JSON.
    #[error("not JSON at line {line}, column {column}")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// Containers are nested deeper than in any real file.
    #[error("nested too deeply")]
    TooDeep,
    /// It is JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
    /// An entry is not an object.
    #[error("channel number {number} is not an object")]
    EntryNotAnObject {
        /// Position in the file, from 1.
        number: usize,
    },
    /// A field of an entry is absent or has another type.
    #[error("`{field}` of channel number {number} is missing or of the wrong type")]
    Field {
        /// Position in the file, from 1.
        number: usize,
        /// Name of the field.
        field: &'static str,
    },
}

/// One entry of `channels.json`, in the words of that file. Nothing in it is checked.
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelEntry {
    /// The key it stands under. Any text: see `mailbox::MailboxId` before using it.
    pub id: String,
    /// Local name.
    pub name: String,
    /// Phone number; `null` on the accepting side.
    pub phone: Option<String>,
    /// `pending`, `active`, `superseded`, or another word, which means none of these.
    pub status: String,
    /// The peer's key as URL-safe base64, once it is known.
    pub their_pub: Option<String>,
    /// Our key as URL-safe base64.
    pub our_pub: String,
    /// Text for the assistant; absent in old files.
    pub instructions: Option<String>,
    /// When it was made: ISO 8601, kept as it was written, because microseconds count there.
    pub created_at: String,
    /// When a message last came, in the same form.
    pub last_seen: Option<String>,
    /// Keys that the reference does not know; it keeps them too.
    pub extra: Map<String, Value>,
}

impl fmt::Debug for ChannelEntry {
    /// Prints the name of the type alone: names, numbers and instructions are private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelEntry").finish_non_exhaustive()
    }
}

/// Reads a `channels.json`; entries stay in the order of the file.
pub fn decode_channels(bytes: &[u8]) -> Result<Vec<ChannelEntry>, Error> {
    let Ok(text) = str::from_utf8(bytes) else {
        return Err(Error::NotText);
    };
    let file = Loose::parse(text).map_err(|error| match error {
        JsonError::Syntax(at) => not_json(text, at),
        JsonError::TooDeep => Error::TooDeep,
    })?;
    let Loose::Object(entries) = file else {
        return Err(Error::NotAnObject);
    };
    let numbered = entries.into_iter().zip(1..);
    numbered
        .map(|((id, entry), number)| {
            let Value::Object(fields) = entry.into_value() else {
                return Err(Error::EntryNotAnObject { number });
            };
            decode_entry(id, Fields { fields, number })
        })
        .collect()
}

fn not_json(text: &str, at: usize) -> Error {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Error::NotJson {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
    }
}

fn decode_entry(id: String, mut fields: Fields) -> Result<ChannelEntry, Error> {
    Ok(ChannelEntry {
        id,
        name: fields.text("name")?,
        phone: fields.optional("phone")?,
        status: fields.text("status")?,
        their_pub: fields.optional("their_pub")?,
        our_pub: fields.text("our_pub")?,
        instructions: fields.optional("instructions")?,
        created_at: fields.text("created_at")?,
        last_seen: fields.optional("last_seen")?,
        extra: fields.fields,
    })
}

/// What is left of an entry while its fields are taken out.
struct Fields {
    fields: Map<String, Value>,
    number: usize,
}

impl Fields {
    fn optional(&mut self, field: &'static str) -> Result<Option<String>, Error> {
        match self.fields.shift_remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Error::Field {
                number: self.number,
                field,
            }),
        }
    }

    fn text(&mut self, field: &'static str) -> Result<String, Error> {
        self.optional(field)?.ok_or(Error::Field {
            number: self.number,
            field,
        })
    }
}

/// Writes a `channels.json` as the reference does: two spaces, ASCII, a line break at the end.
///
/// `phone`, `their_pub` and `last_seen` are always there; `instructions` only where there are
/// some; unknown keys stand last. Of entries with one id, the last counts.
pub fn encode_channels(entries: &[ChannelEntry]) -> String {
    let file: Map<String, Value> = entries
        .iter()
        .map(|entry| (entry.id.clone(), encode_entry(entry)))
        .collect();
    let mut text = python_json::to_string_pretty(&Value::Object(file));
    text.push('\n');
    text
}

fn encode_entry(entry: &ChannelEntry) -> Value {
    let optional = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    put("name", entry.name.clone().into());
    put("phone", optional(&entry.phone));
    put("status", entry.status.clone().into());
    put("their_pub", optional(&entry.their_pub));
    put("our_pub", entry.our_pub.clone().into());
    if entry.instructions.is_some() {
        put("instructions", optional(&entry.instructions));
    }
    put("created_at", entry.created_at.clone().into());
    put("last_seen", optional(&entry.last_seen));
    for (name, value) in &entry.extra {
        put(name, value.clone());
    }
    Value::Object(fields)
}
