//! One look at every channel of a relay, for whoever asks now.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::time::Instant;

use crate::net::{Mode, Problem};

use super::{AT_ONCE, Relay};

/// How long one look at all channels waits for a relay that is watched anyway: what it answers
/// later arrives by itself.
const PATIENCE_WATCHED: Duration = Duration::from_secs(3);
/// How long it waits for a relay that nobody asks again before the next call, from one channel
/// that was looked at to the next.
const PATIENCE_ON_DEMAND: Duration = Duration::from_secs(20);
/// How long it waits in all for such a relay, however many channels are left.
const LONGEST_ON_DEMAND: Duration = Duration::from_secs(300);

impl Relay {
    /// Looks at every channel once, but does not wait for ever: one slow relay must not keep the
    /// others' mail from whoever asked.
    pub(super) async fn sync_in_time(self: Arc<Self>, mode: Mode) -> Option<Problem> {
        let (patience, longest) = match mode {
            Mode::Continuous => (PATIENCE_WATCHED, PATIENCE_WATCHED),
            Mode::OnDemand => (PATIENCE_ON_DEMAND, LONGEST_ON_DEMAND),
        };
        let until = Instant::now() + longest;
        let began = self.looks.load(Ordering::Relaxed);
        let mut before = began;
        let mut sync = pin!(self.sync());
        loop {
            let pause = (Instant::now() + patience).min(until);
            if let Ok(problem) = tokio::time::timeout_at(pause, &mut sync).await {
                return problem;
            }
            let looks = self.looks.load(Ordering::Relaxed);
            if looks == before || Instant::now() >= until {
                let problem = if looks == began {
                    "the relay has not answered yet"
                } else {
                    "not every channel was looked at yet"
                };
                return Some(self.problem(problem));
            }
            before = looks;
        }
    }

    fn problem(&self, problem: impl Into<String>) -> Problem {
        Problem {
            relay: self.url.clone(),
            problem: problem.into(),
        }
    }

    /// Looks at every channel once, but for those that a person put off.
    async fn sync(&self) -> Option<Problem> {
        let cells = self.cells();
        for (channel, _) in cells.iter().filter(|(_, cell)| !cell.is_known()) {
            self.first_looks.expect(*channel);
        }
        let ends: Vec<_> = stream::iter(cells)
            .map(|(channel, cell)| async move {
                tokio::select! {
                    biased;
                    () = self.first_looks.until_put_off(channel), if !cell.is_known() => None,
                    looked = self.look(&cell, None, true) => Some(looked),
                }
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let failure = ends.iter().flatten().find_map(|end| end.as_ref().err());
        if let Some(failure) = failure {
            return Some(self.problem(&failure.problem));
        }
        let put_off = ends.iter().filter(|end| end.is_none()).count();
        (put_off > 0).then(|| {
            self.problem(format!(
                "a person put off looking at the channels: {put_off} not looked at"
            ))
        })
    }
}
