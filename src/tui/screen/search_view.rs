//! Draws the search. What the peer wrote stands right of the gutter, in hits and in context.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::api::{Hit, HitKind};
use crate::model::{Author, PeerText, UnixMillis};
use crate::text::search::sanitise_found;
use crate::text::{SafeLine, ours, sanitise_line};
use crate::tui::keymap::{Action, Scope};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::field;
use crate::tui::widget::paint::{
    Paint, Spans, day, day_number, inset, nth, part, safe, stamp, width,
};

use super::decision_log_text::{grouped, words};
use super::search::{Focus, Search};
use super::search_context::{context_rows, hit_rows};

/// What one can type, in the order of the screen.
const OPERATORS: [&str; 3] = [
    "words “a phrase” -not    from:me|them|assistant  channel:name  is:held|flagged|sent|expired  has:link|file",
    "before: after: on:       works on text, notes and decisions; all on this machine; CJK and accents match",
    "from:me|them|assistant  channel:  is:held|flagged|sent  has:link  before:",
];

/// Where the parts of the screen are.
struct Parts {
    field: Rect,
    rule: Rect,
    list: Rect,
    context: Rect,
    help: Rect,
}

fn is_narrow(body: Rect) -> bool {
    body.width < 64 || body.height < 14
}

fn is_wide(body: Rect) -> bool {
    body.width >= 100
}

fn parts(model: &Model) -> Parts {
    let body = view::body(model);
    let slice = |from: u16, height: u16| Rect {
        y: body.y + from.min(body.height),
        height: height.min(body.height.saturating_sub(from)),
        ..body
    };
    let none = Rect { height: 0, ..body };
    if is_narrow(body) {
        let rest = slice(1, body.height.saturating_sub(1));
        let on_context = model.search.focus == Focus::Context;
        return Parts {
            field: slice(0, 1),
            rule: none,
            list: if on_context { none } else { rest },
            context: if on_context { rest } else { none },
            help: none,
        };
    }
    let help = if is_wide(body) { 2 } else { 1 };
    let room = body.height.saturating_sub(2 + 1 + 1 + help);
    let list = room * 2 / 5 + u16::from(is_wide(body));
    let context = room - list;
    Parts {
        field: slice(0, 1),
        rule: slice(1, 1),
        list: slice(2, list),
        context: slice(3 + list, context),
        help: slice(4 + list + context, help),
    }
}

/// Returns half of the rows of the part that has the keys.
pub(super) fn half(model: &Model) -> usize {
    let parts = parts(model);
    let area = if model.search.focus == Focus::Context {
        parts.context
    } else {
        parts.list
    };
    usize::from(area.height / 2).max(1)
}

/// Returns how far the context scrolls.
pub(super) fn most_scroll(model: &Model) -> usize {
    let area = parts(model).context;
    let rows = context_rows(model, area.width).len() + 1;
    rows.saturating_sub(area.height.into())
}

/// Returns how far the context has to scroll for the hit to be seen, with what stands before it
/// as far as there is room.
pub(super) fn scroll_to_hit(model: &Model) -> usize {
    let area = parts(model).context;
    // In a narrow window the context has the room of the list once it has the keys.
    let height = if area.height == 0 {
        view::body(model).height.saturating_sub(1)
    } else {
        area.height
    };
    let (start, end) = hit_rows(model, area.width);
    let room = usize::from(height).saturating_sub(1);
    end.saturating_sub(room).min(start)
}

pub(in crate::tui) fn draw(model: &Model, frame: &mut Frame<'_>) {
    let parts = parts(model);
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let caret = draw_field(model, &mut paint, parts.field);
    if parts.rule.height > 0 {
        paint.rule(parts.rule);
        draw_said(model, &mut paint, inset(parts.rule, 3, 3));
    }
    draw_list(model, &mut paint, parts.list);
    if parts.help.height > 0 {
        paint.rule(nth(body, usize::from(parts.context.y - body.y - 1)));
        paint.rule(nth(body, usize::from(parts.help.y - body.y - 1)));
        let lines = if is_wide(body) {
            &OPERATORS[..2]
        } else {
            &OPERATORS[2..]
        };
        for (line, down) in lines.iter().zip(0..) {
            let place = inset(nth(parts.help, down), 1, 1);
            paint.row(place, vec![paint.own(Role::Dim, *line)]);
        }
    }
    draw_context(model, &mut paint, parts.context);
    if let Some(caret) = caret {
        frame.set_cursor_position(caret);
    }
}

/// Draws what is typed, and how much was found; returns where the caret is.
fn draw_field(model: &Model, paint: &mut Paint<'_>, place: Rect) -> Option<Position> {
    let search = &model.search;
    let place = inset(place, 1, 1);
    let title = if place.width < 64 {
        "SEARCH "
    } else {
        "SEARCH  "
    };
    let right = count(search, place.width);
    let right = vec![paint.own(Role::Dim, right)];
    paint.pair(place, vec![paint.own(Role::Title, title)], right.clone());
    let label = u16::try_from(title.len()).unwrap_or(0);
    let taken = u16::try_from(width(&right)).unwrap_or(0);
    let text = inset(place, label, taken + 1);
    if search.editor.is_empty() {
        let hint = "words, or a saved search below";
        paint.row(text, vec![paint.own(Role::Dim, hint)]);
    }
    let caret = field::draw(&search.editor, paint, text);
    caret.filter(|_| search.focus == Focus::Field)
}

/// Returns how much was found, of how much, and how long it took.
fn count(search: &Search, columns: u16) -> String {
    let Some(found) = search.found.as_ref().filter(|_| !search.lists_saved()) else {
        return if search.waiting {
            "searching".to_owned()
        } else {
            String::new()
        };
    };
    let more = if found.more { "+" } else { "" };
    let total = grouped(found.total.into());
    let ms = found.micros.div_ceil(1000);
    if columns < 64 {
        return format!("{total}{more} · {ms} ms");
    }
    let of = grouped(found.searched);
    format!("{total}{more} of {of} · {ms} ms")
}

/// Says what was not understood, what went wrong, or how far the index is.
fn said(model: &Model) -> Option<(String, Role)> {
    let search = &model.search;
    if let Some(problem) = &search.problem {
        return Some((format!("Not searched: {problem}."), Role::Stop));
    }
    if search.lists_saved() {
        return None;
    }
    if let Some(index) = search.index() {
        let (done, total) = (index.total.saturating_sub(index.waiting), index.total);
        let (done, total) = (grouped(done), grouped(total));
        let key = model.keys.label(Scope::Search, Action::BuildIndex);
        return Some(if index.building {
            (
                format!("{done} of {total} can be found so far; {key} stops"),
                Role::Wait,
            )
        } else {
            (
                format!("{done} of {total} can be found; {key} goes on"),
                Role::Wait,
            )
        });
    }
    let note = search.found.as_ref()?.notes.first()?;
    Some((note.clone(), Role::Wait))
}

fn draw_said(model: &Model, paint: &mut Paint<'_>, place: Rect) {
    let Some((words, role)) = said(model) else {
        return;
    };
    let mut spans = vec![paint.own(Role::Faint, " ")];
    let room = usize::from(place.width).saturating_sub(2);
    spans.extend(safe(&model.theme, &ours(&words).truncated(room), role));
    spans.push(paint.own(Role::Faint, " "));
    paint.row(place, spans);
}

fn draw_list(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let search = &model.search;
    if area.height == 0 {
        return;
    }
    if search.lists_saved() {
        draw_saved(model, paint, area);
        return;
    }
    let body = view::body(model);
    let (narrow, wide) = (is_narrow(body), is_wide(body));
    let hits = search.found.as_ref().map(|found| found.hits.as_slice());
    let hits = hits.unwrap_or_default();
    if hits.is_empty() {
        draw_nothing(model, paint, inset(area, 2, 2));
        return;
    }
    let head = head_rows(model);
    if wide {
        for (column, name) in [
            (2, "when"),
            (16, "who"),
            (31, "dir"),
            (40, "text (safe form, matches marked)"),
        ] {
            let cell = inset(nth(area, 0), column, 0);
            paint.row(cell, vec![paint.own(Role::Dim, name)]);
        }
    }
    // The last row of a narrow window says what a wider one says on its rule.
    let below = usize::from(narrow && said(model).is_some());
    let Rows { high, room, from } = shown_rows(model, area);
    for (index, hit) in hits.iter().enumerate().skip(from).take(room) {
        let down = head + (index - from) * high;
        let row = nth(area, down);
        if narrow {
            draw_two_rows(model, paint, (row, nth(area, down + 1)), hit);
        } else {
            draw_row(model, paint, row, hit);
        }
        if index == search.cursor {
            let keys = search.focus == Focus::List;
            let role = if keys { Role::Selected } else { Role::Resting };
            paint.tint(row, role);
            paint.row(row, vec![paint.own(Role::Accent, "▸")]);
        }
    }
    if below == 1 {
        draw_said(model, paint, nth(area, usize::from(area.height) - 1));
    }
}

/// Which rows of the list are on screen.
struct Rows {
    /// Rows of the screen that one takes.
    high: usize,
    /// How many there is room for.
    room: usize,
    /// The first.
    from: usize,
}

fn shown_rows(model: &Model, area: Rect) -> Rows {
    let search = &model.search;
    let body = view::body(model);
    let narrow = is_narrow(body) && !search.lists_saved();
    let high = if narrow { 2 } else { 1 };
    let taken = head_rows(model) + usize::from(narrow && said(model).is_some());
    let room = (usize::from(area.height).saturating_sub(taken) / high).max(1);
    let from = (search.cursor + 1).saturating_sub(room);
    Rows { high, room, from }
}

/// Returns the rows above the first one of the list.
fn head_rows(model: &Model) -> usize {
    usize::from(model.search.lists_saved() || is_wide(view::body(model)))
}

/// Returns which row of the list lies at a place of the screen.
pub(super) fn row_at(model: &Model, at: Position) -> Option<usize> {
    let area = parts(model).list;
    let down = area.contains(at).then(|| usize::from(at.y - area.y))?;
    let Rows { high, room, from } = shown_rows(model, area);
    let row = down.checked_sub(head_rows(model))? / high;
    (row < room).then_some(from + row)
}

fn draw_nothing(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let search = &model.search;
    let mut lines: Vec<(&str, Role)> = Vec::new();
    // A wider window says on its rule what was not understood.
    let narrow = is_narrow(view::body(model));
    let notes = search.found.as_ref().filter(|_| narrow);
    let typed = notes.map_or(&[][..], |found| found.notes.as_slice());
    match (&search.found, search.problem.is_some()) {
        (_, true) => {}
        (None, _) => lines.push(("Searching.", Role::Dim)),
        (Some(_), _) if search.index().is_some() => {
            lines.push((
                "Nothing is found so far; the index is not whole yet.",
                Role::Text,
            ));
        }
        (Some(_), _) => {
            lines.push(("Nothing is found.", Role::Text));
            lines.push((
                "Every word has to stand in it, in any order; hold finds holding, “hold” does not.",
                Role::Dim,
            ));
            lines.push(("Fewer words find more; -word leaves out.", Role::Dim));
        }
    }
    let said = typed.iter().map(|note| (note.as_str(), Role::Wait));
    let mut down = 0;
    for (line, role) in lines.into_iter().chain(said) {
        let wrapped = crate::text::sanitise(&PeerText::new(line)).wrap(area.width.into());
        for line in wrapped {
            paint.row(nth(area, down), safe(&model.theme, &line, role));
            down += 1;
        }
    }
}

fn draw_saved(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let search = &model.search;
    let heading = inset(nth(area, 0), 2, 1);
    paint.row(heading, vec![paint.own(Role::Heading, "SAVED SEARCHES")]);
    if search.saved.is_empty() {
        let words = "None yet. <search.save_search> saves the search that is on screen.";
        let words = model.keys.fill(words);
        let place = inset(nth(area, 1), 2, 1);
        paint.row(place, vec![paint.own(Role::Dim, words)]);
    }
    let Rows { room, from, .. } = shown_rows(model, area);
    for (index, saved) in search.saved.iter().enumerate().skip(from).take(room) {
        let row = nth(area, 1 + index - from);
        let line = sanitise_line(&saved.query, usize::from(row.width).saturating_sub(4));
        paint.row(inset(row, 2, 1), safe(&model.theme, &line, Role::Text));
        if index == search.cursor && search.focus == Focus::List {
            paint.select(row);
        }
    }
}

/// Returns when something was, in the fewest words that are clear today.
fn when(model: &Model, at: UnixMillis) -> String {
    let zone = &model.zone;
    let days = day_number(model.now, zone) - day_number(at, zone);
    let year = |at| stamp(at, zone, "%Y");
    if (0..7).contains(&days) {
        stamp(at, zone, "%a %H:%M")
    } else if year(at) == year(model.now) {
        stamp(at, zone, "%e %b")
    } else {
        stamp(at, zone, "%e %b %Y")
    }
}

/// Returns who it is by, as the list says it.
fn by(hit: &Hit) -> &'static str {
    match (&hit.what, hit.author) {
        (HitKind::Note, _) => "note",
        (_, Some(Author::Peer)) => "theirs",
        (HitKind::Message { .. }, Some(Author::Assistant)) => "yours",
        (_, Some(Author::Assistant)) => "assist.",
        (_, Some(Author::Human)) => "you",
        (_, None) => "rule",
    }
}

/// Returns the sign between who and what: the gutter for what the peer wrote.
fn sign(paint: &Paint<'_>, hit: &Hit) -> Spans {
    match (&hit.what, hit.author) {
        (HitKind::Message { .. }, Some(Author::Peer)) => vec![paint.own(Role::Gutter, "┆ ")],
        (HitKind::Message { .. }, _) => vec![paint.own(Role::Dim, "→ ")],
        _ => vec![paint.own(Role::Dim, "· ")],
    }
}

fn name(model: &Model, hit: &Hit, room: usize) -> Spans {
    hit.name.as_ref().map_or_else(Vec::new, |name| {
        safe(&model.theme, &sanitise_line(name, room), Role::Text)
    })
}

/// Returns what became of it, and the text with what was found marked.
fn text(model: &Model, paint: &Paint<'_>, hit: &Hit) -> Spans {
    let mut spans = Vec::new();
    if let HitKind::Decision { code, .. } = &hit.what {
        spans.push(paint.own(Role::Text, words(code)));
        spans.push(paint.own(Role::Dim, "  "));
    }
    if let Some(state) = hit.state {
        spans.push(paint.own(Role::Wait, state.words()));
        spans.push(paint.own(Role::Dim, "  "));
    }
    let role = match (&hit.what, hit.author) {
        (HitKind::Message { .. }, Some(Author::Peer)) => Role::Text,
        _ => Role::Own,
    };
    let excerpt = &hit.excerpt;
    let safe = sanitise_found(&excerpt.unsafe_text, &excerpt.signals, &excerpt.matches);
    for (number, line) in safe.lines().iter().enumerate() {
        if number > 0 {
            spans.push(paint.own(Role::Text, " "));
        }
        spans.extend(found(model, line, role));
    }
    if excerpt.cut {
        spans.push(paint.own(Role::Dim, " …"));
    }
    spans
}

/// Returns a line as spans, what was found in a look of its own.
pub(super) fn found(model: &Model, line: &SafeLine, role: Role) -> Spans {
    let mut inside = false;
    let mut spans = Vec::new();
    for span in safe(&model.theme, line, role) {
        let bracket =
            span.style == model.theme.style(Role::Mark) && matches!(&*span.content, "[" | "]");
        if bracket {
            inside = span.content == "[";
            spans.push(model.theme.span(Role::Accent, span.content.into_owned()));
        } else if inside && span.style == model.theme.style(role) {
            spans.push(model.theme.span(Role::Accent, span.content.into_owned()));
        } else {
            spans.push(span);
        }
    }
    spans
}

fn flags(paint: &Paint<'_>, hit: &Hit, gap: &str) -> Spans {
    if hit.signals == 0 {
        return Vec::new();
    }
    vec![paint.own(Role::Wait, format!("⚑{gap}{}", hit.signals))]
}

fn draw_row(model: &Model, paint: &mut Paint<'_>, row: Rect, hit: &Hit) {
    let wide = row.width >= 100;
    let at = vec![paint.own(Role::Dim, when(model, hit.at))];
    paint.row(part(row, 2, 14), at);
    if wide {
        paint.row(part(row, 16, 30), name(model, hit, 14));
        paint.row(part(row, 31, 38), vec![paint.own(Role::Dim, by(hit))]);
        let mut spans = sign(paint, hit);
        spans.extend(text(model, paint, hit));
        let flags = flags(paint, hit, " ");
        paint.pair(inset(row, 38, 1), spans, flags);
        return;
    }
    let flags = flags(paint, hit, "");
    paint.pair(part(row, 14, 27), name(model, hit, 12), flags);
    let mut spans = sign(paint, hit);
    spans.extend(text(model, paint, hit));
    paint.row(inset(row, 28, 1), spans);
}

fn draw_two_rows(model: &Model, paint: &mut Paint<'_>, (row, below): (Rect, Rect), hit: &Hit) {
    let mut head = vec![paint.own(Role::Dim, format!("{} ", when(model, hit.at)))];
    head.extend(name(model, hit, 16));
    head.push(paint.own(Role::Dim, " "));
    head.push(paint.own(Role::Dim, by(hit)));
    let flags = flags(paint, hit, "");
    paint.pair(inset(row, 2, 1), head, flags);
    let mut spans = sign(paint, hit);
    spans.extend(text(model, paint, hit));
    paint.row(inset(below, 2, 1), spans);
}

fn draw_context(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let search = &model.search;
    let Some(hit) = search.selected().filter(|_| area.height > 0) else {
        return;
    };
    let mut title = Vec::new();
    if area.width >= 100 {
        title.push(paint.own(Role::Heading, "CONTEXT"));
        title.push(paint.own(Role::Dim, " · "));
    }
    title.extend(name(model, hit, 30));
    if hit.name.is_some() {
        title.push(paint.own(Role::Dim, " · "));
    }
    title.push(paint.own(Role::Dim, day(hit.at, &model.zone)));
    let place = nth(area, 0);
    paint.row(inset(place, 1, 1), title);
    paint.keys_here(place, search.focus == Focus::Context);
    let rows = context_rows(model, area.width);
    let room = usize::from(area.height).saturating_sub(1);
    let more = rows.len().saturating_sub(search.scroll) > room;
    for (spans, down) in rows.into_iter().skip(search.scroll).take(room).zip(1..) {
        paint.row(inset(nth(area, down), 1, 1), spans);
    }
    if more {
        let sign = vec![paint.own(Role::Wait, "▼")];
        paint.pair(nth(area, room), Vec::new(), sign);
    }
}
