//! Which item comes next, and which are put off.

use crate::model::ReviewId;
use crate::tui::message::Effect;
use crate::tui::model::{Model, Screen, Spot};

use super::{needs_you, rest, review};

/// Leaves the review, and asks for how long its items are to be passed over.
pub(super) fn put_off(model: &mut Model) -> Vec<Effect> {
    let Screen::Review(screen) = &model.screen else {
        return Vec::new();
    };
    let items = screen.items();
    model.leave();
    rest::open_snooze(model, items);
    needs_you::refresh(model)
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
    // Round the list from there; what was put off or is muted is skipped, unless nothing else
    // waits.
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
    let awake = ids.iter().find(|id| !model.is_passed_over(**id));
    awake.or_else(|| ids.first()).copied()
}
