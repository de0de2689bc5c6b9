//! Writes rules as a preset file.

use std::fmt::Write as _;

use super::{DraftHold, Rules, Unproven};
use crate::policy::hours::Hours;

impl Rules {
    /// Writes every key, so that the file stands on no other. [`Rules::parse`] gives the same
    /// rules again, and equal rules give the same text: its digest is the version of a policy.
    pub fn to_toml(&self) -> String {
        let quoted = |text: &str| format!("\"{text}\"");
        let list = |texts: Vec<String>| {
            let texts: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
            format!("[{}]", texts.join(", "))
        };
        let rate = |rate: Option<u16>| rate.map_or_else(|| quoted("no-limit"), |n| n.to_string());
        let holds = DraftHold::ALL.into_iter();
        let holds = holds.filter(|hold| self.hold_in_drafts.contains(hold));
        let holds = holds.map(|hold| hold.as_str().to_owned()).collect();
        let unproven = Unproven::ALL.into_iter();
        let unproven = unproven.filter(|what| self.hold_unproven.contains(what));
        let unproven = unproven.map(|what| what.as_str().to_owned()).collect();
        let hours = match &self.hours {
            Hours::Always => quoted("always"),
            Hours::Spans(spans) => list(spans.iter().map(ToString::to_string).collect()),
        };
        let ends = self.ends.conditions();
        let ends = if ends.is_empty() {
            quoted("never")
        } else {
            list(ends)
        };
        let until = self
            .until
            .map_or_else(|| "never".to_owned(), |last| last.to_string());
        let mut text = String::new();
        for (key, value) in [
            ("inbound", quoted(self.inbound.as_str())),
            ("hold_first_message", self.hold_first_message.to_string()),
            ("hold_unproven", list(unproven)),
            ("drafts", quoted(self.drafts.as_str())),
            ("hold_in_drafts", list(holds)),
            ("may_write_first", self.may_write_first.to_string()),
            ("hours", hours),
            ("time_zone", quoted(&self.time_zone)),
            ("delivery", quoted(self.delivery.as_str())),
            ("alone_per_hour", rate(self.alone_per_hour)),
            ("alone_per_day", rate(self.alone_per_day)),
            ("ends", ends),
            ("until", quoted(&until)),
            ("raising_needs", quoted(self.raising_needs.as_str())),
            ("draft_expires_hours", self.draft_expires_hours.to_string()),
        ] {
            writeln!(text, "{key} = {value}").expect("a String takes all that is written to it");
        }
        text
    }
}
