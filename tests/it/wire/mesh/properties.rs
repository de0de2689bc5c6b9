//! What holds for any input.

use chaperon::crypto::{SecretKey, signing};
use chaperon::model::{Body, PeerText};
use chaperon::wire::mesh::{
    Answer, ContactRequest, DirectMessage, IdentityFile, LONGEST, MeshKey, PeerFile, Reason,
    Received, Window, canonical, decode_contact_answer, decode_discovery, decode_message_answer,
    decode_time,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::{SCHEME, agent, agent_a, at, contact, direct, key, list, seed, text, window};

/// Gives the same bytes to every decoder; they may refuse, but not fail.
fn decode_everything(bytes: &[u8]) {
    drop(canonical::canonical(bytes));
    if let Ok(object) = Received::parse(bytes) {
        let (ours, theirs) = (agent("agent-b"), key("agent-a").key());
        drop(ContactRequest::decode(&object, window(), &SCHEME));
        drop(DirectMessage::decode(
            &object,
            &ours,
            &theirs,
            window(),
            &SCHEME,
        ));
        drop(object.to_file());
    }
    for status in [200, 400, 500] {
        drop(decode_discovery(status, bytes, &SCHEME));
        let _taken = decode_contact_answer(status, bytes, &contact().id);
        drop(decode_message_answer(
            status,
            bytes,
            &direct("").id,
            &agent("agent-a"),
        ));
    }
    drop(IdentityFile::decode(bytes, &SCHEME));
    drop(PeerFile::decode(bytes, &SCHEME));
    let text = String::from_utf8_lossy(bytes);
    let _time = decode_time(&text);
    let _key = MeshKey::read(&text, &SCHEME);
    drop(signing::read_secret_pem(&text));
}

/// Texts of all kinds that a node meets.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = list("node_verdicts")
        .iter()
        .map(|vector| text(vector, "body").as_bytes().to_vec())
        .collect();
    for vector in list("canonical_json") {
        seeds.push(text(&vector, "input_json_text").as_bytes().to_vec());
    }
    let answers = [
        Answer::discovery(&agent_a()),
        Answer::message_received(&direct("").id, at("2026-03-12T18:05:00Z")),
    ];
    seeds.extend(answers.map(|answer| answer.body.into_bytes()));
    seeds.push(key("agent-a").pem().as_bytes().to_vec());
    seeds.push(signing::secret_pem(&seed("agent-a")).as_bytes().to_vec());
    seeds
}

#[test]
fn a_vector_cut_off_anywhere_is_answered() {
    for name in ["contact_ok", "message_ok", "lone_surrogate"] {
        let all = list("node_verdicts");
        let vector = all.iter().find(|vector| text(vector, "name") == name);
        let body = text(vector.unwrap(), "body").as_bytes();
        for end in 0..=body.len() {
            decode_everything(&body[..end]);
        }
    }
    for seed in seeds().into_iter().filter(|seed| seed.len() < 300) {
        for end in 0..=seed.len() {
            decode_everything(&seed[..end]);
        }
    }
}

#[test]
fn what_is_longer_than_any_real_message_is_not_looked_at() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST));
    assert!(Received::parse(long.as_bytes()).is_err());
}

fn signed_by(seed: &SecretKey) -> impl FnOnce(&[u8]) -> [u8; 64] {
    move |message| signing::sign(seed, message)
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in vec(any::<u8>(), 0..300)) {
        decode_everything(&bytes);
    }

    #[test]
    fn text_that_looks_like_json_is_answered(text in r#"[\[\]{}":,\\u0-9a-fNIn.eE+ -]{0,80}"#) {
        decode_everything(text.as_bytes());
    }

    #[test]
    fn a_vector_with_bytes_changed_is_answered(
        seed in proptest::sample::select(seeds()),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut seed = seed;
        for (place, byte) in changes {
            if !seed.is_empty() {
                let place = place.index(seed.len());
                seed[place] = byte;
            }
        }
        decode_everything(&seed);
    }

    #[test]
    fn the_canonical_form_is_its_own(text in r#"[\[\]{}":,\\u0-9a-fNIn.eE+ -]{0,60}"#) {
        if let Ok(once) = canonical::canonical(text.as_bytes()) {
            prop_assert!(once.is_ascii());
            prop_assert_eq!(canonical::canonical(once.as_bytes()), Ok(once));
        }
    }

    #[test]
    fn a_signed_message_is_believed_and_read_back(
        secret: [u8; 32], words: String, subject: String, member: String, value: i64,
    ) {
        prop_assume!(!["text", "subject"].contains(&&*member));
        let seed = SecretKey::from_bytes(secret);
        let mut message = direct(&words);
        message.body = Body::new(subject, words);
        let mut metadata = serde_json::Map::new();
        metadata.insert(member, Value::from(value));
        let metadata = Value::from(metadata);
        message.body.metadata = PeerText::new(chaperon::wire::python_json::to_string(&metadata));
        let signed = message.sign(signed_by(&seed));
        prop_assert!(signed.body.is_ascii());
        let object = Received::parse(signed.body.as_bytes()).unwrap();
        let public = signing::public_key(&seed);
        let read = DirectMessage::decode(&object, &message.to, &public, window(), &SCHEME);
        prop_assert_eq!(read, Ok(message));
        prop_assert_eq!(object.to_file(), signed.file);
    }

    #[test]
    fn a_signed_request_is_believed_and_read_back(secret: [u8; 32], name: String, purpose: String) {
        let seed = SecretKey::from_bytes(secret);
        let mut request = contact();
        request.from.key = MeshKey::new(signing::public_key(&seed), &SCHEME);
        request.from.display_name = PeerText::new(name);
        request.purpose = PeerText::new(purpose);
        let signed = request.sign(signed_by(&seed));
        let object = Received::parse(signed.body.as_bytes()).unwrap();
        prop_assert_eq!(ContactRequest::decode(&object, window(), &SCHEME), Ok(request.clone()));
        // What lies in a file is believed too, however long ago it was written.
        let object = Received::parse(signed.file.as_bytes()).unwrap();
        prop_assert_eq!(ContactRequest::decode(&object, Window::Any, &SCHEME), Ok(request));
    }

    #[test]
    fn what_another_key_signed_is_not_believed(secret: [u8; 32], words: String) {
        let message = direct(&words);
        let signed = message.sign(signed_by(&SecretKey::from_bytes(secret)));
        let object = Received::parse(signed.body.as_bytes()).unwrap();
        let pinned = key("agent-a").key();
        let refused = DirectMessage::decode(&object, &message.to, &pinned, window(), &SCHEME);
        let refused = refused.unwrap_err();
        prop_assert_eq!(refused.reason, Reason::Signature);
        prop_assert_eq!(refused.id, Some(message.id));
    }

    #[test]
    fn a_changed_byte_is_never_believed_as_something_else(
        place: prop::sample::Index, byte in 0x20_u8..0x7f,
    ) {
        let message = direct("meet me at eight");
        let signed = message.sign(signed_by(&seed("agent-a")));
        let mut body = signed.body.into_bytes();
        let place = place.index(body.len());
        body[place] = byte;
        let Ok(object) = Received::parse(&body) else { return Ok(()) };
        let theirs = key("agent-a").key();
        if let Ok(read) = DirectMessage::decode(&object, &message.to, &theirs, window(), &SCHEME) {
            prop_assert_eq!(read, message);
        }
    }
}
