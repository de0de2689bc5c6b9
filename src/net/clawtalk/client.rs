//! HTTP with one relay. Every call ends within its time, reads a bounded answer, and follows no
//! redirection: nobody who answers chooses who gets our key.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use zeroize::Zeroizing;

use super::pages::{Inbox, Listed, Query, Reading};
use crate::failpoint;
use crate::model::{PeerText, UnixMillis};
use crate::net::{Failure, Retry, http_client};
use crate::wire::clawtalk::{
    AgentName, ApiKey, Audit, BrokenEntry, Entry, EnvelopeId, ErrorCode, InviteCode, PeerKeys,
    Posted, decode_directory, decode_error, decode_health, decode_page, decode_posted,
    decode_registered, encode_time, keys_request, register_request,
};
use crate::wire::mailbox::RelayUrl;

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(10);
/// Until a request is answered.
const ANSWER: Duration = Duration::from_secs(30);
/// Bytes of a page that are read at most. A longer one is asked for in parts.
const LONGEST_PAGE: usize = 16 * 1024 * 1024;
/// Bytes of a directory that are read at most.
const LONGEST_DIRECTORY: usize = 8 * 1024 * 1024;
/// Bytes of another answer that are read at most.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Why a relay did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// No answer.
    Unreachable,
    /// It does not know our key. A key that is new may take a relay of the original a minute.
    Unauthorized,
    /// Our key, or the invite, does not allow that.
    Forbidden,
    /// There is no such thing, or it is no relay of this kind.
    NotFound,
    /// The name is taken.
    Taken,
    /// We asked too often.
    RateLimited,
    /// What we sent is too long, or what it answered.
    TooLong,
    /// It refused for another reason.
    Refused,
    /// It failed.
    Failed,
    /// Its answer is none of a relay of this kind.
    Unreadable,
}

/// Something that a relay did not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub why: Why,
    /// That in words for a person, and whether trying again can help.
    pub failure: Failure,
    /// How long it asked to wait.
    pub wait: Option<Duration>,
    /// Its own words, where it has any.
    pub words: PeerText,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        refusal.failure
    }
}

/// What became of a message that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone now.
    Now,
    /// It was not there.
    Before,
}

/// A relay took a message. Whether anybody got it, it does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What it says of the message.
    pub posted: Posted,
    /// Its answer, as JSON text on one line.
    pub answer: String,
}

/// Talks with one relay for one account, over pooled connections.
#[derive(Clone)]
pub struct Client {
    base: String,
    key: ApiKey,
    http: &'static reqwest::Client,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Prepares to talk with a relay.
    pub fn new(relay: &RelayUrl, key: ApiKey) -> Result<Self, Refusal> {
        Ok(Self {
            base: relay.as_str().to_owned(),
            key,
            http: pool(relay)?,
        })
    }

    /// Asks for the directory. A relay of the original may show one that is half a minute old.
    pub async fn agents(&self) -> Result<Vec<Result<Entry, BrokenEntry>>, Refusal> {
        let answer = ask(self.request(Method::GET, "/agents"), LONGEST_DIRECTORY).await?;
        decode_directory(&answer).map_err(|error| unreadable(&error.to_string()))
    }

    /// Asks for one page of the inbox. [`Why::TooLong`] where it is longer than what is read.
    pub async fn page(&self, query: &Query) -> Result<Vec<Listed>, Refusal> {
        // Relays of the original ignore the order that is asked for.
        let mut path = format!("/messages?limit={}&sort=asc", query.limit);
        if let Some(since) = query.since {
            path.push_str("&since=");
            path.push_str(&encode_time(since));
        }
        let answer = ask(self.request(Method::GET, &path), LONGEST_PAGE).await?;
        decode_page(&answer).map_err(|error| unreadable(&error.to_string()))
    }

    /// Reads the inbox, as far as [`Reading`] goes. Where the relay stops answering in between,
    /// what it showed before is returned as incomplete.
    pub async fn inbox(&self) -> Result<Inbox, Refusal> {
        self.inbox_from(None).await
    }

    /// The same from where another reading ended ([`Inbox::read_to`]).
    pub async fn inbox_from(&self, since: Option<UnixMillis>) -> Result<Inbox, Refusal> {
        let mut reading = Reading::from(since);
        while let Some(query) = reading.next() {
            match self.page(&query).await {
                Ok(page) => reading.took(page),
                Err(refusal) if refusal.why == Why::TooLong => reading.too_long(),
                Err(refusal) if reading.is_empty() => return Err(refusal),
                Err(_) => reading.failed(),
            }
        }
        Ok(reading.finish())
    }

    /// Deletes a message from our inbox.
    pub async fn delete(&self, id: &EnvelopeId) -> Result<Deleted, Refusal> {
        let request = self.request(Method::DELETE, &format!("/messages/{}", id.as_str()));
        match ask(request, LONGEST_ANSWER).await {
            Ok(_) => Ok(Deleted::Now),
            Err(refusal) if refusal.why == Why::NotFound => Ok(Deleted::Before),
            Err(refusal) => Err(refusal),
        }
    }

    /// Posts an envelope. `key` names it to relays that know how not to store one twice
    /// (`Idempotency-Key`, IETF HTTPAPI draft); others ignore it.
    ///
    /// Ask [`super::rate::Rate`] first. A relay says yes whoever the recipient is: look into the
    /// directory first.
    pub async fn post(&self, body: &str, key: &str) -> Result<Taken, Refusal> {
        let request = self
            .request(Method::POST, "/messages")
            .header("idempotency-key", key)
            .body(body.to_owned());
        let answer = ask(request, LONGEST_ANSWER).await?;
        let posted = decode_posted(&answer)
            .ok_or_else(|| unreadable("the relay's answer has no id for the message"))?;
        let answer = serde_json::from_slice::<serde_json::Value>(&answer)
            .map_or_else(|_| String::from("{}"), |answer| answer.to_string());
        Ok(Taken { posted, answer })
    }

    /// Uploads our public keys. The directory may show the old ones for half a minute.
    pub async fn upload_keys(&self, ours: &AgentName, keys: &PeerKeys) -> Result<(), Refusal> {
        let request = self
            .request(Method::PATCH, &format!("/agents/{}", ours.as_str()))
            .body(keys_request(keys));
        ask(request, LONGEST_ANSWER).await?;
        Ok(())
    }

    /// Tells the relay's log what a message says. Whoever has the admin key can read it.
    pub async fn audit(&self, audit: &Audit<'_>) -> Result<(), Refusal> {
        let request = self.request(Method::POST, "/audit").body(audit.encode());
        ask(request, LONGEST_ANSWER).await?;
        Ok(())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let bearer = Zeroizing::new(format!("Bearer {}", self.key.expose()));
        let request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .header("content-type", "application/json");
        match HeaderValue::from_str(&bearer) {
            Ok(mut value) => {
                value.set_sensitive(true);
                request.header(AUTHORIZATION, value)
            }
            // A key is made of characters that may stand there.
            Err(_) => request,
        }
    }
}

/// Asks a relay how it is; returns how many agents it has, where it can say. An error where it
/// is no relay of this kind.
pub async fn health(relay: &RelayUrl) -> Result<Option<u64>, Refusal> {
    let request = pool(relay)?.get(format!("{}/health", relay.as_str()));
    let answer = ask(request, LONGEST_ANSWER).await?;
    decode_health(&answer).ok_or_else(|| unreadable("this address is not a ClawTalk relay"))
}

/// Registers an agent with an invite, and returns its name and key. Its public keys are uploaded
/// afterwards, with [`Client::upload_keys`].
pub async fn register(
    relay: &RelayUrl,
    invite: &InviteCode,
    name: &AgentName,
    owner: Option<&str>,
) -> Result<(AgentName, ApiKey), Refusal> {
    let request = pool(relay)?
        .post(format!("{}/register", relay.as_str()))
        .header("content-type", "application/json")
        .body(register_request(invite, name, owner));
    let answer = Zeroizing::new(ask(request, LONGEST_ANSWER).await.map_err(about_invite)?);
    decode_registered(&answer).ok_or_else(|| unreadable("the relay's answer holds no key"))
}

/// Says of a refused registration what is wrong with the invite. The words of the relay are
/// compared, and never shown.
fn about_invite(mut refusal: Refusal) -> Refusal {
    if refusal.why == Why::Forbidden {
        refusal.failure.problem = String::from(match refusal.words.expose_untrusted() {
            "Invite code has expired" => "the invite has expired",
            "Invite code has reached its usage limit" => "the invite was used up",
            _ => "the relay does not know this invite, or it has expired",
        });
    }
    refusal
}

/// Sends a request, and returns the body of an answer that says yes.
async fn ask(request: RequestBuilder, longest: usize) -> Result<Vec<u8>, Refusal> {
    let response = request.send().await.map_err(|error| unreachable(&error));
    failpoint::step();
    let response = response?;
    let status = response.status();
    let wait = retry_after(response.headers());
    if status.is_success() {
        return body(response, longest).await;
    }
    // What is wrong is known without its body.
    let bytes = body(response, LONGEST_ANSWER).await.unwrap_or_default();
    let (code, words) = decode_error(&bytes);
    let (why, retry, problem) = meaning(status, code);
    Err(Refusal {
        wait,
        words,
        ..refusal(why, retry, &problem)
    })
}

async fn body(mut response: Response, longest: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| unreachable(&error))?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > longest {
            let problem = "the relay's answer is longer than any real one";
            return Err(refusal(Why::TooLong, Retry::Later, problem));
        }
    }
    Ok(bytes)
}

/// How long a relay asks to wait: in seconds, which is the form that relays use.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

/// Says what an answer means that says no.
fn meaning(status: StatusCode, code: ErrorCode) -> (Why, Retry, String) {
    let (why, retry, problem) = match (status.as_u16(), code) {
        // It may not know a new key yet, and an old one may be put right: neither is the fault
        // of what was to be sent.
        (401, _) => (
            Why::Unauthorized,
            Retry::Later,
            "the relay does not know our API key",
        ),
        (403, _) => (
            Why::Forbidden,
            Retry::Never,
            "the relay does not allow that",
        ),
        (404, ErrorCode::NotFound) => (Why::NotFound, Retry::Never, "the relay has no such thing"),
        (404 | 405, _) => (
            Why::NotFound,
            Retry::Never,
            "this address is not a ClawTalk relay",
        ),
        (409, _) => (Why::Taken, Retry::Never, "the name is taken"),
        (_, ErrorCode::PayloadTooLarge) | (413, _) => (
            Why::TooLong,
            Retry::Never,
            "the relay refused it: too large",
        ),
        (429, _) => (
            Why::RateLimited,
            Retry::Later,
            "the relay asks to come back later",
        ),
        (300..400, _) => (
            Why::Refused,
            Retry::Never,
            "the relay points to another address",
        ),
        (other @ 400..500, _) => {
            let problem = format!("the relay refused it ({other})");
            return (Why::Refused, Retry::Never, problem);
        }
        (other, _) => {
            let problem = format!("the relay failed ({other})");
            return (Why::Failed, Retry::Later, problem);
        }
    };
    (why, retry, problem.to_owned())
}

fn refusal(why: Why, retry: Retry, problem: &str) -> Refusal {
    Refusal {
        why,
        failure: Failure {
            problem: problem.to_owned(),
            retry,
        },
        wait: None,
        words: PeerText::default(),
    }
}

fn unreadable(problem: &str) -> Refusal {
    refusal(Why::Unreadable, Retry::Later, problem)
}

fn unreachable(error: &reqwest::Error) -> Refusal {
    let problem = if error.is_timeout() {
        "the relay did not answer in time"
    } else if is_about_tls(error) {
        "no safe connection to the relay: its certificate is not trusted here"
    } else {
        "cannot reach the relay"
    };
    refusal(Why::Unreachable, Retry::Later, problem)
}

/// Tells whether TLS is what failed, anywhere down the chain of causes. An I/O error carries its
/// cause inside rather than behind it.
fn is_about_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let inside = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>()
        || inside.is_some_and(|inner| is_about_tls(inner))
        || error.source().is_some_and(is_about_tls)
}

/// Returns the connection pool for a relay. Loopback never goes through a proxy, and without
/// TLS no root certificates are read.
fn pool(relay: &RelayUrl) -> Result<&'static reqwest::Client, Refusal> {
    static POOLS: [OnceLock<Option<reqwest::Client>>; 3] = [const { OnceLock::new() }; 3];
    let [near, near_tls, far] = &POOLS;
    let pool = match (relay.is_loopback(), relay.is_tls()) {
        (true, false) => near.get_or_init(|| build(|b| b.no_proxy().tls_certs_only([]))),
        (true, true) => near_tls.get_or_init(|| build(reqwest::ClientBuilder::no_proxy)),
        (false, _) => far.get_or_init(|| build(|b| b)),
    };
    let no_roots = "TLS cannot be set up: no root certificates";
    pool.as_ref()
        .ok_or_else(|| refusal(Why::Unreachable, Retry::Later, no_roots))
}

fn build(
    adjust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Option<reqwest::Client> {
    adjust(http_client().connect_timeout(CONNECT).timeout(ANSWER))
        .build()
        .ok()
}
