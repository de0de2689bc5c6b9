//! What a node answers, next to what the real one answered.

use std::collections::HashMap;

use chaperon::wire::mesh::{
    Answer, ContactRequest, DirectMessage, MeshKey, Reason, Received, decode_contact_answer,
    decode_message_answer,
};
use chaperon::wire::mesh::{CONTACT_PATH, DirectId, MESSAGE_PATH, NotTaken};
use serde_json::Value;

use super::{SCHEME, agent, at, key, list, text, window};

/// Where we answer otherwise than the scripts: the vector, what the reason is here (or none
/// where we take it), and why.
const STRICTER: &[(&str, Option<Reason>, &str)] = &[
    (
        "contact_signature_with_newline",
        Some(Reason::Signature),
        "no client writes it, and one signature has one spelling",
    ),
    (
        "contact_stale_timestamp",
        Some(Reason::Stale),
        "section 6.3",
    ),
    (
        "contact_false_fingerprint",
        Some(Reason::Fingerprint),
        "people compare fingerprints: section 6.5",
    ),
    (
        "contact_wrong_type",
        Some(Reason::Type),
        "what was signed as one thing is not another",
    ),
    (
        "contact_request_id_number",
        Some(Reason::Id),
        "an id is a text of safe characters: section 6.2",
    ),
    (
        "contact_no_request_id",
        Some(Reason::Id),
        "the scripts answer with a traceback: section 6.8",
    ),
    (
        "contact_pem_without_final_newline",
        Some(Reason::Key),
        "the fingerprint is over the text, so a key has one text",
    ),
    (
        "contact_pem_crlf",
        Some(Reason::Key),
        "the fingerprint is over the text, so a key has one text",
    ),
    ("message_to_other", Some(Reason::NotForUs), "section 6.4"),
    ("message_no_to", Some(Reason::NotForUs), "section 6.4"),
    ("message_stale", Some(Reason::Stale), "section 6.3"),
    (
        "message_no_message_id",
        Some(Reason::Id),
        "the scripts answer with a traceback: section 6.8",
    ),
    (
        "lone_surrogate",
        None,
        "the signature fits; the scripts fail at storing it: section 6.6",
    ),
    ("path_traversal_request_id", Some(Reason::Id), "section 6.2"),
    ("self_approval_request_id", Some(Reason::Id), "section 6.1"),
];

/// Where the status is the same and the words are ours.
const OTHER_WORDS: &[&str] = &["json_array"];

/// Where what the scripts did follows from something that is refused here.
const CONSEQUENCES: &[(&str, &str)] = &[(
    "message_from_self_approved",
    "the request before it trusted nobody",
)];

/// Answers as a node does that only reads and verifies: what it remembers is the engine's.
fn answer(path: &str, body: &[u8], trusted: &HashMap<&str, MeshKey>) -> (Answer, Option<Reason>) {
    let Ok(object) = Received::parse(body) else {
        return (Answer::invalid_json(), None);
    };
    if path == CONTACT_PATH {
        return match ContactRequest::decode(&object, window(), &SCHEME) {
            Ok(request) => (Answer::request_received(&request.id), None),
            Err(refused) => (
                Answer::request_refused(refused.id.as_ref()),
                Some(refused.reason),
            ),
        };
    }
    assert_eq!(path, MESSAGE_PATH);
    let from = object.sender();
    let Some(key) = from.as_ref().and_then(|from| trusted.get(from.as_str())) else {
        return (Answer::not_trusted(from.as_ref()), None);
    };
    match DirectMessage::decode(&object, &agent("agent-b"), &key.key(), window(), &SCHEME) {
        Ok(message) => {
            let now = at("2026-03-12T18:05:07Z");
            (Answer::message_received(&message.id, now), None)
        }
        Err(refused) => (
            Answer::message_refused(refused.id.as_ref()),
            Some(refused.reason),
        ),
    }
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn the_verdicts_are_those_of_the_scripts_but_for_the_table() {
    let mut trusted = HashMap::new();
    let mut used = 0;
    let verdicts = list("node_verdicts");
    assert_eq!(verdicts.len(), 43);
    for vector in &verdicts {
        let name = text(vector, "name");
        if name == "message_ok" {
            // Here the scripts' owner approved the first request.
            trusted.insert("agent-a", key("agent-a"));
        }
        let (path, body) = (text(vector, "path"), text(vector, "body"));
        let (answer, reason) = answer(path, body.as_bytes(), &trusted);
        let given = json(&answer);
        if let Some((_, expected, why)) = STRICTER.iter().find(|(other, ..)| *other == name) {
            used += 1;
            assert_eq!(reason, *expected, "{name}: {why}");
            assert_eq!(answer.status, 200, "{name}: the real client prints it");
            assert_eq!(given["result"]["verified"], expected.is_none(), "{name}");
            let same = vector["verified"] == given["result"]["verified"];
            assert!(!same, "{name} is no difference");
            continue;
        }
        if CONSEQUENCES.iter().any(|(other, _)| *other == name) {
            used += 1;
            assert_eq!(given["error"], "Peer mallory is not trusted\n", "{name}");
            continue;
        }
        assert_eq!(answer.status, vector["status"], "{name}");
        assert_eq!(given["ok"], vector["ok"], "{name}");
        let verified = vector.get("verified").unwrap_or(&Value::Null);
        assert_eq!(&given["result"]["verified"], verified, "{name}");
        if OTHER_WORDS.contains(&name) {
            used += 1;
            assert_eq!(given["error"], "invalid_json", "{name}");
            continue;
        }
        let error = vector.get("error").unwrap_or(&Value::Null);
        assert_eq!(&given["error"], error, "{name}");
        if let Some(keys) = vector.get("result_keys") {
            let result = given["result"].as_object().unwrap();
            let names: Vec<_> = result.keys().cloned().collect();
            assert_eq!(&Value::from(names), keys, "{name}");
        }
    }
    assert_eq!(
        used,
        STRICTER.len() + OTHER_WORDS.len() + CONSEQUENCES.len()
    );
}

#[test]
fn answers_are_the_text_that_the_scripts_answer() {
    let request = super::contact();
    let message = super::direct("hello");
    let table = [
        (
            Answer::request_received(&request.id),
            r#"{"ok": true, "result": {"verified": true, "request_id": "req_00112233445566778899aabbccddeeff", "saved": "req_00112233445566778899aabbccddeeff.json"}}"#,
        ),
        (
            Answer::request_refused(None),
            r#"{"ok": true, "result": {"verified": false, "request_id": null}}"#,
        ),
        (
            Answer::message_received(&message.id, at("2026-03-12T18:05:07Z")),
            r#"{"ok": true, "result": {"verified": true, "message_id": "msg_00112233445566778899aabbccddeeff", "saved": "msg_00112233445566778899aabbccddeeff.json", "ack": {"type": "ack", "message_id": "msg_00112233445566778899aabbccddeeff", "status": "received", "timestamp": "2026-03-12T18:05:07Z"}}}"#,
        ),
        (
            Answer::message_refused(Some(&message.id)),
            r#"{"ok": true, "result": {"verified": false, "message_id": "msg_00112233445566778899aabbccddeeff"}}"#,
        ),
        (
            Answer::not_trusted(None),
            r#"{"ok": false, "error": "Peer None is not trusted\n"}"#,
        ),
        (
            Answer::not_found(),
            r#"{"ok": false, "error": "not_found"}"#,
        ),
        (
            Answer::invalid_json(),
            r#"{"ok": false, "error": "invalid_json"}"#,
        ),
    ];
    for (answer, expected) in table {
        assert_eq!(answer.body, expected);
    }
    let discovery = Answer::discovery(&super::agent_a());
    assert!(discovery.body.starts_with(
        r#"{"ok": true, "protocol": "openclaw-agent-mesh/v1", "agent": {"agent_id": "agent-a", "display_name": "#
    ));
}

#[test]
fn a_receipt_counts_for_the_message_that_it_names() {
    let (ours, id) = (agent("agent-a"), super::direct("x").id);
    let other = DirectId::parse("msg_other").unwrap();
    let read =
        |answer: &Answer| decode_message_answer(answer.status, answer.body.as_bytes(), &id, &ours);
    let received = Answer::message_received(&id, at("2026-03-12T18:05:07Z"));
    let ack = read(&received).unwrap();
    assert_eq!(
        (ack.id, ack.at),
        (id.clone(), Some(at("2026-03-12T18:05:07Z")))
    );
    for (answer, expected) in [
        (
            Answer::message_received(&other, at("2026-03-12T18:05:07Z")),
            NotTaken::NoReceipt,
        ),
        (Answer::message_refused(Some(&id)), NotTaken::NotVerified),
        (Answer::not_trusted(Some(&ours)), NotTaken::NotTrusted),
        (
            Answer::not_trusted(Some(&agent("somebody"))),
            NotTaken::Status(400),
        ),
        (Answer::not_found(), NotTaken::Status(404)),
        (
            Answer::request_received(&super::contact().id),
            NotTaken::NoReceipt,
        ),
    ] {
        assert_eq!(read(&answer), Err(expected), "{answer:?}");
    }
    assert_eq!(
        decode_message_answer(200, b"<html>", &id, &ours),
        Err(NotTaken::Unreadable)
    );
    let refused = r#"{"ok": false, "result": {"verified": true}}"#;
    assert_eq!(
        decode_message_answer(200, refused.as_bytes(), &id, &ours),
        Err(NotTaken::Unreadable)
    );
}

#[test]
fn a_contact_request_has_arrived_if_the_answer_says_so_of_this_one() {
    let id = super::contact().id;
    let read = |answer: &Answer| decode_contact_answer(answer.status, answer.body.as_bytes(), &id);
    assert_eq!(read(&Answer::request_received(&id)), Ok(()));
    assert_eq!(
        read(&Answer::request_refused(Some(&id))),
        Err(NotTaken::NotVerified)
    );
    assert_eq!(
        read(&Answer::message_received(
            &DirectId::parse("m").unwrap(),
            at("2026-03-12T18:05:07Z")
        )),
        Err(NotTaken::NoReceipt)
    );
    assert_eq!(read(&Answer::invalid_json()), Err(NotTaken::Status(400)));
}
