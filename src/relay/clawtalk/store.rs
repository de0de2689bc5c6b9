//! Agents, messages, invites and the audit log on disk: SQLite in WAL mode, durable before
//! the reply, in a database beside that of the mailboxes.
//!
//! One thread writes. It takes every change that waits, applies them in one transaction,
//! commits once, publishes and only then answers, so nothing here can race. Readers use
//! connections of their own.
//!
//! Must not: judge requests (`rules` did) or look inside payloads.

mod agents;
mod audit;
mod hooks;
mod invites;
mod messages;
mod read;
mod schema;
mod sweep;
mod work;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::directory::Published;
use super::rules::Refusal;
use crate::relay::Clock;
use crate::relay::store::{OpenError, checkpoint};

pub(super) use hooks::Hook;
pub(super) use messages::{Post, parse_uuid, uuid};
pub(super) use read::{Copied, Listed, Reader};
pub(super) use work::Work;

/// Changes that may wait for the writer; further ones wait for a place.
const QUEUE: usize = 4096;

/// Nothing was changed: the disk failed or the relay is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unavailable;

impl From<Unavailable> for Refusal {
    fn from(_: Unavailable) -> Self {
        Self::UNAVAILABLE
    }
}

/// What the writer thread needs besides its connection.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub(super) directory: Arc<Published>,
    pub(super) clock: Clock,
    /// Most messages in one inbox.
    pub(super) max_waiting: i64,
    /// Most posts of one agent in a window of ten seconds.
    pub(super) posts: Option<u32>,
}

/// A change with the place its outcome goes.
trait Order: Send {
    /// Makes the change. An error fails the whole transaction.
    fn apply(&mut self, work: &mut Work<'_>) -> Result<(), rusqlite::Error>;

    /// Tells whoever asked, after the commit or its failure.
    fn answer(self: Box<Self>, committed: bool);
}

struct Change<F, T> {
    make: Option<F>,
    outcome: Option<T>,
    reply: oneshot::Sender<Option<T>>,
}

impl<F, T> Order for Change<F, T>
where
    F: FnOnce(&mut Work<'_>) -> Result<T, rusqlite::Error> + Send,
    T: Send,
{
    fn apply(&mut self, work: &mut Work<'_>) -> Result<(), rusqlite::Error> {
        if let Some(make) = self.make.take() {
            self.outcome = Some(make(work)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, committed: bool) {
        let outcome = self.outcome.filter(|_| committed);
        if self.reply.send(outcome).is_err() {
            tracing::trace!("a client left before its answer");
        }
    }
}

/// An open store; clones share it.
#[derive(Clone)]
pub(super) struct Store {
    orders: mpsc::Sender<Box<dyn Order>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Makes one change; returns after it is on disk.
    ///
    /// `make` may refuse, but then it has to have written nothing: other changes share its
    /// transaction.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        make: impl FnOnce(&mut Work<'_>) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (reply, outcome) = oneshot::channel();
        let change = Change {
            make: Some(make),
            outcome: None,
            reply,
        };
        let sent = self.orders.send(Box::new(change)).await;
        if sent.is_err() {
            return Err(Unavailable);
        }
        outcome.await.ok().flatten().ok_or(Unavailable)
    }
}

/// The threads of an open store. Dropping it stops them after the commit under way.
#[derive(Debug)]
pub(super) struct Threads {
    stop: Option<oneshot::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Dropping the sender is the signal.
        drop(self.stop.take());
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a relay thread panicked");
            }
        }
    }
}

/// Where the deliveries that became due are announced: those of before first.
pub(super) type Deliveries = mpsc::UnboundedReceiver<Hook>;

/// Opens or creates the store in `directory`, which this process has locked, and publishes
/// who is registered.
pub(super) fn open(
    directory: &Path,
    surroundings: Surroundings,
) -> Result<(Store, Reader, Deliveries, Threads), OpenError> {
    let path = directory.join("clawtalk.sqlite");
    let connection = schema::open_writer(&path)?;
    let counters = schema::load(&connection, &surroundings.directory)?;
    let (announce, deliveries) = mpsc::unbounded_channel();
    for hook in hooks::all(&connection)? {
        // The receiver is right here.
        let _kept = announce.send(hook);
    }

    let (orders, queue) = mpsc::channel(QUEUE);
    let (stop, stopped) = oneshot::channel();
    let (ring, bell) = blocking::sync_channel(1);
    let finish = checkpoint::Finish::default();
    let copying = schema::open_checkpointer(&path)?;
    let checkpointer = checkpoint::start(copying, bell, &finish).map_err(OpenError::Directory)?;
    let gauge = checkpoint::Gauge::new(ring, finish);
    let writer = writer::Writer::new(connection, surroundings, counters, gauge, announce);
    let writer = std::thread::Builder::new()
        .name("clawtalk-writer".to_owned())
        .spawn(move || writer.run(queue, stopped))
        .map_err(OpenError::Directory)?;
    let threads = Threads {
        stop: Some(stop),
        threads: vec![writer, checkpointer],
    };
    Ok((Store { orders }, Reader::new(path), deliveries, threads))
}
