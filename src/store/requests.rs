//! Requests for contact, in either direction.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::model::{ChannelId, NetworkId, PeerText, RequestState, UnixMillis};

use super::at_rest::next_id;
use super::{Error, Read, Tx};

/// A request as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The channel it is about.
    pub channel: ChannelId,
    /// Whether we asked.
    pub ours: bool,
    /// The network's id of it.
    pub remote_id: String,
    /// The name that they give themselves; empty where we asked.
    pub name: PeerText,
    /// Where they say that they are reached.
    pub endpoint: String,
    /// Their key, in the text form of the network.
    pub key: String,
    /// What for.
    pub purpose: PeerText,
    /// As it came, with its signature; `None` where we asked.
    pub original: Option<String>,
    /// When it arrived, or was made.
    pub at: UnixMillis,
    /// How it stands.
    pub state: RequestState,
    /// When it was settled.
    pub settled_at: Option<UnixMillis>,
}

const COLUMNS: &str = "r.channel, r.ours, r.remote_id, open('requests.name', r.id, r.name),
    open('requests.endpoint', r.id, r.endpoint), open('requests.key', r.id, r.key),
    open('requests.purpose', r.id, r.purpose), open('requests.original', r.id, r.original),
    r.at, r.state, r.settled_at";

/// Keeps a request.
pub fn insert(tx: &Tx<'_>, new: &Request) -> Result<(), Error> {
    tx.0.execute(
        "INSERT INTO requests (id, channel, ours, remote_id, name, endpoint, key, purpose,
            original, at, state, settled_at)
         VALUES (?11, ?1, ?2, ?3, seal('requests.name', ?11, ?4),
            seal('requests.endpoint', ?11, ?5), seal('requests.key', ?11, ?6),
            seal('requests.purpose', ?11, ?7), seal('requests.original', ?11, ?8), ?9, ?10,
            ?12)",
        params![
            new.channel.0,
            new.ours,
            new.remote_id,
            new.name.expose_untrusted(),
            new.endpoint,
            new.key,
            new.purpose.expose_untrusted(),
            new.original,
            new.at.0,
            new.state.as_str(),
            next_id(tx, "requests")?,
            new.settled_at.map(|at| at.0),
        ],
    )?;
    Ok(())
}

/// Returns the requests of a network, oldest first.
pub fn all(read: &impl Read, network: NetworkId) -> Result<Vec<Request>, Error> {
    let mut statement = read.connection().prepare_cached(&format!(
        "SELECT {COLUMNS} FROM requests r JOIN channels c ON c.id = r.channel
         WHERE c.network = ?1 ORDER BY r.id"
    ))?;
    let rows = statement.query_map([network.as_str()], request_of)?;
    rows.map(|row| row?.ok_or(Error::Corrupt("contact request")))
        .collect()
}

/// Returns the newest request of one side in a channel.
pub fn last(read: &impl Read, channel: ChannelId, ours: bool) -> Result<Option<Request>, Error> {
    one(
        read,
        &format!(
            "SELECT {COLUMNS} FROM requests r WHERE r.channel = ?1 AND r.ours = ?2
             ORDER BY r.id DESC LIMIT 1"
        ),
        params![channel.0, ours],
    )
}

/// Returns the newest request of theirs in a channel under a key.
pub fn with_key(read: &impl Read, channel: ChannelId, key: &str) -> Result<Option<Request>, Error> {
    one(
        read,
        &format!(
            "SELECT {COLUMNS} FROM requests r
             WHERE r.channel = ?1 AND r.ours = 0 AND open('requests.key', r.id, r.key) = ?2
             ORDER BY r.id DESC LIMIT 1"
        ),
        params![channel.0, key],
    )
}

/// Returns a request by the network's id of it.
pub fn by_remote_id(
    read: &impl Read,
    channel: ChannelId,
    ours: bool,
    remote_id: &str,
) -> Result<Option<Request>, Error> {
    one(
        read,
        &format!(
            "SELECT {COLUMNS} FROM requests r
             WHERE r.channel = ?1 AND r.ours = ?2 AND r.remote_id = ?3"
        ),
        params![channel.0, ours, remote_id],
    )
}

/// Returns how many channels wait for a person because a stranger asked.
pub fn count_strangers(read: &impl Read) -> Result<u32, Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT COUNT(DISTINCT r.channel) FROM requests r JOIN channels c ON c.id = r.channel
             WHERE r.state = 'open' AND r.ours = 0 AND c.state = 'requested'",
        )?
        .query_row([], |row| row.get(0))?)
}

/// Returns how many requests one side made in a channel.
pub fn count(read: &impl Read, channel: ChannelId, ours: bool) -> Result<u32, Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT COUNT(*) FROM requests WHERE channel = ?1 AND ours = ?2")?
        .query_row(params![channel.0, ours], |row| row.get(0))?)
}

/// Completes a request that was kept without its words; returns whether there was one.
pub fn adopt(
    tx: &Tx<'_>,
    channel: ChannelId,
    remote_id: &str,
    purpose: &PeerText,
    original: &str,
) -> Result<bool, Error> {
    let changed = tx.0.execute(
        "UPDATE requests SET purpose = seal('requests.purpose', id, ?3),
            original = seal('requests.original', id, ?4)
         WHERE channel = ?1 AND ours = 0 AND remote_id = ?2 AND original IS NULL",
        params![channel.0, remote_id, purpose.expose_untrusted(), original],
    )?;
    Ok(changed == 1)
}

/// Opens a request again that was settled, because its channel has ended since.
pub fn reopen(
    tx: &Tx<'_>,
    channel: ChannelId,
    remote_id: &str,
    now: UnixMillis,
) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE requests SET state = 'open', settled_at = NULL, at = ?3
         WHERE channel = ?1 AND ours = 0 AND remote_id = ?2",
        params![channel.0, remote_id, now.0],
    )?;
    Ok(())
}

/// Gives a request the name and the words that its author wrote since.
pub fn set_words(
    tx: &Tx<'_>,
    channel: ChannelId,
    remote_id: &str,
    (name, purpose): (&PeerText, &PeerText),
) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE requests SET name = seal('requests.name', id, ?3),
            purpose = seal('requests.purpose', id, ?4)
         WHERE channel = ?1 AND ours = 0 AND remote_id = ?2",
        params![
            channel.0,
            remote_id,
            name.expose_untrusted(),
            purpose.expose_untrusted()
        ],
    )?;
    Ok(())
}

/// Settles every request of one side that is open or under way.
pub fn settle(
    tx: &Tx<'_>,
    channel: ChannelId,
    ours: bool,
    state: RequestState,
    now: UnixMillis,
) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE requests SET state = ?3, settled_at = ?4
         WHERE channel = ?1 AND ours = ?2 AND state IN ('open', 'sent')",
        params![channel.0, ours, state.as_str(), now.0],
    )?;
    Ok(())
}

fn one(
    read: &impl Read,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Option<Request>, Error> {
    read.connection()
        .prepare_cached(sql)?
        .query_row(params, request_of)
        .optional()?
        .map(|row| row.ok_or(Error::Corrupt("contact request")))
        .transpose()
}

fn request_of(row: &Row<'_>) -> rusqlite::Result<Option<Request>> {
    let state: String = row.get(9)?;
    let Some(state) = RequestState::parse(&state) else {
        return Ok(None);
    };
    Ok(Some(Request {
        channel: ChannelId(row.get(0)?),
        ours: row.get(1)?,
        remote_id: row.get(2)?,
        name: PeerText::new(row.get::<_, String>(3)?),
        endpoint: row.get(4)?,
        key: row.get(5)?,
        purpose: PeerText::new(row.get::<_, String>(6)?),
        original: row.get(7)?,
        at: UnixMillis(row.get(8)?),
        state,
        settled_at: row.get::<_, Option<i64>>(10)?.map(UnixMillis),
    }))
}
