//! What a message says, as lines of one width: its text, and what a reader could not have seen.
//!
//! Must not: give a line that did not pass `crate::text`.

use super::routing_text::Pieces;
use crate::model::{Content, Message, Part, PeerText, RawReason};
use crate::text::{HiddenKind, SafeLine, SafeText, ours, sanitise, sanitise_line, sanitise_marked};

/// Cells of a subject that are kept; a screen cuts it further.
const SUBJECT: usize = 240;
/// Bytes from which on the engine hands out only the beginning of what cannot be read.
const CUT: usize = 64 * 1024;
/// Bytes that a cut between characters can take away besides.
const CHARACTER: usize = 4;

/// A message's text at one width.
#[derive(Debug)]
pub(super) struct Wrapped {
    pub(super) subject: Option<SafeLine>,
    /// How it stands among others.
    pub(super) standing: Vec<Pieces>,
    pub(super) lines: Vec<BodyLine>,
}

/// One line below the head of a message.
#[derive(Debug)]
pub(super) enum BodyLine {
    /// What was written.
    Text(SafeLine),
    /// What this program has to say of it.
    Note(SafeLine),
    /// What invisible characters spell: a note of ours, which may be empty, and their words.
    Decoded(SafeLine, SafeLine),
}

/// Wraps a message for a text column of `room` cells.
pub(super) fn wrap(message: &Message, standing: Vec<Pieces>, room: usize) -> Wrapped {
    match &message.content {
        Content::Text(body) => {
            let mut lines = Vec::new();
            let marks = body.signals_in(&message.signals, Part::Body);
            let text = sanitise_marked(&body.body, &marks);
            if !body.body.is_empty() {
                lines.extend(text.wrap(room).into_iter().map(BodyLine::Text));
            }
            for text in [&sanitise(&body.subject), &text] {
                decoded(text, room, &mut lines);
            }
            let subject = (!body.subject.is_empty()).then(|| sanitise_line(&body.subject, SUBJECT));
            Wrapped {
                subject,
                standing,
                lines,
            }
        }
        Content::Raw { reason, payload } => Wrapped {
            subject: None,
            standing,
            lines: raw(*reason, payload, room),
        },
    }
}

fn decoded(text: &SafeText, room: usize, lines: &mut Vec<BodyLine>) {
    for hidden in text.hidden() {
        let Some(words) = &hidden.decoded else {
            continue;
        };
        let note = ours(&format!("{}, decoded: ", kind(hidden.what)));
        // The quotes of the drawing stand around the words.
        let beside = room.saturating_sub(note.width() + 2);
        let fits = words.lines().len() == 1
            && words
                .lines()
                .first()
                .is_some_and(|line| line.width() <= beside);
        if !fits {
            lines.extend(notes(&note.plain(), room));
        }
        let mut before = if fits { note } else { SafeLine::default() };
        for line in words.wrap(room.saturating_sub(2)) {
            lines.push(BodyLine::Decoded(std::mem::take(&mut before), line));
        }
    }
}

fn kind(what: HiddenKind) -> &'static str {
    match what {
        HiddenKind::Tags => "hidden tag characters",
        HiddenKind::VariationSelectors => "hidden variation selectors",
        HiddenKind::ZeroWidth => "hidden zero-width characters",
        HiddenKind::Bidi => "hidden direction controls",
        HiddenKind::Controls => "control characters",
        HiddenKind::CombiningMarks => "combining marks",
        HiddenKind::Unknown => "unknown characters",
    }
}

/// Says why a message cannot be read and how long it is, and shows how it begins.
fn raw(reason: RawReason, payload: &PeerText, room: usize) -> Vec<BodyLine> {
    let size = match payload.len() {
        cut if cut + CHARACTER > CUT => "64 KiB or more".to_owned(),
        1 => "1 byte".to_owned(),
        bytes => format!("{bytes} bytes"),
    };
    let mut lines = notes(&format!("{} · {size}", reason.sentence()), room);
    if !payload.is_empty() {
        lines.push(BodyLine::Text(sanitise_line(payload, room)));
    }
    lines
}

fn notes(words: &str, room: usize) -> Vec<BodyLine> {
    let lines = sanitise(&PeerText::new(words)).wrap(room);
    lines.into_iter().map(BodyLine::Note).collect()
}
