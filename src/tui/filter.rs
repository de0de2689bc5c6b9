//! Filtering the list that has the cursor by what one types.
//!
//! What is typed is compared with names as they came, and shown nowhere but in its own field.

use crossterm::event::KeyEvent;

use crate::model::PeerText;

use super::keymap::Action;
use super::message::Effect;
use super::model::{Model, Pane, Screen, Spot};
use super::screen::{decision_log, help, main, needs_you};
use super::widget::editor::Editor;

/// A list that can be filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Items and channels at the left of the main screen.
    Rail,
    /// Everything that needs a person.
    NeedsYou,
    /// The decision log.
    Log,
    /// The help.
    Help,
}

/// What the lists are filtered by.
#[derive(Debug, Default)]
pub(super) struct Filters {
    held: Vec<(List, Editor)>,
    writing: Option<List>,
}

impl Filters {
    /// Returns the list whose filter is being written.
    pub(super) fn writing(&self) -> Option<List> {
        self.writing
    }

    /// Returns the filter of a list, where it has one.
    pub(super) fn of(&self, list: List) -> Option<&Editor> {
        let held = self.held.iter().find(|(of, _)| *of == list);
        held.map(|(_, editor)| editor)
    }

    /// Tells whether a list shows less than all because of it.
    pub(super) fn narrows(&self, list: List) -> bool {
        self.of(list).is_some_and(|editor| !editor.is_blank())
    }

    /// Tells whether a list shows something of this name.
    pub(super) fn takes(&self, list: List, name: &PeerText) -> bool {
        self.takes_words(list, || name.expose_untrusted().to_owned())
    }

    /// Tells whether a list shows something that these words stand for.
    pub(super) fn takes_words(&self, list: List, words: impl FnOnce() -> String) -> bool {
        if !self.narrows(list) {
            return true;
        }
        let words = words().to_lowercase();
        self.wanted(list)
            .iter()
            .all(|wanted| words.contains(wanted))
    }

    /// Returns the words that a list is filtered by, in small letters.
    pub(super) fn wanted(&self, list: List) -> Vec<String> {
        let text = self.of(list).map(Editor::text).unwrap_or_default();
        let lower = text.expose_untrusted().to_lowercase();
        lower.split_whitespace().map(str::to_owned).collect()
    }

    /// Gives the keys back to the list, and keeps what was written.
    pub(super) fn stop_writing(&mut self) {
        self.writing = None;
    }

    /// Shows all of a list again.
    pub(super) fn clear(&mut self, list: List) {
        self.held.retain(|(held, _)| *held != list);
        if self.writing == Some(list) {
            self.writing = None;
        }
    }

    fn editor(&mut self) -> Option<&mut Editor> {
        let list = self.writing?;
        let held = self.held.iter_mut().find(|(held, _)| *held == list);
        held.map(|(_, editor)| editor)
    }
}

/// Returns the list of the present screen that can be filtered.
pub(super) fn list(model: &Model) -> Option<List> {
    match &model.screen {
        Screen::Main => Some(List::Rail),
        Screen::NeedsYou(_) => Some(List::NeedsYou),
        Screen::Log(_) => Some(List::Log),
        Screen::Help(_) => Some(List::Help),
        Screen::Review(_)
        | Screen::Invite(_)
        | Screen::Form(_)
        | Screen::Engagement(_)
        | Screen::SafetyCode(_)
        | Screen::Rest(_)
        | Screen::CatchUp(_)
        | Screen::Digest(_)
        | Screen::Search
        | Screen::Scan
        | Screen::Logins
        | Screen::Identities
        | Screen::Topics(_)
        | Screen::Several(_)
        | Screen::Note(_)
        | Screen::Why(_)
        | Screen::Rename(_)
        | Screen::Settings(_)
        | Screen::Doctor(_)
        | Screen::Onboarding(_)
        | Screen::EndChannel(_) => None,
    }
}

/// Begins to write a filter, or goes on with the one that is there.
pub(super) fn open(model: &mut Model) {
    let Some(list) = list(model) else {
        return;
    };
    if list == List::Rail {
        model.pane = Pane::Rail;
    }
    if model.filters.of(list).is_none() {
        model.filters.held.push((list, Editor::default()));
    }
    model.filters.writing = Some(list);
    model.touch();
}

/// Types a key that the table does not name.
pub(super) fn edit(model: &mut Model, key: &KeyEvent) -> Vec<Effect> {
    if let Some(editor) = model.filters.editor() {
        editor.edit(key);
    }
    settle(model)
}

pub(super) fn paste(model: &mut Model, block: &PeerText) -> Vec<Effect> {
    if let Some(editor) = model.filters.editor() {
        editor.insert_in_line(block);
    }
    settle(model)
}

/// Acts on a key of the table.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(list) = model.filters.writing.take() else {
        return Vec::new();
    };
    model.touch();
    if action == Action::Back || !model.filters.narrows(list) {
        return clear(model, list);
    }
    // What the cursor came to stand on is opened now, not with every letter.
    match model.cursor {
        Some(spot) if list == List::Rail => main::select(model, spot),
        _ => Vec::new(),
    }
}

/// Shows all of a list again.
pub(super) fn clear(model: &mut Model, list: List) -> Vec<Effect> {
    model.filters.clear(list);
    settle(model)
}

/// Puts the cursor on something that is shown.
fn settle(model: &mut Model) -> Vec<Effect> {
    model.touch();
    match list(model) {
        Some(List::Rail) => {
            let spots = model.spots();
            if !model.cursor.is_some_and(|cursor| spots.contains(&cursor)) {
                let channel = |spot: &&Spot| matches!(spot, Spot::Channel(_));
                let first = spots.iter().find(channel).or_else(|| spots.first());
                model.cursor = first.copied().or(model.cursor);
            }
            model.rail_scroll = (None, None);
            Vec::new()
        }
        Some(List::NeedsYou) => needs_you::refresh(model),
        Some(List::Log) => {
            let wanted = model.filters.wanted(List::Log);
            decision_log::filter(model, wanted)
        }
        Some(List::Help) => {
            let wanted = model.filters.wanted(List::Help);
            help::filter(model, wanted);
            Vec::new()
        }
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(words: &str) -> Filters {
        let editor = Editor::with_text(&PeerText::new(words));
        Filters {
            held: vec![(List::Rail, editor)],
            writing: None,
        }
    }

    #[test]
    fn every_word_has_to_be_there_in_any_order_and_case() {
        let filters = filtered("RUIZ ma");
        assert!(filters.takes(List::Rail, &PeerText::new("Marta Ruiz")));
        assert!(!filters.takes(List::Rail, &PeerText::new("Marta Okafor")));
        assert!(filters.takes(List::Log, &PeerText::new("Marta Okafor")));
    }

    #[test]
    fn a_blank_filter_shows_everything() {
        let filters = filtered("  ");
        assert!(!filters.narrows(List::Rail));
        assert!(filters.takes(List::Rail, &PeerText::new("")));
    }
}
