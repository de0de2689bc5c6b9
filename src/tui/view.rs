//! Draws the state. Pure: the same state gives the same frame.
//!
//! The frame is a header, the screen, and a key bar made from the table of keys. Works at any
//! size; where nothing fits, one line still says how much waits.

mod reminder;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::text::{ours, sanitise_line};

use super::available::available;
use super::filter;
use super::keymap::{Action, Line, Scope};
use super::model::{Model, Screen, Tone};
use super::palette;
use super::screen::{
    catch_up, decision_log, digest, doctor, end_channel, engagement_view, form, help, identities,
    invite, logins, main, needs_you, needs_you_view, note, onboarding, rename, rest, review_view,
    safety_code, scan_view, search_view, settings_view, several, topics, why,
};
use super::theme::Role;
use super::update::scope;
use super::widget::paint::{Paint, Spans, age, clock, inset, nth, safe, width};

/// Draws one frame.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.is_empty() {
        return;
    }
    frame.buffer_mut().set_style(area, model.theme.base());
    if model.is_tiny() || model.size != (area.width, area.height) {
        draw_tiny(model, frame);
        fold(model, frame);
        return;
    }
    if let Screen::Invite(screen) = &model.screen
        && invite::is_tight(model, screen)
    {
        draw_title_row(model, frame);
        invite::draw_tight(model, screen, frame);
        fold(model, frame);
        return;
    }
    draw_header(model, frame);
    draw_footer(model, frame);
    match &model.screen {
        Screen::Main => main::draw(model, frame),
        Screen::NeedsYou(screen) => needs_you_view::draw(model, screen, frame),
        Screen::Review(screen) => review_view::draw(model, screen, frame),
        Screen::Invite(screen) => invite::draw(model, screen, frame),
        Screen::Form(screen) => form::draw(model, screen, frame),
        Screen::Engagement(screen) => engagement_view::draw(model, screen, frame),
        Screen::SafetyCode(screen) => safety_code::draw(model, screen, frame),
        Screen::Log(screen) => decision_log::draw(model, screen, frame),
        Screen::Rest(screen) => rest::draw(model, screen, frame),
        Screen::CatchUp(screen) => catch_up::draw(model, screen, frame),
        Screen::Digest(screen) => digest::draw(model, screen, frame),
        Screen::Search => search_view::draw(model, frame),
        Screen::Scan => scan_view::draw(model, frame),
        Screen::Logins => logins::draw(model, frame),
        Screen::Identities => identities::draw(model, frame),
        Screen::Topics(screen) => topics::draw(model, screen, frame),
        Screen::Several(screen) => several::draw(model, screen, frame),
        Screen::Note(screen) => note::draw(model, screen, frame),
        Screen::Settings(screen) => settings_view::draw(model, screen, frame),
        Screen::Onboarding(screen) => onboarding::draw(model, screen, frame),
        Screen::Doctor(screen) => doctor::draw(model, screen, frame),
        Screen::Help(screen) => help::draw(model, screen, frame),
        Screen::Why(screen) => why::draw(model, screen, frame),
        Screen::Rename(screen) => rename::draw(model, screen, frame),
        Screen::EndChannel(screen) => end_channel::draw(model, screen, frame),
    }
    draw_notice(model, frame);
    reminder::draw(model, frame);
    if let Some(palette) = &model.palette {
        palette::view::draw(model, palette, frame);
    } else {
        follow_focus(model, frame);
    }
    fold(model, frame);
}

/// Draws the one line for windows in which nothing else fits.
fn draw_tiny(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let words = match model.needs_count() {
        0 => "nothing needs you - enlarge to read".to_owned(),
        1 => "1 needs you - enlarge to decide".to_owned(),
        count => format!("{count} need you - enlarge to decide"),
    };
    let line = ours(&words);
    let spans = safe(&model.theme, &line, Role::Text);
    paint.row(area, spans);
}

/// Rows of the header, with its rule where there is room.
fn header_rows(model: &Model) -> u16 {
    if model.size.1 >= 16 { 2 } else { 1 }
}

/// Returns the rectangle between header and key bar.
pub(super) fn body(model: &Model) -> Rect {
    let (width, height) = model.size;
    let header = header_rows(model);
    let footer = header;
    Rect {
        x: 0,
        y: header.min(height),
        width,
        height: height.saturating_sub(header + footer),
    }
}

/// Replaces glyphs by their twins where the symbols are ASCII.
fn fold(model: &Model, frame: &mut Frame<'_>) {
    for cell in &mut frame.buffer_mut().content {
        if let Some(twin) = model.symbols.fold(cell.symbol()) {
            cell.set_symbol(twin);
        }
    }
}

fn draw_header(model: &Model, frame: &mut Frame<'_>) {
    draw_title_row(model, frame);
    let area = frame.area();
    if header_rows(model) < 2 {
        return;
    }
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let rule = nth(area, 1);
    paint.rule(rule);
    if let Some(banner) = &model.banner {
        let line = ours(banner).truncated(usize::from(rule.width).saturating_sub(8));
        let mut spans = vec![paint.own(Role::Faint, " ")];
        spans.extend(safe(&model.theme, &line, Role::Accent));
        spans.push(paint.own(Role::Faint, " "));
        paint.row(inset(rule, 3, 0), spans);
    }
}

/// Draws the first row: what runs, what waits, what time it is.
fn draw_title_row(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let row = inset(nth(area, 0), 1, 1);
    if model.is_first_start() {
        onboarding::draw_title(&mut paint, row);
        return;
    }
    let wide = area.width >= 64;
    let status = model.status.as_ref();
    let mut left = Vec::new();
    match status.and_then(|status| status.paused) {
        Some(_) => left.push(paint.own(Role::Wait, "■ PAUSED")),
        None => left.push(paint.own(Role::Text, "● SUPERVISED")),
    }
    if status.is_some_and(|status| !status.protected) {
        left.push(paint.own(
            Role::Wait,
            if wide {
                "  unprotected"
            } else {
                " unprotected"
            },
        ));
    }
    let mut right = header_right(model, &paint, area.width);
    for short in narrow_counts(model) {
        // What protects and how much waits is never cut; the time of day is.
        if width(&left) + width(&right) < usize::from(row.width) {
            break;
        }
        right = vec![paint.own(Role::Wait, short)];
    }
    let name = paint.own(Role::Heading, "CHAPERON  ");
    // Where not all has room the name goes first: it is what nobody needs to be told.
    if wide && name.width() + width(&left) + width(&right) + 2 <= usize::from(row.width) {
        left.insert(0, name);
    }
    paint.pair(row, left, right);
}

/// Returns how much waits in fewer and fewer words.
fn narrow_counts(model: &Model) -> Vec<String> {
    let needs = model.needs_count();
    let first = first_expiry(model, false).map(|first| format!(" · {first}"));
    let first = first.unwrap_or_default();
    let counts = [
        format!("Needs you {needs}{first}"),
        format!("Needs {needs}{first}"),
        format!("Needs {needs}"),
        needs.to_string(),
    ];
    // That nothing flows goes before the words, and after the counts.
    let down = is_offline(model).then(|| {
        let with = |counts: &String| format!("{counts}   {OFFLINE}");
        counts.iter().take(2).map(with).collect::<Vec<_>>()
    });
    down.into_iter().flatten().chain(counts).collect()
}

/// What the header says in a narrow window while no relay answers.
const OFFLINE: &str = "offline";

fn is_offline(model: &Model) -> bool {
    let relays = model.status.as_ref().map(|status| status.relays.iter());
    relays.is_some_and(|mut relays| relays.len() > 0 && relays.all(|relay| relay.problem.is_some()))
}

/// Returns what is left until the first held draft counts as refused.
fn first_expiry(model: &Model, long: bool) -> Option<String> {
    let at = model.status.as_ref()?.next_expiry?;
    if at <= model.now {
        return Some("expired".to_owned());
    }
    let left = age(at.since(model.now));
    Some(if long {
        format!("first in {left}")
    } else {
        left
    })
}

fn header_right(model: &Model, paint: &Paint<'_>, columns: u16) -> Spans {
    let gap = if columns >= 110 { "    " } else { "   " };
    let mut parts: Vec<Spans> = Vec::new();
    let needs = model.needs_count();
    if model.needs.is_some() {
        let role = if needs > 0 { Role::Wait } else { Role::Dim };
        let words = match first_expiry(model, columns >= 110) {
            Some(first) => format!("Needs you {needs} · {first}"),
            None => format!("Needs you {needs}"),
        };
        parts.push(vec![paint.own(role, words)]);
    }
    if let Some(status) = &model.status {
        let held = match (status.held_in, status.held_out) {
            _ if status.paused.is_some() && status.kept > 0 => {
                Some(format!("in {} kept", status.kept))
            }
            (0, 0) => None,
            (held, 0) => Some(format!("Held {held} in")),
            (0, held) => Some(format!("Held {held} out")),
            (inward, outward) => Some(format!("Held {inward} in · {outward} out")),
        };
        if let Some(words) = held.filter(|_| columns >= 64) {
            parts.push(vec![paint.own(Role::Dim, words)]);
        }
        let all = status.relays.len();
        let fine = status
            .relays
            .iter()
            .filter(|relay| relay.problem.is_none())
            .count();
        if columns >= 64 && all > 0 {
            let mut words = format!("relays {fine}/{all}");
            let last = status.relays.iter().filter_map(|relay| relay.last_ok).max();
            if let Some(last) = last.filter(|_| columns >= 110) {
                words.push_str(" · synced ");
                words.push_str(&age(model.now.since(last)));
            }
            let role = if fine < all { Role::Wait } else { Role::Dim };
            parts.push(vec![paint.own(role, words)]);
        }
    }
    if columns < 64 && is_offline(model) {
        parts.push(vec![paint.own(Role::Wait, OFFLINE)]);
    } else {
        parts.push(vec![paint.own(Role::Dim, clock(model.now, &model.zone))]);
    }
    let mut spans = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            spans.push(paint.own(Role::Text, gap));
        }
        spans.extend(part);
    }
    spans
}

fn draw_footer(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let last = usize::from(area.height - 1);
    let bar = inset(nth(area, last), 1, 1);
    let notice = model.notice.as_ref().map(|notice| {
        let role = match notice.tone {
            Tone::Fine => Role::Accent,
            Tone::Trouble => Role::Wait,
        };
        let room = usize::from(area.width).saturating_sub(8);
        safe(&model.theme, &ours(&notice.text).truncated(room), role)
    });
    if header_rows(model) > 1 {
        let rule = nth(area, last - 1);
        paint.rule(rule);
        draw_filter(model, &mut paint, rule);
        let words = notice.or_else(|| first_look(model, area.width));
        if let Some(words) = words.or_else(|| proposal(model, area.width)) {
            let mut spans = vec![paint.own(Role::Faint, " ")];
            spans.extend(words);
            spans.push(paint.own(Role::Faint, " "));
            paint.row(inset(rule, 3, 0), spans);
        }
        draw_bar(model, &mut paint, bar);
    } else if notice.is_none() {
        draw_bar(model, &mut paint, bar);
    }
}

/// Draws what just happened over the key bar of a low window, and over the row above it where
/// one is not enough. Where one reads to decide, nothing is covered.
fn draw_notice(model: &Model, frame: &mut Frame<'_>) {
    let Some(notice) = model.notice.as_ref().filter(|_| header_rows(model) < 2) else {
        return;
    };
    let area = frame.area();
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let role = match notice.tone {
        Tone::Fine => Role::Accent,
        Tone::Trouble => Role::Wait,
    };
    let room = usize::from(area.width).saturating_sub(2);
    let line = ours(&notice.text);
    let wrapped = line.wrap(room.max(1));
    let lines = if wrapped.len() == 2 && model.guard().is_none() {
        wrapped
    } else {
        vec![line.truncated(room)]
    };
    let first = usize::from(area.height).saturating_sub(lines.len());
    for (line, down) in lines.iter().zip(first..) {
        let row = nth(area, down);
        paint.clear(row);
        paint.row(inset(row, 1, 1), safe(&model.theme, line, role));
    }
}

/// What the key bar of the main screen names first, of what there is no room for all.
const FIRST: &[Action] = &[
    Action::NextNeed,
    Action::Down,
    Action::Open,
    Action::Filter,
    Action::Leader,
    Action::Palette,
    Action::Write,
    Action::PauseAll,
];

/// The same as long as there is no channel.
const FIRST_OF_ALL: &[Action] = &[Action::NewInvite, Action::AcceptLink, Action::Palette];

/// Returns how far the first look at the channels is, while there are many of them.
fn first_look(model: &Model, columns: u16) -> Option<Spans> {
    let (role, words) = super::first_look::words(model)?;
    let line = ours(&words).truncated(usize::from(columns).saturating_sub(8));
    Some(safe(&model.theme, &line, role))
}

/// Returns what the tour proposes to try next, on the main screen of the demo.
fn proposal(model: &Model, columns: u16) -> Option<Spans> {
    let on_main = matches!(model.screen, Screen::Main) && !model.composer.active;
    let words = model.tour().filter(|_| on_main)?.proposal(&model.keys);
    let line = ours(&words).truncated(usize::from(columns).saturating_sub(8));
    Some(safe(&model.theme, &line, Role::Dim))
}

/// Draws the keys that do something here, as many as fit whole.
fn draw_bar(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let scope = scope(model);
    // The palette names its keys itself.
    if scope == Scope::Palette {
        return;
    }
    // The way back and the help are always there, at the right.
    let back = model.keys.line(scope, Action::Back);
    let back = back.filter(|back| !back.binding.bar.is_empty());
    let mut right = back.map_or_else(Vec::new, |back| {
        let words = back.binding.bar;
        let words = if area.width < 64 { short(words) } else { words };
        entry(paint, &back.label(), words)
    });
    let help = model.keys.line(scope, Action::Help).map(Line::label);
    if let Some(help) = help.filter(|help| !help.is_empty() && scope != Scope::Help) {
        if !right.is_empty() {
            right.push(paint.own(Role::Text, "   "));
        }
        right.extend(entry(paint, &help, "help"));
    }
    let room = usize::from(area.width).saturating_sub(width(&right) + 3);
    let mut left = begun(model, paint, scope);
    let mut lines: Vec<_> = model.keys.of(scope).collect();
    if scope == Scope::Main {
        let first = if model.has_no_channels() {
            FIRST_OF_ALL
        } else {
            FIRST
        };
        let rank = |line: &&Line| first.iter().position(|it| *it == line.binding.action);
        lines.sort_by_key(|line| rank(line).unwrap_or(first.len()));
    }
    for line in lines.into_iter().filter(|_| model.pending.is_none()) {
        let action = line.binding.action;
        let stands_right = matches!(action, Action::Help | Action::Back);
        if stands_right || line.keys.is_empty() || !available(model, action) {
            continue;
        }
        let Some(words) = bar_words(model, line) else {
            continue;
        };
        let key = line.label();
        let gap = if left.is_empty() { 0 } else { 3 };
        let mut spans = entry(paint, &key, words);
        if width(&left) + gap + width(&spans) > room {
            spans = entry(paint, &key, short(words));
        }
        if width(&left) + gap + width(&spans) > room {
            continue;
        }
        if gap > 0 {
            left.push(paint.own(Role::Text, "   "));
        }
        left.extend(spans);
    }
    paint.pair(area, left, right);
}

/// Returns what may follow the character that was pressed, where it begins something.
fn begun(model: &Model, paint: &Paint<'_>, scope: Scope) -> Spans {
    let Some(first) = model.pending else {
        return Vec::new();
    };
    let begins = |line: &&Line| line.keys.iter().any(|key| key.begins_with(first));
    let lines = model.keys.of(scope).filter(begins);
    let entries = lines.flat_map(|line| {
        let keys = line.keys.iter().filter(|key| key.begins_with(first));
        let keys: Vec<_> = keys.map(|key| key.label()).collect();
        let mut spans = entry(paint, &keys.join(" "), line.binding.help);
        spans.push(paint.own(Role::Text, "   "));
        spans
    });
    entries.collect()
}

/// Says in the lower rule what the list is filtered by, or lets it be written there.
fn draw_filter(model: &Model, paint: &mut Paint<'_>, rule: Rect) {
    let Some(editor) = filter::list(model).and_then(|list| model.filters.of(list)) else {
        return;
    };
    let key = model.keys.label(scope(model), Action::Back);
    let room = usize::from(rule.width / 3);
    let mut spans = vec![paint.own(Role::Accent, " /")];
    spans.extend(safe(
        &model.theme,
        &sanitise_line(&editor.text(), room),
        Role::Text,
    ));
    let words = if model.filters.writing().is_some() {
        "▏ ".to_owned()
    } else {
        format!("  {key} shows all ")
    };
    spans.push(paint.own(Role::Dim, words));
    paint.pair(inset(rule, 3, 3), Vec::new(), spans);
}

/// Puts the cursor of the terminal on the row that has the keys, for whoever follows it: a
/// screen reader, a magnifier. A text field has put it where the next character goes.
fn follow_focus(model: &Model, frame: &mut Frame<'_>) {
    if scope(model).is_text() {
        return;
    }
    let look = model.theme.style(Role::Selected);
    let buffer = frame.buffer_mut();
    let area = buffer.area;
    // The look of the selected row is given to all of it, so its sign has it too.
    let is_focus = |position: &Position| {
        buffer.cell(*position).is_some_and(|cell| {
            let same_ground = look.bg.is_none_or(|bg| cell.bg == bg);
            cell.symbol() == "▸" && same_ground && cell.modifier.contains(look.add_modifier)
        })
    };
    let plain = look.bg.is_none() && look.add_modifier.is_empty();
    let found = area.positions().find(is_focus).filter(|_| !plain);
    if let Some(position) = found {
        frame.set_cursor_position(position);
    }
}

/// Returns the part of some words that says enough where there is little room.
pub(super) fn short(words: &'static str) -> &'static str {
    let (head, _) = words.split_once([',', '(', ':']).unwrap_or((words, ""));
    head.trim_end()
}

/// Returns a key and what it does.
pub(super) fn entry(paint: &Paint<'_>, key: &str, words: &str) -> Spans {
    vec![
        paint.own(Role::Accent, key),
        paint.own(Role::Dim, format!(" {words}")),
    ]
}

/// Returns the keys that do something here as lines, for where there is no room for a bar.
pub(super) fn key_lines(model: &Model, paint: &Paint<'_>) -> Vec<Spans> {
    model
        .keys
        .of(scope(model))
        .filter(|line| available(model, line.binding.action))
        .filter_map(|line| {
            let key = line.keys.first()?.label();
            Some(entry(paint, &key, bar_words(model, line)?))
        })
        .collect()
}

/// Returns the words of a line in the key bar, where it stands there.
pub(super) fn bar_words(model: &Model, line: &Line) -> Option<&'static str> {
    let binding = line.binding;
    if let (Action::Submit, Screen::Form(form)) = (binding.action, &model.screen)
        && model.size.0 >= 64
    {
        return Some(form::submit_words(form));
    }
    let paused = model
        .status
        .as_ref()
        .is_some_and(|status| status.paused.is_some());
    if binding.action == Action::PauseAll && paused {
        return Some("resume all");
    }
    if binding.action == Action::PauseChannel {
        let paused = model.open_channel().is_some_and(|channel| channel.paused);
        return Some(if paused { "resume" } else { "pause" });
    }
    let acts_on_marked = matches!(model.screen, Screen::NeedsYou(_));
    if binding.action == Action::Confirm && acts_on_marked && !needs_you::has_marked(model) {
        return None;
    }
    if binding.action == Action::NextNeed && model.size.0 < 64 {
        return Some("next");
    }
    (!binding.bar.is_empty()).then_some(binding.bar)
}
