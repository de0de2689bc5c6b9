//! Which messages a person has read: those that lay under their eyes for a moment.

use crate::api::Request;
use crate::model::{ChannelId, MessageId};
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen};
use crate::tui::screen::main;

/// How long a line has to lie under a person's eyes before it counts as read.
const READING: std::time::Duration = std::time::Duration::from_secs(1);

/// Notes which message lies under the person's eyes.
pub(super) fn rest(model: &mut Model) {
    let looking =
        model.focused_since.is_some() && matches!(model.screen, Screen::Main) && !model.is_tiny();
    let seen = looking.then(|| last_unread_seen(model)).flatten();
    model.resting = match (seen, model.resting) {
        (Some((channel, id)), Some((was, before, since))) if (was, before) == (channel, id) => {
            Some((channel, id, since))
        }
        (Some((channel, id)), _) => Some((channel, id, model.now)),
        (None, _) => None,
    };
}

fn last_unread_seen(model: &Model) -> Option<(ChannelId, MessageId)> {
    let transcript = model.transcript.as_ref()?;
    let window = main::window(model);
    if window.width == 0 || window.height == 0 {
        return None;
    }
    // What belongs to other topics was not seen.
    if transcript.topic.is_some() {
        return None;
    }
    let has_unread = model.channel(transcript.channel)?.unread > 0;
    let last = transcript.last_seen(window).filter(|_| has_unread)?;
    let mark = (transcript.channel, last.id);
    (model.marked != Some(mark)).then_some(mark)
}

/// Marks as read what the person has rested on for long enough.
pub(super) fn mark_read(model: &mut Model) -> Vec<Effect> {
    let Some((channel, up_to, since)) = model.resting else {
        return Vec::new();
    };
    if model.now.since(since) < READING || model.focused_since.is_none() {
        return Vec::new();
    }
    model.resting = None;
    model.marked = Some((channel, up_to));
    vec![Effect::Ask(
        Request::MarkRead { channel, up_to },
        Question::MarkRead,
    )]
}
