//! Moving from the real program to ours and back, in the middle of a conversation.

use serde_json::{Value, json};

use super::Two;
use crate::support::Person;
use crate::support::clawbuddy::Clawbuddy;

#[test]
fn an_imported_conversation_continues() {
    let Some(two) = Two::meet() else { return };
    let Some(moving) = Clawbuddy::on(two.relay.url()) else {
        return;
    };
    // They have both kinds of channel with the one who moves, and an invite that is open.
    let made = moving.invite("+15550142");
    two.them.json(&["accept", &made.url]);
    moving.check();
    let accepted = two.them.invite("+15550143");
    moving.json(&["accept", &accepted.url]);
    two.them.check();
    let open = moving.invite("+15550144");
    two.them.send(&made.channel, "before the move");

    let from = moving.config();
    let from = from.to_str().unwrap();
    let done = two.us.json(&["import", "clawbuddy", "--from", from]);
    assert_eq!(done["channels"], 3, "{done}");
    assert_eq!(done["presets"], 4, "{done}");
    assert_eq!(done["notes"].as_array().map(Vec::len), Some(1), "{done}");
    let again = two.us.json(&["import", "clawbuddy", "--from", from]);
    assert_eq!(
        (&again["channels"], &again["skipped"]),
        (&json!(0), &json!(3))
    );

    assert_eq!(two.us.texts(), ["before the move"]);
    for channel in [&made.channel, &accepted.channel] {
        two.us.trust(channel);
        two.us.send(channel, "after the move");
        assert_eq!(two.them.texts(), ["after the move"]);
        two.them.send(channel, "welcome");
        assert_eq!(two.us.texts(), ["welcome"]);
    }
    two.them.json(&["accept", &open.url]);
    two.us.json(&["check", "--accept-requests"]);
    two.us.trust(&open.channel);
    two.us.send(&open.channel, "the open invite");
    assert_eq!(two.them.texts(), ["the open invite"]);
    assert_eq!(two.us.pending(), [Value::Null; 0]);
}

#[test]
fn the_real_program_goes_on_with_what_we_exported() {
    let Some(two) = Two::meet() else { return };
    let Some(moving) = Clawbuddy::on("http://127.0.0.1:9") else {
        return;
    };
    let (ours, theirs) = (two.we_invite(), two.they_invite());
    two.us.send(&ours, "seen before");
    assert_eq!(two.them.texts(), ["seen before"]);
    two.them.send(&theirs, "waits for the move");
    let to = two.us.desk().join("exported");
    let done = two
        .us
        .json(&["export", "clawbuddy", "--to", to.to_str().unwrap()]);
    assert_eq!(done, json!({ "channels": 2 }));

    moving.replace_config(&to);
    assert_eq!(moving.texts(), ["waits for the move"]);
    for channel in [&ours, &theirs] {
        moving.send(channel, "from the real one");
        assert_eq!(two.them.texts(), ["from the real one"]);
        two.them.send(channel, "hello again");
        assert_eq!(moving.texts(), ["hello again"]);
    }
    let back = Person::on(two.relay.url());
    let from = moving.config();
    back.json(&["import", "clawbuddy", "--from", from.to_str().unwrap()]);
    let listed = |person: &Person, channel: &str| {
        let entry = person.channel(channel);
        ["name", "status", "their_pub", "our_pub", "instructions"].map(|key| entry[key].clone())
    };
    for channel in [&ours, &theirs] {
        assert_eq!(listed(&two.us, channel), listed(&back, channel));
    }
    // Its presets came along.
    moving.json(&["instructions", &ours, "--preset", "inner-circle"]);
    moving.invite("+15550155");
}
