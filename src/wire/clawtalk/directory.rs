//! The list of agents that a relay shows.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{AgentName, KeyError, ListingError, NameError, PeerKeys};
use crate::model::{PeerText, UnixMillis};
use crate::wire::clawbuddy_files::parse_iso_utc;
use crate::wire::js_json::JsText;

/// An agent as the relay's directory shows it. The relay vouches for all of it, nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: AgentName,
    /// Its keys, or why they cannot be used: [`KeyError::Missing`] until it uploaded them.
    pub keys: Result<PeerKeys, KeyError>,
    /// What it says that it can do; what is no list of strings counts as none.
    pub capabilities: Vec<PeerText>,
    /// Whether the relay heard of it during the last minutes.
    pub online: bool,
    /// When the relay last heard of it.
    pub last_seen: Option<UnixMillis>,
}

/// An entry that stands for nobody who could be talked to.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokenEntry {
    /// What is wrong with the name; `None` where there is no name at all.
    pub why: Option<NameError>,
    /// All of it, as JSON text.
    pub text: PeerText,
}

impl fmt::Debug for BrokenEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokenEntry")
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

/// Reads a directory. Broken entries spoil no other.
pub fn decode_directory(bytes: &[u8]) -> Result<Vec<Result<Entry, BrokenEntry>>, ListingError> {
    let text = String::from_utf8_lossy(bytes);
    match serde_json::from_str::<Vec<&RawValue>>(&text) {
        Ok(entries) => Ok(entries
            .into_iter()
            .map(|entry| decode_entry(entry.get()))
            .collect()),
        Err(_) => Err(ListingError),
    }
}

fn decode_entry(json: &str) -> Result<Entry, BrokenEntry> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Fields<'a> {
        #[serde(borrow)]
        name: Option<&'a RawValue>,
        #[serde(borrow)]
        capabilities: Option<&'a RawValue>,
        #[serde(borrow)]
        public_key: Option<&'a RawValue>,
        #[serde(borrow)]
        signing_key: Option<&'a RawValue>,
        #[serde(borrow)]
        online: Option<&'a RawValue>,
        #[serde(borrow)]
        last_seen: Option<&'a RawValue>,
    }
    let broken = |why| BrokenEntry {
        why,
        text: PeerText::new(json),
    };
    let Ok(fields) = serde_json::from_str::<Fields<'_>>(json) else {
        return Err(broken(None));
    };
    let name = text(fields.name).ok_or_else(|| broken(None))?;
    let name = AgentName::parse(&name).map_err(|why| broken(Some(why)))?;
    let capabilities = fields.capabilities.and_then(|list| {
        let list: Vec<Cow<'_, str>> = serde_json::from_str(list.get()).ok()?;
        Some(list.into_iter().map(PeerText::new).collect())
    });
    Ok(Entry {
        name,
        keys: keys(fields.public_key, fields.signing_key),
        capabilities: capabilities.unwrap_or_default(),
        online: fields.online.is_some_and(|online| online.get() == "true"),
        last_seen: text(fields.last_seen).and_then(|time| parse_iso_utc(&time)),
    })
}

/// Reads a pair of keys. What is neither text nor nothing is no key.
fn keys(key: Option<&RawValue>, signing: Option<&RawValue>) -> Result<PeerKeys, KeyError> {
    let read = |key: Option<&RawValue>| match key.filter(|key| key.get() != "null") {
        Some(key) => text(Some(key)).ok_or(KeyError::NotBase64),
        None => Ok(String::new()),
    };
    PeerKeys::from_texts(&read(key)?, &read(signing)?)
}

fn text(json: Option<&RawValue>) -> Option<String> {
    JsText::from_json(json?.get()).map(|text| text.to_text())
}

/// What a directory says of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// Somebody has it.
    Exact(&'a Entry),
    /// Nobody has it, but this one's differs in nothing but upper and lower case. A relay would
    /// deliver, but the signature would not fit.
    OtherCase(&'a Entry),
    /// Nobody has it: a relay would say that it took the message, and drop it.
    Nobody,
}

/// Looks for somebody in a directory, as a relay looks for a recipient.
pub fn find<'a>(entries: impl IntoIterator<Item = &'a Entry>, name: &str) -> Found<'a> {
    let mut near = None;
    for entry in entries {
        if entry.name.as_str() == name {
            return Found::Exact(entry);
        }
        if near.is_none() && entry.name.is_nearly(name) {
            near = Some(entry);
        }
    }
    near.map_or(Found::Nobody, Found::OtherCase)
}
