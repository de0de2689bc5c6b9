//! What time takes away.

use std::time::Duration;

use rusqlite::params;

use super::Work;

/// Most messages removed in one transaction.
const MOST_AT_ONCE: i64 = 500;

/// How long an idempotency key is kept, and an invite after it expired.
const KEEP: Duration = Duration::from_secs(30 * 24 * 3600);

impl Work<'_> {
    /// Removes what has expired, and writes down when agents were seen last. Tells whether
    /// more is left to remove.
    ///
    /// Without `audit` the log is not touched: what an earlier run logged is the admin's.
    pub(in crate::relay::clawtalk) fn sweep(
        &mut self,
        audit: Option<Duration>,
    ) -> Result<bool, rusqlite::Error> {
        let more = self.expire_some_messages()?;
        let bound = [self.now.before(KEEP).0];
        let execute = |sql: &str| self.connection.prepare_cached(sql)?.execute(bound);
        execute("DELETE FROM idempotency_keys WHERE ts <= ?1")?;
        execute("DELETE FROM invites WHERE expires <= ?1")?;
        if let Some(kept) = audit {
            self.expire_audit(kept)?;
        }
        let mut see = self
            .connection
            .prepare_cached("UPDATE agents SET seen = ?2 WHERE id = ?1 AND seen < ?2")?;
        for agent in self.directory().all() {
            see.execute(params![agent.id, agent.live.seen().0])?;
        }
        Ok(more)
    }

    /// Removes all messages that have expired.
    pub(super) fn expire_messages(&mut self) -> Result<(), rusqlite::Error> {
        while self.expire_some_messages()? {}
        Ok(())
    }

    fn expire_some_messages(&mut self) -> Result<bool, rusqlite::Error> {
        let mut expired = self.connection.prepare_cached(
            "DELETE FROM messages WHERE number IN
               (SELECT number FROM messages WHERE expires <= ?1 ORDER BY expires LIMIT ?2)
             RETURNING number, copies",
        )?;
        let rows = expired.query_map([self.now.0, MOST_AT_ONCE], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })?;
        let ranges = rows.collect::<Result<Vec<_>, _>>()?;
        for (first, copies) in &ranges {
            self.remove_copies(*first, first.saturating_add(*copies))?;
        }
        Ok(i64::try_from(ranges.len()) == Ok(MOST_AT_ONCE))
    }

    /// Removes the copies with numbers in `first .. end`, which belong to one message.
    fn remove_copies(&mut self, first: i64, end: i64) -> Result<(), rusqlite::Error> {
        self.connection
            .prepare_cached("DELETE FROM hooks WHERE copy >= ?1 AND copy < ?2")?
            .execute([first, end])?;
        let mut deleted = self.connection.prepare_cached(
            "DELETE FROM copies WHERE number >= ?1 AND number < ?2 RETURNING agent",
        )?;
        let agents = deleted.query_map([first, end], |row| row.get::<_, i64>(0))?;
        for agent in agents.collect::<Result<Vec<_>, _>>()? {
            self.count_out(agent, 1);
        }
        Ok(())
    }
}
