//! Numbers: payment cards, bank accounts, national numbers, phones.

use crate::model::Severity;
use crate::model::SignalCode::{PersonalIban, PersonalId, PersonalPhone, SecretCard};

use super::bytes::{at, before, run_end};
use super::scan::{Leak, Scan};
use super::triggers::Topic;
use super::{checks, phones};

/// Digits of a card (ISO/IEC 7812-1).
const CARD: std::ops::RangeInclusive<usize> = 13..=19;

/// Groups that one number is written in at most; what is longer is a table.
const MOST_GROUPS: usize = 10;

/// How near a word about national numbers has to stand.
const NEAR: usize = 48;

/// Letters and digits of a bank account by country (ISO 13616 registry).
const IBANS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NL", 18),
    (b"NO", 15),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"SA", 24),
    (b"SC", 31),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
];

/// A number as it is written: groups of digits and what stands between them.
pub(super) struct Number {
    /// First byte, a plus sign or an opening bracket included.
    pub(super) start: usize,
    /// The groups of digits, in bytes of the text.
    pub(super) groups: Vec<(usize, usize)>,
}

impl Number {
    /// Returns the byte after the last digit.
    pub(super) fn end(&self) -> usize {
        self.groups.last().map_or(self.start, |group| group.1)
    }

    /// Returns the digits alone.
    pub(super) fn digits(&self, text: &[u8]) -> Vec<u8> {
        digits(text, &self.groups)
    }

    /// Returns how many digits each group has.
    pub(super) fn lengths(&self) -> Vec<usize> {
        self.groups.iter().map(|(start, end)| end - start).collect()
    }

    /// Returns what stands between two groups.
    pub(super) fn gaps<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
        self.groups.windows(2).filter_map(|pair| match pair {
            [left, right] => text.get(left.1..right.0),
            _ => None,
        })
    }
}

fn digits(text: &[u8], groups: &[(usize, usize)]) -> Vec<u8> {
    groups
        .iter()
        .filter_map(|(start, end)| text.get(*start..*end))
        .flatten()
        .copied()
        .collect()
}

/// Looks at every number of the text, and at every bank account.
pub(super) fn sweep(scan: &mut Scan<'_>) {
    let text = scan.text.as_bytes();
    let mut place = 0;
    while place < text.len() {
        let b = at(text, place);
        if b.is_ascii_digit() && !before(text, place).is_ascii_alphanumeric() {
            let number = read(text, place);
            let end = number.end().max(place + 1);
            judge(scan, &number);
            place = end;
        } else if b.is_ascii_alphabetic() && !before(text, place).is_ascii_alphanumeric() {
            place = iban(scan, place)
                .unwrap_or_else(|| run_end(text, place, |b| b.is_ascii_alphanumeric()));
        } else {
            place += 1;
        }
    }
}

fn read(text: &[u8], first: usize) -> Number {
    let mut start = first;
    if before(text, start) == b'(' {
        start -= 1;
    }
    if before(text, start) == b'+' {
        start -= 1;
    }
    let mut groups = Vec::new();
    let mut at_digit = first;
    while groups.len() < MOST_GROUPS {
        let end = run_end(text, at_digit, |b| b.is_ascii_digit());
        groups.push((at_digit, end));
        let next = run_end(text, end, |b| {
            matches!(b, b' ' | b'-' | b'.' | b'/' | b'(' | b')')
        });
        if next == end || next - end > 2 || !at(text, next).is_ascii_digit() {
            break;
        }
        at_digit = next;
    }
    Number { start, groups }
}

fn judge(scan: &mut Scan<'_>, number: &Number) {
    let text = scan.text.as_bytes();
    if at(text, number.end()).is_ascii_alphabetic() && at(text, number.end()) != b'x' {
        national(scan, number);
        return;
    }
    if card(scan, number) || national(scan, number) {
        return;
    }
    if phones::is_phone(scan, number) {
        let span = (number.start, number.end());
        scan.add(Leak::rule(PersonalPhone, Severity::Medium, span));
    }
}

/// Looks for a card in any groups that follow each other.
fn card(scan: &mut Scan<'_>, number: &Number) -> bool {
    let text = scan.text.as_bytes();
    for from in 0..number.groups.len() {
        for to in from + 1..=number.groups.len() {
            let groups = number.groups.get(from..to).unwrap_or_default();
            let (Some(first), Some(last)) = (groups.first(), groups.last()) else {
                continue;
            };
            let is_plain = groups.len() == 1
                || (groups
                    .iter()
                    .all(|(start, end)| (2..=7).contains(&(end - start)))
                    && groups.len() >= 3);
            if is_plain && is_card(&digits(text, groups)) {
                let span = (first.0, last.1);
                scan.add(Leak::exact(SecretCard, Severity::Critical, span));
                return true;
            }
        }
    }
    false
}

fn is_card(digits: &[u8]) -> bool {
    let head = |count: usize| {
        digits
            .get(..count)
            .and_then(checks::number)
            .unwrap_or_default()
    };
    let issuer = match digits.len() {
        13 | 19 => head(1) == 4 || head(2) == 62,
        14 => matches!(head(2), 36 | 38) || (300..=305).contains(&head(3)),
        15 => matches!(head(2), 34 | 37),
        16 => {
            head(1) == 4
                || (51..=55).contains(&head(2))
                || (2221..=2720).contains(&head(4))
                || matches!(head(2), 62 | 65 | 35)
                || head(4) == 6011
                || (644..=649).contains(&head(3))
                || (2200..=2204).contains(&head(4))
        }
        _ => false,
    };
    let varied = digits.windows(2).any(|pair| pair.first() != pair.last());
    CARD.contains(&digits.len()) && issuer && varied && checks::luhn(digits)
}

/// Reads national numbers that carry a check, or a form and a word that names them.
fn national(scan: &mut Scan<'_>, number: &Number) -> bool {
    let text = scan.text.as_bytes();
    let digits = number.digits(text);
    let lengths = number.lengths();
    let is_named = scan.topic(number.start, NEAR, &[Topic::Id]).is_some();
    let last = number.end();
    let letter = at(text, last).to_ascii_uppercase();
    let exact = match lengths.as_slice() {
        [3, 3, 3, 2] => checks::cpf(&digits) || checks::snils(&digits),
        [11] => is_named && (checks::cpf(&digits) || checks::snils(&digits)),
        [18] => checks::resident(&digits),
        [17] => {
            let mut with_letter = digits.clone();
            with_letter.push(letter);
            letter == b'X' && checks::resident(&with_letter)
        }
        [8] => {
            letter.is_ascii_uppercase()
                && is_named
                && checks::number(&digits).is_some_and(|number| checks::dni(number, letter))
        }
        _ => digits.len() == 15 && is_named && checks::nir(&digits),
    };
    let has_letter = matches!(lengths.as_slice(), [17 | 8]);
    let span = (number.start, if has_letter { last + 1 } else { last });
    if exact {
        scan.add(Leak::exact(PersonalId, Severity::Medium, span));
        return true;
    }
    let area = digits.get(..3).and_then(checks::number).unwrap_or_default();
    let is_ssn = lengths == [3, 2, 4]
        && number
            .gaps(text)
            .all(|gap| gap == b"-" || (is_named && gap == b" "))
        && area != 0
        && area != 666
        && area < 900;
    if is_ssn {
        scan.add(Leak::rule(PersonalId, Severity::Medium, span));
    }
    is_ssn
}

/// Reads a bank account that begins here; returns where it ends.
fn iban(scan: &mut Scan<'_>, start: usize) -> Option<usize> {
    let text = scan.text.as_bytes();
    let country = [at(text, start), at(text, start + 1)].map(|b| b.to_ascii_uppercase());
    let length = IBANS.iter().find(|(code, _)| **code == country)?.1;
    if !(at(text, start + 2).is_ascii_digit() && at(text, start + 3).is_ascii_digit()) {
        return None;
    }
    let mut letters = Vec::with_capacity(length);
    let mut place = start;
    while letters.len() < length {
        match at(text, place) {
            b if b.is_ascii_alphanumeric() => letters.push(b.to_ascii_uppercase()),
            b' ' | b'-' if at(text, place + 1).is_ascii_alphanumeric() => {}
            _ => return None,
        }
        place += 1;
    }
    if at(text, place).is_ascii_alphanumeric() || !checks::iban(&letters) {
        return None;
    }
    scan.add(Leak::exact(PersonalIban, Severity::Medium, (start, place)));
    Some(place)
}
