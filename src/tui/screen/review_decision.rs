//! What can be chosen in a review, what happens if nothing is, and whether the keys are live.

use ratatui::layout::Rect;

use crate::api::Review;
use crate::model::{ReviewKind, Verdict};
use crate::tui::keymap::{Action, Keys, Scope};
use crate::tui::model::Model;
use crate::tui::theme::Role;
use crate::tui::widget::paint::{Paint, inset, nth};

use super::review::{Look, ReviewScreen};
use super::review_reading::Pane;
use super::review_several;
use super::review_verdict::{edited, hides, is_grave, may_pin};
use super::review_view::Shape;
use super::review_words::{Purpose, Written};
use super::{review_aside, review_contact};

/// A key and what it says, in two lengths; all of them for `Keys::fill`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) key: &'static str,
    words: &'static str,
    /// For a window in which two of the longer ones would not stand side by side.
    short: &'static str,
}

/// Makes a choice.
pub(super) const fn choice(key: &'static str, words: &'static str, short: &'static str) -> Choice {
    Choice { key, words, short }
}

/// Returns what can be chosen now.
fn choices(screen: &ReviewScreen) -> Vec<Choice> {
    let Some(review) = &screen.review else {
        return Vec::new();
    };
    if screen.several.is_some() {
        return review_several::choices(review);
    }
    if let Some(verdict) = screen.armed {
        let (words, short) = armed_words(review, verdict);
        return vec![choice("<review.confirm>", words, short), refusal(review)];
    }
    let written = screen.written();
    if let Some(asked) = &review.asked {
        return review_contact::choices(asked, review.network, is_grave(review));
    }
    match review.item.kind {
        ReviewKind::KeyChange { .. } => of_change(review),
        ReviewKind::ContactRequest { .. } if is_grave(review) => vec![
            refusal(review),
            choice(
                "<review.approve>",
                "accept all the same (asks for <review.confirm>)",
                "accept, then <review.confirm>",
            ),
        ],
        ReviewKind::ContactRequest { .. } => vec![
            choice("<review.approve>", "accept, pin this key", "accept"),
            refusal(review),
        ],
        ReviewKind::HeldMessage { .. } => of_held(review, written),
        ReviewKind::HeldDraft { .. } => of_draft(review, written),
    }
}

/// Returns the way out of a question.
const fn refusal(review: &Review) -> Choice {
    if let Some(asked) = &review.asked {
        return review_contact::refusal(asked, review.network);
    }
    match review.item.kind {
        ReviewKind::KeyChange { .. } => {
            choice("<review.back>", "leave it stopped", "leave it stopped")
        }
        ReviewKind::ContactRequest { .. } => choice(
            "<review.refuse>",
            "refuse, close the channel",
            "refuse, close",
        ),
        ReviewKind::HeldMessage { .. } | ReviewKind::HeldDraft { .. } => {
            choice("<review.back>", "not yet", "not yet")
        }
    }
}

/// Says exactly what `A` carries out, in words and in few.
const fn armed_words(review: &Review, verdict: Verdict) -> (&'static str, &'static str) {
    match (&review.item.kind, verdict) {
        (ReviewKind::KeyChange { .. }, _) => (
            "pin the new key: messages flow to whoever holds it",
            "pin it: messages go to its holder",
        ),
        (ReviewKind::ContactRequest { .. }, _) if review.asked.is_some() => (
            "accept whoever holds the key on show",
            "accept the key on show",
        ),
        (ReviewKind::ContactRequest { .. }, _) => (
            "accept the last one who answered",
            "accept the last one who answered",
        ),
        (ReviewKind::HeldDraft { .. }, Verdict::SendEdited) => (
            "send your version to them, after the time to take it back",
            "send your version; <main.take_back> takes it back",
        ),
        (ReviewKind::HeldDraft { .. }, _) => (
            "send it to them as it is, after the time to take it back",
            "send it as it is; <main.take_back> takes it back",
        ),
        (ReviewKind::HeldMessage { .. }, Verdict::ReleaseClean) => (
            "your assistant reads it without what is hidden",
            "it is read without what is hidden",
        ),
        (ReviewKind::HeldMessage { .. }, _) => (
            "your assistant reads all of it as it is",
            "your assistant reads it as it is",
        ),
    }
}

fn of_change(review: &Review) -> Vec<Choice> {
    let mut list = vec![
        choice(
            "<review.keep_pinned>",
            "keep the key you accepted",
            "keep the old key",
        ),
        choice("<review.refuse>", "close the channel", "close"),
    ];
    if may_pin(review) {
        let words = "pin the new key (asks for <review.confirm>)";
        list.push(choice(
            "<review.approve>",
            words,
            "pin the new key, then <review.confirm>",
        ));
    }
    list
}

fn of_held(review: &Review, written: &Written) -> Vec<Choice> {
    let first = match (written.text(Purpose::OwnWords).is_some(), is_grave(review)) {
        (true, _) => choice(
            "<review.approve>",
            "pass on your words",
            "pass on your words",
        ),
        (false, true) => choice(
            "<review.approve>",
            "release as is (asks for <review.confirm>)",
            "release, then <review.confirm>",
        ),
        (false, false) => choice("<review.approve>", "release as is", "release"),
    };
    let mut list = vec![first];
    if hides(review) {
        let words = "release, hidden text removed";
        list.push(choice("<review.release_clean>", words, "nothing hidden"));
    }
    list.push(choice(
        "<review.own_words>",
        "pass on in my own words",
        "my own words",
    ));
    list.extend(refusals(written));
    list
}

fn of_draft(review: &Review, written: &Written) -> Vec<Choice> {
    let first = match (edited(review, written).is_some(), is_grave(review)) {
        (true, true) => choice(
            "<review.approve>",
            "send your version (asks for <review.confirm>)",
            "send yours, then <review.confirm>",
        ),
        (true, false) => choice("<review.approve>", "send your version", "send yours"),
        (false, true) => choice(
            "<review.approve>",
            "send as is (asks for <review.confirm>)",
            "send, then <review.confirm>",
        ),
        (false, false) => choice("<review.approve>", "send as is", "send as is"),
    };
    let mut list = vec![
        first,
        choice("<review.edit_draft>", "edit, then send", "edit"),
    ];
    list.extend(refusals(written));
    list
}

fn refusals(written: &Written) -> [Choice; 3] {
    let why = if written.asked_reason() {
        "refuse with this reason"
    } else {
        "refuse, say why"
    };
    [
        choice("<review.refuse>", why, "refuse"),
        choice(
            "<review.refuse_and_pause>",
            "refuse, pause channel",
            "refuse, pause",
        ),
        choice("<review.later>", "decide later", "later"),
    ]
}

/// Says what happens if nobody decides.
pub(super) const fn default_words(review: &Review) -> &'static str {
    if let Some(asked) = &review.asked {
        return review_contact::default_words(asked, review.network);
    }
    match &review.item.kind {
        ReviewKind::ContactRequest { .. } => "If you do nothing: nothing is ever sent to them.",
        ReviewKind::KeyChange { .. } => "If you do nothing: the channel stays stopped.",
        ReviewKind::HeldMessage { .. } => {
            "If you do nothing: it stays held here, unread by your assistant."
        }
        ReviewKind::HeldDraft { .. } => {
            "If you do nothing: not sent, your assistant is told “expired”."
        }
    }
}

/// The same where there is little room.
const fn short_default(review: &Review) -> &'static str {
    if let Some(asked) = &review.asked {
        return review_contact::short_default(asked, review.network);
    }
    match &review.item.kind {
        ReviewKind::ContactRequest { .. } => "undecided: nothing is sent to them",
        ReviewKind::KeyChange { .. } => "undecided: it stays stopped",
        ReviewKind::HeldMessage { .. } => "undecided: stays held, unread",
        ReviewKind::HeldDraft { .. } => "undecided: not sent, it expires",
    }
}

/// A choice as it is shown: its key, what it says, and the same in few words.
type Said = (String, String, String);

/// Returns choices with the keys in force.
fn said(keys: &Keys, list: &[Choice]) -> Vec<Said> {
    let one = |one: &Choice| {
        (
            keys.fill(one.key),
            keys.fill(one.words),
            keys.fill(one.short),
        )
    };
    list.iter().map(one).collect()
}

/// A choice in its place: columns from the left, key, words.
type Placed = (u16, String, String);

fn cells(words: &str) -> usize {
    words.chars().count()
}

/// Returns the rows of choices for a room of so many columns.
fn arranged(list: &[Said], shape: Shape, room: u16) -> Vec<Vec<Placed>> {
    if shape == Shape::Narrow {
        return flowing(list, room);
    }
    let half = room / 2;
    let fits = |(key, words, _): &Said| cells(key) + cells(words) + 4 <= usize::from(half);
    let beside = if list.iter().all(fits) { 2 } else { 1 };
    list.chunks(beside)
        .map(|row| {
            let columns = [0, half].into_iter().zip(row);
            columns
                .map(|(column, (key, words, _))| (column, key.clone(), words.clone()))
                .collect()
        })
        .collect()
}

/// Puts as many choices on a row as fit, in few words.
fn flowing(list: &[Said], room: u16) -> Vec<Vec<Placed>> {
    let mut rows: Vec<Vec<Placed>> = Vec::new();
    let mut column = 0;
    for (key, _, short) in list {
        let wide = cells(key) + 1 + cells(short);
        let wide = u16::try_from(wide).unwrap_or(u16::MAX);
        match rows.last_mut() {
            Some(row) if column + wide <= room => row.push((column, key.clone(), short.clone())),
            _ => {
                column = 0;
                rows.push(vec![(0, key.clone(), short.clone())]);
            }
        }
        column = column.saturating_add(wide + 2);
    }
    rows
}

/// Columns left of the choices.
const fn indent(shape: Shape) -> u16 {
    match shape {
        Shape::Columns => 2,
        Shape::Stacked => 9,
        Shape::Narrow => 1,
    }
}

/// What stands in the box of the decision, from the top.
struct Rows {
    heading: bool,
    flags: Option<String>,
    choices: Vec<Vec<Placed>>,
}

fn rows(keys: &Keys, screen: &ReviewScreen, shape: Shape, body: Rect) -> Rows {
    let (width, low) = (body.width, body.height < LOW);
    let unread = !screen.reading.is_whole();
    let review = screen.review.as_ref();
    let found = review.filter(|review| !review_aside::signals(review).is_empty());
    let flags = found.map(review_aside::flags);
    let room = width.saturating_sub(indent(shape) + 1);
    Rows {
        heading: shape == Shape::Columns,
        flags: flags.filter(|_| shape == Shape::Narrow && unread),
        // In a low window the text comes first: there is nothing to choose before it was read.
        choices: if low && unread {
            Vec::new()
        } else {
            arranged(&said(keys, &choices(screen)), shape, room)
        },
    }
}

/// Rows of a body below which the choices wait until the text was read.
const LOW: u16 = 14;

/// Returns how many rows the box of the decision takes in a body of this size.
pub(super) fn height(keys: &Keys, screen: &ReviewScreen, shape: Shape, body: Rect) -> usize {
    let rows = rows(keys, screen, shape, body);
    // The rule, and what happens if nothing is done.
    2 + usize::from(rows.heading) + usize::from(rows.flags.is_some()) + rows.choices.len()
}

/// Draws the box; `body` is the column that it stands in.
pub(super) fn draw(
    model: &Model,
    screen: &ReviewScreen,
    paint: &mut Paint<'_>,
    (area, body, shape): (Rect, Rect, Shape),
) {
    let Some(review) = &screen.review else {
        return;
    };
    let rows = rows(&model.keys, screen, shape, body);
    let asleep = screen.asleep(model);
    paint.rule(area);
    let mut down = 1;
    let state = asleep.map_or(("keys live", Role::Accent), |why| (why.words(), Role::Wait));
    match shape {
        Shape::Columns => {
            let left = vec![paint.own(Role::Heading, "YOUR DECISION")];
            let right = vec![paint.own(state.1, state.0)];
            paint.pair(inset(nth(area, 1), 1, 1), left, right);
            down += 1;
        }
        Shape::Stacked | Shape::Narrow => {
            let desk = screen.desk(model);
            let is_safe = screen.look == Look::Safe;
            let more = match screen.reading.below(&desk, Pane::Text) {
                0 if is_safe && screen.reading.left_behind(&desk) => More::Behind,
                0 => More::None,
                below => More::Below(below),
            };
            let key = model.keys.label(Scope::Review, Action::Down);
            draw_state(paint, area, state, (more, &key));
        }
    }
    if let Some(flags) = rows.flags {
        let words = vec![paint.own(Role::Wait, flags)];
        paint.row(inset(nth(area, down), 1, 1), words);
        down += 1;
    }
    if shape == Shape::Stacked && !rows.choices.is_empty() {
        let words = vec![paint.own(Role::Heading, "DECIDE")];
        paint.row(inset(nth(area, down), 1, 1), words);
    }
    let key_role = if asleep.is_none() {
        (Role::Accent, Role::Text)
    } else {
        (Role::Dim, Role::Dim)
    };
    let gap = if shape == Shape::Narrow { " " } else { "  " };
    for row in rows.choices {
        let place = inset(nth(area, down), indent(shape), 1);
        for (column, key, words) in row {
            let spans = vec![
                paint.own(key_role.0, key),
                paint.own(Role::Text, gap),
                paint.own(key_role.1, words),
            ];
            paint.row(inset(place, column, 0), spans);
        }
        down += 1;
    }
    let (words, left) = match shape {
        Shape::Columns => (default_words(review), 2),
        Shape::Stacked => (default_words(review), 1),
        Shape::Narrow => (short_default(review), 1),
    };
    let words = vec![paint.own(Role::Dim, words)];
    paint.row(inset(nth(area, down), left, 1), words);
}

/// What of the text is not on the screen.
#[derive(Clone, Copy)]
enum More {
    None,
    /// So many rows below.
    Below(usize),
    /// Rows that were jumped over, before the end of the text.
    Behind,
}

/// Draws onto the rule what else there is to read, and whether the keys are live.
fn draw_state(
    paint: &mut Paint<'_>,
    area: Rect,
    (state, role): (&str, Role),
    (more, key): (More, &str),
) {
    let room = usize::from(area.width);
    let right = format!(" {state} ");
    let (left, one) = match more {
        More::None => (String::new(), right.clone()),
        More::Below(rows) => (
            format!(" ▼ {rows} more lines, {key} reads on "),
            format!(" ▼ {rows} more, {state} "),
        ),
        More::Behind => (
            format!(" ▲ unread lines above, {key} goes there "),
            format!(" ▲ unread above, {key} goes there "),
        ),
    };
    if !left.is_empty() && cells(&left) + cells(&right) + 4 <= room {
        let left = vec![paint.own(Role::Wait, left)];
        let right = vec![paint.own(role, right)];
        paint.pair(inset(area, 2, 1), left, right);
        return;
    }
    let words = if cells(&one) < room { one } else { right };
    let start = room.saturating_sub(cells(&words) + 1);
    let start = u16::try_from(start).unwrap_or(0);
    paint.row(inset(area, start, 0), vec![paint.own(role, words)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_in_few_words_share_rows_and_none_is_wider_than_the_smallest_window() {
        let list = [
            choice(
                "<review.approve>",
                "send as is (asks for <review.confirm>)",
                "send, then <review.confirm>",
            ),
            choice("<review.edit_draft>", "edit, then send", "edit"),
            choice("<review.refuse>", "refuse, say why", "refuse"),
            choice(
                "<review.refuse_and_pause>",
                "refuse, pause channel",
                "refuse, pause",
            ),
        ];
        let list = said(&Keys::built_in(), &list);
        let rows = arranged(&list, Shape::Narrow, 38);
        let columns: Vec<Vec<u16>> = rows
            .iter()
            .map(|row| row.iter().map(|(column, ..)| *column).collect())
            .collect();
        assert_eq!(columns, [vec![0, 16, 24], vec![0]]);
        assert_eq!(arranged(&list, Shape::Columns, 73).len(), 2);
        // Where one of them needs more than half, each has a row of its own.
        assert_eq!(arranged(&list, Shape::Columns, 50).len(), 4);
    }
}
