//! Which of the messages that are held answer which, and the topic that alone is shown.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Author, Delivery, Message, MessageId, PeerText, UnixMillis};

use super::super::routing_text::{self, Around, Pieces};
use super::{Transcript, Window};

/// What is known of the messages beside themselves.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// When a message was answered first, and how often.
    answered: HashMap<MessageId, (UnixMillis, usize)>,
    /// The id that we go by there.
    me: Option<Arc<str>>,
    /// Whether messages of the network say nothing of where they belong.
    plain: bool,
}

/// Tells whether an answer was given: a draft that waits is none, nor what never left.
fn was_given(message: &Message) -> bool {
    message.author == Author::Peer
        || !matches!(
            message.delivery,
            Some(
                Delivery::Held { .. }
                    | Delivery::Refused { .. }
                    | Delivery::Expired { .. }
                    | Delivery::TakenBack
                    | Delivery::Failed { .. }
            )
        )
}

impl Transcript {
    /// Opens a conversation, where `topic` is given only what belongs to that.
    pub(in crate::tui) fn of_topic(mut self, topic: Option<PeerText>) -> Self {
        self.topic = topic;
        self
    }

    /// Takes note of the id that we go by there, and whether messages there say nothing of where
    /// they belong.
    pub(in crate::tui) fn know_me(&mut self, me: Option<&str>, plain: bool) {
        if self.links.me.as_deref() != me || self.links.plain != plain {
            self.links.me = me.map(Arc::from);
            self.links.plain = plain;
            self.wrapped.borrow_mut().clear();
        }
    }

    /// Looks again which messages answer which, after others are held.
    pub(super) fn relink(&mut self) {
        self.wrapped.borrow_mut().clear();
        self.links.answered.clear();
        for message in self.messages.iter().filter(|message| was_given(message)) {
            let answers = message.routing.as_ref().and_then(|routing| routing.answers);
            if let Some(request) = answers {
                let found = self.links.answered.entry(request);
                let (first, times) = found.or_insert((message.at, 0));
                *first = (*first).min(message.at);
                *times += 1;
            }
        }
    }

    pub(in crate::tui) fn held(&self, id: MessageId) -> Option<&Message> {
        self.messages.iter().rev().find(|message| message.id == id)
    }

    /// Returns how a message stands among others, as rows of a width.
    pub(super) fn standing(
        &self,
        message: &Message,
        window: Window<'_>,
        room: usize,
    ) -> Vec<Pieces> {
        let Some(routing) = &message.routing else {
            return Vec::new();
        };
        let around = Around {
            answers: routing.answers.and_then(|id| self.held(id)),
            answered: self.links.answered.get(&message.id).copied(),
            me: self.links.me.as_deref(),
            one_topic: self.topic.is_some(),
            threads: !self.links.plain,
            zone: window.zone,
        };
        routing_text::rows(message, &around, room)
    }
}
