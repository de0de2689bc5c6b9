//! Reads the rules of a preset file.
//!
//! A rule that is not understood is an error rather than ignored: a misspelt key would leave
//! something open that its author believes closed.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Delivery, DraftHold, Drafts, InboundHold, Proof, Rules, Unproven};
use crate::model::{Date, Preset};
use crate::policy::ends::Ends;
use crate::policy::hours::{Hours, Span};
use crate::policy::presets;

/// Longest piece of the file that an error repeats, in characters.
const LONGEST_QUOTE: usize = 60;

/// Keys that are possible, as an error names them.
const KEYS: &str = "base, inbound, hold_first_message, hold_unproven, drafts, hold_in_drafts, \
                    may_write_first, hours, time_zone, delivery, alone_per_hour, alone_per_day, ends, until, \
                    raising_needs, draft_expires_hours";

const BASES: &str =
    "\"safe-acquaintance\", \"trusted-colleague\", \"inner-circle\" or \"one-time\"";
const INBOUND: &str = "\"all\", \"any-signal\", \"medium\", \"high\" or \"off\"";
const YES_NO: &str = "true or false";
const UNPROVEN: &str = "a list of \"unsigned\", \"plain-text\" and \"wrong-signature\"";
const DRAFTS: &str = "\"held\" or \"alone\"";
const HOLDS: &str = "a list of \"secrets\", \"personal\" (or single ones: \"money\", \"address\", \
                     \"phone\", \"email\", \"iban\"), \"links\" and \"attachments\"";
const HOURS: &str = "\"always\" or a list of spans such as \"mon-fri 09:00-17:00\"";
const ZONE: &str = "\"local\" or a time zone such as \"Europe/Madrid\"";
const DELIVERY: &str = "\"digest\", \"in-hours\" or \"at-once\"";
const RATE: &str = "a whole number from 1 to 1000, or \"no-limit\"";
const ENDS: &str = "\"never\" or a list of \"completed\", \"7 days\", \"30 days quiet\" and a last \
                    day such as \"2026-12-31\", each at most once, with 1 to 3650 days";
const UNTIL: &str = "\"never\" or a last day such as \"2026-12-31\"";
const PROOF: &str = "\"nothing\" or \"verified-code\"";
const PROOF_WIDE: &str = "\"verified-code\" (or left out) where drafts leave alone, `inbound` is \
                          wider than \"any-signal\", or `hold_unproven` lacks \"plain-text\" or \
                          \"wrong-signature\"";
const EXPIRES: &str = "a whole number of hours from 1 to 720";

/// Why the rules of a preset cannot be used. The texts name line and key of the user's file;
/// whoever knows the file puts its name before them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// It is not TOML.
    #[error("line {line}, at `{key}`: {problem}")]
    Syntax {
        /// From 1.
        line: usize,
        /// How the line begins, up to a `=`, control characters escaped.
        key: String,
        /// What the parser expected.
        problem: String,
    },
    /// A key that means nothing.
    #[error("line {line}: unknown key `{key}`; possible keys are {KEYS}")]
    UnknownKey {
        /// From 1.
        line: usize,
        /// The key, control characters escaped.
        key: String,
    },
    /// A value of the wrong type, or one that is not possible.
    #[error("line {line}: `{key}` has to be {possible}")]
    BadValue {
        /// From 1. In a list the line of the value that is wrong.
        line: usize,
        /// The key.
        key: &'static str,
        /// What is possible.
        possible: &'static str,
    },
}

impl Rules {
    /// Reads the rules of a preset file. A key that is left out has the value of the preset
    /// that `base` names, and without `base` that of `safe-acquaintance`.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let file = File::new(text)?;
        let base = match file.table.get_ref().get("base") {
            None => Preset::SafeAcquaintance,
            Some(value) => Value::new(&file, "base", value).word(BASES, Preset::parse)?,
        };
        file.onto(presets::rules(base).clone())
    }

    /// Returns these rules with one key changed, its value written as in a file but without
    /// quotation marks and brackets. `None` where that value is not possible.
    pub(super) fn with(&self, key: &str, value: &str) -> Option<Self> {
        // No possible value has such a character, and with one the line could say more than a key.
        if value.contains(['"', '\'', '\\']) || value.contains(char::is_control) {
            return None;
        }
        let parts: Vec<_> = value
            .split(", ")
            .map(|part| format!("\"{part}\""))
            .collect();
        let list = format!("[{}]", parts.join(", "));
        let bare = value.to_owned();
        [format!("\"{value}\""), list, bare]
            .into_iter()
            .find_map(|value| {
                File::new(&format!("{key} = {value}"))
                    .ok()?
                    .onto(self.clone())
                    .ok()
            })
    }

    /// Reads the file of a built-in preset, which stands on no other.
    pub(in crate::policy) fn parse_builtin(text: &str) -> Result<Self, RulesError> {
        File::new(text)?.onto(Self {
            inbound: InboundHold::All,
            hold_first_message: true,
            hold_unproven: Unproven::ALL.into(),
            drafts: Drafts::Held,
            hold_in_drafts: DraftHold::ALL.into(),
            may_write_first: false,
            hours: Hours::Always,
            time_zone: "local".to_owned(),
            delivery: Delivery::Digest,
            alone_per_hour: None,
            alone_per_day: None,
            ends: Ends::default(),
            until: None,
            raising_needs: Proof::Nothing,
            draft_expires_hours: 8,
        })
    }
}

struct File<'t> {
    text: &'t str,
    table: Spanned<DeTable<'t>>,
}

impl<'t> File<'t> {
    fn new(text: &'t str) -> Result<Self, RulesError> {
        match DeTable::parse(text) {
            Ok(table) => Ok(Self { text, table }),
            Err(error) => {
                let line = line_of(text, error.span().map_or(0, |span| span.start));
                let begins = text.lines().nth(line - 1).and_then(|l| l.split('=').next());
                Err(RulesError::Syntax {
                    line,
                    key: quote(begins.unwrap_or_default().trim()),
                    problem: error.message().escape_debug().to_string(),
                })
            }
        }
    }

    fn onto(&self, mut rules: Rules) -> Result<Rules, RulesError> {
        for (key, value) in self.table.get_ref() {
            let value = |key| Value::new(self, key, value);
            match key.get_ref().as_ref() {
                "base" => {}
                "inbound" => {
                    rules.inbound =
                        value("inbound").one_of(INBOUND, InboundHold::ALL, InboundHold::as_str)?;
                }
                "hold_first_message" => {
                    rules.hold_first_message = value("hold_first_message").flag()?;
                }
                "hold_unproven" => rules.hold_unproven = value("hold_unproven").unproven()?,
                "drafts" => {
                    rules.drafts = value("drafts").one_of(DRAFTS, Drafts::ALL, Drafts::as_str)?;
                }
                "hold_in_drafts" => rules.hold_in_drafts = value("hold_in_drafts").holds()?,
                "may_write_first" => rules.may_write_first = value("may_write_first").flag()?,
                "hours" => rules.hours = value("hours").hours()?,
                "time_zone" => {
                    let zone = |text: &str| is_zone(text).then(|| text.to_owned());
                    rules.time_zone = value("time_zone").word(ZONE, zone)?;
                }
                "delivery" => {
                    rules.delivery =
                        value("delivery").one_of(DELIVERY, Delivery::ALL, Delivery::as_str)?;
                }
                "alone_per_hour" => rules.alone_per_hour = value("alone_per_hour").rate()?,
                "alone_per_day" => rules.alone_per_day = value("alone_per_day").rate()?,
                "ends" => rules.ends = value("ends").ends()?,
                "until" => {
                    rules.until = value("until").word(UNTIL, |text| match text {
                        "never" => Some(None),
                        day => Date::parse(day).map(Some),
                    })?;
                }
                "raising_needs" => {
                    rules.raising_needs =
                        value("raising_needs").one_of(PROOF, Proof::ALL, Proof::as_str)?;
                }
                "draft_expires_hours" => {
                    let hours = value("draft_expires_hours").number(1..=720);
                    rules.draft_expires_hours =
                        hours.ok_or_else(|| value("draft_expires_hours").bad(EXPIRES))?;
                }
                unknown => {
                    return Err(RulesError::UnknownKey {
                        line: line_of(self.text, key.span().start),
                        key: quote(unknown),
                    });
                }
            }
        }
        if rules.is_wide() && rules.raising_needs == Proof::Nothing {
            if let Some(value) = self.table.get_ref().get("raising_needs") {
                return Err(Value::new(self, "raising_needs", value).bad(PROOF_WIDE));
            }
            rules.raising_needs = Proof::VerifiedCode;
        }
        Ok(rules)
    }
}

/// A value with the file and the key it stands under.
struct Value<'a, 't> {
    file: &'a File<'t>,
    key: &'static str,
    node: &'a Spanned<DeValue<'t>>,
}

impl<'a, 't> Value<'a, 't> {
    fn new(file: &'a File<'t>, key: &'static str, node: &'a Spanned<DeValue<'t>>) -> Self {
        Self { file, key, node }
    }

    fn bad(&self, possible: &'static str) -> RulesError {
        RulesError::BadValue {
            line: line_of(self.file.text, self.node.span().start),
            key: self.key,
            possible,
        }
    }

    fn text(&self) -> Option<&str> {
        self.node.get_ref().as_str()
    }

    /// A text that `read` understands.
    fn word<T>(
        &self,
        possible: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, RulesError> {
        self.text().and_then(read).ok_or_else(|| self.bad(possible))
    }

    fn one_of<T: Copy, const N: usize>(
        &self,
        possible: &'static str,
        all: [T; N],
        name: impl Fn(T) -> &'static str,
    ) -> Result<T, RulesError> {
        self.word(possible, |text| {
            all.into_iter().find(|one| name(*one) == text)
        })
    }

    fn flag(&self) -> Result<bool, RulesError> {
        self.node
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.bad(YES_NO))
    }

    fn number(&self, possible: std::ops::RangeInclusive<u16>) -> Option<u16> {
        let integer = self.node.get_ref().as_integer()?;
        let number = u16::from_str_radix(integer.as_str(), integer.radix()).ok()?;
        possible.contains(&number).then_some(number)
    }

    fn rate(&self) -> Result<Option<u16>, RulesError> {
        if self.text() == Some("no-limit") {
            return Ok(None);
        }
        let number = self.number(1..=1000);
        number.map(Some).ok_or_else(|| self.bad(RATE))
    }

    /// The texts of a list.
    fn list(&self, possible: &'static str) -> Result<Vec<Self>, RulesError> {
        let array = self.node.get_ref().as_array();
        let array = array.ok_or_else(|| self.bad(possible))?;
        let values = array
            .iter()
            .map(|value| Self::new(self.file, self.key, value));
        Ok(values.collect())
    }

    fn holds(&self) -> Result<BTreeSet<DraftHold>, RulesError> {
        let mut holds = BTreeSet::new();
        for value in self.list(HOLDS)? {
            if value.text() == Some("personal") {
                holds.extend(DraftHold::PERSONAL);
            } else {
                holds.insert(value.one_of(HOLDS, DraftHold::ALL, DraftHold::as_str)?);
            }
        }
        Ok(holds)
    }

    fn unproven(&self) -> Result<BTreeSet<Unproven>, RulesError> {
        let values = self.list(UNPROVEN)?.into_iter();
        values
            .map(|value| value.one_of(UNPROVEN, Unproven::ALL, Unproven::as_str))
            .collect()
    }

    fn hours(&self) -> Result<Hours, RulesError> {
        if self.text() == Some("always") {
            return Ok(Hours::Always);
        }
        let spans: Result<Vec<_>, _> = self
            .list(HOURS)?
            .iter()
            .map(|value| value.word(HOURS, Span::parse))
            .collect();
        let spans = spans?;
        if spans.is_empty() {
            Err(self.bad(HOURS))
        } else {
            Ok(Hours::Spans(spans))
        }
    }

    fn ends(&self) -> Result<Ends, RulesError> {
        let mut ends = Ends::default();
        if self.text() == Some("never") {
            return Ok(ends);
        }
        let list = self.list(ENDS)?;
        if list.is_empty() {
            return Err(self.bad(ENDS));
        }
        for value in list {
            value.word(ENDS, |text| add_condition(&mut ends, text))?;
        }
        Ok(ends)
    }
}

/// Adds one condition; `None` where it is none or stands there already.
fn add_condition(ends: &mut Ends, text: &str) -> Option<()> {
    fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
        place.replace(value).is_none().then_some(())
    }
    let days = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = digits.then(|| text.parse::<u16>().ok()).flatten()?;
        (1..=3650).contains(&number).then_some(number)
    };
    if text == "completed" {
        return (!std::mem::replace(&mut ends.when_completed, true)).then_some(());
    }
    if let Some(number) = text.strip_suffix(" days quiet") {
        return once(&mut ends.after_quiet_days, days(number)?);
    }
    if let Some(number) = text.strip_suffix(" days") {
        return once(&mut ends.after_days, days(number)?);
    }
    once(&mut ends.on, Date::parse(text)?)
}

/// Tells whether a text has the form of a time zone name: `local`, `UTC` or `Area/City`.
fn is_zone(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
    };
    let area_and_city = text.len() <= 64 && text.contains('/') && text.split('/').all(part);
    matches!(text, "local" | "UTC") || area_and_city
}

/// A piece of the user's file for an error, which is one line of printable text.
fn quote(text: &str) -> String {
    text.escape_debug().take(LONGEST_QUOTE).collect()
}

/// The line, from 1, that a byte offset lies in.
fn line_of(text: &str, offset: usize) -> usize {
    let before = text.bytes().take(offset);
    before.filter(|byte| *byte == b'\n').count() + 1
}
