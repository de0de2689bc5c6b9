//! What stands between a stray key and something that cannot be taken back.
//!
//! The terminal has focus, the input queue ran empty after a frame, and a
//! moment (`keys_live_ms`, 400 ms at least) has passed without a change. Must not: read a clock.

use crate::model::UnixMillis;
use crate::tui::model::Model;

/// Since when nothing stood against a confirmation but time.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Guard {
    calm_since: UnixMillis,
    drained: bool,
}

impl Guard {
    /// Starts the wait.
    pub(super) fn new(now: UnixMillis) -> Self {
        Self {
            calm_since: now,
            drained: false,
        }
    }

    /// Starts the wait again, without another frame.
    pub(super) fn rest(&mut self, now: UnixMillis) {
        self.calm_since = now;
    }

    /// Notes a frame; `quiet` if no input waited behind it. Tells whether that is news.
    pub(super) fn drawn(&mut self, quiet: bool) -> bool {
        let news = quiet && !self.drained;
        self.drained |= quiet;
        news
    }

    /// Returns why no key confirms now, if so.
    pub(super) fn asleep(self, model: &Model) -> Option<&'static str> {
        if model.is_tiny() {
            return Some("enlarge the window to decide");
        }
        let Some(focused) = model.focused_since else {
            return Some("keys off: the terminal has no focus");
        };
        self.is_settling(focused, model)
            .then_some("keys off for a moment")
    }

    /// Tells whether only time, or a frame, stands against a confirmation, with the focus here
    /// since `focused`.
    pub(super) fn is_settling(self, focused: UnixMillis, model: &Model) -> bool {
        let calm = model.now.since(self.calm_since.max(focused));
        !self.drained || calm < model.config.keys_live()
    }

    /// Returns when keys confirm if nothing happens until then.
    pub(in crate::tui) fn live_at(self, model: &Model) -> Option<UnixMillis> {
        let focused = model.focused_since?;
        Some(self.calm_since.max(focused).after(model.config.keys_live()))
    }

    /// Tells whether keys came to life between `before` and now.
    pub(in crate::tui) fn woke_between(self, model: &Model, before: UnixMillis) -> bool {
        self.live_at(model)
            .is_some_and(|live| before < live && live <= model.now)
    }
}
