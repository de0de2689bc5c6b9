//! A process that dies after any commit or any network call loses nothing and repeats nothing.
//!
//! `CHAPERON_ABORT_AT=N` ends a debug build at its N-th such step as `kill -9` would. Every
//! case takes N from 1 upwards until the command is done before it gets that far.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::support::{ADMIN_KEY, Person, Ran, Relay, World, http, texts};

/// More steps than any command here has.
const MANY: u32 = 60;

impl World {
    fn count_at_relay(&self) -> usize {
        self.relay.waiting(&self.channel).len()
    }
}

/// Whether it was killed at a step; otherwise insists that it ended well by itself.
fn died(ran: &Ran) -> bool {
    assert!(ran.code.is_none() || ran.code == Some(0), "{ran:?}");
    ran.code.is_none()
}

#[test]
fn a_message_leaves_once_wherever_its_sender_dies() {
    let world = World::new();
    let mut was_durable = false;
    for step in 1..MANY {
        let text = format!("message {step}");
        let ran = world.ana.dies_at(step, &["send", &world.channel, &text]);
        // Nothing but a check: it sends what waits.
        assert_eq!(world.ana.texts(), [""; 0]);
        let left = world.count_at_relay();
        assert!(left <= 1, "sent {left} times after a death at step {step}");
        assert_eq!(world.bo.texts(), vec![text.as_str(); left]);
        if left == 0 {
            assert!(!was_durable, "lost after a death at step {step}");
            assert_eq!(ran.out, "", "acknowledged and lost at step {step}");
            world.ana.send(&world.channel, &text);
            assert_eq!(world.bo.texts(), [text]);
        }
        was_durable |= left == 1;
        assert_eq!(world.ana.json(&["status", "--json"])["outbox"], 0);
        if !died(&ran) {
            assert!(step > 3, "there were no steps to die at");
            return;
        }
    }
    panic!("it never ended");
}

#[test]
fn a_message_collected_before_its_sender_is_back_is_not_sent_again() {
    let world = World::new();
    for step in 1..MANY {
        let text = format!("message {step}");
        let ran = world.ana.dies_at(step, &["send", &world.channel, &text]);
        let mut got = world.bo.texts();
        assert_eq!(world.ana.texts(), [""; 0]);
        got.extend(world.bo.texts());
        assert!(got.len() <= 1, "after a death at step {step}: {got:?}");
        if !died(&ran) {
            return;
        }
    }
    panic!("it never ended");
}

#[test]
fn messages_arrive_once_wherever_the_reader_dies() {
    let world = World::new();
    for step in 1..MANY {
        let sent: Vec<_> = (0..3).map(|n| format!("{n} of {step}")).collect();
        for text in &sent {
            world.bo.send(&world.channel, text);
        }
        let ran = world.ana.dies_at(step, &["check"]);
        let mut got = printed(&ran);
        got.extend(world.ana.texts());
        got.extend(world.ana.texts());
        assert_eq!(got, sent, "after a death at step {step}");
        assert_eq!(world.count_at_relay(), 0, "after a death at step {step}");
        if !died(&ran) {
            assert!(step > 3, "there were no steps to die at");
            return;
        }
    }
    panic!("it never ended");
}

/// The texts that a check printed before it died.
fn printed(ran: &Ran) -> Vec<String> {
    if ran.out.is_empty() {
        return Vec::new();
    }
    let messages: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    texts(&messages)
}

#[test]
fn a_link_is_answered_once_wherever_the_one_who_accepts_dies() {
    let world = World::new();
    for step in 1..MANY {
        let invited = world.ana.invite("+15550101");
        let ran = world.bo.dies_at(step, &["accept", &invited.url]);
        let accepted = world.bo.json(&["accept", &invited.url]);
        assert_eq!(accepted["status"], "active", "after a death at step {step}");
        world.ana.check();
        let [request] = &world.ana.pending()[..] else {
            panic!("not one request after a death at step {step}");
        };
        assert_eq!(request["answers"], 1, "after a death at step {step}");
        world.ana.json(&["check", "--accept-requests"]);
        world.bo.trust(&invited.channel);
        world.bo.send(&invited.channel, "it is me");
        assert_eq!(world.ana.texts(), ["it is me"]);
        if !died(&ran) {
            assert!(step > 2, "there were no steps to die at");
            return;
        }
    }
    panic!("it never ended");
}

#[test]
fn an_answer_that_was_stored_goes_out_with_the_next_check() {
    let world = World::new();
    for step in 1..MANY {
        let invited = world.ana.invite("+15550101");
        let ran = world.bo.dies_at(step, &["accept", &invited.url]);
        world.bo.check();
        if !world.bo.channel(&invited.channel).is_null() {
            world.ana.json(&["check", "--accept-requests"]);
            let channel = world.ana.channel(&invited.channel);
            assert_eq!(channel["status"], "active", "after a death at step {step}");
        }
        if !died(&ran) {
            return;
        }
    }
    panic!("it never ended");
}

#[test]
fn a_contact_is_accepted_once_wherever_the_inviter_dies() {
    let relay = Relay::start();
    for step in 1..MANY {
        // A check takes more steps with every channel, so each time begins afresh.
        let (ana, bo) = (Person::on(relay.url()), Person::on(relay.url()));
        let invited = ana.invite("+15550101");
        bo.json(&["accept", &invited.url]);
        bo.trust(&invited.channel);
        bo.send(&invited.channel, "first words");
        let ran = ana.dies_at(step, &["check", "--accept-requests"]);
        let mut got = printed(&ran);
        for _ in 0..2 {
            let more = ana.json(&["check", "--accept-requests"]);
            got.extend(texts(more.as_array().unwrap()));
        }
        assert_eq!(got, ["first words"], "after a death at step {step}");
        assert_eq!(ana.pending(), [Value::Null; 0]);
        let pinned = &ana.channel(&invited.channel)["their_pub"];
        assert_eq!(pinned, &bo.channel(&invited.channel)["our_pub"]);
        if !died(&ran) {
            assert!(step > 4, "there were no steps to die at");
            return;
        }
    }
    panic!("it never ended");
}

#[test]
fn an_invite_is_whole_or_absent_wherever_its_maker_dies() {
    let world = World::new();
    let listed = || {
        let channels = world.ana.json(&["channels"]);
        let channels = channels.as_object().unwrap().iter();
        channels
            .map(|(id, channel)| (id.clone(), channel["our_pub"].as_str().unwrap().to_owned()))
            .collect::<BTreeSet<_>>()
    };
    for step in 1..MANY {
        let before = listed();
        let ran = world.ana.dies_at(step, &["add", "+15550101"]);
        let after = listed();
        let made: Vec<_> = after.difference(&before).collect();
        assert!(made.len() <= 1, "after a death at step {step}");
        for (channel, key) in made {
            let link = format!("{}/invite?channel={channel}&pub={key}", world.relay.url());
            world.bo.json(&["accept", &link]);
            world.ana.json(&["check", "--accept-requests"]);
            world.bo.trust(channel);
            world.bo.send(channel, "hello");
            assert_eq!(world.ana.texts(), ["hello"]);
        }
        if !died(&ran) {
            assert!(step > 1, "there were no steps to die at");
            return;
        }
    }
    panic!("it never ended");
}

#[test]
fn a_relay_killed_right_after_its_last_reply_has_all_it_acknowledged() {
    let mut relay = Relay::start();
    let next = AtomicU32::new(0);
    let url = relay.url().to_owned();
    let post = || {
        let mut numbers = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            if number >= 200 {
                return numbers;
            }
            let body = json!({ "payload": number.to_string() }).to_string();
            let posted = http(&url, "POST", "/channel/busy/messages", Some(&body));
            numbers.push(posted.json()["seq"].as_u64().unwrap());
        }
    };
    let mut acknowledged: Vec<u64> = std::thread::scope(|scope| {
        let connections: Vec<_> = (0..64).map(|_| scope.spawn(post)).collect();
        let numbers = connections.into_iter().map(|each| each.join().unwrap());
        numbers.flatten().collect()
    });
    relay.kill();
    acknowledged.sort_unstable();
    assert!(acknowledged.iter().copied().eq(1..=200), "{acknowledged:?}");

    relay.again();

    let list = relay.waiting("busy");
    let numbers = list.iter().map(|message| message["seq"].as_u64().unwrap());
    assert!(numbers.eq(1..=200), "{list:?}");
    let payloads: BTreeSet<_> = list.iter().map(|one| one["payload"].as_str()).collect();
    assert_eq!(payloads.len(), 200);
}

#[test]
fn a_relay_killed_right_after_its_last_reply_has_all_that_agents_posted() {
    let mut relay = Relay::with_clawtalk();
    let register = |name: &str| {
        let body = json!({ "name": name, "owner": "o", "publicKey": "P", "signingKey": "S" });
        let made = relay.ask_as(ADMIN_KEY, "POST", "/agents", Some(&body.to_string()));
        let made: Value = serde_json::from_str(&made.body).unwrap();
        made["apiKey"].as_str().unwrap().to_owned()
    };
    let reader = register("reader");
    let senders: Vec<_> = (0..20).map(|n| register(&format!("sender{n}"))).collect();
    let posted = std::thread::scope(|scope| {
        let post = |key: String| {
            let mut ids = BTreeSet::new();
            for text in 0..10 {
                let body = json!({
                    "to": "reader", "type": "request", "encrypted": true, "payload": text,
                });
                let posted = relay.ask_as(&key, "POST", "/messages", Some(&body.to_string()));
                // The eleventh in ten seconds would be refused, wherever the window begins.
                assert_eq!(posted.status, 201, "{posted:?}");
                let posted: Value = serde_json::from_str(&posted.body).unwrap();
                ids.insert(posted["id"].as_str().unwrap().to_owned());
            }
            ids
        };
        let threads: Vec<_> = senders
            .into_iter()
            .map(|key| scope.spawn(move || post(key)))
            .collect();
        let ids = threads.into_iter().flat_map(|each| each.join().unwrap());
        ids.collect::<BTreeSet<_>>()
    });
    relay.kill();
    assert_eq!(posted.len(), 200);

    relay.again();

    let (mut kept, mut since) = (BTreeSet::new(), String::new());
    loop {
        let path = format!("/messages?limit=100{since}");
        let page = relay.ask_as(&reader, "GET", &path, None).json();
        let messages = page["messages"].as_array().unwrap();
        kept.extend(
            messages
                .iter()
                .map(|one| one["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["cursor"].as_str() else {
            break;
        };
        since = format!("&since={cursor}");
    }
    assert_eq!(kept, posted);
}
