//! Which of two sets of rules lets more through.
//!
//! The comparison must never call something narrower that lets one more message through; it
//! may call something wider that does not. A property test in `policy::tests` holds it to
//! that.

use super::rows::Key;
use super::{Drafts, InboundHold, Proof, Rules, Unproven};
use crate::policy::ends::{Ends, within_limit};
use crate::policy::hours::Hours;

/// What a change of rules does to what may pass without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The same may pass. How a person is told may differ.
    Same,
    /// Less may pass.
    Narrower,
    /// More may pass.
    Wider,
    /// More in one respect, less in another, or it cannot be compared.
    Mixed,
}

/// A row of the rules that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// Key of the row, as in [`Row::key`](super::Row::key).
    pub row: &'static str,
    /// Its value before, for a person.
    pub from: String,
    /// Its value after, for a person.
    pub to: String,
    /// What this row alone does.
    pub effect: Change,
}

impl Change {
    /// Tells whether something may pass that could not before.
    pub const fn widens(self) -> bool {
        matches!(self, Self::Wider | Self::Mixed)
    }

    /// Returns the effect of two changes together.
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Same, change) | (change, Self::Same) => change,
            (Self::Narrower, Self::Narrower) => Self::Narrower,
            (Self::Wider, Self::Wider) => Self::Wider,
            (Self::Narrower | Self::Wider | Self::Mixed, _) => Self::Mixed,
        }
    }

    /// Returns the change between two values of which `within` tells that the first lets no
    /// more through than the second.
    fn between<T: PartialEq>(from: &T, to: &T, within: impl Fn(&T, &T) -> bool) -> Self {
        match (within(to, from), within(from, to)) {
            (true, true) => Self::Same,
            (true, false) => Self::Narrower,
            (false, true) => Self::Wider,
            (false, false) => Self::Mixed,
        }
    }
}

impl Rules {
    /// Returns the rows that differ in `to`, in the order of the editor.
    pub fn changes(&self, to: &Self) -> Vec<RowChange> {
        let differ = |key: &Key| key.value(self) != key.value(to);
        let rows = Key::ALL.into_iter().filter(differ);
        rows.map(|key| RowChange {
            row: key.as_str(),
            from: key.value(self),
            to: key.value(to),
            effect: self.effect(to, key),
        })
        .collect()
    }

    /// Tells what a change from these rules to `to` does.
    pub fn compare(&self, to: &Self) -> Change {
        let changes = self.changes(to);
        changes
            .iter()
            .fold(Change::Same, |sum, change| sum.and(change.effect))
    }

    /// Returns the rows through which `to` lets more pass than these rules. A person is asked
    /// a second time where there is one.
    pub fn widens(&self, to: &Self) -> Vec<RowChange> {
        let mut changes = self.changes(to);
        changes.retain(|change| change.effect.widens());
        changes
    }

    /// Tells whether something may pass that `safe-acquaintance` would stop. Raising a channel
    /// to such rules always needs a verified safety code.
    pub fn is_wide(&self) -> bool {
        let holds = |what: &Unproven| self.hold_unproven.contains(what);
        self.drafts == Drafts::Alone
            || self.inbound > InboundHold::AnySignal
            || !Unproven::BY_DEFAULT.iter().all(holds)
    }

    fn effect(&self, to: &Self, key: Key) -> Change {
        let both_alone = self.drafts == Drafts::Alone && to.drafts == Drafts::Alone;
        // Where every draft is held before or after, the row of `drafts` says it all: what the
        // other rows would allow cannot happen on that side.
        let outbound = |change| if both_alone { change } else { Change::Same };
        // The same of what comes in, where all of it is held before or after.
        let all_held = self.inbound == InboundHold::All || to.inbound == InboundHold::All;
        let inbound = |change| if all_held { Change::Same } else { change };
        let fewer = |mine: &Option<u16>, theirs: &Option<u16>| within_limit(*mine, *theirs);
        match key {
            Key::Inbound => Change::between(&self.inbound, &to.inbound, |a, b| a <= b),
            Key::HoldFirstMessage => {
                let (from, next) = (self.hold_first_message, to.hold_first_message);
                inbound(Change::between(&from, &next, |a, b| a >= b))
            }
            Key::HoldUnproven(what) => {
                let holds = |rules: &Self| rules.hold_unproven.contains(&what);
                inbound(Change::between(&holds(self), &holds(to), |a, b| a >= b))
            }
            Key::Drafts => Change::between(&self.drafts, &to.drafts, |a, b| a <= b),
            Key::Hold(what) => {
                let holds = |rules: &Self| rules.hold_in_drafts.contains(&what);
                outbound(Change::between(&holds(self), &holds(to), |a, b| a >= b))
            }
            Key::MayWriteFirst => {
                let (from, to) = (self.may_write_first, to.may_write_first);
                outbound(Change::between(&from, &to, |a, b| a <= b))
            }
            Key::Hours => outbound(Change::between(&self.hours, &to.hours, Hours::within)),
            Key::TimeZone => self.effect_of_zone(to, both_alone),
            Key::AlonePerHour => outbound(Change::between(
                &self.alone_per_hour,
                &to.alone_per_hour,
                fewer,
            )),
            Key::AlonePerDay => outbound(Change::between(
                &self.alone_per_day,
                &to.alone_per_day,
                fewer,
            )),
            Key::Ends => Change::between(&self.ends, &to.ends, Ends::within),
            // What the preset lets pass after that day is not known here.
            Key::Until => Change::Mixed,
            Key::Delivery | Key::DraftExpiresHours | Key::RaisingNeeds => Change::Same,
        }
    }

    /// The same hours in another zone are other hours, and a date ends at another time.
    fn effect_of_zone(&self, to: &Self, both_alone: bool) -> Change {
        let hours = both_alone && self.hours != Hours::Always && to.hours != Hours::Always;
        let date = self.ends.on.is_some() && to.ends.on.is_some();
        if hours || date {
            Change::Mixed
        } else {
            Change::Same
        }
    }
}

/// Tells whether a change of rules needs a safety code that a person compared: it lets more
/// through, and the new rules ask for the code. Narrowing never does.
pub fn needs_verified_code(from: &Rules, to: &Rules) -> bool {
    let asks = to.raising_needs == Proof::VerifiedCode || to.is_wide();
    asks && !from.widens(to).is_empty()
}
