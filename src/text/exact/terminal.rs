//! Commands to terminals, and what they carry.

use base64::Engine as _;

use super::Findings;
use crate::model::{Severity, SignalCode, TextSpan};
use crate::text::terminal::{Sequence, sequences};
use crate::text::views::{BASE64, floor};

/// Bytes of a body that are decoded.
const LONGEST_BODY: usize = 32 * 1024;

pub(super) fn examine(findings: &mut Findings<'_>) {
    let mut controls: Option<Sequence> = None;
    for sequence in sequences(findings.text) {
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
