//! Commands to terminals, and what they carry.

use base64::Engine as _;

use super::Findings;
use crate::model::{Severity, SignalCode, TextSpan};
use crate::text::terminal::{Sequence, sequences};
use crate::text::views::{BASE64, floor};

/// Bytes of a body that are decoded.
const LONGEST_BODY: usize = 32 * 1024;

pub(super) fn examine(findings: &mut Findings<'_>) {
    let text = findings.text;
    if is_punctuation(text) {
        for sequence in sequences(text) {
            findings.add(SignalCode::TermC1, Severity::Note, sequence.span);
        }
        return;
    }
    let mut controls: Option<Sequence> = None;
    for sequence in sequences(text) {
        // Single controls side by side are one finding.
        if let Some(run) = &mut controls {
            if run.code == sequence.code && run.span.end == sequence.span.start {
                run.span.end = sequence.span.end;
                continue;
            }
            report(run, findings);
            controls = None;
        }
        if matches!(sequence.code, SignalCode::TermC0 | SignalCode::TermC1) {
            controls = Some(sequence);
        } else {
            report(&sequence, findings);
        }
    }
    if let Some(run) = controls {
        report(&run, findings);
    }
}

/// Words from which on a text is a letter rather than a control with something around it.
const FEWEST_WORDS: usize = 40;

/// Tells whether the controls of a letter are but quotation marks and dashes of Windows-1252 that
/// were read as Latin-1. No terminal acts on any of these alone; the reader sees a mark for each.
fn is_punctuation(text: &str) -> bool {
    let is_letter = || {
        let words = text.split_whitespace();
        words
            .filter(|word| word.bytes().any(|byte| byte.is_ascii_alphabetic()))
            .nth(FEWEST_WORDS)
            .is_some()
    };
    let mut sequences = sequences(text).peekable();
    sequences.peek().is_some()
        && sequences
            .all(|sequence| sequence.code == SignalCode::TermC1 && punctuates(text, sequence.span))
        && is_letter()
}

/// Tells whether a control stands where the mark would stand that Windows-1252 has in its place.
fn punctuates(text: &str, span: TextSpan) -> bool {
    let before = text.get(..span.start).unwrap_or_default();
    let after = text.get(span.end..).unwrap_or_default();
    let (last, next) = (before.chars().next_back(), after.chars().next());
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let closes = |c: Option<char>| is_blank(c) || c.is_some_and(|c| c.is_ascii_punctuation());
    match text.get(span.start..span.end) {
        // Euro sign.
        Some("\u{80}") => next.is_some_and(|c| c.is_ascii_digit()),
        // Opening quotation marks.
        Some("\u{91}" | "\u{93}") => (is_blank(last) || last == Some('(')) && is_word(next),
        // Apostrophe and closing quotation marks.
        Some("\u{92}") => is_word(last) || closes(next) && !is_blank(last),
        Some("\u{94}") => !is_blank(last) && closes(next),
        // Dashes.
        Some("\u{96}" | "\u{97}") => {
            is_blank(last) && is_blank(next) || is_word(last) && (is_word(next) || is_blank(next))
        }
        _ => false,
    }
}

fn report(sequence: &Sequence, findings: &mut Findings<'_>) {
    let severity = if sequence.code == SignalCode::TermOsc52 {
        Severity::Critical
    } else {
        Severity::High
    };
    let decoded = read_body(sequence, findings);
    match decoded {
        Some(decoded) => findings.add_with(sequence.code, severity, sequence.span, &decoded),
        None => findings.add(sequence.code, severity, sequence.span),
    }
    if sequence.is_c1 && sequence.code != SignalCode::TermC1 {
        let start = sequence.span.start;
        let rest = findings.text.get(start..).unwrap_or_default();
        let end = start + rest.chars().next().map_or(0, char::len_utf8);
        findings.add(SignalCode::TermC1, Severity::High, TextSpan { start, end });
    }
}

/// Hands out what a sequence carries; returns what was encoded in it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only commands have a form of their own"
)]
fn read_body(sequence: &Sequence, findings: &mut Findings<'_>) -> Option<String> {
    let body = cut(findings.get(sequence.body?), LONGEST_BODY);
    findings.decoded(body);
    let message = match sequence.code {
        SignalCode::TermOsc8 => {
            // OSC 8 ; parameters ; target
            if let Some(target) = body.splitn(3, ';').nth(2) {
                findings.link(target);
            }
            return None;
        }
        SignalCode::TermOsc52 => body.rsplit(';').next().and_then(from_base64),
        SignalCode::TermOsc => {
            for value in body.split([';', ':', '=']) {
                if let Some(message) = from_base64(value) {
                    findings.decoded(&message);
                }
            }
            None
        }
        _ => body
            .rsplit(';')
            .next()
            .and_then(|value| from_base64(value).or_else(|| from_hex(value)))
            .or_else(|| from_hex(body.trim_start_matches(['+', '$', 'q', 'p', 'Q', '=']))),
    }?;
    findings.decoded(&message);
    Some(message)
}

fn cut(text: &str, most: usize) -> &str {
    text.get(..floor(text, most)).unwrap_or_default()
}

/// Decodes base64 that spells text.
fn from_base64(text: &str) -> Option<String> {
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if compact.len() < 4 {
        return None;
    }
    readable(BASE64.decode(compact).ok()?)
}

/// Decodes hexadecimal numbers that spell text.
fn from_hex(text: &str) -> Option<String> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| *c != ';' && *c != ' ')
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    if digits.len() < 4 {
        return None;
    }
    let bytes = digits
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect();
    readable(bytes)
}

/// Returns bytes as text if most of them are printable.
fn readable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let printable = text.chars().filter(|c| !c.is_control()).count();
    (!text.is_empty() && printable * 10 >= text.chars().count() * 8).then_some(text)
}

#[cfg(test)]
mod tests {
    use crate::model::{PeerText, Severity, SignalCode};
    use crate::text::scan;

    /// Words that fill a letter.
    const WORDS: &str = "The minutes of the meeting are below and the next one is in two weeks. ";

    fn worst(text: &str) -> Option<Severity> {
        let scan = scan(&PeerText::new(text));
        let controls = scan.signals.iter();
        controls
            .filter(|signal| signal.code == SignalCode::TermC1)
            .map(|signal| signal.severity)
            .max()
    }

    #[test]
    fn old_punctuation_in_a_letter_is_a_note() {
        let letter = WORDS.repeat(4);
        for text in [
            "we don\u{92}t know",
            "the world\u{92}s largest",
            "the \u{93}best\u{94} of them",
            "application \u{97} the one",
            "only \u{80}99 each",
        ] {
            let text = format!("{letter}{text}.\n{letter}");
            assert_eq!(worst(&text), Some(Severity::Note), "{text:?}");
        }
    }

    #[test]
    fn the_same_control_is_one_where_no_letter_is_around_it() {
        assert_eq!(worst("we don\u{92}t know"), Some(Severity::High));
    }

    #[test]
    fn a_control_that_terminals_obey_is_none_of_the_punctuation() {
        let letter = WORDS.repeat(4);
        for control in [
            "\u{84}",
            "\u{85}",
            "\u{88}",
            "\u{8d}",
            "\u{9a}",
            "\u{9b}2J",
            "\u{92}\u{92}",
        ] {
            let text = format!("{letter}we don\u{92}t know {control} this.");
            assert_eq!(worst(&text), Some(Severity::High), "{control:?}");
        }
    }
}
