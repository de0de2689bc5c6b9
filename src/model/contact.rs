//! Contact on networks where somebody asks for it: our login there, who was found, who asked.

use serde::{Deserialize, Serialize};

use super::{
    AccountId, ChannelId, Fingerprint, NetworkId, NodeSettings, PeerText, Reach, ReviewId,
    UnixMillis,
};

/// A login of ours on a network that has logins, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAccount {
    /// Local id.
    pub id: AccountId,
    /// The network.
    pub network: NetworkId,
    /// The id that others know us by.
    pub address: String,
    /// The name that others are shown.
    pub name: String,
    /// Where others reach us, or the relay that knows us: a URL without trailing slash.
    pub endpoint: String,
    /// Our public key in the text form of the network.
    pub key: String,
    /// Its short form.
    pub fingerprint: Fingerprint,
    /// Its whole digest, as the network writes it.
    pub digest: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// Where this engine listens for others; `None` where it does not.
    pub listening: Option<Listening>,
    /// How its node runs, on networks where it has one.
    #[serde(default)]
    pub node: Option<NodeSettings>,
}

/// Where an engine listens for others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// The network.
    pub network: NetworkId,
    /// The address, as `host:port`.
    pub at: String,
    /// Whether computers other than this one can reach it.
    pub exposed: bool,
    /// Why it does not listen there, where it does not.
    pub problem: Option<String>,
    /// The login of ours that listens, where the network can have several.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// Where others find us, as the network writes it.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Whether others come through from outside.
    #[serde(default)]
    pub reach: Reach,
}

/// What was found at an address. Nothing in it is proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighted {
    /// Where was asked.
    pub url: String,
    /// Who says that they are there.
    pub somebody: Option<Claim>,
    /// What went wrong, in our words, where nobody was found.
    pub problem: Option<String>,
}

/// Who somebody says they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The id they go by, in the alphabet of the network.
    pub address: String,
    /// The name they give themselves.
    pub unsafe_name: PeerText,
    /// Where they say that they are reached.
    pub unsafe_endpoint: PeerText,
    /// Short form of their key.
    pub fingerprint: Fingerprint,
    /// Their answer, as JSON text that was read and written again.
    pub unsafe_answer: PeerText,
    /// The channel with them, where there is one under this key.
    pub channel: Option<ChannelId>,
}

/// How a request for contact stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Theirs: a person has not decided. Ours: it has not reached them.
    Open,
    /// Ours: they have it.
    Sent,
    /// Theirs was accepted; or they took a message of ours since.
    Approved,
    /// Theirs was refused; or they did not take ours.
    Rejected,
}

impl RequestState {
    /// Returns the name as the store and JSON write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Sent => "sent",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// Finds the state with this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "open" => Self::Open,
            "sent" => Self::Sent,
            "approved" => Self::Approved,
            "rejected" => Self::Rejected,
            _ => return None,
        })
    }
}

/// A request for contact, in either direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRequest {
    /// The network's id of it.
    pub id: String,
    /// The channel it is about.
    pub channel: ChannelId,
    /// Whether we asked.
    pub ours: bool,
    /// The id that the other side goes by.
    pub address: String,
    /// The name that they give themselves; empty where we asked.
    pub unsafe_name: PeerText,
    /// Where they say that they are reached.
    pub unsafe_endpoint: PeerText,
    /// Their key, in the text form of the network.
    pub key: String,
    /// Its short form.
    pub fingerprint: Fingerprint,
    /// Its whole digest, as the network writes it.
    pub digest: String,
    /// What for.
    pub unsafe_purpose: PeerText,
    /// When it arrived, or was made.
    pub at: UnixMillis,
    /// How it stands.
    pub state: RequestState,
    /// The item that waits for a person, where one does.
    pub item: Option<ReviewId>,
    /// As it came, with its signature, as JSON text; `None` where we asked.
    pub unsafe_original: Option<PeerText>,
    /// When it was settled.
    pub settled_at: Option<UnixMillis>,
}

/// What a person is shown of somebody who asks for contact, beside the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The network's id of the request.
    pub id: String,
    /// The id that they go by.
    pub address: String,
    /// The name that they give themselves.
    pub unsafe_name: PeerText,
    /// Where they say that they are reached.
    pub unsafe_endpoint: PeerText,
    /// What for.
    pub unsafe_purpose: PeerText,
    /// Where they were reached so far, if that is somewhere else: they moved, and nothing but
    /// that is asked.
    pub moved_from: Option<String>,
}
