//! The relay's mail on disk: SQLite in WAL mode, durable before the reply.
//!
//! One thread writes. It takes every request that waits, applies them in one transaction,
//! commits once, publishes to the [`Index`] and only then answers. Readers use connections
//! of their own and never block it; checkpoints run on another thread.
//!
//! Must not: judge requests ([`super::rules`] did) or look inside payloads.

mod apply;
pub(super) mod checkpoint;
mod read;
pub(super) mod schema;
pub(super) mod writer;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::Clock;
use super::index::Index;
use super::wait::Waiters;

pub(super) use read::Reader;

/// Requests that may wait for the writer; further ones wait for a place.
const QUEUE: usize = 4096;

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("cannot use the data directory")]
    Directory(#[source] io::Error),
    #[error("another relay uses the data directory")]
    InUse,
    #[error("cannot open the store")]
    Database(#[from] rusqlite::Error),
    #[error("the store was written by a newer version ({0})")]
    Newer(i64),
}

/// Why a write changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// As many messages wait as may.
    Full,
    /// The idempotency key stands for another payload.
    KeyReused,
    /// The disk failed or the relay is stopping.
    Unavailable,
}

/// A key that makes a repeated post the same post, and what it was first used with.
#[derive(Clone, Debug)]
pub(super) struct IdempotencyKey {
    pub(super) key: String,
    /// Digest of the payload.
    pub(super) digest: [u8; 32],
}

/// One change to one channel.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) channel: Arc<str>,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Post {
        payload: Vec<u8>,
        key: Option<IdempotencyKey>,
    },
    Delete {
        seq: i64,
    },
    Handshake {
        body: Vec<u8>,
    },
    /// Removes what has expired; every other change does this first.
    Expire,
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Posted {
        seq: i64,
    },
    Deleted,
    /// How often the handshake has been written since it was created.
    Written(i64),
    Expired,
}

type Outcome = Result<Done, Refused>;

/// A change with the place its outcome goes.
#[derive(Debug)]
struct Order {
    change: Change,
    reply: oneshot::Sender<Outcome>,
}

/// What the writer thread needs besides its connection.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub(super) index: Arc<Index>,
    pub(super) waiters: Arc<Waiters>,
    pub(super) clock: Clock,
    /// Most messages in one channel.
    pub(super) max_waiting: i64,
}

/// An open store; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Store {
    orders: mpsc::Sender<Order>,
}

/// The threads of an open store. Dropping it stops them after the commit under way.
#[derive(Debug)]
pub(super) struct Threads {
    stop: Option<oneshot::Sender<()>>,
    writer: Option<JoinHandle<()>>,
    checkpointer: Option<JoinHandle<()>>,
    /// Held until both threads are gone.
    _lock: File,
}

/// Opens or creates the store in `directory` and rebuilds the index from it.
pub(super) fn open(
    directory: &Path,
    surroundings: Surroundings,
) -> Result<(Store, Reader, Threads), OpenError> {
    create_private(directory).map_err(OpenError::Directory)?;
    let lock = File::create(directory.join("relay.lock")).map_err(OpenError::Directory)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::InUse),
        Err(TryLockError::Error(error)) => return Err(OpenError::Directory(error)),
    }
    let path = directory.join("relay.sqlite");
    let connection = schema::open_writer(&path)?;
    schema::rebuild(&connection, &surroundings.index)?;

    let (orders, queue) = mpsc::channel(QUEUE);
    let (stop, stopped) = oneshot::channel();
    let (ring, bell) = blocking::sync_channel(1);
    let finish = checkpoint::Finish::default();
    let checkpointer = checkpoint::start(schema::open_checkpointer(&path)?, bell, &finish)
        .map_err(OpenError::Directory)?;
    let writer = writer::Writer::new(
        connection,
        surroundings,
        checkpoint::Gauge::new(ring, finish),
    );
    let writer = std::thread::Builder::new()
        .name("relay-writer".to_owned())
        .spawn(move || writer.run(queue, stopped))
        .map_err(OpenError::Directory)?;
    let threads = Threads {
        stop: Some(stop),
        writer: Some(writer),
        checkpointer: Some(checkpointer),
        _lock: lock,
    };
    Ok((Store { orders }, Reader::new(path), threads))
}

impl Store {
    /// Makes one change; returns after it is on disk.
    pub(super) async fn change(&self, channel: Arc<str>, what: What) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        let change = Change { channel, what };
        if self.orders.send(Order { change, reply }).await.is_err() {
            return Err(Refused::Unavailable);
        }
        outcome.await.unwrap_or(Err(Refused::Unavailable))
    }
}

impl Threads {
    /// Stops both threads and waits for them. Blocks for one commit.
    fn stop(&mut self) {
        // Dropping the sender is the signal.
        drop(self.stop.take());
        for thread in [self.writer.take(), self.checkpointer.take()] {
            if thread.is_some_and(|thread| thread.join().is_err()) {
                tracing::error!("a relay thread panicked");
            }
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Creates a directory that only its owner can enter.
fn create_private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

#[cfg(test)]
mod tests;
