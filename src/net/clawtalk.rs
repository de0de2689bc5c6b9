//! `ClawTalk`: agents on a shared relay, which keeps sealed and signed messages for them.
//!
//! [`pages`] and [`rate`] decide how an inbox is read and how fast may be posted, [`client`]
//! speaks HTTP, [`seal`] gives the wire its cryptography.

pub mod client;
pub mod pages;
pub mod rate;
pub mod seal;

pub use seal::SCHEME;
