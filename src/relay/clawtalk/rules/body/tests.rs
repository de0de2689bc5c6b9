use proptest::prelude::*;

use super::*;

fn text<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> String {
    outcome.unwrap_err().text.into_owned()
}

fn read(members: &str) -> Result<Message, Refusal> {
    let body =
        format!("{{\"to\":\"b\",\"type\":\"request\",\"encrypted\":true,\"payload\":1{members}}}");
    message(body.as_bytes())
}

#[test]
fn a_message_keeps_what_a_client_can_tell_apart() {
    let body = br#"{"payload":{"z":1.0,"a":[1e2,"\ud800","\u00e9"]},"from":"spoof",
        "signature":null,"type":"request","encrypted":0,"to":["b","c"],"extra":1,"topic":"T"}"#;
    let message = message(body).unwrap();
    assert_eq!(message.to, To::Names(vec!["b".into(), "c".into()]));
    assert_eq!(message.topic.as_deref(), Some("T"));
    assert_eq!(
        String::from_utf8(message.members).unwrap(),
        "\"type\":\"request\",\"topic\":\"T\",\"encrypted\":0,\
         \"payload\":{\"z\":1.0,\"a\":[1e2,\"\\ud800\",\"é\"]},\"signature\":null"
    );
    let payload = "{\"z\":1.0,\"a\":[1e2,\"\\ud800\",\"é\"]}"
        .as_bytes()
        .to_vec();
    assert_eq!(message.plain, Some((payload, Some(b"\"T\"".to_vec()))));
}

#[test]
fn checks_come_in_the_order_of_the_reference() {
    let missing = "Missing required fields: to, type, encrypted, payload";
    assert_eq!(text(message(b"{bad")), "Invalid JSON body");
    assert_eq!(text(message(b"null")), "Invalid JSON body");
    for body in [
        "[]",
        "1",
        "\"x\"",
        "{}",
        "{\"to\":\"\",\"type\":\"banana\"}",
    ] {
        assert_eq!(text(message(body.as_bytes())), missing, "{body}");
    }
    let banana = b"{\"to\":5,\"type\":\"banana\",\"encrypted\":null,\"payload\":null}";
    assert_eq!(text(message(banana)), "Invalid message type");
    let five = b"{\"to\":5,\"type\":\"request\",\"encrypted\":null,\"payload\":null}";
    assert!(text(message(five)).starts_with("Invalid recipient"));
    let mixed = b"{\"to\":[\"a\",5],\"type\":\"request\",\"encrypted\":null,\"payload\":null}";
    assert!(text(message(mixed)).starts_with("Invalid recipient"));
}

#[test]
fn only_the_exact_word_is_everybody() {
    let to = |to: &str| {
        let body = format!("{{\"to\":{to},\"type\":\"request\",\"encrypted\":1,\"payload\":1}}");
        message(body.as_bytes()).unwrap().to
    };
    assert_eq!(to("\"broadcast\""), To::Broadcast);
    assert_eq!(to("\"Broadcast\""), To::Names(vec!["Broadcast".into()]));
    assert_eq!(to("[\"broadcast\"]"), To::Names(vec!["broadcast".into()]));
    assert_eq!(to("[]"), To::Names(vec![]));
}

#[test]
fn a_body_is_measured_in_code_units_of_utf_16() {
    let body = |count: usize| {
        let fill = "é".repeat(count);
        format!("{{\"to\":\"b\",\"type\":\"request\",\"encrypted\":true,\"payload\":\"{fill}\"}}")
    };
    let around = body(0).len();
    assert!(message(body(65_536 - around).as_bytes()).is_ok());
    let refusal = message(body(65_537 - around).as_bytes()).unwrap_err();
    assert_eq!((refusal.status, refusal.code), (400, "PAYLOAD_TOO_LARGE"));
}

#[test]
fn times_to_live_are_capped_and_what_is_too_short_or_none_is_refused() {
    let ttl = |ttl: &str| Ok::<_, Refusal>(read(&format!(",\"ttl\":{ttl}"))?.ttl.as_secs());
    for (given, kept) in [
        ("3600", 3_600),
        ("\"3600\"", 3_600),
        ("60", 60),
        ("1e300", 90 * DAY),
        ("99999999", 90 * DAY),
        ("0", 30 * DAY),
        ("null", 30 * DAY),
        ("\"\"", 30 * DAY),
    ] {
        assert_eq!(ttl(given), Ok(kept), "{given}");
    }
    for given in [
        "59", "0.5", "-1", "\"soon\"", "true", "[60]", "{}", "\"NaN\"",
    ] {
        assert!(ttl(given).is_err(), "{given}");
    }
}

#[test]
fn names_that_mean_something_else_are_reserved_and_global_is_not() {
    let register =
        |name: &str| registration(format!("{{\"invite\":\"i\",\"name\":{name}}}").as_bytes());
    assert!(register("\"global\"").is_ok());
    for name in ["\"broadcast\"", "\"BroadCast\"", "\"_system\""] {
        assert_eq!(text(register(name)), "Agent name is reserved");
    }
    for name in [
        "\"a\"",
        "\"a.b\"",
        "12",
        "[\"ab\"]",
        "\"a\\u0000b\"",
        "\"\\ud800x\"",
    ] {
        assert!(
            text(register(name)).starts_with("Invalid agent name."),
            "{name}"
        );
    }
    assert_eq!(text(registration(b"{}")), "Missing invite code");
    assert_eq!(text(registration(b"{\"invite\":1}")), "Missing agent name");
}

#[test]
fn keys_are_any_text_at_first_and_checked_when_they_change() {
    let made = new_agent(
        br#"{"name":"A b/c","owner":{"x":1},"publicKey":"PK","signingKey":"SK","capabilities":null}"#,
    )
    .unwrap();
    assert_eq!(
        (made.name.as_str(), made.public_key.as_str()),
        ("A b/c", "PK")
    );
    assert_eq!(made.capabilities.as_deref(), Some(&b"null"[..]));
    assert!(new_agent(br#"{"name":5,"owner":"o","publicKey":"PK","signingKey":"SK"}"#).is_err());
    assert!(new_agent(br#"{"name":"a","owner":"o","publicKey":[1],"signingKey":"SK"}"#).is_err());

    let key = STANDARD.encode([7; 32]);
    let patched = patch(format!("{{\"publicKey\":\"{key}\",\"signingKey\":null}}").as_bytes());
    assert_eq!(
        patched.unwrap(),
        Patch {
            public_key: Some(key.clone()),
            signing_key: Some(String::new()),
            ..Patch::default()
        }
    );
    for key in [
        "\"PK\"",
        "5",
        "\"AAAA\"",
        &format!("\"{}\"", key.trim_end_matches('=')),
    ] {
        assert!(
            patch(format!("{{\"publicKey\":{key}}}").as_bytes()).is_err(),
            "{key}"
        );
    }
    assert_eq!(patch(b"{}").unwrap(), Patch::default());
    assert!(patch(b"null").is_err());
}

#[test]
fn a_webhook_is_a_web_address_and_null_takes_it_away() {
    let hook = |url: &str| {
        Ok::<_, Refusal>(patch(format!("{{\"webhookUrl\":{url}}}").as_bytes())?.webhook)
    };
    assert_eq!(hook("null"), Ok(WebhookPatch::Goes));
    assert_eq!(hook("\"\""), Ok(WebhookPatch::Goes));
    assert_eq!(
        hook("\"https://h.example/x\""),
        Ok(WebhookPatch::Is("https://h.example/x".into()))
    );
    for url in [
        "\"ftp://h/\"",
        "\"file:///etc/passwd\"",
        "\"h.example\"",
        "5",
        "\"http://\"",
    ] {
        assert!(hook(url).is_err(), "{url}");
    }
}

#[test]
fn an_invite_says_how_often_and_how_long_or_neither() {
    assert_eq!(invite(b"{bad").unwrap(), Invite::default());
    assert_eq!(invite(b"null").unwrap(), Invite::default());
    assert_eq!(
        invite(b"{\"maxUses\":null,\"expiresInHours\":null}").unwrap(),
        Invite::default()
    );
    let made = invite(b"{\"label\":\"L\",\"maxUses\":2.0,\"expiresInHours\":0.5}").unwrap();
    assert_eq!(made.label.as_deref(), Some(&b"\"L\""[..]));
    assert_eq!(made.max_uses, Some(2));
    assert_eq!(made.lasts, Some(Duration::from_secs(1800)));
    for body in [
        "{\"maxUses\":0}",
        "{\"maxUses\":-1}",
        "{\"maxUses\":1.5}",
        "{\"maxUses\":\"x\"}",
        "{\"expiresInHours\":\"soon\"}",
        "{\"expiresInHours\":0}",
        "{\"expiresInHours\":-2}",
    ] {
        assert!(invite(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn an_entry_keeps_its_members_in_order() {
    let entry = audit_entry(
        br#"{"ts":"2026-01-01","payload":{"a":1},"to":"B","from":"A","direction":"sent","messageId":"m","x":1}"#,
    )
    .unwrap();
    assert_eq!(
        String::from_utf8(entry.members).unwrap(),
        r#""messageId":"m","direction":"sent","from":"A","to":"B","payload":{"a":1},"ts":"2026-01-01""#
    );
    assert_eq!(entry.at, Some(UnixMillis(1_767_225_600_000)));
    let unread = audit_entry(
        br#"{"ts":"x","payload":1,"to":"B","from":"A","direction":"sent","messageId":"m"}"#,
    );
    assert_eq!(unread.unwrap().at, None);
}

proptest! {
    #[test]
    fn any_body_is_judged(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _judged = (
            message(&body),
            new_agent(&body),
            registration(&body),
            patch(&body),
            invite(&body),
            audit_entry(&body),
        );
    }

    #[test]
    fn any_json_in_any_place_is_judged(
        value in prop_oneof![
            any::<f64>().prop_map(|n| serde_json::Value::from(n).to_string()),
            any::<String>().prop_map(|s| serde_json::Value::from(s).to_string()),
            "[\\[\\]{}\",:0-9a-z\\\\ -]{0,20}",
        ],
    ) {
        for name in ["to", "type", "topic", "ttl", "name", "publicKey", "webhookUrl", "maxUses",
            "expiresInHours", "ts"] {
            let body = format!(
                "{{\"to\":\"b\",\"type\":\"request\",\"encrypted\":1,\"payload\":1,\
                 \"invite\":\"i\",\"{name}\":{value}}}"
            );
            if let Ok(message) = message(body.as_bytes()) {
                let members = [b"{", &message.members[..], b"}"].concat();
                prop_assert!(Compact::read(&members).is_ok());
                prop_assert!(message.ttl >= Duration::from_secs(60));
                prop_assert!(message.ttl <= Duration::from_secs(90 * DAY));
            }
            let _judged = (registration(body.as_bytes()), patch(body.as_bytes()),
                invite(body.as_bytes()), audit_entry(body.as_bytes()));
        }
    }
}
