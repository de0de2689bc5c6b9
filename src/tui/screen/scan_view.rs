//! Draws who we are on a network, who was found there, and whom we asked.
//!
//! Names that others give themselves stand in quotes, one line each; nothing of theirs is longer
//! than its place.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::api::PURPOSE;
use crate::model::{
    ChannelId, ChannelState, Claim, ContactRequest, Listening, OwnAccount, PeerText, RequestState,
};
use crate::text::{ours, sanitise, sanitise_line};
use crate::tui::keymap::{Action, Scope};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::field;
use crate::tui::widget::paint::{Paint, Spans, clock, day, day_number, inset, nth, safe};

use super::scan::{Focus, Identity, Letter, NETWORK, Standing, standing};
use super::side::relay_name;

/// Columns of the labels.
const LABEL: usize = 11;
/// The same for places.
const LABEL_COLUMNS: u16 = 11;
/// Cells of a name that somebody gives themselves, and of an id.
const NAME: usize = 32;
/// Rows of what a look came to.
const SAID: usize = 3;
/// Ways of going wrong that are named.
const NAMED: usize = 2;
/// What can be typed as an address.
const HINT: &str = "http://192.168.1.{1-254}:8787";

pub(in crate::tui) fn draw(model: &Model, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    draw_title(model, &mut paint, body);
    let roomy = body.height >= 14;
    let top = if roomy { 2 } else { 1 };
    let area = Rect {
        y: body.y + top,
        height: body.height.saturating_sub(top),
        ..body
    };
    let area = inset(area, 1, 1);
    let letter = model.scan.letter.as_ref();
    let caret = match letter.filter(|_| model.scan.focus == Focus::Letter) {
        Some(letter) => draw_letter(letter, &mut paint, area),
        None => draw_list(model, &mut paint, area, roomy),
    };
    if let Some(caret) = caret {
        frame.set_cursor_position(caret);
    }
}

fn draw_title(model: &Model, paint: &mut Paint<'_>, body: Rect) {
    let left = vec![
        paint.own(Role::Title, "LOOK AROUND"),
        paint.own(Role::Dim, format!(" · {}", NETWORK.label())),
    ];
    let scan = &model.scan;
    let right = match (&scan.looking, scan.somebody().len()) {
        (Some(_), _) => vec![paint.own(Role::Wait, "looking")],
        (None, 0) => Vec::new(),
        (None, found) => vec![paint.own(Role::Dim, format!("{found} found"))],
    };
    paint.pair(inset(body, 1, 1), left, right);
    if body.height >= 14 {
        paint.rule(nth(body, 1));
    }
}

/// A label and words behind it, as rows of a width.
fn labelled(paint: &Paint<'_>, label: &str, (words, role): (&str, Role), width: u16) -> Vec<Spans> {
    let room = usize::from(width).saturating_sub(LABEL).max(1);
    let lines = sanitise(&PeerText::new(words)).wrap(room);
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    let rows = lines.into_iter().zip(labels).map(|(line, label)| {
        let mut spans = vec![paint.own(Role::Dim, format!("{label:LABEL$}"))];
        spans.extend(safe(paint.theme, &line, role));
        spans
    });
    rows.collect()
}

fn wrapped(paint: &Paint<'_>, (words, role): (&str, Role), width: u16) -> Vec<Spans> {
    let lines = sanitise(&PeerText::new(words)).wrap(usize::from(width).max(1));
    let rows = lines.iter().map(|line| safe(paint.theme, line, role));
    rows.collect()
}

/// Says where an engine listens, and who can reach it there.
fn listening(listening: Option<&Listening>) -> (String, Role) {
    let Some(listening) = listening else {
        let words = "nowhere now: nobody can reach you, or ask you for contact";
        return (words.to_owned(), Role::Wait);
    };
    let at = &listening.at;
    match (&listening.problem, listening.exposed) {
        (Some(problem), _) => (format!("{at} · it cannot: {problem}"), Role::Stop),
        (None, true) => (
            format!("{at} · open to the network: whoever reaches it may ask you for contact"),
            Role::Wait,
        ),
        (None, false) => (
            format!("{at} · programs on this computer alone can reach it"),
            Role::Text,
        ),
    }
}

fn identity(model: &Model, paint: &Paint<'_>, width: u16, roomy: bool) -> Vec<Spans> {
    match &model.scan.identity {
        Identity::Unknown => vec![vec![paint.own(Role::Dim, "Asking who you are here.")]],
        Identity::Missing => {
            let key = model.keys.label(Scope::Scan, Action::MakeIdentity);
            let there = if model.scan.focus == Focus::List {
                String::new()
            } else {
                format!(
                    "{}, then ",
                    model.keys.label(Scope::ScanText, Action::NextField)
                )
            };
            let words = format!(
                "You have no identity here yet: you can look, and ask nobody. {there}{key} makes \
                 one: a new key, a random id, reached where this program listens."
            );
            wrapped(paint, (&words, Role::Wait), width)
        }
        Identity::Known(account) if roomy && width >= 62 => whole(paint, account, width),
        Identity::Known(account) => {
            let words = format!("you: {} · {}", account.address, account.fingerprint.0);
            let (listens, role) = listening(account.listening.as_ref());
            let room = usize::from(width);
            vec![
                safe(paint.theme, &ours(&words).truncated(room), Role::Text),
                safe(paint.theme, &ours(&listens).truncated(room), role),
            ]
        }
    }
}

fn whole(paint: &Paint<'_>, account: &OwnAccount, width: u16) -> Vec<Spans> {
    let who = if account.name == account.address {
        account.address.clone()
    } else {
        format!("{} · {}", account.address, account.name)
    };
    let (listens, role) = listening(account.listening.as_ref());
    let endpoint = relay_name(&account.endpoint, NAME * 2).plain();
    let entries = [
        ("you", who.as_str(), Role::Title),
        ("your key", account.fingerprint.0.as_str(), Role::Text),
        ("reached at", endpoint.as_str(), Role::Text),
        ("listens at", listens.as_str(), role),
    ];
    let rows = entries
        .into_iter()
        .map(|(label, words, role)| labelled(paint, label, (words, role), width));
    rows.flatten().collect()
}

/// Says what a look came to, or what can be typed.
fn said(model: &Model) -> (String, Role) {
    let scan = &model.scan;
    if let Some(problem) = &scan.problem {
        return (problem.clone(), Role::Stop);
    }
    if let Some(looking) = &scan.looking {
        let far = looking.progress.filter(|progress| progress.total > 0);
        let far = far.map_or_else(String::new, |progress| {
            format!(" {} of {} asked.", progress.done, progress.total)
        });
        let words = if looking.stopping {
            format!("Stopping.{far}")
        } else {
            let key = model.keys.label(Scope::Scan, Action::Back);
            format!("Looking.{far} {key} stops, and keeps what was found.")
        };
        return (words, Role::Dim);
    }
    let Some(outcome) = &scan.outcome else {
        let key = model.keys.label(Scope::Scan, Action::LookLocally);
        let words = format!("An address, or many by ranges in braces. {key}: the local network.");
        return (words, Role::Dim);
    };
    let begins = match (outcome.somebody.is_empty(), outcome.stopped) {
        (true, true) => "Stopped; nobody was found until then",
        (true, false) => "Nobody was found",
        (false, true) => "Stopped; this is who was found until then. Nobody",
        (false, false) => "Nobody",
    };
    (nowhere(begins, &outcome.failures), Role::Dim)
}

/// Says at how many addresses nobody was found, and why.
fn nowhere(begins: &str, failures: &[(String, usize)]) -> String {
    let all: usize = failures.iter().map(|(_, times)| times).sum();
    if all == 0 {
        // Nobody else was looked for.
        let words = begins.strip_suffix("Nobody").unwrap_or(begins).trim_end();
        let ends = if words.is_empty() || words.ends_with('.') {
            ""
        } else {
            "."
        };
        return format!("{words}{ends}");
    }
    let alone = failures.len() == 1;
    let named = failures.iter().take(NAMED).map(|(problem, times)| {
        if alone {
            problem.clone()
        } else {
            format!("{problem} ({times})")
        }
    });
    let named: Vec<_> = named.collect();
    let more = if failures.len() > NAMED {
        ", and others"
    } else {
        ""
    };
    let addresses = if all == 1 { "address" } else { "addresses" };
    format!("{begins} at {all} {addresses}: {}{more}.", named.join(", "))
}

/// A row of the list, and the place that it belongs to.
struct Row {
    left: Spans,
    right: Spans,
    entry: Option<usize>,
    first: bool,
}

impl Row {
    fn alone(left: Spans) -> Self {
        Self {
            left,
            right: Vec::new(),
            entry: None,
            first: false,
        }
    }
}

fn draw_list(model: &Model, paint: &mut Paint<'_>, area: Rect, roomy: bool) -> Option<Position> {
    let mut down = 0;
    for row in identity(model, paint, area.width, roomy) {
        paint.row(nth(area, down), row);
        down += 1;
    }
    down += usize::from(roomy);
    let caret = draw_field(model, paint, nth(area, down));
    down += 1;
    let (words, role) = said(model);
    let lines = if roomy {
        wrapped(paint, (&words, role), area.width)
    } else {
        let line = ours(&words).truncated(area.width.into());
        vec![safe(paint.theme, &line, role)]
    };
    for row in lines.into_iter().take(SAID) {
        paint.row(nth(area, down), row);
        down += 1;
    }
    down += usize::from(roomy);
    let below = u16::try_from(down).unwrap_or(u16::MAX).min(area.height);
    let list = Rect {
        y: area.y + below,
        height: area.height - below,
        ..area
    };
    let rows = rows(model, paint, list.width);
    let here = |row: &Row| row.entry == Some(model.scan.cursor);
    let at = rows.iter().rposition(here).unwrap_or(0);
    let window = paint.window(list, rows.len(), at);
    let has_keys = model.scan.focus == Focus::List;
    let shown = rows.into_iter().skip(window.start).take(window.len());
    for (down, row) in shown.enumerate() {
        let place = nth(list, down);
        let selected = has_keys && row.first && here(&row);
        paint.pair(place, row.left, row.right);
        if selected {
            // The sign stands in the margin.
            let place = Rect {
                x: place.x - 1,
                width: place.width + 2,
                ..place
            };
            paint.select(place);
        }
    }
    caret
}

fn draw_field(model: &Model, paint: &mut Paint<'_>, place: Rect) -> Option<Position> {
    let has_keys = model.scan.focus == Focus::Field;
    let role = if has_keys { Role::Accent } else { Role::Dim };
    paint.row(place, vec![paint.own(role, "ask at")]);
    let text = inset(place, LABEL_COLUMNS, 0);
    if model.scan.editor.is_empty() {
        paint.row(text, vec![paint.own(Role::Dim, HINT)]);
    }
    field::draw(&model.scan.editor, paint, text).filter(|_| has_keys)
}

fn rows(model: &Model, paint: &Paint<'_>, width: u16) -> Vec<Row> {
    let found = model.scan.somebody();
    let mut rows = Vec::new();
    if !found.is_empty() {
        let mut heading = vec![paint.own(Role::Heading, format!("FOUND {}", found.len()))];
        let words = "  what they say of themselves; only a key can be compared";
        heading.push(paint.own(Role::Dim, words));
        rows.push(Row::alone(heading));
    }
    for (index, (url, claim)) in found.iter().enumerate() {
        somebody(model, paint, (index, url, claim), width, &mut rows);
    }
    let asked = model.scan.ours().count();
    if asked > 0 {
        if !rows.is_empty() {
            rows.push(Row::alone(Vec::new()));
        }
        let heading = paint.own(Role::Heading, format!("YOUR REQUESTS {asked}"));
        rows.push(Row::alone(vec![heading]));
    }
    for (request, index) in model.scan.ours().zip(found.len()..) {
        ours_to(model, paint, (index, request), width, &mut rows);
    }
    rows
}

/// Returns a name that somebody gives themselves, in quotes, and their id.
fn named(paint: &Paint<'_>, claim: &Claim, room: usize) -> Spans {
    let room = (room / 2).clamp(6, NAME);
    let mut spans = vec![paint.own(Role::Dim, "“")];
    spans.extend(safe(
        paint.theme,
        &sanitise_line(&claim.unsafe_name, room),
        Role::Text,
    ));
    spans.push(paint.own(Role::Dim, "” "));
    let id = ours(&claim.address).truncated(NAME);
    spans.extend(safe(paint.theme, &id, Role::Title));
    spans
}

fn somebody(
    model: &Model,
    paint: &Paint<'_>,
    (index, url, claim): (usize, &str, &Claim),
    width: u16,
    rows: &mut Vec<Row>,
) {
    let (state, role) = match standing(model, claim) {
        Standing::New => ("new", Role::Accent),
        Standing::Known(channel) => known(model, channel),
        Standing::OtherKey => ("✗ another key", Role::Stop),
        Standing::Ourselves => ("yourself", Role::Dim),
        Standing::OurId => ("✗ your id", Role::Stop),
    };
    let room = usize::from(width).saturating_sub(state.len() + 4);
    rows.push(Row {
        left: indented(paint, named(paint, claim, room)),
        right: vec![paint.own(role, state)],
        entry: Some(index),
        first: true,
    });
    let mut left = vec![paint.own(Role::Text, "   ")];
    left.extend(safe(paint.theme, &ours(&claim.fingerprint.0), Role::Text));
    let at = relay_name(url, NAME);
    left.push(paint.own(Role::Dim, " · at "));
    left.extend(safe(paint.theme, &at, Role::Dim));
    if let Some(says) = elsewhere(url, claim) {
        left.push(paint.own(Role::Wait, " · says "));
        left.extend(safe(paint.theme, &sanitise_line(&says, NAME), Role::Wait));
    }
    rows.push(Row {
        left,
        right: Vec::new(),
        entry: Some(index),
        first: false,
    });
}

/// Says how far one is with somebody who is known.
fn known(model: &Model, channel: ChannelId) -> (&'static str, Role) {
    let state = model.channel(channel).map(|channel| channel.state);
    match state {
        Some(ChannelState::Invited) => ("asked", Role::Dim),
        Some(ChannelState::Requested) => ("asks you", Role::Wait),
        Some(ChannelState::Stopped) => ("✗ stopped", Role::Stop),
        Some(ChannelState::Active | ChannelState::Superseded | ChannelState::Closed) | None => {
            ("known", Role::Dim)
        }
    }
}

/// Returns where somebody says that they are reached, if it is not where they were found.
fn elsewhere(url: &str, claim: &Claim) -> Option<PeerText> {
    let says = claim.unsafe_endpoint.expose_untrusted();
    if says == url {
        return None;
    }
    let host = says.split_once("://").map_or(says, |(_, rest)| rest);
    Some(PeerText::new(host))
}

fn indented(paint: &Paint<'_>, spans: Spans) -> Spans {
    let mut row = vec![paint.own(Role::Text, " ")];
    row.extend(spans);
    row
}

fn ours_to(
    model: &Model,
    paint: &Paint<'_>,
    (index, request): (usize, &ContactRequest),
    width: u16,
    rows: &mut Vec<Row>,
) {
    let (state, role) = match request.state {
        RequestState::Open => ("not delivered yet", Role::Wait),
        RequestState::Sent => ("no answer yet", Role::Dim),
        RequestState::Approved => ("accepted", Role::Text),
        RequestState::Rejected => ("not taken", Role::Wait),
    };
    let room = usize::from(width).saturating_sub(state.len() + 4);
    let id = ours(&request.address).truncated(room.min(NAME * 2));
    rows.push(Row {
        left: indented(paint, safe(paint.theme, &id, Role::Text)),
        right: vec![paint.own(role, state)],
        entry: Some(index),
        first: true,
    });
    let mut at = clock(request.at, &model.zone);
    if day_number(request.at, &model.zone) != day_number(model.now, &model.zone) {
        at = format!("{} {at}", day(request.at, &model.zone));
    }
    let host = request.unsafe_endpoint.expose_untrusted();
    let words = format!("   {} · asked {at} · at ", request.fingerprint.0);
    let mut left = safe(paint.theme, &ours(&words), Role::Dim);
    left.extend(safe(paint.theme, &relay_name(host, NAME), Role::Dim));
    rows.push(Row {
        left,
        right: Vec::new(),
        entry: Some(index),
        first: false,
    });
}

/// Draws a request in the making: to whom, under which key, and the words that go with it.
fn draw_letter(letter: &Letter, paint: &mut Paint<'_>, area: Rect) -> Option<Position> {
    let claim = &letter.claim;
    let room = usize::from(area.width).saturating_sub(LABEL);
    let heading = vec![paint.own(Role::Heading, "ASK FOR CONTACT")];
    paint.row(nth(area, 0), heading);
    let mut who = vec![paint.own(Role::Dim, format!("{:LABEL$}", "whom"))];
    who.extend(named(paint, claim, room));
    paint.row(nth(area, 1), who);
    let at = relay_name(&letter.url, room).plain();
    let mut rows = labelled(
        paint,
        "their key",
        (&claim.fingerprint.0, Role::Text),
        area.width,
    );
    rows.extend(labelled(paint, "at", (&at, Role::Text), area.width));
    if let Some(says) = elsewhere(&letter.url, claim) {
        let mut row = vec![paint.own(Role::Dim, format!("{:LABEL$}", "they say"))];
        row.extend(safe(paint.theme, &sanitise_line(&says, room), Role::Wait));
        rows.push(row);
    }
    let mut down = 2;
    for row in rows {
        paint.row(nth(area, down), row);
        down += 1;
    }
    let roomy = area.height >= 12;
    down += usize::from(roomy);
    let place = nth(area, down);
    paint.row(place, vec![paint.own(Role::Accent, "what for")]);
    let text = inset(place, LABEL_COLUMNS, 0);
    if letter.editor.is_empty() {
        let hint = format!("left empty: {PURPOSE}");
        paint.row(text, vec![paint.own(Role::Dim, hint)]);
    }
    let caret = field::draw(&letter.editor, paint, text);
    down += 1 + usize::from(roomy);
    let (words, role) = match (&letter.problem, letter.busy) {
        (Some(problem), _) => (problem.as_str(), Role::Stop),
        (None, true) => ("Asking them.", Role::Dim),
        (None, false) => (
            "They are told your id, name, key and address, and these words; nothing else. If \
             they show another key by then, nothing is sent.",
            Role::Dim,
        ),
    };
    for row in wrapped(paint, (words, role), area.width) {
        paint.row(nth(area, down), row);
        down += 1;
    }
    caret.filter(|_| !letter.busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_counted_and_not_listed() {
        let failures = |all: &[(&str, usize)]| -> Vec<(String, usize)> {
            let all = all.iter();
            all.map(|(problem, times)| ((*problem).to_owned(), *times))
                .collect()
        };
        let said = [
            nowhere("Nobody", &failures(&[("no answer", 1)])),
            nowhere("Nobody", &failures(&[("no answer", 2), ("refused", 1)])),
            nowhere("Nobody", &failures(&[("a", 3), ("b", 2), ("c", 1)])),
            nowhere("Nobody", &[]),
            nowhere("Nobody was found", &[]),
            nowhere("Stopped. Nobody", &[]),
        ];
        assert_eq!(
            said,
            [
                "Nobody at 1 address: no answer.",
                "Nobody at 3 addresses: no answer (2), refused (1).",
                "Nobody at 6 addresses: a (3), b (2), and others.",
                "",
                "Nobody was found.",
                "Stopped.",
            ]
        );
    }
}
