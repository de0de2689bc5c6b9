//! What the scripts take and we do not, over HTTP, and what survives a restart.
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without the expected member has to fail loudly"
)]

use chaperon::crypto::{SecretKey, signing};
use serde_json::{Value, json};

use crate::support::{Agent, http, wait_for};

/// Somebody who signs what they like.
struct Forger {
    secret: SecretKey,
    id: &'static str,
}

impl Forger {
    fn new(id: &'static str) -> Self {
        Self {
            secret: SecretKey::from_bytes([7; 32]),
            id,
        }
    }

    fn identity(&self) -> Value {
        let pem = signing::public_pem(&signing::public_key(&self.secret));
        json!({
            "agent_id": self.id,
            "display_name": "somebody",
            "endpoint": "http://127.0.0.1:9",
            "fingerprint": signing::pem_fingerprint(&pem),
            "public_key": pem,
        })
    }

    /// Signs an object. Its texts are ASCII, so that serde writes what Python would.
    fn sign(&self, object: &Value) -> String {
        use base64::Engine as _;
        let sorted: Value = serde_json::from_str(&sorted(object)).unwrap();
        let signature = signing::sign(&self.secret, sorted.to_string().as_bytes());
        let mut signed = sorted;
        signed["signature"] = json!(base64::engine::general_purpose::STANDARD.encode(signature));
        signed.to_string()
    }

    fn request(&self, id: &str) -> Value {
        json!({
            "type": "contact_request",
            "request_id": id,
            "from": self.identity(),
            "timestamp": now(),
            "purpose": "hello",
        })
    }

    fn message(&self, id: &str, text: &str) -> Value {
        json!({
            "type": "direct_message",
            "message_id": id,
            "from": self.id,
            "to": "ana",
            "timestamp": now(),
            "body": { "text": text },
        })
    }
}

/// JSON with its members in order.
fn sorted(value: &Value) -> String {
    let Some(members) = value.as_object() else {
        return value.to_string();
    };
    let mut names: Vec<_> = members.keys().collect();
    names.sort();
    let all: Vec<_> = names
        .into_iter()
        .map(|name| format!("{}:{}", json!(name), sorted(&members[name])))
        .collect();
    format!("{{{}}}", all.join(","))
}

fn now() -> String {
    let now = chaperon::engine::system_clock()();
    chaperon::wire::mesh::encode_time(now)
}

fn post(agent: &Agent, path: &str, body: &str) -> (u16, Value) {
    let answer = http(agent.url(), "POST", path, Some(body));
    let body = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
    (answer.status, body)
}

const CONTACT: &str = "/agent-mesh/contact-request";
const MESSAGE: &str = "/agent-mesh/message";

fn trusted_by(ana: &Agent) -> Forger {
    let forger = Forger::new("forger");
    let (_, answer) = post(ana, CONTACT, &forger.sign(&forger.request("req_1")));
    assert_eq!(answer["result"]["verified"], true, "{answer}");
    ana.accept();
    ana.person.trust("forger");
    forger
}

#[test]
fn a_request_cannot_choose_a_path_or_make_itself_trusted() {
    let ana = Agent::start("ana");
    let forger = Forger::new("forger");
    for id in ["../../peers/mallory", "/etc/passwd", "..", ""] {
        let mut request = forger.request(id);
        request["public_key"] = forger.identity()["public_key"].clone();
        let (status, answer) = post(&ana, CONTACT, &forger.sign(&request));
        assert_eq!(
            (status, &answer["result"]["verified"]),
            (200, &json!(false)),
            "{answer}"
        );
        assert!(!answer.to_string().contains(".."), "{answer}");
    }
    assert_eq!(ana.json(&["mesh", "peers"]), json!([]));
    assert_eq!(ana.person.pending(), [Value::Null; 0]);
    let (status, answer) = post(&ana, MESSAGE, &forger.sign(&forger.message("msg_1", "hi")));
    assert_eq!(status, 400, "{answer}");
    assert_eq!(answer["error"], "Peer forger is not trusted\n");
}

#[test]
fn a_message_is_taken_once_even_after_a_restart_and_only_fresh_and_for_us() {
    let mut ana = Agent::start("ana");
    let forger = trusted_by(&ana);
    let first = forger.sign(&forger.message("msg_1", "once"));
    for _ in 0..3 {
        let (status, answer) = post(&ana, MESSAGE, &first);
        assert_eq!(
            (status, &answer["result"]["verified"]),
            (200, &json!(true)),
            "{answer}"
        );
        assert_eq!(answer["result"]["ack"]["message_id"], "msg_1");
    }
    ana.dies();
    ana.serve();
    let (_, answer) = post(&ana, MESSAGE, &first);
    assert_eq!(
        answer["result"]["verified"], true,
        "who did not hear the ack hears it now"
    );
    let other = forger.sign(&forger.message("msg_1", "something else"));
    let (_, answer) = post(&ana, MESSAGE, &other);
    assert_eq!(answer["result"]["verified"], false, "{answer}");
    for (member, value) in [
        ("timestamp", json!("1999-01-01T00:00:00Z")),
        ("timestamp", json!("2999-01-01T00:00:00Z")),
        ("timestamp", json!("soon")),
        ("timestamp", Value::Null),
        ("to", json!("somebody")),
        ("type", json!("contact_request")),
        ("body", json!("text")),
    ] {
        let mut message = forger.message("msg_2", "never");
        message[member] = value;
        let (_, answer) = post(&ana, MESSAGE, &forger.sign(&message));
        assert_eq!(answer["result"]["verified"], false, "{member}: {answer}");
        assert_eq!(answer["result"]["ack"], Value::Null);
    }
    assert_eq!(ana.person.texts(), ["once"]);
}

#[test]
fn half_a_surrogate_pair_breaks_nothing() {
    let ana = Agent::start("ana");
    let forger = trusted_by(&ana);
    // The scripts escape what is not ASCII, and so does whoever signs for them.
    let message = forger.message("msg_1", "half");
    let text = sorted(&message).replace("half", "\\ud83e half");
    let signature = signing::sign(&forger.secret, text.as_bytes());
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(signature)
    };
    let body = format!(
        "{},\"signature\":\"{encoded}\"}}",
        text.trim_end_matches('}')
    );
    let (status, answer) = post(&ana, MESSAGE, &body);
    assert_eq!(
        (status, &answer["result"]["verified"]),
        (200, &json!(true)),
        "{body} {answer}"
    );
    assert_eq!(ana.person.texts(), ["\u{fffd} half"]);
    assert!(ana.json(&["mesh", "requests"]).is_array());
}

#[test]
fn errors_tell_nothing_of_this_computer() {
    let ana = Agent::start("ana");
    for (path, body) in [
        (CONTACT, "[]"),
        (CONTACT, "nonsense"),
        (MESSAGE, "{\"from\":\"x\"}"),
        (MESSAGE, "7"),
        ("/agent-mesh/message?x=1", "{}"),
        ("/other", "{}"),
    ] {
        let answer = http(ana.url(), "POST", path, Some(body));
        assert!(answer.status >= 200, "{path}");
        for word in ["Traceback", "/home", "/tmp", "src/", "panicked"] {
            assert!(
                !answer.body.contains(word),
                "{path} {body}: {}",
                answer.body
            );
        }
    }
    let slow = wait_for("an answer", || {
        let answer = http(ana.url(), "GET", "/agent-mesh/discovery", None);
        (answer.status == 200).then_some(answer)
    });
    assert!(slow.body.contains("\"ok\": true"), "{}", slow.body);
}
