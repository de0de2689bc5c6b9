//! Turns text from outside into text that is fit for a screen.

use std::fmt::Write as _;

use super::safe::{SafeLine, SafeSpan, SafeText, cells};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

pub(super) fn text(input: &str) -> SafeText {
    let mut altered = false;
    let lines = input
        .split('\n')
        .map(|line| one(line.strip_suffix('\r').unwrap_or(line), &mut altered))
        .collect();
    SafeText::new(lines, Vec::new(), altered)
}

pub(super) fn line(input: &str) -> SafeLine {
    let text = text(input);
    let mut spans = Vec::new();
    for (number, line) in text.lines().iter().enumerate() {
        if number > 0 {
            spans.push(SafeSpan::mark("⟦⏎⟧"));
        }
        spans.extend(line.spans().iter().cloned());
    }
    SafeLine::from_spans(spans)
}

fn one(input: &str, altered: &mut bool) -> SafeLine {
    let mut spans = Vec::new();
    let mut text = String::new();
    for c in input.chars() {
        if c == '\t' {
            text.push_str("    ");
        } else if "⟦⟧⟪⟫".contains(c) {
            text.push(c);
            text.push(c);
        } else if is_visible(c) {
            text.push(c);
        } else {
            *altered = true;
            if !text.is_empty() {
                let width = cells(&text);
                spans.push(SafeSpan::text_span(std::mem::take(&mut text), width));
            }
            let mut mark = String::new();
            if write!(mark, "⟦U+{:04X}⟧", u32::from(c)).is_ok() {
                spans.push(SafeSpan::mark(mark));
            }
        }
    }
    if !text.is_empty() {
        let width = cells(&text);
        spans.push(SafeSpan::text_span(text, width));
    }
    SafeLine::from_spans(spans)
}

fn is_visible(c: char) -> bool {
    c.general_category_group() != GeneralCategoryGroup::Other
        && c.general_category() != GeneralCategory::NonspacingMark
}
