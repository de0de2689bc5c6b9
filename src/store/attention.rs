//! What a person wants to be told of, what they put off, and what happened while they were away.

use rusqlite::{OptionalExtension as _, params};

use crate::model::{
    Actor, ChannelId, Evidence, LogEntry, Message, MessageId, ReviewId, Snoozed, UnixMillis,
};

use super::messages::by_id;
use super::{Error, Read, Tx, log, settings};

/// Key of the moment at which a person last looked, in milliseconds.
const LOOKED_AT: &str = "looked_at";

/// Notes until when a person does not want to be told of a channel, or (`None`) that they do.
pub fn set_muted(tx: &Tx<'_>, id: ChannelId, until: Option<UnixMillis>) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE channels SET muted_until = ?2 WHERE id = ?1",
        params![id.0, until.map(|until| until.0)],
    )?;
    Ok(())
}

/// Puts an open item off, or (`None`) no longer. Returns whether there is such an item.
pub fn set_snoozed(tx: &Tx<'_>, id: ReviewId, snoozed: Option<Snoozed>) -> Result<bool, Error> {
    let changed = tx.0.execute(
        "UPDATE review SET snoozed_until = ?2, until_they_write = ?3
         WHERE id = ?1 AND settled_at IS NULL",
        params![
            id.0,
            snoozed.map(|snoozed| snoozed.until.0),
            snoozed.is_some_and(|snoozed| snoozed.they_write),
        ],
    )?;
    Ok(changed == 1)
}

/// Ends what was put off in a channel until its peer writes. Returns whether anything was.
pub fn they_wrote(tx: &Tx<'_>, channel: ChannelId) -> Result<bool, Error> {
    let ended =
        tx.0.prepare_cached(
            "UPDATE review SET snoozed_until = NULL, until_they_write = 0
             WHERE channel = ?1 AND settled_at IS NULL AND until_they_write = 1",
        )?
        .execute([channel.0])?;
    Ok(ended > 0)
}

/// Returns when a person last looked, if that was ever noted.
pub fn looked_at(read: &impl Read) -> Result<Option<UnixMillis>, Error> {
    let noted = settings::get(read, LOOKED_AT)?;
    Ok(noted.and_then(|at| at.parse().ok()).map(UnixMillis))
}

/// Notes that a person looks now.
pub fn set_looked_at(tx: &Tx<'_>, now: UnixMillis) -> Result<(), Error> {
    settings::set(tx, LOOKED_AT, &now.0.to_string())
}

/// Marks what is left to the digest as read, up to and including a message. Returns how many
/// were not yet.
pub fn mark_digest_read(tx: &Tx<'_>, up_to: MessageId) -> Result<usize, Error> {
    Ok(tx.0.execute(
        "UPDATE messages SET read = 1 WHERE digest = 1 AND read = 0 AND id <= ?1",
        [up_to.0],
    )?)
}

/// A message that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The conversation.
    pub channel: ChannelId,
    /// When it arrived.
    pub at: UnixMillis,
}

/// Returns what arrived after a moment, in no order.
pub fn arrived(read: &impl Read, after: UnixMillis) -> Result<Vec<Arrival>, Error> {
    let mut statement = read
        .connection()
        .prepare_cached("SELECT channel, at FROM messages WHERE author = 'peer' AND at > ?1")?;
    let rows = statement.query_map([after.0], |row| {
        Ok(Arrival {
            channel: ChannelId(row.get(0)?),
            at: UnixMillis(row.get(1)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Counts what arrived after a moment.
pub fn count_arrived(read: &impl Read, after: UnixMillis) -> Result<u32, Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT COUNT(*) FROM messages WHERE author = 'peer' AND at > ?1")?
        .query_row([after.0], |row| row.get(0))?)
}

/// Something that the log says of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The conversation.
    pub channel: ChannelId,
    /// When.
    pub at: UnixMillis,
    /// Who did it.
    pub actor: Actor,
    /// Short code of what was done.
    pub what: String,
    /// The rule by which a message left alone.
    pub rule: Option<String>,
}

/// Returns what was decided or done in channels after a moment, oldest first; deliveries are
/// left out.
pub fn logged(read: &impl Read, after: UnixMillis) -> Result<Vec<Logged>, Error> {
    let mut statement = read.connection().prepare_cached(
        "SELECT channel, at, actor, what,
            CASE WHEN what = 'sent_alone' THEN open('log.evidence', number, evidence) END
         FROM log WHERE at > ?1 AND channel IS NOT NULL AND what NOT IN ('queued', 'relayed')
         ORDER BY number",
    )?;
    let mut rows = statement.query([after.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let actor: String = row.get(2)?;
        let evidence: Option<String> = row.get(4)?;
        let evidence = evidence.map(|evidence| serde_json::from_str::<Evidence>(&evidence));
        let evidence = evidence
            .transpose()
            .map_err(|_not_ours| Error::Corrupt("log entry"))?;
        found.push(Logged {
            channel: ChannelId(row.get(0)?),
            at: UnixMillis(row.get(1)?),
            actor: Actor::parse(&actor).ok_or(Error::Corrupt("log entry"))?,
            what: row.get(3)?,
            rule: evidence.and_then(|evidence| evidence.rule),
        });
    }
    Ok(found)
}

/// Counts what a channel's rules did after a moment: messages that left alone, and messages and
/// drafts that were held.
pub fn by_rule(
    read: &impl Read,
    channel: ChannelId,
    after: UnixMillis,
) -> Result<(u32, u32), Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT COUNT(*) FILTER (WHERE what = 'sent_alone'),
                COUNT(*) FILTER (WHERE what IN ('held_in', 'held_out'))
             FROM log WHERE at > ?2 AND channel = ?1",
        )?
        .query_row(params![channel.0, after.0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?)
}

/// Returns the last decisions of a channel, by a person, a rule or the clock, newest first.
pub fn decisions(read: &impl Read, channel: ChannelId, limit: u32) -> Result<Vec<LogEntry>, Error> {
    let numbers: Vec<i64> = read
        .connection()
        .prepare_cached(
            "SELECT number FROM log WHERE channel = ?1
                AND what NOT IN ('queued', 'relayed', 'held_in', 'held_out')
                AND (what GLOB 'draft_*' OR what GLOB 'message_*' OR what GLOB 'contact_*'
                    OR what IN ('sent_alone', 'key_repinned', 'pinned_key_kept', 'code_compared',
                        'stopped', 'engagement_set', 'engagement_widened', 'ended'))
             ORDER BY number DESC LIMIT ?2",
        )?
        .query_map(params![channel.0, limit], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    for number in numbers {
        found.extend(log::newest(read, 1, Some(number + 1))?);
    }
    Ok(found)
}

/// Counts the relay's numbers of a channel that no message here has, between the first and the
/// last that one has.
pub fn gaps(read: &impl Read, channel: ChannelId) -> Result<u32, Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT COALESCE(MAX(seq) - MIN(seq) + 1 - COUNT(DISTINCT seq), 0)
             FROM messages WHERE channel = ?1 AND seq IS NOT NULL",
        )?
        .query_row([channel.0], |row| row.get(0))?)
}

/// Counts the messages of a channel that have not left.
pub fn outbox(read: &impl Read, channel: ChannelId) -> Result<u32, Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT COUNT(*) FROM outbox WHERE channel = ?1")?
        .query_row([channel.0], |row| row.get(0))?)
}

/// Returns the last message from this side of a channel that left, waits to leave or could not.
pub fn last_sent(read: &impl Read, channel: ChannelId) -> Result<Option<Message>, Error> {
    let id: Option<i64> = read
        .connection()
        .prepare_cached(
            "SELECT id FROM messages WHERE channel = ?1 AND author != 'peer'
                AND delivery IN ('queued', 'relayed', 'collected', 'delivered', 'failed')
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row([channel.0], |row| row.get(0))
        .optional()?;
    id.map(|id| by_id(read, MessageId(id)))
        .transpose()
        .map(Option::flatten)
}

/// Returns the last unread message of a channel that its rules do not leave to the digest.
pub fn last_new(read: &impl Read, channel: ChannelId) -> Result<Option<Message>, Error> {
    let id: Option<i64> = read
        .connection()
        .prepare_cached(
            "SELECT id FROM messages
             WHERE channel = ?1 AND author = 'peer' AND read = 0 AND digest = 0
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row([channel.0], |row| row.get(0))
        .optional()?;
    id.map(|id| by_id(read, MessageId(id)))
        .transpose()
        .map(Option::flatten)
}

#[cfg(test)]
mod tests {
    use super::super::channels::tests::add;
    use super::super::review::{self, Kind, NewItem};
    use super::super::tests::scratch;
    use super::*;
    use crate::model::{ChannelState, Digest};

    fn raise(tx: &Tx<'_>, channel: ChannelId) -> ReviewId {
        let item = NewItem {
            channel,
            kind: Kind::ContactRequest,
            message: None,
            shown_key: Some("key"),
            pinned_key: None,
            answers: None,
            reason: None,
            since: UnixMillis(1),
            seen: Digest([1; 32]),
        };
        review::raise(tx, &item).unwrap()
    }

    fn snoozed(tx: &Tx<'_>, id: ReviewId) -> Option<Snoozed> {
        review::by_id(tx, id).unwrap().unwrap().snoozed
    }

    #[test]
    fn what_is_put_off_until_they_write_comes_back_when_they_do_and_nothing_else_does() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let bob = add(&tx, "bob", ChannelState::Active, true);
        let eve = add(&tx, "eve", ChannelState::Active, true);
        let (first, second, other) = (raise(&tx, bob), raise(&tx, bob), raise(&tx, eve));
        let open = Snoozed {
            until: UnixMillis::FAR,
            they_write: true,
        };
        let timed = Snoozed {
            until: UnixMillis(50),
            they_write: false,
        };
        for (id, how) in [(first, open), (second, timed), (other, open)] {
            assert!(set_snoozed(&tx, id, Some(how)).unwrap());
        }
        assert!(they_wrote(&tx, bob).unwrap());
        assert_eq!(snoozed(&tx, first), None);
        assert_eq!(snoozed(&tx, second), Some(timed));
        assert_eq!(snoozed(&tx, other), Some(open));
        assert!(!they_wrote(&tx, bob).unwrap());
    }

    #[test]
    fn what_was_settled_cannot_be_put_off() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let bob = add(&tx, "bob", ChannelState::Active, true);
        let item = raise(&tx, bob);
        review::withdraw(&tx, bob, UnixMillis(2)).unwrap();
        assert!(!set_snoozed(&tx, item, None).unwrap());
    }

    #[test]
    fn a_muted_channel_is_muted_until_its_time_is_over() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let bob = add(&tx, "bob", ChannelState::Active, true);
        set_muted(&tx, bob, Some(UnixMillis(50))).unwrap();
        let channel = super::super::channels::by_id(&tx, bob).unwrap().unwrap();
        assert!(channel.channel.is_muted(UnixMillis(49)));
        assert!(!channel.channel.is_muted(UnixMillis(50)));
        assert_eq!(looked_at(&tx).unwrap(), None);
        set_looked_at(&tx, UnixMillis(7)).unwrap();
        assert_eq!(looked_at(&tx).unwrap(), Some(UnixMillis(7)));
    }
}
