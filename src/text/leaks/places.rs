//! Street addresses: a word for a street beside a name and a number.

use crate::model::Severity;
use crate::model::SignalCode::PersonalAddress;

use super::bytes::{at, before, char_at, run_end, run_start, skip_blanks, word_end, word_start};
use super::scan::{Leak, Scan};

/// How an address is written around its word for a street.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Street {
    /// `12 Elm Street` or `Elm Street 12`
    After,
    /// `12 rue de la Paix`
    Before,
    /// `Calle Mayor 7`, `ул. Ленина, д. 5`
    First,
    /// `Hauptstraße 5`: the word and the name are one.
    Joined,
    /// `建国路88号`
    Unspaced,
    /// `P.O. Box 12`
    Box,
}

/// Words for streets by how they are used.
#[rustfmt::skip]
pub(super) const STREETS: &[(Street, &[&str])] = &[
    (
        Street::After,
        &[
            "street", "st", "avenue", "ave", "road", "rd", "lane", "ln", "drive", "dr",
            "boulevard", "blvd", "court", "ct", "place", "pl", "square", "sq", "way", "terrace",
            "close", "crescent", "parkway", "pkwy", "highway", "hwy", "gardens", "mews", "row",
        ],
    ),
    (
        Street::Before,
        &[
            "rue", "avenue", "boulevard", "place", "chemin", "allée", "impasse", "quai", "cours",
            "passage", "bd", "route de",
        ],
    ),
    (
        Street::First,
        &[
            "calle", "c/", "avenida", "avda", "av", "paseo", "plaza", "carrer", "camino", "rua",
            "travessa", "praça", "alameda", "estrada", "via", "viale", "piazza", "corso",
            "vicolo", "largo", "ул", "улица", "улице", "проспект", "пр-т", "переулок", "пер",
            "бульвар", "шоссе", "набережная", "площадь", "ulica", "ul", "aleja", "platz der",
            "am", "an der",
        ],
    ),
    (
        Street::Joined,
        &[
            "*straße", "*strasse", "*str", "*weg", "*platz", "*allee", "*gasse", "*ufer",
            "*damm", "*straat", "*laan", "*plein", "*gracht", "*kade", "*vägen", "*gatan",
            "*gata", "*vej", "*gade",
        ],
    ),
    (
        Street::Unspaced,
        &[
            "*路*", "*街*", "*大道*", "*巷*", "*弄*", "*丁目*", "*胡同*",
        ],
    ),
    (
        Street::Box,
        &[
            "p.o. box", "po box", "p.o.box", "postfach", "apartado", "caixa postal",
            "casella postale", "boîte postale", "а/я",
        ],
    ),
];

/// Words of a name at most.
const LONGEST_NAME: usize = 4;

/// Digits of a house at most.
const LONGEST_NUMBER: usize = 5;

/// Looks around a word for a street for the rest of an address.
pub(super) fn named(scan: &mut Scan<'_>, street: Street, span: (usize, usize)) {
    let found = match street {
        Street::After => {
            number_and_name_before(scan, span).or_else(|| name_before_number_after(scan, span))
        }
        Street::Before => number_before(scan, span),
        Street::First => name_and_number_after(scan, span),
        Street::Joined => joined(scan, span),
        Street::Unspaced => unspaced(scan, span),
        Street::Box => number_after(scan, span.1).map(|end| (span.0, end)),
    };
    if let Some(found) = found {
        scan.add(Leak::rule(PersonalAddress, Severity::Medium, found));
    }
}

/// Returns where the number of a house ends that begins here, its letter included.
fn house_end(text: &[u8], start: usize) -> Option<usize> {
    let end = run_end(text, start, |b| b.is_ascii_digit());
    if end == start || end - start > LONGEST_NUMBER {
        return None;
    }
    let with_letter = if at(text, end).is_ascii_alphabetic() {
        end + 1
    } else {
        end
    };
    let next = at(text, with_letter);
    // A time or a price is no house: 7:30, 5.50, 20%.
    let goes_on = next.is_ascii_alphanumeric()
        || next == b'%'
        || (matches!(next, b':' | b'.' | b',') && at(text, with_letter + 1).is_ascii_digit());
    (!goes_on).then_some(with_letter)
}

fn number_after(scan: &Scan<'_>, end: usize) -> Option<usize> {
    let text = scan.lower.as_bytes();
    let mut place = run_end(text, end, |b| matches!(b, b' ' | b'.' | b',' | b'#'));
    for mark in ["nº", "n°", "no.", "nr.", "д.", "д", "дом", "num."] {
        if let Some(rest) = scan.lower.get(place..)
            && rest.starts_with(mark)
        {
            place = run_end(text, place + mark.len(), |b| matches!(b, b' ' | b'.'));
            break;
        }
    }
    (place - end <= 12)
        .then(|| house_end(text, place))
        .flatten()
}

fn is_capital(scan: &Scan<'_>, place: usize) -> bool {
    char_at(scan.text, place).is_some_and(|c| c.is_uppercase() || c.is_ascii_digit())
}

fn word_before(scan: &Scan<'_>, place: usize) -> Option<(usize, usize)> {
    let text = scan.lower.as_bytes();
    let end = run_start(text, place, |b| matches!(b, b' ' | b'.'));
    let start = word_start(scan.lower, end);
    (start < end && place - end <= 2 && place > end).then_some((start, end))
}

/// `12 Elm Street`: words with a capital back to a number.
fn number_and_name_before(scan: &Scan<'_>, (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let text = scan.lower.as_bytes();
    let mut place = start;
    for count in 0..=LONGEST_NAME {
        let (word, word_end) = word_before(scan, place)?;
        let is_number = at(text, word).is_ascii_digit()
            && house_end(text, word) == Some(word_end)
            && !matches!(before(text, word), b':' | b'.' | b',' | b'-' | b'$');
        if is_number && count > 0 && (is_capital(scan, start) || end - start > 3) {
            return Some((word, end));
        }
        if !is_capital(scan, word) {
            return None;
        }
        place = word;
    }
    None
}

/// `Elm Street 12`
fn name_before_number_after(
    scan: &Scan<'_>,
    (start, end): (usize, usize),
) -> Option<(usize, usize)> {
    let (name, _) = word_before(scan, start)?;
    let is_full_word = end - start > 3;
    (is_full_word && is_capital(scan, name) && is_capital(scan, start))
        .then(|| number_after(scan, end))
        .flatten()
        .map(|end| (name, end))
}

/// `12, rue de la Paix`, with a name behind it.
fn number_before(scan: &Scan<'_>, (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let text = scan.lower.as_bytes();
    let mut number_end = run_start(text, start, |b| matches!(b, b' ' | b','));
    for mark in ["bis", "ter"] {
        if let Some(before) = scan
            .lower
            .get(..number_end)
            .and_then(|text| text.strip_suffix(mark))
        {
            number_end = run_start(text, before.len(), |b| b == b' ');
        }
    }
    let number = run_start(text, number_end, |b| b.is_ascii_digit());
    let is_house = (1..=LONGEST_NUMBER).contains(&(number_end - number))
        && start > number_end
        && start - number_end <= 6
        && !before(text, number).is_ascii_alphanumeric();
    let name = skip_blanks(text, end);
    let has_name = word_end(scan.lower, name) > name && name > end;
    (is_house && has_name).then(|| (number, word_end(scan.lower, name)))
}

/// `Calle Mayor 7`: a name of a few words, then the number.
fn name_and_number_after(scan: &Scan<'_>, (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let text = scan.lower.as_bytes();
    let mut place = run_end(text, end, |b| matches!(b, b' ' | b'.'));
    let mut capitals = 0;
    for _ in 0..=LONGEST_NAME {
        let word = word_end(scan.lower, place);
        if word == place || at(text, place).is_ascii_digit() {
            return None;
        }
        capitals += usize::from(is_capital(scan, place));
        if capitals > 0
            && let Some(found) = number_after(scan, word)
        {
            return Some((start, found));
        }
        place = skip_blanks(text, word);
        if place == word {
            return None;
        }
    }
    None
}

/// `Hauptstraße 5`
fn joined(scan: &Scan<'_>, (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let word = word_start(scan.lower, start);
    let has_name = start - word >= 3
        || word_before(scan, start).is_some_and(|(name, _)| is_capital(scan, name));
    (has_name && is_capital(scan, word))
        .then(|| number_after(scan, end))
        .flatten()
        .map(|end| (word, end))
}

/// `建国路88号`, `中央区银座4丁目5-6`
fn unspaced(scan: &Scan<'_>, (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let text = scan.text.as_bytes();
    let number_end = run_end(text, end, |b| b.is_ascii_digit() || b == b'-');
    let digits = number_end - end;
    let is_house = (1..=9).contains(&digits)
        && (digits >= 3
            || scan.text.get(number_end..).is_some_and(|rest| {
                rest.starts_with('号')
                    || rest.starts_with('弄')
                    || rest.starts_with('番')
                    || rest.starts_with('號')
            })
            || scan.text.get(start..end) == Some("丁目"));
    let name = scan
        .text
        .get(..start)?
        .char_indices()
        .rev()
        .take(3)
        .last()?
        .0;
    is_house.then_some((name, number_end))
}
