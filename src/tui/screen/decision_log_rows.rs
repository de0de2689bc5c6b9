//! The texts and facts of one entry of the decision log, as rows. Texts stand sanitised and
//! right of the gutter, as everywhere else.

use crate::model::{LogEntry, LoggedText, PeerText};
use crate::text::{SafeLine, sanitise};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::widget::diff::Fate;
use crate::tui::widget::paint::{Spans, safe};

use super::decision_log_text::proof;

fn label(model: &Model, text: &str) -> Spans {
    vec![model.theme.span(Role::Dim, format!("  {text:8}"))]
}

/// Returns words beside their label, wrapped.
pub(super) fn fact(model: &Model, name: &str, words: &PeerText, room: usize) -> Vec<Spans> {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    let lines = sanitise(words).wrap(room);
    let rows = lines.iter().zip(names).map(|(line, name)| {
        let mut spans = label(model, name);
        spans.extend(safe(&model.theme, line, Role::Text));
        spans
    });
    rows.collect()
}

/// Returns the texts of an entry behind the gutter.
pub(super) fn text_rows(model: &Model, entry: &LogEntry, room: usize) -> Vec<Spans> {
    let inbound = entry.what.starts_with("message_") || entry.what == "held_in";
    let names = if inbound {
        ["theirs", "given"]
    } else {
        ["draft", "sent"]
    };
    let mut rows = Vec::new();
    for (name, logged) in names.into_iter().zip([&entry.draft, &entry.sent]) {
        let Some(LoggedText { text, digest }) = logged else {
            continue;
        };
        let Some(text) = text else {
            let gone = format!("redacted, digest {}", proof(digest));
            rows.extend(fact(model, name, &PeerText::new(gone), room));
            continue;
        };
        let names = std::iter::once(name).chain(std::iter::repeat(""));
        for (line, name) in sanitise(text).wrap(room).iter().zip(names) {
            let mut spans = label(model, name);
            spans.push(model.theme.span(Role::Gutter, "┆ "));
            spans.extend(safe(&model.theme, line, Role::Text));
            rows.push(spans);
        }
    }
    if !rows.is_empty() {
        rows.push(Vec::new());
    }
    rows
}

/// Returns the lines that only the draft has, and those that only what was sent has.
pub(super) fn difference_rows(
    model: &Model,
    changed: &[(Fate, SafeLine)],
    room: usize,
) -> Vec<Spans> {
    let mut rows = Vec::new();
    for (fate, line) in changed {
        let (name, role) = match fate {
            Fate::Removed => ("draft", Role::Wait),
            Fate::Added | Fate::Kept => ("sent", Role::Accent),
        };
        let names = std::iter::once(name).chain(std::iter::repeat(""));
        for (line, name) in line.wrap(room).iter().zip(names) {
            let mut spans = label(model, name);
            spans.push(model.theme.span(role, fate.sign()));
            spans.push(model.theme.span(Role::Gutter, "┆ "));
            spans.extend(safe(&model.theme, line, Role::Text));
            rows.push(spans);
        }
    }
    if rows.is_empty() {
        rows.push(vec![
            model
                .theme
                .span(Role::Dim, "  Draft and sent text are the same."),
        ]);
    }
    rows.push(Vec::new());
    rows
}
