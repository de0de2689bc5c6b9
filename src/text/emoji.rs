//! Tells the emoji of several characters that are in general use.
//!
//! Only those are kept whole. Joiners, skin tones, selectors and tags in any other company
//! could carry a message, and terminals disagree on how wide such company is.
//!
//! Source: the list of emoji recommended for general interchange (UTS 51), in the crate
//! `emojis`.

/// Characters in the longest emoji in use: a kiss between two people with skin tones.
const LONGEST: usize = 10;

/// Returns how many bytes the emoji takes that begins the text, if it has several characters
/// and is in general use.
pub(super) fn sequence(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    chars.next()?;
    let (_, second) = chars.clone().next()?;
    // What colours an emoji begins none.
    if !continues(second) || text.starts_with(is_tone) {
        return None;
    }
    // Where the emoji may end: an honest one may be followed by what belongs to no emoji.
    let mut ends = [0; LONGEST];
    let mut joined = false;
    for ((at, c), end) in chars.take(LONGEST - 1).zip(&mut ends) {
        if !joined && !continues(c) {
            break;
        }
        joined = c == '\u{200d}';
        if !joined {
            *end = at + c.len_utf8();
        }
    }
    ends.into_iter()
        .rev()
        .filter(|end| *end > 0)
        .find(|end| text.get(..*end).and_then(emojis::get).is_some())
}

/// Tells the characters that colour the skin of an emoji.
const fn is_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Tells what can follow the first character of an emoji.
const fn continues(c: char) -> bool {
    matches!(c,
        '\u{200d}' | '\u{fe0f}' | '\u{20e3}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_emoji_of_several_characters_is_known_whole() {
        for emoji in emojis::iter() {
            let toned = emoji.skin_tones().into_iter().flatten();
            for emoji in std::iter::once(emoji).chain(toned) {
                let text = emoji.as_str();
                let flag = text.starts_with(|c| matches!(c, '\u{1f1e6}'..='\u{1f1ff}'));
                assert!(text.chars().count() <= LONGEST, "{text}");
                if text.chars().count() > 1 && !flag {
                    assert_eq!(sequence(&format!("{text}a")), Some(text.len()), "{text}");
                    assert_eq!(sequence(text), Some(text.len()), "{text}");
                }
            }
        }
    }

    #[test]
    fn what_is_in_no_list_is_no_emoji() {
        for text in [
            "👩",
            "👩a",
            "👩\u{200d}👩\u{200d}👩",
            "🐶🏻",
            "🏴\u{e0061}\u{e007f}",
            "a\u{200d}b",
        ] {
            assert_eq!(sequence(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_follows_an_emoji_does_not_hide_it() {
        let text = "👍🏽\u{200d}\u{200d}";
        assert_eq!(sequence(text), Some("👍🏽".len()));
        let text = "❤\u{fe0f}\u{fe0f}";
        assert_eq!(sequence(text), Some("❤\u{fe0f}".len()));
    }
}
