//! What of a review has been on the screen, pane by pane, and where each pane stands.
//!
//! Must not: count a row as read that was jumped over.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::text::SpanKind;
use crate::tui::keymap::Action;

use super::review_paper::{PaperRow, Papers, Widths};

/// What scrolls by itself. Where there is one column, all of it stands in the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pane {
    /// Why, the text, and what is hidden in it.
    #[default]
    Text,
    /// What was found, the channel, and what follows.
    Side,
    /// What was said before.
    Before,
}

impl Pane {
    /// All of them, in the order of reading.
    const ALL: [Self; 3] = [Self::Text, Self::Side, Self::Before];
}

/// One of a thing for each pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Each<T> {
    pub(super) text: T,
    pub(super) side: T,
    pub(super) before: T,
}

impl<T> Each<T> {
    /// Returns the one of this pane.
    pub(super) const fn of(&self, pane: Pane) -> &T {
        match pane {
            Pane::Text => &self.text,
            Pane::Side => &self.side,
            Pane::Before => &self.before,
        }
    }

    const fn of_mut(&mut self, pane: Pane) -> &mut T {
        match pane {
            Pane::Text => &mut self.text,
            Pane::Side => &mut self.side,
            Pane::Before => &mut self.before,
        }
    }
}

/// What is to be read, and where it lies on the screen.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) papers: Arc<Papers>,
    pub(super) places: Each<Rect>,
}

impl Desk {
    fn rows(&self, pane: Pane) -> &[PaperRow] {
        self.papers.of(pane)
    }

    fn height(&self, pane: Pane) -> usize {
        self.places.of(pane).height.into()
    }

    /// Returns the first row at which a pane shows its end.
    fn most(&self, pane: Pane) -> usize {
        self.rows(pane).len().saturating_sub(self.height(pane))
    }

    /// Tells whether any pane has more than fits.
    pub(super) fn scrolls(&self) -> bool {
        Pane::ALL.into_iter().any(|pane| self.most(pane) > 0)
    }

    fn is_one_column(&self) -> bool {
        self.papers.side.is_empty() && self.papers.before.is_empty()
    }
}

/// How far a review was read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pane: Pane,
    scroll: Each<usize>,
    /// Rows that have been on the screen without a gap, at the widths they were wrapped for.
    seen: Each<usize>,
    widths: Widths,
    whole: bool,
    percent: usize,
    chosen: Option<u32>,
}

impl Reading {
    /// Tells whether all of it has been on the screen.
    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Returns the pane that `j` and `k` move.
    pub(super) fn pane(&self, desk: &Desk) -> Pane {
        if desk.rows(self.pane).is_empty() {
            Pane::Text
        } else {
            self.pane
        }
    }

    /// Returns the number of the signal that was jumped to last.
    pub(super) const fn chosen(&self) -> Option<u32> {
        self.chosen
    }

    /// Returns the first row that a pane shows.
    pub(super) fn first(&self, desk: &Desk, pane: Pane) -> usize {
        (*self.scroll.of(pane)).min(desk.most(pane))
    }

    /// Returns how many rows a pane has below what it shows.
    pub(super) fn below(&self, desk: &Desk, pane: Pane) -> usize {
        desk.most(pane).saturating_sub(*self.scroll.of(pane))
    }

    /// Returns how much has been on the screen, in per cent.
    pub(super) const fn percent(&self) -> usize {
        if self.whole { 100 } else { self.percent }
    }

    /// Returns how many of `all` signals have been on the screen whole, in the pane of signals.
    pub(super) fn signals_seen(&self, desk: &Desk, all: usize) -> usize {
        let mut unseen = desk.rows(Pane::Side).iter().skip(self.seen.side);
        let next = unseen.find_map(|row| row.signal).filter(|_| !self.whole);
        next.and_then(|number| usize::try_from(number).ok())
            .map_or(all, |number| number.saturating_sub(1))
    }

    /// Notes what is on the screen now. Returns whether that is news.
    pub(super) fn note(&mut self, desk: &Desk) -> bool {
        let before = (self.seen, self.whole);
        let widths = (desk.places.text.width, desk.places.side.width);
        if self.widths != widths {
            self.widths = widths;
            self.seen = Each::default();
            // Whoever was in the middle of it begins at the top again; this frame showed another
            // place and counts for nothing.
            if !self.whole && self.scroll != Each::default() {
                self.scroll = Each::default();
                return true;
            }
        }
        for pane in Pane::ALL {
            let first = self.first(desk, pane);
            let bottom = (first + desk.height(pane)).min(desk.rows(pane).len());
            let reached = self.seen.of_mut(pane);
            // Only rows that follow on what was read count: jumping to the end skips nothing
            // unseen.
            if first <= *reached {
                *reached = bottom.max(*reached);
            }
        }
        self.whole |= Pane::ALL.iter().all(|pane| !self.is_unread(desk, *pane));
        let all = Pane::ALL.into_iter();
        let total: usize = all.clone().map(|pane| desk.rows(pane).len()).sum();
        let seen: usize = all.map(|pane| *self.seen.of(pane)).sum();
        self.percent = (seen * 100 / total.max(1)).min(99);
        before != (self.seen, self.whole)
    }

    fn is_unread(&self, desk: &Desk, pane: Pane) -> bool {
        *self.seen.of(pane) < desk.rows(pane).len()
    }

    /// Begins afresh, because there is something else to read.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Goes back to the top of the text.
    pub(super) const fn go_to_top(&mut self) {
        self.scroll.text = 0;
    }

    /// Moves within the pane that has the keys. Reading on at its end goes to what was not read
    /// yet, in this pane or another. With `counts` (what is shown is what has to be read) no
    /// move passes over a row, however many keys come before the next frame.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only the keys that move concern scrolling"
    )]
    pub(super) fn travel(&mut self, desk: &Desk, action: Action, counts: bool) {
        let pane = self.pane(desk);
        let (from, most) = (self.first(desk, pane), desk.most(pane));
        let half = (desk.height(pane) / 2).max(1);
        let to = match action {
            Action::Up => from.saturating_sub(1),
            Action::PageUp => from.saturating_sub(half),
            Action::Down => from + 1,
            Action::PageDown => from + half,
            _ => from,
        };
        if counts && to > from && from == most {
            self.go_to_unread(desk);
            return;
        }
        let seen = *self.seen.of(pane);
        let furthest = if counts && !self.whole && from <= seen {
            seen.min(most)
        } else {
            most
        };
        *self.scroll.of_mut(pane) = to.min(furthest);
    }

    fn go_to_unread(&mut self, desk: &Desk) {
        let mut panes = Pane::ALL.into_iter();
        let unread = panes.find(|pane| self.is_unread(desk, *pane));
        let Some(pane) = unread.filter(|_| !self.whole) else {
            return;
        };
        self.pane = pane;
        if self.is_passed_over(desk, pane) {
            *self.scroll.of_mut(pane) = *self.seen.of(pane);
        }
    }

    fn is_passed_over(&self, desk: &Desk, pane: Pane) -> bool {
        self.first(desk, pane) > *self.seen.of(pane)
    }

    /// Tells whether a jump left rows behind that were not read.
    pub(super) fn left_behind(&self, desk: &Desk) -> bool {
        let passed = |pane| self.is_unread(desk, pane) && self.is_passed_over(desk, pane);
        !self.whole && Pane::ALL.into_iter().any(passed)
    }

    /// Gives the keys to the next pane, or the previous one. In one column it goes to the next
    /// part instead, and round the end.
    pub(super) fn switch(&mut self, desk: &Desk, forward: bool) {
        if desk.is_one_column() {
            self.scroll.text = self.next_part(desk, forward);
            return;
        }
        let panes = Pane::ALL.into_iter();
        let panes: Vec<_> = panes.filter(|pane| !desk.rows(*pane).is_empty()).collect();
        let here = self.pane(desk);
        let at = panes.iter().position(|pane| *pane == here).unwrap_or(0);
        let step = if forward { 1 } else { panes.len() - 1 };
        self.pane = panes
            .get((at + step) % panes.len())
            .copied()
            .unwrap_or_default();
    }

    fn next_part(&self, desk: &Desk, forward: bool) -> usize {
        let (here, most) = (self.first(desk, Pane::Text), desk.most(Pane::Text));
        let rows = desk.rows(Pane::Text).iter().enumerate();
        let parts = rows.filter(|(_, row)| row.part).map(|(at, _)| at.min(most));
        let mut stops: Vec<_> = std::iter::once(0).chain(parts).collect();
        let next = if forward {
            stops.iter().find(|at| **at > here)
        } else {
            stops.reverse();
            stops.iter().find(|at| **at < here)
        };
        next.or_else(|| stops.first()).copied().unwrap_or(0)
    }

    /// Goes to a signal in every pane that tells of it. Returns whether any does.
    pub(super) fn jump(&mut self, desk: &Desk, number: u32) -> bool {
        let told = |row: &PaperRow| row.signal == Some(number);
        let marked = |row: &PaperRow| is_marked(row, number);
        let (text, side) = (desk.rows(Pane::Text), desk.rows(Pane::Side));
        let (in_text, in_side) = if desk.is_one_column() {
            (text.iter().position(told), None)
        } else {
            (text.iter().position(marked), side.iter().position(told))
        };
        for (pane, row) in [(Pane::Text, in_text), (Pane::Side, in_side)] {
            if let Some(row) = row {
                *self.scroll.of_mut(pane) = row.min(desk.most(pane));
            }
        }
        let found = in_text.or(in_side).is_some();
        if found {
            self.chosen = Some(number);
        }
        found
    }
}

/// Tells whether a row holds the mark at which a signal begins.
pub(super) fn is_marked(row: &PaperRow, number: u32) -> bool {
    let mut spans = row.pieces.iter().flat_map(|(_, line)| line.spans());
    spans.any(|span| {
        let numbers = span.text().strip_prefix('⟪').map(str::trim_end);
        let mut numbers = numbers.into_iter().flat_map(|list| list.split(','));
        span.kind() == SpanKind::Mark && numbers.any(|found| found.parse() == Ok(number))
    })
}
