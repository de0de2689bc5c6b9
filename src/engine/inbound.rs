//! What networks report: stored, judged and settled, many at a time in one transaction.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::api::{ChannelRef, Error, Event, RelayState, Reply};
use crate::crypto;
use crate::model::{
    AccountId, Actor, Author, Channel, ChannelId, ChannelState, Content, Digest, Listening,
    MessageId, NetworkId, PeerText, Presence, Preset, RequestState, StopReason, UnixMillis,
};
use crate::net::{self, Arrived, Failure, Incoming, Mode, News, Retry, Settled, Stranger, backoff};
use crate::profile::Profile;
use crate::store::messages::{Arrival, NewInbound};
use crate::store::{self, Tx, channels, log, messages, originals, requests, review, routing};

use super::channels::preset_text;
use super::contacts::seen_digest;
use super::core::{Core, Internal};
use super::handshakes::judge_handshake;
use super::outbound::Ended;
use super::quarantine::{Kept, take_words};
use super::reading::{keyed, readable};
use super::strangers::{Judged, judge_stranger};
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

/// Who of us listens: a network, or one login of ours there.
type Listener = (NetworkId, Option<AccountId>);

/// What was seen and is not stored.
#[derive(Debug, Default)]
struct Seen {
    /// Channels whose relay was asked for a handshake.
    checked: Vec<ChannelId>,
    /// Relays, what is wrong with them, and whether they tell of mail by themselves.
    relays: Vec<(String, Option<String>, bool)>,
    /// Where we listen.
    listens: Vec<(Listener, Option<Listening>)>,
    /// Whether peers are there.
    presences: Vec<(ChannelId, Presence)>,
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
        if let Judged::Changed(channel) | Judged::Stopped(channel) = judged {
            self.asks(channel);
        }
        Settled {
            refused: matches!(
                judged,
                Judged::Refused | Judged::Rejected | Judged::Stopped(_)
            ),
            discard: judged == Judged::Rejected,
            ..Settled::default()
        }
    }

    /// Notes what a request for contact and the words with it came to.
    fn heard(&mut self, judged: Judged, kept: Kept) -> Settled {
        let answer = self.judged(judged);
        if let Some((channel, stored)) = kept.entered {
            return self.listed(channel, stored);
        }
        Settled {
            refused: answer.refused || kept.turned_away,
            ..answer
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
        let mut seen = Seen::default();
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
                    seen.checked.push(channel);
                    if judge_handshake(&tx, channel, key.as_ref(), answers, now)? {
                        wrote = true;
                        after.asks(channel);
                    }
                }
                News::NoHandshake { channel } => seen.checked.push(channel),
                News::Stranger(stranger) => {
                    let judged = take_stranger(&self.profile, &tx, &stranger, now)?;
                    let kept = take_words(&self.profile, &tx, &stranger, judged, now)?;
                    wrote |=
                        kept.wrote || matches!(judged, Judged::Changed(_) | Judged::Stopped(_));
                    answer = after.heard(judged, kept);
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
                } => seen.relays.push((relay, problem, push)),
                News::Presence(all) => {
                    for channel in came_back(&all, &self.in_flight) {
                        wrote |= store::outbox::hurry(&tx, channel, now)?;
                    }
                    seen.presences.extend(all);
                }
                News::Listening {
                    network,
                    account,
                    at,
                } => seen.listens.push(((network, account), at)),
                News::Learned { channel, at } => {
                    wrote = true;
                    store::places::learn(&tx, channel, &at)?;
                }
            }
            after.settled.push((settled, answer));
        }
        // Dropped without a commit where nothing was written.
        wrote.then(|| tx.commit()).transpose()?;
        self.note_seen(seen, &mut after, now);
        Ok(after)
    }

    /// Notes what is not stored.
    fn note_seen(&mut self, seen: Seen, after: &mut After, now: UnixMillis) {
        for channel in seen.checked {
            self.checked_at.insert(channel, now);
        }
        for (relay, problem, push) in seen.relays {
            self.note_relay(relay, problem, push);
            after.events.push(Event::Status);
        }
        if !seen.presences.is_empty() {
            self.presences.extend(seen.presences);
            after.events.push(Event::Channels);
        }
        for (of, at) in seen.listens {
            self.listening.remove(&of);
            self.listening.extend(at.map(|at| (of, at)));
            after.events.push(Event::Status);
        }
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
pub(super) struct Inbound<'a> {
    profile: &'a Profile,
    channel: ChannelId,
    now: UnixMillis,
}

/// What storing a list came to.
#[derive(Default)]
pub(super) struct Stored {
    /// The relay's numbers that may be acknowledged.
    acknowledge: Vec<i64>,
    /// The envelopes of those.
    envelopes: Vec<Digest>,
    /// What the assistant may read now.
    pub(super) released: Vec<MessageId>,
    /// Whether anything waits for a person now.
    held: bool,
    /// Whether something was not taken that the peer may be told of.
    refused: bool,
}

impl<'a> Inbound<'a> {
    pub(super) fn on(channel: ChannelId, profile: &'a Profile, now: UnixMillis) -> Self {
        Self {
            profile,
            channel,
            now,
        }
    }

    /// Stores what arrived with what the rules say of it.
    pub(super) fn store(&self, tx: &Tx<'_>, arrived: &[Arrived]) -> Result<Stored, Error> {
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

/// Returns the channels whose peer is there, where that means that messages reach them, and
/// nothing is on its way already, which must not leave twice.
fn came_back(
    seen: &[(ChannelId, Presence)],
    in_flight: &HashMap<ChannelId, MessageId>,
) -> Vec<ChannelId> {
    seen.iter()
        .filter(|(channel, presence)| presence.path.is_some() && !in_flight.contains_key(channel))
        .map(|(channel, _)| *channel)
        .collect()
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
