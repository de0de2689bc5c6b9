//! Small facts about the profile that must survive a restart.

use rusqlite::{OptionalExtension as _, params};

use super::{Error, Read, Tx};

/// Key of the general pause; its value is the time it began, in milliseconds.
pub const PAUSED_SINCE: &str = "paused_since";

/// Returns the value kept under a key.
pub fn get(read: &impl Read, key: &str) -> Result<Option<String>, Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT value FROM settings WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

/// Keeps a value under a key.
pub fn set(tx: &Tx<'_>, key: &str, value: &str) -> Result<(), Error> {
    tx.0.prepare_cached(
        "INSERT INTO settings (key, value) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )?
    .execute(params![key, value])?;
    Ok(())
}

/// Forgets the value kept under a key.
pub fn clear(tx: &Tx<'_>, key: &str) -> Result<(), Error> {
    tx.0.execute("DELETE FROM settings WHERE key = ?1", [key])?;
    Ok(())
}
