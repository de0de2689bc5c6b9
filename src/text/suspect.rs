//! Joins the opinion of the model with what the rules noted.
//!
//! The opinion is never the only ground: it counts only beside at least one named finding of
//! the rules or the characters, and the more of those there are, the less it takes.
//!
//! Must not: hold on the opinion alone, or do I/O.

use std::collections::BTreeSet;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfkc_quick};

use super::LONGEST_EVIDENCE;
use super::opinion::Opinion;
use super::{rules, views};
use crate::model::{PeerText, Severity, Signal, SignalCode, SignalKind, TextSpan};

/// What must be reached for the opinion to count: the log-odds of the model over its threshold,
/// with what the notes add.
const ENOUGH: f32 = 0.6;

/// Notes beyond which more of them add nothing: a long text collects some by chance.
const MOST: f32 = 1.2;

/// Codes whose notes stand in attacks five times as often as in letters, measured on the
/// development set.
const TELLING: &[SignalCode] = &[
    SignalCode::InjOverride,
    SignalCode::InjTrigger,
    SignalCode::InjObfuscated,
    SignalCode::LeakPrompt,
    SignalCode::LeakSecret,
    SignalCode::ActMoney,
    SignalCode::ActDestruct,
    SignalCode::SocApproval,
    SignalCode::SocAuthority,
    SignalCode::SocCovert,
    SignalCode::MemPoison,
    SignalCode::PropReplicate,
    SignalCode::UiSpoof,
];

/// Says what a note adds to the log-odds of the model.
fn weight(code: SignalCode) -> f32 {
    if TELLING.contains(&code) { 0.4 } else { 0.1 }
}

/// Adds the opinion on a text and its other views to its findings, if it counts.
pub(super) fn add(
    text: &str,
    respelled: &[String],
    judge: &dyn Fn(&str) -> Opinion,
    signals: &mut Vec<Signal>,
) {
    let codes: BTreeSet<SignalCode> = signals.iter().map(|signal| signal.code).collect();
    if codes.is_empty() {
        return;
    }
    // Its time is bounded as that of the rules is: the middle of a large text is not read.
    let (head, tail) = rules::ends(text);
    let (mut score, mut span) = plain(head, judge);
    if !tail.is_empty() {
        let last = plain(tail, judge).0;
        if last > score {
            score = last;
            span = None;
        }
    }
    for view in respelled {
        let hidden = judge(view).score;
        if hidden > score {
            score = hidden;
            span = None;
        }
    }
    let notes: f32 = codes.iter().map(|code| weight(*code)).sum();
    if score + notes.min(MOST) < ENOUGH {
        return;
    }
    let (start, end) = span.unwrap_or((0, text.len()));
    let evidence = text.get(start..end).unwrap_or_default();
    signals.push(Signal {
        code: SignalCode::ModelSuspect,
        kind: SignalKind::Opinion,
        severity: Severity::Medium,
        span: TextSpan { start, end },
        evidence: PeerText::new(evidence.chars().take(LONGEST_EVIDENCE).collect::<String>()),
    });
}

/// Asks for an opinion on the text; also returns the first sentence that speaks for an attack,
/// where the text is read as it stands.
fn plain(text: &str, judge: &dyn Fn(&str) -> Opinion) -> (f32, Option<(usize, usize)>) {
    let is_view = || {
        let shown = |c| !views::is_invisible(c) && !is_phrase(c);
        text.chars().all(shown) && is_nfkc_quick(text.chars()) == IsNormalized::Yes
    };
    let opinion = if text.is_ascii() || is_view() {
        judge(text)
    } else {
        let letters = text.chars().filter(|c| !is_phrase(*c));
        let view: String = letters
            .nfkc()
            .filter(|c| !views::is_invisible(*c))
            .collect();
        let mut opinion = judge(&view);
        if view != text {
            opinion.spans.clear();
        }
        opinion
    };
    let first = opinion.spans.first().map(|span| (span.start, span.end));
    (opinion.score, first)
}

/// Tells the two characters that each stand for a formula of reverence. Written out, as they would
/// be, a text of nothing else is five times as long.
const fn is_phrase(c: char) -> bool {
    matches!(c, '\u{fdfa}' | '\u{fdfb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(code: SignalCode) -> Signal {
        Signal {
            code,
            kind: SignalKind::Rule,
            severity: Severity::Note,
            span: TextSpan::default(),
            evidence: PeerText::default(),
        }
    }

    fn suspects(score: f32, notes: &[SignalCode]) -> bool {
        let mut signals: Vec<Signal> = notes.iter().copied().map(note).collect();
        let judge = |_: &str| Opinion {
            score,
            spans: Vec::new(),
        };
        add("See you on Friday.", &[], &judge, &mut signals);
        signals
            .iter()
            .any(|signal| signal.code == SignalCode::ModelSuspect)
    }

    #[test]
    fn the_opinion_alone_counts_for_nothing() {
        assert!(!suspects(100.0, &[]));
        assert!(suspects(100.0, &[SignalCode::ActTool]));
    }

    #[test]
    fn the_more_is_noted_the_less_opinion_it_takes() {
        assert!(!suspects(0.3, &[SignalCode::ActTool]));
        assert!(suspects(0.3, &[SignalCode::LeakSecret]));
        assert!(!suspects(
            -3.0,
            &[SignalCode::LeakSecret, SignalCode::SocCovert]
        ));
    }

    #[test]
    fn hidden_text_is_judged_too() {
        let mut signals = vec![note(SignalCode::InjObfuscated)];
        let judge = |view: &str| Opinion {
            score: if view == "hidden" { 5.0 } else { -5.0 },
            spans: Vec::new(),
        };
        add("shown", &["hidden".to_owned()], &judge, &mut signals);
        assert_eq!(signals.len(), 2);
    }
}
