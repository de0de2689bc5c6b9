//! What holds for any input: decoders answer, and what was written is read back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chaperon::crypto::{ChannelBox, Error, SecretKey};
use chaperon::model::{Body, PeerText, PublicKey, UnixMillis};
use chaperon::wire::clawbuddy_files::{
    ChannelEntry, decode_channels, encode_channels, iso_utc, parse_iso_utc,
};
use chaperon::wire::mailbox::{
    Invite, MailboxId, RelayUrl, decode_body, decode_handshake, decode_key, decode_listing,
    decode_payload, decode_posted, encode_body, encode_key, encode_payload, handshake_request,
    message_request,
};
use chaperon::wire::python_json::{to_string, to_string_pretty};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{list, text, vectors};

/// Gives the same bytes to every decoder; they may refuse, but not fail.
fn decode_everything(bytes: &[u8]) {
    drop(decode_body(bytes));
    let _key = decode_handshake(bytes);
    let _seq = decode_posted(bytes);
    drop(decode_listing(bytes));
    drop(decode_channels(bytes));
    let text = String::from_utf8_lossy(bytes);
    let _key = decode_key(&text);
    drop(decode_payload(&text));
    drop(Invite::parse(&text));
    drop(RelayUrl::parse(&text));
    drop(MailboxId::parse(&text));
    let _time = parse_iso_utc(&text);
}

/// Every text in the vectors, the bytes of hexadecimal ones, and the relay's answers.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for section in [
        "messages",
        "plaintext_decoding",
        "payload_checks",
        "invite_parse",
    ] {
        for vector in list(section) {
            let texts = vector
                .as_object()
                .unwrap()
                .values()
                .filter_map(Value::as_str);
            seeds.extend(
                texts
                    .filter(|text| text.len() < 700)
                    .map(|text| text.as_bytes().to_vec()),
            );
            if let Some(hex) = vector["plaintext_hex"].as_str() {
                seeds.push(super::bytes(hex));
            }
        }
    }
    let file = vectors("channels_json_file");
    seeds.push(text(&file, "bytes_utf8").as_bytes().to_vec());
    let transcript = include_str!("../../fixtures/clawbuddy-http.json");
    let transcript: Value = serde_json::from_str(transcript).unwrap();
    for step in transcript["steps"].as_array().unwrap() {
        seeds.extend(
            step["response_body"]
                .as_str()
                .map(|body| body.as_bytes().to_vec()),
        );
    }
    seeds.push(b"2026-02-11T00:18:15.123456+00:00".to_vec());
    seeds.push(handshake_request(&super::public("bob")).into_bytes());
    seeds
}

#[test]
fn a_vector_cut_off_anywhere_is_answered() {
    for seed in seeds() {
        for end in 0..=seed.len() {
            decode_everything(&seed[..end]);
        }
    }
}

#[test]
fn an_envelope_cut_off_anywhere_does_not_open() {
    let ours = ChannelBox::new(&super::secret("alice"), &super::public("bob")).unwrap();
    let envelope = ours.seal(&[9; 24], b"some plaintext");
    for end in 0..envelope.len() {
        assert_eq!(ours.open(&envelope[..end]), Err(Error::DoesNotOpen));
    }
}

/// JSON values. Fractions are such as `serde_json`'s quick number parser reads exactly; others
/// have a property of their own.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn entry() -> impl Strategy<Value = ChannelEntry> {
    let texts = (
        any::<String>(),
        any::<String>(),
        any::<String>(),
        any::<String>(),
        any::<String>(),
    );
    let optional = proptest::option::of(any::<String>());
    let optionals = (
        optional.clone(),
        optional.clone(),
        optional.clone(),
        optional,
    );
    let extra = btree_map("x_[a-z]{1,4}", json(), 0..3);
    (texts, optionals, extra).prop_map(|(texts, optionals, extra)| ChannelEntry {
        id: texts.0,
        name: texts.1,
        phone: optionals.0,
        status: texts.2,
        their_pub: optionals.1,
        our_pub: texts.3,
        instructions: optionals.2,
        created_at: texts.4,
        last_seen: optionals.3,
        extra: extra.into_iter().collect::<Map<_, _>>(),
    })
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in vec(any::<u8>(), 0..300)) {
        decode_everything(&bytes);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,60}") {
        decode_everything(text.as_bytes());
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
    fn keys_are_read_back(key: [u8; 32]) {
        prop_assert_eq!(decode_key(&encode_key(&PublicKey(key))), Ok(PublicKey(key)));
    }

    #[test]
    fn payloads_are_read_back(envelope in vec(any::<u8>(), 40..400)) {
        prop_assert_eq!(decode_payload(&encode_payload(&envelope)), Ok(envelope));
    }

    #[test]
    fn canonical_base64_is_read_as_the_base64_crate_reads_it(text in "([A-Za-z0-9+/]{4}){14,20}") {
        prop_assert_eq!(decode_payload(&text).unwrap(), STANDARD.decode(&text).unwrap());
    }

    #[test]
    fn envelopes_open_for_both_sides_and_for_nobody_else(
        alice: [u8; 32], bob: [u8; 32], nonce: [u8; 24], plain in vec(any::<u8>(), 0..200), flip: prop::sample::Index,
    ) {
        let (alice, bob) = (SecretKey::from_bytes(alice), SecretKey::from_bytes(bob));
        let ours = ChannelBox::new(&alice, &bob.public()).unwrap();
        let theirs = ChannelBox::new(&bob, &alice.public()).unwrap();
        let mut envelope = ours.seal(&nonce, &plain);
        prop_assert_eq!(ours.open(&envelope), Ok(plain.clone()));
        prop_assert_eq!(theirs.open(&envelope), Ok(plain));
        let place = flip.index(envelope.len());
        envelope[place] ^= 1;
        prop_assert_eq!(theirs.open(&envelope), Err(Error::DoesNotOpen));
    }

    #[test]
    fn bodies_are_read_back(subject: String, body: String, metadata in btree_map(any::<String>(), json(), 0..4)) {
        let mut sent = Body::new(subject, body);
        let metadata = Value::Object(metadata.into_iter().collect());
        sent.metadata = PeerText::new(to_string(&metadata));
        let plain = encode_body(&sent);
        prop_assert!(plain.iter().all(|byte| (b' '..=b'~').contains(byte)));
        prop_assert_eq!(decode_body(&plain), Ok(sent));
    }

    #[test]
    fn metadata_that_is_read_is_json_for_every_reader(metadata in json()) {
        let plain = format!("{{\"unsafe_metadata\":{metadata}}}");
        let read = decode_body(plain.as_bytes()).unwrap().metadata;
        let read: Value = serde_json::from_str(read.expose_untrusted()).unwrap();
        prop_assert_eq!(read, metadata);
    }

    #[test]
    fn python_json_is_ascii_and_keeps_the_value(value in json()) {
        let line = to_string(&value);
        prop_assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        prop_assert_eq!(&serde_json::from_str::<Value>(&line).unwrap(), &value);
        let pretty = to_string_pretty(&value);
        prop_assert!(pretty.is_ascii() && !pretty.contains(" \n"));
        prop_assert_eq!(&serde_json::from_str::<Value>(&pretty).unwrap(), &value);
    }

    #[test]
    fn floats_are_written_with_all_their_digits(float: f64) {
        prop_assume!(float.is_finite());
        let written = to_string(&Value::from(float));
        prop_assert_eq!(written.parse::<f64>(), Ok(float));
        let plain = format!("{{\"unsafe_body\":{written}}}");
        prop_assert_eq!(decode_body(plain.as_bytes()), Ok(Body::new("", written)));
    }

    #[test]
    fn invites_are_read_back(
        host in "[a-z][a-z0-9]{0,20}(\\.[a-z]{1,5}){0,2}",
        base in "(/[a-z0-9_-]{1,8}){0,3}",
        id: [u8; 16],
        key: [u8; 32],
    ) {
        let invite = Invite {
            relay: RelayUrl::parse(&format!("https://{host}{base}")).unwrap(),
            channel: MailboxId::from_random(id),
            key: PublicKey(key),
        };
        prop_assert_eq!(Invite::parse(&invite.to_url()), Ok(invite));
    }

    #[test]
    fn a_relay_address_is_its_own_normal_form(text in "https?://[a-zA-Z0-9.:@/%\\[\\] ~-]{0,30}") {
        if let Ok(relay) = RelayUrl::parse(&text) {
            prop_assert!(!relay.as_str().ends_with('/'));
            prop_assert_eq!(&RelayUrl::parse(relay.as_str()), &Ok(relay));
        }
    }

    #[test]
    fn mailbox_ids_hold_no_character_of_a_path(text: String) {
        if let Ok(id) = MailboxId::parse(&text) {
            prop_assert!(!id.as_str().contains(['/', '\\', '.', '%', ':', '\0']));
            prop_assert_eq!(id.as_str(), text);
        }
    }

    #[test]
    fn listings_are_read_back(payloads in vec(any::<String>(), 0..8)) {
        let records: Vec<_> = payloads.iter().zip(1..).map(|(payload, seq)| {
            message_request(payload).replacen('{', &format!("{{\"channel_id\":\"x\",\"seq\":{seq},"), 1)
        }).collect();
        let listing = format!("[{}]", records.join(","));
        let read = decode_listing(listing.as_bytes()).unwrap();
        prop_assert_eq!(read.len(), payloads.len());
        for ((record, payload), seq) in read.into_iter().zip(payloads).zip(1..) {
            prop_assert_eq!(record.seq, Some(seq));
            prop_assert_eq!(record.payload, chaperon::wire::mailbox::Payload::Text(payload));
        }
    }

    #[test]
    fn channel_files_are_read_back(entries in vec(entry(), 0..4)) {
        let ids: std::collections::HashSet<_> = entries.iter().map(|entry| &entry.id).collect();
        prop_assume!(ids.len() == entries.len());
        prop_assert_eq!(decode_channels(encode_channels(&entries).as_bytes()), Ok(entries));
    }

    #[test]
    fn times_are_read_back(millis in -62_135_596_800_000_i64..=253_402_300_799_999) {
        let time = UnixMillis(millis);
        prop_assert_eq!(parse_iso_utc(&iso_utc(time)), Some(time));
    }
}
