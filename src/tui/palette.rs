//! The palette: everything that can be gone to or done, found by a few letters.
//!
//! An overlay with a text field and a list. What stands in the list comes from [`sources`];
//! what cannot be done now stays in it and says why. Must not: offer or run anything that
//! decides. Those keys count in the review alone, after all of it was read.

pub(super) mod sources;
pub(super) mod view;

use crossterm::event::KeyEvent;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::layout::Position;

use crate::api::Request;
use crate::model::{ChannelId, PeerText};
use crate::profile::config::Key;
use crate::text::SafeLine;

use super::available::{self, why_not};
use super::keymap::{Action, Scope};
use super::message::{Effect, Question};
use super::model::{Model, Pane, Screen, Spot, Tone};
use super::screen::{digest, engagement, invite, main, settings};
use super::update::{self, scope};
use super::widget::editor::Editor;

/// What was run lately and comes first among equals.
const RECENT: usize = 64;

/// What a line of the palette does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// What a key of the table does in this scope.
    Act(Scope, Action),
    /// Goes to a channel.
    Channel(ChannelId),
    /// Goes to a channel and does what a key does there.
    On(ChannelId, Action),
    /// Tries out the preset of this number in a channel, in the order of the presets.
    Preset(ChannelId, usize),
    /// Shows what of a channel is left to the digest.
    Digest(ChannelId),
    /// Shows an invite.
    Invite(ChannelId),
    /// Shows a setting.
    Setting(Key),
    /// Uses the theme of this number, in the order of the themes.
    Theme(usize),
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// A name that somebody else may have written; empty for most.
    pub(super) name: SafeLine,
    /// What is done, in our own words.
    pub(super) words: String,
    /// The key that does the same.
    pub(super) hint: String,
    /// Why it cannot be done now, as a sentence.
    pub(super) why_not: Option<String>,
    pub(super) run: Run,
}

impl Row {
    /// Returns what is looked through, and what Tab takes over.
    fn plain(&self) -> String {
        format!("{}{}", self.name.plain(), self.words)
    }
}

/// The palette while it is open.
#[derive(Debug)]
pub(super) struct Palette {
    pub(super) editor: Editor,
    rows: Vec<Row>,
    /// What is found, best first: places in `rows`.
    found: Vec<usize>,
    cursor: usize,
}

impl Palette {
    /// Returns what is found, best first.
    pub(super) fn found(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.found
            .iter()
            .filter_map(|at| self.rows.get(*at))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Returns how many lines there are, found or not.
    pub(super) fn total(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Returns which graphemes of a line were typed, counted from its beginning.
    fn letters(&self, row: &Row) -> Vec<u32> {
        let query = self.editor.text();
        let text = row.plain();
        let mut letters = Vec::new();
        let found = pattern(query.expose_untrusted()).indices(
            Utf32Str::new(&text, &mut Vec::new()),
            &mut Matcher::new(Config::DEFAULT),
            &mut letters,
        );
        if found.is_none() {
            letters.clear();
        }
        letters
    }

    pub(super) fn selected(&self) -> Option<&Row> {
        self.rows.get(*self.found.get(self.cursor)?)
    }

    /// Looks again for what was typed.
    fn find(&mut self, recent: &[Run]) {
        let query = self.editor.text();
        let query = query.expose_untrusted();
        let texts = self.rows.iter().map(Row::plain);
        let mut found: Vec<(u32, usize, usize)> = scores(query, texts)
            .into_iter()
            .map(|(at, score)| {
                let run = self.rows.get(at).map(|row| row.run);
                let used = recent.iter().position(|one| Some(*one) == run);
                (score, used.unwrap_or(usize::MAX), at)
            })
            .collect();
        found.sort_by_key(|(score, used, at)| (std::cmp::Reverse(*score), *used, *at));
        self.found = found.into_iter().map(|(_, _, at)| at).collect();
    }
}

fn pattern(query: &str) -> Pattern {
    Pattern::new(
        query,
        CaseMatching::Ignore,
        Normalization::Smart,
        AtomKind::Fuzzy,
    )
}

/// Returns the places of the texts that hold the letters of `query` in their order, each with
/// how well they do; all, and equally well, where nothing is looked for.
fn scores(query: &str, texts: impl Iterator<Item = String>) -> Vec<(usize, u32)> {
    let pattern = pattern(query);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let scored = texts.enumerate().filter_map(|(at, text)| {
        let score = pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher)?;
        Some((at, score))
    });
    scored.collect()
}

/// Opens the palette over the present screen.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    model.leader = None;
    let mut palette = Palette {
        editor: Editor::default(),
        rows: sources::rows(model),
        found: Vec::new(),
        cursor: 0,
    };
    palette.find(&model.recent);
    model.palette = Some(Box::new(palette));
    model.touch();
    update::ask(model, Request::Presets, Question::Presets)
}

/// Makes the lines anew, because what they are made from changed.
pub(super) fn refresh(model: &mut Model) {
    // The rows say what the screen below can do.
    let Some(mut palette) = model.palette.take() else {
        return;
    };
    let selected = palette.selected().map(|row| row.run);
    palette.rows = sources::rows(model);
    palette.find(&model.recent);
    let place = palette.found().position(|row| Some(row.run) == selected);
    palette.cursor = place.unwrap_or(0);
    model.palette = Some(palette);
    model.touch();
}

/// Types a key that the table does not name.
pub(super) fn edit(model: &mut Model, key: &KeyEvent) {
    if let Some(palette) = &mut model.palette
        && palette.editor.edit(key)
    {
        palette.find(&model.recent);
        palette.cursor = 0;
    }
    model.touch();
}

pub(super) fn paste(model: &mut Model, block: &PeerText) {
    if let Some(palette) = &mut model.palette {
        palette.editor.insert_in_line(block);
        palette.find(&model.recent);
        palette.cursor = 0;
    }
    model.touch();
}

/// Selects the line that was clicked on; Enter alone runs it.
pub(super) fn click(model: &mut Model, at: Position) {
    let list = view::list(model);
    let Some(palette) = &model.palette else {
        return;
    };
    let place = view::first(model, palette) + usize::from(at.y.saturating_sub(list.y));
    if list.contains(at)
        && place < palette.found.len()
        && let Some(palette) = &mut model.palette
    {
        palette.cursor = place;
        model.touch();
    }
}

/// Acts on a key of the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in the palette"
)]
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let page = view::list_rows(model).max(1);
    let Some(palette) = &mut model.palette else {
        return Vec::new();
    };
    let last = palette.found.len().saturating_sub(1);
    let at = palette.cursor;
    match action {
        Action::Up => palette.cursor = at.saturating_sub(1),
        Action::Down => palette.cursor = (at + 1).min(last),
        Action::PageUp => palette.cursor = at.saturating_sub(page),
        Action::PageDown => palette.cursor = (at + page).min(last),
        Action::Fill => {
            if let Some(text) = palette.selected().map(Row::plain) {
                palette.editor = Editor::with_text(&PeerText::new(text));
                palette.find(&model.recent);
                palette.cursor = 0;
            }
        }
        Action::Submit => return submit(model),
        _ => close(model),
    }
    Vec::new()
}

/// Closes the palette; a review below it begins its wait afresh.
fn close(model: &mut Model) {
    model.palette = None;
    model.uncovered();
}

fn submit(model: &mut Model) -> Vec<Effect> {
    let Some(row) = model
        .palette
        .as_ref()
        .and_then(|palette| palette.selected())
    else {
        return Vec::new();
    };
    if let Some(words) = &row.why_not {
        let words = words.clone();
        model.say(Tone::Trouble, words);
        return Vec::new();
    }
    let run = row.run;
    close(model);
    model.recent.retain(|one| *one != run);
    model.recent.insert(0, run);
    model.recent.truncate(RECENT);
    carry_out(model, run)
}

/// Does what a line says, as if the way there had been walked key by key.
fn carry_out(model: &mut Model, run: Run) -> Vec<Effect> {
    match run {
        Run::Act(scope, action) if scope == self::scope(model) || scope == Scope::Anywhere => {
            let here = self::scope(model);
            refuse(model, action).unwrap_or_else(|| update::act(model, here, action))
        }
        // What the main screen opens lies over this one, which Esc comes back to.
        Run::Act(place, action) => update::act(model, place, action),
        Run::Channel(channel) => {
            model.go_main();
            model.pane = Pane::Transcript;
            main::select(model, Spot::Channel(channel))
        }
        Run::On(channel, action) => {
            model.go_main();
            let mut effects = main::select(model, Spot::Channel(channel));
            effects.extend(refuse(model, action).unwrap_or_else(|| main::act(model, action)));
            effects
        }
        Run::Preset(channel, number) => {
            let Some(preset) = model.preset_names().into_iter().nth(number) else {
                return Vec::new();
            };
            model.go_main();
            let mut effects = main::select(model, Spot::Channel(channel));
            let refused = refuse(model, Action::Engagement);
            effects.extend(refused.unwrap_or_else(|| engagement::open_with_preset(model, &preset)));
            effects
        }
        Run::Digest(channel) => digest::open_at(model, channel),
        Run::Invite(channel) => {
            model.go_main();
            let mut effects = main::select(model, Spot::Channel(channel));
            effects.extend(invite::open(model, channel));
            effects
        }
        Run::Setting(key) => settings::open_at(model, key),
        Run::Theme(number) => {
            if let Some(name) = model.theme_names().into_iter().nth(number) {
                settings::use_theme(model, &name);
            }
            Vec::new()
        }
    }
}

/// Says why an action does nothing now, where that is so.
fn refuse(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    if available::available(model, action) {
        return None;
    }
    let words = why_not(model, action).unwrap_or("That does nothing here.");
    model.say(Tone::Trouble, words);
    Some(Vec::new())
}

/// Returns why the present screen should not be left for another, where something is lost.
pub(super) fn why_stay(model: &Model) -> Option<&'static str> {
    let unsaved = matches!(model.screen, Screen::Engagement(_)) && engagement::can_undo(model);
    unsaved.then_some("Save or leave the engagement first.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::ours;

    fn row(words: &str, run: Run) -> Row {
        Row {
            name: ours(""),
            words: words.to_owned(),
            hint: String::new(),
            why_not: None,
            run,
        }
    }

    fn palette(query: &str, recent: &[Run]) -> Vec<String> {
        let act = |action| Run::Act(Scope::Main, action);
        let mut palette = Palette {
            editor: Editor::with_text(&PeerText::new(query)),
            rows: vec![
                row("make an invite", act(Action::NewInvite)),
                row("open the log", act(Action::OpenLog)),
                row("open a link", act(Action::AcceptLink)),
            ],
            found: Vec::new(),
            cursor: 0,
        };
        palette.find(recent);
        palette.found().map(Row::plain).collect()
    }

    #[test]
    fn letters_in_their_order_find_a_line() {
        assert_eq!(palette("opl", &[]), ["open a link", "open the log"]);
        assert_eq!(palette("INVITE", &[]), ["make an invite"]);
        assert_eq!(palette("log open", &[]), ["open the log"]);
        assert!(palette("xyz", &[]).is_empty());
    }

    #[test]
    fn what_was_used_lately_comes_first_among_equals() {
        let link = Run::Act(Scope::Main, Action::AcceptLink);
        assert_eq!(palette("open", &[])[0], "open the log");
        assert_eq!(palette("open", &[link])[0], "open a link");
        assert_eq!(palette("log", &[link])[0], "open the log");
        assert_eq!(palette("", &[link])[0], "open a link");
    }

    #[test]
    fn what_was_typed_is_marked_in_a_line_and_nothing_else_is() {
        let row = Row {
            name: ours("Märta"),
            ..row(": edit preset", Run::Channel(ChannelId(1)))
        };
        let marked = |query: &str| {
            let palette = Palette {
                editor: Editor::with_text(&PeerText::new(query)),
                rows: vec![row.clone()],
                found: vec![0],
                cursor: 0,
            };
            let letters = palette.letters(&row);
            let text = row.plain();
            let chars = text.chars().zip(0..);
            let marked = chars.filter(|(_, at)| letters.contains(at));
            marked.map(|(c, _)| c).collect::<String>()
        };
        assert_eq!(marked("PRE"), "pre");
        assert_eq!(marked("rta pres"), "rtapres");
        assert_eq!(marked("xyz"), "");
        assert_eq!(marked(""), "");
    }

    proptest! {
        #[test]
        fn any_query_finds_without_a_panic(query in any::<String>(), text in any::<String>()) {
            let found = scores(&query, std::iter::once(text));
            prop_assert!(found.len() <= 1);
        }
    }
}
