//! The scanner: whatever bytes come in, findings lie within the text, their number is bounded,
//! what the sanitiser would mark is found, and the marked rows fit the width asked for.

#![no_main]

use chaperon::model::PeerText;
use chaperon::text::{from_bytes, original_range, sanitise, sanitise_marked, scan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (width, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let width = usize::from(*width);
    let text = from_bytes(bytes);

    let found = scan(&text);
    assert_eq!(found, scan(&text));
    assert!(found.signals.len() <= 64 && found.links.len() <= 64 && found.decoded.len() <= 64);
    for signal in &found.signals {
        let span = signal.span;
        assert!(text.expose_untrusted().get(span.start..span.end).is_some());
        let original = original_range(&text, span.start..span.end);
        assert!(original.start <= original.end && original.end <= bytes.len());
        fits_to_draw(&signal.evidence);
    }
    found.decoded.iter().chain(&found.links).for_each(fits_to_draw);
    // Nothing is hidden from a reader without a word.
    if !sanitise(&text).hidden().is_empty() {
        assert!(!found.signals.is_empty());
    }

    let marked = sanitise_marked(&text, &found.signals);
    let rows = marked.wrap(width);
    for row in &rows {
        assert!(row.width() <= width.max(1));
        assert!(!row.plain().chars().any(is_obeyed));
    }
    let written: usize = rows.iter().map(|row| row.plain().len()).sum();
    assert!(written <= 4_096 + text.len() * 24, "{written} bytes");
});

/// Checks that a text from a scan is harmless once it is sanitised.
fn fits_to_draw(text: &PeerText) {
    let safe = sanitise(text);
    for line in safe.lines() {
        assert!(!line.plain().chars().any(is_obeyed));
    }
}

/// Tells what a terminal obeys or reorders text by; joiners and selectors may shape an emoji.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}
