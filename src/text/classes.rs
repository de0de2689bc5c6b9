//! Sorts characters by what the sanitiser has to do about them.
//!
//! Common blocks are answered by ranges; the rest by the Unicode tables. Must never call a
//! character of category Cc, Cf, Cs, Co or Cn [`Class::Plain`] or [`Class::Combining`].

use unicode_properties::{GeneralCategory, UnicodeEmoji, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};

use super::safe::HiddenKind;
use super::{letters, singles};

/// What the sanitiser does with a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Draws as it is.
    Plain,
    /// Sits on the character before it.
    Combining,
    /// A later part of a Hangul syllable written in parts; draws only inside one.
    Jamo,
    /// Colours the emoji before it.
    SkinTone,
    /// A blank of whatever width; becomes an ordinary space.
    Blank,
    /// Becomes four spaces.
    Tab,
    /// Looks like a mark of ours; doubled.
    Bracket,
    /// Ends a line in Unicode's own way.
    LineBreak,
    /// Cannot be seen; dropped where it is used properly, a mark elsewhere.
    Hidden(HiddenKind),
}

/// What the tables say of one character.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) c: char,
    pub(super) class: Class,
    pub(super) script: Script,
    /// Letters and digits make words.
    pub(super) in_word: bool,
    pub(super) is_emoji: bool,
    /// Cells, unless it may join other characters into a grapheme.
    pub(super) cells: Option<usize>,
}

impl Known {
    fn new(c: char) -> Self {
        Self {
            c,
            class: class(c),
            cells: singles::cells(c),
            script: script(c),
            in_word: letters::is_alphanumeric(c),
            is_emoji: is_emoji(c),
        }
    }
}

/// Remembers recent answers, because texts repeat characters and the tables are searched.
#[derive(Default)]
pub(super) struct Lookup {
    recent: Vec<Known>,
}

/// Answers remembered; a power of two larger than any alphabet.
const REMEMBERED: usize = 512;

impl Lookup {
    pub(super) fn of(&mut self, c: char) -> Known {
        if self.recent.is_empty() {
            self.recent = vec![Known::new('\0'); REMEMBERED];
        }
        let place = u32::from(c) as usize % REMEMBERED;
        let Some(slot) = self.recent.get_mut(place) else {
            return Known::new(c);
        };
        if slot.c != c {
            *slot = Known::new(c);
        }
        *slot
    }
}

/// Returns the class of a character.
pub(super) fn class(c: char) -> Class {
    match c {
        '⟦' | '⟧' | '⟪' | '⟫' => Class::Bracket,
        _ if singles::cells(c).is_some() => Class::Plain,
        '\t' => Class::Tab,
        '\0'..='\u{9f}' => Class::Hidden(HiddenKind::Controls),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => {
            Class::Hidden(HiddenKind::Bidi)
        }
        '\u{2066}'..='\u{2069}' => Class::Hidden(HiddenKind::Bidi),
        // Graphic joiner, fillers and vowels that are letters by category and blank by look.
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => {
            Class::Hidden(HiddenKind::ZeroWidth)
        }
        '\u{3164}' | '\u{ffa0}' => Class::Hidden(HiddenKind::ZeroWidth),
        '\u{1161}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7fb}' if is_assigned(c) => Class::Jamo,
        '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' => {
            Class::Hidden(HiddenKind::VariationSelectors)
        }
        '\u{e0100}'..='\u{e01ef}' => Class::Hidden(HiddenKind::VariationSelectors),
        '\u{e0000}'..='\u{e007f}' => Class::Hidden(HiddenKind::Tags),
        '\u{1f3fb}'..='\u{1f3ff}' => Class::SkinTone,
        // The braille cell without a dot is a symbol by category and a blank by look.
        '\u{2800}' => Class::Blank,
        // Halfwidth sound marks, Thai and Lao am: letters that join the grapheme before them.
        '\u{ff9e}' | '\u{ff9f}' | '\u{e33}' | '\u{eb3}' => Class::Combining,
        _ => by_category(c),
    }
}

fn by_category(c: char) -> Class {
    use GeneralCategory as G;
    match c.general_category() {
        G::NonspacingMark | G::SpacingMark | G::EnclosingMark => Class::Combining,
        G::SpaceSeparator => Class::Blank,
        G::LineSeparator | G::ParagraphSeparator => Class::LineBreak,
        G::Control => Class::Hidden(HiddenKind::Controls),
        G::Format => Class::Hidden(HiddenKind::ZeroWidth),
        G::Surrogate | G::PrivateUse | G::Unassigned => Class::Hidden(HiddenKind::Unknown),
        G::UppercaseLetter
        | G::LowercaseLetter
        | G::TitlecaseLetter
        | G::ModifierLetter
        | G::OtherLetter
        | G::DecimalNumber
        | G::LetterNumber
        | G::OtherNumber
        | G::ConnectorPunctuation
        | G::DashPunctuation
        | G::OpenPunctuation
        | G::ClosePunctuation
        | G::InitialPunctuation
        | G::FinalPunctuation
        | G::OtherPunctuation
        | G::MathSymbol
        | G::CurrencySymbol
        | G::ModifierSymbol
        | G::OtherSymbol => Class::Plain,
    }
}

fn is_assigned(c: char) -> bool {
    c.general_category() != GeneralCategory::Unassigned
}

/// Tells whether a character is an emoji, except those that are ASCII.
pub(super) fn is_emoji(c: char) -> bool {
    !c.is_ascii() && c.is_emoji_char()
}

/// Returns the script of a character.
pub(super) fn script(c: char) -> Script {
    match c {
        'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' => Script::Latin,
        '\u{400}'..='\u{482}' | '\u{48a}'..='\u{52f}' => Script::Cyrillic,
        '\u{300}'..='\u{36f}' => Script::Inherited,
        '\u{5d0}'..='\u{5ea}' => Script::Hebrew,
        '\u{3b1}'..='\u{3c9}' => Script::Greek,
        '\u{620}'..='\u{63f}' | '\u{641}'..='\u{64a}' => Script::Arabic,
        '\u{2010}'..='\u{2064}'
        | '\u{2190}'..='\u{2429}'
        | '\u{2440}'..='\u{244a}'
        | '\u{2460}'..='\u{27ff}' => Script::Common,
        '\u{3041}'..='\u{3096}' => Script::Hiragana,
        '\u{30a1}'..='\u{30fa}' => Script::Katakana,
        '\u{4e00}'..='\u{9fff}' => Script::Han,
        '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}' => Script::Hangul,
        _ => c.script(),
    }
}

/// Tells whether a mark of this script sits on any letter, as the accents do that pile up.
pub(super) const fn is_anywhere(script: Script) -> bool {
    matches!(script, Script::Inherited | Script::Common)
}

/// Tells whether letters of a script change their shape beside a joiner or non-joiner.
pub(super) const fn is_joining(script: Script) -> bool {
    use Script as S;
    matches!(
        script,
        S::Arabic
            | S::Syriac
            | S::Mongolian
            | S::Nko
            | S::Mandaic
            | S::Adlam
            | S::Hanifi_Rohingya
            | S::Devanagari
            | S::Bengali
            | S::Gurmukhi
            | S::Gujarati
            | S::Oriya
            | S::Tamil
            | S::Telugu
            | S::Kannada
            | S::Malayalam
            | S::Sinhala
            | S::Khmer
            | S::Myanmar
            | S::Tibetan
    )
}

/// Tells whether a script has no spaces, so that its authors mark where a line may break.
pub(super) const fn is_unspaced(script: Script) -> bool {
    use Script as S;
    matches!(
        script,
        S::Khmer | S::Lao | S::Myanmar | S::Thai | S::Tibetan
    )
}

/// Tells whether a letter is written from right to left.
pub(super) const fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{5d0}'..='\u{5f4}' | '\u{620}'..='\u{64a}' | '\u{66e}'..='\u{6d5}' | '\u{6ee}'..='\u{8c9}'
        | '\u{fb1d}'..='\u{fdfb}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}')
}

/// Tells whether one variation selector after a base is an ordinary choice of its look.
pub(super) fn selects(selector: char, base: char, next: Option<char>) -> bool {
    match selector {
        '\u{fe0e}' | '\u{fe0f}' if base.is_ascii() => {
            base.is_emoji_char() && next == Some('\u{20e3}')
        }
        '\u{fe0e}' | '\u{fe0f}' => base.is_emoji_char(),
        '\u{180b}'..='\u{180f}' => script(base) == Script::Mongolian,
        '\u{fe00}'..='\u{fe0d}' => {
            matches!(
                script(base),
                Script::Han | Script::Myanmar | Script::Phags_Pa
            ) || matches!(base, '\u{3001}'..='\u{303d}' | '\u{ff01}'..='\u{ff60}')
                || (!base.is_ascii() && base.general_category() == GeneralCategory::MathSymbol)
        }
        _ => script(base) == Script::Han,
    }
}

/// Returns the usual short name of a control character.
pub(super) fn control_mark(c: char) -> Option<&'static str> {
    const C0: [&str; 32] = [
        "⟦NUL⟧",
        "⟦SOH⟧",
        "⟦STX⟧",
        "⟦ETX⟧",
        "⟦EOT⟧",
        "⟦ENQ⟧",
        "⟦ACK⟧",
        "⟦BEL⟧",
        "⟦BS⟧",
        "⟦HT⟧",
        "⟦LF⟧",
        "⟦VT⟧",
        "⟦FF⟧",
        "⟦CR⟧",
        "⟦SO⟧",
        "⟦SI⟧",
        "⟦DLE⟧",
        "⟦DC1⟧",
        "⟦DC2⟧",
        "⟦DC3⟧",
        "⟦DC4⟧",
        "⟦NAK⟧",
        "⟦SYN⟧",
        "⟦ETB⟧",
        "⟦CAN⟧",
        "⟦EM⟧",
        "⟦SUB⟧",
        "⟦ESC⟧",
        "⟦FS⟧",
        "⟦GS⟧",
        "⟦RS⟧",
        "⟦US⟧",
    ];
    const C1: [&str; 33] = [
        "⟦DEL⟧",
        "⟦PAD⟧",
        "⟦HOP⟧",
        "⟦BPH⟧",
        "⟦NBH⟧",
        "⟦IND⟧",
        "⟦NEL⟧",
        "⟦SSA⟧",
        "⟦ESA⟧",
        "⟦HTS⟧",
        "⟦HTJ⟧",
        "⟦VTS⟧",
        "⟦PLD⟧",
        "⟦PLU⟧",
        "⟦RI⟧",
        "⟦SS2⟧",
        "⟦SS3⟧",
        "⟦DCS⟧",
        "⟦PU1⟧",
        "⟦PU2⟧",
        "⟦STS⟧",
        "⟦CCH⟧",
        "⟦MW⟧",
        "⟦SPA⟧",
        "⟦EPA⟧",
        "⟦SOS⟧",
        "⟦SGC⟧",
        "⟦SCI⟧",
        "⟦CSI⟧",
        "⟦ST⟧",
        "⟦OSC⟧",
        "⟦PM⟧",
        "⟦APC⟧",
    ];
    let code = usize::try_from(u32::from(c)).ok()?;
    C0.get(code)
        .or_else(|| C1.get(code.checked_sub(0x7f)?))
        .copied()
}

#[cfg(test)]
mod tests {
    use unicode_properties::GeneralCategoryGroup;
    use unicode_segmentation::UnicodeSegmentation;
    use unicode_width::UnicodeWidthStr;

    use super::super::views;
    use super::*;

    #[test]
    fn nothing_invisible_is_called_plain_or_combining() {
        for c in '\0'..=char::MAX {
            let visible = matches!(class(c), Class::Plain | Class::Combining);
            let other = c.general_category_group() == GeneralCategoryGroup::Other;
            assert!(!(visible && other), "{c:?}");
        }
    }

    #[test]
    fn characters_that_join_no_others_are_measured_as_the_tables_say() {
        for c in '\0'..=char::MAX {
            let Some(cells) = singles::cells(c) else {
                continue;
            };
            let one = c.to_string();
            assert_eq!(cells, one.width(), "{c:?}");
            assert!(matches!(class(c), Class::Plain | Class::Bracket), "{c:?}");
            let odd = matches!(c, '\u{2800}' | '\u{1f3fb}'..='\u{1f3ff}');
            assert!(!odd && !views::is_invisible(c), "{c:?}");
            let category = by_category(c);
            assert!(matches!(category, Class::Plain | Class::Blank), "{c:?}");
            for neighbour in ['a', 'é', '漢', '가', 'я', 'א', ' ', '👩', 'क', '⟦'] {
                let pair = format!("{c}{neighbour}{c}");
                assert_eq!(pair.graphemes(true).count(), 3, "{pair:?}");
            }
        }
    }

    #[test]
    fn every_character_has_the_script_that_the_tables_say() {
        for c in '\0'..=char::MAX {
            assert_eq!(script(c), c.script(), "{c:?}");
        }
    }

    #[test]
    fn every_control_character_has_a_name() {
        for c in '\0'..='\u{9f}' {
            assert_eq!(control_mark(c).is_some(), c.is_control(), "{c:?}");
        }
    }
}
