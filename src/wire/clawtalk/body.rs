//! Payloads and what a person reads in them.
//!
//! Agents of the reference send each other any JSON. Ours send an object with `text`, perhaps
//! `subject`, and what else belongs to the message (`recipients` among it).

use crate::model::{Body, PeerText};
use crate::wire::js_json::{self, Integers, quoted, write_text, write_value};
use crate::wire::loose_json::Loose;

/// The member that holds the text.
const TEXT: &str = "text";
/// The member that holds the subject line.
const SUBJECT: &str = "subject";

/// Writes a payload: `text`, then `subject` where there is one, then the members of the metadata.
///
/// Metadata that is no JSON object is left out. So are members of it that are called `text` or
/// `subject`: their places are taken.
pub fn encode_payload(body: &Body) -> String {
    let mut out = String::from("{\"text\":");
    out.push_str(&quoted(body.body.expose_untrusted()));
    if !body.subject.is_empty() {
        out.push_str(",\"subject\":");
        out.push_str(&quoted(body.subject.expose_untrusted()));
    }
    if let Some(Loose::Object(members)) = js_json::parse(body.metadata.expose_untrusted()) {
        for (name, value) in members {
            if name.is(TEXT) || name.is(SUBJECT) {
                continue;
            }
            out.push(',');
            write_text(&mut out, &name);
            out.push(':');
            write_value(&mut out, &value, Integers::AsTheyCame);
        }
    }
    out.push('}');
    out
}

/// Reads a payload; `None` where it is not JSON.
///
/// An object with a string `text` is that text, a string `subject` its subject, and all other
/// members its metadata. A string is a text. Anything else is shown as the JSON that it is, word
/// for word. Halves of surrogate pairs become U+FFFD.
pub fn decode_payload(json: &str) -> Option<Body> {
    if !js_json::is_json(json) {
        return None;
    }
    Some(match Loose::parse(json) {
        Ok(Loose::Text(text)) => Body::new("", text),
        Ok(Loose::Object(members)) => of_object(members).unwrap_or_else(|| Body::new("", json)),
        _ => Body::new("", json),
    })
}

fn of_object(members: Vec<(String, Loose<'_>)>) -> Option<Body> {
    let mut body = None;
    let mut subject = String::new();
    let mut rest = Vec::with_capacity(members.len());
    for (name, value) in members {
        match (&*name, value) {
            (TEXT, Loose::Text(text)) => body = Some(text),
            (SUBJECT, Loose::Text(text)) => subject = text,
            (_, value) => rest.push((name, value)),
        }
    }
    let mut metadata = String::new();
    Loose::Object(rest).write(&mut metadata);
    Some(Body {
        metadata: PeerText::new(metadata),
        ..Body::new(subject, body?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(json: &str) -> (String, String, String) {
        let body = decode_payload(json).unwrap();
        let part = |text: &PeerText| text.expose_untrusted().to_owned();
        (part(&body.body), part(&body.subject), part(&body.metadata))
    }

    #[test]
    fn a_payload_is_read_as_what_a_person_would_call_its_text() {
        for (json, text, subject, metadata) in [
            (r#"{"text":"hi"}"#, "hi", "", "{}"),
            (
                r#"{"code":42,"text":"hi","subject":"s"}"#,
                "hi",
                "s",
                r#"{"code": 42}"#,
            ),
            (
                r#"{"text":"hi","subject":5}"#,
                "hi",
                "",
                r#"{"subject": 5}"#,
            ),
            (r#"{"text":"a","text":"b"}"#, "b", "", "{}"),
            (r#""just a string""#, "just a string", "", "{}"),
            (r#""\ud83d""#, "\u{fffd}", "", "{}"),
            (r#"{"a":1}"#, r#"{"a":1}"#, "", "{}"),
            (
                r#"{"text":5,"subject":"s"}"#,
                r#"{"text":5,"subject":"s"}"#,
                "",
                "{}",
            ),
            (r#"[1, "2"]"#, r#"[1, "2"]"#, "", "{}"),
            ("null", "null", "", "{}"),
            ("12345678901234567890", "12345678901234567890", "", "{}"),
        ] {
            let expected = (text.to_owned(), subject.to_owned(), metadata.to_owned());
            assert_eq!(parts(json), expected, "{json}");
        }
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert_eq!(parts(&deep).0, deep);
        for not_json in ["", "hello", "NaN", "{'text':1}", "\u{feff}1"] {
            assert_eq!(decode_payload(not_json), None);
        }
    }

    #[test]
    fn a_payload_is_written_short_and_loses_no_digit() {
        assert_eq!(
            encode_payload(&Body::new("", "é\u{1}")),
            "{\"text\":\"é\\u0001\"}"
        );
        let body = Body {
            metadata: PeerText::new(
                r#"{"text": 1, "recipients": ["Bob", "Eve"], "n": 12345678901234567890, "f": 1.50}"#,
            ),
            ..Body::new("s", "t")
        };
        assert_eq!(
            encode_payload(&body),
            r#"{"text":"t","subject":"s","recipients":["Bob","Eve"],"n":12345678901234567890,"f":1.5}"#
        );
        let body = Body {
            metadata: PeerText::new("[1]"),
            ..Body::new("", "")
        };
        assert_eq!(encode_payload(&body), r#"{"text":""}"#);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text: String, subject: String, extra: String, n: i64) {
            prop_assume!(extra != "text" && extra != "subject");
            let metadata = format!("{{{}: {n}}}", crate::wire::python_json::to_string(&extra.into()));
            let body = Body { metadata: PeerText::new(metadata), ..Body::new(subject, text) };
            prop_assert_eq!(decode_payload(&encode_payload(&body)), Some(body));
        }

        #[test]
        fn any_text_is_answered(text: String) {
            drop(decode_payload(&text));
        }
    }
}
