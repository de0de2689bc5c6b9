//! The same message to several: to whom, the question before it leaves, and what became of each.
//!
//! Each of them gets a sealed message; nothing is ever broadcast.

use std::collections::BTreeSet;

use ratatui::Frame;

use crate::api::{Error, Reply, SendOutcome, SentTo};
use crate::model::{Channel, ChannelId, PeerText};
use crate::text::{sanitise, sanitise_line};
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::model::{JustSent, Model, Screen};
use crate::tui::theme::Role;
use crate::tui::update::newest;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, inset, is_roomy, nth, safe};

use super::{composer, logins, rail, thread};

/// Rows that a page key moves.
const PAGE: usize = 5;
/// Cells of a name, and of an id.
const NAME: usize = 40;

/// How far it is.
#[derive(Debug)]
enum Stage {
    /// Who gets it too is being chosen.
    Choose(BTreeSet<ChannelId>),
    /// Whether it is to leave.
    Ask,
    /// What became of each.
    Sent(Vec<SentTo>),
}

/// The list of recipients.
#[derive(Debug)]
pub(in crate::tui) struct SeveralScreen {
    /// The channel in which it is written.
    channel: ChannelId,
    stage: Stage,
    cursor: usize,
}

impl SeveralScreen {
    /// Returns who is listed.
    fn listed(&self, model: &Model) -> Vec<ChannelId> {
        match &self.stage {
            Stage::Choose(_) => match model.channel(self.channel) {
                Some(channel) => thread::candidates(model, channel)
                    .map(|other| other.id)
                    .collect(),
                None => Vec::new(),
            },
            Stage::Ask => {
                let others = model.composer.belongs.others().iter().copied();
                std::iter::once(self.channel).chain(others).collect()
            }
            Stage::Sent(sent) => sent.iter().map(|one| one.channel).collect(),
        }
    }
}

fn enter(model: &mut Model, stage: Stage) {
    let Some(channel) = model.open_channel().map(|channel| channel.id) else {
        return;
    };
    model.enter(Screen::Several(Box::new(SeveralScreen {
        channel,
        stage,
        cursor: 0,
    })));
}

/// Lets a person choose who gets the message too.
pub(super) fn choose(model: &mut Model) {
    let chosen = model.composer.belongs.others().iter().copied().collect();
    enter(model, Stage::Choose(chosen));
}

/// Asks whether the message is to leave to all of them.
pub(super) fn ask(model: &mut Model) {
    enter(model, Stage::Ask);
}

/// Takes in what became of each.
pub(in crate::tui) fn sent(
    model: &mut Model,
    channel: ChannelId,
    answer: Result<Reply, Error>,
) -> Vec<Effect> {
    let now = model.now;
    let sent = match answer {
        Ok(Reply::SentToSeveral(sent)) => sent,
        // An engine answers in kind.
        Ok(_) => return Vec::new(),
        Err(error) => {
            model.composer.not_sent(channel, error.to_string());
            model.touch();
            return Vec::new();
        }
    };
    let here = sent.iter().find(|one| one.channel == channel);
    if let Some(SendOutcome::Queued { message, due, .. }) = here.map(|one| &one.outcome) {
        model.just_sent = Some(JustSent {
            message: *message,
            channel,
            due: *due,
            text: model.composer.editor.text(),
            draft: false,
        });
    }
    model.composer.sent(channel, now);
    model.composer.active = false;
    let is_main = matches!(model.screen, Screen::Main);
    if is_main {
        enter(model, Stage::Sent(sent));
    }
    let mut effects: Vec<_> = model.composer.keep().into_iter().collect();
    effects.extend(newest(model, channel));
    effects
}

/// Tells whether an action would do anything now; `None` where that does not depend on the list.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is as on any screen"
)]
pub(in crate::tui) fn can(model: &Model, action: Action) -> Option<bool> {
    let Screen::Several(screen) = &model.screen else {
        return None;
    };
    let choosing = matches!(screen.stage, Stage::Choose(_));
    match action {
        Action::Select | Action::Everyone | Action::Open => Some(choosing),
        Action::Confirm => Some(matches!(screen.stage, Stage::Ask)),
        _ => None,
    }
}

/// Says why an action does nothing now.
pub(in crate::tui) fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    can(model, action).filter(|can| !can)?;
    let Screen::Several(screen) = &model.screen else {
        return None;
    };
    Some(match &screen.stage {
        Stage::Choose(_) => "Choose first; it is asked once more before it leaves.",
        Stage::Ask => "<several.confirm> sends it, <several.back> does not.",
        Stage::Sent(_) => "This is what became of each; <several.back> goes back.",
    })
}

/// Acts on a key of the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in this list"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let Screen::Several(screen) = &model.screen else {
        return Vec::new();
    };
    let listed = screen.listed(model);
    let last = listed.len().saturating_sub(1);
    let from = screen.cursor.min(last);
    let to = match action {
        Action::Up => from.saturating_sub(1),
        Action::Down => (from + 1).min(last),
        Action::PageUp => from.saturating_sub(PAGE),
        Action::PageDown => (from + PAGE).min(last),
        Action::Top => 0,
        Action::Bottom => last,
        Action::Select | Action::Everyone => {
            let of = listed.get(from).filter(|_| action == Action::Select);
            turn(model, of.copied(), &listed);
            from
        }
        Action::Open => return take_over(model, &listed),
        Action::Confirm => {
            model.composer.belongs.agree();
            model.leave();
            return composer::send(model).into_iter().collect();
        }
        Action::Back => {
            model.leave();
            return Vec::new();
        }
        _ => from,
    };
    if let Screen::Several(screen) = &mut model.screen {
        screen.cursor = to;
    }
    Vec::new()
}

/// Chooses one, or no longer; without one, everybody or nobody.
fn turn(model: &mut Model, one: Option<ChannelId>, listed: &[ChannelId]) {
    let Screen::Several(screen) = &mut model.screen else {
        return;
    };
    let Stage::Choose(chosen) = &mut screen.stage else {
        return;
    };
    match one {
        Some(id) if chosen.remove(&id) => {}
        Some(id) => {
            chosen.insert(id);
        }
        None if listed.iter().all(|id| chosen.contains(id)) => chosen.clear(),
        None => chosen.extend(listed),
    }
}

/// Goes back to the message, which goes to those that are chosen, in the order of the list.
fn take_over(model: &mut Model, listed: &[ChannelId]) -> Vec<Effect> {
    let Screen::Several(screen) = &model.screen else {
        return Vec::new();
    };
    if let Stage::Choose(chosen) = &screen.stage {
        let listed = listed.iter().copied();
        let others = listed.filter(|id| chosen.contains(id)).collect();
        model.composer.belongs.set_others(others);
    }
    model.leave();
    Vec::new()
}

pub(in crate::tui) fn draw(model: &Model, screen: &SeveralScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let heading = match screen.stage {
        Stage::Choose(_) => "SEND TO OTHERS TOO",
        Stage::Ask => "SEND TO SEVERAL?",
        Stage::Sent(_) => "SENT TO SEVERAL",
    };
    let mut title = vec![paint.own(Role::Title, heading)];
    let login = model
        .channel(screen.channel)
        .and_then(|channel| logins::of(model, channel));
    if let Some(login) = login {
        title.push(paint.own(Role::Dim, " · as "));
        let name = sanitise_line(&PeerText::new(login.address.as_str()), NAME);
        title.extend(safe(&model.theme, &name, Role::Text));
    }
    let listed = screen.listed(model);
    let count = match &screen.stage {
        Stage::Choose(chosen) => format!("{} of {}", chosen.len(), listed.len()),
        Stage::Ask | Stage::Sent(_) => listed.len().to_string(),
    };
    let count = vec![paint.own(Role::Dim, count)];
    let area = paint.head(body, title, count);
    let room = usize::from(area.width).saturating_sub(3);
    let mut down = usize::from(is_roomy(body));
    for line in sanitise(&PeerText::new(said(model, screen))).wrap(room) {
        let role = if matches!(screen.stage, Stage::Ask) {
            Role::Wait
        } else {
            Role::Dim
        };
        let spans = safe(&model.theme, &line, role);
        paint.row(inset(nth(area, down), 2, 1), spans);
        down += 1;
    }
    down += usize::from(is_roomy(body));
    let top = u16::try_from(down).unwrap_or(u16::MAX).min(area.height);
    let list = ratatui::layout::Rect {
        y: area.y + top,
        height: area.height - top,
        ..area
    };
    let rows: Vec<_> = listed
        .iter()
        .zip(0..)
        .map(|(id, at)| {
            let (left, right) = line(model, &paint, screen, *id);
            (left, right, at == screen.cursor)
        })
        .collect();
    paint.list(list, rows.into_iter(), screen.cursor);
}

/// Says what the list is for.
fn said(model: &Model, screen: &SeveralScreen) -> String {
    let words = match &screen.stage {
        Stage::Choose(_) => {
            "Who gets this message too. Each gets one of their own, sealed for them, and is told \
             who else gets it. Nothing is broadcast."
        }
        Stage::Ask => {
            "It leaves once for each of these, sealed for each, and tells them who else gets it. \
             <several.confirm> sends it; <several.back> does not."
        }
        Stage::Sent(_) => "What became of each. Their conversations say how it goes on.",
    };
    model.keys.fill(words)
}

fn line(model: &Model, paint: &Paint<'_>, screen: &SeveralScreen, id: ChannelId) -> (Spans, Spans) {
    let Some(channel) = model.channel(id) else {
        return (Vec::new(), Vec::new());
    };
    let mut left = Vec::new();
    let right = match &screen.stage {
        Stage::Choose(chosen) => {
            let mark = if chosen.contains(&id) { "[x] " } else { "[ ] " };
            left.push(paint.own(Role::Accent, mark));
            Vec::new()
        }
        Stage::Ask => Vec::new(),
        Stage::Sent(sent) => {
            let outcome = sent.iter().find(|one| one.channel == id);
            outcome.map_or_else(Vec::new, |one| became(paint, &one.outcome))
        }
    };
    left.insert(0, paint.own(Role::Text, " "));
    left.extend(named(model, paint, channel));
    (left, right)
}

fn named(model: &Model, paint: &Paint<'_>, channel: &Channel) -> Spans {
    let (sign, role) = rail::trust(channel);
    let mut spans = vec![paint.own(role, format!("{sign} "))];
    let name = sanitise_line(&channel.name, NAME);
    spans.extend(safe(&model.theme, &name, Role::Text));
    let address = PeerText::new(channel.address.as_str());
    if address != channel.name {
        spans.push(paint.own(Role::Dim, "  "));
        let address = sanitise_line(&address, NAME);
        spans.extend(safe(&model.theme, &address, Role::Dim));
    }
    spans
}

/// Says what became of one.
fn became(paint: &Paint<'_>, outcome: &SendOutcome) -> Spans {
    let (role, words) = match outcome {
        SendOutcome::Queued { problem: None, .. } => (Role::Text, "leaves in a moment"),
        SendOutcome::Queued {
            problem: Some(_), ..
        } => (Role::Wait, "queued, sent as soon as possible"),
        SendOutcome::Relayed { .. } => (Role::Text, "has left"),
        SendOutcome::Held { .. } => (Role::Wait, "held, waits for a decision"),
    };
    vec![paint.own(role, words)]
}
