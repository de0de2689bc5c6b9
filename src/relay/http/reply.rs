//! Answers: JSON without a charset, as the reference sends it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, CONTENT_TYPE, ETAG, HeaderName, HeaderValue};
use axum::response::Response;
use futures_util::stream;

use crate::relay::index::Facts;
use crate::relay::rules::Refusal;
use crate::relay::store::Reader;

static HANDSHAKE_WRITES: HeaderName = HeaderName::from_static("handshake-writes");
static PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

pub(super) fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

pub(super) fn refusal(refusal: Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    // The sentences are ours and need no escaping.
    let mut response = json(status, format!("{{\"error\":\"{refusal}\"}}"));
    if matches!(refusal, Refusal::TooSlow) {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

pub(super) fn not_modified() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

/// Says how often the handshake was written since it was created.
pub(super) fn handshake_writes(response: &mut Response, writes: i64) {
    response
        .headers_mut()
        .insert(HANDSHAKE_WRITES.clone(), HeaderValue::from(writes));
}

/// Says that the wish to wait was understood, whether or not there was reason to.
pub(super) fn preference_applied(response: &mut Response, wait: Option<Duration>) {
    if wait.is_some() {
        let applied = HeaderValue::from_static("wait");
        response
            .headers_mut()
            .insert(PREFERENCE_APPLIED.clone(), applied);
    }
}

pub(super) fn version(response: &mut Response, version: &str) {
    if let Ok(tag) = HeaderValue::try_from(format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
}

/// Sends a long message list page by page, so that it never lies in memory whole.
///
/// Messages deleted while it is on its way may be missing; later ones are not added.
pub(super) fn stream(reader: Reader, facts: Facts, channel: Arc<str>) -> Response {
    let pages = stream::try_unfold(Some(0), move |after| {
        let (reader, channel) = (reader.clone(), Arc::clone(&channel));
        async move {
            let Some(after) = after else {
                return Ok(None);
            };
            let read = move || reader.messages((facts.id, &channel), (after, facts.last_seq));
            let page = tokio::task::spawn_blocking(read);
            let page = page.await.map_err(std::io::Error::other)?;
            let page = page.map_err(|error| {
                tracing::warn!(%error, "the store refused a read");
                std::io::Error::other("the store refused a read")
            })?;
            Ok::<_, std::io::Error>(Some((Bytes::from(page.text), page.more_after)))
        }
    });
    json(StatusCode::OK, Body::from_stream(pages))
}
