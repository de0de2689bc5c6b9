//! What a person or a rule settled, and the log of it.

use serde::{Deserialize, Serialize};

use super::{ChannelId, Digest, UnixMillis};

/// What a person says to a review item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Accept the contact, release the message, or pin the new key.
    Approve,
    /// Refuse: the contact is turned away, the message stays unread by the assistant.
    Refuse,
    /// Key changes only: go on with the pinned key, the new one is somebody else's.
    KeepPinned,
}

impl Verdict {
    /// Returns the name as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Refuse => "refuse",
            Self::KeepPinned => "keep_pinned",
        }
    }
}

/// Who settled something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person.
    Human,
    /// The assistant, through what it is allowed to do.
    Assistant,
    /// A rule of this program.
    Rule,
}

impl Actor {
    /// Returns the name as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Assistant => "assistant",
            Self::Rule => "rule",
        }
    }

    /// Finds the actor with this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "human" => Self::Human,
            "assistant" => Self::Assistant,
            "rule" => Self::Rule,
            _ => return None,
        })
    }
}

/// One line of the decision log. Entries are never changed; each names the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Position, from 1.
    pub number: i64,
    /// When it happened.
    pub at: UnixMillis,
    /// Who did it.
    pub actor: Actor,
    /// What was done, as a short code: `contact_accepted`, `sent`, `stopped`, ...
    pub what: String,
    /// The channel it concerns.
    pub channel: Option<ChannelId>,
    /// What more there is to say, in our words. Never a peer's text.
    pub detail: String,
    /// Digest of the entry before it.
    pub previous: Digest,
    /// Digest of this entry, over all of the above.
    pub digest: Digest,
}
