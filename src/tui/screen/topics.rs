//! The topics of a channel: one of them is shown alone, or a message is given one.

use crossterm::event::KeyEvent;
use ratatui::Frame;

use crate::api::{LONGEST_TOPIC, Request};
use crate::model::{ChannelId, PeerText, Topic};
use crate::text::{ours, sanitise_line};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Pane, Screen};
use crate::tui::theme::Role;
use crate::tui::update::{ask, newest};
use crate::tui::view;
use crate::tui::widget::editor::Editor;
use crate::tui::widget::field;
use crate::tui::widget::paint::{Paint, Spans, inset, is_roomy, nth, safe};

use super::logins;
use super::transcript::Transcript;

/// Rows that a page key moves.
const PAGE: usize = 5;
/// Cells of a topic.
const TOPIC: usize = 80;

/// What a topic is chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Purpose {
    /// To see it alone.
    Show,
    /// For the message that is being written.
    Write,
}

/// The list and its field.
#[derive(Debug)]
pub(in crate::tui) struct TopicsScreen {
    channel: ChannelId,
    purpose: Purpose,
    editor: Editor,
    topics: Option<Vec<Topic>>,
    cursor: usize,
}

/// A row that can be chosen.
enum Row<'a> {
    /// All of the conversation, or no topic.
    None,
    Known(&'a Topic),
    /// What is typed.
    New(PeerText),
}

impl TopicsScreen {
    /// Returns the rows that go with what is typed.
    fn rows(&self) -> Vec<Row<'_>> {
        let typed = self.editor.text();
        let typed = typed.expose_untrusted().trim();
        let small = typed.to_lowercase();
        let all = self.topics.iter().flatten();
        let known = all.filter(|topic| {
            let name = topic.topic.expose_untrusted().to_lowercase();
            name.contains(&small)
        });
        let mut rows: Vec<_> = known.map(Row::Known).collect();
        if typed.is_empty() {
            rows.insert(0, Row::None);
        } else if !self.is_known(typed) {
            rows.push(Row::New(PeerText::new(typed)));
        }
        rows
    }

    fn is_known(&self, name: &str) -> bool {
        let mut all = self.topics.iter().flatten();
        all.any(|topic| topic.topic.expose_untrusted() == name)
    }

    fn is_too_long(&self) -> bool {
        self.editor.text().expose_untrusted().trim().len() > LONGEST_TOPIC
    }
}

/// Opens the list of the topics of the open channel.
pub(super) fn open(model: &mut Model, purpose: Purpose) -> Vec<Effect> {
    let Some(channel) = model.open_channel().map(|channel| channel.id) else {
        return Vec::new();
    };
    model.enter(Screen::Topics(Box::new(TopicsScreen {
        channel,
        purpose,
        editor: Editor::default(),
        topics: None,
        cursor: 0,
    })));
    reload(model)
}

/// Asks for the topics again.
pub(in crate::tui) fn reload(model: &mut Model) -> Vec<Effect> {
    let Screen::Topics(screen) = &model.screen else {
        return Vec::new();
    };
    let channel = screen.channel;
    ask(
        model,
        Request::Topics { channel },
        Question::Topics(channel),
    )
}

pub(in crate::tui) fn take(model: &mut Model, channel: ChannelId, found: Vec<Topic>) {
    for screen in model.screens_mut() {
        if let Screen::Topics(screen) = screen
            && screen.channel == channel
        {
            screen.topics = Some(found);
            break;
        }
    }
    model.touch();
}

/// Types a key that the table does not name.
pub(in crate::tui) fn edit(model: &mut Model, key: &KeyEvent) {
    if let Screen::Topics(screen) = &mut model.screen
        && screen.editor.edit(key)
    {
        screen.cursor = 0;
    }
    model.touch();
}

pub(in crate::tui) fn paste(model: &mut Model, block: &PeerText) {
    if let Screen::Topics(screen) = &mut model.screen {
        screen.editor.insert_in_line(block);
        screen.cursor = 0;
    }
    model.touch();
}

/// Acts on a key of the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing among topics"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let Screen::Topics(screen) = &mut model.screen else {
        return Vec::new();
    };
    let last = screen.rows().len().saturating_sub(1);
    let from = screen.cursor.min(last);
    screen.cursor = match action {
        Action::Up => from.saturating_sub(1),
        Action::Down => (from + 1).min(last),
        Action::PageUp => from.saturating_sub(PAGE),
        Action::PageDown => (from + PAGE).min(last),
        Action::Submit => return submit(model),
        Action::Back => {
            model.leave();
            return Vec::new();
        }
        _ => from,
    };
    Vec::new()
}

fn submit(model: &mut Model) -> Vec<Effect> {
    let Screen::Topics(screen) = &model.screen else {
        return Vec::new();
    };
    let chosen = match screen.rows().get(screen.cursor) {
        None => return Vec::new(),
        Some(Row::New(_)) if screen.is_too_long() => return Vec::new(),
        Some(Row::None) => None,
        Some(Row::Known(topic)) => Some(topic.topic.clone()),
        Some(Row::New(topic)) => Some(topic.clone()),
    };
    let purpose = screen.purpose;
    model.leave();
    match purpose {
        Purpose::Show => {
            model.pane = Pane::Transcript;
            show(model, chosen)
        }
        Purpose::Write => {
            model.composer.belongs.set_topic(chosen);
            Vec::new()
        }
    }
}

/// Returns the topic that alone is shown of the open channel.
pub(in crate::tui) fn shown(model: &Model) -> Option<&PeerText> {
    model.transcript.as_ref()?.topic.as_ref()
}

/// Tells whether one topic alone is shown.
pub(in crate::tui) fn is_on(model: &Model) -> bool {
    shown(model).is_some()
}

/// Shows one topic of the open channel alone, or all of it again.
pub(in crate::tui) fn show(model: &mut Model, topic: Option<PeerText>) -> Vec<Effect> {
    let Some(open) = &model.transcript else {
        return Vec::new();
    };
    if open.topic == topic {
        return Vec::new();
    }
    let channel = open.channel;
    model.transcript = Some(Transcript::new(channel).of_topic(topic));
    model.resting = None;
    logins::know_me(model);
    model.touch();
    newest(model, channel)
}

pub(in crate::tui) fn draw(model: &Model, screen: &TopicsScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let mut title = vec![paint.own(Role::Title, "TOPICS")];
    if let Some(channel) = model.channel(screen.channel) {
        title.push(paint.own(Role::Dim, " · "));
        let room = usize::from(body.width / 2);
        title.extend(safe(
            &model.theme,
            &sanitise_line(&channel.name, room),
            Role::Text,
        ));
    }
    let count = screen.topics.as_ref().map(Vec::len);
    let count = count.map_or_else(Vec::new, |count| {
        vec![paint.own(Role::Dim, count.to_string())]
    });
    let area = inset(paint.head(body, title, count), 0, 0);
    let roomy = is_roomy(body);
    let place = inset(nth(area, usize::from(roomy)), 2, 1);
    paint.row(place, vec![paint.own(Role::Accent, "topic")]);
    let text = inset(place, 7, 0);
    if screen.editor.is_empty() {
        let hint = match screen.purpose {
            Purpose::Show => "type to find one, or to begin a new one",
            Purpose::Write => "type to find one, or to name a new one for this message",
        };
        paint.row(text, vec![paint.own(Role::Dim, hint)]);
    }
    let caret = field::draw(&screen.editor, &mut paint, text);
    let top = if roomy { 3 } else { 1 };
    let list = ratatui::layout::Rect {
        y: area.y + top.min(area.height),
        height: area.height.saturating_sub(top),
        ..area
    };
    let rows = screen.rows();
    let drawn: Vec<_> = (0..)
        .zip(&rows)
        .map(|(at, row)| {
            let (left, right) = line(model, &paint, screen, row);
            (left, right, at == screen.cursor)
        })
        .collect();
    paint.list(list, drawn.into_iter(), screen.cursor);
    if let Some(caret) = caret {
        frame.set_cursor_position(caret);
    }
}

/// Returns what a row says, and what stands right of it.
fn line(model: &Model, paint: &Paint<'_>, screen: &TopicsScreen, row: &Row<'_>) -> (Spans, Spans) {
    let mut left = vec![paint.own(Role::Text, " ")];
    let right = match row {
        Row::None => {
            let words = match screen.purpose {
                Purpose::Show => "all of the conversation",
                Purpose::Write => "no topic of its own",
            };
            left.push(paint.own(Role::Text, words));
            Vec::new()
        }
        Row::Known(topic) => {
            let name = sanitise_line(&topic.topic, TOPIC);
            left.extend(safe(&model.theme, &name, Role::Text));
            let word = if topic.messages == 1 {
                "message"
            } else {
                "messages"
            };
            let mut right = vec![paint.own(Role::Dim, format!("{} {word}", topic.messages))];
            if topic.unread > 0 {
                right.push(paint.own(Role::Accent, format!(" · new {}", topic.unread)));
            }
            right
        }
        Row::New(topic) => {
            left.push(paint.own(Role::Dim, "new: "));
            let name = sanitise_line(topic, TOPIC);
            left.extend(safe(&model.theme, &name, Role::Text));
            if screen.is_too_long() {
                let words = ours("too long");
                safe(&model.theme, &words, Role::Stop)
            } else {
                Vec::new()
            }
        }
    };
    (left, right)
}
