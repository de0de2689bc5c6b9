//! Folds what only disguises a text, and remembers where every byte came from.
//!
//! Invisible characters vanish, full-width and styled letters become plain (NFKC), dashes,
//! quotes and blanks become their ASCII forms, and digits of all scripts become 0 to 9.
//! Must never make a text more than four times longer.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::compose;

/// Zeros of the scripts whose ten digits stand in a row (Unicode, category Nd).
const ZEROS: [u32; 18] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50,
    0xed0, 0xf20, 0x1040, 0x17e0, 0x1810,
];

/// Characters that one character may become; longer expansions are ligatures of whole phrases.
const MOST_FOLDED: usize = 4;

/// A folded text.
pub(super) struct View<'t> {
    /// The folded text, in its own case.
    pub(super) text: Cow<'t, str>,
    /// The same, of the same length, in lower case.
    pub(super) lower: String,
    /// For every folded byte, the start and end of the original characters it came from;
    /// absent when nothing was folded.
    origins: Option<Vec<(usize, usize)>>,
}

impl<'t> View<'t> {
    /// Folds a text.
    pub(super) fn new(original: &'t str) -> Self {
        if original.is_ascii() {
            return Self {
                text: Cow::Borrowed(original),
                lower: original.to_ascii_lowercase(),
                origins: None,
            };
        }
        let mut folder = Folder::default();
        for (at, c) in original.char_indices() {
            folder.add(c, (at, at + c.len_utf8()));
        }
        Self {
            lower: lower_case(&folder.text),
            text: Cow::Owned(folder.text),
            origins: Some(folder.origins),
        }
    }

    /// Returns the bytes of the original that a range of the folded text came from.
    pub(super) fn original(&self, start: usize, end: usize) -> (usize, usize) {
        let Some(origins) = &self.origins else {
            return (start, end);
        };
        let first = origins.get(start).map_or(0, |origin| origin.0);
        let last = origins
            .get(end.saturating_sub(1))
            .map_or(first, |origin| origin.1);
        (first, last.max(first))
    }
}

#[derive(Default)]
struct Folder {
    text: String,
    origins: Vec<(usize, usize)>,
}

impl Folder {
    fn add(&mut self, c: char, origin: (usize, usize)) {
        if c.is_ascii() {
            self.push(c, origin);
        } else if is_invisible(c) {
            // Left out: the neighbours then stand side by side, as a reader sees them.
        } else if let Some(plain) = plain(c) {
            self.push(plain, origin);
        } else if matches!(c, '\u{300}'..='\u{36f}') {
            self.combine(c, origin);
        } else if is_folded_already(c) {
            self.push(c, origin);
        } else {
            let count = std::iter::once(c).nfkc().take(MOST_FOLDED + 1).count();
            if count > MOST_FOLDED {
                self.push(c, origin);
            } else {
                for folded in std::iter::once(c).nfkc() {
                    self.push(folded, origin);
                }
            }
        }
    }

    fn push(&mut self, c: char, origin: (usize, usize)) {
        self.text.push(c);
        self.origins
            .extend(std::iter::repeat_n(origin, c.len_utf8()));
    }

    /// Joins an accent with the letter before it; one that joins with nothing is decoration.
    fn combine(&mut self, mark: char, origin: (usize, usize)) {
        let Some(base) = self.text.chars().next_back() else {
            return;
        };
        let Some(joined) = compose(base, mark) else {
            return;
        };
        let start = self.origins.last().map_or(origin.0, |base| base.0);
        self.text.pop();
        self.origins.truncate(self.text.len());
        self.push(joined, (start, origin.1));
    }
}

fn lower_case(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    for c in text.chars() {
        let mut small = c.to_lowercase();
        // Both texts must have their characters at the same bytes.
        match (small.next(), small.next()) {
            (Some(one), None) if one.len_utf8() == c.len_utf8() => lower.push(one),
            _ => lower.push(c),
        }
    }
    lower
}

fn plain(c: char) -> Option<char> {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => Some('-'),
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => Some('\''),
        '\u{201c}'..='\u{201f}' | '«' | '»' | '「' | '」' => Some('"'),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        // Half a full stop to a reader; NFKC keeps it.
        '。' => Some('.'),
        _ => {
            let zero = ZEROS
                .into_iter()
                .find(|zero| (*zero..zero + 10).contains(&u32::from(c)))?;
            char::from_digit(u32::from(c) - zero, 10)
        }
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// Tells of the commonest letters that NFKC leaves alone, which saves asking it.
fn is_folded_already(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{131}' | '\u{400}'..='\u{45f}' | '\u{3041}'..='\u{3096}'
        | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}
