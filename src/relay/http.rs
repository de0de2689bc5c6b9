//! The mailbox API over HTTP: one handler for every path. What is no mailbox goes on to the
//! ClawTalk API where that is on.
//!
//! A router would decode and normalise paths its own way; the reference's rules are in
//! [`rules`], so everything arrives here raw. Extensions that old clients never notice:
//! `Prefer: wait`, `ETag`, `Idempotency-Key`, `Handshake-Writes`, `POST /poll`.
//!
//! Must not: log ids or content, or answer a write before the store has committed it.

pub(super) mod body;
mod poll;
mod reply;

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::header::{HeaderMap, HeaderValue, IF_NONE_MATCH, RETRY_AFTER};
use axum::http::{HeaderName, Method, StatusCode};
use axum::response::Response;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::time::{Instant as Deadline, timeout_at};

use super::Clock;
use super::clawtalk::{self, Api};
use super::index::{Facts, Index};
use super::limits::{Limits, Meter};
use super::pages;
use super::rules::{self, Refusal, Route};
use super::server::stopped;
use super::store::{Done, IdempotencyKey, Reader, Refused, Store, What};
use super::wait::{Waiters, Waiting};

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
static PREFER: HeaderName = HeaderName::from_static("prefer");

/// Lists with fewer payload bytes are read at once, on the thread that serves the request.
const INLINE_BYTES: i64 = 64 * 1024;
const INLINE_MESSAGES: i64 = 256;

/// What every request shares.
#[derive(Debug)]
pub(super) struct Relay {
    pub(super) index: Arc<Index>,
    pub(super) store: Store,
    pub(super) reader: Reader,
    pub(super) waiters: Arc<Waiters>,
    pub(super) meter: Meter,
    pub(super) limits: Limits,
    pub(super) clock: Clock,
    /// The API beside this one; `None` where nobody is its admin.
    pub(super) clawtalk: Option<Api>,
    /// Becomes true when the relay stops; who waits is then answered.
    pub(super) stopping: watch::Receiver<bool>,
}

/// Where a request came from; the server puts it into every request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source(pub(super) IpAddr);

/// Answers one request.
pub(super) async fn answer(State(relay): State<Arc<Relay>>, request: Request) -> Response {
    let started = Instant::now();
    let source = request.extensions().get::<Source>().map(|source| source.0);
    let method = request.method().clone();
    let path = request.uri().path();
    let clawtalk = relay.clawtalk.as_ref();
    let clawtalk = clawtalk.filter(|_| !rules::is_mailbox(path));
    if let Some(Err(after)) = source.map(|source| relay.meter.admit(source, || started)) {
        let seconds = after.as_secs().saturating_add(1);
        if clawtalk.is_some() {
            return clawtalk::too_many_requests(&method, seconds);
        }
        let mut response = reply::refusal(Refusal::TooManyRequests);
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
        return response;
    }
    let response = if let Some(page) = pages::answer(&request) {
        page
    } else if let Some(api) = clawtalk {
        clawtalk::answer(api, request).await
    } else {
        let route = rules::route(method.as_str(), path);
        relay.serve(route, request).await
    };
    log(&method, response.status(), started);
    response
}

fn log(method: &Method, status: StatusCode, started: Instant) {
    tracing::debug!(
        %method,
        status = status.as_u16(),
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "request"
    );
}

impl Relay {
    async fn serve(&self, route: Route, request: Request) -> Response {
        let outcome = match route {
            Route::PostMessage(channel) => self.post(channel, request).await,
            Route::ListMessages(channel) => self.list(channel, request.headers()).await,
            Route::DeleteMessage(channel, seq) => self.delete(channel, seq).await,
            Route::PutHandshake(channel) => self.put_handshake(channel, request).await,
            Route::ReadHandshake(channel) => self.handshake(channel, request.headers()).await,
            Route::Poll => self.poll(request).await,
            Route::Health => Ok(reply::json(StatusCode::OK, HEALTH)),
            Route::Refused(refusal) => Err(refusal),
        };
        outcome.unwrap_or_else(reply::refusal)
    }

    async fn post(&self, channel: Arc<str>, request: Request) -> Result<Response, Refusal> {
        let (parts, body) = request.into_parts();
        let key = parts.headers.get(&IDEMPOTENCY_KEY);
        let key = key
            .map(|key| rules::idempotency_key(key.as_bytes()))
            .transpose()?;
        let body = body::read(&parts.headers, body, self.limits.max_body).await?;
        let payload = rules::payload(&body)?;
        let key = key.map(|key| IdempotencyKey {
            key: key.to_owned(),
            digest: Sha256::digest(&payload).into(),
        });
        match self
            .store
            .change(channel, What::Post { payload, key })
            .await?
        {
            Done::Posted { seq } => Ok(reply::json(
                StatusCode::OK,
                format!("{{\"ok\":true,\"seq\":{seq}}}"),
            )),
            Done::Deleted | Done::Written(_) | Done::Expired => Err(Refusal::Unavailable),
        }
    }

    async fn delete(&self, channel: Arc<str>, seq: Option<i64>) -> Result<Response, Refusal> {
        // What is not there needs no commit to be gone.
        let waits = self
            .index
            .facts(&channel)
            .is_some_and(|facts| facts.waiting > 0);
        if let Some(seq) = seq.filter(|_| waits) {
            self.store.change(channel, What::Delete { seq }).await?;
        }
        Ok(reply::json(StatusCode::OK, OK))
    }

    async fn put_handshake(
        &self,
        channel: Arc<str>,
        request: Request,
    ) -> Result<Response, Refusal> {
        let (parts, body) = request.into_parts();
        let body = body::read(&parts.headers, body, self.limits.max_body).await?;
        let body = rules::handshake(&body)?;
        let mut response = reply::json(StatusCode::OK, OK);
        if let Done::Written(writes) = self.store.change(channel, What::Handshake { body }).await? {
            reply::handshake_writes(&mut response, writes);
        }
        Ok(response)
    }

    async fn handshake(&self, channel: Arc<str>, headers: &HeaderMap) -> Result<Response, Refusal> {
        let wait = wait(headers);
        let arrived = |facts: Option<&Facts>| facts.is_some_and(|facts| facts.handshake_writes > 0);
        let facts = self.wait_until(&channel, wait, arrived).await?;
        let mut response = match facts.filter(|facts| arrived(Some(facts))) {
            None => reply::refusal(Refusal::NotFound),
            Some(facts) => match self.read(|reader| reader.handshake(facts.id))? {
                None => reply::refusal(Refusal::NotFound),
                Some(body) => {
                    let mut response = reply::json(StatusCode::OK, body);
                    reply::handshake_writes(&mut response, facts.handshake_writes);
                    response
                }
            },
        };
        reply::preference_applied(&mut response, wait);
        Ok(response)
    }

    async fn list(&self, channel: Arc<str>, headers: &HeaderMap) -> Result<Response, Refusal> {
        let wait = wait(headers);
        let known = headers.get(IF_NONE_MATCH);
        let is_known = |facts: Option<&Facts>| {
            known.is_some_and(|known| {
                rules::names_version(known.as_bytes(), &self.index.version(facts))
            })
        };
        let arrived = |facts: Option<&Facts>| match known {
            Some(_) => !is_known(facts),
            None => facts.is_some_and(|facts| facts.waiting > 0),
        };
        // The version is older than or as old as what is read after it, so a client never
        // takes a version for newer mail than it got.
        let facts = self.wait_until(&channel, wait, arrived).await?;
        let mut response = if is_known(facts.as_ref()) {
            reply::not_modified()
        } else {
            match facts.filter(|facts| facts.waiting > 0) {
                None => reply::json(StatusCode::OK, "[]"),
                Some(facts) => self.messages(channel, facts)?,
            }
        };
        reply::version(&mut response, &self.index.version(facts.as_ref()));
        if let Some(facts) = facts.filter(|facts| facts.handshake_writes > 0) {
            reply::handshake_writes(&mut response, facts.handshake_writes);
        }
        reply::preference_applied(&mut response, wait);
        Ok(response)
    }

    fn messages(&self, channel: Arc<str>, facts: Facts) -> Result<Response, Refusal> {
        if facts.bytes > INLINE_BYTES || facts.waiting > INLINE_MESSAGES {
            let reader = self.reader.clone();
            return Ok(reply::stream(reader, facts, channel));
        }
        let all = (0, facts.last_seq);
        let page = self.read(|reader| reader.messages((facts.id, &channel), all))?;
        Ok(reply::json(StatusCode::OK, page.text))
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, rusqlite::Error>,
    ) -> Result<T, Refusal> {
        read(&self.reader).map_err(|error| {
            tracing::warn!(%error, "the store refused a read");
            Refusal::Unavailable
        })
    }

    /// Returns what is known of a channel, without what has expired by now.
    async fn fresh(&self, channel: &Arc<str>) -> Result<Option<Facts>, Refusal> {
        let facts = self.index.facts(channel);
        match facts {
            Some(stale) if stale.due() <= self.clock.now() => {
                self.store.change(Arc::clone(channel), What::Expire).await?;
                Ok(self.index.facts(channel))
            }
            _ => Ok(facts),
        }
    }

    /// Returns the facts of a channel as soon as they please `arrived`, or at the latest when
    /// the wait is over.
    async fn wait_until(
        &self,
        channel: &Arc<str>,
        wait: Option<Duration>,
        arrived: impl Fn(Option<&Facts>) -> bool,
    ) -> Result<Option<Facts>, Refusal> {
        let facts = self.fresh(channel).await?;
        let Some(wait) = wait.filter(|wait| !wait.is_zero()) else {
            return Ok(facts);
        };
        if arrived(facts.as_ref()) {
            return Ok(facts);
        }
        let waiting = self.register(vec![self.index.hash(channel)])?;
        let until_arrived = async {
            loop {
                let facts = self.index.facts(channel);
                if arrived(facts.as_ref()) {
                    return facts;
                }
                waiting.changed().await;
            }
        };
        match self.within(wait, until_arrived).await {
            Some(facts) => Ok(facts),
            None => Ok(self.index.facts(channel)),
        }
    }

    fn register(&self, channels: Vec<u64>) -> Result<Waiting, Refusal> {
        self.waiters
            .register(channels)
            .ok_or(Refusal::TooManyWaiting)
    }

    /// Runs `work` for at most `wait`, and not beyond the end of the relay.
    async fn within<T>(&self, wait: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut stopping = self.stopping.clone();
        let deadline = Deadline::now() + wait;
        tokio::select! {
            biased;
            outcome = timeout_at(deadline, work) => outcome.ok(),
            () = stopped(&mut stopping) => None,
        }
    }
}

const OK: &str = "{\"ok\":true}";

const HEALTH: &str = concat!(
    "{\"ok\":true,\"version\":\"",
    env!("CARGO_PKG_VERSION"),
    "\"}"
);

fn wait(headers: &HeaderMap) -> Option<Duration> {
    rules::wait(headers.get_all(&PREFER).into_iter())
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::ChannelFull,
            Refused::KeyReused => Self::KeyReused,
            Refused::Unavailable => Self::Unavailable,
        }
    }
}
