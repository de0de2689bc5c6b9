//! The one thread that writes: group commit.

use rusqlite::Connection;
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;

use super::apply::{Batch, Limits, Statements};
use super::checkpoint::Gauge;
use super::{Order, Outcome, Refused, Surroundings};

/// Most changes in one transaction: bounds how long the first waits for the last.
const MOST_AT_ONCE: usize = 512;

/// Hands over what is queued, many at a time, until every sender is gone, or until `stopped` ends
/// and the queue is empty. `write` takes all that it is given.
pub(in crate::relay) fn in_batches<T>(
    mut queue: Receiver<T>,
    mut stopped: oneshot::Receiver<()>,
    mut write: impl FnMut(&mut Vec<T>),
) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let Ok(runtime) = runtime else {
        tracing::error!("cannot start the writer");
        return;
    };
    let mut orders = Vec::with_capacity(MOST_AT_ONCE);
    loop {
        let received = runtime.block_on(async {
            tokio::select! {
                biased;
                count = queue.recv_many(&mut orders, MOST_AT_ONCE) => count,
                _ = &mut stopped => 0,
            }
        });
        if received == 0 {
            return;
        }
        write(&mut orders);
    }
}

pub(super) struct Writer {
    connection: Connection,
    surroundings: Surroundings,
    gauge: Gauge,
}

type Answers = Vec<(oneshot::Sender<Outcome>, Outcome)>;

impl Writer {
    pub(super) fn new(connection: Connection, surroundings: Surroundings, gauge: Gauge) -> Self {
        Self {
            connection,
            surroundings,
            gauge,
        }
    }

    /// Writes until every sender is gone, or until `stopped` ends and the queue is empty.
    pub(super) fn run(mut self, queue: Receiver<Order>, stopped: oneshot::Receiver<()>) {
        if let Err(error) = self.gauge.attach(&mut self.connection) {
            tracing::error!(%error, "cannot watch the size of the log");
        }
        let mut statements = match Statements::prepare(&self.connection) {
            Ok(statements) => statements,
            Err(error) => {
                tracing::error!(%error, "cannot prepare the statements of the store");
                return;
            }
        };
        in_batches(queue, stopped, |orders| {
            self.write(&mut statements, orders);
            self.gauge.check(&self.connection);
        });
        drop(statements);
        super::checkpoint::last(&self.connection);
    }

    /// Commits these orders together, publishes, wakes who waits, answers.
    fn write(&self, statements: &mut Statements<'_>, orders: &mut Vec<Order>) {
        let mut answers = Vec::with_capacity(orders.len());
        match self.transact(statements, orders, &mut answers) {
            Ok(batch) => {
                let Surroundings { index, waiters, .. } = &self.surroundings;
                for channel in batch.publish(index) {
                    waiters.wake(index.hash(&channel));
                }
            }
            Err(error) => {
                tracing::warn!(%error, changes = answers.len(), "the store refused a commit");
                if let Err(error) = statements.rollback.execute([]) {
                    tracing::debug!(%error, "nothing to roll back");
                }
                for (_, outcome) in &mut answers {
                    *outcome = Err(Refused::Unavailable);
                }
            }
        }
        for (reply, outcome) in answers {
            if reply.send(outcome).is_err() {
                tracing::trace!("a client left before its answer");
            }
        }
    }

    fn transact(
        &self,
        statements: &mut Statements<'_>,
        orders: &mut Vec<Order>,
        answers: &mut Answers,
    ) -> Result<Batch, rusqlite::Error> {
        let limits = Limits {
            now: self.surroundings.clock.now(),
            max_waiting: self.surroundings.max_waiting,
        };
        let mut batch = Batch::default();
        let mut failed = statements.begin.execute([]).err();
        for Order { change, reply } in orders.drain(..) {
            let outcome = match failed {
                Some(_) => Err(Refused::Unavailable),
                None => batch
                    .apply(statements, &self.surroundings.index, change, &limits)
                    .unwrap_or_else(|error| {
                        failed = Some(error);
                        Err(Refused::Unavailable)
                    }),
            };
            answers.push((reply, outcome));
        }
        if let Some(error) = failed {
            return Err(error);
        }
        batch.finish(statements)?;
        statements.commit.execute([])?;
        Ok(batch)
    }
}
