//! The relay's HTTP: one request for each connection.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Answer, Relay, Request, Shared};

/// A relay that listens until this is dropped.
#[derive(Debug)]
pub(crate) struct Serves {
    relay: Shared,
    port: u16,
    ended: Arc<AtomicBool>,
}

impl Serves {
    /// Begins to listen.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (relay, ended) = (Shared::default(), Arc::new(AtomicBool::new(false)));
        let (shared, stop) = (relay.clone(), Arc::clone(&ended));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let shared = shared.clone();
                // A client that goes away in between is none of the relay's business.
                std::thread::spawn(move || drop(serve(stream.unwrap(), &shared)));
            }
        });
        Self { relay, port, ended }
    }

    /// Returns where it is reached.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Looks into it.
    pub(crate) fn relay(&self) -> std::sync::MutexGuard<'_, Relay> {
        self.relay.lock()
    }
}

impl Drop for Serves {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // It looks whether it is to end when somebody comes.
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(mut stream: TcpStream, relay: &Shared) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut chunk)?;
        bytes.extend_from_slice(&chunk[..read]);
        if let Some((status, body)) = answer(&bytes, relay) {
            let head = format!(
                "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes())?;
            return stream.write_all(body.as_bytes());
        }
        if read == 0 {
            return Ok(());
        }
    }
}

/// Answers a request once all of it is there.
fn answer(bytes: &[u8], relay: &Shared) -> Option<Answer> {
    let mut slots = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Request::new(&mut slots);
    let httparse::Status::Complete(end) = head.parse(bytes).unwrap() else {
        return None;
    };
    let header = |name: &str| {
        let found = head
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| str::from_utf8(header.value).unwrap())
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let body = bytes.get(end..end + length)?;
    let target = head.path.unwrap();
    let url = url::Url::parse(&format!("http://relay{target}")).unwrap();
    let request = Request {
        method: head.method.unwrap(),
        path: url.path(),
        query: url.query_pairs().into_owned().collect::<HashMap<_, _>>(),
        bearer: header("authorization").and_then(|value| value.strip_prefix("Bearer ")),
        body: str::from_utf8(body).unwrap(),
    };
    let mut relay = relay.lock();
    relay.asked.push(format!("{} {target}", request.method));
    Some(relay.answer(&request))
}
