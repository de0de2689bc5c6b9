//! Text from outside: whatever bytes come in, nothing a terminal obeys goes out, and rows stay
//! within the width asked for.

#![no_main]

use chaperon::model::PeerText;
use chaperon::text::{SafeLine, SafeText, sanitise, sanitise_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (width, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let width = usize::from(*width);
    let text = PeerText::new(String::from_utf8_lossy(bytes));

    let safe = sanitise(&text);
    check(&safe);
    for row in safe.wrap(width) {
        check_line(&row);
        assert!(row.width() <= width.max(1));
    }
    let line = sanitise_line(&text, width);
    check_line(&line);
    assert!(line.width() <= width);
    let once = safe.plain();
    assert!(once.len() <= 64 + text.len() * 24);
    check(&sanitise(&PeerText::new(once)));
});

fn check(text: &SafeText) {
    text.lines().iter().for_each(check_line);
    for hidden in text.hidden() {
        hidden.decoded.iter().for_each(check);
    }
}

fn check_line(line: &SafeLine) {
    assert!(!line.plain().chars().any(is_forbidden));
    let cells: usize = line.spans().iter().map(|span| span.width()).sum();
    assert_eq!(line.width(), cells);
}

/// The characters that steer terminals, reorder text or hide in it, named one by one so that
/// the sanitiser's own table is not its judge. Joiners, selectors and the tags of flags are
/// absent: they stay where they shape a character.
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e001f}' | '\u{f0000}'..='\u{10ffff}')
}
