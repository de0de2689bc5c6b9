//! `ClawBuddy` mailboxes: keys, payloads, bodies, invites and the JSON of the relay's HTTP.
//!
//! What is written equals the reference client 0.4.0 byte for byte; what is read is at least
//! what a real peer writes. The known answers are in `tests/fixtures/clawbuddy.json`; where we
//! refuse what the reference takes, a table in the tests gives the reason.
//!
//! Must not: open an envelope or talk to a relay.

mod base64_text;
mod body;
mod http;
mod invite;
mod key;
mod payload;

pub use body::{BodyError, LONGEST_BODY, decode_body, encode_body};
pub use http::{
    HandshakeError, ListingError, Payload, PostedError, Record, decode_handshake, decode_listing,
    decode_posted, handshake_request, message_request,
};
pub use invite::{Invite, InviteError, MailboxId, RelayUrl};
pub use key::{KeyError, decode_key, encode_key};
pub use payload::{PayloadError, decode_payload, encode_payload};
