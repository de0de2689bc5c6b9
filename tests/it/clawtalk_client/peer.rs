//! Ours and the reference's client, through a relay, both ways.

use chaperon::model::{Content, MessageKind, Provenance};
use chaperon::net::clawtalk::client::Deleted;
use chaperon::net::clawtalk::seal::open;
use chaperon::wire::clawtalk::{Envelope, JsText, KeyFile, Opened, PeerKeys};
use serde_json::{Value, json};

use super::{Ours, wait};
use crate::support::clawtalk_peer::ClawTalkPeer;
use crate::support::clawtalk_server::Serves;

/// A relay with one of ours and one of theirs on it; `None` where theirs cannot run.
fn meet() -> Option<(Serves, Ours, ClawTalkPeer)> {
    let relay = Serves::start();
    let ours = Ours::at(&relay, "Ours");
    let theirs = ClawTalkPeer::register(&relay.url(), "Theirs", "welcome")?;
    Some((relay, ours, theirs))
}

/// Reads the inbox of ours and judges all of it, in order.
fn receives(ours: &Ours) -> Vec<(Envelope, Opened)> {
    let peer: PeerKeys = ours.finds("Theirs").keys.unwrap();
    let between = ours.box_with(&peer);
    let inbox = wait(ours.client.inbox()).unwrap();
    let judge = |envelope: Envelope| {
        let opened = open(&envelope, &ours.name, Some(&between), Some(&peer));
        (envelope, opened)
    };
    let messages = inbox.messages.into_iter().map(Result::unwrap);
    messages.map(judge).collect()
}

fn words(opened: &Opened) -> &str {
    let Content::Text(body) = &opened.content else {
        panic!("not opened: {opened:?}");
    };
    body.body.expose_untrusted()
}

#[test]
fn what_ours_seals_is_verified_by_theirs() {
    let Some((relay, ours, theirs)) = meet() else {
        return;
    };
    let peer = ours.finds("Theirs").keys.unwrap();
    let payload =
        r#"{"text":"é 🦀 \u2028 \u0000","n":[1.5,1e21,-0,12345678901234567890],"o":{"b":1,"1":2}}"#;
    let outgoing = ours.seal("Theirs", &peer, payload);
    wait(ours.client.post(&outgoing.body, "k")).unwrap();
    let received = theirs.json(&["receive"]);
    assert_eq!(received[0]["verified"], true);
    assert_eq!(received[0]["from"], "Ours");
    assert_eq!(received[0]["topic"], "tö\u{2028}pic");
    assert_eq!(received[0]["correlationId"], "c-1");
    assert_eq!(received[0]["payload"]["text"], "é 🦀 \u{2028} \0");
    assert_eq!(received[0]["payload"]["o"], json!({"b": 1, "1": 2}));
    // The reference tells its relay what was sealed; ours did not.
    assert_eq!(relay.relay().audit.len(), 1);
    let id = received[0]["id"].as_str().unwrap();
    assert_eq!(theirs.json(&["ack", id])["deleted"], 1);
    assert_eq!(theirs.json(&["receive"]), json!([]));
    assert_eq!(relay.relay().waiting("Theirs"), 0);
}

#[test]
fn what_theirs_sends_is_judged_as_what_it_is() {
    let Some((relay, ours, theirs)) = meet() else {
        return;
    };
    let modes = [
        ("signed", Provenance::Verified, false),
        ("unsigned", Provenance::Unsigned, false),
        ("wrong", Provenance::WrongSignature, false),
        ("plain", Provenance::PlainText, false),
        ("plain-signed", Provenance::PlainText, false),
        ("broadcast", Provenance::PlainText, false),
        ("broadcast-signed", Provenance::PlainText, true),
    ];
    for (place, (mode, _, _)) in modes.iter().enumerate() {
        // A time of its own for each, so that their order is sure.
        relay.relay().stopped = Some(1_767_225_600_000 + i64::try_from(place).unwrap());
        let payload = json!({"text": mode, "n": [0.1, 1e21, 1e-7, -0.0], "é\u{2028}": null});
        let more = [
            "--topic",
            "tö\u{7f}pic",
            "--type",
            "response",
            "--correlation-id",
            "c",
            "--no-audit",
        ];
        theirs.send("Ours", &payload, mode, &more);
    }
    let received = receives(&ours);
    let judged: Vec<_> = received
        .iter()
        .map(|(_, opened)| (words(opened), opened.provenance, opened.broadcast))
        .collect();
    assert_eq!(judged, modes);
    for (envelope, _) in &received {
        assert_eq!(envelope.kind, Some(MessageKind::Response));
        assert_eq!(envelope.topic, Some(JsText::from("tö\u{7f}pic")));
        assert_eq!(envelope.correlation, Some(JsText::from("c")));
        let id = envelope.id.as_ref().unwrap();
        assert_eq!(wait(ours.client.delete(id)), Ok(Deleted::Now));
    }
    assert_eq!(relay.relay().waiting("Ours"), 0);
}

#[test]
fn any_json_that_theirs_sends_can_be_read() {
    let Some((_relay, ours, theirs)) = meet() else {
        return;
    };
    for payload in [
        json!("just a string"),
        json!([1, "2"]),
        json!(null),
        json!(5),
        json!({"a": 1}),
    ] {
        theirs.send("Ours", &payload, "signed", &["--no-audit"]);
        let (envelope, opened) = receives(&ours).remove(0);
        assert_eq!(opened.provenance, Provenance::Verified);
        let expected = payload
            .as_str()
            .map_or_else(|| payload.to_string(), str::to_owned);
        assert_eq!(words(&opened), expected);
        wait(ours.client.delete(envelope.id.as_ref().unwrap())).unwrap();
    }
}

#[test]
fn a_time_to_live_that_theirs_signs_verifies_for_nobody() {
    let Some((_relay, ours, theirs)) = meet() else {
        return;
    };
    theirs.send("Ours", &json!({"text": "x"}), "signed", &["--ttl", "3600"]);
    let (_, opened) = receives(&ours).remove(0);
    assert_eq!(opened.provenance, Provenance::WrongSignature);
    assert_eq!(words(&opened), "x");
}

#[test]
fn what_stops_theirs_does_not_stop_ours() {
    let Some((relay, ours, theirs)) = meet() else {
        return;
    };
    let poison = r#"{"id":"p","from":"Theirs","type":"request","encrypted":true,"payload":"AAAA",
        "nonce":"lyAH2Ban8uDXwlAxw0QvOH/IRoMQWTZ2","to":"x","ts":"1970-01-01T00:00:00.000Z"}"#;
    let from_ours = poison.replace("\"from\":\"Theirs\"", "\"from\":\"Ours\"");
    relay.relay().plant("Ours", 0, "p", poison);
    relay.relay().plant("Theirs", 0, "p", &from_ours);
    theirs.send(
        "Ours",
        &json!({"text": "after it"}),
        "signed",
        &["--no-audit"],
    );
    let received = receives(&ours);
    assert!(matches!(received[0].1.content, Content::Raw { .. }));
    assert_eq!(words(&received[1].1), "after it");
    let stopped = theirs.run(&["receive"]);
    let said: Value = serde_json::from_str(&stopped.out).unwrap();
    assert_eq!(said["error"], "Failed to decrypt message p from Ours");
    // And one entry of the directory stops it altogether.
    let mut state = relay.relay();
    state.strange_entries = vec![String::from(
        r#"{"name":"Bad","publicKey":"PK","signingKey":"SK"}"#,
    )];
    let peer = state.register("Third");
    drop(state);
    let third = ClawTalkPeer::join(&relay.url(), "Third", &peer).unwrap();
    let stopped = third.run(&["send", "--to", "Ours", "--payload", "1"]);
    assert_eq!(
        serde_json::from_str::<Value>(&stopped.out).unwrap()["error"],
        "invalid encoding"
    );
    assert!(ours.finds("Theirs").keys.is_ok());
}

#[test]
fn the_keys_that_theirs_makes_are_read_and_written_the_same() {
    let Some(peer) = ClawTalkPeer::new() else {
        return;
    };
    peer.json(&["keygen"]);
    let text = std::fs::read_to_string(peer.state()).unwrap();
    let scheme = chaperon::net::clawtalk::SCHEME;
    let file = KeyFile::decode(&text, &scheme).unwrap();
    assert_eq!(*file.encode(&scheme), text);
}

#[test]
fn theirs_says_what_the_relay_says() {
    let Some((_relay, _ours, theirs)) = meet() else {
        return;
    };
    // In the case of the directory, or not at all.
    let wrong = theirs.run(&["send", "--to", "ours", "--payload", "1"]);
    let said: Value = serde_json::from_str(&wrong.out).unwrap();
    assert_eq!(said["error"], "Agent \"ours\" not found");
    let listed = theirs.json(&["agents"]);
    assert_eq!(listed[0]["name"], "Ours");
}
