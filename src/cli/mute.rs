//! `mute`, `unmute` and `snooze`: what a person is told of, and what is passed over.

use clap::Args;
use serde_json::json;

use super::output::{Output, Pretty, json_time};
use super::{Error, Exit};
use crate::api::{ChannelRef, Handle, Reply, Request};
use crate::model::{Rest, ReviewId, UnixMillis};

/// Arguments of `mute`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
You are told nothing of a muted channel, and n in the terminal passes over what waits in it. \
Nothing changes in what enters or leaves.

Example:
  chaperon mute Marta                 until `chaperon unmute Marta`
  chaperon mute Marta --for 8h        also 30m, 2d, or tomorrow")]
pub struct MuteArgs {
    /// Id of the channel, or your name for it
    pub channel: String,
    /// How long, as in 30m, 8h or 2d, or `tomorrow` for eight in the morning; until you unmute
    /// it where absent
    #[arg(long = "for", value_name = "TIME", value_parser = rest)]
    pub span: Option<Rest>,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

/// Arguments of `unmute`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Example:
  chaperon unmute Marta")]
pub struct UnmuteArgs {
    /// Id of the channel, or your name for it
    pub channel: String,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

/// Arguments of `snooze`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
The item goes on waiting, and its own time goes on: a draft comes back five minutes before it \
expires.

Example:
  chaperon snooze 7                   for an hour
  chaperon snooze 7 --for tomorrow    until eight in the morning
  chaperon snooze 7 --for message     until they write
  chaperon snooze 7 --end             no longer")]
pub struct SnoozeArgs {
    /// Number of the item, as `chaperon pending` lists it
    pub item: i64,
    /// How long, as in 30m, 8h or 2d, `tomorrow`, or `message` for until they write
    #[arg(
        long = "for",
        value_name = "TIME",
        value_parser = rest_or_message,
        default_value = "1h",
        conflicts_with = "end"
    )]
    pub span: Rest,
    /// It needs you now again
    #[arg(long)]
    pub end: bool,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

/// Reads `30m`, `8h`, `2d` or `tomorrow`.
fn rest(text: &str) -> Result<Rest, String> {
    Rest::parse(text)
        .ok_or_else(|| "a time is written as in 30m, 8h or 2d, or it is `tomorrow`".to_owned())
}

fn rest_or_message(text: &str) -> Result<Rest, String> {
    if text == "message" {
        return Ok(Rest::Open);
    }
    rest(text)
}

pub(super) async fn mute(
    args: MuteArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::Mute {
        channel: ChannelRef::Named(args.channel.clone()),
        rest: Some(args.span.unwrap_or(Rest::Open)),
    };
    let until = ask(handle, request).await?;
    let done = json!({
        "ok": true,
        "channel": args.channel,
        "muted": true,
        "until": moment(until),
    });
    out.json(&done, args.style)?;
    Ok(Exit::Done)
}

pub(super) async fn unmute(
    args: UnmuteArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::Mute {
        channel: ChannelRef::Named(args.channel.clone()),
        rest: None,
    };
    ask(handle, request).await?;
    let done = json!({ "ok": true, "channel": args.channel, "muted": false });
    out.json(&done, args.style)?;
    Ok(Exit::Done)
}

pub(super) async fn snooze(
    args: SnoozeArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::Snooze {
        item: ReviewId(args.item),
        rest: (!args.end).then_some(args.span),
    };
    let until = ask(handle, request).await?;
    let done = json!({
        "ok": true,
        "item": args.item,
        "snoozed": until.is_some(),
        "until": moment(until),
        "until_they_write": until.is_some() && args.span == Rest::Open,
    });
    out.json(&done, args.style)?;
    Ok(Exit::Done)
}

async fn ask(handle: &Handle, request: Request) -> Result<Option<UnixMillis>, Error> {
    let Reply::Rests(until) = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    Ok(until)
}

/// Returns a moment as JSON; nothing where it is not bounded.
fn moment(until: Option<UnixMillis>) -> serde_json::Value {
    json_time(until.filter(|until| *until != UnixMillis::FAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        for (text, expected) in [
            ("30m", Some(Rest::For(1800))),
            ("8h", Some(Rest::For(28_800))),
            ("2d", Some(Rest::For(172_800))),
            ("tomorrow", Some(Rest::Tomorrow)),
            ("", None),
            ("h", None),
            ("0h", None),
            ("8", None),
            ("8 h", None),
            ("-1h", None),
            ("99999999999d", None),
            ("message", None),
            ("8ä", None),
        ] {
            assert_eq!(rest(text).ok(), expected, "{text}");
        }
        assert_eq!(rest_or_message("message"), Ok(Rest::Open));
    }
}
