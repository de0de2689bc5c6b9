//! Requests that only read, or change nothing but what a person has seen.

use std::collections::BTreeSet;

use crate::api::{
    ChannelRef, Draft, Error, Event, LogState, Page, RelayState, Reply, Review, Status, Today,
};
use crate::model::{
    Actor, Asked, Author, Channel, ChannelId, ChannelState, Content, Delivery, Fingerprint,
    Message, MessageId, PeerText, Preset, ReviewId, ReviewItem, ReviewKind, Severity, StopReason,
};
use crate::net::{self, Network};
use crate::store::around::{Around, around};
use crate::store::{
    self, Read, accounts, channels::Keyed, drafts, held, log, messages, outbox, requests, review,
    routing, supervision,
};

use super::core::Core;
use super::decide::clean;
use super::engagement::in_force;
use super::local_time::midnight;
use super::supervise::{found, is_severe, message_digest};

/// Messages shown before a held one.
const BEFORE: u32 = 3;
/// Most messages of a transcript that are given at once.
const LARGEST_PAGE: u32 = 1000;
/// Most entries of the log that are given at once.
const LARGEST_LOG: u32 = 10_000;

impl Core {
    pub(super) fn status(&self) -> Result<Reply, Error> {
        let keyed = store::channels::all(&self.store)?;
        let relays = self.relays_in_use(&keyed)?;
        let active = keyed
            .iter()
            .filter(|keyed| keyed.channel.state == ChannelState::Active)
            .count();
        let (held_out, next_expiry) = held::held(&self.store)?;
        Ok(Reply::Status(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: self.profile.data_dir().display().to_string(),
            protected: self.store.lock()?.is_some(),
            paused: self.paused,
            kept: self.paused.map_or(Ok(0), |since| {
                store::attention::count_arrived(&self.store, since)
            })?,
            active_channels: u32::try_from(active).unwrap_or(u32::MAX),
            needs_you: review::count_open(&self.store)?,
            held_in: messages::held(&self.store)?,
            held_out,
            next_expiry,
            today: self.today()?,
            wake_problems: self.wakes.problems(),
            outbox: outbox::waiting(&self.store)?,
            relays: relays.iter().map(|relay| self.relay(relay)).collect(),
            first_look: self.first_looks.state(),
            listening: self.listening.values().cloned().collect(),
            now: self.now(),
        }))
    }

    /// Returns the relays that are asked: those of channels in use, and those of our logins.
    fn relays_in_use(&self, channels: &[Keyed]) -> Result<BTreeSet<String>, store::Error> {
        let of_channels = channels
            .iter()
            // Where messages go straight to the peer nothing is polled.
            .filter(|keyed| !keyed.channel.network.is_direct())
            .filter(|keyed| in_use(keyed.channel.state))
            .map(|keyed| keyed.channel.relay.clone());
        let mut relays: BTreeSet<String> = of_channels.collect();
        for network in net::ALL.iter().map(|network| network.id()) {
            if !network.is_direct() {
                let logins = accounts::all(&self.store, network)?;
                relays.extend(logins.into_iter().map(|login| login.endpoint));
            }
        }
        Ok(relays)
    }

    fn today(&self) -> Result<Today, store::Error> {
        let [alone, approved, edited, refused] =
            supervision::settled_since(&self.store, midnight(self.now()))?;
        Ok(Today {
            alone,
            approved,
            edited,
            refused,
        })
    }

    fn relay(&self, relay: &str) -> RelayState {
        self.relays
            .get(relay)
            .cloned()
            .unwrap_or_else(|| RelayState {
                relay: relay.to_owned(),
                last_ok: None,
                problem: None,
                push: false,
            })
    }

    pub(super) fn channels(&self) -> Result<Reply, Error> {
        let all = store::channels::all(&self.store)?;
        let all = all.into_iter().map(|keyed| self.present(shown(keyed)));
        Ok(Reply::Channels(all.collect()))
    }

    pub(super) fn channel(&self, reference: &ChannelRef) -> Result<Reply, Error> {
        let keyed = self.find(reference)?;
        Ok(Reply::Channel(Box::new(self.present(shown(keyed)))))
    }

    /// Adds what a relay last said of whether the peer is there.
    fn present(&self, channel: Channel) -> Channel {
        Channel {
            // Of one that was closed or stopped nobody hears any more.
            presence: (channel.state == ChannelState::Active)
                .then(|| self.presences.get(&channel.id).copied())
                .flatten(),
            ..channel
        }
    }

    /// Finds the channel that is meant.
    pub(super) fn find(&self, reference: &ChannelRef) -> Result<Keyed, Error> {
        let unknown = || {
            Error::UnknownChannel(match reference {
                ChannelRef::Id(id) => id.to_string(),
                ChannelRef::Named(name) => name.clone(),
            })
        };
        let id = match reference {
            ChannelRef::Id(id) => *id,
            ChannelRef::Named(name) => {
                match store::channels::by_reference(&self.store, name)?.as_slice() {
                    [] => return Err(unknown()),
                    [id] => *id,
                    _ => return Err(Error::Ambiguous),
                }
            }
        };
        store::channels::by_id(&self.store, id)?.ok_or_else(unknown)
    }

    pub(super) fn needs_you(&self) -> Result<Reply, Error> {
        let items = review::open(&self.store)?;
        let items: Result<Vec<_>, _> = items.into_iter().map(|item| self.item_of(item)).collect();
        Ok(Reply::NeedsYou(items?.into_iter().flatten().collect()))
    }

    pub(super) fn review(&self, id: ReviewId) -> Result<Reply, Error> {
        let stored = review::by_id(&self.store, id)?.ok_or(Error::NothingToDecide)?;
        if let Some(verdict) = stored.verdict {
            return Err(Error::AlreadyDecided(verdict));
        }
        let channel = stored.channel;
        let message = stored
            .message
            .map(|message| messages::by_id(&self.store, message))
            .transpose()?
            .flatten();
        let before = messages::page(&self.store, channel, stored.message, BEFORE)?;
        let item = self.item_of(stored)?.ok_or(Error::NothingToDecide)?;
        let channel = shown(self.find(&ChannelRef::Id(channel))?);
        let flagged_before = message.as_ref().map_or(Ok(0), |message| {
            supervision::flagged_before(&self.store, channel.id, message.id)
        })?;
        let in_force = in_force(&self.profile, &channel, self.now());
        Ok(Reply::Review(Box::new(Review {
            network: channel.network,
            total: messages::count(&self.store, channel.id)?,
            flagged_before,
            terms: in_force.rules.terms(),
            policy: in_force.name,
            rule: self.rule_of(&channel, &item.kind),
            asked: self.asked(&channel, &item.kind)?,
            item,
            clean: message
                .as_ref()
                .filter(|message| message.author == Author::Peer)
                .and_then(clean),
            channel,
            message,
            before,
        })))
    }

    /// Returns what somebody who asks for contact says beside their key.
    fn asked(&self, channel: &Channel, kind: &ReviewKind) -> Result<Option<Asked>, Error> {
        if !matches!(kind, ReviewKind::ContactRequest { .. }) {
            return Ok(None);
        }
        let moved = channel.state == ChannelState::Active;
        let last = requests::last(&self.store, channel.id, false)?;
        Ok(last.map(|request| Asked {
            id: request.remote_id,
            address: channel.address.clone(),
            unsafe_name: request.name,
            unsafe_endpoint: PeerText::new(request.endpoint),
            unsafe_purpose: request.purpose,
            moved_from: moved.then(|| channel.relay.clone()),
        }))
    }

    pub(super) fn transcript(
        &self,
        channel: ChannelId,
        before: Option<MessageId>,
        limit: u32,
        topic: Option<&PeerText>,
    ) -> Result<Reply, Error> {
        let limit = limit.clamp(1, LARGEST_PAGE);
        let mut page = match topic {
            Some(topic) => routing::page(&self.store, channel, topic, before, limit + 1)?,
            None => messages::page(&self.store, channel, before, limit + 1)?,
        };
        let more = page.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        if more {
            page.remove(0);
        }
        Ok(Reply::Page(Page {
            messages: page,
            more,
            newer: false,
            total: messages::count(&self.store, channel)?,
        }))
    }

    pub(super) fn around(
        &self,
        channel: ChannelId,
        message: MessageId,
        before: u32,
        after: u32,
    ) -> Result<Reply, Error> {
        let most = (before.min(LARGEST_PAGE), after.min(LARGEST_PAGE));
        let Around {
            messages: page,
            more,
            newer,
        } = around(&self.store, channel, message, most)?;
        Ok(Reply::Page(Page {
            messages: page,
            more,
            newer,
            total: messages::count(&self.store, channel)?,
        }))
    }

    pub(super) fn mark_read(
        &mut self,
        channel: ChannelId,
        up_to: MessageId,
    ) -> Result<Reply, Error> {
        let tx = self.store.write()?;
        let changed = messages::mark_read(&tx, channel, up_to)?;
        if changed > 0 {
            tx.commit()?;
            self.tell(Event::Channels);
        }
        Ok(Reply::Done)
    }

    pub(super) fn save_draft(
        &mut self,
        channel: ChannelId,
        text: &PeerText,
    ) -> Result<Reply, Error> {
        self.find(&ChannelRef::Id(channel))?;
        let now = self.now();
        let tx = self.store.write()?;
        drafts::keep(&tx, channel, text, now)?;
        tx.commit()?;
        Ok(Reply::Done)
    }

    pub(super) fn draft(&self, channel: ChannelId) -> Result<Reply, Error> {
        let draft = drafts::kept(&self.store, channel)?;
        Ok(Reply::Draft(draft.map_or_else(
            Draft::default,
            |(text, at)| Draft { text, at: Some(at) },
        )))
    }

    pub(super) fn presets(&self) -> Result<Reply, Error> {
        let own = self
            .profile
            .preset_names()
            .map_err(|error| Error::Storage(error.to_string()))?;
        let built_in = Preset::ALL.map(|preset| preset.as_str().to_owned());
        let own = own.into_iter().filter(|name| Preset::parse(name).is_none());
        Ok(Reply::Presets(built_in.into_iter().chain(own).collect()))
    }

    pub(super) fn log(&self, limit: u32, before: Option<i64>) -> Result<Reply, Error> {
        Ok(Reply::Log(log::newest(
            &self.store,
            limit.min(LARGEST_LOG),
            before,
        )?))
    }

    pub(super) fn verify_log(&self) -> Result<Reply, Error> {
        let (entries, problem) = log::verify(&self.store)?;
        Ok(Reply::LogState(LogState {
            entries,
            problem,
            checked_at: self.now(),
        }))
    }

    pub(super) fn redact_log(&mut self, number: i64) -> Result<Reply, Error> {
        let now = self.now();
        let tx = self.store.write()?;
        if !log::redact(&tx, number)? {
            return Err(Error::BadRequest(format!("the log has no entry {number}")));
        }
        let entry = log::NewEntry {
            detail: &format!("entry {number}"),
            ..log::NewEntry::plain(now, Actor::Human, "log_redacted", None)
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        Ok(Reply::Done)
    }

    /// Returns an item as it is shown, bound to what it is about as that is now.
    fn item_of(&self, stored: review::Item) -> Result<Option<ReviewItem>, Error> {
        let message = stored
            .message
            .map(|message| messages::by_id(&self.store, message))
            .transpose()?
            .flatten();
        let channel = self.find(&ChannelRef::Id(stored.channel))?.channel;
        let kind = match stored.kind {
            review::Kind::ContactRequest | review::Kind::KeyChange => {
                key_question(net::of(channel.network), &stored)
            }
            review::Kind::HeldMessage => message.as_ref().map(|m| held_message(&stored, m)),
            review::Kind::HeldDraft => message.as_ref().and_then(|m| held_draft(&stored, m)),
        };
        let seen = message.map_or(stored.seen, |message| message_digest(&channel, &message));
        Ok(kind.map(|kind| ReviewItem {
            id: stored.id,
            channel: stored.channel,
            name: stored.name,
            kind,
            since: stored.since,
            snoozed: stored.snoozed,
            seen,
        }))
    }
}

/// Tells whether a channel in this state talks with its relay.
pub(super) fn in_use(state: ChannelState) -> bool {
    match state {
        ChannelState::Invited | ChannelState::Requested | ChannelState::Active => true,
        ChannelState::Stopped | ChannelState::Superseded | ChannelState::Closed => false,
    }
}

/// Returns what everybody may know of a channel.
pub(super) fn shown(keyed: Keyed) -> Channel {
    let network = net::of(keyed.channel.network);
    let theirs = keyed.channel.their_key.as_deref();
    Channel {
        our_fingerprint: fingerprint_of(network, &keyed.channel.our_key),
        fingerprint: theirs.and_then(|key| fingerprint_of(network, key)),
        ..keyed.channel
    }
}

/// Returns the short form of a key in its text form.
fn fingerprint_of(network: &dyn Network, key: &str) -> Option<Fingerprint> {
    network.read_key(key).map(|key| network.fingerprint(&key))
}

/// The same for a screen, which says so where it is no key.
pub(super) fn short(network: &dyn Network, key: &str) -> Fingerprint {
    fingerprint_of(network, key).unwrap_or_else(|| Fingerprint("no usable key".to_owned()))
}

fn key_question(network: &dyn Network, stored: &review::Item) -> Option<ReviewKind> {
    let shown = short(network, stored.shown_key.as_deref().unwrap_or_default());
    if stored.kind == review::Kind::ContactRequest {
        return Some(ReviewKind::ContactRequest {
            fingerprint: shown,
            answers: stored.answers,
        });
    }
    Some(ReviewKind::KeyChange {
        pinned: stored
            .pinned_key
            .as_deref()
            .and_then(|key| fingerprint_of(network, key)),
        shown,
        reason: stored.reason.as_deref().and_then(StopReason::parse)?,
    })
}

fn held_message(stored: &review::Item, message: &Message) -> ReviewKind {
    let weighty = message
        .signals
        .iter()
        .filter(|signal| signal.severity > Severity::Note);
    ReviewKind::HeldMessage {
        message: message.id,
        rule: stored.reason.clone().unwrap_or_default(),
        signals: u32::try_from(weighty.count()).unwrap_or(u32::MAX),
        severe: is_severe(message),
    }
}

fn held_draft(stored: &review::Item, message: &Message) -> Option<ReviewKind> {
    let Some(Delivery::Held { expires, .. }) = message.delivery else {
        return None;
    };
    Some(ReviewKind::HeldDraft {
        message: message.id,
        rule: stored.reason.clone().unwrap_or_default(),
        reason: found(&message.signals).join(", "),
        expires,
        severe: is_severe(message),
    })
}

/// Tells whether a message can be read at all.
pub(super) fn readable(content: &Content) -> Result<(), crate::model::RawReason> {
    match content {
        Content::Text(_) => Ok(()),
        Content::Raw { reason, .. } => Err(*reason),
    }
}

/// Reads a channel inside a transaction or outside one; its messages are not counted.
pub(super) fn keyed(read: &impl Read, id: ChannelId) -> Result<Keyed, Error> {
    store::channels::uncounted(read, id)?.ok_or_else(|| Error::UnknownChannel(id.to_string()))
}
