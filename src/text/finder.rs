//! Finds which of some thousand words stand in a text, from a table that is cheap to make.
//!
//! An Aho-Corasick automaton of the same words reads a text as fast, but takes a hundred times
//! as long to build as one message takes to read, and a command that lives for one message pays
//! for it every time. Here the words lie sorted behind the hash of their first bytes, and words
//! that only begin where a word begins are looked for nowhere else.
//!
//! Must not: know what the words mean, or take time that is not linear in the text.

use std::borrow::Cow;

/// Bytes of a word that choose where it lies.
const KEY: usize = 3;

/// No other item.
const NONE: u32 = u32::MAX;

/// A table of words.
#[derive(Debug)]
pub(super) struct Finder {
    words: Vec<Cow<'static, str>>,
    /// Words that begin where the caller says a word begins.
    at_starts: Index,
    /// Words that begin anywhere.
    anywhere: Index,
}

/// A word to be found.
#[derive(Debug)]
pub(super) struct Word {
    /// What it is, not empty, compared byte by byte.
    pub(super) text: Cow<'static, str>,
    /// It may begin at any place.
    pub(super) anywhere: bool,
}

/// Where a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Which word, counted from 0 in the order in which they were given.
    pub(super) word: usize,
    /// First byte.
    pub(super) start: usize,
    /// The byte after the last one.
    pub(super) end: usize,
}

#[derive(Debug)]
struct Index {
    /// The bits of a hash that count.
    bits: u32,
    /// Where the items of each hash begin in `items`; the last one is where all end.
    begins: Vec<u32>,
    /// Sorted by word within a hash.
    items: Vec<Item>,
    /// What words each byte begins.
    first: Vec<First>,
}

/// What words begin with some byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum First {
    #[default]
    None,
    /// All have at least [`KEY`] bytes.
    Long,
    /// Some are shorter than [`KEY`].
    Short,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    /// The first bytes of the word: they tell most words apart without a look at these.
    head: u64,
    /// Bytes of the word.
    length: u32,
    word: u32,
    /// The item of the longest other word that this one begins with.
    within: u32,
}

/// A place in a text that words are compared with.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The text from there on.
    rest: &'a [u8],
    head: u64,
}

impl<'a> Place<'a> {
    fn new(rest: &'a [u8]) -> Self {
        let head = head(rest);
        Self { rest, head }
    }

    /// Tells whether a word comes before the text from here on, or begins it.
    fn is_after<'w>(self, item: &Item, word: impl FnOnce() -> &'w [u8]) -> bool {
        // No word has a NUL, so a shorter one comes before those that it begins.
        let is_short = item.length as usize <= HEAD;
        item.head < self.head || (item.head == self.head && (is_short || word() <= self.rest))
    }

    fn begins_with<'w>(self, item: &Item, word: impl FnOnce() -> &'w [u8]) -> bool {
        if item.length as usize > HEAD {
            return item.head == self.head && self.rest.starts_with(word());
        }
        let others = u64::MAX.checked_shr(8 * item.length).unwrap_or(0);
        (item.head ^ self.head) & !others == 0
    }
}

/// Bytes of a word that lie beside its number.
const HEAD: usize = 8;

/// Returns the first bytes as a number that sorts as they do; NUL where there are fewer.
fn head(bytes: &[u8]) -> u64 {
    if let Some(whole) = bytes.first_chunk() {
        return u64::from_be_bytes(*whole);
    }
    let mut head = [0; HEAD];
    for (place, byte) in head.iter_mut().zip(bytes) {
        *place = *byte;
    }
    u64::from_be_bytes(head)
}

impl Finder {
    /// Makes the table.
    pub(super) fn new(words: impl Iterator<Item = Word>) -> Self {
        let (mut texts, mut at_starts, mut anywhere) = (Vec::new(), Vec::new(), Vec::new());
        for (number, word) in (0_u32..).zip(words) {
            let list = if word.anywhere {
                &mut anywhere
            } else {
                &mut at_starts
            };
            list.push(number);
            texts.push(word.text);
        }
        Self {
            at_starts: Index::new(&texts, &at_starts),
            anywhere: Index::new(&texts, &anywhere),
            words: texts,
        }
    }

    /// Returns how many words the table has.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// Tells of every place where a word stands, overlapping ones too, by where they start.
    /// `starts` says where words may begin that do not begin anywhere.
    pub(super) fn each(
        &self,
        text: &str,
        starts: impl Fn(usize) -> bool,
        mut tell: impl FnMut(Found),
    ) {
        for (start, byte) in text.bytes().enumerate() {
            let anywhere = self.anywhere.begins_with(byte);
            let at_start = self.at_starts.begins_with(byte) && starts(start);
            if !anywhere && !at_start {
                continue;
            }
            let rest = text.as_bytes().get(start..).unwrap_or_default();
            let mut found = |item: Item, length| {
                tell(Found {
                    word: item.word as usize,
                    start,
                    end: start + length,
                });
            };
            if anywhere {
                self.anywhere.at(&self.words, rest, &mut found);
            }
            if at_start {
                self.at_starts.at(&self.words, rest, &mut found);
            }
        }
    }

    /// Returns the longest word that stands at a place, of those that begin anywhere.
    pub(super) fn longest_at(&self, text: &str, start: usize) -> Option<Found> {
        let rest = text.as_bytes().get(start..)?;
        if !self.anywhere.begins_with(*rest.first()?) {
            return None;
        }
        let mut longest: Option<Found> = None;
        self.anywhere.at(&self.words, rest, &mut |item, length| {
            let found = Found {
                word: item.word as usize,
                start,
                end: start + length,
            };
            // Of two that are the same, the one that was given first.
            let is_better = |known: Found| {
                known.end < found.end || (known.end == found.end && known.word > found.word)
            };
            if longest.is_none_or(is_better) {
                longest = Some(found);
            }
        });
        longest
    }
}

/// Puts what was found in the order in which an automaton reports it: by where it ends, then the
/// longest first, then as the words were given.
pub(super) fn in_order_of_ends(found: &mut [Found]) {
    found.sort_unstable_by_key(|found| (found.end, found.start, found.word));
}

impl Index {
    fn new(words: &[Cow<'static, str>], members: &[u32]) -> Self {
        let bits = members.len().next_power_of_two().ilog2().clamp(4, 12);
        let text = |word: u32| words.get(word as usize).map_or("", AsRef::as_ref);
        let mut first = vec![First::None; 256];
        let mut keyed = Vec::with_capacity(members.len());
        for &word in members {
            let bytes = text(word).as_bytes();
            if let Some(byte) = bytes.first()
                && let Some(first) = first.get_mut(usize::from(*byte))
                && *first != First::Short
            {
                *first = if bytes.len() < KEY {
                    First::Short
                } else {
                    First::Long
                };
            }
            keyed.push((hash(bytes, bits), head(bytes), word));
        }
        keyed.sort_unstable_by(|a, b| {
            let text_first = || text(a.2).cmp(text(b.2)).then(a.2.cmp(&b.2));
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(text_first)
        });
        let mut begins = Vec::with_capacity((1 << bits) + 1);
        let mut items: Vec<Item> = Vec::with_capacity(keyed.len());
        for (place, (key, head, word)) in (0_u32..).zip(keyed) {
            let is_first = begins.len() <= key;
            begins.resize(begins.len().max(key + 1), place);
            let mut within = if is_first { NONE } else { place - 1 };
            while let Some(other) = items.get(within as usize) {
                if text(word).starts_with(text(other.word)) {
                    break;
                }
                within = other.within;
            }
            items.push(Item {
                head,
                length: u32::try_from(text(word).len()).unwrap_or(u32::MAX),
                word,
                within,
            });
        }
        let end = u32::try_from(items.len()).unwrap_or(NONE);
        begins.resize((1 << bits) + 1, end);
        Self {
            bits,
            begins,
            items,
            first,
        }
    }

    /// Tells whether any word begins with a byte.
    fn begins_with(&self, byte: u8) -> bool {
        self.first.get(usize::from(byte)) != Some(&First::None)
    }

    /// Tells of every word that a text begins with, and its length.
    fn at(&self, words: &[Cow<'static, str>], rest: &[u8], tell: &mut impl FnMut(Item, usize)) {
        let Some(first) = rest.first() else { return };
        if self.first.get(usize::from(*first)) == Some(&First::Short) {
            for length in 1..KEY.min(rest.len() + 1) {
                let key = rest.get(..length).unwrap_or_default();
                self.look(words, key, Place::new(key), tell);
            }
        }
        if let Some(key) = rest.get(..KEY) {
            self.look(words, key, Place::new(rest), tell);
        }
    }

    /// Tells of every word of one hash that a text begins with.
    fn look(
        &self,
        words: &[Cow<'static, str>],
        key: &[u8],
        place: Place<'_>,
        tell: &mut impl FnMut(Item, usize),
    ) {
        let key_hash = hash(key, self.bits);
        let (Some(&from), Some(&to)) = (self.begins.get(key_hash), self.begins.get(key_hash + 1))
        else {
            return;
        };
        if from == to {
            return;
        }
        let bucket = self.items.get(from as usize..to as usize);
        let text = |item: &Item| words.get(item.word as usize).map_or("", AsRef::as_ref);
        // Whatever the text begins with is the last word not after it, or begins that word.
        let after = bucket
            .unwrap_or_default()
            .partition_point(|item| place.is_after(item, || text(item).as_bytes()));
        let Some(last) = after.checked_sub(1) else {
            return;
        };
        let mut next = self.items.get(from as usize + last);
        while let Some(item) = next {
            let length = item.length as usize;
            // A shorter word with the hash of this key has a key of its own.
            if length.min(KEY) == key.len() && place.begins_with(item, || text(item).as_bytes()) {
                tell(*item, length);
            }
            next = self.items.get(item.within as usize);
        }
    }
}

/// Returns the hash of the first bytes.
fn hash(bytes: &[u8], bits: u32) -> usize {
    let key = bytes
        .iter()
        .take(KEY)
        .fold(0_u32, |key, byte| (key << 8) | u32::from(*byte));
    // 2^32 over the golden ratio spreads neighbours over the table.
    (key.wrapping_mul(0x9E37_79B9) >> (32 - bits)) as usize
}

#[cfg(test)]
mod tests {
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    use super::*;

    fn finder(words: &[(String, bool)]) -> Finder {
        Finder::new(words.iter().map(|(text, anywhere)| Word {
            text: Cow::Owned(text.clone()),
            anywhere: *anywhere,
        }))
    }

    fn begins_word(text: &str, at: usize) -> bool {
        at == 0 || text.as_bytes()[at - 1] == b' '
    }

    proptest! {
        #[test]
        fn it_finds_what_an_automaton_finds_in_the_same_order(
            words in prop::collection::vec(("[abä付 ]{1,6}", any::<bool>()), 0..40),
            text in "[abä付 ]{0,60}",
        ) {
            let table = finder(&words);
            let mut found = Vec::new();
            table.each(&text, |at| begins_word(&text, at), |hit| found.push(hit));
            in_order_of_ends(&mut found);
            let patterns: Vec<_> = words.iter().map(|(word, _)| word).collect();
            let expected: Vec<_> = AhoCorasick::new(&patterns)
                .unwrap()
                .find_overlapping_iter(&text)
                .map(|hit| Found {
                    word: hit.pattern().as_usize(),
                    start: hit.start(),
                    end: hit.end(),
                })
                .filter(|hit| words[hit.word].1 || begins_word(&text, hit.start))
                .collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn the_longest_word_at_a_place_is_the_one_an_automaton_prefers(
            words in prop::collection::vec("[ab付]{1,5}", 1..20),
            text in "[ab付]{1,30}",
        ) {
            let table = finder(&words.iter().map(|word| (word.clone(), true)).collect::<Vec<_>>());
            let expected = words
                .iter()
                .filter(|word| text.starts_with(word.as_str()))
                .map(String::len)
                .max();
            prop_assert_eq!(table.longest_at(&text, 0).map(|found| found.end), expected);
        }
    }

    #[test]
    fn no_words_are_found_nowhere() {
        let mut found = 0;
        finder(&[]).each("anything", |_| true, |_| found += 1);
        assert_eq!(found, 0);
    }
}
