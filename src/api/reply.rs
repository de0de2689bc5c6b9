//! What the engine answers.

use serde::{Deserialize, Serialize};

use super::attention::{CatchUp, Claimed, Overview};
use super::{Found, IndexState, Note, SavedSearch, SentTo};
use crate::model::{
    Asked, Channel, Digest, FirstLook, Listening, LogEntry, Message, MessageId, NetworkId, Passage,
    PeerText, Progress, ReviewItem, Routing, Topic, UnixMillis, Words,
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
    /// What the assistant got or wrote.
    Letters(super::Letters),
    /// What became of a message.
    Sent(SendOutcome),
    /// What became of each of several messages, in the order in which they were asked for.
    SentToSeveral(Vec<SentTo>),
    /// The topics of a channel, the one last written in first.
    Topics(Vec<Topic>),
    /// The text of a composer.
    Draft(Draft),
    /// Names of presets.
    Presets(Vec<String>),
    /// The decision log.
    Log(Vec<LogEntry>),
    /// Whether the log is whole.
    LogState(LogState),
    /// What became of a draft.
    DraftState(DraftState),
    /// The safety code of a channel.
    SafetyCode(Box<SafetyCode>),
    /// The engagement of a channel, as it is or as it would be.
    Engagement(Box<Engagement>),
    /// What is left to the digest, oldest first.
    Digest(Vec<Digested>),
    /// Until when something rests; `None` where it does no longer.
    Rests(Option<UnixMillis>),
    /// What happened while a person was away.
    CatchUp(Box<CatchUp>),
    /// What the main screen says of one channel.
    Overview(Box<Overview>),
    /// What of a [`super::Request::Claim`] nobody was told of yet.
    Claimed(Vec<Claimed>),
    /// What a search found.
    Found(Box<Found>),
    /// How much of the index is built.
    Index(IndexState),
    /// Saved searches, the newest first.
    SavedSearches(Vec<SavedSearch>),
    /// What a person keeps for themselves about a channel.
    Note(Note),
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
    /// How far long work is; `None` while there is none.
    Work(Option<Progress>),
    /// Count of what was written.
    Exported {
        /// Channels written.
        channels: u32,
    },
    /// What the profile holds.
    Storage(Storage),
    /// What is known of our logins.
    Accounts(Box<super::AccountsReply>),
}

impl From<super::AccountsReply> for Reply {
    fn from(reply: super::AccountsReply) -> Self {
        Self::Accounts(Box::new(reply))
    }
}

impl Reply {
    /// Returns what a role may know of an answer: the assistant does not learn that anything is
    /// held from it, and no person's commands.
    #[must_use]
    pub fn as_seen_by(mut self, role: super::Role) -> Self {
        if role == super::Role::Supervisor {
            return self;
        }
        match &mut self {
            Self::Channels(channels) => channels.iter_mut().for_each(blind),
            Self::Channel(channel) => blind(channel),
            Self::Status(status) => {
                status.held_in = 0;
                status.kept = 0;
                status.needs_you = 0;
                status.today = Today::default();
                status.wake_problems.clear();
            }
            Self::Done
            | Self::Invite(_)
            | Self::NeedsYou(_)
            | Self::Review(_)
            | Self::Page(_)
            | Self::Checked(_)
            | Self::Letters(_)
            | Self::Sent(_)
            | Self::SentToSeveral(_)
            | Self::Topics(_)
            | Self::Draft(_)
            | Self::Presets(_)
            | Self::Log(_)
            | Self::LogState(_)
            | Self::DraftState(_)
            | Self::SafetyCode(_)
            | Self::Engagement(_)
            | Self::Digest(_)
            | Self::Rests(_)
            | Self::CatchUp(_)
            | Self::Overview(_)
            | Self::Claimed(_)
            | Self::Work(_)
            | Self::Found(_)
            | Self::Index(_)
            | Self::SavedSearches(_)
            | Self::Note(_)
            | Self::Imported { .. }
            | Self::Exported { .. }
            | Self::Storage(_)
            | Self::Accounts(_) => {}
        }
        self
    }
}

fn blind(channel: &mut Channel) {
    channel.unread = 0;
    channel.held_in = 0;
    channel.last_seen = None;
    channel.muted = None;
    channel.news = 0;
    channel.news_at = None;
    channel.wake.clear();
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
    /// Messages that arrived since everything was paused. Always 0 for the assistant.
    #[serde(default)]
    pub kept: u32,
    /// Channels that are active.
    pub active_channels: u32,
    /// Items that wait for a person.
    pub needs_you: u32,
    /// Messages held back from the assistant. Always 0 for the assistant itself.
    pub held_in: u32,
    /// Drafts of the assistant's that wait for a person.
    pub held_out: u32,
    /// When the first of those counts as refused.
    pub next_expiry: Option<UnixMillis>,
    /// What was settled since midnight.
    pub today: Today,
    /// Commands that were to wake the assistant and failed, in words, newest first.
    pub wake_problems: Vec<String>,
    /// Messages of ours that have not left.
    pub outbox: u32,
    /// Relays in use.
    pub relays: Vec<RelayState>,
    /// How far the first look at every channel is; `None` once all of them were looked at.
    #[serde(default)]
    pub first_look: Option<FirstLook>,
    /// Where networks listen for others, or cannot.
    #[serde(default)]
    pub listening: Vec<Listening>,
    /// Time now on the engine's clock.
    pub now: UnixMillis,
}

/// What a profile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// Messages of all channels, both ways.
    pub messages: u64,
    /// Bytes of the database and the files beside it.
    pub bytes: u64,
}

/// What was settled since midnight, local time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Today {
    /// Messages of the assistant that left on their own.
    pub alone: u32,
    /// Drafts that a person approved as they were.
    pub approved: u32,
    /// Drafts that a person changed first.
    pub edited: u32,
    /// Drafts that were refused or expired.
    pub refused: u32,
}

/// Whether the decision log is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogState {
    /// Entries that were read.
    pub entries: u64,
    /// The first entry that is not what was written, and why, in words; `None` if all are.
    pub problem: Option<String>,
    /// When it was checked.
    pub checked_at: UnixMillis,
}

/// What became of a message that the assistant sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftState {
    /// Local id.
    pub message: MessageId,
    /// Local name of the channel.
    pub channel: PeerText,
    /// How far it came.
    #[serde(flatten)]
    pub state: DraftFate,
}

/// How far a message that the assistant sent came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum DraftFate {
    /// It waits for the human.
    Held {
        /// When it counts as refused.
        expires: UnixMillis,
    },
    /// It may leave and has not yet.
    Queued,
    /// It left.
    Sent {
        /// The relay's number.
        seq: Option<i64>,
        /// Whether the human changed it first.
        edited: bool,
    },
    /// The human refused it.
    Refused {
        /// What they said.
        reason: PeerText,
    },
    /// Nobody answered in time; it was not sent.
    Expired,
    /// The human took it back.
    TakenBack,
    /// The relay refused it for good.
    Failed {
        /// What the relay said.
        problem: String,
    },
}

/// The safety code of a channel: the same on both sides exactly if both have the same keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafetyCode {
    /// The channel.
    pub channel: Channel,
    /// Twelve groups of five digits.
    pub groups: Vec<String>,
    /// Four words.
    pub words: Vec<String>,
    /// Which of the words has to be typed to confirm, from 0.
    pub ask: usize,
    /// Digest of the code, to be repeated with the answer.
    pub seen: Digest,
}

/// One row of the rules of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngagementRow {
    /// Stable key.
    pub key: String,
    /// Words for a person.
    pub label: String,
    /// The value in words.
    pub value: String,
    /// The heading that it stands under.
    pub section: String,
    /// `true`: this program sees to it. `false`: the text asks the assistant for it.
    pub enforced: bool,
    /// All values it can take, in the order in which it steps through them; empty if free.
    pub choices: Vec<String>,
}

/// One difference between the rules in force and the proposed ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngagementChange {
    /// Words for the row.
    pub label: String,
    /// The value in force.
    pub from: String,
    /// The proposed value.
    pub to: String,
    /// Whether it lets more happen without a person.
    pub wider: bool,
}

/// What rules would have done with the history of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Messages that were replayed.
    pub messages: u32,
    /// Days that they go back.
    pub days: u32,
    /// Drafts that would have left alone, and with the rules in force.
    pub alone: (u32, u32),
    /// Drafts that would have waited, and with the rules in force.
    pub waits: (u32, u32),
    /// Messages that would have been held from the assistant, and with the rules in force.
    pub held_in: (u32, u32),
    /// Messages for which the proposal decides otherwise, newest first, at most 20.
    pub examples: Vec<ReplayExample>,
}

/// One message that a proposal decides otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayExample {
    /// When it was written or arrived.
    pub at: UnixMillis,
    /// Its text.
    pub unsafe_text: PeerText,
    /// What would happen, in words.
    pub verdict: String,
}

/// The engagement of a channel, as it is or as a proposal would make it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engagement {
    /// The channel as it is.
    pub channel: Channel,
    /// Preset of the proposal.
    pub preset: String,
    /// Rules of the proposal as TOML, to be repeated when it is changed further or saved.
    pub rules: String,
    /// Text for the assistant.
    pub text: String,
    /// The rows of the rules, enforced ones and advice.
    pub rows: Vec<EngagementRow>,
    /// What differs from the rules in force.
    pub changes: Vec<EngagementChange>,
    /// Whether anything of it lets more happen without a person.
    pub widens: bool,
    /// Why it cannot be put into force now, in words; `None` if it can.
    pub blocked: Option<String>,
    /// Which rules are really in force, where it is not the channel's own preset yet.
    pub in_force: Option<String>,
    /// What it would have done.
    pub replay: Replay,
    /// Digest of what is shown, to be repeated when it is saved.
    pub seen: Digest,
}

/// A message that is left to the digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digested {
    /// Local name of the channel.
    pub name: PeerText,
    /// The message.
    pub message: Message,
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
    /// What somebody who asks for contact says, on networks where they say more than a key.
    #[serde(default)]
    pub asked: Option<Asked>,
    /// The held message, where there is one.
    pub message: Option<Message>,
    /// The last messages before it, oldest first.
    pub before: Vec<Message>,
    /// Messages of the channel altogether.
    pub total: u64,
    /// Earlier messages of the peer's that had signals.
    pub flagged_before: u32,
    /// The policy in force, for example `trusted-colleague v3`.
    pub policy: String,
    /// What becomes of the assistant's answers under it, in a few clauses; all of it is enforced.
    pub terms: Vec<String>,
    /// For a held message: what the assistant would get with what is hidden removed.
    pub clean: Option<Words>,
    /// Rules as TOML that would let the like of it pass for a time, to be tried out and saved in
    /// the engagement; `None` where no rule should come of it.
    pub rule: Option<String>,
}

impl Review {
    /// Tells whether anything is hidden in a held message that could be taken out.
    pub fn hides(&self) -> bool {
        let body = self.message.as_ref().and_then(|held| held.content.body());
        let (Some(clean), Some(body)) = (&self.clean, body) else {
            return false;
        };
        clean.body != body.body || clean.subject != body.subject
    }
}

/// Part of a transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Messages, oldest first.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub more: bool,
    /// Whether there are newer ones.
    #[serde(default)]
    pub newer: bool,
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
    /// How it came to be released.
    pub passage: Passage,
    /// How it stands among others, on networks where messages say so.
    #[serde(default)]
    pub routing: Option<Box<Routing>>,
}

/// What became of a message that was to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum SendOutcome {
    /// The relay has it under this number, or the peer itself has it.
    Relayed {
        /// Local id.
        message: MessageId,
        /// The relay's number, where it gives one.
        seq: Option<i64>,
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
    /// It waits for the human.
    Held {
        /// Local id, to ask for its state.
        message: MessageId,
        /// The rule that holds it.
        rule: String,
        /// Why, in words; one for each thing found.
        reasons: Vec<String>,
        /// When it counts as refused.
        expires: UnixMillis,
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
