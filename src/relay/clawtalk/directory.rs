//! Who is registered, in memory.
//!
//! The writer publishes a new directory after each commit that changed it; requests read the
//! last one. Names are found whatever their case, and no two differ in case alone.
//!
//! Must not: hold a key, only its digest.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::model::UnixMillis;

/// Somebody with an inbox.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    /// Row id in the store; grows with every registration, never given twice.
    pub(super) id: i64,
    pub(super) name: Arc<str>,
    /// Who they belong to, as JSON.
    pub(super) owner: Vec<u8>,
    /// What they say they can do, as JSON; `None` where they never said.
    pub(super) capabilities: Option<Vec<u8>>,
    pub(super) webhook: Option<String>,
    /// Base64 as they gave it, or empty.
    pub(super) public_key: String,
    pub(super) signing_key: String,
    /// SHA-256 of their API key.
    pub(super) key_hash: [u8; 32],
    pub(super) registered: UnixMillis,
    pub(super) live: Arc<Live>,
}

/// What changes with every message; shared by all versions of an agent's record.
#[derive(Debug, Default)]
pub(super) struct Live {
    seen: AtomicI64,
    waiting: AtomicI64,
    newest: AtomicI64,
}

/// How an inbox stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inbox {
    /// Messages in it, those included that have expired and were not yet removed.
    pub(super) waiting: i64,
    /// The time that the newest message ever put into it bears.
    pub(super) newest: UnixMillis,
}

impl Live {
    pub(super) fn new(seen: UnixMillis, inbox: Inbox) -> Self {
        Self {
            seen: AtomicI64::new(seen.0),
            waiting: AtomicI64::new(inbox.waiting),
            newest: AtomicI64::new(inbox.newest.0),
        }
    }

    /// Returns when they last posted, asked for mail, or changed their record.
    pub(super) fn seen(&self) -> UnixMillis {
        UnixMillis(self.seen.load(Ordering::Relaxed))
    }

    pub(super) fn see(&self, now: UnixMillis) {
        self.seen.fetch_max(now.0, Ordering::Relaxed);
    }

    /// Returns how the inbox stands after the last commit.
    pub(super) fn inbox(&self) -> Inbox {
        Inbox {
            waiting: self.waiting.load(Ordering::Acquire),
            newest: UnixMillis(self.newest.load(Ordering::Acquire)),
        }
    }

    /// For the writer alone.
    pub(super) fn settle(&self, inbox: Inbox) {
        self.waiting.store(inbox.waiting, Ordering::Release);
        self.newest.store(inbox.newest.0, Ordering::Release);
    }
}

/// All agents at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    agents: BTreeMap<i64, Arc<Agent>>,
    by_name: HashMap<String, i64>,
    by_key: HashMap<[u8; 32], i64>,
}

impl Directory {
    /// Returns all in the order of registration.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Agent>> {
        self.agents.values()
    }

    pub(super) fn len(&self) -> usize {
        self.agents.len()
    }

    pub(super) fn agent(&self, id: i64) -> Option<&Arc<Agent>> {
        self.agents.get(&id)
    }

    /// Finds an agent by name, whatever the case.
    pub(super) fn find(&self, name: &str) -> Option<&Arc<Agent>> {
        self.agents.get(self.by_name.get(&folded(name))?)
    }

    /// Finds an agent by the digest of their API key.
    pub(super) fn with_key(&self, digest: &[u8; 32]) -> Option<&Arc<Agent>> {
        self.agents.get(self.by_key.get(digest)?)
    }

    /// Adds an agent, or replaces the record of that id.
    pub(super) fn put(&mut self, agent: Agent) {
        self.remove(agent.id);
        self.by_name.insert(folded(&agent.name), agent.id);
        self.by_key.insert(agent.key_hash, agent.id);
        self.agents.insert(agent.id, Arc::new(agent));
    }

    pub(super) fn remove(&mut self, id: i64) {
        if let Some(agent) = self.agents.remove(&id) {
            self.by_name.remove(&folded(&agent.name));
            self.by_key.remove(&agent.key_hash);
        }
    }
}

/// What names are compared by.
pub(super) fn folded(name: &str) -> String {
    name.to_lowercase()
}

/// The directory as of the last commit.
#[derive(Debug, Default)]
pub(super) struct Published(RwLock<Arc<Directory>>);

impl Published {
    pub(super) fn read(&self) -> Arc<Directory> {
        let directory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&directory)
    }

    pub(super) fn publish(&self, directory: Arc<Directory>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = directory;
    }
}
