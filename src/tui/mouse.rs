//! What the mouse does: it scrolls the pane it is over, and selects. A click never decides,
//! opens, sends or confirms anything.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::keymap::{Action, Scope};
use super::message::Effect;
use super::model::{Model, Screen};
use super::palette;
use super::screen::{
    catch_up, decision_log, digest, doctor, engagement, help, identities, logins, main, main_mouse,
    needs_you, needs_you_view, rest, review, scan, search, settings, several, topics, why,
};
use super::update::scope;

/// Rows that one step of the wheel moves.
pub(super) const STEP: usize = 3;

/// Takes in what the mouse did.
pub(super) fn act(model: &mut Model, mouse: MouseEvent) -> Vec<Effect> {
    if model.is_tiny() {
        return Vec::new();
    }
    let at = Position::new(mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => click(model, at),
        MouseEventKind::ScrollUp => wheel(model, at, true),
        MouseEventKind::ScrollDown => wheel(model, at, false),
        MouseEventKind::Down(_)
        | MouseEventKind::Up(_)
        | MouseEventKind::Drag(_)
        | MouseEventKind::Moved
        | MouseEventKind::ScrollLeft
        | MouseEventKind::ScrollRight => Vec::new(),
    }
}

/// Selects what was clicked on, where it can be selected.
fn click(model: &mut Model, at: Position) -> Vec<Effect> {
    match scope(model) {
        Scope::Palette => {
            palette::click(model, at);
            Vec::new()
        }
        // A click beside the menu closes it, as Esc does.
        Scope::Leader => main::act(model, Action::Back),
        Scope::Main => main_mouse::click(model, at),
        Scope::NeedsYou => {
            let item = needs_you_view::item_at(model, at);
            item.map_or_else(Vec::new, |item| needs_you::select_item(model, item))
        }
        Scope::Log => decision_log::click(model, at),
        Scope::Search | Scope::SearchText => search::click(model, at),
        // Where one writes or decides, a click means nothing.
        Scope::Composer
        | Scope::Review
        | Scope::ReviewText
        | Scope::Invite
        | Scope::Form
        | Scope::Engagement
        | Scope::SafetyCode
        | Scope::Rest
        | Scope::CatchUp
        | Scope::Digest
        | Scope::Scan
        | Scope::ScanText
        | Scope::Logins
        | Scope::Identities
        | Scope::IdentitiesText
        | Scope::Topics
        | Scope::Several
        | Scope::Note
        | Scope::Help
        | Scope::Why
        | Scope::Filter
        | Scope::Rename
        | Scope::Settings
        | Scope::SettingsText
        | Scope::Doctor
        | Scope::FirstStart
        | Scope::EndChannel
        | Scope::Anywhere => Vec::new(),
    }
}

/// Scrolls what lies under the mouse.
fn wheel(model: &mut Model, at: Position, up: bool) -> Vec<Effect> {
    let action = if up { Action::Up } else { Action::Down };
    if model.palette.is_some() {
        return palette::act(model, action);
    }
    if matches!(model.screen, Screen::Main) {
        return main_mouse::wheel(model, at, up);
    }
    // Where there is a cursor it moves one by one.
    let has_cursor = matches!(
        model.screen,
        Screen::Engagement(_)
            | Screen::NeedsYou(_)
            | Screen::Log(_)
            | Screen::Rest(_)
            | Screen::CatchUp(_)
            | Screen::Digest(_)
            | Screen::Search
            | Screen::Scan
            | Screen::Logins
            | Screen::Identities
            | Screen::Topics(_)
            | Screen::Several(_)
            | Screen::Settings(_)
    );
    let steps = if has_cursor { 1 } else { STEP };
    let mut effects = Vec::new();
    for _ in 0..steps {
        effects.extend(scroll(model, action));
    }
    effects
}

fn scroll(model: &mut Model, action: Action) -> Vec<Effect> {
    match scope(model) {
        Scope::Review => review::act(model, action),
        Scope::NeedsYou => needs_you::act(model, action),
        Scope::Log => decision_log::act(model, action),
        Scope::Search | Scope::SearchText => search::act(model, action),
        Scope::Scan => scan::act(model, action),
        Scope::Logins if logins::can(model, action) == Some(false) => Vec::new(),
        Scope::Logins => logins::act(model, action),
        Scope::Identities if identities::can(model, action) == Some(false) => Vec::new(),
        Scope::Identities => identities::act(model, action),
        Scope::Topics => topics::act(model, action),
        Scope::Several => several::act(model, action),
        Scope::Engagement => engagement::act(model, action),
        Scope::Rest => rest::act(model, action),
        Scope::CatchUp => catch_up::act(model, action),
        Scope::Digest => digest::act(model, action),
        Scope::Settings => settings::act(model, action),
        Scope::Doctor => doctor::act(model, action),
        Scope::Help => {
            help::act(model, action);
            Vec::new()
        }
        Scope::Why => {
            why::act(model, action);
            Vec::new()
        }
        Scope::Main
        | Scope::Leader
        | Scope::Composer
        | Scope::ReviewText
        | Scope::Invite
        | Scope::Form
        | Scope::SafetyCode
        | Scope::ScanText
        | Scope::IdentitiesText
        | Scope::Note
        | Scope::SettingsText
        | Scope::FirstStart
        | Scope::Palette
        | Scope::Filter
        | Scope::Rename
        | Scope::EndChannel
        | Scope::Anywhere => Vec::new(),
    }
}
