//! The span that a report's span is compared with.
//!
//! Days are compared with as many days before, months with as many months, other spans with as
//! much time; or all of them with the same dates a year earlier. A span that isn't over yet is
//! compared with as much of the earlier one: up to the same hour of the same day of it. Whole hours,
//! since summaries are kept by hours, and a minute within one would have to be read from the rows.

use chrono::{Days, Months, NaiveDate, NaiveDateTime};

use super::span::{MadeOf, Span};
use super::words::Words;
use super::zone::Zone;

/// What a report compares with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Compare {
    /// The span before.
    #[default]
    Previous,
    /// The same dates a year earlier.
    Year,
    /// Nothing.
    None,
}

impl Words for Compare {
    const ALL: &'static [(&'static str, Compare)] =
        &[("previous", Compare::Previous), ("year", Compare::Year), ("none", Compare::None)];
}

impl Span {
    /// The span to compare with, cut where `now` cuts this one; `None` if there is none to compare
    /// with.
    pub(super) fn compared(&self, with: Compare, zone: &Zone, now: i64) -> Option<Span> {
        let whole = match with {
            Compare::None => return None,
            Compare::Previous => self.before(zone),
            Compare::Year => self.a_year_earlier(zone)?,
        };
        if now >= self.until {
            return Some(whole);
        }
        let now = zone.hour_begin(now);
        if now <= self.since {
            return None;
        }
        let cut = match (with, self.made_of) {
            (Compare::Year, _) => zone.instant(zone.local(now).checked_sub_months(Months::new(12))?),
            (_, MadeOf::Time) => whole.since + (now - self.since),
            // By the clock and not by the time that passed: where it was changed in between, the same
            // hours are compared.
            (_, MadeOf::Days(since, _) | MadeOf::Months(since, _)) => {
                let passed = zone.local(now) - begin_of(since);
                zone.instant(begin_of(whole.first_day(zone)) + passed)
            }
        };
        let until = cut.min(whole.until);
        (until > whole.since).then_some(Span { until, made_of: MadeOf::Time, ..whole })
    }

    fn before(&self, zone: &Zone) -> Span {
        match self.made_of {
            MadeOf::Time => {
                let length = self.until - self.since;
                Span { since: self.since - length, until: self.since, made_of: MadeOf::Time }
            }
            MadeOf::Days(since, until) => {
                let days = Days::new((until - since).num_days().unsigned_abs());
                let begin = since - days;
                Span { since: zone.day_begin(begin), until: self.since, made_of: MadeOf::Days(begin, since) }
            }
            MadeOf::Months(since, until) => {
                let months = Months::new(months_since_0(until).abs_diff(months_since_0(since)));
                let begin = since - months;
                Span { since: zone.day_begin(begin), until: self.since, made_of: MadeOf::Months(begin, since) }
            }
        }
    }

    fn a_year_earlier(&self, zone: &Zone) -> Option<Span> {
        let year = Months::new(12);
        let (since, until, made_of) = match self.made_of {
            MadeOf::Time => {
                let earlier = |micros| Some(zone.instant(zone.local(micros).checked_sub_months(year)?));
                (earlier(self.since)?, earlier(self.until)?, MadeOf::Time)
            }
            MadeOf::Days(since, until) => {
                // The last day counts, not the one after: of 28 February there is one each year.
                let (first, last) = (since - year, until - Days::new(1) - year);
                let after = last + Days::new(1);
                (zone.day_begin(first), zone.day_begin(after), MadeOf::Days(first, after))
            }
            MadeOf::Months(since, until) => {
                let (first, after) = (since - year, until - year);
                (zone.day_begin(first), zone.day_begin(after), MadeOf::Months(first, after))
            }
        };
        (since < until).then_some(Span { since, until, made_of })
    }

    fn first_day(&self, zone: &Zone) -> NaiveDate {
        match self.made_of {
            MadeOf::Days(first, _) | MadeOf::Months(first, _) => first,
            MadeOf::Time => zone.date(self.since),
        }
    }
}

fn begin_of(date: NaiveDate) -> NaiveDateTime {
    date.into()
}

fn months_since_0(date: NaiveDate) -> u32 {
    use chrono::Datelike;
    date.year().unsigned_abs() * 12 + date.month0()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    /// `now` is RFC 3339.
    fn check(zone: &str, now: &str, since: &str, until: Option<&str>, with: Compare, expect: &str) {
        let zone: Zone = zone.parse().unwrap();
        let now = DateTime::parse_from_rfc3339(now).unwrap().timestamp_micros();
        let span = Span::parse(since, until, &zone, now).unwrap();
        let got = span.compared(with, &zone, now);
        let got = got.map_or_else(String::new, |span| format!("{} {}", zone.write(span.since), zone.write(span.until)));
        assert_eq!(got, expect, "{since} {until:?} {with:?}");
    }

    #[test]
    fn spans_that_are_over() {
        let berlin = |since: &str, until: &str, with: Compare, expect: &str| {
            check("Europe/Berlin", "2026-11-22T15:30:00Z", since, Some(until), with, expect);
        };
        // Ten days and the ten before; the clock went back on 25 October, so these have 241 hours.
        berlin("2026-10-28", "2026-11-06", Compare::Previous, "2026-10-18T00:00:00+02:00 2026-10-28T00:00:00+01:00");
        // October has 31 days, September 30.
        berlin("2026-10", "2026-10", Compare::Previous, "2026-09-01T00:00:00+02:00 2026-10-01T00:00:00+02:00");
        berlin("2025-03", "2025-04", Compare::Previous, "2025-01-01T00:00:00+01:00 2025-03-01T00:00:00+01:00");
        // The same days as dates: 31 days before.
        berlin("2026-10-01", "2026-10-31", Compare::Previous, "2026-08-31T00:00:00+02:00 2026-10-01T00:00:00+02:00");
        // 25 hours on the day of the change, and 25 hours before it, since an instant is no day.
        berlin(
            "2026-10-24T22:00:00Z",
            "2026-10-25T23:00:00Z",
            Compare::Previous,
            "2026-10-23T23:00:00+02:00 2026-10-25T00:00:00+02:00",
        );
        berlin("2026-10-28", "2026-11-06", Compare::Year, "2025-10-28T00:00:00+01:00 2025-11-07T00:00:00+01:00");
        berlin("2026-02", "2026-02", Compare::Year, "2025-02-01T00:00:00+01:00 2025-03-01T00:00:00+01:00");
        berlin("2026-10", "2026-10", Compare::None, "");
        let leap = |since: &str, until: &str, expect: &str| {
            check("UTC", "2030-01-01T00:00:00Z", since, Some(until), Compare::Year, expect);
        };
        leap("2028-02-29", "2028-02-29", "2027-02-28T00:00:00Z 2027-03-01T00:00:00Z");
        leap("2028-02-28", "2028-02-28", "2027-02-28T00:00:00Z 2027-03-01T00:00:00Z");
        leap("2029-02-28", "2029-03-01", "2028-02-28T00:00:00Z 2028-03-02T00:00:00Z");
        leap("2028-02-29T10:00", "2028-02-29T12:00", "2027-02-28T10:00:00Z 2027-02-28T12:00:00Z");
    }

    #[test]
    fn spans_that_are_not_over_are_cut() {
        let utc = |now: &str, since: &str, with: Compare, expect: &str| check("UTC", now, since, None, with, expect);
        let now = "2026-11-22T15:30:00Z";
        utc(now, "7d", Compare::Previous, "2026-11-09T00:00:00Z 2026-11-15T15:00:00Z");
        utc(now, "1d", Compare::Previous, "2026-11-21T00:00:00Z 2026-11-21T15:00:00Z");
        utc(now, "24h", Compare::Previous, "2026-11-20T16:00:00Z 2026-11-21T15:00:00Z");
        utc(now, "1m", Compare::Previous, "2026-10-01T00:00:00Z 2026-10-22T15:00:00Z");
        utc(now, "1y", Compare::Previous, "2025-01-01T00:00:00Z 2025-11-22T15:00:00Z");
        utc(now, "7d", Compare::Year, "2025-11-16T00:00:00Z 2025-11-22T15:00:00Z");
        // February has no 31st: all of it.
        utc("2026-03-31T12:00:00Z", "1m", Compare::Previous, "2026-02-01T00:00:00Z 2026-03-01T00:00:00Z");
        // No hour of the day has passed, or of one that is yet to come.
        utc("2026-11-22T00:59:00Z", "1d", Compare::Previous, "");
        utc("2026-11-22T00:00:00Z", "1d", Compare::Previous, "");
        utc("2026-11-22T01:00:00Z", "1d", Compare::Previous, "2026-11-21T00:00:00Z 2026-11-21T01:00:00Z");
        check("UTC", now, "2026-12-01", Some("2026-12-02"), Compare::Previous, "");
    }

    #[test]
    fn the_cut_is_by_the_clock() {
        let berlin = |now: &str, since: &str, expect: &str| {
            check("Europe/Berlin", now, since, None, Compare::Previous, expect);
        };
        // On the Sunday of 25 hours at 12:00, 13 hours have passed: on the Saturday before, until 12:00.
        berlin("2026-10-25T12:00:00+01:00", "1d", "2026-10-24T00:00:00+02:00 2026-10-24T12:00:00+02:00");
        berlin("2026-10-26T09:00:00+01:00", "7d", "2026-10-13T00:00:00+02:00 2026-10-19T09:00:00+02:00");
        berlin("2026-03-29T12:00:00+02:00", "1d", "2026-03-28T00:00:00+01:00 2026-03-28T12:00:00+01:00");
        // On the day after the 23 hours, at 02:30: that time didn't exist the day before.
        berlin("2026-03-30T02:30:00+02:00", "1d", "2026-03-29T00:00:00+01:00 2026-03-29T03:00:00+02:00");
        // Beirut's Sunday began at 01:00; at 02:10 the Saturday is compared up to 02:00.
        check(
            "Asia/Beirut",
            "2026-03-29T02:10:00+03:00",
            "1d",
            None,
            Compare::Previous,
            "2026-03-28T00:00:00+02:00 2026-03-28T02:00:00+02:00",
        );
    }
}
