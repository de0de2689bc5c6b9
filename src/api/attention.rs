//! What a person is told of, and what they read when they come back.

use serde::{Deserialize, Serialize};

use crate::model::{
    Author, ChannelId, Delivery, LogEntry, MessageId, Occasion, PeerText, UnixMillis,
};

/// What happened since a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatchUp {
    /// Since when; `None` where that was never noted, and all of the last 30 days is told.
    pub since: Option<UnixMillis>,
    /// The channels in which anything happened, the latest first.
    pub channels: Vec<ChannelNews>,
    /// The days of that time on which anything happened, the latest first.
    pub days: Vec<DayNews>,
}

/// What happened in one channel. All counts are of the time in question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelNews {
    /// The channel.
    pub channel: ChannelId,
    /// Its local name.
    pub name: PeerText,
    /// When the last of it happened.
    pub last: UnixMillis,
    /// Messages that arrived.
    pub arrived: u32,
    /// Messages that a rule held from the assistant.
    pub held_in: u32,
    /// Drafts that a rule held.
    pub held_out: u32,
    /// Messages that left alone, by the rule that let them.
    pub alone: Vec<Alone>,
    /// What a person settled.
    pub by_you: u32,
    /// Messages, drafts and contacts that a person refused; part of `by_you`.
    pub refused: u32,
    /// Drafts that nobody answered in time.
    pub expired: u32,
    /// Times that the channel stopped: the key changed, or the code was not the same.
    pub stops: u32,
    /// Contact requests that came, were answered again, or were accepted.
    pub contacts: u32,
    /// Whether the channel ended.
    pub ended: bool,
}

/// Messages that left by one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alone {
    /// The rule, in our words.
    pub rule: String,
    /// How many.
    pub count: u32,
}

/// What happened on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayNews {
    /// Midnight at its beginning, on the engine's computer.
    pub day: UnixMillis,
    /// Messages that arrived.
    pub arrived: u32,
    /// Messages of the assistant that left alone.
    pub alone: u32,
    /// What a person let pass, as it was or changed.
    pub approved: u32,
    /// What was refused or expired.
    pub refused: u32,
}

/// What stands beside the transcript of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The channel.
    pub channel: ChannelId,
    /// Which rules are really in force, where it is not the channel's own preset.
    pub in_force: Option<String>,
    /// What the assistant answers alone, in words.
    pub alone: String,
    /// When, in words.
    pub hours: String,
    /// What a draft waits for, in words.
    pub holds_out: String,
    /// What a message waits for, in words.
    pub holds_in: String,
    /// Messages that left alone since midnight.
    pub alone_today: u32,
    /// Messages and drafts that were held since midnight.
    pub held_today: u32,
    /// Numbers of the relay's that no message here has.
    pub gaps: u32,
    /// Messages of this channel that have not left.
    pub outbox: u32,
    /// The last message from this side.
    pub last_sent: Option<LastSent>,
    /// The last decisions, newest first, at most three, without their texts.
    pub decisions: Vec<LogEntry>,
}

/// The last message from this side of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSent {
    /// The message.
    pub message: MessageId,
    /// Who wrote it.
    pub author: Author,
    /// When it was written.
    pub at: UnixMillis,
    /// How far it came.
    pub delivery: Delivery,
}

/// Something that whoever asked may tell a person of, now or in a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// What it is.
    pub occasion: Occasion,
    /// What the peer or the assistant wrote, where it is about a message that can be read. Only
    /// for a person who asked for it, and only through the sanitiser.
    pub unsafe_text: Option<PeerText>,
    /// Until when it may not be told, because a person was told of its channel a moment ago;
    /// then it is to be asked for again. `None`: it may be told now.
    #[serde(default)]
    pub wait: Option<UnixMillis>,
}
