//! What a person has to read before deciding, as rows that are wrapped but never cut.
//!
//! The order is: why, the text, what was found, the channel, what follows, what was said before.
//! Where there is room the last four stand beside the text and below it.

use std::cell::RefCell;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::api::Review;
use crate::model::{Fingerprint, PeerText, ReviewItem, ReviewKind};
use crate::text::{SafeLine, SafeText, ours, sanitise, sanitise_line};
use crate::tui::keymap::Keys;
use crate::tui::theme::Role;
use crate::tui::widget::paint::{clock, day};

use super::review::Look;
use super::review_reading::Each;
use super::review_words::Written;
use super::{review_aside, review_contact, review_keys, review_letter};

/// One row. Theirs stands right of a gutter, ours does not have one.
#[derive(Debug, Default)]
pub(super) struct PaperRow {
    pub(super) pieces: Vec<(Role, SafeLine)>,
    /// The number of the signal that this row tells of.
    pub(super) signal: Option<u32>,
    /// Whether a part begins here.
    pub(super) part: bool,
}

/// The rows of every pane.
pub(super) type Papers = Each<Vec<PaperRow>>;

/// Columns of the text and of the pane beside it; no such pane is 0.
pub(super) type Widths = (u16, u16);

/// The papers, wrapped once per pair of widths.
#[derive(Debug, Default)]
pub(in crate::tui) struct Kept(RefCell<Option<(Widths, Arc<Papers>)>>);

impl Kept {
    /// Returns the papers for these widths, made if they are not kept.
    pub(super) fn at(&self, widths: Widths, make: impl FnOnce() -> Papers) -> Arc<Papers> {
        if let Some((at, papers)) = &*self.0.borrow()
            && *at == widths
        {
            return Arc::clone(papers);
        }
        let papers = Arc::new(make());
        *self.0.borrow_mut() = Some((widths, Arc::clone(&papers)));
        papers
    }

    /// Forgets the papers, because what is on them changed.
    pub(super) fn clear(&self) {
        *self.0.borrow_mut() = None;
    }
}

/// What is written on the papers.
pub(super) struct Page<'a> {
    pub(super) review: &'a Review,
    /// What is decided together with it.
    pub(super) others: &'a [Review],
    pub(super) written: &'a Written,
    pub(super) look: Look,
    pub(super) zone: &'a TimeZone,
    pub(super) keys: &'a Keys,
    /// Which login or identity of ours it is about, where there are several.
    pub(super) identity: Option<String>,
}

/// What stands before and behind words that somebody says of themselves.
pub(super) type Quotes = (&'static str, &'static str);

/// Columns of the labels.
pub(super) const LABEL: usize = 13;

/// Rows under construction.
pub(super) struct Paper {
    rows: Vec<PaperRow>,
    pub(super) width: usize,
}

impl Paper {
    fn new(width: u16) -> Self {
        Self {
            rows: Vec::new(),
            width: usize::from(width).max(1),
        }
    }

    /// Adds a row that fits.
    pub(super) fn row(&mut self, pieces: Vec<(Role, SafeLine)>) {
        self.rows.push(PaperRow {
            pieces,
            ..PaperRow::default()
        });
    }

    pub(super) fn blank(&mut self) {
        self.row(Vec::new());
    }

    /// Begins a part. At the top of a pane its title names the part already.
    pub(super) fn part(&mut self, heading: &str) {
        if self.rows.is_empty() {
            return;
        }
        self.blank();
        self.heading(heading);
    }

    fn heading(&mut self, heading: &str) {
        let first = self.rows.len();
        self.words(Role::Heading, heading);
        if let Some(row) = self.rows.get_mut(first) {
            row.part = true;
        }
    }

    /// Adds words of this program's own.
    pub(super) fn words(&mut self, role: Role, words: &str) {
        for line in sanitise(&PeerText::new(words)).wrap(self.width) {
            self.row(vec![(role, line)]);
        }
    }

    /// Adds words of our own in one row. Returns whether they fit; if not, nothing is added.
    pub(super) fn beside(&mut self, parts: &[(Role, &str)]) -> bool {
        let mut pieces = Vec::new();
        for (role, words) in parts {
            if !pieces.is_empty() {
                pieces.push((Role::Dim, ours(" · ")));
            }
            pieces.push((*role, ours(words)));
        }
        let cells: usize = pieces.iter().map(|(_, piece)| piece.width()).sum();
        let fits = cells <= self.width;
        if fits {
            self.row(pieces);
        }
        fits
    }

    /// Adds words of our own in one row if they fit, else one below the other.
    pub(super) fn together(&mut self, parts: &[(Role, &str)]) {
        if self.beside(parts) {
            return;
        }
        for (role, words) in parts {
            self.words(*role, words);
        }
    }

    /// Adds words behind a sign; they wrap under themselves.
    pub(super) fn listed(&mut self, role: Role, sign: &str, words: &str) {
        let sign = ours(sign);
        let blank = ours(&" ".repeat(sign.width()));
        let room = self.width.saturating_sub(sign.width()).max(1);
        let lines = sanitise(&PeerText::new(words)).wrap(room);
        let signs = std::iter::once(sign).chain(std::iter::repeat(blank));
        for (line, sign) in lines.into_iter().zip(signs) {
            self.row(vec![(role, sign), (role, line)]);
        }
    }

    /// A label and what belongs to it; wraps under itself.
    pub(super) fn entry(&mut self, label: &str, role: Role, value: &PeerText) {
        let room = self.width.saturating_sub(LABEL).max(1);
        let lines = sanitise(value).wrap(room);
        for (line, label) in lines
            .into_iter()
            .zip(std::iter::once(label).chain(std::iter::repeat("")))
        {
            let label = ours(&format!("{label:LABEL$}"));
            self.row(vec![(Role::Dim, label), (role, line)]);
        }
    }

    pub(super) fn key(&mut self, label: &str, role: Role, key: Option<&Fingerprint>) {
        let words = key.map_or("none", |key| key.0.as_str());
        self.entry(label, role, &PeerText::new(words));
    }

    /// A label and one line that somebody says of themselves, between quotes where there are
    /// some; wraps under itself.
    pub(super) fn claim(&mut self, label: &str, value: &PeerText, (role, quotes): (Role, Quotes)) {
        let (open, close) = quotes;
        let room = self
            .width
            .saturating_sub(LABEL + open.chars().count() * 2)
            .max(1);
        // One line, so that nothing in it can begin a row that looks like one of ours.
        let lines = sanitise_line(value, usize::MAX).wrap(room);
        let last = lines.len().saturating_sub(1);
        for (at, line) in lines.into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let open = if at == 0 || open.is_empty() {
                open
            } else {
                " "
            };
            let mut pieces = vec![
                (Role::Dim, ours(&format!("{label:LABEL$}"))),
                (Role::Dim, ours(open)),
                (role, line),
            ];
            if at == last {
                pieces.push((Role::Dim, ours(close)));
            }
            self.row(pieces);
        }
    }

    /// Adds what somebody else wrote.
    pub(super) fn theirs(&mut self, text: &PeerText) {
        self.behind_gutter(&sanitise(text));
    }

    /// The same, set in under what it belongs to.
    pub(super) fn theirs_under(&mut self, text: &PeerText) {
        self.behind(&ours("  ┆ "), &sanitise(text));
    }

    pub(super) fn behind_gutter(&mut self, text: &SafeText) {
        self.behind(&ours("┆ "), text);
    }

    fn behind(&mut self, gutter: &SafeLine, text: &SafeText) {
        for line in text.wrap(self.width.saturating_sub(gutter.width())) {
            self.row(vec![(Role::Gutter, gutter.clone()), (Role::Text, line)]);
        }
    }

    /// Adds one line of theirs to the end of the last row, if it fits there whole.
    pub(super) fn theirs_beside(&mut self, text: &PeerText) -> bool {
        let text = sanitise(text);
        let gutter = ours("  ┆ ");
        let [line] = text.lines() else {
            return false;
        };
        let Some(row) = self.rows.last_mut() else {
            return false;
        };
        let taken: usize = row.pieces.iter().map(|(_, piece)| piece.width()).sum();
        let fits = taken + gutter.width() + line.width() <= self.width;
        if fits {
            row.pieces.push((Role::Gutter, gutter));
            row.pieces.push((Role::Text, line.clone()));
        }
        fits
    }

    /// Runs `write` and says of all its rows that they tell of this signal.
    pub(super) fn of_signal(&mut self, number: u32, write: impl FnOnce(&mut Self)) {
        let first = self.rows.len();
        write(self);
        for row in self.rows.iter_mut().skip(first) {
            row.signal = Some(number);
        }
    }
}

/// Returns everything that has to be read. With no pane beside the text all of it stands in the
/// text column.
pub(super) fn of(page: &Page<'_>, (text, side): Widths) -> Papers {
    let mut paper = Paper::new(text);
    if page.others.is_empty() {
        item(&mut paper, page, page.review);
    } else {
        for (number, review) in (1..).zip(std::iter::once(page.review).chain(page.others)) {
            paper.heading(&format!("{number} of {}", page.others.len() + 1));
            item(&mut paper, page, review);
            paper.blank();
        }
    }
    if side > 0 {
        let mut aside = Paper::new(side);
        review_aside::context(&mut aside, page);
        let mut before = Paper::new(text);
        review_aside::before(&mut before, page);
        return Papers {
            text: paper.rows,
            side: aside.rows,
            before: before.rows,
        };
    }
    if page.look == Look::Safe {
        review_aside::context(&mut paper, page);
        review_aside::before(&mut paper, page);
    }
    Papers {
        text: paper.rows,
        ..Papers::default()
    }
}

/// Writes why an item waits, and its text.
fn item(paper: &mut Paper, page: &Page<'_>, review: &Review) {
    match &review.item.kind {
        ReviewKind::ContactRequest {
            fingerprint,
            answers,
        } => match &review.asked {
            Some(asked) => {
                let zone = page.zone;
                review_contact::write(paper, (review, asked), zone, fingerprint, *answers);
            }
            None => review_keys::contact(paper, review, page.zone, fingerprint, *answers),
        },
        ReviewKind::KeyChange {
            pinned,
            shown,
            reason,
        } => review_keys::change(paper, review, page.zone, (pinned.as_ref(), shown), *reason),
        ReviewKind::HeldMessage { .. } | ReviewKind::HeldDraft { .. } => {
            review_letter::write(paper, page, review);
        }
    }
}

/// Returns a sentence of this program's with a capital and a full stop.
pub(super) fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

/// Returns when an item came up.
pub(super) fn when(item: &ReviewItem, zone: &TimeZone) -> PeerText {
    PeerText::new(format!(
        "{} {}",
        day(item.since, zone),
        clock(item.since, zone)
    ))
}
