//! Says what stands in a text that a person should know of before it goes on.
//!
//! Collects from every source of findings, puts them in order and bounds their number. What is
//! found lives beside this file: `super::exact` for what the characters themselves prove,
//! `super::rules` for wording, `super::suspect` for the opinion of the model.
//!
//! Must not: decide what becomes of the text, or call anything safe.

use super::opinion::{self, Opinion};
use super::{exact, rules, suspect};
use crate::model::{PeerText, Severity, Signal};

/// Findings that are kept; the weightiest where there are more.
const MOST_SIGNALS: usize = 64;

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// The findings by where they begin, at most 64.
    pub signals: Vec<Signal>,
    /// What was hidden and could be read: bodies of commands to a terminal, words in invisible
    /// characters. At most 64 of at most 16 kB.
    pub decoded: Vec<PeerText>,
    /// Where the links of the text lead, in full, at most 64.
    pub links: Vec<PeerText>,
}

impl Scan {
    /// Returns the weight of the weightiest finding.
    pub fn level(&self) -> Option<Severity> {
        self.signals.iter().map(|signal| signal.severity).max()
    }

    /// Tells whether anything was found that can hold a message.
    pub fn flagged(&self) -> bool {
        self.level() >= Some(Severity::Low)
    }
}

/// Scans a text. Pure, and linear in its length.
pub fn scan(text: &PeerText) -> Scan {
    scan_with(text, &opinion::suspicion)
}

/// Scans a text with another model's opinion: how figures are taken of texts that the model
/// has not seen.
#[doc(hidden)]
pub fn scan_with(text: &PeerText, judge: &dyn Fn(&str) -> Opinion) -> Scan {
    let raw = text.expose_untrusted();
    let mut found = exact::examine(raw);
    let hidden: Vec<&str> = found
        .decoded
        .iter()
        .map(PeerText::expose_untrusted)
        .collect();
    let reading = rules::read(raw, &hidden);
    found.signals.extend(reading.signals);
    found
        .decoded
        .extend(reading.decoded.into_iter().map(PeerText::new));
    found.decoded.truncate(exact::MOST_DECODED);
    suspect::add(raw, &reading.respelled, judge, &mut found.signals);
    Scan {
        signals: in_order(found.signals),
        decoded: found.decoded,
        links: found.links,
    }
}

/// Drops what says the same twice and the lightest beyond [`MOST_SIGNALS`]; sorts by place.
fn in_order(mut signals: Vec<Signal>) -> Vec<Signal> {
    let key = |signal: &Signal| (signal.span.start, signal.span.end, signal.code);
    signals.sort_by_key(key);
    signals.dedup_by_key(|signal| key(signal));
    if signals.len() > MOST_SIGNALS {
        signals.sort_by_key(|signal| std::cmp::Reverse(signal.severity));
        signals.truncate(MOST_SIGNALS);
        signals.sort_by_key(key);
    }
    signals
}
