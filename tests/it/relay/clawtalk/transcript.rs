//! What the reference worker was seen to say, said by our relay, but for the corrections.

use std::collections::HashMap;
use std::time::Duration;

use chaperon::relay::ClawTalkOptions;
use serde_json::Value;

use super::super::client::Response;
use super::super::{DAY, World};
use super::options;

/// A time after the last one that the transcript names.
const MARCH_2026: i64 = 1_772_500_000_000;

/// What our relay says otherwise, and the words that the table in `docs/networks/clawtalk.md`
/// has for it.
struct Correction {
    method: &'static str,
    path: &'static str,
    /// Part of the request's body.
    body: &'static str,
    ours: Ours,
    row: &'static str,
}

enum Ours {
    /// Another answer altogether.
    Answer(u16, &'static str),
    /// The same with a page's count and times behind it.
    Counted,
    /// The same with another text in it.
    Replaced(&'static str, &'static str),
}

const CORRECTIONS: &[Correction] = &[
    Correction {
        method: "POST",
        path: "/messages",
        body: "null",
        ours: Ours::Answer(400, r#"{"error":"Invalid JSON body","code":"BAD_REQUEST"}"#),
        row: "a body that is `null`: 500 with the text of the exception",
    },
    Correction {
        method: "POST",
        path: "/messages",
        body: r#""ttl":59"#,
        ours: Ours::Answer(
            400,
            r#"{"error":"Invalid ttl: a number of seconds from 60 on","code":"BAD_REQUEST"}"#,
        ),
        row: "a `ttl` below 60: 500 with the text of the exception",
    },
    Correction {
        method: "GET",
        path: "/messages",
        body: "",
        ours: Ours::Counted,
        row: "no `count`, `oldestTs`, `newestTs`",
    },
    Correction {
        method: "POST",
        path: "/invites",
        body: "",
        ours: Ours::Replaced("https://clawtalk.monkeymango.co", "http://relay"),
        row: "an invite's `url` names one host",
    },
];

/// What was met in place of a placeholder that has a name.
#[derive(Default)]
struct Captured(HashMap<String, String>);

impl Captured {
    /// Puts what was captured into a text of a request.
    fn fill(&self, text: &str) -> String {
        let captured = self.0.iter();
        captured.fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }

    /// Insists that `text` is `pattern` with its placeholders filled in.
    fn expect(&mut self, pattern: &str, text: &str, at: &str) {
        let (mut pattern, mut text) = (pattern, text);
        while let Some(start) = pattern.find(['<', '{']) {
            let (before, rest) = pattern.split_at(start);
            text = text.strip_prefix(before).unwrap_or_else(|| panic!("{at}"));
            let end = rest.find(['>', '}']).map_or(rest.len(), |end| end + 1);
            let (name, after) = rest.split_at(end);
            let Some(length) = length_of(name) else {
                // A brace of the JSON.
                let (brace, after) = rest.split_at(1);
                text = text.strip_prefix(brace).unwrap_or_else(|| panic!("{at}"));
                pattern = after;
                continue;
            };
            let (value, left) = text.split_at(length);
            assert!(is_whole(name, value), "{value} for {name}: {at}");
            if name.starts_with('{') {
                let known = self
                    .0
                    .entry(name.to_owned())
                    .or_insert_with(|| value.to_owned());
                assert_eq!(known, value, "{at}");
            }
            (pattern, text) = (after, left);
        }
        assert_eq!(text, pattern, "{at}");
    }
}

/// How many characters stand where a placeholder is.
fn length_of(name: &str) -> Option<usize> {
    match name {
        "<ts>" => Some(24),
        "<uuid4>" | "{id1}" | "{id2}" => Some(36),
        "{inv}" => Some(22),
        name if name.starts_with("{key:") => Some(46),
        _ => None,
    }
}

fn is_whole(name: &str, value: &str) -> bool {
    let base64 = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let at = |place: usize| value.as_bytes()[place];
    match name {
        "<ts>" => value.ends_with('Z') && at(10) == b'T' && at(19) == b'.',
        "<uuid4>" | "{id1}" | "{id2}" => at(14) == b'4' && b"89ab".contains(&at(19)),
        "{inv}" => base64(value),
        _ => value.starts_with("ct_") && base64(value),
    }
}

/// The correction that applies to a step.
fn correction(method: &str, path: &str, body: &str) -> Option<&'static Correction> {
    let path = path.split('?').next().unwrap();
    CORRECTIONS.iter().find(|correction| {
        (correction.method, correction.path) == (method, path) && body.contains(correction.body)
    })
}

/// Takes off what a page has behind what the reference's has, and checks it.
fn uncounted(response: &Response) -> String {
    let page = response.json();
    let Some(messages) = page["messages"].as_array() else {
        return response.body.clone();
    };
    let mut behind = format!(",\"count\":{}", messages.len());
    if let (Some(first), Some(last)) = (messages.first(), messages.last()) {
        let times = format!(",\"oldestTs\":{},\"newestTs\":{}", first["ts"], last["ts"]);
        behind.push_str(&times);
    }
    let body = response.body.strip_suffix(&format!("{behind}}}"));
    format!("{}}}", body.unwrap_or_else(|| panic!("{}", response.body)))
}

fn expect_headers(response: &Response, at: &str) {
    let header = |name| {
        response
            .header(name)
            .unwrap_or_else(|| panic!("no {name}: {at}"))
    };
    assert_eq!(header("access-control-allow-origin"), "*");
    let methods = "GET, POST, PATCH, DELETE, OPTIONS";
    assert_eq!(header("access-control-allow-methods"), methods);
    let headers = "Authorization, Content-Type";
    assert_eq!(header("access-control-allow-headers"), headers);
    assert_eq!(
        header("cache-control"),
        "no-store, no-cache, must-revalidate"
    );
    assert_eq!(header("pragma"), "no-cache");
    if response.status != 204 {
        assert_eq!(header("content-type"), "application/json", "{at}");
    }
}

#[tokio::test]
async fn the_transcript_of_the_reference_worker_replays() {
    let transcript = include_str!("../../../fixtures/clawtalk-http.json");
    let transcript: Value = serde_json::from_str(transcript).unwrap();
    let steps = transcript["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 69);
    let world = World::with_clawtalk(ClawTalkOptions {
        audit: Some(30 * DAY),
        ..options()
    })
    .await;
    world.pass(Duration::from_millis(
        u64::try_from(MARCH_2026 - 1_700_000_000_000).unwrap(),
    ));
    let mut client = world.client().await;
    let mut captured = Captured::default();
    let mut corrected = 0;
    for (number, step) in steps.iter().enumerate() {
        let text = |key: &str| step[key].as_str();
        let (method, path) = (text("method").unwrap(), text("path").unwrap());
        let body = text("request_body").map(|body| captured.fill(body));
        let key = text("auth").map(|name| match name {
            "ADMIN" => super::ADMIN.to_owned(),
            name => captured.0[&format!("{{key:{name}}}")].clone(),
        });
        let bearer = key.map(|key| format!("Bearer {key}"));
        let headers: Vec<_> = bearer
            .iter()
            .map(|b| ("Authorization", b.as_str()))
            .collect();

        let filled = captured.fill(path);
        let response = client
            .send(method, &filled, &headers, body.as_deref())
            .await;

        let at = format!(
            "step {number}: {method} {path} {body:?}: {} {}",
            response.status, response.body
        );
        expect_headers(&response, &at);
        let status = u16::try_from(step["status"].as_u64().unwrap()).unwrap();
        let expected = text("response_body").unwrap_or_default();
        let correction = correction(method, path, body.as_deref().unwrap_or_default());
        corrected += usize::from(correction.is_some());
        match correction.map(|correction| &correction.ours) {
            Some(Ours::Answer(status, body)) => {
                assert_eq!(response.status, *status, "{at}");
                captured.expect(body, &response.body, &at);
            }
            Some(Ours::Counted) => {
                assert_eq!(response.status, status, "{at}");
                captured.expect(expected, &uncounted(&response), &at);
            }
            Some(Ours::Replaced(theirs, ours)) => {
                assert_eq!(response.status, status, "{at}");
                captured.expect(&expected.replace(theirs, ours), &response.body, &at);
            }
            None => {
                assert_eq!(response.status, status, "{at}");
                captured.expect(expected, &response.body, &at);
            }
        }
    }
    assert_eq!(corrected, 14, "steps that were corrected");
}

#[test]
fn every_correction_of_the_transcript_stands_in_the_documentation() {
    let page = include_str!("../../../../docs/networks/clawtalk.md");
    for correction in CORRECTIONS {
        assert!(page.contains(correction.row), "{}", correction.row);
    }
}

#[tokio::test]
async fn every_path_answers_options_with_the_headers_of_other_origins_alone() {
    let world = World::with_clawtalk(options()).await;
    let mut client = world.client().await;
    for path in ["/messages", "/nope", "/", "/agents/x"] {
        let response = client.send("OPTIONS", path, &[], None).await;
        assert_eq!(
            (response.status, response.body.as_str()),
            (204, ""),
            "{path}"
        );
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
        assert_eq!(response.header("cache-control"), None);
        assert_eq!(response.header("content-type"), None);
    }
    let head = client.send("HEAD", "/health", &[], None).await;
    assert_eq!(head.status, 404);
}

#[tokio::test]
async fn without_an_admin_key_there_are_mailboxes_alone() {
    let world = World::new().await;
    let mut client = world.client().await;
    for path in ["/messages", "/agents", "/register", "/audit", "/channels"] {
        let response = client.get(path).await;
        assert_eq!(
            (response.status, response.body.as_str()),
            (404, r#"{"error":"not found"}"#)
        );
        assert_eq!(response.header("access-control-allow-origin"), None);
    }
    assert_eq!(client.get("/health").await.member("ok"), true);
}

#[tokio::test]
async fn mailboxes_are_what_they_were_beside_the_other_api() {
    let world = World::with_clawtalk(options()).await;
    let mut client = world.client().await;
    let posted = client.post("/channel/a/messages", r#"{"payload":1}"#).await;
    assert_eq!(posted.body, r#"{"ok":true,"seq":1}"#);
    assert_eq!(posted.header("access-control-allow-origin"), None);
    let options = client
        .send("OPTIONS", "/channel/a/messages", &[], None)
        .await;
    assert_eq!(options.status, 405);
    assert_eq!(
        client.get("/channel/a").await.body,
        r#"{"error":"not found"}"#
    );
    let health = client.get("/health").await;
    assert_eq!(health.member("status"), "ok");
}
