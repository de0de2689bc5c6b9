//! Signs what a webhook gets, so that its owner knows that this relay sent it.
//!
//! The key is the SHA-256 of the recipient's API key, in hexadecimal: the relay keeps no more
//! of it, and the recipient can compute it.

use sha2::{Digest as _, Sha256};

use crate::model::{Digest, UnixMillis};

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// Returns the value of `X-Clawtalk-Signature`: when, and the HMAC of that, a full stop and
/// the body.
pub(super) fn header(key_hash: &[u8; 32], now: UnixMillis, body: &[u8]) -> String {
    let seconds = now.0.div_euclid(1000);
    let stamp = format!("{seconds}.");
    let key = Digest(*key_hash).hex();
    let signature = hmac(key.as_bytes(), &[stamp.as_bytes(), body]);
    format!("t={seconds},v1={}", Digest(signature).hex())
}

/// HMAC-SHA256 (RFC 2104) with a key of at most a block.
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let pad = |fill: u8| {
        let mut block = [fill; BLOCK];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        Sha256::new_with_prefix(block)
    };
    let mut inner = pad(0x36);
    for part in parts {
        inner.update(part);
    }
    let mut outer = pad(0x5c);
    outer.update(inner.finalize());
    outer.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_4231() {
        let code = |key: &[u8], text: &[u8]| Digest(hmac(key, &[text])).hex();
        assert_eq!(
            code(&[0x0b; 20], b"Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            code(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn time_and_body_are_signed() {
        let header = |key, at, body: &[u8]| header(&[key; 32], UnixMillis(at), body);
        let first = header(1, 1_700_000_000_999, b"{}");
        assert!(first.starts_with("t=1700000000,v1="), "{first}");
        assert_eq!(first.len(), "t=1700000000,v1=".len() + 64);
        assert_ne!(first, header(2, 1_700_000_000_999, b"{}"));
        assert_ne!(first, header(1, 1_700_000_000_999, b"{ }"));
        assert_ne!(
            first.get(16..),
            header(1, 1_700_000_001_999, b"{}").get(16..)
        );
    }
}
