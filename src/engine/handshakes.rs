//! Keys that a relay shows, compared with what is known.

use crate::api::Error;
use crate::model::{Actor, Channel, ChannelId, ChannelState, IdentityKey, StopReason, UnixMillis};
use crate::net;
use crate::store::{Tx, channels, review};

use super::contacts::{seen_digest, write_down};
use super::inbound::stop;
use super::reading::keyed;

/// Compares a handshake with what is known. Returns whether that changed the channel.
pub(super) fn judge_handshake(
    tx: &Tx<'_>,
    id: ChannelId,
    key: Option<&IdentityKey>,
    answers: Option<u32>,
    now: UnixMillis,
) -> Result<bool, Error> {
    let known = keyed(tx, id)?;
    let channel = &known.channel;
    let network = net::of(channel.network);
    let shown = key.map(|key| network.write_key(key)).unwrap_or_default();
    // Our own key is no answer: whoever has the link can put it back, and nobody else holds it.
    let answered = key.is_some() && shown != channel.our_key;
    match channel.state {
        ChannelState::Invited if answered => {
            channels::ask(tx, id, &shown, answers)?;
            let seen = seen_digest(id, &shown, None, answers);
            let item = review::NewItem {
                channel: id,
                kind: review::Kind::ContactRequest,
                message: None,
                shown_key: Some(&shown),
                pinned_key: None,
                answers,
                reason: None,
                since: now,
                seen,
            };
            review::raise(tx, &item)?;
            write_down(tx, now, Actor::Rule, "contact_requested", id)?;
            Ok(true)
        }
        ChannelState::Requested if answered => {
            let same = known.asked_key.as_deref() == Some(&shown);
            // A relay that does not count has shown two different answers itself.
            let answers = answers.or_else(|| (!same).then_some(2));
            if same && (answers.is_none() || answers == known.answers) {
                return Ok(false);
            }
            channels::ask(tx, id, &shown, answers)?;
            if let Some(open) = review::open_of(tx, id, review::Kind::ContactRequest)? {
                let seen = seen_digest(id, &shown, None, answers);
                review::show_instead(tx, open.id, &shown, answers, &seen)?;
            }
            write_down(tx, now, Actor::Rule, "invite_answered_again", id)?;
            Ok(true)
        }
        ChannelState::Active => {
            if answers.is_some() && answers != known.answers {
                channels::looked_at(tx, id, answers, now)?;
            }
            let reason = differs(channel, &shown);
            match reason {
                Some(reason) if !review::was_refused(tx, id, &shown)? => {
                    stop(tx, channel, reason, &shown, now)?;
                    Ok(true)
                }
                _ => Ok(answers.is_some() && answers != known.answers),
            }
        }
        ChannelState::Invited
        | ChannelState::Requested
        | ChannelState::Stopped
        | ChannelState::Superseded
        | ChannelState::Closed => Ok(false),
    }
}

/// Tells why the key that a relay shows for an active channel is alarming, if it is.
fn differs(channel: &Channel, shown: &str) -> Option<StopReason> {
    // Only who accepted a link finds their own key there.
    if channel.inviter || net::of(channel.network).links().is_none() {
        (channel.their_key.as_deref() != Some(shown)).then_some(StopReason::KeyChanged)
    } else {
        (channel.our_key != shown).then_some(StopReason::AnsweredTwice)
    }
}
