//! ISO 8601 times as Python's `datetime.isoformat` writes them in UTC. Pure arithmetic on the
//! Gregorian calendar: years 1 to 9999, no leap seconds, no time zone data.

use crate::model::UnixMillis;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// 0001-01-01T00:00:00.000, the earliest time that Python can hold.
const EARLIEST: i64 = -62_135_596_800_000;

/// 9999-12-31T23:59:59.999, the latest.
const LATEST: i64 = 253_402_300_799_999;

/// Writes a time as `2026-02-11T00:18:15.123000+00:00`. Times outside the years 1 to 9999
/// become the nearest one inside.
pub fn iso_utc(time: UnixMillis) -> String {
    let millis = time.0.clamp(EARLIEST, LATEST);
    let (year, month, day) = civil_from_days(millis.div_euclid(MILLIS_PER_DAY));
    let in_day = millis.rem_euclid(MILLIS_PER_DAY);
    let (seconds, millis) = (in_day / 1000, in_day % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}000+00:00")
}

/// Reads `YYYY-MM-DDTHH:MM:SS`, with up to nine decimals and with `Z` or an offset `+HH:MM`.
///
/// Digits below the millisecond are cut off, towards the past. Text without an offset is
/// refused: nobody knows which clock it means.
pub fn parse_iso_utc(text: &str) -> Option<UnixMillis> {
    let mut reader = Reader { rest: text };
    let (year, month) = (reader.number(4)?, reader.after(b"-")?);
    let day = reader.after(b"-")?;
    let hour = reader.after(b"T ")?;
    let (minute, second) = (reader.after(b":")?, reader.after(b":")?);
    let millis = reader.fraction()?;
    let offset = reader.offset()?;
    let is_date = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 || !reader.rest.is_empty() {
        return None;
    }
    let minutes = hour * 60 + minute - offset;
    let in_day = (minutes * 60 + second) * 1000 + millis;
    Some(UnixMillis(
        days_from_civil(year, month, day) * MILLIS_PER_DAY + in_day,
    ))
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Reads exactly this many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| number.parse().ok())?
    }

    /// Steps over one of these ASCII characters and returns it.
    fn separator(&mut self, separators: &[u8]) -> Option<u8> {
        let first = *self.rest.as_bytes().first()?;
        if !separators.contains(&first) {
            return None;
        }
        self.rest = self.rest.get(1..)?;
        Some(first)
    }

    /// Reads two digits after one of these separators.
    fn after(&mut self, separators: &[u8]) -> Option<i64> {
        self.separator(separators)?;
        self.number(2)
    }

    /// Reads decimals, if there are any, as milliseconds.
    fn fraction(&mut self) -> Option<i64> {
        if self.separator(b".,").is_none() {
            return Some(0);
        }
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (decimals, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        if !(1..=9).contains(&digits) {
            return None;
        }
        let millis = decimals.bytes().chain([b'0'; 2]).take(3);
        Some(millis.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
    }

    /// Reads the offset from UTC in minutes.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.separator(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let (hours, minutes) = (self.number(2)?, self.after(b":")?);
        (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 31,
    }
}

/// Counts days from 1970-01-01. Years begin in March here, so that the leap day is the last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Returns year, month and day of a day counted from 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}
