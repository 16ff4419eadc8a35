//! The span of time that rows are counted over, as SQL's condition.
//!
//! Read as reports read it (`reports::span`). Days are UTC days, like the partitions of the tables. The present is
//! passed in; nothing here looks at a clock.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::reports::Zone;
use crate::reports::span::{Span, SpanError};

/// From `since` (within) to `until` (without).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    since: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Period {
    /// Reads both ends as reports do, by the days of UTC; to the second, if they are written so.
    ///
    /// # Errors
    /// [`SpanError`], with the forms that are understood.
    pub fn parse(since: &str, until: Option<&str>, now: DateTime<Utc>) -> Result<Period, SpanError> {
        let span = Span::read(since, until, &Zone::UTC, now.timestamp_micros())?;
        Period::of_micros(span.since, span.until).ok_or_else(|| SpanError::Unreadable { text: since.to_owned() })
    }

    /// From one instant, within, to another, without, in microseconds since 1970; `None` if nothing lies
    /// between them, or one is beyond the calendar.
    pub(crate) fn of_micros(since: i64, until: i64) -> Option<Period> {
        let instant = DateTime::from_timestamp_micros;
        let period = Period { since: instant(since)?, until: instant(until)? };
        (period.since < period.until).then_some(period)
    }

    /// The same of ends that are known to be in order.
    pub(crate) fn of(since: DateTime<Utc>, until: DateTime<Utc>) -> Period {
        Period { since, until }
    }

    /// The first instant within.
    pub fn since(&self) -> DateTime<Utc> {
        self.since
    }

    /// The first instant after it.
    pub fn until(&self) -> DateTime<Utc> {
        self.until
    }

    /// The condition on a table's time column, with the bounds on the column of its dates,
    /// if there is one that lets whole days be skipped.
    pub(crate) fn sql(&self, time: &str, date: Option<&str>) -> String {
        let mut condition = format!("{time} >= '{}' and {time} < '{}'", iso(self.since), iso(self.until));
        if let Some(date) = date {
            let last = self.until - TimeDelta::microseconds(1);
            let (first, last) = (self.since.date_naive(), last.date_naive());
            let _ = write!(condition, " and {date} >= '{first}' and {date} <= '{last}'");
        }
        condition
    }
}

pub(crate) fn iso(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_reports_read_it_by_days_of_utc() {
        let now = DateTime::parse_from_rfc3339("2026-11-22T15:30:00Z").unwrap().to_utc();
        let check = |since: &str, until: Option<&str>, expect: &str| {
            let got = match Period::parse(since, until, now) {
                Ok(period) => format!("{} {}", iso(period.since), iso(period.until)),
                Err(error) => error.to_string(),
            };
            assert_eq!(got, expect, "{since} {until:?}");
        };
        check("7d", None, "2026-11-16T00:00:00Z 2026-11-23T00:00:00Z");
        check("24h", None, "2026-11-21T16:00:00Z 2026-11-22T16:00:00Z");
        check("2026-10", Some("2026-10"), "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z");
        // Rows are counted, which know their time to the microsecond.
        check("2026-11-22T15:00:01.5Z", None, "2026-11-22T15:00:01.500Z 2026-11-23T00:00:00Z");
        let empty = "the period ends before it begins (2026-11-02T00:00:00Z to 2026-11-02T00:00:00Z); put the earlier time first";
        check("2026-11-02", Some("2026-11-01"), empty);
        check(
            "100y",
            None,
            "the period is 36525 days long, and a report covers 3660 (ten years) at most; ask for less",
        );
    }

    #[test]
    fn bounds_the_partitions() {
        let now = DateTime::parse_from_rfc3339("2026-11-22T15:30:00Z").unwrap().to_utc();
        let period = Period::parse("2026-11-01", Some("2026-11-02"), now).unwrap();
        assert_eq!(
            period.sql("time", Some("event_date")),
            "time >= '2026-11-01T00:00:00Z' and time < '2026-11-03T00:00:00Z' and event_date >= '2026-11-01' and event_date <= '2026-11-02'"
        );
        assert_eq!(
            period.sql("received_at", None),
            "received_at >= '2026-11-01T00:00:00Z' and received_at < '2026-11-03T00:00:00Z'"
        );
    }
}
