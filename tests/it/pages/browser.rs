//! A headless Chromium, driven through `ChromeDriver` by the `WebDriver` protocol.
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without the expected member has to fail loudly"
)]
#![expect(clippy::print_stdout, reason = "a test says why it was skipped")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::Relay;

/// How long a page may take to show something on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Without a sandbox because tests run as root; the rest keeps it from calling home.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--hide-scrollbars",
    "--window-size=1280,900",
    "--lang=en-GB",
];

/// `ChromeDriver`, killed when dropped.
struct Driver {
    child: Child,
    address: SocketAddr,
}

impl Driver {
    fn start(home: &Path) -> Option<Self> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", home)
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let address = SocketAddr::from(([127, 0, 0, 1], port.unwrap()));
        Some(Self { child, address })
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut stream = TcpStream::connect(self.address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        read(stream)
    }
}

/// Reads one answer up to its length: the driver leaves the connection open after it.
fn read(mut stream: TcpStream) -> Result<Value, Value> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    loop {
        let mut chunk = vec![0; 65_536];
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "closed before the answer");
        answer.extend_from_slice(&chunk[..count]);
        let mut slots = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Response::new(&mut slots);
        let httparse::Status::Complete(head) = parsed.parse(&answer).unwrap() else {
            continue;
        };
        let mut headers = parsed.headers.iter();
        let length = headers.find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length = std::str::from_utf8(length.unwrap().value).unwrap();
        if answer.len() < head + length.parse::<usize>().unwrap() {
            continue;
        }
        let body: Value = serde_json::from_slice(&answer[head..]).unwrap();
        return match parsed.code {
            Some(200) => Ok(body["value"].clone()),
            _ => Err(body["value"].clone()),
        };
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The relay's address in the browser, which takes it for its own machine: the same in every
/// picture, whatever port was free.
pub(crate) const HOME: &str = "http://relay.localhost";

/// The same relay as a host out in the world, without TLS.
pub(crate) const ABROAD: &str = "http://relay.example";

/// One browser with one tab and a profile of its own.
pub(crate) struct Browser {
    driver: Driver,
    session: String,
    // Last: the browser writes into it until it ends.
    _home: tempfile::TempDir,
}

impl Browser {
    /// Starts one that finds a relay at [`HOME`] and [`ABROAD`]; `None` where there is none and
    /// nobody demands it.
    pub(crate) fn start(relay: &Relay) -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let Some(driver) = Driver::start(home.path()) else {
            assert!(
                std::env::var_os("CHAPERON_TEST_CHROMIUM").is_none(),
                "chromedriver is missing"
            );
            println!("skipped: there is no chromedriver");
            return None;
        };
        let mut flags: Vec<_> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        flags.push(format!(
            "--user-data-dir={}",
            home.path().join("profile").display()
        ));
        let relay = relay.url().strip_prefix("http://").unwrap();
        let hosts = [HOME, ABROAD].map(|host| {
            let host = host.strip_prefix("http://").unwrap();
            format!("MAP {host}:80 {relay}")
        });
        flags.push(format!("--host-resolver-rules={}", hosts.join(", ")));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let session = driver.call("POST", "/session", &wanted).unwrap();
        let session = session["sessionId"].as_str().unwrap().to_owned();
        let browser = Self {
            driver,
            session,
            _home: home,
        };
        browser.look(1280, 900, true);
        Some(browser)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let path = format!("/session/{}{path}", self.session);
        self.driver.call(method, &path, body)
    }

    fn devtools(&self, command: &str, params: &Value) -> Value {
        let body = json!({ "cmd": command, "params": params });
        self.call("POST", "/goog/cdp/execute", &body).unwrap()
    }

    /// Sets the size of the window in CSS pixels, and what the person prefers.
    pub(crate) fn look(&self, width: u32, height: u32, dark: bool) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1,
            "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", &media);
    }

    /// Opens pages from now on without running what they bring.
    pub(crate) fn without_scripts(&self) {
        let off = json!({ "value": true });
        self.devtools("Emulation.setScriptExecutionDisabled", &off);
    }

    /// Lets pages of this origin read the clipboard, so that a test can.
    pub(crate) fn allow_clipboard(&self, origin: &str) {
        let permissions = json!({ "origin": origin,
            "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
        self.devtools("Browser.grantPermissions", &permissions);
    }

    pub(crate) fn open(&self, url: &str) {
        self.call("POST", "/url", &json!({ "url": url })).unwrap();
    }

    /// Runs the body of a function in the page.
    pub(crate) fn run(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.call("POST", "/execute/sync", &body).unwrap()
    }

    /// Runs the body of a function that calls `done` with its result.
    pub(crate) fn run_later(&self, script: &str) -> Value {
        let script = format!("const done = arguments[0];{script}");
        let body = json!({ "script": script, "args": [] });
        self.call("POST", "/execute/async", &body).unwrap()
    }

    fn find(&self, css: &str) -> String {
        let body = json!({ "using": "css selector", "value": css });
        let found = self.call("POST", "/element", &body);
        let found = found.unwrap_or_else(|error| panic!("{css}: {error}"));
        let (_, id) = found.as_object().unwrap().iter().next().unwrap();
        id.as_str().unwrap().to_owned()
    }

    pub(crate) fn click(&self, css: &str) {
        let path = format!("/element/{}/click", self.find(css));
        let clicked = self.call("POST", &path, &json!({}));
        clicked.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Types into a field, in place of what is there.
    pub(crate) fn fill(&self, css: &str, text: &str) {
        let id = self.find(css);
        let clear = format!("/element/{id}/clear");
        self.call("POST", &clear, &json!({})).unwrap();
        let keys = format!("/element/{id}/value");
        self.call("POST", &keys, &json!({ "text": text })).unwrap();
    }

    /// The text of an element as a person sees it: nothing where it is hidden.
    pub(crate) fn text(&self, css: &str) -> String {
        let path = format!("/element/{}/text", self.find(css));
        let text = self.call("GET", &path, &Value::Null).unwrap();
        text.as_str().unwrap().to_owned()
    }

    /// Waits until an element shows these words, and returns all of its text.
    pub(crate) fn see(&self, css: &str, words: &str) -> String {
        let late = Instant::now() + PATIENCE;
        loop {
            let text = self.text(css);
            if text.contains(words) {
                return text;
            }
            assert!(
                Instant::now() < late,
                "{css} never said {words:?}: {text:?}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// How many pixels the page is wider than the window.
    pub(crate) fn overhang(&self) -> i64 {
        let script = "const all = document.documentElement; return all.scrollWidth - innerWidth;";
        self.run(script).as_i64().unwrap()
    }

    /// Takes a picture of the whole page, down to its end.
    pub(crate) fn picture(&self, file: &Path) {
        let taken = self.devtools(
            "Page.captureScreenshot",
            &json!({ "format": "png", "captureBeyondViewport": true, "clip": self.whole_page() }),
        );
        let png = STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, png).unwrap();
    }

    fn whole_page(&self) -> Value {
        let script = "const all = document.documentElement; \
            return [innerWidth, Math.max(all.scrollHeight, innerHeight)];";
        let size = self.run(script);
        json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 })
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let lines = self.call("POST", "/se/log", &json!({ "type": kind }));
        lines.unwrap().as_array().unwrap().clone()
    }

    /// What the console said since it was last asked: errors, warnings, refusals of the policy.
    pub(crate) fn console(&self) -> Vec<String> {
        let lines = self.log("browser").into_iter();
        lines
            .map(|line| line["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The addresses that were asked for since this was last asked, but those of the browser's
    /// own first tab, which are inside of it.
    pub(crate) fn requests(&self) -> Vec<String> {
        let events = self.log("performance").into_iter().filter_map(|line| {
            let event: Value = serde_json::from_str(line["message"].as_str()?).ok()?;
            let event = &event["message"];
            let is_request = event["method"] == "Network.requestWillBeSent";
            let url = event["params"]["request"]["url"].as_str()?.to_owned();
            (is_request && !url.starts_with("chrome://")).then_some(url)
        });
        events.collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser too, which outlives a killed driver.
        if let Err(error) = self.call("DELETE", "", &Value::Null) {
            println!("the browser did not end well: {error}");
        }
    }
}
