//! Networks: one folder each behind the small trait [`Network`].
//!
//! A network turns envelopes into [`News`] for the engine and carries out [`Command`]s. All
//! decisions worth testing sit in its pure `protocol` file; the task around it only moves bytes.
//!
//! Must not: see the store, decide what may enter or leave, or delete anything from a relay
//! before the engine said that it is durable.

pub mod clawtalk;
mod first_look;
pub mod mailbox;
pub mod mesh;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

pub use first_look::FirstLooks;

use crate::crypto::{self, SecretKey};
use crate::model::{
    Body, ChannelId, Content, Digest, Fingerprint, Listening, MessageId, NetworkId, PeerText,
    PublicKey,
};

/// Every network there is.
pub const ALL: [&'static dyn Network; 2] = [&mailbox::Mailbox, &mesh::Mesh];

/// Returns the network with this id.
pub fn of(id: NetworkId) -> &'static dyn Network {
    match id {
        NetworkId::Mailbox => &mailbox::Mailbox,
        NetworkId::Mesh => &mesh::Mesh,
    }
}

/// A kind of messaging network. All but [`Network::start`] is pure.
pub trait Network: Send + Sync + std::fmt::Debug {
    /// Returns which one it is.
    fn id(&self) -> NetworkId;

    /// Returns what it can do, as data.
    fn capabilities(&self) -> Capabilities;

    /// Reads a public key in the text form that this network writes; `None` where it is none.
    fn read_key(&self, text: &str) -> Option<PublicKey>;

    /// Writes a public key in the text form of this network.
    fn write_key(&self, key: &PublicKey) -> String;

    /// Returns the public half of a secret key, as this network uses it.
    fn public_of(&self, secret: &SecretKey) -> PublicKey {
        secret.public()
    }

    /// Returns the short form of a key, of the digest that this network's users know it by.
    fn fingerprint(&self, key: &PublicKey) -> Fingerprint {
        crypto::fingerprint(key)
    }

    /// Returns the whole digest of a key as this network writes it.
    fn digest_of(&self, key: &PublicKey) -> String {
        crypto::sha256(&key.0).hex()
    }

    /// Returns what the safety code of a channel covers beside the keys: something that both
    /// sides see alike.
    fn code_scope<'a>(&self, address: &'a str) -> &'a str {
        address
    }

    /// Returns how it makes contact by links, if it does.
    fn links(&self) -> Option<&dyn Links> {
        None
    }

    /// Returns how we log in there, where channels belong to a login of ours with one key for
    /// all of them, and anybody may ask for contact.
    fn logins(&self) -> Option<&dyn Logins> {
        None
    }

    /// Seals a body for the pinned peer of a channel. The nonce is passed in.
    fn seal(&self, keys: &Keys, body: &Body, nonce: [u8; 24]) -> Result<Sealed, SealError>;

    /// Runs until the command side of the link is dropped.
    fn start(&self, link: Link) -> BoxFuture<'static, ()>;
}

/// Contact by links that somebody passes on.
pub trait Links: Send + Sync + std::fmt::Debug {
    /// Makes the id of a new channel from random bytes.
    fn new_address(&self, random: [u8; 16]) -> String;

    /// Reads the address of a relay as a person writes it, and returns the form that is kept;
    /// an error in words for a person.
    fn read_relay(&self, text: &str) -> Result<String, String>;

    /// Reads a link as it was pasted; an error in words for a person.
    fn read(&self, text: &str) -> Result<InviteLink, String>;

    /// Writes a link; `None` where its parts are none of this network's.
    fn write(&self, link: &InviteLink) -> Option<String>;
}

/// Logins of ours, and contact by asking for it. Errors are in words for a person.
pub trait Logins: Send + Sync + std::fmt::Debug {
    /// Makes an id to be known by from random bytes.
    fn new_address(&self, random: [u8; 16]) -> String;

    /// Checks an id to be known by.
    fn check_address(&self, text: &str) -> Result<(), String>;

    /// Reads where somebody is reached as a person writes it, and returns the form that is kept:
    /// a URL without trailing slash.
    fn read_endpoint(&self, text: &str) -> Result<String, String>;

    /// Returns where others on this computer reach an engine that listens here.
    fn endpoint_at(&self, listen: SocketAddr) -> String;

    /// Makes the id of a request for contact from random bytes.
    fn new_request(&self, random: [u8; 16]) -> String;

    /// Lists the addresses that a pattern stands for, to look for somebody there.
    fn expand(&self, pattern: &str) -> Result<Vec<String>, String>;
}

/// What an invite link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteLink {
    /// The relay, as a URL without trailing slash.
    pub relay: String,
    /// The id of the channel there.
    pub address: String,
    /// The key of whoever made the invite.
    pub key: PublicKey,
}

/// What a network can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Bytes of subject, body and metadata together that a message may have.
    pub max_body: usize,
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
    /// Where it says which channels it still has to look at for the first time.
    pub first_looks: Arc<FirstLooks>,
}

/// A login of ours.
#[derive(Clone, Debug)]
pub struct Account {
    /// The id that others know us by.
    pub address: String,
    /// The name that others are shown.
    pub name: String,
    /// Where others reach us, as a URL without trailing slash.
    pub endpoint: String,
    /// Our key.
    pub secret: Arc<SecretKey>,
    /// Where to listen for others, which is told as [`News::Listening`]; nowhere where absent.
    pub listen: Option<SocketAddr>,
    /// Whether others on the local network are told that we are there.
    pub announced: bool,
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
    /// What goes out with [`Command::Announce`] where that is a request for contact.
    pub request: Option<Introduction>,
}

/// Our request for contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introduction {
    /// The network's id of it, the same for every attempt.
    pub id: String,
    /// What for, in our words.
    pub purpose: String,
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
    /// Be this account from now on. A network without accounts is never told so.
    Login(Box<Account>),
    /// Be nobody any more, and do not listen.
    Logout,
    /// Ask at these addresses who is there, or on the local network where there are none.
    Seek(Search),
}

/// A look for others. It is given up when nobody listens to `found` any more.
#[derive(Debug)]
pub struct Search {
    /// Where to ask, as [`Logins::expand`] gave it; empty: whoever announces themselves on
    /// the local network.
    pub addresses: Vec<String>,
    /// Where each answer goes, in the order they come.
    pub found: mpsc::Sender<Sighting>,
}

/// What was found at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Where was asked.
    pub url: String,
    /// Who says that they are there, or what went wrong in our words.
    pub result: Result<Somebody, String>,
}

/// Somebody who says who they are. None of it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Somebody {
    /// The id they go by, in the alphabet of the network.
    pub address: String,
    /// The name they give themselves.
    pub name: PeerText,
    /// Where they say that they are reached, as a URL without trailing slash.
    pub endpoint: String,
    /// Their key, in the text form of the network.
    pub key: String,
    /// Their answer, as JSON text that was read and written again.
    pub answer: String,
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
    /// What is in it, for networks that sign anew with every attempt.
    pub body: Body,
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
    /// Whether nothing of it was taken, and whoever sent it may be told so.
    pub refused: bool,
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
    /// Somebody who holds the key they show asks for contact.
    Stranger(Box<Stranger>),
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
    /// A network listens for others, or cannot; `None` where it does not any more.
    Listening {
        /// The network.
        network: NetworkId,
        /// Where, and what is wrong where it cannot.
        at: Option<Listening>,
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
    /// The message as it came, with its signature, where the network can prove one later.
    pub original: Option<String>,
}

/// Somebody's request for contact, signed with the key in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// The network it came over.
    pub network: NetworkId,
    /// Who they say they are, and under which key; the signature proves the key alone.
    pub who: Somebody,
    /// The network's id of the request.
    pub id: String,
    /// What for, in their words.
    pub purpose: PeerText,
}

/// The relay has an envelope, or the peer itself has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its number, where the relay gives one.
    pub seq: Option<i64>,
    /// The relay's answer, word for word.
    pub answer: String,
    /// Whether the peer said that they have it.
    pub delivered: bool,
    /// The message as they took it, with its signature, where the network can prove one later.
    pub original: Option<String>,
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

/// Returns what every HTTP client of a network begins with: HTTP/1.1, TLS by rustls, and no
/// redirection, so that nobody who answers chooses whom we ask next.
fn http_client() -> reqwest::ClientBuilder {
    // An error means that a provider is installed already, which is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .http1_only()
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("chaperon/", env!("CARGO_PKG_VERSION")))
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
