//! Breaks and cuts safe lines by terminal cells.
//!
//! Must never split a grapheme, nor a mark that fits a line: half a mark could be read as text.

use super::graphemes::graphemes;
use super::safe::{LineBuilder, SafeLine, SpanKind};

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

/// A piece that stays together.
#[derive(Clone, Copy)]
struct Unit<'a> {
    text: &'a str,
    kind: SpanKind,
    width: usize,
}

impl Unit<'_> {
    fn is_space(&self) -> bool {
        self.kind == SpanKind::Text && self.text.chars().all(|c| c == ' ' || c == '\u{3000}')
    }
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
            if span.kind() == SpanKind::Mark && span.width() <= self.width {
                self.unit(Unit {
                    text: span.text(),
                    kind: SpanKind::Mark,
                    width: span.width(),
                });
            } else {
                for (text, width) in graphemes(span.text()) {
                    self.unit(Unit {
                        text,
                        kind: span.kind(),
                        width,
                    });
                }
            }
        }
        self.end_word();
        if self.row.width() > 0 || self.rows.len() == first {
            let row = self.row.finish();
            self.rows.push(row);
        }
    }

    fn unit(&mut self, unit: Unit<'text>) {
        if unit.is_space() {
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
        let wide = unit.kind == SpanKind::Text && unit.width > 1;
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
        for space in std::mem::take(&mut self.spaces) {
            push(&mut self.row, space.text, space.kind, space.width);
        }
        self.spaces_width = 0;
        for unit in std::mem::take(&mut self.word) {
            self.lay(unit);
        }
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
