//! The ClawTalk API: agents with keys, inboxes, invites, an audit log, webhooks.
//!
//! It answers as the reference worker does, and is right where that races or throws; what
//! differs is listed in `docs/networks/clawtalk.md`. Start reading at `rules`, then `http`,
//! then `store`.
//!
//! Must not: look inside what agents write to each other, keep a key in the clear, or let a
//! name, a topic or content reach a log.

mod directory;
mod http;
mod rules;
mod store;
mod webhook;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::Clock;
use super::limits::Limits;
use super::store::OpenError;
use directory::Published;
use store::{Reader, Store, Surroundings, Threads};

pub(super) use http::{answer, too_many_requests};

/// Fewest bytes of an admin key. The vectors of the reference use one of 14.
const SHORTEST_KEY: usize = 12;

/// How the ClawTalk API is served; without these options the relay has none.
#[derive(Clone, Debug)]
pub struct ClawTalkOptions {
    /// What the admin shows (`--admin-key-file`, `CLAWTALK_ADMIN_KEY`).
    pub admin_key: AdminKey,
    /// What links to this relay begin with, without a slash at the end (`--public-url`);
    /// the host that the admin's request names where absent.
    pub public_url: Option<String>,
    /// How long entries of the audit log are kept (`--audit`, `--audit-days`); `None` keeps
    /// none, and whoever posts one is told that all is well.
    pub audit: Option<Duration>,
    /// Messages that an agent may post in ten seconds (`--agent-posts`); `None` for any number.
    pub posts: Option<u32>,
    /// Whether webhooks may lead to this machine and its network
    /// (`--allow-private-webhooks`).
    pub allow_private_webhooks: bool,
}

impl ClawTalkOptions {
    /// Returns the options that suit most, with this key.
    pub fn new(admin_key: AdminKey) -> Self {
        Self {
            admin_key,
            public_url: None,
            audit: None,
            posts: Some(POSTS),
            allow_private_webhooks: false,
        }
    }
}

/// Messages that an agent may post in a window of ten seconds: the reference's limit.
pub const POSTS: u32 = 10;

/// The digest of the admin's key; the key itself is kept nowhere.
#[derive(Clone)]
pub struct AdminKey([u8; 32]);

/// Why a text is no admin key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAdminKey {
    /// It can be guessed.
    #[error(
        "the admin key has fewer than {SHORTEST_KEY} bytes; `openssl rand -hex 24` makes a good one"
    )]
    TooShort,
    /// A header cannot carry it.
    #[error("the admin key holds characters that a header cannot carry")]
    Unusable,
}

impl AdminKey {
    /// Takes a key from what a file or a variable holds; white space around it does not count.
    pub fn new(text: &str) -> Result<Self, BadAdminKey> {
        let key = text.trim();
        if !key.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(BadAdminKey::Unusable);
        }
        if key.len() < SHORTEST_KEY {
            return Err(BadAdminKey::TooShort);
        }
        Ok(Self(Sha256::digest(key).into()))
    }

    /// Whether the digest is that of the key, in a time that does not depend on either.
    fn is(&self, digest: &[u8; 32]) -> bool {
        let pairs = self.0.iter().zip(digest);
        let differing = pairs.fold(0, |bits, (ours, theirs)| bits | (ours ^ theirs));
        std::hint::black_box(differing) == 0
    }
}

impl fmt::Debug for AdminKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AdminKey")
    }
}

/// What every request to this API shares.
#[derive(Debug)]
pub(super) struct Api {
    options: ClawTalkOptions,
    directory: Arc<Published>,
    store: Store,
    reader: Reader,
    clock: Clock,
    max_body: usize,
}

/// The parts of the API that run by themselves. Dropping them ends them.
#[derive(Debug)]
pub(super) struct Background {
    delivering: tokio::task::JoinHandle<()>,
    // Last: the threads write what the task above ordered.
    _threads: Threads,
}

impl Drop for Background {
    fn drop(&mut self) {
        self.delivering.abort();
    }
}

/// Opens the store in `data`, which this process has locked, and begins to deliver webhooks.
/// Blocks on the disk; needs a Tokio runtime for the deliveries.
pub(super) fn open(
    data: &Path,
    options: ClawTalkOptions,
    limits: &Limits,
    clock: &Clock,
    stopping: watch::Receiver<bool>,
) -> Result<(Api, Background), OpenError> {
    let directory = Arc::new(Published::default());
    let surroundings = Surroundings {
        directory: Arc::clone(&directory),
        clock: clock.clone(),
        max_waiting: i64::try_from(limits.max_waiting).unwrap_or(i64::MAX),
        posts: options.posts,
    };
    let (store, reader, deliveries, threads) = store::open(data, surroundings)?;
    let courier = webhook::Courier {
        store: store.clone(),
        reader: reader.clone(),
        directory: Arc::clone(&directory),
        clock: clock.clone(),
        allow_private: options.allow_private_webhooks,
    };
    let delivering = tokio::spawn(webhook::run(courier, deliveries, stopping));
    let api = Api {
        options,
        directory,
        store,
        reader,
        clock: clock.clone(),
        max_body: limits.max_body,
    };
    let background = Background {
        delivering,
        _threads: threads,
    };
    Ok((api, background))
}

impl Api {
    /// Removes what has expired, and keeps when agents were seen last.
    pub(super) async fn sweep(&self) {
        let audit = self.options.audit;
        while let Ok(true) = self.store.change(move |work| work.sweep(audit)).await {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_key_is_long_enough_and_fits_into_a_header() {
        let key = AdminKey::new("\ttest-admin-key\n").unwrap();
        assert!(key.is(&Sha256::digest("test-admin-key").into()));
        assert!(!key.is(&Sha256::digest("test-admin-kez").into()));
        assert_eq!(format!("{key:?}"), "AdminKey");
        assert_eq!(AdminKey::new("short").unwrap_err(), BadAdminKey::TooShort);
        for text in ["two\nlines of it", "schlüsselschlüssel"] {
            assert_eq!(AdminKey::new(text).unwrap_err(), BadAdminKey::Unusable);
        }
    }
}
