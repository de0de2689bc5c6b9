//! People who ask for contact, on networks where anybody who reaches us can ask.
//!
//! A request proves that whoever sent it holds the key in it, and nothing else: not the name,
//! not the id, not the address. It never changes what was accepted before; that a person does.

use crate::api::Error;
use crate::crypto;
use crate::model::{
    Actor, Channel, ChannelId, ChannelState, Digest, NetworkId, PeerText, Preset, RequestState,
    StopReason, UnixMillis, Verdict,
};
use crate::net::{self, Somebody, Stranger};
use crate::store::channels::{Keyed, NewChannel};
use crate::store::{self, Tx, accounts, channels, log, outbox, requests, review};

use super::channels::keys_of;
use super::contacts::write_down;
use super::inbound::stop;
use super::reading::keyed;

/// Strangers who may wait for a person at once; who comes later is turned away, so that nobody
/// can fill the list or the disk.
const MOST_STRANGERS: u32 = 200;
/// Requests that are kept of one peer; later ones are turned away.
const MOST_REQUESTS: u32 = 50;
/// Longest text of a request that is kept, in bytes: name, address and purpose.
const LONGEST: usize = 4096;

/// What a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// Nothing was taken.
    Refused,
    /// Nothing was taken, because a person refused it, or whoever sent it, for good.
    Rejected,
    /// It was here already, or changes nothing.
    Known,
    /// It waits for a person, or stopped a channel.
    Changed(ChannelId),
    /// It stopped a channel, and nothing was taken.
    Stopped(ChannelId),
}

/// Stores a request for contact and puts it before a person. `welcome` gives the text that a new
/// channel begins with, where one is made.
pub(super) fn judge_stranger(
    tx: &Tx<'_>,
    stranger: &Stranger,
    welcome: impl FnOnce() -> Result<String, Error>,
    now: UnixMillis,
) -> Result<Judged, Error> {
    let account = match stranger.account {
        Some(id) => accounts::by_id(tx, id)?,
        None => accounts::of(tx, stranger.network)?,
    };
    let Some(account) = account else {
        return Ok(Judged::Refused);
    };
    let who = &stranger.who;
    let longest = [who.name.len(), who.endpoint.len(), stranger.purpose.len()];
    if who.address == account.address || longest.into_iter().any(|length| length > LONGEST) {
        return Ok(Judged::Refused);
    }
    let Some(id) = channels::by_address(tx, (stranger.network, stranger.account), &who.address)?
    else {
        return admit(tx, stranger, &account, welcome, now);
    };
    let known = keyed(tx, id)?;
    if known.blocked {
        return Ok(Judged::Rejected);
    }
    if connecting_asks(stranger.network)
        && let Some(judged) = who_connects(tx, &known, stranger)?
    {
        return Ok(judged);
    }
    if let Some(earlier) = requests::by_remote_id(tx, id, false, &stranger.id)? {
        // Whoever did not hear our answer repeats it; whoever reuses a number is turned away.
        let words = stranger.purpose.is_empty() || earlier.purpose == stranger.purpose;
        let same = earlier.key == who.key && words;
        if same && is_over(known.channel.state) && connecting_asks(stranger.network) {
            requests::reopen(tx, id, &stranger.id, now)?;
            return put_before_a_person(tx, &known, stranger, now);
        }
        return Ok(match earlier.state {
            _ if !same => Judged::Refused,
            RequestState::Rejected => Judged::Rejected,
            RequestState::Open | RequestState::Sent | RequestState::Approved => Judged::Known,
        });
    }
    if requests::count(tx, id, false)? >= MOST_REQUESTS {
        // What a person refused last is what they are refused for.
        let last = requests::last(tx, id, false)?;
        let rejected = last.is_some_and(|last| last.state == RequestState::Rejected);
        return Ok(if rejected {
            Judged::Rejected
        } else {
            Judged::Refused
        });
    }
    match known.channel.state {
        ChannelState::Invited
        | ChannelState::Requested
        | ChannelState::Closed
        | ChannelState::Superseded => ask(tx, &known, stranger, now),
        ChannelState::Active if known.channel.their_key.as_ref() == Some(&who.key) => {
            again(tx, &known, stranger, now)
        }
        ChannelState::Active => {
            if review::was_refused(tx, id, &who.key)? {
                return Ok(Judged::Refused);
            }
            stop(tx, &known.channel, StopReason::KeyChanged, &who.key, now)?;
            if connecting_asks(stranger.network) {
                // Where they say that they are is what is dialled if a person accepts the key.
                keep(tx, id, stranger, RequestState::Open, now)?;
                return Ok(Judged::Stopped(id));
            }
            Ok(Judged::Changed(id))
        }
        ChannelState::Stopped => Ok(Judged::Refused),
    }
}

/// Judges somebody who connected, and is known, by what became of them; `None` where nothing has,
/// and they ask anew.
fn who_connects(tx: &Tx<'_>, known: &Keyed, stranger: &Stranger) -> Result<Option<Judged>, Error> {
    let channel = &known.channel;
    let last = requests::last(tx, channel.id, false)?;
    let rejected = last.is_some_and(|last| last.state == RequestState::Rejected);
    Ok(match channel.state {
        // Whatever they send now they keep, and send it when that is settled.
        ChannelState::Stopped => Some(Judged::Refused),
        // Their node is another one every time that they want it to be.
        ChannelState::Closed | ChannelState::Superseded if rejected => Some(Judged::Rejected),
        // To come back by itself is what every node does. Who writes has asked.
        ChannelState::Closed | ChannelState::Superseded if stranger.wrote.is_none() => {
            Some(Judged::Known)
        }
        ChannelState::Active if channel.their_key.as_ref() == Some(&stranger.who.key) => {
            Some(Judged::Known)
        }
        ChannelState::Invited
        | ChannelState::Requested
        | ChannelState::Active
        | ChannelState::Superseded
        | ChannelState::Closed => None,
    })
}

fn is_over(state: ChannelState) -> bool {
    matches!(state, ChannelState::Closed | ChannelState::Superseded)
}

/// Makes the channel of somebody who was never heard of.
fn admit(
    tx: &Tx<'_>,
    stranger: &Stranger,
    account: &accounts::Account,
    welcome: impl FnOnce() -> Result<String, Error>,
    now: UnixMillis,
) -> Result<Judged, Error> {
    if requests::count_strangers(tx)? >= MOST_STRANGERS {
        return Ok(Judged::Refused);
    }
    let instructions = welcome().unwrap_or_else(|error| {
        // A person's own text that cannot be used must not keep everybody else's news from here.
        tracing::warn!(%error, "a new contact begins without a text for the assistant");
        String::new()
    });
    let new = NewPeer {
        network: stranger.network,
        account,
        several: stranger.account.is_some(),
        who: &stranger.who,
        state: ChannelState::Closed,
        instructions: &instructions,
        at: now,
    };
    let id = insert_peer(tx, &new)?;
    let known = keyed(tx, id)?;
    ask(tx, &known, stranger, now)
}

/// A peer of an account who gets a channel.
#[derive(Debug)]
pub(super) struct NewPeer<'a> {
    pub(super) network: NetworkId,
    /// Our login there.
    pub(super) account: &'a accounts::Account,
    /// Whether it is one of several that the network can have.
    pub(super) several: bool,
    pub(super) who: &'a Somebody,
    /// State to begin in.
    pub(super) state: ChannelState,
    /// Text for the assistant.
    pub(super) instructions: &'a str,
    pub(super) at: UnixMillis,
}

/// Adds the channel of a peer, without any key of theirs pinned.
pub(super) fn insert_peer(tx: &Tx<'_>, peer: &NewPeer<'_>) -> Result<ChannelId, Error> {
    let NewPeer {
        network,
        account,
        several,
        who,
        state,
        instructions,
        at,
    } = *peer;
    let of = net::of(network);
    let new = NewChannel {
        network,
        account: several.then_some(account.id),
        address: &who.address,
        // Not the name that they give themselves: nobody else chooses the names in use here.
        name: &PeerText::new(who.address.as_str()),
        phone: None,
        state,
        inviter: state == ChannelState::Invited,
        relay: &who.endpoint,
        // Of a login that is one of several the key lies with it alone, and goes with it.
        secret: if several { &[0; 32] } else { &account.secret },
        our_key: &of.write_key(&of.public_of(&keys_of(account))),
        their_key: None,
        announce: false,
        preset: Preset::SafeAcquaintance.as_str(),
        instructions,
        created_at: at,
        last_seen: None,
    };
    Ok(channels::insert(tx, &new)?)
}

/// Tells whether whoever connects has asked for contact by that.
fn connecting_asks(network: NetworkId) -> bool {
    network.is_direct() && !network.asks_first()
}

/// Puts a request before a person, in place of an earlier one of the same peer.
fn ask(tx: &Tx<'_>, known: &Keyed, stranger: &Stranger, now: UnixMillis) -> Result<Judged, Error> {
    keep(tx, known.channel.id, stranger, RequestState::Open, now)?;
    put_before_a_person(tx, known, stranger, now)
}

fn put_before_a_person(
    tx: &Tx<'_>,
    known: &Keyed,
    stranger: &Stranger,
    now: UnixMillis,
) -> Result<Judged, Error> {
    let id = known.channel.id;
    let who = &stranger.who;
    // The key that was shown before: at the address where we asked, or in an earlier request.
    let before = match known.channel.state {
        ChannelState::Invited | ChannelState::Requested => known.asked_key.as_ref(),
        ChannelState::Active
        | ChannelState::Stopped
        | ChannelState::Superseded
        | ChannelState::Closed => known.channel.their_key.as_ref(),
    };
    let differs = before.is_some_and(|before| *before != who.key);
    let answers = known.answers.unwrap_or(1).max(if differs { 2 } else { 1 });
    if differs {
        // What was written under another key is nobody's whom this person would accept.
        store::quarantine::clear(tx, id)?;
    }
    channels::ask(tx, id, &who.key, Some(answers))?;
    put(tx, id, stranger, answers, now)?;
    write_down(tx, now, Actor::Rule, "contact_requested", id)?;
    Ok(Judged::Changed(id))
}

/// Takes note that somebody who was accepted asks again. If they are reached elsewhere now, that
/// is put before a person.
fn again(
    tx: &Tx<'_>,
    known: &Keyed,
    stranger: &Stranger,
    now: UnixMillis,
) -> Result<Judged, Error> {
    let id = known.channel.id;
    if known.channel.relay == stranger.who.endpoint {
        keep(tx, id, stranger, RequestState::Approved, now)?;
        write_down(tx, now, Actor::Rule, "contact_requested_again", id)?;
        return Ok(Judged::Changed(id));
    }
    keep(tx, id, stranger, RequestState::Open, now)?;
    put(tx, id, stranger, 1, now)?;
    write_down(tx, now, Actor::Rule, "contact_moved", id)?;
    Ok(Judged::Changed(id))
}

fn keep(
    tx: &Tx<'_>,
    channel: ChannelId,
    stranger: &Stranger,
    state: RequestState,
    now: UnixMillis,
) -> Result<(), Error> {
    let request = requests::Request {
        channel,
        ours: false,
        remote_id: stranger.id.clone(),
        name: stranger.who.name.clone(),
        endpoint: stranger.who.endpoint.clone(),
        key: stranger.who.key.clone(),
        purpose: stranger.purpose.clone(),
        original: Some(stranger.who.answer.clone()),
        at: now,
        state,
        settled_at: (state != RequestState::Open).then_some(now),
    };
    Ok(requests::insert(tx, &request)?)
}

pub(super) fn put(
    tx: &Tx<'_>,
    id: ChannelId,
    stranger: &Stranger,
    answers: u32,
    now: UnixMillis,
) -> Result<(), Error> {
    let seen = seen_of(id, stranger, answers);
    if let Some(open) = review::open_of(tx, id, review::Kind::ContactRequest)? {
        let shown = &stranger.who.key;
        return Ok(review::show_instead(
            tx,
            open.id,
            shown,
            Some(answers),
            &seen,
        )?);
    }
    let item = review::NewItem {
        channel: id,
        kind: review::Kind::ContactRequest,
        message: None,
        shown_key: Some(&stranger.who.key),
        pinned_key: None,
        answers: Some(answers),
        reason: None,
        since: now,
        seen,
    };
    review::raise(tx, &item)?;
    Ok(())
}

/// Returns the digest of what a person is shown of a request.
fn seen_of(channel: ChannelId, stranger: &Stranger, answers: u32) -> Digest {
    crypto::sha256_of(&[
        &channel.0.to_be_bytes(),
        stranger.id.as_bytes(),
        stranger.who.key.as_bytes(),
        stranger.who.name.expose_untrusted().as_bytes(),
        stranger.who.endpoint.as_bytes(),
        stranger.purpose.expose_untrusted().as_bytes(),
        &answers.to_be_bytes(),
    ])
}

/// Carries out what a person said of a request that came on an account; returns the word for the
/// log.
pub(super) fn carry_contact(
    tx: &Tx<'_>,
    channel: &Channel,
    key: &str,
    verdict: Verdict,
    now: UnixMillis,
) -> Result<&'static str, Error> {
    let id = channel.id;
    let moved = channel.state == ChannelState::Active;
    let asked = requests::with_key(tx, id, key)?.ok_or(Error::NothingToDecide)?;
    Ok(match verdict {
        Verdict::Approve => {
            channels::pin(tx, id, key)?;
            if !moved {
                // What was sealed for another key has to be sealed again.
                outbox::unseal(tx, id)?;
            }
            store::places::set_relay(tx, id, &asked.endpoint)?;
            requests::settle(tx, id, false, RequestState::Approved, now)?;
            if moved {
                "contact_move_accepted"
            } else {
                "contact_accepted"
            }
        }
        Verdict::Refuse => {
            requests::settle(tx, id, false, RequestState::Rejected, now)?;
            if moved {
                "contact_move_refused"
            } else {
                channels::set_state(tx, id, ChannelState::Closed)?;
                "contact_refused"
            }
        }
        Verdict::Block => {
            requests::settle(tx, id, false, RequestState::Rejected, now)?;
            channels::set_state(tx, id, ChannelState::Closed)?;
            channels::block(tx, id)?;
            "contact_blocked"
        }
        Verdict::KeepPinned
        | Verdict::ReleaseClean
        | Verdict::OwnWords
        | Verdict::SendEdited
        | Verdict::RefuseAndPause => return Err(Error::not_an_answer()),
    })
}

/// Takes note of where somebody is whose new key was accepted, or of their refusal.
pub(super) fn carry_key_change(
    tx: &Tx<'_>,
    id: ChannelId,
    key: &str,
    verdict: Verdict,
    now: UnixMillis,
) -> Result<(), Error> {
    let Some(asked) = requests::with_key(tx, id, key)? else {
        return Ok(());
    };
    let state = if verdict == Verdict::Approve {
        store::places::set_relay(tx, id, &asked.endpoint)?;
        store::places::learn(tx, id, "")?;
        RequestState::Approved
    } else {
        RequestState::Rejected
    };
    Ok(requests::settle(tx, id, false, state, now)?)
}

/// Notes that a peer took a message of ours: they accepted us.
pub(super) fn they_took_it(
    tx: &Tx<'_>,
    id: ChannelId,
    now: UnixMillis,
) -> Result<(), store::Error> {
    if channels::trusted_by(tx, id, now)? {
        requests::settle(tx, id, true, RequestState::Approved, now)?;
        log::append(
            tx,
            &log::NewEntry::plain(now, Actor::Rule, "contact_accepted_us", Some(id)),
        )?;
    }
    Ok(())
}
