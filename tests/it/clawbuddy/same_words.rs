//! The same input to both programs: the same output, error text and exit code.

use serde_json::Value;

use super::Two;
use crate::support::Ran;

/// The keys of an object in their order.
fn keys(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn wrong_input_gets_the_same_error_and_exit_code() {
    let Some(two) = Two::meet() else { return };
    let channel = two.they_invite();
    let cases: [&[&str]; 10] = [
        &["send", "nobody", "hi"],
        &["instructions", "nobody"],
        &["accept", "https://relay.example/invite"],
        &["accept", "https://relay.example/invite?channel=a"],
        &["accept", ""],
        &["add", "+1", "--preset", "no-such-preset"],
        &["reinvite", "+1", "--preset", "no-such-preset"],
        &["instructions", &channel, "--preset", "no-such-preset"],
        &[
            "instructions",
            &channel,
            "--set",
            "a",
            "--preset",
            "one-time",
        ],
        &["instructions", &channel, "--set", "no/such/file"],
    ];
    let pending: [&[&str]; 2] = [
        &["send", &two.us.invite("+1").channel, "hi"],
        &["send", &two.them.invite("+1").channel, "hi"],
    ];
    for [ours, theirs] in cases.map(|case| [case; 2]).into_iter().chain([pending]) {
        let (us, them) = (two.us.run(ours), two.them.run(theirs));
        assert_eq!(us.code, them.code, "{ours:?}: {us:?} {them:?}");
        assert_eq!(us.error(), them.error(), "{ours:?}");
    }
}

#[test]
fn usage_errors_end_with_two_on_both_sides() {
    let Some(two) = Two::meet() else { return };
    let cases: [&[&str]; 7] = [
        &["send", "only-a-channel"],
        &["add"],
        &["accept"],
        &["nonsense"],
        &["check", "--nonsense"],
        &["send", "a", "-dash"],
        &["instructions"],
    ];
    for case in cases {
        let (us, them): (Ran, Ran) = (two.us.run(case), two.them.run(case));
        assert_eq!((us.code, &*us.out), (Some(2), ""), "{case:?}: {us:?}");
        assert_eq!((them.code, &*them.out), (Some(2), ""), "{case:?}: {them:?}");
    }
}

#[test]
fn output_has_the_same_bytes_where_it_says_the_same() {
    let Some(two) = Two::meet() else { return };
    assert_eq!(
        two.us.run(&["channels"]).out,
        two.them.run(&["channels"]).out
    );
    assert_eq!(two.us.run(&["check"]).out, two.them.run(&["check"]).out);
    let channel = two.we_invite();
    let pretty: [&[&str]; 2] = [&[], &["--pretty"]];
    for (number, style) in pretty.into_iter().enumerate() {
        let send = [&["send", &channel, "hi"], style].concat();
        let (us, them) = (two.us.run(&send).out, two.them.run(&send).out);
        let theirs = format!("\"seq\": {}", 2 * number + 2);
        let ours = format!("\"seq\": {}", 2 * number + 1);
        assert_eq!(us.replace(&ours, &theirs), them);
    }
    let text = "caf\u{e9} \u{1f980} {name} \u{7f}\n";
    let file = two.us.desk().join("text");
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    for style in pretty {
        let set = [&["instructions", &channel, "--set", file], style].concat();
        let (us, them) = (two.us.run(&set).out, two.them.run(&set).out);
        let common = them.trim_end().trim_end_matches('}').trim_end();
        assert!(us.starts_with(common), "{us} {them}");
    }
}

#[test]
fn every_object_begins_with_their_keys_in_their_order() {
    let Some(two) = Two::meet() else { return };
    let add = ["add", "+15550100", "--name", "B\u{f3}"];
    let (us, them) = (two.us.json(&add), two.them.json(&add));
    assert_begins(&us, &them);
    let again = ["reinvite", "+15550100"];
    let (us_again, them_again) = (two.us.json(&again), two.them.json(&again));
    assert_begins(&us_again, &them_again);
    assert_eq!(us_again["superseded"], us["channel_id"]);
    let (ours, theirs) = (two.us.json(&["channels"]), two.them.json(&["channels"]));
    let statuses = |channels: &Value| {
        let entries = channels.as_object().unwrap().values();
        entries
            .map(|entry| entry["status"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(statuses(&ours), statuses(&theirs));
    for (ours, theirs) in ours
        .as_object()
        .unwrap()
        .values()
        .zip(theirs.as_object().unwrap().values())
    {
        assert_begins(ours, theirs);
        assert_eq!(
            (&ours["name"], &ours["phone"]),
            (&theirs["name"], &theirs["phone"])
        );
    }

    let url = them_again["invite_url"].as_str().unwrap();
    let accepted = two.us.json(&["accept", url]);
    let url = us_again["invite_url"].as_str().unwrap();
    assert_begins(&accepted, &two.them.json(&["accept", url]));
    let channel = accepted["channel_id"].as_str().unwrap();
    two.them.check();
    two.us.trust(channel);
    two.us.send(channel, "hi");
    let [got] = &two.them.check()[..] else {
        panic!("not one message")
    };
    two.them.send(channel, "hi");
    let [have] = &two.us.check()[..] else {
        panic!("not one message")
    };
    assert_begins(have, got);
    let show = ["instructions", "--", channel];
    assert_begins(&two.us.json(&show), &two.them.json(&show));
}

#[track_caller]
fn assert_begins(ours: &Value, theirs: &Value) {
    let (ours, theirs) = (keys(ours), keys(theirs));
    assert!(ours.starts_with(&theirs), "{ours:?} {theirs:?}");
}
