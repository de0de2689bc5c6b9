//! For how long a channel is muted, or an item put off. Changes only what a person is told and
//! what `n` passes over; decides nothing.

use crossterm::event::{KeyCode, KeyEvent};
use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::api::Request;
use crate::model::{
    Channel, ChannelId, ChannelState, PeerText, Rest, ReviewId, ReviewKind, UnixMillis,
};
use crate::text::{sanitise, sanitise_line};
use crate::tui::keymap::{Action, Scope};
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, clock, day, day_number, inset, is_roomy, nth, safe};

use super::{need, needs_you};

/// What is to rest.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Channel(ChannelId),
    Items(Vec<ReviewId>),
}

/// The choices and where one stands in them.
#[derive(Debug)]
pub(in crate::tui) struct RestScreen {
    target: Target,
    cursor: usize,
}

struct Choice {
    words: &'static str,
    rest: Option<Rest>,
}

const HOUR: u32 = 3600;

const fn choice(words: &'static str, rest: Option<Rest>) -> Choice {
    Choice { words, rest }
}

/// Tells whether anything could come from a channel that one would not want to be told of.
pub(in crate::tui) fn can_mute(channel: &Channel) -> bool {
    match channel.state {
        ChannelState::Active
        | ChannelState::Stopped
        | ChannelState::Invited
        | ChannelState::Requested => true,
        ChannelState::Superseded | ChannelState::Closed => false,
    }
}

/// Asks for how long the channel at hand is to be muted.
pub(in crate::tui) fn open_mute(model: &mut Model) -> Vec<Effect> {
    let of_item = |item: ReviewId| model.need(item).map(|item| item.channel);
    let channel = if let Screen::NeedsYou(screen) = &model.screen {
        screen.cursor.and_then(of_item)
    } else {
        model.open_channel().map(|channel| channel.id)
    };
    if let Some(channel) = channel {
        enter(model, Target::Channel(channel));
    }
    Vec::new()
}

/// Asks for how long items are to be put off.
pub(in crate::tui) fn open_snooze(model: &mut Model, items: Vec<ReviewId>) {
    if !items.is_empty() {
        enter(model, Target::Items(items));
    }
}

fn enter(model: &mut Model, target: Target) {
    model.enter(Screen::Rest(RestScreen { target, cursor: 0 }));
}

fn choices(model: &Model, target: &Target) -> Vec<Choice> {
    let mut choices = Vec::new();
    match target {
        Target::Channel(id) => {
            if model
                .channel(*id)
                .is_some_and(|channel| channel.is_muted(model.now))
            {
                choices.push(choice("be told again", None));
            }
            choices.extend([
                choice("for an hour", Some(Rest::For(HOUR))),
                choice("for 8 hours", Some(Rest::For(8 * HOUR))),
                choice("until tomorrow", Some(Rest::Tomorrow)),
                choice("until you unmute it", Some(Rest::Open)),
            ]);
        }
        Target::Items(items) => {
            if items.iter().any(|id| model.snoozed_until(*id).is_some()) {
                choices.push(choice("no longer", None));
            }
            choices.extend([
                choice("for an hour", Some(Rest::For(HOUR))),
                choice("until tomorrow", Some(Rest::Tomorrow)),
            ]);
            // From whoever asks for contact, or from a stopped channel, nothing comes.
            let may_write = |id: &ReviewId| {
                model.need(*id).is_some_and(|item| match item.kind {
                    ReviewKind::HeldMessage { .. } | ReviewKind::HeldDraft { .. } => true,
                    ReviewKind::ContactRequest { .. } | ReviewKind::KeyChange { .. } => false,
                })
            };
            if items.iter().all(may_write) {
                choices.push(choice("until they write", Some(Rest::Open)));
            }
        }
    }
    choices
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing among a few choices"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let Screen::Rest(screen) = &model.screen else {
        return Vec::new();
    };
    let last = choices(model, &screen.target).len().saturating_sub(1);
    let cursor = screen.cursor.min(last);
    let to = match action {
        Action::Up => cursor.saturating_sub(1),
        Action::Down => (cursor + 1).min(last),
        Action::Open => return choose(model, cursor),
        Action::Back => {
            model.leave();
            return Vec::new();
        }
        _ => cursor,
    };
    if let Screen::Rest(screen) = &mut model.screen {
        screen.cursor = to;
    }
    Vec::new()
}

/// Takes the choice of a line by its number.
pub(in crate::tui) fn pick(model: &mut Model, key: &KeyEvent) -> Vec<Effect> {
    let KeyCode::Char(digit) = key.code else {
        return Vec::new();
    };
    let number = digit.to_digit(10).and_then(|digit| digit.checked_sub(1));
    number
        .and_then(|number| usize::try_from(number).ok())
        .map_or_else(Vec::new, |line| choose(model, line))
}

fn choose(model: &mut Model, line: usize) -> Vec<Effect> {
    let Screen::Rest(screen) = &model.screen else {
        return Vec::new();
    };
    let target = screen.target.clone();
    let Some(chosen) = choices(model, &target).into_iter().nth(line) else {
        return Vec::new();
    };
    let rest = chosen.rest;
    model.leave();
    match target {
        Target::Channel(id) => {
            let request = Request::Mute {
                channel: id.into(),
                rest,
            };
            vec![Effect::Ask(request, Question::Mute(id, rest.is_some()))]
        }
        Target::Items(items) => items
            .into_iter()
            .map(|item| Effect::Ask(Request::Snooze { item, rest }, Question::Snooze(item)))
            .collect(),
    }
}

/// Says until when a channel is muted now.
pub(in crate::tui) fn muted(model: &mut Model, until: Option<UnixMillis>) -> Vec<Effect> {
    let words = match until {
        None => "You are told of this channel again.".to_owned(),
        Some(UnixMillis::FAR) => "Muted until you unmute it. Nothing else changes.".to_owned(),
        Some(until) => format!(
            "Muted until {}. Nothing else changes.",
            moment(until, model.now, &model.zone)
        ),
    };
    model.say(Tone::Fine, words);
    ask(model, Request::Channels, Question::Channels)
}

/// Says until when an item is put off now.
pub(in crate::tui) fn snoozed(model: &mut Model, until: Option<UnixMillis>) -> Vec<Effect> {
    let words = match until {
        None => "It needs you now again.".to_owned(),
        Some(UnixMillis::FAR) => {
            "It goes on waiting; <main.next_need> skips it until they write.".to_owned()
        }
        Some(until) => format!(
            "It goes on waiting; <main.next_need> skips it until {}.",
            moment(until, model.now, &model.zone)
        ),
    };
    model.say(Tone::Fine, words);
    let mut effects = ask(model, Request::NeedsYou, Question::NeedsYou);
    effects.extend(needs_you::refresh(model));
    effects
}

/// Returns until when an item is put off, in a few words.
pub(super) fn until(at: UnixMillis, now: UnixMillis, zone: &TimeZone) -> String {
    if at == UnixMillis::FAR {
        return "when they write".to_owned();
    }
    moment(at, now, zone)
}

/// Returns a moment that lies ahead: the time of day, and the day if it is another one.
pub(in crate::tui) fn moment(at: UnixMillis, now: UnixMillis, zone: &TimeZone) -> String {
    if day_number(at, zone) == day_number(now, zone) {
        return clock(at, zone);
    }
    format!("{} {}", day(at, zone), clock(at, zone))
}

pub(in crate::tui) fn draw(model: &Model, screen: &RestScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let title = title(model, screen, body.width);
    paint.head(body, title, Vec::new());
    let roomy = is_roomy(body);
    let mut down = if roomy { 3 } else { 1 };
    let room = usize::from(body.width).saturating_sub(4);
    if roomy {
        for line in sanitise(&PeerText::new(explanation(model, screen))).wrap(room) {
            let spans = safe(&model.theme, &line, Role::Dim);
            paint.row(inset(nth(body, down), 2, 1), spans);
            down += 1;
        }
        down += 1;
    }
    for (index, choice) in choices(model, &screen.target).into_iter().enumerate() {
        let place = nth(body, down + index);
        draw_choice(model, &mut paint, place, index, &choice);
        if index == screen.cursor {
            paint.select(place);
        }
    }
}

fn title(model: &Model, screen: &RestScreen, columns: u16) -> Spans {
    let (heading, name) = match &screen.target {
        Target::Channel(id) => {
            let channel = model.channel(*id);
            ("MUTE ", channel.map(|channel| channel.name.clone()))
        }
        Target::Items(items) => {
            let item = items.first().and_then(|id| model.need(*id));
            ("DECIDE LATER ", item.map(|item| item.name.clone()))
        }
    };
    let mut title = vec![model.theme.span(Role::Title, heading)];
    let room = usize::from(columns).saturating_sub(heading.len() + 14);
    let name = sanitise_line(&name.unwrap_or_default(), room);
    title.extend(safe(&model.theme, &name, Role::Title));
    if let Target::Items(items) = &screen.target
        && items.len() > 1
    {
        let count = format!(" · {} items", items.len());
        title.push(model.theme.span(Role::Dim, count));
    }
    title
}

fn explanation(model: &Model, screen: &RestScreen) -> String {
    let Target::Items(items) = &screen.target else {
        return model.keys.fill(
            "You are not told of this channel, and <main.next_need> passes over what waits in it. \
             Nothing changes in what enters or leaves, and what waits goes on waiting.",
        );
    };
    let expires = items
        .iter()
        .filter_map(|id| need::expires(model.need(*id)?))
        .min();
    let own_time = expires.map_or_else(String::new, |at| {
        let at = moment(at, model.now, &model.zone);
        format!(" Unanswered it counts as refused at {at}; it comes back five minutes before.")
    });
    let key = model.keys.label(Scope::Main, Action::NextNeed);
    format!("It goes on waiting, and {key} passes over it until then.{own_time}")
}

fn draw_choice(model: &Model, paint: &mut Paint<'_>, place: Rect, index: usize, choice: &Choice) {
    let left = vec![
        paint.own(Role::Accent, format!("{} ", index + 1)),
        paint.own(Role::Text, choice.words),
    ];
    let until = match choice.rest {
        Some(Rest::For(seconds)) => {
            let at = model
                .now
                .after(std::time::Duration::from_secs(seconds.into()));
            format!("until {}", moment(at, model.now, &model.zone))
        }
        Some(Rest::Tomorrow) => "08:00".to_owned(),
        Some(Rest::Open) | None => String::new(),
    };
    let place = Rect {
        width: place.width.min(60),
        ..place
    };
    let right = vec![paint.own(Role::Dim, until)];
    paint.pair(inset(place, 2, 2), left, right);
}
