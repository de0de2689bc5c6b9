//! Reads JSON the way the reference relay does and writes it back compact.
//!
//! `serde_json` cannot do this: it refuses lone surrogates, which the reference stores and
//! returns escaped, and it rewrites numbers. One pass over the bytes, no recursion, total:
//! hostile text is an error, never a panic or a deep stack.
//!
//! Must not: interpret what the values mean. That is [`super::rules`].

use std::ops::Range;

/// Nesting beyond this is refused: readers that recurse, ours and others, would suffer.
const DEEPEST: usize = 128;

/// Number literals longer than this are rounded to a double, as the reference does to all.
///
/// Some readers convert long digit strings in quadratic time or refuse them outright.
const LONGEST_NUMBER: usize = 40;

/// The text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid JSON")]
pub(super) struct Malformed;

/// One JSON text, rewritten without insignificant white space and with normal escapes.
///
/// Key order, unknown keys and number literals survive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Compact {
    text: Vec<u8>,
    /// Where the members of a top-level object lie in `text`; `None` for anything else.
    members: Option<Vec<Member>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    key: Range<usize>,
    value: Range<usize>,
}

impl Compact {
    /// Reads one JSON text from UTF-8 bytes; a byte order mark is an error.
    pub(super) fn read(input: &[u8]) -> Result<Self, Malformed> {
        let mut parser = Parser {
            rest: input,
            out: Vec::with_capacity(input.len()),
        };
        parser.space();
        let members = if parser.peek() == Some(b'{') {
            Some(parser.top_object()?)
        } else {
            parser.value(0)?;
            None
        };
        parser.space();
        if !parser.rest.is_empty() {
            return Err(Malformed);
        }
        Ok(Self {
            text: parser.out,
            members,
        })
    }

    /// Whether the whole text is the literal `null`.
    pub(super) fn is_null(&self) -> bool {
        self.text == b"null"
    }

    /// Returns the compact text of a top-level member; of repeated keys the last counts.
    pub(super) fn member(&self, name: &str) -> Option<&[u8]> {
        let members = self.members.as_ref()?;
        let found = members.iter().rev().find(|member| {
            let key = self.text.get(member.key.clone()).unwrap_or_default();
            key.strip_prefix(b"\"").and_then(|k| k.strip_suffix(b"\"")) == Some(name.as_bytes())
        })?;
        self.text.get(found.value.clone())
    }

    /// Returns the whole text, with the last of repeated top-level keys at the place of the
    /// first, as `JSON.parse` leaves them.
    pub(super) fn into_text(self) -> Vec<u8> {
        let Some(members) = &self.members else {
            return self.text;
        };
        let slice = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or_default();
        let mut places = std::collections::HashMap::with_capacity(members.len());
        let mut kept: Vec<&Member> = Vec::with_capacity(members.len());
        let mut values: Vec<&Range<usize>> = Vec::with_capacity(members.len());
        for member in members {
            match places.entry(slice(&member.key)) {
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(kept.len());
                    kept.push(member);
                    values.push(&member.value);
                }
                std::collections::hash_map::Entry::Occupied(entry) => {
                    if let Some(value) = values.get_mut(*entry.get()) {
                        *value = &member.value;
                    }
                }
            }
        }
        if kept.len() == members.len() {
            return self.text;
        }
        let mut text = vec![b'{'];
        for (member, value) in kept.iter().zip(values) {
            if text.len() > 1 {
                text.push(b',');
            }
            text.extend_from_slice(slice(&member.key));
            text.push(b':');
            text.extend_from_slice(slice(value));
        }
        text.push(b'}');
        text
    }
}

/// Whether JavaScript would call this compact value false: `null`, `false`, `""`, zero.
pub(super) fn falsy(value: &[u8]) -> bool {
    match value.first() {
        Some(b'-' | b'0'..=b'9') => std::str::from_utf8(value)
            .ok()
            .and_then(|text| text.parse::<f64>().ok())
            .is_some_and(|number| number == 0.0),
        _ => matches!(value, b"null" | b"false" | b"\"\"" | b""),
    }
}

struct Parser<'a> {
    rest: &'a [u8],
    out: Vec<u8>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// Copies `count` bytes of input to the output.
    fn copy(&mut self, count: usize) {
        if let Some((head, tail)) = self.rest.split_at_checked(count) {
            self.out.extend_from_slice(head);
            self.rest = tail;
        }
    }

    fn space(&mut self) {
        let count = self
            .rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
            .count();
        self.skip(count);
    }

    /// Copies one expected structural byte.
    fn structural(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(Malformed);
        }
        self.copy(1);
        Ok(())
    }

    fn top_object(&mut self) -> Result<Vec<Member>, Malformed> {
        let mut members = Vec::new();
        self.structural(b'{')?;
        self.space();
        if self.peek() == Some(b'}') {
            self.copy(1);
            return Ok(members);
        }
        loop {
            let start = self.out.len();
            self.key()?;
            let key = start..self.out.len().saturating_sub(1);
            self.space();
            let start = self.out.len();
            self.value(1)?;
            members.push(Member {
                key,
                value: start..self.out.len(),
            });
            self.space();
            if self.peek() == Some(b'}') {
                self.copy(1);
                return Ok(members);
            }
            self.structural(b',')?;
        }
    }

    /// Copies `"key":` with the space around it removed.
    fn key(&mut self) -> Result<(), Malformed> {
        self.space();
        self.string()?;
        self.space();
        self.structural(b':')
    }

    /// Copies one value; `outside` is how deep it already stands.
    fn value(&mut self, outside: usize) -> Result<(), Malformed> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.space();
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    if open.len() + outside >= DEEPEST {
                        return Err(Malformed);
                    }
                    if self.enter(bracket)? {
                        open.push(bracket);
                        continue;
                    }
                }
                Some(b'"') => self.string()?,
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal(b"true")?,
                Some(b'f') => self.literal(b"false")?,
                Some(b'n') => self.literal(b"null")?,
                _ => return Err(Malformed),
            }
            if self.leave(&mut open)? {
                return Ok(());
            }
        }
    }

    /// Copies an opening bracket; returns whether anything stands inside.
    fn enter(&mut self, bracket: u8) -> Result<bool, Malformed> {
        self.copy(1);
        self.space();
        let closing = if bracket == b'{' { b'}' } else { b']' };
        if self.peek() == Some(closing) {
            self.copy(1);
            return Ok(false);
        }
        if bracket == b'{' {
            self.key()?;
        }
        Ok(true)
    }

    /// Copies what follows a finished value; returns whether the outermost is finished.
    fn leave(&mut self, open: &mut Vec<u8>) -> Result<bool, Malformed> {
        while let Some(bracket) = open.last() {
            self.space();
            match (bracket, self.peek()) {
                (b'{', Some(b',')) => {
                    self.copy(1);
                    self.key()?;
                    return Ok(false);
                }
                (b'[', Some(b',')) => {
                    self.copy(1);
                    return Ok(false);
                }
                (b'{', Some(b'}')) | (b'[', Some(b']')) => {
                    self.copy(1);
                    open.pop();
                }
                _ => return Err(Malformed),
            }
        }
        Ok(true)
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Malformed> {
        if !self.rest.starts_with(word) {
            return Err(Malformed);
        }
        self.copy(word.len());
        Ok(())
    }

    fn number(&mut self) -> Result<(), Malformed> {
        let (length, rest) = (number_length(self.rest)?, self.rest);
        if length <= LONGEST_NUMBER {
            self.copy(length);
            return Ok(());
        }
        let literal = rest.get(..length).unwrap_or_default();
        let rounded = std::str::from_utf8(literal)
            .ok()
            .and_then(|text| text.parse::<f64>().ok())
            .ok_or(Malformed)?;
        if rounded.is_finite() {
            self.out
                .extend_from_slice(format!("{rounded:e}").as_bytes());
        } else {
            self.out.extend_from_slice(b"null");
        }
        self.skip(length);
        Ok(())
    }

    fn string(&mut self) -> Result<(), Malformed> {
        self.structural(b'"')?;
        loop {
            let plain = self
                .rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
                .ok_or(Malformed)?;
            self.copy(plain);
            match self.peek() {
                Some(b'"') => {
                    self.copy(1);
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(Malformed),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        match self.rest.get(1) {
            Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') => self.copy(2),
            Some(b'/') => {
                self.out.push(b'/');
                self.skip(2);
            }
            Some(b'u') => {
                let first = self.code_unit()?;
                self.unicode(first)?;
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }

    /// Reads `\uXXXX`.
    fn code_unit(&mut self) -> Result<u16, Malformed> {
        let digits = self.rest.get(2..6).ok_or(Malformed)?;
        let unit = digits.iter().try_fold(0_u32, |unit, digit| {
            let value = char::from(*digit).to_digit(16).ok_or(Malformed)?;
            Ok(unit * 16 + value)
        })?;
        self.skip(6);
        u16::try_from(unit).map_err(|_too_large| Malformed)
    }

    /// Writes the character an escape stood for; lone surrogates stay escapes.
    fn unicode(&mut self, first: u16) -> Result<(), Malformed> {
        let ahead = self.rest;
        if matches!(first, 0xd800..=0xdbff) && ahead.starts_with(b"\\u") {
            let second = self.code_unit()?;
            if let Some(Ok(joined)) = char::decode_utf16([first, second]).next() {
                self.character(joined);
                return Ok(());
            }
            self.rest = ahead;
        }
        match char::from_u32(u32::from(first)) {
            Some(character) => self.character(character),
            None => self
                .out
                .extend_from_slice(format!("\\u{first:04x}").as_bytes()),
        }
        Ok(())
    }

    fn character(&mut self, character: char) {
        match character {
            '"' => self.out.extend_from_slice(b"\\\""),
            '\\' => self.out.extend_from_slice(b"\\\\"),
            '\u{8}' => self.out.extend_from_slice(b"\\b"),
            '\u{c}' => self.out.extend_from_slice(b"\\f"),
            '\n' => self.out.extend_from_slice(b"\\n"),
            '\r' => self.out.extend_from_slice(b"\\r"),
            '\t' => self.out.extend_from_slice(b"\\t"),
            '\0'..='\u{1f}' => {
                let escaped = format!("\\u{:04x}", u32::from(character));
                self.out.extend_from_slice(escaped.as_bytes());
            }
            _ => {
                let mut utf8 = [0; 4];
                self.out
                    .extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
            }
        }
    }
}

/// Returns how many bytes the number literal at the start takes.
fn number_length(text: &[u8]) -> Result<usize, Malformed> {
    let digits = |at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && text.get(at) == Some(&b'0')) {
        return Err(Malformed);
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return Err(Malformed);
        }
        at += 1 + fraction;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return Err(Malformed);
        }
        at += 1 + sign + exponent;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compact(text: &str) -> Option<String> {
        let read = Compact::read(text.as_bytes()).ok()?;
        Some(String::from_utf8(read.into_text()).unwrap())
    }

    #[test]
    fn white_space_goes_and_order_stays() {
        assert_eq!(
            compact(" { \"z\" : [ 1 , 2.50 ] ,\n\"a\" : { } } ").unwrap(),
            r#"{"z":[1,2.50],"a":{}}"#
        );
    }

    #[test]
    fn of_repeated_keys_the_last_value_takes_the_first_place() {
        assert_eq!(
            compact(r#"{"a":1,"b":2,"\u0061":3}"#).unwrap(),
            r#"{"a":3,"b":2}"#
        );
    }

    #[test]
    fn escapes_become_characters_and_lone_surrogates_stay_escaped() {
        assert_eq!(
            compact(r#""\u00e9\ud83e\udd80 \uD83D\u0041\udc00\/\u000a\u0001\u0022""#).unwrap(),
            r#""é🦀 \ud83dA\udc00/\n\u0001\"""#
        );
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            " ",
            "{bad",
            "{\"a\"}",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "1.",
            "-",
            "1e",
            "\"\n\"",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "nul",
            "1 2",
            "[1}",
            "\u{feff}{}",
        ] {
            assert_eq!(compact(text), None, "{text:?}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_a_deep_stack() {
        assert!(compact(&format!("{}{}", "[".repeat(128), "]".repeat(128))).is_some());
        assert_eq!(compact(&"[".repeat(1_000_000)), None);
        assert_eq!(compact(&"{\"a\":".repeat(1_000_000)), None);
    }

    #[test]
    fn endless_number_literals_are_rounded() {
        assert_eq!(compact(&format!("1{}", "0".repeat(5_000))).unwrap(), "null");
        assert_eq!(compact(&format!("1{}", "0".repeat(50))).unwrap(), "1e50");
    }

    #[test]
    fn falsy_is_what_javascript_says() {
        for value in ["null", "false", "\"\"", "0", "-0", "0.0", "0e9", "1e-999"] {
            assert!(falsy(value.as_bytes()), "{value}");
        }
        for value in ["true", "\"0\"", "[]", "{}", "1", "-1", "1e999"] {
            assert!(!falsy(value.as_bytes()), "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _outcome = Compact::read(&bytes).map(Compact::into_text);
        }

        #[test]
        fn almost_json_agrees_with_serde_json(text in "[\\[\\]{}:,\"\\\\u0-9a-f.e+ \\-tn]{0,24}") {
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                prop_assert!(compact(&text).is_some());
            }
        }

        #[test]
        fn compact_text_reads_as_the_same_value_and_is_stable(text in any::<String>(), n in any::<i64>()) {
            let value = serde_json::json!({ "text": &*text, &*text: [n, null, { "x": true }] });
            let once = compact(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&once).unwrap(), value);
            prop_assert_eq!(compact(&once), Some(once));
        }
    }
}
