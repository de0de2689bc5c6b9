//! The question before a channel is ended for good. Two keys, and a quiet moment before the
//! second, because nothing brings a channel back.

use ratatui::Frame;

use crate::api::{Error, Request};
use crate::model::{Author, Channel, ChannelId, ChannelState, PeerText};
use crate::text::{ours, sanitise, sanitise_line};
use crate::tui::keymap::{Action, Scope};
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, inset, nth, safe};

use super::guard::Guard;

/// A channel that may be ended.
#[derive(Debug)]
pub(in crate::tui) struct EndScreen {
    channel: ChannelId,
    pub(in crate::tui) guard: Guard,
    busy: bool,
    problem: Option<String>,
}

/// Returns why a channel cannot be ended, in a sentence; `None` where it can.
pub(in crate::tui) fn cannot_because(channel: &Channel) -> Option<&'static str> {
    match channel.state {
        ChannelState::Active | ChannelState::Stopped => None,
        ChannelState::Invited if channel.network.is_direct() => {
            Some("You asked them and they did not answer; there is nothing to end.")
        }
        ChannelState::Invited => Some("Nobody answered yet: cancel the invite instead."),
        ChannelState::Requested => Some("Somebody asks: refuse them in the review instead."),
        ChannelState::Superseded => Some("A newer invite replaced this one; it is over already."),
        ChannelState::Closed => Some("This channel is closed already."),
    }
}

/// Asks about the open channel.
pub(in crate::tui) fn open(model: &mut Model) {
    let Some(channel) = model.open_channel().map(|channel| channel.id) else {
        return;
    };
    model.enter(Screen::EndChannel(Box::new(EndScreen {
        channel,
        guard: Guard::new(model.now),
        busy: false,
        problem: None,
    })));
}

/// Notes a frame.
pub(in crate::tui) fn drawn(model: &mut Model, quiet: bool) {
    if let Screen::EndChannel(screen) = &mut model.screen
        && screen.guard.drawn(quiet)
    {
        model.touch();
    }
}

/// Starts the wait afresh; called when focus, size or what lies over it changed.
pub(in crate::tui) fn unsettle(model: &mut Model) {
    let now = model.now;
    if let Screen::EndChannel(screen) = &mut model.screen {
        screen.guard = Guard::new(now);
    }
}

/// Acts on a key of the table.
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    if action != Action::Confirm {
        model.leave();
        return Vec::new();
    }
    let now = model.now;
    let asleep = model
        .guard()
        .is_some_and(|guard| guard.asleep(model).is_some());
    let Screen::EndChannel(screen) = &mut model.screen else {
        return Vec::new();
    };
    if asleep {
        // A key that came too early was meant for something else.
        screen.guard.rest(now);
        return Vec::new();
    }
    if screen.busy {
        return Vec::new();
    }
    screen.busy = true;
    let channel = screen.channel;
    let request = Request::End {
        channel: channel.into(),
        author: Author::Human,
    };
    vec![Effect::Ask(request, Question::End(channel))]
}

/// Takes in how it ended.
pub(in crate::tui) fn settled(model: &mut Model, answer: Result<(), Error>) -> Vec<Effect> {
    match answer {
        Ok(()) => {
            if matches!(model.screen, Screen::EndChannel(_)) {
                model.go_main();
            }
            model.say(
                Tone::Fine,
                "Ended. Nothing enters and nothing leaves; what was said stays.",
            );
            ask(model, Request::Channels, Question::Channels)
        }
        Err(error) => {
            if let Screen::EndChannel(screen) = &mut model.screen {
                screen.busy = false;
                screen.problem = Some(error.to_string());
            }
            model.touch();
            Vec::new()
        }
    }
}

/// What follows, a paragraph each.
const FOLLOWS: &[&str] = &[
    "Nothing enters and nothing leaves from then on, for good. A channel cannot be opened \
     again; a new one takes a new invite.",
    "What waits here is not sent and not released. What was said stays here to be read.",
    "The other side is not told.",
];

pub(in crate::tui) fn draw(model: &Model, screen: &EndScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let area = inset(body, 2, 2);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let roomy = body.height >= 14;
    let mut down = usize::from(roomy);
    let mut title = vec![
        paint.own(Role::Title, "END CHANNEL"),
        paint.own(Role::Dim, " · "),
    ];
    if let Some(channel) = model.channel(screen.channel) {
        let name = sanitise_line(&channel.name, usize::from(area.width) / 2);
        title.extend(safe(&model.theme, &name, Role::Title));
    }
    paint.row(nth(area, down), title);
    down += 1 + usize::from(roomy);
    for words in FOLLOWS {
        for line in sanitise(&PeerText::new(*words)).wrap(usize::from(area.width)) {
            paint.row(nth(area, down), safe(&model.theme, &line, Role::Text));
            down += 1;
        }
        down += usize::from(roomy);
    }
    let asleep = screen.guard.asleep(model);
    let key = model.keys.label(Scope::EndChannel, Action::Confirm);
    let state = match (&screen.problem, screen.busy, asleep) {
        (Some(problem), ..) => safe(&model.theme, &ours(problem), Role::Stop),
        (None, true, _) => vec![paint.own(Role::Dim, "ending")],
        (None, false, Some(words)) => vec![paint.own(Role::Dim, words)],
        (None, false, None) => vec![
            paint.own(Role::Accent, key),
            paint.own(Role::Stop, " ends it for good"),
            paint.own(Role::Dim, " · keys live"),
        ],
    };
    paint.row(nth(area, down), state);
}
