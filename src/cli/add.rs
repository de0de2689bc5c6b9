//! `add`, `reinvite` and `invite`: make a link to give away.

use clap::Args;
use serde_json::{Value, json};

use super::output::{Output, Pretty};
use super::{Error, Exit, imessage};
use crate::api::{self, Handle, Replaced, Reply, Request};
use crate::model::{PeerText, Preset};

/// Arguments of `add`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
On macOS the invitation goes out by iMessage; elsewhere `sent` is false and the text under \
`message` is yours to pass on. Whoever answers waits in `chaperon pending` until you accept them.

Example:
  chaperon add +15550001111 --name Marta --sender Ana
  {\"channel_id\": \"bb7p...\", \"invite_url\": \"https://...\", ...}")]
pub struct AddArgs {
    /// Phone number of the person, or another handle
    pub phone: String,
    /// Your name for the channel; the phone number where absent
    #[arg(long)]
    pub name: Option<String>,
    /// Your name in the invitation
    #[arg(long, short)]
    pub sender: Option<String>,
    /// Engagement preset
    #[arg(long, default_value = Preset::SafeAcquaintance.as_str())]
    pub preset: String,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

/// Arguments of `reinvite`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
The newest channel with that phone number is superseded by a new one with a new key.

Example:
  chaperon reinvite +15550001111")]
pub struct ReinviteArgs {
    /// Phone number the earlier invite was made for
    pub phone: String,
    /// Engagement preset; the earlier channel's text is kept where absent
    #[arg(long)]
    pub preset: Option<String>,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

/// Arguments of `invite`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Like `add`, but nothing is sent on any system and no phone number is needed.

Example:
  chaperon invite --name \"Marta from the choir\" --preset one-time")]
pub struct InviteArgs {
    /// Phone number of the person, or another handle
    pub phone: Option<String>,
    /// Your name for the channel
    #[arg(long)]
    pub name: Option<String>,
    /// Your name in the invitation
    #[arg(long, short)]
    pub sender: Option<String>,
    /// Engagement preset
    #[arg(long, default_value = Preset::SafeAcquaintance.as_str())]
    pub preset: String,
    /// Relay to make the channel on; the configured one where absent
    #[arg(long, value_name = "URL")]
    pub relay: Option<String>,
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

pub(super) async fn add(
    args: AddArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::Invite {
        phone: Some(PeerText::new(args.phone.clone())),
        name: args.name.map(PeerText::new),
        sender: args.sender.map(PeerText::new),
        preset: Some(args.preset),
        relay: None,
        replaces: None,
    };
    let invite = ask(handle, request).await?;
    let sent = deliver(args.phone, &invite, out).await;
    out.json(&added(&invite, sent), args.style)?;
    Ok(Exit::Done)
}

pub(super) async fn reinvite(
    args: ReinviteArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::Invite {
        phone: Some(PeerText::new(args.phone.clone())),
        name: None,
        sender: None,
        preset: args.preset,
        relay: None,
        replaces: Some(Replaced::SamePhone),
    };
    let invite = ask(handle, request).await?;
    let sent = deliver(args.phone, &invite, out).await;
    out.json(&reinvited(&invite, sent), args.style)?;
    Ok(Exit::Done)
}

pub(super) async fn invite(
    args: InviteArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let request = Request::Invite {
        phone: args.phone.map(PeerText::new),
        name: args.name.map(PeerText::new),
        sender: args.sender.map(PeerText::new),
        preset: Some(args.preset),
        relay: args.relay,
        replaces: None,
    };
    let invite = ask(handle, request).await?;
    out.json(&added(&invite, false), args.style)?;
    Ok(Exit::Done)
}

async fn ask(handle: &Handle, request: Request) -> Result<api::Invite, Error> {
    let Reply::Invite(invite) = handle.ask(request).await? else {
        return Err(Error::Unexpected);
    };
    Ok(*invite)
}

/// Tries to send the invitation. The channel exists by now and its link has to be printed, so
/// a failure is a warning.
async fn deliver(phone: String, invite: &api::Invite, out: &mut Output<'_>) -> bool {
    match imessage::send(phone, invite.message.expose_untrusted().to_owned()).await {
        Ok(sent) => sent,
        Err(error) => {
            out.warning(&format!("the invitation was not sent: {error}"));
            false
        }
    }
}

fn added(invite: &api::Invite, sent: bool) -> Value {
    json!({
        "channel_id": invite.channel.address,
        "invite_url": invite.url,
        "status": invite.channel.state.clawbuddy_status(),
        "message": invite.message,
        "sent": sent,
    })
}

fn reinvited(invite: &api::Invite, sent: bool) -> Value {
    json!({
        "channel_id": invite.channel.address,
        "invite_url": invite.url,
        "superseded": invite.superseded,
        "status": invite.channel.state.clawbuddy_status(),
        "message": invite.message,
        "sent": sent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::channels::tests::channel;
    use crate::model::ChannelState;

    fn made(superseded: Option<&str>) -> api::Invite {
        let mut channel = channel();
        channel.state = ChannelState::Invited;
        api::Invite {
            channel,
            url: "https://relay.example/invite?channel=bb7p&pub=R9dF=".into(),
            message: PeerText::new("Hi Marta"),
            superseded: superseded.map(str::to_owned),
            checked_at: None,
        }
    }

    #[test]
    fn an_invite_is_printed_with_the_keys_of_clawbuddy_first() {
        insta::assert_snapshot!(serde_json::to_string(&added(&made(None), false)).unwrap());
    }

    #[test]
    fn a_second_invite_names_the_channel_it_replaced_or_null() {
        let shown = [Some("old"), None]
            .map(|old| serde_json::to_string(&reinvited(&made(old), true)).unwrap());
        insta::assert_snapshot!(shown.join("\n"));
    }
}
