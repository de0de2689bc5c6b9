//! The types that may reach a screen: text that went through the sanitiser.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::wrap;

/// Says who a span belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpanKind {
    /// Readable characters of the original.
    Text,
    /// Something the sanitiser put there; drawn in a style of its own.
    Mark,
}

/// One piece of a line, all text or all mark.
#[derive(Clone)]
pub struct SafeSpan {
    /// The whole line: a hostile one has a million pieces, and none should cost an allocation.
    line: Arc<str>,
    start: usize,
    end: usize,
    width: u32,
    kind: SpanKind,
}

impl SafeSpan {
    /// Returns the characters to draw.
    pub fn text(&self) -> &str {
        self.line
            .get(self.start..self.end)
            .expect("the line was cut here when it was built")
    }

    /// Tells text of the original from marks of the sanitiser.
    pub const fn kind(&self) -> SpanKind {
        self.kind
    }

    /// Returns how many terminal cells the span takes.
    pub const fn width(&self) -> usize {
        self.width as usize
    }
}

impl PartialEq for SafeSpan {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.text() == other.text()
    }
}

impl Eq for SafeSpan {}

impl fmt::Debug for SafeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({:?})", self.kind, self.text())
    }
}

/// A line in the making; the only place that makes spans.
#[derive(Default)]
pub(super) struct LineBuilder {
    text: String,
    pieces: Vec<Piece>,
    width: usize,
}

struct Piece {
    end: usize,
    width: u32,
    kind: SpanKind,
}

impl LineBuilder {
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Appends text of `width` cells; joins it to text before it.
    pub(super) fn push_text(&mut self, text: &str, width: usize) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        self.close(SpanKind::Text, width);
    }

    /// Appends a mark, which has only characters of one cell.
    pub(super) fn push_mark(&mut self, mark: &str) {
        self.text.push_str(mark);
        self.close(SpanKind::Mark, mark.chars().count());
    }

    /// Appends a mark, which has only characters of one cell.
    pub(super) fn write_mark(&mut self, mark: fmt::Arguments<'_>) {
        let start = self.text.len();
        self.text
            .write_fmt(mark)
            .expect("writing to a string cannot fail");
        let written = self
            .text
            .get(start..)
            .map_or(0, |mark| mark.chars().count());
        self.close(SpanKind::Mark, written);
    }

    fn close(&mut self, kind: SpanKind, width: usize) {
        self.width += width;
        let width = u32::try_from(width).unwrap_or(u32::MAX);
        let end = self.text.len();
        if let Some(last) = self.pieces.last_mut()
            && kind == SpanKind::Text
            && last.kind == kind
        {
            last.end = end;
            last.width = last.width.saturating_add(width);
        } else {
            self.pieces.push(Piece { end, width, kind });
        }
    }

    /// Hands the line out; the builder is empty again.
    pub(super) fn finish(&mut self) -> SafeLine {
        if self.pieces.is_empty() {
            return SafeLine::default();
        }
        let line: Arc<str> = Arc::from(self.text.as_str());
        let mut start = 0;
        let spans = self
            .pieces
            .iter()
            .map(|piece| SafeSpan {
                line: Arc::clone(&line),
                start: std::mem::replace(&mut start, piece.end),
                end: piece.end,
                width: piece.width,
                kind: piece.kind,
            })
            .collect();
        self.text.clear();
        self.pieces.clear();
        SafeLine {
            spans,
            width: std::mem::take(&mut self.width),
        }
    }
}

/// One line without a line break, fit for any terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SafeLine {
    spans: Vec<SafeSpan>,
    width: usize,
}

impl SafeLine {
    /// Makes a line of printable ASCII, which needs no look at any table.
    pub(super) fn ascii(text: &str) -> Self {
        let mut line = LineBuilder::default();
        line.push_text(text, text.len());
        line.finish()
    }

    /// Returns the pieces from left to right, in the order they were written.
    pub fn spans(&self) -> &[SafeSpan] {
        &self.spans
    }

    /// Returns how many terminal cells the line takes.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Returns the line as one string, marks included.
    pub fn plain(&self) -> String {
        self.spans.iter().map(SafeSpan::text).collect()
    }

    /// Returns the line cut to at most `max_cells`, ending in an ellipsis if anything is missing.
    ///
    /// The ellipsis is a mark. Graphemes and marks are never cut in two, so the result may be
    /// shorter than asked. With `max_cells` 0 nothing is left.
    #[must_use]
    pub fn truncated(&self, max_cells: usize) -> Self {
        if self.width <= max_cells {
            return self.clone();
        }
        wrap::truncate(self, max_cells)
    }

    /// Returns the line as rows of at most `width` cells; `width` is at least 1. It is broken as
    /// [`SafeText::wrap`] breaks a text.
    pub fn wrap(&self, width: usize) -> Vec<Self> {
        wrap::wrap(std::slice::from_ref(self), width)
    }
}

/// Text of any number of lines, fit for any terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SafeText {
    lines: Vec<SafeLine>,
    hidden: Vec<Hidden>,
    altered: bool,
}

impl SafeText {
    pub(super) const fn new(lines: Vec<SafeLine>, hidden: Vec<Hidden>, altered: bool) -> Self {
        Self {
            lines,
            hidden,
            altered,
        }
    }

    /// Returns the lines as the author broke them; at least one.
    pub fn lines(&self) -> &[SafeLine] {
        &self.lines
    }

    /// Returns the lines broken again so that none takes more than `width` cells.
    ///
    /// Breaks at spaces where possible, and drops the spaces it breaks at. A grapheme or a mark
    /// is only split where it does not fit a whole line. A `width` of 0 counts as 1.
    pub fn wrap(&self, width: usize) -> Vec<SafeLine> {
        wrap::wrap(&self.lines, width.max(1))
    }

    /// Returns what a reader could not have seen, at most one entry per kind.
    pub fn hidden(&self) -> &[Hidden] {
        &self.hidden
    }

    /// Returns the text as one string, marks included, lines joined by `\n`.
    pub fn plain(&self) -> String {
        let mut plain = String::new();
        for (number, line) in self.lines.iter().enumerate() {
            if number > 0 {
                plain.push('\n');
            }
            plain.extend(line.spans.iter().map(SafeSpan::text));
        }
        plain
    }

    /// Tells whether anything was replaced by a mark or marked.
    ///
    /// Tabs, odd spaces, doubled brackets and properly used joiners, selectors and direction
    /// marks do not count: an honest author uses those.
    pub const fn is_altered(&self) -> bool {
        self.altered
    }
}

/// Kinds of characters that a reader cannot see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HiddenKind {
    /// Tag characters, an invisible copy of ASCII.
    Tags,
    /// Variation selectors where they select nothing.
    VariationSelectors,
    /// Zero-width spaces, joiners and other invisible characters.
    ZeroWidth,
    /// Direction controls that can reorder what is read.
    Bidi,
    /// Control characters: what terminals obey.
    Controls,
    /// Combining marks beyond what a character can carry.
    CombiningMarks,
    /// Private use, unassigned and non-characters, whose look nobody knows.
    Unknown,
}

/// What a reader could not have seen, counted and where possible decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// The kind of character.
    pub what: HiddenKind,
    /// How many of them the text holds.
    pub count: usize,
    /// The message they spell, itself sanitised.
    pub decoded: Option<SafeText>,
}
