//! Asks a ClawTalk relay, ours or the reference's worker, what its admin wants.
//!
//! Must not: put a key into an error, or follow a redirection with one.

use std::time::Duration;

use reqwest::{Client, Method, StatusCode, Url};
use serde_json::Value;

/// How long a connection and a whole answer may take.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);

/// Most bytes of an answer that are read.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// One request of an admin.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// HTTP method.
    pub method: Method,
    /// Path and query, as they go over the wire.
    pub path: String,
    /// JSON body.
    pub body: Option<Value>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is none, or not of the web.
    #[error("not the URL of a relay; it begins with http:// or https://")]
    Url,
    /// The key does not fit into a header.
    #[error("the key holds characters that no header can carry")]
    Key,
    /// TLS is not possible here.
    #[error("TLS cannot be set up: no root certificates")]
    Tls,
    /// Nobody answered.
    #[error("no relay answers there")]
    Unreachable(#[source] reqwest::Error),
    /// What answered is no ClawTalk relay.
    #[error("what answers there is no ClawTalk relay (status {0})")]
    NotARelay(u16),
    /// The relay refused, in its words.
    #[error("the relay refused ({status}): {text}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its sentence; from outside.
        text: String,
    },
}

/// Asks the relay at `url` with this key; an answer without a body is `null`.
pub async fn ask(url: &str, key: &str, ask: &Ask) -> Result<Value, Error> {
    let base: Url = url.parse().map_err(|_not_a_url| Error::Url)?;
    if !matches!(base.scheme(), "http" | "https") {
        return Err(Error::Url);
    }
    let url = format!("{}{}", base.as_str().trim_end_matches('/'), ask.path);
    let mut request = client(&base)?.request(ask.method.clone(), url);
    request = request.header("Authorization", format!("Bearer {key}"));
    if let Some(body) = &ask.body {
        request = request
            .header("Content-Type", "application/json")
            .body(body.to_string());
    }
    let unreachable = |error: reqwest::Error| {
        if error.is_builder() {
            Error::Key
        } else {
            Error::Unreachable(error.without_url())
        }
    };
    let mut answer = request.send().await.map_err(unreachable)?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err(Error::NotARelay(status.as_u16()));
        }
    }
    judge(status, &body)
}

fn judge(status: StatusCode, body: &[u8]) -> Result<Value, Error> {
    if status == StatusCode::NO_CONTENT {
        return Ok(Value::Null);
    }
    let value = serde_json::from_slice::<Value>(body);
    let refusal = value.as_ref().ok().and_then(|value| {
        let (text, code) = (value.get("error")?, value.get("code")?);
        code.as_str().and(text.as_str()).map(str::to_owned)
    });
    match (value, refusal) {
        (Ok(value), None) if status.is_success() => Ok(value),
        (_, Some(text)) => Err(Error::Refused {
            status: status.as_u16(),
            text,
        }),
        _ => Err(Error::NotARelay(status.as_u16())),
    }
}

fn client(url: &Url) -> Result<Client, Error> {
    // An error means that a provider is installed already, which is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .user_agent(concat!("chaperon/", env!("CARGO_PKG_VERSION")));
    let is_loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if is_loopback {
        builder = builder.no_proxy();
    }
    if url.scheme() == "http" {
        // Without TLS no root certificates are read.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|_no_roots| Error::Tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_from_refusals_and_from_strangers() {
        let judge = |status, body: &str| {
            judge(StatusCode::from_u16(status).unwrap(), body.as_bytes())
                .map_err(|error| error.to_string())
        };
        assert_eq!(judge(200, "[1]"), Ok(serde_json::json!([1])));
        assert_eq!(judge(204, ""), Ok(Value::Null));
        let refused = "{\"error\":\"Unauthorized\",\"code\":\"UNAUTHORIZED\"}";
        let text = "the relay refused (401): Unauthorized".to_owned();
        assert_eq!(judge(401, refused), Err(text));
        let stranger = "what answers there is no ClawTalk relay (status 404)".to_owned();
        assert_eq!(
            judge(404, "{\"error\":\"not found\"}"),
            Err(stranger.clone())
        );
        assert_eq!(judge(404, "<html>"), Err(stranger));
        assert!(judge(200, "<html>").is_err());
    }
}
