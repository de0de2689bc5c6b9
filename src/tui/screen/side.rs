//! The right pane: engagement, trust and delivery of the open channel.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::api::{LastSent, Overview, RelayState};
use crate::model::{
    Channel, ChannelState, Delivery, Fingerprint, PeerPath, PeerText, Presence, Preset,
    RequestState, StopReason,
};
use crate::text::{SafeLine, ours, sanitise, sanitise_line};
use crate::tui::keymap::{Action, Scope};
use crate::tui::model::{Model, Pane, Screen};
use crate::tui::theme::{Role, Theme};
use crate::tui::tour::Tour;
use crate::tui::widget::paint::{
    Paint, Spans, age, clock, day, day_number, inset, nth, safe, stamp,
};

/// Lines of the note that are shown.
const NOTE_LINES: usize = 3;

/// A row: what stands at the left and what at the right.
type Row = (Spans, Spans);

/// Draws the pane.
pub(in crate::tui) fn draw(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let rows = rows(model, area);
    let height = usize::from(area.height);
    let on_main = matches!(model.screen, Screen::Main);
    let most = rows.len().saturating_sub(height);
    let from = if on_main {
        model.side_scroll.min(most)
    } else {
        0
    };
    for (down, (left, right)) in rows.into_iter().skip(from).take(height).enumerate() {
        paint.pair(inset(nth(area, down), 1, 1), left, right);
    }
    if from < most {
        let below = vec![paint.own(Role::Wait, "▼")];
        let last = inset(nth(area, height.saturating_sub(1)), 1, 0);
        paint.pair(last, Vec::new(), below);
    }
    let keys = on_main && model.pane == Pane::Side && !model.composer.active;
    paint.keys_here(nth(area, 0), keys);
}

/// Returns how many rows of the pane do not fit.
pub(in crate::tui) fn overflow(model: &Model, area: Rect) -> usize {
    rows(model, area).len().saturating_sub(area.height.into())
}

/// Moves the pane's rows as far as there are more.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only the keys that move come here"
)]
pub(in crate::tui) fn travel(model: &mut Model, action: Action, area: Rect) {
    let most = overflow(model, area);
    let (from, half) = (model.side_scroll, usize::from(area.height / 2).max(1));
    let to = match action {
        Action::Up => from.saturating_sub(1),
        Action::PageUp => from.saturating_sub(half),
        Action::PageDown => from + half,
        Action::Top => 0,
        Action::Bottom => most,
        _ => from + 1,
    };
    model.side_scroll = to.min(most);
}

fn rows(model: &Model, area: Rect) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(tour) = model
        .tour()
        .filter(|_| matches!(model.screen, Screen::Main))
    {
        tour_rows(&model.theme, tour, &mut rows);
    }
    let Some(channel) = model.open_channel() else {
        if model.has_no_channels() {
            to_come(&model.theme, &mut rows);
        }
        return rows;
    };
    let room = usize::from(area.width).saturating_sub(3);
    engagement(model, channel, room, &mut rows);
    rows.push((Vec::new(), Vec::new()));
    trust(model, channel, room, &mut rows);
    rows.push((Vec::new(), Vec::new()));
    delivery(model, channel, room, &mut rows);
    rows.push((Vec::new(), Vec::new()));
    decisions(model, channel, &mut rows);
    rows.push((Vec::new(), Vec::new()));
    note(model, channel, (room, NOTE_LINES), &mut rows);
    rows
}

/// Says what the pane is for, as long as there is no channel to show.
fn to_come(theme: &Theme, rows: &mut Vec<Row>) {
    for (name, words) in [
        ("ENGAGEMENT", "what it may do without you"),
        ("TRUST", "whose key it is, and how sure"),
        ("DELIVERY", "what left, what was collected"),
        ("LAST DECISIONS", "yours, and those of rules"),
    ] {
        rows.push(heading(theme, name, "", ""));
        rows.push(text(theme, Role::Dim, words));
        rows.push((Vec::new(), Vec::new()));
    }
}

/// What the person keeps for themselves, and how to read all of it.
fn note(model: &Model, channel: &Channel, (room, most): (usize, usize), rows: &mut Vec<Row>) {
    let theme = &model.theme;
    let key = if matches!(model.screen, Screen::Main) {
        "Space n"
    } else {
        ""
    };
    rows.push(heading(theme, "NOTE", key, " note"));
    let kept = model
        .note
        .as_ref()
        .filter(|note| note.channel == channel.id);
    let Some(note) = kept.filter(|note| !note.text.is_empty()) else {
        rows.push(text(theme, Role::Dim, "none yet"));
        return;
    };
    let lines = sanitise(&note.text).wrap(room);
    for line in lines.iter().take(most) {
        let mut spans = vec![theme.span(Role::Text, " ")];
        spans.extend(safe(theme, line, Role::Own));
        rows.push((spans, Vec::new()));
    }
    let rest = lines.len().saturating_sub(most);
    if rest > 0 {
        rows.push(text(theme, Role::Dim, format!("[+{rest} lines]")));
    }
}

/// The checklist of the demo. It stays complete, so that nothing below it moves.
fn tour_rows(theme: &Theme, tour: Tour, rows: &mut Vec<Row>) {
    let (done, all) = tour.progress();
    let count = vec![theme.span(Role::Dim, format!("{done} of {all}"))];
    rows.push((vec![theme.span(Role::Heading, "TOUR")], count));
    for (words, done) in tour.steps() {
        let (sign, role) = if done {
            ("✓", Role::Dim)
        } else {
            ("○", Role::Text)
        };
        rows.push(text(theme, role, format!("{sign} {words}")));
    }
    rows.push((Vec::new(), Vec::new()));
}

/// Returns a key of the main screen, where that is the one on top: the keys count there alone.
fn key(model: &Model, action: Action) -> String {
    if matches!(model.screen, Screen::Main) {
        model.keys.label(Scope::Main, action)
    } else {
        String::new()
    }
}

fn heading(theme: &Theme, name: &'static str, key: &str, word: &'static str) -> Row {
    let right = if key.is_empty() {
        Vec::new()
    } else {
        vec![theme.span(Role::Accent, key), theme.span(Role::Dim, word)]
    };
    (vec![theme.span(Role::Heading, name)], right)
}

fn text(theme: &Theme, role: Role, words: impl Into<String>) -> Row {
    (
        vec![theme.span(Role::Text, " "), theme.span(role, words)],
        Vec::new(),
    )
}

/// Returns the name of a preset as a person reads it; a custom one under its own.
pub(in crate::tui) fn preset_label(name: &str) -> SafeLine {
    Preset::parse(name).map_or_else(|| ours(name), |preset| ours(preset.label()))
}

fn engagement(model: &Model, channel: &Channel, room: usize, rows: &mut Vec<Row>) {
    let theme = &model.theme;
    let key = key(model, Action::Engagement);
    rows.push(heading(theme, "ENGAGEMENT", &key, " preset"));
    let mut name = vec![theme.span(Role::Text, " ")];
    name.extend(safe(theme, &preset_label(&channel.preset), Role::Title));
    let short = super::rail::preset_short(&channel.preset);
    name.push(theme.span(Role::Dim, format!(" ({short})")));
    rows.push((name, Vec::new()));
    let overview = model.overview_of(channel.id);
    if let Some(instead) = overview.and_then(|overview| overview.in_force.as_deref()) {
        for line in sanitise(&PeerText::new(instead)).wrap(room) {
            let mut spans = vec![theme.span(Role::Text, " ")];
            spans.extend(safe(theme, &line, Role::Wait));
            rows.push((spans, Vec::new()));
        }
    }
    let of = |words: fn(&Overview) -> String| overview.map(words).unwrap_or_default();
    for (label, value) in [
        ("alone", of(|overview| overview.alone.clone())),
        ("hours", of(|overview| overview.hours.clone())),
        ("holds out", of(|overview| overview.holds_out.clone())),
        ("holds in", of(|overview| overview.holds_in.clone())),
        ("today", of(today)),
    ] {
        labelled(theme, label, &value, room, rows);
    }
}

/// Cells of a label in this pane, with the gap behind it.
const LABEL: usize = 11;

/// A label, and its value beside it in as many rows as it takes.
fn labelled(theme: &Theme, label: &str, value: &str, room: usize, rows: &mut Vec<Row>) {
    let lines = sanitise(&PeerText::new(value)).wrap(room.saturating_sub(LABEL).max(1));
    let mut label = format!(" {label:<LABEL$}");
    for line in &lines {
        let lead = theme.span(
            Role::Dim,
            std::mem::replace(&mut label, " ".repeat(LABEL + 1)),
        );
        let mut spans = vec![lead];
        spans.extend(safe(theme, line, Role::Text));
        rows.push((spans, Vec::new()));
    }
    if lines.is_empty() {
        rows.push((vec![theme.span(Role::Dim, label)], Vec::new()));
    }
}

fn today(overview: &Overview) -> String {
    let (alone, held) = (overview.alone_today, overview.held_today);
    format!("{alone} alone · {held} held")
}

/// Returns one sentence on how far the peer's key can be relied on.
pub(in crate::tui) fn trust_words(channel: &Channel) -> (&'static str, Role) {
    match channel.state {
        ChannelState::Active if channel.verified.is_some() => ("✓ code compared", Role::Text),
        ChannelState::Active => ("~ accepted, code not compared", Role::Text),
        ChannelState::Stopped if channel.stopped == Some(StopReason::AnsweredTwice) => {
            ("✗ stopped: answered by another", Role::Stop)
        }
        ChannelState::Stopped if channel.stopped == Some(StopReason::CodeDiffers) => {
            ("✗ stopped: the code differs", Role::Stop)
        }
        ChannelState::Stopped => ("✗ stopped: the key changed", Role::Stop),
        ChannelState::Invited if channel.network.is_direct() => {
            ("○ asked, they did not ask back", Role::Dim)
        }
        ChannelState::Invited => ("○ nobody has answered yet", Role::Dim),
        ChannelState::Requested if channel.network.has_threads() => {
            ("○ wrote to you; review them", Role::Wait)
        }
        ChannelState::Requested => ("○ somebody asks; review them", Role::Wait),
        ChannelState::Superseded => ("· replaced by a newer invite", Role::Dim),
        ChannelState::Closed => ("· closed", Role::Dim),
    }
}

fn trust(model: &Model, channel: &Channel, room: usize, rows: &mut Vec<Row>) {
    let theme = &model.theme;
    rows.push(heading(theme, "TRUST", "", ""));
    let (words, role) = trust_words(channel);
    rows.push(text(theme, role, words));
    if let Some(stopped) = channel.stopped {
        for line in sanitise(&PeerText::new(stopped.sentence())).wrap(room) {
            let mut spans = vec![theme.span(Role::Text, " ")];
            spans.extend(safe(theme, &line, Role::Dim));
            rows.push((spans, Vec::new()));
        }
    }
    let keys = [
        (" their key  ", channel.fingerprint.as_ref()),
        (" your key   ", channel.our_fingerprint.as_ref()),
    ];
    for (label, fingerprint) in keys {
        let Some(Fingerprint(key)) = fingerprint else {
            continue;
        };
        let mut spans = vec![theme.span(Role::Dim, label)];
        spans.extend(safe(theme, &ours(key), Role::Text));
        rows.push((spans, Vec::new()));
    }
    let since = day(channel.created_at, &model.zone);
    let how = match (channel.network.is_direct(), channel.inviter) {
        (true, true) if !channel.network.asks_first() => "you added them",
        (true, false) if !channel.network.asks_first() => "they came first,",
        (false, true) if channel.network.has_threads() => "you added them",
        (false, false) if channel.network.has_threads() => "they wrote first,",
        (true, true) => "you asked first,",
        (true, false) => "they asked first,",
        (false, true) => "you invited",
        (false, false) => "you accepted",
    };
    rows.push(text(theme, Role::Dim, format!("{how} {since}")));
    if channel.network.is_direct() {
        acceptance(model, channel, room, rows);
    }
    if let Some(transcript) = &model.transcript
        && transcript.is_loaded()
    {
        let total = transcript.total;
        let word = if total == 1 { "message" } else { "messages" };
        let gaps = model.overview_of(channel.id).map(|overview| overview.gaps);
        let (gaps, role) = match gaps {
            None => (String::new(), Role::Dim),
            Some(1) => (" · 1 gap".to_owned(), Role::Wait),
            Some(0) => (" · 0 gaps".to_owned(), Role::Dim),
            Some(gaps) => (format!(" · {gaps} gaps"), Role::Wait),
        };
        let mut row = text(theme, Role::Dim, format!("{total} {word}"));
        row.0.push(theme.span(role, gaps));
        rows.push(row);
    }
}

/// Says whether the other side accepted us, where each side does that by itself.
fn acceptance(model: &Model, channel: &Channel, room: usize, rows: &mut Vec<Row>) {
    let theme = &model.theme;
    let live = matches!(channel.state, ChannelState::Active | ChannelState::Invited);
    if let Some(at) = channel.trusts_us {
        let at = format!("{} {}", day(at, &model.zone), clock(at, &model.zone));
        words(
            theme,
            Role::Dim,
            &format!("they accepted you {at}"),
            room,
            rows,
        );
        return;
    }
    if !live {
        return;
    }
    if !channel.network.asks_first() {
        let said = "whether they accepted you shows when a message of yours is delivered";
        words(theme, Role::Dim, said, room, rows);
        return;
    }
    let last = model.scan.last_to(channel.id);
    let (said, role, asks) = match last.map(|request| (request.state, request.at)) {
        Some((RequestState::Open, at)) => (
            format!("asked {}, not delivered yet", clock(at, &model.zone)),
            Role::Wait,
            None,
        ),
        Some((RequestState::Sent, at)) => (
            format!("asked {}, no answer yet", clock(at, &model.zone)),
            Role::Dim,
            None,
        ),
        Some((RequestState::Rejected, _)) => (
            "they did not take your request".to_owned(),
            Role::Wait,
            Some("asks them again"),
        ),
        Some((RequestState::Approved, _)) | None => (
            "they have not accepted you".to_owned(),
            Role::Wait,
            Some("asks them to"),
        ),
    };
    words(theme, role, &said, room, rows);
    if let Some(asks) = asks.filter(|_| matches!(model.screen, Screen::Main)) {
        let keys = super::scan::ask_back_keys(model);
        let mut row = text(theme, Role::Accent, keys);
        row.0.push(theme.span(Role::Dim, format!(" {asks}")));
        rows.push(row);
    }
}

/// Words of our own in as many rows as they take.
fn words(theme: &Theme, role: Role, words: &str, room: usize, rows: &mut Vec<Row>) {
    for line in sanitise(&PeerText::new(words)).wrap(room) {
        let mut spans = vec![theme.span(Role::Text, " ")];
        spans.extend(safe(theme, &line, role));
        rows.push((spans, Vec::new()));
    }
}

/// Returns a relay's address without its scheme.
pub(in crate::tui) fn relay_name(relay: &str, room: usize) -> SafeLine {
    let name = relay.split_once("://").map_or(relay, |(_, rest)| rest);
    sanitise_line(&PeerText::new(name), room)
}

/// Returns how a relay does, in a word or two.
pub(in crate::tui) fn relay_words(model: &Model, relay: &RelayState) -> (String, Role) {
    let since = relay.last_ok.map(|at| model.now.since(at));
    match (&relay.problem, since) {
        (None, Some(since)) => (format!("ok · {}", age(since)), Role::Dim),
        (None, None) => ("not asked yet".to_owned(), Role::Dim),
        (Some(_), Some(since)) if since > Duration::ZERO => {
            (format!("down · {}", age(since)), Role::Wait)
        }
        (Some(_), _) => ("down".to_owned(), Role::Wait),
    }
}

fn delivery(model: &Model, channel: &Channel, room: usize, rows: &mut Vec<Row>) {
    let theme = &model.theme;
    rows.push(heading(theme, "DELIVERY", "", ""));
    let status = model.status.as_ref();
    let relay = status.and_then(|status| {
        let same = |state: &&RelayState| state.relay == channel.relay;
        status.relays.iter().find(same)
    });
    let before = if channel.network.is_direct() {
        " at "
    } else {
        " "
    };
    let mut name = vec![theme.span(Role::Dim, before)];
    let state = relay.map(|relay| relay_words(model, relay));
    let right_width = state
        .as_ref()
        .map_or(0, |(words, _)| words.chars().count() + 1);
    let (first, more) = channel
        .relay
        .split_once(',')
        .map_or((channel.relay.as_str(), 0), |(first, rest)| {
            (first, rest.split(',').count())
        });
    // The node at the end of an address is the key, which stands above.
    let (first, _node) = first.rsplit_once("/p2p/").unwrap_or((first, ""));
    let line = relay_name(first, room.saturating_sub(right_width + before.len() - 1));
    name.extend(safe(theme, &line, Role::Text));
    if more > 0 {
        name.push(theme.span(Role::Dim, format!(" +{more}")));
    }
    let right = state.map(|(words, role)| vec![theme.span(role, words)]);
    rows.push((name, right.unwrap_or_default()));
    if let Some(problem) = relay.and_then(|relay| relay.problem.as_deref()) {
        for line in sanitise(&PeerText::new(problem)).wrap(room) {
            let mut spans = vec![theme.span(Role::Text, " ")];
            spans.extend(safe(theme, &line, Role::Wait));
            rows.push((spans, Vec::new()));
        }
    }
    if channel.network.is_direct() && !channel.network.asks_first() {
        reached(model, channel, room, rows);
    } else if channel.network.is_direct() {
        let how = format!("{}, straight to them", channel.network.label());
        words(theme, Role::Dim, &how, room, rows);
    } else if let Some(relay) = relay.filter(|relay| relay.problem.is_none()) {
        let how = if relay.push {
            "it tells us of new mail"
        } else {
            "it is asked now and then"
        };
        rows.push(text(theme, Role::Dim, how));
    }
    let from_relay = channel.presence.as_ref();
    if let Some(presence) = from_relay.filter(|_| !channel.network.is_direct()) {
        let said = presence_words(model, presence);
        words(theme, Role::Dim, &said, room, rows);
    }
    let overview = model.overview_of(channel.id);
    let sent = overview.and_then(|overview| overview.last_sent.as_ref());
    let last = match (overview, sent) {
        (None, _) => (String::new(), Role::Dim),
        (Some(_), None) => ("nothing yet".to_owned(), Role::Dim),
        (Some(_), Some(sent)) => sent_words(model, channel, sent),
    };
    rows.push(beside(theme, "last sent", last));
    let outbox = overview.map_or_else(String::new, |overview| match overview.outbox {
        0 => "empty".to_owned(),
        waiting => format!("{waiting} waiting"),
    });
    rows.push(beside(theme, "outbox", (outbox, Role::Dim)));
}

/// Says how the peer is reached, where each of us runs a node, and by which of our identities.
fn reached(model: &Model, channel: &Channel, room: usize, rows: &mut Vec<Row>) {
    let theme = &model.theme;
    if let Some(identity) = super::logins::of(model, channel) {
        let mut row = text(theme, Role::Dim, "you are ");
        let name = PeerText::new(super::identities::called(identity));
        let line = sanitise_line(&name, room.saturating_sub(9));
        row.0.extend(safe(theme, &line, Role::Text));
        rows.push(row);
    }
    let (said, role) = path_words(model, channel);
    words(theme, role, &said, room, rows);
}

/// Returns how a peer is reached now, or since when they are not.
pub(super) fn path_words(model: &Model, channel: &Channel) -> (String, Role) {
    let Some(presence) = &channel.presence else {
        return ("not connected".to_owned(), Role::Dim);
    };
    if presence.online {
        let path = presence.path.map_or(String::new(), |path| {
            let how = match path {
                PeerPath::Direct => "direct",
                PeerPath::HolePunched => "direct, through both routers (hole-punched)",
                PeerPath::Relayed => "through a relay, which sees who and not what",
            };
            format!(": {how}")
        });
        return (format!("connected{path}"), Role::Text);
    }
    let seen = presence.last_seen.map(|at| age(model.now.since(at)));
    let seen = seen.map_or_else(String::new, |age| format!(", seen {age} ago"));
    (format!("not connected{seen}"), Role::Dim)
}

/// Returns whether the peer is there, as the relay says, and how old its word is.
pub(super) fn presence_words(model: &Model, presence: &Presence) -> String {
    let as_of = age(model.now.since(presence.as_of));
    match (presence.online, presence.last_seen) {
        (true, _) => format!("it says: online, as of {as_of} ago"),
        (false, Some(at)) => {
            let seen = age(model.now.since(at));
            format!("it says: seen {seen} ago, as of {as_of} ago")
        }
        (false, None) => format!("it says: not online, as of {as_of} ago"),
    }
}

fn beside(theme: &Theme, label: &str, (words, role): (String, Role)) -> Row {
    let label = theme.span(Role::Dim, format!(" {label:<LABEL$}"));
    (vec![label, theme.span(role, words)], Vec::new())
}

/// Returns how far the last message from this side came.
fn sent_words(model: &Model, channel: &Channel, sent: &LastSent) -> (String, Role) {
    let at = |at| clock(at, &model.zone);
    match &sent.delivery {
        Delivery::Queued { due, problem, .. } => match problem {
            Some(_) => ("tried again soon".to_owned(), Role::Wait),
            None if *due > model.now => ("leaves in a moment".to_owned(), Role::Dim),
            None => ("waits to leave".to_owned(), Role::Wait),
        },
        // What another program sent: whether they took it is not known.
        Delivery::Relayed { at: when } if channel.network.is_direct() => {
            (format!("sent {}", at(*when)), Role::Dim)
        }
        Delivery::Relayed { at: when } => (format!("at the relay {}", at(*when)), Role::Dim),
        Delivery::Collected { at: when } => (format!("collected {}", at(*when)), Role::Dim),
        Delivery::Delivered { at: when } => (format!("delivered {}", at(*when)), Role::Dim),
        Delivery::Failed { .. } => (format!("failed {}", at(sent.at)), Role::Stop),
        Delivery::Held { .. }
        | Delivery::Refused { .. }
        | Delivery::Expired { .. }
        | Delivery::TakenBack => (at(sent.at), Role::Dim),
    }
}

/// The last decisions of the channel, by whom, and whether about what leaves or what enters.
fn decisions(model: &Model, channel: &Channel, rows: &mut Vec<Row>) {
    let theme = &model.theme;
    let key = key(model, Action::OpenLog);
    rows.push(heading(theme, "LAST DECISIONS", &key, " log"));
    let Some(overview) = model.overview_of(channel.id) else {
        return;
    };
    if overview.decisions.is_empty() {
        rows.push(text(theme, Role::Dim, "none yet"));
    }
    let today = day_number(model.now, &model.zone);
    for entry in &overview.decisions {
        let is_today = day_number(entry.at, &model.zone) == today;
        let format = if is_today { "%H:%M" } else { "%a" };
        let at = stamp(entry.at, &model.zone, format);
        let who = super::decision_log_text::who(entry);
        let what = super::decision_log_text::words(&entry.what);
        rows.push((
            vec![
                theme.span(Role::Dim, format!(" {at:<5} {who:<5} ")),
                theme.span(Role::Text, what),
            ],
            Vec::new(),
        ));
    }
}
