//! Two identities of ClawChat, each with a node of its own.

use std::net::Ipv4Addr;
use std::time::Duration;

use chaperon::api::{Accounts, AccountsReply, NewIdentity, Reply, Request};
use chaperon::model::{
    Channel, ChannelState, NetworkId, NodeSettings, OwnAccount, Passphrase, Verdict,
};
use chaperon::net::Mode;
use chaperon::profile::Profile;

use super::{Rig, Side};
use crate::support::free_ports;

const CLAWCHAT: NetworkId = NetworkId::ClawChat;

/// Somebody, and the words that their identity comes from.
struct Known {
    account: OwnAccount,
    phrase: Passphrase,
}

/// The two.
pub(super) struct Nodes {
    ana: Known,
    bo: Known,
}

impl Side {
    /// Somebody with an identity, new or of these words, who listens.
    async fn on_clawchat(phrase: Option<Passphrase>) -> (Self, Known) {
        let dir = tempfile::tempdir().unwrap();
        Profile::at(dir.path()).create().unwrap();
        let mut side = Self {
            dir,
            mode: Mode::Continuous,
            hosted: None,
        };
        side.start();
        let make = Accounts::Make(Box::new(NewIdentity {
            network: CLAWCHAT,
            name: None,
            phrase: phrase.clone(),
            testnet: true,
            node: Some(NodeSettings {
                ip: Ipv4Addr::LOCALHOST.into(),
                port: free_ports(),
                ..NodeSettings::default()
            }),
        }));
        let Ok(Reply::Accounts(reply)) = side.ask(Request::Accounts(make)).await else {
            panic!("no identity");
        };
        let AccountsReply::Identity {
            phrase: made,
            account,
        } = *reply
        else {
            panic!("another answer");
        };
        let phrase = made.or(phrase).unwrap();
        let account = side.own_node(account).await;
        (side, Known { account, phrase })
    }

    /// Waits until the node listens; returns who it is and where.
    async fn own_node(&self, of: OwnAccount) -> OwnAccount {
        loop {
            let list = Request::Accounts(Accounts::List { network: CLAWCHAT });
            let Ok(Reply::Accounts(reply)) = self.ask(list).await else {
                panic!("another answer");
            };
            let AccountsReply::Logins(all) = *reply else {
                panic!("another answer");
            };
            let this = all.into_iter().find(|one| one.id == of.id).unwrap();
            let at = this.listening.as_ref();
            if at.is_some_and(|at| !at.addresses.is_empty()) {
                return this;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn adds_node(&self, account: &OwnAccount, other: &OwnAccount) {
        let at = other.listening.as_ref().unwrap();
        let add = Accounts::Add {
            account: account.id,
            address: other.address.clone(),
            seen: None,
            endpoint: Some(at.addresses[0].clone()),
            name: None,
        };
        self.ask(Request::Accounts(add)).await.unwrap();
    }

    async fn lets_in(&self) {
        let items = loop {
            let Ok(Reply::NeedsYou(items)) = self.ask(Request::NeedsYou).await else {
                panic!("another answer");
            };
            if !items.is_empty() {
                break items;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let decide = Request::Decide {
            item: items[0].id,
            seen: items[0].seen,
            verdict: Verdict::Approve,
            words: None,
            reason: None,
            screen: None,
        };
        self.ask(decide).await.unwrap();
    }
}

impl Rig for Nodes {
    async fn connect() -> (Self, Side, Side) {
        let (ana, ana_known) = Side::on_clawchat(None).await;
        let (bo, bo_known) = Side::on_clawchat(None).await;
        ana.adds_node(&ana_known.account, &bo_known.account).await;
        bo.lets_in().await;
        let rig = Self {
            ana: ana_known,
            bo: bo_known,
        };
        (rig, ana, bo)
    }

    /// Each gets a new device: their words, and another node.
    async fn change_key(&self, _of: &Channel) {
        for (victim, other) in [(&self.ana, &self.bo), (&self.bo, &self.ana)] {
            let (side, known) = Side::on_clawchat(Some(other.phrase.clone())).await;
            assert_eq!(known.account.address, other.account.address);
            side.adds_node(&known.account, &victim.account).await;
            // It connects by itself; that it was turned away is all that it learns.
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert_eq!(side.channel().await.state, ChannelState::Active);
        }
    }

    async fn put_junk(&self, _on: &Channel) {}
}
