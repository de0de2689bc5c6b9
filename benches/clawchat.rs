//! Measures `ClawChat` between engines through loopback: messages that are judged and stored on
//! both sides before they count as delivered, and the memory of sessions that are idle.
//!
//! The peers with idle sessions are a process of their own, so that their memory is told apart.
//! `cargo bench --bench clawchat`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark prints its figures and stops at the unexpected"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chaperon::api::{
    Accounts, AccountsReply, ChannelRef, Handle, NewIdentity, Reply, Request, SendOutcome, Thread,
};
use chaperon::engine::{Hosted, system_clock};
use chaperon::model::{
    Author, Channel, ChannelId, NetworkId, NodeSettings, OwnAccount, PeerText, Verdict,
};
use chaperon::net::Mode;
use chaperon::profile::Profile;

const CLAWCHAT: NetworkId = NetworkId::ClawChat;
/// Messages for each number of senders.
const MESSAGES: usize = 1_000;
/// Senders that wait for their own message at the same time.
const SENDERS: [usize; 3] = [1, 8, 32];
/// Identities that have an idle session with the one that is measured: as many as a profile has.
const IDLE: usize = 32;
/// The argument that makes this process the peers.
const PEERS: &str = "be-the-peers";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    if std::env::args().any(|argument| argument == PEERS) {
        runtime.block_on(be_the_peers());
    } else {
        runtime.block_on(messages());
        runtime.block_on(idle_sessions());
    }
}

/// An engine that runs on.
struct Side {
    _dir: tempfile::TempDir,
    hosted: Hosted,
}

impl Side {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::at(dir.path());
        profile.create().unwrap();
        let hosted = Hosted::start(&profile, Mode::Continuous, system_clock()).unwrap();
        Self { _dir: dir, hosted }
    }

    async fn ask(&self, request: Request) -> Reply {
        self.hosted.handle().ask(request).await.unwrap()
    }

    async fn accounts(&self, request: Accounts) -> AccountsReply {
        let Reply::Accounts(reply) = self.ask(Request::Accounts(request)).await else {
            panic!("another answer");
        };
        *reply
    }

    /// Makes an identity and waits until it listens.
    async fn identity(&self) -> OwnAccount {
        let make = Accounts::Make(Box::new(NewIdentity {
            network: CLAWCHAT,
            name: None,
            phrase: None,
            testnet: true,
            node: Some(NodeSettings {
                ip: Ipv4Addr::LOCALHOST.into(),
                port: free_ports(),
                ..NodeSettings::default()
            }),
        }));
        let AccountsReply::Identity { account, .. } = self.accounts(make).await else {
            panic!("another answer");
        };
        loop {
            let list = Accounts::List { network: CLAWCHAT };
            let AccountsReply::Logins(all) = self.accounts(list).await else {
                panic!("another answer");
            };
            let now = all.into_iter().find(|one| one.id == account.id).unwrap();
            if address(&now).is_some() {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn adds(&self, us: &OwnAccount, them: &str, at: &str) -> Channel {
        let add = Accounts::Add {
            account: us.id,
            address: them.to_owned(),
            seen: None,
            endpoint: Some(at.to_owned()),
            name: None,
        };
        let Reply::Channel(channel) = self.ask(Request::Accounts(add)).await else {
            panic!("another answer");
        };
        *channel
    }

    /// Lets everybody in who asks, until so many have.
    async fn lets_in(&self, count: usize) {
        let mut done = 0;
        while done < count {
            let Reply::NeedsYou(items) = self.ask(Request::NeedsYou).await else {
                panic!("another answer");
            };
            for item in items {
                self.ask(Request::Decide {
                    item: item.id,
                    seen: item.seen,
                    verdict: Verdict::Approve,
                    words: None,
                    reason: None,
                    screen: None,
                })
                .await;
                done += 1;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until everybody is there whom it has a channel with.
    async fn connected(&self, count: usize) {
        loop {
            let Reply::Channels(all) = self.ask(Request::Channels).await else {
                panic!("another answer");
            };
            let online = all.iter().filter(|channel| {
                let presence = channel.presence.as_ref();
                presence.is_some_and(|presence| presence.online)
            });
            if online.count() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Two ports that are free, one above the other; returns the lower one.
fn free_ports() -> u16 {
    loop {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port + 1)).is_ok() {
            return port;
        }
    }
}

/// Where an identity is reached over TCP.
fn address(account: &OwnAccount) -> Option<String> {
    let all = &account.listening.as_ref()?.addresses;
    all.iter().find(|at| !at.contains("/ws/")).cloned()
}

/// Sends from one engine to another, each sender the next message when the last is delivered.
async fn messages() {
    let (ana, bo) = (Side::new(), Side::new());
    let (us, them) = (ana.identity().await, bo.identity().await);
    let to_bo = ana.adds(&us, &them.address, &address(&them).unwrap()).await;
    bo.lets_in(1).await;
    ana.connected(1).await;
    let text = "we meet at noon near the park. ".repeat(18);
    println!(
        "messages of {} bytes, stored by both and confirmed",
        text.len()
    );
    for senders in SENDERS {
        let begun = Instant::now();
        let each = MESSAGES / senders;
        let tasks: Vec<_> = (0..senders)
            .map(|sender| {
                let handle = ana.hosted.handle();
                let texts: Vec<_> = (0..each)
                    .map(|number| format!("{senders} {sender} {number}: {text}"))
                    .collect();
                tokio::spawn(send_all(handle, to_bo.id, texts))
            })
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await.unwrap());
        }
        let took = begun.elapsed().as_secs_f64();
        times.sort_unstable();
        let rate = f64::from(u32::try_from(times.len()).unwrap()) / took;
        println!(
            "  {senders:>2} at once: {rate:>6.0} a second, p50 {:>6.1?}, p99 {:>6.1?}",
            times[times.len() / 2],
            times[times.len() * 99 / 100],
        );
    }
    ana.hosted.stop().await;
    bo.hosted.stop().await;
}

async fn send_all(handle: Handle, channel: ChannelId, texts: Vec<String>) -> Vec<Duration> {
    let mut times = Vec::new();
    for text in texts {
        let begun = Instant::now();
        let request = Request::Send {
            channel: ChannelRef::Id(channel),
            subject: PeerText::default(),
            body: PeerText::new(&text),
            author: Author::Human,
            now: true,
            thread: Thread::default(),
        };
        let Reply::Sent(sent) = handle.ask(request).await.unwrap() else {
            panic!("another answer");
        };
        assert!(matches!(sent, SendOutcome::Relayed { .. }), "{sent:?}");
        times.push(begun.elapsed());
    }
    times
}

/// Identities of one engine that let in whoever asks. Who they are goes to standard output, and
/// when standard input asks for it, what they cost.
async fn be_the_peers() {
    let side = Side::new();
    let mut input = BufReader::new(std::io::stdin()).lines();
    let before = resident();
    let mut all = Vec::new();
    for _ in 0..IDLE {
        all.push(side.identity().await);
    }
    let nodes = resident();
    for us in &all {
        println!("{} {}", us.address, address(us).unwrap());
    }
    side.lets_in(IDLE).await;
    side.connected(IDLE).await;
    input.next().unwrap().unwrap();
    println!(
        "{} {}",
        (nodes - before) / IDLE,
        (resident() - nodes) / IDLE
    );
    std::io::stdout().flush().unwrap();
    side.hosted.stop().await;
}

/// Measures what sessions cost that nobody uses.
async fn idle_sessions() {
    let hub = Side::new();
    let us = hub.identity().await;
    let mut peers = Command::new(std::env::current_exe().unwrap())
        .arg(PEERS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to_peers = peers.stdin.take().unwrap();
    let mut from_peers = BufReader::new(peers.stdout.take().unwrap()).lines();
    let lines: Vec<String> = (0..IDLE)
        .map(|_| from_peers.next().unwrap().unwrap())
        .collect();
    let before = resident();
    for line in &lines {
        let (them, at) = line.split_once(' ').unwrap();
        hub.adds(&us, them, at).await;
    }
    hub.connected(IDLE).await;
    // What was needed for the handshakes is given back by then.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = resident();
    writeln!(to_peers, "tell").unwrap();
    let told = from_peers.next().unwrap().unwrap();
    let (node, session) = told.split_once(' ').unwrap();
    println!("memory with {IDLE} idle sessions (resident, KiB each)");
    println!(
        "  a session, at the one who has all of them: {}",
        (after - before) / IDLE
    );
    println!("  a session, at an identity that has but one: {session}");
    println!("  an identity with its node, before any session: {node}");
    assert!(peers.wait().unwrap().success());
    hub.hosted.stop().await;
}

/// Memory of this process, in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.unwrap().split_whitespace().nth(1).unwrap();
    number.parse().unwrap()
}
