//! The parts of a span that a series has a value for each of.

use chrono::{Datelike, Days, NaiveDate, Timelike, Weekday};
use summary::{DAY_MICROS, Timeline};
use thiserror::Error;

use super::span::{Span, first_of_month, later};
use super::words::Words;
use super::zone::{HOUR_MICROS, Zone};

/// Most parts of a series: hours of a hundred days, days of six years and a half.
pub(super) const BUCKETS_MAX: usize = 2_400;
/// Longest span whose hours are put together by weekday, in days: two years.
pub(super) const WEEKDAY_HOUR_DAYS_MAX: i64 = 732;
/// Hours of a week.
const WEEKDAY_HOURS: u32 = 7 * 24;

/// What a series is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Hours of the clock.
    Hour,
    /// Days of the calendar.
    Day,
    /// Weeks from Monday to Sunday.
    Week,
    /// Months.
    Month,
    /// The hours of a week: all Mondays' hour from 9 to 10 are one.
    WeekdayHour,
}

impl Words for By {
    const ALL: &'static [(&'static str, By)] = &[
        ("hour", By::Hour),
        ("day", By::Day),
        ("week", By::Week),
        ("month", By::Month),
        ("weekday-hour", By::WeekdayHour),
    ];
}

/// A span can't be divided so.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DivisionError {
    /// Into more parts than a series has.
    #[error(
        "by={by} divides this period into more than {BUCKETS_MAX} parts; write by={larger}, or ask for a shorter period"
    )]
    TooMany {
        /// What was asked.
        by: &'static str,
        /// What makes fewer.
        larger: &'static str,
    },
    /// The hours of more weeks than are put together.
    #[error("by=weekday-hour takes a period of {WEEKDAY_HOUR_DAYS_MAX} days at most; ask for a shorter one")]
    TooLong,
}

/// A part of a series, as it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    /// Where it begins (RFC 3339, with the zone's offset), or the weekday and hour: `mon 09:00`.
    pub(super) at: String,
    /// Its first instant in the span; `None` for an hour of the week that the span doesn't have.
    pub(super) begin: Option<i64>,
}

impl By {
    /// What suits a span of this length: hours of two days, days of three months, weeks of two years.
    pub(super) fn suiting(span: &Span) -> By {
        // Days may be an hour longer.
        let days = (span.until - span.since - HOUR_MICROS * 2) / DAY_MICROS + 1;
        match days {
            ..=2 => By::Hour,
            3..=92 => By::Day,
            93..=731 => By::Week,
            _ => By::Month,
        }
    }

    /// What makes fewer parts.
    fn larger(self) -> &'static str {
        match self {
            By::Hour | By::WeekdayHour => By::Day.word(),
            By::Day => By::Week.word(),
            By::Week | By::Month => By::Month.word(),
        }
    }

    /// The parts of a span, and where each begins and ends.
    pub(super) fn divide(self, span: &Span, zone: &Zone) -> Result<(Timeline, Vec<Bucket>), DivisionError> {
        if self == By::WeekdayHour {
            return weekday_hours(span, zone);
        }
        let mut begins = Vec::new();
        let mut at = span.since;
        while at < span.until {
            if begins.len() == BUCKETS_MAX {
                return Err(DivisionError::TooMany { by: self.word(), larger: self.larger() });
            }
            begins.push(at);
            at = self.next(at, zone);
        }
        let buckets = begins.iter().map(|at| Bucket { at: zone.write(*at), begin: Some(*at) }).collect();
        let timeline = Timeline { buckets: begins.len() as u32, stretches: begins.into_iter().zip(0..).collect() };
        Ok((timeline, buckets))
    }

    /// Where the part ends that an instant is in; later than that instant.
    fn next(self, micros: i64, zone: &Zone) -> i64 {
        let date = zone.date(micros);
        let mut day = match self {
            By::Hour | By::WeekdayHour => return zone.next_hour(micros),
            By::Day => date + Days::new(1),
            By::Week => monday_of(date) + Days::new(7),
            By::Month => later(first_of_month(date), 1),
        };
        // Where clocks go back over midnight, a date is shown again after the next one has begun.
        while zone.day_begin(day) <= micros {
            day = day + Days::new(1);
        }
        zone.day_begin(day)
    }
}

fn monday_of(date: NaiveDate) -> NaiveDate {
    date - Days::new(u64::from(date.weekday().num_days_from_monday()))
}

fn weekday_hours(span: &Span, zone: &Zone) -> Result<(Timeline, Vec<Bucket>), DivisionError> {
    if span.until - span.since > WEEKDAY_HOUR_DAYS_MAX * DAY_MICROS + HOUR_MICROS {
        return Err(DivisionError::TooLong);
    }
    let mut stretches = Vec::new();
    let mut begins = [None; WEEKDAY_HOURS as usize];
    let mut at = span.since;
    while at < span.until {
        let local = zone.local(at);
        let bucket = local.weekday().num_days_from_monday() * 24 + local.hour();
        stretches.push((at, bucket));
        begins[bucket as usize].get_or_insert(at);
        at = zone.next_hour(at);
    }
    let bucket = |(bucket, begin)| {
        let weekday = Weekday::try_from((bucket / 24) as u8).unwrap_or(Weekday::Mon);
        Bucket { at: format!("{} {:02}:00", weekday.to_string().to_lowercase(), bucket % 24), begin }
    };
    Ok((Timeline { stretches, buckets: WEEKDAY_HOURS }, (0..WEEKDAY_HOURS).zip(begins).map(bucket).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(zone: &Zone, since: &str, until: &str) -> Span {
        Span::parse(since, Some(until), zone, 0).unwrap()
    }

    fn check(zone: &str, since: &str, until: &str, by: By, expect: &[&str]) {
        let zone: Zone = zone.parse().unwrap();
        let (timeline, buckets) = by.divide(&span(&zone, since, until), &zone).unwrap();
        let at: Vec<&str> = buckets.iter().map(|bucket| bucket.at.as_str()).collect();
        assert_eq!(at, expect, "{since} {until} {by:?}");
        let starts: Vec<String> = timeline.stretches.iter().map(|(at, _)| zone.write(*at)).collect();
        assert_eq!(starts, at, "each part is one stretch");
        assert!(timeline.stretches.iter().map(|(_, bucket)| *bucket).eq(0..timeline.buckets));
    }

    #[test]
    fn days_weeks_and_months() {
        let days = ["2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"];
        check("Europe/Berlin", "2026-03-28", "2026-03-30", By::Day, &days);
        // The first and the last part are what is left of their week: 1 January 2026 is a Thursday.
        let weeks = ["2025-12-31T12:00:00Z", "2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z"];
        check("UTC", "2025-12-31T12:00:00Z", "2026-01-12", By::Week, &weeks);
        let months = ["2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"];
        check("UTC", "2026-01-31", "2026-03-01", By::Month, &months);
        // Midnight was skipped on the 4th; Samoa's 30 December was.
        let days = ["2018-11-03T00:00:00-03:00", "2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"];
        check("America/Sao_Paulo", "2018-11-03", "2018-11-05", By::Day, &days);
        let days = ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"];
        check("Pacific/Apia", "2011-12-29", "2011-12-31", By::Day, &days);
        // 23:00 to 24:00 was shown twice on the 17th.
        let days = ["2018-02-17T00:00:00-02:00", "2018-02-18T00:00:00-03:00"];
        check("America/Sao_Paulo", "2018-02-17", "2018-02-18", By::Day, &days);
        // St John's went back from 00:01 to 23:01: midnight was shown twice, a minute after the day had begun.
        let days = ["2006-10-28T00:00:00-02:30", "2006-10-29T00:00:00-02:30", "2006-10-30T00:00:00-03:30"];
        check("America/St_Johns", "2006-10-28", "2006-10-30", By::Day, &days);
        // From within the second 23:01 to 24:00, when the 29th has begun already.
        let days = ["2006-10-28T23:30:00-03:30", "2006-10-30T00:00:00-03:30"];
        check("America/St_Johns", "2006-10-29T03:00:00Z", "2006-10-30", By::Day, &days);
    }

    #[test]
    fn hours_of_days_of_23_and_25() {
        let count = |zone: &str, date: &str| {
            let zone: Zone = zone.parse().unwrap();
            By::Hour.divide(&span(&zone, date, date), &zone).unwrap().1.len()
        };
        assert_eq!(count("Europe/Berlin", "2026-03-29"), 23);
        assert_eq!(count("Europe/Berlin", "2026-10-25"), 25);
        assert_eq!(count("Asia/Kolkata", "2026-10-25"), 24);
        let hours = ["2026-10-25T01:00:00+02:00", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"];
        check("Europe/Berlin", "2026-10-25T01:00", "2026-10-25T03:00", By::Hour, &hours);
    }

    #[test]
    fn the_hours_of_a_week_are_put_together() {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        // From Saturday 24 October 2026 to Sunday 1 November.
        let (timeline, buckets) = By::WeekdayHour.divide(&span(&zone, "2026-10-24", "2026-11-01"), &zone).unwrap();
        assert_eq!((timeline.buckets, buckets.len()), (168, 168));
        assert_eq!((buckets[0].at.as_str(), buckets[6 * 24 + 13].at.as_str()), ("mon 00:00", "sun 13:00"));
        let times = |bucket: u32| timeline.stretches.iter().filter(|(_, of)| *of == bucket).count();
        // Two Sundays, on one of which 2 o'clock came twice; one Monday.
        assert_eq!([times(6 * 24 + 2), times(6 * 24 + 3), times(9)], [3, 2, 1]);
        assert!(timeline.stretches.is_sorted_by_key(|(at, _)| *at));
    }

    #[test]
    fn a_span_has_a_suiting_division() {
        let check = |since: &str, until: &str, expect: By| {
            for zone in ["UTC", "Europe/Berlin"] {
                let zone = zone.parse().unwrap();
                let span = span(&zone, since, until);
                assert_eq!(By::suiting(&span), expect, "{since} {until}");
                assert!(expect.divide(&span, &zone).is_ok());
            }
        };
        check("2026-11-01", "2026-11-01", By::Hour);
        check("2026-10-24", "2026-10-25", By::Hour);
        check("2026-11-01", "2026-11-03", By::Day);
        check("2026-03-01", "2026-05-31", By::Day);
        check("2026-09-01", "2026-12-02", By::Week);
        check("2025", "2026", By::Week);
        check("2024", "2026", By::Month);
        check("2017", "2026", By::Month);
    }

    #[test]
    fn there_is_a_most_of_parts() {
        let check = |since: &str, until: &str, by: By, expect: &str| {
            let error = by.divide(&span(&Zone::UTC, since, until), &Zone::UTC).unwrap_err().to_string();
            assert!(error.starts_with(expect), "{error}");
        };
        assert_eq!(By::Hour.divide(&span(&Zone::UTC, "2026-01-01", "2026-04-10"), &Zone::UTC).unwrap().1.len(), 2_400);
        check(
            "2026-01-01",
            "2026-04-11",
            By::Hour,
            "by=hour divides this period into more than 2400 parts; write by=day",
        );
        check("2017", "2026", By::Day, "by=day divides this period into more than 2400 parts; write by=week");
        check("2017", "2026", By::WeekdayHour, "by=weekday-hour takes a period of 732 days at most");
    }
}
