//! `chaperon relay`: running one, and asking one that runs.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chaperon::cli::relay::{AdminAsk, Key, RelayArgs};
use chaperon::cli::{Exit, Output};
use chaperon::logs;
use chaperon::relay::{self, AdminKey, ClawTalkOptions, Limits, Rate};
use color_eyre::eyre::{Result, WrapErr as _, eyre};

use super::{StopSignals, print, profile};

/// Variable with the admin key of a ClawTalk relay.
const ADMIN_KEY_VARIABLE: &str = "CLAWTALK_ADMIN_KEY";

/// Runs a relay until it is told to stop.
pub(super) async fn serve_relay(home: Option<PathBuf>, args: RelayArgs) -> Result<ExitCode> {
    logs::to_stderr("info");
    let clawtalk = clawtalk(&args)?;
    let data = match args.data {
        Some(data) => data,
        None => profile(home)?.data_dir().join("relay"),
    };
    let rate = match args.rate {
        None => Limits::default().rate,
        Some(0) => None,
        Some(per_second) => Some(Rate {
            per_second,
            burst: per_second.saturating_mul(10),
            loopback: true,
        }),
    };
    let options = relay::Options {
        listen: args.listen,
        data,
        limits: Limits {
            max_body: args.max_body,
            max_waiting: args.max_waiting,
            rate,
            ..Limits::default()
        },
        clawtalk,
    };
    let stop = StopSignals::catch()?;
    let running = relay::start(options).await?;
    announce(running.address());
    stop.received().await;
    running.stop().await?;
    Ok(ExitCode::SUCCESS)
}

/// Returns how the ClawTalk API is to be served; `None` where there is no admin key.
fn clawtalk(args: &RelayArgs) -> Result<Option<ClawTalkOptions>> {
    let Some(key) = admin_key(args.admin_key_file.as_deref())? else {
        if args.public_url.is_some() || args.audit || args.allow_private_webhooks {
            return Err(eyre!(
                "--public-url, --audit and --allow-private-webhooks are of the ClawTalk API, {NO_KEY}"
            ));
        }
        return Ok(None);
    };
    let day = Duration::from_secs(24 * 3600);
    Ok(Some(ClawTalkOptions {
        public_url: args.public_url.clone(),
        audit: args.audit.then(|| day.saturating_mul(args.audit_days)),
        posts: (args.agent_posts > 0).then_some(args.agent_posts),
        allow_private_webhooks: args.allow_private_webhooks,
        ..ClawTalkOptions::new(AdminKey::new(&key)?)
    }))
}

/// What is missing where the admin key is.
const NO_KEY: &str =
    "which needs an admin key: name a file with --admin-key-file, or set CLAWTALK_ADMIN_KEY";

/// Reads the admin key from a file or, where none is named, from the environment.
fn admin_key(file: Option<&Path>) -> Result<Option<String>> {
    match file {
        Some(file) => key_in(file).map(Some),
        None => Ok(std::env::var(ADMIN_KEY_VARIABLE)
            .ok()
            .filter(|key| !key.is_empty())),
    }
}

fn key_in(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).wrap_err("cannot read the file with the key")?;
    Ok(text.trim().to_owned())
}

/// Asks a relay what its admin wants, and prints what it says.
pub(super) async fn ask_relay(ask: AdminAsk) -> ExitCode {
    logs::to_stderr("off");
    let style = ask.style;
    match answer_of_relay(ask).await {
        Ok(answer) => print(|out| out.json(&answer, style).map(|()| Exit::Done)),
        Err(error) => {
            let mut stderr = io::stderr();
            Output::new(&mut io::sink(), &mut stderr).failure(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn answer_of_relay(ask: AdminAsk) -> Result<serde_json::Value> {
    let key = match &ask.key {
        Key::Admin(file) => {
            admin_key(file.as_deref())?.ok_or_else(|| eyre!("this asks as the admin, {NO_KEY}"))?
        }
        Key::Agent(file) => key_in(file)?,
    };
    let is_survey = ask.path == "/admin/agents";
    let asked = relay::admin::Ask {
        method: ask.method.parse()?,
        path: ask.path,
        body: ask.body,
    };
    match relay::admin::ask(&ask.url, &key, &asked).await {
        Err(relay::admin::Error::Refused { status: 404, .. }) if is_survey => Err(eyre!(
            "this relay lists agents for an agent alone: name a file with an agent's key with --agent-key-file"
        )),
        other => Ok(other?),
    }
}

/// Says on standard output where the relay is, for a person and for a script that waits.
fn announce(address: SocketAddr) {
    // A closed standard output is no reason not to serve.
    let _closed = writeln!(io::stdout(), "relay on http://{address}");
}
