//! The only module that knows SQLite. One file per aggregate, all of them speaking model types.
//!
//! One connection writes, with WAL and `synchronous=FULL`: a commit that returned survives a
//! power cut. Callers open a transaction, do everything that belongs together, and commit.
//!
//! Must not: decide anything, know a network, or read a clock (times are arguments).

pub mod accounts;
pub mod around;
pub mod at_rest;
pub mod attention;
pub mod channels;
pub mod drafts;
pub mod health;
pub mod held;
mod kept_texts;
pub mod letters;
pub mod log;
pub mod messages;
mod migrations;
pub mod notes;
pub mod originals;
pub mod outbox;
pub mod places;
pub mod quarantine;
pub mod requests;
pub mod review;
pub mod routing;
pub mod search;
pub mod searches;
pub mod settings;
pub mod supervision;

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::crypto::vault::{VaultKey, VaultLock};
use crate::failpoint;

use at_rest::AtRest;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite reported a failure.
    #[error("the profile's database failed")]
    Sqlite(#[from] rusqlite::Error),
    /// The file was written by a newer version of this program.
    #[error("the profile was written by a newer chaperon (schema {found}, this one knows {known})")]
    TooNew {
        /// Version in the file.
        found: i64,
        /// Newest version known here.
        known: i64,
    },
    /// A row holds something this program never writes.
    #[error("the profile's database holds an impossible {0}")]
    Corrupt(&'static str),
    /// Long work was stopped on request; nothing was changed.
    #[error("stopped on request")]
    Stopped,
    /// Something else reads the file, so that old content cannot be removed from it.
    #[error("another program has the profile's database open")]
    Busy,
}

/// The database of one profile.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    at_rest: AtRest,
}

/// A transaction that may write. Dropped without [`Tx::commit`], it leaves no trace.
#[derive(Debug)]
pub struct Tx<'a>(rusqlite::Transaction<'a>);

impl Store {
    /// Opens the database, creating and migrating it as needed.
    ///
    /// One with a [`Store::lock`] has to be unlocked before anything that is sealed can be read
    /// or written.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -4096)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        connection.set_prepared_statement_cache_capacity(64);
        // What is deleted or sorted must not stay behind in a file.
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        migrations::migrate(&mut connection)?;
        let mut store = Self {
            connection,
            at_rest: AtRest::Plain,
        };
        if store.lock()?.is_some() {
            store.at_rest = AtRest::Locked;
        }
        store.at_rest.install(&store.connection)?;
        at_rest::clean(&mut store)?;
        Ok(store)
    }

    /// Returns how the vault is locked, `None` in a profile without a passphrase.
    pub fn lock(&self) -> Result<Option<VaultLock>, Error> {
        at_rest::lock_of(self)
    }

    /// Tells whether everything in it is sealed.
    pub fn is_protected(&self) -> bool {
        !matches!(self.at_rest, AtRest::Plain)
    }

    /// Gives the key that was taken out of [`Store::lock`].
    pub fn unlock(&mut self, key: VaultKey) -> Result<(), Error> {
        self.at_rest = AtRest::Sealed(key);
        self.at_rest.install(&self.connection)
    }

    /// Returns the key that everything is sealed under, where it was given.
    #[cfg(test)]
    pub(crate) fn vault_key(&self) -> Option<&VaultKey> {
        match &self.at_rest {
            AtRest::Sealed(key) => Some(key),
            AtRest::Plain | AtRest::Locked => None,
        }
    }

    /// Begins a transaction that may write.
    pub fn write(&mut self) -> Result<Tx<'_>, Error> {
        Ok(Tx(self.connection.transaction_with_behavior(
            TransactionBehavior::Immediate,
        )?))
    }
}

impl Tx<'_> {
    /// Makes everything done in this transaction durable.
    pub fn commit(self) -> Result<(), Error> {
        self.0.commit()?;
        failpoint::step();
        Ok(())
    }
}

/// Something rows can be read from: a transaction, or the store outside one.
pub trait Read {
    /// Returns the connection to read with.
    #[doc(hidden)]
    fn connection(&self) -> &Connection;
}

impl Read for Store {
    fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl Read for Tx<'_> {
    fn connection(&self) -> &Connection {
        &self.0
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A store in a directory that vanishes with the value.
    pub(crate) struct Scratch {
        pub(crate) store: Store,
        _dir: tempfile::TempDir,
    }

    /// One without a passphrase.
    pub(crate) fn plain() -> Scratch {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("chaperon.db")).unwrap();
        Scratch { store, _dir: dir }
    }

    /// Protected, because that is the harder case: what is wrongly sealed or not opened shows.
    pub(crate) fn scratch() -> Scratch {
        let mut scratch = plain();
        at_rest::tests::protect(&mut scratch.store);
        scratch
    }

    #[test]
    fn a_database_of_a_newer_version_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chaperon.db");
        drop(Store::open(&path).unwrap());
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", 999).unwrap();
        drop(connection);
        assert!(matches!(
            Store::open(&path),
            Err(Error::TooNew { found: 999, .. })
        ));
    }

    #[test]
    fn a_transaction_that_is_dropped_leaves_no_trace() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        settings::set(&tx, "paused", "1").unwrap();
        drop(tx);
        assert_eq!(settings::get(&scratch.store, "paused").unwrap(), None);
    }
}
