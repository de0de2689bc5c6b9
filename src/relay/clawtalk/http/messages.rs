//! What agents do: look each other up, send, read, acknowledge, change their record.

use axum::body::Body;
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use sha2::{Digest as _, Sha256};

use super::{Answer, Asked, Caller, NewKey, random, reply};
use crate::model::UnixMillis;
use crate::relay::clawtalk::directory::{Agent, Directory};
use crate::relay::clawtalk::rules::{self, MessageQuery, Refusal, escaped, iso};
use crate::relay::clawtalk::store::{Copied, Post, parse_uuid, uuid};
use crate::relay::rules as mailbox;
use crate::relay::store::IdempotencyKey;

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Who was seen within this many milliseconds is online.
const ONLINE_MILLIS: i64 = 5 * 60 * 1000;

impl Asked<'_> {
    pub(super) fn list_agents(&self) -> Answer {
        self.agent()?;
        let now = self.api.clock.now();
        let mut text = vec![b'['];
        for agent in self.api.directory.read().all() {
            if text.len() > 1 {
                text.push(b',');
            }
            text.push(b'{');
            append_public(&mut text, agent, now);
            text.push(b'}');
        }
        text.push(b']');
        Ok(reply::json(StatusCode::OK, text))
    }

    pub(super) async fn post(&self, body: Body) -> Answer {
        let sender = self.agent()?;
        let body = self.counted(body, "Message exceeds 64KB limit").await?;
        let message = rules::message(&body)?;
        let key = match self.parts.headers.get(&IDEMPOTENCY_KEY) {
            None => None,
            Some(key) => Some(IdempotencyKey {
                key: mailbox::idempotency_key(key.as_bytes())
                    .map_err(|_unusable| Refusal::bad_request("Invalid Idempotency-Key"))?
                    .to_owned(),
                digest: Sha256::digest(&body).into(),
            }),
        };
        let post = Post {
            sender: sender.id,
            id: new_id()?,
            message,
            key,
            audit: self.api.options.audit.is_some(),
        };
        let posted = self
            .api
            .store
            .change(move |work| work.post(&post))
            .await??;
        let (id, ts) = (uuid(&posted.id), iso(posted.ts));
        let body = format!("{{\"id\":\"{id}\",\"ts\":\"{ts}\"}}");
        Ok(reply::json(StatusCode::CREATED, body))
    }

    /// Answers with the caller's inbox; the admin sees all of them.
    pub(super) async fn list_messages(&self) -> Answer {
        let caller = self.caller()?;
        let query = self.query().messages();
        let now = self.api.clock.now();
        let directory = self.api.directory.read();
        let inbox = match &caller {
            Caller::Admin => None,
            Caller::Agent(agent) => {
                agent.live.see(now);
                if agent.live.inbox().waiting == 0 {
                    return Ok(reply::json(StatusCode::OK, page(&[], &query, &directory)));
                }
                Some(agent.id)
            }
        };
        let asked = query.clone();
        let copies = self
            .look(move |reader| reader.messages(inbox, &asked, now))
            .await?;
        let text = page(&copies, &query, &directory);
        Ok(reply::json(StatusCode::OK, text))
    }

    pub(super) async fn delete_message(&self, id: &str) -> Answer {
        let agent = self.agent()?.id;
        let not_found = || Refusal::not_found("Message not found");
        let id = parse_uuid(id).ok_or_else(not_found)?;
        let deleted = self
            .api
            .store
            .change(move |work| work.delete_message(agent, id));
        if deleted.await? {
            Ok(reply::empty(StatusCode::NO_CONTENT))
        } else {
            Err(not_found())
        }
    }

    pub(super) async fn list_topics(&self) -> Answer {
        let agent = self.agent()?.id;
        let now = self.api.clock.now();
        let topics = self.look(move |reader| reader.topics(agent, now)).await?;
        Ok(reply::json(
            StatusCode::OK,
            serde_json::Value::from(topics).to_string(),
        ))
    }

    pub(super) async fn patch_agent(&self, name: &str, body: Body) -> Answer {
        let name = rules::decoded(name)?;
        if let Caller::Agent(agent) = self.caller()?
            && *agent.name != name
        {
            return Err(Refusal::forbidden("Forbidden: can only update own agent"));
        }
        let id = self.named(&name)?;
        let patch = rules::patch(&self.body(body).await?)?;
        let patched = self
            .api
            .store
            .change(move |work| work.patch_agent(id, patch));
        patched.await??;
        let mut body = b"{\"name\":".to_vec();
        body.extend_from_slice(&escaped(&name));
        body.extend_from_slice(b",\"updated\":true}");
        Ok(reply::json(StatusCode::OK, body))
    }

    /// Returns the id of the agent of exactly this name.
    pub(super) fn named(&self, name: &str) -> Result<i64, Refusal> {
        let directory = self.api.directory.read();
        let agent = directory.find(name).filter(|agent| *agent.name == *name);
        agent
            .map(|agent| agent.id)
            .ok_or_else(|| Refusal::not_found("Agent not found"))
    }

    pub(super) async fn register(&self, body: Body) -> Answer {
        let registration = rules::registration(&self.body(body).await?)?;
        let key = NewKey::random()?;
        let digest = key.digest;
        let registered = self
            .api
            .store
            .change(move |work| work.register(registration, digest));
        Ok(registered_as(&registered.await??, &key))
    }
}

/// Tells a new agent its name and its key, this once.
pub(super) fn registered_as(name: &str, key: &NewKey) -> Response {
    let mut body = b"{\"name\":".to_vec();
    body.extend_from_slice(&escaped(name));
    body.extend_from_slice(format!(",\"apiKey\":\"{}\"}}", key.text).as_bytes());
    reply::json(StatusCode::CREATED, body)
}

/// Appends what everybody may know of an agent, without braces.
pub(super) fn append_public(text: &mut Vec<u8>, agent: &Agent, now: UnixMillis) {
    text.extend_from_slice(b"\"name\":");
    text.extend_from_slice(&escaped(&agent.name));
    if let Some(capabilities) = &agent.capabilities {
        text.extend_from_slice(b",\"capabilities\":");
        text.extend_from_slice(capabilities);
    }
    text.extend_from_slice(b",\"publicKey\":");
    text.extend_from_slice(&escaped(&agent.public_key));
    text.extend_from_slice(b",\"signingKey\":");
    text.extend_from_slice(&escaped(&agent.signing_key));
    let seen = agent.live.seen();
    let is_online = now.0.saturating_sub(seen.0) < ONLINE_MILLIS;
    let presence = format!(",\"online\":{is_online},\"lastSeen\":\"{}\"", iso(seen));
    text.extend_from_slice(presence.as_bytes());
}

/// Writes a page of messages. The cursor is the latest time in it, whatever the order.
fn page(copies: &[Copied], query: &MessageQuery, directory: &Directory) -> Vec<u8> {
    let bytes: usize = copies.iter().map(|copy| copy.head.len() + 64).sum();
    let mut text = Vec::with_capacity(bytes + 200);
    text.extend_from_slice(b"{\"messages\":[");
    let (mut count, mut oldest, mut newest) = (0_usize, None, None);
    for copy in copies {
        // Who was removed meanwhile has no mail.
        let Some(agent) = directory.agent(copy.agent) else {
            continue;
        };
        if count > 0 {
            text.push(b',');
        }
        copy.append(&agent.name, &mut text);
        count += 1;
        (oldest, newest) = (oldest.or(Some(copy.ts)), Some(copy.ts));
    }
    text.push(b']');
    if query.newest_first {
        (oldest, newest) = (newest, oldest);
    }
    if let (Some(oldest), Some(newest)) = (oldest, newest) {
        let (oldest, newest) = (iso(oldest), iso(newest));
        let times = format!(
            ",\"cursor\":\"{newest}\",\"count\":{count},\"oldestTs\":\"{oldest}\",\"newestTs\":\"{newest}\"}}"
        );
        text.extend_from_slice(times.as_bytes());
    } else {
        text.extend_from_slice(b",\"count\":0}");
    }
    text
}

/// Makes a random UUID (version 4).
fn new_id() -> Result<[u8; 16], Refusal> {
    let bits = u128::from_be_bytes(random()?);
    let version = (bits & !(0xf << 76)) | (4 << 76);
    Ok(((version & !(0b11 << 62)) | (0b10 << 62)).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_random_uuids() {
        let id = uuid(&new_id().unwrap());
        assert_eq!(id.get(14..15), Some("4"));
        assert!(
            matches!(id.get(19..20), Some("8" | "9" | "a" | "b")),
            "{id}"
        );
        assert_ne!(id, uuid(&new_id().unwrap()));
    }
}
