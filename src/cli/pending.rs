//! `pending`: what waits for a person.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Map, Value, json};

use super::output::{Form, Output, human_time, json_time, one_line};
use super::{Error, Exit, channels};
use crate::api::{Handle, Reply, Request};
use crate::model::{Channel, PeerText, ReviewItem, ReviewKind};

/// Arguments of `pending`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Ends with code 3 if nothing waits.

Example:
  chaperon pending
  chaperon show 7")]
pub struct PendingArgs {
    /// How to print.
    #[command(flatten)]
    pub form: Form,
}

pub(super) async fn run(
    args: PendingArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let Reply::NeedsYou(items) = handle.ask(Request::NeedsYou).await? else {
        return Err(Error::Unexpected);
    };
    match args.form.as_json() {
        Some(style) => {
            let channels = channels::ask(handle).await?;
            let list: Value = items.iter().map(|item| listed(item, &channels)).collect();
            out.json(&list, style)?;
        }
        None => out.text(&as_text(&items))?,
    }
    Ok(if items.is_empty() {
        Exit::NothingToDo
    } else {
        Exit::Done
    })
}

fn listed(item: &ReviewItem, channels: &[Channel]) -> Value {
    let channel = channels.iter().find(|channel| channel.id == item.channel);
    Value::Object(as_json(item, channel))
}

/// Returns an item as JSON has it: what it is, then what belongs to its kind.
pub(super) fn as_json(item: &ReviewItem, channel: Option<&Channel>) -> Map<String, Value> {
    let common = members([
        ("id", json!(item.id)),
        ("kind", json!(kind(&item.kind))),
        ("channel_id", json!(channel.map(|channel| &channel.address))),
        ("name", json!(item.name)),
        ("since", json_time(Some(item.since))),
        ("seen", json!(item.seen)),
    ]);
    let own = match &item.kind {
        ReviewKind::ContactRequest {
            fingerprint,
            answers,
        } => members([
            ("fingerprint", json!(fingerprint)),
            ("answers", json!(answers)),
        ]),
        ReviewKind::KeyChange {
            pinned,
            shown,
            reason,
        } => members([
            ("pinned", json!(pinned)),
            ("shown", json!(shown)),
            ("reason", json!(reason)),
        ]),
        ReviewKind::HeldMessage {
            message,
            rule,
            signals,
            severe,
        } => members([
            ("message", json!(message)),
            ("rule", json!(rule)),
            ("signals", json!(signals)),
            ("severe", json!(severe)),
        ]),
        ReviewKind::HeldDraft {
            message,
            rule,
            reason,
            expires,
            severe,
        } => members([
            ("message", json!(message)),
            ("rule", json!(rule)),
            ("reason", json!(reason)),
            ("expires", json_time(Some(*expires))),
            ("severe", json!(severe)),
        ]),
    };
    common.into_iter().chain(own).collect()
}

/// Returns pairs with their keys owned, in the order given.
fn members<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn kind(kind: &ReviewKind) -> &'static str {
    match kind {
        ReviewKind::ContactRequest { .. } => "contact_request",
        ReviewKind::KeyChange { .. } => "key_change",
        ReviewKind::HeldMessage { .. } => "held_message",
        ReviewKind::HeldDraft { .. } => "held_draft",
    }
}

/// Returns one line on what an item is about.
pub(super) fn sentence(kind: &ReviewKind) -> String {
    match kind {
        ReviewKind::ContactRequest {
            fingerprint,
            answers,
        } => {
            let alarm = match answers {
                Some(times) if *times > 1 => format!(", the invite was answered {times} times"),
                _ => String::new(),
            };
            format!("wants a channel, key {}{alarm}", safe(&fingerprint.0))
        }
        ReviewKind::KeyChange { reason, .. } => format!("stopped: {}", reason.sentence()),
        ReviewKind::HeldMessage { rule, signals, .. } => {
            let found = match signals {
                0 => String::new(),
                1 => ", 1 signal".to_owned(),
                more => format!(", {more} signals"),
            };
            format!("held message: {}{found}", safe(rule))
        }
        ReviewKind::HeldDraft {
            rule,
            reason,
            expires,
            ..
        } => {
            let why = if reason.is_empty() { "" } else { ", it " };
            format!(
                "draft of your assistant: {}{why}{}; not sent if unanswered by {}",
                safe(rule),
                safe(reason),
                human_time(*expires)
            )
        }
    }
}

fn as_text(items: &[ReviewItem]) -> String {
    if items.is_empty() {
        return "nothing waits for you\n".to_owned();
    }
    let mut text = String::new();
    for item in items {
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "{:>5}  {}  {}: {}",
            item.id.0,
            human_time(item.since),
            one_line(&item.name),
            sentence(&item.kind),
        );
    }
    text + "look at one with: chaperon show ID\n"
}

pub(super) fn safe(text: &str) -> String {
    one_line(&PeerText::new(text))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::cli::channels::tests::channel;
    use crate::model::{
        ChannelId, Digest, Fingerprint, MessageId, ReviewId, StopReason, UnixMillis,
    };

    /// One item of each kind.
    pub(in crate::cli) fn items() -> Vec<ReviewItem> {
        let kinds = [
            ReviewKind::KeyChange {
                pinned: Some(Fingerprint("0123-4567-89ab-cdef".into())),
                shown: Fingerprint("fedc-ba98-7654-3210".into()),
                reason: StopReason::KeyChanged,
            },
            ReviewKind::ContactRequest {
                fingerprint: Fingerprint("0123-4567-89ab-cdef".into()),
                answers: Some(2),
            },
            ReviewKind::HeldMessage {
                message: MessageId(40),
                rule: "hold-in:any-signal".into(),
                signals: 3,
                severe: true,
            },
            ReviewKind::HeldDraft {
                message: MessageId(41),
                rule: "hold-out:street-address".into(),
                reason: "holds a street address".into(),
                expires: UnixMillis(1_770_769_995_123),
                severe: true,
            },
        ];
        let item = |(number, kind)| ReviewItem {
            id: ReviewId(number),
            channel: ChannelId(number),
            name: PeerText::new("Bób\u{202e}\n\u{7}"),
            kind,
            since: UnixMillis(1_770_769_095_123),
            snoozed: None,
            seen: Digest([0xab; 32]),
        };
        (1..).zip(kinds).map(item).collect()
    }

    #[test]
    fn the_list_is_one_line_per_item_whatever_its_name_contains() {
        insta::assert_snapshot!(as_text(&items()));
    }

    #[test]
    fn an_empty_list_says_so() {
        assert_eq!(as_text(&[]), "nothing waits for you\n");
    }

    #[test]
    fn the_json_has_the_hash_that_a_decision_repeats() {
        let list: Value = items()
            .iter()
            .map(|item| listed(item, &[channel()]))
            .collect();
        insta::assert_snapshot!(serde_json::to_string_pretty(&list).unwrap());
    }
}
