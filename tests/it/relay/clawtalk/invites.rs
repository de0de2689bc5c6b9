//! Invites, registration, and what the admin does with agents.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chaperon::relay::ClawTalkOptions;
use serde_json::{Value, json};

use super::super::World;
use super::{Caller, options, refusal};

async fn invite(admin: &mut Caller, body: &Value) -> String {
    let made = admin
        .send("POST", "/invites", Some(&body.to_string()))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.member("code").as_str().unwrap().to_owned()
}

fn registration(invite: &str, name: &str) -> String {
    json!({ "invite": invite, "name": name }).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invite_for_one_is_used_once_however_many_try_at_once() {
    for uses in [1, 2] {
        let world = World::with_clawtalk(options()).await;
        let code = invite(&mut world.admin().await, &json!({ "maxUses": uses })).await;
        let mut trying = tokio::task::JoinSet::new();
        for number in 0..20 {
            let mut client = world.client().await;
            let body = registration(&code, &format!("agent{number}"));
            trying.spawn(async move { client.post("/register", &body).await });
        }
        let answers = trying.join_all().await;
        let passed = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(passed, uses);
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            let text = "Invite code has reached its usage limit".to_owned();
            assert_eq!(refusal(refused), (403, text));
        }
        let mut admin = world.admin().await;
        let list = admin.get("/invites").await.json();
        assert_eq!(list[0]["uses"], uses);
        assert_eq!(admin.get("/health").await.member("agents"), uses);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_given_once_however_many_want_it_at_once() {
    let world = World::with_clawtalk(options()).await;
    let code = invite(&mut world.admin().await, &json!({})).await;
    let mut trying = tokio::task::JoinSet::new();
    for number in 0..20 {
        let mut client = world.client().await;
        let name = if number % 2 == 0 { "dora" } else { "DORA" };
        let body = registration(&code, name);
        trying.spawn(async move { client.post("/register", &body).await });
    }
    let answers = trying.join_all().await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        1
    );
    let taken = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!(taken, 19);
    let list = world.admin().await.get("/invites").await.json();
    assert_eq!(list[0]["uses"], 1, "who was refused used nothing");
}

#[tokio::test]
async fn invites_expire_and_go_when_they_are_deleted() {
    let world = World::with_clawtalk(options()).await;
    let mut admin = world.admin().await;
    let code = invite(&mut admin, &json!({ "expiresInHours": 1, "label": "L" })).await;
    let listed = admin.get("/invites").await.json();
    assert_eq!(listed[0]["expiresAt"], "2023-11-14T23:13:20.000Z");
    world.pass(Duration::from_secs(3600));
    let mut client = world.client().await;
    let late = client.post("/register", &registration(&code, "late")).await;
    assert_eq!(refusal(&late), (403, "Invite code has expired".into()));
    let path = format!("/invites/{code}");
    let deleted = admin.send("DELETE", &path, None).await;
    assert_eq!(deleted.json(), json!({ "deleted": true, "code": code }));
    assert_eq!(admin.send("DELETE", &path, None).await.status, 404);
    let gone = client.post("/register", &registration(&code, "late")).await;
    assert_eq!(
        refusal(&gone),
        (403, "Invalid or expired invite code".into())
    );
}

#[tokio::test]
async fn an_invite_links_to_the_public_address_or_to_where_the_admin_asked() {
    let world = World::with_clawtalk(options()).await;
    let mut admin = world.admin().await;
    let made = admin.send("POST", "/invites", Some("{bad")).await;
    let url = made.member("url").as_str().unwrap().to_owned();
    assert!(url.starts_with("http://relay/signup?invite="), "{url}");
    let proxied = [("X-Forwarded-Proto", "https")];
    let made = admin.send_with("POST", "/invites", &proxied, None).await;
    let url = made.member("url").as_str().unwrap().to_owned();
    assert!(url.starts_with("https://relay/signup?invite="), "{url}");

    let world = World::with_clawtalk(ClawTalkOptions {
        public_url: Some("https://r.example/x".into()),
        ..options()
    })
    .await;
    let made = world
        .admin()
        .await
        .send("POST", "/invites", Some("{}"))
        .await;
    let code = made.member("code").as_str().unwrap().to_owned();
    let expected = format!("https://r.example/x/signup?invite={code}");
    assert_eq!(made.member("url"), expected);
}

#[tokio::test]
async fn who_registered_sets_their_keys_and_nobody_else_does() {
    let mut world = World::with_clawtalk(options()).await;
    let code = invite(&mut world.admin().await, &json!({})).await;
    let registered = world
        .client()
        .await
        .post("/register", &registration(&code, "Dora"))
        .await;
    let key = registered.member("apiKey").as_str().unwrap().to_owned();
    let mut dora = world.caller(&key).await;
    let listed = dora.get("/agents").await.json();
    assert_eq!(listed[0]["publicKey"], "");

    let (box_key, sign_key) = (STANDARD.encode([1; 32]), STANDARD.encode([2; 32]));
    let patch = json!({ "publicKey": box_key, "signingKey": sign_key, "capabilities": ["z"] });
    let patched = dora
        .send("PATCH", "/agents/D%6Fra", Some(&patch.to_string()))
        .await;
    assert_eq!(patched.body, r#"{"name":"Dora","updated":true}"#);
    let listed = dora.get("/agents").await.json();
    assert_eq!(
        listed[0]["publicKey"], box_key,
        "at once, not half a minute later"
    );
    assert_eq!(listed[0]["capabilities"], json!(["z"]));
    let broken = json!({ "publicKey": "PK" }).to_string();
    assert_eq!(
        dora.send("PATCH", "/agents/Dora", Some(&broken))
            .await
            .status,
        400
    );

    world.restart().await;
    let mut dora = world.caller(&key).await;
    assert_eq!(dora.get("/agents").await.json()[0]["signingKey"], sign_key);
    let stored = std::fs::read(world.directory.path().join("clawtalk.sqlite-wal")).unwrap();
    let stored = [
        stored,
        std::fs::read(world.directory.path().join("clawtalk.sqlite")).unwrap(),
    ];
    let has_key = stored
        .concat()
        .windows(key.len())
        .any(|part| part == key.as_bytes());
    assert!(!has_key, "only the digest of a key is stored");
}

#[tokio::test]
async fn the_admin_sees_removes_and_rekeys_agents() {
    let world = World::with_clawtalk(options()).await;
    let (mut alice, mut bob) = (world.agent("Alice").await, world.agent("Bob").await);
    let mut carol = world.agent("Carol").await;
    alice.post(&json!(["Bob", "Carol"]), &"x".into()).await;
    let mut admin = world.admin().await;
    let survey = admin.get("/admin/agents").await.json();
    assert_eq!(survey[1]["name"], "Bob");
    assert_eq!(
        (&survey[1]["waiting"], &survey[0]["waiting"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(alice.get("/admin/agents").await.status, 401);

    let renewed = admin.send("POST", "/admin/agents/Carol/key", None).await;
    let key = renewed.member("apiKey").as_str().unwrap().to_owned();
    assert_eq!(carol.get("/messages").await.status, 401);
    assert_eq!(world.caller(&key).await.payloads("").await, ["x"]);

    let removed = admin.send("DELETE", "/admin/agents/Bob", None).await;
    assert_eq!(removed.body, r#"{"deleted":true,"name":"Bob"}"#);
    assert_eq!(
        admin.send("DELETE", "/admin/agents/Bob", None).await.status,
        404
    );
    assert_eq!(bob.get("/messages").await.status, 401);
    assert_eq!(
        world.caller(&key).await.payloads("").await,
        ["x"],
        "their copy stays"
    );
    let mut again = world.agent("Bob").await;
    assert_eq!(again.messages("").await.len(), 0, "a name is not its mail");
    assert_eq!(alice.post(&"bob".into(), &"y".into()).await.status, 201);
    assert_eq!(again.payloads("").await, ["y"]);
}

#[tokio::test]
async fn without_the_switch_the_audit_log_takes_everything_and_keeps_nothing() {
    let world = World::with_clawtalk(options()).await;
    let mut alice = world.agent("Alice").await;
    let entry = json!({
        "messageId": "m", "direction": "sent", "from": "Alice", "to": "Bob",
        "payload": "in the clear", "ts": "2026-01-01",
    });
    let posted = alice.send("POST", "/audit", Some(&entry.to_string())).await;
    assert_eq!(
        (posted.status, posted.body.as_str()),
        (201, r#"{"ok":true}"#)
    );
    assert_eq!(posted.header("x-clawtalk-audit"), Some("off"));
    assert_eq!(alice.send("POST", "/audit", Some("{}")).await.status, 400);
    let open = [("encrypted", json!(false))];
    alice
        .post_more(&"Alice".into(), &"open words".into(), &open)
        .await;

    let mut admin = world.admin().await;
    let listed = admin.get("/audit").await;
    assert_eq!(
        (listed.status, listed.body.as_str()),
        (200, r#"{"entries":[]}"#)
    );
    assert_eq!(listed.header("x-clawtalk-audit"), Some("off"));
    let cleared = admin.send("DELETE", "/audit?before=2100-01-01", None).await;
    assert_eq!(cleared.body, r#"{"deleted":0}"#);
    let wal = std::fs::read(world.directory.path().join("clawtalk.sqlite-wal")).unwrap();
    let words = b"in the clear";
    assert!(!wal.windows(words.len()).any(|part| part == words));
}

#[tokio::test]
async fn the_audit_log_is_filtered_paged_and_forgets() {
    let audit = Some(Duration::from_secs(24 * 3600));
    let world = World::with_clawtalk(ClawTalkOptions { audit, ..options() }).await;
    let (mut alice, mut admin) = (world.agent("Alice").await, world.admin().await);
    for (id, topic, ts) in [
        ("1", "x", "2020-01-01"),
        ("2", "y", "never"),
        ("1", "z", "2020-01-01"),
    ] {
        let entry = json!({
            "messageId": id, "direction": "sent", "from": "Alice", "to": "Bob", "payload": 1,
            "ts": ts, "topic": topic,
        });
        assert_eq!(
            alice
                .send("POST", "/audit", Some(&entry.to_string()))
                .await
                .status,
            201
        );
    }
    let mut ids = async |query: &str| {
        let listed = admin.get(&format!("/audit{query}")).await.json();
        let entries = listed["entries"].as_array().unwrap().iter();
        entries
            .map(|entry| {
                format!(
                    "{}{}",
                    entry["messageId"].as_str().unwrap(),
                    entry["topic"].as_str().unwrap()
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids("").await,
        ["1z", "2y"],
        "the same entry again replaces the first"
    );
    assert_eq!(ids("?topic=y").await, ["2y"]);
    assert_eq!(ids("?from=Bob").await, [""; 0]);
    assert_eq!(ids("?limit=1").await, ["1z"]);
    assert_eq!(ids("?since=2021-01-01").await, ["2y"]);
    let cleared = world
        .admin()
        .await
        .send("DELETE", "/audit?before=2020-01-02", None)
        .await;
    assert_eq!(cleared.body, r#"{"deleted":1}"#);
    let unclear = world
        .admin()
        .await
        .send("DELETE", "/audit?before=soon", None)
        .await;
    assert_eq!(unclear.status, 400);
}

#[tokio::test]
async fn nobody_replaces_what_another_agent_logged() {
    let audit = Some(Duration::from_secs(24 * 3600));
    let world = World::with_clawtalk(ClawTalkOptions { audit, ..options() }).await;
    let (mut alice, mut eve) = (world.agent("Alice").await, world.agent("Eve").await);
    let entry = |payload: &str| {
        json!({
            "messageId": "1", "direction": "sent", "from": "Alice", "to": "Bob",
            "payload": payload, "ts": "2020-01-01",
        })
        .to_string()
    };
    for (who, payload) in [(&mut alice, "what was said"), (&mut eve, "what was not")] {
        let logged = who.send("POST", "/audit", Some(&entry(payload))).await;
        assert_eq!(logged.status, 201);
    }
    let listed = world.admin().await.get("/audit").await.json();
    let entries = listed["entries"].as_array().unwrap().iter();
    let said: Vec<_> = entries
        .map(|entry| (&entry["loggedBy"], &entry["payload"]))
        .collect();
    let (alice, eve) = (json!("Alice"), json!("Eve"));
    let (first, second) = (json!("what was said"), json!("what was not"));
    assert_eq!(said, [(&alice, &first), (&eve, &second)]);
}
