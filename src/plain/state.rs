//! All that the surface in lines knows, and what goes in and out of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::api::{Error, Event, Reply, Request, Status};
use crate::model::{
    AccountId, Channel, ChannelId, LogEntry, MessageId, OwnAccount, PeerText, ReviewId, ReviewItem,
    UnixMillis, Verdict,
};

use super::channel::ChannelPage;
use super::code::CodePage;
use super::forms::Form;
use super::review::ReviewPage;
use super::words;
use super::write::WritePage;

/// How long a question stands before a line can be its answer.
const LIVE_AFTER: Duration = Duration::from_millis(400);

/// A line that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// The line without its end. It may have been pasted, so it counts as text from outside.
    pub text: PeerText,
    /// When it was read.
    pub at: UnixMillis,
    /// Whether no other line came together with it, as those of a paste do.
    pub alone: bool,
}

/// Everything that can happen.
#[derive(Clone, Debug)]
pub enum Happened {
    /// A line was typed.
    Line(Typed),
    /// Everything up to the last prompt is written.
    Prompted,
    /// The engine answered.
    Answer(Question, Box<Result<Reply, Error>>),
    /// Something changed in the engine.
    Event(Event),
    /// The window is this many cells wide now.
    Width(usize),
    /// Nothing more will be typed, or the program was asked to end.
    End,
}

/// What a request was for, so that its answer finds its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Health and counts.
    Status,
    /// The same, to be read out.
    StatusAloud,
    /// The list of channels.
    Channels,
    /// The list of what needs a person.
    Needs,
    /// A page of a channel's messages; the newest, or the one before.
    Page {
        /// Which channel.
        channel: ChannelId,
        /// Whether it is the newest.
        newest: bool,
    },
    /// Marking messages as read, or keeping a draft: only a failure is said.
    Quietly,
    /// One item in full.
    Review(ReviewId),
    /// A decision.
    Decide(ReviewId, Verdict),
    /// The kept text of a channel.
    Draft(ChannelId),
    /// A message of the person's.
    Send(ChannelId),
    /// Taking a message back.
    TakeBack,
    /// The safety code of a channel.
    Code(ChannelId),
    /// Saying that the code is the same.
    Verify(ChannelId),
    /// Saying that the code differs.
    Differs(ChannelId),
    /// Pausing (`true`) or resuming, a channel or all.
    Pause(bool, Option<ChannelId>),
    /// Being told nothing of a channel for a while, or again.
    Mute,
    /// Putting an item off.
    Snooze,
    /// What happened before this surface was opened.
    Away,
    /// What happened since the person last looked.
    CatchUp,
    /// What is left to the digest.
    Digest,
    /// A page of the decision log.
    Log,
    /// What has these words.
    Search,
    /// An invite.
    Invite,
    /// Somebody's link.
    Accept,
    /// Asking a peer to accept us too.
    AskBack,
    /// The topics of a channel.
    Topics(ChannelId),
    /// Our identities, to be read out or not.
    Identities(bool),
    /// Whom a link names.
    Whom,
    /// The link of an identity.
    Link,
}

/// What is to be done. Carried out by `run`, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Write a line. What others wrote in it has been through the sanitiser.
    Say(String),
    /// Write this without a line end, then tell [`Happened::Prompted`].
    Prompt(String),
    /// Ask the engine.
    Ask(Request, Question),
    /// Leave.
    Leave,
}

/// What a number that was read out stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Needs,
    Channel(ChannelId),
    Item(ReviewId),
    /// An entry of the decision log by its place in what was read out.
    Entry(usize),
    /// A message in its conversation.
    Message(ChannelId, MessageId),
    /// A topic of a channel by its place in what was read out.
    Topic(ChannelId, usize),
    Identity(AccountId),
}

/// Where the person is.
#[derive(Debug)]
pub(super) enum Page {
    /// The list of channels, read out up to here.
    Main(usize),
    /// The list of what needs a person.
    Needs,
    /// A conversation.
    Channel(ChannelPage),
    /// An item to decide.
    Review(Box<ReviewPage>),
    /// A message in the making.
    Write(WritePage),
    /// The comparison of a safety code.
    Code(CodePage),
    /// A question with one line as its answer.
    Form(Form),
    /// The decision log: the entries that were read out last.
    Log(Vec<LogEntry>),
}

/// A message that has not left yet.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) message: MessageId,
    /// Where its text becomes a draft again when it is taken back; `None` for the assistant's.
    pub(super) draft: Option<(ChannelId, PeerText)>,
}

/// What the person was told of last.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) unread: BTreeMap<ChannelId, u32>,
    pub(super) needs: BTreeSet<ReviewId>,
}

/// The state of the surface.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what is due next, each by itself: none of them rules another out"
)]
pub struct State {
    pub(super) zone: TimeZone,
    pub(super) now: UnixMillis,
    pub(super) width: usize,
    pub(super) page: Page,
    pub(super) numbers: Vec<Target>,
    /// The topics that were read out last.
    pub(super) topics: Vec<PeerText>,
    pub(super) status: Option<Status>,
    pub(super) channels: Vec<Channel>,
    /// Who we are where we run nodes, once it was asked.
    pub(super) identities: Vec<OwnAccount>,
    pub(super) needs: Vec<ReviewItem>,
    pub(super) leaving: Option<Leaving>,
    pub(super) told: Option<Told>,
    /// When the person last looked before this surface was opened.
    pub(super) since: Option<UnixMillis>,
    pub(super) closing: bool,
    /// Whether something changed since the lists were asked for.
    pub(super) stale: bool,
    /// Whether the list that the page reads out is to be read when it is there.
    pub(super) list_due: bool,
    /// Whether the person asked for what is new.
    pub(super) news_due: bool,
    awaited: usize,
    early: VecDeque<Typed>,
    asked_at: Option<UnixMillis>,
    left: bool,
    effects: Vec<Effect>,
}

impl State {
    /// Makes a state that knows nothing yet.
    pub fn new(now: UnixMillis, zone: TimeZone, width: usize) -> Self {
        Self {
            zone,
            now,
            width,
            page: Page::Main(0),
            numbers: Vec::new(),
            topics: Vec::new(),
            status: None,
            channels: Vec::new(),
            identities: Vec::new(),
            needs: Vec::new(),
            leaving: None,
            told: None,
            since: None,
            closing: false,
            stale: false,
            list_due: true,
            news_due: false,
            awaited: 0,
            early: VecDeque::new(),
            asked_at: None,
            left: false,
            effects: Vec::new(),
        }
    }

    /// Tells whether the engine still has to answer; a line is kept until it has.
    pub fn is_waiting(&self) -> bool {
        self.awaited > 0
    }

    /// Tells whether the engine is going away.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// Tells whether what is typed is a text and no command.
    pub(super) fn is_writing(&self) -> bool {
        match &self.page {
            Page::Write(page) => page.is_writing(),
            Page::Review(page) => page.is_writing(),
            Page::Main(_)
            | Page::Needs
            | Page::Channel(_)
            | Page::Code(_)
            | Page::Form(_)
            | Page::Log(_) => false,
        }
    }

    /// Says a line of this program. What is not ours in it went through the sanitiser before.
    pub(super) fn say(&mut self, line: impl AsRef<str>) {
        let rows = words::fold(line.as_ref(), self.width);
        self.effects.extend(rows.into_iter().map(Effect::Say));
    }

    pub(super) fn say_all(&mut self, lines: impl IntoIterator<Item = String>) {
        for line in lines {
            self.say(line);
        }
    }

    pub(super) fn ask(&mut self, request: Request, question: Question) {
        self.awaited += 1;
        self.effects.push(Effect::Ask(request, question));
    }

    pub(super) fn answered(&mut self) {
        self.awaited = self.awaited.saturating_sub(1);
    }

    /// Asks for everything that the lists are made of.
    pub(super) fn reload(&mut self) {
        self.stale = false;
        self.ask(Request::Status, Question::Status);
        self.ask(Request::Channels, Question::Channels);
        self.ask(Request::NeedsYou, Question::Needs);
    }

    /// Reads the list of a page out once it is here.
    pub(super) fn list(&mut self, page: Page) {
        self.page = page;
        self.list_due = true;
        self.reload();
    }

    /// Asks for the next line. Whatever was typed before cannot be the answer.
    pub(super) fn prompt(&mut self, words: &str) {
        self.asked_at = None;
        self.effects.push(Effect::Prompt(format!("{words}> ")));
    }

    pub(super) fn prompted(&mut self) {
        self.asked_at = Some(self.now);
    }

    /// Says why a line cannot be the answer to a question that decides something; `None` if it
    /// can.
    pub(super) fn too_soon(&self, typed: &Typed) -> Option<&'static str> {
        let stood = self
            .asked_at
            .is_some_and(|at| typed.at >= at.after(LIVE_AFTER));
        if !stood {
            return Some(
                "That came too soon after the question to be its answer. Nothing was decided; \
                 type it again.",
            );
        }
        (!typed.alone).then_some(
            "That came together with other lines, as a paste does. Nothing was decided; type it \
             again.",
        )
    }

    pub(super) fn keep(&mut self, typed: Typed) {
        self.early.push_back(typed);
    }

    pub(super) fn kept(&mut self) -> Option<Typed> {
        self.early.pop_front()
    }

    pub(super) fn leave(&mut self) {
        self.left = true;
        self.effects.push(Effect::Leave);
    }

    pub(super) fn has_left(&self) -> bool {
        self.left
    }

    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    pub(super) fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    /// Returns a channel in one spoken line.
    pub(super) fn spoken(&self, id: ChannelId) -> Option<String> {
        let channel = self.channel(id)?;
        Some(words::channel(channel, self.now))
    }

    /// Tells whether the person does not want to be told of an item now.
    pub(super) fn is_passed_over(&self, item: &ReviewItem) -> bool {
        let put_off = item.snoozed.is_some_and(|snoozed| snoozed.until > self.now);
        let channel = self.channel(item.channel);
        put_off || channel.is_some_and(|channel| channel.is_muted(self.now))
    }

    /// Takes in a channel that came with an answer.
    pub(super) fn learn(&mut self, channel: Channel) {
        match self
            .channels
            .iter_mut()
            .find(|known| known.id == channel.id)
        {
            Some(known) => *known = channel,
            None => self.channels.push(channel),
        }
    }
}
