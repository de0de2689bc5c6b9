//! The bytes that a signature is over: Python's
//! `json.dumps(object, sort_keys=True, separators=(",", ":"))`, and the two other forms in which
//! the scripts write JSON.
//!
//! A text is read as Python reads it, so that what it signs is what we see: halves of surrogate
//! pairs, `NaN`, integers of many digits and the difference between `1` and `1.0` are kept.

use std::fmt::Write as _;

use crate::wire::loose_json::{Characters, Error as JsonError, Loose};
use crate::wire::python_json::write_float;

/// Digits of the longest integer that Python reads (`sys.int_info.default_max_str_digits`).
const LONGEST_INTEGER: usize = 4300;

/// Bytes of the longest text that is read. The values of a text take some fifty times as much
/// memory, and anybody on the network may send one.
pub const LONGEST: usize = 256 * 1024;

/// Why a text is not read. Nothing of the text is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is more of it than anybody writes.
    #[error("longer than {LONGEST} bytes")]
    TooLong,
    /// The bytes are not UTF-8.
    #[error("not UTF-8 text")]
    NotText,
    /// The text is not JSON.
    #[error("not JSON")]
    NotJson,
    /// Containers are nested deeper than in any real message.
    #[error("nested too deeply")]
    TooDeep,
    /// An integer has more digits than Python reads.
    #[error("an integer with more than {LONGEST_INTEGER} digits")]
    LongInteger,
}

/// A string as Python holds it: code points, halves of surrogate pairs among them. Ordered by
/// code point, as Python sorts keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct WideText(Vec<u32>);

/// A value whose strings lose nothing.
pub(super) type Value<'a> = Loose<'a, WideText>;

/// What stands in an object, in order of first appearance.
pub(super) type Members<'a> = Vec<(WideText, Value<'a>)>;

impl Characters for WideText {
    fn push_run(&mut self, run: &str) {
        self.0.extend(run.chars().map(u32::from));
    }

    fn push_code(&mut self, code: u32) {
        self.0.push(code);
    }
}

impl From<&str> for WideText {
    fn from(text: &str) -> Self {
        Self(text.chars().map(u32::from).collect())
    }
}

impl WideText {
    /// Tells whether it is this text.
    pub(super) fn is(&self, text: &str) -> bool {
        self.0.iter().copied().eq(text.chars().map(u32::from))
    }

    /// Returns the text; halves of surrogate pairs become U+FFFD.
    pub(super) fn to_text(&self) -> String {
        self.0.iter().map(|code| character(*code)).collect()
    }
}

fn character(code: u32) -> char {
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Reads a JSON text and returns its canonical form, which is ASCII.
pub fn canonical(bytes: &[u8]) -> Result<String, Error> {
    Ok(write(&parse(bytes)?, Style::Canonical))
}

/// Reads a JSON text.
pub(super) fn parse(bytes: &[u8]) -> Result<Value<'_>, Error> {
    if bytes.len() > LONGEST {
        return Err(Error::TooLong);
    }
    let text = str::from_utf8(bytes).map_err(|_not_utf8| Error::NotText)?;
    let value = Value::parse_into(text).map_err(|error| match error {
        JsonError::Syntax(_) => Error::NotJson,
        JsonError::TooDeep => Error::TooDeep,
    })?;
    if has_long_integer(&value) {
        return Err(Error::LongInteger);
    }
    Ok(value)
}

fn has_long_integer(value: &Value<'_>) -> bool {
    match value {
        Value::Integer(digits) => digits.trim_start_matches('-').len() > LONGEST_INTEGER,
        Value::Array(items) => items.iter().any(has_long_integer),
        Value::Object(members) => members.iter().any(|(_, value)| has_long_integer(value)),
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::NotFinite(_) | Value::Text(_) => {
            false
        }
    }
}

/// A form in which the scripts write JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Sorted, no spaces, ASCII: what is signed.
    Canonical,
    /// `json.dumps` with its defaults, ASCII: what travels.
    Line,
    /// Indented by two, characters as they are, a line break at the end: what lies in files.
    ///
    /// Python cannot write halves of surrogate pairs there: the scripts leave an empty file,
    /// which breaks their lists. They become U+FFFD.
    File,
}

/// Writes a value.
pub(super) fn write(value: &Value<'_>, style: Style) -> String {
    let mut writer = Writer {
        out: String::new(),
        style,
    };
    writer.value(value, 0);
    if style == Style::File {
        writer.out.push('\n');
    }
    writer.out
}

/// Writes an object in the form that is signed: without the member of this name.
pub(super) fn canonical_without(members: &Members<'_>, name: &str) -> String {
    let mut writer = Writer {
        out: String::new(),
        style: Style::Canonical,
    };
    writer.object(members.iter().filter(|(key, _)| !key.is(name)), 0);
    writer.out
}

struct Writer {
    out: String,
    style: Style,
}

impl Writer {
    fn value(&mut self, value: &Value<'_>, level: usize) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            Value::Integer(digits) => self.out.push_str(digits),
            Value::Float(float) => write_float(&mut self.out, *float),
            Value::NotFinite(name) => self.out.push_str(name),
            Value::Text(text) => self.text(text),
            Value::Array(items) => self.items("[]", items, level, |writer, item| {
                writer.value(item, level + 1);
            }),
            Value::Object(members) => self.object(members.iter(), level),
        }
    }

    fn object<'a>(
        &mut self,
        members: impl Iterator<Item = &'a (WideText, Value<'a>)>,
        level: usize,
    ) {
        let mut members: Vec<_> = members.collect();
        let mut colon = ": ";
        if self.style == Style::Canonical {
            members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            colon = ":";
        }
        self.items("{}", members, level, |writer, (name, value)| {
            writer.text(name);
            writer.out.push_str(colon);
            writer.value(value, level + 1);
        });
    }

    /// Writes what stands between two brackets.
    fn items<T>(
        &mut self,
        brackets: &str,
        items: impl IntoIterator<Item = T>,
        level: usize,
        mut write: impl FnMut(&mut Self, T),
    ) {
        let (open, close) = brackets.split_at_checked(1).unwrap_or((brackets, ""));
        let mut separator = "";
        self.out.push_str(open);
        for item in items {
            self.out.push_str(separator);
            separator = match self.style {
                Style::Line => ", ",
                Style::Canonical | Style::File => ",",
            };
            self.line_break(level + 1);
            write(self, item);
        }
        if !separator.is_empty() {
            self.line_break(level);
        }
        self.out.push_str(close);
    }

    fn line_break(&mut self, level: usize) {
        if self.style == Style::File {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", level));
        }
    }

    fn text(&mut self, text: &WideText) {
        self.out.push('"');
        for &code in &text.0 {
            match code {
                0x22 => self.out.push_str("\\\""),
                0x5c => self.out.push_str("\\\\"),
                0x0a => self.out.push_str("\\n"),
                0x0d => self.out.push_str("\\r"),
                0x09 => self.out.push_str("\\t"),
                0x08 => self.out.push_str("\\b"),
                0x0c => self.out.push_str("\\f"),
                0x20..=0x7e => self.out.push(character(code)),
                0x7f.. if self.style == Style::File => self.out.push(character(code)),
                _ => self.escape(code),
            }
        }
        self.out.push('"');
    }

    /// Writes `\uXXXX`, twice where one is not enough. Half a pair stands for itself.
    fn escape(&mut self, code: u32) {
        // What is above the first plane has two halves (UTF-16).
        let (first, second) = match code.checked_sub(0x1_0000) {
            Some(above) => (0xd800 + (above >> 10), Some(0xdc00 + (above & 0x3ff))),
            None => (code, None),
        };
        for unit in std::iter::once(first).chain(second) {
            // Writing to a String cannot fail.
            let _infallible = write!(self.out, "\\u{unit:04x}");
        }
    }
}
