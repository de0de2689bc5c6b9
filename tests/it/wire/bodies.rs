//! The plaintext inside envelopes.

use chaperon::crypto::ChannelBox;
use chaperon::model::{Body, PeerText};
use chaperon::wire::mailbox::{BodyError, decode_body, decode_payload, encode_body};
use chaperon::wire::python_json;
use serde_json::Value;

use super::{bytes, list, public, secret, text};

/// Where what we read or write differs from the reference, and why.
///
/// Text is Unicode in this program, so half a surrogate pair becomes U+FFFD. And what we hand
/// on is JSON, so a number that JSON cannot say becomes `null` in metadata; the reference
/// prints `NaN`, which no JSON reader but Python's takes.
const REWRITTEN: &[(&str, &str)] = &[
    (
        "lone_surrogate",
        r#"{"unsafe_subject": "\ufffd", "unsafe_body": "\ufffd tail", "unsafe_metadata": {}}"#,
    ),
    (
        "metadata_nonfinite",
        r#"{"unsafe_subject": "m", "unsafe_body": "b", "unsafe_metadata": {"nan": null, "inf": null, "ninf": null}}"#,
    ),
];

/// Fields whose JSON in the vectors is no JSON, and what we make of them.
const NOT_JSON: &[(&str, [&str; 3])] = &[
    ("nan", ["-Infinity", "NaN", "{}"]),
    ("lone_surrogate_escape", ["", "\u{fffd}", "{}"]),
];

fn fields(body: &Body) -> [&str; 3] {
    [&body.subject, &body.body, &body.metadata].map(PeerText::expose_untrusted)
}

#[test]
fn bodies_of_the_reference_are_written_back_byte_for_byte() {
    for message in list("messages") {
        let plain = text(&message, "plaintext_text");
        let name = text(&message, "name");
        let rewritten = REWRITTEN.iter().find(|(known, _)| *known == name);
        let expected = rewritten.map_or(plain, |(_, expected)| *expected);
        let written = encode_body(&decode_body(plain.as_bytes()).unwrap());
        assert_eq!(String::from_utf8(written).unwrap(), expected, "{name}");
    }
}

/// What a field of the reference's output is here: strings as they are, the rest as JSON.
fn expected_field(fields: &Value, name: &str) -> String {
    let field = &fields[name];
    let text = field.as_str().filter(|_| name != "unsafe_metadata");
    text.map_or_else(|| python_json::to_string(field), str::to_owned)
}

#[test]
fn plaintexts_are_read_exactly_where_the_reference_reads_them() {
    let ours = ChannelBox::new(&secret("alice"), &public("bob")).unwrap();
    for check in list("plaintext_decoding") {
        let name = text(&check, "name");
        let Some(payload) = check["payload_b64"].as_str() else {
            assert_eq!(name, "deep_nesting_100k");
            continue;
        };
        let plain = ours.open(&decode_payload(payload).unwrap()).unwrap();
        assert_eq!(plain, bytes(text(&check, "plaintext_hex")), "{name}");

        let decoded = decode_body(&plain);

        assert_eq!(decoded.is_ok(), check["verdict"] == "accepted", "{name}");
        let Ok(body) = decoded else { continue };
        if let Some((_, expected)) = NOT_JSON.iter().find(|(known, _)| *known == name) {
            assert_eq!(fields(&body), *expected, "{name}");
            continue;
        }
        let expected: Value = serde_json::from_str(text(&check, "fields_json")).unwrap();
        let expected = ["unsafe_subject", "unsafe_body", "unsafe_metadata"]
            .map(|field| expected_field(&expected, field));
        assert_eq!(
            fields(&body),
            expected.each_ref().map(String::as_str),
            "{name}"
        );
    }
}

#[test]
fn a_hundred_thousand_brackets_are_refused_and_not_followed() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        decode_body(format!("{{\"unsafe_metadata\": {open}{close}}}").as_bytes())
    };
    assert_eq!(nested(100_000), Err(BodyError::TooDeep));
    assert_eq!(nested(64), Err(BodyError::TooDeep));
    assert!(nested(63).is_ok());
}

#[test]
fn a_body_of_four_mebibytes_is_read_and_a_longer_one_is_not() {
    let plain = |length: usize| encode_body(&Body::new("", "x".repeat(length)));
    let around = plain(0).len();
    assert!(decode_body(&plain((4 << 20) - around)).is_ok());
    let longer = decode_body(&plain((4 << 20) - around + 1));
    assert_eq!(longer, Err(BodyError::TooLong((4 << 20) + 1)));
}

#[test]
fn metadata_that_is_no_object_is_never_sent() {
    for metadata in ["", "[1]", "\"x\"", "{", "null"] {
        let mut body = Body::new("s", "b");
        body.metadata = PeerText::new(metadata);
        let written = String::from_utf8(encode_body(&body)).unwrap();
        assert!(written.ends_with("\"unsafe_metadata\": {}}"), "{written}");
    }
}

#[test]
fn a_body_error_says_where_it_stops_being_json() {
    let at = |plain: &str| decode_body(plain.as_bytes()).unwrap_err();
    assert_eq!(at("{\"a\": 01}"), BodyError::NotJson { at: 7 });
    assert_eq!(at("{} x"), BodyError::NotJson { at: 3 });
    assert_eq!(at("{\"a\": \"\u{1}\"}"), BodyError::NotJson { at: 7 });
    assert_eq!(at("{\"a\": 1.}"), BodyError::NotJson { at: 7 });
    assert_eq!(at("{\"a\": \"\\u12g4\"}"), BodyError::NotJson { at: 8 });
    assert_eq!(at("{\"a\" 1}"), BodyError::NotJson { at: 5 });
    assert_eq!(at("{\"a\": 1,}"), BodyError::NotJson { at: 8 });
    assert_eq!(at("[1]"), BodyError::NotAnObject);
    assert_eq!(decode_body(b"\xff{}"), Err(BodyError::NotText));
    assert_eq!(decode_body(b"\xfe\xff\0"), Err(BodyError::NotText));
}

fn utf16(c: char, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    c.encode_utf16(&mut [0; 2])
        .iter()
        .flat_map(|unit| bytes(*unit))
        .collect()
}

#[test]
fn every_unicode_encoding_form_is_read() {
    let plain = r#"{"unsafe_body": "é🦀"}"#;
    let wide = |unit: fn(char) -> Vec<u8>| plain.chars().flat_map(unit).collect::<Vec<u8>>();
    let forms = [
        plain.as_bytes().to_vec(),
        wide(|c| utf16(c, u16::to_le_bytes)),
        wide(|c| utf16(c, u16::to_be_bytes)),
        wide(|c| u32::from(c).to_le_bytes().to_vec()),
        wide(|c| u32::from(c).to_be_bytes().to_vec()),
    ];
    let marks: [&[u8]; 5] = [
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xff\xfe\0\0",
        b"\0\0\xfe\xff",
    ];
    for (form, mark) in forms.iter().zip(marks) {
        assert_eq!(decode_body(form), Ok(Body::new("", "é🦀")));
        assert_eq!(
            decode_body(&[mark, form].concat()),
            Ok(Body::new("", "é🦀"))
        );
    }
}
