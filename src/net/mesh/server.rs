//! The HTTP that other agents speak to us. Everything is bounded: the head, the body and the
//! time of a request, the connections of all and of one address.
//!
//! Must not: look into a body, or let one client wait for another.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use futures_util::future::BoxFuture;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderValue};
use hyper::server::conn::http1;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::wire::mesh::{Answer, LONGEST};

/// How long the head of a request may take, and how long a connection may stay idle.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(5);
/// How long we may take to answer. The scripts wait for eight seconds.
const ANSWER_TIME: Duration = Duration::from_secs(7);
/// Connections at once. Those that come while there are as many wait in the system's queue.
const CONNECTIONS: usize = 512;
/// Connections at once from one address; more are closed.
const OF_ONE: usize = 128;
/// A body that is too large is still read, and thrown away, up to this many bytes: a client
/// that has not finished sending would see a broken connection instead of the answer.
const DRAINED: usize = 8 * 1024 * 1024;
/// Bytes of a head, and lines in it.
const HEAD: usize = 16 * 1024;
const HEAD_LINES: usize = 64;

/// A request whose body was read.
#[derive(Debug)]
pub(super) struct Asked {
    /// `GET`, `POST`, or what the client made up.
    pub(super) method: String,
    /// Path and query.
    pub(super) path: String,
    /// At most [`LONGEST`] bytes.
    pub(super) body: Vec<u8>,
}

/// Answers requests.
pub(super) trait Answering: Send + Sync + 'static {
    /// Says what to answer without a look at the body, if that is clear already.
    fn answer_head(&self, method: &str, path: &str) -> Option<Answer>;

    /// Answers a request.
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Answer>;
}

/// Accepts connections until the task is dropped.
pub(super) async fn serve(listener: TcpListener, answering: Arc<dyn Answering>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let shares = Arc::new(Shares::default());
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            (place, accepted) = accepted => match accepted {
                Ok((stream, from)) => {
                    let Some(share) = Share::take(&shares, from) else {
                        continue;
                    };
                    let answering = Arc::clone(&answering);
                    connections.spawn(async move {
                        connection(stream, answering).await;
                        drop((place, share));
                    });
                }
                Err(error) => {
                    // Out of file descriptors, most likely: let some connections end first.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// How many connections each address has.
#[derive(Debug, Default)]
struct Shares(Mutex<HashMap<IpAddr, usize>>);

impl Shares {
    /// Counts one more, if this address may have it.
    fn add(&self, from: IpAddr) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.get(&from).is_some_and(|count| *count >= OF_ONE) {
            return false;
        }
        *counts.entry(from).or_default() += 1;
        true
    }

    fn remove(&self, from: IpAddr) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&from) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&from);
            }
        }
    }
}

/// A connection of one address, until it is dropped.
#[derive(Debug)]
struct Share {
    shares: Arc<Shares>,
    from: IpAddr,
}

impl Share {
    fn take(shares: &Arc<Shares>, from: SocketAddr) -> Option<Self> {
        let from = from.ip();
        shares.add(from).then(|| Self {
            shares: Arc::clone(shares),
            from,
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shares.remove(self.from);
    }
}

async fn connection(stream: TcpStream, answering: Arc<dyn Answering>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot turn off Nagle's algorithm");
    }
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let answering = Arc::clone(&answering);
        async move { Ok::<_, Infallible>(respond(request, &*answering).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD)
        .max_headers(HEAD_LINES)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "connection broke");
    }
}

async fn respond(request: Request<Incoming>, answering: &dyn Answering) -> Response<Body> {
    let (head, body) = request.into_parts();
    let method = head.method.as_str().to_owned();
    // As it stands in the request: a query or a slash at the end makes it another path.
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    if let Some(answer) = answering.answer_head(&method, path) {
        let whole = body.is_end_stream();
        // What is not read stands before the next request.
        return if whole {
            json(answer)
        } else {
            closing(json(answer))
        };
    }
    let path = path.to_owned();
    let body = match timeout(BODY_TIME, read(&head.headers, body)).await {
        Ok(Ok(body)) => body,
        Ok(Err(answer)) => return closing(json(answer)),
        Err(_elapsed) => return closing(json(Answer::error(408, "too_slow"))),
    };
    let asked = Asked { method, path, body };
    match timeout(ANSWER_TIME, answering.answer(asked)).await {
        Ok(answer) => json(answer),
        Err(_elapsed) => json(Answer::error(503, "busy")),
    }
}

/// Reads a body.
async fn read(headers: &HeaderMap, mut body: Incoming) -> Result<Vec<u8>, Answer> {
    let too_large = || Answer::error(413, "too_large");
    let declared = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    // Who asks before sending gets the answer before sending.
    let asks = headers.contains_key(EXPECT);
    if declared.is_some_and(|length| length > DRAINED || (asks && length > LONGEST)) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        // A broken body has nobody left to read the answer.
        let frame = frame.map_err(|_broken| Answer::invalid_json())?;
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        length += chunk.len();
        if length > DRAINED {
            return Err(too_large());
        }
        if length <= LONGEST {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = Vec::new();
        }
    }
    if length > LONGEST {
        return Err(too_large());
    }
    Ok(bytes)
}

fn json(answer: Answer) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

fn closing(mut response: Response<Body>) -> Response<Body> {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}
