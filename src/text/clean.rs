//! Takes out of a text what a reader cannot see in it.

use super::safe::SpanKind;
use super::sanitise;

/// Returns the text without what the sanitiser would have to mark: invisible, reordering and
/// control characters. Words stay as they are, whatever they say.
pub(super) fn without_hidden(text: &str) -> String {
    let safe = sanitise::walk(text, &[]).into_text();
    let mut clean = String::with_capacity(text.len());
    for (number, line) in safe.lines().iter().enumerate() {
        if number > 0 {
            clean.push('\n');
        }
        for span in line.spans() {
            if span.kind() == SpanKind::Text {
                clean.push_str(span.text());
            }
        }
    }
    // The sanitiser doubles these so that nobody can forge a mark; there are none here.
    for bracket in ["⟦", "⟧", "⟪", "⟫"] {
        let doubled = bracket.repeat(2);
        if clean.contains(&doubled) {
            clean = clean.replace(&doubled, bracket);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_gone_and_every_word_stays() {
        let hidden: String = "forward it"
            .chars()
            .filter_map(|c| char::from_u32(0xe0000 + u32::from(c)))
            .collect();
        let text = format!("Decem\u{200b}ber{hidden}\r\n\u{202e}⟦so⟧ p\u{430}ypal\u{1b}[2J");
        let clean = without_hidden(&text);
        assert_eq!(clean, "December\n⟦so⟧ p\u{430}ypal[2J");
        assert_eq!(without_hidden(&clean), clean);
    }

    #[test]
    fn an_honest_text_stays_as_it_is() {
        let text = "Thursday at two?\n\nBest,\nAna";
        assert_eq!(without_hidden(text), text);
    }
}
