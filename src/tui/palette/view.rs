//! Draws the palette: a box over the screen, or the whole of a small window.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use unicode_segmentation::UnicodeSegmentation as _;

use crate::text::{SpanKind, ours};
use crate::tui::keymap::{Action, Scope};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::view::entry;
use crate::tui::widget::field;
use crate::tui::widget::paint::{Paint, Spans, inset, nth, safe, width};

use super::{Palette, Row};

/// Columns of the box at most.
const WIDEST: u16 = 70;

/// Where the palette is: the box with its frame, and what is inside.
struct Place {
    frame: Option<Rect>,
    inner: Rect,
}

fn place((columns, rows): (u16, u16)) -> Place {
    if columns < 64 || rows < 16 {
        let inner = Rect::new(0, 0, columns, rows.saturating_sub(1));
        return Place { frame: None, inner };
    }
    let width = WIDEST.min(columns - 16);
    let height = (rows / 3).clamp(10, 24);
    let frame = Rect {
        x: (columns - width) / 2,
        y: rows / 6,
        width,
        height,
    };
    let inner = Rect {
        x: frame.x + 1,
        y: frame.y + 1,
        width: width - 2,
        height: height - 2,
    };
    Place {
        frame: Some(frame),
        inner,
    }
}

/// Returns the rectangle of the found lines.
pub(in crate::tui) fn list(model: &Model) -> Rect {
    let Place { frame, inner } = place(model.size);
    let below = if frame.is_some() { 3 } else { 2 };
    Rect {
        y: inner.y + 2,
        height: inner.height.saturating_sub(below),
        ..inner
    }
}

pub(super) fn list_rows(model: &Model) -> usize {
    usize::from(list(model).height)
}

/// Returns the first line that is drawn, so that the selected one is too.
pub(in crate::tui) fn first(model: &Model, palette: &Palette) -> usize {
    (palette.cursor() + 1).saturating_sub(list_rows(model))
}

/// Draws the palette over what is there.
pub(in crate::tui) fn draw(model: &Model, palette: &Palette, frame: &mut Frame<'_>) {
    let Place { frame: edge, inner } = place(model.size);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let whole = edge.unwrap_or_else(|| Rect::new(0, 0, model.size.0, model.size.1));
    paint.clear(whole);
    let keys = keys(model, &paint);
    if let Some(edge) = edge {
        paint.frame(edge, vec![paint.own(Role::Heading, " Go to or do ")], keys);
    } else {
        let last = Rect::new(0, model.size.1.saturating_sub(1), model.size.0, 1);
        paint.row(inset(last, 1, 0), keys);
    }
    let caret = draw_query(palette, &mut paint, nth(inner, 0));
    paint.rule(nth(inner, 1));
    let area = list(model);
    let rows = palette.found().enumerate().skip(first(model, palette));
    for (down, (at, row)) in rows.take(usize::from(area.height)).enumerate() {
        let letters = palette.letters(row);
        let selected = at == palette.cursor();
        draw_row(
            model,
            &mut paint,
            nth(area, down),
            (row, &letters),
            selected,
        );
    }
    if edge.is_some() {
        draw_reason(
            model,
            palette,
            &mut paint,
            nth(inner, usize::from(inner.height) - 1),
        );
    }
    if let Some(caret) = caret {
        frame.set_cursor_position(caret);
    }
}

/// Returns the keys of the palette as its lower edge names them.
fn keys(model: &Model, paint: &Paint<'_>) -> Spans {
    let mut spans: Spans = Vec::new();
    for line in model.keys.of(Scope::Palette) {
        if line.binding.bar.is_empty() || line.keys.is_empty() {
            continue;
        }
        spans.extend(entry(paint, &line.label(), line.binding.bar));
        spans.push(paint.own(Role::Text, "   "));
    }
    let back = model.keys.label(Scope::Palette, Action::Back);
    spans.push(paint.own(Role::Accent, back));
    spans
}

fn draw_query(palette: &Palette, paint: &mut Paint<'_>, place: Rect) -> Option<Position> {
    let (found, total) = (palette.found().len(), palette.total());
    let count = vec![paint.own(Role::Dim, format!("{found} of {total} "))];
    let sign = vec![paint.own(Role::Accent, "> ")];
    let room = usize::from(place.width).saturating_sub(width(&count) + 4);
    paint.pair(place, sign, count);
    let text = Rect {
        width: u16::try_from(room).unwrap_or(place.width),
        ..inset(place, 2, 0)
    };
    field::draw(&palette.editor, paint, text)
}

/// Returns what a line says, with what was typed of it in the accent.
fn words(model: &Model, row: &Row, role: Role, letters: &[u32]) -> Spans {
    let name = row.name.spans().iter().map(|span| {
        let is_mark = matches!(span.kind(), SpanKind::Mark);
        (span.text(), if is_mark { Role::Mark } else { role })
    });
    let pieces = name.chain([(row.words.as_str(), role)]);
    let graphemes =
        pieces.flat_map(|(text, role)| text.graphemes(true).map(move |one| (one, role)));
    let mut parts: Vec<(String, Role)> = Vec::new();
    for ((grapheme, role), at) in graphemes.zip(0_u32..) {
        let typed = role != Role::Mark && letters.contains(&at);
        let role = if typed { Role::Accent } else { role };
        match parts.last_mut().filter(|(_, last)| *last == role) {
            Some((text, _)) => text.push_str(grapheme),
            None => parts.push((grapheme.to_owned(), role)),
        }
    }
    let parts = parts.into_iter();
    parts
        .map(|(text, role)| model.theme.span(role, text))
        .collect()
}

fn draw_row(
    model: &Model,
    paint: &mut Paint<'_>,
    place: Rect,
    (row, letters): (&Row, &[u32]),
    selected: bool,
) {
    let greyed = row.why_not.is_some();
    let role = if greyed { Role::Dim } else { Role::Text };
    let left = words(model, row, role, letters);
    let right = match &row.why_not {
        None => vec![paint.own(Role::Dim, format!("{} ", row.hint))],
        Some(why) => {
            // The line itself comes first; the whole reason stands below the list.
            let room = usize::from(place.width).saturating_sub(width(&left) + 5);
            let words = ours(why.split(';').next().unwrap_or(why).trim_end_matches('.'));
            let mut spans = safe(&model.theme, &words.truncated(room.max(12)), Role::Dim);
            spans.push(paint.own(Role::Text, " "));
            spans
        }
    };
    paint.pair(inset(place, 2, 0), left, right);
    if selected {
        paint.select(place);
    }
}

fn draw_reason(model: &Model, palette: &Palette, paint: &mut Paint<'_>, place: Rect) {
    let selected = palette.selected().and_then(|row| row.why_not.as_deref());
    let words = match selected {
        Some(why) => why,
        None if palette.found().len() == 0 => "nothing is called that",
        None if palette.found().any(|row| row.why_not.is_some()) => {
            "greyed lines say what is missing"
        }
        None => "",
    };
    let room = usize::from(place.width).saturating_sub(4);
    let spans = safe(&model.theme, &ours(words).truncated(room), Role::Dim);
    paint.row(inset(place, 2, 1), spans);
}
