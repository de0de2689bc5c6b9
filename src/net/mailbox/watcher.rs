//! Keeps watching a relay: by one request for all channels where the relay offers that, by a
//! waiting request per channel where it offers that, and by polling otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::crypto;
use crate::model::ChannelId;
use crate::net::{Failure, backoff};

use super::client::{Changes, LONG_POLL};
use super::protocol::Cadence;
use super::worker::{Cell, Relay};

/// Channels on one relay that may each hold a waiting request open.
const WAITING_AT_ONCE: usize = 64;
/// An answer that took less did not come from waiting.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Watches until the task is dropped.
pub(super) async fn watch(relay: Arc<Relay>) {
    let mut failures = 0;
    loop {
        match together(&relay).await {
            Ok(true) => failures = 0,
            Ok(false) => return one_by_one(relay).await,
            Err(_told) => {
                failures += 1;
                sleep(backoff(failures, random())).await;
            }
        }
    }
}

/// One round of the batch extension; `false` if the relay does not have it.
///
/// A round is broken off where a person puts looks off or takes them up again: what was not
/// settled by then comes again in a later one.
async fn together(relay: &Arc<Relay>) -> Result<bool, Failure> {
    let mut turns = relay.first_looks.turns();
    let cells: BTreeMap<String, Arc<Cell>> = relay
        .cells()
        .into_iter()
        .filter(|(channel, _)| !relay.first_looks.is_put_off(*channel))
        .map(|(_, cell)| {
            let address = cell.room().watch.address.clone();
            (address, cell)
        })
        .collect();
    tokio::select! {
        round = round(relay, &cells) => round,
        Ok(()) = turns.changed() => Ok(true),
    }
}

async fn round(relay: &Arc<Relay>, cells: &BTreeMap<String, Arc<Cell>>) -> Result<bool, Failure> {
    if cells.is_empty() {
        relay.changed.notified().await;
        return Ok(true);
    }
    // A channel that was never looked at and has mail of ours there: the relay reports only
    // what is there, so that ours is gone shows only in a list.
    let unseen: Vec<_> = cells
        .values()
        .filter(|cell| {
            let room = cell.room();
            room.version.is_none() && !room.expected().is_empty()
        })
        .map(|cell| look(Arc::clone(relay), Arc::clone(cell), None))
        .collect();
    for looked in join_all(unseen).await {
        looked?;
    }
    let versions = cells
        .iter()
        .map(|(address, cell)| (address.clone(), cell.room().version.clone()))
        .collect();
    // The first answer comes at once, so that a person soon sees that the relay is well.
    let wait = relay.together.load(Ordering::Relaxed).then_some(LONG_POLL);
    let answer = tokio::select! {
        () = relay.changed.notified() => return Ok(true),
        answer = relay.client.changes(&versions, wait) => answer,
    };
    let changed = match answer {
        Ok(Changes::Changed(changed)) => changed,
        Ok(Changes::NotOffered) => return Ok(false),
        Err(failure) => {
            relay.tell_health(Some(&failure.problem), false).await;
            for cell in cells.values() {
                relay.now_known(cell);
            }
            return Err(failure);
        }
    };
    for (address, cell) in cells {
        if !cell.is_known() && !changed.contains_key(address) {
            relay.now_known(cell);
        }
    }
    relay.together.store(true, Ordering::Relaxed);
    relay.tell_health(None, true).await;
    let looks: Vec<_> = changed
        .into_iter()
        .filter_map(|(address, version)| {
            let cell = cells.get(&address)?;
            Some(look(Arc::clone(relay), Arc::clone(cell), Some(version)))
        })
        .collect();
    for looked in join_all(looks).await {
        looked?;
    }
    Ok(true)
}

/// Looks at a channel, and notes the state that the relay reported once that worked.
async fn look(relay: Arc<Relay>, cell: Arc<Cell>, version: Option<String>) -> Result<(), Failure> {
    relay.look(&cell, None, false).await?;
    if version.is_some() {
        cell.room().version = version;
    }
    Ok(())
}

/// Watches each channel in a task of its own.
async fn one_by_one(relay: Arc<Relay>) {
    let mut tasks = JoinSet::new();
    let mut watched: BTreeMap<ChannelId, Arc<Cell>> = BTreeMap::new();
    loop {
        watched.retain(|channel, cell| relay.has(*channel, cell));
        for (channel, cell) in relay.cells() {
            if watched.contains_key(&channel) {
                continue;
            }
            watched.insert(channel, Arc::clone(&cell));
            tasks.spawn(watch_one(Arc::clone(&relay), channel, cell));
        }
        while tasks.try_join_next().is_some() {}
        relay.changed.notified().await;
    }
}

async fn watch_one(relay: Arc<Relay>, channel: ChannelId, cell: Arc<Cell>) {
    let mut cadence = Cadence::default();
    let mut failures = 0;
    while relay.has(channel, &cell) {
        if !cell.is_known() {
            relay.first_looks.until_wanted(channel).await;
        }
        let wait = (relay.cells().len() <= WAITING_AT_ONCE).then_some(LONG_POLL);
        let began = Instant::now();
        let looked = tokio::select! {
            looked = relay.look(&cell, wait, false) => looked,
            () = relay.first_looks.until_put_off(channel), if !cell.is_known() => continue,
            // The engine knows something new of the channel, or forgot it.
            () = cell.poke.notified() => {
                cadence.polled(true);
                continue;
            }
        };
        let pause = match looked {
            Ok(looked) => {
                failures = 0;
                cadence.polled(looked.news);
                // A relay that waits answers at once while something of ours lies there.
                if looked.push && (looked.news || began.elapsed() >= AT_ONCE) {
                    continue;
                }
                cadence.wait(random())
            }
            Err(_told) => {
                failures += 1;
                backoff(failures, random())
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = cell.poke.notified() => cadence.polled(true),
        }
    }
}

fn random() -> u64 {
    // Without random numbers every client waits the same; nothing else depends on it.
    crypto::random().map_or(0, u64::from_le_bytes)
}
