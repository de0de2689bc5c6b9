//! Characters nobody sees, words that mix scripts, blank space: what the sanitiser marked.

use super::Findings;
use crate::model::{Severity, SignalCode, TextSpan};
use crate::text::blanks::Kind;
use crate::text::rules;
use crate::text::safe::HiddenKind;
use crate::text::sanitise::{Walk, What};

pub(super) fn examine(walk: &Walk, findings: &mut Findings<'_>) {
    let tags = message(HiddenKind::Tags, walk, findings);
    let selectors = message(HiddenKind::VariationSelectors, walk, findings);
    let zero_width = message(HiddenKind::ZeroWidth, walk, findings);
    let is_page = rules::is_page(findings.text);
    let dashes = dashes(walk, findings);
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
            What::Hidden(HiddenKind::ZeroWidth) if dashes => {
                (SignalCode::UniZw, Severity::Note, None)
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
            // A page draws a run of blanks as one, whatever its source looks like.
            What::Blank(blank) if is_page && blank.kind != Kind::Odd => {
                (SignalCode::UniWs, Severity::Note, None)
            }
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

/// Tells whether every invisible character is a soft hyphen between spaces, which stood for a
/// dash in the alphabets of old programs.
fn dashes(walk: &Walk, findings: &Findings<'_>) -> bool {
    walk.found
        .iter()
        .filter(|found| found.what == What::Hidden(HiddenKind::ZeroWidth))
        .all(|found| {
            let before = findings.text.get(..found.span.start).unwrap_or_default();
            let after = findings.text.get(found.span.end..).unwrap_or_default();
            findings.get(found.span) == "\u{ad}"
                && before.ends_with(' ')
                && after.starts_with([' ', '\n', '\r'])
        })
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

#[cfg(test)]
mod tests {
    use crate::model::PeerText;
    use crate::text::scan;

    fn is_flagged(text: &str) -> bool {
        scan(&PeerText::new(text)).flagged()
    }

    #[test]
    fn a_soft_hyphen_between_spaces_is_an_old_dash() {
        assert!(!is_flagged("The alliance \u{ad} a new one \u{ad} said so."));
        assert!(is_flagged(
            "The al\u{ad}l\u{ad}i\u{ad}ance \u{ad} a new one."
        ));
        assert!(is_flagged("The alliance \u{200b} a new one."));
    }

    #[test]
    fn blank_lines_count_in_a_message_and_not_in_the_source_of_a_page() {
        let lines = "\n".repeat(40);
        assert!(is_flagged(&format!("Fine.{lines}And the rest.")));
        assert!(!is_flagged(&format!(
            "<html><body><p>Fine.</p>{lines}<p>And the rest.</p></body></html>"
        )));
        assert!(is_flagged(&format!("<div>Fine.</div>{lines}And the rest.")));
    }
}
