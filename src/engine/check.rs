//! What the assistant collects: once, only what was released, and never lost on the way.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::api::{Checked, CheckedMessage, Error, Event, Reply, Role};
use crate::model::{
    Actor, Audience, Body, Channel, Content, Message, MessageId, Passage, PeerText, Routing,
    Verdict, Words,
};
use crate::net::{Command, Mode, Problem};
use crate::store::{self, channels, messages, review};

use super::core::{Answer, Core, Internal};
use super::decide::Decision;

/// How long a caller has to say that it has what it was given.
const LEASE: Duration = Duration::from_secs(30);

/// Bytes of text that one caller is given; what is over that waits for the next call.
const AT_ONCE: usize = 64 * 1024 * 1024;

/// A caller that waits until every channel was looked at.
pub(super) struct PendingCheck {
    answer: Answer,
    accept_requests: bool,
    /// What relays did not do; `None` while they are asked.
    problems: Option<Vec<Problem>>,
}

impl Core {
    pub(super) fn check(&mut self, accept_requests: bool, answer: Answer) {
        let check = self.next_check;
        self.next_check += 1;
        let pending = PendingCheck {
            answer,
            accept_requests,
            problems: None,
        };
        self.sends = true;
        if let Err(error) = self.watch_all() {
            let _gone = pending.answer.send(Err(error.into()));
            return;
        }
        self.checks.insert(check, pending);
        self.look_everywhere(check);
    }

    fn look_everywhere(&self, check: u64) {
        let mut looks = Vec::new();
        for network in self.ports.keys() {
            let (done, looked) = oneshot::channel();
            self.command(*network, Command::Sync(done));
            looks.push(looked);
        }
        let internal = self.internal.clone();
        tokio::spawn(async move {
            let mut problems = Vec::new();
            for look in looks {
                problems.extend(look.await.unwrap_or_default());
            }
            // The engine stopped, and with it whoever waited.
            let _stopped = internal.send(Internal::Synced { check, problems });
        });
    }

    /// Puts off the channels that were not looked at yet, because a person asked for that.
    pub(super) fn put_looks_off(&self) -> Reply {
        if self.first_looks.put_off() {
            self.tell(Event::Status);
        }
        Reply::Done
    }

    /// Looks at every channel without anybody waiting for it. A person thereby also takes up
    /// again what they put off; an assistant does not.
    pub(super) fn sync_unheard(&mut self, role: Role) -> Result<Reply, Error> {
        if role == Role::Supervisor && self.first_looks.go_on() {
            self.tell(Event::Status);
        }
        self.watch_all()?;
        for network in self.ports.keys() {
            let (done, _unheard) = oneshot::channel();
            self.command(*network, Command::Sync(done));
        }
        Ok(Reply::Done)
    }

    pub(super) fn synced(&mut self, check: u64, problems: Vec<Problem>) {
        let Some(pending) = self.checks.get_mut(&check) else {
            return;
        };
        if std::mem::take(&mut pending.accept_requests) {
            match self.accept_all() {
                // Whoever was accepted may have written already.
                Ok(true) => return self.look_everywhere(check),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "a contact request was not accepted"),
            }
        }
        if let Some(pending) = self.checks.get_mut(&check) {
            pending.problems = Some(problems);
        }
    }

    /// Accepts every contact request, because the caller said so. Returns whether there was one.
    fn accept_all(&mut self) -> Result<bool, Error> {
        let requests: Vec<_> = review::open(&self.store)?
            .into_iter()
            .filter(|item| item.kind == review::Kind::ContactRequest)
            .collect();
        for item in &requests {
            self.settle(&Decision {
                item: item.id,
                seen: item.seen,
                verdict: Verdict::Approve,
                words: None,
                reason: None,
                screen: None,
                actor: Actor::Human,
            })?;
        }
        Ok(!requests.is_empty())
    }

    /// Answers the callers whose looks are done, once nothing is on its way out any more: a
    /// short-lived engine ends with the answer, and should not end in the middle of an attempt.
    pub(super) fn finish_checks(&mut self) {
        if self.mode == Mode::OnDemand && self.is_sending() {
            return;
        }
        let done: Vec<u64> = self
            .checks
            .iter()
            .filter(|(_, pending)| pending.problems.is_some())
            .map(|(check, _)| *check)
            .collect();
        for check in done {
            let Some(pending) = self.checks.remove(&check) else {
                continue;
            };
            let answer = self.collect(pending.problems.unwrap_or_default());
            let leased: Vec<MessageId> = match &answer {
                Ok(Reply::Checked(checked)) => checked.messages.iter().map(|m| m.id).collect(),
                _ => Vec::new(),
            };
            if pending.answer.send(answer).is_err() {
                for message in leased {
                    self.leases.remove(&message);
                }
            }
        }
    }

    fn collect(&mut self, problems: Vec<Problem>) -> Result<Reply, Error> {
        let now = self.now();
        self.leases.retain(|_, until| *until > now);
        let mut checked = Checked {
            problems: problems
                .into_iter()
                .map(|problem| format!("{}: {}", problem.relay, problem.problem))
                .collect(),
            requests: self.count_open(review::Kind::ContactRequest)?,
            stopped: self.count_open(review::Kind::KeyChange)?,
            ..Checked::default()
        };
        if self.is_paused() {
            return Ok(Reply::Checked(checked));
        }
        let mut channel: Option<(Channel, String)> = None;
        let is_out = |id| self.leases.contains_key(&id);
        let (messages, more) = messages::for_assistant(&self.store, AT_ONCE, is_out)?;
        if more {
            let problem = "more messages wait; check again".to_owned();
            checked.problems.push(problem);
        }
        for message in messages {
            if channel
                .as_ref()
                .is_none_or(|(channel, _)| channel.id != message.channel)
            {
                channel = channels::by_id(&self.store, message.channel)?
                    .map(|keyed| {
                        let reference = channels::reference_of(&self.store, &keyed.channel)?;
                        Ok::<_, Error>((keyed.channel, reference))
                    })
                    .transpose()?;
            }
            let Some((channel, reference)) = &channel else {
                continue;
            };
            let id = message.id;
            checked
                .messages
                .extend(handed(message, (channel, reference)));
            self.leases.insert(id, now.after(LEASE));
        }
        Ok(Reply::Checked(checked))
    }

    fn count_open(&self, kind: review::Kind) -> Result<u32, store::Error> {
        let open = review::open(&self.store)?
            .iter()
            .filter(|item| item.kind == kind)
            .count();
        Ok(u32::try_from(open).unwrap_or(u32::MAX))
    }

    pub(super) fn handed_over(&mut self, ids: &[MessageId]) -> Result<Reply, Error> {
        let now = self.now();
        let tx = self.store.write()?;
        for id in ids {
            messages::handed_over(&tx, *id, now)?;
        }
        tx.commit()?;
        for id in ids {
            self.leases.remove(id);
        }
        self.tell(Event::Channels);
        Ok(Reply::Done)
    }
}

/// Returns what the assistant gets of how a message stands among others: none of the words in it
/// where a person let something else pass in place of the message.
fn shown_routing(routing: Box<Routing>, passage: Passage) -> Box<Routing> {
    match passage {
        Passage::Alone | Passage::AsIs | Passage::Edited => routing,
        Passage::HiddenRemoved | Passage::OwnWords => Box::new(Routing {
            topic: None,
            correlation: None,
            reply_to: None,
            audience: Audience::One,
            ..*routing
        }),
    }
}

/// Returns what the assistant gets of a message: what a person let pass in its place, or itself.
pub(super) fn given(content: Content, instead: Option<Words>) -> Option<Body> {
    let Content::Text(body) = content else {
        return None;
    };
    let Some(words) = instead else {
        return Some(body);
    };
    Some(Body {
        subject: words.subject,
        body: words.body,
        // Whatever a person let pass, the metadata was not part of it.
        metadata: PeerText::new("{}"),
    })
}

fn handed(message: Message, (channel, reference): (&Channel, &str)) -> Option<CheckedMessage> {
    let passage = message.passage.unwrap_or(Passage::Alone);
    let body = given(message.content, message.other)?;
    Some(CheckedMessage {
        id: message.id,
        channel_id: reference.to_owned(),
        from: channel.name.clone(),
        seq: message.seq,
        unsafe_subject: body.subject,
        unsafe_body: body.body,
        unsafe_metadata: body.metadata,
        instructions: channel.instructions.clone(),
        at: message.at,
        passage,
        routing: message
            .routing
            .map(|routing| shown_routing(routing, passage)),
    })
}
