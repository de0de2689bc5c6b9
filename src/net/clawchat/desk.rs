//! One identity at work: its node, its peers and the sessions with them.

mod arrivals;
mod dialling;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;

use super::protocol::exchange::Exchange;
use super::protocol::{Fresh, Remote, Us};
use super::session::{self, Order, Session};
use super::swarm::{Multiaddr, Node, Path, PeerId, Stream};
use crate::crypto::stacks::{Principal, Wallet};
use crate::crypto::{self, signing};
use crate::model::{AccountId, ChannelId, NodeSettings, Presence, Visibility};
use crate::net::{Account, Incoming, News, Settled, Watch, now, tell};
use crate::wire::clawchat::Unframer;

/// Handshakes under way at once that others began.
const SHAKING: usize = 64;
/// Those of one node.
const SHAKING_OF_ONE: usize = 4;
/// Sessions at once with strangers, whoever they are.
const STRANGERS: usize = 64;
/// Sessions of one principal at once; the oldest ends for a further one.
const SESSIONS: usize = 8;
/// How long a session has to last to show that connecting with them is of use.
const LASTING: Duration = Duration::from_secs(60);
/// Orders that wait for a session.
const ORDERS: usize = 64;
/// Nodes whose addresses are remembered, as they said them.
const MOST_CLAIMS: usize = 256;

/// What became of a chat of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Took {
    /// It is stored.
    Stored,
    /// It waits for a person to accept its author.
    Waits,
    /// It is not taken, or not now.
    Refused,
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
    /// Somebody went, or is to be connected with.
    pub(super) changed: Notify,
    /// A node said where it listens.
    told: Notify,
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
    /// Handshakes under way that a node began.
    shaking: HashMap<PeerId, usize>,
}

impl State {
    /// Lists the peers that a person accepted, who are somewhere and have no session, with when
    /// it is time to connect with them.
    fn absent(&self) -> Vec<(ChannelId, Instant)> {
        let is_there = |peer: &Peer| self.sessions.iter().any(|session| peer.is(&session.remote));
        self.peers
            .iter()
            .filter(|(_, peer)| peer.pinned.is_some())
            .filter(|(_, peer)| !(peer.entered.is_empty() && peer.learned.is_empty()))
            .filter(|(_, peer)| !is_there(peer))
            .map(|(channel, peer)| (*channel, peer.due))
            .collect()
    }
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

impl Peer {
    /// Tells whether this is who proved to be at the other end.
    fn is(&self, remote: &Remote) -> bool {
        self.principal == remote.principal && self.pinned == Some(remote.node_key)
    }
}

/// A handshake under way that somebody else began.
struct Turn {
    desk: Arc<Desk>,
    peer: PeerId,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.desk.lock();
        if let Some(of_one) = state.shaking.get_mut(&self.peer) {
            *of_one -= 1;
            if *of_one == 0 {
                state.shaking.remove(&self.peer);
            }
        }
    }
}

/// A session that two sides have just agreed on.
struct Begun {
    remote: Remote,
    peer: PeerId,
    /// Whether we opened it.
    ours: bool,
    path: Path,
    at: Multiaddr,
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
                shaking: HashMap::new(),
            }),
            changed: Notify::new(),
            told: Notify::new(),
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
        let Some(peer) = state.peers.remove(&channel) else {
            return;
        };
        end_all(&state.sessions, |session| {
            session.remote.principal == peer.principal
        });
        drop(state);
        self.knowledge().forget(&peer.principal);
    }

    /// Remembers where a node says that it listens.
    pub(super) fn claims(&self, peer: PeerId, addresses: Vec<Multiaddr>) {
        let mut state = self.lock();
        if state.claims.len() >= MOST_CLAIMS && !state.claims.contains_key(&peer) {
            state.claims.clear();
        }
        state.claims.insert(peer, addresses);
        drop(state);
        self.told.notify_waiters();
    }

    /// Takes a turn to shake hands with a node that began it; `None` where too many do.
    fn turn(self: &Arc<Self>, peer: PeerId) -> Option<Turn> {
        let permit = Arc::clone(&self.shaking).try_acquire_owned().ok()?;
        let mut state = self.lock();
        let of_one = state.shaking.entry(peer).or_default();
        if *of_one >= SHAKING_OF_ONE {
            return None;
        }
        *of_one += 1;
        drop(state);
        Some(Turn {
            desk: Arc::clone(self),
            peer,
            _permit: permit,
        })
    }

    /// Tells whether there is room for one more session with somebody whom nobody accepted.
    fn has_room_for(&self, principal: &Principal) -> bool {
        let state = self.lock();
        let is_stranger =
            |session: &&Session| !state.peers.values().any(|peer| peer.is(&session.remote));
        let is_them = |session: &&Session| session.remote.principal == *principal;
        state.sessions.iter().filter(is_stranger).count() < STRANGERS
            && state.sessions.iter().filter(is_them).count() < SESSIONS
    }

    fn standing(&self, remote: &Remote) -> Standing {
        self.lock()
            .peers
            .iter()
            .find(|(_, peer)| peer.is(remote))
            .map_or(Standing::Stranger, |(channel, _)| Standing::Known(*channel))
    }

    /// Tells whether a person accepted somebody under their node key.
    pub(super) fn is_accepted(&self, remote: &Remote) -> bool {
        matches!(self.standing(remote), Standing::Known(_))
    }

    /// Notes a new session; of several with one principal the oldest ends where they are too many.
    fn enter(&self, begun: Begun) -> (Session, mpsc::Receiver<Order>) {
        let (orders, inbox) = mpsc::channel(ORDERS);
        let mut state = self.lock();
        state.next += 1;
        let session = Session {
            number: state.next,
            remote: begun.remote,
            peer: begun.peer,
            ours: begun.ours,
            path: begun.path,
            at: begun.at,
            since: Instant::now(),
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
        if session.ours {
            self.tried(&session.remote, session.since.elapsed() >= LASTING);
        }
        self.present(&session.remote).await;
        self.changed.notify_one();
    }

    /// Notes that a peer is reached in another way. A session through a relay that we opened ends
    /// where there is a better way, and the next one takes that.
    pub(super) fn moved(&self, peer: PeerId, path: Path) {
        end_all(&self.lock().sessions, |session| {
            session.peer == peer && session.ours && path < session.path
        });
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
            path,
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
        let is_with = |one: &&Session| {
            one.remote.principal == *principal
                && one.remote.node_key == *node_key
                && !one.orders.is_closed()
        };
        self.lock().sessions.iter().rev().find(is_with).cloned()
    }

    /// Returns all sessions.
    pub(super) fn sessions(&self) -> Vec<Session> {
        self.lock().sessions.clone()
    }

    fn peer(&self, channel: ChannelId) -> Option<Peer> {
        self.lock().peers.get(&channel).cloned()
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

/// Asks a session to end. One that has no room for that is stuck, and ends by its deadlines.
fn end(session: &Session) {
    let _stuck = session.orders.try_send(Order::Close);
}

fn end_all(sessions: &[Session], which: impl Fn(&Session) -> bool) {
    sessions.iter().filter(|one| which(one)).for_each(end);
}
