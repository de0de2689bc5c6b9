//! What stands around a hit of a search, as rows: messages, an entry of the log, or a note.

use crate::api::HitKind;
use crate::model::{Author, Content, LogEntry, Message, Part, PeerText, Severity, Signal};
use crate::text::search::sanitise_found;
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::widget::paint::{Spans, clock, stamp};

use super::decision_log_text::{grouped, who, words};
use super::search::Context;
use super::search_view::found;

/// Returns the rows below the title of the context.
pub(super) fn context_rows(model: &Model, columns: u16) -> Vec<Spans> {
    let room = room(columns);
    match model.search.around() {
        None => Vec::new(),
        Some(Context::Missing) => {
            vec![vec![
                model.theme.span(Role::Dim, " It is not there any more."),
            ]]
        }
        Some(Context::Messages(page)) => {
            let rows = page.messages.iter();
            rows.flat_map(|message| message_rows(model, message, room))
                .collect()
        }
        Some(Context::Note(text)) => text_rows(model, text, " ", room),
        Some(Context::Entry(entry)) => entry_rows(model, entry, room),
    }
}

/// Returns where among the rows the hit begins and ends.
pub(super) fn hit_rows(model: &Model, columns: u16) -> (usize, usize) {
    let search = &model.search;
    let (Some(Context::Messages(page)), Some(hit)) = (search.around(), search.selected()) else {
        return (0, 0);
    };
    let room = room(columns);
    let mut start = 0;
    for message in &page.messages {
        let rows = message_rows(model, message, room).len();
        if hit.what
            == (HitKind::Message {
                message: message.id,
            })
        {
            return (start, start + rows);
        }
        start += rows;
    }
    (0, 0)
}

fn room(columns: u16) -> usize {
    usize::from(columns).saturating_sub(12).max(8)
}

fn message_rows(model: &Model, message: &Message, room: usize) -> Vec<Spans> {
    let theme = &model.theme;
    let finder = &model.search.matcher;
    let theirs = message.author == Author::Peer;
    let gutter = if theirs { "┆" } else { "→" };
    let who = match message.author {
        Author::Peer => "theirs",
        Author::Human => "you",
        Author::Assistant => "yours",
    };
    let mut head = vec![
        theme.span(Role::Dim, format!(" {} ", clock(message.at, &model.zone))),
        theme.span(if theirs { Role::Gutter } else { Role::Dim }, gutter),
        theme.span(Role::Dim, format!(" {who}")),
    ];
    let weighty = |signal: &&Signal| signal.severity > Severity::Note;
    let count = message.signals.iter().filter(weighty).count();
    let body = match &message.content {
        Content::Raw { reason, .. } => {
            head.push(theme.span(Role::Dim, format!("   {}", reason.sentence())));
            return vec![head];
        }
        Content::Text(body) => body,
    };
    if !body.subject.is_empty() {
        let matches = finder.find(&body.subject);
        let subject = sanitise_found(&body.subject, &[], &matches);
        head.push(theme.span(Role::Dim, "   subject: "));
        head.extend(
            subject
                .lines()
                .first()
                .map_or_else(Vec::new, |line| found(model, line, Role::Text)),
        );
    }
    if count > 0 {
        head.push(theme.span(Role::Wait, format!("   ⚑ {count}")));
    }
    let mut rows = vec![head];
    let matches = finder.find(&body.body);
    let signals = body.signals_in(&message.signals, Part::Body);
    let text = sanitise_found(&body.body, &signals, &matches);
    let role = if theirs { Role::Text } else { Role::Own };
    for line in text.wrap(room) {
        let mut spans = vec![
            theme.span(Role::Text, "       "),
            theme.span(Role::Gutter, if theirs { "┆ " } else { "  " }),
        ];
        spans.extend(found(model, &line, role));
        rows.push(spans);
    }
    rows
}

/// Returns a text with what was found in it, every row behind some words.
fn text_rows(model: &Model, text: &PeerText, before: &'static str, room: usize) -> Vec<Spans> {
    let matches = model.search.matcher.find(text);
    let safe = sanitise_found(text, &[], &matches);
    let lines = safe.wrap(room);
    let rows = lines.iter().map(|line| {
        let mut spans = vec![model.theme.span(Role::Gutter, before)];
        spans.extend(found(model, line, Role::Own));
        spans
    });
    rows.collect()
}

fn entry_rows(model: &Model, entry: &LogEntry, room: usize) -> Vec<Spans> {
    let theme = &model.theme;
    let at = stamp(entry.at, &model.zone, "%H:%M:%S");
    let number = grouped(entry.number.unsigned_abs());
    let head = format!(
        " {at}  {} · {} · entry {number}",
        who(entry),
        words(&entry.what)
    );
    let mut rows = vec![vec![theme.span(Role::Text, head)]];
    if !entry.detail.is_empty() {
        rows.extend(text_rows(
            model,
            &PeerText::new(entry.detail.as_str()),
            "   ",
            room,
        ));
    }
    let evidence = &entry.evidence;
    if let Some(rule) = &evidence.rule {
        let rule = PeerText::new(format!("rule {rule}"));
        rows.extend(text_rows(model, &rule, "   ", room));
    }
    if let Some(reason) = &evidence.reason {
        rows.extend(text_rows(model, reason, "   ", room));
    }
    for logged in [&entry.draft, &entry.sent].into_iter().flatten() {
        if let Some(text) = &logged.text {
            rows.extend(text_rows(model, text, " ┆ ", room));
        }
    }
    rows
}
