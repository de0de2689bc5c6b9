//! Reads request bodies: bounded in size and time.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, EXPECT};

use crate::relay::rules::Refusal;

/// How long the whole body may take.
const TIME: Duration = Duration::from_secs(30);

/// A body that is too large is still read, and thrown away, up to this many bytes: a client
/// that has not finished sending would see a broken connection instead of the answer.
const DRAINED: usize = 32 * 1024 * 1024;

/// Reads a body of at most `max` bytes.
pub(in crate::relay) async fn read(
    headers: &HeaderMap,
    body: Body,
    max: usize,
) -> Result<Bytes, Refusal> {
    let declared = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    // Who asks before sending gets the answer before sending.
    let asks = headers.contains_key(EXPECT);
    if declared.is_some_and(|length| length > DRAINED || (asks && length > max)) {
        return Err(Refusal::TooLarge);
    }
    tokio::time::timeout(TIME, collect(body, max))
        .await
        .unwrap_or(Err(Refusal::TooSlow))
}

async fn collect(mut body: Body, max: usize) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut more = Vec::new();
    let mut length = 0;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        // A broken body has nobody left to read the answer.
        let frame = frame.map_err(|_broken| Refusal::InvalidJson)?;
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        length += chunk.len();
        if length > DRAINED.max(max) {
            return Err(Refusal::TooLarge);
        }
        if length > max {
            more = Vec::new();
        } else if first.is_empty() && more.is_empty() {
            first = chunk;
        } else {
            if more.is_empty() {
                more.extend_from_slice(&first);
            }
            more.extend_from_slice(&chunk);
        }
    }
    if length > max {
        return Err(Refusal::TooLarge);
    }
    Ok(if more.is_empty() { first } else { more.into() })
}
