//! Measures an agent of the mesh through loopback: discovery, and signed messages that are
//! verified, judged, scanned and stored before they are acknowledged.
//!
//! The reference forks Python and `openssl` for each request, one after the other: 100 ms for
//! discovery, 106 ms for a message, below 10 a second. `cargo bench --bench mesh`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark prints its figures and stops at the unexpected"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use chaperon::api::{Accounts, AccountsReply, Handle, Reply, Request};
use chaperon::crypto::{SecretKey, signing};
use chaperon::engine::{Hosted, system_clock};
use chaperon::model::{Body, NetworkId, PeerText, Verdict};
use chaperon::net::Mode;
use chaperon::net::mesh::SCHEME;
use chaperon::profile::Profile;
use chaperon::wire::mesh::{
    AgentId, CONTACT_PATH, ContactRequest, DISCOVERY_PATH, DirectId, DirectMessage, Identity,
    MESSAGE_PATH, MeshKey, RequestId,
};

const MESH: NetworkId = NetworkId::Mesh;
const CONNECTIONS: [usize; 3] = [1, 16, 64];
/// Messages for each number of connections.
const MESSAGES: usize = 6_400;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    let directory = tempfile::tempdir().unwrap();
    let profile = Profile::at(directory.path());
    profile.create().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let settings = format!("mesh_listen = \"{address}\"\n");
    std::fs::write(profile.config_file(), settings).unwrap();
    let hosted = Hosted::start(&profile, Mode::Continuous, system_clock()).unwrap();
    let secret = SecretKey::from_bytes([7; 32]);
    runtime.block_on(become_peers(&hosted.handle(), address, &secret));

    println!("discovery");
    for connections in CONNECTIONS {
        let get = |_| format!("GET {DISCOVERY_PATH} HTTP/1.1\r\nHost: agent\r\n\r\n");
        println!(
            "  {connections:>2} connections: {}",
            hammer(address, connections, get)
        );
    }
    println!("messages of 600 bytes, taken, stored and acknowledged");
    for (round, connections) in CONNECTIONS.into_iter().enumerate() {
        let bodies: Vec<_> = (0..MESSAGES)
            .map(|number| message(&secret, round * MESSAGES + number))
            .collect();
        let figures = hammer(address, connections, |number| {
            post(MESSAGE_PATH, &bodies[number])
        });
        println!("  {connections:>2} connections: {figures}");
    }
    runtime.block_on(hosted.stop());
}

/// Makes our identity, and lets us accept somebody with this key.
async fn become_peers(handle: &Handle, address: SocketAddr, secret: &SecretKey) {
    let init = Accounts::Init {
        network: MESH,
        endpoint: None,
        address: Some("ana".to_owned()),
        name: None,
        force: false,
    };
    handle.ask(Request::Accounts(init)).await.unwrap();
    while !listens(handle).await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let request = ContactRequest {
        id: RequestId::from_random([3; 16]),
        from: Identity {
            agent: AgentId::parse("bo").unwrap(),
            display_name: PeerText::new("Bo"),
            endpoint: PeerText::new("http://127.0.0.1:9"),
            key: MeshKey::new(signing::public_key(secret), &SCHEME),
        },
        written: system_clock()(),
        purpose: PeerText::new("a benchmark"),
    };
    let signed = request.sign(|message| signing::sign(secret, message));
    let body = signed.body.clone();
    let answered = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        exchange(&mut stream, &post(CONTACT_PATH, &body))
    });
    assert!(answered.await.unwrap().contains("true"));
    let Ok(Reply::NeedsYou(items)) = handle.ask(Request::NeedsYou).await else {
        panic!("another answer");
    };
    let decide = Request::Decide {
        item: items[0].id,
        seen: items[0].seen,
        verdict: Verdict::Approve,
        words: None,
        reason: None,
        screen: None,
    };
    handle.ask(decide).await.unwrap();
}

async fn listens(handle: &Handle) -> bool {
    let show = Request::Accounts(Accounts::Show { network: MESH });
    let Ok(Reply::Accounts(reply)) = handle.ask(show).await else {
        panic!("another answer");
    };
    matches!(*reply, AccountsReply::Account(Some(account)) if account.listening.is_some())
}

fn message(secret: &SecretKey, number: usize) -> String {
    let mut random = [0; 16];
    random[..8].copy_from_slice(&number.to_le_bytes());
    let text = format!(
        "number {number}: {}",
        "we meet at noon near the park. ".repeat(12)
    );
    let message = DirectMessage {
        id: DirectId::from_random(random),
        from: AgentId::parse("bo").unwrap(),
        to: AgentId::parse("ana").unwrap(),
        written: system_clock()(),
        body: Body::new("", text),
    };
    message.sign(|bytes| signing::sign(secret, bytes)).body
}

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: agent\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// Sends a request and reads the whole answer.
fn exchange(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        let length = stream.read(&mut part).unwrap();
        assert!(length > 0, "the connection broke");
        answer.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let expected: usize = head
            .lines()
            .find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            })
            .unwrap();
        if body.len() >= expected {
            assert!(head.starts_with("HTTP/1.1 200"), "{text}");
            return body.to_owned();
        }
    }
}

/// Sends every request once over so many connections; says how fast that went.
fn hammer(
    address: SocketAddr,
    connections: usize,
    request: impl Fn(usize) -> String + Sync,
) -> String {
    let began = Instant::now();
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let request = &request;
        let workers: Vec<_> = (0..connections)
            .map(|worker| {
                scope.spawn(move || {
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.set_nodelay(true).unwrap();
                    let mine = (0..MESSAGES).filter(move |number| number % connections == worker);
                    mine.map(|number| {
                        let began = Instant::now();
                        let answer = exchange(&mut stream, &request(number));
                        assert!(answer.contains("true"), "{answer}");
                        began.elapsed()
                    })
                    .collect::<Vec<_>>()
                })
            })
            .collect();
        let done = workers.into_iter().map(|worker| worker.join().unwrap());
        done.flatten().collect()
    });
    let took = began.elapsed();
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    format!(
        "{:.0}/s, p50 {:.2?}, p99 {:.2?}",
        f64::from(u32::try_from(MESSAGES).unwrap()) / took.as_secs_f64(),
        at(50),
        at(99)
    )
}
