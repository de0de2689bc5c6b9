//! Reads what a person typed into a search.
//!
//! Nothing is an error: what is not understood as an operator is searched as words, and a note
//! says so.

use std::ops::Range;

use jiff::tz::TimeZone;

use crate::model::UnixMillis;

use super::{dates, tokens::tokens};

/// Words, filters and notes of one query are each at most so many.
const MOST: usize = 32;

/// What is wanted, as it was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Words and phrases.
    pub terms: Vec<Term>,
    /// What else has to hold.
    pub filters: Vec<Wish>,
    /// What was not understood, in the order it stands.
    pub notes: Vec<Note>,
}

impl Query {
    /// Tells whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.filters.is_empty()
    }
}

/// Words that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The words, folded.
    pub words: Vec<String>,
    /// Whether the last word may go on.
    pub prefix: bool,
    /// Whether it is one word that may stand anywhere inside another one.
    pub inside: bool,
    /// Whether they must not stand in it.
    pub not: bool,
}

/// A filter, or that it must not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What is asked.
    pub filter: Filter,
    /// Whether the opposite is wanted.
    pub not: bool,
}

/// What a person can ask for beside words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// `from:`
    From(From),
    /// `channel:` and the folded words of a part of its local name.
    Channel(Vec<String>),
    /// `is:`
    Is(Is),
    /// `has:`
    Has(Has),
    /// `before:`, `after:` and `on:`; the end is not part of it.
    Time(Range<UnixMillis>),
}

/// Who wrote it, or decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The person at this side.
    Me,
    /// The other side.
    Them,
    /// The assistant at this side.
    Assistant,
}

/// What it is, or what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// It waits for a person.
    Held,
    /// Something was found in it that weighs more than a note.
    Flagged,
    /// It left.
    Sent,
    /// Nobody answered in time.
    Expired,
    /// A person refused it.
    Refused,
    /// A message.
    Message,
    /// An entry of the decision log.
    Decision,
    /// A note that a person keeps.
    Note,
}

/// What is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// An address on the web.
    Link,
    /// A file, or the name of one.
    File,
}

/// Something that was not understood; what was typed is still searched, where it has words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// There is no operator of this name.
    NoOperator(String),
    /// The operator does not know this value.
    NoValue(&'static str, String),
    /// It names no date.
    NoDate(&'static str, String),
    /// It has neither letters nor digits.
    NoWords(String),
    /// What stands behind the first 32 words or filters is left out.
    TooMany,
}

impl Note {
    /// Returns one sentence for a person; it repeats what they typed.
    pub fn sentence(&self) -> String {
        match self {
            Self::NoOperator(name) => format!("“{name}:” is no operator; searched as a word."),
            Self::NoValue(name, value) => {
                let known = known(name);
                format!("{name}: knows {known}, not “{value}”; searched as words.")
            }
            Self::NoDate(name, value) => format!(
                "{name}: “{value}” is no date such as 2026-11-26, sep or yesterday; searched as words."
            ),
            Self::NoWords(text) => {
                format!("“{text}” has neither letters nor digits and is left out.")
            }
            Self::TooMany => format!("Only the first {MOST} words and operators are searched."),
        }
    }
}

fn known(name: &str) -> &'static str {
    match name {
        "from" => "me, them and assistant",
        "is" => "held, flagged, sent, expired, refused, message, decision and note",
        "has" => "link and file",
        _ => "a part of a channel's name",
    }
}

/// Reads a query. `now` and the zone say what `yesterday` means.
pub fn parse(text: &str, now: UnixMillis, zone: &TimeZone) -> Query {
    let mut reader = Reader {
        query: Query::default(),
        now,
        zone,
    };
    for piece in pieces(text) {
        if reader.query.terms.len() >= MOST || reader.query.filters.len() >= MOST {
            reader.query.notes.push(Note::TooMany);
            break;
        }
        reader.take(&piece);
    }
    reader.query.notes.truncate(MOST);
    reader.query
}

/// One word, phrase or operator as it was typed.
#[derive(Debug)]
struct Piece<'a> {
    whole: &'a str,
    not: bool,
    /// What stands before a colon.
    name: Option<&'a str>,
    /// The word, or what stands behind the colon, without quotes.
    value: &'a str,
    quoted: bool,
}

const QUOTES: [char; 5] = ['"', '“', '”', '„', '‟'];

/// Cuts a query at spaces outside of quotes. A quote that is not closed goes on to the end.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let piece = first_piece(rest);
        rest = rest
            .get(piece.whole.len()..)
            .unwrap_or_default()
            .trim_start();
        found.push(piece);
    }
    found
}

fn first_piece(text: &str) -> Piece<'_> {
    let signed = text
        .strip_prefix('-')
        .filter(|rest| rest.chars().next().is_some_and(|c| !c.is_whitespace()));
    let body = signed.unwrap_or(text);
    let name = body
        .find(|c: char| !c.is_ascii_alphabetic())
        .and_then(|end| Some((body.get(..end)?, body.get(end..)?)))
        .filter(|(name, rest)| !name.is_empty() && rest.starts_with(':'))
        .map(|(name, _)| name);
    let value = name.map_or(body, |name| body.get(name.len() + 1..).unwrap_or_default());
    let opened = value.strip_prefix(QUOTES);
    let length = |part: &str| text.len() - part.len();
    let (value, quoted, end) = if let Some(inside) = opened {
        let close = inside.find(QUOTES);
        let value = inside
            .get(..close.unwrap_or(inside.len()))
            .unwrap_or(inside);
        let after = close
            .and_then(|at| inside.get(at..))
            .map(|rest| rest.strip_prefix(QUOTES).unwrap_or(rest));
        (value, true, length(after.unwrap_or_default()))
    } else {
        let close = value.find(char::is_whitespace).unwrap_or(value.len());
        let (value, after) = value.split_at_checked(close).unwrap_or((value, ""));
        (value, false, length(after))
    };
    Piece {
        whole: text.get(..end).unwrap_or(text),
        not: signed.is_some(),
        name,
        value,
        quoted,
    }
}

struct Reader<'a> {
    query: Query,
    now: UnixMillis,
    zone: &'a TimeZone,
}

impl Reader<'_> {
    fn take(&mut self, piece: &Piece<'_>) {
        let Some(name) = piece.name else {
            self.words(piece.value, piece);
            return;
        };
        match self.filter(name, piece.value) {
            Ok(filter) => self.query.filters.push(Wish {
                filter,
                not: piece.not,
            }),
            Err(note) => {
                self.query.notes.extend(note);
                let whole = piece.whole;
                let typed = if piece.not {
                    whole.strip_prefix('-').unwrap_or(whole)
                } else {
                    whole
                };
                self.words(typed, piece);
            }
        }
    }

    /// Reads an operator; the error is what to say of it, if anything.
    fn filter(&self, name: &str, value: &str) -> Result<Filter, Option<Note>> {
        let lower = value.to_lowercase();
        // A name that has no value yet is still being typed.
        let unknown = |name: &'static str| {
            let note = Note::NoValue(name, value.to_owned());
            Err((!value.is_empty()).then_some(note))
        };
        match name.to_ascii_lowercase().as_str() {
            "from" => match lower.as_str() {
                "me" | "you" | "myself" => Ok(Filter::From(From::Me)),
                "them" | "theirs" | "peer" => Ok(Filter::From(From::Them)),
                "assistant" => Ok(Filter::From(From::Assistant)),
                _ => unknown("from"),
            },
            "is" => match lower.as_str() {
                "held" => Ok(Filter::Is(Is::Held)),
                "flagged" => Ok(Filter::Is(Is::Flagged)),
                "sent" => Ok(Filter::Is(Is::Sent)),
                "expired" => Ok(Filter::Is(Is::Expired)),
                "refused" => Ok(Filter::Is(Is::Refused)),
                "message" => Ok(Filter::Is(Is::Message)),
                "decision" => Ok(Filter::Is(Is::Decision)),
                "note" => Ok(Filter::Is(Is::Note)),
                _ => unknown("is"),
            },
            "has" => match lower.as_str() {
                "link" | "url" => Ok(Filter::Has(Has::Link)),
                "file" | "attachment" => Ok(Filter::Has(Has::File)),
                _ => unknown("has"),
            },
            "channel" => {
                let words = words(value);
                if words.is_empty() {
                    return unknown("channel");
                }
                Ok(Filter::Channel(words))
            }
            "before" => self.time("before", value),
            "after" => self.time("after", value),
            "on" => self.time("on", value),
            // `https://…` and `Re:` are words like any other.
            _ if value.is_empty() || value.starts_with("//") => Err(None),
            _ => Err(Some(Note::NoOperator(name.to_owned()))),
        }
    }

    fn time(&self, name: &'static str, value: &str) -> Result<Filter, Option<Note>> {
        let Some(span) = dates::read(value, self.now, self.zone) else {
            let note = Note::NoDate(name, value.to_owned());
            return Err((!value.is_empty()).then_some(note));
        };
        Ok(Filter::Time(match name {
            "before" => UnixMillis(i64::MIN)..span.start,
            "after" => span.start..UnixMillis(i64::MAX),
            _ => span,
        }))
    }

    fn words(&mut self, typed: &str, piece: &Piece<'_>) {
        let words = words(typed);
        if words.is_empty() {
            if !typed.trim_matches(['-', ':', '"']).is_empty() {
                self.query.notes.push(Note::NoWords(typed.to_owned()));
            }
            return;
        }
        let starred = piece.name.is_none() && typed.starts_with('*');
        let inside = starred && !piece.quoted && words.len() == 1;
        self.query.terms.push(Term {
            words,
            prefix: !piece.quoted,
            inside,
            not: piece.not,
        });
    }
}

fn words(text: &str) -> Vec<String> {
    tokens(text)
        .into_iter()
        .take(MOST)
        .map(|token| token.word)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_763_505_660_000);

    fn read(text: &str) -> Query {
        parse(text, NOW, &TimeZone::UTC)
    }

    fn term(words: &str, prefix: bool, not: bool) -> Term {
        Term {
            words: words.split(' ').map(str::to_owned).collect(),
            prefix,
            inside: false,
            not,
        }
    }

    #[test]
    fn a_star_before_one_word_looks_inside_of_words() {
        let inside = |word, not| Term {
            inside: true,
            ..term(word, true, not)
        };
        let query = read("*Log -*gram* \"*log\" *a-b a*b");
        let expected = [
            inside("log", false),
            inside("gram", true),
            term("log", false, false),
            term("a b", true, false),
            term("a b", true, false),
        ];
        assert_eq!(query.terms, expected);
        assert_eq!(read("*").notes, [Note::NoWords("*".to_owned())]);
    }

    #[test]
    fn words_phrases_and_what_must_not_be() {
        let query = read("Hold “Thu 14:00” -draft -\"not this\" Crème");
        let expected = [
            term("hold", true, false),
            term("thu 14 00", false, false),
            term("draft", true, true),
            term("not this", false, true),
            term("creme", true, false),
        ];
        assert_eq!(query.terms, expected);
        assert_eq!((query.filters, query.notes), (Vec::new(), Vec::new()));
    }

    #[test]
    fn every_operator_of_the_screen_is_known() {
        let query = read(
            "from:me from:them FROM:assistant channel:\"Marta R\" is:held is:flagged is:sent \
             is:expired has:link -has:file before:2025-11-26 after:sep on:yesterday",
        );
        assert_eq!(query.notes, []);
        assert_eq!(query.terms, []);
        assert_eq!(query.filters.len(), 13);
        let channel = Filter::Channel(vec!["marta".to_owned(), "r".to_owned()]);
        assert!(query.filters.iter().any(|wish| wish.filter == channel));
        let file = Wish {
            filter: Filter::Has(Has::File),
            not: true,
        };
        assert!(query.filters.contains(&file));
    }

    #[test]
    fn what_is_no_operator_is_searched_as_words_and_said() {
        let query = read("frm:bob is:lost on:never https://a.example Re: channel:");
        let expected = [
            term("frm bob", true, false),
            term("is lost", true, false),
            term("on never", true, false),
            term("https a example", true, false),
            term("re", true, false),
            term("channel", true, false),
        ];
        assert_eq!(query.terms, expected);
        let said: Vec<_> = query.notes.iter().map(Note::sentence).collect();
        assert_eq!(
            said,
            [
                "“frm:” is no operator; searched as a word.",
                "is: knows held, flagged, sent, expired, refused, message, decision and note, \
                 not “lost”; searched as words.",
                "on: “never” is no date such as 2026-11-26, sep or yesterday; searched as words.",
            ]
        );
    }

    #[test]
    fn a_quote_that_is_not_closed_goes_on_to_the_end() {
        assert_eq!(
            read("a \"b c").terms.last(),
            Some(&term("b c", false, false))
        );
        assert_eq!(read("- -- \"\"").terms, []);
        assert_eq!(read("→").notes, [Note::NoWords("→".to_owned())]);
    }

    #[test]
    fn a_very_long_query_is_cut_and_says_so() {
        let query = read(&"word ".repeat(100));
        assert_eq!(
            (query.terms.len(), query.notes),
            (MOST, vec![Note::TooMany])
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_no_word_of_it_is_lost(text in any::<String>()) {
            let query = read(&text);
            let expected: Vec<_> = words(&text);
            let known = query.filters.len();
            let read: usize = query.terms.iter().map(|term| term.words.len()).sum();
            // What is no filter is a word, up to the most that is searched.
            prop_assert!(known > 0 || read >= expected.len().min(MOST));
        }

        #[test]
        fn operators_in_any_mixture_are_read(
            text in "(-?(from|is|has|on|channel|zz):?(me|held|link|7d|“x y”|\"|é)? ?){0,6}",
        ) {
            let query = read(&text);
            for note in &query.notes {
                prop_assert!(!note.sentence().is_empty());
            }
        }
    }
}
