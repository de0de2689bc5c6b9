//! Which keys do something now. Asked before a key acts and before the key bar names it.

use super::keymap::Action;
use super::model::{Model, Pane, Screen, Spot};
use super::screen::{
    catch_up, composer, digest, engagement, main, needs_you, rest, review, safety_code,
};

/// Tells whether an action would do anything on the present screen.
pub(super) fn available(model: &Model, action: Action) -> bool {
    let on_main = matches!(model.screen, Screen::Main);
    let on_needs = matches!(model.screen, Screen::NeedsYou(_));
    if let Some(known) = in_lists(model, action) {
        return known;
    }
    match action {
        Action::NextNeed | Action::PreviousNeed => model.needs_count() > 0,
        Action::Editor if matches!(model.screen, Screen::Engagement(_)) => {
            engagement::is_ready(model)
        }
        Action::Write | Action::Editor => model.open_channel().is_some_and(composer::can_write),
        Action::AllNeeds => model.needs.is_some(),
        Action::Select | Action::Open if on_needs => needs_you::has_items(model),
        Action::TakeBack => (on_main || on_needs) && main::leaving(model).is_some(),
        Action::Retry => main::can_retry(model),
        Action::CopyMessage if on_main => {
            (model.transcript.as_ref()).is_some_and(|open| open.selected().is_some())
        }
        Action::CopyMessage | Action::SwitchView => review::held_text(model).is_some(),
        Action::JumpSignal => review::has_signals(model),
        Action::NextUnread | Action::PreviousUnread => {
            model.listed().any(|channel| channel.unread > 0)
        }
        Action::Engagement | Action::MakeRule => engagement::can_open(model),
        Action::NextValue | Action::PreviousValue | Action::Save | Action::TextDiff => {
            engagement::is_ready(model)
        }
        Action::Undo => engagement::can_undo(model),
        Action::PauseChannel | Action::Leader => model.open_channel().is_some(),
        Action::CompareCode => safety_code::can_open(model),
        Action::Open if on_main => model.cursor.is_some(),
        Action::Open | Action::Difference => {
            matches!(&model.screen, Screen::Log(screen) if screen.can(action))
        }
        Action::QrOnly
        | Action::CopyLink
        | Action::CopyInviteText
        | Action::CancelInvite
        | Action::ShowPicture
        | Action::Replace => on_invite(model, action),
        Action::PauseAll => model.status.is_some(),
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom => can_move(model),
        Action::NextPane
        | Action::PreviousPane
        | Action::PaneLists
        | Action::PaneTranscript
        | Action::PaneSide
        | Action::Back
        | Action::Send
        | Action::NewLine
        | Action::OpenLog
        | Action::CycleFilter
        | Action::HowToExport
        | Action::VerifyChain
        | Action::NewInvite
        | Action::AcceptLink
        | Action::NextField
        | Action::PreviousField
        | Action::Submit
        | Action::Approve
        | Action::Refuse
        | Action::KeepPinned
        | Action::Confirm
        | Action::CodeDiffers
        | Action::PickLine
        | Action::CatchUp
        | Action::Digest
        | Action::Mute
        | Action::MarkAllRead
        | Action::EditDraft
        | Action::ReleaseClean
        | Action::OwnWords
        | Action::RefuseAndPause
        | Action::Later
        | Action::Select
        | Action::Help
        | Action::Redraw
        | Action::Suspend
        | Action::Quit => true,
    }
}

/// The same for what one does with an invite.
fn on_invite(model: &Model, action: Action) -> bool {
    let Screen::Invite(screen) = &model.screen else {
        return false;
    };
    if action == Action::QrOnly {
        screen.fits(model.size)
    } else if action == Action::Replace {
        screen.can_replace()
    } else {
        screen.can_cancel()
    }
}

/// The same where it depends on what is listed on one of the smaller screens.
fn in_lists(model: &Model, action: Action) -> Option<bool> {
    Some(match (action, &model.screen) {
        (Action::Later | Action::Mute, Screen::NeedsYou(_)) => needs_you::has_items(model),
        (Action::Later, Screen::Main) => matches!(model.cursor, Some(Spot::Need(_))),
        (Action::Mute, _) => model.open_channel().is_some_and(rest::can_mute),
        (Action::Open | Action::MarkAllRead, Screen::Digest(_)) => digest::has_messages(model),
        (Action::Open, Screen::CatchUp(_)) => catch_up::has_rows(model),
        (Action::Open, Screen::Rest(_)) => true,
        _ => return None,
    })
}

/// Tells whether there is anything to move among, or through, on the present screen.
fn can_move(model: &Model) -> bool {
    match &model.screen {
        Screen::Main => main::can_move(model),
        Screen::NeedsYou(_) => needs_you::has_items(model),
        Screen::Review(screen) => screen.scrolls(model),
        Screen::Invite(_)
        | Screen::Form(_)
        | Screen::Engagement(_)
        | Screen::SafetyCode(_)
        | Screen::Log(_)
        | Screen::Rest(_)
        | Screen::Help(_) => true,
        Screen::CatchUp(_) => catch_up::has_rows(model),
        Screen::Digest(_) => digest::has_messages(model),
    }
}

/// Returns why an action does nothing now, as a sentence for the person who pressed its key.
///
/// `None` where the screen shows it by itself: a list that ends needs no words.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is always possible needs no reason"
)]
pub(super) fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    let words = match action {
        Action::Later if matches!(model.screen, Screen::Main) => {
            "Go to an item that needs you first; n goes to the next."
        }
        Action::Select | Action::Later => "Nothing is listed here.",
        Action::Mute if model.open_channel().is_some() => {
            "Nothing comes from this channel any more; there is nothing to mute."
        }
        Action::MarkAllRead => "Nothing is left to the digest.",
        Action::NextNeed | Action::PreviousNeed => "Nothing needs you.",
        Action::Editor
        | Action::NextValue
        | Action::PreviousValue
        | Action::Save
        | Action::TextDiff
            if matches!(model.screen, Screen::Engagement(_)) =>
        {
            "Not yet: the engine has not answered."
        }
        Action::Write | Action::Editor => model
            .open_channel()
            .map_or(Some(NO_CHANNEL), composer::closed_because)?,
        Action::TakeBack => "Nothing waits to leave; what has left cannot be taken back.",
        Action::Retry if model.pane == Pane::Transcript => {
            "The selected message needs no second try."
        }
        Action::Retry => "2 goes to the conversation; R tries the selected message again.",
        Action::CopyMessage => "There is no message to copy.",
        Action::SwitchView => "There is no message to show in another way.",
        Action::JumpSignal => "Nothing was found in it.",
        Action::NextUnread | Action::PreviousUnread => "No channel has anything new.",
        Action::Undo => "There is nothing to undo.",
        Action::Engagement | Action::MakeRule if model.open_channel().is_some() => {
            "Nothing flows in this channel; there is nothing to set."
        }
        Action::Engagement
        | Action::MakeRule
        | Action::PauseChannel
        | Action::Leader
        | Action::Mute => NO_CHANNEL,
        Action::CompareCode => {
            "No key is accepted in this channel yet; there is nothing to compare."
        }
        Action::Open => "Nothing is selected.",
        Action::Difference => "This entry has no two texts to compare.",
        Action::QrOnly => "The code does not fit this window; copy the link instead.",
        Action::CopyLink | Action::CopyInviteText | Action::CancelInvite | Action::ShowPicture => {
            "This invite is not open; there is no link to give away."
        }
        Action::Replace => "Only an open invite with a number can be replaced.",
        Action::AllNeeds | Action::PauseAll => "Not yet: the engine has not answered.",
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom
            if matches!(model.screen, Screen::Main) && model.pane == Pane::Side =>
        {
            "All of this pane is shown; 1 and 2 go to the others."
        }
        _ => return None,
    };
    Some(words)
}

const NO_CHANNEL: &str = "There is no channel yet; I makes an invite, o opens a link.";
