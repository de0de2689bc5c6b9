//! Reads text from outside character by character and decides what each one may do.
//!
//! The context rules live here: when a joiner, a selector or a direction mark is honest use.
//! Honest joiners and selectors stay where they are, honest direction marks are left out
//! without a word; all others become marks. What became a mark is told with its place, so that
//! the scanner never finds less than a reader sees.

use unicode_script::Script;

use super::blanks::{self, Blank, Kind};
use super::classes::{self, Class, Lookup};
use super::emoji;
use super::hidden::Payloads;
use super::safe::{HiddenKind, SafeLine, SafeText};
use super::writer::Writer;
use crate::model::TextSpan;

/// Invisible characters in a row that honest text may have.
const LONGEST_HONEST_RUN: usize = 2;

/// Findings that are noted; a text with more is marked all the same.
const MOST_FOUND: usize = 10_000;

/// What the sanitiser marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Characters that cannot be seen.
    Hidden(HiddenKind),
    /// A word of scripts that do not meet in words.
    Mixed,
    /// Blank space.
    Blank(Blank),
}

/// Something that the sanitiser marked, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) what: What,
    pub(super) span: TextSpan,
}

/// A mark to put before the character at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) at: usize,
    /// Characters of one cell alone.
    pub(super) mark: String,
}

/// A text that was read.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) lines: Vec<SafeLine>,
    /// In the order of their kinds, then of their places.
    pub(super) found: Vec<Found>,
    pub(super) payloads: Payloads,
    altered: bool,
}

impl Walk {
    /// Decodes what hides in the text and hands everything out.
    pub(super) fn into_text(self) -> SafeText {
        let hidden = self.payloads.decode(shallow);
        SafeText::new(self.lines, hidden, self.altered)
    }
}

/// Reads text of many lines, and puts notes into it; those are sorted by place.
pub(super) fn walk(input: &str, notes: &[Note]) -> Walk {
    let mut reader = Reader::new(input, notes);
    reader.lines(input, |writer| {
        writer.end_line();
        true
    });
    reader.end()
}

/// Reads text as [`walk`] does for what is to be found in it, and draws no line of it.
pub(super) fn survey(input: &str) -> Walk {
    let is_printed = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    let mut reader = Reader::new(input, &[]);
    // Nothing but its blank can be odd about printable ASCII.
    if !input.bytes().all(is_printed) {
        reader.writer = Writer::blind();
        reader.lines(input, |writer| {
            writer.end_line();
            true
        });
    }
    reader.end()
}

/// Sanitises text that was decoded; what hides in that is marked but not decoded again.
fn shallow(input: &str) -> SafeText {
    let walk = walk(input, &[]);
    SafeText::new(walk.lines, Vec::new(), walk.altered)
}

/// Sanitises text as one line, no further than a little beyond `max_cells`.
pub(super) fn line(input: &str, max_cells: usize) -> SafeLine {
    let mut reader = Reader::new(input, &[]);
    reader.lines(input, |writer| {
        writer.join_line("⟦⏎⟧");
        writer.width() <= max_cells
    });
    reader.writer.end_line();
    reader.writer.lines().pop().unwrap_or_default()
}

/// Splits at LF, CRLF and Unicode's line and paragraph separators; tells where each line begins.
fn breaks(input: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = Some(input);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let start = input.len() - text.len();
        let Some((at, length)) = line_break(text) else {
            return Some((start, text));
        };
        let (line, found) = text.split_at_checked(at)?;
        rest = found.get(length..);
        let line = match length {
            1 => line.strip_suffix('\r').unwrap_or(line),
            _ => line,
        };
        Some((start, line))
    })
}

/// Returns where the first line of a text ends, and the length of what ends it.
fn line_break(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut from = 0;
    loop {
        // The separators begin with 0xE2 in UTF-8.
        let found = bytes.get(from..)?;
        let at = from + found.iter().position(|byte| matches!(byte, b'\n' | 0xe2))?;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some((at, 1)),
            [0xe2, 0x80, 0xa8 | 0xa9, ..] => return Some((at, 3)),
            _ => from = at + 1,
        }
    }
}

/// What one line says about direction marks in it.
#[derive(Clone, Copy)]
struct Direction {
    right_to_left: bool,
    balanced: bool,
}

impl Direction {
    fn of(line: &str) -> Self {
        let mut depth = 0_usize;
        let mut balanced = true;
        for c in line.chars() {
            match c {
                '\u{2066}'..='\u{2068}' => depth += 1,
                '\u{2069}' => match depth.checked_sub(1) {
                    Some(outer) => depth = outer,
                    None => balanced = false,
                },
                _ => {}
            }
        }
        Self {
            right_to_left: line.chars().any(classes::is_right_to_left),
            balanced: balanced && depth == 0,
        }
    }

    const fn allows(self, c: char) -> bool {
        match c {
            '\u{61c}' | '\u{200e}' | '\u{200f}' => self.right_to_left,
            '\u{2066}'..='\u{2069}' => self.right_to_left && self.balanced,
            _ => false,
        }
    }
}

struct Reader<'notes> {
    writer: Writer,
    lookup: Lookup,
    payloads: Payloads,
    found: Vec<Found>,
    direction: Option<Direction>,
    /// Invisible characters since the last visible one that were taken for honest.
    honest: Vec<HiddenKind>,
    notes: &'notes [Note],
    blanks: Vec<Blank>,
    /// How many of `blanks` were passed.
    blanks_passed: usize,
}

impl<'notes> Reader<'notes> {
    fn new(input: &str, notes: &'notes [Note]) -> Self {
        Self {
            writer: Writer::default(),
            lookup: Lookup::default(),
            payloads: Payloads::default(),
            found: Vec::new(),
            direction: None,
            honest: Vec::new(),
            notes,
            blanks: blanks::find(input),
            blanks_passed: 0,
        }
    }

    fn end(mut self) -> Walk {
        self.writer.end_line();
        let mixed = self.writer.take_mixed().into_iter();
        self.found.extend(mixed.map(|span| Found {
            what: What::Mixed,
            span,
        }));
        self.found.extend(self.blanks.iter().map(|blank| Found {
            what: What::Blank(*blank),
            span: blank.span,
        }));
        Walk {
            altered: self.writer.is_marked(),
            lines: self.writer.lines(),
            found: self.found,
            payloads: self.payloads,
        }
    }

    /// Reads all lines; `between` ends each but the last, and tells whether to go on.
    fn lines(&mut self, input: &str, mut between: impl FnMut(&mut Writer) -> bool) {
        let mut folded_to = 0;
        let mut is_first = true;
        for (start, line) in breaks(input) {
            if start < folded_to {
                continue;
            }
            if !std::mem::replace(&mut is_first, false) && !between(&mut self.writer) {
                break;
            }
            match self.next_blank(start) {
                Some(blank) if blank.kind == Kind::Lines => {
                    folded_to = blank.span.end;
                    self.fold(blank);
                }
                _ => self.line(start, line),
            }
        }
    }

    /// Returns the first suspicious blank at or after a place.
    fn next_blank(&mut self, at: usize) -> Option<Blank> {
        loop {
            let blank = *self.blanks.get(self.blanks_passed)?;
            if blank.span.start >= at {
                return (blank.span.start == at || blank.kind != Kind::Lines).then_some(blank);
            }
            self.blanks_passed += 1;
        }
    }

    /// Writes one line in place of many blank ones.
    fn fold(&mut self, blank: Blank) {
        self.write_notes(blank.span.start);
        self.write_blank(blank);
        self.write_notes(blank.span.end.saturating_sub(1));
        self.writer.settle();
    }

    fn write_blank(&mut self, blank: Blank) {
        let mark = format!("⟦{} {}⟧", blank.count, blank.kind.name());
        self.writer.push_mark(&mark);
        self.honest.clear();
    }

    /// Writes the notes up to a place.
    fn write_notes(&mut self, at: usize) {
        while let Some((note, rest)) = self.notes.split_first()
            && note.at <= at
        {
            self.writer.push_mark(&note.mark);
            self.honest.clear();
            self.notes = rest;
        }
    }

    /// Returns how far a line may be read before a note or a blank has to be written.
    fn stop(&mut self, at: usize, end: usize) -> usize {
        let note = self.notes.first().map_or(end, |note| note.at);
        let blank = self.next_blank(at).map_or(end, |blank| blank.span.start);
        note.min(blank).min(end)
    }

    fn line(&mut self, start: usize, line: &str) {
        let end = start + line.len();
        let is_ascii = line.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if is_ascii
            && self.notes.first().is_none_or(|note| note.at > end)
            && self.stop(start, end) == end
        {
            self.writer.push_line(line);
            return;
        }
        self.direction = None;
        self.honest.clear();
        let mut rest = line;
        while !rest.is_empty() {
            let at = end - rest.len();
            self.write_notes(at);
            if let Some(blank) = self.next_blank(at)
                && blank.span.start == at
            {
                self.write_blank(blank);
                let length = blank.span.end - at;
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            let room = self.stop(at, end) - at;
            let ascii = rest
                .bytes()
                .take(room)
                .take_while(|byte| matches!(byte, b' '..=b'~'))
                .count();
            if let Some((run, after)) = rest.split_at_checked(ascii)
                && ascii > 0
            {
                self.writer.push_ascii(run, at);
                self.honest.clear();
                rest = after;
                continue;
            }
            let mut chars = rest.chars();
            if let Some(c) = chars.next() {
                rest = self.read(c, at, rest, line);
            }
        }
        self.write_notes(end);
        self.writer.settle();
        if self.writer.take_cut() {
            self.note(
                What::Hidden(HiddenKind::CombiningMarks),
                TextSpan { start, end },
            );
        }
    }

    fn note(&mut self, what: What, span: TextSpan) {
        if let Some(last) = self.found.last_mut()
            && last.what == what
            && last.span.end == span.start
        {
            last.span.end = span.end;
        } else if self.found.len() < MOST_FOUND {
            self.found.push(Found { what, span });
        }
    }

    /// Takes what begins `text`, which stands at `at`, and returns what is left after it.
    fn read<'a>(&mut self, c: char, at: usize, text: &'a str, line: &str) -> &'a str {
        let known = self.lookup.of(c);
        let rest = text.get(c.len_utf8()..).unwrap_or_default();
        match known.class {
            Class::Plain | Class::SkinTone if known.is_emoji => {
                if let Some(length) = emoji::sequence(text)
                    && let Some((whole, after)) = text.split_at_checked(length)
                {
                    self.writer.push_whole(whole, known);
                    self.honest.clear();
                    // It has the selectors and joiners that it needs.
                    self.honest.push(HiddenKind::VariationSelectors);
                    return after;
                }
                if known.class == Class::SkinTone && !self.stands_alone() {
                    // It would melt into whatever stands before it.
                    self.hide(HiddenKind::VariationSelectors, c, at);
                    return rest;
                }
                self.writer.push_plain(known, at);
            }
            Class::Plain | Class::SkinTone => self.writer.push_plain(known, at),
            Class::Blank => self.writer.push_ascii(" ", at),
            Class::Tab => self.writer.push_ascii("    ", at),
            Class::Bracket => {
                self.writer.push_plain(known, at);
                self.writer.push_plain(known, at);
            }
            Class::Combining => {
                if !self.writer.push_combining(known) {
                    self.hide(HiddenKind::CombiningMarks, c, at);
                }
            }
            Class::Jamo => {
                let hangul = |base| classes::script(base) == Script::Hangul;
                if !self.writer.base().is_some_and(hangul) || !self.writer.push_combining(known) {
                    self.hide(HiddenKind::ZeroWidth, c, at);
                }
            }
            // Lines are split at these before they are read.
            Class::LineBreak => self.hide(HiddenKind::Controls, c, at),
            Class::Hidden(kind) => {
                self.read_hidden(kind, c, at, rest, line);
                return rest;
            }
        }
        self.honest.clear();
        rest
    }

    fn stands_alone(&self) -> bool {
        match self.writer.base() {
            Some(base) => base == ' ',
            None => self.writer.is_empty(),
        }
    }

    fn read_hidden(&mut self, kind: HiddenKind, c: char, at: usize, rest: &str, line: &str) {
        if self.honest.len() >= LONGEST_HONEST_RUN || !self.is_honest(kind, c, rest, line) {
            self.hide(kind, c, at);
            return;
        }
        self.honest.push(kind);
        // Direction marks and places to break a line change nothing in one that is drawn from
        // left to right; the others shape what stands before them.
        let shapes = matches!(c, '\u{200c}' | '\u{200d}') || kind == HiddenKind::VariationSelectors;
        if shapes {
            self.writer.push_shaping(c);
        }
    }

    fn hide(&mut self, kind: HiddenKind, c: char, at: usize) {
        let end = at + c.len_utf8();
        self.payloads.add(kind, c);
        self.writer.push_hidden(kind, c);
        self.note(What::Hidden(kind), TextSpan { start: at, end });
    }

    /// Tells whether an invisible character stands where an honest author puts it.
    fn is_honest(&mut self, kind: HiddenKind, c: char, rest: &str, line: &str) -> bool {
        let next = rest.chars().next();
        match kind {
            HiddenKind::Bidi => {
                let direction = *self.direction.get_or_insert_with(|| Direction::of(line));
                direction.allows(c)
            }
            // A place to break a long word, with letters on both sides of it.
            HiddenKind::ZeroWidth if c == '\u{ad}' => {
                let base = self.writer.base();
                base.is_some_and(char::is_alphabetic)
                    && next.is_some_and(char::is_alphabetic)
                    && rest.chars().nth(1).is_some_and(char::is_alphabetic)
            }
            HiddenKind::ZeroWidth => self
                .writer
                .base()
                .is_some_and(|base| !self.honest.contains(&kind) && joins(c, base, next)),
            HiddenKind::VariationSelectors => {
                let alone = next.is_none_or(|next| {
                    classes::class(next) != Class::Hidden(HiddenKind::VariationSelectors)
                });
                let base = self.writer.base();
                // A payload may sit behind a proper selector: then the whole run is one.
                alone
                    && !self.honest.contains(&kind)
                    && !self.writer.is_hiding()
                    && base.is_some_and(|base| classes::selects(c, base, next))
            }
            HiddenKind::Tags
            | HiddenKind::Controls
            | HiddenKind::CombiningMarks
            | HiddenKind::Unknown => false,
        }
    }
}

/// Tells whether an invisible character between `base` and `next` is one that the script needs.
fn joins(c: char, base: char, next: Option<char>) -> bool {
    if base.is_ascii() {
        return false;
    }
    let script = classes::script(base);
    let same = |next: char| classes::script(next) == script;
    match c {
        '\u{200d}' => classes::is_joining(script),
        '\u{200c}' => classes::is_joining(script) && next.is_some_and(same),
        '\u{200b}' => classes::is_unspaced(script) && next.is_some_and(same),
        _ => false,
    }
}
