//! Where messages belong: topics, answers, and the same message to several.

use crate::api::{ChannelRef, Error, LONGEST_TOPIC, Reply, SentTo, Thread};
use crate::model::{
    Audience, Author, Channel, ChannelId, ChannelState, MessageKind, PeerText, Routing,
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
                    .ok_or_else(|| Error::BadRequest(format!("there is no message {id} to answer")))
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
        let mut sent = Vec::new();
        for channel in all {
            let text = Text {
                subject: PeerText::default(),
                body: body.clone(),
                author: Author::Human,
                thread: thread.clone(),
                audience: Audience::Several(names.clone()),
            };
            sent.push(SentTo {
                channel: channel.id,
                outcome: self.queue_text(&ChannelRef::Id(channel.id), text)?,
            });
        }
        Ok(Reply::SentToSeveral(sent))
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
