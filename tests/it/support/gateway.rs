//! An engine with a ClawChat identity, and a probe: a node that says whatever a test wants.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use chaperon::api::{Accounts, AccountsReply, Error, NewIdentity, Reply, Request};
use chaperon::crypto::stacks::{Principal, StacksNetwork, Wallet};
use chaperon::crypto::{SecretKey, random, signing};
use chaperon::engine::{Hosted, system_clock};
use chaperon::model::{
    Channel, ChannelState, Message, NetworkId, NodeSettings, OwnAccount, Verdict,
};
use chaperon::net::Mode;
use chaperon::net::clawchat::protocol::{Fresh, Us, attest};
use chaperon::net::clawchat::swarm::{
    AsyncReadExt as _, AsyncWriteExt as _, Event, Listen, Multiaddr, Node, NodeConfig, PeerId,
    Protocol, Stream, peer_id_of,
};
use chaperon::profile::Profile;
use chaperon::wire::clawchat::{
    Attestation, Auth, Chat, ChatId, Hello, LONGEST_FRAME, Message as Frame, Unframer, cbor, frame,
    node_of,
};
use tokio::sync::mpsc;

use super::free_ports;

const CLAWCHAT: NetworkId = NetworkId::ClawChat;
/// No answer takes this long on a machine that works, however busy it is.
const DEADLINE: Duration = Duration::from_secs(60);

/// An engine with one identity or several.
pub(crate) struct Gateway {
    pub(crate) dir: tempfile::TempDir,
    hosted: Option<Hosted>,
    pub(crate) account: OwnAccount,
}

impl Gateway {
    /// Starts one with a new identity that listens on loopback.
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::at(dir.path());
        profile.create().unwrap();
        let hosted = Hosted::start(&profile, Mode::Continuous, system_clock()).unwrap();
        let mut gateway = Self {
            dir,
            hosted: Some(hosted),
            account: blank(),
        };
        gateway.account = gateway.new_identity(None).await;
        gateway
    }

    /// Makes a further identity and waits until it listens.
    pub(crate) async fn new_identity(&self, name: Option<&str>) -> OwnAccount {
        let make = Accounts::Make(Box::new(NewIdentity {
            network: CLAWCHAT,
            name: name.map(str::to_owned),
            phrase: None,
            testnet: true,
            node: Some(NodeSettings {
                ip: Ipv4Addr::LOCALHOST.into(),
                port: free_ports(),
                ..NodeSettings::default()
            }),
        }));
        let AccountsReply::Identity { account, .. } = self.account_reply(make).await else {
            panic!("another answer");
        };
        for _ in 0..1000 {
            let all = self.identities().await;
            let this = all.into_iter().find(|one| one.id == account.id).unwrap();
            let listening = this.listening.as_ref();
            let over_tcp = |at: &String| !at.contains("/ws");
            if listening.is_some_and(|at| at.addresses.iter().any(over_tcp)) {
                return this;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not listen");
    }

    pub(crate) async fn identities(&self) -> Vec<OwnAccount> {
        let list = Accounts::List { network: CLAWCHAT };
        let AccountsReply::Logins(all) = self.account_reply(list).await else {
            panic!("another answer");
        };
        all
    }

    pub(crate) async fn account_reply(&self, request: Accounts) -> AccountsReply {
        let Ok(Reply::Accounts(reply)) = self.ask(Request::Accounts(request)).await else {
            panic!("another answer");
        };
        *reply
    }

    pub(crate) async fn ask(&self, request: Request) -> Result<Reply, Error> {
        self.hosted.as_ref().unwrap().handle().ask(request).await
    }

    pub(crate) async fn restart(&mut self) {
        self.hosted.take().unwrap().stop().await;
        let profile = Profile::at(self.dir.path());
        self.hosted = Some(Hosted::start(&profile, Mode::Continuous, system_clock()).unwrap());
    }

    pub(crate) async fn channels(&self) -> Vec<Channel> {
        let Ok(Reply::Channels(all)) = self.ask(Request::Channels).await else {
            panic!("the engine does not answer");
        };
        all
    }

    /// The channel with somebody, once it is there and in this state.
    pub(crate) async fn channel(&self, of: &Probe, state: ChannelState) -> Channel {
        let who = of.us.principal.to_string();
        for _ in 0..1000 {
            let all = self.channels().await;
            let found = all
                .into_iter()
                .find(|one| one.address == who && one.state == state);
            if let Some(found) = found {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no channel with {who} in state {state:?}");
    }

    pub(crate) async fn transcript(&self, channel: &Channel) -> Vec<Message> {
        let request = Request::Transcript {
            channel: channel.id,
            before: None,
            limit: 1000,
            topic: None,
        };
        let Ok(Reply::Page(page)) = self.ask(request).await else {
            panic!("another answer");
        };
        page.messages
    }

    /// Waits until a channel has this many messages; returns them.
    pub(crate) async fn messages(&self, channel: &Channel, count: usize) -> Vec<Message> {
        for _ in 0..1000 {
            let all = self.transcript(channel).await;
            if all.len() >= count {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("they did not arrive");
    }

    /// Approves the one thing that waits for a person.
    pub(crate) async fn lets_in(&self) {
        for _ in 0..1000 {
            let Ok(Reply::NeedsYou(items)) = self.ask(Request::NeedsYou).await else {
                panic!("another answer");
            };
            if let [item] = &items[..] {
                let decide = Request::Decide {
                    item: item.id,
                    seen: item.seen,
                    verdict: Verdict::Approve,
                    words: None,
                    reason: None,
                    screen: None,
                };
                self.ask(decide).await.unwrap();
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody waits");
    }

    /// Insists that the engine answers, that nobody is known, and that nothing was delivered.
    pub(crate) async fn is_untouched(&self) {
        let Ok(Reply::Status(_)) = self.ask(Request::Status).await else {
            panic!("the engine does not answer");
        };
        for channel in self.channels().await {
            assert_eq!(
                self.transcript(&channel).await,
                [],
                "something was delivered"
            );
        }
    }

    /// Where the node of an identity listens, over TCP.
    pub(crate) fn address_of(account: &OwnAccount) -> Multiaddr {
        let at = account.listening.as_ref().unwrap();
        let tcp = at.addresses.iter().find(|at| !at.contains("/ws")).unwrap();
        tcp.parse().unwrap()
    }

    pub(crate) fn address(&self) -> Multiaddr {
        Self::address_of(&self.account)
    }

    /// The node that an identity has.
    pub(crate) fn node_key_of(account: &OwnAccount) -> [u8; 32] {
        node_of(&Self::address_of(account).to_string()).unwrap().0
    }
}

fn blank() -> OwnAccount {
    serde_json::from_value(serde_json::json!({
        "id": 0, "network": "clawchat", "address": "", "name": "", "endpoint": "", "key": "",
        "fingerprint": "", "digest": "", "created_at": 0, "listening": null,
    }))
    .unwrap()
}

/// A node of a test, with a wallet of its own.
pub(crate) struct Probe {
    pub(crate) us: Us,
    pub(crate) node: Node,
    pub(crate) events: mpsc::Receiver<Event>,
    pub(crate) addresses: Vec<Multiaddr>,
}

impl Probe {
    /// Starts one. It listens on loopback.
    pub(crate) async fn start() -> Self {
        let seed: [u8; 32] = random().unwrap();
        Self::of(seed, Wallet::from_secret(random().unwrap()).unwrap()).await
    }

    pub(crate) async fn of(seed: [u8; 32], wallet: Wallet) -> Self {
        let config = NodeConfig {
            seed: seed.into(),
            listen: Some(Listen {
                ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
                tcp: 0,
                ws: 0,
            }),
            relays: Vec::new(),
            bootstrap: Vec::new(),
            relay_server: false,
            hidden: false,
        };
        let (node, mut events) = Node::start(config).await.unwrap();
        let addresses = loop {
            if let Event::Listening { addresses } = events.recv().await.unwrap()
                && addresses.len() > 1
            {
                break addresses;
            }
        };
        Self {
            us: Us {
                principal: wallet.principal(StacksNetwork::Testnet),
                wallet: Arc::new(wallet),
                node_key: signing::public_key(&SecretKey::from_bytes(seed)).0,
                receipts: true,
            },
            node,
            events,
            addresses,
        }
    }

    /// Opens a stream to the first identity of a gateway.
    pub(crate) async fn open(&self, to: &Gateway, protocol: Protocol) -> Wire {
        self.open_to(&to.account, protocol).await
    }

    pub(crate) async fn open_to(&self, to: &OwnAccount, protocol: Protocol) -> Wire {
        let peer = peer_id_of(&Gateway::node_key_of(to)).unwrap();
        let at = vec![Gateway::address_of(to)];
        let opened = self.node.open(peer, at, protocol).await.unwrap();
        Wire::new(opened.stream)
    }

    /// Waits until somebody opens a stream.
    pub(crate) async fn accept(&mut self, wanted: Protocol) -> (PeerId, Wire) {
        let accept = async {
            loop {
                let event = self.events.recv().await.unwrap();
                if let Event::Inbound {
                    peer,
                    protocol,
                    stream,
                    ..
                } = event
                    && protocol == wanted
                {
                    return (peer, Wire::new(stream));
                }
            }
        };
        tokio::time::timeout(DEADLINE, accept).await.unwrap()
    }

    /// A HELLO with this nonce.
    pub(crate) fn hello(&self, nonce: u8) -> Hello {
        Hello {
            nonce: [nonce; 16],
            timestamp: Self::fresh().now,
            node_key: self.us.node_key,
            receipts: self.us.receipts,
        }
    }

    pub(crate) fn attestation(&self) -> Attestation {
        attest(&self.us, random().unwrap(), Self::fresh().now)
    }

    /// The AUTH that belongs to a HELLO with this nonce.
    pub(crate) fn auth(&self, nonce: u8) -> Auth {
        Auth {
            principal: self.us.principal.to_string(),
            attestation: self.attestation(),
            session_nonce: [nonce; 16],
        }
    }

    pub(crate) fn fresh() -> Fresh {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Fresh {
            now: now.unwrap().as_secs(),
            hello_nonce: random().unwrap(),
            attestation_nonce: random().unwrap(),
        }
    }

    /// HELLO and AUTH as they should be.
    pub(crate) fn begins(&self) -> Vec<Vec<u8>> {
        vec![
            Frame::Hello(self.hello(1)).encode(),
            Frame::Auth(Box::new(self.auth(1))).encode(),
        ]
    }

    /// A whole session with the first identity of a gateway, as initiator.
    pub(crate) async fn session(&self, with: &Gateway) -> Wire {
        self.session_with(&with.account).await
    }

    pub(crate) async fn session_with(&self, account: &OwnAccount) -> Wire {
        let mut wire = self.open_to(account, Protocol::Session).await;
        wire.send(&self.begins()).await;
        assert!(matches!(wire.message().await, Some(Said::Hello)));
        let Some(Said::Auth(who)) = wire.message().await else {
            panic!("they do not say who they are");
        };
        assert_eq!(who, account.address);
        wire.send(&[Frame::AuthOk.encode()]).await;
        assert!(matches!(wire.message().await, Some(Said::AuthOk)));
        wire
    }

    /// A session as somebody whom a person accepted.
    pub(crate) async fn accepted(&self, with: &Gateway) -> (Wire, Channel) {
        let wire = self.session(with).await;
        with.lets_in().await;
        let channel = with.channel(self, ChannelState::Active).await;
        (wire, channel)
    }

    /// A chat of ours.
    pub(crate) fn chat(&self, id: u8, content: &str, timestamp: u64) -> Chat {
        Chat {
            id: ChatId::from_random([id; 16]),
            from: self.us.principal.to_string(),
            nick: None,
            content: chaperon::model::PeerText::new(content),
            timestamp,
            subject: None,
        }
    }
}

/// What a gateway said, as far as tests look at it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Hello,
    Auth(String),
    AuthOk,
    AuthFail(String),
    Chat(Chat),
    Other(u64),
}

/// A stream with frames.
pub(crate) struct Wire {
    pub(crate) stream: Stream,
    frames: Unframer,
}

impl Wire {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            frames: Unframer::new(LONGEST_FRAME),
        }
    }

    /// Sends items as frames. That the other side is gone shows when it is read from.
    pub(crate) async fn send(&mut self, items: &[Vec<u8>]) {
        for item in items {
            self.raw(&frame(item).unwrap()).await;
        }
    }

    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        if self.stream.write_all(bytes).await.is_ok() {
            drop(self.stream.flush().await);
        }
    }

    /// The next frame; `None` where they closed or reset the stream.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        let next = async {
            let mut chunk = vec![0; 64 * 1024];
            loop {
                if let Some(item) = self.frames.next_frame().unwrap() {
                    return Some(item);
                }
                match self.stream.read(&mut chunk).await {
                    Ok(0) | Err(_) => return None,
                    Ok(count) => self.frames.push(&chunk[..count]),
                }
            }
        };
        tokio::time::timeout(DEADLINE, next)
            .await
            .expect("they say nothing and do not close")
    }

    pub(crate) async fn message(&mut self) -> Option<Said> {
        let item = self.next().await?;
        Some(match Frame::decode(&item).unwrap() {
            Frame::Hello(_) => Said::Hello,
            Frame::Auth(auth) => Said::Auth(auth.principal),
            Frame::AuthOk => Said::AuthOk,
            Frame::AuthFail { reason, .. } => Said::AuthFail(reason.expose_untrusted().to_owned()),
            Frame::StreamData(data) => Said::Chat(Chat::decode(data.as_bytes().unwrap()).unwrap()),
            other @ (Frame::Ping(_) | Frame::Pong(_) | Frame::Receipt(..) | Frame::Other(_)) => {
                Said::Other(kind(&other))
            }
        })
    }

    /// Reads until they close; returns what they said.
    pub(crate) async fn rest(&mut self) -> Vec<Said> {
        let mut all = Vec::new();
        while let Some(said) = self.message().await {
            all.push(said);
        }
        all
    }

    /// Sends chats.
    pub(crate) async fn say(&mut self, chats: &[Chat]) {
        for chat in chats {
            let data = chat.encode();
            let said = Frame::StreamData(cbor::Value::bytes(&data)).encode();
            self.send(&[said]).await;
        }
    }

    /// Asks whether they read, and waits until they did.
    pub(crate) async fn read_by_them(&mut self) {
        self.send(&[Frame::Ping(cbor::Value::bytes(b"anybody?")).encode()])
            .await;
        loop {
            match self.message().await {
                Some(Said::Other(0x21)) => return,
                Some(_) => {}
                None => panic!("they closed"),
            }
        }
    }
}

fn kind(message: &Frame<'_>) -> u64 {
    let encoded = message.encode();
    let value = cbor::decode(&encoded).unwrap();
    value.get("type").unwrap().as_uint().unwrap()
}

/// Somebody's principal who is not there.
pub(crate) fn somebody_else() -> Principal {
    Principal::new(StacksNetwork::Testnet, [9; 20])
}
