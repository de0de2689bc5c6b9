//! Collects the output of one line: text, marks and words of mixed scripts.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;

use super::classes::{self, Class};
use super::safe::{HiddenKind, SafeLine, SafeSpan, cells, grapheme_cells};
use super::words::Scripts;

/// Accents that one character may carry; more is a flood.
const MOST_DIACRITICS: usize = 4;

/// Marks of all kinds that one character may carry; Burmese and Tibetan need more than four.
const MOST_COMBINING: usize = 8;

/// Code points in one grapheme; the longest emoji in use has ten.
const LONGEST_GRAPHEME: usize = 16;

/// Hidden characters in a row that are named one by one.
const MOST_NAMED: usize = 8;

/// A run of hidden characters of one kind.
struct Run {
    kind: HiddenKind,
    count: usize,
    first: [char; MOST_NAMED],
    /// All characters of the run are the same one.
    uniform: bool,
}

/// Where the word being written began.
struct Word {
    at: usize,
    width: usize,
}

#[derive(Default)]
pub(super) struct Writer {
    spans: Vec<SafeSpan>,
    text: String,
    /// Cells of `text`, if nothing in it is `complex`.
    width: usize,
    /// `text` has characters that may join into graphemes and must be measured.
    complex: bool,
    /// The character that a combining mark would sit on.
    base: Option<char>,
    diacritics: usize,
    combining: usize,
    run: Option<Run>,
    word: Option<Word>,
    scripts: Scripts,
}

impl Writer {
    /// Returns the last visible character, unless a mark came after it.
    pub(super) fn base(&self) -> Option<char> {
        self.base
    }

    /// Tells whether the line is still empty.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.spans.is_empty() && self.run.is_none()
    }

    /// Tells whether the last character was a hidden one.
    pub(super) fn is_hiding(&self) -> bool {
        self.run.is_some()
    }

    /// Writes printable ASCII.
    pub(super) fn push_ascii(&mut self, run: &str) {
        self.end_run();
        let Some(last) = run.chars().next_back() else {
            return;
        };
        let letters = |part: &str| part.bytes().filter(u8::is_ascii_alphabetic).count();
        let is_letter = |c: char| c.is_ascii_alphanumeric();
        let head = run.trim_start_matches(is_letter);
        let head_len = run.len() - head.len();
        if let Some((word, _)) = run.split_at_checked(head_len)
            && (self.word.is_some() || head.is_empty())
        {
            if head_len > 0 {
                self.begin_word();
                self.scripts.add_latin(letters(word));
            }
            self.append(word);
        } else if let Some((word, _)) = run.split_at_checked(head_len) {
            self.append(word);
        }
        if !head.is_empty() {
            self.end_word();
            let body_len = head.trim_end_matches(is_letter).len();
            if let Some((body, tail)) = head.split_at_checked(body_len) {
                self.append(body);
                if !tail.is_empty() {
                    self.begin_word();
                    self.scripts.add_latin(letters(tail));
                    self.append(tail);
                }
            }
        }
        self.rest_on(last);
    }

    fn append(&mut self, ascii: &str) {
        self.text.push_str(ascii);
        self.width += ascii.len();
    }

    /// Writes one character that draws as it is.
    pub(super) fn push_plain(&mut self, c: char) {
        self.end_run();
        if c.is_alphanumeric() {
            self.begin_word();
            self.scripts.add(c, classes::script(c));
        } else {
            self.end_word();
        }
        self.text.push(c);
        match classes::simple_cells(c) {
            Some(cells) => self.width += cells,
            None => self.complex = true,
        }
        self.rest_on(c);
    }

    fn rest_on(&mut self, base: char) {
        self.base = Some(base);
        self.diacritics = 0;
        self.combining = 0;
    }

    /// Writes a mark onto the last character; `false` if there is none or it carries enough.
    pub(super) fn push_combining(&mut self, c: char) -> bool {
        if self.run.is_some() || self.base.is_none() || self.combining >= MOST_COMBINING {
            return false;
        }
        if classes::is_diacritic(c) {
            if self.diacritics >= MOST_DIACRITICS {
                return false;
            }
            self.diacritics += 1;
        }
        self.combining += 1;
        self.complex = true;
        self.text.push(c);
        true
    }

    /// Notes a hidden character; marks for the run are written when it ends.
    pub(super) fn push_hidden(&mut self, kind: HiddenKind, c: char) {
        if let Some(run) = &mut self.run
            && run.kind == kind
        {
            if let Some(slot) = run.first.get_mut(run.count) {
                *slot = c;
            }
            run.uniform &= run.first.first() == Some(&c);
            run.count += 1;
            return;
        }
        self.end_run();
        self.base = None;
        self.run = Some(Run {
            kind,
            count: 1,
            first: [c; MOST_NAMED],
            uniform: true,
        });
    }

    /// Ends the line and hands it out; the writer is empty again.
    pub(super) fn finish(&mut self) -> SafeLine {
        self.end_run();
        self.end_word();
        self.close_text();
        self.base = None;
        SafeLine::from_spans(std::mem::take(&mut self.spans))
    }

    fn begin_word(&mut self) {
        if self.word.is_none() {
            self.scripts.clear();
            self.word = Some(Word {
                at: self.text.len(),
                width: self.width,
            });
        }
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else {
            return;
        };
        let Some(mixture) = self.scripts.mixture() else {
            return;
        };
        let text = self.text.split_off(word.at);
        let complex = self.complex;
        let width = self.width - word.width;
        self.width = word.width;
        self.close_text();
        self.spans.push(SafeSpan::mark(format!("⟪ {mixture}: ")));
        self.text = text;
        self.width = width;
        self.complex = complex;
        self.close_text();
        self.spans.push(SafeSpan::mark(" ⟫"));
        self.base = None;
    }

    fn end_run(&mut self) {
        let Some(run) = self.run.take() else {
            return;
        };
        self.end_word();
        self.close_text();
        write_marks(&run, &mut self.spans);
    }

    fn close_text(&mut self) {
        let text = std::mem::take(&mut self.text);
        let width = std::mem::take(&mut self.width);
        let complex = std::mem::take(&mut self.complex);
        if complex {
            close_complex(text, &mut self.spans);
        } else if !text.is_empty() {
            self.spans.push(SafeSpan::text_span(text, width));
        }
    }
}

/// Measures text by graphemes; cuts those apart that no honest text has.
fn close_complex(text: String, spans: &mut Vec<SafeSpan>) {
    let mut width = 0;
    let mut piece = String::new();
    let mut cut = false;
    for (at, grapheme) in text.grapheme_indices(true) {
        let cells = grapheme_cells(grapheme);
        let too_long =
            grapheme.len() > LONGEST_GRAPHEME && grapheme.chars().count() > LONGEST_GRAPHEME;
        if cells > 0 && !too_long {
            width += cells;
            if cut {
                piece.push_str(grapheme);
            }
            continue;
        }
        if !cut {
            piece.push_str(text.split_at(at).0);
            cut = true;
        }
        if !piece.is_empty() {
            spans.push(SafeSpan::text_span(std::mem::take(&mut piece), width));
        }
        width = 0;
        cut_apart(grapheme, spans);
    }
    if !cut {
        piece = text;
    }
    if !piece.is_empty() {
        spans.push(SafeSpan::text_span(piece, width));
    }
}

/// Cuts an endless grapheme into pieces of at most [`LONGEST_GRAPHEME`] code points, by marks.
///
/// Cuts come before characters that can stand alone; at most [`MOST_COMBINING`] others follow
/// one of those.
fn cut_apart(grapheme: &str, spans: &mut Vec<SafeSpan>) {
    let mut piece = String::new();
    let mut length = 0;
    for c in grapheme.chars() {
        let alone = matches!(classes::class(c), Class::Plain | Class::Bracket);
        if alone && length >= LONGEST_GRAPHEME - MOST_COMBINING {
            push_piece(std::mem::take(&mut piece), spans);
            spans.push(SafeSpan::mark("⟦…⟧"));
            length = 0;
        }
        piece.push(c);
        length += 1;
    }
    push_piece(piece, spans);
}

/// Writes a piece as text, or as marks if nothing of it would be drawn.
fn push_piece(piece: String, spans: &mut Vec<SafeSpan>) {
    match cells(&piece) {
        0 => spans.extend(piece.chars().map(code_mark)),
        width => spans.push(SafeSpan::text_span(piece, width)),
    }
}

fn code_mark(c: char) -> SafeSpan {
    if let Some(name) = classes::control_mark(c) {
        return SafeSpan::mark(name);
    }
    SafeSpan::mark(format!("⟦U+{:04X}⟧", u32::from(c)))
}

/// Writes the marks of one run: each character by name, or a count where there are many.
fn write_marks(run: &Run, spans: &mut Vec<SafeSpan>) {
    use HiddenKind as K;
    let named = match run.kind {
        K::Tags | K::VariationSelectors | K::ZeroWidth | K::CombiningMarks => 1,
        K::Bidi | K::Controls | K::Unknown => MOST_NAMED,
    };
    if run.count <= named {
        spans.extend(run.first.iter().take(run.count).copied().map(code_mark));
        return;
    }
    let count = run.count;
    if let [first, ..] = run.first
        && run.uniform
        && matches!(run.kind, K::Bidi | K::Controls | K::Unknown)
    {
        let mark = code_mark(first);
        let name = mark.text().trim_end_matches('⟧');
        spans.push(SafeSpan::mark(format!("{name} ×{count}⟧")));
        return;
    }
    let what = match run.kind {
        K::Tags => "hidden tag characters",
        K::VariationSelectors => "hidden variation selectors",
        K::ZeroWidth => "hidden zero-width characters",
        K::CombiningMarks => "stacked marks",
        K::Bidi => "direction controls",
        K::Controls => "control characters",
        K::Unknown => "unknown characters",
    };
    let mut mark = String::with_capacity(40);
    if write!(mark, "⟦{count} {what}⟧").is_ok() {
        spans.push(SafeSpan::mark(mark));
    }
}
