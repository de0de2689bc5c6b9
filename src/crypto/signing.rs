//! Ed25519 signatures (RFC 8032), and their keys as the PEM text that `openssl` writes.
//!
//! A signing key is the seed, 32 bytes, and lives in a [`SecretKey`] as all secrets do.
//! [`SecretKey::public`] is of no use for it: that is the half for a box.
//!
//! PEM is read in one form alone, the one `openssl` writes: line feeds, a final line break,
//! nothing around it. Peers name a key by the digest of this text ([`pem_fingerprint`]), so any
//! other form of a key is another key to them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::{SecretKey, sha256};
use crate::model::PublicKey;

/// Bytes of a signature.
pub const SIGNATURE: usize = 64;

const SECRET_BEGIN: &str = "-----BEGIN PRIVATE KEY-----\n";
const SECRET_END: &str = "\n-----END PRIVATE KEY-----\n";
/// PKCS#8 version 1 (RFC 5208) around an Ed25519 seed (RFC 8410): all that precedes the seed.
const SECRET_DER: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

const PUBLIC_BEGIN: &str = "-----BEGIN PUBLIC KEY-----\n";
const PUBLIC_END: &str = "\n-----END PUBLIC KEY-----\n";
/// `SubjectPublicKeyInfo` of an Ed25519 key (RFC 8410): all that precedes the key.
const PUBLIC_DER: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Why a PEM text is not taken as a key. Nothing of the text is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// Another kind of key, or a text that `openssl` would write otherwise.
    #[error("not an Ed25519 key in the PEM form that openssl writes")]
    NotEd25519,
    /// No point of the curve, or one under which anybody can sign.
    #[error("the key is unsafe: no signature under it means anything")]
    Unsafe,
}

/// Computes the public half of a seed.
pub fn public_key(seed: &SecretKey) -> PublicKey {
    PublicKey(signing_key(seed).verifying_key().to_bytes())
}

/// Signs a message.
pub fn sign(seed: &SecretKey, message: &[u8]) -> [u8; SIGNATURE] {
    signing_key(seed).sign(message).to_bytes()
}

/// Tells whether a signature is one of this key over this message.
///
/// Refuses what more than one text could be signed by: keys and commitments of small order, and
/// a second form of the same signature (`S` + order of the group, which OpenSSL refuses too).
pub fn verify(key: &PublicKey, message: &[u8], signature: &[u8; SIGNATURE]) -> bool {
    VerifyingKey::from_bytes(&key.0).is_ok_and(|key| {
        let signature = Signature::from_bytes(signature);
        key.verify_strict(message, &signature).is_ok()
    })
}

/// Writes a public key as PEM: `SubjectPublicKeyInfo`, 113 bytes.
pub fn public_pem(key: &PublicKey) -> String {
    let der = [&PUBLIC_DER[..], &key.0].concat();
    format!("{PUBLIC_BEGIN}{}{PUBLIC_END}", STANDARD.encode(der))
}

/// Reads what [`public_pem`] writes, and nothing else. A key that it returns can be used.
pub fn read_public_pem(text: &str) -> Result<PublicKey, PemError> {
    let mut der = [0; PUBLIC_DER.len() + 32];
    let key = read_pem(text, (PUBLIC_BEGIN, PUBLIC_END), &PUBLIC_DER, &mut der)?;
    let key: [u8; 32] = key.try_into().map_err(|_length| PemError::NotEd25519)?;
    match VerifyingKey::from_bytes(&key) {
        Ok(usable) if !usable.is_weak() => Ok(PublicKey(key)),
        _ => Err(PemError::Unsafe),
    }
}

/// Writes a seed as PEM: PKCS#8 version 1, 119 bytes. Only to write it where secrets are kept.
pub fn secret_pem(seed: &SecretKey) -> Zeroizing<String> {
    let mut der = Zeroizing::new([0; SECRET_DER.len() + 32]);
    let (head, rest) = der.split_at_mut(SECRET_DER.len());
    head.copy_from_slice(&SECRET_DER);
    rest.copy_from_slice(seed.expose());
    // With room for all of it: text that grows leaves copies of itself behind.
    let mut pem = Zeroizing::new(String::with_capacity(128));
    pem.push_str(SECRET_BEGIN);
    STANDARD.encode_string(&der[..], &mut pem);
    pem.push_str(SECRET_END);
    pem
}

/// Reads what [`secret_pem`] writes, and nothing else. The caller wipes its own copy.
pub fn read_secret_pem(text: &str) -> Result<SecretKey, PemError> {
    let mut der = Zeroizing::new([0; SECRET_DER.len() + 32]);
    let seed = read_pem(text, (SECRET_BEGIN, SECRET_END), &SECRET_DER, &mut der[..])?;
    let mut bytes = Zeroizing::new([0; 32]);
    if seed.len() != bytes.len() {
        return Err(PemError::NotEd25519);
    }
    bytes.copy_from_slice(seed);
    Ok(SecretKey::from_bytes(*bytes))
}

/// Returns the name of a key on networks that send it as PEM: `sha256:` and 64 lower-case
/// hexadecimal digits, the digest of that very text.
pub fn pem_fingerprint(pem: &str) -> String {
    format!("sha256:{}", sha256(pem.as_bytes()).hex())
}

fn signing_key(seed: &SecretKey) -> SigningKey {
    // It wipes itself when it is dropped.
    SigningKey::from_bytes(seed.expose())
}

/// Decodes the body of a PEM text into `der`, and returns what follows `head` there.
fn read_pem<'a>(
    text: &str,
    (begin, end): (&str, &str),
    head: &[u8],
    der: &'a mut [u8],
) -> Result<&'a [u8], PemError> {
    let body = text
        .strip_prefix(begin)
        .and_then(|rest| rest.strip_suffix(end));
    // As many characters as `der` needs: a longer text is not even decoded.
    let body = body.filter(|body| body.len() == der.len().div_ceil(3) * 4);
    let decoded = body.map(|body| STANDARD.decode_slice(body, der));
    if !matches!(decoded, Some(Ok(length)) if length == der.len()) {
        return Err(PemError::NotEd25519);
    }
    der.strip_prefix(head).ok_or(PemError::NotEd25519)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn the_known_answer_of_the_standard_is_reproduced() {
        let seed = SecretKey::from_bytes([
            0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11,
            0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed,
            0x4f, 0xb8, 0xa6, 0xfb,
        ]);
        assert_eq!(public_key(&seed).0[..4], [0x3d, 0x40, 0x17, 0xc3]);
        let signature = sign(&seed, &[0x72]);
        assert_eq!(signature[..4], [0x92, 0xa0, 0x09, 0xa9]);
        assert_eq!(signature[60..], [0x12, 0xbb, 0x0c, 0x00]);
    }

    #[test]
    fn a_key_under_which_anybody_can_sign_is_refused() {
        // The neutral element: with it, R = neutral and S = 0 "sign" every message.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut forged = [0; SIGNATURE];
        forged[0] = 1;
        assert!(!verify(&PublicKey(neutral), b"anything", &forged));
        let pem = public_pem(&PublicKey(neutral));
        assert_eq!(read_public_pem(&pem), Err(PemError::Unsafe));
    }

    #[test]
    fn bytes_that_are_no_point_of_the_curve_are_refused() {
        let mut nowhere = [0; 32];
        nowhere[0] = 2;
        let pem = public_pem(&PublicKey(nowhere));
        assert_eq!(read_public_pem(&pem), Err(PemError::Unsafe));
        assert!(!verify(&PublicKey(nowhere), b"", &[0; SIGNATURE]));
    }

    #[test]
    fn pem_is_read_in_the_one_form_that_is_written() {
        let pem = public_pem(&public_key(&SecretKey::from_bytes([7; 32])));
        for other in [
            pem.trim_end().to_owned(),
            pem.replace('\n', "\r\n"),
            format!("junk\n{pem}"),
            format!("{pem}\n"),
            pem.replace("PUBLIC", "PRIVATE"),
            // The same key with unused bits of base64 set, and an X25519 key (OID 1.3.101.110).
            pem.replace("=\n", "\n"),
            pem.replace("MCowBQYDK2Vw", "MCowBQYDK2Vu"),
            String::new(),
        ] {
            assert_eq!(
                read_public_pem(&other),
                Err(PemError::NotEd25519),
                "{other}"
            );
        }
    }

    proptest! {
        #[test]
        fn keys_are_read_back_from_pem(seed: [u8; 32]) {
            let secret = SecretKey::from_bytes(seed);
            let key = public_key(&secret);
            let pem = public_pem(&key);
            prop_assert_eq!(pem.len(), 113);
            prop_assert_eq!(read_public_pem(&pem), Ok(key));
            let pem = secret_pem(&secret);
            prop_assert_eq!(pem.len(), 119);
            prop_assert!(read_secret_pem(&pem).is_ok_and(|read| read.expose() == &seed));
        }

        #[test]
        fn a_pem_with_one_character_changed_is_another_key_or_none(
            seed: [u8; 32], place: prop::sample::Index, character in "[ -~\n]",
        ) {
            let key = public_key(&SecretKey::from_bytes(seed));
            let mut pem = public_pem(&key);
            let place = place.index(pem.len());
            prop_assume!(pem.get(place..=place) != Some(&*character));
            pem.replace_range(place..=place, &character);
            prop_assert_ne!(read_public_pem(&pem), Ok(key));
        }

        #[test]
        fn a_signature_is_of_one_key_and_one_message(
            seed: [u8; 32], other: [u8; 32], message: Vec<u8>, flip in 0_usize..512,
        ) {
            prop_assume!(seed != other);
            let seed = SecretKey::from_bytes(seed);
            let (key, other) = (public_key(&seed), public_key(&SecretKey::from_bytes(other)));
            let mut signature = sign(&seed, &message);
            prop_assert!(verify(&key, &message, &signature));
            prop_assert!(!verify(&other, &message, &signature));
            prop_assert!(!verify(&key, &[&message[..], b"!"].concat(), &signature));
            signature[flip / 8] ^= 1 << (flip % 8);
            prop_assert!(!verify(&key, &message, &signature));
        }
    }
}
