//! What can be asked of the engine.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Thread;
use crate::model::{
    Author, ChannelId, Digest, MessageId, Occasion, OnScreen, Passphrase, PeerText, Rest, ReviewId,
    UnixMillis, Verdict, Words,
};

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads what was released to it, sends through the policy, lists channels.
    Assistant,
    /// Decides, accepts contacts, edits, reads everything.
    Supervisor,
}

/// Names a channel: by local id, by the network's id, or by its local name if only one has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChannelRef {
    /// Local id.
    Id(ChannelId),
    /// The network's id, or the local name.
    Named(String),
}

impl From<ChannelId> for ChannelRef {
    fn from(id: ChannelId) -> Self {
        Self::Id(id)
    }
}

/// What a new invite takes the place of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replaced {
    /// The oldest channel made for the same phone that is not superseded or closed, if any.
    SamePhone,
    /// This channel.
    Channel(ChannelRef),
}

/// A change to the engagement of a channel that is tried out before it is saved. What is absent
/// stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Preset to start from; drops rules of the channel's own unless `rules` gives new ones.
    pub preset: Option<String>,
    /// Rules of the channel's own, as TOML.
    pub rules: Option<String>,
    /// Text for the assistant.
    pub text: Option<String>,
    /// One more change of one row, made on top of the others.
    pub edit: Option<RowEdit>,
}

/// A change of one row of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowEdit {
    /// Key of the row, as [`super::EngagementRow::key`] gives it.
    pub key: String,
    /// What to do with its value.
    pub step: RowStep,
}

/// What to do with the value of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowStep {
    /// Take the next of its choices.
    Next,
    /// Take the choice before.
    Previous,
    /// Take this value.
    Value(String),
}

/// One request. On the socket this is the `method` and `params` of JSON-RPC 2.0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "method", content = "params")]
pub enum Request {
    /// Asks for the supervisor role on this connection. Answers [`super::Reply::Done`].
    Unlock {
        /// The passphrase of the profile, where one is set.
        passphrase: Option<Passphrase>,
    },
    /// Protects the profile: seals what it holds. Takes the supervisor role from every other
    /// connection.
    SetPassphrase {
        /// The passphrase.
        new: Passphrase,
    },
    /// Protects the profile by another passphrase. Takes the supervisor role from every other
    /// connection.
    ChangePassphrase {
        /// The passphrase so far.
        current: Passphrase,
        /// The one from now on.
        new: Passphrase,
    },
    /// Removes the protection: from then on what the profile holds lies open on the disk.
    RemovePassphrase {
        /// The passphrase so far.
        current: Passphrase,
    },
    /// Asks something of our logins on networks that have them.
    Accounts(super::Accounts),
    /// Answers [`super::Reply::Status`].
    Status,
    /// Answers [`super::Reply::Channels`], oldest first.
    Channels,
    /// Answers [`super::Reply::Channel`].
    Channel {
        /// Which one.
        channel: ChannelRef,
    },
    /// Answers [`super::Reply::NeedsYou`]: key changes first, then the oldest first.
    NeedsYou,
    /// Answers [`super::Reply::Review`] with everything a person needs to decide.
    Review {
        /// Which item.
        item: ReviewId,
    },
    /// Settles an item. Answers [`super::Reply::Done`], or an error that says what it is now.
    Decide {
        /// Which item.
        item: ReviewId,
        /// What was shown, as [`crate::model::ReviewItem::seen`] gave it.
        seen: Digest,
        /// What the person says.
        verdict: Verdict,
        /// For [`Verdict::OwnWords`] and [`Verdict::SendEdited`]: what goes on instead.
        words: Option<Words>,
        /// For a refusal: what the assistant is told.
        reason: Option<PeerText>,
        /// How much of it was on screen, where a screen measured it.
        screen: Option<OnScreen>,
    },
    /// Answers [`super::Reply::DraftState`]: what became of a message that was sent.
    DraftState {
        /// Number that `Send` gave.
        message: MessageId,
    },
    /// Answers [`super::Reply::SafetyCode`] for a channel whose key is pinned.
    SafetyCode {
        /// Which channel.
        channel: ChannelRef,
    },
    /// Says that the safety code is the same on both sides.
    Verify {
        /// Which channel.
        channel: ChannelRef,
        /// The word of the code that was asked for.
        word: String,
        /// The code that was shown, as [`super::SafetyCode::seen`] gave it.
        seen: Digest,
    },
    /// Says that the safety code is not the same: the channel stops both ways.
    CodeDiffers {
        /// Which channel.
        channel: ChannelRef,
        /// The code that was shown.
        seen: Digest,
    },
    /// Answers [`super::Reply::Engagement`]: the rules and the text of a channel as they are,
    /// or as they would be, replayed over its own history.
    Engagement {
        /// Which channel.
        channel: ChannelRef,
        /// What to try out.
        proposal: Proposal,
    },
    /// Puts a proposal into force. Answers [`super::Reply::Engagement`].
    SetEngagement {
        /// Which channel.
        channel: ChannelRef,
        /// What to put into force.
        proposal: Proposal,
        /// What was shown, as [`super::Engagement::seen`] gave it.
        seen: Digest,
        /// Whether the person confirmed that it widens what happens without them.
        widen: bool,
    },
    /// Ends a channel for good: nothing enters, nothing leaves. The assistant may end what its
    /// preset lets it complete.
    End {
        /// Which channel.
        channel: ChannelRef,
        /// Who ends it. A connection in the assistant role can only be `assistant`.
        author: Author,
    },
    /// Answers [`super::Reply::Digest`]: unread messages whose rule did not call the person.
    Digest,
    /// Marks what is left to the digest as looked at, up to and including this message.
    DigestRead {
        /// The last one on screen.
        up_to: MessageId,
    },
    /// Tells a person nothing of a channel for a while. Answers [`super::Reply::Rests`].
    Mute {
        /// Which channel.
        channel: ChannelRef,
        /// For how long; not any more where absent.
        rest: Option<Rest>,
    },
    /// Puts an item off: it goes on waiting and is passed over. A draft comes back before its
    /// time is over. Answers [`super::Reply::Rests`].
    Snooze {
        /// Which item.
        item: ReviewId,
        /// For how long; not any more where absent.
        rest: Option<Rest>,
    },
    /// Notes that a person looks at the screen now.
    Looked,
    /// Answers [`super::Reply::CatchUp`]: what happened since a moment, at most 30 days ago.
    CatchUp {
        /// Since when; where absent since a person last looked, as [`Request::Looked`] noted.
        since: Option<UnixMillis>,
    },
    /// Answers [`super::Reply::Overview`]: what stands beside the transcript of a channel.
    Overview {
        /// Which channel.
        channel: ChannelId,
    },
    /// Takes it on to tell a person of something, or says that they see it already. Answers
    /// [`super::Reply::Claimed`] with what nobody took on before, so that a person is told
    /// once, and not too often of one channel, however many screens are open.
    Claim {
        /// What is to be told.
        occasions: Vec<Occasion>,
        /// What they see already.
        #[serde(default)]
        seen: Vec<Occasion>,
    },
    /// Sets what runs when something of a channel is released to the assistant.
    SetWake {
        /// Which channel.
        channel: ChannelRef,
        /// Program and arguments; empty for none.
        command: Vec<String>,
    },
    /// Answers [`super::Reply::Page`]: messages in the order they are shown, oldest first.
    Transcript {
        /// Which channel.
        channel: ChannelId,
        /// Only messages before this one; the newest page where absent.
        before: Option<MessageId>,
        /// At most this many.
        limit: u32,
        /// Only those of this topic.
        #[serde(default, rename = "unsafe_topic")]
        topic: Option<PeerText>,
    },
    /// Answers [`super::Reply::Page`]: messages around one, itself among them.
    Around {
        /// Which channel.
        channel: ChannelId,
        /// Which message.
        message: MessageId,
        /// At most this many before it.
        before: u32,
        /// At most this many after it.
        after: u32,
    },
    /// Looks for words in messages, decisions and notes. Answers [`super::Reply::Found`].
    Search {
        /// What was typed; `docs/search.md` says what it can say.
        query: PeerText,
        /// How much of what is found to leave out, the newest first.
        offset: u32,
        /// At most this many.
        limit: u32,
    },
    /// Goes on with building the index, or stops it. Answers [`super::Reply::Index`].
    SearchIndex {
        /// Whether to go on.
        build: bool,
    },
    /// Answers [`super::Reply::SavedSearches`].
    SavedSearches,
    /// Saves a search. Answers [`super::Reply::SavedSearches`].
    SaveSearch {
        /// What was typed.
        query: PeerText,
    },
    /// Forgets a saved search. Answers [`super::Reply::SavedSearches`].
    ForgetSearch {
        /// Which one.
        id: i64,
    },
    /// Answers [`super::Reply::Note`]: what the person keeps for themselves about a channel.
    Note {
        /// Which channel.
        channel: ChannelRef,
    },
    /// Keeps a note; empty text forgets it. Answers [`super::Reply::Note`], or
    /// [`super::Error::Changed`] if it is not what was read.
    SetNote {
        /// Which channel.
        channel: ChannelRef,
        /// All of it.
        text: PeerText,
        /// When the note that was read was last changed.
        seen: Option<UnixMillis>,
    },
    /// Marks messages as looked at by a person, up to and including this one.
    MarkRead {
        /// Which channel.
        channel: ChannelId,
        /// The last message on screen.
        up_to: MessageId,
    },
    /// Makes an invite. Answers [`super::Reply::Invite`].
    Invite {
        /// Phone number or other handle it is for.
        phone: Option<PeerText>,
        /// Local name; the phone, or `invite-` and eight letters, where absent.
        name: Option<PeerText>,
        /// Name of the user in the words that go with the link; the configured one where absent.
        sender: Option<PeerText>,
        /// Preset; where absent the text of the channel it replaces, else safe-acquaintance.
        preset: Option<String>,
        /// Relay URL; the configured one where absent.
        relay: Option<String>,
        /// What the new invite replaces: its key and link are dead from then on.
        replaces: Option<Replaced>,
    },
    /// Answers [`super::Reply::Invite`] for an invite that exists.
    ShowInvite {
        /// Which channel.
        channel: ChannelRef,
    },
    /// Cancels an invite that nobody was accepted for.
    CancelInvite {
        /// Which channel.
        channel: ChannelRef,
    },
    /// Accepts somebody's link: makes a key, answers the handshake, pins theirs.
    /// Answers [`super::Reply::Channel`].
    Accept {
        /// The link as pasted.
        url: String,
        /// Preset; safe-acquaintance where absent.
        preset: Option<String>,
        /// Local name; `invite-` and eight letters where absent.
        name: Option<PeerText>,
    },
    /// Polls every channel once and answers [`super::Reply::Checked`] with what the assistant
    /// may read and has not taken yet. A message leased by another caller is not repeated.
    Check {
        /// Accept the contact requests found on the way (needs the supervisor role).
        accept_requests: bool,
    },
    /// Says that messages from `Check` were handed over; they are not returned again.
    HandedOver {
        /// Which ones.
        messages: Vec<MessageId>,
    },
    /// Answers [`super::Reply::Letters`], to the assistant too.
    Letters(super::AskLetters),
    /// Sends a message. Answers [`super::Reply::Sent`].
    Send {
        /// Which channel.
        channel: ChannelRef,
        /// Subject, may be empty.
        subject: PeerText,
        /// The text.
        body: PeerText,
        /// Who wrote it. A connection in the assistant role can only be `assistant`.
        author: Author,
        /// Wait for the first attempt to end, rather than answer once it is durable. Without
        /// it a human's message leaves after the time for taking it back.
        now: bool,
        /// Where it belongs, on networks where messages say so.
        #[serde(default)]
        thread: Thread,
    },
    /// Sends the same to several, each for themselves; nothing leaves where one of them cannot be
    /// written to. Answers [`super::Reply::SentToSeveral`].
    SendToSeveral {
        /// Which channels, all of one login.
        channels: Vec<ChannelId>,
        /// The text.
        body: PeerText,
        /// Where it belongs.
        thread: Thread,
    },
    /// Answers [`super::Reply::Topics`].
    Topics {
        /// Which channel.
        channel: ChannelId,
    },
    /// Takes back a message that has not left. Answers [`super::Reply::Done`].
    TakeBack {
        /// Which message.
        message: MessageId,
    },
    /// Tries a failed or waiting message again now.
    Retry {
        /// Which message.
        message: MessageId,
    },
    /// Keeps the text of the composer of a channel; empty text forgets it.
    SaveDraft {
        /// Which channel.
        channel: ChannelId,
        /// The text so far.
        text: PeerText,
    },
    /// Answers [`super::Reply::Draft`].
    Draft {
        /// Which channel.
        channel: ChannelId,
    },
    /// Answers [`super::Reply::Channel`]; its `instructions` are the answer.
    Instructions {
        /// Which channel.
        channel: ChannelRef,
        /// Verbatim text to set.
        text: Option<String>,
        /// Preset to use: its rules, and its text with `{name}` filled in.
        preset: Option<String>,
        /// Whether the person confirmed that the preset may widen what happens without them.
        widen: bool,
    },
    /// Answers [`super::Reply::Presets`]: names of the built-in ones and of the profile's files.
    Presets,
    /// Renames a channel locally.
    Rename {
        /// Which channel.
        channel: ChannelRef,
        /// The new local name.
        name: PeerText,
    },
    /// Pauses one channel, or everything.
    Pause {
        /// Which channel; everything where absent.
        channel: Option<ChannelRef>,
    },
    /// Resumes one channel, or lifts the general pause.
    Resume {
        /// Which channel; the general pause where absent.
        channel: Option<ChannelRef>,
    },
    /// Answers [`super::Reply::Log`], newest first.
    Log {
        /// At most this many.
        limit: u32,
        /// Only entries before this number; the newest where absent.
        before: Option<i64>,
    },
    /// Answers [`super::Reply::LogState`]: every entry is read and checked against the next.
    VerifyLog,
    /// Takes the texts out of a log entry; their digests stay, and the chain holds.
    RedactLog {
        /// Which entry.
        number: i64,
    },
    /// Copies channels, keys, presets and settings from a `clawbuddy` directory.
    /// Answers [`super::Reply::Imported`].
    ImportClawbuddy {
        /// The directory.
        from: PathBuf,
    },
    /// Writes a directory that the real `clawbuddy` can use. Answers [`super::Reply::Exported`].
    ExportClawbuddy {
        /// The directory; must be empty or absent.
        to: PathBuf,
    },
    /// Answers [`super::Reply::Work`] at once: how far long work is, which keeps the engine from
    /// answering anything else; where there is none, how far the first look at the channels is.
    /// An assistant learns of the looks alone.
    Work,
    /// Asks long work to stop, with nothing changed. Answers [`super::Reply::Done`] at once; what
    /// became of the work says the answer to the request that began it. Where there is none, the
    /// channels that were not looked at yet are put off until a person asks for
    /// [`Request::Sync`]; their relays keep the mail meanwhile.
    StopWork,
    /// Polls every channel now, without waiting for the result. A supervisor thereby takes up
    /// again what was put off.
    Sync,
    /// Answers [`super::Reply::Storage`].
    Storage,
    /// Reads the settings file again. An error says what is wrong in it, and the engine goes on
    /// by what it had.
    ReloadSettings,
    /// Stops the engine after it finished what it began.
    Shutdown,
}

impl Request {
    /// Returns the role a connection needs for this.
    #[expect(
        clippy::too_many_lines,
        reason = "every request is named, so that none is forgotten"
    )]
    pub fn needs(&self) -> Role {
        match self {
            Self::Unlock { .. }
            | Self::Status
            | Self::Channels
            | Self::Channel { .. }
            | Self::Check {
                accept_requests: false,
            }
            | Self::HandedOver { .. }
            | Self::Letters(_)
            | Self::Accounts(super::Accounts::List { .. })
            | Self::Send {
                author: Author::Assistant,
                ..
            }
            | Self::DraftState { .. }
            | Self::End {
                author: Author::Assistant,
                ..
            }
            | Self::Presets
            | Self::Instructions {
                text: None,
                preset: None,
                ..
            }
            | Self::Work
            | Self::Sync => Role::Assistant,
            Self::SetPassphrase { .. }
            | Self::ChangePassphrase { .. }
            | Self::RemovePassphrase { .. }
            | Self::Check { .. }
            | Self::Send { .. }
            | Self::Instructions { .. }
            | Self::NeedsYou
            | Self::Review { .. }
            | Self::Decide { .. }
            | Self::SafetyCode { .. }
            | Self::Verify { .. }
            | Self::CodeDiffers { .. }
            | Self::Engagement { .. }
            | Self::SetEngagement { .. }
            | Self::End { .. }
            | Self::Digest
            | Self::DigestRead { .. }
            | Self::Mute { .. }
            | Self::Snooze { .. }
            | Self::Looked
            | Self::CatchUp { .. }
            | Self::Overview { .. }
            | Self::Claim { .. }
            | Self::SetWake { .. }
            | Self::VerifyLog
            | Self::RedactLog { .. }
            | Self::Transcript { .. }
            | Self::Topics { .. }
            | Self::SendToSeveral { .. }
            | Self::Around { .. }
            | Self::Search { .. }
            | Self::SearchIndex { .. }
            | Self::SavedSearches
            | Self::SaveSearch { .. }
            | Self::ForgetSearch { .. }
            | Self::Note { .. }
            | Self::SetNote { .. }
            | Self::MarkRead { .. }
            | Self::Invite { .. }
            | Self::ShowInvite { .. }
            | Self::CancelInvite { .. }
            | Self::Accept { .. }
            | Self::TakeBack { .. }
            | Self::Retry { .. }
            | Self::SaveDraft { .. }
            | Self::Draft { .. }
            | Self::Rename { .. }
            | Self::Pause { .. }
            | Self::Resume { .. }
            | Self::Log { .. }
            | Self::ImportClawbuddy { .. }
            | Self::ExportClawbuddy { .. }
            | Self::StopWork
            | Self::Accounts(_)
            | Self::Storage
            | Self::ReloadSettings
            | Self::Shutdown => Role::Supervisor,
        }
    }
}

#[cfg(test)]
mod tests;
