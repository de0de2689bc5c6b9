//! The wire of the agent mesh, against what its scripts do.

mod files;
mod oracle;
mod properties;
mod verdicts;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chaperon::crypto::{SecretKey, signing};
use chaperon::model::{Body, PeerText, UnixMillis};
use chaperon::net::mesh::SCHEME;
use chaperon::wire::mesh::{
    AgentId, ContactRequest, DirectId, DirectMessage, Identity, MeshKey, RequestId, Window,
    canonical, decode_time,
};
use serde_json::Value;

use super::{bytes, text};

/// Known answers made with the real scripts.
fn vectors(section: &str) -> Value {
    let text = include_str!("../../fixtures/agent-mesh.json");
    let mut file: Value = serde_json::from_str(text).unwrap();
    file[section].take()
}

fn list(section: &str) -> Vec<Value> {
    vectors(section).as_array().unwrap().clone()
}

/// The seed of one of the agents in the vectors.
fn seed(agent: &str) -> SecretKey {
    let seed = bytes(text(&vectors("keys")[agent], "seed_hex"));
    SecretKey::from_bytes(seed.try_into().unwrap())
}

fn key(agent: &str) -> MeshKey {
    MeshKey::new(signing::public_key(&seed(agent)), &SCHEME)
}

fn agent(name: &str) -> AgentId {
    AgentId::parse(name).unwrap()
}

fn at(time: &str) -> UnixMillis {
    decode_time(time).unwrap()
}

/// The time of the vectors, to ten minutes.
fn window() -> Window {
    Window::Around {
        now: at("2026-03-12T18:05:00Z"),
        width: Duration::from_secs(600),
    }
}

/// Who the first agent of the vectors is.
fn agent_a() -> Identity {
    Identity {
        agent: agent("agent-a"),
        display_name: PeerText::new("Agent-A"),
        endpoint: PeerText::new("http://127.0.0.1:8801"),
        key: key("agent-a"),
    }
}

/// A contact request of that agent, as the vectors have it.
fn contact() -> ContactRequest {
    ContactRequest {
        id: RequestId::parse("req_00112233445566778899aabbccddeeff").unwrap(),
        from: agent_a(),
        written: at("2026-03-12T18:00:00Z"),
        purpose: PeerText::new(chaperon::api::PURPOSE),
    }
}

/// A message from that agent to the second, as the vectors have it.
fn direct(words: &str) -> DirectMessage {
    DirectMessage {
        id: DirectId::parse("msg_00112233445566778899aabbccddeeff").unwrap(),
        from: agent("agent-a"),
        to: agent("agent-b"),
        written: at("2026-03-12T18:05:00Z"),
        body: Body::new("", words),
    }
}

#[test]
fn keys_are_the_text_that_openssl_writes() {
    for (name, vector) in vectors("keys").as_object().unwrap() {
        let seed = seed(name);
        let key = key(name);
        assert_eq!(key.key().0[..], bytes(text(vector, "public_hex")));
        assert_eq!(key.pem(), text(vector, "public_key_pem"));
        assert_eq!(key.fingerprint(), text(vector, "fingerprint"));
        assert_eq!(
            &*signing::secret_pem(&seed),
            text(vector, "private_key_pem")
        );
        let read = signing::read_secret_pem(text(vector, "private_key_pem")).unwrap();
        assert_eq!(read.expose(), seed.expose());
        assert_eq!(
            MeshKey::read(text(vector, "public_key_pem"), &SCHEME),
            Some(key)
        );
    }
}

#[test]
fn canonical_json_is_what_python_signs() {
    let list = list("canonical_json");
    assert_eq!(list.len(), 18);
    for vector in list {
        let name = text(&vector, "name");
        let canonical = canonical::canonical(text(&vector, "input_json_text").as_bytes()).unwrap();
        assert_eq!(canonical, text(&vector, "canonical_ascii"), "{name}");
        let digest = chaperon::crypto::sha256(canonical.as_bytes()).hex();
        assert_eq!(digest, text(&vector, "sha256"), "{name}");
    }
}

#[test]
fn python_reads_no_more_than_we_do() {
    use canonical::Error;
    for (json, error) in [
        ("\u{feff}{}", Error::NotJson),
        ("", Error::NotJson),
        ("{\"a\":1,}", Error::NotJson),
        ("\"\t\"", Error::NotJson),
        ("-NaN", Error::NotJson),
        ("01", Error::NotJson),
        (&"9".repeat(4301), Error::LongInteger),
        (
            &format!("[{{\"a\":-{}}}]", "9".repeat(4301)),
            Error::LongInteger,
        ),
        (&"[".repeat(65), Error::TooDeep),
        (&" ".repeat(canonical::LONGEST + 1), Error::TooLong),
    ] {
        assert_eq!(
            canonical::canonical(json.as_bytes()),
            Err(error),
            "{json:.40}"
        );
    }
    assert_eq!(canonical::canonical(b"\"\xff\""), Err(Error::NotText));
    let longest = "9".repeat(4300);
    assert_eq!(canonical::canonical(longest.as_bytes()), Ok(longest));
}

#[test]
fn what_we_sign_is_what_the_scripts_sign() {
    for vector in list("signed") {
        let name = text(&vector, "name");
        let unsigned = vector["unsigned"].to_string();
        let expected = text(&vector, "canonical_ascii");
        // The numbers of one vector are more than this reader of JSON can hold.
        if name != "direct_message_extra_numbers" {
            assert_eq!(canonical::canonical(unsigned.as_bytes()).unwrap(), expected);
        }
        let signature = signing::sign(&seed(text(&vector, "signer")), expected.as_bytes());
        let signature = STANDARD.encode(signature);
        assert_eq!(signature, text(&vector, "signature"), "{name}");
    }
}

#[test]
fn what_we_send_is_what_the_scripts_send() {
    let seed = seed("agent-a");
    let body = |name: &str| {
        let all = list("signed");
        let vector = all.iter().find(|vector| text(vector, "name") == name);
        text(vector.unwrap(), "wire_body").to_owned()
    };
    let signed = contact().sign(|message| signing::sign(&seed, message));
    assert_eq!(signed.body, body("contact_request"));

    let mut request = contact();
    request.id = RequestId::parse("req_unicode").unwrap();
    request.from.display_name = PeerText::new("Agent Ä 🦀");
    request.purpose = PeerText::new("hé 日本 🦀 \0\u{1f}\u{7f}\u{2028}");
    let signed = request.sign(|message| signing::sign(&seed, message));
    assert_eq!(signed.body, body("contact_request_unicode"));

    let signed = direct("hello").sign(|message| signing::sign(&seed, message));
    assert_eq!(signed.body, body("direct_message"));

    let mut message = direct("é 🦀 \"q\" \\ / \n\t\u{1}");
    message.id = DirectId::parse("msg_unicode").unwrap();
    let signed = message.sign(|message| signing::sign(&seed, message));
    assert_eq!(signed.body, body("direct_message_unicode"));

    // Members beside the text travel as metadata.
    let mut message = direct("n");
    message.id = DirectId::parse("msg_numbers").unwrap();
    message.body.metadata = PeerText::new(
        r#"{"f": [1.0, 1e16, 1E-7, -0.0, 0.10], "i": 12345678901234567890123, "n": null,
            "b": [true, false], "o": {"z": 1, "a": {"y": 2, "x": 3}}}"#,
    );
    let signed = message.sign(|message| signing::sign(&seed, message));
    assert_eq!(signed.body, body("direct_message_extra_numbers"));
}
