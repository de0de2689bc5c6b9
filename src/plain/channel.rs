//! A conversation, read out line by line.

use crate::api::{Accounts, Error, Page as Messages, Reply, Request, Thread};
use crate::model::{ChannelId, MessageId, PeerText};

use super::forms::{self, Form};
use super::paper::Paper;
use super::state::{Page, Question, State, Target, Typed};
use super::{code, rests, step, threads, words, write};

/// Messages that are read out in one go.
const PAGE: u32 = 10;

/// A conversation that is read.
#[derive(Debug)]
pub(super) struct ChannelPage {
    pub(super) id: ChannelId,
    oldest: Option<MessageId>,
    /// The topic that alone is read out.
    pub(super) topic: Option<PeerText>,
    /// Messages of theirs that were read out last.
    pub(super) theirs: Vec<MessageId>,
}

impl ChannelPage {
    pub(super) fn new(id: ChannelId) -> Self {
        Self {
            id,
            oldest: None,
            topic: None,
            theirs: Vec::new(),
        }
    }
}

/// Opens a conversation at its end.
pub(super) fn open(state: &mut State, id: ChannelId) {
    open_topic(state, id, None);
}

/// Opens one topic of a conversation, or all of it.
pub(super) fn open_topic(state: &mut State, id: ChannelId, topic: Option<PeerText>) {
    state.page = Page::Channel(ChannelPage {
        topic,
        ..ChannelPage::new(id)
    });
    ask(state, id, None);
}

/// Opens a conversation around one of its messages.
pub(super) fn open_at(state: &mut State, channel: ChannelId, message: MessageId) {
    let line = state.spoken(channel);
    state.say(line.unwrap_or_default());
    state.page = Page::Channel(ChannelPage::new(channel));
    let request = Request::Around {
        channel,
        message,
        before: PAGE / 2,
        after: PAGE / 2,
    };
    let newest = false;
    state.ask(request, Question::Page { channel, newest });
}

fn ask(state: &mut State, channel: ChannelId, before: Option<MessageId>) {
    let topic = if let Page::Channel(page) = &state.page {
        page.topic.clone()
    } else {
        None
    };
    let request = Request::Transcript {
        channel,
        before,
        limit: PAGE,
        topic,
    };
    let newest = before.is_none();
    state.ask(request, Question::Page { channel, newest });
}

/// Reads a page of messages out.
pub(super) fn show(state: &mut State, channel: ChannelId, newest: bool, page: &Messages) {
    if !matches!(&state.page, Page::Channel(open) if open.id == channel) {
        return;
    }
    if newest {
        head(state, channel);
    }
    let mut paper = Paper::new(state.width, &state.zone);
    paper.threads = state
        .channel(channel)
        .is_none_or(|channel| channel.network.has_threads());
    for message in &page.messages {
        paper.message(message);
    }
    let lines = paper.lines;
    state.say_all(lines);
    if page.messages.is_empty() {
        state.say(if newest {
            "No message yet."
        } else {
            "There are no older messages."
        });
    }
    if newest && is_of_topic(state) {
        state.say("This is one topic alone. all reads everything again.");
    }
    if newest {
        state.say(format!(
            "{} in all. Words: write, older, again, code, pause, resume, mute, back, help.",
            words::count(page.total, "message")
        ));
    }
    if let Page::Channel(open) = &mut state.page {
        open.oldest = page
            .messages
            .first()
            .map(|message| message.id)
            .or(open.oldest);
        open.theirs = threads::theirs(&page.messages);
    }
    let alone = is_of_topic(state);
    // What belongs to other topics was not heard.
    let unread = page.messages.iter().any(|message| !message.read);
    if let Some(last) = page.messages.last().filter(|_| newest && unread && !alone) {
        let request = Request::MarkRead {
            channel,
            up_to: last.id,
        };
        state.ask(request, Question::Quietly);
        state.stale = true;
    }
}

fn is_of_topic(state: &State) -> bool {
    matches!(&state.page, Page::Channel(open) if open.topic.is_some())
}

/// Says which channel it is and what of it needs the person.
fn head(state: &mut State, channel: ChannelId) {
    let line = state.spoken(channel);
    if let Some(line) = line {
        state.say(format!("{line}."));
    }
    state.numbers.clear();
    let mut lines = Vec::new();
    for item in state.needs.iter().filter(|item| item.channel == channel) {
        state.numbers.push(Target::Item(item.id));
        let number = state.numbers.len();
        lines.push(format!(
            "{number}  Needs you. {}.",
            words::item(item, state.channel(channel), state.now, &state.zone)
        ));
    }
    if state.channel(channel).is_some_and(words::owes_acceptance) {
        let asks_first = state
            .channel(channel)
            .is_some_and(|channel| channel.network.asks_first());
        lines.push(
            if asks_first {
                "They take nothing from you until they accepted you. askback asks them."
            } else {
                "Whether they accepted you shows when a message of yours is delivered."
            }
            .to_owned(),
        );
    }
    state.say_all(lines);
}

/// Asks the peer of a channel to accept us too.
fn ask_back(state: &mut State, id: ChannelId) {
    let direct = state.channel(id).filter(|it| it.network.is_direct());
    let why = match direct {
        None => Some("Here one acceptance counts for both sides; there is nothing to ask."),
        Some(channel) if !channel.network.asks_first() => {
            Some("Here whoever writes has asked; they are asked with your first message.")
        }
        Some(channel) if channel.trusts_us.is_some() => Some("They accepted you already."),
        Some(_) => None,
    };
    if let Some(why) = why {
        state.say(why);
        return;
    }
    state.say("Asking them.");
    let ask = Accounts::AskBack {
        channel: id.into(),
        purpose: None,
    };
    state.ask(Request::Accounts(ask), Question::AskBack);
}

/// Takes in what became of it.
pub(super) fn asked_back(state: &mut State, answer: Result<Reply, Error>) {
    match answer {
        Ok(_) => state.say("They have your request. Once they accept it, what you write arrives."),
        Err(error) => state.say(format!("Not asked: {}.", words::safe(&error.to_string()))),
    }
    state.stale = true;
}

/// Takes a line.
pub(super) fn line(state: &mut State, page: ChannelPage, typed: &Typed) {
    let (id, oldest) = (page.id, page.oldest);
    let word = step::word(typed);
    if let Some(which) = rests::behind(&word, "answer") {
        threads::answer(state, &page, which);
        if matches!(state.page, Page::Main(0)) {
            state.page = Page::Channel(page);
        }
        return;
    }
    let thread = Thread {
        topic: page.topic.clone(),
        ..Thread::default()
    };
    state.page = Page::Channel(page);
    match word.as_str() {
        "write" => write::open_in(state, id, thread),
        "again" => ask(state, id, None),
        "older" | "more" => ask(state, id, oldest),
        "topics" => threads::ask(state, id),
        "all" => open(state, id),
        "code" => code::open(state, id),
        "askback" => ask_back(state, id),
        "pause" => {
            let request = Request::Pause {
                channel: Some(id.into()),
            };
            state.ask(request, Question::Pause(true, Some(id)));
        }
        "resume" => forms::open(state, Form::Resume(Some(id))),
        "unmute" => rests::unmute(state, id),
        word => match rests::behind(word, "mute") {
            Some(time) => rests::mute(state, id, time),
            None => step::anywhere(state, typed),
        },
    }
}
