//! Judges the past of a channel again, to show what other rules would have done.
//!
//! Only what was said is judged again, and not when the channel would have been over: an end
//! in the past would make every later message look the same.

use std::time::Duration;

use super::admit::{InboundFacts, Verdict, admit};
use super::release::{OutboundFacts, Release, release};
use super::rules::Rules;
use crate::model::{Author, LocalTime, Provenance, RawReason, Signal, UnixMillis};

/// A message of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastMessage {
    /// Who wrote it.
    pub author: Author,
    /// When it arrived or was written.
    pub at: UnixMillis,
    /// The same in the time zone of the rules.
    pub local: LocalTime,
    /// Whether it could be read; ours always can.
    pub readable: Result<(), RawReason>,
    /// What was found in it: signals in the peer's, leaks in the assistant's.
    pub signals: Vec<Signal>,
    /// How far its author is proven.
    pub provenance: Option<Provenance>,
}

/// What the rules would have done with one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// A draft that would have left without a person.
    Alone,
    /// A draft that would have waited for a person.
    Waits {
        /// The rule that holds it.
        rule: String,
    },
    /// A message of the peer that the assistant would have read at once.
    Released,
    /// A message of the peer that would have waited for a person.
    HeldIn {
        /// The rule that holds it.
        rule: String,
    },
    /// A message of the person, of which no rule judges.
    Yours,
}

/// What the rules would have done with a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Drafts that would have left alone.
    pub alone: usize,
    /// Drafts that would have waited.
    pub waits: usize,
    /// Messages of the peer that would have been held.
    pub held_in: usize,
    /// One for each message that was given, in the same order.
    pub verdicts: Vec<Replayed>,
}

/// Judges messages again, given in the order in which they were written. Drafts that would
/// have left alone count towards the rates of the later ones.
pub fn replay(rules: &Rules, history: &[PastMessage]) -> Replay {
    let mut replay = Replay::default();
    let mut peer_has_written = false;
    let mut left_alone: Vec<UnixMillis> = Vec::new();
    for message in history {
        let verdict = match message.author {
            Author::Human => Replayed::Yours,
            Author::Peer => {
                let first = !std::mem::replace(&mut peer_has_written, true);
                inbound(rules, message, first)
            }
            Author::Assistant => outbound(rules, message, peer_has_written, &left_alone),
        };
        match verdict {
            Replayed::Alone => {
                replay.alone += 1;
                left_alone.push(message.at);
            }
            Replayed::Waits { .. } => replay.waits += 1,
            Replayed::HeldIn { .. } => replay.held_in += 1,
            Replayed::Released | Replayed::Yours => {}
        }
        replay.verdicts.push(verdict);
    }
    replay
}

fn inbound(rules: &Rules, message: &PastMessage, first: bool) -> Replayed {
    let facts = InboundFacts {
        readable: message.readable,
        signals: &message.signals,
        first,
        ended: None,
        provenance: message.provenance,
    };
    match admit(rules, &facts) {
        Verdict::Released { .. } => Replayed::Released,
        Verdict::Held { rule } => Replayed::HeldIn { rule },
    }
}

fn outbound(
    rules: &Rules,
    message: &PastMessage,
    peer_has_written: bool,
    left_alone: &[UnixMillis],
) -> Replayed {
    let within = |span: Duration| {
        let recent = left_alone.iter().filter(|at| message.at.since(**at) < span);
        u32::try_from(recent.count()).unwrap_or(u32::MAX)
    };
    let facts = OutboundFacts {
        author: Author::Assistant,
        leaks: &message.signals,
        peer_has_written,
        answers_held: false,
        alone_last_hour: within(Duration::from_secs(60 * 60)),
        alone_last_day: within(Duration::from_secs(24 * 60 * 60)),
        now: message.local,
        ended: None,
    };
    match release(rules, &facts) {
        Release::Leaves { .. } => Replayed::Alone,
        Release::Held { rule, .. } | Release::Refused { rule, .. } => Replayed::Waits { rule },
    }
}
