//! What the engine answers.

use serde::{Deserialize, Serialize};

use crate::model::{
    Channel, LogEntry, Message, MessageId, NetworkId, PeerText, ReviewItem, UnixMillis,
};

/// The answer to a [`super::Request`]; which variant belongs to which is said there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reply", content = "value")]
pub enum Reply {
    /// It is done and durable.
    Done,
    /// Health and counts.
    Status(Status),
    /// All channels.
    Channels(Vec<Channel>),
    /// One channel.
    Channel(Box<Channel>),
    /// An invite.
    Invite(Box<Invite>),
    /// What waits for a person.
    NeedsYou(Vec<ReviewItem>),
    /// One item with all that is needed to decide it.
    Review(Box<Review>),
    /// Part of a transcript.
    Page(Page),
    /// What the assistant may read.
    Checked(Checked),
    /// What became of a message.
    Sent(SendOutcome),
    /// The text of a composer.
    Draft(Draft),
    /// Names of presets.
    Presets(Vec<String>),
    /// The decision log.
    Log(Vec<LogEntry>),
    /// Counts of what was copied in.
    Imported {
        /// Channels that are new here.
        channels: u32,
        /// Channels that were here already, left as they are.
        skipped: u32,
        /// Preset files copied.
        presets: u32,
        /// What could not be taken over and why, for a person.
        notes: Vec<String>,
    },
    /// Count of what was written.
    Exported {
        /// Channels written.
        channels: u32,
    },
}

/// How a relay answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayState {
    /// Its URL.
    pub relay: String,
    /// When it last answered.
    pub last_ok: Option<UnixMillis>,
    /// What is wrong now, in our words; `None` while all is well.
    pub problem: Option<String>,
    /// Whether it tells us of new mail by itself (long-poll).
    pub push: bool,
}

/// Health and counts of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Version of the engine.
    pub version: String,
    /// Where the profile lives, for its owner's eyes.
    pub profile: String,
    /// Whether a passphrase protects it. Until then anything that runs as this user can decide.
    pub protected: bool,
    /// Whether everything is paused, and since when.
    pub paused: Option<UnixMillis>,
    /// Channels that are active.
    pub active_channels: u32,
    /// Items that wait for a person.
    pub needs_you: u32,
    /// Messages held back from the assistant.
    pub held_in: u32,
    /// Messages of ours that have not left.
    pub outbox: u32,
    /// Relays in use.
    pub relays: Vec<RelayState>,
    /// Time now on the engine's clock.
    pub now: UnixMillis,
}

/// An invite and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The channel it made.
    pub channel: Channel,
    /// The link to give away.
    pub url: String,
    /// The words to send with it, from the profile's template.
    pub message: PeerText,
    /// Network id of the channel it replaced.
    pub superseded: Option<String>,
    /// When the relay was last asked for an answer.
    pub checked_at: Option<UnixMillis>,
}

/// A review item with all that is needed to decide it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The item.
    pub item: ReviewItem,
    /// The channel it is about.
    pub channel: Channel,
    /// The network in question.
    pub network: NetworkId,
    /// The held message, where there is one.
    pub message: Option<Message>,
    /// The last messages before it, oldest first.
    pub before: Vec<Message>,
}

/// Part of a transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Messages, oldest first.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub more: bool,
    /// Messages in the channel altogether.
    pub total: u64,
}

/// What the assistant may read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Messages released to the assistant and not taken before, with the channel's network
    /// id, local name and instructions, in the order of channels and arrival.
    pub messages: Vec<CheckedMessage>,
    /// Relays that did not answer, in words.
    pub problems: Vec<String>,
    /// Contact requests that wait for a person.
    pub requests: u32,
    /// Channels that are stopped until a person decides about a key.
    pub stopped: u32,
}

/// One message for the assistant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedMessage {
    /// Local id, for [`super::Request::HandedOver`].
    pub id: MessageId,
    /// The network's id of the channel.
    pub channel_id: String,
    /// Local name of the channel.
    pub from: PeerText,
    /// Number that the relay gave it.
    pub seq: Option<i64>,
    /// Subject as the peer wrote it.
    pub unsafe_subject: PeerText,
    /// Text as the peer wrote it.
    pub unsafe_body: PeerText,
    /// JSON text of the metadata object as the peer wrote it.
    pub unsafe_metadata: PeerText,
    /// Engagement text of the channel.
    pub instructions: String,
    /// When it arrived.
    pub at: UnixMillis,
}

/// What became of a message that was to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum SendOutcome {
    /// The relay has it under this number.
    Relayed {
        /// Local id.
        message: MessageId,
        /// The relay's number.
        seq: i64,
        /// The relay's answer, word for word (JSON text).
        answer: String,
    },
    /// It is durable and will leave by itself; `problem` says why it has not yet.
    Queued {
        /// Local id.
        message: MessageId,
        /// When it is due.
        due: UnixMillis,
        /// What went wrong at the first attempt, if there was one.
        problem: Option<String>,
    },
}

/// The text of a composer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The text; empty where there is none.
    pub text: PeerText,
    /// When it was last kept.
    pub at: Option<UnixMillis>,
}
