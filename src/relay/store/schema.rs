//! Tables, connections, and the rebuilding of the index.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::OpenError;
use crate::model::UnixMillis;
use crate::relay::index::{Facts, Index};

const VERSION: i64 = 1;

// No secondary index on the messages: each would cost the write path a page per message.
// Expiry reads a channel from its lowest number on, which is its oldest message.
const TABLES: &str = "
CREATE TABLE channels (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,   -- as in the path, never decoded
  last_seq INTEGER NOT NULL,   -- highest number ever given out, unless a message holds a higher one
  touched INTEGER NOT NULL     -- Unix milliseconds
) STRICT;
CREATE TABLE messages (
  channel INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  posted INTEGER NOT NULL,     -- Unix milliseconds
  payload BLOB NOT NULL,       -- compact JSON
  PRIMARY KEY (channel, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE handshakes (
  channel INTEGER PRIMARY KEY,
  body BLOB NOT NULL,          -- compact JSON object
  writes INTEGER NOT NULL,     -- how often since it was created
  written INTEGER NOT NULL     -- Unix milliseconds
) STRICT;
CREATE TABLE idempotency_keys (
  channel INTEGER NOT NULL,
  key TEXT NOT NULL,
  seq INTEGER NOT NULL,
  digest BLOB NOT NULL,        -- SHA-256 of the payload
  posted INTEGER NOT NULL,     -- Unix milliseconds
  PRIMARY KEY (channel, key)
) STRICT, WITHOUT ROWID;
";

/// Opens the one connection that writes, with its tables.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let mut connection = open_database(path)?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match found {
        0 => {
            let transaction = connection.transaction()?;
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.commit()?;
        }
        VERSION => {}
        newer => return Err(OpenError::Newer(newer)),
    }
    Ok(connection)
}

/// Opens or creates a database to write to, in the way that makes a commit durable.
pub(in crate::relay) fn open_database(path: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Checkpoints belong to another thread.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    Ok(connection)
}

/// Opens the connection that moves the log into the database.
pub(in crate::relay) fn open_checkpointer(path: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

/// Opens a connection that can only read.
pub(in crate::relay) fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -2_048)?;
    connection.pragma_update(None, "mmap_size", 256 * 1024 * 1024)?;
    Ok(connection)
}

/// Fills the index from what is stored.
pub(super) fn rebuild(connection: &Connection, index: &Index) -> Result<(), rusqlite::Error> {
    let mut statement = connection.prepare(
        "
SELECT c.id, c.name, c.last_seq, c.touched,
  m.last_seq, m.waiting, m.bytes, m.oldest, m.newest, h.writes, h.written, k.oldest
FROM channels c
LEFT JOIN (
  SELECT channel, max(seq) AS last_seq, count(*) AS waiting, sum(length(payload)) AS bytes,
    min(posted) AS oldest, max(posted) AS newest
  FROM messages GROUP BY channel
) m ON m.channel = c.id
LEFT JOIN handshakes h ON h.channel = c.id
LEFT JOIN (
  SELECT channel, min(posted) AS oldest FROM idempotency_keys GROUP BY channel
) k ON k.channel = c.id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        let mut facts = Facts::new(row.get(0)?, UnixMillis(row.get(3)?));
        facts.stored_seq = row.get(2)?;
        facts.last_seq = facts
            .stored_seq
            .max(row.get::<_, Option<i64>>(4)?.unwrap_or(0));
        facts.waiting = row.get::<_, Option<i64>>(5)?.unwrap_or(0);
        facts.bytes = row.get::<_, Option<i64>>(6)?.unwrap_or(0);
        facts.oldest = row.get::<_, Option<i64>>(7)?.map(UnixMillis);
        if let Some(newest) = row.get::<_, Option<i64>>(8)? {
            facts.touched = facts.touched.max(UnixMillis(newest));
        }
        if let (Some(writes), Some(written)) = (row.get(9)?, row.get(10)?) {
            facts.handshake_writes = writes;
            facts.handshake_at = UnixMillis(written);
        }
        facts.oldest_key = row.get::<_, Option<i64>>(11)?.map(UnixMillis);
        index.publish(&Arc::from(name), facts);
    }
    Ok(())
}
