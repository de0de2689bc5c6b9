//! `accept`: answer somebody's link.

use clap::Args;
use serde_json::{Value, json};

use super::output::{Output, Pretty};
use super::{Error, Exit};
use crate::api::{Handle, Reply, Request};
use crate::model::{Channel, PeerText, Preset};

/// Arguments of `accept`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
The channel stays on the relay that the link names. Put the link in quotes: it contains a `&`.

Example:
  chaperon accept 'https://relay.example/invite?channel=bb7p...&pub=R9dF...='
  {\"channel_id\": \"bb7p...\", \"status\": \"active\", ...}")]
pub struct AcceptArgs {
    /// The link
    pub url: String,
    /// Engagement preset
    #[arg(long, default_value = Preset::SafeAcquaintance.as_str())]
    pub preset: String,
    /// Your name for the channel
    #[arg(long)]
    pub name: Option<String>,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

pub(super) async fn run(
    args: AcceptArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::Accept {
        url: args.url,
        preset: Some(args.preset),
        name: args.name.map(PeerText::new),
    };
    let Reply::Channel(channel) = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    out.json(&accepted(&channel), args.style)?;
    Ok(Exit::Done)
}

fn accepted(channel: &Channel) -> Value {
    json!({
        "channel_id": channel.address,
        "status": channel.state.clawbuddy_status(),
        "name": channel.name,
        "relay": channel.relay,
        "preset": channel.preset,
        "fingerprint": channel.fingerprint,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::channels::tests::channel;

    #[test]
    fn an_accepted_link_is_printed_with_the_keys_of_clawbuddy_first() {
        insta::assert_snapshot!(serde_json::to_string(&accepted(&channel())).unwrap());
    }
}
