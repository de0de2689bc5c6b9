//! Nodes that speak to each other on loopback, and to a probe that does what no node does.

mod hostile;
mod probe;
mod relayed;

use std::net::Ipv4Addr;

use tokio::time::{sleep, timeout};

use super::*;

/// Longer than anything here takes, so that a test that hangs fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node and what it tells.
struct Peer {
    node: Node,
    events: mpsc::Receiver<Event>,
}

fn config(seed: u8) -> NodeConfig {
    NodeConfig {
        seed: Zeroizing::new([seed; 32]),
        listen: Some(Listen {
            ip: Ipv4Addr::LOCALHOST.into(),
            tcp: 0,
            ws: 0,
        }),
        relays: Vec::new(),
        bootstrap: Vec::new(),
        relay_server: false,
        hidden: false,
    }
}

impl Peer {
    async fn start(config: NodeConfig) -> Self {
        let (node, events) = Node::start(config).await.unwrap();
        Self { node, events }
    }

    /// Starts a node that listens, and waits until it does.
    async fn listening(seed: u8) -> (Self, Multiaddr, Multiaddr) {
        let mut peer = Self::start(config(seed)).await;
        let (tcp, ws) = peer.both_addresses().await;
        (peer, tcp, ws)
    }

    /// Waits until TCP and WebSocket listen.
    async fn both_addresses(&mut self) -> (Multiaddr, Multiaddr) {
        let is_ws = |address: &Multiaddr| address.iter().any(|part| matches!(part, Part::Ws(_)));
        loop {
            if let Event::Listening { addresses } = self.event().await {
                let ws = addresses.iter().find(|address| is_ws(address));
                let tcp = addresses.iter().find(|address| !is_ws(address));
                if let (Some(tcp), Some(ws)) = (tcp, ws) {
                    return (tcp.clone(), ws.clone());
                }
            }
        }
    }

    async fn event(&mut self) -> Event {
        let event = timeout(PATIENCE, self.events.recv()).await;
        event.expect("an event in time").expect("the node runs")
    }

    /// Waits for the next stream, whatever else happens.
    async fn inbound(&mut self) -> (PeerId, Protocol, Stream, Path) {
        loop {
            if let Event::Inbound {
                peer,
                key,
                protocol,
                stream,
                path,
                ..
            } = self.event().await
            {
                assert_eq!(peer_id_of(&key), Some(peer));
                return (peer, protocol, stream, path);
            }
        }
    }

    async fn open(&self, to: &Self, address: &Multiaddr, protocol: Protocol) -> Opened {
        let addresses = vec![address.clone()];
        let opened = self.node.open(to.node.peer_id(), addresses, protocol).await;
        opened.unwrap()
    }
}

/// Returns the port that an address names.
fn port_of(address: &Multiaddr) -> u16 {
    let mut ports = address.iter().filter_map(|part| {
        if let Part::Tcp(port) = part {
            Some(port)
        } else {
            None
        }
    });
    ports.next().unwrap()
}

/// Sends a message in each direction and closes in each, one after the other.
async fn talk(mut ours: Stream, mut theirs: Stream) {
    let mut read = Vec::new();
    ours.write_all(b"there").await.unwrap();
    ours.close_within(PATIENCE).await.unwrap();
    timeout(PATIENCE, theirs.read_to_end(&mut read))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(read, b"there");
    // Half of the stream is closed, the other half still carries.
    let answer = vec![7; 1 << 20];
    let write = async {
        theirs.write_all(&answer).await.unwrap();
        theirs.close_within(PATIENCE).await.unwrap();
    };
    let mut back = Vec::new();
    let read = timeout(PATIENCE, ours.read_to_end(&mut back));
    let ((), read) = tokio::join!(write, read);
    read.unwrap().unwrap();
    assert_eq!(back, answer);
}

#[tokio::test]
async fn streams_work_in_both_directions_over_tcp_and_over_websocket() {
    for over_ws in [false, true] {
        let (mut bob, tcp, ws) = Peer::listening(2).await;
        let alice = Peer::start(config(1)).await;
        let address = if over_ws { ws } else { tcp };

        let opened = alice.open(&bob, &address, Protocol::Session).await;
        let (from, protocol, stream, path) = bob.inbound().await;

        assert_eq!(from, alice.node.peer_id());
        assert_eq!(protocol, Protocol::Session);
        assert_eq!((opened.path, path), (Path::Direct, Path::Direct));
        assert!(opened.remote.to_string().starts_with("/ip4/127.0.0.1/tcp/"));
        talk(opened.stream, stream).await;
        // The other way round, on the same connection: Bob knows no address of Alice.
        let mut alice = alice;
        let back = bob
            .node
            .open(alice.node.peer_id(), Vec::new(), Protocol::Exchange)
            .await
            .unwrap();
        let (from, protocol, stream, _) = alice.inbound().await;
        assert_eq!((from, protocol), (bob.node.peer_id(), Protocol::Exchange));
        talk(back.stream, stream).await;
    }
}

#[tokio::test]
async fn sixty_four_streams_of_two_peers_at_once_all_arrive_though_nobody_reads_yet() {
    let (mut bob, tcp, ws) = Peer::listening(2).await;
    let alice = Peer::start(config(1)).await;
    let carol = Peer::start(config(3)).await;

    let opening = (0..32).flat_map(|_| {
        [
            alice.open(&bob, &tcp, Protocol::Session),
            carol.open(&bob, &ws, Protocol::Session),
        ]
    });
    let opened = libp2p::futures::future::join_all(opening).await;
    sleep(Duration::from_millis(300)).await;

    let mut arrived = Vec::new();
    for _ in 0..64 {
        arrived.push(bob.inbound().await);
    }
    for (index, opened) in opened.into_iter().enumerate() {
        let mut stream = opened.stream;
        stream
            .write_all(&[u8::try_from(index).unwrap()])
            .await
            .unwrap();
        stream.close_within(PATIENCE).await.unwrap();
    }
    let mut seen = Vec::new();
    for (_, _, mut stream, _) in arrived {
        let mut byte = Vec::new();
        stream.read_to_end(&mut byte).await.unwrap();
        seen.extend(byte);
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..64).collect::<Vec<u8>>());
}

#[tokio::test]
async fn one_more_session_than_a_connection_may_have_is_refused_until_one_ends() {
    let (mut bob, tcp, _) = Peer::listening(2).await;
    let alice = Peer::start(config(1)).await;
    let mut held = Vec::new();
    for _ in 0..streams::SESSIONS {
        held.push((
            alice.open(&bob, &tcp, Protocol::Session).await,
            bob.inbound().await,
        ));
    }
    let to = bob.node.peer_id();

    let refused = alice.node.open(to, Vec::new(), Protocol::Session).await;
    assert_eq!(refused.unwrap_err(), OpenError::Busy);
    let exchange = alice.open(&bob, &tcp, Protocol::Exchange).await;
    let (_, protocol, ..) = bob.inbound().await;
    assert_eq!(protocol, Protocol::Exchange);
    drop((exchange, held.pop()));

    let again = alice.open(&bob, &tcp, Protocol::Session).await;
    let (_, _, stream, _) = bob.inbound().await;
    talk(again.stream, stream).await;
}

#[tokio::test]
async fn a_taken_port_is_told_and_can_be_tried_again() {
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let listen = Listen {
        ip: Ipv4Addr::LOCALHOST.into(),
        tcp: port,
        ws: 0,
    };
    let mut bob = Peer::start(NodeConfig {
        listen: Some(listen),
        ..config(2)
    })
    .await;

    let failed = loop {
        if let Event::ListenFailed { at, problem } = bob.event().await {
            break (at.to_string(), problem);
        }
    };
    let at = format!("/ip4/127.0.0.1/tcp/{port}");
    assert_eq!(failed, (at.clone(), "the port is taken".to_owned()));

    drop(taken);
    bob.node.listen(listen).await;
    let (tcp, _) = bob.both_addresses().await;
    assert!(tcp.to_string().starts_with(&at));
}

#[tokio::test]
async fn two_nodes_do_not_share_a_port() {
    let (_bob, tcp, _) = Peer::listening(2).await;
    let port = port_of(&tcp);
    let mut other = Peer::start(NodeConfig {
        listen: Some(Listen {
            ip: Ipv4Addr::LOCALHOST.into(),
            tcp: port,
            ws: 0,
        }),
        ..config(3)
    })
    .await;

    loop {
        let event = other.event().await;
        if let Event::ListenFailed { problem, .. } = event {
            break assert_eq!(problem, "the port is taken");
        } else if let Event::Listening { addresses } = event {
            assert!(!addresses.contains(&tcp));
        }
    }
}

#[tokio::test]
async fn what_was_flushed_arrives_although_the_node_stops() {
    let (mut bob, tcp, _) = Peer::listening(2).await;
    let alice = Peer::start(config(1)).await;
    let mut ours = alice.open(&bob, &tcp, Protocol::Session).await.stream;
    let (_, _, mut theirs, _) = bob.inbound().await;

    ours.write_all(b"last words").await.unwrap();
    ours.close_within(PATIENCE).await.unwrap();
    alice.node.stop().await;

    let mut read = Vec::new();
    let done = timeout(PATIENCE, theirs.read_to_end(&mut read)).await;
    done.unwrap().unwrap();
    assert_eq!(read, b"last words");
    let stopped = alice
        .node
        .open(bob.node.peer_id(), vec![tcp], Protocol::Session);
    assert_eq!(stopped.await.unwrap_err(), OpenError::Stopped);
}

#[tokio::test]
async fn the_node_ends_with_its_last_handle() {
    let (mut bob, tcp, _) = Peer::listening(2).await;
    let alice = Peer::start(config(1)).await;
    let opened = alice.open(&bob, &tcp, Protocol::Session).await;
    bob.inbound().await;
    let Peer { node, mut events } = alice;

    drop(node);

    // The receiver is told of the end.
    timeout(PATIENCE, async { while events.recv().await.is_some() {} })
        .await
        .unwrap();
    loop {
        if let Event::Path { path: None, .. } = bob.event().await {
            break;
        }
    }
    drop(opened);
}

#[tokio::test]
async fn a_peer_that_restarts_is_reached_again() {
    let (mut bob, tcp, _) = Peer::listening(2).await;
    let alice = Peer::start(config(1)).await;
    let first = alice.open(&bob, &tcp, Protocol::Session).await;
    bob.inbound().await;
    bob.node.stop().await;

    let gone = alice
        .node
        .open(bob.node.peer_id(), vec![tcp.clone()], Protocol::Session);
    let gone = gone.await.unwrap_err();
    assert!(
        matches!(gone, OpenError::Refused | OpenError::Closed),
        "{gone:?}"
    );
    let port = port_of(&tcp);
    let mut bob = Peer::start(NodeConfig {
        listen: Some(Listen {
            ip: Ipv4Addr::LOCALHOST.into(),
            tcp: port,
            ws: 0,
        }),
        ..config(2)
    })
    .await;
    bob.both_addresses().await;

    let again = alice.open(&bob, &tcp, Protocol::Session).await;
    let (_, _, stream, _) = bob.inbound().await;
    talk(again.stream, stream).await;
    drop(first);
}

#[tokio::test]
async fn errors_say_what_is_wrong() {
    let (bob, tcp, _) = Peer::listening(2).await;
    let alice = Peer::start(config(1)).await;
    let open = |peer, addresses| alice.node.open(peer, addresses, Protocol::Session);
    let nobody = PeerId::from(Keypair::generate_ed25519().public());
    let bare: Multiaddr = tcp
        .iter()
        .filter(|part| !matches!(part, Part::P2p(_)))
        .collect();
    let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let closed = format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();

    let ourselves = open(alice.node.peer_id(), vec![tcp.clone()]).await;
    assert_eq!(ourselves.unwrap_err(), OpenError::Ourselves);
    let other_named = open(nobody, vec![tcp.clone()]).await;
    assert_eq!(other_named.unwrap_err(), OpenError::NoAddress);
    assert_eq!(
        open(nobody, vec![bare]).await.unwrap_err(),
        OpenError::WrongPeer
    );
    let refused = open(bob.node.peer_id(), vec![closed]).await;
    assert_eq!(refused.unwrap_err(), OpenError::Refused);
    assert_eq!(
        open(PeerId::random(), Vec::new()).await.unwrap_err(),
        OpenError::NotEd25519
    );
}

#[test]
fn a_configuration_does_not_print_its_seed() {
    let printed = format!("{:?}", config(77));
    assert!(!printed.contains("77"), "{printed}");
}
