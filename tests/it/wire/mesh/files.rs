//! The files of the scripts' state directory, and what the scripts' stand-in makes of ours.

use chaperon::crypto::signing;
use chaperon::wire::mesh::{
    ContactRequest, FileError, IdentityFile, NotAnObject, PeerFile, Reason, Received, Window,
    file_name,
};
use serde_json::Value;

use super::{SCHEME, agent_a, at, contact, direct, seed, text, vectors};
use crate::support::mesh_peer::MeshPeer;

fn file(name: &str) -> String {
    text(&vectors("files"), name).to_owned()
}

#[test]
fn the_file_of_a_peer_is_read_and_written_as_the_scripts_write_it() {
    let written = file("peers/agent-a.json");
    let peer = PeerFile::decode(written.as_bytes(), &SCHEME).unwrap();
    assert_eq!(peer.identity, agent_a());
    assert_eq!(peer.trusted, Some(at("2026-11-21T07:56:31Z")));
    assert_eq!(peer.source, Some(contact().id));
    assert_eq!(peer.encode(), written);
}

#[test]
fn signed_objects_are_stored_as_they_came() {
    for name in ["requests/incoming/<id>.json", "messages/incoming/<id>.json"] {
        let written = file(name);
        let object = Received::parse(written.as_bytes()).unwrap();
        assert_eq!(object.to_file(), written, "{name}");
    }
    // What was stored unchecked is checked when it is taken over.
    let request = file("requests/incoming/<id>.json");
    let object = Received::parse(request.as_bytes()).unwrap();
    let request = ContactRequest::decode(&object, Window::Any, &SCHEME).unwrap();
    assert_eq!(request, contact());
}

#[test]
fn a_file_of_ours_is_in_the_order_of_the_scripts() {
    let seed = seed("agent-a");
    let signed = direct("hello").sign(|message| signing::sign(&seed, message));
    assert_eq!(signed.file, file("messages/incoming/<id>.json"));
    assert_eq!(file_name("msg_1"), "msg_1.json");
}

#[test]
fn half_a_pair_in_a_file_breaks_no_list() {
    let object = Received::parse(br#"{"purpose":"\ud83d","\ud83d\ude00":"\u00e9\u007f"}"#).unwrap();
    assert_eq!(
        object.to_file(),
        "{\n  \"purpose\": \"\u{fffd}\",\n  \"😀\": \"é\u{7f}\"\n}\n"
    );
}

#[test]
fn what_every_reader_of_json_has_to_read_loses_what_json_cannot_say() {
    let line = r#"{"a": NaN, "b": [1e400, 1.0, 1], "c": "\ud83d", "d": "\u00e9"}"#;
    let object = Received::parse(line.as_bytes()).unwrap();
    assert_eq!(
        object.to_line(),
        r#"{"a": NaN, "b": [Infinity, 1.0, 1], "c": "\ud83d", "d": "\u00e9"}"#
    );
    let json = object.to_json();
    let read: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        read,
        serde_json::json!({"a": null, "b": [null, 1.0, 1], "c": "\u{fffd}", "d": "é"})
    );
}

#[test]
fn an_identity_is_read_back_and_believed_only_whole() {
    let identity = IdentityFile {
        identity: agent_a(),
        created: Some(at("2026-03-12T18:00:00Z")),
    };
    let written = identity.encode();
    let read = |text: &str| IdentityFile::decode(text.as_bytes(), &SCHEME);
    assert_eq!(read(&written), Ok(identity));
    for (from, to, expected) in [
        ("openclaw-agent-mesh/v1", "v2", FileError::OtherVersion),
        (
            "sha256:c983",
            "sha256:c984",
            FileError::NotBelieved(Reason::Fingerprint),
        ),
        (
            "MCowBQYDK2VwAyEAOq6H",
            "MCowBQYDK2VuAyEAOq6H",
            FileError::NotBelieved(Reason::Key),
        ),
        (
            "\"agent-a\"",
            "\"../agent-a\"",
            FileError::NotBelieved(Reason::Agent),
        ),
        ("\"Agent-A\"", "7", FileError::NotBelieved(Reason::Member)),
    ] {
        assert_eq!(read(&written.replace(from, to)), Err(expected), "{from}");
    }
    assert_eq!(read("[]"), Err(FileError::Json(NotAnObject::OtherType)));
}

#[test]
fn the_identity_of_a_real_node_is_read_with_its_key() {
    let Some(peer) = MeshPeer::named("agent-x", "http://127.0.0.1:8801") else {
        return;
    };
    let text = std::fs::read_to_string(peer.state().join("identity.json")).unwrap();
    let file = IdentityFile::decode(text.as_bytes(), &SCHEME).unwrap();
    assert_eq!(file.identity.agent.as_str(), "agent-x");
    assert_eq!(file.encode(), text);
    let pem = std::fs::read_to_string(peer.state().join("private_key.pem")).unwrap();
    let secret = signing::read_secret_pem(&pem).unwrap();
    assert_eq!(signing::public_key(&secret), file.identity.key.key());
    assert_eq!(*signing::secret_pem(&secret), pem);
    let pem = std::fs::read_to_string(peer.state().join("public_key.pem")).unwrap();
    assert_eq!(file.identity.key.pem(), pem);
}

#[test]
fn a_node_believes_what_we_sign_and_we_believe_it() {
    let Some(peer) = MeshPeer::named("agent-b", "http://127.0.0.1:8802") else {
        return;
    };
    let seed = seed("agent-a");
    let path = peer.state().join("ours.json");
    let take = |verb: &str, body: &str| {
        std::fs::write(&path, body).unwrap();
        peer.json(&[verb, path.to_str().unwrap()])
    };
    let request = contact().sign(|message| signing::sign(&seed, message));
    assert_eq!(take("receive-contact", &request.body)["verified"], true);
    // The file that the node keeps is the file that we would keep.
    let id = contact().id;
    let stored = peer
        .state()
        .join("requests/incoming")
        .join(file_name(id.as_str()));
    assert_eq!(std::fs::read_to_string(stored).unwrap(), request.file);
    let approved = peer.json(&["approve-request", id.as_str()]);
    assert_eq!(approved["agent_id"], "agent-a");
    let stored = std::fs::read(peer.state().join("peers/agent-a.json")).unwrap();
    let stored = PeerFile::decode(&stored, &SCHEME).unwrap();
    assert_eq!(stored.identity, agent_a());
    let message = direct("é 🦀").sign(|message| signing::sign(&seed, message));
    let result = take("receive-message", &message.body);
    assert_eq!(result["verified"], true);
    assert_eq!(result["ack"]["status"], "received");

    let theirs = peer.run(&["request-contact", "--purpose", "hé 🦀"]);
    let theirs: Value = theirs.json();
    let object = theirs.to_string();
    let object = Received::parse(object.as_bytes()).unwrap();
    let request = ContactRequest::decode(&object, Window::Any, &SCHEME).unwrap();
    assert_eq!(request.purpose.expose_untrusted(), "hé 🦀");
}
