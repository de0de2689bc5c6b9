//! The relay: a mailbox server that the real `clawbuddy` program cannot tell from its own, and
//! beside it, where an admin key is given, the API of `ClawTalk` (`clawtalk`).
//!
//! It answers as the reference does, and is right where the reference races or throws:
//! sequence numbers are allocated atomically, and nothing acknowledged is ever lost. Start
//! reading at `rules`, then `http`, then `store`.
//!
//! Must not: read what people write to each other. Payloads are opaque, and neither they nor
//! channel ids reach a log.

pub mod admin;

mod clawtalk;
mod http;
mod index;
mod json;
mod limits;
mod pages;
mod rules;
mod server;
mod store;
mod wait;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::UnixMillis;

pub use clawtalk::{AdminKey, BadAdminKey, ClawTalkOptions, POSTS};
pub use limits::{Limits, Rate};
pub use server::{Running, start, start_with_clock};

/// How to run a relay; each field is a flag of `chaperon relay`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address to listen on (`--listen`); port 0 takes a free one.
    pub listen: SocketAddr,
    /// Directory of the store (`--data`); created when missing, for one relay at a time.
    pub data: PathBuf,
    /// What one channel, request and source may take (`--max-body` and the others).
    pub limits: Limits,
    /// How the ClawTalk API is served on the same address; `None` leaves it out.
    pub clawtalk: Option<ClawTalkOptions>,
}

/// Why a relay does not start or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The directory cannot be created, entered or locked.
    #[error("cannot use the data directory")]
    Directory(#[source] std::io::Error),
    /// Another relay has this data directory.
    #[error("another relay uses the data directory")]
    InUse,
    /// The store is damaged, or not a relay's.
    #[error("cannot open the store")]
    Store(#[source] rusqlite::Error),
    /// The store's format is newer than this program.
    #[error("the store was written by a newer version of chaperon")]
    Newer,
    /// The system gives no random bytes.
    #[error("no randomness available")]
    Random,
    /// Open requests did not end in time and were cut off; what was acknowledged is stored.
    #[error("some requests did not end in time")]
    CutOff,
}

/// Tells the time; a value, so that tests can let thirty days pass.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> UnixMillis + Send + Sync>);

impl Clock {
    /// Makes a clock that asks `now`.
    pub fn new(now: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Makes the clock of the system.
    pub fn system() -> Self {
        Self::new(|| {
            let since = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            UnixMillis(0).after(since)
        })
    }

    /// Returns the time.
    pub fn now(&self) -> UnixMillis {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}
