//! What rules let an assistant do by itself, in words for whoever decides what it may read.

use super::rows::Key;
use super::{Drafts, Rules};

impl Rules {
    /// Returns what becomes of an assistant's answers under these rules, in a few clauses, at
    /// least one. Everything they say is enforced.
    pub fn terms(&self) -> Vec<String> {
        if self.drafts == Drafts::Held {
            return vec!["every answer of its waits for you".to_owned()];
        }
        let mut terms = vec![format!("its answers leave alone, {}", self.hours)];
        let rates = [
            (self.alone_per_hour, "an hour"),
            (self.alone_per_day, "a day"),
        ];
        let rates: Vec<_> = rates
            .iter()
            .filter_map(|(rate, span)| Some(format!("{} in {span}", (*rate)?)))
            .collect();
        if !rates.is_empty() {
            terms.push(format!("at most {}", rates.join(", ")));
        }
        let held = Key::ALL.iter().filter_map(|row| {
            let is_held = matches!(row, Key::Hold(what) if self.hold_in_drafts.contains(what));
            row.label().strip_suffix(" in drafts").filter(|_| is_held)
        });
        let held: Vec<_> = held.collect();
        if !held.is_empty() {
            terms.push(format!("waits for you with {}", held.join(", ")));
        }
        terms
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Preset;
    use crate::policy::presets;
    use crate::policy::rules::{Drafts, Rules};

    #[test]
    fn they_say_when_answers_leave_alone_how_many_and_what_waits() {
        let terms = presets::rules(Preset::TrustedColleague).terms();
        assert_eq!(
            terms,
            [
                "its answers leave alone, mon-fri 08:00-19:00, sat-sun 10:00-16:00",
                "at most 3 in an hour, 12 in a day",
                "waits for you with secrets, money, addresses, phone numbers, e-mail addresses, \
                 bank accounts",
            ]
        );
    }

    #[test]
    fn where_every_draft_waits_nothing_else_is_said() {
        let rules = Rules {
            drafts: Drafts::Held,
            ..presets::rules(Preset::InnerCircle).clone()
        };
        assert_eq!(rules.terms(), ["every answer of its waits for you"]);
    }
}
