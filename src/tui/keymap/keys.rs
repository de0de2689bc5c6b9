//! The keys in force: the built-in table, and what a person changed in it.
//!
//! Pure: changes in, a table or one exact complaint out. Must not: accept a change after which
//! a reflex could decide, or a person could not get out of a screen.

use crossterm::event::{KeyCode, KeyEvent};

use super::chord::{self, Chord, POSSIBLE, Reach};
use super::{Action, Binding, Scope, TABLE};

/// One line of the table in force.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is about, with the keys it has built in.
    pub binding: &'static Binding,
    /// Its keys now; the first is the one shown. Empty where it has none.
    pub keys: Vec<Chord>,
}

impl Line {
    /// Tells whether a person changed it.
    pub fn is_changed(&self) -> bool {
        self.keys != self.binding.keys
    }

    /// Returns the name under which the settings know it: `main.next_need`.
    pub fn name(&self) -> String {
        name_of(self.binding)
    }

    /// Returns the key as the bar shows it; empty where it has none.
    pub fn label(&self) -> String {
        self.keys.first().map(|key| key.label()).unwrap_or_default()
    }
}

fn name_of(binding: &Binding) -> String {
    format!("{}.{}", binding.scope.name(), binding.action.name())
}

/// A line of the settings that changes a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Line of the file, from 1.
    pub line: usize,
    /// What is changed: `main.next_need`.
    pub name: String,
    /// Its keys from now on; none leaves it without.
    pub keys: Vec<String>,
}

/// What Enter does where one writes a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EnterKey {
    /// It sends, and Ctrl-J begins a line.
    #[default]
    Send,
    /// It begins a line, and Ctrl-J sends.
    NewLine,
}

/// What an event means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It does this.
    Does(Action),
    /// It is the first of two characters; this one.
    Begins(char),
    /// The table does not name it.
    Nothing,
}

/// Why changed keys cannot be used. The texts name line and key of the user's own file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("config.toml line {line}, at `{name}`: {problem}")]
pub struct KeysError {
    /// From 1.
    pub line: usize,
    /// What was to be changed.
    pub name: String,
    /// What is wrong, and what is possible.
    pub problem: Problem,
}

/// What is wrong with a changed key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is no such action.
    #[error("there is no such action{} `chaperon keys` lists all", hint(.nearest.as_ref()))]
    UnknownAction {
        /// The name that is most like it.
        nearest: Option<String>,
    },
    /// There is no such key.
    #[error("`{key}` is not a key; possible are {POSSIBLE}")]
    UnknownKey {
        /// As written, control characters escaped.
        key: String,
    },
    /// The terminal sends the same for another key.
    #[error("a terminal sends the same for `{key}` and {same}; take another")]
    Same {
        /// The key.
        key: String,
        /// The other key.
        same: &'static str,
    },
    /// The key has a meaning there already.
    #[error("`{key}` is taken by `{other}` ({help}); give that another key too, or take another")]
    Taken {
        /// The key.
        key: String,
        /// The name of what has it.
        other: String,
        /// What that does.
        help: &'static str,
    },
    /// A reflex must not decide.
    #[error(
        "`{key}` never decides: Enter, Space, Esc, Tab, y and digits are reflexes; take another letter"
    )]
    Reflex {
        /// The key.
        key: String,
    },
    /// Letters are text there.
    #[error("`{key}` is text there; possible are Ctrl and a letter, or a key that is no character")]
    IsText {
        /// The key.
        key: String,
    },
    /// Esc leads back and does nothing else.
    #[error("Esc leads back, everywhere, and does nothing else; take another")]
    EscLeadsBack,
    /// One could not get out.
    #[error("it needs a key, or there is no way out")]
    NoWayOut,
    /// The digits mean themselves.
    #[error("its keys are the numbers that it jumps to; they cannot be changed")]
    Fixed,
}

fn hint(nearest: Option<&String>) -> String {
    nearest.map_or_else(|| ";".to_owned(), |name| format!("; is it `{name}`?"))
}

/// Tells whether a key is pressed without thinking (D3 of the decision grammar).
pub(super) fn is_reflex(chord: Chord) -> bool {
    let Some(c) = chord.code.as_char() else {
        return matches!(
            chord.code,
            KeyCode::Enter | KeyCode::Esc | KeyCode::Tab | KeyCode::BackTab
        );
    };
    if chord.ctrl {
        // What a terminal without bracketed paste may send for a line end.
        return c == 'j';
    }
    matches!(c, ' ' | 'y' | 'Y') || c.is_ascii_digit() || chord.then.is_some()
}

/// Keys that a terminal sends as another, and which.
const SAME: &[(char, &str)] = &[
    ('i', "Tab"),
    ('m', "Enter"),
    ('h', "Backspace"),
    ('[', "Esc"),
];

/// Keys that somebody else may take before they come here, and who.
const CAUGHT: &[(char, &str)] = &[
    ('b', "tmux takes it as its prefix"),
    ('a', "screen takes it as its prefix"),
    ('s', "a terminal with flow control stops at it"),
    ('q', "a terminal with flow control goes on at it"),
];

/// The table in force.
#[derive(Clone, Debug)]
pub struct Keys {
    lines: Vec<Line>,
    warnings: Vec<String>,
}

impl Default for Keys {
    fn default() -> Self {
        Self::built_in()
    }
}

impl Keys {
    /// Returns the table without any change.
    pub fn built_in() -> Self {
        let lines = TABLE.iter().map(|binding| Line {
            binding,
            keys: binding.keys.to_vec(),
        });
        Self {
            lines: lines.collect(),
            warnings: Vec::new(),
        }
    }

    /// Returns the table with what a person changed.
    ///
    /// Of two lines for one action the later counts, as the settings have each name once.
    pub fn changed(enter: EnterKey, changes: &[Change]) -> Result<Self, KeysError> {
        let mut keys = Self::built_in();
        if enter == EnterKey::NewLine {
            keys.swap_enter();
        }
        let mut touched = Vec::new();
        for change in changes {
            let at = keys
                .apply(change)
                .map_err(|problem| complaint(change, problem))?;
            touched.push((at, change));
        }
        // Only now: two keys may have been exchanged.
        for (at, change) in touched {
            keys.check(at)
                .map_err(|problem| complaint(change, problem))?;
            keys.warn(at);
        }
        Ok(keys)
    }

    fn swap_enter(&mut self) {
        let of = |wanted: Action| {
            move |line: &&mut Line| {
                line.binding.scope == Scope::Composer && line.binding.action == wanted
            }
        };
        if let Some(send) = self.lines.iter_mut().find(of(Action::Send)) {
            send.keys = vec![chord::ctrl('j')];
        }
        if let Some(line) = self.lines.iter_mut().find(of(Action::NewLine)) {
            line.keys = vec![chord::named(KeyCode::Enter)];
        }
    }

    /// Puts one change in; returns the place of the changed line.
    fn apply(&mut self, change: &Change) -> Result<usize, Problem> {
        let at = self
            .lines
            .iter()
            .position(|line| line.name() == change.name);
        let found = at.and_then(|at| Some((at, self.lines.get_mut(at)?)));
        let Some((at, line)) = found else {
            return Err(Problem::UnknownAction {
                nearest: nearest(&change.name),
            });
        };
        let (scope, action) = (line.binding.scope, line.binding.action);
        if action == Action::JumpSignal {
            return Err(Problem::Fixed);
        }
        if change.keys.is_empty() && matches!(action, Action::Back | Action::Quit) {
            return Err(Problem::NoWayOut);
        }
        let read = change.keys.iter().map(|text| read(scope, action, text));
        line.keys = read.collect::<Result<_, _>>()?;
        Ok(at)
    }

    /// Looks for another action that a key of this line means too.
    fn check(&self, at: usize) -> Result<(), Problem> {
        let Some(line) = self.lines.get(at) else {
            return Ok(());
        };
        let others =
            self.lines.iter().enumerate().filter(|(index, other)| {
                *index != at && meet(line.binding.scope, other.binding.scope)
            });
        for (_, other) in others {
            for key in &line.keys {
                // Where the built-in table lets one stand before the other, it may stay so.
                let built_in = line.binding.keys.contains(key) && other.binding.keys.contains(key);
                if !built_in && other.keys.iter().any(|held| held.clashes(*key)) {
                    return Err(Problem::Taken {
                        key: key.label(),
                        other: other.name(),
                        help: other.binding.help,
                    });
                }
            }
        }
        Ok(())
    }

    fn warn(&mut self, at: usize) {
        let Some(line) = self.lines.get(at) else {
            return;
        };
        let caught = line.keys.iter().filter_map(|key| {
            let (_, why) = CAUGHT.iter().find(|(c, _)| *key == chord::ctrl(*c))?;
            Some(format!(
                "{}: {} may not arrive: {why}",
                line.name(),
                key.label()
            ))
        });
        let caught: Vec<_> = caught.collect();
        self.warnings.extend(caught);
    }

    /// Returns what is possible and may not work everywhere, a sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Returns all lines, in the order of help and key bar.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Returns the lines that count in a scope, its own first.
    pub fn of(&self, scope: Scope) -> impl Iterator<Item = &Line> {
        let of = |wanted: Scope| {
            let lines = self.lines.iter();
            lines.filter(move |line| line.binding.scope == wanted)
        };
        let alone = scope.is_text() || matches!(scope, Scope::Leader | Scope::Anywhere);
        of(scope).chain(of(Scope::Anywhere).filter(move |_| !alone))
    }

    /// Returns the line of an action in a scope, looking behind it where it has none.
    pub fn line(&self, scope: Scope, action: Action) -> Option<&Line> {
        self.of(scope).find(|line| line.binding.action == action)
    }

    /// Returns the key of an action as a sentence names it; `?` where it has none.
    pub fn label(&self, scope: Scope, action: Action) -> String {
        let label = self.line(scope, action).map(Line::label);
        label
            .filter(|label| !label.is_empty())
            .unwrap_or_else(|| "?".to_owned())
    }

    /// Returns what a key means in a scope. `pending` is the character pressed before it,
    /// where that one began something.
    pub fn lookup(&self, scope: Scope, pending: Option<char>, event: &KeyEvent) -> Found {
        let find = |wanted: Scope| {
            let lines = self
                .lines
                .iter()
                .filter(move |line| line.binding.scope == wanted);
            let keys = lines.flat_map(|line| line.keys.iter().map(move |key| (line, key)));
            let mut begins = None;
            for (line, key) in keys {
                match (key.reach(pending, event), key.code.as_char()) {
                    (Reach::All, _) => return Some(Found::Does(line.binding.action)),
                    (Reach::Begins, Some(c)) => begins = Some(Found::Begins(c)),
                    (Reach::Begins, None) | (Reach::Other, _) => {}
                }
            }
            begins
        };
        let own = find(scope);
        // What concerns the terminal itself counts in a text field too; it is never text there.
        let of_terminal =
            |found: &Found| matches!(found, Found::Does(Action::Suspend | Action::Redraw));
        let is_text = scope.is_text();
        let behind = || find(Scope::Anywhere).filter(|found| !is_text || of_terminal(found));
        own.or_else(behind).unwrap_or(Found::Nothing)
    }
}

fn complaint(change: &Change, problem: Problem) -> KeysError {
    KeysError {
        line: change.line,
        name: quote(&change.name),
        problem,
    }
}

/// A piece of the user's file for an error, which is one line of printable text.
fn quote(text: &str) -> String {
    text.escape_debug().take(60).collect()
}

/// Tells whether keys of two scopes can be pressed in the same place.
fn meet(one: Scope, other: Scope) -> bool {
    let behind = |scope: Scope| !scope.is_text() && scope != Scope::Leader;
    one == other
        || (one == Scope::Anywhere && behind(other))
        || (other == Scope::Anywhere && behind(one))
}

/// Reads a key that is to do something.
fn read(scope: Scope, action: Action, text: &str) -> Result<Chord, Problem> {
    let Some(chord) = Chord::parse(text) else {
        return Err(Problem::UnknownKey { key: quote(text) });
    };
    let key = chord.label();
    if let KeyCode::Char(c) = chord.code
        && chord.ctrl
        && let Some((_, same)) = SAME.iter().find(|(held, _)| *held == c)
    {
        return Err(Problem::Same { key, same });
    }
    if action.decides(scope) && is_reflex(chord) {
        return Err(Problem::Reflex { key });
    }
    // The code of a channel is typed in small letters, so capitals are free there.
    let is_capital = matches!(chord.code, KeyCode::Char('A'..='Z')) && chord.then.is_none();
    let is_free = scope == Scope::SafetyCode && is_capital;
    if scope.is_text() && chord.is_plain() && !is_free {
        return Err(Problem::IsText { key });
    }
    if chord.code == KeyCode::Esc && action != Action::Back {
        return Err(Problem::EscLeadsBack);
    }
    Ok(chord)
}

/// Returns the name of an action that is most like a misspelt one.
fn nearest(wrong: &str) -> Option<String> {
    let names = TABLE.iter().map(name_of);
    let scored = names.map(|name| (distance(wrong, &name), name));
    let (steps, name) = scored.min()?;
    (steps <= 4).then_some(name)
}

/// Counts the characters that have to change between two texts (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    // A long text is no misspelt name, and would take long.
    for (number, c) in one.chars().take(80).enumerate() {
        let mut left = number + 1;
        let mut diagonal = number;
        for (held, above) in other.iter().zip(1..) {
            let up = row.get(above).copied().unwrap_or_default();
            let best = (diagonal + usize::from(*held != c))
                .min(up + 1)
                .min(left + 1);
            diagonal = up;
            if let Some(cell) = row.get_mut(above - 1) {
                *cell = left;
            }
            left = best;
        }
        if let Some(last) = row.last_mut() {
            *last = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;
    use proptest::prelude::*;

    use super::*;

    fn change(name: &str, keys: &[&str]) -> Change {
        Change {
            line: 7,
            name: name.to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    fn changed(changes: &[Change]) -> Result<Keys, KeysError> {
        Keys::changed(EnterKey::Send, changes)
    }

    fn complaint(name: &str, keys: &[&str]) -> String {
        changed(&[change(name, keys)]).unwrap_err().to_string()
    }

    fn does(keys: &Keys, scope: Scope, c: char) -> Found {
        let event = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        keys.lookup(scope, None, &event)
    }

    #[test]
    fn a_changed_key_counts_and_the_old_one_does_not() {
        let keys = changed(&[change("main.next_need", &["x", "Ctrl-N"])]).unwrap();
        assert_eq!(does(&keys, Scope::Main, 'x'), Found::Does(Action::NextNeed));
        assert_eq!(does(&keys, Scope::Main, 'n'), Found::Nothing);
        assert_eq!(keys.label(Scope::Main, Action::NextNeed), "x");
    }

    #[test]
    fn two_keys_can_change_places() {
        let keys = changed(&[change("main.up", &["j"]), change("main.down", &["k"])]).unwrap();
        assert_eq!(does(&keys, Scope::Main, 'j'), Found::Does(Action::Up));
        assert_eq!(does(&keys, Scope::Main, 'k'), Found::Does(Action::Down));
    }

    #[test]
    fn the_terminal_can_be_left_from_a_text_field_and_nothing_else_counts_there() {
        let keys = Keys::built_in();
        let ctrl = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        let found = |c| keys.lookup(Scope::Composer, None, &ctrl(c));
        assert_eq!(found('z'), Found::Does(Action::Suspend));
        assert_eq!(found('k'), Found::Nothing);
    }

    #[test]
    fn a_key_can_be_taken_away() {
        let keys = changed(&[change("main.write", &[])]).unwrap();
        assert_eq!(does(&keys, Scope::Main, 'i'), Found::Nothing);
        assert_eq!(keys.label(Scope::Main, Action::Write), "?");
    }

    #[test]
    fn a_complaint_names_line_and_key_and_what_is_possible() {
        let complaints = [
            complaint("main.nxt_need", &["n"]),
            complaint("\u{1b}]0;x", &["n"]),
            complaint("main.next_need", &["Hyper-X"]),
            complaint("main.next_need", &["j"]),
            complaint("main.write", &["g"]),
            complaint("main.next_need", &["P"]),
            complaint("anywhere.pause_all", &["n"]),
            complaint("review.approve", &["Enter"]),
            complaint("review.refuse", &["y"]),
            complaint("review.confirm", &["1"]),
            complaint("review.jump_signal", &["x"]),
            complaint("engagement.save", &["Space"]),
            complaint("main.write", &["Ctrl-I"]),
            complaint("composer.send", &["s"]),
            complaint("safety_code.confirm", &["a"]),
            complaint("main.quit", &["Esc"]),
            complaint("log.back", &[]),
        ];
        insta::assert_snapshot!(complaints.join("\n"));
    }

    #[test]
    fn keys_that_others_may_take_are_possible_with_a_warning() {
        let keys = changed(&[change("main.next_need", &["n", "Ctrl-B"])]).unwrap();
        assert_eq!(
            keys.warnings(),
            ["main.next_need: Ctrl-B may not arrive: tmux takes it as its prefix"]
        );
    }

    #[test]
    fn enter_and_control_j_change_places_in_the_composer() {
        let keys = Keys::changed(EnterKey::NewLine, &[]).unwrap();
        assert_eq!(keys.label(Scope::Composer, Action::Send), "Ctrl-J");
        assert_eq!(keys.label(Scope::Composer, Action::NewLine), "Enter");
    }

    #[test]
    fn every_built_in_line_can_be_written_into_the_settings() {
        for line in Keys::built_in().lines() {
            if line.binding.action == Action::JumpSignal {
                continue;
            }
            let labels: Vec<_> = line.keys.iter().map(|key| key.label()).collect();
            let keys: Vec<_> = labels.iter().map(String::as_str).collect();
            let same = changed(&[change(&line.name(), &keys)]).unwrap();
            assert!(
                same.lines().iter().all(|line| !line.is_changed()),
                "{line:?}"
            );
        }
    }

    #[test]
    fn the_distance_between_names_counts_changes() {
        assert_eq!(distance("next", "next"), 0);
        assert_eq!(distance("nxt", "next"), 1);
        assert_eq!(distance("", "next"), 4);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    proptest! {
        #[test]
        fn no_change_lets_a_reflex_decide(
            at in 0..TABLE.len(),
            keys in prop::collection::vec("[ a-zA-Z0-9]|Enter|Esc|Tab|Ctrl-[a-z]|[a-z]{2}|.{0,3}", 0..3),
        ) {
            let name = name_of(&TABLE[at]);
            let change = Change { line: 1, name, keys };
            match changed(&[change]) {
                Ok(keys) => {
                    for line in keys.lines() {
                        let decides = line.binding.action.decides(line.binding.scope);
                        prop_assert!(!decides || !line.keys.iter().any(|key| is_reflex(*key)));
                        let is_way_out = matches!(line.binding.action, Action::Back | Action::Quit);
                        prop_assert!(!is_way_out || !line.keys.is_empty());
                    }
                }
                Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
            }
        }
    }
}
