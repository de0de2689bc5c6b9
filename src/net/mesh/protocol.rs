//! What an agent of the mesh answers, and what it asks the engine before it does. Pure.
//!
//! Anybody who reaches us may send anything. Two things are believed: that a request for
//! contact was signed by the key in it, and that a message was signed by the key that a person
//! accepted for its sender. Whether it is new, and what becomes of it, the engine says.

use std::collections::HashMap;
use std::time::Duration;

use crate::crypto::signing;
use crate::model::{Body, ChannelId, Content, PeerText, PublicKey, UnixMillis};
use crate::net::{Account, Arrived, Introduction, News, Settled, Watch};
use crate::wire::mesh::{
    AgentId, Answer, CONTACT_PATH, ContactRequest, DISCOVERY_PATH, DirectId, DirectMessage,
    Identity, MESSAGE_PATH, MeshKey, Received, RequestId, Signed, Window,
};

use super::{SCHEME, arrived_envelope, stranger_of};

/// How far the clock of another agent may be off, and how long a request may be on its way.
/// Every attempt is signed anew, so this says nothing about how long a message may wait.
const WINDOW: Duration = Duration::from_secs(10 * 60);

/// Who we are, and whom a person accepted.
#[derive(Clone, Debug)]
pub struct Node {
    us: Identity,
    peers: HashMap<AgentId, Peer>,
}

#[derive(Clone, Copy, Debug)]
struct Peer {
    channel: ChannelId,
    key: PublicKey,
}

/// What a request comes to.
#[derive(Debug)]
pub enum Step {
    /// It is answered like this.
    Answer(Answer),
    /// The engine has to hear of it; [`Then::answer`] says what to answer.
    Ask(Box<News>, Then),
}

/// What a request is that the engine was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// A request for contact.
    Request(RequestId),
    /// A message.
    Message(DirectId),
}

impl Then {
    /// Returns what to answer once the engine settled it; `None` where it did not.
    pub fn answer(&self, settled: Option<&Settled>, now: UnixMillis) -> Answer {
        let Some(settled) = settled else {
            return Answer::error(503, "busy");
        };
        match self {
            Self::Request(id) if settled.refused => Answer::request_refused(Some(id)),
            Self::Request(id) => Answer::request_received(id),
            Self::Message(id) if settled.refused => Answer::message_refused(Some(id)),
            Self::Message(id) => Answer::message_received(id, now),
        }
    }
}

impl Node {
    /// Begins to be an account, with nobody accepted. `None` where its id is none of this
    /// network.
    pub fn new(account: &Account) -> Option<Self> {
        let key = signing::public_key(&account.own.secret);
        Some(Self {
            us: Identity {
                agent: AgentId::parse(&account.address)?,
                display_name: PeerText::new(account.name.as_str()),
                endpoint: PeerText::new(account.endpoint.as_str()),
                key: MeshKey::new(key, &SCHEME),
            },
            peers: HashMap::new(),
        })
    }

    /// Returns who we are.
    pub fn identity(&self) -> &Identity {
        &self.us
    }

    /// Returns the id that others know us by.
    pub fn us(&self) -> &AgentId {
        &self.us.agent
    }

    /// Takes messages of the peer of a channel from now on, if a person accepted a key of theirs.
    pub fn watch(&mut self, watch: &Watch) {
        self.unwatch(watch.channel);
        if let (Some(agent), Some(key)) = (AgentId::parse(&watch.address), watch.pinned) {
            let channel = watch.channel;
            self.peers.insert(
                agent,
                Peer {
                    channel,
                    key: key.key,
                },
            );
        }
    }

    /// Takes no more messages on a channel.
    pub fn unwatch(&mut self, channel: ChannelId) {
        self.peers.retain(|_, peer| peer.channel != channel);
    }

    /// Returns what is answered whatever the body is, or nothing where that has to be read.
    pub fn receive_head(&self, method: &str, path: &str) -> Option<Answer> {
        match (method, path) {
            ("POST", CONTACT_PATH | MESSAGE_PATH) => None,
            ("GET", DISCOVERY_PATH) => Some(Answer::discovery(&self.us)),
            ("GET" | "POST", _) => Some(Answer::not_found()),
            _ => Some(Answer::error(501, "not_implemented")),
        }
    }

    /// Says what a request comes to at this time.
    pub fn receive(&self, method: &str, path: &str, body: &[u8], now: UnixMillis) -> Step {
        if let Some(answer) = self.receive_head(method, path) {
            return Step::Answer(answer);
        }
        let Ok(object) = Received::parse(body) else {
            return Step::Answer(Answer::invalid_json());
        };
        let window = Window::Around { now, width: WINDOW };
        if path == CONTACT_PATH {
            contact(&object, window)
        } else {
            self.message(&object, window)
        }
    }

    fn message(&self, object: &Received<'_>, window: Window) -> Step {
        let from = object.sender();
        let Some(peer) = from.as_ref().and_then(|from| self.peers.get(from)) else {
            return Step::Answer(Answer::not_trusted(from.as_ref()));
        };
        match DirectMessage::decode(object, &self.us.agent, &peer.key, window, &SCHEME) {
            Ok(message) => {
                let arrived = Arrived {
                    routing: None,
                    seq: None,
                    envelope: arrived_envelope(message.id.as_str()),
                    content: Content::Text(message.body),
                    original: Some(object.to_line()),
                };
                let news = News::Listing {
                    channel: peer.channel,
                    arrived: vec![arrived],
                    gone: Vec::new(),
                };
                Step::Ask(Box::new(news), Then::Message(message.id))
            }
            Err(refused) => {
                tracing::debug!(reason = %refused.reason, "a message is not believed");
                Step::Answer(Answer::message_refused(refused.id.as_ref()))
            }
        }
    }
}

fn contact(object: &Received<'_>, window: Window) -> Step {
    let request = match ContactRequest::decode(object, window, &SCHEME) {
        Ok(request) => request,
        Err(refused) => {
            tracing::debug!(reason = %refused.reason, "a request for contact is not believed");
            return Step::Answer(Answer::request_refused(refused.id.as_ref()));
        }
    };
    let id = request.id.clone();
    // Nobody could answer somebody who is reached nowhere.
    match stranger_of(request, object) {
        Some(stranger) => Step::Ask(
            Box::new(News::Stranger(Box::new(stranger))),
            Then::Request(id),
        ),
        None => Step::Answer(Answer::request_refused(Some(&id))),
    }
}

impl Node {
    /// Signs a message to somebody, to be sent now. `id` is what [`super::Mesh`] sealed; `None`
    /// where that or the peer's id is none of this network.
    pub fn direct(
        &self,
        account: &Account,
        to: &str,
        (id, body): (&str, &Body),
        now: UnixMillis,
    ) -> Option<(DirectId, Signed)> {
        let message = DirectMessage {
            id: DirectId::parse(id)?,
            from: self.us.agent.clone(),
            to: AgentId::parse(to)?,
            written: now,
            body: body.clone(),
        };
        let signed = message.sign(|bytes| signing::sign(&account.own.secret, bytes));
        Some((message.id, signed))
    }

    /// Signs a request for contact, to be sent now; `None` where its id is none of this network.
    pub fn introduce(
        &self,
        account: &Account,
        introduction: &Introduction,
        now: UnixMillis,
    ) -> Option<(RequestId, Signed)> {
        let request = ContactRequest {
            id: RequestId::parse(&introduction.id)?,
            from: self.us.clone(),
            written: now,
            purpose: PeerText::new(introduction.purpose.as_str()),
        };
        let signed = request.sign(|bytes| signing::sign(&account.own.secret, bytes));
        Some((request.id, signed))
    }
}

#[cfg(test)]
mod tests;
