//! A message in the making: lines until an empty one, then one question whether it goes.

use crate::api::{Draft, Error, Reply, Request, SendOutcome, Thread};
use crate::model::{Author, ChannelId, ChannelState, PeerText};
use crate::text::sanitise;

use super::channel::ChannelPage;
use super::paper::Paper;
use super::state::{Leaving, Page, Question, State, Typed};
use super::{step, words};

/// A message in the making. Every line is kept as a draft when it is typed.
#[derive(Debug)]
pub(super) struct WritePage {
    channel: ChannelId,
    lines: Vec<String>,
    stage: Stage,
    /// Where it belongs.
    thread: Thread,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The kept draft is not here yet.
    Loading,
    Typing,
    /// It was read back; a word says what becomes of it.
    Asking,
}

impl WritePage {
    pub(super) fn is_writing(&self) -> bool {
        self.stage == Stage::Typing
    }

    pub(super) fn prompt(&self) -> &'static str {
        match self.stage {
            Stage::Loading | Stage::Typing => "text",
            Stage::Asking => "send or not",
        }
    }

    fn text(&self) -> PeerText {
        PeerText::new(self.lines.join("\n"))
    }

    fn keep(&self) -> Request {
        Request::SaveDraft {
            channel: self.channel,
            text: self.text(),
        }
    }
}

/// Begins a message to a channel that belongs somewhere.
pub(super) fn open_in(state: &mut State, channel: ChannelId, thread: Thread) {
    let active = state
        .channel(channel)
        .is_some_and(|channel| channel.state == ChannelState::Active);
    if !active {
        state.say("Nobody can be written to here now: the channel is not active.");
        return;
    }
    state.page = Page::Write(WritePage {
        channel,
        lines: Vec::new(),
        stage: Stage::Loading,
        thread,
    });
    state.ask(Request::Draft { channel }, Question::Draft(channel));
}

/// Takes in the draft that was kept.
pub(super) fn begin(state: &mut State, channel: ChannelId, draft: &Draft) {
    let whom = state
        .channel(channel)
        .map_or_else(String::new, |channel| words::channel(channel, state.now));
    let lines: Vec<String> = draft
        .text
        .expose_untrusted()
        .lines()
        .map(str::to_owned)
        .collect();
    state.say(format!("You write as yourself. {whom}."));
    if !lines.is_empty() {
        state.say("A draft was kept. What you write goes on below it.");
        read_back(state, &draft.text);
    }
    let thread = if let Page::Write(page) = &state.page {
        page.thread.clone()
    } else {
        Thread::default()
    };
    if thread.answers.is_some() {
        state.say("It answers the message of theirs that you chose.");
    }
    if let Some(topic) = &thread.topic {
        state.say(format!("Its topic: {}.", words::name(topic)));
    }
    state.say("Type the text. An empty line or a dot ends it; nothing leaves before you say so.");
    state.page = Page::Write(WritePage {
        channel,
        lines,
        stage: Stage::Typing,
        thread,
    });
}

fn read_back(state: &mut State, text: &PeerText) {
    let mut paper = Paper::new(state.width, &state.zone);
    paper.of("you", &sanitise(text));
    let lines = paper.lines;
    state.say_all(lines);
}

/// Takes a line.
pub(super) fn line(state: &mut State, mut page: WritePage, typed: &Typed) {
    match page.stage {
        Stage::Loading => state.page = Page::Write(page),
        Stage::Typing => {
            type_line(state, &mut page, typed);
            state.page = Page::Write(page);
        }
        Stage::Asking => settle(state, page, typed),
    }
}

fn type_line(state: &mut State, page: &mut WritePage, typed: &Typed) {
    let text = typed.text.expose_untrusted().trim_end();
    if !text.is_empty() && text != "." {
        page.lines.push(text.to_owned());
        state.ask(page.keep(), Question::Quietly);
        return;
    }
    page.stage = Stage::Asking;
    if page.lines.is_empty() {
        state.say("Nothing was written.");
    } else {
        read_back(state, &page.text());
    }
    say_choices(state, page);
}

fn say_choices(state: &mut State, page: &WritePage) {
    let whom = state
        .channel(page.channel)
        .map_or_else(String::new, |channel| words::name(&channel.name));
    state.say(if page.lines.is_empty() {
        "Type one word. more: write; back: leave.".to_owned()
    } else {
        format!(
            "Type one word. send: it goes to {whom}, with 10 seconds to take it back; more: write \
             on below it; drop: forget it; back: leave, the draft is kept."
        )
    });
}

/// Does what a word says of the finished text.
fn settle(state: &mut State, mut page: WritePage, typed: &Typed) {
    match step::word(typed).as_str() {
        "send" if page.lines.is_empty() => {
            state.say("There is no text to send.");
            state.page = Page::Write(page);
        }
        "send" => {
            if let Some(why) = state.too_soon(typed) {
                state.say(why);
            } else {
                let request = Request::Send {
                    channel: page.channel.into(),
                    subject: PeerText::default(),
                    body: page.text(),
                    author: Author::Human,
                    now: false,
                    thread: page.thread.clone(),
                };
                state.ask(request, Question::Send(page.channel));
            }
            state.page = Page::Write(page);
        }
        "more" => {
            if !page.lines.is_empty() {
                // A paragraph of its own: an empty line cannot be typed in the text.
                page.lines.push(String::new());
            }
            page.stage = Stage::Typing;
            state.say("Write on. An empty line or a dot ends it.");
            state.page = Page::Write(page);
        }
        "drop" => {
            page.lines.clear();
            state.ask(page.keep(), Question::Quietly);
            state.say("Forgotten.");
            state.page = Page::Channel(ChannelPage::new(page.channel));
        }
        "back" | "later" => {
            state.say(if page.lines.is_empty() {
                "Left."
            } else {
                "Left; the draft is kept."
            });
            state.page = Page::Channel(ChannelPage::new(page.channel));
        }
        _ => {
            say_choices(state, &page);
            state.page = Page::Write(page);
            step::anywhere(state, typed);
        }
    }
}

/// Takes in what became of a message.
pub(super) fn sent(state: &mut State, channel: ChannelId, answer: Result<Reply, Error>) {
    let Page::Write(page) = &state.page else {
        return;
    };
    let text = page.text();
    let outcome = match answer {
        Ok(Reply::Sent(outcome)) => outcome,
        Ok(_) => return,
        Err(error) => {
            state.say(format!(
                "Not sent: {}. The draft is kept.",
                words::safe(&error.to_string())
            ));
            return;
        }
    };
    let message = match outcome {
        SendOutcome::Relayed { .. } => {
            state.say("Sent.");
            None
        }
        SendOutcome::Queued { message, due, .. } => {
            let at = words::clock(due, &state.zone);
            state.say(format!("It leaves at {at}. Until then u takes it back."));
            Some(message)
        }
        SendOutcome::Held { message, .. } => {
            state.say("It waits: it needs you first. The word is needs.");
            Some(message)
        }
    };
    state.leaving = message.map(|message| Leaving {
        message,
        draft: Some((channel, text)),
    });
    let forget = Request::SaveDraft {
        channel,
        text: PeerText::default(),
    };
    state.ask(forget, Question::Quietly);
    state.page = Page::Channel(ChannelPage::new(channel));
}

/// Takes the message back that was sent or approved last.
pub(super) fn take_back(state: &mut State) {
    match &state.leaving {
        Some(leaving) => {
            let request = Request::TakeBack {
                message: leaving.message,
            };
            state.ask(request, Question::TakeBack);
        }
        None => state.say("There is nothing to take back."),
    }
}

/// Takes in whether it was taken back.
pub(super) fn taken_back(state: &mut State, answer: Result<Reply, Error>) {
    let leaving = state.leaving.take();
    match (answer, leaving.and_then(|leaving| leaving.draft)) {
        (Ok(_), Some((channel, text))) => {
            state.say("Taken back: it was not sent. The text is your draft again.");
            let request = Request::SaveDraft { channel, text };
            state.ask(request, Question::Quietly);
        }
        (Ok(_), None) => state.say("Taken back: it was not sent."),
        (Err(error), _) => {
            state.say(format!(
                "Not taken back: {}.",
                words::safe(&error.to_string())
            ));
        }
    }
}
