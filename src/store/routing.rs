//! How messages stand among others: kinds, topics, what answers what.

use rusqlite::{OptionalExtension as _, Row, params};
use sha2::{Digest as _, Sha256};

use crate::model::{
    Audience, ChannelId, MessageId, MessageKind, PeerText, Provenance, Routing, Topic,
};

use super::{Error, Read, Tx};

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
        several => Some(serde_json::to_string(several).unwrap_or_default()),
    };
    tx.0.prepare_cached(
        "UPDATE messages SET kind = ?2, topic = seal('messages.topic', id, ?3),
            correlation = seal('messages.correlation', id, ?4),
            reply_to = seal('messages.reply_to', id, ?5), answers = ?6,
            audience = seal('messages.audience', id, ?7), remote_id = ?8, pair = ?9,
            provenance = ?10
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
        routing.correlation.as_ref().map(pair),
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
            "SELECT id FROM messages
             WHERE channel = ?1 AND pair = ?2 AND kind = 'request' AND id < ?3
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row(params![channel.0, pair(correlation), message.0], |row| {
            row.get(0)
        })
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
    }))
}

fn pair(correlation: &PeerText) -> [u8; 32] {
    Sha256::digest(correlation.expose_untrusted()).into()
}
