//! The reminder of what may follow Space. It appears while one waits; keys count at once.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::text::{ours, sanitise_line};
use crate::tui::available::{available, why_not};
use crate::tui::keymap::Scope;
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::widget::paint::{Paint, Spans, inset, nth, safe, width};

use super::{body, entry};

/// Columns of the box, in a window that has more.
const WIDTH: u16 = 78;
/// Columns that it has at least, so that a name fits into its upper edge.
const LEAST: u16 = 36;

/// Draws it above the key bar, once Space was pressed long enough ago.
pub(super) fn draw(model: &Model, frame: &mut Frame<'_>) {
    if model.reminder_at().is_none_or(|due| model.now < due) {
        return;
    }
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let body = body(model);
    let rows = rows(model, &paint);
    // As wide as its lines, and its title.
    let lines = rows.iter().map(|row| width(row));
    let widest = u16::try_from(lines.max().unwrap_or(0) + 6).unwrap_or(u16::MAX);
    let widest = widest.max(LEAST);
    let wanted = u16::try_from(rows.len() + 2).unwrap_or(u16::MAX);
    let height = wanted.min(body.height);
    let area = Rect {
        y: body.bottom() - height,
        height,
        width: WIDTH.min(body.width).min(widest),
        ..body
    };
    paint.clear(area);
    let mut title = vec![paint.own(Role::Text, " ")];
    if let Some(channel) = model.open_channel() {
        let name = sanitise_line(&channel.name, usize::from(area.width).saturating_sub(8));
        title.extend(safe(&model.theme, &name, Role::Heading));
    }
    title.push(paint.own(Role::Text, " "));
    paint.frame(area, title, Vec::new());
    let inner = inset(area, 2, 2);
    for (row, down) in rows.into_iter().zip(1..usize::from(height) - 1) {
        paint.row(nth(inner, down), row);
    }
}

/// Returns the part of a reason that says enough where there is little room.
fn head(why: &str) -> &str {
    let (head, _) = why.split_once(';').unwrap_or((why, ""));
    head.trim_end_matches('.')
}

/// Returns a row for each key: what it does, or why it does nothing now.
fn rows(model: &Model, paint: &Paint<'_>) -> Vec<Spans> {
    let lines = model
        .keys
        .of(Scope::Leader)
        .filter(|line| !line.keys.is_empty());
    let rows = lines.map(|line| {
        let action = line.binding.action;
        let words = super::bar_words(model, line).unwrap_or(line.binding.help);
        let key = format!("{:4}", line.label());
        if available(model, action) {
            return entry(paint, &key, words);
        }
        let mut row = vec![paint.own(Role::Dim, format!("{key} {words}"))];
        if let Some(why) = why_not(model, action) {
            let room = usize::from(WIDTH).saturating_sub(width(&row) + 7);
            row.push(paint.own(Role::Dim, " · "));
            row.extend(safe(
                &model.theme,
                &ours(&model.keys.fill(head(why))).truncated(room),
                Role::Dim,
            ));
        }
        row
    });
    rows.collect()
}
