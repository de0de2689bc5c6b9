//! What the rules and the digest ask of the messages that are stored.

use rusqlite::params;

use crate::model::{ChannelId, Message, MessageId, UnixMillis};

use super::messages::{COLUMNS, message_of};
use super::{Error, Read};

/// Counts the assistant's messages of a channel that left alone since a moment.
pub fn left_alone(read: &impl Read, channel: ChannelId, since: UnixMillis) -> Result<u32, Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT COUNT(*) FROM messages
             WHERE channel = ?1 AND at > ?2 AND author = 'assistant' AND passage = 'alone'",
        )?
        .query_row(params![channel.0, since.0], |row| row.get(0))?)
}

/// Tells whether the peer has ever written in a channel.
pub fn peer_has_written(read: &impl Read, channel: ChannelId) -> Result<bool, Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM messages WHERE channel = ?1 AND author = 'peer')",
        )?
        .query_row([channel.0], |row| row.get(0))?)
}

/// Returns when anything last happened in a channel.
pub fn last_at(read: &impl Read, channel: ChannelId) -> Result<Option<UnixMillis>, Error> {
    let last: Option<i64> = read
        .connection()
        .prepare_cached("SELECT MAX(at) FROM messages WHERE channel = ?1")?
        .query_row([channel.0], |row| row.get(0))?;
    Ok(last.map(UnixMillis))
}

/// Counts the peer's messages of a channel before one that had signals.
pub fn flagged_before(
    read: &impl Read,
    channel: ChannelId,
    before: MessageId,
) -> Result<u32, Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT COUNT(*) FROM messages
             WHERE channel = ?1 AND id < ?2 AND flagged = 1 AND author = 'peer'",
        )?
        .query_row(params![channel.0, before.0], |row| row.get(0))?)
}

/// Returns the unread messages that are left to the digest, oldest first, at most `limit`.
pub fn for_digest(read: &impl Read, limit: u32) -> Result<Vec<Message>, Error> {
    let mut statement = read.connection().prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages m LEFT JOIN outbox o ON o.message = m.id
         WHERE m.digest = 1 AND m.read = 0 ORDER BY m.id LIMIT ?1"
    ))?;
    let rows = statement.query_map([limit], message_of)?;
    rows.map(|row| row?.ok_or(Error::Corrupt("message")))
        .collect()
}

/// Returns the messages of a channel since a moment, oldest first, at most the newest `limit`.
pub fn since(
    read: &impl Read,
    channel: ChannelId,
    since: UnixMillis,
    limit: u32,
) -> Result<Vec<Message>, Error> {
    let mut statement = read.connection().prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages m LEFT JOIN outbox o ON o.message = m.id
         WHERE m.id IN (SELECT id FROM messages WHERE channel = ?1 ORDER BY id DESC LIMIT ?3)
            AND m.at >= ?2
         ORDER BY m.id"
    ))?;
    let rows = statement.query_map(params![channel.0, since.0, limit], message_of)?;
    rows.map(|row| row?.ok_or(Error::Corrupt("message")))
        .collect()
}

/// What was settled of the assistant's messages since a moment: alone, approved, edited, and
/// refused or expired.
pub fn settled_since(read: &impl Read, since: UnixMillis) -> Result<[u32; 4], Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT COUNT(*) FILTER (WHERE passage = 'alone'),
                COUNT(*) FILTER (WHERE passage = 'as_is'),
                COUNT(*) FILTER (WHERE passage = 'edited'),
                COUNT(*) FILTER (WHERE delivery IN ('refused', 'expired'))
             FROM messages WHERE author = 'assistant' AND at > ?1",
        )?
        .query_row([since.0], |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
        })?)
}
