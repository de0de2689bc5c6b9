//! What networks report: stored, judged and settled, many at a time in one transaction.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::api::{ChannelRef, Error, Event, RelayState, Reply};
use crate::crypto;
use crate::model::{
    Actor, Author, Channel, ChannelId, ChannelState, Content, Digest, IdentityKey, MessageId,
    PeerText, Presence, Preset, RequestState, Routing, StopReason, UnixMillis,
};
use crate::net::{self, Arrived, Failure, Incoming, Mode, News, Retry, Settled, Stranger, backoff};
use crate::profile::Profile;
use crate::store::messages::{Arrival, NewInbound};
use crate::store::{self, Tx, channels, log, messages, originals, requests, review, routing};

use super::channels::preset_text;
use super::contacts::{seen_digest, write_down};
use super::core::{Core, Internal};
use super::outbound::Ended;
use super::reading::{keyed, readable};
use super::strangers::{Judged, judge_stranger, quarantine};
use super::supervise::Judge;

/// What has to happen once a batch is durable.
#[derive(Debug, Default)]
struct After {
    settled: Vec<(oneshot::Sender<Settled>, Settled)>,
    events: Vec<Event>,
    /// Channels whose watch has to follow their new state.
    changed: Vec<ChannelId>,
    posted: Vec<Ended>,
    announced: Vec<(ChannelId, Result<(), Failure>)>,
    /// What the assistant may read now, by channel.
    released: Vec<(ChannelId, Vec<MessageId>)>,
}

impl After {
    /// Notes that an attempt to send ended; `taken` if the peer said that they have it.
    fn posted(&mut self, channel: ChannelId, ended: Ended, taken: bool) {
        self.posted.push(ended);
        self.events
            .extend([Event::Messages { channel }, Event::Status]);
        // That they accepted us may be news.
        self.events.extend(taken.then_some(Event::Channels));
    }

    /// Notes that something about a channel waits for a person.
    fn asks(&mut self, channel: ChannelId) {
        self.changed.push(channel);
        self.events.extend([Event::Channels, Event::NeedsYou]);
    }

    /// Notes what a request for contact came to; returns what the network is told of it.
    fn judged(&mut self, judged: Judged) -> Settled {
        if let Judged::Changed(channel) = judged {
            self.asks(channel);
        }
        Settled {
            refused: matches!(judged, Judged::Refused | Judged::Rejected),
            discard: judged == Judged::Rejected,
            ..Settled::default()
        }
    }

    /// Notes what a list came to; returns what the network is told of it.
    fn listed(&mut self, channel: ChannelId, stored: Stored) -> Settled {
        self.events
            .extend([Event::Messages { channel }, Event::Channels]);
        if stored.held {
            self.events.extend([Event::NeedsYou, Event::Status]);
        }
        if !stored.released.is_empty() {
            self.released.push((channel, stored.released));
        }
        Settled {
            acknowledge: stored.acknowledge,
            stored: stored.envelopes,
            refused: stored.refused,
            discard: false,
        }
    }
}

impl Core {
    /// Settles a batch: one transaction, then acknowledgements, answers and events.
    pub(super) fn settle_news(&mut self, batch: Vec<Incoming>) {
        let announcements: Vec<_> = batch
            .iter()
            .filter_map(|incoming| announcement(&incoming.news))
            .collect();
        match self.store_news(batch) {
            Ok(after) => self.follow_up(after),
            Err(error) => {
                // Nothing was stored and nothing is acknowledged: the relays keep it, and it
                // comes again with the next look. A post comes again when it counts as lost;
                // an announcement would be waited for without end.
                tracing::error!(%error, "news could not be stored");
                for channel in announcements {
                    let failure = Failure {
                        problem: "the profile's database failed".to_owned(),
                        retry: Retry::Later,
                    };
                    self.announcement_ended(channel, Err(failure));
                }
            }
        }
    }

    fn store_news(&mut self, batch: Vec<Incoming>) -> Result<After, Error> {
        let now = self.now();
        let mut after = After::default();
        let mut wrote = false;
        let mut checked = Vec::new();
        let (mut relays, mut listens, mut presences) = (Vec::new(), Vec::new(), Vec::new());
        let tx = self.store.write()?;
        for Incoming { news, settled } in batch {
            let mut answer = Settled::default();
            match news {
                News::Listing {
                    channel,
                    arrived,
                    gone,
                } => {
                    let inbound = Inbound::on(channel, &self.profile, now);
                    answer = after.listed(channel, inbound.store(&tx, &arrived)?);
                    messages::collected(&tx, channel, &gone, now)?;
                    wrote = true;
                }
                News::Handshake {
                    channel,
                    key,
                    answers,
                } => {
                    checked.push(channel);
                    if judge_handshake(&tx, channel, key.as_ref(), answers, now)? {
                        wrote = true;
                        after.asks(channel);
                    }
                }
                News::NoHandshake { channel } => checked.push(channel),
                News::Stranger(stranger) => {
                    let judged = take_stranger(&self.profile, &tx, &stranger, now)?;
                    let kept = match &stranger.wrote {
                        Some(message) => {
                            take_words(&self.profile, &tx, (&stranger, message), judged, now)?
                        }
                        None => Kept::default(),
                    };
                    wrote |= kept.wrote || matches!(judged, Judged::Changed(_));
                    answer = after.judged(judged);
                    if let Some((channel, stored)) = kept.entered {
                        answer = after.listed(channel, stored);
                    } else if stranger.wrote.is_some() && !kept.wrote {
                        answer.refused = true;
                    }
                }
                News::Posted {
                    message,
                    channel,
                    result,
                } => {
                    wrote = true;
                    let taken = result.as_ref().is_ok_and(|accepted| accepted.delivered);
                    let ended = super::outbound::settle_post(&tx, message, channel, result, now)?;
                    after.posted(channel, ended, taken);
                }
                News::Announced { channel, result } => {
                    wrote |= settle_announcement(&tx, channel, &result, now)?;
                    after.announced.push((channel, result));
                    after.events.extend([Event::Channels, Event::NeedsYou]);
                }
                News::Relay {
                    relay,
                    problem,
                    push,
                } => relays.push((relay, problem, push)),
                News::Presence(seen) => {
                    for channel in came_back(&seen) {
                        // What is on its way must not leave twice.
                        if !self.in_flight.contains_key(&channel) {
                            wrote |= store::outbox::hurry(&tx, channel, now)?;
                        }
                    }
                    presences.extend(seen);
                }
                News::Listening {
                    network,
                    account,
                    at,
                } => listens.push(((network, account), at)),
                News::Learned { channel, at } => {
                    wrote = true;
                    channels::learn(&tx, channel, &at)?;
                }
            }
            after.settled.push((settled, answer));
        }
        // Dropped without a commit where nothing was written.
        wrote.then(|| tx.commit()).transpose()?;
        for channel in checked {
            self.checked_at.insert(channel, now);
        }
        for (relay, problem, push) in relays {
            self.note_relay(relay, problem, push);
            after.events.push(Event::Status);
        }
        if !presences.is_empty() {
            self.presences.extend(presences);
            after.events.push(Event::Channels);
        }
        for (of, at) in listens {
            self.listening.remove(&of);
            self.listening.extend(at.map(|at| (of, at)));
            after.events.push(Event::Status);
        }
        Ok(after)
    }

    fn follow_up(&mut self, after: After) {
        for (settled, answer) in after.settled {
            // The look was cancelled: it comes again, and finds everything stored.
            let _cancelled = settled.send(answer);
        }
        for channel in after.changed {
            if let Err(error) = self.rewatch(channel) {
                tracing::error!(%error, "a changed channel cannot be watched");
            }
        }
        for ended in after.posted {
            self.post_ended(ended);
        }
        for (channel, result) in after.announced {
            self.announcement_ended(channel, result);
        }
        if self.mode == Mode::Continuous {
            // An engine that lives for one call was called by the assistant itself.
            for (channel, messages) in after.released {
                self.wake(channel, &messages);
            }
        }
        let mut told: Vec<Event> = Vec::new();
        for event in after.events {
            if !told.contains(&event) {
                self.tell(event);
                told.push(event);
            }
        }
    }

    fn rewatch(&self, channel: ChannelId) -> Result<(), Error> {
        let keyed = self.find(&ChannelRef::Id(channel))?;
        self.watch(&keyed)?;
        Ok(())
    }

    fn note_relay(&mut self, relay: String, problem: Option<String>, push: bool) {
        let now = self.now();
        let state = self
            .relays
            .entry(relay.clone())
            .or_insert_with(|| RelayState {
                relay,
                last_ok: None,
                problem: None,
                push,
            });
        if problem.is_none() {
            state.last_ok = Some(now);
        }
        state.problem = problem;
        state.push = push;
    }

    fn announcement_ended(&mut self, channel: ChannelId, result: Result<(), Failure>) {
        self.announcing.remove(&channel);
        let failure = match result {
            Ok(()) => {
                self.announce_failures.remove(&channel);
                if let Some(answer) = self.accepting.remove(&channel) {
                    let _gone = answer.send(self.channel(&ChannelRef::Id(channel)));
                }
                return;
            }
            Err(failure) => failure,
        };
        let kept = match failure.retry {
            Retry::Later => {
                let failures = self.announce_failures.entry(channel).or_default();
                *failures += 1;
                let random = crypto::random().map_or(0, u64::from_le_bytes);
                let pause = backoff(*failures, random);
                self.later(pause, Internal::AnnounceAgain(channel));
                "; it is kept and goes out when they answer"
            }
            Retry::Never => {
                if let Err(error) = self.rewatch(channel) {
                    tracing::error!(%error, "a closed channel cannot be forgotten");
                }
                ""
            }
        };
        if let Some(answer) = self.accepting.remove(&channel) {
            let _gone = answer.send(Err::<Reply, _>(Error::Relay(format!(
                "{}{kept}",
                failure.problem
            ))));
        }
    }

    pub(super) fn later(&self, pause: Duration, internal: Internal) {
        let sender = self.internal.clone();
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            // The engine stopped meanwhile; it looks again when it starts.
            let _stopped = sender.send(internal);
        });
    }
}

/// What arrived on one channel.
struct Inbound<'a> {
    profile: &'a Profile,
    channel: ChannelId,
    now: UnixMillis,
}

/// What storing a list came to.
#[derive(Default)]
struct Stored {
    /// The relay's numbers that may be acknowledged.
    acknowledge: Vec<i64>,
    /// The envelopes of those.
    envelopes: Vec<Digest>,
    /// What the assistant may read now.
    released: Vec<MessageId>,
    /// Whether anything waits for a person now.
    held: bool,
    /// Whether something was not taken that the peer may be told of.
    refused: bool,
}

impl<'a> Inbound<'a> {
    fn on(channel: ChannelId, profile: &'a Profile, now: UnixMillis) -> Self {
        Self {
            profile,
            channel,
            now,
        }
    }

    /// Stores what arrived with what the rules say of it.
    fn store(&self, tx: &Tx<'_>, arrived: &[Arrived]) -> Result<Stored, Error> {
        let mut stored = Stored::default();
        let channel = keyed(tx, self.channel)?.channel;
        if channel.state != ChannelState::Active || arrived.is_empty() {
            // Of one that was stopped while the list was on its way nothing enters.
            stored.refused = !arrived.is_empty();
            return Ok(stored);
        }
        let mut judge = Judge::of(self.profile, tx, &channel, self.now)?;
        for item in arrived {
            let known = messages::by_envelope(tx, self.channel, &item.envelope)?;
            match known {
                // Ours stays where it is until the peer has collected it.
                Some((_, Author::Human | Author::Assistant)) => continue,
                // A number of theirs that stood for other words before.
                Some((id, Author::Peer))
                    if item.original.is_some() && !says(tx, id, &item.content)? =>
                {
                    stored.refused = true;
                    continue;
                }
                Some((id, Author::Peer)) => fold(tx, id, item)?,
                None => self.judge_and_store(tx, &channel, &mut judge, item, &mut stored)?,
            }
            stored.acknowledge.extend(item.seq);
            stored.envelopes.push(item.envelope);
        }
        Ok(stored)
    }

    fn judge_and_store(
        &self,
        tx: &Tx<'_>,
        channel: &Channel,
        judge: &mut Judge,
        item: &Arrived,
        stored: &mut Stored,
    ) -> Result<(), Error> {
        let judged = judge.judge(&item.content, item.routing.as_ref());
        let new = NewInbound {
            channel: self.channel,
            seq: item.seq,
            at: self.now,
            content: &item.content,
            envelope: item.envelope,
            admission: &judged.admission,
            signals: &judged.signals,
            digest: judged.digest,
        };
        let Arrival::New(message) = messages::receive(tx, &new)? else {
            return Ok(());
        };
        if let Some(routing) = &item.routing {
            routing::set(tx, self.channel, message, routing)?;
        }
        if let Some(original) = &item.original {
            originals::keep(tx, message, original)?;
        }
        channels::set_last_seen(tx, self.channel, self.now)?;
        stored.held |= store::attention::they_wrote(tx, self.channel)?;
        if judged.admission.is_released() {
            stored.released.push(message);
        } else if readable(&item.content).is_ok() {
            // There is nothing to decide about what cannot be read.
            judge.raise(tx, channel, message, &judged, self.now)?;
            stored.held = true;
        }
        Ok(())
    }
}

/// What became of the words of somebody who was a stranger when they sent them.
#[derive(Default)]
struct Kept {
    /// Whether they were kept, or entered.
    wrote: bool,
    /// Where they entered, because a person accepted their author meanwhile.
    entered: Option<(ChannelId, Stored)>,
}

/// Keeps what a stranger wrote, until a person decides; lets it in where they have.
fn take_words(
    profile: &Profile,
    tx: &Tx<'_>,
    (stranger, message): (&Stranger, &Arrived),
    judged: Judged,
    now: UnixMillis,
) -> Result<Kept, Error> {
    if matches!(judged, Judged::Refused | Judged::Rejected) {
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
            entered: Some((id, stored)),
        });
    }
    let waits = known.channel.state == ChannelState::Requested && known.asked_key.as_ref() == key;
    Ok(Kept {
        wrote: waits && quarantine(tx, id, (stranger, message), now)?,
        entered: None,
    })
}

/// Lets in what somebody wrote before a person accepted them, by the rules of their channel.
/// Returns what the assistant may read of it.
pub(super) fn admit_waiting(
    profile: &Profile,
    tx: &Tx<'_>,
    channel: ChannelId,
    now: UnixMillis,
) -> Result<Vec<MessageId>, Error> {
    let waiting: Vec<Arrived> = store::quarantine::of(tx, channel)?
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
    store::quarantine::clear(tx, channel)?;
    Ok(Inbound::on(channel, profile, now)
        .store(tx, &waiting)?
        .released)
}

/// Stores a request for contact with the text that a new channel begins with.
fn take_stranger(
    profile: &Profile,
    tx: &Tx<'_>,
    stranger: &Stranger,
    now: UnixMillis,
) -> Result<Judged, Error> {
    let welcome = || {
        let name = PeerText::new(stranger.who.address.as_str());
        preset_text(profile, Preset::SafeAcquaintance.as_str(), &name)
    };
    judge_stranger(tx, stranger, welcome, now)
}

/// Returns the channels whose peer is there, where that means that messages reach them.
fn came_back(seen: &[(ChannelId, Presence)]) -> impl Iterator<Item = ChannelId> {
    seen.iter()
        .filter(|(_, presence)| presence.path.is_some())
        .map(|(channel, _)| *channel)
}

/// Counts what arrived again under another id of its network.
fn fold(tx: &Tx<'_>, message: MessageId, again: &Arrived) -> Result<(), store::Error> {
    let routing = again.routing.as_ref();
    if let Some(id) = routing.and_then(|routing| routing.remote_id.as_deref()) {
        routing::repeated(tx, message, id)?;
    }
    Ok(())
}

/// Tells whether a stored message says this.
fn says(tx: &Tx<'_>, id: MessageId, content: &Content) -> Result<bool, store::Error> {
    Ok(messages::by_id(tx, id)?.is_some_and(|stored| stored.content == *content))
}

/// Compares a handshake with what is known. Returns whether that changed the channel.
fn judge_handshake(
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

/// Stops a channel both ways and puts the question before a person.
pub(super) fn stop(
    tx: &Tx<'_>,
    channel: &Channel,
    reason: StopReason,
    shown: &str,
    now: UnixMillis,
) -> Result<(), Error> {
    let id = channel.id;
    let pinned = channel.their_key.as_deref();
    channels::stop(tx, id, reason, shown)?;
    let item = review::NewItem {
        channel: id,
        kind: review::Kind::KeyChange,
        message: None,
        shown_key: Some(shown),
        pinned_key: pinned,
        answers: None,
        reason: Some(reason.as_str()),
        since: now,
        seen: seen_digest(id, shown, pinned, None),
    };
    review::raise(tx, &item)?;
    let actor = match reason {
        StopReason::KeyChanged | StopReason::AnsweredTwice => Actor::Rule,
        StopReason::CodeDiffers => Actor::Human,
    };
    let entry = log::NewEntry {
        detail: reason.sentence(),
        ..log::NewEntry::plain(now, actor, "stopped", Some(id))
    };
    log::append(tx, &entry)?;
    Ok(())
}

/// Names the channel whose announcement ended, if that is the news.
fn announcement(news: &News) -> Option<ChannelId> {
    match news {
        News::Announced { channel, .. } => Some(*channel),
        News::Listing { .. }
        | News::Handshake { .. }
        | News::NoHandshake { .. }
        | News::Stranger(_)
        | News::Posted { .. }
        | News::Presence(_)
        | News::Relay { .. }
        | News::Learned { .. }
        | News::Listening { .. } => None,
    }
}

fn settle_announcement(
    tx: &Tx<'_>,
    channel: ChannelId,
    result: &Result<(), Failure>,
    now: UnixMillis,
) -> Result<bool, store::Error> {
    match result {
        Ok(()) => {
            channels::announced(tx, channel)?;
            requests::settle(tx, channel, true, RequestState::Sent, now)?;
        }
        Err(failure) if failure.retry == Retry::Never && asks(tx, channel)? => {
            // They do not want us; what they ask of us, or send, is another matter.
            channels::announced(tx, channel)?;
            requests::settle(tx, channel, true, RequestState::Rejected, now)?;
        }
        Err(failure) if failure.retry == Retry::Never => {
            channels::set_state(tx, channel, ChannelState::Closed)?;
            // The key of whoever answered first may have been put before a person meanwhile.
            review::withdraw(tx, channel, now)?;
        }
        Err(_later) => return Ok(false),
    }
    Ok(true)
}

/// Tells whether contact is made on the network of this channel by asking for it.
fn asks(tx: &Tx<'_>, channel: ChannelId) -> Result<bool, store::Error> {
    let known = channels::by_id(tx, channel)?;
    Ok(known.is_some_and(|known| net::of(known.channel.network).logins().is_some()))
}

#[cfg(test)]
pub(super) mod tests;
