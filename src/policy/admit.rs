//! Decides whether something that arrived may reach the assistant, and whether the human is
//! told at once.
//!
//! Called by the engine inside the transaction that stores the message, so no row exists
//! without an admission. A pause is none of this module's business: it delays handing over,
//! and must not leave a verdict behind that outlives it.

use super::ends::Ended;
use super::rules::{Delivery, InboundHold, Rules};
use crate::model::{Admission, LocalTime, RawReason, Severity, Signal, SignalKind};

/// What is known of an inbound message when it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboundFacts<'a> {
    /// Whether it was opened and decoded, or why not.
    pub readable: Result<(), RawReason>,
    /// What the scanner found in subject, body and metadata together.
    pub signals: &'a [Signal],
    /// Whether it is the first message of this peer.
    pub first: bool,
    /// Whether the safety code of the channel was compared.
    pub verified: bool,
    /// Whether the channel is over, from [`Ends::ended`](super::ends::Ends::ended).
    pub ended: Option<Ended>,
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
        /// All there is to say for holding it, the weightiest first, one sentence each in our
        /// words. Never empty, never a peer's text.
        reasons: Vec<String>,
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
            Self::Held { rule, .. } => Admission::Held { rule: rule.clone() },
        }
    }

    /// Tells whether it waits for a person.
    pub fn is_held(&self) -> bool {
        matches!(self, Self::Held { .. })
    }
}

/// Judges an inbound message.
///
/// Held is, whatever the rules: what cannot be read, and everything in a channel that is over.
/// A note never holds, and neither do opinions where no other check found anything.
pub fn admit(rules: &Rules, facts: &InboundFacts<'_>) -> Verdict {
    let mut grounds: Vec<(String, String)> = Vec::new();
    if let Some(ended) = facts.ended {
        grounds.push((ended.rule().to_owned(), ended.sentence().to_owned()));
    }
    if let Err(reason) = facts.readable {
        grounds.push(("unreadable".to_owned(), reason.sentence().to_owned()));
    }
    if let Some(threshold) = threshold(rules.inbound) {
        let rule = format!("hold-in:{}", rules.inbound.as_str());
        let found = weightiest_first(facts.signals, threshold);
        grounds.extend(found.map(|signal| {
            let sentence = format!("it {}", signal.code.sentence());
            (rule.clone(), sentence)
        }));
    }
    if rules.hold_first_message && facts.first {
        grounds.push((
            "hold-in:first-message".to_owned(),
            "it is the first message of this peer".to_owned(),
        ));
    }
    if rules.inbound == InboundHold::All {
        grounds.push((
            "hold-in:all".to_owned(),
            "every message of this channel waits for you".to_owned(),
        ));
    }
    let Some((rule, _)) = grounds.first() else {
        return Verdict::Released {
            rule: why_released(rules, facts).to_owned(),
        };
    };
    let rule = rule.clone();
    let mut reasons: Vec<String> = grounds.into_iter().map(|(_, reason)| reason).collect();
    if !facts.verified {
        reasons.push("the safety code of this channel was not compared".to_owned());
    }
    Verdict::Held { rule, reasons }
}

/// Tells whether the human hears at once of something, at a local time of the rules' zone.
pub fn attention(rules: &Rules, now: LocalTime) -> Attention {
    match rules.delivery {
        Delivery::AtOnce => Attention::Now,
        Delivery::InHours if rules.hours.contain(now) => Attention::Now,
        Delivery::InHours | Delivery::Digest => Attention::Digest,
    }
}

/// The least severity that holds.
fn threshold(hold: InboundHold) -> Option<Severity> {
    match hold {
        InboundHold::All | InboundHold::AnySignal => Some(Severity::Low),
        InboundHold::Medium => Some(Severity::Medium),
        InboundHold::High => Some(Severity::High),
        InboundHold::Off => None,
    }
}

/// The signals that hold, one for each code, the weightiest first.
fn weightiest_first(signals: &[Signal], threshold: Severity) -> impl Iterator<Item = &Signal> {
    let grounded = signals.iter().any(|s| s.kind != SignalKind::Opinion);
    let mut found: Vec<&Signal> = signals
        .iter()
        .filter(|signal| grounded && signal.severity >= threshold)
        .collect();
    found.sort_by_key(|signal| (std::cmp::Reverse(signal.severity), signal.code));
    found.dedup_by_key(|signal| signal.code);
    found.into_iter()
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
