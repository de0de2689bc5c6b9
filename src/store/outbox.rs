//! Messages of ours on their way out. Durable before a network sees them.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::model::{Author, Body, ChannelId, Digest, MessageId, PeerText, UnixMillis};

use super::{Error, Read, Tx};

/// A message that is to leave.
#[derive(Debug)]
pub struct NewOutbound<'a> {
    /// The conversation.
    pub channel: ChannelId,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub body: &'a Body,
    /// When it was written.
    pub at: UnixMillis,
    /// When it may leave.
    pub due: UnixMillis,
    /// The rule that let it go.
    pub rule: &'a str,
}

/// The next message of a channel that is due.
#[derive(Debug)]
pub struct Due {
    /// The message.
    pub message: MessageId,
    /// Its channel.
    pub channel: ChannelId,
    /// What it says.
    pub body: Body,
    /// Attempts made before.
    pub attempts: u32,
    /// The sealed envelope as it goes on the wire, once it was sealed.
    pub payload: Option<String>,
    /// Digest of that envelope.
    pub envelope: Option<Digest>,
}

/// Stores a message and queues it.
pub fn queue(tx: &Tx<'_>, new: &NewOutbound<'_>) -> Result<MessageId, Error> {
    tx.0.execute(
        "INSERT INTO messages (channel, author, at, subject, body, metadata, rule, delivery, read)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', 1)",
        params![
            new.channel.0,
            new.author.as_str(),
            new.at.0,
            new.body.subject.expose_untrusted(),
            new.body.body.expose_untrusted(),
            new.body.metadata.expose_untrusted(),
            new.rule,
        ],
    )?;
    let message = MessageId(tx.0.last_insert_rowid());
    tx.0.execute(
        "INSERT INTO outbox (message, channel, due) VALUES (?1, ?2, ?3)",
        params![message.0, new.channel.0, new.due.0],
    )?;
    Ok(message)
}

/// Returns the first message of each channel that may send now, if it is due. A message never
/// overtakes an older one of its channel, and nothing leaves a paused or inactive channel.
pub fn due(read: &impl Read, now: UnixMillis) -> Result<Vec<Due>, Error> {
    let mut statement = read.connection().prepare_cached(
        "SELECT m.id, m.channel, m.subject, m.body, m.metadata, o.attempts, o.payload, m.envelope
         FROM outbox o JOIN messages m ON m.id = o.message JOIN channels c ON c.id = o.channel
         WHERE o.due <= ?1 AND c.state = 'active' AND c.paused = 0
           AND o.message = (SELECT MIN(p.message) FROM outbox p WHERE p.channel = o.channel)
         ORDER BY o.due, o.message",
    )?;
    let rows = statement.query_map([now.0], due_of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns when the next message of a channel that may send is due.
pub fn next_due(read: &impl Read) -> Result<Option<UnixMillis>, Error> {
    let due: Option<i64> = read
        .connection()
        .prepare_cached(
            "SELECT MIN(o.due) FROM outbox o JOIN channels c ON c.id = o.channel
             WHERE c.state = 'active' AND c.paused = 0
               AND o.message = (SELECT MIN(p.message) FROM outbox p WHERE p.channel = o.channel)",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(due.map(UnixMillis))
}

/// The message of a channel that leaves before its others.
#[derive(Debug)]
pub struct First {
    /// The message.
    pub message: MessageId,
    /// When the next attempt is due.
    pub due: UnixMillis,
    /// What went wrong the last time.
    pub problem: Option<String>,
}

/// Returns the oldest message of a channel that has not left.
pub fn first(read: &impl Read, channel: ChannelId) -> Result<Option<First>, Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT m.id, o.due, m.problem FROM outbox o JOIN messages m ON m.id = o.message
             WHERE o.channel = ?1 ORDER BY o.message LIMIT 1",
        )?
        .query_row([channel.0], |row| {
            Ok(First {
                message: MessageId(row.get(0)?),
                due: UnixMillis(row.get(1)?),
                problem: row.get(2)?,
            })
        })
        .optional()?)
}

/// Returns how many messages have not left.
pub fn waiting(read: &impl Read) -> Result<u32, Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT COUNT(*) FROM outbox")?
        .query_row([], |row| row.get(0))?)
}

/// Keeps the sealed envelope, which from now on is what leaves, and counts the attempt. The
/// message is not due again before `due`, by when the attempt has ended one way or the other.
pub fn claim(
    tx: &Tx<'_>,
    message: MessageId,
    payload: &str,
    envelope: &Digest,
    due: UnixMillis,
) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE outbox SET payload = ?2, attempts = attempts + 1, due = ?3 WHERE message = ?1",
        params![message.0, payload, due.0],
    )?;
    tx.0.execute(
        "UPDATE messages SET envelope = ?2 WHERE id = ?1",
        params![message.0, envelope.0],
    )?;
    Ok(())
}

/// Notes that the relay has the message.
pub fn relayed(tx: &Tx<'_>, message: MessageId, seq: i64, now: UnixMillis) -> Result<(), Error> {
    leave(tx, message)?;
    tx.0.execute(
        "UPDATE messages SET delivery = 'relayed', delivery_at = ?3, seq = ?2, problem = NULL
         WHERE id = ?1",
        params![message.0, seq, now.0],
    )?;
    Ok(())
}

/// Notes that an attempt failed and when to try again.
pub fn postpone(
    tx: &Tx<'_>,
    message: MessageId,
    due: UnixMillis,
    problem: Option<&str>,
) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE outbox SET due = ?2 WHERE message = ?1",
        params![message.0, due.0],
    )?;
    tx.0.execute(
        "UPDATE messages SET problem = ?2 WHERE id = ?1",
        params![message.0, problem],
    )?;
    Ok(())
}

/// Notes that the relay refused the message for good.
pub fn fail(tx: &Tx<'_>, message: MessageId, problem: &str) -> Result<(), Error> {
    leave(tx, message)?;
    tx.0.execute(
        "UPDATE messages SET delivery = 'failed', problem = ?2 WHERE id = ?1",
        params![message.0, problem],
    )?;
    Ok(())
}

/// Queues a failed message again, or brings the next attempt of a queued one forward. A message
/// that the relay refused gets a new envelope; one that may be out there keeps its own.
pub fn requeue(
    tx: &Tx<'_>,
    message: MessageId,
    channel: ChannelId,
    due: UnixMillis,
) -> Result<(), Error> {
    tx.0.execute(
        "INSERT INTO outbox (message, channel, due) VALUES (?1, ?2, ?3)
         ON CONFLICT (message) DO UPDATE SET due = excluded.due",
        params![message.0, channel.0, due.0],
    )?;
    tx.0.execute(
        "UPDATE messages SET delivery = 'queued', envelope =
            (SELECT m.envelope FROM messages m JOIN outbox o ON o.message = m.id
             WHERE m.id = ?1 AND o.payload IS NOT NULL)
         WHERE id = ?1",
        [message.0],
    )?;
    Ok(())
}

/// Forgets the envelopes of what waits in a channel: its key changed, and whoever has the old
/// one is not who they were meant for.
pub fn unseal(tx: &Tx<'_>, channel: ChannelId) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE messages SET envelope = NULL
         WHERE id IN (SELECT message FROM outbox WHERE channel = ?1)",
        [channel.0],
    )?;
    tx.0.execute(
        "UPDATE outbox SET payload = NULL, attempts = 0 WHERE channel = ?1",
        [channel.0],
    )?;
    Ok(())
}

/// Makes every message due now whose attempt was cut short: called when an engine starts.
/// Returns whether there was one.
pub fn resume(tx: &Tx<'_>, now: UnixMillis) -> Result<bool, Error> {
    let resumed = tx.0.execute(
        "UPDATE outbox SET due = ?1 WHERE attempts > 0 AND due > ?1",
        [now.0],
    )?;
    Ok(resumed > 0)
}

/// Takes a message back. Refused (`false`) once an attempt was made: it may be out there.
pub fn take_back(tx: &Tx<'_>, message: MessageId) -> Result<bool, Error> {
    let removed = tx.0.execute(
        "DELETE FROM outbox WHERE message = ?1 AND attempts = 0",
        [message.0],
    )?;
    if removed == 1 {
        tx.0.execute(
            "UPDATE messages SET delivery = 'taken_back' WHERE id = ?1",
            [message.0],
        )?;
    }
    Ok(removed == 1)
}

fn leave(tx: &Tx<'_>, message: MessageId) -> Result<(), Error> {
    tx.0.execute("DELETE FROM outbox WHERE message = ?1", [message.0])?;
    Ok(())
}

fn due_of(row: &Row<'_>) -> rusqlite::Result<Due> {
    Ok(Due {
        message: MessageId(row.get(0)?),
        channel: ChannelId(row.get(1)?),
        body: Body {
            subject: PeerText::new(row.get::<_, String>(2)?),
            body: PeerText::new(row.get::<_, String>(3)?),
            metadata: PeerText::new(row.get::<_, String>(4)?),
        },
        attempts: row.get(5)?,
        payload: row.get(6)?,
        envelope: row.get::<_, Option<[u8; 32]>>(7)?.map(Digest),
    })
}

/// Returns whether a message is on its way out, and how many attempts were made.
pub fn attempts(read: &impl Read, message: MessageId) -> Result<Option<u32>, Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT attempts FROM outbox WHERE message = ?1")?
        .query_row([message.0], |row| row.get(0))
        .optional()?)
}
