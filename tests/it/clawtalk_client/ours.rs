//! The client on our own relay.
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without the expected member has to fail loudly"
)]

use std::time::Instant;

use chaperon::net::clawtalk::client::{Client, Deleted, Why, health, register};
use chaperon::net::clawtalk::rate::Rate;
use chaperon::wire::clawtalk::{AgentName, ApiKey, InviteCode, PeerKeys, read_signup};
use chaperon::wire::mailbox::RelayUrl;
use serde_json::{Value, json};

use super::{Ours, name, wait};
use crate::support::{ADMIN_KEY, Relay};

fn at(relay: &Relay) -> RelayUrl {
    RelayUrl::parse(relay.url()).unwrap()
}

/// Makes an invite; its code is in the link of the page to sign up.
fn invite(relay: &Relay) -> InviteCode {
    let made = relay.ask_as(ADMIN_KEY, "POST", "/invites", Some("{\"maxUses\":1}"));
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let (at, code) = read_signup(made["url"].as_str().unwrap()).unwrap();
    assert_eq!(at.as_str(), relay.url());
    assert_eq!(code.as_str(), made["code"].as_str().unwrap());
    code
}

/// Registers one of ours with an invite.
fn agent(relay: &Relay, text: &str) -> Ours {
    let name = AgentName::registrable(text).unwrap();
    let (name, key) = wait(register(&at(relay), &invite(relay), &name, None)).unwrap();
    let ours = Ours {
        name,
        client: Client::new(&at(relay), key).unwrap(),
        secret: chaperon::crypto::SecretKey::generate().unwrap(),
        seed: chaperon::crypto::SecretKey::generate().unwrap(),
    };
    wait(ours.client.upload_keys(&ours.name, &ours.public())).unwrap();
    ours
}

#[test]
fn keys_are_in_the_directory_as_soon_as_they_are_uploaded() {
    let relay = Relay::with_clawtalk();
    assert_eq!(wait(health(&at(&relay))), Ok(Some(0)));
    let ours = agent(&relay, "ours");
    assert_eq!(ours.finds("ours").keys, Ok(ours.public()));
    let unsigned = PeerKeys {
        signing: None,
        ..ours.public()
    };
    wait(ours.client.upload_keys(&ours.name, &unsigned)).unwrap();
    assert_eq!(ours.finds("ours").keys, Ok(unsigned));
    assert_eq!(wait(health(&at(&relay))), Ok(Some(1)));
}

#[test]
fn a_used_invite_and_a_taken_name_are_said_to_be_that() {
    let relay = Relay::with_clawtalk();
    let code = invite(&relay);
    let ask = |code: &InviteCode, text: &str| {
        wait(register(&at(&relay), code, &name(text), None)).map(|(name, _)| name)
    };
    assert_eq!(ask(&code, "one"), Ok(name("one")));
    let refusal = ask(&code, "two").unwrap_err();
    assert_eq!(refusal.failure.problem, "the invite was used up");
    assert_eq!(ask(&invite(&relay), "one").unwrap_err().why, Why::Taken);
}

#[test]
fn the_same_post_again_is_the_same_message() {
    let relay = Relay::with_clawtalk();
    let (alice, bob) = (agent(&relay, "alice"), agent(&relay, "bob"));
    let outgoing = alice.seal("bob", &bob.public(), "{\"text\":\"hi\"}");
    let first = wait(alice.client.post(&outgoing.body, "one")).unwrap();
    let again = wait(alice.client.post(&outgoing.body, "one")).unwrap();
    assert_eq!(first, again);
    let inbox = wait(bob.client.inbox()).unwrap();
    assert_eq!(inbox.messages.len(), 1);
    let id = first.posted.id.unwrap();
    assert_eq!(wait(bob.client.delete(&id)), Ok(Deleted::Now));
    assert_eq!(wait(bob.client.delete(&id)), Ok(Deleted::Before));
}

#[test]
fn an_inbox_of_several_pages_is_read_in_order() {
    let relay = Relay::with_clawtalk();
    let bob = agent(&relay, "bob");
    let mut number = 0;
    // Each may send ten at once.
    for sender in 0..25 {
        let agent = json!({"name": format!("s{sender}"), "owner": "o", "publicKey": "PK", "signingKey": "SK"});
        let made = relay.ask_as(ADMIN_KEY, "POST", "/agents", Some(&agent.to_string()));
        let made: Value = serde_json::from_str(&made.body).unwrap();
        let key = ApiKey::parse(made["apiKey"].as_str().unwrap()).unwrap();
        let client = Client::new(&at(&relay), key).unwrap();
        for _ in 0..10 {
            let body =
                json!({"to": "bob", "type": "notification", "encrypted": false, "payload": number});
            wait(client.post(&body.to_string(), &format!("k{number}"))).unwrap();
            number += 1;
        }
    }
    let inbox = wait(bob.client.inbox()).unwrap();
    assert!(inbox.complete);
    let ids: Vec<_> = inbox
        .messages
        .iter()
        .map(|message| message.as_ref().unwrap().id.clone().unwrap())
        .collect();
    assert_eq!(ids.len(), 250);
    let froms = inbox
        .messages
        .iter()
        .map(|message| message.as_ref().unwrap().from.as_str());
    assert!(froms.eq((0..250).map(|number| format!("s{}", number / 10))));
    for id in &ids {
        assert_eq!(wait(bob.client.delete(id)), Ok(Deleted::Now));
    }
    assert_eq!(wait(bob.client.inbox()).unwrap().messages, []);
}

#[test]
fn whoever_asks_first_how_fast_it_may_post_is_never_refused() {
    let relay = Relay::with_clawtalk();
    let (alice, bob) = (agent(&relay, "alice"), agent(&relay, "bob"));
    let mut rate = Rate::default();
    let began = Instant::now();
    for number in 0..12 {
        while let Err(pause) = rate.begin(Instant::now()) {
            std::thread::sleep(pause);
        }
        let outgoing = alice.seal("bob", &bob.public(), "{}");
        wait(alice.client.post(&outgoing.body, &number.to_string())).unwrap();
        rate.answered(Instant::now());
    }
    assert!(began.elapsed().as_secs() >= 10);
    // Whoever does not ask is refused, and told for how long.
    let refusal = (0..20).find_map(|number| {
        let outgoing = alice.seal("bob", &bob.public(), "{}");
        wait(alice.client.post(&outgoing.body, &format!("x{number}"))).err()
    });
    let refusal = refusal.unwrap();
    assert_eq!(refusal.why, Why::RateLimited);
    assert!(
        refusal
            .wait
            .is_some_and(|wait| (1..=10).contains(&wait.as_secs())),
        "{refusal:?}"
    );
    rate.refused(Instant::now(), refusal.wait);
    assert!(rate.begin(Instant::now()).is_err());
}
