//! Python, which knows best what Python writes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names the interpreter where the one on the search path is not the one to use.
const VARIABLE: &str = "CHAPERON_TEST_PYTHON";

/// Finds an interpreter in which these modules can be imported. Without it a test has nothing to
/// do, and says so; in CI that is an error.
pub(crate) fn python(modules: &str) -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let python = named.unwrap_or_else(|| PathBuf::from("python3"));
    if runs(&python, &format!("import {modules}")) {
        return Some(python);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "Python with {modules} has to be installed here; {VARIABLE} names it"
    );
    // Not `println!`: what a passing test prints is not shown.
    let line = format!("skipped: needs python3 with {modules}, or its path in {VARIABLE}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

fn runs(python: &Path, code: &str) -> bool {
    Command::new(python)
        .args(["-c", code])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
