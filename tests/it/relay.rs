//! The relay through real loopback connections.

mod clawtalk;
pub(crate) mod client;
mod extensions;
mod hostile;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chaperon::model::UnixMillis;
use chaperon::relay::{ClawTalkOptions, Clock, Error, Limits, Options, Running, start_with_clock};
use client::Client;

/// A relay in a directory of its own, whose time only moves when told to.
struct World {
    directory: tempfile::TempDir,
    time: Arc<AtomicI64>,
    limits: Limits,
    clawtalk: Option<ClawTalkOptions>,
    relay: Option<Running>,
}

impl World {
    async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        Self::with_both(limits, None).await
    }

    async fn with_both(limits: Limits, clawtalk: Option<ClawTalkOptions>) -> Self {
        let mut world = Self {
            directory: tempfile::tempdir().unwrap(),
            time: Arc::new(AtomicI64::new(1_700_000_000_000)),
            limits,
            clawtalk,
            relay: None,
        };
        world.restart().await;
        world
    }

    /// Drops the relay without a graceful stop and starts it again.
    async fn restart(&mut self) {
        self.relay = None;
        self.relay = Some(self.start_in(self.directory.path()).await.unwrap());
    }

    async fn start_in(&self, directory: &Path) -> Result<Running, Error> {
        let time = Arc::clone(&self.time);
        let clock = Clock::new(move || UnixMillis(time.load(Ordering::SeqCst)));
        let options = Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: directory.to_owned(),
            limits: self.limits.clone(),
            clawtalk: self.clawtalk.clone(),
        };
        start_with_clock(options, clock).await
    }

    fn address(&self) -> SocketAddr {
        self.relay.as_ref().unwrap().address()
    }

    async fn client(&self) -> Client {
        Client::connect(self.address()).await
    }

    fn pass(&self, span: Duration) {
        let span = i64::try_from(span.as_millis()).unwrap();
        self.time.fetch_add(span, Ordering::SeqCst);
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Returns the sequence numbers and payloads that a list holds.
fn listed(list: &serde_json::Value) -> Vec<(u64, String)> {
    let messages = list.as_array().unwrap().iter();
    messages
        .map(|message| {
            (
                message["seq"].as_u64().unwrap(),
                message["payload"].to_string(),
            )
        })
        .collect()
}

/// Where the reference throws we answer 400: what its transcript records as a 500.
const THROWN: u16 = 500;

/// Where the reference has nothing and we have a page for people.
const PAGES: [&str; 2] = ["/", "/invite"];

#[tokio::test]
async fn the_transcript_of_the_reference_relay_replays() {
    let transcript = include_str!("../fixtures/clawbuddy-http.json");
    let transcript: serde_json::Value = serde_json::from_str(transcript).unwrap();
    let steps = transcript["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 85);
    let world = World::new().await;
    let mut client = world.client().await;
    let fill = |text: &str| text.replace("{A}", "aaaa-A_1").replace("{B}", "bbbb");
    for (number, step) in steps.iter().enumerate() {
        let text = |key: &str| step[key].as_str().map(fill);
        let (method, path) = (text("method").unwrap(), text("path").unwrap());
        let body = text("request_body");
        let content_type = text("request_content_type").map(|value| ("Content-Type", value));
        let headers: Vec<_> = content_type.iter().map(|(k, v)| (*k, v.as_str())).collect();

        let response = client.send(&method, &path, &headers, body.as_deref()).await;

        let at = format!("step {number}: {method} {path} {body:?}: {}", response.body);
        let is_page = PAGES.contains(&path.split('?').next().unwrap());
        if is_page && method == "GET" {
            assert_eq!(
                (response.status, step["status"].as_u64()),
                (200, Some(404)),
                "{at}"
            );
            assert!(response.body.starts_with("<!doctype html>"), "{at}");
            continue;
        }
        assert_eq!(
            response.header("content-type"),
            Some("application/json"),
            "{at}"
        );
        let expected = u16::try_from(step["status"].as_u64().unwrap()).unwrap();
        if expected == THROWN {
            assert_eq!(response.status, 400, "{at}");
            assert!(response.json()["error"].is_string(), "{at}");
        } else {
            assert_eq!(response.status, expected, "{at}");
            assert!(response.header("content-length").is_some(), "{at}");
            assert_eq!(Some(response.body), text("response_body"), "{at}");
        }
    }
}

#[tokio::test]
async fn health_is_answered_where_the_reference_knows_no_such_path() {
    let world = World::new().await;
    let response = world.client().await.get("/health").await;
    assert_eq!(response.status, 200);
    assert_eq!(
        response.body,
        format!(
            "{{\"ok\":true,\"version\":\"{}\"}}",
            env!("CARGO_PKG_VERSION")
        )
    );
}

#[tokio::test]
async fn a_method_that_only_asks_for_the_head_gets_no_body() {
    let world = World::new().await;
    let mut client = world.client().await;
    let response = client.send("HEAD", "/channel/a/messages", &[], None).await;
    assert_eq!((response.status, response.body.as_str()), (405, ""));
    assert_eq!(client.get("/channel/a/messages").await.body, "[]");
}

/// Posts `count` messages to one channel over 64 connections; returns the numbers, sorted.
async fn post_at_once(address: SocketAddr, channel: &'static str, count: u64) -> Vec<u64> {
    let next = Arc::new(AtomicI64::new(0));
    let mut connections = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let next = Arc::clone(&next);
        connections.spawn(async move {
            let mut client = Client::connect(address).await;
            let mut numbers = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= i64::try_from(count).unwrap() {
                    return numbers;
                }
                let path = format!("/channel/{channel}/messages");
                let body = format!("{{\"payload\":\"{number}\"}}");
                let response = client.post(&path, &body).await;
                assert_eq!(response.status, 200, "{}", response.body);
                numbers.push(response.member("seq").as_u64().unwrap());
            }
        });
    }
    let mut numbers = connections.join_all().await.concat();
    numbers.sort_unstable();
    numbers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_posts_get_consecutive_numbers_and_survive_an_abrupt_end() {
    let mut world = World::new().await;
    let numbers = post_at_once(world.address(), "busy", 200).await;
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());

    // What lies on disk right after the last reply is what a killed process leaves.
    let crashed = tempfile::tempdir().unwrap();
    for file in ["relay.sqlite", "relay.sqlite-wal"] {
        std::fs::copy(world.directory.path().join(file), crashed.path().join(file)).unwrap();
    }
    let all_are_there = async |address| {
        let list = Client::connect(address)
            .await
            .get("/channel/busy/messages")
            .await;
        let list = listed(&list.json());
        let mut payloads: Vec<_> = list.iter().map(|(_, payload)| payload.clone()).collect();
        payloads.sort_unstable();
        payloads.dedup();
        assert!(list.iter().map(|(seq, _)| *seq).eq(1..=200));
        assert_eq!(payloads.len(), 200);
    };
    all_are_there(world.address()).await;
    let recovered = world.start_in(crashed.path()).await.unwrap();
    all_are_there(recovered.address()).await;
    world.restart().await;
    all_are_there(world.address()).await;

    let more = post_at_once(world.address(), "busy", 50).await;
    assert_eq!(more, (201..=250).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_and_deletes_at_once_lose_and_resurrect_nothing() {
    let world = World::new().await;
    let address = world.address();
    post_at_once(address, "mixed", 100).await;
    let deleting = tokio::spawn(async move {
        let mut client = Client::connect(address).await;
        for seq in 1..=100 {
            let path = format!("/channel/mixed/messages/{seq}");
            assert_eq!(client.send("DELETE", &path, &[], None).await.status, 200);
        }
    });
    post_at_once(address, "mixed", 100).await;
    deleting.await.unwrap();
    let list = world.client().await.get("/channel/mixed/messages").await;
    let numbers: Vec<_> = listed(&list.json())
        .into_iter()
        .map(|(seq, _)| seq)
        .collect();
    assert_eq!(numbers, (101..=200).collect::<Vec<_>>());
}

#[tokio::test]
async fn messages_expire_after_thirty_days_and_handshakes_after_seven() {
    let world = World::new().await;
    let mut client = world.client().await;
    client.post("/channel/a/messages", r#"{"payload":1}"#).await;
    let shake = r#"{"public_key":"k"}"#;
    client
        .send("PUT", "/channel/a/handshake", &[], Some(shake))
        .await;
    let tag = client.get("/channel/a/messages").await;
    let tag = tag.header("etag").unwrap().to_owned();

    world.pass((7 * DAY).checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!(client.get("/channel/a/handshake").await.body, shake);
    world.pass(Duration::from_millis(1));
    assert_eq!(client.get("/channel/a/handshake").await.status, 404);
    let list = client.get("/channel/a/messages").await;
    assert_eq!(listed(&list.json()).len(), 1);
    assert_ne!(list.header("etag"), Some(tag.as_str()));
    assert_eq!(list.header("handshake-writes"), None);

    world.pass(23 * DAY);
    assert_eq!(client.get("/channel/a/messages").await.body, "[]");
    let posted = client.post("/channel/a/messages", r#"{"payload":1}"#).await;
    assert_eq!(posted.body, r#"{"ok":true,"seq":2}"#);
}

#[tokio::test]
async fn a_graceful_stop_answers_who_waits_and_frees_the_directory() {
    let mut world = World::new().await;
    let mut waiting = world.client().await;
    let prefer = [("Prefer", "wait=60")];
    waiting
        .start("GET", "/channel/a/messages", &prefer, None)
        .await;
    // The answer to a later request on another connection shows that the relay is busy serving.
    assert_eq!(world.client().await.get("/health").await.status, 200);
    world.relay.take().unwrap().stop().await.unwrap();
    assert_eq!(waiting.finish(false).await.body, "[]");
    assert!(waiting.is_closed().await);
    world.restart().await;
}

#[tokio::test]
async fn two_relays_never_share_a_directory() {
    let world = World::new().await;
    let second = world.start_in(world.directory.path()).await;
    assert!(matches!(second, Err(Error::InUse)));
}
