//! `ClawChat`: assistants that reach each other over libp2p, each identity a Stacks wallet and a
//! node of its own. What travels is encrypted from node to node and signed by nobody.
//!
//! Start with [`protocol`], where everything is decided: who somebody proves to be, what a session
//! takes, what is told of others. [`swarm`] is the libp2p node and knows nothing of that; `desk`
//! puts both together for one identity, `session` runs one session, `exchange` tells and asks
//! where others are, `worker` stands between the desks and the engine.

mod desk;
mod exchange;
mod listening;
mod places;
pub mod protocol;
mod session;
pub mod swarm;
mod worker;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::crypto::stacks::{Principal, StacksNetwork, Wallet};
use crate::crypto::{self, SecretKey, signing};
use crate::model::{
    Digest, Fingerprint, IdentityKey, NetworkId, NodeSettings, PeerText, UnixMillis,
};
use crate::wire::clawchat::{ChatId, Link as InviteLink, NodeId, from_hex, hex, is_nick, node_of};

use protocol::to_key;

use super::{
    Capabilities, Identities, Keys, Link, Logins, Made, Network, Outgoing, OwnKeys, SealError,
    Sealed, Somebody,
};

/// Addresses of one peer that a person can enter, and that a link has.
const MOST_ADDRESSES: usize = 8;
/// Longest nick.
const LONGEST_NICK: usize = 64;

/// The network of gateways that reach each other over libp2p.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClawChat;

/// What a message is sealed to here: what every attempt to send it repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// Its id.
    pub(super) id: String,
    /// When it was written, in milliseconds since 1970.
    pub(super) ts: u64,
}

/// Returns the digest by which a message of a peer is known. One of a chaperon is known by its
/// id; a real gateway makes a new id with every attempt, so there it is what was said, and when.
///
/// Not the digest of a message of ours: otherwise a peer could pass theirs off as ours.
pub(super) fn arrived_envelope(
    principal: &Principal,
    id: Option<&ChatId>,
    said: (u64, &PeerText),
) -> Digest {
    let from = principal.to_string();
    match id {
        Some(id) => crypto::sha256_of(&[
            b"clawchat in by id",
            from.as_bytes(),
            id.as_str().as_bytes(),
        ]),
        None => crypto::sha256_of(&[
            b"clawchat in by words",
            from.as_bytes(),
            &said.0.to_be_bytes(),
            said.1.expose_untrusted().as_bytes(),
        ]),
    }
}

/// Returns the digest by which a message of ours is known, from its id.
pub fn sent_envelope(id: &str) -> Digest {
    crypto::sha256_of(&[b"clawchat out", id.as_bytes()])
}

/// Returns the hash of the wallet's key in an identity; `None` where it is none of this network.
fn wallet_of(key: &IdentityKey) -> Option<[u8; 20]> {
    let (hash, rest) = key.signing.as_ref()?.0.split_first_chunk::<20>()?;
    rest.iter().all(|byte| *byte == 0).then_some(*hash)
}

impl Network for ClawChat {
    fn id(&self) -> NetworkId {
        NetworkId::ClawChat
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            max_body: self.id().longest_text(),
        }
    }

    fn read_key(&self, text: &str) -> Option<IdentityKey> {
        let (node, wallet) = text.split_once('/')?;
        let node = NodeId::parse(node)?;
        let wallet = Principal::new(StacksNetwork::Mainnet, from_hex(wallet)?);
        let key = to_key(&wallet, node.0);
        // In its one form alone.
        (self.write_key(&key) == text).then_some(key)
    }

    /// The id of the node, a slash, and the hash of the wallet's key in hexadecimal.
    fn write_key(&self, key: &IdentityKey) -> String {
        let wallet = wallet_of(key).unwrap_or_default();
        format!("{}/{}", NodeId(key.key.0), hex(&wallet))
    }

    fn public_of(&self, own: &OwnKeys) -> IdentityKey {
        let node = signing::public_key(&own.secret);
        let wallet = own
            .signing
            .as_ref()
            .and_then(|secret| Wallet::from_secret(*secret.expose()).ok());
        match wallet {
            Some(wallet) => to_key(&wallet.principal(StacksNetwork::Mainnet), node.0),
            None => node.into(),
        }
    }

    fn fingerprint(&self, key: &IdentityKey) -> Fingerprint {
        crypto::fingerprint(key)
    }

    /// The id of the node, which peers see on the wire.
    fn digest_of(&self, key: &IdentityKey) -> String {
        NodeId(key.key.0).to_string()
    }

    /// The keys alone: they stand for both principals and both nodes.
    fn code_scope<'a>(&self, _address: &'a str) -> &'a str {
        ""
    }

    fn logins(&self) -> Option<&dyn Logins> {
        Some(self)
    }

    /// Nothing is sealed here: the connection is. What stays the same with every attempt is the
    /// id and the time, by which the peer knows that it has the message already.
    fn seal(
        &self,
        _keys: &Keys,
        message: &Outgoing<'_>,
        nonce: [u8; 24],
    ) -> Result<Sealed, SealError> {
        let [random @ .., _, _, _, _, _, _, _, _] = nonce;
        let id = ChatId::from_random(random);
        let stamp = Stamp {
            id: id.as_str().to_owned(),
            ts: u64::try_from(message.at.0).unwrap_or_default(),
        };
        Ok(Sealed {
            envelope: sent_envelope(id.as_str()),
            payload: serde_json::to_string(&stamp).map_err(|_infallible| SealError::UnusableKey)?,
        })
    }

    fn start(&self, link: Link) -> BoxFuture<'static, ()> {
        Box::pin(worker::run(link))
    }
}

impl Logins for ClawChat {
    fn check_address(&self, text: &str) -> Result<(), String> {
        principal(text).map(drop)
    }

    fn read_endpoint(&self, text: &str) -> Result<String, String> {
        Ok(places::read(text)?.join(","))
    }

    fn identities(&self) -> Option<&dyn Identities> {
        Some(self)
    }
}

impl Identities for ClawChat {
    fn make(&self, phrase: Option<&str>, testnet: bool, random: [u8; 64]) -> Result<Made, String> {
        let random = Zeroizing::new(random);
        let (entropy, seed) = random.split_at(32);
        let bytes = |half: &[u8]| <[u8; 32]>::try_from(half).unwrap_or_default();
        let phrase = match phrase {
            Some(given) => Zeroizing::new(given.trim().to_owned()),
            None => Wallet::new_phrase(bytes(entropy)),
        };
        let wallet = Wallet::from_phrase(&phrase).map_err(|error| error.to_string())?;
        let network = if testnet {
            StacksNetwork::Testnet
        } else {
            StacksNetwork::Mainnet
        };
        Ok(Made {
            address: wallet.principal(network).to_string(),
            own: OwnKeys {
                secret: Arc::new(SecretKey::from_bytes(bytes(seed))),
                signing: Some(Arc::new(SecretKey::from_bytes(**wallet.secret()))),
            },
            phrase,
        })
    }

    fn check_name(&self, name: &str) -> Result<(), String> {
        if is_nick(name) && name.len() <= LONGEST_NICK {
            Ok(())
        } else {
            Err("a nick has 1 to 64 characters of A-Z a-z 0-9 _ -".to_owned())
        }
    }

    fn check_node(&self, node: &NodeSettings) -> Result<(), String> {
        if node.port == u16::MAX {
            return Err("the WebSocket listens one port above, and there is none".to_owned());
        }
        for place in node.bootstrap.iter().chain(&node.relays) {
            places::read_one(place)?;
        }
        for one in node.allowed.iter().filter(|one| *one != "*") {
            principal(one)?;
        }
        Ok(())
    }

    fn somebody_at(
        &self,
        ours: Option<&str>,
        address: &str,
        endpoint: &str,
    ) -> Result<Somebody, String> {
        let who = principal(address)?;
        let ours = ours.and_then(Principal::parse);
        if ours.is_some_and(|ours| ours.network() != who.network()) {
            return Err(
                "they are on the other Stacks network (ST… is testnet, SP… is mainnet), where \
                 this identity reaches nobody"
                    .to_owned(),
            );
        }
        let all = places::read(endpoint)?;
        let node = all
            .first()
            .and_then(|first| node_of(first))
            .ok_or("the address has to end in /p2p/ and the id of the node")?;
        Ok(Somebody {
            address: who.to_string(),
            name: PeerText::default(),
            endpoint: all.join(","),
            key: self.write_key(&to_key(&who, node.0)),
            answer: String::new(),
        })
    }

    fn invite(&self, account: &str, name: &str, addresses: &[String]) -> String {
        let nick = (!name.is_empty()).then(|| PeerText::new(name));
        let best = places::for_others(addresses);
        InviteLink::new(account.to_owned(), best, nick)
            .map(|link| link.to_url())
            .unwrap_or_default()
    }

    fn read_invite(&self, link: &str) -> Result<(String, String, Option<PeerText>), String> {
        let link = InviteLink::parse(link).map_err(|error| error.to_string())?;
        Ok((link.principal, link.addresses.join(","), link.nick))
    }

    /// As from a real gateway: what its program keeps of a message has not the id that it had.
    fn arrived(&self, from: &str, at: u64, said: &PeerText) -> Option<Digest> {
        let from = Principal::parse(from)?;
        Some(arrived_envelope(&from, None, (at, said)))
    }

    fn sent(&self, id: &str, at: UnixMillis) -> Sealed {
        let stamp = Stamp {
            id: id.to_owned(),
            ts: u64::try_from(at.0).unwrap_or_default(),
        };
        Sealed {
            envelope: sent_envelope(id),
            // Two plain values always have a JSON form.
            payload: serde_json::to_string(&stamp).unwrap_or_default(),
        }
    }
}

/// Reads a principal; the error says what one looks like.
fn principal(text: &str) -> Result<Principal, String> {
    Principal::parse(text).ok_or_else(|| {
        "a principal is stacks:ST… (testnet) or stacks:SP… (mainnet), and this one has a letter \
         wrong"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Body;

    fn keys(number: u8) -> OwnKeys {
        ClawChat.make(None, true, [number; 64]).unwrap().own
    }

    #[test]
    fn an_identity_is_node_and_wallet_and_is_read_as_it_is_written() {
        let key = ClawChat.public_of(&keys(1));
        let text = ClawChat.write_key(&key);
        assert!(text.starts_with("12D3KooW"), "{text}");
        assert_eq!(ClawChat.read_key(&text), Some(key));
        assert_eq!(ClawChat.read_key("12D3KooW/00"), None);
        assert_ne!(key, ClawChat.public_of(&keys(2)));
    }

    #[test]
    fn recovering_keeps_the_principal_and_makes_another_node() {
        let made = ClawChat.make(None, true, [7; 64]).unwrap();
        let again = ClawChat.make(Some(&made.phrase), true, [8; 64]).unwrap();
        assert_eq!(made.address, again.address);
        assert_ne!(
            ClawChat.public_of(&made.own).key,
            ClawChat.public_of(&again.own).key
        );
        let mainnet = ClawChat.make(Some(&made.phrase), false, [8; 64]).unwrap();
        assert!(
            mainnet.address.starts_with("stacks:SP"),
            "{}",
            mainnet.address
        );
        assert!(ClawChat.make(Some("one two"), true, [8; 64]).is_err());
    }

    #[test]
    fn every_attempt_repeats_id_and_time_and_no_two_messages_share_them() {
        let keys = Keys {
            own: keys(1),
            peer: ClawChat.public_of(&keys(2)),
        };
        let body = Body::new("", "hi");
        let message = Outgoing {
            to: "",
            body: &body,
            routing: None,
            at: UnixMillis(5),
        };
        let sealed = ClawChat.seal(&keys, &message, [1; 24]).unwrap();
        let stamp: Stamp = serde_json::from_str(&sealed.payload).unwrap();
        assert_eq!((stamp.id.as_str(), stamp.ts), (&*"01".repeat(16), 5));
        let other = ClawChat.seal(&keys, &message, [2; 24]).unwrap();
        assert_ne!(sealed.envelope, other.envelope);
    }

    #[test]
    fn whom_an_invite_names_is_whom_it_is_read_as() {
        let made = ClawChat.make(None, true, [7; 64]).unwrap();
        let node = NodeId(ClawChat.public_of(&made.own).key.0);
        let at = [
            format!("/ip4/127.0.0.1/tcp/9000/p2p/{node}"),
            format!("/ip4/192.0.2.7/tcp/9000/p2p/{node}"),
        ];
        let link = ClawChat.invite(&made.address, "bob", &at);
        let (address, endpoint, nick) = ClawChat.read_invite(&link).unwrap();
        assert_eq!((&address, &endpoint), (&made.address, &at[1]));
        assert_eq!(nick, Some(PeerText::new("bob")));
        let who = ClawChat.somebody_at(None, &address, &endpoint).unwrap();
        assert_eq!(
            ClawChat.read_key(&who.key),
            Some(ClawChat.public_of(&made.own))
        );
        let mainnet = ClawChat.make(Some(&made.phrase), false, [8; 64]).unwrap();
        let other = ClawChat.somebody_at(Some(&mainnet.address), &address, &endpoint);
        assert!(other.unwrap_err().contains("network"));
        assert!(ClawChat.somebody_at(None, "stacks:ST1", &endpoint).is_err());
        assert!(
            ClawChat
                .somebody_at(None, &address, "/ip4/1.2.3.4/tcp/9")
                .is_err()
        );
    }
}
