//! The ClawTalk API through real loopback connections.
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without the expected member has to fail loudly"
)]

mod abuse;
mod admin;
mod inbox;
mod invites;
mod transcript;
mod webhooks;

use std::net::SocketAddr;

use chaperon::relay::{AdminKey, ClawTalkOptions, Limits};
use serde_json::Value;

use super::World;
use super::client::{Client, Response};

/// The admin key of the reference's transcript.
const ADMIN: &str = "test-admin-key";

fn options() -> ClawTalkOptions {
    ClawTalkOptions::new(AdminKey::new(ADMIN).unwrap())
}

impl World {
    /// A relay with both APIs.
    async fn with_clawtalk(options: ClawTalkOptions) -> Self {
        Self::with_both(Limits::default(), Some(options)).await
    }

    async fn caller(&self, key: &str) -> Caller {
        Caller::connect(self.address(), key).await
    }

    async fn admin(&self) -> Caller {
        self.caller(ADMIN).await
    }

    /// Registers an agent and returns a connection of theirs.
    async fn agent(&self, name: &str) -> Caller {
        let key = self.admin().await.add_agent(name).await;
        self.caller(&key).await
    }
}

/// A connection on which every request shows the same key.
struct Caller {
    client: Client,
    key: String,
}

impl Caller {
    async fn connect(address: SocketAddr, key: &str) -> Self {
        Self {
            client: Client::connect(address).await,
            key: key.to_owned(),
        }
    }

    async fn send(&mut self, method: &str, path: &str, body: Option<&str>) -> Response {
        self.send_with(method, path, &[], body).await
    }

    async fn send_with(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Response {
        let bearer = format!("Bearer {}", self.key);
        let mut all = vec![("Authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        self.client.send(method, path, &all, body).await
    }

    async fn get(&mut self, path: &str) -> Response {
        self.send("GET", path, None).await
    }

    async fn add_agent(&mut self, name: &str) -> String {
        let body = serde_json::json!({
            "name": name, "owner": "o", "publicKey": "PK", "signingKey": "SK",
        });
        let added = self.send("POST", "/agents", Some(&body.to_string())).await;
        assert_eq!(added.status, 201, "{}", added.body);
        added.member("apiKey").as_str().unwrap().to_owned()
    }

    async fn post(&mut self, to: &Value, payload: &Value) -> Response {
        self.post_more(to, payload, &[]).await
    }

    async fn post_more(&mut self, to: &Value, payload: &Value, more: &[(&str, Value)]) -> Response {
        let mut body = serde_json::json!({
            "to": to, "type": "notification", "encrypted": true, "payload": payload,
        });
        for (name, value) in more {
            body[*name] = value.clone();
        }
        self.send("POST", "/messages", Some(&body.to_string()))
            .await
    }

    /// Posts to one agent and insists that it was taken; returns the id.
    async fn tell(&mut self, to: &str, payload: &str) -> String {
        let posted = self.post(&to.into(), &payload.into()).await;
        assert_eq!(posted.status, 201, "{}", posted.body);
        posted.member("id").as_str().unwrap().to_owned()
    }

    /// The messages of a page.
    async fn messages(&mut self, query: &str) -> Vec<Value> {
        let page = self.get(&format!("/messages{query}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page.member("messages").as_array().unwrap().clone()
    }

    /// The payloads of a page.
    async fn payloads(&mut self, query: &str) -> Vec<String> {
        let messages = self.messages(query).await;
        let payloads = messages.iter().map(|one| one["payload"].as_str().unwrap());
        payloads.map(str::to_owned).collect()
    }
}

/// The sentence and the status of a refusal.
fn refusal(response: &Response) -> (u16, String) {
    let text = response.member("error").as_str().unwrap().to_owned();
    assert!(response.member("code").is_string());
    (response.status, text)
}
