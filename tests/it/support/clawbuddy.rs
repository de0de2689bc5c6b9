//! The real `clawbuddy` program, 0.4.0, as somebody uses it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::person::texts;
use super::{Invited, Ran, put_osascript, run, search_path};

/// Names the program where it is not on the search path.
const VARIABLE: &str = "CHAPERON_TEST_CLAWBUDDY";

/// Somebody who uses `clawbuddy`.
pub(crate) struct Clawbuddy {
    program: PathBuf,
    home: tempfile::TempDir,
    relay: String,
}

/// Finds the program. Without it a test has nothing to do, and says so; in CI that is an error.
pub(crate) fn program() -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .map(|dir| dir.join("clawbuddy"))
            .find(|file| file.is_file())
    };
    let found = named.or_else(on_path);
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "clawbuddy 0.4.0 has to be installed here; {VARIABLE} names it"
        );
        // Not `println!`: what a passing test prints is not shown.
        let line = format!("skipped: needs clawbuddy 0.4.0 on PATH, or its path in {VARIABLE}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    // A link to it stands elsewhere than the Python it runs in.
    found.map(|file| file.canonicalize().unwrap())
}

impl Clawbuddy {
    /// Sets somebody up who uses this relay; `None` where the program is not installed.
    pub(crate) fn on(relay: &str) -> Option<Self> {
        let buddy = Self {
            program: program()?,
            home: tempfile::tempdir().unwrap(),
            relay: relay.to_owned(),
        };
        put_osascript(buddy.home.path());
        std::fs::create_dir_all(buddy.config().join("presets")).unwrap();
        // The program as it is installed has no presets, and adds nobody without one.
        for preset in [
            "safe-acquaintance",
            "trusted-colleague",
            "inner-circle",
            "one-time",
        ] {
            let file = buddy
                .config()
                .join("presets")
                .join(format!("{preset}.tmpl"));
            std::fs::write(file, format!("{preset} for {{name}}\n")).unwrap();
        }
        buddy.knows_the_newest_version();
        Some(buddy)
    }

    /// Keeps it from asking the package index.
    fn knows_the_newest_version(&self) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let known = json!({ "latest": "0.4.0", "ts": since.as_secs() });
        std::fs::write(self.config().join(".version_check"), known.to_string()).unwrap();
    }

    /// Where it keeps everything.
    pub(crate) fn config(&self) -> PathBuf {
        self.home.path().join(".config/clawbuddy")
    }

    /// Lets it go on with another directory of its files.
    pub(crate) fn replace_config(&self, with: &Path) {
        std::fs::remove_dir_all(self.config()).unwrap();
        std::fs::rename(with, self.config()).unwrap();
        self.knows_the_newest_version();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(self
            .environment(&mut Command::new(&self.program))
            .args(arguments))
    }

    /// Runs Python code in which the package can be imported.
    pub(crate) fn python(&self, code: &str, arguments: &[&str]) -> Ran {
        let python = self.program.parent().unwrap().join("python3");
        let mut command = Command::new(python);
        run(self
            .environment(&mut command)
            .args(["-c", code])
            .args(arguments))
    }

    fn environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", search_path(&self.home.path().join("bin")))
            .env("CLAWBUDDY_MAILBOX_URL", &self.relay)
            .env("PYTHONUTF8", "1")
            .current_dir(self.home.path())
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.run(arguments).json()
    }

    pub(crate) fn invite(&self, phone: &str) -> Invited {
        let made = self.json(&["add", phone]);
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        Invited {
            channel: text("channel_id"),
            url: text("invite_url"),
        }
    }

    pub(crate) fn send(&self, channel: &str, text: &str) -> Value {
        self.json(&["send", "--", channel, text])
    }

    pub(crate) fn check(&self) -> Vec<Value> {
        self.json(&["check"]).as_array().unwrap().clone()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        texts(&self.check())
    }
}
