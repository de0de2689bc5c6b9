//! Checksums. All take ASCII as it was written and answer yes or no.

use sha2::{Digest, Sha256};

/// Payment cards and others: ISO/IEC 7812-1, annex B.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit.wrapping_sub(b'0'));
            match place % 2 {
                0 => digit,
                _ if digit > 4 => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    !digits.is_empty() && sum.is_multiple_of(10)
}

/// Bank accounts: ISO 7064 MOD 97-10 over letters and digits, the first four moved to the end.
pub(super) fn iban(letters: &[u8]) -> bool {
    let (head, tail) = letters.split_at(letters.len().min(4));
    let mut rest = 0u32;
    for letter in tail.iter().chain(head) {
        rest = match letter {
            b'0'..=b'9' => rest * 10 + u32::from(letter - b'0'),
            b'A'..=b'Z' => rest * 100 + u32::from(letter - b'A') + 10,
            _ => return false,
        } % 97;
    }
    rest == 1
}

/// Returns the digits as a number; `None` if one is none or there are more than 18.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0u64, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + u64::from(digit - b'0'))
    })
}

/// Returns the sum of digits times weights.
fn weighted(digits: &[u8], weights: impl Iterator<Item = u32>) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight)
        .sum()
}

/// Brazil, CPF: eleven digits, the last two checked modulo 11.
pub(super) fn cpf(digits: &[u8]) -> bool {
    let digit = |upto: usize| {
        let head = digits.get(..upto).unwrap_or_default();
        let rest = weighted(
            head,
            (2..).take(upto).collect::<Vec<u32>>().into_iter().rev(),
        ) * 10
            % 11;
        u8::try_from(rest % 10).map(|digit| digit + b'0')
    };
    let all_equal = digits
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if a == b));
    digits.len() == 11
        && !all_equal
        && digit(9).ok().as_ref() == digits.get(9)
        && digit(10).ok().as_ref() == digits.get(10)
}

/// Russia, SNILS: nine digits and a two-digit sum.
pub(super) fn snils(digits: &[u8]) -> bool {
    let (head, tail) = digits.split_at(digits.len().min(9));
    let sum = weighted(head, (1..=9).rev()) % 101 % 100;
    digits.len() == 11 && number(tail) == Some(u64::from(sum)) && number(head) > Some(1_001_998)
}

/// China, resident identity: GB 11643-1999, seventeen digits and a mark of MOD 11-2.
pub(super) fn resident(letters: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let (head, tail) = letters.split_at(letters.len().min(17));
    let Some(&[mark]) = tail.first_chunk::<1>() else {
        return false;
    };
    let part = |from: usize, to: usize| head.get(from..to).and_then(number).unwrap_or(0);
    let is_born = (1900..2100).contains(&part(6, 10))
        && (1..=12).contains(&part(10, 12))
        && (1..=31).contains(&part(12, 14));
    let sum = weighted(head, WEIGHTS.into_iter()) % 11;
    is_born
        && letters.len() == 18
        && b"10X98765432".get(sum as usize) == Some(&mark.to_ascii_uppercase())
}

/// France, NIR: thirteen digits and 97 minus their remainder.
pub(super) fn nir(digits: &[u8]) -> bool {
    let (head, tail) = digits.split_at(digits.len().min(13));
    let (Some(head), Some(key)) = (number(head), number(tail)) else {
        return false;
    };
    let month = head / 100_000_000 % 100;
    digits.len() == 15 && key == 97 - head % 97 && (month <= 12 || (20..=42).contains(&month))
}

/// Spain, DNI and NIE: eight digits and a letter of their remainder modulo 23.
pub(super) fn dni(number: u64, letter: u8) -> bool {
    let place = usize::try_from(number % 23).unwrap_or(usize::MAX);
    b"TRWAGMYFPDXBNJZSQVHLCKE".get(place) == Some(&letter.to_ascii_uppercase())
}

/// Italy, codice fiscale: sixteen letters and digits, the last one checked modulo 26.
pub(super) fn codice_fiscale(letters: &[u8]) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    const SHAPE: &[u8; 16] = b"aaaaaa00a00a000a";
    let fits = letters.len() == SHAPE.len()
        && letters
            .iter()
            .zip(SHAPE)
            .all(|(letter, shape)| match shape {
                b'a' => letter.is_ascii_uppercase(),
                _ => letter.is_ascii_digit(),
            });
    let (head, tail) = letters.split_at(letters.len().min(15));
    let value = |letter: u8| {
        u32::from(if letter.is_ascii_digit() {
            letter - b'0'
        } else {
            letter - b'A'
        })
    };
    fits && {
        let sum: u32 = head
            .iter()
            .enumerate()
            .map(|(place, letter)| match place % 2 {
                0 => ODD.get(value(*letter) as usize).copied().unwrap_or(0),
                _ => value(*letter),
            })
            .sum();
        tail.first().map(|letter| value(*letter)) == Some(sum % 26)
    }
}

const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Longest text that is decoded: the work grows with the square of it.
const LONGEST_BASE58: usize = 120;

/// Decodes `Base58Check` (Bitcoin): the bytes without the checksum, or `None`.
pub(super) fn base58check(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() > LONGEST_BASE58 {
        return None;
    }
    let mut number: Vec<u8> = Vec::new();
    for letter in text {
        let value = BASE58.iter().position(|known| known == letter)?;
        let mut carry = u32::try_from(value).ok()?;
        for byte in &mut number {
            carry += u32::from(*byte) * 58;
            *byte = carry.to_le_bytes().first().copied().unwrap_or_default();
            carry /= 256;
        }
        while carry > 0 {
            number.push(carry.to_le_bytes().first().copied().unwrap_or_default());
            carry /= 256;
        }
    }
    let zeros = text.iter().take_while(|letter| **letter == b'1').count();
    number.resize(number.len() + zeros, 0);
    number.reverse();
    let sum = number.split_off(number.len().checked_sub(4)?);
    let hash = Sha256::digest(Sha256::digest(&number));
    hash.starts_with(&sum).then_some(number)
}

/// Bech32 (BIP 173) of a whole text in lower case, with its prefix.
pub(super) fn bech32(text: &[u8]) -> bool {
    const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATORS: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    let Some(split) = text.iter().rposition(|letter| *letter == b'1') else {
        return false;
    };
    let (prefix, rest) = text.split_at(split);
    let high = prefix.iter().map(|letter| u32::from(letter >> 5));
    let low = prefix.iter().map(|letter| u32::from(letter & 31));
    let mut values: Vec<u32> = high.chain([0]).chain(low).collect();
    for letter in rest.iter().skip(1) {
        let Some(value) = LETTERS.iter().position(|known| known == letter) else {
            return false;
        };
        values.push(u32::try_from(value).unwrap_or(0));
    }
    let sum = values.into_iter().fold(1u32, |sum, value| {
        let top = sum >> 25;
        GENERATORS
            .iter()
            .enumerate()
            .filter(|(bit, _)| top >> bit & 1 == 1)
            .fold(((sum & 0x1ff_ffff) << 5) ^ value, |sum, (_, generator)| {
                sum ^ generator
            })
    });
    sum == 1
}

/// Returns bits of entropy per byte, as Shannon counts them.
pub(super) fn entropy(text: &[u8]) -> f32 {
    let mut counts = [0u16; 256];
    for byte in text {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let length = f32::from(u16::try_from(text.len()).unwrap_or(u16::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f32::from(*count) / length;
            -share * share.log2()
        })
        .sum()
}

/// Tells whether there are letters and digits.
pub(super) fn is_mixed(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_checksums_hold_and_one_wrong_digit_breaks_them() {
        type Case<'a> = (fn(&[u8]) -> bool, &'a str);
        let cases: &[Case<'_>] = &[
            (luhn, "4111111111111111"),
            (luhn, "378282246310005"),
            (iban, "DE89370400440532013000"),
            (iban, "GB29NWBK60161331926819"),
            (cpf, "52998224725"),
            (snils, "11223344595"),
            (resident, "11010519491231002X"),
            (nir, "255081416802538"),
            (codice_fiscale, "RSSMRA85T10A562S"),
            (bech32, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
            (
                |text| base58check(text).is_some(),
                "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
            ),
        ];
        for (check, good) in cases {
            assert!(check(good.as_bytes()), "{good}");
            let mut bad = good.as_bytes().to_vec();
            bad[8] = if bad[8] == b'3' { b'4' } else { b'3' };
            assert!(!check(&bad), "{good} with a wrong letter");
        }
        assert!(dni(12_345_678, b'Z') && !dni(12_345_679, b'Z'));
    }

    #[test]
    fn entropy_counts_bits() {
        assert!(entropy(b"aaaa").abs() < 1e-6);
        assert!((entropy(b"abcd") - 2.0).abs() < 1e-6);
    }
}
