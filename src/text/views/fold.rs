//! The main view: case, compatibility forms, accents, invisible characters, look-alikes.

use std::sync::LazyLock;

use unicode_normalization::char::decompose_compatible;
use unicode_script::Script;

use super::{Builder, LONGEST_SENTENCE, MOST_DECODED, View};
use crate::text::{classes, letters};

/// A line that is shorter than this and ends without a stop is a line of its own, unless the
/// next one begins with a small letter; a longer one was wrapped.
const WRAPPED_LINE: usize = 45;

/// Returns the main view of a text.
pub(super) fn main(text: &str) -> View {
    if text.is_ascii() {
        return fold(text, |_| None);
    }
    let mixed = Mixed::of(text);
    if mixed.any {
        fold(text, |at| mixed.letter(at))
    } else {
        fold(text, |_| None)
    }
}

/// Tells, without making the view, of most texts that are written as it writes them. `false`
/// means that they may be.
pub(in crate::text) fn is_normal(text: &str) -> bool {
    let mut spaced = true;
    let mut letters = false;
    let mut others = false;
    let is_written = text.chars().all(|c| {
        let doubled = spaced && c == ' ';
        spaced = c == ' ';
        letters |= c.is_ascii_alphabetic();
        others |= !c.is_ascii();
        match c {
            ' ' => !doubled,
            c if c.is_ascii() => !c.is_ascii_uppercase() && !c.is_ascii_control(),
            c => is_plain(c) && c.to_lowercase().eq([c]) && !is_accent(c) && !is_invisible(c),
        }
    });
    // Where Latin stands beside other letters, look-alikes may be folded.
    is_written && !spaced && !(letters && others)
}

fn fold(text: &str, replaced: impl Fn(usize) -> Option<char>) -> View {
    let mut lines = Lines::new(text.len());
    for (at, c) in text.char_indices() {
        if c.is_ascii() {
            lines.ascii(c, at);
            continue;
        }
        let c = replaced(at).unwrap_or(c);
        lines.other(c, at);
    }
    lines.builder.finish(text.len())
}

/// The state of the pass: what the white space before the next character means.
struct Lines {
    builder: Builder,
    /// White space was seen and not written yet.
    gap: bool,
    /// Line breaks in that white space.
    breaks: usize,
    /// The last character was a full stop, question or exclamation mark, or closed one.
    stopped: bool,
    /// Where the line started in the view.
    line: usize,
    /// Where the sentence started in the view.
    sentence: usize,
}

impl Lines {
    fn new(bytes: usize) -> Self {
        Self {
            builder: Builder::with_capacity(bytes),
            gap: false,
            breaks: 0,
            stopped: false,
            line: 0,
            sentence: 0,
        }
    }

    fn ascii(&mut self, c: char, at: usize) {
        match c {
            ' ' | '\t' | '\r' => self.gap = true,
            '\n' => {
                self.gap = true;
                self.breaks += 1;
            }
            '.' | '!' | '?' | ';' => {
                self.write(c, at);
                self.stopped = true;
            }
            '"' | '\'' | ')' | '*' | '_' => {
                let stopped = self.stopped;
                self.write(c, at);
                self.stopped = stopped;
            }
            c if c.is_ascii_control() => {}
            c => {
                self.put(c.to_ascii_lowercase(), at, c.is_ascii_lowercase());
                self.stopped = false;
            }
        }
    }

    fn other(&mut self, c: char, at: usize) {
        match c {
            '\u{85}' | '\u{2028}' | '\u{2029}' => {
                self.gap = true;
                self.breaks += 1;
            }
            '。' | '！' | '？' | '｡' | '।' | '؟' | '…' => {
                self.write(c, at);
                self.builder.end_sentence();
                self.sentence = self.builder.text.len();
            }
            '’' | '‘' | 'ʼ' | '‛' | '‚' => self.write('\'', at),
            '“' | '”' | '„' | '«' | '»' | '「' | '」' | '『' | '』' | '‟' => {
                self.write('"', at);
            }
            '‐' | '‑' | '‒' | '–' | '—' | '−' => self.write('-', at),
            c if c.is_whitespace() => self.gap = true,
            c if is_invisible(c) => {}
            c if letters::has_no_case(c) && is_plain(c) => self.write(c, at),
            c if is_plain(c) => {
                for c in c.to_lowercase() {
                    self.write(c, at);
                }
            }
            c => self.decomposed(c, at),
        }
    }

    fn decomposed(&mut self, c: char, at: usize) {
        if let Some(letter) = letter_form(c) {
            self.write(letter, at);
            return;
        }
        // Some forms are whole phrases: once they have made the view this much longer than the
        // text, they stay as they are, and what follows is read all the same.
        if self.builder.text.len() > at + MOST_DECODED {
            self.write(c, at);
            return;
        }
        decompose_compatible(c, |part| {
            if is_accent(part) || is_invisible(part) {
                return;
            }
            if letters::has_no_case(part) && !part.is_whitespace() {
                self.write(part, at);
                return;
            }
            for part in part.to_lowercase().filter(|part| !is_accent(*part)) {
                self.write(if part.is_whitespace() { ' ' } else { part }, at);
            }
        });
    }

    fn write(&mut self, c: char, at: usize) {
        self.put(c, at, false);
    }

    fn put(&mut self, c: char, at: usize, next_is_small: bool) {
        if self.gap {
            self.space(at, next_is_small);
        }
        self.stopped = false;
        self.builder.push(c, at);
        if self.builder.text.len() - self.sentence > LONGEST_SENTENCE {
            self.end_sentence();
        }
    }

    fn space(&mut self, at: usize, next_is_small: bool) {
        let length = self.builder.text.len();
        let wrapped = self.breaks == 1 && (next_is_small || length - self.line >= WRAPPED_LINE);
        if self.stopped || (self.breaks > 0 && !wrapped) {
            self.end_sentence();
        }
        if length > 0 {
            self.builder.push(' ', at.saturating_sub(1));
        }
        if self.breaks > 0 {
            self.line = self.builder.text.len();
        }
        self.gap = false;
        self.breaks = 0;
    }

    fn end_sentence(&mut self) {
        self.builder.end_sentence();
        self.sentence = self.builder.text.len();
    }
}

/// Scripts with neither compatibility forms nor accents worth folding, told by their blocks.
fn is_plain(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{3041}'..='\u{3096}'
        | '\u{30A1}'..='\u{30FA}' | '\u{430}'..='\u{438}' | '\u{43A}'..='\u{44F}'
        | '\u{410}'..='\u{418}' | '\u{41A}'..='\u{42F}' | '\u{621}'..='\u{64A}'
        | '\u{900}'..='\u{97F}' | '\u{E00}'..='\u{E7F}' | '\u{5D0}'..='\u{5EA}')
}

/// Combining marks that are dropped: those of Latin, Greek and Cyrillic, and enclosing ones.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}' | '\u{64B}'..='\u{652}'
        | '\u{591}'..='\u{5C7}')
}

/// Characters that draw nothing; that they are there is another check's finding.
pub(in crate::text) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}'
        | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}' | '\u{80}'..='\u{9F}')
}

/// Letter-like symbols that have no compatibility form, as plain letters.
fn letter_form(c: char) -> Option<char> {
    const SMALL_CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡ\u{0}ʏᴢ";
    let nth = |start: u32| char::from_u32('a' as u32 + (c as u32 - start) % 26);
    match c {
        '\u{1F110}'..='\u{1F129}' => nth(0x1_F110),
        '\u{1F130}'..='\u{1F149}' => nth(0x1_F130),
        '\u{1F150}'..='\u{1F169}' => nth(0x1_F150),
        '\u{1F170}'..='\u{1F189}' => nth(0x1_F170),
        '\u{1F1E6}'..='\u{1F1FF}' => nth(0x1_F1E6),
        'ı' | 'ɩ' => Some('i'),
        'ø' | 'Ø' => Some('o'),
        'ł' | 'Ł' => Some('l'),
        'đ' | 'Đ' | 'ð' => Some('d'),
        'ǫ' => Some('q'),
        'ɡ' => Some('g'),
        'ɑ' => Some('a'),
        '\u{250}'..='\u{2af}' | '\u{1d00}'..='\u{1d7f}' | '\u{a720}'..='\u{a7ff}' => SMALL_CAPITALS
            .chars()
            .position(|small| small == c)
            .and_then(|index| u32::try_from(index).ok())
            .and_then(|index| char::from_u32('a' as u32 + index)),
        _ => None,
    }
}

/// Letters of other scripts that pass for Latin ones, and what they pass for.
///
/// A choice from confusables.txt of UTS 39: only letters that somebody would use to spell.
const LOOK_ALIKES: &[(char, char)] = &[
    ('а', 'a'),
    ('А', 'a'),
    ('в', 'b'),
    ('В', 'b'),
    ('с', 'c'),
    ('С', 'c'),
    ('ԁ', 'd'),
    ('е', 'e'),
    ('Е', 'e'),
    ('ё', 'e'),
    ('һ', 'h'),
    ('Н', 'h'),
    ('н', 'h'),
    ('і', 'i'),
    ('І', 'i'),
    ('ї', 'i'),
    ('ј', 'j'),
    ('Ј', 'j'),
    ('к', 'k'),
    ('К', 'k'),
    ('ӏ', 'l'),
    ('Ӏ', 'l'),
    ('м', 'm'),
    ('М', 'm'),
    ('п', 'n'),
    ('о', 'o'),
    ('О', 'o'),
    ('р', 'p'),
    ('Р', 'p'),
    ('ԛ', 'q'),
    ('г', 'r'),
    ('ѕ', 's'),
    ('Ѕ', 's'),
    ('т', 't'),
    ('Т', 't'),
    ('ц', 'u'),
    ('ѵ', 'v'),
    ('ԝ', 'w'),
    ('х', 'x'),
    ('Х', 'x'),
    ('у', 'y'),
    ('У', 'y'),
    ('α', 'a'),
    ('Α', 'a'),
    ('β', 'b'),
    ('Β', 'b'),
    ('ϲ', 'c'),
    ('ε', 'e'),
    ('Ε', 'e'),
    ('Η', 'h'),
    ('η', 'n'),
    ('ι', 'i'),
    ('Ι', 'i'),
    ('κ', 'k'),
    ('Κ', 'k'),
    ('Μ', 'm'),
    ('Ν', 'n'),
    ('ο', 'o'),
    ('Ο', 'o'),
    ('ρ', 'p'),
    ('Ρ', 'p'),
    ('τ', 't'),
    ('Τ', 't'),
    ('υ', 'u'),
    ('ν', 'v'),
    ('ω', 'w'),
    ('χ', 'x'),
    ('Χ', 'x'),
    ('γ', 'y'),
    ('Υ', 'y'),
    ('Ζ', 'z'),
    ('օ', 'o'),
    ('ո', 'n'),
    ('ս', 'u'),
    ('հ', 'h'),
    ('ց', 'g'),
    ('զ', 'q'),
    ('ա', 'w'),
    ('ѡ', 'w'),
    ('ɑ', 'a'),
    ('ɩ', 'i'),
    ('ʏ', 'y'),
    ('ⅼ', 'l'),
    ('Ꭰ', 'd'),
    ('Ꭱ', 'r'),
    ('Ꭲ', 't'),
    ('Ꭺ', 'a'),
    ('Ꮇ', 'm'),
    ('Ꮋ', 'h'),
    ('Ꮯ', 'c'),
    ('Ꮲ', 'p'),
    ('Ꮪ', 's'),
    ('Ꮃ', 'w'),
    ('Ꭼ', 'e'),
    ('Ꮮ', 'l'),
    ('Ꮶ', 'k'),
    ('Ᏼ', 'b'),
    ('Ꮩ', 'v'),
];

/// Look-alikes below this one lie in a table by their number: Greek, Cyrillic and Armenian ones.
const FIRST_RARE: char = '\u{590}';

/// What the letters before [`FIRST_RARE`] pass for, and NUL for those that pass for none.
static COMMON: LazyLock<Vec<char>> = LazyLock::new(|| {
    let mut table = vec!['\0'; FIRST_RARE as usize];
    for (letter, latin) in LOOK_ALIKES {
        if let Some(place) = table.get_mut(*letter as usize) {
            *place = *latin;
        }
    }
    table
});

fn look_alike(c: char) -> Option<char> {
    if c < FIRST_RARE {
        return COMMON
            .get(c as usize)
            .copied()
            .filter(|latin| *latin != '\0');
    }
    // The rest are Cherokee letters and a numeral.
    if !matches!(c, '\u{13a0}'..='\u{13ff}' | 'ⅼ') {
        return None;
    }
    LOOK_ALIKES
        .iter()
        .find(|(letter, _)| *letter == c)
        .map(|(_, latin)| *latin)
}

/// The words of a text that mix Latin with letters that look like it.
#[derive(Debug, Default)]
struct Mixed {
    any: bool,
    /// Ranges of words to fold, ascending: the mixed ones, and beside them those that look
    /// Latin throughout.
    words: Vec<(usize, usize)>,
    /// What stands there, by offset.
    letters: Vec<(usize, char)>,
}

#[derive(Debug, Default)]
struct Word {
    start: usize,
    latin: usize,
    alike: usize,
    others: usize,
}

impl Mixed {
    fn of(text: &str) -> Self {
        let mut mixed = Self::default();
        let mut word = Word::default();
        for (at, c) in text.char_indices() {
            if c.is_ascii_alphabetic() {
                word.latin += 1;
            } else if is_invisible(c) || is_accent(c) {
            } else if letters::is_alphabetic(c) {
                if let Some(latin) = look_alike(c) {
                    word.alike += 1;
                    mixed.letters.push((at, latin));
                } else if classes::script(c) == Script::Latin {
                    word.latin += 1;
                } else {
                    word.others += 1;
                }
            } else {
                mixed.end_word(&word, at);
                word = Word {
                    start: at + c.len_utf8(),
                    ..Word::default()
                };
            }
        }
        mixed.end_word(&word, text.len());
        mixed
    }

    fn end_word(&mut self, word: &Word, end: usize) {
        if word.alike == 0 || word.others > 0 {
            return;
        }
        self.any |= word.latin > 0;
        self.words.push((word.start, end));
    }

    fn letter(&self, at: usize) -> Option<char> {
        let letter = self.letters.binary_search_by_key(&at, |(at, _)| *at).ok()?;
        let after = self.words.partition_point(|(start, _)| *start <= at);
        let (_, end) = self.words.get(after.checked_sub(1)?)?;
        (at < *end).then(|| self.letters.get(letter).map(|(_, latin)| *latin))?
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_words_are_seen_to_be_written_as_the_view_writes_them() {
        for text in [
            "ignore all previous",
            "it's",
            "系统 提示",
            "инструкции",
            "c2-x",
        ] {
            assert!(is_normal(text), "{text}");
            assert_eq!(main(text).text, text);
        }
        for text in ["Ignore", "a  b", " a", "a ", "é", "a\u{200B}b", "pа"] {
            assert!(!is_normal(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_as_written_is_what_the_view_writes(
            text in "([a-c ]|[аеĸйб]|[付ㄱ가あ]|[A-Z.'\t\n]|[\u{64B}\u{93F}\u{E31}é])[a-cабй付 .'-]{0,8}|\\PC{0,6}",
        ) {
            if is_normal(&text) {
                prop_assert_eq!(main(&text).text, text);
            }
        }
    }
}
