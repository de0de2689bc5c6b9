//! The one thread that writes: group commit.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::mpsc::{Receiver, UnboundedSender};
use tokio::sync::oneshot;

use super::hooks::Hook;
use super::work::{Counters, Outcome, Windows};
use super::{Order, Surroundings, Work};
use crate::relay::store::checkpoint::{self, Gauge};
use crate::relay::store::writer::in_batches;

pub(super) struct Writer {
    connection: Connection,
    surroundings: Surroundings,
    counters: Counters,
    windows: Windows,
    gauge: Gauge,
    announce: UnboundedSender<Hook>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        surroundings: Surroundings,
        counters: Counters,
        gauge: Gauge,
        announce: UnboundedSender<Hook>,
    ) -> Self {
        Self {
            connection,
            surroundings,
            counters,
            windows: Windows::default(),
            gauge,
            announce,
        }
    }

    /// Writes until every sender is gone, or until `stopped` ends and the queue is empty.
    pub(super) fn run(mut self, queue: Receiver<Box<dyn Order>>, stopped: oneshot::Receiver<()>) {
        if let Err(error) = self.gauge.attach(&mut self.connection) {
            tracing::error!(%error, "cannot watch the size of the log");
        }
        in_batches(queue, stopped, |orders| {
            self.write(orders);
            self.gauge.check(&self.connection);
        });
        checkpoint::last(&self.connection);
    }

    /// Commits these orders together, publishes, answers.
    fn write(&mut self, orders: &mut Vec<Box<dyn Order>>) {
        let committed = match self.transact(orders) {
            Ok(mut outcome) => {
                self.counters = outcome.counters;
                outcome.publish(&self.surroundings.directory);
                for hook in outcome.hooks.drain(..) {
                    if self.announce.send(hook).is_err() {
                        tracing::debug!("nobody delivers webhooks any more");
                    }
                }
                true
            }
            Err(error) => {
                tracing::warn!(%error, changes = orders.len(), "the store refused a commit");
                if let Err(error) = self.connection.execute_batch("ROLLBACK") {
                    tracing::debug!(%error, "nothing to roll back");
                }
                false
            }
        };
        for order in orders.drain(..) {
            order.answer(committed);
        }
    }

    fn transact(&mut self, orders: &mut [Box<dyn Order>]) -> Result<Outcome, rusqlite::Error> {
        let Surroundings {
            directory,
            clock,
            max_waiting,
            posts,
        } = &self.surroundings;
        let execute = |sql| self.connection.prepare_cached(sql)?.execute([]);
        execute("BEGIN IMMEDIATE")?;
        let mut work = Work::new(
            &self.connection,
            (clock.now(), self.counters),
            (*max_waiting, *posts),
            &mut self.windows,
            Arc::clone(&directory.read()),
        );
        for order in orders.iter_mut() {
            order.apply(&mut work)?;
        }
        let outcome = work.finish(self.counters)?;
        execute("COMMIT")?;
        Ok(outcome)
    }
}
