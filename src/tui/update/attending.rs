//! The keys of what a person puts off, is told, and reads when they come back.

use crate::tui::first_look;
use crate::tui::keymap::{Action, Scope};
use crate::tui::message::Effect;
use crate::tui::model::{Model, Spot};
use crate::tui::screen::{catch_up, digest, rest, thread};

/// Acts on such a key; `None` for any other.
pub(super) fn act(model: &mut Model, scope: Scope, action: Action) -> Option<Vec<Effect>> {
    Some(match (scope, action) {
        (Scope::Main | Scope::NeedsYou, Action::Mute) => rest::open_mute(model),
        (Scope::Main | Scope::CatchUp, Action::Digest) => digest::open(model),
        (Scope::Main, Action::FirstLook) => first_look::turn(model),
        (Scope::Main, Action::CatchUp) => catch_up::open(model),
        (Scope::Main, Action::Later) => {
            if let Some(Spot::Need(item)) = model.cursor {
                rest::open_snooze(model, vec![item]);
            }
            Vec::new()
        }
        (Scope::Main | Scope::Leader | Scope::Composer, _) if thread::is_about(action) => {
            model.leader = None;
            thread::act(model, action)
        }
        (Scope::Rest, _) => rest::act(model, action),
        (Scope::CatchUp, _) => catch_up::act(model, action),
        (Scope::Digest, _) => digest::act(model, action),
        _ => return None,
    })
}
