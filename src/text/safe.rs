//! The types that may reach a screen: text that went through the sanitiser.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafeSpan {
    text: Cow<'static, str>,
    kind: SpanKind,
    width: usize,
}

impl SafeSpan {
    pub(super) fn text_span(text: String, width: usize) -> Self {
        Self {
            text: Cow::Owned(text),
            kind: SpanKind::Text,
            width,
        }
    }

    pub(super) fn mark(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        let width = cells(&text);
        Self {
            text,
            kind: SpanKind::Mark,
            width,
        }
    }

    pub(super) fn piece(text: &str, kind: SpanKind, width: usize) -> Self {
        Self {
            text: Cow::Owned(text.to_owned()),
            kind,
            width,
        }
    }

    /// Returns the characters to draw.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Tells text of the original from marks of the sanitiser.
    pub const fn kind(&self) -> SpanKind {
        self.kind
    }

    /// Returns how many terminal cells the span takes.
    pub const fn width(&self) -> usize {
        self.width
    }
}

/// One line without a line break, fit for any terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SafeLine {
    spans: Vec<SafeSpan>,
    width: usize,
}

impl SafeLine {
    pub(super) fn from_spans(spans: Vec<SafeSpan>) -> Self {
        let width = spans.iter().map(SafeSpan::width).sum();
        Self { spans, width }
    }

    /// Makes a line of printable ASCII, which needs no look at any table.
    pub(super) fn ascii(text: &str) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        Self::from_spans(vec![SafeSpan::text_span(text.to_owned(), text.len())])
    }

    pub(super) fn into_spans(self) -> Vec<SafeSpan> {
        self.spans
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

/// Counts terminal cells the way ratatui draws: grapheme by grapheme.
pub(super) fn cells(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(grapheme_cells).sum()
}

/// Counts the cells of one grapheme.
///
/// Terminals give the halfwidth Japanese sound marks a cell of their own, and so does ratatui,
/// while `unicode-width` counts none.
pub(super) fn grapheme_cells(grapheme: &str) -> usize {
    let sound_marks = grapheme.matches(['\u{ff9e}', '\u{ff9f}']).count();
    grapheme.width() + sound_marks
}
