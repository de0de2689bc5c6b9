//! How a key is written, read and recognised.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with at most Ctrl held down, or two characters one after the other. Letters carry
/// their own case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    pub(super) code: KeyCode,
    pub(super) ctrl: bool,
    /// The character that has to follow.
    pub(super) then: Option<char>,
}

/// How far an event brings a chord.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It is this chord.
    All,
    /// It begins this chord.
    Begins,
    /// It is something else.
    Other,
}

pub(super) const fn key(c: char) -> Chord {
    named(KeyCode::Char(c))
}

pub(super) const fn ctrl(c: char) -> Chord {
    Chord {
        code: KeyCode::Char(c),
        ctrl: true,
        then: None,
    }
}

pub(super) const fn named(code: KeyCode) -> Chord {
    Chord {
        code,
        ctrl: false,
        then: None,
    }
}

/// The same character twice, as in `gg`.
pub(super) const fn twice(c: char) -> Chord {
    Chord {
        code: KeyCode::Char(c),
        ctrl: false,
        then: Some(c),
    }
}

/// Names of keys that are no character, as they are shown and as they may be written.
const NAMES: &[(KeyCode, &str, &[&str])] = &[
    (KeyCode::Enter, "Enter", &["return"]),
    (KeyCode::Esc, "Esc", &["escape"]),
    (KeyCode::Tab, "Tab", &[]),
    (KeyCode::BackTab, "Shift-Tab", &["s-tab", "backtab"]),
    (KeyCode::Char(' '), "Space", &[]),
    (KeyCode::Backspace, "Backspace", &[]),
    (KeyCode::Delete, "Del", &["delete"]),
    (KeyCode::Insert, "Insert", &[]),
    (KeyCode::Up, "↑", &["up"]),
    (KeyCode::Down, "↓", &["down"]),
    (KeyCode::Left, "Left", &["←"]),
    (KeyCode::Right, "Right", &["→"]),
    (KeyCode::Home, "Home", &[]),
    (KeyCode::End, "End", &[]),
    (KeyCode::PageUp, "PgUp", &["pageup"]),
    (KeyCode::PageDown, "PgDn", &["pagedown"]),
];

/// What can be written where a key is expected.
pub(super) const POSSIBLE: &str = "a character, two characters one after the other, Ctrl and a \
letter (Ctrl-N), F1 to F12, Enter, Esc, Tab, Shift-Tab, Space, Backspace, Del, Insert, Up, Down, \
Left, Right, Home, End, PgUp or PgDn";

impl Chord {
    /// Returns how the key is written: `n`, `gg`, `Ctrl-J`, `Enter`.
    pub fn label(self) -> String {
        let named = NAMES.iter().find(|(code, ..)| *code == self.code);
        if let Some((_, name, _)) = named {
            return (*name).to_owned();
        }
        match (self.code, self.then) {
            (KeyCode::Char(c), _) if self.ctrl => format!("Ctrl-{}", c.to_ascii_uppercase()),
            (KeyCode::Char(c), Some(then)) => format!("{c}{then}"),
            (KeyCode::Char(c), None) => c.to_string(),
            (code, _) => code.to_string(),
        }
    }

    /// Reads a key as a person writes it; `None` if there is no such key.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let is_named = |(_, name, others): &&(KeyCode, &str, &[&str])| {
            name.to_lowercase() == lower || others.contains(&lower.as_str())
        };
        if let Some((code, ..)) = NAMES.iter().find(is_named) {
            return Some(named(*code));
        }
        let held = ["ctrl-", "c-", "ctrl+", "^"];
        let rest = held.iter().find_map(|prefix| {
            let rest = lower.strip_prefix(prefix)?;
            (rest.chars().count() == 1).then_some(rest)
        });
        if let Some(c) = rest.and_then(|rest| rest.chars().next()) {
            return (c.is_ascii_lowercase() || c == '[').then(|| ctrl(c));
        }
        let number = lower.strip_prefix('f').and_then(|n| n.parse::<u8>().ok());
        if let Some(number) = number.filter(|number| (1..=12).contains(number)) {
            return Some(named(KeyCode::F(number)));
        }
        let drawn = |c: &char| !c.is_control() && !c.is_whitespace();
        let mut chars = text.chars();
        match (chars.next().filter(drawn), chars.next(), chars.next()) {
            (Some(only), None, _) => Some(key(only)),
            (Some(first), Some(then), None) if drawn(&then) => Some(Self {
                then: Some(then),
                ..key(first)
            }),
            _ => None,
        }
    }

    /// Tells whether an event is this key, begins it, or is another. `pending` is the character
    /// that was pressed before, where it began something.
    pub(super) fn reach(self, pending: Option<char>, event: &KeyEvent) -> Reach {
        let modifiers = event.modifiers.difference(KeyModifiers::SHIFT);
        let plain = event.code.as_char().filter(|_| modifiers.is_empty());
        if let Some(first) = pending {
            let same = self.code == KeyCode::Char(first) && !self.ctrl;
            return if same && self.then.is_some() && self.then == plain {
                Reach::All
            } else {
                Reach::Other
            };
        }
        let wanted = if self.ctrl {
            KeyModifiers::CONTROL
        } else {
            KeyModifiers::NONE
        };
        // Shift is part of a letter's case; with any other key it makes another key.
        let shifted = event.modifiers.contains(KeyModifiers::SHIFT)
            && !matches!(event.code, KeyCode::Char(_) | KeyCode::BackTab);
        if event.code != self.code || modifiers != wanted || shifted {
            Reach::Other
        } else if self.then.is_some() {
            Reach::Begins
        } else {
            Reach::All
        }
    }

    /// Tells whether one of the two cannot be pressed without the other being meant.
    pub(super) fn clashes(self, other: Self) -> bool {
        let ends = self.then.is_none() || other.then.is_none() || self.then == other.then;
        self.code == other.code && self.ctrl == other.ctrl && ends
    }

    /// Tells whether it is two characters, of which this is the first.
    pub(in crate::tui) fn begins_with(self, first: char) -> bool {
        self.code == KeyCode::Char(first) && !self.ctrl && self.then.is_some()
    }

    /// Tells whether it is typed where letters are text.
    pub(super) fn is_plain(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.ctrl
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_shown_can_be_written_again() {
        let all = [
            key('n'),
            key('N'),
            key('['),
            key(' '),
            twice('g'),
            ctrl('k'),
            named(KeyCode::BackTab),
            named(KeyCode::Up),
            named(KeyCode::F(1)),
        ];
        for chord in all {
            assert_eq!(Chord::parse(&chord.label()), Some(chord), "{chord:?}");
        }
    }

    #[test]
    fn the_usual_spellings_are_understood() {
        for text in ["Ctrl-K", "ctrl-k", "C-k", "^K", "Ctrl+k"] {
            assert_eq!(Chord::parse(text), Some(ctrl('k')), "{text}");
        }
        assert_eq!(Chord::parse("f"), Some(key('f')));
        assert_eq!(Chord::parse("F1"), Some(named(KeyCode::F(1))));
        assert_eq!(Chord::parse("^"), Some(key('^')));
        for text in ["", "Hyper-X", "ggg", "Alt-x", "F13", "Ctrl-1", "\u{1b}"] {
            assert_eq!(Chord::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn two_characters_are_reached_in_two_steps() {
        let g = KeyEvent::new(KeyCode::Char('g'), KeyModifiers::NONE);
        let chord = twice('g');
        assert_eq!(chord.reach(None, &g), Reach::Begins);
        assert_eq!(chord.reach(Some('g'), &g), Reach::All);
        assert_eq!(chord.reach(Some('d'), &g), Reach::Other);
        assert_eq!(key('g').reach(Some('g'), &g), Reach::Other);
    }

    proptest! {
        #[test]
        fn any_text_is_a_key_or_none(text in any::<String>()) {
            if let Some(chord) = Chord::parse(&text) {
                prop_assert!(!chord.label().is_empty());
            }
        }
    }
}
