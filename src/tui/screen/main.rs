//! The main screen: needs-you list and channels, the open transcript, the side pane.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::api::Request;
use crate::model::{ChannelId, ChannelState, Delivery, MessageId, ReviewKind};
use crate::profile::config;
use crate::text::sanitise;
use crate::tui::keymap::{Action, Scope};
use crate::tui::message::{Effect, Question, Sheet};
use crate::tui::model::{Asking, Model, Pane, Spot, Tone};
use crate::tui::update::{ask, open_channel};
use crate::tui::view;
use crate::tui::widget::paint::{Paint, inset, nth};

use super::transcript::{Transcript, Window, jump};
use super::{
    composer, end_channel, engagement, form, identities, invite, logins, note, rename, review,
    safety_code, scan, topics, why,
};

/// Messages asked for at a time.
pub(in crate::tui) const PAGE: u32 = 200;

/// Where the panes are; a pane without room has no width.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::tui) struct Layout {
    pub(in crate::tui) rail: Rect,
    pub(in crate::tui) centre: Rect,
    pub(in crate::tui) side: Rect,
    pub(in crate::tui) banner: Rect,
}

/// Divides the window: three panes from 110 columns, two from 64; the settings may allow less.
pub(in crate::tui) fn layout(model: &Model) -> Layout {
    let body = view::body(model);
    let paused = model
        .status
        .as_ref()
        .is_some_and(|status| status.paused.is_some());
    let banner_rows = match (paused, body.height) {
        (false, _) => 0,
        (true, 0..12) => 1,
        (true, _) => 5,
    };
    let banner = Rect {
        height: banner_rows.min(body.height),
        ..body
    };
    let body = Rect {
        y: body.y + banner.height,
        height: body.height - banner.height,
        ..body
    };
    let part = |x: u16, width: u16| Rect {
        x: body.x + x,
        width,
        ..body
    };
    let none = Rect::default();
    let writing = model.composer.active;
    let columns = match model.config.layout() {
        config::Layout::Auto => body.width,
        config::Layout::Two => body.width.min(109),
        config::Layout::One => body.width.min(63),
    };
    let (rail, centre, side) = match columns {
        110.. => (
            part(0, 30),
            part(30, body.width - 64),
            part(body.width - 34, 34),
        ),
        64.. if writing => (none, part(0, body.width), none),
        64.. if model.pane == Pane::Side => (part(0, 24), none, part(24, body.width - 24)),
        64.. => (part(0, 24), part(24, body.width - 24), none),
        _ if writing => (none, body, none),
        _ => match model.pane {
            Pane::Rail => (body, none, none),
            Pane::Transcript => (none, body, none),
            Pane::Side => (none, none, body),
        },
    };
    Layout {
        rail,
        centre,
        side,
        banner,
    }
}

/// Returns the rectangle of messages inside the centre pane.
pub(super) fn transcript_area(model: &Model, centre: Rect) -> Rect {
    let inner = if centre.x > 0 {
        inset(centre, 1, 0)
    } else {
        centre
    };
    let title = if inner.height >= 10 {
        2
    } else {
        u16::from(inner.height > 2)
    };
    let below = composer::rows(model, inner.width, inner.height.saturating_sub(title));
    Rect {
        y: inner.y + title.min(inner.height),
        height: inner.height.saturating_sub(title + below),
        ..inner
    }
}

/// Returns the size of the transcript as it is drawn now.
pub(in crate::tui) fn window(model: &Model) -> Window<'_> {
    let area = transcript_area(model, layout(model).centre);
    Window {
        width: area.width,
        height: area.height,
        zone: &model.zone,
    }
}

pub(in crate::tui) fn draw(model: &Model, frame: &mut Frame<'_>) {
    let panes = layout(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    super::pause::draw(model, &mut paint, panes.banner);
    if panes.rail.width > 0 {
        super::rail::draw(model, &mut paint, panes.rail);
    }
    if panes.side.width > 0 {
        if panes.side.x > 0 {
            paint.wall(panes.side);
        }
        super::side::draw(model, &mut paint, side_area(&panes));
    }
    if panes.centre.width == 0 {
        return;
    }
    let inner = if panes.centre.x > 0 {
        paint.wall(panes.centre);
        inset(panes.centre, 1, 0)
    } else {
        panes.centre
    };
    let area = transcript_area(model, panes.centre);
    if area.y > inner.y {
        super::transcript_view::draw_title(model, &mut paint, nth(inner, 0));
    }
    if area.y > inner.y + 1 {
        super::transcript_view::draw_rule(model, &mut paint, nth(inner, 1));
    }
    super::transcript_view::draw(model, &mut paint, area);
    let below = Rect {
        y: area.bottom(),
        height: inner.bottom().saturating_sub(area.bottom()),
        ..inner
    };
    composer::draw(model, frame, below);
}

/// Acts on a key of the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing on this screen"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let was_leading = model.leader.take().is_some();
    match action {
        Action::Up
        | Action::Down
        | Action::Top
        | Action::Bottom
        | Action::PageUp
        | Action::PageDown => travel(model, action),
        Action::NextPane | Action::PreviousPane => {
            let next = next_pane(model, action == Action::NextPane);
            go_to(model, next)
        }
        Action::PaneTranscript => go_to(model, Pane::Transcript),
        Action::PaneSide => go_to(model, Pane::Side),
        Action::Open => open(model),
        Action::Write => {
            composer::open(model);
            Vec::new()
        }
        Action::Editor => {
            model
                .open_channel()
                .map(|channel| channel.id)
                .map_or_else(Vec::new, |id| {
                    vec![Effect::OpenEditor(
                        Sheet::Letter(id),
                        model.composer.editor.text(),
                    )]
                })
        }
        Action::TakeBack => take_back(model),
        Action::Retry => {
            let id = model
                .transcript
                .as_ref()
                .and_then(|t| t.selected())
                .map(|message| message.id);
            id.map_or_else(Vec::new, |message| {
                vec![Effect::Ask(Request::Retry { message }, Question::Retry)]
            })
        }
        Action::CopyMessage => copy_message(model),
        Action::NextUnread | Action::PreviousUnread => {
            super::rail::unread(model, action == Action::NextUnread)
        }
        Action::Engagement => engagement::open(model),
        Action::CompareCode => safety_code::open(model),
        Action::OpenLog => super::decision_log::open(model, None),
        Action::Note => note::open(model),
        Action::LookAround => scan::open(model),
        Action::AskBack => scan::ask_back(model),
        Action::NewInvite => form::open_invite(model),
        Action::AcceptLink => form::open_accept(model, None),
        Action::Leader => {
            model.leader = Some(model.now);
            Vec::new()
        }
        Action::PauseChannel => pause_channel(model),
        Action::Rename => {
            rename::open(model);
            Vec::new()
        }
        Action::EndChannel => {
            end_channel::open(model);
            Vec::new()
        }
        Action::Why => why::open(model),
        Action::Back if was_leading => Vec::new(),
        Action::Back if topics::is_on(model) => topics::show(model, None),
        Action::Logins => logins::open(model),
        Action::Identities => identities::open(model),
        Action::Back | Action::PaneLists => go_to(model, Pane::Rail),
        Action::Quit => quit(model),
        _ => Vec::new(),
    }
}

/// Tells whether there is anything to move among in the pane that has the keys.
pub(in crate::tui) fn can_move(model: &Model) -> bool {
    match model.pane {
        Pane::Rail => !model.spots().is_empty(),
        Pane::Transcript => model
            .transcript
            .as_ref()
            .is_some_and(|transcript| !transcript.messages.is_empty()),
        Pane::Side => super::side::overflow(model, side_area(&layout(model))) > 0,
    }
}

/// Returns the place of the side pane's rows, right of its wall where it has one.
pub(super) fn side_area(panes: &Layout) -> Rect {
    inset(panes.side, u16::from(panes.side.x > 0), 0)
}

fn go_to(model: &mut Model, pane: Pane) -> Vec<Effect> {
    model.pane = pane;
    Vec::new()
}

fn next_pane(model: &Model, forward: bool) -> Pane {
    let order = [Pane::Rail, Pane::Transcript, Pane::Side];
    let at = order
        .iter()
        .position(|pane| *pane == model.pane)
        .unwrap_or(0);
    let step = if forward { 1 } else { order.len() - 1 };
    order
        .into_iter()
        .cycle()
        .nth(at + step)
        .unwrap_or(Pane::Rail)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only the keys that move come here"
)]
fn travel(model: &mut Model, action: Action) -> Vec<Effect> {
    if model.pane == Pane::Rail {
        return travel_rail(model, action);
    }
    if model.pane == Pane::Side {
        let area = side_area(&layout(model));
        super::side::travel(model, action, area);
        return Vec::new();
    }
    let Some(mut transcript) = model.transcript.take() else {
        return Vec::new();
    };
    let zone = model.zone.clone();
    let window = Window {
        zone: &zone,
        ..window(model)
    };
    let wants_older = match action {
        Action::Up => transcript.up(window),
        Action::PageUp => transcript.page(true, window),
        Action::PageDown => transcript.page(false, window),
        Action::Top => {
            transcript.top(window);
            true
        }
        Action::Bottom => {
            transcript.bottom();
            false
        }
        _ => {
            transcript.down(window);
            false
        }
    };
    if action == Action::Bottom {
        model.transcript = Some(transcript);
        return jump::follow(model);
    }
    scrolled(model, transcript, wants_older)
}

/// Puts the transcript back after it was scrolled, and asks for older messages where needed.
pub(super) fn scrolled(
    model: &mut Model,
    transcript: Transcript,
    wants_older: bool,
) -> Vec<Effect> {
    let older = (wants_older && transcript.more)
        .then(|| transcript.oldest())
        .flatten();
    let channel = transcript.channel;
    let topic = transcript.topic.clone();
    model.transcript = Some(transcript);
    let Some(before) = older else {
        return jump::newer(model);
    };
    let request = Request::Transcript {
        channel,
        before: Some(before),
        limit: PAGE,
        topic: topic.clone(),
    };
    ask(model, request, Question::Older(channel, topic))
}

fn travel_rail(model: &mut Model, action: Action) -> Vec<Effect> {
    let spots = model.spots();
    let Some(last) = spots.len().checked_sub(1) else {
        return Vec::new();
    };
    let at = model
        .cursor
        .and_then(|cursor| spots.iter().position(|spot| *spot == cursor));
    let page = usize::from(model.size.1 / 2).max(1);
    let to = match (action, at) {
        (Action::Top, _) | (_, None) => 0,
        (Action::Bottom, _) => last,
        (Action::Up, Some(at)) => at.saturating_sub(1),
        (Action::PageUp, Some(at)) => at.saturating_sub(page),
        (Action::PageDown, Some(at)) => (at + page).min(last),
        (_, Some(at)) => (at + 1).min(last),
    };
    spots
        .get(to)
        .copied()
        .map_or_else(Vec::new, |spot| select(model, spot))
}

/// Puts the cursor on a row of the rail and shows its channel beside it.
pub(in crate::tui) fn select(model: &mut Model, spot: Spot) -> Vec<Effect> {
    model.cursor = Some(spot);
    model.rail_scroll = (None, None);
    model.touch();
    model
        .channel_of(spot)
        .map_or_else(Vec::new, |channel| open_channel(model, channel))
}

fn open(model: &mut Model) -> Vec<Effect> {
    if model.pane == Pane::Transcript {
        return open_message(model);
    }
    match model.cursor {
        Some(Spot::Need(id)) => review::open(model, id),
        Some(Spot::Channel(id)) => open_row(model, id),
        None => Vec::new(),
    }
}

/// Tells whether a channel was made by a link that can be shown.
fn has_link(model: &Model, id: ChannelId) -> bool {
    let channel = model.channel(id);
    channel.is_some_and(|channel| !channel.network.is_direct())
}

fn open_row(model: &mut Model, id: ChannelId) -> Vec<Effect> {
    let state = model.channel(id).map(|channel| channel.state);
    let waits = model.needs.iter().flatten().find(|item| {
        use ReviewKind::{ContactRequest, KeyChange};
        item.channel == id && matches!(item.kind, ContactRequest { .. } | KeyChange { .. })
    });
    match (state, waits.map(|item| item.id)) {
        (_, Some(item)) => review::open(model, item),
        (Some(ChannelState::Invited), None) if has_link(model, id) => invite::open(model, id),
        _ => {
            model.pane = Pane::Transcript;
            Vec::new()
        }
    }
}

/// Opens the review of a held message, or unfolds a long one.
fn open_message(model: &mut Model) -> Vec<Effect> {
    let zone = model.zone.clone();
    let window = Window {
        zone: &zone,
        ..window(model)
    };
    let selected = model
        .transcript
        .as_ref()
        .and_then(|transcript| transcript.selected());
    let id = selected.map(|message| message.id);
    let item = model.needs.iter().flatten().find(|item| match &item.kind {
        ReviewKind::HeldMessage { message, .. } | ReviewKind::HeldDraft { message, .. } => {
            Some(*message) == id
        }
        ReviewKind::ContactRequest { .. } | ReviewKind::KeyChange { .. } => false,
    });
    if let Some(id) = item.map(|item| item.id) {
        return review::open(model, id);
    }
    let unfolds = match &mut model.transcript {
        Some(transcript) => transcript.toggle_fold(window),
        None => false,
    };
    if !unfolds {
        model.say(Tone::Trouble, "All of this message is shown already.");
    }
    Vec::new()
}

/// Returns the message of the open channel that still waits to leave: as the transcript shows
/// it, or as the engine said when it took it and before the transcript was read again.
pub(in crate::tui) fn leaving(model: &Model) -> Option<MessageId> {
    let open = model.transcript.as_ref()?;
    let shown = open.leaving(model.now).map(|message| message.id);
    shown.or_else(|| {
        model
            .just_sent
            .as_ref()
            .filter(|sent| sent.channel == open.channel && sent.due > model.now)
            .map(|sent| sent.message)
    })
}

/// Takes back what was sent last, while it waits to leave.
pub(super) fn take_back(model: &Model) -> Vec<Effect> {
    leaving(model).map_or_else(Vec::new, |message| {
        vec![Effect::Ask(
            Request::TakeBack { message },
            Question::TakeBack(message),
        )]
    })
}

/// Copies what the selected message says as quoted safe text: never the bytes as they came.
fn copy_message(model: &Model) -> Vec<Effect> {
    let selected = model
        .transcript
        .as_ref()
        .and_then(|transcript| transcript.selected());
    let text = selected.map(|message| message.content.text());
    text.map_or_else(Vec::new, |text| vec![Effect::Copy(quoted(text))])
}

/// Returns safe text with `> ` before every line.
pub(in crate::tui) fn quoted(text: &crate::model::PeerText) -> String {
    let mut copy = String::new();
    for line in sanitise(text).lines() {
        copy.push_str("> ");
        copy.push_str(&line.plain());
        copy.push('\n');
    }
    copy
}

fn pause_channel(model: &Model) -> Vec<Effect> {
    let Some(channel) = model.open_channel() else {
        return Vec::new();
    };
    let (id, paused) = (channel.id, channel.paused);
    let request = if paused {
        Request::Resume {
            channel: Some(id.into()),
        }
    } else {
        Request::Pause {
            channel: Some(id.into()),
        }
    };
    vec![Effect::Ask(request, Question::Pause(!paused, Some(id)))]
}

/// Pauses everything at once; resuming asks once.
pub(in crate::tui) fn pause_all(model: &mut Model) -> Vec<Effect> {
    let paused = model
        .status
        .as_ref()
        .is_some_and(|status| status.paused.is_some());
    if !paused {
        let request = Request::Pause { channel: None };
        return vec![Effect::Ask(request, Question::Pause(true, None))];
    }
    if model.asking == Some(Asking::ResumeAll) {
        model.asking = None;
        model.notice = None;
        let request = Request::Resume { channel: None };
        return vec![Effect::Ask(request, Question::Pause(false, None))];
    }
    let key = model.keys.label(Scope::Anywhere, Action::PauseAll);
    model.say(
        Tone::Trouble,
        format!("{key} again resumes: what waits leaves, your assistant reads on."),
    );
    model.asking = Some(Asking::ResumeAll);
    Vec::new()
}

fn quit(model: &mut Model) -> Vec<Effect> {
    let waiting = model.needs_count();
    let outbox = model.status.as_ref().map_or(0, |status| status.outbox);
    let asked = model.asking == Some(Asking::Quit);
    if asked || (waiting == 0 && outbox == 0) {
        let mut effects = model.part();
        effects.push(Effect::Quit);
        return effects;
    }
    let key = model.keys.label(Scope::Main, Action::Quit);
    let mut parts = Vec::new();
    if waiting > 0 {
        parts.push(format!("{waiting} undecided, nothing happens to them"));
    }
    if outbox > 0 {
        parts.push(format!("{outbox} not sent yet, kept"));
    }
    model.say(
        Tone::Trouble,
        format!("{}. {key} again quits.", parts.join(" · ")),
    );
    model.asking = Some(Asking::Quit);
    Vec::new()
}

/// Tells whether the selected message could be tried again.
pub(in crate::tui) fn can_retry(model: &Model) -> bool {
    let selected = model
        .transcript
        .as_ref()
        .and_then(|transcript| transcript.selected());
    model.pane == Pane::Transcript
        && selected.is_some_and(|message| {
            matches!(
                message.delivery,
                Some(
                    Delivery::Failed { .. }
                        | Delivery::Queued {
                            problem: Some(_),
                            ..
                        }
                )
            )
        })
}
