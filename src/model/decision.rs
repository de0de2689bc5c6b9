//! What a person or a rule settled, and the log of it.

use serde::{Deserialize, Serialize};

use super::{ChannelId, Digest, MessageId, PeerText, UnixMillis};

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
    /// Held messages only: release it without what was hidden in it.
    ReleaseClean,
    /// Held messages only: give the assistant the person's words instead.
    OwnWords,
    /// Held drafts only: send the person's version.
    SendEdited,
    /// Refuse, and pause the channel.
    RefuseAndPause,
    /// Contact requests only: refuse, and hear nothing more of them.
    Block,
}

impl Verdict {
    /// Returns the name as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Refuse => "refuse",
            Self::KeepPinned => "keep_pinned",
            Self::ReleaseClean => "release_clean",
            Self::OwnWords => "own_words",
            Self::SendEdited => "send_edited",
            Self::RefuseAndPause => "refuse_and_pause",
            Self::Block => "block",
        }
    }
}

/// How much of an item was on screen before it was decided, as the surface measured it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnScreen {
    /// Part of the text that was drawn, in percent.
    pub percent: u8,
    /// How long the item was open, in seconds.
    pub seconds: u32,
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

/// What was decided on, as far as a log entry is about a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The message it is about.
    pub message: Option<MessageId>,
    /// The rule that decided, or that held what a person decided.
    pub rule: Option<String>,
    /// Name and version of the policy in force, for example `trusted-colleague v3`.
    pub policy: Option<String>,
    /// Codes of what the scanner had found.
    pub signals: Vec<String>,
    /// How much of it was on screen.
    pub seen: Option<OnScreen>,
    /// The relay's number of the message, where it is about a delivery.
    pub seq: Option<i64>,
    /// The person's reason, in their words.
    pub reason: Option<PeerText>,
}

/// One text of a log entry. Redacted, the text is gone and its digest stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedText {
    /// The text; `None` once it was redacted.
    pub text: Option<PeerText>,
    /// SHA-256 of the text.
    pub digest: Digest,
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
    /// What was decided on.
    pub evidence: Evidence,
    /// The text that was judged: the assistant's draft, or the peer's message.
    #[serde(rename = "unsafe_draft")]
    pub draft: Option<LoggedText>,
    /// The text that went on in its place: what was sent, or what the assistant got.
    #[serde(rename = "unsafe_sent")]
    pub sent: Option<LoggedText>,
    /// Digest of the entry before it.
    pub previous: Digest,
    /// Digest of this entry, over all of the above.
    pub digest: Digest,
}
