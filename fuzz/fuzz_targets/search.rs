//! Whatever is typed and whatever is searched: nothing panics, places lie in the text, and what
//! is marked passes the sanitiser.

#![no_main]

use chaperon::model::{PeerText, UnixMillis};
use chaperon::text::search::{Matcher, indexed, parse, sanitise_found};
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (query, text) = text.split_once('\n').unwrap_or((&text, &text));
    let query = parse(query, UnixMillis(1_763_505_660_000), &TimeZone::UTC);
    let text = PeerText::new(text);
    let matcher = Matcher::new(&query);
    let excerpt = matcher.excerpt(&text);
    for span in &excerpt.matches {
        assert!(excerpt.text.expose_untrusted().get(span.start..span.end).is_some());
    }
    let shown = sanitise_found(&excerpt.text, &[], &excerpt.matches);
    assert!(!shown.plain().chars().any(|c| c.is_control() && c != '\n'));
    let odd = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != ' ';
    assert!(!indexed(&text).contains(odd));
});
