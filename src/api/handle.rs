//! The handle by which a surface reaches an engine, near or far.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{broadcast, mpsc, oneshot};

use super::{Error, Event, Reply, Request, Role};
use crate::model::Work;

/// Events kept for a slow listener before it is told to reload.
const EVENT_BACKLOG: usize = 256;
/// Calls that may wait for the engine before callers have to wait themselves.
const CALL_BACKLOG: usize = 64;

/// A request on its way, with the role of whoever asked.
#[derive(Debug)]
pub struct Call {
    /// What the asker may do.
    pub role: Role,
    /// What is asked.
    pub request: Request,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Reply, Error>>,
}

/// A way to ask an engine. Cheap to clone; every clone has the same role.
#[derive(Clone, Debug)]
pub struct Handle {
    role: Role,
    calls: mpsc::Sender<Call>,
    events: broadcast::Sender<Event>,
    roles: Arc<AtomicU64>,
    /// What the engine of this process works at; `None` where it runs in another one.
    work: Option<Arc<Work>>,
}

/// The engine's end of a [`Handle`].
#[derive(Debug)]
pub struct Desk {
    /// Calls in the order they were made.
    pub calls: mpsc::Receiver<Call>,
    /// Where events go.
    pub events: broadcast::Sender<Event>,
    /// How often the supervisor role was taken from all connections: adding one does it.
    pub roles: Arc<AtomicU64>,
    /// Where the engine says how far long work is.
    pub work: Arc<Work>,
}

impl Handle {
    /// Makes a handle for an engine in this process, and the engine's end of it.
    pub fn local(role: Role) -> (Self, Desk) {
        let (calls, receiver) = mpsc::channel(CALL_BACKLOG);
        let (events, _) = broadcast::channel(EVENT_BACKLOG);
        let roles = Arc::<AtomicU64>::default();
        let work = Arc::<Work>::default();
        let handle = Self {
            role,
            calls,
            events: events.clone(),
            roles: Arc::clone(&roles),
            work: Some(Arc::clone(&work)),
        };
        let desk = Desk {
            calls: receiver,
            events,
            roles,
            work,
        };
        (handle, desk)
    }

    /// Makes a handle whose calls all go to an engine in another process.
    pub(super) fn far(role: Role) -> (Self, Desk) {
        let (handle, desk) = Self::local(role);
        (
            Self {
                work: None,
                ..handle
            },
            desk,
        )
    }

    /// Returns the same way in with another role. Only the host of an engine calls this.
    #[must_use]
    pub fn with_role(&self, role: Role) -> Self {
        Self {
            role,
            ..self.clone()
        }
    }

    /// Returns the role that requests are made in.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Returns how often the supervisor role was taken from all connections: one that got it
    /// before has it no more.
    pub fn revocations(&self) -> u64 {
        self.roles.load(Ordering::SeqCst)
    }

    /// Asks and waits for the answer.
    pub async fn ask(&self, request: Request) -> Result<Reply, Error> {
        if let Some(answer) = self.ask_work(&request) {
            return answer;
        }
        let (reply, answer) = oneshot::channel();
        let call = Call {
            role: self.role,
            request,
            reply,
        };
        self.calls.send(call).await.map_err(|_closed| Error::Gone)?;
        answer.await.map_err(|_dropped| Error::Gone)?
    }

    /// Answers what is about work that keeps the engine itself from answering; `None` where there
    /// is none, and the engine can say what else goes on.
    fn ask_work(&self, request: &Request) -> Option<Result<Reply, Error>> {
        if !matches!(request, Request::Work | Request::StopWork) {
            return None;
        }
        let work = self.work.as_ref()?;
        let progress = work.progress()?;
        if self.role < request.needs() {
            return Some(Err(Error::NotAllowed));
        }
        if *request == Request::Work {
            let theirs = self.role == Role::Supervisor;
            return Some(Ok(Reply::Work(theirs.then_some(progress))));
        }
        work.stop();
        Some(Ok(Reply::Done))
    }

    /// Listens to what changes from now on.
    pub fn events(&self) -> Events {
        Events(self.events.subscribe())
    }
}

/// What changes, in order.
#[derive(Debug)]
pub struct Events(broadcast::Receiver<Event>);

impl Events {
    /// Waits for the next change. Answers [`Event::Overflow`] when some were lost and
    /// [`Event::Closing`] once the engine is gone.
    pub async fn next(&mut self) -> Event {
        match self.0.recv().await {
            Ok(event) => event,
            Err(broadcast::error::RecvError::Lagged(_)) => Event::Overflow,
            Err(broadcast::error::RecvError::Closed) => Event::Closing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn long_work_is_answered_while_the_engine_is_busy_and_to_a_supervisor_alone() {
        let (handle, desk) = Handle::local(Role::Supervisor);
        let _running = desk.work.begin(2);
        let assistant = handle.with_role(Role::Assistant);
        let untold = assistant.ask(Request::Work).await;
        assert_eq!(untold, Ok(Reply::Work(None)));
        let refused = assistant.ask(Request::StopWork).await;
        assert_eq!(refused, Err(Error::NotAllowed));
        assert!(desk.work.step());
        let Ok(Reply::Work(Some(progress))) = handle.ask(Request::Work).await else {
            panic!("it runs");
        };
        assert_eq!((progress.done, progress.total), (1, 2));
        assert_eq!(handle.ask(Request::StopWork).await, Ok(Reply::Done));
        assert!(!desk.work.step());
    }
}
