//! A world of its own for tests of the built program: temporary profiles, a cleared
//! environment, relays that are real processes, and waiting for a condition with a deadline.
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without the expected member has to fail loudly"
)]

mod agent;
pub(crate) mod clawbuddy;
#[cfg(feature = "clawchat")]
pub(crate) mod clawchat;
pub(crate) mod clawtalk_peer;
pub(crate) mod clawtalk_server;
mod engine;
#[cfg(feature = "clawchat")]
pub(crate) mod gateway;
mod http;
pub(crate) mod mesh_peer;
mod person;
pub(crate) mod python;
mod relay;
mod world;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) use agent::{Agent, free_port, free_ports};
pub(crate) use engine::Engine;
pub(crate) use http::{Answer, http, http_as};
pub(crate) use person::{Invited, Person, texts};
pub(crate) use relay::{ADMIN_KEY, Relay};
pub(crate) use world::World;

/// No condition takes this long on a machine that works, however busy it is.
const DEADLINE: Duration = Duration::from_secs(120);
/// Between looks at a condition that nothing announces.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Waits until `look` finds what is waited for.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Insists on exit code 0 and returns the JSON that was printed.
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Insists on a failure that printed nothing, and returns the text of its error.
    pub(crate) fn error(&self) -> String {
        assert_ne!(self.code, Some(0), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        let last = self.err.lines().last().unwrap_or_default();
        let error: serde_json::Value =
            serde_json::from_str(last).unwrap_or_else(|_| panic!("not JSON: {self:?}"));
        error["error"].as_str().unwrap().to_owned()
    }
}

/// Runs a program to its end and returns what it printed.
pub(crate) fn run(command: &mut Command) -> Ran {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    finish(child)
}

/// Waits for a program whose output is piped, and kills it where it does not end.
pub(crate) fn finish(mut child: Child) -> Ran {
    let out = collect(child.stdout.take());
    let err = collect(child.stderr.take());
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > DEADLINE {
            child.kill().unwrap();
            let err = err.join().unwrap();
            panic!("a program does not end; it said {err:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    Ran {
        code: status.code(),
        out: out.join().unwrap(),
        err: err.join().unwrap(),
    }
}

fn collect(stream: Option<impl std::io::Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut stream) = stream {
            stream.read_to_end(&mut text).unwrap();
        }
        String::from_utf8(text).unwrap()
    })
}

/// Puts an `osascript` into a directory that sends nothing and keeps what it was to run.
fn put_osascript(dir: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let bin = dir.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let stub = bin.join("osascript");
    let script = "#!/bin/sh\nprintf '%s\\n' \"$2\" >> \"$HOME/osascript.log\"\n";
    std::fs::write(&stub, script).unwrap();
    std::fs::set_permissions(&stub, std::fs::Permissions::from_mode(0o755)).unwrap();
    bin
}

/// A search path with a directory of ours before what every Unix has.
fn search_path(bin: &Path) -> std::ffi::OsString {
    let mut path = bin.as_os_str().to_owned();
    path.push(":/usr/bin:/bin");
    path
}
