//! The help: the keys of the screen it was opened from, out of the one table of keys.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::model::PeerText;
use crate::text::sanitise;
use crate::tui::filter::List;
use crate::tui::keymap::{Action, Line, Scope};
use crate::tui::model::{Model, Screen};
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, inset, nth, safe};

/// The help for one scope.
#[derive(Debug)]
pub(in crate::tui) struct HelpScreen {
    scope: Scope,
    scroll: usize,
    /// Words in small letters that a line has to hold.
    wanted: Vec<String>,
}

/// Columns of the keys, and where there is little room.
const KEYS: (usize, usize) = (18, 13);

pub(in crate::tui) fn open(model: &mut Model, scope: Scope) {
    model.filters.clear(List::Help);
    model.enter(Screen::Help(HelpScreen {
        scope,
        scroll: 0,
        wanted: Vec::new(),
    }));
}

/// Shows only the lines that hold all these words.
pub(in crate::tui) fn filter(model: &mut Model, wanted: Vec<String>) {
    if let Screen::Help(screen) = &mut model.screen {
        screen.wanted = wanted;
        screen.scroll = 0;
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in the help"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) {
    model.touch();
    let body = view::body(model);
    let height = usize::from(body.height);
    let Screen::Help(screen) = &model.screen else {
        return;
    };
    let rows = rows(model, screen, body);
    let most = (rows.len() + usize::from(height >= 14)).saturating_sub(height);
    let half = (height / 2).max(1);
    let at = screen.scroll;
    let to = match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => at + 1,
        Action::PageUp => at.saturating_sub(half),
        Action::PageDown => at + half,
        Action::Top => 0,
        Action::Bottom => most,
        _ => {
            model.leave();
            return;
        }
    };
    if let Screen::Help(screen) = &mut model.screen {
        screen.scroll = to.min(most);
    }
}

enum HelpLine<'a> {
    Heading(&'static str),
    Key(&'a Line),
    Sign(&'static str, &'static str),
    Blank,
}

/// Returns every line, those without a key left out.
fn lines(model: &Model, scope: Scope) -> Vec<HelpLine<'_>> {
    let mut lines = vec![HelpLine::Heading(scope.label())];
    let has_key = |line: &&Line| !line.keys.is_empty();
    let of = |scope: Scope| model.keys.of(scope).filter(has_key);
    let (own, shared): (Vec<_>, Vec<_>) = of(scope).partition(|line| line.binding.scope == scope);
    lines.extend(own.into_iter().map(HelpLine::Key));
    if scope == Scope::Main {
        lines.push(HelpLine::Blank);
        lines.push(HelpLine::Heading(Scope::Leader.label()));
        lines.extend(of(Scope::Leader).map(HelpLine::Key));
    }
    if !shared.is_empty() {
        lines.push(HelpLine::Blank);
        lines.push(HelpLine::Heading(Scope::Anywhere.label()));
        lines.extend(shared.into_iter().map(HelpLine::Key));
    }
    lines.push(HelpLine::Blank);
    lines.push(HelpLine::Heading("Mouse"));
    lines.extend(
        MOUSE
            .iter()
            .map(|(hand, words)| HelpLine::Sign(hand, words)),
    );
    lines.push(HelpLine::Blank);
    lines.push(HelpLine::Heading("Signs"));
    let sign = |(sign, words): &(&'static str, &'static str)| HelpLine::Sign(sign, words);
    if scope == Scope::Engagement {
        lines.extend(ENGAGEMENT_SIGNS.iter().map(sign));
    }
    lines.extend(SIGNS.iter().map(sign));
    lines
}

const MOUSE: &[(&str, &str)] = &[
    ("wheel", "scrolls the pane it is over"),
    (
        "click",
        "selects; it never decides, opens or sends. Held with Shift, the terminal selects text",
    ),
];

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
        "muted: you are told nothing of this channel, and <main.next_need> passes it over",
    ),
    (
        "!!",
        "read this one with care; approving it takes a second key",
    ),
];

/// Returns the keys of a line as they are written.
fn keys(line: &Line) -> String {
    let labels: Vec<_> = line.keys.iter().map(|key| key.label()).collect();
    labels.join(" ")
}

/// Tells whether a line holds all these words; headings go, and gaps with them.
fn holds(line: &HelpLine<'_>, wanted: &[String]) -> bool {
    let text = match line {
        HelpLine::Heading(_) | HelpLine::Blank => return wanted.is_empty(),
        HelpLine::Key(line) => format!("{} {}", keys(line), line.binding.help),
        HelpLine::Sign(sign, words) => format!("{sign} {words}"),
    };
    let text = text.to_lowercase();
    wanted.iter().all(|word| text.contains(word.as_str()))
}

pub(in crate::tui) fn draw(model: &Model, screen: &HelpScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let area = inset(body, 2, 1);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let top = usize::from(body.height >= 14);
    let rows = rows(model, screen, body);
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
fn rows(model: &Model, screen: &HelpScreen, body: Rect) -> Vec<Spans> {
    let theme = &model.theme;
    let room = usize::from(body.width).saturating_sub(6);
    let column = if room < 60 { KEYS.1 } else { KEYS.0 };
    let mut rows = Vec::new();
    let lines = lines(model, screen.scope).into_iter();
    for line in lines.filter(|line| holds(line, &screen.wanted)) {
        let (label, words) = match line {
            HelpLine::Heading(name) => {
                rows.push(vec![theme.span(Role::Heading, name)]);
                continue;
            }
            HelpLine::Blank => {
                rows.push(Vec::new());
                continue;
            }
            HelpLine::Key(line) => (format!("{:column$}", keys(line)), line.binding.help),
            HelpLine::Sign(sign, words) => (format!("{sign:6}"), words),
        };
        let indent = label.chars().count();
        let words = model.keys.fill(words);
        let words = sanitise(&PeerText::new(words)).wrap(room.saturating_sub(indent));
        let empty = std::iter::repeat(" ".repeat(indent));
        for (line, label) in words.iter().zip(std::iter::once(label).chain(empty)) {
            let mut spans = vec![theme.span(Role::Accent, label)];
            spans.extend(safe(theme, line, Role::Text));
            rows.push(spans);
        }
    }
    if rows.is_empty() {
        rows.push(vec![
            theme.span(
                Role::Dim,
                model
                    .keys
                    .fill("No line holds that; <help.back> shows all."),
            ),
        ]);
    }
    rows
}
