//! Pausing: one channel, or everything. Nothing leaves, nothing reaches the assistant.

use ratatui::layout::Rect;

use crate::api::Request;
use crate::tui::keymap::{Action, Scope};
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Asking, Model, Tone};
use crate::tui::theme::Role;
use crate::tui::widget::paint::{Paint, clock, inset, nth};

/// Says that everything is paused, above the panes.
pub(super) fn draw(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let since = model.status.as_ref().and_then(|status| status.paused);
    let Some(since) = since.filter(|_| area.height > 0) else {
        return;
    };
    let at = clock(since, &model.zone);
    let left = vec![
        paint.own(Role::Wait, "ALL CHANNELS PAUSED"),
        paint.own(Role::Dim, format!(" since {at}")),
    ];
    let right = vec![
        paint.own(
            Role::Accent,
            model.keys.label(Scope::Anywhere, Action::PauseAll),
        ),
        paint.own(Role::Dim, " resume"),
    ];
    paint.pair(inset(area, 1, 1), left, right);
    let lines = [
        "Nothing leaves this machine and nothing reaches your assistant.",
        "Messages still arrive and are kept. The other sides see no notice.",
    ];
    for (words, down) in lines.into_iter().zip(1..) {
        let spans = vec![paint.own(Role::Dim, words)];
        paint.row(inset(nth(area, down), 1, 1), spans);
    }
    paint.rule(nth(area, 3));
}

/// Pauses the open channel, or resumes it.
pub(super) fn pause_channel(model: &Model) -> Vec<Effect> {
    let Some(channel) = model.open_channel() else {
        return Vec::new();
    };
    let (id, paused) = (channel.id, channel.paused);
    let request = if paused {
        Request::Resume {
            channel: Some(id.into()),
        }
    } else {
        Request::Pause {
            channel: Some(id.into()),
        }
    };
    vec![Effect::Ask(request, Question::Pause(!paused, Some(id)))]
}

/// Pauses everything at once; resuming asks once.
pub(in crate::tui) fn pause_all(model: &mut Model) -> Vec<Effect> {
    let paused = model
        .status
        .as_ref()
        .is_some_and(|status| status.paused.is_some());
    if !paused {
        let request = Request::Pause { channel: None };
        return vec![Effect::Ask(request, Question::Pause(true, None))];
    }
    if model.asking == Some(Asking::ResumeAll) {
        model.asking = None;
        model.notice = None;
        let request = Request::Resume { channel: None };
        return vec![Effect::Ask(request, Question::Pause(false, None))];
    }
    let key = model.keys.label(Scope::Anywhere, Action::PauseAll);
    model.say(
        Tone::Trouble,
        format!("{key} again resumes: what waits leaves, your assistant reads on."),
    );
    model.asking = Some(Asking::ResumeAll);
    Vec::new()
}
