//! `channels`: all channels as one object, as `clawbuddy` keeps its file.

use clap::Args;
use serde_json::{Map, Value, json};

use super::output::{Output, Pretty, json_time};
use super::{Error, Exit};
use crate::api::{Handle, Reply, Request};
use crate::model::Channel;

/// Arguments of `channels`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Prints an object with one key per channel, the oldest first, `{}` if there is none.

Example:
  chaperon channels --pretty")]
pub struct ChannelsArgs {
    /// How to print.
    #[command(flatten)]
    pub style: Pretty,
}

pub(super) async fn run(
    args: ChannelsArgs,
    handle: &Handle,
    out: &mut Output<'_>,
) -> Result<Exit, Error> {
    let channels = ask(handle).await?;
    out.json(&listing(&channels), args.style)?;
    Ok(Exit::Done)
}

pub(super) async fn ask(handle: &Handle) -> Result<Vec<Channel>, Error> {
    let Reply::Channels(channels) = handle.ask(Request::Channels).await? else {
        return Err(Error::Unexpected);
    };
    Ok(channels)
}

fn listing(channels: &[Channel]) -> Value {
    let mut object = Map::new();
    for channel in channels {
        // Two relays may have given out the same id. Neither channel may vanish from the list.
        let key = if object.contains_key(&channel.address) {
            format!("{}#{}", channel.address, channel.id)
        } else {
            channel.address.clone()
        };
        object.insert(key, entry(channel));
    }
    Value::Object(object)
}

fn entry(channel: &Channel) -> Value {
    json!({
        "name": channel.name,
        "phone": channel.phone,
        "status": channel.state.clawbuddy_status(),
        "their_pub": channel.their_key,
        "our_pub": channel.our_key,
        "instructions": channel.instructions,
        "created_at": json_time(Some(channel.created_at)),
        "last_seen": json_time(channel.last_seen),
        "state": channel.state,
        "relay": channel.relay,
        "preset": channel.preset,
        "fingerprint": channel.fingerprint,
        "our_fingerprint": channel.our_fingerprint,
        "network": channel.network,
        "unread": channel.unread,
        "held_in": channel.held_in,
        "paused": channel.paused,
        "stopped": channel.stopped,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{ChannelId, ChannelState, Fingerprint, NetworkId, PeerText, UnixMillis};

    /// An active channel with every field set.
    pub(in crate::cli) fn channel() -> Channel {
        Channel {
            account: None,
            presence: None,
            id: ChannelId(1),
            network: NetworkId::Mailbox,
            address: "bb7ppzYHD5bpz5h-OZG5OQ".into(),
            name: PeerText::new("Bób 🦀"),
            phone: Some(PeerText::new("+15550001111")),
            state: ChannelState::Active,
            paused: false,
            inviter: true,
            relay: "https://relay.example".into(),
            our_key: "R9dFLZvsLHvU0gd1P5CPG1QWQi6-Xn91sSQdMOGfm3Q=".into(),
            their_key: Some("R9dFLZvsLHvU0gd1P5CPG1QWQi6-Xn91sSQdMOGfm3Q=".into()),
            our_fingerprint: Some(Fingerprint("fedc-ba98-7654-3210".into())),
            fingerprint: Some(Fingerprint("0123-4567-89ab-cdef".into())),
            preset: "safe-acquaintance".into(),
            instructions: "line1\nline2 — é".into(),
            created_at: UnixMillis(1_770_769_095_123),
            last_seen: None,
            unread: 2,
            held_in: 1,
            stopped: None,
            verified: Some(UnixMillis(1_770_769_095_123)),
            rules: None,
            policy_version: 3,
            wake: Vec::new(),
            muted: None,
            news: 0,
            news_at: None,
            trusts_us: None,
        }
    }

    #[test]
    fn a_channel_is_printed_with_the_keys_of_clawbuddy_first() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&listing(&[channel()])).unwrap());
    }

    #[test]
    fn no_channel_is_an_empty_object() {
        assert_eq!(listing(&[]), json!({}));
    }

    #[test]
    fn a_contact_request_is_pending_to_programs_that_know_no_better() {
        let mut waiting = channel();
        waiting.state = ChannelState::Requested;
        assert_eq!(entry(&waiting)["status"], "pending");
        assert_eq!(entry(&waiting)["state"], "requested");
    }

    #[test]
    fn two_channels_with_one_id_are_both_listed() {
        let mut second = channel();
        second.id = ChannelId(2);
        let both = listing(&[channel(), second]);
        let keys: Vec<_> = both.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["bb7ppzYHD5bpz5h-OZG5OQ", "bb7ppzYHD5bpz5h-OZG5OQ#2"]);
    }
}
