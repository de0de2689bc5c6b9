//! What nobody should send, and somebody will.

use std::time::Duration;

use chaperon::relay::{Limits, Rate};
use serde_json::json;

use super::super::World;
use super::{options, refusal};

#[tokio::test]
async fn null_is_refused_everywhere_and_no_exception_is_told() {
    let world = World::with_clawtalk(options()).await;
    let (mut alice, mut admin) = (world.agent("Alice").await, world.admin().await);
    for (method, path) in [
        ("POST", "/messages"),
        ("PATCH", "/agents/Alice"),
        ("POST", "/audit"),
    ] {
        let refused = alice.send(method, path, Some("null")).await;
        assert_eq!(
            refusal(&refused),
            (400, "Invalid JSON body".into()),
            "{path}"
        );
    }
    for path in ["/agents", "/register"] {
        let refused = admin.send("POST", path, Some("null")).await;
        assert_eq!(
            refusal(&refused),
            (400, "Invalid JSON body".into()),
            "{path}"
        );
    }
    assert_eq!(
        admin.send("POST", "/invites", Some("null")).await.status,
        201
    );
    let hours = r#"{"expiresInHours":"soon"}"#;
    assert_eq!(
        admin.send("POST", "/invites", Some(hours)).await.status,
        400
    );
    for path in ["/agents/%zz", "/agents/%", "/agents/%ff"] {
        let refused = alice.send("PATCH", path, Some("{}")).await;
        let text = "Invalid percent-encoding in the path".to_owned();
        assert_eq!(refusal(&refused), (400, text), "{path}");
    }
}

#[tokio::test]
async fn a_key_is_shown_in_one_form_alone() {
    let world = World::with_clawtalk(options()).await;
    let key = world.agent("Alice").await.key;
    let mut client = world.client().await;
    for header in [
        format!("bearer {key}"),
        format!("Bearer  {key}"),
        format!("Bearer {key}x"),
        "Bearer ct_".into(),
        "Basic Og==".into(),
        key.clone(),
    ] {
        let headers = [("Authorization", header.as_str())];
        let refused = client.send("GET", "/messages", &headers, None).await;
        assert_eq!(refusal(&refused), (401, "Unauthorized".into()), "{header}");
    }
    for (method, path) in [
        ("POST", "/agents"),
        ("GET", "/invites"),
        ("GET", "/audit"),
        ("DELETE", "/audit"),
    ] {
        let headers = [("Authorization", &*format!("Bearer {key}"))];
        assert_eq!(
            client.send(method, path, &headers, Some("{}")).await.status,
            401,
            "{path}"
        );
    }
}

#[tokio::test]
async fn strange_names_break_nobodys_look_up() {
    let world = World::with_clawtalk(options()).await;
    let mut alice = world.agent("Alice").await;
    let mut admin = world.admin().await;
    for name in [
        json!(5),
        json!(["Bob"]),
        json!({"a": 1}),
        json!("a\u{0}b"),
        json!(true),
    ] {
        let body = json!({ "name": name, "owner": "o", "publicKey": "P", "signingKey": "S" });
        let refused = admin.send("POST", "/agents", Some(&body.to_string())).await;
        assert_eq!(refused.status, 400, "{name}");
    }
    let mut odd = world.agent("Größe A/b: \"ü\"").await;
    for to in [
        "GRÖßE A/B: \"Ü\"",
        "größe a/b: \"ü\"",
        "nobody",
        "",
        "\u{202e}",
    ] {
        let status = if to.is_empty() { 400 } else { 201 };
        assert_eq!(
            alice.post(&to.into(), &"x".into()).await.status,
            status,
            "{to}"
        );
    }
    assert_eq!(odd.messages("").await.len(), 2);
    let taken = json!({ "name": "ALICE", "owner": "o", "publicKey": "P", "signingKey": "S" });
    let taken = admin
        .send("POST", "/agents", Some(&taken.to_string()))
        .await;
    assert_eq!(refusal(&taken), (409, "Agent already exists".into()));
    for to in [
        json!(5),
        json!([["Alice"]]),
        json!({"to": "Alice"}),
        json!(["Alice", null]),
    ] {
        assert_eq!(alice.post(&to, &"x".into()).await.status, 400, "{to}");
    }
    assert_eq!(
        alice.messages("").await.len(),
        0,
        "nobody was served before the refusal"
    );
}

#[tokio::test]
async fn what_is_too_large_or_too_deep_is_refused() {
    let world = World::with_clawtalk(options()).await;
    let mut alice = world.agent("Alice").await;
    let wide = alice
        .post(&"Alice".into(), &"é".repeat(65_400).into())
        .await;
    assert_eq!(wide.status, 201, "characters count, not bytes");
    for size in [65_536, 300_000, 3_000_000] {
        let refused = alice.post(&"Alice".into(), &"x".repeat(size).into()).await;
        assert_eq!(
            refusal(&refused),
            (400, "Message exceeds 64KB limit".into())
        );
        assert_eq!(refused.member("code"), "PAYLOAD_TOO_LARGE");
    }
    let deep = format!(
        r#"{{"to":"Alice","type":"request","encrypted":1,"payload":{}{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let refused = alice.send("POST", "/messages", Some(&deep)).await;
    assert_eq!(refusal(&refused), (400, "Invalid JSON body".into()));
    assert_eq!(alice.messages("").await.len(), 1);
}

#[tokio::test]
async fn a_source_that_asks_too_often_is_told_in_the_words_of_the_api() {
    let limits = Limits {
        rate: Some(Rate {
            per_second: 1,
            burst: 3,
            loopback: true,
        }),
        ..Limits::default()
    };
    let world = World::with_both(limits, Some(options())).await;
    let mut client = world.client().await;
    let mut last = client.get("/health").await;
    for _ in 0..3 {
        last = client.get("/health").await;
    }
    assert_eq!(refusal(&last), (429, "Too many requests".into()));
    assert_eq!(last.member("code"), "RATE_LIMITED");
    assert!(last.header("retry-after").is_some());
    assert_eq!(last.header("access-control-allow-origin"), Some("*"));
    let mailbox = client.get("/channel/a/messages").await;
    assert_eq!(
        (mailbox.status, mailbox.body.as_str()),
        (429, r#"{"error":"too many requests"}"#)
    );
}

#[tokio::test]
async fn a_body_that_never_comes_is_not_waited_for_before_the_key_is_checked() {
    let world = World::with_clawtalk(options()).await;
    let mut client = world.client().await;
    let head = "POST /messages HTTP/1.1\r\nHost: relay\r\nContent-Length: 10\r\n\r\n";
    client.raw(head.as_bytes()).await;
    let refused = tokio::time::timeout(Duration::from_secs(10), client.finish(false)).await;
    assert_eq!(refused.unwrap().status, 401);
}
