//! What a webhook gets, from an HTTP server that the test answers for.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chaperon::relay::ClawTalkOptions;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::super::World;
use super::{Caller, options};

/// Nothing takes this long on a machine that works.
const PATIENCE: Duration = Duration::from_secs(60);

fn private_hooks() -> ClawTalkOptions {
    ClawTalkOptions {
        allow_private_webhooks: true,
        posts: None,
        ..options()
    }
}

/// Somebody's server, which the relay posts to.
struct Hook {
    listener: TcpListener,
}

/// One request of the relay, not yet answered.
struct Delivery {
    stream: TcpStream,
    head: String,
    body: String,
}

impl Hook {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    fn url(&self) -> String {
        format!("http://{}/hook?x=1", self.listener.local_addr().unwrap())
    }

    async fn next(&self) -> Delivery {
        let accepted = timeout(PATIENCE, self.listener.accept()).await;
        let (mut stream, _) = accepted.expect("nothing was delivered").unwrap();
        let mut read = Vec::new();
        loop {
            let mut chunk = [0; 4096];
            let count = stream.read(&mut chunk).await.unwrap();
            read.extend_from_slice(&chunk[..count]);
            let text = String::from_utf8_lossy(&read).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = header(head, "content-length").parse::<usize>().unwrap();
                if body.len() >= length {
                    let (head, body) = (head.to_owned(), body.to_owned());
                    return Delivery { stream, head, body };
                }
            }
            assert!(count > 0, "the relay hung up: {text}");
        }
    }
}

impl Delivery {
    async fn answer(mut self, status: &str) {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        self.stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.unwrap_or_else(|| panic!("no {name} in {head}")).1
}

async fn agent_with_hook(world: &World, name: &str, url: &str) -> Caller {
    let mut agent = world.agent(name).await;
    let change = json!({ "webhookUrl": url }).to_string();
    let path = format!("/agents/{name}");
    assert_eq!(agent.send("PATCH", &path, Some(&change)).await.status, 200);
    agent
}

/// Waits until the store says that this many deliveries are left, each with a failed attempt.
async fn until_failed(world: &World, count: i64) {
    let path = world.directory.path().join("clawtalk.sqlite");
    let store = rusqlite::Connection::open(path).unwrap();
    let sql = "SELECT count(*), coalesce(sum(failures), 0) FROM hooks";
    let settled = async {
        while store.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))) != Ok((count, count)) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, settled).await.unwrap();
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// What a recipient computes to check a delivery, written from the documentation.
fn signature(api_key: &str, text: &str) -> String {
    let key = hex(&Sha256::digest(api_key));
    let pad = |with: u8| key.bytes().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = Sha256::digest([&pad(0x36), text.as_bytes()].concat());
    hex(&Sha256::digest([&pad(0x5c)[..], &inner].concat()))
}

#[tokio::test]
async fn a_webhook_gets_the_stored_envelope_signed_for_its_owner() {
    let world = World::with_clawtalk(private_hooks()).await;
    let hook = Hook::new().await;
    let mut alice = world.agent("Alice").await;
    let mut bob = agent_with_hook(&world, "Bob", &hook.url()).await;
    let id = alice.tell("bob", "hello").await;

    let delivery = hook.next().await;

    assert!(
        delivery.head.starts_with("POST /hook?x=1 HTTP/1.1\r\n"),
        "{}",
        delivery.head
    );
    assert_eq!(header(&delivery.head, "content-type"), "application/json");
    assert_eq!(header(&delivery.head, "x-clawtalk-delivery"), id);
    let page = bob.get("/messages").await.body;
    assert!(
        page.starts_with(&format!("{{\"messages\":[{}],", delivery.body)),
        "{page}"
    );
    let signed = header(&delivery.head, "x-clawtalk-signature").to_owned();
    let time = world.time.load(Ordering::SeqCst) / 1000;
    let expected = signature(&bob.key, &format!("{time}.{}", delivery.body));
    assert_eq!(signed, format!("t={time},v1={expected}"));
    delivery.answer("204 No Content").await;
    assert_eq!(
        bob.payloads("").await,
        ["hello"],
        "it waits in the inbox all the same"
    );
}

#[tokio::test]
async fn what_failed_is_delivered_later_and_in_its_own_time() {
    let world = World::with_clawtalk(private_hooks()).await;
    let hook = Hook::new().await;
    let mut alice = world.agent("Alice").await;
    let _bob = agent_with_hook(&world, "Bob", &hook.url()).await;
    let first = alice.tell("Bob", "1").await;
    hook.next().await.answer("500 Broken").await;
    let second = alice.tell("Bob", "2").await;
    // Redirections are not followed: they are failures like any other.
    let delivery = hook.next().await;
    assert_eq!(header(&delivery.head, "x-clawtalk-delivery"), second);
    let elsewhere = format!("302 Found\r\nLocation: {}", hook.url());
    delivery.answer(&elsewhere).await;

    until_failed(&world, 2).await;
    world.pass(Duration::from_secs(5));
    let mut again = Vec::new();
    for _ in 0..2 {
        let delivery = hook.next().await;
        assert!(delivery.head.starts_with("POST "), "{}", delivery.head);
        again.push(header(&delivery.head, "x-clawtalk-delivery").to_owned());
        delivery.answer("200 OK").await;
    }
    assert_eq!(again, [first, second]);
    let third = alice.tell("Bob", "3").await;
    let delivery = hook.next().await;
    assert_eq!(
        header(&delivery.head, "x-clawtalk-delivery"),
        third,
        "none came twice"
    );
}

#[tokio::test]
async fn a_slow_hook_holds_up_nobody_else() {
    let world = World::with_clawtalk(private_hooks()).await;
    let (slow, quick) = (Hook::new().await, Hook::new().await);
    let mut alice = world.agent("Alice").await;
    let _bob = agent_with_hook(&world, "Bob", &slow.url()).await;
    let _carol = agent_with_hook(&world, "Carol", &quick.url()).await;
    for number in 0..40 {
        alice.tell("Bob", &number.to_string()).await;
    }
    let unanswered = slow.next().await;
    for _ in 0..3 {
        let id = alice.tell("Carol", "x").await;
        let delivery = quick.next().await;
        assert_eq!(header(&delivery.head, "x-clawtalk-delivery"), id);
        delivery.answer("200 OK").await;
    }
    drop(unanswered);
}

#[tokio::test]
async fn deliveries_survive_a_restart_and_end_with_the_message() {
    let mut world = World::with_clawtalk(private_hooks()).await;
    let hook = Hook::new().await;
    let mut alice = world.agent("Alice").await;
    let mut bob = agent_with_hook(&world, "Bob", &hook.url()).await;
    let kept = alice.tell("Bob", "kept").await;
    hook.next().await.answer("503 Not now").await;
    let deleted = alice.tell("Bob", "deleted").await;
    hook.next().await.answer("503 Not now").await;
    until_failed(&world, 2).await;
    let path = format!("/messages/{deleted}");
    assert_eq!(bob.send("DELETE", &path, None).await.status, 204);

    world.restart().await;
    world.pass(Duration::from_secs(5));
    let delivery = hook.next().await;
    assert_eq!(header(&delivery.head, "x-clawtalk-delivery"), kept);
    delivery.answer("200 OK").await;
    let mut alice = world.caller(&alice.key).await;
    let last = alice.tell("Bob", "last").await;
    let delivery = hook.next().await;
    assert_eq!(header(&delivery.head, "x-clawtalk-delivery"), last);
}

#[tokio::test]
async fn hooks_on_this_machine_get_nothing_unless_they_are_allowed() {
    let world = World::with_clawtalk(options()).await;
    let hook = Hook::new().await;
    let port = hook.listener.local_addr().unwrap().port();
    let mut alice = world.agent("Alice").await;
    for (number, host) in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"]
        .iter()
        .enumerate()
    {
        let name = format!("agent{number}");
        agent_with_hook(&world, &name, &format!("http://{host}:{port}/")).await;
        alice.tell(&name, "x").await;
    }
    // Those to nowhere are given up at once.
    until_failed(&world, 0).await;
    let nobody = timeout(Duration::ZERO, hook.listener.accept()).await;
    assert!(nobody.is_err(), "something connected");

    let mut agent = world.agent("strict").await;
    for url in [
        "ftp://hook.example/",
        "hook.example",
        "http://",
        "javascript:1",
    ] {
        let patch = json!({ "webhookUrl": url }).to_string();
        let refused = agent.send("PATCH", "/agents/strict", Some(&patch)).await;
        assert_eq!(refused.status, 400, "{url}");
    }
}
