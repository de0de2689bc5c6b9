//! Changes one setting in the text of a settings file and leaves every other byte alone.
//!
//! The parser says where a value stands, and only that is replaced. A library that writes a
//! document anew was rejected: it does not keep line ends, and what it keeps of comments
//! depends on what they stand beside.

use std::fmt::Write as _;

use toml::de::DeTable;

use super::registry::Key;
use super::value::Value;
use super::{Config, ConfigError, syntax};

/// Why a text could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The text is no settings file as it is.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The value is not one that the setting takes.
    #[error("`{name}` has to be {possible}")]
    BadValue {
        /// The key.
        name: &'static str,
        /// What is possible.
        possible: &'static str,
    },
    /// The text is laid out in a way that a change would break.
    #[error("`{0}` cannot be changed in a file like this one; open it in an editor")]
    Layout(&'static str),
}

/// Returns the text with a setting changed, or added below the last one.
pub fn set(text: &str, key: Key, value: &Value) -> Result<String, EditError> {
    let about = key.about();
    if !value.fits(about.kind) {
        return Err(EditError::BadValue {
            name: about.name,
            possible: about.possible,
        });
    }
    let before = Config::parse(text)?;
    let table = DeTable::parse(text).map_err(|error| syntax(text, &error))?;
    let stands = table.get_ref().iter();
    let stands = stands.filter_map(|(key, value)| Some((Key::named(key.get_ref())?, value.span())));
    let stands: Vec<_> = stands.collect();
    let changed = if let Some((_, span)) = stands.iter().find(|(there, _)| *there == key) {
        splice(text, span.start, span.end, &written(value))
    } else {
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let line = format!("{} = {}{end}", about.name, written(value));
        let last = stands.iter().map(|(_, span)| span.end).max();
        insert(text, last, &line, end)
    };
    let changed = changed.filter(|changed| is_that_change(&before, changed, key, value));
    changed.ok_or(EditError::Layout(about.name))
}

/// Tells whether a text says what it said before, and this.
fn is_that_change(before: &Config, after: &str, key: Key, value: &Value) -> bool {
    let Ok(after) = Config::parse(after) else {
        return false;
    };
    let same = |config: &Config, other: &Config| {
        let mut entries = config.entries.iter().filter(|entry| entry.key != key);
        entries.all(|entry| other.value(entry.key) == entry.value)
    };
    let bindings = |config: &Config| -> Vec<_> {
        let all = config.bindings.iter();
        all.map(|binding| (binding.action.clone(), binding.keys.clone()))
            .collect()
    };
    after.value(key) == *value
        && same(before, &after)
        && same(&after, before)
        && bindings(before) == bindings(&after)
}

fn splice(text: &str, from: usize, until: usize, new: &str) -> Option<String> {
    Some(format!("{}{new}{}", text.get(..from)?, text.get(until..)?))
}

/// Puts a line below the line that holds `last`, else above the first table, else at the end.
fn insert(text: &str, last: Option<usize>, line: &str, end: &str) -> Option<String> {
    let at = match last {
        Some(last) => text.get(last..)?.find('\n').map(|found| last + found + 1),
        None => first_table(text),
    };
    let at = at.unwrap_or(text.len());
    let open = at == text.len() && !text.is_empty() && !text.ends_with('\n');
    splice(
        text,
        at,
        at,
        &format!("{}{line}", if open { end } else { "" }),
    )
}

/// Where the first table begins, with the comment right above it.
fn first_table(text: &str) -> Option<usize> {
    let (mut offset, mut comment) = (0, None);
    for line in text.split_inclusive('\n') {
        match line.trim_start().chars().next() {
            Some('[') => return Some(comment.unwrap_or(offset)),
            Some('#') => comment = comment.or(Some(offset)),
            _ => comment = None,
        }
        offset += line.len();
    }
    None
}

/// Returns a value in the words of the file.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::Text(text) => toml_text(text),
        Value::Words(words) => {
            let words: Vec<_> = words.iter().map(|word| toml_text(word)).collect();
            format!("[{}]", words.join(", "))
        }
        Value::YesNo(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
    }
}

/// Writes a TOML basic string (TOML 1.0, "String").
pub fn toml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a String cannot fail.
                let _infallible = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::registry::{Kind, TABLE};
    use super::*;

    const MINE: &str = "# mine\r\n\r\ntheme  =  'dark'   # for the night\r\nnotify_by = [ # ways\r\n  'bell',\r\n]\r\n\r\n# keys of my own\r\n[keys]\r\n\"main.next_need\" = 'N' # shout\r\n";

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    #[test]
    fn a_change_touches_its_value_alone() {
        let changed = set(MINE, Key::Theme, &text("light")).unwrap();
        assert_eq!(changed, MINE.replace("'dark'", "\"light\""));
        let words = Value::Words(vec!["terminal".into(), "bell".into()]);
        let changed = set(MINE, Key::NotifyBy, &words).unwrap();
        let list = "[ # ways\r\n  'bell',\r\n]";
        assert_eq!(changed, MINE.replace(list, "[\"terminal\", \"bell\"]"));
    }

    #[test]
    fn a_new_setting_stands_below_the_others_and_above_the_tables() {
        let changed = set(MINE, Key::UndoSeconds, &Value::Number(20)).unwrap();
        let expected = MINE.replace("]\r\n\r\n#", "]\r\nundo_seconds = 20\r\n\r\n#");
        assert_eq!(changed, expected);
        for (before, after) in [
            ("", "mouse = false\n"),
            ("# nothing yet", "# nothing yet\nmouse = false\n"),
            ("theme = 'a'", "theme = 'a'\nmouse = false\n"),
            (
                "# mine\n\n# keys\n[keys]\n",
                "# mine\n\nmouse = false\n# keys\n[keys]\n",
            ),
        ] {
            assert_eq!(
                set(before, Key::Mouse, &Value::YesNo(false)).unwrap(),
                after
            );
        }
    }

    #[test]
    fn a_file_that_is_wrong_already_is_left_alone() {
        let refused = set("theme = \n", Key::Mouse, &Value::YesNo(true));
        assert!(matches!(refused, Err(EditError::Config(_))));
    }

    #[test]
    fn a_value_that_is_not_possible_is_not_written() {
        for (key, value) in [
            (Key::KeysLiveMs, Value::Number(399)),
            (Key::Symbols, text("emoji")),
            (Key::Mouse, text("yes")),
            (Key::QuietHours, text("late")),
            (Key::MailboxUrl, text("relay.example")),
            (
                Key::NotifyBy,
                Value::Words(vec!["bell".into(), "bell".into()]),
            ),
        ] {
            let refused = set("", key, &value).unwrap_err();
            assert!(matches!(refused, EditError::BadValue { .. }), "{value}");
        }
    }

    fn a_value(kind: Kind) -> BoxedStrategy<Value> {
        match kind {
            Kind::Text | Kind::Theme => any::<String>().prop_map(Value::Text).boxed(),
            Kind::Address => "(https://[a-z]{1,9}\\.example)?"
                .prop_map(Value::Text)
                .boxed(),
            Kind::OneOf(words) => proptest::sample::select(words).prop_map(text).boxed(),
            Kind::Several(words) => {
                let some = proptest::sample::subsequence(words, 0..=words.len());
                some.prop_map(|some| Value::Words(some.into_iter().map(str::to_owned).collect()))
                    .boxed()
            }
            Kind::Program => proptest::collection::vec(any::<String>(), 0..3)
                .prop_map(Value::Words)
                .boxed(),
            Kind::Hours => "(off|0[0-9]:[0-5][0-9]-1[0-9]:[0-5][0-9])"
                .prop_map(Value::Text)
                .boxed(),
            Kind::Listen => "(off|127\\.0\\.0\\.1:[1-9][0-9]{0,3})"
                .prop_map(Value::Text)
                .boxed(),
            Kind::YesNo => any::<bool>().prop_map(Value::YesNo).boxed(),
            Kind::Number { least, most, .. } => (least..=most).prop_map(Value::Number).boxed(),
        }
    }

    fn a_change() -> impl Strategy<Value = (Key, Value)> {
        proptest::sample::select(TABLE)
            .prop_flat_map(|about| a_value(about.kind).prop_map(move |value| (about.key, value)))
    }

    proptest! {
        #[test]
        fn what_was_written_is_what_is_read(changes in proptest::collection::vec(a_change(), 1..8)) {
            let mut file = MINE.to_owned();
            for (key, value) in changes {
                file = set(&file, key, &value).unwrap();
                prop_assert_eq!(Config::parse(&file).unwrap().value(key), value);
            }
            for kept in ["# mine\r\n\r\n", "   # for the night\r\n", "# keys of my own\r\n[keys]\r\n\"main.next_need\" = 'N' # shout\r\n"] {
                prop_assert!(file.contains(kept), "{}", file);
            }
        }
    }
}
