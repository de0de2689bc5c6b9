//! The first look at each channel: which are still to come, and which a person put off.
//!
//! Networks say here what they begin to watch and what they looked at; the engine asks how far
//! that is. A channel that was put off is not asked for until a person takes it up again: its
//! relay keeps the mail meanwhile, so nothing is lost.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::model::{ChannelId, FirstLook};

/// What networks and engine share about first looks.
#[derive(Debug, Default)]
pub struct FirstLooks {
    state: Mutex<State>,
    /// Rings when something is put off, or not any more.
    turns: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    to_come: HashSet<ChannelId>,
    put_off: HashSet<ChannelId>,
    done: u64,
}

impl State {
    /// Counts afresh once nothing is left.
    fn settle(&mut self) {
        if self.to_come.is_empty() && self.put_off.is_empty() {
            self.done = 0;
        }
    }
}

impl FirstLooks {
    /// Notes that a channel is to be looked at. One that was put off stays so.
    pub fn expect(&self, channel: ChannelId) {
        let mut state = self.lock();
        if !state.put_off.contains(&channel) {
            state.to_come.insert(channel);
        }
    }

    /// Notes that a channel was looked at.
    pub fn over(&self, channel: ChannelId) {
        let mut state = self.lock();
        let was_put_off = state.put_off.remove(&channel);
        if state.to_come.remove(&channel) || was_put_off {
            state.done += 1;
        }
        state.settle();
        drop(state);
        if was_put_off {
            self.turns.send_replace(());
        }
    }

    /// Notes that nobody watches a channel any more.
    pub fn forget(&self, channel: ChannelId) {
        let mut state = self.lock();
        let was_put_off = state.put_off.remove(&channel);
        state.to_come.remove(&channel);
        state.settle();
        drop(state);
        if was_put_off {
            self.turns.send_replace(());
        }
    }

    /// Puts off every channel that is still to be looked at; tells whether there was one.
    pub fn put_off(&self) -> bool {
        let mut state = self.lock();
        let rest = std::mem::take(&mut state.to_come);
        let any = !rest.is_empty();
        state.put_off.extend(rest);
        drop(state);
        if any {
            self.turns.send_replace(());
        }
        any
    }

    /// Takes up again what was put off; tells whether there was anything.
    pub fn go_on(&self) -> bool {
        let mut state = self.lock();
        let rest = std::mem::take(&mut state.put_off);
        let any = !rest.is_empty();
        state.to_come.extend(rest);
        drop(state);
        if any {
            self.turns.send_replace(());
        }
        any
    }

    /// Returns how far it is; `None` once every channel was looked at.
    pub fn state(&self) -> Option<FirstLook> {
        let state = self.lock();
        let count = |channels: &HashSet<_>| u64::try_from(channels.len()).unwrap_or(u64::MAX);
        let (to_come, put_off) = (count(&state.to_come), count(&state.put_off));
        (to_come + put_off > 0).then_some(FirstLook {
            done: state.done,
            total: state.done + to_come + put_off,
            put_off,
        })
    }

    /// Tells whether a channel was put off.
    pub fn is_put_off(&self, channel: ChannelId) -> bool {
        self.lock().put_off.contains(&channel)
    }

    /// Listens to what is put off or taken up again from now on.
    pub fn turns(&self) -> watch::Receiver<()> {
        self.turns.subscribe()
    }

    /// Waits until a channel is put off.
    pub async fn until_put_off(&self, channel: ChannelId) {
        self.until(channel, true).await;
    }

    /// Waits until a channel is not put off.
    pub async fn until_wanted(&self, channel: ChannelId) {
        self.until(channel, false).await;
    }

    async fn until(&self, channel: ChannelId, put_off: bool) {
        let mut turns = self.turns();
        while self.is_put_off(channel) != put_off {
            // It rings for as long as this is borrowed.
            let _rang = turns.changed().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(channels: i64) -> FirstLooks {
        let looks = FirstLooks::default();
        for id in 1..=channels {
            looks.expect(ChannelId(id));
        }
        looks
    }

    fn look(done: u64, total: u64, put_off: u64) -> FirstLook {
        FirstLook {
            done,
            total,
            put_off,
        }
    }

    #[test]
    fn it_is_over_once_every_channel_was_looked_at_and_then_counts_afresh() {
        let looks = looks(2);
        assert_eq!(looks.state(), Some(look(0, 2, 0)));
        looks.over(ChannelId(1));
        looks.over(ChannelId(1));
        assert_eq!(looks.state(), Some(look(1, 2, 0)));
        looks.over(ChannelId(2));
        assert_eq!(looks.state(), None);
        looks.expect(ChannelId(3));
        assert_eq!(looks.state(), Some(look(0, 1, 0)));
    }

    #[test]
    fn what_is_put_off_waits_for_a_person_and_what_comes_later_does_not() {
        let looks = looks(3);
        looks.over(ChannelId(1));
        assert!(looks.put_off());
        assert!(!looks.put_off(), "there is nothing more to put off");
        looks.expect(ChannelId(2));
        looks.expect(ChannelId(4));
        assert_eq!(looks.state(), Some(look(1, 4, 2)));
        assert!(looks.is_put_off(ChannelId(2)) && !looks.is_put_off(ChannelId(4)));
        let words = looks.state().and_then(FirstLook::progress);
        assert_eq!(words.map(|progress| progress.done), Some(1));
        looks.over(ChannelId(4));
        let put_off = looks.state().unwrap();
        assert_eq!(put_off.progress(), None, "nothing goes on");
        assert!(looks.go_on());
        assert_eq!(looks.state(), Some(look(2, 4, 0)));
        looks.forget(ChannelId(2));
        looks.over(ChannelId(3));
        assert_eq!(looks.state(), None);
    }

    #[tokio::test]
    async fn whoever_waits_is_told_of_every_turn() {
        let looks = looks(1);
        looks.until_wanted(ChannelId(1)).await;
        tokio::join!(looks.until_put_off(ChannelId(1)), async {
            looks.put_off();
        });
        tokio::join!(looks.until_wanted(ChannelId(1)), async {
            looks.forget(ChannelId(1));
        });
    }
}
