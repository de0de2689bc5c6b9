//! Draws our identities, one of them in full, its link and code, and what is asked before more
//! reaches us or is told of us.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::model::{
    Channel, ChannelState, Fingerprint, NodeSettings, OwnAccount, PeerText, Visibility,
};
use crate::text::{SafeLine, ours, sanitise, sanitise_line};
use crate::tui::keymap::{Action, Scope};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::view;
use crate::tui::widget::field;
use crate::tui::widget::paint::{Paint, Spans, day, inset, nth, safe, with_air};
use crate::tui::widget::qr::Qr;

use super::identities::{
    Asked, Invitation, NETWORK, Naming, Page, Phrase, What, addresses, called, short,
};
use super::invite::link_rows;
use super::review_paper::capital;

/// Cells of a nick.
const NAME: usize = 24;
/// Cells of the labels.
const LABEL: usize = 12;
/// Columns that the words beside a code need.
const WORDS: u16 = 34;
/// Cells of a word of a seed phrase and its number.
const WORD: usize = 12;

/// What an identity is, and how else one comes by one.
const HOW: &str = "An identity is a key of yours: no relay knows it, and who has its seed phrase is \
you. In a shell, `chaperon clawchat identity recover` takes one up by its phrase, and `import` one \
of the reference's program.";

pub(in crate::tui) fn draw(model: &Model, frame: &mut Frame<'_>) {
    if let Page::Invitation(invitation) = &model.identities.page
        && invitation.alone
    {
        draw_alone(model, invitation, frame);
        return;
    }
    let body = view::body(model);
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    let (title, count) = title(model, &paint);
    let area = with_air(paint.head(body, title, count), body);
    let caret = match &model.identities.page {
        Page::List => {
            draw_list(model, &mut paint, area);
            None
        }
        Page::Whole(from) => {
            draw_whole(model, &mut paint, area, *from);
            None
        }
        Page::Naming(naming) => draw_naming(model, &mut paint, area, naming),
        Page::Asked(asked) => {
            draw_question(model, &mut paint, area, asked);
            None
        }
        Page::Invitation(invitation) => {
            draw_invitation(model, &mut paint, area, invitation);
            None
        }
        Page::Phrase(phrase) => {
            draw_phrase(model, &mut paint, area, phrase);
            None
        }
    };
    if let Some(caret) = caret {
        frame.set_cursor_position(caret);
    }
}

fn title(model: &Model, paint: &Paint<'_>) -> (Spans, Spans) {
    let identities = &model.identities;
    let mut left = vec![paint.own(Role::Title, NETWORK.label().to_uppercase())];
    let of = |left: &mut Spans, words: &'static str, one: Option<&OwnAccount>| {
        left.push(paint.own(Role::Dim, words));
        if let Some(one) = one {
            left.extend(safe(paint.theme, &nick(one), Role::Text));
        }
    };
    match &identities.page {
        Page::List => of(&mut left, " · your identities", None),
        Page::Whole(_) => of(&mut left, " · ", identities.selected()),
        Page::Naming(naming) => match naming.whose.and_then(|id| identities.of(id)) {
            Some(one) => of(&mut left, " · another nick for ", Some(one)),
            None => of(&mut left, " · a new identity", None),
        },
        Page::Asked(asked) => of(&mut left, " · ", identities.of(asked.account)),
        Page::Invitation(it) => of(&mut left, " · invite to ", identities.of(it.account)),
        Page::Phrase(phrase) => {
            of(&mut left, " · seed phrase of ", None);
            let whose = sanitise_line(&PeerText::new(phrase.whose.as_str()), NAME);
            left.extend(safe(paint.theme, &whose, Role::Text));
        }
    }
    let count = identities.all.as_ref().map(Vec::len);
    let count = count.filter(|_| matches!(identities.page, Page::List));
    let right = count.map(|count| vec![paint.own(Role::Dim, count.to_string())]);
    (left, right.unwrap_or_default())
}

fn nick(account: &OwnAccount) -> SafeLine {
    sanitise_line(&PeerText::new(called(account)), NAME)
}

/// Draws words of our own over as many rows as they take; returns how many.
fn words(paint: &mut Paint<'_>, area: Rect, down: usize, (role, words): (Role, &str)) -> usize {
    let room = usize::from(area.width).saturating_sub(3).max(1);
    let lines = sanitise(&PeerText::new(words)).wrap(room);
    for (line, at) in lines.iter().zip(down..) {
        paint.row(inset(nth(area, at), 2, 1), safe(paint.theme, line, role));
    }
    lines.len()
}

/// A row of a list, and the entry that it belongs to.
type Row = (Spans, Spans, usize);

fn draw_list(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let identities = &model.identities;
    let Some(all) = &identities.all else {
        words(paint, area, 0, (Role::Dim, "Asking for your identities."));
        return;
    };
    if all.is_empty() {
        let none = model.keys.fill(
            "You have no identity yet. <identities.make_identity> makes one: a key, and a seed \
             phrase to write down.",
        );
        let down = words(paint, area, 0, (Role::Wait, &none));
        words(paint, area, down + 1, (Role::Dim, HOW));
        return;
    }
    let mut rows: Vec<Row> = Vec::new();
    for (entry, one) in all.iter().enumerate() {
        rows.extend(listed(model, paint, one, area.width, entry));
    }
    let taken = rows.len();
    let at = rows
        .iter()
        .rposition(|(_, _, entry)| *entry == identities.cursor);
    let first = rows
        .iter()
        .position(|(_, _, entry)| *entry == identities.cursor);
    let list: Vec<_> = (0..)
        .zip(rows)
        .map(|(row, (left, right, _))| (left, right, Some(row) == first))
        .collect();
    paint.list(area, list.into_iter(), at.unwrap_or(0));
    let room = usize::from(area.width).saturating_sub(3).max(1);
    let long = sanitise(&PeerText::new(HOW)).wrap(room).len();
    if usize::from(area.height) > taken + 1 + long {
        words(paint, area, taken + 1, (Role::Dim, HOW));
    }
}

fn listed(
    model: &Model,
    paint: &Paint<'_>,
    one: &OwnAccount,
    width: u16,
    entry: usize,
) -> Vec<Row> {
    let wide = width >= 64;
    let mut left = vec![paint.own(Role::Text, " ")];
    left.extend(safe(paint.theme, &nick(one), Role::Title));
    if width >= 100 {
        let principal = format!("  {}", one.address);
        left.extend(safe(paint.theme, &ours(&principal), Role::Dim));
    } else if wide && !one.name.is_empty() {
        let principal = format!("  {}", short(&one.address));
        left.extend(safe(paint.theme, &ours(&principal), Role::Dim));
    }
    let node = one.node.clone().unwrap_or_default();
    let right = vec![paint.own(visibility_role(node.visibility), node.visibility.as_str())];
    let (state, role) = state(one, &node);
    let room = usize::from(width).saturating_sub(5).max(1);
    let mut rows = vec![(left, right, entry)];
    let mut under = |words: &str, role: Role| {
        for line in sanitise(&PeerText::new(words)).wrap(room) {
            let mut spans = vec![paint.own(Role::Text, "   ")];
            spans.extend(safe(paint.theme, &line, role));
            rows.push((spans, Vec::new(), entry));
        }
    };
    under(&runs(model, one, &node, wide), Role::Text);
    under(&state, role);
    rows
}

/// Says at which ports it listens, and how many peers are connected.
fn runs(model: &Model, one: &OwnAccount, node: &NodeSettings, wide: bool) -> String {
    let mine = |channel: &&Channel| {
        let accepted = matches!(channel.state, ChannelState::Active | ChannelState::Stopped);
        accepted && channel.account == Some(one.id)
    };
    let peers = model.listed().filter(mine);
    let (mut all, mut connected) = (0, 0);
    for channel in peers {
        all += 1;
        connected += u32::from(channel.presence.is_some_and(|presence| presence.online));
    }
    let mut parts = vec![ports(node, wide)];
    parts.push(match all {
        0 => "no peers yet".to_owned(),
        _ => format!("{connected} of {all} connected"),
    });
    if node.relay_server {
        parts.push("relays for others".to_owned());
    }
    parts.join(" · ")
}

fn ports(node: &NodeSettings, wide: bool) -> String {
    match node.port {
        0 => "any two free ports".to_owned(),
        port if wide => format!("port {port}, WebSocket {}", port.saturating_add(1)),
        port => format!("port {port}"),
    }
}

/// Says how it is reached now.
fn state(one: &OwnAccount, node: &NodeSettings) -> (String, Role) {
    match &one.listening {
        _ if !node.autoload => ("off; the shell turns it on".to_owned(), Role::Dim),
        None => (
            "does not listen now: nobody can reach it".to_owned(),
            Role::Wait,
        ),
        Some(listening) => match &listening.problem {
            Some(problem) => (format!("✗ it cannot listen: {problem}"), Role::Stop),
            None if !listening.exposed => (
                "only programs on this computer reach it".to_owned(),
                Role::Dim,
            ),
            None => (listening.reach.sentence().to_owned(), Role::Dim),
        },
    }
}

const fn visibility_role(visibility: Visibility) -> Role {
    match visibility {
        Visibility::Public => Role::Text,
        Visibility::Private | Visibility::Stealth => Role::Dim,
    }
}

/// Says to whom it is told where an identity is.
const fn told(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => {
            "public: every peer with a session is told where it is, and may tell others"
        }
        Visibility::Private => "private: only peers whom you accepted are told where it is",
        Visibility::Stealth => {
            "stealth: nobody is told where it is; whom you did not accept learns not even who you \
             are"
        }
    }
}

/// Draws all that is known of the selected identity.
fn draw_whole(model: &Model, paint: &mut Paint<'_>, area: Rect, from: usize) {
    let Some(one) = model.identities.selected() else {
        words(paint, area, 0, (Role::Dim, "It is not there any more."));
        return;
    };
    let rows = whole(model, paint, one, area.width);
    let most = rows.len().saturating_sub(usize::from(area.height));
    let window = paint.window_from(area, rows.len(), from.min(most));
    let shown = rows.into_iter().skip(window.start).take(window.len());
    for (down, row) in shown.enumerate() {
        paint.row(inset(nth(area, down), 2, 1), row);
    }
}

fn whole(model: &Model, paint: &Paint<'_>, one: &OwnAccount, width: u16) -> Vec<Spans> {
    let node = one.node.clone().unwrap_or_default();
    let list = |all: &[String], none: &str| {
        if all.is_empty() {
            vec![none.to_owned()]
        } else {
            all.to_vec()
        }
    };
    let (state, role) = state(one, &node);
    let Fingerprint(key) = &one.fingerprint;
    let node_id = one
        .key
        .split_once('/')
        .map_or(one.key.as_str(), |(id, _)| id);
    let yes = |yes: bool, words: &str, not: &str| vec![if yes { words } else { not }.to_owned()];
    let anybody = node.allowed.iter().any(|one| one == "*");
    let allowed = if anybody {
        vec!["anybody, and you decide".to_owned()]
    } else {
        list(&node.allowed, "nobody")
    };
    let name = if one.name.is_empty() {
        "none"
    } else {
        one.name.as_str()
    };
    let all = [
        ("principal", vec![one.address.clone()], Role::Title),
        ("nick", vec![name.to_owned()], Role::Text),
        ("your key", vec![key.clone()], Role::Text),
        ("node", vec![node_id.to_owned()], Role::Text),
        (
            "listens at",
            vec![format!("{}, {}", node.ip, ports(&node, true))],
            Role::Text,
        ),
        ("reached", vec![state], role),
        ("addresses", list(addresses(one), "none now"), Role::Text),
        ("told", vec![told(node.visibility).to_owned()], Role::Text),
        ("may ask", allowed, Role::Text),
        (
            "relays",
            yes(
                node.relay_server,
                "for others who cannot be reached",
                "for nobody",
            ),
            Role::Text,
        ),
        ("reached by", list(&node.relays, "no relay"), Role::Text),
        ("joins at", list(&node.bootstrap, "no node"), Role::Text),
        (
            "wakes",
            yes(
                node.wake,
                "your assistant, when something is let in",
                "nobody",
            ),
            Role::Text,
        ),
        ("made", vec![day(one.created_at, &model.zone)], Role::Dim),
    ];
    let room = usize::from(width).saturating_sub(LABEL + 3).max(1);
    let mut rows = Vec::new();
    for (label, values, role) in all {
        let mut label = format!("{label:LABEL$}");
        for value in values {
            for line in sanitise(&PeerText::new(value)).wrap(room) {
                let lead = std::mem::replace(&mut label, " ".repeat(LABEL));
                let mut spans = vec![paint.own(Role::Dim, lead)];
                spans.extend(safe(paint.theme, &line, role));
                rows.push(spans);
            }
        }
    }
    rows
}

fn draw_naming(
    model: &Model,
    paint: &mut Paint<'_>,
    area: Rect,
    naming: &Naming,
) -> Option<ratatui::layout::Position> {
    let mut down = 0;
    if naming.whose.is_none() {
        let explained = "A new key of yours, with a seed phrase that is shown once, after this.";
        down += words(paint, area, down, (Role::Dim, explained)) + 1;
    }
    let place = inset(nth(area, down), 2, 1);
    paint.row(place, vec![paint.own(Role::Accent, "Nick")]);
    let text = inset(place, 10, 0);
    if naming.editor.is_empty() {
        paint.row(
            text,
            vec![paint.own(Role::Dim, "letters, digits, - and _; or none")],
        );
    }
    let caret = if naming.editor.is_empty() {
        Some(ratatui::layout::Position::new(text.x, text.y))
    } else {
        field::draw(&naming.editor, paint, text)
    };
    down += 1;
    if naming.whose.is_none() {
        let key = model.keys.label(Scope::IdentitiesText, Action::NextField);
        let network = if naming.testnet { "test" } else { "main" };
        let row = vec![
            paint.own(Role::Dim, "Network   ‹ "),
            paint.own(Role::Text, network),
            paint.own(Role::Dim, format!(" ›   {key} changes it")),
        ];
        paint.row(inset(nth(area, down), 2, 1), row);
        down += 1;
        let apart = "Identities of the two networks cannot talk with each other.";
        down += words(paint, area, down, (Role::Dim, apart));
    } else {
        let seen = "Others see it: it is in your link, and goes with every message.";
        down += words(paint, area, down, (Role::Dim, seen));
    }
    down += 1;
    if let Some(problem) = &naming.problem {
        words(paint, area, down, (Role::Stop, &capital(problem)));
    } else if naming.busy {
        words(paint, area, down, (Role::Dim, "One moment."));
    }
    caret.filter(|_| !naming.busy)
}

/// Draws what is asked, and what follows from a yes.
fn draw_question(model: &Model, paint: &mut Paint<'_>, area: Rect, asked: &Asked) {
    let (heading, follows) = match asked.what {
        What::Visibility(visibility) => (
            "TELL MORE WHERE IT IS?",
            format!("<identities.confirm> makes it {}.", told(visibility)),
        ),
        What::Relay => (
            "RELAY FOR OTHERS?",
            "<identities.confirm> lets others reach each other through this computer, with limits \
             on how many, how long and how much. You see who they are and not what they write; \
             your connection carries it."
                .to_owned(),
        ),
    };
    let mut down = words(paint, area, 0, (Role::Heading, heading)) + 1;
    if let Some(problem) = &asked.problem {
        down += words(paint, area, down, (Role::Stop, &capital(problem)));
    }
    let follows = if asked.busy {
        "One moment.".to_owned()
    } else {
        model.keys.fill(&follows)
    };
    words(paint, area, down, (Role::Wait, &follows));
}

/// Draws the code beside the link, or what is missing for it.
fn draw_invitation(model: &Model, paint: &mut Paint<'_>, area: Rect, invitation: &Invitation) {
    let qr = invitation.link.as_ref();
    let qr = qr.and_then(|link| Qr::of(link, model.symbols));
    let beside = area.width.saturating_sub(WORDS);
    let fit = qr.as_ref().and_then(|qr| qr.fit(beside, area.height));
    let place = match (fit, &qr) {
        (Some((columns, rows)), Some(qr)) => {
            let top = (area.height - rows) / 2;
            qr.draw(
                Rect::new(area.x + 1, area.y + top, columns, rows),
                paint.buffer,
            );
            let place = inset(area, columns + 3, 0);
            paint.wall(place);
            place
        }
        (_, _) => area,
    };
    let place = inset(place, 2, 1);
    let rows = beside_code(model, paint, invitation, (fit.is_none(), place.width));
    let height = usize::from(place.height);
    let cut = rows.len() > height;
    for (down, row) in rows.into_iter().take(height).enumerate() {
        if cut && down + 1 == height {
            let more = vec![paint.own(Role::Dim, "…")];
            paint.pair(nth(place, down), row, more);
        } else {
            paint.row(nth(place, down), row);
        }
    }
}

fn beside_code(
    model: &Model,
    paint: &Paint<'_>,
    invitation: &Invitation,
    (no_code, width): (bool, u16),
) -> Vec<Spans> {
    let room = usize::from(width).max(1);
    let mut rows: Vec<Spans> = Vec::new();
    let say = |rows: &mut Vec<Spans>, role: Role, words: &str| {
        for line in sanitise(&PeerText::new(words)).wrap(room) {
            rows.push(safe(paint.theme, &line, role));
        }
    };
    let Some(link) = &invitation.link else {
        match &invitation.problem {
            Some(problem) => say(&mut rows, Role::Wait, &capital(problem)),
            None => say(&mut rows, Role::Dim, "Making the link."),
        }
        return rows;
    };
    if let Some(problem) = &invitation.problem {
        say(&mut rows, Role::Stop, &capital(problem));
    }
    let missing = "There is no room for the code here. <identities.qr_only> gives it the whole \
                   window, <identities.show_picture> opens it as a picture.";
    if no_code {
        say(&mut rows, Role::Dim, &model.keys.fill(missing));
    }
    rows.push(vec![paint.own(Role::Heading, "THE LINK")]);
    link_rows(paint, &mut rows, room, link);
    rows.push(Vec::new());
    let one = model.identities.of(invitation.account);
    let places = one.map_or(&[][..], addresses);
    if !places.is_empty() {
        rows.push(vec![paint.own(Role::Heading, "WHERE IT LEADS")]);
        for address in places {
            say(&mut rows, Role::Text, address);
        }
        rows.push(Vec::new());
    }
    let words = "Whoever uses it asks you for contact, and you decide. Give it to them by a way \
                 you trust: it names this key, and they will pin what they were given.";
    say(&mut rows, Role::Dim, words);
    rows
}

fn draw_alone(model: &Model, invitation: &Invitation, frame: &mut Frame<'_>) {
    let area = frame.area();
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &model.theme,
    };
    paint.buffer.reset();
    paint.buffer.set_style(area, model.theme.base());
    let link = invitation.link.as_ref();
    let qr = link.and_then(|link| Qr::of(link, model.symbols));
    let fit = qr
        .as_ref()
        .and_then(|qr| Some((qr, qr.fit(area.width, area.height)?)));
    if let Some((qr, (columns, rows))) = fit {
        let left = area.x + (area.width - columns) / 2;
        let top = area.y + (area.height - rows) / 2;
        qr.draw(Rect::new(left, top, columns, rows), paint.buffer);
    } else {
        let words = ours("no room for the code in this window").truncated(area.width.into());
        paint.row(area, safe(&model.theme, &words, Role::Wait));
    }
}

/// Draws the words of a phrase, numbered, in columns that are read downwards.
fn draw_phrase(model: &Model, paint: &mut Paint<'_>, area: Rect, phrase: &Phrase) {
    let all: Vec<&str> = phrase.words.expose().split(' ').collect();
    let columns = if area.width >= 60 { 4 } else { 3 };
    let rows = all.len().div_ceil(columns).max(1);
    let roomy = usize::from(area.height) > rows + 5;
    let mut down = 0;
    if roomy {
        let first = "Write these words down, on paper, in this order. They are shown this once. \
                     Whoever has them is you; without them nobody brings this identity back.";
        down += words(paint, area, down, (Role::Wait, first)) + 1;
    }
    for row in 0..rows {
        let mut spans = Vec::new();
        for (number, word) in (1..).zip(&all).skip(row).step_by(rows) {
            spans.push(paint.own(Role::Dim, format!("{number:>2} ")));
            let cell = format!("{word:<width$}", width = WORD - 3);
            spans.extend(safe(paint.theme, &ours(&cell), Role::Title));
        }
        paint.row(inset(nth(area, down), 2, 0), spans);
        down += 1;
    }
    down += usize::from(roomy);
    let after = model
        .keys
        .fill("<identities.confirm>: they are written down.");
    words(paint, area, down, (Role::Accent, &after));
}
