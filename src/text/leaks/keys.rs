//! Private keys in files and in the formats of wallets.

use crate::model::Severity;
use crate::model::SignalCode::SecretPrivateKey;

use super::bytes::{at, before, run_end};
use super::checks;
use super::scan::{Leak, Scan};

/// The beginning of a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// The first line of a file: RFC 7468, RFC 4716, RFC 9580.
    Pem,
    /// A file of `PuTTY`.
    Putty,
    /// A key in Bech32: age, Nostr.
    Bech32,
}

/// Where the keys begin.
pub(super) const MARKS: &[(Mark, &[&str])] = &[
    (Mark::Pem, &["*-----begin*", "*---- begin ssh2*"]),
    (Mark::Putty, &["putty-user-key-file-*"]),
    (Mark::Bech32, &["age-secret-key-1*", "nsec1*"]),
];

/// Bytes of a key file that are looked at.
const LONGEST_FILE: usize = 16 * 1024;

/// Bytes of a first line.
const LONGEST_LABEL: usize = 48;

/// Reports the key whose mark stands at a place.
pub(super) fn marked(scan: &mut Scan<'_>, mark: Mark, (start, end): (usize, usize)) {
    if scan.is_full(SecretPrivateKey) {
        return;
    }
    match mark {
        Mark::Pem => pem(scan, (start, end)),
        Mark::Putty => {
            let end = file_end(scan.lower, end);
            scan.add(Leak::exact(
                SecretPrivateKey,
                Severity::Critical,
                (start, end),
            ));
        }
        Mark::Bech32 => in_bech32(scan, (start, end)),
    }
}

fn pem(scan: &mut Scan<'_>, (start, end): (usize, usize)) {
    let text = scan.lower.as_bytes();
    let window = text.get(..end + LONGEST_LABEL).unwrap_or(text);
    let label_end = run_end(window, end, |b| b.is_ascii_alphanumeric() || b == b' ');
    let label = text.get(end..label_end).unwrap_or_default();
    let is_private = label.windows(11).any(|words| words == b"private key");
    if is_private && at(text, label_end) == b'-' {
        let file_end = file_end(scan.lower, label_end);
        scan.add(Leak::exact(
            SecretPrivateKey,
            Severity::Critical,
            (start, file_end),
        ));
    }
}

/// Returns where a key file ends: after its last line, or where its letters stop.
fn file_end(lower: &str, start: usize) -> usize {
    let text = lower.as_bytes();
    let window = text.get(..start + LONGEST_FILE).unwrap_or(text);
    let is_body = |b: u8| {
        b.is_ascii_alphanumeric()
            || b.is_ascii_whitespace()
            || matches!(
                b,
                b'+' | b'/'
                    | b'='
                    | b'-'
                    | b':'
                    | b','
                    | b'\\'
                    | b'"'
                    | b'.'
                    | b'('
                    | b')'
                    | b'@'
                    | b'_'
            )
    };
    let body_end = run_end(window, start, is_body);
    let body = lower.get(start..body_end).unwrap_or_default();
    let Some(last) = body.find("---end").or_else(|| body.find("--- end")) else {
        // Without a last line it ends with its paragraph.
        let paragraph = body.split("\n\n").next().unwrap_or_default();
        return start + paragraph.trim_end().len();
    };
    let label = run_end(text, start + last + 3, |b| {
        b.is_ascii_alphanumeric() || b == b' '
    });
    run_end(text, label, |b| b == b'-')
}

fn in_bech32(scan: &mut Scan<'_>, (start, end): (usize, usize)) {
    const LETTERS: usize = 58;
    let lower = scan.lower.as_bytes();
    let key_end = run_end(lower.get(..end + LETTERS + 1).unwrap_or(lower), end, |b| {
        b.is_ascii_alphanumeric()
    });
    if key_end - end != LETTERS || before(lower, start) == b'-' {
        return;
    }
    let key = lower.get(start..key_end).unwrap_or_default();
    let span = (start, key_end);
    match scan.check(|| checks::bech32(key)) {
        Some(true) => scan.add(Leak::exact(SecretPrivateKey, Severity::Critical, span)),
        // One mistyped letter does not make a secret public.
        Some(false) | None => scan.add(Leak::rule(SecretPrivateKey, Severity::High, span)),
    }
}

/// Tells whether letters have the length and the first letters of a wallet's key.
pub(super) fn is_wallet_like(run: &[u8]) -> bool {
    match run {
        [b'5' | b'9', ..] => run.len() == 51,
        [b'K' | b'L' | b'c', ..] => run.len() == 52,
        [
            b'x' | b'y' | b'z' | b't' | b'u' | b'v',
            b'p',
            b'r',
            b'v',
            ..,
        ] => run.len() == 111,
        _ => false,
    }
}

/// Tells whether the checksum of a wallet's key holds (WIF, BIP 32).
pub(super) fn is_wallet(run: &[u8]) -> bool {
    checks::base58check(run).is_some_and(|bytes| match run.len() {
        111 => bytes.len() == 78,
        _ => matches!(bytes.first(), Some(0x80 | 0xef)) && matches!(bytes.len(), 33 | 34),
    })
}
