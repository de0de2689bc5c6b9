use super::*;
use crate::crypto::SecretKey;
use crate::model::AccountId;
use crate::model::NetworkId;
use crate::net::mesh::sent_envelope;
use crate::wire::mesh::decode_time;

const CONTACT: &str = "/agent-mesh/contact-request";
const MESSAGE: &str = "/agent-mesh/message";

fn now() -> UnixMillis {
    decode_time("2026-03-12T18:05:00Z").unwrap()
}

fn later(minutes: u64) -> UnixMillis {
    now().after(Duration::from_secs(minutes * 60))
}

fn account(name: &str, seed: u8) -> Account {
    Account {
        node: None,
        id: AccountId(1),
        address: name.to_owned(),
        name: format!("{name} by name"),
        endpoint: "http://127.0.0.1:8787".to_owned(),
        own: SecretKey::from_bytes([seed; 32]).into(),
        token: None,
        audited: false,
        listen: None,
        announced: false,
    }
}

fn watch(channel: i64, account: &Account, accepted: bool) -> Watch {
    Watch {
        learned: None,
        channel: ChannelId(channel),
        address: account.address.clone(),
        relay: account.endpoint.clone(),
        account: None,
        own: account.own.clone(),
        pinned: accepted.then(|| signing::public_key(&account.own.secret).into()),
        inviter: false,
        ours: Vec::new(),
        answers: None,
        request: None,
    }
}

/// Ana, who accepted Bo on channel 1.
fn ana() -> Node {
    let mut node = Node::new(&account("ana", 1)).unwrap();
    node.watch(&watch(1, &account("bo", 2), true));
    node
}

fn bo() -> (Node, Account) {
    let account = account("bo", 2);
    (Node::new(&account).unwrap(), account)
}

/// What Bo sends, signed at this time.
fn from_bo(id: &str, to: &str, text: &str, at: UnixMillis) -> String {
    let (node, account) = bo();
    let body = Body::new("", text);
    let (_, signed) = node.direct(&account, to, (id, &body), at).unwrap();
    signed.body
}

fn answered(step: Step) -> Answer {
    match step {
        Step::Answer(answer) => answer,
        Step::Ask(news, _) => panic!("the engine is asked: {news:?}"),
    }
}

fn asked(step: Step) -> (News, Then) {
    match step {
        Step::Ask(news, then) => (*news, then),
        Step::Answer(answer) => panic!("it is answered at once: {answer:?}"),
    }
}

fn receive(node: &Node, path: &str, body: &str) -> Step {
    node.receive("POST", path, body.as_bytes(), now())
}

const REFUSED: &str = r#"{"ok": true, "result": {"verified": false, "message_id": "msg_1"}}"#;

#[test]
fn a_message_of_somebody_accepted_goes_to_the_engine_and_is_acknowledged_after_it() {
    let (news, then) = asked(receive(
        &ana(),
        MESSAGE,
        &from_bo("msg_1", "ana", "hi", now()),
    ));
    let News::Listing {
        channel,
        arrived,
        gone,
    } = news
    else {
        panic!("another piece of news: {news:?}");
    };
    assert_eq!((channel, gone), (ChannelId(1), Vec::new()));
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].envelope, arrived_envelope("msg_1"));
    assert_eq!(arrived[0].content, Content::Text(Body::new("", "hi")));
    assert!(arrived[0].original.as_ref().unwrap().contains("signature"));

    let answer = then.answer(Some(&Settled::default()), now());
    assert!(
        answer
            .body
            .contains(r#""ack": {"type": "ack", "message_id": "msg_1""#)
    );
    let refused = Settled {
        refused: true,
        ..Settled::default()
    };
    assert_eq!(then.answer(Some(&refused), now()).body, REFUSED);
    assert_eq!(then.answer(None, now()).status, 503);
}

#[test]
fn an_attempt_signed_anew_is_the_same_message_and_never_one_of_ours() {
    let envelope = |at| {
        let step = receive(&ana(), MESSAGE, &from_bo("msg_1", "ana", "hi", at));
        let (News::Listing { arrived, .. }, _) = asked(step) else {
            panic!("another piece of news");
        };
        arrived[0].envelope
    };
    assert_eq!(envelope(now()), envelope(later(1)));
    assert_ne!(envelope(now()), sent_envelope("msg_1"));
}

#[test]
fn nothing_is_taken_of_whoever_was_not_accepted() {
    let message = from_bo("msg_1", "ana", "hi", now());
    let mut node = Node::new(&account("ana", 1)).unwrap();
    node.watch(&watch(1, &account("bo", 2), false));
    let answer = answered(receive(&node, MESSAGE, &message));
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.body,
        r#"{"ok": false, "error": "Peer bo is not trusted\n"}"#
    );
    // Accepted, and turned away again.
    node.watch(&watch(1, &account("bo", 2), true));
    asked(receive(&node, MESSAGE, &message));
    node.unwatch(ChannelId(1));
    assert_eq!(answered(receive(&node, MESSAGE, &message)).status, 400);
}

#[test]
fn a_name_that_could_be_a_path_is_not_repeated() {
    let body = r#"{"from": "../requests/incoming/req_1"}"#;
    let answer = answered(receive(&ana(), MESSAGE, body));
    assert_eq!(
        answer.body,
        r#"{"ok": false, "error": "Peer None is not trusted\n"}"#
    );
}

#[test]
fn what_is_stale_or_for_somebody_else_or_signed_by_another_is_not_believed() {
    for body in [
        from_bo("msg_1", "ana", "hi", later(11)),
        from_bo("msg_1", "ana", "hi", now().before(Duration::from_secs(660))),
        from_bo("msg_1", "somebody", "hi", now()),
        from_bo("msg_1", "ana", "hi", now()).replace("hi", "ho"),
    ] {
        let answer = answered(receive(&ana(), MESSAGE, &body));
        assert_eq!((answer.status, &*answer.body), (200, REFUSED), "{body}");
    }
    // A clock may be off, and a message under way for a while.
    asked(receive(
        &ana(),
        MESSAGE,
        &from_bo("m", "ana", "hi", later(9)),
    ));
}

#[test]
fn a_request_for_contact_goes_to_the_engine_with_the_key_that_signed_it() {
    let (node, account) = bo();
    let introduction = Introduction {
        id: "req_1".to_owned(),
        purpose: "tea".to_owned(),
    };
    let (_, signed) = node.introduce(&account, &introduction, now()).unwrap();
    let (news, then) = asked(receive(&ana(), CONTACT, &signed.body));
    let News::Stranger(stranger) = news else {
        panic!("another piece of news: {news:?}");
    };
    assert_eq!(stranger.network, NetworkId::Mesh);
    assert_eq!((&*stranger.id, &*stranger.who.address), ("req_1", "bo"));
    assert_eq!(stranger.who.endpoint, "http://127.0.0.1:8787");
    assert_eq!(stranger.who.answer, signed.body);
    assert_eq!(
        stranger.who.key,
        signing::public_pem(&signing::public_key(&account.own.secret))
    );
    let answer = then.answer(Some(&Settled::default()), now());
    assert!(answer.body.contains(r#""verified": true"#));
    assert!(answer.body.contains(r#""saved": "req_1.json""#));
}

#[test]
fn somebody_who_is_reached_nowhere_cannot_ask() {
    let mut account = account("bo", 2);
    account.endpoint = "file:///etc/passwd".to_owned();
    let node = Node::new(&account).unwrap();
    let introduction = Introduction {
        id: "req_1".to_owned(),
        purpose: String::new(),
    };
    let (_, signed) = node.introduce(&account, &introduction, now()).unwrap();
    let answer = answered(receive(&ana(), CONTACT, &signed.body));
    assert_eq!(
        answer.body,
        r#"{"ok": true, "result": {"verified": false, "request_id": "req_1"}}"#
    );
}

#[test]
fn there_are_three_paths_and_no_other() {
    let node = ana();
    let ask = |method: &str, path: &str| answered(node.receive(method, path, b"{}", now())).status;
    assert_eq!(ask("GET", "/agent-mesh/discovery"), 200);
    for (method, path) in [
        ("GET", "/agent-mesh/discovery/"),
        ("GET", "/agent-mesh/discovery?x=1"),
        ("GET", "/agent-mesh/message"),
        ("GET", "/"),
        ("POST", "/agent-mesh/discovery"),
        ("POST", "/agent-mesh/message/"),
        ("POST", "//agent-mesh/message"),
    ] {
        assert_eq!(ask(method, path), 404, "{method} {path}");
    }
    for method in ["HEAD", "PUT", "DELETE", "OPTIONS", "BREW"] {
        assert_eq!(ask(method, "/agent-mesh/message"), 501, "{method}");
    }
    assert_eq!(ask("POST", "/agent-mesh/message"), 400);
    assert_eq!(ask("POST", "/agent-mesh/contact-request"), 200);
}

#[test]
fn bodies_that_are_no_objects_are_told_so_and_nothing_else() {
    for body in ["", "{", "[]", "\u{feff}{}", "nonsense", "7"] {
        let answer = answered(receive(&ana(), CONTACT, body));
        let expected = if body.is_empty() {
            r#"{"ok": true, "result": {"verified": false, "request_id": null}}"#
        } else {
            r#"{"ok": false, "error": "invalid_json"}"#
        };
        assert_eq!(answer.body, expected, "{body}");
    }
}
