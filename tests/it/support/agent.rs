//! Somebody on the Agent Mesh: a profile with an identity, and `chaperon mesh serve`.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::{Person, wait_for};

/// An agent whose engine runs; killed when dropped.
pub(crate) struct Agent {
    pub(crate) person: Person,
    url: String,
    serves: Option<Child>,
}

/// Finds two ports that are free, one above the other; returns the lower one.
pub(crate) fn free_ports() -> u16 {
    loop {
        let port = free_port();
        let above = port.checked_add(1);
        if above.is_some_and(|above| TcpListener::bind(("127.0.0.1", above)).is_ok()) {
            return port;
        }
    }
}

/// A port of this computer that nothing listens on just now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Agent {
    /// Makes somebody of this id, and lets them serve.
    pub(crate) fn start(id: &str) -> Self {
        let mut agent = Self::on(free_port());
        let url = agent.url.clone();
        let made = ["mesh", "init", "--agent-id", id, "--endpoint", &url];
        agent.person.json(&made);
        agent.serve();
        agent
    }

    /// Makes somebody from a directory of the scripts, and lets them serve.
    pub(crate) fn import(from: &Path) -> Self {
        let mut agent = Self::on(free_port());
        let from = from.to_str().unwrap();
        agent.person.json(&["import", "mesh", "--from", from]);
        agent.serve();
        agent
    }

    fn on(port: u16) -> Self {
        Self {
            person: Person::on("http://127.0.0.1:1"),
            url: format!("http://127.0.0.1:{port}"),
            serves: None,
        }
    }

    /// Where they are reached.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Starts their engine and waits until it listens.
    pub(crate) fn serve(&mut self) {
        let listen = self.url.trim_start_matches("http://").to_owned();
        let mut child = self
            .person
            .command(&["mesh", "serve", "--listen", &listen])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        self.serves = Some(child);
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"));
        assert_eq!(said["problem"], Value::Null, "{said}");
        assert_eq!(said["exposed"], false, "{said}");
    }

    /// Takes another address, for when they serve again.
    pub(crate) fn moves(&mut self) {
        self.url = format!("http://127.0.0.1:{}", free_port());
    }

    /// Kills their engine in the middle of whatever it does.
    pub(crate) fn dies(&mut self) {
        if let Some(mut child) = self.serves.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Runs a command that has to succeed, and returns its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.person.json(arguments)
    }

    /// The number of the one request that waits.
    pub(crate) fn waiting_request(&self) -> String {
        let requests = wait_for("a request", || {
            let requests = self.json(&["mesh", "requests", "--open"]);
            (requests != Value::Array(Vec::new())).then_some(requests)
        });
        let id = &requests.as_array().unwrap().last().unwrap()["request_id"];
        id.as_str().unwrap().to_owned()
    }

    /// Accepts the one request that waits.
    pub(crate) fn accept(&self) -> Value {
        self.json(&["mesh", "approve", &self.waiting_request()])
    }

    /// Sends as the person, and returns what became of it.
    pub(crate) fn send(&self, to: &str, text: &str) -> Value {
        self.json(&["send", "--as-me", "--", to, text])
    }

    /// Becomes a peer of somebody, both ways, and lets the assistant read what it likes.
    pub(crate) fn befriend(&self, other: &Self, (id, their_id): (&str, &str)) {
        self.json(&["mesh", "request", other.url()]);
        other.accept();
        other.json(&["mesh", "request", id]);
        self.accept();
        self.person.trust(their_id);
        other.person.trust(id);
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.dies();
    }
}
