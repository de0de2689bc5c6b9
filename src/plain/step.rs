//! What happens next: a line, an answer or an event in, what is said and asked out.

use crate::api::{Error, Event, Reply, Request};
use crate::model::{ChannelId, PeerText, UnixMillis};

use super::forms::Form;
use super::state::{Effect, Happened, Page, Question, State, Target, Typed};
use super::{
    channel, code, forms, identities, lists, logbook, rests, review, threads, words, write,
};

/// Words that lead somewhere from everywhere, for help.
const EVERYWHERE: [&str; 14] = [
    "Enter alone says what is new.",
    "needs: what needs you. channels: the list of channels.",
    "digest: what arrived and did not call you. log: what was decided.",
    "catch up: what happened while you were away. snooze 2 8h: put the second off for 8 hours.",
    "search and words: messages, decisions and notes that have them.",
    "invite: a link for somebody. accept: take somebody's link.",
    "identities: who you are on ClawChat, and the links that invite others.",
    "pause all: nothing leaves and nothing reaches your assistant. resume all: go on.",
    "u: take back what was sent or approved within its 10 seconds.",
    "status: how all is.",
    "stop: put off the channels that were not looked at yet. go on: look at them after all.",
    "back: where you came from. quit, or the end of the input: leave.",
    "Letters may be small or capital. A number means what was read out last.",
    "What others wrote begins with theirs on every line; marks in double brackets are this \
     program's.",
];

/// Begins: says what this is and asks for the first list. `banner` is a line of the program's.
pub fn start(state: &mut State, banner: Option<&str>) -> Vec<Effect> {
    if let Some(banner) = banner {
        state.say(banner);
    }
    state.say("chaperon, in lines. help lists the words; Enter alone says what is new.");
    state.list(Page::Main(0));
    state.ask(Request::CatchUp { since: None }, Question::Away);
    state.take_effects()
}

/// Takes in what happened at a time; returns what is to be done, in order.
pub fn step(state: &mut State, at: UnixMillis, happened: Happened) -> Vec<Effect> {
    state.now = at;
    if state.has_left() {
        return Vec::new();
    }
    match happened {
        Happened::Line(typed) if state.is_waiting() => state.keep(typed),
        Happened::Line(typed) => {
            line(state, &typed);
            settle(state);
        }
        Happened::Answer(question, answer) => {
            state.answered();
            take(state, question, *answer);
            settle(state);
        }
        Happened::Prompted => state.prompted(),
        // Nothing is said before the next line: it would come in between a question and its
        // answer, or into the middle of what is being typed.
        Happened::Event(Event::Closing) => {
            state.closing = true;
            state.say("");
            state.say("The engine of this profile was stopped. Start chaperon again to go on.");
            state.leave();
        }
        Happened::Event(_) => state.stale = true,
        Happened::Width(cells) => state.width = cells,
        Happened::End => {
            state.say("");
            farewell(state);
        }
    }
    state.take_effects()
}

/// Returns a line as a word: without space around it, in small letters.
pub(super) fn word(typed: &Typed) -> String {
    typed.text.expose_untrusted().trim().to_ascii_lowercase()
}

fn line(state: &mut State, typed: &Typed) {
    match std::mem::replace(&mut state.page, Page::Main(0)) {
        Page::Review(page) => review::line(state, page, typed),
        Page::Write(page) => write::line(state, page, typed),
        Page::Channel(page) => channel::line(state, page, typed),
        Page::Code(page) => code::line(state, page, typed),
        Page::Form(form) => forms::line(state, form, typed),
        Page::Log(entries) => logbook::line(state, entries, typed),
        page @ (Page::Main(_) | Page::Needs) => {
            state.page = page;
            anywhere(state, typed);
        }
    }
}

/// Takes a line that the page has no use for.
pub(super) fn anywhere(state: &mut State, typed: &Typed) {
    let word = word(typed);
    match word.as_str() {
        "" => {
            state.news_due = true;
            state.reload();
        }
        "needs" | "n" => state.list(Page::Needs),
        "channels" | "main" => state.list(Page::Main(0)),
        "back" | "b" => back(state),
        "more" if matches!(state.page, Page::Main(_)) => lists::read(state),
        "digest" => state.ask(Request::Digest, Question::Digest),
        "catch up" => rests::ask_catch_up(state),
        "log" => logbook::open(state, None),
        "invite" => forms::open(state, Form::Invite),
        "accept" => forms::open(state, Form::Link),
        "pause all" => pause_all(state),
        "pause" if matches!(state.page, Page::Main(_)) => pause_all(state),
        "resume all" => forms::open(state, Form::Resume(None)),
        "resume" if matches!(state.page, Page::Main(_)) => {
            forms::open(state, Form::Resume(None));
        }
        "u" | "undo" => write::take_back(state),
        "status" => state.ask(Request::Status, Question::StatusAloud),
        "stop" => turn_looks(state, false),
        "go on" => turn_looks(state, true),
        "identities" => identities::list(state),
        "help" | "?" => help(state),
        "quit" | "exit" | "q" => farewell(state),
        _ => other(state, typed, &word),
    }
}

fn other(state: &mut State, typed: &Typed, word: &str) {
    if let Ok(number) = word.parse::<usize>() {
        choose(state, number);
        return;
    }
    if let Some(what) = rests::behind(word, "snooze") {
        rests::snooze_number(state, what);
        return;
    }
    // A link keeps its capitals.
    let text = typed.text.expose_untrusted().trim();
    if identities::is_link(text) {
        identities::read(state, text);
        return;
    }
    if let Some((first, link)) = text.split_once(char::is_whitespace) {
        if first.eq_ignore_ascii_case("accept") && identities::is_link(link.trim()) {
            identities::read(state, link.trim());
            return;
        }
        if first.eq_ignore_ascii_case("accept") {
            forms::open(state, Form::Name(link.trim().to_owned()));
            return;
        }
        if first.eq_ignore_ascii_case("search") {
            let request = Request::Search {
                query: PeerText::new(link.trim()),
                offset: 0,
                limit: lists::FOUND,
            };
            state.ask(request, Question::Search);
            return;
        }
    }
    state.say("That is no word here. help lists the words.");
}

/// Does what a number stands for, as it was read out.
fn choose(state: &mut State, number: usize) {
    let target = number
        .checked_sub(1)
        .and_then(|at| state.numbers.get(at))
        .copied();
    match target {
        Some(Target::Needs) => state.list(Page::Needs),
        Some(Target::Channel(id)) => channel::open(state, id),
        Some(Target::Item(id)) => review::open(state, id),
        Some(Target::Entry(at)) => logbook::entry(state, at),
        Some(Target::Topic(channel, number)) => threads::choose(state, channel, number),
        Some(Target::Message(channel, message)) => channel::open_at(state, channel, message),
        Some(Target::Identity(account)) => identities::link(state, account),
        None => state.say("That number was not read out."),
    }
}

fn pause_all(state: &mut State) {
    state.ask(
        Request::Pause { channel: None },
        Question::Pause(true, None),
    );
}

/// Puts off what is left of the first look at the channels, or takes that up again.
fn turn_looks(state: &mut State, goes_on: bool) {
    let look = state.status.as_ref().and_then(|status| status.first_look);
    let can_stop = look.is_some_and(|look| look.progress().is_some());
    let can_go_on = look.is_some_and(|look| look.put_off > 0);
    let (can, request, done, not) = if goes_on {
        let done = "Going on with the channels.";
        (can_go_on, Request::Sync, done, "Nothing was put off.")
    } else {
        let done = "Put off; their relays keep what has come. go on looks at them after all.";
        let not = "Every channel was looked at; there is nothing to stop.";
        (can_stop, Request::StopWork, done, not)
    };
    if can {
        state.say(done);
        state.ask(request, Question::Quietly);
        state.stale = true;
    } else {
        state.say(not);
    }
}

fn back(state: &mut State) {
    match &state.page {
        Page::Review(_) => state.list(Page::Needs),
        Page::Main(_)
        | Page::Needs
        | Page::Channel(_)
        | Page::Write(_)
        | Page::Code(_)
        | Page::Form(_)
        | Page::Log(_) => state.list(Page::Main(0)),
    }
}

fn status(state: &mut State) {
    let new = state.channels.iter().map(|channel| channel.unread).sum();
    let Some(status) = &state.status else {
        return;
    };
    let mut lines = vec![words::status(status, new, &state.zone)];
    for relay in &status.relays {
        let how = relay.problem.as_deref().unwrap_or("answers");
        lines.push(format!(
            "Relay {}: {}.",
            words::safe(&relay.relay),
            words::safe(how)
        ));
    }
    lines.extend(status.listening.iter().map(words::listens));
    if !status.protected {
        lines.push(
            "No passphrase protects this profile: whatever runs as you can decide.".to_owned(),
        );
    }
    state.say_all(lines);
}

fn help(state: &mut State) {
    let here = match &state.page {
        Page::Main(_) => "Here: a number opens it; more reads on.",
        Page::Needs => "Here: a number reads an item out in full.",
        Page::Channel(_) => {
            "Here: write; older; again; code: compare it; pause; resume; mute, or mute 8h; unmute; \
             askback: ask them to accept you; topics; all; answer: the \
             last message of theirs, answer 2: the one before; a number: what was read out."
        }
        Page::Review(_) => {
            "Here: the words that were read out; again: all of it once more; raw: every character; \
             assistant: as your assistant would see it; snooze, snooze 8h, snooze tomorrow or \
             snooze message: put it off. Nothing else decides."
        }
        Page::Write(_) => "Here: send, more, drop, back.",
        Page::Code(_) => "Here: the word of the code if it is the same, differs if not; again.",
        Page::Form(_) => "Here: one line is the answer.",
        Page::Log(_) => "Here: a number reads an entry out; older reads on.",
    };
    state.say(here);
    state.say_all(EVERYWHERE.map(str::to_owned));
}

fn farewell(state: &mut State) {
    let waiting = state.needs.len() as u64;
    if waiting > 0 {
        let waits = if waiting == 1 { "waits" } else { "wait" };
        state.say(format!(
            "{} {waits} for you. Without an answer nothing is sent and nothing is released.",
            words::count(waiting, "thing"),
        ));
    }
    state.say("Left.");
    state.ask(Request::Looked, Question::Quietly);
    state.leave();
}

/// Asks for the next line once everything is answered.
fn settle(state: &mut State) {
    while !state.is_waiting() && !state.has_left() {
        if state.stale && !state.is_writing() {
            state.reload();
            return;
        }
        if std::mem::take(&mut state.list_due) {
            lists::read(state);
            state.told = None;
        }
        // Between the lines of a text nothing is said.
        if !state.is_writing() {
            let any = lists::news(state);
            if std::mem::take(&mut state.news_due) && !any {
                state.say("Nothing new.");
            }
        }
        let words = prompt(state);
        state.prompt(&words);
        let Some(typed) = state.kept() else {
            return;
        };
        line(state, &typed);
    }
}

fn prompt(state: &State) -> String {
    match &state.page {
        Page::Main(_) => "chaperon".to_owned(),
        Page::Needs => "needs you".to_owned(),
        Page::Channel(page) => state.channel(page.id).map_or_else(
            || "channel".to_owned(),
            |channel| words::name(&channel.name),
        ),
        Page::Review(page) => page.prompt(),
        Page::Write(page) => page.prompt().to_owned(),
        Page::Code(page) => code::prompt(page).to_owned(),
        Page::Form(form) => form.prompt().to_owned(),
        Page::Log(_) => "log".to_owned(),
    }
}

/// Takes an answer in.
fn take(state: &mut State, question: Question, answer: Result<Reply, Error>) {
    match question {
        Question::Decide(item, verdict) => review::decided(state, item, verdict, answer),
        Question::Send(channel) => write::sent(state, channel, answer),
        Question::TakeBack => write::taken_back(state, answer),
        Question::Code(channel) => code::show(state, channel, answer),
        Question::Verify(channel) => code::settled(state, channel, true, answer),
        Question::Differs(channel) => code::settled(state, channel, false, answer),
        Question::Pause(pauses, channel) => forms::paused(state, pauses, channel, answer),
        Question::Mute => rests::muted(state, answer),
        Question::Snooze => rests::snoozed(state, answer),
        Question::Away => rests::back(state, answer),
        Question::Invite => forms::invited(state, answer),
        Question::Accept => forms::accepted(state, answer),
        Question::AskBack => channel::asked_back(state, answer),
        Question::Identities(_) | Question::Whom | Question::Link => {
            identities::take(state, &question, answer);
        }
        Question::Status
        | Question::StatusAloud
        | Question::Channels
        | Question::Needs
        | Question::Page { .. }
        | Question::Quietly
        | Question::Review(_)
        | Question::Draft(_)
        | Question::CatchUp
        | Question::Digest
        | Question::Search
        | Question::Topics(_)
        | Question::Log => match answer {
            Ok(reply) => learn(state, question, reply),
            Err(error) => failed(state, question, &error),
        },
    }
}

fn learn(state: &mut State, question: Question, reply: Reply) {
    match (question, reply) {
        (Question::StatusAloud, Reply::Status(found)) => {
            state.status = Some(found);
            status(state);
        }
        (_, Reply::Status(status)) => state.status = Some(status),
        (_, Reply::Channels(channels)) => state.channels = channels,
        (_, Reply::NeedsYou(items)) => state.needs = items,
        (Question::Page { channel, newest }, Reply::Page(page)) => {
            channel::show(state, channel, newest, &page);
        }
        (Question::Topics(channel), Reply::Topics(topics)) => {
            threads::show(state, channel, &topics);
        }
        (_, Reply::Review(review)) => review::show(state, *review),
        (Question::Draft(channel), Reply::Draft(draft)) => write::begin(state, channel, &draft),
        (_, Reply::CatchUp(news)) => rests::catch_up(state, &news),
        (_, Reply::Digest(digest)) => lists::digest(state, &digest),
        (_, Reply::Found(found)) => lists::found(state, &found),
        (_, Reply::Log(entries)) => logbook::show(state, entries),
        // An engine answers in kind; anything else carries nothing to read out.
        (_, _) => {}
    }
}

fn failed(state: &mut State, question: Question, error: &Error) {
    state.say(format!(
        "That did not work: {}.",
        words::safe(&error.to_string())
    ));
    match question {
        Question::Review(_) => state.list(Page::Needs),
        Question::Draft(channel) => leave_write(state, channel),
        Question::Status
        | Question::StatusAloud
        | Question::Channels
        | Question::Needs
        | Question::Page { .. }
        | Question::Quietly
        | Question::Mute
        | Question::Snooze
        | Question::Away
        | Question::CatchUp
        | Question::Digest
        | Question::Search
        | Question::Log
        | Question::Decide(..)
        | Question::Send(_)
        | Question::TakeBack
        | Question::Code(_)
        | Question::Verify(_)
        | Question::Differs(_)
        | Question::Pause(..)
        | Question::Invite
        | Question::Accept
        | Question::Topics(_)
        | Question::Identities(_)
        | Question::Whom
        | Question::Link
        | Question::AskBack => {}
    }
}

fn leave_write(state: &mut State, channel: ChannelId) {
    state.page = Page::Channel(channel::ChannelPage::new(channel));
}
