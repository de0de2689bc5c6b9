//! The part of a review that says how a held message or draft stands among others. All of it is
//! part of what is decided, so nothing of it is cut.

use jiff::tz::TimeZone;

use crate::model::{Audience, Message, MessageKind, PeerText, Provenance};
use crate::text::ours;
use crate::tui::theme::Role;

use super::review_paper::{LABEL, Paper};
use super::routing_text::{beginning, fitted};

/// Writes how far the author is proven, and what the message says of itself.
pub(super) fn write(
    paper: &mut Paper,
    message: &Message,
    (before, threads): (&[Message], bool),
    zone: &TimeZone,
) {
    let Some(routing) = &message.routing else {
        return;
    };
    if routing.repeats > 0 {
        let times = routing.repeats.saturating_add(1);
        let words = PeerText::new(format!("{times} times, word for word the same"));
        paper.entry("arrived", Role::Text, &words);
    }
    if !threads {
        return;
    }
    if let Some(provenance) = routing.provenance {
        let role = match provenance {
            Provenance::Verified => Role::Text,
            Provenance::Unsigned => Role::Wait,
            Provenance::WrongSignature | Provenance::PlainText => Role::Stop,
        };
        let words = format!("{}: {}", provenance.label(), provenance.sentence());
        paper.entry("author", role, &PeerText::new(words));
    }
    let kind = match routing.kind {
        MessageKind::Request => "request, asks for an answer",
        MessageKind::Response => "response, answers a request",
        MessageKind::Notification => "notification, wants no answer",
    };
    paper.entry("kind", Role::Text, &PeerText::new(kind));
    if let Some(topic) = &routing.topic {
        paper.claim("topic", topic, (Role::Text, ("“", "”")));
    }
    let request = routing.answers;
    if let Some(held) = before.iter().find(|held| Some(held.id) == request) {
        let room = paper.width.saturating_sub(LABEL);
        let mut row = vec![(Role::Dim, ours(&format!("{:LABEL$}", "answers")))];
        row.extend(fitted(beginning("", held, zone), room));
        paper.row(row);
    } else if request.is_some() {
        let words = PeerText::new("an earlier message of this channel");
        paper.entry("answers", Role::Text, &words);
    } else if let Some(id) = &routing.reply_to {
        paper.claim("answers", id, (Role::Dim, ("“", "”, which is not here")));
    }
    if let Some(correlation) = &routing.correlation {
        paper.claim("belongs to", correlation, (Role::Dim, ("“", "”")));
    }
    match &routing.audience {
        Audience::One => {}
        Audience::Several(names) => {
            let label = std::iter::once("also to").chain(std::iter::repeat(""));
            for (name, label) in names.iter().zip(label) {
                paper.claim(label, name, (Role::Text, ("“", "”")));
            }
        }
        Audience::Everybody => {
            let words = PeerText::new("everybody on the relay");
            paper.entry("also to", Role::Wait, &words);
        }
    }
}
