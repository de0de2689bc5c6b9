//! The plaintext inside an envelope.

use crate::model::{Body, PeerText};
use crate::wire::loose_json::{Error as JsonError, Loose};
use crate::wire::python_json::write_text;

/// Bytes of the longest plaintext that is read. Reading can take some forty times as much
/// memory (`[0],[0],...`), and a peer may send what it likes. Writing has no bound: whoever
/// sends looks at this one.
pub const LONGEST_BODY: usize = 4 << 20;

/// Why the plaintext of an envelope is not a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The bytes are not text in UTF-8, UTF-16 or UTF-32.
    #[error("the content is not text")]
    NotText,
    /// There is more of it than anybody writes.
    #[error("the content has {0} bytes, more than {LONGEST_BODY}")]
    TooLong(usize),
    /// The text is not JSON.
    #[error("the content is not JSON at byte {at} of its text")]
    NotJson {
        /// Where it stops being JSON, in bytes of its UTF-8 form.
        at: usize,
    },
    /// Containers are nested deeper than any real message nests them.
    #[error("the content is nested too deeply")]
    TooDeep,
    /// It is JSON, but no object.
    #[error("the content is JSON, but not an object")]
    NotAnObject,
}

impl From<JsonError> for BodyError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax(at) => Self::NotJson { at },
            JsonError::TooDeep => Self::TooDeep,
        }
    }
}

/// Writes a body as the reference client does: three keys in fixed order, Python's separators,
/// ASCII only.
///
/// Metadata is written anew in that style. What is no JSON object there becomes `{}`, because
/// peers are promised an object.
pub fn encode_body(body: &Body) -> Vec<u8> {
    let mut out = String::from("{\"unsafe_subject\": ");
    write_text(&mut out, body.subject.expose_untrusted());
    out.push_str(", \"unsafe_body\": ");
    write_text(&mut out, body.body.expose_untrusted());
    out.push_str(", \"unsafe_metadata\": ");
    match Loose::parse(body.metadata.expose_untrusted()) {
        Ok(object @ Loose::Object(_)) => object.write(&mut out),
        _ => out.push_str("{}"),
    }
    out.push('}');
    out.into_bytes()
}

/// Reads a body as leniently as the reference: UTF-8, UTF-16 or UTF-32 with or without a byte
/// order mark, keys in any order, missing ones empty, unknown ones ignored, the last of equal
/// ones counts.
///
/// A subject or body that is no string becomes its JSON text (`null`, `5`, `{"a": [1]}`).
/// Metadata is always valid JSON text. What has no place in either becomes a replacement: half
/// a surrogate pair U+FFFD, a number that is not finite `null` (its name in subject and body).
pub fn decode_body(bytes: &[u8]) -> Result<Body, BodyError> {
    if bytes.len() > LONGEST_BODY {
        return Err(BodyError::TooLong(bytes.len()));
    }
    let text = decode_text(bytes).ok_or(BodyError::NotText)?;
    let Loose::Object(members) = Loose::parse(&text)? else {
        return Err(BodyError::NotAnObject);
    };
    let mut body = Body::new("", "");
    for (name, value) in members {
        match name.as_str() {
            "unsafe_subject" => body.subject = PeerText::new(value.into_text()),
            "unsafe_body" => body.body = PeerText::new(value.into_text()),
            "unsafe_metadata" => {
                let mut json = String::new();
                value.write(&mut json);
                body.metadata = PeerText::new(json);
            }
            _ => {}
        }
    }
    Ok(body)
}

/// Byte orders of text in units of two or four bytes.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

/// Finds the encoding as Python's `json.detect_encoding` does, and decodes.
fn decode_text(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0, 0, 0xfe, 0xff, rest @ ..] => utf32(rest, Order::Big),
        [0xff, 0xfe, 0, 0, rest @ ..] => utf32(rest, Order::Little),
        [0xfe, 0xff, rest @ ..] => utf16(rest, Order::Big),
        [0xff, 0xfe, rest @ ..] => utf16(rest, Order::Little),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [0, 0, _, _, ..] => utf32(bytes, Order::Big),
        [0, _, _, _, ..] | [0, _] => utf16(bytes, Order::Big),
        [_, 0, 0, 0, ..] => utf32(bytes, Order::Little),
        [_, 0, _, _, ..] | [_, 0] => utf16(bytes, Order::Little),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Option<String> {
    str::from_utf8(bytes).ok().map(str::to_owned)
}

fn utf16(bytes: &[u8], order: Order) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let units = units.iter().map(|unit| match order {
        Order::Little => u16::from_le_bytes(*unit),
        Order::Big => u16::from_be_bytes(*unit),
    });
    rest.is_empty().then(|| {
        char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    })
}

fn utf32(bytes: &[u8], order: Order) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    units
        .iter()
        .map(|unit| {
            let code = match order {
                Order::Little => u32::from_le_bytes(*unit),
                Order::Big => u32::from_be_bytes(*unit),
            };
            if (0xd800..0xe000).contains(&code) {
                return Some(char::REPLACEMENT_CHARACTER);
            }
            char::from_u32(code)
        })
        .collect()
}
