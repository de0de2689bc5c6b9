//! The passphrase: who may use it, and setting, changing and removing it.
//!
//! Deriving a key takes a good part of a second, so it happens beside the engine's thread, one
//! passphrase at a time; what follows from it happens on the engine's thread, if the lock is
//! still the one that was tried. Every wrong passphrase closes the door for twice as long as
//! the one before, for everybody.
//!
//! Must not: keep a passphrase longer than it takes to try it, or write one down.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::api::{Error, Event, Reply};
use crate::crypto;
use crate::crypto::vault::{Cost, VaultKey, VaultLock};
use crate::model::{Actor, Passphrase, UnixMillis};
use crate::store::{self, Tx, at_rest, log};

use super::Clock;
use super::contacts::no_random;
use super::core::{Answer, Core, Internal};

/// How long the door is closed after the first wrong passphrase.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How long it is closed at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What decides whether a passphrase is tried at all.
pub(super) struct Door {
    gate: Arc<Mutex<Gate>>,
    /// What a new lock costs.
    pub(super) cost: Cost,
}

/// How often the passphrase was wrong since it was last right.
#[derive(Debug, Default)]
struct Gate {
    wrong: u32,
    closed_until: Option<UnixMillis>,
}

impl Gate {
    /// Says how long to wait before another attempt, if there is anything to wait for.
    fn pause(&self, now: UnixMillis) -> Option<Duration> {
        let left = self.closed_until?.0.checked_sub(now.0)?;
        let left = Duration::from_millis(u64::try_from(left).ok()?);
        // A clock that was set back must not lock anybody out for longer.
        (!left.is_zero()).then(|| left.min(LONGEST_PAUSE))
    }

    fn count(&mut self, was_right: bool, now: UnixMillis) {
        if was_right {
            *self = Self::default();
            return;
        }
        let doubled = FIRST_PAUSE.saturating_mul(1 << self.wrong.min(16));
        self.wrong = self.wrong.saturating_add(1);
        self.closed_until = Some(now.after(doubled.min(LONGEST_PAUSE)));
    }
}

impl Door {
    pub(super) fn new() -> Self {
        Self {
            gate: Arc::default(),
            cost: Cost::NORMAL,
        }
    }
}

/// What the right passphrase is used for.
enum Purpose {
    Unlock,
    Change(Passphrase),
    Remove,
}

/// What follows from an attempt that succeeded.
enum Turn {
    Unlocked,
    Protect(VaultKey, Box<VaultLock>),
    Relock(Box<VaultLock>),
    Unprotect,
}

/// An attempt that ended.
pub(super) struct Tried {
    answer: Answer,
    /// The lock that was there when it began.
    lock: Option<VaultLock>,
    outcome: Result<Turn, Error>,
}

impl std::fmt::Debug for Tried {
    /// Prints the name alone: it holds a key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tried(..)")
    }
}

impl Core {
    /// Gives the supervisor role to whoever has the passphrase; without one to everybody.
    pub(super) fn unlock(&self, passphrase: Option<Passphrase>, answer: Answer) {
        let reply = match (self.store.lock(), passphrase) {
            (Err(error), _) => Err(error.into()),
            (Ok(None), _) => Ok(Reply::Done),
            (Ok(Some(_)), None) => Err(Error::Locked),
            (Ok(Some(lock)), Some(passphrase)) => {
                return self.try_passphrase(lock, passphrase, Purpose::Unlock, answer);
            }
        };
        let _gone = answer.send(reply);
    }

    /// Protects a profile that has no passphrase.
    pub(super) fn set_passphrase(&self, new: Passphrase, answer: Answer) {
        let refused = match self.store.lock() {
            Err(error) => error.into(),
            Ok(Some(_)) => Error::AlreadyProtected,
            Ok(None) if new.expose().is_empty() => empty(),
            Ok(None) => {
                let cost = self.door.cost;
                self.later_tried(None, answer, async move {
                    aside(move || {
                        let key = VaultKey::generate().map_err(no_random)?;
                        let lock = VaultLock::new(&key, &new, cost).map_err(no_random)?;
                        Ok(Turn::Protect(key, Box::new(lock)))
                    })
                    .await
                });
                return;
            }
        };
        let _gone = answer.send(Err(refused));
    }

    /// Puts the same content under another passphrase.
    pub(super) fn change_passphrase(&self, current: Passphrase, new: Passphrase, answer: Answer) {
        if new.expose().is_empty() {
            let _gone = answer.send(Err(empty()));
            return;
        }
        self.with_current(current, Purpose::Change(new), answer);
    }

    /// Removes the protection.
    pub(super) fn remove_passphrase(&self, current: Passphrase, answer: Answer) {
        self.with_current(current, Purpose::Remove, answer);
    }

    fn with_current(&self, current: Passphrase, purpose: Purpose, answer: Answer) {
        let refused = match self.store.lock() {
            Err(error) => error.into(),
            Ok(None) => Error::NotProtected,
            Ok(Some(lock)) => return self.try_passphrase(lock, current, purpose, answer),
        };
        let _gone = answer.send(Err(refused));
    }

    fn try_passphrase(
        &self,
        lock: VaultLock,
        passphrase: Passphrase,
        purpose: Purpose,
        answer: Answer,
    ) {
        let gate = Arc::clone(&self.door.gate);
        let (clock, cost) = (Arc::clone(&self.clock), self.door.cost);
        let tried = lock.clone();
        self.later_tried(Some(lock), answer, async move {
            let key = knock(&gate, &clock, tried, passphrase).await?;
            match purpose {
                Purpose::Unlock => Ok(Turn::Unlocked),
                Purpose::Remove => Ok(Turn::Unprotect),
                Purpose::Change(new) => {
                    aside(move || {
                        let lock = VaultLock::new(&key, &new, cost).map_err(no_random)?;
                        Ok(Turn::Relock(Box::new(lock)))
                    })
                    .await
                }
            }
        });
    }

    /// Lets something end beside this thread, and comes back with what it came to.
    fn later_tried(
        &self,
        lock: Option<VaultLock>,
        answer: Answer,
        run: impl Future<Output = Result<Turn, Error>> + Send + 'static,
    ) {
        let internal = self.internal.clone();
        tokio::spawn(async move {
            let tried = Tried {
                answer,
                lock,
                outcome: run.await,
            };
            // The engine stopped, and with it whoever waited.
            let _stopped = internal.send(Internal::Tried(tried));
        });
    }

    /// Does what an attempt was for.
    pub(super) fn tried(&mut self, tried: Tried) {
        let Tried {
            answer,
            lock,
            outcome,
        } = tried;
        let reply = self.turn(lock.as_ref(), outcome);
        let _gone = answer.send(reply.map(|()| Reply::Done));
    }

    fn turn(
        &mut self,
        lock: Option<&VaultLock>,
        outcome: Result<Turn, Error>,
    ) -> Result<(), Error> {
        let now = self.now();
        let turn = match outcome {
            Ok(turn) => turn,
            Err(error) => {
                if error == Error::WrongPassphrase {
                    let tx = self.store.write()?;
                    note(&tx, now, Actor::Rule, "wrong_passphrase")?;
                    tx.commit()?;
                }
                return Err(error);
            }
        };
        if self.store.lock()?.as_ref() != lock {
            return Err(Error::Changed);
        }
        match turn {
            Turn::Unlocked => return Ok(()),
            Turn::Protect(key, lock) => {
                at_rest::protect(&mut self.store, key, &lock, &self.work, |tx| {
                    note(tx, now, Actor::Human, "passphrase_set")
                })?;
                self.revoke_roles();
            }
            Turn::Relock(lock) => {
                at_rest::relock(&mut self.store, &lock, |tx| {
                    note(tx, now, Actor::Human, "passphrase_changed")
                })?;
                self.revoke_roles();
            }
            Turn::Unprotect => {
                at_rest::unprotect(&mut self.store, &self.work, |tx| {
                    note(tx, now, Actor::Human, "passphrase_removed")
                })?;
            }
        }
        self.tell(Event::Status);
        // It is done even if this fails: then the next start goes on with it.
        Ok(at_rest::clean(&mut self.store)?)
    }
}

/// Tries a passphrase when its turn comes, unless the door is closed.
async fn knock(
    gate: &Mutex<Gate>,
    clock: &Clock,
    lock: VaultLock,
    passphrase: Passphrase,
) -> Result<VaultKey, Error> {
    let mut gate = gate.lock().await;
    if let Some(pause) = gate.pause(clock()) {
        let seconds = pause.as_millis().div_ceil(1000);
        return Err(Error::TooManyAttempts {
            seconds: u64::try_from(seconds).unwrap_or(u64::MAX),
        });
    }
    let opened = aside(move || {
        lock.open(&passphrase).map_err(|error| match error {
            crypto::Error::WrongPassphrase => Error::WrongPassphrase,
            crypto::Error::NoRandomness
            | crypto::Error::LowOrder
            | crypto::Error::DoesNotOpen
            | crypto::Error::BrokenLock => Error::Storage(error.to_string()),
        })
    })
    .await;
    gate.count(opened.is_ok(), clock());
    opened
}

/// Runs something that keeps a processor busy, on a thread for that.
pub(super) async fn aside<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(run).await {
        Ok(result) => result,
        Err(_ended) => Err(Error::Gone),
    }
}

fn note(tx: &Tx<'_>, at: UnixMillis, actor: Actor, what: &str) -> Result<(), store::Error> {
    log::append(tx, &log::NewEntry::plain(at, actor, what, None))
}

fn empty() -> Error {
    Error::BadRequest("the passphrase is empty".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1000;

    #[test]
    fn every_wrong_passphrase_closes_the_door_for_longer_and_the_right_one_opens_it() {
        let mut gate = Gate::default();
        let mut now = UnixMillis(5);
        assert_eq!(gate.pause(now), None);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            gate.count(false, now);
            let pause = gate.pause(now).unwrap();
            pauses.push(pause.as_secs());
            now = UnixMillis(now.0 + i64::try_from(pause.as_secs()).unwrap() * SECOND);
            assert_eq!(gate.pause(now), None);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        gate.count(true, now);
        gate.count(false, now);
        assert_eq!(gate.pause(now), Some(FIRST_PAUSE));
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_out_for_longer_than_a_minute() {
        let mut gate = Gate::default();
        gate.count(false, UnixMillis(1_000_000 * SECOND));
        assert_eq!(gate.pause(UnixMillis(0)), Some(LONGEST_PAUSE));
    }

    #[tokio::test]
    async fn while_the_door_is_closed_not_even_the_right_passphrase_is_tried() {
        let key = VaultKey::generate().unwrap();
        let right = Passphrase::new("right");
        let lock = VaultLock::new(&key, &right, Cost::TEST).unwrap();
        let gate = Mutex::default();
        let clock: Clock = Arc::new(|| UnixMillis(7));
        let wrong = Passphrase::new("wrong");
        let first = knock(&gate, &clock, lock.clone(), wrong).await;
        assert_eq!(first.unwrap_err(), Error::WrongPassphrase);
        let second = knock(&gate, &clock, lock.clone(), right.clone()).await;
        let closed = Error::TooManyAttempts { seconds: 1 };
        assert_eq!(second.unwrap_err(), closed);
        let clock: Clock = Arc::new(|| UnixMillis(7 + SECOND));
        knock(&gate, &clock, lock, right).await.unwrap();
    }
}
