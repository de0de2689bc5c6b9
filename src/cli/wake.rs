//! `wake`: what runs when something of a channel is released to the assistant.

use clap::Args;
use serde_json::json;

use super::output::{Output, Pretty};
use super::{Error, Exit};
use crate::api::{ChannelRef, Handle, Reply, Request};

/// Arguments of `wake`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
The command runs without a shell, for at most 10 seconds and at most once in 10 seconds for each \
channel. In its arguments {text} becomes one neutral line with your name for the channel, and \
{mode} becomes now (the message begins with URGENT:, ALERT: or CRITICAL:) or next-heartbeat. What \
was written goes to its standard input alone, as JSON marked untrusted. Failures stand in `chaperon \
status`.

Example:
  chaperon wake Marta -- openclaw system event --text {text} --mode {mode}
  chaperon wake Marta --clear")]
pub struct WakeArgs {
    /// Id of the channel, or your name for it
    pub channel: String,
    /// Run nothing any more
    #[arg(long, conflicts_with = "command")]
    pub clear: bool,
    /// Program and arguments
    #[arg(last = true, required_unless_present = "clear")]
    pub command: Vec<String>,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

pub(super) async fn run(
    args: WakeArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::SetWake {
        channel: ChannelRef::Named(args.channel),
        command: args.command.clone(),
    };
    let Reply::Done = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    out.json(&json!({ "ok": true, "wake": args.command }), args.style)?;
    Ok(Exit::Done)
}
