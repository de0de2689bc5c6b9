//! The screens that lie over one another.

use super::{Model, Screen};
use crate::tui::screen::{end_channel, engagement, review, safety_code};

impl Model {
    /// Puts a screen on top; Esc comes back to the one below.
    pub(in crate::tui) fn enter(&mut self, screen: Screen) {
        let below = std::mem::replace(&mut self.screen, screen);
        self.back.push(below);
        self.touch();
    }

    /// Goes back one screen.
    pub(in crate::tui) fn leave(&mut self) {
        self.screen = self.back.pop().unwrap_or(Screen::Main);
        self.uncovered();
    }

    /// Makes what was covered wait again: a review that one comes back to is as new.
    pub(in crate::tui) fn uncovered(&mut self) {
        review::come_back(self);
        safety_code::unsettle(self);
        engagement::unsettle(self);
        end_channel::unsettle(self);
        self.touch();
    }

    /// Goes back to the main screen.
    pub(in crate::tui) fn go_main(&mut self) {
        self.back.clear();
        self.screen = Screen::Main;
        self.touch();
    }

    /// Brings the nearest screen that is meant to the top, so that it takes an answer in as it
    /// would there. Returns the screens that lay over it, for [`Self::lower`]; `None` where no
    /// screen is meant.
    pub(in crate::tui) fn lift(
        &mut self,
        is_meant: impl Fn(&Screen) -> bool,
    ) -> Option<Vec<Screen>> {
        if is_meant(&self.screen) {
            return Some(Vec::new());
        }
        let at = self.back.iter().rposition(is_meant)?;
        let mut over = self.back.split_off(at);
        let meant = over.remove(0);
        over.push(std::mem::replace(&mut self.screen, meant));
        Some(over)
    }

    /// Lays what [`Self::lift`] took away over the screens again.
    pub(in crate::tui) fn lower(&mut self, over: Vec<Screen>) {
        for screen in over {
            self.enter(screen);
        }
    }

    /// Returns the screen on top, then those below it.
    pub(in crate::tui) fn screens_mut(&mut self) -> impl Iterator<Item = &mut Screen> {
        std::iter::once(&mut self.screen).chain(self.back.iter_mut().rev())
    }
}
