//! What holds for any text at all.

use proptest::prelude::*;

use super::*;

/// The output without the marks that put a word of mixed scripts in brackets.
fn without_word_marks(text: &SafeText) -> String {
    let mut plain = String::new();
    for (number, line) in text.lines().iter().enumerate() {
        if number > 0 {
            plain.push('\n');
        }
        for span in line.spans() {
            let mark = span.kind() == SpanKind::Mark;
            if !(mark && (span.text().starts_with('⟪') || span.text() == " ⟫")) {
                plain.push_str(span.text());
            }
        }
    }
    plain
}

fn with_doubled_brackets(text: &str) -> String {
    let mut doubled = String::new();
    for c in text.chars() {
        doubled.push(c);
        if "⟦⟧⟪⟫".contains(c) {
            doubled.push(c);
        }
    }
    doubled
}

/// Reads `plain()` back: text with brackets undoubled, and the marks in order.
fn parse_marks(plain: &str) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut marks = Vec::new();
    let mut chars = plain.chars().peekable();
    let mut word_mark = false;
    while let Some(c) = chars.next() {
        if word_mark && c == ' ' && chars.peek() == Some(&'⟫') {
            chars.next();
            marks.push(" ⟫".to_owned());
            word_mark = false;
        } else if "⟦⟧⟪⟫".contains(c) && chars.peek() == Some(&c) {
            chars.next();
            text.push(c);
        } else if c == '⟦' || c == '⟪' {
            let end = if c == '⟦' { '⟧' } else { ':' };
            let mut mark = String::from(c);
            for inner in chars.by_ref() {
                mark.push(inner);
                if inner == end {
                    break;
                }
            }
            if c == '⟪' {
                mark.extend(chars.next());
                word_mark = true;
            }
            marks.push(mark);
        } else {
            text.push(c);
        }
    }
    (text, marks)
}

/// Building blocks of attacks, and letters to put between them.
const PIECES: &[&str] = &[
    "\u{1b}[2J",
    "\u{1b}]0;title\u{7}",
    "\u{9b}31m",
    "\r",
    "\n",
    "\r\n",
    "\t",
    "\u{8}",
    "\0",
    "\u{85}",
    "\u{b}",
    "\u{2028}",
    "\u{202e}",
    "\u{2066}",
    "\u{2069}",
    "\u{200e}",
    "\u{200f}",
    "\u{61c}",
    "\u{200b}",
    "\u{200c}",
    "\u{200d}",
    "\u{feff}",
    "\u{ad}",
    "\u{34f}",
    "\u{fe0f}",
    "\u{fe00}",
    "\u{e0100}",
    "\u{180b}",
    "\u{e0041}",
    "\u{e007f}",
    "\u{301}",
    "\u{489}",
    "\u{20e3}",
    "\u{93f}",
    "\u{94d}",
    "क",
    "ष",
    "ൎ",
    "ำ",
    "ᄀ",
    "ᅡ",
    "ᆨ",
    "가",
    "\u{3164}",
    "\u{1f3fd}",
    "👍",
    "👩",
    "💻",
    "❤",
    "🏴",
    "🇫",
    "🇷",
    "a",
    "b ",
    "п",
    "ο",
    "漢",
    "かﾞ",
    "ﾞ",
    "ش",
    "א",
    "1",
    "⟦",
    "⟧",
    "⟪",
    "⟫",
    "\u{e000}",
    "\u{fffe}",
    "\u{378}",
    "\u{fff9}",
    "\u{2800}",
    "\u{3000}",
    "\u{a0}",
];

fn hostile_text() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            8 => prop::sample::select(PIECES).prop_map(str::to_owned),
            1 => (prop::sample::select(PIECES), 2_usize..40).prop_map(|(piece, count)| piece.repeat(count)),
            2 => any::<char>().prop_map(String::from),
            1 => "[ -~]{0,20}",
        ],
        0..60,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_out_fit_to_draw(input in hostile_text()) {
        let text = clean(&input);
        assert_sound(&text);
        let bytes: usize = text.plain().len();
        prop_assert!(bytes <= 64 + input.len() * 24, "{bytes} from {}", input.len());
    }

    #[test]
    fn sanitising_again_only_doubles_brackets(input in hostile_text()) {
        let once = clean(&input).plain();
        prop_assert_eq!(without_word_marks(&clean(&once)), with_doubled_brackets(&once));
    }

    #[test]
    fn marks_and_text_can_be_told_apart_in_plain_text(input in hostile_text()) {
        let text = clean(&input);
        let mut expected_text = String::new();
        let mut expected_marks = Vec::new();
        for (number, line) in text.lines().iter().enumerate() {
            if number > 0 {
                expected_text.push('\n');
            }
            for span in line.spans() {
                match span.kind() {
                    SpanKind::Mark => expected_marks.push(span.text().to_owned()),
                    SpanKind::Text => expected_text.push_str(span.text()),
                }
            }
        }
        for bracket in ["⟦", "⟧", "⟪", "⟫"] {
            expected_text = expected_text.replace(&bracket.repeat(2), bracket);
        }
        prop_assert_eq!(parse_marks(&text.plain()), (expected_text, expected_marks));
    }

    #[test]
    fn wrapped_lines_fit_and_lose_only_spaces(input in hostile_text(), width in 0_usize..90) {
        let text = clean(&input);
        let rows = text.wrap(width);
        for row in &rows {
            assert_line_sound(row);
            prop_assert!(row.width() <= width.max(1));
        }
        let widest = text.plain().graphemes(true).map(ratatui_cells).max();
        if width >= widest.unwrap_or(1).into() {
            let all = |lines: &[SafeLine]| -> String {
                let plain: String = lines.iter().map(SafeLine::plain).collect();
                plain.chars().filter(|c| *c != ' ' && *c != '\u{3000}').collect()
            };
            prop_assert_eq!(all(&rows), all(text.lines()));
        }
    }

    #[test]
    fn one_line_stays_one_line_of_bounded_width(input in hostile_text(), cells in 0_usize..60) {
        let line = sanitise_line(&PeerText::new(input.clone()), cells);
        assert_line_sound(&line);
        prop_assert!(line.width() <= cells);
        assert_line_sound(&ours(&input));
    }

    #[test]
    fn messages_in_tags_are_recovered(secret in "[ -~]{1,40}", cover in "[a-z ]{1,10}") {
        let tags: String = secret.chars().map(|c| char::from_u32(0xe0000 + u32::from(c)).unwrap()).collect();
        let found = decoded(&format!("{cover}{tags}{cover}"), HiddenKind::Tags);
        prop_assert_eq!(found, Some(secret));
    }

    #[test]
    fn messages_in_variation_selectors_are_recovered(secret in "[a-zäß漢]{3,40}") {
        let found = decoded(&format!("😀{}", selectors(&secret)), HiddenKind::VariationSelectors);
        prop_assert_eq!(found, Some(secret));
    }

    #[test]
    fn messages_in_zero_width_bits_are_recovered(secret in "[a-z]{2,8} [a-z]{2,30}") {
        let bits: String = secret
            .bytes()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
            .map(|bit| if bit == 1 { '\u{200c}' } else { '\u{200b}' })
            .collect();
        prop_assert_eq!(decoded(&format!("Hello{bits}!"), HiddenKind::ZeroWidth), Some(secret));
    }
}
