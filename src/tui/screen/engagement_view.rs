//! Draws the engagement of a channel: its rows, and beside or below them what would change.
//!
//! Must not: decide anything.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::api::{Engagement, EngagementRow};
use crate::model::PeerText;
use crate::text::{SafeLine, ours, sanitise, sanitise_line};
use crate::tui::model::{Model, Screen};
use crate::tui::theme::{Role, Theme};
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, inset, is_roomy, nth, safe, width};

use super::engagement::EngagementScreen;
use super::engagement_changes::{changes, widening_words};
use super::rail::preset_short;
use super::side::preset_label;

/// Columns from which list and changes stand side by side.
const WIDE: u16 = 110;
/// Columns of the list where both stand side by side.
const LIST: u16 = 66;
/// Rows of the changes below the list, with their rule.
const BELOW: u16 = 7;

/// Where the parts stand.
struct Layout {
    body: Rect,
    list: Rect,
    pane: Rect,
    foot: Rect,
    /// The words of the foot, without the last line of a widening.
    words: Vec<SafeLine>,
}

pub(super) fn is_wide(model: &Model) -> bool {
    model.size.0 >= WIDE
}

fn layout(model: &Model, screen: &EngagementScreen) -> Layout {
    let body = view::body(model);
    let words = foot_words(screen).map_or_else(Vec::new, |(words, _)| {
        sanitise(&PeerText::new(words)).wrap(usize::from(body.width).saturating_sub(2).max(1))
    });
    let roomy = is_roomy(body);
    let top = 1 + u16::from(roomy);
    let mut foot_rows = u16::try_from(words.len()).unwrap_or(u16::MAX);
    foot_rows = foot_rows.saturating_add(u16::from(screen.armed));
    if foot_rows > 0 {
        foot_rows = foot_rows.saturating_add(u16::from(roomy));
    }
    let foot_rows = foot_rows.min(body.height.saturating_sub(top));
    let rest = Rect {
        y: body.y + top,
        height: body.height.saturating_sub(top + foot_rows),
        ..body
    };
    let foot = Rect {
        y: rest.bottom(),
        height: foot_rows,
        ..body
    };
    let (list, pane) = split(model, screen, rest);
    Layout {
        body,
        list,
        pane,
        foot,
        words,
    }
}

/// Divides what lies between title and foot among list and changes.
fn split(model: &Model, screen: &EngagementScreen, rest: Rect) -> (Rect, Rect) {
    let none = Rect::new(rest.x, rest.y, 0, 0);
    if is_wide(model) {
        let list = Rect {
            width: LIST,
            ..rest
        };
        return (list, inset(rest, LIST, 0));
    }
    if screen.diff {
        return (none, rest);
    }
    let below = if is_roomy(view::body(model)) {
        BELOW
    } else {
        2
    };
    if rest.height < below + 4 {
        return (rest, none);
    }
    let list = Rect {
        height: rest.height - below,
        ..rest
    };
    let pane = Rect {
        y: list.bottom(),
        height: below,
        ..rest
    };
    (list, pane)
}

/// Returns where the rows of the changes stand; the rest of their rectangle is rules.
fn pane_rows(model: &Model, screen: &EngagementScreen, pane: Rect) -> Rect {
    if is_wide(model) {
        return inset(pane, 2, 1);
    }
    if screen.diff || pane.height == 0 {
        return inset(pane, 1, 1);
    }
    Rect {
        y: pane.y + 1,
        height: pane.height - 1,
        ..inset(pane, 1, 1)
    }
}

fn foot_words(screen: &EngagementScreen) -> Option<(String, Role)> {
    if screen.saving {
        return Some(("Putting it into force.".to_owned(), Role::Dim));
    }
    if let (true, Some(shown)) = (screen.armed, &screen.shown) {
        let words = widening_words(&shown.changes, shown.replay.alone);
        return Some((words, Role::Wait));
    }
    let problem = screen.problem.clone();
    problem.map(|problem| (problem, Role::Wait))
}

/// Tells whether the line about the widening stands on the screen whole.
pub(super) fn tells_all(model: &Model, screen: &EngagementScreen) -> bool {
    let layout = layout(model, screen);
    let needed = layout.words.len() + 1 + usize::from(is_roomy(layout.body));
    needed <= usize::from(layout.foot.height)
}

/// Returns how far the changes can be scrolled.
pub(super) fn most_scroll(model: &Model) -> usize {
    let Screen::Engagement(screen) = &model.screen else {
        return 0;
    };
    let area = pane_rows(model, screen, layout(model, screen).pane);
    let rows = changes(model, screen, area.width.into());
    rows.len().saturating_sub(area.height.into())
}

pub(in crate::tui) fn draw(model: &Model, screen: &EngagementScreen, frame: &mut Frame<'_>) {
    let layout = layout(model, screen);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    draw_title(model, screen, &mut paint, layout.body);
    if let Some(shown) = &screen.shown {
        draw_list(model, screen, shown, &mut paint, layout.list);
        draw_pane(model, screen, &mut paint, layout.pane);
    } else if screen.problem.is_none() {
        let words = vec![paint.own(Role::Dim, "Asking for the engagement.")];
        paint.row(inset(layout.list, 2, 0), words);
    }
    draw_foot(model, screen, &mut paint, &layout);
}

fn draw_title(model: &Model, screen: &EngagementScreen, paint: &mut Paint<'_>, body: Rect) {
    let mut left = vec![
        paint.own(Role::Title, "ENGAGEMENT"),
        paint.own(Role::Dim, " · "),
    ];
    if let Some(channel) = model.channel(screen.channel) {
        let name = sanitise_line(&channel.name, usize::from(body.width) / 3);
        left.extend(safe(&model.theme, &name, Role::Title));
    }
    let mut right = Vec::new();
    if let Some(shown) = &screen.shown {
        let count = shown.changes.len();
        if body.width < 64 {
            let short = ours(&preset_short(&shown.preset));
            right.extend(safe(&model.theme, &short, Role::Dim));
            if count > 0 {
                right.push(paint.own(Role::Dim, format!(" +{count}")));
            }
        } else {
            right.push(paint.own(Role::Dim, "based on "));
            let label = preset_label(&shown.preset).truncated(24);
            right.extend(safe(&model.theme, &label, Role::Text));
            let words = match count {
                0 if screen.is_changed() => ", text changed".to_owned(),
                0 => ", no changes".to_owned(),
                1 => ", 1 change".to_owned(),
                count => format!(", {count} changes"),
            };
            right.push(paint.own(Role::Dim, words));
        }
    }
    paint.head(body, left, right);
}

fn draw_foot(model: &Model, screen: &EngagementScreen, paint: &mut Paint<'_>, layout: &Layout) {
    let role = foot_words(screen).map_or(Role::Dim, |(_, role)| role);
    let mut down = 0;
    if is_roomy(layout.body) && layout.foot.height > 0 {
        paint.rule(layout.foot);
        down = 1;
    }
    let area = inset(layout.foot, 1, 1);
    for line in &layout.words {
        paint.row(nth(area, down), safe(&model.theme, line, role));
        down += 1;
    }
    if !screen.armed {
        return;
    }
    let words = if let Some(why) = screen.asleep(model) {
        paint.own(Role::Wait, why)
    } else {
        let words = "<engagement.confirm> puts it into force.";
        paint.own(Role::Accent, model.keys.fill(words))
    };
    // Where the words do not fit, the reason why A does nothing stands over their end.
    let last = usize::from(area.height).saturating_sub(1).min(down);
    let place = nth(area, last);
    if last < down {
        paint.row(
            place,
            vec![paint.own(Role::Text, " ".repeat(place.width.into()))],
        );
    }
    paint.row(place, vec![words]);
}

/// One line of the list.
enum Line<'a> {
    Blank,
    Heading(&'a str),
    Row(usize),
}

fn lines(shown: &Engagement, headings: bool) -> Vec<Line<'_>> {
    let mut lines = vec![Line::Row(0)];
    let mut section = "";
    for (index, row) in shown.rows.iter().enumerate() {
        if headings && row.section != section {
            section = &row.section;
            lines.extend([Line::Blank, Line::Heading(section)]);
        }
        lines.push(Line::Row(index + 1));
    }
    lines
}

fn draw_list(
    model: &Model,
    screen: &EngagementScreen,
    shown: &Engagement,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    if area.height == 0 {
        return;
    }
    let wide = is_wide(model);
    let legend: &[&str] = if wide {
        &[
            "E  enforced by this app, whatever the assistant does",
            "A  advice in the assistant's text; not a guarantee",
        ]
    } else if is_roomy(view::body(model)) {
        &["E enforced by this app    A advice to the assistant, no guarantee"]
    } else {
        &[]
    };
    let room = usize::from(area.height).saturating_sub(legend.len());
    let lines = lines(shown, wide);
    let here = lines
        .iter()
        .position(|line| matches!(line, Line::Row(index) if *index == screen.cursor));
    let from = (here.unwrap_or(0) + 2)
        .min(lines.len())
        .saturating_sub(room);
    for (down, line) in lines.iter().skip(from).take(room).enumerate() {
        let place = nth(area, down);
        match line {
            Line::Blank => {}
            Line::Heading(words) => {
                let words = ours(words);
                paint.row(
                    inset(place, 1, 1),
                    safe(&model.theme, &words, Role::Heading),
                );
            }
            Line::Row(index) => draw_row(model, screen, shown, paint, (place, *index)),
        }
    }
    if from + room < lines.len() {
        let mark = vec![paint.own(Role::Dim, "▼")];
        let end = inset(nth(area, room.saturating_sub(1)), 0, 0);
        paint.row(inset(end, end.width.saturating_sub(1), 0), mark);
    }
    for (line, words) in legend.iter().enumerate() {
        let place = inset(nth(area, room + line), 1, 1);
        paint.row(place, vec![paint.own(Role::Dim, *words)]);
    }
}

fn draw_row(
    model: &Model,
    screen: &EngagementScreen,
    shown: &Engagement,
    paint: &mut Paint<'_>,
    (place, index): (Rect, usize),
) {
    let small = place.width < 64;
    let label_room: u16 = if small { 14 } else { 28 };
    let row = index.checked_sub(1).and_then(|index| shown.rows.get(index));
    let label = row.map_or("start from", |row| &row.label);
    let label = ours(label).truncated(usize::from(label_room) - 1);
    let label_place = Rect {
        width: label_room.min(place.width.saturating_sub(2)),
        ..inset(place, 2, 0)
    };
    paint.row(label_place, safe(&model.theme, &label, Role::Dim));
    let value_place = inset(place, 2 + label_room, 4);
    let room = usize::from(value_place.width);
    let value = match row {
        Some(row) if small => safe(&model.theme, &ours(&row.value), Role::Title),
        None if small => safe(&model.theme, &preset_label(&shown.preset), Role::Title),
        Some(row) => value(&model.theme, row, room),
        None => start_from(model, shown, room),
    };
    paint.row(value_place, value);
    if let Some(row) = row {
        let mark = if row.enforced { "E" } else { "A" };
        let end = inset(place, place.width.saturating_sub(3), 0);
        paint.row(end, vec![paint.own(Role::Text, mark)]);
    }
    if index == screen.cursor {
        paint.select(place);
    }
}

fn start_from(model: &Model, shown: &Engagement, room: usize) -> Spans {
    let label = preset_label(&shown.preset);
    let all = model.preset_names();
    let words = |whole: bool| {
        let label = &label;
        all.iter().map(move |name| {
            let here = *name == shown.preset;
            let words = if here && whole {
                label.clone()
            } else {
                ours(&preset_short(name))
            };
            (words, here)
        })
    };
    // The title says the whole name too.
    all_of(&model.theme, words(true), room)
        .or_else(|| all_of(&model.theme, words(false), room))
        .unwrap_or_else(|| one_of(&model.theme, &label, room))
}

fn value(theme: &Theme, row: &EngagementRow, room: usize) -> Spans {
    let value = ours(&row.value);
    if row.choices.is_empty() {
        return safe(theme, &value, Role::Text);
    }
    let words = row
        .choices
        .iter()
        .map(|choice| (ours(choice), *choice == row.value));
    all_of(theme, words, room).unwrap_or_else(|| one_of(theme, &value, room))
}

/// Returns all choices with a mark at the present one, if they have room.
fn all_of(
    theme: &Theme,
    choices: impl Iterator<Item = (SafeLine, bool)>,
    room: usize,
) -> Option<Spans> {
    let mut all = vec![theme.span(Role::Dim, "‹ ")];
    let mut found = false;
    for (index, (words, here)) in choices.enumerate() {
        if index > 0 {
            all.push(theme.span(Role::Dim, " | "));
        }
        if here {
            found = true;
            all.push(theme.span(Role::Accent, "▸"));
        }
        let role = if here { Role::Title } else { Role::Dim };
        all.extend(safe(theme, &words, role));
    }
    all.push(theme.span(Role::Dim, " ›"));
    (found && width(&all) <= room).then_some(all)
}

/// Returns the present choice between the signs that there are others.
fn one_of(theme: &Theme, present: &SafeLine, room: usize) -> Spans {
    let mut one = vec![theme.span(Role::Dim, "‹ ")];
    let short = present.truncated(room.saturating_sub(4));
    one.extend(safe(theme, &short, Role::Title));
    one.push(theme.span(Role::Dim, " ›"));
    one
}

fn draw_pane(model: &Model, screen: &EngagementScreen, paint: &mut Paint<'_>, pane: Rect) {
    if pane.height == 0 {
        return;
    }
    if is_wide(model) {
        paint.wall(pane);
    } else if !screen.diff {
        paint.rule(pane);
    }
    let area = pane_rows(model, screen, pane);
    let rows = changes(model, screen, area.width.into());
    let height = usize::from(area.height);
    let from = screen.scroll.min(rows.len().saturating_sub(height));
    let more = rows.len() > from + height;
    for (down, row) in rows.into_iter().skip(from).take(height).enumerate() {
        paint.row(nth(area, down), row);
    }
    if more && height > 1 {
        let place = nth(area, height - 1);
        let place = inset(place, place.width.saturating_sub(8), 0);
        paint.row(place, vec![paint.own(Role::Accent, " PgDn ▼ ")]);
    }
}
