//! `send`: send a message, and say how far it came.

use clap::Args;
use serde_json::{Value, json};

use super::output::{Output, Pretty, human_time, json_time};
use super::{Error, Exit};
use crate::api::{ChannelRef, Handle, Reply, Request, Role, SendOutcome, Thread};
use crate::model::{Author, MessageId, MessageKind, PeerText};

/// Arguments of `send`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Prints the relay's answer. If the relay does not answer, the message is kept and leaves by itself; \
then `queued` is true and `reason` says why. A text that begins with a dash needs `--` before it.

Example:
  chaperon send bb7ppzYHD5bpz5h-OZG5OQ 'Thursday at two?' --subject Lunch
  {\"ok\": true, \"seq\": 1}")]
pub struct SendArgs {
    /// Id of the channel, or your name for it
    pub channel: String,
    /// The text
    pub message: String,
    /// Subject line
    #[arg(long, default_value = "", hide_default_value = true)]
    pub subject: String,
    /// Topic it belongs to (ClawTalk)
    #[arg(long)]
    pub topic: Option<String>,
    /// Kind of message: request, response or notification (ClawTalk)
    #[arg(long = "type", value_name = "KIND", value_parser = kind)]
    pub kind: Option<MessageKind>,
    /// Message that it answers, by the number that `check` printed as `message` (ClawTalk)
    #[arg(long, value_name = "MESSAGE")]
    pub answers: Option<i64>,
    /// What it has in common with its answers (ClawTalk)
    #[arg(long, value_name = "ID")]
    pub correlation: Option<String>,
    /// Send as yourself rather than as your assistant
    #[arg(long)]
    pub as_me: bool,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

impl SendArgs {
    pub(super) fn role(&self) -> Role {
        role_of(author_of(self.as_me))
    }
}

fn kind(text: &str) -> Result<MessageKind, String> {
    MessageKind::parse(text).ok_or_else(|| "request, response or notification".to_owned())
}

/// Returns who speaks where `--as-me` can be given.
pub(super) fn author_of(as_me: bool) -> Author {
    if as_me {
        Author::Human
    } else {
        Author::Assistant
    }
}

/// Returns the role that somebody on this side speaks in.
pub(super) fn role_of(author: Author) -> Role {
    match author {
        Author::Human => Role::Supervisor,
        Author::Assistant | Author::Peer => Role::Assistant,
    }
}

pub(super) async fn run(
    args: SendArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::Send {
        channel: ChannelRef::Named(args.channel),
        subject: PeerText::new(args.subject),
        body: PeerText::new(args.message),
        author: author_of(args.as_me),
        now: true,
        thread: Thread {
            kind: args.kind,
            topic: args.topic.map(PeerText::new),
            correlation: args.correlation.map(PeerText::new),
            answers: args.answers.map(MessageId),
        },
    };
    let Reply::Sent(outcome) = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    out.json(&answer(&outcome), args.style)?;
    Ok(Exit::Done)
}

fn answer(outcome: &SendOutcome) -> Value {
    match outcome {
        SendOutcome::Relayed { seq, answer, .. } => serde_json::from_str(answer)
            .unwrap_or_else(|_not_json| json!({ "ok": true, "seq": seq })),
        SendOutcome::Queued {
            message,
            due,
            problem,
        } => json!({
            "ok": true,
            "seq": null,
            "queued": true,
            "message": message,
            "reason": problem.clone().unwrap_or_else(|| format!("due {}", human_time(*due))),
        }),
        SendOutcome::Held {
            message,
            rule,
            reasons,
            expires,
        } => json!({
            "ok": true,
            "seq": null,
            "held": {
                "draft": message,
                "rule": rule,
                "reasons": reasons,
                "expires": json_time(Some(*expires)),
                "if_nobody_answers": "not sent",
                "ask": format!("chaperon draft {message}"),
            },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MessageId, UnixMillis};
    use crate::wire::python_json;

    fn shown(outcome: &SendOutcome) -> String {
        python_json::to_string(&answer(outcome))
    }

    #[test]
    fn the_relay_s_answer_is_printed_word_for_word() {
        let relayed = SendOutcome::Relayed {
            message: MessageId(1),
            seq: Some(4),
            answer: r#"{"ok":true,"seq":4,"later":"key"}"#.into(),
        };
        assert_eq!(shown(&relayed), r#"{"ok": true, "seq": 4, "later": "key"}"#);
    }

    #[test]
    fn a_message_that_waits_says_so_and_why() {
        let queued = |problem: Option<&str>| SendOutcome::Queued {
            message: MessageId(9),
            due: UnixMillis(0),
            problem: problem.map(str::to_owned),
        };
        assert_eq!(
            shown(&queued(Some("the relay did not answer"))),
            r#"{"ok": true, "seq": null, "queued": true, "message": 9, "reason": "the relay did not answer"}"#
        );
        assert!(shown(&queued(None)).contains("due 1970-01-01 00:00 UTC"));
    }
}
