//! One identity at work: its node, its peers and the sessions with them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::protocol::exchange::Exchange;
use super::protocol::{Fresh, ReceivedChat, Remote, Role, Us, chat_frame, to_key};
use super::session::{self, NoSession, Order, Session, Told, Wanted};
use super::swarm::{Multiaddr, Node, Opened, Path, PeerId, Protocol, Stream, key_of, peer_id_of};
use super::{ClawChat, Stamp, arrived_envelope, places};
use crate::crypto::stacks::{Principal, Wallet};
use crate::crypto::{self, signing};
use crate::model::{
    AccountId, Body, ChannelId, Content, Digest, NetworkId, NodeSettings, PeerPath, PeerText,
    Presence, RawReason, Routing, UnixMillis, Visibility,
};
use crate::net::{
    Accepted, Account, Arrived, Failure, Incoming, Network as _, News, Post, Retry, Settled,
    Somebody, Stranger, Watch, backoff,
};
use crate::wire::clawchat::{Chat, ChatId, NodeId, Receipt, Unframer};

/// How long it may take until the other side has said what became of a chat.
const TOLD: Duration = Duration::from_secs(30);
/// Handshakes under way at once that others began.
const SHAKING: usize = 64;
/// Sessions of one principal at once; the oldest ends for a further one.
const SESSIONS: usize = 8;
/// Orders that wait for a session.
const ORDERS: usize = 64;
/// How long it is waited for what a stranger's node says of itself.
const IDENTIFYING: Duration = Duration::from_secs(1);
/// Nodes whose addresses are remembered, as they said them.
const MOST_CLAIMS: usize = 256;
/// The number that a refusal by a person has.
const REFUSED: u64 = 10;

/// What became of a chat of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Took {
    /// It is stored.
    Stored,
    /// It waits for a person to accept its author.
    Waits,
    /// It is not taken.
    Refused,
    /// Neither it nor its author is wanted.
    Unwanted,
}

/// An identity at work.
pub(super) struct Desk {
    /// Which login of ours it is.
    pub(super) account: AccountId,
    /// Who we are.
    pub(super) us: Us,
    /// The node.
    pub(super) node: Node,
    /// What peers told of others, and what we tell.
    pub(super) knowledge: Mutex<Exchange>,
    news: mpsc::Sender<Incoming>,
    state: Mutex<State>,
    /// Somebody came, went, or is to be connected with.
    pub(super) changed: Notify,
    shaking: Arc<Semaphore>,
}

struct State {
    nick: Option<String>,
    settings: NodeSettings,
    peers: HashMap<ChannelId, Peer>,
    sessions: Vec<Session>,
    next: u64,
    /// Where nodes say that they listen. Nothing of it is proven.
    claims: HashMap<PeerId, Vec<Multiaddr>>,
}

/// The peer of a channel.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// Who.
    pub(super) principal: Principal,
    /// The key of their node that a person accepted.
    pub(super) pinned: Option<[u8; 32]>,
    /// Where a person says that they are.
    pub(super) entered: String,
    /// Where else they were found.
    pub(super) learned: String,
    /// Failed attempts in a row to connect.
    failures: u32,
    /// When the next one is due.
    due: Instant,
    /// Held by whoever connects, so that two do not at once.
    connecting: Arc<tokio::sync::Mutex<()>>,
}

/// Where somebody stands who proved who they are.
enum Standing {
    Known(ChannelId),
    Stranger,
}

impl Desk {
    /// Makes the desk of an identity; `None` where its keys are none of this network.
    pub(super) fn us_of(account: &Account) -> Option<Us> {
        let wallet = Wallet::from_secret(*account.own.signing.as_ref()?.expose()).ok()?;
        let principal = Principal::parse(&account.address)?;
        (wallet.principal(principal.network()) == principal).then(|| Us {
            principal,
            wallet: Arc::new(wallet),
            node_key: signing::public_key(&account.own.secret).0,
            receipts: true,
        })
    }

    pub(super) fn new(account: &Account, us: Us, node: Node, news: mpsc::Sender<Incoming>) -> Self {
        let desk = Self {
            account: account.id,
            knowledge: Mutex::new(Exchange::new(&us, Visibility::Public)),
            us,
            node,
            news,
            state: Mutex::new(State {
                nick: None,
                settings: NodeSettings::default(),
                peers: HashMap::new(),
                sessions: Vec::new(),
                next: 0,
                claims: HashMap::new(),
            }),
            changed: Notify::new(),
            shaking: Arc::new(Semaphore::new(SHAKING)),
        };
        desk.set(account);
        desk
    }

    /// Takes the name and those settings that need no other node.
    pub(super) fn set(&self, account: &Account) {
        let mut state = self.lock();
        state.nick = Some(account.name.clone()).filter(|nick| !nick.is_empty());
        state.settings = account.node.clone().unwrap_or_default();
        let visibility = state.settings.visibility;
        drop(state);
        self.knowledge().set_visibility(visibility);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic is done with the lock held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn visibility(&self) -> Visibility {
        self.lock().settings.visibility
    }

    /// Knows the peer of a channel from now on. Sessions with another node of theirs end.
    pub(super) fn watch(&self, watch: &Watch) {
        let Some(principal) = Principal::parse(&watch.address) else {
            return;
        };
        let pinned = watch.pinned.map(|key| key.key.0);
        let mut state = self.lock();
        let before = state.peers.remove(&watch.channel);
        let peer = Peer {
            principal,
            pinned,
            entered: watch.relay.clone(),
            learned: watch.learned.clone().unwrap_or_default(),
            failures: 0,
            due: Instant::now(),
            connecting: before.map(|peer| peer.connecting).unwrap_or_default(),
        };
        state.peers.insert(watch.channel, peer);
        if pinned.is_some() {
            end_all(&state.sessions, |session| {
                session.remote.principal == principal && Some(session.remote.node_key) != pinned
            });
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Knows the peer of a channel no more, and ends every session with them.
    pub(super) fn unwatch(&self, channel: ChannelId) {
        let mut state = self.lock();
        if let Some(peer) = state.peers.remove(&channel) {
            end_all(&state.sessions, |session| {
                session.remote.principal == peer.principal
            });
            drop(state);
            self.knowledge().forget(&peer.principal);
        }
    }

    /// Remembers where a node says that it listens.
    pub(super) fn claims(&self, peer: PeerId, addresses: Vec<Multiaddr>) {
        let mut state = self.lock();
        if state.claims.len() >= MOST_CLAIMS && !state.claims.contains_key(&peer) {
            state.claims.clear();
        }
        state.claims.insert(peer, addresses);
        drop(state);
        self.changed.notify_waiters();
    }

    fn standing(&self, remote: &Remote) -> Standing {
        let state = self.lock();
        let known = state.peers.iter().find(|(_, peer)| {
            peer.principal == remote.principal && peer.pinned == Some(remote.node_key)
        });
        match known {
            Some((channel, _)) => Standing::Known(*channel),
            None => Standing::Stranger,
        }
    }

    /// Tells whether a person accepted somebody under this node key.
    pub(super) fn is_accepted(&self, principal: &Principal, node_key: &[u8; 32]) -> bool {
        self.lock()
            .peers
            .values()
            .any(|peer| peer.principal == *principal && peer.pinned.as_ref() == Some(node_key))
    }

    /// Answers somebody who opened a session.
    pub(super) async fn answer(
        self: Arc<Self>,
        mut stream: Stream,
        opened: (PeerId, Multiaddr, Path),
    ) {
        let (peer, at, path) = opened;
        let (Some(key), Ok(permit)) =
            (key_of(&peer), Arc::clone(&self.shaking).try_acquire_owned())
        else {
            return;
        };
        let decide = async |remote: Remote| self.decide(&remote, peer).await;
        match session::shake(&mut stream, (Role::Responder, key), &self, decide).await {
            Ok((remote, unframer)) => {
                drop(permit);
                let (session, inbox) = self.enter(remote, peer, (path, at));
                self.talk(session, stream, unframer, inbox).await;
            }
            Err(error) => tracing::info!(%error, "somebody who connected has no session"),
        }
    }

    /// Decides about somebody who connected: who is accepted is wanted, of anybody else the
    /// engine says so.
    async fn decide(&self, remote: &Remote, peer: PeerId) -> Wanted {
        if matches!(self.standing(remote), Standing::Known(_)) {
            return Wanted::Yes;
        }
        let settings = self.lock().settings.clone();
        if settings.visibility == Visibility::Stealth
            || !settings.allows(&remote.principal.to_string())
        {
            return Wanted::No(REFUSED, "this identity takes no sessions of yours");
        }
        let stranger = self.stranger(remote, peer, None).await;
        match self.tell(News::Stranger(Box::new(stranger))).await {
            Some(settled) if settled.refused => {
                Wanted::No(REFUSED, "a person here has refused you")
            }
            Some(_) => Wanted::Yes,
            None => Wanted::No(5, "busy; try again later"),
        }
    }

    /// Describes somebody whom nobody here has accepted.
    async fn stranger(
        &self,
        remote: &Remote,
        peer: PeerId,
        wrote: Option<(Arrived, PeerText)>,
    ) -> Stranger {
        let principal = remote.principal.to_string();
        let key = ClawChat.write_key(&to_key(&remote.principal, remote.node_key));
        let (wrote, nick) = match wrote {
            Some((arrived, nick)) => (Some(Box::new(arrived)), nick),
            None => (None, PeerText::default()),
        };
        let endpoint = self.claimed(peer, &remote.node_key).await;
        let id = crypto::sha256_of(&[b"clawchat request", principal.as_bytes(), key.as_bytes()]);
        Stranger {
            network: NetworkId::ClawChat,
            account: Some(self.account),
            who: Somebody {
                address: principal,
                name: nick,
                endpoint,
                key,
                answer: remote.attestation.clone(),
            },
            id: id.hex(),
            purpose: PeerText::default(),
            wrote,
        }
    }

    /// Returns where a node says that it listens, once it said so.
    async fn claimed(&self, peer: PeerId, node_key: &[u8; 32]) -> String {
        let known = || self.lock().claims.get(&peer).cloned();
        let told = async {
            loop {
                let changed = self.changed.notified();
                if let Some(known) = known() {
                    return known;
                }
                changed.await;
            }
        };
        let all = timeout(IDENTIFYING, told).await.unwrap_or_default();
        let node = NodeId(*node_key);
        let all: Vec<String> = all
            .iter()
            .map(|at| format!("{at}/p2p/{node}"))
            .filter_map(|at| places::read_one(&at).ok())
            .collect();
        places::for_others(&all).join(",")
    }

    /// Notes a new session. The oldest of the same principal ends where there are too many.
    fn enter(
        &self,
        remote: Remote,
        peer: PeerId,
        (path, at): (Path, Multiaddr),
    ) -> (Session, mpsc::Receiver<Order>) {
        let (orders, inbox) = mpsc::channel(ORDERS);
        let mut state = self.lock();
        state.next += 1;
        let session = Session {
            number: state.next,
            remote,
            peer,
            path,
            at,
            orders,
        };
        let of_them = |one: &&Session| one.remote.principal == session.remote.principal;
        if state.sessions.iter().filter(of_them).count() >= SESSIONS
            && let Some(oldest) = state.sessions.iter().find(of_them)
        {
            end(oldest);
        }
        state.sessions.push(session.clone());
        drop(state);
        (session, inbox)
    }

    /// Runs a session until it has ended.
    async fn talk(
        self: &Arc<Self>,
        session: Session,
        stream: Stream,
        unframer: Unframer,
        inbox: mpsc::Receiver<Order>,
    ) {
        self.present(&session.remote).await;
        self.introduce(&session);
        session::run(Arc::clone(self), session, stream, unframer, inbox).await;
    }

    /// Forgets a session that has ended.
    pub(super) async fn ended(&self, session: &Session) {
        self.lock()
            .sessions
            .retain(|one| one.number != session.number);
        self.present(&session.remote).await;
        self.changed.notify_one();
    }

    /// Notes that a peer is reached in another way.
    pub(super) async fn moved(&self, peer: PeerId, path: Path) {
        let remote = {
            let mut state = self.lock();
            let mut remote = None;
            for session in state.sessions.iter_mut().filter(|one| one.peer == peer) {
                session.path = path;
                remote = Some(session.remote.clone());
            }
            remote
        };
        if let Some(remote) = remote {
            self.present(&remote).await;
        }
    }

    /// Tells the engine whether the peer of a channel is there: somebody who was let in may have a
    /// session already.
    pub(super) async fn present_peer(&self, channel: ChannelId) {
        let session = self.peer(channel).and_then(|peer| {
            let pinned = peer.pinned?;
            self.session_with(&peer.principal, &pinned)
        });
        if let Some(session) = session {
            self.present(&session.remote).await;
            self.greet(&session).await;
        }
    }

    /// Tells the engine whether the peer of a channel is there, and how they are reached.
    async fn present(&self, remote: &Remote) {
        let Standing::Known(channel) = self.standing(remote) else {
            return;
        };
        let path = self.newest(remote).map(|session| session.path);
        let now = now();
        let presence = Presence {
            online: path.is_some(),
            last_seen: Some(now),
            as_of: now,
            path: path.map(path_of),
        };
        self.tell(News::Presence(vec![(channel, presence)])).await;
    }

    fn newest(&self, remote: &Remote) -> Option<Session> {
        self.session_with(&remote.principal, &remote.node_key)
    }

    /// Returns the newest session with somebody under a node key.
    pub(super) fn session_with(
        &self,
        principal: &Principal,
        node_key: &[u8; 32],
    ) -> Option<Session> {
        let state = self.lock();
        let mut all = state.sessions.iter().rev();
        all.find(|one| {
            one.remote.principal == *principal
                && one.remote.node_key == *node_key
                && !one.orders.is_closed()
        })
        .cloned()
    }

    /// Returns all sessions.
    pub(super) fn sessions(&self) -> Vec<Session> {
        self.lock().sessions.clone()
    }

    /// Lets the engine store what they wrote; `None` where it cannot now.
    pub(super) async fn take(
        &self,
        session: &Session,
        chats: &[ReceivedChat],
    ) -> Option<Vec<Took>> {
        let remote = &session.remote;
        let Standing::Known(channel) = self.standing(remote) else {
            return self.take_from_a_stranger(session, chats).await;
        };
        let arrived: Vec<Arrived> = chats.iter().map(|chat| arrived(remote, chat)).collect();
        let envelopes: Vec<Digest> = arrived.iter().map(|one| one.envelope).collect();
        let news = News::Listing {
            channel,
            arrived,
            gone: Vec::new(),
        };
        let settled = self.tell(news).await?;
        let took = envelopes.iter().map(|envelope| {
            if settled.stored.contains(envelope) {
                Took::Stored
            } else {
                Took::Refused
            }
        });
        Some(took.collect())
    }

    async fn take_from_a_stranger(
        &self,
        session: &Session,
        chats: &[ReceivedChat],
    ) -> Option<Vec<Took>> {
        let mut took = Vec::new();
        for chat in chats {
            let arrived = arrived(&session.remote, chat);
            let envelope = arrived.envelope;
            let nick = chat.nick.clone().unwrap_or_default();
            let wrote = Some((arrived, nick));
            let stranger = self.stranger(&session.remote, session.peer, wrote).await;
            let settled = self.tell(News::Stranger(Box::new(stranger))).await?;
            took.push(if settled.stored.contains(&envelope) {
                Took::Stored
            } else if settled.refused {
                Took::Unwanted
            } else {
                Took::Waits
            });
        }
        Some(took)
    }

    /// Sends a message and waits until it is known what became of it.
    pub(super) async fn post(self: Arc<Self>, post: &Post) -> Result<Accepted, Failure> {
        let stamp: Stamp = serde_json::from_str(&post.sealed.payload)
            .map_err(|_not_ours| never("the message is none of this network"))?;
        let id = ChatId::parse(&stamp.id).ok_or_else(|| never("the message has no usable id"))?;
        let session = self.connect(post.channel).await?;
        let (subject, content) = said(&post.body, session.remote.receipts);
        let frame = chat_frame(&Chat {
            id: id.clone(),
            from: self.us.principal.to_string(),
            nick: self.lock().nick.as_deref().map(PeerText::new),
            content,
            timestamp: stamp.ts,
            subject,
        });
        let (told, answer) = oneshot::channel();
        let order = Order::Chat { id, frame, told };
        let ended = || later("the session ended before they said that they have it");
        session.orders.send(order).await.map_err(|_gone| ended())?;
        let told = match timeout(TOLD, answer).await {
            Ok(told) => told.map_err(|_dropped| ended())?,
            Err(_elapsed) => {
                // Whoever does not answer has a reader that has died; a new session has another.
                end(&session);
                return Err(later("they did not say in time that they have it"));
            }
        };
        let (word, delivered) = match told {
            Told::Read => ("sent", false),
            Told::Receipt(Receipt::Delivered) => ("delivered", true),
            Told::Receipt(Receipt::Waits) => ("waits for a person on the other side", false),
            Told::Receipt(Receipt::Refused) => {
                return Err(never("the other side does not take it"));
            }
        };
        Ok(Accepted {
            answer: word.to_owned(),
            remote_id: None,
            delivered,
            ..Accepted::default()
        })
    }

    /// Returns a session with the peer of a channel: the newest there is, or a new one.
    pub(super) async fn connect(self: &Arc<Self>, channel: ChannelId) -> Result<Session, Failure> {
        // It was stopped or closed meanwhile.
        let unused = || later("the channel is not in use");
        let peer = self.peer(channel).ok_or_else(unused)?;
        let pinned = peer.pinned.ok_or_else(unused)?;
        if let Some(session) = self.session_with(&peer.principal, &pinned) {
            return Ok(session);
        }
        let _only = peer.connecting.lock().await;
        if let Some(session) = self.session_with(&peer.principal, &pinned) {
            return Ok(session);
        }
        let result = self.open(channel, &peer, pinned).await;
        let mut state = self.lock();
        if let Some(peer) = state.peers.get_mut(&channel) {
            match &result {
                Ok(_) => peer.failures = 0,
                Err(_) => {
                    peer.failures = peer.failures.saturating_add(1);
                    let random = crypto::random().map_or(0, u64::from_le_bytes);
                    // From 5 s to 5 minutes: to look whether somebody is back is no hurry.
                    peer.due = Instant::now() + backoff(peer.failures, random) * 5;
                }
            }
        }
        result
    }

    fn peer(&self, channel: ChannelId) -> Option<Peer> {
        self.lock().peers.get(&channel).cloned()
    }

    async fn open(
        self: &Arc<Self>,
        channel: ChannelId,
        peer: &Peer,
        pinned: [u8; 32],
    ) -> Result<Session, Failure> {
        let id = peer_id_of(&pinned).ok_or_else(|| never("the key of their node is none"))?;
        let mut all = places::parse(&peer.entered);
        all.extend(places::parse(&peer.learned));
        all.extend(self.candidates(&peer.principal, &pinned).await);
        let opened = self.node.open(id, all, Protocol::Session).await;
        let Opened {
            mut stream,
            path,
            remote: at,
        } = opened.map_err(|error| later(&error.to_string()))?;
        let expected = peer.principal;
        let decide = async |remote: Remote| {
            if remote.principal == expected {
                Wanted::Yes
            } else {
                Wanted::No(3, "you are not who was expected at this node")
            }
        };
        let shaken = session::shake(&mut stream, (Role::Initiator, pinned), self, decide).await;
        let (remote, unframer) = shaken.map_err(|error| failure(&error))?;
        let desk = Arc::clone(self);
        self.knowledge().prove(&remote, &at.to_string());
        let (session, inbox) = self.enter(remote, id, (path, at.clone()));
        let begun = session.clone();
        tokio::spawn(async move { desk.talk(begun, stream, unframer, inbox).await });
        self.learn(channel, peer, &at).await;
        Ok(session)
    }

    /// Remembers where a peer was reached, if no person entered it.
    async fn learn(&self, channel: ChannelId, peer: &Peer, at: &Multiaddr) {
        let Some(node) = peer.pinned.map(NodeId) else {
            return;
        };
        let at = at.to_string();
        let end = format!("/p2p/{node}");
        let at = if at.ends_with(&end) { at } else { at + &end };
        let known = |list: &str| list.split(',').any(|one| one == at);
        if known(&peer.entered) || known(&peer.learned) || places::read_one(&at).is_err() {
            return;
        }
        // The newest first; what was learned long ago falls out.
        let mut all = vec![at.as_str()];
        all.extend(peer.learned.split(',').filter(|one| !one.is_empty()));
        all.truncate(super::MOST_ADDRESSES);
        let at = all.join(",");
        if let Some(peer) = self.lock().peers.get_mut(&channel) {
            peer.learned.clone_from(&at);
        }
        self.tell(News::Learned { channel, at }).await;
    }

    /// Connects with the peers that a person accepted and that are not there, as long as the
    /// desk is there.
    pub(super) async fn keep_connected(self: Arc<Self>) {
        loop {
            let (due, next) = self.due();
            let attempts = due.into_iter().map(|channel| {
                let desk = &self;
                async move {
                    if let Err(failure) = desk.connect(channel).await {
                        tracing::debug!(problem = failure.problem, "a peer is not there");
                    }
                }
            });
            futures_util::future::join_all(attempts).await;
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep_until(next) => {}
            }
        }
    }

    /// Returns the channels whose peer it is time to connect with, and when to look again.
    fn due(&self) -> (Vec<ChannelId>, Instant) {
        /// Peers that are connected with at the same time.
        const AT_ONCE: usize = 8;
        let now = Instant::now();
        let state = self.lock();
        let absent = state.peers.iter().filter(|(_, peer)| {
            let there = state.sessions.iter().any(|session| {
                session.remote.principal == peer.principal
                    && Some(session.remote.node_key) == peer.pinned
            });
            let placed = !(peer.entered.is_empty() && peer.learned.is_empty());
            peer.pinned.is_some() && placed && !there
        });
        let mut due = Vec::new();
        let mut next = now + Duration::from_secs(3600);
        for (channel, peer) in absent {
            if peer.due <= now && due.len() < AT_ONCE {
                due.push(*channel);
            }
            next = next.min(peer.due);
        }
        // Those that are tried now are due again when that has failed.
        (due, next.max(now + Duration::from_millis(200)))
    }

    /// Connects with everybody who is not there, for a call that has come to look.
    pub(super) async fn look(self: &Arc<Self>) {
        let all: Vec<ChannelId> = {
            let state = self.lock();
            let usable = state.peers.iter().filter(|(_, peer)| peer.pinned.is_some());
            usable.map(|(channel, _)| *channel).collect()
        };
        let attempts = all.into_iter().map(|channel| self.connect(channel));
        futures_util::future::join_all(attempts).await;
    }

    /// Ends every session, so that those at the other end know.
    pub(super) fn close(&self) {
        end_all(&self.lock().sessions, |_| true);
    }

    /// Tells the engine; `None` where it is gone, or could not store it.
    pub(super) async fn tell(&self, news: News) -> Option<Settled> {
        tell(&self.news, news).await
    }

    /// Returns what a new handshake needs.
    pub(super) fn fresh(&self) -> Result<Fresh, crypto::Error> {
        Ok(Fresh {
            now: self.seconds(),
            hello_nonce: crypto::random()?,
            attestation_nonce: crypto::random()?,
        })
    }

    /// Returns the time in seconds since 1970.
    #[expect(clippy::unused_self, reason = "time is the desk's to tell")]
    pub(super) fn seconds(&self) -> u64 {
        u64::try_from(now().0 / 1000).unwrap_or_default()
    }
}

/// Tells the engine; `None` where it is gone, or could not store it.
pub(super) async fn tell(sender: &mpsc::Sender<Incoming>, news: News) -> Option<Settled> {
    let (settled, answer) = oneshot::channel();
    sender.send(Incoming { news, settled }).await.ok()?;
    answer.await.ok()
}

/// Asks a session to end. One that has no room for that is stuck, and ends by its deadlines.
fn end(session: &Session) {
    let _stuck = session.orders.try_send(Order::Close);
}

fn end_all(sessions: &[Session], which: impl Fn(&Session) -> bool) {
    sessions.iter().filter(|one| which(one)).for_each(end);
}

/// Returns what a chat is to the engine.
fn arrived(remote: &Remote, chat: &ReceivedChat) -> Arrived {
    let by_id = remote.receipts.then_some(&chat.id);
    let longest = NetworkId::ClawChat.longest_text();
    let text = chat.content.expose_untrusted();
    let subject = chat.subject.as_ref().map_or(0, PeerText::len);
    let content = if text.len().saturating_add(subject) > longest {
        let kept = text.floor_char_boundary(longest);
        Content::Raw {
            reason: RawReason::TooLong,
            payload: PeerText::new(text.get(..kept).unwrap_or_default()),
        }
    } else {
        let nick = chat.nick.as_ref().map(PeerText::expose_untrusted);
        let metadata = nick.map(|nick| serde_json::json!({ "nick": nick }).to_string());
        Content::Text(Body {
            metadata: PeerText::new(metadata.unwrap_or_else(|| "{}".to_owned())),
            subject: chat.subject.clone().unwrap_or_default(),
            ..Body::new("", text)
        })
    };
    Arrived {
        seq: None,
        envelope: arrived_envelope(&remote.principal, by_id, (chat.timestamp, &chat.content)),
        content,
        original: None,
        routing: Some(Routing {
            remote_id: Some(chat.id.as_str().to_owned()),
            ..Routing::default()
        }),
    }
}

/// Returns subject and text of a chat. A real gateway knows no subject, so there it goes before
/// the text.
fn said(body: &Body, knows_subjects: bool) -> (Option<PeerText>, PeerText) {
    let (subject, text) = (&body.subject, &body.body);
    if subject.is_empty() {
        return (None, text.clone());
    }
    if knows_subjects {
        return (Some(subject.clone()), text.clone());
    }
    let (subject, text) = (subject.expose_untrusted(), text.expose_untrusted());
    (None, PeerText::new(format!("{subject}\n\n{text}")))
}

fn path_of(path: Path) -> PeerPath {
    match path {
        Path::Direct => PeerPath::Direct,
        Path::HolePunched => PeerPath::HolePunched,
        Path::Relayed => PeerPath::Relayed,
    }
}

fn failure(error: &NoSession) -> Failure {
    later(&error.to_string())
}

pub(super) fn later(problem: &str) -> Failure {
    Failure {
        problem: problem.to_owned(),
        retry: Retry::Later,
    }
}

fn never(problem: &str) -> Failure {
    Failure {
        problem: problem.to_owned(),
        retry: Retry::Never,
    }
}

pub(super) fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UnixMillis(0).after(since.unwrap_or(Duration::ZERO))
}
