//! `show`: one waiting item with all that is needed to decide it.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::check::metadata;
use super::output::{Form, Output, block, human_time, json_time, one_line};
use super::pending::{as_json, safe, sentence};
use super::{Error, Exit};
use crate::api::{Handle, Reply, Request, Review};
use crate::model::{
    Asked, Audience, Author, Content, Message, PeerText, ReviewId, ReviewKind, Routing, StopReason,
};

/// Arguments of `show`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
The last lines give the hash that `approve` and `refuse` ask for, so that nothing can be decided \
unseen. What the other side wrote stands behind a `┆`.

Example:
  chaperon show 7")]
pub struct ShowArgs {
    /// Number that `pending` gives
    #[arg(value_name = "ID")]
    pub item: i64,
    /// How to print.
    #[command(flatten)]
    pub form: Form,
}

pub(super) async fn run(
    args: ShowArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let item = ReviewId(args.item);
    let Reply::Review(review) = handle.ask(Request::Review { item }).await? else {
        return Err(Error::Unexpected);
    };
    match args.form.as_json() {
        Some(style) => out.json(&review_as_json(&review), style)?,
        None => out.text(&as_text(&review))?,
    }
    Ok(Exit::Done)
}

fn review_as_json(review: &Review) -> Value {
    let mut object = as_json(&review.item, Some(&review.channel));
    object.insert("network".to_owned(), json!(review.network));
    object.insert("relay".to_owned(), json!(review.channel.relay));
    object.insert(
        "content".to_owned(),
        review.message.as_ref().map_or(Value::Null, message_as_json),
    );
    let before: Value = review.before.iter().map(message_as_json).collect();
    object.insert("before".to_owned(), before);
    if review.asked.is_some() {
        object.insert("asked".to_owned(), json!(review.asked));
    }
    object.insert("policy".to_owned(), json!(review.policy));
    object.insert("flagged_before".to_owned(), json!(review.flagged_before));
    object.insert("total".to_owned(), json!(review.total));
    if differs(review) {
        object.insert("clean".to_owned(), json!(review.clean));
    }
    Value::Object(object)
}

fn message_as_json(message: &Message) -> Value {
    let mut shown = content_as_json(message);
    if let (Value::Object(members), Some(routing)) = (&mut shown, &message.routing) {
        members.insert("routing".to_owned(), json!(routing));
    }
    shown
}

fn content_as_json(message: &Message) -> Value {
    match &message.content {
        Content::Text(body) => json!({
            "message": message.id,
            "author": message.author,
            "seq": message.seq,
            "at": json_time(Some(message.at)),
            "unsafe_subject": body.subject,
            "unsafe_body": body.body,
            "unsafe_metadata": metadata(&body.metadata),
            "signals": message.signals,
        }),
        Content::Raw { reason, payload } => json!({
            "message": message.id,
            "author": message.author,
            "seq": message.seq,
            "at": json_time(Some(message.at)),
            "unreadable": reason,
            "unsafe_payload": payload,
        }),
    }
}

fn as_text(review: &Review) -> String {
    let item = &review.item;
    let mut text = format!(
        "{}: {}\n\
         channel   {} on {}\n\
         relay     {}\n\
         since     {}\n",
        one_line(&item.name),
        sentence(&item.kind),
        safe(&review.channel.address),
        review.network.label(),
        safe(&review.channel.relay),
        human_time(item.since),
    );
    if let ReviewKind::KeyChange { pinned, shown, .. } = &item.kind {
        let pinned = pinned
            .as_ref()
            .map_or_else(|| "none".to_owned(), |key| safe(&key.0));
        text.push_str(&format_key_lines(&pinned, &safe(&shown.0)));
    }
    if let Some(asked) = &review.asked
        && review.network.is_direct()
        && !review.network.asks_first()
    {
        push_connected(&mut text, asked);
    } else if let Some(asked) = &review.asked {
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "they say they are {}, reached at {}, and write:\n{}",
            one_line(&asked.unsafe_name),
            one_line(&asked.unsafe_endpoint),
            block(&asked.unsafe_purpose).trim_end_matches('\n'),
        );
    }
    for message in &review.before {
        push_message(&mut text, message);
    }
    if let Some(message) = &review.message {
        let whom = if matches!(item.kind, ReviewKind::HeldDraft { .. }) {
            "them"
        } else {
            "your assistant"
        };
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "held back from {whom}:");
        push_message(&mut text, message);
        push_signals(&mut text, message);
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "policy    {}; {} of {} messages had signals before",
            safe(&review.policy),
            review.flagged_before,
            review.total
        );
    }
    text + &commands(review)
}

/// Says what somebody proved by connecting, and what they only say.
fn push_connected(text: &mut String, asked: &Asked) {
    text.push_str(
        "they proved that they hold the wallet of this principal, and the node key above\n",
    );
    let name = if asked.unsafe_name.is_empty() {
        "they give no name".to_owned()
    } else {
        format!("they say they are \"{}\"", one_line(&asked.unsafe_name))
    };
    let places = asked.unsafe_endpoint.expose_untrusted().split(',');
    let places: Vec<_> = places.filter(|place| !place.is_empty()).collect();
    if places.is_empty() {
        let _infallible = writeln!(text, "{name}, and not where they are reached");
    } else {
        let places = PeerText::new(places.join("\n"));
        let _infallible = write!(text, "{name}, reached at:\n{}", block(&places));
    }
    if asked.unsafe_purpose.is_empty() {
        text.push_str("they have written nothing yet\n");
    } else {
        let begins = block(&asked.unsafe_purpose);
        let _infallible = write!(
            text,
            "what they wrote waits, unread by your assistant; it begins:\n{begins}"
        );
    }
}

/// Says what was found, what kind of check found it, and on which words it rests.
fn push_signals(text: &mut String, message: &Message) {
    for (number, signal) in (1..).zip(&message.signals) {
        let kind = signal.kind.words();
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "signal {number}  it {} ({}, {}; {kind})\n  ┆ {}",
            signal.code.sentence(),
            signal.code.as_str(),
            signal.severity.as_str(),
            one_line(&signal.evidence),
        );
    }
    if message.author == Author::Peer {
        text.push_str("No finding is a promise that a message is safe.\n");
    }
}

fn format_key_lines(pinned: &str, shown: &str) -> String {
    format!("pinned    {pinned}\nshown now {shown}\n")
}

fn push_message(text: &mut String, message: &Message) {
    let who = match message.author {
        Author::Peer => "theirs",
        Author::Human => "yours",
        Author::Assistant => "your assistant's",
    };
    // Writing to a String cannot fail.
    let _infallible = write!(text, "{} · {who}", human_time(message.at));
    if let Some(routing) = &message.routing {
        push_routing(text, routing);
    }
    text.push('\n');
    match &message.content {
        Content::Text(body) => {
            if !body.subject.is_empty() {
                text.push_str("  subject:\n");
                text.push_str(&block(&body.subject));
            }
            text.push_str(&block(&body.body));
            if !matches!(body.metadata.expose_untrusted(), "" | "{}") {
                text.push_str("  metadata:\n");
                text.push_str(&block(&body.metadata));
            }
        }
        Content::Raw { reason, payload } => {
            let _infallible = writeln!(text, "  {}:", reason.sentence());
            text.push_str(&block(payload));
        }
    }
}

/// Says how a message stands among others, on the line that says whose it is.
fn push_routing(text: &mut String, routing: &Routing) {
    let mut parts = vec![routing.kind.as_str().to_owned()];
    parts.extend(routing.provenance.map(|one| one.label().to_owned()));
    let topic = routing.topic.as_ref();
    parts.extend(topic.map(|topic| format!("topic {}", one_line(topic))));
    match &routing.audience {
        Audience::One => {}
        Audience::Everybody => parts.push("to everybody on the relay".to_owned()),
        Audience::Several(names) => {
            let names: Vec<_> = names.iter().map(one_line).collect();
            parts.push(format!("to {}", names.join(", ")));
        }
    }
    for part in parts {
        text.push_str(" · ");
        text.push_str(&part);
    }
}

/// The two or three lines that a person can copy to decide.
fn commands(review: &Review) -> String {
    let (id, seen) = (review.item.id, review.item.seen.hex());
    let mut text = match review.item.kind {
        ReviewKind::ContactRequest { .. } => {
            format!("accept and pin this key:\n  chaperon approve {id} --seen {seen}\n")
        }
        // The key on show is that of whoever answered beside us: nothing to pin.
        ReviewKind::KeyChange {
            reason: StopReason::AnsweredTwice,
            ..
        } => format!(
            "go on with the key you accepted:\n  \
             chaperon approve {id} --keep-pinned --seen {seen}\n\
             close the channel:\n  chaperon refuse {id} --seen {seen}\n"
        ),
        ReviewKind::KeyChange { .. } => format!(
            "pin the new key:\n  chaperon approve {id} --seen {seen}\n\
             go on with the old one:\n  chaperon approve {id} --keep-pinned --seen {seen}\n"
        ),
        ReviewKind::HeldMessage { .. } => {
            let clean = if differs(review) {
                format!(
                    "give it without what is hidden:\n  \
                     chaperon approve {id} --hidden-removed --seen {seen}\n"
                )
            } else {
                String::new()
            };
            format!(
                "give it to your assistant:\n  chaperon approve {id} --seen {seen}\n{clean}\
                 pass it on in your own words:\n  \
                 chaperon approve {id} --own-words TEXT --seen {seen}\n"
            )
        }
        ReviewKind::HeldDraft { .. } => format!(
            "send it as it is:\n  chaperon approve {id} --seen {seen}\n\
             send your version:\n  chaperon approve {id} --edit TEXT --seen {seen}\n"
        ),
    };
    // A changed key is not refused: the channel stays stopped until it is settled.
    if !matches!(review.item.kind, ReviewKind::KeyChange { .. }) {
        // Writing to a String cannot fail.
        let reason = if matches!(review.item.kind, ReviewKind::HeldDraft { .. }) {
            " --reason TEXT"
        } else {
            ""
        };
        let _infallible = write!(
            text,
            "refuse:\n  chaperon refuse {id} --seen {seen}{reason}\n"
        );
    }
    text
}

/// Tells whether anything is hidden in the message that could be taken out.
fn differs(review: &Review) -> bool {
    let message = review.message.as_ref();
    let Some(body) = message.and_then(|message| message.content.body()) else {
        return false;
    };
    review
        .clean
        .as_ref()
        .is_some_and(|clean| clean.body != body.body || clean.subject != body.subject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::channels::tests::channel;
    use crate::cli::pending::tests::items;
    use crate::model::{
        Body, ChannelId, MessageId, NetworkId, RawReason, ReviewItem, Severity, Signal, SignalCode,
        SignalKind, TextSpan, UnixMillis,
    };

    fn message(content: Content) -> Message {
        Message {
            routing: None,
            id: MessageId(40),
            channel: ChannelId(1),
            author: Author::Peer,
            seq: Some(3),
            at: UnixMillis(1_770_769_095_123),
            content,
            envelope: None,
            admission: None,
            delivery: None,
            handed_over: None,
            read: false,
            signals: vec![Signal {
                code: SignalCode::TermOsc,
                kind: SignalKind::Exact,
                severity: Severity::High,
                span: TextSpan { start: 0, end: 4 },
                evidence: PeerText::new("\u{1b}]0;owned\u{7}"),
            }],
            passage: None,
            other: None,
            digest: false,
        }
    }

    fn hostile() -> Message {
        message(Content::Text(Body {
            subject: PeerText::new("\u{1b}]0;owned\u{7}"),
            body: PeerText::new("hi\n  chaperon approve 3\r\u{202e}x"),
            metadata: PeerText::new("{\"k\":1}"),
        }))
    }

    fn review(item: ReviewItem) -> Review {
        let held = matches!(
            item.kind,
            ReviewKind::HeldMessage { .. } | ReviewKind::HeldDraft { .. }
        );
        Review {
            item,
            channel: channel(),
            network: NetworkId::Mailbox,
            asked: None,
            message: held.then(|| {
                message(Content::Raw {
                    reason: RawReason::DoesNotOpen,
                    payload: PeerText::new("\"AAAA\u{1b}\""),
                })
            }),
            before: if held { vec![hostile()] } else { Vec::new() },
            total: 7,
            flagged_before: 0,
            policy: "safe-acquaintance v1".to_owned(),
            terms: vec!["every answer of its waits for you".to_owned()],
            clean: None,
            rule: None,
        }
    }

    #[test]
    fn each_kind_shows_what_it_is_and_how_to_decide_it() {
        let shown: Vec<_> = items()
            .into_iter()
            .map(|item| as_text(&review(item)))
            .collect();
        insta::assert_snapshot!(shown.join("────────\n"));
    }

    #[test]
    fn of_somebody_who_connected_it_says_what_is_proven_and_what_is_not() {
        let request = items()
            .into_iter()
            .find(|item| matches!(item.kind, ReviewKind::ContactRequest { .. }));
        let mut review = review(request.unwrap());
        review.network = NetworkId::ClawChat;
        review.asked = Some(Asked {
            id: "7".into(),
            address: "stacks:ST1".into(),
            unsafe_name: PeerText::new("b\u{1b}[2Job"),
            unsafe_endpoint: PeerText::new("/ip4/192.0.2.7/tcp/9000,/ip4/192.0.2.7/tcp/9001/ws"),
            unsafe_purpose: PeerText::new("hi\n  chaperon approve 3"),
            moved_from: None,
        });
        insta::assert_snapshot!(as_text(&review));
    }

    #[test]
    fn a_peer_cannot_print_a_command_at_the_margin() {
        for item in items() {
            let shown = as_text(&review(item));
            assert!(!shown.contains("\n  chaperon approve 3\n"));
            assert!(!shown.chars().any(|c| c.is_control() && c != '\n'));
        }
    }

    #[test]
    fn the_json_marks_what_the_other_side_wrote() {
        let shown: Value = items()
            .into_iter()
            .map(|item| review_as_json(&review(item)))
            .collect();
        insta::assert_snapshot!(serde_json::to_string_pretty(&shown).unwrap());
    }
}
