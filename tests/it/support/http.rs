//! One HTTP request over a connection of its own.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// Insists on success, and returns the JSON of the body.
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.status, 200, "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Asks a relay, whose URL is `http://host:port`.
pub(crate) fn http(relay: &str, method: &str, path: &str, body: Option<&str>) -> Answer {
    http_as(relay, None, (method, path), body)
}

/// The same as whoever has a key.
pub(crate) fn http_as(
    relay: &str,
    key: Option<&str>,
    (method, path): (&str, &str),
    body: Option<&str>,
) -> Answer {
    let address = relay.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    if let Some(key) = key {
        write!(request, "Authorization: Bearer {key}\r\n").unwrap();
    }
    if let Some(body) = body {
        write!(request, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    } else {
        request.push_str("\r\n");
    }
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    read(&bytes)
}

fn read(bytes: &[u8]) -> Answer {
    let mut slots = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Response::new(&mut slots);
    let httparse::Status::Complete(head) = parsed.parse(bytes).unwrap() else {
        panic!("closed before the answer");
    };
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    Answer {
        status: parsed.code.unwrap(),
        body: text(&bytes[head..]),
    }
}
