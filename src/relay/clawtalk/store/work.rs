//! One transaction under way: what its changes see and what is published after its commit.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::hooks::Hook;
use crate::model::UnixMillis;
use crate::relay::clawtalk::directory::{Agent, Directory, Inbox, Published};

/// Numbers that only grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counters {
    /// The number of the next copy of a message.
    pub(super) next_copy: i64,
    /// The latest time that a message was ever given. Later messages have the same or a later
    /// one, so the order of numbers is the order of times.
    pub(super) newest: UnixMillis,
}

/// How much each agent posted lately; not undone when a commit fails.
#[derive(Debug, Default)]
pub(super) struct Windows {
    window: i64,
    counts: HashMap<i64, u32>,
}

/// Length of the window in which posts are counted.
const WINDOW_MILLIS: i64 = 10_000;

impl Windows {
    /// Counts a post, or returns after how many seconds the next may come.
    pub(super) fn admit(&mut self, agent: i64, most: u32, now: UnixMillis) -> Result<(), u64> {
        let window = now.0.div_euclid(WINDOW_MILLIS);
        if window != self.window {
            self.window = window;
            self.counts.clear();
        }
        let count = self.counts.entry(agent).or_default();
        if *count >= most {
            let left = WINDOW_MILLIS - now.0.rem_euclid(WINDOW_MILLIS);
            return Err(u64::try_from(left).unwrap_or(0).div_ceil(1000));
        }
        *count += 1;
        Ok(())
    }
}

/// What the changes of one transaction share.
pub(in crate::relay::clawtalk) struct Work<'w> {
    pub(super) connection: &'w Connection,
    pub(in crate::relay::clawtalk) now: UnixMillis,
    pub(super) max_waiting: i64,
    pub(super) posts: Option<u32>,
    pub(super) windows: &'w mut Windows,
    pub(super) counters: Counters,
    pub(super) hooks: Vec<Hook>,
    directory: Arc<Directory>,
    is_directory_changed: bool,
    inboxes: HashMap<i64, Inbox>,
}

/// What a committed transaction changed in memory.
pub(super) struct Outcome {
    pub(super) counters: Counters,
    pub(super) hooks: Vec<Hook>,
    directory: Arc<Directory>,
    is_directory_changed: bool,
    inboxes: HashMap<i64, Inbox>,
}

impl<'w> Work<'w> {
    pub(super) fn new(
        connection: &'w Connection,
        (now, counters): (UnixMillis, Counters),
        (max_waiting, posts): (i64, Option<u32>),
        windows: &'w mut Windows,
        directory: Arc<Directory>,
    ) -> Self {
        Self {
            connection,
            now,
            max_waiting,
            posts,
            windows,
            counters,
            hooks: Vec::new(),
            directory,
            is_directory_changed: false,
            inboxes: HashMap::new(),
        }
    }

    /// Returns who is registered, as of the changes before this one.
    pub(super) fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    pub(super) fn change_directory(&mut self, change: impl FnOnce(&mut Directory)) {
        self.is_directory_changed = true;
        change(Arc::make_mut(&mut self.directory));
    }

    /// Returns an agent's inbox, as of the changes before this one.
    pub(super) fn inbox(&mut self, agent: &Agent) -> &mut Inbox {
        let inbox = self.inboxes.entry(agent.id);
        inbox.or_insert_with(|| agent.live.inbox())
    }

    /// Takes messages out of the count of an inbox.
    pub(super) fn count_out(&mut self, agent: i64, messages: i64) {
        let Some(agent) = self.directory.agent(agent).map(Arc::clone) else {
            return;
        };
        let inbox = self.inbox(&agent);
        inbox.waiting = inbox.waiting.saturating_sub(messages).max(0);
    }

    /// Writes what belongs into the same commit, and ends the transaction's view.
    pub(super) fn finish(self, before: Counters) -> Result<Outcome, rusqlite::Error> {
        if self.counters != before {
            let row = params![self.counters.next_copy, self.counters.newest.0];
            self.connection
                .prepare_cached("UPDATE counters SET next_copy = ?1, newest = ?2")?
                .execute(row)?;
        }
        Ok(Outcome {
            counters: self.counters,
            hooks: self.hooks,
            directory: self.directory,
            is_directory_changed: self.is_directory_changed,
            inboxes: self.inboxes,
        })
    }
}

impl Outcome {
    /// Shows the committed changes to everybody.
    pub(super) fn publish(&mut self, published: &Published) {
        for (agent, inbox) in self.inboxes.drain() {
            if let Some(agent) = self.directory.agent(agent) {
                agent.live.settle(inbox);
            }
        }
        if self.is_directory_changed {
            published.publish(Arc::clone(&self.directory));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_are_counted_in_fixed_windows_of_ten_seconds() {
        let mut windows = Windows::default();
        let mut admit = |agent, at| windows.admit(agent, 2, UnixMillis(at));
        assert_eq!(admit(1, 19_000), Ok(()));
        assert_eq!(admit(1, 19_000), Ok(()));
        assert_eq!(admit(1, 19_001), Err(1));
        assert_eq!(admit(2, 19_001), Ok(()));
        assert_eq!(admit(1, 20_000), Ok(()));
        assert_eq!(admit(1, 20_000), Ok(()));
        assert_eq!(admit(1, 20_000), Err(10));
    }
}
