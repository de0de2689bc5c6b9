//! The numbered lists, and what is new since the person was told last.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{Digested, Found, HitKind};
use crate::model::{Channel, ChannelId, ChannelState, ReviewId};
use crate::text::sanitise_marked;

use super::paper::Paper;
use super::state::{Page, State, Target, Told};
use super::words;

/// Entries of a list that are read out in one go.
const PORTION: usize = 20;
/// Finds that are read out.
pub(super) const FOUND: u32 = 20;
/// Channels that are named where there is something new in many.
const NAMED: usize = 3;

/// Reads out the list that the page is about, if it is about one.
pub(super) fn read(state: &mut State) {
    match state.page {
        Page::Main(from) => channels(state, from),
        Page::Needs => needs(state),
        Page::Channel(_)
        | Page::Review(_)
        | Page::Write(_)
        | Page::Code(_)
        | Page::Form(_)
        | Page::Log(_) => {}
    }
}

/// Returns the channels in the order of their numbers: those that are over come last.
fn ordered(state: &State) -> Vec<Channel> {
    let mut channels = state.channels.clone();
    channels.sort_by_key(|channel| {
        matches!(
            channel.state,
            ChannelState::Superseded | ChannelState::Closed
        )
    });
    channels
}

fn channels(state: &mut State, from: usize) {
    let channels = ordered(state);
    if from == 0 {
        if let Some(status) = &state.status {
            let new = channels.iter().map(|channel| channel.unread).sum();
            let line = words::status(status, new, &state.zone);
            state.say(line);
        }
        state.numbers = vec![Target::Needs];
        let line = format!("1  Needs you, {}", state.needs.len());
        state.say(line);
    }
    let until = channels.len().min(from + PORTION);
    for channel in channels.get(from..until).unwrap_or_default() {
        state.numbers.push(Target::Channel(channel.id));
        let line = format!(
            "{}  {}",
            state.numbers.len(),
            words::channel(channel, state.now)
        );
        state.say(line);
    }
    if channels.is_empty() {
        state
            .say("No channel yet. The word invite makes a link for somebody, accept takes theirs.");
    }
    if until < channels.len() {
        state.say(format!(
            "{until} of {} channels. more reads on.",
            channels.len()
        ));
    }
    state.page = Page::Main(until);
    state.say("Type a number or a word. help lists the words.");
}

fn needs(state: &mut State) {
    let mut items = state.needs.clone();
    items.sort_by_key(crate::model::ReviewItem::urgency);
    state.numbers.clear();
    if items.is_empty() {
        state.say("Nothing needs you.");
        return;
    }
    for item in &items {
        state.numbers.push(Target::Item(item.id));
        let line = format!(
            "{}  {}.",
            state.numbers.len(),
            words::item(item, state.channel(item.channel), state.now, &state.zone)
        );
        state.say(line);
    }
    state.say("Type a number to hear all of it. Nothing is decided before you type a word there.");
}

/// Says what arrived since the person was told last; tells whether there was anything.
pub(super) fn news(state: &mut State) -> bool {
    let unread: BTreeMap<ChannelId, u32> = state
        .channels
        .iter()
        .filter(|channel| channel.unread > 0 && !channel.is_muted(state.now))
        .map(|channel| (channel.id, channel.unread))
        .collect();
    let told = state
        .needs
        .iter()
        .filter(|item| !state.is_passed_over(item));
    let needs: BTreeSet<ReviewId> = told.map(|item| item.id).collect();
    let told = state.told.replace(Told {
        unread: unread.clone(),
        needs: needs.clone(),
    });
    let Some(told) = told else {
        return false;
    };
    let mut parts = Vec::new();
    for (id, count) in unread {
        let more = count.saturating_sub(told.unread.get(&id).copied().unwrap_or(0));
        if more > 0 {
            let name = state
                .channel(id)
                .map_or_else(String::new, |channel| words::name(&channel.name));
            parts.push(format!("{} in {name}", words::count(more, "message")));
        }
    }
    if parts.len() > NAMED {
        let rest = parts.len() - NAMED;
        parts.truncate(NAMED);
        parts.push(format!("and {}", words::count(rest as u64, "more channel")));
    }
    match needs.difference(&told.needs).count() {
        0 => {}
        1 => parts.push("1 thing that needs you".to_owned()),
        more => parts.push(format!("{more} things that need you")),
    }
    if parts.is_empty() {
        return false;
    }
    state.say(format!("New: {}.", parts.join(", ")));
    true
}

/// Reads out what a search found, each with a number.
pub(super) fn found(state: &mut State, found: &Found) {
    for note in &found.notes {
        state.say(words::safe(note));
    }
    if found.index.waiting > 0 {
        state.say("Not everything was searched: the index is still being built.");
    }
    state.numbers.clear();
    if found.hits.is_empty() {
        state.say("Nothing has these words.");
        return;
    }
    let mut lines = Vec::new();
    for hit in &found.hits {
        let mut number = String::new();
        let whose = match &hit.what {
            HitKind::Message { message } => {
                if let Some(channel) = hit.channel {
                    state.numbers.push(Target::Message(channel, *message));
                    number = format!("{}  ", state.numbers.len());
                }
                hit.author.map_or("a rule", words::whose)
            }
            HitKind::Decision { .. } => "decision",
            HitKind::Note => "your note",
        };
        let name = hit
            .name
            .as_ref()
            .map_or_else(String::new, |name| format!(", in {}", words::name(name)));
        let when = words::when(hit.at, &state.zone);
        lines.push(format!("{number}{when}, {whose}{name}."));
        let mut paper = Paper::new(state.width, &state.zone);
        let excerpt = sanitise_marked(&hit.excerpt.unsafe_text, &hit.excerpt.signals);
        paper.of(whose, &excerpt);
        lines.extend(paper.lines);
    }
    state.say_all(lines);
    let shown = found.hits.len();
    state.say(format!(
        "{shown} of {}{}. A number reads the conversation there.",
        words::count(found.total, "find"),
        if found.more { " or more" } else { "" }
    ));
}

/// Reads out what is left to the digest.
pub(super) fn digest(state: &mut State, digest: &[Digested]) {
    if digest.is_empty() {
        state.say("Nothing is left to the digest.");
        return;
    }
    let mut lines = Vec::new();
    for digested in digest {
        lines.push(format!("In {}.", words::name(&digested.name)));
        let mut paper = Paper::new(state.width, &state.zone);
        paper.message(&digested.message);
        lines.extend(paper.lines);
    }
    state.say_all(lines);
}
