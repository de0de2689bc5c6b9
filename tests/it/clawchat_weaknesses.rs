//! What the real gateway gets wrong (`W1` to `W16` of its description), and we do not.

use std::time::{Duration, Instant};

use chaperon::api::{
    Accounts, AccountsReply, AskLetters, ChannelRef, Reply, Request, SendOutcome, Thread,
};
use chaperon::model::{
    Author, Channel, ChannelState, Content, Delivery, NetworkId, PeerText, RawReason, UnixMillis,
};
use chaperon::net::clawchat::swarm::{Event, Protocol};
use chaperon::wire::clawchat::cbor::Value as Cbor;
use chaperon::wire::clawchat::{ChatId, Entry, Message, NodeId, Px, Receipt, RequestId, cbor};

use crate::support::gateway::{Gateway, Probe, Said, Wire, somebody_else};

const CLAWCHAT: NetworkId = NetworkId::ClawChat;

async fn send(gateway: &Gateway, channel: &Channel, text: &str) -> SendOutcome {
    let request = Request::Send {
        channel: ChannelRef::Id(channel.id),
        subject: PeerText::default(),
        body: PeerText::new(text),
        author: Author::Human,
        now: true,
        thread: Thread::default(),
    };
    let Ok(Reply::Sent(outcome)) = gateway.ask(request).await else {
        panic!("another answer");
    };
    outcome
}

async fn texts(gateway: &Gateway, channel: &Channel, count: usize) -> Vec<String> {
    let all = gateway.messages(channel, count).await;
    let text = |content: &Content| match content {
        Content::Text(body) => body.body.expose_untrusted().to_owned(),
        Content::Raw { .. } => "raw".to_owned(),
    };
    all.iter().map(|message| text(&message.content)).collect()
}

/// A probe that says as a real gateway does that it knows no receipts.
async fn real_one() -> Probe {
    let mut probe = Probe::start().await;
    probe.us.receipts = false;
    probe
}

fn stream_data(chat: &Cbor<'_>) -> Vec<u8> {
    let data = chat.encode();
    Message::StreamData(Cbor::bytes(&data)).encode()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w01_nobody_takes_the_name_or_the_messages_of_somebody_else() {
    let (gateway, bob) = (Gateway::start().await, real_one().await);
    let (session, channel) = bob.accepted(&gateway).await;
    drop(session);
    bob.node.stop().await;
    let mut mallory = Probe::start().await;
    let mut wire = mallory.open(&gateway, Protocol::Session).await;
    let mut auth = mallory.auth(1);
    auth.principal = bob.us.principal.to_string();
    let hello = Message::Hello(mallory.hello(1)).encode();
    wire.send(&[hello, Message::Auth(Box::new(auth)).encode()])
        .await;
    assert!(matches!(wire.rest().await[..], [Said::AuthFail(_)]));
    let sent = send(&gateway, &channel, "for Bob alone").await;
    assert!(matches!(sent, SendOutcome::Queued { .. }), "{sent:?}");
    while let Ok(event) = mallory.events.try_recv() {
        assert!(!matches!(event, Event::Inbound { .. }), "they were dialled");
    }
    let after = gateway.channel(&bob, ChannelState::Active).await;
    assert_eq!(
        (after.relay, after.their_key),
        (channel.relay, channel.their_key)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w02_nobody_writes_in_the_name_of_somebody_else() {
    let (gateway, bob) = (Gateway::start().await, real_one().await);
    let (mut wire, channel) = bob.accepted(&gateway).await;
    let mut forged = bob.chat(1, "I am your boss", 1);
    forged.from = somebody_else().to_string();
    let mut ours = bob.chat(2, "I am you", 2);
    ours.from.clone_from(&gateway.account.address);
    wire.say(&[forged, ours, bob.chat(3, "I am Bob", 3)]).await;
    wire.read_by_them().await;
    assert_eq!(texts(&gateway, &channel, 1).await, ["I am Bob"]);
    assert_eq!(gateway.channels().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w03_an_attestation_is_of_no_use_to_whoever_was_shown_it() {
    let (gateway, bob) = (Gateway::start().await, real_one().await);
    let mallory = Probe::start().await;
    // Mallory met Bob: this is what Bob showed.
    let shown = bob.auth(1);
    for node_key in [mallory.us.node_key, bob.us.node_key] {
        let mut hello = mallory.hello(1);
        hello.node_key = node_key;
        let mut wire = mallory.open(&gateway, Protocol::Session).await;
        let auth = Message::Auth(Box::new(shown.clone())).encode();
        wire.send(&[Message::Hello(hello).encode(), auth]).await;
        assert!(matches!(wire.rest().await[..], [Said::AuthFail(_)]));
    }
    assert_eq!(gateway.channels().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w04_whoever_gives_no_name_is_let_past_nobody() {
    let (gateway, probe) = (Gateway::start().await, Probe::start().await);
    let [hello, auth] = <[_; 2]>::try_from(probe.begins()).unwrap();
    let Ok(Cbor::Map(members)) = cbor::decode(&auth) else {
        panic!("AUTH is a map");
    };
    let without: Vec<_> = members
        .iter()
        .filter(|(name, _)| name != "principal")
        .cloned()
        .collect();
    for principal in [
        None,
        Some(Cbor::text("")),
        Some(Cbor::Null),
        Some(Cbor::Undefined),
    ] {
        let mut members = without.clone();
        members.extend(principal.map(|principal| ("principal".into(), principal)));
        let mut wire = probe.open(&gateway, Protocol::Session).await;
        wire.send(&[hello.clone(), Cbor::Map(members).encode()])
            .await;
        assert!(matches!(wire.rest().await[..], [Said::AuthFail(_)]));
    }
    assert_eq!(gateway.channels().await, []);
}

fn entry(who: &Probe, node: NodeId) -> Entry {
    Entry {
        principal: who.us.principal.to_string(),
        node: Some(node),
        addresses: vec![format!("/ip4/127.0.0.1/tcp/9/p2p/{node}")],
        last_seen: 9_000_000_000_000,
    }
}

async fn push(from: &Probe, to: &Gateway, entries: Vec<Entry>) {
    let mut wire = from.open(to, Protocol::Exchange).await;
    wire.send(&[Px::Push(entries).encode()]).await;
    assert_eq!(wire.next().await, None, "a push has no answer");
}

async fn asks(probe: &Probe, gateway: &Gateway, who: &Probe) -> Option<Entry> {
    let mut wire = probe.open(gateway, Protocol::Exchange).await;
    let question = Px::Resolve {
        principal: who.us.principal.to_string(),
        id: RequestId::from_random([3; 16]),
    };
    wire.send(&[question.encode()]).await;
    let answer = wire.next().await.expect("every question is answered");
    let Px::Answer { peer, .. } = Px::decode(&answer).unwrap() else {
        panic!("no answer");
    };
    peer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w05_nobody_moves_somebody_else_and_contacts_are_told_to_nobody() {
    let (gateway, bob) = (Gateway::start().await, Probe::start().await);
    let (_bob, channel) = bob.accepted(&gateway).await;
    let carol = Probe::start().await;
    let (_carol, _) = carol.accepted(&gateway).await;
    let mallory = Probe::start().await;
    let node = NodeId(mallory.us.node_key);
    // A stranger, then somebody who was let in, says that Bob is where Mallory is.
    push(&mallory, &gateway, vec![entry(&bob, node)]).await;
    push(
        &carol,
        &gateway,
        vec![entry(&bob, node), entry(&mallory, node)],
    )
    .await;
    let after = gateway.channel(&bob, ChannelState::Active).await;
    assert_eq!(after.relay, channel.relay);
    // Bob has announced himself to nobody, and so nobody is told of him.
    assert_eq!(asks(&mallory, &gateway, &bob).await, None);
    assert_eq!(asks(&carol, &gateway, &bob).await, None);
    // Nor is what Carol said passed on as if it were known.
    assert_eq!(asks(&bob, &gateway, &mallory).await, None);
    assert_eq!(
        gateway.channels().await.len(),
        2,
        "nobody became known by it"
    );
}

/// Asks an accepted peer where somebody is, and lets the test play that peer.
async fn resolves(gateway: &Gateway, through: &str) -> AccountsReply {
    gateway
        .account_reply(Accounts::Resolve {
            account: gateway.account.id,
            address: somebody_else().to_string(),
            through: Some(through.to_owned()),
        })
        .await
}

/// The next question that a probe is asked, with the stream to answer on.
async fn question(probe: &mut Probe) -> Wire {
    loop {
        let (_, mut wire) = probe.accept(Protocol::Exchange).await;
        let item = wire.next().await.unwrap();
        if matches!(Px::decode(&item), Ok(Px::Resolve { .. })) {
            return wire;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w06_a_question_that_is_answered_badly_or_never_stops_nobody() {
    let (gateway, mut bob) = (Gateway::start().await, Probe::start().await);
    let (_session, _) = bob.accepted(&gateway).await;
    let who = bob.us.principal.to_string();
    for answer in [
        None,
        Some(b"\xff".to_vec()),
        Some(Px::Push(Vec::new()).encode()),
    ] {
        let plays = async {
            let mut wire = question(&mut bob).await;
            match answer {
                // Reset.
                None => drop(wire),
                Some(answer) => wire.send(&[answer]).await,
            }
        };
        let (reply, ()) = tokio::join!(resolves(&gateway, &who), plays);
        assert!(matches!(reply, AccountsReply::Sighted(_)), "{reply:?}");
    }
    let began = Instant::now();
    let plays = async {
        let wire = question(&mut bob).await;
        tokio::time::sleep(Duration::from_secs(12)).await;
        drop(wire);
    };
    let waits = async {
        resolves(&gateway, &who).await;
        began.elapsed()
    };
    let (waited, ()) = tokio::join!(waits, plays);
    assert!(waited < Duration::from_secs(11), "{waited:?}");
    gateway.is_untouched().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w07_one_bad_chat_does_not_silence_a_session() {
    let (gateway, bob) = (Gateway::start().await, real_one().await);
    let (mut wire, channel) = bob.accepted(&gateway).await;
    for bad in [
        Message::StreamData(Cbor::bytes(b"\xff\xff")).encode(),
        Message::StreamData(Cbor::Array(vec![Cbor::Uint(1)])).encode(),
        stream_data(&Cbor::Null),
        stream_data(&Cbor::map([])),
        stream_data(&Cbor::map([("content", Cbor::Uint(7))])),
    ] {
        wire.send(&[bad]).await;
    }
    wire.say(&[bob.chat(1, "and a good one", 1)]).await;
    wire.read_by_them().await;
    assert_eq!(texts(&gateway, &channel, 1).await, ["and a good one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w08_whoever_never_answers_gets_no_more_than_one_stream_at_a_time() {
    let (gateway, mut bob) = (Gateway::start().await, real_one().await);
    let add = Accounts::Add {
        account: gateway.account.id,
        address: bob.us.principal.to_string(),
        seen: None,
        endpoint: Some(bob.addresses[0].to_string()),
        name: None,
    };
    gateway.ask(Request::Accounts(add)).await.unwrap();
    let mut streams = Vec::new();
    let until = tokio::time::Instant::now() + Duration::from_secs(13);
    while let Ok(event) = tokio::time::timeout_at(until, bob.events.recv()).await {
        if let Some(Event::Inbound {
            protocol: Protocol::Session,
            stream,
            ..
        }) = event
        {
            streams.push(stream);
        }
    }
    // The real gateway opens one more every five seconds.
    assert_eq!(streams.len(), 1);
    // It gives up by itself, and says goodbye.
    let mut wire = Wire::new(streams.remove(0));
    let said = wire.rest().await;
    assert!(matches!(said.last(), Some(Said::AuthFail(_))), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w09_writing_to_oneself_or_to_nobody_is_an_answer_and_not_the_end() {
    let mut gateway = Gateway::start().await;
    let own = gateway.account.address.clone();
    let add = Accounts::Add {
        account: gateway.account.id,
        address: own.clone(),
        seen: None,
        endpoint: Some(gateway.address().to_string()),
        name: None,
    };
    assert!(gateway.ask(Request::Accounts(add)).await.is_err());
    for to in [own, String::new(), "nobody".to_owned()] {
        let request = Request::Send {
            channel: ChannelRef::Named(to),
            subject: PeerText::default(),
            body: PeerText::new("hi"),
            author: Author::Human,
            now: true,
            thread: Thread::default(),
        };
        assert!(gateway.ask(request).await.is_err());
    }
    gateway.restart().await;
    gateway.is_untouched().await;
    assert_eq!(gateway.channels().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w10_every_identity_is_reached_and_answers_as_itself() {
    let (gateway, bob) = (Gateway::start().await, real_one().await);
    let second = gateway.new_identity(Some("second")).await;
    assert_ne!(
        Gateway::node_key_of(&second),
        Gateway::node_key_of(&gateway.account)
    );
    // The session insists that whoever answers is the second one.
    let mut wire = bob.session_with(&second).await;
    gateway.lets_in().await;
    let channel = gateway.channel(&bob, ChannelState::Active).await;
    assert_eq!(channel.account, Some(second.id));
    wire.say(&[bob.chat(1, "for the second", 1)]).await;
    assert_eq!(texts(&gateway, &channel, 1).await, ["for the second"]);
    let answers = async {
        loop {
            if let Said::Chat(chat) = wire.message().await.unwrap() {
                return chat;
            }
        }
    };
    let (chat, ()) = tokio::join!(answers, async {
        let sent = send(&gateway, &channel, "from the second");
        // Nobody answers the question whether it was read.
        drop(tokio::time::timeout(Duration::from_secs(5), sent).await);
    });
    assert_eq!(chat.from, second.address);
    assert_eq!(chat.nick, Some(PeerText::new("second")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w11_a_repeated_message_is_the_same_one_and_is_known_to_have_arrived() {
    let (gateway, bob) = (Gateway::start().await, Probe::start().await);
    let (wire, channel) = bob.accepted(&gateway).await;
    let chat_of = async |mut wire: Wire| loop {
        if let Said::Chat(chat) = wire.message().await.unwrap() {
            return (chat, wire);
        }
    };
    let (sent, (first, lost)) = tokio::join!(send(&gateway, &channel, "once"), async {
        let (chat, wire) = chat_of(wire).await;
        drop(wire);
        (chat, ())
    });
    let () = lost;
    assert!(matches!(sent, SendOutcome::Queued { .. }), "{sent:?}");
    let (again, mut wire) = chat_of(bob.session(&gateway).await).await;
    assert_eq!((&again.id, again.timestamp), (&first.id, first.timestamp));
    wire.send(&[Message::Receipt(Receipt::Delivered, again.id).encode()])
        .await;
    for _ in 0..1000 {
        let all = gateway.transcript(&channel).await;
        if matches!(all[0].delivery, Some(Delivery::Delivered { .. })) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the receipt was not heard");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w11_a_message_that_a_real_gateway_repeats_under_another_id_is_one_message() {
    let (gateway, bob) = (Gateway::start().await, real_one().await);
    let (mut wire, channel) = bob.accepted(&gateway).await;
    wire.say(&[
        bob.chat(1, "twice", 5),
        bob.chat(2, "twice", 5),
        bob.chat(3, "twice", 6),
    ])
    .await;
    wire.read_by_them().await;
    let all = gateway.messages(&channel, 2).await;
    let repeats: Vec<_> = all
        .iter()
        .map(|one| one.routing.as_ref().unwrap().repeats)
        .collect();
    assert_eq!(repeats, [1, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w12_of_a_huge_message_only_a_bounded_part_is_kept() {
    let (gateway, bob) = (Gateway::start().await, real_one().await);
    let (mut wire, channel) = bob.accepted(&gateway).await;
    let huge = "x".repeat(4 * 1024 * 1024);
    wire.say(&[bob.chat(1, &huge, 1)]).await;
    wire.read_by_them().await;
    let all = gateway.messages(&channel, 1).await;
    let Content::Raw { reason, payload } = &all[0].content else {
        panic!("it was taken whole");
    };
    assert_eq!(*reason, RawReason::TooLong);
    assert!(payload.len() <= CLAWCHAT.longest_text());
}

async fn letters(gateway: &Gateway, since: Option<UnixMillis>, take: bool) -> Vec<String> {
    let asked = AskLetters {
        network: CLAWCHAT,
        account: None,
        sent: false,
        since,
        take,
    };
    let Ok(Reply::Letters(letters)) = gateway.ask(Request::Letters(asked)).await else {
        panic!("another answer");
    };
    let texts = letters.letters.into_iter();
    texts
        .map(|letter| letter.unsafe_body.expose_untrusted().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w13_a_time_that_no_file_can_hold_spoils_nothing() {
    let (gateway, bob) = (Gateway::start().await, real_one().await);
    let (mut wire, channel) = bob.accepted(&gateway).await;
    let id = ChatId::from_random([1; 16]);
    let from = bob.us.principal.to_string();
    for timestamp in [
        Cbor::Uint(9_007_199_254_740_992),
        Cbor::Uint(u64::MAX),
        Cbor::Float(f64::NAN),
        Cbor::Float(1e300),
        Cbor::Negative(5),
    ] {
        let chat = Cbor::map([
            ("id", Cbor::text(id.as_str())),
            ("from", Cbor::text(&from)),
            ("content", Cbor::text("poison")),
            ("timestamp", timestamp),
        ]);
        wire.send(&[stream_data(&chat)]).await;
    }
    wire.say(&[bob.chat(2, "largest", 9_007_199_254_740_991)])
        .await;
    wire.read_by_them().await;
    assert_eq!(texts(&gateway, &channel, 1).await, ["largest"]);
    assert_eq!(letters(&gateway, None, false).await, ["largest"]);
}

fn now() -> UnixMillis {
    UnixMillis(i64::try_from(Probe::fresh().now * 1000).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w14_what_is_new_is_told_by_our_clock_and_not_by_theirs() {
    let (gateway, bob) = (Gateway::start().await, real_one().await);
    let (mut wire, channel) = bob.accepted(&gateway).await;
    let future = u64::try_from(now().0).unwrap() + 1_000_000_000_000;
    wire.say(&[
        bob.chat(1, "of 1970", 1),
        bob.chat(2, "of a far future", future),
    ])
    .await;
    texts(&gateway, &channel, 2).await;
    let both = ["of 1970", "of a far future"];
    assert_eq!(letters(&gateway, Some(now()), true).await, both);
    // Taken once, neither is new to whoever asks for what came since.
    let since = now().after(Duration::from_secs(2));
    assert_eq!(letters(&gateway, Some(since), false).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w15_where_somebody_connects_from_is_not_where_they_are() {
    let (gateway, bob) = (Gateway::start().await, real_one().await);
    let (wire, channel) = bob.accepted(&gateway).await;
    drop(wire);
    let again = bob.session(&gateway).await;
    let after = gateway.channel(&bob, ChannelState::Active).await;
    assert_eq!(after.relay, channel.relay);
    let listens: Vec<_> = bob.addresses.iter().map(ToString::to_string).collect();
    let all: Vec<_> = after.relay.split(',').filter(|at| !at.is_empty()).collect();
    assert!(
        all.iter().all(|at| listens.iter().any(|known| known == at)),
        "{all:?} {listens:?}"
    );
    drop(again);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w16_no_word_of_a_peer_gets_into_the_command_that_wakes_the_assistant() {
    let (gateway, bob) = (Gateway::start().await, real_one().await);
    let (mut wire, channel) = bob.accepted(&gateway).await;
    let heard = gateway.dir.path().join("heard");
    let script = format!("printf '%s\\n' \"$@\" >> {}", heard.display());
    let wake = Request::SetWake {
        channel: ChannelRef::Id(channel.id),
        command: ["/bin/sh", "-c", &script, "sh", "{text}", "{mode}"]
            .map(str::to_owned)
            .to_vec(),
    };
    gateway.ask(wake).await.unwrap();
    let mut forged = bob.chat(1, "URGENT: forged words", 1);
    forged.from = somebody_else().to_string();
    wire.say(&[forged, bob.chat(2, "URGENT: the train is late", 2)])
        .await;
    texts(&gateway, &channel, 1).await;
    let mut told = String::new();
    for _ in 0..1000 {
        told = std::fs::read_to_string(&heard).unwrap_or_default();
        if told.lines().count() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let lines: Vec<_> = told.lines().collect();
    let [line, mode] = lines[..] else {
        panic!("{told:?}");
    };
    assert_eq!(
        mode, "now",
        "the urgent word is heard, and nothing else of it"
    );
    assert!(line.starts_with("1 new message in the channel"), "{line}");
    assert!(
        !told.contains("train") && !told.contains("forged"),
        "{told}"
    );
}
