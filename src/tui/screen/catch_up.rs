//! What happened since the person last looked: by channel, then by day. Nothing is decided here;
//! Enter goes to the channel.

use ratatui::Frame;

use crate::api::{CatchUp, ChannelNews, DayNews, Digested, Request};
use crate::model::{ChannelId, PeerText, UnixMillis};
use crate::text::{SafeLine, sanitise, sanitise_line};
use crate::tui::keymap::{Action, Scope};
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Pane, Screen, Spot};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, age, clock, day, safe};

use super::rest::moment;
use super::{decision_log, digest, main};

/// Cells of a name in the list.
const NAME: usize = 18;

/// What happened, and where one stands in it.
#[derive(Debug, Default)]
pub(in crate::tui) struct CatchUpScreen {
    news: Option<Result<CatchUp, String>>,
    /// Messages that were left to the digest.
    digest: Option<usize>,
    cursor: usize,
}

/// Something that Enter goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Channel(ChannelId),
    Digest,
}

/// A row of the screen, and what the cursor stands on there.
struct Row {
    left: Spans,
    right: Spans,
    stop: Option<usize>,
}

impl CatchUpScreen {
    fn told(&self) -> Option<&CatchUp> {
        self.news.as_ref()?.as_ref().ok()
    }

    fn stops(&self) -> Vec<Stop> {
        let channels = self.told().into_iter().flat_map(|news| &news.channels);
        let channels = channels.map(|news| Stop::Channel(news.channel));
        let digest = self.digest.filter(|count| *count > 0);
        channels.chain(digest.map(|_| Stop::Digest)).collect()
    }
}

pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    model.enter(Screen::CatchUp(Box::default()));
    // What it says in a line, this screen says in full.
    model.notice = None;
    reload(model)
}

/// Asks again for what is shown.
pub(in crate::tui) fn reload(model: &mut Model) -> Vec<Effect> {
    let request = Request::CatchUp {
        since: model.watch.since,
    };
    let mut effects = ask(model, request, Question::CatchUp);
    effects.extend(ask(model, Request::Digest, Question::Digest));
    effects
}

pub(in crate::tui) fn take(model: &mut Model, news: Result<CatchUp, String>) {
    let shown = model.screens_mut().find_map(shown);
    if let Some(screen) = shown {
        screen.news = Some(news);
        model.touch();
    }
}

/// Takes in how much is left to the digest.
pub(in crate::tui) fn take_digest(model: &mut Model, digest: &[Digested]) {
    let shown = model.screens_mut().find_map(shown);
    if let Some(screen) = shown {
        screen.digest = Some(digest.len());
        model.touch();
    }
}

fn shown(screen: &mut Screen) -> Option<&mut CatchUpScreen> {
    if let Screen::CatchUp(screen) = screen {
        Some(screen)
    } else {
        None
    }
}

/// Tells whether there is anything to go to.
pub(in crate::tui) fn has_rows(model: &Model) -> bool {
    matches!(&model.screen, Screen::CatchUp(screen) if !screen.stops().is_empty())
}

/// Returns what happened before the surface was opened, in one line.
pub(in crate::tui) fn summary(model: &Model, news: &CatchUp) -> String {
    let sum = |of: fn(&ChannelNews) -> u32| news.channels.iter().map(of).sum::<u32>();
    let mut parts = Vec::new();
    for (count, words) in [
        (sum(|news| news.arrived), "arrived"),
        (sum(alone), "sent alone"),
        (sum(|news| news.expired), "expired"),
        (sum(|news| news.stops), "stopped"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {words}"));
        }
    }
    if parts.is_empty() {
        let channels = news.channels.len();
        let word = if channels == 1 { "channel" } else { "channels" };
        parts.push(format!("something in {channels} {word}"));
    }
    let since = since_words(model, news.since);
    let key = model.keys.label(Scope::Main, Action::CatchUp);
    format!("{since}: {}. {key} shows it.", parts.join(", "))
}

fn alone(news: &ChannelNews) -> u32 {
    news.alone.iter().map(|alone| alone.count).sum()
}

fn since_words(model: &Model, since: Option<UnixMillis>) -> String {
    since.filter(|since| since.0 > 0).map_or_else(
        || "So far".to_owned(),
        |at| format!("Since {}", moment(at, model.now, &model.zone)),
    )
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in this list"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let Screen::CatchUp(screen) = &mut model.screen else {
        return Vec::new();
    };
    let stops = screen.stops();
    let last = stops.len().saturating_sub(1);
    match action {
        Action::Up => screen.cursor = screen.cursor.saturating_sub(1),
        Action::Down => screen.cursor = (screen.cursor + 1).min(last),
        Action::Top => screen.cursor = 0,
        Action::Bottom => screen.cursor = last,
        Action::Back => model.leave(),
        Action::OpenLog => return decision_log::open(model, None),
        Action::Open => {
            let stop = stops.get(screen.cursor.min(last)).copied();
            return match stop {
                Some(Stop::Channel(id)) => go_to(model, id),
                Some(Stop::Digest) => digest::open(model),
                None => Vec::new(),
            };
        }
        _ => {}
    }
    Vec::new()
}

/// Leaves for the conversation of a channel.
pub(super) fn go_to(model: &mut Model, channel: ChannelId) -> Vec<Effect> {
    model.go_main();
    let effects = main::select(model, Spot::Channel(channel));
    model.pane = Pane::Transcript;
    effects
}

pub(in crate::tui) fn draw(model: &Model, screen: &CatchUpScreen, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let (left, right) = title(model, screen, &paint);
    let area = paint.head(body, left, right);
    let rows = rows(model, screen, &paint, area.width);
    let cursor = screen.cursor.min(screen.stops().len().saturating_sub(1));
    let here = |row: &Row| row.stop == Some(cursor);
    let at = rows.iter().position(here).unwrap_or(0);
    let rows = rows.into_iter().enumerate().map(|(place, row)| {
        let selected = place == at && here(&row);
        (row.left, row.right, selected)
    });
    paint.list(area, rows, at);
}

fn title(model: &Model, screen: &CatchUpScreen, paint: &Paint<'_>) -> (Spans, Spans) {
    let mut left = vec![paint.own(Role::Title, "SINCE YOU LOOKED")];
    let since = screen.told().and_then(|news| news.since);
    let since = since.filter(|since| since.0 > 0);
    if let Some(at) = since {
        let at = moment(at, model.now, &model.zone);
        left.push(paint.own(Role::Dim, format!("  {at}")));
    }
    let right = since.map_or_else(Vec::new, |at| {
        let words = format!("{} ago", age(model.now.since(at)));
        vec![paint.own(Role::Dim, words)]
    });
    (left, right)
}

fn rows(model: &Model, screen: &CatchUpScreen, paint: &Paint<'_>, width: u16) -> Vec<Row> {
    let words = |role: Role, words: String| Row {
        left: vec![paint.own(Role::Text, " "), paint.own(role, words)],
        right: Vec::new(),
        stop: None,
    };
    let news = match &screen.news {
        None => return vec![words(Role::Dim, "loading".to_owned())],
        Some(Err(problem)) => return vec![words(Role::Wait, problem.clone())],
        Some(Ok(news)) => news,
    };
    let mut rows = Vec::new();
    if news.channels.is_empty() {
        for line in wrapped(
            &empty_words(model, news),
            usize::from(width).saturating_sub(4),
        ) {
            let mut left = vec![paint.own(Role::Text, " ")];
            left.extend(safe(&model.theme, &line, Role::Dim));
            rows.push(Row {
                left,
                right: Vec::new(),
                stop: None,
            });
        }
    }
    for (index, channel) in news.channels.iter().enumerate() {
        channel_rows(model, paint, channel, (index, width), &mut rows);
    }
    if let Some(count) = screen.digest.filter(|count| *count > 0) {
        rows.push(words(Role::Text, String::new()));
        let word = if count == 1 { "message" } else { "messages" };
        let mut row = words(Role::Heading, "DIGEST  ".to_owned());
        let told = format!("{count} {word} your rules left for later");
        row.left.push(paint.own(Role::Text, told));
        row.stop = Some(news.channels.len());
        rows.push(row);
    }
    if !news.days.is_empty() {
        rows.push(words(Role::Text, String::new()));
        rows.push(words(Role::Heading, "DAY BY DAY".to_owned()));
        rows.extend(
            news.days
                .iter()
                .map(|told| day_row(model, paint, told, width)),
        );
    }
    rows
}

fn empty_words(model: &Model, news: &CatchUp) -> String {
    let since = since_words(model, news.since);
    let next = model.keys.label(Scope::Main, Action::NextNeed);
    let needs = match model.needs_count() {
        0 => "Nothing needs you.".to_owned(),
        1 => format!("1 item needs you; {next} goes to it."),
        count => format!("{count} items need you; {next} goes to the first."),
    };
    format!("{since} nothing happened. {needs}")
}

/// A channel: what happened in a few words, under each other where they do not fit beside its
/// name.
fn channel_rows(
    model: &Model,
    paint: &Paint<'_>,
    news: &ChannelNews,
    (index, width): (usize, u16),
    rows: &mut Vec<Row>,
) {
    let indent = if width < 64 { 4 } else { NAME + 4 };
    let name = sanitise_line(&news.name, if width < 64 { 30 } else { NAME });
    let mut lead: Spans = vec![paint.own(Role::Text, " ")];
    lead.extend(safe(&model.theme, &name, Role::Text));
    let right = vec![paint.own(Role::Dim, clock(news.last, &model.zone))];
    let room = usize::from(width).saturating_sub(indent + 9);
    let mut lines = lines(news, room).into_iter();
    let empty = || vec![paint.own(Role::Text, " ".repeat(indent - 1))];
    if width < 64 {
        rows.push(Row {
            left: lead,
            right,
            stop: Some(index),
        });
    } else if let Some((line, role)) = lines.next() {
        let pad = (indent - 2).saturating_sub(name.width());
        lead.push(paint.own(Role::Text, " ".repeat(pad)));
        lead.extend(safe(&model.theme, &line, role));
        rows.push(Row {
            left: lead,
            right,
            stop: Some(index),
        });
    }
    for (line, role) in lines {
        let mut left = empty();
        left.extend(safe(&model.theme, &line, role));
        rows.push(Row {
            left,
            right: Vec::new(),
            stop: None,
        });
    }
}

/// Returns what happened in a channel, what is alarming first.
fn lines(news: &ChannelNews, room: usize) -> Vec<(SafeLine, Role)> {
    let mut lines = Vec::new();
    let mut say = |words: &str, role: Role| {
        lines.extend(wrapped(words, room).into_iter().map(|line| (line, role)));
    };
    if news.stops > 0 {
        say(
            "✗ stopped: the key changed, or the code was not the same",
            Role::Stop,
        );
    }
    let joined = |parts: &[(u32, &str)]| {
        let some = parts.iter().filter(|(count, _)| *count > 0);
        let some: Vec<_> = some
            .map(|(count, words)| format!("{count} {words}"))
            .collect();
        some.join(" · ")
    };
    let asked = if news.contacts == 1 {
        "contact request"
    } else {
        "contact requests"
    };
    let came = joined(&[
        (news.arrived, "arrived"),
        (news.held_in, "held in"),
        (news.held_out, "held out"),
        (news.contacts, asked),
    ]);
    if !came.is_empty() {
        say(&came, Role::Text);
    }
    if !news.alone.is_empty() {
        // The rule of most presets is called `alone` too; that would say nothing twice.
        let named = (news.alone.iter()).filter(|alone| !["", "alone"].contains(&&*alone.rule));
        let by: Vec<_> = named
            .map(|alone| format!("{} {}", alone.rule, alone.count))
            .collect();
        let sent = format!("{} sent alone", alone(news));
        let words = if by.is_empty() {
            sent
        } else {
            format!("{sent}: {}", by.join(", "))
        };
        say(&words, Role::Text);
    }
    let settled = joined(&[
        (news.expired, "expired, not sent"),
        (news.refused, "refused by you"),
        (
            news.by_you - news.refused.min(news.by_you),
            "let pass by you",
        ),
    ]);
    if !settled.is_empty() {
        say(&settled, Role::Dim);
    }
    if news.ended {
        say("the channel ended", Role::Dim);
    }
    lines
}

fn day_row(model: &Model, paint: &Paint<'_>, told: &DayNews, width: u16) -> Row {
    let counts = [
        (told.arrived, "arrived"),
        (told.alone, "alone"),
        (told.approved, "approved"),
        (
            told.refused,
            if width < 64 {
                "refused"
            } else {
                "refused or expired"
            },
        ),
    ];
    let some = counts.iter().filter(|(count, _)| *count > 0);
    let some: Vec<_> = some
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    let name = day(told.day, &model.zone);
    let indent = if width < 64 { 12 } else { NAME + 2 };
    Row {
        left: vec![
            paint.own(Role::Dim, format!(" {name:<indent$}")),
            paint.own(Role::Text, some.join(" · ")),
        ],
        right: Vec::new(),
        stop: None,
    }
}

/// Returns words of this program's, names of rules among them, in lines of this width.
fn wrapped(words: &str, room: usize) -> Vec<SafeLine> {
    sanitise(&PeerText::new(words)).wrap(room.max(1))
}
