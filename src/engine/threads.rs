//! Where messages belong: topics, answers, and the same message to several.

use crate::api::{ChannelRef, Error, LONGEST_TOPIC, Reply, SentTo, Thread};
use crate::model::{
    Audience, Author, Body, Channel, ChannelId, ChannelState, MessageId, MessageKind, PeerText,
    Routing,
};
use crate::net;
use crate::store::{messages, routing};

use super::core::Core;
use super::outbound::Text;

/// Most channels that one message goes to.
const MOST_RECIPIENTS: usize = 100;

impl Core {
    /// Returns where a message of ours belongs; `None` on networks whose messages do not say so.
    pub(super) fn routing_for(
        &self,
        channel: &Channel,
        thread: Thread,
        audience: Audience,
    ) -> Result<Option<Routing>, Error> {
        if !net::of(channel.network).has_routing() {
            return if thread.is_empty() {
                Ok(None)
            } else {
                Err(Error::BadRequest(format!(
                    "messages of {} have no kind, no topic and no answers",
                    channel.network.label()
                )))
            };
        }
        let Thread {
            kind,
            topic,
            correlation,
            answers,
        } = thread;
        let answered = answers
            .map(|id| {
                messages::by_id(&self.store, id)?
                    .filter(|message| message.channel == channel.id)
                    .ok_or_else(|| no_such(id))
            })
            .transpose()?;
        let before = answered
            .and_then(|message| message.routing)
            .map(|routing| *routing)
            .unwrap_or_default();
        let their_id = before.remote_id.map(PeerText::new);
        let routing = Routing {
            kind: kind.unwrap_or(match answers {
                Some(_) => MessageKind::Response,
                None => MessageKind::Request,
            }),
            topic: topic.or(before.topic).filter(|topic| !topic.is_empty()),
            correlation: correlation
                .or(before.correlation)
                .or_else(|| their_id.clone())
                .filter(|correlation| !correlation.is_empty()),
            reply_to: their_id,
            answers,
            audience,
            remote_id: None,
            provenance: None,
            repeats: 0,
        };
        for text in [&routing.topic, &routing.correlation].into_iter().flatten() {
            if text.len() > LONGEST_TOPIC {
                return Err(Error::BadRequest(format!(
                    "a topic and a correlation have at most {LONGEST_TOPIC} bytes"
                )));
            }
        }
        Ok(Some(routing))
    }

    /// Queues the same message on several channels, or on none.
    pub(super) fn send_to_several(
        &mut self,
        channels: &[ChannelId],
        body: &PeerText,
        thread: &Thread,
    ) -> Result<Reply, Error> {
        let all = self.recipients(channels)?;
        let names: Vec<PeerText> = all
            .iter()
            .map(|channel| PeerText::new(channel.address.as_str()))
            .collect();
        let mut texts = Vec::new();
        for channel in &all {
            let text = Text {
                subject: PeerText::default(),
                body: body.clone(),
                author: Author::Human,
                thread: self.thread_for(channel, thread)?,
                audience: Audience::Several(names.clone()),
            };
            self.see_that_it_may_leave(channel, &text)?;
            texts.push(text);
        }
        let mut sent = Vec::new();
        for (channel, text) in all.iter().zip(texts) {
            sent.push(SentTo {
                channel: channel.id,
                outcome: self.queue_text(&ChannelRef::Id(channel.id), text)?,
            });
        }
        Ok(Reply::SentToSeveral(sent))
    }

    /// Returns where a message to several belongs in one of their channels: it answers something in
    /// the channel of that alone, and stands in the same topic in all of them.
    fn thread_for(&self, channel: &Channel, thread: &Thread) -> Result<Thread, Error> {
        let Some(answers) = thread.answers else {
            return Ok(thread.clone());
        };
        let answered = messages::by_id(&self.store, answers)?.ok_or_else(|| no_such(answers))?;
        if answered.channel == channel.id {
            return Ok(thread.clone());
        }
        let topic = answered.routing.and_then(|routing| routing.topic);
        Ok(Thread {
            answers: None,
            topic: thread.topic.clone().or(topic),
            ..thread.clone()
        })
    }

    /// Refuses a message that could not be queued: before it, the same goes to somebody else.
    fn see_that_it_may_leave(&mut self, channel: &Channel, text: &Text) -> Result<(), Error> {
        let routing = self.routing_for(channel, text.thread.clone(), text.audience.clone())?;
        let body = Body {
            subject: text.subject.clone(),
            body: text.body.clone(),
            metadata: PeerText::new("{}"),
        };
        let keyed = self.find(&ChannelRef::Id(channel.id))?;
        self.check_size(&keyed, &body)?;
        // A person's own words are never held, so nothing is stored by this.
        self.judge_outbound(channel, text.author, (&body, routing.as_ref()))?;
        Ok(())
    }

    /// Finds the channels of several recipients, and refuses where one cannot be written to.
    fn recipients(&self, channels: &[ChannelId]) -> Result<Vec<Channel>, Error> {
        if channels.len() < 2 || channels.len() > MOST_RECIPIENTS {
            return Err(Error::BadRequest(format!(
                "a message to several goes to 2 to {MOST_RECIPIENTS}"
            )));
        }
        let mut all: Vec<Channel> = Vec::new();
        for id in channels {
            let channel = self.find(&ChannelRef::Id(*id))?.channel;
            if channel.state != ChannelState::Active {
                return Err(Error::BadRequest(format!(
                    "{} cannot be written to now; nothing was sent",
                    channel.address
                )));
            }
            if channel.account.is_none() || all.iter().any(|other| other.account != channel.account)
            {
                return Err(Error::BadRequest(
                    "all recipients have to be peers of the same login; nothing was sent"
                        .to_owned(),
                ));
            }
            if all.iter().all(|other| other.id != channel.id) {
                all.push(channel);
            }
        }
        Ok(all)
    }

    pub(super) fn topics(&self, channel: ChannelId) -> Result<Reply, Error> {
        self.find(&ChannelRef::Id(channel))?;
        Ok(Reply::Topics(routing::topics(&self.store, channel)?))
    }
}

fn no_such(message: MessageId) -> Error {
    Error::BadRequest(format!("there is no message {message} to answer"))
}
