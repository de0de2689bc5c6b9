//! Draws the review: the paper, what deciding does, and whether the keys are live.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::model::{ReviewKind, StopReason};
use crate::text::{ours, sanitise_line};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, inset, nth, safe};

use super::review::{Look, ReviewScreen};
use super::review_paper::PaperRow;
use super::review_several;
use super::review_verdict::{self, is_grave};
use super::review_words;

/// Where the parts are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    title: Rect,
    pub(super) paper: Rect,
    decision: Rect,
    side: Rect,
}

/// Returns the places; the same for drawing and for knowing what was on the screen.
pub(super) fn layout(model: &Model, screen: &ReviewScreen) -> Layout {
    let body = view::body(model);
    let side_width = if body.width >= 110 { 40 } else { 0 };
    let left = Rect {
        width: body.width - side_width,
        ..body
    };
    let side = Rect {
        x: body.x + left.width,
        width: side_width,
        ..body
    };
    let title_rows = if body.height >= 14 { 2 } else { 1 };
    // The rule, the heading, the choices, and what happens if nothing is done.
    let wanted = if screen.written().typing().is_some() {
        usize::from(body.height / 2)
    } else {
        choices(screen, left).len() + 3
    };
    let box_rows = u16::try_from(wanted)
        .unwrap_or(u16::MAX)
        .min(body.height.saturating_sub(title_rows) / 2 + 1);
    let title = Rect {
        height: title_rows.min(body.height),
        ..left
    };
    let paper = Rect {
        y: left.y + title.height,
        height: left.height.saturating_sub(title_rows + box_rows),
        ..left
    };
    let decision = Rect {
        y: paper.bottom(),
        height: left.bottom().saturating_sub(paper.bottom()),
        ..left
    };
    Layout {
        title,
        paper: inset(paper, 1, 1),
        decision,
        side,
    }
}

/// What can be chosen, as key and words; then what happens if nothing is done.
fn choices(screen: &ReviewScreen, body: Rect) -> Vec<Vec<(&'static str, &'static str)>> {
    let Some(review) = &screen.review else {
        return Vec::new();
    };
    // In a low window the text comes first: there is nothing to choose before it was read.
    if !screen.was_read() && body.height < 14 {
        return Vec::new();
    }
    let list = if screen.several.is_some() {
        review_several::choices(review)
    } else {
        review_verdict::choices(review, screen.written(), screen.armed)
    };
    let half = usize::from(body.width) / 2;
    let beside = list
        .iter()
        .all(|(key, words)| key.len() + words.len() + 5 < half);
    let per_row = if beside { 2 } else { 1 };
    list.chunks(per_row).map(<[_]>::to_vec).collect()
}

pub(in crate::tui) fn draw(model: &Model, screen: &ReviewScreen, frame: &mut Frame<'_>) {
    let places = layout(model, screen);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    draw_title(model, screen, &mut paint, places);
    draw_paper(model, screen, &mut paint, places.paper);
    let caret = if screen.written().typing().is_some() {
        review_words::draw(screen.written(), &mut paint, places.decision)
    } else {
        draw_decision(model, screen, &mut paint, places);
        None
    };
    if places.side.width > 0 {
        paint.wall(places.side);
        super::side::draw(model, &mut paint, inset(places.side, 1, 0));
    }
    if let Some(caret) = caret {
        frame.set_cursor_position(caret);
    }
}

fn draw_title(model: &Model, screen: &ReviewScreen, paint: &mut Paint<'_>, places: Layout) {
    let words = match screen.review.as_ref().map(|review| &review.item.kind) {
        Some(ReviewKind::ContactRequest { .. }) => "CONTACT REQUEST",
        Some(ReviewKind::KeyChange {
            reason: StopReason::KeyChanged,
            ..
        }) => "KEY CHANGED",
        Some(ReviewKind::KeyChange {
            reason: StopReason::AnsweredTwice,
            ..
        }) => "ANSWERED TWICE",
        Some(ReviewKind::KeyChange {
            reason: StopReason::CodeDiffers,
            ..
        }) => "CODE DIFFERS",
        Some(ReviewKind::HeldMessage { .. }) => "HELD IN",
        Some(ReviewKind::HeldDraft { .. }) => "HELD OUT",
        None => "REVIEW",
    };
    let mut left = vec![paint.own(Role::Title, words)];
    if let Some(review) = &screen.review {
        let name = sanitise_line(&review.item.name, usize::from(places.title.width) / 2);
        left.push(paint.own(Role::Dim, " · "));
        left.extend(safe(&model.theme, &name, Role::Title));
    }
    if screen.several.is_some() {
        let count = screen.several.ids().len() + 1;
        left.push(paint.own(Role::Wait, format!(" · {count} at once")));
    }
    let total = screen.paper(model, places.paper.width).len();
    let percent = screen.seen_percent(total);
    let role = if percent == 100 {
        Role::Dim
    } else {
        Role::Wait
    };
    let mut right = Vec::new();
    match screen.look {
        Look::Safe => {}
        Look::Raw => right.push(paint.own(Role::Wait, "raw text · ")),
        Look::Assistant => right.push(paint.own(Role::Wait, "as your assistant · ")),
    }
    if screen.review.as_ref().is_some_and(is_grave) {
        right.push(paint.own(Role::Stop, "!! "));
    }
    right.push(paint.own(role, format!("seen {percent}%")));
    paint.pair(inset(places.title, 1, 1), left, right);
    if places.title.height > 1 {
        paint.rule(nth(places.title, 1));
    }
}

fn draw_paper(model: &Model, screen: &ReviewScreen, paint: &mut Paint<'_>, area: Rect) {
    if let Some(gone) = &screen.gone {
        let line = ours(gone).truncated(area.width.into());
        let spans = safe(&model.theme, &line, Role::Wait);
        paint.row(nth(area, 1), spans);
        return;
    }
    let rows = screen.paper(model, area.width);
    let height = usize::from(area.height);
    for (down, row) in rows.iter().skip(screen.scroll).take(height).enumerate() {
        draw_row(model, paint, nth(area, down), row);
    }
}

/// Draws one row of a paper.
pub(super) fn draw_row(model: &Model, paint: &mut Paint<'_>, place: Rect, row: &PaperRow) {
    let mut spans: Spans = Vec::new();
    if row.gutter {
        spans.push(paint.own(Role::Gutter, "┆ "));
    }
    for (role, line) in &row.pieces {
        spans.extend(safe(&model.theme, line, *role));
    }
    paint.row(place, spans);
}

fn draw_decision(model: &Model, screen: &ReviewScreen, paint: &mut Paint<'_>, places: Layout) {
    let Some(review) = &screen.review else {
        return;
    };
    let area = places.decision;
    let below = screen.paper(model, places.paper.width).len();
    let height = usize::from(places.paper.height);
    let hidden = below.saturating_sub(screen.scroll + height);
    if area.height > 3 {
        paint.rule(area);
        if hidden > 0 {
            let words = format!(" ▼ {hidden} more lines, j reads on ");
            paint.row(inset(area, 2, 1), vec![paint.own(Role::Wait, words)]);
        }
    }
    let heading_row = usize::from(area.height > 3);
    let asleep = screen.asleep(model);
    let (state, role) = asleep.map_or(("keys live", Role::Accent), |why| (why.words(), Role::Wait));
    let heading = if area.width < 64 {
        "DECIDE"
    } else {
        "YOUR DECISION"
    };
    let left = vec![paint.own(Role::Heading, heading)];
    let right = vec![paint.own(role, state)];
    paint.pair(inset(nth(area, heading_row), 1, 1), left, right);
    let live = asleep.is_none();
    let body = Rect {
        width: area.width,
        ..view::body(model)
    };
    let choices = choices(screen, body);
    let rows = choices.len();
    for (down, row) in choices.into_iter().enumerate() {
        let place = inset(nth(area, heading_row + 1 + down), 2, 1);
        let column = u16::try_from(usize::from(place.width) / row.len().max(1)).unwrap_or(0);
        for ((key, words), index) in row.into_iter().zip(0u16..) {
            let key_role = if live { Role::Accent } else { Role::Dim };
            let spans = vec![
                paint.own(key_role, key),
                paint.own(Role::Text, "  "),
                paint.own(if live { Role::Text } else { Role::Dim }, words),
            ];
            paint.row(inset(place, column * index, 0), spans);
        }
    }
    let last = inset(nth(area, heading_row + 1 + rows), 2, 1);
    let spans = vec![paint.own(Role::Dim, review_verdict::default_words(review))];
    paint.row(last, spans);
}
