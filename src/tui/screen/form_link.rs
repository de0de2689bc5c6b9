//! A link that names a principal, in the form for links: whom it names is shown before they are
//! added, and the key that was shown is the one that is pinned.

use ratatui::layout::Rect;

use crate::api::{Accounts, Request};
use crate::model::{Channel, Fingerprint, OwnAccount, PeerText};
use crate::text::{ours, sanitise, sanitise_line};
use crate::tui::message::{Effect, IdentityErrand, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::theme::Role;
use crate::tui::update::ask;
use crate::tui::widget::paint::{Paint, nth, safe};

use super::form::Form;
use super::identities::{NETWORK, again, called};
use super::{catch_up, safety_code};

/// What every such link begins with.
const BEGIN: &str = "chaperon:clawchat?";
/// Cells of a name that somebody gives themselves.
const NAME: usize = 40;
/// Columns of the labels.
const LABEL: usize = 12;
/// Addresses that are shown; of the others it is said how many they are.
const ADDRESSES: usize = 2;

/// Whom a link names. Nothing of it is proven.
#[derive(Debug)]
pub(in crate::tui) struct Whom {
    pub(super) address: String,
    pub(super) endpoint: String,
    pub(super) fingerprint: Fingerprint,
    pub(super) unsafe_name: Option<PeerText>,
}

/// Tells whether a text is a link of this kind.
pub(in crate::tui) fn is_one(text: &PeerText) -> bool {
    text.expose_untrusted().trim_start().starts_with(BEGIN)
}

/// Asks whom a link names, or adds whom it named.
pub(super) fn submit(model: &mut Model, link: &PeerText, name: Option<PeerText>) -> Vec<Effect> {
    let Screen::Form(form) = &mut model.screen else {
        return Vec::new();
    };
    let Some(whom) = &form.whom else {
        form.busy = true;
        form.problem = None;
        let read = Accounts::ReadInvite {
            network: NETWORK,
            link: link.expose_untrusted().trim().to_owned(),
        };
        let question = Question::Identity(IdentityErrand::Read);
        let mut effects = vec![Effect::Ask(Request::Accounts(read), question)];
        effects.extend(again(model, IdentityErrand::List));
        return effects;
    };
    let all = model.identities.all.as_deref().unwrap_or_default();
    let Some(account) = all.get(form.identity).or_else(|| all.first()) else {
        let how = "you have no identity on this network yet; <main.identities> makes one";
        form.problem = Some(model.keys.fill(how));
        return Vec::new();
    };
    let add = Accounts::Add {
        account: account.id,
        address: whom.address.clone(),
        seen: Some(whom.fingerprint.clone()),
        endpoint: Some(whom.endpoint.clone()),
        name: name.or_else(|| plain_name(whom)),
    };
    form.busy = true;
    form.problem = None;
    let question = Question::Identity(IdentityErrand::Add);
    vec![Effect::Ask(Request::Accounts(add), question)]
}

/// Returns the name that somebody gives themselves, where it is what it looks like.
fn plain_name(whom: &Whom) -> Option<PeerText> {
    let name = whom.unsafe_name.as_ref()?;
    let shown = sanitise_line(name, NAME).plain();
    (shown == name.expose_untrusted() && !shown.is_empty()).then(|| name.clone())
}

/// Shows whom a link names.
pub(super) fn read(model: &mut Model, whom: Whom) {
    if let Screen::Form(form) = &mut model.screen {
        form.busy = false;
        form.problem = None;
        form.whom = Some(whom);
        form.focus = 1;
    }
    model.touch();
}

/// Goes to whom was added.
pub(super) fn added(model: &mut Model, channel: Channel) -> Vec<Effect> {
    let id = channel.id;
    if let Some(channels) = &mut model.channels
        && channels.iter().all(|known| known.id != id)
    {
        channels.push(channel);
    }
    if !matches!(model.screen, Screen::Form(_)) {
        return ask(model, Request::Channels, Question::Channels);
    }
    model.go_main();
    model.say(
        Tone::Fine,
        "Added, under the key in the link. They have to accept you; compare the code.",
    );
    let mut effects = ask(model, Request::Channels, Question::Channels);
    effects.extend(catch_up::go_to(model, id));
    effects.extend(safety_code::open_for(model, id));
    effects
}

/// Goes to the next identity that somebody can be added to, or to the one before.
pub(super) fn choose(model: &mut Model, forward: bool) {
    let count = model.identities.all.as_ref().map_or(0, Vec::len).max(1);
    if let Screen::Form(form) = &mut model.screen {
        let step = if forward { 1 } else { count - 1 };
        form.identity = (form.identity + step) % count;
    }
}

fn identity<'a>(model: &'a Model, form: &Form) -> Option<&'a OwnAccount> {
    let all = model.identities.all.as_ref()?;
    all.get(form.identity).or_else(|| all.first())
}

/// Draws to which identity somebody is added.
pub(super) fn draw_identity(model: &Model, form: &Form, paint: &mut Paint<'_>, place: Rect) {
    let focused = form.focus == form.fields.len();
    let role = if focused { Role::Accent } else { Role::Dim };
    let mut spans = vec![paint.own(role, format!("{:LABEL$}‹ ", "Your side"))];
    match identity(model, form) {
        Some(one) => {
            let name = sanitise_line(&PeerText::new(called(one)), NAME);
            spans.extend(safe(&model.theme, &name, Role::Text));
        }
        None => spans.push(paint.own(Role::Dim, "no identity")),
    }
    spans.push(paint.own(role, " ›"));
    if focused {
        spans.push(paint.own(Role::Dim, "   ← → choose"));
    }
    paint.row(place, spans);
}

/// Draws whom a link names, from a row on; returns how many rows that took.
pub(super) fn draw_whom(
    model: &Model,
    whom: &Whom,
    paint: &mut Paint<'_>,
    area: Rect,
    from: usize,
) -> usize {
    let tight = area.height < 14;
    let room = usize::from(area.width).saturating_sub(LABEL).max(1);
    let name = whom.unsafe_name.as_ref().map_or_else(
        || "gives none".to_owned(),
        |name| format!("“{}”", sanitise_line(name, NAME).plain()),
    );
    let all: Vec<&str> = whom.endpoint.split(',').collect();
    let mut places: Vec<String> = all
        .iter()
        .take(if tight { 1 } else { ADDRESSES })
        .map(|address| {
            // The node in it is the key, which is shown by itself.
            let (place, _) = address.rsplit_once("/p2p/").unwrap_or((address, ""));
            place.to_owned()
        })
        .collect();
    let more = all.len() - places.len();
    if more > 0
        && let Some(last) = places.last_mut()
    {
        last.push_str(&if tight {
            format!(" +{more}")
        } else {
            format!(" and {more} more")
        });
    }
    let rows = [
        ("Theirs", vec![name], Role::Text),
        ("Principal", vec![whom.address.clone()], Role::Title),
        ("Reached at", places, Role::Text),
        ("Their key", vec![whom.fingerprint.0.clone()], Role::Text),
    ];
    let mut down = from;
    for (label, values, role) in rows {
        let mut label = format!("{label:LABEL$}");
        for value in values {
            for line in sanitise(&PeerText::new(value)).wrap(room) {
                let lead = std::mem::replace(&mut label, " ".repeat(LABEL));
                let mut spans = vec![paint.own(Role::Dim, lead)];
                spans.extend(safe(&model.theme, &line, role));
                paint.row(nth(area, down), spans);
                down += 1;
            }
        }
    }
    down - from
}

/// Says what the next Enter does.
pub(super) fn follows(model: &Model, form: &Form, tight: bool) -> String {
    if tight {
        return "Enter adds them under this key.".to_owned();
    }
    let whose = identity(model, form).map_or_else(|| "you".to_owned(), called);
    let whose = ours(&whose).plain();
    format!(
        "Adds them to {whose} and pins this key. Nothing of it is proven before they answer; they \
         have to accept you too."
    )
}
