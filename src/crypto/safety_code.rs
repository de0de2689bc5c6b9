//! The code that two people compare to know that nobody stands between them.
//!
//! It is derived from both public keys and the channel, so it is the same on both sides exactly
//! if both use the same two keys. The digits follow Signal's numeric fingerprint in length and
//! in being iterated; the words are for reading aloud and for typing.

use sha2::{Digest as _, Sha512};

use crate::model::Digest;

use super::sha256_of;

/// Groups of digits.
const GROUPS: usize = 12;
/// Bytes that one group is made of.
const GROUP_BYTES: usize = 5;
/// Words.
const WORDS: usize = 4;
/// How often the hash is iterated: it makes the search for a second key with a code that looks
/// alike dearer, and costs a person nothing that they notice.
const ITERATIONS: usize = 5200;

/// A safety code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafetyCode {
    /// Twelve groups of five digits.
    pub groups: Vec<String>,
    /// Four words of the English BIP39 list, which differ in their first four letters.
    pub words: Vec<String>,
    /// Which of the words has to be typed to confirm, from 0. The same on both sides.
    pub ask: usize,
    /// Digest of all of it.
    pub digest: Digest,
}

/// Derives the code of a channel from its network, its address there and the public keys of its
/// two sides, in any order.
pub fn safety_code(network: &str, address: &str, one: &[u8], other: &[u8]) -> SafetyCode {
    let (first, second) = if one <= other {
        (one, other)
    } else {
        (other, one)
    };
    let start = sha256_of(&[
        b"chaperon safety code 1",
        network.as_bytes(),
        address.as_bytes(),
        first,
        second,
    ]);
    let digits = iterated(b"digits", &start);
    let letters = iterated(b"words", &start);
    let list = bip39::Language::English.word_list();
    let words = letters
        .chunks_exact(2)
        .take(WORDS)
        .filter_map(|pair| {
            let number = pair
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            list.get(number % list.len()).copied()
        })
        .map(str::to_owned)
        .collect();
    SafetyCode {
        groups: digits
            .chunks_exact(GROUP_BYTES)
            .take(GROUPS)
            .map(|bytes| {
                let number = bytes
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
                format!("{:05}", number % 100_000)
            })
            .collect(),
        words,
        ask: letters.last().map_or(0, |byte| usize::from(*byte) % WORDS),
        digest: sha256_of(&[&digits, &letters]),
    }
}

fn iterated(label: &[u8], start: &Digest) -> [u8; 64] {
    let mut hash: [u8; 64] = Sha512::new()
        .chain_update(label)
        .chain_update(start.0)
        .finalize()
        .into();
    for _ in 1..ITERATIONS {
        hash = Sha512::new()
            .chain_update(hash)
            .chain_update(start.0)
            .finalize()
            .into();
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: [u8; 32] = [1; 32];
    const BEN: [u8; 32] = [2; 32];

    #[test]
    fn both_sides_derive_the_same_code() {
        let here = safety_code("mailbox", "abc", &ANA, &BEN);
        assert_eq!(here, safety_code("mailbox", "abc", &BEN, &ANA));
        assert_eq!(here.groups.len(), 12);
        assert!(
            here.groups
                .iter()
                .all(|group| group.len() == 5 && group.bytes().all(|byte| byte.is_ascii_digit()))
        );
        assert_eq!(here.words.len(), 4);
        assert!(here.ask < 4);
        insta::assert_debug_snapshot!((here.groups.join(" "), here.words.join(" "), here.ask));
    }

    #[test]
    fn another_key_another_channel_or_another_network_gives_another_code() {
        let code = safety_code("mailbox", "abc", &ANA, &BEN);
        for other in [
            safety_code("mailbox", "abc", &ANA, &[3; 32]),
            safety_code("mailbox", "abd", &ANA, &BEN),
            safety_code("mesh", "abc", &ANA, &BEN),
            safety_code("mailboxa", "bc", &ANA, &BEN),
        ] {
            assert_ne!(code.groups, other.groups);
            assert_ne!(code.digest, other.digest);
        }
    }
}
