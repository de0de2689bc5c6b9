//! `digest`: what arrived and did not call the person.

use clap::Args;
use serde_json::{Value, json};

use super::output::{Form, Output, block, human_time, json_time, one_line};
use super::{Error, Exit};
use crate::api::{Digested, Handle, Reply, Request};
use crate::model::Content;

/// Arguments of `digest`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Lists the unread messages of channels whose rules leave them to the digest, oldest first. The \
rules are those of `chaperon engagement`.

Example:
  chaperon digest --json
  chaperon digest --mark-read")]
pub struct DigestArgs {
    /// Mark all that is listed as read
    #[arg(long)]
    pub mark_read: bool,
    /// How to print.
    #[command(flatten)]
    pub form: Form,
}

pub(super) async fn run(
    args: DigestArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let Reply::Digest(digest) = handle.ask(Request::Digest).await? else {
        return Err(Error::Unexpected);
    };
    let newest = digest.iter().map(|digested| digested.message.id).max();
    match args.form.as_json() {
        Some(style) => out.json(&digest.iter().map(as_json).collect(), style)?,
        None if digest.is_empty() => out.text("nothing is left to the digest\n")?,
        None => out.text(&digest.iter().map(as_text).collect::<String>())?,
    }
    // Only what was printed counts as read.
    if let Some(up_to) = newest.filter(|_| args.mark_read) {
        let Reply::Done = handle.ask(Request::DigestRead { up_to }).await? else {
            return Err(Error::Unexpected);
        };
    }
    Ok(Exit::Done)
}

fn as_json(digested: &Digested) -> Value {
    let message = &digested.message;
    let body = message.content.body();
    json!({
        "message": message.id,
        "name": digested.name,
        "at": json_time(Some(message.at)),
        "held": message.admission.as_ref().is_some_and(|admission| !admission.is_released()),
        "unsafe_subject": body.map(|body| &body.subject),
        "unsafe_body": body.map(|body| &body.body),
    })
}

fn as_text(digested: &Digested) -> String {
    let message = &digested.message;
    let text = match &message.content {
        Content::Text(body) => block(&body.body),
        Content::Raw { reason, .. } => format!("  {}\n", reason.sentence()),
    };
    format!(
        "{}  {}\n{text}",
        human_time(message.at),
        one_line(&digested.name)
    )
}
