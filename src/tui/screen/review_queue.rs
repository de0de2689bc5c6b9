//! Which item comes next, and which are put off.

use std::time::Duration;

use crate::model::ReviewId;
use crate::tui::message::Effect;
use crate::tui::model::{Model, Screen, Spot, Tone};
use crate::tui::widget::paint::clock;

use super::{need, needs_you, review};

/// How long an item is put off, and how long before its end it comes back.
const LATER: Duration = Duration::from_secs(3600);
const LAST_CALL: Duration = Duration::from_secs(5 * 60);

/// Leaves the review; its items are skipped for a while.
pub(super) fn put_off(model: &mut Model) -> Vec<Effect> {
    let Screen::Review(screen) = &model.screen else {
        return Vec::new();
    };
    let items = screen.items();
    model.leave();
    for item in items {
        later(model, item);
    }
    needs_you::refresh(model)
}

/// Puts an item off for an hour, or until little is left of its time.
pub(in crate::tui) fn later(model: &mut Model, item: ReviewId) {
    let hour = model.now.after(LATER);
    let over = model.need(item).and_then(need::expires);
    let last = over.map(|over| over.before(LAST_CALL));
    let until = last.map_or(hour, |last| last.min(hour));
    model.snoozed.retain(|(held, _)| *held != item);
    if until <= model.now {
        model.say(Tone::Trouble, "It goes on waiting, but not for long.");
        return;
    }
    model.snoozed.push((item, until));
    let until = clock(until, &model.zone);
    let words = format!("It goes on waiting; n skips it until {until}.");
    model.say(Tone::Fine, words);
}

/// Walks into the review of the next (or previous) item.
pub(super) fn next_need(model: &mut Model, forward: bool) -> Vec<Effect> {
    next_item(model, forward).map_or_else(Vec::new, |item| review::open(model, item))
}

/// Returns the item after (or before) the one in hand, round the end.
pub(in crate::tui) fn next_item(model: &Model, forward: bool) -> Option<ReviewId> {
    let needs = model.needs.as_deref()?;
    let here = match (&model.screen, model.cursor) {
        (Screen::Review(screen), _) => screen.items().first().copied(),
        (_, Some(Spot::Need(id))) => Some(id),
        _ => None,
    };
    let at = here.and_then(|here| needs.iter().position(|item| item.id == here));
    let count = needs.len();
    // Round the list from there; what was put off is skipped, unless nothing else waits.
    let round = (0..count).map(|step| match (at, forward) {
        (None, true) => step,
        (None, false) => count - 1 - step,
        (Some(at), true) => (at + 1 + step) % count,
        (Some(at), false) => (at + 2 * count - 1 - step) % count,
    });
    let ids: Vec<_> = round
        .filter_map(|index| needs.get(index))
        .map(|item| item.id)
        .collect();
    let awake = ids.iter().find(|id| model.snoozed_until(**id).is_none());
    awake.or_else(|| ids.first()).copied()
}
