//! Draws the open transcript. Theirs stands right of the gutter `┆` and nowhere else.

use ratatui::layout::Rect;

use crate::model::{
    Admission, Author, Channel, ChannelState, Content, Delivery, Message, Passage, PeerPath,
    PeerText, Severity, Signal,
};
use crate::text::{ours, sanitise, sanitise_line};
use crate::tui::keymap::{Action, Scope};
use crate::tui::model::{Model, Pane};
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, age, clock, day, inset, nth, safe, width};

use super::routing_text::Pieces;
use super::transcript::{Placed, Transcript, Window, has_foot};
use super::transcript_text::{BodyLine, Wrapped};
use super::{logins, topics};

/// A row of a message, before it is known whether it is on screen.
enum Row<'a> {
    Day(String),
    New,
    Head,
    Standing(&'a Pieces),
    Body(&'a BodyLine),
    Folded(usize),
    Foot,
}

/// What a person reads who has no channel yet, below what they can do.
const FIRST_WORDS: &str = "Then you see here what your assistant and theirs write to each other. \
Nobody is written to before you accepted them.

In a shell, `chaperon demo` shows all of it with invented people, and `chaperon import clawbuddy` \
copies the channels you have there.";

/// Draws the pane: what is held, from the place one stands at.
pub(in crate::tui) fn draw(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let Some(transcript) = &model.transcript else {
        if model.has_no_channels() {
            draw_first(model, paint, area);
        }
        return;
    };
    if transcript.messages.is_empty() {
        let words = if transcript.is_loaded() {
            if transcript.topic.is_some() {
                "No message of this topic yet. What you write now begins it."
            } else {
                "No messages yet."
            }
        } else {
            ""
        };
        paint.row(inset(nth(area, 1), 2, 1), vec![paint.own(Role::Dim, words)]);
        return;
    }
    let window = Window {
        width: area.width,
        height: area.height,
        zone: &model.zone,
    };
    for placed in transcript.placed(window) {
        draw_message(model, (transcript, window), paint, area, placed);
    }
}

/// Says what can be done before there is a channel; that comes first, for small windows.
fn draw_first(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let can = [
        (Action::NewInvite, "makes an invite for somebody"),
        (
            Action::AcceptLink,
            "opens a link you were given, as pasting it does",
        ),
        (
            Action::LookAround,
            "looks around for agents, to ask them for contact",
        ),
    ];
    for ((action, words), down) in can.into_iter().zip(1..) {
        let key = model.keys.label(Scope::Main, action);
        let words = if area.width < 54 {
            view::short(words)
        } else {
            words
        };
        let spans = view::entry(paint, &format!("{key:<2}"), words);
        paint.row(inset(nth(area, down), 2, 1), spans);
    }
    let room = usize::from(area.width).saturating_sub(3);
    let lines = sanitise(&PeerText::new(FIRST_WORDS)).wrap(room);
    for (line, down) in lines.iter().zip(can.len() + 2..) {
        let spans = safe(&model.theme, line, Role::Dim);
        paint.row(inset(nth(area, down), 2, 1), spans);
    }
}

fn rows<'a>(
    model: &Model,
    transcript: &Transcript,
    message: &Message,
    index: usize,
    wrapped: &'a Wrapped,
) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    if transcript.starts_day(index, &model.zone) {
        rows.push(Row::Day(day(message.at, &model.zone)));
    }
    if transcript.is_new_mark(message) {
        rows.push(Row::New);
    }
    rows.push(Row::Head);
    rows.extend(wrapped.standing.iter().map(Row::Standing));
    let shown = transcript.shown_lines(message, wrapped);
    rows.extend(wrapped.lines.iter().take(shown).map(Row::Body));
    if shown < wrapped.lines.len() {
        rows.push(Row::Folded(wrapped.lines.len() - shown));
    }
    if has_foot(message) {
        rows.push(Row::Foot);
    }
    rows
}

fn draw_message(
    model: &Model,
    (transcript, window): (&Transcript, Window<'_>),
    paint: &mut Paint<'_>,
    area: Rect,
    placed: Placed,
) {
    let Some(message) = transcript.messages.get(placed.index) else {
        return;
    };
    let wrapped = transcript.wrap(message, window);
    let selected = model.pane == Pane::Transcript
        && !model.composer.active
        && transcript.selected_index() == Some(placed.index);
    let rows = rows(model, transcript, message, placed.index, &wrapped);
    for (row, down) in rows.iter().zip(placed.top..) {
        let Ok(down) = usize::try_from(down) else {
            continue;
        };
        if down >= usize::from(area.height) {
            break;
        }
        let place = nth(area, down);
        match row {
            Row::Day(day) => centred(paint, place, vec![paint.own(Role::Dim, day.clone())]),
            Row::New => divider(paint, place, " new since you looked "),
            Row::Head => {
                draw_head(model, paint, place, message, &wrapped);
                if selected {
                    paint.select(place);
                }
            }
            Row::Standing(pieces) => {
                gutter(paint, place, message);
                let pieces = pieces.iter();
                let spans = pieces.flat_map(|(role, line)| safe(&model.theme, line, *role));
                paint.row(inset(place, 9, 1), spans.collect());
            }
            Row::Body(line) => draw_line(model, paint, place, message, line),
            Row::Folded(rest) => {
                let key = model.keys.label(Scope::Main, Action::Open);
                let text = format!("[+{rest} lines · {key} shows all]");
                gutter(paint, place, message);
                paint.row(inset(place, 9, 1), vec![paint.own(Role::Accent, text)]);
            }
            Row::Foot => draw_foot(model, paint, place, message),
        }
    }
}

fn centred(paint: &mut Paint<'_>, place: Rect, spans: Spans) {
    let room = usize::from(place.width).saturating_sub(width(&spans));
    let left = u16::try_from(room / 2).unwrap_or(0);
    paint.row(inset(place, left, 0), spans);
}

fn divider(paint: &mut Paint<'_>, place: Rect, words: &str) {
    paint.rule(place);
    centred(
        paint,
        place,
        vec![paint.own(Role::Accent, words.to_owned())],
    );
}

fn gutter(paint: &mut Paint<'_>, place: Rect, message: &Message) {
    if message.author == Author::Peer {
        let bar = vec![paint.own(Role::Gutter, "┆")];
        paint.row(inset(place, 7, 0), bar);
    }
}

fn draw_line(
    model: &Model,
    paint: &mut Paint<'_>,
    place: Rect,
    message: &Message,
    line: &BodyLine,
) {
    gutter(paint, place, message);
    let role = if message.author == Author::Peer {
        Role::Text
    } else {
        Role::Own
    };
    let spans = match line {
        BodyLine::Text(line) => safe(&model.theme, line, role),
        BodyLine::Note(line) => safe(&model.theme, line, Role::Dim),
        BodyLine::Decoded(note, words) => {
            let mut spans = safe(&model.theme, note, Role::Dim);
            spans.push(paint.own(Role::Dim, "“"));
            // In the look of a mark: nobody wrote these words where they could be seen.
            spans.extend(safe(&model.theme, words, Role::Mark));
            spans.push(paint.own(Role::Dim, "”"));
            spans
        }
    };
    paint.row(inset(place, 9, 1), spans);
}

fn draw_head(
    model: &Model,
    paint: &mut Paint<'_>,
    place: Rect,
    message: &Message,
    wrapped: &Wrapped,
) {
    let time = paint.own(Role::Dim, clock(message.at, &model.zone));
    paint.row(inset(place, 1, 0), vec![time]);
    if message.author == Author::Peer {
        gutter(paint, place, message);
    } else {
        let waits = matches!(message.delivery, Some(Delivery::Held { .. }));
        let arrow = vec![paint.own(Role::Dim, if waits { "◌" } else { "→" })];
        paint.row(inset(place, 7, 0), arrow);
    }
    let who = match (message.author, &message.content) {
        (Author::Peer, Content::Raw { .. }) => "theirs, cannot be read",
        (Author::Peer, Content::Text(_)) => "theirs",
        (Author::Human, _) => "you",
        (Author::Assistant, _) => drafted(message),
    };
    let mut left = vec![paint.own(Role::Dim, who)];
    if let Some(subject) = &wrapped.subject {
        left.push(paint.own(Role::Dim, " · subject: "));
        left.extend(safe(&model.theme, subject, Role::Text));
    }
    let right = state(model, paint, message);
    paint.pair(inset(place, 9, 1), left, right);
}

/// Says how a message of the assistant's came past the rules.
fn drafted(message: &Message) -> &'static str {
    match (&message.delivery, message.passage) {
        (Some(Delivery::Held { .. } | Delivery::Refused { .. } | Delivery::Expired { .. }), _) => {
            "yours, drafted"
        }
        (_, Some(Passage::Alone)) => "yours, on its own",
        (_, Some(Passage::Edited)) => "edited by you",
        (_, Some(Passage::AsIs)) => "you approved",
        (_, Some(Passage::HiddenRemoved | Passage::OwnWords) | None) => "your assistant",
    }
}

/// Says how far a message of theirs came, beginning with a person's word where there was one.
fn let_in(model: &Model, message: &Message) -> Option<String> {
    let how = match message.passage {
        Some(Passage::AsIs) => Some("released by you"),
        Some(Passage::HiddenRemoved) => Some("released, hidden text removed"),
        Some(Passage::OwnWords) => Some("passed on in your words"),
        Some(Passage::Alone | Passage::Edited) | None => message.digest.then_some("digest"),
    };
    let at = message.handed_over.map(|at| clock(at, &model.zone));
    match (how, at) {
        (Some(how), Some(at)) => Some(format!("{how} · read {at}")),
        (Some(how), None) => Some(how.to_owned()),
        (None, at) => at.map(|at| format!("handed over {at}")),
    }
}

/// Returns how many signals weigh more than a note, in words; empty for none.
fn flags(message: &Message) -> String {
    let weighty = |signal: &&Signal| signal.severity > Severity::Note;
    match message.signals.iter().filter(weighty).count() {
        0 => String::new(),
        1 => " · ⚑ 1 signal".to_owned(),
        count => format!(" · ⚑ {count} signals"),
    }
}

/// Returns what became of a message, in a few words.
fn state(model: &Model, paint: &Paint<'_>, message: &Message) -> Spans {
    let span = |role, text: String| vec![paint.own(role, text)];
    match &message.delivery {
        Some(Delivery::Queued {
            due,
            attempts: 0,
            problem: None,
        }) if *due > model.now => {
            let left = due.since(model.now).as_millis().div_ceil(1000);
            let key = model.keys.label(Scope::Main, Action::TakeBack);
            span(
                Role::Wait,
                format!("leaves in {left}s · {key} takes it back"),
            )
        }
        Some(Delivery::Queued { .. }) => span(Role::Wait, "waiting to leave".into()),
        Some(Delivery::Relayed { .. }) => {
            let channel = model.channel(message.channel);
            let direct = channel.is_some_and(|channel| channel.network.is_direct());
            span(
                Role::Dim,
                if direct { "sent" } else { "at the relay" }.into(),
            )
        }
        Some(Delivery::Collected { .. }) => span(Role::Dim, "collected or deleted ✓".into()),
        Some(Delivery::Delivered { .. }) => span(Role::Dim, "delivered ✓".into()),
        Some(Delivery::Failed { .. }) => span(Role::Stop, "not sent".into()),
        Some(Delivery::TakenBack) => span(Role::Dim, "taken back, never left".into()),
        Some(Delivery::Held { expires, .. }) => {
            let left = age(expires.since(model.now));
            span(Role::Wait, format!("held out · {left} left"))
        }
        Some(Delivery::Refused { .. }) => span(Role::Dim, "refused by you, not sent".into()),
        Some(Delivery::Expired { .. }) => span(Role::Dim, "expired, not sent".into()),
        None => match &message.admission {
            Some(Admission::Held { .. }) => {
                span(Role::Wait, format!("▲ held in{}", flags(message)))
            }
            Some(Admission::Released { .. }) | None => {
                let_in(model, message).map_or_else(Vec::new, |words| span(Role::Dim, words))
            }
        },
    }
}

fn draw_foot(model: &Model, paint: &mut Paint<'_>, place: Rect, message: &Message) {
    gutter(paint, place, message);
    let place = inset(place, 9, 1);
    let room = usize::from(place.width);
    let said = |words: &str| safe(&model.theme, &ours(words).truncated(room), Role::Dim);
    let spans = match (&message.delivery, &message.admission) {
        (Some(Delivery::Failed { problem }), _) => {
            let mut spans = vec![
                paint.own(Role::Accent, model.keys.label(Scope::Main, Action::Retry)),
                paint.own(Role::Dim, " tries again · "),
            ];
            spans.extend(said(problem));
            spans
        }
        (
            Some(Delivery::Queued {
                problem: Some(problem),
                ..
            }),
            _,
        ) => {
            let mut spans = vec![paint.own(Role::Wait, "waits: ")];
            spans.extend(said(problem));
            spans
        }
        (Some(Delivery::Held { .. }), _) => {
            let words = "not sent, nor on expiry · <main.open>: review";
            vec![paint.own(Role::Wait, model.keys.fill(words))]
        }
        (Some(Delivery::Refused { reason }), _) => {
            let mut spans = vec![paint.own(Role::Dim, "you told it: ")];
            let line = sanitise_line(reason, room.saturating_sub(13));
            spans.extend(safe(&model.theme, &line, Role::Own));
            spans
        }
        (_, Some(Admission::Held { .. })) => {
            let words = "not seen by your assistant · <main.open>: review";
            vec![paint.own(Role::Wait, model.keys.fill(words))]
        }
        _ => Vec::new(),
    };
    paint.row(place, spans);
}

/// Draws the rule below the title; it says where one is, if that is not the end.
pub(in crate::tui) fn draw_rule(model: &Model, paint: &mut Paint<'_>, place: Rect) {
    if model.transcript.as_ref().is_some_and(|open| open.newer) {
        let words = model
            .keys
            .fill(" not the newest · <main.bottom> goes there ");
        divider(paint, place, &words);
    } else if let Some(topic) = topics::shown(model) {
        let room = usize::from(place.width).saturating_sub(28);
        let mut words = vec![paint.own(Role::Dim, " topic ")];
        words.extend(safe(
            &model.theme,
            &sanitise_line(topic, room),
            Role::Accent,
        ));
        let rest = model.keys.fill(" alone · <main.back> shows all ");
        words.push(paint.own(Role::Dim, rest));
        paint.rule(place);
        centred(paint, place, words);
    } else {
        paint.rule(place);
    }
}

/// Says in a word how the peer is reached, where each of us runs a node.
fn path(channel: &Channel) -> &'static str {
    let network = channel.network;
    let live = channel.state == ChannelState::Active;
    if !live || !network.is_direct() || network.asks_first() {
        return "";
    }
    let there = channel.presence.filter(|presence| presence.online);
    match there.map(|presence| presence.path) {
        Some(Some(PeerPath::Direct)) => ", direct",
        Some(Some(PeerPath::HolePunched)) => ", hole-punched",
        Some(Some(PeerPath::Relayed)) => ", relayed",
        Some(None) => ", connected",
        None => ", not connected",
    }
}

/// Draws the line above the transcript: who, over what, how far to be relied on.
pub(in crate::tui) fn draw_title(model: &Model, paint: &mut Paint<'_>, place: Rect) {
    let Some(channel) = model.open_channel() else {
        if model.has_no_channels() {
            let words = vec![paint.own(Role::Title, "No channels yet")];
            paint.row(inset(place, 1, 1), words);
        }
        return;
    };
    let room = usize::from(place.width) / 2;
    let name = sanitise_line(&channel.name, room);
    let mut left = safe(&model.theme, &name, Role::Title);
    let keys = model.pane == Pane::Transcript && !model.composer.active;
    paint.keys_here(place, keys);
    if channel.paused {
        left.push(paint.own(Role::Wait, "  paused"));
    }
    let (words, role) = super::side::trust_words(channel);
    let words = if place.width < 50 {
        view::short(words)
    } else {
        words
    };
    let mut right = Vec::new();
    if place.width >= 64 {
        let network = channel.network.label();
        right.push(paint.own(Role::Dim, format!("via {network}{} ", path(channel))));
    }
    if let Some(login) = logins::name_of(model, channel) {
        let name = sanitise_line(&PeerText::new(login), usize::from(place.width / 5));
        right.push(paint.own(Role::Dim, "as "));
        right.extend(safe(&model.theme, &name, Role::Text));
        right.push(paint.own(Role::Text, " "));
    }
    if !right.is_empty() {
        right.push(paint.own(Role::Dim, "· "));
    }
    right.push(paint.own(role, words));
    paint.pair(inset(place, 1, 1), left, right);
}
