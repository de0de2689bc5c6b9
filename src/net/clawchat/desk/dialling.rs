//! Whom we go to: sessions that we open, what we send in them, and where we find whom.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::{Begun, Desk, Peer, Standing, end};
use crate::crypto;
use crate::model::{Body, ChannelId, PeerText};
use crate::net::clawchat::protocol::{Remote, Role, chat_frame};
use crate::net::clawchat::session::{self, Order, Session, Told, Wanted};
use crate::net::clawchat::swarm::{Multiaddr, Opened, Protocol, peer_id_of};
use crate::net::clawchat::{MOST_ADDRESSES, Stamp, places};
use crate::net::{Accepted, Failure, News, Post, backoff};
use crate::wire::clawchat::{Chat, ChatId, NodeId, Receipt};

/// How long it may take until the other side has said what became of a chat.
const TOLD: Duration = Duration::from_secs(30);

impl Desk {
    /// Sends a message and waits until it is known what became of it.
    pub(in crate::net::clawchat) async fn post(
        self: Arc<Self>,
        post: &Post,
    ) -> Result<Accepted, Failure> {
        let stamp: Stamp = serde_json::from_str(&post.sealed.payload)
            .map_err(|_not_ours| Failure::never("the message is none of this network"))?;
        let id = ChatId::parse(&stamp.id)
            .ok_or_else(|| Failure::never("the message has no usable id"))?;
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
        let ended = || Failure::later("the session ended before they said that they have it");
        session.orders.send(order).await.map_err(|_gone| ended())?;
        let told = match timeout(TOLD, answer).await {
            Ok(told) => told.map_err(|_dropped| ended())?,
            Err(_elapsed) => {
                // Whoever does not answer has a reader that has died; a new session has another.
                end(&session);
                return Err(Failure::later("they did not say in time that they have it"));
            }
        };
        let (word, delivered) = match told {
            Told::Read => ("sent", false),
            Told::Receipt(Receipt::Delivered) => ("delivered", true),
            Told::Receipt(Receipt::Waits) => ("waits for a person on the other side", false),
            Told::Receipt(Receipt::Refused) => {
                return Err(Failure::never("the other side does not take it"));
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
    pub(in crate::net::clawchat) async fn connect(
        self: &Arc<Self>,
        channel: ChannelId,
    ) -> Result<Session, Failure> {
        // It was stopped or closed meanwhile.
        let unused = || Failure::later("the channel is not in use");
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
        if result.is_err() {
            self.wait_for(channel, false);
        }
        result
    }

    /// Notes whether a session of ours with somebody lasted.
    pub(super) fn tried(&self, remote: &Remote, lasted: bool) {
        if let Standing::Known(channel) = self.standing(remote) {
            self.wait_for(channel, lasted);
        }
    }

    /// Says when to connect with a peer again.
    fn wait_for(&self, channel: ChannelId, lasted: bool) {
        let random = crypto::random().map_or(0, u64::from_le_bytes);
        if let Some(peer) = self.lock().peers.get_mut(&channel) {
            peer.failures = if lasted {
                0
            } else {
                peer.failures.saturating_add(1)
            };
            // From 5 s to 5 minutes: to look whether somebody is back is no hurry.
            peer.due = Instant::now() + backoff(peer.failures, random) * 5;
        }
    }

    async fn open(
        self: &Arc<Self>,
        channel: ChannelId,
        peer: &Peer,
        pinned: [u8; 32],
    ) -> Result<Session, Failure> {
        let id =
            peer_id_of(&pinned).ok_or_else(|| Failure::never("the key of their node is none"))?;
        let mut all = places::parse(&peer.entered);
        all.extend(places::parse(&peer.learned));
        all.extend(self.candidates(&peer.principal, &pinned).await);
        let opened = self.node.open(id, all, Protocol::Session).await;
        let Opened {
            mut stream,
            path,
            remote: at,
        } = opened.map_err(|error| Failure::later(&error.to_string()))?;
        let expected = peer.principal;
        let decide = async |remote: Remote| {
            if remote.principal == expected {
                Wanted::Yes
            } else {
                Wanted::No(3, "you are not who was expected at this node")
            }
        };
        let shaken = session::shake(&mut stream, (Role::Initiator, pinned), self, decide).await;
        let (remote, unframer) = shaken.map_err(|error| Failure::later(&error.to_string()))?;
        let desk = Arc::clone(self);
        self.knowledge().prove(&remote, &at.to_string());
        let (session, inbox) = self.enter(Begun {
            remote,
            peer: id,
            ours: true,
            path,
            at: at.clone(),
        });
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
        // What was dialled ends in the node; where somebody came from is a port of no use.
        if !at.ends_with(&format!("/p2p/{node}")) {
            return;
        }
        let known = |list: &str| list.split(',').any(|one| one == at);
        if known(&peer.entered) || known(&peer.learned) || places::read_one(&at).is_err() {
            return;
        }
        // The newest first; what was learned long ago falls out.
        let mut all = vec![at.as_str()];
        all.extend(peer.learned.split(',').filter(|one| !one.is_empty()));
        all.truncate(MOST_ADDRESSES);
        let at = all.join(",");
        if let Some(peer) = self.lock().peers.get_mut(&channel) {
            peer.learned.clone_from(&at);
        }
        self.tell(News::Learned { channel, at }).await;
    }

    /// Connects with the peers that a person accepted and that are not there, as long as the
    /// desk is there.
    pub(in crate::net::clawchat) async fn keep_connected(self: Arc<Self>) {
        loop {
            let (due, next) = self.due();
            let attempts = due.into_iter().map(|channel| self.connect(channel));
            for failure in join_all(attempts).await.into_iter().filter_map(Result::err) {
                tracing::debug!(problem = failure.problem, "a peer is not there");
            }
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
        let mut due = Vec::new();
        let mut next = now + Duration::from_secs(3600);
        for (channel, since) in self.lock().absent() {
            if since <= now && due.len() < AT_ONCE {
                due.push(channel);
            }
            next = next.min(since);
        }
        // Those that are tried now are due again when that has failed.
        (due, next.max(now + Duration::from_millis(200)))
    }

    /// Connects with everybody who is not there, for a call that has come to look.
    pub(in crate::net::clawchat) async fn look(self: &Arc<Self>) {
        let usable = |(channel, peer): (&ChannelId, &Peer)| peer.pinned.map(|_| *channel);
        let all: Vec<ChannelId> = self.lock().peers.iter().filter_map(usable).collect();
        let attempts = all.into_iter().map(|channel| self.connect(channel));
        join_all(attempts).await;
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
