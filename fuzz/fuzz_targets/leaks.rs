//! Drafts: whatever is written, a finding lies within the text and on borders of characters.

#![no_main]

use chaperon::model::PeerText;
use chaperon::text::leaks;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes).into_owned();
    for signal in leaks(&PeerText::new(text.clone())) {
        assert!(text.get(signal.span.start..signal.span.end).is_some());
        assert!(signal.evidence.expose_untrusted().chars().count() <= 120);
    }
});
