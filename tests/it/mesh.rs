//! The Agent Mesh through the built program: against a peer in Python, and two of ours.

use serde_json::{Value, json};

use crate::support::mesh_peer::MeshPeer;
use crate::support::{Agent, wait_for};

mod ours;
mod strict;

#[test]
fn a_peer_in_python_finds_us_asks_and_writes() {
    let ana = Agent::start("ana");
    let Some(bo) = MeshPeer::named("bo", "http://127.0.0.1:9") else {
        return;
    };
    let seen = bo.json(&["scan", ana.url()]);
    assert_eq!(seen[0]["response"]["agent"]["agent_id"], "ana");
    let purpose = "plan the move";
    let asked = bo.json(&["request-contact", "--purpose", purpose, "--send", ana.url()]);
    assert_eq!(asked["response"]["result"]["verified"], true);

    // Nothing of theirs enters before a person accepted them.
    let early = bo.run(&["send-message", "--to", "ana", "--text", "hi"]);
    assert_ne!(early.code, Some(0), "they do not know us either");
    let [item] = &ana.person.pending()[..] else {
        panic!("not one item");
    };
    assert_eq!(item["kind"], "contact_request");
    let requests = ana.json(&["mesh", "requests", "--open"]);
    let [request] = &requests.as_array().unwrap()[..] else {
        panic!("not one request: {requests}");
    };
    assert_eq!(request["purpose"], purpose);
    assert_eq!(request["from"]["agent_id"], "bo");

    let id = request["request_id"].as_str().unwrap();
    let peer = ana.json(&["mesh", "approve", id]);
    assert_eq!(
        (&peer["agent_id"], &peer["source_request_id"]),
        (&json!("bo"), &json!(id))
    );
    assert_eq!(peer["they_accepted_us"], Value::Null);

    // They have to know us before their program sends.
    bo.trusts(&ana);
    let sent = bo.json(&[
        "send-message",
        "--to",
        "ana",
        "--text",
        "hello \u{1f980}",
        "--send",
    ]);
    let result = &sent["response"]["result"];
    assert_eq!(result["verified"], true, "{sent}");
    assert_eq!(result["ack"]["status"], "received");
    assert_eq!(ana.person.texts(), ["hello \u{1f980}"]);
}

#[test]
fn we_find_a_peer_in_python_ask_and_write() {
    let Some(mut bo) = MeshPeer::new() else {
        return;
    };
    let url = bo.serve("bo");
    let ana = Agent::start("ana");
    let seen = ana.json(&["mesh", "scan", &url, "http://127.0.0.1:9"]);
    assert_eq!(seen[0]["response"]["agent"]["agent_id"], "bo");
    assert!(seen[1]["error"].is_string(), "{seen}");

    let asked = ana.json(&["mesh", "request", &url, "--purpose", "tea"]);
    assert_eq!(
        (&asked["state"], &asked["ours"]),
        (&json!("sent"), &json!(true))
    );
    let listed = bo.json(&["list-requests"]);
    assert_eq!(listed[0]["purpose"], "tea");
    assert_eq!(listed[0]["from"]["agent_id"], "ana");
    assert_eq!(
        ana.json(&["mesh", "peers"]),
        json!([]),
        "asking accepts nobody"
    );

    // They ask us too; only then do we take anything, and know their key as one that was accepted.
    bo.json(&["request-contact", "--send", ana.url()]);
    let request = ana.json(&["mesh", "requests", "--open"]);
    ana.json(&[
        "mesh",
        "approve",
        request[0]["request_id"].as_str().unwrap(),
    ]);

    // They have not accepted us: it waits, and says why.
    let waits = ana
        .person
        .run(&["send", "bo", "are you there?", "--as-me"])
        .json();
    assert_eq!(waits["queued"], true, "{waits}");
    assert!(
        waits["reason"].as_str().unwrap().contains("not accepted"),
        "{waits}"
    );
    bo.json(&["approve-request", listed[0]["request_id"].as_str().unwrap()]);
    wait_for("the message", || {
        let messages = bo.json(&["list-messages"]);
        (messages[0]["body"]["text"] == "are you there?").then_some(())
    });
    let sent = ana.person.run(&["send", "bo", "second", "--as-me"]).json();
    assert_eq!(sent["result"]["ack"]["status"], "received", "{sent}");
    let peers = ana.json(&["mesh", "peers"]);
    assert!(peers[0]["they_accepted_us"].is_string(), "{peers}");

    // Turned away, they are not heard any more.
    ana.json(&["mesh", "revoke", "bo"]);
    bo.trusts(&ana);
    let late = bo.run(&["send-message", "--to", "ana", "--text", "hi", "--send"]);
    assert_ne!(late.code, Some(0), "{late:?}");
}

#[test]
fn a_directory_of_the_scripts_is_taken_over_and_given_back() {
    let Some(mut bo) = MeshPeer::new() else {
        return;
    };
    let url = bo.serve("bo");
    let Some(old) = MeshPeer::named("ana", "http://127.0.0.1:9") else {
        return;
    };
    bo.trusts_peer(&old);
    old.trusts_peer(&bo);
    old.json(&[
        "send-message",
        "--to",
        "bo",
        "--text",
        "from the script",
        "--send",
    ]);
    assert_eq!(
        bo.json(&["list-messages"])[0]["body"]["text"],
        "from the script"
    );

    let ana = Agent::import(old.state());
    let peers = ana.json(&["mesh", "peers"]);
    assert_eq!(
        (&peers[0]["agent_id"], &peers[0]["endpoint"]),
        (&json!("bo"), &json!(url))
    );
    assert_eq!(
        ana.person.texts(),
        [""; 0],
        "what is old is not handed over again"
    );
    let sent = ana
        .person
        .run(&["send", "bo", "from chaperon", "--as-me"])
        .json();
    assert_eq!(sent["result"]["verified"], true, "{sent}");

    let back = MeshPeer::from_export(&ana).unwrap();
    back.json(&[
        "send-message",
        "--to",
        "bo",
        "--text",
        "from the script again",
        "--send",
    ]);
    let texts: Vec<_> = bo
        .json(&["list-messages"])
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["body"]["text"].as_str().unwrap().to_owned())
        .collect();
    for text in ["from the script", "from chaperon", "from the script again"] {
        assert!(texts.iter().any(|said| said == text), "{text} of {texts:?}");
    }
}
