//! Finds what a terminal would obey, and says how far each command reaches.
//!
//! It names sequences for the scanner and for the marks around them. Nothing is ever taken
//! out: what stands inside a command is shown like any other text.
//!
//! Source: ECMA-48 for the grammar, xterm's `ctlseqs` for what the finals do.

use super::bytes;
use crate::model::{SignalCode, TextSpan};

/// Bytes of parameters after which a control sequence is taken for text.
const LONGEST_CONTROL: usize = 256;

/// Bytes that are looked at in one go for whether there is a control among them.
const CHUNK: usize = 64;

/// One command to a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    /// What it does.
    pub(super) code: SignalCode,
    /// All of it, with what begins and ends it.
    pub(super) span: TextSpan,
    /// What it carries, where it carries text.
    pub(super) body: Option<TextSpan>,
    /// It begins with a single character of the second set.
    pub(super) is_c1: bool,
}

/// What begins a sequence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Introducer {
    Control,
    Command,
    String,
    Other,
}

/// Returns the sequences of a text, in order; none overlaps another. Linear in the text.
pub(super) fn sequences(text: &str) -> impl Iterator<Item = Sequence> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = next_control(text, at)?;
            let c = text.get(start..)?.chars().next()?;
            at = start + c.len_utf8();
            if let Some(sequence) = sequence(text, start, c) {
                at = sequence.span.end.max(at);
                return Some(sequence);
            }
        }
    })
}

/// Returns where the next control character or raw byte stands.
fn next_control(text: &str, from: usize) -> Option<usize> {
    // Controls of the second set begin with 0xC2 in UTF-8, raw bytes with 0xF4.
    let begins = |byte: &u8| matches!(byte, 0..=0x1f | 0x7f | 0xc2 | 0xf4);
    let mut at = from;
    // Most texts have none: what has to be found nowhere is not looked at byte by byte.
    for chunk in text.as_bytes().get(from..)?.chunks(CHUNK) {
        if chunk.iter().fold(false, |any, byte| any | begins(byte))
            && let Some(found) = chunk.iter().position(begins)
        {
            return Some(at + found);
        }
        at += chunk.len();
    }
    None
}

/// Reads the sequence that begins with `c` at `start`.
fn sequence(text: &str, start: usize, c: char) -> Option<Sequence> {
    let after = start + c.len_utf8();
    let control = match bytes::raw(c) {
        Some(byte) if byte < 0xa0 => char::from(byte),
        Some(_) => return None,
        None => c,
    };
    match control {
        '\u{1b}' => Some(escape(text, start, after)),
        '\u{80}'..='\u{9f}' => {
            let introducer = match control {
                '\u{9b}' => Introducer::Control,
                '\u{9d}' => Introducer::Command,
                '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => Introducer::String,
                _ => Introducer::Other,
            };
            if introducer == Introducer::Other {
                return Some(Sequence {
                    code: SignalCode::TermC1,
                    span: TextSpan { start, end: after },
                    body: None,
                    is_c1: true,
                });
            }
            Some(Sequence {
                is_c1: true,
                ..introduced(introducer, text, start, after)
            })
        }
        '\t' | '\n' => None,
        '\r' if text.as_bytes().get(after) == Some(&b'\n') => None,
        '\0'..='\u{1f}' | '\u{7f}' => Some(Sequence {
            code: SignalCode::TermC0,
            span: TextSpan { start, end: after },
            body: None,
            is_c1: false,
        }),
        _ => None,
    }
}

fn escape(text: &str, start: usize, after: usize) -> Sequence {
    let bytes = text.as_bytes();
    let introducer = match bytes.get(after) {
        Some(b'[') => Introducer::Control,
        Some(b']') => Introducer::Command,
        // `k` is the title of a window in screen and tmux.
        Some(b'P' | b'X' | b'^' | b'_' | b'k') => Introducer::String,
        _ => Introducer::Other,
    };
    if introducer != Introducer::Other {
        return introduced(introducer, text, start, after + 1);
    }
    let middle = count(bytes, after, LONGEST_CONTROL, |byte| {
        matches!(byte, 0x20..=0x2f)
    });
    let last = after + middle;
    let end = match bytes.get(last) {
        Some(0x30..=0x7e) => last + 1,
        _ => last,
    };
    Sequence {
        code: SignalCode::TermEsc,
        span: TextSpan { start, end },
        body: None,
        is_c1: false,
    }
}

fn count(bytes: &[u8], from: usize, most: usize, is: impl Fn(&u8) -> bool) -> usize {
    bytes
        .iter()
        .skip(from)
        .take(most)
        .take_while(|byte| is(byte))
        .count()
}

fn introduced(introducer: Introducer, text: &str, start: usize, after: usize) -> Sequence {
    match introducer {
        Introducer::Control | Introducer::Other => control(text, start, after),
        Introducer::Command | Introducer::String => {
            let (body, end) = string(text, after);
            let carried = text.get(body.start..body.end).unwrap_or_default();
            let code = if introducer == Introducer::Command {
                command(carried)
            } else {
                SignalCode::TermDcs
            };
            Sequence {
                code,
                span: TextSpan { start, end },
                body: Some(body),
                is_c1: false,
            }
        }
    }
}

/// Reads up to what ends a string: BEL, ST, CAN, SUB, or a new escape. Without one it reaches
/// to the end, as a terminal would take it.
fn string(text: &str, after: usize) -> (TextSpan, usize) {
    let rest = text.get(after..).unwrap_or_default();
    for (at, c) in rest.char_indices() {
        let c = bytes::raw(c).map_or(c, char::from);
        let here = after + at;
        let body = TextSpan {
            start: after,
            end: here,
        };
        match c {
            '\u{7}' | '\u{18}' | '\u{1a}' => return (body, here + 1),
            '\u{9c}' => {
                let len = text.get(here..).and_then(|rest| rest.chars().next());
                return (body, here + len.map_or(1, char::len_utf8));
            }
            '\u{1b}' => {
                let ends = text.as_bytes().get(here + 1) == Some(&b'\\');
                return (body, if ends { here + 2 } else { here });
            }
            _ => {}
        }
    }
    let end = text.len();
    (TextSpan { start: after, end }, end)
}

fn control(text: &str, start: usize, after: usize) -> Sequence {
    let bytes = text.as_bytes();
    let parameters = count(bytes, after, LONGEST_CONTROL, |byte| {
        matches!(byte, 0x30..=0x3f)
    });
    let middle_at = after + parameters;
    let middle = count(bytes, middle_at, LONGEST_CONTROL, |byte| {
        matches!(byte, 0x20..=0x2f)
    });
    let last = middle_at + middle;
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let (code, end) = match bytes.get(last) {
        Some(byte @ 0x40..=0x7e) => (
            control_code(part(after, middle_at), part(middle_at, last), *byte),
            last + 1,
        ),
        _ => (SignalCode::TermEsc, last),
    };
    Sequence {
        code,
        span: TextSpan { start, end },
        body: None,
        is_c1: false,
    }
}

/// Names a control sequence by its final byte and what stands before it.
fn control_code(parameters: &str, middle: &str, last: u8) -> SignalCode {
    let first = parameters.split(';').next().unwrap_or_default();
    let is_private = parameters.starts_with(['<', '=', '>', '?']);
    match (last, middle) {
        (b'n' | b'c' | b'x', "") | (b'p', "$") | (b'w' | b'z', "'") => SignalCode::TermReport,
        (b'q', "") if parameters.starts_with('>') => SignalCode::TermReport,
        (b'u', "") if parameters.starts_with('?') => SignalCode::TermReport,
        (b't', "")
            if matches!(
                first,
                "11" | "13" | "14" | "15" | "16" | "18" | "19" | "20" | "21"
            ) =>
        {
            SignalCode::TermReport
        }
        (b'~', "") if matches!(first, "200" | "201") => SignalCode::TermPasteEnd,
        (b'h' | b'l', _) | (b'p', "!") | (b'r' | b't', "") => SignalCode::TermMode,
        (b'u' | b'm', "") if is_private => SignalCode::TermMode,
        _ => SignalCode::TermEsc,
    }
}

/// Names an operating system command by its number.
fn command(body: &str) -> SignalCode {
    let (number, rest) = body.split_once(';').unwrap_or((body, ""));
    match number {
        "8" => SignalCode::TermOsc8,
        "52" => SignalCode::TermOsc52,
        // A question mark in place of a value asks for the value.
        _ if rest == "?" || rest.ends_with(";?") => SignalCode::TermReport,
        _ => SignalCode::TermOsc,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name and text of each sequence.
    fn named(text: &str) -> Vec<(&'static str, &str)> {
        sequences(text)
            .map(|found| {
                (
                    found.code.as_str(),
                    text.get(found.span.start..found.span.end).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn each_sequence_is_named_by_what_it_does_and_covered_whole() {
        let cases = [
            ("\u{1b}[31m", "TERM.ESC"),
            ("\u{1b}[2J", "TERM.ESC"),
            ("\u{1b}[6n", "TERM.REPORT"),
            ("\u{1b}[>0c", "TERM.REPORT"),
            ("\u{1b}[21t", "TERM.REPORT"),
            ("\u{1b}[?1$p", "TERM.REPORT"),
            ("\u{1b}[?u", "TERM.REPORT"),
            ("\u{1b}[>q", "TERM.REPORT"),
            ("\u{1b}[8;50;100t", "TERM.MODE"),
            ("\u{1b}[?1049h", "TERM.MODE"),
            ("\u{1b}[>1u", "TERM.MODE"),
            ("\u{1b}[!p", "TERM.MODE"),
            ("\u{1b}[201~", "TERM.PASTE_END"),
            ("\u{1b}]0;a title\u{7}", "TERM.OSC"),
            ("\u{1b}]11;?\u{1b}\\", "TERM.REPORT"),
            ("\u{1b}]8;;https://a.example\u{1b}\\", "TERM.OSC8"),
            ("\u{1b}]52;c;cm0=\u{9c}", "TERM.OSC52"),
            ("\u{1b}Pq#0;2;0;0;0\u{1b}\\", "TERM.DCS"),
            ("\u{1b}_Gf=24;AAAA\u{1b}\\", "TERM.DCS"),
            ("\u{1b}kname\u{1b}\\", "TERM.DCS"),
            ("\u{1b}c", "TERM.ESC"),
            ("\u{1b}(0", "TERM.ESC"),
            ("\u{9b}31m", "TERM.ESC"),
            ("\u{9d}0;t\u{9c}", "TERM.OSC"),
            ("\u{85}", "TERM.C1"),
            ("\u{8}", "TERM.C0"),
            ("\r", "TERM.C0"),
            ("\u{7f}", "TERM.C0"),
        ];
        for (sequence, code) in cases {
            let text = format!("a {sequence}");
            assert_eq!(named(&text), [(code, sequence)], "{sequence:?}");
        }
        assert_eq!(named("a\r\nb\tc, literal \\x1b[31m, Ã, \u{f4}"), []);
    }

    #[test]
    fn broken_sequences_end_where_they_break() {
        assert_eq!(named("\u{1b}[31é"), [("TERM.ESC", "\u{1b}[31")]);
        assert_eq!(named("\u{1b}"), [("TERM.ESC", "\u{1b}")]);
        assert_eq!(
            named("\u{1b}]0;one\u{1b}[2J"),
            [("TERM.OSC", "\u{1b}]0;one"), ("TERM.ESC", "\u{1b}[2J")]
        );
        assert_eq!(named("\u{1b}]0;open é"), [("TERM.OSC", "\u{1b}]0;open é")]);
    }

    #[test]
    fn a_raw_byte_of_the_second_set_begins_a_sequence_too() {
        let text = bytes::from_bytes(b"\x9b31mx\x9d0;t\x9c");
        let codes: Vec<_> = sequences(text.expose_untrusted())
            .map(|found| (found.code.as_str(), found.is_c1))
            .collect();
        assert_eq!(codes, [("TERM.ESC", true), ("TERM.OSC", true)]);
    }
}
