//! The reference's client and ours, through our relay, and ours on a relay with the reference's
//! oddities.

use serde_json::{Value, json};

use super::{agent, invite};
use crate::support::clawtalk_peer::ClawTalkPeer;
use crate::support::clawtalk_server::Serves;
use crate::support::{Person, Relay};

/// The reference's client on our relay, who knows us and is known to us.
fn meets() -> Option<(Relay, Person, ClawTalkPeer)> {
    let relay = Relay::with_clawtalk();
    let ours = agent(&relay, "ours");
    let theirs = ClawTalkPeer::register(relay.url(), "theirs", &invite(&relay, 1))?;
    ours.json(&["clawtalk", "add", "theirs"]);
    ours.trust("theirs");
    Some((relay, ours, theirs))
}

#[test]
fn both_ways_sealed_signed_and_with_a_topic() {
    let Some((_relay, ours, theirs)) = meets() else {
        return;
    };
    let said = json!({ "text": "Hello, é 🦀", "code": 42 });
    theirs.send(
        "ours",
        &said,
        "signed",
        &["--topic", "greeting", "--correlation-id", "c-1"],
    );
    let came = ours.check().remove(0);
    assert_eq!(came["unsafe_body"], "Hello, é 🦀");
    assert_eq!(came["unsafe_metadata"], json!({ "code": 42 }));
    assert_eq!(came["unsafe_topic"], "greeting");
    assert_eq!(came["provenance"], "verified");
    let number = came["message"].to_string();
    ours.json(&[
        "send",
        "--answers",
        &number,
        "--",
        "theirs",
        "And to you \u{2028}",
    ]);
    let received = theirs.json(&["receive"]);
    assert_eq!(received[0]["verified"], true, "{received}");
    assert_eq!(received[0]["payload"]["text"], "And to you \u{2028}");
    assert_eq!(received[0]["topic"], "greeting");
    assert_eq!(received[0]["correlationId"], "c-1");
    assert_eq!(received[0]["type"], "response");
}

#[test]
fn what_is_not_proven_is_told_apart_and_held_where_it_matters() {
    let Some((_relay, ours, theirs)) = meets() else {
        return;
    };
    let said = |text: &str| json!({ "text": text });
    for mode in [
        "signed",
        "unsigned",
        "wrong",
        "plain",
        "plain-signed",
        "broadcast-signed",
    ] {
        theirs.send("ours", &said(mode), mode, &[]);
    }
    ours.check();
    // A signature that does not fit may be that of a new key, which the directory shows later.
    let engine = ours.engine();
    let all = super::until(&engine, "theirs", "all of them", |all| all.len() == 6);
    let of = |text: &str| {
        let found = all
            .iter()
            .find(|message| message["content"]["body"] == text);
        let found = found.unwrap_or_else(|| panic!("{text}: {all:?}"));
        let admission = found["admission"]["admission"].as_str().unwrap();
        let provenance = found["routing"]["provenance"].as_str().unwrap();
        (provenance.to_owned(), admission.to_owned())
    };
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(of("signed"), pair("verified", "released"));
    assert_eq!(of("unsigned"), pair("unsigned", "released"));
    assert_eq!(of("wrong"), pair("wrong_signature", "held"));
    assert_eq!(of("plain"), pair("plain_text", "held"));
    assert_eq!(of("plain-signed"), pair("plain_text", "held"));
    assert_eq!(of("broadcast-signed"), pair("plain_text", "held"));
    let everybody = all
        .iter()
        .find(|m| m["content"]["body"] == "broadcast-signed")
        .unwrap();
    assert_eq!(everybody["routing"]["audience"], "everybody");
}

#[test]
fn a_relay_with_the_reference_s_oddities_loses_nothing() {
    let relay = Serves::start();
    let token = relay.relay().register("ours");
    let other = relay.relay().register("other");
    let ours = login(&relay, "ours", &token);
    let theirs = login(&relay, "other", &other);
    let now = chaperon::engine::system_clock()().0;
    relay.relay().ahead += 31_000;
    relay
        .relay()
        .strange_entries
        .push(r#"{"name":"odd","publicKey":"no base64"}"#.to_owned());
    ours.json(&["clawtalk", "add", "other"]);
    theirs.json(&["clawtalk", "add", "ours"]);
    ours.trust("other");
    // Something that names nobody lies among the mail.
    relay
        .relay()
        .plant("ours", now, "poison", r#"{"id":"poison","payload":"?"}"#);
    let texts: Vec<String> = (0..5).map(|number| format!("letter {number}")).collect();
    for text in &texts {
        theirs.json(&["send", "--as-me", "--", "ours", text]);
    }
    assert_eq!(ours.texts(), texts);
    assert_eq!(
        relay.relay().waiting("ours"),
        1,
        "all but the poison is deleted"
    );
    assert_eq!(ours.check(), [Value::Null; 0]);
    assert!(
        relay.relay().audit.is_empty(),
        "nobody was told what was sealed"
    );
}

fn login(relay: &Serves, name: &str, token: &str) -> Person {
    let person = Person::on("http://127.0.0.1:1");
    let file = person.desk().join("key");
    std::fs::write(&file, token).unwrap();
    super::ours::close(&file);
    let (url, file) = (relay.url(), file.to_str().unwrap().to_owned());
    person.json(&[
        "clawtalk",
        "login",
        "--url",
        &url,
        "--agent",
        name,
        "--key-file",
        &file,
    ]);
    person
}

#[test]
fn the_relay_gets_a_readable_copy_only_where_a_person_wants_that() {
    let relay = Serves::start();
    let token = relay.relay().register("ours");
    let other = relay.relay().register("other");
    let (ours, theirs) = (
        login(&relay, "ours", &token),
        login(&relay, "other", &other),
    );
    relay.relay().ahead += 31_000;
    ours.json(&["clawtalk", "add", "other"]);
    theirs.json(&["clawtalk", "add", "ours"]);
    ours.json(&["send", "--as-me", "--", "other", "between us"]);
    theirs.check();
    assert_eq!(relay.relay().audit.len(), 0);
    let settings = theirs.home().join("config.toml");
    std::fs::write(settings, "clawtalk_audit = true\n").unwrap();
    theirs.json(&["send", "--as-me", "--", "ours", "for all to read"]);
    let told = relay.relay().audit.clone();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("for all to read"), "{told:?}");
    // Of what arrived it is told from whom it was.
    ours.json(&["send", "--as-me", "--", "other", "and back"]);
    theirs.check();
    let told = relay.relay().audit.clone();
    let received: Value = serde_json::from_str(told.last().unwrap()).unwrap();
    assert_eq!(received["direction"], "received", "{received}");
    assert_eq!(
        (&received["from"], &received["to"]),
        (&json!("ours"), &json!("other"))
    );
}
