//! Deliveries that webhooks still have to get; they survive a restart.

use rusqlite::{Connection, params};

use super::Work;
use crate::model::UnixMillis;

/// A copy of a message on its way to its recipient's webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct Hook {
    /// Number of the copy.
    pub(in crate::relay::clawtalk) copy: i64,
    pub(in crate::relay::clawtalk) agent: i64,
    /// Attempts that failed.
    pub(in crate::relay::clawtalk) failures: u32,
    /// When the next attempt is to be made.
    pub(in crate::relay::clawtalk) due: UnixMillis,
}

/// Returns all deliveries that are left, in the order of the messages.
pub(super) fn all(connection: &Connection) -> Result<Vec<Hook>, rusqlite::Error> {
    let mut statement =
        connection.prepare("SELECT copy, agent, failures, due FROM hooks ORDER BY copy")?;
    let hooks = statement.query_map([], |row| {
        Ok(Hook {
            copy: row.get(0)?,
            agent: row.get(1)?,
            failures: row.get(2)?,
            due: UnixMillis(row.get(3)?),
        })
    })?;
    hooks.collect()
}

impl Work<'_> {
    pub(super) fn add_hook(&mut self, hook: Hook) -> Result<(), rusqlite::Error> {
        self.connection
            .prepare_cached(
                "INSERT INTO hooks (copy, agent, failures, due) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![hook.copy, hook.agent, hook.failures, hook.due.0])?;
        self.hooks.push(hook);
        Ok(())
    }

    /// Forgets a delivery: it was made, or never will be.
    pub(in crate::relay::clawtalk) fn settle_hook(&self, copy: i64) -> Result<(), rusqlite::Error> {
        self.connection
            .prepare_cached("DELETE FROM hooks WHERE copy = ?1")?
            .execute([copy])?;
        Ok(())
    }

    /// Remembers that an attempt failed and when the next is due; tells whether there is still
    /// something to deliver.
    pub(in crate::relay::clawtalk) fn postpone_hook(
        &self,
        hook: Hook,
    ) -> Result<bool, rusqlite::Error> {
        let changed = self
            .connection
            .prepare_cached("UPDATE hooks SET failures = ?2, due = ?3 WHERE copy = ?1")?
            .execute(params![hook.copy, hook.failures, hook.due.0])?;
        Ok(changed > 0)
    }
}
