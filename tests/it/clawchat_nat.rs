//! Two nodes, each behind a NAT of its own, that reach each other through a relay and then
//! without it: everybody in a network namespace of their own.
//!
//! The nodes are this test binary again, run in their namespace with a role in [`ROLE`].

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use chaperon::net::clawchat::swarm::{
    AsyncReadExt as _, AsyncWriteExt as _, Event, Listen, Multiaddr, Node, NodeConfig, Path,
    PeerId, Protocol, Stream, peer_id_of_seed,
};
use tokio::sync::mpsc;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::support::python::python;

/// Which node this process is.
const ROLE: &str = "CHAPERON_TEST_NAT_ROLE";

/// Longer than hole punching takes.
const PATIENCE: Duration = Duration::from_secs(40);

/// Addresses as in the internet, since libp2p knows which ones are not.
const RELAY: [u8; 4] = [11, 0, 0, 1];
const BOB: [u8; 4] = [192, 168, 2, 2];
const ALICE: [u8; 4] = [192, 168, 1, 2];
/// The router before Bob, as the internet sees it.
const BOBS_ROUTER: [u8; 4] = [11, 0, 2, 1];
const PORT: u16 = 4001;

fn seed(of: u8) -> Zeroizing<[u8; 32]> {
    Zeroizing::new([of; 32])
}

fn relay_address() -> Multiaddr {
    let id = peer_id_of_seed(&seed(9));
    let ip = Ipv4Addr::from(RELAY);
    format!("/ip4/{ip}/tcp/{PORT}/p2p/{id}").parse().unwrap()
}

async fn node(of: u8, ip: [u8; 4], is_relay: bool) -> (Node, mpsc::Receiver<Event>) {
    let relays = if of == 2 {
        vec![relay_address()]
    } else {
        Vec::new()
    };
    let config = NodeConfig {
        seed: seed(of),
        listen: Some(Listen {
            ip: IpAddr::from(ip),
            tcp: PORT,
            ws: PORT + 1,
        }),
        relays,
        bootstrap: Vec::new(),
        relay_server: is_relay,
        hidden: false,
    };
    Node::start(config).await.unwrap()
}

/// A line for the test that started this process.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n@ {line}").unwrap();
    out.flush().unwrap();
}

async fn next(events: &mut mpsc::Receiver<Event>) -> Event {
    let event = timeout(PATIENCE, events.recv()).await;
    event.expect("something happens").expect("the node runs")
}

async fn be_relay() {
    let (_node, mut events) = node(9, RELAY, true).await;
    while !matches!(next(&mut events).await, Event::Listening { .. }) {}
    say("ready");
    while events.recv().await.is_some() {}
}

/// Sends everything back that anybody says.
async fn be_bob() {
    let (_node, mut events) = node(2, BOB, false).await;
    while let Some(event) = events.recv().await {
        if let Event::Reservation { problem, .. } = event {
            assert_eq!(problem, None);
            say("ready");
        } else if let Event::Inbound { mut stream, .. } = event {
            let mut said = Vec::new();
            stream.read_to_end(&mut said).await.unwrap();
            stream.write_all(&said).await.unwrap();
            stream.close_within(PATIENCE).await.unwrap();
        }
    }
}

async fn is_answered(mut stream: Stream, said: &[u8]) -> bool {
    let mut answer = Vec::new();
    stream.write_all(said).await.unwrap();
    stream.close_within(PATIENCE).await.unwrap();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    read.unwrap().unwrap();
    answer == said
}

async fn be_alice() {
    let (node, mut events) = node(1, ALICE, false).await;
    let bob: PeerId = peer_id_of_seed(&seed(2));
    let open = |address: String| {
        let addresses = vec![address.parse().unwrap()];
        node.open(bob, addresses, Protocol::Session)
    };

    let router = Ipv4Addr::from(BOBS_ROUTER);
    let straight = open(format!("/ip4/{router}/tcp/{PORT}/p2p/{bob}")).await;
    say(&format!("straight {:?}", straight.err()));

    let circuit = format!("{}/p2p-circuit/p2p/{bob}", relay_address());
    let relayed = open(circuit).await.unwrap();
    say(&format!("relayed {:?}", relayed.path));
    assert!(is_answered(relayed.stream, b"through the relay").await);

    loop {
        if let Event::Path { peer, path } = next(&mut events).await
            && peer == bob
            && path == Some(Path::HolePunched)
        {
            break;
        }
    }
    let punched = node.open(bob, Vec::new(), Protocol::Session).await.unwrap();
    say(&format!("punched {:?} {}", punched.path, punched.remote));
    assert!(is_answered(punched.stream, b"through both routers").await);
    say("done");
}

/// What a process in a namespace does; in the run of all tests there is none to do.
#[tokio::test]
async fn a_node_with_a_role_in_a_namespace_plays_it() {
    match std::env::var(ROLE).as_deref() {
        Ok("relay") => be_relay().await,
        Ok("bob") => be_bob().await,
        Ok("alice") => be_alice().await,
        Ok(other) => panic!("no such role: {other}"),
        Err(_) => {}
    }
}

/// Namespaces that vanish with it.
struct Lab {
    prefix: String,
    nodes: Vec<Child>,
}

impl Lab {
    const ALL: [&str; 5] = ["internet", "router1", "router2", "alice", "bob"];

    /// Builds everything; says why it could not.
    fn build() -> Result<Self, String> {
        let lab = Self {
            prefix: format!("chaperon-{}-", std::process::id()),
            nodes: Vec::new(),
        };
        for name in Self::ALL {
            lab.ip(&format!("netns add {}{name}", lab.prefix))?;
            lab.ip(&format!("-n {}{name} link set lo up", lab.prefix))?;
        }
        lab.wire("internet", "11.0.1.254", "router1", "11.0.1.1")?;
        lab.wire("internet", "11.0.2.254", "router2", "11.0.2.1")?;
        lab.wire("router1", "192.168.1.1", "alice", "192.168.1.2")?;
        lab.wire("router2", "192.168.2.1", "bob", "192.168.2.2")?;
        lab.ip(&format!(
            "-n {}internet addr add 11.0.0.1/32 dev lo",
            lab.prefix
        ))?;
        for (name, via) in [
            ("router1", "11.0.1.254"),
            ("router2", "11.0.2.254"),
            ("alice", "192.168.1.1"),
            ("bob", "192.168.2.1"),
        ] {
            lab.ip(&format!(
                "-n {}{name} route add default via {via}",
                lab.prefix
            ))?;
        }
        for name in ["internet", "router1", "router2"] {
            let forward = "echo 1 > /proc/sys/net/ipv4/ip_forward";
            ran(lab.within(name, "sh").args(["-c", forward]))?;
        }
        let python = python("socket").ok_or("no python3")?;
        for name in ["router1", "router2"] {
            let code = include_str!("clawchat_nat/masquerade.py");
            ran(lab
                .within(name, python.to_str().unwrap())
                .args(["-c", code]))?;
        }
        Ok(lab)
    }

    /// Connects two namespaces by a wire.
    fn wire(&self, a: &str, a_ip: &str, b: &str, b_ip: &str) -> Result<(), String> {
        let prefix = &self.prefix;
        let (at_a, at_b) = (format!("to-{b}"), format!("to-{a}"));
        self.ip(&format!(
            "link add {at_a} netns {prefix}{a} type veth peer name {at_b} netns {prefix}{b}"
        ))?;
        for (name, wire, ip) in [(a, at_a, a_ip), (b, at_b, b_ip)] {
            self.ip(&format!("-n {prefix}{name} addr add {ip}/24 dev {wire}"))?;
            self.ip(&format!("-n {prefix}{name} link set {wire} up"))?;
        }
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "reads as what is done to the lab")]
    fn ip(&self, arguments: &str) -> Result<(), String> {
        ran(Command::new("ip").args(arguments.split_whitespace()))
    }

    fn within(&self, name: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        let name = format!("{}{name}", self.prefix);
        command.args(["netns", "exec", &name, program]);
        command
    }

    /// Starts a node and returns what it says.
    fn start(&mut self, namespace: &str, role: &str) -> Said {
        let this = std::env::current_exe().unwrap();
        let test = "clawchat_nat::a_node_with_a_role_in_a_namespace_plays_it";
        let mut child = self
            .within(namespace, this.to_str().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(ROLE, role)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        self.nodes.push(child);
        Said(said)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // The relay last: the others would say that it is gone.
        for node in self.nodes.iter_mut().rev() {
            // It may be gone already, and a failed test has more to say than this.
            node.kill().and_then(|()| node.wait()).ok();
        }
        for name in Self::ALL {
            self.ip(&format!("netns del {}{name}", self.prefix)).ok();
        }
    }
}

/// What a node says.
struct Said(BufReader<ChildStdout>);

impl Said {
    /// Returns its next line; a node that fails ends, and then there is none.
    fn next(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line).unwrap();
            if read == 0 {
                return None;
            }
            if let Some(said) = line.strip_prefix("@ ") {
                return Some(said.trim_end().to_owned());
            }
        }
    }
}

fn ran(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(words.trim().to_owned())
}

/// Lets the two meet; returns what Alice said, up to where she ended.
fn meet(mut lab: Lab) -> Vec<String> {
    let mut relay = lab.start("internet", "relay");
    assert_eq!(relay.next().as_deref(), Some("ready"));
    let mut bob = lab.start("bob", "bob");
    assert_eq!(bob.next().as_deref(), Some("ready"));
    let mut alice = lab.start("alice", "alice");
    std::iter::from_fn(|| alice.next()).collect()
}

/// Both have to dial within the same moment, which a machine that does much else can miss; so it
/// is tried three times. That a straight way is there without a hole would show each time.
#[test]
fn a_hole_is_punched_between_two_nodes_behind_a_nat_each() {
    const ATTEMPTS: usize = 3;
    let punched = format!("punched HolePunched /ip4/{}/", Ipv4Addr::from(BOBS_ROUTER));
    let mut said = Vec::new();
    for _ in 0..ATTEMPTS {
        let lab = match Lab::build() {
            Ok(lab) => lab,
            Err(problem) => {
                // Not `println!`: what a passing test prints is not shown.
                let line = format!("skipped: no NAT can be built here: {problem}\n");
                std::io::stderr().write_all(line.as_bytes()).unwrap();
                return;
            }
        };
        said = meet(lab);
        let [straight, relayed, rest @ ..] = said.as_slice() else {
            panic!("{said:?}");
        };
        assert_eq!(straight, "straight Some(TimedOut)");
        assert_eq!(relayed, "relayed Relayed");
        if rest.len() == 2 && rest[0].starts_with(&punched) && rest[1] == "done" {
            return;
        }
    }
    panic!("no hole in {ATTEMPTS} attempts; the last said {said:?}");
}
