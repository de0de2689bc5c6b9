//! What a person says of a held message or draft, and what follows from it.

use crate::api::{ChannelRef, Error, Event, Reply, Request};
use crate::model::{
    Actor, Body, Channel, ChannelState, Digest, Evidence, Message, OnScreen, Passage, PeerText,
    ReviewId, UnixMillis, Verdict, Words,
};
use crate::net::Mode;
use crate::store::{self, Tx, held, log, messages, review};
use crate::text;

use super::core::Core;
use super::engagement::in_force;
use super::supervise::{codes, message_digest};

/// What a person says of an item.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) item: ReviewId,
    pub(super) seen: Digest,
    pub(super) verdict: Verdict,
    pub(super) words: Option<Words>,
    pub(super) reason: Option<PeerText>,
    pub(super) screen: Option<OnScreen>,
    pub(super) actor: Actor,
}

impl Core {
    /// Settles an item as a person says.
    pub(super) fn decide(&mut self, request: Request) -> Result<Reply, Error> {
        let Request::Decide {
            item,
            seen,
            verdict,
            words,
            reason,
            screen,
        } = request
        else {
            return Err(Error::BadRequest("this is not a decision".to_owned()));
        };
        self.settle(&Decision {
            item,
            seen,
            verdict,
            words,
            reason,
            screen,
            actor: Actor::Human,
        })
    }

    /// Settles an item about a message, if what was shown is still what is there.
    pub(super) fn settle_message(
        &mut self,
        item: &review::Item,
        decision: &Decision,
    ) -> Result<Reply, Error> {
        let id = item.message.ok_or(Error::NothingToDecide)?;
        let message = messages::by_id(&self.store, id)?.ok_or(Error::NothingToDecide)?;
        let keyed = self.find(&ChannelRef::Id(item.channel))?;
        let channel = &keyed.channel;
        if message_digest(channel, &message) != decision.seen {
            return Err(Error::Changed);
        }
        if let (Some(words), review::Kind::HeldDraft) = (&decision.words, item.kind) {
            self.check_size(&keyed, &with_words(&message, words))?;
        }
        let now = self.now();
        let due = self.due_of_approved(now);
        let force = in_force(&self.profile, channel, now);
        let tx = self.store.write()?;
        let settled = carry(&tx, item.kind, &message, channel, decision, due)?;
        if !review::settle(&tx, item.id, &item.seen, decision.verdict, now)? {
            return Err(Error::Changed);
        }
        let evidence = Evidence {
            message: Some(id),
            rule: item.reason.clone(),
            policy: Some(force.name),
            signals: codes(&message.signals),
            seen: decision.screen,
            seq: message.seq,
            reason: decision.reason.clone(),
        };
        let entry = log::NewEntry {
            evidence: Some(&evidence),
            draft: Some(&body_of(&message).judged()),
            sent: settled.went_on.as_ref(),
            ..log::NewEntry::plain(now, decision.actor, settled.what, Some(channel.id))
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.sends |= settled.leaves;
        if settled.released {
            self.wake(channel.id, &[id]);
        }
        for event in [
            Event::Messages {
                channel: channel.id,
            },
            Event::NeedsYou,
            Event::Channels,
            Event::Status,
        ] {
            self.tell(event);
        }
        Ok(Reply::Done)
    }

    /// Returns when an approved draft leaves. An engine that ends with the call leaves nobody to
    /// take it back from, and nobody to send it later.
    fn due_of_approved(&self, now: UnixMillis) -> UnixMillis {
        match self.mode {
            Mode::Continuous => now.after(self.config.undo()),
            Mode::OnDemand => now,
        }
    }
}

fn body_of(message: &Message) -> Body {
    let body = message.content.body().cloned();
    body.unwrap_or_else(|| Body::new("", ""))
}

fn with_words(message: &Message, words: &Words) -> Body {
    Body {
        subject: words.subject.clone(),
        body: words.body.clone(),
        metadata: body_of(message).metadata,
    }
}

/// Returns what the assistant gets of a message with what is hidden removed.
pub(super) fn clean(message: &Message) -> Option<Words> {
    let body = message.content.body()?;
    Some(Words {
        subject: text::without_hidden(&body.subject),
        body: text::without_hidden(&body.body),
    })
}

/// What a decision came to.
struct Settled {
    /// Word for the log.
    what: &'static str,
    /// The text that goes on in place of the one that was judged, or that one.
    went_on: Option<PeerText>,
    /// Whether the assistant may read something now.
    released: bool,
    /// Whether something may leave now.
    leaves: bool,
}

/// Changes what a verdict about a message changes.
fn carry(
    tx: &Tx<'_>,
    kind: review::Kind,
    message: &Message,
    channel: &Channel,
    decision: &Decision,
    due: UnixMillis,
) -> Result<Settled, Error> {
    let refused = |what| Settled {
        what,
        went_on: None,
        released: false,
        leaves: false,
    };
    let settled = match (kind, decision.verdict) {
        (review::Kind::HeldMessage, Verdict::Approve) => let_in(tx, message, Passage::AsIs, None)?,
        (review::Kind::HeldMessage, Verdict::ReleaseClean) => {
            let clean = clean(message).ok_or(Error::NothingToDecide)?;
            let_in(tx, message, Passage::HiddenRemoved, Some(&clean))?
        }
        (review::Kind::HeldMessage, Verdict::OwnWords) => {
            let_in(tx, message, Passage::OwnWords, Some(written(decision)?))?
        }
        (review::Kind::HeldDraft, Verdict::Approve) => let_out(tx, message, channel, None, due)?,
        (review::Kind::HeldDraft, Verdict::SendEdited) => {
            let_out(tx, message, channel, Some(written(decision)?), due)?
        }
        (review::Kind::HeldMessage, Verdict::Refuse | Verdict::RefuseAndPause) => {
            if let Some(reason) = &decision.reason {
                messages::set_reason(tx, message.id, reason)?;
            }
            refused("message_refused")
        }
        (review::Kind::HeldDraft, Verdict::Refuse | Verdict::RefuseAndPause) => {
            let reason = decision.reason.clone().unwrap_or_default();
            if !held::refuse(tx, message.id, &reason)? {
                return Err(Error::Changed);
            }
            refused("draft_refused")
        }
        _ => return Err(Error::not_an_answer()),
    };
    if decision.verdict == Verdict::RefuseAndPause {
        store::channels::set_paused(tx, channel.id, true)?;
    }
    Ok(settled)
}

fn let_in(
    tx: &Tx<'_>,
    message: &Message,
    passage: Passage,
    instead: Option<&Words>,
) -> Result<Settled, Error> {
    messages::release(tx, message.id, passage, instead)?;
    Ok(Settled {
        what: match passage {
            Passage::HiddenRemoved => "message_released_clean",
            Passage::OwnWords => "message_passed_on_in_own_words",
            Passage::Alone | Passage::AsIs | Passage::Edited => "message_released",
        },
        went_on: Some(in_place_of(message, instead)),
        released: true,
        leaves: false,
    })
}

fn let_out(
    tx: &Tx<'_>,
    message: &Message,
    channel: &Channel,
    instead: Option<&Words>,
    due: UnixMillis,
) -> Result<Settled, Error> {
    if channel.state != ChannelState::Active {
        return Err(Error::ChannelNotActive);
    }
    if !held::approve(tx, message.id, channel.id, instead, due)? {
        return Err(Error::Changed);
    }
    Ok(Settled {
        what: match instead {
            Some(_) => "draft_approved_edited",
            None => "draft_approved",
        },
        went_on: Some(in_place_of(message, instead)),
        released: false,
        leaves: true,
    })
}

fn in_place_of(message: &Message, instead: Option<&Words>) -> PeerText {
    match instead {
        Some(words) => with_words(message, words).judged(),
        None => body_of(message).judged(),
    }
}

fn written(decision: &Decision) -> Result<&Words, Error> {
    decision
        .words
        .as_ref()
        .filter(|words| !words.body.is_empty())
        .ok_or_else(|| Error::BadRequest("there is no text to go on in its place".to_owned()))
}
