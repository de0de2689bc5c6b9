//! Tells peers where we are, hears where others are, and asks them: the streams of PX-1.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::desk::Desk;
use super::protocol::Reach;
use super::protocol::exchange::{Candidate, Exchange, OUR_PUSH_EVERY};
use super::session::Session;
use super::swarm::{
    AsyncReadExt as _, AsyncWriteExt as _, Multiaddr, Node, NodeConfig, Opened, PeerId, Protocol,
    Stream,
};
use super::{ClawChat, to_key};
use crate::crypto;
use crate::crypto::stacks::Principal;
use crate::model::{PeerText, Visibility};
use crate::net::{Network as _, Search, Sighting, Somebody, now};
use crate::wire::clawchat::{LONGEST_EXCHANGE_FRAME, Unframer, frame};

/// How long one exchange may take: a real gateway that gets no answer within ten seconds stops
/// running.
const EXCHANGE: Duration = Duration::from_secs(9);
/// Addresses of one peer that are tried out after they announced themselves.
const PROVED: usize = 2;
/// Trials under way at once, of all identities.
static TRIALS: Semaphore = Semaphore::const_new(4);
/// Bytes read at once.
const CHUNK: usize = 8 * 1024;

impl Desk {
    pub(super) fn knowledge(&self) -> MutexGuard<'_, Exchange> {
        // Nothing that could panic is done with the lock held.
        self.knowledge
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Exchanges addresses with the peer of a session, now and as long as it lasts.
    pub(super) fn introduce(self: &Arc<Self>, session: &Session) {
        let (desk, session) = (Arc::clone(self), session.clone());
        tokio::spawn(async move {
            loop {
                desk.greet(&session).await;
                tokio::select! {
                    () = session.orders.closed() => return,
                    () = tokio::time::sleep(OUR_PUSH_EVERY) => {}
                }
            }
        });
    }

    /// Tells the peer of a session where we are, and asks where they are, if a person accepted
    /// them.
    pub(super) async fn greet(&self, session: &Session) {
        let who = session.remote.principal;
        if !self.is_accepted(&session.remote) {
            return;
        }
        let push = self
            .knowledge()
            .push(&session.remote, reach_of(&session.at), now());
        if let Some(push) = push
            && self.exchange(session.peer, &push, false).await.is_none()
        {
            tracing::debug!("a peer takes no addresses");
        }
        let known = self.knowledge().candidates(&who, now());
        if known.iter().any(Candidate::is_own) || self.visibility() != Visibility::Public {
            return;
        }
        // What they pushed before a person accepted them was not heard. A real gateway does not
        // answer for itself, and pushes again.
        self.ask(session, &who).await;
        self.try_out(session).await;
    }

    /// Sends a frame on a stream of its own; returns the answer, empty where none is wanted.
    async fn exchange(&self, peer: PeerId, item: &[u8], answered: bool) -> Option<Vec<u8>> {
        let exchange = async {
            let opened = self.node.open(peer, Vec::new(), Protocol::Exchange);
            let mut stream = opened.await.ok()?.stream;
            stream.write_all(&frame(item).ok()?).await.ok()?;
            stream.close().await.ok()?;
            if answered {
                read_one(&mut stream).await
            } else {
                Some(Vec::new())
            }
        };
        timeout(EXCHANGE, exchange).await.ok()?
    }

    /// Answers a stream that a peer opened. A question is answered whoever asks.
    pub(super) async fn hear(self: Arc<Self>, mut stream: Stream, peer: PeerId, at: Multiaddr) {
        let session = self.accepted_session(peer);
        let heard = async {
            let item = read_one(&mut stream).await?;
            let reach = reach_of(&at);
            let answered = self.knowledge().receive(
                &item,
                session.as_ref().map(|session| &session.remote),
                reach,
                now(),
            );
            if let Some(reply) = answered.reply {
                stream.write_all(&frame(&reply).ok()?).await.ok()?;
            }
            stream.close().await.ok()?;
            Some(answered.candidates)
        };
        let new = timeout(EXCHANGE, heard).await.ok().flatten().unwrap_or(0);
        if let Some(session) = session.filter(|_| new > 0) {
            self.changed.notify_one();
            self.try_out(&session).await;
        }
    }

    fn accepted_session(&self, peer: PeerId) -> Option<Session> {
        let mut all = self.sessions().into_iter().rev();
        all.find(|one| one.peer == peer && self.is_accepted(&one.remote))
    }

    /// Dials where a peer says that they are, so that others can be told of it. With a key made
    /// for that alone: the connection says nothing of us, and the session that is there stays.
    async fn try_out(&self, session: &Session) {
        if self.visibility() != Visibility::Public {
            return;
        }
        let who = session.remote.principal;
        let all = self.knowledge().candidates(&who, now());
        let own = all.into_iter().find(Candidate::is_own);
        let addresses = own.map(|own| own.addresses).unwrap_or_default();
        for address in addresses.into_iter().take(PROVED) {
            if leads_there(&address, session.peer).await {
                self.knowledge().prove(&session.remote, &address);
            }
        }
    }

    /// Returns where the node of a peer could be, as they or others said; asks those who are
    /// there where nothing is known.
    pub(super) async fn candidates(&self, who: &Principal, node_key: &[u8; 32]) -> Vec<Multiaddr> {
        let known = || {
            let all = self.knowledge().candidates(who, now());
            all.into_iter()
                .filter(|one| one.node.0 == *node_key)
                .flat_map(|one| one.addresses)
                .filter_map(|one| one.parse().ok())
                .collect::<Vec<Multiaddr>>()
        };
        let here = known();
        if !here.is_empty() {
            return here;
        }
        self.ask_all(who, None).await;
        known()
    }

    /// Asks the peers who are there where somebody is, or one of them alone.
    async fn ask_all(&self, who: &Principal, through: Option<&Principal>) {
        let sessions = self.sessions();
        let asked = sessions.iter().filter(|session| {
            let remote = &session.remote;
            remote.principal != *who
                && through.is_none_or(|through| remote.principal == *through)
                && self.is_accepted(remote)
        });
        let questions = asked.map(|session| self.ask(session, who));
        futures_util::future::join_all(questions).await;
    }

    async fn ask(&self, session: &Session, who: &Principal) {
        let Ok(random) = crypto::random() else {
            return;
        };
        let Some((id, question)) = self.knowledge().question(who, random) else {
            return;
        };
        if let Some(answer) = self.exchange(session.peer, &question, true).await {
            let reach = reach_of(&session.at);
            self.knowledge()
                .resolved(&answer, (who, &id), &session.remote, reach, now());
        }
    }

    /// Answers where somebody is, for a person who looks for them.
    pub(super) async fn seek(&self, search: &Search) {
        let mut addresses = search.addresses.iter();
        let Some(who) = addresses.next().and_then(|who| Principal::parse(who)) else {
            return;
        };
        let through = addresses.next().and_then(|who| Principal::parse(who));
        self.ask_all(&who, through.as_ref()).await;
        let found = self.knowledge().candidates(&who, now());
        let asked = if found.is_empty() {
            vec![Sighting {
                url: who.to_string(),
                result: Err("nobody who is connected knows where they are".to_owned()),
            }]
        } else {
            found.iter().map(sighting).collect()
        };
        for sighting in asked {
            if search.found.send(sighting).await.is_err() {
                return;
            }
        }
    }
}

fn sighting(candidate: &Candidate) -> Sighting {
    let endpoint = candidate.addresses.join(",");
    let from = candidate.from.to_string();
    Sighting {
        url: endpoint.clone(),
        result: Ok(Somebody {
            address: candidate.principal.to_string(),
            name: PeerText::default(),
            endpoint,
            key: ClawChat.write_key(&to_key(&candidate.principal, candidate.node.0)),
            answer: serde_json::json!({ "from": from, "at": candidate.at }).to_string(),
        }),
    }
}

/// Tells whether the node of this id answers at an address.
async fn leads_there(address: &str, peer: PeerId) -> bool {
    let Ok(_permit) = TRIALS.acquire().await else {
        return false;
    };
    let (Ok(address), Ok(seed)) = (address.parse::<Multiaddr>(), crypto::random()) else {
        return false;
    };
    let config = NodeConfig {
        seed: Zeroizing::new(seed),
        listen: None,
        relays: Vec::new(),
        bootstrap: Vec::new(),
        relay_server: false,
        hidden: false,
    };
    let Ok((node, _events)) = Node::start(config).await else {
        return false;
    };
    let opened = node.open(peer, vec![address], Protocol::Exchange).await;
    let there = opened.is_ok();
    if let Ok(Opened { mut stream, .. }) = opened {
        // They may have closed it first.
        let _closed = stream.close_within(Duration::from_secs(1)).await;
    }
    there
}

/// Tells from where somebody is reached, and so of what they have a use.
fn reach_of(at: &Multiaddr) -> Reach {
    Reach::of(&at.to_string()).unwrap_or(Reach::Public)
}

/// Reads one frame.
async fn read_one(stream: &mut Stream) -> Option<Vec<u8>> {
    let mut unframer = Unframer::new(LONGEST_EXCHANGE_FRAME);
    let mut chunk = vec![0; CHUNK];
    loop {
        if let Some(item) = unframer.next_frame().ok()? {
            return Some(item);
        }
        let count = stream.read(&mut chunk).await.ok()?;
        if count == 0 {
            return None;
        }
        unframer.push(chunk.get(..count)?);
    }
}
