//! What stands beside the text of an item: what was found in it, whose channel it is, what
//! follows from a yes, and what was said before.

use jiff::tz::TimeZone;

use crate::api::Review;
use crate::model::{
    Author, CodeClass, Message, ReviewKind, Severity, Signal, SignalCode, SignalKind,
};
use crate::text::{ours, sanitise_line};
use crate::tui::theme::Role;
use crate::tui::widget::paint::{clock, day};

use super::review_paper::{Page, Paper};
use super::review_verdict::{is_draft, is_message};
use super::side::{preset_label, relay_name, trust_words};
use super::{review_contact, review_keys};

/// Cells of a line from before the item, which is context and may be cut.
const BEFORE: usize = 160;

/// Writes what was found, the channel, and what follows.
pub(super) fn context(paper: &mut Paper, page: &Page<'_>) {
    let review = page.review;
    if page.others.is_empty() && is_message(review) {
        findings(paper, review);
    }
    channel(paper, page);
    effect(paper, page);
}

fn findings(paper: &mut Paper, review: &Review) {
    let signals = signals(review);
    paper.part(&format!("SIGNALS {}", signals.len()));
    for (number, signal) in (1u32..).zip(signals) {
        paper.of_signal(number, |paper| finding(paper, number, signal));
    }
    let promise = if is_draft(review) {
        "What no rule knows is not found: read it yourself."
    } else {
        "No finding is a promise that a message is safe."
    };
    paper.words(Role::Dim, promise);
}

/// Writes what was found, how sure that is, and the words that it rests on.
pub(super) fn finding(paper: &mut Paper, number: u32, signal: &Signal) {
    let role = match signal.severity {
        Severity::Note => Role::Dim,
        Severity::Low | Severity::Medium => Role::Wait,
        Severity::High | Severity::Critical => Role::Stop,
    };
    let kind = signal.kind.words();
    let kind = kind.split_once(", ").map_or_else(
        || kind.to_owned(),
        |(what, sure)| format!("{what} ({sure})"),
    );
    let sentence = format!("{number} it {}", signal.code.sentence());
    if !paper.beside(&[(role, &sentence), (Role::Dim, &kind)]) {
        let (number, sentence) = sentence.split_once(' ').unwrap_or_default();
        paper.listed(role, &format!("{number} "), sentence);
        paper.listed(Role::Dim, "  ", &kind);
    }
    if !signal.evidence.is_empty() && !paper.theirs_beside(&signal.evidence) {
        paper.theirs_under(&signal.evidence);
    }
}

/// Returns what was found in the message of an item.
pub(super) fn signals(review: &Review) -> &[Signal] {
    let message = review.message.as_ref();
    message.map_or(&[], |message| message.signals.as_slice())
}

/// Returns all findings in a word each, for where there is room for nothing else.
pub(super) fn flags(review: &Review) -> String {
    let words = (1u32..).zip(signals(review));
    let words: Vec<_> = words
        .map(|(number, signal)| format!("{number} {}", flag(signal)))
        .collect();
    format!("⚑ {}", words.join("  "))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only what hides text has a word of its own"
)]
const fn flag(signal: &Signal) -> &'static str {
    match (signal.code.class(), signal.kind, signal.code) {
        (CodeClass::Secret, ..) => "secret",
        (CodeClass::Personal, ..) => "personal",
        (CodeClass::Link, ..) => "link",
        (CodeClass::Attachment, ..) => "file",
        (CodeClass::Inbound, SignalKind::Rule, _) => "wording",
        (CodeClass::Inbound, SignalKind::Opinion, _) => "opinion",
        (CodeClass::Inbound, SignalKind::Exact, code) => match code {
            SignalCode::UniTags | SignalCode::UniVs | SignalCode::InjHiddenMarkup => "hidden",
            SignalCode::UniZw => "invisible",
            SignalCode::UniBidi => "reordered",
            SignalCode::UniConfusable => "mixed letters",
            SignalCode::LinkSpoof => "false link",
            SignalCode::Unsigned => "unsigned",
            _ => "odd bytes",
        },
    }
}

fn channel(paper: &mut Paper, page: &Page<'_>) {
    let review = page.review;
    paper.part("CHANNEL");
    let preset = preset_label(&review.channel.preset).plain();
    let (trust, role) = trust_words(&review.channel);
    paper.together(&[(Role::Text, &preset), (role, trust)]);
    let network = if review.network.is_direct() {
        format!("over {}, with no relay between", review.network.label())
    } else {
        let relay = relay_name(&review.channel.relay, paper.width).plain();
        format!("over {}, {relay}", review.network.label())
    };
    let flagged = format!(
        "signals before: in {} of {} messages",
        review.flagged_before, review.total
    );
    if is_message(review) {
        paper.together(&[(Role::Dim, &network), (Role::Dim, &flagged)]);
    } else {
        paper.words(Role::Dim, &network);
    }
    if let Some(identity) = &page.identity {
        paper.words(Role::Text, &format!("to you as {identity}"));
    }
}

/// Writes what a yes comes to.
fn effect(paper: &mut Paper, page: &Page<'_>) {
    let review = page.review;
    let several = !page.others.is_empty();
    match &review.item.kind {
        ReviewKind::HeldMessage { .. } => {
            paper.part("EFFECT OF RELEASE");
            let what = if several { "all of them" } else { "it" };
            let words = format!("Your assistant reads {what} under {}:", review.policy);
            paper.words(Role::Text, &words);
            terms(paper, review);
        }
        ReviewKind::HeldDraft { expires, .. } => {
            paper.part("WHAT LEAVES");
            let what = if several {
                "All of these texts, as they are."
            } else {
                "This text as it is, or your version of it. Nothing else."
            };
            paper.words(Role::Text, what);
            paper.words(
                Role::Text,
                &page.keys.fill(
                    "After your yes it waits a moment; <main.take_back> takes it back until then.",
                ),
            );
            let until = format!(
                "Not after {} {}: then it counts as refused.",
                day(*expires, page.zone),
                clock(*expires, page.zone)
            );
            paper.words(Role::Text, &until);
            paper.words(Role::Dim, &format!("Judged under {}.", review.policy));
        }
        ReviewKind::ContactRequest { .. } => {
            if let Some(asked) = &review.asked {
                return review_contact::effect(paper, review, asked);
            }
            paper.part("EFFECT OF ACCEPTING");
            paper.words(
                Role::Text,
                "Accepting pins this key: messages can go both ways, and a different key stops \
                 the channel.",
            );
            let words = format!("Your assistant acts under {}:", review.policy);
            paper.words(Role::Text, &words);
            terms(paper, review);
        }
        ReviewKind::KeyChange { reason, .. } => {
            paper.part("WHAT FOLLOWS");
            review_keys::outcomes(paper, page.keys, *reason);
        }
    }
}

fn terms(paper: &mut Paper, review: &Review) {
    for term in &review.terms {
        paper.listed(Role::Text, "· ", term);
    }
}

/// Writes what was said before, one line each.
pub(super) fn before(paper: &mut Paper, page: &Page<'_>) {
    if page.review.before.is_empty() {
        return;
    }
    paper.part("BEFORE THIS");
    for message in &page.review.before {
        said(paper, message, page.zone);
    }
}

fn said(paper: &mut Paper, message: &Message, zone: &TimeZone) {
    let (arrow, who) = match message.author {
        Author::Peer => ("┆ ", "theirs  "),
        Author::Human => ("→ ", "you  "),
        Author::Assistant => ("→ ", "your assistant  "),
    };
    let head = ours(&format!("{} {arrow}{who}", clock(message.at, zone)));
    let room = paper.width.saturating_sub(head.width()).min(BEFORE);
    let line = sanitise_line(message.content.text(), room);
    paper.row(vec![(Role::Dim, head), (Role::Text, line)]);
}
