//! From an invite to messages, in both roles.

use serde_json::{Value, json};

use super::Two;
use crate::support::Ran;

/// What a text can be made of that went wrong somewhere once.
const HARD_TEXTS: [&str; 6] = [
    "plain",
    "emoji \u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467} and \u{1f980}",
    "\u{5d0}\u{5d1}\u{5d2} \u{202e}right to left\u{202c} \u{627}\u{644}\u{633}\u{644}\u{627}\u{645}",
    "beyond the first plane \u{10437} \u{1f1ea}\u{1f1fa} \u{2ffff}",
    "controls \u{7f} \u{1b}[2J\u{7} tab\tline\nreturn\r quote\" back\\slash",
    "",
];

#[test]
fn their_answer_waits_for_a_person_who_approves_what_was_shown() {
    let Some(two) = Two::meet() else { return };
    let invited = two.us.invite("+15550100");
    let accepted = two.them.run(&["accept", &invited.url]);
    let expected = json!({ "channel_id": invited.channel, "status": "active" });
    assert_eq!(accepted.json(), expected);

    let checked = two.us.run(&["check"]);
    assert_eq!(checked.json(), json!([]));
    assert!(
        checked.err.contains("a contact request waits"),
        "{checked:?}"
    );
    let sent = two.us.run(&["send", &invited.channel, "hi"]);
    assert_eq!(sent.error(), "channel not active");

    let [request] = &two.us.pending()[..] else {
        panic!("not one request");
    };
    assert_eq!(request["kind"], "contact_request");
    assert_eq!(request["answers"], 1);
    let id = request["id"].to_string();
    let shown = two.us.json(&["show", &id, "--json"]);
    assert_eq!(shown["seen"], request["seen"]);
    let wrong = two.us.run(&["approve", &id, "--seen", &"0".repeat(64)]);
    assert_eq!(wrong.code, Some(5), "{wrong:?}");
    assert_eq!(two.us.channel(&invited.channel)["status"], "pending");
    let seen = shown["seen"].as_str().unwrap();
    two.us.json(&["approve", &id, "--seen", seen]);

    assert_eq!(two.us.channel(&invited.channel)["status"], "active");
    let theirs = &two.them.json(&["channels"])[&invited.channel];
    let pinned = &two.us.channel(&invited.channel)["their_pub"];
    assert_eq!(pinned, &theirs["our_pub"]);
    two.us.trust(&invited.channel);
    two.us.send(&invited.channel, "hello");
    assert_eq!(two.them.texts(), ["hello"]);
}

#[test]
fn a_flag_accepts_their_answer_and_returns_what_they_already_wrote() {
    let Some(two) = Two::meet() else { return };
    let invited = two.us.invite("+15550100");
    two.them.json(&["accept", &invited.url]);
    two.them.send(&invited.channel, "first words");
    let messages = two.us.json(&["check", "--accept-requests"]);
    assert_eq!(messages[0]["unsafe_body"], "first words");
    assert_eq!(two.relay.waiting(&invited.channel), [Value::Null; 0]);
}

#[test]
fn both_ways_work_in_both_roles_whatever_is_written() {
    let Some(two) = Two::meet() else { return };
    for channel in [two.we_invite(), two.they_invite()] {
        for text in HARD_TEXTS {
            two.us
                .json(&["send", &channel, "--subject", text, "--", text]);
            let [got] = &two.them.check()[..] else {
                panic!("not one message: {text:?}");
            };
            assert_eq!(got["unsafe_body"], text);
            assert_eq!(got["unsafe_subject"], text);

            two.them
                .json(&["send", &channel, "--subject", text, "--", text]);
            let [got] = &two.us.check()[..] else {
                panic!("not one message: {text:?}");
            };
            assert_eq!(got["unsafe_body"], text);
            assert_eq!(got["unsafe_subject"], text);
            assert_eq!(got["channel_id"], channel.as_str());
        }
        assert_eq!(two.relay.waiting(&channel), [Value::Null; 0]);
        assert_eq!(two.us.texts(), [""; 0]);
    }
}

#[test]
fn bodies_of_100_kb_go_both_ways() {
    let Some(two) = Two::meet() else { return };
    let channel = two.we_invite();
    let large = "\u{e4}\u{1f980}0123".repeat(10_000);
    assert_eq!(large.len(), 100_000);
    two.us.send(&channel, &large);
    assert_eq!(two.them.texts(), [large.as_str()]);
    two.them.send(&channel, &large);
    assert_eq!(two.us.texts(), [large.as_str()]);
}

#[test]
fn their_library_reaches_us_through_our_relay_with_metadata() {
    let Some(two) = Two::meet() else { return };
    let channel = two.we_invite();
    let code = "
import sys
from clawbuddy import config, crypto, mailbox, schema
channel = sys.argv[1]
known = config.load_channels()[channel]
key = config.load_private_key(channel)
peer = crypto.base64_to_pub(known['their_pub'])
url = config.get_mailbox_url()
message = schema.DecryptedMessage('subject', 'body', {'unsafe': [1, None, {'k': '\u{e9}'}]})
sealed = crypto.encrypt(message.to_bytes(), key, peer)
print(mailbox.post_message(url, channel, schema.encode_payload(sealed)))
assert mailbox.get_handshake(url, channel)['public_key'] == known['our_pub']
assert mailbox.get_handshake(url, 'nobody-here') is None
assert mailbox.get_messages(url, 'nobody-here') == []
[waiting] = mailbox.get_messages(url, channel)
wire = schema.WireMessage.from_dict(waiting)
opened = crypto.decrypt(schema.decode_payload(wire.payload), key, peer)
assert schema.DecryptedMessage.from_bytes(opened) == message
";
    let ran: Ran = two.them.python(code, &[&channel]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.out, "{'ok': True, 'seq': 1}\n");
    let [got] = &two.us.check()[..] else {
        panic!("not one message");
    };
    let metadata = json!({ "unsafe": [1, null, { "k": "\u{e9}" }] });
    assert_eq!(got["unsafe_metadata"], metadata);
}

#[test]
fn what_their_check_took_of_their_own_is_not_ours_to_miss() {
    let Some(two) = Two::meet() else { return };
    let channel = two.we_invite();
    two.us.send(&channel, "from us");
    two.them.send(&channel, "from them");
    // It returns what it sent itself as if it came from us, and deletes it at the relay.
    assert_eq!(two.them.texts(), ["from us", "from them"]);
    assert_eq!(two.us.texts(), [""; 0]);

    two.us.send(&channel, "again");
    two.them.send(&channel, "taken first");
    assert_eq!(two.us.texts(), ["taken first"]);
    assert_eq!(two.them.texts(), ["again"]);
    assert_eq!(two.us.texts(), [""; 0]);
    let engine = two.us.engine();
    let messages = engine.transcript(&engine.id_of(&channel));
    let deliveries: Vec<_> = messages
        .iter()
        .map(|message| (&message["author"], &message["delivery"]["delivery"]))
        .collect();
    let collected = (&json!("assistant"), &json!("collected"));
    assert_eq!(
        deliveries,
        [collected, collected, (&json!("peer"), &Value::Null)],
        "{messages:?}"
    );
}
