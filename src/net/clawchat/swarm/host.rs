//! Puts the parts of libp2p together: transports, behaviours, and the limits of each.

use std::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::Boxed;
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{
    PeerId, Swarm, Transport as _, autonat, connection_limits, dcutr, dns, identify, noise, relay,
    swarm, tcp, websocket, yamux,
};
use tokio::sync::mpsc;

use super::StartError;
use super::gate::Gate;
use super::pace::{Pace, Paced};
use super::streams::{Arrived, Streams};

/// How long a connection may take until its multiplexer runs, with the wait for its turn (see
/// [`super::pace`]): less than whoever opens a stream waits. A dial that goes on unseen holds the
/// port towards that address, which hole punching needs.
const CONNECTING: Duration = Duration::from_secs(9);

/// How long a connection without a stream of ours is kept: long enough for the next message of
/// a conversation, short enough that a peer who only connects does not take a place for long.
const IDLE: Duration = Duration::from_secs(60);

/// Addresses that are tried at the same time: TCP and WebSocket of one gateway, which counts.
const DIALS: NonZeroU8 = NonZeroU8::new(2).expect("two is not zero");

/// Streams of one connection, of all protocols, before more are refused.
const STREAMS: usize = 256;

/// Connections at the same time.
const ESTABLISHED: u32 = 256;

/// Connections that others opened: the rest is for those that we open.
const ESTABLISHED_INCOMING: u32 = 208;

/// Connections with one peer: relayed, direct, and both sides having dialled at once.
const ESTABLISHED_PER_PEER: u32 = 5;

/// Connections in the middle of their handshake, in each direction.
const PENDING: u32 = 64;

/// Limits of a relay that we run for friends.
///
/// The defaults of libp2p (2 minutes, 128 KiB) are meant for strangers who punch a hole at once.
/// Here a conversation of a day has to fit, and a frame of 16 MiB too. Whoever counts connections
/// as limited as soon as a relay names a limit, as a real gateway does, opens no session over
/// them whatever the limits are; the protocol of rust-libp2p's relay always names one.
#[derive(Clone, Copy, Debug)]
pub(super) struct RelayLimits {
    /// Peers that may be reached through us.
    pub(super) reservations: usize,
    /// Circuits at the same time.
    pub(super) circuits: usize,
    /// Circuits of one peer.
    pub(super) circuits_per_peer: usize,
    /// How long a circuit lasts.
    pub(super) duration: Duration,
    /// Bytes that a circuit carries, in both directions together.
    pub(super) bytes: u64,
}

impl RelayLimits {
    /// For friends.
    pub(super) const FRIENDS: Self = Self {
        reservations: 64,
        circuits: 64,
        circuits_per_peer: 8,
        duration: Duration::from_secs(24 * 3600),
        bytes: 1 << 30,
    };

    fn config(self) -> relay::Config {
        // So many at once, and after that one more in each interval.
        const BURST: NonZeroU32 = NonZeroU32::new(60).expect("60 is not zero");
        const BURST_OF_ADDRESS: NonZeroU32 = NonZeroU32::new(240).expect("240 is not zero");
        const RESERVATION: Duration = Duration::from_secs(60);
        const CIRCUIT: Duration = Duration::from_secs(10);
        relay::Config {
            max_reservations: self.reservations,
            max_reservations_per_peer: 2,
            reservation_duration: Duration::from_secs(3600),
            reservation_rate_limiters: Vec::new(),
            max_circuits: self.circuits,
            max_circuits_per_peer: self.circuits_per_peer,
            max_circuit_duration: self.duration,
            max_circuit_bytes: self.bytes,
            circuit_src_rate_limiters: Vec::new(),
        }
        .reservation_rate_per_peer(BURST, RESERVATION)
        .reservation_rate_per_ip(BURST_OF_ADDRESS, RESERVATION)
        .circuit_src_per_peer(BURST, CIRCUIT)
        .circuit_src_per_ip(BURST_OF_ADDRESS, CIRCUIT)
    }
}

/// Everything a node does. The order matters: what turns connections away comes first, because
/// the behaviours behind it begin to keep account of a connection as soon as they are asked.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    limits: connection_limits::Behaviour,
    gate: Gate,
    /// The streams that all of this is for.
    pub(super) streams: Streams,
    identify: identify::Behaviour,
    relay_client: relay::client::Behaviour,
    relay_server: Toggle<relay::Behaviour>,
    dcutr: dcutr::Behaviour,
    /// Where others are asked whether they reach us.
    pub(super) autonat: autonat::v1::Behaviour,
}

/// Longest frame of a WebSocket that is taken, in bytes.
const LONGEST_WEBSOCKET_FRAME: usize = 1024 * 1024;

/// Puts a node together. Needs a running tokio.
pub(super) fn build(
    keypair: &Keypair,
    relay_server: Option<RelayLimits>,
    hidden: bool,
) -> Result<(Swarm<Behaviour>, mpsc::Receiver<Arrived>), StartError> {
    let peer = keypair.public().to_peer_id();
    let (relay_transport, relay_client) = relay::client::new(peer);
    let transport = transport(keypair, relay_transport)?;
    let (streams, arrived) = Streams::new();
    let behaviour = Behaviour {
        limits: connection_limits::Behaviour::new(limits()),
        gate: Gate::default(),
        streams,
        identify: identify::Behaviour::new(
            identify::Config::new("ipfs/0.1.0".to_owned(), keypair.public())
                .with_agent_version(concat!("chaperon/", env!("CARGO_PKG_VERSION")).to_owned())
                .with_push_listen_addr_updates(!hidden)
                .with_hide_listen_addrs(hidden)
                // What strangers say of their addresses is not what we dial.
                .with_cache_size(0),
        ),
        relay_client,
        relay_server: Toggle::from(relay_server.map(|limits| relay(peer, limits))),
        dcutr: dcutr::Behaviour::new(peer),
        autonat: autonat::v1::Behaviour::new(peer, autonat_config()),
    };
    let config = swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(IDLE)
        .with_dial_concurrency_factor(DIALS);
    Ok((Swarm::new(transport, behaviour, peer, config), arrived))
}

fn limits() -> connection_limits::ConnectionLimits {
    connection_limits::ConnectionLimits::default()
        .with_max_pending_incoming(Some(PENDING))
        .with_max_pending_outgoing(Some(PENDING))
        .with_max_established_incoming(Some(ESTABLISHED_INCOMING))
        .with_max_established(Some(ESTABLISHED))
        .with_max_established_per_peer(Some(ESTABLISHED_PER_PEER))
}

fn relay(peer: PeerId, limits: RelayLimits) -> relay::Behaviour {
    let mut relay = relay::Behaviour::new(peer, limits.config());
    // A person said that we are one. Otherwise it would wait until AutoNAT is sure.
    relay.set_status(Some(relay::Status::Enable));
    relay
}

fn autonat_config() -> autonat::v1::Config {
    autonat::v1::Config {
        // Dialling back for others costs connections: for friends, not for the world.
        throttle_clients_global_max: 10,
        throttle_clients_peer_max: 2,
        throttle_clients_period: Duration::from_secs(60),
        max_peer_addresses: 8,
        ..autonat::v1::Config::default()
    }
}

fn transport(
    keypair: &Keypair,
    relay: relay::client::Transport,
) -> Result<Boxed<(PeerId, StreamMuxerBox)>, StartError> {
    let pace = Pace::default();
    let paced = || {
        let tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
        Paced::new(tcp, pace.clone())
    };
    // Names are resolved as the system does it. Where it does not say how, addresses still work.
    let tcp = || {
        dns::tokio::Transport::system(paced()).unwrap_or_else(|error| {
            tracing::warn!(%error, "names of peers cannot be resolved");
            dns::tokio::Transport::custom(
                paced(),
                dns::ResolverConfig::default(),
                dns::ResolverOpts::default(),
            )
        })
    };
    let mut multiplexer = yamux::Config::default();
    multiplexer.set_max_num_streams(STREAMS);
    let noise = noise::Config::new(keypair).map_err(StartError::Keys)?;
    // Without this, whoever claims a frame of 256 MiB gets the room for it, before anything is
    // known of them. What libp2p writes at once is some 200 KiB.
    let mut websocket = websocket::Config::new(tcp());
    websocket.set_max_data_size(LONGEST_WEBSOCKET_FRAME);
    // WebSocket before TCP: a name is resolved before TCP finds that it cannot do the rest.
    Ok(relay
        .or_transport(websocket)
        .or_transport(tcp())
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(multiplexer)
        .timeout(CONNECTING)
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
        .boxed())
}
