//! The reading of [`Loose`] values: Python's grammar, one function per production.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Characters, DEEPEST, Error, Loose};

/// Reads a whole text.
pub(super) fn read<T: Characters>(text: &str) -> Result<Loose<'_, T>, Error> {
    let mut reader = Reader { text, position: 0 };
    reader.skip_space();
    let value = reader.value(0)?;
    reader.skip_space();
    if reader.position < text.len() {
        return Err(reader.error());
    }
    Ok(value)
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
    fn word<T>(&mut self, word: &str, value: Loose<'a, T>) -> Result<Loose<'a, T>, Error> {
        if !self.rest().starts_with(word) {
            return Err(self.error());
        }
        self.position += word.len();
        Ok(value)
    }

    fn value<T: Characters>(&mut self, depth: usize) -> Result<Loose<'a, T>, Error> {
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

    fn array<T: Characters>(&mut self, depth: usize) -> Result<Loose<'a, T>, Error> {
        let mut items = Vec::new();
        self.members(depth, b']', |reader| {
            items.push(reader.value(depth)?);
            Ok(())
        })?;
        Ok(Loose::Array(items))
    }

    fn object<T: Characters>(&mut self, depth: usize) -> Result<Loose<'a, T>, Error> {
        let mut members = Members {
            list: Vec::new(),
            places: HashMap::new(),
        };
        self.members(depth, b'}', |reader| {
            if reader.peek() != Some(b'"') {
                return Err(reader.error());
            }
            let name = reader.string::<T>()?;
            reader.skip_space();
            if !reader.take(b':') {
                return Err(reader.error());
            }
            reader.skip_space();
            members.insert(name, reader.value(depth)?);
            Ok(())
        })?;
        Ok(Loose::Object(members.list))
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
    fn string<T: Characters>(&mut self) -> Result<T, Error> {
        self.position += 1;
        let mut string = T::default();
        loop {
            let rest = self.rest();
            let run = rest
                .bytes()
                .position(|byte| byte == b'"' || byte == b'\\' || byte < b' ')
                .ok_or(Error::Syntax(self.text.len()))?;
            // Such a byte is never inside a character, so the cut is at a boundary.
            string.push_run(rest.get(..run).unwrap_or_default());
            self.position += run;
            if self.take(b'"') {
                return Ok(string);
            }
            if !self.take(b'\\') {
                return Err(self.error());
            }
            string.push_code(self.escape()?);
        }
    }

    /// Reads an escape whose backslash was just read, and returns its code point.
    fn escape(&mut self) -> Result<u32, Error> {
        let byte = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x8,
            Some(b'f') => 0xc,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.error()),
        };
        self.position += 1;
        Ok(byte.into())
    }

    /// Reads `uXXXX`, and the second half of a pair where there is one.
    fn unicode_escape(&mut self) -> Result<u32, Error> {
        let first = self.hex_digits()?;
        if !(0xd800..0xdc00).contains(&first) || !self.rest().starts_with("\\u") {
            return Ok(first);
        }
        let after_first = self.position;
        self.position += 1;
        let second = self.hex_digits()?;
        if (0xdc00..0xe000).contains(&second) {
            return Ok(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        }
        self.position = after_first;
        Ok(first)
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

    fn number<T>(&mut self) -> Result<Loose<'a, T>, Error> {
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
            return Ok(Loose::Integer(text));
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
struct Members<'a, T> {
    list: Vec<(T, Loose<'a, T>)>,
    places: HashMap<T, usize>,
}

impl<'a, T: Characters> Members<'a, T> {
    /// Adds a member, or gives the one of this name another value: Python's dict keeps the
    /// place of the first and the value of the last.
    fn insert(&mut self, name: T, value: Loose<'a, T>) {
        match self.places.entry(name) {
            Entry::Vacant(entry) => {
                self.list.push((entry.key().clone(), value));
                entry.insert(self.list.len() - 1);
            }
            Entry::Occupied(entry) => {
                if let Some((_, old)) = self.list.get_mut(*entry.get()) {
                    *old = value;
                }
            }
        }
    }
}
