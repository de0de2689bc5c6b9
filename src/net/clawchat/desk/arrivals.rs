//! Who comes, and what they bring: sessions that others open, and the chats in any of them.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::{Begun, Desk, Standing, Took};
use crate::crypto;
use crate::model::{Body, Content, Digest, NetworkId, PeerText, RawReason, Routing, Visibility};
use crate::net::clawchat::protocol::{ReceivedChat, Remote, Role, to_key};
use crate::net::clawchat::session::{self, Session, Wanted};
use crate::net::clawchat::swarm::{Multiaddr, Path, PeerId, Stream, key_of};
use crate::net::clawchat::{ClawChat, LONGEST_NICK, arrived_envelope, places};
use crate::net::{Arrived, Network as _, News, Somebody, Stranger};
use crate::wire::clawchat::{NodeId, is_nick};

/// How long it is waited for what a stranger's node says of itself.
const IDENTIFYING: Duration = Duration::from_secs(1);
/// The number that a refusal by a person has.
const REFUSED: u64 = 10;
/// The number of one that may be over later.
const BUSY: u64 = 5;

impl Desk {
    /// Answers somebody who opened a session.
    pub(in crate::net::clawchat) async fn answer(
        self: Arc<Self>,
        mut stream: Stream,
        opened: (PeerId, Multiaddr, Path),
    ) {
        let (peer, at, path) = opened;
        let (Some(key), Some(turn)) = (key_of(&peer), self.turn(peer)) else {
            return;
        };
        let decide = async |remote: Remote| self.decide(&remote, peer).await;
        match session::shake(&mut stream, (Role::Responder, key), &self, decide).await {
            Ok((remote, unframer)) => {
                drop(turn);
                let (session, inbox) = self.enter(Begun {
                    remote,
                    peer,
                    ours: false,
                    path,
                    at,
                });
                self.talk(session, stream, unframer, inbox).await;
            }
            Err(error) => tracing::info!(%error, "somebody who connected has no session"),
        }
    }

    /// Decides about somebody who connected: who is accepted is wanted, of anybody else the
    /// engine says so.
    async fn decide(&self, remote: &Remote, peer: PeerId) -> Wanted {
        if self.is_accepted(remote) {
            return Wanted::Yes;
        }
        let settings = self.lock().settings.clone();
        if settings.visibility == Visibility::Stealth
            || !settings.allows(&remote.principal.to_string())
        {
            return Wanted::No(REFUSED, "this identity takes no sessions of yours");
        }
        if !self.has_room_for(&remote.principal) {
            return Wanted::No(BUSY, "too many sessions; try again later");
        }
        let stranger = self.stranger(remote, peer, None).await;
        match self.tell(News::Stranger(Box::new(stranger))).await {
            Some(settled) if settled.discard => {
                Wanted::No(REFUSED, "a person here has refused you")
            }
            Some(settled) if settled.refused => {
                Wanted::No(BUSY, "nobody new is taken here just now")
            }
            Some(_) => Wanted::Yes,
            None => Wanted::No(BUSY, "busy; try again later"),
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
                let changed = self.told.notified();
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

    /// Lets the engine store what they wrote; `None` where it cannot now.
    pub(in crate::net::clawchat) async fn take(
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
            let nick = PeerText::new(nick_of(chat).unwrap_or_default());
            let wrote = Some((arrived, nick));
            let stranger = self.stranger(&session.remote, session.peer, wrote).await;
            let settled = self.tell(News::Stranger(Box::new(stranger))).await?;
            took.push(if settled.stored.contains(&envelope) {
                Took::Stored
            } else if settled.refused {
                Took::Refused
            } else {
                Took::Waits
            });
        }
        Some(took)
    }
}

/// Returns what the author of a chat calls themselves, where that is a nick.
fn nick_of(chat: &ReceivedChat) -> Option<&str> {
    let nick = chat.nick.as_ref()?.expose_untrusted();
    (nick.len() <= LONGEST_NICK && is_nick(nick)).then_some(nick)
}

/// Returns what a chat is to the engine.
fn arrived(remote: &Remote, chat: &ReceivedChat) -> Arrived {
    let by_id = remote.receipts.then_some(&chat.id);
    let longest = NetworkId::ClawChat.longest_text();
    let text = chat.content.expose_untrusted();
    let subject = chat.subject.as_ref().map_or(0, PeerText::len);
    let content = if text.len().saturating_add(subject) > longest {
        let mut kept = 0;
        let beginning = text.chars().take_while(|character| {
            kept += character.len_utf8();
            kept <= longest
        });
        Content::Raw {
            reason: RawReason::TooLong,
            payload: PeerText::new(beginning.collect::<String>()),
        }
    } else {
        let nick = nick_of(chat);
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
