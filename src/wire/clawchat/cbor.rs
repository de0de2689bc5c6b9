//! CBOR (RFC 8949) as far as this network uses it: one item that ends where the bytes end.
//!
//! Written in one form alone: keys by length and then by bytes, shortest numbers, no indefinite
//! lengths. Read as the real decoder reads, with bounds: how deep, and how many items, so that a
//! short frame cannot ask for much memory. Text has to be UTF-8, where the real one repairs it.

use std::borrow::Cow;

/// How many containers may stand inside each other. Real messages have four.
const DEEPEST: usize = 32;
/// How many items there may be in all. A real handshake has some 160, a full PX-1 push 1,600.
const MOST_ITEMS: usize = 16_384;

/// Why bytes are no item. Positions are bytes from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// They end inside of an item.
    #[error("it ends too early")]
    Truncated,
    /// Something follows the item.
    #[error("bytes follow at {0}")]
    Trailing(usize),
    /// What stands here is nothing that is read: a tag, a break, a reserved or indefinite form.
    #[error("nothing that is read at byte {0}")]
    Unknown(usize),
    /// A key is no text.
    #[error("a key that is no text at byte {0}")]
    Key(usize),
    /// Text is not UTF-8.
    #[error("text that is not UTF-8 at byte {0}")]
    Utf8(usize),
    /// Containers are nested too deeply.
    #[error("nested more than {DEEPEST} deep")]
    TooDeep,
    /// There are too many items.
    #[error("more than {MOST_ITEMS} items")]
    TooMany,
}

/// An item. Text and bytes are those of the frame that it was read from.
#[derive(Clone, PartialEq)]
pub enum Value<'a> {
    /// A number from 0.
    Uint(u64),
    /// The number -1 - n.
    Negative(u64),
    /// A number with a fraction, or none at all.
    Float(f64),
    /// A byte string.
    Bytes(Cow<'a, [u8]>),
    /// Text.
    Text(Cow<'a, str>),
    /// A list.
    Array(Vec<Self>),
    /// Names and what they stand for. Of several equal names the last counts.
    Map(Vec<(Cow<'a, str>, Self)>),
    /// True or false.
    Bool(bool),
    /// `null`
    Null,
    /// `undefined`, which is how the real encoder writes a member that is not there.
    Undefined,
}

impl std::fmt::Debug for Value<'_> {
    /// Prints the kind alone: a peer chose the content.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Uint(_) | Self::Negative(_) | Self::Float(_) => "Number(..)",
            Self::Bytes(_) => "Bytes(..)",
            Self::Text(_) => "Text(..)",
            Self::Array(_) => "Array(..)",
            Self::Map(_) => "Map(..)",
            Self::Bool(_) => "Bool(..)",
            Self::Null => "Null",
            Self::Undefined => "Undefined",
        })
    }
}

impl<'a> Value<'a> {
    /// Makes text.
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Makes a byte string.
    pub fn bytes(bytes: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }

    /// Makes a list of small numbers, which is how the real program writes some byte strings.
    pub fn numbers(bytes: &[u8]) -> Self {
        Self::Array(
            bytes
                .iter()
                .map(|byte| Self::Uint((*byte).into()))
                .collect(),
        )
    }

    /// Makes a map.
    pub fn map(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let entries = entries.into_iter();
        Self::Map(
            entries
                .map(|(key, value)| (Cow::Borrowed(key), value))
                .collect(),
        )
    }

    /// Returns a member of a map, the last of this name.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let mut found = entries.iter().rev();
        found.find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Returns the number, where it is a whole one from 0. A float that is one counts, as it
    /// does where all numbers are floats.
    pub fn as_uint(&self) -> Option<u64> {
        match self {
            Self::Uint(number) => Some(*number),
            Self::Float(float) => whole(*float),
            Self::Negative(_)
            | Self::Bytes(_)
            | Self::Text(_)
            | Self::Array(_)
            | Self::Map(_)
            | Self::Bool(_)
            | Self::Null
            | Self::Undefined => None,
        }
    }

    /// Returns the text.
    pub fn as_text(&self) -> Option<&str> {
        let Self::Text(text) = self else {
            return None;
        };
        Some(text)
    }

    /// Returns the byte string.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        let Self::Bytes(bytes) = self else {
            return None;
        };
        Some(bytes)
    }

    /// Returns the bytes of a byte string, or of a list of numbers up to 255. At most 256.
    pub fn as_byte_list(&self) -> Option<Vec<u8>> {
        if let Self::Bytes(bytes) = self {
            return (bytes.len() <= 256).then(|| bytes.to_vec());
        }
        let Self::Array(items) = self else {
            return None;
        };
        if items.len() > 256 {
            return None;
        }
        let byte = |item: &Self| item.as_uint().and_then(|number| u8::try_from(number).ok());
        items.iter().map(byte).collect()
    }

    /// Returns the list.
    pub fn as_array(&self) -> Option<&[Self]> {
        let Self::Array(items) = self else {
            return None;
        };
        Some(items)
    }

    /// Tells whether it is `null` or `undefined`.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Null | Self::Undefined)
    }

    /// Writes it in the one form. Only what was read can have a float that is written longer
    /// than the real encoder would.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, self);
        out
    }
}

/// Reads exactly one item.
pub fn decode(bytes: &[u8]) -> Result<Value<'_>, CborError> {
    let mut reader = Reader {
        bytes,
        at: 0,
        items: 0,
    };
    let value = reader.item(0)?;
    if reader.at < bytes.len() {
        return Err(CborError::Trailing(reader.at));
    }
    Ok(value)
}

/// What an item begins with.
struct Head {
    major: u8,
    /// The five low bits.
    short: u8,
    /// The number that they, or the bytes after them, say; `None` for an indefinite length.
    number: Option<u64>,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    items: usize,
}

impl<'a> Reader<'a> {
    fn item(&mut self, depth: usize) -> Result<Value<'a>, CborError> {
        let start = self.at;
        self.count(depth)?;
        let head = self.head()?;
        match (head.major, head.number) {
            (0, Some(number)) => Ok(Value::Uint(number)),
            (1, Some(number)) => Ok(Value::Negative(number)),
            (2, Some(length)) => Ok(Value::Bytes(Cow::Borrowed(self.take(length)?))),
            (3, Some(length)) => Ok(Value::Text(Cow::Borrowed(self.text(length)?))),
            (4, length) => self.array(length, depth),
            (5, length) => self.map(length, depth),
            (7, Some(number)) => simple(head.short, number).ok_or(CborError::Unknown(start)),
            _ => Err(CborError::Unknown(start)),
        }
    }

    fn array(&mut self, length: Option<u64>, depth: usize) -> Result<Value<'a>, CborError> {
        let mut items = Vec::new();
        while self.more(length, items.len())? {
            items.push(self.item(depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, length: Option<u64>, depth: usize) -> Result<Value<'a>, CborError> {
        let mut entries = Vec::new();
        while self.more(length, entries.len())? {
            let start = self.at;
            self.count(depth)?;
            let head = self.head()?;
            let (3, Some(length)) = (head.major, head.number) else {
                return Err(CborError::Key(start));
            };
            let key = Cow::Borrowed(self.text(length)?);
            entries.push((key, self.item(depth + 1)?));
        }
        Ok(Value::Map(entries))
    }

    /// Tells whether another item of a container follows, and takes the break that ends one of
    /// indefinite length. Nothing is reserved for a length that is only claimed.
    fn more(&mut self, length: Option<u64>, have: usize) -> Result<bool, CborError> {
        if let Some(length) = length {
            return Ok(u64::try_from(have).is_ok_and(|have| have < length));
        }
        let next = self.bytes.get(self.at).ok_or(CborError::Truncated)?;
        if *next == 0xff {
            self.at += 1;
            return Ok(false);
        }
        Ok(true)
    }

    fn count(&mut self, depth: usize) -> Result<(), CborError> {
        self.items += 1;
        if depth > DEEPEST {
            return Err(CborError::TooDeep);
        }
        if self.items > MOST_ITEMS {
            return Err(CborError::TooMany);
        }
        Ok(())
    }

    fn head(&mut self) -> Result<Head, CborError> {
        let start = self.at;
        let [first] = *self.fixed::<1>()?;
        let (major, short) = (first >> 5, first & 0x1f);
        let number = match short {
            0..24 => Some(short.into()),
            24 => Some(u64::from(u8::from_be_bytes(*self.fixed()?))),
            25 => Some(u64::from(u16::from_be_bytes(*self.fixed()?))),
            26 => Some(u64::from(u32::from_be_bytes(*self.fixed()?))),
            27 => Some(u64::from_be_bytes(*self.fixed()?)),
            31 => None,
            _ => return Err(CborError::Unknown(start)),
        };
        Ok(Head {
            major,
            short,
            number,
        })
    }

    fn fixed<const N: usize>(&mut self) -> Result<&'a [u8; N], CborError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some((taken, _)) = rest.split_first_chunk() else {
            return Err(CborError::Truncated);
        };
        self.at += N;
        Ok(taken)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], CborError> {
        let length = usize::try_from(length).map_err(|_wide| CborError::Truncated)?;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..length).ok_or(CborError::Truncated)?;
        self.at += length;
        Ok(taken)
    }

    fn text(&mut self, length: u64) -> Result<&'a str, CborError> {
        let start = self.at;
        str::from_utf8(self.take(length)?).map_err(|_where| CborError::Utf8(start))
    }
}

/// Reads what major type 7 says: truth, nothing, and floats.
fn simple<'a>(short: u8, number: u64) -> Option<Value<'a>> {
    Some(match short {
        20 => Value::Bool(false),
        21 => Value::Bool(true),
        22 => Value::Null,
        23 => Value::Undefined,
        25 => Value::Float(half(u16::try_from(number).ok()?)),
        26 => Value::Float(f32::from_bits(u32::try_from(number).ok()?).into()),
        27 => Value::Float(f64::from_bits(number)),
        _ => return None,
    })
}

/// Reads a float of 16 bits (RFC 8949, appendix D).
fn half(bits: u16) -> f64 {
    let exponent = i32::from(bits >> 10 & 0x1f);
    let mantissa = f64::from(bits & 0x3ff);
    let size = match exponent {
        0 => mantissa * 2_f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) * 2_f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

/// Returns a float as a whole number, where it is one that floats can tell from its neighbours.
fn whole(float: f64) -> Option<u64> {
    let exact = float.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&float);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and in range"
    )]
    exact.then_some(float as u64)
}

fn write(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Uint(number) => write_head(out, 0, *number),
        Value::Negative(number) => write_head(out, 1, *number),
        Value::Float(float) => write_float(out, *float),
        Value::Bytes(bytes) => {
            write_head(out, 2, length(bytes));
            out.extend_from_slice(bytes);
        }
        Value::Text(text) => write_text(out, text),
        Value::Array(items) => {
            write_head(out, 4, length(items));
            for item in items {
                write(out, item);
            }
        }
        Value::Map(entries) => write_map(out, entries),
        Value::Bool(truth) => out.push(0xf4 + u8::from(*truth)),
        Value::Null => out.push(0xf6),
        Value::Undefined => out.push(0xf7),
    }
}

fn write_map(out: &mut Vec<u8>, entries: &[(Cow<'_, str>, Value<'_>)]) {
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| (a.len(), a).cmp(&(b.len(), b)));
    write_head(out, 5, length(&sorted));
    for (key, value) in sorted {
        write_text(out, key);
        write(out, value);
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    write_head(out, 3, length(text.as_bytes()));
    out.extend_from_slice(text.as_bytes());
}

/// Writes the shortest float that says the same.
fn write_float(out: &mut Vec<u8>, float: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is compared with what it came from"
    )]
    let single = float as f32;
    if float.is_nan() {
        out.extend_from_slice(&[0xf9, 0x7e, 0]);
    } else if f64::from(single).to_bits() != float.to_bits() {
        out.push(0xfb);
        out.extend_from_slice(&float.to_be_bytes());
    } else if let Some(half) = as_half(single) {
        out.push(0xf9);
        out.extend_from_slice(&half.to_be_bytes());
    } else {
        out.push(0xfa);
        out.extend_from_slice(&single.to_be_bytes());
    }
}

/// Returns the 16 bits that say the same as a normal float, if there are such.
fn as_half(single: f32) -> Option<u16> {
    let bits = single.to_bits();
    let exponent = (bits >> 23 & 0xff).checked_sub(112)?;
    if !(1..31).contains(&exponent) || bits & 0x1fff != 0 {
        return None;
    }
    let sign = bits >> 16 & 0x8000;
    let mantissa = bits >> 13 & 0x3ff;
    u16::try_from(sign | exponent << 10 | mantissa).ok()
}

fn length<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

fn write_head(out: &mut Vec<u8>, major: u8, number: u64) {
    let major = major << 5;
    if let Ok(byte) = u8::try_from(number) {
        if byte >= 24 {
            out.push(major | 0x18);
            out.push(byte);
        } else {
            out.push(major | byte);
        }
    } else if let Ok(number) = u16::try_from(number) {
        out.push(major | 0x19);
        out.extend_from_slice(&number.to_be_bytes());
    } else if let Ok(number) = u32::try_from(number) {
        out.push(major | 0x1a);
        out.extend_from_slice(&number.to_be_bytes());
    } else {
        out.push(major | 0x1b);
        out.extend_from_slice(&number.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_is_only_claimed_reserves_nothing() {
        // Arrays, maps, bytes and text of 2^63 elements, in nine bytes.
        for major in [0x5b, 0x7b, 0x9b, 0xbb] {
            let mut claim = vec![major];
            claim.extend_from_slice(&(1_u64 << 63).to_be_bytes());
            assert_eq!(decode(&claim), Err(CborError::Truncated));
        }
    }

    #[test]
    fn depth_and_number_of_items_are_bounded() {
        let deep = [vec![0x81; 2000], vec![0]].concat();
        assert_eq!(decode(&deep), Err(CborError::TooDeep));
        let fits = [vec![0x81; DEEPEST], vec![0]].concat();
        assert!(decode(&fits).is_ok());
        let wide = [vec![0x9f], vec![0; MOST_ITEMS], vec![0xff]].concat();
        assert_eq!(decode(&wide), Err(CborError::TooMany));
    }

    #[test]
    fn floats_are_read_in_all_three_sizes() {
        for (bytes, float) in [
            (&[0xf9, 0x3e, 0x00][..], 1.5),
            (&[0xf9, 0xc2, 0x00], -3.0),
            (&[0xf9, 0x00, 0x01], 5.960_464_477_539_063e-8),
            (&[0xf9, 0x7c, 0x00], f64::INFINITY),
            (&[0xfa, 0x47, 0xc3, 0x50, 0x00], 100_000.0),
            (&[0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a], 1.1),
        ] {
            assert_eq!(decode(bytes), Ok(Value::Float(float)));
        }
        for (float, number) in [(3.0, Some(3)), (3.5, None), (-1.0, None), (1e16, None)] {
            assert_eq!(Value::Float(float).as_uint(), number);
        }
        assert_eq!(Value::Float(f64::NAN).as_uint(), None);
    }

    #[test]
    fn debug_output_never_repeats_what_a_peer_wrote() {
        let value = Value::map([("secret", Value::text("word"))]);
        assert_eq!(format!("{value:?}"), "Map(..)");
    }
}
