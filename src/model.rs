//! The words of the domain: ids, keys, channels, messages, decisions, time.
//!
//! Every other layer speaks in these types, so this one imports nothing of ours, does no
//! I/O and reads no clock. Start with [`channel::Channel`] and [`message::Message`].

pub mod channel;
pub mod contact;
pub mod decision;
pub mod ids;
pub mod key;
pub mod message;
pub mod node;
pub mod passphrase;
pub mod peer_text;
pub mod report;
pub mod review;
pub mod routing;
pub mod signal;
pub mod time;
pub mod work;

pub use channel::{Channel, ChannelState, Preset};
pub use contact::{Asked, Claim, ContactRequest, Listening, OwnAccount, RequestState, Sighted};
pub use decision::{Actor, Evidence, LogEntry, LoggedText, OnScreen, Verdict};
pub use ids::{AccountId, ChannelId, Digest, MessageId, NetworkId, ReviewId};
pub use key::{Fingerprint, IdentityKey, PublicKey};
pub use message::{
    Admission, Author, Body, Content, Delivery, Message, Part, Passage, RawReason, Words,
};
pub use node::{DEFAULT_PORT, NodeSettings, PeerPath, Reach, Visibility};
pub use passphrase::Passphrase;
pub use peer_text::PeerText;
pub use report::{Finding, Level, Report};
pub use review::{Occasion, Rest, ReviewItem, ReviewKind, Snoozed, StopReason};
pub use routing::{Audience, MessageKind, Presence, Provenance, Routing, Topic};
pub use signal::{CodeClass, Severity, Signal, SignalCode, SignalKind, TextSpan};
pub use time::{Date, LocalTime, UnixMillis, Weekday};
pub use work::{FirstLook, Progress, Running, Work};
