//! Reading, on connections of its own. Blocks on the disk: not for the threads of the runtime.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::schema;
use crate::model::UnixMillis;
use crate::relay::clawtalk::rules::{AuditQuery, MessageQuery, escaped, iso};

/// The copies of a list, up to its order.
macro_rules! copies {
    ($whose:literal) => {
        concat!(
            "SELECT c.agent, c.ts, m.head, m.id FROM copies c JOIN messages m ON m.number = c.message WHERE ",
            $whose,
            " AND c.ts > ?1 AND m.expires > ?2 AND (?3 IS NULL OR m.topic = ?3) ORDER BY "
        )
    };
}

/// Connections kept open between requests.
const KEPT: usize = 8;

/// Reads from the store; clones share the connections.
#[derive(Clone, Debug)]
pub(in crate::relay::clawtalk) struct Reader {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

/// One copy of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct Copied {
    /// Whose it is.
    pub(in crate::relay::clawtalk) agent: i64,
    pub(in crate::relay::clawtalk) ts: UnixMillis,
    pub(in crate::relay::clawtalk) id: [u8; 16],
    /// The envelope up to the recipient.
    pub(in crate::relay::clawtalk) head: Vec<u8>,
}

impl Copied {
    /// Appends the whole envelope of a copy that belongs to the agent of this name.
    pub(in crate::relay::clawtalk) fn append(&self, recipient: &str, text: &mut Vec<u8>) {
        text.extend_from_slice(&self.head);
        text.extend_from_slice(b",\"to\":");
        text.extend_from_slice(&escaped(recipient));
        text.push(b'}');
    }
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct Logged {
    /// JSON.
    pub(in crate::relay::clawtalk) text: Vec<u8>,
    pub(in crate::relay::clawtalk) at: UnixMillis,
}

/// An invite as the admin sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct Listed {
    pub(in crate::relay::clawtalk) code: String,
    /// JSON.
    pub(in crate::relay::clawtalk) label: Option<Vec<u8>>,
    pub(in crate::relay::clawtalk) max_uses: Option<i64>,
    pub(in crate::relay::clawtalk) expires: Option<UnixMillis>,
    pub(in crate::relay::clawtalk) created: UnixMillis,
    pub(in crate::relay::clawtalk) uses: i64,
}

impl Reader {
    pub(super) fn new(path: PathBuf) -> Self {
        let idle = Mutex::default();
        Self {
            shared: Arc::new(Shared { path, idle }),
        }
    }

    /// Returns copies in the inbox of `agent`, or in all inboxes, by time and arrival.
    pub(in crate::relay::clawtalk) fn messages(
        &self,
        agent: Option<i64>,
        query: &MessageQuery,
        now: UnixMillis,
    ) -> Result<Vec<Copied>, rusqlite::Error> {
        // The order of numbers is the order of times and, in one inbox, of arrival.
        let sql = match (agent.is_some(), query.newest_first) {
            (true, false) => concat!(copies!("c.agent = ?5"), "c.ts ASC LIMIT ?4"),
            (true, true) => concat!(copies!("c.agent = ?5"), "c.ts DESC LIMIT ?4"),
            (false, false) => concat!(copies!("?5 IS NULL"), "c.number ASC LIMIT ?4"),
            (false, true) => concat!(copies!("?5 IS NULL"), "c.number DESC LIMIT ?4"),
        };
        let since = query.since.map_or(i64::MIN, |since| since.0);
        self.with(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let values = params![since, now.0, query.topic, query.limit, agent];
            let copies = statement.query_map(values, copied)?;
            copies.collect()
        })
    }

    /// Returns one copy, unless it is gone or has expired.
    pub(in crate::relay::clawtalk) fn copy(
        &self,
        number: i64,
        now: UnixMillis,
    ) -> Result<Option<Copied>, rusqlite::Error> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT c.agent, c.ts, m.head, m.id FROM copies c
                     JOIN messages m ON m.number = c.message
                     WHERE c.number = ?1 AND m.expires > ?2",
                )?
                .query_row([number, now.0], copied)
                .optional()
        })
    }

    /// Returns the topics in an inbox, those first that were met first.
    pub(in crate::relay::clawtalk) fn topics(
        &self,
        agent: i64,
        now: UnixMillis,
    ) -> Result<Vec<String>, rusqlite::Error> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT m.topic FROM copies c JOIN messages m ON m.number = c.message
                 WHERE c.agent = ?1 AND m.expires > ?2 AND m.topic <> ''
                 GROUP BY m.topic ORDER BY min(c.ts)",
            )?;
            let topics = statement.query_map([agent, now.0], |row| row.get(0))?;
            topics.collect()
        })
    }

    /// Returns entries of the audit log, the oldest first.
    pub(in crate::relay::clawtalk) fn entries(
        &self,
        query: &AuditQuery,
    ) -> Result<Vec<Logged>, rusqlite::Error> {
        let since = query.since.map_or(i64::MIN, |since| since.0);
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT members, logged_by, logged FROM audit
                 WHERE at > ?1 AND (?2 IS NULL OR sender = ?2)
                   AND (?3 IS NULL OR recipient = ?3) AND (?4 IS NULL OR topic = ?4)
                 ORDER BY number LIMIT ?5",
            )?;
            let values = params![since, query.from, query.to, query.topic, query.limit];
            let entries = statement.query_map(values, logged)?;
            entries.collect()
        })
    }

    /// Returns all invites in the order they were made.
    pub(in crate::relay::clawtalk) fn invites(&self) -> Result<Vec<Listed>, rusqlite::Error> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT code, label, max_uses, expires, created, uses FROM invites
                 ORDER BY number",
            )?;
            let invites = statement.query_map([], |row| {
                Ok(Listed {
                    code: row.get(0)?,
                    label: row.get(1)?,
                    max_uses: row.get(2)?,
                    expires: row.get::<_, Option<i64>>(3)?.map(UnixMillis),
                    created: UnixMillis(row.get(4)?),
                    uses: row.get(5)?,
                })
            })?;
            invites.collect()
        })
    }

    fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, rusqlite::Error> {
        let kept = self.idle().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => schema::open_reader(&self.shared.path)?,
        };
        let outcome = read(&connection)?;
        let mut idle = self.idle();
        if idle.len() < KEPT {
            idle.push(connection);
        }
        drop(idle);
        Ok(outcome)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        let idle = self.shared.idle.lock();
        idle.unwrap_or_else(PoisonError::into_inner)
    }
}

fn copied(row: &Row<'_>) -> Result<Copied, rusqlite::Error> {
    Ok(Copied {
        agent: row.get(0)?,
        ts: UnixMillis(row.get(1)?),
        head: row.get(2)?,
        id: row.get(3)?,
    })
}

fn logged(row: &Row<'_>) -> Result<Logged, rusqlite::Error> {
    let (members, logged_by): (Vec<u8>, String) = (row.get(0)?, row.get(1)?);
    let at = UnixMillis(row.get(2)?);
    let mut text = Vec::with_capacity(members.len() + 100);
    text.push(b'{');
    text.extend_from_slice(&members);
    text.extend_from_slice(b",\"loggedBy\":");
    text.extend_from_slice(&escaped(&logged_by));
    text.extend_from_slice(b",\"loggedAt\":");
    text.extend_from_slice(&escaped(&iso(at)));
    text.push(b'}');
    Ok(Logged { text, at })
}
