//! The words that the rules are made of: classes of lemmas in many languages, found in one pass.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::text::finder::{self, Finder, Word};
use crate::text::letters;
use crate::text::views::{self, View};

/// Classes of lemmas, one bit each.
pub(super) type Mask = u128;

/// The lemma tables, reviewed like code.
const TABLES: &[&str] = &[
    include_str!("words.txt"),
    include_str!("words_world.txt"),
    include_str!("words_marks.txt"),
];

/// Hits kept of one view; a text with more has them thinned out at the end.
const MOST_HITS: usize = 40_000;

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::of(TABLES));

/// One lemma found in a view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    /// The classes it belongs to: one bit.
    pub(super) mask: Mask,
    /// First byte in the view.
    pub(super) start: usize,
    /// The byte after the last one.
    pub(super) end: usize,
    /// The word it starts in, counted from the start of the view; two ideographs count as one.
    pub(super) first: usize,
    /// The word it ends in.
    pub(super) last: usize,
}

/// Which odd spellings the words of a text speak for.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::text) struct Gates {
    /// The text reads from its end.
    pub(in crate::text) reversed: bool,
    /// Letters are shifted along the alphabet by so many places.
    pub(in crate::text) shifted: Option<u8>,
}

#[derive(Debug)]
struct Lexicon {
    classes: HashMap<&'static str, u32>,
    finder: Finder,
    lemmas: Vec<Lemma>,
}

#[derive(Clone, Copy, Debug)]
struct Lemma {
    mask: Mask,
    /// A letter may stand before it.
    open_start: bool,
    /// A letter may follow.
    open_end: bool,
}

impl Lexicon {
    fn of(tables: &[&'static str]) -> Self {
        let mut classes = HashMap::new();
        let mut words = Vec::new();
        let mut lemmas = Vec::new();
        let mut class = 0;
        let lines = tables.iter().flat_map(|table| table.lines());
        for line in lines.filter(|line| !line.starts_with('#')) {
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|line| line.strip_suffix(']'))
            {
                let next = u32::try_from(classes.len()).unwrap_or(u32::MAX);
                class = *classes.entry(name).or_insert(next);
                continue;
            }
            for lemma in line
                .split(", ")
                .map(str::trim)
                .filter(|lemma| !lemma.is_empty())
            {
                let lemma = lemma.trim_end_matches(',');
                let bare = lemma.trim_matches('*');
                debug_assert!(!bare.is_empty(), "a lemma has letters");
                words.push(Word {
                    text: normal(bare),
                    anywhere: lemma.starts_with('*'),
                });
                lemmas.push(Lemma {
                    mask: 1_u128.checked_shl(class).unwrap_or_default(),
                    open_start: lemma.starts_with('*'),
                    open_end: lemma.ends_with('*'),
                });
            }
        }
        Self {
            classes,
            finder: Finder::new(words.into_iter()),
            lemmas,
        }
    }
}

fn normal(lemma: &'static str) -> Cow<'static, str> {
    if views::is_normal(lemma) {
        Cow::Borrowed(lemma)
    } else {
        Cow::Owned(views::normal(lemma))
    }
}

/// Returns the bit of a class, if there is such a class.
pub(super) fn class(name: &str) -> Option<Mask> {
    let index = *LEXICON.classes.get(name)?;
    1_u128.checked_shl(index)
}

/// Finds the lemmas of a view, ascending by start.
pub(super) fn hits(view: &View) -> Vec<Hit> {
    let text = view.text.as_str();
    let words = Words::of(text);
    let mut found = Vec::new();
    let starts = |at| view.joined || !joins(text, at);
    LEXICON.finder.each(text, starts, |hit| {
        let Some(lemma) = LEXICON.lemmas.get(hit.word) else {
            return;
        };
        let long = hit.end - hit.start >= 5;
        let loose = view.joined && long;
        let before = lemma.open_start || loose || !joins(text, hit.start);
        let after = lemma.open_end || loose || !joins(text, hit.end);
        if before && after {
            found.push(hit);
        }
    });
    finder::in_order_of_ends(&mut found);
    found.truncate(MOST_HITS);
    let hits = found.into_iter().filter_map(|hit| {
        let lemma = LEXICON.lemmas.get(hit.word)?;
        let end = if lemma.open_end {
            end_of_word(text, hit.end)
        } else {
            hit.end
        };
        Some(Hit {
            mask: lemma.mask,
            start: hit.start,
            end,
            first: words.at(hit.start),
            last: words.at(end - 1),
        })
    });
    let mut hits: Vec<Hit> = hits.collect();
    hits.sort_unstable_by_key(|hit| (hit.start, hit.end));
    hits
}

/// Returns where the word that a place is in ends; a few letters on at most.
fn end_of_word(text: &str, at: usize) -> usize {
    const LONGEST_ENDING: usize = 12;
    let letters = text
        .get(at..)
        .unwrap_or_default()
        .chars()
        .take(LONGEST_ENDING)
        .take_while(|c| letters::is_alphanumeric(*c) && !is_unspaced(*c));
    at + letters.map(char::len_utf8).sum::<usize>()
}

/// Tells whether a letter stands on both sides of a place, in a script that spaces its words.
fn joins(text: &str, at: usize) -> bool {
    let byte = |at: usize| text.as_bytes().get(at).copied();
    if let (Some(before), Some(after)) = (at.checked_sub(1).and_then(byte), byte(at))
        && before.is_ascii()
        && after.is_ascii()
    {
        return before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric();
    }
    let (Some(before), Some(after)) = (text.get(..at), text.get(at..)) else {
        return false;
    };
    let spaced = |c: char| !is_unspaced(c) && letters::is_alphanumeric(c);
    before.chars().next_back().is_some_and(spaced) && after.chars().next().is_some_and(spaced)
}

/// Letters of scripts that put no spaces between words, or glue particles to them.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// Where words start.
#[derive(Debug)]
struct Words {
    starts: Vec<usize>,
}

impl Words {
    fn of(text: &str) -> Self {
        let mut starts = Vec::with_capacity(text.len() / 5);
        if text.is_ascii() {
            let mut before = b' ';
            for (at, &byte) in text.as_bytes().iter().enumerate() {
                if before == b' ' && byte != b' ' {
                    starts.push(at);
                }
                before = byte;
            }
            return Self { starts };
        }
        let mut spaced = true;
        let mut half = false;
        for (at, c) in text.char_indices() {
            if is_unspaced(c) {
                if !half {
                    starts.push(at);
                }
                half = !half;
                spaced = true;
            } else {
                if spaced && c != ' ' {
                    starts.push(at);
                }
                spaced = c == ' ';
                half = false;
            }
        }
        Self { starts }
    }

    fn at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }
}

/// Key words that are looked for with their inner letters in any order.
const SCRAMBLED: &[&str] = &[
    "ignore",
    "disregard",
    "forget",
    "previous",
    "above",
    "instructions",
    "instruction",
    "system",
    "prompt",
    "reveal",
    "password",
    "bypass",
    "override",
    "secret",
    "safety",
    "guidelines",
    "delete",
    "execute",
    "command",
    "forward",
    "assistant",
    "restrictions",
    "confidential",
    "credentials",
    "developer",
    "everything",
    "message",
    "transfer",
    "account",
    "approved",
    "confirm",
    "human",
    "without",
    "remember",
    "permanently",
];

static KEYS: LazyLock<HashMap<u64, &'static str>> = LazyLock::new(|| {
    SCRAMBLED
        .iter()
        .map(|word| (unordered(word), *word))
        .collect()
});

/// A number that is the same for words with the same ends and the same letters between.
fn unordered(word: &str) -> u64 {
    let bytes = word.as_bytes();
    let ends = bytes
        .first()
        .zip(bytes.last())
        .map_or(0, |(a, b)| (u64::from(*a) << 8) | u64::from(*b));
    let letters = bytes.iter().fold(0_u64, |sum, byte| {
        // The multiplier spreads a letter over the word: 2^64 over the golden ratio.
        sum.wrapping_add(
            u64::from(*byte)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .rotate_left(u32::from(*byte)),
        )
    });
    letters ^ (ends << 40) ^ (bytes.len() as u64)
}

/// Returns the key word that a scrambled one stands for; `None` for words spelt right.
pub(in crate::text) fn unscramble(word: &str) -> Option<&'static str> {
    if !(5..=14).contains(&word.len()) {
        return None;
    }
    KEYS.get(&unordered(word))
        .copied()
        .filter(|key| *key != word)
}

/// Words that hardly any English sentence does without, and the words attacks are made of.
const TELLTALE: &[&str] = &[
    "the",
    "and",
    "you",
    "your",
    "please",
    "ignore",
    "instructions",
    "previous",
    "password",
    "system",
    "prompt",
    "message",
    "send",
    "with",
    "this",
    "that",
];

static GATES: LazyLock<(Finder, Vec<u8>)> = LazyLock::new(|| {
    let mut turned_words: Vec<String> = Vec::new();
    let mut kinds = Vec::new();
    for word in TELLTALE {
        turned_words.push(word.chars().rev().collect());
        kinds.push(0);
        for shift in 1..26 {
            let turned = word
                .bytes()
                .map(|byte| char::from(b'a' + (byte - b'a' + shift) % 26));
            turned_words.push(turned.collect());
            kinds.push(shift);
        }
    }
    let words = turned_words.into_iter().map(|text| Word {
        text: Cow::Owned(text),
        anywhere: false,
    });
    (Finder::new(words), kinds)
});

/// Tells from whole words which turned spellings a text speaks for.
pub(in crate::text) fn gates(text: &str) -> Gates {
    let (finder, kinds) = &*GATES;
    let mut seen = [0_u8; 26];
    let starts = |at| !joins(text, at);
    finder.each(text, starts, |found| {
        if joins(text, found.end) {
            return;
        }
        let length = found.end - found.start;
        // A short word may be one of another language; a long one hardly is.
        let weight = if length >= 6 {
            3
        } else {
            u8::from(length > 3) + 1
        };
        let kind = kinds.get(found.word).copied().unwrap_or_default();
        if let Some(seen) = seen.get_mut(usize::from(kind)) {
            *seen = seen.saturating_add(weight);
        }
    });
    let mut shifts = seen.iter().zip(0_u8..);
    let reversed = shifts.next().is_some_and(|(weight, _)| *weight >= 4);
    let shifted = shifts
        .max_by_key(|(weight, _)| **weight)
        .filter(|(weight, _)| **weight >= 4);
    Gates {
        reversed,
        shifted: shifted.map(|(_, shift)| shift),
    }
}
