//! An item that needs a person: read out in full, then decided by a whole word.

use std::collections::VecDeque;

use crate::api::{Error, Reply, Request, Review};
use crate::model::{PeerText, ReviewId, ReviewKind, UnixMillis, Verdict};
use crate::text::sanitise;

use super::paper::{self, Look, Paper};
use super::state::{Leaving, Page, Question, State, Typed};
use super::verdict::{self, Meaning, Purpose, SECOND, Written};
use super::{channel, code, rests, step, words};

/// Lines that are read out in one go.
const PORTION: usize = 60;

/// An item on its way to a decision.
#[derive(Debug)]
pub(super) struct ReviewPage {
    review: Review,
    /// What was not read out yet. While there is any, no word decides.
    unread: VecDeque<String>,
    total: usize,
    opened: UnixMillis,
    written: Written,
    typing: Option<(Purpose, Vec<String>)>,
    armed: Option<Verdict>,
}

impl ReviewPage {
    pub(super) fn is_writing(&self) -> bool {
        self.typing.is_some()
    }

    pub(super) fn prompt(&self) -> String {
        match (&self.typing, self.armed) {
            (Some((Purpose::Version, _)), _) => "your version".to_owned(),
            (Some((Purpose::OwnWords, _)), _) => "your words".to_owned(),
            (Some((Purpose::Reason, _)), _) => "reason".to_owned(),
            (None, _) if !self.unread.is_empty() => "Enter reads on".to_owned(),
            (None, Some(_)) => SECOND.to_owned(),
            (None, None) => format!("decide {}", words::name(&self.review.item.name)),
        }
    }
}

/// Asks for an item.
pub(super) fn open(state: &mut State, item: ReviewId) {
    state.ask(Request::Review { item }, Question::Review(item));
}

/// Begins to read an item out.
pub(super) fn show(state: &mut State, review: Review) {
    let mut page = Box::new(ReviewPage {
        unread: VecDeque::new(),
        total: 0,
        opened: state.now,
        written: Written::default(),
        typing: None,
        armed: None,
        review,
    });
    read(state, &mut page, Look::Whole);
    state.page = Page::Review(page);
}

fn read(state: &mut State, page: &mut ReviewPage, look: Look) {
    let lines = paper::of(&page.review, look, state.width, &state.zone);
    read_out(state, page, lines);
}

fn read_out(state: &mut State, page: &mut ReviewPage, lines: Vec<String>) {
    page.total = lines.len();
    page.unread = lines.into();
    read_on(state, page);
}

fn read_on(state: &mut State, page: &mut ReviewPage) {
    let now = page.unread.len().min(PORTION);
    state.say_all(page.unread.drain(..now));
    if page.unread.is_empty() {
        state.say(verdict::otherwise(&page.review));
        choose(state, page);
    } else {
        say_where(state, page);
    }
}

fn say_where(state: &mut State, page: &ReviewPage) {
    let read = page.total - page.unread.len();
    state.say(format!(
        "Read out: {read} of {} lines. Enter reads on; a word decides once all was read out.",
        page.total
    ));
}

fn choose(state: &mut State, page: &ReviewPage) {
    state.say(verdict::choices(&page.review, &page.written));
}

/// Takes a line.
pub(super) fn line(state: &mut State, mut page: Box<ReviewPage>, typed: &Typed) {
    if let Some((purpose, lines)) = page.typing.take() {
        write(state, &mut page, (purpose, lines), typed);
        state.page = Page::Review(page);
        return;
    }
    let word = step::word(typed);
    if !page.unread.is_empty() {
        let decides = verdict::meaning(&page.review, &page.written, &word).is_some();
        if word.is_empty() || word == "more" {
            read_on(state, &mut page);
        } else if decides || word == SECOND {
            say_where(state, &page);
        } else {
            elsewhere(state, page, typed);
            return;
        }
        state.page = Page::Review(page);
        return;
    }
    if let Some(armed) = page.armed.take() {
        if word == SECOND {
            confirm(state, page, armed, typed);
            return;
        }
        state.say("Not confirmed: nothing was decided.");
    }
    match verdict::meaning(&page.review, &page.written, &word) {
        Some(meaning) => act(state, page, meaning, typed),
        None => other(state, page, &word, typed),
    }
}

fn confirm(state: &mut State, mut page: Box<ReviewPage>, armed: Verdict, typed: &Typed) {
    if let Some(why) = state.too_soon(typed) {
        state.say(why);
        page.armed = Some(armed);
        state.page = Page::Review(page);
        return;
    }
    decide(state, page, armed);
}

fn act(state: &mut State, mut page: Box<ReviewPage>, meaning: Meaning, typed: &Typed) {
    match meaning {
        Meaning::Decides(_) | Meaning::Asks(_) if state.too_soon(typed).is_some() => {
            state.say(state.too_soon(typed).unwrap_or_default());
        }
        Meaning::Decides(verdict) => {
            decide(state, page, verdict);
            return;
        }
        Meaning::Asks(verdict) => {
            page.armed = Some(verdict);
            state.say(verdict::follows(&page.review, verdict));
            state.say(format!(
                "Type {SECOND} to do it. Anything else leaves it undecided."
            ));
        }
        Meaning::Writes(purpose) => {
            state.say(match purpose {
                Purpose::Version => "Write your version. An empty line or a dot ends it.",
                Purpose::OwnWords => {
                    "Write what your assistant gets in its place. An empty line or a dot ends it."
                }
                Purpose::Reason => {
                    "Why not, in one line, for your assistant alone. An empty line is no reason."
                }
            });
            page.typing = Some((purpose, Vec::new()));
        }
        Meaning::Nothing(why) => state.say(why),
    }
    state.page = Page::Review(page);
}

fn decide(state: &mut State, page: Box<ReviewPage>, verdict: Verdict) {
    let seconds = state.now.since(page.opened).as_secs();
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    let request = verdict::request(&page.review, &page.written, verdict, seconds);
    let item = page.review.item.id;
    state.page = Page::Review(page);
    state.ask(request, Question::Decide(item, verdict));
}

/// Takes a line that says nothing of the item.
fn other(state: &mut State, mut page: Box<ReviewPage>, word: &str, typed: &Typed) {
    match word {
        "again" => read(state, &mut page, Look::Whole),
        "raw" => read(state, &mut page, Look::Raw),
        "assistant" => read(state, &mut page, Look::Assistant),
        "later" | "back" => {
            state.say("Left undecided.");
            state.list(Page::Needs);
            return;
        }
        "" | "y" | "yes" | "n" | "no" | "ok" => {
            state.say("That decides nothing.");
            choose(state, &page);
        }
        number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            state.say("A number decides nothing.");
            choose(state, &page);
        }
        word => {
            let Some(time) = rests::behind(word, "snooze") else {
                elsewhere(state, page, typed);
                return;
            };
            rests::snooze(state, page.review.item.id, time);
        }
    }
    state.page = Page::Review(page);
}

/// Takes a word that leads away; one that nobody knows leads nowhere.
fn elsewhere(state: &mut State, page: Box<ReviewPage>, typed: &Typed) {
    state.page = Page::Review(page);
    step::anywhere(state, typed);
    if !matches!(state.page, Page::Review(_)) {
        state.say("The item was left undecided.");
    }
}

fn write(
    state: &mut State,
    page: &mut ReviewPage,
    (purpose, mut lines): (Purpose, Vec<String>),
    typed: &Typed,
) {
    let text = typed.text.expose_untrusted().trim_end();
    let ends = text.is_empty() || text == ".";
    if purpose == Purpose::Reason {
        page.written.reason = (!ends).then(|| PeerText::new(text));
        choose(state, page);
        return;
    }
    if !ends {
        lines.push(text.to_owned());
        page.typing = Some((purpose, lines));
        return;
    }
    let text = (!lines.is_empty()).then(|| PeerText::new(lines.join("\n")));
    let draft = page
        .review
        .message
        .as_ref()
        .map(|message| message.content.text());
    let differs = text.filter(|text| Some(text) != draft);
    if differs.is_none() {
        state.say("Nothing was written that is not there already.");
    }
    let mut paper = Paper::new(state.width, &state.zone);
    if let Some(text) = &differs {
        paper.of("you", &sanitise(text));
    }
    let lines = paper.lines;
    match purpose {
        Purpose::Version => page.written.version = differs,
        Purpose::OwnWords | Purpose::Reason => page.written.own_words = differs,
    }
    // What is decided on has to have been read out too.
    read_out(state, page, lines);
}

/// Takes in what became of a decision.
pub(super) fn decided(
    state: &mut State,
    item: ReviewId,
    verdict: Verdict,
    answer: Result<Reply, Error>,
) {
    let page = std::mem::replace(&mut state.page, Page::Needs);
    let Page::Review(page) = page else {
        state.page = page;
        return;
    };
    if page.review.item.id != item {
        state.page = Page::Review(page);
        return;
    }
    match answer {
        Ok(_) => {
            let kind = &page.review.item.kind;
            state.say(verdict::done(&page.review, verdict));
            let passes = matches!(verdict, Verdict::Approve | Verdict::SendEdited);
            if let ReviewKind::HeldDraft { message, .. } = kind
                && passes
            {
                state.leaving = Some(Leaving {
                    message: *message,
                    draft: None,
                });
            }
            let pins = passes && !verdict::is_move(&page.review);
            if matches!(kind, ReviewKind::ContactRequest { .. }) && pins {
                accepted(state, &page.review);
            } else {
                state.list(Page::Needs);
            }
        }
        Err(Error::Changed) => {
            state.say("It changed since it was read out. Nothing was decided; here it is again.");
            open(state, item);
        }
        Err(error) => {
            state.say(format!("Not done: {}.", words::safe(&error.to_string())));
            state.list(Page::Needs);
        }
    }
}

/// Goes on from an accepted contact: to comparing the code, or, where they do not accept us yet,
/// to the channel, in which they can be asked.
fn accepted(state: &mut State, review: &Review) {
    let id = review.channel.id;
    state.learn(review.channel.clone());
    // What the channel reads out first: it does not wait for the person any more.
    state.needs.retain(|item| item.id != review.item.id);
    if review.asked.is_none() || review.channel.trusts_us.is_some() {
        code::open(state, id);
        return;
    }
    if !review.network.asks_first() {
        code::open(state, id);
        return;
    }
    state.say(if review.channel.inviter {
        "They take what you write once they accepted your request."
    } else {
        "They accept nothing from you until they accepted yours; askback asks them."
    });
    state.reload();
    channel::open(state, id);
}
