//! Signing up and watching, against a relay that serves the `ClawTalk` API.
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without the expected member has to fail loudly"
)]

use std::time::Duration;

use serde_json::{Value, json};

use super::browser::{Browser, HOME};
use super::{connect, fits, is_quiet, picture};
use crate::relay::client::Client;
use crate::support::{ADMIN_KEY, Relay};

/// A relay, and who may do what there.
struct World {
    relay: Relay,
    client: Client,
}

impl World {
    async fn new() -> Self {
        let relay = Relay::with_clawtalk();
        let client = connect(&relay).await;
        Self { relay, client }
    }

    async fn ask(&mut self, method: &str, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let bearer = format!("Bearer {key}");
        let headers = [("Authorization", bearer.as_str())];
        let body = (!body.is_null()).then(|| body.to_string());
        let answer = self
            .client
            .send(method, path, &headers, body.as_deref())
            .await;
        let body = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
        (answer.status, body)
    }

    async fn invite(&mut self) -> String {
        let wanted = json!({ "label": "for a test", "maxUses": 1 });
        let (status, invite) = self.ask("POST", "/invites", ADMIN_KEY, &wanted).await;
        assert_eq!(status, 201, "{invite}");
        invite["code"].as_str().unwrap().to_owned()
    }

    /// Registers an agent and returns its key.
    async fn agent(&mut self, name: &str) -> String {
        let body = json!({ "invite": self.invite().await, "name": name });
        let (status, made) = self.ask("POST", "/register", "", &body).await;
        assert_eq!(status, 201, "{made}");
        made["apiKey"].as_str().unwrap().to_owned()
    }

    async fn post(&mut self, key: &str, message: &Value) {
        let (status, answer) = self.ask("POST", "/messages", key, message).await;
        assert_eq!(status, 201, "{answer}");
    }
}

fn plain(to: &str, topic: &str, payload: &Value) -> Value {
    json!({ "to": to, "type": "request", "topic": topic, "encrypted": false, "payload": payload })
}

/// Whatever the page left in the browser: what is stored for the site, and for the tab.
fn kept(browser: &Browser) -> Value {
    browser.run("return [Object.keys(localStorage), Object.keys(sessionStorage), document.cookie];")
}

#[tokio::test]
async fn signing_up_shows_the_key_once_and_the_key_works() {
    let mut world = World::new().await;
    let Some(browser) = Browser::start(&world.relay) else {
        return;
    };
    let code = world.invite().await;
    browser.allow_clipboard(HOME);
    browser.open(&format!("{HOME}/signup?invite={code}"));
    assert_eq!(
        browser.run("return document.getElementById('invite').value"),
        code
    );
    fits(&browser, &[320, 360, 430]);
    picture(&browser, "signup");
    browser.fill("#name", "a b");
    browser.fill("#webhook", "javascript:alert(1)");
    browser.click("#submit");
    browser.see("#name-wrong", "2 to 32 letters");
    browser.see("#webhook-wrong", "https:// or http://");
    assert_eq!(browser.run("return document.activeElement.id"), "name");
    browser.fill("#name", "dora");
    browser.fill("#owner", "Dora's people");
    browser.fill("#webhook", "");
    browser.click("#submit");
    browser.see("#welcome", "dora is registered");
    assert_eq!(browser.run("return document.activeElement.id"), "welcome");
    let key = browser.text("#key");
    assert!(key.starts_with("ct_") && key.len() == 46, "{key}");
    browser.click("[data-copy=key]");
    browser.see("#copied", "The key was copied.");
    let login =
        format!("chaperon clawtalk login --url '{HOME}' --agent 'dora' --key-file clawtalk.key");
    assert_eq!(browser.text("#with-chaperon"), login);
    assert!(!browser.text("#with-curl").contains(&key));
    fits(&browser, &[320, 360, 430]);
    is_quiet(&browser);
    picture(&browser, "signup-key");

    assert_eq!(
        world.ask("GET", "/messages", &key, &Value::Null).await.0,
        200
    );
    assert_eq!(kept(&browser), json!([[], [], ""]));
    browser.open(&format!("{HOME}/signup"));
    assert!(
        !browser
            .run("return document.documentElement.innerHTML")
            .to_string()
            .contains(&key)
    );
}

#[tokio::test]
async fn signing_up_says_in_words_why_not() {
    let mut world = World::new().await;
    let Some(browser) = Browser::start(&world.relay) else {
        return;
    };
    world.agent("taken").await;
    let sign_up = |code: &str, name: &str| {
        browser.open(&format!("{HOME}/signup?invite={code}"));
        browser.fill("#name", name);
        browser.click("#submit");
    };
    let code = world.invite().await;
    sign_up(&code, "taken");
    browser.see("#said", "This name is taken.");
    sign_up("no-such-code", "somebody");
    browser.see("#said", "does not know this invite code");
    sign_up(&code, "first");
    browser.see("#welcome", "first is registered");
    sign_up(&code, "second");
    browser.see("#said", "was used up");
    picture(&browser, "signup-refused");
}

/// Two agents and what they wrote to each other, some of it meant to harm.
async fn busy(world: &mut World) -> (String, String) {
    let (alice, bob) = (world.agent("alice").await, world.agent("bob").await);
    let key = format!("{}=", "A".repeat(43));
    let keys = json!({ "publicKey": key, "signingKey": key,
        "capabilities": ["calendar", "<b>bold</b>"] });
    let (status, _) = world.ask("PATCH", "/agents/alice", &alice, &keys).await;
    assert_eq!(status, 200);
    let ask = json!({ "text": "Could we meet on Thursday at two?" });
    world.post(&alice, &plain("bob", "meeting", &ask)).await;
    let attack = "<img src=x onerror=\"window.hit=1\">\u{202e}gnp.exe";
    world
        .post(
            &alice,
            &plain("bob", "<script>window.hit=1</script>", &json!(attack)),
        )
        .await;
    let long = "x".repeat(300);
    world
        .post(&alice, &plain("bob", &"t".repeat(90), &json!(long)))
        .await;
    let sealed = json!({ "to": "bob", "type": "response", "topic": "meeting", "encrypted": true,
        "payload": "U0VDUkVUU0VDUkVU", "nonce": "bm9uY2U=" });
    world.post(&alice, &sealed).await;
    world
        .post(
            &bob,
            &plain("alice", "answer", &json!("Thursday suits us.")),
        )
        .await;
    (alice, bob)
}

#[tokio::test]
async fn the_monitor_shows_an_inbox_and_lets_nothing_in_it_run() {
    let mut world = World::new().await;
    let Some(browser) = Browser::start(&world.relay) else {
        return;
    };
    let (alice, bob) = busy(&mut world).await;
    browser.open(&format!("{HOME}/monitor"));
    fits(&browser, &[320, 360, 430]);
    browser.fill("#agent-key", &bob);
    browser.click("#start");
    browser.see("#messages-count", "4 in the agent's inbox");
    let feed = browser.text("#messages");
    for words in [
        "Could we meet on Thursday at two?",
        "alice → bob",
        "<img src=x onerror=\"window.hit=1\">⟦U+202E⟧gnp.exe",
        "<script>window.hit=1</script>",
        "not sealed",
        "sealed, 16 characters",
    ] {
        assert!(feed.contains(words), "{words}: {feed}");
    }
    assert!(
        !feed.contains("U0VDUkVU") && !feed.contains("suits us"),
        "{feed}"
    );
    let harmless =
        browser.run("return [window.hit ?? null, document.images.length, document.scripts.length]");
    assert_eq!(harmless, json!([null, 0, 1]));
    let agents = browser.text("#agents");
    assert!(
        agents.contains("alice") && agents.contains("calendar, <b>bold</b>"),
        "{agents}"
    );
    assert!(browser.text("#audit-said").contains("Only the admin key"));
    fits(&browser, &[320, 360, 430]);

    browser.run("const topic = document.getElementById('topic'); topic.value = 'meeting'; topic.dispatchEvent(new Event('change'));");
    browser.see("#messages-count", "2 in the agent's inbox");
    is_quiet(&browser);
    picture(&browser, "monitor");

    // The page looks again by itself.
    world
        .post(&alice, &plain("bob", "meeting", &json!("One more thing.")))
        .await;
    browser.see("#messages", "One more thing.");
    browser.click("#stop");
    browser.see("#said", "Stopped.");
    browser.requests();
    browser.run("const topic = document.getElementById('topic'); topic.value = ''; topic.dispatchEvent(new Event('change'));");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(browser.requests(), Vec::<String>::new());
    assert_eq!(kept(&browser), json!([[], [], ""]));
}

#[tokio::test]
async fn the_admin_key_shows_the_whole_relay_and_says_that_the_audit_log_is_off() {
    let mut world = World::new().await;
    let Some(browser) = Browser::start(&world.relay) else {
        return;
    };
    let (_, bob) = busy(&mut world).await;
    browser.open(&format!("{HOME}/monitor"));
    browser.fill("#admin-key", ADMIN_KEY);
    browser.click("#start");
    browser.see("#messages-count", "5 of the whole relay");
    assert!(browser.text("#messages").contains("Thursday suits us."));
    browser.see("#audit-said", "It is off on this relay");
    browser.see("#agents-said", "Only an agent's key shows the agents.");
    browser.fill("#agent-key", &bob);
    browser.click("#start");
    browser.see("#agents", "alice");
    is_quiet(&browser);
    picture(&browser, "monitor-admin");
}

#[tokio::test]
async fn a_key_is_kept_for_the_tab_only_where_the_person_says_so() {
    let mut world = World::new().await;
    let Some(browser) = Browser::start(&world.relay) else {
        return;
    };
    let bob = world.agent("bob").await;
    let typed = || browser.run("return document.getElementById('agent-key').value");
    browser.open(&format!("{HOME}/monitor"));
    browser.fill("#agent-key", &bob);
    browser.click("#start");
    browser.see("#messages-said", "None now.");
    assert_eq!(kept(&browser), json!([[], [], ""]));
    browser.open(&format!("{HOME}/monitor"));
    assert_eq!(typed(), "");

    browser.fill("#agent-key", &bob);
    browser.click("#keep");
    browser.click("#start");
    browser.see("#messages-said", "None now.");
    assert_eq!(kept(&browser), json!([[], ["chaperon-monitor-keys"], ""]));
    browser.open(&format!("{HOME}/monitor"));
    assert_eq!(typed(), bob);
    browser.click("#forget");
    assert_eq!(typed(), "");
    assert_eq!(kept(&browser), json!([[], [], ""]));
    is_quiet(&browser);
}

#[tokio::test]
async fn a_key_that_the_relay_does_not_know_ends_the_asking() {
    let world = World::new().await;
    let Some(browser) = Browser::start(&world.relay) else {
        return;
    };
    browser.open(&format!("{HOME}/monitor"));
    browser.click("#start");
    browser.see("#said", "Type a key first");
    browser.fill("#agent-key", "ct_two words");
    browser.click("#start");
    browser.see("#agent-key-wrong", "No key has such characters");
    browser.fill("#agent-key", &format!("ct_{}", "A".repeat(43)));
    browser.click("#start");
    browser.see("#agent-key-wrong", "The relay does not know this key.");
    browser.see("#said", "Stopped");
    picture(&browser, "monitor-refused");
}

#[tokio::test]
async fn the_monitor_waits_for_a_relay_that_is_gone() {
    let mut world = World::new().await;
    let Some(browser) = Browser::start(&world.relay) else {
        return;
    };
    let bob = world.agent("bob").await;
    browser.open(&format!("{HOME}/monitor"));
    browser.fill("#agent-key", &bob);
    browser.click("#start");
    browser.see("#said", "Looking every 10 seconds");
    world.relay.kill();
    browser.see("#said", "The relay does not answer.");
    world.relay.again();
    browser.see("#said", "Looking every 10 seconds");
    assert_eq!(browser.text("#agents-count"), "1");
}

/// Puts an answer of no relay of ours before the monitor, in place of a real one.
fn pretend(browser: &Browser, path: &str, body: &Value) {
    browser.run(&format!(
        "const real = window.fetch; window.fetch = (path, how) => String(path).startsWith('{path}') \
            ? Promise.resolve(new Response(JSON.stringify({body}))) : real(path, how);"
    ));
}

#[tokio::test]
async fn one_bad_entry_of_another_relay_hides_no_other() {
    let mut world = World::new().await;
    let Some(browser) = Browser::start(&world.relay) else {
        return;
    };
    let bob = world.agent("bob").await;
    browser.open(&format!("{HOME}/monitor"));
    let good = json!({ "id": "1", "from": "eve", "to": "bob", "type": "request",
        "encrypted": false, "payload": "still here", "ts": "2026-01-02T03:04:05.678Z" });
    let odd = json!({ "from": { "a": 1 }, "to": ["x"], "type": 7, "topic": ["t"], "payload": null,
        "encrypted": "yes", "ts": 5 });
    let messages = json!({ "messages": [null, 7, "text", {}, odd, good] });
    pretend(&browser, "messages", &messages);
    let agents = json!([null, {}, { "name": 5, "publicKey": [], "lastSeen": "never",
        "capabilities": "all" }, { "name": "eve", "online": true }]);
    pretend(&browser, "agents", &agents);
    pretend(&browser, "channels", &json!({ "not": "a list" }));
    browser.fill("#agent-key", &bob);
    browser.click("#start");
    browser.see("#messages", "still here");
    browser.see("#agents", "eve");
    is_quiet(&browser);
}

#[tokio::test]
async fn the_first_page_counts_the_agents() {
    let mut world = World::new().await;
    let Some(browser) = Browser::start(&world.relay) else {
        return;
    };
    world.agent("alice").await;
    browser.open(HOME);
    browser.see("#clawtalk", "On: 1 agent is registered.");
    is_quiet(&browser);
    picture(&browser, "home");
}
