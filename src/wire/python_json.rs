//! JSON as Python's `json.dumps` writes it with its defaults.
//!
//! The reference client's output, its files and the plaintext inside envelopes are in this
//! form, and programs around it compare bytes.

use serde_json::Value;

/// Writes a value on one line: separators `", "` and `": "`, everything outside printable
/// ASCII as `\uXXXX` in lower case, astral characters as surrogate pairs.
pub fn to_string(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, None);
    out
}

/// Writes a value as `json.dumps(value, indent=2)` does, without a final newline.
pub fn to_string_pretty(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, Some(0));
    out
}

/// Appends a value; `level` is the indentation level of its line, or nothing for one line.
fn write_value(out: &mut String, value: &Value, level: Option<usize>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => write_float(out, float),
            None => out.push_str(&number.to_string()),
        },
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            write_items(out, "[]", items, level, |out, item, inner| {
                write_value(out, item, inner);
            });
        }
        Value::Object(members) => {
            write_items(out, "{}", members, level, |out, (name, member), inner| {
                write_text(out, name);
                out.push_str(": ");
                write_value(out, member, inner);
            });
        }
    }
}

/// Appends what a container holds between its brackets (two ASCII characters).
pub(super) fn write_items<T>(
    out: &mut String,
    brackets: &str,
    items: impl IntoIterator<Item = T>,
    level: Option<usize>,
    mut write: impl FnMut(&mut String, T, Option<usize>),
) {
    let (open, close) = brackets.split_at_checked(1).unwrap_or((brackets, ""));
    let inner = level.map(|level| level + 1);
    let mut separator = "";
    out.push_str(open);
    for item in items {
        out.push_str(separator);
        separator = if level.is_some() { "," } else { ", " };
        write_line_break(out, inner);
        write(out, item, inner);
    }
    if !separator.is_empty() {
        write_line_break(out, level);
    }
    out.push_str(close);
}

fn write_line_break(out: &mut String, level: Option<usize>) {
    if let Some(level) = level {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    }
}

/// Appends a string with its quotes.
pub(super) fn write_text(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write_escape(out, *unit);
                }
            }
        }
    }
    out.push('"');
}

fn write_escape(out: &mut String, unit: u16) {
    out.push_str("\\u");
    for shift in [12, 8, 4, 0] {
        out.extend(char::from_digit(u32::from(unit >> shift & 0xf), 16));
    }
}

/// Appends a finite number as Python's `repr` writes it: `1.0`, `1e+16`, `1e-07`.
pub(super) fn write_float(out: &mut String, float: f64) {
    // Rust's Debug has the shortest digits and the same bounds for the exponent form
    // (below 1e-4, from 1e16 on); only the exponent itself is written differently, and the last
    // digit where two are as near.
    let text = format!("{float:?}");
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (&*text, None),
    };
    match even_last_digit(float) {
        Some(digit) if !mantissa.ends_with(".0") => {
            out.push_str(mantissa.get(..mantissa.len() - 1).unwrap_or_default());
            out.push(digit);
        }
        _ => out.push_str(mantissa),
    }
    let Some(exponent) = exponent else {
        return;
    };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    out.push('e');
    out.push(sign);
    if digits.len() < 2 {
        out.push('0');
    }
    out.push_str(digits);
}

/// Returns the last digit that Python writes where Rust writes another: a number may lie in the
/// middle between two shortest texts, and Python takes the even one (884722891750015.25).
fn even_last_digit(float: f64) -> Option<char> {
    let shortest = format!("{float:e}");
    let (digits, _) = shortest.split_once('e')?;
    let decimals = digits.split_once('.').map_or(0, |(_, part)| part.len());
    // With a given number of digits Rust rounds what lies in the middle to even too.
    let even = format!("{float:.decimals$e}");
    if even == shortest || even.parse() != Ok(float) {
        return None;
    }
    even.split_once('e')?.0.chars().next_back()
}
