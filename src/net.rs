//! Networks: one folder each behind the small trait [`Network`].
//!
//! A network turns envelopes into [`News`] for the engine and carries out [`Command`]s. All
//! decisions worth testing sit in its pure `protocol` file; the task around it only moves bytes.
//!
//! Must not: see the store, decide what may enter or leave, or delete anything from a relay
//! before the engine said that it is durable.

pub mod mailbox;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::crypto::SecretKey;
use crate::model::{Body, ChannelId, Content, Digest, MessageId, NetworkId, PublicKey};

/// A kind of messaging network.
pub trait Network: Send + Sync + std::fmt::Debug {
    /// Returns which one it is.
    fn id(&self) -> NetworkId;

    /// Returns what it can do, as data.
    fn capabilities(&self) -> Capabilities;

    /// Seals a body for the pinned peer of a channel. Pure: the nonce is passed in.
    fn seal(&self, keys: &Keys, body: &Body, nonce: [u8; 24]) -> Result<Sealed, SealError>;

    /// Runs until the command side of the link is dropped.
    fn start(&self, link: Link) -> BoxFuture<'static, ()>;
}

/// What a network can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Bytes of subject, body and metadata together that a message may have.
    pub max_body: usize,
    /// Whether invites are links that anybody who sees them can answer.
    pub open_invites: bool,
}

/// The keys of a channel, as sealing needs them.
#[derive(Debug)]
pub struct Keys {
    /// Ours.
    pub secret: Arc<SecretKey>,
    /// The pinned one of the peer.
    pub peer: PublicKey,
}

/// A sealed envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// As it goes on the wire.
    pub payload: String,
    /// Digest of the envelope, by which it is recognised wherever it shows up.
    pub envelope: Digest,
}

/// Why a body cannot be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key of the peer makes every shared secret public.
    #[error("the peer's key cannot be used")]
    UnusableKey,
}

/// How a network runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Watches its relays by itself.
    Continuous,
    /// Does nothing unless it is told to: for an engine that lives for one call.
    OnDemand,
}

/// A network's connection with the engine.
#[derive(Debug)]
pub struct Link {
    /// What the engine wants done.
    pub commands: mpsc::UnboundedReceiver<Command>,
    /// What the engine has to know. Bounded: where it is full, the network waits.
    pub news: mpsc::Sender<Incoming>,
    /// How to run.
    pub mode: Mode,
}

/// What a network needs to know of a channel.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The channel.
    pub channel: ChannelId,
    /// The network's id of it.
    pub address: String,
    /// The relay it lives on.
    pub relay: String,
    /// Our key.
    pub secret: Arc<SecretKey>,
    /// The pinned key of the peer; without one only the handshake is watched.
    pub pinned: Option<PublicKey>,
    /// Whether we made the invite.
    pub inviter: bool,
    /// Our messages that were at the relay when last looked at.
    pub ours: Vec<Digest>,
    /// Handshake writes that the engine knows of.
    pub answers: Option<u32>,
}

/// What the engine wants done.
#[derive(Debug)]
pub enum Command {
    /// Watch this channel from now on, or with these facts from now on.
    Watch(Box<Watch>),
    /// Watch it no more.
    Unwatch(ChannelId),
    /// Put our handshake on the relay; the answer comes as [`News::Announced`].
    Announce(ChannelId),
    /// Put an envelope on the relay; the answer comes as [`News::Posted`].
    Post(Post),
    /// Look at every channel once now, and answer when all the news of it is settled.
    Sync(oneshot::Sender<Vec<Problem>>),
}

/// An envelope to put on the relay.
#[derive(Clone, Debug)]
pub struct Post {
    /// The message it carries.
    pub message: MessageId,
    /// Its channel.
    pub channel: ChannelId,
    /// The envelope.
    pub sealed: Sealed,
    /// Whether an attempt was made before: then the network first looks whether it is there.
    pub repeated: bool,
}

/// A relay that did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its URL.
    pub relay: String,
    /// What happened, in our words.
    pub problem: String,
}

/// News with the way back: the engine answers once it is durable.
#[derive(Debug)]
pub struct Incoming {
    /// What happened.
    pub news: News,
    /// Where the engine says that it is durable, and what may be deleted now.
    pub settled: oneshot::Sender<Settled>,
}

/// What the engine says of settled news.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Relay numbers that may be acknowledged: the peer's, stored here.
    pub acknowledge: Vec<i64>,
}

/// What happened on a network.
#[derive(Debug)]
pub enum News {
    /// The relay showed the messages of a channel.
    Listing {
        /// The channel.
        channel: ChannelId,
        /// What is there and not known to be ours.
        arrived: Vec<Arrived>,
        /// Ours that were there before and are not any more.
        gone: Vec<Digest>,
    },
    /// The relay showed a handshake.
    Handshake {
        /// The channel.
        channel: ChannelId,
        /// The key in it; `None` if there is no usable key in it.
        key: Option<PublicKey>,
        /// How often it was written, where the relay tells.
        answers: Option<u32>,
    },
    /// The relay was asked for a handshake, and there is none.
    NoHandshake {
        /// The channel.
        channel: ChannelId,
    },
    /// An attempt to put an envelope on the relay ended.
    Posted {
        /// The message.
        message: MessageId,
        /// Its channel.
        channel: ChannelId,
        /// How it ended.
        result: Result<Accepted, Failure>,
    },
    /// An attempt to put our handshake on the relay ended.
    Announced {
        /// The channel.
        channel: ChannelId,
        /// How it ended.
        result: Result<(), Failure>,
    },
    /// A relay answered, or stopped answering.
    Relay {
        /// Its URL.
        relay: String,
        /// What is wrong; `None` when it answered.
        problem: Option<String>,
        /// Whether it tells of new mail by itself.
        push: bool,
    },
}

/// Something a relay showed.
#[derive(Debug)]
pub struct Arrived {
    /// The relay's number.
    pub seq: Option<i64>,
    /// Digest of the envelope.
    pub envelope: Digest,
    /// What it says.
    pub content: Content,
}

/// The relay has an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its number.
    pub seq: i64,
    /// The relay's answer, word for word.
    pub answer: String,
}

/// Why a relay did not take something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened, in our words.
    pub problem: String,
    /// Whether trying the same again can help.
    pub retry: Retry,
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It cannot: the relay refused it for good.
    Never,
    /// After a while.
    Later,
}

/// Returns how long to wait after this many failures in a row: from 1 s doubling to 60 s, less
/// up to a quarter by `random`, so that many clients do not come back at the same moment.
pub fn backoff(failures: u32, random: u64) -> Duration {
    let doublings = failures.saturating_sub(1).min(6);
    spread(
        Duration::from_secs(1 << doublings).min(Duration::from_secs(60)),
        random,
    )
}

/// Shortens a wait by up to a quarter.
fn spread(wait: Duration, random: u64) -> Duration {
    let quarter = u64::try_from((wait / 4).as_millis()).unwrap_or(u64::MAX);
    wait.saturating_sub(Duration::from_millis(random % quarter.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_a_minute_and_is_spread_by_a_quarter() {
        assert_eq!(backoff(1, 0), Duration::from_secs(1));
        assert_eq!(backoff(4, 0), Duration::from_secs(8));
        assert_eq!(backoff(1000, 0), Duration::from_secs(60));
        assert!(backoff(1000, 14_999) >= Duration::from_secs(45));
    }
}
