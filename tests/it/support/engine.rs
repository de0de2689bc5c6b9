//! `chaperon run` as a process, and its control socket.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::{Person, wait_for};

/// An engine in the background; killed when dropped.
pub(crate) struct Engine {
    child: Child,
    socket: PathBuf,
}

impl Engine {
    pub(super) fn start(person: &Person, passphrase: Option<&Path>, more: &[&str]) -> Self {
        let mut command = person.command(&[&["run"], more].concat());
        if let Some(file) = passphrase {
            command.env("CHAPERON_PASSPHRASE_FILE", file);
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let engine = Self {
            child,
            socket: person.home().join("engine.sock"),
        };
        wait_for("the control socket", || {
            UnixStream::connect(&engine.socket).ok()
        });
        engine
    }

    /// Asks over the control socket; `None` stands for no parameters.
    pub(crate) fn ask(&self, method: &str, params: Option<Value>) -> Value {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut call = |id: u32, method: &str, params: Option<Value>| {
            let mut ask = json!({ "jsonrpc": "2.0", "id": id, "method": method });
            if let Some(params) = params {
                ask["params"] = params;
            }
            writeln!(stream, "{ask}").unwrap();
            loop {
                let line = lines.next().unwrap().unwrap();
                let tell: Value = serde_json::from_str(&line).unwrap();
                // Events come in between.
                if tell["id"] == id {
                    return tell;
                }
            }
        };
        call(1, "unlock", Some(json!({ "passphrase": null })));
        call(2, method, params)
    }

    /// What is written in a channel, oldest first.
    pub(crate) fn transcript(&self, channel: &Value) -> Vec<Value> {
        let params = json!({ "channel": channel, "before": null, "limit": 1000 });
        let page = self.ask("transcript", Some(params));
        let messages = &page["result"]["value"]["messages"];
        messages
            .as_array()
            .unwrap_or_else(|| panic!("{page}"))
            .clone()
    }

    /// The local id of a channel.
    pub(crate) fn id_of(&self, channel: &str) -> Value {
        let found = self.ask("channel", Some(json!({ "channel": channel })));
        found["result"]["value"]["id"].clone()
    }

    /// Tells it to stop as a service manager does, and waits until it has.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let status = wait_for("the engine to stop", || self.child.try_wait().unwrap());
        status.code()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Gone already where it was stopped.
        if let Ok(None) = self.child.try_wait() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}
