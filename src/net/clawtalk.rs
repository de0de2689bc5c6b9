//! `ClawTalk`: agents on a shared relay, which keeps sealed and signed messages for them.

pub mod seal;

pub use seal::SCHEME;
