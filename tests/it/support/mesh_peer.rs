//! An agent of the mesh in Python, as its scripts behave: see `tests/peers/mesh_peer.py`.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::python::python;
use super::{Agent, Ran, free_port, run, wait_for};

/// An agent with a state directory of its own.
pub(crate) struct MeshPeer {
    python: PathBuf,
    state: tempfile::TempDir,
    serves: Option<Child>,
}

impl MeshPeer {
    /// Makes one whose identity is not set up; `None` where Python cannot run it.
    pub(crate) fn new() -> Option<Self> {
        Some(Self {
            python: python("cryptography")?,
            state: tempfile::tempdir().unwrap(),
            serves: None,
        })
    }

    /// Makes one of this name, reached at this address.
    pub(crate) fn named(agent: &str, endpoint: &str) -> Option<Self> {
        let peer = Self::new()?;
        let arguments = ["init", "--agent-id", agent, "--endpoint", endpoint];
        peer.run(&arguments).json();
        Some(peer)
    }

    /// Makes one from what somebody of ours exported.
    pub(crate) fn from_export(agent: &Agent) -> Option<Self> {
        let peer = Self::new()?;
        let to = peer.state().join("export");
        agent.json(&["export", "mesh", "--to", to.to_str().unwrap()]);
        for entry in std::fs::read_dir(&to).unwrap() {
            let entry = entry.unwrap();
            std::fs::rename(entry.path(), peer.state().join(entry.file_name())).unwrap();
        }
        Some(peer)
    }

    /// Makes its identity under this id and lets it serve; returns where it is reached.
    pub(crate) fn serve(&mut self, agent: &str) -> String {
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        self.json(&["init", "--agent-id", agent, "--endpoint", &url]);
        let child = self
            .command(&["serve", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.serves = Some(child);
        wait_for("the peer", || TcpStream::connect(("127.0.0.1", port)).ok());
        url
    }

    /// Accepts somebody of ours, who asks for it.
    pub(crate) fn trusts(&self, agent: &Agent) {
        let found = self.json(&["scan", agent.url()]);
        self.trusts_agent(&found[0]["response"]["agent"]);
    }

    /// Accepts another one of its kind.
    pub(crate) fn trusts_peer(&self, other: &Self) {
        self.trusts_agent(&other.json(&["discovery"])["agent"]);
    }

    /// Writes what approving a request of this agent would write.
    fn trusts_agent(&self, agent: &Value) {
        let id = agent["agent_id"].as_str().unwrap();
        let file = self.state().join("peers").join(format!("{id}.json"));
        let mut peer = agent.clone();
        peer["trusted_at"] = "2026-03-12T18:00:00Z".into();
        peer["source_request_id"] = "req_test".into();
        std::fs::write(file, serde_json::to_string_pretty(&peer).unwrap()).unwrap();
    }

    /// Where it keeps everything.
    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }

    /// Prepares a call of it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/mesh_peer.py");
        let mut command = Command::new(&self.python);
        command
            .arg(script)
            .args(arguments)
            .env_clear()
            .env("HOME", self.state())
            .env("OPENCLAW_AGENT_MESH_DIR", self.state())
            .env("PYTHONUTF8", "1");
        command
    }

    /// Calls it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }

    /// Calls it and returns what it prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.run(arguments).json()
    }
}

impl Drop for MeshPeer {
    fn drop(&mut self) {
        if let Some(mut child) = self.serves.take() {
            // It may have ended by itself.
            let _ended = child.kill().and_then(|()| child.wait());
        }
    }
}
