//! Two agents on a `ClawTalk` relay: on ours, and on one that behaves as the reference's.
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without the expected member has to fail loudly"
)]

use chaperon::api::{Accounts, AccountsReply, Enrol, Reply, Request, Ticket};
use chaperon::model::{Channel, NetworkId, Passphrase, PublicKey};
use chaperon::net::clawtalk::client::Client;
use chaperon::wire::clawtalk::{AgentName, ApiKey, PeerKeys};
use chaperon::wire::mailbox::RelayUrl;

use super::{Rig, Side};
use crate::support::clawtalk_server::Serves;
use crate::support::{ADMIN_KEY, Relay};

/// A sealed message whose box is no base64: whoever it is from, nobody can read it.
const JUNK: &str = r#"{"to":"bo","type":"request","encrypted":true,"payload":"%%%","nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;

/// Where two agents meet.
pub(super) trait Meets: Sized {
    fn open() -> Self;

    fn url(&self) -> String;

    /// Registers somebody, and returns their API key.
    fn register(&self, name: &str) -> String;

    /// Lets the directory show what changed.
    fn forget_what_is_stale(&self);
}

impl Meets for Relay {
    fn open() -> Self {
        Self::with_clawtalk()
    }

    fn url(&self) -> String {
        self.url().to_owned()
    }

    fn register(&self, name: &str) -> String {
        let who = format!(r#"{{"name":"{name}","owner":"o","publicKey":"PK","signingKey":"SK"}}"#);
        let made = self.ask_as(ADMIN_KEY, "POST", "/agents", Some(&who));
        let made: serde_json::Value = serde_json::from_str(&made.body).unwrap();
        made["apiKey"].as_str().unwrap().to_owned()
    }

    fn forget_what_is_stale(&self) {}
}

impl Meets for Serves {
    fn open() -> Self {
        Self::start()
    }

    fn url(&self) -> String {
        self.url()
    }

    fn register(&self, name: &str) -> String {
        self.relay().register(name)
    }

    fn forget_what_is_stale(&self) {
        self.relay().ahead += 31_000;
    }
}

/// A relay, and what two agents are known by there.
pub(super) struct Agents<R> {
    relay: R,
    ana: String,
    bo: String,
}

impl<R: Meets> Agents<R> {
    fn client(&self, key: &str) -> Client {
        let relay = RelayUrl::parse(&self.relay.url()).unwrap();
        Client::new(&relay, ApiKey::parse(key).unwrap()).unwrap()
    }
}

impl Side {
    async fn on_clawtalk(url: &str, name: &str, token: &str) -> Self {
        let side = Self::new();
        let enrol = Enrol {
            network: NetworkId::ClawTalk,
            endpoint: url.to_owned(),
            address: name.to_owned(),
            ticket: Ticket::Token(Passphrase::new(token)),
            keys: None,
            replace: true,
        };
        side.ask(Request::Accounts(Accounts::Enrol(Box::new(enrol))))
            .await
            .unwrap();
        side
    }

    async fn adds(&self, name: &str) {
        let list = Accounts::List {
            network: NetworkId::ClawTalk,
        };
        let Ok(Reply::Accounts(reply)) = self.ask(Request::Accounts(list)).await else {
            panic!("another answer");
        };
        let AccountsReply::Logins(logins) = *reply else {
            panic!("another answer");
        };
        let add = Accounts::Add {
            endpoint: None,
            name: None,
            account: logins[0].id,
            address: name.to_owned(),
            seen: None,
        };
        self.ask(Request::Accounts(add)).await.unwrap();
    }
}

impl<R: Meets> Rig for Agents<R> {
    /// Fewer than a relay takes in ten seconds.
    const MANY: usize = 4;

    async fn connect() -> (Self, Side, Side) {
        let relay = R::open();
        let rig = Self {
            ana: relay.register("ana"),
            bo: relay.register("bo"),
            relay,
        };
        let url = rig.relay.url();
        let ana = Side::on_clawtalk(&url, "ana", &rig.ana).await;
        let bo = Side::on_clawtalk(&url, "bo", &rig.bo).await;
        rig.relay.forget_what_is_stale();
        ana.adds("bo").await;
        bo.adds("ana").await;
        (rig, ana, bo)
    }

    async fn change_key(&self, _of: &Channel) {
        let keys = PeerKeys {
            key: PublicKey([9; 32]),
            signing: None,
        };
        for (name, key) in [("ana", &self.ana), ("bo", &self.bo)] {
            let name = AgentName::parse(name).unwrap();
            self.client(key).upload_keys(&name, &keys).await.unwrap();
        }
        self.relay.forget_what_is_stale();
    }

    async fn put_junk(&self, _on: &Channel) {
        self.client(&self.ana).post(JUNK, "junk").await.unwrap();
    }
}
