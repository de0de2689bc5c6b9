//! `ClawTalk`: agents on a shared relay. Names and keys, envelopes and what their signatures
//! cover, and the JSON of the relay's HTTP.
//!
//! What is written equals the reference's client byte for byte, with one correction: `ttl` is
//! never signed, because whoever verifies does not see it. What is read is at least what a real
//! peer writes. One broken message or entry of a directory never spoils the rest of its list.
//! The known answers are in `tests/fixtures/clawtalk.json`; where our verdict differs from the
//! reference's, a table in the tests gives the reason.
//!
//! Must not: hold keys longer than a call, or talk to a relay. Cryptography is passed in.

mod body;
mod directory;
mod envelope;
mod http;
mod keys;
mod names;
mod scheme;
mod seal;

pub use body::{decode_payload, encode_payload};
pub use directory::{BrokenEntry, Entry, Found, decode_directory, find};
pub use envelope::{Broken, Envelope, EnvelopeError, LONGEST_ENVELOPE, Opened, decode_page};
pub use http::{
    Audit, Direction, ErrorCode, Posted, decode_error, decode_health, decode_posted,
    decode_registered, encode_time, keys_request, register_request,
};
pub use keys::{KeyError, KeyFile, KeyFileError, PeerKeys, decode_key, encode_key};
pub use names::{AgentName, ApiKey, EnvelopeId, InviteCode, NameError, read_signup};
pub use scheme::Scheme;
pub use seal::{Draft, LONGEST_POST, Outgoing, TooLong, seal};

pub use super::js_json::JsText;

/// A list that cannot be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the relay's answer is not the list that was asked for")]
pub struct ListingError;
