//! Questions with one line as their answer: an invite, somebody's link, going on after a pause.

use crate::api::{Error, Invite, Reply, Request};
use crate::model::{ChannelId, PeerText};
use crate::text::{ours, sanitise};

use super::channel::ChannelPage;
use super::paper::Paper;
use super::state::{Page, Question, State, Typed};
use super::verdict::SECOND;
use super::{code, identities, step, words};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The name of whoever is invited.
    Invite,
    /// Somebody's link.
    Link,
    /// The name of whoever sent this link.
    Name(String),
    /// What to call whom a link named.
    Whom(identities::Whom),
    /// Whether to go on, with a channel or with everything.
    Resume(Option<ChannelId>),
}

impl Form {
    pub(super) fn prompt(&self) -> &'static str {
        match self {
            Self::Invite | Self::Name(_) | Self::Whom(_) => "name",
            Self::Link => "link",
            Self::Resume(_) => SECOND,
        }
    }
}

/// Asks.
pub(super) fn open(state: &mut State, form: Form) {
    match &form {
        Form::Invite => state.say(
            "Whom do you invite? Type the name that you give them; they do not see it. An empty \
             line makes no invite.",
        ),
        Form::Link => state.say("Paste the link you were given. An empty line accepts nothing."),
        Form::Name(_) => state.say(
            "What do you call them? Only you see it. An empty line accepts nothing. They start \
             as a safe acquaintance.",
        ),
        // It is asked together with whom the link names.
        Form::Whom(_) => {}
        Form::Resume(channel) => {
            state.say(if channel.is_some() {
                "Messages of this channel then leave and reach your assistant again."
            } else {
                "Messages then leave and reach your assistant again, on all channels."
            });
            state.say(format!(
                "Type {SECOND} to do it. Anything else leaves it paused."
            ));
        }
    }
    state.page = Page::Form(form);
}

/// Takes a line.
pub(super) fn line(state: &mut State, form: Form, typed: &Typed) {
    let text = typed.text.expose_untrusted().trim();
    match form {
        Form::Resume(channel) => resume(state, channel, typed),
        _ if text.is_empty() => {
            state.say("Nothing was done.");
            state.list(Page::Main(0));
        }
        Form::Invite => {
            let request = Request::Invite {
                phone: None,
                name: Some(PeerText::new(text)),
                sender: None,
                preset: None,
                relay: None,
                replaces: None,
            };
            state.page = Page::Main(0);
            state.ask(request, Question::Invite);
        }
        Form::Link if identities::is_link(text) => identities::read(state, text),
        Form::Link => open(state, Form::Name(text.to_owned())),
        Form::Whom(whom) => identities::add(state, whom, typed),
        Form::Name(url) => {
            let request = Request::Accept {
                url,
                preset: None,
                name: Some(PeerText::new(text)),
            };
            state.say("Asking the relay.");
            state.page = Page::Main(0);
            state.ask(request, Question::Accept);
        }
    }
}

fn resume(state: &mut State, channel: Option<ChannelId>, typed: &Typed) {
    if step::word(typed) == SECOND {
        if let Some(why) = state.too_soon(typed) {
            state.say(why);
            state.page = Page::Form(Form::Resume(channel));
            return;
        }
        let request = Request::Resume {
            channel: channel.map(Into::into),
        };
        state.ask(request, Question::Pause(false, channel));
    } else {
        state.say("It stays paused.");
    }
    state.page = channel.map_or(Page::Main(0), |id| Page::Channel(ChannelPage::new(id)));
}

/// Takes in what became of a pause, or of its end.
pub(super) fn paused(
    state: &mut State,
    pauses: bool,
    channel: Option<ChannelId>,
    answer: Result<Reply, Error>,
) {
    let words = match (answer, pauses, channel.is_some()) {
        (Err(error), ..) => format!("Not done: {}.", words::safe(&error.to_string())),
        (Ok(_), true, true) => "Paused: nothing of this channel leaves, and nothing of it reaches \
             your assistant. They see no notice."
            .to_owned(),
        (Ok(_), true, false) => {
            "All paused: nothing leaves this machine, and nothing reaches your \
             assistant. resume all goes on."
                .to_owned()
        }
        (Ok(_), false, _) => "It goes on.".to_owned(),
    };
    state.say(words);
    state.stale = true;
}

/// Reads an invite out.
pub(super) fn invited(state: &mut State, answer: Result<Reply, Error>) {
    let invite = match answer {
        Ok(Reply::Invite(invite)) => *invite,
        Ok(_) => return,
        Err(error) => {
            state.say(format!(
                "No invite was made: {}.",
                words::safe(&error.to_string())
            ));
            return;
        }
    };
    let Invite {
        channel,
        url,
        message,
        ..
    } = invite;
    state.say(format!(
        "Invite for {}. The link:",
        words::name(&channel.name)
    ));
    state.say(ours(&url).plain());
    state.say("Whoever has it can answer first: give it by a way you trust. Words to go with it:");
    let mut paper = Paper::new(state.width, &state.zone);
    paper.of("message", &sanitise(&message));
    let lines = paper.lines;
    state.say_all(lines);
    state.say("When somebody answers, it needs you.");
    state.learn(channel);
    state.stale = true;
}

/// Takes in whether a link was accepted.
pub(super) fn accepted(state: &mut State, answer: Result<Reply, Error>) {
    match answer {
        Ok(Reply::Channel(channel)) => {
            state.say("Accepted, as a safe acquaintance. Compare the code with them when you can.");
            let id = channel.id;
            state.learn(*channel);
            state.stale = true;
            code::open(state, id);
        }
        Ok(_) => {}
        Err(error) => {
            state.say(format!(
                "Not accepted: {}.",
                words::safe(&error.to_string())
            ));
        }
    }
}
