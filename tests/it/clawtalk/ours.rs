//! Two of ours on our relay.

use serde_json::{Value, json};

use super::{agent, invite, pair, register, until};
use crate::support::{ADMIN_KEY, Relay, wait_for};

#[test]
fn whoever_writes_first_waits_for_a_person_and_loses_nothing() {
    let relay = Relay::with_clawtalk();
    let (ana, bo) = (agent(&relay, "ana"), agent(&relay, "bo"));
    ana.json(&["clawtalk", "add", "bo"]);
    for text in ["hello", "are you there?"] {
        ana.json(&["send", "--as-me", "--topic", "lunch", "--", "bo", text]);
    }
    assert_eq!(bo.check(), [Value::Null; 0]);
    // Asked for twice, it is the same question.
    assert_eq!(bo.check(), [Value::Null; 0]);
    let pending = bo.pending();
    assert_eq!(pending.len(), 1, "{pending:?}");
    assert_eq!(pending[0]["kind"], "contact_request");
    approve(&bo);
    let came = bo.check();
    let texts: Vec<_> = came.iter().map(|message| &message["unsafe_body"]).collect();
    assert_eq!(texts, ["hello", "are you there?"]);
    assert_eq!(came[0]["unsafe_topic"], "lunch");
    assert_eq!(came[0]["provenance"], "verified");
    assert_eq!(came[0]["type"], "request");
}

#[test]
fn another_key_of_somebody_who_wrote_first_can_be_accepted_too() {
    let relay = Relay::with_clawtalk();
    let (ana, bo) = (agent(&relay, "ana"), agent(&relay, "bo"));
    ana.json(&["clawtalk", "add", "bo"]);
    ana.json(&["send", "--as-me", "--", "bo", "hello"]);
    bo.check();
    approve(&bo);
    assert_eq!(bo.texts(), ["hello"]);
    let keys = json!({ "publicKey": KEY, "signingKey": KEY }).to_string();
    relay.ask_as(ADMIN_KEY, "PATCH", "/agents/ana", Some(&keys));
    bo.check();
    let pending = bo.pending();
    assert_eq!(pending[0]["kind"], "key_change", "{pending:?}");
    assert_eq!(bo.channel("ana")["state"], "stopped");
    approve(&bo);
    assert_eq!(bo.channel("ana")["state"], "active");
}

/// A key that is none of anybody here: 32 bytes of 9.
const KEY: &str = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";

/// Says yes to the one thing that waits.
fn approve(person: &crate::support::Person) {
    let pending = person.pending();
    let seen = pending[0]["seen"].as_str().unwrap();
    person.json(&["approve", &pending[0]["id"].to_string(), "--seen", seen]);
}

#[test]
fn whoever_is_refused_is_refused_for_good_and_their_mail_goes() {
    let relay = Relay::with_clawtalk();
    let (ana, bo) = (agent(&relay, "ana"), agent(&relay, "bo"));
    ana.json(&["clawtalk", "add", "bo"]);
    ana.json(&["send", "--as-me", "--", "bo", "hello"]);
    bo.check();
    let pending = bo.pending();
    let seen = pending[0]["seen"].as_str().unwrap();
    bo.json(&["refuse", &pending[0]["id"].to_string(), "--seen", seen]);
    bo.check();
    assert_eq!(bo.pending(), [Value::Null; 0]);
    assert_eq!(bo.check(), [Value::Null; 0]);
}

#[test]
fn an_answer_is_linked_to_what_it_answers_on_both_sides() {
    let relay = Relay::with_clawtalk();
    let (ana, bo) = pair(&relay);
    ana.json(&["send", "--topic", "lunch", "--", "bo", "Thursday?"]);
    let asked = bo.check().remove(0);
    let number = asked["message"].to_string();
    bo.json(&["send", "--answers", &number, "--", "ana", "Thursday it is"]);
    let answer = ana.check().remove(0);
    assert_eq!(answer["type"], "response");
    assert_eq!(answer["unsafe_topic"], "lunch");
    // The number is that of the question in ana's own profile.
    let engine = ana.engine();
    let all = until(&engine, "bo", "both messages", |all| all.len() == 2);
    assert_eq!(all[1]["routing"]["answers"], all[0]["id"]);
    assert_eq!(answer["answers"], all[0]["id"]);
    let topics = engine.ask("topics", Some(json!({ "channel": engine.id_of("bo") })));
    let topics = &topics["result"]["value"];
    assert_eq!(topics[0]["unsafe_topic"], "lunch", "{topics}");
    assert_eq!(topics[0]["messages"], 2);
}

#[test]
fn a_message_to_several_is_sealed_for_each_and_names_them_all() {
    let relay = Relay::with_clawtalk();
    let (ana, bo) = pair(&relay);
    let eve = agent(&relay, "eve");
    ana.json(&["clawtalk", "add", "eve"]);
    eve.json(&["clawtalk", "add", "ana"]);
    let engine = ana.engine();
    let channels = [engine.id_of("bo"), engine.id_of("eve")];
    let letter = json!({ "channels": channels, "body": "all of you", "thread": {} });
    let answer = engine.ask("send_to_several", Some(letter));
    let outcomes = answer["result"]["value"]
        .as_array()
        .unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(outcomes.len(), 2);
    for (who, from) in [(&bo, "ana"), (&eve, "ana")] {
        let engine = who.engine();
        let all = until(&engine, from, "the message", |all| all.len() == 1);
        let routing = &all[0]["routing"];
        assert_eq!(routing["provenance"], "verified");
        assert_eq!(routing["audience"], "several");
        assert_eq!(routing["unsafe_names"], json!(["bo", "eve"]));
    }
    let alone = json!({ "channels": [channels[0]], "body": "you", "thread": {} });
    let refused = engine.ask("send_to_several", Some(alone));
    assert!(refused["error"].is_object(), "{refused}");
}

#[test]
fn an_engine_says_who_is_there_and_hears_what_is_new_by_itself() {
    let relay = Relay::with_clawtalk();
    let (ana, bo) = pair(&relay);
    let engine = bo.engine();
    ana.send("bo", "hello");
    until(&engine, "ana", "the message", |all| all.len() == 1);
    let presence = wait_for("presence", || {
        let channel = engine.ask("channel", Some(json!({ "channel": "ana" })));
        let presence = channel["result"]["value"]["presence"].clone();
        presence.is_object().then_some(presence)
    });
    assert_eq!(presence["online"], true, "{presence}");
    assert!(presence["as_of"].is_i64());
}

#[test]
fn a_login_with_the_keys_of_the_reference_goes_on_under_the_same_name() {
    let relay = Relay::with_clawtalk();
    let ana = agent(&relay, "ana");
    let keys = ana.run(&["clawtalk", "keygen"]).json();
    let registered = relay.ask(
        "POST",
        "/register",
        Some(
            &json!({
                "invite": invite(&relay, 1),
                "name": "bo",
            })
            .to_string(),
        ),
    );
    let registered: Value = serde_json::from_str(&registered.body).unwrap();
    let mut file = keys.clone();
    file["apiKey"] = registered["apiKey"].clone();
    let path = ana.desk().join("bo.json");
    std::fs::write(&path, file.to_string()).unwrap();
    close(&path);
    let bo = crate::support::Person::on("http://127.0.0.1:1");
    let path = path.to_str().unwrap();
    let login = |agent: &str| {
        bo.run(&[
            "clawtalk",
            "login",
            "--url",
            relay.url(),
            "--agent",
            agent,
            "--key-file",
            path,
        ])
    };
    assert!(
        login("Bo").error().contains("bo"),
        "the relay tells case apart"
    );
    assert!(login("ana").error().contains("other keys"));
    let made = login("bo").json();
    assert_eq!(made["publicKey"], keys["publicKey"]);
    // With another key of the relay's for the same agent it is the same login.
    let renewed = relay.ask_as(ADMIN_KEY, "POST", "/admin/agents/bo/key", None);
    let renewed: Value = serde_json::from_str(&renewed.body).unwrap();
    assert_eq!(bo.run(&["clawtalk", "agents"]).code, Some(1));
    file["apiKey"] = renewed["apiKey"].clone();
    std::fs::write(path, file.to_string()).unwrap();
    assert_eq!(login("bo").json()["account"], made["account"]);
    ana.json(&["clawtalk", "add", "bo"]);
    ana.json(&["send", "--as-me", "--", "bo", "hello"]);
    bo.check();
    assert_eq!(bo.pending().len(), 1);
    bo.json(&["clawtalk", "leave", "bo", "--force"]);
    assert_eq!(bo.json(&["clawtalk", "accounts"]), json!([]));
}

#[test]
fn one_profile_can_be_several_on_the_same_relay() {
    let relay = Relay::with_clawtalk();
    let (ana, bo) = (agent(&relay, "ana"), agent(&relay, "bo"));
    let second = invite(&relay, 1);
    register(&ana, &relay, "anna", &second);
    let without = ana.run(&["clawtalk", "add", "bo"]).error();
    assert!(without.contains("several"), "{without}");
    let one = ana.json(&["clawtalk", "add", "bo", "--account", "ana"]);
    let other = ana.json(&["clawtalk", "add", "bo", "--account", "anna"]);
    assert_ne!(one["channel"], other["channel"]);
    let engine = ana.engine();
    for (channel, text) in [(&one, "as ana"), (&other, "as anna")] {
        let letter = json!({
            "channel": channel["channel"], "subject": "", "body": text, "author": "human",
            "now": true,
        });
        let answer = engine.ask("send", Some(letter));
        assert!(answer["error"].is_null(), "{answer}");
    }
    // Where one name stands for two, the number of the channel tells them apart.
    let without = ana.run(&["send", "--as-me", "--", "bo", "which?"]);
    assert_ne!(without.code, Some(0), "{without:?}");
    let exact = format!("bo#{}", other["channel"]);
    ana.json(&["send", "--as-me", "--", &exact, "as anna again"]);
    bo.check();
    let mut who: Vec<_> = bo
        .pending()
        .iter()
        .map(|item| item["name"].clone())
        .collect();
    who.sort_by_key(ToString::to_string);
    assert_eq!(who, ["ana", "anna"]);
}

#[test]
fn somebody_whom_the_relay_does_not_list_is_not_written_to_in_vain() {
    let relay = Relay::with_clawtalk();
    let ana = agent(&relay, "ana");
    let nobody = ana.run(&["clawtalk", "add", "nobody"]).error();
    assert!(nobody.contains("nobody named nobody"), "{nobody}");
    let _bo = agent(&relay, "bo");
    let other = [
        "clawtalk",
        "add",
        "bo",
        "--fingerprint",
        "0000-0000-0000-0000",
    ];
    let changed = ana.run(&other);
    assert_eq!(changed.code, Some(5), "{changed:?}");
}

pub(super) fn close(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
