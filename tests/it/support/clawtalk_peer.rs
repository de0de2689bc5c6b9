//! An agent of `ClawTalk` in `JavaScript`, as the reference's client behaves: see
//! `tests/peers/clawtalk_peer.mjs`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Ran, run};

/// Names the interpreter where the one on the search path is not the one to use.
const NODE: &str = "CHAPERON_TEST_NODE";
/// Names the directory of packages with `tweetnacl` and `tweetnacl-util`.
const TWEETNACL: &str = "CHAPERON_TEST_TWEETNACL";

/// Finds Node. Without it a test has nothing to do, and says so; in CI that is an error.
pub(crate) fn node() -> Option<PathBuf> {
    let node = std::env::var_os(NODE).map_or_else(|| PathBuf::from("node"), PathBuf::from);
    if runs(Command::new(&node).args(["-e", "process.exit(typeof fetch === 'function' ? 0 : 1)"])) {
        return Some(node);
    }
    skip(&format!("Node 18 or later, or its path in {NODE}"))
}

fn runs(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Says that a test is skipped for want of something; in CI that is an error.
fn skip<T>(what: &str) -> Option<T> {
    assert!(std::env::var_os("CI").is_none(), "needed here: {what}");
    // Not `println!`: what a passing test prints is not shown.
    let line = format!("skipped: needs {what}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

/// An agent with a directory of its own.
#[derive(Debug)]
pub(crate) struct ClawTalkPeer {
    node: PathBuf,
    packages: PathBuf,
    home: tempfile::TempDir,
}

impl ClawTalkPeer {
    /// Makes one that is registered nowhere; `None` where nothing can run it.
    pub(crate) fn new() -> Option<Self> {
        let node = node()?;
        let packages = std::env::var_os(TWEETNACL).map(PathBuf::from);
        let has_both = |packages: &PathBuf| {
            let names = ["tweetnacl", "tweetnacl-util"];
            names.iter().all(|name| packages.join(name).is_dir())
        };
        let Some(packages) = packages.filter(has_both) else {
            return skip(&format!(
                "tweetnacl and tweetnacl-util of npm, their node_modules in {TWEETNACL}"
            ));
        };
        Some(Self {
            node,
            packages,
            home: tempfile::tempdir().unwrap(),
        })
    }

    /// Makes one that takes an account there is, and uploads new keys for it.
    pub(crate) fn join(url: &str, name: &str, key: &str) -> Option<Self> {
        let peer = Self::new()?;
        peer.json(&["join", "--url", url, "--name", name, "--key", key]);
        Some(peer)
    }

    /// Makes one that registers with an invite.
    pub(crate) fn register(url: &str, name: &str, invite: &str) -> Option<Self> {
        let peer = Self::new()?;
        peer.json(&["register", "--url", url, "--name", name, "--invite", invite]);
        Some(peer)
    }

    /// Where it keeps its account and its keys.
    pub(crate) fn state(&self) -> PathBuf {
        self.home.path().join("agent.json")
    }

    /// Sends a payload in one of its modes, with further options; returns the relay's answer.
    pub(crate) fn send(&self, to: &str, payload: &Value, mode: &str, options: &[&str]) -> Value {
        let payload = payload.to_string();
        let send = ["send", "--to", to, "--payload", &payload, "--mode", mode];
        self.json(&[&send[..], options].concat())
    }

    /// Calls it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/clawtalk_peer.mjs");
        let mut command = Command::new(&self.node);
        command
            .arg(script)
            .args(arguments)
            .env_clear()
            .env("CLAWTALK_HOME", self.home.path())
            .env(TWEETNACL, &self.packages);
        run(&mut command)
    }

    /// Calls it and returns what it prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.run(arguments).json()
    }
}
