//! HTTP with one mailbox relay. Every call ends within its time and reads a bounded answer.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{ETAG, HeaderMap, IF_NONE_MATCH, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};

use crate::failpoint;
use crate::model::PublicKey;
use crate::net::{Accepted, Failure, http_client};
use crate::wire::mailbox::{
    Record, RelayUrl, decode_handshake, decode_listing, decode_posted, handshake_request,
    message_request,
};

use super::protocol::whole_elements;

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(10);
/// Until an ordinary request is answered.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a relay may keep us waiting for news.
pub(super) const LONG_POLL: Duration = Duration::from_secs(50);
/// Bytes of one answer that are read at most. A longer list is read in parts.
const MOST: usize = 32 * 1024 * 1024;

/// Talks with one relay over pooled connections.
#[derive(Clone, Debug)]
pub(super) struct Client {
    base: String,
    http: &'static reqwest::Client,
}

/// A list of messages.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) records: Vec<Record>,
    /// Whether the list was read to its end.
    pub(super) complete: bool,
    pub(super) about: About,
}

/// What a relay says beside its answer. Relays other than ours say nothing.
#[derive(Debug, Default)]
pub(super) struct About {
    /// State of the channel.
    pub(super) version: Option<String>,
    /// Handshake writes.
    pub(super) answers: Option<u32>,
    /// Whether it waited for news.
    pub(super) push: bool,
}

/// What the relay shows as handshake.
#[derive(Debug)]
pub(super) enum Handshake {
    /// There is none.
    None,
    /// There is one; `None` if it has no usable key.
    Key(Option<PublicKey>),
}

/// What the batch extension answers.
#[derive(Debug)]
pub(super) enum Changes {
    /// The relay does not have it.
    NotOffered,
    /// Channels whose state differs from the one given, and their state now.
    Changed(BTreeMap<String, String>),
}

/// Body of the batch extension's answer.
#[derive(serde::Deserialize)]
struct Answer {
    changed: BTreeMap<String, String>,
}

impl Client {
    pub(super) fn new(relay: &RelayUrl) -> Result<Self, Failure> {
        Ok(Self {
            base: relay.as_str().to_owned(),
            http: pool(relay)?,
        })
    }

    /// Asks for something that is no channel's.
    pub(super) async fn ask(&self, method: Method, path: &str) -> Result<Response, Failure> {
        send(self.request(method, path)).await
    }

    /// Asks for the messages of a channel; `None` if nothing changed since `version`.
    pub(super) async fn listing(
        &self,
        address: &str,
        version: Option<&str>,
        wait: Option<Duration>,
    ) -> Result<Option<Listing>, Failure> {
        let request = self.request(Method::GET, &format!("/channel/{address}/messages"));
        let response = send(conditional(request, version, wait)).await?;
        let about = about(response.headers());
        match response.status() {
            StatusCode::NOT_MODIFIED => return Ok(None),
            StatusCode::NOT_FOUND => {
                return Ok(Some(Listing {
                    records: Vec::new(),
                    complete: true,
                    about,
                }));
            }
            _ => {}
        }
        let response = success(response)?;
        let (bytes, complete) = body(response).await?;
        let bytes = if complete {
            Some(bytes)
        } else {
            whole_elements(&bytes)
        };
        let records = bytes
            .and_then(|bytes| decode_listing(&bytes).ok())
            .ok_or_else(|| Failure::later("the relay's answer is not a list of messages"))?;
        Ok(Some(Listing {
            records,
            complete,
            about,
        }))
    }

    /// Asks for the handshake of a channel.
    pub(super) async fn handshake(
        &self,
        address: &str,
        wait: Option<Duration>,
    ) -> Result<(Handshake, About), Failure> {
        let request = self.request(Method::GET, &format!("/channel/{address}/handshake"));
        let response = send(conditional(request, None, wait)).await?;
        let about = about(response.headers());
        if response.status() == StatusCode::NOT_FOUND {
            return Ok((Handshake::None, about));
        }
        let (bytes, _complete) = body(success(response)?).await?;
        Ok((Handshake::Key(decode_handshake(&bytes).ok()), about))
    }

    /// Puts our handshake on the relay.
    pub(super) async fn announce(&self, address: &str, key: &PublicKey) -> Result<(), Failure> {
        let request = self
            .request(Method::PUT, &format!("/channel/{address}/handshake"))
            .header("content-type", "application/json")
            .body(handshake_request(key));
        success(send(request).await?)?;
        Ok(())
    }

    /// Puts an envelope on the relay. `key` names this envelope to relays that know how not to
    /// store one twice (`Idempotency-Key`, IETF HTTPAPI draft); others ignore it.
    pub(super) async fn post(
        &self,
        address: &str,
        payload: &str,
        key: &str,
    ) -> Result<Accepted, Failure> {
        let request = self
            .request(Method::POST, &format!("/channel/{address}/messages"))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(message_request(payload));
        let (bytes, _complete) = body(success(send(request).await?)?).await?;
        let seq = decode_posted(&bytes).map_err(|_no_number| {
            Failure::later("the relay's answer has no number for the message")
        })?;
        let answer = serde_json::from_slice::<serde_json::Value>(&bytes)
            .map_or_else(|_| String::from("{}"), |answer| answer.to_string());
        Ok(Accepted {
            remote_id: None,
            seq: Some(seq),
            answer,
            delivered: false,
            original: None,
        })
    }

    /// Lets the relay delete a message.
    pub(super) async fn acknowledge(&self, address: &str, seq: i64) -> Result<(), Failure> {
        let request = self.request(
            Method::DELETE,
            &format!("/channel/{address}/messages/{seq}"),
        );
        success(send(request).await?)?;
        Ok(())
    }

    /// Asks which of many channels changed, and waits for the first that does.
    pub(super) async fn changes(
        &self,
        versions: &BTreeMap<String, Option<String>>,
        wait: Option<Duration>,
    ) -> Result<Changes, Failure> {
        let question = serde_json::json!({ "channels": versions }).to_string();
        let request = self
            .request(Method::POST, "/poll")
            .header("content-type", "application/json")
            .body(question);
        let response = send(conditional(request, None, wait)).await?;
        if matches!(
            response.status(),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
        ) {
            return Ok(Changes::NotOffered);
        }
        let (bytes, _complete) = body(success(response)?).await?;
        serde_json::from_slice::<Answer>(&bytes)
            .map(|answer| Changes::Changed(answer.changed))
            .map_err(|_other| Failure::later("the relay's answer to a poll cannot be read"))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }
}

fn conditional(
    mut request: RequestBuilder,
    version: Option<&str>,
    wait: Option<Duration>,
) -> RequestBuilder {
    if let Some(wait) = wait {
        // RFC 7240, section 4.3.
        request = request
            .header("prefer", format!("wait={}", wait.as_secs()))
            .timeout(wait + ANSWER);
    }
    if let Some(version) = version {
        request = request.header(IF_NONE_MATCH, format!("\"{version}\""));
    }
    request
}

async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    let result = request.send().await.map_err(|error| unreachable(&error));
    failpoint::step();
    result
}

async fn body(mut response: Response) -> Result<(Vec<u8>, bool), Failure> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| unreachable(&error))?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST {
            return Ok((bytes, false));
        }
    }
    Ok((bytes, true))
}

fn about(headers: &HeaderMap) -> About {
    About {
        version: text(headers, ETAG.as_str()).map(|tag| tag.trim_matches('"').to_owned()),
        answers: text(headers, "handshake-writes").and_then(|count| count.parse().ok()),
        push: text(headers, "preference-applied")
            .is_some_and(|applied| applied.starts_with("wait")),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn success(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    Err(match status {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::never("the relay refused it: too large"),
        StatusCode::TOO_MANY_REQUESTS => {
            Failure::later(match response.headers().get(RETRY_AFTER) {
                Some(_) => "the relay asks to come back later",
                None => "the relay holds as much for this channel as it can",
            })
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            Failure::never("this address is not a mailbox relay")
        }
        _ if status.is_redirection() => Failure::never("the relay points to another address"),
        _ if status.is_client_error() => {
            Failure::never(&format!("the relay refused it ({})", status.as_u16()))
        }
        _ => Failure::later(&format!("the relay failed ({})", status.as_u16())),
    })
}

fn unreachable(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        Failure::later("the relay did not answer in time")
    } else if is_about_tls(error) {
        Failure::later("no safe connection to the relay: its certificate is not trusted here")
    } else {
        Failure::later("cannot reach the relay")
    }
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
fn pool(relay: &RelayUrl) -> Result<&'static reqwest::Client, Failure> {
    static POOLS: [OnceLock<Result<reqwest::Client, Failure>>; 3] =
        [OnceLock::new(), OnceLock::new(), OnceLock::new()];
    let [near, near_tls, far] = &POOLS;
    let pool = match (relay.is_loopback(), relay.is_tls()) {
        (true, false) => {
            near.get_or_init(|| build(|builder| builder.no_proxy().tls_certs_only([])))
        }
        (true, true) => near_tls.get_or_init(|| build(reqwest::ClientBuilder::no_proxy)),
        (false, _) => far.get_or_init(|| build(|builder| builder)),
    };
    pool.as_ref().map_err(Clone::clone)
}

fn build(
    adjust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, Failure> {
    adjust(http_client().connect_timeout(CONNECT).timeout(ANSWER))
        .build()
        .map_err(|_no_roots| Failure::later("TLS cannot be set up: no root certificates"))
}
