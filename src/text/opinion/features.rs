//! Turns text into numbers that a linear model can add up.
//!
//! The trainer and the product call the same functions, so what was learnt is what is scored.

use std::ops::Range;

use crate::text::letters;

/// Buckets that features are hashed into; a bucket is a `u16`.
pub(super) const BUCKETS: usize = 1 << 16;

/// Characters after which a sentence ends at the next white space.
const LONG_SENTENCE: usize = 240;

/// Characters after which a sentence ends wherever it is.
const LONGEST_SENTENCE: usize = 480;

/// The prime of FNV-1a with 64 bits (RFC 9923).
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The offset basis of FNV-1a with 64 bits, for runs of characters.
const CHARS: u64 = 0xcbf2_9ce4_8422_2325;

/// Another start, so that a word does not share buckets with its letters.
const WORDS: u64 = CHARS ^ 0x5555_5555;

/// Longest run of characters that is a feature.
const LONGEST_RUN: usize = 5;

/// Splits a text into sentences; together they cover everything but white space.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        while rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        let (start, _) = *rest.peek()?;
        let mut length = 0;
        while let Some((at, c)) = rest.next() {
            length += 1;
            let next = rest.peek().map(|(_, c)| *c);
            let is_break = next.is_none_or(char::is_whitespace);
            let ends = match c {
                '\n' | '。' | '！' | '？' | '।' => true,
                '.' | '!' | '?' | '…' | '؟' => is_break,
                _ => (length >= LONG_SENTENCE && is_break) || length >= LONGEST_SENTENCE,
            };
            if ends || next.is_none() {
                return Some(start..at + c.len_utf8());
            }
        }
        None
    })
}

/// Calls `found` with the bucket of every feature of one sentence.
///
/// Features are runs of 3 to 5 characters inside a word and its edges (1 to 3 where a
/// character is a syllable or more), and 1 to 3 words in a row. Case, width and the value
/// of digits are ignored.
pub(super) fn each(sentence: &str, mut found: impl FnMut(u16)) {
    let mut runs = Runs::default();
    let mut words = Words::default();
    let mut last = [' '; 2];
    for c in sentence.chars().map(folded) {
        // A drawn line says what three of its characters say; as long as it is, it would
        // outweigh every word.
        if last == [c, c] && !letters::is_alphabetic(c) {
            continue;
        }
        last = [last[1], c];
        if c.is_whitespace() {
            runs.end(&mut found);
        } else {
            runs.push(c, &mut found);
        }
        if letters::is_alphanumeric(c) && !is_unspaced(c) {
            words.push(c);
        } else {
            words.end(&mut found);
        }
    }
    runs.end(&mut found);
    words.end(&mut found);
}

/// The characters of the token being read, padded with a space at either edge.
#[derive(Default)]
struct Runs {
    last: [char; LONGEST_RUN],
    length: usize,
}

impl Runs {
    fn push(&mut self, c: char, found: &mut impl FnMut(u16)) {
        if self.length == 0 {
            self.shift(' ', found);
        }
        self.shift(c, found);
    }

    fn shift(&mut self, c: char, found: &mut impl FnMut(u16)) {
        let [_, second, third, fourth, fifth] = self.last;
        self.last = [second, third, fourth, fifth, c];
        self.length += 1;
        if self.length >= LONGEST_RUN {
            starting_at(&self.last, found);
        }
    }

    fn end(&mut self, found: &mut impl FnMut(u16)) {
        if self.length == 0 {
            return;
        }
        self.shift(' ', found);
        let already = usize::from(self.length >= LONGEST_RUN);
        let mut rest = self
            .last
            .get(LONGEST_RUN.saturating_sub(self.length) + already..)
            .unwrap_or_default();
        while !rest.is_empty() {
            starting_at(rest, found);
            rest = rest.get(1..).unwrap_or_default();
        }
        self.length = 0;
    }
}

fn starting_at(run: &[char], found: &mut impl FnMut(u16)) {
    let lengths = match run.first() {
        Some(first) if is_dense(*first) => 1..=3,
        _ => 3..=LONGEST_RUN,
    };
    let mut hash = CHARS;
    for (index, c) in run.iter().take(*lengths.end()).enumerate() {
        hash = mixed(hash, u64::from(u32::from(*c)));
        if lengths.contains(&(index + 1)) {
            found(bucket(hash));
        }
    }
}

/// The word being read, and the two before it.
#[derive(Default)]
struct Words {
    open: Option<u64>,
    last: Option<u64>,
    second_last: Option<u64>,
}

impl Words {
    fn push(&mut self, c: char) {
        self.open = Some(mixed(self.open.unwrap_or(WORDS), u64::from(u32::from(c))));
    }

    fn end(&mut self, found: &mut impl FnMut(u16)) {
        let Some(word) = self.open.take() else {
            return;
        };
        found(bucket(word));
        if let Some(last) = self.last {
            let two = mixed(last, word);
            found(bucket(two));
            if let Some(second_last) = self.second_last {
                found(bucket(mixed(second_last, two)));
            }
        }
        self.second_last = self.last.replace(word);
    }
}

const fn mixed(hash: u64, value: u64) -> u64 {
    (hash ^ value).wrapping_mul(PRIME)
}

/// Folds a hash to a bucket. The multiplication spreads what FNV leaves in the low bits.
const fn bucket(hash: u64) -> u16 {
    (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16
}

/// Reduces a character to what a reader takes it for, one for one.
fn folded(c: char) -> char {
    match c {
        'a'..='z' | ' ' => c,
        'A'..='Z' => c.to_ascii_lowercase(),
        '0'..='9' => '0',
        '‘' | '’' => '\'',
        '“' | '”' | '„' | '«' | '»' => '"',
        '\u{ff01}'..='\u{ff5e}' => folded(char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)),
        _ => letters::small(c),
    }
}

/// Tells scripts where one character carries a syllable or a meaning.
const fn is_dense(c: char) -> bool {
    is_unspaced(c) || matches!(c, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}')
}

/// Tells scripts that are written without spaces between words.
const fn is_unspaced(c: char) -> bool {
    matches!(
        c,
        '\u{0e00}'..='\u{0eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn features(sentence: &str) -> Vec<u16> {
        let mut all = Vec::new();
        each(sentence, |bucket| all.push(bucket));
        all.sort_unstable();
        all
    }

    fn split(text: &str) -> Vec<&str> {
        sentences(text).filter_map(|span| text.get(span)).collect()
    }

    #[test]
    fn sentences_end_at_points_and_line_breaks() {
        assert_eq!(
            split("  At 9.30, yes. Or later?\nBye  "),
            ["At 9.30, yes.", "Or later?", "Bye  "]
        );
        assert_eq!(split("你好。再见！"), ["你好。", "再见！"]);
        assert_eq!(split(" \n "), [""; 0]);
    }

    #[test]
    fn a_text_without_points_is_cut_all_the_same() {
        let long = "x".repeat(2_000);
        assert!(sentences(&long).all(|span| span.len() <= LONGEST_SENTENCE));
        assert_eq!(
            sentences(&long).map(|span| span.len()).sum::<usize>(),
            2_000
        );
    }

    #[test]
    fn case_width_and_digits_do_not_matter() {
        assert_eq!(features("Send 100 now"), features("ｓend 987 NOW"));
        assert_ne!(features("Send 100 now"), features("Sent 100 now"));
    }

    #[test]
    fn a_short_word_is_a_run_and_a_word() {
        assert_eq!(features("a").len(), 2);
        assert_eq!(features("it").len(), 4);
        assert_eq!(features("abc").len(), 7);
    }

    #[test]
    fn a_drawn_line_counts_once() {
        assert_eq!(features("=========="), features("==="));
        assert_ne!(features("noooo"), features("nooo"));
    }

    #[test]
    fn one_han_character_is_a_feature() {
        let both = features("付款");
        assert!(features("付").iter().any(|bucket| both.contains(bucket)));
    }

    proptest! {
        #[test]
        fn sentences_stand_in_order_on_character_boundaries(text in ".{0,80}") {
            let mut end = 0;
            for span in sentences(&text) {
                prop_assert!(span.start >= end && span.start < span.end);
                prop_assert!(text.get(end..span.start).is_some_and(|gap| gap.trim().is_empty()));
                prop_assert!(text.get(span.clone()).is_some());
                end = span.end;
            }
            prop_assert!(text.get(end..).is_some_and(|gap| gap.trim().is_empty()));
        }
    }
}
