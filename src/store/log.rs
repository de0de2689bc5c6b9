//! The decision log: append-only, each entry naming the digest of the one before it.

use rusqlite::{OptionalExtension as _, Row, params};
use sha2::{Digest as _, Sha256};

use crate::model::{Actor, ChannelId, Digest, LogEntry, UnixMillis};

use super::{Error, Read, Tx};

/// What is to be written down.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// When it happened.
    pub at: UnixMillis,
    /// Who did it.
    pub actor: Actor,
    /// Short code of what was done.
    pub what: &'a str,
    /// The channel it concerns.
    pub channel: Option<ChannelId>,
    /// More, in our words; never a peer's text.
    pub detail: &'a str,
}

/// Returns the digest of an entry: SHA-256 over its fields, each preceded by its length as
/// eight big-endian bytes, so that no two different entries hash the same bytes.
fn chain(number: i64, entry: &NewEntry<'_>, previous: &Digest) -> Digest {
    let channel = entry.channel.map_or(0, |channel| channel.0);
    let mut hash = Sha256::new();
    for part in [
        previous.0.as_slice(),
        &number.to_be_bytes(),
        &entry.at.0.to_be_bytes(),
        entry.actor.as_str().as_bytes(),
        entry.what.as_bytes(),
        &channel.to_be_bytes(),
        entry.detail.as_bytes(),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Digest(hash.finalize().into())
}

/// Writes an entry behind the last one.
pub fn append(tx: &Tx<'_>, entry: &NewEntry<'_>) -> Result<(), Error> {
    let last: Option<(i64, [u8; 32])> =
        tx.0.prepare_cached(
            "SELECT number, open('log.digest', number, digest) FROM log
             ORDER BY number DESC LIMIT 1",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (number, previous) = last.map_or((1, Digest([0; 32])), |(number, digest)| {
        (number + 1, Digest(digest))
    });
    let digest = chain(number, entry, &previous);
    tx.0.prepare_cached(
        "INSERT INTO log (number, at, actor, what, channel, detail, previous, digest)
         VALUES (?1, ?2, ?3, ?4, ?5, seal('log.detail', ?1, ?6), seal('log.previous', ?1, ?7),
            seal('log.digest', ?1, ?8))",
    )?
    .execute(params![
        number,
        entry.at.0,
        entry.actor.as_str(),
        entry.what,
        entry.channel.map(|channel| channel.0),
        entry.detail,
        previous.0,
        digest.0,
    ])?;
    Ok(())
}

/// Returns the newest entries, newest first.
pub fn newest(read: &impl Read, limit: u32) -> Result<Vec<LogEntry>, Error> {
    let mut statement = read.connection().prepare_cached(
        "SELECT number, at, actor, what, channel, open('log.detail', number, detail),
            open('log.previous', number, previous), open('log.digest', number, digest)
         FROM log ORDER BY number DESC LIMIT ?1",
    )?;
    let rows = statement.query_map([limit], entry_of)?;
    rows.collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .ok_or(Error::Corrupt("log entry"))
}

fn entry_of(row: &Row<'_>) -> rusqlite::Result<Option<LogEntry>> {
    let actor: String = row.get(2)?;
    let Some(actor) = Actor::parse(&actor) else {
        return Ok(None);
    };
    Ok(Some(LogEntry {
        number: row.get(0)?,
        at: UnixMillis(row.get(1)?),
        actor,
        what: row.get(3)?,
        channel: row.get::<_, Option<i64>>(4)?.map(ChannelId),
        detail: row.get(5)?,
        previous: Digest(row.get(6)?),
        digest: Digest(row.get(7)?),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::tests::scratch;
    use super::*;

    #[test]
    fn each_entry_names_the_one_before_it() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        for detail in ["first", "second"] {
            let entry = NewEntry {
                at: UnixMillis(7),
                actor: Actor::Human,
                what: "test",
                channel: None,
                detail,
            };
            append(&tx, &entry).unwrap();
        }
        tx.commit().unwrap();
        let entries = newest(&scratch.store, 10).unwrap();
        let [second, first] = entries.as_slice() else {
            panic!("two entries were written");
        };
        assert_eq!(second.previous, first.digest);
        assert_eq!(first.previous, Digest([0; 32]));
        assert_ne!(first.digest, second.digest);
    }
}
