//! What a search answers, and what a person keeps for themselves.

use serde::{Deserialize, Serialize};

use crate::model::{Author, ChannelId, MessageId, PeerText, Signal, TextSpan, UnixMillis};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// One page of it, the newest first.
    pub hits: Vec<Hit>,
    /// How much was found altogether, up to 1,000.
    pub total: u32,
    /// Whether there is more than `total`.
    pub more: bool,
    /// Messages, decisions and notes there are.
    pub searched: u64,
    /// Microseconds that it took.
    pub micros: u64,
    /// What of the query was not understood, in sentences.
    pub notes: Vec<String>,
    /// How much of the index is built; what is missing was not searched.
    pub index: IndexState,
}

/// How much of the index is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexState {
    /// Messages, decisions and notes that are not indexed yet.
    pub waiting: u64,
    /// All there are.
    pub total: u64,
    /// Whether it is being built; a person can stop that and go on later.
    pub building: bool,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// What it is.
    #[serde(flatten)]
    pub what: HitKind,
    /// The channel it belongs to.
    pub channel: Option<ChannelId>,
    /// Local name of that channel.
    pub name: Option<PeerText>,
    /// When it arrived, was written or decided.
    pub at: UnixMillis,
    /// Who it is by; `None` for a rule.
    pub author: Option<Author>,
    /// What became of it, where that is worth saying.
    pub state: Option<HitState>,
    /// How many signals in it weigh more than a note.
    pub signals: u32,
    /// The part of its text that shows the match.
    pub excerpt: HitText,
}

/// What was found, and how to get at all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum HitKind {
    /// A message.
    Message {
        /// Local id.
        message: MessageId,
    },
    /// An entry of the decision log.
    Decision {
        /// Its number.
        number: i64,
        /// The code of what was done.
        code: String,
    },
    /// What a person keeps for themselves about the channel.
    Note,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HitState {
    /// It waits for a person.
    Held,
    /// A person refused it.
    Refused,
    /// Nobody answered in time.
    Expired,
    /// It has not left yet.
    Waiting,
    /// The relay refused it.
    Failed,
    /// The person took it back.
    TakenBack,
    /// It cannot be read.
    Unreadable,
}

impl HitState {
    /// Returns it in a word or two.
    pub fn words(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Waiting => "not sent yet",
            Self::Failed => "not sent",
            Self::TakenBack => "taken back",
            Self::Unreadable => "cannot be read",
        }
    }
}

/// A part of a text, as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitText {
    /// The part.
    pub unsafe_text: PeerText,
    /// Whether it is not all of the text.
    pub cut: bool,
    /// Where the words that were looked for stand in it, in bytes.
    pub matches: Vec<TextSpan>,
    /// What was found in it when it was stored, placed in this part; a note is not marked, and
    /// keeps the numbers of the others.
    pub signals: Vec<Signal>,
}

/// A search that a person saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSearch {
    /// Local id.
    pub id: i64,
    /// What was typed.
    pub query: PeerText,
}

/// What a person keeps for themselves about a channel. It never leaves this machine, and the
/// assistant never gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The channel.
    pub channel: ChannelId,
    /// The text; empty where there is none.
    pub text: PeerText,
    /// When it was last changed; `None` where there is none.
    pub at: Option<UnixMillis>,
}
