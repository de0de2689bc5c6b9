//! Where a message that is being written belongs: its kind, its topic, what it answers, and who
//! gets it besides the peer of its channel.

use crate::api::{ChannelRef, Request, Thread};
use crate::model::{
    Author, Channel, ChannelId, ChannelState, Message, MessageId, MessageKind, PeerText,
};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Pane, Screen, Tone};

use super::routing_text::{self, Pieces, beginning};
use super::{composer, several, topics};

/// Why nothing can be said on other networks.
const NO_THREADS: &str = "Messages of this network have no topic, no kind and no answers.";

/// What is said of a message besides its text.
#[derive(Debug, Default)]
pub(in crate::tui) struct Belongs {
    kind: Option<MessageKind>,
    topic: Option<PeerText>,
    answers: Option<(MessageId, Pieces)>,
    /// Who gets it besides the peer of the open channel.
    others: Vec<ChannelId>,
    /// Whether the person said yes to all who get it.
    agreed: bool,
}

impl Belongs {
    /// Returns its kind: a response where it answers something and nothing else was said.
    fn kind(&self) -> MessageKind {
        match (self.kind, &self.answers) {
            (Some(kind), _) => kind,
            (None, Some(_)) => MessageKind::Response,
            (None, None) => MessageKind::Request,
        }
    }

    /// Tells whether it may leave: to several only after a person saw to whom.
    pub(super) fn may_leave(&self) -> bool {
        self.others.is_empty() || self.agreed
    }

    /// Asks afresh who gets it, because something else is to leave now.
    pub(super) fn ask_again(&mut self) {
        self.agreed = false;
    }

    pub(super) fn agree(&mut self) {
        self.agreed = true;
    }

    pub(super) fn others(&self) -> &[ChannelId] {
        &self.others
    }

    /// Sends it to these too. An answer is for one alone.
    pub(super) fn set_others(&mut self, others: Vec<ChannelId>) {
        if !others.is_empty() {
            self.answers = None;
        }
        self.others = others;
        self.agreed = false;
    }

    pub(super) fn set_topic(&mut self, topic: Option<PeerText>) {
        self.topic = topic;
    }
}

/// Tells whether an action is about where messages belong.
pub(in crate::tui) const fn is_about(action: Action) -> bool {
    matches!(
        action,
        Action::Topics
            | Action::WriteTopic
            | Action::Answer
            | Action::SwitchKind
            | Action::Recipients
            | Action::ClearThread
    )
}

/// Says why such an action does nothing now; `None` where it does.
pub(in crate::tui) fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    if !matches!(model.screen, Screen::Main) {
        return Some("Go back to the conversation first.");
    }
    let Some(channel) = model.open_channel() else {
        return Some("There is no channel yet.");
    };
    if !channel.network.has_threads() {
        return Some(NO_THREADS);
    }
    if action == Action::Answer {
        return why_not_answer(model, channel);
    }
    let lonely = action == Action::Recipients && candidates(model, channel).next().is_none();
    lonely.then_some("No other peer of this login can be written to.")
}

fn why_not_answer(model: &Model, channel: &Channel) -> Option<&'static str> {
    if let Some(why) = composer::closed_because(channel) {
        return Some(why);
    }
    if model.pane != Pane::Transcript {
        return Some(
            "<main.pane_transcript> goes to the conversation; <main.answer> answers the selected \
             message.",
        );
    }
    answerable(model)
        .is_none()
        .then_some("Select a message of theirs first.")
}

/// Returns the selected message, where it is one of theirs.
fn answerable(model: &Model) -> Option<&Message> {
    let selected = model.transcript.as_ref()?.selected()?;
    (selected.author == Author::Peer).then_some(selected)
}

/// Returns the other channels of the login of a channel that can be written to.
pub(super) fn candidates<'a>(
    model: &'a Model,
    channel: &'a Channel,
) -> impl Iterator<Item = &'a Channel> {
    model.listed().filter(move |other| {
        other.id != channel.id
            && other.state == ChannelState::Active
            && other.network == channel.network
            && channel.account.is_some()
            && other.account == channel.account
    })
}

/// Acts on a key of the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only what is about where messages belong comes here"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    match action {
        Action::Topics => return topics::open(model, topics::Purpose::Show),
        Action::WriteTopic => return topics::open(model, topics::Purpose::Write),
        Action::Recipients => several::choose(model),
        Action::Answer => answer(model),
        Action::SwitchKind => switch_kind(&mut model.composer.belongs),
        _ => {
            model.composer.belongs = Belongs::default();
            model.say(Tone::Fine, "A new request to one peer again.");
        }
    }
    Vec::new()
}

/// Begins an answer to the selected message, which is for its author alone.
fn answer(model: &mut Model) {
    let Some(selected) = answerable(model) else {
        return;
    };
    let answers = (selected.id, beginning("answers ", selected, &model.zone));
    let topic = selected.routing.as_ref().and_then(|it| it.topic.clone());
    let belongs = &mut model.composer.belongs;
    belongs.answers = Some(answers);
    belongs.topic = topic;
    belongs.kind = None;
    belongs.others.clear();
    composer::open(model);
}

fn switch_kind(belongs: &mut Belongs) {
    let next = match (belongs.kind(), belongs.answers.is_some()) {
        (MessageKind::Request, _) => MessageKind::Notification,
        (MessageKind::Notification, true) => MessageKind::Response,
        (MessageKind::Notification, false) | (MessageKind::Response, _) => MessageKind::Request,
    };
    belongs.kind = Some(next);
}

/// Returns the topic of what is being written: the one chosen, or the one that alone is shown.
fn topic(model: &Model) -> Option<&PeerText> {
    let chosen = model.composer.belongs.topic.as_ref();
    chosen.or_else(|| topics::shown(model))
}

/// Returns the rows of the composer that say where the message belongs.
pub(super) fn rows(model: &Model, room: usize) -> Vec<Pieces> {
    let here = model.open_channel();
    if !here.is_some_and(|channel| channel.network.has_threads()) {
        return Vec::new();
    }
    let belongs = &model.composer.belongs;
    let channels = belongs.others.iter().filter_map(|id| model.channel(*id));
    let others: Vec<_> = channels.map(|channel| channel.name.clone()).collect();
    let answers = belongs.answers.as_ref().map(|(_, pieces)| pieces);
    routing_text::head(belongs.kind(), topic(model), answers, &others, room)
}

/// Returns what sends the text of the composer.
pub(super) fn request(model: &Model, channel: ChannelId, body: PeerText) -> (Request, Question) {
    let has_threads = model
        .channel(channel)
        .is_some_and(|channel| channel.network.has_threads());
    let belongs = &model.composer.belongs;
    let thread = if has_threads {
        Thread {
            kind: belongs.kind,
            topic: topic(model).cloned(),
            correlation: None,
            answers: belongs.answers.as_ref().map(|(id, _)| *id),
        }
    } else {
        Thread::default()
    };
    if belongs.others.is_empty() {
        let request = Request::Send {
            channel: ChannelRef::Id(channel),
            subject: PeerText::default(),
            body,
            author: Author::Human,
            now: false,
            thread,
        };
        return (request, Question::Send(channel));
    }
    let others = belongs.others.iter().copied();
    let request = Request::SendToSeveral {
        channels: std::iter::once(channel).chain(others).collect(),
        body,
        thread,
    };
    (request, Question::SendToSeveral(channel))
}
