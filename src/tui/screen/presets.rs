//! The choice of an engagement preset for one channel. A wider one asks for a second key.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::api::{ChannelRef, Request};
use crate::model::{ChannelId, PeerText, Preset};
use crate::text::{sanitise, sanitise_line};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, inset, nth, safe};

use super::rail::preset_short;
use super::side::preset_label;

/// The list, for one channel.
#[derive(Debug)]
pub(in crate::tui) struct PresetScreen {
    channel: ChannelId,
    cursor: usize,
    /// Whether the line about widening is shown and `A` carries it out.
    armed: bool,
    busy: bool,
}

pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    let Some(channel) = model.open_channel() else {
        return Vec::new();
    };
    let (id, current) = (channel.id, channel.preset.clone());
    let cursor = names(model)
        .iter()
        .position(|name| *name == current)
        .unwrap_or(0);
    model.enter(Screen::Presets(Box::new(PresetScreen {
        channel: id,
        cursor,
        armed: false,
        busy: false,
    })));
    ask(model, Request::Presets, Question::Presets)
}

fn names(model: &Model) -> Vec<String> {
    if model.presets.is_empty() {
        Preset::ALL
            .iter()
            .map(|preset| preset.as_str().to_owned())
            .collect()
    } else {
        model.presets.clone()
    }
}

/// What has to be known before a preset is chosen that lets the assistant say more.
pub(super) const ADVICE: &str =
    "For now this only advises your assistant: its rules are not enforced yet.";

/// Tells whether a preset lets the assistant say more than the default.
pub(super) fn is_wide(name: &str) -> bool {
    reach(name) > 0
}

/// How much a preset lets the assistant do; one of the profile's own counts as the most.
fn reach(name: &str) -> u8 {
    match Preset::parse(name) {
        Some(Preset::SafeAcquaintance | Preset::OneTime) => 0,
        Some(Preset::TrustedColleague) => 1,
        Some(Preset::InnerCircle) => 2,
        None => 3,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in this list"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let names = names(model);
    let Screen::Presets(screen) = &model.screen else {
        return Vec::new();
    };
    let current = model
        .channel(screen.channel)
        .map(|channel| channel.preset.clone());
    let Screen::Presets(screen) = &mut model.screen else {
        return Vec::new();
    };
    let armed = std::mem::take(&mut screen.armed);
    match action {
        Action::Up => screen.cursor = screen.cursor.saturating_sub(1),
        Action::Down => screen.cursor = (screen.cursor + 1).min(names.len().saturating_sub(1)),
        Action::Submit | Action::Confirm if !screen.busy => {
            let Some(name) = names.get(screen.cursor) else {
                return Vec::new();
            };
            let widens = current.is_none_or(|current| reach(name) > reach(&current));
            let confirmed = armed && action == Action::Confirm;
            if action == Action::Confirm && !armed {
                model.say(Tone::Trouble, "Enter chooses; A confirms a wider one.");
                return Vec::new();
            }
            if widens && !confirmed {
                screen.armed = action == Action::Submit;
                return Vec::new();
            }
            if action == Action::Submit || confirmed {
                screen.busy = true;
                let request = Request::Instructions {
                    channel: ChannelRef::Id(screen.channel),
                    text: None,
                    preset: Some(name.clone()),
                    widen: confirmed,
                };
                return vec![Effect::Ask(request, Question::SetPreset(screen.channel))];
            }
        }
        Action::Back => model.leave(),
        _ => {}
    }
    Vec::new()
}

pub(in crate::tui) fn fail(model: &mut Model) {
    if let Screen::Presets(screen) = &mut model.screen {
        screen.busy = false;
    }
}

fn meaning(name: &str) -> &'static str {
    match Preset::parse(name) {
        Some(Preset::SafeAcquaintance) => "the default: tells nothing about you",
        Some(Preset::TrustedColleague) => "somebody you work with",
        Some(Preset::InnerCircle) => "family and closest friends",
        Some(Preset::OneTime) => "one errand, then it ends",
        None => "a file of your own in this profile",
    }
}

pub(in crate::tui) fn draw(model: &Model, screen: &PresetScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let area = inset(body, 2, 2);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let Some(channel) = model.channel(screen.channel) else {
        return;
    };
    let mut title = vec![
        paint.own(Role::Title, "ENGAGEMENT"),
        paint.own(Role::Dim, " · "),
    ];
    let name = sanitise_line(&channel.name, usize::from(area.width) / 2);
    title.extend(safe(&model.theme, &name, Role::Title));
    let first = usize::from(body.height >= 14);
    paint.row(nth(area, first), title);
    let names = names(model);
    let list = first + 2;
    let room = usize::from(area.height).saturating_sub(list + 5).max(1);
    let from = (screen.cursor + 1).saturating_sub(room);
    for (down, (index, name)) in names.iter().enumerate().skip(from).take(room).enumerate() {
        let place = nth(area, list + down);
        let here = if channel.preset == *name {
            "now  "
        } else {
            "     "
        };
        let mut left = vec![paint.own(Role::Dim, here)];
        left.extend(safe(&model.theme, &preset_label(name), Role::Text));
        left.push(paint.own(Role::Dim, format!(" ({})", preset_short(name))));
        let column = 32.min(place.width);
        let name_place = Rect {
            width: column.saturating_sub(3),
            ..inset(place, 2, 0)
        };
        paint.row(name_place, left);
        if place.width >= 60 {
            let words = vec![paint.own(Role::Dim, meaning(name))];
            paint.row(inset(place, column, 0), words);
        }
        if index == screen.cursor {
            paint.tint(place, Role::Selected);
            paint.row(place, vec![paint.own(Role::Accent, "▸")]);
        }
    }
    let wide = names.get(screen.cursor).is_some_and(|name| is_wide(name));
    let words = if screen.armed {
        (
            "This is wider than now: your assistant may say more. For now it only advises, no rule is enforced yet. A carries it out.",
            Role::Wait,
        )
    } else if wide {
        (ADVICE, Role::Wait)
    } else {
        (
            "Sets the text that your assistant is given with every message of this channel. It stays on this machine.",
            Role::Dim,
        )
    };
    let below = list + names.len().min(room) + 1;
    for (line, down) in sanitise(&PeerText::new(words.0))
        .wrap(area.width.into())
        .iter()
        .zip(below..)
    {
        paint.row(nth(area, down), safe(&model.theme, line, words.1));
    }
}
