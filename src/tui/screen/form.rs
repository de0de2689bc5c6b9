//! Two forms: a new invite, and a link that somebody gave us.
//!
//! The link is not judged here: the engine says what is wrong with it.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::api::Request;
use crate::model::{PeerText, Preset};
use crate::text::{ours, sanitise};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::view;
use crate::tui::widget::editor::Editor;
use crate::tui::widget::field::role_of;
use crate::tui::widget::paint::{Paint, inset, nth, safe};

use super::form_link::{self, Whom};
use super::side::preset_label;

/// What is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Invite,
    Accept,
}

/// A form under completion.
#[derive(Debug)]
pub(in crate::tui) struct Form {
    purpose: Purpose,
    pub(super) fields: [Field; 2],
    /// The field with the keys; the one after the last is the preset, or our identity.
    pub(super) focus: usize,
    preset: usize,
    /// Which of our identities somebody is added to.
    pub(super) identity: usize,
    /// Whom the link names, once it was read.
    pub(super) whom: Option<Whom>,
    pub(super) busy: bool,
    pub(super) problem: Option<String>,
}

impl Form {
    /// Tells whether the link is one that names a principal.
    fn names_a_principal(&self) -> bool {
        let [link, _name] = &self.fields;
        self.purpose == Purpose::Accept && form_link::is_one(&link.editor.text())
    }
}

#[derive(Debug)]
pub(super) struct Field {
    label: &'static str,
    hint: &'static str,
    editor: Editor,
}

impl Field {
    fn new(label: &'static str, hint: &'static str) -> Self {
        Self {
            label,
            hint,
            editor: Editor::default(),
        }
    }

    fn filled(&self) -> Option<PeerText> {
        (!self.editor.is_blank())
            .then(|| PeerText::new(self.editor.text().expose_untrusted().trim()))
    }
}

pub(in crate::tui) fn open_invite(model: &mut Model) -> Vec<Effect> {
    let name = Field::new("Name", "what you call them; they never see it");
    let phone = Field::new("Number", "optional; lets you replace the invite later");
    open(model, Purpose::Invite, [name, phone])
}

pub(in crate::tui) fn open_accept(model: &mut Model, pasted: Option<&PeerText>) -> Vec<Effect> {
    let mut link = Field::new("Link", "paste the link here");
    let name = Field::new("Name", "what you call them; they never see it");
    if let Some(pasted) = pasted {
        link.editor.insert_in_line(pasted);
    }
    open(model, Purpose::Accept, [link, name])
}

fn open(model: &mut Model, purpose: Purpose, fields: [Field; 2]) -> Vec<Effect> {
    model.enter(Screen::Form(Box::new(Form {
        purpose,
        fields,
        focus: 0,
        preset: 0,
        identity: 0,
        whom: None,
        busy: false,
        problem: None,
    })));
    ask(model, Request::Presets, Question::Presets)
}

/// What has to be known before a preset is chosen that lets the assistant do more.
const UNTIL_COMPARED: &str =
    "As narrow as Safe acquaintance until you compare the safety code; then its rules count.";

/// Tells whether a preset lets the assistant do more than the default.
fn is_wide(name: &str) -> bool {
    !matches!(
        Preset::parse(name),
        Some(Preset::SafeAcquaintance | Preset::OneTime)
    )
}

fn chosen(model: &Model, form: &Form) -> Option<String> {
    model.preset_names().into_iter().nth(form.preset)
}

pub(in crate::tui) fn paste(model: &mut Model, block: &PeerText) {
    if let Screen::Form(form) = &mut model.screen {
        let focus = form.focus;
        if let Some(field) = form.fields.get_mut(focus).filter(|_| !form.busy) {
            field.editor.insert_in_line(block);
            form.problem = None;
            form.whom.take_if(|_| focus == 0);
        }
        model.touch();
    }
}

pub(in crate::tui) fn fail(model: &mut Model, problem: String) {
    if let Screen::Form(form) = &mut model.screen {
        form.busy = false;
        form.problem = Some(problem);
        model.touch();
    }
}

pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    if action == Action::Back {
        model.leave();
        return Vec::new();
    }
    if action == Action::Submit {
        return submit(model);
    }
    if let Screen::Form(form) = &mut model.screen {
        let places = form.fields.len() + 1;
        let step = if action == Action::NextField {
            1
        } else {
            places - 1
        };
        form.focus = (form.focus + step) % places;
    }
    Vec::new()
}

/// Types a key that the table does not name; left and right choose among presets.
pub(in crate::tui) fn edit(model: &mut Model, key: &KeyEvent) {
    let count = model.preset_names().len();
    if let Screen::Form(form) = &model.screen
        && form.names_a_principal()
        && form.focus == form.fields.len()
    {
        if matches!(key.code, KeyCode::Left | KeyCode::Right) {
            form_link::choose(model, key.code == KeyCode::Right);
        }
        model.touch();
        return;
    }
    if let Screen::Form(form) = &mut model.screen {
        if form.busy {
            return;
        }
        let focus = form.focus;
        if let Some(field) = form.fields.get_mut(focus) {
            if field.editor.edit(key) && focus == 0 {
                form.whom = None;
            }
            form.problem = None;
        } else if key.code == KeyCode::Left {
            form.preset = (form.preset + count - 1) % count;
        } else if key.code == KeyCode::Right {
            form.preset = (form.preset + 1) % count;
        }
        model.touch();
    }
}

fn submit(model: &mut Model) -> Vec<Effect> {
    let presets = model.preset_names();
    let Screen::Form(form) = &mut model.screen else {
        return Vec::new();
    };
    if form.busy {
        return Vec::new();
    }
    if form.names_a_principal() {
        let [link, name] = &form.fields;
        let (link, name) = (link.editor.text(), name.filled());
        return form_link::submit(model, &link, name);
    }
    let preset = presets.get(form.preset).cloned();
    let [first, second] = &form.fields;
    let effect = match (form.purpose, first.filled(), second.filled()) {
        (Purpose::Accept, None, _) => {
            form.problem = Some("paste a link first".to_owned());
            return Vec::new();
        }
        (Purpose::Accept, Some(link), name) => {
            let request = Request::Accept {
                url: link.expose_untrusted().to_owned(),
                preset,
                name,
            };
            Effect::Ask(request, Question::Accept)
        }
        (Purpose::Invite, name, phone) => {
            let request = Request::Invite {
                phone,
                name,
                preset,
                relay: None,
                replaces: None,
                sender: None,
            };
            Effect::Ask(request, Question::MakeInvite)
        }
    };
    form.busy = true;
    form.problem = None;
    vec![effect]
}

pub(in crate::tui) fn draw(model: &Model, form: &Form, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let area = inset(body, 2, 2);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let (title, explained) = match form.purpose {
        Purpose::Accept if form.names_a_principal() => (
            "ADD SOMEBODY",
            "A link of ClawChat: it says who somebody is and where they are reached.",
        ),
        Purpose::Invite => (
            "NEW INVITE",
            "Makes a link for one person. Nothing is sent: you give it to them yourself.",
        ),
        Purpose::Accept => (
            "ACCEPT A LINK",
            "Answers an invite that somebody gave you, and pins the key in it.",
        ),
    };
    let mut down = usize::from(body.height >= 14);
    paint.row(nth(area, down), vec![paint.own(Role::Title, title)]);
    down += 1;
    let tight = form.whom.is_some() && body.height < 14;
    if !tight {
        down += draw_words(model, &mut paint, area, down, (explained, Role::Dim));
    }
    down += usize::from(body.height >= 14);
    let mut caret = None;
    if let Some(whom) = &form.whom {
        down += form_link::draw_whom(model, whom, &mut paint, area, down);
        down += usize::from(body.height >= 20);
    }
    for (index, field) in form.fields.iter().enumerate() {
        let focused = form.focus == index;
        // What it says is shown above.
        if index == 0 && form.whom.is_some() && !focused {
            continue;
        }
        let place = Rect {
            height: area
                .height
                .saturating_sub(u16::try_from(down).unwrap_or(u16::MAX)),
            y: area.y + u16::try_from(down).unwrap_or(0),
            ..area
        };
        let (rows, at) = draw_field(&mut paint, place, field, focused);
        caret = caret.or(at);
        down += rows + usize::from(body.height >= 20);
    }
    let names_a_principal = form.names_a_principal();
    if names_a_principal {
        form_link::draw_identity(model, form, &mut paint, nth(area, down));
    } else {
        draw_preset(model, form, &mut paint, nth(area, down));
    }
    down += 1;
    if !names_a_principal && chosen(model, form).is_some_and(|name| is_wide(&name)) {
        down += draw_words(model, &mut paint, area, down, (UNTIL_COMPARED, Role::Wait));
    }
    down += usize::from(form.whom.is_none() || body.height >= 14);
    let said = match (&form.problem, form.busy) {
        (Some(problem), _) => Some((problem.clone(), Role::Stop)),
        (None, true) if names_a_principal => Some(("one moment".to_owned(), Role::Dim)),
        (None, true) => Some(("asking the relay".to_owned(), Role::Dim)),
        (None, false) if form.whom.is_some() => {
            Some((form_link::follows(model, form, tight), Role::Wait))
        }
        (None, false) => None,
    };
    if let Some((words, role)) = said {
        draw_words(model, &mut paint, area, down, (&words, role));
    }
    if let Some(position) = caret {
        frame.set_cursor_position(position);
    }
}

/// Draws wrapped words from a row on; returns how many rows they took.
fn draw_words(
    model: &Model,
    paint: &mut Paint<'_>,
    area: Rect,
    from: usize,
    (words, role): (&str, Role),
) -> usize {
    let lines = sanitise(&PeerText::new(words)).wrap(usize::from(area.width));
    for (line, down) in lines.iter().zip(from..) {
        paint.row(nth(area, down), safe(&model.theme, line, role));
    }
    lines.len()
}

/// Columns of the labels.
const LABEL: u16 = 12;

fn draw_field(
    paint: &mut Paint<'_>,
    area: Rect,
    field: &Field,
    focused: bool,
) -> (usize, Option<Position>) {
    let label_role = if focused { Role::Accent } else { Role::Dim };
    paint.row(nth(area, 0), vec![paint.own(label_role, field.label)]);
    let text = inset(area, LABEL, 1);
    if field.editor.is_empty() {
        paint.row(nth(text, 0), vec![paint.own(Role::Dim, field.hint)]);
    }
    let layout = field.editor.layout(usize::from(text.width).max(1));
    for (down, glyphs) in layout.rows.iter().enumerate() {
        let spans = glyphs
            .iter()
            .map(|glyph| paint.own(role_of(glyph), glyph.text.clone()));
        let spans = spans.collect();
        if !field.editor.is_empty() {
            paint.row(nth(text, down), spans);
        }
    }
    let (row, column) = layout.caret;
    let caret = u16::try_from(column).ok().zip(u16::try_from(row).ok());
    let caret = caret.map(|(column, row)| Position::new(text.x + column, text.y + row));
    (
        layout.rows.len(),
        caret.filter(|at| focused && area.contains(*at)),
    )
}

fn draw_preset(model: &Model, form: &Form, paint: &mut Paint<'_>, place: Rect) {
    let focused = form.focus == form.fields.len();
    let role = if focused { Role::Accent } else { Role::Dim };
    paint.row(place, vec![paint.own(role, "Engagement")]);
    let name = chosen(model, form).unwrap_or_default();
    let mut spans = vec![paint.own(role, "‹ ")];
    spans.extend(safe(&model.theme, &preset_label(&name), Role::Text));
    spans.push(paint.own(role, " ›"));
    if focused {
        spans.push(paint.own(Role::Dim, "   ← → choose"));
    }
    let room = usize::from(place.width.saturating_sub(LABEL));
    let spans = paint.cut(spans, room);
    paint.row(inset(place, LABEL, 0), spans);
}

/// Tells what the key bar calls the form's Enter.
pub(in crate::tui) fn submit_words(form: &Form) -> &'static str {
    match form.purpose {
        Purpose::Invite => "make the invite",
        Purpose::Accept if form.whom.is_some() => "add them",
        Purpose::Accept if form.names_a_principal() => "show whom",
        Purpose::Accept => "accept",
    }
}

/// Returns an error of the engine as the sentence that a form shows.
pub(in crate::tui) fn said(error: &crate::api::Error) -> String {
    ours(&error.to_string()).plain()
}
