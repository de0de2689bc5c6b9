//! `daemon`: the engine that runs, as the reference's program speaks of its own.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};

use super::{accepted, all, json, letters, no_identity};
use crate::api::{Handle, Reply, Request};
use crate::cli::output::{Output, Pretty};
use crate::cli::{Error, Exit};
use crate::model::OwnAccount;

/// How long a node may take before it is said that it does not listen yet.
const PATIENCE: Duration = Duration::from_secs(15);

/// Between the first address of a node and the last.
const SETTLES: Duration = Duration::from_millis(500);

/// Says that no engine runs.
pub fn not_running(style: Pretty, out: &mut Output<'_>) -> Result<Exit, Error> {
    out.compact();
    out.json(&json!({ "running": false }), style)?;
    Ok(Exit::Done)
}

/// Says whether an engine was there to be stopped.
pub fn stopped(was_running: bool, style: Pretty, out: &mut Output<'_>) -> Result<Exit, Error> {
    out.compact();
    let status = if was_running {
        "stopped"
    } else {
        "not_running"
    };
    out.json(&json!({ "status": status }), style)?;
    Ok(Exit::Done)
}

/// Says how an engine that runs is reached.
pub async fn status(handle: &Handle, style: Pretty, out: &mut Output<'_>) -> Result<Exit, Error> {
    out.compact();
    let accounts = all(handle).await?;
    let peers = accepted(handle).await?;
    let counts = match accounts.first() {
        Some(first) => letters::counts(first.id, handle).await?,
        None => (0, 0),
    };
    let Reply::Status(now) = handle.ask(Request::Status).await? else {
        return Err(Error::Unexpected);
    };
    out.json(&json::status(&accounts, &peers, counts, now.now), style)?;
    Ok(Exit::Done)
}

/// Says in lines of JSON what listens where, once an engine runs.
pub async fn started(socket: &str, handle: &Handle, out: &mut Output<'_>) -> Result<(), Error> {
    out.compact();
    let style = Pretty::default();
    let until = Instant::now() + PATIENCE;
    let mut events = handle.events();
    let mut accounts = all(handle).await?;
    let loaded = |one: &&OwnAccount| one.node.as_ref().is_none_or(|node| node.autoload);
    let count = accounts.iter().filter(loaded).count();
    let begun = json!({ "event": "loading_identities", "count": count });
    out.json(&begun, style)?;
    if count == 0 {
        return Err(no_identity());
    }
    while accounts
        .iter()
        .filter(loaded)
        .any(|one| one.listening.is_none())
    {
        if timeout_at(until, events.next()).await.is_err() {
            break;
        }
        accounts = all(handle).await?;
    }
    // A node says one by one where it listens.
    sleep(SETTLES).await;
    accounts = all(handle).await?;
    for one in accounts.iter().filter(loaded) {
        let problem = one.listening.as_ref().map_or_else(
            || Some("it does not listen yet".to_owned()),
            |listening| listening.problem.clone(),
        );
        let mut line = json!({
            "event": "identity_loaded",
            "principal": one.address,
            "nick": json::nick(one),
        });
        if let (Some(problem), Some(members)) = (problem, line.as_object_mut()) {
            members.insert("problem".to_owned(), problem.into());
        }
        out.json(&line, style)?;
    }
    let Some(first) = accounts.iter().find(loaded) else {
        return Err(no_identity());
    };
    let listening = first.listening.as_ref();
    let line = json!({
        "event": "started",
        "p2pPort": first.node.as_ref().map(|node| node.port),
        "ipcSocket": socket,
        "principal": first.address,
        "peerId": json::peer_id(&first.key),
        "multiaddrs": listening.map_or(&[][..], |at| at.addresses.as_slice()),
    });
    out.json(&line, style)
}
