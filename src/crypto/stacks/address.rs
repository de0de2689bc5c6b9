//! Addresses in c32check (Stacks SIP-005), and the principals made of them.

use std::fmt;

use sha2::{Digest as _, Sha256};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PREFIX: &str = "stacks:";
/// Longest address: the version and 24 bytes in digits of five bits.
const LONGEST: usize = 41;

/// Which Stacks network an address is of. They do not talk to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StacksNetwork {
    /// Addresses begin with `SP`.
    Mainnet,
    /// Addresses begin with `ST`.
    Testnet,
}

impl StacksNetwork {
    /// Returns the version byte of addresses of one key.
    fn version(self) -> u8 {
        match self {
            Self::Mainnet => 22,
            Self::Testnet => 26,
        }
    }

    fn of(version: u8) -> Option<Self> {
        let all = [Self::Mainnet, Self::Testnet];
        all.into_iter().find(|one| one.version() == version)
    }
}

/// Who somebody is: the hash of the key of their wallet, on one network. In text
/// `stacks:ST…` or `stacks:SP…`, in one form alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal {
    network: StacksNetwork,
    hash160: [u8; 20],
}

impl Principal {
    /// Makes one of its parts.
    pub fn new(network: StacksNetwork, hash160: [u8; 20]) -> Self {
        Self { network, hash160 }
    }

    /// Reads the text; `None` where it is no address of one key, has another checksum, or is
    /// written in any other way than it is written here.
    pub fn parse(text: &str) -> Option<Self> {
        let address = text.strip_prefix(PREFIX)?;
        if address.len() > LONGEST {
            return None;
        }
        let mut digits = address.strip_prefix('S')?.bytes().map(digit);
        let network = StacksNetwork::of(digits.next()??)?;
        let mut bytes = [0_u8; 24];
        for digit in digits {
            let mut carry = u32::from(digit?);
            for byte in bytes.iter_mut().rev() {
                carry |= u32::from(*byte) << 5;
                *byte = u8::try_from(carry & 0xff).ok()?;
                carry >>= 8;
            }
            if carry > 0 {
                return None;
            }
        }
        let principal = Self {
            network,
            hash160: *bytes.first_chunk()?,
        };
        // Written again it has the right checksum and the right number of leading zeros.
        (principal.to_string() == text).then_some(principal)
    }

    /// Returns which network it is of.
    pub fn network(&self) -> StacksNetwork {
        self.network
    }

    /// Returns the hash of the wallet's key.
    pub fn hash160(&self) -> &[u8; 20] {
        &self.hash160
    }

    /// Returns the address alone, without `stacks:`.
    pub fn address(&self) -> String {
        let version = self.network.version();
        let [first, second, third, fourth, ..] = checksum(version, &self.hash160);
        let mut bytes = [0; 24];
        for (slot, byte) in bytes.iter_mut().zip(
            self.hash160
                .into_iter()
                .chain([first, second, third, fourth]),
        ) {
            *slot = byte;
        }
        let mut text = String::with_capacity(LONGEST);
        text.push('S');
        text.push(letter(version));
        text.push_str(&c32(&bytes));
        text
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.address())
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn checksum(version: u8, hash160: &[u8; 20]) -> [u8; 32] {
    let once = Sha256::new_with_prefix([version]).chain_update(hash160);
    Sha256::digest(once.finalize()).into()
}

/// Writes bytes as one number in digits of five bits, without leading zeros, after a zero for
/// every leading byte that is one.
fn c32(bytes: &[u8; 24]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let (mut digits, mut carry, mut bits) = (Vec::with_capacity(LONGEST), 0_u32, 0);
    for byte in bytes.iter().rev() {
        carry |= u32::from(*byte) << bits;
        bits += 8;
        while bits >= 5 {
            digits.push(carry & 0x1f);
            carry >>= 5;
            bits -= 5;
        }
    }
    digits.push(carry);
    while digits.last() == Some(&0) {
        digits.pop();
    }
    let digits = digits.into_iter().rev();
    let digits = digits.map(|digit| u8::try_from(digit).map_or('0', letter));
    std::iter::repeat_n('0', zeros).chain(digits).collect()
}

fn letter(digit: u8) -> char {
    ALPHABET
        .get(usize::from(digit))
        .map_or('0', |letter| char::from(*letter))
}

fn digit(letter: u8) -> Option<u8> {
    let place = ALPHABET.iter().position(|one| *one == letter)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHO: &str = "stacks:ST1JAHE8GEHB0MCBGR8J6W0AA7TJEE1XKFSD2Q80H";

    #[test]
    fn a_principal_has_one_text() {
        assert_eq!(Principal::parse(WHO).unwrap().to_string(), WHO);
        for other in [
            "",
            "stacks:",
            "stacks:S",
            "stacks:ST",
            &WHO.replace("stacks:", ""),
            &WHO.replace("stacks:", "stacks:stacks:"),
            &WHO.to_lowercase(),
            // O and I and L are read as digits by a lenient reader of c32.
            &WHO.replace('0', "O"),
            &WHO.replace('1', "I"),
            &WHO.replace("ST", "SP"),
            // Multi-signature addresses are nobody's wallet.
            &WHO.replace("ST", "SN"),
            &WHO.replace("80H", "80J"),
            &WHO.replace("ST1", "ST01"),
            &format!("{WHO}.contract"),
            &format!("{WHO} "),
            &format!("stacks:ST{}", "Z".repeat(39)),
            &format!("stacks:ST{}", "Z".repeat(1000)),
        ] {
            assert_eq!(Principal::parse(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn a_principal_is_read_back(hash160: [u8; 20], zeros in 0_usize..20, main: bool) {
            let network = if main { StacksNetwork::Mainnet } else { StacksNetwork::Testnet };
            let mut hash160 = hash160;
            hash160[..zeros].fill(0);
            let principal = Principal::new(network, hash160);
            prop_assert_eq!(Principal::parse(&principal.to_string()), Some(principal));
            prop_assert!((28..=LONGEST).contains(&principal.address().len()));
        }

        #[test]
        fn any_text_is_answered(text in "(stacks:)?S[PT]?[0-9A-Za-z:]{0,45}") {
            if let Some(principal) = Principal::parse(&text) {
                prop_assert_eq!(principal.to_string(), text);
            }
        }

        #[test]
        fn a_mistyped_letter_is_noticed(place in 9_usize..48, letter in "[0-9A-HJKMNP-TV-Z]") {
            let mut text = WHO.to_owned();
            prop_assume!(text.get(place..=place) != Some(&*letter));
            text.replace_range(place..=place, &letter);
            prop_assert_eq!(Principal::parse(&text), None);
        }
    }
}
