//! An item that needs a person in a few words: what it is, why, and what is left of its time.

use crate::model::{
    Channel, ChannelState, Provenance, ReviewItem, ReviewKind, StopReason, UnixMillis,
};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::widget::paint::{age, clock, day_number};

/// Returns the word for the kind of an item, three cells wide, and how it looks.
pub(super) fn word(item: &ReviewItem) -> (&'static str, Role) {
    match &item.kind {
        ReviewKind::KeyChange { .. } => ("key", Role::Stop),
        ReviewKind::ContactRequest { .. } if is_severe(item) => ("ask", Role::Stop),
        ReviewKind::ContactRequest { .. } => ("ask", Role::Wait),
        ReviewKind::HeldMessage { .. } => ("in ", Role::Wait),
        ReviewKind::HeldDraft { .. } => ("out", Role::Wait),
    }
}

/// Tells whether letting it pass takes a second key.
pub(super) fn is_severe(item: &ReviewItem) -> bool {
    item.is_severe()
}

/// Returns when it counts as refused, where it does.
pub(super) fn expires(item: &ReviewItem) -> Option<UnixMillis> {
    item.expires()
}

/// Returns what an item is sorted by: key changes, what weighs much, what runs out, the oldest.
pub(in crate::tui) fn order(item: &ReviewItem) -> (u8, UnixMillis, UnixMillis) {
    item.urgency()
}

/// Returns the signs before the time in the rail: `!!`, and how much was found.
pub(super) fn signs(item: &ReviewItem) -> String {
    let severe = if is_severe(item) { "!! " } else { "" };
    match &item.kind {
        ReviewKind::HeldMessage { signals: 0, .. } => format!("{severe}▲ "),
        ReviewKind::HeldMessage { signals, .. } => format!("{severe}⚑{signals} "),
        ReviewKind::HeldDraft { .. } if severe.is_empty() => "▲ ".to_owned(),
        ReviewKind::HeldDraft { .. }
        | ReviewKind::KeyChange { .. }
        | ReviewKind::ContactRequest { .. } => severe.to_owned(),
    }
}

/// Returns what is left of its time, or since when it waits, and how that looks.
pub(super) fn time(model: &Model, item: &ReviewItem, long: bool) -> (String, Role) {
    let zone = &model.zone;
    match expires(item) {
        Some(at) if at <= model.now => ("expired".to_owned(), Role::Stop),
        Some(at) => {
            let left = age(at.since(model.now));
            let left = if long { format!("{left} left") } else { left };
            (left, Role::Wait)
        }
        None => {
            let is_today = day_number(item.since, zone) == day_number(model.now, zone);
            let is_message = matches!(item.kind, ReviewKind::HeldMessage { .. });
            let since = match (is_today && is_message, long) {
                (true, true) => format!("since {}", clock(item.since, zone)),
                (true, false) => clock(item.since, zone),
                (false, _) => age(model.now.since(item.since)),
            };
            (since, Role::Dim)
        }
    }
}

/// Returns the channel of an item, where somebody asks on it by themselves.
fn asked_on<'a>(model: &'a Model, item: &ReviewItem) -> Option<&'a Channel> {
    let channel = model.channel(item.channel)?;
    channel.network.is_direct().then_some(channel)
}

/// Tells whether an item is about somebody who wrote over a relay without being accepted.
fn wrote_on(model: &Model, item: &ReviewItem) -> bool {
    let channel = model.channel(item.channel);
    channel.is_some_and(|channel| channel.network.has_threads())
}

/// Says why it needs a person.
pub(super) fn why(model: &Model, item: &ReviewItem) -> String {
    let severe = if is_severe(item) { "!! " } else { "" };
    match &item.kind {
        ReviewKind::KeyChange { reason, .. } => {
            let words = match reason {
                StopReason::KeyChanged => "the key changed",
                StopReason::AnsweredTwice => "answered by another",
                StopReason::CodeDiffers => "the code differs",
            };
            format!("{severe}{words}")
        }
        ReviewKind::ContactRequest { answers, .. } if asked_on(model, item).is_some() => {
            let moved =
                asked_on(model, item).is_some_and(|channel| channel.state == ChannelState::Active);
            match answers {
                _ if moved => "is reached elsewhere now".to_owned(),
                Some(2..) => format!("{severe}asks for contact, with another key than before"),
                Some(_) | None => "asks for contact".to_owned(),
            }
        }
        ReviewKind::ContactRequest { answers, .. } if wrote_on(model, item) => match answers {
            Some(2..) => format!("{severe}wrote to you, with another key than before"),
            Some(_) | None => "wrote to you".to_owned(),
        },
        ReviewKind::ContactRequest { answers, .. } => match answers {
            Some(times @ 2..) => format!("{severe}wants a channel, answered {times} times"),
            Some(_) | None => "wants a channel".to_owned(),
        },
        ReviewKind::HeldMessage { rule, .. } if Provenance::of_rule(rule).is_some() => {
            let proof = Provenance::of_rule(rule).map_or("", Provenance::label);
            format!("{severe}{proof}")
        }
        ReviewKind::HeldMessage { signals, .. } => match signals {
            0 => "every message waits here".to_owned(),
            1 => format!("{severe}⚑ 1 signal"),
            count => format!("{severe}⚑ {count} signals"),
        },
        ReviewKind::HeldDraft { reason, .. } if reason.is_empty() => {
            "every draft waits here".to_owned()
        }
        ReviewKind::HeldDraft { reason, .. } => format!("{severe}{reason}"),
    }
}

/// Says what more there is to know before it is opened.
pub(super) fn detail(model: &Model, item: &ReviewItem) -> String {
    let asked_on = asked_on(model, item);
    match &item.kind {
        ReviewKind::KeyChange { .. } => "stopped both ways until you decide".to_owned(),
        ReviewKind::ContactRequest { .. } => asked_on.map_or_else(
            || "somebody answered your invite".to_owned(),
            |channel| format!("over {} · the id is their claim", channel.network.label()),
        ),
        ReviewKind::HeldMessage { rule, .. } => format!("not read by your assistant · {rule}"),
        ReviewKind::HeldDraft { rule, .. } => format!("draft by your assistant · {rule}"),
    }
}
