//! An invite of ours: QR code, link, state.
//!
//! The link is this program's own, but the relay in it may be anybody's text, so it is drawn
//! cell by cell through the sanitiser like typed text.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::api::{ChannelRef, Invite, Replaced, Request};
use crate::desktop::picture::Shown;
use crate::model::{ChannelId, ChannelState, PeerText};
use crate::text::{SpanKind, ours, sanitise, sanitise_line};
use crate::tui::keymap::{Action, Scope};
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::view;
use crate::tui::widget::editor::Editor;
use crate::tui::widget::paint::{Paint, Spans, age, clock, day, inset, nth, safe};
use crate::tui::widget::qr::Qr;

use super::side::preset_label;

/// Columns that the words beside a code need.
const WORDS: u16 = 34;

/// One invite on screen.
#[derive(Debug)]
pub(in crate::tui) struct InviteScreen {
    pub(in crate::tui) channel: ChannelId,
    pub(in crate::tui) invite: Option<Invite>,
    qr_only: bool,
    /// Whether `D` was pressed once.
    armed: bool,
    problem: Option<String>,
}

impl InviteScreen {
    pub(in crate::tui) fn showing(invite: Invite) -> Self {
        Self {
            channel: invite.channel.id,
            invite: Some(invite),
            qr_only: false,
            armed: false,
            problem: None,
        }
    }

    pub(in crate::tui) fn can_cancel(&self) -> bool {
        self.state() == Some(ChannelState::Invited)
    }

    /// Tells whether the whole window is enough for the code.
    pub(in crate::tui) fn fits(&self, model: &Model) -> bool {
        let (width, height) = model.size;
        let qr = self
            .invite
            .as_ref()
            .and_then(|invite| Qr::of(&invite.url, model.symbols));
        self.can_cancel() && qr.is_some_and(|qr| qr.fit(width, height).is_some())
    }

    /// Replacing finds the old invite by its number, so there has to be one.
    pub(in crate::tui) fn can_replace(&self) -> bool {
        self.can_cancel()
            && self
                .invite
                .as_ref()
                .is_some_and(|invite| invite.channel.phone.is_some())
    }

    fn state(&self) -> Option<ChannelState> {
        self.invite.as_ref().map(|invite| invite.channel.state)
    }
}

pub(in crate::tui) fn open(model: &mut Model, channel: ChannelId) -> Vec<Effect> {
    model.enter(Screen::Invite(Box::new(InviteScreen {
        channel,
        invite: None,
        qr_only: false,
        armed: false,
        problem: None,
    })));
    reload(model, channel)
}

pub(in crate::tui) fn reload(model: &mut Model, channel: ChannelId) -> Vec<Effect> {
    let request = Request::ShowInvite {
        channel: ChannelRef::Id(channel),
    };
    ask(model, request, Question::ShowInvite(channel))
}

pub(in crate::tui) fn take(model: &mut Model, invite: Invite) {
    if let Screen::Invite(screen) = &mut model.screen
        && screen.channel == invite.channel.id
    {
        screen.invite = Some(invite);
        screen.problem = None;
        model.touch();
    }
}

pub(in crate::tui) fn fail(model: &mut Model, problem: String) {
    if let Screen::Invite(screen) = &mut model.screen {
        screen.problem = Some(problem);
        model.touch();
    }
}

/// Says where the picture of the code is.
pub(in crate::tui) fn pictured(model: &mut Model, result: Result<Shown, String>) {
    match result {
        Ok(Shown { opened: true, .. }) => model.say(
            Tone::Fine,
            "Opened in your viewer. The file goes when you leave this screen.",
        ),
        Ok(Shown { path, .. }) => {
            let words = format!("It is {} until you leave this screen.", path.display());
            model.say(Tone::Fine, words);
        }
        Err(problem) => model.say(Tone::Trouble, format!("No picture: {problem}.")),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing on an invite"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let symbols = model.symbols;
    model.touch();
    let Screen::Invite(screen) = &mut model.screen else {
        return Vec::new();
    };
    let armed = std::mem::take(&mut screen.armed);
    let Some(invite) = &screen.invite else {
        if action == Action::Back {
            model.leave();
        }
        return Vec::new();
    };
    match action {
        Action::CopyLink => return vec![Effect::Copy(invite.url.clone())],
        Action::CopyInviteText => {
            return vec![Effect::Copy(sanitise(&invite.message).plain())];
        }
        Action::ShowPicture => {
            let picture = Qr::of(&invite.url, symbols).and_then(|qr| qr.png());
            if let Some(picture) = picture {
                return vec![Effect::ShowPicture(picture)];
            }
            screen.problem = Some("this link is too long for a QR code".to_owned());
        }
        Action::QrOnly => screen.qr_only = !screen.qr_only,
        Action::Back if screen.qr_only => screen.qr_only = false,
        Action::Back => model.leave(),
        Action::CancelInvite if armed => {
            let channel = screen.channel;
            let request = Request::CancelInvite {
                channel: ChannelRef::Id(channel),
            };
            return vec![Effect::Ask(request, Question::CancelInvite(channel))];
        }
        Action::CancelInvite => screen.armed = true,
        Action::Replace => {
            let request = Request::Invite {
                phone: invite.channel.phone.clone(),
                name: Some(invite.channel.name.clone()),
                preset: None,
                relay: Some(invite.channel.relay.clone()),
                replaces: Some(Replaced::Channel(ChannelRef::Id(screen.channel))),
                sender: None,
            };
            return vec![Effect::Ask(request, Question::MakeInvite)];
        }
        _ => {}
    }
    Vec::new()
}

pub(in crate::tui) fn draw(model: &Model, screen: &InviteScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let Some(invite) = &screen.invite else {
        let words = screen.problem.as_deref().unwrap_or("loading");
        let line = ours(words).truncated(body.width.into());
        paint.row(
            inset(nth(body, 1), 2, 0),
            safe(&model.theme, &line, Role::Dim),
        );
        return;
    };
    let qr = Qr::of(&invite.url, model.symbols);
    if screen.qr_only {
        let whole = frame.area();
        let mut paint = Paint {
            buffer: frame.buffer_mut(),
            theme: &model.theme,
        };
        draw_alone(model, qr.as_ref(), &mut paint, whole);
        return;
    }
    let beside = body.width.saturating_sub(WORDS);
    let fit = qr.as_ref().and_then(|qr| qr.fit(beside, body.height));
    let words = match (fit, &qr) {
        (Some((columns, rows)), Some(qr)) => {
            let left = (beside.min(60) - columns) / 2;
            let top = (body.height - rows) / 2;
            let place = Rect::new(body.x + left, body.y + top, columns, rows);
            qr.draw(place, paint.buffer);
            inset(body, (beside.min(60)).max(columns), 0)
        }
        _ => body,
    };
    if words.x > body.x {
        paint.wall(words);
    }
    let words = inset(words, 2, 1);
    let missing = fit.is_none().then(|| no_room(qr.as_ref(), model));
    let rows = rows(model, screen, invite, &paint, words, missing);
    draw_rows(&mut paint, words, rows);
}

/// Draws rows one below the other; where there are more than fit, the last one says so.
fn draw_rows(paint: &mut Paint<'_>, area: Rect, rows: Vec<Spans>) {
    let height = usize::from(area.height);
    let cut = rows.len() > height;
    for (down, row) in rows.into_iter().take(height).enumerate() {
        if cut && down + 1 == height {
            let more = vec![paint.own(Role::Dim, "…")];
            paint.pair(nth(area, down), row, more);
        } else {
            paint.row(nth(area, down), row);
        }
    }
}

/// Tells whether the code fits beside the words only if it takes all rows but the first.
pub(in crate::tui) fn is_tight(model: &Model, screen: &InviteScreen) -> bool {
    let body = view::body(model);
    let Some(invite) = screen.invite.as_ref().filter(|_| !screen.qr_only) else {
        return false;
    };
    let (width, height) = model.size;
    let beside = width.saturating_sub(WORDS);
    Qr::of(&invite.url, model.symbols).is_some_and(|qr| {
        qr.fit(beside, body.height).is_none() && qr.fit(beside, height.saturating_sub(1)).is_some()
    })
}

/// Draws the code over all rows but the first, with words and keys beside it.
pub(in crate::tui) fn draw_tight(model: &Model, screen: &InviteScreen, frame: &mut Frame<'_>) {
    let whole = frame.area();
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let place = Rect {
        y: 1,
        height: whole.height - 1,
        width: whole.width.saturating_sub(WORDS),
        ..whole
    };
    let Some(invite) = &screen.invite else {
        return;
    };
    let fit = Qr::of(&invite.url, model.symbols)
        .and_then(|qr| Some((qr.fit(place.width, place.height)?, qr)));
    let Some(((columns, _), qr)) = fit else {
        return;
    };
    qr.draw(place, paint.buffer);
    let words = inset(
        Rect {
            width: whole.width,
            ..place
        },
        columns + 2,
        1,
    );
    let mut rows = rows(model, screen, invite, &paint, words, None);
    rows.push(Vec::new());
    rows.extend(view::key_lines(model, &paint));
    draw_rows(&mut paint, words, rows);
    if let Some(notice) = &model.notice {
        let line = ours(&notice.text).truncated(words.width.into());
        let last = nth(words, usize::from(words.height - 1));
        paint.row(last, safe(&model.theme, &line, Role::Accent));
    }
}

fn draw_alone(model: &Model, qr: Option<&Qr>, paint: &mut Paint<'_>, area: Rect) {
    paint.buffer.reset();
    paint.buffer.set_style(area, model.theme.base());
    if let Some((qr, (columns, rows))) =
        qr.and_then(|qr| Some(qr).zip(qr.fit(area.width, area.height)))
    {
        let left = area.x + (area.width - columns) / 2;
        let top = area.y + (area.height - rows) / 2;
        qr.draw(Rect::new(left, top, columns, rows), paint.buffer);
    } else {
        let line = ours(&no_room(qr, model)).truncated(area.width.into());
        paint.row(area, safe(&model.theme, &line, Role::Wait));
    }
}

fn no_room(qr: Option<&Qr>, model: &Model) -> String {
    let (width, height) = model.size;
    qr.map_or_else(
        || "this link is too long for a QR code".to_owned(),
        |qr| {
            let (columns, rows) = qr.needs();
            if qr.fit(width, height).is_some() {
                let key = model.keys.label(Scope::Invite, Action::QrOnly);
                format!("{key} gives the QR code the whole window ({columns}x{rows})")
            } else {
                format!(
                    "no room for a QR here: it needs {columns}x{rows}, this is {width}x{height}"
                )
            }
        },
    )
}

fn state_words(state: ChannelState) -> (&'static str, Role) {
    match state {
        ChannelState::Invited => ("○ waiting for an answer", Role::Text),
        ChannelState::Requested => (
            "○ answered: review them (<invite.back>, <main.next_need>, <main.open>)",
            Role::Wait,
        ),
        ChannelState::Active => ("~ accepted", Role::Text),
        ChannelState::Stopped => ("✗ stopped: the key changed", Role::Stop),
        ChannelState::Superseded => ("· replaced by a newer invite; this link is dead", Role::Dim),
        ChannelState::Closed => ("· closed; this link is dead", Role::Dim),
    }
}

/// Returns the words beside or instead of the code; `missing` where the code has no room.
fn rows(
    model: &Model,
    screen: &InviteScreen,
    invite: &Invite,
    paint: &Paint<'_>,
    area: Rect,
    missing: Option<String>,
) -> Vec<Spans> {
    let room = usize::from(area.width);
    let tight = area.height < 14;
    if missing.is_none() && area.width >= 50 && area.height >= 24 && screen.can_cancel() {
        return steps(model, screen, invite, paint, room);
    }
    let mut rows: Vec<Spans> = Vec::new();
    let mut title = vec![paint.own(Role::Dim, "INVITE for ")];
    title.extend(safe(
        &model.theme,
        &sanitise_line(&invite.channel.name, room / 2),
        Role::Title,
    ));
    let preset = preset_label(&invite.channel.preset);
    title.push(paint.own(Role::Dim, " · "));
    title.extend(safe(&model.theme, &preset, Role::Dim));
    rows.push(title);
    let (words, role) = state_words(invite.channel.state);
    wrapped(model, &mut rows, room, (&model.keys.fill(words), role));
    if let Some(words) = missing {
        wrapped(model, &mut rows, room, (&words, Role::Dim));
    }
    if !tight {
        let made = invite.channel.created_at;
        let made = format!(
            "made {} {}",
            day(made, &model.zone),
            clock(made, &model.zone)
        );
        wrapped(model, &mut rows, room, (&made, Role::Dim));
        let checked = invite.checked_at.map_or_else(
            || "not checked yet".to_owned(),
            |at| format!("checked {} ago", age(model.now.since(at))),
        );
        wrapped(model, &mut rows, room, (&checked, Role::Dim));
    }
    // Before the link: in a low window what comes last is not seen.
    warnings(model, screen, &mut rows, room);
    rows.push(Vec::new());
    if screen.can_cancel() {
        link_rows(paint, &mut rows, room, &invite.url);
        rows.push(Vec::new());
        let words = "Give it to them by a way you trust: anyone who sees it can answer first. \
                     Compare their key before you rely on it.";
        wrapped(model, &mut rows, room, (words, Role::Dim));
    }
    rows
}

fn warnings(model: &Model, screen: &InviteScreen, rows: &mut Vec<Spans>, room: usize) {
    if let Some(problem) = &screen.problem {
        rows.push(Vec::new());
        wrapped(model, rows, room, (problem, Role::Stop));
    }
    if screen.armed {
        rows.push(Vec::new());
        let words = "<invite.cancel_invite> again cancels this invite. The link dies at once.";
        wrapped(model, rows, room, (&model.keys.fill(words), Role::Wait));
    }
}

/// Returns the words for a wide window: what to do, in its order.
fn steps(
    model: &Model,
    screen: &InviteScreen,
    invite: &Invite,
    paint: &Paint<'_>,
    room: usize,
) -> Vec<Spans> {
    let channel = &invite.channel;
    let mut title = vec![paint.own(Role::Heading, "INVITE for ")];
    title.extend(safe(
        &model.theme,
        &sanitise_line(&channel.name, room / 2),
        Role::Title,
    ));
    let mut preset = vec![paint.own(Role::Dim, "    engagement: ")];
    preset.extend(safe(
        &model.theme,
        &preset_label(&channel.preset),
        Role::Dim,
    ));
    title.extend(preset);
    let heading = |number: &'static str, words: &'static str| {
        vec![
            paint.own(Role::Accent, number),
            paint.own(Role::Heading, words),
        ]
    };
    let indented = |rows: &mut Vec<Spans>, words: &str, role: Role| {
        for line in sanitise(&PeerText::new(words)).wrap(room.saturating_sub(3)) {
            let mut spans = vec![paint.own(Role::Text, "   ")];
            spans.extend(safe(&model.theme, &line, role));
            rows.push(spans);
        }
    };
    let mut rows = vec![Vec::new(), title, Vec::new()];
    rows.push(heading("1", "  Give this link to them by a way you trust"));
    let mut cells: Vec<Spans> = Vec::new();
    link_rows(paint, &mut cells, room.saturating_sub(3), &invite.url);
    for row in cells {
        let mut spans = vec![paint.own(Role::Text, "   ")];
        spans.extend(row);
        rows.push(spans);
    }
    indented(&mut rows, "or let them scan the code", Role::Dim);
    rows.push(Vec::new());
    rows.push(heading("2", "  State"));
    let (words, role) = state_words(channel.state);
    indented(&mut rows, &model.keys.fill(words), role);
    let made = channel.created_at;
    let made = format!(
        "made {} {}",
        day(made, &model.zone),
        clock(made, &model.zone)
    );
    let checked = invite.checked_at.map_or_else(
        || "not checked yet".to_owned(),
        |at| format!("checked {} ago", age(model.now.since(at))),
    );
    indented(&mut rows, &format!("{made} · {checked}"), Role::Dim);
    rows.push(Vec::new());
    rows.push(heading("3", "  When somebody has answered: review them"));
    let words = "Anyone who sees the link can answer it first, and the relay cannot tell who \
                 did. Nothing is sent to them before you accept; ask them for their key first.";
    indented(&mut rows, words, Role::Dim);
    warnings(model, screen, &mut rows, room);
    rows
}

fn wrapped(model: &Model, rows: &mut Vec<Spans>, room: usize, (words, role): (&str, Role)) {
    for line in sanitise(&PeerText::new(words)).wrap(room) {
        rows.push(safe(&model.theme, &line, role));
    }
}

/// Writes a link cell by cell, as what is typed: the relay in it may be anybody's text.
pub(super) fn link_rows(paint: &Paint<'_>, rows: &mut Vec<Spans>, room: usize, url: &str) {
    let layout = Editor::with_text(&PeerText::new(url)).layout(room);
    for glyphs in layout.rows {
        let spans = glyphs.into_iter().map(|glyph| {
            let role = match glyph.kind {
                SpanKind::Text => Role::Accent,
                SpanKind::Mark => Role::Mark,
            };
            paint.own(role, glyph.text)
        });
        rows.push(spans.collect());
    }
}
