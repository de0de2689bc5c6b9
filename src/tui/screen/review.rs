//! The review of one item: the only place where decisions are made.
//!
//! A decision needs all of it: the person walked in here, the whole text was on the screen, the
//! terminal has focus, the input queue ran empty after the first frame, and a moment has passed
//! without a stray key. It is bound to the digest of what was shown. Enter, Space, Esc, Tab,
//! digits, pastes and repeats never decide; the key map has a test for that.

use crate::api::{Error, Request, Review};
use crossterm::event::KeyEvent;

use crate::model::{
    ChannelId, Digest, OnScreen, PeerText, ReviewId, ReviewKind, UnixMillis, Verdict,
};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Spot, Tone};
use crate::tui::update::ask;

use super::catch_up;
use super::guard::Guard;
use super::main::{quoted, select};
use super::needs_you;
use super::review_paper::{self, Kept};
use super::review_queue;
use super::review_reading::{Desk, Reading};
use super::review_several::{self, Several};
use super::review_verdict::{self, Meaning, done_words, is_over, meaning, words_of};
use super::review_view;
use super::review_words::{self, Purpose, Written};
use super::{safety_code, scan};

/// One item under review.
#[derive(Debug)]
pub(in crate::tui) struct ReviewScreen {
    pub(super) item: ReviewId,
    pub(super) review: Option<Review>,
    /// What became of the item elsewhere, in a sentence; there is nothing left to decide.
    pub(super) gone: Option<String>,
    pub(in crate::tui) guard: Guard,
    /// What `A` was asked for and now confirms.
    pub(super) armed: Option<Verdict>,
    written: Written,
    /// What is decided together with this item.
    pub(super) several: Several,
    pub(super) look: Look,
    opened: UnixMillis,
    deciding: bool,
    pub(super) reading: Reading,
    papers: Kept,
}

/// How a message is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) enum Look {
    /// Made safe, with marks: what has to be read.
    #[default]
    Safe,
    /// As it came, every character that is not plain written as its code.
    Raw,
    /// What the assistant would get.
    Assistant,
}

/// Why no key decides now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asleep {
    Loading,
    Settled,
    Deciding,
    TooSmall,
    NoFocus,
    Unread,
    Settling,
    Expired,
}

impl Asleep {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Settled => "nothing to decide any more",
            Self::Deciding => "carrying out",
            Self::TooSmall => "enlarge the window to decide",
            Self::NoFocus => "keys off: the terminal has no focus",
            Self::Unread => "read to the end to decide",
            Self::Settling => "keys off for a moment",
            Self::Expired => "expired: it is not sent",
        }
    }
}

impl ReviewScreen {
    fn new(item: ReviewId, now: UnixMillis) -> Self {
        Self {
            item,
            review: None,
            gone: None,
            guard: Guard::new(now),
            armed: None,
            written: Written::default(),
            several: Several::default(),
            look: Look::Safe,
            opened: now,
            deciding: false,
            reading: Reading::default(),
            papers: Kept::default(),
        }
    }

    /// Returns what keeps the keys from deciding, if anything.
    pub(super) fn asleep(&self, model: &Model) -> Option<Asleep> {
        if self.gone.is_some() {
            return Some(Asleep::Settled);
        }
        let Some(review) = self.review.as_ref().filter(|_| self.several.is_whole()) else {
            return Some(Asleep::Loading);
        };
        if self.deciding {
            return Some(Asleep::Deciding);
        }
        // No answer is a no, and a key that comes after it is no answer any more.
        let mut all = std::iter::once(review).chain(self.several.found());
        if all.any(|review| is_over(review, model.now)) {
            return Some(Asleep::Expired);
        }
        if model.is_tiny() {
            return Some(Asleep::TooSmall);
        }
        let Some(focused) = model.focused_since else {
            return Some(Asleep::NoFocus);
        };
        if !self.reading.is_whole() {
            return Some(Asleep::Unread);
        }
        let settling = self.guard.is_settling(focused, model);
        settling.then_some(Asleep::Settling)
    }

    /// Returns when the keys come to life if nothing happens until then.
    pub(in crate::tui) fn live_at(&self, model: &Model) -> Option<UnixMillis> {
        let waits = self.asleep(model) == Some(Asleep::Settling);
        waits.then(|| self.guard.live_at(model)).flatten()
    }

    /// Returns every item that is on the paper.
    pub(in crate::tui) fn items(&self) -> Vec<ReviewId> {
        let first = std::iter::once(self.item);
        first.chain(self.several.ids().iter().copied()).collect()
    }

    /// Returns what is to be read and where it lies; the papers are wrapped once per width.
    pub(super) fn desk(&self, model: &Model) -> Desk {
        let places = review_view::layout(model, self).panes;
        let papers = self.papers.at((places.text.width, places.side.width), || {
            self.review
                .as_ref()
                .map_or_else(Default::default, |review| {
                    let page = review_paper::Page {
                        review,
                        others: self.several.found(),
                        written: &self.written,
                        look: self.look,
                        zone: &model.zone,
                        keys: &model.keys,
                        identity: super::logins::name_of(model, &review.channel),
                    };
                    review_paper::of(&page, (places.text.width, places.side.width))
                })
        });
        Desk { papers, places }
    }

    /// Tells whether there is more to read than fits.
    pub(in crate::tui) fn scrolls(&self, model: &Model) -> bool {
        self.desk(model).scrolls()
    }

    pub(super) fn written(&self) -> &Written {
        &self.written
    }

    pub(super) fn written_mut(&mut self) -> &mut Written {
        &mut self.written
    }

    fn digest(&self) -> Option<Digest> {
        self.review.as_ref().map(|review| review.item.seen)
    }
}

/// Walks into the review of an item.
pub(in crate::tui) fn open(model: &mut Model, item: ReviewId) -> Vec<Effect> {
    let screen = ReviewScreen::new(item, model.now);
    if matches!(model.screen, Screen::Review(_)) {
        model.screen = Screen::Review(Box::new(screen));
        model.touch();
    } else {
        model.enter(Screen::Review(Box::new(screen)));
    }
    let mut effects = select(model, Spot::Need(item));
    effects.extend(ask(model, Request::Review { item }, Question::Review(item)));
    effects
}

/// Takes in the item, or that it is gone, whatever lies over the screen that shows it. A changed
/// one has to be read again.
pub(in crate::tui) fn take(model: &mut Model, item: ReviewId, answer: Result<Review, Error>) {
    if let Some(over) = model.lift(|screen| shows(screen, item)) {
        take_shown(model, item, answer);
        model.lower(over);
    } else {
        needs_you::take(model, item, answer);
    }
}

fn shows(screen: &Screen, item: ReviewId) -> bool {
    matches!(screen, Screen::Review(screen) if screen.items().contains(&item))
}

fn take_shown(model: &mut Model, item: ReviewId, answer: Result<Review, Error>) {
    let now = model.now;
    let Screen::Review(screen) = &mut model.screen else {
        return;
    };
    if screen.deciding {
        return;
    }
    if screen.several.ids().contains(&item) {
        review_several::take(model, answer);
        return;
    }
    match answer {
        Ok(review) => {
            let before = screen.digest();
            if before == Some(review.item.seen) {
                return;
            }
            if screen.several.is_some() && !review_several::is_plain(&review.item) {
                screen.gone = Some(review_several::FOUND_OUT.into());
                model.touch();
                return;
            }
            let fresh = ReviewScreen::new(item, now);
            **screen = ReviewScreen {
                review: Some(review),
                several: std::mem::take(&mut screen.several),
                ..fresh
            };
            if before.is_some() {
                model.say(
                    Tone::Trouble,
                    "This changed since it was shown. Read it again.",
                );
            }
        }
        Err(error) => screen.gone = Some(error.to_string()),
    }
    model.touch();
}

/// Notes what has been on the screen, once it really was.
pub(in crate::tui) fn drawn(model: &mut Model, quiet: bool) {
    let Screen::Review(screen) = &model.screen else {
        return;
    };
    if screen.review.is_none() || model.is_tiny() || screen.look != Look::Safe {
        return;
    }
    let desk = screen.desk(model);
    let Screen::Review(screen) = &mut model.screen else {
        return;
    };
    let is_read_now = screen.reading.note(&desk);
    let is_quiet_now = screen.guard.drawn(quiet);
    if is_quiet_now || is_read_now {
        model.touch();
    }
}

/// Starts the wait afresh; called when the terminal's focus or size changed.
pub(in crate::tui) fn unsettle(model: &mut Model) {
    let now = model.now;
    if let Screen::Review(screen) = &mut model.screen {
        screen.guard.rest(now);
        screen.armed = None;
    }
}

/// Makes the keys wait for a new frame and a quiet moment; called when one comes back here.
pub(in crate::tui) fn come_back(model: &mut Model) {
    unsettle(model);
    let now = model.now;
    if let Screen::Review(screen) = &mut model.screen {
        screen.guard = Guard::new(now);
    }
}

/// Acts on a key of the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most actions mean nothing in a review"
)]
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.touch();
    match action {
        Action::Approve
        | Action::Refuse
        | Action::KeepPinned
        | Action::Confirm
        | Action::ReleaseClean
        | Action::RefuseAndPause
        | Action::EditDraft
        | Action::OwnWords => return decide(model, action),
        Action::Back => {
            model.leave();
            return needs_you::refresh(model);
        }
        Action::Later => return review_queue::put_off(model),
        Action::SwitchView => switch_look(model),
        Action::NextNeed | Action::PreviousNeed => {
            return review_queue::next_need(model, action == Action::NextNeed);
        }
        Action::CopyMessage => return copy(model),
        _ => travel(model, action),
    }
    Vec::new()
}

fn travel(model: &mut Model, action: Action) {
    let Screen::Review(screen) = &model.screen else {
        return;
    };
    let desk = screen.desk(model);
    if let Screen::Review(screen) = &mut model.screen {
        if matches!(action, Action::NextPane | Action::PreviousPane) {
            screen.reading.switch(&desk, action == Action::NextPane);
        } else {
            let counts = screen.look == Look::Safe;
            screen.reading.travel(&desk, action, counts);
        }
        screen.armed = None;
    }
}

fn decide(model: &mut Model, action: Action) -> Vec<Effect> {
    let now = model.now;
    let Screen::Review(screen) = &model.screen else {
        return Vec::new();
    };
    let asleep = screen.asleep(model);
    let Screen::Review(screen) = &mut model.screen else {
        return Vec::new();
    };
    if asleep.is_some() {
        // A key that came too early was meant for something else; more may follow.
        screen.guard.rest(now);
        return Vec::new();
    }
    let Some(review) = &screen.review else {
        return Vec::new();
    };
    let means = if screen.several.is_some() {
        review_several::meaning(&screen.written, action)
    } else {
        meaning(review, &screen.written, screen.armed, action)
    };
    let verdict = match means {
        Meaning::Decides(verdict) => verdict,
        Meaning::Asks(verdict) => {
            screen.armed = Some(verdict);
            return Vec::new();
        }
        Meaning::Writes(purpose) => {
            let from = match purpose {
                Purpose::Edit => words_of(review.message.as_ref()).body,
                Purpose::OwnWords => PeerText::default(),
                Purpose::Reason => review_words::first_reason(),
            };
            screen.armed = None;
            screen.written.begin(purpose, &from);
            return Vec::new();
        }
        Meaning::Nothing(words) => {
            screen.armed = None;
            model.say(Tone::Trouble, words);
            return Vec::new();
        }
    };
    screen.deciding = true;
    let shown = OnScreen {
        percent: 100,
        seconds: u32::try_from(now.since(screen.opened).as_secs()).unwrap_or(u32::MAX),
    };
    review_several::requests(screen, verdict, shown)
}

/// Shows the message in the next way; what was read so far stays read.
fn switch_look(model: &mut Model) {
    if let Screen::Review(screen) = &mut model.screen {
        screen.look = match screen.look {
            Look::Safe => Look::Raw,
            Look::Raw => Look::Assistant,
            Look::Assistant => Look::Safe,
        };
        screen.reading.go_to_top();
        screen.armed = None;
    }
    rewrap(model);
}

/// Begins to read afresh, because there is more on the paper.
pub(super) fn reread(model: &mut Model) {
    let now = model.now;
    if let Screen::Review(screen) = &mut model.screen {
        screen.reading.restart();
        screen.guard = Guard::new(now);
    }
    rewrap(model);
}

/// Wraps the paper anew, because what is on it changed.
pub(super) fn rewrap(model: &mut Model) {
    if let Screen::Review(screen) = &mut model.screen {
        screen.papers.clear();
    }
}

/// Tells whether anything was found in the message under review.
pub(in crate::tui) fn has_signals(model: &Model) -> bool {
    let Screen::Review(screen) = &model.screen else {
        return false;
    };
    let message = screen
        .review
        .as_ref()
        .and_then(|review| review.message.as_ref());
    message.is_some_and(|message| !message.signals.is_empty())
}

/// Goes to the signal whose number was pressed, as far as the panes scroll.
pub(in crate::tui) fn jump(model: &mut Model, key: &KeyEvent) {
    let Screen::Review(screen) = &model.screen else {
        return;
    };
    let desk = screen.desk(model);
    let number = key.code.as_char().and_then(|digit| digit.to_digit(10));
    if let (Screen::Review(screen), Some(number)) = (&mut model.screen, number)
        && screen.reading.jump(&desk, number)
    {
        screen.armed = None;
        model.touch();
    }
}

/// Takes in what became of a decision, whatever lies over its screen.
pub(in crate::tui) fn decided(
    model: &mut Model,
    item: ReviewId,
    verdict: Verdict,
    answer: Result<(), Error>,
) -> Vec<Effect> {
    let Some(over) = model.lift(|screen| shows(screen, item)) else {
        return Vec::new();
    };
    let effects = end(model, item, verdict, answer);
    model.lower(over);
    effects
}

fn end(
    model: &mut Model,
    item: ReviewId,
    verdict: Verdict,
    answer: Result<(), Error>,
) -> Vec<Effect> {
    let now = model.now;
    let Screen::Review(screen) = &mut model.screen else {
        return Vec::new();
    };
    if screen.several.is_some() {
        return review_several::decided(model, answer);
    }
    screen.deciding = false;
    screen.armed = None;
    screen.guard.rest(now);
    let kind = screen
        .review
        .as_ref()
        .map(|review| review.item.kind.clone());
    match answer {
        Ok(()) => {
            let channel = screen.review.as_ref().map(|review| review.channel.id);
            model.just_sent = screen
                .review
                .as_ref()
                .and_then(|review| review_verdict::leaving(review, verdict, now))
                .or_else(|| model.just_sent.take());
            let words = done_words(screen.review.as_ref(), verdict);
            let asked = screen
                .review
                .as_ref()
                .filter(|review| review.asked.is_some());
            let one_way = asked.is_some_and(|review| {
                review.network.asks_first() && review.channel.trusts_us.is_none()
            });
            let was_active = screen.review.as_ref().is_some_and(review_verdict::is_move);
            model.leave();
            model.say(Tone::Fine, words);
            let is_key = matches!(
                kind,
                Some(ReviewKind::ContactRequest { .. } | ReviewKind::KeyChange { .. })
            );
            let pins = is_key && !was_active && verdict == Verdict::Approve;
            let accepted = channel.filter(|_| pins);
            match accepted {
                // There the next step is theirs: it is offered where the keys for it count.
                Some(channel) if one_way => accepted_one_way(model, channel),
                // A key that was just pinned is worth comparing while the person thinks of it.
                Some(channel) => safety_code::open_for(model, channel),
                None => needs_you::refresh(model),
            }
        }
        Err(Error::Changed) => ask(model, Request::Review { item }, Question::Review(item)),
        Err(error @ (Error::NothingToDecide | Error::AlreadyDecided(_))) => {
            screen.gone = Some(error.to_string());
            model.touch();
            Vec::new()
        }
        Err(error) => {
            model.say(Tone::Trouble, format!("Not decided: {error}"));
            Vec::new()
        }
    }
}

/// Goes to the channel of somebody who was accepted and does not accept us yet.
fn accepted_one_way(model: &mut Model, channel: ChannelId) -> Vec<Effect> {
    let effects = catch_up::go_to(model, channel);
    let keys = scan::ask_back_keys(model);
    // What to press comes first, because a small window cuts the line.
    let words = if scan::is_asked(model, channel) {
        "Accepted. They take what you write once they accepted your request.".to_owned()
    } else {
        format!("Accepted. {keys} asks them to accept you; until then they take nothing of yours.")
    };
    model.say(Tone::Fine, words);
    effects
}

/// Returns the rules that would let the like of the item on top pass, where there are some.
pub(super) fn rule(model: &Model) -> Option<&str> {
    let Screen::Review(screen) = &model.screen else {
        return None;
    };
    screen.review.as_ref()?.rule.as_deref()
}

/// Returns the held message's text, where there is one.
pub(in crate::tui) fn held_text(model: &Model) -> Option<&PeerText> {
    let Screen::Review(screen) = &model.screen else {
        return None;
    };
    let message = screen.review.as_ref()?.message.as_ref()?;
    Some(message.content.text())
}

fn copy(model: &Model) -> Vec<Effect> {
    held_text(model).map_or_else(Vec::new, |text| vec![Effect::Copy(quoted(text))])
}
