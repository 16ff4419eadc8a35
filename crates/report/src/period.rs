//! The span of time that a report covers, from what people type: `7d`, `24h`, a date.
//!
//! Days are UTC days, like the partitions of the tables. A span in days is made of
//! whole days and ends with today, so that the first line of a report is never half a
//! day by accident. The present is passed in; nothing here looks at a clock.

use std::fmt::Write as _;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};

/// No report goes back further; keeps the arithmetic far from the calendar's end.
const DAYS_MAX: u32 = 36_500;

/// From `since` (within) to `until` (without).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    since: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// Why a period could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Not one of the forms.
    #[error("can't read {text:?} as a time; write 7d, 24h, 2026-11-01 or 2026-11-01T09:00:00Z")]
    Unreadable {
        /// What was written.
        text: String,
    },
    /// Nothing lies between the two ends.
    #[error("the period ends before it begins ({since} to {until}); put the earlier time first")]
    Empty {
        /// Its beginning.
        since: String,
        /// Its end.
        until: String,
    },
}

impl Period {
    /// Reads both ends.
    ///
    /// `since`: `7d` is today and the six days before it; `24h` the last 24 hours; a date
    /// begins at its midnight; an RFC 3339 time is taken as it is. `until`: a date
    /// includes that day, a time is taken as it is; without one the period ends with
    /// today (so an event from a clock that runs a little ahead is still in it).
    ///
    /// # Errors
    /// [`PeriodError`], with the forms that are understood.
    pub fn parse(since: &str, until: Option<&str>, now: DateTime<Utc>) -> Result<Period, PeriodError> {
        let unreadable = |text: &str| PeriodError::Unreadable { text: text.chars().take(40).collect() };
        let since = begin(since.trim(), now).ok_or_else(|| unreadable(since))?;
        let until = match until {
            Some(text) => end(text.trim()).ok_or_else(|| unreadable(text))?,
            None => midnight(now.date_naive() + Days::new(1)),
        };
        Period::between(since, until)
    }

    /// From one instant, within, to another, without.
    ///
    /// # Errors
    /// Nothing lies between them.
    pub fn between(since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Period, PeriodError> {
        if since >= until {
            return Err(PeriodError::Empty { since: iso(since), until: iso(until) });
        }
        Ok(Period { since, until })
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

fn begin(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if let Some(days) = text.strip_suffix('d') {
        let days = number(days)?;
        return Some(midnight(now.date_naive() - Days::new(u64::from(days - 1))));
    }
    if let Some(hours) = text.strip_suffix('h') {
        return Some(now - TimeDelta::hours(i64::from(number(hours)?)));
    }
    text.parse().map(midnight).ok().or_else(|| instant(text))
}

fn end(text: &str) -> Option<DateTime<Utc>> {
    let after = |date: NaiveDate| date.checked_add_days(Days::new(1)).map(midnight);
    text.parse().ok().and_then(after).or_else(|| instant(text))
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| (1..=DAYS_MAX).contains(number))
}

fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(since: &str, until: Option<&str>, expect: &str) {
        let now = DateTime::parse_from_rfc3339("2026-11-22T15:30:00Z").unwrap().to_utc();
        let got = match Period::parse(since, until, now) {
            Ok(period) => format!("{} {}", iso(period.since), iso(period.until)),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expect, "{since} {until:?}");
    }

    #[test]
    fn reads_what_people_type() {
        check("7d", None, "2026-11-16T00:00:00Z 2026-11-23T00:00:00Z");
        check("1d", None, "2026-11-22T00:00:00Z 2026-11-23T00:00:00Z");
        check("24h", None, "2026-11-21T15:30:00Z 2026-11-23T00:00:00Z");
        check("2026-11-01", None, "2026-11-01T00:00:00Z 2026-11-23T00:00:00Z");
        check("2026-11-01", Some("2026-11-01"), "2026-11-01T00:00:00Z 2026-11-02T00:00:00Z");
        check(" 2026-11-01T09:00:00+02:00 ", Some("2026-11-01T09:30:00Z"), "2026-11-01T07:00:00Z 2026-11-01T09:30:00Z");
    }

    #[test]
    fn says_what_it_cannot_read() {
        let unreadable =
            |text: &str| format!("can't read {text:?} as a time; write 7d, 24h, 2026-11-01 or 2026-11-01T09:00:00Z");
        for text in ["", "d", "0d", "-1d", "7 d", "99999999999d", "36501d", "2026-13-01", "yesterday", "7D", "é"] {
            check(text, None, &unreadable(text));
            check("7d", Some(text), &unreadable(text));
        }
        check("7d", Some("7d"), &unreadable("7d"));
        check(
            "2026-11-02",
            Some("2026-11-01"),
            "the period ends before it begins (2026-11-02T00:00:00Z to 2026-11-02T00:00:00Z); put the earlier time first",
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
