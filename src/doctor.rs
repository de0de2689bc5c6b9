//! Looks whether everything but the terminal works, and says what can be done.
//!
//! Reads and asks; changes nothing, makes no profile and needs no engine, but says more with
//! one. Must not: put a name, a key, a channel, an address of a person's own relay or a path
//! outside of the home directory into the report, which people paste where others read it.

use std::ffi::OsString;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};

use crate::api::{Error, Handle, Reply, Request, Role, Status};
use crate::engine::{self, Session};
use crate::model::{Passphrase, Report, UnixMillis};
use crate::net::Mode;
use crate::net::mailbox::{Probe, probe};
use crate::profile::config::{Config, ConfigError, DEFAULT_MAILBOX_URL, Source};
use crate::profile::{Environment, Profile};
use crate::store::health::quick_check;

/// A clock that differs by more is told, in seconds.
const SKEW: i64 = 60;
/// An answer that takes longer is told, in milliseconds.
const SLOW: u128 = 2_000;

/// How the engine of the profile is reached.
#[derive(Debug)]
pub enum Engine {
    /// One runs, in another process or in this one.
    Runs(Handle),
    /// None ran; one was started to look, and ends with it.
    Borrowed(Handle),
    /// There is none, because there is no profile yet.
    NoProfile,
    /// The profile is protected, and nobody gave the passphrase.
    Locked,
    /// It cannot be started or reached; the reason in words.
    Broken(String),
}

impl Engine {
    fn handle(&self) -> Option<&Handle> {
        match self {
            Self::Runs(handle) | Self::Borrowed(handle) => Some(handle),
            Self::NoProfile | Self::Locked | Self::Broken(_) => None,
        }
    }
}

/// Reaches the engine of a profile that is there, or hosts one; asks nobody for a passphrase.
/// `None` where there is no profile, or it is locked and no engine runs. The error is in words.
pub async fn borrow(
    profile: &Profile,
    given: Option<&Passphrase>,
) -> Result<Option<Session>, String> {
    if !profile.exists() {
        return Ok(None);
    }
    for role in [Role::Supervisor, Role::Assistant] {
        match Session::open(profile, role, Mode::OnDemand, given).await {
            Ok(session) => return Ok(Some(session)),
            Err(engine::Error::Locked) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(None)
}

/// Where things are and what time it is.
pub struct Surroundings<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// What says that it lies there.
    pub source: Source,
    /// The environment.
    pub env: &'a (dyn Fn(&str) -> Option<OsString> + Sync),
    /// The home directory.
    pub home: Option<PathBuf>,
    /// The time now.
    pub now: UnixMillis,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

/// Looks at everything but the terminal.
pub async fn examine(around: &Surroundings<'_>, engine: &Engine) -> Report {
    let mut report = Report::default();
    let (version, system) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS);
    let machine = std::env::consts::ARCH;
    report.ok("version", format!("chaperon {version}, {system} {machine}"));
    let config = settings(&mut report, around);
    permissions(&mut report, around.profile);
    bus(&mut report, around.env);
    let status = engine_state(&mut report, engine).await;
    store(&mut report, around.profile).await;
    chain(&mut report, engine).await;
    relays(&mut report, around, &config, status.as_ref()).await;
    report
}

/// Returns what looks at the profile of a surface, whose engine runs.
pub fn of_surface(
    profile: Profile,
    source: Source,
    clock: Arc<dyn Fn() -> UnixMillis + Send + Sync>,
) -> Arc<dyn Fn(Handle) -> BoxFuture<'static, Report> + Send + Sync> {
    Arc::new(move |handle| {
        let (profile, clock) = (profile.clone(), Arc::clone(&clock));
        Box::pin(async move {
            let around = Surroundings {
                profile: &profile,
                source,
                env: &|name| std::env::var_os(name),
                home: std::env::home_dir(),
                now: clock(),
            };
            examine(&around, &Engine::Runs(handle)).await
        })
    })
}

/// Returns a path with the home directory as `~`, or without saying where it is.
pub fn tilde(path: &Path, home: Option<&Path>) -> String {
    let inside = home.and_then(|home| path.strip_prefix(home).ok());
    match inside.and_then(Path::to_str) {
        Some("") => "~".to_owned(),
        Some(inside) => format!("~/{inside}"),
        None => "a directory outside of ~".to_owned(),
    }
}

fn settings(report: &mut Report, around: &Surroundings<'_>) -> Config {
    let profile = around.profile;
    let usual = matches!(around.source, Source::Default);
    let place = match around.source {
        Source::Env(_) => "chosen by a variable".to_owned(),
        Source::Flag => "chosen by --home".to_owned(),
        Source::Default | Source::File(_) | Source::Fixed | Source::Unsaved => {
            let file = profile.config_file();
            let dir = file.parent().unwrap_or(&file);
            tilde(dir, around.home.as_deref())
        }
    };
    let there = if profile.exists() {
        ""
    } else {
        ", not there yet"
    };
    let kind = if usual { "the usual one, " } else { "" };
    report.ok("profile", format!("{kind}{place}{there}"));
    match profile.read_settings() {
        Ok(file) if file.exists() => {
            let count = file.config().count();
            let words = format!("config.toml is valid, {count} set");
            report.ok("settings", words);
            file.config().clone()
        }
        Ok(_) => {
            report.ok("settings", "no config.toml: every setting is the default");
            Config::default()
        }
        Err(error) => {
            // What stands in the line is the person's own.
            let found = match error.line() {
                Some(line) => format!("config.toml line {line} cannot be used"),
                None => "config.toml cannot be read".to_owned(),
            };
            let advice = match error {
                ConfigError::Unreadable(_) => "look at the mode and the owner of the file",
                ConfigError::NotText { .. }
                | ConfigError::Syntax { .. }
                | ConfigError::UnknownKey { .. }
                | ConfigError::BadValue { .. }
                | ConfigError::Binding { .. } => {
                    "start chaperon: it says what is wrong with the line"
                }
            };
            report.problem("settings", found, advice);
            Config::default()
        }
    }
}

fn permissions(report: &mut Report, profile: &Profile) {
    let config = profile.config_file();
    let data = profile.data_dir();
    let dirs = [config.parent().filter(|dir| *dir != data), Some(data)];
    let mut open: Vec<String> = Vec::new();
    let mut looked_at = 0;
    for dir in dirs.into_iter().flatten() {
        if let Ok(found) = std::fs::metadata(dir) {
            looked_at += 1;
            if !is_closed(&found) {
                open.push(format!("a directory ({:03o})", found.mode() & 0o777));
            }
        }
    }
    let beside = |name: &str| profile.data_dir().join(name);
    let files = [
        config.clone(),
        profile.database(),
        beside("chaperon.db-wal"),
        beside("chaperon.db-shm"),
        profile.socket(),
        profile.lock_file(),
        beside("chaperon.log"),
    ];
    for file in files {
        let Ok(found) = std::fs::metadata(&file) else {
            continue;
        };
        looked_at += 1;
        // The lock holds nothing, and a settings file no secret; both are in a closed directory.
        let is_secret = file != profile.lock_file() && file != config;
        if !is_ours(&found) || (is_secret && !is_closed(&found)) {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            open.push(format!("{name} ({:03o})", found.mode() & 0o777));
        }
    }
    if looked_at == 0 {
        report.ok("permissions", "nothing to look at: nothing is written yet");
    } else if open.is_empty() {
        report.ok("permissions", "files and directories are open to you alone");
    } else {
        let found = format!("open to others, or not yours: {}", open.join(", "));
        let advice = "chmod 700 for the directories, chmod 600 for the files of the profile";
        report.problem("permissions", found, advice);
    }
}

fn is_ours(found: &Metadata) -> bool {
    found.uid() == rustix::process::geteuid().as_raw()
}

/// The lowest six bits are what a group and others may do.
fn is_closed(found: &Metadata) -> bool {
    is_ours(found) && found.mode().trailing_zeros() >= 6
}

/// Tells whether the session has a bus that desktop notifications go over; macOS has its own
/// way and always can.
pub fn has_bus(env: Environment<'_>) -> bool {
    let named = env("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty());
    let runtime = env("XDG_RUNTIME_DIR").map(PathBuf::from);
    let there = runtime.is_some_and(|dir| dir.join("bus").exists());
    cfg!(target_os = "macos") || named || there
}

fn bus(report: &mut Report, env: Environment<'_>) {
    if cfg!(target_os = "macos") {
        return;
    }
    if has_bus(env) {
        report.ok("desktop bus", "there is one");
    } else {
        let words = "none in this session: no desktop notifications here";
        report.ok("desktop bus", words);
    }
}

async fn engine_state(report: &mut Report, engine: &Engine) -> Option<Status> {
    match engine {
        Engine::Runs(_) => report.ok("engine", "runs"),
        Engine::Borrowed(_) => report.ok("engine", "did not run; started to look"),
        Engine::NoProfile => {
            report.ok("engine", "none: there is no profile yet");
            return None;
        }
        Engine::Locked => {
            report.ok("engine", "does not run");
            let words = "by a passphrase, which was not given";
            report.ok("protection", words);
            return None;
        }
        Engine::Broken(reason) => {
            let advice = "set CHAPERON_LOG=debug and try `chaperon status`";
            report.problem("engine", reason.clone(), advice);
            return None;
        }
    }
    let Ok(Reply::Status(status)) = engine.handle()?.ask(Request::Status).await else {
        let advice = "stop the other chaperon on this profile, and start it again";
        report.problem("engine", "it does not say how it is", advice);
        return None;
    };
    if status.version != env!("CARGO_PKG_VERSION") {
        let found = format!("the one that runs is version {}", status.version);
        let advice = "restart it, so that both are the same";
        report.warn("engine", found, advice);
    }
    if status.protected {
        report.ok("protection", "by a passphrase");
    } else {
        let advice = "chaperon passphrase set; until then what runs as you can decide for you";
        report.warn("protection", "none", advice);
    }
    if !status.wake_problems.is_empty() {
        let found = format!("{} wake commands failed", status.wake_problems.len());
        report.warn("wake", found, "chaperon status says which and why");
    }
    Some(status)
}

async fn store(report: &mut Report, profile: &Profile) {
    if !profile.exists() {
        return;
    }
    let path = profile.database();
    let checked = tokio::task::spawn_blocking(move || quick_check(&path)).await;
    let advice = "stop chaperon, keep a copy of the profile, and restore a backup";
    match checked {
        Ok(Ok(None)) => report.ok("store", "whole (quick_check)"),
        Ok(Ok(Some(_damage))) => report.problem("store", "damaged (quick_check)", advice),
        Ok(Err(error)) => {
            tracing::debug!(%error, "the store cannot be checked");
            report.problem("store", "cannot be checked", advice);
        }
        Err(_panic) => report.problem("store", "cannot be checked", advice),
    }
}

async fn chain(report: &mut Report, engine: &Engine) {
    let Some(handle) = engine.handle() else {
        if matches!(engine, Engine::Locked) {
            let advice = "give the passphrase with --passphrase-file";
            report.warn("decision log", "not checked: it is sealed", advice);
        }
        return;
    };
    match handle.ask(Request::VerifyLog).await {
        Ok(Reply::LogState(state)) if state.problem.is_none() => {
            let found = format!("{} entries, the chain is whole", state.entries);
            report.ok("decision log", found);
        }
        Ok(Reply::LogState(_)) => {
            let advice = "chaperon log verify says which entry; keep a copy of the profile";
            report.problem("decision log", "the chain is broken", advice);
        }
        Err(Error::NotAllowed | Error::Locked) => {
            let advice = "give the passphrase with --passphrase-file";
            report.warn(
                "decision log",
                "not checked: that needs the passphrase",
                advice,
            );
        }
        Ok(_) | Err(_) => {
            let advice = "chaperon log verify says why";
            report.problem("decision log", "cannot be checked", advice);
        }
    }
}

async fn relays(
    report: &mut Report,
    around: &Surroundings<'_>,
    config: &Config,
    status: Option<&Status>,
) {
    let mut relays = vec![config.mailbox_url(around.env)];
    let used = status.iter().flat_map(|status| &status.relays);
    for relay in used {
        if !relays.contains(&relay.relay) {
            relays.push(relay.relay.clone());
        }
    }
    let asked = relays.iter().map(|relay| probe(relay));
    let answers = join_all(asked).await;
    let count = relays.len();
    for (index, (relay, answer)) in relays.iter().zip(answers).enumerate() {
        let which = if relay == DEFAULT_MAILBOX_URL {
            "the built-in one".to_owned()
        } else if index == 0 {
            "the one for new channels".to_owned()
        } else {
            format!("number {index} of the settings screen")
        };
        let topic = if count == 1 {
            "relay".to_owned()
        } else {
            format!("relay {} of {count}", index + 1)
        };
        relay_finding(report, &topic, &which, &answer, around.now);
        if relay.starts_with("http://") && !is_near(relay) {
            let advice = "use an https address: others can see who talks with it";
            report.warn(&topic, format!("{which}: without TLS"), advice);
        }
    }
}

fn is_near(relay: &str) -> bool {
    let hosts = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
    hosts.iter().any(|host| relay.starts_with(host))
}

fn relay_finding(
    report: &mut Report,
    topic: &str,
    which: &str,
    answer: &Result<Probe, String>,
    now: UnixMillis,
) {
    let probe = match answer {
        Ok(probe) => probe,
        Err(problem) => {
            let advice = "look at the network and the address; mail waits meanwhile";
            return report.problem(topic, format!("{which}: {problem}"), advice);
        }
    };
    let took = probe.took.as_millis();
    let Some(date) = probe.date else {
        return report.ok(
            topic,
            format!("{which}: answers in {took} ms, says no time"),
        );
    };
    // Half of the way there and back lies between its clock and now.
    let skew = (date.0 - now.0).div_euclid(1_000);
    let clock = match skew.unsigned_abs() {
        0..=2 => "the same time".to_owned(),
        seconds if skew > 0 => format!("{seconds} s ahead of this clock"),
        seconds => format!("{seconds} s behind this clock"),
    };
    let found = format!("{which}: answers in {took} ms, {clock}");
    if skew.abs() > SKEW {
        let advice = "set the clock of this machine; expiry and hours depend on it";
        report.warn(topic, found, advice);
    } else if took > SLOW {
        report.warn(topic, found, "slow; mail arrives late");
    } else {
        report.ok(topic, found);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::model::Level;

    use super::*;

    #[test]
    fn a_home_directory_is_a_tilde_and_another_place_is_not_told() {
        let home = Some(Path::new("/home/ana"));
        assert_eq!(tilde(Path::new("/home/ana/.config/c"), home), "~/.config/c");
        assert_eq!(tilde(Path::new("/home/ana"), home), "~");
        for (path, home) in [
            ("/home/anastasia/x", home),
            ("/srv/secret", home),
            ("/x", None),
        ] {
            assert_eq!(tilde(Path::new(path), home), "a directory outside of ~");
        }
    }

    fn answered(took: u64, skew: i64) -> Report {
        let mut report = Report::default();
        let now = UnixMillis(1_000_000_000);
        let probe = Probe {
            took: Duration::from_millis(took),
            date: Some(UnixMillis(now.0 + skew * 1_000)),
        };
        relay_finding(&mut report, "relay", "it", &Ok(probe), now);
        report
    }

    #[test]
    fn a_clock_that_is_wrong_and_a_slow_relay_are_told() {
        assert_eq!(answered(40, 1).worst(), Level::Ok);
        assert_eq!(answered(40, 61).worst(), Level::Warning);
        assert!(answered(40, -90).text().contains("90 s behind this clock"));
        assert_eq!(answered(2_500, 0).worst(), Level::Warning);
    }

    #[tokio::test]
    async fn a_profile_that_does_not_exist_is_looked_at_and_not_made() {
        let root = tempfile::tempdir().unwrap();
        let profile = Profile::at(root.path().join("private-name"));
        let env =
            |name: &str| (name == "CHAPERON_MAILBOX_URL").then(|| "http://127.0.0.1:9".into());
        let around = Surroundings {
            profile: &profile,
            source: Source::Flag,
            env: &env,
            home: None,
            now: UnixMillis(0),
        };
        let report = examine(&around, &Engine::NoProfile).await;
        let text = report.text();
        assert!(text.contains("not there yet"), "{text}");
        assert!(
            !text.contains("private-name") && !text.contains("127.0.0.1"),
            "{text}"
        );
        assert_eq!(report.worst(), Level::Problem, "the relay does not answer");
        assert!(!profile.data_dir().exists());
    }

    #[tokio::test]
    async fn what_others_can_read_is_a_problem_and_told_by_name() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let profile = Profile::at(root.path().join("home"));
        profile.create().unwrap();
        std::fs::write(profile.database(), "").unwrap();
        let mode = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(profile.database(), mode).unwrap();
        let mut report = Report::default();
        permissions(&mut report, &profile);
        assert_eq!(report.worst(), Level::Problem);
        assert!(
            report.text().contains("chaperon.db (644)"),
            "{}",
            report.text()
        );
    }

    #[test]
    fn a_wrong_line_is_told_by_its_number_alone() {
        let root = tempfile::tempdir().unwrap();
        let profile = Profile::at(root.path());
        std::fs::write(profile.config_file(), "theme = 'dark'\nmy_secret = 1\n").unwrap();
        let env = |_: &str| None;
        let around = Surroundings {
            profile: &profile,
            source: Source::Default,
            env: &env,
            home: None,
            now: UnixMillis(0),
        };
        let mut report = Report::default();
        settings(&mut report, &around);
        let text = report.text();
        assert!(
            text.contains("line 2") && !text.contains("my_secret"),
            "{text}"
        );
    }
}
