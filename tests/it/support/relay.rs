//! `chaperon relay` as a process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{Answer, http, http_as};

/// A relay on loopback with a store of its own; killed when dropped.
pub(crate) struct Relay {
    data: tempfile::TempDir,
    child: Option<Child>,
    url: String,
    /// What it is told on the command line where it serves agents too.
    clawtalk: Option<&'static [&'static str]>,
}

/// The admin key of a relay that serves agents.
pub(crate) const ADMIN_KEY: &str = "the-key-of-a-tests-admin";

impl Relay {
    pub(crate) fn start() -> Self {
        Self::serving(None)
    }

    /// A relay that serves agents too.
    pub(crate) fn with_clawtalk() -> Self {
        Self::serving(Some(&[]))
    }

    /// The same, without a limit to what an agent may post: for whoever posts again and again.
    pub(crate) fn with_patient_clawtalk() -> Self {
        Self::serving(Some(&["--agent-posts", "0"]))
    }

    fn serving(clawtalk: Option<&'static [&'static str]>) -> Self {
        let mut relay = Self {
            clawtalk,
            data: tempfile::tempdir().unwrap(),
            child: None,
            url: String::from("http://127.0.0.1:0"),
        };
        relay.again();
        relay
    }

    /// Starts it again, on the same address and store.
    pub(crate) fn again(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chaperon"));
        command.env_clear();
        command.args([
            "relay",
            "--listen",
            self.url.strip_prefix("http://").unwrap(),
        ]);
        if let Some(more) = self.clawtalk {
            command.env("CLAWTALK_ADMIN_KEY", ADMIN_KEY).args(more);
        }
        let mut child = command
            .arg("--data")
            .arg(self.data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        self.child = Some(child);
        let url = line.trim_end().strip_prefix("relay on ");
        url.unwrap_or_else(|| panic!("the relay said {line:?}"))
            .clone_into(&mut self.url);
    }

    /// Kills it: nothing is flushed, nothing is closed.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Asks as whoever has this key of the agents' API.
    pub(crate) fn ask_as(&self, key: &str, method: &str, path: &str, body: Option<&str>) -> Answer {
        http_as(&self.url, Some(key), (method, path), body)
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        http(&self.url, method, path, body)
    }

    /// What waits in a channel.
    pub(crate) fn waiting(&self, channel: &str) -> Vec<Value> {
        let list = self.ask("GET", &format!("/channel/{channel}/messages"), None);
        list.json().as_array().unwrap().clone()
    }

    /// Puts anything into a channel, as whoever knows its id can.
    pub(crate) fn put_in(&self, channel: &str, payload: &Value) {
        let body = serde_json::json!({ "payload": payload }).to_string();
        let posted = self.ask("POST", &format!("/channel/{channel}/messages"), Some(&body));
        assert_eq!(posted.status, 200, "{posted:?}");
    }

    /// Answers an invite, as whoever knows its id can.
    pub(crate) fn answer_invite(&self, channel: &str, key: &str) {
        let body = serde_json::json!({ "public_key": key }).to_string();
        let put = self.ask("PUT", &format!("/channel/{channel}/handshake"), Some(&body));
        assert_eq!(put.status, 200, "{put:?}");
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.kill();
    }
}
