//! The rules as rows of an editor, each with the few values it can be changed to.

use super::{Delivery, DraftHold, Drafts, InboundHold, Proof, Rules, Unproven};
use crate::policy::ends::Ends;
use crate::policy::hours::{Hours, Span};

/// A row of the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Stable name, for [`Rules::set`]. Rows of one group share what stands before a dot.
    pub key: &'static str,
    /// What the row is about, for a person.
    pub label: &'static str,
    /// Its value, for a person.
    pub value: String,
    /// Whether this program enforces it (`E`); otherwise it is advice to the assistant (`A`).
    pub enforced: bool,
    /// What the value can be, in the order of [`Step::Next`]; the present value is among them.
    /// Empty for advice, which is changed in the text.
    pub options: Vec<String>,
}

/// A direction in which a row is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the option after the present one, and from the last to the first.
    Next,
    /// To the option before the present one, and from the first to the last.
    Previous,
}

/// What is asked of the assistant and nothing here can enforce: key and label.
const ADVICE: [(&str, &str); 3] = [
    ("calendar", "what it may say of your calendar"),
    ("documents", "which documents it may share"),
    ("tone", "tone and notes"),
];

/// The enforced rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Drafts,
    MayWriteFirst,
    Hours,
    TimeZone,
    AlonePerHour,
    AlonePerDay,
    Hold(DraftHold),
    DraftExpiresHours,
    Inbound,
    HoldFirstMessage,
    HoldUnproven(Unproven),
    Delivery,
    Ends,
    Until,
    RaisingNeeds,
}

impl Key {
    /// All rows, in the order of the editor.
    pub(super) const ALL: [Self; 24] = [
        Self::Drafts,
        Self::MayWriteFirst,
        Self::Hours,
        Self::TimeZone,
        Self::AlonePerHour,
        Self::AlonePerDay,
        Self::Hold(DraftHold::Secrets),
        Self::Hold(DraftHold::Money),
        Self::Hold(DraftHold::Address),
        Self::Hold(DraftHold::Phone),
        Self::Hold(DraftHold::Email),
        Self::Hold(DraftHold::Iban),
        Self::Hold(DraftHold::Links),
        Self::Hold(DraftHold::Attachments),
        Self::DraftExpiresHours,
        Self::Inbound,
        Self::HoldFirstMessage,
        Self::HoldUnproven(Unproven::Unsigned),
        Self::HoldUnproven(Unproven::PlainText),
        Self::HoldUnproven(Unproven::WrongSignature),
        Self::Delivery,
        Self::Ends,
        Self::Until,
        Self::RaisingNeeds,
    ];

    /// Returns the stable name of the row.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Drafts => "drafts",
            Self::MayWriteFirst => "may_write_first",
            Self::Hours => "hours",
            Self::TimeZone => "time_zone",
            Self::AlonePerHour => "alone_per_hour",
            Self::AlonePerDay => "alone_per_day",
            Self::Hold(DraftHold::Secrets) => "hold_in_drafts.secrets",
            Self::Hold(DraftHold::Money) => "hold_in_drafts.money",
            Self::Hold(DraftHold::Address) => "hold_in_drafts.address",
            Self::Hold(DraftHold::Phone) => "hold_in_drafts.phone",
            Self::Hold(DraftHold::Email) => "hold_in_drafts.email",
            Self::Hold(DraftHold::Iban) => "hold_in_drafts.iban",
            Self::Hold(DraftHold::Links) => "hold_in_drafts.links",
            Self::Hold(DraftHold::Attachments) => "hold_in_drafts.attachments",
            Self::DraftExpiresHours => "draft_expires_hours",
            Self::Inbound => "inbound",
            Self::HoldFirstMessage => "hold_first_message",
            Self::HoldUnproven(Unproven::Unsigned) => "hold_unproven.unsigned",
            Self::HoldUnproven(Unproven::PlainText) => "hold_unproven.plain-text",
            Self::HoldUnproven(Unproven::WrongSignature) => "hold_unproven.wrong-signature",
            Self::Delivery => "delivery",
            Self::Ends => "ends",
            Self::Until => "until",
            Self::RaisingNeeds => "raising_needs",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Drafts => "drafts",
            Self::MayWriteFirst => "may write first",
            Self::Hours => "hours",
            Self::TimeZone => "time zone",
            Self::AlonePerHour => "alone in an hour",
            Self::AlonePerDay => "alone in a day",
            Self::Hold(DraftHold::Secrets) => "secrets in drafts",
            Self::Hold(DraftHold::Money) => "money in drafts",
            Self::Hold(DraftHold::Address) => "addresses in drafts",
            Self::Hold(DraftHold::Phone) => "phone numbers in drafts",
            Self::Hold(DraftHold::Email) => "e-mail addresses in drafts",
            Self::Hold(DraftHold::Iban) => "bank accounts in drafts",
            Self::Hold(DraftHold::Links) => "links in drafts",
            Self::Hold(DraftHold::Attachments) => "files in drafts",
            Self::DraftExpiresHours => "held drafts expire",
            Self::Inbound => "incoming",
            Self::HoldFirstMessage => "first message",
            Self::HoldUnproven(Unproven::Unsigned) => "messages without signature",
            Self::HoldUnproven(Unproven::PlainText) => "messages in plain text",
            Self::HoldUnproven(Unproven::WrongSignature) => "messages with a wrong signature",
            Self::Delivery => "you hear of it",
            Self::Ends => "ends",
            Self::Until => "these rules end",
            Self::RaisingNeeds => "raising to this needs",
        }
    }

    /// Returns the value of the row for a person. Different values have different texts.
    pub(super) fn value(self, rules: &Rules) -> String {
        let text = match self {
            Self::Drafts => match rules.drafts {
                Drafts::Held => "every draft held",
                Drafts::Alone => "leave alone",
            },
            Self::MayWriteFirst => yes_no(rules.may_write_first),
            Self::Hours => return rules.hours.to_string(),
            Self::TimeZone => return rules.time_zone.clone(),
            Self::AlonePerHour => return rate(rules.alone_per_hour),
            Self::AlonePerDay => return rate(rules.alone_per_day),
            Self::Hold(what) => hold(rules.hold_in_drafts.contains(&what)),
            Self::DraftExpiresHours => return format!("after {} h", rules.draft_expires_hours),
            Self::Inbound => match rules.inbound {
                InboundHold::All => "hold all",
                InboundHold::AnySignal => "hold on any signal",
                InboundHold::Medium => "hold on medium or worse",
                InboundHold::High => "hold on high",
                InboundHold::Off => "hold nothing",
            },
            Self::HoldFirstMessage => {
                if rules.hold_first_message {
                    "hold"
                } else {
                    "as any other"
                }
            }
            Self::HoldUnproven(what) => {
                if rules.hold_unproven.contains(&what) {
                    "hold"
                } else {
                    "as any other"
                }
            }
            Self::Delivery => match rules.delivery {
                Delivery::Digest => "in the digest",
                Delivery::InHours => "at once in hours",
                Delivery::AtOnce => "at once",
            },
            Self::Ends => return rules.ends.to_string(),
            Self::Until => {
                return rules
                    .until
                    .map_or_else(|| "never".to_owned(), |last| format!("after {last}"));
            }
            Self::RaisingNeeds => match rules.raising_needs {
                Proof::Nothing => "nothing",
                Proof::VerifiedCode => "verified safety code",
            },
        };
        text.to_owned()
    }

    /// Returns the rules that this row can be changed to, the present ones among them.
    fn choices(self, rules: &Rules) -> Vec<Rules> {
        let mut choices = match self {
            Self::Drafts => each(rules, Drafts::ALL, |r, v| r.drafts = v),
            Self::MayWriteFirst => each(rules, [false, true], |r, v| r.may_write_first = v),
            Self::Hours => each(rules, usual_hours(), |r, v| r.hours = v),
            Self::TimeZone => each(rules, ["local", "UTC"], |r, v| {
                v.clone_into(&mut r.time_zone);
            }),
            Self::AlonePerHour => {
                let rates = [1, 3, 6, 12, 30].map(Some);
                let rates = rates.into_iter().chain([None]);
                each(rules, rates, |r, v| r.alone_per_hour = v)
            }
            Self::AlonePerDay => {
                let rates = [3, 6, 12, 30, 60, 120].map(Some);
                let rates = rates.into_iter().chain([None]);
                each(rules, rates, |r, v| r.alone_per_day = v)
            }
            Self::Hold(what) => each(rules, [true, false], |r, held| {
                if held {
                    r.hold_in_drafts.insert(what);
                } else {
                    r.hold_in_drafts.remove(&what);
                }
            }),
            Self::DraftExpiresHours => {
                each(rules, [1, 4, 8, 24, 72], |r, v| r.draft_expires_hours = v)
            }
            Self::Inbound => each(rules, InboundHold::ALL, |r, v| r.inbound = v),
            Self::HoldFirstMessage => each(rules, [true, false], |r, v| r.hold_first_message = v),
            Self::HoldUnproven(what) => each(rules, [true, false], |r, held| {
                if held {
                    r.hold_unproven.insert(what);
                } else {
                    r.hold_unproven.remove(&what);
                }
            }),
            Self::Delivery => each(rules, Delivery::ALL, |r, v| r.delivery = v),
            Self::Ends => each(rules, usual_ends(), |r, v| r.ends = v),
            Self::Until => each(rules, [None], |r, v| r.until = v),
            Self::RaisingNeeds => each(rules, Proof::ALL, |r, v| r.raising_needs = v),
        };
        for choice in &mut choices {
            if choice.is_wide() {
                choice.raising_needs = Proof::VerifiedCode;
            }
        }
        choices.dedup();
        let present = self.value(rules);
        if choices.iter().all(|choice| self.value(choice) != present) {
            choices.insert(0, rules.clone());
        }
        choices
    }
}

impl Rules {
    /// Returns the rows of the editor: those that are enforced, then the advice.
    pub fn rows(&self) -> Vec<Row> {
        let enforced = Key::ALL.into_iter().map(|key| Row {
            key: key.as_str(),
            label: key.label(),
            value: key.value(self),
            enforced: true,
            options: key.choices(self).iter().map(|c| key.value(c)).collect(),
        });
        let advice = ADVICE.into_iter().map(|(key, label)| Row {
            key,
            label,
            value: "see the text".to_owned(),
            enforced: false,
            options: Vec::new(),
        });
        enforced.chain(advice).collect()
    }

    /// Changes a row by one step. Returns whether there is such a row with a value to change;
    /// `false` for advice and for a key that is none. A step that makes the rules
    /// [wide](Self::is_wide) also makes raising need a verified code.
    pub fn set(&mut self, key: &str, step: Step) -> bool {
        let Some(key) = Key::ALL.into_iter().find(|row| row.as_str() == key) else {
            return false;
        };
        let choices = key.choices(self);
        let present = key.value(self);
        let at = choices.iter().position(|c| key.value(c) == present);
        let at = at.unwrap_or_default();
        let next = match step {
            Step::Next => at + 1,
            Step::Previous => at + choices.len() - 1,
        };
        if let Some(choice) = choices.into_iter().cycle().nth(next) {
            *self = choice;
        }
        true
    }

    /// Changes a row to a value by its name: the text of one of its options, or what a preset
    /// file says, so that any value that is possible there can be chosen. Changes nothing else
    /// but what [`Self::set`] would. Returns whether there is such a row with such a value.
    pub fn choose(&mut self, key: &str, value: &str) -> bool {
        let Some(key) = Key::ALL.into_iter().find(|row| row.as_str() == key) else {
            return false;
        };
        let mut choices = key.choices(self).into_iter();
        let chosen = choices
            .find(|choice| key.value(choice) == value)
            .or_else(|| self.with(key.as_str(), value));
        let found = chosen.is_some();
        if let Some(rules) = chosen {
            *self = rules;
        }
        found
    }
}

fn each<T>(
    rules: &Rules,
    values: impl IntoIterator<Item = T>,
    put: impl Fn(&mut Rules, T),
) -> Vec<Rules> {
    let choice = |value| {
        let mut choice = rules.clone();
        put(&mut choice, value);
        choice
    };
    values.into_iter().map(choice).collect()
}

fn usual_hours() -> Vec<Hours> {
    let usual: [&[&str]; 4] = [
        &["mon-fri 09:00-17:00"],
        &["mon-fri 08:00-19:00"],
        &["mon-fri 08:00-19:00", "sat-sun 10:00-16:00"],
        &["mon-sun 08:00-22:00"],
    ];
    let spans = |texts: &[&str]| texts.iter().filter_map(|text| Span::parse(text)).collect();
    let usual = usual.into_iter().map(|texts| Hours::Spans(spans(texts)));
    usual.chain([Hours::Always]).collect()
}

fn usual_ends() -> [Ends; 5] {
    let never = Ends::default();
    let quiet = Ends {
        after_quiet_days: Some(30),
        ..never
    };
    let month = Ends {
        after_days: Some(30),
        ..never
    };
    let completed = Ends {
        when_completed: true,
        ..never
    };
    let errand = Ends {
        after_days: Some(7),
        ..completed
    };
    [never, quiet, month, completed, errand]
}

fn rate(rate: Option<u16>) -> String {
    rate.map_or_else(|| "no limit".to_owned(), |rate| rate.to_string())
}

fn hold(held: bool) -> &'static str {
    if held { "hold" } else { "allow" }
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Preset;
    use crate::policy::presets;

    #[test]
    fn only_what_rules_can_say_is_a_row_that_can_be_changed() {
        let mut rules = presets::rules(Preset::SafeAcquaintance).clone();
        assert!(!rules.set("tone", Step::Next));
        assert!(!rules.set("no-such-row", Step::Next));
        assert_eq!(&rules, presets::rules(Preset::SafeAcquaintance));
        assert!(rules.set("inbound", Step::Previous));
        assert_eq!(rules.inbound, InboundHold::All);
        let advice: Vec<_> = rules
            .rows()
            .into_iter()
            .filter(|row| !row.enforced)
            .collect();
        let keys: Vec<_> = advice.iter().map(|row| row.key).collect();
        assert_eq!(keys, ["calendar", "documents", "tone"]);
    }

    #[test]
    fn letting_drafts_leave_alone_makes_raising_need_a_verified_code() {
        let mut rules = presets::rules(Preset::SafeAcquaintance).clone();
        assert!(rules.set("drafts", Step::Next));
        assert_eq!(rules.drafts, Drafts::Alone);
        assert_eq!(rules.raising_needs, Proof::VerifiedCode);
        rules.set("raising_needs", Step::Next);
        assert_eq!(rules.raising_needs, Proof::VerifiedCode);
    }

    #[test]
    fn a_value_that_is_chosen_leaves_no_trace_of_those_that_lie_between() {
        let mut rules = presets::rules(Preset::SafeAcquaintance).clone();
        assert_eq!(rules.raising_needs, Proof::Nothing);
        assert!(rules.choose("inbound", "hold all"));
        let narrow = Rules {
            inbound: InboundHold::All,
            ..presets::rules(Preset::SafeAcquaintance).clone()
        };
        assert_eq!(rules, narrow);
        assert!(rules.choose("inbound", "hold nothing"));
        assert_eq!(rules.raising_needs, Proof::VerifiedCode);
    }

    #[test]
    fn a_value_can_be_named_as_a_preset_file_names_it() {
        let mut rules = presets::rules(Preset::SafeAcquaintance).clone();
        for (key, value, shown) in [
            ("inbound", "all", "hold all"),
            ("may_write_first", "true", "yes"),
            (
                "hours",
                "mon-wed,fri 08:00-20:00",
                "mon-wed,fri 08:00-20:00",
            ),
            (
                "hours",
                "mon-fri 08:00-20:00, sat 10:00-12:00",
                "mon-fri 08:00-20:00, sat 10:00-12:00",
            ),
            ("time_zone", "Europe/Madrid", "Europe/Madrid"),
            ("alone_per_hour", "7", "7"),
            ("alone_per_day", "no-limit", "no limit"),
            ("ends", "2026-12-31", "2026-12-31"),
            ("draft_expires_hours", "48", "after 48 h"),
        ] {
            assert!(rules.choose(key, value), "{key} {value}");
            let rows = rules.rows();
            let row = rows.iter().find(|row| row.key == key).unwrap();
            assert_eq!(row.value, shown);
        }
        assert_eq!(rules.raising_needs, Proof::Nothing);
        let before = rules.clone();
        for (key, value) in [
            ("draft_expires_hours", "9000"),
            ("inbound", "all\"\ndrafts = \"alone"),
            ("alone_per_hour", "1\ndrafts = 'alone'"),
            ("base", "inner-circle"),
            ("hold_in_drafts.secrets", "false"),
        ] {
            assert!(!rules.choose(key, value), "{key} {value}");
            assert_eq!(rules, before);
        }
    }

    #[test]
    fn every_option_of_every_row_can_be_chosen_and_nothing_else() {
        let before = presets::rules(Preset::SafeAcquaintance);
        for row in before.rows().iter().filter(|row| row.enforced) {
            for option in &row.options {
                let mut rules = before.clone();
                assert!(rules.choose(row.key, option), "{} {option}", row.key);
                let after = rules.rows();
                let after = after.iter().find(|after| after.key == row.key).unwrap();
                assert_eq!(after.value, *option);
            }
            let mut rules = before.clone();
            assert!(!rules.choose(row.key, "no such value"));
            assert_eq!(&rules, before);
        }
        assert!(!before.clone().choose("tone", "see the text"));
    }
}
