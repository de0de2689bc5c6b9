//! The statement that a wallet signs: this node key is mine, from then to then.

use std::fmt;
use std::ops::RangeInclusive;

use super::LARGEST_NUMBER;
use super::cbor::Value;
use super::hex;

/// What the signature is for, so that it means nothing elsewhere.
pub const DOMAIN: &str = "snap2p-nodekey-attestation-v1";
/// How many bytes the nonce may have. Real ones have 32.
pub const NONCES: RangeInclusive<usize> = 16..=32;
/// Longest principal that is looked at. Real ones have up to 48 characters.
const LONGEST_PRINCIPAL: usize = 64;

/// An attestation, of the right shape. Nothing in it is believed yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Attestation {
    /// Who signed it, as they say. At most 64 bytes of ASCII letters, digits and `:`.
    pub principal: String,
    /// The Ed25519 key of their node.
    pub node_key: [u8; 32],
    /// When it was signed, in seconds since 1970.
    pub issued_at: u64,
    /// Until when it holds, in seconds since 1970.
    pub expires_at: u64,
    /// Random bytes, 16 to 32.
    pub nonce: Vec<u8>,
    /// The signature over the SHA-256 of [`Self::payload`]: r, s, recovery id.
    pub signature: [u8; 65],
}

impl fmt::Debug for Attestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attestation").finish_non_exhaustive()
    }
}

impl Attestation {
    /// Returns the bytes whose SHA-256 is signed.
    pub fn payload(&self) -> Vec<u8> {
        let node_key = hex(&self.node_key);
        Value::map([
            ("p", Value::text(&self.principal)),
            ("v", Value::Uint(1)),
            ("ts", Value::Uint(self.issued_at)),
            ("exp", Value::Uint(self.expires_at)),
            ("npk", Value::text(&node_key)),
            ("nonce", Value::bytes(&self.nonce)),
            ("domain", Value::text(DOMAIN)),
        ])
        .encode()
    }

    /// Writes it as it stands in a message, byte strings as lists of numbers.
    pub fn to_value(&self) -> Value<'_> {
        Value::map([
            ("version", Value::Uint(1)),
            ("principal", Value::text(&self.principal)),
            ("nodePublicKey", Value::numbers(&self.node_key)),
            ("issuedAt", Value::Uint(self.issued_at)),
            ("expiresAt", Value::Uint(self.expires_at)),
            ("nonce", Value::numbers(&self.nonce)),
            ("domain", Value::text(DOMAIN)),
            ("signature", Value::numbers(&self.signature)),
        ])
    }

    /// Reads it from a message; `None` where it is of another version, domain or shape. Byte
    /// strings may be written as such or as lists of numbers.
    pub fn from_value(value: &Value<'_>) -> Option<Self> {
        let number = |name: &str| {
            let number = value.get(name)?.as_uint();
            number.filter(|number| *number <= LARGEST_NUMBER)
        };
        let bytes = |name: &str| value.get(name)?.as_byte_list();
        if number("version")? != 1 || value.get("domain")?.as_text()? != DOMAIN {
            return None;
        }
        Some(Self {
            principal: principal(value.get("principal")?)?,
            node_key: bytes("nodePublicKey")?.try_into().ok()?,
            issued_at: number("issuedAt")?,
            expires_at: number("expiresAt")?,
            nonce: bytes("nonce").filter(|nonce| NONCES.contains(&nonce.len()))?,
            signature: bytes("signature")?.try_into().ok()?,
        })
    }

    /// Writes it as JSON for a log, byte strings as hexadecimal digits: all that is needed to
    /// verify it again later.
    pub fn to_json(&self) -> String {
        serde_json::json!({
            "version": 1,
            "domain": DOMAIN,
            "principal": self.principal,
            "nodePublicKey": hex(&self.node_key),
            "issuedAt": self.issued_at,
            "expiresAt": self.expires_at,
            "nonce": hex(&self.nonce),
            "signature": hex(&self.signature),
        })
        .to_string()
    }
}

/// Reads text that a principal could be: short, and safe in a line and in a path.
pub(super) fn principal(value: &Value<'_>) -> Option<String> {
    let text = value.as_text()?;
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b':';
    let fits = text.len() <= LONGEST_PRINCIPAL && text.bytes().all(is_safe);
    fits.then(|| text.to_owned())
}
