//! Decides whether something that arrived may reach the assistant, and whether the human is
//! told at once.
//!
//! Called by the engine inside the transaction that stores the message, so no row exists
//! without an admission. A pause is none of this module's business: it delays handing over,
//! and must not leave a verdict behind that outlives it.

use super::ends::Ended;
use super::rules::{Delivery, InboundHold, Rules, Unproven};
use crate::model::{Admission, LocalTime, Provenance, RawReason, Severity, Signal, SignalKind};

/// What is known of an inbound message when it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboundFacts<'a> {
    /// Whether it was opened and decoded, or why not.
    pub readable: Result<(), RawReason>,
    /// What the scanner found in subject, body and metadata together.
    pub signals: &'a [Signal],
    /// Whether it is the first message of this peer.
    pub first: bool,
    /// Whether the channel is over, from [`Ends::ended`](super::ends::Ends::ended).
    pub ended: Option<Ended>,
    /// How far its author is proven; `None` on networks where nothing else gets in.
    pub provenance: Option<Provenance>,
}

/// What the rules say of an inbound message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The assistant may read it.
    Released {
        /// The rule that said so: `no-signal`, `below-threshold` or `inbound-off`.
        rule: String,
    },
    /// It waits for a person.
    Held {
        /// The rule that said so, for example `hold-in:any-signal`, `unreadable`, `ended:days`.
        rule: String,
    },
}

/// Whether a person is told at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// At once.
    Now,
    /// With the next digest.
    Digest,
}

impl Verdict {
    /// Returns it in the words of the store.
    pub fn admission(&self) -> Admission {
        match self {
            Self::Released { rule } => Admission::Released { rule: rule.clone() },
            Self::Held { rule } => Admission::Held { rule: rule.clone() },
        }
    }

    /// Tells whether it waits for a person.
    pub fn is_held(&self) -> bool {
        matches!(self, Self::Held { .. })
    }
}

/// Judges an inbound message. Where several rules hold it, the first of these says so.
///
/// Held is, whatever the rules: what cannot be read, and everything in a channel that is over.
/// A missing proof is named before what was found in the words: words are worth what their
/// author is.
/// A note never holds, and neither do opinions where no other check found anything.
pub fn admit(rules: &Rules, facts: &InboundFacts<'_>) -> Verdict {
    let rule = if let Some(ended) = facts.ended {
        ended.rule().to_owned()
    } else if facts.readable.is_err() {
        "unreadable".to_owned()
    } else if let Some(what) = unproven(rules, facts.provenance) {
        what.rule().to_owned()
    } else if rules.inbound == InboundHold::All || weighs(rules.inbound, facts.signals) {
        format!("hold-in:{}", rules.inbound.as_str())
    } else if rules.hold_first_message && facts.first {
        "hold-in:first-message".to_owned()
    } else {
        return Verdict::Released {
            rule: why_released(rules, facts).to_owned(),
        };
    };
    Verdict::Held { rule }
}

/// Tells whether the human hears at once of something, at a local time of the rules' zone.
pub fn attention(rules: &Rules, now: LocalTime) -> Attention {
    match rules.delivery {
        Delivery::AtOnce => Attention::Now,
        Delivery::InHours if rules.hours.contain(now) => Attention::Now,
        Delivery::InHours | Delivery::Digest => Attention::Digest,
    }
}

/// Returns what is missing in the proof of a message, where the rules hold it for that.
fn unproven(rules: &Rules, provenance: Option<Provenance>) -> Option<Unproven> {
    let missing = Unproven::of(provenance?)?;
    rules.hold_unproven.contains(&missing).then_some(missing)
}

/// Tells whether any of these signals is severe enough to hold a message.
fn weighs(hold: InboundHold, signals: &[Signal]) -> bool {
    let least = match hold {
        InboundHold::All | InboundHold::AnySignal => Severity::Low,
        InboundHold::Medium => Severity::Medium,
        InboundHold::High => Severity::High,
        InboundHold::Off => return false,
    };
    let grounded = signals.iter().any(|s| s.kind != SignalKind::Opinion);
    grounded && signals.iter().any(|signal| signal.severity >= least)
}

fn why_released(rules: &Rules, facts: &InboundFacts<'_>) -> &'static str {
    if facts.signals.is_empty() {
        "no-signal"
    } else if rules.inbound == InboundHold::Off {
        "inbound-off"
    } else {
        "below-threshold"
    }
}
