//! Ids that are safe in a path, a URL and a line of text, and times.

use std::fmt;
use std::time::Duration;

use crate::model::UnixMillis;
use crate::wire::clawbuddy_files::{iso_utc, parse_iso_utc};

/// Longest id that is taken. Real ones have up to 36 characters.
const LONGEST_ID: usize = 128;

macro_rules! safe_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 1 to 128 characters of `A-Z a-z 0-9 . _ -`, neither `.` nor `..`. The scripts take any
        /// text, and so let a stranger choose the path of a file.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes an id that is safe to use.
            pub fn parse(text: &str) -> Option<Self> {
                is_safe(text).then(|| Self(text.to_owned()))
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            /// Prints the name of the type alone: a peer chose the id.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

safe_id! {
    /// The name of an agent, which nobody vouches for: only its key tells one from another.
    AgentId
}
safe_id! {
    /// The id of a contact request.
    RequestId
}
safe_id! {
    /// The id of a direct message.
    DirectId
}

fn is_safe(text: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=LONGEST_ID).contains(&text.len())
        && text.bytes().all(is_safe)
        && text != "."
        && text != ".."
}

impl AgentId {
    /// Makes one as the scripts do where nobody chose a name: `agent-` and 12 hexadecimal digits.
    pub fn from_random(random: [u8; 6]) -> Self {
        Self(hex("agent-", &random))
    }
}

impl RequestId {
    /// Makes one as the scripts do: `req_` and 32 hexadecimal digits.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(hex("req_", &random))
    }
}

impl DirectId {
    /// Makes one as the scripts do: `msg_` and 32 hexadecimal digits.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(hex("msg_", &random))
    }
}

fn hex(prefix: &str, bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(prefix.to_owned(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Writes a time to the second, as `2026-03-12T18:00:00Z`.
pub fn encode_time(time: UnixMillis) -> String {
    let mut text = iso_utc(time);
    text.truncate("2026-03-12T18:00:00".len());
    text.push('Z');
    text
}

/// Reads what [`encode_time`] writes, and nothing else.
pub fn decode_time(text: &str) -> Option<UnixMillis> {
    parse_iso_utc(text).filter(|time| encode_time(*time) == text)
}

/// Which times of writing are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// As far from now as this, either way.
    Around {
        /// The time here.
        now: UnixMillis,
        /// How far the other's clock may be off, and how long a request may be on its way.
        width: Duration,
    },
    /// Any: for what was stored long ago.
    Any,
}

impl Window {
    /// Tells whether something written at this time is believed. Times are cut to the second by
    /// whoever writes them, so they may be a second older than they are.
    pub fn holds(self, written: UnixMillis) -> bool {
        match self {
            Self::Any => true,
            Self::Around { now, width } => {
                now.before(width + Duration::from_secs(1)) <= written && written <= now.after(width)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_never_a_path() {
        for safe in ["agent-a", "req_00", "7", "...", "a.b", &"x".repeat(128)] {
            assert_eq!(AgentId::parse(safe).unwrap().as_str(), safe);
        }
        for unsafe_id in [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "/etc/passwd",
            "a b",
            "a\0",
            "a\n",
            "é",
            "a:b",
            &"x".repeat(129),
        ] {
            assert_eq!(AgentId::parse(unsafe_id), None, "{unsafe_id:?}");
        }
    }

    #[test]
    fn a_time_is_read_in_one_form_alone() {
        let time = decode_time("2026-03-12T18:00:00Z").unwrap();
        assert_eq!(encode_time(time), "2026-03-12T18:00:00Z");
        assert_eq!(
            encode_time(time.after(Duration::from_millis(999))),
            encode_time(time)
        );
        for other in [
            "2026-03-12T18:00:00.5Z",
            "2026-03-12T18:00:00+00:00",
            "2026-03-12 18:00:00Z",
            "2026-03-12T18:00:00z",
            "2026-02-30T18:00:00Z",
            "2026-03-12T24:00:00Z",
            "garbage",
            "",
        ] {
            assert_eq!(decode_time(other), None, "{other}");
        }
    }

    #[test]
    fn a_window_allows_for_the_second_that_was_cut_off() {
        let now = UnixMillis(1_000_000);
        let width = Duration::from_secs(60);
        let window = Window::Around { now, width };
        assert!(window.holds(UnixMillis(939_000)) && !window.holds(UnixMillis(938_999)));
        assert!(window.holds(UnixMillis(1_060_000)) && !window.holds(UnixMillis(1_060_001)));
        assert!(Window::Any.holds(UnixMillis(0)));
    }
}
