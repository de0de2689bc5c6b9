//! Amounts of money: a number beside a currency.

use crate::model::Severity;
use crate::model::SignalCode::PersonalMoney;

use super::bytes::{at, char_before, run_end, run_start, skip_blanks, word_start};
use super::scan::{Leak, Scan};

/// On which side of a currency its number stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// `$ 12`
    Right,
    /// `12 dollars`
    Left,
    /// `EUR 12` or `12 EUR`
    Both,
}

/// Currencies by the side on which their number stands.
#[rustfmt::skip]
pub(super) const CURRENCIES: &[(Side, &[&str])] = &[
    (
        Side::Right,
        &[
            "*$*", "us$", "r$", "a$", "hk$", "nt$", "*£*", "*₹*", "rs.", "*₩*", "*₽*", "*₺*",
        ],
    ),
    (
        Side::Left,
        &[
            "dollar", "dollars", "bucks", "euros", "pounds", "quid", "cents", "grand", "dólares",
            "dolares", "euro", "pesos", "reais", "franken", "francs", "franchi", "kronen",
            "rubel", "rubles", "руб*", "рублей", "доллар*", "евро", "тысяч", "*元*", "*块*", "*円*",
            "*圆*", "*人民币*", "*美元*", "*欧元*", "*원*", "rupees", "yen", "yuan", "złoty*", "zł",
        ],
    ),
    (
        Side::Both,
        &[
            "*€*", "*¥*", "usd", "eur", "gbp", "chf", "jpy", "cny", "rmb", "brl", "inr", "aud",
            "cad", "rub", "btc", "eth", "usdt", "usdc", "stx",
        ],
    ),
];

/// Words for a number that an amount may be written with.
const NUMBERS: &[&str] = &[
    "hundred",
    "thousand",
    "million",
    "billion",
    "k",
    "grand",
    "cent",
    "cents",
    "mille",
    "millions",
    "mil",
    "cien",
    "cientos",
    "millones",
    "milhões",
    "milhão",
    "hundert",
    "tausend",
    "millionen",
    "mio",
    "mila",
    "honderd",
    "duizend",
    "тысяч",
    "тысячи",
    "миллион",
    "миллионов",
    "сто",
    "ten",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "two",
    "three",
    "five",
    "dos",
    "tres",
    "cinco",
    "zwei",
    "drei",
    "fünf",
    "deux",
    "trois",
    "cinq",
    "dix",
    "vingt",
    "zehn",
    "zwanzig",
    "fünfzig",
    "veinte",
    "cincuenta",
    "千",
    "万",
    "百",
    "亿",
];

/// Bytes of an amount at most.
const LONGEST: usize = 32;

fn in_amount(b: u8) -> bool {
    b.is_ascii_digit() || matches!(b, b',' | b'.' | b'\'')
}

/// Looks beside a currency for its number.
pub(super) fn named(scan: &mut Scan<'_>, side: Side, (start, end): (usize, usize)) {
    let span = match side {
        Side::Right => right(scan, start, end),
        Side::Left => left(scan, start, end),
        Side::Both => right(scan, start, end).or_else(|| left(scan, start, end)),
    };
    if let Some(span) = span {
        scan.add(Leak::rule(PersonalMoney, Severity::Medium, span));
    }
}

fn right(scan: &Scan<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    let text = scan.lower.as_bytes();
    let number = skip_blanks(text, end);
    let digits_end = run_end(text, number, in_amount);
    (at(text, number).is_ascii_digit() && digits_end - number <= LONGEST)
        .then_some((start, digits_end))
}

fn left(scan: &Scan<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    let text = scan.lower.as_bytes();
    let number_end = run_start(text, start, |b| matches!(b, b' ' | b'\t' | b'-'));
    if start - number_end > 2 {
        return None;
    }
    let begin = run_start(text, number_end, in_amount);
    if at(text, begin).is_ascii_digit() && number_end - begin <= LONGEST {
        return Some((begin, end));
    }
    let word = word_start(scan.lower, number_end);
    let written = scan.lower.get(word..number_end)?;
    let is_number = NUMBERS.contains(&written)
        || written
            .strip_suffix('k')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(in_amount))
        || char_before(scan.lower, number_end)
            .is_some_and(|c| matches!(c, '千' | '万' | '百' | '亿'));
    is_number.then_some((word, end))
}
