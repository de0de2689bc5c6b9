//! `end`: close a channel for good.

use clap::Args;
use serde_json::json;

use super::output::{Output, Pretty};
use super::send::{author_of, role_of};
use super::{Error, Exit};
use crate::api::{ChannelRef, Handle, Reply, Request, Role};

/// Arguments of `end`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Nothing enters or leaves an ended channel; drafts that wait are not sent. The assistant may end a \
channel whose preset ends on completion, such as one-time; everything else needs --as-me.

Example:
  chaperon end Marta")]
pub struct EndArgs {
    /// Id of the channel, or your name for it
    pub channel: String,
    /// End it as yourself rather than as your assistant
    #[arg(long)]
    pub as_me: bool,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

impl EndArgs {
    pub(super) fn role(&self) -> Role {
        role_of(author_of(self.as_me))
    }
}

pub(super) async fn run(
    args: EndArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::End {
        channel: ChannelRef::Named(args.channel),
        author: author_of(args.as_me),
    };
    let Reply::Done = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    out.json(&json!({ "ok": true, "ended": true }), args.style)?;
    Ok(Exit::Done)
}
