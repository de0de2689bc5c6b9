//! Two profiles of ours on the mesh.

use serde_json::{Value, json};

use crate::support::{Agent, http, wait_for};

fn pair() -> (Agent, Agent) {
    let (ana, bo) = (Agent::start("ana"), Agent::start("bo"));
    ana.befriend(&bo, ("ana", "bo"));
    (ana, bo)
}

/// The texts that came, in order, however many looks it takes.
fn texts(agent: &Agent, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    wait_for("messages", || {
        all.extend(agent.person.texts());
        (all.len() >= count).then_some(())
    });
    all
}

#[test]
fn two_profiles_find_accept_and_write_to_each_other() {
    let (ana, bo) = (Agent::start("ana"), Agent::start("bo"));
    let found = ana.json(&["mesh", "scan", bo.url(), "--found"]);
    let shown = &found[0]["response"]["agent"];
    assert_eq!(shown["agent_id"], "bo");
    ana.json(&["mesh", "request", bo.url(), "--purpose", "lunch"]);

    // The fingerprint that a person compared has to be that of the key.
    let request = bo.waiting_request();
    let other = [
        "mesh",
        "approve",
        &request,
        "--fingerprint",
        "0000-0000-0000-0000",
    ];
    assert_eq!(bo.person.run(&other).code, Some(5));
    let asks = bo.json(&["mesh", "requests", "--open"]);
    let seen = asks[0]["from"]["fingerprint"].as_str().unwrap();
    let approved = bo.json(&[
        "mesh",
        "approve",
        &request,
        "--fingerprint",
        seen,
        "--ask-back",
    ]);
    assert_eq!(approved["we_asked"], "sent");
    assert_eq!(bo.person.run(&["mesh", "approve", &request]).code, Some(4));
    ana.accept();

    let sent = ana.send("bo", "there");
    assert_eq!(sent["result"]["ack"]["status"], "received", "{sent}");
    bo.send("ana", "back");
    assert_eq!(texts(&bo, 1), ["there"]);
    assert_eq!(texts(&ana, 1), ["back"]);
    let channel = ana.person.channel("bo");
    assert_eq!(channel["network"], "mesh");
    let code = |agent: &Agent, id| agent.json(&["verify", "--json", "--", id])["words"].clone();
    assert_eq!(
        code(&ana, "bo"),
        code(&bo, "ana"),
        "both sides see one safety code"
    );
}

#[test]
fn what_is_sent_to_somebody_who_is_away_arrives_once_and_in_order() {
    let (ana, mut bo) = pair();
    bo.dies();
    let sent: Vec<_> = (0..5).map(|number| format!("letter {number}")).collect();
    for text in &sent {
        let waits = ana.send("bo", text);
        assert_eq!(waits["queued"], true, "{waits}");
    }
    bo.serve();
    assert_eq!(texts(&bo, 5), sent);
    assert_eq!(bo.person.texts(), [""; 0]);
}

#[test]
fn killed_in_the_middle_nothing_is_lost_and_nothing_doubled() {
    let (mut ana, mut bo) = pair();
    let mut sent = Vec::new();
    for round in 0..6 {
        for number in 0..5 {
            let text = format!("round {round}, {number}");
            ana.json(&["send", "--", "bo", &text]);
            sent.push(text);
        }
        let dies = if round % 2 == 0 { &mut bo } else { &mut ana };
        dies.dies();
        dies.serve();
    }
    assert_eq!(texts(&bo, sent.len()), sent);
    assert_eq!(bo.person.texts(), [""; 0]);
}

#[test]
fn somebody_else_under_a_known_id_stops_the_channel_and_never_takes_it_over() {
    let (ana, bo) = pair();
    ana.send("bo", "before");
    assert_eq!(texts(&bo, 1), ["before"]);
    // The same id with another key.
    let mallory = Agent::start("ana");
    mallory.json(&["mesh", "request", bo.url(), "--purpose", "it is me"]);
    let [item] = &bo.person.pending()[..] else {
        panic!("not one item");
    };
    assert_eq!(item["kind"], "key_change");
    assert_eq!(bo.person.channel("ana")["status"], "stopped");
    let sent = ana.send("bo", "during");
    assert_eq!(sent["queued"], true, "{sent}");
    assert_eq!(bo.person.texts(), [""; 0]);

    // The key that was accepted stays; the other one is not heard of again.
    let (id, seen) = (item["id"].to_string(), item["seen"].as_str().unwrap());
    let keep = ["approve", &id, "--seen", seen, "--keep-pinned"];
    bo.json(&keep);
    let again = mallory.person.run(&["mesh", "request", bo.url()]);
    assert_ne!(again.code, Some(0), "{again:?}");
    assert_eq!(bo.person.pending(), [Value::Null; 0]);
    assert_eq!(texts(&bo, 1), ["during"]);
}

#[test]
fn who_is_ignored_may_ask_again_and_who_is_blocked_asks_in_vain() {
    let (ana, bo) = (Agent::start("ana"), Agent::start("bo"));
    ana.json(&["mesh", "request", bo.url()]);
    let first = bo.waiting_request();
    assert_eq!(
        bo.json(&["mesh", "reject", &first]),
        json!({ "ok": true, "rejected": first, "blocked": false })
    );
    assert_eq!(bo.person.pending(), [Value::Null; 0]);
    ana.json(&["mesh", "request", bo.url()]);
    let second = bo.waiting_request();
    assert_ne!(first, second);
    bo.json(&["mesh", "reject", &second, "--block"]);
    let vain = ana.person.run(&["mesh", "request", bo.url()]);
    assert_ne!(vain.code, Some(0), "{vain:?}");
    assert_eq!(bo.person.pending(), [Value::Null; 0]);
    // Asking them oneself lifts it.
    bo.json(&["mesh", "request", ana.url()]);
    ana.json(&["mesh", "request", bo.url()]);
    assert_ne!(bo.waiting_request(), second);
}

#[test]
fn who_moved_keeps_the_key_and_is_followed_once_their_peer_says_so() {
    let (mut ana, bo) = pair();
    let before = ana.json(&["mesh", "discovery"]);
    ana.dies();
    ana.moves();
    let url = ana.url().to_owned();
    let after = ana.json(&["mesh", "move", "--endpoint", &url, "--display-name", "Ana"]);
    assert_eq!(after["public_key"], before["agent"]["public_key"]);
    assert_eq!(after["agent_id"], "ana");
    ana.serve();
    assert_eq!(bo.send("ana", "lost?")["queued"], true);
    ana.json(&["mesh", "request", "bo"]);
    let [item] = &bo.person.pending()[..] else {
        panic!("not one item");
    };
    assert_eq!(item["kind"], "contact_request");
    bo.accept();
    assert_eq!(texts(&ana, 1), ["lost?"]);
    assert_eq!(bo.json(&["mesh", "peers"])[0]["endpoint"], url);
}

#[test]
fn an_identity_is_made_once_and_kept_while_peers_know_it() {
    let (ana, _bo) = pair();
    let made = ana.person.run(&["mesh", "init"]);
    assert!(
        made.error().contains("there is an identity already"),
        "{made:?}"
    );
    let forced = ana.person.run(&["mesh", "init", "--force"]);
    assert!(forced.error().contains("end those first"), "{forced:?}");
    ana.json(&["mesh", "revoke", "bo"]);
    let before = ana.json(&["mesh", "discovery"]);
    let after = ana.json(&["mesh", "init", "--force", "--agent-id", "ana2"]);
    assert_ne!(after["public_key"], before["agent"]["public_key"]);
    let shown = wait_for("the new identity", || {
        let answer = http(ana.url(), "GET", "/agent-mesh/discovery", None);
        let shown: Value = serde_json::from_str(&answer.body).ok()?;
        (shown["agent"]["agent_id"] == "ana2").then_some(shown)
    });
    assert_eq!(shown["agent"]["public_key"], after["public_key"]);
}

#[test]
fn wrong_ids_addresses_and_patterns_say_what_to_do() {
    let ana = Agent::start("ana");
    for (arguments, says) in [
        (&["mesh", "scan", "ftp://x"][..], "http"),
        (
            &["mesh", "scan", "http://10.{1-9}.{0-99}.{0-99}:1"],
            "addresses",
        ),
        (&["mesh", "request", "http://127.0.0.1:9"], "127.0.0.1:9"),
        (&["mesh", "request", ana.url()], "yourself"),
        (&["mesh", "approve", "req_x"], "Request not found"),
        (&["mesh", "revoke", "nobody"], "no peer"),
    ] {
        let refused = ana.person.run(arguments);
        assert!(refused.error().contains(says), "{arguments:?}: {refused:?}");
    }
    let fresh = crate::support::Person::on("http://127.0.0.1:1");
    let refused = fresh.run(&["mesh", "request", ana.url()]);
    assert!(refused.error().contains("identity"), "{refused:?}");
    let refused = fresh.run(&["mesh", "init", "--agent-id", "../x"]);
    assert_ne!(refused.code, Some(0));
}
