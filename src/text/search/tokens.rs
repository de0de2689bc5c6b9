//! Cuts a text into the words that are searched.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};
use unicode_script::Script;

use crate::model::PeerText;
use crate::text::classes::{self, Class};
use crate::text::exact;
use crate::text::sanitise;
use crate::text::views::floor;

/// Characters of a word; what is longer is cut into several.
const LONGEST: usize = 64;
/// Bytes of one text that are looked at.
const MOST: usize = 256 * 1024;

/// Stands between the parts of what is indexed as one, so that no phrase reaches across. Never
/// part of a word.
pub const BOUNDARY: &str = "\u{b6}";

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The word without case, accents and width.
    pub(super) word: String,
    /// Bytes of the original text.
    pub(super) place: Range<usize>,
}

/// Returns the words of a text as an index keeps them: folded, with a space between them.
///
/// What invisible characters spell stands behind them. Linear in the text; what lies behind
/// 256 KiB is not looked at.
pub fn indexed(text: &PeerText) -> String {
    let (found, hides) = cut(text.expose_untrusted());
    let mut words = joined(&found);
    if !hides {
        return words;
    }
    for hidden in sanitise(text).hidden() {
        if let Some(decoded) = &hidden.decoded {
            words.extend([" ", BOUNDARY, " "]);
            words.push_str(&joined(&tokens(&decoded.plain())));
        }
    }
    words
}

fn joined(tokens: &[Token]) -> String {
    let words: Vec<&str> = tokens.iter().map(|token| token.word.as_str()).collect();
    words.join(" ")
}

/// Cuts a text into words, in order.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    cut(text).0
}

/// Cuts a text into words, and tells whether it has characters that cannot be seen.
fn cut(text: &str) -> (Vec<Token>, bool) {
    let text = text.get(..floor(text, MOST)).unwrap_or(text);
    let mut cutter = Cutter::default();
    for (at, c) in text.char_indices() {
        cutter.take(at, c);
    }
    cutter.end();
    (cutter.done, cutter.hides)
}

/// The word that is being read.
#[derive(Default)]
struct Cutter {
    done: Vec<Token>,
    word: String,
    letters: usize,
    start: usize,
    end: usize,
    /// The word is one character of a script without spaces: only marks can follow.
    single: bool,
    /// Not all of it is ASCII, so its characters may have to be put together.
    wide: bool,
    hides: bool,
}

impl Cutter {
    fn take(&mut self, at: usize, c: char) {
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                self.letter(at, c, c.to_ascii_lowercase(), false);
            } else if c == '\n' || c == '\t' || !c.is_ascii_control() {
                self.end();
            }
            // Any other control is shown as a mark and splits nothing.
            self.hides |= c == '\u{1b}';
            return;
        }
        match classes::class(c) {
            Class::Hidden(_) => self.hides = true,
            Class::SkinTone => {}
            Class::Blank | Class::Tab | Class::LineBreak | Class::Bracket => self.end(),
            Class::Combining => self.mark(at, c),
            Class::Jamo => self.jamo(at, c),
            Class::Plain => self.plain(at, c),
        }
    }

    fn plain(&mut self, at: usize, c: char) {
        let single = stands_alone(c);
        if !single && !c.is_alphanumeric() {
            return self.end();
        }
        if matches!(c, '\u{ac00}'..='\u{d7a3}' | '\u{4e00}'..='\u{9fff}') {
            return self.letter(at, c, c, true);
        }
        if single && classes::is_emoji(c) {
            return self.letter(at, c, c, true);
        }
        if let Some(spelled) = spelled(c) {
            for letter in spelled.chars() {
                self.letter(at, c, letter, false);
            }
            return;
        }
        for lower in c.to_lowercase() {
            decompose_compatible(lower, |part| self.part(at, c, part, single));
        }
        self.end = self.end.max(at + c.len_utf8());
    }

    /// Adds what a character comes apart into.
    fn part(&mut self, at: usize, c: char, part: char, single: bool) {
        let class = classes::class(part);
        if class == Class::Jamo {
            self.jamo(at, part);
        } else if is_combining_mark(part) {
            self.mark(at, part);
        } else if matches!(class, Class::Combining | Class::Plain) && part.is_alphanumeric() {
            for small in part.to_lowercase() {
                self.letter(at, c, small, single);
            }
        }
    }

    /// Adds a letter that stands for the character `c` at `at`.
    fn letter(&mut self, at: usize, c: char, letter: char, single: bool) {
        if single || self.single || self.letters >= LONGEST {
            self.end();
        }
        if self.word.is_empty() {
            self.start = at;
            self.single = single;
        }
        self.wide |= !letter.is_ascii();
        self.word.push(letter);
        self.letters += 1;
        self.end = at + c.len_utf8();
    }

    /// Adds a mark to the letter before it, unless it is an accent.
    fn mark(&mut self, at: usize, c: char) {
        let mut marked = false;
        decompose_compatible(c, |part| {
            if !is_combining_mark(part) {
                // Thai and Lao write some vowels as one character that is a mark and a letter.
                self.letter(at, c, part, stands_alone(part));
            } else if !is_accent(part) && self.takes_marks() {
                self.add(part);
            }
            marked = true;
        });
        if marked && !self.word.is_empty() {
            self.end = at + c.len_utf8();
        }
    }

    /// Tells whether the last character carries marks: a letter does, an emoji does not.
    fn takes_marks(&self) -> bool {
        let last = self.word.chars().next_back();
        self.letters < 2 * LONGEST && last.is_some_and(|last| !classes::is_emoji(last))
    }

    /// Adds a later part of a Hangul syllable that is written in parts.
    fn jamo(&mut self, at: usize, c: char) {
        let last = self.word.chars().next_back();
        let hangul = last.is_some_and(|last| classes::script(last) == Script::Hangul);
        if hangul && self.letters < 3 {
            self.add(c);
            self.end = at + c.len_utf8();
        }
    }

    fn add(&mut self, c: char) {
        self.word.push(c);
        self.letters += 1;
        self.wide = true;
    }

    fn end(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = if self.wide {
            self.word.nfc().collect()
        } else {
            self.word.clone()
        };
        self.done.push(Token {
            word,
            place: self.start..self.end,
        });
        self.word.clear();
        self.letters = 0;
        self.single = false;
        self.wide = false;
    }
}

/// Tells whether a character is a word of its own: scripts without spaces, and emoji.
fn stands_alone(c: char) -> bool {
    use Script as S;
    let script = classes::script(c);
    matches!(
        script,
        S::Han
            | S::Hiragana
            | S::Katakana
            | S::Bopomofo
            | S::Hangul
            | S::Thai
            | S::Lao
            | S::Khmer
            | S::Myanmar
            | S::Tibetan
            | S::Yi
    ) && c.is_alphanumeric()
        || classes::is_emoji(c)
}

/// Returns the usual spelling of a letter that has no accent to be taken from it.
const fn spelled(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'ħ' | 'Ħ' => "h",
        'ı' | 'İ' => "i",
        'ł' | 'Ł' => "l",
        'þ' | 'Þ' => "th",
        'ς' => "σ",
        _ => return None,
    })
}

/// Tells the marks that are left out: accents, and the vowel points of Hebrew and Arabic. Marks
/// of other scripts are letters to those who write them.
const fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6ed}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

/// Tells whether a text names an address on the web.
pub fn names_a_link(text: &PeerText) -> bool {
    exact::has_link(text.expose_untrusted())
}

/// Endings that name a file.
const ENDINGS: &[&str] = &[
    "7z", "aac", "ai", "apk", "avi", "bin", "bmp", "bz2", "csv", "dmg", "doc", "docx", "eml",
    "eps", "epub", "exe", "flac", "gif", "gz", "heic", "ics", "iso", "jpeg", "jpg", "json", "key",
    "log", "m4a", "md", "mkv", "mov", "mp3", "mp4", "msg", "numbers", "odp", "ods", "odt", "ogg",
    "pages", "pdf", "png", "ppt", "pptx", "psd", "rar", "rtf", "sql", "svg", "tar", "tgz", "tif",
    "tiff", "toml", "tsv", "txt", "vcf", "wav", "webm", "webp", "xls", "xlsx", "xml", "yaml",
    "yml", "zip",
];

/// Tells whether a text names a file (`report.pdf`) or carries one (`data:…;base64,`).
pub fn names_a_file(text: &PeerText) -> bool {
    let text = text.expose_untrusted();
    let text = text.get(..floor(text, MOST)).unwrap_or(text);
    if text.contains(";base64,") {
        return true;
    }
    text.match_indices('.').any(|(dot, _)| {
        let before = text.get(..dot).and_then(|head| head.chars().next_back());
        let named = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ')'));
        let rest = text.get(dot + 1..).unwrap_or_default();
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let ending = rest.get(..length.min(8)).unwrap_or_default();
        // `example.md/page` is a host, `report.md` is a file.
        let ends = !matches!(rest.as_bytes().get(length), Some(b'/' | b'_' | b'@'));
        named && ends && ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::without_hidden;

    fn words(text: &str) -> String {
        indexed(&PeerText::new(text))
    }

    #[test]
    fn case_accents_width_and_ligatures_do_not_matter() {
        for (text, expected) in [
            ("Crème BRÛLÉE", "creme brulee"),
            ("cre\u{300}me", "creme"),
            ("Straße Øresund Łódź", "strasse oresund lodz"),
            ("ﬁn ｆｕｌｌ", "fin full"),
            ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
            ("İstanbul ısı", "istanbul isi"),
            ("Peter\u{2019}s 14:00", "peter s 14 00"),
            ("Ёлка", "елка"),
            ("שָׁלוֹם", "שלום"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_characters() {
        assert_eq!(words("東京で会議"), "東 京 で 会 議");
        assert_eq!(words("ｶﾞｽ ガス"), "ガ ス ガ ス");
        assert_eq!(words("회의실 A1"), "회 의 실 a1");
        assert_eq!(words("ok👍🏽ok"), "ok 👍 ok");
        assert_eq!(words("ตี่"), "ตี่");
    }

    #[test]
    fn what_cannot_be_seen_splits_no_word() {
        let hidden = "Decem\u{200b}ber \u{ad}ho\u{202e}ld re\u{1b}lay pa\u{2060}y";
        assert_eq!(words(hidden), "december hold relay pay");
    }

    #[test]
    fn what_hidden_characters_spell_is_found_too() {
        let hidden: String = "wire it"
            .chars()
            .filter_map(|c| char::from_u32(0xe0000 + u32::from(c)))
            .collect();
        assert_eq!(words(&format!("hello{hidden}")), "hello ¶ wire it");
    }

    #[test]
    fn no_word_is_endless_and_no_phrase_crosses_a_boundary() {
        let long = words(&"x".repeat(1000));
        assert!(long.split(' ').all(|word| word.len() <= LONGEST));
        assert_eq!(words(BOUNDARY), "");
    }

    #[test]
    fn files_and_links_are_told_from_numbers_and_hosts() {
        let file = |text: &str| names_a_file(&PeerText::new(text));
        assert!(file("see report.pdf") && file("Notes (2).DOCX.") && file("x.tar.gz"));
        assert!(file("data:image/png;base64,AAAA"));
        assert!(!file("at 14.30, v1.2") && !file("e.g. this.") && !file("a .pdf"));
        let link = |text: &str| names_a_link(&PeerText::new(text));
        assert!(link("https://example.com/a") && link("www.example.com"));
        assert!(!link("example of nothing"));
    }

    proptest! {
        #[test]
        fn words_are_those_of_the_safe_text(text in "[ \\naé漢がก\u{200b}\u{202e}\u{1b}\r\u{301}⟦⟫👍x.]{0,40}") {
            let text = PeerText::new(text);
            let seen = without_hidden(&text);
            let words = |text: &PeerText| joined(&tokens(text.expose_untrusted()));
            prop_assert_eq!(words(&text), words(&seen));
        }

        #[test]
        fn any_text_is_cut_into_words_of_letters_and_digits(text in any::<String>()) {
            let mut end = 0;
            for token in tokens(&text) {
                prop_assert!(text.get(token.place.clone()).is_some_and(|part| !part.is_empty()));
                prop_assert!(token.place.start >= end || token.place.end >= end);
                end = token.place.end;
                let odd = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric();
                prop_assert!(!token.word.is_empty() && !token.word.contains(odd));
                prop_assert!(!token.word.contains(BOUNDARY));
            }
        }
    }
}
