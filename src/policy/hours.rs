//! Hours in which an assistant may act alone and a person may be disturbed.
//!
//! Must not: know time zones. The caller reads the clock and converts it; see
//! [`Rules::time_zone`](super::rules::Rules::time_zone).

use std::fmt;

use crate::model::{LocalTime, Weekday};

/// Minutes of a week.
const WEEK: u16 = 7 * LocalTime::MINUTES;

/// Spans of one kind on some days of the week, as one text of a preset file says them:
/// `mon-fri 09:00-17:00`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    days: Vec<Weekday>,
    from: u16,
    to: u16,
}

/// When something may happen without a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hours {
    /// At any time.
    Always,
    /// In these spans only. Never empty.
    Spans(Vec<Span>),
}

impl Span {
    /// Reads `DAYS HH:MM-HH:MM`. `DAYS` are three-letter days, single (`sat`), in a row
    /// (`mon-fri`, `sat-mon`) or both, with commas (`mon-wed,fri`). The end is not part of the
    /// span; an end that is not after the start lies on the next day; `24:00` is an end.
    pub fn parse(text: &str) -> Option<Self> {
        let (days, clock) = text.split_once(' ')?;
        let (from, to) = clock.trim().split_once('-')?;
        let mut of_week = Vec::new();
        for part in days.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            of_week.extend(days_between(Weekday::parse(first)?, Weekday::parse(last)?));
        }
        of_week.sort_unstable();
        of_week.dedup();
        let (from, to) = (minute(from)?, minute(to)?);
        (from < LocalTime::MINUTES).then_some(Self {
            days: of_week,
            from,
            to,
        })
    }

    /// Returns the minutes of the week, counted from Monday 00:00, of each of its days: from the
    /// first up to but not with the last. One that reaches over the end of the week is two.
    fn minutes(&self) -> impl Iterator<Item = (u16, u16)> {
        let length = if self.to > self.from {
            self.to - self.from
        } else {
            self.to + LocalTime::MINUTES - self.from
        };
        self.days.iter().flat_map(move |day| {
            let start = day.index() * LocalTime::MINUTES + self.from;
            let end = start + length;
            // The last span of a Sunday may reach into Monday.
            let next_week = (0, end.saturating_sub(WEEK));
            [(start, end.min(WEEK)), next_week]
        })
    }
}

impl fmt::Display for Span {
    /// Writes what [`Span::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.days.as_slice();
        let mut separator = "";
        while let Some(first) = rest.first() {
            let row = rest
                .iter()
                .zip(first.index()..)
                .take_while(|(day, index)| day.index() == *index)
                .count();
            let (together, after) = rest.split_at(row);
            let last = together.last().unwrap_or(first);
            f.write_str(separator)?;
            if together.len() == 1 {
                f.write_str(first.as_str())?;
            } else {
                write!(f, "{}-{}", first.as_str(), last.as_str())?;
            }
            separator = ",";
            rest = after;
        }
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        write!(f, " {}-{}", clock(self.from), clock(self.to))
    }
}

impl Hours {
    /// Tells whether a local time lies in the hours.
    pub fn contain(&self, now: LocalTime) -> bool {
        let minute = now.weekday().index() * LocalTime::MINUTES + now.minute_of_day();
        match self {
            Self::Always => true,
            Self::Spans(spans) => spans
                .iter()
                .flat_map(Span::minutes)
                .any(|(start, end)| (start..end).contains(&minute)),
        }
    }

    /// Tells whether every minute of these hours is also one of `other`.
    pub fn within(&self, other: &Self) -> bool {
        let theirs = other.stretches();
        let inside = |(start, end): (u16, u16)| {
            let mut theirs = theirs.iter();
            theirs.any(|(from, to)| *from <= start && end <= *to)
        };
        self.stretches().into_iter().all(inside)
    }

    /// Returns the stretches of the week, in minutes as [`Span::minutes`] counts, in order and
    /// without any that overlap or touch.
    fn stretches(&self) -> Vec<(u16, u16)> {
        let mut all: Vec<(u16, u16)> = match self {
            Self::Always => vec![(0, WEEK)],
            Self::Spans(spans) => spans.iter().flat_map(Span::minutes).collect(),
        };
        all.retain(|(start, end)| start < end);
        all.sort_unstable();
        let mut joined: Vec<(u16, u16)> = Vec::new();
        for (start, end) in all {
            match joined.last_mut() {
                Some((_, last)) if start <= *last => *last = end.max(*last),
                _ => joined.push((start, end)),
            }
        }
        joined
    }
}

impl fmt::Display for Hours {
    /// Writes the hours for a person: `always`, or the spans with a comma and a space.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::Spans(spans) => {
                let spans: Vec<_> = spans.iter().map(Span::to_string).collect();
                f.write_str(&spans.join(", "))
            }
        }
    }
}

/// The days from the first to the last, over the end of the week where needed.
fn days_between(first: Weekday, last: Weekday) -> impl Iterator<Item = Weekday> {
    let count = (last.index() + 7 - first.index()) % 7 + 1;
    let from = Weekday::ALL.into_iter().cycle();
    from.skip(first.index().into()).take(count.into())
}

/// The minutes since midnight of `HH:MM`; `24:00` is possible.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !(two(hour) && two(minute)) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let sum = hour * 60 + minute;
    (minute < 60 && sum <= LocalTime::MINUTES).then_some(sum)
}
