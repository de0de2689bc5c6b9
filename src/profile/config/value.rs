//! What a setting can hold, as a value of the file and as a type of its own.

use std::fmt;
use std::net::SocketAddr;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::registry::Kind;

/// A value as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text; for some settings an empty one is "not set".
    Text(String),
    /// A list of texts.
    Words(Vec<String>),
    /// `true` or `false`.
    YesNo(bool),
    /// A whole number.
    Number(u32),
}

impl Value {
    /// Tells whether a setting of this kind can have it.
    pub fn fits(&self, kind: Kind) -> bool {
        match (kind, self) {
            (Kind::Text | Kind::Theme, Self::Text(_))
            | (Kind::YesNo, Self::YesNo(_))
            | (Kind::Program, Self::Words(_)) => true,
            (Kind::Address, Self::Text(text)) => {
                let text = text.trim();
                let usable =
                    |url: url::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
                text.is_empty() || url::Url::parse(text).is_ok_and(usable)
            }
            (Kind::OneOf(possible), Self::Text(text)) => possible.contains(&text.as_str()),
            (Kind::Several(possible), Self::Words(words)) => {
                let once = |(index, word): (usize, &String)| {
                    possible.contains(&word.as_str())
                        && !words.iter().take(index).any(|w| w == word)
                };
                words.iter().enumerate().all(once)
            }
            (Kind::Hours, Self::Text(text)) => text == "off" || QuietHours::parse(text).is_some(),
            (Kind::Listen, Self::Text(text)) => {
                text == "off" || text.parse::<SocketAddr>().is_ok_and(|at| at.port() != 0)
            }
            (Kind::Number { least, most, .. }, Self::Number(number)) => {
                (least..=most).contains(number)
            }
            _ => false,
        }
    }

    /// Reads a value as it is written in the file; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let line = format!("value = {text}");
        let table = DeTable::parse(&line).ok()?;
        let table = table.get_ref();
        let alone = table.len() == 1;
        let value = table.get("value").filter(|_| alone)?;
        Self::read(value.get_ref())
    }

    /// Reads a value of the file; `None` where no setting takes its type.
    pub(super) fn read(value: &DeValue<'_>) -> Option<Self> {
        if let Some(text) = value.as_str() {
            return Some(Self::Text(text.to_owned()));
        }
        if let Some(yes) = value.as_bool() {
            return Some(Self::YesNo(yes));
        }
        if let Some(number) = value.as_integer() {
            let read = u32::from_str_radix(number.as_str(), number.radix());
            return read.ok().map(Self::Number);
        }
        words(value.as_array()?).map(Self::Words)
    }
}

fn words(array: &DeArray<'_>) -> Option<Vec<String>> {
    let word = |value: &Spanned<DeValue<'_>>| value.get_ref().as_str().map(str::to_owned);
    array.iter().map(word).collect()
}

/// As in the file.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::edit::written(self).fmt(f)
    }
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nothing says another.
    Default,
    /// This line of the file, from 1.
    File(usize),
    /// A variable of the environment.
    Env(&'static str),
    /// A flag of this call.
    Flag,
    /// It cannot be changed.
    Fixed,
    /// Changed on the screen and not written yet.
    Unsaved,
}

/// As the settings screen shows it: `default`, `file:12`, `env`, `flag`, `fixed`, `unsaved`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.pad("default"),
            Self::File(line) => f.pad(&format!("file:{line}")),
            Self::Env(_) => f.pad("env"),
            Self::Flag => f.pad("flag"),
            Self::Fixed => f.pad("fixed"),
            Self::Unsaved => f.pad("unsaved"),
        }
    }
}

/// Makes an enum whose variants are words of the file; the first one is the default.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// The words of the file, in the order they are offered.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// Returns the word of the file.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Reads a word of the file.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// Which characters are drawn.
    Symbols {
        /// As the locale is: in UTF-8 or not.
        Auto = "auto",
        /// Lines, dots and arrows.
        Unicode = "unicode",
        /// ASCII alone, for terminals and fonts without the others.
        Ascii = "ascii",
    }
}

words! {
    /// The most panes beside each other.
    Layout {
        /// As many as the window holds.
        Auto = "auto",
        /// At most two.
        Two = "two",
        /// One.
        One = "one",
    }
}

words! {
    /// What a person is told about while they look elsewhere.
    Notify {
        /// What they have to decide.
        Decisions = "decisions",
        /// New messages too.
        New = "new",
        /// Everything.
        All = "all",
        /// Nothing.
        None = "none",
    }
}

words! {
    /// A way of telling a person something.
    Way {
        /// A sequence that the terminal understands (OSC 9, 777 or 99).
        Terminal = "terminal",
        /// The bell.
        Bell = "bell",
        /// The desktop's notifications.
        Desktop = "desktop",
        /// A program of the person's own.
        Command = "command",
    }
}

words! {
    /// What Enter does in the composer.
    Enter {
        /// It sends.
        Send = "send",
        /// It begins a new line.
        Newline = "newline",
    }
}

words! {
    /// Where copied text goes.
    Clipboard {
        /// What fits the session.
        Auto = "auto",
        /// Through the terminal (OSC 52).
        Terminal = "terminal",
        /// To the desktop.
        System = "system",
    }
}

/// Hours of every day, in minutes since midnight; they may pass midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// When they begin, below 1440.
    pub from: u16,
    /// When they end, below 1440; never the same as `from`.
    pub until: u16,
}

impl QuietHours {
    /// Reads `22:00-07:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let (from, until) = (minutes(from)?, minutes(until)?);
        (from != until).then_some(Self { from, until })
    }

    /// Tells whether a time of day, in minutes since midnight, lies in them.
    pub fn contains(self, minute: u16) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }
}

/// As in the file.
impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from, self.until);
        let (from_hour, from_minute) = (from / 60, from % 60);
        let (until_hour, until_minute) = (until / 60, until % 60);
        write!(
            f,
            "{from_hour:02}:{from_minute:02}-{until_hour:02}:{until_minute:02}"
        )
    }
}

fn minutes(clock: &str) -> Option<u16> {
    let (hour, minute) = clock.trim().split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !two_digits(hour) || !two_digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_pass_midnight_or_not() {
        let night = QuietHours::parse("22:00-07:00").unwrap();
        let noon = QuietHours::parse("12:00 - 13:30").unwrap();
        for (hours, minute, quiet) in [
            (night, 22 * 60, true),
            (night, 0, true),
            (night, 7 * 60 - 1, true),
            (night, 7 * 60, false),
            (night, 12 * 60, false),
            (noon, 12 * 60, true),
            (noon, 13 * 60 + 30, false),
            (noon, 0, false),
        ] {
            assert_eq!(hours.contains(minute), quiet, "{hours} at {minute}");
        }
        assert_eq!(noon.to_string(), "12:00-13:30");
    }

    #[test]
    fn what_is_no_span_of_hours_is_none() {
        for text in [
            "",
            "22-7",
            "22:00",
            "24:00-07:00",
            "22:60-07:00",
            "7:00-8:00",
            "09:00-09:00",
            "+1:00-02:00",
        ] {
            assert_eq!(QuietHours::parse(text), None, "{text}");
        }
    }
}
