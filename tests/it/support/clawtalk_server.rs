//! A relay of `ClawTalk` as the reference's worker was measured to behave, oddities included.
//!
//! Lists turn around with every look, there is no cursor, whoever is unknown is skipped without
//! a word, the directory and lists are up to half a minute old, and whatever is planted in an
//! inbox or in the directory is shown to everybody.

mod http;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chaperon::model::UnixMillis;
use chaperon::wire::clawbuddy_files::parse_iso_utc;
use chaperon::wire::clawtalk::encode_time;
use chaperon::wire::js_json::stringify;
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub(crate) use http::Serves;

/// How long lists and the directory are kept without looking again.
const STALE: i64 = 30_000;
/// Members of an envelope, in the order in which they are kept.
const KEPT: [&str; 8] = [
    "type",
    "topic",
    "correlationId",
    "replyTo",
    "encrypted",
    "payload",
    "nonce",
    "signature",
];

/// An answer: its status, and its body.
pub(crate) type Answer = (u16, String);

/// A request without what nobody looks at.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: HashMap<String, String>,
    pub(crate) bearer: Option<&'a str>,
    pub(crate) body: &'a str,
}

/// Somebody registered.
#[derive(Debug)]
struct Member {
    name: String,
    key: String,
    public: String,
    signing: String,
    seen: i64,
}

/// A message in an inbox.
#[derive(Clone, Debug)]
struct Kept {
    at: i64,
    id: String,
    json: String,
}

/// All that a relay knows.
#[derive(Debug, Default)]
pub(crate) struct Relay {
    /// The time, in milliseconds, where it stands still.
    pub(crate) stopped: Option<i64>,
    /// How far its clock is ahead, in milliseconds, where it goes.
    pub(crate) ahead: i64,
    /// What stands in the directory beside its members, as JSON text.
    pub(crate) strange_entries: Vec<String>,
    /// What the audit was told.
    pub(crate) audit: Vec<String>,
    /// Every request that was answered: method and path with query.
    pub(crate) asked: Vec<String>,
    /// Answers to give, whatever is asked next, before anything else.
    pub(crate) failures: Vec<Answer>,
    members: Vec<Member>,
    inboxes: HashMap<String, Vec<Kept>>,
    /// Ids of a list that is kept, and since when.
    lists: HashMap<String, (i64, Vec<String>)>,
    directory: Option<(i64, String)>,
    windows: HashMap<String, (i64, u32)>,
    made: u64,
}

/// A relay that can be reached over HTTP, and looked into.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared(Arc<Mutex<Relay>>);

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Relay> {
        self.0.lock().unwrap()
    }
}

impl Relay {
    fn now(&self) -> i64 {
        self.stopped.unwrap_or_else(|| {
            let since = std::time::UNIX_EPOCH.elapsed().unwrap();
            i64::try_from(since.as_millis()).unwrap() + self.ahead
        })
    }

    /// Registers somebody and returns their key.
    pub(crate) fn register(&mut self, name: &str) -> String {
        self.made += 1;
        let mut random = [0; 32];
        random[..8].copy_from_slice(&self.made.to_le_bytes());
        let key = format!("ct_{}", URL_SAFE_NO_PAD.encode(random));
        let seen = self.now();
        self.members.push(Member {
            name: name.to_owned(),
            key: key.clone(),
            public: String::new(),
            signing: String::new(),
            seen,
        });
        self.directory = None;
        key
    }

    /// Puts something into an inbox as it is, at a time.
    pub(crate) fn plant(&mut self, inbox: &str, at: i64, id: &str, json: &str) {
        self.elsewhere(inbox, at, id, json);
        self.lists.remove(inbox);
    }

    /// Does the same where another part of the relay took it: lists that are kept do not show it.
    pub(crate) fn elsewhere(&mut self, inbox: &str, at: i64, id: &str, json: &str) {
        self.inboxes
            .entry(inbox.to_owned())
            .or_default()
            .push(Kept {
                at,
                id: id.to_owned(),
                json: json.to_owned(),
            });
    }

    /// Tells how many messages an inbox holds.
    pub(crate) fn waiting(&self, inbox: &str) -> usize {
        self.inboxes.get(inbox).map_or(0, Vec::len)
    }

    /// Answers a request.
    pub(crate) fn answer(&mut self, request: &Request<'_>) -> Answer {
        if !self.failures.is_empty() {
            return self.failures.remove(0);
        }
        match (request.method, request.path) {
            ("GET", "/health") => {
                let health =
                    json!({"status": "ok", "ts": iso(self.now()), "agents": self.members.len()});
                return (200, health.to_string());
            }
            ("POST", "/register") => return self.sign_up(request.body),
            _ => {}
        }
        let key = request.bearer.unwrap_or_default();
        let Some(place) = self.members.iter().position(|member| member.key == key) else {
            return error(401, "UNAUTHORIZED", "Unauthorized");
        };
        let me = self.members[place].name.clone();
        match (request.method, request.path) {
            ("GET", "/agents") => (200, self.directory()),
            ("PATCH", path) if path.starts_with("/agents/") => {
                self.patch(place, path, request.body)
            }
            ("POST", "/messages") => self.post(place, request.body),
            ("GET", "/messages") => (200, self.list(place, &request.query)),
            ("DELETE", path) if path.starts_with("/messages/") => {
                self.delete(&me, path.trim_start_matches("/messages/"))
            }
            ("POST", "/audit") => {
                self.audit.push(request.body.to_owned());
                (201, String::from("{\"ok\":true}"))
            }
            _ => error(404, "NOT_FOUND", "Not found"),
        }
    }

    fn sign_up(&mut self, body: &str) -> Answer {
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            return error(400, "BAD_REQUEST", "Invalid JSON body");
        };
        let name = body["name"].as_str().unwrap_or_default();
        match body["invite"].as_str() {
            None => error(400, "BAD_REQUEST", "Missing invite code"),
            Some("used-up") => error(403, "FORBIDDEN", "Invite code has reached its usage limit"),
            Some("expired") => error(403, "FORBIDDEN", "Invite code has expired"),
            Some("welcome") if self.members.iter().any(|member| member.name == name) => {
                error(409, "CONFLICT", "Agent name already taken")
            }
            Some("welcome") => {
                let key = self.register(name);
                (201, json!({"name": name, "apiKey": key}).to_string())
            }
            Some(_) => error(403, "FORBIDDEN", "Invalid or expired invite code"),
        }
    }

    fn patch(&mut self, place: usize, path: &str, body: &str) -> Answer {
        let now = self.now();
        let member = &mut self.members[place];
        if path != format!("/agents/{}", member.name) {
            return error(403, "FORBIDDEN", "Forbidden: can only update own agent");
        }
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            return error(400, "BAD_REQUEST", "Invalid JSON body");
        };
        if let Some(key) = body["publicKey"].as_str() {
            key.clone_into(&mut member.public);
        }
        if let Some(key) = body["signingKey"].as_str() {
            key.clone_into(&mut member.signing);
        }
        member.seen = now;
        // The directory that is kept goes on showing the old keys.
        (
            200,
            json!({"name": member.name, "updated": true}).to_string(),
        )
    }

    fn directory(&mut self) -> String {
        let now = self.now();
        if let Some((at, directory)) = &self.directory
            && now - at < STALE
        {
            return directory.clone();
        }
        let mut entries: Vec<_> = self
            .members
            .iter()
            .map(|member| {
                json!({
                    "name": member.name, "publicKey": member.public, "signingKey": member.signing,
                    "online": now - member.seen < 300_000, "lastSeen": iso(member.seen),
                })
                .to_string()
            })
            .collect();
        entries.extend(self.strange_entries.iter().cloned());
        let directory = format!("[{}]", entries.join(","));
        self.directory = Some((now, directory.clone()));
        directory
    }

    fn post(&mut self, place: usize, text: &str) -> Answer {
        if text.encode_utf16().count() > 65_536 {
            return error(400, "PAYLOAD_TOO_LARGE", "Message exceeds 64KB limit");
        }
        let Ok(body) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else {
            return error(400, "BAD_REQUEST", "Invalid JSON body");
        };
        if ["to", "type", "encrypted", "payload"]
            .iter()
            .any(|name| !body.contains_key(*name))
        {
            let words = "Missing required fields: to, type, encrypted, payload";
            return error(400, "BAD_REQUEST", words);
        }
        let word = |name: &str| {
            body.get(name)
                .and_then(|json| serde_json::from_str::<Value>(json.get()).ok())
        };
        let kind = word("type").unwrap();
        if !["request", "response", "notification"]
            .iter()
            .any(|word| kind == *word)
        {
            return error(400, "BAD_REQUEST", "Invalid message type");
        }
        let now = self.now();
        let from = self.members[place].name.clone();
        self.members[place].seen = now;
        let window = self.windows.entry(from.clone()).or_default();
        if window.0 != now / 10_000 {
            *window = (now / 10_000, 0);
        }
        window.1 += 1;
        if window.1 > 10 {
            return error(429, "RATE_LIMITED", "Rate limit exceeded (30/min)");
        }
        self.made += 1;
        let id = format!("00000000-0000-4000-8000-{:012x}", self.made);
        for recipient in self.recipients(&from, &word("to").unwrap()) {
            let mut json = format!("{{\"id\":\"{id}\",\"from\":{}", json!(from));
            for name in KEPT {
                if let Some(value) = body.get(name) {
                    let value = stringify(value.get()).unwrap();
                    write!(json, ",\"{name}\":{value}").unwrap();
                }
            }
            let (ts, to) = (iso(now), json!(recipient));
            write!(json, ",\"ts\":\"{ts}\",\"to\":{to}}}").unwrap();
            self.plant(&recipient, now, &id, &json);
        }
        self.directory = None;
        (201, json!({"id": id, "ts": iso(now)}).to_string())
    }

    /// Finds the inboxes that a message goes to. Whoever is unknown is skipped.
    fn recipients(&self, from: &str, to: &Value) -> Vec<String> {
        let names: Vec<_> = self.members.iter().map(|member| &*member.name).collect();
        let find = |to: &Value| {
            let to = to.as_str()?;
            let exact = names.iter().find(|name| **name == to);
            let near = || {
                names
                    .iter()
                    .find(|name| name.to_lowercase() == to.to_lowercase())
            };
            exact.or_else(near).map(|name| (*name).to_owned())
        };
        match to {
            Value::String(to) if to == "broadcast" => {
                let others = names.iter().filter(|name| **name != from);
                others.map(|name| (*name).to_owned()).collect()
            }
            Value::Array(list) => list.iter().filter_map(find).collect(),
            Value::String(_) => find(to).into_iter().collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        }
    }

    fn list(&mut self, place: usize, query: &HashMap<String, String>) -> String {
        let now = self.now();
        self.members[place].seen = now;
        let inbox = self.members[place].name.clone();
        let since = query.get("since").and_then(|since| parse_iso_utc(since));
        let limit = query
            .get("limit")
            .map_or(50, |limit| limit.parse().unwrap());
        let found = self.look(&inbox, since.map(|since| since.0), limit);
        let cursor = found.last().map(|last| last.at);
        let topic = query.get("topic").filter(|topic| !topic.is_empty());
        assert!(topic.is_none(), "no client of ours asks for a topic");
        let messages: Vec<_> = found.into_iter().map(|kept| kept.json).collect();
        let cursor = cursor.map(|at| format!(",\"cursor\":\"{}\"", iso(at)));
        format!(
            "{{\"messages\":[{}]{}}}",
            messages.join(","),
            cursor.unwrap_or_default()
        )
    }

    /// Looks into an inbox, which turns its list around.
    fn look(&mut self, inbox: &str, since: Option<i64>, limit: usize) -> Vec<Kept> {
        let now = self.now();
        let kept = self.inboxes.entry(inbox.to_owned()).or_default();
        let fresh = || (now, kept.iter().map(|kept| kept.id.clone()).collect());
        let list = self.lists.entry(inbox.to_owned()).or_insert_with(fresh);
        if now - list.0 >= STALE {
            *list = (now, kept.iter().map(|kept| kept.id.clone()).collect());
        }
        list.1.reverse();
        let found = list
            .1
            .iter()
            .filter_map(|id| kept.iter().find(|kept| kept.id == *id));
        let later = found.filter(|kept| since.is_none_or(|since| kept.at > since));
        later.take(limit.min(100)).cloned().collect()
    }

    fn delete(&mut self, inbox: &str, id: &str) -> Answer {
        let kept = self.inboxes.entry(inbox.to_owned()).or_default();
        let before = kept.len();
        kept.retain(|kept| kept.id != id);
        if kept.len() == before {
            return error(404, "NOT_FOUND", "Message not found");
        }
        self.lists.remove(inbox);
        (204, String::new())
    }
}

fn iso(at: i64) -> String {
    encode_time(UnixMillis(at))
}

fn error(status: u16, code: &str, words: &str) -> Answer {
    (status, json!({"error": words, "code": code}).to_string())
}
