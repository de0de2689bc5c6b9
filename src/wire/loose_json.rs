//! JSON as Python's `json.loads` reads it, which is more than JSON: `NaN`, `Infinity`, halves
//! of surrogate pairs, integers of any length; the last of several equal keys counts.
//!
//! Unlike Python it never fails on depth by exhausting the stack: [`DEEPEST`] is the bound.

use serde_json::{Map, Number, Value};

use super::python_json::{write_float, write_items, write_text};

/// Containers inside containers that are read. Python stops at about 1,000; real messages
/// have two or three, and what we write must stay within other parsers' bounds.
const DEEPEST: usize = 64;

/// Why a text was not read. Positions are bytes from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// It is not JSON from here on.
    #[error("not JSON at byte {0}")]
    Syntax(usize),
    /// Containers are nested too deeply.
    #[error("nested more than {DEEPEST} deep")]
    TooDeep,
}

/// A value as it was written: numbers keep their digits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Loose {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer, in digits as they came.
    Integer(String),
    /// A finite number with a fraction or an exponent.
    Float(f64),
    /// `NaN`, `Infinity`, `-Infinity`, or a number too large for a double.
    NotFinite(&'static str),
    /// A string; halves of surrogate pairs became U+FFFD.
    Text(String),
    /// An array.
    Array(Vec<Self>),
    /// An object in the order of first appearance.
    Object(Vec<(String, Self)>),
}

impl Loose {
    /// Reads a whole text.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let mut reader = Reader { text, position: 0 };
        reader.skip_space();
        let value = reader.value(0)?;
        reader.skip_space();
        if reader.position < text.len() {
            return Err(reader.error());
        }
        Ok(value)
    }

    /// Writes valid JSON on one line in Python's style. What JSON cannot say becomes `null`.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null | Self::NotFinite(_) => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Integer(digits) => out.push_str(digits),
            Self::Float(float) => write_float(out, *float),
            Self::Text(text) => write_text(out, text),
            Self::Array(items) => {
                write_items(out, "[]", items, None, |out, item, _| item.write(out));
            }
            Self::Object(members) => {
                write_items(out, "{}", members, None, |out, (name, member), _| {
                    write_text(out, name);
                    out.push_str(": ");
                    member.write(out);
                });
            }
        }
    }

    /// Returns what a person or a program without types is given for this value: strings as
    /// they are, everything else as JSON text.
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::NotFinite(name) => name.to_owned(),
            Self::Null
            | Self::Bool(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::Array(_)
            | Self::Object(_) => {
                let mut out = String::new();
                self.write(&mut out);
                out
            }
        }
    }

    /// Turns it into the JSON type of the rest of the program. Integers beyond 64 bits become
    /// doubles, what JSON cannot say becomes `null`.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Null | Self::NotFinite(_) => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Integer(digits) => integer_value(&digits),
            Self::Float(float) => Number::from_f64(float).map_or(Value::Null, Value::Number),
            Self::Text(text) => Value::String(text),
            Self::Array(items) => Value::Array(items.into_iter().map(Self::into_value).collect()),
            Self::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(name, member)| (name, member.into_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

fn integer_value(digits: &str) -> Value {
    if let Ok(number) = digits.parse::<i64>() {
        return number.into();
    }
    if let Ok(number) = digits.parse::<u64>() {
        return number.into();
    }
    let float = digits.parse::<f64>().ok();
    float
        .and_then(Number::from_f64)
        .map_or(Value::Null, Value::Number)
}

/// A place in a text.
struct Reader<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Reader<'a> {
    fn error(&self) -> Error {
        Error::Syntax(self.position)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    /// Steps over this byte if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    /// Steps over this word, or fails.
    fn word(&mut self, word: &str, value: Loose) -> Result<Loose, Error> {
        if !self.rest().starts_with(word) {
            return Err(self.error());
        }
        self.position += word.len();
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Loose, Error> {
        match self.peek() {
            Some(b'"') => self.string().map(Loose::Text),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'n') => self.word("null", Loose::Null),
            Some(b't') => self.word("true", Loose::Bool(true)),
            Some(b'f') => self.word("false", Loose::Bool(false)),
            Some(b'N') => self.word("NaN", Loose::NotFinite("NaN")),
            Some(b'I') => self.word("Infinity", Loose::NotFinite("Infinity")),
            Some(b'-') if self.rest().starts_with("-I") => {
                self.word("-Infinity", Loose::NotFinite("-Infinity"))
            }
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Loose, Error> {
        let mut items = Vec::new();
        self.members(depth, b']', |reader| {
            items.push(reader.value(depth)?);
            Ok(())
        })?;
        Ok(Loose::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Loose, Error> {
        // The map keeps the place of the first and the value of the last of equal keys, as
        // Python's dict does, and finds them without looking at every other key.
        let mut members = indexed::Members::default();
        self.members(depth, b'}', |reader| {
            if reader.peek() != Some(b'"') {
                return Err(reader.error());
            }
            let name = reader.string()?;
            reader.skip_space();
            if !reader.take(b':') {
                return Err(reader.error());
            }
            reader.skip_space();
            members.insert(name, reader.value(depth)?);
            Ok(())
        })?;
        Ok(Loose::Object(members.into_list()))
    }

    /// Reads what stands between brackets, commas in between.
    fn members(
        &mut self,
        depth: usize,
        close: u8,
        mut member: impl FnMut(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if depth > DEEPEST {
            return Err(Error::TooDeep);
        }
        self.position += 1;
        self.skip_space();
        if self.take(close) {
            return Ok(());
        }
        loop {
            member(self)?;
            self.skip_space();
            if self.take(close) {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.error());
            }
            self.skip_space();
        }
    }

    /// Reads a string whose opening quote is next.
    fn string(&mut self) -> Result<String, Error> {
        self.position += 1;
        let mut string = String::new();
        loop {
            let rest = self.rest();
            let run = rest
                .bytes()
                .position(|byte| byte == b'"' || byte == b'\\' || byte < b' ')
                .ok_or(Error::Syntax(self.text.len()))?;
            // Such a byte is never inside a character, so the cut is at a boundary.
            string.push_str(rest.get(..run).unwrap_or_default());
            self.position += run;
            if self.take(b'"') {
                return Ok(string);
            }
            if !self.take(b'\\') {
                return Err(self.error());
            }
            string.push(self.escape()?);
        }
    }

    /// Reads an escape whose backslash was just read.
    fn escape(&mut self) -> Result<char, Error> {
        let character = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.error()),
        };
        self.position += 1;
        Ok(character)
    }

    /// Reads `uXXXX`, and the second half of a pair where there is one.
    fn unicode_escape(&mut self) -> Result<char, Error> {
        let first = self.hex_digits()?;
        if !(0xd800..0xdc00).contains(&first) || !self.rest().starts_with("\\u") {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let after_first = self.position;
        self.position += 1;
        let second = self.hex_digits()?;
        if (0xdc00..0xe000).contains(&second) {
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        self.position = after_first;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    /// Reads `uXXXX`.
    fn hex_digits(&mut self) -> Result<u32, Error> {
        let digits = self.rest().get(1..5).ok_or_else(|| self.error())?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.error());
        }
        self.position += 5;
        u32::from_str_radix(digits, 16).map_err(|_not_hex| self.error())
    }

    fn number(&mut self) -> Result<Loose, Error> {
        let start = self.position;
        let negative = self.take(b'-');
        let integer = self.digits();
        if integer.is_empty() {
            return Err(self.error());
        }
        if integer.len() > 1 && integer.starts_with('0') {
            // Python reads the zero and then meets digits where a comma should be.
            self.position = start + usize::from(negative) + 1;
            return Err(self.error());
        }
        let is_float = self.fraction() | self.exponent();
        let text = self.text.get(start..self.position).unwrap_or_default();
        if !is_float {
            let text = if text == "-0" { "0" } else { text };
            return Ok(Loose::Integer(text.to_owned()));
        }
        let float = text.parse::<f64>().map_err(|_not_a_number| self.error())?;
        Ok(if float.is_finite() {
            Loose::Float(float)
        } else if negative {
            Loose::NotFinite("-Infinity")
        } else {
            Loose::NotFinite("Infinity")
        })
    }

    fn digits(&mut self) -> &'a str {
        let start = self.position;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        self.text.get(start..self.position).unwrap_or_default()
    }

    /// Steps over `.` and digits; leaves a point without digits where it is.
    fn fraction(&mut self) -> bool {
        let start = self.position;
        let found = self.take(b'.') && !self.digits().is_empty();
        if !found {
            self.position = start;
        }
        found
    }

    /// Steps over an exponent; leaves one without digits where it is.
    fn exponent(&mut self) -> bool {
        let start = self.position;
        let mut found = self.take(b'e') || self.take(b'E');
        if found {
            let _signed = self.take(b'+') || self.take(b'-');
            found = !self.digits().is_empty();
        }
        if !found {
            self.position = start;
        }
        found
    }
}

/// Members of an object, in order of first appearance.
mod indexed {
    use std::collections::HashMap;
    use std::collections::hash_map::Entry;

    use super::Loose;

    #[derive(Default)]
    pub(super) struct Members {
        list: Vec<(String, Loose)>,
        places: HashMap<String, usize>,
    }

    impl Members {
        pub(super) fn insert(&mut self, name: String, value: Loose) {
            match self.places.entry(name) {
                Entry::Vacant(entry) => {
                    let name = entry.key().clone();
                    entry.insert(self.list.len());
                    self.list.push((name, value));
                }
                Entry::Occupied(entry) => {
                    if let Some((_, old)) = self.list.get_mut(*entry.get()) {
                        *old = value;
                    }
                }
            }
        }

        pub(super) fn into_list(self) -> Vec<(String, Loose)> {
            self.list
        }
    }
}
