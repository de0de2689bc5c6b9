//! JSON as Python's `json.loads` reads it, which is more than JSON: `NaN`, `Infinity`, halves
//! of surrogate pairs, integers of any length; the last of several equal keys counts.
//!
//! Unlike Python it never fails on depth by exhausting the stack: [`DEEPEST`] is the bound.

mod reader;

use std::hash::Hash;

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

/// What the strings of a text are kept in.
pub(crate) trait Characters: Clone + Default + Eq + Hash {
    /// Appends characters as they stand in the text.
    fn push_run(&mut self, run: &str);

    /// Appends what an escape says: a code point, perhaps one half of a surrogate pair.
    fn push_code(&mut self, code: u32);
}

impl Characters for String {
    fn push_run(&mut self, run: &str) {
        self.push_str(run);
    }

    fn push_code(&mut self, code: u32) {
        self.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
}

/// A value as it was written: numbers keep their digits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Loose<'a, T = String> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer, in digits as they came.
    Integer(&'a str),
    /// A finite number with a fraction or an exponent.
    Float(f64),
    /// `NaN`, `Infinity`, `-Infinity`, or a number too large for a double.
    NotFinite(&'static str),
    /// A string; in a `String`, halves of surrogate pairs became U+FFFD.
    Text(T),
    /// An array.
    Array(Vec<Self>),
    /// An object in the order of first appearance.
    Object(Vec<(T, Self)>),
}

impl<'a, T: Characters> Loose<'a, T> {
    /// Reads a whole text, strings into `T`.
    pub(crate) fn parse_into(text: &'a str) -> Result<Self, Error> {
        reader::read(text)
    }
}

impl<'a> Loose<'a> {
    /// Reads a whole text.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Error> {
        reader::read(text)
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
            Self::Integer(digits) => integer_value(digits),
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
