//! Draws the review: why and what, what was found, what was said before, and the decision.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::api::Review;
use crate::model::{Channel, ChannelState, ReviewKind, StopReason};
use crate::text::{ours, sanitise_line};
use crate::tui::keymap::{Action, Keys, Scope};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, clock, day, day_number, inset, nth, safe};

use super::rail::preset_short;
use super::review::{Look, ReviewScreen};
use super::review_paper::PaperRow;
use super::review_reading::{Desk, Each, Pane, is_marked};
use super::review_verdict::{is_grave, is_message};
use super::{review_aside, review_decision, review_words};

/// Columns of the pane beside the text.
const SIDE: u16 = 44;
/// Messages from before that are shown at once.
const SHOWN: usize = 3;

/// How the parts lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The text and what was said before at the left, what was found and what follows at the
    /// right.
    Columns,
    /// All of it in one column.
    Stacked,
    /// The same in a window that has room for few words.
    Narrow,
}

impl Shape {
    const fn of(body: Rect) -> Self {
        match (body.width, body.height) {
            (110.., 20..) => Self::Columns,
            (64.., _) => Self::Stacked,
            _ => Self::Narrow,
        }
    }
}

/// Where the parts are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    shape: Shape,
    left: Rect,
    title: Rect,
    /// The line that says how the text is shown; empty where the title says it.
    look: Rect,
    /// The rule and the heading over what was said before.
    before: Rect,
    decision: Rect,
    side: Rect,
    pub(super) panes: Each<Rect>,
}

/// Returns the places; the same for drawing and for knowing what was on the screen.
pub(super) fn layout(model: &Model, screen: &ReviewScreen) -> Layout {
    let body = view::body(model);
    let shape = Shape::of(body);
    let side_width = if shape == Shape::Columns { SIDE } else { 0 };
    let left = Rect {
        width: body.width - side_width,
        ..body
    };
    let side = inset(body, left.width, 0);
    let (title, rest) = split(left, if body.height >= 14 { 2 } else { 1 });
    let typing = screen.written().typing().is_some();
    let wanted = if typing {
        usize::from(body.height / 2)
    } else {
        review_decision::height(&model.keys, screen, shape, left)
    };
    let wanted = u16::try_from(wanted).unwrap_or(u16::MAX);
    let (rest, decision) = split_end(rest, wanted.min(rest.height / 2 + 1));
    let review = screen.review.as_ref();
    let review = review.filter(|_| shape == Shape::Columns && !typing);
    let lines = review.map_or(0, |review| review.before.len().min(SHOWN));
    let lines = u16::try_from(lines).unwrap_or(0);
    let (rest, before) = split_end(rest, if lines > 0 { lines + 2 } else { 0 });
    let (text, look) = split_end(rest, u16::from(review.is_some_and(is_message)));
    let (before, before_lines) = split(before, 2);
    let (_, beside) = split(side, 2);
    // The last row of the side says whether there is more.
    let (beside, _) = split_end(beside, 1);
    Layout {
        shape,
        left,
        title,
        look,
        before,
        decision,
        side,
        panes: Each {
            text: inset(text, 1, 1),
            side: inset(beside, 2, 1),
            before: inset(before_lines, 1, 1),
        },
    }
}

/// Cuts rows off at the top.
fn split(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let rest = Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    };
    (
        Rect {
            height: rows,
            ..area
        },
        rest,
    )
}

/// Cuts rows off at the end.
fn split_end(area: Rect, rows: u16) -> (Rect, Rect) {
    split(area, area.height.saturating_sub(rows))
}

pub(in crate::tui) fn draw(model: &Model, screen: &ReviewScreen, frame: &mut Frame<'_>) {
    let places = layout(model, screen);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let desk = screen.desk(model);
    draw_title(model, screen, &mut paint, &desk, places);
    if let Some(gone) = &screen.gone {
        let area = places.panes.text;
        let line = ours(gone).truncated(area.width.into());
        paint.row(nth(area, 1), safe(&model.theme, &line, Role::Wait));
    } else {
        for pane in [Pane::Text, Pane::Side, Pane::Before] {
            draw_pane(model, screen, &mut paint, &desk, pane);
        }
        draw_look(screen, &mut paint, places.look);
        draw_before(screen, &mut paint, &desk, places.before);
    }
    let caret = if screen.written().typing().is_some() {
        let list = places.shape == Shape::Columns;
        let place = (places.decision, list);
        review_words::draw(&model.keys, screen.written(), &mut paint, place)
    } else {
        let place = (places.decision, places.left, places.shape);
        review_decision::draw(model, screen, &mut paint, place);
        None
    };
    if places.shape == Shape::Columns {
        draw_more(&model.keys, screen, &mut paint, (&desk, places));
        draw_side(&model.keys, screen, &mut paint, (&desk, places.side));
    }
    if let Some(caret) = caret {
        frame.set_cursor_position(caret);
    }
}

fn draw_title(
    model: &Model,
    screen: &ReviewScreen,
    paint: &mut Paint<'_>,
    desk: &Desk,
    places: Layout,
) {
    let review = screen.review.as_ref();
    let mut left = vec![paint.own(Role::Title, review.map_or("REVIEW", kind))];
    if let Some(review) = review {
        let name = sanitise_line(&review.item.name, usize::from(places.title.width) / 2);
        left.push(paint.own(Role::Dim, " · "));
        left.extend(safe(&model.theme, &name, Role::Title));
    }
    if screen.several.is_some() {
        let count = screen.several.ids().len() + 1;
        left.push(paint.own(Role::Wait, format!(" · {count} at once")));
    } else if let Some(message) = review
        .filter(|_| places.shape != Shape::Narrow)
        .and_then(|review| review.message.as_ref())
    {
        let zone = &model.zone;
        let mut at = clock(message.at, zone);
        if day_number(message.at, zone) != day_number(model.now, zone) {
            at = format!("{} {at}", day(message.at, zone));
        }
        left.push(paint.own(Role::Dim, format!(" · {at}")));
    }
    let mut right = Vec::new();
    if let Some(review) = review.filter(|_| places.shape == Shape::Stacked) {
        let preset = preset_short(&review.channel.preset);
        let words = format!("{preset} · {} · ", compared(&review.channel));
        right.push(paint.own(Role::Dim, words));
    }
    match screen.look {
        Look::Raw if places.look.height == 0 => {
            right.push(paint.own(Role::Wait, "raw text · "));
        }
        Look::Assistant if places.look.height == 0 => {
            right.push(paint.own(Role::Wait, "as your assistant · "));
        }
        Look::Safe | Look::Raw | Look::Assistant => {}
    }
    if review.is_some_and(is_grave) {
        right.push(paint.own(Role::Stop, "!! "));
    }
    let percent = screen.reading.percent();
    let role = if percent == 100 {
        Role::Dim
    } else {
        Role::Wait
    };
    right.push(paint.own(role, format!("seen {percent}%")));
    paint.pair(inset(places.title, 1, 1), left, right);
    if places.title.height > 1 {
        paint.rule(nth(places.title, 1));
    }
    if places.shape == Shape::Columns {
        let keys = screen.reading.pane(desk) == Pane::Text && screen.written().typing().is_none();
        paint.keys_here(places.title, keys);
    }
}

/// Returns in two words how far the key can be relied on.
const fn compared(channel: &Channel) -> &'static str {
    match channel.state {
        ChannelState::Active if channel.verified.is_some() => "✓ compared",
        ChannelState::Active => "~ not compared",
        ChannelState::Stopped => "✗ stopped",
        ChannelState::Invited
        | ChannelState::Requested
        | ChannelState::Superseded
        | ChannelState::Closed => "○ no key yet",
    }
}

const fn kind(review: &Review) -> &'static str {
    match &review.item.kind {
        ReviewKind::ContactRequest { .. } => match &review.asked {
            Some(asked) if asked.moved_from.is_some() => "MOVED",
            Some(_) if review.network.has_threads() => "WROTE TO YOU",
            Some(_) | None => "CONTACT REQUEST",
        },
        ReviewKind::KeyChange { reason, .. } => match reason {
            StopReason::KeyChanged => "KEY CHANGED",
            StopReason::AnsweredTwice => "ANSWERED TWICE",
            StopReason::CodeDiffers => "CODE DIFFERS",
        },
        ReviewKind::HeldMessage { .. } => "HELD IN",
        ReviewKind::HeldDraft { .. } => "HELD OUT",
    }
}

fn draw_pane(model: &Model, screen: &ReviewScreen, paint: &mut Paint<'_>, desk: &Desk, pane: Pane) {
    let area = *desk.places.of(pane);
    let first = screen.reading.first(desk, pane);
    let rows = desk.papers.of(pane);
    let above = first.checked_sub(1).and_then(|at| rows.get(at));
    let mut told = above.and_then(|row| row.signal);
    let shown = rows.iter().skip(first).take(area.height.into());
    for (down, row) in shown.enumerate() {
        let place = nth(area, down);
        draw_row(model, paint, place, row);
        let begins = row.signal.filter(|_| row.signal != told);
        told = row.signal;
        let chosen = screen.reading.chosen();
        let is_chosen = chosen.is_some_and(|chosen| {
            begins == Some(chosen) || (pane == Pane::Text && is_marked(row, chosen))
        });
        if is_chosen {
            let margin = Rect {
                x: place.x.saturating_sub(1),
                width: 1,
                ..place
            };
            paint.row(margin, vec![paint.own(Role::Accent, "▸")]);
        }
    }
}

/// Draws one row of a paper.
pub(super) fn draw_row(model: &Model, paint: &mut Paint<'_>, place: Rect, row: &PaperRow) {
    let pieces = row.pieces.iter();
    let spans: Spans = pieces
        .flat_map(|(role, line)| safe(&model.theme, line, *role))
        .collect();
    paint.row(place, spans);
}

/// Draws in which of the three ways the text is shown.
fn draw_look(screen: &ReviewScreen, paint: &mut Paint<'_>, place: Rect) {
    let looks = [
        (Look::Safe, "safe text"),
        (Look::Raw, "raw text"),
        (Look::Assistant, "as your assistant would see it"),
    ];
    let mut spans = vec![paint.own(Role::Dim, "view ")];
    for (look, words) in looks {
        let (sign, role) = if look == screen.look {
            (" ▸ ", Role::Accent)
        } else {
            ("   ", Role::Dim)
        };
        spans.push(paint.own(role, sign));
        spans.push(paint.own(role, words));
    }
    paint.row(inset(place, 1, 1), spans);
}

fn draw_before(screen: &ReviewScreen, paint: &mut Paint<'_>, desk: &Desk, area: Rect) {
    if area.height == 0 {
        return;
    }
    paint.rule(area);
    let left = vec![paint.own(Role::Heading, "BEFORE THIS")];
    let right = match screen.reading.below(desk, Pane::Before) {
        0 => Vec::new(),
        below => vec![paint.own(Role::Wait, format!("▼ {below} more lines"))],
    };
    let heading = nth(area, 1);
    paint.pair(inset(heading, 1, 1), left, right);
    paint.keys_here(heading, screen.reading.pane(desk) == Pane::Before);
}

/// Draws onto the rule under the text how much of it is below.
fn draw_more(
    keys: &Keys,
    screen: &ReviewScreen,
    paint: &mut Paint<'_>,
    (desk, places): (&Desk, Layout),
) {
    let below = screen.reading.below(desk, Pane::Text);
    if below == 0 || screen.written().typing().is_some() {
        return;
    }
    let rule = if places.before.height > 0 {
        places.before
    } else {
        places.decision
    };
    let key = keys.label(Scope::Review, Action::Down);
    let words = format!(" ▼ {below} more lines, {key} reads on ");
    paint.row(inset(rule, 2, 1), vec![paint.own(Role::Wait, words)]);
}

fn draw_side(
    in_force: &Keys,
    screen: &ReviewScreen,
    paint: &mut Paint<'_>,
    (desk, area): (&Desk, Rect),
) {
    paint.rule(nth(area, 1));
    paint.wall(area);
    let area = inset(area, 1, 0);
    let found = screen.review.as_ref().filter(|review| {
        let alone = !screen.several.is_some();
        alone && is_message(review)
    });
    let words = found.map_or_else(
        || "CHANNEL".to_owned(),
        |review| match review_aside::signals(review).len() {
            0 => "SIGNALS none".to_owned(),
            all => format!(
                "SIGNALS {} of {all}",
                screen.reading.signals_seen(desk, all)
            ),
        },
    );
    let left = vec![paint.own(Role::Heading, words)];
    let seen = screen.reading.below(desk, Pane::Side);
    paint.pair(inset(nth(area, 0), 1, 1), left, Vec::new());
    let keys = screen.reading.pane(desk) == Pane::Side && screen.written().typing().is_none();
    paint.keys_here(nth(area, 0), keys);
    if seen > 0 {
        let words = if keys {
            format!("▼ {seen} more lines, <review.down> reads on")
        } else {
            format!("▼ {seen} more lines, <review.next_pane>, then <review.down>")
        };
        let words = in_force.fill(&words);
        let last = nth(area, usize::from(area.height).saturating_sub(1));
        paint.row(inset(last, 1, 1), vec![paint.own(Role::Wait, words)]);
    }
}
