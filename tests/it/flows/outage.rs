//! Relays that are down, slow or back again.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::{Person, Relay, wait_for};

#[test]
fn what_was_sent_while_the_relay_was_down_leaves_in_order_with_the_next_check() {
    let mut relay = Relay::start();
    let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
    let channel = ana.befriend(&bo);
    relay.kill();
    let texts: Vec<String> = (0..6).map(|number| format!("number {number}")).collect();
    for text in &texts {
        let sent = ana.send(&channel, text);
        assert_eq!(
            (&sent["ok"], &sent["queued"], &sent["seq"]),
            (&json!(true), &json!(true), &Value::Null)
        );
        assert!(sent["reason"].is_string(), "{sent}");
    }
    let checked = ana.run(&["check"]);
    assert_eq!(checked.error(), "no relay answered");
    assert_eq!(ana.json(&["status", "--json"])["outbox"], 6);

    relay.again();

    assert_eq!(ana.texts(), [""; 0]);
    assert_eq!(ana.json(&["status", "--json"])["outbox"], 0);
    assert_eq!(bo.texts(), texts);
}

#[test]
fn an_engine_sends_what_waited_once_the_relay_is_back() {
    let mut relay = Relay::start();
    let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
    let channel = ana.befriend(&bo);
    let _engine = ana.engine();
    relay.kill();
    assert_eq!(ana.send(&channel, "waits")["queued"], true);
    assert_eq!(ana.send(&channel, "waits too")["queued"], true);
    relay.again();
    let mut got = Vec::new();
    wait_for("both messages", || {
        got.extend(bo.texts());
        (got.len() >= 2).then_some(())
    });
    assert_eq!(got, ["waits", "waits too"]);
}

/// Accepts connections and never answers; counts them.
fn start_mute() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let accepted: Arc<AtomicUsize> = Arc::default();
    let counter = Arc::clone(&accepted);
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            held.push(stream);
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    (url, accepted)
}

#[test]
fn a_dead_and_a_mute_relay_do_not_delay_a_third() {
    let live = Relay::start();
    let (mut ana, bo) = (Person::on(live.url()), Person::on(live.url()));
    let channel = ana.befriend(&bo);
    let (mute, accepted) = start_mute();
    ana.moves_to(&mute);
    ana.invite("+15550111");
    let mut dead = Relay::start();
    ana.moves_to(dead.url());
    ana.invite("+15550112");
    dead.kill();
    let engine = ana.engine();
    let id = engine.id_of(&channel);
    wait_for("a request to the mute relay", || {
        (accepted.load(Ordering::SeqCst) > 0).then_some(())
    });
    for number in 1..=5 {
        bo.send(&channel, "there");
        wait_for("the message", || {
            let peer = engine.transcript(&id);
            let peer = peer.iter().filter(|message| message["author"] == "peer");
            (peer.count() == number).then_some(())
        });
        assert_eq!(ana.send(&channel, "back")["ok"], true);
        assert_eq!(bo.texts(), ["back"]);
    }
    // All of that while the requests to the mute relay still waited for an answer.
    let status = ana.json(&["status", "--json"]);
    let relays = status["relays"].as_array().unwrap();
    let of = |url: &str| relays.iter().find(|relay| relay["relay"] == url).unwrap();
    assert_eq!(of(&mute)["problem"], Value::Null, "{status}");
    assert_eq!(of(&mute)["last_ok"], Value::Null, "{status}");
    assert!(of(dead.url())["problem"].is_string(), "{status}");
}

#[test]
fn a_check_returns_the_mail_of_the_relay_that_lives() {
    let live = Relay::start();
    let (mut ana, bo) = (Person::on(live.url()), Person::on(live.url()));
    let channel = ana.befriend(&bo);
    let mut dead = Relay::start();
    ana.moves_to(dead.url());
    ana.invite("+15550112");
    dead.kill();
    bo.send(&channel, "alive");
    let ran = ana.run(&["check"]);
    assert_eq!(ran.json()[0]["unsafe_body"], "alive");
    assert!(ran.err.contains("\"warning\""), "{ran:?}");
}
