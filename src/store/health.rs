//! What can be said of a store without looking at what it holds.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{Error, Read};

/// Counts the messages of all channels.
pub fn messages(read: &impl Read) -> Result<u64, Error> {
    let count: i64 = read
        .connection()
        .prepare_cached("SELECT COUNT(*) FROM messages")?
        .query_row([], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Asks SQLite whether the file is whole (`PRAGMA quick_check`), and changes nothing. Returns
/// what is wrong first, in SQLite's words, which name tables and pages. Needs no passphrase and
/// does not disturb who uses the file; takes time in proportion to its size.
pub fn quick_check(path: &Path) -> Result<Option<String>, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    let said: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((said != "ok").then_some(said))
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, SeekFrom, Write as _};

    use super::super::Store;
    use super::super::at_rest::tests::protect;
    use super::*;

    #[test]
    fn a_protected_store_is_checked_without_its_passphrase_while_it_is_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chaperon.db");
        let mut store = Store::open(&path).unwrap();
        protect(&mut store);
        assert_eq!(quick_check(&path).unwrap(), None);
        assert_eq!(messages(&store).unwrap(), 0);
    }

    #[test]
    fn a_page_of_rubbish_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chaperon.db");
        drop(Store::open(&path).unwrap());
        let mut file = std::fs::File::options().write(true).open(&path).unwrap();
        file.seek(SeekFrom::Start(2 * 4096)).unwrap();
        file.write_all(&[0xa5; 4096]).unwrap();
        drop(file);
        assert!(!matches!(quick_check(&path), Ok(None)));
    }
}
