//! Messages of ours on their way out. Durable before a network sees them.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::model::{
    Author, Body, ChannelId, Digest, MessageId, Passage, PeerText, Routing, Signal, UnixMillis,
};

use super::at_rest::next_id;
use super::messages::{is_flagged, signals_text};
use super::routing::routing_of;
use super::{Error, Read, Tx};

/// A message that is to leave.
#[derive(Debug)]
pub struct NewOutbound<'a> {
    /// The conversation.
    pub channel: ChannelId,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub body: &'a Body,
    /// When it was written.
    pub at: UnixMillis,
    /// When it may leave.
    pub due: UnixMillis,
    /// The rule that let it go.
    pub rule: &'a str,
    /// How it came past the rules; `None` for a person's own words.
    pub passage: Option<Passage>,
    /// What a check of drafts found in it.
    pub signals: &'a [Signal],
}

/// The next message of a channel that is due.
#[derive(Debug)]
pub struct Due {
    /// The message.
    pub message: MessageId,
    /// Its channel.
    pub channel: ChannelId,
    /// What it says.
    pub body: Body,
    /// Attempts made before.
    pub attempts: u32,
    /// The sealed envelope as it goes on the wire, once it was sealed.
    pub payload: Option<String>,
    /// Digest of that envelope.
    pub envelope: Option<Digest>,
    /// How it stands among others, on networks where messages say so.
    pub routing: Option<Routing>,
}

/// Where the rule of a message that may leave is sealed, and that of a held draft: a draft that
/// somebody moves to the outbox behind the back of this program does not open there.
pub(super) const RULE: &str = "messages.rule";
pub(super) const RULE_OF_HELD: &str = "messages.ruleh";

/// Stores a message and queues it.
pub fn queue(tx: &Tx<'_>, new: &NewOutbound<'_>) -> Result<MessageId, Error> {
    let message = insert(tx, new, None)?;
    enter(tx, message, new.channel, new.due)?;
    Ok(message)
}

/// Stores a message of ours in no outbox: as a held draft where it waits for a person until a
/// time, otherwise as one that is queued.
pub(super) fn insert(
    tx: &Tx<'_>,
    new: &NewOutbound<'_>,
    waits_until: Option<UnixMillis>,
) -> Result<MessageId, Error> {
    let (place, delivery) = match waits_until {
        Some(_) => (RULE_OF_HELD, "held"),
        None => (RULE, "queued"),
    };
    let id = next_id(tx, "messages")?;
    tx.0.prepare_cached(
        "INSERT INTO messages (id, channel, author, at, subject, body, metadata, rule, delivery,
            read, passage, signals, flagged, expires)
         VALUES (?11, ?1, ?2, ?3, seal('messages.subject', ?11, ?4),
            seal('messages.body', ?11, ?5), seal('messages.metadata', ?11, ?6),
            seal(?12, ?11, ?7), ?13, 1, ?8, seal('messages.signals', ?11, ?9), ?10, ?14)",
    )?
    .execute(params![
        new.channel.0,
        new.author.as_str(),
        new.at.0,
        new.body.subject.expose_untrusted(),
        new.body.body.expose_untrusted(),
        new.body.metadata.expose_untrusted(),
        new.rule,
        new.passage.map(Passage::as_str),
        signals_text(new.signals),
        is_flagged(new.signals),
        id,
        place,
        delivery,
        waits_until.map(|at| at.0),
    ])?;
    Ok(MessageId(id))
}

/// Puts a stored message among those that leave.
pub(super) fn enter(
    tx: &Tx<'_>,
    message: MessageId,
    channel: ChannelId,
    due: UnixMillis,
) -> Result<(), Error> {
    tx.0.prepare_cached("INSERT INTO outbox (message, channel, due) VALUES (?1, ?2, ?3)")?
        .execute(params![message.0, channel.0, due.0])?;
    Ok(())
}

/// Returns the first message of each channel that may send now, if it is due. A message never
/// overtakes an older one of its channel, and nothing leaves a paused or inactive channel.
pub fn due(read: &impl Read, now: UnixMillis) -> Result<Vec<Due>, Error> {
    // The rule is opened to see that nobody but a person let a held draft go.
    let mut statement = read.connection().prepare_cached(
        "SELECT m.id, m.channel, open('messages.subject', m.id, m.subject),
            open('messages.body', m.id, m.body), open('messages.metadata', m.id, m.metadata),
            o.attempts, o.payload, m.envelope, open(?2, m.id, m.rule), m.kind,
            open('messages.topic', m.id, m.topic),
            open('messages.correlation', m.id, m.correlation),
            open('messages.reply_to', m.id, m.reply_to), m.answers,
            open('messages.audience', m.id, m.audience), m.remote_id, m.provenance, m.repeats
         FROM outbox o JOIN messages m ON m.id = o.message JOIN channels c ON c.id = o.channel
         WHERE o.due <= ?1 AND c.state = 'active' AND c.paused = 0
           AND o.message = (SELECT MIN(p.message) FROM outbox p WHERE p.channel = o.channel)
         ORDER BY o.due, o.message",
    )?;
    let rows = statement.query_map(params![now.0, RULE], due_of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns when the next message of a channel that may send is due.
pub fn next_due(read: &impl Read) -> Result<Option<UnixMillis>, Error> {
    let due: Option<i64> = read
        .connection()
        .prepare_cached(
            "SELECT MIN(o.due) FROM outbox o JOIN channels c ON c.id = o.channel
             WHERE c.state = 'active' AND c.paused = 0
               AND o.message = (SELECT MIN(p.message) FROM outbox p WHERE p.channel = o.channel)",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(due.map(UnixMillis))
}

/// The message of a channel that leaves before its others.
#[derive(Debug)]
pub struct First {
    /// The message.
    pub message: MessageId,
    /// When the next attempt is due.
    pub due: UnixMillis,
    /// What went wrong the last time.
    pub problem: Option<String>,
}

/// Returns the oldest message of a channel that has not left.
pub fn first(read: &impl Read, channel: ChannelId) -> Result<Option<First>, Error> {
    Ok(read
        .connection()
        .prepare_cached(
            "SELECT m.id, o.due, open('messages.problem', m.id, m.problem)
             FROM outbox o JOIN messages m ON m.id = o.message
             WHERE o.channel = ?1 ORDER BY o.message LIMIT 1",
        )?
        .query_row([channel.0], |row| {
            Ok(First {
                message: MessageId(row.get(0)?),
                due: UnixMillis(row.get(1)?),
                problem: row.get(2)?,
            })
        })
        .optional()?)
}

/// Returns how many messages have not left.
pub fn waiting(read: &impl Read) -> Result<u32, Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT COUNT(*) FROM outbox")?
        .query_row([], |row| row.get(0))?)
}

/// Keeps the sealed envelope, which from now on is what leaves, and counts the attempt. The
/// message is not due again before `due`, by when the attempt has ended one way or the other.
pub fn claim(
    tx: &Tx<'_>,
    message: MessageId,
    payload: &str,
    envelope: &Digest,
    due: UnixMillis,
) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE outbox SET payload = ?2, attempts = attempts + 1, due = ?3 WHERE message = ?1",
        params![message.0, payload, due.0],
    )?;
    tx.0.execute(
        "UPDATE messages SET envelope = ?2 WHERE id = ?1",
        params![message.0, envelope.0],
    )?;
    Ok(())
}

/// Notes that the relay has the message, or (`delivered`) that the peer said that they have it.
pub fn relayed(
    tx: &Tx<'_>,
    message: MessageId,
    seq: Option<i64>,
    delivered: bool,
    now: UnixMillis,
) -> Result<(), Error> {
    leave(tx, message)?;
    let delivery = if delivered { "delivered" } else { "relayed" };
    tx.0.execute(
        "UPDATE messages SET delivery = ?4, delivery_at = ?3, seq = ?2, problem = NULL
         WHERE id = ?1",
        params![message.0, seq, now.0, delivery],
    )?;
    Ok(())
}

/// Notes that an attempt failed and when to try again.
pub fn postpone(
    tx: &Tx<'_>,
    message: MessageId,
    due: UnixMillis,
    problem: Option<&str>,
) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE outbox SET due = ?2 WHERE message = ?1",
        params![message.0, due.0],
    )?;
    tx.0.execute(
        "UPDATE messages SET problem = seal('messages.problem', id, ?2) WHERE id = ?1",
        params![message.0, problem],
    )?;
    Ok(())
}

/// Notes that the relay refused the message for good.
pub fn fail(tx: &Tx<'_>, message: MessageId, problem: &str) -> Result<(), Error> {
    leave(tx, message)?;
    tx.0.execute(
        "UPDATE messages SET delivery = 'failed', problem = seal('messages.problem', id, ?2)
         WHERE id = ?1",
        params![message.0, problem],
    )?;
    Ok(())
}

/// Queues a failed message again, or brings the next attempt of a queued one forward. A message
/// that the relay refused gets a new envelope; one that may be out there keeps its own.
pub fn requeue(
    tx: &Tx<'_>,
    message: MessageId,
    channel: ChannelId,
    due: UnixMillis,
) -> Result<(), Error> {
    tx.0.execute(
        "INSERT INTO outbox (message, channel, due) VALUES (?1, ?2, ?3)
         ON CONFLICT (message) DO UPDATE SET due = excluded.due",
        params![message.0, channel.0, due.0],
    )?;
    tx.0.execute(
        "UPDATE messages SET delivery = 'queued', envelope =
            (SELECT m.envelope FROM messages m JOIN outbox o ON o.message = m.id
             WHERE m.id = ?1 AND o.payload IS NOT NULL)
         WHERE id = ?1",
        [message.0],
    )?;
    Ok(())
}

/// Forgets the envelopes of what waits in a channel: its key changed, and whoever has the old
/// one is not who they were meant for.
pub fn unseal(tx: &Tx<'_>, channel: ChannelId) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE messages SET envelope = NULL
         WHERE id IN (SELECT message FROM outbox WHERE channel = ?1)",
        [channel.0],
    )?;
    tx.0.execute(
        "UPDATE outbox SET payload = NULL, attempts = 0 WHERE channel = ?1",
        [channel.0],
    )?;
    Ok(())
}

/// Makes every message due now whose attempt was cut short: called when an engine starts.
/// Returns whether there was one.
pub fn resume(tx: &Tx<'_>, now: UnixMillis) -> Result<bool, Error> {
    let resumed = tx.0.execute(
        "UPDATE outbox SET due = ?1 WHERE attempts > 0 AND due > ?1",
        [now.0],
    )?;
    Ok(resumed > 0)
}

/// Takes a message back. Refused (`false`) once an attempt was made: it may be out there.
pub fn take_back(tx: &Tx<'_>, message: MessageId) -> Result<bool, Error> {
    let removed = tx.0.execute(
        "DELETE FROM outbox WHERE message = ?1 AND attempts = 0",
        [message.0],
    )?;
    if removed == 1 {
        tx.0.execute(
            "UPDATE messages SET delivery = 'taken_back' WHERE id = ?1",
            [message.0],
        )?;
    }
    Ok(removed == 1)
}

fn leave(tx: &Tx<'_>, message: MessageId) -> Result<(), Error> {
    tx.0.execute("DELETE FROM outbox WHERE message = ?1", [message.0])?;
    Ok(())
}

fn due_of(row: &Row<'_>) -> rusqlite::Result<Due> {
    Ok(Due {
        message: MessageId(row.get(0)?),
        channel: ChannelId(row.get(1)?),
        body: Body {
            subject: PeerText::new(row.get::<_, String>(2)?),
            body: PeerText::new(row.get::<_, String>(3)?),
            metadata: PeerText::new(row.get::<_, String>(4)?),
        },
        attempts: row.get(5)?,
        payload: row.get(6)?,
        envelope: row.get::<_, Option<[u8; 32]>>(7)?.map(Digest),
        routing: routing_of(row, 9)?,
    })
}

/// Lets what waits on a channel because attempts failed leave now. Returns whether anything does.
pub fn hurry(tx: &Tx<'_>, channel: ChannelId, now: UnixMillis) -> Result<bool, Error> {
    let changed = tx.0.execute(
        "UPDATE outbox SET due = ?2 WHERE channel = ?1 AND attempts > 0 AND due > ?2",
        params![channel.0, now.0],
    )?;
    Ok(changed > 0)
}

/// Returns whether a message is on its way out, and how many attempts were made.
pub fn attempts(read: &impl Read, message: MessageId) -> Result<Option<u32>, Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT attempts FROM outbox WHERE message = ?1")?
        .query_row([message.0], |row| row.get(0))
        .optional()?)
}

#[cfg(test)]
mod tests {
    use super::super::channels::{self, tests::add};
    use super::super::messages;
    use super::super::tests::{Scratch, scratch};
    use super::*;
    use crate::model::{ChannelState, Delivery};

    const NOW: UnixMillis = UnixMillis(1000);
    const LATER: UnixMillis = UnixMillis(9000);

    fn channel(scratch: &mut Scratch, address: &str) -> ChannelId {
        let tx = scratch.store.write().unwrap();
        let channel = add(&tx, address, ChannelState::Active, true);
        tx.commit().unwrap();
        channel
    }

    fn queue_at(scratch: &mut Scratch, channel: ChannelId, due: UnixMillis) -> MessageId {
        let new = NewOutbound {
            channel,
            author: Author::Human,
            body: &Body::new("", "hello"),
            at: NOW,
            due,
            rule: "test",
            passage: None,
            signals: &[],
        };
        let tx = scratch.store.write().unwrap();
        let message = queue(&tx, &new).unwrap();
        tx.commit().unwrap();
        message
    }

    fn change<T>(scratch: &mut Scratch, run: impl FnOnce(&Tx<'_>) -> Result<T, Error>) -> T {
        let tx = scratch.store.write().unwrap();
        let result = run(&tx).unwrap();
        tx.commit().unwrap();
        result
    }

    fn due_now(scratch: &Scratch) -> Vec<MessageId> {
        let due = due(&scratch.store, NOW).unwrap();
        due.into_iter().map(|due| due.message).collect()
    }

    fn delivery(scratch: &Scratch, message: MessageId) -> Delivery {
        let message = messages::by_id(&scratch.store, message).unwrap().unwrap();
        message.delivery.unwrap()
    }

    #[test]
    fn a_message_never_overtakes_an_older_one_of_its_channel() {
        let mut scratch = scratch();
        let channel_a = channel(&mut scratch, "a");
        let channel_b = channel(&mut scratch, "b");
        let older = queue_at(&mut scratch, channel_a, LATER);
        let younger = queue_at(&mut scratch, channel_a, NOW);
        let elsewhere = queue_at(&mut scratch, channel_b, NOW);
        assert_eq!(due_now(&scratch), [elsewhere]);

        change(&mut scratch, |tx| {
            claim(tx, elsewhere, "sealed", &Digest([1; 32]), LATER)?;
            take_back(tx, older)
        });
        assert_eq!(due_now(&scratch), [younger]);
    }

    #[test]
    fn nothing_of_a_paused_or_stopped_channel_is_ever_due() {
        let mut scratch = scratch();
        let channel = channel(&mut scratch, "a");
        let message = queue_at(&mut scratch, channel, NOW);
        let states = [
            ChannelState::Invited,
            ChannelState::Requested,
            ChannelState::Stopped,
            ChannelState::Superseded,
            ChannelState::Closed,
        ];
        for state in states {
            change(&mut scratch, |tx| channels::set_state(tx, channel, state));
            assert_eq!(due_now(&scratch), [], "{state:?}");
            assert_eq!(next_due(&scratch.store).unwrap(), None, "{state:?}");
        }
        change(&mut scratch, |tx| {
            channels::set_state(tx, channel, ChannelState::Active)?;
            channels::set_paused(tx, channel, true)
        });
        assert_eq!(due_now(&scratch), []);
        assert_eq!(next_due(&scratch.store).unwrap(), None);
        change(&mut scratch, |tx| channels::set_paused(tx, channel, false));
        assert_eq!(due_now(&scratch), [message]);
        assert_eq!(next_due(&scratch.store).unwrap(), Some(NOW));
    }

    #[test]
    fn a_claimed_message_repeats_its_envelope_and_cannot_be_taken_back() {
        let mut scratch = scratch();
        let channel = channel(&mut scratch, "a");
        let message = queue_at(&mut scratch, channel, NOW);
        change(&mut scratch, |tx| {
            claim(tx, message, "sealed", &Digest([1; 32]), LATER)
        });
        assert_eq!(due_now(&scratch), []);
        assert!(!change(&mut scratch, |tx| take_back(tx, message)));

        assert!(change(&mut scratch, |tx| resume(tx, NOW)));
        let due = due(&scratch.store, NOW).unwrap().remove(0);
        assert_eq!(due.payload.as_deref(), Some("sealed"));
        assert_eq!(due.envelope, Some(Digest([1; 32])));
        assert_eq!(due.attempts, 1);
    }

    #[test]
    fn a_restart_does_not_shorten_the_time_for_taking_back() {
        let mut scratch = scratch();
        let channel = channel(&mut scratch, "a");
        let message = queue_at(&mut scratch, channel, LATER);
        assert!(!change(&mut scratch, |tx| resume(tx, NOW)));
        assert_eq!(due_now(&scratch), []);
        assert!(change(&mut scratch, |tx| take_back(tx, message)));
        assert_eq!(delivery(&scratch, message), Delivery::TakenBack);
    }

    #[test]
    fn a_new_key_gets_a_new_envelope() {
        let mut scratch = scratch();
        let channel = channel(&mut scratch, "a");
        let message = queue_at(&mut scratch, channel, NOW);
        change(&mut scratch, |tx| {
            claim(tx, message, "sealed", &Digest([1; 32]), NOW)?;
            unseal(tx, channel)
        });
        let due = due(&scratch.store, NOW).unwrap().remove(0);
        assert_eq!((due.payload, due.envelope, due.attempts), (None, None, 0));
    }

    #[test]
    fn what_was_refused_gets_a_new_envelope_and_what_may_be_out_there_keeps_its_own() {
        let mut scratch = scratch();
        let channel = channel(&mut scratch, "a");
        let message = queue_at(&mut scratch, channel, NOW);
        let envelope = Digest([1; 32]);
        change(&mut scratch, |tx| {
            claim(tx, message, "sealed", &envelope, LATER)?;
            requeue(tx, message, channel, NOW)
        });
        let waiting = due(&scratch.store, NOW).unwrap().remove(0);
        assert_eq!(waiting.envelope, Some(envelope));

        change(&mut scratch, |tx| fail(tx, message, "too large"));
        let problem = "too large".to_owned();
        assert_eq!(delivery(&scratch, message), Delivery::Failed { problem });
        change(&mut scratch, |tx| requeue(tx, message, channel, NOW));
        let again = due(&scratch.store, NOW).unwrap().remove(0);
        assert_eq!(
            (again.payload, again.envelope, again.attempts),
            (None, None, 0)
        );
    }
}
