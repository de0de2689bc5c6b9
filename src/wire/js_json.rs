//! JSON as `JavaScript` reads and writes it: `JSON.parse`, then `JSON.stringify` without spaces.
//!
//! `ClawTalk` signs such text, so every byte counts: numbers are doubles, halves of surrogate
//! pairs are kept, characters outside ASCII stand as they are, and members whose names are array
//! indices come first. Containers are read 64 deep, which no real message comes near.

use std::fmt::{self, Write as _};

use serde_json::value::RawValue;

use super::loose_json::{Characters, Loose};

/// A string as `JavaScript` holds it: UTF-16 code units, which may be half a surrogate pair.
///
/// It is what somebody else wrote: it has no `Display`, and `Debug` tells the length alone.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JsText(Vec<u16>);

impl JsText {
    /// Reads the JSON of one string; `None` where it is anything else.
    pub fn from_json(json: &str) -> Option<Self> {
        let Loose::Text(text) = parse(json)? else {
            return None;
        };
        Some(text)
    }

    /// Writes it as JSON, with its quotes.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        write_text(&mut out, self);
        out
    }

    /// Returns the text; halves of surrogate pairs become U+FFFD.
    pub fn to_text(&self) -> String {
        String::from_utf16_lossy(&self.0)
    }

    /// Tells whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether it is this text.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0.iter().copied().eq(text.encode_utf16())
    }

    /// Returns the number where this is the name of an element of an array: such members come
    /// first in an object, in this order.
    fn index(&self) -> Option<u32> {
        let digits = self.0.iter().map(|unit| {
            let digit = char::from_u32((*unit).into())?.to_digit(10)?;
            Some(digit)
        });
        if self.0.is_empty() || (self.0.len() > 1 && self.0.first() == Some(&0x30)) {
            return None;
        }
        let number = digits
            .into_iter()
            .try_fold(0_u32, |sum, digit| sum.checked_mul(10)?.checked_add(digit?))?;
        (number < u32::MAX).then_some(number)
    }
}

impl From<&str> for JsText {
    fn from(text: &str) -> Self {
        Self(text.encode_utf16().collect())
    }
}

impl fmt::Debug for JsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsText({} units)", self.0.len())
    }
}

impl Characters for JsText {
    fn push_run(&mut self, run: &str) {
        self.0.extend(run.encode_utf16());
    }

    fn push_code(&mut self, code: u32) {
        match (u16::try_from(code), char::from_u32(code)) {
            (Ok(unit), _) => self.0.push(unit),
            (Err(_), Some(character)) => {
                self.0
                    .extend_from_slice(character.encode_utf16(&mut [0; 2]));
            }
            // No escape says so much.
            (Err(_), None) => self.0.push(0xfffd),
        }
    }
}

/// A value whose strings lose nothing.
pub(crate) type Value<'a> = Loose<'a, JsText>;

/// Reads a whole text as `JSON.parse` does; `None` where that throws, or nesting is too deep.
pub(crate) fn parse(text: &str) -> Option<Value<'_>> {
    if !is_json(text) {
        return None;
    }
    Value::parse_into(text).ok()
}

/// Tells whether a text is JSON, however deep it is nested.
pub(crate) fn is_json(text: &str) -> bool {
    // Values are read as Python reads them, which is more than JSON.
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// Tells whether a value counts as true in a condition.
pub(crate) fn is_truthy(value: &Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Integer(digits) => digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit)),
        Value::Float(float) => *float != 0.0,
        Value::Text(text) => !text.is_empty(),
        Value::NotFinite(_) | Value::Array(_) | Value::Object(_) => true,
    }
}

/// How integers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Integers {
    /// As doubles, which is what `JavaScript` makes of them.
    Doubles,
    /// With all their digits: for those who read more than doubles.
    AsTheyCame,
}

/// Writes a value as `JSON.stringify` does.
pub(crate) fn write(value: &Value<'_>) -> String {
    let mut out = String::new();
    write_value(&mut out, value, Integers::Doubles);
    out
}

/// Appends a value.
pub(crate) fn write_value(out: &mut String, value: &Value<'_>, integers: Integers) {
    match value {
        // A number that is too large for a double was read as infinite.
        Value::Null | Value::NotFinite(_) => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Integer(digits) if integers == Integers::AsTheyCame => out.push_str(digits),
        Value::Integer(digits) => write_number(out, digits.parse().unwrap_or(f64::INFINITY)),
        Value::Float(float) => write_number(out, *float),
        Value::Text(text) => write_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                write_comma(out, place);
                write_value(out, item, integers);
            }
            out.push(']');
        }
        Value::Object(members) => write_object(out, members, integers),
    }
}

fn write_object(out: &mut String, members: &[(JsText, Value<'_>)], integers: Integers) {
    let mut ordered: Vec<_> = members.iter().collect();
    // Stable, so that what is no index keeps its order.
    ordered.sort_by_key(|(name, _)| name.index().map_or(u64::MAX, u64::from));
    out.push('{');
    for (place, (name, member)) in ordered.into_iter().enumerate() {
        write_comma(out, place);
        write_text(out, name);
        out.push(':');
        write_value(out, member, integers);
    }
    out.push('}');
}

fn write_comma(out: &mut String, place: usize) {
    if place > 0 {
        out.push(',');
    }
}

fn write_number(out: &mut String, number: f64) {
    if number.is_finite() {
        out.push_str(ryu_js::Buffer::new().format_finite(number));
    } else {
        out.push_str("null");
    }
}

/// Appends a string with its quotes.
pub(crate) fn write_text(out: &mut String, text: &JsText) {
    out.reserve(text.0.len() + 2);
    out.push('"');
    for unit in char::decode_utf16(text.0.iter().copied()) {
        match unit {
            Ok('"') => out.push_str("\\\""),
            Ok('\\') => out.push_str("\\\\"),
            Ok('\u{8}') => out.push_str("\\b"),
            Ok('\t') => out.push_str("\\t"),
            Ok('\n') => out.push_str("\\n"),
            Ok('\u{c}') => out.push_str("\\f"),
            Ok('\r') => out.push_str("\\r"),
            Ok(control @ ..'\u{20}') => write_escape(out, control.into()),
            Ok(character) => out.push(character),
            Err(half) => write_escape(out, half.unpaired_surrogate().into()),
        }
    }
    out.push('"');
}

fn write_escape(out: &mut String, unit: u32) {
    // Writing to a String cannot fail.
    let _infallible = write!(out, "\\u{unit:04x}");
}

/// Reads a JSON text and writes it again as `JavaScript` would; `None` where it is no JSON, or
/// nested too deep.
pub fn stringify(text: &str) -> Option<String> {
    parse(text).map(|value| write(&value))
}

/// Writes the JSON of a string.
pub(crate) fn quoted(text: &str) -> String {
    JsText::from(text).to_json()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn js(text: &str) -> String {
        stringify(text).unwrap()
    }

    #[test]
    fn numbers_are_doubles_as_javascript_prints_them() {
        for (read, written) in [
            ("1.0", "1"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("1e21", "1e+21"),
            ("1E20", "100000000000000000000"),
            ("0.0000001", "1e-7"),
            ("0.000001", "0.000001"),
            ("12345678901234567890", "12345678901234567000"),
            ("9007199254740993", "9007199254740992"),
            ("1e400", "null"),
            ("-1e400", "null"),
            ("5e-324", "5e-324"),
            ("1e-400", "0"),
            ("123456789.125", "123456789.125"),
        ] {
            assert_eq!(js(read), written, "{read}");
        }
        assert_eq!(js(&"9".repeat(400)), "null");
    }

    #[test]
    fn strings_are_escaped_as_javascript_escapes_them() {
        assert_eq!(
            js(r#""\u00e9\u2028\u007f\/\b\t\u000b\u001F\ud83d\ude00\ud83d x\udc00""#),
            "\"é\u{2028}\u{7f}/\\b\\t\\u000b\\u001f😀\\ud83d x\\udc00\""
        );
    }

    #[test]
    fn members_that_look_like_indices_come_first() {
        assert_eq!(
            js(r#"{"b":1,"10":2,"9":3,"01":4,"4294967295":5,"4294967294":6,"":7,"b":8,"-1":9}"#),
            r#"{"9":3,"10":2,"4294967294":6,"b":8,"01":4,"4294967295":5,"":7,"-1":9}"#
        );
    }

    #[test]
    fn what_javascript_does_not_read_is_refused() {
        for text in [
            "NaN",
            "[Infinity]",
            "-Infinity",
            "01",
            "1.",
            "\"\u{1}\"",
            "\u{feff}1",
            "",
            "{'a':1}",
        ] {
            assert_eq!(stringify(text), None, "{text:?}");
        }
        assert_eq!(stringify(&"[".repeat(5000)), None);
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert!(is_json(&deep) && parse(&deep).is_none());
    }

    #[test]
    fn truth_is_that_of_a_condition() {
        for (text, truth) in [
            ("1", true),
            ("0", false),
            ("-0", false),
            ("0.0", false),
            ("1e400", true),
            ("1e-400", false),
            ("\"\"", false),
            ("\"0\"", true),
            ("null", false),
            ("[]", true),
            ("{}", true),
            ("false", false),
        ] {
            assert_eq!(is_truthy(&parse(text).unwrap()), truth, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_its_own_form(text in r#"[\[\]{}":,\\u0-9a-fnlrtse.E+ -]{0,60}"#) {
            if let Some(once) = stringify(&text) {
                let again = stringify(&once);
                prop_assert_eq!(again, Some(once));
            }
        }

        #[test]
        fn any_text_is_read_back_from_its_json(text: String) {
            let json = quoted(&text);
            let read = JsText::from_json(&json).unwrap();
            prop_assert_eq!(read.to_text(), text);
            prop_assert_eq!(read.to_json(), json);
        }

        #[test]
        fn doubles_are_read_back(bits: u64) {
            let float = f64::from_bits(bits);
            prop_assume!(float.is_finite());
            let written = js(&format!("{float:e}"));
            // Zero has one form alone.
            prop_assert!(written.parse::<f64>().unwrap().total_cmp(&(float + 0.0)).is_eq());
        }
    }
}
