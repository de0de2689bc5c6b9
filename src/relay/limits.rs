//! How much one channel, one request and one source may take.
//!
//! Must not: trust what a request says of its source; only the peer address counts.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The limits of a relay; [`Limits::default`] suits a small public one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body in bytes; a larger one is answered with 413. Default 1 MiB.
    pub max_body: usize,
    /// Most messages that may wait in one channel; further ones are answered with 429.
    /// Default 10,000.
    pub max_waiting: u64,
    /// Requests per second and source; more are answered with 429 and `Retry-After`. `None`
    /// turns it off. Default [`Rate::default`], which leaves loopback alone.
    pub rate: Option<Rate>,
    /// Most connections open at once; further ones wait to be accepted. Default 10,000.
    pub max_connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body: 1024 * 1024,
            max_waiting: 10_000,
            rate: Some(Rate::default()),
            max_connections: 10_000,
        }
    }
}

/// A rate for each source address (IPv6: each /64 network).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests per second in the long run. Default 50.
    pub per_second: u32,
    /// Requests that may come at once after a quiet time. Default 500.
    pub burst: u32,
    /// Whether requests from the machine itself count too. Default no.
    pub loopback: bool,
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            per_second: 50,
            burst: 500,
            loopback: false,
        }
    }
}

/// Sources remembered at once; who comes later when all are busy is refused.
const MOST_SOURCES: usize = 100_000;

/// Counts requests by source.
#[derive(Debug)]
pub(super) struct Meter {
    rate: Option<Rate>,
    sources: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Meter {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self {
            rate,
            sources: Mutex::default(),
        }
    }

    /// Takes one request from `source` at `now` (read only when it counts), or returns after
    /// which time the next may come.
    pub(super) fn admit(
        &self,
        source: IpAddr,
        now: impl FnOnce() -> Instant,
    ) -> Result<(), Duration> {
        let Some(rate) = self.rate else {
            return Ok(());
        };
        let source = source.to_canonical();
        if source.is_loopback() && !rate.loopback {
            return Ok(());
        }
        let (per_second, burst) = (
            f64::from(rate.per_second.max(1)),
            f64::from(rate.burst.max(1)),
        );
        let now = now();
        let refilled = |bucket: &Bucket| {
            let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
            (bucket.tokens + passed * per_second).min(burst)
        };
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if sources.len() >= MOST_SOURCES {
            sources.retain(|_, bucket| refilled(bucket) < burst);
        }
        if sources.len() >= MOST_SOURCES && !sources.contains_key(&network(source)) {
            return Err(Duration::from_secs(1));
        }
        let bucket = sources.entry(network(source)).or_insert(Bucket {
            tokens: burst,
            at: now,
        });
        let tokens = refilled(bucket);
        let admitted = tokens >= 1.0;
        bucket.at = now;
        bucket.tokens = if admitted { tokens - 1.0 } else { tokens };
        drop(sources);
        if admitted {
            Ok(())
        } else {
            Err(Duration::from_secs_f64((1.0 - tokens) / per_second))
        }
    }
}

/// Returns what one subscriber controls: an address, or a /64 of IPv6.
fn network(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_source_gets_its_burst_and_then_its_rate() {
        let meter = Meter::new(Some(Rate {
            per_second: 2,
            burst: 3,
            loopback: false,
        }));
        let start = Instant::now();
        let admit =
            |source, millis| meter.admit(address(source), || start + Duration::from_millis(millis));
        for _ in 0..3 {
            assert_eq!(admit("203.0.113.1", 0), Ok(()));
        }
        assert_eq!(admit("203.0.113.1", 0), Err(Duration::from_millis(500)));
        assert_eq!(admit("203.0.113.2", 0), Ok(()));
        assert_eq!(admit("203.0.113.1", 500), Ok(()));
        assert!(admit("203.0.113.1", 500).is_err());
    }

    #[test]
    fn one_ipv6_network_is_one_source_and_loopback_is_free() {
        let meter = Meter::new(Some(Rate {
            per_second: 1,
            burst: 1,
            loopback: false,
        }));
        let now = Instant::now();
        assert_eq!(meter.admit(address("2001:db8::1"), || now), Ok(()));
        assert!(meter.admit(address("2001:db8::2"), || now).is_err());
        for _ in 0..5 {
            assert_eq!(meter.admit(address("::ffff:127.0.0.1"), || now), Ok(()));
        }
    }
}
