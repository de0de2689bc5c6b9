//! How values lie on disk: as they are, or sealed under the key of the profile's vault.
//!
//! Two functions that SQL calls do all of it: `seal(place, row, value)` on the way in and
//! `open(place, row, value)` on the way out, where the place is `table.column`. They change
//! nothing in a profile without a passphrase. A sealed value is bound to its place and row, so
//! it opens nowhere else; text is kept as base64, a blob as bytes, NULL stays NULL.
//!
//! A column is either in `SEALED` or in `READABLE` (see the tests), which say what a stolen
//! disk gives away. A new sealed column is listed there and has no default, because a default
//! is not sealed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension as _};

use crate::crypto::vault::{VaultKey, VaultLock};
use crate::failpoint;
use crate::model::Work;

use super::{Error, Store, Tx, search, settings};

/// What is sealed in a protected profile: table, its integer key, columns.
const SEALED: &[(&str, &str, &[&str])] = &[
    (
        "channels",
        "id",
        &[
            "name",
            "phone",
            "secret",
            "our_key",
            "their_key",
            "asked_key",
            "preset",
            "instructions",
            "rules",
            "wake",
            "learned",
        ],
    ),
    (
        "messages",
        "id",
        &[
            "subject",
            "body",
            "metadata",
            "raw_payload",
            "rule",
            "problem",
            "signals",
            "other_subject",
            "other_body",
            "reason",
            "topic",
            "correlation",
            "reply_to",
            "audience",
        ],
    ),
    (
        "accounts",
        "id",
        &["name", "endpoint", "secret", "signing", "token", "node"],
    ),
    (
        "requests",
        "id",
        &["name", "endpoint", "key", "purpose", "original"],
    ),
    ("originals", "message", &["original"]),
    ("quarantine", "id", &["content"]),
    ("drafts", "channel", &["text"]),
    ("notes", "channel", &["text"]),
    ("searches", "id", &["query"]),
    (
        "review",
        "id",
        &["shown_key", "pinned_key", "reason", "seen"],
    ),
    (
        "log",
        "number",
        &[
            "detail",
            "previous",
            "digest",
            "evidence",
            "draft",
            "draft_digest",
            "sent",
            "sent_digest",
        ],
    ),
];

/// Sealed columns whose place also names what a readable column of the row says, so that whoever
/// can write the file cannot change that: a held message does not become a released one, and a
/// held draft does not leave. The place is `table.column` and what this SQL says of the row.
const BOUND: &[(&str, &str)] = &[(
    "messages.rule",
    "ifnull(admitted, '') || iif(delivery IN ('held', 'refused', 'expired'), 'h', '')",
)];

/// Name of the setting that keeps the lock of the vault.
const LOCK: &str = "vault_lock";
/// Name of the setting that says that old content may still lie in the files.
const UNCLEAN: &str = "unclean";

/// How this database keeps its values.
#[derive(Clone, Debug)]
pub(super) enum AtRest {
    /// As they are.
    Plain,
    /// Sealed, and nobody gave the key yet.
    Locked,
    /// Sealed under this key.
    Sealed(VaultKey),
}

/// Why a value could not be sealed or opened. Stands in SQLite's message, so it names no value.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Refusal {
    #[error("the profile is locked")]
    Locked,
    #[error("no such place for a sealed value")]
    NoSuchPlace,
    #[error("a value that is neither text nor bytes cannot be sealed")]
    Type,
    #[error("a sealed value does not open")]
    DoesNotOpen,
    #[error("a value cannot be sealed")]
    DoesNotSeal,
    #[error("stopped on request")]
    Stopped,
}

impl From<Refusal> for rusqlite::Error {
    fn from(refusal: Refusal) -> Self {
        Self::UserFunctionError(refusal.into())
    }
}

impl AtRest {
    fn seal(&self, place: &[u8], value: Value) -> Result<Value, Refusal> {
        let key = match self {
            Self::Plain => return Ok(value),
            Self::Locked => return Err(Refusal::Locked),
            Self::Sealed(key) => key,
        };
        let seal = |plain: &[u8]| {
            key.seal(place, plain)
                .map_err(|_no_random| Refusal::DoesNotSeal)
        };
        match value {
            Value::Null => Ok(Value::Null),
            Value::Text(text) => Ok(Value::Text(BASE64.encode(seal(text.as_bytes())?))),
            Value::Blob(bytes) => Ok(Value::Blob(seal(&bytes)?)),
            Value::Integer(_) | Value::Real(_) => Err(Refusal::Type),
        }
    }

    fn open(&self, place: &[u8], value: ValueRef<'_>) -> Result<Value, Refusal> {
        let broken = Refusal::DoesNotOpen;
        let key = match self {
            Self::Plain => return value.try_into().map_err(|_not_utf8| broken),
            Self::Locked => return Err(Refusal::Locked),
            Self::Sealed(key) => key,
        };
        let open = |sealed: &[u8]| key.open(place, sealed).map_err(|_opaque| broken);
        match value {
            ValueRef::Null => Ok(Value::Null),
            ValueRef::Text(text) => {
                let sealed = BASE64.decode(text).map_err(|_detail| broken)?;
                let text = String::from_utf8(open(&sealed)?).map_err(|_detail| broken)?;
                Ok(Value::Text(text))
            }
            ValueRef::Blob(bytes) => Ok(Value::Blob(open(bytes)?)),
            ValueRef::Integer(_) | ValueRef::Real(_) => Err(Refusal::Type),
        }
    }

    /// Makes `seal` and `open` mean this for the statements of a connection.
    pub(super) fn install(&self, connection: &Connection) -> Result<(), Error> {
        let at_rest = self.clone();
        define(connection, "seal", move |place, value| {
            let value = value.try_into().map_err(|_not_utf8| Refusal::DoesNotSeal)?;
            at_rest.seal(place, value)
        })?;
        let at_rest = self.clone();
        define(connection, "open", move |place, value| {
            at_rest.open(place, value)
        })
    }
}

/// Defines a function of a place, a row and a value.
fn define(
    connection: &Connection,
    name: &str,
    run: impl Fn(&[u8], ValueRef<'_>) -> Result<Value, Refusal> + Send + 'static,
) -> Result<(), Error> {
    // Nothing that stands in the schema of a file may call it: the file may be somebody else's.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function(name, 3, flags, move |arguments: &Context<'_>| {
        let place = place(arguments)?;
        Ok(run(&place, arguments.get_raw(2))?)
    })?;
    Ok(())
}

/// Returns what a value is bound to: `table.column`, a zero byte and the row.
fn place(arguments: &Context<'_>) -> rusqlite::Result<Vec<u8>> {
    let name = arguments.get_raw(0).as_str()?;
    let unbound = BOUND
        .iter()
        .find(|(bound, _)| name.starts_with(bound))
        .map_or(name, |(bound, _)| bound);
    let known = unbound.split_once('.').is_some_and(|(table, column)| {
        SEALED
            .iter()
            .any(|(known, _, columns)| *known == table && columns.contains(&column))
    });
    if !known {
        return Err(Refusal::NoSuchPlace.into());
    }
    let row = arguments.get_raw(1).as_i64()?;
    let mut place = Vec::with_capacity(name.len() + 9);
    place.extend_from_slice(name.as_bytes());
    place.push(0);
    place.extend_from_slice(&row.to_le_bytes());
    Ok(place)
}

/// Tells whether a row could not be read because a sealed value in it does not open.
pub(super) fn was_changed(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(_, Some(text))
        if *text == Refusal::DoesNotOpen.to_string())
}

/// Returns the id that the next row of a table gets, so that its values can be bound to it.
/// Only for tables whose key is AUTOINCREMENT, and only inside the transaction that inserts.
pub(super) fn next_id(tx: &Tx<'_>, table: &str) -> Result<i64, Error> {
    let last: Option<i64> =
        tx.0.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = ?1")?
            .query_row([table], |row| row.get(0))
            .optional()?;
    Ok(last.unwrap_or(0) + 1)
}

/// Returns how the vault of a database is locked, `None` where it has none.
pub(super) fn lock_of(store: &Store) -> Result<Option<VaultLock>, Error> {
    settings::get(store, LOCK)?
        .map(|text| VaultLock::parse(&text).map_err(|_detail| Error::Corrupt("lock of the vault")))
        .transpose()
}

/// Seals everything under a key, and keeps the key under a lock. Either all of it happens or
/// nothing. `also` writes what belongs into the same transaction.
///
/// What was overwritten is in the files until [`clean`].
pub fn protect(
    store: &mut Store,
    key: VaultKey,
    lock: &VaultLock,
    work: &Arc<Work>,
    also: impl FnOnce(&Tx<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    rewrite(store, AtRest::Sealed(key), Some(lock), work, also)
}

/// Writes everything as it is, and forgets the key. Either all of it happens or nothing.
/// [`clean`] belongs behind it.
pub fn unprotect(
    store: &mut Store,
    work: &Arc<Work>,
    also: impl FnOnce(&Tx<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    rewrite(store, AtRest::Plain, None, work, also)
}

/// Keeps the key under another lock. The old one is in the files until [`clean`].
pub fn relock(
    store: &mut Store,
    lock: &VaultLock,
    also: impl FnOnce(&Tx<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let tx = store.write()?;
    also(&tx)?;
    settings::set(&tx, LOCK, &lock.to_text())?;
    settings::set(&tx, UNCLEAN, "1")?;
    tx.commit()
}

fn rewrite(
    store: &mut Store,
    to: AtRest,
    lock: Option<&VaultLock>,
    work: &Arc<Work>,
    also: impl FnOnce(&Tx<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let running = work.begin(values(&store.connection)?);
    let (old, new) = (store.at_rest.clone(), to.clone());
    let counted = Arc::clone(work);
    define(&store.connection, "reseal", move |place, value| {
        if !counted.step() {
            return Err(Refusal::Stopped);
        }
        new.seal(place, old.open(place, value)?)
    })?;
    let written = rewrite_all(store, lock, work, also);
    // It holds the key, also where it was stopped.
    store.connection.remove_function("reseal", 3)?;
    written?;
    to.install(&store.connection)?;
    store.at_rest = to;
    drop(running);
    Ok(())
}

/// Brings everything into the new form in one transaction, with the `reseal` that is defined.
fn rewrite_all(
    store: &mut Store,
    lock: Option<&VaultLock>,
    work: &Work,
    also: impl FnOnce(&Tx<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let tx = store.write()?;
    also(&tx)?;
    for (table, key, columns) in SEALED {
        let sets: Vec<_> = columns
            .iter()
            .map(|column| {
                let name = format!("{table}.{column}");
                let bound = BOUND
                    .iter()
                    .find(|(bound, _)| *bound == name)
                    .map_or_else(String::new, |(_, by)| format!(" || {by}"));
                format!("{column} = reseal('{name}'{bound}, {key}, {column})")
            })
            .collect();
        tx.0.execute(&format!("UPDATE {table} SET {}", sets.join(", ")), [])
            .map_err(stopped)?;
    }
    work.commit();
    if let Some(lock) = lock {
        settings::set(&tx, LOCK, &lock.to_text())?;
        search::empty(&tx.0)?;
    } else {
        settings::clear(&tx, LOCK)?;
        search::end_in_memory(&tx.0)?;
        search::list_all(&tx.0)?;
    }
    settings::set(&tx, UNCLEAN, "1")?;
    tx.commit()
}

/// Returns how many values [`rewrite`] goes through.
fn values(connection: &Connection) -> Result<u64, Error> {
    let mut values = 0;
    for (table, _, columns) in SEALED {
        let count = format!("SELECT COUNT(*) FROM {table}");
        let rows: i64 = connection.query_row(&count, [], |row| row.get(0))?;
        values += u64::try_from(rows).unwrap_or(0) * columns.len() as u64;
    }
    Ok(values)
}

/// Tells a statement that was stopped on request from one that failed.
fn stopped(error: rusqlite::Error) -> Error {
    if let rusqlite::Error::SqliteFailure(_, Some(text)) = &error
        && *text == Refusal::Stopped.to_string()
    {
        return Error::Stopped;
    }
    error.into()
}

/// Removes what was overwritten from the files, if a change of the vault left some. Where that
/// is cut short, the next start goes on with it.
pub fn clean(store: &mut Store) -> Result<(), Error> {
    if settings::get(store, UNCLEAN)?.is_none() {
        return Ok(());
    }
    store.connection.execute_batch("VACUUM")?;
    failpoint::step();
    empty_wal(&store.connection)?;
    failpoint::step();
    let tx = store.write()?;
    settings::clear(&tx, UNCLEAN)?;
    tx.commit()
}

/// Brings everything into the database and leaves nothing in the file beside it.
fn empty_wal(connection: &Connection) -> Result<(), Error> {
    let busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy {
        return Err(Error::Busy);
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests;
