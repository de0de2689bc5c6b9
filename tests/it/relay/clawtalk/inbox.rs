//! What is posted, read and deleted.

use std::collections::BTreeSet;
use std::time::Duration;

use chaperon::relay::{ClawTalkOptions, Limits};
use serde_json::{Value, json};

use super::super::{DAY, World};
use super::{Caller, options, refusal};

fn any_number_of_posts() -> ClawTalkOptions {
    ClawTalkOptions {
        posts: None,
        ..options()
    }
}

fn times(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .map(|one| one["ts"].as_str().unwrap())
        .collect()
}

/// Insists that times grow strictly from one message to the next.
fn expect_order(messages: &[Value]) {
    let times = times(messages);
    assert!(times.windows(2).all(|two| two[0] < two[1]), "{times:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_posts_at_once_are_all_there_in_order() {
    let world = World::with_clawtalk(options()).await;
    let mut bob = world.agent("Bob").await;
    let mut senders = Vec::new();
    for number in 0..3 {
        let name = format!("sender{number}");
        senders.push(world.admin().await.add_agent(&name).await);
    }
    let mut posting = tokio::task::JoinSet::new();
    for number in 0..30 {
        let mut caller = world.caller(&senders[number % 3]).await;
        posting.spawn(async move {
            let posted = caller.post(&"Bob".into(), &number.to_string().into()).await;
            assert_eq!(posted.status, 201, "{}", posted.body);
            let text = |name| posted.member(name).as_str().unwrap().to_owned();
            (text("id"), text("ts"))
        });
    }
    let mut posted = posting.join_all().await;
    posted.sort_by(|one, other| one.1.cmp(&other.1));

    let messages = bob.messages("").await;
    expect_order(&messages);
    let listed: Vec<_> = messages
        .iter()
        .map(|one| {
            (
                one["id"].as_str().unwrap().to_owned(),
                one["ts"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(
        listed, posted,
        "each has the id and the time that its sender was told"
    );
    assert_eq!(bob.messages("").await, messages, "the order stays");
    let payloads: BTreeSet<_> = messages.iter().map(|one| one["payload"].as_str()).collect();
    assert_eq!(payloads.len(), 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_loses_nothing_while_others_post() {
    let world = World::with_clawtalk(any_number_of_posts()).await;
    let mut bob = world.agent("Bob").await;
    let mut posting = tokio::task::JoinSet::new();
    for number in 0..16 {
        let mut sender = world.agent(&format!("sender{number}")).await;
        posting.spawn(async move {
            for count in 0..10 {
                sender.tell("Bob", &format!("{number}.{count}")).await;
            }
        });
    }
    let mut read: Vec<Value> = Vec::new();
    let mut query = "?limit=7".to_owned();
    while read.len() < 160 {
        let page = bob.messages(&query).await;
        if let Some(last) = page.last() {
            query = format!("?limit=7&since={}", last["ts"].as_str().unwrap());
        }
        read.extend(page);
    }
    posting.join_all().await;
    expect_order(&read);
    let ids: BTreeSet<_> = read.iter().map(|one| one["id"].as_str()).collect();
    assert_eq!(ids.len(), 160);
    assert_eq!(bob.messages(&query).await, [Value::Null; 0]);
}

#[tokio::test]
async fn times_never_repeat_in_an_inbox_whatever_the_clock_does() {
    let mut world = World::with_clawtalk(options()).await;
    let (mut alice, mut bob) = (world.agent("Alice").await, world.agent("Bob").await);
    for text in ["a", "b", "c"] {
        alice.tell("Bob", text).await;
    }
    let first = bob.messages("").await;
    expect_order(&first);
    for message in &first {
        let path = format!("/messages/{}", message["id"].as_str().unwrap());
        assert_eq!(bob.send("DELETE", &path, None).await.status, 204);
    }
    // Nothing is left that could remind the relay, and its clock went back.
    world
        .time
        .fetch_sub(3_600_000, std::sync::atomic::Ordering::SeqCst);
    world.restart().await;
    let (mut alice, mut bob) = (world.caller(&alice.key).await, world.caller(&bob.key).await);
    alice.tell("Bob", "later").await;
    let since = format!("?since={}", first[2]["ts"].as_str().unwrap());
    assert_eq!(bob.payloads(&since).await, ["later"]);
}

#[tokio::test]
async fn what_the_readme_of_the_reference_promises_is_kept() {
    let world = World::with_clawtalk(options()).await;
    let (mut alice, mut bob) = (world.agent("Alice").await, world.agent("Bob").await);
    for (number, topic) in ["x", "y", "x"].iter().enumerate() {
        let more = [("topic", json!(topic))];
        alice
            .post_more(&"Bob".into(), &number.to_string().into(), &more)
            .await;
    }
    assert_eq!(bob.payloads("").await, ["0", "1", "2"]);
    assert_eq!(bob.payloads("?sort=asc").await, ["0", "1", "2"]);
    assert_eq!(bob.payloads("?sort=desc&limit=2").await, ["2", "1"]);
    assert_eq!(bob.payloads("?channel=x").await, ["0", "2"]);
    assert_eq!(bob.payloads("?topic=y&channel=x").await, ["1"]);
    let all = bob.messages("").await;
    let times = times(&all);
    for name in ["since", "after"] {
        assert_eq!(
            bob.payloads(&format!("?{name}={}", times[0])).await,
            ["1", "2"]
        );
    }
    for query in ["?limit=2", "?sort=desc&limit=2"] {
        let page = bob.get(&format!("/messages{query}")).await;
        let (oldest, newest) = if query.contains("desc") {
            (1, 2)
        } else {
            (0, 1)
        };
        assert_eq!(page.member("count"), 2);
        assert_eq!(page.member("oldestTs"), times[oldest]);
        assert_eq!(page.member("newestTs"), times[newest]);
        assert_eq!(page.member("cursor"), times[newest]);
    }
    assert_eq!(
        bob.get("/messages?topic=z").await.body,
        r#"{"messages":[],"count":0}"#
    );
    assert_eq!(bob.get("/channels").await.body, r#"["x","y"]"#);
}

#[tokio::test]
async fn an_envelope_comes_back_to_the_byte() {
    let world = World::with_clawtalk(options()).await;
    let (mut alice, mut bob) = (world.agent("Alice").await, world.agent("Bob").await);
    let sent = concat!(
        r#"{"signature":"c2ln","nonce":null,"payload":{"z":1.50,"a":[1e400,-0,12345678901234567890],"#,
        r#""s":"\u00e9\ud83d\ude00\ud800\u2028\/"},"encrypted":"yes","replyTo":"","type":"response","#,
        r#""to":"BOB","correlationId":7,"id":"x","from":"y","ts":"z","unknown":true}"#
    );
    let posted = alice.send("POST", "/messages", Some(sent)).await;
    assert_eq!(posted.status, 201, "{}", posted.body);
    let page = bob.get("/messages").await.body;
    let expected = concat!(
        r#""from":"Alice","type":"response","correlationId":7,"replyTo":"","encrypted":"yes","#,
        r#""payload":{"z":1.50,"a":[1e400,-0,12345678901234567890],"#,
        "\"s\":\"é😀\\ud800\u{2028}/\"},\"nonce\":null,\"signature\":\"c2ln\",\"ts\":"
    );
    assert!(page.contains(expected), "{page}");
    assert!(page.contains(r#","to":"Bob"}]"#), "{page}");
}

#[tokio::test]
async fn an_agent_named_global_has_its_own_mail_alone() {
    let world = World::with_clawtalk(options()).await;
    let (mut alice, mut bob) = (world.agent("Alice").await, world.agent("Bob").await);
    let mut global = world.agent("global").await;
    let id = alice.tell("Bob", "secret").await;
    alice.tell("global", "for you").await;
    assert_eq!(global.payloads("").await, ["for you"]);
    for path in [format!("/messages/{id}"), format!("/messages/{id}:Bob")] {
        assert_eq!(global.send("DELETE", &path, None).await.status, 404);
    }
    assert_eq!(global.get("/channels").await.body, "[]");
    assert_eq!(bob.payloads("").await, ["secret"]);
    assert_eq!(
        world.admin().await.payloads("").await,
        ["secret", "for you"]
    );
}

#[tokio::test]
async fn deleting_takes_away_ones_own_copy_and_no_other() {
    let world = World::with_clawtalk(options()).await;
    let mut alice = world.agent("Alice").await;
    let (mut bob, mut carol) = (world.agent("Bob").await, world.agent("Carol").await);
    let posted = alice
        .post(&json!(["bob", "Bob", "carol", "nobody"]), &"x".into())
        .await;
    let path = format!("/messages/{}", posted.member("id").as_str().unwrap());
    assert_eq!(alice.send("DELETE", &path, None).await.status, 404);
    assert_eq!(bob.payloads("").await, ["x"], "once, though named twice");
    assert_eq!(bob.send("DELETE", &path, None).await.status, 204);
    assert_eq!(bob.send("DELETE", &path, None).await.status, 404);
    assert_eq!(carol.payloads("").await, ["x"]);
    assert_eq!(world.admin().await.messages("").await.len(), 1);
    assert_eq!(carol.send("DELETE", &path, None).await.status, 204);
    assert_eq!(world.admin().await.messages("").await.len(), 0);
}

#[tokio::test]
async fn a_repeated_post_with_the_same_key_is_the_same_post() {
    let mut world = World::with_clawtalk(options()).await;
    let (mut alice, mut bob) = (world.agent("Alice").await, world.agent("Bob").await);
    let body =
        |text| format!(r#"{{"to":"Bob","type":"request","encrypted":true,"payload":"{text}"}}"#);
    let key = [("Idempotency-Key", "k-1")];
    let first = alice
        .send_with("POST", "/messages", &key, Some(&body("x")))
        .await;
    assert_eq!(first.status, 201);
    // More often than an agent may post: a repetition is no new one.
    for _ in 0..12 {
        let again = alice
            .send_with("POST", "/messages", &key, Some(&body("x")))
            .await;
        assert_eq!((again.status, &again.body), (201, &first.body));
    }
    let other = alice
        .send_with("POST", "/messages", &key, Some(&body("y")))
        .await;
    assert_eq!(other.status, 422, "{}", other.body);
    let theirs = bob
        .send_with("POST", "/messages", &key, Some(&body("z")))
        .await;
    assert_eq!(theirs.status, 201, "keys of others are others");
    let unusable = [("Idempotency-Key", "a b")];
    let refused = alice
        .send_with("POST", "/messages", &unusable, Some(&body("x")))
        .await;
    assert_eq!(refusal(&refused), (400, "Invalid Idempotency-Key".into()));
    assert_eq!(bob.payloads("").await, ["x", "z"]);

    world.restart().await;
    let mut alice = world.caller(&alice.key).await;
    let again = alice
        .send_with("POST", "/messages", &key, Some(&body("x")))
        .await;
    assert_eq!(again.body, first.body);
}

#[tokio::test]
async fn ten_posts_in_ten_seconds_are_counted_exactly_and_refused_honestly() {
    let world = World::with_clawtalk(options()).await;
    world.pass(Duration::from_secs(3));
    let mut bob = world.agent("Bob").await;
    let alice = world.agent("Alice").await.key;
    let mut posting = tokio::task::JoinSet::new();
    for number in 0..30 {
        let mut caller = world.caller(&alice).await;
        posting.spawn(async move { caller.post(&"Bob".into(), &number.to_string().into()).await });
    }
    let answers = posting.join_all().await;
    let refused: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status != 201)
        .collect();
    assert_eq!(refused.len(), 20);
    for answer in refused {
        let text = "Rate limit exceeded (10 per 10 s)".to_owned();
        assert_eq!(refusal(answer), (429, text));
        assert_eq!(answer.member("code"), "RATE_LIMITED");
        assert_eq!(answer.header("retry-after"), Some("7"));
    }
    assert_eq!(bob.messages("").await.len(), 10);
    world.pass(Duration::from_secs(7));
    world.caller(&alice).await.tell("Bob", "again").await;
}

#[tokio::test]
async fn a_full_inbox_refuses_and_drops_nothing() {
    let limits = Limits {
        max_waiting: 2,
        ..Limits::default()
    };
    let world = World::with_both(limits, Some(any_number_of_posts())).await;
    let mut alice = world.agent("Alice").await;
    let (mut bob, mut carol) = (world.agent("Bob").await, world.agent("Carol").await);
    alice.tell("Bob", "1").await;
    let soon = [("ttl", json!(60))];
    alice.post_more(&"Bob".into(), &"2".into(), &soon).await;

    for to in [json!("Bob"), json!(["Carol", "Bob"])] {
        let refused = alice.post(&to, &"3".into()).await;
        assert_eq!(refused.status, 429, "{}", refused.body);
        assert_eq!(refused.header("retry-after"), Some("60"));
    }
    assert_eq!(bob.payloads("").await, ["1", "2"]);
    assert_eq!(
        carol.messages("").await.len(),
        0,
        "who is named with a full one gets nothing"
    );
    assert_eq!(
        alice.post(&"broadcast".into(), &"4".into()).await.status,
        201
    );
    assert_eq!(carol.payloads("").await, ["4"]);

    world.pass(Duration::from_secs(60));
    alice.tell("Bob", "5").await;
    assert_eq!(bob.payloads("").await, ["1", "5"]);
}

#[tokio::test]
async fn messages_expire_when_their_sender_says_or_after_thirty_days() {
    let world = World::with_clawtalk(options()).await;
    let (mut alice, mut bob) = (world.agent("Alice").await, world.agent("Bob").await);
    let usual = alice.tell("Bob", "usual").await;
    for (text, ttl) in [("soon", json!(3600)), ("late", json!("99999999"))] {
        alice
            .post_more(&"Bob".into(), &text.into(), &[("ttl", ttl)])
            .await;
    }
    world.pass(Duration::from_secs(3600));
    assert_eq!(bob.payloads("").await, ["usual", "late"]);
    world.pass(30 * DAY);
    assert_eq!(bob.payloads("").await, ["late"]);
    let path = format!("/messages/{usual}");
    assert_eq!(bob.send("DELETE", &path, None).await.status, 404);
    world.pass(60 * DAY);
    assert_eq!(bob.payloads("").await, [""; 0]);
}

#[tokio::test]
async fn who_was_seen_within_five_minutes_is_online() {
    let mut world = World::with_clawtalk(options()).await;
    let (alice, mut bob) = (world.agent("Alice").await, world.agent("Bob").await);
    let presence = async |caller: &mut Caller| {
        let list = caller.get("/agents").await.json();
        let agents = list.as_array().unwrap().iter();
        agents
            .map(|agent| agent["online"].as_bool().unwrap())
            .collect::<Vec<_>>()
    };
    world.pass(Duration::from_secs(300));
    assert_eq!(
        presence(&mut bob).await,
        [false, false],
        "looking around is not being seen"
    );
    bob.messages("").await;
    assert_eq!(presence(&mut bob).await, [false, true]);
    world.restart().await;
    let mut alice = world.caller(&alice.key).await;
    assert!(!presence(&mut alice).await[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_on_disk() {
    let world = World::with_clawtalk(any_number_of_posts()).await;
    let mut bob = world.agent("Bob").await;
    let mut posting = tokio::task::JoinSet::new();
    for number in 0..64 {
        let mut sender = world.agent(&format!("sender{number}")).await;
        posting.spawn(async move {
            for _ in 0..3 {
                sender.tell("Bob", "x").await;
            }
        });
    }
    posting.join_all().await;
    // What lies on disk right after the last reply is what a killed process leaves.
    let crashed = tempfile::tempdir().unwrap();
    for file in [
        "relay.sqlite",
        "relay.sqlite-wal",
        "clawtalk.sqlite",
        "clawtalk.sqlite-wal",
    ] {
        std::fs::copy(world.directory.path().join(file), crashed.path().join(file)).unwrap();
    }
    let recovered = world.start_in(crashed.path()).await.unwrap();
    let mut again = Caller::connect(recovered.address(), &bob.key).await;
    for query in ["?limit=100", "?limit=100&sort=desc"] {
        assert_eq!(again.messages(query).await, bob.messages(query).await);
    }
    let health = again.get("/health").await;
    assert_eq!(health.member("agents"), 65);
}
