//! The types that may reach a screen: text that went through the sanitiser.

use std::fmt;
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
    /// The whole text: a hostile one has a million pieces, and none should cost an allocation.
    whole: Arc<str>,
    start: usize,
    end: usize,
    width: u32,
    kind: SpanKind,
}

impl SafeSpan {
    /// Returns the characters to draw.
    pub fn text(&self) -> &str {
        self.whole
            .get(self.start..self.end)
            .expect("the text was cut here when it was built")
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

/// Lines in the making; the only place that makes spans.
///
/// All lines share one piece of memory, so that none costs an allocation of its own.
#[derive(Default)]
pub(super) struct LineBuilder {
    text: String,
    pieces: Vec<Piece>,
    /// How many of the pieces belong to lines before the one being written.
    before: usize,
    /// Cells of the line being written.
    width: usize,
    /// Where the pieces of each line end, and its cells.
    ends: Vec<(usize, usize)>,
    /// There is a mark in any line.
    marked: bool,
    /// Nobody will draw the lines: it only has to be known whether one is empty.
    blind: bool,
    /// Something was written to the line that is not kept.
    touched: bool,
}

struct Piece {
    end: usize,
    width: u32,
    kind: SpanKind,
}

impl LineBuilder {
    /// Makes a builder that keeps nothing.
    pub(super) fn blind() -> Self {
        Self {
            blind: true,
            ..Self::default()
        }
    }

    /// Tells whether nothing is kept.
    pub(super) const fn is_blind(&self) -> bool {
        self.blind
    }

    /// Returns the cells of the line being written.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// Tells whether the line being written is empty.
    pub(super) const fn is_empty(&self) -> bool {
        self.pieces.len() == self.before && !self.touched
    }

    /// Tells whether any line has a mark.
    pub(super) const fn is_marked(&self) -> bool {
        self.marked
    }

    /// Appends text of `width` cells; joins it to text before it.
    pub(super) fn push_text(&mut self, text: &str, width: usize) {
        if text.is_empty() {
            return;
        }
        if self.blind {
            self.touched = true;
            return;
        }
        self.text.push_str(text);
        self.close(SpanKind::Text, width);
    }

    /// Appends a mark, which has only characters of one cell.
    pub(super) fn push_mark(&mut self, mark: &str) {
        self.write_mark(|text| text.push_str(mark));
    }

    /// Appends a mark that is written at once; it has only characters of one cell.
    pub(super) fn write_mark(&mut self, write: impl FnOnce(&mut String)) {
        if self.blind {
            self.touched = true;
            return;
        }
        let start = self.text.len();
        write(&mut self.text);
        let written = self.text.as_bytes().get(start..).unwrap_or_default();
        // A character has one byte that goes on with none before it.
        let cells = written.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        self.marked = true;
        self.close(SpanKind::Mark, cells);
    }

    fn close(&mut self, kind: SpanKind, width: usize) {
        self.width += width;
        let width = u32::try_from(width).unwrap_or(u32::MAX);
        let end = self.text.len();
        if !self.is_empty()
            && let Some(last) = self.pieces.last_mut()
            && kind == SpanKind::Text
            && last.kind == kind
        {
            last.end = end;
            last.width = last.width.saturating_add(width);
        } else {
            self.pieces.push(Piece { end, width, kind });
        }
    }

    /// Ends the line; what follows belongs to another one.
    pub(super) fn end_line(&mut self) {
        self.touched = false;
        if !self.blind {
            self.before = self.pieces.len();
            self.ends
                .push((self.before, std::mem::take(&mut self.width)));
        }
    }

    /// Calls the line being written empty, and goes on with it.
    pub(super) const fn forget_line(&mut self) {
        self.touched = false;
        self.before = self.pieces.len();
    }

    /// Hands out the lines that were ended; the builder is empty again.
    pub(super) fn lines(&mut self) -> Vec<SafeLine> {
        let text: Arc<str> = Arc::from(self.text.as_str());
        let mut lines = Vec::with_capacity(self.ends.len());
        let mut pieces = self.pieces.as_slice();
        let mut passed = 0;
        let mut start = 0;
        for (end, width) in self.ends.drain(..) {
            let (own, later) = pieces
                .split_at_checked(end - passed)
                .unwrap_or((pieces, &[]));
            lines.push(SafeLine {
                spans: Spans::new(&text, &mut start, own),
                width,
            });
            pieces = later;
            passed = end;
        }
        self.text.clear();
        self.pieces.clear();
        self.before = 0;
        lines
    }

    /// Hands out the one line that was written; the builder is empty again.
    pub(super) fn finish(&mut self) -> SafeLine {
        self.end_line();
        self.lines().pop().unwrap_or_default()
    }
}

/// The spans of a line: most have one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Spans {
    One(SafeSpan),
    /// None, or more than one. Shared, because a line that fits is a row as it is.
    Many(Arc<[SafeSpan]>),
}

impl Default for Spans {
    fn default() -> Self {
        Self::Many(Arc::default())
    }
}

impl Spans {
    /// Makes the spans of `pieces` of a text, the first of which begins at `start`; moves that to
    /// where the last one ends.
    fn new(text: &Arc<str>, start: &mut usize, pieces: &[Piece]) -> Self {
        let mut span = |piece: &Piece| SafeSpan {
            whole: Arc::clone(text),
            start: std::mem::replace(start, piece.end),
            end: piece.end,
            width: piece.width,
            kind: piece.kind,
        };
        match pieces {
            [piece] => Self::One(span(piece)),
            pieces => Self::Many(pieces.iter().map(span).collect()),
        }
    }

    fn as_slice(&self) -> &[SafeSpan] {
        match self {
            Self::One(span) => std::slice::from_ref(span),
            Self::Many(spans) => spans,
        }
    }
}

/// One line without a line break, fit for any terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SafeLine {
    spans: Spans,
    width: usize,
}

impl SafeLine {
    /// Returns the pieces from left to right, in the order they were written.
    pub fn spans(&self) -> &[SafeSpan] {
        self.spans.as_slice()
    }

    /// Returns how many terminal cells the line takes.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Returns the line as one string, marks included.
    pub fn plain(&self) -> String {
        self.spans().iter().map(SafeSpan::text).collect()
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
            plain.extend(line.spans().iter().map(SafeSpan::text));
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
