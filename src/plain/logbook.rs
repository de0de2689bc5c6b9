//! The decision log, read out from its end.

use crate::api::Request;
use crate::model::{Actor, LogEntry, LoggedText};
use crate::text::sanitise;

use super::paper::Paper;
use super::state::{Page, Question, State, Target, Typed};
use super::{step, words};

/// Entries that are read out in one go.
const PORTION: u32 = 20;

/// Asks for the newest entries, or for those before a number.
pub(super) fn open(state: &mut State, before: Option<i64>) {
    let request = Request::Log {
        limit: PORTION,
        before,
    };
    state.ask(request, Question::Log);
}

/// Reads entries out.
pub(super) fn show(state: &mut State, entries: Vec<LogEntry>) {
    state.numbers.clear();
    if entries.is_empty() {
        state.say("The log has no more entries.");
    }
    let mut lines = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        state.numbers.push(Target::Entry(at));
        lines.push(format!(
            "{}  {}.",
            state.numbers.len(),
            line_of(state, entry)
        ));
    }
    state.say_all(lines);
    if !entries.is_empty() {
        state.say("A number reads one out in full; older reads on; back leaves.");
    }
    state.page = Page::Log(entries);
}

fn line_of(state: &State, entry: &LogEntry) -> String {
    let who = match entry.actor {
        Actor::Human => "you",
        Actor::Assistant => "your assistant",
        Actor::Rule => "a rule",
    };
    let what = words::safe(&entry.what).replace('_', " ");
    let mut line = format!("{}, {who}: {what}", words::when(entry.at, &state.zone));
    if let Some(channel) = entry.channel.and_then(|id| state.channel(id)) {
        line.push_str(", ");
        line.push_str(&words::name(&channel.name));
    }
    if !entry.detail.is_empty() {
        line.push_str(", ");
        line.push_str(&words::safe(&entry.detail));
    }
    line
}

/// Reads one entry out in full.
pub(super) fn entry(state: &mut State, at: usize) {
    let Page::Log(entries) = &state.page else {
        return;
    };
    let Some(entry) = entries.get(at).cloned() else {
        return;
    };
    let head = format!("Entry {}. {}.", entry.number, line_of(state, &entry));
    state.say(head);
    let mut paper = Paper::new(state.width, &state.zone);
    let evidence = &entry.evidence;
    let facts = [("rule", &evidence.rule), ("policy", &evidence.policy)];
    for (label, fact) in facts {
        if let Some(fact) = fact {
            paper.lines.push(format!("{label}: {}", words::safe(fact)));
        }
    }
    if let Some(reason) = &evidence.reason {
        paper.of("reason", &sanitise(reason));
    }
    for (label, logged) in [("judged text", &entry.draft), ("went on", &entry.sent)] {
        match logged {
            Some(LoggedText {
                text: Some(text), ..
            }) => paper.of(label, &sanitise(text)),
            Some(LoggedText { text: None, .. }) => {
                paper.lines.push(format!("{label}: taken out of the log"));
            }
            None => {}
        }
    }
    let lines = paper.lines;
    state.say_all(lines);
}

/// Takes a line.
pub(super) fn line(state: &mut State, entries: Vec<LogEntry>, typed: &Typed) {
    let last = entries.last().map(|entry| entry.number);
    state.page = Page::Log(entries);
    match step::word(typed).as_str() {
        "older" | "more" => open(state, last),
        _ => step::anywhere(state, typed),
    }
}
