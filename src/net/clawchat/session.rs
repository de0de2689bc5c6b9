//! One session: the handshake over a stream, then chats in both directions until either side has
//! had enough. Everything has a deadline, because a real gateway has none.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use libp2p::futures::io::WriteHalf;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::desk::{Desk, Took};
use super::protocol::{
    self, HANDSHAKE_DEADLINE, Handshake, ReceivedChat, Refused, Remote, Role, SessionStep, Step,
    auth_fail, ping_frame, receipt_frame,
};
use super::swarm::{AsyncReadExt as _, AsyncWriteExt as _, Multiaddr, Path, PeerId, Stream};
use crate::crypto;
use crate::wire::clawchat::{
    ChatId, LONGEST_FRAME, LONGEST_HANDSHAKE_FRAME, Nonce, Receipt, Unframer, frame,
};

/// How long writing one frame may take.
const WRITING: Duration = Duration::from_secs(30);
/// Silence after which the other side is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(60);
/// Silence after that question which ends the session.
const NO_ANSWER: Duration = Duration::from_secs(30);
/// How long a stranger who writes nothing keeps a session.
const STRANGERS_SILENCE: Duration = Duration::from_secs(10 * 60);
/// Longest frame that a stranger may send: what waits of them altogether is less.
const STRANGERS_FRAME: usize = 512 * 1024;
/// Frames of ours that wait to be written.
const BACKLOG: usize = 64;
/// Bytes read at once.
const CHUNK: usize = 16 * 1024;
/// Chats that are stored together.
const TOGETHER: usize = 64;
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// What became of a chat of ours, as far as the other side tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Their gateway has read it. More a real one never tells.
    Read,
    /// A chaperon has it, and what it made of it.
    Receipt(Receipt),
}

/// What a session is to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Send this chat. Nothing is answered where the session ends before it is known.
    Chat {
        id: ChatId,
        frame: Vec<u8>,
        told: oneshot::Sender<Told>,
    },
    /// End.
    Close,
}

/// A session that is there.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// A number of its own within the desk.
    pub(super) number: u64,
    /// Who is at the other end.
    pub(super) remote: Remote,
    /// Their node.
    pub(super) peer: PeerId,
    /// Whether we opened it.
    pub(super) ours: bool,
    /// How it reaches them.
    pub(super) path: Path,
    /// Where it reaches them.
    pub(super) at: Multiaddr,
    /// Since when it is there.
    pub(super) since: Instant,
    /// What it is to do.
    pub(super) orders: mpsc::Sender<Order>,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoSession {
    /// The handshake came to nothing.
    #[error("{0}")]
    Refused(Refused),
    /// We do not want them.
    #[error("they are not wanted here")]
    NotWanted,
    /// It took too long.
    #[error("they did not finish the handshake in time")]
    TimedOut,
    /// The connection broke.
    #[error("the connection broke during the handshake")]
    Broken(#[source] io::Error),
}

/// Whether somebody who proved who they are is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// They are.
    Yes,
    /// They are not; a number and the words that they are told.
    No(u64, &'static str),
}

/// Shakes hands. `decide` is asked once they are proven, before anything is agreed.
pub(super) async fn shake<D, F>(
    stream: &mut Stream,
    (role, peer): (Role, [u8; 32]),
    desk: &Desk,
    decide: D,
) -> Result<(Remote, Unframer), NoSession>
where
    D: FnOnce(Remote) -> F,
    F: Future<Output = Wanted>,
{
    let until = Instant::now() + HANDSHAKE_DEADLINE;
    let handshake = timeout_at(until, shake_hands(stream, (role, peer), desk, decide));
    let result = handshake.await.unwrap_or(Err(NoSession::TimedOut));
    if let Err(error) = &result {
        let fail = match error {
            NoSession::Refused(refused) => refused.fail.clone(),
            NoSession::TimedOut => Some(auth_fail(5, "the handshake took too long")),
            NoSession::NotWanted | NoSession::Broken(_) => None,
        };
        // They are gone already: then there is nobody to tell.
        let _gone = timeout(GOODBYE, async {
            if let Some(fail) = fail {
                send(stream, &[fail]).await?;
            }
            stream.close().await
        })
        .await;
    }
    result
}

async fn shake_hands<D, F>(
    stream: &mut Stream,
    (role, peer): (Role, [u8; 32]),
    desk: &Desk,
    decide: D,
) -> Result<(Remote, Unframer), NoSession>
where
    D: FnOnce(Remote) -> F,
    F: Future<Output = Wanted>,
{
    let broken = NoSession::Broken;
    let fresh = desk.fresh().map_err(|_no_random| NoSession::TimedOut)?;
    let (mut handshake, first) = Handshake::new(role, &desk.us, peer, fresh);
    send(stream, &first).await.map_err(broken)?;
    let mut unframer = Unframer::new(LONGEST_HANDSHAKE_FRAME);
    let mut decide = Some(decide);
    let mut proven = None;
    loop {
        let Some(item) = next(stream, &mut unframer).await.map_err(broken)? else {
            return Err(NoSession::Refused(handshake.closed()));
        };
        let step = handshake
            .receive(&item, desk.seconds())
            .map_err(NoSession::Refused)?;
        match step {
            Step::Wait => {}
            Step::Send(frames) => send(stream, &frames).await.map_err(broken)?,
            Step::Decide(remote) => {
                let wanted = match decide.take() {
                    Some(decide) => decide(remote.clone()).await,
                    None => Wanted::No(1, "this was decided before"),
                };
                if let Wanted::No(code, reason) = wanted {
                    send(stream, &[auth_fail(code, reason)])
                        .await
                        .map_err(broken)?;
                    return Err(NoSession::NotWanted);
                }
                let admitted = handshake.admit();
                send(stream, &admitted.send).await.map_err(broken)?;
                if admitted.done {
                    return Ok((remote, unframer));
                }
                proven = Some(remote);
            }
            Step::Done { send: frames } => {
                send(stream, &frames).await.map_err(broken)?;
                if let Some(remote) = proven {
                    return Ok((remote, unframer));
                }
            }
        }
    }
}

/// Reads the next frame; `None` where they closed.
async fn next(stream: &mut Stream, unframer: &mut Unframer) -> io::Result<Option<Vec<u8>>> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match unframer.next_frame() {
            Ok(Some(item)) => return Ok(Some(item)),
            Ok(None) => {}
            Err(too_long) => return Err(io::Error::other(too_long)),
        }
        let count = stream.read(&mut chunk).await?;
        if count == 0 {
            return Ok(None);
        }
        unframer.push(chunk.get(..count).unwrap_or_default());
    }
}

/// Writes frames and lets them leave.
async fn send(stream: &mut Stream, items: &[Vec<u8>]) -> io::Result<()> {
    for item in items {
        stream
            .write_all(&frame(item).map_err(io::Error::other)?)
            .await?;
    }
    stream.flush().await
}

/// A chat of ours of which it is not known what became.
struct Pending {
    id: ChatId,
    /// The question whose answer proves that it was read.
    nonce: Option<Nonce>,
    told: oneshot::Sender<Told>,
}

/// Runs a session until it ends.
pub(super) async fn run(
    desk: Arc<Desk>,
    session: Session,
    stream: Stream,
    mut unframer: Unframer,
    mut orders: mpsc::Receiver<Order>,
) {
    let (mut reader, writer) = stream.split();
    let (out, frames) = mpsc::channel(BACKLOG);
    let writing = tokio::spawn(write_out(writer, frames));
    let mut talk = Talk {
        desk: &desk,
        session: &session,
        out,
        pending: VecDeque::new(),
        asked: false,
        wrote: Instant::now(),
    };
    let mut chunk = vec![0; CHUNK];
    // What came together with the end of the handshake.
    let mut more = talk.take(&mut unframer).await;
    let mut heard = Instant::now();
    while more {
        let until = talk.until(heard);
        tokio::select! {
            count = reader.read(&mut chunk) => match count {
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    heard = Instant::now();
                    talk.asked = false;
                    unframer.push(chunk.get(..count).unwrap_or_default());
                    more = talk.take(&mut unframer).await;
                }
            },
            order = orders.recv() => match order {
                Some(Order::Chat { id, frame, told }) => more = talk.say(id, frame, told).await,
                Some(Order::Close) | None => break,
            },
            () = tokio::time::sleep_until(until) => {
                more = !talk.asked && !talk.is_over() && talk.ask().await.is_some();
            }
        }
    }
    drop(talk);
    desk.ended(&session).await;
    // What was written before still leaves, and they are told that it is over.
    let stuck = writing.abort_handle();
    if timeout(GOODBYE, writing).await.is_err() {
        stuck.abort();
    }
}

/// The talking side of a session.
struct Talk<'a> {
    desk: &'a Desk,
    session: &'a Session,
    out: mpsc::Sender<Vec<u8>>,
    pending: VecDeque<Pending>,
    /// Whether they were asked whether they are there.
    asked: bool,
    /// When they last wrote, or came.
    wrote: Instant,
}

impl Talk<'_> {
    fn is_stranger(&self) -> bool {
        !self.desk.is_accepted(&self.session.remote)
    }

    /// Tells whether a stranger has said nothing for so long that they need no session.
    fn is_over(&self) -> bool {
        self.is_stranger() && self.wrote.elapsed() >= STRANGERS_SILENCE
    }

    /// Returns when something has to be done if nothing comes.
    fn until(&self, heard: Instant) -> Instant {
        let silent = if self.asked {
            SILENCE + NO_ANSWER
        } else {
            SILENCE
        };
        let until = heard + silent;
        if self.is_stranger() {
            until.min(self.wrote + STRANGERS_SILENCE)
        } else {
            until
        }
    }

    /// Takes all frames that are there; `false` where the session is over.
    async fn take(&mut self, unframer: &mut Unframer) -> bool {
        // Acceptance may come while the session is there.
        unframer.set_limit(if self.is_stranger() {
            STRANGERS_FRAME
        } else {
            LONGEST_FRAME
        });
        let mut chats = Vec::new();
        loop {
            let item = match unframer.next_frame() {
                Ok(Some(item)) => item,
                Ok(None) => return self.store(&mut chats).await,
                Err(_too_long) => return false,
            };
            let step = protocol::receive(&item, &self.session.remote);
            if let SessionStep::Chat(chat) = step {
                self.wrote = Instant::now();
                chats.push(chat);
                if chats.len() < TOGETHER || self.store(&mut chats).await {
                    continue;
                }
                return false;
            }
            // What came before it is settled before it is answered: the answer says so.
            if !self.store(&mut chats).await {
                return false;
            }
            match step {
                SessionStep::Reply(reply) => {
                    if self.write(reply).await.is_none() {
                        return false;
                    }
                }
                SessionStep::Pong(nonce) => self.read_up_to(&nonce),
                SessionStep::Receipt { id, state } => self.settled(&id, state),
                SessionStep::Broken(problem) => {
                    tracing::debug!(problem, "a session ends");
                    return false;
                }
                SessionStep::Dropped(problem) => {
                    tracing::debug!(problem, "a chat is not taken");
                }
                SessionStep::Chat(_) | SessionStep::Ignored => {}
            }
        }
    }

    /// Lets the engine store what they wrote, and tells them.
    async fn store(&self, chats: &mut Vec<ReceivedChat>) -> bool {
        if chats.is_empty() {
            return true;
        }
        let chats = std::mem::take(chats);
        let Some(took) = self.desk.take(self.session, &chats).await else {
            return false;
        };
        for (chat, took) in chats.iter().zip(&took) {
            let state = match took {
                Took::Stored => Receipt::Delivered,
                Took::Waits => Receipt::Waits,
                // Nothing is said, so that they keep it, and try again when they come back.
                Took::Refused => return false,
            };
            if self.session.remote.receipts
                && self.write(receipt_frame(&chat.id, state)).await.is_none()
            {
                return false;
            }
        }
        true
    }

    /// Sends a chat of ours, and asks a real gateway whether it has read it.
    async fn say(&mut self, id: ChatId, frame: Vec<u8>, told: oneshot::Sender<Told>) -> bool {
        if self.write(frame).await.is_none() {
            return false;
        }
        let nonce = if self.session.remote.receipts {
            None
        } else {
            match self.ping().await {
                Some(nonce) => Some(nonce),
                None => return false,
            }
        };
        self.pending.retain(|pending| !pending.told.is_closed());
        self.pending.push_back(Pending { id, nonce, told });
        true
    }

    async fn ask(&mut self) -> Option<()> {
        self.ping().await?;
        self.asked = true;
        Some(())
    }

    async fn ping(&self) -> Option<Nonce> {
        let nonce: Nonce = crypto::random().ok()?;
        self.write(ping_frame(&nonce)).await?;
        Some(nonce)
    }

    async fn write(&self, item: Vec<u8>) -> Option<()> {
        timeout(WRITING, self.out.send(item)).await.ok()?.ok()
    }

    /// They read everything that was written before this question.
    fn read_up_to(&mut self, nonce: &Nonce) {
        let known = |pending: &Pending| pending.nonce.as_ref() == Some(nonce);
        let Some(last) = self.pending.iter().position(known) else {
            return;
        };
        for pending in self.pending.drain(..=last) {
            // Nobody waits any more: the chat is sent again.
            let _late = pending.told.send(Told::Read);
        }
    }

    fn settled(&mut self, id: &ChatId, state: Receipt) {
        if let Some(at) = self.pending.iter().position(|pending| pending.id == *id)
            && let Some(pending) = self.pending.remove(at)
        {
            // Nobody waits any more: the chat is sent again.
            let _late = pending.told.send(Told::Receipt(state));
        }
    }
}

/// Writes frames until there is nobody who sends any, then ends our direction.
async fn write_out(mut writer: WriteHalf<Stream>, mut frames: mpsc::Receiver<Vec<u8>>) {
    let all = async {
        while let Some(item) = frames.recv().await {
            let bytes = frame(&item).map_err(io::Error::other)?;
            timeout(WRITING, writer.write_all(&bytes)).await??;
            if frames.is_empty() {
                timeout(WRITING, writer.flush()).await??;
            }
        }
        timeout(GOODBYE, writer.close()).await?
    };
    let written: io::Result<()> = all.await;
    if let Err(error) = written {
        tracing::debug!(%error, "a session cannot be written to");
    }
}
