//! What leaves: stored, sealed once, posted, and posted again until the relay has it.

use std::time::Duration;

use crate::api::{ChannelRef, Error, Event, Reply, SendOutcome, Thread};
use crate::crypto;
use crate::model::{
    Actor, Audience, Author, Body, ChannelId, ChannelState, Delivery, Evidence, MessageId, Passage,
    PeerText, Routing, UnixMillis,
};
use crate::net::{
    Accepted, Command, Failure, Keys, Outgoing, Post, Retry, SealError, Sealed, backoff,
};
use crate::store::{self, Tx, channels::Keyed, log, messages, originals, outbox, routing};

use super::channels::{own_keys, pinned};
use super::contacts::write_down;
use super::core::{Answer, Core};
use super::engagement::in_force;
use super::reading::keyed;
use super::strangers::they_took_it;
use super::supervise::Fate;

/// An attempt that has not ended by then is made again.
const LOST: Duration = Duration::from_secs(90);
/// Between looks at the outbox when nothing is due.
const IDLE: Duration = Duration::from_secs(3600);

/// What a caller reads whose message waits for the general pause to be lifted.
const PAUSED: &str = "everything is paused";

/// What is to be sent.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) subject: PeerText,
    pub(super) body: PeerText,
    pub(super) author: Author,
    pub(super) thread: Thread,
    pub(super) audience: Audience,
}

/// A message that is durable and has not left.
struct Queued {
    message: MessageId,
    channel: ChannelId,
    due: UnixMillis,
}

/// A message that is durable, on its way or held.
enum Ready {
    Queued(Queued),
    Held(SendOutcome),
}

/// A caller that waits for the first attempt on a message to end.
#[derive(Debug)]
pub(super) struct Sender {
    channel: ChannelId,
    answer: Answer,
}

/// An attempt that ended.
#[derive(Debug)]
pub(super) struct Ended {
    message: MessageId,
    channel: ChannelId,
    result: Result<Accepted, Failure>,
    /// When the next attempt is due.
    due: UnixMillis,
}

impl Core {
    /// Stores a message and queues it. With `now` the answer comes when the first attempt has
    /// ended, otherwise at once.
    pub(super) fn send(&mut self, reference: &ChannelRef, text: Text, now: bool, answer: Answer) {
        let queued = match self.queue(reference, text, now) {
            Ok(Ready::Queued(queued)) => queued,
            Ok(Ready::Held(outcome)) => {
                let _gone = answer.send(Ok(Reply::Sent(outcome)));
                return;
            }
            Err(error) => {
                let _gone = answer.send(Err(error));
                return;
            }
        };
        let Queued {
            message,
            channel,
            due,
        } = queued;
        if now {
            self.sends = true;
            self.senders.insert(message, Sender { channel, answer });
            return;
        }
        let problem = self.is_paused().then(|| PAUSED.to_owned());
        let _gone = answer.send(Ok(Reply::Sent(SendOutcome::Queued {
            message,
            due,
            problem,
        })));
    }

    /// Stores a message and queues it without waiting for anything.
    pub(super) fn queue_text(
        &mut self,
        reference: &ChannelRef,
        text: Text,
    ) -> Result<SendOutcome, Error> {
        Ok(match self.queue(reference, text, false)? {
            Ready::Held(outcome) => outcome,
            Ready::Queued(queued) => SendOutcome::Queued {
                message: queued.message,
                due: queued.due,
                problem: self.is_paused().then(|| PAUSED.to_owned()),
            },
        })
    }

    fn queue(
        &mut self,
        reference: &ChannelRef,
        text: Text,
        immediately: bool,
    ) -> Result<Ready, Error> {
        let keyed = self.find(reference)?;
        let channel = &keyed.channel;
        if channel.state != ChannelState::Active {
            return Err(Error::ChannelNotActive);
        }
        let routing = self.routing_for(channel, text.thread, text.audience)?;
        let body = Body {
            subject: text.subject,
            body: text.body,
            metadata: PeerText::new("{}"),
        };
        self.check_size(&keyed, &body)?;
        let said = (&body, routing.as_ref());
        let (rule, leaks) = match self.judge_outbound(channel, text.author, said)? {
            Fate::Leaves { rule, leaks } => (rule, leaks),
            Fate::Waits(outcome) => return Ok(Ready::Held(outcome)),
        };
        let now = self.now();
        let wait = match text.author {
            Author::Human if !immediately => self.config.undo(),
            Author::Human | Author::Assistant | Author::Peer => Duration::ZERO,
        };
        let new = outbox::NewOutbound {
            channel: channel.id,
            author: text.author,
            body: &body,
            at: now,
            due: now.after(wait),
            rule: &rule,
            passage: (text.author == Author::Assistant).then_some(Passage::Alone),
            signals: &leaks,
        };
        let tx = self.store.write()?;
        let message = outbox::queue(&tx, &new)?;
        if let Some(routing) = &routing {
            routing::set(&tx, channel.id, message, routing)?;
        }
        let (actor, what) = match text.author {
            Author::Human => (Actor::Human, "queued"),
            Author::Assistant | Author::Peer => (Actor::Rule, "sent_alone"),
        };
        let evidence = Evidence {
            message: Some(message),
            rule: Some(rule.clone()),
            policy: Some(in_force(&self.profile, channel, now).name),
            ..Evidence::default()
        };
        let entry = log::NewEntry {
            evidence: Some(&evidence),
            sent: Some(&body.judged()),
            ..log::NewEntry::plain(now, actor, what, Some(channel.id))
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.tell(Event::Messages {
            channel: channel.id,
        });
        self.tell(Event::Status);
        Ok(Ready::Queued(Queued {
            message,
            channel: channel.id,
            due: new.due,
        }))
    }

    pub(super) fn check_size(&self, keyed: &Keyed, body: &Body) -> Result<(), Error> {
        let size = body.subject.len() + body.body.len() + body.metadata.len();
        let limit = self
            .ports
            .get(&keyed.channel.network)
            .map_or(0, |port| port.network.capabilities().max_body);
        if size > limit {
            let wide = |bytes| u64::try_from(bytes).unwrap_or(u64::MAX);
            return Err(Error::TooLarge {
                size: wide(size),
                limit: wide(limit),
            });
        }
        Ok(())
    }

    /// Posts what is due; returns how long nothing will be.
    pub(super) fn send_due(&mut self) -> Duration {
        match self.try_send_due() {
            Ok(wait) => wait,
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read");
                Duration::from_secs(10)
            }
        }
    }

    fn try_send_due(&mut self) -> Result<Duration, Error> {
        if self.is_paused() || !self.sends {
            return Ok(IDLE);
        }
        let now = self.now();
        for due in outbox::due(&self.store, now)? {
            self.post(due, now)?;
        }
        Ok(outbox::next_due(&self.store)?.map_or(IDLE, |due| {
            // A millisecond more: waking early would find nothing due and look again.
            due.since(now) + Duration::from_millis(1)
        }))
    }

    /// Answers the callers whose message does not leave now. They wait only while something of
    /// its channel is on its way: what holds it up else may take for ever.
    pub(super) fn answer_stuck_senders(&mut self) {
        let in_flight = &self.in_flight;
        let stuck: Vec<_> = self
            .senders
            .extract_if(|_, waiting| !in_flight.contains_key(&waiting.channel))
            .collect();
        for (message, waiting) in stuck {
            let outcome = self.stuck(message, waiting.channel);
            let _gone = waiting.answer.send(outcome.map(Reply::Sent));
        }
    }

    /// Tells when a message may leave and what it waits for.
    fn stuck(&self, message: MessageId, channel: ChannelId) -> Result<SendOutcome, Error> {
        let keyed = self.find(&ChannelRef::Id(channel))?;
        let first = outbox::first(&self.store, channel)?;
        let problem = if self.is_paused() {
            Some(PAUSED.to_owned())
        } else if keyed.channel.paused {
            Some("the channel is paused".to_owned())
        } else if keyed.channel.state == ChannelState::Active {
            first.as_ref().and_then(|first| match &first.problem {
                _ if first.message == message => first.problem.clone(),
                Some(problem) => Some(format!("an earlier message waits: {problem}")),
                None => Some("an earlier message waits".to_owned()),
            })
        } else {
            Some(Error::ChannelNotActive.to_string())
        };
        Ok(SendOutcome::Queued {
            message,
            due: first.map_or_else(|| self.now(), |first| first.due),
            problem,
        })
    }

    fn post(&mut self, due: outbox::Due, now: UnixMillis) -> Result<(), Error> {
        let keyed = keyed(&self.store, due.channel)?;
        let sealed = match (due.payload, due.envelope) {
            (Some(payload), Some(envelope)) => Sealed { payload, envelope },
            _ => match self.seal(&keyed, &due.body, due.routing.as_ref()) {
                Ok(sealed) => sealed,
                Err(error) => return self.give_up(due.message, due.channel, &error, now),
            },
        };
        let tx = self.store.write()?;
        outbox::claim(
            &tx,
            due.message,
            &sealed.payload,
            &sealed.envelope,
            now.after(LOST),
        )?;
        tx.commit()?;
        self.in_flight.insert(due.channel, due.message);
        if !self.watches_all {
            self.watch(&keyed)?;
        }
        let post = Post {
            message: due.message,
            channel: due.channel,
            sealed,
            body: due.body,
            routing: due.routing,
            repeated: due.attempts > 0,
        };
        self.command(keyed.channel.network, Command::Post(Box::new(post)));
        Ok(())
    }

    /// Fails a message that cannot be sealed, so that it holds up neither its channel nor others.
    fn give_up(
        &mut self,
        message: MessageId,
        channel: ChannelId,
        error: &Error,
        now: UnixMillis,
    ) -> Result<(), Error> {
        let failure = Failure {
            problem: error.to_string(),
            retry: Retry::Never,
        };
        let tx = self.store.write()?;
        let ended = settle_post(&tx, message, channel, Err(failure), now)?;
        tx.commit()?;
        self.post_ended(ended);
        self.tell(Event::Messages { channel });
        self.tell(Event::Status);
        Ok(())
    }

    fn seal(&self, keyed: &Keyed, body: &Body, routing: Option<&Routing>) -> Result<Sealed, Error> {
        let unusable = || Error::Storage("the channel has no usable key".to_owned());
        let port = self
            .ports
            .get(&keyed.channel.network)
            .ok_or_else(unusable)?;
        let keys = Keys {
            own: own_keys(&self.store, keyed)?,
            peer: pinned(keyed).ok_or_else(unusable)?,
        };
        let nonce = crypto::random().map_err(|error| Error::Storage(error.to_string()))?;
        let message = Outgoing {
            to: &keyed.channel.address,
            body,
            routing,
            at: self.now(),
        };
        port.network
            .seal(&keys, &message, nonce)
            .map_err(|error| match error {
                SealError::UnusableKey => unusable(),
                SealError::TooLarge => Error::BadRequest(error.to_string()),
            })
    }

    /// Tells whoever waits how an attempt ended.
    pub(super) fn post_ended(&mut self, ended: Ended) {
        self.in_flight.remove(&ended.channel);
        let Some(waiting) = self.senders.remove(&ended.message) else {
            return;
        };
        let message = ended.message;
        let _gone = waiting.answer.send(match ended.result {
            Ok(accepted) => Ok(Reply::Sent(SendOutcome::Relayed {
                message,
                seq: accepted.seq,
                answer: accepted.answer,
            })),
            Err(failure) if failure.retry == Retry::Later => Ok(Reply::Sent(SendOutcome::Queued {
                message,
                due: ended.due,
                problem: Some(failure.problem),
            })),
            Err(failure) => Err(Error::Relay(failure.problem)),
        });
    }

    pub(super) fn take_back(&mut self, message: MessageId) -> Result<Reply, Error> {
        let channel = self.channel_of(message)?;
        let now = self.now();
        let tx = self.store.write()?;
        if !outbox::take_back(&tx, message)? {
            return Err(Error::BadRequest(
                "it has left already and cannot be taken back".to_owned(),
            ));
        }
        write_down(&tx, now, Actor::Human, "taken_back", channel)?;
        tx.commit()?;
        self.tell(Event::Messages { channel });
        self.tell(Event::Status);
        Ok(Reply::Done)
    }

    pub(super) fn retry(&mut self, message: MessageId) -> Result<Reply, Error> {
        let stored =
            messages::by_id(&self.store, message)?.ok_or_else(|| unknown_message(message))?;
        if !matches!(
            stored.delivery,
            Some(Delivery::Failed { .. } | Delivery::Queued { .. })
        ) {
            return Err(Error::BadRequest("it does not wait to leave".to_owned()));
        }
        if self.in_flight.get(&stored.channel) == Some(&message) {
            return Ok(Reply::Done);
        }
        let now = self.now();
        let tx = self.store.write()?;
        outbox::requeue(&tx, message, stored.channel, now)?;
        tx.commit()?;
        self.tell(Event::Messages {
            channel: stored.channel,
        });
        Ok(Reply::Done)
    }

    fn channel_of(&self, message: MessageId) -> Result<ChannelId, Error> {
        messages::by_id(&self.store, message)?
            .map(|message| message.channel)
            .ok_or_else(|| unknown_message(message))
    }
}

fn unknown_message(message: MessageId) -> Error {
    Error::BadRequest(format!("there is no message {message}"))
}

/// Stores how an attempt ended.
pub(super) fn settle_post(
    tx: &Tx<'_>,
    message: MessageId,
    channel: ChannelId,
    result: Result<Accepted, Failure>,
    now: UnixMillis,
) -> Result<Ended, store::Error> {
    let mut due = now;
    match &result {
        Ok(accepted) => {
            outbox::relayed(tx, message, accepted.seq, accepted.delivered, now)?;
            if accepted.delivered {
                they_took_it(tx, channel, now)?;
            }
            if let Some(id) = &accepted.remote_id {
                routing::set_remote_id(tx, message, id)?;
            }
            if let Some(original) = &accepted.original {
                originals::keep(tx, message, original)?;
            }
            let evidence = Evidence {
                message: Some(message),
                seq: accepted.seq,
                ..Evidence::default()
            };
            let entry = log::NewEntry {
                evidence: Some(&evidence),
                ..log::NewEntry::plain(now, Actor::Rule, "relayed", Some(channel))
            };
            log::append(tx, &entry)?;
        }
        Err(failure) if failure.retry == Retry::Later => {
            let attempts = outbox::attempts(tx, message)?.unwrap_or(1);
            let random = crypto::random().map_or(0, u64::from_le_bytes);
            due = now.after(backoff(attempts, random));
            outbox::postpone(tx, message, due, Some(&failure.problem))?;
        }
        Err(failure) => {
            outbox::fail(tx, message, &failure.problem)?;
            write_down(tx, now, Actor::Rule, "not_sent", channel)?;
        }
    }
    Ok(Ended {
        message,
        channel,
        result,
        due,
    })
}
