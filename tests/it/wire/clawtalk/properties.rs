//! What holds for any input.

use chaperon::crypto::{ChannelBox, SecretKey};
use chaperon::model::{MessageKind, Provenance, PublicKey};
use chaperon::net::clawtalk::SCHEME;
use chaperon::net::clawtalk::seal::{open, public_keys, seal};
use chaperon::wire::clawtalk::{
    AgentName, ApiKey, Draft, Envelope, EnvelopeId, InviteCode, JsText, KeyFile, PeerKeys,
    decode_directory, decode_error, decode_health, decode_key, decode_page, decode_payload,
    decode_posted, decode_registered, read_signup,
};
use chaperon::wire::js_json::stringify;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Vector, channel_box, key_file, keys, name, vectors};

/// Gives the same bytes to every decoder; they may refuse, but not fail.
fn decode_everything(bytes: &[u8]) {
    drop(decode_page(bytes));
    drop(decode_directory(bytes));
    drop(decode_posted(bytes));
    drop(decode_registered(bytes));
    let _health = decode_health(bytes);
    drop(decode_error(bytes));
    let text = String::from_utf8_lossy(bytes);
    drop(KeyFile::decode(&text, &SCHEME));
    let _keys = PeerKeys::parse(&text);
    let _key = decode_key(&text);
    drop(AgentName::parse(&text));
    drop(AgentName::registrable(&text));
    drop(EnvelopeId::parse(&text));
    drop(ApiKey::parse(&text));
    drop(InviteCode::parse(&text));
    drop(read_signup(&text));
    drop(decode_payload(&text));
    drop(stringify(&text));
    drop(JsText::from_json(&text));
    if let Ok(envelope) = Envelope::decode(&text) {
        let opener = channel_box("Bob", "Alice");
        let peer = keys("Alice").public();
        drop(open(&envelope, &name("Bob"), Some(&opener), Some(&peer)));
        let _digest = envelope.digest(&SCHEME);
    }
}

/// Texts of all kinds that a client meets.
fn seeds() -> Vec<Vec<u8>> {
    let all = vectors();
    let raw = |vectors: Vec<Vector>| {
        vectors.into_iter().flat_map(|vector| {
            vector
                .into_values()
                .map(|value| value.get().as_bytes().to_vec())
                .collect::<Vec<_>>()
        })
    };
    let mut seeds: Vec<_> = raw(all.sends).chain(raw(all.verify)).collect();
    seeds.extend(
        all.keys
            .values()
            .map(|vector| key_file(vector).into_bytes()),
    );
    let page = format!("{{\"messages\":[{}]}}", String::from_utf8_lossy(&seeds[0]));
    seeds.push(page.into_bytes());
    seeds.push(br#"[{"name":"Bob","publicKey":"PK","online":true,"lastSeen":"x"}]"#.to_vec());
    seeds.push(b"https://relay.example/signup?invite=abc".to_vec());
    seeds
}

#[test]
fn a_text_cut_off_anywhere_is_answered() {
    for seed in seeds().into_iter().filter(|seed| seed.len() < 400).take(60) {
        for end in 0..=seed.len() {
            decode_everything(&seed[..end]);
        }
    }
}

fn label() -> impl Strategy<Value = Option<JsText>> {
    // Any UTF-16 units, escaped.
    let any_units = proptest::string::string_regex(r"(\\u[0-9a-f]{4}){0,6}").unwrap();
    let any_units = any_units.prop_map(|units| JsText::from_json(&format!("\"{units}\"")).unwrap());
    proptest::option::of(any_units)
}

fn draft() -> impl Strategy<Value = Draft> {
    let kind = proptest::sample::select(vec![
        MessageKind::Request,
        MessageKind::Response,
        MessageKind::Notification,
    ]);
    let parts = ("[A-Za-z0-9_-]{2,32}", kind, label(), label(), label());
    parts.prop_map(|(to, kind, topic, correlation, reply_to)| Draft {
        to: name(&to),
        kind,
        topic,
        correlation,
        reply_to,
    })
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
    fn a_text_with_bytes_changed_is_answered(
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
    fn what_is_sealed_is_verified_opened_and_recognised(
        draft in draft(), text: String, nonce: [u8; 24], secret: [u8; 32], seed: [u8; 32],
    ) {
        let (alice, seed) = (SecretKey::from_bytes(secret), SecretKey::from_bytes(seed));
        let bob = keys("Bob");
        let ours = ChannelBox::new(&alice, &bob.public().key).unwrap();
        let theirs = ChannelBox::new(&bob.secret, &alice.public()).unwrap();
        let payload = serde_json::to_string(&text).unwrap();
        let outgoing = seal(&draft, &payload, &nonce, &ours, Some(&seed)).unwrap();
        // A relay of the original writes it again as JavaScript does.
        let body = outgoing.body.replacen('{', "{\"id\":\"x\",\"from\":\"Alice\",", 1);
        prop_assert_eq!(stringify(&body), Some(body.clone()));
        let envelope = Envelope::decode(&body).unwrap();
        prop_assert_eq!(envelope.digest(&SCHEME), outgoing.envelope);
        prop_assert_eq!(&envelope.topic, &draft.topic);
        prop_assert_eq!(&envelope.correlation, &draft.correlation);
        prop_assert_eq!(&envelope.reply_to, &draft.reply_to);
        let peer = public_keys(&alice, Some(&seed));
        let opened = open(&envelope, &draft.to, Some(&theirs), Some(&peer));
        prop_assert_eq!(opened.provenance, Provenance::Verified);
        prop_assert!(!opened.broadcast);
        let body = opened.content.body().unwrap();
        prop_assert_eq!(body.body.expose_untrusted(), &*text);
    }

    #[test]
    fn whatever_is_changed_in_a_signed_text_is_noticed(
        seal_with in 0_u8..4, member in 0_usize..6, value in "[a-z0-9]{1,8}",
    ) {
        let outgoing = super::sealed("{\"text\":\"x\"}", seal_with, true);
        let mut message: serde_json::Value = serde_json::from_str(&outgoing.body).unwrap();
        let members = ["type", "topic", "correlationId", "encrypted", "payload", "nonce"];
        message[members[member]] = value.into();
        message["from"] = "Alice".into();
        let envelope = Envelope::decode(&message.to_string()).unwrap();
        let opener = channel_box("Bob", "Alice");
        let peer = keys("Alice").public();
        let opened = open(&envelope, &name("Bob"), Some(&opener), Some(&peer));
        prop_assert_eq!(opened.provenance, Provenance::WrongSignature);
    }

    #[test]
    fn key_files_are_read_back(secret: [u8; 32], seed: Option<[u8; 32]>) {
        let file = KeyFile {
            secret: zeroize::Zeroizing::new(secret),
            seed: seed.map(zeroize::Zeroizing::new),
        };
        let public = file.public(&SCHEME);
        let read = KeyFile::decode(&file.encode(&SCHEME), &SCHEME).unwrap();
        prop_assert_eq!(&*read.secret, &secret);
        prop_assert_eq!(read.seed.map(|seed| *seed), seed);
        prop_assert_eq!(PeerKeys::parse(&public.to_string()), Ok(public));
    }

    #[test]
    fn keys_are_read_back(key: [u8; 32], signing: Option<[u8; 32]>) {
        let keys = PeerKeys { key: PublicKey(key), signing: signing.map(PublicKey) };
        prop_assume!(!keys.key.is_low_order());
        prop_assert_eq!(PeerKeys::parse(&keys.to_string()), Ok(keys));
    }
}
