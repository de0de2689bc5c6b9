//! Writing as oneself: the draft of the open channel, its keys and its place at the bottom.
//!
//! Nothing leaves from here but by Enter, and nothing pops up over it: what arrives while one
//! writes is a line below the text. Leaving keeps the draft; a paste never sends.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::several;
use super::thread::{self, Belongs};
use crate::api::Request;
use crate::model::{Channel, ChannelId, ChannelState, NetworkId, PeerText, UnixMillis};
use crate::text::{ours, sanitise_line};
use crate::tui::keymap::{Action, Scope};
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Tone};
use crate::tui::theme::Role;
use crate::tui::widget::editor::{Editor, Layout};
use crate::tui::widget::field::role_of;
use crate::tui::widget::paint::{Paint, inset, nth, safe, width};

/// How long after the last key the draft is kept.
const KEEP_AFTER: Duration = Duration::from_secs(1);
/// Rows of text at least and at most, while writing.
const ROWS: (u16, u16) = (3, 10);

/// The text being written in the open channel.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, none of which excludes another"
)]
#[derive(Debug, Default)]
pub(in crate::tui) struct Composer {
    channel: Option<ChannelId>,
    pub(in crate::tui) editor: Editor,
    pub(in crate::tui) active: bool,
    /// Whether the kept draft has arrived; until then nothing is kept over it.
    loaded: bool,
    /// Whether it is to be sent as soon as it is certain that no older draft belongs to it.
    send_once_loaded: bool,
    changed: Option<UnixMillis>,
    keeping: bool,
    sending: bool,
    problem: Option<String>,
    /// Items that began to wait for a person while this was written.
    arrived: usize,
    /// Where the message belongs, and to whom else it goes.
    pub(super) belongs: Belongs,
}

impl Composer {
    pub(in crate::tui) fn for_channel(channel: ChannelId) -> Self {
        Self {
            channel: Some(channel),
            ..Self::default()
        }
    }

    pub(in crate::tui) fn save_at(&self) -> Option<UnixMillis> {
        let changed = self.changed.filter(|_| !self.keeping && self.loaded)?;
        Some(changed.after(KEEP_AFTER))
    }

    pub(in crate::tui) fn has_draft(&self) -> bool {
        !self.editor.is_blank()
    }

    /// Takes in the kept draft; what was typed before it came stands after it.
    pub(in crate::tui) fn take_draft(&mut self, channel: ChannelId, kept: &PeerText) {
        if self.channel != Some(channel) || self.loaded {
            return;
        }
        let typed = std::mem::take(&mut self.editor);
        self.editor = Editor::with_text(kept);
        self.editor.insert(&typed.text());
        self.loaded = true;
    }

    pub(in crate::tui) fn replace_text(&mut self, text: &PeerText, now: UnixMillis) {
        self.editor = Editor::with_text(text);
        self.changed = Some(now);
    }

    /// Asks for the draft to be kept, if there is something new and nothing under way.
    pub(in crate::tui) fn keep(&mut self) -> Option<Effect> {
        let channel = self.channel.filter(|_| self.loaded && !self.keeping)?;
        self.changed.take()?;
        self.keeping = true;
        let text = if self.editor.is_blank() {
            PeerText::default()
        } else {
            self.editor.text()
        };
        Some(Effect::Ask(
            Request::SaveDraft { channel, text },
            Question::SaveDraft(channel),
        ))
    }

    /// Tells whether a draft is being kept just now.
    pub(in crate::tui) fn is_keeping(&self) -> bool {
        self.keeping
    }

    pub(in crate::tui) fn kept(&mut self, channel: ChannelId) {
        if self.channel == Some(channel) {
            self.keeping = false;
        }
    }

    pub(in crate::tui) fn note_arrivals(&mut self, count: usize) {
        if self.active {
            self.arrived += count;
        }
    }

    pub(in crate::tui) fn sent(&mut self, channel: ChannelId, now: UnixMillis) {
        if self.channel != Some(channel) {
            return;
        }
        self.editor = Editor::default();
        self.belongs = Belongs::default();
        self.sending = false;
        self.problem = None;
        self.changed = Some(now);
    }

    pub(in crate::tui) fn not_sent(&mut self, channel: ChannelId, problem: String) {
        if self.channel == Some(channel) {
            self.sending = false;
            self.belongs.ask_again();
            self.problem = Some(problem);
        }
    }

    pub(in crate::tui) fn paste(&mut self, block: &PeerText, now: UnixMillis) {
        if !self.sending {
            self.editor.insert(block);
            self.belongs.ask_again();
            self.changed = Some(now);
        }
    }
}

/// Returns why one cannot write in this channel, in a sentence for `Keys::fill`; `None` where one
/// can.
pub(in crate::tui) fn closed_because(channel: &Channel) -> Option<&'static str> {
    Some(match channel.state {
        ChannelState::Active => return None,
        ChannelState::Invited if channel.network.is_direct() => {
            "You asked them; it begins when they ask you too."
        }
        ChannelState::Invited => "No answer yet. <main.open> shows the invite.",
        ChannelState::Requested => "Somebody asks: <main.next_need>, <main.open> reviews them.",
        ChannelState::Stopped => "Stopped: <main.next_need>, <main.open> settles the key.",
        ChannelState::Superseded => "A newer invite replaced this one.",
        ChannelState::Closed => "This channel is closed.",
    })
}

pub(in crate::tui) fn open(model: &mut Model) {
    model.composer.active = true;
    model.composer.arrived = 0;
    model.touch();
}

/// Takes in the kept draft. What was to be sent meanwhile leaves now, unless the draft adds to
/// it: nobody has seen the two together.
pub(in crate::tui) fn take_draft(
    model: &mut Model,
    channel: ChannelId,
    kept: &PeerText,
) -> Option<Effect> {
    model.composer.take_draft(channel, kept);
    model.touch();
    if model.composer.channel != Some(channel) {
        return None;
    }
    if !std::mem::take(&mut model.composer.send_once_loaded) {
        return None;
    }
    if kept.is_empty() {
        return send(model);
    }
    model.say(
        Tone::Trouble,
        "Not sent: an older draft was kept here. Look at both, then send.",
    );
    None
}

/// Acts on a key of the table.
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if action == Action::Back {
        model.composer.active = false;
        model.touch();
        return model.composer.keep().into_iter().collect();
    }
    if action == Action::NewLine {
        model.composer.editor.break_line();
        model.composer.changed = Some(model.now);
        model.touch();
    }
    if action == Action::Send {
        return send(model).into_iter().collect();
    }
    Vec::new()
}

pub(super) fn send(model: &mut Model) -> Option<Effect> {
    let composer = &mut model.composer;
    let channel = composer.channel.filter(|_| !composer.sending)?;
    if composer.editor.is_blank() {
        model.say(Tone::Trouble, "There is nothing to send yet.");
        return None;
    }
    if !composer.loaded {
        composer.send_once_loaded = true;
        return None;
    }
    let network = model.channel(channel).map(|channel| channel.network);
    let most = network.map_or(usize::MAX, NetworkId::longest_text);
    let size = model.composer.editor.size();
    if size > most {
        let (size, most) = (size.div_ceil(1024), most / 1024);
        let words = format!("Too long: {size} KiB, and a message takes {most}. Send it in parts.");
        model.say(Tone::Trouble, words);
        return None;
    }
    if !model.composer.belongs.may_leave() {
        several::ask(model);
        return None;
    }
    let composer = &mut model.composer;
    composer.sending = true;
    composer.problem = None;
    let body = composer.editor.text();
    model.touch();
    let (request, question) = thread::request(model, channel, body);
    Some(Effect::Ask(request, question))
}

/// Types a key that the table does not name.
pub(in crate::tui) fn edit(model: &mut Model, key: &KeyEvent) {
    let width = text_width(model);
    let now = model.now;
    let composer = &mut model.composer;
    if composer.sending {
        return;
    }
    let shift_enter = key.code == KeyCode::Enter
        && key
            .modifiers
            .intersects(KeyModifiers::SHIFT | KeyModifiers::ALT);
    let typed = if shift_enter {
        composer.editor.break_line();
        true
    } else if key.code == KeyCode::Up {
        composer.editor.vertical(-1, width);
        false
    } else if key.code == KeyCode::Down {
        composer.editor.vertical(1, width);
        false
    } else {
        composer.editor.edit(key)
    };
    if typed {
        composer.belongs.ask_again();
        composer.changed = Some(now);
    }
    model.touch();
}

/// Returns the rows the composer takes below a transcript in `room` rows.
pub(in crate::tui) fn rows(model: &Model, width: u16, room: u16) -> u16 {
    if !model.composer.active {
        return if room > 14 { 3 } else { u16::from(room > 6) };
    }
    let text = model
        .composer
        .editor
        .layout(usize::from(width.saturating_sub(4)));
    let wanted = u16::try_from(text.rows.len()).unwrap_or(u16::MAX);
    let most = ROWS.1.min(room.saturating_sub(4) / 2).max(1);
    let lines = wanted.clamp(ROWS.0.min(most), most);
    // The rule, the title, and the line for what arrives.
    (lines + 3 + head_rows(model, width)).min(room)
}

/// Returns how many rows say where the message belongs.
fn head_rows(model: &Model, width: u16) -> u16 {
    let room = usize::from(width.saturating_sub(2));
    u16::try_from(thread::rows(model, room).len()).unwrap_or(u16::MAX)
}

/// Returns the columns of text; the same for drawing and for moving up and down.
fn text_width(model: &Model) -> usize {
    let area = super::main::layout(model).centre;
    usize::from(area.width.saturating_sub(4))
}

/// Draws the composer, or the line that says how to open it.
pub(in crate::tui) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let Some(channel) = model.open_channel() else {
        return;
    };
    let caret = if model.composer.active {
        draw_active(model, channel, frame, area)
    } else {
        draw_resting(model, channel, frame, area);
        None
    };
    if let Some(position) = caret {
        frame.set_cursor_position(position);
    }
}

fn draw_resting(model: &Model, channel: &Channel, frame: &mut Frame<'_>, area: Rect) {
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let below_rule = if area.height > 1 {
        paint.rule(area);
        nth(area, 1)
    } else {
        area
    };
    let area_line = inset(below_rule, 1, 1);
    if let Some(why) = closed_because(channel) {
        paint.row(area_line, vec![paint.own(Role::Dim, model.keys.fill(why))]);
        return;
    }
    let name = safe(&model.theme, &sanitise_line(&channel.name, 24), Role::Dim);
    let mut left = if model.composer.has_draft() {
        vec![
            paint.own(Role::Wait, "Draft kept"),
            paint.own(Role::Dim, " for "),
        ]
    } else {
        vec![paint.own(Role::Dim, "Write to ")]
    };
    left.extend(name);
    if !model.composer.has_draft() && area.width >= 64 {
        left.push(paint.own(Role::Dim, " as yourself"));
    }
    let key = |action| model.keys.label(Scope::Main, action);
    let right = vec![
        paint.own(Role::Accent, key(Action::Write)),
        paint.own(Role::Dim, " write   "),
        paint.own(Role::Accent, key(Action::Editor)),
        paint.own(Role::Dim, " $EDITOR"),
    ];
    paint.pair(area_line, left, right);
    if model.composer.has_draft() && area.height > 2 {
        let first = sanitise_line(&model.composer.editor.first_line(), usize::from(area.width));
        paint.row(
            inset(nth(area, 2), 1, 1),
            safe(&model.theme, &first, Role::Dim),
        );
    }
}

/// Returns in words whether the key of whom one writes to was compared.
const fn compared(channel: &Channel) -> &'static str {
    match channel.state {
        ChannelState::Active if channel.verified.is_some() => " · code compared",
        ChannelState::Active => " · code not compared",
        ChannelState::Stopped
        | ChannelState::Invited
        | ChannelState::Requested
        | ChannelState::Superseded
        | ChannelState::Closed => "",
    }
}

fn draw_active(
    model: &Model,
    channel: &Channel,
    frame: &mut Frame<'_>,
    area: Rect,
) -> Option<Position> {
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let composer = &model.composer;
    paint.rule(area);
    let title = inset(nth(area, 1), 1, 1);
    let name = sanitise_line(&channel.name, 30);
    let (sign, role) = super::rail::trust(channel);
    let mut left = vec![
        paint.own(Role::Title, "AS YOURSELF"),
        paint.own(Role::Dim, " to "),
        paint.own(role, format!("{sign} ")),
    ];
    left.extend(safe(&model.theme, &name, Role::Title));
    let lines = composer.editor.lines();
    let count = match size(composer, channel) {
        Some(size) => size,
        None => format!("{lines} {}", plural(lines, "line")),
    };
    let state = match (
        composer.sending,
        composer.changed.is_some() || !composer.loaded,
    ) {
        (true, _) => "sending".to_owned(),
        (_, true) => count,
        // Of nothing, nothing is kept.
        (_, false) if composer.editor.is_empty() => count,
        (_, false) => format!("draft kept · {count}"),
    };
    let role = if too_long(composer, channel) {
        Role::Stop
    } else {
        Role::Dim
    };
    let mut state = vec![paint.own(role, state)];
    // Where Enter does not send, it is said where one looks while one writes.
    let send = model.keys.label(Scope::Composer, Action::Send);
    if send != "Enter" {
        state.push(paint.own(Role::Dim, " · "));
        state.push(paint.own(Role::Accent, send));
        state.push(paint.own(Role::Dim, " sends"));
    }
    // The sign says it already; the words are for where there is room.
    let words = paint.own(Role::Dim, compared(channel));
    if width(&left) + words.width() + width(&state) < usize::from(title.width) {
        left.push(words);
    }
    paint.pair(title, left, state);

    let above = draw_head(model, &mut paint, area) + 2;
    let text = Rect {
        y: area.y + above.min(area.height),
        height: area.height.saturating_sub(above + 1),
        ..area
    };
    let layout = composer
        .editor
        .layout(usize::from(area.width.saturating_sub(4)));
    let caret = draw_text(&mut paint, text, &layout);

    let below = inset(nth(area, usize::from(area.height.saturating_sub(1))), 1, 1);
    if let Some(problem) = &composer.problem {
        let mut line = vec![paint.own(Role::Stop, "not sent: ")];
        line.extend(safe(&model.theme, &ours(problem), Role::Text));
        paint.row(below, line);
    } else if composer.arrived > 0 {
        let arrived = composer.arrived;
        let what = if arrived == 1 {
            "1 item arrived that needs you. It waits; your keys stay in this text.".to_owned()
        } else {
            format!(
                "{arrived} items arrived that need you. They wait; your keys stay in this text."
            )
        };
        paint.row(below, vec![paint.own(Role::Wait, what)]);
    } else if channel.paused || model.status.as_ref().is_some_and(|s| s.paused.is_some()) {
        let what = "Paused: what you send waits until you resume.";
        paint.row(below, vec![paint.own(Role::Wait, what)]);
    }
    caret
}

/// Draws where the message belongs, below the title; returns the rows that takes.
fn draw_head(model: &Model, paint: &mut Paint<'_>, area: Rect) -> u16 {
    let rows = thread::rows(model, usize::from(area.width.saturating_sub(2)));
    for (pieces, down) in rows.iter().zip(2..) {
        let pieces = pieces.iter();
        let spans = pieces.flat_map(|(role, line)| safe(&model.theme, line, *role));
        paint.row(inset(nth(area, down), 1, 1), spans.collect());
    }
    head_rows(model, area.width)
}

/// Returns how much of what the network takes is written, once it is a good part of that.
fn size(composer: &Composer, channel: &Channel) -> Option<String> {
    let most = channel.network.longest_text();
    let size = composer.editor.size();
    if size * 4 < most * 3 {
        return None;
    }
    let words = format!("{} of {} KiB", size.div_ceil(1024), most / 1024);
    Some(if size > most {
        format!("{words}, too long to send")
    } else {
        words
    })
}

fn too_long(composer: &Composer, channel: &Channel) -> bool {
    composer.editor.size() > channel.network.longest_text()
}

/// Draws the rows around the caret; returns where the caret is on the screen.
pub(super) fn draw_text(paint: &mut Paint<'_>, area: Rect, layout: &Layout) -> Option<Position> {
    let (row, column) = layout.caret;
    let height = usize::from(area.height);
    let first = (row + 1).saturating_sub(height);
    for (down, glyphs) in layout.rows.iter().skip(first).take(height).enumerate() {
        let place = nth(area, down);
        let bar = paint.own(Role::Accent, "│");
        paint.row(inset(place, 1, 0), vec![bar]);
        let spans = glyphs
            .iter()
            .map(|glyph| paint.own(role_of(glyph), glyph.text.clone()));
        let spans = spans.collect();
        paint.row(inset(place, 2, 1), spans);
    }
    let x = area.x + 2 + u16::try_from(column).ok()?;
    let y = area.y + u16::try_from(row - first).ok()?;
    area.contains((x, y).into()).then_some(Position { x, y })
}

/// Takes what the person wrote in their own editor.
pub(in crate::tui) fn edited(
    model: &mut Model,
    channel: ChannelId,
    result: Result<PeerText, String>,
) {
    let now = model.now;
    let is_open = model
        .transcript
        .as_ref()
        .is_some_and(|open| open.channel == channel);
    match result {
        Ok(text) if is_open => {
            model.composer.replace_text(&text, now);
            open(model);
        }
        Ok(_) => model.say(
            Tone::Trouble,
            "The channel is not open any more; nothing was kept.",
        ),
        Err(problem) => model.say(Tone::Trouble, format!("Editor: {problem}.")),
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 {
        word.to_owned()
    } else {
        format!("{word}s")
    }
}

/// Takes a message back into the composer once the engine has let go of it.
pub(in crate::tui) fn take_back(model: &mut Model, text: &PeerText) {
    let now = model.now;
    if model.composer.editor.is_blank() {
        model.composer.replace_text(text, now);
        model.say(Tone::Fine, "Taken back. The text is in the composer again.");
    } else {
        model.say(
            Tone::Fine,
            "Taken back. Your newer draft was left as it is.",
        );
    }
}
