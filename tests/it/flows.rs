//! Whole flows through the built program: two profiles, relays of all kinds, one engine or none.

mod engine;
mod outage;
mod passphrase;
mod profile;
mod search;
mod supervision;

use serde_json::{Value, json};

use crate::reference::Reference;
use crate::support::{Person, Relay, http};

/// A conversation in both roles, and what a stranger's key does to it.
fn converse_and_notice_a_stranger(relay: &str) {
    let (ana, bo) = (Person::on(relay), Person::on(relay));
    let (by_ana, by_bo) = (ana.befriend(&bo), bo.befriend(&ana));
    for channel in [&by_ana, &by_bo] {
        for (from, to) in [(&ana, &bo), (&bo, &ana)] {
            from.send(channel, "first");
            from.send(channel, "second \u{1f980}");
            assert_eq!(from.texts(), [""; 0], "one's own messages came back");
            assert_eq!(to.texts(), ["first", "second \u{1f980}"]);
            assert_eq!(to.texts(), [""; 0]);
        }
        let list = http(relay, "GET", &format!("/channel/{channel}/messages"), None);
        assert_eq!(list.body, "[]");
    }
    let path = format!("/channel/{by_ana}/handshake");
    let stranger = r#"{"public_key":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}"#;
    assert_eq!(http(relay, "PUT", &path, Some(stranger)).status, 200);
    for (person, reason) in [(&ana, "key_changed"), (&bo, "answered_twice")] {
        let looked = person.run(&["check"]);
        assert!(looked.err.contains("stopped over its key"), "{looked:?}");
        let [change] = &person.pending()[..] else {
            panic!("not one item");
        };
        assert_eq!(
            (&change["kind"], &change["reason"]),
            (&json!("key_change"), &json!(reason))
        );
        let sent = person.run(&["send", &by_ana, "hello?"]);
        assert_eq!(sent.error(), "channel not active");
    }
    // The other channel of the same two has nothing to do with it.
    ana.send(&by_bo, "still here");
    assert_eq!(bo.texts(), ["still here"]);
}

#[test]
fn two_profiles_converse_over_our_relay() {
    converse_and_notice_a_stranger(Relay::start().url());
}

#[test]
fn two_profiles_converse_over_a_relay_without_any_extension() {
    converse_and_notice_a_stranger(Reference::start().url());
}

#[test]
fn a_link_from_another_relay_just_works() {
    let (home, away) = (Relay::start(), Relay::start());
    let (ana, mut bo) = (Person::on(home.url()), Person::on(away.url()));
    let channel = ana.befriend(&bo);
    bo.moves_to("http://127.0.0.1:9");
    bo.send(&channel, "from far away");
    assert_eq!(ana.texts(), ["from far away"]);
    assert_eq!(bo.channel(&channel)["relay"], home.url());
}

#[test]
fn our_own_key_put_back_on_an_invite_is_no_answer() {
    let relay = Relay::start();
    let ana = Person::on(relay.url());
    let invited = ana.invite("+49 30 901820");
    let own = ana.channel(&invited.channel)["our_pub"].clone();
    relay.answer_invite(&invited.channel, own.as_str().unwrap());
    ana.check();
    assert_eq!(ana.pending(), [Value::Null; 0]);
    relay.answer_invite(
        &invited.channel,
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    );
    ana.check();
    assert_eq!(ana.pending().len(), 1);
}

#[test]
fn a_new_invite_replaces_the_old_one_and_keeps_its_name_and_text() {
    let relay = Relay::start();
    let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
    let old = ana.befriend(&bo);
    ana.json(&["instructions", &old, "--preset", "inner-circle"]);
    let made = ana.json(&["reinvite", "+15550100"]);
    assert_eq!(made["superseded"], old.as_str());
    let new = made["channel_id"].as_str().unwrap();
    assert_eq!(ana.channel(&old)["status"], "superseded");
    for key in ["name", "instructions"] {
        assert_eq!(ana.channel(&old)[key], ana.channel(new)[key]);
    }
    let sent = ana.run(&["send", &old, "too late"]);
    assert_eq!(sent.error(), "channel not active");
}

#[test]
fn a_text_that_no_relay_would_take_is_refused_and_stops_nothing() {
    let relay = Relay::start();
    let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
    let channel = ana.befriend(&bo);
    // Each of these takes twelve bytes in JSON, and a third more in base64.
    let text = "\u{1f980}".repeat(30_000);
    ana.send(&channel, &text);
    assert_eq!(bo.texts(), [text]);
    let engine = ana.engine();
    let grown = json!({
        "channel": channel, "subject": "", "body": "\u{1f980}".repeat(120_000),
        "author": "assistant", "now": true,
    });
    let refused = engine.ask("send", Some(grown));
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("too large"), "{message}");
    ana.send(&channel, "small");
    assert_eq!(bo.texts(), ["small"]);
    assert_eq!(ana.json(&["status", "--json"])["outbox"], 0);
}

#[test]
fn what_is_paused_neither_leaves_nor_arrives_until_it_is_resumed() {
    let relay = Relay::start();
    let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
    let (paused, other) = (ana.befriend(&bo), bo.befriend(&ana));
    for scope in [&["pause", &paused][..], &["pause"]] {
        ana.json(scope);
        bo.send(&paused, "to ana");
        let sent = ana.send(&paused, "to bo");
        assert_eq!(sent["queued"], true, "{scope:?}: {sent}");
        assert_eq!(ana.texts(), [""; 0], "{scope:?}");
        assert_eq!(bo.texts(), [""; 0], "{scope:?}");
        if scope.len() > 1 {
            ana.send(&other, "elsewhere");
            assert_eq!(bo.texts(), ["elsewhere"]);
        }
        ana.json(&[&["resume"], &scope[1..]].concat());
        assert_eq!(ana.texts(), ["to ana"], "{scope:?}");
        assert_eq!(bo.texts(), ["to bo"], "{scope:?}");
    }
}

#[test]
fn messages_are_told_apart_by_their_numbers_and_ids() {
    let relay = Relay::start();
    let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
    let channel = ana.befriend(&bo);
    assert_eq!(ana.send(&channel, "same"), json!({ "ok": true, "seq": 1 }));
    assert_eq!(ana.send(&channel, "same"), json!({ "ok": true, "seq": 2 }));
    let got = bo.check();
    let numbers: Vec<&Value> = got.iter().map(|message| &message["seq"]).collect();
    assert_eq!(numbers, [1, 2]);
}
