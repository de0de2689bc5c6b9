//! Somebody with a profile, who types commands.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{Engine, Ran, put_osascript, run, search_path};

pub(crate) struct Person {
    dir: tempfile::TempDir,
    relay: String,
}

/// Rules that hold nothing that can be read.
const OPEN: &str = r#"
base = "inner-circle"
inbound = "off"
hold_in_drafts = []
alone_per_hour = "no-limit"
alone_per_day = "no-limit"
"#;

/// An invite that was made.
#[derive(Debug)]
pub(crate) struct Invited {
    pub(crate) channel: String,
    pub(crate) url: String,
}

impl Person {
    /// Makes a profile whose new channels live on this relay.
    pub(crate) fn on(relay: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        put_osascript(dir.path());
        Self {
            dir,
            relay: relay.to_owned(),
        }
    }

    /// Names the relay of channels that are made from now on.
    pub(crate) fn moves_to(&mut self, relay: &str) {
        relay.clone_into(&mut self.relay);
    }

    /// The directory of the profile.
    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("profile")
    }

    /// A directory for files of the test.
    pub(crate) fn desk(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chaperon"));
        command
            .env_clear()
            .env("HOME", self.dir.path())
            .env("PATH", search_path(&self.dir.path().join("bin")))
            .env("CHAPERON_HOME", self.home())
            .env("CHAPERON_MAILBOX_URL", &self.relay)
            .current_dir(self.dir.path())
            .args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }

    /// Runs a command that has to succeed, and returns its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.run(arguments).json()
    }

    /// Runs a command in which the process dies at the `step`-th commit or network call.
    pub(crate) fn dies_at(&self, step: u32, arguments: &[&str]) -> Ran {
        run(self
            .command(arguments)
            .env("CHAPERON_ABORT_AT", step.to_string()))
    }

    pub(crate) fn invite(&self, phone: &str) -> Invited {
        let made = self.json(&["add", phone]);
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        Invited {
            channel: text("channel_id"),
            url: text("invite_url"),
        }
    }

    /// Becomes a peer of somebody, who accepts them; returns the channel.
    pub(crate) fn befriend(&self, other: &Self) -> String {
        let invited = self.invite("+15550100");
        other.json(&["accept", &invited.url]);
        self.json(&["check", "--accept-requests"]);
        self.trust(&invited.channel);
        other.trust(&invited.channel);
        invited.channel
    }

    /// Compares the code of a channel, and lets the assistant say and read there what it likes:
    /// for tests of what carries messages, not of what judges them.
    pub(crate) fn trust(&self, channel: &str) {
        self.compare(channel);
        self.preset("open", OPEN);
        self.json(&["instructions", "--preset", "open", "--widen", "--", channel]);
    }

    /// Says that the safety code of a channel is the same on both sides.
    pub(crate) fn compare(&self, channel: &str) {
        let code = self.json(&["verify", "--json", "--", channel]);
        let ask = usize::try_from(code["ask"].as_u64().unwrap()).unwrap();
        let word = code["words"][ask].as_str().unwrap();
        let seen = code["seen"].as_str().unwrap();
        self.json(&["verify", "--word", word, "--seen", seen, "--", channel]);
    }

    /// Writes a preset of one's own.
    pub(crate) fn preset(&self, name: &str, rules: &str) {
        let presets = self.home().join("presets");
        std::fs::create_dir_all(&presets).unwrap();
        std::fs::write(presets.join(format!("{name}.tmpl")), "be kind\n").unwrap();
        std::fs::write(presets.join(format!("{name}.toml")), rules).unwrap();
    }

    pub(crate) fn send(&self, channel: &str, text: &str) -> Value {
        self.json(&["send", "--", channel, text])
    }

    /// Checks once; returns what is new.
    pub(crate) fn check(&self) -> Vec<Value> {
        self.json(&["check"]).as_array().unwrap().clone()
    }

    /// Checks once; returns the texts of what is new.
    pub(crate) fn texts(&self) -> Vec<String> {
        texts(&self.check())
    }

    /// How a channel is listed.
    pub(crate) fn channel(&self, id: &str) -> Value {
        self.json(&["channels"])[id].clone()
    }

    /// What waits for a decision.
    pub(crate) fn pending(&self) -> Vec<Value> {
        let ran = self.run(&["pending", "--json"]);
        let list: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
        list.as_array().unwrap().clone()
    }

    /// Starts the engine in the background.
    pub(crate) fn engine(&self) -> Engine {
        Engine::start(self, None, &[])
    }

    /// Starts the engine of a protected profile in the background.
    pub(crate) fn engine_with(&self, passphrase: &Path) -> Engine {
        self.engine_serving(passphrase, &[])
    }

    /// Starts it with more arguments.
    pub(crate) fn engine_serving(&self, passphrase: &Path, more: &[&str]) -> Engine {
        Engine::start(self, Some(passphrase), more)
    }
}

/// The texts of messages as `check` prints them.
pub(crate) fn texts(messages: &[Value]) -> Vec<String> {
    let texts = messages.iter().map(|message| &message["unsafe_body"]);
    texts
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}
