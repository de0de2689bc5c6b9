//! Text of composers that has not been sent.

use rusqlite::{OptionalExtension as _, params};

use crate::model::{ChannelId, PeerText, UnixMillis};

use super::{Error, Read, Tx};

/// Keeps the text of a channel's composer; empty text forgets it.
pub fn keep(
    tx: &Tx<'_>,
    channel: ChannelId,
    text: &PeerText,
    now: UnixMillis,
) -> Result<(), Error> {
    if text.is_empty() {
        tx.0.execute("DELETE FROM drafts WHERE channel = ?1", [channel.0])?;
        return Ok(());
    }
    tx.0.execute(
        "INSERT INTO drafts (channel, text, at) VALUES (?1, seal('drafts.text', ?1, ?2), ?3)
         ON CONFLICT (channel) DO UPDATE SET text = excluded.text, at = excluded.at",
        params![channel.0, text.expose_untrusted(), now.0],
    )?;
    Ok(())
}

/// Returns the kept text of a channel's composer and when it was kept.
pub fn kept(read: &impl Read, channel: ChannelId) -> Result<Option<(PeerText, UnixMillis)>, Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT open('drafts.text', channel, text), at FROM drafts WHERE channel = ?1",
        )?
        .query_row([channel.0], |row| {
            Ok((
                PeerText::new(row.get::<_, String>(0)?),
                UnixMillis(row.get(1)?),
            ))
        })
        .optional()?)
}
