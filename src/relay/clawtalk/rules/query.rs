//! Query strings: what they ask for, and times as JavaScript's `Date.parse` reads them.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

use crate::model::UnixMillis;

/// Elements of a page where nobody says how many.
const USUAL: u32 = 50;

/// Most messages in a page.
const MOST_MESSAGES: u32 = 100;

/// Most entries of the audit log in a page.
const MOST_ENTRIES: u32 = 200;

/// The parameters of a request; of repeated ones the first counts.
#[derive(Clone, Debug, Default)]
pub(in crate::relay::clawtalk) struct Query<'q>(Vec<(Cow<'q, str>, Cow<'q, str>)>);

/// Which messages are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct MessageQuery {
    /// Later than this.
    pub(in crate::relay::clawtalk) since: Option<UnixMillis>,
    pub(in crate::relay::clawtalk) limit: u32,
    pub(in crate::relay::clawtalk) topic: Option<String>,
    /// Whether the newest come first.
    pub(in crate::relay::clawtalk) newest_first: bool,
}

/// Which entries of the audit log are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay::clawtalk) struct AuditQuery {
    pub(in crate::relay::clawtalk) since: Option<UnixMillis>,
    pub(in crate::relay::clawtalk) limit: u32,
    pub(in crate::relay::clawtalk) from: Option<String>,
    pub(in crate::relay::clawtalk) to: Option<String>,
    pub(in crate::relay::clawtalk) topic: Option<String>,
}

impl<'q> Query<'q> {
    pub(in crate::relay::clawtalk) fn new(query: Option<&'q str>) -> Self {
        let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(pairs.collect())
    }

    /// Returns a parameter unless it is absent or empty.
    pub(in crate::relay::clawtalk) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        Some(value.as_ref()).filter(|value| !value.is_empty())
    }

    /// Reads the parameters of `GET /messages`; what makes no sense is ignored.
    pub(in crate::relay::clawtalk) fn messages(&self) -> MessageQuery {
        let topic = self.get("topic").or_else(|| self.get("channel"));
        let since = self.get("since").or_else(|| self.get("after"));
        MessageQuery {
            since: since.and_then(instant),
            limit: self.limit(MOST_MESSAGES),
            topic: topic.map(str::to_owned),
            newest_first: self
                .get("sort")
                .is_some_and(|sort| sort.eq_ignore_ascii_case("desc")),
        }
    }

    /// Reads the parameters of `GET /audit`; what makes no sense is ignored.
    pub(in crate::relay::clawtalk) fn entries(&self) -> AuditQuery {
        let text = |name| self.get(name).map(str::to_owned);
        AuditQuery {
            since: self.get("since").and_then(instant),
            limit: self.limit(MOST_ENTRIES),
            from: text("from"),
            to: text("to"),
            topic: text("topic"),
        }
    }

    fn limit(&self, most: u32) -> u32 {
        let Some(text) = self.get("limit").map(str::trim_start) else {
            return USUAL;
        };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        match digits.get(..length) {
            None | Some("") => USUAL,
            Some(_) if negative => 0,
            Some(digits) => digits.parse().unwrap_or(u32::MAX).min(most),
        }
    }
}

/// Reads a time as `Date.parse` does, in the forms that programs write: ISO 8601 from a year
/// to milliseconds, without an offset in UTC, and the form of mail (RFC 2822).
pub(in crate::relay::clawtalk) fn instant(text: &str) -> Option<UnixMillis> {
    let text = text.trim();
    let utc = |at: DateTime| at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    let number = |digits: Option<&str>| digits?.parse().ok();
    let at = match text.len() {
        4 => utc(Date::new(text.parse().ok()?, 1, 1).ok()?.at(0, 0, 0, 0)),
        7 => {
            let (year, month) = text.split_once('-')?;
            let month: i8 = number(Some(month))?;
            utc(Date::new(year.parse().ok()?, month, 1).ok()?.at(0, 0, 0, 0))
        }
        10 => utc(text.parse::<Date>().ok()?.at(0, 0, 0, 0)),
        _ => text
            .parse::<Timestamp>()
            .ok()
            .or_else(|| utc(text.parse::<DateTime>().ok()?))
            .or_else(|| Some(rfc2822::parse(text).ok()?.timestamp())),
    };
    at.map(|at| UnixMillis(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read_in_the_forms_that_programs_write() {
        let at = Some(UnixMillis(1_767_225_600_000));
        for text in [
            "2026",
            "2026-01",
            "2026-01-01",
            "2026-01-01T00:00",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.000Z",
            "2026-01-01T01:00:00+01:00",
            "Thu, 01 Jan 2026 00:00:00 GMT",
        ] {
            assert_eq!(instant(text), at, "{text}");
        }
        assert_eq!(
            instant("2026-01-01T00:00:00.0019Z"),
            at.map(|at| UnixMillis(at.0 + 1))
        );
        for text in [
            "",
            "yesterday",
            "2026-13",
            "2026-1-1",
            "12345678901234",
            "2026-02-30",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn limits_are_read_as_parse_int_reads_them_and_capped() {
        for (text, limit) in [
            ("", 50),
            ("7", 7),
            ("+7", 7),
            ("7x", 7),
            ("100", 100),
            ("101", 100),
            ("0", 0),
            ("-3", 0),
            ("many", 50),
            ("99999999999", 100),
        ] {
            let query = format!("limit={}", text.replace('+', "%2B"));
            assert_eq!(Query::new(Some(&query)).messages().limit, limit, "{text}");
        }
        assert_eq!(Query::new(Some("limit=1000")).entries().limit, 200);
    }

    #[test]
    fn documented_names_mean_the_same_as_those_that_are_honoured() {
        let read = |query| Query::new(Some(query)).messages();
        assert_eq!(read("channel=a%20b"), read("topic=a+b"));
        assert_eq!(read("after=2026-01-01"), read("since=2026-01-01"));
        assert_eq!(read("topic=&since=never&sort=up"), read(""));
        assert!(read("sort=desc").newest_first && !read("sort=asc").newest_first);
        assert_eq!(
            read("topic=a&channel=b&topic=c").topic.as_deref(),
            Some("a")
        );
    }

    proptest! {
        #[test]
        fn any_query_is_read(query in any::<String>()) {
            let query = Query::new(Some(&query));
            prop_assert!(query.messages().limit <= MOST_MESSAGES);
            prop_assert!(query.entries().limit <= MOST_ENTRIES);
        }

        #[test]
        fn any_text_is_a_time_or_not(text in "\\PC{0,30}") {
            let _at = instant(&text);
        }

        #[test]
        fn what_we_write_we_read(millis in 0_i64..253_402_300_799_999) {
            let at = UnixMillis(millis);
            prop_assert_eq!(instant(&super::super::iso(at)), Some(at));
        }
    }
}
