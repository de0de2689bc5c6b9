//! Sockets and life cycle: binding, accepting, stopping.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::clawtalk::{self, Background};
use super::http::{self, Relay, Source};
use super::index::Index;
use super::limits::Meter;
use super::store::{self, OpenError, Surroundings, Threads, What};
use super::wait::Waiters;
use super::{Clock, Error, Options};

/// How long the head of a request may take, and how long a connection may stay idle.
const HEAD_TIME: Duration = Duration::from_secs(30);

/// How long requests under way may take to end when the relay stops.
const STOP_TIME: Duration = Duration::from_secs(10);

/// How often expired mail of channels that nobody asks about is removed.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Most pairs of waiting request and channel: about 100 bytes each.
const MOST_WAITING: usize = 4_000_000;

/// A relay that is bound and answers.
///
/// Dropping it cuts connections off and blocks for at most one commit; [`Self::stop`] lets
/// requests end.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stopping: watch::Sender<bool>,
    accepting: JoinHandle<Result<(), Error>>,
    sweeping: JoinHandle<()>,
    clawtalk: Option<Background>,
    // Last: the threads write what the tasks above ordered.
    threads: Option<Threads>,
}

/// Starts a relay on the system's clock; it is bound and ready when this returns.
///
/// Needs a Tokio runtime with time and I/O.
pub async fn start(options: Options) -> Result<Running, Error> {
    start_with_clock(options, Clock::system()).await
}

/// Starts a relay that takes expiry times from `clock`.
pub async fn start_with_clock(options: Options, clock: Clock) -> Result<Running, Error> {
    let Options {
        listen,
        data,
        limits,
        clawtalk,
    } = options;
    let listening = |source| Error::Listen {
        address: listen,
        source,
    };
    let listener = TcpListener::bind(listen).await.map_err(listening)?;
    let address = listener.local_addr().map_err(listening)?;

    let index = Arc::new(Index::new(run_name()?));
    let waiters = Waiters::new(MOST_WAITING);
    let surroundings = Surroundings {
        index: Arc::clone(&index),
        waiters: Arc::clone(&waiters),
        clock: clock.clone(),
        max_waiting: i64::try_from(limits.max_waiting).unwrap_or(i64::MAX),
    };
    let (stopping, stopped) = watch::channel(false);
    let (kept_limits, kept_clock, until) = (limits.clone(), clock.clone(), stopped.clone());
    let opening = tokio::task::spawn_blocking(move || {
        // The first one locks the directory for both.
        let mailboxes = store::open(&data, surroundings)?;
        let open = |options| clawtalk::open(&data, options, &kept_limits, &kept_clock, until);
        Ok::<_, OpenError>((mailboxes, clawtalk.map(open).transpose()?))
    });
    let opened = opening
        .await
        .map_err(|error| Error::Directory(std::io::Error::other(error)))?;
    let ((store, reader, threads), clawtalk) = opened?;
    let (clawtalk, background) = clawtalk.unzip();

    let relay = Arc::new(Relay {
        index,
        store,
        reader,
        waiters,
        meter: Meter::new(limits.rate),
        limits,
        clock,
        clawtalk,
        stopping: stopped.clone(),
    });
    let sweeping = tokio::spawn(sweep(Arc::clone(&relay)));
    let accepting = tokio::spawn(accept(listener, relay, stopped));
    tracing::info!(%address, clawtalk = background.is_some(), "relay listens");
    Ok(Running {
        address,
        stopping,
        accepting,
        sweeping,
        clawtalk: background,
        threads: Some(threads),
    })
}

impl Running {
    /// Returns the address it listens on, with the port that was free.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, answers who waits, lets requests end, and closes the store.
    ///
    /// Fails with [`Error::CutOff`] when requests do not end within ten seconds.
    pub async fn stop(mut self) -> Result<(), Error> {
        self.stopping.send_replace(true);
        let ended = (&mut self.accepting).await.unwrap_or(Err(Error::CutOff));
        self.sweeping.abort();
        let open = (self.clawtalk.take(), self.threads.take());
        if tokio::task::spawn_blocking(move || drop(open))
            .await
            .is_err()
        {
            tracing::error!("the store did not close");
        }
        tracing::info!("relay stopped");
        ended
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.accepting.abort();
        self.sweeping.abort();
    }
}

/// Names this run: versions from another one must not match by chance.
fn run_name() -> Result<String, Error> {
    let run = getrandom::u64().map_err(|_no_source| Error::Random)?;
    Ok(format!("{run:016x}"))
}

async fn accept(
    listener: TcpListener,
    relay: Arc<Relay>,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), Error> {
    let places = Arc::new(Semaphore::new(relay.limits.max_connections.max(1)));
    let router = Router::new()
        .fallback(http::answer)
        .with_state(Arc::clone(&relay));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            (place, accepted) = accepted => match accepted {
                Ok((stream, peer)) => {
                    let served = serve(stream, peer, router.clone(), stopping.clone());
                    connections.spawn(async move {
                        served.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, most likely: let some connections end first.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = stopped(&mut stopping) => break,
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    tokio::time::timeout(STOP_TIME, ended)
        .await
        .map_err(|_elapsed| Error::CutOff)
}

/// Serves one connection until it ends, or until the request under way ends after `stopping`.
async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot turn off Nagle's algorithm");
    }
    let router = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |mut request: Request<_>| {
        request.extensions_mut().insert(Source(peer.ip()));
        let answered = hyper::service::Service::call(&router, request);
        async move { Ok::<_, Infallible>(answered.await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection broke");
    }
}

/// Returns when the relay stops, or is dropped.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    if stopping.wait_for(|stopping| *stopping).await.is_err() {
        tracing::debug!("the relay was dropped");
    }
}

/// Removes what has expired, for ever, a shard at a time.
async fn sweep(relay: Arc<Relay>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    loop {
        ticks.tick().await;
        let now = relay.clock.now();
        let mut shard = 0;
        while let Some(due) = relay.index.due(shard, now) {
            for channel in due {
                if relay.store.change(channel, What::Expire).await.is_err() {
                    return;
                }
            }
            shard += 1;
            tokio::task::yield_now().await;
        }
        if let Some(clawtalk) = &relay.clawtalk {
            clawtalk.sweep().await;
        }
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Directory(error) => Self::Directory(error),
            OpenError::InUse => Self::InUse,
            OpenError::Database(error) => Self::Store(error),
            OpenError::Newer(_) => Self::Newer,
        }
    }
}
