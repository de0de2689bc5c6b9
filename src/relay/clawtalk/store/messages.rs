//! Posting and deleting messages.
//!
//! A message is stored once, however many it is for; each recipient has a copy, which is a
//! small row with a time that no other copy in that inbox has.

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::{OptionalExtension, params};

use super::Work;
use super::hooks::Hook;
use crate::model::UnixMillis;
use crate::relay::clawtalk::directory::Agent;
use crate::relay::clawtalk::rules::{Message, Refusal, To, escaped, iso};
use crate::relay::store::IdempotencyKey;

/// Seconds after which a full inbox may have been emptied.
const FULL_RETRY: u64 = 60;

/// A message on its way into the store.
#[derive(Debug)]
pub(in crate::relay::clawtalk) struct Post {
    pub(in crate::relay::clawtalk) sender: i64,
    /// A new UUID.
    pub(in crate::relay::clawtalk) id: [u8; 16],
    pub(in crate::relay::clawtalk) message: Message,
    pub(in crate::relay::clawtalk) key: Option<IdempotencyKey>,
    /// Whether the audit log gets what is not encrypted.
    pub(in crate::relay::clawtalk) audit: bool,
}

/// What the sender is told: of the first post, where this one repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct Posted {
    pub(in crate::relay::clawtalk) id: [u8; 16],
    pub(in crate::relay::clawtalk) ts: UnixMillis,
}

impl Work<'_> {
    /// Stores a message for everybody it is for and who is registered.
    pub(in crate::relay::clawtalk) fn post(
        &mut self,
        post: &Post,
    ) -> Result<Result<Posted, Refusal>, rusqlite::Error> {
        let Some(sender) = self.directory().agent(post.sender).map(Arc::clone) else {
            return Ok(Err(Refusal::UNAUTHORIZED));
        };
        sender.live.see(self.now);
        if let Some(first) = self.repeated(post)? {
            return Ok(first);
        }
        if let Some(most) = self.posts
            && let Err(seconds) = self.windows.admit(sender.id, most, self.now)
        {
            let text = format!("Rate limit exceeded ({most} per 10 s)");
            return Ok(Err(Refusal::rate_limited(text, seconds)));
        }
        let recipients = match self.recipients(&sender, &post.message.to)? {
            Ok(recipients) => recipients,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let ts = self.next_ts(&recipients);
        let posted = Posted { id: post.id, ts };
        if let Some(key) = &post.key {
            self.connection
                .prepare_cached(
                    "INSERT INTO idempotency_keys (agent, key, digest, id, ts)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![sender.id, key.key, key.digest, post.id, ts.0])?;
        }
        if !recipients.is_empty() {
            self.store(&sender, post, &recipients, ts)?;
        }
        Ok(Ok(posted))
    }

    /// Returns what the first post with the same idempotency key was told.
    fn repeated(&self, post: &Post) -> Result<Option<Result<Posted, Refusal>>, rusqlite::Error> {
        let Some(key) = &post.key else {
            return Ok(None);
        };
        let first = self
            .connection
            .prepare_cached(
                "SELECT digest, id, ts FROM idempotency_keys WHERE agent = ?1 AND key = ?2",
            )?
            .query_row(params![post.sender, key.key], |row| {
                Ok((row.get::<_, [u8; 32]>(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        Ok(first.map(|(digest, id, ts)| {
            if digest == key.digest {
                Ok(Posted {
                    id,
                    ts: UnixMillis(ts),
                })
            } else {
                Err(Refusal::KEY_REUSED)
            }
        }))
    }

    /// Returns who gets a copy. A full inbox refuses the whole message where its owner was
    /// named, and is left out of a broadcast.
    fn recipients(
        &mut self,
        sender: &Agent,
        to: &To,
    ) -> Result<Result<Vec<Arc<Agent>>, Refusal>, rusqlite::Error> {
        let directory = Arc::clone(self.directory());
        let mut found: Vec<Arc<Agent>> = match to {
            To::Broadcast => directory
                .all()
                .filter(|a| a.id != sender.id)
                .cloned()
                .collect(),
            To::Names(names) => {
                let mut seen = HashSet::new();
                let found = names.iter().filter_map(|name| directory.find(name));
                found
                    .filter(|agent| seen.insert(agent.id))
                    .cloned()
                    .collect()
            }
        };
        let is_nobody = match to {
            To::Broadcast => found.is_empty(),
            To::Names(names) => names.is_empty(),
        };
        if is_nobody {
            return Ok(Err(Refusal::bad_request("No recipients found")));
        }
        if found.iter().any(|agent| self.is_full(agent)) {
            self.expire_messages()?;
            let before = found.len();
            let full = found.iter().find(|agent| self.is_full(agent)).cloned();
            found.retain(|agent| !self.is_full(agent));
            if let Some(full) = full
                && (matches!(to, To::Names(_)) || found.is_empty())
            {
                let text = match to {
                    To::Names(_) if before == 1 => "The recipient's inbox is full".to_owned(),
                    To::Names(_) => format!("The inbox of {} is full", full.name),
                    To::Broadcast => "All inboxes are full".to_owned(),
                };
                return Ok(Err(Refusal::rate_limited(text, FULL_RETRY)));
            }
        }
        Ok(Ok(found))
    }

    fn is_full(&mut self, agent: &Agent) -> bool {
        self.inbox(agent).waiting >= self.max_waiting
    }

    /// Returns the time of a message: now, but not before that of any other, and after that of
    /// everything in the inboxes it goes to.
    fn next_ts(&mut self, recipients: &[Arc<Agent>]) -> UnixMillis {
        let mut ts = self.now;
        if !recipients.is_empty() {
            ts = ts.max(self.counters.newest);
        }
        for agent in recipients {
            ts = ts.max(UnixMillis(self.inbox(agent).newest.0.saturating_add(1)));
        }
        ts
    }

    fn store(
        &mut self,
        sender: &Agent,
        post: &Post,
        recipients: &[Arc<Agent>],
        ts: UnixMillis,
    ) -> Result<(), rusqlite::Error> {
        let number = self.counters.next_copy;
        let copies = i64::try_from(recipients.len()).unwrap_or(i64::MAX);
        let expires = self.now.after(post.message.ttl);
        let head = head(sender, post, ts);
        self.connection
            .prepare_cached(
                "INSERT INTO messages (number, id, ts, expires, copies, left_over, topic, head)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)",
            )?
            .execute(params![
                number,
                post.id,
                ts.0,
                expires.0,
                copies,
                post.message.topic,
                head
            ])?;
        let mut copy = number;
        for agent in recipients {
            self.connection
                .prepare_cached(
                    "INSERT INTO copies (number, agent, ts, message) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![copy, agent.id, ts.0, number])?;
            let inbox = self.inbox(agent);
            inbox.waiting += 1;
            inbox.newest = ts;
            if agent.webhook.is_some() {
                self.add_hook(Hook {
                    copy,
                    agent: agent.id,
                    failures: 0,
                    due: self.now,
                })?;
            }
            copy += 1;
        }
        self.counters.next_copy = copy;
        self.counters.newest = ts;
        if post.audit {
            self.audit_plain(sender, post, recipients, ts)?;
        }
        Ok(())
    }

    /// Deletes a copy from an inbox; tells whether it was there.
    pub(in crate::relay::clawtalk) fn delete_message(
        &mut self,
        agent: i64,
        id: [u8; 16],
    ) -> Result<bool, rusqlite::Error> {
        let found: Option<(i64, i64, i64)> = self
            .connection
            .prepare_cached(
                "SELECT c.number, m.number, m.left_over FROM messages m
                 JOIN copies c ON c.agent = ?1 AND c.ts = m.ts AND c.message = m.number
                 WHERE m.id = ?2 AND m.expires > ?3",
            )?
            .query_row(params![agent, id, self.now.0], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((copy, message, left_over)) = found else {
            return Ok(false);
        };
        let execute =
            |sql: &str, number: i64| self.connection.prepare_cached(sql)?.execute([number]);
        execute("DELETE FROM copies WHERE number = ?1", copy)?;
        execute("DELETE FROM hooks WHERE copy = ?1", copy)?;
        if left_over > 1 {
            let sql = "UPDATE messages SET left_over = left_over - 1 WHERE number = ?1";
            execute(sql, message)?;
        } else {
            execute("DELETE FROM messages WHERE number = ?1", message)?;
        }
        self.count_out(agent, 1);
        Ok(true)
    }
}

/// Writes the envelope up to the recipient, who is the last member of each copy.
fn head(sender: &Agent, post: &Post, ts: UnixMillis) -> Vec<u8> {
    let mut head = Vec::with_capacity(post.message.members.len() + 160);
    head.extend_from_slice(b"{\"id\":\"");
    head.extend_from_slice(uuid(&post.id).as_bytes());
    head.extend_from_slice(b"\",\"from\":");
    head.extend_from_slice(&escaped(&sender.name));
    head.push(b',');
    head.extend_from_slice(&post.message.members);
    head.extend_from_slice(b",\"ts\":\"");
    head.extend_from_slice(iso(ts).as_bytes());
    head.push(b'"');
    head
}

/// Writes a UUID in lower case.
pub(in crate::relay::clawtalk) fn uuid(id: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in id.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

/// Reads a UUID as [`uuid`] writes it.
pub(in crate::relay::clawtalk) fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let mut digits = text.bytes().filter(|byte| *byte != b'-');
    let mut id = [0; 16];
    for byte in &mut id {
        let mut digit = || char::from(digits.next()?).to_digit(16);
        *byte = u8::try_from(digit()? * 16 + digit()?).ok()?;
    }
    (uuid(&id) == text).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_and_read_in_one_form_alone() {
        let id = *b"\x01\x23\x45\x67\x89\xab\x4d\xef\x81\x23\x45\x67\x89\xab\xcd\xef";
        let text = "01234567-89ab-4def-8123-456789abcdef";
        assert_eq!(uuid(&id), text);
        assert_eq!(parse_uuid(text), Some(id));
        for other in [
            text.to_uppercase(),
            text.replace('-', ""),
            format!("{text}0"),
            "x".into(),
        ] {
            assert_eq!(parse_uuid(&other), None, "{other}");
        }
    }
}
