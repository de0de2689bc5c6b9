//! The settings file, `config.toml`: the keys of the `clawbuddy` program and ours.
//!
//! What settings there are stands in [`TABLE`]. Pure: bytes in, settings or one exact complaint
//! out. A setting that is not understood is an error rather than ignored, because a misspelt
//! relay would send mail elsewhere.
//!
//! Must not: read a file or the environment by itself.

pub mod edit;
mod networks;
mod registry;
mod value;

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::Environment;

pub use registry::{About, DEFAULT_MAILBOX_URL, Group, Key, Kind, TABLE};
pub use value::{Clipboard, Enter, Layout, Notify, QuietHours, Source, Symbols, Value, Way};

/// The table of the file that gives actions other keys.
const KEYS: &str = "keys";
/// Longest piece of the file that an error repeats, in characters.
const LONGEST_QUOTE: usize = 60;

/// Why the settings cannot be used. The texts name line and key of the user's own file.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is there and cannot be read.
    #[error("cannot read config.toml")]
    Unreadable(#[source] io::Error),
    /// The file is not UTF-8.
    #[error("config.toml line {line}: this is not UTF-8 text")]
    NotText {
        /// From 1.
        line: usize,
    },
    /// The file is not TOML.
    #[error("config.toml line {line}, at `{key}`: {problem}")]
    Syntax {
        /// From 1.
        line: usize,
        /// How the line begins, up to a `=`, control characters escaped.
        key: String,
        /// What the parser expected.
        problem: String,
    },
    /// A key that means nothing.
    #[error(
        "config.toml line {line}: unknown key `{key}`; possible keys are {}",
        possible_keys()
    )]
    UnknownKey {
        /// From 1.
        line: usize,
        /// The key, control characters escaped.
        key: String,
    },
    /// A value of the wrong type, or one that is not possible.
    #[error("config.toml line {line}: `{key}` has to be {possible}")]
    BadValue {
        /// From 1.
        line: usize,
        /// The key.
        key: &'static str,
        /// What is possible.
        possible: &'static str,
    },
    /// A line of the table `[keys]` that cannot be used.
    #[error("config.toml line {line}: `{action}` in [keys]: {problem}")]
    Binding {
        /// From 1.
        line: usize,
        /// The action, control characters escaped.
        action: String,
        /// What is wrong, and what is possible.
        problem: String,
    },
}

impl ConfigError {
    /// Returns the line that it is about, from 1.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Unreadable(_) => None,
            Self::NotText { line }
            | Self::Syntax { line, .. }
            | Self::UnknownKey { line, .. }
            | Self::BadValue { line, .. }
            | Self::Binding { line, .. } => Some(*line),
        }
    }
}

/// Settings of a profile: what its file says, and the default of everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    entries: Vec<Entry>,
    bindings: Vec<Binding>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    key: Key,
    value: Value,
    source: Source,
}

/// A line of the table `[keys]`; the terminal surface knows actions and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where it stands, from 1.
    pub line: usize,
    /// The action, as in `main.next_need`.
    pub action: String,
    /// Its keys, each as in `n` or `ctrl-k`.
    pub keys: Vec<String>,
}

impl Binding {
    /// Makes the complaint about this line.
    pub fn complain(&self, problem: impl Into<String>) -> ConfigError {
        ConfigError::Binding {
            line: self.line,
            action: quote(&self.action),
            problem: problem.into(),
        }
    }
}

impl Config {
    /// Reads the bytes of a settings file.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, ConfigError> {
        match str::from_utf8(bytes) {
            Ok(text) => Self::parse(text),
            Err(error) => Err(ConfigError::NotText {
                line: line_of(bytes, error.valid_up_to()),
            }),
        }
    }

    /// Reads the text of a settings file.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let table = DeTable::parse(text).map_err(|error| syntax(text, &error))?;
        let mut config = Self::default();
        for (name, value) in table.get_ref() {
            let line = line_of(text.as_bytes(), name.span().start);
            if name.get_ref() == KEYS {
                config.bindings = bindings(text, line, value.get_ref())?;
                continue;
            }
            let Some(key) = Key::named(name.get_ref()) else {
                return Err(ConfigError::UnknownKey {
                    line,
                    key: quote(name.get_ref()),
                });
            };
            let about = key.about();
            let value = Value::read(value.get_ref()).filter(|value| value.fits(about.kind));
            let value = value.ok_or(ConfigError::BadValue {
                line,
                key: about.name,
                possible: about.possible,
            })?;
            config.put(key, value, Source::File(line));
        }
        Ok(config)
    }

    fn put(&mut self, key: Key, value: Value, source: Source) {
        self.entries.retain(|entry| entry.key != key);
        self.entries.push(Entry { key, value, source });
    }

    /// Changes a setting for as long as these settings live; tells whether it took the value.
    pub fn change(&mut self, key: Key, value: Value) -> bool {
        let fits = value.fits(key.about().kind);
        if fits {
            self.put(key, value, Source::Unsaved);
        }
        fits
    }

    fn given(&self, key: Key) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Returns the value of the file, else the default.
    pub fn value(&self, key: Key) -> Value {
        let given = self.given(key).map(|entry| entry.value.clone());
        given.unwrap_or_else(|| key.about().default())
    }

    /// Returns the value that acts and where it comes from: the file, else a variable, else
    /// the default. An empty text of a setting that variables can give counts as not given.
    pub fn look_up(&self, key: Key, env: Environment<'_>) -> (Value, Source) {
        let about = key.about();
        let blank = |value: &Value| matches!(value, Value::Text(text) if text.trim().is_empty());
        if let Some(entry) = self.given(key)
            && (!blank(&entry.value) || about.variables.is_empty())
        {
            return (entry.value.clone(), entry.source);
        }
        let variable = |name: &&'static str| {
            let value = env(name).and_then(|value| value.into_string().ok());
            let value = Value::Text(value?);
            (!blank(&value)).then_some((value, Source::Env(name)))
        };
        let mut variables = about.variables.iter();
        let set = variables.find_map(variable);
        set.unwrap_or_else(|| (about.default(), Source::Default))
    }

    /// Returns how many settings are given, keys of actions not among them.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Returns the lines of the table `[keys]`, in the order of the file.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// Returns the relay for new channels, without a trailing slash: a non-empty
    /// `mailbox_url` of the file, else `CHAPERON_MAILBOX_URL`, else `CLAWBUDDY_MAILBOX_URL`,
    /// else [`DEFAULT_MAILBOX_URL`]. An empty variable is an unset one.
    pub fn mailbox_url(&self, env: Environment<'_>) -> String {
        let url = text(self.look_up(Key::MailboxUrl, env).0);
        match url.trim().trim_end_matches('/') {
            "" => DEFAULT_MAILBOX_URL.to_owned(),
            url => url.to_owned(),
        }
    }

    /// Returns the name of the user in invitation texts, where one is set.
    pub fn sender_name(&self) -> Option<String> {
        Some(text(self.value(Key::SenderName))).filter(|name| !name.is_empty())
    }

    /// Returns the name of the theme, `auto` where none is set.
    pub fn theme(&self) -> String {
        text(self.value(Key::Theme))
    }

    /// Returns which characters are drawn.
    pub fn symbols(&self) -> Symbols {
        Symbols::parse(&text(self.value(Key::Symbols))).unwrap_or(Symbols::Auto)
    }

    /// Returns how many panes may stand beside each other.
    pub fn layout(&self) -> Layout {
        Layout::parse(&text(self.value(Key::Layout))).unwrap_or(Layout::Auto)
    }

    /// Returns what the person is told about.
    pub fn notify(&self) -> Notify {
        Notify::parse(&text(self.value(Key::Notify))).unwrap_or(Notify::Decisions)
    }

    /// Returns the ways of telling, in the order of the file.
    pub fn notify_by(&self) -> Vec<Way> {
        let words = words(self.value(Key::NotifyBy));
        words.iter().filter_map(|word| Way::parse(word)).collect()
    }

    /// Tells whether a notification may hold words that somebody else wrote.
    pub fn notify_text(&self) -> bool {
        self.value(Key::NotifyText) == Value::YesNo(true)
    }

    /// Returns the program that tells, and its arguments; empty where there is none.
    pub fn notify_command(&self) -> Vec<String> {
        words(self.value(Key::NotifyCommand))
    }

    /// Returns when only what cannot wait is told.
    pub fn quiet_hours(&self) -> Option<QuietHours> {
        QuietHours::parse(&text(self.value(Key::QuietHours)))
    }

    /// Returns what Enter does in the composer.
    pub fn enter(&self) -> Enter {
        Enter::parse(&text(self.value(Key::Enter))).unwrap_or(Enter::Send)
    }

    /// Returns how long what was sent can be taken back.
    pub fn undo(&self) -> Duration {
        Duration::from_secs(u64::from(self.number(Key::UndoSeconds)))
    }

    /// Returns how long a review rests on screen before a key can decide.
    pub fn keys_live(&self) -> Duration {
        Duration::from_millis(u64::from(self.number(Key::KeysLiveMs)))
    }

    /// Returns where copied text goes.
    pub fn clipboard(&self) -> Clipboard {
        Clipboard::parse(&text(self.value(Key::Clipboard))).unwrap_or(Clipboard::Auto)
    }

    /// Tells whether the mouse scrolls and selects.
    pub fn mouse(&self) -> bool {
        self.value(Key::Mouse) == Value::YesNo(true)
    }

    fn number(&self, key: Key) -> u32 {
        match self.value(key) {
            Value::Number(number) => number,
            Value::Text(_) | Value::Words(_) | Value::YesNo(_) => 0,
        }
    }
}

/// Returns a settings file in which every setting stands commented out, as it is by default.
pub fn template() -> String {
    let mut text = String::from("# Settings of chaperon. What is commented out is the default.\n");
    for about in TABLE {
        let (what, possible) = (about.what, about.possible);
        let (name, value) = (about.name, about.default());
        // Writing to a String cannot fail.
        let _infallible = write!(
            text,
            "\n# {what} Possible: {possible}.\n# {name} = {value}\n"
        );
    }
    text.push_str("\n# Other keys for actions, as in \"main.next_need\" = \"n\".\n# [keys]\n");
    text
}

fn text(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        Value::Words(_) | Value::YesNo(_) | Value::Number(_) => String::new(),
    }
}

fn words(value: Value) -> Vec<String> {
    match value {
        Value::Words(words) => words,
        Value::Text(_) | Value::YesNo(_) | Value::Number(_) => Vec::new(),
    }
}

/// Reads the table `[keys]`: `"main.next_need" = "n"`, or the same without the quotes, or a
/// table for each screen; a list gives several keys.
fn bindings(text: &str, line: usize, value: &DeValue<'_>) -> Result<Vec<Binding>, ConfigError> {
    let table = value.as_table().ok_or(ConfigError::BadValue {
        line,
        key: KEYS,
        possible: "a table, as in [keys]",
    })?;
    let mut found = Vec::new();
    for (name, value) in table {
        let line = line_of(text.as_bytes(), name.span().start);
        let name = name.get_ref();
        let Some(actions) = value.get_ref().as_table() else {
            found.push(binding(line, name, value.get_ref())?);
            continue;
        };
        for (action, value) in actions {
            let line = line_of(text.as_bytes(), action.span().start);
            let action = format!("{name}.{}", action.get_ref());
            found.push(binding(line, &action, value.get_ref())?);
        }
    }
    found.sort_by_key(|binding| binding.line);
    Ok(found)
}

fn binding(line: usize, action: &str, value: &DeValue<'_>) -> Result<Binding, ConfigError> {
    let mut binding = Binding {
        line,
        action: action.to_owned(),
        keys: Vec::new(),
    };
    match Value::read(value) {
        Some(Value::Text(key)) => binding.keys.push(key),
        Some(Value::Words(keys)) => binding.keys = keys,
        Some(Value::YesNo(_) | Value::Number(_)) | None => {
            return Err(binding.complain("it has to be a key in quotes, or a list of them"));
        }
    }
    Ok(binding)
}

fn possible_keys() -> String {
    let mut all = String::new();
    for about in TABLE {
        // Writing to a String cannot fail.
        let _infallible = write!(all, "{}, ", about.name);
    }
    format!("{all}and the table [{KEYS}]")
}

fn syntax(text: &str, error: &toml::de::Error) -> ConfigError {
    let line = line_of(text.as_bytes(), error.span().map_or(0, |span| span.start));
    let begins = text.lines().nth(line - 1).and_then(|l| l.split('=').next());
    ConfigError::Syntax {
        line,
        key: quote(begins.unwrap_or_default().trim()),
        problem: error.message().escape_debug().to_string(),
    }
}

/// A piece of the user's file for an error, which is one line of printable text.
fn quote(text: &str) -> String {
    text.escape_debug().take(LONGEST_QUOTE).collect()
}

/// The line, from 1, that a byte offset lies in.
fn line_of(bytes: &[u8], offset: usize) -> usize {
    let before = bytes.iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use proptest::prelude::*;

    use super::*;

    fn complaint(text: &str) -> String {
        Config::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn every_key_is_read() {
        let config = Config::parse(
            "mailbox_url = 'https://relay.example/'\nsender_name = \"Ana\"\n\
             theme = 'dark'\nsymbols = 'ascii'\nlayout = 'two'\nnotify = 'all'\n\
             notify_by = ['bell', 'command']\nnotify_text = true\n\
             notify_command = ['ring', '--twice']\nquiet_hours = '22:00-07:00'\n\
             enter = 'newline'\nundo_seconds = 30\nkeys_live_ms = 600\n\
             clipboard = 'system'\nmouse = false\n",
        )
        .unwrap();
        assert_eq!(config.mailbox_url(&|_| None), "https://relay.example");
        assert_eq!(config.sender_name().as_deref(), Some("Ana"));
        assert_eq!(config.theme(), "dark");
        assert_eq!(config.symbols(), Symbols::Ascii);
        assert_eq!(config.layout(), Layout::Two);
        assert_eq!(config.notify(), Notify::All);
        assert_eq!(config.notify_by(), [Way::Bell, Way::Command]);
        assert!(config.notify_text());
        assert_eq!(config.notify_command(), ["ring", "--twice"]);
        assert_eq!(config.quiet_hours(), QuietHours::parse("22:00-07:00"));
        assert_eq!(config.enter(), Enter::Newline);
        assert_eq!(config.undo(), Duration::from_secs(30));
        assert_eq!(config.keys_live(), Duration::from_millis(600));
        assert_eq!(config.clipboard(), Clipboard::System);
        assert!(!config.mouse());
    }

    #[test]
    fn the_template_sets_nothing_and_names_everything() {
        let text = template();
        assert_eq!(Config::parse(&text).unwrap(), Config::default());
        let used = text.replace("\n# theme = ", "\ntheme = ");
        assert_eq!(Config::parse(&used).unwrap().entries.len(), 1);
        for about in TABLE {
            assert!(text.contains(&format!("\n# {} = ", about.name)));
        }
    }

    #[test]
    fn nothing_set_is_the_careful_default() {
        let config = Config::default();
        assert_eq!(config.undo(), Duration::from_secs(10));
        assert_eq!(config.keys_live(), Duration::from_millis(400));
        assert_eq!(config.notify(), Notify::Decisions);
        assert!(!config.notify_text());
        assert_eq!(config.quiet_hours(), None);
        assert_eq!(config.sender_name(), None);
        assert!(config.mouse());
    }

    #[test]
    fn keys_are_handed_on_with_their_lines() {
        let config = Config::parse(
            "theme = 'dark'\n[keys]\n\"main.next_need\" = 'n'\nmain.quit = ['q', 'Q']\n\n[keys.review]\nrefuse = 'x'\n",
        )
        .unwrap();
        let shown: Vec<_> = config
            .bindings()
            .iter()
            .map(|b| format!("{} {} {}", b.line, b.action, b.keys.join(" ")))
            .collect();
        assert_eq!(
            shown,
            ["3 main.next_need n", "4 main.quit q Q", "7 review.refuse x"]
        );
        let complaint = config.bindings()[1].complain("there is no such key");
        assert_eq!(
            complaint.to_string(),
            "config.toml line 4: `main.quit` in [keys]: there is no such key"
        );
    }

    #[test]
    fn a_value_says_where_it_comes_from() {
        let file = Config::parse("\nmouse = false\nmailbox_url = ''\n").unwrap();
        let ours = env(&[("CHAPERON_MAILBOX_URL", "https://ours.example")]);
        let source = |config: &Config, key| config.look_up(key, &ours).1.to_string();
        assert_eq!(source(&file, Key::Mouse), "file:2");
        assert_eq!(source(&file, Key::MailboxUrl), "env");
        assert_eq!(source(&file, Key::Theme), "default");
        let mut changed = file.clone();
        assert!(changed.change(Key::Theme, Value::Text("light".into())));
        assert!(!changed.change(Key::UndoSeconds, Value::Number(1)));
        assert_eq!(source(&changed, Key::Theme), "unsaved");
        assert_eq!(changed.undo(), file.undo());
    }

    #[test]
    fn a_complaint_names_line_and_key_and_what_is_possible() {
        insta::assert_snapshot!(
            [
                complaint("# mine\n\nmailbox = 'https://relay.example'\n"),
                complaint("[relay]\nurl = 'x'\n"),
                complaint("sender_name = 3\n"),
                complaint("theme = 'dark'\nsymbols = 'emoji'\n"),
                complaint("mailbox_url = 'relay.example'\n"),
                complaint("theme = 'dark'\nsymbols\n"),
                complaint("theme = 'dark'\ntheme = 'light'\n"),
                complaint("\"\\u001b]0;x\" = 1\n"),
                complaint("keys_live_ms = 399\n"),
                complaint("undo_seconds = 10.5\n"),
                complaint("notify_by = ['bell', 'bell']\n"),
                complaint("quiet_hours = 'late'\n"),
                complaint("keys = 'n'\n"),
                complaint("[keys]\n'main.quit' = 3\n"),
                Config::parse_bytes(b"theme = 'a'\n# \xff\n")
                    .unwrap_err()
                    .to_string(),
            ]
            .join("\n")
        );
    }

    fn env(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        move |name| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        }
    }

    #[test]
    fn the_relay_comes_from_the_file_then_from_our_variable_then_from_theirs() {
        let both = env(&[
            ("CHAPERON_MAILBOX_URL", "https://ours.example/"),
            ("CLAWBUDDY_MAILBOX_URL", "https://theirs.example"),
        ]);
        let theirs = env(&[
            ("CHAPERON_MAILBOX_URL", ""),
            ("CLAWBUDDY_MAILBOX_URL", "https://theirs.example"),
        ]);
        let empty = env(&[("CLAWBUDDY_MAILBOX_URL", "")]);
        let file = Config::parse("mailbox_url = 'https://file.example'").unwrap();
        let blank = Config::parse("mailbox_url = ''").unwrap();
        assert_eq!(file.mailbox_url(&both), "https://file.example");
        assert_eq!(blank.mailbox_url(&both), "https://ours.example");
        assert_eq!(blank.mailbox_url(&theirs), "https://theirs.example");
        assert_eq!(blank.mailbox_url(&empty), DEFAULT_MAILBOX_URL);
    }

    proptest! {
        #[test]
        fn any_bytes_give_settings_or_a_complaint_of_one_line(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Err(error) = Config::parse_bytes(&bytes) {
                prop_assert!(!error.to_string().contains(char::is_control));
            }
        }

        #[test]
        fn any_toml_like_text_is_settled_without_a_panic(text in "((mailbox_url|symbols|a\\.b|\\[x\\]) ?=? ?['\"\\[{0-9a-z:/\\\\]{0,12}\n?){0,6}") {
            if let Err(error) = Config::parse(&text) {
                prop_assert!(!error.to_string().contains(char::is_control));
            }
        }
    }
}
