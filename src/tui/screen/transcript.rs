//! The open transcript: pages of messages, where one stands in them, and how they wrap.
//!
//! Virtual: only messages on screen are sanitised and wrapped, and the place is kept from the
//! bottom up, so the cost of a frame does not depend on how many messages there are.

pub(in crate::tui) mod jump;
mod links;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::api::Page;
use crate::model::{
    Admission, Author, ChannelId, Delivery, Message, MessageId, Passage, PeerText, UnixMillis,
};
use crate::tui::widget::paint::day_number;

use super::transcript_text::{self, Wrapped};

/// Lines of a message that are shown before it is unfolded.
const FOLD: usize = 12;
/// Wrapped messages kept; more than any screen shows.
const CACHED: usize = 400;

/// A conversation as far as it is held here.
#[derive(Debug)]
pub(in crate::tui) struct Transcript {
    pub(in crate::tui) channel: ChannelId,
    pub(in crate::tui) messages: Vec<Message>,
    pub(in crate::tui) more: bool,
    /// Whether newer ones are not held: one jumped to an older place.
    pub(in crate::tui) newer: bool,
    pub(in crate::tui) total: u64,
    /// The topic that alone is shown.
    pub(in crate::tui) topic: Option<PeerText>,
    links: links::Links,
    loaded: bool,
    /// The message at the bottom edge and its rows below that edge; `None` follows the newest.
    anchor: Option<(usize, usize)>,
    cursor: Option<usize>,
    unfolded: HashSet<MessageId>,
    /// The first message that was new when the channel was opened.
    new_from: Option<MessageId>,
    wrapped: RefCell<HashMap<(MessageId, u16), Arc<Wrapped>>>,
}

/// A message's place on the screen, in rows from the top of the pane; may begin above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) index: usize,
    pub(super) top: isize,
    pub(super) height: usize,
}

/// The size of the pane, and the zone that decides where days begin.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Window<'a> {
    pub(in crate::tui) width: u16,
    pub(in crate::tui) height: u16,
    pub(in crate::tui) zone: &'a TimeZone,
}

/// Columns before the text of a message: cursor, time, gutter.
pub(super) const INDENT: u16 = 9;

impl Transcript {
    pub(in crate::tui) fn new(channel: ChannelId) -> Self {
        Self {
            channel,
            messages: Vec::new(),
            more: false,
            newer: false,
            total: 0,
            topic: None,
            links: links::Links::default(),
            loaded: false,
            anchor: None,
            cursor: None,
            unfolded: HashSet::new(),
            new_from: None,
            wrapped: RefCell::default(),
        }
    }

    pub(in crate::tui) fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// Takes in the newest page; older pages held already stay where the two meet.
    pub(in crate::tui) fn take_newest(&mut self, page: Page) {
        let first_time = !self.loaded;
        // A draft that was edited says something else under the same id.
        self.wrapped.borrow_mut().clear();
        let meets = page.messages.first().and_then(|first| {
            let place = |held: &Message| held.id == first.id;
            self.messages.iter().rposition(place)
        });
        if self.newer && meets.is_none() {
            // One reads elsewhere; the pages between are loaded when one comes there.
            self.total = page.total;
            return;
        }
        self.newer = false;
        if let Some(at) = meets {
            self.messages.truncate(at);
            self.messages.extend(page.messages);
        } else {
            self.messages = page.messages;
            self.more = page.more;
            self.anchor = None;
            self.cursor = None;
        }
        self.total = page.total;
        self.loaded = true;
        self.relink();
        let end = self.messages.len();
        self.cursor = self.cursor.filter(|cursor| *cursor < end);
        self.anchor = self.anchor.filter(|(index, _)| *index < end);
        if first_time {
            let new = |message: &&Message| message.author == Author::Peer && !message.read;
            self.new_from = self.messages.iter().find(new).map(|message| message.id);
        }
    }

    /// Takes in the page before the oldest message held.
    pub(in crate::tui) fn take_older(&mut self, page: Page) {
        let added = page.messages.len();
        self.messages.splice(0..0, page.messages);
        self.more = page.more;
        self.total = page.total;
        self.relink();
        self.anchor = self.anchor.map(|(index, below)| (index + added, below));
        self.cursor = self.cursor.map(|index| index + added);
    }

    pub(in crate::tui) fn oldest(&self) -> Option<MessageId> {
        self.messages.first().map(|message| message.id)
    }

    /// Returns the message under the cursor; the newest until it was moved.
    pub(in crate::tui) fn selected(&self) -> Option<&Message> {
        self.messages.get(self.selected_index()?)
    }

    pub(super) fn selected_index(&self) -> Option<usize> {
        let last = self.messages.len().checked_sub(1)?;
        Some(self.cursor.unwrap_or(last))
    }

    /// Returns our newest message that can still be taken back.
    pub(in crate::tui) fn leaving(&self, now: UnixMillis) -> Option<&Message> {
        // Only what was written in the last seconds can wait, so the end is enough to look at.
        self.messages.iter().rev().take(50).find(|message| {
            is_by_hand(message)
                && matches!(&message.delivery, Some(Delivery::Queued { due, attempts: 0, .. }) if *due > now)
        })
    }

    pub(super) fn is_new_mark(&self, message: &Message) -> bool {
        self.new_from == Some(message.id)
    }

    pub(super) fn is_folded(&self, message: &Message, lines: usize) -> bool {
        lines > FOLD && !self.unfolded.contains(&message.id)
    }

    /// Shows all of the selected message, or its beginning again; tells whether it is a long one.
    pub(in crate::tui) fn toggle_fold(&mut self, window: Window<'_>) -> bool {
        let Some(message) = self.selected() else {
            return false;
        };
        let id = message.id;
        if self.wrap(message, window).lines.len() <= FOLD {
            return false;
        }
        if !self.unfolded.remove(&id) {
            self.unfolded.insert(id);
        }
        true
    }

    /// Returns a message's text wrapped for a pane of this width.
    pub(super) fn wrap(&self, message: &Message, window: Window<'_>) -> Arc<Wrapped> {
        let width = window.width;
        let key = (message.id, width);
        if let Some(wrapped) = self.wrapped.borrow().get(&key) {
            return Arc::clone(wrapped);
        }
        let room = usize::from(width.saturating_sub(INDENT + 1)).max(1);
        let standing = self.standing(message, window, room);
        let wrapped = Arc::new(transcript_text::wrap(message, standing, room));
        let mut cache = self.wrapped.borrow_mut();
        if cache.len() >= CACHED {
            cache.clear();
        }
        cache.insert(key, Arc::clone(&wrapped));
        wrapped
    }

    /// Returns how many of a message's lines are drawn.
    pub(super) fn shown_lines(&self, message: &Message, wrapped: &Wrapped) -> usize {
        if self.is_folded(message, wrapped.lines.len()) {
            FOLD
        } else {
            wrapped.lines.len()
        }
    }

    pub(super) fn starts_day(&self, index: usize, zone: &TimeZone) -> bool {
        let Some(message) = self.messages.get(index) else {
            return false;
        };
        let before = index
            .checked_sub(1)
            .and_then(|before| self.messages.get(before));
        before.is_none_or(|before| day_number(before.at, zone) != day_number(message.at, zone))
    }

    /// Returns the rows a message takes, with what stands above it and the empty one below.
    fn height(&self, index: usize, window: Window<'_>) -> usize {
        let Some(message) = self.messages.get(index) else {
            return 0;
        };
        let wrapped = self.wrap(message, window);
        let shown = self.shown_lines(message, &wrapped);
        let folded = usize::from(shown < wrapped.lines.len());
        let above = usize::from(self.starts_day(index, window.zone))
            + usize::from(self.is_new_mark(message));
        above + 1 + wrapped.standing.len() + shown + folded + usize::from(has_foot(message)) + 1
    }

    /// Returns what is on screen, from top to bottom.
    pub(super) fn placed(&self, window: Window<'_>) -> Vec<Placed> {
        let mut placed = Vec::new();
        let Some(last) = self.messages.len().checked_sub(1) else {
            return placed;
        };
        let (mut index, below) = self.anchor.unwrap_or((last, 0));
        let mut bottom = signed(usize::from(window.height) + below);
        loop {
            let height = self.height(index, window);
            let top = bottom - signed(height);
            placed.push(Placed { index, top, height });
            bottom = top;
            if top <= 0 || index == 0 {
                break;
            }
            index -= 1;
        }
        placed.reverse();
        // A conversation that does not fill the pane begins at its top.
        if let Some(gap) = placed.first().map(|first| first.top).filter(|top| *top > 0) {
            for place in &mut placed {
                place.top -= gap;
            }
        }
        placed
    }

    /// Returns the last message whose end is on screen.
    pub(in crate::tui) fn last_seen(&self, window: Window<'_>) -> Option<&Message> {
        let edge = signed(usize::from(window.height));
        let seen = |place: &Placed| place.top + signed(place.height) - 1 <= edge;
        let placed = self.placed(window);
        let last = placed.iter().rev().find(|place| seen(place))?;
        self.messages.get(last.index)
    }

    /// Moves the view up by rows; tells whether older messages are needed to go on.
    pub(in crate::tui) fn scroll_up(&mut self, rows: usize, window: Window<'_>) -> bool {
        let Some(last) = self.messages.len().checked_sub(1) else {
            return false;
        };
        let (mut index, mut below) = self.anchor.unwrap_or((last, 0));
        below += rows;
        // Whole messages that went below the edge are left behind.
        while index > 0 && below >= self.height(index, window) {
            below -= self.height(index, window);
            index -= 1;
        }
        self.anchor = Some((index, below));
        let reached = self.placed(window);
        let at_top = reached.first().is_some_and(|first| first.index == 0);
        if at_top && !covers(&reached, window.height) {
            self.scroll_to_top(window);
        }
        self.messages.len() < 40
            || self
                .placed(window)
                .first()
                .is_some_and(|first| first.index < 20)
    }

    /// Puts the first row of the first message at the top edge.
    fn scroll_to_top(&mut self, window: Window<'_>) {
        let mut rows = 0;
        for index in 0..self.messages.len() {
            rows += self.height(index, window);
            if rows >= usize::from(window.height) {
                self.anchor = Some((index, rows - usize::from(window.height)));
                return;
            }
        }
        self.anchor = None;
    }

    /// Moves the view down by rows; at the end it follows the newest message again.
    pub(in crate::tui) fn scroll_down(&mut self, rows: usize, window: Window<'_>) {
        let Some((mut index, below)) = self.anchor else {
            return;
        };
        let mut left = rows;
        let mut below = below;
        while left > below {
            left -= below;
            index += 1;
            if index >= self.messages.len() {
                self.anchor = None;
                return;
            }
            below = self.height(index, window);
        }
        below -= left;
        let at_end = index + 1 == self.messages.len() && below == 0;
        self.anchor = (!at_end).then_some((index, below));
    }

    /// Moves the cursor one message up or, inside a long one, the view; tells whether older
    /// messages are needed to go on.
    pub(in crate::tui) fn up(&mut self, window: Window<'_>) -> bool {
        let Some(cursor) = self.selected_index() else {
            return false;
        };
        let page = usize::from(window.height).saturating_sub(2).max(1);
        if let Some(cut) = self.above_edge(cursor, window) {
            return self.scroll_up(cut.min(page), window);
        }
        let Some(target) = cursor.checked_sub(1) else {
            return true;
        };
        self.cursor = Some(target);
        let cut = match self.place_of(target, window) {
            Some(_) => self.above_edge(target, window).unwrap_or(0),
            None => self.height(target, window),
        };
        if cut > 0 {
            return self.scroll_up(cut.min(page), window);
        }
        target < 20
    }

    /// Moves the cursor one message down or, inside a long one, the view.
    pub(in crate::tui) fn down(&mut self, window: Window<'_>) {
        let Some(cursor) = self.selected_index() else {
            return;
        };
        let page = usize::from(window.height).saturating_sub(2).max(1);
        if let Some(cut) = self.below_edge(cursor, window) {
            self.scroll_down(cut.min(page), window);
            return;
        }
        let target = cursor + 1;
        if target >= self.messages.len() {
            self.anchor = None;
            return;
        }
        self.cursor = Some(target);
        let cut = match self.place_of(target, window) {
            Some(_) => self.below_edge(target, window).unwrap_or(0),
            None => self.height(target, window),
        };
        self.scroll_down(cut.min(page), window);
    }

    /// Moves cursor and view by half a pane; tells whether older messages are needed to go on.
    pub(in crate::tui) fn page(&mut self, up: bool, window: Window<'_>) -> bool {
        let rows = usize::from(window.height / 2).max(1);
        let needs = if up {
            self.scroll_up(rows, window)
        } else {
            self.scroll_down(rows, window);
            false
        };
        let placed = self.placed(window);
        let kept = |index: usize| placed.iter().any(|place| place.index == index);
        if self.selected_index().is_some_and(|index| !kept(index)) {
            let edge = if up { placed.last() } else { placed.first() };
            self.cursor = edge.map(|place| place.index);
        }
        needs
    }

    /// Puts the cursor on the message at this row of the pane; tells whether there is one.
    pub(in crate::tui) fn select_row(&mut self, row: usize, window: Window<'_>) -> bool {
        let row = signed(row);
        let is_there =
            |place: &Placed| (place.top..place.top + signed(place.height)).contains(&row);
        let found = self.placed(window).into_iter().find(is_there);
        if let Some(place) = found {
            self.cursor = Some(place.index);
        }
        found.is_some()
    }

    pub(in crate::tui) fn top(&mut self, window: Window<'_>) {
        self.cursor = (!self.messages.is_empty()).then_some(0);
        self.scroll_to_top(window);
    }

    pub(in crate::tui) fn bottom(&mut self) {
        self.cursor = None;
        self.anchor = None;
    }

    fn place_of(&self, index: usize, window: Window<'_>) -> Option<Placed> {
        self.placed(window)
            .into_iter()
            .find(|place| place.index == index)
    }

    fn above_edge(&self, index: usize, window: Window<'_>) -> Option<usize> {
        let top = self.place_of(index, window)?.top;
        (top < 0).then_some(top.unsigned_abs())
    }

    fn below_edge(&self, index: usize, window: Window<'_>) -> Option<usize> {
        let place = self.place_of(index, window)?;
        let over = place.top + signed(place.height) - signed(usize::from(window.height));
        (over > 0).then_some(over.unsigned_abs())
    }
}

fn covers(placed: &[Placed], height: u16) -> bool {
    placed
        .last()
        .is_some_and(|last| last.top + signed(last.height) >= signed(usize::from(height)))
}

fn signed(rows: usize) -> isize {
    isize::try_from(rows).unwrap_or(isize::MAX)
}

/// Tells whether a person sent it: wrote it, or let a draft of the assistant's pass.
fn is_by_hand(message: &Message) -> bool {
    let passed = matches!(message.passage, Some(Passage::AsIs | Passage::Edited));
    message.author == Author::Human || (message.author == Author::Assistant && passed)
}

/// Tells whether a line below the text says what became of a message.
pub(super) fn has_foot(message: &Message) -> bool {
    let held = matches!(message.admission, Some(Admission::Held { .. }));
    let draft = match &message.delivery {
        Some(Delivery::Refused { reason }) => !reason.is_empty(),
        delivery => matches!(delivery, Some(Delivery::Held { .. })),
    };
    let trouble = matches!(
        message.delivery,
        Some(
            Delivery::Failed { .. }
                | Delivery::Queued {
                    problem: Some(_),
                    ..
                }
        )
    );
    held || draft || trouble
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{Body, Content};

    fn message(id: i64) -> Message {
        Message {
            routing: None,
            id: MessageId(id),
            channel: ChannelId(1),
            author: Author::Peer,
            seq: Some(id),
            at: UnixMillis(id * 1_000),
            content: Content::Text(Body::new("", format!("message {id}"))),
            envelope: None,
            admission: None,
            delivery: None,
            handed_over: None,
            read: true,
            signals: Vec::new(),
            passage: None,
            other: None,
            digest: false,
        }
    }

    pub(super) fn page(ids: std::ops::RangeInclusive<i64>, more: bool) -> Page {
        Page {
            messages: ids.map(message).collect(),
            more,
            newer: false,
            total: 1_000,
        }
    }

    const UTC: TimeZone = TimeZone::UTC;
    pub(super) const WINDOW: Window<'static> = Window {
        width: 60,
        height: 10,
        zone: &UTC,
    };

    #[test]
    fn the_newest_page_joins_the_older_ones_where_they_meet() {
        let mut transcript = Transcript::new(ChannelId(1));
        transcript.take_newest(page(11..=20, true));
        transcript.take_older(page(1..=10, false));
        transcript.take_newest(page(12..=22, true));
        let ids: Vec<i64> = transcript.messages.iter().map(|held| held.id.0).collect();
        assert_eq!(ids, (1..=22).collect::<Vec<_>>());
        assert!(
            !transcript.more,
            "the older pages knew that nothing lies before them"
        );
    }

    #[test]
    fn going_up_and_down_again_ends_at_the_newest_message() {
        let mut transcript = Transcript::new(ChannelId(1));
        transcript.take_newest(page(1..=50, false));
        let start = transcript.placed(WINDOW);
        for _ in 0..100 {
            transcript.up(WINDOW);
        }
        assert_eq!(
            transcript
                .placed(WINDOW)
                .first()
                .map(|place| (place.index, place.top)),
            Some((0, 0))
        );
        for _ in 0..100 {
            transcript.down(WINDOW);
        }
        assert_eq!(transcript.placed(WINDOW), start);
    }

    #[test]
    fn older_messages_do_not_move_what_is_on_screen() {
        let mut transcript = Transcript::new(ChannelId(1));
        transcript.take_newest(page(101..=150, true));
        for _ in 0..30 {
            transcript.up(WINDOW);
        }
        let on_screen = |transcript: &Transcript| -> Vec<_> {
            let placed = transcript.placed(WINDOW);
            placed
                .iter()
                .map(|place| (transcript.messages[place.index].id, place.top))
                .collect()
        };
        let before = on_screen(&transcript);
        transcript.take_older(page(51..=100, true));
        assert_eq!(on_screen(&transcript), before);
    }

    #[test]
    fn a_short_conversation_begins_at_the_top() {
        let mut transcript = Transcript::new(ChannelId(1));
        transcript.take_newest(page(1..=2, false));
        assert_eq!(
            transcript.placed(WINDOW).first().map(|place| place.top),
            Some(0)
        );
    }
}
