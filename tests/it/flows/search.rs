//! Searching and notes through the built program, with and without a passphrase.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Person, Ran, Relay, run};

fn holds(dir: &Path, needle: &str) -> bool {
    fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        let bytes = fs::read(path).unwrap_or_default();
        bytes
            .windows(needle.len())
            .any(|part| part == needle.as_bytes())
    })
}

fn with_secret(person: &Person, file: &Path, arguments: &[&str]) -> Ran {
    let mut command: Command = person.command(arguments);
    command.env("CHAPERON_PASSPHRASE_FILE", file);
    run(&mut command)
}

#[test]
fn a_message_a_note_and_a_decision_are_found_and_the_assistant_finds_nothing() {
    let relay = Relay::start();
    let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
    let channel = ana.befriend(&bo);
    bo.json(&[
        "send",
        &channel,
        "--as-me",
        "--",
        "Could we hold Thursday, crème brûlée after?",
    ]);
    bo.json(&[
        "send",
        &channel,
        "--as-me",
        "--",
        "東京の会議室 Decem\u{200b}ber",
    ]);
    ana.json(&["check"]);

    let found = ana.json(&["search", "HOLD", "creme", "--json"]);
    assert_eq!(
        (&found["total"], &found["hits"][0]["author"]),
        (&1.into(), &"peer".into())
    );
    assert_eq!(found["index"]["waiting"], 0);
    for query in [
        "会議",
        "京",
        "december",
        "from:them december -hold",
        "\"creme brulee\"",
    ] {
        let found = ana.json(&["search", query, "--json"]);
        assert_eq!(found["total"], 1, "{query}: {found}");
    }
    let text = ana.run(&["search", "hold"]);
    assert!(
        text.out.contains("  ┆ Could we [hold] Thursday"),
        "{text:?}"
    );
    let nothing = ana.run(&["search", "gardening"]);
    assert_eq!(nothing.code, Some(3), "{nothing:?}");
    let typed = ana.run(&["search", "frm:bob"]);
    assert!(typed.err.contains("is no operator"), "{typed:?}");

    assert_eq!(ana.run(&["note", &channel]).code, Some(3));
    ana.json(&["note", &channel, "met in Lisbon", "--json"]);
    let note = ana.json(&["note", &channel, "likes tea", "--json"]);
    assert_eq!(note["text"], "met in Lisbon\nlikes tea");
    let found = ana.json(&["search", "lisbon tea", "--json"]);
    assert_eq!(found["hits"][0]["kind"], "note");
    let found = ana.json(&["search", "contact", "is:decision", "--json"]);
    assert!(found["total"].as_u64() >= Some(1), "{found}");
    let mut edits = ana.command(&["note", &channel, "--edit", "--json"]);
    let edited = run(edits.env("EDITOR", "cp /dev/null"));
    assert_eq!(edited.json()["text"], "", "an empty note is forgotten");

    for arguments in [
        &["search", "hold"][..],
        &["note", &channel],
        &["note", &channel, "x"],
    ] {
        let refused = run(ana.command(arguments).env("CHAPERON_AS_ASSISTANT", "1"));
        assert_eq!(refused.code, Some(6), "{refused:?}");
    }
}

#[test]
fn a_protected_profile_is_searched_and_no_word_of_it_lies_on_the_disk() {
    let relay = Relay::start();
    let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
    let channel = ana.befriend(&bo);
    bo.json(&[
        "send",
        &channel,
        "--as-me",
        "--",
        "the zebracrossing at noon",
    ]);
    ana.json(&["check"]);
    ana.json(&["note", &channel, "okapihouse", "--json"]);
    assert_eq!(ana.json(&["search", "zebra", "--json"])["total"], 1);
    assert!(holds(&ana.home(), "ebracrossing"));

    let secret = ana.desk().join("secret");
    fs::write(&secret, "correct horse\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&secret, mode).unwrap();
    let new = [
        "passphrase",
        "set",
        "--new-passphrase-file",
        secret.to_str().unwrap(),
    ];
    let set = ana.run(&new);
    assert_eq!(set.code, Some(0), "{set:?}");
    for query in ["zebra", "okapi"] {
        let found = with_secret(&ana, &secret, &["search", query, "--json"]).json();
        assert_eq!(found["total"], 1, "{query}: {found}");
    }
    for word in ["ebracrossing", "kapihouse"] {
        assert!(!holds(&ana.home(), word), "{word}");
    }
    let removed = with_secret(&ana, &secret, &["passphrase", "remove"]);
    assert_eq!(removed.code, Some(0), "{removed:?}");
    assert_eq!(ana.json(&["search", "zebra", "--json"])["total"], 1);
}

/// Killed after any commit of building the index, the next call finds everything.
#[test]
fn a_search_that_was_killed_while_it_built_the_index_loses_nothing() {
    let relay = Relay::start();
    let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
    let channel = ana.befriend(&bo);
    bo.json(&["send", &channel, "--as-me", "--", "hold the door"]);
    ana.json(&["check"]);
    for step in 1..4 {
        ana.dies_at(step, &["search", "hold"]);
    }
    assert_eq!(ana.json(&["search", "hold", "--json"])["total"], 1);
}
