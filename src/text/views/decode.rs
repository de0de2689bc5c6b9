//! Finds encoded texts inside a message: base64, hex, binary, Morse, percent signs, character
//! references and escapes.
//!
//! Each decoder runs only where its alphabet stands in a row, and what it yields counts only
//! if it reads like text.

use base64::Engine as _;
use base64::alphabet::{self, Alphabet};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 with padding or none: whoever attacks need not be tidy.
pub(in crate::text) const BASE64: GeneralPurpose = lenient(&alphabet::STANDARD);

/// The same in the alphabet of addresses.
const BASE64_URL: GeneralPurpose = lenient(&alphabet::URL_SAFE);

/// Characters of base64 from which on a run is tried: 15 bytes of text.
const SHORTEST_BASE64: usize = 20;

/// Digits of hex from which on a run is tried: 10 bytes of text.
const SHORTEST_HEX: usize = 20;

/// Groups of binary or Morse from which on a run is tried.
const SHORTEST_GROUPS: usize = 6;

/// Bytes of an encoded run that are decoded; what follows is not text that anybody reads.
const LONGEST_RUN: usize = 16 * 1024;

/// Runs that are decoded in one text.
const MOST_RUNS: usize = 32;

/// A decoded text and the range that it stood in.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) range: (usize, usize),
}

/// Finds what is encoded in a text, in one pass for each alphabet that occurs.
pub(super) fn find(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let seen = Seen::of(text);
    if seen.run >= SHORTEST_BASE64 {
        runs(text, is_base64, SHORTEST_BASE64, &mut found, |run| {
            hex(run).or_else(|| base64(run))
        });
    }
    if seen.digits >= SHORTEST_HEX {
        runs(text, is_spaced_digit, SHORTEST_HEX, &mut found, |run| {
            if run.contains(' ') {
                binary(run).or_else(|| hex(run))
            } else {
                binary(run)
            }
        });
    }
    if seen.dots >= SHORTEST_GROUPS {
        runs(text, is_morse, 2 * SHORTEST_GROUPS, &mut found, morse);
    }
    if seen.escapes >= 4
        && let Some(decoded) = escapes(text)
    {
        found.push(Found {
            text: decoded,
            range: (0, text.len()),
        });
    }
    found
}

/// What the cheap tests saw.
#[derive(Debug, Default)]
struct Seen {
    /// The longest run of base64 characters.
    run: usize,
    /// The longest run of hex digits and single spaces.
    digits: usize,
    /// Dots and dashes of Morse.
    dots: usize,
    /// Starts of an escape.
    escapes: usize,
}

impl Seen {
    fn of(text: &str) -> Self {
        let mut seen = Self::default();
        let mut run = 0;
        let mut digits = 0;
        let mut before = b' ';
        for &byte in text.as_bytes() {
            if is_base64(byte) {
                run += 1;
            } else {
                seen.run = seen.run.max(run);
                run = 0;
            }
            if byte.is_ascii_hexdigit() || (byte == b' ' && before != b' ') {
                digits += 1;
            } else {
                seen.digits = seen.digits.max(digits);
                digits = 0;
            }
            match byte {
                b'.' | b'-' if matches!(before, b' ' | b'.' | b'-' | b'/') => seen.dots += 1,
                b'%' | b'\\' => seen.escapes += 1,
                b'#' if before == b'&' => seen.escapes += 1,
                _ => {}
            }
            before = byte;
        }
        seen.run = seen.run.max(run);
        seen.digits = seen.digits.max(digits);
        seen
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
}

fn is_spaced_digit(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || byte == b' '
}

fn is_morse(byte: u8) -> bool {
    matches!(byte, b'.' | b'-' | b'/' | b' ' | b'|')
}

/// Tries a decoder on every run of at least `shortest` bytes of an alphabet.
fn runs(
    text: &str,
    alphabet: impl Fn(u8) -> bool,
    shortest: usize,
    found: &mut Vec<Found>,
    decode: impl Fn(&str) -> Option<String>,
) {
    let mut rest = 0;
    for part in text
        .as_bytes()
        .chunk_by(|a, b| alphabet(*a) == alphabet(*b))
    {
        let start = rest;
        rest += part.len();
        let inside = part.first().is_some_and(|byte| alphabet(*byte));
        if !inside || part.len() < shortest || found.len() >= MOST_RUNS {
            continue;
        }
        let end = start + part.len().min(LONGEST_RUN);
        if let Some(run) = text.get(start..end)
            && let Some(decoded) = decode(run.trim())
        {
            found.push(Found {
                text: decoded,
                range: (start, rest),
            });
        }
    }
}

/// Takes bytes for text if they read like it: UTF-8, hardly any control character, and letters.
fn reads(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let mut letters = 0_usize;
    let mut odd = 0_usize;
    let mut all = 0_usize;
    for c in text.chars() {
        all += 1;
        letters += usize::from(c.is_alphabetic() || c == ' ');
        odd += usize::from(c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    }
    (all >= 6 && odd == 0 && letters * 10 >= all * 6).then_some(text)
}

const fn lenient(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

fn base64(run: &str) -> Option<String> {
    let mixed = run.bytes().any(|byte| byte.is_ascii_uppercase())
        && run.bytes().any(|byte| byte.is_ascii_lowercase());
    if !mixed {
        return None;
    }
    let alphabet = if run.contains(['-', '_']) {
        &BASE64_URL
    } else {
        &BASE64
    };
    let run = run.trim_matches('=');
    // What is cut off or glued on at the end must not save a text from being read.
    let whole = run.len() - usize::from(run.len() % 4 == 1);
    let bytes = alphabet.decode(run.get(..whole)?).ok()?;
    match String::from_utf8(bytes) {
        Ok(text) => reads(text.into_bytes()),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let mut bytes = error.into_bytes();
            let enough = valid * 10 >= bytes.len() * 9;
            bytes.truncate(valid);
            enough.then(|| reads(bytes))?
        }
    }
}

fn hex(run: &str) -> Option<String> {
    let digits: Vec<u8> = run
        .bytes()
        .filter(|byte| *byte != b' ')
        .map(|byte| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()?;
    let bytes = digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0_u8, |byte, digit| (byte << 4) | digit))
        .collect();
    reads(bytes)
}

fn binary(run: &str) -> Option<String> {
    if !run.bytes().all(|byte| matches!(byte, b'0' | b'1' | b' ')) {
        return None;
    }
    let bits: Vec<u8> = run
        .bytes()
        .filter(|byte| *byte != b' ')
        .map(|byte| byte - b'0')
        .collect();
    let bytes = bits
        .chunks_exact(8)
        .map(|byte| byte.iter().fold(0_u8, |byte, bit| (byte << 1) | bit))
        .collect();
    reads(bytes)
}

/// Letters and digits of Morse (ITU-R M.1677-1).
const MORSE: &[(&str, char)] = &[
    (".-", 'a'),
    ("-...", 'b'),
    ("-.-.", 'c'),
    ("-..", 'd'),
    (".", 'e'),
    ("..-.", 'f'),
    ("--.", 'g'),
    ("....", 'h'),
    ("..", 'i'),
    (".---", 'j'),
    ("-.-", 'k'),
    (".-..", 'l'),
    ("--", 'm'),
    ("-.", 'n'),
    ("---", 'o'),
    (".--.", 'p'),
    ("--.-", 'q'),
    (".-.", 'r'),
    ("...", 's'),
    ("-", 't'),
    ("..-", 'u'),
    ("...-", 'v'),
    (".--", 'w'),
    ("-..-", 'x'),
    ("-.--", 'y'),
    ("--..", 'z'),
    ("-----", '0'),
    (".----", '1'),
    ("..---", '2'),
    ("...--", '3'),
    ("....-", '4'),
    (".....", '5'),
    ("-....", '6'),
    ("--...", '7'),
    ("---..", '8'),
    ("----.", '9'),
    (".-.-.-", '.'),
    ("--..--", ','),
    ("..--..", '?'),
    (".----.", '\''),
    ("-..-.", '/'),
    ("---...", ':'),
    ("-....-", '-'),
    (".-..-.", '"'),
    (".--.-.", '@'),
    ("-.-.--", '!'),
    ("..--.-", '_'),
];

fn morse(run: &str) -> Option<String> {
    let mut decoded = String::new();
    let mut known = 0;
    let mut groups = 0;
    for word in run.split(['/', '|']).flat_map(|part| part.split("   ")) {
        for group in word.split_whitespace() {
            groups += 1;
            if let Some((_, letter)) = MORSE.iter().find(|(code, _)| *code == group) {
                known += 1;
                decoded.push(*letter);
            }
        }
        decoded.push(' ');
    }
    // A line of dots or dashes has one kind of group only.
    let varied = decoded
        .trim()
        .chars()
        .any(|c| !matches!(c, 'e' | 't' | ' ' | 'm' | 'i' | 's' | 'o'));
    (groups >= SHORTEST_GROUPS && known * 10 >= groups * 9 && varied)
        .then(|| decoded.trim().to_owned())
}

/// Undoes `%41`, `&#65;`, `&#x41;`, `\x41`, `\u0041`, `\u{41}` and `\101` all over a text.
fn escapes(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut undone = 0_usize;
    let mut letters = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.find(['%', '&', '\\']) {
        let (before, escape) = rest.split_at(at);
        bytes.extend_from_slice(before.as_bytes());
        if let Some((value, length)) = one(escape) {
            undone += 1;
            letters += usize::from(value.is_letter());
            value.write(&mut bytes);
            rest = escape.get(length..)?;
        } else {
            let (mark, after) = escape.split_at(1);
            bytes.extend_from_slice(mark.as_bytes());
            rest = after;
        }
        if bytes.len() > LONGEST_RUN {
            break;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    // Escaped spaces and quotes are what any URL or JSON has; escaped letters are not.
    if undone < 4 || letters < 3 {
        return None;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What one escape stands for.
#[derive(Debug)]
enum Value {
    Byte(u8),
    Char(char),
}

impl Value {
    fn is_letter(&self) -> bool {
        match self {
            Self::Byte(byte) => byte.is_ascii_alphanumeric(),
            Self::Char(c) => c.is_ascii_alphanumeric(),
        }
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Byte(byte) => bytes.push(*byte),
            Self::Char(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// Reads an escape at the start of a text; also returns its length.
fn one(text: &str) -> Option<(Value, usize)> {
    if let Some(digits) = text.strip_prefix('%') {
        let value = u8::from_str_radix(digits.get(..2)?, 16).ok()?;
        return Some((Value::Byte(value), 3));
    }
    if let Some(reference) = text.strip_prefix("&#") {
        let end = reference.bytes().take(9).position(|byte| byte == b';')?;
        let digits = reference.get(..end)?;
        let value = match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => digits.parse().ok()?,
        };
        return Some((Value::Char(char::from_u32(value)?), end + 3));
    }
    let escape = text.strip_prefix('\\')?;
    if let Some(digits) = escape.strip_prefix('x') {
        let value = u8::from_str_radix(digits.get(..2)?, 16).ok()?;
        return Some((Value::Byte(value), 4));
    }
    if let Some(digits) = escape.strip_prefix("u{") {
        let end = digits.bytes().take(7).position(|byte| byte == b'}')?;
        let value = u32::from_str_radix(digits.get(..end)?, 16).ok()?;
        return Some((Value::Char(char::from_u32(value)?), end + 4));
    }
    if let Some(digits) = escape.strip_prefix('u') {
        let value = u32::from_str_radix(digits.get(..4)?, 16).ok()?;
        return Some((Value::Char(char::from_u32(value)?), 6));
    }
    let value = u8::from_str_radix(escape.get(..3)?, 8).ok()?;
    Some((Value::Byte(value), 4))
}
