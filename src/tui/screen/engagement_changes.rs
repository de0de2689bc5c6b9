//! What a proposal would change in a channel, as rows.
//!
//! Texts of messages stand right of the gutter `┆` and nowhere else. Must not: decide anything.

use crate::api::{Engagement, EngagementChange, Replay};
use crate::model::PeerText;
use crate::text::{ours, sanitise, sanitise_line};
use crate::tui::keymap::{Action, Keys, Scope};
use crate::tui::model::Model;
use crate::tui::theme::{Role, Theme};
use crate::tui::widget::diff::{self, Fate};
use crate::tui::widget::paint::{Spans, day, safe};

use super::engagement::EngagementScreen;
use super::engagement_view::is_wide;

/// First lines of the text that are shown beside the rows.
const TEXT_LINES: usize = 5;
/// Lines of a difference that are drawn at most.
const DIFF_LINES: usize = 2000;

/// Returns what the proposal would change, as rows of a width.
pub(super) fn changes(model: &Model, screen: &EngagementScreen, room: usize) -> Vec<Spans> {
    let Some(shown) = &screen.shown else {
        return Vec::new();
    };
    let theme = &model.theme;
    if !is_wide(model) && !screen.diff {
        return summary(model, shown, room);
    }
    let key = model.keys.label(Scope::Engagement, Action::TextDiff);
    let what = if screen.diff {
        "back"
    } else {
        "text line by line"
    };
    let mut rows = vec![heading(theme, "WHAT CHANGES", (&key, what))];
    what_changes(theme, shown, room, &mut rows);
    if screen.diff {
        rows.push(Vec::new());
        rows.push(vec![theme.span(Role::Heading, "THE TEXT, LINE BY LINE")]);
        text_diff(theme, shown, room, &mut rows);
    }
    rows.push(Vec::new());
    replayed(theme, &shown.replay, room, &mut rows);
    rows.push(Vec::new());
    if !shown.replay.examples.is_empty() {
        examples(model, shown, room, &mut rows);
        rows.push(Vec::new());
    }
    rows.push(vec![theme.span(Role::Heading, "WIDENING")]);
    let (words, role) = widening(model, shown);
    rows.extend(wrapped(theme, (&words, role), 1, room));
    if !screen.diff {
        rows.push(Vec::new());
        let key = model.keys.label(Scope::Engagement, Action::Editor);
        let words = "INSTRUCTIONS GIVEN TO THE ASSISTANT";
        rows.push(heading(theme, words, (&key, "$EDITOR")));
        instructions(theme, shown, room, &mut rows);
    }
    rows
}

/// Returns the rows below the list of a narrower window: its first one says most.
fn summary(model: &Model, shown: &Engagement, room: usize) -> Vec<Spans> {
    let theme = &model.theme;
    let Replay {
        messages,
        days,
        alone,
        waits,
        held_in,
        ..
    } = &shown.replay;
    if room < 62 {
        let unit = if *days == 1 { "day" } else { "days" };
        let words = format!(
            "{days} {unit}: alone {} (was {}) waits {}",
            alone.0, alone.1, waits.0
        );
        return vec![vec![theme.span(Role::Text, words)]];
    }
    let words = format!(
        "alone {} (was {})   waits {} (was {})   held in {} (was {})",
        alone.0, alone.1, waits.0, waits.1, held_in.0, held_in.1
    );
    let mut rows = vec![vec![
        theme.span(
            Role::Heading,
            format!("LAST {} ({messages})   ", capital_days(*days)),
        ),
        theme.span(Role::Text, words),
    ]];
    let (words, role) = widening(model, shown);
    rows.extend(wrapped(theme, (&words, role), 0, room));
    what_changes(theme, shown, room, &mut rows);
    examples(model, shown, room, &mut rows);
    rows
}

/// Returns a number of days for a heading.
fn capital_days(days: u32) -> String {
    if days == 1 {
        "DAY".to_owned()
    } else {
        format!("{days} DAYS")
    }
}

fn heading(theme: &Theme, words: &'static str, (key, rest): (&str, &str)) -> Spans {
    vec![
        theme.span(Role::Heading, words),
        theme.span(Role::Accent, format!("   {key}")),
        theme.span(Role::Dim, format!(" {rest}")),
    ]
}

/// Returns words of ours on as many rows as they need, `indent` cells from the left.
fn wrapped(theme: &Theme, (words, role): (&str, Role), indent: usize, room: usize) -> Vec<Spans> {
    let lines = sanitise(&PeerText::new(words)).wrap(room.saturating_sub(indent).max(1));
    lines
        .iter()
        .map(|line| {
            let mut spans = vec![theme.span(Role::Text, " ".repeat(indent))];
            spans.extend(safe(theme, line, role));
            spans
        })
        .collect()
}

fn what_changes(theme: &Theme, shown: &Engagement, room: usize, rows: &mut Vec<Spans>) {
    if shown.changes.is_empty() {
        let words = if shown.text == shown.channel.instructions {
            "nothing yet"
        } else {
            "the text for the assistant only"
        };
        rows.push(vec![theme.span(Role::Dim, format!(" {words}"))]);
    }
    for change in &shown.changes {
        let from = format!("- {}: {}", change.label, change.from);
        rows.extend(wrapped(theme, (&from, Role::Dim), 1, room));
        let (wider, role) = if change.wider {
            ("  (wider)", Role::Wait)
        } else {
            ("", Role::Text)
        };
        let to = format!("+ {}: {}{wider}", change.label, change.to);
        rows.extend(wrapped(theme, (&to, role), 1, room));
    }
}

fn replayed(theme: &Theme, replay: &Replay, room: usize, rows: &mut Vec<Spans>) {
    if replay.messages == 0 {
        let words = "There are no messages yet to replay it on.";
        rows.extend(wrapped(theme, (words, Role::Dim), 0, room));
        return;
    }
    let (days, messages) = (replay.days, replay.messages);
    rows.push(vec![
        theme.span(Role::Heading, format!("ON THE LAST {}", capital_days(days))),
        theme.span(Role::Dim, format!(" ({messages} messages, replayed here)")),
    ]);
    let counts = [
        ("would have gone alone     ", replay.alone),
        ("would have waited for you ", replay.waits),
        ("would have been held in   ", replay.held_in),
    ];
    for (label, (would, was)) in counts {
        rows.push(vec![
            theme.span(Role::Dim, format!(" {label}")),
            theme.span(Role::Text, format!("{would:>4}")),
            theme.span(Role::Dim, format!("   (was {was})")),
        ]);
    }
}

fn examples(model: &Model, shown: &Engagement, room: usize, rows: &mut Vec<Spans>) {
    let theme = &model.theme;
    if shown.replay.examples.is_empty() {
        return;
    }
    rows.push(vec![theme.span(Role::Heading, "EXAMPLES")]);
    for example in &shown.replay.examples {
        let at = day(example.at, &model.zone);
        let mut head = vec![theme.span(Role::Dim, format!(" {at:<11} "))];
        let verdict = ours(&example.verdict);
        head.extend(safe(
            theme,
            &verdict.truncated(room.saturating_sub(12)),
            Role::Text,
        ));
        rows.push(head);
        let text = sanitise_line(&example.unsafe_text, room.saturating_sub(3));
        let mut spans = vec![theme.span(Role::Gutter, " ┆ ")];
        spans.extend(safe(theme, &text, Role::Text));
        rows.push(spans);
    }
}

/// Says whether the proposal widens, and what that needs.
fn widening(model: &Model, shown: &Engagement) -> (String, Role) {
    let mut words = match (&shown.blocked, shown.channel.verified) {
        (Some(blocked), _) => (
            format!("Cannot be saved: {blocked}. The safety code is not compared yet."),
            Role::Stop,
        ),
        (None, _) if !shown.widens => ("Nothing gets wider.".to_owned(), Role::Dim),
        (None, verified) => {
            let (would, was) = shown.replay.alone;
            let more = would.saturating_sub(was);
            let code = verified.map_or_else(String::new, |at| {
                format!(" Code compared: ✓ {}.", day(at, &model.zone))
            });
            (
                format!(
                    "WIDENS what happens without you; {more} more would have left alone.{code}"
                ),
                Role::Wait,
            )
        }
    };
    if let Some(instead) = &shown.in_force {
        words.0 = format!("{} In force now: {instead}.", words.0);
    }
    words
}

fn text_diff(theme: &Theme, shown: &Engagement, room: usize, rows: &mut Vec<Spans>) {
    let found = diff::lines(&shown.channel.instructions, &shown.text);
    let count = found.len();
    for (fate, line) in found.into_iter().take(DIFF_LINES) {
        let role = match fate {
            Fate::Kept => Role::Dim,
            Fate::Removed => Role::Stop,
            Fate::Added => Role::Own,
        };
        let mut sign = fate.sign();
        let wrapped = sanitise(&PeerText::new(line)).wrap(room.saturating_sub(3).max(1));
        for part in &wrapped {
            let mut spans = vec![theme.span(role, format!(" {sign}"))];
            spans.extend(safe(theme, part, role));
            rows.push(spans);
            sign = "  ";
        }
        if wrapped.is_empty() {
            rows.push(vec![theme.span(role, format!(" {sign}"))]);
        }
    }
    more(theme, count.saturating_sub(DIFF_LINES), rows);
}

fn instructions(theme: &Theme, shown: &Engagement, room: usize, rows: &mut Vec<Spans>) {
    let lines = sanitise(&PeerText::new(shown.text.as_str())).wrap(room.saturating_sub(1).max(1));
    for line in lines.iter().take(TEXT_LINES) {
        let mut spans = vec![theme.span(Role::Text, " ")];
        spans.extend(safe(theme, line, Role::Text));
        rows.push(spans);
    }
    more(theme, lines.len().saturating_sub(TEXT_LINES), rows);
    rows.push(vec![
        theme.span(Role::Dim, "Local only: never sent over the wire."),
    ]);
}

fn more(theme: &Theme, count: usize, rows: &mut Vec<Spans>) {
    if count > 0 {
        rows.push(vec![theme.span(Role::Dim, format!(" [+{count} lines]"))]);
    }
}

/// Says why a proposal cannot be saved, and what would help.
pub(super) fn blocked_words(keys: &Keys, blocked: &str) -> String {
    let back = keys.label(Scope::Engagement, Action::Back);
    let code = keys.label(Scope::Main, Action::CompareCode);
    format!("Not saved: {blocked}. Compare the safety code first: {back}, then {code}.")
}

/// Says what follows once a widening is in force.
pub(super) fn widening_words(changes: &[EngagementChange], alone: (u32, u32)) -> String {
    let wider = changes.iter().filter(|change| change.wider);
    let wider: Vec<_> = wider
        .map(|change| format!("{} from {} to {}", change.label, change.from, change.to))
        .collect();
    let (would, was) = alone;
    format!(
        "Wider: more may happen without you: {}. Of the messages replayed {would} would have \
         left alone (was {was}).",
        wider.join("; ")
    )
}
