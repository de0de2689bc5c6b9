//! The one door to the engine: requests, replies, events, and the handle that carries them.
//!
//! Every surface (terminal, command line, socket) speaks these types and nothing else, so a
//! surface cannot tell whether the engine runs in its own process. Events carry ids, never
//! data, and may be lost: [`Event::Overflow`] means reload.
//!
//! Must not: know the engine, the store, a network or a screen.

pub mod accounts;
pub mod attention;
pub mod handle;
pub mod letters;
pub mod reply;
pub mod request;
pub mod search;
pub mod socket;
pub mod thread;

pub use accounts::{
    Accounts, AccountsReply, Enrol, NewIdentity, PURPOSE, Ticket, purpose_or_default,
};
pub use attention::{Alone, CatchUp, ChannelNews, Claimed, DayNews, LastSent, Overview};
pub use handle::{Call, Desk, Events, Handle};
pub use letters::{AskLetters, Letter, Letters};
pub use reply::{
    Checked, CheckedMessage, Digested, Draft, DraftFate, DraftState, Engagement, EngagementChange,
    EngagementRow, Invite, LogState, Page, RelayState, Replay, ReplayExample, Reply, Review,
    SafetyCode, SendOutcome, Status, Storage, Today,
};
pub use request::{ChannelRef, Proposal, Replaced, Request, Role, RowEdit, RowStep};
pub use search::{Found, Hit, HitKind, HitState, HitText, IndexState, Note, SavedSearch};
pub use thread::{LONGEST_TOPIC, SentTo, Thread};

use serde::{Deserialize, Serialize};

use crate::model::ChannelId;

/// Something changed. What exactly has to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The list of channels, or something shown in it.
    Channels,
    /// The messages of one channel, or their delivery.
    Messages {
        /// Which one.
        channel: ChannelId,
    },
    /// The list of what needs a person.
    NeedsYou,
    /// Relay health, pause, or the outbox.
    Status,
    /// The settings file was read again.
    Settings,
    /// Events were lost; reload everything on screen.
    Overflow,
    /// The engine is going away.
    Closing,
}

impl Event {
    /// Tells whether whoever has this role may learn of it.
    ///
    /// An assistant learns only of what the policy gave it, and that by asking: all but the end
    /// of the engine is also told when something is held, so the moment alone would tell of it.
    /// A new event has to be judged here.
    pub fn is_for(self, role: Role) -> bool {
        match (role, self) {
            (Role::Supervisor, _) | (Role::Assistant, Self::Closing) => true,
            (
                Role::Assistant,
                Self::Channels
                | Self::Messages { .. }
                | Self::NeedsYou
                | Self::Status
                | Self::Settings
                | Self::Overflow,
            ) => false,
        }
    }
}

/// Why a request was not carried out.
///
/// The text is for a person and never repeats a peer's words or a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "code", content = "detail")]
pub enum Error {
    /// No channel has this id or name.
    #[error("unknown channel: {0}")]
    UnknownChannel(String),
    /// The channel cannot carry messages now.
    #[error("channel not active")]
    ChannelNotActive,
    /// More than one channel has this name.
    #[error("several channels have that name; use the channel id")]
    Ambiguous,
    /// The link cannot be used, and why.
    #[error("invalid invite URL: {0}")]
    InvalidInvite(String),
    /// No preset has this name.
    #[error("unknown preset: {0}")]
    UnknownPreset(String),
    /// The item does not exist or was settled.
    #[error("nothing with that id waits for a decision")]
    NothingToDecide,
    /// What was shown is not what is there now. Nothing was decided.
    #[error("this changed since it was shown; look again")]
    Changed,
    /// The item was already settled otherwise.
    #[error("already decided: {0}")]
    AlreadyDecided(String),
    /// The supervisor role needs the passphrase, and none was given.
    #[error("the profile is protected by a passphrase")]
    Locked,
    /// The passphrase is another one.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The passphrase was wrong too often; this attempt was not made.
    #[error("too many wrong passphrases; try again in {seconds} s")]
    TooManyAttempts {
        /// Seconds until another attempt is made.
        seconds: u64,
    },
    /// There is a passphrase already.
    #[error("the profile has a passphrase already; `chaperon passphrase change` changes it")]
    AlreadyProtected,
    /// There is no passphrase.
    #[error("the profile has no passphrase; `chaperon passphrase set` sets one")]
    NotProtected,
    /// The connection may not do this.
    #[error("this needs the supervisor role")]
    NotAllowed,
    /// It widens what happens without a person, and that was not confirmed.
    #[error("this widens what happens without you: {0}")]
    Widens(String),
    /// It widens a channel whose safety code was not compared.
    #[error("compare the safety code first: {0}")]
    NeedsCode(String),
    /// The message is over the size that the network carries.
    #[error("the message is too large: {size} bytes, at most {limit}")]
    TooLarge {
        /// Bytes it has.
        size: u64,
        /// Bytes that are possible.
        limit: u64,
    },
    /// A relay did not do what was asked, in words.
    #[error("{0}")]
    Relay(String),
    /// Something in the request cannot be used, in words that say what to do.
    #[error("{0}")]
    BadRequest(String),
    /// A file or the store failed, in words without a path of the user.
    #[error("{0}")]
    Storage(String),
    /// Long work was stopped on request.
    #[error("stopped, as it was asked to; nothing was changed")]
    Stopped,
    /// The engine stopped before it answered; nobody can tell from here whether it was done.
    #[error(
        "the engine stopped before it answered; it may have been done, so look before asking again"
    )]
    Gone,
}

impl Error {
    /// Returns what a verdict gets that does not belong to that kind of item.
    pub fn not_an_answer() -> Self {
        Self::BadRequest("that is no answer to this question".to_owned())
    }
}
