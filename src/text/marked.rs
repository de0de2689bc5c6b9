//! Draws findings into the text that they were found in.

use crate::model::{Severity, Signal, TextSpan};

use super::sanitise::Note;

/// Regions that are marked; what lies behind them is in the list of signals all the same.
const MOST_REGIONS: usize = 64;

/// A stretch of text and the numbers of the signals that lie in it.
struct Region {
    span: TextSpan,
    numbers: Vec<usize>,
}

/// Returns the marks of signals: `⟪1 ` before and ` ⟫` behind a span, with all the numbers of
/// spans that overlap, so that marks never cross. Numbers count from 1 in the order given;
/// notes of no weight are not marked.
pub(super) fn notes(text: &str, signals: &[Signal]) -> Vec<Note> {
    let mut weighty: Vec<(usize, TextSpan)> = (1..)
        .zip(signals)
        .filter(|(_, signal)| signal.severity > Severity::Note)
        .map(|(number, signal)| (number, signal.span))
        .collect();
    weighty.sort_by_key(|(_, span)| *span);
    let mut regions: Vec<Region> = Vec::new();
    for (number, span) in weighty {
        match regions.last_mut() {
            Some(last) if span.start < last.span.end || span.start == last.span.start => {
                last.span.end = last.span.end.max(span.end);
                last.numbers.push(number);
            }
            _ => regions.push(Region {
                span,
                numbers: vec![number],
            }),
        }
    }
    let end = text.len();
    regions
        .into_iter()
        .take(MOST_REGIONS)
        .flat_map(|region| {
            let numbers: Vec<String> = region.numbers.iter().map(usize::to_string).collect();
            let opening = Note {
                at: region.span.start.min(end),
                mark: format!("⟪{} ", numbers.join(",")),
            };
            let closing = Note {
                at: region.span.end.min(end),
                mark: " ⟫".to_owned(),
            };
            [opening, closing]
        })
        .collect()
}
