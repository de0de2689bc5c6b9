//! The help: the keys of the screen it was opened from, out of the one table of keys.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::model::PeerText;
use crate::text::sanitise;
use crate::tui::keymap::{self, Action, Binding, Scope};
use crate::tui::model::{Model, Screen};
use crate::tui::theme::{Role, Theme};
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, inset, nth, safe};

/// The help for one scope.
#[derive(Debug)]
pub(in crate::tui) struct HelpScreen {
    scope: Scope,
    scroll: usize,
}

/// Columns of the keys, and where there is little room.
const KEYS: (usize, usize) = (18, 13);

pub(in crate::tui) fn open(model: &mut Model, scope: Scope) {
    model.enter(Screen::Help(HelpScreen { scope, scroll: 0 }));
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in the help"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) {
    model.touch();
    let body = view::body(model);
    let height = usize::from(body.height);
    let Screen::Help(screen) = &mut model.screen else {
        return;
    };
    let rows = rows(&model.theme, screen.scope, body);
    let most = (rows.len() + usize::from(height >= 14)).saturating_sub(height);
    let half = (height / 2).max(1);
    let to = match action {
        Action::Up => screen.scroll.saturating_sub(1),
        Action::Down => screen.scroll + 1,
        Action::PageUp => screen.scroll.saturating_sub(half),
        Action::PageDown => screen.scroll + half,
        _ => {
            model.leave();
            return;
        }
    };
    screen.scroll = to.min(most);
}

enum HelpLine {
    Heading(&'static str),
    Key(&'static Binding),
    Sign(&'static str, &'static str),
    Blank,
}

fn lines(scope: Scope) -> Vec<HelpLine> {
    let mut lines = vec![HelpLine::Heading(scope.label())];
    let (own, shared): (Vec<_>, Vec<_>) =
        keymap::of(scope).partition(|binding| binding.scope == scope);
    lines.extend(own.into_iter().map(HelpLine::Key));
    if scope == Scope::Main {
        lines.push(HelpLine::Blank);
        lines.push(HelpLine::Heading(Scope::Leader.label()));
        lines.extend(keymap::of(Scope::Leader).map(HelpLine::Key));
    }
    if !shared.is_empty() {
        lines.push(HelpLine::Blank);
        lines.push(HelpLine::Heading(Scope::Anywhere.label()));
        lines.extend(shared.into_iter().map(HelpLine::Key));
    }
    lines.push(HelpLine::Blank);
    lines.push(HelpLine::Heading("Signs"));
    let sign = |(sign, words): &(&'static str, &'static str)| HelpLine::Sign(sign, words);
    if scope == Scope::Engagement {
        lines.extend(ENGAGEMENT_SIGNS.iter().map(sign));
    }
    lines.extend(SIGNS.iter().map(sign));
    lines
}

const ENGAGEMENT_SIGNS: &[(&str, &str)] = &[
    ("E", "enforced by this app, whatever the assistant does"),
    ("A", "advice in the assistant's text; not a guarantee"),
];

const SIGNS: &[(&str, &str)] = &[
    (
        "▸",
        "stands before the title of the pane that has the keys, and before what is selected",
    ),
    (
        "┆",
        "what stands right of this line was written by the other side",
    ),
    (
        "⟦ ⟧",
        "in place of a character that would have been invisible or dangerous",
    ),
    ("✓", "the safety code was compared and is the same"),
    ("~", "accepted: their key is pinned, nobody has compared it"),
    ("✗", "stopped: its review says why"),
    (
        "○",
        "pending: nobody has answered, or somebody waits to be accepted",
    ),
    (
        "▲",
        "held: a message from your assistant, or a draft from them",
    ),
    ("⚑", "how many signals were found in it"),
    ("⟪1 ⟫", "around what signal 1 was found in"),
    (
        "mut",
        "muted: you are told nothing of this channel, and n passes it over",
    ),
    (
        "!!",
        "read this one with care; approving it takes a second key",
    ),
];

/// Returns the keys of a line as they are written.
fn keys(binding: &Binding) -> String {
    let labels: Vec<_> = binding.keys.iter().map(|key| key.label()).collect();
    labels.join(" ")
}

pub(in crate::tui) fn draw(model: &Model, screen: &HelpScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let area = inset(body, 2, 1);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let top = usize::from(body.height >= 14);
    let rows = rows(&model.theme, screen.scope, body);
    let left = rows.len().saturating_sub(screen.scroll);
    let shown = usize::from(area.height) - top;
    for (down, spans) in rows.into_iter().skip(screen.scroll).enumerate() {
        paint.row(nth(area, down + top), spans);
    }
    if left > shown {
        let below = vec![paint.own(Role::Wait, "▼")];
        paint.pair(nth(area, shown + top - 1), Vec::new(), below);
    }
}

/// Returns the help as rows, wrapped beside the keys and never cut.
fn rows(theme: &Theme, scope: Scope, body: Rect) -> Vec<Spans> {
    let room = usize::from(body.width).saturating_sub(6);
    let column = if room < 60 { KEYS.1 } else { KEYS.0 };
    let mut rows = Vec::new();
    for line in lines(scope) {
        let (label, words) = match line {
            HelpLine::Heading(name) => {
                rows.push(vec![theme.span(Role::Heading, name)]);
                continue;
            }
            HelpLine::Blank => {
                rows.push(Vec::new());
                continue;
            }
            HelpLine::Key(binding) => (format!("{:column$}", keys(binding)), binding.help),
            HelpLine::Sign(sign, words) => (format!("{sign:5}"), words),
        };
        let indent = label.chars().count();
        let words = sanitise(&PeerText::new(words)).wrap(room.saturating_sub(indent));
        let empty = std::iter::repeat(" ".repeat(indent));
        for (line, label) in words.iter().zip(std::iter::once(label).chain(empty)) {
            let mut spans = vec![theme.span(Role::Accent, label)];
            spans.extend(safe(theme, line, Role::Text));
            rows.push(spans);
        }
    }
    rows
}
