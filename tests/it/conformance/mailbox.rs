//! Two engines with a mailbox channel, on our relay and on one that knows no extension of ours.

use chaperon::api::{Reply, Request};
use chaperon::model::Channel;

use super::{Rig, Side};
use crate::reference::Reference;
use crate::support::{Relay, http};

/// On `chaperon relay`.
pub(super) struct OnOurs(Relay);

/// On what behaves as the reference.
pub(super) struct OnTheReference(Reference);

impl Rig for OnOurs {
    async fn connect() -> (Self, Side, Side) {
        let relay = Relay::start();
        let (ana, bo) = meet(relay.url()).await;
        (Self(relay), ana, bo)
    }

    async fn change_key(&self, of: &Channel) {
        answer_again(self.0.url(), of);
    }

    async fn put_junk(&self, on: &Channel) {
        post_junk(self.0.url(), on);
    }
}

impl Rig for OnTheReference {
    async fn connect() -> (Self, Side, Side) {
        let relay = Reference::start();
        let (ana, bo) = meet(relay.url()).await;
        (Self(relay), ana, bo)
    }

    async fn change_key(&self, of: &Channel) {
        answer_again(self.0.url(), of);
    }

    async fn put_junk(&self, on: &Channel) {
        post_junk(self.0.url(), on);
    }
}

async fn meet(relay: &str) -> (Side, Side) {
    let (ana, bo) = (Side::new(), Side::new());
    let invite = Request::Invite {
        phone: None,
        name: None,
        sender: None,
        preset: None,
        relay: Some(relay.to_owned()),
        replaces: None,
    };
    let Ok(Reply::Invite(invite)) = ana.ask(invite).await else {
        panic!("no invite");
    };
    let accept = Request::Accept {
        url: invite.url,
        preset: None,
        name: None,
    };
    bo.ask(accept).await.unwrap();
    let check = Request::Check {
        accept_requests: true,
    };
    ana.ask(check).await.unwrap();
    (ana, bo)
}

/// Answers the invite of a channel with a key of somebody else.
fn answer_again(relay: &str, channel: &Channel) {
    let path = format!("/channel/{}/handshake", channel.address);
    let body = r#"{"public_key":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}"#;
    assert_eq!(http(relay, "PUT", &path, Some(body)).status, 200);
}

fn post_junk(relay: &str, channel: &Channel) {
    let path = format!("/channel/{}/messages", channel.address);
    let body = r#"{"payload":"bm90IGFuIGVudmVsb3Bl"}"#;
    assert_eq!(http(relay, "POST", &path, Some(body)).status, 200);
}
