//! Searching everything: the field, what was found, and what stands around the selected hit.
//!
//! What was typed is asked after a short rest; an answer to something older than what was asked
//! last changes nothing. The state outlives the screen, so that one comes back to what one left.

use std::time::Duration;

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use crate::api::{Error, Found, Hit, HitKind, IndexState, Note, Page, Request, SavedSearch};
use crate::model::{ChannelId, LogEntry, MessageId, PeerText, UnixMillis};
use crate::text::search::{Matcher, parse};
use crate::tui::keymap::{Action, Scope};
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Spot, Tone};
use crate::tui::update::ask;
use crate::tui::widget::editor::Editor;

use super::search_view;
use super::transcript::jump;
use super::{decision_log, main, note};

/// How long after the last key what was typed is searched.
const REST: Duration = Duration::from_millis(150);
/// How long after an answer it is asked again while the index is being built.
const AGAIN: Duration = Duration::from_millis(500);
/// Hits asked for at once.
const PAGE: u32 = 50;
/// Messages before and after a hit in its context.
const AROUND: (u32, u32) = (2, 4);

/// What has the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Focus {
    #[default]
    Field,
    List,
    Context,
}

/// What stands around the selected hit.
#[derive(Debug)]
pub(super) enum Context {
    Messages(Page),
    Entry(Box<LogEntry>),
    Note(PeerText),
    Missing,
}

/// What was typed, what was found, and where one stands.
#[derive(Debug, Default)]
pub(in crate::tui) struct Search {
    pub(super) editor: Editor,
    pub(super) focus: Focus,
    /// When something was typed that was not asked yet.
    changed: Option<UnixMillis>,
    /// When to ask again, because the index grows.
    again: Option<UnixMillis>,
    /// What was asked last.
    asked: PeerText,
    /// Whether its answer has not come yet.
    pub(super) waiting: bool,
    pub(super) problem: Option<String>,
    pub(super) found: Option<Found>,
    /// Finds the words of what was found.
    pub(super) matcher: Matcher,
    pub(super) cursor: usize,
    pub(super) context: Option<(HitKind, Option<ChannelId>, Context)>,
    pub(super) scroll: usize,
    pub(super) saved: Vec<SavedSearch>,
}

impl Search {
    /// Tells whether the list shows saved searches rather than hits.
    pub(super) fn lists_saved(&self) -> bool {
        self.editor.is_blank()
    }

    fn rows(&self) -> usize {
        if self.lists_saved() {
            self.saved.len()
        } else {
            self.found.as_ref().map_or(0, |found| found.hits.len())
        }
    }

    pub(super) fn selected(&self) -> Option<&Hit> {
        if self.lists_saved() {
            return None;
        }
        self.found.as_ref()?.hits.get(self.cursor)
    }

    /// Returns the context of the selected hit, once it has come.
    pub(super) fn around(&self) -> Option<&Context> {
        let hit = self.selected()?;
        let (what, channel, context) = self.context.as_ref()?;
        (*what == hit.what && *channel == hit.channel).then_some(context)
    }

    pub(super) fn index(&self) -> Option<IndexState> {
        let index = self.found.as_ref()?.index;
        (index.waiting > 0).then_some(index)
    }

    /// Returns when something is to be asked by itself.
    pub(in crate::tui) fn due_at(&self) -> Option<UnixMillis> {
        let typed = self.changed.map(|changed| changed.after(REST));
        typed.or(self.again)
    }
}

/// Opens the search with what was typed last.
pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    if !matches!(model.screen, Screen::Search) {
        model.enter(Screen::Search);
    }
    model.search.focus = Focus::Field;
    model.touch();
    let mut effects = ask(model, Request::SavedSearches, Question::SavedSearches);
    effects.extend(look(model));
    effects
}

/// Returns where keys count on this screen.
pub(in crate::tui) fn scope(model: &Model) -> Scope {
    match model.search.focus {
        Focus::Field => Scope::SearchText,
        Focus::List | Focus::Context => Scope::Search,
    }
}

/// Tells whether nothing is typed.
pub(in crate::tui) fn nothing_typed(model: &Model) -> bool {
    model.search.lists_saved()
}

/// Tells whether an action would do anything now.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is always possible here"
)]
pub(in crate::tui) fn can(model: &Model, action: Action) -> bool {
    let search = &model.search;
    match action {
        Action::CopyMessage | Action::NextPane => search.selected().is_some(),
        Action::Open | Action::Down if search.focus == Focus::Field => {
            search.rows() > 0 || !search.lists_saved()
        }
        Action::Open => search.cursor < search.rows(),
        Action::SaveSearch => {
            let query = search.editor.text();
            !search.lists_saved() && search.saved.iter().all(|saved| saved.query != query)
        }
        Action::ForgetSearch => search.lists_saved() && search.cursor < search.saved.len(),
        Action::BuildIndex => search.index().is_some(),
        Action::Up | Action::PageUp | Action::PageDown | Action::Top | Action::Bottom => {
            search.rows() > 0
        }
        _ => true,
    }
}

/// Asks what is due by now.
pub(in crate::tui) fn pass_time(model: &mut Model) -> Vec<Effect> {
    let due = model.search.due_at().is_some_and(|due| due <= model.now);
    if !due {
        return Vec::new();
    }
    if !matches!(model.screen, Screen::Search) {
        // Nobody looks: it is asked when the screen is opened again.
        model.search.changed = None;
        model.search.again = None;
        return Vec::new();
    }
    look(model)
}

/// Searches what stands in the field.
fn look(model: &mut Model) -> Vec<Effect> {
    let search = &mut model.search;
    search.changed = None;
    search.again = None;
    let query = search.editor.text();
    search.asked = query.clone();
    model.touch();
    if model.search.lists_saved() {
        model.search.waiting = false;
        return Vec::new();
    }
    model.search.waiting = true;
    ask_page(model, query, 0)
}

fn ask_page(model: &mut Model, query: PeerText, offset: u32) -> Vec<Effect> {
    let request = Request::Search {
        query: query.clone(),
        offset,
        limit: PAGE,
    };
    ask(model, request, Question::Search(query, offset))
}

/// Takes in what was found, unless something else was asked meanwhile.
pub(in crate::tui) fn take(
    model: &mut Model,
    query: &PeerText,
    offset: u32,
    answer: Result<Found, Error>,
) -> Vec<Effect> {
    let now = model.now;
    let matcher = Matcher::new(&parse(query.expose_untrusted(), now, &model.zone));
    let search = &mut model.search;
    if *query != search.asked {
        return Vec::new();
    }
    search.waiting = false;
    let found = match answer {
        Ok(found) => found,
        Err(error) => {
            search.problem = Some(error.to_string());
            model.touch();
            return Vec::new();
        }
    };
    search.problem = None;
    if found.index.building {
        search.again = Some(now.after(AGAIN));
    }
    if offset > 0 {
        if let Some(shown) = &mut search.found {
            let held = u32::try_from(shown.hits.len()).unwrap_or(u32::MAX);
            if held == offset {
                // What arrived meanwhile has moved the pages against each other.
                let new = |hit: &Hit| !is_among(&shown.hits, hit);
                let new: Vec<Hit> = found.hits.into_iter().filter(new).collect();
                shown.hits.extend(new);
            }
        }
    } else {
        // The one that is selected stays so, where it is still among them.
        let before = search.selected().map(|hit| (hit.what.clone(), hit.channel));
        let same = before.and_then(|(what, channel)| {
            let is_same = |hit: &Hit| hit.what == what && hit.channel == channel;
            found.hits.iter().position(is_same)
        });
        let same = same.filter(|_| search.matcher == matcher);
        search.cursor = same.unwrap_or(0);
        search.matcher = matcher;
        search.found = Some(found);
    }
    model.touch();
    context(model)
}

fn is_among(hits: &[Hit], hit: &Hit) -> bool {
    let same = |held: &Hit| held.what == hit.what && held.channel == hit.channel;
    hits.iter().any(same)
}

pub(in crate::tui) fn take_saved(model: &mut Model, saved: Vec<SavedSearch>) {
    model.search.saved = saved;
    if model.search.lists_saved() {
        let last = model.search.saved.len().saturating_sub(1);
        model.search.cursor = model.search.cursor.min(last);
    }
    model.touch();
}

pub(in crate::tui) fn take_index(model: &mut Model, state: IndexState) {
    if let Some(found) = &mut model.search.found {
        found.index = state;
    }
    model.search.again = state.building.then(|| model.now.after(AGAIN));
    model.touch();
}

/// Asks for what stands around the selected hit.
fn context(model: &mut Model) -> Vec<Effect> {
    model.search.scroll = search_view::scroll_to_hit(model);
    let search = &model.search;
    if search.around().is_some() {
        return Vec::new();
    }
    let Some(hit) = search.selected() else {
        return Vec::new();
    };
    let (what, channel) = (hit.what.clone(), hit.channel);
    let request = match (&what, channel) {
        (HitKind::Message { message }, Some(channel)) => Request::Around {
            channel,
            message: *message,
            before: AROUND.0,
            after: AROUND.1,
        },
        (HitKind::Decision { number, .. }, _) => Request::Log {
            limit: 1,
            before: Some(number + 1),
        },
        (HitKind::Note, Some(channel)) => Request::Note {
            channel: channel.into(),
        },
        (HitKind::Message { .. } | HitKind::Note, None) => return Vec::new(),
    };
    ask(model, request, Question::SearchContext(what, channel))
}

fn keep_context(model: &mut Model, what: HitKind, channel: Option<ChannelId>, context: Context) {
    model.search.context = Some((what, channel, context));
    model.touch();
}

/// Takes in what stands around a hit.
pub(in crate::tui) fn take_messages(
    model: &mut Model,
    what: HitKind,
    channel: Option<ChannelId>,
    page: Page,
) {
    keep_context(model, what, channel, Context::Messages(page));
    model.search.scroll = search_view::scroll_to_hit(model);
}

/// Takes in the entry of the log that is a hit.
pub(in crate::tui) fn take_entry(
    model: &mut Model,
    what: HitKind,
    channel: Option<ChannelId>,
    entry: Option<LogEntry>,
) {
    let context = entry.map_or(Context::Missing, |entry| Context::Entry(Box::new(entry)));
    keep_context(model, what, channel, context);
}

/// Takes in the note that is a hit.
pub(in crate::tui) fn take_note(
    model: &mut Model,
    what: HitKind,
    channel: Option<ChannelId>,
    note: Note,
) {
    keep_context(model, what, channel, Context::Note(note.text));
}

/// Types a key that the table does not name.
pub(in crate::tui) fn edit(model: &mut Model, key: &KeyEvent) {
    if model.search.editor.edit(key) {
        typed(model);
    }
}

pub(in crate::tui) fn paste(model: &mut Model, block: &PeerText) {
    model.search.editor.insert_in_line(block);
    typed(model);
}

fn typed(model: &mut Model) {
    let search = &mut model.search;
    search.changed = Some(model.now);
    if search.lists_saved() {
        search.found = None;
        search.context = None;
        search.matcher = Matcher::default();
        search.problem = None;
    }
    search.cursor = 0;
    model.touch();
}

/// Acts on a key of the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in the search"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    match action {
        Action::Back if model.search.focus == Focus::Context => model.search.focus = Focus::List,
        Action::Back => model.leave(),
        Action::EditQuery => model.search.focus = Focus::Field,
        Action::NextPane => {
            model.search.focus = if model.search.focus == Focus::Context {
                Focus::List
            } else {
                Focus::Context
            };
        }
        Action::Open | Action::Down if model.search.focus == Focus::Field => {
            model.search.focus = Focus::List;
            // What was typed is searched now: nobody waits for a rest they did not take.
            if model.search.changed.is_some() {
                return look(model);
            }
        }
        Action::Open => return open_hit(model),
        Action::CopyMessage => {
            let text = model.search.selected().map(|hit| &hit.excerpt.unsafe_text);
            return text.map_or_else(Vec::new, |text| vec![Effect::Copy(main::quoted(text))]);
        }
        Action::SaveSearch => {
            let query = model.search.editor.text();
            return ask(model, Request::SaveSearch { query }, Question::SaveSearch);
        }
        Action::ForgetSearch => {
            let saved = model.search.saved.get(model.search.cursor);
            return saved.map(|saved| saved.id).map_or_else(Vec::new, |id| {
                ask(model, Request::ForgetSearch { id }, Question::SavedSearches)
            });
        }
        Action::BuildIndex => {
            let build = model.search.index().is_some_and(|index| !index.building);
            return ask(model, Request::SearchIndex { build }, Question::SearchIndex);
        }
        _ => return travel(model, action),
    }
    Vec::new()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only the keys that move come here"
)]
fn travel(model: &mut Model, action: Action) -> Vec<Effect> {
    let half = search_view::half(model);
    if model.search.focus == Focus::Context {
        let most = search_view::most_scroll(model);
        let from = model.search.scroll;
        let to = match action {
            Action::Up => from.saturating_sub(1),
            Action::Down => from + 1,
            Action::PageUp => from.saturating_sub(half),
            Action::PageDown => from + half,
            Action::Top => 0,
            Action::Bottom => most,
            _ => from,
        };
        model.search.scroll = to.min(most);
        return Vec::new();
    }
    let search = &mut model.search;
    let last = search.rows().saturating_sub(1);
    let from = search.cursor;
    search.cursor = match action {
        Action::Up if from == 0 => {
            search.focus = Focus::Field;
            0
        }
        Action::Up => from - 1,
        Action::Down => (from + 1).min(last),
        Action::PageUp => from.saturating_sub(half),
        Action::PageDown => (from + half).min(last),
        Action::Top => 0,
        Action::Bottom => last,
        _ => from,
    };
    let mut effects = context(model);
    effects.extend(more(model));
    effects
}

/// Selects the row under the mouse.
pub(in crate::tui) fn click(model: &mut Model, at: Position) -> Vec<Effect> {
    let rows = model.search.rows();
    let Some(row) = search_view::row_at(model, at).filter(|row| *row < rows) else {
        return Vec::new();
    };
    model.search.focus = Focus::List;
    model.search.cursor = row;
    model.touch();
    context(model)
}

/// Asks for the next page of hits where the cursor nears the end of this one.
fn more(model: &mut Model) -> Vec<Effect> {
    let search = &model.search;
    let Some(found) = search.found.as_ref().filter(|_| !search.lists_saved()) else {
        return Vec::new();
    };
    let held = u32::try_from(found.hits.len()).unwrap_or(u32::MAX);
    if held >= found.total || search.cursor + 10 < found.hits.len() {
        return Vec::new();
    }
    let query = search.asked.clone();
    ask_page(model, query, held)
}

/// Goes to what is selected, where it stands.
fn open_hit(model: &mut Model) -> Vec<Effect> {
    if model.search.lists_saved() {
        let saved = model.search.saved.get(model.search.cursor);
        let query = saved.map(|saved| saved.query.clone());
        return query.map_or_else(Vec::new, |query| {
            model.search.editor = Editor::with_text(&query);
            model.search.cursor = 0;
            look(model)
        });
    }
    let Some(hit) = model.search.selected() else {
        return Vec::new();
    };
    match (hit.what.clone(), hit.channel) {
        (HitKind::Message { message }, Some(channel)) => jump(model, channel, message),
        (HitKind::Decision { number, .. }, _) => decision_log::open(model, Some(number + 1)),
        (HitKind::Note, Some(channel)) => note::open_for(model, channel),
        (HitKind::Message { .. } | HitKind::Note, None) => Vec::new(),
    }
}

fn jump(model: &mut Model, channel: ChannelId, message: MessageId) -> Vec<Effect> {
    model.go_main();
    model.cursor = Some(Spot::Channel(channel));
    model.say(
        Tone::Fine,
        "<anywhere.open_search> goes back to what was found.",
    );
    jump::open_at(model, channel, message)
}
