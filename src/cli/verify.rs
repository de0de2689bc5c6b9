//! `verify`: compare the safety code of a channel, and say what came of it.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::output::{Form, Output, json_time, one_line};
use super::{Error, Exit};
use crate::api::{ChannelRef, Handle, Reply, Request, SafetyCode};
use crate::model::Digest;

/// Arguments of `verify`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Both sides have the same digits and words exactly if nobody stands between them. Compare them in \
a call or when you meet, never over this channel. Then confirm with the word that is asked for.

Example:
  chaperon verify Marta
  chaperon verify Marta --word violin --seen abab...
  chaperon verify Marta --differs --seen abab...    stops the channel")]
pub struct VerifyArgs {
    /// Id of the channel, or your name for it
    pub channel: String,
    /// The codes are the same on both sides; this is the word that was asked for
    #[arg(
        long,
        value_name = "WORD",
        requires = "seen",
        conflicts_with = "differs"
    )]
    pub word: Option<String>,
    /// The codes differ: stop the channel both ways
    #[arg(long, requires = "seen")]
    pub differs: bool,
    /// Hash that was printed with the code
    #[arg(long, value_name = "HASH", value_parser = super::decide::digest)]
    pub seen: Option<Digest>,
    /// How to print.
    #[command(flatten)]
    pub form: Form,
}

pub(super) async fn run(
    args: VerifyArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let channel = ChannelRef::Named(args.channel);
    let style = args.form.as_json();
    let (request, result) = match (args.word, args.seen) {
        (Some(word), Some(seen)) => (
            Request::Verify {
                channel,
                word,
                seen,
            },
            "compared",
        ),
        (None, Some(seen)) if args.differs => (Request::CodeDiffers { channel, seen }, "stopped"),
        _ => {
            let Reply::SafetyCode(code) = handle.ask(Request::SafetyCode { channel }).await? else {
                return Err(Error::Unexpected);
            };
            match style {
                Some(style) => out.json(&as_json(&code), style)?,
                None => out.text(&as_text(&code))?,
            }
            return Ok(Exit::Done);
        }
    };
    let Reply::Done = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    let done = json!({ "ok": true, "code": result });
    out.json(&done, style.unwrap_or_default())?;
    Ok(Exit::Done)
}

fn as_json(code: &SafetyCode) -> Value {
    json!({
        "channel_id": code.channel.address,
        "name": code.channel.name,
        "code": code.groups.join(" "),
        "words": code.words,
        "ask": code.ask,
        "verified": json_time(code.channel.verified),
        "seen": code.seen,
    })
}

fn as_text(code: &SafetyCode) -> String {
    let mut text = format!("Safety code of {}\n\n", one_line(&code.channel.name));
    for row in code.groups.chunks(4) {
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "  {}", row.join("  "));
    }
    let state = match code.channel.verified {
        Some(_) => "It was compared before.",
        None => "It was not compared yet.",
    };
    let place = ["first", "second", "third", "fourth"];
    let place = place.get(code.ask).copied().unwrap_or("last");
    let _infallible = write!(
        text,
        "\n  {}\n\n{state} Read it aloud in a call or when you meet, not over this channel.\n\
         the same on both sides, with the {place} of the words:\n  \
         chaperon verify {} --word WORD --seen {}\n\
         not the same:\n  chaperon verify {} --differs --seen {}\n",
        code.words.join(" · "),
        code.channel.address,
        code.seen.hex(),
        code.channel.address,
        code.seen.hex(),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::channels::tests::channel;

    #[test]
    fn the_code_is_shown_with_what_to_type_next() {
        let code = SafetyCode {
            channel: channel(),
            groups: (0..12).map(|group| format!("{group:05}")).collect(),
            words: ["anchor", "violin", "seventy", "marble"]
                .map(str::to_owned)
                .to_vec(),
            ask: 3,
            seen: Digest([0xab; 32]),
        };
        insta::assert_snapshot!(as_text(&code));
        insta::assert_snapshot!(serde_json::to_string_pretty(&as_json(&code)).unwrap());
    }
}
