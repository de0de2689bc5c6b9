//! Asks again for what a screen shows, because something changed in the engine.

use crate::api::Request;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen};
use crate::tui::screen::{
    catch_up, digest, engagement, identities, invite, logins, needs_you, safety_code, scan, topics,
};

use super::ask;

/// Asks again for what only the present screen shows.
pub(super) fn screen(model: &mut Model) -> Vec<Effect> {
    // What the help lies over goes on below it.
    let Some(over) = model.lift(|screen| !matches!(screen, Screen::Help(_))) else {
        return Vec::new();
    };
    let effects = top(model);
    model.lower(over);
    effects
}

fn top(model: &mut Model) -> Vec<Effect> {
    match &model.screen {
        Screen::NeedsYou(_) => needs_you::reload(model),
        Screen::Review(screen) => {
            let mut effects = Vec::new();
            for item in screen.items() {
                effects.extend(ask(model, Request::Review { item }, Question::Review(item)));
            }
            effects
        }
        Screen::Invite(screen) => {
            let channel = screen.channel;
            invite::reload(model, channel)
        }
        Screen::SafetyCode(screen) => {
            let channel = screen.channel;
            safety_code::reload(model, channel)
        }
        Screen::Engagement(_) => engagement::reload(model),
        Screen::CatchUp(_) => catch_up::reload(model),
        Screen::Digest(_) => digest::reload(model),
        Screen::Scan => scan::reload(model),
        Screen::Logins => logins::reload(model),
        Screen::Identities => identities::reload(model),
        Screen::Topics(_) => topics::reload(model),
        Screen::Main
        | Screen::Form(_)
        | Screen::Log(_)
        | Screen::Rest(_)
        | Screen::Search
        | Screen::Several(_)
        | Screen::Note(_)
        | Screen::Settings(_)
        | Screen::Doctor(_)
        | Screen::Onboarding(_)
        | Screen::Help(_)
        | Screen::Why(_)
        | Screen::Rename(_)
        | Screen::EndChannel(_) => Vec::new(),
    }
}

/// Asks again for what changes with the health of the networks.
pub(super) fn on_status(model: &mut Model) -> Vec<Effect> {
    if matches!(model.screen, Screen::Scan) {
        scan::reload(model)
    } else if matches!(model.screen, Screen::Identities) {
        identities::reload(model)
    } else {
        Vec::new()
    }
}
