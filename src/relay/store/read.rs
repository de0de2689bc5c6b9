//! Reading, on connections of its own.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use super::schema;

/// Connections kept open between requests.
const KEPT: usize = 16;

/// A page of a list ends after this many bytes.
pub(in crate::relay) const PAGE: usize = 256 * 1024;

/// Reads from the store; clones share the connections.
#[derive(Clone, Debug)]
pub(in crate::relay) struct Reader {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

/// A part of the JSON list of one channel's messages; the parts in order are the list.
#[derive(Debug)]
pub(in crate::relay) struct Page {
    pub(in crate::relay) text: Vec<u8>,
    /// The last sequence number in it, when more may follow.
    pub(in crate::relay) more_after: Option<i64>,
}

impl Reader {
    pub(super) fn new(path: PathBuf) -> Self {
        let idle = Mutex::default();
        Self {
            shared: Arc::new(Shared { path, idle }),
        }
    }

    /// Returns the stored handshake object of a channel.
    pub(in crate::relay) fn handshake(&self, id: i64) -> Result<Option<Vec<u8>>, rusqlite::Error> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT body FROM handshakes WHERE channel = ?1")?
                .query_row([id], |row| row.get(0))
                .optional()
        })
    }

    /// Returns a page of the messages of a channel with numbers in `after + 1 ..= last`.
    ///
    /// The list begins after 0 and ends with the page that has nothing more.
    pub(in crate::relay) fn messages(
        &self,
        (id, channel): (i64, &str),
        (after, last): (i64, i64),
    ) -> Result<Page, rusqlite::Error> {
        let mut page = Page {
            text: Vec::new(),
            more_after: None,
        };
        if after == 0 {
            page.text.push(b'[');
        }
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, payload FROM messages
                 WHERE channel = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq",
            )?;
            let mut rows = statement.query(params![id, after, last])?;
            while let Some(row) = rows.next()? {
                let seq: i64 = row.get(0)?;
                let payload = row.get_ref(1)?.as_blob()?;
                append(&mut page.text, channel, seq, payload);
                if page.text.len() >= PAGE {
                    page.more_after = Some(seq);
                    return Ok(());
                }
            }
            page.text.push(b']');
            Ok(())
        })?;
        Ok(page)
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
        self.keep(connection);
        Ok(outcome)
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle();
        if idle.len() < KEPT {
            idle.push(connection);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        let idle = self.shared.idle.lock();
        idle.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends one message in the reference's key order, after a comma unless it is the first.
///
/// Ids come from paths, where everything that JSON would escape is percent-encoded already.
fn append(text: &mut Vec<u8>, channel: &str, seq: i64, payload: &[u8]) {
    if text.as_slice() != b"[" {
        text.push(b',');
    }
    text.extend_from_slice(b"{\"channel_id\":\"");
    text.extend_from_slice(channel.as_bytes());
    text.extend_from_slice(b"\",\"seq\":");
    text.extend_from_slice(seq.to_string().as_bytes());
    text.extend_from_slice(b",\"payload\":");
    text.extend_from_slice(payload);
    text.push(b'}');
}
