//! Phone numbers: what they look like, and what only looks like them.

use super::bytes::at;
use super::numbers::Number;
use super::scan::Scan;
use super::triggers::Topic;

/// How near a word about phones has to stand.
const NEAR: usize = 32;

/// Digits of a number with its country (ITU-T E.164).
const INTERNATIONAL: std::ops::RangeInclusive<usize> = 8..=15;

/// Tells whether a number is that of a phone.
pub(super) fn is_phone(scan: &Scan<'_>, number: &Number) -> bool {
    let text = scan.text.as_bytes();
    let digits = number.digits(text);
    let lengths = number.lengths();
    if is_date(text, number, &lengths) || is_address(text, number, &lengths) {
        return false;
    }
    let topic = scan.topic(number.start, NEAR, &[Topic::Phone, Topic::Thing]);
    if topic == Some(Topic::Thing) {
        return false;
    }
    if at(text, number.start) == b'+' {
        return INTERNATIONAL.contains(&digits.len());
    }
    if digits.starts_with(b"00") && lengths.len() > 1 {
        return (10..=17).contains(&digits.len());
    }
    is_national(text, number, &digits, &lengths)
        || (topic == Some(Topic::Phone) && (7..=12).contains(&digits.len()) && groups_fit(&lengths))
}

fn is_national(text: &[u8], number: &Number, digits: &[u8], lengths: &[usize]) -> bool {
    let one_gap = |gap: &[u8]| number.gaps(text).all(|found| found == gap);
    let is_bracketed = at(text, number.start) == b'(';
    match lengths {
        // (650) 555-0143, 650-555-0143, 650.555.0143
        [3, 3, 4] => is_bracketed || one_gap(b"-") || one_gap(b"."),
        [1, 3, 3, 4] => digits.starts_with(b"1") || digits.starts_with(b"8"),
        [1, 3, 3, 2, 2] => digits.starts_with(b"8"),
        // China: 138 0013 8000 or in one piece.
        [3, 4, 4] | [11] => digits.starts_with(b"1") && digits.get(1).is_some_and(|b| *b >= b'3'),
        // France: 06 12 34 56 78. Britain, Germany, Italy: 020 7946 0958, 030 901820.
        [2, 2, 2, 2, 2] => digits.starts_with(b"0"),
        _ => {
            digits.starts_with(b"0")
                && !digits.starts_with(b"00")
                && lengths.len() >= 2
                && lengths.len() <= 5
                && (9..=12).contains(&digits.len())
                && lengths.first().is_some_and(|first| *first >= 3)
        }
    }
}

/// Whoever says that it is a phone writes it in pieces of two to five digits, or in one.
fn groups_fit(lengths: &[usize]) -> bool {
    match lengths {
        [one] => *one >= 7,
        many => many.iter().all(|length| (1..=6).contains(length)),
    }
}

/// Days such as 2026-11-25, 25.11.2026, 11/25/2026, and spans of years.
fn is_date(text: &[u8], number: &Number, lengths: &[usize]) -> bool {
    let year = |place: usize| {
        number
            .groups
            .get(place)
            .and_then(|(start, end)| text.get(*start..*end))
            .is_some_and(|digits| digits.starts_with(b"19") || digits.starts_with(b"20"))
    };
    match lengths {
        [4, 1..=2, 1..=2, ..] | [8] => year(0),
        [1..=2, 1..=2, 4, ..] => year(2),
        [4, 4] => year(0) && year(1),
        _ => false,
    }
}

/// Network addresses and versions: three or more dots between short groups.
fn is_address(text: &[u8], number: &Number, lengths: &[usize]) -> bool {
    let dots = number.gaps(text).filter(|gap| *gap == b".").count();
    dots + 1 == lengths.len() && lengths.len() >= 3 && lengths.iter().all(|length| *length <= 3)
}
