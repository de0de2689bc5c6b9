//! Measures the relay through loopback, next to the ceiling of a handler without a store.
//!
//! Bounded in connections and time (about half a minute). Load generator and server share the
//! machine, so the ratios are what counts. `cargo bench --bench relay`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops at the unexpected"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use chaperon::relay::{AdminKey, ClawTalkOptions, Limits, Options, Running, start};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const WARM: Duration = Duration::from_millis(300);
const MEASURED: Duration = Duration::from_millis(1_500);
const CONNECTIONS: [usize; 3] = [1, 16, 64];
const WAITING: usize = 1_000;
const DELIVERIES: usize = 2_000;
const POLLED: usize = 10_000;
const ADMIN: &str = "admin-of-the-benchmark";

fn main() {
    let (server, load) = (runtime(), runtime());
    let directory = tempfile::tempdir().unwrap();
    let relay = server.block_on(relay(directory.path()));
    let ceiling = server.block_on(ceiling());

    println!("POST of a 600-byte payload, one channel per connection");
    compare(&load, relay.address(), ceiling, post);
    println!("GET of an empty channel");
    compare(&load, relay.address(), ceiling, get);
    load.block_on(agents(relay.address()));
    load.block_on(delivery(relay.address()));
    load.block_on(poll(relay.address()));
    server.block_on(relay.stop()).unwrap();
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

async fn relay(data: &std::path::Path) -> Running {
    let options = Options {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        data: data.to_owned(),
        limits: Limits {
            max_waiting: u64::MAX,
            ..Limits::default()
        },
        clawtalk: Some(ClawTalkOptions {
            posts: None,
            ..ClawTalkOptions::new(AdminKey::new(ADMIN).unwrap())
        }),
    };
    start(options).await.unwrap()
}

#[derive(Deserialize)]
struct Message {
    payload: String,
}

/// Serves a handler that reads the same request and answers the same, and keeps nothing.
async fn ceiling() -> SocketAddr {
    let seq = Arc::new(AtomicU64::new(0));
    let answer = move |body: Bytes| {
        let text = if body.is_empty() {
            "[]".to_owned()
        } else {
            let message: Message = serde_json::from_slice(&body).unwrap();
            assert!(!message.payload.is_empty());
            let seq = seq.fetch_add(1, Ordering::Relaxed);
            format!("{{\"ok\":true,\"seq\":{seq}}}")
        };
        std::future::ready(([(CONTENT_TYPE, "application/json")], text))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

fn post(connection: usize) -> Vec<u8> {
    let body = format!("{{\"payload\":\"{}\"}}", "A".repeat(600));
    let length = body.len();
    format!(
        "POST /channel/bench-{connection}/messages HTTP/1.1\r\nHost: relay\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn get(connection: usize) -> Vec<u8> {
    format!("GET /channel/empty-{connection}/messages HTTP/1.1\r\nHost: relay\r\n\r\n").into_bytes()
}

fn compare(load: &Runtime, relay: SocketAddr, ceiling: SocketAddr, request: fn(usize) -> Vec<u8>) {
    for connections in CONNECTIONS {
        let requests = || (0..connections).map(request).collect();
        let most = load.block_on(hammer(ceiling, requests()));
        let ours = load.block_on(hammer(relay, requests()));
        println!(
            "  {connections:>2} connections: {ours}; ceiling {most}; ratio {:.0} %",
            100.0 * ours.per_second / most.per_second
        );
    }
}

struct Figures {
    per_second: f64,
    half: Duration,
    most: Duration,
}

impl Figures {
    fn new(mut latencies: Vec<Duration>, elapsed: Duration) -> Self {
        latencies.sort_unstable();
        let at = |percent: usize| {
            let mut above = latencies.iter().skip(latencies.len() * percent / 100);
            *above.next().unwrap()
        };
        let count = u32::try_from(latencies.len()).unwrap();
        Self {
            per_second: f64::from(count) / elapsed.as_secs_f64(),
            half: at(50),
            most: at(99),
        }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{:>6.0}/s p50 {:.2} ms p99 {:.2} ms",
            self.per_second,
            self.half.as_secs_f64() * 1e3,
            self.most.as_secs_f64() * 1e3
        )
    }
}

/// Sends one request after the other, each on a connection of its own.
async fn hammer(address: SocketAddr, requests: Vec<Vec<u8>>) -> Figures {
    let begin = Instant::now() + WARM;
    let end = begin + MEASURED;
    let mut tasks = JoinSet::new();
    for request in requests {
        tasks.spawn(async move {
            let mut client = Client::connect(address).await;
            let mut latencies = Vec::with_capacity(100_000);
            let mut sent = Instant::now();
            while sent < end {
                let status = client.send(&request).await;
                assert!(matches!(status, 200 | 201), "{status}");
                let answered = Instant::now();
                if sent >= begin {
                    latencies.push(answered - sent);
                }
                sent = answered;
            }
            latencies
        });
    }
    Figures::new(tasks.join_all().await.concat(), MEASURED)
}

/// Measures agents that post to the inbox of their neighbour, and empty inboxes.
async fn agents(address: SocketAddr) {
    let most = CONNECTIONS.into_iter().max().unwrap();
    let mut admin = Client::connect(address).await;
    let mut keys = Vec::new();
    for agent in 0..=most {
        let body = format!(
            "{{\"name\":\"agent-{agent}\",\"owner\":\"o\",\"publicKey\":\"P\",\"signingKey\":\"S\"}}"
        );
        let request = as_holder(ADMIN, "POST /agents", &body);
        assert_eq!(admin.send(&request).await, 201);
        keys.push(admin.member("apiKey"));
    }
    // Nobody posts to the last one.
    let quiet = keys.pop().unwrap();
    println!("POST of a 600-byte payload by agents, one inbox per connection");
    for connections in CONNECTIONS {
        let numbered = keys.iter().enumerate().take(connections);
        let requests = numbered.map(|(number, key)| {
            let body = format!(
                "{{\"to\":\"agent-{}\",\"type\":\"request\",\"encrypted\":true,\"payload\":\"{}\"}}",
                (number + 1) % most,
                "A".repeat(600)
            );
            as_holder(key, "POST /messages", &body)
        });
        let ours = hammer(address, requests.collect()).await;
        println!("  {connections:>2} connections: {ours}");
    }
    let requests = vec![as_holder(&quiet, "GET /messages", ""); most];
    let ours = hammer(address, requests).await;
    println!("GET of an empty inbox\n  {most:>2} connections: {ours}");
}

/// A request by whoever has this key.
fn as_holder(key: &str, what: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{what} HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer {key}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Measures from the start of a POST until the request that waits for it is answered.
async fn delivery(address: SocketAddr) {
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let mut waits = JoinSet::new();
    for channel in 0..WAITING {
        let arrived = arrived.clone();
        let mut client = Client::connect(address).await;
        let request = move |version: &str| {
            format!(
                "GET /channel/wait-{channel}/messages HTTP/1.1\r\nHost: relay\r\n\
                 Prefer: wait=60\r\n{version}\r\n"
            )
            .into_bytes()
        };
        client.write(&request("")).await;
        waits.spawn(async move {
            for _ in 0..DELIVERIES / WAITING {
                client.read().await;
                arrived.send(Instant::now()).unwrap();
                let version = format!("If-None-Match: {}\r\n", client.version());
                client.write(&request(&version)).await;
            }
        });
    }
    let mut posting = Client::connect(address).await;
    let mut latencies = Vec::new();
    let begin = Instant::now();
    for number in 0..DELIVERIES {
        let channel = number % WAITING;
        let body = r#"{"payload":"AAAA"}"#;
        let request = format!(
            "POST /channel/wait-{channel}/messages HTTP/1.1\r\nHost: relay\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let sent = Instant::now();
        posting.send(request.as_bytes()).await;
        latencies.push(arrivals.recv().await.unwrap() - sent);
    }
    let figures = Figures::new(latencies, begin.elapsed());
    println!("POST to waiting GET answered, {WAITING} channels waiting: {figures}");
}

/// Measures one question about many quiet channels.
async fn poll(address: SocketAddr) {
    let ids: Vec<String> = (0..POLLED)
        .map(|number| format!("\"quiet-channel-{number:07}\":null"))
        .collect();
    let body = format!("{{\"channels\":{{{}}}}}", ids.join(","));
    let length = body.len();
    let request =
        format!("POST /poll HTTP/1.1\r\nHost: relay\r\nContent-Length: {length}\r\n\r\n{body}");
    let mut client = Client::connect(address).await;
    let mut latencies = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < MEASURED {
        let sent = Instant::now();
        assert_eq!(client.send(request.as_bytes()).await, 200);
        latencies.push(sent.elapsed());
    }
    let figures = Figures::new(latencies, begin.elapsed());
    println!("POST /poll about {POLLED} quiet channels: {figures}");
}

/// A keep-alive connection that understands as much HTTP as the relay's short answers need.
struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            read: Vec::with_capacity(64 * 1024),
        }
    }

    async fn send(&mut self, request: &[u8]) -> u16 {
        self.write(request).await;
        self.read().await
    }

    async fn write(&mut self, request: &[u8]) {
        self.stream.write_all(request).await.unwrap();
    }

    /// Reads one answer whole; returns its status.
    async fn read(&mut self) -> u16 {
        self.read.clear();
        loop {
            let count = self.stream.read_buf(&mut self.read).await.unwrap();
            assert!(count > 0, "closed");
            if let Some(status) = self.complete() {
                return status;
            }
        }
    }

    fn complete(&self) -> Option<u16> {
        let mut slots = [httparse::EMPTY_HEADER; 16];
        let mut response = httparse::Response::new(&mut slots);
        let httparse::Status::Complete(head) = response.parse(&self.read).unwrap() else {
            return None;
        };
        let length = response
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length = length.map_or(0, |header| {
            std::str::from_utf8(header.value).unwrap().parse().unwrap()
        });
        (self.read.len() >= head + length).then(|| response.code.unwrap())
    }

    /// Returns a text of the JSON object in the last answer, which has no escapes.
    fn member(&self, name: &str) -> String {
        let text = String::from_utf8_lossy(&self.read);
        let (_, value) = text.split_once(&format!("\"{name}\":\"")).unwrap();
        value.split('"').next().unwrap().to_owned()
    }

    /// Returns the version in the last answer, with its quotes.
    fn version(&self) -> String {
        let text = String::from_utf8_lossy(&self.read).to_lowercase();
        let (_, tag) = text.split_once("etag: ").unwrap();
        tag.lines().next().unwrap().to_owned()
    }
}
