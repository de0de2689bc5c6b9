//! A libp2p node, as a `ClawChat` gateway has it: TCP, WebSocket, relays and hole punching.
//!
//! Knows nothing of what is said: it opens and accepts streams of two protocols with peers whose
//! key is proven, and says where we listen and how each peer is reached. Every number is bounded
//! and everything has a deadline, because nothing that a real gateway does has one.
//!
//! Start with [`Node`]; `task` is what runs behind it, `streams` accepts and opens, `host` puts
//! libp2p together with its limits.

mod connections;
mod gate;
mod greetings;
mod host;
mod outbox;
mod pace;
mod ping;
mod relays;
mod stream;
mod streams;
mod task;
#[cfg(test)]
mod tests;
mod words;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use libp2p::StreamProtocol;
use libp2p::identity::{Keypair, PublicKey};
use libp2p::multiaddr::Protocol as Part;
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

pub use libp2p::futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
pub use libp2p::{Multiaddr, PeerId};
pub use stream::Stream;

pub use crate::model::PeerPath as Path;

use host::RelayLimits;
use task::{Command, Ends, Task, Want};

/// How long it may take to open a stream, with the connection for it.
pub const OPENING: Duration = Duration::from_secs(10);

/// Events that wait for their reader, beside those that a node keeps itself.
const EVENTS: usize = 16;

/// What handles may want done at the same time.
const COMMANDS: usize = 256;

/// How a node starts.
pub struct NodeConfig {
    /// The Ed25519 seed of the identity.
    pub seed: Zeroizing<[u8; 32]>,
    /// Where to listen; nowhere where absent. Then no hole can be punched either, since that
    /// needs a port of ours which others have seen.
    pub listen: Option<Listen>,
    /// Relays to ask for a slot, each ending in `/p2p/<id>`.
    pub relays: Vec<Multiaddr>,
    /// Nodes to connect to at the start, which then tell us whether we can be reached.
    pub bootstrap: Vec<Multiaddr>,
    /// Whether to be a relay for friends: 64 slots, 64 circuits (8 for each peer) of at most
    /// 24 hours and 1 GiB each.
    ///
    /// A real gateway opens no session over it, as it does over no relay that names a limit,
    /// and libp2p's always names one. Between chaperons it works until a limit is reached; then
    /// the circuit ends, and with it the streams on it, and the next one may be opened.
    pub relay_server: bool,
    /// Whether whoever connects is not told where else we are.
    pub hidden: bool,
}

impl std::fmt::Debug for NodeConfig {
    /// All but the seed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeConfig")
            .field("listen", &self.listen)
            .field("relays", &self.relays)
            .field("bootstrap", &self.bootstrap)
            .field("relay_server", &self.relay_server)
            .finish_non_exhaustive()
    }
}

/// Where to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The address: `0.0.0.0` for all of IPv4, `::` for all of IPv6 and nothing of IPv4.
    pub ip: IpAddr,
    /// The port for TCP; 0 for any.
    pub tcp: u16,
    /// The port for WebSocket; 0 for any. A gateway has it one above that for TCP.
    pub ws: u16,
}

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// A session.
    Session,
    /// Peer exchange (PX-1).
    Exchange,
}

impl Protocol {
    fn name(self) -> StreamProtocol {
        match self {
            Self::Session => StreamProtocol::new("/snap2p/1.0.0"),
            Self::Exchange => StreamProtocol::new("/snap2p/px1/1.0.0"),
        }
    }
}

/// Whether others can reach us, as far as others told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reachability {
    /// Nobody could be asked yet.
    Unknown,
    /// They can, at this address.
    Public(Multiaddr),
    /// They cannot.
    Private,
}

/// What happens to a node.
#[derive(Debug)]
pub enum Event {
    /// A peer opened a stream. To refuse it, drop it.
    Inbound {
        /// Who; the connection proves it.
        peer: PeerId,
        /// Their Ed25519 key.
        key: [u8; 32],
        /// What for.
        protocol: Protocol,
        /// The stream.
        stream: Stream,
        /// Where they are; with a relay, the address of that one and theirs at it. What they
        /// connected from need not be where they listen.
        remote: Multiaddr,
        /// How they reach us.
        path: Path,
    },
    /// Where we listen has changed.
    Listening {
        /// All of it, each ending in `/p2p/` and our id: loopback and local addresses too, those
        /// that others confirmed, and those at relays.
        addresses: Vec<Multiaddr>,
    },
    /// It cannot be listened somewhere. To try again, see [`Node::listen`].
    ListenFailed {
        /// Where.
        at: Multiaddr,
        /// What is wrong, in our words.
        problem: String,
    },
    /// A peer is reached in another way than before. Streams stay on the connection they are on:
    /// to use a better path, open a new one.
    Path {
        /// The peer.
        peer: PeerId,
        /// The best way there is; `None` where no connection is left.
        path: Option<Path>,
    },
    /// A peer says what it is. None of it is proven.
    Identified {
        /// The peer.
        peer: PeerId,
        /// Its program, in its own words.
        agent: String,
        /// Where it says that it listens, without its id.
        addresses: Vec<Multiaddr>,
    },
    /// Whether others can reach us has changed.
    Reachable(Reachability),
    /// A relay has a slot for us, or not. It is asked again by itself.
    Reservation {
        /// The relay.
        relay: Multiaddr,
        /// What is wrong, in our words; `None` where it has one.
        problem: Option<String>,
    },
}

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The seed makes no usable key.
    #[error("the node key cannot be used")]
    Keys(#[source] libp2p::noise::Error),
}

/// Why a stream could not be opened, for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// None of the addresses is one of the peer's that we can dial.
    #[error("no address of the peer is known that could be dialled")]
    NoAddress,
    /// The peer is we.
    #[error("that is our own address")]
    Ourselves,
    /// The peer has a key of another kind.
    #[error("the peer has no Ed25519 key")]
    NotEd25519,
    /// Nothing is there.
    #[error("the peer cannot be reached")]
    Unreachable,
    /// The machine is there.
    #[error("nobody listens at the peer's address")]
    Refused,
    /// The relay does not know the peer.
    #[error("the peer is not connected with its relay")]
    NotAtRelay,
    /// The connection was closed while it was set up.
    #[error("the peer closed the connection at once; it may have too many")]
    Dropped,
    /// Nothing came back in time.
    #[error("the peer did not answer in time")]
    TimedOut,
    /// Somebody else is there.
    #[error("somebody else answers at the peer's address")]
    WrongPeer,
    /// The peer speaks other protocols.
    #[error("the peer is no ClawChat gateway")]
    Unsupported,
    /// Too many streams or connections at once, on either side.
    #[error("too many connections with the peer at once")]
    Busy,
    /// The connection ended at this moment.
    #[error("the connection ended")]
    Closed,
    /// The node has ended.
    #[error("the node has stopped")]
    Stopped,
}

/// A stream that we opened.
#[derive(Debug)]
pub struct Opened {
    /// The stream.
    pub stream: Stream,
    /// How the peer is reached.
    pub path: Path,
    /// Where the peer is.
    pub remote: Multiaddr,
}

/// A handle to a node. The node ends 200 ms after the last one is dropped; streams that are not
/// closed by then are reset.
#[derive(Clone, Debug)]
pub struct Node {
    peer: PeerId,
    commands: mpsc::Sender<Command>,
    shared: Shared,
}

impl Node {
    /// Starts a node. Needs a running tokio. Costs a few milliseconds.
    ///
    /// The receiver may be read slowly: streams that nobody takes are reset, of everything else
    /// the latest is kept.
    #[expect(
        clippy::unused_async,
        reason = "it spawns, so it has to run within tokio"
    )]
    pub async fn start(config: NodeConfig) -> Result<(Self, mpsc::Receiver<Event>), StartError> {
        Self::start_with(config, RelayLimits::FRIENDS)
    }

    fn start_with(
        config: NodeConfig,
        limits: RelayLimits,
    ) -> Result<(Self, mpsc::Receiver<Event>), StartError> {
        let keypair = keypair(config.seed);
        let is_relay = config.relay_server;
        let (swarm, arrived) = host::build(&keypair, is_relay.then_some(limits), config.hidden)?;
        let (commands, wanted) = mpsc::channel(COMMANDS);
        let (events, news) = mpsc::channel(EVENTS);
        let node = Self {
            peer: *swarm.local_peer_id(),
            commands,
            shared: Shared::default(),
        };
        let mut task = Task::new(swarm, node.shared.clone(), is_relay);
        if let Some(listen) = config.listen {
            task.listen(listen);
        }
        task.reserve(config.relays);
        task.bootstrap(config.bootstrap);
        tokio::spawn(task.run(Ends {
            commands: wanted,
            arrived,
            events,
        }));
        Ok((node, news))
    }

    /// Returns our id.
    pub fn peer_id(&self) -> PeerId {
        self.peer
    }

    /// Opens a stream: on a connection that is there, or on a new one to one of the addresses,
    /// of which those that name somebody else are left out. Takes [`OPENING`] at most.
    pub async fn open(
        &self,
        peer: PeerId,
        addresses: Vec<Multiaddr>,
        protocol: Protocol,
    ) -> Result<Opened, OpenError> {
        if peer == self.peer {
            return Err(OpenError::Ourselves);
        }
        if key_of(&peer).is_none() {
            return Err(OpenError::NotEd25519);
        }
        let attempts = async {
            match self.attempt(peer, addresses.clone(), protocol).await {
                // The connection had ended without our knowing: then a new one is made.
                Err(OpenError::Closed) => self.attempt(peer, addresses, protocol).await,
                other => other,
            }
        };
        tokio::time::timeout(OPENING, attempts)
            .await
            .unwrap_or(Err(OpenError::TimedOut))
    }

    async fn attempt(
        &self,
        peer: PeerId,
        addresses: Vec<Multiaddr>,
        protocol: Protocol,
    ) -> Result<Opened, OpenError> {
        let (reply, answer) = oneshot::channel();
        let want = Want {
            peer,
            addresses,
            protocol,
            reply,
            greeted: false,
        };
        let command = Command::Open(Box::new(want));
        if self.commands.send(command).await.is_err() {
            return Err(OpenError::Stopped);
        }
        answer.await.unwrap_or(Err(OpenError::Closed))
    }

    /// Closes every connection with a peer, and thereby all streams with them.
    pub async fn disconnect(&self, peer: PeerId) {
        self.tell(Command::Disconnect(peer)).await;
    }

    /// Listens there and nowhere else, or says in an event what is wrong.
    pub async fn listen(&self, listen: Listen) {
        self.tell(Command::Listen(listen)).await;
    }

    /// Ends the node, whoever else has a handle. What was flushed before still leaves; takes
    /// about 200 ms.
    pub async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        self.tell(Command::Stop(done)).await;
        // The sender is dropped at the end, or with a command that nobody reads any more.
        ended.await.unwrap_or_default();
    }

    async fn tell(&self, command: Command) {
        if self.commands.send(command).await.is_err() {
            tracing::trace!("the node has stopped");
        }
    }

    /// Returns how a peer is reached; `None` where there is no connection.
    pub fn path(&self, peer: PeerId) -> Option<Path> {
        self.shared.lock().paths.get(&peer).copied()
    }

    /// Returns who is connected, and how: strangers, relays and bootstrap nodes too.
    pub fn paths(&self) -> Vec<(PeerId, Path)> {
        let paths = &self.shared.lock().paths;
        paths.iter().map(|(peer, path)| (*peer, *path)).collect()
    }

    /// Returns where we listen, as told last with [`Event::Listening`].
    pub fn addresses(&self) -> Vec<Multiaddr> {
        self.shared.lock().addresses.clone()
    }
}

/// What handles can look up.
#[derive(Clone, Debug, Default)]
struct Shared(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    paths: HashMap<PeerId, Path>,
    addresses: Vec<Multiaddr>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic is done with the lock held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_path(&self, peer: PeerId, path: Option<Path>) {
        let paths = &mut self.lock().paths;
        match path {
            Some(path) => paths.insert(peer, path),
            None => paths.remove(&peer),
        };
    }

    /// Returns whether that is new.
    fn set_addresses(&self, addresses: &[Multiaddr]) -> bool {
        let mut state = self.lock();
        if state.addresses == addresses {
            return false;
        }
        addresses.clone_into(&mut state.addresses);
        true
    }
}

fn keypair(mut seed: Zeroizing<[u8; 32]>) -> Keypair {
    Keypair::ed25519_from_bytes(&mut *seed).expect("any 32 bytes are a seed")
}

/// Returns the id of the node with this seed.
pub fn peer_id_of_seed(seed: &Zeroizing<[u8; 32]>) -> PeerId {
    keypair(seed.clone()).public().to_peer_id()
}

/// Returns the id of the node with this Ed25519 key; `None` where it is no point on the curve.
pub fn peer_id_of(key: &[u8; 32]) -> Option<PeerId> {
    let key = libp2p::identity::ed25519::PublicKey::try_from_bytes(key).ok()?;
    Some(PublicKey::from(key).to_peer_id())
}

/// Returns the Ed25519 key of a node; `None` where it has a key of another kind.
pub fn key_of(peer: &PeerId) -> Option<[u8; 32]> {
    /// The code of a multihash that is what it stands for (multiformats, identity).
    const IDENTITY: u64 = 0;
    let hash: &libp2p::multihash::Multihash<64> = peer.as_ref();
    if hash.code() != IDENTITY {
        return None;
    }
    let key = PublicKey::try_decode_protobuf(hash.digest()).ok()?;
    Some(key.try_into_ed25519().ok()?.to_bytes())
}

/// Whether an address leads through a relay.
pub fn is_circuit(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Part::P2pCircuit)
}

/// Returns the first IP address in an address.
fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
    address.iter().find_map(|part| {
        if let Part::Ip4(ip) = part {
            Some(IpAddr::V4(ip))
        } else if let Part::Ip6(ip) = part {
            Some(IpAddr::V6(ip))
        } else {
            None
        }
    })
}
