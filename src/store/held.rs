//! Drafts of the assistant's that wait for a person. None of them is in the outbox before one
//! says yes.

use rusqlite::params;

use crate::model::{
    Author, Body, ChannelId, MessageId, Passage, PeerText, Signal, UnixMillis, Words,
};

use super::outbox::{NewOutbound, RULE, RULE_OF_HELD, enter, insert};
use super::{Error, Read, Tx};

/// A draft that waits for a person.
#[derive(Debug)]
pub struct NewHeld<'a> {
    /// The conversation.
    pub channel: ChannelId,
    /// What it says.
    pub body: &'a Body,
    /// When it was written.
    pub at: UnixMillis,
    /// When it counts as refused.
    pub expires: UnixMillis,
    /// The rule that holds it.
    pub rule: &'a str,
    /// What a check of drafts found in it.
    pub signals: &'a [Signal],
}

/// Stores a draft that waits for a person. It is in no outbox until somebody approves it.
pub fn hold(tx: &Tx<'_>, new: &NewHeld<'_>) -> Result<MessageId, Error> {
    let draft = NewOutbound {
        channel: new.channel,
        author: Author::Assistant,
        body: new.body,
        at: new.at,
        due: new.expires,
        rule: new.rule,
        passage: None,
        signals: new.signals,
    };
    insert(tx, &draft, Some(new.expires))
}

/// Lets a held draft go, as it is or with the person's words in its place; what the assistant
/// wrote is kept beside them. Returns whether it was held.
pub fn approve(
    tx: &Tx<'_>,
    message: MessageId,
    channel: ChannelId,
    instead: Option<&Words>,
    due: UnixMillis,
) -> Result<bool, Error> {
    let passage = match instead {
        Some(_) => Passage::Edited,
        None => Passage::AsIs,
    };
    let approved = tx.0.execute(
        "UPDATE messages SET delivery = 'queued', passage = ?2,
            rule = seal(?3, id, open(?4, id, rule))
         WHERE id = ?1 AND delivery = 'held'",
        params![message.0, passage.as_str(), RULE, RULE_OF_HELD],
    )?;
    if approved == 0 {
        return Ok(false);
    }
    if let Some(words) = instead {
        tx.0.execute(
            "UPDATE messages SET
                other_subject = seal('messages.other_subject', id,
                    open('messages.subject', id, subject)),
                other_body = seal('messages.other_body', id, open('messages.body', id, body)),
                subject = seal('messages.subject', id, ?2),
                body = seal('messages.body', id, ?3)
             WHERE id = ?1",
            params![
                message.0,
                words.subject.expose_untrusted(),
                words.body.expose_untrusted(),
            ],
        )?;
    }
    enter(tx, message, channel, due)?;
    Ok(true)
}

/// Refuses a held draft. Returns whether it was held.
pub fn refuse(tx: &Tx<'_>, message: MessageId, reason: &PeerText) -> Result<bool, Error> {
    let refused = tx.0.execute(
        "UPDATE messages SET delivery = 'refused', reason = seal('messages.reason', id, ?2)
         WHERE id = ?1 AND delivery = 'held'",
        params![message.0, reason.expose_untrusted()],
    )?;
    Ok(refused == 1)
}

/// Ends the wait of a held draft without an answer, which means no. Returns whether it was held.
pub fn expire(tx: &Tx<'_>, message: MessageId, now: UnixMillis) -> Result<bool, Error> {
    let expired = tx.0.execute(
        "UPDATE messages SET delivery = 'expired', delivery_at = ?2
         WHERE id = ?1 AND delivery = 'held'",
        params![message.0, now.0],
    )?;
    Ok(expired == 1)
}

/// Returns the held drafts whose time is over, with their channels.
pub fn expired(read: &impl Read, now: UnixMillis) -> Result<Vec<(MessageId, ChannelId)>, Error> {
    let mut statement = read.connection().prepare_cached(
        "SELECT id, channel FROM messages WHERE delivery = 'held' AND expires <= ?1",
    )?;
    let rows = statement.query_map([now.0], |row| {
        Ok((MessageId(row.get(0)?), ChannelId(row.get(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns how many drafts are held, and when the first of them expires.
pub fn held(read: &impl Read) -> Result<(u32, Option<UnixMillis>), Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT COUNT(*), MIN(expires) FROM messages WHERE delivery = 'held'")?
        .query_row([], |row| {
            Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(UnixMillis)))
        })?)
}

/// Returns the held drafts of a channel.
pub fn held_of(read: &impl Read, channel: ChannelId) -> Result<Vec<MessageId>, Error> {
    let mut statement = read
        .connection()
        .prepare_cached("SELECT id FROM messages WHERE channel = ?1 AND delivery = 'held'")?;
    let rows = statement.query_map([channel.0], |row| Ok(MessageId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
