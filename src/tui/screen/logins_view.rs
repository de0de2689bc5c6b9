//! Draws our logins, who is on the relay of one, and what is asked before somebody is added.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use serde::Deserialize;

use crate::model::{ChannelState, Claim, Fingerprint, OwnAccount, PeerText, UnixMillis};
use crate::text::{ours, sanitise, sanitise_line};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::paint::{Paint, Spans, age, inset, nth, safe, with_air};

use super::logins::{Asked, Directory, NETWORK, Standing, What, standing};
use super::side::relay_name;

/// Cells of a name or id, of a relay, and of a capability.
const NAME: usize = 32;
const RELAY: usize = 48;
const CAPABILITY: usize = 24;
/// Capabilities that are named.
const CAPABILITIES: usize = 4;
/// Columns of the labels.
const LABEL: usize = 11;

/// How a login is made; secrets are for a file or a prompt, never for this screen.
const HOW: &str = "In a shell, `chaperon clawtalk login` uses a key that the relay's operator gave \
you, and `chaperon clawtalk register` an invite. Neither key nor invite is ever asked for here.";

/// The same where there is little room.
const HOW_SHORT: &str = "chaperon clawtalk login makes one";

/// What a relay says of somebody, as our engine wrote it down.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Says {
    capabilities: Vec<String>,
    online: bool,
    last_seen: Option<String>,
}

impl Says {
    fn of(claim: &Claim) -> Self {
        serde_json::from_str(claim.unsafe_answer.expose_untrusted()).unwrap_or_default()
    }

    fn last_seen(&self) -> Option<UnixMillis> {
        let time: Timestamp = self.last_seen.as_deref()?.parse().ok()?;
        Some(UnixMillis(time.as_millisecond()))
    }
}

pub(in crate::tui) fn draw(model: &Model, frame: &mut Frame<'_>) {
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let (title, count) = title(model, &paint);
    let area = with_air(paint.head(body, title, count), body);
    let logins = &model.logins;
    if let Some(asked) = &logins.asked {
        draw_question(model, &mut paint, area, asked);
    } else if let Some(directory) = &logins.directory {
        draw_directory(model, &mut paint, area, directory);
    } else {
        draw_logins(model, &mut paint, area);
    }
}

fn title(model: &Model, paint: &Paint<'_>) -> (Spans, Spans) {
    let logins = &model.logins;
    let heading = NETWORK.label().to_uppercase();
    let mut left = vec![paint.own(Role::Title, heading)];
    let Some(directory) = &logins.directory else {
        left.push(paint.own(Role::Dim, " · your logins"));
        let count = logins.all.as_ref().map(|all| all.len().to_string());
        let count = count.map_or_else(Vec::new, |count| vec![paint.own(Role::Dim, count)]);
        return (left, count);
    };
    if let Some(login) = logins.login(directory.account) {
        left.push(paint.own(Role::Dim, " · on "));
        left.extend(safe(
            paint.theme,
            &relay_name(&login.endpoint, RELAY),
            Role::Text,
        ));
        left.push(paint.own(Role::Dim, " as "));
        left.extend(safe(paint.theme, &id(&login.address), Role::Text));
    }
    let right = if directory.asking {
        vec![paint.own(Role::Wait, "asking")]
    } else {
        let as_of = directory.as_of.map(|at| age(model.now.since(at)));
        let as_of = as_of.map_or_else(String::new, |age| format!(", {age} ago"));
        let words = format!("{} listed{as_of}", directory.somebody.len());
        vec![paint.own(Role::Dim, words)]
    };
    (left, right)
}

fn id(address: &str) -> crate::text::SafeLine {
    sanitise_line(&PeerText::new(address), NAME)
}

/// Draws words of our own over as many rows as they take; returns how many.
fn words(paint: &mut Paint<'_>, area: Rect, down: usize, (role, words): (Role, &str)) -> usize {
    let room = usize::from(area.width).saturating_sub(3).max(1);
    let lines = sanitise(&PeerText::new(words)).wrap(room);
    for (line, at) in lines.iter().zip(down..) {
        let spans = safe(paint.theme, line, role);
        paint.row(inset(nth(area, at), 2, 1), spans);
    }
    lines.len()
}

/// A row of a list, and the entry that it belongs to.
type Row = (Spans, Spans, usize);

/// Draws rows so that all of the entry under the cursor is among them.
fn draw_rows(paint: &mut Paint<'_>, area: Rect, rows: Vec<Row>, cursor: usize) {
    let at = rows.iter().rposition(|(_, _, entry)| *entry == cursor);
    let first = rows.iter().position(|(_, _, entry)| *entry == cursor);
    let list: Vec<_> = (0..)
        .zip(rows)
        .map(|(row, (left, right, _))| (left, right, Some(row) == first))
        .collect();
    paint.list(area, list.into_iter(), at.unwrap_or(0));
}

fn below(area: Rect, down: usize) -> Rect {
    let down = u16::try_from(down).unwrap_or(u16::MAX).min(area.height);
    Rect {
        y: area.y + down,
        height: area.height - down,
        ..area
    }
}

fn draw_logins(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let Some(all) = &model.logins.all else {
        words(paint, area, 0, (Role::Dim, "Asking for your logins."));
        return;
    };
    let mut rows = Vec::new();
    for (entry, login) in all.iter().enumerate() {
        rows.extend(login_rows(paint, entry, login));
    }
    // What one can do about it stands below, where there is room for both.
    let taken = rows.len();
    draw_rows(paint, area, rows, model.logins.cursor);
    if all.is_empty() {
        words(paint, area, 0, (Role::Wait, "You have no login yet."));
    }
    let room = usize::from(area.width).saturating_sub(3).max(1);
    let long = sanitise(&PeerText::new(HOW)).wrap(room).len();
    let left = usize::from(area.height).saturating_sub(taken + 1);
    if all.is_empty() || left > long {
        words(
            paint,
            area,
            taken + 1 + usize::from(all.is_empty()),
            (Role::Dim, HOW),
        );
    } else if left > 0 {
        words(paint, area, taken + 1, (Role::Dim, HOW_SHORT));
    }
}

fn login_rows(paint: &Paint<'_>, entry: usize, login: &OwnAccount) -> [Row; 2] {
    let mut left = vec![paint.own(Role::Text, " ")];
    left.extend(safe(paint.theme, &id(&login.address), Role::Title));
    left.push(paint.own(Role::Dim, " on "));
    left.extend(safe(
        paint.theme,
        &relay_name(&login.endpoint, RELAY),
        Role::Text,
    ));
    let mut under = vec![paint.own(Role::Dim, "   your key ")];
    under.extend(safe(paint.theme, &ours(&login.fingerprint.0), Role::Text));
    [(left, Vec::new(), entry), (under, Vec::new(), entry)]
}

fn draw_directory(model: &Model, paint: &mut Paint<'_>, area: Rect, directory: &Directory) {
    let mut down = 0;
    for problem in directory.problems.iter().take(3) {
        let said = format!("The relay's list: {problem}");
        down += words(paint, area, down, (Role::Wait, &said));
    }
    if directory.somebody.is_empty() {
        let said = if directory.asking {
            "Asking the relay who is there."
        } else {
            "The relay lists nobody."
        };
        words(paint, area, down, (Role::Dim, said));
        return;
    }
    let said = "What the relay says of them. Only a key can be compared, by another way.";
    if area.height >= 10 {
        down += words(paint, area, down, (Role::Dim, said)) + 1;
    }
    let mut rows = Vec::new();
    for (entry, claim) in directory.somebody.iter().enumerate() {
        let (state, role) = stands(model, directory, claim);
        let mut left = vec![paint.own(Role::Text, " ")];
        left.extend(safe(paint.theme, &id(&claim.address), Role::Title));
        let says = Says::of(claim);
        left.push(paint.own(Role::Dim, format!(" · {}", presence(model, &says))));
        rows.push((left, vec![paint.own(role, state)], entry));
        rows.push((about(paint, claim, &says), Vec::new(), entry));
    }
    draw_rows(paint, below(area, down), rows, directory.cursor);
}

fn stands(model: &Model, directory: &Directory, claim: &Claim) -> (&'static str, Role) {
    match standing(model, directory.account, claim) {
        Standing::New => ("new", Role::Accent),
        Standing::OtherKey => ("✗ another key", Role::Stop),
        Standing::Ourselves => ("yourself", Role::Dim),
        Standing::NoKey => ("no key yet", Role::Dim),
        Standing::Known(channel) => match model.channel(channel).map(|it| it.state) {
            Some(ChannelState::Requested) => ("wrote to you", Role::Wait),
            Some(ChannelState::Stopped) => ("✗ stopped", Role::Stop),
            Some(
                ChannelState::Active
                | ChannelState::Invited
                | ChannelState::Superseded
                | ChannelState::Closed,
            )
            | None => ("known", Role::Dim),
        },
    }
}

fn presence(model: &Model, says: &Says) -> String {
    match (says.online, says.last_seen()) {
        (true, _) => "online".to_owned(),
        (false, Some(at)) => format!("seen {} ago", age(model.now.since(at))),
        (false, None) => "not online".to_owned(),
    }
}

/// Returns the key of somebody, and what they say that they can do.
fn about(paint: &Paint<'_>, claim: &Claim, says: &Says) -> Spans {
    let mut spans = vec![paint.own(Role::Text, "   ")];
    let Fingerprint(key) = &claim.fingerprint;
    spans.extend(safe(paint.theme, &ours(key), Role::Text));
    let named = says.capabilities.iter().take(CAPABILITIES);
    for (capability, gap) in named.zip(std::iter::once(" · says: ").chain(std::iter::repeat(", ")))
    {
        spans.push(paint.own(Role::Dim, gap));
        let line = sanitise_line(&PeerText::new(capability.as_str()), CAPABILITY);
        spans.extend(safe(paint.theme, &line, Role::Dim));
    }
    let more = says.capabilities.len().saturating_sub(CAPABILITIES);
    if more > 0 {
        spans.push(paint.own(Role::Dim, format!(" and {more} more")));
    }
    spans
}

/// Draws what is asked, all of it, and what follows from a yes.
fn draw_question(model: &Model, paint: &mut Paint<'_>, area: Rect, asked: &Asked) {
    let mut down = 0;
    let follows = match &asked.what {
        What::Add(claim) => {
            words(paint, area, 0, (Role::Heading, "ADD THEM?"));
            let Fingerprint(key) = &claim.fingerprint;
            for (label, value, role) in [
                ("name", claim.address.as_str(), Role::Title),
                ("their key", key.as_str(), Role::Text),
            ] {
                down += 1;
                let mut row = vec![paint.own(Role::Dim, format!("{label:LABEL$}"))];
                row.extend(safe(paint.theme, &id(value), role));
                paint.row(inset(nth(area, down), 2, 1), row);
            }
            "<logins.confirm> makes a channel and pins this key, which the relay shows. If it \
             shows another one by then, nobody is added. They are told nothing."
        }
        What::Leave(account, force) => {
            words(paint, area, 0, (Role::Heading, "LEAVE THIS LOGIN?"));
            if let Some(login) = model.logins.login(*account) {
                for row in login_rows(paint, 0, login) {
                    down += 1;
                    paint.row(inset(nth(area, down), 1, 1), row.0);
                }
            }
            if *force {
                "<logins.confirm> closes its channels and forgets it and its keys all the same. \
                 What was written stays to be read."
            } else {
                "<logins.confirm> forgets it and its keys; without a copy of them nobody can be \
                 it again. The relay is told nothing."
            }
        }
    };
    down += 2;
    if let Some(problem) = &asked.problem {
        let said = super::review_paper::capital(problem);
        down += words(paint, area, down, (Role::Stop, &said));
    }
    let follows = if asked.busy {
        "Asking the relay.".to_owned()
    } else {
        model.keys.fill(follows)
    };
    words(paint, area, down, (Role::Wait, &follows));
}
