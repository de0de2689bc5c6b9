//! A stream to a peer, which counts against a limit for as long as it lives.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::futures::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

/// A stream of bytes to a peer, in both directions, on a connection that is encrypted and whose
/// other end is proven to hold the peer's key.
///
/// What is written leaves at the latest with a flush. Closing ends our direction alone: reading
/// goes on until the peer closes theirs. A stream that is dropped without having been closed is
/// reset, and what was not flushed is lost.
pub struct Stream {
    inner: libp2p::Stream,
    _counted: Counted,
}

impl Stream {
    /// Counts a negotiated stream.
    pub(super) fn new(inner: libp2p::Stream, counted: Counted) -> Self {
        Self {
            inner,
            _counted: counted,
        }
    }

    /// Flushes and ends our direction, or gives up after `deadline`.
    pub async fn close_within(&mut self, deadline: Duration) -> io::Result<()> {
        tokio::time::timeout(deadline, self.inner.close()).await?
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

/// How many streams there are of those that a limit is about. Clones share it.
///
/// Not tokio's semaphore: nobody waits here, and its permits would make a lock of every stream
/// in the eyes of clippy.
#[derive(Clone, Debug)]
pub(super) struct Count {
    used: Arc<AtomicUsize>,
    limit: usize,
}

impl Count {
    /// Allows this many at once.
    pub(super) fn up_to(limit: usize) -> Self {
        Self {
            used: Arc::default(),
            limit,
        }
    }

    /// Counts one more, if that is allowed.
    pub(super) fn take(&self) -> Option<Counted> {
        let one_more = |used: usize| (used < self.limit).then_some(used + 1);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .ok()?;
        Some(Counted(Arc::clone(&self.used)))
    }

    /// Whether nobody else shares it, and nothing is counted.
    pub(super) fn is_unused(&self) -> bool {
        Arc::strong_count(&self.used) == 1
    }
}

/// One that is counted, until it is dropped.
#[derive(Debug)]
pub(super) struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
