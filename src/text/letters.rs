//! Tells letters and digits without a look at the tables, where their blocks say it all.
//!
//! The standard library answers for ASCII at once and searches for the rest, which takes longer
//! than everything else that is done with a character. A test compares every character.

/// Tells what `char::is_alphabetic` tells.
pub(super) fn is_alphabetic(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' => true,
        '\0'..='\u{7f}' => false,
        _ if is_letter(c) => true,
        _ if is_neither(c) => false,
        _ => c.is_alphabetic(),
    }
}

/// Tells what `char::is_alphanumeric` tells.
pub(super) fn is_alphanumeric(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        '\0'..='\u{7f}' => false,
        _ if is_letter(c) => true,
        _ if is_neither(c) => false,
        _ => c.is_alphanumeric(),
    }
}

/// Returns the small form of a letter, if one character is all of it, or the first of it.
pub(super) fn small(c: char) -> char {
    match c {
        'A'..='Z' => c.to_ascii_lowercase(),
        _ if c.is_ascii() || has_no_case(c) => c,
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}

/// Tells characters that are their own small form.
pub(super) const fn has_no_case(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{3ac}'..='\u{3ce}' | '\u{430}'..='\u{45f}'
        | '\u{591}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{2000}'..='\u{20ff}'
        | '\u{2190}'..='\u{24b5}' | '\u{2500}'..='\u{2bff}' | '\u{3000}'..='\u{a63f}'
        | '\u{ac00}'..='\u{faff}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{10ffff}')
}

const fn is_letter(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2c1}'
        | '\u{3a3}'..='\u{3f5}' | '\u{3f7}'..='\u{481}' | '\u{48a}'..='\u{52f}'
        | '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{657}' | '\u{904}'..='\u{93b}'
        | '\u{e01}'..='\u{e3a}' | '\u{1100}'..='\u{1248}' | '\u{3041}'..='\u{3096}'
        | '\u{30a1}'..='\u{30fa}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{a48c}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{2a6df}')
}

const fn is_neither(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{344}' | '\u{346}'..='\u{362}' | '\u{2000}'..='\u{206f}'
        | '\u{2190}'..='\u{245f}' | '\u{2500}'..='\u{2775}' | '\u{2794}'..='\u{2bff}'
        | '\u{3008}'..='\u{3020}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe6f}'
        | '\u{1f300}'..='\u{1faff}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_what_the_standard_library_says() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_alphabetic(c), c.is_alphabetic(), "{c:?}");
            assert_eq!(is_alphanumeric(c), c.is_alphanumeric(), "{c:?}");
            assert_eq!(Some(small(c)), c.to_lowercase().next(), "{c:?}");
            assert!(!has_no_case(c) || c.to_lowercase().eq([c]), "{c:?}");
        }
    }
}
