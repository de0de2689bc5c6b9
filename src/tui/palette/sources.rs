//! Where the lines of the palette come from: a list of functions, each giving lines.
//!
//! To offer more, write one function and name it in [`SOURCES`]. Names that somebody else may
//! have written go through the sanitiser; nothing that decides is offered.

use crate::model::{Channel, ChannelState};
use crate::profile::config::TABLE;
use crate::text::{SafeLine, ours, sanitise_line};
use crate::tui::available::{available, why_not, why_not_for};
use crate::tui::keymap::{Action, Keys, Line, Scope};
use crate::tui::model::{Model, Screen};
use crate::tui::screen::{self, side::preset_label};
use crate::tui::update::scope;

use super::{Row, Run, why_stay};

/// Cells of a name at most.
const NAME: usize = 40;

/// One place that lines come from.
type Source = fn(&Model) -> Vec<Row>;

/// All places, in the order of an empty search.
const SOURCES: &[Source] = &[
    channels,
    actions,
    screens,
    invites,
    settings,
    themes,
    of_channels,
    of_channel_at_hand,
];

/// Returns every line, in the order of an empty search.
pub(super) fn rows(model: &Model) -> Vec<Row> {
    SOURCES.iter().flat_map(|source| source(model)).collect()
}

/// Actions that a person finds faster than they could type, or that need a place on screen.
fn is_step(action: Action) -> bool {
    matches!(
        action,
        Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::Top
            | Action::Bottom
            | Action::Open
            | Action::NextPane
            | Action::PreviousPane
            | Action::Back
            | Action::Submit
            | Action::Fill
            | Action::NextField
            | Action::PreviousField
            | Action::NextValue
            | Action::PreviousValue
            | Action::NewLine
            | Action::Send
            | Action::JumpSignal
            | Action::Select
            | Action::Leader
            | Action::Palette
    )
}

/// Actions that belong to a way of deciding, besides those that decide.
fn leads_to_deciding(action: Action) -> bool {
    matches!(
        action,
        Action::Confirm | Action::EditDraft | Action::OwnWords | Action::Save
    )
}

/// Actions that every channel has a line of its own for.
const OF_CHANNEL: &[(Action, &str)] = &[
    (Action::Write, ": write as yourself"),
    (Action::Engagement, ": edit preset"),
    (Action::CompareCode, ": compare code"),
    (Action::AskBack, ": ask them to accept you"),
    (Action::PauseChannel, ": pause"),
    (Action::Rename, ": rename"),
    (Action::EndChannel, ": end for good"),
];

/// What the keys of the present screen do.
fn actions(model: &Model) -> Vec<Row> {
    let here = scope(model);
    let offered = |line: &&Line| {
        let action = line.binding.action;
        let of_channel = OF_CHANNEL.iter().any(|(held, _)| *held == action);
        let decides = action.decides(line.binding.scope) || leads_to_deciding(action);
        !(is_step(action) || decides || (here == Scope::Main && of_channel))
    };
    let lines = model.keys.of(here).filter(offered);
    lines.map(|line| of_line(model, line)).collect()
}

fn of_line(model: &Model, line: &Line) -> Row {
    let action = line.binding.action;
    let why_not = if available(model, action) {
        None
    } else {
        Some(why_not(model, action).map_or_else(
            || "It does nothing here.".to_owned(),
            |words| model.keys.fill(words),
        ))
    };
    Row {
        name: ours(""),
        words: head(line.binding.help),
        hint: line.label(),
        why_not,
        run: Run::Act(line.binding.scope, action),
    }
}

/// Returns the part of a help text that says what is done, with a capital.
fn head(help: &str) -> String {
    let head = help
        .split([';', '(', ':'])
        .next()
        .unwrap_or(help)
        .trim_end();
    let mut chars = head.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}

/// What the main screen opens, from every other screen.
fn screens(model: &Model) -> Vec<Row> {
    if matches!(model.screen, Screen::Main) {
        return Vec::new();
    }
    let opens = [
        Action::AllNeeds,
        Action::OpenLog,
        Action::OpenSettings,
        Action::LookAround,
        Action::Logins,
        Action::Identities,
        Action::NewInvite,
        Action::AcceptLink,
    ];
    let lines = opens
        .iter()
        .filter_map(|action| model.keys.line(Scope::Main, *action));
    let rows = lines.map(|line| Row {
        // The key counts on the main screen, not here.
        hint: String::new(),
        ..of_line(model, line)
    });
    rows.collect()
}

fn name(channel: &Channel) -> SafeLine {
    sanitise_line(&channel.name, NAME)
}

/// Every channel, to go to.
fn channels(model: &Model) -> Vec<Row> {
    let stay = why_stay(model);
    let rows = model.listed().map(|channel| Row {
        name: name(channel),
        words: String::new(),
        hint: "channel".to_owned(),
        why_not: stay.map(str::to_owned),
        run: Run::Channel(channel.id),
    });
    rows.collect()
}

/// What can be done with each channel.
fn of_channels(model: &Model) -> Vec<Row> {
    let stay = why_stay(model);
    let mut rows = Vec::new();
    for channel in model.listed() {
        let name = name(channel);
        for (action, words) in OF_CHANNEL {
            if *action == Action::AskBack && !channel.network.asks_first() {
                continue;
            }
            let resumes = *action == Action::PauseChannel && channel.paused;
            let words = if resumes { ": resume" } else { words };
            let why_not = stay.or_else(|| why_not_for(channel, *action));
            rows.push(Row {
                name: name.clone(),
                words: words.to_owned(),
                hint: hint(&model.keys, *action),
                why_not: why_not.map(|words| model.keys.fill(words)),
                run: Run::On(channel.id, *action),
            });
        }
    }
    rows
}

/// What can be done with the open channel alone: each preset, to be tried out and not saved, and
/// what of it is left to the digest.
fn of_channel_at_hand(model: &Model) -> Vec<Row> {
    let Some(channel) = model.open_channel() else {
        return Vec::new();
    };
    let stay = why_stay(model);
    let closed = stay.or_else(|| why_not_for(channel, Action::Engagement));
    let presets = model.preset_names().into_iter().enumerate();
    let mut rows: Vec<Row> = presets
        .map(|(number, preset)| {
            let in_use = preset == channel.preset;
            let label = preset_label(&preset).plain();
            let words = if in_use { "in use" } else { "tries it out" };
            Row {
                name: name(channel),
                words: format!(": use preset {label}"),
                hint: words.to_owned(),
                why_not: closed.map(|words| model.keys.fill(words)),
                run: Run::Preset(channel.id, number),
            }
        })
        .collect();
    rows.push(Row {
        name: name(channel),
        words: ": preview next digest".to_owned(),
        hint: "digest".to_owned(),
        why_not: stay.map(str::to_owned),
        run: Run::Digest(channel.id),
    });
    rows
}

/// Returns the key of a channel's action, after Space or by itself.
fn hint(keys: &Keys, action: Action) -> String {
    let by_itself = keys
        .of(Scope::Main)
        .find(|line| line.binding.action == action);
    if let Some(line) = by_itself {
        return line.label();
    }
    let after = keys.line(Scope::Leader, action).map(Line::label);
    after.map_or_else(String::new, |key| {
        format!("{} {key}", keys.label(Scope::Main, Action::Leader))
    })
}

/// Every setting, to look at and to change.
fn settings(_model: &Model) -> Vec<Row> {
    let rows = TABLE.iter().map(|about| Row {
        name: ours(""),
        words: format!("Settings: {}", screen::settings::label(about.key)),
        hint: about.name.to_owned(),
        why_not: None,
        run: Run::Setting(about.key),
    });
    rows.collect()
}

/// Every theme, to use at once.
fn themes(model: &Model) -> Vec<Row> {
    let now = model.config.theme();
    let names = model.theme_names().into_iter().enumerate();
    let rows = names.map(|(number, name)| Row {
        name: ours(""),
        words: format!("Theme: {}", ours(&name).plain()),
        hint: if name == now { "in use" } else { "theme" }.to_owned(),
        why_not: None,
        run: Run::Theme(number),
    });
    rows.collect()
}

/// The invites that nobody has answered.
fn invites(model: &Model) -> Vec<Row> {
    let stay = why_stay(model);
    let open = model
        .listed()
        .filter(|channel| channel.state == ChannelState::Invited && !channel.network.is_direct());
    let rows = open.map(|channel| Row {
        name: name(channel),
        words: ": show the invite".to_owned(),
        hint: "invite".to_owned(),
        why_not: stay.map(str::to_owned),
        run: Run::Invite(channel.id),
    });
    rows.collect()
}
