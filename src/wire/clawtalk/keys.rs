//! Keys as the tool of the reference writes them, and as the directory shows them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Scheme;
use crate::model::PublicKey;

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not base64 in its one standard form.
    #[error("the key is not standard base64 with its padding")]
    NotBase64,
    /// It decodes to another length.
    #[error("the key has {0} bytes instead of 32")]
    Length(usize),
    /// A key whose box everybody can open.
    #[error("the key is unsafe (low order): anybody could read the messages")]
    LowOrder,
    /// There is none.
    #[error("there is no key yet")]
    Missing,
}

/// Writes a key as standard base64 with padding: 44 characters.
pub fn encode_key(key: &PublicKey) -> String {
    STANDARD.encode(key.0)
}

/// Reads what [`encode_key`] writes, and nothing else, as the reference does.
pub fn decode_key(text: &str) -> Result<PublicKey, KeyError> {
    if text.is_empty() {
        return Err(KeyError::Missing);
    }
    let bytes = STANDARD
        .decode(text)
        .map_err(|_other| KeyError::NotBase64)?;
    let length = bytes.len();
    match bytes.try_into() {
        Ok(key) => Ok(PublicKey(key)),
        Err(_) => Err(KeyError::Length(length)),
    }
}

/// The two public keys of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerKeys {
    /// The one to seal for them with (X25519). Not of low order where it came from
    /// [`Self::parse`] or [`Self::from_texts`].
    pub key: PublicKey,
    /// The one to verify what they sign (Ed25519); `None` where they have none.
    pub signing: Option<PublicKey>,
}

impl PeerKeys {
    /// Reads the two texts of a directory; the second may be empty.
    pub fn from_texts(key: &str, signing: &str) -> Result<Self, KeyError> {
        let key = decode_key(key)?;
        if key.is_low_order() {
            return Err(KeyError::LowOrder);
        }
        let signing = match decode_key(signing) {
            Ok(signing) => Some(signing),
            Err(KeyError::Missing) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { key, signing })
    }

    /// Reads what [`fmt::Display`] writes: both keys in standard base64 with a point between
    /// them; nothing behind the point where there is no key to verify with.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (key, signing) = text.split_once('.').ok_or(KeyError::NotBase64)?;
        Self::from_texts(key, signing)
    }
}

impl fmt::Display for PeerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signing = self.signing.as_ref().map(encode_key).unwrap_or_default();
        write!(f, "{}.{signing}", encode_key(&self.key))
    }
}

/// Why a file of keys was not read. Nothing of the file is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Not a JSON object with the members of such a file.
    #[error(
        "not a file of keys: JSON with publicKey, privateKey, signingKey and signingPrivateKey"
    )]
    NotAKeyFile,
    /// One of them is no key.
    #[error("{member} is not a key of {bytes} bytes in standard base64")]
    Key {
        /// Which one.
        member: &'static str,
        /// How long it has to be.
        bytes: usize,
    },
    /// A public key is not that of the private key beside it.
    #[error("{0} does not belong to the private key beside it")]
    NotAPair(&'static str),
    /// A key whose box everybody can open.
    #[error("publicKey is unsafe (low order)")]
    LowOrder,
}

/// Our keys in the file that the reference's `keygen` prints. Its secrets wipe themselves.
pub struct KeyFile {
    /// Secret key of the box (X25519).
    pub secret: Zeroizing<[u8; 32]>,
    /// Seed of the signing key (Ed25519); `None` where the file has none.
    pub seed: Option<Zeroizing<[u8; 32]>>,
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFile(..)")
    }
}

/// Bytes of a signing key as the reference keeps it: the seed, then the public half.
const SIGNING_SECRET: usize = 64;

impl KeyFile {
    /// Returns the public halves.
    pub fn public(&self, scheme: &Scheme) -> PeerKeys {
        PeerKeys {
            key: (scheme.box_public)(&self.secret),
            signing: self.seed.as_ref().map(|seed| (scheme.signing_public)(seed)),
        }
    }

    /// Reads a file; members beside the four are ignored. Both keys for signing may be missing
    /// or empty. The caller wipes its own copy of the text.
    pub fn decode(text: &str, scheme: &Scheme) -> Result<Self, KeyFileError> {
        // Borrowed, so that no copy of a secret is left behind; base64 needs no escapes.
        #[derive(Deserialize)]
        struct File<'a> {
            #[serde(rename = "publicKey")]
            public: &'a str,
            #[serde(rename = "privateKey")]
            private: &'a str,
            #[serde(rename = "signingKey", default)]
            signing: &'a str,
            #[serde(rename = "signingPrivateKey", default)]
            signing_private: &'a str,
        }
        let file: File<'_> =
            serde_json::from_str(text).map_err(|_other| KeyFileError::NotAKeyFile)?;
        let secret = secret_bytes::<32>(file.private, "privateKey")?;
        let key = public(file.public, "publicKey")?;
        if (scheme.box_public)(&secret) != key {
            return Err(KeyFileError::NotAPair("publicKey"));
        }
        if key.is_low_order() {
            return Err(KeyFileError::LowOrder);
        }
        if file.signing.is_empty() && file.signing_private.is_empty() {
            return Ok(Self { secret, seed: None });
        }
        let long = secret_bytes::<SIGNING_SECRET>(file.signing_private, "signingPrivateKey")?;
        let (seed, half) = long.split_at(32);
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(seed);
        let signing = public(file.signing, "signingKey")?;
        if (scheme.signing_public)(&bytes) != signing || half != signing.0 {
            return Err(KeyFileError::NotAPair("signingKey"));
        }
        Ok(Self {
            secret,
            seed: Some(bytes),
        })
    }

    /// Writes the file as `keygen` prints it, without its last line break. Without a signing key
    /// its two members are empty. Only to write it where secrets are kept.
    pub fn encode(&self, scheme: &Scheme) -> Zeroizing<String> {
        let public = self.public(scheme);
        let mut long = Zeroizing::new([0; SIGNING_SECRET]);
        if let (Some(seed), Some(key)) = (&self.seed, &public.signing) {
            let (head, rest) = long.split_at_mut(32);
            head.copy_from_slice(&seed[..]);
            rest.copy_from_slice(&key.0);
        }
        // With room for all of it: text that grows leaves copies of itself behind.
        let mut text = Zeroizing::new(String::with_capacity(512));
        text.push_str("{\n  \"publicKey\": \"");
        STANDARD.encode_string(public.key.0, &mut text);
        text.push_str("\",\n  \"privateKey\": \"");
        STANDARD.encode_string(&self.secret[..], &mut text);
        text.push_str("\",\n  \"signingKey\": \"");
        if let Some(key) = &public.signing {
            STANDARD.encode_string(key.0, &mut text);
        }
        text.push_str("\",\n  \"signingPrivateKey\": \"");
        if public.signing.is_some() {
            STANDARD.encode_string(&long[..], &mut text);
        }
        text.push_str("\"\n}");
        text
    }
}

fn public(text: &str, member: &'static str) -> Result<PublicKey, KeyFileError> {
    decode_key(text).map_err(|_why| KeyFileError::Key { member, bytes: 32 })
}

fn secret_bytes<const N: usize>(
    text: &str,
    member: &'static str,
) -> Result<Zeroizing<[u8; N]>, KeyFileError> {
    // The decoder asks for room in whole groups of three.
    let mut room = Zeroizing::new([0; 72]);
    let mut bytes = Zeroizing::new([0; N]);
    let length = STANDARD.decode_slice(text, &mut room[..]);
    match (length, room.get(..N)) {
        (Ok(length), Some(decoded)) if length == N => bytes.copy_from_slice(decoded),
        _ => return Err(KeyFileError::Key { member, bytes: N }),
    }
    Ok(bytes)
}
