//! What reaches `update`, and what it asks for in return.

use crossterm::event::{KeyEvent, MouseEvent};

use crate::api::{Error, Event, HitKind, Proposal, Reply, Request};
use crate::desktop::clipboard::Placed;
use crate::desktop::notices::Notice;
use crate::desktop::notify::Letter;
use crate::desktop::picture::Shown;
use crate::model::{AccountId, ChannelId, MessageId, PeerText, Report, ReviewId, Verdict};
use crate::profile::SettingsFile;
use crate::profile::config::{Key, Value};

use super::screen::onboarding::Outcome;
use super::theme::{Ground, Themes};

/// Everything that can happen to the screen.
#[derive(Clone, Debug)]
pub enum Message {
    /// A key went down, was repeated or released; only the first counts.
    Key(KeyEvent),
    /// The mouse was clicked or its wheel turned. Never decides.
    Mouse(MouseEvent),
    /// A block of text was pasted. Never a key.
    Paste(PeerText),
    /// The window has this many columns and rows now.
    Resize(u16, u16),
    /// The terminal gained (`true`) or lost focus.
    Focus(bool),
    /// Time has passed.
    Tick,
    /// The last frame is on the screen; `quiet` if no input was waiting behind it.
    Drawn {
        /// Whether the input queue was empty after drawing.
        quiet: bool,
    },
    /// The engine answered.
    Answer(Question, Box<Result<Reply, Error>>),
    /// Something changed in the engine.
    Event(Event),
    /// A copy ended here; an error is a sentence.
    Copied(Result<Placed, String>),
    /// A picture was shown, or says where it is; an error is a sentence.
    Pictured(Result<Shown, String>),
    /// The external editor was closed; an error is a sentence.
    Edited(Sheet, Result<PeerText, String>),
    /// The terminal said what background it has.
    Background(Ground),
    /// The person's own theme files changed.
    Themes(Themes),
    /// The settings file as it is now; an error is a sentence.
    Settings(FileNews, Result<SettingsFile, String>),
    /// What was found when everything was looked at.
    Examined(Report),
}

/// What was done with the settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileNews {
    /// It was read.
    Read,
    /// What changed was written.
    Written,
    /// The person's editor had it.
    Edited,
}

/// What a person writes in their own editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// A message of this channel.
    Letter(ChannelId),
    /// The text for the assistant of this channel.
    Engagement(ChannelId),
}

/// What is asked about our identity on a network, and about asking others for contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Our identity.
    Account,
    /// Making one.
    Make,
    /// The requests in both directions.
    Requests,
    /// Who is there.
    Look,
    /// How far a look is.
    HowFar,
    /// Stopping a look.
    Stop,
    /// Asking somebody who was found.
    Ask,
    /// Asking the peer of a channel to accept us too.
    AskBack(ChannelId),
}

/// What is asked about our logins on relays, and about who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginErrand {
    /// Our logins.
    List,
    /// Who is on the relay of a login.
    Directory(AccountId),
    /// Making a channel with somebody who is.
    Add(AccountId),
    /// Forgetting a login.
    Leave(AccountId),
}

/// What is asked about our identities that run nodes, and about links that name somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityErrand {
    /// Our identities.
    List,
    /// Making one.
    Make,
    /// Changing one.
    Configure(AccountId),
    /// The link that invites others to one.
    Link(AccountId),
    /// Whom a link names.
    Read,
    /// Making a channel with them.
    Add,
}

/// What a request was for, so that its answer finds its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Health and counts.
    Status,
    /// The list of channels.
    Channels,
    /// The list of what needs a person.
    NeedsYou,
    /// The newest page of a channel, or of one of its topics.
    Newest(ChannelId, Option<PeerText>),
    /// The page before the oldest message held, of all of it or of a topic.
    Older(ChannelId, Option<PeerText>),
    /// The topics of a channel.
    Topics(ChannelId),
    /// Messages around one, to go there.
    Around(ChannelId, MessageId),
    /// The page after the newest message held.
    Newer(ChannelId, MessageId),
    /// The messages that are held, as they are now.
    Refresh(ChannelId),
    /// What was typed into the search, and how many hits come before.
    Search(PeerText, u32),
    /// What stands around a hit.
    SearchContext(HitKind, Option<ChannelId>),
    /// Saved searches, or that one is forgotten.
    SavedSearches,
    /// Saving a search.
    SaveSearch,
    /// Building the index, or stopping it.
    SearchIndex,
    /// The note of a channel.
    Note(ChannelId),
    /// Keeping a note.
    SetNote(ChannelId),
    /// What was settled lately.
    Settled,
    /// One review item.
    Review(ReviewId),
    /// What stands beside the transcript of a channel.
    Overview(ChannelId),
    /// What happened before this surface was opened.
    Away,
    /// What happened since the person last looked.
    CatchUp,
    /// What is left to the digest.
    Digest,
    /// Marking the digest as read.
    DigestRead,
    /// Being told nothing of a channel for a while (`true`), or again.
    Mute(ChannelId, bool),
    /// Putting an item off.
    Snooze(ReviewId),
    /// Noting that the person looks.
    Looked,
    /// Taking on to tell the person of something.
    Claim(Vec<Notice>),
    /// A decision.
    Decide(ReviewId, Verdict),
    /// A message of ours.
    Send(ChannelId),
    /// The same message to the peer of a channel and to others.
    SendToSeveral(ChannelId),
    /// The kept text of the composer.
    Draft(ChannelId),
    /// Keeping the text of the composer.
    SaveDraft(ChannelId),
    /// Taking a message back.
    TakeBack(MessageId),
    /// Trying a message again.
    Retry,
    /// Marking messages as read.
    MarkRead,
    /// Making or replacing an invite.
    MakeInvite,
    /// Showing an invite.
    ShowInvite(ChannelId),
    /// Cancelling an invite.
    CancelInvite(ChannelId),
    /// Accepting a link.
    Accept,
    /// A page of the decision log: the entries before a number, or the newest.
    Log(Option<i64>),
    /// Whether the decision log is whole.
    VerifyLog,
    /// The names of presets.
    Presets,
    /// The engagement of a channel as a proposal would make it.
    Engagement(ChannelId, Box<Proposal>),
    /// Putting a proposal into force.
    SetEngagement(ChannelId),
    /// The safety code of a channel.
    SafetyCode(ChannelId),
    /// Saying that the code is the same.
    Verify(ChannelId),
    /// Saying that the code differs.
    CodeDiffers(ChannelId),
    /// What the log says of a message.
    Why(MessageId),
    /// Giving a channel another name.
    Rename(ChannelId),
    /// Ending a channel.
    End(ChannelId),
    /// Pausing (`true`) or resuming, one channel or all.
    Pause(bool, Option<ChannelId>),
    /// Going on with the first look at the channels (`true`), or putting off what is left.
    FirstLook(bool),
    /// Something about our identity on a network, or about asking others for contact.
    Contact(Errand),
    /// Something about our logins on relays, or about who is there.
    Login(LoginErrand),
    /// Something about our identities, or about a link that names somebody.
    Identity(IdentityErrand),
    /// What the profile holds.
    Storage,
    /// Letting the engine read the settings file.
    ReloadSettings,
}

/// What `update` wants done. Carried out by `run`, never by `update`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the engine.
    Ask(Request, Question),
    /// Put text on a clipboard.
    Copy(String),
    /// Tell the person of something while they look elsewhere.
    Tell(Letter),
    /// Take away what they were told of, because they have seen it.
    Untell(u64),
    /// Show a picture (PNG) in the system's viewer, for as long as an invite is on screen.
    ShowPicture(Vec<u8>),
    /// Read the settings file.
    ReadSettings,
    /// Write these changes into the settings file, if it still is this one.
    WriteSettings(SettingsFile, Vec<(Key, Value)>),
    /// Let the person write in the settings file itself.
    EditSettings,
    /// Look whether everything works here.
    Examine,
    /// Leave the page of the first start.
    Finish(Outcome),
    /// Let the person write in their editor, starting from this text.
    OpenEditor(Sheet, PeerText),
    /// Clear the terminal and draw all of it.
    Redraw,
    /// Stop as Ctrl-Z does.
    Suspend,
    /// Leave.
    Quit,
}
