//! An agent of `ClawTalk` in `JavaScript`, as the reference's client behaves: see
//! `tests/peers/clawtalk_peer.mjs`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Names the interpreter where the one on the search path is not the one to use.
const NODE: &str = "CHAPERON_TEST_NODE";

/// Finds Node. Without it a test has nothing to do, and says so; in CI that is an error.
pub(crate) fn node() -> Option<PathBuf> {
    let node = std::env::var_os(NODE).map_or_else(|| PathBuf::from("node"), PathBuf::from);
    let runs = Command::new(&node)
        .args(["-e", "process.exit(typeof fetch === 'function' ? 0 : 1)"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    runs.then_some(node)
        .or_else(|| skip(&format!("Node 18 or later, or its path in {NODE}")))
}

/// Says that a test is skipped for want of something; in CI that is an error.
fn skip<T>(what: &str) -> Option<T> {
    assert!(std::env::var_os("CI").is_none(), "needed here: {what}");
    // Not `println!`: what a passing test prints is not shown.
    let line = format!("skipped: needs {what}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}
