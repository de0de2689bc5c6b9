//! What the admin does, and the audit log, which agents only write to.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{HOST, HeaderName, HeaderValue};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::messages::{append_public, registered_as};
use super::{Answer, Asked, NewKey, random, reply};
use crate::relay::clawtalk::rules::{self, Refusal, escaped, iso};
use crate::relay::clawtalk::store::{Listed, Reader};

static AUDIT: HeaderName = HeaderName::from_static("x-clawtalk-audit");
static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

impl Asked<'_> {
    pub(super) async fn add_agent(&self, body: Body) -> Answer {
        self.admin()?;
        let agent = rules::new_agent(&self.body(body).await?)?;
        let key = NewKey::random()?;
        let digest = key.digest;
        let added = self
            .api
            .store
            .change(move |work| work.add_agent(agent, digest));
        Ok(registered_as(&added.await??, &key))
    }

    /// Answers with all agents and what only the admin may know of them.
    pub(super) fn survey(&self) -> Answer {
        self.admin()?;
        let now = self.api.clock.now();
        let mut text = vec![b'['];
        for agent in self.api.directory.read().all() {
            if text.len() > 1 {
                text.push(b',');
            }
            text.push(b'{');
            append_public(&mut text, agent, now);
            text.extend_from_slice(b",\"owner\":");
            text.extend_from_slice(&agent.owner);
            text.extend_from_slice(b",\"webhookUrl\":");
            text.extend_from_slice(&match &agent.webhook {
                Some(webhook) => escaped(webhook),
                None => b"null".to_vec(),
            });
            let waiting = agent.live.inbox().waiting;
            let registered = iso(agent.registered);
            let rest = format!(",\"registered\":\"{registered}\",\"waiting\":{waiting}}}");
            text.extend_from_slice(rest.as_bytes());
        }
        text.push(b']');
        Ok(reply::json(StatusCode::OK, text))
    }

    pub(super) async fn remove_agent(&self, name: &str) -> Answer {
        self.admin()?;
        let name = rules::decoded(name)?;
        let id = self.named(&name)?;
        let removed = self.api.store.change(move |work| work.remove_agent(id));
        removed.await??;
        let mut body = b"{\"deleted\":true,\"name\":".to_vec();
        body.extend_from_slice(&escaped(&name));
        body.push(b'}');
        Ok(reply::json(StatusCode::OK, body))
    }

    pub(super) async fn renew_key(&self, name: &str) -> Answer {
        self.admin()?;
        let name = rules::decoded(name)?;
        let id = self.named(&name)?;
        let key = NewKey::random()?;
        let digest = key.digest;
        let renewed = self
            .api
            .store
            .change(move |work| work.renew_key(id, digest));
        renewed.await??;
        Ok(registered_as(&name, &key))
    }

    pub(super) async fn add_invite(&self, body: Body) -> Answer {
        self.admin()?;
        let invite = rules::invite(&self.body(body).await?)?;
        let code = new_code()?;
        let header = |name| self.parts.headers.get(name).map(HeaderValue::as_bytes);
        let url = rules::invite_url(
            self.api.options.public_url.as_deref(),
            header(&HOST),
            header(&FORWARDED_PROTO) == Some(b"https"),
            &code,
        );
        let (kept, named) = (invite.clone(), code.clone());
        let expires = self
            .api
            .store
            .change(move |work| work.add_invite(&kept, &named))
            .await?;
        let mut text = format!("{{\"code\":\"{code}\",\"url\":").into_bytes();
        text.extend_from_slice(&escaped(&url));
        let optional = (invite.label.as_deref(), invite.max_uses, expires.map(iso));
        append_optional(&mut text, optional);
        text.push(b'}');
        Ok(reply::json(StatusCode::CREATED, text))
    }

    pub(super) async fn list_invites(&self) -> Answer {
        self.admin()?;
        let invites = self.look(Reader::invites).await?;
        let mut text = vec![b'['];
        for invite in &invites {
            if text.len() > 1 {
                text.push(b',');
            }
            append_invite(&mut text, invite);
        }
        text.push(b']');
        Ok(reply::json(StatusCode::OK, text))
    }

    pub(super) async fn delete_invite(&self, code: &str) -> Answer {
        self.admin()?;
        let named = code.to_owned();
        let deleted = self
            .api
            .store
            .change(move |work| work.delete_invite(&named));
        if !deleted.await? {
            return Err(Refusal::not_found("Invite not found"));
        }
        let mut body = b"{\"deleted\":true,\"code\":".to_vec();
        body.extend_from_slice(&escaped(code));
        body.push(b'}');
        Ok(reply::json(StatusCode::OK, body))
    }

    /// Takes an entry of the audit log, and keeps it where the log is on.
    pub(super) async fn add_entry(&self, body: Body) -> Answer {
        let agent = self.agent()?;
        let body = self.counted(body, "Payload exceeds 64KB limit").await?;
        let entry = rules::audit_entry(&body)?;
        if self.api.options.audit.is_some() {
            let logged = self
                .api
                .store
                .change(move |work| work.log(&entry, &agent.name));
            logged.await?;
        }
        let response = reply::json(StatusCode::CREATED, "{\"ok\":true}");
        Ok(self.audited(response))
    }

    pub(super) async fn list_entries(&self) -> Answer {
        self.admin()?;
        let query = self.query().entries();
        let entries = if self.api.options.audit.is_some() {
            self.look(move |reader| reader.entries(&query)).await?
        } else {
            Vec::new()
        };
        let mut text = b"{\"entries\":[".to_vec();
        for (at, entry) in entries.iter().enumerate() {
            if at > 0 {
                text.push(b',');
            }
            text.extend_from_slice(&entry.text);
        }
        text.push(b']');
        if let Some(last) = entries.last() {
            text.extend_from_slice(format!(",\"cursor\":\"{}\"", iso(last.at)).as_bytes());
        }
        text.push(b'}');
        Ok(self.audited(reply::json(StatusCode::OK, text)))
    }

    /// Deletes entries also where the log is off now: they are of a time when it was not.
    pub(super) async fn delete_entries(&self) -> Answer {
        self.admin()?;
        let query = self.query();
        let before = query.get("before");
        let missing = || Refusal::bad_request("Missing required query param: before");
        let before = rules::instant(before.ok_or_else(missing)?);
        let invalid = || Refusal::bad_request("Invalid query param: before");
        let before = before.ok_or_else(invalid)?;
        let deleted = self.api.store.change(move |work| work.clear_audit(before));
        let body = format!("{{\"deleted\":{}}}", deleted.await?);
        Ok(self.audited(reply::json(StatusCode::OK, body)))
    }

    /// Says when the log is off.
    fn audited(&self, mut response: Response) -> Response {
        if self.api.options.audit.is_none() {
            let off = HeaderValue::from_static("off");
            response.headers_mut().insert(AUDIT.clone(), off);
        }
        response
    }
}

/// Makes a code for an invite. None begins with a dash, which a command line would take for a
/// flag.
fn new_code() -> Result<String, Refusal> {
    loop {
        let code = URL_SAFE_NO_PAD.encode(random::<16>()?);
        if !code.starts_with('-') {
            return Ok(code);
        }
    }
}

fn append_invite(text: &mut Vec<u8>, invite: &Listed) {
    text.extend_from_slice(b"{\"code\":");
    text.extend_from_slice(&escaped(&invite.code));
    let counts = format!(
        ",\"createdBy\":\"admin\",\"createdAt\":\"{}\",\"uses\":{}",
        iso(invite.created),
        invite.uses
    );
    text.extend_from_slice(counts.as_bytes());
    let expires = invite.expires.map(iso);
    append_optional(text, (invite.label.as_deref(), invite.max_uses, expires));
    text.push(b'}');
}

fn append_optional(
    text: &mut Vec<u8>,
    (label, max_uses, expires): (Option<&[u8]>, Option<i64>, Option<String>),
) {
    if let Some(label) = label {
        text.extend_from_slice(b",\"label\":");
        text.extend_from_slice(label);
    }
    if let Some(max_uses) = max_uses {
        text.extend_from_slice(format!(",\"maxUses\":{max_uses}").as_bytes());
    }
    if let Some(expires) = expires {
        text.extend_from_slice(format!(",\"expiresAt\":\"{expires}\"").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_of_an_invite_looks_like_a_flag() {
        for _ in 0..1_000 {
            let code = new_code().unwrap();
            assert!(code.len() == 22 && !code.starts_with('-'), "{code}");
        }
    }
}
