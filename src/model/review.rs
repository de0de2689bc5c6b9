//! What waits for a person.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ChannelId, Fingerprint, MessageId, PeerText, ReviewId, UnixMillis};

/// Why a channel was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The relay now shows another key for the peer than the pinned one.
    KeyChanged,
    /// Somebody else answered the invite that we accepted.
    AnsweredTwice,
    /// A person compared the safety code, and it was not the same on both sides.
    CodeDiffers,
}

impl StopReason {
    /// Returns the name as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyChanged => "key_changed",
            Self::AnsweredTwice => "answered_twice",
            Self::CodeDiffers => "code_differs",
        }
    }

    /// Finds the reason with this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "key_changed" => Self::KeyChanged,
            "answered_twice" => Self::AnsweredTwice,
            "code_differs" => Self::CodeDiffers,
            _ => return None,
        })
    }

    /// Returns one sentence for a person.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::KeyChanged => "the key on the relay is not the one you accepted",
            Self::AnsweredTwice => "somebody else answered the invite that you accepted",
            Self::CodeDiffers => "the safety code was not the same on both sides",
        }
    }
}

/// The kinds of things a person settles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ReviewKind {
    /// A stranger answered an invite and wants a channel.
    ContactRequest {
        /// Short form of the key they showed.
        fingerprint: Fingerprint,
        /// Times that the invite was answered, where the relay tells. More than one is an alarm.
        answers: Option<u32>,
    },
    /// The key of a known peer is not the pinned one any more.
    KeyChange {
        /// Short form of the pinned key, where one is pinned.
        pinned: Option<Fingerprint>,
        /// Short form of the key shown now.
        shown: Fingerprint,
        /// What happened.
        reason: StopReason,
    },
    /// A message that the assistant has not seen.
    HeldMessage {
        /// The message.
        message: MessageId,
        /// The rule that holds it, for a person to read.
        rule: String,
        /// How many signals weigh more than a note.
        signals: u32,
        /// Whether a release is asked for twice.
        severe: bool,
    },
    /// A draft of the assistant's that has not left.
    HeldDraft {
        /// The message.
        message: MessageId,
        /// The rule that holds it, for a person to read.
        rule: String,
        /// What the draft holds that should not leave, in words; empty where every draft waits.
        reason: String,
        /// When it counts as refused if nobody has answered.
        expires: UnixMillis,
        /// Whether an approval is asked for twice.
        severe: bool,
    },
}

/// How long a person wants to hear nothing of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// For so many seconds.
    For(u32),
    /// Until eight in the morning of the next day, on this computer's clock.
    Tomorrow,
    /// A channel: until they lift it. An item: until the peer writes.
    Open,
}

impl Rest {
    /// Reads `30m`, `8h`, `2d` or `tomorrow`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "tomorrow" {
            return Some(Self::Tomorrow);
        }
        let unit = text.chars().next_back()?;
        let seconds = match unit {
            'm' => 60_u32,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            _ => return None,
        };
        let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
        let seconds = number.checked_mul(seconds).filter(|seconds| *seconds > 0);
        seconds.map(Self::For)
    }
}

/// That an item was put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snoozed {
    /// Until when; [`UnixMillis::FAR`] where only a message ends it.
    pub until: UnixMillis,
    /// Whether the next message of the peer ends it too.
    pub they_write: bool,
}

/// Something that a person may be told of, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Occasion {
    /// An item waits for a decision.
    Need {
        /// Which one.
        item: ReviewId,
    },
    /// Messages arrived that need no decision.
    New {
        /// Where.
        channel: ChannelId,
        /// When the last one did.
        at: UnixMillis,
    },
    /// So much was settled without a person today.
    Settled {
        /// Messages of the assistant that left alone since midnight.
        alone: u32,
        /// Drafts that were refused or expired since midnight.
        refused: u32,
    },
}

impl Occasion {
    /// Between two times that a person is told of one channel; what comes in between is told
    /// with the next.
    pub const BETWEEN: Duration = Duration::from_secs(5 * 60);
}

/// One item of the list "Needs you".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewItem {
    /// Local id.
    pub id: ReviewId,
    /// The channel it is about.
    pub channel: ChannelId,
    /// Local name of that channel.
    pub name: PeerText,
    /// What it is.
    #[serde(flatten)]
    pub kind: ReviewKind,
    /// When it arose.
    pub since: UnixMillis,
    /// Until when a person put it off; it may be over already.
    #[serde(default)]
    pub snoozed: Option<Snoozed>,
    /// What was shown, in 64 hexadecimal digits. A decision repeats it, and is refused if it
    /// is not the current one.
    pub seen: super::Digest,
}

impl ReviewItem {
    /// Tells whether letting it pass is asked for twice.
    pub fn is_severe(&self) -> bool {
        match &self.kind {
            ReviewKind::KeyChange { .. } => true,
            ReviewKind::ContactRequest { answers, .. } => answers.is_some_and(|times| times > 1),
            ReviewKind::HeldMessage { severe, .. } | ReviewKind::HeldDraft { severe, .. } => {
                *severe
            }
        }
    }

    /// Returns when it counts as refused, where it does.
    pub fn expires(&self) -> Option<UnixMillis> {
        match &self.kind {
            ReviewKind::HeldDraft { expires, .. } => Some(*expires),
            ReviewKind::KeyChange { .. }
            | ReviewKind::ContactRequest { .. }
            | ReviewKind::HeldMessage { .. } => None,
        }
    }

    /// Returns what lists sort it by: key changes, what weighs much, what runs out, the oldest.
    pub fn urgency(&self) -> (u8, UnixMillis, UnixMillis) {
        let rank = match (&self.kind, self.is_severe(), self.expires()) {
            (ReviewKind::KeyChange { .. }, ..) => 0,
            (_, true, _) => 1,
            (_, false, Some(_)) => 2,
            (_, false, None) => 3,
        };
        let clock = self.expires().unwrap_or(UnixMillis(i64::MAX));
        (rank, clock, self.since)
    }

    /// Tells whether the key on show may be pinned. Where somebody else answered the invite that
    /// we accepted it is that stranger's key, and where the code differed it is nobody's we know.
    pub fn may_pin(&self) -> bool {
        !matches!(
            self.kind,
            ReviewKind::KeyChange {
                reason: StopReason::AnsweredTwice | StopReason::CodeDiffers,
                ..
            }
        )
    }
}
