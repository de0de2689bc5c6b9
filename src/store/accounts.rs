//! Our logins on networks that have them.

use rusqlite::{OptionalExtension as _, Row, params};
use zeroize::Zeroizing;

use crate::model::{NetworkId, UnixMillis};

use super::at_rest::next_id;
use super::{Error, Read, Tx};

/// A login with its secret.
pub struct Account {
    /// The id that others know us by.
    pub address: String,
    /// The name that others are shown.
    pub name: String,
    /// Where others reach us, as a URL without trailing slash.
    pub endpoint: String,
    /// Our private key.
    pub secret: Zeroizing<[u8; 32]>,
    /// When it was made.
    pub created_at: UnixMillis,
}

impl std::fmt::Debug for Account {
    /// Prints no key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Returns our login on a network.
pub fn of(read: &impl Read, network: NetworkId) -> Result<Option<Account>, Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT address, open('accounts.name', id, name),
                open('accounts.endpoint', id, endpoint), open('accounts.secret', id, secret),
                created_at
             FROM accounts WHERE network = ?1 ORDER BY id LIMIT 1",
        )?
        .query_row([network.as_str()], account_of)
        .optional()?)
}

/// Makes this our login on a network, in place of the one before.
pub fn set(tx: &Tx<'_>, network: NetworkId, account: &Account) -> Result<(), Error> {
    tx.0.execute(
        "DELETE FROM accounts WHERE network = ?1",
        [network.as_str()],
    )?;
    tx.0.execute(
        "INSERT INTO accounts (id, network, address, name, endpoint, secret, created_at)
         VALUES (?7, ?1, ?2, seal('accounts.name', ?7, ?3), seal('accounts.endpoint', ?7, ?4),
            seal('accounts.secret', ?7, ?5), ?6)",
        params![
            network.as_str(),
            account.address,
            account.name,
            account.endpoint,
            account.secret.as_slice(),
            account.created_at.0,
            next_id(tx, "accounts")?,
        ],
    )?;
    Ok(())
}

fn account_of(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        address: row.get(0)?,
        name: row.get(1)?,
        endpoint: row.get(2)?,
        secret: Zeroizing::new(row.get(3)?),
        created_at: UnixMillis(row.get(4)?),
    })
}
