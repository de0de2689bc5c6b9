//! Dates as people type them into a search: `2026-11-26`, `sep`, `yesterday`, `7d`.

use std::ops::Range;

use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};

use crate::model::UnixMillis;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// Letters by which a month or a day is known.
const SHORTEST_NAME: usize = 3;

/// Reads a date: the stretch of time that it names, in a zone. `None` if it names none.
///
/// A month or a day of the week without more is the last one that has begun.
pub(super) fn read(text: &str, now: UnixMillis, zone: &TimeZone) -> Option<Range<UnixMillis>> {
    let text = text.to_lowercase();
    let today = Timestamp::from_millisecond(now.0)
        .ok()?
        .to_zoned(zone.clone())
        .date();
    let (from, length) = numbers(&text)
        .or_else(|| named(&text, today))
        .or_else(|| ago(&text, today))?;
    let to = from.checked_add(length).ok()?;
    Some(start(from, zone)?..start(to, zone)?)
}

fn start(day: Date, zone: &TimeZone) -> Option<UnixMillis> {
    let midnight = day.to_zoned(zone.clone()).ok()?;
    Some(UnixMillis(midnight.timestamp().as_millisecond()))
}

/// Reads `2026`, `2026-11`, `2026-11-26`; slashes and dots do as well.
fn numbers(text: &str) -> Option<(Date, Span)> {
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let number = |part: &str| {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<i16>().ok()).flatten()
    };
    let small = |part: &str| i8::try_from(number(part)?).ok();
    match parts.as_slice() {
        [year] if year.len() == 4 => Some((Date::new(number(year)?, 1, 1).ok()?, 1.year())),
        [year, month] if year.len() == 4 => {
            Some((Date::new(number(year)?, small(month)?, 1).ok()?, 1.month()))
        }
        [year, month, day] if year.len() == 4 => {
            let date = Date::new(number(year)?, small(month)?, small(day)?);
            Some((date.ok()?, 1.day()))
        }
        _ => None,
    }
}

fn named(text: &str, today: Date) -> Option<(Date, Span)> {
    match text {
        "today" => return Some((today, 1.day())),
        "yesterday" => return Some((today.yesterday().ok()?, 1.day())),
        "tomorrow" => return Some((today.tomorrow().ok()?, 1.day())),
        _ => {}
    }
    if text.len() < SHORTEST_NAME {
        return None;
    }
    let month = MONTHS.iter().position(|name| name.starts_with(text));
    if let Some(month) = month {
        let month = i8::try_from(month + 1).ok()?;
        let year = if month > today.month() {
            today.year() - 1
        } else {
            today.year()
        };
        return Some((Date::new(year, month, 1).ok()?, 1.month()));
    }
    let (_, day) = DAYS.iter().find(|(name, _)| name.starts_with(text))?;
    let back = today.weekday().since(*day);
    Some((today.checked_sub(i32::from(back).days()).ok()?, 1.day()))
}

/// Reads `7d`, `2w`, `3m`, `1y`: the day that many days, weeks, months or years ago.
fn ago(text: &str, today: Date) -> Option<(Date, Span)> {
    let unit = text.chars().next_back()?;
    let count: i32 = text.get(..text.len() - unit.len_utf8())?.parse().ok()?;
    if !(0..=9999).contains(&count) {
        return None;
    }
    let span = match unit {
        'd' => count.days(),
        'w' => count.weeks(),
        'm' => count.months(),
        'y' => count.years(),
        _ => return None,
    };
    let day = today.checked_sub(span).ok()?;
    (day >= date(1, 1, 1)).then(|| (day, 1.day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tuesday 18 November 2025, 22:41 UTC.
    const NOW: UnixMillis = UnixMillis(1_763_505_660_000);

    fn shown(text: &str, zone: &TimeZone) -> Option<String> {
        let span = read(text, NOW, zone)?;
        let day = |at: UnixMillis| {
            let time = Timestamp::from_millisecond(at.0).unwrap();
            time.to_zoned(zone.clone()).strftime("%F %H:%M").to_string()
        };
        Some(format!("{} {}", day(span.start), day(span.end)))
    }

    #[test]
    fn a_date_is_a_stretch_of_time_in_the_zone_of_the_reader() {
        let zone = TimeZone::fixed(jiff::tz::offset(-8));
        for (text, expected) in [
            ("2025-11-18", "2025-11-18 00:00 2025-11-19 00:00"),
            ("2025/11/3", "2025-11-03 00:00 2025-11-04 00:00"),
            ("2025-02", "2025-02-01 00:00 2025-03-01 00:00"),
            ("2024", "2024-01-01 00:00 2025-01-01 00:00"),
            ("today", "2025-11-18 00:00 2025-11-19 00:00"),
            ("Yesterday", "2025-11-17 00:00 2025-11-18 00:00"),
            ("sep", "2025-09-01 00:00 2025-10-01 00:00"),
            ("nov", "2025-11-01 00:00 2025-12-01 00:00"),
            ("december", "2024-12-01 00:00 2025-01-01 00:00"),
            ("tue", "2025-11-18 00:00 2025-11-19 00:00"),
            ("wednesday", "2025-11-12 00:00 2025-11-13 00:00"),
            ("7d", "2025-11-11 00:00 2025-11-12 00:00"),
            ("1m", "2025-10-18 00:00 2025-10-19 00:00"),
        ] {
            assert_eq!(shown(text, &zone).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_date_is_none() {
        for text in [
            "",
            "soon",
            "2025-13",
            "2025-02-30",
            "99999d",
            "-1d",
            "d",
            "é",
            "18",
            "ma",
            "0000-00",
        ] {
            assert_eq!(read(text, NOW, &TimeZone::UTC), None, "{text}");
        }
        assert_eq!(read("today", UnixMillis(i64::MAX), &TimeZone::UTC), None);
    }
}
