//! Moves the write-ahead log into the database, off the write path.
//!
//! When the log has grown, the checkpoint thread copies it on a connection of its own while
//! the writer goes on. What the writer added meanwhile is little; the writer copies that
//! itself between two commits, and the next commit starts the log from its beginning. So the
//! log is bounded, and the writer never stands still for the bulk of the copying.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::thread::JoinHandle;

use rusqlite::Connection;

/// Pages of 4 KiB in the log at which a checkpoint begins.
const BEGIN_AT: usize = 8_000;

/// Pages at which the writer stops everything until the log is copied.
const FORCE_AT: usize = 64_000;

/// Tells the writer that only the rest is left to copy.
pub(in crate::relay) type Finish = Arc<AtomicBool>;

/// The writer's view of the log.
#[derive(Debug)]
pub(in crate::relay) struct Gauge {
    pages: Arc<AtomicUsize>,
    ring: SyncSender<()>,
    finish: Finish,
}

impl Gauge {
    pub(in crate::relay) fn new(ring: SyncSender<()>, finish: Finish) -> Self {
        Self {
            pages: Arc::default(),
            ring,
            finish,
        }
    }

    /// Learns the size of the log from every commit of the writer.
    pub(in crate::relay) fn attach(&self, writer: &mut Connection) -> Result<(), rusqlite::Error> {
        let pages = Arc::clone(&self.pages);
        writer.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count| {
            pages.store(usize::try_from(count).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))
    }

    /// Asks for a checkpoint or finishes one, when it is time; call between commits.
    pub(in crate::relay) fn check(&self, writer: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if self.finish.swap(false, Ordering::Acquire) {
            copy(writer, "PASSIVE");
        } else if pages >= FORCE_AT {
            copy(writer, "RESTART");
        } else if pages >= BEGIN_AT {
            match self.ring.try_send(()) {
                Ok(()) | Err(TrySendError::Full(())) => {}
                Err(TrySendError::Disconnected(())) => copy(writer, "PASSIVE"),
            }
        }
    }
}

/// Starts the checkpoint thread; it ends when the writer is gone.
pub(in crate::relay) fn start(
    connection: Connection,
    bell: Receiver<()>,
    finish: &Finish,
) -> std::io::Result<JoinHandle<()>> {
    let finish = Arc::clone(finish);
    std::thread::Builder::new()
        .name("relay-checkpoint".to_owned())
        .spawn(move || {
            while bell.recv().is_ok() {
                copy(&connection, "PASSIVE");
                // Rings while copying asked for what was just done.
                while bell.try_recv().is_ok() {}
                finish.store(true, Ordering::Release);
            }
        })
}

/// Leaves a small log behind when the store is closed.
pub(in crate::relay) fn last(writer: &Connection) {
    copy(writer, "TRUNCATE");
}

fn copy(connection: &Connection, mode: &str) {
    let copied = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, i64>(2)?,
        ))
    });
    match copied {
        Ok((busy, pages, copied)) => tracing::trace!(busy, pages, copied, "checkpoint"),
        Err(error) => tracing::warn!(%error, "the log cannot be copied into the store"),
    }
}
