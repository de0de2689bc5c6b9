//! Networks: one folder each behind the small trait [`Network`].
//!
//! A network turns envelopes into [`News`] for the engine and carries out [`Command`]s. All
//! decisions worth testing sit in its pure `protocol` file; the task around it only moves bytes.
//!
//! Must not: see the store, decide what may enter or leave, or delete anything from a relay
//! before the engine said that it is durable.

#[cfg(feature = "clawchat")]
pub mod clawchat;
pub mod clawtalk;
mod first_look;
#[cfg(not(feature = "clawchat"))]
mod left_out;
pub mod mailbox;
mod meeting;
pub mod mesh;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

pub use first_look::FirstLooks;
pub use meeting::{
    Asking, Enrolled, Enrolling, Enrolment, Identities, Introduction, InviteLink, Links, Logins,
    Made, Search, Sighting, Somebody, Stranger, Ticket,
};

use crate::crypto::{self, SecretKey};
use crate::model::{
    AccountId, Body, ChannelId, Content, Digest, Fingerprint, IdentityKey, Listening, MessageId,
    NetworkId, NodeSettings, Presence, Routing, UnixMillis,
};

/// Every network there is.
pub const ALL: &[&dyn Network] = &[
    &mailbox::Mailbox,
    &mesh::Mesh,
    &clawtalk::ClawTalk,
    #[cfg(feature = "clawchat")]
    &clawchat::ClawChat,
];

/// Returns the network with this id.
pub fn of(id: NetworkId) -> &'static dyn Network {
    match id {
        NetworkId::Mailbox => &mailbox::Mailbox,
        NetworkId::Mesh => &mesh::Mesh,
        NetworkId::ClawTalk => &clawtalk::ClawTalk,
        #[cfg(feature = "clawchat")]
        NetworkId::ClawChat => &clawchat::ClawChat,
        #[cfg(not(feature = "clawchat"))]
        NetworkId::ClawChat => &left_out::LeftOut(NetworkId::ClawChat),
    }
}

/// A kind of messaging network. All but [`Network::start`] is pure.
pub trait Network: Send + Sync + std::fmt::Debug {
    /// Returns which one it is.
    fn id(&self) -> NetworkId;

    /// Returns what it can do, as data.
    fn capabilities(&self) -> Capabilities;

    /// Reads a public key in the text form that this network writes; `None` where it is none.
    fn read_key(&self, text: &str) -> Option<IdentityKey>;

    /// Writes a public key in the text form of this network.
    fn write_key(&self, key: &IdentityKey) -> String;

    /// Returns the public half of our keys, as this network uses them.
    fn public_of(&self, own: &OwnKeys) -> IdentityKey {
        own.secret.public().into()
    }

    /// Returns the short form of a key, of the digest that this network's users know it by.
    fn fingerprint(&self, key: &IdentityKey) -> Fingerprint {
        crypto::fingerprint(key)
    }

    /// Returns the whole digest of a key as this network writes it.
    fn digest_of(&self, key: &IdentityKey) -> String {
        crypto::sha256(&key.bytes()).hex()
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

    /// Tells whether messages of this network have a kind and a topic.
    fn has_routing(&self) -> bool {
        false
    }

    /// Seals a message for the pinned peer of a channel. The nonce is passed in.
    fn seal(
        &self,
        keys: &Keys,
        message: &Outgoing<'_>,
        nonce: [u8; 24],
    ) -> Result<Sealed, SealError>;

    /// Runs until the command side of the link is dropped.
    fn start(&self, link: Link) -> BoxFuture<'static, ()>;
}

/// What a network can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Bytes of subject, body and metadata together that a message may have.
    pub max_body: usize,
}

/// Our half of the keys.
#[derive(Clone, Debug)]
pub struct OwnKeys {
    /// The only key, or the one to seal with.
    pub secret: Arc<SecretKey>,
    /// The one to sign with, on networks that keep the two apart.
    pub signing: Option<Arc<SecretKey>>,
}

impl From<SecretKey> for OwnKeys {
    /// The only key.
    fn from(secret: SecretKey) -> Self {
        Self {
            secret: Arc::new(secret),
            signing: None,
        }
    }
}

/// The keys of a channel, as sealing needs them.
#[derive(Debug)]
pub struct Keys {
    /// Ours.
    pub own: OwnKeys,
    /// The pinned one of the peer.
    pub peer: IdentityKey,
}

/// A message that is to be sealed.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// The network's id of the peer, or of the channel.
    pub to: &'a str,
    /// What it says.
    pub body: &'a Body,
    /// How it stands among others, on networks where messages say so.
    pub routing: Option<&'a Routing>,
    /// When it is sealed.
    pub at: UnixMillis,
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
    /// What was sealed is more than the network takes.
    #[error("the message is too large once it is sealed")]
    TooLarge,
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
    /// Which one it is.
    pub id: AccountId,
    /// The id that others know us by.
    pub address: String,
    /// The name that others are shown.
    pub name: String,
    /// Where others reach us, or the relay that knows us: a URL without trailing slash.
    pub endpoint: String,
    /// Our keys.
    pub own: OwnKeys,
    /// What a relay knows us by, where there is one. Never the phrase that keys come from.
    pub token: Option<Arc<Zeroizing<String>>>,
    /// Whether the relay gets a readable copy of every message, because a person wants that.
    pub audited: bool,
    /// Where to listen for others, which is told as [`News::Listening`]; nowhere where absent.
    pub listen: Option<SocketAddr>,
    /// Whether others on the local network are told that we are there.
    pub announced: bool,
    /// How its node runs, on networks where it has one.
    pub node: Option<NodeSettings>,
}

/// What a network needs to know of a channel.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The channel.
    pub channel: ChannelId,
    /// The login of ours that it belongs to, on networks where we can have several.
    pub account: Option<AccountId>,
    /// The network's id of it.
    pub address: String,
    /// The relay it lives on.
    pub relay: String,
    /// Our keys.
    pub own: OwnKeys,
    /// The pinned key of the peer; without one only the handshake is watched.
    pub pinned: Option<IdentityKey>,
    /// Whether we made the invite.
    pub inviter: bool,
    /// Our messages that were at the relay when last looked at.
    pub ours: Vec<Digest>,
    /// Handshake writes that the engine knows of.
    pub answers: Option<u32>,
    /// What goes out with [`Command::Announce`] where that is a request for contact.
    pub request: Option<Introduction>,
    /// Where the peer was found to be reached, as [`News::Learned`] said.
    pub learned: Option<String>,
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
    Post(Box<Post>),
    /// Look at every channel once now, and answer when all the news of it is settled.
    Sync(oneshot::Sender<Vec<Problem>>),
    /// Be this account from now on. A network without accounts is never told so.
    Login(Box<Account>),
    /// Be this account no more, and do not listen for it.
    Logout(AccountId),
    /// Get to know a relay that is to know us.
    Enrol(Box<Enrolment>),
    /// Ask at these addresses who is there, or on the local network where there are none.
    Seek(Search),
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
    /// How it stands among others, on networks where messages say so.
    pub routing: Option<Routing>,
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
    /// The envelopes of those, which say the same where a relay has no numbers.
    pub stored: Vec<Digest>,
    /// Whether nothing of it was taken, and whoever sent it may be told so.
    pub refused: bool,
    /// Whether a person has refused it for good, so that it need not be kept for them.
    pub discard: bool,
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
        key: Option<IdentityKey>,
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
    /// A relay says whether the peers of these channels are there.
    Presence(Vec<(ChannelId, Presence)>),
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
        /// The login of ours that listens, where the network can have several.
        account: Option<AccountId>,
        /// Where, and what is wrong where it cannot.
        at: Option<Listening>,
    },
    /// The peer of a channel was reached elsewhere than a person entered.
    Learned {
        /// The channel.
        channel: ChannelId,
        /// All places that are known, as the network writes them.
        at: String,
    },
}

/// Something a relay showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The relay's number.
    pub seq: Option<i64>,
    /// Digest of the envelope.
    pub envelope: Digest,
    /// What it says.
    pub content: Content,
    /// The message as it came, with its signature, where the network can prove one later.
    pub original: Option<String>,
    /// How it stands among others, on networks where messages say so.
    pub routing: Option<Routing>,
}

/// The relay has an envelope, or the peer itself has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Its number, where the relay gives one.
    pub seq: Option<i64>,
    /// The relay's answer, word for word.
    pub answer: String,
    /// The network's id of it, where it gives one.
    pub remote_id: Option<String>,
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

impl Failure {
    /// Something that may go well after a while.
    fn later(problem: &str) -> Self {
        Self {
            problem: problem.to_owned(),
            retry: Retry::Later,
        }
    }

    /// Something that will not.
    fn never(problem: &str) -> Self {
        Self {
            problem: problem.to_owned(),
            retry: Retry::Never,
        }
    }
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It cannot: the relay refused it for good.
    Never,
    /// After a while.
    Later,
}

/// Tells the engine; `None` where it is gone, or could not store it.
async fn tell(sender: &mpsc::Sender<Incoming>, news: News) -> Option<Settled> {
    let (settled, answer) = oneshot::channel();
    sender.send(Incoming { news, settled }).await.ok()?;
    answer.await.ok()
}

/// Reads the clock, for the tasks of networks: what they decide with gets the time passed in.
fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UnixMillis(0).after(since.unwrap_or(Duration::ZERO))
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
    fn every_network_says_the_same_of_threads_as_its_name() {
        for network in ALL {
            assert_eq!(network.has_routing(), network.id().has_threads());
        }
    }

    #[test]
    fn backoff_doubles_up_to_a_minute_and_is_spread_by_a_quarter() {
        assert_eq!(backoff(1, 0), Duration::from_secs(1));
        assert_eq!(backoff(4, 0), Duration::from_secs(8));
        assert_eq!(backoff(1000, 0), Duration::from_secs(60));
        assert!(backoff(1000, 14_999) >= Duration::from_secs(45));
    }
}
