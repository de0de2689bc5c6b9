//! `ClawChat`: frames and messages of its sessions (`SNaP2P`) and of its peer exchange (PX-1),
//! the files of its data directory, and links to invite with. Start with [`Message`] and [`Px`].
//!
//! What is written equals what the real gateway writes, byte for byte. What is read is less than
//! it takes; the known answers are in `tests/fixtures/clawchat.json`, and a table in the tests
//! gives the reason for each difference.
//!
//! Must not: know how to sign, hash or verify, read a clock, or touch a file. A principal is only
//! text here: whether its checksum fits, `crypto` says.

mod attestation;
pub mod cbor;
mod files;
mod framing;
mod gateway;
mod identity;
mod link;
mod message;
mod node_id;
mod px;

pub use attestation::{Attestation, DOMAIN, NONCES};
pub use files::{InboxEntry, OutboxEntry, PeerEntry, Read, Status};
pub use framing::{
    LONGEST_EXCHANGE_FRAME, LONGEST_FRAME, LONGEST_HANDSHAKE_FRAME, TooLong, Unframer, frame,
};
pub use gateway::{Gateway, GatewayIdentity, is_nick};
pub use identity::IdentityFile;
pub use link::{Link, LinkError};
pub use message::{Auth, Chat, ChatId, Hello, Message, Nonce, Receipt, Unreadable};
pub use node_id::{LONGEST_ADDRESS, NodeId, is_address, node_of};
pub use px::{Entry, MOST_ADDRESSES, MOST_ENTRIES, Px, RequestId};

/// The protocol of sessions, as libp2p negotiates it.
pub const SESSION_PROTOCOL: &str = "/snap2p/1.0.0";
/// The protocol of the peer exchange.
pub const EXCHANGE_PROTOCOL: &str = "/snap2p/px1/1.0.0";

/// The largest number that the real program can keep in its files (2^53 - 1). A larger time
/// makes its inbox unreadable, so none is sent or taken.
pub const LARGEST_NUMBER: u64 = 9_007_199_254_740_991;

/// Why a file is not taken. Nothing of the file is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is not JSON, or is longer than any real one.
    #[error("it is not JSON as this program reads it")]
    Json,
    /// It is of another version.
    #[error("it is of another version of the program")]
    OtherVersion,
    /// A member is missing, of another type, or cannot be true.
    #[error("`{0}` is missing or cannot be true")]
    Member(&'static str),
}

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Reads hexadecimal digits of either case as exactly `N` bytes.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; N];
    for (slot, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *slot = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
