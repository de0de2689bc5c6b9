//! Several plain items of one kind under one review: listed in full, decided by one key.
//!
//! What may be taken together is narrow on purpose: the same kind, the same channel, nothing
//! found in any of them, none that asks twice, and few enough to be read.

use crate::api::{Error, Request, Review};
use crate::model::{OnScreen, ReviewId, ReviewItem, ReviewKind, Verdict};
use crate::tui::keymap::Action;
use crate::tui::message::{Effect, Question};
use crate::tui::model::{Model, Screen, Tone};
use crate::tui::update::ask;

use super::review::{self, ReviewScreen};
use super::review_decision::{Choice, choice};
use super::review_verdict::{self, Meaning};
use super::review_words::{Purpose, Written};

/// Items that may be decided at once.
const MOST: usize = 10;

/// Why there is nothing to decide together any more.
pub(super) const FOUND_OUT: &str = "something was found in one of these; open them one by one";

/// The items beside the first one, and how far their decisions came.
#[derive(Debug, Default)]
pub(super) struct Several {
    wanted: Vec<ReviewId>,
    found: Vec<Review>,
    /// Decisions that are under way.
    open: usize,
    done: usize,
    /// What went wrong, of the last one that did.
    problem: Option<String>,
}

impl Several {
    /// Tells whether there is more than the one item.
    pub(super) fn is_some(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Tells whether all of them are here.
    pub(super) fn is_whole(&self) -> bool {
        self.found.len() == self.wanted.len()
    }

    /// Returns the ids beside the first item.
    pub(super) fn ids(&self) -> &[ReviewId] {
        &self.wanted
    }

    /// Returns the items beside the first one, in their order.
    pub(super) fn found(&self) -> &[Review] {
        &self.found
    }

    fn place(&mut self, review: Review) -> Placed {
        let same = |held: &&mut Review| held.item.id == review.item.id;
        if let Some(held) = self.found.iter_mut().find(same) {
            let changed = held.item.seen != review.item.seen;
            *held = review;
            return if changed {
                Placed::Changed
            } else {
                Placed::Same
            };
        }
        self.found.push(review);
        let order = |review: &Review| self.wanted.iter().position(|id| *id == review.item.id);
        self.found.sort_by_key(order);
        Placed::New
    }
}

/// How an answer stood to what was held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Placed {
    New,
    Same,
    Changed,
}

/// Tells whether an item may be decided together with others like it.
pub(super) fn is_plain(item: &ReviewItem) -> bool {
    match &item.kind {
        ReviewKind::HeldMessage {
            signals, severe, ..
        } => *signals == 0 && !severe,
        ReviewKind::HeldDraft { reason, severe, .. } => reason.is_empty() && !severe,
        ReviewKind::ContactRequest { .. } | ReviewKind::KeyChange { .. } => false,
    }
}

/// Returns why these cannot be decided together, in a sentence; `None` if they can.
pub(super) fn why_apart(items: &[&ReviewItem]) -> Option<&'static str> {
    let [first, rest @ ..] = items else {
        return Some("Nothing is selected; <needs_you.select> selects.");
    };
    let kind = std::mem::discriminant(&first.kind);
    if items.len() > MOST {
        Some("At most ten at once.")
    } else if rest.iter().any(|item| item.channel != first.channel) {
        Some("Only items of one channel can be decided together.")
    } else if rest
        .iter()
        .any(|item| std::mem::discriminant(&item.kind) != kind)
    {
        Some("Only items of one kind can be decided together.")
    } else if items.iter().any(|item| !is_plain(item)) {
        Some("What has a signal or !! is decided by itself.")
    } else {
        None
    }
}

/// Walks into one review of several items; the caller has asked [`why_apart`].
pub(in crate::tui) fn open(model: &mut Model, items: &[ReviewId]) -> Vec<Effect> {
    let Some((first, rest)) = items.split_first() else {
        return Vec::new();
    };
    let mut effects = review::open(model, *first);
    if let Screen::Review(screen) = &mut model.screen {
        screen.several = Several {
            wanted: rest.to_vec(),
            ..Several::default()
        };
        review::reread(model);
    }
    for item in rest {
        let item = *item;
        effects.extend(ask(model, Request::Review { item }, Question::Review(item)));
    }
    effects
}

/// Takes in one of the items beside the first.
pub(super) fn take(model: &mut Model, answer: Result<Review, Error>) {
    let Screen::Review(screen) = &mut model.screen else {
        return;
    };
    match answer {
        Ok(review) if !is_plain(&review.item) => {
            screen.gone = Some(FOUND_OUT.into());
        }
        Ok(review) => match screen.several.place(review) {
            Placed::Same => return,
            Placed::New => review::reread(model),
            Placed::Changed => {
                review::reread(model);
                model.say(
                    Tone::Trouble,
                    "One of these changed since it was shown. Read them again.",
                );
            }
        },
        Err(error) => screen.gone = Some(format!("one of these: {error}")),
    }
    model.touch();
}

/// Returns what a key means for all of them.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only what is the same for all can be said of all"
)]
pub(super) fn meaning(written: &Written, action: Action) -> Meaning {
    match action {
        Action::Approve => Meaning::Decides(Verdict::Approve),
        Action::Refuse if written.asked_reason() => Meaning::Decides(Verdict::Refuse),
        Action::Refuse => Meaning::Writes(Purpose::Reason),
        Action::RefuseAndPause => Meaning::Decides(Verdict::RefuseAndPause),
        _ => {
            Meaning::Nothing("That is said of one at a time; <review.back> goes back to the list.")
        }
    }
}

/// Returns what can be chosen for all of them.
pub(super) fn choices(review: &Review) -> Vec<Choice> {
    let pass = if review_verdict::is_draft(review) {
        choice("<review.approve>", "send all of them as is", "send all")
    } else {
        choice(
            "<review.approve>",
            "release all of them as is",
            "release all",
        )
    };
    vec![
        pass,
        choice("<review.refuse>", "refuse all, say why", "refuse all"),
        choice(
            "<review.refuse_and_pause>",
            "refuse all, pause channel",
            "refuse all, pause",
        ),
        choice("<review.later>", "decide later", "later"),
    ]
}

/// Returns the decisions that one verdict makes, each bound to its own item.
pub(super) fn requests(
    screen: &mut ReviewScreen,
    verdict: Verdict,
    shown: OnScreen,
) -> Vec<Effect> {
    let reviews: Vec<&Review> = screen.review.iter().chain(screen.several.found()).collect();
    let effects: Vec<Effect> = reviews
        .into_iter()
        .map(|review| {
            let request = review_verdict::request(review, screen.written(), verdict, shown);
            Effect::Ask(request, Question::Decide(review.item.id, verdict))
        })
        .collect();
    screen.several.open = effects.len();
    screen.several.done = 0;
    screen.several.problem = None;
    effects
}

/// Takes in what became of one of the decisions; after the last one it says what all came to.
pub(super) fn decided(model: &mut Model, answer: Result<(), Error>) -> Vec<Effect> {
    let Screen::Review(screen) = &mut model.screen else {
        return Vec::new();
    };
    let several = &mut screen.several;
    several.open = several.open.saturating_sub(1);
    match answer {
        Ok(()) => several.done += 1,
        Err(error) => several.problem = Some(error.to_string()),
    }
    if several.open > 0 {
        return Vec::new();
    }
    let (done, all) = (several.done, several.wanted.len() + 1);
    let problem = several.problem.take();
    model.leave();
    match problem {
        None => model.say(Tone::Fine, format!("Decided: all {all}.")),
        Some(problem) => {
            let words = format!("Decided: {done} of {all}. The others: {problem}.");
            model.say(Tone::Trouble, words);
        }
    }
    ask(model, Request::NeedsYou, Question::NeedsYou)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChannelId, Digest, MessageId, PeerText, UnixMillis};

    fn draft(id: i64, reason: &str) -> ReviewItem {
        ReviewItem {
            id: ReviewId(id),
            channel: ChannelId(1),
            name: PeerText::new("Marta"),
            kind: ReviewKind::HeldDraft {
                message: MessageId(id),
                rule: "every draft waits".into(),
                reason: reason.into(),
                expires: UnixMillis(1),
                severe: false,
            },
            since: UnixMillis(0),
            snoozed: None,
            seen: Digest([0; 32]),
        }
    }

    fn why(items: &[ReviewItem]) -> Option<&'static str> {
        why_apart(&items.iter().collect::<Vec<_>>())
    }

    #[test]
    fn only_plain_items_of_one_kind_and_channel_go_together() {
        let plain = [draft(1, ""), draft(2, "")];
        assert_eq!(why(&plain), None);
        let mut other = draft(3, "");
        other.channel = ChannelId(2);
        assert!(why(&[draft(1, ""), other]).is_some());
        let mut message = draft(3, "");
        message.kind = ReviewKind::HeldMessage {
            message: MessageId(3),
            rule: String::new(),
            signals: 0,
            severe: false,
        };
        assert!(why(&[draft(1, ""), message.clone()]).is_some());
        assert_eq!(why(&[message]), None);
    }

    #[test]
    fn what_was_found_in_or_weighs_much_stays_by_itself() {
        assert!(why(&[draft(1, ""), draft(2, "holds an address")]).is_some());
        let mut severe = draft(2, "");
        if let ReviewKind::HeldDraft { severe, .. } = &mut severe.kind {
            *severe = true;
        }
        assert!(why(&[severe]).is_some());
    }

    #[test]
    fn more_than_ten_or_none_do_not_go_together() {
        let many: Vec<_> = (1..=11).map(|id| draft(id, "")).collect();
        assert!(why(&many).is_some());
        assert_eq!(why(&many[..10]), None);
        assert!(why(&[]).is_some());
    }
}
