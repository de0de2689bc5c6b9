//! Work that takes so long that a person wants to see how far it is, and to stop it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

/// How far long work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps that are done.
    pub done: u64,
    /// Steps there are; 0 where nobody can tell.
    pub total: u64,
    /// Whether it can still be stopped, with nothing changed.
    pub can_stop: bool,
}

/// How far the first look at every channel is, since the engine began to watch them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstLook {
    /// Channels that were looked at, whether or not their relay answered.
    pub done: u64,
    /// All of them: those done, those to come and those put off.
    pub total: u64,
    /// Channels that a person put off: nothing of them arrives until they are looked at.
    pub put_off: u64,
}

impl FirstLook {
    /// Returns how far it is while it goes on; `None` while all that is left is put off.
    pub fn progress(self) -> Option<Progress> {
        let goes_on = self.done + self.put_off < self.total;
        goes_on.then_some(Progress {
            done: self.done,
            total: self.total,
            can_stop: true,
        })
    }
}

/// What whoever works and whoever watches share. One piece of work at a time.
#[derive(Debug, Default)]
pub struct Work {
    runs: AtomicBool,
    can_stop: AtomicBool,
    stop: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Work {
    /// Begins work of so many steps, which can be stopped until [`Work::commit`]. It is over when
    /// the result is dropped.
    #[must_use]
    pub fn begin(&self, total: u64) -> Running<'_> {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        self.stop.store(false, Ordering::Relaxed);
        self.can_stop.store(true, Ordering::Relaxed);
        self.runs.store(true, Ordering::Release);
        Running(self)
    }

    /// Counts a step; tells whether to go on.
    pub fn step(&self) -> bool {
        self.done.fetch_add(1, Ordering::Relaxed);
        !self.stop.load(Ordering::Relaxed)
    }

    /// Tells whether somebody asked for it to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Says that from now on it can only be done.
    pub fn commit(&self) {
        self.can_stop.store(false, Ordering::Relaxed);
    }

    /// Asks for it to stop; tells whether there was anything to stop.
    pub fn stop(&self) -> bool {
        let stops = self.progress().is_some_and(|progress| progress.can_stop);
        if stops {
            self.stop.store(true, Ordering::Relaxed);
        }
        stops
    }

    /// Returns how far it is; `None` while nothing runs.
    pub fn progress(&self) -> Option<Progress> {
        self.runs.load(Ordering::Acquire).then(|| Progress {
            done: self.done.load(Ordering::Relaxed),
            total: self.total.load(Ordering::Relaxed),
            can_stop: self.can_stop.load(Ordering::Relaxed),
        })
    }
}

/// Work while it is going on.
#[derive(Debug)]
pub struct Running<'a>(&'a Work);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.runs.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_seen_while_it_runs_and_stops_only_before_it_is_settled() {
        let work = Work::default();
        assert_eq!(work.progress(), None);
        assert!(!work.stop(), "there is nothing to stop");
        let running = work.begin(3);
        assert!(work.step());
        let progress = Progress {
            done: 1,
            total: 3,
            can_stop: true,
        };
        assert_eq!(work.progress(), Some(progress));
        assert!(work.stop());
        assert!(!work.step());
        work.commit();
        assert!(!work.stop());
        drop(running);
        assert_eq!(work.progress(), None);
        let _again = work.begin(1);
        assert!(work.step(), "an old wish stops nothing new");
    }
}
