//! Scripted handshakes, replayed against our side, and a whole session.

use std::sync::Arc;

use chaperon::crypto::stacks::StacksNetwork;
use chaperon::model::PeerText;
use chaperon::net::clawchat::protocol::{
    Fresh, Handshake, Reason, ReceivedChat, Remote, Role, SessionStep, Step, Us, chat_frame,
    receive,
};
use chaperon::wire::clawchat::{
    Chat, ChatId, LONGEST_FRAME, LONGEST_HANDSHAKE_FRAME, Message, Unframer, frame,
};
use serde_json::Value;

use super::{all, bytes, list, node_key, text, wallet};

const NOW: u64 = 1_770_000_000;

/// Who a vector calls `w1/n1 testnet`.
fn us(words: &str) -> Us {
    let (names, network) = words.split_once(' ').unwrap();
    assert_eq!(network, "testnet");
    let (name, node) = names.split_once('/').unwrap();
    let wallet = wallet(name);
    Us {
        principal: wallet.principal(StacksNetwork::Testnet),
        wallet: Arc::new(wallet),
        node_key: node_key(node),
        receipts: false,
    }
}

fn fresh(hello: &str, attestation: &str) -> Fresh {
    Fresh {
        now: NOW,
        hello_nonce: bytes(hello).try_into().unwrap(),
        attestation_nonce: bytes(attestation).try_into().unwrap(),
    }
}

/// One side, as the program runs it: bytes in, frames out.
struct Side {
    frames: Unframer,
    handshake: Option<Handshake>,
    remote: Option<Remote>,
    sent: Vec<Vec<u8>>,
    chats: Vec<ReceivedChat>,
    dropped: usize,
    ended: Option<Reason>,
}

impl Side {
    fn new(role: Role, us: &Us, peer: [u8; 32], fresh: Fresh) -> Self {
        let (handshake, sent) = Handshake::new(role, us, peer, fresh);
        Self {
            frames: Unframer::new(LONGEST_HANDSHAKE_FRAME),
            handshake: Some(handshake),
            remote: None,
            sent,
            chats: Vec::new(),
            dropped: 0,
            ended: None,
        }
    }

    fn is_authenticated(&self) -> bool {
        self.handshake.is_none() && self.ended.is_none()
    }

    fn read(&mut self, bytes: &[u8]) {
        self.frames.push(bytes);
        while self.ended.is_none() {
            match self.frames.next_frame() {
                Ok(None) => return,
                Ok(Some(frame)) => self.take(&frame),
                Err(_) => self.ended = Some(Reason::Unreadable),
            }
        }
    }

    fn close(&mut self) {
        if let Some(handshake) = &self.handshake {
            self.ended = Some(handshake.closed().reason);
        }
    }

    fn take(&mut self, frame: &[u8]) {
        let Some(handshake) = &mut self.handshake else {
            match receive(frame, self.remote.as_ref().unwrap()) {
                SessionStep::Chat(chat) => self.chats.push(chat),
                SessionStep::Reply(reply) => self.sent.push(reply),
                SessionStep::Dropped(_) => self.dropped += 1,
                SessionStep::Broken(_) => self.ended = Some(Reason::Unreadable),
                SessionStep::Pong(_) | SessionStep::Receipt { .. } | SessionStep::Ignored => {}
            }
            return;
        };
        let mut done = false;
        match handshake.receive(frame, NOW) {
            Ok(Step::Wait) => {}
            Ok(Step::Send(send)) => self.sent.extend(send),
            Ok(Step::Decide(remote)) => {
                self.remote = Some(remote);
                let admitted = handshake.admit();
                self.sent.extend(admitted.send);
                done = admitted.done;
            }
            Ok(Step::Done { send }) => {
                self.sent.extend(send);
                done = true;
            }
            Err(refused) => {
                self.sent.extend(refused.fail);
                self.ended = Some(refused.reason);
            }
        }
        if done {
            self.frames.set_limit(LONGEST_FRAME);
            self.handshake = None;
        }
    }

    fn sent_types(&self) -> Vec<u64> {
        let kind = |frame: &Vec<u8>| {
            let value = chaperon::wire::clawchat::cbor::decode(frame).unwrap();
            value.get("type").unwrap().as_uint().unwrap()
        };
        self.sent.iter().map(kind).collect()
    }
}

fn replay(vector: &Value) -> Side {
    let role = match text(vector, "local_role") {
        "initiator" => Role::Initiator,
        _ => Role::Responder,
    };
    let peer = node_key(text(vector, "remote_libp2p_peer"));
    let fresh = fresh(&"41".repeat(16), &"51".repeat(32));
    let mut side = Side::new(role, &us(text(vector, "local")), peer, fresh);
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    let mut ends = false;
    for frame in vector["input_frames_hex"].as_array().unwrap() {
        match frame.as_str().unwrap() {
            "FIN" => ends = true,
            hex => chunks.push(bytes(hex)),
        }
    }
    let chunks = match text(vector, "delivery") {
        "one chunk per frame" => chunks,
        "all bytes in one chunk" => vec![chunks.concat()],
        "one byte at a time" => chunks.concat().into_iter().map(|byte| vec![byte]).collect(),
        other => panic!("{other}"),
    };
    for chunk in chunks {
        side.read(&chunk);
    }
    if ends {
        side.close();
    }
    side
}

/// Whom the real program lets in, and we do not, and what we say.
const STRICTER: [(&str, Reason); 7] = [
    (
        "HELLO without nonce, key, version or timestamp",
        Reason::Unreadable,
    ),
    ("HELLO.version 2", Reason::Unreadable),
    (
        "HELLO.nodePublicKey differs from the attested key",
        Reason::OtherNode,
    ),
    (
        "AUTH.sessionNonce differs from HELLO.nonce",
        Reason::OtherSession,
    ),
    (
        "AUTH.principal differs from attestation.principal (impersonation)",
        Reason::OtherPrincipal,
    ),
    ("AUTH.principal missing", Reason::Unreadable),
    (
        "attested node key is not the libp2p peer (replayed attestation of w1)",
        Reason::OtherNode,
    ),
];

#[test]
fn every_scripted_handshake_ends_as_a_strict_one_should() {
    let scenarios = list("session_scenarios");
    assert_eq!(scenarios.len(), 35);
    for vector in scenarios {
        let (label, strict) = (text(&vector, "label"), text(&vector, "strict_verdict"));
        let side = replay(&vector);
        let real = &vector["real"];
        let real_lets_in = text(real, "verdict").starts_with("authenticated");
        if strict.starts_with("reject") {
            assert!(!side.is_authenticated(), "{label}");
            assert!(side.chats.is_empty(), "{label}");
            let stricter = STRICTER.iter().find(|(name, _)| *name == label);
            assert_eq!(stricter.is_some(), real_lets_in, "{label}");
            if let Some((_, reason)) = stricter {
                assert_eq!(side.ended, Some(*reason), "{label}");
            }
        } else {
            assert!(
                side.is_authenticated() && real_lets_in,
                "{label}: {:?}",
                side.ended
            );
            let who = side.remote.as_ref().unwrap().principal;
            let verdict = format!("authenticated as {who}");
            assert_eq!(text(real, "verdict"), verdict, "{label}");
            let sent: Vec<_> = real["sent_types"].as_array().unwrap().iter().collect();
            let sent: Vec<_> = sent
                .into_iter()
                .map(|kind| kind.as_u64().unwrap())
                .collect();
            assert_eq!(side.sent_types(), sent, "{label}");
        }
        // A responder says who it is to nobody who did not prove who they are.
        if vector["local_role"] == "responder" && side.remote.is_none() {
            assert!(!side.sent_types().contains(&2), "{label}");
        }
        let delivered = real["delivered_chats"].as_array().unwrap().len();
        match strict {
            "drop the bad one, deliver the good one (real stops reading)" => {
                assert_eq!((side.dropped, side.chats.len()), (1, 1), "{label}");
            }
            "drop or overwrite from (real delivers the forged from)" => {
                assert_eq!((side.dropped, side.chats.len()), (1, 0), "{label}");
            }
            _ => assert_eq!(side.chats.len(), delivered, "{label}"),
        }
    }
}

#[test]
fn what_a_person_is_told_of_a_refusal_says_what_happened() {
    let scenarios = list("session_scenarios");
    let reason = |role: &str, label: &str| {
        let mut found = scenarios.iter();
        let found =
            found.find(|one| text(one, "local_role") == role && text(one, "label") == label);
        replay(found.unwrap()).ended.unwrap()
    };
    for (role, label, expected) in [
        (
            "responder",
            "mainnet attestation on a testnet responder",
            Reason::OtherNetwork,
        ),
        ("responder", "tampered signature", Reason::Attestation),
        ("responder", "AUTH before HELLO", Reason::OutOfTurn),
        ("responder", "bad CBOR", Reason::Unreadable),
        (
            "responder",
            "AUTH_FAIL instead of AUTH_OK",
            Reason::TheyRefused,
        ),
        (
            "initiator",
            "responder answers AUTH_FAIL at once",
            Reason::TheyRefused,
        ),
        (
            "initiator",
            "responder closes at once",
            Reason::ClosedAtOnce,
        ),
        (
            "initiator",
            "responder closes instead of AUTH_OK (this is how a real gateway refuses by ACL)",
            Reason::ClosedInstead,
        ),
        (
            "initiator",
            "responder is on the other network",
            Reason::OtherNetwork,
        ),
    ] {
        assert_eq!(reason(role, label), expected, "{label}");
    }
}

#[test]
fn a_whole_session_of_two_real_gateways_is_written_byte_for_byte() {
    let transcript = &all()["session_transcript"];
    let random = &transcript["random_bytes"];
    let nonces = |side: &str| {
        let member = |name: &str| text(random, &format!("{side}_{name}")).to_owned();
        fresh(&member("hello_nonce"), &member("attestation_nonce"))
    };
    let (a, b) = (us("w1/n1 testnet"), us("w2/n2 testnet"));
    let mut initiator = Side::new(Role::Initiator, &a, b.node_key, nonces("initiator"));
    let mut responder = Side::new(Role::Responder, &b, a.node_key, nonces("responder"));
    let (mut i, mut r) = (0, 0);
    let mut wire = Vec::new();
    for _ in 0..4 {
        for sent in &initiator.sent[i..] {
            i += 1;
            wire.push(("initiator", sent.clone()));
            responder.read(&frame(sent).unwrap());
        }
        for sent in &responder.sent[r..] {
            r += 1;
            wire.push(("responder", sent.clone()));
            initiator.read(&frame(sent).unwrap());
        }
    }
    assert!(initiator.is_authenticated() && responder.is_authenticated());
    for (side, us, nick, said) in [
        ("initiator", &a, Some("alice"), "hi from the initiator"),
        ("responder", &b, None, "hi from the responder"),
    ] {
        let id = ChatId::parse(text(random, &format!("{side}_chat_id"))).unwrap();
        let chat = Chat {
            id,
            from: us.principal.to_string(),
            nick: nick.map(PeerText::new),
            content: PeerText::new(said),
            timestamp: 1_770_000_000_123,
            subject: None,
        };
        wire.push((side, chat_frame(&chat)));
    }
    let events: Vec<_> = transcript["events"].as_array().unwrap().iter().collect();
    assert_eq!(events.len(), wire.len());
    for (event, (side, sent)) in events.into_iter().zip(&wire) {
        assert_eq!(text(event, "from"), *side);
        assert_eq!(bytes(text(event, "hex")), frame(sent).unwrap());
    }
    let (_, said) = &wire[6];
    responder.read(&frame(said).unwrap());
    let chat = &responder.chats[0];
    assert_eq!(chat.content, PeerText::new("hi from the initiator"));
    assert_eq!(chat.nick, Some(PeerText::new("alice")));
    let seen = responder.remote.unwrap();
    assert_eq!(
        seen.principal.to_string(),
        text(transcript, "responder_sees_remote")
    );
    assert_eq!(
        seen.principal,
        wallet("w1").principal(StacksNetwork::Testnet)
    );
    assert!(!seen.receipts, "a real gateway knows no receipts");
}

#[test]
fn two_of_ours_know_that_of_each_other_and_a_real_gateway_reads_on() {
    let (mut a, mut b) = (us("w1/n1 testnet"), us("w2/n2 testnet"));
    (a.receipts, b.receipts) = (true, true);
    let nonces = fresh(&"00".repeat(16), &"11".repeat(32));
    let (mut theirs, hello_and_auth) = Handshake::new(Role::Initiator, &a, b.node_key, nonces);
    let (mut ours, nothing) = Handshake::new(Role::Responder, &b, a.node_key, nonces);
    assert!(nothing.is_empty());
    assert_eq!(ours.receive(&hello_and_auth[0], NOW), Ok(Step::Wait));
    let Ok(Step::Decide(remote)) = ours.receive(&hello_and_auth[1], NOW) else {
        panic!("not believed");
    };
    assert!(remote.receipts);
    // A responder that is in no hurry: the initiator agreed before we decided.
    assert_eq!(ours.receive(&Message::AuthOk.encode(), NOW), Ok(Step::Wait));
    let admitted = ours.admit();
    assert!(admitted.done);
    assert_eq!(admitted.send.len(), 3);
    assert_eq!(theirs.receive(&admitted.send[0], NOW), Ok(Step::Wait));
    assert!(matches!(
        theirs.receive(&admitted.send[1], NOW),
        Ok(Step::Decide(_))
    ));
    assert_eq!(theirs.receive(&admitted.send[2], NOW), Ok(Step::Wait));
    assert!(theirs.admit().done);
    assert!(!theirs.admit().done, "it is over");
}
