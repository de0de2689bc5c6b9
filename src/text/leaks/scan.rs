//! What one scan has found so far, and how it becomes signals.

use crate::model::{CodeClass, PeerText, Severity, Signal, SignalCode, SignalKind, TextSpan};

use super::masked;
use super::triggers::Topic;
use super::view::View;
use crate::text::{LONGEST_EVIDENCE, views};

/// Findings of one code at most; a person has long stopped reading.
const MOST_OF_A_CODE: usize = 256;

/// Costly checksums at most; what comes later is believed for its form alone.
const MOST_CHECKS: usize = 256;

/// Bytes of a lead that evidence repeats.
const LONGEST_LEAD: usize = 60;

/// One thing found, in bytes of the folded text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leak {
    /// What it is.
    pub(super) code: SignalCode,
    /// How sure it is.
    pub(super) kind: SignalKind,
    /// How much it weighs.
    pub(super) severity: Severity,
    /// First byte.
    pub(super) start: usize,
    /// The byte after the last one.
    pub(super) end: usize,
    /// Where the words begin that lead to it; `start` if there are none.
    pub(super) lead: usize,
}

impl Leak {
    /// Something proven by a checksum or a fixed format.
    pub(super) fn exact(
        code: SignalCode,
        severity: Severity,
        (start, end): (usize, usize),
    ) -> Self {
        Self {
            code,
            kind: SignalKind::Exact,
            severity,
            start,
            end,
            lead: start,
        }
    }

    /// Something that only looks like it.
    pub(super) fn rule(code: SignalCode, severity: Severity, span: (usize, usize)) -> Self {
        Self {
            kind: SignalKind::Rule,
            ..Self::exact(code, severity, span)
        }
    }

    /// Tells which words led to it.
    pub(super) fn led_by(mut self, lead: usize) -> Self {
        self.lead = lead.min(self.start);
        self
    }

    fn is_secret(&self) -> bool {
        self.code.class() == CodeClass::Secret
    }

    /// The order of preference where two secrets overlap.
    fn weight(&self) -> (Severity, bool, usize) {
        let length = self.end - self.start;
        (self.severity, self.kind == SignalKind::Exact, length)
    }
}

/// A text, what its words are about, and what was found in it.
pub(super) struct Scan<'v> {
    view: &'v View<'v>,
    /// The folded text.
    pub(super) text: &'v str,
    /// The folded text in lower case, of the same length.
    pub(super) lower: &'v str,
    topics: Vec<(usize, Topic)>,
    leaks: Vec<Leak>,
    counts: [usize; SignalCode::ALL.len()],
    checks: usize,
}

impl<'v> Scan<'v> {
    /// Begins with nothing found.
    pub(super) fn new(view: &'v View<'v>) -> Self {
        Self {
            view,
            text: &view.text,
            lower: &view.lower,
            topics: Vec::new(),
            leaks: Vec::new(),
            counts: [0; SignalCode::ALL.len()],
            checks: 0,
        }
    }

    /// Notes a finding, unless there are too many of its code already.
    pub(super) fn add(&mut self, leak: Leak) {
        let Some(count) = self.counts.get_mut(leak.code as usize) else {
            return;
        };
        if *count < MOST_OF_A_CODE && leak.start < leak.end {
            *count += 1;
            self.leaks.push(leak);
        }
    }

    /// Tells whether another finding of this code would be dropped.
    pub(super) fn is_full(&self, code: SignalCode) -> bool {
        self.counts
            .get(code as usize)
            .is_some_and(|count| *count >= MOST_OF_A_CODE)
    }

    /// Asks for a costly checksum; `None` when this text has had its share of them.
    pub(super) fn check(&mut self, holds: impl FnOnce() -> bool) -> Option<bool> {
        if self.checks >= MOST_CHECKS {
            return None;
        }
        self.checks += 1;
        Some(holds())
    }

    /// Notes what the word that ends at a place is about; places never go back.
    pub(super) fn note(&mut self, end: usize, topic: Topic) {
        self.topics.push((end, topic));
    }

    /// Returns the nearest of some topics among the words that end at most `within` bytes
    /// before a place.
    pub(super) fn topic(&self, place: usize, within: usize, of: &[Topic]) -> Option<Topic> {
        let upto = self.topics.partition_point(|(end, _)| *end <= place);
        let before = self.topics.get(..upto).unwrap_or_default();
        before
            .iter()
            .rev()
            .take_while(|(end, _)| place - end <= within)
            .map(|(_, topic)| *topic)
            .find(|topic| of.contains(topic))
    }

    /// Turns what was found into signals, in the order of the text and without repetitions.
    pub(super) fn signals(self) -> Vec<Signal> {
        let (secrets, others): (Vec<_>, Vec<_>) =
            self.leaks.iter().partition(|leak| leak.is_secret());
        let secrets = heaviest(secrets);
        let kept: Vec<Leak> = longest(others)
            .into_iter()
            .filter(|leak| !secrets.iter().any(|secret| covers(secret, leak)))
            .collect();
        let mut signals: Vec<Signal> = secrets
            .iter()
            .chain(&kept)
            .map(|leak| self.signal(leak, &secrets))
            .collect();
        signals.sort_by_key(|signal| (signal.span, signal.code));
        signals
    }

    fn signal(&self, leak: &Leak, secrets: &[Leak]) -> Signal {
        let (start, end) = self.view.original(leak.start, leak.end);
        Signal {
            code: leak.code,
            kind: leak.kind,
            severity: leak.severity,
            span: TextSpan { start, end },
            evidence: PeerText::new(self.evidence(leak, secrets)),
        }
    }

    /// Returns the words that a finding rests on, with every secret in them masked.
    fn evidence(&self, leak: &Leak, secrets: &[Leak]) -> String {
        let from = leak.start.saturating_sub(LONGEST_LEAD).max(leak.lead);
        let mut at = views::ceil(self.text, from);
        let mut shown = String::new();
        let hidden = leak.code == SignalCode::PersonalIban || leak.code == SignalCode::PersonalId;
        let own = hidden.then_some(*leak);
        let touching = secrets
            .iter()
            .chain(&own)
            .filter(|secret| secret.start < leak.end && secret.end > at);
        let mut touching: Vec<&Leak> = touching.collect();
        touching.sort_by_key(|secret| secret.start);
        for secret in touching {
            shown.push_str(self.slice(at, secret.start));
            shown.push_str(&masked(self.slice(secret.start, secret.end)));
            at = at.max(secret.end);
        }
        shown.push_str(self.slice(at, leak.end));
        if let Some((cut, _)) = shown.char_indices().nth(LONGEST_EVIDENCE) {
            // One character less, for the mark.
            let keep = views::floor(&shown, cut.saturating_sub(1));
            shown.truncate(keep);
            shown.push('…');
        }
        shown
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }
}

fn covers(outer: &Leak, inner: &Leak) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Keeps the heaviest of secrets that overlap, in the order of the text.
fn heaviest(mut secrets: Vec<Leak>) -> Vec<Leak> {
    secrets.sort_by_key(|leak| (leak.start, std::cmp::Reverse(leak.weight())));
    let mut kept: Vec<Leak> = Vec::new();
    for leak in secrets {
        match kept.last_mut() {
            Some(last) if leak.start < last.end => {
                if leak.weight() > last.weight() {
                    *last = leak;
                }
            }
            _ => kept.push(leak),
        }
    }
    kept
}

/// Joins findings of one code that overlap, in the order of the text.
fn longest(mut others: Vec<Leak>) -> Vec<Leak> {
    others.sort_by_key(|leak| (leak.code, leak.start, std::cmp::Reverse(leak.end)));
    let mut kept: Vec<Leak> = Vec::new();
    for leak in others {
        match kept.last_mut() {
            Some(last) if last.code == leak.code && leak.start < last.end => {
                last.end = last.end.max(leak.end);
            }
            _ => kept.push(leak),
        }
    }
    kept
}
