//! Base64 read the way the reference's `binascii.a2b_base64` reads it: characters outside the
//! alphabet are skipped, unused trailing bits are not looked at, padding is required, and what
//! stands behind the padding is not read.

/// What a character of the two base64 alphabets stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// `+` and `/` (RFC 4648 section 4).
    Standard,
    /// `-` and `_` beside `+` and `/`: keys come in both forms.
    Both,
}

impl Alphabet {
    fn value(self, character: u8) -> Option<u8> {
        Some(match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'-' if self == Self::Both => 62,
            b'_' if self == Self::Both => 63,
            _ => return None,
        })
    }
}

/// Decodes text, or gives nothing where it is not ASCII or its padding is missing.
pub(super) fn decode(text: &str, alphabet: Alphabet) -> Option<Vec<u8>> {
    if !text.is_ascii() {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    // Bits read so far and not yet written, and how many characters of the group they are.
    let (mut bits, mut characters, mut pads) = (0_u8, 0_u8, 0_u8);
    for character in text.bytes() {
        if character == b'=' {
            pads += u8::from(characters >= 2);
            if characters >= 2 && characters + pads >= 4 {
                return Some(bytes);
            }
            continue;
        }
        let Some(value) = alphabet.value(character) else {
            continue;
        };
        pads = 0;
        (bits, characters) = match characters {
            0 => (value, 1),
            1 => {
                bytes.push(bits << 2 | value >> 4);
                (value & 0x0f, 2)
            }
            2 => {
                bytes.push(bits << 4 | value >> 2);
                (value & 0x03, 3)
            }
            _ => {
                bytes.push(bits << 6 | value);
                (0, 0)
            }
        };
    }
    (characters == 0).then_some(bytes)
}
