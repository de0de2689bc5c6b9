//! A small HTTP/1.1 client that sends paths as they are written.

use std::fmt::Write as _;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Returns a member of the JSON object in the body.
    pub(crate) fn member(&self, name: &str) -> serde_json::Value {
        self.json().get(name).unwrap().clone()
    }
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            read: Vec::new(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Response {
        self.send("GET", path, &[], None).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Response {
        self.send("POST", path, &[], Some(body)).await
    }

    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Response {
        self.start(method, path, headers, body).await;
        self.finish(method == "HEAD").await
    }

    /// Sends a request without waiting for the answer.
    pub(crate) async fn start(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: relay\r\n");
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        if let Some(body) = body {
            write!(request, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        } else {
            request.push_str("\r\n");
        }
        self.stream.write_all(request.as_bytes()).await.unwrap();
    }

    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Reads one answer.
    pub(crate) async fn finish(&mut self, headless: bool) -> Response {
        let (status, headers, head) = loop {
            let mut slots = [httparse::EMPTY_HEADER; 32];
            let mut parsed = httparse::Response::new(&mut slots);
            if let httparse::Status::Complete(head) = parsed.parse(&self.read).unwrap() {
                let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
                let headers = parsed.headers.iter();
                let headers: Vec<_> = headers
                    .map(|header| (header.name.to_owned(), text(header.value)))
                    .collect();
                break (parsed.code.unwrap(), headers, head);
            }
            assert!(self.more().await, "closed before the answer");
        };
        self.read.drain(..head);
        let mut response = Response {
            status,
            headers,
            body: String::new(),
        };
        let body = if headless || matches!(status, 204 | 304) {
            Vec::new()
        } else if response.header("transfer-encoding") == Some("chunked") {
            self.chunks().await
        } else {
            let length = response.header("content-length").unwrap().parse().unwrap();
            self.take(length).await
        };
        response.body = String::from_utf8(body).unwrap();
        response
    }

    /// Whether the server closes the connection without another answer.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.read.is_empty() && !self.more().await
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                line.extend(self.take(1).await);
            }
            let length = std::str::from_utf8(&line).unwrap().trim();
            let length = usize::from_str_radix(length, 16).unwrap();
            body.extend(self.take(length).await);
            self.take(2).await;
            if length == 0 {
                return body;
            }
        }
    }

    async fn take(&mut self, length: usize) -> Vec<u8> {
        while self.read.len() < length {
            assert!(self.more().await, "closed in the middle of the answer");
        }
        self.read.drain(..length).collect()
    }

    async fn more(&mut self) -> bool {
        let mut chunk = vec![0; 65_536];
        match self.stream.read(&mut chunk).await {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                chunk.truncate(count);
                self.read.append(&mut chunk);
                true
            }
        }
    }
}
