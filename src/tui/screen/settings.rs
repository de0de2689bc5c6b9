//! The settings: what each is now and where that comes from, changed live, written on request.
//!
//! A change acts at once and lasts until the program ends; `S` writes it into the file. What
//! acts in the engine acts from then on. Must not: do I/O, or write without being told to.

use crossterm::event::KeyEvent;

use crate::api::{Request, Storage};
use crate::model::PeerText;
use crate::profile::SettingsFile;
use crate::profile::config::{self, Config, Key, Kind, Source, Value};
use crate::tui::keymap::{Action, Change, EnterKey, Keys, KeysError};
use crate::tui::message::{Effect, FileNews, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::update::ask;
use crate::tui::widget::editor::Editor;

use super::settings_rows::{self as rows, Row};

/// Quiet hours that the keys step through; others are written as a text.
const QUIET: [&str; 4] = ["off", "22:00-07:00", "21:00-08:00", "23:00-06:00"];
/// Rows of half a page.
const PAGE: usize = 8;

/// Where the settings come from, for the screen to say so.
#[derive(Clone, Debug)]
pub struct Place {
    /// The settings file, the home directory as `~`; empty where there is none.
    pub file: String,
    /// Why the profile lies there.
    pub source: Source,
    /// The variables that give settings, as they were at the start.
    pub variables: Vec<(&'static str, String)>,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            file: String::new(),
            source: Source::Default,
            variables: Vec::new(),
        }
    }
}

/// The settings behind the screen; they live as long as the surface.
#[derive(Debug, Default)]
pub(in crate::tui) struct Settings {
    pub(super) place: Place,
    /// What the file says, as it was read last.
    base: Config,
    /// The file itself; `None` until it was read for this screen.
    pub(super) file: Option<SettingsFile>,
    /// What was changed and is not written.
    pub(super) changes: Vec<(Key, Value)>,
    /// The changes before each step.
    undo: Vec<Vec<(Key, Value)>>,
    /// What is on its way into the file.
    writing: Option<Vec<(Key, Value)>>,
    /// What is wrong with the file.
    pub(super) problem: Option<String>,
}

/// The screen.
#[derive(Debug, Default)]
pub(in crate::tui) struct SettingsScreen {
    /// Index among the rows that can be selected.
    pub(super) row: usize,
    /// The box that has the keys in a row of boxes.
    pub(super) word: usize,
    pub(super) field: Option<Field>,
    pub(super) storage: Option<Storage>,
}

/// A text under way.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) key: Key,
    pub(super) editor: Editor,
    pub(super) problem: bool,
}

impl Model {
    /// Takes over the settings of a profile; without it every setting is the default.
    pub fn use_config(&mut self, config: Config) {
        self.settings.base = config;
        apply(self);
    }

    /// Says where the settings come from.
    pub fn use_place(&mut self, place: Place) {
        self.settings.place = place;
    }
}

pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    model.enter(Screen::Settings(Box::default()));
    let mut effects = vec![Effect::ReadSettings];
    effects.extend(ask(model, Request::Storage, Question::Storage));
    effects
}

/// Opens the screen with the cursor on a setting.
pub(in crate::tui) fn open_at(model: &mut Model, key: Key) -> Vec<Effect> {
    let effects = open(model);
    let mut selectable = rows::all(model).into_iter().filter(Row::is_selectable);
    let place = selectable.position(|row| row == Row::Setting(key));
    if let Some(screen) = screen_mut(model) {
        screen.row = place.unwrap_or(0);
    }
    effects
}

/// Returns what a setting is called on the screen.
pub(in crate::tui) fn label(key: Key) -> &'static str {
    rows::label(key).0
}

/// Uses a theme until the program is left; the settings screen writes it.
pub(in crate::tui) fn use_theme(model: &mut Model, name: &str) {
    change(model, Key::Theme, Value::Text(name.to_owned()));
    if model.config.theme() == name {
        let words = format!("Theme {name}, until you quit. The settings keep it.");
        model.say(Tone::Fine, words);
    }
}

pub(super) fn screen(model: &Model) -> Option<&SettingsScreen> {
    if let Screen::Settings(screen) = &model.screen {
        Some(screen)
    } else {
        None
    }
}

fn screen_mut(model: &mut Model) -> Option<&mut SettingsScreen> {
    if let Screen::Settings(screen) = &mut model.screen {
        Some(screen)
    } else {
        None
    }
}

/// Tells whether a text field is open, which letters go to.
pub(in crate::tui) fn is_writing(model: &Model) -> bool {
    screen(model).is_some_and(|screen| screen.field.is_some())
}

/// Tells whether anything waits to be written.
pub(in crate::tui) fn is_changed(model: &Model) -> bool {
    !model.settings.changes.is_empty()
}

/// Tells whether a change can be undone.
pub(in crate::tui) fn can_undo(model: &Model) -> bool {
    !model.settings.undo.is_empty()
}

/// Returns the setting under the cursor, where that row is one.
pub(in crate::tui) fn selected(model: &Model) -> Option<Key> {
    let row = screen(model)?.row;
    let mut selectable = rows::all(model).into_iter().filter(Row::is_selectable);
    match selectable.nth(row)? {
        Row::Setting(key) => Some(key),
        Row::Heading(_)
        | Row::Fixed(_)
        | Row::Bindings
        | Row::Storage
        | Row::Relay(_)
        | Row::Profile => None,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing on this screen"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    match action {
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom => travel(model, action),
        Action::NextValue => step(model, true),
        Action::PreviousValue => step(model, false),
        Action::Open => enter(model),
        Action::Undo => undo(model),
        Action::Save => return save(model),
        Action::Editor => return vec![Effect::EditSettings],
        Action::TryClipboard => {
            let words = "chaperon puts copied text here".to_owned();
            return vec![Effect::Copy(words)];
        }
        Action::OpenDoctor => return super::doctor::open(model),
        Action::Back => leave(model),
        _ => {}
    }
    Vec::new()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only the keys that move come here"
)]
fn travel(model: &mut Model, action: Action) {
    let rows = rows::all(model);
    let last = rows.iter().filter(|row| row.is_selectable()).count();
    let last = last.saturating_sub(1);
    let Some(screen) = screen_mut(model) else {
        return;
    };
    screen.word = 0;
    let step = match action {
        Action::PageUp | Action::PageDown => PAGE,
        _ => 1,
    };
    screen.row = match action {
        Action::Up | Action::PageUp => screen.row.saturating_sub(step),
        Action::Top => 0,
        Action::Bottom => last,
        _ => (screen.row + step).min(last),
    };
}

/// Takes the next or the previous value of the row.
fn step(model: &mut Model, forward: bool) {
    let Some(key) = selected(model) else {
        model.say(Tone::Trouble, rows::why_fixed(model));
        return;
    };
    let value = model.config.value(key);
    let next = match (key.about().kind, &value) {
        (Kind::YesNo, Value::YesNo(yes)) => Value::YesNo(!yes),
        (
            Kind::Number {
                least, most, step, ..
            },
            Value::Number(number),
        ) => {
            let to = if forward {
                number.saturating_add(step)
            } else {
                number.saturating_sub(step)
            };
            Value::Number(to.clamp(least, most))
        }
        (Kind::Several(words), _) => {
            let count = words.len();
            if let Some(screen) = screen_mut(model) {
                screen.word = (screen.word + if forward { 1 } else { count - 1 }) % count;
            }
            return;
        }
        (_, Value::Text(text)) => match stepped(model, key, text, forward) {
            Some(text) => Value::Text(text),
            None => return model.say(Tone::Trouble, "<settings.open> writes this one as a text."),
        },
        _ => return model.say(Tone::Trouble, "<settings.open> writes this one as a text."),
    };
    change(model, key, next);
}

fn stepped(model: &Model, key: Key, now: &str, forward: bool) -> Option<String> {
    let choices: Vec<String> = match key.about().kind {
        Kind::OneOf(words) => words.iter().map(|word| (*word).to_owned()).collect(),
        Kind::Theme => model.theme_names(),
        Kind::Hours => QUIET.iter().map(|hours| (*hours).to_owned()).collect(),
        Kind::Text
        | Kind::Address
        | Kind::Listen
        | Kind::Several(_)
        | Kind::Program
        | Kind::YesNo
        | Kind::Number { .. } => return None,
    };
    let count = choices.len().max(1);
    let at = choices.iter().position(|choice| choice == now);
    let to = match (at, forward) {
        (Some(at), true) => (at + 1) % count,
        (Some(at), false) => (at + count - 1) % count,
        (None, _) => 0,
    };
    choices.into_iter().nth(to)
}

/// Does what Enter and Space mean in the row: the next value, a tick, or a text.
fn enter(model: &mut Model) {
    let Some(key) = selected(model) else {
        model.say(Tone::Trouble, rows::why_fixed(model));
        return;
    };
    match key.about().kind {
        Kind::OneOf(_) | Kind::Theme | Kind::YesNo | Kind::Number { .. } => step(model, true),
        Kind::Several(words) => tick(model, key, words),
        Kind::Text | Kind::Address | Kind::Program | Kind::Hours | Kind::Listen => {
            let text = PeerText::new(rows::as_text(&rows::look_up(model, key).0));
            if let Some(screen) = screen_mut(model) {
                screen.field = Some(Field {
                    key,
                    editor: Editor::with_text(&text),
                    problem: false,
                });
            }
        }
    }
}

fn tick(model: &mut Model, key: Key, possible: &[&str]) {
    let at = screen(model).map_or(0, |screen| screen.word);
    let Some(word) = possible.get(at) else {
        return;
    };
    let Value::Words(chosen) = model.config.value(key) else {
        return;
    };
    // In the order in which they are offered, so that two ticks leave the file as it was.
    let is_chosen = |other: &str| chosen.iter().any(|chosen| chosen == other);
    let kept = possible
        .iter()
        .filter(|other| is_chosen(other) != (*other == word));
    let words = kept.map(|word| (*word).to_owned()).collect();
    change(model, key, Value::Words(words));
}

/// Changes a setting for now.
fn change(model: &mut Model, key: Key, value: Value) {
    if model.config.value(key) == value || !value.fits(key.about().kind) {
        return;
    }
    if let (Key::Theme, Value::Text(name)) = (key, &value)
        && let Err(problem) = model.set_theme(name)
    {
        return model.say(Tone::Trouble, format!("{problem}."));
    }
    let before = model.settings.changes.clone();
    model.settings.undo.push(before);
    let changes = &mut model.settings.changes;
    changes.retain(|(changed, _)| *changed != key);
    // Back to what the file says is no change.
    if model.settings.base.value(key) != value {
        changes.push((key, value));
    }
    apply(model);
}

fn undo(model: &mut Model) {
    let Some(before) = model.settings.undo.pop() else {
        return;
    };
    model.settings.changes = before;
    apply(model);
}

/// Returns the keys that the settings give.
pub fn keys_of(config: &Config) -> Result<Keys, KeysError> {
    let enter = match config.enter() {
        config::Enter::Send => EnterKey::Send,
        config::Enter::Newline => EnterKey::NewLine,
    };
    let changes = config.bindings().iter().map(|binding| Change {
        line: binding.line,
        name: binding.action.clone(),
        keys: binding.keys.clone(),
    });
    Keys::changed(enter, &changes.collect::<Vec<_>>())
}

/// Lets everything act by the settings as they are now.
fn apply(model: &mut Model) {
    let mut config = model.settings.base.clone();
    for (key, value) in &model.settings.changes {
        config.change(*key, value.clone());
    }
    let other_keys =
        config.enter() != model.config.enter() || config.bindings() != model.config.bindings();
    if other_keys {
        match keys_of(&config) {
            Ok(keys) => model.use_keys(keys),
            Err(problem) => model.say(Tone::Trouble, format!("{problem}.")),
        }
    }
    if config.theme() != model.theme_choice()
        && let Err(problem) = model.set_theme(&config.theme())
    {
        model.say(Tone::Trouble, format!("{problem}."));
    }
    if config.symbols() != model.config.symbols() {
        model.choose_symbols(config.symbols());
    }
    model.config = config;
    model.touch();
}

fn save(model: &mut Model) -> Vec<Effect> {
    if model.settings.writing.is_some() {
        return Vec::new();
    }
    let Some(file) = model.settings.file.clone() else {
        let problem = model.settings.problem.clone();
        let words = problem.unwrap_or_else(|| "The settings file was not read yet.".to_owned());
        model.say(Tone::Trouble, words);
        return Vec::new();
    };
    let changes = model.settings.changes.clone();
    model.settings.writing = Some(changes.clone());
    vec![Effect::WriteSettings(file, changes)]
}

fn leave(model: &mut Model) {
    let count = model.settings.changes.len();
    model.leave();
    if count > 0 {
        let words = "What is not written lasts until you quit; <main.open_settings> and <settings.save> \
                     write it.";
        model.say(Tone::Fine, words);
    }
}

/// Takes what became of the settings file.
pub(in crate::tui) fn take_file(
    model: &mut Model,
    news: FileNews,
    result: Result<SettingsFile, String>,
) -> Vec<Effect> {
    model.touch();
    let written = model.settings.writing.take();
    let usable = |file: SettingsFile| match keys_of(file.config()) {
        Ok(_keys) => Ok(file),
        Err(problem) => Err(problem.to_string()),
    };
    let file = match result.and_then(usable) {
        Ok(file) => file,
        Err(problem) => {
            if news != FileNews::Written {
                model.settings.file = None;
                model.settings.problem = Some(problem.clone());
            }
            model.say(Tone::Trouble, format!("{problem}."));
            return Vec::new();
        }
    };
    model.settings.problem = None;
    let before = std::mem::replace(&mut model.settings.base, file.config().clone());
    model.settings.file = Some(file);
    if news == FileNews::Written {
        let written = written.unwrap_or_default();
        // What was before can be had again, as a change that is not written.
        let old = written.iter().map(|(key, _)| (*key, before.value(*key)));
        model.settings.undo = vec![old.collect()];
        model
            .settings
            .changes
            .retain(|change| !written.contains(change));
        let words = format!("Written to {}.", model.settings.place.file);
        model.say(Tone::Fine, words);
    }
    let base = &model.settings.base;
    let changes = &mut model.settings.changes;
    changes.retain(|(key, value)| base.value(*key) != *value);
    apply(model);
    match news {
        FileNews::Read => Vec::new(),
        FileNews::Written => reload_engine(model),
        FileNews::Edited => {
            model.say(Tone::Fine, "Read again; what it says acts now.");
            reload_engine(model)
        }
    }
}

/// Lets the engine, which may be another process, read the file too.
fn reload_engine(model: &mut Model) -> Vec<Effect> {
    ask(model, Request::ReloadSettings, Question::ReloadSettings)
}

/// Takes what the profile holds.
pub(in crate::tui) fn take_storage(model: &mut Model, storage: Storage) {
    if let Some(screen) = screen_mut(model) {
        screen.storage = Some(storage);
        model.touch();
    }
}

/// Acts on a key of the text field.
pub(in crate::tui) fn act_in_field(model: &mut Model, action: Action) {
    model.touch();
    let Some(screen) = screen_mut(model) else {
        return;
    };
    let Some(mut field) = screen.field.take() else {
        return;
    };
    if action != Action::Submit {
        return;
    }
    let text = field.editor.text();
    let text = text.expose_untrusted().trim();
    let kind = field.key.about().kind;
    let value = rows::from_text(kind, text).filter(|value| value.fits(kind));
    if let Some(value) = value {
        change(model, field.key, value);
    } else {
        field.problem = true;
        screen.field = Some(field);
    }
}

/// Types a key that the table does not name.
pub(in crate::tui) fn edit(model: &mut Model, key: &KeyEvent) {
    if let Some(field) = screen_mut(model).and_then(|screen| screen.field.as_mut()) {
        field.editor.edit(key);
        field.problem = false;
        model.touch();
    }
}

pub(in crate::tui) fn paste(model: &mut Model, block: &PeerText) {
    if let Some(field) = screen_mut(model).and_then(|screen| screen.field.as_mut()) {
        field.editor.insert_in_line(block);
        field.problem = false;
        model.touch();
    }
}
