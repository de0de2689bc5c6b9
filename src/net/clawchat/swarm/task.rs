//! The task of a node: everything that happens to its swarm happens here.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use libp2p::core::ConnectedPoint;
use libp2p::core::transport::ListenerId;
use libp2p::futures::StreamExt as _;
use libp2p::multiaddr::Protocol as Part;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, TransportError, autonat, identify};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::connections::Connections;
use super::greetings::Greetings;
use super::host::{Behaviour, BehaviourEvent};
use super::outbox::Outbox;
use super::relays::Relays;
use super::streams::{Arrived, Request};
use super::words::{leads_to, listen_problem, problem_of, reservation_problem};
use super::{Event, Listen, OpenError, Opened, Path, Protocol, Reachability, Shared, is_circuit};

/// How long the swarm runs on after the last handle is gone, so that what was flushed leaves.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Addresses of one peer that are tried.
const ADDRESSES: usize = 16;

/// What a handle wants done.
#[derive(Debug)]
pub(super) enum Command {
    /// Open a stream.
    Open(Box<Want>),
    /// Close all connections with a peer.
    Disconnect(PeerId),
    /// Listen there and nowhere else.
    Listen(Listen),
    /// End; the sender is dropped when that is done.
    Stop(oneshot::Sender<()>),
}

/// A stream that somebody waits for.
#[derive(Debug)]
pub(super) struct Want {
    /// To whom.
    pub(super) peer: PeerId,
    /// Where they may be.
    pub(super) addresses: Vec<Multiaddr>,
    /// What for.
    pub(super) protocol: Protocol,
    /// Where it goes.
    pub(super) reply: oneshot::Sender<Result<Opened, OpenError>>,
    /// Whether the relays on the way were waited for.
    pub(super) greeted: bool,
}

impl Want {
    fn fail(self, error: OpenError) {
        if self.reply.send(Err(error)).is_err() {
            tracing::trace!("nobody waits for the stream any more");
        }
    }
}

/// A dial of ours that is under way.
#[derive(Debug)]
struct Dial {
    id: ConnectionId,
    addresses: HashSet<Multiaddr>,
    /// Who waits for it.
    waiting: Vec<Want>,
    /// Who knows other addresses and waits for their turn.
    next: Vec<Want>,
}

/// The state of a node.
pub(super) struct Task {
    swarm: Swarm<Behaviour>,
    shared: Shared,
    outbox: Outbox,
    connections: Connections,
    dials: HashMap<PeerId, Dial>,
    /// Dials of ours, by which a direct connection is told from a hole that was punched.
    own: HashSet<ConnectionId>,
    relays: Relays,
    greetings: Greetings,
    listeners: Vec<(ListenerId, Multiaddr)>,
    is_relay: bool,
}

/// Where a task gets its work, and where it tells what happens.
pub(super) struct Ends {
    /// What handles want done.
    pub(super) commands: mpsc::Receiver<Command>,
    /// Streams that arrived.
    pub(super) arrived: mpsc::Receiver<Arrived>,
    /// What happened.
    pub(super) events: mpsc::Sender<Event>,
}

impl Task {
    /// Makes a task.
    pub(super) fn new(swarm: Swarm<Behaviour>, shared: Shared, is_relay: bool) -> Self {
        Self {
            swarm,
            shared,
            outbox: Outbox::default(),
            connections: Connections::default(),
            dials: HashMap::new(),
            own: HashSet::new(),
            relays: Relays::default(),
            greetings: Greetings::default(),
            listeners: Vec::new(),
            is_relay,
        }
    }

    /// Asks these relays for a slot, and keeps asking.
    pub(super) fn reserve(&mut self, relays: Vec<Multiaddr>) {
        for relay in relays {
            if self.relays.add(relay.clone(), Instant::now()) {
                self.ask_reachability(&relay);
            } else {
                let problem = "the address of a relay has to end in /p2p/ and its peer id";
                self.outbox.push(Event::Reservation {
                    relay,
                    problem: Some(problem.to_owned()),
                });
            }
        }
    }

    /// Connects to these nodes once, and asks them whether we can be reached.
    pub(super) fn bootstrap(&mut self, nodes: Vec<Multiaddr>) {
        for node in nodes {
            self.ask_reachability(&node);
            let options = DialOpts::unknown_peer_id().address(node).build();
            let id = options.connection_id();
            match self.swarm.dial(options) {
                Ok(()) => {
                    self.own.insert(id);
                }
                Err(error) => tracing::debug!(%error, "a bootstrap node cannot be dialled"),
            }
        }
    }

    fn ask_reachability(&mut self, node: &Multiaddr) {
        if let Some(Part::P2p(peer)) = node.iter().last() {
            let autonat = &mut self.swarm.behaviour_mut().autonat;
            autonat.add_server(peer, Some(node.clone()));
        }
    }

    /// Runs until it is told to stop or the last handle is gone.
    pub(super) async fn run(mut self, mut ends: Ends) {
        let done = self.work(&mut ends).await;
        // New streams are none of ours any more; the old ones belong to whoever holds them.
        drop(ends);
        let end = tokio::time::sleep(LAST_WORDS);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => break,
                _event = self.swarm.select_next_some() => {}
            }
        }
        drop(self);
        drop(done);
    }

    async fn work(&mut self, ends: &mut Ends) -> Option<oneshot::Sender<()>> {
        loop {
            let dues = [self.relays.next_due(), self.greetings.next_due()];
            let due = dues.into_iter().flatten().min();
            let told = self.outbox.is_empty() || ends.events.is_closed();
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_swarm(event),
                command = ends.commands.recv() => match command {
                    None => return None,
                    Some(Command::Stop(done)) => return Some(done),
                    Some(command) => self.on_command(command),
                },
                Some(arrived) = ends.arrived.recv(), if self.outbox.has_room() => {
                    self.on_arrived(arrived);
                }
                Ok(permit) = ends.events.reserve(), if !told => {
                    if let Some(event) = self.outbox.pop() {
                        permit.send(event);
                    }
                }
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.ask_relays();
                    let unanswered = self.greetings.due(Instant::now());
                    self.go_on(unanswered);
                }
            }
        }
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Open(want) => self.open(*want),
            Command::Disconnect(peer) => {
                if self.swarm.disconnect_peer_id(peer).is_err() {
                    tracing::trace!(%peer, "was not connected");
                }
            }
            Command::Listen(listen) => self.listen(listen),
            // Ends the loop that calls this.
            Command::Stop(_) => {}
        }
    }

    fn on_arrived(&mut self, arrived: Arrived) {
        // The handler of a connection can be ahead of the news that the connection is there.
        let known = self.connections.get(arrived.peer, arrived.connection);
        let path = known.map_or_else(
            || {
                if is_circuit(&arrived.remote) {
                    Path::Relayed
                } else {
                    Path::Direct
                }
            },
            |connection| connection.path,
        );
        self.outbox.push_inbound(Event::Inbound {
            peer: arrived.peer,
            key: arrived.key,
            protocol: arrived.protocol,
            stream: arrived.stream,
            remote: arrived.remote,
            path,
        });
    }

    /// Opens a stream on the best connection that is there, or on a new one.
    fn open(&mut self, want: Want) {
        if want.reply.is_closed() {
            return;
        }
        let Some(connection) = self.connections.best(want.peer) else {
            return self.dial(want);
        };
        let request = Request {
            protocol: want.protocol,
            path: connection.path,
            remote: connection.remote.clone(),
            reply: want.reply,
        };
        let id = connection.id;
        let streams = &mut self.swarm.behaviour_mut().streams;
        streams.open(want.peer, id, request);
    }

    fn dial(&mut self, want: Want) {
        if let Some(dial) = self.dials.get_mut(&want.peer) {
            let known = want.addresses.iter().all(|a| dial.addresses.contains(a));
            let queue = if known {
                &mut dial.waiting
            } else {
                &mut dial.next
            };
            queue.push(want);
            return;
        }
        let mut addresses = want.addresses.clone();
        addresses.retain(|address| leads_to(address, want.peer));
        // Relays last: what can be had directly should be.
        addresses.sort_by_key(is_circuit);
        addresses.truncate(ADDRESSES);
        if addresses.is_empty() {
            return want.fail(OpenError::NoAddress);
        }
        // Who listens nowhere has no port that a hole could be punched with.
        if !want.greeted
            && !self.listeners.is_empty()
            && let Some((relay, at)) = self.greetings.missing(&addresses)
        {
            return self.greet(relay, at, want);
        }
        let options = DialOpts::peer_id(want.peer)
            .addresses(addresses)
            .condition(PeerCondition::Always)
            // An attempt that a router before the peer swallows would stand, here and in our own
            // router, at just the two ports that a hole is punched between.
            .allocate_new_port()
            .build();
        let id = options.connection_id();
        if let Err(error) = self.swarm.dial(options) {
            return want.fail(problem_of(&error));
        }
        self.own.insert(id);
        let dial = Dial {
            id,
            addresses: want.addresses.iter().cloned().collect(),
            next: Vec::new(),
            waiting: Vec::new(),
        };
        let dial = self.dials.entry(want.peer).or_insert(dial);
        dial.waiting.push(want);
    }

    /// Connects with a relay before it is gone through.
    fn greet(&mut self, relay: PeerId, at: Multiaddr, want: Want) {
        if !self.greetings.wait(relay, want, Instant::now()) {
            return;
        }
        let options = DialOpts::peer_id(relay).addresses(vec![at]).build();
        match self.swarm.dial(options) {
            // Connected or dialled already, so that it will tell or fail without this.
            Ok(()) | Err(DialError::DialPeerConditionFalse(_)) => {}
            Err(error) => {
                tracing::debug!(%error, "a relay cannot be dialled");
                let wants = self.greetings.done(relay);
                self.go_on(wants);
            }
        }
    }

    /// Opens what has waited for a relay.
    fn go_on(&mut self, wants: Vec<Want>) {
        for mut want in wants {
            want.greeted = true;
            self.open(want);
        }
    }

    fn on_dial_failed(&mut self, peer: PeerId, id: ConnectionId, error: &DialError) {
        let problem = problem_of(error);
        self.relays.note(peer, &problem.to_string());
        if self.connections.path(peer).is_none() {
            let wants = self.greetings.done(peer);
            self.go_on(wants);
        }
        if self.dials.get(&peer).is_none_or(|dial| dial.id != id) {
            return;
        }
        let Some(dial) = self.dials.remove(&peer) else {
            return;
        };
        for want in dial.waiting {
            want.fail(problem);
        }
        for want in dial.next {
            self.open(want);
        }
    }

    /// Listens there and nowhere else.
    pub(super) fn listen(&mut self, listen: Listen) {
        let tcp = Multiaddr::from(listen.ip).with(Part::Tcp(listen.tcp));
        let ws = Multiaddr::from(listen.ip)
            .with(Part::Tcp(listen.ws))
            .with(Part::Ws("/".into()));
        let wanted = [(tcp, listen.tcp), (ws, listen.ws)];
        // What is there already stays: its socket would not be free again at once.
        let stays = |at: &Multiaddr| wanted.iter().any(|(wanted, _)| wanted == at);
        let (kept, over) = std::mem::take(&mut self.listeners)
            .into_iter()
            .partition(|(_, at)| stays(at));
        self.listeners = kept;
        let over: Vec<(ListenerId, Multiaddr)> = over;
        for (listener, _) in over {
            self.swarm.remove_listener(listener);
        }
        for (address, port) in wanted {
            if self.listeners.iter().any(|(_, at)| *at == address) {
                continue;
            }
            match self.listen_on(&address, listen.ip, port) {
                Ok(listener) => self.listeners.push((listener, address)),
                Err(problem) => self.outbox.push(Event::ListenFailed {
                    at: address,
                    problem,
                }),
            }
        }
    }

    fn listen_on(
        &mut self,
        address: &Multiaddr,
        ip: IpAddr,
        port: u16,
    ) -> Result<ListenerId, String> {
        // libp2p listens with SO_REUSEPORT, so that two of us would share a port, each with half
        // of the connections. This does not, and fails where somebody listens already.
        let free = std::net::TcpListener::bind(SocketAddr::new(ip, port));
        free.map(drop).map_err(|error| listen_problem(&error))?;
        self.swarm
            .listen_on(address.clone())
            .map_err(|error| match error {
                TransportError::MultiaddrNotSupported(_) => {
                    "it cannot be listened there".to_owned()
                }
                TransportError::Other(error) => listen_problem(&error),
            })
    }

    fn ask_relays(&mut self) {
        let swarm = &mut self.swarm;
        let failed = self
            .relays
            .ask(Instant::now(), |address| swarm.listen_on(address));
        for (relay, problem) in failed {
            self.outbox.push(Event::Reservation {
                relay,
                problem: Some(problem),
            });
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "libp2p may tell more in a later version"
    )]
    fn on_swarm(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.on_behaviour(event),
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            } => self.on_established(peer_id, connection_id, &endpoint),
            SwarmEvent::ConnectionClosed {
                peer_id,
                connection_id,
                ..
            } => {
                let before = self.connections.path(peer_id);
                self.connections.remove(peer_id, connection_id);
                self.tell_path(peer_id, before);
            }
            SwarmEvent::OutgoingConnectionError {
                connection_id,
                peer_id,
                error,
            } => {
                tracing::debug!(%error, "a dial failed");
                self.own.remove(&connection_id);
                if let Some(peer) = peer_id {
                    self.on_dial_failed(peer, connection_id, &error);
                }
            }
            SwarmEvent::NewListenAddr {
                listener_id,
                address,
            } => self.on_listening(listener_id, address),
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.swarm.remove_external_address(&address);
                self.tell_listening();
            }
            SwarmEvent::ListenerClosed {
                listener_id,
                reason,
                ..
            } => self.on_listener_closed(listener_id, reason),
            SwarmEvent::ExternalAddrConfirmed { .. } | SwarmEvent::ExternalAddrExpired { .. } => {
                self.tell_listening();
            }
            _ => {}
        }
    }
}

impl Task {
    fn on_established(&mut self, peer: PeerId, id: ConnectionId, endpoint: &ConnectedPoint) {
        let before = self.connections.path(peer);
        let dialled = self.own.remove(&id);
        self.connections.add(peer, id, endpoint, dialled);
        self.tell_path(peer, before);
        if let Some(dial) = self.dials.remove(&peer) {
            for want in dial.waiting.into_iter().chain(dial.next) {
                self.open(want);
            }
        }
    }

    /// Tells how a peer is reached now, if that is not as before.
    fn tell_path(&mut self, peer: PeerId, before: Option<Path>) {
        let path = self.connections.path(peer);
        self.shared.set_path(peer, path);
        if path.is_none() {
            self.greetings.gone(peer);
        }
        if path != before {
            self.outbox.push(Event::Path { peer, path });
        }
    }

    fn on_listening(&mut self, listener: ListenerId, address: Multiaddr) {
        if self.relays.has(listener) {
            if let Some(relay) = self.relays.reserved(listener) {
                self.outbox.push(Event::Reservation {
                    relay,
                    problem: None,
                });
            }
        } else if self.is_relay {
            // A relay has to name an address to whoever asks for a slot, or they take none.
            self.swarm.add_external_address(address);
        }
        self.tell_listening();
    }

    fn on_listener_closed(&mut self, listener: ListenerId, reason: io::Result<()>) {
        let problem = reason.err();
        if self.relays.has(listener) {
            let problem = problem.map(|error| reservation_problem(&error));
            let lost = self.relays.lost(listener, problem, Instant::now());
            if let Some((relay, problem)) = lost {
                self.outbox.push(Event::Reservation {
                    relay,
                    problem: Some(problem),
                });
            }
        } else if let Some(error) = problem {
            let of_it = |(id, _): &(ListenerId, Multiaddr)| *id == listener;
            if let Some(index) = self.listeners.iter().position(of_it) {
                let (_, at) = self.listeners.swap_remove(index);
                let problem = listen_problem(&error);
                self.outbox.push(Event::ListenFailed { at, problem });
            }
        }
        self.tell_listening();
    }

    /// Tells where others can try to reach us.
    fn tell_listening(&mut self) {
        let us = *self.swarm.local_peer_id();
        let own = self
            .swarm
            .listeners()
            .filter(|address| !is_circuit(address));
        let outside = self.swarm.external_addresses();
        let mut addresses = Vec::new();
        for address in own.chain(outside.filter(|address| !is_circuit(address))) {
            let address = address.clone().with_p2p(us).unwrap_or_else(|other| other);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        // A relay may name addresses of its own that nobody reaches: the one that we reached it
        // at is the one to pass on.
        addresses.extend(self.relays.addresses(us));
        if self.shared.set_addresses(&addresses) {
            self.outbox.push(Event::Listening { addresses });
        }
    }

    fn on_behaviour(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. }) => {
                let wants = self.greetings.told(peer_id);
                self.go_on(wants);
                self.outbox.push(Event::Identified {
                    peer: peer_id,
                    agent: info.agent_version,
                    addresses: info.listen_addrs,
                });
            }
            BehaviourEvent::Autonat(autonat::v1::Event::StatusChanged { new, .. }) => {
                let reachability = match new {
                    autonat::v1::NatStatus::Public(address) => Reachability::Public(address),
                    autonat::v1::NatStatus::Private => Reachability::Private,
                    autonat::v1::NatStatus::Unknown => Reachability::Unknown,
                };
                self.outbox.push(Event::Reachable(reachability));
            }
            BehaviourEvent::Dcutr(event) => {
                tracing::debug!(peer = %event.remote_peer_id, result = ?event.result, "hole punching");
            }
            other @ (BehaviourEvent::Limits(_)
            | BehaviourEvent::Gate(_)
            | BehaviourEvent::Streams(_)
            | BehaviourEvent::Identify(_)
            | BehaviourEvent::RelayClient(_)
            | BehaviourEvent::RelayServer(_)
            | BehaviourEvent::Autonat(_)) => tracing::trace!(?other, "libp2p"),
        }
    }
}
