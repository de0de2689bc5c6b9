//! A text field of one row: scrolls sideways so that the caret is always on it.

use ratatui::layout::{Position, Rect};

use crate::text::SpanKind;
use crate::tui::theme::Role;

use super::editor::{Editor, Glyph};
use super::paint::Paint;

/// Cells that no field reaches; a row of this width is never broken.
const ENDLESS: usize = 1 << 20;

/// Returns the role that a typed glyph is drawn in.
pub(crate) fn role_of(glyph: &Glyph) -> Role {
    match glyph.kind {
        SpanKind::Text => Role::Text,
        SpanKind::Mark => Role::Mark,
    }
}

/// Draws the text in the first row of `area`; returns where the caret is on the screen.
pub(crate) fn draw(editor: &Editor, paint: &mut Paint<'_>, area: Rect) -> Option<Position> {
    let room = usize::from(area.width).checked_sub(1)?;
    let layout = editor.layout(ENDLESS);
    let (_, caret) = layout.caret;
    let glyphs = layout.rows.first()?;
    let mut skipped = 0;
    let mut rest = glyphs.iter();
    while caret - skipped > room {
        skipped += rest.next()?.width();
    }
    let mut used = 0;
    let shown = rest.take_while(|glyph| {
        used += glyph.width();
        used <= usize::from(area.width)
    });
    let spans = shown
        .map(|glyph| paint.own(role_of(glyph), glyph.text.clone()))
        .collect();
    paint.row(area, spans);
    let x = area.x + u16::try_from(caret - skipped).ok()?;
    Some(Position::new(x, area.y))
}
