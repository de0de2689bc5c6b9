//! Tells words whose letters come from scripts that nobody mixes inside a word.
//!
//! Follows UTS 39's moderately restrictive level, so that Japanese, Chinese and Korean beside
//! Latin stay unmarked, and is stricter with scripts whose letters look like Latin ones.

use unicode_script::Script;

/// Scripts named in a mark; a word with more gets an ellipsis.
const MOST_NAMED: usize = 4;

/// Greek letters that pass for Latin ones. Others stand in units and formulas: `μs`, `Δt`.
const GREEK_LIKE_LATIN: &str = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγικνορτυχϲϳ";

/// Letters up to which a word may be a unit or a formula.
const LONGEST_FORMULA: usize = 3;

/// The scripts of the word being read.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    seen: Vec<Script>,
    more: bool,
    letters: usize,
    greek_like_latin: bool,
}

impl Scripts {
    pub(super) fn clear(&mut self) {
        self.seen.clear();
        self.more = false;
        self.letters = 0;
        self.greek_like_latin = false;
    }

    pub(super) fn add_latin(&mut self, letters: usize) {
        if letters > 0 {
            self.letters += letters;
            self.note(Script::Latin);
        }
    }

    pub(super) fn add(&mut self, c: char, script: Script) {
        if matches!(script, Script::Common | Script::Inherited) {
            return;
        }
        self.letters += 1;
        self.note(script);
        // It matters in a word that may be a formula.
        if script == Script::Greek && self.letters <= LONGEST_FORMULA && !self.greek_like_latin {
            self.greek_like_latin = GREEK_LIKE_LATIN.contains(c);
        }
    }

    fn note(&mut self, script: Script) {
        if self.seen.contains(&script) {
            return;
        }
        if self.seen.len() < MOST_NAMED {
            self.seen.push(script);
        } else {
            self.more = true;
        }
    }

    /// Tells whether the scripts should not meet in one word.
    pub(super) fn is_mixture(&self) -> bool {
        self.seen.len() > 1 && !self.is_usual()
    }

    fn is_usual(&self) -> bool {
        use Script as S;
        let east_asian = |script: &S| {
            matches!(
                script,
                S::Latin | S::Han | S::Hiragana | S::Katakana | S::Bopomofo | S::Hangul
            )
        };
        if self.more {
            return false;
        }
        if self.seen.iter().all(east_asian) {
            return true;
        }
        let mut others = self.seen.iter().filter(|script| **script != S::Latin);
        let (Some(other), None) = (others.next(), others.next()) else {
            return false;
        };
        if *other == S::Greek {
            return self.letters <= LONGEST_FORMULA && !self.greek_like_latin;
        }
        is_unlike_latin(*other)
    }

    /// Writes the names of the scripts.
    pub(super) fn write(&self, text: &mut String) {
        for (number, script) in self.seen.iter().enumerate() {
            if number > 0 {
                text.push('+');
            }
            text.push_str(script.full_name());
        }
        text.push_str(if self.more { "+…" } else { "" });
    }
}

/// Tells the scripts in everyday use none of whose letters passes for a Latin one.
const fn is_unlike_latin(script: Script) -> bool {
    use Script as S;
    matches!(
        script,
        S::Arabic
            | S::Bengali
            | S::Devanagari
            | S::Ethiopic
            | S::Gujarati
            | S::Gurmukhi
            | S::Hebrew
            | S::Kannada
            | S::Khmer
            | S::Lao
            | S::Malayalam
            | S::Myanmar
            | S::Oriya
            | S::Sinhala
            | S::Tamil
            | S::Telugu
            | S::Thaana
            | S::Thai
            | S::Tibetan
    )
}
