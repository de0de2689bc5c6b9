//! Reads the messages that hide in characters nobody sees.
//!
//! Must never guess: what does not decode to readable text stays undecoded, and only its
//! number is told. Takes time linear in the input.

use super::safe::{Hidden, HiddenKind, SafeText};

/// Zero-width symbols that are decoded at most: 4 kB of text at eight symbols a byte.
const MOST_SYMBOLS: usize = 32 * 1024;

/// Symbols a way of reading them is tried on, before it is used on all.
const TRIAL_SYMBOLS: usize = 480;

/// Letters that a reading has to find at least; fewer may be chance.
const SHORTEST_MESSAGE: usize = 3;

/// The hidden characters of one text, in order.
#[derive(Debug, Default)]
pub(super) struct Payloads {
    counts: [usize; KINDS.len()],
    tags: String,
    selectors: Vec<u8>,
    zero_width: Vec<char>,
}

const KINDS: [HiddenKind; 7] = [
    HiddenKind::Tags,
    HiddenKind::VariationSelectors,
    HiddenKind::ZeroWidth,
    HiddenKind::Bidi,
    HiddenKind::Controls,
    HiddenKind::CombiningMarks,
    HiddenKind::Unknown,
];

impl Payloads {
    /// Notes one hidden character.
    pub(super) fn add(&mut self, kind: HiddenKind, c: char) {
        // `KINDS` lists the kinds in the order of their declaration.
        if let Some(count) = self.counts.get_mut(kind as usize) {
            *count += 1;
        }
        match kind {
            HiddenKind::Tags => self.tags.extend(tag_letter(c)),
            HiddenKind::VariationSelectors => self.selectors.extend(selector_byte(c)),
            // Direction marks serve as zero-width symbols too.
            HiddenKind::ZeroWidth | HiddenKind::Bidi if self.zero_width.len() < MOST_SYMBOLS => {
                self.zero_width.push(c);
            }
            HiddenKind::ZeroWidth
            | HiddenKind::Bidi
            | HiddenKind::Controls
            | HiddenKind::CombiningMarks
            | HiddenKind::Unknown => {}
        }
    }

    /// Returns the message that hides in the characters of one kind.
    pub(super) fn message(&self, what: HiddenKind) -> Option<String> {
        match what {
            HiddenKind::Tags => (!self.tags.is_empty()).then(|| self.tags.clone()),
            HiddenKind::VariationSelectors => selector_text(&self.selectors),
            HiddenKind::ZeroWidth => zero_width_text(&self.zero_width),
            HiddenKind::Bidi
            | HiddenKind::Controls
            | HiddenKind::CombiningMarks
            | HiddenKind::Unknown => None,
        }
    }

    /// Returns one entry per kind that occurred; `make_safe` sanitises what was decoded.
    pub(super) fn decode(&self, make_safe: impl Fn(&str) -> SafeText) -> Vec<Hidden> {
        let mut found = Vec::new();
        for (what, count) in KINDS.into_iter().zip(self.counts) {
            if count == 0 {
                continue;
            }
            found.push(Hidden {
                what,
                count,
                decoded: self.message(what).map(|text| make_safe(&text)),
            });
        }
        found
    }
}

/// Returns the ASCII character that a tag character copies.
fn tag_letter(c: char) -> Option<char> {
    let code = u32::from(c).checked_sub(0xe0000)?;
    char::from_u32(code).filter(|letter| matches!(letter, ' '..='~'))
}

/// Returns the byte that a variation selector stands for: its number less one.
fn selector_byte(c: char) -> Option<u8> {
    let code = u32::from(c);
    let byte = match c {
        '\u{fe00}'..='\u{fe0f}' => code - 0xfe00,
        '\u{e0100}'..='\u{e01ef}' => code - 0xe0100 + 16,
        _ => return None,
    };
    u8::try_from(byte).ok()
}

fn selector_text(bytes: &[u8]) -> Option<String> {
    if let Some(text) = readable(bytes) {
        return Some(text);
    }
    // With sixteen selectors only, two make a byte.
    if bytes.iter().any(|byte| *byte > 15) {
        return None;
    }
    let pairs: Vec<u8> = bytes
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect();
    readable(&pairs)
}

/// Returns bytes as text if a person could have written it.
fn readable(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.trim_end_matches('\0');
    let letters = text
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == ' ')
        .count();
    let all = text.chars().count();
    let written = text
        .chars()
        .all(|c| !c.is_control() || "\t\n\r".contains(c));
    (written && letters >= SHORTEST_MESSAGE && letters * 3 >= all * 2).then(|| text.to_owned())
}

/// A way to read zero-width symbols as bits.
#[derive(Clone, Debug)]
struct Reading {
    /// The symbols that stand for 0, 1 or 0, 1, 2, 3.
    digits: Vec<char>,
    /// The symbol between two letters, if letters have no fixed length.
    separator: Option<char>,
    /// Bits of one letter, if there is no separator.
    letter_bits: usize,
    lowest_first: bool,
}

fn zero_width_text(symbols: &[char]) -> Option<String> {
    let mut alphabet: Vec<char> = Vec::new();
    for symbol in symbols {
        if !alphabet.contains(symbol) {
            alphabet.push(*symbol);
        }
        if alphabet.len() > 5 {
            return None;
        }
    }
    alphabet.sort_unstable();
    let trial = symbols.get(..TRIAL_SYMBOLS).unwrap_or(symbols);
    let mut best: Option<(usize, Reading)> = None;
    for reading in readings(&alphabet) {
        let Some(text) = reading.read(trial) else {
            continue;
        };
        let score = plain_share(&text);
        if best.as_ref().is_none_or(|(best, _)| score > *best) {
            best = Some((score, reading));
        }
    }
    best?.1.read(symbols)
}

/// Returns how much of a text is ASCII letters and spaces, in percent.
fn plain_share(text: &str) -> usize {
    let plain = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b' ';
    text.bytes().filter(plain).count() * 100 / text.len().max(1)
}

/// Returns the ways to read an alphabet, the most usual first.
fn readings(alphabet: &[char]) -> Vec<Reading> {
    let mut found = Vec::new();
    for zero in alphabet {
        for one in alphabet.iter().filter(|one| *one != zero) {
            let others: Vec<char> = alphabet
                .iter()
                .copied()
                .filter(|other| other != zero && other != one)
                .collect();
            let digits = vec![*zero, *one];
            for letter_bits in [8, 7, 16] {
                for lowest_first in [false, true] {
                    found.push(Reading {
                        digits: digits.clone(),
                        separator: None,
                        letter_bits,
                        lowest_first,
                    });
                }
            }
            found.extend(others.into_iter().map(|separator| Reading {
                digits: digits.clone(),
                separator: Some(separator),
                letter_bits: 0,
                lowest_first: false,
            }));
        }
    }
    if alphabet.len() >= 4 {
        found.extend(base_four(alphabet));
    }
    found
}

/// Returns the ways to read four symbols as two bits each.
fn base_four(alphabet: &[char]) -> Vec<Reading> {
    let mut orders: Vec<Vec<char>> = vec![Vec::new()];
    for _ in 0..4 {
        orders = orders
            .iter()
            .flat_map(|order| {
                alphabet
                    .iter()
                    .filter(|symbol| !order.contains(symbol))
                    .map(|symbol| order.iter().copied().chain([*symbol]).collect())
            })
            .collect();
    }
    orders
        .into_iter()
        .map(|digits| Reading {
            digits,
            separator: None,
            letter_bits: 8,
            lowest_first: false,
        })
        .collect()
}

impl Reading {
    fn read(&self, symbols: &[char]) -> Option<String> {
        let bits_per_symbol = self.digits.len().ilog2();
        let digit = |symbol: &char| self.digits.iter().position(|known| known == symbol);
        if let Some(separator) = self.separator {
            let letters: Option<String> = symbols
                .split(|symbol| *symbol == separator)
                .filter(|letter| !letter.is_empty())
                .map(|letter| self.letter(letter.iter().filter_map(digit), 1))
                .collect();
            return readable(letters?.as_bytes());
        }
        // Symbols that are no digits frame the message.
        let digits: Vec<usize> = symbols.iter().filter_map(digit).collect();
        let per_letter = self.letter_bits / usize::try_from(bits_per_symbol).ok()?;
        let letters = digits.chunks_exact(per_letter);
        if symbols.len() < TRIAL_SYMBOLS && !letters.remainder().is_empty() {
            return None;
        }
        if self.letter_bits == 16 {
            let text: Option<String> = letters
                .map(|letter| self.letter(letter.iter().copied(), bits_per_symbol))
                .collect();
            return readable(text?.as_bytes());
        }
        let bytes: Option<Vec<u8>> = letters
            .map(|letter| u8::try_from(self.value(letter.iter().copied(), bits_per_symbol)?).ok())
            .collect();
        let bytes = bytes?;
        if symbols.len() == TRIAL_SYMBOLS {
            // The trial may end within a character of several bytes.
            return readable(bytes.utf8_chunks().next()?.valid().as_bytes());
        }
        readable(&bytes)
    }

    fn letter(&self, digits: impl Iterator<Item = usize>, bits: u32) -> Option<char> {
        self.value(digits, bits).and_then(char::from_u32)
    }

    fn value(&self, digits: impl Iterator<Item = usize>, bits: u32) -> Option<u32> {
        let mut value = 0_u32;
        for (place, digit) in digits.enumerate() {
            let digit = u32::try_from(digit).ok()?;
            if self.lowest_first {
                let shift = u32::try_from(place).ok()? * bits;
                value |= digit.checked_shl(shift)?;
            } else {
                if value.leading_zeros() < bits {
                    return None;
                }
                value = value << bits | digit;
            }
        }
        Some(value)
    }
}
