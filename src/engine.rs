//! The engine: owns a profile, and carries out what is asked of it.
//!
//! One thread holds the store and decides; networks run beside it and report to it. Every
//! change is one transaction: what arrived is stored with its admission before the network may
//! acknowledge it, what leaves is stored before the network sees it. Start with `Core::run`.
//!
//! Must not: draw, print, or be reached other than through [`crate::api`].

mod accounts;
mod attention;
mod channels;
mod check;
mod clawbuddy;
mod clawchat_dir;
mod contacts;
mod core;
mod decide;
mod engagement;
mod files;
mod find;
mod handshakes;
mod identities;
mod inbound;
mod letters;
mod local_time;
mod log_in;
mod logins;
mod mesh_dir;
mod notes;
mod outbound;
mod quarantine;
mod reading;
mod seek;
mod settings;
mod strangers;
mod supervise;
mod threads;
mod trust;
mod vault;
mod wake;

use std::fs::{File, TryLockError};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::runtime;

use crate::api::{self, Handle, Request, Role};
use crate::crypto;
use crate::model::{Passphrase, UnixMillis};
use crate::net::{self, Mode};
use crate::profile::{self, Profile};
use crate::store;

pub use local_time::system as local_zone;

/// Why an engine cannot be started or reached.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another engine owns the profile.
    #[error("another chaperon is running on this profile")]
    Busy,
    /// The directories of the profile cannot be made or read.
    #[error("the profile cannot be used")]
    Profile(#[from] profile::Error),
    /// The config file is wrong.
    #[error("the config file cannot be used")]
    Config(#[from] profile::ConfigError),
    /// The database cannot be used.
    #[error("the profile's database cannot be used")]
    Store(#[from] store::Error),
    /// The system refused something.
    #[error("cannot {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The profile has a passphrase, and none was given.
    #[error("the profile is protected by a passphrase")]
    Locked,
    /// The passphrase that was given is another one.
    #[error("the profile's passphrase is wrong")]
    WrongPassphrase,
    /// It was wrong too often, and this attempt was not made.
    #[error("too many wrong passphrases; try again in {seconds} s")]
    TooManyAttempts {
        /// Seconds until another attempt is made.
        seconds: u64,
    },
    /// The lock of the profile cannot be opened by any passphrase.
    #[error("the profile cannot be unlocked")]
    Vault(#[source] crypto::Error),
    /// The engine that owns the profile did not answer.
    #[error("cannot talk with the chaperon that runs on this profile")]
    Unreachable(#[source] api::socket::Error),
}

/// Returns the time now.
pub type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// Returns the system's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    })
}

/// An engine in this process. Dropped without [`Hosted::stop`], it ends by itself once nobody
/// holds a [`Handle`] any more.
#[derive(Debug)]
pub struct Hosted {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Hosted {
    /// Starts an engine on a profile without a passphrase. Must be called within a tokio
    /// runtime.
    pub fn start(profile: &Profile, mode: Mode, clock: Clock) -> Result<Self, Error> {
        Self::start_with(profile, mode, clock, None)
    }

    /// Starts an engine on a profile, which is unlocked with the passphrase where it has one:
    /// that takes a good part of a second. Must be called within a tokio runtime.
    pub fn start_with(
        profile: &Profile,
        mode: Mode,
        clock: Clock,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, Error> {
        profile.create()?;
        let lock = lock(profile)?;
        let config = profile.load_config()?;
        protect(&profile.database())?;
        let mut store = store::Store::open(&profile.database())?;
        unlock(&mut store, passphrase)?;
        let (handle, desk) = Handle::local(Role::Supervisor);
        let (mut core, inbox) = core::Core::new(profile.clone(), config, store, mode, clock, &desk);
        for network in net::ALL.iter().copied() {
            core.connect(network);
        }
        let runtime = runtime::Handle::current();
        let thread = std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || {
                runtime.block_on(core.run(desk, inbox));
                // The profile is this engine's for as long as it has the store open.
                drop(lock);
            })
            .map_err(|source| Error::Io {
                doing: "start the engine's thread",
                source,
            })?;
        Ok(Self {
            handle,
            thread: Some(thread),
        })
    }

    /// Returns a way to ask this engine, in the supervisor role.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stops the engine after it finished what it began.
    pub async fn stop(mut self) {
        // An engine that is gone already cannot be asked, and need not be.
        let _gone = self.handle.ask(Request::Shutdown).await;
        if let Some(thread) = self.thread.take() {
            // The engine's thread ends by itself; a panic there was reported by its hook.
            let _ended = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// A way to an engine: one that runs, or one that was started because none did.
#[derive(Debug)]
pub enum Session {
    /// It was started here and ends with [`Session::close`].
    Own(Hosted),
    /// It lives elsewhere.
    Shared(Handle),
}

/// How long to wait for another short-lived engine to be done with the profile.
const PATIENCE: Duration = Duration::from_secs(90);
/// Between looks whether it is.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl Session {
    /// Reaches the engine of a profile, or hosts one that runs in this mode.
    ///
    /// Without the passphrase of a protected profile that is [`Error::Locked`], unless an
    /// engine runs and the role is the assistant's.
    pub async fn open(
        profile: &Profile,
        role: Role,
        mode: Mode,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, Error> {
        let began = tokio::time::Instant::now();
        loop {
            match Hosted::start_with(profile, mode, system_clock(), passphrase) {
                Err(Error::Busy) => {}
                other => return other.map(Self::Own),
            }
            // Another call's engine listens on no socket; it is done in a moment.
            match api::socket::connect(&profile.socket(), role, passphrase).await {
                Ok(handle) => return Ok(Self::Shared(handle)),
                Err(api::socket::Error::Refused(error)) => return Err(refused(error)),
                Err(error) if began.elapsed() > PATIENCE => return Err(Error::Unreachable(error)),
                Err(_not_yet) => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Reaches the engine behind a socket for assistants, and no profile.
    pub async fn join(socket: &std::path::Path) -> Result<Self, Error> {
        api::socket::connect(socket, Role::Assistant, None)
            .await
            .map(Self::Shared)
            .map_err(Error::Unreachable)
    }

    /// Returns a way to ask, in the role the session was opened for.
    pub fn handle(&self, role: Role) -> Handle {
        match self {
            Self::Own(hosted) => hosted.handle().with_role(role),
            Self::Shared(handle) => handle.clone(),
        }
    }

    /// Ends the session, and the engine if it was started here.
    pub async fn close(self) {
        if let Self::Own(hosted) = self {
            hosted.stop().await;
        }
    }
}

/// Says what the engine that runs said to a passphrase.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only what is said about passphrases is of interest"
)]
fn refused(error: api::Error) -> Error {
    match error {
        api::Error::Locked => Error::Locked,
        api::Error::WrongPassphrase => Error::WrongPassphrase,
        api::Error::TooManyAttempts { seconds } => Error::TooManyAttempts { seconds },
        error => Error::Unreachable(api::socket::Error::Refused(error)),
    }
}

fn unlock(store: &mut store::Store, passphrase: Option<&Passphrase>) -> Result<(), Error> {
    let Some(lock) = store.lock()? else {
        return Ok(());
    };
    let passphrase = passphrase.ok_or(Error::Locked)?;
    match lock.open(passphrase) {
        Ok(key) => Ok(store.unlock(key)?),
        Err(crypto::Error::WrongPassphrase) => Err(Error::WrongPassphrase),
        Err(error) => Err(Error::Vault(error)),
    }
}

fn lock(profile: &Profile) -> Result<File, Error> {
    let io = |source| Error::Io {
        doing: "lock the profile",
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(profile.lock_file())
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Busy),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

/// Makes the database readable by its owner alone before anything is in it: it holds the private
/// keys, and SQLite gives the files beside it the same mode.
fn protect(path: &std::path::Path) -> Result<(), Error> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .and_then(|file| file.set_permissions(std::fs::Permissions::from_mode(0o600)))
        .map_err(|source| Error::Io {
            doing: "protect the profile's database",
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_profile_belongs_to_its_engine_for_as_long_as_that_can_be_asked() {
        let directory = tempfile::tempdir().unwrap();
        let profile = Profile::at(directory.path());
        let start = || Hosted::start(&profile, Mode::OnDemand, system_clock());
        let mut hosted = start().unwrap();
        let handle = hosted.handle();
        let thread = hosted.thread.take().unwrap();
        drop(hosted);
        assert!(matches!(start(), Err(Error::Busy)));
        handle.ask(Request::Shutdown).await.unwrap();
        tokio::task::spawn_blocking(|| thread.join().unwrap())
            .await
            .unwrap();
        start().unwrap().stop().await;
    }
}
