//! Questions that are under way to the engine.

use super::message::Question;

/// Reads under way, so that a burst of events asks once and then once more.
#[derive(Debug, Default)]
pub(super) struct Flights {
    open: Vec<(Question, bool)>,
}

impl Flights {
    /// Tells whether to ask now; while an answer is awaited it is asked again after that.
    pub(super) fn depart(&mut self, question: &Question) -> bool {
        if let Some((_, again)) = self.open.iter_mut().find(|(open, _)| open == question) {
            *again = true;
            return false;
        }
        self.open.push((question.clone(), false));
        true
    }

    /// Notes the answer; tells whether to ask again.
    pub(super) fn arrive(&mut self, question: &Question) -> bool {
        let Some(index) = self.open.iter().position(|(open, _)| open == question) else {
            return false;
        };
        self.open.swap_remove(index).1
    }
}
