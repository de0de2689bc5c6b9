//! What works here and what does not, and what can be done about it.

use ratatui::Frame;

use crate::model::{Finding, Level, PeerText, Report};
use crate::text::{ours, sanitise};
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::model::{Model, Screen};
use crate::tui::theme::{Role, Theme};
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, below_head, inset, nth, safe};

/// Columns of the level and the topic, and where there is little room.
const LEFT: (usize, usize) = (25, 10);

/// The screen.
#[derive(Debug, Default)]
pub(in crate::tui) struct DoctorScreen {
    /// `None` while everything is looked at.
    report: Option<Report>,
    scroll: usize,
}

pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    model.enter(Screen::Doctor(DoctorScreen::default()));
    vec![Effect::Examine]
}

/// Tells whether there is a report to copy, or to make anew.
pub(in crate::tui) fn is_ready(model: &Model) -> bool {
    matches!(&model.screen, Screen::Doctor(screen) if screen.report.is_some())
}

pub(in crate::tui) fn take(model: &mut Model, report: Report) {
    for screen in model.screens_mut() {
        if let Screen::Doctor(screen) = screen {
            screen.report = Some(report);
            break;
        }
    }
    model.touch();
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing on this screen"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let height = usize::from(list(model).height);
    let Screen::Doctor(screen) = &mut model.screen else {
        return Vec::new();
    };
    let half = (height / 2).max(1);
    match action {
        Action::Up => screen.scroll = screen.scroll.saturating_sub(1),
        Action::Down => screen.scroll += 1,
        Action::PageUp => screen.scroll = screen.scroll.saturating_sub(half),
        Action::PageDown => screen.scroll += half,
        Action::LookAgain => {
            *screen = DoctorScreen::default();
            return vec![Effect::Examine];
        }
        Action::CopyReport => {
            let text = screen.report.as_ref().map(Report::text);
            return text.map(Effect::Copy).into_iter().collect();
        }
        _ => model.leave(),
    }
    clamp(model);
    Vec::new()
}

fn clamp(model: &mut Model) {
    let height = usize::from(list(model).height);
    let width = usize::from(list(model).width);
    let theme = model.theme.clone();
    if let Screen::Doctor(screen) = &mut model.screen {
        let rows = rows(&theme, screen, width).len();
        screen.scroll = screen.scroll.min(rows.saturating_sub(height));
    }
}

/// Returns where the findings stand.
fn list(model: &Model) -> ratatui::layout::Rect {
    inset(below_head(view::body(model)), 1, 1)
}

pub(in crate::tui) fn draw(model: &Model, screen: &DoctorScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let mut left = vec![paint.own(Role::Title, "DOCTOR")];
    if body.width >= 64 {
        let words = "  no names, keys or channels in it";
        left.push(paint.own(Role::Dim, words));
    }
    let right = screen.report.as_ref().map_or_else(Vec::new, |report| {
        let problems = report.count(Level::Problem);
        let warnings = report.count(Level::Warning);
        let role = role(report.worst());
        vec![paint.own(role, verdict(problems, warnings))]
    });
    paint.head(body, left, right);
    let area = list(model);
    let rows = rows(&model.theme, screen, usize::from(area.width));
    let left = rows.len().saturating_sub(screen.scroll);
    let height = usize::from(area.height);
    for (down, row) in rows
        .into_iter()
        .skip(screen.scroll)
        .take(height)
        .enumerate()
    {
        paint.row(nth(area, down), row);
    }
    if left > height && height > 0 {
        let mark = inset(nth(area, height - 1), area.width.saturating_sub(1), 0);
        paint.row(mark, vec![paint.own(Role::Wait, "▼")]);
    }
}

/// Says in a few words how it stands.
pub(in crate::tui) fn verdict(problems: usize, warnings: usize) -> String {
    let of = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    };
    match (problems, warnings) {
        (0, 0) => "all well".to_owned(),
        (0, warnings) => of(warnings, "warning"),
        (problems, 0) => of(problems, "problem"),
        (problems, warnings) => {
            format!("{}, {}", of(problems, "problem"), of(warnings, "warning"))
        }
    }
}

fn role(level: Level) -> Role {
    match level {
        Level::Ok => Role::Dim,
        Level::Warning => Role::Wait,
        Level::Problem => Role::Stop,
    }
}

fn rows(theme: &Theme, screen: &DoctorScreen, width: usize) -> Vec<Spans> {
    let Some(report) = &screen.report else {
        let words = "Looking at terminal, files, store, log and relays.";
        return vec![vec![theme.span(Role::Dim, words)]];
    };
    let findings = report.findings.iter();
    findings
        .flat_map(|finding| lines(theme, finding, width))
        .collect()
}

/// Returns a finding as rows: level and topic before it, and what can be done below.
fn lines(theme: &Theme, finding: &Finding, width: usize) -> Vec<Spans> {
    let narrow = width < 62;
    let level = finding.level.as_str();
    let mut rows = Vec::new();
    let indent = if narrow { LEFT.1 } else { LEFT.0 };
    let room = width.saturating_sub(indent + 1).max(1);
    let wrapped = |words: &str| sanitise(&PeerText::new(words)).wrap(room);
    let mut head = vec![theme.span(role(finding.level), format!("{level:9}"))];
    let topic = ours(&finding.topic).plain();
    if narrow {
        head.push(theme.span(Role::Text, topic));
        rows.push(std::mem::take(&mut head));
    } else {
        head.push(theme.span(Role::Text, format!("{topic:16}")));
    }
    for line in wrapped(&finding.found) {
        if head.is_empty() {
            head.push(theme.span(Role::Text, " ".repeat(indent)));
        }
        head.extend(safe(theme, &line, Role::Text));
        rows.push(std::mem::take(&mut head));
    }
    for line in wrapped(finding.advice.as_deref().unwrap_or_default()) {
        if finding.advice.is_some() {
            let mut row = vec![theme.span(Role::Text, " ".repeat(indent))];
            row.extend(safe(theme, &line, Role::Dim));
            rows.push(row);
        }
    }
    rows
}
