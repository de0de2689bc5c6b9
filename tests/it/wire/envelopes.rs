//! Keys, payloads and the box.

use chaperon::crypto::{ChannelBox, Error, SecretKey, fingerprint, random, sha256, sha256_of};
use chaperon::model::{Digest, PublicKey};
use chaperon::wire::mailbox::{
    KeyError, PayloadError, decode_key, decode_payload, encode_key, encode_payload,
};

use super::{bytes, list, public, secret, text, vectors};

fn channel(ours: &str, theirs: &str) -> ChannelBox {
    ChannelBox::new(&secret(ours), &public(theirs)).unwrap()
}

#[test]
fn a_secret_key_has_the_public_half_of_the_reference() {
    for (name, key) in vectors("keys").as_object().unwrap() {
        assert_eq!(secret(name).public(), public(name), "{name}");
        assert_eq!(encode_key(&public(name)), text(key, "public_b64url"));
        assert_eq!(decode_key(text(key, "public_b64url")), Ok(public(name)));
    }
}

#[test]
fn sealing_gives_the_bytes_of_the_reference() {
    for message in list("messages") {
        let name = text(&message, "name");
        let nonce = bytes(text(&message, "nonce_hex")).try_into().unwrap();
        let plain = text(&message, "plaintext_text").as_bytes();

        let ours = channel(text(&message, "from"), text(&message, "to"));
        let envelope = ours.seal(&nonce, plain);

        let digest = Digest::from_hex(text(&message, "encrypted_sha256")).unwrap();
        assert_eq!(sha256(&envelope), digest, "{name}");
        if let Some(hex) = message["encrypted_hex"].as_str() {
            assert_eq!(envelope, bytes(hex), "{name}");
        }
        assert_eq!(encode_payload(&envelope), text(&message, "payload_b64"));
    }
}

#[test]
fn both_sides_open_what_either_sealed() {
    for message in list("messages") {
        let envelope = decode_payload(text(&message, "payload_b64")).unwrap();
        let plain = text(&message, "plaintext_text").as_bytes();
        let (from, to) = (text(&message, "from"), text(&message, "to"));
        assert_eq!(channel(to, from).open(&envelope).unwrap(), plain);
        assert_eq!(channel(from, to).open(&envelope).unwrap(), plain);
        assert_eq!(channel(to, "eve").open(&envelope), Err(Error::DoesNotOpen));
    }
}

#[test]
fn the_shared_key_is_the_same_both_ways() {
    let keys = vectors("shared_key_hex");
    let distinct: std::collections::HashSet<_> = keys.as_object().unwrap().values().collect();
    assert_eq!(distinct.len(), 1);
    assert_eq!(
        channel("alice", "bob").seal(&[7; 24], b"same"),
        channel("bob", "alice").seal(&[7; 24], b"same"),
    );
}

#[test]
fn payloads_open_exactly_where_the_reference_opens_them() {
    for check in list("payload_checks") {
        let name = text(&check, "name");
        let ours = channel(text(&check, "recipient"), text(&check, "claimed_sender"));
        let opened = decode_payload(text(&check, "payload"))
            .ok()
            .and_then(|envelope| ours.open(&envelope).ok());
        let expected = check["plaintext"]
            .as_str()
            .map(|plain| plain.as_bytes().to_vec());
        assert_eq!(opened, expected, "{name}");
        assert_eq!(opened.is_some(), check["verdict"] == "ok", "{name}");
    }
}

#[test]
fn a_payload_error_says_what_is_wrong() {
    assert_eq!(
        decode_payload("AAECAwQFBgcICQ=="),
        Err(PayloadError::TooShort(10))
    );
    assert_eq!(decode_payload("A"), Err(PayloadError::NotBase64));
    assert_eq!(decode_payload("é"), Err(PayloadError::NotBase64));
}

#[test]
fn a_payload_in_the_alphabet_of_keys_is_no_envelope() {
    let envelope = [0xfb; 48];
    let url_safe = encode_payload(&envelope)
        .replace('+', "-")
        .replace('/', "_");
    assert_ne!(decode_payload(&url_safe), Ok(envelope.to_vec()));
}

#[test]
fn public_keys_decode_exactly_where_the_reference_can_use_them() {
    for check in list("public_key_checks") {
        let name = text(&check, "name");
        let decoded = decode_key(text(&check, "public_key"));
        let expected = check["decoded_hex"].as_str().map(bytes);
        match text(&check, "verdict") {
            "ok" => assert_eq!(decoded.unwrap().0.to_vec(), expected.unwrap(), "{name}"),
            "decode raises Error" => assert_eq!(decoded, Err(KeyError::NotBase64), "{name}"),
            "decodes, encrypt raises ValueError" => {
                assert_eq!(
                    decoded,
                    Err(KeyError::Length(expected.unwrap().len())),
                    "{name}"
                );
            }
            "decodes, encrypt raises RuntimeError" => {
                let refused = ChannelBox::new(&secret("alice"), &decoded.unwrap());
                assert_eq!(refused.unwrap_err(), Error::LowOrder, "{name}");
            }
            other => panic!("a verdict that this test does not know: {other}"),
        }
    }
}

#[test]
fn the_top_bit_of_a_key_does_not_change_the_box() {
    let mut bob = public("bob");
    bob.0[31] ^= 0x80;
    assert_eq!(
        ChannelBox::new(&secret("alice"), &bob)
            .unwrap()
            .seal(&[1; 24], b"x"),
        channel("alice", "bob").seal(&[1; 24], b"x"),
    );
}

/// The box of a low-order key does not depend on the secret key: everybody can compute it. So
/// the computation itself proves the list in the model.
#[test]
fn every_key_that_is_called_low_order_is() {
    use crypto_box::aead::Aead as _;
    let seal = |theirs: [u8; 32], ours: u8| {
        let ours = crypto_box::SecretKey::from_bytes([ours; 32]);
        let salsa = crypto_box::SalsaBox::new(&theirs.into(), &ours);
        salsa.encrypt(&[0; 24].into(), b"probe".as_slice()).unwrap()
    };
    let order_eight = [
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ];
    let near_p = [0xec, 0xed, 0xee].map(|lowest| format!("{lowest:02x}{}7f", "ff".repeat(30)));
    let mut points = vec!["00".repeat(32), format!("01{}", "00".repeat(31))];
    points.extend(order_eight.map(str::to_owned));
    points.extend(near_p);
    for point in points {
        let point: [u8; 32] = bytes(&point).try_into().unwrap();
        assert!(PublicKey(point).is_low_order());
        assert_eq!(seal(point, 1), seal(point, 2));
    }
    assert_ne!(seal(public("bob").0, 1), seal(public("bob").0, 2));
}

#[test]
fn secrets_print_only_the_name_of_their_type() {
    assert_eq!(format!("{:?}", secret("alice")), "SecretKey(..)");
    assert_eq!(format!("{:?}", channel("alice", "bob")), "ChannelBox(..)");
}

#[test]
fn a_new_key_is_another_one_each_time() {
    let (first, second) = (
        SecretKey::generate().unwrap(),
        SecretKey::generate().unwrap(),
    );
    assert_ne!(first.expose(), second.expose());
    assert_ne!(random::<24>(), random::<24>());
}

#[test]
fn digests_of_lists_depend_on_where_the_parts_end() {
    assert_ne!(sha256_of(&[b"ab", b"c"]), sha256_of(&[b"a", b"bc"]));
    assert_ne!(sha256_of(&[b""]), sha256_of(&[]));
    // FIPS 180-4, "abc".
    assert_eq!(
        sha256(b"abc").hex(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn a_fingerprint_is_the_beginning_of_the_digest_of_the_key() {
    let digest = sha256(&public("alice").0).hex();
    let short = fingerprint(&public("alice").into()).0;
    assert!(digest.starts_with(&short.replace('-', "")));
    assert_eq!(short.split('-').map(str::len).collect::<Vec<_>>(), [4; 4]);
}
