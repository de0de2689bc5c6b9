//! Where messages belong, read out: how far their author is proven, their kind, their topic, what
//! they answer, for whom they were. And the topics of a channel, and answers.

use crate::api::{Request, Thread};
use crate::model::{
    Audience, Author, ChannelId, Message, MessageId, MessageKind, PeerText, Provenance, Topic,
};

use super::channel::ChannelPage;
use super::paper::Paper;
use super::state::{Page, Question, State, Target};
use super::{channel, words, write};

/// Topics that are read out.
const TOPICS: usize = 20;

/// Why there are none elsewhere.
const NONE: &str = "Messages of this network have no topic, no kind and no answers.";

/// Reads out where a message belongs, below its head. What others chose stands behind whose it
/// is.
pub(super) fn say(paper: &mut Paper<'_>, message: &Message, whole: bool) {
    let Some(routing) = &message.routing else {
        return;
    };
    if routing.repeats > 0 {
        let times = routing.repeats.saturating_add(1);
        paper.say(format!("It arrived {times} times, word for word the same."));
    }
    if !paper.threads {
        return;
    }
    let author = words::whose(message.author);
    let proof = routing.provenance.map(|proven| {
        if whole {
            format!("{}: {}", proven.label(), proven.sentence())
        } else if proven == Provenance::Verified {
            "signed".to_owned()
        } else {
            proven.label().to_owned()
        }
    });
    let kind = match routing.kind {
        MessageKind::Request => "request, asks for an answer",
        MessageKind::Response => "response",
        MessageKind::Notification => "notification, wants no answer",
    };
    let answers = match (routing.answers, &routing.reply_to) {
        (Some(_), _) => ", answers an earlier message",
        (None, Some(_)) => ", answers something that is not here",
        (None, None) => "",
    };
    let everybody = match routing.audience {
        Audience::Everybody => ", to everybody on the relay",
        Audience::One | Audience::Several(_) => "",
    };
    let kind = words::capital(&format!("{kind}{answers}{everybody}"));
    paper.say(match proof {
        Some(proof) => format!("{} {kind}", words::capital(&proof)),
        None => kind,
    });
    if let Some(topic) = &routing.topic {
        paper.of_line(&format!("{author}, topic"), topic);
    }
    if let Audience::Several(names) = &routing.audience {
        let names: Vec<_> = names.iter().map(PeerText::expose_untrusted).collect();
        let all = PeerText::new(names.join(", "));
        paper.of_line(&format!("{author}, also to"), &all);
    }
    if let Some(correlation) = routing.correlation.as_ref().filter(|_| whole) {
        paper.of_line(&format!("{author}, belongs to"), correlation);
    }
}

/// Asks for the topics of a channel.
pub(super) fn ask(state: &mut State, channel: ChannelId) {
    if has_threads(state, channel) {
        state.ask(Request::Topics { channel }, Question::Topics(channel));
    } else {
        state.say(NONE);
    }
}

fn has_threads(state: &State, channel: ChannelId) -> bool {
    state
        .channel(channel)
        .is_some_and(|channel| channel.network.has_threads())
}

/// Reads the topics out, each with the number that chooses it.
pub(super) fn show(state: &mut State, channel: ChannelId, topics: &[Topic]) {
    if !matches!(&state.page, Page::Channel(open) if open.id == channel) {
        return;
    }
    state.numbers.clear();
    state.topics.clear();
    if topics.is_empty() {
        state.say("No message here has a topic.");
    }
    for (number, topic) in topics.iter().take(TOPICS).enumerate() {
        state.numbers.push(Target::Topic(channel, number));
        state.topics.push(topic.topic.clone());
        let new = if topic.unread > 0 {
            format!(", {} new", topic.unread)
        } else {
            String::new()
        };
        state.say(format!(
            "{}  Topic {}, {}{new}",
            number + 1,
            words::name(&topic.topic),
            words::count(topic.messages, "message"),
        ));
    }
    let more = topics.len().saturating_sub(TOPICS);
    if more > 0 {
        state.say(format!("{} more.", words::count(more as u64, "topic")));
    }
    state.say("A number reads one alone, and what you write goes into it. all: everything again.");
}

/// Reads one topic alone.
pub(super) fn choose(state: &mut State, id: ChannelId, number: usize) {
    let topic = state.topics.get(number).cloned();
    channel::open_topic(state, id, topic);
}

/// Begins an answer to the last message of theirs that was read out, or to one before it.
pub(super) fn answer(state: &mut State, page: &ChannelPage, which: &str) {
    if !has_threads(state, page.id) {
        state.say(NONE);
        return;
    }
    let back = match which.trim() {
        "" => Some(1),
        number => number.parse::<usize>().ok(),
    };
    let theirs = back.and_then(|back| page.theirs.iter().rev().nth(back.checked_sub(1)?));
    match theirs {
        Some(message) => {
            let thread = Thread {
                answers: Some(*message),
                ..Thread::default()
            };
            write::open_in(state, page.id, thread);
        }
        None => {
            state.say("No such message of theirs was read out. answer 2 means the last but one.");
        }
    }
}

/// Returns what was read out of theirs, so that it can be answered.
pub(super) fn theirs(messages: &[Message]) -> Vec<MessageId> {
    let theirs = messages.iter().filter(|it| it.author == Author::Peer);
    theirs.map(|message| message.id).collect()
}
