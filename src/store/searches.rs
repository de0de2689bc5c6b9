//! Searches that a person saved.

use rusqlite::params;

use crate::model::{PeerText, UnixMillis};

use super::at_rest::next_id;
use super::{Error, Read, Tx};

/// Saves a search, unless it is saved already.
pub fn save(tx: &Tx<'_>, query: &PeerText, now: UnixMillis) -> Result<(), Error> {
    if all(tx)?.iter().any(|(_, saved)| saved == query) {
        return Ok(());
    }
    let id = next_id(tx, "searches")?;
    tx.0.execute(
        "INSERT INTO searches (id, query, at) VALUES (?1, seal('searches.query', ?1, ?2), ?3)",
        params![id, query.expose_untrusted(), now.0],
    )?;
    Ok(())
}

/// Forgets a saved search.
pub fn forget(tx: &Tx<'_>, id: i64) -> Result<(), Error> {
    tx.0.execute("DELETE FROM searches WHERE id = ?1", [id])?;
    Ok(())
}

/// Returns the saved searches with their ids, the newest first.
pub fn all(read: &impl Read) -> Result<Vec<(i64, PeerText)>, Error> {
    let mut statement = read.connection().prepare_cached(
        "SELECT id, open('searches.query', id, query) FROM searches ORDER BY id DESC",
    )?;
    let rows = statement.query_map([], |row| {
        Ok((row.get(0)?, PeerText::new(row.get::<_, String>(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::super::tests::scratch;
    use super::*;

    #[test]
    fn a_search_is_saved_once_and_forgotten_by_its_id() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        for query in ["is:held", "budget", "is:held"] {
            save(&tx, &PeerText::new(query), UnixMillis(1)).unwrap();
        }
        let saved = all(&tx).unwrap();
        let queries: Vec<_> = saved
            .iter()
            .map(|(_, query)| query.expose_untrusted())
            .collect();
        assert_eq!(queries, ["budget", "is:held"]);
        forget(&tx, saved[0].0).unwrap();
        assert_eq!(all(&tx).unwrap().len(), 1);
    }
}
