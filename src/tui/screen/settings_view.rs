//! Draws the settings: a row for each, its value and its source, and below what it does.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::model::PeerText;
use crate::profile::config::{Key, Kind, Source, Value};
use crate::text::{ours, sanitise};
use crate::tui::keymap::{Action, Scope};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::field;
use crate::tui::widget::paint::{Paint, Spans, age, inset, nth, safe, width};

use super::decision_log_text::grouped;
use super::settings::{Field, SettingsScreen};
use super::settings_rows::{self as rows, Row};

/// Columns of the sources, with the gap before them.
const SOURCE: usize = 10;
/// Columns before the values, and where there is little room.
const LABELS: (u16, u16) = (22, 15);

/// Where the parts stand.
struct Places {
    title: Rect,
    list: Rect,
    foot: Rect,
}

fn places(model: &Model, screen: &SettingsScreen) -> Places {
    let body = view::body(model);
    let roomy = body.height >= 14;
    let top = if roomy { 2 } else { 1 };
    let below = match (roomy, screen.field.is_some()) {
        (true, _) => 4,
        (false, true) => 2,
        (false, false) => 0,
    };
    let list = Rect {
        y: body.y + top,
        height: body.height.saturating_sub(top + below),
        ..body
    };
    Places {
        title: Rect {
            height: top,
            ..body
        },
        list,
        foot: Rect {
            y: list.bottom(),
            height: below,
            ..body
        },
    }
}

pub(in crate::tui) fn draw(model: &Model, screen: &SettingsScreen, frame: &mut Frame<'_>) {
    let places = places(model, screen);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    draw_title(model, &mut paint, places.title);
    draw_list(model, screen, &mut paint, places.list);
    let foot = if places.foot.height >= 4 {
        paint.rule(places.foot);
        Rect {
            y: places.foot.y + 1,
            height: places.foot.height - 1,
            ..places.foot
        }
    } else {
        places.foot
    };
    let foot = inset(foot, 1, 1);
    let caret = if let Some(field) = &screen.field {
        draw_field(&mut paint, field, foot)
    } else {
        draw_words(model, &mut paint, foot);
        None
    };
    if let Some(caret) = caret {
        frame.set_cursor_position(caret);
    }
}

fn draw_title(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let wide = area.width >= 64;
    let mut left = vec![paint.own(Role::Title, "SETTINGS")];
    if wide {
        let words = "  value now, and where it comes from";
        left.push(paint.own(Role::Dim, words));
    }
    let settings = &model.settings;
    let (words, role) = match (&settings.problem, settings.changes.len()) {
        (Some(_), _) => ("not valid".to_owned(), Role::Stop),
        (None, 0) => match &settings.file {
            Some(file) if !file.exists() => ("no file yet".to_owned(), Role::Dim),
            Some(_) => ("valid".to_owned(), Role::Dim),
            None => ("not read yet".to_owned(), Role::Dim),
        },
        (None, count) => (format!("{count} not written"), Role::Wait),
    };
    let mut right = Vec::new();
    if area.width >= 100 && !settings.place.file.is_empty() {
        let line = ours(&settings.place.file).truncated(48);
        right.extend(safe(&model.theme, &line, Role::Dim));
        right.push(paint.own(Role::Dim, " · "));
    }
    right.push(paint.own(role, words));
    paint.pair(inset(area, 1, 1), left, right);
    if area.height > 1 {
        paint.rule(nth(area, 1));
    }
}

fn draw_list(model: &Model, screen: &SettingsScreen, paint: &mut Paint<'_>, area: Rect) {
    let rows = rows::all(model);
    let mut index = 0;
    let at: Vec<Option<usize>> = rows
        .iter()
        .map(|row| {
            let here = row.is_selectable().then_some(index);
            index += usize::from(row.is_selectable());
            here
        })
        .collect();
    let cursor = at.iter().position(|here| *here == Some(screen.row));
    let cursor = cursor.unwrap_or(0);
    let height = usize::from(area.height);
    // The heading of the first row stays in sight.
    let first = (cursor + 2).saturating_sub(height);
    let first = first.min(rows.len().saturating_sub(height));
    let shown = rows.iter().zip(at).skip(first).take(height);
    for (down, (row, here)) in shown.enumerate() {
        let place = nth(area, down);
        let selected = here == Some(screen.row);
        draw_row(model, screen, paint, place, (*row, selected));
    }
    let below = rows.len().saturating_sub(first + height);
    if below > 0 && height > 0 {
        let mark = inset(nth(area, height - 1), area.width.saturating_sub(1), 0);
        paint.row(mark, vec![paint.own(Role::Wait, "▼")]);
    }
}

fn draw_row(
    model: &Model,
    screen: &SettingsScreen,
    paint: &mut Paint<'_>,
    place: Rect,
    (row, selected): (Row, bool),
) {
    if let Row::Heading(title) = row {
        paint.row(inset(place, 1, 0), vec![paint.own(Role::Heading, title)]);
        return;
    }
    if selected {
        paint.select(place);
    }
    let wide = place.width >= 100;
    let (label, source) = facts(model, row);
    let label_role = if selected { Role::Title } else { Role::Dim };
    let label = if wide { label.0 } else { label.1 };
    let columns = if wide { LABELS.0 } else { LABELS.1 };
    let value = inset(place, columns, 1);
    let room = usize::from(value.width).saturating_sub(SOURCE);
    let spans = value_spans(model, screen, paint, row, (room, selected));
    let spans = paint.cut(spans, room);
    paint.row(inset(place, 2, 0), vec![paint.own(label_role, label)]);
    let role = if source == Some(Source::Unsaved) {
        Role::Wait
    } else {
        Role::Dim
    };
    let source = source.map(|source| format!("{source:<9}"));
    let right = source.map_or_else(Vec::new, |words| vec![paint.own(role, words)]);
    paint.pair(value, spans, right);
    if selected {
        paint.tint(place, Role::Selected);
    }
}

/// Returns the two labels of a row, and where its value comes from.
fn facts(model: &Model, row: Row) -> ((&'static str, &'static str), Option<Source>) {
    match row {
        Row::Heading(title) => ((title, title), None),
        Row::Setting(key) => (rows::label(key), Some(rows::look_up(model, key).1)),
        Row::Fixed(fixed) => ((fixed.label, fixed.short), Some(Source::Fixed)),
        Row::Bindings => {
            let first = model.config.bindings().first();
            let source = first.map_or(Source::Default, |first| Source::File(first.line));
            (("keys", "keys"), Some(source))
        }
        Row::Storage => (("storage", "storage"), None),
        Row::Relay(_) => (("relay", "relay"), None),
        Row::Profile => (("profile", "profile"), Some(model.settings.place.source)),
    }
}

fn value_spans(
    model: &Model,
    screen: &SettingsScreen,
    paint: &Paint<'_>,
    row: Row,
    (room, selected): (usize, bool),
) -> Spans {
    let plain = |words: String| vec![paint.own(Role::Text, words)];
    match row {
        Row::Setting(key) => {
            let word = (selected && screen.field.is_none()).then_some(screen.word);
            setting_spans(model, paint, key, (room, word))
        }
        Row::Fixed(fixed) if room < fixed.value.len() => plain(fixed.brief.to_owned()),
        Row::Fixed(fixed) => plain(fixed.value.to_owned()),
        Row::Bindings => plain(match model.config.bindings().len() {
            0 => "as in the help".to_owned(),
            1 => "1 changed in [keys]".to_owned(),
            count => format!("{count} changed in [keys]"),
        }),
        Row::Profile => {
            let file = &model.settings.place.file;
            let dir = file.rsplit_once('/').map_or("", |(dir, _)| dir);
            safe(&model.theme, &ours(dir).truncated(room), Role::Text)
        }
        Row::Storage => storage_spans(model, screen, paint, room),
        Row::Relay(index) => relay_spans(model, index, room),
        Row::Heading(_) => Vec::new(),
    }
}

fn storage_spans(model: &Model, screen: &SettingsScreen, paint: &Paint<'_>, room: usize) -> Spans {
    let protected = model.status.as_ref().map(|status| status.protected);
    let (words, role) = match protected {
        Some(true) => ("sealed under a passphrase", Role::Text),
        Some(false) => ("unprotected", Role::Wait),
        None => ("not known yet", Role::Dim),
    };
    let mut spans = vec![paint.own(role, words)];
    if let Some(storage) = screen.storage {
        let size = rows::size(storage.bytes);
        let words = if room < 40 {
            format!(" · {size}")
        } else {
            format!(" · {} messages · {size}", grouped(storage.messages))
        };
        spans.push(paint.own(Role::Text, words));
    }
    spans
}

fn relay_spans(model: &Model, index: usize, room: usize) -> Spans {
    let relays = model.status.as_ref().map(|status| &status.relays);
    let Some(relay) = relays.and_then(|relays| relays.get(index)) else {
        return Vec::new();
    };
    let host = relay
        .relay
        .split_once("://")
        .map_or(&*relay.relay, |it| it.1);
    let (words, role) = match (&relay.problem, relay.last_ok) {
        (Some(problem), _) => (format!(" · {problem}"), Role::Wait),
        (None, Some(at)) => {
            let how = if relay.push {
                "tells at once"
            } else {
                "polled"
            };
            let ago = age(model.now.since(at));
            (format!(" · ok {ago} · {how}"), Role::Text)
        }
        (None, None) => (" · not asked yet".to_owned(), Role::Dim),
    };
    let mut spans = safe(&model.theme, &ours(host).truncated(room / 2), Role::Text);
    spans.extend(safe(&model.theme, &ours(&words), role));
    spans
}

/// Returns a value: what can be chosen where there is room, else what is chosen.
fn setting_spans(
    model: &Model,
    paint: &Paint<'_>,
    key: Key,
    (room, word): (usize, Option<usize>),
) -> Spans {
    let (value, _) = rows::look_up(model, key);
    match (key.about().kind, &value) {
        (Kind::OneOf(words), Value::Text(now)) => {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            choice_spans(model, paint, key, &words, now, room)
        }
        (Kind::Theme, Value::Text(now)) => {
            choice_spans(model, paint, key, &model.theme_names(), now, room)
        }
        (Kind::Several(words), Value::Words(now)) => box_spans(paint, words, now, (room, word)),
        (Kind::YesNo, Value::YesNo(yes)) => {
            vec![paint.own(Role::Text, if *yes { "[x]" } else { "[ ]" })]
        }
        (Kind::Number { unit, .. }, Value::Number(number)) => vec![
            paint.own(Role::Dim, "‹ "),
            paint.own(Role::Text, format!("{number} {unit}")),
            paint.own(Role::Dim, " ›"),
        ],
        _ => text_spans(model, paint, key, &value, room),
    }
}

fn text_spans(model: &Model, paint: &Paint<'_>, key: Key, value: &Value, room: usize) -> Spans {
    let text = rows::as_text(value);
    if text.is_empty() {
        let words = if key == Key::NotifyCommand {
            "none"
        } else {
            "not set"
        };
        return vec![paint.own(Role::Dim, words)];
    }
    let mut spans = safe(&model.theme, &ours(&text).truncated(room), Role::Text);
    let words = ", except what expires before they end";
    if key == Key::QuietHours && text != "off" && room > text.len() + words.len() {
        spans.push(paint.own(Role::Dim, words));
    }
    spans
}

fn choice_spans(
    model: &Model,
    paint: &Paint<'_>,
    key: Key,
    words: &[String],
    now: &str,
    room: usize,
) -> Spans {
    let label = |word: &str| ours(&rows::choice(model, key, word)).plain();
    let mut all = vec![paint.own(Role::Dim, "‹ ")];
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            all.push(paint.own(Role::Faint, " | "));
        }
        if word == now {
            all.push(paint.own(Role::Accent, format!("▸{}", label(word))));
        } else {
            all.push(paint.own(Role::Dim, label(word)));
        }
    }
    all.push(paint.own(Role::Dim, " ›"));
    if width(&all) <= room {
        return all;
    }
    let mut one = vec![
        paint.own(Role::Dim, "‹ "),
        paint.own(Role::Accent, format!("▸{}", label(now))),
        paint.own(Role::Dim, " ›"),
    ];
    if let Some(at) = words.iter().position(|word| word == now) {
        let words = format!("  {} of {}", at + 1, words.len());
        one.push(paint.own(Role::Dim, words));
    }
    if width(&one) <= room {
        return one;
    }
    vec![paint.own(Role::Text, label(now))]
}

fn box_spans(
    paint: &Paint<'_>,
    words: &[&str],
    now: &[String],
    (room, here): (usize, Option<usize>),
) -> Spans {
    let is_on = |word: &str| now.iter().any(|on| on == word);
    let mut all = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            all.push(paint.own(Role::Text, "  "));
        }
        let mark = if is_on(word) { "[x]" } else { "[ ]" };
        let (sign, role) = if here == Some(index) {
            ("▸", Role::Accent)
        } else {
            (" ", Role::Text)
        };
        all.push(paint.own(role, format!("{mark}{sign}{word}")));
    }
    if width(&all) <= room {
        return all;
    }
    let at = here.unwrap_or(0);
    let word = words.get(at).copied().unwrap_or_default();
    let mark = if is_on(word) { "[x]" } else { "[ ]" };
    vec![
        paint.own(Role::Text, format!("{mark} {word}")),
        paint.own(Role::Dim, format!(" {}/{}", at + 1, words.len())),
    ]
}

/// Says what the selected row does.
fn draw_words(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let words = match (&model.settings.problem, rows::current(model)) {
        (Some(problem), _) => {
            let key = model.keys.label(Scope::Settings, Action::Editor);
            format!("{problem}. {key} opens it.")
        }
        (None, Some(Row::Setting(key))) => {
            let about = key.about();
            let when = if rows::acts_in_engine(key) {
                "Acts once <settings.save> has written it."
            } else {
                "Acts at once; <settings.save> writes it."
            };
            format!("{}: {} {}", about.name, about.what, model.keys.fill(when))
        }
        (None, _) => model.keys.fill(rows::why_fixed(model)),
    };
    let lines = sanitise(&PeerText::new(words)).wrap(usize::from(area.width).max(1));
    for (down, line) in lines.iter().enumerate() {
        paint.row(nth(area, down), safe(&model.theme, line, Role::Dim));
    }
}

/// Draws the text field; returns where its caret is.
fn draw_field(paint: &mut Paint<'_>, open: &Field, area: Rect) -> Option<Position> {
    let about = open.key.about();
    let label = format!("{} = ", about.name);
    let columns = u16::try_from(label.len()).unwrap_or(0);
    let row = nth(area, 0);
    paint.row(row, vec![paint.own(Role::Accent, label)]);
    let place = inset(row, columns, 1);
    let caret = field::draw(&open.editor, paint, place);
    let role = if open.problem { Role::Stop } else { Role::Dim };
    let words = if about.kind == Kind::Program {
        "It has to be a program and its arguments, separated by spaces.".to_owned()
    } else {
        // Here nothing is quoted.
        let possible = about.possible.replace(" in quotes", "").replace('"', "");
        format!("It has to be {possible}.")
    };
    paint.row(nth(area, 1), vec![paint.own(role, words)]);
    caret.filter(|caret| place.contains(*caret))
}

#[cfg(test)]
mod tests {
    use crate::profile::config::TABLE;

    use super::*;

    #[test]
    fn labels_fit_their_columns() {
        for about in TABLE {
            let (long, short) = rows::label(about.key);
            assert!(long.len() + 2 < usize::from(LABELS.0), "{long}");
            assert!(short.len() + 2 < usize::from(LABELS.1), "{short}");
        }
        for fixed in &rows::FIXED {
            assert!(fixed.label.len() + 2 < usize::from(LABELS.0));
            assert!(fixed.short.len() + 2 < usize::from(LABELS.1));
        }
    }
}
