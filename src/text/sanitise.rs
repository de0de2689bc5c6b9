//! Reads text from outside character by character and decides what each one may do.
//!
//! The context rules live here: when a joiner, a selector or a direction mark is honest use.
//! Honest ones are left out of the output without a word, because terminals disagree on how
//! wide they make a grapheme; all others become marks.

use unicode_script::Script;

use super::classes::{self, Class, Lookup};
use super::hidden::Payloads;
use super::safe::{HiddenKind, LineBuilder, SafeLine, SafeText, SpanKind};
use super::writer::Writer;

/// Invisible characters in a row that honest text may have.
const LONGEST_HONEST_RUN: usize = 2;

/// The three flags spelt with tag characters that are in general use, and how they are drawn.
const TAG_FLAGS: [(&str, &str); 3] = [
    ("gbeng", ":england:"),
    ("gbsct", ":scotland:"),
    ("gbwls", ":wales:"),
];

/// Sanitises text of many lines and decodes what hides in it.
pub(super) fn text(input: &str) -> SafeText {
    let mut reader = Reader::default();
    let lines = breaks(input).map(|line| reader.line(line)).collect();
    let hidden = reader.payloads.decode(shallow);
    SafeText::new(lines, hidden, reader.altered)
}

/// Sanitises text that was decoded; what hides in that is marked but not decoded again.
fn shallow(input: &str) -> SafeText {
    let mut reader = Reader::default();
    let lines = breaks(input).map(|line| reader.line(line)).collect();
    SafeText::new(lines, Vec::new(), reader.altered)
}

/// Sanitises text as one line, no further than a little beyond `max_cells`.
pub(super) fn line(input: &str, max_cells: usize) -> SafeLine {
    let mut reader = Reader::default();
    let mut whole = LineBuilder::default();
    for (number, line) in breaks(input).enumerate() {
        if number > 0 {
            whole.push_mark("⟦⏎⟧");
        }
        if whole.width() > max_cells {
            break;
        }
        for span in reader.line(line).spans() {
            match span.kind() {
                SpanKind::Text => whole.push_text(span.text(), span.width()),
                SpanKind::Mark => whole.push_mark(span.text()),
            }
        }
    }
    whole.finish()
}

/// Splits at LF, CRLF and Unicode's line and paragraph separators.
fn breaks(input: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(input);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some((at, found)) = text.match_indices(['\n', '\u{2028}', '\u{2029}']).next() else {
            return Some(text);
        };
        let (line, after) = text.split_at_checked(at)?;
        rest = after.strip_prefix(found);
        Some(match found {
            "\n" => line.strip_suffix('\r').unwrap_or(line),
            _ => line,
        })
    })
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

#[derive(Default)]
struct Reader {
    writer: Writer,
    lookup: Lookup,
    payloads: Payloads,
    altered: bool,
    direction: Option<Direction>,
    /// Invisible characters since the last visible one that were taken for honest.
    honest: Vec<HiddenKind>,
}

impl Reader {
    fn line(&mut self, line: &str) -> SafeLine {
        if line.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return SafeLine::ascii(line);
        }
        self.direction = None;
        self.honest.clear();
        let mut rest = line;
        while !rest.is_empty() {
            let ascii = rest
                .bytes()
                .take_while(|byte| matches!(byte, b' '..=b'~'))
                .count();
            if let Some((run, after)) = rest.split_at_checked(ascii)
                && ascii > 0
            {
                self.writer.push_ascii(run);
                self.honest.clear();
                rest = after;
            }
            let mut chars = rest.chars();
            if let Some(c) = chars.next() {
                rest = self.read(c, chars.as_str(), line);
            }
        }
        let line = self.writer.finish();
        self.altered |= line
            .spans()
            .iter()
            .any(|span| span.kind() == SpanKind::Mark);
        line
    }

    /// Takes one character and returns what is left after it.
    fn read<'a>(&mut self, c: char, rest: &'a str, line: &str) -> &'a str {
        let known = self.lookup.of(c);
        match known.class {
            Class::Plain => self.writer.push_plain(known),
            Class::Blank => self.writer.push_ascii(" "),
            Class::Tab => self.writer.push_ascii("    "),
            Class::Bracket => {
                self.writer.push_plain(known);
                self.writer.push_plain(known);
            }
            Class::Combining => {
                if !self.writer.push_combining(known) {
                    self.hide(HiddenKind::CombiningMarks, c);
                }
            }
            Class::Jamo => {
                let hangul = |base| classes::script(base) == Script::Hangul;
                if !self.writer.base().is_some_and(hangul) || !self.writer.push_combining(known) {
                    self.hide(HiddenKind::ZeroWidth, c);
                }
            }
            Class::SkinTone => match self.writer.base() {
                Some(base) if self.honest.is_empty() && classes::takes_skin_tone(base) => {
                    self.honest.push(HiddenKind::VariationSelectors);
                    return rest;
                }
                Some(' ') => self.writer.push_plain(known),
                None if self.writer.is_empty() => self.writer.push_plain(known),
                // It would melt into whatever stands before it.
                _ => {
                    self.hide(HiddenKind::VariationSelectors, c);
                    return rest;
                }
            },
            // Lines are split at these before they are read.
            Class::LineBreak => self.hide(HiddenKind::Controls, c),
            Class::Hidden(HiddenKind::Tags) => return self.tag(c, rest),
            Class::Hidden(kind) => {
                if self.honest.len() < LONGEST_HONEST_RUN && self.is_honest(kind, c, rest, line) {
                    self.honest.push(kind);
                } else {
                    self.hide(kind, c);
                }
                return rest;
            }
        }
        self.honest.clear();
        rest
    }

    fn hide(&mut self, kind: HiddenKind, c: char) {
        self.payloads.add(kind, c);
        self.writer.push_hidden(kind, c);
    }

    /// Tells whether an invisible character stands where an honest author puts it.
    fn is_honest(&mut self, kind: HiddenKind, c: char, rest: &str, line: &str) -> bool {
        let next = rest.chars().next();
        match kind {
            HiddenKind::Bidi => {
                let direction = *self.direction.get_or_insert_with(|| Direction::of(line));
                direction.allows(c)
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

    fn tag<'a>(&mut self, c: char, rest: &'a str) -> &'a str {
        if let Some((name, after)) = self.tag_flag(c, rest) {
            self.writer.push_ascii(name);
            return after;
        }
        self.hide(HiddenKind::Tags, c);
        rest
    }

    /// Reads one of the three flags, whose first tag is `c`.
    fn tag_flag<'a>(&self, c: char, rest: &'a str) -> Option<(&'static str, &'a str)> {
        if self.writer.base() != Some('\u{1f3f4}') {
            return None;
        }
        TAG_FLAGS.iter().find_map(|(code, name)| {
            let mut letters = code.chars().map(|letter| 0xe0000 + u32::from(letter));
            if letters.next() != Some(u32::from(c)) {
                return None;
            }
            let mut tags = rest.chars();
            let spelt = letters.all(|letter| tags.next().map(u32::from) == Some(letter));
            (spelt && tags.next() == Some('\u{e007f}')).then_some((*name, tags.as_str()))
        })
    }
}

/// Tells whether a joiner between `base` and `next` changes how they are drawn.
fn joins(c: char, base: char, next: Option<char>) -> bool {
    if base.is_ascii() {
        return false;
    }
    match c {
        '\u{200d}' if classes::is_emoji(base) => next.is_some_and(classes::is_emoji),
        '\u{200d}' => classes::is_joining(classes::script(base)),
        '\u{200c}' => {
            let script = classes::script(base);
            classes::is_joining(script) && next.is_some_and(|next| classes::script(next) == script)
        }
        _ => false,
    }
}
