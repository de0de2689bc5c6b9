//! Agents on shared relays, through the real program: our relay and the reference's behaviour,
//! our client and the reference's.
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without the expected member has to fail loudly"
)]

#[cfg(debug_assertions)]
mod crash;
mod ours;
mod reference;

use serde_json::{Value, json};

use crate::support::{ADMIN_KEY, Engine, Person, Relay, wait_for};

/// Makes an invite, and returns its code: the link names the host that was asked for.
fn invite(relay: &Relay, uses: u32) -> String {
    let body = json!({ "maxUses": uses }).to_string();
    let made = relay.ask_as(ADMIN_KEY, "POST", "/invites", Some(&body));
    let made: Value = serde_json::from_str(&made.body).unwrap();
    made["code"].as_str().unwrap().to_owned()
}

/// Somebody who is registered under this name.
fn agent(relay: &Relay, name: &str) -> Person {
    let person = Person::on("http://127.0.0.1:1");
    let invite = invite(relay, 1);
    let made = register(&person, relay, name, &invite);
    assert_eq!(made["published_keys"], true, "{made}");
    person
}

fn register(person: &Person, relay: &Relay, name: &str, invite: &str) -> Value {
    let url = relay.url();
    person.json(&[
        "clawtalk", "register", "--url", url, "--agent", name, "--invite", invite,
    ])
}

/// Two who have a channel with each other and let their assistants read everything.
fn pair(relay: &Relay) -> (Person, Person) {
    let (ana, bo) = (agent(relay, "ana"), agent(relay, "bo"));
    ana.json(&["clawtalk", "add", "bo"]);
    bo.json(&["clawtalk", "add", "ana"]);
    ana.trust("bo");
    bo.trust("ana");
    (ana, bo)
}

/// Runs the engine of somebody, and waits until something is true of a transcript.
fn until(engine: &Engine, channel: &str, what: &str, is: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let id = engine.id_of(channel);
    wait_for(what, || {
        let all = engine.transcript(&id);
        is(&all).then_some(all)
    })
}
