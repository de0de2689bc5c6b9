//! Things in the words in which they are read out.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

use crate::api::Status;
use crate::model::{
    Author, Channel, ChannelState, Listening, PeerText, Preset, Provenance, ReviewItem, ReviewKind,
    UnixMillis,
};
use crate::text::sanitise_line;

/// Cells that a name may take in a line of ours.
const NAME: usize = 60;

/// Makes a name or another short text from outside fit into a line of ours.
pub(super) fn name(text: &PeerText) -> String {
    sanitise_line(text, NAME).plain()
}

/// Makes a text of the engine's fit into a line of ours: what a link or a relay said may be in it.
pub(super) fn safe(text: &str) -> String {
    sanitise_line(&PeerText::new(text), 200).plain()
}

/// Returns a sentence of its own.
pub(super) fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

/// Breaks a line of ours between words where a window is narrower. What goes on is indented, so
/// that nothing in it can stand where whose words it is would stand.
pub(super) fn fold(line: &str, cells: usize) -> Vec<String> {
    let room = cells.saturating_sub(1).max(20);
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut width = 0;
    for word in line.split_inclusive(' ') {
        let wide = UnicodeWidthStr::width(word);
        let seen = UnicodeWidthStr::width(word.trim_end());
        if width + seen > room && !row.trim().is_empty() {
            row.truncate(row.trim_end().len());
            rows.push(std::mem::replace(&mut row, String::from("  ")));
            width = 2;
        }
        row.push_str(word);
        width += wide;
    }
    rows.push(row);
    rows
}

/// Returns a time in a `strftime` format; empty if it is out of range.
fn stamp(at: UnixMillis, zone: &TimeZone, format: &str) -> String {
    Timestamp::from_millisecond(at.0)
        .ok()
        .map(|at| at.to_zoned(zone.clone()).strftime(format).to_string())
        .unwrap_or_default()
}

/// Returns day and time, as in `Tue 18 Nov 22:41`.
pub(super) fn when(at: UnixMillis, zone: &TimeZone) -> String {
    stamp(at, zone, "%a %-d %b %H:%M")
}

/// Returns the time of day.
pub(super) fn clock(at: UnixMillis, zone: &TimeZone) -> String {
    stamp(at, zone, "%H:%M:%S")
}

/// Returns a count with its word: `1 message`, `2 messages`.
pub(super) fn count(number: impl Into<u64>, one: &str) -> String {
    match number.into() {
        1 => format!("1 {one}"),
        many => format!("{many} {one}s"),
    }
}

/// Returns the name of a preset as it is read out.
pub(super) fn preset(name: &str) -> String {
    Preset::parse(name).map_or_else(|| safe(name), |preset| preset.label().to_lowercase())
}

/// Returns a channel in one spoken line: whose it is, how far it is trusted, what is new.
pub(super) fn channel(channel: &Channel, now: UnixMillis) -> String {
    let mut parts = vec![format!("Channel {}", name(&channel.name))];
    parts.push(preset(&channel.preset));
    parts.push(
        match channel.state {
            ChannelState::Active if channel.verified.is_some() => "code compared",
            ChannelState::Active => "code not compared",
            ChannelState::Invited if channel.network.is_direct() => {
                "asked by you, they did not ask back"
            }
            ChannelState::Requested if channel.network.is_direct() => {
                "asks for contact and waits for you"
            }
            ChannelState::Requested if channel.network.has_threads() => {
                "wrote to you and waits for you"
            }
            ChannelState::Invited => "invite not answered",
            ChannelState::Requested => "somebody answered and waits for you",
            ChannelState::Stopped => "stopped",
            ChannelState::Superseded => "replaced by a newer invite",
            ChannelState::Closed => "closed",
        }
        .to_owned(),
    );
    if let Some(reason) = channel.stopped {
        parts.push(reason.sentence().to_owned());
    }
    if owes_acceptance(channel) {
        parts.push(
            if channel.network.asks_first() {
                "they have not accepted you"
            } else {
                "whether they accepted you is not known"
            }
            .to_owned(),
        );
    }
    if let Some(reached) = reached(channel) {
        parts.push(reached);
    }
    if channel.paused {
        parts.push("paused".to_owned());
    }
    if channel.is_muted(now) {
        parts.push("muted".to_owned());
    }
    if channel.held_in > 0 {
        parts.push(format!("{} held", channel.held_in));
    }
    if channel.unread > 0 {
        parts.push(format!("{} new", channel.unread));
    }
    parts.join(", ")
}

/// Says how the peer is reached now, where there is a connection straight to them.
fn reached(channel: &Channel) -> Option<String> {
    let live = channel.state == ChannelState::Active;
    if !live || !channel.network.is_direct() || channel.network.asks_first() {
        return None;
    }
    let online = channel.presence.filter(|presence| presence.online);
    Some(match online {
        None => "not connected".to_owned(),
        Some(presence) => match presence.path {
            None => "connected".to_owned(),
            Some(path) => format!("connected, {}", path.label()),
        },
    })
}

/// Tells whether we accepted somebody who has not taken anything of ours yet, where each side
/// accepts the other by itself.
pub(super) fn owes_acceptance(channel: &Channel) -> bool {
    let one_way = channel.network.is_direct() && channel.trusts_us.is_none();
    one_way && channel.state == ChannelState::Active
}

/// Returns an item in one spoken line: what it is, why it waits, until when, and whether it is
/// put off. `channel` is its channel, where that is known.
pub(super) fn item(
    item: &ReviewItem,
    channel: Option<&Channel>,
    now: UnixMillis,
    zone: &TimeZone,
) -> String {
    let what = what_waits(item, channel, zone);
    let put_off = item.snoozed.filter(|snoozed| snoozed.until > now);
    match put_off {
        None => what,
        Some(snoozed) if snoozed.until == UnixMillis::FAR => {
            format!("{what}; put off until they write")
        }
        Some(snoozed) => format!("{what}; put off until {}", when(snoozed.until, zone)),
    }
}

/// The same without whether it is put off.
pub(super) fn what_waits(item: &ReviewItem, channel: Option<&Channel>, zone: &TimeZone) -> String {
    let asks = channel.filter(|channel| channel.network.is_direct());
    let who = name(&item.name);
    let severe = if item.is_severe() { ", severe" } else { "" };
    match &item.kind {
        ReviewKind::KeyChange { reason, .. } => {
            format!(
                "Key of {who}{severe}: {}; stopped until you decide",
                reason.sentence()
            )
        }
        ReviewKind::ContactRequest { answers, .. } if asks.is_some() => {
            let moved = asks.is_some_and(|channel| channel.state == ChannelState::Active);
            let why = match answers {
                _ if moved => "is reached elsewhere now",
                Some(2..) => "asks for contact, with another key than was shown before",
                Some(_) | None => "asks for contact",
            };
            format!("Contact {who}{severe}: {why}")
        }
        ReviewKind::ContactRequest { answers, .. }
            if channel.is_some_and(|channel| channel.network.has_threads()) =>
        {
            let why = match answers {
                Some(2..) => "wrote to you, with another key than was shown before",
                Some(_) | None => "wrote to you",
            };
            format!("Contact {who}{severe}: {why}")
        }
        ReviewKind::ContactRequest { answers, .. } => match answers {
            Some(times @ 2..) => {
                format!(
                    "Contact {who}{severe}: wants a channel, the invite was answered {times} times"
                )
            }
            Some(_) | None => format!("Contact {who}: wants a channel"),
        },
        ReviewKind::HeldMessage { signals, rule, .. } => {
            let why = match signals {
                _ if Provenance::of_rule(rule).is_some() => {
                    Provenance::of_rule(rule).map_or_else(String::new, |it| it.label().to_owned())
                }
                0 => "every message waits here".to_owned(),
                &signals => count(signals, "signal"),
            };
            format!("Message of {who}{severe}: {why}; your assistant has not seen it")
        }
        ReviewKind::HeldDraft {
            reason, expires, ..
        } => {
            let why = if reason.is_empty() {
                "every draft waits here".to_owned()
            } else {
                format!("it {}", safe(reason))
            };
            let until = when(*expires, zone);
            format!(
                "Draft of your assistant to {who}{severe}: {why}; not sent if unanswered by {until}"
            )
        }
    }
}

/// Returns whose words they are, for the beginning of each line of them.
pub(super) fn whose(author: Author) -> &'static str {
    match author {
        Author::Peer => "theirs",
        Author::Human => "you",
        Author::Assistant => "your assistant",
    }
}

/// Returns how all is in one spoken line.
pub(super) fn status(status: &Status, new: u32, zone: &TimeZone) -> String {
    let mode = status.paused.map_or_else(
        || "Supervised".to_owned(),
        |since| format!("All paused since {}", when(since, zone)),
    );
    let first = status.next_expiry.map_or_else(String::new, |at| {
        format!(", the first draft until {}", when(at, zone))
    });
    let answering = status
        .relays
        .iter()
        .filter(|relay| relay.problem.is_none())
        .count();
    let relays = match status.relays.len() {
        0 => String::new(),
        all => format!(" Relays {answering} of {all} answer."),
    };
    let waiting = match status.outbox {
        0 => String::new(),
        queued => format!(" {} not left yet.", count(queued, "message")),
    };
    let looks = match status.first_look {
        None => String::new(),
        Some(look) if look.progress().is_some() => {
            format!(
                " Looked at {} of {} channels so far.",
                look.done, look.total
            )
        }
        Some(look) => format!(" {} not looked at yet.", count(look.put_off, "channel")),
    };
    format!(
        "{mode}. {} you{first}. {}.{relays}{waiting}{looks}",
        if status.needs_you == 1 {
            "1 thing needs".to_owned()
        } else {
            format!("{} things need", status.needs_you)
        },
        count(new, "new message"),
    )
}

/// Returns where a network listens for others and who can reach it there, in one line.
pub(super) fn listens(listening: &Listening) -> String {
    let at = safe(&listening.at);
    let state = match (&listening.problem, listening.exposed) {
        (Some(problem), _) => format!("does not listen at {at}: {}", safe(problem)),
        (None, true) => {
            format!("listens at {at}: whoever reaches it may ask you for contact")
        }
        (None, false) => format!("listens at {at}, for this computer alone"),
    };
    format!("{} {state}.", listening.network.label())
}
