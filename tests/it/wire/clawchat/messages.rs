//! Frames, CBOR and messages.

use chaperon::crypto::sha256;
use chaperon::model::{Digest, PeerText};
use chaperon::wire::clawchat::cbor::{self, CborError, Value as Cbor};
use chaperon::wire::clawchat::{Attestation, Chat, LONGEST_FRAME, Message, Px, Unframer, frame};
use serde_json::Value;

use super::{bytes, list, node_key, text, wallet};

#[test]
fn messages_are_written_and_read_the_same() {
    for vector in list("frames") {
        let name = text(&vector, "name");
        let encoded = bytes(text(&vector, "cbor_hex"));
        assert_eq!(super::cbor(&vector["message"]).encode(), encoded, "{name}");
        assert_eq!(frame(&encoded).unwrap(), bytes(text(&vector, "framed_hex")));
        let message = Message::decode(&encoded).unwrap();
        assert!(!matches!(message, Message::Other(_)), "{name}");
        assert_eq!(message.encode(), encoded, "{name}");
    }
}

#[test]
fn chats_are_written_and_read_the_same() {
    for vector in list("chat_payloads") {
        let encoded = bytes(text(&vector, "cbor_hex"));
        let chat = Chat::decode(&encoded).unwrap();
        assert_eq!(chat.encode(), encoded);
        assert_eq!(chat.from, text(&vector["chat"], "from"));
        assert_eq!(
            chat.content,
            PeerText::new(text(&vector["chat"], "content"))
        );
    }
    for vector in list("frames") {
        let encoded = bytes(text(&vector, "cbor_hex"));
        if let Ok(Message::StreamData(data)) = Message::decode(&encoded) {
            let data = data.as_bytes().unwrap();
            assert_eq!(Chat::decode(data).unwrap().encode(), data);
        }
    }
}

#[test]
fn the_peer_exchange_is_written_and_read_the_same() {
    for vector in list("px1") {
        let name = text(&vector, "name");
        let encoded = bytes(text(&vector, "cbor_hex"));
        assert_eq!(super::cbor(&vector["message"]).encode(), encoded, "{name}");
        assert_eq!(frame(&encoded).unwrap(), bytes(text(&vector, "framed_hex")));
        assert_eq!(Px::decode(&encoded).unwrap().encode(), encoded, "{name}");
    }
}

#[test]
fn frames_are_cut_the_same() {
    for vector in list("framing_decode") {
        let (label, result) = (text(&vector, "label"), &vector["result"]);
        let mut frames = Unframer::new(LONGEST_FRAME);
        frames.push(&bytes(text(&vector, "input_hex")));
        let next = frames.next_frame();
        if result["need_more"] == true {
            assert_eq!(next, Ok(None), "{label}");
        } else if result.get("error").is_some() {
            assert!(next.is_err(), "{label}");
        } else {
            assert_eq!(next, Ok(Some(bytes(text(result, "data_hex")))), "{label}");
            let rest = bytes(text(result, "remaining_hex"));
            assert_eq!(frames.waiting(), rest.len(), "{label}");
        }
    }
}

/// What the real decoder takes, and we do not.
const NOT_READ: [(&str, &str); 2] = [
    // It repairs such text, so that two readers of one frame see different words.
    ("invalid utf8 text", "a1647479706562fffe"),
    // Nothing that anybody sends. The vector gives only the beginning of it.
    ("nested 2000 arrays", ""),
];

#[test]
fn cbor_is_read_the_same() {
    for vector in list("cbor_decode") {
        let (label, result) = (text(&vector, "label"), &vector["result"]);
        if let Some((_, hex)) = NOT_READ.iter().find(|(name, _)| *name == label) {
            assert!(cbor::decode(&bytes(hex)).is_err(), "{label}");
            assert!(result.get("error").is_none(), "{label}");
            continue;
        }
        let input = bytes(text(&vector, "input_hex"));
        let read = cbor::decode(&input);
        if result.get("error").is_some() {
            assert!(read.is_err(), "{label}");
        } else {
            assert!(says(&read.unwrap(), &result["value"]), "{label}");
        }
    }
    let deep = [vec![0x81; 2000], vec![3]].concat();
    assert_eq!(cbor::decode(&deep), Err(CborError::TooDeep));
}

/// Tells whether a value says what the vector says: to its program all numbers are floats, and
/// the last of equal keys counts.
fn says(read: &Cbor<'_>, json: &Value) -> bool {
    match (read, super::cbor(json)) {
        (Cbor::Map(entries), Cbor::Map(expected)) => {
            let known = |name: &str| expected.iter().any(|(key, _)| key == name);
            entries.iter().all(|(name, _)| known(name))
                && json.as_object().is_some_and(|members| {
                    let says = |name: &String, json| read.get(name).is_some_and(|v| says(v, json));
                    members.iter().all(|(name, json)| says(name, json))
                })
        }
        (Cbor::Float(float), Cbor::Float(other)) => {
            float.is_nan() == other.is_nan() && (float.is_nan() || (float - other).abs() == 0.0)
        }
        (read, expected) => *read == expected || read.as_uint() == expected.as_uint(),
    }
}

#[test]
fn cbor_is_written_the_same() {
    for vector in list("cbor_encode_habits") {
        let encoded = bytes(text(&vector, "cbor_hex"));
        let value = cbor::decode(&encoded).unwrap();
        assert_eq!(value.encode(), encoded, "{}", text(&vector, "label"));
    }
}

fn number(vector: &Value, member: &str) -> u64 {
    vector[member].as_u64().unwrap()
}

#[test]
fn what_an_attestation_signs_is_the_same() {
    for vector in list("attestations") {
        let json = super::cbor(&vector["attestation"]);
        let attestation = Attestation::from_value(&json).unwrap();
        let payload = attestation.payload();
        assert_eq!(payload, bytes(text(&vector, "payload_cbor_hex")));
        let Digest(digest) = sha256(&payload);
        assert_eq!(digest[..], bytes(text(&vector, "payload_sha256_hex")));
        let signature = wallet(text(&vector, "wallet")).sign(&digest);
        assert_eq!(signature[..], bytes(text(&vector, "signature_rsv_hex")));
        assert_eq!(attestation.signature, signature);
        assert_eq!(attestation.node_key, node_key(text(&vector, "node_key")));
        // It is written with lists of numbers, and read in both forms.
        let written = attestation.to_value();
        assert_eq!(written.get("nonce").and_then(Cbor::as_bytes), None);
        assert_eq!(Attestation::from_value(&written), Some(attestation));
    }
    for vector in list("attestation_payload_width") {
        let encoded = bytes(text(&vector, "cbor_hex"));
        let payload = cbor::decode(&encoded).unwrap();
        let attestation = Attestation {
            principal: payload.get("p").unwrap().as_text().unwrap().to_owned(),
            node_key: bytes(payload.get("npk").unwrap().as_text().unwrap())
                .try_into()
                .unwrap(),
            issued_at: number(&vector, "ts"),
            expires_at: number(&vector, "exp"),
            nonce: bytes(text(&vector, "nonce_hex")),
            signature: [0; 65],
        };
        assert_eq!(attestation.payload(), encoded);
    }
}
