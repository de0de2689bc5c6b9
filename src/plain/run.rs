//! Reads lines, writes lines, and carries out what `step` asks for.
//!
//! The terminal stays as it is: its own line editing, its own scrolling, its own interrupt keys.

use std::future::Future;
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use rustix::termios::tcgetwinsize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::api::{Error as ApiError, Events, Handle, Reply, Request};
use crate::desktop::ends;
use crate::model::{PeerText, UnixMillis};
use crate::text::with_ascii_twins;

use super::state::{Effect, Happened, Question, State, Typed};
use super::step::{start, step};

/// Cells of a line where nothing tells how wide it may be.
const WIDTH: usize = 80;
/// Lines that come within this time of each other came together.
const TOGETHER: Duration = Duration::from_millis(50);
/// Lines that wait before the terminal keeps the rest.
const BACKLOG: usize = 64;
/// Longest line in bytes; more than any network carries.
const LONGEST: u64 = 1024 * 1024;
/// How long what was asked last may take after the end.
const LAST_WISHES: Duration = Duration::from_millis(1_500);

/// Why the surface ended, other than by being left.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing can be written any more; drafts are kept.
    #[error("nothing can be written any more")]
    Output(#[from] io::Error),
    /// The engine stopped; what it stored is kept.
    #[error("the engine of this profile was stopped; start chaperon again to go on")]
    EngineGone,
}

/// A source of time.
pub type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// Where the surface gets its surroundings from.
pub struct Options {
    /// The first line; the demo says there what it is.
    pub banner: Option<String>,
    /// The zone for times of day.
    pub zone: TimeZone,
    /// Where the time comes from.
    pub clock: Clock,
    /// Whether the terminal is sure to show nothing but ASCII.
    pub ascii: bool,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").finish_non_exhaustive()
    }
}

/// Reads and answers lines until the person leaves, the input ends or the engine closes.
pub async fn run(handle: Handle, options: Options) -> Result<(), Error> {
    let Options {
        banner,
        zone,
        clock,
        ascii,
    } = options;
    let (back, returns) = mpsc::unbounded_channel();
    let mut session = Session {
        state: State::new(clock(), zone, width()),
        lines: lines(Arc::clone(&clock)),
        events: handle.events(),
        asked: ends::asked()?,
        handle,
        clock,
        kept: None,
        tasks: JoinSet::new(),
        back,
        returns,
        ascii,
        leaving: false,
    };
    let effects = start(&mut session.state, banner.as_deref());
    session.carry_out(effects)?;
    let ended = session.live().await;
    let Session {
        mut tasks, state, ..
    } = session;
    let all = async { while tasks.join_next().await.is_some() {} };
    if timeout(LAST_WISHES, all).await.is_err() {
        tracing::debug!("the engine took too long over the last requests");
    }
    ended?;
    if state.is_closing() {
        return Err(Error::EngineGone);
    }
    Ok(())
}

type Answered = (Question, Result<Reply, ApiError>);

struct Session {
    state: State,
    handle: Handle,
    clock: Clock,
    lines: mpsc::Receiver<Typed>,
    /// A line that came together with the one before it.
    kept: Option<Typed>,
    events: Events,
    asked: mpsc::Receiver<()>,
    tasks: JoinSet<()>,
    back: mpsc::UnboundedSender<Answered>,
    returns: mpsc::UnboundedReceiver<Answered>,
    ascii: bool,
    leaving: bool,
}

impl Session {
    async fn live(&mut self) -> Result<(), Error> {
        while !self.leaving {
            let waiting = self.state.is_waiting();
            if !waiting && let Some(typed) = self.kept.take() {
                self.take_line(typed).await?;
                continue;
            }
            let happened = tokio::select! {
                biased;
                _ = self.asked.recv() => Happened::End,
                Some((question, answer)) = self.returns.recv() => {
                    Happened::Answer(question, Box::new(answer))
                }
                event = self.events.next() => Happened::Event(event),
                typed = self.lines.recv(), if !waiting => {
                    if let Some(typed) = typed {
                        self.take_line(typed).await?;
                        continue;
                    }
                    Happened::End
                }
            };
            self.tell(happened)?;
        }
        Ok(())
    }

    /// Takes a line in once it is known whether another one came with it.
    async fn take_line(&mut self, mut typed: Typed) -> Result<(), Error> {
        if let Ok(Some(mut next)) = timeout(TOGETHER, self.lines.recv()).await {
            typed.alone = false;
            next.alone = false;
            self.kept = Some(next);
        }
        self.tell(Happened::Width(width()))?;
        self.tell(Happened::Line(typed))
    }

    fn tell(&mut self, happened: Happened) -> Result<(), Error> {
        let now = (self.clock)();
        let effects = step(&mut self.state, now, happened);
        self.carry_out(effects)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<(), Error> {
        let mut out = io::stdout().lock();
        let mut prompted = false;
        let ascii = self.ascii;
        let shown = |line: String| {
            if ascii { with_ascii_twins(&line) } else { line }
        };
        for effect in effects {
            match effect {
                Effect::Say(line) => writeln!(out, "{}", shown(line))?,
                Effect::Prompt(words) => {
                    write!(out, "{}", shown(words))?;
                    prompted = true;
                }
                Effect::Ask(request, question) => {
                    let (handle, back) = (self.handle.clone(), self.back.clone());
                    start_on(&mut self.tasks, pass_on(handle, back, request, question));
                }
                Effect::Leave => self.leaving = true,
            }
        }
        out.flush()?;
        drop(out);
        if prompted {
            // The question stands from now on, and not from when it was thought of.
            let effects = step(&mut self.state, (self.clock)(), Happened::Prompted);
            debug_assert!(
                effects.is_empty(),
                "a question that stands asks for nothing"
            );
        }
        Ok(())
    }
}

async fn pass_on(
    handle: Handle,
    back: mpsc::UnboundedSender<Answered>,
    request: Request,
    question: Question,
) {
    let answer = handle.ask(request).await;
    if back.send((question, answer)).is_err() {
        tracing::debug!("an answer came after the surface was left");
    }
}

fn start_on(tasks: &mut JoinSet<()>, work: impl Future<Output = ()> + Send + 'static) {
    while tasks.try_join_next().is_some() {}
    tasks.spawn(work);
}

/// Returns how many cells a line may have.
fn width() -> usize {
    tcgetwinsize(io::stdout())
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|cells| *cells > 0)
        .unwrap_or(WIDTH)
}

/// Reads lines on a thread of its own, which notes when each one came. A last line without an
/// end was not finished, so it is none.
fn lines(clock: Clock) -> mpsc::Receiver<Typed> {
    let (sender, receiver) = mpsc::channel(BACKLOG);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let mut bytes = Vec::new();
            let read = input.by_ref().take(LONGEST).read_until(b'\n', &mut bytes);
            let whole = bytes.ends_with(b"\n") || bytes.len() as u64 >= LONGEST;
            if read.is_err() || !whole {
                return;
            }
            while bytes
                .last()
                .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
            {
                bytes.pop();
            }
            let typed = Typed {
                text: PeerText::new(String::from_utf8_lossy(&bytes)),
                at: clock(),
                alone: true,
            };
            if sender.blocking_send(typed).is_err() {
                return;
            }
        }
    });
    receiver
}
