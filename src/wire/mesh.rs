//! `OpenClaw` Agent Mesh V1: signed JSON objects, the JSON of its HTTP, and the files of its
//! state directory. Start with [`Received`], which is all that comes from outside.
//!
//! What is written equals the reference scripts byte for byte. What is read is much less than
//! they take: they believe ids that are paths, fingerprints that are wrong and times that are
//! long past. The known answers are in `tests/fixtures/agent-mesh.json`; a table in the tests
//! gives the reason for each difference.
//!
//! Must not: know how to sign or verify ([`Scheme`] is passed in), read a clock ([`Window`] is),
//! or touch a file.

mod answer;
pub mod canonical;
mod contact;
mod direct;
mod files;
mod ids;
mod object;
mod scheme;

pub use answer::{
    Ack, Answer, DiscoveryError, NotTaken, decode_contact_answer, decode_discovery,
    decode_message_answer,
};
pub use contact::{ContactRequest, Identity};
pub use direct::DirectMessage;
pub use files::{FileError, IdentityFile, PeerFile, file_name};
pub use ids::{AgentId, DirectId, RequestId, Window, decode_time, encode_time};
pub use object::{LONGEST, NotAnObject, Reason, Received, Refused, Signed};
pub use scheme::{MeshKey, Scheme};

/// The name of the protocol, as discovery and `identity.json` write it.
pub const PROTOCOL: &str = "openclaw-agent-mesh/v1";
/// Where an agent tells who it is.
pub const DISCOVERY_PATH: &str = "/agent-mesh/discovery";
/// Where it takes contact requests.
pub const CONTACT_PATH: &str = "/agent-mesh/contact-request";
/// Where it takes direct messages.
pub const MESSAGE_PATH: &str = "/agent-mesh/message";
