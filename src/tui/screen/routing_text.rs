//! How a message stands among others, in words: how far its author is proven, its kind, its
//! topic, what it answers, and for whom it was.
//!
//! Must not: put a word that somebody else chose on a row unless it passed `crate::text`.

use jiff::tz::TimeZone;

use crate::model::{
    Audience, Author, Message, MessageKind, PeerText, Provenance, Routing, UnixMillis,
};
use crate::text::{SafeLine, ours, sanitise_line};
use crate::tui::theme::Role;
use crate::tui::widget::paint::clock;

/// Cells of a topic.
const TOPIC: usize = 48;
/// Cells of a name.
const NAME: usize = 24;
/// Cells of the beginning of a message that was answered.
const BEGINNING: usize = 32;
/// Names that are listed; of the others it is said how many they are.
const NAMES: usize = 6;

/// Pieces of a row.
pub(super) type Pieces = Vec<(Role, SafeLine)>;

/// What a row must not be broken in, and what stands before it where it does not begin a row.
type Unit = (&'static str, Pieces);

/// What is known of a message besides itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'a> {
    /// The message that it answers, where that is held.
    pub(super) answers: Option<&'a Message>,
    /// When it was answered first, and how often.
    pub(super) answered: Option<(UnixMillis, usize)>,
    /// The id that we go by there, where it is known.
    pub(super) me: Option<&'a str>,
    /// Whether all that is shown is of one topic, which is said elsewhere.
    pub(super) one_topic: bool,
    /// Whether messages of the network say what kind they are, and what they answer.
    pub(super) threads: bool,
    pub(super) zone: &'a TimeZone,
}

/// Returns how far an author is proven: a quiet mark where nothing is missing, else words.
pub(in crate::tui) const fn mark(provenance: Provenance) -> (Role, &'static str) {
    match provenance {
        Provenance::Verified => (Role::Dim, "✓ signed"),
        Provenance::Unsigned => (Role::Wait, "unsigned"),
        Provenance::WrongSignature => (Role::Stop, "✗ wrong signature"),
        Provenance::PlainText => (Role::Stop, "▲ plain text, not sealed"),
    }
}

/// Returns the rows below the head of a message, no wider than `room`.
pub(super) fn rows(message: &Message, around: &Around<'_>, room: usize) -> Vec<Pieces> {
    let Some(routing) = message.routing.as_deref() else {
        return Vec::new();
    };
    let mut units: Vec<Unit> = Vec::new();
    let own = |role, words: &str| vec![(role, ours(words))];
    if routing.repeats > 0 {
        let times = routing.repeats.saturating_add(1);
        units.push((" · ", own(Role::Dim, &format!("arrived {times} times"))));
    }
    if !around.threads {
        return broken(units, room);
    }
    if let Some(provenance) = routing.provenance {
        let (role, words) = mark(provenance);
        units.push((" · ", own(role, words)));
    }
    units.push((" · ", own(Role::Dim, routing.kind.as_str())));
    if let Some(topic) = routing.topic.as_ref().filter(|_| !around.one_topic) {
        units.push((" · ", named("topic ", topic)));
    }
    if let Some(answers) = answers(routing, around) {
        units.push((" · ", answers));
    }
    if let Some((at, times)) = around.answered {
        let mut words = format!("answered {}", clock(at, around.zone));
        if times > 1 {
            words = format!("{words} and {} more", times - 1);
        }
        units.push((" · ", own(Role::Dim, &words)));
    }
    audience(routing, message.author, around.me, &mut units);
    broken(units, room)
}

/// A word of ours, and a text of theirs on one line.
fn named(label: &str, text: &PeerText) -> Pieces {
    vec![
        (Role::Dim, ours(label)),
        (Role::Text, sanitise_line(text, TOPIC)),
    ]
}

/// Says which message it answers, by its time and how it begins.
fn answers(routing: &Routing, around: &Around<'_>) -> Option<Pieces> {
    if let Some(request) = around.answers {
        return Some(beginning("answers ", request, around.zone));
    }
    let words = if routing.answers.is_some() {
        "answers an earlier message"
    } else {
        routing.reply_to.as_ref()?;
        "answers something that is not here"
    };
    Some(vec![(Role::Dim, ours(words))])
}

/// Returns a message by its time and how it begins.
pub(super) fn beginning(label: &str, message: &Message, zone: &TimeZone) -> Pieces {
    let subject = message.content.body().map(|body| &body.subject);
    let texts = std::iter::once(message.content.text()).chain(subject);
    let mut lines = texts.flat_map(|text| text.expose_untrusted().lines());
    let first = lines.find(|line| !line.trim().is_empty());
    let line = sanitise_line(&PeerText::new(first.unwrap_or_default()), BEGINNING);
    vec![
        (
            Role::Dim,
            ours(&format!("{label}{} “", clock(message.at, zone))),
        ),
        (Role::Text, line),
        (Role::Dim, ours("”")),
    ]
}

/// Returns the rows that say where a message belongs that is being written: its kind, its topic,
/// what it answers, and the names of those who get it too.
pub(super) fn head(
    kind: MessageKind,
    topic: Option<&PeerText>,
    answers: Option<&Pieces>,
    others: &[PeerText],
    room: usize,
) -> Vec<Pieces> {
    let mut units: Vec<Unit> = vec![("", vec![(Role::Text, ours(kind.as_str()))])];
    if let Some(topic) = topic {
        units.push((" · ", named("topic ", topic)));
    }
    if let Some(answers) = answers {
        units.push((" · ", answers.clone()));
    }
    if !others.is_empty() {
        let others: Vec<_> = others.iter().collect();
        listed("also to ", names(&others), &mut units);
        units.push((", ", vec![(Role::Dim, ours("sealed for each"))]));
    }
    broken(units, room)
}

/// Says for whom it was besides the other side of the channel.
fn audience(routing: &Routing, author: Author, me: Option<&str>, units: &mut Vec<Unit>) {
    let all = match &routing.audience {
        Audience::One => return,
        Audience::Everybody => {
            let words = ours("to everybody on the relay");
            units.push((" · ", vec![(Role::Wait, words)]));
            return;
        }
        Audience::Several(all) => all,
    };
    let is_theirs = author == Author::Peer;
    let is_me = |name: &PeerText| me.is_some_and(|me| name.expose_untrusted() == me);
    let others: Vec<_> = all.iter().filter(|name| !is_me(name)).collect();
    let mut all = names(&others);
    if is_theirs {
        all.push(ours("you"));
    }
    listed("to ", all, units);
}

/// Returns names as they are listed: not all of many.
fn names(all: &[&PeerText]) -> Vec<SafeLine> {
    let shown = all.iter().take(NAMES);
    let mut lines: Vec<SafeLine> = shown.map(|name| sanitise_line(name, NAME)).collect();
    let more = all.len().saturating_sub(NAMES);
    if more > 0 {
        lines.push(ours(&format!("{more} more")));
    }
    lines
}

/// Lists names behind a word: "to bob, carol and you". A row may end behind each of them.
fn listed(label: &str, names: Vec<SafeLine>, units: &mut Vec<Unit>) {
    let last = names.len().saturating_sub(1);
    for (at, name) in names.into_iter().enumerate() {
        let mut pieces = Vec::new();
        if at == 0 {
            pieces.push((Role::Dim, ours(label)));
        } else if at == last {
            pieces.push((Role::Dim, ours("and ")));
        }
        pieces.push((Role::Text, name));
        if at + 1 < last {
            pieces.push((Role::Dim, ours(",")));
        }
        units.push((if at == 0 { " · " } else { " " }, pieces));
    }
}

fn cells(pieces: &Pieces) -> usize {
    pieces.iter().map(|(_, line)| line.width()).sum()
}

/// Puts units on rows; one that is wider than a row is cut, and says so.
fn broken(units: Vec<Unit>, room: usize) -> Vec<Pieces> {
    let mut rows: Vec<Pieces> = Vec::new();
    for (gap, pieces) in units {
        let wanted = gap.chars().count() + cells(&pieces);
        match rows.last_mut() {
            Some(row) if cells(row) + wanted <= room => {
                row.push((Role::Dim, ours(gap)));
                row.extend(pieces);
            }
            Some(_) | None => rows.push(fitted(pieces, room)),
        }
    }
    rows
}

/// Cuts the text of theirs that takes most room, so that what stands around it is kept.
pub(super) fn fitted(mut pieces: Pieces, room: usize) -> Pieces {
    let over = cells(&pieces).saturating_sub(room);
    let widest = pieces.iter_mut().max_by_key(|(_, line)| line.width());
    if let Some((_, line)) = widest.filter(|_| over > 0) {
        *line = line.truncated(line.width().saturating_sub(over));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, ChannelId, Content, MessageId, MessageKind};

    fn message(author: Author, routing: Routing) -> Message {
        Message {
            id: MessageId(2),
            channel: ChannelId(1),
            author,
            seq: None,
            at: UnixMillis(60_000),
            content: Content::Text(Body::new("", "Shall we meet?\nOr not")),
            envelope: None,
            admission: None,
            delivery: None,
            handed_over: None,
            read: true,
            signals: Vec::new(),
            passage: None,
            other: None,
            digest: false,
            routing: Some(Box::new(routing)),
        }
    }

    const NOTHING: Around<'static> = Around {
        answers: None,
        answered: None,
        me: Some("desk"),
        one_topic: false,
        threads: true,
        zone: &TimeZone::UTC,
    };

    fn said(message: &Message, around: &Around<'_>, room: usize) -> Vec<String> {
        let rows = rows(message, around, room);
        for row in &rows {
            assert!(cells(row) <= room, "{row:?}");
        }
        let plain = |row: &Pieces| row.iter().map(|(_, line)| line.plain()).collect::<String>();
        rows.iter().map(plain).collect()
    }

    #[test]
    fn the_four_ways_of_being_proven_differ_in_words_and_not_by_colour_alone() {
        let mut words: Vec<_> = Provenance::ALL.map(|one| mark(one).1).to_vec();
        for one in &words {
            assert!(one.chars().filter(char::is_ascii_alphabetic).count() > 4);
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 4);
    }

    #[test]
    fn what_a_message_says_of_itself_stands_in_one_row_where_it_fits() {
        let routing = Routing {
            topic: Some(PeerText::new("plans")),
            provenance: Some(Provenance::Unsigned),
            ..Routing::default()
        };
        let theirs = message(Author::Peer, routing);
        let wide = said(&theirs, &NOTHING, 60);
        assert_eq!(wide, ["unsigned · request · topic plans"]);
        let narrow = said(&theirs, &NOTHING, 20);
        assert_eq!(narrow, ["unsigned · request", "topic plans"]);
        let filtered = Around {
            one_topic: true,
            ..NOTHING
        };
        assert_eq!(said(&theirs, &filtered, 60), ["unsigned · request"]);
    }

    #[test]
    fn an_answer_names_what_it_answers_and_a_request_when_it_was_answered() {
        let asked = message(Author::Human, Routing::default());
        let routing = Routing {
            kind: MessageKind::Response,
            answers: Some(MessageId(2)),
            ..Routing::default()
        };
        let answer = message(Author::Peer, routing);
        let around = Around {
            answers: Some(&asked),
            ..NOTHING
        };
        let words = said(&answer, &around, 80);
        assert_eq!(words, ["response · answers 00:01 “Shall we meet?”"]);
        let words = said(&answer, &NOTHING, 80);
        assert_eq!(words, ["response · answers an earlier message"]);
        let around = Around {
            answered: Some((UnixMillis(120_000), 2)),
            ..NOTHING
        };
        let words = said(&asked, &around, 80);
        assert_eq!(words, ["request · answered 00:02 and 1 more"]);
    }

    #[test]
    fn a_message_that_was_folded_says_how_often_it_arrived_whatever_its_network() {
        let routing = Routing {
            repeats: 2,
            ..Routing::default()
        };
        let theirs = message(Author::Peer, routing);
        let plain = Around {
            threads: false,
            ..NOTHING
        };
        assert_eq!(said(&theirs, &plain, 60), ["arrived 3 times"]);
        assert_eq!(said(&theirs, &NOTHING, 60), ["arrived 3 times · request"]);
        let once = message(Author::Peer, Routing::default());
        assert_eq!(said(&once, &plain, 60), Vec::<String>::new());
    }

    #[test]
    fn recipients_are_named_and_we_are_you() {
        let names = ["bob", "carol", "desk"].map(PeerText::new).to_vec();
        let routing = Routing {
            kind: MessageKind::Notification,
            audience: Audience::Several(names),
            ..Routing::default()
        };
        let theirs = said(&message(Author::Peer, routing.clone()), &NOTHING, 80);
        assert_eq!(theirs, ["notification · to bob, carol and you"]);
        let ours = said(&message(Author::Human, routing.clone()), &NOTHING, 80);
        assert_eq!(ours, ["notification · to bob and carol"]);
        let all = Routing {
            audience: Audience::Everybody,
            ..routing
        };
        let all = said(&message(Author::Peer, all), &NOTHING, 80);
        assert_eq!(all, ["notification · to everybody on the relay"]);
    }

    #[test]
    fn what_somebody_else_chose_is_made_safe_and_never_wider_than_its_row() {
        let hostile = PeerText::new(format!("\u{1b}[2J\u{202e}{}", "x".repeat(300)));
        let routing = Routing {
            topic: Some(hostile.clone()),
            audience: Audience::Several(vec![hostile; 30]),
            provenance: Some(Provenance::PlainText),
            ..Routing::default()
        };
        for room in [24, 30, 70, 110] {
            let rows = said(&message(Author::Peer, routing.clone()), &NOTHING, room);
            assert!(rows.iter().all(|row| !row.contains('\u{1b}')));
            assert!(rows.len() < 12, "{rows:?}");
        }
    }
}
