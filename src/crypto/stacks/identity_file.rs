//! `identity.enc`: an identity under a password. A version byte, a salt of 16 bytes, a nonce of
//! 12, and AES-256-GCM under a key that scrypt (RFC 7914) derives from the password.
//!
//! The version byte is not authenticated, and the password is not normalised: that is how the
//! real program does it.

use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Nonce};
use zeroize::Zeroizing;

/// The version of the file.
const VERSION: u8 = 2;
const SALT: usize = 16;
const NONCE: usize = 12;
/// How much work the key is: 2^17 blocks of 8, which is 128 MiB.
const LOG_N: u8 = 17;
/// Longest file that is looked at. Real ones have some 700 bytes.
const LONGEST: usize = 64 * 1024;

/// Fewest UTF-16 code units of a password that something is sealed with.
pub const SHORTEST_PASSWORD: usize = 12;

/// Why a file was not opened or made. Nothing of it, or of the password, is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityFileError {
    /// It was written by an older or a newer program, or is empty.
    #[error("the identity file is of another version of the program")]
    OtherVersion,
    /// The password is another one, or the file was changed: nobody can tell which.
    #[error("wrong password, or the identity file is broken")]
    DoesNotOpen,
    /// The password is too short for the real program.
    #[error("the password needs at least {SHORTEST_PASSWORD} characters")]
    ShortPassword,
    /// The system has not enough memory to derive a key.
    #[error("there is not enough memory to open the identity file")]
    Memory,
}

/// Tells whether the real program takes this password for a new file.
pub fn is_long_enough(password: &str) -> bool {
    password.encode_utf16().count() >= SHORTEST_PASSWORD
}

/// Opens a file. Takes some half a second and 128 MiB, so never on a thread that others wait for.
pub fn open_identity(file: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>, IdentityFileError> {
    let Some((&VERSION, rest)) = file.split_first() else {
        return Err(IdentityFileError::OtherVersion);
    };
    if file.len() > LONGEST {
        return Err(IdentityFileError::DoesNotOpen);
    }
    let parts = rest.split_first_chunk::<SALT>();
    let parts = parts.and_then(|(salt, rest)| Some((salt, rest.split_first_chunk::<NONCE>()?)));
    let Some((salt, (nonce, sealed))) = parts else {
        return Err(IdentityFileError::DoesNotOpen);
    };
    let opened = cipher(password, salt)?.decrypt(&Nonce::from(*nonce), sealed);
    match opened {
        Ok(plain) => Ok(Zeroizing::new(plain)),
        Err(_opaque) => Err(IdentityFileError::DoesNotOpen),
    }
}

/// Makes a file. Salt and nonce have to be random and new. Costs as much as opening.
pub fn seal_identity(
    plain: &[u8],
    password: &str,
    salt: [u8; SALT],
    nonce: [u8; NONCE],
) -> Result<Vec<u8>, IdentityFileError> {
    if !is_long_enough(password) {
        return Err(IdentityFileError::ShortPassword);
    }
    let sealed = cipher(password, &salt)?.encrypt(&Nonce::from(nonce), plain);
    let sealed = sealed.map_err(|_length| IdentityFileError::Memory)?;
    Ok([&[VERSION], &salt[..], &nonce, &sealed].concat())
}

fn cipher(password: &str, salt: &[u8; SALT]) -> Result<Aes256Gcm, IdentityFileError> {
    let mut key = Zeroizing::new([0; 32]);
    let parameters = scrypt::Params::new(LOG_N, 8, 1, key.len());
    let parameters = parameters.map_err(|_range| IdentityFileError::Memory)?;
    scrypt::scrypt(password.as_bytes(), salt, &parameters, &mut key[..])
        .map_err(|_length| IdentityFileError::Memory)?;
    Ok(Aes256Gcm::new((&*key).into()))
}
