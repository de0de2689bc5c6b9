//! Peers that do more than they may.

use libp2p::futures::future::join_all;
use tokio::net::TcpSocket;

use super::probe::{negotiate, streams};
use super::*;

/// Whether a stream that was agreed upon is still there after a moment.
async fn is_open(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut byte = [0];
    let read = timeout(Duration::from_millis(500), stream.read(&mut byte)).await;
    read.is_err()
}

#[tokio::test]
async fn pings_are_answered_by_echo_for_as_long_as_they_come() {
    let (_bob, tcp, _) = Peer::listening(2).await;
    let mut streams = streams(&tcp, 12).await;

    // As rust-libp2p does it: one stream for many pings.
    let lasting = streams.first_mut().unwrap();
    negotiate(lasting, "/ipfs/ping/1.0.0").await.unwrap();
    for round in 0..50 {
        let sent = [round; 32];
        lasting.write_all(&sent).await.unwrap();
        lasting.flush().await.unwrap();
        let mut pong = [0; 32];
        timeout(PATIENCE, lasting.read_exact(&mut pong))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(pong, sent);
    }
    // As js-libp2p does it: a stream for each.
    for stream in streams.iter_mut().skip(1) {
        negotiate(stream, "/ipfs/ping/1.0.0").await.unwrap();
        stream.write_all(&[9; 32]).await.unwrap();
        stream.flush().await.unwrap();
        stream.close().await.unwrap();
        let mut pong = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut pong))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(pong, [9; 32]);
    }
}

#[tokio::test]
async fn streams_beyond_the_limits_are_reset_and_nobody_else_notices() {
    for (protocol, limit) in [
        ("/snap2p/1.0.0", streams::SESSIONS),
        ("/snap2p/px1/1.0.0", streams::EXCHANGES),
    ] {
        let (mut bob, tcp, _) = Peer::listening(2).await;
        let mut flood = streams(&tcp, 100).await;
        let negotiated = join_all(flood.iter_mut().map(|s| negotiate(s, protocol))).await;
        assert!(negotiated.iter().filter(|result| result.is_ok()).count() >= limit);

        let alice = Peer::start(config(1)).await;
        let opened = alice.open(&bob, &tcp, Protocol::Session).await;
        let mut flooded = Vec::new();
        let stream = loop {
            let (from, _, stream, _) = bob.inbound().await;
            if from == alice.node.peer_id() {
                break stream;
            }
            flooded.push(stream);
        };

        talk(opened.stream, stream).await;
        assert_eq!(flooded.len(), limit);
        let open = join_all(flood.iter_mut().map(is_open)).await;
        assert_eq!(open.iter().filter(|open| **open).count(), limit);
    }
}

#[tokio::test]
async fn nobody_taking_streams_costs_those_above_the_queue_and_not_the_node() {
    let (mut bob, tcp, _) = Peer::listening(2).await;
    let mut floods = Vec::new();
    for _ in 0..4 {
        let mut flood = streams(&tcp, streams::SESSIONS).await;
        join_all(flood.iter_mut().map(|s| negotiate(s, "/snap2p/1.0.0"))).await;
        floods.push(flood);
    }
    // 128 came, and nobody took one.
    let mut taken = Vec::new();
    while let Ok(Some(event)) = timeout(Duration::from_millis(500), bob.events.recv()).await {
        if let Event::Inbound { stream, .. } = event {
            taken.push(stream);
        }
    }
    assert!(
        (streams::WAITING..=streams::WAITING + EVENTS + 1).contains(&taken.len()),
        "{}",
        taken.len()
    );
    drop(taken);

    let alice = Peer::start(config(1)).await;
    let opened = alice.open(&bob, &tcp, Protocol::Session).await;
    let (_, _, stream, _) = bob.inbound().await;
    talk(opened.stream, stream).await;
}

#[tokio::test]
async fn an_address_that_connects_too_often_is_turned_away_and_others_are_not() {
    let (mut bob, tcp, _) = Peer::listening(2).await;
    let to = (Ipv4Addr::LOCALHOST, port_of(&tcp)).into();
    let mut flood = Vec::new();
    for _ in 0..100 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        flood.push(socket.connect(to).await.unwrap());
    }
    sleep(Duration::from_millis(300)).await;
    let closed = flood.iter().filter(|socket| {
        let mut byte = [0];
        !matches!(socket.try_read(&mut byte), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    });
    let closed = closed.count();
    // Those that say nothing are 16 at most.
    assert!((60..=84).contains(&closed), "{closed} of 100 were closed");

    let alice = Peer::start(config(1)).await;
    let opened = alice.open(&bob, &tcp, Protocol::Session).await;
    let (_, _, stream, _) = bob.inbound().await;
    talk(opened.stream, stream).await;
}

#[tokio::test]
async fn a_peer_that_never_says_a_word_does_not_hold_up_an_opening_for_long() {
    // Accepts and is silent: no handshake ever.
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    let alice = Peer::start(config(1)).await;
    let nobody = PeerId::from(Keypair::generate_ed25519().public());
    let address = format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();
    let begun = std::time::Instant::now();

    let opened = alice
        .node
        .open(nobody, vec![address], Protocol::Session)
        .await;

    assert_eq!(opened.unwrap_err(), OpenError::TimedOut);
    assert!(begun.elapsed() < OPENING + Duration::from_secs(2));
}
