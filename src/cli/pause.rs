//! `pause` and `resume`.

use clap::Args;
use serde_json::json;

use super::output::{Output, Pretty};
use super::{Error, Exit};
use crate::api::{ChannelRef, Handle, Reply, Request};

/// Arguments of `pause`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
While paused, nothing leaves and the assistant is given nothing; what arrives is kept.

Example:
  chaperon pause             everything
  chaperon pause Marta       one channel")]
pub struct PauseArgs {
    /// Id of the channel, or your name for it; everything where absent
    pub channel: Option<String>,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

/// Arguments of `resume`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Lifting the general pause leaves channels paused that were paused by themselves.

Example:
  chaperon resume            the general pause
  chaperon resume Marta      one channel")]
pub struct ResumeArgs {
    /// Id of the channel, or your name for it; the general pause where absent
    pub channel: Option<String>,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

pub(super) async fn pause(
    args: PauseArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::Pause {
        channel: args.channel.clone().map(ChannelRef::Named),
    };
    let Reply::Done = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    let done = json!({ "ok": true, "paused": true, "channel": args.channel });
    out.json(&done, args.style)?;
    Ok(Exit::Done)
}

pub(super) async fn resume(
    args: ResumeArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::Resume {
        channel: args.channel.clone().map(ChannelRef::Named),
    };
    let Reply::Done = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    let done = json!({ "ok": true, "paused": false, "channel": args.channel });
    out.json(&done, args.style)?;
    Ok(Exit::Done)
}
