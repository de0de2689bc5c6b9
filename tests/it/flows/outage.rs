//! Relays that are down, slow or back again.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

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

/// A relay on which nothing ever happens. It answers as many requests as it was allowed to, and
/// lets the others wait.
fn start_slow() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let allowed: Arc<AtomicUsize> = Arc::default();
    let left = Arc::clone(&allowed);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (left, stream) = (Arc::clone(&left), stream.unwrap());
            std::thread::spawn(move || answer_when_allowed(stream, &left));
        }
    });
    (url, allowed)
}

fn answer_when_allowed(mut stream: std::net::TcpStream, left: &AtomicUsize) {
    let mut head: Vec<u8> = Vec::new();
    let mut bytes = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(length) => head.extend(bytes.iter().take(length)),
        }
    }
    let one_less = |left: usize| left.checked_sub(1);
    let pause = Some(Duration::from_millis(10));
    stream.set_read_timeout(pause).unwrap();
    loop {
        // Whoever gave up takes nobody else's turn.
        if matches!(stream.peek(&mut [0]), Ok(0)) {
            return;
        }
        let taken = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        if taken.is_ok() {
            break;
        }
    }
    let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    // Whoever asked may have gone away.
    let _gone = stream.write_all(answer.as_bytes());
}

#[test]
fn the_first_look_at_many_channels_says_how_far_it_is_and_can_be_put_off() {
    let (slow, allowed) = start_slow();
    let ana = Person::on(&slow);
    for number in 0..6 {
        ana.invite(&format!("+1555010{number}"));
    }
    let engine = ana.engine();
    let look = || ana.json(&["status", "--json"])["first_look"].clone();
    let is = |done: u64, put_off: u64| {
        let wanted = json!({ "done": done, "total": 6, "put_off": put_off });
        wait_for(&format!("{wanted}"), || (look() == wanted).then_some(()));
    };
    is(0, 0);
    // That there is no request for all channels at once, and one of them.
    allowed.store(2, Ordering::SeqCst);
    is(1, 0);
    let work = engine.ask("work", None);
    let progress = json!({ "done": 1, "total": 6, "can_stop": true });
    assert_eq!(work["result"]["value"], progress, "{work}");

    engine.ask("stop_work", None);
    is(1, 5);
    assert_eq!(engine.ask("work", None)["result"]["value"], Value::Null);
    allowed.store(usize::MAX, Ordering::SeqCst);
    let later = ana.invite("+15550110");
    wait_for("the invite that came later", || {
        (look()["done"] == json!(2)).then_some(())
    });
    assert_eq!(look()["put_off"], json!(5), "{later:?}");

    engine.ask("sync", None);
    wait_for("the end of it", || look().is_null().then_some(()));
    assert_eq!(engine.stop(), Some(0));
}
