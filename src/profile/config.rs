//! The settings file, `config.toml`: the keys of the `clawbuddy` program and a few of ours.
//!
//! Pure: bytes in, settings or one exact complaint out. A setting that is not understood is
//! an error rather than ignored, because a misspelt relay would send mail elsewhere.
//!
//! Must not: read a file or the environment by itself.

use std::io;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Environment;

/// Relay used where nothing else is configured, as `clawbuddy` 0.4.0 has it built in.
pub const DEFAULT_MAILBOX_URL: &str = "https://clawbuddy-mailbox.peter-078.workers.dev";

/// Keys that are possible, as an error names them.
const KEYS: &str = "mailbox_url, sender_name, theme, symbols";

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
    #[error("config.toml line {line}: unknown key `{key}`; possible keys are {KEYS}")]
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
}

/// Which characters are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbols {
    /// Lines, dots and arrows.
    Unicode,
    /// ASCII alone, for terminals and fonts without the others.
    Ascii,
}

/// Settings of a profile; `None` is "not set".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Relay for new channels, an http or https address.
    pub mailbox_url: Option<String>,
    /// Name of the user in invitation texts.
    pub sender_name: Option<String>,
    /// Name of a colour theme; the terminal surface knows which there are.
    pub theme: Option<String>,
    /// Which characters are drawn.
    pub symbols: Option<Symbols>,
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
        let line = |offset| line_of(text.as_bytes(), offset);
        let table = DeTable::parse(text).map_err(|error| {
            let line = line(error.span().map_or(0, |span| span.start));
            let begins = text.lines().nth(line - 1).and_then(|l| l.split('=').next());
            ConfigError::Syntax {
                line,
                key: quote(begins.unwrap_or_default().trim()),
                problem: error.message().escape_debug().to_string(),
            }
        })?;
        let mut config = Self::default();
        for (key, value) in table.get_ref() {
            let value = Setting {
                line: line(key.span().start),
                value,
            };
            match key.get_ref().as_ref() {
                "mailbox_url" => config.mailbox_url = Some(value.url("mailbox_url")?),
                "sender_name" => config.sender_name = Some(value.text("sender_name")?),
                "theme" => config.theme = Some(value.text("theme")?),
                "symbols" => config.symbols = Some(value.symbols()?),
                unknown => {
                    return Err(ConfigError::UnknownKey {
                        line: value.line,
                        key: quote(unknown),
                    });
                }
            }
        }
        Ok(config)
    }

    /// Returns the relay for new channels, without a trailing slash: a non-empty
    /// `mailbox_url` of the file, else `CHAPERON_MAILBOX_URL`, else `CLAWBUDDY_MAILBOX_URL`,
    /// else [`DEFAULT_MAILBOX_URL`]. An empty variable is an unset one.
    pub fn mailbox_url(&self, env: Environment<'_>) -> String {
        let variable = |name| env(name).and_then(|value| value.into_string().ok());
        let candidates = [
            self.mailbox_url.clone(),
            variable("CHAPERON_MAILBOX_URL"),
            variable("CLAWBUDDY_MAILBOX_URL"),
        ];
        candidates
            .into_iter()
            .flatten()
            .map(|url| url.trim().trim_end_matches('/').to_owned())
            .find(|url| !url.is_empty())
            .unwrap_or_else(|| DEFAULT_MAILBOX_URL.to_owned())
    }
}

/// A value with the line its key stands in.
struct Setting<'a, 'i> {
    line: usize,
    value: &'a Spanned<DeValue<'i>>,
}

impl Setting<'_, '_> {
    fn bad(&self, key: &'static str, possible: &'static str) -> ConfigError {
        ConfigError::BadValue {
            line: self.line,
            key,
            possible,
        }
    }

    fn text(&self, key: &'static str) -> Result<String, ConfigError> {
        let text = self.value.get_ref().as_str();
        text.map(str::to_owned)
            .ok_or_else(|| self.bad(key, "a text in quotes"))
    }

    fn url(&self, key: &'static str) -> Result<String, ConfigError> {
        let text = self.text(key)?;
        let usable = text.trim().is_empty()
            || url::Url::parse(text.trim())
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if usable {
            Ok(text)
        } else {
            Err(self.bad(key, "an http or https address in quotes"))
        }
    }

    fn symbols(&self) -> Result<Symbols, ConfigError> {
        match self.value.get_ref().as_str() {
            Some("unicode") => Ok(Symbols::Unicode),
            Some("ascii") => Ok(Symbols::Ascii),
            _ => Err(self.bad("symbols", "\"unicode\" or \"ascii\"")),
        }
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
             theme = 'dark'\nsymbols = 'ascii'\n",
        )
        .unwrap();
        assert_eq!(
            config,
            Config {
                mailbox_url: Some("https://relay.example/".into()),
                sender_name: Some("Ana".into()),
                theme: Some("dark".into()),
                symbols: Some(Symbols::Ascii),
            }
        );
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
