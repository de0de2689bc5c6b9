//! What is typed, as a queue that can be looked into without waiting.
//!
//! crossterm's `EventStream` has two traps. It keeps the waker of the first look that found
//! nothing, so a look that does not wait would leave whoever waits afterwards asleep. And when
//! the terminal goes away, a look can read its end for ever without returning. So one task does
//! nothing but look, and the loop of the surface only ever sees a channel: it notices by its own
//! means that the terminal is gone, and leaves.

use std::io;

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Inputs that may wait; the terminal keeps the rest.
const BACKLOG: usize = 1024;

/// A running reader of the terminal. Dropped, it reads no more as soon as it can be stopped.
#[derive(Debug)]
pub(super) struct Inputs {
    task: JoinHandle<()>,
    inbox: mpsc::Receiver<io::Result<Event>>,
}

impl Inputs {
    /// Begins to read. Must be called within a tokio runtime of more than one thread.
    pub(super) fn start() -> Self {
        let (sender, inbox) = mpsc::channel(BACKLOG);
        let task = tokio::spawn(async move {
            let mut stream = EventStream::new();
            while let Some(input) = stream.next().await {
                if sender.send(input).await.is_err() {
                    return;
                }
            }
        });
        Self { task, inbox }
    }

    /// Waits for the next input; `None` once the terminal is gone.
    pub(super) async fn next(&mut self) -> Option<io::Result<Event>> {
        self.inbox.recv().await
    }

    /// Returns what waits already.
    pub(super) fn waiting(&mut self) -> Option<Event> {
        self.inbox.try_recv().ok()?.ok()
    }

    /// Ends reading, so that somebody else can read the terminal.
    pub(super) async fn stop(mut self) {
        self.task.abort();
        // Aborted is how it is meant to end.
        let _aborted = (&mut self.task).await;
    }
}

impl Drop for Inputs {
    fn drop(&mut self) {
        self.task.abort();
    }
}
