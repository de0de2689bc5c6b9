//! Draws the list of what needs a person, and what the selected item would show in its review.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::model::{Channel, ChannelState, LogEntry, ReviewId, ReviewItem};
use crate::text::{SafeLine, ours, sanitise_line};
use crate::tui::model::{Model, Screen};
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, age, clock, first_row, inset, nth, rows_from, safe};

use super::needs_you::{NeedsScreen, title, waits_for_them};
use super::{need, rest, review_decision, review_view};

/// Columns of the list where the look at an item stands beside it.
const LIST: u16 = 60;
/// Cells of a name in the list.
const NAME: usize = 16;

/// A row of the list.
enum Row<'a> {
    Item(&'a ReviewItem),
    Detail(&'a ReviewItem),
    Heading(&'static str, usize),
    Waits(&'a Channel),
    Settled(&'a LogEntry),
    Words(SafeLine),
    Blank,
}

/// Where the parts are; the preview has no width where there is no room for one.
struct Places {
    title: Rect,
    list: Rect,
    preview: Rect,
}

fn places(model: &Model, rows: usize) -> Places {
    let body = view::body(model);
    let title_rows = if body.height >= 14 { 2 } else { 1 };
    let title = Rect {
        height: title_rows,
        ..body
    };
    let below = Rect {
        y: body.y + title_rows,
        height: body.height.saturating_sub(title_rows),
        ..body
    };
    let none = Rect::default();
    if body.width >= 110 {
        let title = Rect {
            width: LIST,
            ..title
        };
        let list = Rect {
            width: LIST,
            ..below
        };
        let preview = Rect {
            x: body.x + LIST,
            width: body.width - LIST,
            ..body
        };
        return Places {
            title,
            list,
            preview,
        };
    }
    if body.width < 64 || below.height < 14 {
        return Places {
            title,
            list: below,
            preview: none,
        };
    }
    let wanted = u16::try_from(rows).unwrap_or(u16::MAX);
    let height = wanted.min(below.height / 2);
    let list = Rect { height, ..below };
    let preview = Rect {
        y: list.bottom(),
        height: below.bottom() - list.bottom(),
        ..below
    };
    Places {
        title,
        list,
        preview,
    }
}

pub(in crate::tui) fn draw(model: &Model, screen: &NeedsScreen, frame: &mut Frame<'_>) {
    let rows = rows(model, screen);
    let places = places(model, rows.len());
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    draw_title(model, screen, &mut paint, places.title);
    draw_list(model, screen, &mut paint, &rows, places.list);
    if places.preview.width > 0 {
        draw_preview(model, screen, &mut paint, places.preview);
    }
}

fn draw_title(model: &Model, screen: &NeedsScreen, paint: &mut Paint<'_>, area: Rect) {
    let mut left = vec![
        paint.own(Role::Title, "NEEDS YOU"),
        paint.own(Role::Title, format!(" {}", model.needs_count())),
    ];
    if !screen.marked.is_empty() {
        let words = format!("  {} selected", screen.marked.len());
        left.push(paint.own(Role::Wait, words));
    }
    let right = vec![paint.own(Role::Dim, format!("f: {}", screen.filter.label()))];
    paint.pair(inset(area, 1, 1), left, right);
    if area.height > 1 {
        paint.rule(nth(area, 1));
    }
}

fn rows<'a>(model: &'a Model, screen: &'a NeedsScreen) -> Vec<Row<'a>> {
    let width = model.size.0;
    let two_lines = !(64..110).contains(&width);
    let mut rows = Vec::new();
    let items = screen.items(model);
    if items.is_empty() {
        let room = if width >= 110 { LIST } else { width };
        let words = ours(&empty_words(model, screen)).wrap(usize::from(room).saturating_sub(2));
        rows.extend(words.into_iter().map(Row::Words));
    }
    for item in items {
        rows.push(Row::Item(item));
        if two_lines {
            rows.push(Row::Detail(item));
        }
    }
    let waits = waits_for_them(model);
    if !waits.is_empty() {
        rows.push(Row::Blank);
        rows.push(Row::Heading("WAITS FOR THEM", waits.len()));
        rows.extend(waits.into_iter().map(Row::Waits));
    }
    let settled = screen.settled(model);
    if !settled.is_empty() {
        rows.push(Row::Blank);
        rows.push(Row::Heading("SETTLED TODAY", settled.len()));
        rows.extend(settled.into_iter().map(Row::Settled));
    }
    rows
}

fn empty_words(model: &Model, screen: &NeedsScreen) -> String {
    if model.needs_count() > 0 {
        let words = "Nothing of this kind needs you; <needs_you.cycle_filter> shows the others.";
        return model.keys.fill(words);
    }
    let last = screen.last_settled().map_or_else(String::new, |at| {
        format!(" Last decision {}.", clock(at, &model.zone))
    });
    let alone = model.status.as_ref().map_or_else(String::new, |status| {
        format!(" {} sent alone today.", status.today.alone)
    });
    format!("Nothing needs you.{last}{alone}")
}

/// Returns the item that stands at this place of the screen.
pub(in crate::tui) fn item_at(model: &Model, at: Position) -> Option<ReviewId> {
    let Screen::NeedsYou(screen) = &model.screen else {
        return None;
    };
    let rows = rows(model, screen);
    let list = places(model, rows.len()).list;
    if !list.contains(at) {
        return None;
    }
    let here = |row: &Row<'_>| matches!(row, Row::Item(item) if Some(item.id) == screen.cursor);
    let cursor = rows.iter().position(here).unwrap_or(0);
    let window = rows_from(list, rows.len(), first_row(list, rows.len(), cursor));
    let index = window.start + usize::from(at.y - list.y);
    let row = rows.get(index).filter(|_| window.contains(&index))?;
    if let Row::Item(item) | Row::Detail(item) = row {
        Some(item.id)
    } else {
        None
    }
}

fn draw_list(
    model: &Model,
    screen: &NeedsScreen,
    paint: &mut Paint<'_>,
    rows: &[Row<'_>],
    area: Rect,
) {
    let here = |row: &Row<'_>| matches!(row, Row::Item(item) if Some(item.id) == screen.cursor);
    let at = rows.iter().position(here).unwrap_or(0);
    let window = rows_from(area, rows.len(), first_row(area, rows.len(), at));
    let below = rows.iter().skip(window.end);
    // An item may take two rows, and is one all the same.
    let counts = |row: &&Row<'_>| matches!(row, Row::Item(_) | Row::Waits(_) | Row::Settled(_));
    paint.more(area, below.filter(counts).count());
    let shown = rows.iter().skip(window.start).take(window.len());
    for (down, row) in shown.enumerate() {
        let place = nth(area, down);
        draw_row(model, screen, paint, inset(place, 1, 1), row);
        if here(row) {
            paint.select(place);
        }
    }
}

fn draw_row(
    model: &Model,
    screen: &NeedsScreen,
    paint: &mut Paint<'_>,
    place: Rect,
    row: &Row<'_>,
) {
    match row {
        Row::Blank => {}
        Row::Words(words) => paint.row(place, safe(&model.theme, words, Role::Dim)),
        Row::Heading(words, count) => {
            let left = vec![paint.own(Role::Heading, *words)];
            let right = vec![paint.own(Role::Dim, count.to_string())];
            paint.pair(place, left, right);
        }
        Row::Item(item) => draw_item(model, screen, paint, place, item),
        Row::Detail(item) => {
            let words = if place.width < 58 {
                need::why(model, item)
            } else {
                need::detail(model, item)
            };
            let room = usize::from(place.width).saturating_sub(7);
            let line = ours(&words).truncated(room);
            paint.row(inset(place, 7, 0), safe(&model.theme, &line, Role::Dim));
        }
        Row::Waits(channel) => {
            let (word, words) = match channel.state {
                ChannelState::Invited if channel.network.is_direct() => {
                    ("ask", "asked by you, they did not ask yet")
                }
                ChannelState::Invited => ("inv", "invite out, not answered"),
                ChannelState::Stopped
                | ChannelState::Requested
                | ChannelState::Active
                | ChannelState::Superseded
                | ChannelState::Closed => ("key", "stopped; compare the code"),
            };
            let mut left = lead(model, paint, (word, Role::Dim), &channel.name);
            // Where there is no room, the word for the kind says it.
            if place.width >= 58 {
                left.push(paint.own(Role::Dim, words));
            }
            let waited = age(model.now.since(channel.created_at));
            paint.pair(place, left, vec![paint.own(Role::Dim, waited)]);
        }
        Row::Settled(entry) => {
            let Some((word, words)) = settled_words(&entry.what) else {
                return;
            };
            let channel = entry.channel.and_then(|id| model.channel(id));
            let name = channel.map(|channel| channel.name.clone());
            let mut left = lead(model, paint, (word, Role::Dim), &name.unwrap_or_default());
            let mut at = clock(entry.at, &model.zone);
            if place.width >= 58 {
                left.push(paint.own(Role::Dim, words));
            } else {
                let word = words.split([',', ' ']).next().unwrap_or_default();
                at = format!("{word} {at}");
            }
            paint.pair(place, left, vec![paint.own(Role::Dim, at)]);
        }
    }
}

/// The word for the kind and the name, padded so that what follows stands in a column.
fn lead(
    model: &Model,
    paint: &Paint<'_>,
    (word, role): (&'static str, Role),
    name: &crate::model::PeerText,
) -> Spans {
    let line = sanitise_line(name, NAME);
    let pad = (NAME + 2).saturating_sub(line.width());
    let mut spans = vec![
        paint.own(Role::Text, "  "),
        paint.own(role, format!("{word:<3}  ")),
    ];
    spans.extend(safe(&model.theme, &line, Role::Text));
    spans.push(paint.own(Role::Text, " ".repeat(pad)));
    spans
}

fn draw_item(
    model: &Model,
    screen: &NeedsScreen,
    paint: &mut Paint<'_>,
    place: Rect,
    item: &ReviewItem,
) {
    let mut left = lead(model, paint, need::word(item), &item.name);
    if place.width >= 58 {
        let role = if need::is_severe(item) {
            Role::Stop
        } else {
            Role::Text
        };
        left.extend(safe(&model.theme, &ours(&need::why(model, item)), role));
    }
    let (time, role) = need::time(model, item, place.width >= 70);
    let right = match model.snoozed_until(item.id) {
        Some(until) => {
            let words = rest::until(until, model.now, &model.zone);
            vec![paint.own(Role::Dim, format!("later, {words}"))]
        }
        None => vec![paint.own(role, time)],
    };
    paint.pair(place, left, right);
    if screen.marked.contains(&item.id) {
        paint.row(place, vec![paint.own(Role::Accent, "x")]);
    }
}

/// Says what the list is for, as long as nothing stands in it.
fn draw_what_comes(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let words = "What a rule holds, what a stranger asks and every changed key comes here. It \
                 waits until you decide; without an answer nothing is sent and nothing released.";
    paint.rule(nth(area, 1));
    let lines = ours(words).wrap(usize::from(area.width).saturating_sub(2));
    for (line, down) in lines.iter().zip(2..) {
        let place = inset(nth(area, down), 1, 1);
        paint.row(place, safe(&model.theme, line, Role::Dim));
    }
}

fn draw_preview(model: &Model, screen: &NeedsScreen, paint: &mut Paint<'_>, area: Rect) {
    let beside = area.x > 0;
    if beside {
        paint.wall(area);
    } else {
        paint.rule(area);
    }
    let area = if beside {
        inset(area, 1, 0)
    } else {
        Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(1),
            ..area
        }
    };
    let items = screen.items(model);
    let Some(item) = items.iter().find(|item| Some(item.id) == screen.cursor) else {
        if beside {
            draw_what_comes(model, paint, area);
        }
        return;
    };
    let mut left = vec![
        paint.own(Role::Heading, "PREVIEW · "),
        paint.own(Role::Text, title(item)),
    ];
    let name = sanitise_line(&item.name, usize::from(area.width) / 3);
    left.extend(safe(&model.theme, &name, Role::Title));
    let (time, role) = need::time(model, item, true);
    paint.pair(inset(nth(area, 0), 1, 1), left, vec![paint.own(role, time)]);
    let top = usize::from(beside);
    if beside {
        paint.rule(nth(area, 1));
    }
    let room = usize::from(area.width).saturating_sub(2);
    let default = match &screen.preview {
        Some((_, Ok(review))) => ours(review_decision::default_words(review)).wrap(room),
        Some((_, Err(_))) | None => Vec::new(),
    };
    let foot = 1 + u16::try_from(default.len()).unwrap_or(1).max(1);
    let paper = Rect {
        y: area.y + 1 + u16::from(beside),
        height: area.height.saturating_sub(2 + u16::from(beside) + foot),
        ..area
    };
    let paper = inset(paper, 1, 1);
    match &screen.preview {
        Some((_, Ok(_))) => {
            let papers = screen.paper(model, paper.width);
            let rows = &papers.text;
            let height = usize::from(paper.height);
            for (down, row) in rows.iter().take(height).enumerate() {
                review_view::draw_row(model, paint, nth(paper, down), row);
            }
            let after = 1 + top + rows.len().min(height);
            let hidden = rows.len().saturating_sub(height);
            if hidden > 0 {
                let words = format!("▼ {hidden} more lines in the review");
                let place = inset(nth(area, after), 1, 1);
                paint.row(place, vec![paint.own(Role::Wait, words)]);
            }
            let words = "<needs_you.open> opens the full review; decisions are made there.";
            let foot = default.into_iter().chain([ours(&model.keys.fill(words))]);
            for (line, down) in foot.zip(after + 1..) {
                let place = inset(nth(area, down), 1, 1);
                paint.row(place, safe(&model.theme, &line, Role::Dim));
            }
        }
        Some((_, Err(problem))) => {
            let line = ours(problem).truncated(paper.width.into());
            paint.row(nth(paper, 0), safe(&model.theme, &line, Role::Wait));
        }
        None => {}
    }
}

/// Returns the kind and the words of a log entry by which something of this list was settled.
pub(super) fn settled_words(what: &str) -> Option<(&'static str, &'static str)> {
    Some(match what {
        "draft_approved" => ("out", "approved by you"),
        "draft_approved_edited" => ("out", "edited and approved by you"),
        "draft_refused" => ("out", "refused by you"),
        "draft_expired" => ("out", "expired, not sent"),
        "message_released" => ("in", "released by you"),
        "message_released_clean" => ("in", "released, hidden text removed"),
        "message_passed_on_in_own_words" => ("in", "passed on in your words"),
        "message_refused" => ("in", "refused by you"),
        "contact_accepted" => ("ask", "accepted by you"),
        "contact_refused" => ("ask", "refused by you"),
        "contact_blocked" => ("ask", "blocked by you"),
        "contact_move_accepted" => ("ask", "new address taken by you"),
        "contact_move_refused" => ("ask", "old address kept by you"),
        "key_repinned" => ("key", "new key pinned by you"),
        "pinned_key_kept" => ("key", "accepted key kept by you"),
        "closed_after_key_change" => ("key", "channel closed by you"),
        _ => return None,
    })
}
