//! What a clock on the wall shows, for rules that speak of hours and days.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::{Date, LocalTime, UnixMillis};

/// Returns the time zone of this name: `local` is this computer's; `None` if there is none.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    if name == "local" {
        return Some(system());
    }
    TimeZone::get(name).ok()
}

/// Where a system keeps the rules of its time zone.
const LOCAL: &str = "/etc/localtime";
/// How long what was read there holds; people travel. jiff does the same.
const HOLDS: Duration = Duration::from_secs(5 * 60);

/// Returns this computer's time zone, without its name.
///
/// To tell the name too, jiff reads all directories of the time zone database at the first
/// question, which is a third of what a short command costs. Nobody here asks for the name.
pub fn system() -> TimeZone {
    static KNOWN: Mutex<Option<(Instant, TimeZone)>> = Mutex::new(None);
    if std::env::var_os("TZ").is_some() {
        return TimeZone::system();
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((read, zone)) = &*known
        && read.elapsed() < HOLDS
    {
        return zone.clone();
    }
    let rules = std::fs::read(LOCAL).ok();
    let zone = rules.and_then(|rules| TimeZone::tzif("local", &rules).ok());
    let zone = zone.unwrap_or_else(TimeZone::system);
    *known = Some((Instant::now(), zone.clone()));
    zone
}

/// Returns a moment as a clock in a zone shows it; `None` for one outside the years 1 to 9999.
pub(super) fn local(at: UnixMillis, zone: &TimeZone) -> Option<LocalTime> {
    let there = Timestamp::from_millisecond(at.0)
        .ok()?
        .to_zoned(zone.clone());
    let small = |number: i8| u8::try_from(number).ok();
    let date = Date::new(
        u16::try_from(there.year()).ok()?,
        small(there.month())?,
        small(there.day())?,
    )?;
    let minute = u16::from(small(there.hour())?) * 60 + u16::from(small(there.minute())?);
    LocalTime::new(date, minute)
}

/// Returns the last midnight before a moment on this computer's clock.
pub(super) fn midnight(at: UnixMillis) -> UnixMillis {
    Timestamp::from_millisecond(at.0)
        .ok()
        .and_then(|at| at.to_zoned(system()).start_of_day().ok())
        .map_or(at, |start| UnixMillis(start.timestamp().as_millisecond()))
}

/// Hour at which "tomorrow" begins for whoever put something off.
const MORNING: i8 = 8;

/// Returns eight in the morning of the day after a moment, on this computer's clock.
pub(super) fn tomorrow(at: UnixMillis) -> UnixMillis {
    let morning = Timestamp::from_millisecond(at.0).ok().and_then(|at| {
        let day = at.to_zoned(system()).date().tomorrow().ok()?;
        day.at(MORNING, 0, 0, 0).to_zoned(system()).ok()
    });
    morning.map_or_else(
        || at.after(Duration::from_secs(24 * 60 * 60)),
        |morning| UnixMillis(morning.timestamp().as_millisecond()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Weekday;

    #[test]
    fn a_moment_is_another_time_of_day_in_another_zone() {
        // Tuesday 18 November 2025, 22:41 UTC.
        let at = UnixMillis(1_763_505_660_000);
        for (name, day, minute) in [
            ("UTC", Weekday::Tuesday, 22 * 60 + 41),
            ("America/Los_Angeles", Weekday::Tuesday, 14 * 60 + 41),
            ("Asia/Tokyo", Weekday::Wednesday, 7 * 60 + 41),
        ] {
            let there = local(at, &zone(name).unwrap()).unwrap();
            assert_eq!((there.weekday(), there.minute_of_day()), (day, minute));
        }
        assert!(zone("local").is_some());
        assert!(zone("Nowhere/At_All").is_none());
        assert!(local(UnixMillis(i64::MAX), &TimeZone::UTC).is_none());
    }

    #[test]
    fn midnight_is_at_most_a_day_and_an_hour_ago() {
        let at = UnixMillis(1_763_505_660_000);
        let hours = (at.0 - midnight(at).0) / 3_600_000;
        assert!((0..=25).contains(&hours));
    }
}
