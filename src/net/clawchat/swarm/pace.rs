//! Keeps us from opening connections to one address faster than it takes them.
//!
//! A real gateway accepts five new connections a second from one address and closes the others
//! in the middle of their handshake, which looks like a fault. So we open four at most, whoever
//! of us dials: a session, a relay, `AutoNAT` or hole punching.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::transport::{DialOpts, ListenerId, TransportEvent};
use libp2p::futures::future::BoxFuture;
use libp2p::{Multiaddr, Transport, TransportError};

use super::ip_of;

/// New connections to one address within [`WINDOW`].
const PER_WINDOW: usize = 4;

/// A little more than the second that a gateway counts.
const WINDOW: Duration = Duration::from_millis(1050);

/// A dial that would have to wait longer than this fails at once.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// Addresses that are remembered.
const REMEMBERED: usize = 1024;

/// When each address was dialled lately. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    recent: Arc<Mutex<HashMap<IpAddr, VecDeque<Instant>>>>,
}

impl Pace {
    /// Returns when a connection to this address may be opened, and counts it; `None` where too
    /// many are waiting already.
    fn slot(&self, target: IpAddr, now: Instant) -> Option<Instant> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= REMEMBERED {
            recent.retain(|_, times| times.back().is_some_and(|last| *last + WINDOW > now));
        }
        let times = recent.entry(target).or_default();
        while times.front().is_some_and(|first| *first + WINDOW <= now) {
            times.pop_front();
        }
        let before = times.len().checked_sub(PER_WINDOW);
        let at = before
            .and_then(|index| times.get(index))
            .map_or(now, |earlier| *earlier + WINDOW);
        if at > now + LONGEST_WAIT {
            return None;
        }
        times.push_back(at);
        drop(recent);
        Some(at)
    }
}

/// A transport whose dials keep to a [`Pace`].
#[derive(Debug)]
pub(super) struct Paced<T> {
    inner: T,
    pace: Pace,
}

impl<T> Paced<T> {
    /// Wraps a transport.
    pub(super) fn new(inner: T, pace: Pace) -> Self {
        Self { inner, pace }
    }
}

impl<T> Transport for Paced<T>
where
    T: Transport<Error = io::Error> + Unpin,
    T::Dial: Send + 'static,
{
    type Output = T::Output;
    type Error = io::Error;
    type ListenerUpgrade = T::ListenerUpgrade;
    type Dial = BoxFuture<'static, Result<T::Output, io::Error>>;

    fn listen_on(
        &mut self,
        id: ListenerId,
        address: Multiaddr,
    ) -> Result<(), TransportError<io::Error>> {
        self.inner.listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner.remove_listener(id)
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> Result<Self::Dial, TransportError<io::Error>> {
        let target = ip_of(&address);
        let dial = self.inner.dial(address, options)?;
        let pace = self.pace.clone();
        // Counted when it is polled: not every dial that is prepared is made.
        Ok(Box::pin(async move {
            if let Some(target) = target {
                let Some(at) = pace.slot(target, Instant::now()) else {
                    let problem = "too many connections to this address at once";
                    return Err(io::Error::new(io::ErrorKind::ResourceBusy, problem));
                };
                tokio::time::sleep_until(at.into()).await;
            }
            dial.await
        }))
    }

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn no_more_than_four_connections_start_within_a_second() {
        let pace = Pace::default();
        let now = Instant::now();

        let times: Vec<_> = (0..12).filter_map(|_| pace.slot(HERE, now)).collect();

        assert_eq!(times.len(), 12);
        for (earlier, later) in times.iter().zip(times.iter().skip(4)) {
            assert!(*later - *earlier >= Duration::from_secs(1));
        }
        assert_eq!(times.first(), Some(&now));
    }

    #[test]
    fn a_dial_that_would_wait_too_long_fails_and_takes_no_place() {
        let pace = Pace::default();
        let now = Instant::now();

        let taken = (0..1000).filter(|_| pace.slot(HERE, now).is_some()).count();

        assert_eq!(taken, 16);
        let later = now + Duration::from_secs(10);
        assert_eq!(pace.slot(HERE, later), Some(later));
    }
}
