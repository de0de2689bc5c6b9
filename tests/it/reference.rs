//! A relay that answers as the reference worker does, and nothing more: no tags, no waiting,
//! no batch poll, no count of handshakes. Its fidelity is tested against the transcript of the
//! real one. Only its races are left out.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::support::http;

/// Bytes of a key of its store; a longer one throws.
const LONGEST_KEY: usize = 512;

/// The reference's behaviour on loopback, until the test process ends.
pub(crate) struct Reference {
    url: String,
}

#[derive(Default)]
struct Channel {
    handshake: Option<Value>,
    last: u64,
    messages: BTreeMap<u64, Value>,
}

type Channels = BTreeMap<String, Channel>;

/// A status and a JSON text.
type Reply = (u16, String);

impl Reference {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let channels: Arc<Mutex<Channels>> = Arc::default();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let channels = Arc::clone(&channels);
                std::thread::spawn(move || serve(&stream, &channels));
            }
        });
        Self { url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
    last: bool,
}

/// Serves one connection until the other side closes it.
fn serve(stream: &TcpStream, channels: &Mutex<Channels>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let (status, body) = {
            let mut channels = channels.lock().unwrap_or_else(PoisonError::into_inner);
            answer(&mut channels, &request)
        };
        let head = format!(
            "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut writer = stream;
        let written = writer.write_all(format!("{head}{body}").as_bytes());
        if written.is_err() || request.last {
            return;
        }
    }
}

/// Reads a request; `None` at the end of the connection.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut last) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
        last |= name.eq_ignore_ascii_case("connection") && value.trim() == "close";
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        method,
        path,
        body,
        last,
    })
}

fn answer(channels: &mut Channels, request: &Request) -> Reply {
    let ok = || (200, json!({ "ok": true }).to_string());
    let error = |status, text: &str| (status, json!({ "error": text }).to_string());
    // As the worker does: dots are resolved, nothing is decoded, empty parts do not count.
    let Ok(url) = url::Url::parse(&format!("http://worker{}", request.path)) else {
        return error(404, "not found");
    };
    let parts: Vec<_> = url
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["channel", id, "handshake", ..]) if is_too_long(id) => error(500, ""),
        ("PUT", ["channel", id, "handshake", ..]) => match member(&request.body, "public_key") {
            Some(_) if is_too_long(id) => error(500, ""),
            Some((_, object)) => {
                channels.entry((*id).to_owned()).or_default().handshake = Some(object);
                ok()
            }
            None if throws(&request.body) => error(500, ""),
            None => error(400, "missing public_key"),
        },
        ("GET", ["channel", id, "handshake", ..]) => channels
            .get(*id)
            .and_then(|channel| channel.handshake.as_ref())
            .map_or_else(|| error(404, "not found"), |found| (200, found.to_string())),
        ("POST", ["channel", id, "messages"]) => match member(&request.body, "payload") {
            Some((payload, _)) => {
                let channel = channels.entry((*id).to_owned()).or_default();
                channel.last += 1;
                let seq = channel.last;
                let record = json!({ "channel_id": id, "seq": seq, "payload": payload });
                channel.messages.insert(seq, record);
                (200, json!({ "ok": true, "seq": seq }).to_string())
            }
            None if throws(&request.body) => error(500, ""),
            None => error(400, "missing payload"),
        },
        ("GET", ["channel", id, "messages"]) => {
            let waiting = channels.get(*id).map(|channel| channel.messages.values());
            let list: Value = waiting.into_iter().flatten().cloned().collect();
            (200, list.to_string())
        }
        ("DELETE", ["channel", id, "messages", seq, ..]) => {
            let digits: String = seq.chars().take_while(char::is_ascii_digit).collect();
            if let (Some(channel), Ok(seq)) = (channels.get_mut(*id), digits.parse()) {
                channel.messages.remove(&seq);
            }
            ok()
        }
        (_, ["channel", _, "handshake" | "messages", ..]) => error(405, "method not allowed"),
        _ => error(404, "not found"),
    }
}

/// Whether the store of the worker throws on the key of a handshake.
fn is_too_long(id: &str) -> bool {
    "handshake:".len() + id.len() > LONGEST_KEY
}

/// A member of the body and the body itself, if that member is what JavaScript calls truthy.
fn member(body: &[u8], name: &str) -> Option<(Value, Value)> {
    let object: Value = serde_json::from_slice(body).ok()?;
    let value = object.get(name)?.clone();
    let falsy = [json!(null), json!(false), json!(0), json!("")];
    (!falsy.contains(&value)).then_some((value, object))
}

/// Whether the worker throws on a body before it looks for anything in it.
fn throws(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).map_or(true, |body| body.is_null())
}

#[test]
fn it_answers_as_the_transcript_of_the_real_one_says() {
    let transcript = include_str!("../fixtures/clawbuddy-http.json");
    let transcript: Value = serde_json::from_str(transcript).unwrap();
    let relay = Reference::start();
    let fill = |text: &str| text.replace("{A}", "aaaa-A_1").replace("{B}", "bbbb");
    for (number, step) in transcript["steps"].as_array().unwrap().iter().enumerate() {
        let text = |key: &str| step[key].as_str().map(fill);
        let body = text("request_body");
        let (method, path) = (text("method").unwrap(), text("path").unwrap());
        if path == "/channel/aaaa-A_1u/messages" {
            // Half a surrogate pair: our JSON library cannot hold what JavaScript can.
            continue;
        }
        let answer = http(relay.url(), &method, &path, body.as_deref());
        let at = format!("step {number}: {method} {path} {body:?}: {answer:?}");
        assert_eq!(
            Some(u64::from(answer.status)),
            step["status"].as_u64(),
            "{at}"
        );
        if answer.status != 500 {
            assert_eq!(Some(answer.body), text("response_body"), "{at}");
        }
    }
}
