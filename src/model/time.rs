//! Points in time as values, so that nothing below the engine has to read a clock.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 00:00 UTC, leap seconds not counted.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The last millisecond of the year 9999: later than anything that is waited for.
    pub const FAR: Self = Self(253_402_300_799_999);

    /// Returns the time this long after `self`; saturates.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Returns the time this long before `self`; saturates.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Returns how long ago `earlier` was, or zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weekday {
    /// The first day, as in ISO 8601.
    Monday,
    /// The second day.
    Tuesday,
    /// The third day.
    Wednesday,
    /// The fourth day.
    Thursday,
    /// The fifth day.
    Friday,
    /// The sixth day.
    Saturday,
    /// The seventh day.
    Sunday,
}

impl Weekday {
    /// All days, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// Returns the number of the day: 0 is Monday, 6 is Sunday.
    pub const fn index(self) -> u16 {
        self as u16
    }

    /// Returns the three letters that preset files use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "mon",
            Self::Tuesday => "tue",
            Self::Wednesday => "wed",
            Self::Thursday => "thu",
            Self::Friday => "fri",
            Self::Saturday => "sat",
            Self::Sunday => "sun",
        }
    }

    /// Finds the day with these three letters.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|day| day.as_str() == name)
    }
}

/// A day of the Gregorian calendar that exists, of the years 1 to 9999. Later days are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Makes a date, `None` where the calendar has no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        let exists = (1..=9999).contains(&year) && (1..=days).contains(&day);
        exists.then_some(Self { year, month, day })
    }

    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|b| b.is_ascii_digit())
        };
        let (year, rest) = text.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// Returns the day of the week.
    pub fn weekday(self) -> Weekday {
        // Years are counted from March here, so that the leap day is the last day of a year.
        let year = u32::from(self.year) - u32::from(self.month < 3);
        let month = (u32::from(self.month) + 9) % 12;
        let days = year * 365 + year / 4 - year / 100
            + year / 400
            + (month * 153 + 2) / 5
            + u32::from(self.day);
        // Day 1 of that count is 1 March of year 0, a Wednesday.
        match (days + 1) % 7 {
            0 => Weekday::Monday,
            1 => Weekday::Tuesday,
            2 => Weekday::Wednesday,
            3 => Weekday::Thursday,
            4 => Weekday::Friday,
            5 => Weekday::Saturday,
            _ => Weekday::Sunday,
        }
    }
}

impl fmt::Display for Date {
    /// Writes `YYYY-MM-DD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// What a clock on the wall shows somewhere. Whoever makes one knows the time zone; a rule
/// sees only this, so a change to or from summer time is settled before it gets here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime {
    date: Date,
    minute_of_day: u16,
}

impl LocalTime {
    /// Minutes of a day.
    pub const MINUTES: u16 = 24 * 60;

    /// Makes a time from a date and the minutes since its midnight, which are less than
    /// [`Self::MINUTES`]; `None` otherwise.
    pub fn new(date: Date, minute_of_day: u16) -> Option<Self> {
        (minute_of_day < Self::MINUTES).then_some(Self {
            date,
            minute_of_day,
        })
    }

    /// Returns the date.
    pub fn date(self) -> Date {
        self.date
    }

    /// Returns the day of the week.
    pub fn weekday(self) -> Weekday {
        self.date.weekday()
    }

    /// Returns the minutes since midnight, by the clock on the wall.
    pub fn minute_of_day(self) -> u16 {
        self.minute_of_day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn the_weekday_of_a_date_is_that_of_the_calendar() {
        for (text, day) in [
            ("2026-11-25", Weekday::Wednesday),
            ("2024-02-29", Weekday::Thursday),
            ("2024-03-01", Weekday::Friday),
            ("2000-01-01", Weekday::Saturday),
            ("1970-01-01", Weekday::Thursday),
            ("2026-12-31", Weekday::Thursday),
            ("2027-01-01", Weekday::Friday),
        ] {
            assert_eq!(date(text).weekday(), day, "{text}");
        }
    }

    #[test]
    fn a_date_is_read_as_it_is_written_and_only_if_it_exists() {
        assert_eq!(date("2024-02-29").to_string(), "2024-02-29");
        for wrong in [
            "2025-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-4-3",
            "0000-01-01",
            "2026-01",
            "+026-01-01",
            "",
        ] {
            assert_eq!(Date::parse(wrong), None, "{wrong}");
        }
        assert!(date("2026-12-31") < date("2027-01-01"));
    }

    #[test]
    fn a_day_ends_before_its_last_minute_is_over() {
        let day = date("2026-11-25");
        assert!(LocalTime::new(day, 1439).is_some());
        assert_eq!(LocalTime::new(day, 1440), None);
    }
}
