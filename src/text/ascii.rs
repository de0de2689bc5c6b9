//! The ASCII twins of the glyphs that this program draws.
//!
//! Surfaces are written with the Unicode glyphs, and folded once when they are finished: for
//! locales that are not UTF-8, and where a glyph takes two cells or is missing. Must not: change
//! a letter that somebody wrote.

const TWINS: &[(&str, &str)] = &[
    ("─", "-"),
    ("│", "|"),
    ("▏", "|"),
    ("┌", "+"),
    ("┐", "+"),
    ("└", "+"),
    ("┘", "+"),
    ("┆", ":"),
    ("▸", ">"),
    ("●", "*"),
    ("■", "#"),
    ("✗", "x"),
    ("⚑", "!"),
    ("◌", "o"),
    ("○", "o"),
    ("·", "-"),
    ("▲", "^"),
    ("▼", "v"),
    ("→", ">"),
    ("←", "<"),
    ("−", "-"),
    ("↑", "^"),
    ("↓", "v"),
    ("…", "~"),
    ("✓", "+"),
    ("‹", "<"),
    ("›", ">"),
    ("“", "\""),
    ("”", "\""),
    ("’", "'"),
    ("⟦", "["),
    ("⟧", "]"),
    ("⟪", "{"),
    ("⟫", "}"),
    ("⏎", "/"),
];

/// What only this program can put into a line.
const MARKS: [char; 4] = ['⟦', '⟧', '⟪', '⟫'];

/// Returns the twin of a glyph in ASCII, where there is one.
pub fn ascii_twin(glyph: &str) -> Option<&'static str> {
    if glyph.is_ascii() {
        return None;
    }
    let mut twins = TWINS.iter();
    let found = twins.find(|(unicode, _)| *unicode == glyph);
    found.map(|(_, ascii)| *ascii)
}

/// Returns a line with its glyphs as their twins. Letters of other scripts stay, and so do the
/// brackets of marks: a line has no style to tell a mark by, and anybody can write its twin.
pub fn with_ascii_twins(line: &str) -> String {
    let mut folded = String::with_capacity(line.len());
    let mut bytes = [0; 4];
    for letter in line.chars() {
        let glyph = letter.encode_utf8(&mut bytes);
        let twin = (!MARKS.contains(&letter)).then(|| ascii_twin(glyph));
        folded.push_str(twin.flatten().unwrap_or(glyph));
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_twin_of_a_glyph_is_ascii() {
        let twins = TWINS.iter();
        let whole = |(glyph, twin): &(&str, &str)| glyph.chars().count() == 1 && twin.is_ascii();
        assert!(twins.clone().all(whole));
        assert!(twins.clone().all(|(glyph, _)| !glyph.is_ascii()));
    }

    #[test]
    fn a_line_keeps_its_letters_and_loses_the_glyphs() {
        let line = "✓ Jürgen ┆ “⟪1 4417 ⟫” 試験 …";
        assert_eq!(with_ascii_twins(line), "+ Jürgen : \"⟪1 4417 ⟫\" 試験 ~");
    }
}
