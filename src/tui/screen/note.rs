//! What a person keeps for themselves about a channel: one text, kept as it is written.
//!
//! It never leaves this machine. Leaving keeps it; a version that was changed elsewhere
//! meanwhile is put before what was written here, so that neither is lost.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::api::{Error, Note, Request};
use crate::model::{ChannelId, PeerText, UnixMillis};
use crate::text::{ours, sanitise_line};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::view;
use crate::tui::widget::editor::Editor;
use crate::tui::widget::paint::{Paint, day, inset, nth, safe};

use super::composer::draw_text;

/// How long after the last key the note is kept.
const KEEP_AFTER: Duration = Duration::from_secs(1);

/// A note that is being written.
#[derive(Debug)]
pub(in crate::tui) struct NoteScreen {
    channel: ChannelId,
    editor: Editor,
    /// When the version that was read was changed last.
    seen: Option<UnixMillis>,
    loaded: bool,
    changed: Option<UnixMillis>,
    keeping: bool,
    /// The screen closes once everything is kept.
    leaving: bool,
    problem: Option<String>,
}

/// Opens the note of the open channel.
pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    model.leader = None;
    let channel = model.open_channel().map(|channel| channel.id);
    channel.map_or_else(Vec::new, |channel| open_for(model, channel))
}

/// Opens the note of a channel.
pub(in crate::tui) fn open_for(model: &mut Model, channel: ChannelId) -> Vec<Effect> {
    model.enter(Screen::Note(Box::new(NoteScreen {
        channel,
        editor: Editor::default(),
        seen: None,
        loaded: false,
        changed: None,
        keeping: false,
        leaving: false,
        problem: None,
    })));
    load(model, channel)
}

/// Asks for the note of a channel.
pub(in crate::tui) fn load(model: &mut Model, channel: ChannelId) -> Vec<Effect> {
    let request = Request::Note {
        channel: channel.into(),
    };
    ask(model, request, Question::Note(channel))
}

fn shown(model: &mut Model, channel: ChannelId) -> Option<&mut NoteScreen> {
    let mut notes = model.screens_mut().filter_map(|screen| {
        if let Screen::Note(note) = screen {
            Some(&mut **note)
        } else {
            None
        }
    });
    notes.find(|note| note.channel == channel)
}

/// Takes in a note: for the pane beside the conversation, and for the screen.
pub(in crate::tui) fn take(model: &mut Model, note: Note) -> Vec<Effect> {
    let now = model.now;
    if let Some(screen) = shown(model, note.channel)
        && (!screen.loaded || screen.problem.is_some())
    {
        let typed = std::mem::take(&mut screen.editor).text();
        screen.editor = Editor::with_text(&note.text);
        if !typed.is_empty() && typed != note.text {
            if !note.text.is_empty() {
                screen.editor.break_line();
            }
            screen.editor.insert(&typed);
            screen.changed = Some(now);
        }
        screen.seen = note.at;
        screen.loaded = true;
        screen.problem = None;
    }
    model.note = Some(note);
    model.touch();
    if model.note_leaves() {
        keep(model)
    } else {
        Vec::new()
    }
}

/// Takes in how keeping a note ended.
pub(in crate::tui) fn kept(
    model: &mut Model,
    channel: ChannelId,
    answer: Result<Note, Error>,
) -> Vec<Effect> {
    model.touch();
    let Some(screen) = shown(model, channel) else {
        if let Ok(note) = answer {
            model.note = Some(note);
        }
        return Vec::new();
    };
    screen.keeping = false;
    match answer {
        Ok(note) => {
            screen.seen = note.at;
            screen.problem = None;
            let over = screen.leaving && screen.changed.is_none();
            model.note = Some(note);
            if over {
                close(model);
                return Vec::new();
            }
            if model.note_leaves() {
                keep(model)
            } else {
                Vec::new()
            }
        }
        Err(Error::Changed) => {
            screen.problem = Some("it was changed elsewhere; both versions stand here".to_owned());
            load(model, channel)
        }
        Err(error) => {
            screen.leaving = false;
            screen.problem = Some(error.to_string());
            screen.changed = None;
            Vec::new()
        }
    }
}

/// Closes the screen, if it is on top.
fn close(model: &mut Model) {
    if matches!(model.screen, Screen::Note(_)) {
        model.leave();
    }
}

/// Returns when the note is to be kept.
pub(in crate::tui) fn keep_at(model: &Model) -> Option<UnixMillis> {
    let Screen::Note(screen) = &model.screen else {
        return None;
    };
    let changed = screen
        .changed
        .filter(|_| screen.loaded && !screen.keeping)?;
    Some(changed.after(KEEP_AFTER))
}

/// Keeps what was written, if something was and nothing is under way.
pub(in crate::tui) fn keep(model: &mut Model) -> Vec<Effect> {
    let Screen::Note(screen) = &mut model.screen else {
        return Vec::new();
    };
    if !screen.loaded || screen.keeping || screen.changed.take().is_none() {
        return Vec::new();
    }
    screen.keeping = true;
    let text = if screen.editor.is_blank() {
        PeerText::default()
    } else {
        screen.editor.text()
    };
    let request = Request::SetNote {
        channel: screen.channel.into(),
        text,
        seen: screen.seen,
    };
    vec![Effect::Ask(request, Question::SetNote(screen.channel))]
}

/// Tells whether the note on screen is being kept just now.
pub(in crate::tui) fn is_keeping(model: &Model) -> bool {
    matches!(&model.screen, Screen::Note(screen) if screen.keeping)
}

/// Acts on a key of the table.
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let now = model.now;
    let Screen::Note(screen) = &mut model.screen else {
        return Vec::new();
    };
    if action == Action::NewLine {
        screen.editor.break_line();
        screen.changed = Some(now);
        return Vec::new();
    }
    if action != Action::Back {
        return Vec::new();
    }
    if screen.problem.is_some() && !screen.keeping && screen.changed.is_none() {
        model.leave();
        model.say(Tone::Trouble, "The note was not kept as you wrote it.");
        return Vec::new();
    }
    let effects = keep(model);
    let Screen::Note(screen) = &mut model.screen else {
        return effects;
    };
    screen.leaving = true;
    if !screen.keeping {
        model.leave();
    }
    effects
}

/// Types a key that the table does not name.
pub(in crate::tui) fn edit(model: &mut Model, key: &KeyEvent) {
    let width = usize::from(view::body(model).width.saturating_sub(4));
    let now = model.now;
    let Screen::Note(screen) = &mut model.screen else {
        return;
    };
    if screen.leaving {
        return;
    }
    let typed = if key.code == KeyCode::Up {
        screen.editor.vertical(-1, width);
        false
    } else if key.code == KeyCode::Down {
        screen.editor.vertical(1, width);
        false
    } else {
        screen.editor.edit(key)
    };
    if typed {
        screen.changed = Some(now);
    }
    model.touch();
}

pub(in crate::tui) fn paste(model: &mut Model, block: &PeerText) {
    let now = model.now;
    if let Screen::Note(screen) = &mut model.screen {
        screen.editor.insert(block);
        screen.changed = Some(now);
        model.touch();
    }
}

impl Model {
    /// Tells whether the note on top closes as soon as it is kept.
    fn note_leaves(&self) -> bool {
        matches!(&self.screen, Screen::Note(screen) if screen.leaving)
    }
}

pub(in crate::tui) fn draw(model: &Model, screen: &NoteScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let mut left = vec![
        paint.own(Role::Title, "NOTE"),
        paint.own(Role::Dim, "  on "),
    ];
    if let Some(channel) = model.channel(screen.channel) {
        let name = sanitise_line(&channel.name, 30);
        left.extend(safe(&model.theme, &name, Role::Title));
    }
    let state = match (&screen.problem, screen.loaded, screen.seen) {
        (Some(problem), ..) => safe(&model.theme, &ours(problem), Role::Wait),
        (None, false, _) => vec![paint.own(Role::Dim, "Loading.")],
        (None, true, _) if screen.changed.is_some() || screen.keeping => {
            vec![paint.own(Role::Dim, "not kept yet")]
        }
        (None, true, Some(at)) => {
            vec![paint.own(Role::Dim, format!("kept · {}", day(at, &model.zone)))]
        }
        (None, true, None) => Vec::new(),
    };
    paint.pair(inset(nth(body, 0), 1, 1), left, state);
    let high = body.height >= 14;
    let top = if high {
        let words = "Only on this machine. It is never sent, and your assistant never gets it.";
        paint.row(inset(nth(body, 1), 1, 1), vec![paint.own(Role::Dim, words)]);
        paint.rule(nth(body, 2));
        3
    } else {
        1
    };
    let area = Rect {
        y: body.y + top.min(body.height),
        height: body.height.saturating_sub(top),
        ..body
    };
    if screen.loaded && screen.editor.is_empty() {
        let words = "Nothing is noted yet. What you type is kept.";
        paint.row(inset(nth(area, 0), 2, 1), vec![paint.own(Role::Dim, words)]);
    }
    let layout = screen
        .editor
        .layout(usize::from(body.width.saturating_sub(4)));
    if let Some(caret) = draw_text(&mut paint, area, &layout) {
        frame.set_cursor_position(caret);
    }
}
