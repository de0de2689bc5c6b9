//! Our logins on networks that have them.

use rusqlite::{OptionalExtension as _, Row, params};
use zeroize::Zeroizing;

use crate::model::{AccountId, NetworkId, NodeSettings, UnixMillis};

use super::at_rest::next_id;
use super::{Error, Read, Tx};

/// A login with its secrets.
pub struct Account {
    /// Local id; of one that is not stored yet it says nothing.
    pub id: AccountId,
    /// The id that others know us by.
    pub address: String,
    /// The name that others are shown.
    pub name: String,
    /// Where others reach us, or the relay that knows us: a URL without trailing slash.
    pub endpoint: String,
    /// Our private key.
    pub secret: Zeroizing<[u8; 32]>,
    /// The one that we sign with, where it is another.
    pub signing: Option<Zeroizing<[u8; 32]>>,
    /// What a relay knows us by, or the seed phrase that the keys come from, where there is one.
    pub token: Option<Zeroizing<String>>,
    /// How its node runs, on networks where it has one.
    pub node: Option<NodeSettings>,
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

const COLUMNS: &str = "id, address, open('accounts.name', id, name),
    open('accounts.endpoint', id, endpoint), open('accounts.secret', id, secret),
    open('accounts.signing', id, signing), open('accounts.token', id, token), created_at,
    open('accounts.node', id, node)";

/// Returns our logins on a network, oldest first.
pub fn all(read: &impl Read, network: NetworkId) -> Result<Vec<Account>, Error> {
    let mut statement = read.connection().prepare_cached(&format!(
        "SELECT {COLUMNS} FROM accounts WHERE network = ?1 ORDER BY id"
    ))?;
    let rows = statement.query_map([network.as_str()], account_of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns our login on a network that has only one.
pub fn of(read: &impl Read, network: NetworkId) -> Result<Option<Account>, Error> {
    Ok(all(read, network)?.into_iter().next())
}

/// Returns the network of a login, unless it was left.
pub fn network_of(read: &impl Read, id: AccountId) -> Result<Option<NetworkId>, Error> {
    let network: Option<String> = read
        .connection()
        .prepare_cached("SELECT network FROM accounts WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    Ok(network.as_deref().and_then(NetworkId::parse))
}

/// Returns one login, unless it was left.
pub fn by_id(read: &impl Read, id: AccountId) -> Result<Option<Account>, Error> {
    Ok(read
        .connection()
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM accounts WHERE id = ?1 AND network <> 'gone'"
        ))?
        .query_row([id.0], account_of)
        .optional()?)
}

/// Makes this our only login on a network, in place of the one before.
pub fn set(tx: &Tx<'_>, network: NetworkId, account: &Account) -> Result<(), Error> {
    tx.0.execute(
        "DELETE FROM accounts WHERE network = ?1",
        [network.as_str()],
    )?;
    insert(tx, network, account)?;
    Ok(())
}

/// Adds a login to those that there are.
pub fn insert(tx: &Tx<'_>, network: NetworkId, account: &Account) -> Result<AccountId, Error> {
    let id = next_id(tx, "accounts")?;
    tx.0.execute(
        "INSERT INTO accounts (id, network, address, name, endpoint, secret, signing, token,
            created_at, node)
         VALUES (?9, ?1, ?2, seal('accounts.name', ?9, ?3), seal('accounts.endpoint', ?9, ?4),
            seal('accounts.secret', ?9, ?5), seal('accounts.signing', ?9, ?6),
            seal('accounts.token', ?9, ?7), ?8, seal('accounts.node', ?9, ?10))",
        params![
            network.as_str(),
            account.address,
            account.name,
            account.endpoint,
            account.secret.as_slice(),
            account.signing.as_ref().map(|key| key.as_slice()),
            account.token.as_ref().map(|token| token.as_str()),
            account.created_at.0,
            id,
            account.node.as_ref().map(node_text),
        ],
    )?;
    Ok(AccountId(id))
}

/// Changes the name that others are shown of a login, and how its node runs.
pub fn set_node(tx: &Tx<'_>, id: AccountId, name: &str, node: &NodeSettings) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE accounts SET name = seal('accounts.name', id, ?2),
            node = seal('accounts.node', id, ?3) WHERE id = ?1",
        params![id.0, name, node_text(node)],
    )?;
    Ok(())
}

/// Changes the key of a node: the identity is the same, on another device. Its channels show the
/// new one, `our_key`, and what was compared of the old one counts no more.
pub fn set_secret(
    tx: &Tx<'_>,
    id: AccountId,
    account: &Account,
    our_key: &str,
) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET our_key = seal('channels.our_key', id, ?2), verified_at = NULL
         WHERE account = ?1",
        params![id.0, our_key],
    )?;
    tx.0.execute(
        "UPDATE accounts SET secret = seal('accounts.secret', id, ?2),
            signing = seal('accounts.signing', id, ?3), token = seal('accounts.token', id, ?4)
         WHERE id = ?1",
        params![
            id.0,
            account.secret.as_slice(),
            account.signing.as_ref().map(|key| key.as_slice()),
            account.token.as_ref().map(|token| token.as_str()),
        ],
    )?;
    Ok(())
}

fn node_text(node: &NodeSettings) -> String {
    // Plain values always have a JSON form.
    serde_json::to_string(node).unwrap_or_default()
}

/// Changes what a relay knows a login of ours by.
pub fn set_token(tx: &Tx<'_>, id: AccountId, token: &str) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE accounts SET token = seal('accounts.token', id, ?2) WHERE id = ?1",
        params![id.0, token],
    )?;
    Ok(())
}

/// Forgets a login. Its channels must have been closed before, and keep its number.
pub fn forget(tx: &Tx<'_>, id: AccountId) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE accounts SET secret = seal('accounts.secret', id, zeroblob(32)), signing = NULL,
            token = NULL, network = 'gone' WHERE id = ?1",
        [id.0],
    )?;
    Ok(())
}

fn account_of(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: AccountId(row.get(0)?),
        address: row.get(1)?,
        name: row.get(2)?,
        endpoint: row.get(3)?,
        secret: Zeroizing::new(row.get(4)?),
        signing: row.get::<_, Option<[u8; 32]>>(5)?.map(Zeroizing::new),
        token: row.get::<_, Option<String>>(6)?.map(Zeroizing::new),
        created_at: UnixMillis(row.get(7)?),
        node: row
            .get::<_, Option<String>>(8)?
            // A setting of a newer version is not readable here; the login still is.
            .map(|text| serde_json::from_str(&text).unwrap_or_default()),
    })
}
