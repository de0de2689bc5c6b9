//! The paper of a held message or draft: why it waits, and its text in the chosen look.

use crate::api::Review;
use crate::model::{Body, Content, Part, PeerText, ReviewKind, Signal};
use crate::text::{sanitise, sanitise_marked};
use crate::tui::theme::Role;
use crate::tui::widget::paint::{clock, day};

use super::review::Look;
use super::review_paper::{Page, Paper, capital};
use super::review_standing;
use super::review_verdict::words_of;
use super::review_words::Purpose;

/// Writes why it is held and what it says, then what the person wrote in its place.
pub(super) fn write(paper: &mut Paper, page: &Page<'_>, review: &Review) {
    let purpose = match &review.item.kind {
        ReviewKind::HeldDraft {
            rule,
            reason,
            expires,
            ..
        } => {
            paper.entry("held by", Role::Wait, &PeerText::new(rule.as_str()));
            if !reason.is_empty() {
                paper.entry("it", Role::Wait, &PeerText::new(reason.as_str()));
            }
            let until = format!(
                "{} {}",
                day(*expires, page.zone),
                clock(*expires, page.zone)
            );
            paper.entry("waits until", Role::Wait, &PeerText::new(until));
            Purpose::Edit
        }
        ReviewKind::HeldMessage { rule, .. } => {
            paper.entry("held by", Role::Wait, &PeerText::new(rule.as_str()));
            Purpose::OwnWords
        }
        ReviewKind::ContactRequest { .. } | ReviewKind::KeyChange { .. } => return,
    };
    if let Some(message) = &review.message {
        let threads = review.network.has_threads();
        review_standing::write(paper, message, (&review.before, threads), page.zone);
    }
    paper.blank();
    text(paper, review, page.look);
    for purpose in [purpose, Purpose::Reason] {
        if let Some(words) = page.written.text(purpose) {
            paper.blank();
            paper.words(Role::Heading, instead(purpose));
            paper.theirs(&words);
        }
    }
}

const fn instead(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Edit => "YOUR VERSION, which leaves in its place",
        Purpose::OwnWords => "YOUR WORDS, which go to your assistant in its place",
        Purpose::Reason => "WHY NOT, if you refuse: your assistant reads this",
    }
}

/// The message in the chosen look.
fn text(paper: &mut Paper, review: &Review, look: Look) {
    let message = review.message.as_ref();
    match (message.map(|message| &message.content), look) {
        (Some(Content::Text(body)), Look::Safe) => {
            let signals = message.map(|message| message.signals.as_slice());
            safe_text(paper, body, signals.unwrap_or_default());
        }
        (Some(Content::Text(body)), Look::Raw) => {
            paper.words(
                Role::Dim,
                "The raw text as it came; what is not plain is written as its code",
            );
            paper.theirs(&raw(&body.judged()));
        }
        (Some(Content::Text(_)), Look::Assistant) => assistants(paper, review),
        (Some(Content::Raw { reason, payload }), _) => {
            paper.words(Role::Wait, &capital(reason.sentence()));
            paper.theirs(payload);
        }
        (None, _) => paper.words(Role::Dim, "The message is gone."),
    }
}

/// The parts of a body, each with its own signals marked under the numbers of the whole list.
fn safe_text(paper: &mut Paper, body: &Body, signals: &[Signal]) {
    let of = |part: Part| body.signals_in(signals, part);
    if !body.subject.is_empty() {
        paper.words(Role::Dim, "Subject");
        paper.behind_gutter(&sanitise_marked(&body.subject, &of(Part::Subject)));
        paper.words(Role::Dim, "Text");
    }
    paper.behind_gutter(&sanitise_marked(&body.body, &of(Part::Body)));
    if body.metadata.expose_untrusted() != "{}" {
        paper.words(Role::Dim, "Metadata");
        paper.behind_gutter(&sanitise_marked(&body.metadata, &of(Part::Metadata)));
    }
    for part in [&body.subject, &body.body, &body.metadata] {
        hidden(paper, part);
    }
}

/// Writes what invisible characters spell.
pub(super) fn hidden(paper: &mut Paper, text: &PeerText) {
    for hidden in sanitise(text).hidden() {
        let Some(decoded) = &hidden.decoded else {
            continue;
        };
        paper.words(
            Role::Stop,
            &format!("Hidden text, decoded ({} characters):", hidden.count),
        );
        paper.behind_gutter(decoded);
    }
}

/// Writes every character that is no plain letter, mark or line end as its code.
fn raw(text: &PeerText) -> PeerText {
    let mut codes = String::new();
    for c in text.expose_untrusted().chars() {
        match c {
            '\n' | ' '..='~' => codes.push(c),
            _ => codes.extend(c.escape_unicode()),
        }
    }
    PeerText::new(codes)
}

/// What `check` would give: the instructions, then the words under their untrusted names.
fn assistants(paper: &mut Paper, review: &Review) {
    let given = review.clean.as_ref();
    let words = words_of(review.message.as_ref());
    paper.words(Role::Dim, "instructions");
    paper.theirs(&PeerText::new(review.channel.instructions.as_str()));
    paper.words(Role::Dim, "unsafe_subject");
    paper.theirs(&raw(&words.subject));
    paper.words(Role::Dim, "unsafe_body");
    paper.theirs(&raw(&words.body));
    if let Some(clean) = given.filter(|clean| clean.body != words.body) {
        paper.words(Role::Dim, "unsafe_body, with hidden text removed");
        paper.theirs(&raw(&clean.body));
    }
}
