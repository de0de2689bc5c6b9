//! The schema, as numbered steps. A step that has shipped is never edited.

use rusqlite::{Connection, TransactionBehavior};

use super::Error;

/// Step N brings a database from version N to N + 1.
const STEPS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
    include_str!("schema/0007.sql"),
];

/// Brings the database to the newest version, or refuses one that is newer still.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > known {
        return Err(Error::TooNew { found, known });
    }
    if found == known {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "user_version", known)?;
    tx.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::{ChannelId, MessageId, ReviewId, Snoozed, UnixMillis};
    use crate::store::{
        Store, attention, channels, drafts, health, messages, notes, review, search, settings,
    };

    /// What the first version of this program would have written: a channel, a message that is
    /// held, what waits for a person because of it, a draft and a pause.
    const WRITTEN: &str = "
        INSERT INTO channels (network, address, name, state, inviter, relay, secret, our_key,
            preset, instructions, created_at, last_seen)
        VALUES ('mailbox', 'abc', 'Marta', 'active', 1, 'https://relay.example', zeroblob(32),
            'key', 'trusted-colleague', 'Be kind.', 1000, 1500);
        INSERT INTO messages (channel, author, seq, at, subject, body, envelope, admitted, rule)
        VALUES (1, 'peer', 1, 1500, 'Prep', 'hold Thursday', zeroblob(32), 0, 'every message');
        INSERT INTO review (channel, kind, message, reason, since, seen)
        VALUES (1, 'held_message', 1, 'every message', 1500, zeroblob(32));
        INSERT INTO drafts (channel, text, at) VALUES (1, 'half a letter', 1600);
        INSERT INTO settings (key, value) VALUES ('paused_since', '42');";

    fn older(path: &Path, version: usize) {
        let connection = Connection::open(path).unwrap();
        for step in STEPS.iter().take(version) {
            connection.execute_batch(step).unwrap();
        }
        connection.execute_batch(WRITTEN).unwrap();
        if version >= 3 {
            let note = "INSERT INTO notes (channel, text, at) VALUES (1, 'likes tea', 1700)";
            connection.execute_batch(note).unwrap();
        }
        connection
            .pragma_update(None, "user_version", i64::try_from(version).unwrap())
            .unwrap();
    }

    #[test]
    fn a_profile_of_every_older_version_keeps_what_it_holds_and_gains_the_rest() {
        let (channel, item) = (ChannelId(1), ReviewId(1));
        for version in 1..STEPS.len() {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("chaperon.db");
            older(&path, version);
            let mut store = Store::open(&path).unwrap();
            let [kept] = &channels::all(&store).unwrap()[..] else {
                panic!("version {version}");
            };
            assert_eq!(kept.channel.name.expose_untrusted(), "Marta");
            assert_eq!((kept.channel.muted, kept.channel.held_in), (None, 1));
            let [waits] = &review::open(&store).unwrap()[..] else {
                panic!("version {version}");
            };
            assert_eq!((waits.id, waits.snoozed), (item, None));
            let message = messages::by_id(&store, MessageId(1)).unwrap().unwrap();
            assert_eq!(message.content.text().expose_untrusted(), "hold Thursday");
            assert_eq!(health::messages(&store).unwrap(), 1);
            let (draft, _) = drafts::kept(&store, channel).unwrap().unwrap();
            assert_eq!(draft.expose_untrusted(), "half a letter");
            let paused = settings::get(&store, settings::PAUSED_SINCE).unwrap();
            assert_eq!(paused.as_deref(), Some("42"));
            let note = notes::of(&store, channel).unwrap();
            assert_eq!(note.is_some(), version >= 3);
            assert!(search::waiting(&store).unwrap() > 0, "it is to be indexed");

            let snoozed = Snoozed {
                until: UnixMillis(9_000),
                they_write: true,
            };
            let tx = store.write().unwrap();
            attention::set_muted(&tx, channel, Some(UnixMillis::FAR)).unwrap();
            assert!(attention::set_snoozed(&tx, item, Some(snoozed)).unwrap());
            tx.commit().unwrap();
            drop(store);

            let store = Store::open(&path).unwrap();
            let muted = channels::all(&store).unwrap()[0].channel.muted;
            assert_eq!(muted, Some(UnixMillis::FAR));
            assert_eq!(review::open(&store).unwrap()[0].snoozed, Some(snoozed));
        }
    }
}
