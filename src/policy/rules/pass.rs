//! A rule that is made of one item that was held: what lets the like of it pass, no wider than
//! that, and for a time.

use super::Rules;
use crate::model::Date;

/// Most drafts that leave alone in a day under a rule that lets drafts leave at all.
const A_DAY: u16 = 3;

impl Rules {
    /// Returns these rules with the one row opened that held an item, and with a last day.
    ///
    /// `rule` is the name that a verdict gave. `None` where no row should give way for one item:
    /// to secrets, to what cannot be read, to a wrong signature, to the last step to holding
    /// nothing, to a rate or an hour.
    pub fn letting_pass(&self, rule: &str, until: Date) -> Option<Self> {
        let (key, value) = match rule {
            "hold-in:all" => ("inbound", "any-signal"),
            "hold-in:any-signal" => ("inbound", "medium"),
            "hold-in:medium" => ("inbound", "high"),
            "hold-in:first-message" => ("hold_first_message", "false"),
            "hold-in:unsigned" => ("hold_unproven.unsigned", "as any other"),
            "hold-in:plain-text" => ("hold_unproven.plain-text", "as any other"),
            "hold-out:every-draft" => ("drafts", "alone"),
            "hold-out:writes-first" => ("may_write_first", "true"),
            "hold-out:iban" => ("hold_in_drafts.iban", "allow"),
            "hold-out:email-address" => ("hold_in_drafts.email", "allow"),
            "hold-out:phone-number" => ("hold_in_drafts.phone", "allow"),
            "hold-out:street-address" => ("hold_in_drafts.address", "allow"),
            "hold-out:money" => ("hold_in_drafts.money", "allow"),
            "hold-out:link" => ("hold_in_drafts.links", "allow"),
            "hold-out:file" => ("hold_in_drafts.attachments", "allow"),
            _ => return None,
        };
        let mut rules = self.clone();
        if !rules.choose(key, value) {
            return None;
        }
        if key == "drafts" {
            let most = rules.alone_per_day.unwrap_or(A_DAY).min(A_DAY);
            rules.alone_per_day = Some(most);
        }
        rules.until = Some(until);
        Some(rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Preset;
    use crate::policy::presets;

    #[test]
    fn a_rule_made_of_an_item_opens_one_row_and_has_a_last_day() {
        let last = Date::parse("2026-12-26").unwrap();
        let trusted = presets::rules(Preset::TrustedColleague);
        let safe = presets::rules(Preset::SafeAcquaintance);
        let said = |rules: &Rules, rule| {
            let made = rules.letting_pass(rule, last).unwrap();
            let changes = rules.changes(&made).into_iter();
            changes
                .map(|change| format!("{}: {}", change.row, change.to))
                .collect::<Vec<_>>()
        };
        let day = "until: after 2026-12-26";
        assert_eq!(
            said(trusted, "hold-out:street-address"),
            ["hold_in_drafts.address: allow", day]
        );
        assert_eq!(
            said(trusted, "hold-in:medium"),
            ["inbound: hold on high", day]
        );
        assert_eq!(
            said(safe, "hold-out:every-draft"),
            [
                "drafts: leave alone",
                "alone_per_day: 3",
                day,
                "raising_needs: verified safety code"
            ]
        );
        assert_eq!(
            said(safe, "hold-in:plain-text"),
            [
                "hold_unproven.plain-text: as any other",
                day,
                "raising_needs: verified safety code"
            ]
        );
        for never in [
            "hold-out:api-key",
            "unreadable",
            "hold-in:high",
            "hold-in:wrong-signature",
            "hours",
            "",
        ] {
            assert_eq!(trusted.letting_pass(never, last), None, "{never}");
        }
    }
}
