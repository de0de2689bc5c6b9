//! Lists from a relay: what is broken in them spoils nothing else.

use chaperon::model::{MessageKind, PeerText, UnixMillis};
use chaperon::wire::clawtalk::{AgentName, InviteCode};
use chaperon::wire::clawtalk::{
    EnvelopeError, ErrorCode, Found, JsText, KeyError, LONGEST_ENVELOPE, ListingError, NameError,
    PeerKeys, decode_directory, decode_error, decode_health, decode_page, decode_posted,
    decode_registered, encode_time, find, keys_request, register_request,
};
use serde_json::Value;

use super::{keys, name};

#[test]
fn a_page_is_read_whatever_stands_in_it() {
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let long = "x".repeat(LONGEST_ENVELOPE);
    let page = format!(
        r#"{{"cursor":5,"messages":[
            {{"id":"a","from":"Alice","type":"request","topic":"T1","correlationId":"c",
              "replyTo":"r","encrypted":false,"payload":{{"t":"é"}},
              "ts":"2026-01-01T00:00:00.000Z","to":"Bob"}},
            5, null, {deep},
            {{"id":"b","ts":"2026-01-01T00:00:00.001Z","payload":1}},
            {{"id":"c","from":"a b","payload":1}},
            {{"id":"d","from":"Alice"}},
            {{"id":"e","from":"Alice","payload":{deep},"encrypted":true,"nonce":{deep},"signature":{deep}}},
            {{"id":"../f","from":"Alice","type":"banana","topic":null,"correlationId":7,"payload":null}},
            {{"id":"g","from":"Alice","payload":"{long}"}},
            {{"id":"h","from":"Alice","payload":"\ud83d","topic":"\ud83d"}}
        ]}}"#
    );
    let list = decode_page(page.as_bytes()).unwrap();
    let outline: Vec<_> = list
        .iter()
        .map(|element| match element {
            Ok(envelope) => (envelope.id.as_ref().map_or("-", |id| id.as_str()), None),
            Err(broken) => (
                broken.id.as_ref().map_or("-", |id| id.as_str()),
                Some(broken.why),
            ),
        })
        .collect();
    assert_eq!(
        outline,
        [
            ("a", None),
            ("-", Some(EnvelopeError::NotAnObject)),
            ("-", Some(EnvelopeError::NotAnObject)),
            ("-", Some(EnvelopeError::NotAnObject)),
            ("b", Some(EnvelopeError::From)),
            ("c", Some(EnvelopeError::From)),
            ("d", Some(EnvelopeError::NoPayload)),
            ("e", None),
            ("-", None),
            ("-", Some(EnvelopeError::TooLong)),
            ("h", None),
        ]
    );
    let first = list[0].as_ref().unwrap();
    assert_eq!(first.from, name("Alice"));
    assert_eq!(first.kind, Some(MessageKind::Request));
    assert_eq!(first.topic, Some(JsText::from("T1")));
    assert_eq!(first.correlation, Some(JsText::from("c")));
    assert_eq!(first.reply_to, Some(JsText::from("r")));
    assert_eq!(first.at, Some(UnixMillis(1_767_225_600_000)));
    assert!(!first.is_sealed());
    let odd = list[8].as_ref().unwrap();
    assert_eq!((odd.kind, &odd.topic, odd.at), (None, &None, None));
    assert_eq!(odd.correlation, Some(JsText::from("7")));
    let broken = list[4].as_ref().unwrap_err();
    assert_eq!(broken.at, Some(UnixMillis(1_767_225_600_001)));
    assert!(broken.text.expose_untrusted().starts_with("{\"id\":\"b\""));
    let half = list[10].as_ref().unwrap();
    assert_eq!(half.topic.as_ref().unwrap().to_json(), "\"\\ud83d\"");
}

#[test]
fn what_is_no_list_is_refused() {
    for bytes in [
        &b""[..],
        b"[]",
        b"{}",
        b"{\"messages\":5}",
        b"null",
        b"{\"messages\":[",
    ] {
        assert_eq!(decode_page(bytes), Err(ListingError));
    }
    for bytes in [&b""[..], b"{}", b"{\"agents\":[]}", b"null", b"["] {
        assert_eq!(decode_directory(bytes), Err(ListingError));
    }
    assert_eq!(decode_page(b"{\"messages\":[]}"), Ok(Vec::new()));
    assert_eq!(decode_directory(b"[]"), Ok(Vec::new()));
}

#[test]
fn a_directory_is_read_whatever_stands_in_it() {
    let alice = keys("Alice").public();
    let (key, signing) = (alice.to_string(), alice.signing);
    let (key, signing_text) = key.split_once('.').unwrap();
    let list = format!(
        r#"[{{"name":"Alice","capabilities":["chat","\u001b[31m"],"publicKey":"{key}","signingKey":"{signing_text}",
             "online":true,"lastSeen":"2026-01-01T00:00:00.000Z"}},
            {{"name":"Bob","publicKey":"PK","signingKey":"SK","online":true,"lastSeen":"soon"}},
            {{"name":"New","publicKey":"","signingKey":"","online":"yes"}},
            {{"name":"Half","publicKey":"{key}","signingKey":"","capabilities":"all"}},
            {{"name":"Null","publicKey":null,"signingKey":null}},
            {{"name":"Odd","publicKey":{{"a":1}},"signingKey":7}},
            {{"name":"Torn","publicKey":"{key}","signingKey":"SK"}},
            {{"name":"a/b","publicKey":"{key}","signingKey":""}},
            {{"name":"broadcast"}},
            {{"name":5}}, {{}}, 7, null, "x"]"#
    );
    let list = decode_directory(list.as_bytes()).unwrap();
    let keys: Vec<_> = list
        .iter()
        .filter_map(|entry| entry.as_ref().ok())
        .map(|entry| (entry.name.as_str(), entry.keys))
        .collect();
    let half = PeerKeys {
        signing: None,
        ..alice
    };
    assert_eq!(
        keys,
        [
            ("Alice", Ok(PeerKeys { signing, ..alice })),
            ("Bob", Err(KeyError::NotBase64)),
            ("New", Err(KeyError::Missing)),
            ("Half", Ok(half)),
            ("Null", Err(KeyError::Missing)),
            ("Odd", Err(KeyError::NotBase64)),
            ("Torn", Err(KeyError::NotBase64)),
        ]
    );
    let broken: Vec<_> = list
        .iter()
        .filter_map(|entry| entry.as_ref().err())
        .map(|entry| entry.why)
        .collect();
    let unnamed = [None; 5];
    assert_eq!(
        broken,
        [
            &[Some(NameError::Unusable), Some(NameError::Everybody)][..],
            &unnamed
        ]
        .concat()
    );
    let first = list[0].as_ref().unwrap();
    assert!(first.online);
    assert_eq!(first.last_seen, Some(UnixMillis(1_767_225_600_000)));
    let expected = ["chat", "\u{1b}[31m"].map(PeerText::new);
    assert_eq!(first.capabilities, expected);
    let new = list[2].as_ref().unwrap();
    assert!(!new.online && new.last_seen.is_none() && new.capabilities.is_empty());
}

#[test]
fn somebody_is_looked_for_as_the_relay_looks_for_a_recipient() {
    let list = decode_directory(br#"[{"name":"bob"},{"name":"Bob"},{"name":"Eve"}]"#).unwrap();
    let entries: Vec<_> = list.into_iter().map(Result::unwrap).collect();
    let found = |name| match find(&entries, name) {
        Found::Exact(entry) => format!("exact {}", entry.name.as_str()),
        Found::OtherCase(entry) => format!("near {}", entry.name.as_str()),
        Found::Nobody => String::from("nobody"),
    };
    assert_eq!(found("Bob"), "exact Bob");
    assert_eq!(found("BOB"), "near bob");
    assert_eq!(found("eve"), "near Eve");
    assert_eq!(found("Zoe"), "nobody");
}

#[test]
fn the_answers_of_the_transcript_are_read() {
    let transcript = include_str!("../../../fixtures/clawtalk-http.json");
    let transcript: Value = serde_json::from_str(transcript).unwrap();
    let steps = transcript["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 69);
    let fill = |text: &str| {
        let key = format!("ct_{}", "k".repeat(43));
        let text = text
            .replace("<ts>", "2026-01-01T00:00:00.000Z")
            .replace("<uuid4>", "u-4");
        let text = text.replace("{id1}", "id-1").replace("{id2}", "id-2");
        let names = ["Alice", "Bob", "Carol", "Dora"];
        names.iter().fold(text, |text, name| {
            text.replace(&format!("{{key:{name}}}"), &key)
        })
    };
    let mut counts = [0; 6];
    for step in steps {
        let (method, path) = (super::text(step, "method"), super::text(step, "path"));
        let body = fill(step["response_body"].as_str().unwrap_or_default());
        let body = body.as_bytes();
        let status = step["status"].as_u64().unwrap();
        let place = path.split('?').next().unwrap();
        match (method, place, status) {
            (_, _, 400..) => {
                let (code, words) = decode_error(body);
                let expected = match status {
                    400 => ErrorCode::BadRequest,
                    401 => ErrorCode::Unauthorized,
                    403 => ErrorCode::Forbidden,
                    404 => ErrorCode::NotFound,
                    409 => ErrorCode::Conflict,
                    _ => ErrorCode::InternalError,
                };
                assert_eq!(code, expected);
                assert!(!words.is_empty());
                counts[0] += 1;
            }
            ("GET", "/messages", _) => {
                assert!(decode_page(body).unwrap().iter().all(Result::is_ok));
                counts[1] += 1;
            }
            ("GET", "/agents", _) => {
                assert_eq!(decode_directory(body).unwrap().len(), 3);
                counts[2] += 1;
            }
            ("POST", "/messages", _) => {
                let posted = decode_posted(body).unwrap();
                assert!(posted.id.is_some() && posted.at.is_some());
                counts[3] += 1;
            }
            ("POST", "/register", _) => {
                assert_eq!(decode_registered(body).unwrap().0, name("Dora"));
                counts[4] += 1;
            }
            ("GET", "/health", _) => {
                assert!(decode_health(body).unwrap().is_some());
                counts[5] += 1;
            }
            _ => {}
        }
    }
    assert_eq!(counts, [38, 11, 1, 4, 1, 2]);
}

#[test]
fn requests_are_what_the_relay_reads() {
    let invite = InviteCode::parse("AbC-_1").unwrap();
    let dora = AgentName::registrable("Dora").unwrap();
    assert_eq!(
        register_request(&invite, &dora, None),
        r#"{"invite":"AbC-_1","name":"Dora"}"#
    );
    assert_eq!(
        register_request(&invite, &dora, Some("é\"")),
        r#"{"invite":"AbC-_1","name":"Dora","owner":"é\""}"#
    );
    let bob = keys("Bob").public();
    let body: Value = serde_json::from_str(&keys_request(&bob)).unwrap();
    let read = PeerKeys::from_texts(
        super::text(&body, "publicKey"),
        super::text(&body, "signingKey"),
    );
    assert_eq!(read, Ok(bob));
    assert_eq!(
        encode_time(UnixMillis(1_767_225_600_007)),
        "2026-01-01T00:00:00.007Z"
    );
}

#[test]
fn an_answer_of_another_kind_of_server_is_no_health_of_this_one() {
    assert_eq!(
        decode_health(br#"{"status":"ok","ts":"x","agents":3}"#),
        Some(Some(3))
    );
    let degraded = br#"{"status":"degraded","agents":"unavailable (KV error)"}"#;
    assert_eq!(decode_health(degraded), Some(None));
    for other in [
        &b"ok"[..],
        b"{\"status\":\"ok\"}",
        b"{}",
        b"{\"status\":\"up\",\"agents\":1}",
    ] {
        assert_eq!(decode_health(other), None);
    }
    assert_eq!(decode_error(b"<html>").0, ErrorCode::Other);
}
