//! The control socket: newline-delimited JSON-RPC 2.0 over a Unix domain socket.
//!
//! A connection begins in the assistant role; `unlock` makes it a supervisor, until somebody
//! sets or changes the passphrase. On a socket for assistants nothing does. Requests are
//! answered in any order, by id; events come as notifications named `event`, to each role those
//! that it may learn of.
//!
//! Must not: answer anything by itself that the engine should, or believe a length.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use zeroize::{Zeroize as _, Zeroizing};

use super::handle::{Desk, Handle};
use super::{Call, Error as ApiError, Event, Reply, Request, Role};
use crate::model::Passphrase;

/// Bytes of one request at most: the largest message, escaped, and some room.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;
/// Bytes of one answer at most. The engine is not suspected of anything, and a check or a page may
/// hold many of the largest messages.
const LONGEST_ANSWER: u64 = 1 << 30;
/// Requests of one connection that are answered at once; the next ones wait in its socket.
const AT_ONCE: usize = 32;
/// Lines that may wait to be written to one connection.
const BACKLOG: usize = 256;

/// Why the socket cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be made, or nobody listens on it.
    #[error("the control socket cannot be used")]
    Io(#[from] io::Error),
    /// Something that is no socket lies where it is to be made.
    #[error("there is a file in the place of the socket")]
    NotASocket,
    /// Another process listens there.
    #[error("another process listens on that socket")]
    InUse,
    /// The engine refused the role.
    #[error("the engine refused: {0}")]
    Refused(#[source] ApiError),
}

/// A line from the asking side.
#[derive(Debug, Serialize, Deserialize)]
struct Ask {
    jsonrpc: Version,
    id: Value,
    #[serde(flatten)]
    request: Value,
}

/// The one version there is.
#[derive(Debug, Serialize, Deserialize)]
enum Version {
    #[serde(rename = "2.0")]
    V2,
}

/// A line from the answering side.
#[derive(Debug, Serialize, Deserialize)]
struct Tell {
    jsonrpc: Version,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    params: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

/// An error object of JSON-RPC 2.0, section 5.1.
#[derive(Debug, Serialize, Deserialize)]
struct Failure {
    code: i64,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl Tell {
    fn empty() -> Self {
        Self {
            jsonrpc: Version::V2,
            id: None,
            method: None,
            params: None,
            result: None,
            error: None,
        }
    }

    fn failure(id: Value, code: i64, message: String, data: Option<Value>) -> Self {
        Self {
            id: Some(id),
            error: Some(Failure {
                code,
                message,
                data,
            }),
            ..Self::empty()
        }
    }
}

/// Makes the socket (mode 0600), replacing one that a dead engine left behind. Only whoever
/// holds the profile's lock may call this.
pub fn bind(path: &Path) -> Result<UnixListener, Error> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Makes a socket for assistants: open to its owner and, where one is named by its number, to a
/// group (mode 0660). Replaces a socket that nobody listens on, and nothing else.
///
/// For a moment everything that this process makes is closed to everybody, so this belongs
/// before anything that makes files.
pub fn bind_for_assistants(path: &Path, group: Option<u32>) -> Result<UnixListener, Error> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(Error::NotASocket),
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
            return Err(Error::InUse);
        }
        Ok(_) => std::fs::remove_file(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    // Made closed and opened then, so that nobody slips in before it belongs to the group.
    let usual = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o777));
    let listener = UnixListener::bind(path);
    rustix::process::umask(usual);
    let listener = listener?;
    if group.is_some() {
        std::os::unix::fs::chown(path, None, group)?;
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// What connections of a socket may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Supervisors, by `unlock`.
    Everybody,
    /// Nothing but assistants, whatever they know.
    Assistants,
}

/// Serves connections until it is dropped.
pub async fn serve(listener: UnixListener, handle: Handle, door: Door) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, handle.with_role(Role::Assistant), door));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to the control socket failed");
                // Out of file descriptors, most likely: others have to end first.
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Since when a connection has the supervisor role, as [`Handle::revocations`] counted then;
/// `None` where it never got it.
type Seat = Mutex<Option<u64>>;

async fn connection(stream: UnixStream, handle: Handle, door: Door) {
    let (reader, writer) = stream.into_split();
    let (lines, outbox) = mpsc::channel(BACKLOG);
    let mut tasks = JoinSet::new();
    tasks.spawn(write(writer, outbox));
    let seat = Arc::<Seat>::default();
    let events = pass_events(handle.clone(), Arc::clone(&seat), lines.clone());
    tasks.spawn(events);
    let mut reader = BufReader::new(reader);
    while let Ok(Some(line)) = read_line(&mut reader, LONGEST_LINE).await {
        let line = Zeroizing::new(line);
        let (handle, lines, seat) = (handle.clone(), lines.clone(), Arc::clone(&seat));
        tasks.spawn(async move {
            let tell = answer(&line, &handle, &seat, door).await;
            // The connection ended meanwhile.
            let _closed = lines.send(tell).await;
        });
        while tasks.try_join_next().is_some() {}
        if tasks.len() > AT_ONCE {
            tasks.join_next().await;
        }
    }
}

/// The role of a connection when the role of supervisors was taken from all so many times.
fn role_of(seat: &Seat, revocations: u64) -> Role {
    if *lock(seat) == Some(revocations) {
        Role::Supervisor
    } else {
        Role::Assistant
    }
}

async fn answer(line: &[u8], handle: &Handle, seat: &Seat, door: Door) -> Tell {
    let Ok(ask) = serde_json::from_slice::<Ask>(line) else {
        let message = "not a JSON-RPC 2.0 request".into();
        return Tell::failure(Value::Null, -32700, message, None);
    };
    let Some(request) = request_in(ask.request) else {
        let message = "unknown method, or wrong params".into();
        return Tell::failure(ask.id, -32602, message, None);
    };
    let before = handle.revocations();
    let role = role_of(seat, before);
    let seated = seated_by(&request, before);
    let answered = if seated.is_some() && door == Door::Assistants {
        Err(ApiError::NotAllowed)
    } else {
        handle.with_role(role).ask(request).await
    };
    match answered {
        Ok(reply) => {
            if seated.is_some() {
                *lock(seat) = seated;
            }
            Tell {
                id: Some(ask.id),
                result: serde_json::to_value(reply).ok(),
                ..Tell::empty()
            }
        }
        Err(error) => {
            let data = serde_json::to_value(&error).ok();
            Tell::failure(ask.id, -32000, error.to_string(), data)
        }
    }
}

/// Since when the connection is a supervisor's if this succeeds, `None` for what leaves the role
/// as it is. Whoever proves a passphrase keeps the role that setting it takes from the others.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other request leaves the role as it is"
)]
fn seated_by(request: &Request, before: u64) -> Option<u64> {
    match request {
        Request::Unlock { .. } => Some(before),
        Request::SetPassphrase { .. } | Request::ChangePassphrase { .. } => Some(before + 1),
        _ => None,
    }
}

/// Reads a request. A method without parameters may come with an empty object of them.
fn request_in(mut asked: Value) -> Option<Request> {
    let request = Request::deserialize(&asked).ok().or_else(|| {
        let members = asked.as_object_mut()?;
        let params = members.shift_remove("params")?;
        params
            .as_object()?
            .is_empty()
            .then(|| Request::deserialize(&asked).ok())?
    });
    // One of them may be a passphrase.
    if let Some(params) = asked.get_mut("params").and_then(Value::as_object_mut) {
        for (_, value) in params {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
    request
}

async fn pass_events(handle: Handle, seat: Arc<Seat>, lines: mpsc::Sender<Tell>) {
    let mut events = handle.events();
    let mut before = Role::Assistant;
    loop {
        let event = events.next().await;
        let role = role_of(&seat, handle.revocations());
        // Whoever lost the role hears of nothing more, and learns why by asking again.
        let is_lost = (before, role) == (Role::Supervisor, Role::Assistant);
        before = role;
        let told = if event.is_for(role) {
            event
        } else if is_lost {
            Event::Overflow
        } else {
            continue;
        };
        let tell = Tell {
            method: Some("event".to_owned()),
            params: serde_json::to_value(told).ok(),
            ..Tell::empty()
        };
        if lines.send(tell).await.is_err() || event == Event::Closing {
            return;
        }
    }
}

async fn write(mut writer: OwnedWriteHalf, mut outbox: mpsc::Receiver<Tell>) {
    while let Some(tell) = outbox.recv().await {
        let Ok(mut line) = serde_json::to_vec(&tell) else {
            continue;
        };
        line.push(b'\n');
        if writer.write_all(&line).await.is_err() {
            return;
        }
    }
}

/// Reads a line without its end; `None` at the end of the stream, an error if it is too long.
async fn read_line(
    reader: &mut BufReader<OwnedReadHalf>,
    longest: u64,
) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.take(longest).read_until(b'\n', &mut line).await?;
    match line.pop() {
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err(io::Error::other("a line without an end")),
        None => Ok(None),
    }
}

/// Reaches the engine behind a socket, in a role. The supervisor's needs the passphrase where the
/// profile has one.
pub async fn connect(
    path: &Path,
    role: Role,
    passphrase: Option<&Passphrase>,
) -> Result<Handle, Error> {
    let stream = UnixStream::connect(path).await?;
    let (handle, desk) = Handle::far(role);
    tokio::spawn(relay(stream, desk));
    if role == Role::Supervisor {
        let unlock = Request::Unlock {
            passphrase: passphrase.cloned(),
        };
        handle.ask(unlock).await.map_err(Error::Refused)?;
    }
    Ok(handle)
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Result<Reply, ApiError>>>>>;

/// Passes calls to the socket and answers back, until either side ends.
async fn relay(stream: UnixStream, mut desk: Desk) {
    let (reader, mut writer) = stream.into_split();
    let waiting = Waiting::default();
    let mut answers = tokio::spawn(take_answers(
        reader,
        Arc::clone(&waiting),
        desk.events.clone(),
    ));
    let mut next = 0_u64;
    loop {
        let call = tokio::select! {
            call = desk.calls.recv() => call,
            // Nobody would ever answer.
            _ended = &mut answers => break,
        };
        let Some(Call { request, reply, .. }) = call else {
            break;
        };
        next += 1;
        let ask = serde_json::to_value(&request).map(|request| Ask {
            jsonrpc: Version::V2,
            id: next.into(),
            request,
        });
        let Ok(mut line) = ask.and_then(|ask| serde_json::to_vec(&ask)) else {
            continue;
        };
        line.push(b'\n');
        lock(&waiting).insert(next, reply);
        let written = writer.write_all(&line).await;
        line.zeroize();
        if written.is_err() {
            break;
        }
    }
    answers.abort();
    // Whoever still waits learns that the engine is gone, by the end of their channel.
    lock(&waiting).clear();
}

async fn take_answers(
    reader: OwnedReadHalf,
    waiting: Waiting,
    events: tokio::sync::broadcast::Sender<Event>,
) {
    let mut reader = BufReader::new(reader);
    while let Ok(Some(line)) = read_line(&mut reader, LONGEST_ANSWER).await {
        let Ok(tell) = serde_json::from_slice::<Tell>(&line) else {
            continue;
        };
        let reply = match (tell.id.as_ref().and_then(Value::as_u64), tell.params) {
            (Some(id), _) => lock(&waiting).remove(&id),
            (None, Some(params)) => {
                if let Ok(event) = serde_json::from_value(params) {
                    // Nobody listens to events: not every surface does.
                    let _unheard = events.send(event);
                }
                None
            }
            (None, None) => None,
        };
        let Some(reply) = reply else {
            continue;
        };
        let result = match (tell.result, tell.error) {
            (Some(result), _) => serde_json::from_value(result).map_err(|_other| ApiError::Gone),
            (None, error) => Err(error
                .and_then(|failure| serde_json::from_value(failure.data?).ok())
                .unwrap_or(ApiError::Gone)),
        };
        let _gone = reply.send(result);
    }
    lock(&waiting).clear();
    let _unheard = events.send(Event::Closing);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Status, Today};
    use crate::model::UnixMillis;

    fn status(profile: String) -> Reply {
        Reply::Status(Status {
            version: String::new(),
            profile,
            protected: false,
            paused: None,
            kept: 0,
            active_channels: 0,
            needs_you: 0,
            held_in: 0,
            held_out: 0,
            next_expiry: None,
            today: Today::default(),
            wake_problems: Vec::new(),
            listening: Vec::new(),
            outbox: 0,
            relays: Vec::new(),
            first_look: None,
            now: UnixMillis(0),
        })
    }

    /// Lets everybody in, and says in which role anything else was asked.
    fn reply_to(call: &Call) -> Reply {
        if matches!(call.request, Request::Unlock { .. }) {
            Reply::Done
        } else {
            status(format!("{:?}", call.role))
        }
    }

    #[test]
    fn parameters_that_are_empty_may_be_left_out_or_given() {
        for asked in [
            r#"{"method":"status"}"#,
            r#"{"method":"status","params":{}}"#,
            r#"{"method":"unlock","params":{}}"#,
        ] {
            let asked = serde_json::from_str(asked).unwrap();
            assert!(request_in(asked).is_some());
        }
    }

    #[tokio::test]
    async fn an_assistant_is_told_of_nothing_but_the_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let (handle, mut desk) = Handle::local(Role::Supervisor);
        let server = tokio::spawn(serve(bind(&path).unwrap(), handle, Door::Everybody));
        let events = desk.events.clone();
        let engine = tokio::spawn(async move {
            while let Some(call) = desk.calls.recv().await {
                let reply = reply_to(&call);
                call.reply.send(Ok(reply)).unwrap();
            }
        });
        let assistant = connect(&path, Role::Assistant, None).await.unwrap();
        let person = connect(&path, Role::Supervisor, None).await.unwrap();
        let (mut theirs, mut ours) = (assistant.events(), person.events());
        // Both listen once they were answered.
        let answer = assistant.ask(Request::Status).await;
        assert_eq!(answer, Ok(status("Assistant".to_owned())));
        let answer = person.ask(Request::Status).await;
        assert_eq!(answer, Ok(status("Supervisor".to_owned())));
        let channel = crate::model::ChannelId(1);
        let all = [
            Event::Messages { channel },
            Event::Channels,
            Event::NeedsYou,
            Event::Status,
            Event::Settings,
            Event::Overflow,
            Event::Closing,
        ];
        for event in all {
            events.send(event).unwrap();
        }
        for event in all {
            assert_eq!(ours.next().await, event);
        }
        assert_eq!(theirs.next().await, Event::Closing);
        server.abort();
        engine.abort();
    }

    #[tokio::test]
    async fn a_connection_that_lost_the_role_is_told_once_to_look_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let (handle, mut desk) = Handle::local(Role::Supervisor);
        let server = tokio::spawn(serve(bind(&path).unwrap(), handle, Door::Everybody));
        let (events, roles) = (desk.events.clone(), Arc::clone(&desk.roles));
        let engine = tokio::spawn(async move {
            while let Some(call) = desk.calls.recv().await {
                call.reply.send(Ok(Reply::Done)).unwrap();
            }
        });
        let person = connect(&path, Role::Supervisor, None).await.unwrap();
        let mut heard = person.events();
        assert_eq!(person.ask(Request::Status).await, Ok(Reply::Done));
        events.send(Event::NeedsYou).unwrap();
        assert_eq!(heard.next().await, Event::NeedsYou);
        roles.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        for event in [Event::Status, Event::NeedsYou, Event::Closing] {
            events.send(event).unwrap();
        }
        assert_eq!(heard.next().await, Event::Overflow);
        assert_eq!(heard.next().await, Event::Closing);
        server.abort();
        engine.abort();
    }

    #[tokio::test]
    async fn an_answer_longer_than_any_request_arrives_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let (handle, mut desk) = Handle::local(Role::Supervisor);
        let server = tokio::spawn(serve(bind(&path).unwrap(), handle, Door::Everybody));
        let long = "x".repeat(usize::try_from(LONGEST_LINE).unwrap() + 1);
        let client = connect(&path, Role::Assistant, None).await.unwrap();
        let asked = tokio::spawn(async move { client.ask(Request::Status).await });
        let call = desk.calls.recv().await.unwrap();
        call.reply.send(Ok(status(long.clone()))).unwrap();
        assert_eq!(asked.await.unwrap(), Ok(status(long)));
        server.abort();
    }

    #[tokio::test]
    async fn whoever_asks_an_engine_that_went_away_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let listener = bind(&path).unwrap();
        let client = connect(&path, Role::Assistant, None).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let waits = client.clone();
        let asked = tokio::spawn(async move { waits.ask(Request::Status).await });
        stream.readable().await.unwrap();
        drop(stream);
        assert_eq!(asked.await.unwrap(), Err(ApiError::Gone));
        assert_eq!(client.ask(Request::Status).await, Err(ApiError::Gone));
    }
}
