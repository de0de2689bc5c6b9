//! What the characters of a text prove: hidden ones, terminal commands, look-alikes, links.
//!
//! Every finding here is certain, because it rests on which characters stand where and not on
//! what words mean. Whatever the sanitiser marks is found here too: both read the same walk.
//!
//! Must not: judge wording, or take time that is not linear in the text.

mod chrome;
mod hidden;
mod links;
mod terminal;

use super::LONGEST_EVIDENCE;
use super::sanitise;
use super::views::floor;
use crate::model::{PeerText, Severity, Signal, SignalCode, SignalKind, TextSpan};

/// Findings of one code; the rest is marked in the text all the same.
const MOST_OF_ONE: usize = 8;

/// Hidden messages that are handed out.
pub(super) const MOST_DECODED: usize = 64;

/// Bytes of one hidden message that are handed out.
const LONGEST_DECODED: usize = 16 * 1024;

/// Bytes beyond which nobody reads a message to its end.
const LARGE: usize = 128 * 1024;

/// Bytes of one word; keys and addresses are shorter.
const LONG_WORD: usize = 4 * 1024;

/// What was found in one text.
#[derive(Debug, Default)]
pub(super) struct Examined {
    pub(super) signals: Vec<Signal>,
    /// Messages that were hidden and could be read.
    pub(super) decoded: Vec<PeerText>,
    /// Where the links lead.
    pub(super) links: Vec<PeerText>,
}

/// Tells whether the text names an address on the web.
pub(super) fn has_link(text: &str) -> bool {
    links::next(text, 0).is_some()
}

/// Returns what is certain about a text, with what it hides and where it leads. Spans are byte
/// ranges of `text`.
pub(super) fn examine(text: &str) -> Examined {
    let mut findings = Findings::new(text);
    let walk = sanitise::survey(text);
    hidden::examine(&walk, &mut findings);
    terminal::examine(&mut findings);
    links::examine(&mut findings);
    chrome::examine(&mut findings);
    size(&mut findings);
    findings.examined
}

/// Collects findings and bounds their number.
struct Findings<'a> {
    text: &'a str,
    examined: Examined,
}

impl<'a> Findings<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            examined: Examined::default(),
        }
    }

    /// Returns the text of a span.
    fn get(&self, span: TextSpan) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Adds a finding that rests on the characters of its span.
    fn add(&mut self, code: SignalCode, severity: Severity, span: TextSpan) {
        let evidence = self.get(span);
        self.add_with(code, severity, span, evidence);
    }

    /// Adds a finding with other evidence than the characters of its span.
    fn add_with(&mut self, code: SignalCode, severity: Severity, span: TextSpan, evidence: &str) {
        if !self.has_room(code) {
            return;
        }
        let evidence: String = evidence.chars().take(LONGEST_EVIDENCE).collect();
        self.examined.signals.push(Signal {
            code,
            kind: SignalKind::Exact,
            severity,
            span,
            evidence: PeerText::new(evidence),
        });
    }

    /// Tells whether another finding of a code would be kept.
    fn has_room(&self, code: SignalCode) -> bool {
        let same = self.examined.signals.iter();
        same.filter(|signal| signal.code == code).count() < MOST_OF_ONE
    }

    /// Adds a message that was hidden.
    fn decoded(&mut self, message: &str) {
        push_new(&mut self.examined.decoded, message);
    }

    /// Adds where a link leads.
    fn link(&mut self, target: &str) {
        push_new(&mut self.examined.links, target);
    }
}

fn push_new(list: &mut Vec<PeerText>, text: &str) {
    let text = text.get(..floor(text, LONGEST_DECODED)).unwrap_or_default();
    let known = list.iter().any(|other| other.expose_untrusted() == text);
    if !text.is_empty() && !known && list.len() < MOST_DECODED {
        list.push(PeerText::new(text));
    }
}

/// Notes a text or a word that is larger than a person reads.
fn size(findings: &mut Findings<'_>) {
    let text = findings.text;
    if text.len() > LARGE {
        let whole = TextSpan {
            start: 0,
            end: text.len(),
        };
        findings.add(SignalCode::Size, Severity::Low, whole);
        return;
    }
    if text.len() <= LONG_WORD {
        return;
    }
    let mut start = 0;
    for word in text.split_inclusive(|c: char| c.is_whitespace() || !c.is_ascii()) {
        let end = start + word.len();
        if word.len() > LONG_WORD {
            findings.add(SignalCode::Size, Severity::Low, TextSpan { start, end });
        }
        start = end;
    }
}
