//! What is believed of a message, beside what the reference's client makes of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chaperon::crypto::signing;
use chaperon::model::{Content, Provenance, RawReason};
use chaperon::net::clawtalk::SCHEME;
use chaperon::net::clawtalk::seal::open;
use chaperon::wire::clawtalk::{AgentName, Envelope, Opened, PeerKeys};
use serde_json::{Value, json};

use super::{channel_box, keys, listed, member, name, sealed, vectors};

/// Where our verdict is not the reference's, and why.
const DIFFERENCES: &[(&str, Provenance, &str)] = &[
    (
        "nonce_removed",
        Provenance::WrongSignature,
        "the reference verifies only what it decrypts, so whoever strips the nonce strips the \
         signature; here what is signed has to verify, sealed or not",
    ),
    (
        "encrypted_false",
        Provenance::WrongSignature,
        "as above: the signature says that it was sealed",
    ),
    (
        "signature_malleated_s_plus_L",
        Provenance::WrongSignature,
        "one message has one signature: a second form of it is refused, as RFC 8032 demands",
    ),
    (
        "from_changed_to_Eve",
        Provenance::WrongSignature,
        "one message that does not open spoils no other: it is kept as it came",
    ),
    (
        "from_unknown",
        Provenance::Unsigned,
        "as above; without a key of the sender nothing can be verified",
    ),
    (
        "signature_63_bytes",
        Provenance::WrongSignature,
        "what is no signature proves nothing, and spoils no other message",
    ),
    ("signature_unpadded", Provenance::WrongSignature, "as above"),
    (
        "nonce_23",
        Provenance::WrongSignature,
        "one message that does not open spoils no other",
    ),
    ("box_flipped", Provenance::WrongSignature, "as above"),
    ("box_short", Provenance::WrongSignature, "as above"),
];

/// Opens a message for Bob from whoever it says it is from.
fn judge(message: &str) -> Opened {
    let envelope = Envelope::decode(message).unwrap();
    let from = envelope.from.as_str();
    let known = matches!(from, "Alice" | "Eve");
    let opener = known.then(|| channel_box("Bob", from));
    let peer = known.then(|| keys(from).public());
    open(&envelope, &name("Bob"), opener.as_ref(), peer.as_ref())
}

#[test]
fn a_message_is_judged_as_by_the_reference_but_for_a_table() {
    let list = vectors().verify;
    assert_eq!(list.len(), 26);
    let mut differ = Vec::new();
    for vector in &list {
        let case = member(vector, "name");
        let opened = judge(vector["message"].get());
        assert!(!opened.broadcast, "{case}");
        let theirs = match vector.get("verified").map(|verified| verified.get()) {
            Some("true") => Some(Provenance::Verified),
            Some("false") => Some(Provenance::WrongSignature),
            Some(_) => Some(Provenance::Unsigned),
            // It throws.
            None => None,
        };
        if theirs != Some(opened.provenance) {
            differ.push((case, opened.provenance));
            continue;
        }
        let payload = vector["payload"].get();
        let Content::Text(body) = opened.content else {
            panic!("{case} was not read");
        };
        let read: Value = serde_json::from_str(body.body.expose_untrusted()).unwrap();
        let expected: Value = serde_json::from_str(payload).unwrap();
        assert_eq!(read, expected, "{case}");
    }
    differ.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut table: Vec<_> = DIFFERENCES
        .iter()
        .map(|(case, proof, _reason)| ((*case).to_owned(), *proof))
        .collect();
    table.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert_eq!(differ, table);
}

#[test]
fn where_the_reference_stops_altogether_the_message_is_kept_as_it_came() {
    let expected = [
        ("from_changed_to_Eve", Some(RawReason::DoesNotOpen)),
        ("from_unknown", Some(RawReason::DoesNotOpen)),
        ("signature_63_bytes", None),
        ("signature_unpadded", None),
        ("nonce_23", Some(RawReason::NotAnEnvelope)),
        ("box_flipped", Some(RawReason::DoesNotOpen)),
        ("box_short", Some(RawReason::DoesNotOpen)),
    ];
    let thrown = vectors()
        .verify
        .into_iter()
        .filter(|vector| vector.contains_key("error"));
    for (vector, (case, reason)) in thrown.zip(expected) {
        assert_eq!(member(&vector, "name"), case);
        let message: Value = serde_json::from_str(vector["message"].get()).unwrap();
        match (judge(&message.to_string()).content, reason) {
            (Content::Raw { reason, payload }, Some(expected)) => {
                assert_eq!(reason, expected, "{case}");
                assert_eq!(payload.expose_untrusted(), message["payload"].to_string());
            }
            (Content::Text(body), None) => {
                assert_eq!(body.body.expose_untrusted(), "{\"z\":1}");
            }
            (content, _) => panic!("{case}: {content:?}"),
        }
    }
}

/// Signs a message of Alice's in plain text for this recipient, as the reference would have to.
fn signed_plain(to: &str, payload: &Value) -> Value {
    let mut message = json!({
        "to": to, "type": "notification", "topic": "t", "encrypted": false, "payload": payload,
    });
    let signature = signing::sign(&keys("Alice").seed, message.to_string().as_bytes());
    message["signature"] = STANDARD.encode(signature).into();
    message["id"] = "x".into();
    message["from"] = "Alice".into();
    message["to"] = "Bob".into();
    message
}

fn verdict(message: &Value) -> (Provenance, bool) {
    let opened = judge(&message.to_string());
    (opened.provenance, opened.broadcast)
}

#[test]
fn signed_plain_text_is_plain_text_and_tells_whether_it_is_for_everybody() {
    let payload = json!({"b": 1.5, "text": "é\u{2028}", "a": [null, 1e21]});
    assert_eq!(
        verdict(&signed_plain("Bob", &payload)),
        (Provenance::PlainText, false)
    );
    assert_eq!(
        verdict(&signed_plain("broadcast", &payload)),
        (Provenance::PlainText, true)
    );
    assert_eq!(
        verdict(&signed_plain("Carol", &payload)),
        (Provenance::WrongSignature, false)
    );
    let mut unsigned = signed_plain("broadcast", &payload);
    unsigned.as_object_mut().unwrap().shift_remove("signature");
    assert_eq!(verdict(&unsigned), (Provenance::PlainText, false));
}

#[test]
fn what_was_signed_for_somebody_else_proves_nothing_here() {
    let mut message = signed_plain("Carol", &json!("hi"));
    // The relay lets the recipient stand that was signed, and lists it for us.
    message["to"] = "Carol".into();
    assert_eq!(verdict(&message).0, Provenance::WrongSignature);
}

#[test]
fn plain_text_is_signed_as_javascript_writes_it_again() {
    let seed = keys("Alice").seed;
    let text = r#"{"to":"Bob","type":"request","encrypted":false,"payload":{"2":1,"b":100000,"c":"\ud83d"}}"#;
    let signature = STANDARD.encode(signing::sign(&seed, text.as_bytes()));
    // A server that keeps payloads as they came lists them as they came.
    let message = format!(
        r#"{{"from":"Alice","to":"Bob","type":"request","encrypted":false,
            "payload": {{ "b" : 1e5, "\u0063": "\uD83d", "2": 1.0 }}, "signature":"{signature}"}}"#
    );
    assert_eq!(judge(&message).provenance, Provenance::PlainText);
    let other = message.replace("1e5", "1e6");
    assert_eq!(judge(&other).provenance, Provenance::WrongSignature);
}

#[test]
fn a_signature_is_none_where_a_condition_would_not_hold() {
    let mut message: Value = serde_json::from_str(&sealed("{}", 1, true).body).unwrap();
    message["from"] = "Alice".into();
    assert_eq!(verdict(&message).0, Provenance::Verified);
    for none in [json!(null), json!(""), json!(0), json!(false)] {
        message["signature"] = none;
        assert_eq!(verdict(&message).0, Provenance::Unsigned, "{message}");
    }
    for wrong in [json!("x"), json!(1), json!([]), json!({}), json!(true)] {
        message["signature"] = wrong;
        assert_eq!(verdict(&message).0, Provenance::WrongSignature, "{message}");
    }
}

#[test]
fn without_a_key_to_verify_with_a_signature_is_none() {
    let envelope = listed(&sealed("{}", 1, true));
    let peer = PeerKeys {
        signing: None,
        ..keys("Alice").public()
    };
    let opener = channel_box("Bob", "Alice");
    let judged = open(&envelope, &name("Bob"), Some(&opener), Some(&peer));
    assert_eq!(judged.provenance, Provenance::Unsigned);
    assert!(matches!(judged.content, Content::Text(_)));
}

#[test]
fn what_opens_and_is_no_json_is_kept_as_it_came() {
    for plain in ["hello", "", "NaN", "{'a':1}", "\u{feff}{}"] {
        let opened = judge_outgoing(&sealed(plain, 1, true).body);
        assert_eq!(opened.provenance, Provenance::Verified);
        let Content::Raw { reason, .. } = opened.content else {
            panic!("{plain:?} was read");
        };
        assert_eq!(reason, RawReason::NotAMessage);
    }
}

fn judge_outgoing(body: &str) -> Opened {
    judge(&body.replacen('{', "{\"from\":\"Alice\",", 1))
}

#[test]
fn the_same_box_is_the_same_message_under_any_id_and_with_any_signature() {
    let message: Value = {
        let mut message: Value = serde_json::from_str(&sealed("{}", 1, true).body).unwrap();
        message["from"] = "Alice".into();
        message["id"] = "one".into();
        message
    };
    let digest = |message: &Value| {
        Envelope::decode(&message.to_string())
            .unwrap()
            .digest(&SCHEME)
    };
    let first = digest(&message);
    for (member, value) in [
        ("id", json!("two")),
        ("topic", json!("t")),
        ("signature", json!("")),
        ("signature", json!(STANDARD.encode([1; 64]))),
        ("ts", json!("2030-01-01T00:00:00.000Z")),
    ] {
        let mut again = message.clone();
        again[member] = value;
        assert_eq!(digest(&again), first, "{member}");
    }
    // Another JSON text of the same string.
    let payload = message["payload"].as_str().unwrap();
    let escaped = format!("\\u{:04x}{}", payload.as_bytes()[0], payload.split_at(1).1);
    let escaped = message.to_string().replace(payload, &escaped);
    assert!(escaped.contains("\\u00"));
    assert_eq!(Envelope::decode(&escaped).unwrap().digest(&SCHEME), first);
    for (member, value) in [
        ("payload", json!("AAAA")),
        ("nonce", json!("AAAA")),
        ("encrypted", json!(false)),
    ] {
        let mut other = message.clone();
        other[member] = value;
        assert_ne!(digest(&other), first, "{member}");
    }
}

#[test]
fn the_same_words_in_plain_text_are_another_message_under_another_id() {
    let digest = |id: &str, payload: &str| {
        let message = json!({"id": id, "from": "Alice", "encrypted": false, "payload": payload});
        Envelope::decode(&message.to_string())
            .unwrap()
            .digest(&SCHEME)
    };
    assert_eq!(digest("one", "hi"), digest("one", "hi"));
    assert_ne!(digest("one", "hi"), digest("two", "hi"));
    assert_ne!(digest("one", "hi"), digest("one", "ho"));
}

#[test]
fn names_that_differ_in_case_are_different_people() {
    let envelope = listed(&sealed("{}", 1, true));
    let (opener, peer) = (channel_box("Bob", "Alice"), keys("Alice").public());
    let judged = |ours: &AgentName| open(&envelope, ours, Some(&opener), Some(&peer)).provenance;
    assert_eq!(judged(&name("Bob")), Provenance::Verified);
    assert_eq!(judged(&name("bob")), Provenance::WrongSignature);
}
