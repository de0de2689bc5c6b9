//! Breaks and cuts safe lines by terminal cells.
//!
//! Must never split a grapheme, nor a mark that fits a line: half a mark could be read as text.

use super::graphemes::graphemes;
use super::safe::{LineBuilder, SafeLine, SpanKind};
use super::singles;

const ELLIPSIS: &str = "…";

/// Cuts a line that is wider than `max_cells` and ends it in an ellipsis.
pub(super) fn truncate(line: &SafeLine, max_cells: usize) -> SafeLine {
    let Some(room) = max_cells.checked_sub(1) else {
        return SafeLine::default();
    };
    let mut row = LineBuilder::default();
    for span in line.spans() {
        if row.width() + span.width() <= room {
            push(&mut row, span.text(), span.kind(), span.width());
            continue;
        }
        if span.kind() == SpanKind::Text {
            for (grapheme, width) in graphemes(span.text()) {
                if row.width() + width > room {
                    break;
                }
                row.push_text(grapheme, width);
            }
        }
        break;
    }
    row.push_mark(ELLIPSIS);
    row.finish()
}

fn push(row: &mut LineBuilder, text: &str, kind: SpanKind, width: usize) {
    match kind {
        SpanKind::Text => row.push_text(text, width),
        SpanKind::Mark => row.push_mark(text),
    }
}

/// Breaks lines so that none takes more than `width` cells; `width` is at least 1.
pub(super) fn wrap(lines: &[SafeLine], width: usize) -> Vec<SafeLine> {
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        if line.width() <= width {
            rows.push(line.clone());
        } else {
            Wrapper::new(width, &mut rows).wrap(line);
        }
    }
    rows
}

/// A piece that stays together, or a run of characters of one cell each.
#[derive(Clone, Copy)]
struct Unit<'a> {
    text: &'a str,
    kind: SpanKind,
    width: usize,
    /// Each character takes one cell, and it may be broken between any two.
    is_run: bool,
}

impl<'a> Unit<'a> {
    const fn whole(text: &'a str, kind: SpanKind, width: usize) -> Self {
        Self {
            text,
            kind,
            width,
            is_run: false,
        }
    }

    /// Cuts a run after so many cells.
    fn split(self, cells: usize) -> (Self, Self) {
        let at = if self.text.len() == self.width {
            cells
        } else {
            let place = self.text.char_indices().nth(cells);
            place.map_or(self.text.len(), |(at, _)| at)
        };
        let (head, tail) = self.text.split_at_checked(at).unwrap_or((self.text, ""));
        let cut = |text, width| Self {
            text,
            width,
            ..self
        };
        (cut(head, cells), cut(tail, self.width - cells))
    }
}

/// Tells the blanks at which a row may be broken.
const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{3000}')
}

/// Returns the run of characters of one cell that a text begins with, all of them spaces or none
/// of them; `None` where the first grapheme has to be measured.
///
/// The last one before a character that may join it is left out.
fn run(text: &str) -> Option<(&str, usize)> {
    let spaces = text.starts_with(' ');
    let mut chars = text.char_indices();
    let mut end = 0;
    let mut last = 0;
    let mut width = 0;
    for (at, c) in &mut chars {
        let Some(cells) = singles::cells(c) else {
            // What stands before it is part of its grapheme.
            end = last;
            width -= usize::from(at > 0);
            break;
        };
        end = at;
        if cells != 1 || (c == ' ') != spaces {
            break;
        }
        last = at;
        end = at + c.len_utf8();
        width += 1;
    }
    (width > 0).then_some((text.get(..end)?, width))
}

struct Wrapper<'rows, 'text> {
    width: usize,
    rows: &'rows mut Vec<SafeLine>,
    row: LineBuilder,
    /// Spaces after the last word of the row, written only if a word follows on the same row.
    spaces: Vec<Unit<'text>>,
    spaces_width: usize,
    word: Vec<Unit<'text>>,
    word_width: usize,
    /// The word fits no line, so it is laid piece by piece.
    endless: bool,
}

impl<'rows, 'text> Wrapper<'rows, 'text> {
    fn new(width: usize, rows: &'rows mut Vec<SafeLine>) -> Self {
        Self {
            width,
            rows,
            row: LineBuilder::default(),
            spaces: Vec::new(),
            spaces_width: 0,
            word: Vec::new(),
            word_width: 0,
            endless: false,
        }
    }

    fn wrap(mut self, line: &'text SafeLine) {
        let first = self.rows.len();
        for span in line.spans() {
            match span.kind() {
                SpanKind::Text => self.text(span.text()),
                SpanKind::Mark if span.width() <= self.width => {
                    self.unit(
                        Unit::whole(span.text(), SpanKind::Mark, span.width()),
                        false,
                    );
                }
                SpanKind::Mark => {
                    for (text, width) in graphemes(span.text()) {
                        self.unit(Unit::whole(text, SpanKind::Mark, width), false);
                    }
                }
            }
        }
        self.end_word();
        if self.row.width() > 0 || self.rows.len() == first {
            let row = self.row.finish();
            self.rows.push(row);
        }
    }

    fn text(&mut self, mut text: &'text str) {
        while !text.is_empty() {
            let (unit, is_blank) = if let Some((run, width)) = run(text) {
                let unit = Unit {
                    is_run: true,
                    ..Unit::whole(run, SpanKind::Text, width)
                };
                (unit, run.starts_with(' '))
            } else if let Some((grapheme, width)) = graphemes(text).next() {
                let unit = Unit::whole(grapheme, SpanKind::Text, width);
                (unit, grapheme.chars().all(is_space))
            } else {
                break;
            };
            text = text.get(unit.text.len()..).unwrap_or_default();
            self.unit(unit, is_blank);
        }
    }

    fn unit(&mut self, unit: Unit<'text>, is_blank: bool) {
        if is_blank {
            self.end_word();
            self.endless = false;
            self.spaces.push(unit);
            self.spaces_width += unit.width;
            return;
        }
        if self.endless {
            self.lay(unit);
            return;
        }
        // Scripts with wide characters have no spaces and break anywhere.
        let wide = unit.kind == SpanKind::Text && unit.width > 1 && !unit.is_run;
        if wide {
            self.end_word();
        }
        self.word.push(unit);
        self.word_width += unit.width;
        self.endless = self.word_width > self.width;
        if wide || self.endless {
            self.end_word();
        }
    }

    /// Lays the waiting spaces and the word, on a new row where that helps.
    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let needed = self.spaces_width + self.word_width;
        if self.row.width() + needed > self.width && self.word_width <= self.width {
            self.next_row();
        }
        if self.spaces_width + self.row.width() >= self.width {
            self.next_row();
        }
        for space in self.spaces.drain(..) {
            push(&mut self.row, space.text, space.kind, space.width);
        }
        self.spaces_width = 0;
        let mut word = std::mem::take(&mut self.word);
        for unit in word.drain(..) {
            self.lay(unit);
        }
        // Its room is used again: a hostile text has as many words as characters.
        self.word = word;
        self.word_width = 0;
    }

    /// Ends the row; the spaces at the break are dropped.
    fn next_row(&mut self) {
        self.spaces.clear();
        self.spaces_width = 0;
        if self.row.width() > 0 {
            let row = self.row.finish();
            self.rows.push(row);
        }
    }

    fn lay(&mut self, unit: Unit<'_>) {
        let mut unit = unit;
        while unit.is_run && self.row.width() + unit.width > self.width {
            let (head, tail) = unit.split(self.width.saturating_sub(self.row.width()));
            push(&mut self.row, head.text, head.kind, head.width);
            self.next_row();
            unit = tail;
        }
        if self.row.width() + unit.width > self.width {
            self.next_row();
        }
        if unit.width > self.width {
            // Wider than the whole line: nothing of it can be drawn.
            self.row.push_mark(ELLIPSIS);
        } else {
            push(&mut self.row, unit.text, unit.kind, unit.width);
        }
    }
}
