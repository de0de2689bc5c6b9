//! Single changes inside the writer's transaction.
//!
//! Rows are written at once; facts change in a copy that is published only after the commit,
//! so a failed commit leaves no trace in memory either.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::{Change, Done, IdempotencyKey, Outcome, Refused, What};
use crate::model::UnixMillis;
use crate::relay::index::{Facts, Index, KEEP_HANDSHAKE, KEEP_MESSAGE, KEEP_NUMBER};

/// The statements of the write path, prepared once.
pub(super) struct Statements<'c> {
    pub(super) begin: CachedStatement<'c>,
    pub(super) commit: CachedStatement<'c>,
    pub(super) rollback: CachedStatement<'c>,
    add_channel: CachedStatement<'c>,
    remember_seq: CachedStatement<'c>,
    forget_channel: CachedStatement<'c>,
    add_message: CachedStatement<'c>,
    delete_message: CachedStatement<'c>,
    list_oldest: CachedStatement<'c>,
    delete_oldest: CachedStatement<'c>,
    write_handshake: CachedStatement<'c>,
    delete_handshake: CachedStatement<'c>,
    find_key: CachedStatement<'c>,
    add_key: CachedStatement<'c>,
    delete_keys: CachedStatement<'c>,
    oldest_key: CachedStatement<'c>,
}

impl<'c> Statements<'c> {
    pub(super) fn prepare(connection: &'c Connection) -> Result<Self, rusqlite::Error> {
        connection.set_prepared_statement_cache_capacity(32);
        let prepare = |sql| connection.prepare_cached(sql);
        Ok(Self {
            begin: prepare("BEGIN IMMEDIATE")?,
            commit: prepare("COMMIT")?,
            rollback: prepare("ROLLBACK")?,
            add_channel: prepare(
                "INSERT INTO channels (name, last_seq, touched) VALUES (?1, 0, ?2) RETURNING id",
            )?,
            remember_seq: prepare("UPDATE channels SET last_seq = ?2, touched = ?3 WHERE id = ?1")?,
            forget_channel: prepare("DELETE FROM channels WHERE id = ?1")?,
            add_message: prepare(
                "INSERT INTO messages (channel, seq, posted, payload) VALUES (?1, ?2, ?3, ?4)",
            )?,
            delete_message: prepare(
                "DELETE FROM messages WHERE channel = ?1 AND seq = ?2 RETURNING length(payload)",
            )?,
            list_oldest: prepare(
                "SELECT seq, posted, length(payload) FROM messages WHERE channel = ?1 ORDER BY seq",
            )?,
            delete_oldest: prepare("DELETE FROM messages WHERE channel = ?1 AND seq <= ?2")?,
            write_handshake: prepare(
                "INSERT INTO handshakes (channel, body, writes, written) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (channel) DO UPDATE
                 SET body = excluded.body, writes = excluded.writes, written = excluded.written",
            )?,
            delete_handshake: prepare("DELETE FROM handshakes WHERE channel = ?1")?,
            find_key: prepare(
                "SELECT seq, digest FROM idempotency_keys WHERE channel = ?1 AND key = ?2",
            )?,
            add_key: prepare(
                "INSERT INTO idempotency_keys (channel, key, seq, digest, posted)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?,
            delete_keys: prepare(
                "DELETE FROM idempotency_keys WHERE channel = ?1 AND posted <= ?2",
            )?,
            oldest_key: prepare("SELECT min(posted) FROM idempotency_keys WHERE channel = ?1")?,
        })
    }
}

/// The changes of one transaction before they are published.
#[derive(Debug, Default)]
pub(super) struct Batch {
    channels: HashMap<Arc<str>, Touched>,
}

/// A channel that this transaction has looked at.
#[derive(Debug)]
struct Touched {
    /// `None` while the channel does not exist, or after it is gone.
    facts: Option<Facts>,
    changed: bool,
    /// Whether the number of a deleted message has to be remembered in the channel's row.
    remember_seq: bool,
}

impl Batch {
    /// Applies one change. An error fails the whole transaction.
    pub(super) fn apply(
        &mut self,
        statements: &mut Statements<'_>,
        index: &Index,
        change: Change,
        limits: &Limits,
    ) -> Result<Outcome, rusqlite::Error> {
        let touched = match self.channels.entry(Arc::clone(&change.channel)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Touched {
                facts: index.facts(&change.channel),
                changed: false,
                remember_seq: false,
            }),
        };
        let now = limits.now;
        touched.expire(statements, now)?;
        Ok(match change.what {
            What::Post { payload, key } => {
                touched.post(statements, &change.channel, (&payload, key), limits)?
            }
            What::Delete { seq } => Ok(touched.delete(statements, seq, now)?),
            What::Handshake { body } => {
                let facts = touched.existing(statements, &change.channel, now)?;
                facts.handshake_writes += 1;
                facts.handshake_at = now;
                facts.touched = now;
                let row = params![facts.id, body, facts.handshake_writes, now.0];
                statements.write_handshake.execute(row)?;
                Ok(Done::Written(facts.handshake_writes))
            }
            What::Expire => Ok(Done::Expired),
        })
    }

    /// Writes what belongs into the same commit; call once, last.
    pub(super) fn finish(
        &mut self,
        statements: &mut Statements<'_>,
    ) -> Result<(), rusqlite::Error> {
        for touched in self.channels.values_mut().filter(|t| t.remember_seq) {
            if let Some(facts) = &mut touched.facts {
                let row = params![facts.id, facts.last_seq, facts.touched.0];
                statements.remember_seq.execute(row)?;
                facts.stored_seq = facts.last_seq;
            }
        }
        Ok(())
    }

    /// Publishes the committed changes; returns the channels that changed.
    pub(super) fn publish(self, index: &Index) -> impl Iterator<Item = Arc<str>> {
        let changed = self
            .channels
            .into_iter()
            .filter(|(_, touched)| touched.changed);
        changed.map(|(channel, touched)| {
            match touched.facts {
                Some(facts) => index.publish(&channel, facts),
                None => index.forget(&channel),
            }
            channel
        })
    }
}

/// What a change is judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) now: UnixMillis,
    pub(super) max_waiting: i64,
}

impl Touched {
    /// Returns the facts of the channel, which exists and is changed from now on.
    fn existing(
        &mut self,
        statements: &mut Statements<'_>,
        channel: &str,
        now: UnixMillis,
    ) -> Result<&mut Facts, rusqlite::Error> {
        self.changed = true;
        if self.facts.is_none() {
            let id = statements
                .add_channel
                .query_row(params![channel, now.0], |row| row.get(0))?;
            self.facts = Some(Facts::new(id, now));
        }
        Ok(self.facts.as_mut().expect("set above"))
    }

    fn post(
        &mut self,
        statements: &mut Statements<'_>,
        channel: &str,
        (payload, key): (&[u8], Option<IdempotencyKey>),
        limits: &Limits,
    ) -> Result<Outcome, rusqlite::Error> {
        if let (Some(key), Some(facts)) = (&key, &self.facts) {
            let first = statements
                .find_key
                .query_row(params![facts.id, key.key], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
                })
                .optional()?;
            if let Some((seq, digest)) = first {
                let same = digest == key.digest;
                return Ok(if same {
                    Ok(Done::Posted { seq })
                } else {
                    Err(Refused::KeyReused)
                });
            }
        }
        let waiting = self.facts.map_or(0, |facts| facts.waiting);
        if waiting >= limits.max_waiting {
            return Ok(Err(Refused::Full));
        }
        let now = limits.now;
        let facts = self.existing(statements, channel, now)?;
        let seq = facts.last_seq + 1;
        statements
            .add_message
            .execute(params![facts.id, seq, now.0, payload])?;
        if let Some(key) = key {
            let row = params![facts.id, key.key, seq, key.digest, now.0];
            statements.add_key.execute(row)?;
            facts.oldest_key = Some(facts.oldest_key.map_or(now, |oldest| oldest.min(now)));
        }
        facts.last_seq = seq;
        facts.waiting += 1;
        facts.bytes += i64::try_from(payload.len()).unwrap_or(i64::MAX);
        facts.oldest = Some(facts.oldest.map_or(now, |oldest| oldest.min(now)));
        facts.touched = now;
        Ok(Ok(Done::Posted { seq }))
    }

    fn delete(
        &mut self,
        statements: &mut Statements<'_>,
        seq: i64,
        now: UnixMillis,
    ) -> Result<Done, rusqlite::Error> {
        let Some(facts) = &mut self.facts else {
            return Ok(Done::Deleted);
        };
        let length: Option<i64> = statements
            .delete_message
            .query_row(params![facts.id, seq], |row| row.get(0))
            .optional()?;
        if let Some(length) = length {
            facts.waiting = facts.waiting.saturating_sub(1);
            facts.bytes = facts.bytes.saturating_sub(length);
            facts.touched = now;
            if facts.waiting == 0 {
                facts.oldest = None;
            }
            self.changed = true;
            self.remember_seq |= facts.stored_seq < facts.last_seq;
        }
        Ok(Done::Deleted)
    }

    /// Removes what has expired by now.
    fn expire(
        &mut self,
        statements: &mut Statements<'_>,
        now: UnixMillis,
    ) -> Result<(), rusqlite::Error> {
        let Some(facts) = self.facts.as_mut().filter(|facts| facts.due() <= now) else {
            return Ok(());
        };
        // Facts may be early (`oldest` is a bound), and correcting them is a change to publish
        // even when nothing expired.
        self.changed = true;
        self.remember_seq |= facts.stored_seq < facts.last_seq;
        if facts.oldest.is_some_and(|at| at.after(KEEP_MESSAGE) <= now) {
            expire_messages(statements, facts, now)?;
        }
        if facts
            .oldest_key
            .is_some_and(|at| at.after(KEEP_MESSAGE) <= now)
        {
            let bound = now.0.saturating_sub(millis(KEEP_MESSAGE));
            statements.delete_keys.execute(params![facts.id, bound])?;
            let oldest: Option<i64> = statements
                .oldest_key
                .query_row([facts.id], |row| row.get(0))?;
            facts.oldest_key = oldest.map(UnixMillis);
        }
        if facts.handshake_writes > 0 && facts.handshake_at.after(KEEP_HANDSHAKE) <= now {
            statements.delete_handshake.execute([facts.id])?;
            facts.handshake_writes = 0;
        }
        if facts.is_empty() && facts.touched.after(KEEP_NUMBER) <= now {
            statements.forget_channel.execute([facts.id])?;
            self.facts = None;
            self.remember_seq = false;
        }
        Ok(())
    }
}

/// Removes the expired messages of a channel, which are its lowest numbers.
fn expire_messages(
    statements: &mut Statements<'_>,
    facts: &mut Facts,
    now: UnixMillis,
) -> Result<(), rusqlite::Error> {
    let mut last = None;
    facts.oldest = None;
    let mut rows = statements.list_oldest.query([facts.id])?;
    while let Some(row) = rows.next()? {
        let posted = UnixMillis(row.get(1)?);
        if posted.after(KEEP_MESSAGE) > now {
            facts.oldest = Some(posted);
            break;
        }
        last = Some(row.get::<_, i64>(0)?);
        facts.waiting = facts.waiting.saturating_sub(1);
        facts.bytes = facts.bytes.saturating_sub(row.get(2)?);
    }
    drop(rows);
    if let Some(last) = last {
        statements.delete_oldest.execute([facts.id, last])?;
    }
    Ok(())
}

fn millis(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
