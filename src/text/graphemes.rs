//! Cuts text into what readers take for one character, and measures it in terminal cells.
//!
//! Must agree with ratatui, which draws by the same two crates; a test compares them.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::singles;

/// Returns the graphemes of a text, each with its cells.
pub(super) fn graphemes(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (length, cells) = plain(rest).or_else(|| measured(rest))?;
        let (grapheme, after) = rest.split_at_checked(length)?;
        rest = after;
        Some((grapheme, cells))
    })
}

/// Returns length and cells of the grapheme that a text begins with, where the characters alone
/// tell them: most join no others, and of those that do a few kinds make up most floods.
fn plain(text: &str) -> Option<(usize, usize)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    let mut length = first.len_utf8();
    if let Some(cells) = singles::cells(first) {
        loop {
            let next = chars.next();
            match next {
                Some(accent) if is_accent(accent) => length += accent.len_utf8(),
                _ => return is_apart(next).then_some((length, cells)),
            }
        }
    }
    if is_initial(first) {
        let mut cells = 2;
        loop {
            let next = chars.next();
            match next {
                Some(initial) if is_initial(initial) => {
                    length += initial.len_utf8();
                    cells += 2;
                }
                // A syllable that is whole joins one that is not.
                Some('\u{ac00}'..='\u{d7a3}') => return None,
                _ => return is_apart(next).then_some((length, cells)),
            }
        }
    }
    if is_flag_letter(first) && chars.next().is_some_and(is_flag_letter) {
        let next = chars.next();
        let ends = next.is_some_and(is_flag_letter) || is_apart(next);
        return ends.then_some((2 * length, 2));
    }
    None
}

/// Tells what joins nothing before it.
fn is_apart(next: Option<char>) -> bool {
    next.is_none_or(|next| singles::cells(next).is_some())
}

/// Tells accents of no cell that may sit on whatever stands before them.
const fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{34e}' | '\u{350}'..='\u{36f}' | '\u{591}'..='\u{5bd}'
        | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{e31}' | '\u{e34}'..='\u{e3a}'
        | '\u{e47}'..='\u{e4e}' | '\u{eb1}' | '\u{eb4}'..='\u{ebc}' | '\u{ec8}'..='\u{ece}')
}

/// Tells the consonants that begin a Hangul syllable written in parts.
const fn is_initial(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115e}')
}

/// Tells the letters that two of make a flag.
const fn is_flag_letter(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

/// Asks the tables for the first grapheme of a text.
fn measured(text: &str) -> Option<(usize, usize)> {
    let grapheme = text.graphemes(true).next()?;
    Some((grapheme.len(), grapheme_cells(grapheme)))
}

/// Counts the cells of a text.
pub(super) fn cells(text: &str) -> usize {
    graphemes(text).map(|(_, cells)| cells).sum()
}

/// Counts the cells of one grapheme.
///
/// Terminals give the halfwidth Japanese sound marks a cell of their own, and so does ratatui,
/// while `unicode-width` counts none.
fn grapheme_cells(grapheme: &str) -> usize {
    let sound_marks = grapheme.matches(['\u{ff9e}', '\u{ff9f}']).count();
    grapheme.width() + sound_marks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_the_tables(text: &str) -> Vec<(&str, usize)> {
        let graphemes = text.graphemes(true);
        graphemes.map(|one| (one, grapheme_cells(one))).collect()
    }

    #[test]
    fn every_flag_and_every_accent_is_measured_as_the_tables_say() {
        let letters = || '\u{1f1e6}'..='\u{1f1ff}';
        for (first, second) in letters().flat_map(|first| letters().map(move |c| (first, c))) {
            let flag = format!("{first}{second}");
            assert_eq!(graphemes(&flag).collect::<Vec<_>>(), by_the_tables(&flag));
        }
        for accent in ('\0'..=char::MAX).filter(|c| is_accent(*c)) {
            for base in [
                'a', ' ', '<', '=', '漢', '가', '✓', '😀', 'क', 'ы', 'ل', 'ا', 'א', 'ท', 'ກ',
            ] {
                let text = format!("{base}{accent}{accent}{base}");
                assert_eq!(graphemes(&text).collect::<Vec<_>>(), by_the_tables(&text));
            }
        }
    }

    proptest! {
        #[test]
        fn texts_are_cut_and_measured_as_the_tables_say(
            text in "([ -~]|[аеа́漢가あ✓→€ﷺ]|[\u{300}-\u{36f}]|[اלث\u{64e}\u{5b0}ท\u{e35}\u{e48}\u{e33}]|[\u{1100}-\u{11ff}]|[\u{ac00}-\u{ac20}]|[\u{1f1e6}-\u{1f1ff}]|[😀👩💻❤]|[\u{200d}\u{fe0f}\u{1f3fb}]|[कम\u{94d}\u{93f}\u{600}]|\\PC|.){0,24}",
        ) {
            prop_assert_eq!(graphemes(&text).collect::<Vec<_>>(), by_the_tables(&text));
        }
    }
}
