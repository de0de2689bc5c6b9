//! What old clients never notice: idempotency, versions, waiting, many channels at once.

use std::time::Duration;

use super::client::{Client, Response};
use super::{DAY, World, listed};

const LIST: &str = "/channel/a/messages";
const SHAKE: &str = "/channel/a/handshake";

async fn post_once(client: &mut Client, key: &str, payload: &str) -> Response {
    let body = format!("{{\"payload\":\"{payload}\"}}");
    let headers = [("Idempotency-Key", key)];
    client.send("POST", LIST, &headers, Some(&body)).await
}

fn tag(response: &Response) -> String {
    response.header("etag").unwrap().to_owned()
}

async fn poll(client: &mut Client, wait: &str, channels: serde_json::Value) -> serde_json::Value {
    let body = serde_json::json!({ "channels": channels }).to_string();
    let headers = [("Prefer", wait)];
    let response = client.send("POST", "/poll", &headers, Some(&body)).await;
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(response.header("preference-applied"), Some("wait"));
    response.member("changed")
}

#[tokio::test]
async fn a_repeated_idempotency_key_stores_nothing_and_gets_the_first_number() {
    let mut world = World::new().await;
    let mut client = world.client().await;
    let first = post_once(&mut client, "k-1", "x").await;
    assert_eq!(first.body, r#"{"ok":true,"seq":1}"#);
    assert_eq!(post_once(&mut client, "k-1", "x").await, first);
    assert_eq!(post_once(&mut client, "k-1", "y").await.status, 422);
    assert_eq!(post_once(&mut client, "k-2", "x").await.json()["seq"], 2);
    world.restart().await;
    let mut client = world.client().await;
    assert_eq!(post_once(&mut client, "k-1", "x").await.body, first.body);
    assert_eq!(listed(&client.get(LIST).await.json()).len(), 2);
    for invalid in ["a b", "ü", &"x".repeat(129)] {
        assert_eq!(post_once(&mut client, invalid, "x").await.status, 400);
    }
    world.pass(30 * DAY);
    assert_eq!(post_once(&mut client, "k-1", "x").await.json()["seq"], 3);
}

#[tokio::test]
async fn the_version_changes_with_whatever_happens_to_the_channel() {
    let mut world = World::new().await;
    let mut client = world.client().await;
    let mut seen = vec![tag(&client.get(LIST).await)];
    let shake = r#"{"public_key":"k"}"#;
    for (method, path, body) in [
        ("POST", LIST, Some(r#"{"payload":"x"}"#)),
        ("PUT", SHAKE, Some(shake)),
        ("PUT", SHAKE, Some(shake)),
        ("DELETE", "/channel/a/messages/1", None),
    ] {
        client.send(method, path, &[], body).await;
        let version = tag(&client.get(LIST).await);
        assert!(!seen.contains(&version), "{method} {path}");
        seen.push(version);
    }
    client
        .post("/channel/b/messages", r#"{"payload":"x"}"#)
        .await;
    assert_eq!(tag(&client.get(LIST).await), *seen.last().unwrap());
    world.restart().await;
    let version = tag(&world.client().await.get(LIST).await);
    assert!(!seen.contains(&version));
}

#[tokio::test]
async fn an_unchanged_channel_is_not_sent_again() {
    let world = World::new().await;
    let mut client = world.client().await;
    client.post(LIST, r#"{"payload":"x"}"#).await;
    let version = tag(&client.get(LIST).await);
    let known = [("If-None-Match", version.as_str())];
    let unchanged = client.send("GET", LIST, &known, None).await;
    assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""));
    assert_eq!(tag(&unchanged), version);
    client
        .send("DELETE", "/channel/a/messages/1", &[], None)
        .await;
    let changed = client.send("GET", LIST, &known, None).await;
    assert_eq!((changed.status, changed.body.as_str()), (200, "[]"));
}

#[tokio::test]
async fn the_answers_count_how_often_a_handshake_was_written() {
    let mut world = World::new().await;
    let mut client = world.client().await;
    assert_eq!(client.get(SHAKE).await.header("handshake-writes"), None);
    assert_eq!(client.get(LIST).await.header("handshake-writes"), None);
    for count in ["1", "2"] {
        let body = Some(r#"{"public_key":"k"}"#);
        let put = client.send("PUT", SHAKE, &[], body).await;
        assert_eq!(put.header("handshake-writes"), Some(count));
    }
    world.restart().await;
    let mut client = world.client().await;
    for path in [SHAKE, LIST] {
        assert_eq!(client.get(path).await.header("handshake-writes"), Some("2"));
    }
}

#[tokio::test]
async fn a_waiting_list_is_answered_by_the_post_that_fills_it() {
    let world = World::new().await;
    let (mut waiting, mut posting) = (world.client().await, world.client().await);
    let prefer = [("Prefer", "wait=60")];
    waiting.start("GET", LIST, &prefer, None).await;
    posting.post(LIST, r#"{"payload":"x"}"#).await;
    let answer = waiting.finish(false).await;
    assert_eq!(answer.body, r#"[{"channel_id":"a","seq":1,"payload":"x"}]"#);
    assert_eq!(answer.header("preference-applied"), Some("wait"));
    // Now that there is something, the same question is answered at once.
    assert_eq!(
        waiting.send("GET", LIST, &prefer, None).await.body,
        answer.body
    );
}

#[tokio::test]
async fn a_waiting_handshake_is_answered_by_the_put() {
    let world = World::new().await;
    let (mut waiting, mut putting) = (world.client().await, world.client().await);
    waiting
        .start("GET", SHAKE, &[("Prefer", "wait=60")], None)
        .await;
    // A message alone does not end the wait.
    putting.post(LIST, r#"{"payload":"x"}"#).await;
    let body = r#"{"public_key":"k"}"#;
    putting.send("PUT", SHAKE, &[], Some(body)).await;
    let answer = waiting.finish(false).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, body));
    assert_eq!(answer.header("preference-applied"), Some("wait"));
}

#[tokio::test]
async fn a_wait_that_ends_in_nothing_gets_the_ordinary_answer() {
    let world = World::new().await;
    let mut client = world.client().await;
    for wait in ["wait=0", "wait=1"] {
        let prefer = [("Prefer", wait)];
        let list = client.send("GET", LIST, &prefer, None).await;
        assert_eq!((list.status, list.body.as_str()), (200, "[]"));
        assert_eq!(list.header("preference-applied"), Some("wait"));
        let version = tag(&list);
        let known = [("Prefer", wait), ("If-None-Match", version.as_str())];
        let unchanged = client.send("GET", LIST, &known, None).await;
        assert_eq!(unchanged.status, 304);
        assert_eq!(unchanged.header("preference-applied"), Some("wait"));
    }
    let missing = client
        .send("GET", SHAKE, &[("Prefer", "wait=1")], None)
        .await;
    assert_eq!(missing.body, r#"{"error":"not found"}"#);
    assert_eq!(client.get(LIST).await.header("preference-applied"), None);
}

#[tokio::test]
async fn who_knows_the_version_waits_beside_a_full_list_for_any_change() {
    let world = World::new().await;
    let (mut waiting, mut other) = (world.client().await, world.client().await);
    other.post(LIST, r#"{"payload":"x"}"#).await;
    let version = tag(&other.get(LIST).await);
    let known = [("Prefer", "wait=60"), ("If-None-Match", version.as_str())];
    waiting.start("GET", LIST, &known, None).await;
    other
        .send("DELETE", "/channel/a/messages/1", &[], None)
        .await;
    let answer = waiting.finish(false).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "[]"));
    assert_ne!(tag(&answer), version);
}

#[tokio::test]
async fn a_poll_names_the_channels_that_differ() {
    let world = World::new().await;
    let mut client = world.client().await;
    for channel in ["a", "b", "c"] {
        let path = format!("/channel/{channel}/messages");
        client.post(&path, r#"{"payload":"x"}"#).await;
    }
    client
        .send("DELETE", "/channel/c/messages/1", &[], None)
        .await;
    let versions = ["a", "b", "c", "d"].map(|channel| format!("/channel/{channel}/messages"));
    let mut known = Vec::new();
    for path in &versions {
        known.push(tag(&client.get(path).await).trim_matches('"').to_owned());
    }
    let nothing = serde_json::json!({ "a": null, "b": null, "c": null, "d": null });
    assert_eq!(
        poll(&mut client, "wait=0", nothing).await,
        serde_json::json!({ "a": known[0], "b": known[1] })
    );
    let all = serde_json::json!({ "a": known[0], "b": known[1], "c": known[2], "d": known[3] });
    assert_eq!(
        poll(&mut client, "wait=1", all.clone()).await,
        serde_json::json!({})
    );
    let stale = serde_json::json!({ "a": known[0], "b": "junk", "c": known[0] });
    assert_eq!(
        poll(&mut client, "wait=60", stale).await,
        serde_json::json!({ "b": known[1], "c": known[2] })
    );

    let mut waiting = world.client().await;
    let waited = tokio::spawn(async move { poll(&mut waiting, "wait=60", all).await });
    let shake = Some(r#"{"public_key":"k"}"#);
    client.send("PUT", "/channel/d/handshake", &[], shake).await;
    let changed = waited.await.unwrap();
    let version = tag(&client.get("/channel/d/messages").await);
    assert_eq!(
        changed,
        serde_json::json!({ "d": version.trim_matches('"') })
    );
}

#[tokio::test]
async fn a_poll_is_refused_when_it_makes_no_sense() {
    let world = World::new().await;
    let mut client = world.client().await;
    let long = format!("{{\"channels\":{{\"{}\":null}}}}", "x".repeat(498));
    let many: serde_json::Map<_, _> = (0..20_001)
        .map(|number| (number.to_string(), serde_json::Value::Null))
        .collect();
    let many = serde_json::json!({ "channels": many }).to_string();
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"channels":[]}"#,
        r#"{"channels":{"a":1}}"#,
    ] {
        assert_eq!(
            client.post("/poll", body).await.body,
            r#"{"error":"invalid JSON"}"#
        );
    }
    assert_eq!(client.post("/poll", &long).await.status, 400);
    assert_eq!(
        client.post("/poll", &many).await.body,
        r#"{"error":"too many channels"}"#
    );
    assert_eq!(client.get("/poll").await.status, 405);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_many_waiting_requests_gets_its_own_message() {
    let world = World::new().await;
    let mut waits = tokio::task::JoinSet::new();
    for number in 0..400 {
        let mut client = world.client().await;
        let path = format!("/channel/w{number}/messages");
        client
            .start("GET", &path, &[("Prefer", "wait=60")], None)
            .await;
        waits.spawn(async move { (number, client.finish(false).await.body) });
    }
    let everything: serde_json::Map<_, _> = (0..10_000)
        .map(|number| (format!("w{number}"), serde_json::Value::Null))
        .collect();
    let mut polling = world.client().await;
    let polled =
        tokio::spawn(async move { poll(&mut polling, "wait=60", everything.into()).await });
    let mut client = world.client().await;
    for number in 0..400 {
        let body = format!("{{\"payload\":{}}}", number + 1);
        client
            .post(&format!("/channel/w{number}/messages"), &body)
            .await;
    }
    for (number, body) in waits.join_all().await {
        let payload = number + 1;
        let expected =
            format!("[{{\"channel_id\":\"w{number}\",\"seq\":1,\"payload\":{payload}}}]");
        assert_eq!(body, expected);
    }
    assert!(!polled.await.unwrap().as_object().unwrap().is_empty());
}

#[tokio::test]
async fn a_client_that_leaves_while_waiting_harms_nobody() {
    let world = World::new().await;
    for _ in 0..50 {
        let mut leaving = world.client().await;
        leaving
            .start("GET", LIST, &[("Prefer", "wait=60")], None)
            .await;
    }
    let mut client = world.client().await;
    client.post(LIST, r#"{"payload":"x"}"#).await;
    let list = client
        .send("GET", LIST, &[("Prefer", "wait=60")], None)
        .await;
    assert_eq!(listed(&list.json()).len(), 1);
    let stopped = world.relay.unwrap().stop();
    tokio::time::timeout(Duration::from_secs(5), stopped)
        .await
        .unwrap()
        .unwrap();
}
