//! Long runs of letters and digits: tokens without a prefix, keys of wallets, files in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::Severity;
use crate::model::SignalCode::{DraftAttachment, PersonalId, SecretApiKey, SecretPrivateKey};

use super::bytes::{at, before, run_end};
use super::scan::{Leak, Scan};
use super::triggers::Topic;
use super::{checks, keys, tokens};

/// Shorter runs are words.
const SHORTEST_RUN: usize = 16;

/// Letters from which on a block of base64 is a file rather than a key or a hash.
const SHORTEST_FILE: usize = 200;

/// Letters of a line of a wrapped block, at least: MIME has 76, PEM 64, others 60.
const SHORTEST_LINE: usize = 40;

/// First letters of common files in base64: PNG, JPEG, GIF, PDF, ZIP, gzip, WebP, ELF, MP3.
const FILES: [&[u8]; 9] = [
    b"iVBORw0KGgo",
    b"/9j/",
    b"R0lGOD",
    b"JVBERi0",
    b"UEsDB",
    b"H4sI",
    b"UklGR",
    b"f0VMR",
    b"SUQz",
];

fn in_run(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_')
}

/// Looks at every long run of the text.
pub(super) fn sweep(scan: &mut Scan<'_>) {
    let text = scan.text.as_bytes();
    let mut start = 0;
    while start < text.len() {
        let end = run_end(text, start, in_run);
        if end - start < SHORTEST_RUN {
            start = end + 1;
            continue;
        }
        let file_end = block_end(text, (start, end));
        if file_end - start >= SHORTEST_FILE
            && is_file(text.get(start..file_end).unwrap_or_default())
        {
            file(scan, (start, file_end));
            start = file_end;
        } else {
            run(scan, (start, end));
            start = end;
        }
    }
}

/// Returns where a block that is wrapped into lines ends.
fn block_end(text: &[u8], (start, end): (usize, usize)) -> usize {
    let (mut line, mut end) = (start, end);
    loop {
        let next = match (at(text, end), at(text, end + 1)) {
            (b'\n', _) => end + 1,
            (b'\r', b'\n') => end + 2,
            _ => return end,
        };
        let next_end = run_end(text, next, in_run);
        if end - line < SHORTEST_LINE || next_end == next || next_end - next > end - line {
            return end;
        }
        (line, end) = (next, next_end);
    }
}

fn is_file(block: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in block {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    let kinds = |range: std::ops::RangeInclusive<u8>| {
        range
            .filter(|byte| seen.get(usize::from(*byte)) == Some(&true))
            .count()
    };
    let (large, small, digits) = (kinds(b'A'..=b'Z'), kinds(b'a'..=b'z'), kinds(b'0'..=b'9'));
    large >= 3 && small >= 5 && digits >= 1 && large + small + digits >= 16
}

fn file(scan: &mut Scan<'_>, span: (usize, usize)) {
    let block = scan.text.as_bytes().get(span.0..span.1).unwrap_or_default();
    let is_known = FILES.iter().any(|first| block.starts_with(first))
        && STANDARD.decode(block.get(..64).unwrap_or_default()).is_ok();
    scan.add(if is_known {
        Leak::exact(DraftAttachment, Severity::Low, span)
    } else {
        Leak::rule(DraftAttachment, Severity::Low, span)
    });
}

fn run(scan: &mut Scan<'_>, (start, end): (usize, usize)) {
    let text = scan.text.as_bytes();
    // A mark before the letters belongs to the words around them: `key=abc`, `--abc`.
    let inner = run_end(text, start, |b| matches!(b, b'=' | b'-' | b'_')).min(end);
    let inner = text
        .get(inner..end)
        .and_then(|run| run.iter().position(|b| *b == b'='))
        .map(|place| inner + place + 1)
        .filter(|place| end - place >= SHORTEST_RUN)
        .unwrap_or(inner);
    let span = (inner, end);
    if before(text, inner) == b'.' {
        return;
    }
    if let Some((code, severity, is_exact)) = tokens::bare(scan, span) {
        scan.add(if is_exact {
            Leak::exact(code, severity, span)
        } else {
            Leak::rule(code, severity, span)
        });
    } else if let Some(token_end) = tokens::discord(text, span) {
        scan.add(Leak::exact(
            SecretApiKey,
            Severity::Critical,
            (inner, token_end),
        ));
    } else if let Some(leak) = wallet(scan, span).or_else(|| raw_key(scan, span)) {
        scan.add(leak);
    } else if text
        .get(inner..end)
        .is_some_and(|run| run.len() == 16 && checks::codice_fiscale(run))
    {
        scan.add(Leak::exact(PersonalId, Severity::Medium, span));
    }
}

/// Reads keys of wallets, which carry a checksum.
fn wallet(scan: &mut Scan<'_>, span: (usize, usize)) -> Option<Leak> {
    if scan.is_full(SecretPrivateKey) {
        return None;
    }
    let run = scan.text.as_bytes().get(span.0..span.1)?;
    if !keys::is_wallet_like(run) {
        return None;
    }
    match scan.check(|| keys::is_wallet(run)) {
        Some(true) => Some(Leak::exact(SecretPrivateKey, Severity::Critical, span)),
        Some(false) => None,
        None => Some(Leak::rule(SecretPrivateKey, Severity::High, span)),
    }
}

/// Reads 32 raw bytes that the words before them call a key.
fn raw_key(scan: &Scan<'_>, span: (usize, usize)) -> Option<Leak> {
    let run = scan.text.as_bytes().get(span.0..span.1)?;
    let digits = run.strip_prefix(b"0x").unwrap_or(run);
    let is_hex = digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit);
    let is_base64 = (run.len() == 44 && run.ends_with(b"=") || run.len() == 43)
        && checks::is_mixed(run)
        && checks::entropy(run) > 4.0;
    let is_long_base58 =
        matches!(run.len(), 87 | 88) && checks::is_mixed(run) && checks::entropy(run) > 4.5;
    if !is_hex && !is_base64 && !is_long_base58 {
        return None;
    }
    scan.topic(span.0, 48, &[Topic::Key])
        .map(|_| Leak::rule(SecretPrivateKey, Severity::Critical, span))
}
