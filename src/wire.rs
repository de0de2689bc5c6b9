//! Turns bytes of the networks into typed values and back. Start with [`mailbox`], or with
//! [`mesh`] for the network of signed messages, [`clawtalk`] for agents on a shared relay, or
//! [`clawchat`] for gateways that meet peer to peer.
//!
//! Pure and total: every decoder answers any input with a value or an error, in time and
//! memory linear in its length. No I/O, no clock, no randomness but what is passed in.
//! Strict in what is written; lenient in what is read only where a real peer needs it.
//!
//! Must not: judge (that is `policy`), decrypt (that is `crypto`), or put a peer's text, a
//! key or a path into an error.

pub mod clawbuddy_files;
pub mod clawchat;
pub mod clawtalk;
pub mod js_json;
pub(crate) mod loose_json;
pub mod mailbox;
pub mod mesh;
pub mod python_json;
