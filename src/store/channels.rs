//! Conversations and their keys.

use rusqlite::{OptionalExtension as _, Row, params};
use zeroize::Zeroizing;

use crate::model::{
    AccountId, Channel, ChannelId, ChannelState, NetworkId, PeerText, StopReason, UnixMillis,
};

use super::at_rest::next_id;
use super::{Error, Read, Tx};

/// Everything needed to make a channel.
pub struct NewChannel<'a> {
    /// The network it runs on.
    pub network: NetworkId,
    /// The login of ours that it belongs to, on networks where we can have several.
    pub account: Option<AccountId>,
    /// The network's id.
    pub address: &'a str,
    /// Local name.
    pub name: &'a PeerText,
    /// Handle the invite was made for.
    pub phone: Option<&'a PeerText>,
    /// State to begin in.
    pub state: ChannelState,
    /// Whether we made the invite.
    pub inviter: bool,
    /// Relay URL without trailing slash.
    pub relay: &'a str,
    /// Our private key.
    pub secret: &'a [u8; 32],
    /// Our public key in the network's text form.
    pub our_key: &'a str,
    /// The peer's key, where it is known already.
    pub their_key: Option<&'a str>,
    /// Whether our handshake still has to be put on the relay.
    pub announce: bool,
    /// Preset name.
    pub preset: &'a str,
    /// Text for the assistant.
    pub instructions: &'a str,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When a message last arrived.
    pub last_seen: Option<UnixMillis>,
}

impl std::fmt::Debug for NewChannel<'_> {
    /// Prints no key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewChannel").finish_non_exhaustive()
    }
}

/// A channel with what only the engine may know of it.
pub struct Keyed {
    /// What everybody may know. The fingerprints are left empty: hashing keys is not the store's.
    pub channel: Channel,
    /// Our private key.
    pub secret: Zeroizing<[u8; 32]>,
    /// The key of whoever asks for contact, or that replaced the pinned one.
    pub asked_key: Option<String>,
    /// Whether our handshake still has to be put on the relay.
    pub announce: bool,
    /// Handshake writes on the relay when last looked at.
    pub answers: Option<u32>,
    /// When the relay was last asked for an answer.
    pub checked_at: Option<UnixMillis>,
    /// Whether they ask in vain.
    pub blocked: bool,
    /// Where they were found to be reached, beside what a person entered or accepted.
    pub learned: Option<String>,
}

impl std::fmt::Debug for Keyed {
    /// Prints no key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyed")
            .field("channel", &self.channel.id)
            .finish_non_exhaustive()
    }
}

/// The columns of a channel; the arguments count its messages.
macro_rules! columns {
    ($unread:literal, $held:literal, $news:literal, $news_at:literal) => {
        concat!(
            "id, network, iif(account IS NULL, address, substr(address, instr(address, '/') + 1)),
            open('channels.name', id, name),
            open('channels.phone', id, phone), state, paused, inviter, relay,
            open('channels.our_key', id, our_key), open('channels.their_key', id, their_key),
            stopped, open('channels.preset', id, preset),
            open('channels.instructions', id, instructions), created_at, last_seen, ",
            $unread,
            ", ",
            $held,
            ", open('channels.secret', id, secret), open('channels.asked_key', id, asked_key),
            announce, answers, checked_at, open('channels.rules', id, rules), policy_version,
            verified_at, open('channels.wake', id, wake), muted_until, ",
            $news,
            ", ",
            $news_at,
            ", blocked, trusts_us, account, open('channels.learned', id, learned)"
        )
    };
}

const COLUMNS: &str = columns!(
    "(SELECT COUNT(*) FROM messages m
        WHERE m.channel = channels.id AND m.author = 'peer' AND m.read = 0)",
    "(SELECT COUNT(*) FROM messages m
        WHERE m.channel = channels.id AND m.admitted = 0 AND m.raw_reason IS NULL)",
    "(SELECT COUNT(*) FROM messages m
        WHERE m.channel = channels.id AND m.author = 'peer' AND m.read = 0 AND m.digest = 0
            AND m.admitted = 1)",
    "(SELECT MAX(m.at) FROM messages m
        WHERE m.channel = channels.id AND m.author = 'peer' AND m.read = 0 AND m.digest = 0
            AND m.admitted = 1)"
);
/// The same with nothing counted, which takes no longer where much is unread.
const UNCOUNTED: &str = columns!("0", "0", "0", "NULL");

/// Adds a channel.
pub fn insert(tx: &Tx<'_>, new: &NewChannel<'_>) -> Result<ChannelId, Error> {
    let id = next_id(tx, "channels")?;
    tx.0.execute(
        "INSERT INTO channels (id, network, address, name, phone, state, inviter, relay, secret,
            our_key, their_key, announce, preset, instructions, created_at, last_seen, account)
         VALUES (?16, ?1, ?2, seal('channels.name', ?16, ?3), seal('channels.phone', ?16, ?4),
            ?5, ?6, ?7, seal('channels.secret', ?16, ?8), seal('channels.our_key', ?16, ?9),
            seal('channels.their_key', ?16, ?10), ?11, seal('channels.preset', ?16, ?12),
            seal('channels.instructions', ?16, ?13), ?14, ?15, ?17)",
        params![
            new.network.as_str(),
            stored_address(new.account, new.address),
            new.name.expose_untrusted(),
            new.phone.map(PeerText::expose_untrusted),
            new.state.as_str(),
            new.inviter,
            new.relay,
            new.secret.as_slice(),
            new.our_key,
            new.their_key,
            new.announce,
            new.preset,
            new.instructions,
            new.created_at.0,
            new.last_seen.map(|at| at.0),
            id,
            new.account.map(|account| account.0),
        ],
    )?;
    Ok(ChannelId(id))
}

/// Writes an address so that it is unique within its network: two logins can know the same peer.
fn stored_address(account: Option<AccountId>, address: &str) -> String {
    match account {
        Some(account) => format!("{account}/{address}"),
        None => address.to_owned(),
    }
}

/// Returns all channels, oldest first.
pub fn all(read: &impl Read) -> Result<Vec<Keyed>, Error> {
    let mut statement = read
        .connection()
        .prepare_cached(&format!("SELECT {COLUMNS} FROM channels ORDER BY id"))?;
    let rows = statement.query_map([], keyed_of)?;
    rows.map(|row| row?.ok_or(Error::Corrupt("channel")))
        .collect()
}

/// Returns the active channels, each with its preset and the rules of its own, oldest first.
pub fn rules_of_active(
    read: &impl Read,
) -> Result<Vec<(ChannelId, String, Option<String>)>, Error> {
    let mut statement = read.connection().prepare_cached(
        "SELECT id, open('channels.preset', id, preset), open('channels.rules', id, rules)
         FROM channels WHERE state = 'active' ORDER BY id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok((ChannelId(row.get(0)?), row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns one channel.
pub fn by_id(read: &impl Read, id: ChannelId) -> Result<Option<Keyed>, Error> {
    one(read, COLUMNS, id)
}

/// Returns one channel whose messages are not counted: for what is done with every message.
pub fn uncounted(read: &impl Read, id: ChannelId) -> Result<Option<Keyed>, Error> {
    one(read, UNCOUNTED, id)
}

fn one(read: &impl Read, columns: &str, id: ChannelId) -> Result<Option<Keyed>, Error> {
    read.connection()
        .prepare_cached(&format!("SELECT {columns} FROM channels WHERE id = ?1"))?
        .query_row([id.0], keyed_of)
        .optional()?
        .map(|row| row.ok_or(Error::Corrupt("channel")))
        .transpose()
}

/// Returns the channels with this network id or this local name.
///
/// Neither goes before the other: whoever makes a link chooses its id, and must not be able to
/// choose the name under which somebody else is known here. Where several logins of ours know the
/// same peer, `ID#NUMBER` with the local number of the channel tells them apart.
pub fn by_reference(read: &impl Read, reference: &str) -> Result<Vec<ChannelId>, Error> {
    ids(
        read,
        "SELECT id FROM channels
         WHERE (account IS NULL AND address = ?1)
            OR (account IS NOT NULL
                AND substr(address, instr(address, '/') + 1) || '#' || id = ?1)
            OR (account IS NOT NULL AND state NOT IN ('superseded', 'closed')
                AND substr(address, instr(address, '/') + 1) = ?1)
            OR (state NOT IN ('superseded', 'closed')
            AND open('channels.name', id, name) = ?1)",
        reference,
    )
}

/// Returns the shortest text that [`by_reference`] finds a channel in use by, and no other by its
/// id: the id, with the number of the channel where several logins of ours know the same peer.
pub fn reference_of(read: &impl Read, channel: &Channel) -> Result<String, Error> {
    if channel.account.is_none() {
        return Ok(channel.address.clone());
    }
    let alike = ids(
        read,
        "SELECT id FROM channels
         WHERE account IS NOT NULL AND state NOT IN ('superseded', 'closed')
            AND substr(address, instr(address, '/') + 1) = ?1",
        &channel.address,
    )?;
    Ok(if alike.iter().all(|id| *id == channel.id) {
        channel.address.clone()
    } else {
        format!("{}#{}", channel.address, channel.id)
    })
}

/// Returns the channel that a network knows by this id, of a login of ours where it can have
/// several.
pub fn by_address(
    read: &impl Read,
    (network, account): (NetworkId, Option<AccountId>),
    address: &str,
) -> Result<Option<ChannelId>, Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT id FROM channels WHERE network = ?1 AND address = ?2")?
        .query_row(
            params![network.as_str(), stored_address(account, address)],
            |row| Ok(ChannelId(row.get(0)?)),
        )
        .optional()?)
}

/// Returns the oldest channel made for this phone that was not superseded or closed.
pub fn by_phone(read: &impl Read, phone: &PeerText) -> Result<Option<ChannelId>, Error> {
    let found = ids(
        read,
        "SELECT id FROM channels WHERE state NOT IN ('superseded', 'closed')
            AND open('channels.phone', id, phone) = ?1
         ORDER BY id LIMIT 1",
        phone.expose_untrusted(),
    )?;
    Ok(found.first().copied())
}

fn ids(read: &impl Read, sql: &str, value: &str) -> Result<Vec<ChannelId>, Error> {
    let mut statement = read.connection().prepare_cached(sql)?;
    let rows = statement.query_map([value], |row| Ok(ChannelId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Moves a channel to another state; any reason for a stop is forgotten.
pub fn set_state(tx: &Tx<'_>, id: ChannelId, state: ChannelState) -> Result<(), Error> {
    tx.0.prepare_cached("UPDATE channels SET state = ?2, stopped = NULL WHERE id = ?1")?
        .execute(params![id.0, state.as_str()])?;
    Ok(())
}

/// Stops a channel both ways, and remembers why and which key was shown.
pub fn stop(tx: &Tx<'_>, id: ChannelId, reason: StopReason, shown: &str) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET state = 'stopped', stopped = ?2,
            asked_key = seal('channels.asked_key', id, ?3) WHERE id = ?1",
        params![id.0, reason.as_str(), shown],
    )?;
    Ok(())
}

/// Remembers who answered an invite, until a person decides.
pub fn ask(tx: &Tx<'_>, id: ChannelId, key: &str, answers: Option<u32>) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET state = 'requested', answers = ?3,
            asked_key = seal('channels.asked_key', id, ?2) WHERE id = ?1",
        params![id.0, key, answers],
    )?;
    Ok(())
}

/// Pins a key and makes the channel active. A key that was not pinned before was not compared.
pub fn pin(tx: &Tx<'_>, id: ChannelId, key: &str) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET state = 'active', asked_key = NULL, stopped = NULL,
            their_key = seal('channels.their_key', id, ?2),
            verified_at = CASE WHEN open('channels.their_key', id, their_key) = ?2
                THEN verified_at END
         WHERE id = ?1",
        params![id.0, key],
    )?;
    Ok(())
}

/// Goes on with the pinned key; the one that was shown is remembered as refused.
pub fn keep_pinned(tx: &Tx<'_>, id: ChannelId) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET state = 'active', stopped = NULL WHERE id = ?1",
        [id.0],
    )?;
    Ok(())
}

/// Notes how often the handshake was written on the relay, and that it was looked at.
pub fn looked_at(
    tx: &Tx<'_>,
    id: ChannelId,
    answers: Option<u32>,
    now: UnixMillis,
) -> Result<(), Error> {
    tx.0.prepare_cached(
        "UPDATE channels SET checked_at = ?3, answers = COALESCE(?2, answers) WHERE id = ?1",
    )?
    .execute(params![id.0, answers, now.0])?;
    Ok(())
}

/// Remembers that a peer asks in vain from now on.
pub fn block(tx: &Tx<'_>, id: ChannelId) -> Result<(), Error> {
    tx.0.execute("UPDATE channels SET blocked = 1 WHERE id = ?1", [id.0])?;
    Ok(())
}

/// Notes that the peer took a message of ours. Returns whether that is new.
pub fn trusted_by(tx: &Tx<'_>, id: ChannelId, now: UnixMillis) -> Result<bool, Error> {
    let new: bool =
        tx.0.prepare_cached("SELECT trusts_us IS NULL FROM channels WHERE id = ?1")?
            .query_row([id.0], |row| row.get(0))?;
    tx.0.prepare_cached("UPDATE channels SET trusts_us = ?2 WHERE id = ?1")?
        .execute(params![id.0, now.0])?;
    Ok(new)
}

/// Remembers that our handshake, or our request for contact, has to go out.
pub fn announce(tx: &Tx<'_>, id: ChannelId, announce: bool) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET announce = ?2 WHERE id = ?1",
        params![id.0, announce],
    )?;
    Ok(())
}

/// Takes up a channel that is over, by asking its peer for contact: nothing is pinned, and
/// nobody is kept from asking.
pub fn reinvite(tx: &Tx<'_>, id: ChannelId) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET state = 'invited', inviter = 1, blocked = 0, stopped = NULL,
            answers = NULL WHERE id = ?1",
        [id.0],
    )?;
    Ok(())
}

/// Remembers the key that somebody showed where we asked for contact.
pub fn met(tx: &Tx<'_>, id: ChannelId, key: &str) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET asked_key = seal('channels.asked_key', id, ?2) WHERE id = ?1",
        params![id.0, key],
    )?;
    Ok(())
}

/// Notes that our handshake is on the relay.
pub fn announced(tx: &Tx<'_>, id: ChannelId) -> Result<(), Error> {
    announce(tx, id, false)
}

/// Notes when a message last arrived.
pub fn set_last_seen(tx: &Tx<'_>, id: ChannelId, at: UnixMillis) -> Result<(), Error> {
    tx.0.prepare_cached("UPDATE channels SET last_seen = ?2 WHERE id = ?1")?
        .execute(params![id.0, at.0])?;
    Ok(())
}

/// Pauses or resumes one channel.
pub fn set_paused(tx: &Tx<'_>, id: ChannelId, paused: bool) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET paused = ?2 WHERE id = ?1",
        params![id.0, paused],
    )?;
    Ok(())
}

/// Renames a channel locally.
pub fn rename(tx: &Tx<'_>, id: ChannelId, name: &PeerText) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET name = seal('channels.name', id, ?2) WHERE id = ?1",
        params![id.0, name.expose_untrusted()],
    )?;
    Ok(())
}

/// Sets the text for the assistant.
pub fn set_instructions(tx: &Tx<'_>, id: ChannelId, text: &str) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET instructions = seal('channels.instructions', id, ?2) WHERE id = ?1",
        params![id.0, text],
    )?;
    Ok(())
}

/// Puts a preset, rules of the channel's own and a text into force, as the next version.
pub fn set_engagement(
    tx: &Tx<'_>,
    id: ChannelId,
    preset: &str,
    rules: Option<&str>,
    text: &str,
) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET preset = seal('channels.preset', id, ?2),
            rules = seal('channels.rules', id, ?3),
            instructions = seal('channels.instructions', id, ?4),
            policy_version = policy_version + 1
         WHERE id = ?1",
        params![id.0, preset, rules, text],
    )?;
    Ok(())
}

/// Notes that a person compared the safety code, or (`None`) that it counts no more.
pub fn set_verified(tx: &Tx<'_>, id: ChannelId, at: Option<UnixMillis>) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET verified_at = ?2, policy_version = policy_version + 1 WHERE id = ?1",
        params![id.0, at.map(|at| at.0)],
    )?;
    Ok(())
}

/// Sets what runs when something is released to the assistant; nothing where it is empty.
pub fn set_wake(tx: &Tx<'_>, id: ChannelId, command: &[String]) -> Result<(), Error> {
    // A list of strings always has a JSON form.
    let list = (!command.is_empty()).then(|| serde_json::to_string(command).unwrap_or_default());
    tx.0.execute(
        "UPDATE channels SET wake = seal('channels.wake', id, ?2) WHERE id = ?1",
        params![id.0, list],
    )?;
    Ok(())
}

/// `None` inside means that a stored word is none of ours.
fn keyed_of(row: &Row<'_>) -> rusqlite::Result<Option<Keyed>> {
    let network: String = row.get(1)?;
    let state: String = row.get(5)?;
    let (Some(network), Some(state)) = (NetworkId::parse(&network), ChannelState::parse(&state))
    else {
        return Ok(None);
    };
    let stopped: Option<String> = row.get(11)?;
    Ok(Some(Keyed {
        channel: Channel {
            id: ChannelId(row.get(0)?),
            network,
            address: row.get(2)?,
            name: PeerText::new(row.get::<_, String>(3)?),
            phone: row.get::<_, Option<String>>(4)?.map(PeerText::new),
            state,
            paused: row.get(6)?,
            inviter: row.get(7)?,
            relay: row.get(8)?,
            our_key: row.get(9)?,
            our_fingerprint: None,
            their_key: row.get(10)?,
            fingerprint: None,
            stopped: stopped.as_deref().and_then(StopReason::parse),
            preset: row.get(12)?,
            instructions: row.get(13)?,
            created_at: UnixMillis(row.get(14)?),
            last_seen: row.get::<_, Option<i64>>(15)?.map(UnixMillis),
            unread: row.get(16)?,
            held_in: row.get(17)?,
            rules: row.get(23)?,
            policy_version: row.get(24)?,
            verified: row.get::<_, Option<i64>>(25)?.map(UnixMillis),
            wake: row
                .get::<_, Option<String>>(26)?
                .map_or_else(Vec::new, |list| {
                    serde_json::from_str(&list).unwrap_or_default()
                }),
            muted: row.get::<_, Option<i64>>(27)?.map(UnixMillis),
            news: row.get(28)?,
            news_at: row.get::<_, Option<i64>>(29)?.map(UnixMillis),
            trusts_us: row.get::<_, Option<i64>>(31)?.map(UnixMillis),
            account: row.get::<_, Option<i64>>(32)?.map(AccountId),
            presence: None,
        },
        secret: Zeroizing::new(row.get(18)?),
        asked_key: row.get(19)?,
        announce: row.get(20)?,
        answers: row.get(21)?,
        checked_at: row.get::<_, Option<i64>>(22)?.map(UnixMillis),
        blocked: row.get(30)?,
        learned: row.get(33)?,
    }))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::tests::{plain, scratch};
    use super::*;

    /// Adds a channel with made-up keys.
    pub(crate) fn add(tx: &Tx<'_>, address: &str, state: ChannelState, inviter: bool) -> ChannelId {
        let new = NewChannel {
            account: None,
            network: NetworkId::Mailbox,
            address,
            name: &PeerText::new(format!("name of {address}")),
            phone: None,
            state,
            inviter,
            relay: "http://127.0.0.1:1",
            secret: &[1; 32],
            our_key: "ours",
            their_key: (state == ChannelState::Active).then_some("theirs"),
            announce: false,
            preset: "safe-acquaintance",
            instructions: "",
            created_at: UnixMillis(1),
            last_seen: None,
        };
        insert(tx, &new).unwrap()
    }

    #[test]
    fn the_id_in_a_link_cannot_take_the_name_of_another_channel() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let bob = add(&tx, "AAAA", ChannelState::Active, true);
        rename(&tx, bob, &PeerText::new("bob")).unwrap();
        let mallory = add(&tx, "bob", ChannelState::Active, false);
        assert_eq!(by_reference(&tx, "bob").unwrap(), [bob, mallory]);
        assert_eq!(
            by_address(&tx, (NetworkId::Mailbox, None), "bob").unwrap(),
            Some(mallory)
        );
        assert_eq!(
            by_address(&tx, (NetworkId::Mailbox, None), "AAAA").unwrap(),
            Some(bob)
        );
    }

    #[test]
    fn a_key_that_was_compared_stays_compared_when_it_is_pinned_again() {
        // In a protected profile the column is sealed; compared with the plain key it never
        // matched, and the comparison was lost.
        for mut scratch in [plain(), scratch()] {
            let tx = scratch.store.write().unwrap();
            let bob = add(&tx, "AAAA", ChannelState::Active, true);
            set_verified(&tx, bob, Some(UnixMillis(7))).unwrap();
            let verified = |tx: &Tx<'_>| by_id(tx, bob).unwrap().unwrap().channel.verified;
            pin(&tx, bob, "theirs").unwrap();
            assert_eq!(verified(&tx), Some(UnixMillis(7)));
            pin(&tx, bob, "another").unwrap();
            assert_eq!(verified(&tx), None);
        }
    }
}
