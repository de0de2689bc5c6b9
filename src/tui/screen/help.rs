//! The help: the keys of the screen it was opened from, out of the one table of keys.

use ratatui::Frame;

use crate::tui::keymap::{self, Action, Binding, Scope};
use crate::tui::model::{Model, Screen};
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, inset, nth};

/// The help for one scope.
#[derive(Debug)]
pub(in crate::tui) struct HelpScreen {
    scope: Scope,
    scroll: usize,
}

/// Columns of the keys.
const KEYS: usize = 18;

pub(in crate::tui) fn open(model: &mut Model, scope: Scope) {
    model.enter(Screen::Help(HelpScreen { scope, scroll: 0 }));
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in the help"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) {
    model.touch();
    let height = usize::from(view::body(model).height);
    let Screen::Help(screen) = &mut model.screen else {
        return;
    };
    let most = (lines(screen.scope).len() + 2).saturating_sub(height);
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
    Words(&'static str),
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
    lines.extend(SIGNS.iter().copied().map(HelpLine::Words));
    lines
}

const SIGNS: &[&str] = &[
    "┆   what stands right of this line was written by the other side",
    "⟦⟧  put in place of a character that would have been invisible or dangerous",
    "~   accepted: their key is pinned, nobody has compared it",
    "✗   stopped: its review says why      ○   pending      ▲   held back from your assistant",
    "!!  read this one with care; approving it takes a second key",
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
    let lines = lines(screen.scope);
    for (down, line) in lines.iter().skip(screen.scroll).enumerate() {
        let down = down + usize::from(body.height >= 14);
        let spans: Spans = match line {
            HelpLine::Heading(name) => vec![paint.own(Role::Heading, *name)],
            HelpLine::Key(binding) => vec![
                paint.own(Role::Accent, format!("{:KEYS$}", keys(binding))),
                paint.own(Role::Text, binding.help),
            ],
            HelpLine::Words(words) => vec![paint.own(Role::Text, *words)],
            HelpLine::Blank => Vec::new(),
        };
        let room = usize::from(area.width);
        let spans = paint.cut(spans, room);
        paint.row(nth(area, down), spans);
    }
}
