//! The JSON of the relay's HTTP, against a transcript of the real worker.

use chaperon::wire::mailbox::{
    HandshakeError, KeyError, ListingError, Payload, PostedError, Record, decode_handshake,
    decode_listing, decode_posted, encode_key, handshake_request, message_request,
};
use serde_json::Value;

use super::{public, text};

/// The answers of the real worker with status 200 to this method on a path with this ending.
fn answers(method: &str, ending: &str) -> Vec<String> {
    let file = include_str!("../../fixtures/clawbuddy-http.json");
    let file: Value = serde_json::from_str(file).unwrap();
    let steps = file["steps"].as_array().unwrap().iter();
    let answers = steps.filter(|step| {
        step["method"] == method && text(step, "path").ends_with(ending) && step["status"] == 200
    });
    answers
        .map(|step| text(step, "response_body").to_owned())
        .collect()
}

#[test]
fn listings_of_the_real_worker_are_read() {
    let answers = answers("GET", "/messages");
    assert!(answers.len() > 5);
    let mut records = 0;
    for answer in answers {
        for record in decode_listing(answer.as_bytes()).unwrap() {
            records += 1;
            let seq = record.seq.unwrap();
            assert!(answer.contains(&format!("\"seq\":{seq},")));
            match record.payload {
                Payload::Text(text) => assert!(answer.contains(&format!("\"payload\":\"{text}\""))),
                Payload::Other(json) => assert!(answer.contains(&format!("\"payload\":{json}"))),
            }
        }
    }
    assert_eq!(records, 12);
}

#[test]
fn answers_to_posted_messages_of_the_real_worker_are_read() {
    let answers = answers("POST", "messages");
    assert!(answers.len() > 5);
    for answer in answers {
        let seq = decode_posted(answer.as_bytes()).unwrap();
        assert_eq!(answer, format!("{{\"ok\":true,\"seq\":{seq}}}"));
    }
    assert_eq!(decode_posted(b"{\"ok\":true}"), Err(PostedError));
    assert_eq!(decode_posted(b"<html>"), Err(PostedError));
}

#[test]
fn what_the_real_worker_stores_without_looking_is_no_key() {
    for answer in answers("GET", "/handshake") {
        assert!(decode_handshake(answer.as_bytes()).is_err());
    }
}

#[test]
fn a_handshake_is_read_back() {
    let request = handshake_request(&public("bob"));
    assert_eq!(
        request,
        format!("{{\"public_key\":\"{}\"}}", encode_key(&public("bob")))
    );
    assert_eq!(decode_handshake(request.as_bytes()), Ok(public("bob")));
}

#[test]
fn a_handshake_error_says_what_is_wrong() {
    let decode = |text: &str| decode_handshake(text.as_bytes()).unwrap_err();
    let zero = handshake_request(&chaperon::model::PublicKey([0; 32]));
    assert_eq!(decode("{}"), HandshakeError::NoKey);
    assert_eq!(decode("[]"), HandshakeError::NoKey);
    assert_eq!(decode(r#"{"public_key":1}"#), HandshakeError::NoKey);
    assert_eq!(
        decode(r#"{"public_key":"AAA"}"#),
        HandshakeError::Key(KeyError::NotBase64)
    );
    assert_eq!(
        decode(r#"{"public_key":"AAAA"}"#),
        HandshakeError::Key(KeyError::Length(3))
    );
    assert_eq!(decode(&zero), HandshakeError::LowOrder);
}

#[test]
fn extra_members_of_a_handshake_change_nothing() {
    let key = encode_key(&public("bob"));
    let answer = format!("{{\"x\":[1,{{}}],\"public_key\":\"{key}\",\"z\":null}}");
    assert_eq!(decode_handshake(answer.as_bytes()), Ok(public("bob")));
}

#[test]
fn a_message_is_posted_compact() {
    assert_eq!(message_request("AA/+="), "{\"payload\":\"AA/+=\"}");
    assert_eq!(message_request("\"\\"), "{\"payload\":\"\\\"\\\\\"}");
}

#[test]
fn one_bad_record_spoils_no_other() {
    let listing = r#"[5, {"seq":1,"payload":"a"}, {"seq":"2","payload":"b"}, {"seq":3},
        {"seq":4,"payload":null}, {"seq":5,"seq":6,"payload":"c"}, {"seq":7e0,"payload":"d"},
        {"seq":8,"payload":"\ud83d"}, {"payload":[1, 2]}, [], {"seq":99999999999999999999,"payload":"e"}]"#;
    let text = |payload: &str| Payload::Text(payload.to_owned());
    let other = |payload: &str| Payload::Other(payload.to_owned());
    let expected = [
        (None, other("5")),
        (Some(1), text("a")),
        (None, text("b")),
        (Some(3), other(r#"{"seq":3}"#)),
        (Some(4), other(r#"{"seq":4,"payload":null}"#)),
        (None, other(r#"{"seq":5,"seq":6,"payload":"c"}"#)),
        (None, text("d")),
        (Some(8), other(r#""\ud83d""#)),
        (None, other("[1, 2]")),
        (None, other("[]")),
        (None, text("e")),
    ];
    let expected = expected.map(|(seq, payload)| Record { seq, payload });
    assert_eq!(decode_listing(listing.as_bytes()).unwrap(), expected);
}

#[test]
fn bytes_that_are_no_text_stay_in_their_record() {
    let mut listing = b"[{\"seq\":1,\"payload\":\"\xff\"},{\"seq\":2,\"payload\":\"ok\"}]".to_vec();
    let records = decode_listing(&listing).unwrap();
    assert_eq!(records[1].payload, Payload::Text("ok".to_owned()));
    listing.pop();
    assert_eq!(decode_listing(&listing), Err(ListingError));
}

#[test]
fn deep_nesting_in_one_record_is_carried_and_not_followed() {
    let deep = format!(
        "[{{\"seq\":1,\"payload\":{}{}}}]",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let records = decode_listing(deep.as_bytes()).unwrap();
    assert_eq!(records.len(), 1);
}

#[test]
fn what_is_no_array_is_an_error() {
    for answer in [
        "",
        "{}",
        "null",
        "[",
        "[1,]",
        "[] x",
        "{\"error\":\"not found\"}",
    ] {
        assert_eq!(
            decode_listing(answer.as_bytes()),
            Err(ListingError),
            "{answer}"
        );
    }
}

#[test]
fn debug_output_of_a_payload_tells_only_its_length() {
    assert_eq!(
        format!("{:?}", Payload::Text("secret".to_owned())),
        "Text(6 bytes)"
    );
}
