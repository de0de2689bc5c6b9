//! Which keys do something now. Asked before a key acts and before the key bar names it.

use super::keymap::Action;
use super::model::{Model, Pane, Screen};
use super::screen::{composer, main, review};

/// Tells whether an action would do anything on the present screen.
pub(super) fn available(model: &Model, action: Action) -> bool {
    let on_main = matches!(model.screen, Screen::Main);
    match action {
        Action::NextNeed | Action::PreviousNeed => model.needs_count() > 0,
        Action::Write | Action::Editor => model.open_channel().is_some_and(composer::can_write),
        Action::TakeBack => on_main && main::leaving(model).is_some(),
        Action::Retry => main::can_retry(model),
        Action::CopyMessage if on_main => {
            let open = model.transcript.as_ref();
            open.is_some_and(|open| open.selected().is_some())
        }
        Action::CopyMessage => review::held_text(model).is_some(),
        Action::NextUnread | Action::PreviousUnread => {
            model.listed().any(|channel| channel.unread > 0)
        }
        Action::ChoosePreset | Action::PauseChannel | Action::Leader => {
            model.open_channel().is_some()
        }
        Action::Open => model.cursor.is_some(),
        Action::QrOnly => {
            matches!(&model.screen, Screen::Invite(screen) if screen.fits(model.size))
        }
        Action::CopyLink | Action::CopyInviteText | Action::CancelInvite => {
            matches!(&model.screen, Screen::Invite(screen) if screen.can_cancel())
        }
        Action::Replace => {
            matches!(&model.screen, Screen::Invite(screen) if screen.can_replace())
        }
        Action::PauseAll => model.status.is_some(),
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom => match &model.screen {
            Screen::Main => model.pane != Pane::Side,
            Screen::Review(screen) => screen.scrolls(model),
            Screen::Invite(_) | Screen::Form(_) | Screen::Presets(_) | Screen::Help(_) => true,
        },
        Action::NextPane
        | Action::PreviousPane
        | Action::Back
        | Action::Send
        | Action::NewLine
        | Action::NewInvite
        | Action::AcceptLink
        | Action::NextField
        | Action::PreviousField
        | Action::Submit
        | Action::Approve
        | Action::Refuse
        | Action::KeepPinned
        | Action::Confirm
        | Action::Help
        | Action::Redraw
        | Action::Suspend
        | Action::Quit => true,
    }
}
