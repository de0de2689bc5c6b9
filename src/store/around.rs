//! A conversation around one of its messages.

use rusqlite::params;

use crate::model::{ChannelId, Message, MessageId};

use super::messages::{COLUMNS, message_of, page};
use super::{Error, Read};

/// A stretch of a conversation.
#[derive(Debug)]
pub struct Around {
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub more: bool,
    /// Whether there are newer ones.
    pub newer: bool,
}

/// Returns a message with at most so many of its channel before and after it.
pub fn around(
    read: &impl Read,
    channel: ChannelId,
    message: MessageId,
    (before, after): (u32, u32),
) -> Result<Around, Error> {
    let wide = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    // The message itself is the last one before the next id; one more tells whether there is.
    let next = MessageId(message.0.saturating_add(1));
    let mut messages = page(read, channel, Some(next), before.saturating_add(2))?;
    let more = messages.len() > wide(before) + 1;
    if more {
        messages.remove(0);
    }
    let mut statement = read.connection().prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages m LEFT JOIN outbox o ON o.message = m.id
         WHERE m.channel = ?1 AND m.id > ?2 ORDER BY m.id LIMIT ?3"
    ))?;
    let rows = statement.query_map(
        params![channel.0, message.0, after.saturating_add(1)],
        message_of,
    )?;
    let mut later = rows
        .map(|row| row?.ok_or(Error::Corrupt("message")))
        .collect::<Result<Vec<_>, Error>>()?;
    let newer = later.len() > wide(after);
    later.truncate(wide(after));
    messages.extend(later);
    Ok(Around {
        messages,
        more,
        newer,
    })
}
