//! The client of `ClawTalk` against a relay with all its oddities, and against a peer that
//! behaves as the reference's client.

mod http;
mod ours;
mod pages;
mod peer;

use std::future::Future;

use chaperon::crypto::{ChannelBox, SecretKey};
use chaperon::model::MessageKind;
use chaperon::net::clawtalk::client::Client;
use chaperon::net::clawtalk::seal::{public_keys, seal};
use chaperon::wire::clawtalk::{AgentName, ApiKey, Draft, Entry, JsText, Outgoing, PeerKeys};
use chaperon::wire::mailbox::RelayUrl;

use crate::support::clawtalk_server::Serves;

/// Runs something to its end that waits for the network.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn name(text: &str) -> AgentName {
    AgentName::parse(text).unwrap()
}

fn url(relay: &Serves) -> RelayUrl {
    RelayUrl::parse(&relay.url()).unwrap()
}

/// One of ours: an account and its keys.
struct Ours {
    name: AgentName,
    client: Client,
    secret: SecretKey,
    seed: SecretKey,
}

impl Ours {
    /// Registers one whose keys are in the directory.
    fn at(relay: &Serves, text: &str) -> Self {
        let ours = Self::without_keys(relay, text);
        let keys = ours.public();
        wait(ours.client.upload_keys(&ours.name, &keys)).unwrap();
        ours
    }

    fn without_keys(relay: &Serves, text: &str) -> Self {
        let key = ApiKey::parse(&relay.relay().register(text)).unwrap();
        Self {
            name: name(text),
            client: Client::new(&url(relay), key).unwrap(),
            secret: SecretKey::generate().unwrap(),
            seed: SecretKey::generate().unwrap(),
        }
    }

    fn public(&self) -> PeerKeys {
        public_keys(&self.secret, Some(&self.seed))
    }

    fn box_with(&self, peer: &PeerKeys) -> ChannelBox {
        ChannelBox::new(&self.secret, &peer.key).unwrap()
    }

    /// Seals a payload for somebody.
    fn seal(&self, to: &str, peer: &PeerKeys, payload: &str) -> Outgoing {
        let draft = Draft {
            to: name(to),
            kind: MessageKind::Request,
            topic: Some(JsText::from("tö\u{2028}pic")),
            correlation: Some(JsText::from("c-1")),
            reply_to: None,
        };
        let nonce = chaperon::crypto::random().unwrap();
        seal(
            &draft,
            payload,
            &nonce,
            &self.box_with(peer),
            Some(&self.seed),
        )
        .unwrap()
    }

    /// Looks somebody up in the directory.
    fn finds(&self, name: &str) -> Entry {
        let entries = wait(self.client.agents()).unwrap();
        let mut entries = entries.into_iter().filter_map(Result::ok);
        entries.find(|entry| entry.name.as_str() == name).unwrap()
    }
}
