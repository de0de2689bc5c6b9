//! Two agents of the mesh, each with a server of its own.

use chaperon::api::{Accounts, ChannelRef, Reply, Request};
use chaperon::crypto::{SecretKey, signing};
use chaperon::engine::system_clock;
use chaperon::model::{Channel, NetworkId, PeerText, Verdict};
use chaperon::net::{Mode, mesh::SCHEME};
use chaperon::profile::Profile;
use chaperon::wire::mesh::{AgentId, CONTACT_PATH, ContactRequest, Identity, MeshKey, RequestId};

use super::{Rig, Side};
use crate::support::{free_port, http};

const MESH: NetworkId = NetworkId::Mesh;

/// Where the two are reached.
pub(super) struct Agents {
    ana: String,
    bo: String,
}

impl Side {
    /// Somebody of this id, who listens; returns where.
    async fn on_the_mesh(id: &str) -> (Self, String) {
        let port = free_port();
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::at(dir.path());
        profile.create().unwrap();
        let settings = format!("mesh_listen = \"127.0.0.1:{port}\"\n");
        std::fs::write(profile.config_file(), settings).unwrap();
        let mut side = Self {
            dir,
            mode: Mode::Continuous,
            hosted: None,
        };
        side.start();
        let init = Accounts::Init {
            network: MESH,
            endpoint: None,
            address: Some(id.to_owned()),
            name: None,
            force: false,
        };
        side.ask(Request::Accounts(init)).await.unwrap();
        side.listens().await;
        (side, format!("http://127.0.0.1:{port}"))
    }

    async fn accepts(&self) {
        let Ok(Reply::NeedsYou(items)) = self.ask(Request::NeedsYou).await else {
            panic!("another answer");
        };
        let item = items.first().unwrap();
        let decide = Request::Decide {
            item: item.id,
            seen: item.seen,
            verdict: Verdict::Approve,
            words: None,
            reason: None,
            screen: None,
        };
        self.ask(decide).await.unwrap();
    }
}

impl Rig for Agents {
    async fn connect() -> (Self, Side, Side) {
        let (ana, ana_url) = Side::on_the_mesh("ana").await;
        let (bo, bo_url) = Side::on_the_mesh("bo").await;
        let ask = Accounts::Ask {
            network: MESH,
            url: bo_url.clone(),
            purpose: None,
            seen: None,
        };
        ana.ask(Request::Accounts(ask)).await.unwrap();
        bo.accepts().await;
        let back = Accounts::AskBack {
            channel: ChannelRef::Named("ana".to_owned()),
            purpose: None,
        };
        bo.ask(Request::Accounts(back)).await.unwrap();
        ana.accepts().await;
        let rig = Self {
            ana: ana_url,
            bo: bo_url,
        };
        (rig, ana, bo)
    }

    async fn change_key(&self, _of: &Channel) {
        for (url, id) in [(self.ana.clone(), "bo"), (self.bo.clone(), "ana")] {
            let asked = tokio::task::spawn_blocking(move || ask_as(id, &url));
            asked.await.unwrap();
        }
    }

    async fn put_junk(&self, _on: &Channel) {}
}

/// Asks for contact under an id that somebody else has, with another key.
fn ask_as(id: &str, url: &str) {
    let secret = SecretKey::from_bytes([7; 32]);
    let request = ContactRequest {
        id: RequestId::from_random([3; 16]),
        from: Identity {
            agent: AgentId::parse(id).unwrap(),
            display_name: PeerText::new(id),
            endpoint: PeerText::new("http://127.0.0.1:9"),
            key: MeshKey::new(signing::public_key(&secret), &SCHEME),
        },
        written: system_clock()(),
        purpose: PeerText::new("it is me"),
    };
    let signed = request.sign(|message| signing::sign(&secret, message));
    let answer = http(url, "POST", CONTACT_PATH, Some(&signed.body));
    assert!(answer.body.contains("true"), "{}", answer.body);
}
