//! What anybody who knows a channel id can do to it, with the real program on the other side.

use serde_json::{Value, json};

use super::Two;

/// Texts in base64 that are nobody's envelope, and things that are no text.
fn poison() -> Vec<Value> {
    vec![
        json!("AAAA"),
        json!("not base64 at all \u{1f480}"),
        json!("A".repeat(400)),
        json!({ "o": 1 }),
        json!([[]]),
        json!(7),
    ]
}

#[test]
fn poison_on_one_channel_stops_no_check_and_does_not_stay() {
    let Some(two) = Two::meet() else { return };
    let (poisoned, other) = (two.we_invite(), two.they_invite());
    for payload in poison() {
        two.relay.put_in(&poisoned, &payload);
    }
    two.them.send(&poisoned, "after the poison");
    two.them.send(&other, "elsewhere");
    let mut texts = two.us.texts();
    texts.sort_unstable();
    assert_eq!(texts, ["after the poison", "elsewhere"]);
    assert_eq!(two.relay.waiting(&poisoned), [Value::Null; 0]);
    assert_eq!(two.us.texts(), [""; 0]);

    // Our check has cleared the way for theirs too.
    two.us.send(&poisoned, "all well");
    assert_eq!(two.them.texts(), ["all well"]);
    let engine = two.us.engine();
    let kept = engine.transcript(&engine.id_of(&poisoned));
    let raw = kept
        .iter()
        .filter(|message| message["content"]["kind"] == "raw")
        .count();
    assert_eq!(raw, poison().len(), "{kept:?}");
}

#[test]
fn a_handshake_of_a_stranger_stops_the_channel_both_ways() {
    let Some(two) = Two::meet() else { return };
    let ours = two.we_invite();
    let theirs = two.they_invite();
    for (channel, reason) in [(&ours, "key_changed"), (&theirs, "answered_twice")] {
        two.them.send(channel, "before");
        assert_eq!(two.us.texts(), ["before"]);
        two.relay
            .answer_invite(channel, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        two.them.send(channel, "meanwhile");
        // Looking is what shows it; from then on nothing passes.
        two.us.run(&["check"]).json();
        two.them.send(channel, "after");
        assert_eq!(two.us.texts(), [""; 0], "{reason}");
        let sent = two.us.run(&["send", channel, "hi"]);
        assert_eq!(sent.error(), "channel not active", "{reason}");
        let pending = two.us.pending();
        let change = pending
            .iter()
            .find(|item| item["channel_id"] == channel.as_str());
        let change = change.unwrap_or_else(|| panic!("{reason}: {pending:?}"));
        assert_eq!(change["kind"], "key_change", "{reason}");
        assert_eq!(change["reason"], reason);
        assert_ne!(two.us.channel(channel)["status"], "active");
    }
}

#[test]
fn a_channel_goes_on_with_the_pinned_key_when_a_person_says_so() {
    let Some(two) = Two::meet() else { return };
    let channel = two.we_invite();
    two.relay
        .answer_invite(&channel, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    two.us.check();
    two.them.send(&channel, "it is still me");
    let [change] = &two.us.pending()[..] else {
        panic!("not one item");
    };
    let (id, seen) = (change["id"].to_string(), change["seen"].as_str().unwrap());
    two.us
        .json(&["approve", &id, "--seen", seen, "--keep-pinned"]);
    assert_eq!(two.us.texts(), ["it is still me"]);
    two.us.send(&channel, "good");
    assert_eq!(two.them.texts(), ["good"]);
}
