//! The audit log: what clients and the relay itself say was said, in the clear.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::params;
use sha2::{Digest as _, Sha256};

use super::Work;
use super::messages::{Post, uuid};
use crate::model::UnixMillis;
use crate::relay::clawtalk::directory::Agent;
use crate::relay::clawtalk::rules::{Entry, escaped, iso};

/// Entries that are kept; the oldest go first.
const MOST_ENTRIES: i64 = 10_000;

/// Who logged what the relay itself saw.
const SYSTEM: &str = "_system";

impl Work<'_> {
    /// Logs what an agent says it sent or received; the same entry again replaces it.
    pub(in crate::relay::clawtalk) fn log(
        &self,
        entry: &Entry,
        logged_by: &str,
    ) -> Result<(), rusqlite::Error> {
        // Nobody replaces what another agent logged.
        let identity = Sha256::new()
            .chain_update(logged_by)
            .chain_update([0])
            .chain_update(&entry.identity);
        let identity: [u8; 32] = identity.finalize().into();
        self.connection
            .prepare_cached(
                "INSERT INTO audit (identity, at, sender, recipient, topic, logged_by, logged,
                   members)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (identity) DO UPDATE SET sender = excluded.sender,
                   topic = excluded.topic, logged_by = excluded.logged_by,
                   logged = excluded.logged, members = excluded.members",
            )?
            .execute(params![
                identity,
                entry.at.unwrap_or(self.now).0,
                entry.from,
                entry.to,
                entry.topic,
                logged_by,
                self.now.0,
                entry.members
            ])?;
        self.connection
            .prepare_cached(
                "DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?1",
            )?
            .execute([MOST_ENTRIES])?;
        Ok(())
    }

    /// Logs a message that its sender did not encrypt, once for each recipient.
    pub(super) fn audit_plain(
        &self,
        sender: &Agent,
        post: &Post,
        recipients: &[Arc<Agent>],
        ts: UnixMillis,
    ) -> Result<(), rusqlite::Error> {
        let Some((payload, topic)) = &post.message.plain else {
            return Ok(());
        };
        for recipient in recipients {
            let mut members = Vec::with_capacity(payload.len() + 200);
            let mut member = |name: &str, value: &[u8]| {
                if !members.is_empty() {
                    members.push(b',');
                }
                members.extend_from_slice(&escaped(name));
                members.push(b':');
                members.extend_from_slice(value);
            };
            member("messageId", &escaped(&uuid(&post.id)));
            member("direction", b"\"sent\"");
            member("from", &escaped(&sender.name));
            member("to", &escaped(&recipient.name));
            if let Some(topic) = topic {
                member("topic", topic);
            }
            member("payload", payload);
            member("ts", &escaped(&iso(ts)));
            let entry = Entry {
                members,
                identity: [&post.id[..], recipient.name.as_bytes()].concat(),
                at: Some(ts),
                from: Some(sender.name.to_string()),
                to: Some(recipient.name.to_string()),
                topic: post.message.topic.clone(),
            };
            self.log(&entry, SYSTEM)?;
        }
        Ok(())
    }

    /// Deletes the entries of before a time; returns how many.
    pub(in crate::relay::clawtalk) fn clear_audit(
        &self,
        before: UnixMillis,
    ) -> Result<usize, rusqlite::Error> {
        self.connection
            .prepare_cached("DELETE FROM audit WHERE at < ?1")?
            .execute([before.0])
    }

    /// Deletes the entries that were logged longer ago than they are kept.
    pub(super) fn expire_audit(&self, kept: Duration) -> Result<(), rusqlite::Error> {
        self.connection
            .prepare_cached("DELETE FROM audit WHERE logged <= ?1")?
            .execute([self.now.before(kept).0])?;
        Ok(())
    }
}
