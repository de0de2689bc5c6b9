//! How somebody is met on a network: links that are passed on, requests for contact, relays that
//! have to know us, and whoever is found there.

use std::net::SocketAddr;

use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

use super::{Arrived, OwnKeys, Sealed};
use crate::crypto::SecretKey;
use crate::model::{AccountId, Digest, IdentityKey, NetworkId, NodeSettings, PeerText, UnixMillis};

/// Contact by links that somebody passes on.
pub trait Links: Send + Sync + std::fmt::Debug {
    /// Makes the id of a new channel from random bytes.
    fn new_address(&self, random: [u8; 16]) -> String;

    /// Reads the address of a relay as a person writes it, and returns the form that is kept;
    /// an error in words for a person.
    fn read_relay(&self, text: &str) -> Result<String, String>;

    /// Reads a link as it was pasted; an error in words for a person.
    fn read(&self, text: &str) -> Result<InviteLink, String>;

    /// Writes a link; `None` where its parts are none of this network's.
    fn write(&self, link: &InviteLink) -> Option<String>;
}

/// Logins of ours. Errors are in words for a person.
pub trait Logins: Send + Sync + std::fmt::Debug {
    /// Checks an id to be known by.
    fn check_address(&self, text: &str) -> Result<(), String>;

    /// Reads where somebody, or a relay, is reached as a person writes it, and returns the form
    /// that is kept: a URL without trailing slash.
    fn read_endpoint(&self, text: &str) -> Result<String, String>;

    /// Returns how contact is asked for, where it begins with a request that the other side has
    /// to accept. Otherwise whoever is found can be written to, and what they write is put before
    /// a person first.
    fn asking(&self) -> Option<&dyn Asking> {
        None
    }

    /// Returns how a relay gets to know us, where one has to.
    fn enrolling(&self) -> Option<&dyn Enrolling> {
        None
    }

    /// Returns how an identity is made, where it is nothing but keys of ours that run a node.
    fn identities(&self) -> Option<&dyn Identities> {
        None
    }
}

/// Contact by asking for it, from peer to peer. Errors are in words for a person.
pub trait Asking: Send + Sync + std::fmt::Debug {
    /// Makes an id to be known by from random bytes.
    fn new_address(&self, random: [u8; 16]) -> String;

    /// Returns where others on this computer reach an engine that listens here.
    fn endpoint_at(&self, listen: SocketAddr) -> String;

    /// Makes the id of a request for contact from random bytes.
    fn new_request(&self, random: [u8; 16]) -> String;

    /// Lists the addresses that a pattern stands for, to look for somebody there.
    fn expand(&self, pattern: &str) -> Result<Vec<String>, String>;
}

/// Identities that are keys of ours and nothing else: who has the keys is who they are. Errors are
/// in words for a person.
pub trait Identities: Send + Sync + std::fmt::Debug {
    /// Makes an identity from random bytes, or the one of a seed phrase with a new node key.
    fn make(&self, phrase: Option<&str>, testnet: bool, random: [u8; 64]) -> Result<Made, String>;

    /// Checks a name that others are shown; what comes back is the form that is kept.
    fn check_name(&self, name: &str) -> Result<(), String>;

    /// Checks settings of a node.
    fn check_node(&self, node: &NodeSettings) -> Result<(), String>;

    /// Returns somebody as an address that a person entered names them, for the identity of ours
    /// that is to meet them, where that is known.
    fn somebody_at(
        &self,
        ours: Option<&str>,
        address: &str,
        endpoint: &str,
    ) -> Result<Somebody, String>;

    /// Writes the link that invites others to an identity that is reached at these addresses.
    fn invite(&self, account: &str, name: &str, addresses: &[String]) -> String;

    /// Reads such a link: the address, the endpoint, and the name that its author gives themselves.
    fn read_invite(&self, link: &str) -> Result<(String, String, Option<PeerText>), String>;

    /// Returns the digest by which a message is known that came from somebody, as their own
    /// program would send it again; the time in milliseconds since 1970, as they wrote it.
    fn arrived(&self, from: &str, at: u64, said: &PeerText) -> Option<Digest>;

    /// Returns the envelope that a message of ours with this id had.
    fn sent(&self, id: &str, at: UnixMillis) -> Sealed;
}

/// A new identity.
pub struct Made {
    /// The id that others know us by.
    pub address: String,
    /// Its keys.
    pub own: OwnKeys,
    /// The seed phrase that they come from.
    pub phrase: Zeroizing<String>,
}

impl std::fmt::Debug for Made {
    /// Prints no secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Made")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Keys of ours for a relay that has to know us. Errors are in words for a person.
pub trait Enrolling: Send + Sync + std::fmt::Debug {
    /// Reads a file with keys of ours, as the network's own program writes it.
    fn read_keys(&self, text: &str) -> Result<OwnKeys, String>;

    /// Takes two new secrets as the keys of a login.
    fn new_keys(&self, secret: SecretKey, signing: SecretKey) -> OwnKeys;
}

/// What an invite link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteLink {
    /// The relay, as a URL without trailing slash.
    pub relay: String,
    /// The id of the channel there.
    pub address: String,
    /// The key of whoever made the invite.
    pub key: IdentityKey,
}

/// Our request for contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introduction {
    /// The network's id of it, the same for every attempt.
    pub id: String,
    /// What for, in our words.
    pub purpose: String,
}

/// A look for others. It is given up when nobody listens to `found` any more.
#[derive(Debug)]
pub struct Search {
    /// The login of ours that asks, where its relay lists who is there.
    pub account: Option<AccountId>,
    /// Where to ask, as [`Asking::expand`] gave it; empty: whoever announces themselves on
    /// the local network. Where nodes ask each other: the address of whom to look for, and that of
    /// the peer to ask, where it is to be one alone; empty: everybody they told us of.
    pub addresses: Vec<String>,
    /// Where each answer goes, in the order they come.
    pub found: mpsc::Sender<Sighting>,
}

/// What a new login needs before it can be used: a relay that knows us, under our keys.
#[derive(Debug)]
pub struct Enrolment {
    /// The relay, as a URL without trailing slash.
    pub endpoint: String,
    /// The id to be known by there.
    pub address: String,
    /// Our keys.
    pub own: OwnKeys,
    /// What lets us in.
    pub ticket: Ticket,
    /// Whether our keys take the place of others that the relay shows for us.
    pub replace: bool,
    /// Where it is said how that went; an error is in words for a person.
    pub answer: oneshot::Sender<Result<Enrolled, String>>,
}

/// What lets somebody in at a relay.
pub enum Ticket {
    /// The relay knows us already, by this.
    Token(Zeroizing<String>),
    /// An invite of whoever runs it.
    Invite(Zeroizing<String>),
}

impl std::fmt::Debug for Ticket {
    /// Prints no secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(..)",
            Self::Invite(_) => "Invite(..)",
        })
    }
}

/// A relay knows us.
pub struct Enrolled {
    /// What it knows us by. It is said once.
    pub token: Zeroizing<String>,
    /// Whether our keys were put there; otherwise they were there already.
    pub published: bool,
    /// What is wrong although we are known there, in words for a person.
    pub problem: Option<String>,
}

impl std::fmt::Debug for Enrolled {
    /// Prints no secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrolled")
            .field("published", &self.published)
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

/// What was found at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Where was asked.
    pub url: String,
    /// Who says that they are there, or what went wrong in our words.
    pub result: Result<Somebody, String>,
}

/// Somebody who says who they are. None of it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Somebody {
    /// The id they go by, in the alphabet of the network.
    pub address: String,
    /// The name they give themselves.
    pub name: PeerText,
    /// Where they say that they are reached, as a URL without trailing slash.
    pub endpoint: String,
    /// Their key, in the text form of the network.
    pub key: String,
    /// Their answer, as JSON text that was read and written again.
    pub answer: String,
}

/// Somebody's request for contact, signed with the key in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// The network it came over.
    pub network: NetworkId,
    /// The login of ours that it came to, on networks where we can have several.
    pub account: Option<AccountId>,
    /// Who they say they are, and under which key; the signature proves the key alone.
    pub who: Somebody,
    /// The network's id of the request.
    pub id: String,
    /// What for, in their words.
    pub purpose: PeerText,
    /// What they wrote meanwhile, where messages come before a person accepted their author.
    pub wrote: Option<Box<Arrived>>,
}
