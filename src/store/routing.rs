//! How messages stand among others: kinds, topics, what answers what.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::model::{
    Audience, ChannelId, Message, MessageId, MessageKind, PeerText, Provenance, Routing, Topic,
};

use super::messages::{COLUMNS, message_of};
use super::{Error, Read, Tx};

/// Requests among which the one is looked for that an answer belongs to, the last ones first.
const LAST_REQUESTS: u32 = 1000;

/// Notes how a stored message stands among others. What it answers is found here, and
/// [`Routing::answers`] is what a person chose where they did.
pub fn set(
    tx: &Tx<'_>,
    channel: ChannelId,
    message: MessageId,
    routing: &Routing,
) -> Result<(), Error> {
    let answers = match routing.answers {
        Some(chosen) => Some(chosen),
        None => answered(tx, channel, message, routing)?,
    };
    let text =
        |text: &Option<PeerText>| text.as_ref().map(|text| text.expose_untrusted().to_owned());
    let audience = match &routing.audience {
        Audience::One => None,
        // A list of plain values always has a JSON form.
        more @ (Audience::Several(_) | Audience::Everybody) => {
            Some(serde_json::to_string(more).unwrap_or_default())
        }
    };
    tx.0.prepare_cached(
        "UPDATE messages SET kind = ?2, topic = seal('messages.topic', id, ?3),
            correlation = seal('messages.correlation', id, ?4),
            reply_to = seal('messages.reply_to', id, ?5), answers = ?6,
            audience = seal('messages.audience', id, ?7), remote_id = ?8,
            provenance = ?9
         WHERE id = ?1",
    )?
    .execute(params![
        message.0,
        routing.kind.as_str(),
        text(&routing.topic),
        text(&routing.correlation),
        text(&routing.reply_to),
        answers.map(|answers| answers.0),
        audience,
        routing.remote_id,
        routing.provenance.map(Provenance::as_str),
    ])?;
    Ok(())
}

/// Notes the network's id of a message of ours, which it has once the network took it.
pub fn set_remote_id(tx: &Tx<'_>, message: MessageId, remote_id: &str) -> Result<(), Error> {
    tx.0.prepare_cached("UPDATE messages SET remote_id = ?2 WHERE id = ?1")?
        .execute(params![message.0, remote_id])?;
    Ok(())
}

/// Counts a message that arrived again under another id of the network. Returns whether it did:
/// the id that it is known by is no other one.
pub fn repeated(tx: &Tx<'_>, message: MessageId, remote_id: &str) -> Result<bool, Error> {
    let changed =
        tx.0.prepare_cached(
            "UPDATE messages SET repeats = repeats + 1 WHERE id = ?1 AND remote_id <> ?2",
        )?
        .execute(params![message.0, remote_id])?;
    Ok(changed == 1)
}

/// Finds the message that one answers: by its id, or by what both have in common.
fn answered(
    tx: &Tx<'_>,
    channel: ChannelId,
    message: MessageId,
    routing: &Routing,
) -> Result<Option<MessageId>, Error> {
    let named = [&routing.reply_to, &routing.correlation];
    for id in named.into_iter().flatten() {
        let found = by_remote_id(tx, channel, id.expose_untrusted())?;
        if let Some(found) = found.filter(|found| *found != message) {
            return Ok(Some(found));
        }
    }
    let Some(correlation) = &routing.correlation else {
        return Ok(None);
    };
    if routing.kind != MessageKind::Response {
        return Ok(None);
    }
    let found: Option<i64> =
        tx.0.prepare_cached(
            "SELECT id FROM
                (SELECT id, correlation FROM messages
                 WHERE channel = ?1 AND kind = 'request' AND id < ?3 ORDER BY id DESC LIMIT ?4)
             WHERE open('messages.correlation', id, correlation) = ?2 LIMIT 1",
        )?
        .query_row(
            params![
                channel.0,
                correlation.expose_untrusted(),
                message.0,
                LAST_REQUESTS
            ],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.map(MessageId))
}

/// Returns the last message of a channel with this id of the network's.
pub fn by_remote_id(
    read: &impl Read,
    channel: ChannelId,
    remote_id: &str,
) -> Result<Option<MessageId>, Error> {
    let found: Option<i64> = read
        .connection()
        .prepare_cached("SELECT MAX(id) FROM messages WHERE channel = ?1 AND remote_id = ?2")?
        .query_row(params![channel.0, remote_id], |row| row.get(0))?;
    Ok(found.map(MessageId))
}

/// Returns the topics of a channel, the one last written in first.
pub fn topics(read: &impl Read, channel: ChannelId) -> Result<Vec<Topic>, Error> {
    let mut statement = read.connection().prepare_cached(
        "SELECT open('messages.topic', id, topic) AS name, COUNT(*),
            SUM(author = 'peer' AND read = 0)
         FROM messages WHERE channel = ?1 AND topic IS NOT NULL
         GROUP BY name ORDER BY MAX(id) DESC",
    )?;
    let rows = statement.query_map([channel.0], |row| {
        Ok(Topic {
            topic: PeerText::new(row.get::<_, String>(0)?),
            messages: row.get(1)?,
            unread: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns the last messages of a topic before one, oldest first, and at most `limit`.
pub fn page(
    read: &impl Read,
    channel: ChannelId,
    topic: &PeerText,
    before: Option<MessageId>,
    limit: u32,
) -> Result<Vec<Message>, Error> {
    let mut statement = read.connection().prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages m LEFT JOIN outbox o ON o.message = m.id
         WHERE m.channel = ?1 AND m.id < ?2 AND m.topic IS NOT NULL
            AND open('messages.topic', m.id, m.topic) = ?4
         ORDER BY m.id DESC LIMIT ?3"
    ))?;
    let before = before.map_or(i64::MAX, |id| id.0);
    let topic = topic.expose_untrusted();
    let rows = statement.query_map(params![channel.0, before, limit, topic], message_of)?;
    let mut page = rows
        .map(|row| row?.ok_or(Error::Corrupt("message")))
        .collect::<Result<Vec<_>, Error>>()?;
    page.reverse();
    Ok(page)
}

/// Reads the eight columns of the routing from this place on. `None` where the network of the
/// message has no such thing, or a newer version wrote a word that is not known here.
pub(super) fn routing_of(row: &Row<'_>, from: usize) -> rusqlite::Result<Option<Routing>> {
    let kind: Option<String> = row.get(from)?;
    let Some(kind) = kind.as_deref().and_then(MessageKind::parse) else {
        return Ok(None);
    };
    let text = |place: usize| -> rusqlite::Result<Option<PeerText>> {
        Ok(row
            .get::<_, Option<String>>(from + place)?
            .map(PeerText::new))
    };
    let audience: Option<String> = row.get(from + 5)?;
    let provenance: Option<String> = row.get(from + 7)?;
    Ok(Some(Routing {
        kind,
        topic: text(1)?,
        correlation: text(2)?,
        reply_to: text(3)?,
        answers: row.get::<_, Option<i64>>(from + 4)?.map(MessageId),
        audience: audience
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default(),
        remote_id: row.get(from + 6)?,
        provenance: provenance.as_deref().and_then(Provenance::parse),
        repeats: row.get(from + 8)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Admission, Body, Content, Digest, UnixMillis};
    use crate::store::messages::{self, Arrival, NewInbound};
    use crate::store::{Store, search};

    fn store() -> (tempfile::TempDir, Store, ChannelId) {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open(&directory.path().join("chaperon.db")).unwrap();
        let tx = store.write().unwrap();
        tx.0.execute_batch(
            "INSERT INTO channels (network, address, name, state, inviter, relay, secret, our_key,
                preset, instructions, created_at)
             VALUES ('clawtalk', '1/bo', 'bo', 'active', 1, 'https://talk.example', zeroblob(32),
                'key', 'safe-acquaintance', '', 1000)",
        )
        .unwrap();
        tx.commit().unwrap();
        (directory, store, ChannelId(1))
    }

    fn arrives(store: &mut Store, channel: ChannelId, number: u8, routing: &Routing) -> MessageId {
        let tx = store.write().unwrap();
        let new = NewInbound {
            channel,
            seq: None,
            at: UnixMillis(1000),
            content: &Content::Text(Body::new("", "hi")),
            envelope: Digest([number; 32]),
            admission: &Admission::Released {
                rule: "no-signal".to_owned(),
            },
            signals: &[],
            digest: false,
        };
        let Arrival::New(message) = messages::receive(&tx, &new).unwrap() else {
            panic!("it is new");
        };
        set(&tx, channel, message, routing).unwrap();
        tx.commit().unwrap();
        message
    }

    fn of(store: &Store, message: MessageId) -> Routing {
        *messages::by_id(store, message)
            .unwrap()
            .unwrap()
            .routing
            .unwrap()
    }

    fn request(topic: &str, correlation: &str, id: &str) -> Routing {
        Routing {
            topic: Some(PeerText::new(topic)),
            correlation: Some(PeerText::new(correlation)),
            remote_id: Some(id.to_owned()),
            provenance: Some(Provenance::Verified),
            ..Routing::default()
        }
    }

    #[test]
    fn what_was_said_of_a_message_is_read_back() {
        let (_directory, mut store, channel) = store();
        let routing = Routing {
            kind: MessageKind::Notification,
            reply_to: Some(PeerText::new("nobody")),
            audience: Audience::Several(vec![PeerText::new("bo"), PeerText::new("eve")]),
            ..request("lunch", "c", "id-1")
        };
        let message = arrives(&mut store, channel, 1, &routing);
        assert_eq!(of(&store, message), routing);
        assert!(search::waiting(&store).unwrap() > 0);
    }

    #[test]
    fn an_answer_is_linked_by_the_id_that_it_names_or_by_what_both_have_in_common() {
        let (_directory, mut store, channel) = store();
        let first = arrives(&mut store, channel, 1, &request("a", "c-1", "id-1"));
        let second = arrives(&mut store, channel, 2, &request("a", "c-2", "id-2"));
        let answer = |reply_to: Option<&str>, correlation: &str, kind| Routing {
            kind,
            reply_to: reply_to.map(PeerText::new),
            correlation: Some(PeerText::new(correlation)),
            ..Routing::default()
        };
        let response = MessageKind::Response;
        for (number, said, expected) in [
            (3, answer(Some("id-1"), "c-2", response), Some(first)),
            (4, answer(None, "c-2", response), Some(second)),
            (5, answer(None, "id-1", response), Some(first)),
            (6, answer(None, "c-9", response), None),
            // Two requests may have the same without answering each other.
            (7, answer(None, "c-1", MessageKind::Request), None),
        ] {
            let message = arrives(&mut store, channel, number, &said);
            assert_eq!(of(&store, message).answers, expected, "{said:?}");
        }
    }

    #[test]
    fn topics_are_counted_and_the_last_one_comes_first() {
        let (_directory, mut store, channel) = store();
        for (number, topic) in [(1, "lunch"), (2, "rent"), (3, "lunch")] {
            arrives(&mut store, channel, number, &request(topic, "c", "id"));
        }
        arrives(&mut store, channel, 4, &Routing::default());
        let tx = store.write().unwrap();
        messages::mark_read(&tx, channel, MessageId(1)).unwrap();
        tx.commit().unwrap();
        let topics: Vec<_> = topics(&store, channel)
            .unwrap()
            .into_iter()
            .map(|topic| (topic.topic, topic.messages, topic.unread))
            .collect();
        let lunch = PeerText::new("lunch");
        assert_eq!(
            topics,
            [(lunch.clone(), 2, 1), (PeerText::new("rent"), 1, 1)]
        );
        let found = page(&store, channel, &lunch, None, 10).unwrap();
        assert_eq!(found.iter().map(|m| m.id.0).collect::<Vec<_>>(), [1, 3]);
        let found = page(&store, channel, &lunch, Some(MessageId(3)), 10).unwrap();
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_message_of_a_network_without_topics_has_none() {
        let (_directory, mut store, channel) = store();
        let message = arrives(&mut store, channel, 1, &Routing::default());
        let tx = store.write().unwrap();
        tx.0.execute("UPDATE messages SET kind = NULL", []).unwrap();
        tx.commit().unwrap();
        assert_eq!(
            messages::by_id(&store, message).unwrap().unwrap().routing,
            None
        );
    }
}
