//! What strangers wrote before a person accepted them. It enters only with the acceptance, by
//! the rules of the channel, and is deleted with the refusal.

use rusqlite::params;

use crate::model::{ChannelId, Content, Digest, UnixMillis};

use super::at_rest::next_id;
use super::{Error, Read, Tx};

/// A message that waits with its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Digest of its envelope.
    pub envelope: Digest,
    /// The network's id of it.
    pub remote_id: Option<String>,
    /// When it arrived.
    pub at: UnixMillis,
    /// What it says.
    pub content: Content,
}

/// Tells whether a message with this envelope waits on a channel.
pub fn has(read: &impl Read, channel: ChannelId, envelope: &Digest) -> Result<bool, Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM quarantine WHERE channel = ?1 AND envelope = ?2)",
        )?
        .query_row(params![channel.0, envelope.0], |row| row.get(0))?)
}

/// Keeps a message that does not wait yet.
pub fn keep(tx: &Tx<'_>, channel: ChannelId, message: &Waiting) -> Result<(), Error> {
    // Plain values always have a JSON form.
    let content = serde_json::to_string(&message.content).unwrap_or_default();
    tx.0.execute(
        "INSERT INTO quarantine (id, channel, envelope, remote_id, at, content)
         VALUES (?1, ?2, ?3, ?4, ?5, seal('quarantine.content', ?1, ?6))",
        params![
            next_id(tx, "quarantine")?,
            channel.0,
            message.envelope.0,
            message.remote_id,
            message.at.0,
            content,
        ],
    )?;
    Ok(())
}

/// Returns how many messages of a channel wait, and how many bytes they have.
pub fn size(read: &impl Read, channel: ChannelId) -> Result<(u32, u64), Error> {
    let (count, bytes): (u32, i64) = read
        .connection()
        .prepare_cached(
            "SELECT COUNT(*), ifnull(SUM(length(content)), 0) FROM quarantine WHERE channel = ?1",
        )?
        .query_row([channel.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((count, bytes.unsigned_abs()))
}

/// Returns what waits on a channel, oldest first.
pub fn of(read: &impl Read, channel: ChannelId) -> Result<Vec<Waiting>, Error> {
    let mut statement = read.connection().prepare_cached(
        "SELECT envelope, remote_id, at, open('quarantine.content', id, content)
         FROM quarantine WHERE channel = ?1 ORDER BY id",
    )?;
    let rows = statement.query_map([channel.0], |row| {
        let content: String = row.get(3)?;
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, content))
    })?;
    rows.map(|row| {
        let (envelope, remote_id, at, content) = row?;
        Ok(Waiting {
            envelope: Digest(envelope),
            remote_id,
            at: UnixMillis(at),
            content: serde_json::from_str(&content)
                .map_err(|_unreadable| Error::Corrupt("message in quarantine"))?,
        })
    })
    .collect()
}

/// Forgets what waits on a channel.
pub fn clear(tx: &Tx<'_>, channel: ChannelId) -> Result<(), Error> {
    tx.0.execute("DELETE FROM quarantine WHERE channel = ?1", [channel.0])?;
    Ok(())
}
