//! Finds the requests that wait for a channel.
//!
//! A waiting request costs a few words per channel, once; nothing ticks. Channels are known
//! by hash only: a collision wakes a request for nothing, and it looks again anyway.
//!
//! Must not: know what a change was. Who is woken reads the index.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

const SHARDS: usize = 64;

/// Every waiting request, by channel.
#[derive(Debug)]
pub(super) struct Waiters {
    shards: Vec<Mutex<Shard>>,
    registered: AtomicUsize,
    limit: usize,
}

type Shard = HashMap<u64, Slot, BuildHasherDefault<AlreadyHashed>>;

/// The requests that wait for one channel, nearly always one.
#[derive(Debug)]
enum Slot {
    One(Entry),
    Many(Vec<Entry>),
}

#[derive(Clone, Debug)]
struct Entry {
    request: Arc<Request>,
    /// The place of the channel in the request.
    place: u32,
}

#[derive(Debug, Default)]
struct Request {
    wake: Notify,
    changed: Mutex<Vec<u32>>,
}

impl Waiters {
    /// Makes a registry for at most `limit` pairs of request and channel.
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            registered: AtomicUsize::new(0),
            limit,
        })
    }

    /// Registers a request for these channels until the result is dropped.
    ///
    /// Look at the channels *after* this: a change before it rings nobody. Returns `None`
    /// when too many wait already.
    pub(super) fn register(self: &Arc<Self>, channels: Vec<u64>) -> Option<Waiting> {
        let count = channels.len();
        if self.registered.fetch_add(count, Ordering::Relaxed) + count > self.limit {
            self.registered.fetch_sub(count, Ordering::Relaxed);
            return None;
        }
        let request = Arc::new(Request::default());
        for (place, channel) in (0_u32..).zip(&channels) {
            let entry = Entry {
                request: Arc::clone(&request),
                place,
            };
            self.shard(*channel)
                .entry(*channel)
                .and_modify(|slot| slot.push(entry.clone()))
                .or_insert_with(|| Slot::One(entry.clone()));
        }
        Some(Waiting {
            waiters: Arc::clone(self),
            request,
            channels,
        })
    }

    /// Wakes every request that waits for this channel.
    pub(super) fn wake(&self, channel: u64) {
        if self.registered.load(Ordering::Relaxed) == 0 {
            return;
        }
        let shard = self.shard(channel);
        match shard.get(&channel) {
            Some(Slot::One(entry)) => entry.ring(),
            Some(Slot::Many(entries)) => entries.iter().for_each(Entry::ring),
            None => {}
        }
    }

    fn shard(&self, channel: u64) -> MutexGuard<'_, Shard> {
        let at = usize::try_from(channel % SHARDS as u64).unwrap_or(0);
        let shard = self
            .shards
            .get(at)
            .expect("reduced modulo the number of shards");
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn push(&mut self, entry: Entry) {
        match self {
            Self::One(first) => *self = Self::Many(vec![first.clone(), entry]),
            Self::Many(entries) => entries.push(entry),
        }
    }

    /// Removes what a request left here; returns whether nobody waits any more.
    fn remove(&mut self, request: &Arc<Request>) -> bool {
        match self {
            Self::One(entry) => Arc::ptr_eq(&entry.request, request),
            Self::Many(entries) => {
                entries.retain(|entry| !Arc::ptr_eq(&entry.request, request));
                entries.is_empty()
            }
        }
    }
}

impl Entry {
    fn ring(&self) {
        let mut changed = lock(&self.request.changed);
        if changed.last() != Some(&self.place) {
            changed.push(self.place);
        }
        drop(changed);
        self.request.wake.notify_one();
    }
}

/// A request that is registered; unregisters when dropped, also by a client that went away.
#[derive(Debug)]
pub(super) struct Waiting {
    waiters: Arc<Waiters>,
    request: Arc<Request>,
    channels: Vec<u64>,
}

impl Waiting {
    /// Waits for a change; returns the places of channels that may have changed.
    pub(super) async fn changed(&self) -> Vec<u32> {
        self.request.wake.notified().await;
        std::mem::take(&mut *lock(&self.request.changed))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        for channel in &self.channels {
            let mut shard = self.waiters.shard(*channel);
            if shard
                .get_mut(channel)
                .is_some_and(|slot| slot.remove(&self.request))
            {
                shard.remove(channel);
            }
        }
        let count = self.channels.len();
        self.waiters.registered.fetch_sub(count, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Passes a hash through; the keys are hashes already.
#[derive(Debug, Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        // The low bits chose the shard, so they are the same for every key of a map.
        self.0 = hash.rotate_right(SHARDS.ilog2());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn only_the_changed_channels_of_a_request_are_named() {
        let waiters = Waiters::new(10);
        let one = waiters.register(vec![7, 8, 9]).unwrap();
        let other = waiters.register(vec![8]).unwrap();

        waiters.wake(9);
        waiters.wake(9);
        assert_eq!(one.changed().now_or_never(), Some(vec![2]));
        assert_eq!(other.changed().now_or_never(), None);

        waiters.wake(8);
        assert_eq!(one.changed().now_or_never(), Some(vec![1]));
        assert_eq!(other.changed().now_or_never(), Some(vec![0]));
    }

    #[test]
    fn a_dropped_request_leaves_nothing_behind() {
        let waiters = Waiters::new(10);
        let one = waiters.register(vec![1, 2, 2]).unwrap();
        let other = waiters.register(vec![2]).unwrap();
        drop(one);
        waiters.wake(2);
        assert_eq!(other.changed().now_or_never(), Some(vec![0]));
        drop(other);
        assert_eq!(waiters.registered.load(Ordering::Relaxed), 0);
        assert!(waiters.shards.iter().all(|shard| lock(shard).is_empty()));
    }

    #[test]
    fn no_more_wait_than_the_limit_allows() {
        let waiters = Waiters::new(3);
        let kept = waiters.register(vec![1, 2]).unwrap();
        assert!(waiters.register(vec![3, 4]).is_none());
        assert!(waiters.register(vec![3]).is_some());
        drop(kept);
        assert!(waiters.register(vec![1, 2, 3]).is_some());
    }
}
