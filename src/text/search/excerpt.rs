//! Where in a text the words of a query stand, and the part of it that shows them.

use std::ops::Range;

use crate::model::{PeerText, Signal, TextSpan};
use crate::text::marked;
use crate::text::sanitise::{self, Note};
use crate::text::views::floor;
use crate::text::{SafeText, sanitise_marked};

use super::query::{Query, Term};
use super::tokens::{Token, tokens};

/// Bytes of a text before the first match that an excerpt shows.
const BEFORE: usize = 60;
/// Bytes of an excerpt.
const LENGTH: usize = 480;
/// Matches that are marked in one text.
const MOST: usize = 64;

/// Finds the words of a query in texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matcher {
    terms: Vec<Term>,
}

/// A part of a text, with the places of what was found in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The part, as it was written.
    pub text: PeerText,
    /// Bytes of the text that it is.
    pub place: Range<usize>,
    /// Whether it is not all of the text.
    pub cut: bool,
    /// What was found, as bytes of the part.
    pub matches: Vec<TextSpan>,
}

impl Matcher {
    /// Makes one for the words that a query wants.
    pub fn new(query: &Query) -> Self {
        let wanted = query.terms.iter().filter(|term| !term.not);
        Self {
            terms: wanted.cloned().collect(),
        }
    }

    /// Makes one for words that follow one another, the last of which may go on.
    pub fn of(words: Vec<String>) -> Self {
        let term = Term {
            words,
            prefix: true,
            inside: false,
            not: false,
        };
        Self { terms: vec![term] }
    }

    /// Returns where words of the query stand, as bytes of the text, in order and apart. At most
    /// 64 places.
    pub fn find(&self, text: &PeerText) -> Vec<TextSpan> {
        if self.terms.is_empty() {
            return Vec::new();
        }
        let tokens = tokens(text.expose_untrusted());
        let mut spans: Vec<TextSpan> = Vec::new();
        for start in 0..tokens.len() {
            let longest = self
                .terms
                .iter()
                .filter_map(|term| at(&tokens, start, term));
            let Some(span) = longest.max_by_key(|span| span.end) else {
                continue;
            };
            if let Some(last) = spans.last_mut().filter(|last| span.start <= last.end) {
                last.end = last.end.max(span.end);
            } else if spans.len() < MOST {
                spans.push(span);
            } else {
                break;
            }
        }
        spans
    }

    /// Returns the part of a text that shows what was found first, or its beginning.
    pub fn excerpt(&self, text: &PeerText) -> Excerpt {
        let found = self.find(text);
        let whole = text.expose_untrusted();
        let first = found.first().map_or(0, |span| span.start);
        let start = if first <= 2 * BEFORE {
            0
        } else {
            word_start(whole, floor(whole, first - BEFORE), first)
        };
        let end = floor(whole, (start + LENGTH).min(whole.len()));
        let place = start..end.max(start);
        let matches = found
            .iter()
            .filter(|span| span.start >= place.start && span.end <= place.end)
            .map(|span| TextSpan {
                start: span.start - place.start,
                end: span.end - place.start,
            });
        Excerpt {
            matches: matches.collect(),
            text: PeerText::new(whole.get(place.clone()).unwrap_or_default()),
            cut: start > 0 || end < whole.len(),
            place,
        }
    }
}

/// Returns the first place behind a space from `from` on, or `from` where none lies before `to`.
fn word_start(text: &str, from: usize, to: usize) -> usize {
    let part = text.get(from..to).unwrap_or_default();
    part.find(char::is_whitespace)
        .and_then(|space| part.get(space..))
        .map_or(from, |rest| to - rest.trim_start().len())
}

/// Returns the place of a term that begins at a word.
fn at(tokens: &[Token], start: usize, term: &Term) -> Option<TextSpan> {
    let last = term.words.len().checked_sub(1)?;
    let here = tokens.get(start..=start + last)?;
    let same = here
        .iter()
        .zip(&term.words)
        .zip(0..)
        .all(|((token, word), number)| {
            if term.inside {
                token.word.contains(word.as_str())
            } else if term.prefix && number == last {
                token.word.starts_with(word.as_str())
            } else {
                token.word == *word
            }
        });
    let (first, last) = (here.first()?, here.last()?);
    same.then_some(TextSpan {
        start: first.place.start,
        end: last.place.end,
    })
}

/// Makes text safe to draw as [`sanitise_marked`] does, with marks `[` and `]` around what was
/// found. Signals and matches have to be those of this very text.
pub fn sanitise_found(text: &PeerText, signals: &[Signal], matches: &[TextSpan]) -> SafeText {
    if matches.is_empty() {
        return sanitise_marked(text, signals);
    }
    let text = text.expose_untrusted();
    let mut notes: Vec<Note> = Vec::new();
    for span in matches {
        for (at, mark) in [(span.start, "["), (span.end, "]")] {
            notes.push(Note {
                at: floor(text, at.min(text.len())),
                mark: mark.to_owned(),
            });
        }
    }
    notes.extend(marked::notes(text, signals));
    // Where a match and a signal end together, the match is the inner one.
    notes.sort_by_key(|note| (note.at, rank(&note.mark)));
    sanitise::walk(text, &notes).into_text()
}

/// Returns in which order marks at one place stand.
fn rank(mark: &str) -> u8 {
    match mark {
        "]" => 0,
        "[" => 3,
        _ if mark.starts_with('⟪') => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::super::parse;
    use super::*;
    use crate::model::{Severity, SignalCode, SignalKind, UnixMillis};

    fn matcher(query: &str) -> Matcher {
        Matcher::new(&parse(query, UnixMillis(0), &TimeZone::UTC))
    }

    fn shown(query: &str, text: &str) -> String {
        let text = PeerText::new(text);
        let matches = matcher(query).find(&text);
        sanitise_found(&text, &[], &matches).plain()
    }

    #[test]
    fn whole_words_are_marked_however_they_are_written() {
        for (query, text, expected) in [
            ("hold", "Holding it, on hold.", "[Holding] it, on [hold]."),
            ("\"hold\"", "Holding it, on hold.", "Holding it, on [hold]."),
            ("\"on hold\" it", "it is On  HOLD", "[it] is [On  HOLD]"),
            ("creme -brulee", "Crème brûlée", "[Crème] brûlée"),
            ("会議", "東京会議室、会 議", "東京[会議]室、[会 議]"),
            ("京", "東京", "東[京]"),
            ("december", "Decem\u{200b}ber", "[Decem⟦U+200B⟧ber]"),
        ] {
            assert_eq!(shown(query, text), expected, "{query}");
        }
    }

    #[test]
    fn a_match_inside_a_signal_is_marked_inside_of_it() {
        let text = PeerText::new("please ignore rules");
        let signal = Signal {
            code: SignalCode::InjOverride,
            kind: SignalKind::Rule,
            severity: Severity::High,
            span: TextSpan { start: 7, end: 19 },
            evidence: PeerText::new("ignore rules"),
        };
        let matches = matcher("ignore rules").find(&text);
        let shown = sanitise_found(&text, &[signal], &matches).plain();
        assert_eq!(shown, "please ⟪1 [ignore] [rules] ⟫");
    }

    #[test]
    fn an_excerpt_begins_shortly_before_the_first_match() {
        let long = format!("{} needle {}", "word ".repeat(400), "tail ".repeat(400));
        let excerpt = matcher("needle").excerpt(&PeerText::new(long.as_str()));
        let part = excerpt.text.expose_untrusted();
        assert!(excerpt.cut && part.len() <= LENGTH && part.starts_with("word"));
        let span = excerpt.matches[0];
        assert_eq!(part.get(span.start..span.end), Some("needle"));
        assert_eq!(long.get(excerpt.place.clone()), Some(part));
        let nothing = matcher("other").excerpt(&PeerText::new(long));
        assert_eq!((nothing.place.start, nothing.matches.len()), (0, 0));
    }

    proptest! {
        #[test]
        fn any_text_has_an_excerpt_whose_matches_lie_in_it(
            text in any::<String>(), query in any::<String>(),
        ) {
            let text = PeerText::new(text);
            let excerpt = matcher(&query).excerpt(&text);
            for span in &excerpt.matches {
                prop_assert!(excerpt.text.expose_untrusted().get(span.start..span.end).is_some());
            }
            sanitise_found(&excerpt.text, &[], &excerpt.matches);
        }

        #[test]
        fn a_word_of_a_text_finds_it(text in "[a-zé漢か\u{200b} ]{1,40}") {
            let text = PeerText::new(text);
            let words = super::super::indexed(&text);
            for word in words.split(' ').filter(|word| !word.is_empty()) {
                prop_assert!(!matcher(word).find(&text).is_empty(), "{}", word);
            }
        }
    }
}
