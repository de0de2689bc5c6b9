//! What protects a profile on disk: a random key that seals every value, and a lock that keeps
//! this key under a passphrase.
//!
//! Values are sealed with `XChaCha20`-Poly1305 (draft-irtf-cfrg-xchacha-03) for the place where
//! they lie, so that a sealed value opens nowhere else. The key is wrapped in the same cipher
//! under a key that Argon2id (RFC 9106) derives from the passphrase; how it was derived stands
//! beside it and is authenticated. Another passphrase wraps the same key anew.
//!
//! Must not: tell why a lock did not open. There is one error for a wrong passphrase and for a
//! lock that was changed, after the same work.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::Error;
use crate::model::Passphrase;

/// Bytes of a nonce: 24 random ones may be used without counting.
const NONCE: usize = 24;
/// Bytes of an Argon2 salt, as RFC 9106 section 3.1 recommends.
const SALT: usize = 16;
/// Version of the lock's form.
const FORM: u8 = 1;
/// Most work that a lock read from a file may ask for: 1 GiB, 32 passes, 16 lanes.
const MOST: Cost = Cost {
    memory_kib: 1024 * 1024,
    passes: 32,
    lanes: 16,
};

/// The key that seals a profile. It is wiped when it is dropped, and prints nothing.
#[derive(Clone, ZeroizeOnDrop)]
pub struct VaultKey([u8; 32]);

impl VaultKey {
    /// Makes a new key from the system's randomness.
    pub fn generate() -> Result<Self, Error> {
        let mut key = Self([0; 32]);
        super::fill_random(&mut key.0)?;
        Ok(key)
    }

    /// Seals a value for one place: a random nonce, the ciphertext, a tag of 16 bytes.
    pub fn seal(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.seal_with(&super::random()?, place, plain))
    }

    fn seal_with(&self, nonce: &[u8; NONCE], place: &[u8], plain: &[u8]) -> Vec<u8> {
        let payload = Payload {
            msg: plain,
            aad: place,
        };
        let sealed = XChaCha20Poly1305::new((&self.0).into())
            .encrypt(XNonce::from_slice(nonce), payload)
            .expect("the length is far below the cipher's limit of 256 GiB");
        let mut whole = Vec::with_capacity(NONCE + sealed.len());
        whole.extend_from_slice(nonce);
        whole.extend_from_slice(&sealed);
        whole
    }

    /// Opens a value that was sealed for this place.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let Some((nonce, sealed)) = sealed.split_first_chunk::<NONCE>() else {
            return Err(Error::DoesNotOpen);
        };
        let payload = Payload {
            msg: sealed,
            aad: place,
        };
        XChaCha20Poly1305::new((&self.0).into())
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_opaque| Error::DoesNotOpen)
    }
}

impl fmt::Debug for VaultKey {
    /// Prints the name alone: types that hold a key must be printable, the key never.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey(..)")
    }
}

/// How much work Argon2id is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Memory in KiB.
    #[serde(rename = "m")]
    pub memory_kib: u32,
    /// Passes over it.
    #[serde(rename = "t")]
    pub passes: u32,
    /// Lanes.
    #[serde(rename = "p")]
    pub lanes: u32,
}

impl Cost {
    /// What a new lock costs: 64 MiB and three passes, the second choice of RFC 9106 section 4
    /// on one lane, because the implementation computes lanes one after the other.
    pub const NORMAL: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 1,
    };

    /// Next to no work, for tests. It protects nothing.
    pub const TEST: Self = Self {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };

    fn is_bearable(self) -> bool {
        self.memory_kib <= MOST.memory_kib && self.passes <= MOST.passes && self.lanes <= MOST.lanes
    }
}

/// A vault key under a passphrase, with all that is needed to try one. Not a secret, but
/// whoever has it can guess passphrases as fast as they can pay for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultLock {
    cost: Cost,
    salt: [u8; SALT],
    sealed: Vec<u8>,
}

/// A lock as it is written down.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    v: u8,
    kdf: String,
    #[serde(flatten)]
    cost: Cost,
    salt: String,
    cipher: String,
    sealed: String,
}

const KDF: &str = "argon2id-v19";
const CIPHER: &str = "xchacha20-poly1305";

impl VaultLock {
    /// Puts a key under a passphrase, with a new salt. Takes as long as `cost` says.
    pub fn new(key: &VaultKey, passphrase: &Passphrase, cost: Cost) -> Result<Self, Error> {
        let salt = super::random()?;
        let under = derive(passphrase.expose().as_bytes(), &salt, cost)?;
        let sealed = under.seal(&place(cost, &salt), &key.0)?;
        Ok(Self { cost, salt, sealed })
    }

    /// Takes the key out. Takes as long as the cost says, whatever is wrong.
    pub fn open(&self, passphrase: &Passphrase) -> Result<VaultKey, Error> {
        let under = derive(passphrase.expose().as_bytes(), &self.salt, self.cost)?;
        let opened = under.open(&place(self.cost, &self.salt), &self.sealed);
        let Ok(bytes) = opened.map(Zeroizing::new) else {
            return Err(Error::WrongPassphrase);
        };
        let mut key = VaultKey([0; 32]);
        if bytes.len() != key.0.len() {
            return Err(Error::WrongPassphrase);
        }
        key.0.copy_from_slice(&bytes);
        Ok(key)
    }

    /// Returns the written form, one line of JSON.
    pub fn to_text(&self) -> String {
        let written = Written {
            v: FORM,
            kdf: KDF.to_owned(),
            cost: self.cost,
            salt: BASE64.encode(self.salt),
            cipher: CIPHER.to_owned(),
            sealed: BASE64.encode(&self.sealed),
        };
        serde_json::to_string(&written).expect("strings and numbers")
    }

    /// Reads the written form. A form, an algorithm or a cost that this program never writes
    /// is refused.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let broken = Error::BrokenLock;
        let written: Written = serde_json::from_str(text).map_err(|_detail| broken)?;
        let decode = |text: &str| BASE64.decode(text).map_err(|_detail| broken);
        let salt = decode(&written.salt)?.try_into();
        let known = written.v == FORM && written.kdf == KDF && written.cipher == CIPHER;
        match salt {
            Ok(salt) if known && written.cost.is_bearable() => Ok(Self {
                cost: written.cost,
                salt,
                sealed: decode(&written.sealed)?,
            }),
            Ok(_) | Err(_) => Err(broken),
        }
    }
}

/// What a wrapped key is bound to: everything that says how it was wrapped.
fn place(cost: Cost, salt: &[u8; SALT]) -> Vec<u8> {
    let mut place = format!("chaperon vault {FORM} {KDF} {CIPHER}\0").into_bytes();
    for number in [cost.memory_kib, cost.passes, cost.lanes] {
        place.extend_from_slice(&number.to_le_bytes());
    }
    place.extend_from_slice(salt);
    place
}

fn derive(passphrase: &[u8], salt: &[u8], cost: Cost) -> Result<VaultKey, Error> {
    let mut key = VaultKey([0; 32]);
    let Ok(params) = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(key.0.len()))
    else {
        return Err(Error::BrokenLock);
    };
    match Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, salt, &mut key.0)
    {
        Ok(()) => Ok(key),
        Err(_) => Err(Error::BrokenLock),
    }
}

#[cfg(test)]
mod tests {
    use argon2::{AssociatedData, ParamsBuilder};
    use proptest::prelude::*;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits
            .chunks(2)
            .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap())
            .collect()
    }

    fn lock(passphrase: &str) -> (VaultKey, VaultLock) {
        let key = VaultKey::generate().unwrap();
        let lock = VaultLock::new(&key, &Passphrase::new(passphrase), Cost::TEST).unwrap();
        (key, lock)
    }

    #[test]
    fn argon2id_gives_the_tag_of_rfc_9106_section_5_3() {
        let mut params = ParamsBuilder::new();
        params.m_cost(32).t_cost(3).p_cost(4);
        params.data(AssociatedData::new(&[4; 12]).unwrap());
        let params = params.build().unwrap();
        let argon =
            Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut tag = [0; 32];
        argon
            .hash_password_into(&[1; 32], &[2; 16], &mut tag)
            .unwrap();
        assert_eq!(
            tag.as_slice(),
            bytes("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659")
        );
    }

    /// From `src/test.c` of the reference implementation (phc-winner-argon2).
    #[test]
    fn a_derived_key_is_that_of_the_reference_implementation() {
        let cost = Cost {
            memory_kib: 256,
            passes: 2,
            lanes: 1,
        };
        assert_eq!(
            derive(b"password", b"somesalt", cost).unwrap().0.as_slice(),
            bytes("9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe")
        );
    }

    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    #[test]
    fn a_sealed_value_is_that_of_the_draft() {
        let plain = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip \
            for the future, sunscreen would be it.";
        let key: Vec<u8> = (0x80..=0x9f).collect();
        let nonce: Vec<u8> = (0x40..=0x57).collect();
        let place = bytes("50515253c0c1c2c3c4c5c6c7");
        let key = VaultKey(key.try_into().unwrap());
        let sealed = key.seal_with(&nonce.try_into().unwrap(), &place, plain.as_bytes());
        assert_eq!(
            sealed[NONCE..],
            bytes(
                "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa644
                 0bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e
                 3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e
                 c0875924c1c7987947deafd8780acf49"
            )
        );
        assert_eq!(key.open(&place, &sealed).unwrap(), plain.as_bytes());
    }

    #[test]
    fn the_right_passphrase_gives_the_key_and_any_other_the_one_error() {
        let (key, lock) = lock("correct horse");
        let opened = lock.open(&Passphrase::new("correct horse")).unwrap();
        assert_eq!(opened.0, key.0);
        for wrong in ["", "correct", "correct horse ", "Correct horse"] {
            let error = lock.open(&Passphrase::new(wrong)).unwrap_err();
            assert_eq!(error, Error::WrongPassphrase, "{wrong:?}");
        }
    }

    #[test]
    fn a_lock_that_was_changed_anywhere_answers_as_a_wrong_passphrase_does() {
        let (_, lock) = lock("correct horse");
        let passphrase = Passphrase::new("correct horse");
        let mut cost = lock.clone();
        cost.cost.passes += 1;
        let mut salt = lock.clone();
        salt.salt[0] ^= 1;
        let mut short = lock.clone();
        short.sealed.truncate(10);
        let mut flipped = lock;
        flipped.sealed[30] ^= 1;
        for changed in [cost, salt, short, flipped] {
            let error = changed.open(&passphrase).unwrap_err();
            assert_eq!(error, Error::WrongPassphrase);
        }
    }

    #[test]
    fn a_lock_reads_back_from_its_written_form() {
        let (_, lock) = lock("correct horse");
        let text = lock.to_text();
        assert_eq!(VaultLock::parse(&text).unwrap(), lock);
        for broken in [
            "",
            "{}",
            &text.replace("\"v\":1", "\"v\":2"),
            &text.replace("argon2id", "argon2i"),
            &text.replace("xchacha", "chacha"),
            &text.replace("\"m\":64", "\"m\":4000000000"),
            &text.replace("\"salt\":\"", "\"salt\":\"A"),
        ] {
            assert_eq!(VaultLock::parse(broken), Err(Error::BrokenLock), "{broken}");
        }
    }

    #[test]
    fn secrets_of_the_vault_print_only_the_name_of_their_type() {
        let key = VaultKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), "VaultKey(..)");
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_where_it_was_sealed_and_nowhere_else(
            plain: Vec<u8>,
            place: Vec<u8>,
            elsewhere: Vec<u8>,
            flip: (prop::sample::Index, u8),
        ) {
            let key = VaultKey([7; 32]);
            let mut sealed = key.seal(&place, &plain).unwrap();
            prop_assert_eq!(key.open(&place, &sealed).unwrap(), plain);
            if place != elsewhere {
                prop_assert_eq!(key.open(&elsewhere, &sealed), Err(Error::DoesNotOpen));
            }
            prop_assert_eq!(VaultKey([8; 32]).open(&place, &sealed), Err(Error::DoesNotOpen));
            let at = flip.0.index(sealed.len());
            sealed[at] ^= flip.1 | 1;
            prop_assert_eq!(key.open(&place, &sealed), Err(Error::DoesNotOpen));
        }

        #[test]
        fn bytes_of_anybody_never_open(bytes: Vec<u8>) {
            prop_assert_eq!(VaultKey([7; 32]).open(b"", &bytes), Err(Error::DoesNotOpen));
        }
    }
}
