//! An agent of the mesh in Python, as its scripts behave: see `tests/peers/mesh_peer.py`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::python::python;
use super::{Ran, run};

/// An agent with a state directory of its own.
pub(crate) struct MeshPeer {
    python: PathBuf,
    state: tempfile::TempDir,
}

impl MeshPeer {
    /// Makes one whose identity is not set up; `None` where Python cannot run it.
    pub(crate) fn new() -> Option<Self> {
        Some(Self {
            python: python("cryptography")?,
            state: tempfile::tempdir().unwrap(),
        })
    }

    /// Makes one of this name, reached at this address.
    pub(crate) fn named(agent: &str, endpoint: &str) -> Option<Self> {
        let peer = Self::new()?;
        let arguments = ["init", "--agent-id", agent, "--endpoint", endpoint];
        peer.run(&arguments).json();
        Some(peer)
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
