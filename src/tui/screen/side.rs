//! The right pane: engagement, trust and delivery of the open channel.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::api::RelayState;
use crate::model::{Channel, ChannelState, Fingerprint, PeerText, Preset, StopReason};
use crate::text::{SafeLine, ours, sanitise, sanitise_line};
use crate::tui::model::{Model, Pane, Screen};
use crate::tui::theme::Role;
use crate::tui::widget::paint::{Paint, Spans, age, day, inset, nth, safe};

/// Lines of the instructions that are shown.
const INSTRUCTION_LINES: usize = 6;

/// Draws the pane.
pub(in crate::tui) fn draw(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let Some(channel) = model.open_channel() else {
        return;
    };
    let room = usize::from(area.width).saturating_sub(3);
    let mut rows: Vec<(Spans, Spans)> = Vec::new();
    engagement(model, paint, channel, room, &mut rows);
    rows.push((Vec::new(), Vec::new()));
    trust(model, paint, channel, room, &mut rows);
    rows.push((Vec::new(), Vec::new()));
    delivery(model, paint, channel, room, &mut rows);
    for (down, (left, right)) in rows.into_iter().enumerate().take(area.height.into()) {
        paint.pair(inset(nth(area, down), 1, 1), left, right);
    }
    let on_main = matches!(model.screen, Screen::Main);
    let keys = on_main && model.pane == Pane::Side && !model.composer.active;
    paint.keys_here(nth(area, 0), keys);
}

fn heading(
    paint: &Paint<'_>,
    name: &'static str,
    key: &'static str,
    word: &'static str,
) -> (Spans, Spans) {
    let right = if key.is_empty() {
        Vec::new()
    } else {
        vec![paint.own(Role::Accent, key), paint.own(Role::Dim, word)]
    };
    (vec![paint.own(Role::Heading, name)], right)
}

fn text(paint: &Paint<'_>, role: Role, words: impl Into<String>) -> (Spans, Spans) {
    (
        vec![paint.own(Role::Text, " "), paint.own(role, words)],
        Vec::new(),
    )
}

/// Returns the name of a preset as a person reads it; a custom one under its own.
pub(in crate::tui) fn preset_label(name: &str) -> SafeLine {
    Preset::parse(name).map_or_else(|| ours(name), |preset| ours(preset.label()))
}

fn engagement(
    model: &Model,
    paint: &Paint<'_>,
    channel: &Channel,
    room: usize,
    rows: &mut Vec<(Spans, Spans)>,
) {
    // The key counts on the main screen alone.
    let key = if matches!(model.screen, Screen::Main) {
        "p"
    } else {
        ""
    };
    rows.push(heading(paint, "ENGAGEMENT", key, " preset"));
    let mut name = vec![paint.own(Role::Text, " ")];
    name.extend(safe(
        &model.theme,
        &preset_label(&channel.preset),
        Role::Title,
    ));
    let short = super::rail::preset_short(&channel.preset);
    name.push(paint.own(Role::Dim, format!(" ({short})")));
    rows.push((name, Vec::new()));
    let instructions = sanitise(&PeerText::new(channel.instructions.as_str()));
    let lines: Vec<_> = instructions
        .wrap(room)
        .into_iter()
        .filter(|line| line.width() > 0)
        .collect();
    for line in lines.iter().take(INSTRUCTION_LINES) {
        let mut spans = vec![paint.own(Role::Text, " ")];
        spans.extend(safe(&model.theme, line, Role::Dim));
        rows.push((spans, Vec::new()));
    }
    let rest = lines.len().saturating_sub(INSTRUCTION_LINES);
    if rest > 0 {
        rows.push(text(paint, Role::Dim, format!("[+{rest} lines]")));
    }
}

/// Returns one sentence on how far the peer's key can be relied on.
pub(in crate::tui) fn trust_words(channel: &Channel) -> (&'static str, Role) {
    match channel.state {
        ChannelState::Active => ("~ accepted, code not compared", Role::Text),
        ChannelState::Stopped if channel.stopped == Some(StopReason::AnsweredTwice) => {
            ("✗ stopped: answered by another", Role::Stop)
        }
        ChannelState::Stopped => ("✗ stopped: the key changed", Role::Stop),
        ChannelState::Invited => ("○ nobody has answered yet", Role::Dim),
        ChannelState::Requested => ("○ somebody asks; review them", Role::Wait),
        ChannelState::Superseded => ("· replaced by a newer invite", Role::Dim),
        ChannelState::Closed => ("· closed", Role::Dim),
    }
}

fn trust(
    model: &Model,
    paint: &Paint<'_>,
    channel: &Channel,
    room: usize,
    rows: &mut Vec<(Spans, Spans)>,
) {
    rows.push(heading(paint, "TRUST", "", ""));
    let (words, role) = trust_words(channel);
    rows.push(text(paint, role, words));
    if let Some(stopped) = channel.stopped {
        for line in sanitise(&PeerText::new(stopped.sentence())).wrap(room) {
            let mut spans = vec![paint.own(Role::Text, " ")];
            spans.extend(safe(&model.theme, &line, Role::Dim));
            rows.push((spans, Vec::new()));
        }
    }
    let keys = [
        (" their key  ", channel.fingerprint.as_ref()),
        (" your key   ", channel.our_fingerprint.as_ref()),
    ];
    for (label, fingerprint) in keys {
        let Some(Fingerprint(key)) = fingerprint else {
            continue;
        };
        let mut spans = vec![paint.own(Role::Dim, label)];
        spans.extend(safe(&model.theme, &ours(key), Role::Text));
        rows.push((spans, Vec::new()));
    }
    let since = day(channel.created_at, &model.zone);
    let how = if channel.inviter {
        "you invited"
    } else {
        "you accepted"
    };
    rows.push(text(paint, Role::Dim, format!("{how} {since}")));
    if let Some(transcript) = &model.transcript
        && transcript.is_loaded()
    {
        let total = transcript.total;
        let word = if total == 1 { "message" } else { "messages" };
        rows.push(text(paint, Role::Dim, format!("{total} {word}")));
    }
}

/// Returns a relay's address without its scheme.
pub(in crate::tui) fn relay_name(relay: &str, room: usize) -> SafeLine {
    let name = relay.split_once("://").map_or(relay, |(_, rest)| rest);
    sanitise_line(&PeerText::new(name), room)
}

/// Returns how a relay does, in a word or two.
pub(in crate::tui) fn relay_words(model: &Model, relay: &RelayState) -> (String, Role) {
    let since = relay.last_ok.map(|at| model.now.since(at));
    match (&relay.problem, since) {
        (None, Some(since)) => (format!("ok · {}", age(since)), Role::Dim),
        (None, None) => ("not asked yet".to_owned(), Role::Dim),
        (Some(_), Some(since)) if since > Duration::ZERO => {
            (format!("down · {}", age(since)), Role::Wait)
        }
        (Some(_), _) => ("down".to_owned(), Role::Wait),
    }
}

fn delivery(
    model: &Model,
    paint: &Paint<'_>,
    channel: &Channel,
    room: usize,
    rows: &mut Vec<(Spans, Spans)>,
) {
    rows.push(heading(paint, "DELIVERY", "", ""));
    let status = model.status.as_ref();
    let relay = status.and_then(|status| {
        let same = |state: &&RelayState| state.relay == channel.relay;
        status.relays.iter().find(same)
    });
    let mut name = vec![paint.own(Role::Text, " ")];
    let words = relay.map(|relay| relay_words(model, relay));
    let right_width = words
        .as_ref()
        .map_or(0, |(words, _)| words.chars().count() + 1);
    let line = relay_name(&channel.relay, room.saturating_sub(right_width));
    name.extend(safe(&model.theme, &line, Role::Text));
    let right = words.map(|(words, role)| vec![paint.own(role, words)]);
    rows.push((name, right.unwrap_or_default()));
    if let Some(problem) = relay.and_then(|relay| relay.problem.as_deref()) {
        for line in sanitise(&PeerText::new(problem)).wrap(room) {
            let mut spans = vec![paint.own(Role::Text, " ")];
            spans.extend(safe(&model.theme, &line, Role::Wait));
            rows.push((spans, Vec::new()));
        }
    }
    if let Some(relay) = relay.filter(|relay| relay.problem.is_none()) {
        let how = if relay.push {
            "it tells us of new mail"
        } else {
            "it is asked now and then"
        };
        rows.push(text(paint, Role::Dim, how));
    }
    if let Some(status) = status {
        let outbox = match status.outbox {
            0 => "outbox empty".to_owned(),
            waiting => format!("outbox {waiting} waiting"),
        };
        rows.push(text(paint, Role::Dim, outbox));
    }
}
