//! Another name for a channel. It is ours alone: the other side never sees it.

use crossterm::event::KeyEvent;
use ratatui::Frame;

use crate::api::{Error, Request};
use crate::model::{Channel, ChannelId, PeerText};
use crate::text::{ours, sanitise, sanitise_line};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::view;
use crate::tui::widget::editor::Editor;
use crate::tui::widget::field;
use crate::tui::widget::paint::{Paint, inset, nth, safe};

/// A name being written.
#[derive(Debug)]
pub(in crate::tui) struct RenameScreen {
    channel: ChannelId,
    editor: Editor,
    busy: bool,
    problem: Option<String>,
}

/// Opens the field with the name of the open channel in it.
pub(in crate::tui) fn open(model: &mut Model) {
    let Some((id, name)) = model
        .open_channel()
        .map(|open| (open.id, open.name.clone()))
    else {
        return;
    };
    model.enter(Screen::Rename(Box::new(RenameScreen {
        channel: id,
        editor: Editor::with_text(&name),
        busy: false,
        problem: None,
    })));
}

/// Types a key that the table does not name.
pub(in crate::tui) fn edit(model: &mut Model, key: &KeyEvent) {
    if let Screen::Rename(screen) = &mut model.screen
        && !screen.busy
    {
        screen.editor.edit(key);
        screen.problem = None;
    }
    model.touch();
}

pub(in crate::tui) fn paste(model: &mut Model, block: &PeerText) {
    if let Screen::Rename(screen) = &mut model.screen
        && !screen.busy
    {
        screen.editor.insert_in_line(block);
        screen.problem = None;
    }
    model.touch();
}

/// Acts on a key of the table.
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    if action != Action::Submit {
        model.leave();
        return Vec::new();
    }
    let Screen::Rename(screen) = &mut model.screen else {
        return Vec::new();
    };
    if screen.busy {
        return Vec::new();
    }
    if screen.editor.is_blank() {
        screen.problem = Some("a name needs at least one character".to_owned());
        return Vec::new();
    }
    screen.busy = true;
    let name = PeerText::new(screen.editor.text().expose_untrusted().trim());
    let channel = screen.channel;
    let request = Request::Rename {
        channel: channel.into(),
        name,
    };
    vec![Effect::Ask(request, Question::Rename(channel))]
}

/// Takes in how it ended.
pub(in crate::tui) fn settled(model: &mut Model, answer: Result<(), Error>) -> Vec<Effect> {
    match answer {
        Ok(()) => {
            if matches!(model.screen, Screen::Rename(_)) {
                model.leave();
            }
            model.say(Tone::Fine, "Renamed. They never see this name.");
            ask(model, Request::Channels, Question::Channels)
        }
        Err(error) => {
            if let Screen::Rename(screen) = &mut model.screen {
                screen.busy = false;
                screen.problem = Some(error.to_string());
            }
            model.touch();
            Vec::new()
        }
    }
}

pub(in crate::tui) fn draw(model: &Model, screen: &RenameScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let area = inset(body, 2, 2);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let mut down = usize::from(body.height >= 14);
    let mut title = vec![
        paint.own(Role::Title, "RENAME"),
        paint.own(Role::Dim, " · "),
    ];
    let channel: Option<&Channel> = model.channel(screen.channel);
    if let Some(channel) = channel {
        let name = sanitise_line(&channel.name, usize::from(area.width) / 2);
        title.extend(safe(&model.theme, &name, Role::Title));
    }
    paint.row(nth(area, down), title);
    down += 1;
    let words = "The name is yours alone. The other side never sees it.";
    for line in sanitise(&PeerText::new(words)).wrap(usize::from(area.width)) {
        paint.row(nth(area, down), safe(&model.theme, &line, Role::Dim));
        down += 1;
    }
    down += 1;
    paint.row(nth(area, down), vec![paint.own(Role::Accent, "Name")]);
    let caret = field::draw(&screen.editor, &mut paint, inset(nth(area, down), 6, 1));
    if let Some(problem) = &screen.problem {
        let words = safe(&model.theme, &ours(problem), Role::Stop);
        paint.row(nth(area, down + 2), words);
    }
    if let Some(caret) = caret {
        frame.set_cursor_position(caret);
    }
}
