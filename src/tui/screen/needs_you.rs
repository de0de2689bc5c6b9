//! Everything that needs a person, with a look at each: what waits for us, what waits for them,
//! what was settled today. Nothing is decided here; Enter walks into the review.

use std::sync::Arc;

use crate::api::{Error, Request, Review};
use crate::model::{Channel, ChannelState, LogEntry, ReviewId, ReviewItem, ReviewKind, UnixMillis};
use crate::tui::filter::List;
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Spot, Tone};
use crate::tui::update::ask;
use crate::tui::widget::paint::day_number;

use super::review_paper::{self, Kept, Papers};
use super::review_words::Written;
use super::{main, need, needs_you_view, rest, review, review_several};

/// Log entries that are looked through for what was settled today.
const SETTLED: u32 = 60;

/// The list and what is shown beside it.
#[derive(Debug, Default)]
pub(in crate::tui) struct NeedsScreen {
    pub(super) cursor: Option<ReviewId>,
    pub(super) marked: Vec<ReviewId>,
    pub(super) filter: Filter,
    pub(super) preview: Option<(ReviewId, Result<Review, String>)>,
    settled: Vec<LogEntry>,
    written: Written,
    paper: Kept,
}

/// Which kinds are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Filter {
    #[default]
    All,
    Out,
    In,
    Ask,
    Key,
}

impl Filter {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Out => "out",
            Self::In => "in",
            Self::Ask => "ask",
            Self::Key => "key",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::All => Self::Out,
            Self::Out => Self::In,
            Self::In => Self::Ask,
            Self::Ask => Self::Key,
            Self::Key => Self::All,
        }
    }

    fn takes(self, item: &ReviewItem) -> bool {
        self == Self::All || need::word(item).0.trim_end() == self.label()
    }
}

impl NeedsScreen {
    /// Returns what is listed, in the order of the list.
    pub(super) fn items<'a>(&self, model: &'a Model) -> Vec<&'a ReviewItem> {
        let all = model.needs.iter().flatten();
        all.filter(|item| self.filter.takes(item))
            .filter(|item| {
                model
                    .filters
                    .takes_words(List::NeedsYou, || searched(model, item))
            })
            .collect()
    }

    /// Returns what was settled since midnight, newest first.
    pub(super) fn settled<'a>(&'a self, model: &Model) -> Vec<&'a LogEntry> {
        let today = day_number(model.now, &model.zone);
        self.settled
            .iter()
            .filter(|entry| day_number(entry.at, &model.zone) == today)
            .filter(|entry| needs_you_view::settled_words(&entry.what).is_some())
            .collect()
    }

    /// Returns when something was last settled, as far as the log was read.
    pub(super) fn last_settled(&self) -> Option<UnixMillis> {
        let settles = |entry: &&LogEntry| needs_you_view::settled_words(&entry.what).is_some();
        self.settled.iter().find(settles).map(|entry| entry.at)
    }

    /// Returns what the review of the item under the cursor shows, wrapped once per width.
    pub(super) fn paper(&self, model: &Model, width: u16) -> Arc<Papers> {
        self.paper.at((width, 0), || match &self.preview {
            Some((_, Ok(review))) => {
                let page = review_paper::Page {
                    review,
                    others: &[],
                    written: &self.written,
                    look: review::Look::Safe,
                    zone: &model.zone,
                    keys: &model.keys,
                    identity: super::logins::name_of(model, &review.channel),
                };
                review_paper::of(&page, (width, 0))
            }
            Some((_, Err(_))) | None => Papers::default(),
        })
    }
}

/// Returns what the filter looks through: the name, what it is and why it waits.
fn searched(model: &Model, item: &ReviewItem) -> String {
    let name = item.name.expose_untrusted();
    format!("{name} {} {}", need::word(item).0, need::why(model, item))
}

/// Returns channels in which the other side has to do something first.
pub(super) fn waits_for_them(model: &Model) -> Vec<&Channel> {
    let asked = |channel: &Channel| {
        let mut needs = model.needs.iter().flatten();
        needs.any(|item| item.channel == channel.id)
    };
    model
        .listed()
        .filter(|channel| match channel.state {
            ChannelState::Invited => true,
            ChannelState::Stopped => !asked(channel),
            ChannelState::Requested
            | ChannelState::Active
            | ChannelState::Superseded
            | ChannelState::Closed => false,
        })
        .collect()
}

pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    let cursor = match model.cursor {
        Some(Spot::Need(id)) => Some(id),
        Some(Spot::Channel(_)) | None => None,
    };
    model.filters.clear(List::NeedsYou);
    model.enter(Screen::NeedsYou(Box::new(NeedsScreen {
        cursor,
        ..NeedsScreen::default()
    })));
    reload(model)
}

/// Asks again for what only this screen shows.
pub(in crate::tui) fn reload(model: &mut Model) -> Vec<Effect> {
    let request = Request::Log {
        limit: SETTLED,
        before: None,
    };
    let mut effects = ask(model, request, Question::Settled);
    effects.extend(refresh(model));
    effects
}

/// Keeps cursor and marks on what is there, and asks for the item to show.
pub(in crate::tui) fn refresh(model: &mut Model) -> Vec<Effect> {
    let Screen::NeedsYou(screen) = &model.screen else {
        return Vec::new();
    };
    let items = screen.items(model);
    let ids: Vec<_> = items.iter().map(|item| item.id).collect();
    let cursor = screen.cursor.filter(|id| ids.contains(id));
    let cursor = cursor.or_else(|| ids.first().copied());
    let seen = items
        .iter()
        .find(|item| Some(item.id) == cursor)
        .map(|item| item.seen);
    let shown = match &screen.preview {
        Some((id, Ok(review))) if Some(*id) == cursor => Some(review.item.seen),
        _ => None,
    };
    let Screen::NeedsYou(screen) = &mut model.screen else {
        return Vec::new();
    };
    screen.cursor = cursor;
    screen.marked.retain(|id| ids.contains(id));
    if seen.is_some() && seen == shown {
        return Vec::new();
    }
    screen.preview = None;
    screen.paper.clear();
    model.touch();
    cursor.map_or_else(Vec::new, |item| {
        ask(model, Request::Review { item }, Question::Review(item))
    })
}

/// Returns the list, be it on top or below another screen.
fn shown(model: &mut Model) -> Option<&mut NeedsScreen> {
    model.screens_mut().find_map(|screen| {
        if let Screen::NeedsYou(screen) = screen {
            Some(&mut **screen)
        } else {
            None
        }
    })
}

/// Takes in the item to show.
pub(super) fn take(model: &mut Model, item: ReviewId, answer: Result<Review, Error>) {
    if let Some(screen) = shown(model).filter(|screen| screen.cursor == Some(item)) {
        screen.preview = Some((item, answer.map_err(|error| error.to_string())));
        screen.paper.clear();
        model.touch();
    }
}

/// Takes in the newest entries of the log.
pub(in crate::tui) fn take_settled(model: &mut Model, entries: Vec<LogEntry>) {
    if let Some(screen) = shown(model) {
        screen.settled = entries;
        model.touch();
    }
}

/// Tells whether there is anything to walk into.
/// Tells whether any item is selected to be acted on with others.
pub(in crate::tui) fn has_marked(model: &Model) -> bool {
    matches!(&model.screen, Screen::NeedsYou(screen) if !screen.marked.is_empty())
}

pub(in crate::tui) fn has_items(model: &Model) -> bool {
    matches!(&model.screen, Screen::NeedsYou(screen) if !screen.items(model).is_empty())
}

/// Acts on a key of the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in this list"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    let Screen::NeedsYou(screen) = &mut model.screen else {
        return Vec::new();
    };
    match action {
        Action::Open => screen
            .cursor
            .map_or_else(Vec::new, |item| review::open(model, item)),
        Action::Select => {
            select(screen);
            Vec::new()
        }
        Action::CycleFilter => {
            screen.filter = screen.filter.next();
            refresh(model)
        }
        Action::Confirm => open_selected(model),
        Action::Later => {
            if let Some(item) = screen.cursor {
                rest::open_snooze(model, vec![item]);
            }
            Vec::new()
        }
        Action::TakeBack => main::take_back(model),
        Action::Back => {
            model.leave();
            Vec::new()
        }
        _ => travel(model, action),
    }
}

/// Puts the cursor on an item.
pub(in crate::tui) fn select_item(model: &mut Model, item: ReviewId) -> Vec<Effect> {
    if let Screen::NeedsYou(screen) = &mut model.screen {
        screen.cursor = Some(item);
    }
    model.touch();
    refresh(model)
}

fn select(screen: &mut NeedsScreen) {
    let Some(item) = screen.cursor else {
        return;
    };
    let before = screen.marked.len();
    screen.marked.retain(|id| *id != item);
    if screen.marked.len() == before {
        screen.marked.push(item);
    }
}

/// Walks into one review of everything that is selected, if that may be decided together.
fn open_selected(model: &mut Model) -> Vec<Effect> {
    let Screen::NeedsYou(screen) = &model.screen else {
        return Vec::new();
    };
    let mut items = screen.items(model);
    items.retain(|item| screen.marked.contains(&item.id));
    if let Some(words) = review_several::why_apart(&items) {
        model.say(Tone::Trouble, words);
        return Vec::new();
    }
    let ids: Vec<_> = items.into_iter().map(|item| item.id).collect();
    review_several::open(model, &ids)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only the keys that move come here"
)]
fn travel(model: &mut Model, action: Action) -> Vec<Effect> {
    let page = usize::from(model.size.1 / 4).max(1);
    let Screen::NeedsYou(screen) = &model.screen else {
        return Vec::new();
    };
    let ids: Vec<_> = screen.items(model).iter().map(|item| item.id).collect();
    let here = |id: ReviewId| ids.iter().position(|held| *held == id);
    let at = screen.cursor.and_then(here).unwrap_or(0);
    let to = match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => at + 1,
        Action::PageUp => at.saturating_sub(page),
        Action::PageDown => at + page,
        Action::Top => 0,
        Action::Bottom => ids.len(),
        _ => at,
    };
    let to = ids.get(to.min(ids.len().saturating_sub(1))).copied();
    if let Screen::NeedsYou(screen) = &mut model.screen {
        screen.cursor = to;
    }
    refresh(model)
}

/// Returns what the item is to the person who looks at it: a draft to somebody, or from them.
pub(super) fn title(item: &ReviewItem) -> &'static str {
    match &item.kind {
        ReviewKind::HeldDraft { .. } => "draft to ",
        ReviewKind::HeldMessage { .. } => "message of ",
        ReviewKind::ContactRequest { .. } => "answer to the invite of ",
        ReviewKind::KeyChange { .. } => "key of ",
    }
}
