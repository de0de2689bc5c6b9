//! Whoever dies in the middle loses nothing and repeats nothing: `crash.rs`, for agents on a
//! relay.

use serde_json::Value;

use super::pair;
use crate::support::{Ran, Relay, texts};

/// More steps than any command here has.
const MANY: u32 = 60;

fn died(ran: &Ran) -> bool {
    assert!(ran.code.is_none() || ran.code == Some(0), "{ran:?}");
    ran.code.is_none()
}

#[test]
fn a_message_arrives_once_wherever_its_sender_dies() {
    let relay = Relay::with_patient_clawtalk();
    let (ana, bo) = pair(&relay);
    let mut was_durable = false;
    for step in 1..MANY {
        let text = format!("message {step}");
        let ran = ana.dies_at(step, &["send", "bo", &text]);
        // The other side may have collected it before its sender is back.
        let mut got = bo.texts();
        assert_eq!(ana.texts(), [""; 0]);
        got.extend(bo.texts());
        if got.is_empty() {
            assert!(!was_durable, "lost after a death at step {step}");
            assert_eq!(ran.out, "", "acknowledged and lost at step {step}");
        } else {
            assert_eq!(got, [text], "after a death at step {step}");
            was_durable = true;
        }
        assert_eq!(ana.json(&["status", "--json"])["outbox"], 0);
        if !died(&ran) {
            assert!(step > 3, "there were no steps to die at");
            return;
        }
    }
    panic!("it never ended");
}

#[test]
fn messages_arrive_once_wherever_the_reader_dies() {
    let relay = Relay::with_patient_clawtalk();
    let (ana, bo) = pair(&relay);
    for step in 1..MANY {
        let sent: Vec<_> = (0..3).map(|n| format!("{n} of {step}")).collect();
        for text in &sent {
            bo.send("ana", text);
        }
        let ran = ana.dies_at(step, &["check"]);
        let mut got = if ran.out.is_empty() {
            Vec::new()
        } else {
            let messages: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
            texts(&messages)
        };
        got.extend(ana.texts());
        got.extend(ana.texts());
        assert_eq!(got, sent, "after a death at step {step}");
        if !died(&ran) {
            assert!(step > 3, "there were no steps to die at");
            return;
        }
    }
    panic!("it never ended");
}
