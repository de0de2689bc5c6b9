//! Puts lines of spans on the frame, and turns safe text into spans.
//!
//! Peer text reaches a span in [`safe`] alone, and every row is clipped to the rectangle it was
//! given, so nothing a peer wrote can stand outside its place.

use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::model::UnixMillis;
use crate::text::{SafeLine, SpanKind};
use crate::tui::theme::{Role, Theme};

/// A piece of a row under construction.
pub(crate) type Spans = Vec<Span<'static>>;

/// The frame and how to colour it.
pub(crate) struct Paint<'a> {
    pub(crate) buffer: &'a mut Buffer,
    pub(crate) theme: &'a Theme,
}

/// Returns safe text as spans, marks in a style of their own.
pub(crate) fn safe(theme: &Theme, line: &SafeLine, role: Role) -> Spans {
    line.spans()
        .iter()
        .map(|span| match span.kind() {
            SpanKind::Text => theme.span(role, span.text()),
            // An ellipsis hides nothing dangerous; it only says that there was no room.
            SpanKind::Mark if span.text() == "…" => theme.span(Role::Dim, "…"),
            SpanKind::Mark => theme.span(Role::Mark, span.text()),
        })
        .collect()
}

/// Tells whether a body has room for rules and blank rows.
pub(crate) fn is_roomy(body: Rect) -> bool {
    body.height >= 14
}

/// Returns a place without its first row, where the body has room for a blank one.
pub(crate) fn with_air(area: Rect, body: Rect) -> Rect {
    let blank = u16::from(is_roomy(body));
    Rect {
        y: area.y + blank.min(area.height),
        height: area.height.saturating_sub(blank),
        ..area
    }
}

/// Returns the place below what [`Paint::head`] draws.
pub(crate) fn below_head(body: Rect) -> Rect {
    let top = if is_roomy(body) { 2 } else { 1 };
    Rect {
        y: body.y + top,
        height: body.height.saturating_sub(top),
        ..body
    }
}

/// Returns the cells that spans take.
pub(crate) fn width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| span.content.width()).sum()
}

impl Paint<'_> {
    /// Makes a span of this program's own words.
    pub(crate) fn own(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        self.theme.span(role, text)
    }

    /// Draws what heads a screen: its title, what stands right of it, and a rule where there is
    /// room for one. Returns the place below.
    pub(crate) fn head(&mut self, body: Rect, left: Spans, right: Spans) -> Rect {
        self.pair(inset(nth(body, 0), 1, 1), left, right);
        if is_roomy(body) {
            self.rule(nth(body, 1));
        }
        below_head(body)
    }

    /// Returns which rows of a list its place shows, scrolled so that the row `at` is among
    /// them. Where the list goes on, the last row of the place says by how many.
    pub(crate) fn window(&mut self, area: Rect, rows: usize, at: usize) -> Range<usize> {
        let first = first_row(area, rows, at);
        self.window_from(area, rows, first)
    }

    /// The same where the first row is known.
    pub(crate) fn window_from(&mut self, area: Rect, rows: usize, first: usize) -> Range<usize> {
        let window = rows_from(area, rows, first);
        self.more(area, rows - window.end);
        window
    }

    /// Draws the rows of a list that its place shows, so that the row `at` is among them. Of
    /// each it is said what stands left and right, and whether it is selected.
    pub(crate) fn list(
        &mut self,
        area: Rect,
        rows: impl ExactSizeIterator<Item = (Spans, Spans, bool)>,
        at: usize,
    ) {
        let window = self.window(area, rows.len(), at);
        let shown = rows.skip(window.start).take(window.len());
        for (down, (left, right, selected)) in shown.enumerate() {
            let place = nth(area, down);
            self.pair(inset(place, 1, 1), left, right);
            if selected {
                self.select(place);
            }
        }
    }

    /// Shows that a row is the selected one.
    pub(crate) fn select(&mut self, row: Rect) {
        self.tint(row, Role::Selected);
        self.row(row, vec![self.own(Role::Accent, "▸")]);
    }

    /// Says in the last row of a list's place how much of it is below.
    pub(crate) fn more(&mut self, area: Rect, hidden: usize) {
        if hidden > 0 && area.height > 0 {
            let words = vec![self.own(Role::Dim, format!("+{hidden} ▼"))];
            let last = nth(area, usize::from(area.height) - 1);
            self.pair(inset(last, 1, 1), Vec::new(), words);
        }
    }

    /// Draws one row at the top of `area`; what is wider is cut and says so.
    pub(crate) fn row(&mut self, area: Rect, spans: Spans) {
        if area.height > 0 && area.width > 0 && self.buffer.area.contains(area.into()) {
            let line = Line::from(self.cut(spans, area.width.into()));
            self.buffer.set_line(area.x, area.y, &line, area.width);
        }
    }

    /// Draws one row with a left and a right part. Where both do not fit, the left one is cut
    /// and says so; where not even the right one fits, only the left one is drawn.
    pub(crate) fn pair(&mut self, area: Rect, left: Spans, right: Spans) {
        let room = usize::from(area.width);
        let right_width = width(&right);
        if right_width + 4 > room {
            self.row(area, self.cut(left, room));
            return;
        }
        let gap = usize::from(right_width > 0);
        let left = self.cut(left, room - right_width - gap);
        self.row(area, left);
        let shift = u16::try_from(room - right_width).unwrap_or(0);
        let place = Rect {
            x: area.x + shift,
            width: area.width - shift,
            ..area
        };
        self.row(place, right);
    }

    /// Shortens spans to `room` cells, ending in an ellipsis if anything is missing.
    pub(crate) fn cut(&self, spans: Spans, room: usize) -> Spans {
        if width(&spans) <= room {
            return spans;
        }
        let Some(mut left) = room.checked_sub(1) else {
            return Vec::new();
        };
        let mut kept = Vec::new();
        for span in spans {
            let cells = span.content.width();
            if cells <= left {
                left -= cells;
                kept.push(span);
                continue;
            }
            let mut head = String::new();
            for grapheme in
                unicode_segmentation::UnicodeSegmentation::graphemes(&*span.content, true)
            {
                let cells = grapheme.width();
                if cells > left {
                    break;
                }
                left -= cells;
                head.push_str(grapheme);
            }
            kept.push(Span::styled(head, span.style));
            break;
        }
        kept.push(self.own(Role::Dim, "…"));
        kept
    }

    /// Marks the title of the pane that has the keys, by a sign before it and no colour alone.
    pub(crate) fn keys_here(&mut self, place: Rect, keys: bool) {
        if keys {
            self.row(place, vec![self.own(Role::Accent, "▸")]);
        }
    }

    /// Draws a horizontal rule over the top row of `area`.
    pub(crate) fn rule(&mut self, area: Rect) {
        let line = "─".repeat(usize::from(area.width));
        self.row(area, vec![self.own(Role::Faint, line)]);
    }

    /// Draws a vertical rule down the left column of `area`.
    pub(crate) fn wall(&mut self, area: Rect) {
        for y in area.top()..area.bottom() {
            let place = Rect::new(area.x, y, 1, 1);
            self.row(place, vec![self.own(Role::Faint, "│")]);
        }
    }

    /// Empties a rectangle, so that nothing of what lies below shines through.
    pub(crate) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        let base = self.theme.base();
        // The second half of a wide character may lie behind the right edge; a cell of its own
        // from now on.
        let last = area.right().saturating_sub(1);
        let is_cut = |y: &u16| {
            let cell = self.buffer.cell((last, *y));
            cell.is_some_and(|cell| cell.symbol().width() > 1)
        };
        let cut: Vec<_> = (area.top()..area.bottom()).filter(is_cut).collect();
        for y in cut {
            if let Some(cell) = self.buffer.cell_mut((area.right(), y)) {
                cell.reset();
                cell.set_style(base);
            }
        }
        for position in area.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
                cell.set_style(base);
            }
        }
        // The second half of a wide character may have lain below the left edge.
        for y in area.top()..area.bottom() {
            let left = area.x.checked_sub(1).map(|x| (x, y));
            if let Some(cell) = left.and_then(|left| self.buffer.cell_mut(left))
                && cell.symbol().width() > 1
            {
                cell.set_symbol(" ");
            }
        }
    }

    /// Draws a frame along the edges of a rectangle, with words in its upper and lower edge.
    pub(crate) fn frame(&mut self, area: Rect, title: Spans, below: Spans) {
        if area.width < 4 || area.height < 2 {
            return;
        }
        let line = "─".repeat(usize::from(area.width) - 2);
        let last = usize::from(area.height) - 1;
        let top = vec![self.own(Role::Dim, format!("┌{line}┐"))];
        let bottom = vec![self.own(Role::Dim, format!("└{line}┘"))];
        self.row(nth(area, 0), top);
        self.row(nth(area, last), bottom);
        for down in 1..last {
            let place = nth(area, down);
            self.row(place, vec![self.own(Role::Dim, "│")]);
            let right = inset(place, area.width - 1, 0);
            self.row(right, vec![self.own(Role::Dim, "│")]);
        }
        self.row(inset(nth(area, 0), 2, 2), title);
        if !below.is_empty() {
            let mut words = vec![self.own(Role::Text, " ")];
            words.extend(below);
            words.push(self.own(Role::Text, " "));
            self.row(inset(nth(area, last), 2, 2), words);
        }
    }

    /// Gives a whole row the look of a role. Nothing in it stays weak: it is the one looked at.
    pub(crate) fn tint(&mut self, area: Rect, role: Role) {
        let area = area.intersection(self.buffer.area);
        let style = self.theme.style(role).remove_modifier(Modifier::DIM);
        self.buffer.set_style(area, style);
    }
}

/// Returns the first row of a list that its place shows, so that the row `at` is among them.
pub(crate) fn first_row(area: Rect, rows: usize, at: usize) -> usize {
    let height = usize::from(area.height);
    (at + 3)
        .saturating_sub(height)
        .min(rows.saturating_sub(height))
}

/// Returns which rows of a list its place shows from a first one on. Where the list goes on,
/// the last row of the place says by how many, and shows none of them.
pub(crate) fn rows_from(area: Rect, rows: usize, first: usize) -> Range<usize> {
    let height = usize::from(area.height);
    let first = first.min(rows);
    if height == 0 || rows - first <= height {
        return first..(first + height).min(rows);
    }
    first..first + height - 1
}

/// Returns the row `down` rows below the top of `area`, one row high; empty if it lies outside.
pub(crate) fn nth(area: Rect, down: usize) -> Rect {
    let down = u16::try_from(down).unwrap_or(u16::MAX);
    if down >= area.height {
        return Rect::new(area.x, area.y, 0, 0);
    }
    Rect {
        y: area.y + down,
        height: 1,
        ..area
    }
}

/// Returns `area` without its first `columns` columns and its last `right` ones.
pub(crate) fn inset(area: Rect, left: u16, right: u16) -> Rect {
    let left = left.min(area.width);
    Rect {
        x: area.x + left,
        width: (area.width - left).saturating_sub(right),
        ..area
    }
}

/// Returns the part of a row from column `start` up to column `end`.
pub(crate) fn part(row: Rect, start: u16, end: u16) -> Rect {
    let cell = inset(row, start, 0);
    let width = end.saturating_sub(start).min(cell.width);
    Rect { width, ..cell }
}

/// Returns an age in the coarse steps that an idle screen can show without being redrawn.
pub(crate) fn age(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    match minutes {
        0 => "<1m".to_owned(),
        1..60 => format!("{minutes}m"),
        60..1440 => format!("{}h", minutes / 60),
        _ => format!("{}d", minutes / 1440),
    }
}

/// Returns the time of day as hours and minutes.
pub(crate) fn clock(at: UnixMillis, zone: &TimeZone) -> String {
    stamp(at, zone, "%H:%M")
}

/// Returns the day, as in `Tue 18 Nov`.
pub(crate) fn day(at: UnixMillis, zone: &TimeZone) -> String {
    stamp(at, zone, "%a %-d %b")
}

/// Returns a time in a `strftime` format; empty if it is out of range.
pub(crate) fn stamp(at: UnixMillis, zone: &TimeZone, format: &str) -> String {
    Timestamp::from_millisecond(at.0)
        .ok()
        .map(|time| time.to_zoned(zone.clone()).strftime(format).to_string())
        .unwrap_or_default()
}

/// Returns the number of the local day that a time falls on; equal numbers, same day.
pub(crate) fn day_number(at: UnixMillis, zone: &TimeZone) -> i64 {
    let Ok(time) = Timestamp::from_millisecond(at.0) else {
        return 0;
    };
    let offset = i64::from(zone.to_offset(time).seconds());
    (time.as_second() + offset).div_euclid(86_400)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{ColourDepth, ThemeFile};

    #[test]
    fn ages_change_in_steps_no_finer_than_a_minute() {
        assert_eq!(age(Duration::from_secs(59)), "<1m");
        assert_eq!(age(Duration::from_secs(60)), "1m");
        assert_eq!(age(Duration::from_secs(3 * 3600 + 59 * 60)), "3h");
        assert_eq!(age(Duration::from_secs(49 * 3600)), "2d");
    }

    #[test]
    fn a_list_that_is_cut_shows_its_cursor_and_says_how_many_rows_are_missing() {
        let theme = Theme::of(&ThemeFile::default(), ColourDepth::Palette);
        let area = Rect::new(0, 0, 20, 4);
        let mut buffer = Buffer::empty(area);
        let mut paint = Paint {
            buffer: &mut buffer,
            theme: &theme,
        };
        assert_eq!(paint.window(area, 4, 0), 0..4);
        assert_eq!(paint.window(area, 9, 8), 5..9);
        assert_eq!(paint.window(Rect { height: 0, ..area }, 9, 0), 3..3);
        assert_eq!(paint.window(area, 9, 3), 2..5);
        let last: String = buffer.content[60..]
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect();
        assert!(last.contains("+4 ▼"), "{last}");
    }

    #[test]
    fn a_day_ends_at_local_midnight() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let before = UnixMillis(22 * 3_600_000 - 1);
        let after = UnixMillis(22 * 3_600_000);
        assert_ne!(day_number(before, &zone), day_number(after, &zone));
        assert_eq!(clock(after, &zone), "00:00");
    }
}
