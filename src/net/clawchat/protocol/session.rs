//! What is said in a session once both sides are proven.

use super::Remote;
use crate::crypto::stacks::Principal;
use crate::model::{IdentityKey, PeerText, PublicKey};
use crate::wire::clawchat::cbor::Value;
use crate::wire::clawchat::{Chat, ChatId, Message, Nonce, Receipt, Unreadable};

/// A chat of the peer of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedChat {
    /// Its id. A chaperon repeats it with every attempt, a real gateway never.
    pub id: ChatId,
    /// What they call themselves.
    pub nick: Option<PeerText>,
    /// What they say.
    pub content: PeerText,
    /// When, in milliseconds since 1970, by their clock.
    pub timestamp: u64,
    /// What it is about, where a chaperon said so.
    pub subject: Option<PeerText>,
}

/// What a frame of an authenticated session comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionStep {
    /// They wrote.
    Chat(ReceivedChat),
    /// This goes out: they asked whether we read.
    Reply(Vec<u8>),
    /// They read: the nonce of a PING of ours.
    Pong(Nonce),
    /// What became of a chat of ours.
    Receipt {
        /// Which.
        id: ChatId,
        /// What.
        state: Receipt,
    },
    /// Nothing that concerns us.
    Ignored,
    /// A chat that is not taken, and why, in our words. The session goes on.
    Dropped(&'static str),
    /// Nothing that can be read: the session has to end.
    Broken(&'static str),
}

/// Takes a frame of a session with this peer. Unknown types are ignored, so that newer programs
/// can say more.
pub fn receive(frame: &[u8], peer: &Remote) -> SessionStep {
    let message = match Message::decode(frame) {
        Ok(message) => message,
        // The real program reads on after these, and so a newer one may write them.
        Err(Unreadable::Member(_) | Unreadable::Type) => return SessionStep::Ignored,
        Err(Unreadable::Cbor(_)) => {
            return SessionStep::Broken("they sent something that is no message");
        }
    };
    match message {
        Message::StreamData(data) => chat(&data, peer),
        Message::Ping(nonce) => {
            Message::pong(&nonce).map_or(SessionStep::Ignored, SessionStep::Reply)
        }
        Message::Pong(nonce) => {
            let nonce = nonce.as_bytes().and_then(|nonce| nonce.try_into().ok());
            nonce.map_or(SessionStep::Ignored, SessionStep::Pong)
        }
        Message::Receipt(state, id) if peer.receipts => SessionStep::Receipt { id, state },
        Message::Hello(_)
        | Message::Auth(_)
        | Message::AuthOk
        | Message::AuthFail { .. }
        | Message::Receipt(..)
        | Message::Other(_) => SessionStep::Ignored,
    }
}

fn chat(data: &Value<'_>, peer: &Remote) -> SessionStep {
    let Some(data) = data.as_bytes() else {
        return SessionStep::Dropped("a message without content");
    };
    let Ok(chat) = Chat::decode(data) else {
        return SessionStep::Dropped("a message that cannot be read");
    };
    // The one who holds the session wrote it, whatever it says.
    if chat.from != peer.principal.to_string() {
        return SessionStep::Dropped("a message in the name of somebody else");
    }
    SessionStep::Chat(ReceivedChat {
        id: chat.id,
        nick: chat.nick,
        content: chat.content,
        timestamp: chat.timestamp,
        subject: chat.subject,
    })
}

/// Writes a chat of ours. The nick is left out where there is none, as a real gateway does.
pub fn chat_frame(chat: &Chat) -> Vec<u8> {
    let data = chat.encode();
    Message::StreamData(Value::bytes(&data)).encode()
}

/// Writes a question whether they read.
pub fn ping_frame(nonce: &Nonce) -> Vec<u8> {
    Message::Ping(Value::bytes(nonce)).encode()
}

/// Writes what became of a chat of theirs. Only for a peer that understands it.
pub fn receipt_frame(id: &ChatId, state: Receipt) -> Vec<u8> {
    Message::Receipt(state, id.clone()).encode()
}

/// Returns what a peer is pinned by: the key of their node, and the hash of their wallet's key
/// with zeros behind it.
pub fn to_key(principal: &Principal, node_key: [u8; 32]) -> IdentityKey {
    let mut signing = [0; 32];
    for (slot, byte) in signing.iter_mut().zip(principal.hash160()) {
        *slot = *byte;
    }
    IdentityKey {
        key: PublicKey(node_key),
        signing: Some(PublicKey(signing)),
    }
}
