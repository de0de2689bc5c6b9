//! A hostile peer against a running engine: whatever it says, the engine stays alive and nothing
//! is delivered.

use std::time::{Duration, Instant};

use chaperon::crypto::stacks::Wallet;
use chaperon::model::ChannelState;
use chaperon::net::clawchat::swarm::{AsyncWriteExt as _, Protocol};
use chaperon::wire::clawchat::cbor::Value as Cbor;
use chaperon::wire::clawchat::{
    Entry, LONGEST_FRAME, LONGEST_HANDSHAKE_FRAME, Message, NodeId, Px, RequestId, frame,
};

use crate::support::gateway::{Gateway, Probe, Said, Wire, somebody_else};

/// Insists that somebody honest is still let to the door, and leaves nothing behind.
async fn still_serves(gateway: &Gateway) {
    let probe = Probe::start().await;
    drop(probe.session(gateway).await);
    gateway.is_untouched().await;
}

/// A list without an end of more items than anybody needs.
fn many_items() -> Vec<u8> {
    [vec![0x9f], vec![0; 60_000]].concat()
}

/// Says something and insists on a refusal: words or a closed stream, and never an agreement.
async fn refused(wire: &mut Wire, what: &str) -> Vec<Said> {
    let said = wire.rest().await;
    assert!(!said.contains(&Said::AuthOk), "{what}: {said:?}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_out_of_order_comes_to_nothing() {
    let (gateway, probe) = (Gateway::start().await, Probe::start().await);
    let [hello, auth] = <[_; 2]>::try_from(probe.begins()).unwrap();
    let ok = Message::AuthOk.encode();
    let ping = Message::Ping(Cbor::bytes(b"x")).encode();
    let chat = {
        let data = probe.chat(1, "delivered?", 1).encode();
        Message::StreamData(Cbor::bytes(&data)).encode()
    };
    let scripts: Vec<(&str, Vec<&Vec<u8>>)> = vec![
        ("AUTH first", vec![&auth, &hello]),
        ("AUTH_OK first", vec![&ok]),
        ("a chat first", vec![&chat]),
        ("PING first", vec![&ping]),
        ("two HELLOs", vec![&hello, &hello, &auth]),
        ("no AUTH", vec![&hello, &ok]),
        ("PING in between", vec![&hello, &ping, &auth]),
        ("a chat in between", vec![&hello, &chat, &auth]),
    ];
    for (what, script) in scripts {
        let mut wire = probe.open(&gateway, Protocol::Session).await;
        for item in script {
            wire.send(std::slice::from_ref(item)).await;
        }
        let said = refused(&mut wire, what).await;
        // Who did not prove who they are learns not even who is here.
        assert!(!said.contains(&Said::Hello), "{what}: {said:?}");
    }
    assert_eq!(gateway.channels().await, [], "nobody asked for contact");
    // A chat in place of the agreement: they are known by then, and nothing of it is taken.
    let mut wire = probe.open(&gateway, Protocol::Session).await;
    wire.send(&[hello, auth, chat.clone(), chat]).await;
    refused(&mut wire, "a chat in place of AUTH_OK").await;
    still_serves(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_message_comes_to_nothing() {
    let (gateway, probe) = (Gateway::start().await, Probe::start().await);
    let length = |length: usize| u32::try_from(length).unwrap().to_be_bytes().to_vec();
    let claims = |major: u8| frame(&[&[major], &u64::MAX.to_be_bytes()[..]].concat()).unwrap();
    for (what, bytes) in [
        ("no CBOR", frame(b"\xff\xff").unwrap()),
        ("an empty frame", frame(b"").unwrap()),
        ("a number", frame(b"\x01").unwrap()),
        ("a map without a type", frame(b"\xa0").unwrap()),
        ("deep lists", frame(&vec![0x81; 60_000]).unwrap()),
        ("a list that claims to be huge", claims(0x9b)),
        ("a map that claims to be huge", claims(0xbb)),
        ("text that claims to be huge", claims(0x7b)),
        ("many items", frame(&many_items()).unwrap()),
        (
            "too long before it is proven",
            length(LONGEST_HANDSHAKE_FRAME + 1),
        ),
        ("16 MiB before it is proven", length(LONGEST_FRAME)),
        ("longer than any frame", length(LONGEST_FRAME + 1)),
        ("the longest length", vec![0xff; 4]),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
    ] {
        let mut wire = probe.open(&gateway, Protocol::Session).await;
        wire.raw(&bytes).await;
        let said = refused(&mut wire, what).await;
        assert!(!said.contains(&Said::Hello), "{what}: {said:?}");
    }
    assert_eq!(gateway.channels().await, []);
    still_serves(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_slow_is_not_waited_for() {
    let (gateway, probe) = (Gateway::start().await, Probe::start().await);
    let began = Instant::now();
    let mut silent = probe.open(&gateway, Protocol::Session).await;
    let mut slow = probe.open(&gateway, Protocol::Session).await;
    let mut agrees_never = probe.open(&gateway, Protocol::Session).await;
    agrees_never.send(&probe.begins()).await;
    let whole = frame(&probe.begins()[0]).unwrap();
    let dribbles = async {
        for byte in &whole {
            slow.raw(&[*byte]).await;
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        slow.rest().await
    };
    let (silence, slowness, disagreement) =
        tokio::join!(silent.rest(), dribbles, agrees_never.rest());
    for said in [silence, slowness, disagreement] {
        assert!(!said.contains(&Said::AuthOk), "{said:?}");
    }
    let took = began.elapsed();
    assert!(
        took > Duration::from_secs(14) && took < Duration::from_secs(50),
        "{took:?}"
    );
    still_serves(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_are_reset_leave_nothing_behind() {
    let (gateway, probe) = (Gateway::start().await, Probe::start().await);
    for round in 0..200_usize {
        let mut wire = probe.open(&gateway, Protocol::Session).await;
        let begins: Vec<u8> = probe
            .begins()
            .iter()
            .flat_map(|one| frame(one).unwrap())
            .collect();
        // Cut off at another place every time; what is dropped is reset.
        let until = round * begins.len() / 200;
        wire.raw(&begins[..until]).await;
        if round % 3 == 0 {
            drop(wire.stream.close().await);
        }
    }
    let mut after = probe.session(&gateway).await;
    // Reset in the middle of a session, with half a frame on its way.
    after.raw(&[0, 0, 1]).await;
    drop(after);
    still_serves(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_streams_than_are_taken_hurt_nobody_else() {
    let (gateway, probe) = (Gateway::start().await, Probe::start().await);
    let mut open = Vec::new();
    for _ in 0..200 {
        let peer =
            chaperon::net::clawchat::swarm::peer_id_of(&Gateway::node_key_of(&gateway.account));
        let opened = probe
            .node
            .open(peer.unwrap(), vec![gateway.address()], Protocol::Session);
        open.extend(opened.await.ok());
    }
    assert!(!open.is_empty());
    still_serves(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_in_as_somebody_else() {
    let (gateway, probe) = (Gateway::start().await, Probe::start().await);
    let other = Probe::start().await;
    // Somebody real came before: their frames are known to whoever they met.
    let recorded = other.begins();
    drop(other.session(&gateway).await);
    let forged = |change: &dyn Fn(&mut chaperon::wire::clawchat::Auth)| {
        let mut auth = probe.auth(1);
        change(&mut auth);
        vec![
            Message::Hello(probe.hello(1)).encode(),
            Message::Auth(Box::new(auth)).encode(),
        ]
    };
    let mut scripts: Vec<(&str, Vec<Vec<u8>>)> = vec![
        ("a whole recorded handshake", recorded),
        (
            "the attestation of somebody else",
            forged(&|auth| {
                auth.attestation = other.attestation();
                auth.principal = other.us.principal.to_string();
            }),
        ),
        (
            "another principal beside the attestation",
            forged(&|auth| auth.principal = somebody_else().to_string()),
        ),
        (
            "another principal in the attestation",
            forged(&|auth| {
                auth.principal = somebody_else().to_string();
                auth.attestation.principal.clone_from(&auth.principal);
            }),
        ),
        (
            "the gateway's own principal",
            forged(&|auth| {
                auth.principal.clone_from(&gateway.account.address);
                auth.attestation.principal.clone_from(&auth.principal);
            }),
        ),
        (
            "another session's nonce",
            forged(&|auth| auth.session_nonce = [7; 16]),
        ),
        (
            "a changed signature",
            forged(&|auth| auth.attestation.signature[40] ^= 1),
        ),
        (
            "a longer validity",
            forged(&|auth| auth.attestation.expires_at += 1),
        ),
        (
            "another node in the attestation",
            forged(&|auth| auth.attestation.node_key = other.us.node_key),
        ),
    ];
    let mut hello = probe.hello(1);
    hello.node_key = other.us.node_key;
    let auth = Message::Auth(Box::new(probe.auth(1))).encode();
    scripts.push((
        "another node in HELLO",
        vec![Message::Hello(hello).encode(), auth],
    ));
    for (what, script) in scripts {
        let mut wire = probe.open(&gateway, Protocol::Session).await;
        wire.send(&script).await;
        let said = refused(&mut wire, what).await;
        assert!(!said.contains(&Said::Hello), "{what}: {said:?}");
    }
    let [known] = &gateway.channels().await[..] else {
        panic!("somebody got in");
    };
    assert_eq!(known.address, other.us.principal.to_string());
    still_serves(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_or_endless_attestation_opens_no_door() {
    use chaperon::net::clawchat::protocol::attest;
    let (gateway, probe) = (Gateway::start().await, Probe::start().await);
    let now = Probe::fresh().now;
    let day = 24 * 3600;
    for (what, from, lasts) in [
        ("of the day before yesterday", now - 2 * day, day),
        ("from the future", now + 400, day),
        ("for ever", now, 100 * 365 * day),
        ("that ends before it begins", now + 100, 0),
    ] {
        let mut attestation = attest(&probe.us, [1; 32], from);
        attestation.expires_at = from + lasts;
        let digest = chaperon::crypto::sha256(&attestation.payload());
        attestation.signature = probe.us.wallet.sign(&digest.0);
        let mut auth = probe.auth(1);
        auth.attestation = attestation;
        let mut wire = probe.open(&gateway, Protocol::Session).await;
        wire.send(&[Message::Hello(probe.hello(1)).encode()]).await;
        wire.send(&[Message::Auth(Box::new(auth)).encode()]).await;
        let said = refused(&mut wire, what).await;
        assert!(matches!(said[..], [Said::AuthFail(_)]), "{what}: {said:?}");
    }
    assert_eq!(gateway.channels().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_network_is_told_so() {
    let gateway = Gateway::start().await;
    let wallet = Wallet::from_secret([5; 32]).unwrap();
    let mut probe = Probe::of([6; 32], wallet).await;
    probe.us.principal = probe
        .us
        .wallet
        .principal(chaperon::crypto::stacks::StacksNetwork::Mainnet);
    let mut wire = probe.open(&gateway, Protocol::Session).await;
    wire.send(&probe.begins()).await;
    let said = wire.rest().await;
    let [Said::AuthFail(reason)] = &said[..] else {
        panic!("{said:?}");
    };
    assert!(reason.contains("other Stacks network"), "{reason}");
    assert_eq!(gateway.channels().await, []);
}

fn entry(number: usize) -> Entry {
    let key = NodeId(std::array::from_fn(|at| {
        u8::try_from((number + at) % 256).unwrap()
    }));
    Entry {
        principal: somebody_else().to_string(),
        node: Some(key),
        addresses: vec![format!(
            "/ip4/127.0.0.1/tcp/{}/p2p/{key}",
            1 + number % 60_000
        )],
        last_seen: 5,
    }
}

/// Asks where somebody is; a real gateway that gets no answer stops running.
async fn asks(probe: &Probe, gateway: &Gateway, who: &str) -> Option<Entry> {
    let mut wire = probe.open(gateway, Protocol::Exchange).await;
    let question = Px::Resolve {
        principal: who.to_owned(),
        id: RequestId::from_random([3; 16]),
    };
    wire.send(&[question.encode()]).await;
    let answer = wire.next().await.expect("every question is answered");
    let Px::Answer { id, peer, .. } = Px::decode(&answer).unwrap() else {
        panic!("no answer");
    };
    assert_eq!(id, RequestId::from_random([3; 16]));
    peer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_addresses_is_heard_by_nobody() {
    let (gateway, probe) = (Gateway::start().await, Probe::start().await);
    let whole: Vec<Entry> = (0..5000).map(entry).collect();
    for round in 0..50 {
        let entries = match round % 3 {
            0 => whole.clone(),
            1 => whole[..32].to_vec(),
            _ => Vec::new(),
        };
        let mut wire = probe.open(&gateway, Protocol::Exchange).await;
        wire.send(&[Px::Push(entries).encode()]).await;
        drop(wire.stream.close().await);
    }
    for junk in [
        &b"\xff"[..],
        b"",
        b"\xa1\x64type\x18\x63",
        b"\xa1\x64type\x01",
    ] {
        let mut wire = probe.open(&gateway, Protocol::Exchange).await;
        wire.send(&[junk.to_vec()]).await;
        assert_eq!(wire.next().await, None);
    }
    // Strangers are answered, and told nothing: neither who is known nor that we are here.
    assert_eq!(
        asks(&probe, &gateway, &somebody_else().to_string()).await,
        None
    );
    assert_eq!(asks(&probe, &gateway, &gateway.account.address).await, None);
    assert_eq!(asks(&probe, &gateway, "nobody").await, None);
    still_serves(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_who_writes_is_read_by_nobody_before_a_person_lets_them_in() {
    let (gateway, probe) = (Gateway::start().await, Probe::start().await);
    let mut wire = probe.session(&gateway).await;
    for number in 0..100 {
        wire.say(&[probe.chat(number, "let me in", u64::from(number))])
            .await;
    }
    // Some are kept for the person who decides; then there is no more room, and they are told.
    let said = wire.rest().await;
    assert!(
        said.iter().all(|said| *said == Said::Other(0x70)),
        "{said:?}"
    );
    assert!(said.len() < 100, "{}", said.len());
    gateway.channel(&probe, ChannelState::Requested).await;
    still_serves(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accepted_peer_can_end_its_own_session_and_nothing_else() {
    let (gateway, mut probe) = (Gateway::start().await, Probe::start().await);
    probe.us.receipts = false;
    let (wire, channel) = probe.accepted(&gateway).await;
    drop(wire);
    let length = |length: usize| u32::try_from(length).unwrap().to_be_bytes().to_vec();
    for bytes in [
        frame(b"\xff").unwrap(),
        frame(b"").unwrap(),
        length(LONGEST_FRAME + 1),
        frame(&many_items()).unwrap(),
    ] {
        let mut wire = probe.session(&gateway).await;
        wire.raw(&bytes).await;
        wire.rest().await;
    }
    assert_eq!(gateway.transcript(&channel).await, []);
    let mut wire = probe.session(&gateway).await;
    wire.say(&[probe.chat(1, "still here", 1)]).await;
    wire.read_by_them().await;
    assert_eq!(gateway.messages(&channel, 1).await.len(), 1);
}
