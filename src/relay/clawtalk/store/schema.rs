//! Tables, connections, and what is read at the start.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::work::Counters;
use crate::model::UnixMillis;
use crate::relay::clawtalk::directory::{Agent, Directory, Inbox, Live, Published};
use crate::relay::store::{OpenError, schema as mailbox};

pub(super) use mailbox::{open_checkpointer, open_reader};

const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE agents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  owner BLOB NOT NULL,          -- JSON
  capabilities BLOB,            -- JSON; NULL where never said
  webhook TEXT,                 -- NULL without one
  public_key TEXT NOT NULL,
  signing_key TEXT NOT NULL,
  key_hash BLOB NOT NULL UNIQUE, -- SHA-256 of the API key
  registered INTEGER NOT NULL,  -- Unix milliseconds
  seen INTEGER NOT NULL         -- Unix milliseconds, at most a minute behind
) STRICT;
CREATE TABLE messages (
  number INTEGER PRIMARY KEY,   -- that of its first copy
  id BLOB NOT NULL UNIQUE,      -- UUID
  ts INTEGER NOT NULL,          -- Unix milliseconds
  expires INTEGER NOT NULL,     -- Unix milliseconds
  copies INTEGER NOT NULL,      -- made at first: those from number on
  left_over INTEGER NOT NULL,   -- copies that still are
  topic TEXT,                   -- NULL without one
  head BLOB NOT NULL            -- JSON object without its last member `to` and what follows
) STRICT;
CREATE INDEX messages_by_expiry ON messages (expires);
CREATE TABLE copies (
  number INTEGER PRIMARY KEY,   -- grows with every copy, never given twice
  agent INTEGER NOT NULL,
  ts INTEGER NOT NULL,          -- as in the message
  message INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX copies_by_inbox ON copies (agent, ts);
CREATE TABLE counters (
  only INTEGER PRIMARY KEY CHECK (only = 0),
  next_copy INTEGER NOT NULL,   -- number of the next copy
  newest INTEGER NOT NULL       -- latest ts ever given
) STRICT;
INSERT INTO counters (only, next_copy, newest) VALUES (0, 1, 0);
CREATE TABLE hooks (
  copy INTEGER PRIMARY KEY,     -- to be delivered to its agent's webhook
  agent INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  due INTEGER NOT NULL          -- Unix milliseconds
) STRICT;
CREATE TABLE idempotency_keys (
  agent INTEGER NOT NULL,
  key TEXT NOT NULL,
  digest BLOB NOT NULL,         -- SHA-256 of the body
  id BLOB NOT NULL,
  ts INTEGER NOT NULL,          -- Unix milliseconds
  PRIMARY KEY (agent, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE invites (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  code TEXT NOT NULL UNIQUE,
  label BLOB,                   -- JSON; NULL without one
  max_uses INTEGER,             -- NULL for any number
  expires INTEGER,              -- Unix milliseconds; NULL for never
  created INTEGER NOT NULL,     -- Unix milliseconds
  uses INTEGER NOT NULL
) STRICT;
CREATE TABLE audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  identity BLOB NOT NULL UNIQUE, -- SHA-256 of who logged it, time, id, direction and recipient
  at INTEGER NOT NULL,          -- Unix milliseconds; when it was logged, where its time makes no sense
  sender TEXT,                  -- NULL where it is no text
  recipient TEXT,
  topic TEXT,
  logged_by TEXT NOT NULL,
  logged INTEGER NOT NULL,      -- Unix milliseconds
  members BLOB NOT NULL         -- JSON object without braces
) STRICT;
";

/// Opens the one connection that writes, with its tables.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let mut connection = mailbox::open_database(path)?;
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
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Publishes who is registered; returns how far the numbers went.
pub(super) fn load(
    connection: &Connection,
    published: &Published,
) -> Result<Counters, rusqlite::Error> {
    let counters = connection.query_row("SELECT next_copy, newest FROM counters", [], |row| {
        Ok(Counters {
            next_copy: row.get(0)?,
            newest: UnixMillis(row.get(1)?),
        })
    })?;
    let mut directory = Directory::default();
    let mut statement = connection.prepare(
        "
SELECT id, name, owner, capabilities, webhook, public_key, signing_key, key_hash, registered,
  seen, (SELECT count(*) FROM copies WHERE copies.agent = agents.id)
FROM agents",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        let inbox = Inbox {
            waiting: row.get(10)?,
            // No inbox has seen a later one.
            newest: counters.newest,
        };
        directory.put(Agent {
            id: row.get(0)?,
            name: name.into(),
            owner: row.get(2)?,
            capabilities: row.get(3)?,
            webhook: row.get(4)?,
            public_key: row.get(5)?,
            signing_key: row.get(6)?,
            key_hash: row.get(7)?,
            registered: UnixMillis(row.get(8)?),
            live: Arc::new(Live::new(UnixMillis(row.get(9)?), inbox)),
        });
    }
    published.publish(Arc::new(directory));
    Ok(counters)
}
