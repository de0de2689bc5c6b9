//! `approve` and `refuse`: settle a waiting item that was looked at.

use clap::Args;
use serde_json::json;

use super::output::{Output, Pretty};
use super::{Error, Exit};
use crate::api::{Handle, Reply, Request};
use crate::model::{Digest, PeerText, ReviewId, Verdict, Words};

/// Arguments of `approve`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Accepts a contact, gives a held message to the assistant, or pins a changed key.
Ends with 3 if nothing has that number, 4 if it was decided otherwise, 5 if it is not what was \
shown any more.

Example:
  chaperon approve 7 --seen abab...   (show 7 prints the whole line)")]
pub struct ApproveArgs {
    /// Number that `pending` gives
    #[arg(value_name = "ID")]
    pub item: i64,
    /// Hash that `show` printed: a decision is on what was seen
    #[arg(long, value_name = "HASH", value_parser = digest)]
    pub seen: Digest,
    /// For a changed key: go on with the pinned key, the new one is somebody else's
    #[arg(long, group = "how")]
    pub keep_pinned: bool,
    /// For a held message: give it without what is hidden in it
    #[arg(long, group = "how")]
    pub hidden_removed: bool,
    /// For a held message: give your assistant this text in its place
    #[arg(long, value_name = "TEXT", group = "how")]
    pub own_words: Option<String>,
    /// For a draft: send this text in its place
    #[arg(long, value_name = "TEXT", group = "how")]
    pub edit: Option<String>,
    /// Subject of the text that goes in its place
    #[arg(long, value_name = "TEXT", requires = "how")]
    pub subject: Option<String>,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

/// Arguments of `refuse`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Turns a contact away, or leaves a held message unread by the assistant.
Ends with 3 if nothing has that number, 4 if it was decided otherwise, 5 if it is not what was \
shown any more.

Example:
  chaperon refuse 7 --seen abab...   (show 7 prints the whole line)")]
pub struct RefuseArgs {
    /// Number that `pending` gives
    #[arg(value_name = "ID")]
    pub item: i64,
    /// Hash that `show` printed: a decision is on what was seen
    #[arg(long, value_name = "HASH", value_parser = digest)]
    pub seen: Digest,
    /// What your assistant is told; never the other side
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Pause the channel as well
    #[arg(long)]
    pub pause: bool,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

/// Reads the hash that a decision repeats.
pub(super) fn digest(text: &str) -> Result<Digest, String> {
    Digest::from_hex(text).ok_or_else(|| "the hash has 64 hexadecimal digits".to_owned())
}

pub(super) async fn approve(
    args: ApproveArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let (verdict, text) = match (args.own_words, args.edit) {
        (Some(text), _) => (Verdict::OwnWords, Some(text)),
        (None, Some(text)) => (Verdict::SendEdited, Some(text)),
        (None, None) if args.keep_pinned => (Verdict::KeepPinned, None),
        (None, None) if args.hidden_removed => (Verdict::ReleaseClean, None),
        (None, None) => (Verdict::Approve, None),
    };
    let decision = Decision {
        item: ReviewId(args.item),
        seen: args.seen,
        verdict,
        words: text.map(|text| Words {
            subject: PeerText::new(args.subject.unwrap_or_default()),
            body: PeerText::new(text),
        }),
        reason: None,
    };
    decide(decision, args.style, handle, out).await
}

pub(super) async fn refuse(
    args: RefuseArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let decision = Decision {
        item: ReviewId(args.item),
        seen: args.seen,
        verdict: if args.pause {
            Verdict::RefuseAndPause
        } else {
            Verdict::Refuse
        },
        words: None,
        reason: args.reason.map(PeerText::new),
    };
    decide(decision, args.style, handle, out).await
}

struct Decision {
    item: ReviewId,
    seen: Digest,
    verdict: Verdict,
    words: Option<Words>,
    reason: Option<PeerText>,
}

async fn decide(
    decision: Decision,
    style: Pretty,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let Decision {
        item,
        seen,
        verdict,
        words,
        reason,
    } = decision;
    let request = Request::Decide {
        item,
        seen,
        verdict,
        words,
        reason,
        screen: None,
    };
    let Reply::Done = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    let settled = json!({ "ok": true, "id": item, "verdict": verdict.as_str() });
    out.json(&settled, style)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::api::Role;
    use crate::cli::args::{Cli, Command};
    use crate::cli::{finish, run};

    #[test]
    fn a_hash_that_is_none_is_a_usage_error() {
        let parsed = Cli::try_parse_from(["chaperon", "approve", "7", "--seen", "abab"]);
        assert_eq!(parsed.unwrap_err().exit_code(), 2);
        assert!(Cli::try_parse_from(["chaperon", "refuse", "7"]).is_err());
    }

    /// Runs a line against an engine's end that gives one answer; what was asked comes back.
    async fn ask(line: &str, answer: Result<Reply, crate::api::Error>) -> (Exit, Request) {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let Some(Command::Ask(verb)) = cli.command else {
            panic!("not a verb");
        };
        let (handle, mut desk) = Handle::local(Role::Supervisor);
        let engine = tokio::spawn(async move {
            let call = desk.calls.recv().await.unwrap();
            call.reply.send(answer).unwrap();
            call.request
        });
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut out, &mut err);
        let exit = finish(run(verb, &handle, &mut output).await, &mut output);
        (exit, engine.await.unwrap())
    }

    #[tokio::test]
    async fn a_decision_repeats_the_hash_that_was_shown() {
        let seen = "ab".repeat(32);
        let line = format!("chaperon approve 7 --keep-pinned --seen {seen}");
        let (exit, asked) = ask(&line, Ok(Reply::Done)).await;
        assert_eq!(exit, Exit::Done);
        assert_eq!(
            asked,
            Request::Decide {
                item: ReviewId(7),
                seen: Digest([0xab; 32]),
                verdict: Verdict::KeepPinned,
                words: None,
                reason: None,
                screen: None,
            }
        );
    }

    #[tokio::test]
    async fn a_changed_item_ends_with_a_code_of_its_own() {
        let line = format!("chaperon refuse 7 --seen {}", "ab".repeat(32));
        let (exit, _) = ask(&line, Err(crate::api::Error::Changed)).await;
        assert_eq!(exit, Exit::Changed);
    }
}
