//! Characters nobody sees, words that mix scripts, blank space: what the sanitiser marked.

use super::Findings;
use crate::model::{Severity, SignalCode, TextSpan};
use crate::text::safe::HiddenKind;
use crate::text::sanitise::{Walk, What};

pub(super) fn examine(walk: &Walk, findings: &mut Findings<'_>) {
    let tags = message(HiddenKind::Tags, walk, findings);
    let selectors = message(HiddenKind::VariationSelectors, walk, findings);
    let zero_width = message(HiddenKind::ZeroWidth, walk, findings);
    for found in &walk.found {
        let weight = |message: &Option<String>| match message {
            Some(_) => Severity::Critical,
            None => Severity::Medium,
        };
        let (code, severity, evidence) = match found.what {
            What::Hidden(HiddenKind::Tags) => (SignalCode::UniTags, weight(&tags), tags.as_ref()),
            What::Hidden(HiddenKind::VariationSelectors) => {
                (SignalCode::UniVs, weight(&selectors), selectors.as_ref())
            }
            What::Hidden(HiddenKind::ZeroWidth) => {
                (SignalCode::UniZw, weight(&zero_width), zero_width.as_ref())
            }
            What::Hidden(HiddenKind::Bidi) => (SignalCode::UniBidi, Severity::High, None),
            What::Hidden(HiddenKind::CombiningMarks) => {
                (SignalCode::UniCluster, Severity::Medium, None)
            }
            What::Hidden(HiddenKind::Unknown) => (SignalCode::EncInvalid, Severity::Medium, None),
            // Terminal sequences are read as a whole elsewhere.
            What::Hidden(HiddenKind::Controls) => continue,
            What::Mixed => (SignalCode::UniConfusable, Severity::Medium, None),
            What::Blank(_) => (SignalCode::UniWs, Severity::Medium, None),
        };
        match evidence {
            Some(evidence) => findings.add_with(code, severity, found.span, evidence),
            None => findings.add(code, severity, found.span),
        }
    }
    lost(findings);
}

/// Decodes what one kind of character hides and hands it out.
fn message(kind: HiddenKind, walk: &Walk, findings: &mut Findings<'_>) -> Option<String> {
    let message = walk.payloads.message(kind)?;
    findings.decoded(&message);
    Some(message)
}

/// Notes where an earlier program replaced what it could not read.
fn lost(findings: &mut Findings<'_>) {
    if let Some(at) = findings.text.find('\u{fffd}') {
        let rest = findings.text.get(at..).unwrap_or_default();
        let length = rest.len() - rest.trim_start_matches('\u{fffd}').len();
        let span = TextSpan {
            start: at,
            end: at + length,
        };
        findings.add(SignalCode::EncInvalid, Severity::Note, span);
    }
}
