//! Views that undo odd spellings: digits for letters, letters apart, letters swapped, whole
//! texts turned round or shifted along the alphabet.

use std::ops::Range;

use super::{Builder, Origins, View};
use crate::text::rules::lexicon::{self, Gates};

/// Letters in a row that must stand alone before they are joined.
const SHORTEST_SPACED: usize = 6;

/// Words with digits inside before digits are read as letters.
const FEWEST_LEET: usize = 2;

/// Returns the views of a text that its spelling calls for. Those of more than `room` bytes may be
/// left out: nobody would read them.
pub(super) fn respelled(text: &str, main: &View, gates: Gates, room: usize) -> Vec<View> {
    let mut views = Vec::new();
    let read = &main.text;
    let shape = Shape::of(read);
    if shape.spaced >= SHORTEST_SPACED {
        views.extend(joined(text, room));
    }
    // All others are as long as the main one.
    if read.len() > room {
        return views;
    }
    if shape.leet >= FEWEST_LEET {
        views.push(leet(main, 'i'));
        if read.contains('1') {
            views.push(leet(main, 'l'));
        }
    }
    if gates.reversed {
        views.push(reversed(main));
    }
    if let Some(shift) = gates.shifted {
        views.push(shifted(main, shift));
    }
    if shape.long_words > 0
        && let Some(view) = unscrambled(main)
    {
        views.push(view);
    }
    views
}

/// What the cheap tests saw.
#[derive(Debug, Default)]
struct Shape {
    /// The longest row of single letters with one mark between them.
    spaced: usize,
    /// Words that have digits among their letters.
    leet: usize,
    /// Words of a length that is worth unscrambling.
    long_words: usize,
}

impl Shape {
    fn of(text: &str) -> Self {
        let mut shape = Self::default();
        let mut row = 0;
        let divides = |c| matches!(c, ' ' | '.' | '-' | '_' | ',' | '/' | '|' | '*' | '~' | '+');
        for word in text.split(divides) {
            let bytes = word.as_bytes();
            let single = bytes.len() == 1 || (bytes.len() < 5 && word.chars().count() == 1);
            if single {
                row += 1;
                shape.spaced = shape.spaced.max(row);
            } else if !word.is_empty() {
                row = 0;
            }
            shape.long_words += usize::from(bytes.len() >= 5);
            if bytes.len() >= 3 && bytes.len() <= 24 && is_leet(bytes) {
                shape.leet += 1;
            }
        }
        shape
    }
}

/// Tells a word with a digit between or before letters from numbers, units and names.
fn is_leet(word: &[u8]) -> bool {
    let letters = word.iter().filter(|byte| byte.is_ascii_lowercase()).count();
    let digits = word
        .iter()
        .filter(|byte| leet_letter(**byte, 'i').is_some())
        .count();
    let changes = word
        .windows(2)
        .filter(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() != b.is_ascii_lowercase()))
        .count();
    letters >= 1 && digits >= 1 && changes >= 2 && letters + digits + 1 >= word.len()
}

fn leet_letter(byte: u8, one: char) -> Option<char> {
    Some(match byte {
        b'0' => 'o',
        b'1' | b'!' => one,
        b'3' => 'e',
        b'4' | b'@' => 'a',
        b'5' | b'$' => 's',
        b'7' | b'+' => 't',
        b'8' => 'b',
        b'9' => 'g',
        _ => return None,
    })
}

fn original(main: &View, at: usize) -> usize {
    main.original(at, at).0
}

/// Copies the sentences' ends of a view whose text has the same length.
fn same_shape(main: &View, builder: Builder) -> View {
    let mut view = builder.finish(original(main, main.text.len()));
    view.ends.clone_from(&main.ends);
    view
}

fn leet(main: &View, one: char) -> View {
    let mut origins = Origins::of(main);
    let mut builder = Builder::with_capacity(main.text.len());
    let bytes = main.text.as_bytes();
    for (at, c) in main.text.char_indices() {
        let around = |offset: usize| {
            bytes
                .get(offset)
                .is_some_and(|byte| !byte.is_ascii_whitespace())
        };
        let letter = u8::try_from(c).ok().and_then(|byte| leet_letter(byte, one));
        let inside = match c {
            '!' | '+' | '@' => around(at + 1) && at > 0 && around(at - 1),
            '$' => around(at + 1),
            _ => true,
        };
        builder.push(letter.filter(|_| inside).unwrap_or(c), origins.at(at));
    }
    same_shape(main, builder)
}

/// Joins letters that stand apart by one mark. A wider gap stays a space between words. `None`
/// if the view would have more than `room` bytes.
fn joined(text: &str, room: usize) -> Option<View> {
    let mut builder = Builder::with_capacity(text.len() / 2);
    let mut at = 0;
    let mut single = false;
    while let Some(rest) = text.get(at..) {
        let gap = rest.find(|c| !is_apart(c)).unwrap_or(rest.len());
        let (marks, rest) = rest.split_at(gap);
        let atom = rest.find(is_apart).unwrap_or(rest.len());
        let letters = rest.get(..atom).unwrap_or_default();
        let alone = letters.chars().nth(1).is_none();
        let narrow = marks.chars().nth(1).is_none() && marks != "\n";
        let joins = single && alone && narrow;
        if !joins && !builder.text.is_empty() && !letters.is_empty() {
            builder.push(' ', at);
        }
        single = alone;
        at += gap;
        for c in letters.chars() {
            for lower in c.to_lowercase() {
                builder.push(lower, at);
            }
            at += c.len_utf8();
        }
        if builder.text.len() > room {
            return None;
        }
        if letters.is_empty() {
            break;
        }
    }
    let mut view = builder.finish(text.len());
    let words = view.text.matches(' ').count() + 1;
    view.joined = view.text.len() / words > 12;
    Some(view)
}

/// Marks that writers put between letters; characters that draw nothing count as none.
fn is_apart(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '.' | '-' | '_' | '*' | '~' | '|' | '/' | ',' | '+' | '·' | '•'
        )
}

fn reversed(main: &View) -> View {
    let mut builder = Builder::with_capacity(main.text.len());
    builder.text.extend(main.text.chars().rev());
    let mut view = builder.finish(0);
    // Offsets run backwards here, so the view answers with the whole text instead.
    view.origin = super::Origin::Whole(0, original(main, main.text.len()));
    view
}

/// Turns letters back by `shift` places of the alphabet.
fn shifted(main: &View, shift: u8) -> View {
    let mut origins = Origins::of(main);
    let mut builder = Builder::with_capacity(main.text.len());
    for (at, c) in main.text.char_indices() {
        let turned = match u8::try_from(c) {
            Ok(byte) if byte.is_ascii_lowercase() => {
                char::from(b'a' + (byte - b'a' + 26 - shift % 26) % 26)
            }
            _ => c,
        };
        builder.push(turned, origins.at(at));
    }
    same_shape(main, builder)
}

/// Puts words right whose first and last letters are those of a key word and whose inner ones
/// are the same in another order. `None` if there is none.
fn unscrambled(main: &View) -> Option<View> {
    let mut origins = Origins::of(main);
    let mut builder: Option<Builder> = None;
    let mut copied = 0;
    let mut start = 0;
    for word in main.text.split_inclusive(|c: char| !c.is_ascii_lowercase()) {
        let letters = word.trim_end_matches(|c: char| !c.is_ascii_lowercase());
        if let Some(right) = lexicon::unscramble(letters) {
            let builder = builder.get_or_insert_default();
            copy(builder, &mut origins, copied..start);
            for (offset, c) in right.char_indices() {
                builder.push(c, origins.at(start + offset));
            }
            copied = start + letters.len();
        }
        start += word.len();
    }
    let mut builder = builder?;
    copy(&mut builder, &mut origins, copied..main.text.len());
    Some(same_shape(main, builder))
}

fn copy(builder: &mut Builder, origins: &mut Origins<'_>, range: Range<usize>) {
    let start = range.start;
    let part = origins.view.text.get(range).unwrap_or_default();
    for (offset, c) in part.char_indices() {
        builder.push(c, origins.at(start + offset));
    }
}
