//! When an engagement is over, so that nothing enters or leaves any more.

use std::fmt;
use std::time::Duration;

use crate::model::Date;

/// Conditions of which the first one that is met ends a channel. None of them: it never ends
/// by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Whether the assistant may say that the errand is done, which closes the channel at once.
    /// A person may at any time.
    pub when_completed: bool,
    /// This many days after the channel became active.
    pub after_days: Option<u16>,
    /// This many days after the last message in either direction.
    pub after_quiet_days: Option<u16>,
    /// The last day, in the local calendar. The day itself still counts.
    pub on: Option<Date>,
}

/// What is known of a channel when its end is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// How long ago it became active.
    pub age: Duration,
    /// How long ago the last message came or went; `age` where there was none.
    pub quiet: Duration,
    /// Today, in the local calendar of the rules.
    pub today: Date,
}

/// Why a channel is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The errand is done.
    Completed,
    /// It has lasted as long as it may.
    Age,
    /// Nothing was said for as long as it may be quiet.
    Quiet,
    /// Its last day is over.
    Date,
}

impl Ended {
    /// Returns the name of the rule: `ended:completed`, `ended:days`, `ended:quiet`, `ended:date`.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Completed => "ended:completed",
            Self::Age => "ended:days",
            Self::Quiet => "ended:quiet",
            Self::Date => "ended:date",
        }
    }

    /// Returns one sentence for a person.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Completed => "the errand of this channel is done",
            Self::Age => "this channel has lasted as long as its preset allows",
            Self::Quiet => "this channel was quiet for as long as its preset allows",
            Self::Date => "the last day of this channel is over",
        }
    }
}

impl Ends {
    /// Tells whether a channel is over by its age, its silence or the calendar, and why.
    pub fn ended(&self, life: &Life) -> Option<Ended> {
        let over = |days: Option<u16>, span: Duration| days.is_some_and(|d| span >= days_long(d));
        if self.on.is_some_and(|last| life.today > last) {
            Some(Ended::Date)
        } else if over(self.after_days, life.age) {
            Some(Ended::Age)
        } else if over(self.after_quiet_days, life.quiet) {
            Some(Ended::Quiet)
        } else {
            None
        }
    }

    /// Tells whether these conditions end every channel that `other` ends, at the latest when
    /// `other` does.
    pub fn within(&self, other: &Self) -> bool {
        (self.when_completed || !other.when_completed)
            && within_limit(self.on, other.on)
            && within_limit(self.after_days, other.after_days)
            && within_limit(self.after_quiet_days, other.after_quiet_days)
    }

    /// Returns the conditions as the texts of a preset file; none where it never ends.
    pub fn conditions(&self) -> Vec<String> {
        let completed = self.when_completed.then(|| "completed".to_owned());
        let days = self.after_days.map(|days| format!("{days} days"));
        let quiet = self.after_quiet_days;
        let quiet = quiet.map(|days| format!("{days} days quiet"));
        let on = self.on.map(|date| date.to_string());
        [completed, days, quiet, on].into_iter().flatten().collect()
    }
}

impl fmt::Display for Ends {
    /// Writes the conditions for a person: `never`, or the conditions with ` or `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conditions = self.conditions();
        if conditions.is_empty() {
            f.write_str("never")
        } else {
            f.write_str(&conditions.join(" or "))
        }
    }
}

/// Tells whether a limit stops all that another stops; none stops nothing.
pub(super) fn within_limit<T: Ord>(mine: Option<T>, theirs: Option<T>) -> bool {
    theirs.is_none_or(|theirs| mine.is_some_and(|mine| mine <= theirs))
}

fn days_long(days: u16) -> Duration {
    Duration::from_secs(u64::from(days) * 24 * 60 * 60)
}
