//! Where the command line writes: results to standard output, the rest to standard error.
//!
//! JSON is written as Python's `json.dumps` writes it, in ASCII alone, because callers of the
//! `clawbuddy` program may compare it byte for byte; this also keeps every control character
//! of a peer's text off the terminal.

use std::fmt;
use std::io::Write;

use clap::Args;
use serde_json::{Value, json};

use super::Error;
use crate::api;
use crate::model::{PeerText, UnixMillis};
use crate::text::{sanitise, sanitise_line};
use crate::wire::clawbuddy_files::iso_utc;
use crate::wire::python_json;

/// Cells a peer's words may take where they share a line with ours.
const LINE_CELLS: usize = 100;

/// Flag of the verbs that print JSON.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pretty {
    /// Indent the JSON by two spaces
    #[arg(long)]
    pub pretty: bool,
}

/// Flags of the verbs that print text for a person unless asked for JSON.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Indent the JSON by two spaces; implies --json
    #[arg(long)]
    pub pretty: bool,
}

impl Form {
    /// Returns how to print JSON, `None` where text is wanted.
    pub(super) fn as_json(self) -> Option<Pretty> {
        (self.json || self.pretty).then_some(Pretty {
            pretty: self.pretty,
        })
    }
}

/// The two streams of a call.
pub struct Output<'a> {
    out: &'a mut (dyn Write + Send),
    err: &'a mut (dyn Write + Send),
    compact: bool,
}

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").finish_non_exhaustive()
    }
}

impl<'a> Output<'a> {
    /// Takes the streams for results and for everything else.
    pub fn new(out: &'a mut (dyn Write + Send), err: &'a mut (dyn Write + Send)) -> Self {
        Self {
            out,
            err,
            compact: false,
        }
    }

    /// Writes JSON without spaces from now on, as programs in `JavaScript` do.
    pub fn compact(&mut self) {
        self.compact = true;
    }

    /// Writes one JSON value and a new line, and flushes: after this the caller has it.
    pub fn json(&mut self, value: &Value, style: Pretty) -> Result<(), Error> {
        let text = if style.pretty {
            python_json::to_string_pretty(value)
        } else {
            self.line(value)
        };
        self.text(&format!("{text}\n"))
    }

    fn line(&self, value: &Value) -> String {
        if self.compact {
            ascii(&value.to_string())
        } else {
            python_json::to_string(value)
        }
    }

    /// Writes text for a person as it is, and flushes. A peer's words in it have been through
    /// `one_line` or `block`.
    pub fn text(&mut self, text: &str) -> Result<(), Error> {
        let written = self.out.write_all(text.as_bytes());
        written
            .and_then(|()| self.out.flush())
            .map_err(Error::Output)
    }

    /// Writes one line `{"warning": ...}` to standard error.
    pub fn warning(&mut self, text: &str) {
        self.complain(&json!({ "warning": text }));
    }

    /// Writes one line `{"note": ...}` to standard error: nothing is wrong.
    pub fn note(&mut self, text: &str) {
        self.complain(&json!({ "note": text }));
    }

    /// Writes one line `{"error": ...}` to standard error.
    pub fn error(&mut self, error: &Error) {
        let value = if let Error::Refused(api::Error::InvalidInvite(detail)) = error {
            // The reference has no more to say; what is wrong with the link is ours.
            json!({ "error": "invalid invite URL", "detail": detail })
        } else {
            json!({ "error": error.to_string() })
        };
        self.complain(&value);
    }

    /// Writes one line `{"error": ...}` about what went wrong before a verb could run.
    pub fn failure(&mut self, text: &str) {
        self.complain(&json!({ "error": text }));
    }

    fn complain(&mut self, value: &Value) {
        let line = format!("{}\n", self.line(value));
        if let Err(error) = self.err.write_all(line.as_bytes()) {
            tracing::debug!(%error, "nobody reads standard error");
        }
    }
}

/// Escapes what is not ASCII in a JSON text, and the one control character that JSON leaves.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if matches!(character, ' '..='~') {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _infallible = fmt::Write::write_fmt(&mut text, format_args!("\\u{unit:04x}"));
        }
    }
    text
}

/// Makes text from outside fit into one of our lines.
pub(super) fn one_line(text: &PeerText) -> String {
    sanitise_line(text, LINE_CELLS).plain()
}

/// Makes text from outside a block of its own, every line behind the gutter that marks it.
pub(super) fn block(text: &PeerText) -> String {
    let mut block = String::new();
    for line in sanitise(text).lines() {
        block.push_str("  ┆ ");
        block.push_str(&line.plain());
        block.push('\n');
    }
    block
}

/// Returns a time as JSON has it.
pub(super) fn json_time(at: Option<UnixMillis>) -> Value {
    at.map_or(Value::Null, |at| Value::String(iso_utc(at)))
}

/// Returns a time as a person reads it, to the minute.
pub(super) fn human_time(at: UnixMillis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_out_of_range| "at an unknown time".to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

/// Runs something with an output, and returns what it wrote to each stream.
#[cfg(test)]
pub(super) fn captured(run: impl FnOnce(&mut Output<'_>)) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    run(&mut Output::new(&mut out, &mut err));
    (
        String::from_utf8(out).unwrap(),
        String::from_utf8(err).unwrap(),
    )
}

/// Runs something that waits with an output; returns what came of it and what went to standard
/// error.
#[cfg(test)]
pub(super) async fn captured_later<T>(run: impl AsyncFnOnce(&mut Output<'_>) -> T) -> (T, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let result = run(&mut Output::new(&mut out, &mut err)).await;
    (result, String::from_utf8(err).unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_python_writes_it() {
        let value = json!({ "name": "Bób", "none": null, "list": [1, true] });
        let (out, _) = captured(|out| out.json(&value, Pretty::default()).unwrap());
        assert_eq!(
            out,
            "{\"name\": \"B\\u00f3b\", \"none\": null, \"list\": [1, true]}\n"
        );
    }

    #[test]
    fn compact_json_has_no_spaces_and_no_character_that_could_steer_a_terminal() {
        let value = json!({ "a": "é\u{9b}\u{7f}\u{1b}\u{1f980} x", "b": [1, null] });
        let (out, err) = captured(|out| {
            out.compact();
            out.json(&value, Pretty::default()).unwrap();
            out.failure("no");
        });
        assert_eq!(
            out,
            "{\"a\":\"\\u00e9\\u009b\\u007f\\u001b\\ud83e\\udd80 x\",\"b\":[1,null]}\n"
        );
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), value);
        assert_eq!(err, "{\"error\":\"no\"}\n");
    }

    #[test]
    fn a_peer_s_words_cannot_leave_their_gutter() {
        let text = PeerText::new("one\n\u{1b}[2J\rtwo\u{202e}");
        let shown = block(&text);
        assert!(
            shown.lines().all(|line| line.starts_with("  ┆ ")),
            "{shown}"
        );
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'));
        assert!(!one_line(&text).contains(char::is_control));
    }

    #[test]
    fn times_beyond_the_calendar_do_not_panic() {
        assert_eq!(human_time(UnixMillis(0)), "1970-01-01 00:00 UTC");
        assert_eq!(human_time(UnixMillis(i64::MAX)), "at an unknown time");
    }
}
