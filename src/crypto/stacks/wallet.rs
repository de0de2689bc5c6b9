//! A wallet: a secp256k1 key made from 24 words, and signatures that tell whose they are.

use std::fmt;

use bip32::{DerivationPath, XPrv};
use bip39::{Language, Mnemonic};
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::{Principal, StacksNetwork, hash160};

/// Where the key of an address stands in the tree that the words make (BIP44, Stacks).
const PATH: &str = "m/44'/5757'/0'/0/0";
/// How many words there are.
const WORDS: usize = 24;

/// Why words make no wallet. Nothing of them is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhraseError {
    /// There are more or fewer of them.
    #[error("a seed phrase has {WORDS} words")]
    Words,
    /// They are written in another way.
    #[error("write the words in lower case with one space between them")]
    Form,
    /// One is no word of the list, or the last one does not fit the others.
    #[error("these words are no seed phrase: one is wrong, missing or in the wrong place")]
    Checksum,
    /// 32 bytes that are no key of the curve.
    #[error("this is no private key of a wallet")]
    Key,
}

/// A signature that is none, or could be written in a second form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not one of a wallet")]
pub struct SignatureError;

/// The key of a wallet. It wipes itself when it is dropped.
pub struct Wallet {
    secret: Zeroizing<[u8; 32]>,
    public: [u8; 33],
}

impl fmt::Debug for Wallet {
    /// Prints the name alone: types that hold a key must be printable, the key never.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wallet(..)")
    }
}

impl Wallet {
    /// Makes 24 words from random bytes.
    pub fn new_phrase(entropy: [u8; 32]) -> Zeroizing<String> {
        let entropy = Zeroizing::new(entropy);
        // 32 bytes are one of the lengths that there are words for.
        Mnemonic::from_entropy(&entropy[..]).map_or_else(
            |_length| Zeroizing::new(String::new()),
            |words| joined(&words),
        )
    }

    /// Makes the wallet of 24 English words in lower case, one space between them.
    pub fn from_phrase(phrase: &str) -> Result<Self, PhraseError> {
        if phrase.split_whitespace().count() != WORDS {
            return Err(PhraseError::Words);
        }
        if *joined_words(phrase) != *phrase || phrase.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(PhraseError::Form);
        }
        let words = Mnemonic::parse_in_normalized(Language::English, phrase)
            .map_err(|_word| PhraseError::Checksum)?;
        let seed = Zeroizing::new(words.to_seed_normalized(""));
        let path: DerivationPath = PATH.parse().map_err(|_path| PhraseError::Key)?;
        let key = XPrv::derive_from_path(&seed[..], &path).map_err(|_key| PhraseError::Key)?;
        let secret = Zeroizing::new(<[u8; 32]>::from(key.private_key().to_bytes()));
        Self::new(secret)
    }

    /// Takes the private key. The caller wipes its own copy.
    pub fn from_secret(secret: [u8; 32]) -> Result<Self, PhraseError> {
        Self::new(Zeroizing::new(secret))
    }

    fn new(secret: Zeroizing<[u8; 32]>) -> Result<Self, PhraseError> {
        let key = SigningKey::from_slice(&secret[..]).map_err(|_range| PhraseError::Key)?;
        let public = compressed(key.verifying_key()).ok_or(PhraseError::Key)?;
        Ok(Self { secret, public })
    }

    /// Returns who this wallet is on a network.
    pub fn principal(&self, network: StacksNetwork) -> Principal {
        Principal::new(network, hash160(&self.public))
    }

    /// Returns the public key, compressed.
    pub fn public_key(&self) -> [u8; 33] {
        self.public
    }

    /// Returns the private key, only to write it where secrets are kept.
    pub fn secret(&self) -> &Zeroizing<[u8; 32]> {
        &self.secret
    }

    /// Signs a digest (RFC 6979, low S): r, s, and 0 or 1 for which key it is of.
    pub fn sign(&self, digest: &[u8; 32]) -> [u8; 65] {
        let signed = SigningKey::from_slice(&self.secret[..])
            .and_then(|key| key.sign_prehash_recoverable(digest));
        let mut rsv = [0; 65];
        // It was a key when the wallet was made, and a digest of this length can be signed.
        if let (Ok((signature, recovery)), Some((rs, v))) = (signed, rsv.split_first_chunk_mut()) {
            *rs = <[u8; 64]>::from(signature.to_bytes());
            v.fill(recovery.to_byte());
        }
        rsv
    }
}

/// Returns the hash of the key that made a signature over a digest.
///
/// Refuses what the real program takes: a high S, which is a second form of the same signature.
pub fn recover(digest: &[u8; 32], rsv: &[u8; 65]) -> Result<[u8; 20], SignatureError> {
    let [rs @ .., v] = rsv;
    let signature = Signature::from_slice(rs).map_err(|_range| SignatureError)?;
    let recovery = RecoveryId::from_byte(*v).filter(|_| *v <= 1);
    if signature.normalize_s().is_some() {
        return Err(SignatureError);
    }
    let key =
        VerifyingKey::recover_from_prehash(digest, &signature, recovery.ok_or(SignatureError)?);
    let key = key.map_err(|_opaque| SignatureError)?;
    compressed(&key)
        .map(|key| hash160(&key))
        .ok_or(SignatureError)
}

fn compressed(key: &VerifyingKey) -> Option<[u8; 33]> {
    key.to_encoded_point(true).as_bytes().try_into().ok()
}

/// Writes the words with one space between them, with room for all of them: text that grows
/// leaves copies of itself behind.
fn joined(words: &Mnemonic) -> Zeroizing<String> {
    join(words.words())
}

fn joined_words(phrase: &str) -> Zeroizing<String> {
    join(phrase.split_whitespace())
}

fn join<W: AsRef<str>>(words: impl Iterator<Item = W> + Clone) -> Zeroizing<String> {
    let length: usize = words.clone().map(|word| word.as_ref().len() + 1).sum();
    let mut phrase = Zeroizing::new(String::with_capacity(length));
    for word in words {
        if !phrase.is_empty() {
            phrase.push(' ');
        }
        phrase.push_str(word.as_ref());
    }
    phrase
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_outside_of_the_curve_are_no_key() {
        assert_eq!(Wallet::from_secret([0; 32]).err(), Some(PhraseError::Key));
        assert_eq!(
            Wallet::from_secret([0xff; 32]).err(),
            Some(PhraseError::Key)
        );
    }

    #[test]
    fn a_wallet_prints_nothing_of_its_key() {
        let wallet = Wallet::from_secret([7; 32]).unwrap();
        assert_eq!(format!("{wallet:?}"), "Wallet(..)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn new_words_make_a_wallet(entropy: [u8; 32]) {
            let phrase = Wallet::new_phrase(entropy);
            prop_assert_eq!(phrase.split(' ').count(), 24);
            let wallet = Wallet::from_phrase(&phrase).unwrap();
            let again = Wallet::from_secret(**wallet.secret()).unwrap();
            prop_assert_eq!(again.public_key(), wallet.public_key());
        }

        #[test]
        fn a_signature_tells_whose_it_is_and_over_what(
            secret: [u8; 32], digest: [u8; 32], flip in 0_usize..520,
        ) {
            let Ok(wallet) = Wallet::from_secret(secret) else { return Ok(()) };
            let who = *wallet.principal(StacksNetwork::Testnet).hash160();
            let mut rsv = wallet.sign(&digest);
            prop_assert_eq!(recover(&digest, &rsv), Ok(who));
            rsv[flip / 8] ^= 1 << (flip % 8);
            prop_assert_ne!(recover(&digest, &rsv), Ok(who));
        }
    }
}
