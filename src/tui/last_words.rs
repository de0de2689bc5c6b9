//! What is kept before the surface is left.

use super::message::Effect;
use super::model::Model;
use super::screen::note;
use super::watch;

impl Model {
    /// Returns what has to be asked before the person is gone: what is written is kept on disk,
    /// and it is noted when they last looked.
    pub(super) fn part(&mut self) -> Vec<Effect> {
        let kept = self.composer.keep().into_iter();
        let notes = note::keep(self);
        kept.chain(notes).chain([watch::looked()]).collect()
    }

    /// Tells whether something that was written is being kept just now.
    pub(super) fn is_keeping(&self) -> bool {
        self.composer.is_keeping() || note::is_keeping(self)
    }
}
