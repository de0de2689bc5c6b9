//! The tour of the demo: what a newcomer can try there, ticked once it was done.
//!
//! Observes what the engine answered and what was copied; it never does anything itself.

use std::fmt;

use crate::api::{Error, Reply};
use crate::model::{ReviewKind, Verdict};

use super::keymap::{Action, Keys, Scope};
use super::message::Question;
use super::model::{Model, Screen, Tone};

/// One thing to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Read,
    Refuse,
    Edit,
    Compare,
    Invite,
    Engagement,
    Search,
    Theme,
}

/// A piece of the hint how to do it: words, or the key that stands for an action.
enum Hint {
    Words(&'static str),
    Key(Scope, Action),
}

use Hint::{Key, Words};

impl Step {
    /// All steps, in the order in which the tour proposes them.
    const ALL: [Self; 8] = [
        Self::Read,
        Self::Refuse,
        Self::Edit,
        Self::Compare,
        Self::Invite,
        Self::Engagement,
        Self::Search,
        Self::Theme,
    ];

    /// Says what is to be done, in at most 28 cells.
    fn words(self) -> &'static str {
        match self {
            Self::Read => "read a conversation",
            Self::Refuse => "refuse what Ken tries",
            Self::Edit => "approve a draft you edited",
            Self::Compare => "accept and compare a code",
            Self::Invite => "make an invite, copy it",
            Self::Engagement => "change rules, see replay",
            Self::Search => "search in everything",
            Self::Theme => "switch the theme",
        }
    }

    fn hint(self) -> &'static [Hint] {
        match self {
            Self::Read => &[
                Key(Scope::Main, Action::NextUnread),
                Words(" goes to what is new; what you rest on counts as read"),
            ],
            Self::Refuse => &[
                Key(Scope::Main, Action::NextNeed),
                Words(" until a message of Ken, Enter, read to its end, "),
                Key(Scope::Review, Action::Refuse),
            ],
            Self::Edit => &[
                Key(Scope::Main, Action::NextNeed),
                Words(" until the draft to Marta, Enter, "),
                Key(Scope::Review, Action::EditDraft),
                Words(" and write, Esc, "),
                Key(Scope::Review, Action::Approve),
            ],
            Self::Compare => &[
                Key(Scope::Main, Action::NextNeed),
                Words(" until Northwind, Enter, "),
                Key(Scope::Review, Action::Approve),
                Words(", then type the word and "),
                Key(Scope::SafetyCode, Action::Confirm),
            ],
            Self::Invite => &[
                Key(Scope::Main, Action::NewInvite),
                Words(", a name, Enter, then "),
                Key(Scope::Invite, Action::CopyLink),
            ],
            Self::Engagement => &[
                Key(Scope::Main, Action::Engagement),
                Words(" in a channel, "),
                Key(Scope::Engagement, Action::NextValue),
                Words(" changes a row, "),
                Key(Scope::Engagement, Action::Save),
                Words(" saves"),
            ],
            Self::Search => &[
                Key(Scope::Anywhere, Action::OpenSearch),
                Words(" and a word, for example Thursday; Esc comes back"),
            ],
            Self::Theme => &[
                Key(Scope::Anywhere, Action::Palette),
                Words(" and theme, then Enter on one of them; or in the settings, "),
                Key(Scope::Main, Action::OpenSettings),
            ],
        }
    }
}

/// Which steps were done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tour {
    done: [bool; Step::ALL.len()],
}

impl Tour {
    /// Returns how many steps were done, and how many there are.
    pub fn progress(self) -> (usize, usize) {
        let done = self.done.iter().filter(|done| **done).count();
        (done, self.done.len())
    }

    /// Returns the steps, each with whether it was done.
    pub(super) fn steps(self) -> impl Iterator<Item = (&'static str, bool)> {
        let all = Step::ALL.into_iter().zip(self.done);
        all.map(|(step, done)| (step.words(), done))
    }

    /// Returns the line that proposes what to try next, by the keys in force.
    pub(super) fn proposal(self, keys: &Keys) -> String {
        let (done, all) = self.progress();
        let next = Step::ALL.into_iter().zip(self.done).find(|(_, done)| !done);
        let Some((step, _)) = next else {
            return format!(
                "tour {all} of {all}: that was all; go on as you like, {} leaves",
                keys.label(Scope::Main, Action::Quit)
            );
        };
        let mut line = format!("tour {done} of {all}: {}: ", step.words());
        for piece in step.hint() {
            match piece {
                Words(words) => line.push_str(words),
                Key(scope, action) => line.push_str(&keys.label(*scope, *action)),
            }
        }
        line
    }
}

impl fmt::Display for Tour {
    /// Writes the checklist, a line each, without a line feed at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (done, all) = self.progress();
        write!(f, "The tour, {done} of {all}:")?;
        for (words, done) in self.steps() {
            write!(f, "\n  [{}] {words}", if done { "x" } else { " " })?;
        }
        Ok(())
    }
}

/// Ticks a step, where there is a tour.
pub(super) fn tick(model: &mut Model, step: Step) {
    let Some(tour) = &mut model.tour else { return };
    let at = Step::ALL.iter().position(|one| *one == step);
    let Some(done) = at.and_then(|at| tour.done.get_mut(at)).filter(|d| !**d) else {
        return;
    };
    *done = true;
    let (done, all) = tour.progress();
    let words = format!("Tour: {} ✓ · {done} of {all}", step.words());
    // What was just said, how to take it back for one, is worth more than the tick.
    let said = model.notice.take().filter(|said| said.until > model.now);
    match said {
        Some(said) => model.say(said.tone, format!("{} {words}", said.text)),
        None => model.say(Tone::Fine, words),
    }
}

/// Looks at what the engine answered, before the answer finds its place.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most of what is asked is no step of the tour"
)]
pub(super) fn answered(
    model: &Model,
    question: &Question,
    answer: &Result<Reply, Error>,
) -> Option<Step> {
    answer.as_ref().ok()?;
    match question {
        Question::MarkRead => Some(Step::Read),
        Question::Decide(item, Verdict::Refuse | Verdict::RefuseAndPause) => {
            let kind = &model.need(*item)?.kind;
            matches!(kind, ReviewKind::HeldMessage { .. }).then_some(Step::Refuse)
        }
        Question::Decide(_, Verdict::SendEdited) => Some(Step::Edit),
        Question::Verify(_) => Some(Step::Compare),
        Question::SetEngagement(_) => Some(Step::Engagement),
        Question::Search(..) => Some(Step::Search),
        _ => None,
    }
}

/// Looks at a copy that succeeded.
pub(super) fn copied(model: &mut Model) {
    if matches!(model.screen, Screen::Invite(_)) {
        tick(model, Step::Invite);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_hint_is_in_the_table() {
        for step in Step::ALL {
            for piece in step.hint() {
                if let Key(scope, action) = piece {
                    assert_ne!(
                        Keys::built_in().label(*scope, *action),
                        "",
                        "{scope:?} {action:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_tour_proposes_the_first_step_that_is_left() {
        let mut tour = Tour::default();
        assert!(
            tour.proposal(&Keys::built_in())
                .starts_with("tour 0 of 8: read a conv")
        );
        tour.done[0] = true;
        tour.done[2] = true;
        assert!(
            tour.proposal(&Keys::built_in())
                .starts_with("tour 2 of 8: refuse what")
        );
        tour.done = [true; Step::ALL.len()];
        assert!(tour.proposal(&Keys::built_in()).ends_with("q leaves"));
    }

    #[test]
    fn the_checklist_says_what_was_done() {
        let mut tour = Tour::default();
        tour.done[1] = true;
        let list = tour.to_string();
        assert!(list.starts_with("The tour, 1 of 8:\n  [ ] read a conversation\n  [x] refuse"));
    }
}
