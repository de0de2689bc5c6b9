//! Seed phrases of wallets (BIP39): words of the English list in a row.

use bip39::{Language, Mnemonic};

use crate::model::Severity;
use crate::model::SignalCode::SecretSeedPhrase;

use super::bytes::run_end;
use super::scan::{Leak, Scan};
use super::triggers::Topic;

/// Lengths of a phrase, the longest first (BIP39).
const LENGTHS: [usize; 5] = [24, 21, 18, 15, 12];

/// The shortest and the longest word of the list.
const LETTERS: std::ops::RangeInclusive<usize> = 3..=8;

/// Bytes between two words at most: a number, a full stop, a line break.
const WIDEST_GAP: usize = 8;

/// How near words about seeds have to stand where the checksum does not hold.
const NEAR: usize = 240;

/// Looks for twelve or more words of the list in a row; numbers and marks may stand between.
pub(super) fn sweep(scan: &mut Scan<'_>) {
    let lower = scan.lower;
    // The list is sorted, as BIP39 wants it.
    let listed = Language::English.word_list();
    let mut row: Vec<(usize, usize)> = Vec::new();
    for (start, end) in words(lower) {
        let is_listed = LETTERS.contains(&(end - start))
            && lower
                .get(start..end)
                .is_some_and(|word| listed.binary_search(&word).is_ok());
        let is_near = row
            .last()
            .is_none_or(|last| gap_is_plain(lower, (last.1, start)));
        if !is_listed || !is_near {
            judge(scan, &row);
            row.clear();
        }
        if is_listed {
            row.push((start, end));
        }
    }
    judge(scan, &row);
}

fn words(lower: &str) -> impl Iterator<Item = (usize, usize)> {
    let bytes = lower.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = run_end(bytes, at, |b| !is_letter(b));
        at = run_end(bytes, start, is_letter);
        (start < at).then_some((start, at))
    })
}

/// Letters of other alphabets end no word of ours: they make it another word.
fn is_letter(b: u8) -> bool {
    b.is_ascii_alphabetic() || !b.is_ascii()
}

fn gap_is_plain(lower: &str, (start, end): (usize, usize)) -> bool {
    let gap = lower.as_bytes().get(start..end).unwrap_or_default();
    gap.len() <= WIDEST_GAP
        && gap.iter().all(|b| {
            b.is_ascii_whitespace()
                || b.is_ascii_digit()
                || matches!(
                    b,
                    b'.' | b',' | b';' | b':' | b')' | b'(' | b'-' | b'"' | b'\'' | b'|'
                )
        })
}

fn judge(scan: &mut Scan<'_>, row: &[(usize, usize)]) {
    let mut from = 0;
    while row.len() - from >= 12 {
        match valid_at(scan, row, from) {
            Some(length) => {
                add(scan, row, (from, from + length), true);
                from += length;
            }
            None => from += 1,
        }
    }
    let about_seeds = row
        .first()
        .and_then(|first| scan.topic(first.0, NEAR, &[Topic::Seed]))
        .is_some();
    if row.len() >= 12 && about_seeds && !scan.is_full(SecretSeedPhrase) {
        add(scan, row, (0, row.len()), false);
    }
}

/// Returns how many words from a place on are a phrase whose checksum holds.
fn valid_at(scan: &mut Scan<'_>, row: &[(usize, usize)], from: usize) -> Option<usize> {
    let lower = scan.lower;
    LENGTHS.into_iter().find(|length| {
        let Some(words) = row.get(from..from + length) else {
            return false;
        };
        let holds = || {
            let phrase: Vec<&str> = words
                .iter()
                .filter_map(|(start, end)| lower.get(*start..*end))
                .collect();
            Mnemonic::parse_in_normalized(Language::English, &phrase.join(" ")).is_ok()
        };
        scan.check(holds) == Some(true)
    })
}

fn add(scan: &mut Scan<'_>, row: &[(usize, usize)], (from, to): (usize, usize), is_exact: bool) {
    let (Some(first), Some(last)) = (row.get(from), row.get(to.saturating_sub(1))) else {
        return;
    };
    let span = (first.0, last.1);
    scan.add(if is_exact {
        Leak::exact(SecretSeedPhrase, Severity::Critical, span)
    } else {
        Leak::rule(SecretSeedPhrase, Severity::High, span)
    });
}
