//! Messages of both directions.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::model::{
    Admission, Author, Body, ChannelId, Content, Delivery, Digest, Message, MessageId, Passage,
    PeerText, RawReason, Severity, Signal, UnixMillis, Words,
};

use super::at_rest::next_id;
use super::routing::routing_of;
use super::{Error, Read, Tx};

/// Characters of an unreadable payload that a reader gets; the row keeps all of it.
const RAW_SHOWN: usize = 64 * 1024;

/// Something that arrived, with what a rule said of it.
#[derive(Debug)]
pub struct NewInbound<'a> {
    /// The conversation.
    pub channel: ChannelId,
    /// The relay's number.
    pub seq: Option<i64>,
    /// When it arrived here.
    pub at: UnixMillis,
    /// What it says.
    pub content: &'a Content,
    /// Digest of its envelope.
    pub envelope: Digest,
    /// What a rule said of it. There is no way to store a message without one.
    pub admission: &'a Admission,
    /// What the scanner found in it.
    pub signals: &'a [Signal],
    /// Whether it is left to the digest.
    pub digest: bool,
}

/// What storing an arrival came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is new, and stored.
    New(MessageId),
    /// The peer's, and here already.
    Known,
    /// One of our own envelopes, shown to us by the relay.
    Ours(MessageId),
}

/// Stores an arrival, unless its envelope is known.
pub fn receive(tx: &Tx<'_>, new: &NewInbound<'_>) -> Result<Arrival, Error> {
    if let Some((id, author)) = by_envelope(tx, new.channel, &new.envelope)? {
        return Ok(match author {
            Author::Peer => Arrival::Known,
            Author::Human | Author::Assistant => Arrival::Ours(id),
        });
    }
    let empty = Body::new("", "");
    let (body, raw) = match new.content {
        Content::Text(body) => (body, None),
        Content::Raw { reason, payload } => (&empty, Some((reason, payload))),
    };
    let (admitted, rule) = match new.admission {
        Admission::Released { rule } => (true, rule),
        Admission::Held { rule } => (false, rule),
    };
    let id = next_id(tx, "messages")?;
    tx.0.prepare_cached(
        "INSERT INTO messages (id, channel, author, seq, at, subject, body, metadata, raw_reason,
            raw_payload, envelope, admitted, rule, signals, flagged, passage, digest)
         VALUES (?16, ?1, 'peer', ?2, ?3, seal('messages.subject', ?16, ?4),
            seal('messages.body', ?16, ?5), seal('messages.metadata', ?16, ?6), ?7,
            seal('messages.raw_payload', ?16, ?8), ?9, ?10,
            seal('messages.rule' || ?10, ?16, ?11), seal('messages.signals', ?16, ?12), ?13, ?14,
            ?15)",
    )?
    .execute(params![
        new.channel.0,
        new.seq,
        new.at.0,
        body.subject.expose_untrusted(),
        body.body.expose_untrusted(),
        body.metadata.expose_untrusted(),
        raw.map(|(reason, _)| reason.as_str()),
        raw.map(|(_, payload)| payload.expose_untrusted()),
        new.envelope.0,
        admitted,
        rule,
        signals_text(new.signals),
        is_flagged(new.signals),
        admitted.then_some(Passage::Alone.as_str()),
        new.digest,
        id,
    ])?;
    Ok(Arrival::New(MessageId(id)))
}

/// Returns the message with this envelope, and who wrote it.
pub fn by_envelope(
    tx: &Tx<'_>,
    channel: ChannelId,
    envelope: &Digest,
) -> Result<Option<(MessageId, Author)>, Error> {
    let found: Option<(i64, String)> = tx
        .0
        .prepare_cached("SELECT id, author FROM messages WHERE channel = ?1 AND envelope = ?2")?
        .query_row(params![channel.0, envelope.0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    found
        .map(|(id, author)| {
            Author::parse(&author)
                .map(|author| (MessageId(id), author))
                .ok_or(Error::Corrupt("author"))
        })
        .transpose()
}

/// Notes that messages of ours are gone from the relay. Returns how many that changed.
pub fn collected(
    tx: &Tx<'_>,
    channel: ChannelId,
    gone: &[Digest],
    now: UnixMillis,
) -> Result<usize, Error> {
    let mut statement = tx.0.prepare_cached(
        "UPDATE messages SET delivery = 'collected', delivery_at = ?3
         WHERE channel = ?1 AND envelope = ?2 AND delivery = 'relayed'",
    )?;
    let mut changed = 0;
    for digest in gone {
        changed += statement.execute(params![channel.0, digest.0, now.0])?;
    }
    Ok(changed)
}

/// Returns the digests of our messages that were at the relay when last looked at.
pub fn at_relay(read: &impl Read, channel: ChannelId) -> Result<Vec<Digest>, Error> {
    // Named, because the planner prefers the index of envelopes, which holds every message.
    let mut statement = read.connection().prepare_cached(
        "SELECT envelope FROM messages INDEXED BY messages_at_relay
         WHERE channel = ?1 AND delivery = 'relayed' AND envelope IS NOT NULL",
    )?;
    let rows = statement.query_map([channel.0], |row| Ok(Digest(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) const COLUMNS: &str = "m.id, m.channel, m.author, m.seq, m.at,
    open('messages.subject', m.id, m.subject), open('messages.body', m.id, m.body),
    open('messages.metadata', m.id, m.metadata), m.raw_reason,
    open('messages.raw_payload', m.id, m.raw_payload), m.envelope, m.admitted,
    open('messages.rule' || ifnull(m.admitted, '')
        || iif(m.delivery IN ('held', 'refused', 'expired'), 'h', ''), m.id, m.rule),
    m.delivery, m.delivery_at, open('messages.problem', m.id, m.problem), m.handed_over, m.read,
    o.due, o.attempts, open('messages.signals', m.id, m.signals), m.passage,
    open('messages.other_subject', m.id, m.other_subject),
    open('messages.other_body', m.id, m.other_body), open('messages.reason', m.id, m.reason),
    m.expires, m.digest, m.kind, open('messages.topic', m.id, m.topic),
    open('messages.correlation', m.id, m.correlation), open('messages.reply_to', m.id, m.reply_to),
    m.answers, open('messages.audience', m.id, m.audience), m.remote_id, m.provenance,
    m.repeats";

/// Where in [`COLUMNS`] those of the routing begin.
const ROUTING: usize = 27;

/// Writes findings as the store keeps them; nothing for none.
pub(super) fn signals_text(signals: &[Signal]) -> Option<String> {
    // A list of plain values always has a JSON form.
    (!signals.is_empty()).then(|| serde_json::to_string(signals).unwrap_or_default())
}

/// Tells whether any finding weighs more than a note.
pub(super) fn is_flagged(signals: &[Signal]) -> bool {
    signals
        .iter()
        .any(|signal| signal.severity > Severity::Note)
}

/// Returns the last messages of a channel before one, oldest first, and at most `limit`.
pub fn page(
    read: &impl Read,
    channel: ChannelId,
    before: Option<MessageId>,
    limit: u32,
) -> Result<Vec<Message>, Error> {
    let mut statement = read.connection().prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages m LEFT JOIN outbox o ON o.message = m.id
         WHERE m.channel = ?1 AND m.id < ?2 ORDER BY m.id DESC LIMIT ?3"
    ))?;
    let before = before.map_or(i64::MAX, |id| id.0);
    let rows = statement.query_map(params![channel.0, before, limit], message_of)?;
    let mut page = rows
        .map(|row| row?.ok_or(Error::Corrupt("message")))
        .collect::<Result<Vec<_>, Error>>()?;
    page.reverse();
    Ok(page)
}

/// Returns how many messages a channel has.
pub fn count(read: &impl Read, channel: ChannelId) -> Result<u64, Error> {
    let count: i64 = read
        .connection()
        .prepare_cached("SELECT COUNT(*) FROM messages WHERE channel = ?1")?
        .query_row([channel.0], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Returns one message.
pub fn by_id(read: &impl Read, id: MessageId) -> Result<Option<Message>, Error> {
    read.connection()
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM messages m LEFT JOIN outbox o ON o.message = m.id
             WHERE m.id = ?1"
        ))?
        .query_row([id.0], message_of)
        .optional()?
        .map(|row| row.ok_or(Error::Corrupt("message")))
        .transpose()
}

/// Returns what was released to the assistant and not handed over, by channel and arrival, and
/// whether there is more. Nothing of a paused channel, and nothing that `is_out` names.
///
/// Ends after the message that exceeds `budget` bytes of text: a peer may have left more than
/// fits into memory.
pub fn for_assistant(
    read: &impl Read,
    budget: usize,
    is_out: impl Fn(MessageId) -> bool,
) -> Result<(Vec<Message>, bool), Error> {
    let mut statement = read.connection().prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages m LEFT JOIN outbox o ON o.message = m.id
         JOIN channels c ON c.id = m.channel
         WHERE m.admitted = 1 AND m.handed_over IS NULL AND c.paused = 0
           AND c.state NOT IN ('stopped')
         ORDER BY m.channel, m.id"
    ))?;
    let mut rows = statement.query_map([], message_of)?;
    let (mut messages, mut bytes) = (Vec::new(), 0);
    for row in &mut rows {
        let message = row?.ok_or(Error::Corrupt("message"))?;
        if is_out(message.id) {
            continue;
        }
        if bytes > budget {
            return Ok((messages, true));
        }
        if let Content::Text(body) = &message.content {
            bytes += body.subject.len() + body.body.len() + body.metadata.len();
        }
        messages.push(message);
    }
    Ok((messages, false))
}

/// Notes that the assistant took a message.
pub fn handed_over(tx: &Tx<'_>, id: MessageId, now: UnixMillis) -> Result<(), Error> {
    tx.0.prepare_cached(
        "UPDATE messages SET handed_over = ?2
         WHERE id = ?1 AND admitted = 1 AND handed_over IS NULL",
    )?
    .execute(params![id.0, now.0])?;
    Ok(())
}

/// Notes that a person looked at a channel up to a message. Returns how many that changed.
pub fn mark_read(tx: &Tx<'_>, channel: ChannelId, up_to: MessageId) -> Result<usize, Error> {
    Ok(tx.0.execute(
        "UPDATE messages SET read = 1
         WHERE channel = ?1 AND id <= ?2 AND author = 'peer' AND read = 0",
        params![channel.0, up_to.0],
    )?)
}

/// Notes that a person let a held message pass, and what the assistant gets in its place.
pub fn release(
    tx: &Tx<'_>,
    id: MessageId,
    passage: Passage,
    instead: Option<&Words>,
) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE messages SET admitted = 1, passage = ?2,
            rule = seal('messages.rule1', id,
                open('messages.rule' || ifnull(admitted, ''), id, rule)),
            other_subject = seal('messages.other_subject', id, ?3),
            other_body = seal('messages.other_body', id, ?4)
         WHERE id = ?1 AND author = 'peer'",
        params![
            id.0,
            passage.as_str(),
            instead.map(|words| words.subject.expose_untrusted()),
            instead.map(|words| words.body.expose_untrusted()),
        ],
    )?;
    Ok(())
}

/// Keeps what a person said when they refused a message.
pub fn set_reason(tx: &Tx<'_>, id: MessageId, reason: &PeerText) -> Result<(), Error> {
    tx.0.execute(
        "UPDATE messages SET reason = seal('messages.reason', id, ?2) WHERE id = ?1",
        params![id.0, reason.expose_untrusted()],
    )?;
    Ok(())
}

/// Returns how many messages that can be read are held back from the assistant.
pub fn held(read: &impl Read) -> Result<u32, Error> {
    Ok(read
        .connection()
        .prepare_cached("SELECT COUNT(*) FROM messages WHERE admitted = 0 AND raw_reason IS NULL")?
        .query_row([], |row| row.get(0))?)
}

/// `None` inside means that a stored word is none of ours.
pub(super) fn message_of(row: &Row<'_>) -> rusqlite::Result<Option<Message>> {
    let author: String = row.get(2)?;
    let Some(author) = Author::parse(&author) else {
        return Ok(None);
    };
    let Some(content) = content_of(row)? else {
        return Ok(None);
    };
    let rule: Option<String> = row.get(12)?;
    let admission = row.get::<_, Option<bool>>(11)?.map(|released| {
        let rule = rule.unwrap_or_default();
        if released {
            Admission::Released { rule }
        } else {
            Admission::Held { rule }
        }
    });
    Ok(Some(Message {
        id: MessageId(row.get(0)?),
        channel: ChannelId(row.get(1)?),
        author,
        seq: row.get(3)?,
        at: UnixMillis(row.get(4)?),
        content,
        envelope: row.get::<_, Option<[u8; 32]>>(10)?.map(Digest),
        admission,
        delivery: delivery_of(row)?,
        handed_over: row.get::<_, Option<i64>>(16)?.map(UnixMillis),
        read: row.get(17)?,
        signals: row
            .get::<_, Option<String>>(20)?
            .map_or_else(Vec::new, |list| {
                // A code of a newer version is not readable here; the message still is.
                serde_json::from_str(&list).unwrap_or_default()
            }),
        passage: row
            .get::<_, Option<String>>(21)?
            .and_then(|word| Passage::parse(&word)),
        other: other_of(row)?,
        digest: row.get(26)?,
        routing: routing_of(row, ROUTING)?.map(Box::new),
    }))
}

fn other_of(row: &Row<'_>) -> rusqlite::Result<Option<Words>> {
    let body: Option<String> = row.get(23)?;
    let subject: Option<String> = row.get(22)?;
    Ok(body.map(|body| Words {
        subject: PeerText::new(subject.unwrap_or_default()),
        body: PeerText::new(body),
    }))
}

fn content_of(row: &Row<'_>) -> rusqlite::Result<Option<Content>> {
    let reason: Option<String> = row.get(8)?;
    let Some(reason) = reason else {
        return Ok(Some(Content::Text(Body {
            subject: PeerText::new(row.get::<_, String>(5)?),
            body: PeerText::new(row.get::<_, String>(6)?),
            metadata: PeerText::new(row.get::<_, String>(7)?),
        })));
    };
    let payload: Option<String> = row.get(9)?;
    let payload: String = payload
        .unwrap_or_default()
        .chars()
        .take(RAW_SHOWN)
        .collect();
    Ok(RawReason::parse(&reason).map(|reason| Content::Raw {
        reason,
        payload: PeerText::new(payload),
    }))
}

fn delivery_of(row: &Row<'_>) -> rusqlite::Result<Option<Delivery>> {
    let word: Option<String> = row.get(13)?;
    let at = UnixMillis(row.get::<_, Option<i64>>(14)?.unwrap_or_default());
    let problem: Option<String> = row.get(15)?;
    Ok(match word.as_deref() {
        Some("queued") => Some(Delivery::Queued {
            due: UnixMillis(row.get::<_, Option<i64>>(18)?.unwrap_or_default()),
            attempts: row.get::<_, Option<u32>>(19)?.unwrap_or_default(),
            problem,
        }),
        Some("relayed") => Some(Delivery::Relayed { at }),
        Some("collected") => Some(Delivery::Collected { at }),
        Some("delivered") => Some(Delivery::Delivered { at }),
        Some("failed") => Some(Delivery::Failed {
            problem: problem.unwrap_or_default(),
        }),
        Some("taken_back") => Some(Delivery::TakenBack),
        Some("held") => Some(Delivery::Held {
            rule: row.get::<_, Option<String>>(12)?.unwrap_or_default(),
            expires: UnixMillis(row.get::<_, Option<i64>>(25)?.unwrap_or_default()),
        }),
        Some("refused") => Some(Delivery::Refused {
            reason: PeerText::new(row.get::<_, Option<String>>(24)?.unwrap_or_default()),
        }),
        Some("expired") => Some(Delivery::Expired { at }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::channels::tests::add;
    use super::super::outbox;
    use super::super::supervision::{flagged_before, for_digest};
    use super::super::tests::scratch;
    use super::*;
    use crate::model::ChannelState;

    const NOW: UnixMillis = UnixMillis(1000);
    const ENVELOPE: Digest = Digest([1; 32]);

    fn arrive(tx: &Tx<'_>, channel: ChannelId, seq: i64, envelope: Digest) -> Arrival {
        let new = NewInbound {
            channel,
            seq: Some(seq),
            at: NOW,
            content: &Content::Text(Body::new("", "hello")),
            envelope,
            admission: &Admission::Released {
                rule: "test".to_owned(),
            },
            signals: &[],
            digest: false,
        };
        receive(tx, &new).unwrap()
    }

    /// Queues a message and lets it have this envelope.
    fn claimed(tx: &Tx<'_>, channel: ChannelId, envelope: Digest) -> MessageId {
        let new = outbox::NewOutbound {
            channel,
            author: Author::Human,
            body: &Body::new("", "ours"),
            at: NOW,
            due: NOW,
            rule: "test",
            passage: None,
            signals: &[],
        };
        let message = outbox::queue(tx, &new).unwrap();
        outbox::claim(tx, message, "sealed", &envelope, NOW).unwrap();
        message
    }

    fn all(tx: &Tx<'_>) -> Vec<Message> {
        for_assistant(tx, usize::MAX, |_| false).unwrap().0
    }

    #[test]
    fn an_envelope_is_stored_once_per_channel_under_whatever_number_it_comes() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let here = add(&tx, "a", ChannelState::Active, true);
        let there = add(&tx, "b", ChannelState::Active, true);
        assert!(matches!(arrive(&tx, here, 1, ENVELOPE), Arrival::New(_)));
        assert_eq!(arrive(&tx, here, 1, ENVELOPE), Arrival::Known);
        assert_eq!(arrive(&tx, here, 7, ENVELOPE), Arrival::Known);
        assert!(matches!(arrive(&tx, there, 1, ENVELOPE), Arrival::New(_)));
        assert_eq!(count(&tx, here).unwrap(), 1);
        assert_eq!(all(&tx).len(), 2);
        let (first, more) = for_assistant(&tx, 0, |_| false).unwrap();
        assert_eq!((first.len(), more), (1, true));
    }

    #[test]
    fn our_own_envelope_is_ours_even_before_the_relay_s_answer_is_stored() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let channel = add(&tx, "a", ChannelState::Active, true);
        let message = claimed(&tx, channel, ENVELOPE);
        assert_eq!(arrive(&tx, channel, 1, ENVELOPE), Arrival::Ours(message));
        assert_eq!(count(&tx, channel).unwrap(), 1);
        assert_eq!(all(&tx), []);
    }

    #[test]
    fn only_what_the_relay_had_is_noted_as_collected_and_only_once() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let channel = add(&tx, "a", ChannelState::Active, true);
        let message = claimed(&tx, channel, ENVELOPE);
        assert_eq!(collected(&tx, channel, &[ENVELOPE], NOW).unwrap(), 0);
        outbox::relayed(&tx, message, Some(1), false, NOW).unwrap();
        assert_eq!(at_relay(&tx, channel).unwrap(), [ENVELOPE]);
        assert_eq!(collected(&tx, channel, &[ENVELOPE], NOW).unwrap(), 1);
        assert_eq!(collected(&tx, channel, &[ENVELOPE], NOW).unwrap(), 0);
        assert_eq!(at_relay(&tx, channel).unwrap(), []);
    }

    #[test]
    fn what_was_found_and_what_went_on_instead_come_back() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let channel = add(&tx, "a", ChannelState::Active, true);
        let signals = [Signal {
            code: crate::model::SignalCode::UniTags,
            kind: crate::model::SignalKind::Exact,
            severity: Severity::Critical,
            span: crate::model::TextSpan { start: 0, end: 5 },
            evidence: PeerText::new("hello"),
        }];
        let new = NewInbound {
            channel,
            seq: None,
            at: NOW,
            content: &Content::Text(Body::new("s", "hello")),
            envelope: ENVELOPE,
            admission: &Admission::Held {
                rule: "test".to_owned(),
            },
            signals: &signals,
            digest: true,
        };
        let Arrival::New(id) = receive(&tx, &new).unwrap() else {
            panic!("it is new");
        };
        assert_eq!(for_digest(&tx, 9).unwrap().len(), 1);
        assert_eq!(
            flagged_before(&tx, channel, MessageId(id.0 + 1)).unwrap(),
            1
        );
        let instead = Words {
            subject: PeerText::new(""),
            body: PeerText::new("they say hello"),
        };
        release(&tx, id, Passage::OwnWords, Some(&instead)).unwrap();
        let message = by_id(&tx, id).unwrap().unwrap();
        assert_eq!(message.signals, signals);
        assert_eq!(message.passage, Some(Passage::OwnWords));
        assert_eq!(message.other, Some(instead));
        assert!(message.admission.unwrap().is_released());
    }

    #[test]
    fn the_assistant_gets_nothing_held_taken_paused_or_stopped() {
        let mut scratch = scratch();
        let tx = scratch.store.write().unwrap();
        let channel = add(&tx, "a", ChannelState::Active, true);
        let Arrival::New(message) = arrive(&tx, channel, 1, ENVELOPE) else {
            panic!("it is new");
        };
        let held = NewInbound {
            channel,
            seq: Some(2),
            at: NOW,
            content: &Content::Text(Body::new("", "held")),
            envelope: Digest([2; 32]),
            admission: &Admission::Held {
                rule: "test".to_owned(),
            },
            signals: &[],
            digest: false,
        };
        let Arrival::New(other) = receive(&tx, &held).unwrap() else {
            panic!("it is new");
        };
        let waiting = |tx: &Tx<'_>| all(tx).len();
        assert_eq!(waiting(&tx), 1);
        super::super::channels::set_paused(&tx, channel, true).unwrap();
        assert_eq!(waiting(&tx), 0);
        super::super::channels::set_paused(&tx, channel, false).unwrap();
        super::super::channels::set_state(&tx, channel, ChannelState::Stopped).unwrap();
        assert_eq!(waiting(&tx), 0);
        super::super::channels::set_state(&tx, channel, ChannelState::Active).unwrap();
        handed_over(&tx, message, NOW).unwrap();
        handed_over(&tx, other, NOW).unwrap();
        assert_eq!(waiting(&tx), 0);
        release(&tx, other, Passage::AsIs, None).unwrap();
        assert_eq!(waiting(&tx), 1, "what was held was not handed over");
        handed_over(&tx, other, NOW).unwrap();
        assert_eq!(waiting(&tx), 0);
    }
}
