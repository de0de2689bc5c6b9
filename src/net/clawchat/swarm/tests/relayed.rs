//! Nodes that reach each other through a third.

use super::*;

async fn relay(seed: u8, limits: RelayLimits) -> (Peer, Multiaddr) {
    let config = NodeConfig {
        relay_server: true,
        ..config(seed)
    };
    let (node, events) = Node::start_with(config, limits).unwrap();
    let mut relay = Peer { node, events };
    let (tcp, _) = relay.both_addresses().await;
    (relay, tcp)
}

/// Starts a node that can be reached through the relay alone, and waits until it can.
async fn behind(relay: &Multiaddr, seed: u8) -> (Peer, Multiaddr) {
    let mut peer = Peer::start(NodeConfig {
        listen: None,
        relays: vec![relay.clone()],
        ..config(seed)
    })
    .await;
    loop {
        let event = peer.event().await;
        if let Event::Reservation { problem, .. } = event {
            assert_eq!(problem, None);
        } else if let Event::Listening { addresses } = event
            && !addresses.is_empty()
        {
            let [circuit] = <[Multiaddr; 1]>::try_from(addresses).unwrap();
            return (peer, circuit);
        }
    }
}

#[tokio::test]
async fn a_peer_behind_a_relay_is_reached_through_it() {
    let (relay, address) = relay(9, RelayLimits::FRIENDS).await;
    let (mut bob, circuit) = behind(&address, 2).await;
    let alice = Peer::start(NodeConfig {
        listen: None,
        ..config(1)
    })
    .await;
    let expected = format!("{address}/p2p-circuit/p2p/{}", bob.node.peer_id());
    assert_eq!(circuit.to_string(), expected);

    let opened = alice.open(&bob, &circuit, Protocol::Session).await;
    let (from, _, stream, path) = bob.inbound().await;

    assert_eq!(from, alice.node.peer_id());
    assert_eq!((opened.path, path), (Path::Relayed, Path::Relayed));
    assert_eq!(bob.node.path(from), Some(Path::Relayed));
    talk(opened.stream, stream).await;
    drop(relay);
}

#[tokio::test]
async fn a_peer_that_the_relay_does_not_know_is_said_so() {
    let (_relay, address) = relay(9, RelayLimits::FRIENDS).await;
    let alice = Peer::start(config(1)).await;
    let nobody = PeerId::from(Keypair::generate_ed25519().public());
    let circuit = address.with(Part::P2pCircuit).with(Part::P2p(nobody));

    let opened = alice
        .node
        .open(nobody, vec![circuit], Protocol::Session)
        .await;

    assert_eq!(opened.unwrap_err(), OpenError::NotAtRelay);
}

#[tokio::test]
async fn a_limited_relay_ends_a_circuit_at_its_limit_and_the_next_one_works() {
    let limits = RelayLimits {
        bytes: 64 * 1024,
        ..RelayLimits::FRIENDS
    };
    let (_relay, address) = relay(9, limits).await;
    let (mut bob, circuit) = behind(&address, 2).await;
    let alice = Peer::start(NodeConfig {
        listen: None,
        ..config(1)
    })
    .await;

    // A short talk fits.
    let mut opened = alice.open(&bob, &circuit, Protocol::Session).await;
    let (_, _, mut stream, _) = bob.inbound().await;
    opened.stream.write_all(b"short").await.unwrap();
    opened.stream.flush().await.unwrap();
    let mut five = [0; 5];
    stream.read_exact(&mut five).await.unwrap();
    assert_eq!(&five, b"short");

    // More than the limit does not: it is an error or an end, never silence.
    let long = vec![1; 256 * 1024];
    let write = async {
        opened.stream.write_all(&long).await?;
        opened.stream.close_within(PATIENCE).await
    };
    let mut read = Vec::new();
    let (_, received) = tokio::join!(
        timeout(PATIENCE, write),
        timeout(PATIENCE, stream.read_to_end(&mut read))
    );
    let received = received.expect("the end of the circuit is noticed");
    assert!(received.is_err() || read.len() < long.len());

    let again = alice.open(&bob, &circuit, Protocol::Session).await;
    let (_, _, mut stream, path) = bob.inbound().await;
    assert_eq!((again.path, path), (Path::Relayed, Path::Relayed));
    let mut ours = again.stream;
    ours.write_all(b"again").await.unwrap();
    ours.flush().await.unwrap();
    stream.read_exact(&mut five).await.unwrap();
    assert_eq!(&five, b"again");
}

#[tokio::test]
async fn a_relay_that_is_not_there_is_told_and_asked_again_until_it_is() {
    let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let relay_id = peer_id_of_seed(&Zeroizing::new([9; 32]));
    let address: Multiaddr = format!("/ip4/127.0.0.1/tcp/{port}/p2p/{relay_id}")
        .parse()
        .unwrap();
    let mut bob = Peer::start(NodeConfig {
        listen: None,
        relays: vec![address.clone()],
        ..config(2)
    })
    .await;

    let problem = loop {
        if let Event::Reservation { relay, problem } = bob.event().await {
            assert_eq!(relay, address);
            break problem;
        }
    };
    assert_eq!(
        problem.as_deref(),
        Some("nobody listens at the peer's address")
    );
    let _relay = Peer::start(NodeConfig {
        relay_server: true,
        listen: Some(Listen {
            ip: Ipv4Addr::LOCALHOST.into(),
            tcp: port,
            ws: 0,
        }),
        ..config(9)
    })
    .await;
    loop {
        if let Event::Reservation { problem: None, .. } = bob.event().await {
            break;
        }
    }
}
