//! An inbox is read to its end, whatever the relay does with its order.

use std::collections::HashMap;

use chaperon::model::UnixMillis;
use chaperon::net::clawtalk::pages::{Inbox, Query, Reading};
use chaperon::wire::clawtalk::{decode_page, encode_time};
use proptest::prelude::*;

use crate::support::clawtalk_server::{Relay, Request};

const NOW: i64 = 1_767_225_600_000;

/// A relay with one member, and its key.
fn relay() -> (Relay, String) {
    let mut relay = Relay::default();
    relay.stopped = Some(NOW);
    let key = relay.register("Bob");
    (relay, key)
}

fn message(at: i64, number: usize) -> String {
    let ts = encode_time(UnixMillis(at));
    format!(
        r#"{{"id":"m{number}","from":"Alice","encrypted":false,"payload":{number},"ts":"{ts}"}}"#
    )
}

fn plant(relay: &mut Relay, at: i64, number: usize) {
    relay.plant("Bob", at, &format!("m{number}"), &message(at, number));
}

/// Asks for one page.
fn look(relay: &mut Relay, key: &str, query: Query) -> String {
    let mut parameters = HashMap::from([(String::from("limit"), query.limit.to_string())]);
    if let Some(since) = query.since {
        parameters.insert(String::from("since"), encode_time(since));
    }
    let request = Request {
        method: "GET",
        path: "/messages",
        query: parameters,
        bearer: Some(key),
        body: "",
    };
    relay.answer(&request).1
}

/// Reads the inbox; `between` happens after every page.
fn read(relay: &mut Relay, key: &str, mut between: impl FnMut(&mut Relay)) -> (Inbox, usize) {
    let mut reading = Reading::new();
    let mut requests = 0;
    while let Some(query) = reading.next() {
        let page = look(relay, key, query);
        reading.took(decode_page(page.as_bytes()).unwrap());
        requests += 1;
        between(relay);
    }
    (reading.finish(), requests)
}

fn ids(inbox: &Inbox) -> Vec<String> {
    let id = |message: &Result<_, _>| {
        let envelope: &chaperon::wire::clawtalk::Envelope = message.as_ref().unwrap();
        envelope.id.as_ref().unwrap().as_str().to_owned()
    };
    inbox.messages.iter().map(id).collect()
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("m{number}")).collect()
}

#[test]
fn a_short_list_is_read_with_one_look_and_put_in_order() {
    let (mut relay, key) = relay();
    assert_eq!(read(&mut relay, &key, |_| {}).0.messages, []);
    for number in 0..5 {
        plant(&mut relay, NOW + number, usize::try_from(number).unwrap());
    }
    for _ in 0..3 {
        let (inbox, requests) = read(&mut relay, &key, |_| {});
        assert_eq!(ids(&inbox), numbered(0..5));
        assert_eq!((inbox.complete, requests), (true, 1));
    }
}

#[test]
fn a_thousand_messages_are_read_at_once_and_in_order() {
    let (mut relay, key) = relay();
    for number in 0..1000 {
        // Three of every millisecond.
        plant(&mut relay, NOW + i64::try_from(number / 3).unwrap(), number);
    }
    let (inbox, requests) = read(&mut relay, &key, |_| {});
    assert!(ids(&inbox) == numbered(0..1000), "not in order");
    assert!(inbox.complete && requests <= 24, "{requests}");
}

#[test]
fn more_of_one_millisecond_than_a_page_holds_take_several_readings() {
    let (mut relay, key) = relay();
    for number in 0..450 {
        plant(&mut relay, NOW, number);
    }
    let (found, readings) = drain(&mut relay, &key);
    assert_eq!(found.len(), 450);
    assert!(readings < 8, "{readings}");
}

/// Reads and deletes until nothing is left; returns what was found, each as often as it was.
fn drain(relay: &mut Relay, key: &str) -> (Vec<String>, usize) {
    let mut found = Vec::new();
    for readings in 1..50 {
        let (inbox, requests) = read(relay, key, |_| {});
        assert!(requests <= 24);
        for id in ids(&inbox) {
            delete(relay, key, &id);
            found.push(id);
        }
        if inbox.complete {
            return (found, readings);
        }
    }
    panic!("it comes to no end");
}

fn delete(relay: &mut Relay, key: &str, id: &str) {
    let request = Request {
        method: "DELETE",
        path: &format!("/messages/{id}"),
        query: HashMap::new(),
        bearer: Some(key),
        body: "",
    };
    assert_eq!(relay.answer(&request).0, 204);
}

#[test]
fn an_order_that_never_turns_around_hides_nothing() {
    let (mut relay, key) = relay();
    for number in 0..350 {
        plant(&mut relay, NOW + i64::try_from(number).unwrap(), number);
    }
    // Every look is the first one after a write, so that the newest always come first.
    let mut number = 350;
    let mut found = Vec::new();
    let mut complete = false;
    while !complete {
        let (inbox, requests) = read(&mut relay, &key, |relay| {
            if number < 400 {
                plant(relay, NOW + i64::try_from(number).unwrap(), number);
                number += 1;
            }
        });
        assert!(requests <= 24);
        for id in ids(&inbox) {
            delete(&mut relay, &key, &id);
            found.push(id);
        }
        complete = inbox.complete && relay.waiting("Bob") == 0;
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 400);
}

#[test]
fn what_a_list_does_not_show_yet_is_found_when_it_is_looked_at_again() {
    let (mut relay, key) = relay();
    plant(&mut relay, NOW, 0);
    read(&mut relay, &key, |_| {});
    relay.elsewhere("Bob", NOW - 5_000, "m1", &message(NOW - 5_000, 1));
    assert_eq!(ids(&read(&mut relay, &key, |_| {}).0), ["m0"]);
    relay.stopped = Some(NOW + 30_000);
    assert_eq!(ids(&read(&mut relay, &key, |_| {}).0), ["m1", "m0"]);
}

#[test]
fn what_is_broken_is_read_once_and_in_its_place() {
    let (mut relay, key) = relay();
    for number in 0..150 {
        plant(&mut relay, NOW + i64::try_from(number).unwrap(), number);
    }
    relay.plant("Bob", NOW, "odd", "{\"id\":\"odd\"}");
    relay.plant("Bob", NOW, "odder", "7");
    let (inbox, _) = read(&mut relay, &key, |_| {});
    let broken: Vec<_> = inbox
        .messages
        .iter()
        .filter_map(|message| message.as_ref().err())
        .collect();
    assert_eq!(broken.len(), 2);
    assert_eq!(inbox.messages.len(), 152);
    assert!(inbox.messages.iter().rev().take(2).all(Result::is_err));
}

#[test]
fn what_cannot_be_deleted_yet_hides_nothing_behind_it() {
    let (mut relay, key) = relay();
    for number in 0..5000 {
        plant(&mut relay, NOW + i64::try_from(number / 2).unwrap(), number);
    }
    let mut found = std::collections::HashSet::new();
    let mut from = None;
    for _ in 0..20 {
        let mut reading = Reading::from(from);
        while let Some(query) = reading.next() {
            let page = look(&mut relay, &key, query);
            reading.took(decode_page(page.as_bytes()).unwrap());
        }
        let inbox = reading.finish();
        found.extend(ids(&inbox));
        if inbox.complete {
            assert_eq!(found.len(), 5000);
            return;
        }
        assert!(inbox.read_to > from);
        from = inbox.read_to;
    }
    panic!("it comes to no end");
}

#[test]
fn pages_that_are_too_long_are_asked_for_in_parts() {
    let mut reading = Reading::new();
    let mut limits = Vec::new();
    while let Some(query) = reading.next() {
        limits.push(query.limit);
        reading.too_long();
    }
    assert_eq!(limits, [100, 25, 6, 1]);
    assert!(!reading.finish().complete);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However messages come in between, from here or from another part of the relay, and however
    /// the time passes: all of them are found, and none is skipped for good.
    #[test]
    fn nothing_is_missed(
        steps in proptest::collection::vec((0_i64..4, 0_u8..8), 0..350),
        between in proptest::collection::vec((0_i64..20_000, 0_usize..40), 0..30),
    ) {
        let (mut relay, key) = relay();
        let mut number = 0;
        let mut at = NOW;
        for (pause, elsewhere) in steps {
            at += pause;
            relay.stopped = Some(at);
            if elsewhere == 0 {
                relay.elsewhere("Bob", at, &format!("m{number}"), &message(at, number));
            } else {
                plant(&mut relay, at, number);
            }
            number += 1;
        }
        let mut between = between.into_iter();
        let mut found = Vec::new();
        for _ in 0..60 {
            let (inbox, requests) = read(&mut relay, &key, |relay| {
                if let Some((pause, more)) = between.next() {
                    at += pause;
                    relay.stopped = Some(at);
                    for _ in 0..more {
                        plant(relay, at, number);
                        number += 1;
                    }
                }
            });
            prop_assert!(requests <= 24);
            let times: Vec<_> = inbox.messages.iter().map(chaperon::net::clawtalk::pages::at).collect();
            prop_assert!(times.is_sorted());
            for id in ids(&inbox) {
                delete(&mut relay, &key, &id);
                found.push(id);
            }
            at += 31_000;
            relay.stopped = Some(at);
            if inbox.complete && relay.waiting("Bob") == 0 {
                break;
            }
        }
        found.sort();
        let count = found.len();
        found.dedup();
        prop_assert_eq!(found.len(), count, "something was found twice after it was deleted");
        prop_assert_eq!(count, number);
    }
}
