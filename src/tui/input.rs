//! What is typed, as a queue that can be looked into without waiting.
//!
//! One task does nothing but read the terminal, and the loop of the surface only ever sees a
//! channel: it notices by its own means that the terminal is gone, and leaves. Reading is never
//! begun before there is something to read, so the task can be stopped at any time and somebody
//! else can have the terminal.

pub(super) mod parse;

use std::io;
use std::time::Duration;

use crossterm::event::Event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::background;
use super::theme::Ground;
use parse::{Awaited, Parser, Sent};

/// Inputs that may wait; the terminal keeps the rest.
const BACKLOG: usize = 1024;
/// Bytes read at a time.
const CHUNK: usize = 4096;
/// How long the rest of a sequence may take before Esc counts as the key.
const ESCAPE: Duration = Duration::from_millis(30);
/// How long a paste may rest before its end is not waited for any more.
const PASTE: Duration = Duration::from_secs(2);

/// What came from the terminal.
#[derive(Debug)]
pub(super) enum Input {
    /// A key, a paste, the mouse, the focus or the size.
    Event(Event),
    /// An answer that was not waited for: the background that it has.
    Background(Ground),
}

/// A running reader of the terminal. Dropped, it reads no more as soon as it can be stopped.
#[derive(Debug)]
pub(super) struct Inputs {
    task: JoinHandle<()>,
    inbox: mpsc::Receiver<io::Result<Input>>,
}

impl Inputs {
    /// Begins to read. Must be called within a tokio runtime of more than one thread.
    pub(super) fn start() -> Self {
        let (sender, inbox) = mpsc::channel(BACKLOG);
        let task = tokio::spawn(async move {
            if let Err(error) = read(&sender).await
                && sender.send(Err(error)).await.is_err()
            {
                tracing::debug!("the surface was left before its terminal");
            }
        });
        Self { task, inbox }
    }

    /// Waits for the next input; `None` once the terminal is gone.
    pub(super) async fn next(&mut self) -> Option<io::Result<Input>> {
        self.inbox.recv().await
    }

    /// Returns what waits already.
    pub(super) fn waiting(&mut self) -> Option<Input> {
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

/// Returns how long what is awaited may take.
pub(super) fn patience(awaited: Awaited) -> Duration {
    match awaited {
        Awaited::Sequence => ESCAPE,
        Awaited::Paste => PASTE,
    }
}

fn meaning(sent: Sent) -> Option<Input> {
    sent.event
        .map(Input::Event)
        .or_else(|| background::told(&sent.bytes).map(Input::Background))
}

/// Reads until the terminal or the surface is gone.
async fn read(sender: &mpsc::Sender<io::Result<Input>>) -> io::Result<()> {
    #[expect(
        deprecated,
        reason = "the new way is unsafe; standard input stays open as long as the process"
    )]
    let terminal = AsyncFd::with_interest(io::stdin(), Interest::READABLE)?;
    let mut resized = signal(SignalKind::window_change())?;
    let mut parser = Parser::default();
    loop {
        let awaited = parser.awaits();
        let sent = tokio::select! {
            ready = terminal.readable() => {
                ready?.clear_ready();
                match take(&mut parser)? {
                    Some(sent) => sent,
                    None => return Ok(()),
                }
            }
            () = tokio::time::sleep(awaited.map_or(PASTE, patience)), if awaited.is_some() => {
                parser.give_up()
            }
            _ = resized.recv() => {
                let (columns, rows) = crossterm::terminal::size()?;
                vec![Sent {
                    event: Some(Event::Resize(columns, rows)),
                    bytes: Vec::new(),
                }]
            }
        };
        for input in sent.into_iter().filter_map(meaning) {
            if sender.send(Ok(input)).await.is_err() {
                return Ok(());
            }
        }
    }
}

/// Takes in all that the terminal has; `None` once it is gone.
fn take(parser: &mut Parser) -> io::Result<Option<Vec<Sent>>> {
    let mut sent = Vec::new();
    let mut bytes = [0; CHUNK];
    while waits(Duration::ZERO)? {
        match rustix::io::read(io::stdin(), &mut bytes) {
            Ok(0) => return Ok(None),
            Ok(length) => sent.extend(parser.feed(bytes.get(..length).unwrap_or_default())),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(sent))
}

/// Tells whether the terminal has something to read, waiting for it at most so long.
pub(super) fn waits(patience: Duration) -> io::Result<bool> {
    let stdin = io::stdin();
    let mut descriptors = [PollFd::new(&stdin, PollFlags::IN)];
    let patience = Timespec::try_from(patience).ok();
    match poll(&mut descriptors, patience.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Waits at most so long and takes in what the terminal has by then; `None` once it is gone.
pub(super) fn take_within(
    parser: &mut Parser,
    patience: Duration,
) -> io::Result<Option<Vec<Sent>>> {
    if waits(patience)? {
        take(parser)
    } else {
        Ok(Some(Vec::new()))
    }
}
