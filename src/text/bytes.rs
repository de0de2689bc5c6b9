//! Takes bytes that should be text, and keeps those that are not.
//!
//! A byte that belongs to no UTF-8 character stands in the text as one character of the last
//! private use plane, U+10F780 to U+10F7FF, so that nothing is lost and every span keeps its
//! place. Bytes that spell such a character themselves are taken for bytes as well, so no two
//! inputs give the same text. The sanitiser draws them as `⟦byte 0x9B⟧`.

use std::ops::Range;

use crate::model::PeerText;

/// The character that stands for byte 0.
const FIRST: u32 = 0x0010_f700;

/// Makes text of bytes; loses none of them.
pub fn from_bytes(bytes: &[u8]) -> PeerText {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match raw(c) {
                None => text.push(c),
                Some(_) => text.extend(c.encode_utf8(&mut [0; 4]).bytes().filter_map(standing)),
            }
        }
        text.extend(chunk.invalid().iter().copied().filter_map(standing));
    }
    PeerText::new(text)
}

/// Returns the range of the bytes that [`from_bytes`] was given for a range of its text.
pub fn original_range(text: &PeerText, range: Range<usize>) -> Range<usize> {
    let text = text.expose_untrusted();
    let place = |end: usize| {
        let before = text.get(..end).unwrap_or(text);
        let raw_bytes = before.chars().filter(|c| raw(*c).is_some()).count();
        before.len() - raw_bytes * 3
    };
    place(range.start)..place(range.end)
}

fn standing(byte: u8) -> Option<char> {
    char::from_u32(FIRST + u32::from(byte))
}

/// Returns the byte that a character stands for.
pub(super) fn raw(c: char) -> Option<u8> {
    let byte = u8::try_from(u32::from(c).checked_sub(FIRST)?).ok()?;
    (byte >= 0x80).then_some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_keep_their_place() {
        let text = from_bytes("é\u{9b}".as_bytes());
        assert_eq!(text.expose_untrusted(), "é\u{9b}");
        let text = from_bytes(b"a\x9bb\xc3");
        assert_eq!(text.expose_untrusted(), "a\u{10f79b}b\u{10f7c3}");
        assert_eq!(original_range(&text, 1..6), 1..3);
        assert_eq!(original_range(&text, 6..10), 3..4);
    }

    #[test]
    fn bytes_that_imitate_such_a_character_are_told_apart_from_it() {
        let imitation = from_bytes("\u{10f79b}".as_bytes());
        assert_eq!(imitation.expose_untrusted().chars().count(), 4);
        assert_ne!(imitation, from_bytes(b"\x9b"));
    }
}
