//! The whole network but the engine, over real connections.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::crypto::{SecretKey, signing};
use crate::model::{AccountId, Body, Content, MessageId};
use crate::net::mesh::{Mesh, sent_envelope};
use crate::net::{Introduction, Mode, Network as _, Retry, Sealed, Somebody};

const MESSAGE: &str = "/agent-mesh/message";
/// The channel on which each side has the other.
const CHANNEL: ChannelId = ChannelId(1);

/// A network and an engine that settles whatever it hears.
struct Side {
    account: Account,
    commands: mpsc::UnboundedSender<Command>,
    heard: mpsc::UnboundedReceiver<News>,
}

impl Side {
    /// Somebody who does not listen.
    fn new(name: &str, seed: u8) -> Self {
        let (commands, receiver) = mpsc::unbounded_channel();
        let (news, mut incoming) = mpsc::channel::<Incoming>(16);
        let (hear, heard) = mpsc::unbounded_channel();
        tokio::spawn(run(Link {
            commands: receiver,
            news,
            mode: Mode::Continuous,
            first_looks: Arc::default(),
        }));
        tokio::spawn(async move {
            while let Some(Incoming { news, settled }) = incoming.recv().await {
                // Whoever asked may have gone, and so may the test.
                let _gone = (hear.send(news), settled.send(Settled::default()));
            }
        });
        let account = Account {
            node: None,
            id: AccountId(1),
            address: name.to_owned(),
            name: name.to_owned(),
            endpoint: "http://127.0.0.1:9".to_owned(),
            own: SecretKey::from_bytes([seed; 32]).into(),
            token: None,
            audited: false,
            listen: None,
            announced: false,
        };
        Self {
            account,
            commands,
            heard,
        }
    }

    /// Somebody who listens at a port that is free.
    async fn listening(name: &str, seed: u8) -> Self {
        let mut side = Self::new(name, seed);
        side.account.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        side.log_in();
        let News::Listening { at: Some(at), .. } = side.hears().await else {
            panic!("another piece of news");
        };
        assert_eq!((at.problem, at.exposed), (None, false));
        side.account.endpoint = format!("http://{}", at.at);
        side
    }

    fn log_in(&self) {
        self.order(Command::Login(Box::new(self.account.clone())));
    }

    fn order(&self, command: Command) {
        self.commands.send(command).unwrap();
    }

    async fn hears(&mut self) -> News {
        let heard = tokio::time::timeout(Duration::from_secs(60), self.heard.recv());
        heard.await.expect("news within a minute").unwrap()
    }

    fn at(&self) -> SocketAddr {
        let address = self.account.endpoint.strip_prefix("http://");
        address.unwrap().parse().unwrap()
    }

    /// Has the other on the channel, under this key if they are accepted.
    fn knows(&self, other: &Account, accepted: Option<&SecretKey>) {
        let watch = Watch {
            learned: None,
            channel: CHANNEL,
            address: other.address.clone(),
            relay: other.endpoint.clone(),
            account: None,
            own: self.account.own.clone(),
            pinned: accepted.map(|secret| signing::public_key(secret).into()),
            inviter: false,
            ours: Vec::new(),
            answers: None,
            request: Some(Introduction {
                id: "req_1".to_owned(),
                purpose: "tea".to_owned(),
            }),
        };
        self.order(Command::Watch(Box::new(watch)));
    }

    /// Sends a message on the channel, and returns what became of it.
    async fn posts(&mut self, id: &str, text: &str) -> Result<Accepted, Failure> {
        self.order(Command::Post(Box::new(Post {
            message: MessageId(7),
            channel: CHANNEL,
            sealed: Sealed {
                payload: id.to_owned(),
                envelope: sent_envelope(id),
            },
            body: Body::new("", text),
            routing: None,
            repeated: false,
        })));
        loop {
            if let News::Posted { result, .. } = self.hears().await {
                return result;
            }
        }
    }
}

/// Two who accepted each other, of whom the first does not listen.
async fn pair() -> (Side, Side) {
    let (ana, bo) = (Side::new("ana", 1), Side::listening("bo", 2).await);
    ana.log_in();
    ana.knows(&bo.account, Some(&bo.account.own.secret));
    bo.knows(&ana.account, Some(&ana.account.own.secret));
    (ana, bo)
}

/// What somebody signs at this moment.
fn signed(account: &Account, id: &str, to: &str) -> String {
    let node = Node::new(account).unwrap();
    let body = Body::new("", id);
    let (_, signed) = node.direct(account, to, (id, &body), now()).unwrap();
    signed.body
}

fn request(method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: agent\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends this and returns all that is answered until the other side closes.
async fn talk(at: SocketAddr, text: &[u8]) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(text).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// Answers everything with this, once it has read something.
async fn canned(response: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let response = response.clone();
            tokio::spawn(async move {
                let mut some = [0; 4096];
                // A client that has gone needs no answer.
                let _gone = stream.read(&mut some).await;
                let _gone = stream.write_all(response.as_bytes()).await;
            });
        }
    });
    url
}

fn response(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn retry(result: &Result<Accepted, Failure>) -> Option<Retry> {
    result.as_ref().err().map(|failure| failure.retry)
}

#[tokio::test]
async fn a_message_is_delivered_with_a_receipt_and_an_attempt_again_is_the_same() {
    let (mut ana, mut bo) = pair().await;
    let mut envelopes = Vec::new();
    for _ in 0..2 {
        let accepted = ana.posts("msg_1", "hello").await.unwrap();
        assert!(accepted.delivered && accepted.seq.is_none());
        assert!(accepted.answer.contains("\"ack\""), "{}", accepted.answer);
        assert!(accepted.original.unwrap().contains("\"signature\""));
        let News::Listing { arrived, .. } = bo.hears().await else {
            panic!("another piece of news");
        };
        assert_eq!(arrived[0].content, Content::Text(Body::new("", "hello")));
        envelopes.push(arrived[0].envelope);
    }
    assert_eq!(envelopes[0], envelopes[1]);
}

#[tokio::test]
async fn who_was_not_accepted_tries_later_and_who_has_another_key_does_not() {
    let (mut ana, bo) = pair().await;
    bo.knows(&ana.account, None);
    let result = ana.posts("msg_1", "hello").await;
    assert_eq!(retry(&result), Some(Retry::Later));
    let problem = result.unwrap_err().problem;
    assert!(problem.contains("not accepted us"), "{problem}");
    bo.knows(&ana.account, Some(&SecretKey::from_bytes([9; 32])));
    let result = ana.posts("msg_1", "hello").await;
    assert_eq!(retry(&result), Some(Retry::Never));
    // Nobody there at all: they may come back.
    bo.order(Command::Logout(AccountId(1)));
    let mut nobody = bo.account.clone();
    nobody.endpoint = "http://127.0.0.1:9".to_owned();
    ana.knows(&nobody, None);
    let result = ana.posts("msg_1", "hello").await;
    assert_eq!(retry(&result), Some(Retry::Later));
}

#[tokio::test]
async fn a_request_for_contact_arrives_signed_by_the_key_in_it() {
    let (mut ana, mut bo) = pair().await;
    ana.order(Command::Announce(CHANNEL));
    let News::Stranger(stranger) = bo.hears().await else {
        panic!("another piece of news");
    };
    assert_eq!((&*stranger.who.address, &*stranger.id), ("ana", "req_1"));
    let key = Mesh.write_key(&signing::public_key(&ana.account.own.secret).into());
    assert_eq!(stranger.who.key, key);
    loop {
        if let News::Announced { result, .. } = ana.hears().await {
            return assert_eq!(result, Ok(()));
        }
    }
}

#[tokio::test]
async fn receipts_of_another_message_and_answers_of_strangers_deliver_nothing() {
    let (mut ana, bo) = pair().await;
    let other = r#"{"ok": true, "result": {"verified": true, "ack": {"type": "ack", "message_id": "msg_2", "status": "received"}}}"#;
    let elsewhere = canned(response("200 OK", other)).await;
    let moved = format!(
        "HTTP/1.1 307 Moved\r\nLocation: {}{MESSAGE}\r\nContent-Length: 0\r\n\r\n",
        bo.account.endpoint
    );
    for url in [
        elsewhere,
        canned(moved).await,
        canned(response("200 OK", &format!("\"{}\"", "x".repeat(70_000)))).await,
        canned(response("200 OK", "<html>")).await,
        canned(response("404 Not Found", "")).await,
    ] {
        let mut there = bo.account.clone();
        there.endpoint = url;
        ana.knows(&there, None);
        let result = ana.posts("msg_1", "hello").await;
        assert_eq!(retry(&result), Some(Retry::Later), "{result:?}");
    }
}

#[tokio::test]
async fn a_scan_tells_who_is_there_and_why_nobody_is() {
    let (ana, bo) = pair().await;
    let moved = format!(
        "HTTP/1.1 302 Moved\r\nLocation: {}/agent-mesh/discovery\r\nContent-Length: 0\r\n\r\n",
        bo.account.endpoint
    );
    let false_print = r#"{"ok": true, "protocol": "openclaw-agent-mesh/v1", "agent": {"agent_id": "x", "public_key": "x"}}"#;
    let addresses = vec![
        bo.account.endpoint.clone(),
        "http://127.0.0.1:9".to_owned(),
        canned(moved).await,
        canned(response("200 OK", false_print)).await,
    ];
    let (found, mut sightings) = mpsc::channel(8);
    ana.order(Command::Seek(Search {
        account: None,
        addresses: addresses.clone(),
        found,
    }));
    let mut results = HashMap::new();
    while let Some(sighting) = sightings.recv().await {
        results.insert(sighting.url, sighting.result);
    }
    let somebody: &Somebody = results[&addresses[0]].as_ref().unwrap();
    assert_eq!(somebody.address, "bo");
    assert!(somebody.answer.contains("openclaw-agent-mesh/v1"));
    for (address, words) in [
        (&addresses[1], "cannot be reached"),
        (&addresses[2], "no agent"),
        (&addresses[3], "not believed"),
    ] {
        let problem = results[address].as_ref().unwrap_err();
        assert!(problem.contains(words), "{problem}");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut ana = Side::new("ana", 1);
    ana.account.listen = Some(taken.local_addr().unwrap());
    ana.log_in();
    let News::Listening { at: Some(at), .. } = ana.hears().await else {
        panic!("another piece of news");
    };
    assert_eq!(at.problem.as_deref(), Some("another program listens there"));
}

#[tokio::test]
async fn a_login_that_is_changed_listens_again_at_once() {
    let mut bo = Side::listening("bo", 2).await;
    bo.account.listen = Some(bo.at());
    // Told to be announced or not, it begins anew at the address that it had.
    for announced in [true, false, true] {
        bo.account.announced = announced;
        bo.log_in();
        let News::Listening { at: Some(at), .. } = bo.hears().await else {
            panic!("another piece of news");
        };
        assert_eq!((at.problem, at.at), (None, bo.at().to_string()));
    }
}

#[tokio::test]
async fn who_logs_out_is_not_reached_any_more() {
    let mut bo = Side::listening("bo", 2).await;
    let at = bo.at();
    bo.order(Command::Logout(AccountId(1)));
    let News::Listening { at: None, .. } = bo.hears().await else {
        panic!("another piece of news");
    };
    // The task that listened ends soon after.
    while TcpStream::connect(at).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

/// Section 6.6 of the reference: a stalled client blocks the whole node, and of 20 at once some
/// are turned away.
#[tokio::test]
async fn sixty_four_messages_at_once_are_answered_while_a_client_stalls() {
    let (ana, mut bo) = pair().await;
    let at = bo.at();
    let mut stalled = TcpStream::connect(at).await.unwrap();
    let head = format!("POST {MESSAGE} HTTP/1.1\r\nHost: agent\r\nContent-Length: 500\r\n\r\n");
    stalled.write_all(head.as_bytes()).await.unwrap();
    stalled.write_all(b"{\"type\":").await.unwrap();
    let began = tokio::time::Instant::now();

    let all = (0..64).map(|number| {
        let body = signed(&ana.account, &format!("msg_{number}"), "bo");
        async move { talk(at, request("POST", MESSAGE, &body).as_bytes()).await }
    });
    for (number, answer) in futures_util::future::join_all(all).await.iter().enumerate() {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let ack = format!("\"ack\": {{\"type\": \"ack\", \"message_id\": \"msg_{number}\"");
        assert!(answer.contains(&ack), "{answer}");
    }
    for _ in 0..64 {
        assert!(matches!(bo.hears().await, News::Listing { .. }));
    }

    let mut answer = String::new();
    stalled.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(
        answer.ends_with(r#"{"ok": false, "error": "too_slow"}"#),
        "{answer}"
    );
    assert!(began.elapsed() >= Duration::from_secs(5));
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let bo = Side::listening("bo", 2).await;
    // All there is of it never comes; the other side closes.
    let answer = talk(bo.at(), b"GET /agent-mesh/discovery HTTP/1.1\r\nHost: a").await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer}"
    );
}

/// Section 6.6 of the reference: bodies of five megabytes are taken.
#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_in_words() {
    let bo = Side::listening("bo", 2).await;
    let long = format!("{{\"from\": \"{}\"}}", "x".repeat(5_000_000));
    let answer = talk(bo.at(), request("POST", MESSAGE, &long).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(
        answer.ends_with(r#"{"ok": false, "error": "too_large"}"#),
        "{answer}"
    );
    // One that is longer yet is not even waited for.
    let head = format!("POST {MESSAGE} HTTP/1.1\r\nHost: a\r\nContent-Length: 99000000\r\n\r\n");
    assert!(
        talk(bo.at(), head.as_bytes())
            .await
            .starts_with("HTTP/1.1 413")
    );
}

#[tokio::test]
async fn one_address_cannot_take_every_place() {
    let bo = Side::listening("bo", 2).await;
    let mut open = Vec::new();
    for _ in 0..200 {
        open.push(TcpStream::connect(bo.at()).await.unwrap());
    }
    let mut closed = 0;
    for mut stream in open.split_off(128) {
        let mut byte = [0];
        closed += usize::from(matches!(stream.read(&mut byte).await, Ok(0) | Err(_)));
    }
    assert_eq!(closed, 72);
    drop(open);
    // With those gone there is room again.
    loop {
        let mut stream = TcpStream::connect(bo.at()).await.unwrap();
        let ask = request("GET", "/agent-mesh/discovery", "");
        if stream.write_all(ask.as_bytes()).await.is_err() {
            continue;
        }
        let mut answer = String::new();
        if stream.read_to_string(&mut answer).await.is_ok() && !answer.is_empty() {
            return assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }
}

#[tokio::test]
async fn http_of_1996_and_bodies_in_chunks_are_understood() {
    let bo = Side::listening("bo", 2).await;
    let old = "GET /agent-mesh/discovery HTTP/1.0\r\n\r\n";
    let answer = talk(bo.at(), old.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    assert!(
        answer.contains("content-type: application/json\r\n"),
        "{answer}"
    );
    let chunked = format!(
        "POST {MESSAGE} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
    );
    let answer = talk(bo.at(), chunked.as_bytes()).await;
    assert!(
        answer.ends_with("Peer None is not trusted\\n\"}"),
        "{answer}"
    );
    for (method, status) in [("PUT", 501), ("DELETE", 501), ("OPTIONS", 501)] {
        let answer = talk(bo.at(), request(method, MESSAGE, "{}").as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
}
