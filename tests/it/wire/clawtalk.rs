//! The wire of `ClawTalk`, against what the client of the reference does.

mod lists;
mod oracle;
mod properties;
mod verdicts;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chaperon::crypto::{ChannelBox, SecretKey, sha256, signing};
use chaperon::model::{MessageKind, Provenance, PublicKey, UnixMillis};
use chaperon::net::clawtalk::SCHEME;
use chaperon::net::clawtalk::seal::{open, public_keys, seal};
use chaperon::wire::clawtalk::{
    AgentName, Audit, Direction, Draft, Envelope, EnvelopeId, JsText, KeyError, KeyFile,
    KeyFileError, Outgoing, PeerKeys, decode_key, encode_key,
};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{bytes, text};

/// A vector, its members as JSON text: some hold halves of surrogate pairs.
type Vector = BTreeMap<String, Box<RawValue>>;

/// Known answers made with the client of the reference.
#[derive(Deserialize)]
struct Vectors {
    keys: BTreeMap<String, Value>,
    sends: Vec<Vector>,
    verify: Vec<Vector>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../fixtures/clawtalk.json")).unwrap()
}

/// The member of a vector that has to be a string.
fn member(vector: &Vector, name: &str) -> String {
    serde_json::from_str(vector[name].get()).unwrap()
}

/// An option with which a vector was sent.
fn option(vector: &Vector, name: &str) -> Option<JsText> {
    let options: Option<Vector> = serde_json::from_str(vector["opts"].get()).unwrap();
    JsText::from_json(options?.get(name)?.get())
}

/// The keys of one of the agents in the vectors.
struct Keys {
    secret: SecretKey,
    seed: SecretKey,
}

fn keys(agent: &str) -> Keys {
    let derive = |use_of: &str| {
        let text = format!("clawtalk-vector/{use_of}/{agent}");
        SecretKey::from_bytes(sha256(text.as_bytes()).0)
    };
    Keys {
        secret: derive("box"),
        seed: derive("sign"),
    }
}

impl Keys {
    fn public(&self) -> PeerKeys {
        public_keys(&self.secret, Some(&self.seed))
    }
}

fn name(text: &str) -> AgentName {
    AgentName::parse(text).unwrap()
}

fn channel_box(ours: &str, theirs: &str) -> ChannelBox {
    ChannelBox::new(&keys(ours).secret, &keys(theirs).public().key).unwrap()
}

/// What a vector was sent as.
fn draft(vector: &Vector) -> Draft {
    let kind = option(vector, "type").map_or(MessageKind::Request, |word| {
        MessageKind::parse(&word.to_text()).unwrap()
    });
    Draft {
        to: name(&member(vector, "to")),
        kind,
        topic: option(vector, "topic"),
        correlation: option(vector, "correlationId"),
        reply_to: None,
    }
}

fn send(vector: &Vector) -> Outgoing {
    let nonce: [u8; 24] = bytes(&member(vector, "nonce_hex")).try_into().unwrap();
    let (from, to) = (member(vector, "from"), member(vector, "to"));
    seal(
        &draft(vector),
        &member(vector, "payload_plaintext"),
        &nonce,
        &channel_box(&from, &to),
        Some(&keys(&from).seed),
    )
    .unwrap()
}

/// Alice's words to Bob, as Bob's relay would list them.
fn listed(outgoing: &Outgoing) -> Envelope {
    let body: serde_json::Map<String, Value> = serde_json::from_str(&outgoing.body).unwrap();
    let mut message = serde_json::json!({"id": "x", "from": "Alice"});
    message.as_object_mut().unwrap().extend(body);
    message["ts"] = "2026-01-01T00:00:00.000Z".into();
    Envelope::decode(&message.to_string()).unwrap()
}

/// What Alice sends Bob where a test wants no more of it than its content.
fn sealed(payload: &str, nonce: u8, signing: bool) -> Outgoing {
    let draft = Draft {
        to: name("Bob"),
        kind: MessageKind::Notification,
        topic: None,
        correlation: None,
        reply_to: None,
    };
    let alice = keys("Alice");
    let channel_box = channel_box("Alice", "Bob");
    let seed = signing.then_some(&alice.seed);
    seal(&draft, payload, &[nonce; 24], &channel_box, seed).unwrap()
}

#[test]
fn what_we_send_is_what_the_reference_sends() {
    let list = vectors().sends;
    assert_eq!(list.len(), 9);
    let mut with_ttl = Vec::new();
    for vector in &list {
        let name = member(vector, "name");
        let ours = send(vector);
        let (signed, body) = (member(vector, "signed_text"), member(vector, "http_body"));
        let sealed: Vector = serde_json::from_str(&ours.body).unwrap();
        let sealed = STANDARD.decode(member(&sealed, "payload")).unwrap();
        assert_eq!(sealed, bytes(&member(vector, "box_hex")), "{name}");
        if signed.contains("\"ttl\":") {
            // The reference signs it, and then its own verification fails: ours leaves it out.
            assert!(
                vector["receive_verdict"]
                    .get()
                    .contains("\"verified\": false"),
                "{name}"
            );
            let (head, rest) = signed.split_once("\"ttl\":").unwrap();
            let (_ttl, rest) = rest.split_once("\"encrypted\":").unwrap();
            assert_eq!(ours.signed, format!("{head}\"encrypted\":{rest}"));
            with_ttl.push(name);
            continue;
        }
        assert_eq!(ours.signed, signed, "{name}");
        let digest = sha256(ours.signed.as_bytes()).hex();
        assert_eq!(digest, member(vector, "signed_sha256"), "{name}");
        assert_eq!(ours.body, body, "{name}");
    }
    assert_eq!(with_ttl, ["all_options", "ttl_zero"]);
}

#[test]
fn what_we_send_is_opened_and_verified() {
    for vector in vectors().sends {
        let outgoing = send(&vector);
        // The relay keeps what it was sent, word for word.
        let head = "{\"id\":\"x\",\"from\":\"Alice\",";
        let envelope = Envelope::decode(&outgoing.body.replacen('{', head, 1)).unwrap();
        let opened = open(
            &envelope,
            &name("Bob"),
            Some(&channel_box("Bob", "Alice")),
            Some(&keys("Alice").public()),
        );
        assert_eq!(opened.provenance, Provenance::Verified);
        assert_eq!(envelope.digest(&SCHEME), outgoing.envelope);
        assert_eq!(envelope.topic, option(&vector, "topic"));
        assert_eq!(envelope.correlation, option(&vector, "correlationId"));
        assert_eq!(envelope.kind, Some(draft(&vector).kind));
    }
}

#[test]
fn what_a_message_answers_is_sent_and_not_signed() {
    let mut with = draft(&vectors().sends[1]);
    with.reply_to = Some(JsText::from("r,\"encrypted\":1"));
    let alice = keys("Alice");
    let box_ = channel_box("Alice", "Bob");
    let outgoing = seal(&with, "{}", &[7; 24], &box_, Some(&alice.seed)).unwrap();
    with.reply_to = None;
    let without = seal(&with, "{}", &[7; 24], &box_, Some(&alice.seed)).unwrap();
    assert_eq!(outgoing.signed, without.signed);
    let extra = ",\"replyTo\":\"r,\\\"encrypted\\\":1\"";
    assert!(
        outgoing
            .body
            .contains(&format!("{extra},\"encrypted\":true"))
    );
    assert_eq!(outgoing.body.replace(extra, ""), without.body);
}

#[test]
fn what_no_relay_would_take_is_not_sealed() {
    let draft = draft(&vectors().sends[0]);
    let box_ = channel_box("Alice", "Bob");
    let of = |length: usize| {
        let payload = format!("\"{}\"", "x".repeat(length));
        seal(&draft, &payload, &[7; 24], &box_, None)
    };
    assert!(of(48_900).is_ok());
    assert!(of(49_200).is_err());
}

#[test]
fn the_audit_is_what_the_reference_tells_its_relay() {
    for vector in vectors().sends {
        let (topic, correlation) = (option(&vector, "topic"), option(&vector, "correlationId"));
        let id = EnvelopeId::parse("00000000-0000-4000-8000-000000000001").unwrap();
        let audit = Audit {
            id: &id,
            direction: Direction::Sent,
            from: &name("Alice"),
            to: &name("Bob"),
            topic: topic.as_ref(),
            correlation: correlation.as_ref(),
            payload: &member(&vector, "payload_plaintext"),
            at: UnixMillis(1_767_225_600_000),
        };
        assert_eq!(audit.encode(), member(&vector, "audit_post_sent"));
    }
}

/// The file of keys that the tool of the reference would print for an agent of the vectors.
fn key_file(vector: &Value) -> String {
    let members = ["publicKey", "privateKey", "signingKey", "signingPrivateKey"];
    let members = members.map(|name| (name.to_owned(), vector[name].clone()));
    let file: serde_json::Map<_, _> = members.into_iter().collect();
    serde_json::to_string_pretty(&file).unwrap()
}

#[test]
fn key_files_are_read_and_written_as_the_tool_of_the_reference_writes_them() {
    for (agent, vector) in vectors().keys {
        let ours = keys(&agent);
        let text = key_file(&vector);
        let file = KeyFile::decode(&text, &SCHEME).unwrap();
        assert_eq!(*file.secret, *ours.secret.expose());
        assert_eq!(**file.seed.as_ref().unwrap(), *ours.seed.expose());
        assert_eq!(file.public(&SCHEME), ours.public());
        assert_eq!(*file.encode(&SCHEME), text);
        assert_eq!(format!("{file:?}"), "KeyFile(..)");
        let key = super::text(&vector, "publicKey");
        assert_eq!(encode_key(&decode_key(key).unwrap()), key);
        let both = format!("{key}.{}", super::text(&vector, "signingKey"));
        assert_eq!(ours.public().to_string(), both);
        assert_eq!(PeerKeys::parse(&both), Ok(ours.public()));
    }
}

#[test]
fn a_key_file_whose_keys_do_not_belong_together_is_refused() {
    let all = vectors().keys;
    let (alice, bob) = (&all["Alice"], &all["Bob"]);
    let file = key_file(alice);
    let with = |member: &str, value: &Value| {
        let mut file: Value = serde_json::from_str(&file).unwrap();
        file[member] = value.clone();
        KeyFile::decode(&file.to_string(), &SCHEME).err()
    };
    let cut = |member: &str| Value::from(text(alice, member).trim_end_matches('='));
    let not_a_key = |member, bytes| Some(KeyFileError::Key { member, bytes });
    assert_eq!(
        with("publicKey", &bob["publicKey"]),
        Some(KeyFileError::NotAPair("publicKey"))
    );
    assert_eq!(
        with("signingKey", &bob["signingKey"]),
        Some(KeyFileError::NotAPair("signingKey"))
    );
    assert_eq!(
        with("signingPrivateKey", &bob["signingPrivateKey"]),
        Some(KeyFileError::NotAPair("signingKey"))
    );
    // The public half inside of the private key is another's.
    let mut long = STANDARD.decode(text(alice, "signingPrivateKey")).unwrap();
    long[63] ^= 1;
    assert_eq!(
        with("signingPrivateKey", &STANDARD.encode(long).into()),
        Some(KeyFileError::NotAPair("signingKey"))
    );
    assert_eq!(
        with("privateKey", &cut("privateKey")),
        not_a_key("privateKey", 32)
    );
    assert_eq!(
        with("publicKey", &cut("publicKey")),
        not_a_key("publicKey", 32)
    );
    assert_eq!(
        with("signingPrivateKey", &alice["privateKey"]),
        not_a_key("signingPrivateKey", 64)
    );
    assert_eq!(
        with("privateKey", &Value::Null),
        Some(KeyFileError::NotAKeyFile)
    );
    assert_eq!(with("signingKey", &"".into()), not_a_key("signingKey", 32));
    for text in ["", "{}", "[]", file.trim_end_matches('}')] {
        assert_eq!(
            KeyFile::decode(text, &SCHEME).err(),
            Some(KeyFileError::NotAKeyFile)
        );
    }
}

#[test]
fn keys_for_signing_may_be_missing() {
    let mut file: Value = serde_json::from_str(&key_file(&vectors().keys["Alice"])).unwrap();
    for empty in [Value::Null, "".into()] {
        let members = file.as_object_mut().unwrap();
        for name in ["signingKey", "signingPrivateKey"] {
            if empty.is_null() {
                members.shift_remove(name);
            } else {
                members.insert(name.into(), empty.clone());
            }
        }
        let read = KeyFile::decode(&file.to_string(), &SCHEME).unwrap();
        assert!(read.seed.is_none());
    }
    let read = KeyFile::decode(&file.to_string(), &SCHEME).unwrap();
    assert_eq!(
        *read.encode(&SCHEME),
        serde_json::to_string_pretty(&file).unwrap()
    );
    let public = read.public(&SCHEME);
    assert_eq!(public.signing, None);
    assert_eq!(PeerKeys::parse(&public.to_string()), Ok(public));
}

#[test]
fn keys_are_read_in_the_one_form_that_the_reference_reads() {
    let key = encode_key(&PublicKey([0xff; 32]));
    assert!(key.contains('/'));
    for (text, why) in [
        (key.replace('/', "_"), KeyError::NotBase64),
        (key.trim_end_matches('=').to_owned(), KeyError::NotBase64),
        (format!("{key}\n"), KeyError::NotBase64),
        (String::from("PK"), KeyError::NotBase64),
        (STANDARD.encode([1; 31]), KeyError::Length(31)),
        (String::new(), KeyError::Missing),
    ] {
        assert_eq!(decode_key(&text), Err(why), "{text}");
    }
    let zero = encode_key(&PublicKey([0; 32]));
    assert_eq!(PeerKeys::from_texts(&zero, ""), Err(KeyError::LowOrder));
    assert_eq!(PeerKeys::parse(&key), Err(KeyError::NotBase64));
}

#[test]
fn a_weak_signing_key_signs_nothing() {
    // The neutral element: with it, R = neutral and S = 0 "sign" every message.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut forged = [0; signing::SIGNATURE];
    forged[0] = 1;
    let mut body: Value = serde_json::from_str(&sealed("{}", 1, false).body).unwrap();
    body["signature"] = STANDARD.encode(forged).into();
    body["from"] = "Alice".into();
    let envelope = Envelope::decode(&body.to_string()).unwrap();
    let peer = PeerKeys {
        signing: Some(PublicKey(neutral)),
        ..keys("Alice").public()
    };
    let opened = open(
        &envelope,
        &name("Bob"),
        Some(&channel_box("Bob", "Alice")),
        Some(&peer),
    );
    assert_eq!(opened.provenance, Provenance::WrongSignature);
}
