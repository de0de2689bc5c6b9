//! Finds blank space that pushes text out of sight or carries a message itself.
//!
//! Honest text has indents, columns and empty lines; the limits leave room for those. What is
//! measured is what the sanitiser would draw, so that reading its output again finds nothing.
//!
//! Where the limits come from. In the 708 honest letters of the development set the widest gap
//! between two words has 54 cells (99 of 100: 28), the widest indent 52 (12), the longest row of
//! empty lines 8 (4), and blanks at the end of a line 8 (2); none of them mixes spaces with
//! tabs there. In 12,000 files of code and prose with tables 99 of 100 have no gap wider than 32
//! and no indent wider than 40; the longest row of empty lines is 4. A gap of 40 is therefore rare in a letter
//! and half a row of 80, an edge of 64 leaves centred headings and signatures alone, and 12 empty
//! lines are half a small screen. Spaces of unusual width come in ones and twos in honest
//! typesetting; no-break spaces come in indents, where pages were copied.

use crate::model::TextSpan;

use super::classes::{Class, class};

/// Cells of blank between two words of one line; columns of a table have fewer.
const WIDEST_GAP: usize = 40;

/// Cells of blank at an edge of a line, where honest text is centred or padded.
const WIDEST_EDGE: usize = 64;

/// Cells of a line that pushes nothing out of sight, however wide the blank in it: letters have
/// boxes, right-aligned addresses and drawings of 80 columns.
const NARROW_LINE: usize = 80;

/// Cells of the mark that a hidden character is drawn as, rather too many than too few.
const MARK: usize = 24;

/// Blank lines in a row.
const MOST_LINES: usize = 12;

/// Spaces of unusual width in a row.
const MOST_ODD: usize = 3;

/// No-break spaces in a row: text from web pages has some.
const MOST_NO_BREAK: usize = 12;

/// Cells of blanks at the end of a line that mix spaces and tabs.
const MOST_TRAILING: usize = 8;

/// Changes between spaces and tabs in such blanks: an editor leaves one or two, bits have more.
const MOST_CHANGES: usize = 3;

/// One stretch of blank that is shown as a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blank {
    pub(super) span: TextSpan,
    pub(super) kind: Kind,
    /// Characters, or lines.
    pub(super) count: usize,
}

/// What is odd about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Wide,
    Odd,
    Trailing,
    Lines,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Wide => "spaces",
            Self::Odd => "odd spaces",
            Self::Trailing => "spaces and tabs",
            Self::Lines => "blank lines",
        }
    }
}

/// Returns every stretch of suspicious blank, in order. Linear in the text.
pub(super) fn find(text: &str) -> Vec<Blank> {
    let mut finder = Finder {
        text,
        ..Finder::default()
    };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let at = text.len() - rest.len();
        finder.take(at, c);
        let mut length = c.len_utf8();
        if is_seen(c as u32) {
            // Nothing begins and nothing ends in a row of words.
            let words = words(rest);
            finder.line_cells += words - length;
            let last = rest.as_bytes().get(words - length);
            finder.last = last.map(|byte| char::from(*byte));
            length = words;
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    finder.end(text.len());
    finder.found
}

/// Returns the length of the printable ASCII without two spaces in a row that a text begins
/// with, up to the last character that is no space.
fn words(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    while let Some(&byte) = bytes.get(end) {
        let seen = is_seen(u32::from(byte));
        let space = byte == b' '
            && bytes
                .get(end + 1)
                .is_some_and(|next| is_seen(u32::from(*next)));
        if !seen && !space {
            break;
        }
        end += 1;
    }
    end
}

/// Tells printable ASCII but the space.
const fn is_seen(code: u32) -> bool {
    matches!(code, 0x21..=0x7e)
}

/// A run of blank characters; direction marks, which are not drawn, may cut it into pieces.
#[derive(Default)]
struct Run {
    pieces: Vec<(TextSpan, usize)>,
    cells: usize,
    odd: usize,
    no_break: usize,
    /// The last of the plain blanks, and how often space and tab took turns.
    last: Option<char>,
    changes: usize,
    /// The cell without a dot, which belongs to drawings in braille.
    braille: bool,
}

#[derive(Default)]
struct Finder<'a> {
    text: &'a str,
    found: Vec<Blank>,
    run: Run,
    /// The last character that was drawn.
    last: Option<char>,
    line_start: usize,
    /// Cells of the line, with two for whatever is not ASCII: rather too many than too few.
    line_cells: usize,
    /// How many were found before the line.
    found_before: usize,
    line_is_blank: bool,
    started: bool,
    blank_lines: usize,
    first_blank: usize,
}

impl Finder<'_> {
    fn take(&mut self, at: usize, c: char) {
        if !self.started {
            self.started = true;
            self.line_is_blank = true;
        }
        match c {
            '\n' | '\u{2028}' | '\u{2029}' => self.end_line(at, c),
            // Half of a line break; alone it is a control and shown as one.
            '\r' => {}
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2066}'..='\u{2069}' => {
                if let Some(piece) = self.run.pieces.last_mut()
                    && piece.1 > 0
                {
                    self.run.pieces.push((TextSpan { start: at, end: at }, 0));
                }
            }
            _ if is_blank(c) => self.extend(at, c),
            _ => self.visible(at, c),
        }
    }

    fn extend(&mut self, at: usize, c: char) {
        let run = &mut self.run;
        let end = at + c.len_utf8();
        match run.pieces.last_mut() {
            Some((span, count)) if *count > 0 && span.end == at => {
                span.end = end;
                *count += 1;
            }
            Some((span, count)) if *count == 0 => {
                *span = TextSpan { start: at, end };
                *count = 1;
            }
            _ => run.pieces.push((TextSpan { start: at, end }, 1)),
        }
        let cells = match c {
            '\t' => 4,
            '\u{3000}' => 2,
            _ => 1,
        };
        run.cells += cells;
        self.line_cells += cells;
        if matches!(c, ' ' | '\t') {
            run.changes += usize::from(run.last.is_some_and(|last| last != c));
            run.last = Some(c);
        }
        match c {
            ' ' | '\t' => {}
            '\u{a0}' | '\u{202f}' | '\u{3000}' => run.no_break += 1,
            '\u{2800}' => {
                run.braille = true;
                run.odd += 1;
            }
            _ => run.odd += 1,
        }
    }

    fn visible(&mut self, at: usize, c: char) {
        if self.line_is_blank {
            self.line_is_blank = false;
            self.end_lines(self.line_start);
        }
        if !self.run.pieces.is_empty() {
            let leads =
                self.run.pieces.first().map(|(span, _)| span.start) == Some(self.line_start);
            let is_braille = |c: char| matches!(c, '\u{2801}'..='\u{28ff}');
            let drawn = self.run.braille && (is_braille(c) || self.last.is_some_and(is_braille));
            self.end_run(if leads { WIDEST_EDGE } else { WIDEST_GAP }, false, drawn);
        }
        self.last = Some(c);
        self.line_cells += if c.is_ascii() { 1 } else { 2 };
        debug_assert!(at >= self.line_start);
    }

    fn end_line(&mut self, at: usize, c: char) {
        self.end_run(WIDEST_EDGE, !self.line_is_blank, false);
        self.end_cells(at);
        if self.line_is_blank {
            if self.blank_lines == 0 {
                self.first_blank = self.line_start;
            }
            self.blank_lines += 1;
        }
        self.last = None;
        self.line_start = at + c.len_utf8();
        self.line_is_blank = true;
    }

    fn end_run(&mut self, widest: usize, trails: bool, drawn: bool) {
        let run = std::mem::take(&mut self.run);
        let kind = if run.odd >= MOST_ODD && !drawn || run.no_break >= MOST_NO_BREAK {
            Kind::Odd
        } else if run.cells >= widest {
            Kind::Wide
        } else if trails && run.changes >= MOST_CHANGES && run.cells >= MOST_TRAILING {
            Kind::Trailing
        } else {
            return;
        };
        let pieces = run.pieces.into_iter().filter(|(_, count)| *count > 0);
        self.found
            .extend(pieces.map(|(span, count)| Blank { span, kind, count }));
    }

    /// Forgets wide blanks of a line that is drawn narrow.
    fn end_cells(&mut self, end: usize) {
        let cells = std::mem::take(&mut self.line_cells);
        let wide = self.found.len() > self.found_before;
        if wide && cells <= NARROW_LINE && cells + self.marks(end) <= NARROW_LINE {
            let line = self.found.split_off(self.found_before);
            let kept = line.into_iter().filter(|blank| blank.kind != Kind::Wide);
            self.found.extend(kept);
        }
        self.found_before = self.found.len();
    }

    /// Returns the cells of the marks in the line up to `end`. Few lines have a wide blank in
    /// them, so only theirs are counted.
    fn marks(&self, end: usize) -> usize {
        let line = self.text.get(self.line_start..end).unwrap_or_default();
        let hidden = line
            .chars()
            .filter(|c| matches!(class(*c), Class::Hidden(_)));
        hidden.count() * MARK
    }

    /// Ends a row of blank lines before the line at `end`.
    fn end_lines(&mut self, end: usize) {
        let count = std::mem::take(&mut self.blank_lines);
        if count < MOST_LINES {
            return;
        }
        let start = self.first_blank;
        while self
            .found
            .last()
            .is_some_and(|last| last.span.start >= start)
        {
            self.found.pop();
        }
        self.found.push(Blank {
            span: TextSpan { start, end },
            kind: Kind::Lines,
            count,
        });
        self.found_before = self.found.len();
    }

    fn end(&mut self, end: usize) {
        let line_start = self.line_start;
        self.end_run(WIDEST_EDGE, !self.line_is_blank, false);
        self.end_cells(end);
        self.end_lines(if self.line_is_blank { line_start } else { end });
    }
}

const fn is_blank(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{2800}' | '\u{3000}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, usize, &str)> {
        find(text)
            .into_iter()
            .map(|blank| {
                (
                    blank.kind,
                    blank.count,
                    text.get(blank.span.start..blank.span.end).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn blank_that_hides_or_carries_text_is_found() {
        let wide = " ".repeat(200);
        assert_eq!(kinds(&format!("a{wide}b")), [(Kind::Wide, 200, &*wide)]);
        let lines = "\n".repeat(40);
        assert_eq!(kinds(&format!("a\n{lines}b")), [(Kind::Lines, 40, &*lines)]);
        assert_eq!(
            kinds("a\u{2003}\u{2003}\u{2009} b"),
            [(Kind::Odd, 4, "\u{2003}\u{2003}\u{2009} ")]
        );
        assert_eq!(kinds("a \t  \t\nb"), [(Kind::Trailing, 5, " \t  \t")]);
        assert_eq!(kinds(&wide), [(Kind::Wide, 200, &*wide)]);
    }

    #[test]
    fn a_line_is_as_wide_as_it_is_drawn() {
        let gap = "\t".repeat(10);
        let narrow = format!("a{gap} b");
        assert_eq!(kinds(&narrow), []);
        let marked = format!("\0{gap} b\u{202e}\u{1b}[2J");
        assert_eq!(kinds(&marked), [(Kind::Wide, 11, &*format!("{gap} "))]);
    }

    #[test]
    fn honest_blank_is_left_alone() {
        for text in [
            "",
            "a  b\n\n\n    c\n\t\t\td",
            "name                          amount",
            "|                                                        boxed |",
            "                                                                   In the end",
            "pasted\t\t    \nfrom an editor   \t\t\n",
            "5\u{202f}000 €, l'été\u{a0}: «\u{a0}bien\u{a0}»",
            "\u{3000}\u{3000}段落",
            "⠀⠀⠀⠀⣿⣿⠀⠀⠀⠀⣿",
            "a\u{2009}b\u{2009}c",
        ] {
            assert_eq!(kinds(text), [], "{text:?}");
        }
    }

    #[test]
    fn a_mark_that_is_not_drawn_does_not_divide_blank() {
        let half = " ".repeat(45);
        let text = format!("א{half}\u{200f}{half}b");
        assert_eq!(
            kinds(&text),
            [(Kind::Wide, 45, &*half), (Kind::Wide, 45, &*half)]
        );
    }

    #[test]
    fn blank_is_wide_only_in_a_line_that_leaves_eighty_columns() {
        let gap = " ".repeat(60);
        assert_eq!(kinds(&format!("Fine.{gap}| box")), []);
        let beyond = format!("Fine.{gap}and pay nine hundred\nnext\n\n\n");
        assert_eq!(kinds(&beyond), [(Kind::Wide, 60, &*gap)]);
        let second = format!("{}\n\nFine.{gap}| box", beyond.trim_end());
        assert_eq!(kinds(&second), [(Kind::Wide, 60, &*gap)]);
    }
}
