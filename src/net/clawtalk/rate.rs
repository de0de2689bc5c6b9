//! How fast may be posted. Pure: the time is passed in.
//!
//! A relay of the original takes 10 messages of an agent in every ten seconds of its own clock.
//! When those begin, and when what was sent arrives there, nobody tells. What is sent here is
//! counted from when it leaves until ten seconds after its answer came, so that no ten seconds
//! anywhere between can hold more.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Posts that may be counted at once: one less than a relay takes, for another program that uses
/// the same key.
const MOST: usize = 9;

/// How long a post is counted after its answer: the window of the relay, and a margin for clocks
/// that do not run alike.
const WINDOW: Duration = Duration::from_millis(10_500);

/// Longest time that a relay may ask to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Counts the posts of one account.
#[derive(Debug, Default)]
pub struct Rate {
    /// Sent and not yet answered.
    running: usize,
    /// When the others were answered, the earliest first.
    answered: VecDeque<Instant>,
    /// Nothing is sent before this.
    paused: Option<Instant>,
}

impl Rate {
    /// Counts a post that leaves now; or says how long to wait before asking again, where it may
    /// not. One that leaves must be followed by [`Self::answered`] whatever becomes of it.
    pub fn begin(&mut self, now: Instant) -> Result<(), Duration> {
        self.answered
            .retain(|answered| now.saturating_duration_since(*answered) < WINDOW);
        let paused = self
            .paused
            .map(|until| until.saturating_duration_since(now));
        if let Some(paused) = paused.filter(|paused| !paused.is_zero()) {
            return Err(paused);
        }
        self.paused = None;
        if self.running + self.answered.len() < MOST {
            self.running += 1;
            return Ok(());
        }
        let earliest = self.answered.front();
        // Where all of them are still under way, the first answer is what to wait for.
        let wait = earliest
            .map(|answered| WINDOW.saturating_sub(now.saturating_duration_since(*answered)));
        Err(wait.unwrap_or(WINDOW))
    }

    /// Notes that a post was answered, or failed.
    pub fn answered(&mut self, now: Instant) {
        self.running = self.running.saturating_sub(1);
        self.answered.push_back(now);
    }

    /// Notes that the relay refused a post because there were too many, and how long it asked to
    /// wait, where it did.
    pub fn refused(&mut self, now: Instant, wait: Option<Duration>) {
        let wait = wait.unwrap_or(WINDOW).min(LONGEST_WAIT);
        self.paused = self.paused.max(Some(now + wait));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn as_many_may_leave_as_a_relay_takes_less_one() {
        let start = Instant::now();
        let mut rate = Rate::default();
        for _ in 0..MOST {
            assert_eq!(rate.begin(start), Ok(()));
            rate.answered(start + Duration::from_secs(1));
        }
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(rate.begin(at(1_500)), Err(Duration::from_secs(10)));
        assert_eq!(rate.begin(at(11_499)), Err(Duration::from_millis(1)));
        assert_eq!(rate.begin(at(11_500)), Ok(()));
    }

    #[test]
    fn what_is_under_way_counts() {
        let now = Instant::now();
        let mut rate = Rate::default();
        for _ in 0..MOST {
            assert_eq!(rate.begin(now), Ok(()));
        }
        let later = now + Duration::from_secs(600);
        assert_eq!(rate.begin(later), Err(WINDOW));
        rate.answered(later);
        assert_eq!(rate.begin(later), Err(WINDOW));
        assert_eq!(rate.begin(later + WINDOW), Ok(()));
    }

    #[test]
    fn a_relay_that_refuses_is_left_alone_as_long_as_it_asks() {
        let now = Instant::now();
        let mut rate = Rate::default();
        rate.refused(now, Some(Duration::from_secs(30)));
        rate.refused(now, Some(Duration::from_secs(3)));
        assert_eq!(
            rate.begin(now + Duration::from_secs(10)),
            Err(Duration::from_secs(20))
        );
        assert_eq!(rate.begin(now + Duration::from_secs(30)), Ok(()));
        rate.refused(now, None);
        assert_eq!(rate.begin(now), Err(WINDOW));
        rate.refused(now, Some(Duration::from_secs(1_000_000)));
        assert_eq!(rate.begin(now), Err(LONGEST_WAIT));
    }

    proptest! {
        /// Whatever the delays are, and wherever the relay's windows begin.
        #[test]
        fn no_ten_seconds_of_a_relay_see_more_than_it_takes(
            posts in proptest::collection::vec((0_u64..4_000, 0_u64..4_000, 0_u64..4_000), 1..80),
        ) {
            let start = Instant::now();
            let mut rate = Rate::default();
            let mut now = start;
            let mut arrivals = Vec::new();
            for (pause, there, back) in posts {
                now += Duration::from_millis(pause);
                while let Err(wait) = rate.begin(now) {
                    prop_assert!(!wait.is_zero());
                    now += wait;
                }
                let arrived = now + Duration::from_millis(there);
                arrivals.push(arrived);
                now = arrived + Duration::from_millis(back);
                rate.answered(now);
            }
            for (place, first) in arrivals.iter().enumerate() {
                let within = arrivals[place..]
                    .iter()
                    .take_while(|later| later.duration_since(*first) < Duration::from_secs(10));
                prop_assert!(within.count() <= MOST);
            }
        }
    }
}
