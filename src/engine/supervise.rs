//! What the rules and a person say of messages: admission, held drafts, decisions, expiry.

use std::collections::HashMap;
use std::time::Duration;

use crate::api::{ChannelRef, Digested, DraftFate, DraftState, Error, Event, Reply, SendOutcome};
use crate::crypto;
use crate::model::{
    Actor, Admission, Author, Body, Channel, ChannelId, ChannelState, CodeClass, Content, Delivery,
    Digest, Evidence, Message, MessageId, Passage, PeerText, Provenance, Routing, Severity, Signal,
    SignalCode, SignalKind, TextSpan, UnixMillis,
};
use crate::policy::admit::{Attention, InboundFacts, admit, attention};
use crate::policy::ends::Ended;
use crate::policy::release::{OutboundFacts, Release, release};
use crate::profile::Profile;
use crate::store::{self, Read, Tx, held, log, messages, review, routing, supervision};
use crate::text;

use super::core::Core;
use super::engagement::{InForce, ended, in_force, local_now, may_end};
use super::reading::readable;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Most messages that one digest lists.
const LONGEST_DIGEST: u32 = 1000;
/// Between looks whether a channel is over by its rules.
const BETWEEN_ENDS: Duration = Duration::from_secs(10 * 60);

/// An inbound message with what the rules say of it.
pub(super) struct Judged {
    pub(super) admission: Admission,
    pub(super) signals: Vec<Signal>,
    pub(super) digest: bool,
}

/// Judges what arrived on a channel, under the rules that it is under.
pub(super) struct Judge {
    in_force: InForce,
    over: Option<Ended>,
    peer_has_written: bool,
    call_the_person: bool,
}

impl Judge {
    pub(super) fn of(
        profile: &Profile,
        read: &impl Read,
        channel: &Channel,
        now: UnixMillis,
    ) -> Result<Self, store::Error> {
        let in_force = in_force(profile, channel, now);
        let call_the_person = local_now(&in_force.rules, now)
            .is_some_and(|now| attention(&in_force.rules, now) == Attention::Now);
        Ok(Self {
            over: ended(read, channel, &in_force.rules, now)?,
            peer_has_written: supervision::peer_has_written(read, channel.id)?,
            call_the_person,
            in_force,
        })
    }

    pub(super) fn judge(&mut self, content: &Content, routing: Option<&Routing>) -> Judged {
        let provenance = routing.and_then(|routing| routing.provenance);
        let mut signals = content
            .body()
            .map_or_else(Vec::new, |body| signals_of(body, routing));
        if provenance == Some(Provenance::Unsigned) {
            signals.push(Signal {
                code: SignalCode::Unsigned,
                kind: SignalKind::Exact,
                severity: Severity::Low,
                span: TextSpan::default(),
                evidence: PeerText::default(),
            });
        }
        let facts = InboundFacts {
            readable: readable(content),
            signals: &signals,
            first: !std::mem::replace(&mut self.peer_has_written, true),
            ended: self.over,
            provenance,
        };
        Judged {
            admission: admit(&self.in_force.rules, &facts).admission(),
            signals,
            digest: !self.call_the_person,
        }
    }

    /// Puts a message that can be read and is held before a person, and notes by which rule.
    pub(super) fn raise(
        &self,
        tx: &Tx<'_>,
        channel: &Channel,
        message: MessageId,
        judged: &Judged,
        now: UnixMillis,
    ) -> Result<(), Error> {
        let Admission::Held { rule } = &judged.admission else {
            return Ok(());
        };
        raise(tx, review::Kind::HeldMessage, channel, message, rule, now)?;
        let evidence = Evidence {
            message: Some(message),
            rule: Some(rule.clone()),
            policy: Some(self.in_force.name.clone()),
            signals: codes(&judged.signals),
            ..Evidence::default()
        };
        let entry = log::NewEntry {
            evidence: Some(&evidence),
            ..log::NewEntry::plain(now, Actor::Rule, "held_in", Some(channel.id))
        };
        Ok(log::append(tx, &entry)?)
    }
}

fn raise(
    tx: &Tx<'_>,
    kind: review::Kind,
    channel: &Channel,
    message: MessageId,
    rule: &str,
    now: UnixMillis,
) -> Result<(), Error> {
    let stored = messages::by_id(tx, message)?.ok_or(Error::NothingToDecide)?;
    let item = review::NewItem {
        channel: channel.id,
        kind,
        message: Some(message),
        shown_key: None,
        pinned_key: None,
        answers: None,
        reason: Some(rule),
        since: now,
        seen: message_digest(channel, &stored),
    };
    review::raise(tx, &item)?;
    Ok(())
}

/// Returns the codes of what was found, each once.
pub(super) fn codes(signals: &[Signal]) -> Vec<String> {
    let mut codes: Vec<_> = signals
        .iter()
        .filter(|signal| signal.severity > Severity::Note)
        .map(|signal| signal.code.as_str().to_owned())
        .collect();
    codes.sort();
    codes.dedup();
    codes
}

/// Returns the digest of what a decision about a message is bound to: network, channel, pinned
/// key, version of the rules, and all of the text.
pub(super) fn message_digest(channel: &Channel, message: &Message) -> Digest {
    let empty = Body::new("", "");
    let body = message.content.body().unwrap_or(&empty);
    crypto::sha256_of(&[
        channel.network.as_str().as_bytes(),
        channel.address.as_bytes(),
        channel.their_key.as_deref().unwrap_or_default().as_bytes(),
        &channel.policy_version.to_be_bytes(),
        &message.id.0.to_be_bytes(),
        body.subject.expose_untrusted().as_bytes(),
        body.body.expose_untrusted().as_bytes(),
        body.metadata.expose_untrusted().as_bytes(),
        &message
            .routing
            .as_ref()
            .map_or_else(Vec::new, |routing| routed(routing)),
    ])
}

/// Returns what a decision is bound to of how a message stands among others: all that was there
/// when it was written. Its id at the relay comes later.
fn routed(routing: &Routing) -> Vec<u8> {
    let Routing {
        kind,
        topic,
        correlation,
        reply_to,
        audience,
        provenance,
        answers: _,
        remote_id: _,
        repeats: _,
    } = routing;
    // A tuple of plain values always has a JSON form.
    serde_json::to_vec(&(kind, topic, correlation, reply_to, audience, provenance))
        .unwrap_or_default()
}

/// Returns all that is said, with the words of the routing after it, as one text.
fn with_routing(body: &Body, routing: Option<&Routing>) -> PeerText {
    let judged = body.judged();
    let words = routing.map(Routing::words).unwrap_or_default();
    if words.is_empty() {
        return judged;
    }
    let (judged, words) = (judged.expose_untrusted(), words.expose_untrusted());
    PeerText::new(format!("{judged}\n\n{words}"))
}

/// Returns what the scanner finds in a message. What it finds in the words of the routing is in
/// no part of the body, and so marked nowhere in it.
fn signals_of(body: &Body, routing: Option<&Routing>) -> Vec<Signal> {
    let mut signals = text::scan(&with_routing(body, routing)).signals;
    let length = body.judged().len();
    for signal in &mut signals {
        if signal.span.end > length {
            signal.span = TextSpan::default();
        }
    }
    signals
}

/// Tells whether letting something pass is asked for twice: what weighs critical in the peer's
/// message, secrets and personal data in a draft.
pub(super) fn is_severe(message: &Message) -> bool {
    message
        .signals
        .iter()
        .any(|signal| match signal.code.class() {
            CodeClass::Inbound => signal.severity == Severity::Critical,
            CodeClass::Secret | CodeClass::Personal => signal.severity >= Severity::Medium,
            CodeClass::Link | CodeClass::Attachment => false,
        })
}

/// Returns in words what was found, each thing once.
pub(super) fn found(signals: &[Signal]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for signal in signals.iter().filter(|s| s.severity > Severity::Note) {
        let sentence = signal.code.sentence().to_owned();
        if !words.contains(&sentence) {
            words.push(sentence);
        }
    }
    words
}

/// What is to become of a message that is to be sent.
pub(super) enum Fate {
    /// It may leave, by this rule.
    Leaves { rule: String, leaks: Vec<Signal> },
    /// It is stored and waits for a person.
    Waits(SendOutcome),
}

impl Core {
    /// Judges a message that is to leave. A draft that is held is durable when this returns.
    pub(super) fn judge_outbound(
        &mut self,
        channel: &Channel,
        author: Author,
        (body, routing): (&Body, Option<&Routing>),
    ) -> Result<Fate, Error> {
        let now = self.now();
        let force = in_force(&self.profile, channel, now);
        let over = ended(&self.store, channel, &force.rules, now)?;
        let unknown = || Error::Storage("this computer's clock shows an impossible time".into());
        let leaks = text::leaks(&with_routing(body, routing));
        let facts = OutboundFacts {
            author,
            leaks: &leaks,
            peer_has_written: supervision::peer_has_written(&self.store, channel.id)?,
            answers_held: self.is_held(routing.and_then(|routing| routing.answers))?,
            alone_last_hour: self.left_alone(channel.id, now, HOUR)?,
            alone_last_day: self.left_alone(channel.id, now, DAY)?,
            now: local_now(&force.rules, now).ok_or_else(unknown)?,
            ended: over,
        };
        let (rule, reasons, expires) = match release(&force.rules, &facts) {
            Release::Leaves { rule } => return Ok(Fate::Leaves { rule, leaks }),
            Release::Refused { reason, .. } => return Err(Error::BadRequest(reason)),
            Release::Held {
                rule,
                reasons,
                expires_in,
            } => (rule, reasons, now.after(expires_in)),
        };
        let new = held::NewHeld {
            channel: channel.id,
            body,
            at: now,
            expires,
            rule: &rule,
            signals: &leaks,
        };
        let tx = self.store.write()?;
        let message = held::hold(&tx, &new)?;
        if let Some(routing) = routing {
            routing::set(&tx, channel.id, message, routing)?;
        }
        raise(&tx, review::Kind::HeldDraft, channel, message, &rule, now)?;
        let evidence = Evidence {
            message: Some(message),
            rule: Some(rule.clone()),
            policy: Some(force.name),
            signals: codes(&leaks),
            ..Evidence::default()
        };
        let entry = log::NewEntry {
            evidence: Some(&evidence),
            draft: Some(&body.judged()),
            ..log::NewEntry::plain(now, Actor::Rule, "held_out", Some(channel.id))
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.tell(Event::Messages {
            channel: channel.id,
        });
        self.tell(Event::NeedsYou);
        self.tell(Event::Status);
        Ok(Fate::Waits(SendOutcome::Held {
            message,
            rule,
            reasons,
            expires,
        }))
    }

    /// Tells whether a message that one would answer is held back from the assistant.
    fn is_held(&self, answers: Option<MessageId>) -> Result<bool, store::Error> {
        let Some(id) = answers else {
            return Ok(false);
        };
        let answered = messages::by_id(&self.store, id)?;
        Ok(answered
            .is_some_and(|message| matches!(message.admission, Some(Admission::Held { .. }))))
    }

    fn left_alone(
        &self,
        channel: ChannelId,
        now: UnixMillis,
        span: Duration,
    ) -> Result<u32, store::Error> {
        supervision::left_alone(&self.store, channel, now.before(span))
    }

    pub(super) fn draft_state(&self, id: MessageId) -> Result<Reply, Error> {
        let unknown = || Error::BadRequest(format!("you sent no message {id}"));
        let message = messages::by_id(&self.store, id)?.ok_or_else(unknown)?;
        if message.author != Author::Assistant {
            return Err(unknown());
        }
        let state = match message.delivery.ok_or_else(unknown)? {
            Delivery::Held { expires, .. } => DraftFate::Held { expires },
            Delivery::Queued { .. } => DraftFate::Queued,
            Delivery::Relayed { .. } | Delivery::Collected { .. } | Delivery::Delivered { .. } => {
                DraftFate::Sent {
                    seq: message.seq,
                    edited: message.passage == Some(Passage::Edited),
                }
            }
            Delivery::Refused { reason } => DraftFate::Refused { reason },
            Delivery::Expired { .. } => DraftFate::Expired,
            Delivery::TakenBack => DraftFate::TakenBack,
            Delivery::Failed { problem } => DraftFate::Failed { problem },
        };
        let channel = self.find(&ChannelRef::Id(message.channel))?.channel.name;
        Ok(Reply::DraftState(DraftState {
            message: id,
            channel,
            state,
        }))
    }

    pub(super) fn digest(&self) -> Result<Reply, Error> {
        let messages = supervision::for_digest(&self.store, LONGEST_DIGEST)?;
        let named = messages.into_iter().map(|message| {
            let name = self.find(&ChannelRef::Id(message.channel))?.channel.name;
            Ok(Digested { name, message })
        });
        Ok(Reply::Digest(named.collect::<Result<_, Error>>()?))
    }

    /// Ends the wait of drafts that nobody answered in time; no answer means no. Returns how
    /// long no other one's time is over.
    pub(super) fn expire_drafts(&mut self) -> Result<Option<Duration>, Error> {
        let now = self.now();
        let over = held::expired(&self.store, now)?;
        if !over.is_empty() {
            let tx = self.store.write()?;
            for (message, channel) in &over {
                expire(&tx, *message, *channel, now)?;
            }
            tx.commit()?;
            for (_, channel) in over {
                self.tell(Event::Messages { channel });
            }
            self.tell(Event::NeedsYou);
            self.tell(Event::Status);
        }
        let (_, next) = held::held(&self.store)?;
        Ok(next.map(|next| next.since(now) + Duration::from_millis(1)))
    }

    /// Closes the channels that are over by their rules. Looks at most every few minutes: what
    /// enters or leaves is judged by the rules themselves.
    pub(super) fn end_channels(&mut self) -> Result<(), Error> {
        let now = self.now();
        if self
            .ends_looked_at
            .is_some_and(|last| now.since(last) < BETWEEN_ENDS)
        {
            return Ok(());
        }
        self.ends_looked_at = Some(now);
        // Most presets never end a channel, and a command that lives for one call looks too.
        let mut of_presets = HashMap::new();
        for (id, preset, own) in store::channels::rules_of_active(&self.store)? {
            let may_end = match &own {
                Some(own) => may_end(&self.profile, &preset, Some(own)),
                None => *of_presets
                    .entry(preset)
                    .or_insert_with_key(|preset| may_end(&self.profile, preset, None)),
            };
            if !may_end {
                continue;
            }
            let Some(keyed) = store::channels::by_id(&self.store, id)? else {
                continue;
            };
            let channel = &keyed.channel;
            let force = in_force(&self.profile, channel, now);
            if let Some(over) = ended(&self.store, channel, &force.rules, now)? {
                self.close(channel, Actor::Rule, over.rule())?;
            }
        }
        Ok(())
    }

    /// Ends a channel because somebody says so.
    pub(super) fn end(&mut self, reference: &ChannelRef, author: Author) -> Result<Reply, Error> {
        let keyed = self.find(reference)?;
        let channel = &keyed.channel;
        let actor = match author {
            Author::Human => Actor::Human,
            Author::Assistant | Author::Peer => {
                let force = in_force(&self.profile, channel, self.now());
                if !force.rules.ends.when_completed {
                    return Err(Error::NotAllowed);
                }
                Actor::Assistant
            }
        };
        if !matches!(channel.state, ChannelState::Active | ChannelState::Stopped) {
            return Err(Error::ChannelNotActive);
        }
        self.close(channel, actor, Ended::Completed.rule())?;
        Ok(Reply::Done)
    }

    /// Closes a channel; what waited in it for a person waits no longer.
    pub(super) fn close(
        &mut self,
        channel: &Channel,
        actor: Actor,
        rule: &str,
    ) -> Result<(), Error> {
        let now = self.now();
        let tx = self.store.write()?;
        for message in held::held_of(&tx, channel.id)? {
            expire(&tx, message, channel.id, now)?;
        }
        store::channels::set_state(&tx, channel.id, ChannelState::Closed)?;
        store::quarantine::clear(&tx, channel.id)?;
        review::withdraw(&tx, channel.id, now)?;
        let entry = log::NewEntry {
            detail: rule,
            ..log::NewEntry::plain(now, actor, "ended", Some(channel.id))
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        let keyed = self.find(&ChannelRef::Id(channel.id))?;
        self.watch(&keyed)?;
        self.tell(Event::Channels);
        self.tell(Event::NeedsYou);
        Ok(())
    }
}

fn expire(
    tx: &Tx<'_>,
    message: MessageId,
    channel: ChannelId,
    now: UnixMillis,
) -> Result<(), store::Error> {
    if !held::expire(tx, message, now)? {
        return Ok(());
    }
    review::settle_message(tx, message, "expired", now)?;
    let evidence = Evidence {
        message: Some(message),
        ..Evidence::default()
    };
    let entry = log::NewEntry {
        evidence: Some(&evidence),
        ..log::NewEntry::plain(now, Actor::Rule, "draft_expired", Some(channel))
    };
    log::append(tx, &entry)
}

#[cfg(test)]
mod tests;
