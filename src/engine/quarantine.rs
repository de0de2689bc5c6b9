//! What strangers write before a person accepts them: kept apart, let in with them, and deleted
//! with their refusal.

use crate::api::Error;
use crate::model::{ChannelId, ChannelState, Content, MessageId, PeerText, Routing, UnixMillis};
use crate::net::{Arrived, Stranger};
use crate::profile::Profile;
use crate::store::{Tx, channels, quarantine, requests};

use super::inbound::{Inbound, Stored};
use super::reading::keyed;
use super::strangers::{Judged, put};

/// Messages of a stranger that wait with them.
const MOST_WAITING: u32 = 50;
/// Bytes that those have together.
const LONGEST_WAITING: u64 = 256 * 1024;
/// Characters of the first of them that stand in the request.
const FIRST_WORDS: usize = 280;

/// What became of the words of somebody who was a stranger when they sent them.
#[derive(Default)]
pub(super) struct Kept {
    /// Whether they were kept, or entered.
    pub(super) wrote: bool,
    /// Whether there was no place for them.
    pub(super) turned_away: bool,
    /// Where they entered, because a person accepted their author meanwhile.
    pub(super) entered: Option<(ChannelId, Stored)>,
}

/// Keeps what a stranger wrote, until a person decides; lets it in where they have.
pub(super) fn take_words(
    profile: &Profile,
    tx: &Tx<'_>,
    stranger: &Stranger,
    judged: Judged,
    now: UnixMillis,
) -> Result<Kept, Error> {
    let Some(message) = &stranger.wrote else {
        return Ok(Kept::default());
    };
    if matches!(
        judged,
        Judged::Refused | Judged::Rejected | Judged::Stopped(_)
    ) {
        return Ok(Kept::default());
    }
    let of = (stranger.network, stranger.account);
    let Some(id) = channels::by_address(tx, of, &stranger.who.address)? else {
        return Ok(Kept::default());
    };
    let known = keyed(tx, id)?;
    let key = Some(&stranger.who.key);
    if known.channel.state == ChannelState::Active && known.channel.their_key.as_ref() == key {
        let stored = Inbound::on(id, profile, now).store(tx, std::slice::from_ref(message))?;
        return Ok(Kept {
            wrote: true,
            turned_away: false,
            entered: Some((id, stored)),
        });
    }
    let waits = known.channel.state == ChannelState::Requested && known.asked_key.as_ref() == key;
    let room = if waits {
        keep(tx, id, (stranger, message), now)?
    } else {
        Room::None
    };
    Ok(Kept {
        wrote: room == Room::Taken,
        turned_away: room == Room::None,
        entered: None,
    })
}

/// What became of something that is to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    /// It waits now.
    Taken,
    /// It waits already.
    Known,
    /// There is no room for it.
    None,
}

/// Keeps what somebody wrote who waits for a person. The first of it is shown with the request.
fn keep(
    tx: &Tx<'_>,
    id: ChannelId,
    (stranger, message): (&Stranger, &Arrived),
    now: UnixMillis,
) -> Result<Room, Error> {
    if quarantine::has(tx, id, &message.envelope)? {
        return Ok(Room::Known);
    }
    let (count, bytes) = quarantine::size(tx, id)?;
    let Content::Text(body) = &message.content else {
        return Ok(Room::None);
    };
    let long = u64::try_from(body.judged().len()).unwrap_or(u64::MAX);
    if count >= MOST_WAITING || bytes.saturating_add(long) > LONGEST_WAITING {
        return Ok(Room::None);
    }
    let routing = message.routing.as_ref();
    let waiting = quarantine::Waiting {
        envelope: message.envelope,
        remote_id: routing.and_then(|routing| routing.remote_id.clone()),
        at: now,
        content: message.content.clone(),
    };
    quarantine::keep(tx, id, &waiting)?;
    if count == 0 {
        let text = body.body.expose_untrusted();
        let words = PeerText::new(text.chars().take(FIRST_WORDS).collect::<String>());
        requests::set_words(tx, id, &stranger.id, (&stranger.who.name, &words))?;
        let shown = Stranger {
            network: stranger.network,
            account: stranger.account,
            who: stranger.who.clone(),
            id: stranger.id.clone(),
            purpose: words,
            wrote: None,
        };
        let answers = keyed(tx, id)?.answers.unwrap_or(1);
        put(tx, id, &shown, answers, now)?;
    }
    Ok(Room::Taken)
}

/// Lets in what somebody wrote before a person accepted them, by the rules of their channel.
/// Returns what the assistant may read of it.
pub(super) fn admit_waiting(
    profile: &Profile,
    tx: &Tx<'_>,
    channel: ChannelId,
    now: UnixMillis,
) -> Result<Vec<MessageId>, Error> {
    let waiting: Vec<Arrived> = quarantine::of(tx, channel)?
        .into_iter()
        .map(|waiting| Arrived {
            seq: None,
            envelope: waiting.envelope,
            content: waiting.content,
            original: None,
            routing: waiting.remote_id.map(|id| Routing {
                remote_id: Some(id),
                ..Routing::default()
            }),
        })
        .collect();
    quarantine::clear(tx, channel)?;
    Ok(Inbound::on(channel, profile, now)
        .store(tx, &waiting)?
        .released)
}
