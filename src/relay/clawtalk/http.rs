//! The ClawTalk API over HTTP: one handler for every path that is not a mailbox's.
//!
//! Who asks is settled before a body is read. Bodies are read, judged by `rules`, and changed
//! into one change of the store, which answers after its commit.
//!
//! Must not: log names, topics or content, or answer a write before it is committed.

mod admin;
mod messages;
mod reply;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::Api;
use super::directory::Agent;
use super::rules::{self, Refusal, Route};
use super::store::Reader;
use crate::relay::http::body;
use crate::relay::rules::Refusal as Unread;

/// Most bytes of a body that is counted in characters: three for each UTF-16 code unit.
const COUNTED_BODY: usize = 3 * 65_536 + 1;

/// Who asks.
enum Caller {
    Admin,
    Agent(Arc<Agent>),
}

/// Answers one request.
pub(in crate::relay) async fn answer(api: &Api, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked = Asked { parts: &parts, api };
    let route = rules::route(parts.method.as_str(), parts.uri.path());
    let answered = asked.serve(route, body).await;
    answered.unwrap_or_else(|refusal| reply::refusal(&refusal))
}

/// Answers a source that asks too often, in the words of this API.
pub(in crate::relay) fn too_many_requests(method: &Method, seconds: u64) -> Response {
    if method == Method::OPTIONS {
        return reply::options();
    }
    reply::refusal(&Refusal::rate_limited("Too many requests", seconds))
}

/// A request without its body.
struct Asked<'r> {
    parts: &'r Parts,
    api: &'r Api,
}

type Answer = Result<Response, Refusal>;

impl Asked<'_> {
    async fn serve(&self, route: Route<'_>, body: axum::body::Body) -> Answer {
        match route {
            Route::Options => Ok(reply::options()),
            Route::Health => Ok(self.health()),
            Route::ListAgents => self.list_agents(),
            Route::PostMessage => self.post(body).await,
            Route::ListMessages => self.list_messages().await,
            Route::DeleteMessage(id) => self.delete_message(id).await,
            Route::ListTopics => self.list_topics().await,
            Route::PatchAgent(name) => self.patch_agent(name, body).await,
            Route::Register => self.register(body).await,
            Route::AddAgent => self.add_agent(body).await,
            Route::AddEntry => self.add_entry(body).await,
            Route::ListEntries => self.list_entries().await,
            Route::DeleteEntries => self.delete_entries().await,
            Route::AddInvite => self.add_invite(body).await,
            Route::ListInvites => self.list_invites().await,
            Route::DeleteInvite(code) => self.delete_invite(code).await,
            Route::Survey => self.survey(),
            Route::RemoveAgent(name) => self.remove_agent(name).await,
            Route::RenewKey(name) => self.renew_key(name).await,
            Route::Unknown => Err(Refusal::not_found("Not found")),
        }
    }

    fn caller(&self) -> Result<Caller, Refusal> {
        let header = self.parts.headers.get(AUTHORIZATION);
        let token = header.and_then(|header| rules::token(header.as_bytes()));
        let digest: [u8; 32] = Sha256::digest(token.ok_or(Refusal::UNAUTHORIZED)?).into();
        if self.api.options.admin_key.is(&digest) {
            return Ok(Caller::Admin);
        }
        let directory = self.api.directory.read();
        let agent = directory.with_key(&digest).cloned();
        agent.map(Caller::Agent).ok_or(Refusal::UNAUTHORIZED)
    }

    fn agent(&self) -> Result<Arc<Agent>, Refusal> {
        match self.caller()? {
            Caller::Agent(agent) => Ok(agent),
            Caller::Admin => Err(Refusal::UNAUTHORIZED),
        }
    }

    fn admin(&self) -> Result<(), Refusal> {
        match self.caller()? {
            Caller::Admin => Ok(()),
            Caller::Agent(_) => Err(Refusal::UNAUTHORIZED),
        }
    }

    fn query(&self) -> rules::Query<'_> {
        rules::Query::new(self.parts.uri.query())
    }

    /// Reads a body whose length in characters `rules` judges.
    async fn counted(
        &self,
        body: axum::body::Body,
        too_long: &'static str,
    ) -> Result<Bytes, Refusal> {
        self.read(body, COUNTED_BODY.min(self.api.max_body), too_long)
            .await
    }

    async fn body(&self, body: axum::body::Body) -> Result<Bytes, Refusal> {
        self.read(body, self.api.max_body, "Body is too large")
            .await
    }

    async fn read(
        &self,
        body: axum::body::Body,
        most: usize,
        too_long: &'static str,
    ) -> Result<Bytes, Refusal> {
        body::read(&self.parts.headers, body, most)
            .await
            .map_err(|unread| {
                if unread == Unread::TooLarge {
                    Refusal::too_large(too_long)
                } else if unread == Unread::TooSlow {
                    Refusal::TOO_SLOW
                } else {
                    Refusal::INVALID_JSON
                }
            })
    }

    /// Reads from the store where that may block.
    async fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, Refusal> {
        let reader = self.api.reader.clone();
        match tokio::task::spawn_blocking(move || read(&reader)).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the store refused a read");
                Err(Refusal::UNAVAILABLE)
            }
            Err(error) => {
                tracing::error!(%error, "a read ended early");
                Err(Refusal::UNAVAILABLE)
            }
        }
    }

    fn health(&self) -> Response {
        let agents = self.api.directory.read().len();
        let now = rules::iso(self.api.clock.now());
        let body = format!("{{\"status\":\"ok\",\"ts\":\"{now}\",\"agents\":{agents}}}");
        reply::json(StatusCode::OK, body)
    }
}

/// A new API key, and the digest that is stored of it.
struct NewKey {
    text: String,
    digest: [u8; 32],
}

impl NewKey {
    fn random() -> Result<Self, Refusal> {
        let text = format!("ct_{}", URL_SAFE_NO_PAD.encode(random::<32>()?));
        let digest = Sha256::digest(&text).into();
        Ok(Self { text, digest })
    }
}

fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    crate::crypto::random().map_err(|_no_source| Refusal::UNAVAILABLE)
}
