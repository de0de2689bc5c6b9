//! What waits for a person, and what was settled. A settled row is never changed again.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::model::{
    ChannelId, Digest, MessageId, PeerText, ReviewId, Snoozed, UnixMillis, Verdict,
};

use super::at_rest::next_id;
use super::{Error, Read, Tx};

/// The kinds of items, as the store writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A stranger answered an invite.
    ContactRequest,
    /// The key of a known peer changed.
    KeyChange,
    /// A message the assistant has not seen.
    HeldMessage,
    /// A draft of the assistant's that has not left.
    HeldDraft,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::ContactRequest => "contact_request",
            Self::KeyChange => "key_change",
            Self::HeldMessage => "held_message",
            Self::HeldDraft => "held_draft",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "contact_request" => Self::ContactRequest,
            "key_change" => Self::KeyChange,
            "held_message" => Self::HeldMessage,
            "held_draft" => Self::HeldDraft,
            _ => return None,
        })
    }
}

/// An item to put before a person.
#[derive(Debug)]
pub struct NewItem<'a> {
    /// The channel it is about.
    pub channel: ChannelId,
    /// What it is.
    pub kind: Kind,
    /// The message in question.
    pub message: Option<MessageId>,
    /// The key in question, in the network's text form.
    pub shown_key: Option<&'a str>,
    /// The key it would replace.
    pub pinned_key: Option<&'a str>,
    /// Handshake writes, where the relay tells.
    pub answers: Option<u32>,
    /// The reason of a stop, or the rule that holds.
    pub reason: Option<&'a str>,
    /// When it arose.
    pub since: UnixMillis,
    /// Digest of what will be shown.
    pub seen: Digest,
}

/// An item as stored.
#[derive(Debug)]
pub struct Item {
    /// Local id.
    pub id: ReviewId,
    /// The channel it is about.
    pub channel: ChannelId,
    /// Local name of that channel.
    pub name: PeerText,
    /// What it is.
    pub kind: Kind,
    /// The message in question.
    pub message: Option<MessageId>,
    /// The key in question.
    pub shown_key: Option<String>,
    /// The key it would replace.
    pub pinned_key: Option<String>,
    /// Handshake writes, where the relay tells.
    pub answers: Option<u32>,
    /// The reason of a stop, or the rule that holds.
    pub reason: Option<String>,
    /// When it arose.
    pub since: UnixMillis,
    /// Digest of what is shown.
    pub seen: Digest,
    /// What was said of it, once it was settled.
    pub verdict: Option<String>,
    /// Until when a person put it off.
    pub snoozed: Option<Snoozed>,
}

const COLUMNS: &str = "r.id, r.channel, open('channels.name', c.id, c.name), r.kind, r.message,
    open('review.shown_key', r.id, r.shown_key), open('review.pinned_key', r.id, r.pinned_key),
    r.answers, open('review.reason', r.id, r.reason), r.since, open('review.seen', r.id, r.seen),
    r.verdict, r.snoozed_until, r.until_they_write";

/// Puts an item before a person.
pub fn raise(tx: &Tx<'_>, new: &NewItem<'_>) -> Result<ReviewId, Error> {
    let id = next_id(tx, "review")?;
    tx.0.prepare_cached(
        "INSERT INTO review (id, channel, kind, message, shown_key, pinned_key, answers, reason,
            since, seen)
         VALUES (?10, ?1, ?2, ?3, seal('review.shown_key', ?10, ?4),
            seal('review.pinned_key', ?10, ?5), ?6, seal('review.reason', ?10, ?7), ?8,
            seal('review.seen', ?10, ?9))",
    )?
    .execute(params![
        new.channel.0,
        new.kind.as_str(),
        new.message.map(|message| message.0),
        new.shown_key,
        new.pinned_key,
        new.answers,
        new.reason,
        new.since.0,
        new.seen.0,
        id,
    ])?;
    Ok(ReviewId(id))
}

/// Replaces what an open item shows; whoever looked at the old one has to look again.
pub fn show_instead(
    tx: &Tx<'_>,
    id: ReviewId,
    shown_key: &str,
    answers: Option<u32>,
    seen: &Digest,
) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE review SET shown_key = seal('review.shown_key', id, ?2), answers = ?3,
            seen = seal('review.seen', id, ?4)
         WHERE id = ?1 AND settled_at IS NULL",
        params![id.0, shown_key, answers, seen.0],
    )?;
    Ok(())
}

/// Returns the open items: key changes first, then the oldest first.
pub fn open(read: &impl Read) -> Result<Vec<Item>, Error> {
    let mut statement = read.connection().prepare_cached(&format!(
        "SELECT {COLUMNS} FROM review r JOIN channels c ON c.id = r.channel
         WHERE r.settled_at IS NULL ORDER BY r.kind != 'key_change', r.since, r.id"
    ))?;
    let rows = statement.query_map([], item_of)?;
    rows.map(|row| row?.ok_or(Error::Corrupt("review item")))
        .collect()
}

/// Returns how many items are open.
pub fn count_open(read: &impl Read) -> Result<u32, Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT COUNT(*) FROM review WHERE settled_at IS NULL")?
        .query_row([], |row| row.get(0))?)
}

/// Returns one item, open or settled.
pub fn by_id(read: &impl Read, id: ReviewId) -> Result<Option<Item>, Error> {
    read.connection()
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM review r JOIN channels c ON c.id = r.channel WHERE r.id = ?1"
        ))?
        .query_row([id.0], item_of)
        .optional()?
        .map(|row| row.ok_or(Error::Corrupt("review item")))
        .transpose()
}

/// Returns the open item of this kind about a channel.
pub fn open_of(read: &impl Read, channel: ChannelId, kind: Kind) -> Result<Option<Item>, Error> {
    read.connection()
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM review r JOIN channels c ON c.id = r.channel
             WHERE r.channel = ?1 AND r.kind = ?2 AND r.settled_at IS NULL
             ORDER BY r.id DESC LIMIT 1"
        ))?
        .query_row(params![channel.0, kind.as_str()], item_of)
        .optional()?
        .map(|row| row.ok_or(Error::Corrupt("review item")))
        .transpose()
}

/// Settles an open item if what was shown is still what is there. Returns whether it did.
pub fn settle(
    tx: &Tx<'_>,
    id: ReviewId,
    seen: &Digest,
    verdict: Verdict,
    now: UnixMillis,
) -> Result<bool, Error> {
    let settled = tx.0.execute(
        "UPDATE review SET settled_at = ?4, verdict = ?3
         WHERE id = ?1 AND settled_at IS NULL AND open('review.seen', id, seen) = ?2",
        params![id.0, seen.0, verdict.as_str(), now.0],
    )?;
    Ok(settled == 1)
}

/// Settles the open item about a message without a person: its time was over.
pub fn settle_message(
    tx: &Tx<'_>,
    message: MessageId,
    word: &str,
    now: UnixMillis,
) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE review SET settled_at = ?3, verdict = ?2
         WHERE message = ?1 AND settled_at IS NULL",
        params![message.0, word, now.0],
    )?;
    Ok(())
}

/// Withdraws the open items about a channel, because there is nothing to decide any more.
pub fn withdraw(tx: &Tx<'_>, channel: ChannelId, now: UnixMillis) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE review SET settled_at = ?2, verdict = 'withdrawn'
         WHERE channel = ?1 AND settled_at IS NULL",
        params![channel.0, now.0],
    )?;
    Ok(())
}

/// Tells whether a person already refused this key on this channel.
pub fn was_refused(read: &impl Read, channel: ChannelId, key: &str) -> Result<bool, Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM review
                WHERE channel = ?1 AND verdict IN ('refuse', 'keep_pinned')
                    AND open('review.shown_key', id, shown_key) = ?2)",
        )?
        .query_row(params![channel.0, key], |row| row.get(0))?)
}

fn item_of(row: &Row<'_>) -> rusqlite::Result<Option<Item>> {
    let kind: String = row.get(3)?;
    let Some(kind) = Kind::parse(&kind) else {
        return Ok(None);
    };
    Ok(Some(Item {
        id: ReviewId(row.get(0)?),
        channel: ChannelId(row.get(1)?),
        name: PeerText::new(row.get::<_, String>(2)?),
        kind,
        message: row.get::<_, Option<i64>>(4)?.map(MessageId),
        shown_key: row.get(5)?,
        pinned_key: row.get(6)?,
        answers: row.get(7)?,
        reason: row.get(8)?,
        since: UnixMillis(row.get(9)?),
        seen: Digest(row.get(10)?),
        verdict: row.get(11)?,
        snoozed: match row.get::<_, Option<i64>>(12)? {
            Some(until) => Some(Snoozed {
                until: UnixMillis(until),
                they_write: row.get(13)?,
            }),
            None => None,
        },
    }))
}
