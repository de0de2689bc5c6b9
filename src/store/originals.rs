//! Messages of peers as they came, with their signatures, where a network has those: what shows
//! somebody else later who wrote them.

use rusqlite::{OptionalExtension as _, params};

use crate::model::MessageId;

use super::{Error, Read, Tx};

/// Keeps a message as it came.
pub fn keep(tx: &Tx<'_>, message: MessageId, original: &str) -> Result<(), Error> {
    tx.0.prepare_cached(
        "INSERT INTO originals (message, original)
         VALUES (?1, seal('originals.original', ?1, ?2))",
    )?
    .execute(params![message.0, original])?;
    Ok(())
}

/// Returns a message as it came.
pub fn of(read: &impl Read, message: MessageId) -> Result<Option<String>, Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT open('originals.original', message, original) FROM originals
             WHERE message = ?1",
        )?
        .query_row([message.0], |row| row.get(0))
        .optional()?)
}
