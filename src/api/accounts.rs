//! What can be asked of our logins, and of contact on networks where somebody asks for it.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ChannelRef;
use crate::model::{
    AccountId, ContactRequest, Fingerprint, NetworkId, NodeSettings, OwnAccount, Passphrase,
    PeerText, Sighted,
};

/// A request about logins. Each needs the supervisor role, but for [`Accounts::List`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Accounts {
    /// Answers [`AccountsReply::Account`].
    Show {
        /// The network.
        network: NetworkId,
    },
    /// Makes a login with a new key. Answers [`AccountsReply::Account`].
    Init {
        /// The network.
        network: NetworkId,
        /// Where others reach us; where this engine listens, where absent.
        endpoint: Option<String>,
        /// The id to be known by; a random one where absent.
        address: Option<String>,
        /// The name that others are shown; the id where absent.
        name: Option<String>,
        /// Replace the login that is there. Refused while channels of it are in use.
        force: bool,
    },
    /// Changes what others are told of us; id and key stay. Answers [`AccountsReply::Account`].
    Move {
        /// The network.
        network: NetworkId,
        /// Where others reach us from now on; as before, where absent.
        endpoint: Option<String>,
        /// The name that others are shown from now on; as before, where absent.
        name: Option<String>,
    },
    /// Listens at another address for as long as this engine runs, whatever the settings say.
    /// Answers [`AccountsReply::Account`].
    Listen {
        /// The network.
        network: NetworkId,
        /// Address and port of this computer.
        at: SocketAddr,
    },
    /// Asks at addresses who is there. Answers [`AccountsReply::Sighted`] when all have answered
    /// or did not in time; stopped by [`super::Request::StopWork`], with what was found so far.
    Seek {
        /// The network.
        network: NetworkId,
        /// URLs, which may stand for many (`http://192.168.1.{1-254}:8787`).
        patterns: Vec<String>,
        /// Ask also who announces themselves on the local network.
        local: bool,
    },
    /// Asks whoever is at an address for contact. Answers [`super::Reply::Channel`] when they
    /// have the request.
    Ask {
        /// The network.
        network: NetworkId,
        /// Where they are reached.
        url: String,
        /// What for.
        purpose: Option<String>,
        /// Short form of the key that a person saw there; refused if it is another one now.
        seen: Option<Fingerprint>,
    },
    /// Asks the peer of a channel to accept us too. Answers [`super::Reply::Channel`].
    AskBack {
        /// Which channel.
        channel: ChannelRef,
        /// What for.
        purpose: Option<String>,
    },
    /// Answers [`AccountsReply::Requests`], oldest first.
    Requests {
        /// The network.
        network: NetworkId,
    },
    /// Answers [`AccountsReply::Logins`], oldest first.
    List {
        /// The network.
        network: NetworkId,
    },
    /// Makes a login on a relay. Answers [`AccountsReply::Enrolled`].
    Enrol(Box<Enrol>),
    /// Asks the relay of a login who is there. Answers [`AccountsReply::Sighted`].
    Directory {
        /// Which login.
        account: AccountId,
    },
    /// Makes a channel with somebody whom the relay of a login lists, and pins the key that it
    /// shows for them. Answers [`super::Reply::Channel`].
    Add {
        /// Which login.
        account: AccountId,
        /// Their id there.
        address: String,
        /// Short form of the key that a person saw there; refused if it is another one now.
        seen: Option<Fingerprint>,
        /// Where they are reached, on networks where a person can say so; otherwise, and where
        /// absent, whoever is asked for them says it.
        #[serde(default)]
        endpoint: Option<String>,
        /// The local name of the channel; their id there where absent.
        #[serde(default)]
        name: Option<PeerText>,
    },
    /// Makes an identity of new keys, or takes up the one of a seed phrase under a new node key.
    /// Answers [`AccountsReply::Identity`].
    Make(Box<NewIdentity>),
    /// Changes the name that others are shown of an identity, and how its node runs. Answers
    /// [`AccountsReply::Account`].
    Configure {
        /// Which identity.
        account: AccountId,
        /// The name that others are shown; as before, where absent.
        name: Option<String>,
        /// How its node runs; as before, where absent.
        node: Option<NodeSettings>,
    },
    /// Asks peers where somebody is reached. Answers [`AccountsReply::Sighted`].
    Resolve {
        /// Which identity asks.
        account: AccountId,
        /// The address of whom to look for.
        address: String,
        /// The address of the only peer to ask; all of them where absent.
        through: Option<String>,
    },
    /// Returns the link that invites others to an identity. Answers [`AccountsReply::Link`].
    InviteLink {
        /// Which identity.
        account: AccountId,
    },
    /// Reads such a link. Answers [`AccountsReply::Invited`].
    ReadInvite {
        /// The network.
        network: NetworkId,
        /// The link.
        link: String,
    },
    /// Forgets a login and its keys. Refused while channels of it are in use, unless `force`
    /// closes them. Answers [`super::Reply::Done`].
    Leave {
        /// Which login.
        account: AccountId,
        /// Close its channels.
        force: bool,
    },
    /// Copies identity, peers, requests and messages from a directory of the network's own
    /// program. Answers [`super::Reply::Imported`].
    Import {
        /// The network.
        network: NetworkId,
        /// The directory.
        from: PathBuf,
        /// What its keys are protected with, where they are.
        #[serde(default)]
        password: Option<Passphrase>,
    },
    /// Writes a directory that the network's own program can use. Answers
    /// [`super::Reply::Exported`].
    Export {
        /// The network.
        network: NetworkId,
        /// The directory; must be empty or absent.
        to: PathBuf,
        /// What its keys are to be protected with, where its program wants that.
        #[serde(default)]
        password: Option<Passphrase>,
    },
}

/// An identity to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewIdentity {
    /// The network.
    pub network: NetworkId,
    /// The name that others are shown; none where absent.
    pub name: Option<String>,
    /// The seed phrase of an identity that there is already; a new one is made where absent.
    pub phrase: Option<Passphrase>,
    /// Whether it belongs to the network for trying things out.
    pub testnet: bool,
    /// How its node runs; the first free ports, and the rest as it comes, where absent.
    pub node: Option<NodeSettings>,
}

/// A login to be made on a relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrol {
    /// The network.
    pub network: NetworkId,
    /// The relay.
    pub endpoint: String,
    /// The id to be known by there.
    pub address: String,
    /// What lets us in.
    pub ticket: Ticket,
    /// Text of a key file of the network's own program; new keys are made where absent.
    pub keys: Option<Passphrase>,
    /// Let our keys take the place of others that the relay shows under this id.
    pub replace: bool,
}

/// What lets somebody in at a relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ticket {
    /// The key by which the relay knows us already.
    Token(Passphrase),
    /// An invite of whoever runs the relay.
    Invite(Passphrase),
}

/// The answer to [`Accounts`]; which variant belongs to which is said there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer", content = "value")]
pub enum AccountsReply {
    /// Our login, where there is one.
    Account(Option<OwnAccount>),
    /// Our logins.
    Logins(Vec<OwnAccount>),
    /// A login was made.
    Enrolled {
        /// It.
        account: OwnAccount,
        /// Whether our keys were put on the relay; otherwise they were there already.
        published: bool,
        /// What is wrong although the relay knows us, in words for a person.
        problem: Option<String>,
    },
    /// An identity was made.
    Identity {
        /// It.
        account: OwnAccount,
        /// The seed phrase that it can be recovered with, where a new one was made. It is said
        /// once.
        phrase: Option<Passphrase>,
    },
    /// A link that invites others.
    Link(String),
    /// Whom a link invites to.
    Invited {
        /// The id they go by.
        address: String,
        /// Where they are reached.
        endpoint: String,
        /// Short form of their key.
        fingerprint: Fingerprint,
        /// The name they give themselves.
        unsafe_name: Option<PeerText>,
    },
    /// What was found, in the order of the addresses.
    Sighted(Vec<Sighted>),
    /// Requests for contact in both directions.
    Requests(Vec<ContactRequest>),
}

/// What a request for contact says where nobody said anything else, as the reference has it.
pub const PURPOSE: &str = "request trusted communication";

/// Longest purpose of a request, in bytes.
pub const LONGEST_PURPOSE: usize = 1024;

/// Returns the words of a request; an error says what is wrong with them.
pub fn purpose_or_default(purpose: Option<String>) -> Result<PeerText, super::Error> {
    let purpose = purpose.unwrap_or_else(|| PURPOSE.to_owned());
    if purpose.is_empty() || purpose.len() > LONGEST_PURPOSE {
        return Err(super::Error::BadRequest(format!(
            "the purpose of a request has 1 to {LONGEST_PURPOSE} bytes"
        )));
    }
    Ok(PeerText::new(purpose))
}
