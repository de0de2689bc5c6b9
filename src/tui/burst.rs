//! Telling a block of text from typing, where a terminal does not say what is pasted.
//!
//! A terminal without bracketed paste sends a pasted text as keys. They come within the same
//! moment, which no hand does. A line end in such a block is a part of it: it never sends and
//! never confirms. Must not: read a clock.

use std::time::Duration;

use crate::model::UnixMillis;

/// Keys of a block are at most this far apart.
const GAP: Duration = Duration::from_millis(8);
/// So many keys in a row make a block.
const BLOCK: usize = 3;
/// How long an Enter that came with the key before it waits for what follows.
const PATIENCE: Duration = Duration::from_millis(40);

/// What an Enter means, after the keys before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enter {
    /// It was pressed.
    Pressed,
    /// It is a line end of a pasted block.
    OfBlock,
    /// Nobody can tell yet; what follows shows it.
    Unclear,
}

/// The keys of the last moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Burst {
    last: Option<UnixMillis>,
    keys: usize,
    /// Since when an Enter waits for what follows.
    waits: Option<UnixMillis>,
    /// Whether the terminal says by itself what is pasted.
    told: bool,
}

impl Burst {
    /// Notes that the terminal marked a paste: from now on keys are keys.
    pub(super) fn is_told(&mut self) {
        *self = Self {
            told: true,
            ..Self::default()
        };
    }

    /// Notes a key that is text.
    pub(super) fn typed(&mut self, now: UnixMillis) {
        self.keys = if self.follows(now) { self.keys + 1 } else { 1 };
        self.last = Some(now);
    }

    fn follows(&self, now: UnixMillis) -> bool {
        self.last.is_some_and(|last| now.since(last) <= GAP)
    }

    /// Says what an Enter means that comes now.
    pub(super) fn enter(&mut self, now: UnixMillis) -> Enter {
        if self.told || !self.follows(now) {
            return Enter::Pressed;
        }
        if self.keys >= BLOCK {
            self.typed(now);
            return Enter::OfBlock;
        }
        self.waits = Some(now);
        Enter::Unclear
    }

    /// Tells whether an Enter waited when this key came, and so belongs to a block with it.
    pub(super) fn take_waiting(&mut self, now: UnixMillis) -> bool {
        let waited = self.waits.take().is_some();
        if waited {
            // Together with the line end they are a block already.
            self.keys = BLOCK;
            self.last = Some(now);
        }
        waited
    }

    /// Returns when an Enter that waits counts as pressed.
    pub(super) fn due(&self) -> Option<UnixMillis> {
        self.waits.map(|since| since.after(PATIENCE))
    }

    /// Tells, once, that nothing followed the Enter that waited: it was pressed.
    pub(super) fn take_due(&mut self, now: UnixMillis) -> bool {
        let due = self.due().is_some_and(|due| due <= now);
        if due {
            self.waits = None;
        }
        due
    }
}

/// Tells whether a terminal marks what is pasted, by its name. Inside tmux the name is tmux's
/// own, which marks pastes whatever terminal it runs in.
pub(super) fn marks_pastes(term: Option<&str>, in_tmux: bool) -> bool {
    let lacks = [
        "dumb", "unknown", "linux", "ansi", "cons", "vt", "screen", "sun",
    ];
    in_tmux || term.is_some_and(|term| !lacks.iter().any(|name| term.starts_with(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_that_mark_pastes_are_known_by_their_names() {
        for (term, in_tmux, marks) in [
            (Some("xterm-256color"), false, true),
            (Some("alacritty"), false, true),
            (Some("screen-256color"), true, true),
            (Some("screen"), false, false),
            (Some("linux"), false, false),
            (None, false, false),
        ] {
            assert_eq!(marks_pastes(term, in_tmux), marks, "{term:?}");
        }
    }

    fn at(millis: i64) -> UnixMillis {
        UnixMillis(millis)
    }

    #[test]
    fn enter_after_typing_by_hand_is_pressed() {
        let mut burst = Burst::default();
        for time in [0, 90, 180, 200] {
            burst.typed(at(time));
        }
        assert_eq!(burst.enter(at(300)), Enter::Pressed);
    }

    #[test]
    fn a_line_end_within_a_block_belongs_to_it_however_long_it_is() {
        let mut burst = Burst::default();
        for time in [0, 0, 1, 2] {
            burst.typed(at(time));
        }
        assert_eq!(burst.enter(at(3)), Enter::OfBlock);
        burst.typed(at(4));
        assert_eq!(burst.enter(at(5)), Enter::OfBlock);
        assert_eq!(burst.enter(at(500)), Enter::Pressed);
    }

    #[test]
    fn one_key_and_enter_at_once_wait_for_what_follows() {
        let mut burst = Burst::default();
        burst.typed(at(0));
        assert_eq!(burst.enter(at(1)), Enter::Unclear);
        assert!(!burst.take_due(at(20)));
        assert!(burst.take_due(at(41)) && !burst.take_due(at(42)));

        burst.typed(at(100));
        assert_eq!(burst.enter(at(101)), Enter::Unclear);
        assert!(burst.take_waiting(at(102)));
        assert_eq!(burst.enter(at(103)), Enter::OfBlock);
    }

    #[test]
    fn a_terminal_that_marks_pastes_is_believed() {
        let mut burst = Burst::default();
        burst.is_told();
        for time in [0, 0, 0, 0] {
            burst.typed(at(time));
        }
        assert_eq!(burst.enter(at(0)), Enter::Pressed);
    }
}
