//! What is believed of a gateway, and what is said to it. Pure: no I/O, no clock, no randomness.
//!
//! The real gateway believes who somebody says that they are. Here a peer is who signed the
//! attestation, for the very node key that the connection was encrypted with: whoever else shows
//! it is refused ([`Reason`]). Start with [`Handshake`], then [`receive`].

mod attest;
pub mod exchange;
mod handshake;
mod reach;
mod session;

pub use attest::{attest, verify};
pub use handshake::{Admitted, Handshake, Reason, Refused, Step, auth_fail};
pub use reach::Reach;
pub use session::{
    ReceivedChat, SessionStep, chat_frame, ping_frame, receipt_frame, receive, to_key,
};

use std::sync::Arc;
use std::time::Duration;

use crate::crypto::stacks::{Principal, Wallet};

/// How long a handshake may take in all. A real gateway answers within some 0.2 s, but it takes
/// up to a second for its first one.
pub const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(15);

/// Who we are.
#[derive(Clone, Debug)]
pub struct Us {
    /// The principal of the wallet.
    pub principal: Principal,
    /// What signs for it.
    pub wallet: Arc<Wallet>,
    /// The Ed25519 key of our node.
    pub node_key: [u8; 32],
    /// Whether we tell that we send and understand receipts.
    pub receipts: bool,
}

/// What is new in every handshake. Random bytes have to be from a secure source.
#[derive(Clone, Copy)]
pub struct Fresh {
    /// The time, in seconds since 1970.
    pub now: u64,
    /// Random bytes for our HELLO.
    pub hello_nonce: [u8; 16],
    /// Random bytes for our attestation.
    pub attestation_nonce: [u8; 32],
}

impl std::fmt::Debug for Fresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fresh").finish_non_exhaustive()
    }
}

/// Who is at the other end: proven, but perhaps not wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Who, by their attestation.
    pub principal: Principal,
    /// The key of their node, by their attestation and by the connection.
    pub node_key: [u8; 32],
    /// Whether they send and understand receipts.
    pub receipts: bool,
    /// The attestation, as JSON for a log: all that is needed to verify it again.
    pub attestation: String,
}

/// Who opened a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We did.
    Initiator,
    /// They did.
    Responder,
}
