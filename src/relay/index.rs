//! What the relay knows of every channel without asking the disk.
//!
//! The writer publishes here after each commit; requests read. An entry may be behind a
//! commit by an instant, never ahead of one: an answer built from it is always durable.
//!
//! Must not: hold anything that cannot be rebuilt from the store.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::model::UnixMillis;

/// How long a message, and an idempotency key, is kept: the reference's expiry.
pub(super) const KEEP_MESSAGE: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long a handshake is kept after it was last written.
pub(super) const KEEP_HANDSHAKE: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long the last sequence number of a channel is remembered after it was touched last:
/// twice as long as any message, so that no reader meets a number again.
pub(super) const KEEP_NUMBER: Duration = Duration::from_secs(60 * 24 * 3600);

/// Locks are held for one look-up; more shards than cores keep them apart.
const SHARDS: usize = 64;

/// The state of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// Row id in the store.
    pub(super) id: i64,
    /// The highest sequence number ever given out here.
    pub(super) last_seq: i64,
    /// The `last_seq` that the channel's own row holds; behind when messages tell it.
    pub(super) stored_seq: i64,
    /// Messages waiting, and the bytes of their payloads.
    pub(super) waiting: i64,
    pub(super) bytes: i64,
    /// No message is older than this; `None` without messages.
    pub(super) oldest: Option<UnixMillis>,
    /// How often the handshake was written since it was created; 0 without one.
    pub(super) handshake_writes: i64,
    pub(super) handshake_at: UnixMillis,
    /// No idempotency key is older than this; `None` without keys.
    pub(super) oldest_key: Option<UnixMillis>,
    /// When something was last posted, deleted or written.
    pub(super) touched: UnixMillis,
    /// The count of changes, of the whole relay, at the last change here.
    pub(super) version: u64,
}

impl Facts {
    pub(super) fn new(id: i64, now: UnixMillis) -> Self {
        Self {
            id,
            last_seq: 0,
            stored_seq: 0,
            waiting: 0,
            bytes: 0,
            oldest: None,
            handshake_writes: 0,
            handshake_at: now,
            oldest_key: None,
            touched: now,
            version: 0,
        }
    }

    /// Returns when something here expires, the channel itself included; may be early.
    pub(super) fn due(&self) -> UnixMillis {
        let handshake = (self.handshake_writes > 0).then_some(self.handshake_at);
        [
            self.oldest.map(|at| at.after(KEEP_MESSAGE)),
            self.oldest_key.map(|at| at.after(KEEP_MESSAGE)),
            handshake.map(|at| at.after(KEEP_HANDSHAKE)),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or_else(|| self.touched.after(KEEP_NUMBER))
    }

    /// Whether nothing is left but the memory of the sequence number.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0 && self.handshake_writes == 0 && self.oldest_key.is_none()
    }
}

/// All channels by id.
#[derive(Debug)]
pub(super) struct Index {
    shards: Vec<RwLock<HashMap<Arc<str>, Facts>>>,
    hasher: RandomState,
    /// Differs at every start, so that no version of an earlier run is met again.
    run: String,
    changes: AtomicU64,
}

impl Index {
    /// Makes an empty index; `run` names this run of the relay.
    pub(super) fn new(run: String) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            hasher: RandomState::new(),
            run,
            changes: AtomicU64::new(0),
        }
    }

    /// Returns the hash by which waiting requests are found. Secret, so nobody can collide them.
    pub(super) fn hash(&self, channel: &str) -> u64 {
        self.hasher.hash_one(channel)
    }

    pub(super) fn facts(&self, channel: &str) -> Option<Facts> {
        let shard = self.shard(channel);
        let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
        shard.get(channel).copied()
    }

    /// Publishes a committed change under a new version.
    pub(super) fn publish(&self, channel: &Arc<str>, mut facts: Facts) {
        facts.version = self.changes.fetch_add(1, Ordering::Relaxed) + 1;
        let shard = self.shard(channel);
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        shard.insert(Arc::clone(channel), facts);
    }

    /// Forgets a channel that is gone from the store.
    pub(super) fn forget(&self, channel: &str) {
        let shard = self.shard(channel);
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        shard.remove(channel);
    }

    /// Returns the opaque version of a channel; unknown ones share one.
    pub(super) fn version(&self, facts: Option<&Facts>) -> String {
        let change = facts.map_or(0, |facts| facts.version);
        format!("{}.{change}", self.run)
    }

    /// Whether `version` is what [`Self::version`] returns, without building it.
    pub(super) fn is_version(&self, version: &str, facts: Option<&Facts>) -> bool {
        let change = facts.map_or(0, |facts| facts.version);
        version
            .strip_prefix(self.run.as_str())
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|rest| rest.parse() == Ok(change))
    }

    /// Returns the channels of one shard in which something has expired; `None` past the last.
    pub(super) fn due(&self, shard: usize, now: UnixMillis) -> Option<Vec<Arc<str>>> {
        let shard = self.shards.get(shard)?;
        let channels = shard.read().unwrap_or_else(PoisonError::into_inner);
        let due = channels.iter().filter(|(_, facts)| facts.due() <= now);
        let due = due.map(|(channel, _)| Arc::clone(channel)).collect();
        drop(channels);
        Some(due)
    }

    fn shard(&self, channel: &str) -> &RwLock<HashMap<Arc<str>, Facts>> {
        let at = usize::try_from(self.hash(channel) % SHARDS as u64).unwrap_or(0);
        self.shards
            .get(at)
            .expect("reduced modulo the number of shards")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_change_with_every_publication_and_every_run() {
        let (index, other) = (Index::new("a".into()), Index::new("b".into()));
        let channel: Arc<str> = "x".into();
        let unknown = index.version(None);
        index.publish(&channel, Facts::new(1, UnixMillis(0)));
        let first = index.facts("x").unwrap();
        index.publish(&channel, first);
        let second = index.facts("x").unwrap();

        assert_ne!(index.version(Some(&first)), unknown);
        assert_ne!(index.version(Some(&second)), index.version(Some(&first)));
        assert_ne!(other.version(Some(&first)), index.version(Some(&first)));
        assert!(index.is_version(&index.version(Some(&second)), Some(&second)));
        assert!(!index.is_version(&index.version(Some(&first)), Some(&second)));
        assert!(!index.is_version("a.", None) && !index.is_version("", None));
    }

    #[test]
    fn the_earliest_expiry_of_anything_in_a_channel_is_due() {
        let mut facts = Facts::new(1, UnixMillis(5));
        assert_eq!(facts.due(), UnixMillis(5).after(KEEP_NUMBER));
        facts.oldest = Some(UnixMillis(3));
        assert_eq!(facts.due(), UnixMillis(3).after(KEEP_MESSAGE));
        facts.handshake_writes = 1;
        assert_eq!(facts.due(), UnixMillis(5).after(KEEP_HANDSHAKE));
    }
}
