//! Collects the output of one line: text, marks and words of mixed scripts.

use super::bytes;
use super::classes::{self, Class, Known, Lookup};
use super::graphemes::{cells, graphemes};
use super::safe::{HiddenKind, LineBuilder, SafeLine};
use super::words::Scripts;
use crate::model::TextSpan;

/// Accents that one character may carry; more is a flood.
const MOST_DIACRITICS: usize = 4;

/// Marks of all kinds that one character may carry; Burmese and Tibetan need more than four.
const MOST_COMBINING: usize = 8;

/// Code points in one grapheme; the longest emoji in use has ten.
const LONGEST_GRAPHEME: usize = 16;

/// Hidden characters in a row that are named one by one.
const MOST_NAMED: usize = 8;

/// Words of mixed scripts whose places are noted.
const MOST_WORDS: usize = 1_000;

/// A run of hidden characters of one kind.
struct Run {
    kind: HiddenKind,
    count: usize,
    first: [char; MOST_NAMED],
    /// All characters of the run are the same one.
    uniform: bool,
}

/// The word being written.
struct Word {
    at: usize,
    width: usize,
    /// Where it stands in the original.
    source: TextSpan,
}

#[derive(Default)]
pub(super) struct Writer {
    out: LineBuilder,
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
    /// Words of mixed scripts so far, at most [`MOST_WORDS`].
    mixed: Vec<TextSpan>,
    /// The line had a grapheme that no honest text has.
    cut: bool,
}

impl Writer {
    /// Makes a writer that hands out nothing but what it noticed.
    pub(super) fn blind() -> Self {
        Self {
            out: LineBuilder::blind(),
            ..Self::default()
        }
    }

    /// Returns the last visible character, unless a mark came after it.
    pub(super) fn base(&self) -> Option<char> {
        self.base
    }

    /// Tells whether the line is still empty.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.out.is_empty() && self.run.is_none()
    }

    /// Tells whether the last character was a hidden one.
    pub(super) fn is_hiding(&self) -> bool {
        self.run.is_some()
    }

    /// Tells, once, whether a grapheme of the last line had to be cut apart.
    pub(super) fn take_cut(&mut self) -> bool {
        std::mem::take(&mut self.cut)
    }

    /// Hands out where the words of mixed scripts stand.
    pub(super) fn take_mixed(&mut self) -> Vec<TextSpan> {
        std::mem::take(&mut self.mixed)
    }

    /// Writes all of a line that is printable ASCII.
    pub(super) fn push_line(&mut self, line: &str) {
        self.out.push_text(line, line.len());
    }

    /// Writes a mark of one-cell characters.
    pub(super) fn push_mark(&mut self, mark: &str) {
        self.end_run();
        self.end_word();
        self.close_text();
        self.out.push_mark(mark);
        self.base = None;
    }

    /// Writes an emoji of several characters, which begins with `first`.
    pub(super) fn push_whole(&mut self, emoji: &str, first: Known) {
        self.end_run();
        self.end_word();
        self.text.push_str(emoji);
        self.complex = true;
        self.rest_on(first.c);
    }

    /// Writes an invisible character that shapes the one before it.
    pub(super) fn push_shaping(&mut self, c: char) {
        self.text.push(c);
        self.complex = true;
    }

    /// Writes printable ASCII that stands at `at` in the original.
    pub(super) fn push_ascii(&mut self, run: &str, at: usize) {
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
                self.extend_word(at, head_len);
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
                    self.extend_word(at + run.len() - tail.len(), tail.len());
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

    /// Writes one character that draws as it is and stands at `at` in the original.
    pub(super) fn push_plain(&mut self, known: Known, at: usize) {
        self.end_run();
        if known.in_word {
            self.extend_word(at, known.c.len_utf8());
            self.scripts.add(known.c, known.script);
        } else {
            self.end_word();
        }
        self.text.push(known.c);
        match known.cells {
            Some(cells) => self.width += cells,
            None => self.complex = true,
        }
        self.rest_on(known.c);
    }

    fn rest_on(&mut self, base: char) {
        self.base = Some(base);
        self.diacritics = 0;
        self.combining = 0;
    }

    /// Writes a mark onto the last character; `false` if there is none or it carries enough.
    pub(super) fn push_combining(&mut self, known: Known) -> bool {
        if self.run.is_some() || self.base.is_none() || self.combining >= MOST_COMBINING {
            return false;
        }
        if classes::is_anywhere(known.script) {
            if self.diacritics >= MOST_DIACRITICS {
                return false;
            }
            self.diacritics += 1;
        }
        self.combining += 1;
        self.complex = true;
        self.text.push(known.c);
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

    /// Writes what is still waiting to be written at the end of a line.
    pub(super) fn settle(&mut self) {
        self.end_run();
        self.end_word();
        self.close_text();
        self.base = None;
    }

    /// Ends the line.
    pub(super) fn end_line(&mut self) {
        self.out.end_line();
    }

    /// Ends the line with a mark, and goes on in the same one.
    pub(super) fn join_line(&mut self, mark: &str) {
        self.out.push_mark(mark);
        self.out.forget_line();
    }

    /// Returns the cells of what was written to the line.
    pub(super) const fn width(&self) -> usize {
        self.out.width()
    }

    /// Tells whether anything became a mark.
    pub(super) const fn is_marked(&self) -> bool {
        self.out.is_marked()
    }

    /// Hands out the lines that were ended.
    pub(super) fn lines(&mut self) -> Vec<SafeLine> {
        self.out.lines()
    }

    /// Notes that `length` bytes at `at` belong to a word, a new one if none is open.
    fn extend_word(&mut self, at: usize, length: usize) {
        let end = at + length;
        if let Some(word) = &mut self.word {
            word.source.end = end;
            return;
        }
        self.scripts.clear();
        self.word = Some(Word {
            at: self.text.len(),
            width: self.width,
            source: TextSpan { start: at, end },
        });
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else {
            return;
        };
        if !self.scripts.is_mixture() {
            return;
        }
        let Some((before, mixed)) = self.text.split_at_checked(word.at) else {
            return;
        };
        if self.mixed.len() < MOST_WORDS {
            self.mixed.push(word.source);
        }
        self.cut |= push_text(before, word.width, self.complex, &mut self.out);
        self.out.write_mark(|text| {
            text.push_str("⟪ ");
            self.scripts.write(text);
            text.push_str(": ");
        });
        self.cut |= push_text(mixed, self.width - word.width, self.complex, &mut self.out);
        self.out.push_mark(" ⟫");
        self.clear_text();
        self.base = None;
    }

    fn end_run(&mut self) {
        let Some(run) = self.run.take() else {
            return;
        };
        self.end_word();
        self.close_text();
        write_marks(&run, &mut self.out);
    }

    fn close_text(&mut self) {
        // Whether anything had to be cut is told of a line once.
        let known = self.cut && self.out.is_blind();
        self.cut |= push_text(
            &self.text,
            self.width,
            self.complex && !known,
            &mut self.out,
        );
        self.clear_text();
    }

    fn clear_text(&mut self) {
        self.text.clear();
        self.width = 0;
        self.complex = false;
    }
}

/// Writes text; tells whether something of it had to be cut apart.
fn push_text(text: &str, width: usize, complex: bool, out: &mut LineBuilder) -> bool {
    if complex {
        return push_complex(text, out);
    }
    out.push_text(text, width);
    false
}

/// Measures text by graphemes; cuts those apart that no honest text has, and tells of it.
fn push_complex(text: &str, out: &mut LineBuilder) -> bool {
    let mut cut = false;
    let mut rest = text;
    let mut length = 0;
    let mut width = 0;
    for (grapheme, cells) in graphemes(text) {
        let too_long =
            grapheme.len() > LONGEST_GRAPHEME && grapheme.chars().count() > LONGEST_GRAPHEME;
        if cells > 0 && !too_long {
            length += grapheme.len();
            width += cells;
            continue;
        }
        let Some((before, after)) = rest.split_at_checked(length) else {
            break;
        };
        out.push_text(before, width);
        if out.is_blind() {
            return true;
        }
        cut_apart(grapheme, out);
        cut = true;
        rest = after.strip_prefix(grapheme).unwrap_or_default();
        length = 0;
        width = 0;
    }
    out.push_text(rest, width);
    cut
}

/// Cuts an endless grapheme into pieces of at most [`LONGEST_GRAPHEME`] code points, by marks.
///
/// Cuts come before characters that can stand alone; at most [`MOST_COMBINING`] others follow
/// one of those.
fn cut_apart(grapheme: &str, out: &mut LineBuilder) {
    let mut piece = String::new();
    let mut length = 0;
    let mut lookup = Lookup::default();
    for c in grapheme.chars() {
        let alone = matches!(lookup.of(c).class, Class::Plain | Class::Bracket);
        if alone && length >= LONGEST_GRAPHEME - MOST_COMBINING {
            push_piece(&piece, out);
            out.push_mark("⟦…⟧");
            piece.clear();
            length = 0;
        }
        piece.push(c);
        length += 1;
    }
    push_piece(&piece, out);
}

/// Writes a piece as text, or as marks if nothing of it would be drawn.
fn push_piece(piece: &str, out: &mut LineBuilder) {
    match cells(piece) {
        0 => piece.chars().for_each(|c| push_code(c, 1, out)),
        width => out.push_text(piece, width),
    }
}

/// Writes the mark of one character, and how often it stands in a row where that is more than once.
fn push_code(c: char, count: usize, out: &mut LineBuilder) {
    let (name, number, least) = match (classes::control_mark(c), bytes::raw(c)) {
        (Some(name), _) => (name.trim_end_matches('⟧'), 0, 0),
        (None, Some(byte)) => ("⟦byte 0x", u32::from(byte), 2),
        (None, None) => ("⟦U+", u32::from(c), 4),
    };
    out.write_mark(|text| {
        text.push_str(name);
        push_hex(number, least, text);
        if count > 1 {
            text.push_str(" ×");
            text.push_str(&count.to_string());
        }
        text.push('⟧');
    });
}

/// Writes a number to the base 16 with at least so many digits. The formatter of the standard
/// library takes longer than all else that is done with a hidden character.
fn push_hex(number: u32, least: u32, text: &mut String) {
    let digits = (35 - number.leading_zeros()) / 4;
    let digits = (0..digits.max(least)).rev();
    text.extend(
        digits
            .filter_map(|place| char::from_digit(number >> (4 * place) & 15, 16))
            .map(|digit| digit.to_ascii_uppercase()),
    );
}

/// Writes the marks of one run: each character by name, or a count where there are many.
fn write_marks(run: &Run, out: &mut LineBuilder) {
    use HiddenKind as K;
    let named = match run.kind {
        K::Tags | K::VariationSelectors | K::ZeroWidth | K::CombiningMarks => 1,
        K::Bidi | K::Controls | K::Unknown => MOST_NAMED,
    };
    let count = run.count;
    if count <= named {
        for c in run.first.iter().take(count) {
            push_code(*c, 1, out);
        }
        return;
    }
    if let [c, ..] = run.first
        && run.uniform
        && named > 1
    {
        push_code(c, count, out);
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
    out.write_mark(|text| {
        text.push('⟦');
        text.push_str(&count.to_string());
        text.push(' ');
        text.push_str(what);
        text.push('⟧');
    });
}
