//! Streams of the two protocols of `SNaP2P`, in both directions, with every number bounded.
//!
//! In place of libp2p-stream, whose queue holds one stream: of several that arrive at the same
//! time, also from different peers, it resets all but one. Here a stream is reset only where a
//! limit is reached, and nothing else suffers from it.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::{InboundUpgrade, ReadyUpgrade, UpgradeInfo};
use libp2p::futures::StreamExt as _;
use libp2p::futures::future::{BoxFuture, Ready, ready};
use libp2p::futures::stream::FuturesUnordered;
use libp2p::swarm::handler::{
    ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound,
};
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId,
    FromSwarm, NetworkBehaviour, NotifyHandler, StreamUpgradeError, SubstreamProtocol, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, StreamProtocol};
use tokio::sync::{mpsc, oneshot};

use super::connections::caller_of;
use super::stream::Count;
use super::{OpenError, Opened, Path, Protocol, Stream, key_of, ping};

/// Streams that may wait until somebody takes them, of all peers together.
pub(super) const WAITING: usize = 64;

/// Session streams of one connection in each direction, as a real gateway has it.
pub(super) const SESSIONS: usize = 32;

/// Peer exchange streams of one peer in each direction.
pub(super) const EXCHANGES: usize = 4;

/// Ping streams of one connection.
const PINGS: usize = 4;

/// How long it may take to agree on the protocol of a stream.
const NEGOTIATION: Duration = Duration::from_secs(8);

/// Whoever opens nothing else has no reason to ask for more streams than this at once.
const ASKED: usize = SESSIONS + EXCHANGES;

/// A stream that a peer opened.
#[derive(Debug)]
pub(super) struct Arrived {
    /// Who.
    pub(super) peer: PeerId,
    /// Their key.
    pub(super) key: [u8; 32],
    /// On which connection.
    pub(super) connection: ConnectionId,
    /// What for.
    pub(super) protocol: Protocol,
    /// The stream.
    pub(super) stream: Stream,
    /// Where the peer is.
    pub(super) remote: Multiaddr,
}

/// A stream that is to be opened on a connection.
#[derive(Debug)]
pub(super) struct Request {
    /// What for.
    pub(super) protocol: Protocol,
    /// How the connection reaches the peer.
    pub(super) path: Path,
    /// Where the peer is.
    pub(super) remote: Multiaddr,
    /// Where the stream goes. Dropped without an answer where the connection ended first.
    pub(super) reply: oneshot::Sender<Result<Opened, OpenError>>,
}

/// Something is wrong with a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trouble {
    /// It does not even answer whether it speaks a protocol, so the peer is gone.
    Silent,
}

/// The streams of a node.
#[derive(Debug)]
pub(super) struct Streams {
    arrivals: mpsc::Sender<Arrived>,
    exchanges: HashMap<PeerId, Count>,
    actions: VecDeque<ToSwarm<Infallible, Request>>,
}

impl Streams {
    /// Makes the behaviour, and the queue of streams that arrive.
    pub(super) fn new() -> (Self, mpsc::Receiver<Arrived>) {
        let (arrivals, arrived) = mpsc::channel(WAITING);
        let streams = Self {
            arrivals,
            exchanges: HashMap::new(),
            actions: VecDeque::new(),
        };
        (streams, arrived)
    }

    /// Opens a stream on a connection that is there.
    pub(super) fn open(&mut self, peer: PeerId, connection: ConnectionId, request: Request) {
        self.actions.push_back(ToSwarm::NotifyHandler {
            peer_id: peer,
            handler: NotifyHandler::One(connection),
            event: request,
        });
    }

    fn handler(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        remote: Multiaddr,
    ) -> Result<Handler, ConnectionDenied> {
        let key = key_of(&peer).ok_or_else(|| ConnectionDenied::new(OpenError::NotEd25519))?;
        Ok(Handler {
            peer,
            key,
            connection,
            remote,
            arrivals: self.arrivals.clone(),
            sessions_in: Count::up_to(SESSIONS),
            sessions_out: Count::up_to(SESSIONS),
            exchanges_in: self.exchanges_of(peer),
            exchanges_out: Count::up_to(EXCHANGES),
            pings: FuturesUnordered::new(),
            requests: VecDeque::new(),
            trouble: None,
        })
    }

    /// Returns the count of a peer, which all its connections share.
    fn exchanges_of(&mut self, peer: PeerId) -> Count {
        self.exchanges.retain(|_, count| !count.is_unused());
        let count = self.exchanges.entry(peer);
        count.or_insert_with(|| Count::up_to(EXCHANGES)).clone()
    }
}

impl NetworkBehaviour for Streams {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.handler(peer, connection, caller_of(local, remote, peer))
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        _role: Endpoint,
        _port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.handler(peer, connection, address.clone())
    }

    fn on_swarm_event(&mut self, _event: FromSwarm<'_>) {}

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {
            Trouble::Silent => self.actions.push_back(ToSwarm::CloseConnection {
                peer_id: peer,
                connection: CloseConnection::One(connection),
            }),
        }
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        match self.actions.pop_front() {
            Some(action) => Poll::Ready(action),
            // Everything that adds one is followed by another poll of the swarm.
            None => Poll::Pending,
        }
    }
}

/// The streams of one connection.
#[derive(Debug)]
pub(super) struct Handler {
    peer: PeerId,
    key: [u8; 32],
    connection: ConnectionId,
    remote: Multiaddr,
    arrivals: mpsc::Sender<Arrived>,
    sessions_in: Count,
    sessions_out: Count,
    exchanges_in: Count,
    exchanges_out: Count,
    pings: FuturesUnordered<BoxFuture<'static, ()>>,
    requests: VecDeque<Request>,
    trouble: Option<Trouble>,
}

impl Handler {
    /// Takes a stream of the peer, or resets it by dropping it.
    fn arrived(&self, mut stream: libp2p::Stream, offered: Offered) {
        let (protocol, count) = match offered {
            Offered::Ping => {
                if self.pings.len() < PINGS {
                    stream.ignore_for_keep_alive();
                    self.pings.push(Box::pin(ping::echo(stream)));
                }
                return;
            }
            Offered::Of(Protocol::Session) => (Protocol::Session, &self.sessions_in),
            Offered::Of(Protocol::Exchange) => (Protocol::Exchange, &self.exchanges_in),
        };
        let Some(counted) = count.take() else {
            tracing::debug!(peer = %self.peer, ?protocol, "too many streams, one was reset");
            return;
        };
        let arrived = Arrived {
            peer: self.peer,
            key: self.key,
            connection: self.connection,
            protocol,
            stream: Stream::new(stream, counted),
            remote: self.remote.clone(),
        };
        if self.arrivals.try_send(arrived).is_err() {
            tracing::debug!(peer = %self.peer, ?protocol, "nobody takes streams, one was reset");
        }
    }

    /// Hands over a stream that we opened.
    fn opened(&self, stream: libp2p::Stream, request: Request) {
        let count = match request.protocol {
            Protocol::Session => &self.sessions_out,
            Protocol::Exchange => &self.exchanges_out,
        };
        let result = match count.take() {
            Some(counted) => Ok(Opened {
                stream: Stream::new(stream, counted),
                path: request.path,
                remote: request.remote,
            }),
            None => Err(OpenError::Busy),
        };
        if request.reply.send(result).is_err() {
            tracing::trace!("nobody waits for the stream any more");
        }
    }

    /// Says why a stream could not be opened.
    fn failed(&mut self, error: &StreamUpgradeError<Infallible>, request: Request) {
        let error = match error {
            StreamUpgradeError::Timeout => {
                self.trouble = Some(Trouble::Silent);
                OpenError::TimedOut
            }
            StreamUpgradeError::NegotiationFailed => OpenError::Unsupported,
            // The peer reset it: a limit of theirs is reached.
            StreamUpgradeError::Io(_) => OpenError::Busy,
            StreamUpgradeError::Apply(never) => match *never {},
        };
        if request.reply.send(Err(error)).is_err() {
            tracing::trace!("nobody waits for the stream any more");
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Request;
    type ToBehaviour = Trouble;
    type InboundProtocol = Offer;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Request;

    fn listen_protocol(&self) -> SubstreamProtocol<Offer> {
        SubstreamProtocol::new(Offer, ()).with_timeout(NEGOTIATION)
    }

    fn on_behaviour_event(&mut self, request: Request) {
        if self.requests.len() < ASKED {
            self.requests.push_back(request);
        } else if request.reply.send(Err(OpenError::Busy)).is_err() {
            tracing::trace!("nobody waits for the stream any more");
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<ReadyUpgrade<StreamProtocol>, Request, Trouble>> {
        while let Poll::Ready(Some(())) = self.pings.poll_next_unpin(cx) {}
        if let Some(trouble) = self.trouble.take() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(trouble));
        }
        match self.requests.pop_front() {
            Some(request) => {
                let upgrade = ReadyUpgrade::new(request.protocol.name());
                Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                    protocol: SubstreamProtocol::new(upgrade, request).with_timeout(NEGOTIATION),
                })
            }
            None => Poll::Pending,
        }
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Offer, ReadyUpgrade<StreamProtocol>, (), Request>,
    ) {
        if let ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
            protocol: (offered, stream),
            info: (),
        }) = event
        {
            self.arrived(stream, offered);
        } else if let ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
            protocol,
            info,
        }) = event
        {
            self.opened(protocol, info);
        } else if let ConnectionEvent::DialUpgradeError(DialUpgradeError { info, error }) = event {
            self.failed(&error, info);
        }
    }
}

/// What a peer may open a stream for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Offered {
    /// One of the protocols of `SNaP2P`.
    Of(Protocol),
    /// To see whether we are there.
    Ping,
}

/// Accepts each of the protocols, with nothing to do once one is agreed upon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer;

impl UpgradeInfo for Offer {
    type Info = StreamProtocol;
    type InfoIter = [StreamProtocol; 3];

    fn protocol_info(&self) -> Self::InfoIter {
        [
            Protocol::Session.name(),
            Protocol::Exchange.name(),
            ping::NAME,
        ]
    }
}

impl InboundUpgrade<libp2p::Stream> for Offer {
    type Output = (Offered, libp2p::Stream);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: libp2p::Stream, name: StreamProtocol) -> Self::Future {
        let offered = if name == Protocol::Session.name() {
            Offered::Of(Protocol::Session)
        } else if name == Protocol::Exchange.name() {
            Offered::Of(Protocol::Exchange)
        } else {
            Offered::Ping
        };
        ready(Ok((offered, stream)))
    }
}
