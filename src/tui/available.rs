//! Which keys do something now. Asked before a key acts and before the key bar names it.

use crate::model::{Channel, ChannelState};
use crate::profile::config::Key;

use super::filter;
use super::first_look;
use super::keymap::Action;
use super::model::{Model, Pane, Screen, Spot};
use super::screen::{
    catch_up, composer, digest, doctor, end_channel, engagement, identities, logins, main,
    needs_you, onboarding, rest, review, safety_code, scan, search, settings, several, thread,
    topics,
};

/// Tells whether an action would do anything on the present screen.
pub(super) fn available(model: &Model, action: Action) -> bool {
    // A text field that lies over the screen has keys of its own.
    if model.is_covered() || model.filters.writing().is_some() {
        return true;
    }
    if let Some(known) = in_threads(model, action) {
        return known;
    }
    if let Some(known) = in_settings(model, action) {
        return known;
    }
    if let Some(known) = in_lists(model, action) {
        return known;
    }
    if matches!(model.screen, Screen::Scan) && !matches!(action, Action::PauseAll) {
        return scan::can(model, action);
    }
    if matches!(model.screen, Screen::Search) && !matches!(action, Action::PauseAll) {
        return search::can(model, action);
    }
    available_here(model, action)
}

/// Answers for the screens that have no answer of their own.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is always possible needs no question"
)]
fn available_here(model: &Model, action: Action) -> bool {
    let on_main = matches!(model.screen, Screen::Main);
    let on_needs = matches!(model.screen, Screen::NeedsYou(_));
    match action {
        Action::NextNeed | Action::PreviousNeed => model.needs_count() > 0,
        Action::Editor if matches!(model.screen, Screen::Engagement(_)) => {
            engagement::is_ready(model)
        }
        Action::Write
        | Action::Editor
        | Action::Engagement
        | Action::MakeRule
        | Action::CompareCode
        | Action::PauseChannel
        | Action::AskBack
        | Action::Rename
        | Action::EndChannel => {
            (model.open_channel()).is_some_and(|channel| why_not_for(channel, action).is_none())
        }
        Action::AllNeeds => model.needs.is_some(),
        Action::Select | Action::Open if on_needs => needs_you::has_items(model),
        Action::TakeBack => (on_main || on_needs) && main::leaving(model).is_some(),
        Action::Retry => main::can_retry(model),
        Action::CopyMessage | Action::Why if on_main => {
            (model.transcript.as_ref()).is_some_and(|open| open.selected().is_some())
        }
        Action::CopyMessage | Action::SwitchView => review::held_text(model).is_some(),
        Action::JumpSignal => review::has_signals(model),
        Action::NextUnread | Action::PreviousUnread => {
            model.listed().any(|channel| channel.unread > 0)
        }
        Action::NextValue | Action::PreviousValue | Action::Save | Action::TextDiff => {
            engagement::is_ready(model)
        }
        Action::Undo => engagement::can_undo(model),
        Action::Leader | Action::Note => model.open_channel().is_some(),
        Action::Filter if on_main => !model.has_no_channels(),
        Action::Filter => filter::list(model).is_some(),
        Action::Back if on_main => {
            let narrowed = filter::list(model).is_some_and(|list| model.filters.narrows(list));
            model.leader.is_some() || model.composer.active || narrowed || model.pane != Pane::Rail
        }
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
        Action::FirstLook => first_look::look(model).is_some(),
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom => can_move(model),
        _ => true,
    }
}

/// The same of topics, answers, recipients and logins.
fn in_threads(model: &Model, action: Action) -> Option<bool> {
    if thread::is_about(action) {
        return Some(thread::why_not(model, action).is_none());
    }
    if matches!(model.screen, Screen::Several(_)) {
        return several::can(model, action);
    }
    if matches!(model.screen, Screen::Logins) {
        return logins::can(model, action);
    }
    if matches!(model.screen, Screen::Identities)
        && let Some(known) = identities::can(model, action)
    {
        return Some(known);
    }
    let leaves = action == Action::Back && matches!(model.screen, Screen::Main);
    (leaves && topics::is_on(model)).then_some(true)
}

/// The same for what one does with an invite.
fn on_invite(model: &Model, action: Action) -> bool {
    let Screen::Invite(screen) = &model.screen else {
        return false;
    };
    if action == Action::QrOnly {
        screen.fits(model)
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
        (Action::Open | Action::JumpSignal, Screen::Rest(_)) => true,
        _ => return None,
    })
}

/// Tells the same of the settings and the doctor, where they know better.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is as on any screen"
)]
fn in_settings(model: &Model, action: Action) -> Option<bool> {
    let on_settings = matches!(model.screen, Screen::Settings(_));
    if matches!(model.screen, Screen::Onboarding(_)) {
        return match action {
            Action::Confirm => Some(onboarding::is_armed(model)),
            // There is no engine, and nothing to go to.
            Action::Palette | Action::PauseAll => Some(false),
            Action::NextValue | Action::PreviousValue | Action::Open | Action::Save => Some(true),
            _ => None,
        };
    }
    match action {
        Action::LookAgain | Action::CopyReport => Some(doctor::is_ready(model)),
        Action::TryClipboard => Some(settings::selected(model) == Some(Key::Clipboard)),
        Action::Undo if on_settings => Some(settings::can_undo(model)),
        Action::Save if on_settings => Some(settings::is_changed(model)),
        Action::NextValue | Action::PreviousValue | Action::Open | Action::Editor => {
            on_settings.then_some(true)
        }
        _ => None,
    }
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
        | Screen::Search
        | Screen::Scan
        | Screen::Logins
        | Screen::Identities
        | Screen::Topics(_)
        | Screen::Several(_)
        | Screen::Note(_)
        | Screen::Settings(_)
        | Screen::Doctor(_)
        | Screen::Onboarding(_)
        | Screen::Help(_)
        | Screen::Why(_)
        | Screen::Rename(_)
        | Screen::EndChannel(_) => true,
        Screen::CatchUp(_) => catch_up::has_rows(model),
        Screen::Digest(_) => digest::has_messages(model),
    }
}

/// Returns why an action does nothing in a channel, as a sentence for `Keys::fill`; `None` where
/// it does.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions are about no channel"
)]
pub(super) fn why_not_for(channel: &Channel, action: Action) -> Option<&'static str> {
    let over = matches!(
        channel.state,
        ChannelState::Superseded | ChannelState::Closed
    );
    match action {
        Action::Write | Action::Editor => composer::closed_because(channel),
        Action::Engagement | Action::MakeRule => (!engagement::can_open(channel))
            .then_some("Nothing flows in this channel; there is nothing to set."),
        Action::CompareCode => (!safety_code::can_open(channel))
            .then_some("No key is accepted in this channel yet; there is nothing to compare."),
        Action::PauseChannel => over.then_some("This channel is over; there is nothing to pause."),
        Action::EndChannel => end_channel::cannot_because(channel),
        Action::AskBack => scan::why_not_ask_back(channel),
        Action::Mute => (!rest::can_mute(channel))
            .then_some("Nothing comes from this channel any more; there is nothing to mute."),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the rest is not of a list")]
fn why_not_in_lists(model: &Model, action: Action) -> Option<&'static str> {
    if thread::is_about(action) {
        return thread::why_not(model, action);
    }
    Some(match action {
        _ if matches!(model.screen, Screen::Logins) => logins::why_not(model, action)?,
        _ if matches!(model.screen, Screen::Identities)
            && identities::can(model, action).is_some() =>
        {
            identities::why_not(model, action)?
        }
        _ if matches!(model.screen, Screen::Several(_)) => several::why_not(model, action)?,
        Action::Later if matches!(model.screen, Screen::Main) => {
            "Go to an item that needs you first; <main.next_need> goes to the next."
        }
        Action::Select | Action::Later => "Nothing is listed here.",
        Action::Open if matches!(model.screen, Screen::Scan) => scan::why_not_open(model)?,
        Action::LookLocally => scan::why_not_locally(model)?,
        Action::JumpSignal => "Nothing was found in it.",
        Action::MakeIdentity => "You have an identity here, or it is just being made.",
        Action::NextField => "<scan_text.submit> sends it; <scan_text.back> goes back.",
        Action::MarkAllRead => "Nothing is left to the digest.",
        Action::FirstLook => "Every channel was looked at since the start; nothing is put off.",
        Action::NextNeed | Action::PreviousNeed => "Nothing needs you.",
        Action::SaveSearch if search::nothing_typed(model) => "There is nothing to save yet.",
        Action::SaveSearch => "It is saved already.",
        Action::ForgetSearch => {
            "<search.forget_search> forgets a saved search; they are listed where the field is empty."
        }
        Action::BuildIndex => "Everything can be found; there is nothing to build.",
        Action::CopyMessage | Action::Open if matches!(model.screen, Screen::Search) => {
            "Nothing is selected."
        }
        _ => return None,
    })
}

/// Returns why an action does nothing now, as a sentence for the person who pressed its key, and
/// for `Keys::fill`.
///
/// Every action that [`available`] refuses has one; `None` where it is always possible.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is always possible needs no reason"
)]
pub(super) fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    if let Some(words) = why_not_in_lists(model, action) {
        return Some(words);
    }
    Some(match action {
        Action::Save if matches!(model.screen, Screen::Settings(_)) => "Everything is written.",
        Action::TryClipboard => "Go to the row of the clipboard first.",
        Action::LookAgain | Action::CopyReport => "Still looking.",
        Action::Editor
        | Action::NextValue
        | Action::PreviousValue
        | Action::Save
        | Action::TextDiff
            if matches!(model.screen, Screen::Engagement(_)) =>
        {
            "Not yet: the engine has not answered."
        }
        Action::Write
        | Action::Editor
        | Action::Engagement
        | Action::MakeRule
        | Action::CompareCode
        | Action::PauseChannel
        | Action::AskBack
        | Action::Rename
        | Action::EndChannel => model
            .open_channel()
            .map_or(Some(NO_CHANNEL), |channel| why_not_for(channel, action))?,
        Action::TakeBack => "Nothing waits to leave; what has left cannot be taken back.",
        Action::Retry if model.pane == Pane::Transcript => {
            "The selected message needs no second try."
        }
        Action::Retry => {
            "<main.pane_transcript> goes to the conversation; <main.retry> tries the selected \
             message again."
        }
        Action::CopyMessage => "There is no message to copy.",
        Action::SwitchView => "There is no message to show in another way.",
        Action::NextUnread | Action::PreviousUnread => "No channel has anything new.",
        Action::Undo => "There is nothing to undo.",
        Action::Leader | Action::Mute | Action::Note => NO_CHANNEL,
        Action::Why => "There is no message to ask about.",
        Action::Filter => "There is no list here to filter.",
        Action::Back => "These are the lists; <main.back> never quits.",
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
            "All of this pane is shown; <main.pane_lists> and <main.pane_transcript> go to the others."
        }
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom
            if matches!(model.screen, Screen::Review(_)) =>
        {
            "All of it is shown already."
        }
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom => "There is nothing to move among.",
        _ => return None,
    })
}

const NO_CHANNEL: &str =
    "There is no channel yet; <main.new_invite> makes an invite, <main.accept_link> opens a link.";

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::model::UnixMillis;
    use crate::tui::filter;
    use crate::tui::keymap::Keys;
    use crate::tui::model::Setup;
    use crate::tui::screen::help;
    use crate::tui::theme::{ColourHints, Symbols, ThemeChoice, Themes};
    use crate::tui::update::scope;

    fn nothing_known() -> Model {
        Model::new(Setup {
            theme: ThemeChoice::DARK,
            themes: Themes::default(),
            colours: ColourHints::default(),
            symbols: Symbols::Unicode,
            banner: None,
            tour: false,
            zone: TimeZone::UTC,
            now: UnixMillis(0),
            size: (120, 36),
        })
    }

    #[test]
    fn every_action_that_does_nothing_has_a_reason_in_words() {
        let mut screens = vec![nothing_known(), nothing_known(), nothing_known()];
        if let [_, needs, log] = screens.as_mut_slice() {
            needs_you::open(needs);
            crate::tui::screen::decision_log::open(log, None);
        }
        let mut covered = nothing_known();
        let place = scope(&covered);
        help::open(&mut covered, place);
        filter::open(&mut covered);
        screens.push(covered);
        for model in screens {
            let mut known = model;
            known.channels = Some(Vec::new());
            let here = scope(&known);
            for line in Keys::built_in().of(here) {
                let action = line.binding.action;
                let silent = !available(&known, action) && why_not(&known, action).is_none();
                assert!(!silent, "{action:?} on {here:?}");
            }
        }
    }
}
