//! What the rules left to the digest: read here, and marked as read when the person says so.

use ratatui::Frame;

use crate::api::{Digested, Request};
use crate::model::{ChannelId, Content};
use crate::text::{sanitise, sanitise_line};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, clock, day, day_number, inset, nth, safe};

use super::catch_up;

/// Lines of a message that are shown here; its channel shows all.
const LINES: usize = 4;
/// Columns before the text of a message: cursor, time, gutter.
const INDENT: u16 = 9;

/// The messages, and where one stands in them.
#[derive(Debug, Default)]
pub(in crate::tui) struct DigestScreen {
    messages: Option<Result<Vec<Digested>, String>>,
    cursor: usize,
    /// The channel to go to once the messages are here.
    wanted: Option<ChannelId>,
}

impl DigestScreen {
    fn listed(&self) -> &[Digested] {
        match &self.messages {
            Some(Ok(messages)) => messages,
            Some(Err(_)) | None => &[],
        }
    }
}

pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    model.enter(Screen::Digest(Box::default()));
    reload(model)
}

/// Opens it at the messages of a channel.
pub(in crate::tui) fn open_at(model: &mut Model, channel: ChannelId) -> Vec<Effect> {
    model.enter(Screen::Digest(Box::new(DigestScreen {
        wanted: Some(channel),
        ..DigestScreen::default()
    })));
    reload(model)
}

/// Asks again for what is shown.
pub(in crate::tui) fn reload(model: &mut Model) -> Vec<Effect> {
    ask(model, Request::Digest, Question::Digest)
}

pub(in crate::tui) fn take(model: &mut Model, messages: Result<Vec<Digested>, String>) {
    if let Ok(messages) = &messages {
        catch_up::take_digest(model, messages);
    }
    let shown = model.screens_mut().find_map(|screen| {
        if let Screen::Digest(screen) = screen {
            Some(screen)
        } else {
            None
        }
    });
    if let Some(screen) = shown {
        screen.messages = Some(messages);
        let last = screen.listed().len().saturating_sub(1);
        screen.cursor = screen.cursor.min(last);
        let wanted = screen.wanted.take();
        let of = |digested: &Digested| Some(digested.message.channel) == wanted;
        let first = screen.listed().iter().position(of);
        screen.cursor = first.unwrap_or(screen.cursor);
        if wanted.is_some() && first.is_none() {
            model.say(Tone::Fine, "Nothing of that channel is left to the digest.");
        }
        model.touch();
    }
}

/// Says that everything that was listed is read now.
pub(in crate::tui) fn all_read(model: &mut Model) -> Vec<Effect> {
    model.say(Tone::Fine, "All that was listed counts as read.");
    reload(model)
}

/// Tells whether anything is listed.
pub(in crate::tui) fn has_messages(model: &Model) -> bool {
    matches!(&model.screen, Screen::Digest(screen) if !screen.listed().is_empty())
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in this list"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let page = usize::from(model.size.1 / 6).max(1);
    let Screen::Digest(screen) = &mut model.screen else {
        return Vec::new();
    };
    let last = screen.listed().len().saturating_sub(1);
    let at = screen.cursor;
    match action {
        Action::Up => screen.cursor = at.saturating_sub(1),
        Action::Down => screen.cursor = (at + 1).min(last),
        Action::PageUp => screen.cursor = at.saturating_sub(page),
        Action::PageDown => screen.cursor = (at + page).min(last),
        Action::Top => screen.cursor = 0,
        Action::Bottom => screen.cursor = last,
        Action::Back => model.leave(),
        Action::Open => {
            let channel = screen.listed().get(at).map(|told| told.message.channel);
            return channel.map_or_else(Vec::new, |id| catch_up::go_to(model, id));
        }
        Action::MarkAllRead => {
            let newest = screen.listed().iter().map(|told| told.message.id).max();
            let request = newest.map(|up_to| Request::DigestRead { up_to });
            let effect = request.map(|request| Effect::Ask(request, Question::DigestRead));
            return effect.into_iter().collect();
        }
        _ => {}
    }
    Vec::new()
}

/// A row, and the message that it belongs to.
struct Row {
    left: Spans,
    right: Spans,
    message: Option<usize>,
    first: bool,
}

pub(in crate::tui) fn draw(model: &Model, screen: &DigestScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let count = screen.listed().len();
    let left = vec![
        paint.own(Role::Title, "DIGEST"),
        paint.own(Role::Dim, "  what your rules left for later"),
    ];
    let right = match count {
        0 => Vec::new(),
        count => vec![paint.own(Role::Dim, format!("{count} unread"))],
    };
    let area = paint.head(body, left, right);
    let words = match &screen.messages {
        None => Some(("loading", Role::Dim)),
        Some(Err(problem)) => Some((problem.as_str(), Role::Wait)),
        Some(Ok(messages)) if messages.is_empty() => Some((
            "Nothing is left to the digest. The row `you hear of it` of a preset says what comes \
             here.",
            Role::Dim,
        )),
        Some(Ok(_)) => None,
    };
    if let Some((words, role)) = words {
        let room = usize::from(area.width).saturating_sub(4);
        let lines = sanitise(&crate::model::PeerText::new(words)).wrap(room.max(1));
        for (down, line) in lines.iter().enumerate() {
            paint.row(inset(nth(area, down), 2, 1), safe(&model.theme, line, role));
        }
        return;
    }
    let rows = rows(model, screen, &paint, area.width);
    let here = |row: &Row| row.first && row.message == Some(screen.cursor);
    let at = rows.iter().position(here).unwrap_or(0);
    // The text below the selected line is to be seen too.
    let end = rows
        .iter()
        .rposition(|row| row.message == Some(screen.cursor));
    let end = end
        .unwrap_or(at)
        .min(at + usize::from(area.height).saturating_sub(3));
    let rows = rows.into_iter().map(|row| {
        let selected = here(&row);
        (row.left, row.right, selected)
    });
    paint.list(area, rows, end);
}

fn rows(model: &Model, screen: &DigestScreen, paint: &Paint<'_>, width: u16) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut last_day = None;
    for (index, told) in screen.listed().iter().enumerate() {
        let at = told.message.at;
        let number = day_number(at, &model.zone);
        if last_day.replace(number) != Some(number) {
            rows.push(Row {
                left: vec![paint.own(Role::Dim, day(at, &model.zone))],
                right: Vec::new(),
                message: None,
                first: false,
            });
        }
        message_rows(model, paint, (index, told), width, &mut rows);
    }
    rows
}

fn message_rows(
    model: &Model,
    paint: &Paint<'_>,
    (index, told): (usize, &Digested),
    width: u16,
    rows: &mut Vec<Row>,
) {
    let message = &told.message;
    let room = usize::from(width.saturating_sub(INDENT + 3)).max(1);
    let mut left = vec![paint.own(Role::Dim, format!(" {}  ", clock(message.at, &model.zone)))];
    let name = sanitise_line(&told.name, room.saturating_sub(16).max(8));
    left.extend(safe(&model.theme, &name, Role::Text));
    let held = (message.admission.as_ref()).is_some_and(|admission| !admission.is_released());
    let state = if held { "▲ held in" } else { "released" };
    rows.push(Row {
        left,
        right: vec![paint.own(if held { Role::Wait } else { Role::Dim }, state)],
        message: Some(index),
        first: true,
    });
    let mut theirs = Vec::new();
    match &message.content {
        Content::Text(body) => {
            if !body.subject.is_empty() {
                theirs.push(sanitise_line(&body.subject, room));
            }
            theirs.extend(sanitise(&body.body).wrap(room));
        }
        Content::Raw { reason, .. } => theirs.push(crate::text::ours(reason.sentence())),
    }
    let rest = theirs.len().saturating_sub(LINES);
    let gutter = || {
        vec![
            paint.own(Role::Text, " ".repeat(usize::from(INDENT) - 3)),
            paint.own(Role::Gutter, "┆"),
            paint.own(Role::Text, " "),
        ]
    };
    for line in theirs.iter().take(LINES) {
        let mut left = gutter();
        left.extend(safe(&model.theme, line, Role::Text));
        rows.push(Row {
            left,
            right: Vec::new(),
            message: Some(index),
            first: false,
        });
    }
    if rest > 0 {
        let mut left = gutter();
        left.push(paint.own(Role::Dim, format!("[+{rest} lines]")));
        rows.push(Row {
            left,
            right: Vec::new(),
            message: Some(index),
            first: false,
        });
    }
}
