//! Normalised readings of a text, for the wording rules: each knows where its characters came
//! from.
//!
//! The main view is the text in lower case, in compatibility form, without invisible characters
//! and Latin accents, with its white space made single. Further views undo what writers do to
//! keep words from being recognised; each has a cheap test that most texts fail.
//!
//! Must not: take time that is not linear, or grow beyond [`MOST_DECODED`] bytes of decoded
//! text, whatever the input.

mod decode;
mod fold;
mod spelling;

pub(super) use decode::BASE64;
pub(super) use fold::{is_invisible, is_normal};

use super::rules::lexicon;

/// Bytes of decoded text that one message may make, over all its views.
///
/// Source: section 6 of the notes on untrusted content, which `docs/scanner.md` sums up.
const MOST_DECODED: usize = 16 * 1024;

/// How often what was decoded is decoded again.
const DEEPEST: usize = 3;

/// Bytes after which a sentence is cut, so that no rule sees an unbounded one.
const LONGEST_SENTENCE: usize = 600;

/// A reading of a text.
#[derive(Debug)]
pub(super) struct View {
    /// What the rules read.
    pub(super) text: String,
    /// Where sentences end in `text`, ascending; the last one is its length.
    pub(super) ends: Vec<usize>,
    /// Where the characters came from.
    origin: Origin,
    /// Words may have lost the spaces between them.
    pub(super) joined: bool,
}

/// Where the bytes of a view stand in the original.
#[derive(Debug)]
enum Origin {
    /// Byte `view` and those after it come from byte `original` and those after it.
    Runs(Vec<Run>),
    /// All of the view comes from this range.
    Whole(usize, usize),
}

#[derive(Clone, Copy, Debug)]
struct Run {
    view: usize,
    original: usize,
}

impl View {
    /// Returns the range of the original that a range of the view came from.
    pub(super) fn original(&self, start: usize, end: usize) -> (usize, usize) {
        match &self.origin {
            Origin::Whole(start, end) => (*start, *end),
            Origin::Runs(runs) => (place(runs, start), place(runs, end)),
        }
    }
}

/// Asks a view for the origin of one place after the other.
struct Origins<'a> {
    view: &'a View,
    /// Where the run begins and ends that the last place was in.
    from: usize,
    to: usize,
    original: usize,
}

impl<'a> Origins<'a> {
    const fn of(view: &'a View) -> Self {
        Self {
            view,
            from: 0,
            to: 0,
            original: 0,
        }
    }

    /// Returns what [`View::original`] returns for the start of a range.
    fn at(&mut self, at: usize) -> usize {
        if (self.from..self.to).contains(&at) {
            return self.original + (at - self.from);
        }
        let Origin::Runs(runs) = &self.view.origin else {
            return self.view.original(at, at).0;
        };
        let after = runs.partition_point(|run| run.view <= at);
        if let Some(run) = after.checked_sub(1).and_then(|index| runs.get(index))
            && let Some(next) = runs.get(after)
        {
            // Where a character grew, the places after it are still its own.
            let same = next.original.saturating_sub(run.original);
            self.from = run.view;
            self.to = next.view.min(run.view + same);
            self.original = run.original;
        }
        place(runs, at)
    }
}

fn place(runs: &[Run], at: usize) -> usize {
    let after = runs.partition_point(|run| run.view <= at);
    let Some(run) = after.checked_sub(1).and_then(|index| runs.get(index)) else {
        return at;
    };
    let place = run.original + (at - run.view);
    match runs.get(after) {
        Some(next) => place.min(next.original),
        None => place,
    }
}

/// Builds a view character by character.
#[derive(Debug, Default)]
struct Builder {
    text: String,
    ends: Vec<usize>,
    runs: Vec<Run>,
    /// Original offset minus view offset of the last run.
    expected: usize,
}

impl Builder {
    fn with_capacity(bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            ..Self::default()
        }
    }

    fn push(&mut self, c: char, original: usize) {
        if self.expected != original || self.runs.is_empty() {
            self.runs.push(Run {
                view: self.text.len(),
                original,
            });
        }
        self.text.push(c);
        self.expected = original + c.len_utf8();
    }

    fn end_sentence(&mut self) {
        let at = self.text.len();
        if at > 0 && self.ends.last() != Some(&at) {
            self.ends.push(at);
        }
    }

    fn finish(mut self, original: usize) -> View {
        self.end_sentence();
        self.runs.push(Run {
            view: self.text.len(),
            original,
        });
        View {
            text: self.text,
            ends: self.ends,
            origin: Origin::Runs(self.runs),
            joined: false,
        }
    }
}

/// Everything that the rules read of one message.
#[derive(Debug)]
pub(super) struct Views {
    /// The readings; the first is the main one.
    pub(super) all: Vec<View>,
    /// Texts that were encoded in the message, decoded, in the order found.
    pub(super) decoded: Vec<String>,
}

/// Makes the views of a message. `hidden` are texts that were found in it in invisible
/// characters; they are read like decoded ones and count as standing all over the message.
pub(super) fn of(text: &str, hidden: &[&str]) -> Views {
    let mut views = Views {
        all: vec![fold::main(text)],
        decoded: Vec::new(),
    };
    let mut room = MOST_DECODED;
    for hidden in hidden {
        add_decoded(&mut views.all, hidden, (0, text.len()), &mut room);
    }
    spelled(&mut views.all, text, &mut room);
    let mut layer: Vec<decode::Found> = decode::find(text);
    for _ in 0..DEEPEST {
        let mut next = Vec::new();
        for found in layer {
            if !add_decoded(&mut views.all, &found.text, found.range, &mut room) {
                return views;
            }
            next.extend(
                decode::find(&found.text)
                    .into_iter()
                    .map(|inner| decode::Found {
                        text: inner.text,
                        range: found.range,
                    }),
            );
            views.decoded.push(found.text);
        }
        if next.is_empty() {
            break;
        }
        layer = next;
    }
    views
}

fn add_decoded(all: &mut Vec<View>, text: &str, range: (usize, usize), room: &mut usize) -> bool {
    if text.len() > *room {
        return false;
    }
    *room -= text.len();
    let mut view = fold::main(text);
    view.origin = Origin::Whole(range.0, range.1);
    all.push(view);
    true
}

/// Adds the views that undo odd spellings of the whole text.
fn spelled(all: &mut Vec<View>, text: &str, room: &mut usize) {
    let Some(main) = all.first() else { return };
    let mut found = spelling::respelled(text, main, lexicon::gates(&main.text), *room);
    found.retain(|view| {
        let fits = view.text.len() <= *room;
        if fits {
            *room -= view.text.len();
        }
        fits
    });
    all.append(&mut found);
}

/// Returns a text as the main view writes it.
pub(super) fn normal(text: &str) -> String {
    fold::main(text).text
}

/// Returns the last place at or before `at` where a character starts or the text ends.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Returns the first place at or after `at` where a character starts or the text ends.
pub(super) fn ceil(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}
