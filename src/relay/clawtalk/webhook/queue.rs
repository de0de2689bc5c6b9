//! Which delivery comes next. Pure: the time is handed in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::UnixMillis;
use crate::relay::clawtalk::store::Hook;

/// Deliveries that wait, a line for each agent.
#[derive(Debug, Default)]
pub(super) struct Queue {
    lines: HashMap<i64, Line>,
    /// The first of each line of which none is under way: when, which copy, whose.
    heads: BTreeSet<(UnixMillis, i64, i64)>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: BTreeMap<(UnixMillis, i64), Hook>,
    is_under_way: bool,
    head: Option<(UnixMillis, i64)>,
}

impl Queue {
    pub(super) fn add(&mut self, hook: Hook) {
        let line = self.lines.entry(hook.agent).or_default();
        line.waiting.insert((hook.due, hook.copy), hook);
        self.refresh(hook.agent);
    }

    /// Takes the delivery that is due longest, whose agent has none under way.
    pub(super) fn take(&mut self, now: UnixMillis) -> Option<Hook> {
        let (due, copy, agent) = *self.heads.first()?;
        if due > now {
            return None;
        }
        let line = self.lines.get_mut(&agent)?;
        let hook = line.waiting.remove(&(due, copy));
        line.is_under_way = true;
        self.refresh(agent);
        hook
    }

    /// Says that none is under way any more for an agent.
    pub(super) fn release(&mut self, agent: i64) {
        if let Some(line) = self.lines.get_mut(&agent) {
            line.is_under_way = false;
        }
        self.refresh(agent);
    }

    /// Returns when the next delivery is due.
    pub(super) fn next_due(&self) -> Option<UnixMillis> {
        self.heads.first().map(|(due, ..)| *due)
    }

    fn refresh(&mut self, agent: i64) {
        let Some(line) = self.lines.get_mut(&agent) else {
            return;
        };
        if let Some((due, copy)) = line.head.take() {
            self.heads.remove(&(due, copy, agent));
        }
        if line.is_under_way {
            return;
        }
        match line.waiting.keys().next() {
            None => {
                self.lines.remove(&agent);
            }
            Some((due, copy)) => {
                line.head = Some((*due, *copy));
                self.heads.insert((*due, *copy, agent));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(agent: i64, copy: i64, due: i64) -> Hook {
        Hook {
            copy,
            agent,
            failures: 0,
            due: UnixMillis(due),
        }
    }

    #[test]
    fn one_delivery_of_each_agent_is_under_way_in_the_order_they_are_due() {
        let mut queue = Queue::default();
        for (agent, copy, due) in [(1, 10, 5), (1, 11, 5), (2, 12, 6), (1, 9, 90)] {
            queue.add(hook(agent, copy, due));
        }
        let now = UnixMillis(10);
        assert_eq!(queue.take(UnixMillis(4)), None);
        assert_eq!(queue.next_due(), Some(UnixMillis(5)));
        assert_eq!(queue.take(now), Some(hook(1, 10, 5)));
        assert_eq!(queue.take(now), Some(hook(2, 12, 6)));
        assert_eq!(queue.take(now), None);
        queue.release(2);
        assert_eq!(queue.take(now), None);
        queue.release(1);
        assert_eq!(queue.take(now), Some(hook(1, 11, 5)));
        queue.release(1);
        assert_eq!(
            (queue.take(now), queue.next_due()),
            (None, Some(UnixMillis(90)))
        );
        assert_eq!(queue.take(UnixMillis(90)), Some(hook(1, 9, 90)));
        queue.release(1);
        assert!(queue.lines.is_empty() && queue.heads.is_empty());
    }

    #[test]
    fn what_failed_waits_for_its_time_while_others_go_on() {
        let mut queue = Queue::default();
        queue.add(hook(1, 1, 0));
        queue.add(hook(1, 2, 0));
        let failed = queue.take(UnixMillis(0)).unwrap();
        queue.release(1);
        queue.add(Hook {
            failures: 1,
            due: UnixMillis(50),
            ..failed
        });
        assert_eq!(queue.take(UnixMillis(1)), Some(hook(1, 2, 0)));
        queue.release(1);
        assert_eq!(queue.take(UnixMillis(49)), None);
        assert_eq!(
            queue.take(UnixMillis(50)).map(|hook| hook.failures),
            Some(1)
        );
    }
}
