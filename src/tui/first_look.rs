//! How far the first look at every channel is, and the key that puts off what is left of it.
//!
//! Must not: decide anything. What is put off waits on its relay.

use std::time::Duration;

use crate::api::{Error, Reply, Request};
use crate::model::{FirstLook, UnixMillis};

use super::keymap::{Action, Scope};
use super::message::{Effect, Question};
use super::model::{Model, Screen, Tone};
use super::screen::decision_log_text::grouped;
use super::theme::Role;
use super::update::ask;

/// Between two questions how far it is.
const AGAIN: Duration = Duration::from_secs(1);
/// Fewer channels are looked at before anybody could read about it.
const MANY: u64 = 10;

/// Returns the first look, where it is not over.
pub(super) fn look(model: &Model) -> Option<FirstLook> {
    model.status.as_ref()?.first_look
}

/// Returns when to ask again how far it is.
pub(super) fn due_at(model: &Model) -> Option<UnixMillis> {
    look(model)?.progress()?;
    Some(model.look_asked_at.after(AGAIN))
}

/// Asks how far it is, where that is due.
pub(super) fn pass_time(model: &mut Model) -> Vec<Effect> {
    if due_at(model).is_none_or(|due| due > model.now) {
        return Vec::new();
    }
    model.look_asked_at = model.now;
    ask(model, Request::Status, Question::Status)
}

/// Puts off what is left of it, or takes that up again.
pub(super) fn turn(model: &mut Model) -> Vec<Effect> {
    let Some(look) = look(model) else {
        return Vec::new();
    };
    let goes_on = look.progress().is_some();
    let request = if goes_on {
        Request::StopWork
    } else {
        Request::Sync
    };
    ask(model, request, Question::FirstLook(!goes_on))
}

/// Says what became of that.
pub(super) fn turned(model: &mut Model, goes_on: bool, answer: Result<Reply, Error>) {
    let (tone, words) = match answer {
        Err(error) => (Tone::Trouble, format!("That was not done: {error}.")),
        Ok(_) if goes_on => (Tone::Fine, "Going on with the channels.".to_owned()),
        Ok(_) => {
            let key = model.keys.label(Scope::Main, Action::FirstLook);
            let words = format!("Put off; the relays keep what has come. {key} goes on.");
            (Tone::Fine, words)
        }
    };
    model.say(tone, words);
}

/// Returns how far it is as one line of the main screen, where it takes long enough to be read.
pub(super) fn words(model: &Model) -> Option<(Role, String)> {
    let on_main = matches!(model.screen, Screen::Main) && !model.composer.active;
    let look = look(model).filter(|look| on_main && look.total >= MANY)?;
    let FirstLook {
        done,
        total,
        put_off,
    } = look;
    let key = model.keys.label(Scope::Main, Action::FirstLook);
    let (done, total, put_off) = (grouped(done), grouped(total), grouped(put_off));
    Some(if look.progress().is_some() {
        let words = format!("looked at {done} of {total} channels · {key} puts the rest off");
        (Role::Dim, words)
    } else {
        let words = format!("{put_off} of {total} channels not looked at yet · {key} goes on");
        (Role::Wait, words)
    })
}
