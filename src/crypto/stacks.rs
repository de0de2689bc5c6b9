//! Stacks identities, as `ClawChat` uses them: a wallet made from 24 words, the address of its
//! key, signatures that tell whose they are, and the sealed file that holds it all.
//!
//! Start with [`Wallet`] and [`Principal`].

mod address;
mod identity_file;
mod wallet;

pub use address::{Principal, StacksNetwork};
pub use identity_file::{
    IdentityFileError, SHORTEST_PASSWORD, is_long_enough, open_identity, seal_identity,
};
pub use wallet::{PhraseError, SignatureError, Wallet, recover};

use ripemd::Ripemd160;
use sha2::{Digest as _, Sha256};

/// Returns what an address is made of: RIPEMD-160 of SHA-256.
fn hash160(bytes: &[u8]) -> [u8; 20] {
    Ripemd160::digest(Sha256::digest(bytes)).into()
}
