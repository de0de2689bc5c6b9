//! `chaperon relay invite|agents|audit`, as programs against a relay that is one.

use serde_json::json;

use crate::support::{ADMIN_KEY, Person, Ran, Relay};

/// Runs a verb of the admin at a relay.
fn admin(relay: &Relay, line: &[&str]) -> Ran {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("admin.key");
    std::fs::write(&key, format!("{ADMIN_KEY}\n")).unwrap();
    let key = key.to_str().unwrap();
    let around = ["--url", relay.url(), "--admin-key-file", key];
    let line = [&["relay"], line, &around].concat();
    Person::on(relay.url()).run(&line)
}

#[test]
fn the_admin_works_from_the_command_line() {
    let relay = Relay::with_clawtalk();
    let made = admin(&relay, &["invite", "--max-uses", "1", "--label", "L"]).json();
    let code = made["code"].as_str().unwrap();
    assert_eq!(made["url"], format!("{}/signup?invite={code}", relay.url()));
    let body = json!({ "invite": code, "name": "dora" }).to_string();
    let registered = relay.ask("POST", "/register", Some(&body));
    assert_eq!(registered.status, 201, "{registered:?}");
    let invites = admin(&relay, &["invite", "list"]).json();
    assert_eq!(
        (&invites[0]["uses"], &invites[0]["label"]),
        (&json!(1), &json!("L"))
    );
    let deleted = admin(&relay, &["invite", "delete", code]).json();
    assert_eq!(deleted["deleted"], true);

    let added = [
        "agents",
        "add",
        "A b",
        "--owner",
        "o",
        "--public-key",
        "P",
        "--signing-key",
        "S",
    ];
    let key = admin(&relay, &added).json()["apiKey"]
        .as_str()
        .unwrap()
        .to_owned();
    let agents = admin(&relay, &["agents"]).json();
    assert_eq!(
        (&agents[0]["name"], &agents[1]["name"]),
        (&json!("dora"), &json!("A b"))
    );
    let renewed = admin(&relay, &["agents", "new-key", "A b"]).json();
    assert_ne!(renewed["apiKey"], key);
    assert_eq!(relay.ask_as(&key, "GET", "/messages", None).status, 401);
    assert_eq!(
        admin(&relay, &["agents", "remove", "A b"]).json()["deleted"],
        true
    );

    assert_eq!(admin(&relay, &["audit"]).json()["entries"], json!([]));
    let cleared = admin(&relay, &["audit", "clear", "--before", "2100-01-01"]).json();
    assert_eq!(cleared["deleted"], 0);
}

#[test]
fn what_goes_wrong_is_one_line_of_json() {
    let relay = Relay::with_clawtalk();
    let ran = admin(&relay, &["invite", "delete", "nope"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert_eq!(
        ran.err,
        "{\"error\": \"the relay refused (404): Invite not found\"}\n"
    );

    let alone = Relay::start();
    let ran = admin(&alone, &["agents"]);
    let text = "{\"error\": \"what answers there is no ClawTalk relay (status 404)\"}\n";
    assert_eq!(ran.err, text);

    let nobody = Person::on(relay.url()).run(&["relay", "invite", "--url", relay.url()]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.err.contains("needs an admin key"), "{nobody:?}");
}

#[test]
fn a_relay_refuses_a_key_that_can_be_guessed_and_flags_that_need_one() {
    let person = Person::on("http://127.0.0.1:1");
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("admin.key");
    std::fs::write(&key, "hunter2\n").unwrap();
    let key = key.to_str().unwrap();
    let guessed = person.run(&["relay", "--listen", "127.0.0.1:0", "--admin-key-file", key]);
    assert_eq!(guessed.code, Some(1));
    assert!(guessed.err.contains("fewer than 12 bytes"), "{guessed:?}");
    let keyless = person.run(&["relay", "--listen", "127.0.0.1:0", "--audit"]);
    assert_eq!(keyless.code, Some(1));
    assert!(keyless.err.contains("needs an admin key"), "{keyless:?}");
}
