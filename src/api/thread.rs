//! Where a message belongs, on networks where messages say so.

use serde::{Deserialize, Serialize};

use crate::model::{ChannelId, MessageId, MessageKind, PeerText};

use super::SendOutcome;

/// Longest topic and correlation, in bytes.
pub const LONGEST_TOPIC: usize = 200;

/// Where a message belongs among others. Empty, it begins something new. A network whose messages
/// do not say such things refuses anything else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thread {
    /// Its kind: where absent, a response if it answers something, and otherwise a request.
    pub kind: Option<MessageKind>,
    /// Its topic; that of the message it answers, where absent.
    pub topic: Option<PeerText>,
    /// What it has in common with its answers; that of the message it answers, where absent.
    pub correlation: Option<PeerText>,
    /// The message of the channel that it answers.
    pub answers: Option<MessageId>,
}

impl Thread {
    /// Tells whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What became of one of several messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentTo {
    /// To whom.
    pub channel: ChannelId,
    /// What became of it.
    pub outcome: SendOutcome,
}
