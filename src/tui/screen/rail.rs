//! The left rail: what needs a person, then the channels.

use ratatui::layout::{Position, Rect};

use crate::api::Today;
use crate::model::{Channel, ChannelState, PeerText, ReviewItem};
use crate::text::sanitise_line;
use crate::tui::filter::List;
use crate::tui::keymap::{Action, Scope};
use crate::tui::message::Effect;
use crate::tui::model::{Model, Pane, Spot};
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, first_row, inset, nth, rows_from, safe};

use super::{logins, main, need};

/// A row of a list.
enum Row<'a> {
    Note(&'static str),
    Key(String, &'static str),
    Need(&'a ReviewItem),
    Channel(&'a Channel),
}

/// A list of the rail: its heading stays, the rows below it scroll.
struct Part<'a> {
    heading: (&'static str, String),
    rows: Vec<Row<'a>>,
    /// The heading and the rows under it.
    place: Rect,
    /// The first row that is shown.
    first: usize,
}

impl Part<'_> {
    fn below(&self) -> Rect {
        Rect {
            y: self.place.y + self.place.height.min(1),
            height: self.place.height.saturating_sub(1),
            ..self.place
        }
    }

    /// Returns the last row that can stand at the top.
    fn most(&self) -> usize {
        let height = usize::from(self.below().height);
        self.rows.len().saturating_sub(height)
    }
}

/// The first heading; the sign of the pane that has the keys stands before it.
const NEEDS_YOU: &str = "NEEDS YOU";

fn has_keys(model: &Model) -> bool {
    model.pane == Pane::Rail && !model.composer.active
}

/// What needs a person, with the count of its heading.
fn needs(model: &Model) -> (String, Vec<Row<'_>>) {
    let narrowed = model.filters.narrows(List::Rail);
    let all = model.needs.as_ref().map_or(0, Vec::len);
    let mut rows: Vec<_> = model.needs_in_rail().map(Row::Need).collect();
    let counts = if narrowed {
        format!("{} of {all}", rows.len())
    } else {
        count(all)
    };
    if model.needs.is_some() && rows.is_empty() {
        rows.push(Row::Note(if narrowed {
            "none of this name"
        } else {
            "nothing"
        }));
    }
    (counts, rows)
}

/// The channels, with the counts of their heading. Where there are none and the rail is all
/// there is, it says how to come by one.
fn channels(model: &Model, alone: bool) -> (String, Vec<Row<'_>>) {
    let narrowed = model.filters.narrows(List::Rail);
    let all = model.channels.as_ref().map_or(0, Vec::len);
    let listed: Vec<_> = model.channels_in_rail().collect();
    let new: u32 = listed.iter().map(|channel| channel.unread).sum();
    let counts = match (all, new) {
        _ if narrowed => format!("{} of {all}", listed.len()),
        (0, _) => String::new(),
        (all, 0) => format!("{all}"),
        (all, new) => format!("{all} · new {new}"),
    };
    let none = listed.is_empty() && model.channels.is_some();
    let mut rows: Vec<_> = listed.into_iter().map(Row::Channel).collect();
    if none {
        rows.push(Row::Note(if narrowed {
            "none of this name"
        } else {
            "none yet"
        }));
    }
    if none && alone && !narrowed {
        let key = |action| model.keys.label(Scope::Main, action);
        rows.extend([
            Row::Key(key(Action::NewInvite), "makes an invite for somebody"),
            Row::Key(key(Action::AcceptLink), "opens a link you were given"),
            Row::Note("In a shell, `chaperon demo` shows it."),
        ]);
    }
    (counts, rows)
}

fn count(number: usize) -> String {
    if number == 0 {
        String::new()
    } else {
        number.to_string()
    }
}

fn spot(row: &Row<'_>) -> Option<Spot> {
    match row {
        Row::Need(item) => Some(Spot::Need(item.id)),
        Row::Channel(channel) => Some(Spot::Channel(channel.id)),
        Row::Note(_) | Row::Key(..) => None,
    }
}

/// Returns both lists in the places they have, each scrolled to where the wheel moved it, else
/// so that the cursor is on it. Where there is no room for all of both, what needs a person has
/// half of it, or what the channels leave: neither pushes the other out.
fn parts(model: &Model, area: Rect) -> [Part<'_>; 2] {
    let (counts, rows) = needs(model);
    let (channel_counts, channel_rows) = channels(model, area.width >= model.size.0);
    // Two headings, and the rule between the lists.
    let room = usize::from(area.height).saturating_sub(3);
    let half = room.div_ceil(2);
    let most = room.saturating_sub(channel_rows.len()).max(half);
    let above = u16::try_from(rows.len().min(most) + 1).unwrap_or(u16::MAX);
    let upper = Rect {
        height: above.min(area.height),
        ..area
    };
    let lower = Rect {
        y: area.y + (above + 1).min(area.height),
        height: area.height.saturating_sub(above + 1),
        ..area
    };
    let (moved_needs, moved_channels) = model.rail_scroll;
    [
        part(model, (NEEDS_YOU, counts), rows, upper, moved_needs),
        part(
            model,
            ("CHANNELS", channel_counts),
            channel_rows,
            lower,
            moved_channels,
        ),
    ]
}

fn part<'a>(
    model: &Model,
    heading: (&'static str, String),
    rows: Vec<Row<'a>>,
    place: Rect,
    moved: Option<usize>,
) -> Part<'a> {
    let mut part = Part {
        heading,
        rows,
        place,
        first: 0,
    };
    let is_here = |row: &Row<'_>| spot(row).is_some() && spot(row) == model.cursor;
    let at = part.rows.iter().position(is_here).unwrap_or(0);
    // Where there is room for two rows or one, the cursor's is the first.
    let following = first_row(part.below(), part.rows.len(), at).min(at);
    part.first = moved.map_or(following, |first| first.min(part.most()));
    part
}

/// Draws the rail: what needs a person, the channels, and what the signs mean.
pub(in crate::tui) fn draw(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let today = today_rows(model, area);
    let list = list(area, today.len());
    let legend = area.height - list.height;
    let parts = parts(model, list);
    for part in &parts {
        draw_part(model, paint, part);
    }
    let [needs, _] = &parts;
    if needs.place.bottom() < list.bottom() {
        let rule = Rect {
            y: needs.place.bottom(),
            height: 1,
            ..list
        };
        paint.rule(rule);
    }
    if legend > 0 {
        let below = Rect {
            y: list.bottom(),
            height: legend,
            ..area
        };
        draw_below(paint, below, today);
    }
}

fn draw_part(model: &Model, paint: &mut Paint<'_>, part: &Part<'_>) {
    let (name, counts) = &part.heading;
    let place = nth(part.place, 0);
    let inner = inset(place, 1, 1);
    let left = vec![paint.own(Role::Heading, *name)];
    // How many there are says more than how much of it is new, and neither cuts the name.
    let all = counts.split_once(" · ").map_or(&**counts, |(all, _)| all);
    let room = usize::from(inner.width).saturating_sub(name.len() + 1);
    let counts = if counts.len() > room { all } else { counts };
    let right = vec![paint.own(Role::Dim, counts)];
    paint.pair(inner, left, right);
    paint.keys_here(place, *name == NEEDS_YOU && has_keys(model));
    let below = part.below();
    let window = paint.window_from(below, part.rows.len(), part.first);
    let shown = part.rows.iter().skip(window.start).take(window.len());
    for (down, row) in shown.enumerate() {
        draw_row(model, paint, nth(below, down), row);
    }
}

/// Returns the place of the list above so many lines of what was settled, and the legend.
fn list(area: Rect, settled: usize) -> Rect {
    let below = match settled {
        0 if area.height >= 20 => legend(area).len() + 1,
        0 => 0,
        lines if area.width < 30 => lines + 1,
        lines => lines + legend(area).len() + 2,
    };
    let below = u16::try_from(below).unwrap_or(0);
    Rect {
        height: area.height.saturating_sub(below),
        ..area
    }
}

/// Returns what stands at this row of the screen, where it can be selected.
pub(in crate::tui) fn spot_at(model: &Model, area: Rect, at: Position) -> Option<Spot> {
    let list = list(area, today_rows(model, area).len());
    let parts = parts(model, list);
    let part = parts.iter().find(|part| part.below().contains(at))?;
    let below = part.below();
    let window = rows_from(below, part.rows.len(), part.first);
    let index = window.start + usize::from(at.y - below.y);
    spot(part.rows.get(index).filter(|_| window.contains(&index))?)
}

/// Moves the list at this place by so many rows without moving the cursor.
pub(in crate::tui) fn scroll(
    model: &mut Model,
    area: Rect,
    at: Position,
    (up, step): (bool, usize),
) {
    let list = list(area, today_rows(model, area).len());
    let [needs, channels] = parts(model, list);
    let to = |part: &Part<'_>| {
        let to = if up {
            part.first.saturating_sub(step)
        } else {
            part.first + step
        };
        Some(to.min(part.most()))
    };
    if at.y < channels.place.y {
        model.rail_scroll.0 = to(&needs);
    } else {
        model.rail_scroll.1 = to(&channels);
    }
    model.touch();
}

/// Goes to the next (or previous) channel with something new, round the end.
pub(super) fn unread(model: &mut Model, forward: bool) -> Vec<Effect> {
    let ids: Vec<_> = model
        .listed()
        .map(|channel| (channel.id, channel.unread))
        .collect();
    let here = model
        .transcript
        .as_ref()
        .map(|transcript| transcript.channel);
    let at = ids
        .iter()
        .position(|(id, _)| Some(*id) == here)
        .unwrap_or(0);
    let count = ids.len();
    let found = (1..=count).find_map(|step| {
        let index = if forward {
            at + step
        } else {
            at + count - step
        };
        ids.get(index % count).filter(|(_, unread)| *unread > 0)
    });
    let found = found.map(|(id, _)| *id);
    found.map_or_else(Vec::new, |id| main::select(model, Spot::Channel(id)))
}

/// Returns what was settled since midnight, a line each, as far as the pane is high enough.
fn today_rows(model: &Model, area: Rect) -> Vec<(&'static str, u32)> {
    let Some(today) = model.status.as_ref().map(|status| status.today) else {
        return Vec::new();
    };
    let narrow = area.width < 30;
    if today == Today::default() || area.height < if narrow { 18 } else { 28 } {
        return Vec::new();
    }
    if narrow {
        return vec![
            ("sent alone", today.alone),
            ("approved", today.approved + today.edited),
            ("refused", today.refused),
        ];
    }
    vec![
        ("sent on its own", today.alone),
        ("approved by you", today.approved),
        ("edited by you", today.edited),
        ("refused or expired", today.refused),
    ]
}

/// Draws what was settled today, and the legend where there is room for both or for none.
fn draw_below(paint: &mut Paint<'_>, area: Rect, today: Vec<(&'static str, u32)>) {
    let narrow = area.width < 30;
    let lines = today.len();
    if lines > 0 {
        paint.rule(area);
        for (down, (words, count)) in (1..).zip(today) {
            let words = if down == 1 {
                format!("today, {words}")
            } else {
                format!("       {words}")
            };
            let left = vec![paint.own(Role::Dim, words)];
            let right = vec![paint.own(Role::Text, count.to_string())];
            paint.pair(inset(nth(area, down), 1, 2), left, right);
        }
    }
    if lines == 0 || !narrow {
        draw_legend(paint, area);
    }
}

/// What the signs of the rail mean.
const fn legend(area: Rect) -> &'static [&'static str] {
    if area.width < 30 {
        return &["✓ compared ~ accepted", "✗ stopped  ○ pending"];
    }
    &[
        "✓ code compared  ~ not yet",
        "✗ stopped        ○ pending",
        "▲ held           ⚑ signals",
    ]
}

fn draw_legend(paint: &mut Paint<'_>, area: Rect) {
    let lines = legend(area);
    let top = usize::from(area.height).saturating_sub(lines.len() + 1);
    paint.rule(nth(area, top));
    for (line, down) in lines.iter().zip(top + 1..) {
        let spans = vec![paint.own(Role::Dim, *line)];
        paint.row(inset(nth(area, down), 1, 0), spans);
    }
}

fn draw_row(model: &Model, paint: &mut Paint<'_>, place: Rect, row: &Row<'_>) {
    let inner = inset(place, 1, 1);
    match row {
        Row::Note(text) => {
            let spans = vec![paint.own(Role::Dim, *text)];
            paint.row(inset(inner, 1, 0), spans);
        }
        Row::Key(key, words) => {
            let spans = view::entry(paint, &format!("{key:<2}"), words);
            paint.row(inset(inner, 1, 0), spans);
        }
        Row::Need(item) => {
            let (left, right) = need_line(model, paint, item, inner.width);
            paint.pair(inset(inner, 1, 0), left, right);
        }
        Row::Channel(channel) => {
            let (left, right) = line(model, paint, channel, inner.width);
            paint.pair(inner, left, right);
        }
    }
    if spot(row).is_some() && spot(row) == model.cursor {
        let (look, sign) = if has_keys(model) {
            (Role::Selected, "▸")
        } else {
            (Role::Resting, "›")
        };
        paint.tint(place, look);
        paint.row(place, vec![paint.own(Role::Accent, sign)]);
    }
}

fn need_line(model: &Model, paint: &Paint<'_>, item: &ReviewItem, width: u16) -> (Spans, Spans) {
    let (word, role) = need::word(item);
    let right = if model.snoozed_until(item.id).is_some() {
        vec![paint.own(Role::Dim, "later")]
    } else {
        let (time, time_role) = need::time(model, item, false);
        let mut right = vec![paint.own(role, need::signs(item))];
        // Where there is little room, the name says more than since when a message waits.
        if width >= 26 || need::signs(item).is_empty() || need::expires(item).is_some() {
            right.push(paint.own(time_role, time));
        }
        right
    };
    let taken = crate::tui::widget::paint::width(&right) + 7;
    let room = usize::from(width).saturating_sub(taken);
    let mut left = vec![paint.own(role, word), paint.own(Role::Text, "  ")];
    left.extend(safe(
        &model.theme,
        &sanitise_line(&item.name, room),
        Role::Text,
    ));
    (left, right)
}

/// Returns the glyph that says how far a channel's key can be relied on.
pub(in crate::tui) fn trust(channel: &Channel) -> (&'static str, Role) {
    match channel.state {
        ChannelState::Active if channel.verified.is_some() => ("✓", Role::Text),
        ChannelState::Active => ("~", Role::Dim),
        ChannelState::Stopped => ("✗", Role::Stop),
        ChannelState::Invited => ("○", Role::Dim),
        ChannelState::Requested => ("○", Role::Wait),
        ChannelState::Superseded | ChannelState::Closed => ("·", Role::Faint),
    }
}

/// Returns the two letters of a preset, or the first two of a custom one.
pub(in crate::tui) fn preset_short(name: &str) -> String {
    crate::model::Preset::parse(name).map_or_else(
        || {
            crate::text::ours(name)
                .plain()
                .chars()
                .filter(|letter| letter.is_alphanumeric())
                .take(2)
                .collect::<String>()
                .to_uppercase()
        },
        |preset| preset.short().to_owned(),
    )
}

fn line(model: &Model, paint: &Paint<'_>, channel: &Channel, width: u16) -> (Spans, Spans) {
    let (glyph, role) = trust(channel);
    let over = matches!(
        channel.state,
        ChannelState::Superseded | ChannelState::Closed
    );
    let name_role = if over { Role::Dim } else { Role::Text };
    let state = match channel.state {
        ChannelState::Active if channel.paused => Some(("paused", Role::Wait)),
        ChannelState::Active => None,
        ChannelState::Invited => Some(("wait", Role::Dim)),
        ChannelState::Requested if channel.network.has_threads() => Some(("wrote", Role::Wait)),
        ChannelState::Requested => Some(("asks", Role::Wait)),
        ChannelState::Stopped => Some(("stop", Role::Stop)),
        ChannelState::Superseded => Some(("old", Role::Dim)),
        ChannelState::Closed => Some(("closed", Role::Dim)),
    };
    let mut right = vec![paint.own(Role::Dim, preset_short(&channel.preset))];
    let new = if channel.unread > 0 {
        channel.unread.to_string()
    } else {
        String::new()
    };
    if state.is_none() && channel.is_muted(model.now) {
        right.push(paint.own(Role::Dim, format!(" {new:>2} mut")));
    } else if let Some((word, role)) = state {
        right.push(paint.own(role, format!(" {word:>6}")));
    } else {
        right.push(paint.own(Role::Accent, format!(" {new:>3}")));
        let held = match channel.held_in {
            0 => String::new(),
            held @ 1..=9 => format!("▲{held}"),
            _ => "▲+".to_owned(),
        };
        right.push(paint.own(Role::Wait, format!(" {held:>2}")));
    }
    let room = usize::from(width).saturating_sub(12);
    let mut left = vec![paint.own(role, glyph), paint.own(Role::Text, " ")];
    let login = logins::name_of(model, channel).map(|login| {
        let name = sanitise_line(&PeerText::new(login), (room / 2).saturating_sub(1));
        let mut spans = vec![paint.own(Role::Dim, " @")];
        spans.extend(safe(&model.theme, &name, Role::Dim));
        spans
    });
    let login = login.unwrap_or_default();
    let room = room.saturating_sub(crate::tui::widget::paint::width(&login));
    left.extend(safe(
        &model.theme,
        &sanitise_line(&channel.name, room),
        name_role,
    ));
    left.extend(login);
    (left, right)
}
