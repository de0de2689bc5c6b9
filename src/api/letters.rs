//! What passed between the assistant and its peers, for programs that keep no state of their own.

use serde::{Deserialize, Serialize};

use crate::model::{
    AccountId, ChannelId, Delivery, MessageId, NetworkId, Passage, PeerText, UnixMillis,
};

/// Which letters are asked for. An assistant gets nothing here that it does not get by
/// [`super::Request::Check`] and by what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskLetters {
    /// The network.
    pub network: NetworkId,
    /// The login of ours that they came to or from; all of them where absent.
    pub account: Option<AccountId>,
    /// Those that the assistant wrote, rather than those that were released to it.
    pub sent: bool,
    /// Only those that it took, or wrote, after this. What it has not taken yet is always among
    /// them.
    pub since: Option<UnixMillis>,
    /// It takes them hereby: [`super::Request::Check`] does not give them again. Only where they
    /// are not its own.
    pub take: bool,
}

/// The letters of one answer, the one first taken or written first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letters {
    /// They.
    pub letters: Vec<Letter>,
    /// Whether there are more than one answer holds; the last ones are missing.
    pub more: bool,
}

/// One message as the assistant knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Local id.
    pub id: MessageId,
    /// The channel.
    pub channel: ChannelId,
    /// When it arrived here or was written here.
    pub at: UnixMillis,
    /// When the assistant took it; `None` while it has not, and for its own.
    pub taken: Option<UnixMillis>,
    /// Its subject; empty where it has none.
    #[serde(default)]
    pub unsafe_subject: PeerText,
    /// What it says: of the peer, or of the person in its place; or what the assistant wrote.
    pub unsafe_body: PeerText,
    /// How it came past the rules.
    pub passage: Option<Passage>,
    /// How far one of its own came.
    pub delivery: Option<Delivery>,
    /// How often the same arrived again and was folded into it.
    #[serde(default)]
    pub repeats: u32,
}
