//! What was released to the assistant and what it wrote, as often as it asks.

use crate::api::{AskLetters, Error, Event, Letter, Letters, Reply};
use crate::model::{Content, Message, Passage, PeerText, Words};
use crate::store::letters::{Which, released, written};
use crate::store::messages;

use super::check::given;
use super::core::Core;

/// Bytes of text of one answer.
const AT_ONCE: usize = 64 * 1024 * 1024;

impl Core {
    pub(super) fn letters(&mut self, asked: &AskLetters) -> Result<Reply, Error> {
        let which = Which {
            network: asked.network,
            account: asked.account,
            since: asked.since,
        };
        if asked.sent {
            let (all, more) = written(&self.store, &which, AT_ONCE)?;
            let letters = all.into_iter().filter_map(own).collect();
            return Ok(Reply::Letters(Letters { letters, more }));
        }
        let (mut all, more) = released(&self.store, &which, self.is_paused(), AT_ONCE)?;
        if asked.take {
            self.hand_over(&mut all)?;
        }
        let letters = all.into_iter().filter_map(theirs).collect();
        Ok(Reply::Letters(Letters { letters, more }))
    }

    /// Notes that the assistant took what it had not. The moment is the one by which it asks for
    /// what came since, so it has to be noted before it knows of it.
    fn hand_over(&mut self, all: &mut [Message]) -> Result<(), Error> {
        let now = self.now();
        let mut new = all.iter_mut().filter(|one| one.handed_over.is_none());
        let Some(first) = new.next() else {
            return Ok(());
        };
        let new: Vec<_> = std::iter::once(first).chain(new).collect();
        let tx = self.store.write()?;
        for message in &new {
            messages::handed_over(&tx, message.id, now)?;
        }
        tx.commit()?;
        for message in new {
            message.handed_over = Some(now);
            self.leases.remove(&message.id);
        }
        self.tell(Event::Channels);
        Ok(())
    }
}

fn theirs(message: Message) -> Option<Letter> {
    let letter = blank(&message);
    let body = given(message.content, message.other)?;
    Some(Letter {
        unsafe_subject: body.subject,
        unsafe_body: body.body,
        taken: message.handed_over,
        ..letter
    })
}

/// What a person made of a draft is not told: that they changed it is.
fn own(message: Message) -> Option<Letter> {
    let letter = blank(&message);
    let written = match (message.passage, message.other) {
        (Some(Passage::Edited), Some(words)) => words,
        (_, _) => match message.content {
            Content::Text(body) => Words {
                subject: body.subject,
                body: body.body,
            },
            Content::Raw { .. } => return None,
        },
    };
    Some(Letter {
        unsafe_subject: written.subject,
        unsafe_body: written.body,
        delivery: message.delivery,
        ..letter
    })
}

fn blank(message: &Message) -> Letter {
    Letter {
        id: message.id,
        channel: message.channel,
        at: message.at,
        taken: None,
        unsafe_subject: PeerText::default(),
        unsafe_body: PeerText::default(),
        passage: message.passage,
        delivery: None,
        repeats: message
            .routing
            .as_ref()
            .map_or(0, |routing| routing.repeats),
    }
}
