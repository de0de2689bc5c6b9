//! Small steps through a folded text. Nothing here fails: outside of the text stands byte 0.

/// Returns the byte at a place, or 0.
pub(super) fn at(bytes: &[u8], place: usize) -> u8 {
    bytes.get(place).copied().unwrap_or(0)
}

/// Returns the byte before a place, or 0.
pub(super) fn before(bytes: &[u8], place: usize) -> u8 {
    place.checked_sub(1).map_or(0, |place| at(bytes, place))
}

/// Returns where the bytes that `fits` accepts end, from a place on.
pub(super) fn run_end(bytes: &[u8], start: usize, fits: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().position(|b| !fits(*b)).unwrap_or(rest.len())
}

/// Returns where the bytes that `fits` accepts begin, to the left of a place.
pub(super) fn run_start(bytes: &[u8], end: usize, fits: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(..end).unwrap_or_default();
    rest.iter()
        .rposition(|b| !fits(*b))
        .map_or(0, |place| place + 1)
}

/// Tells whether this is a blank within a line.
pub(super) fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t')
}

/// Skips blanks within a line.
pub(super) fn skip_blanks(bytes: &[u8], start: usize) -> usize {
    run_end(bytes, start, is_blank)
}

/// Returns the character before a place.
pub(super) fn char_before(text: &str, place: usize) -> Option<char> {
    text.get(..place)?.chars().next_back()
}

/// Returns the character at a place.
pub(super) fn char_at(text: &str, place: usize) -> Option<char> {
    text.get(place..)?.chars().next()
}

/// Tells whether a character belongs to scripts that write without blanks between words.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// Tells whether a character would continue a word of a script with blanks.
pub(super) fn joins(c: Option<char>) -> bool {
    c.is_some_and(|c| c == '_' || (c.is_alphanumeric() && !is_unspaced(c)))
}

/// Tells whether a word could begin here.
pub(super) fn starts_word(text: &str, place: usize) -> bool {
    !joins(char_before(text, place))
}

/// Tells whether a word could end here.
pub(super) fn ends_word(text: &str, place: usize) -> bool {
    !joins(char_at(text, place))
}

/// Words longer than this are none that any rule knows.
const LONGEST_WORD: usize = 48;

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\'' | '-' | '_')
}

/// Returns where the word that begins at a place ends; the place itself if none begins.
pub(super) fn word_end(text: &str, start: usize) -> usize {
    let mut end = start;
    for c in text.get(start..).unwrap_or_default().chars() {
        if !in_word(c) || end - start > LONGEST_WORD {
            break;
        }
        end += c.len_utf8();
    }
    end
}

/// Returns where the word that ends at a place begins; the place itself if none ends there.
pub(super) fn word_start(text: &str, end: usize) -> usize {
    let mut start = end;
    for c in text.get(..end).unwrap_or_default().chars().rev() {
        if !in_word(c) || end - start > LONGEST_WORD {
            break;
        }
        start -= c.len_utf8();
    }
    start
}
