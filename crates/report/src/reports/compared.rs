//! The span that a report's span is compared with.
//!
//! Days are compared with as many days before, months with as many months, other spans with as
//! much time; or all of them with the same dates a year earlier, with the same weekdays some weeks
//! earlier, or with a span of one's own. A span that isn't over yet is
//! compared with as much of the other one: up to the same hour of the same day of it. Whole hours,
//! since summaries are kept by hours, and a minute within one would have to be read from the rows.

use chrono::{Days, Months, NaiveDate, NaiveDateTime};

use super::request::RequestError;
use super::span::{MadeOf, Span};
use super::words::{ParameterError, Words};
use super::zone::{HOUR_MICROS, Zone};

/// What stands between the two ends of a span of one's own.
const BETWEEN: &str = "..";
const WEEK_MICROS: i64 = 7 * 24 * HOUR_MICROS;

/// What a report compares with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Compare {
    /// The span before.
    #[default]
    Previous,
    /// The same dates a year earlier.
    Year,
    /// The latest whole weeks earlier that have nothing of this span: each day with the same day of the week.
    Weekdays,
    /// This span.
    Own(Span),
    /// As long a span, from this instant on, in microseconds since 1970.
    From(i64),
    /// Nothing.
    None,
}

impl Words for Compare {
    const ALL: &'static [(&'static str, Compare)] = &[
        ("previous", Compare::Previous),
        ("year", Compare::Year),
        ("weekdays", Compare::Weekdays),
        ("none", Compare::None),
    ];
}

impl Compare {
    /// Reads one of the words, two ends of a span, or its begin alone.
    pub(super) fn parse(written: &str, zone: &Zone, now: i64) -> Result<Compare, RequestError> {
        if let Some(known) = Compare::of(written) {
            return Ok(known);
        }
        let own = match written.split_once(BETWEEN) {
            Some((since, until)) => Span::parse(since, Some(until), zone, now).map(Compare::Own),
            None if written.starts_with(|letter: char| letter.is_ascii_digit()) => {
                Span::parse(written, None, zone, now).map(|span| Compare::From(span.since))
            }
            None => {
                let words = "previous, year, weekdays, none, or dates such as 2026-10-01..2026-10-31";
                return Err(ParameterError::word("compare", written, words).into());
            }
        };
        own.map_err(RequestError::Compare)
    }

    /// Whether somebody named it: it may be an earlier one or a later one, of any length.
    pub(super) fn is_own(self) -> bool {
        matches!(self, Compare::Own(_) | Compare::From(_))
    }

    /// What it is called in answers.
    pub(super) fn name(self) -> &'static str {
        match self {
            own if own.is_own() => "own",
            other => other.word(),
        }
    }
}

/// A span that another one is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Compared {
    pub(super) span: Span,
    /// Whether something of it is left out, since the other one isn't over.
    pub(super) is_cut: bool,
}

impl Span {
    /// The span to compare with, cut where `now` cuts this one; `None` if there is none to compare
    /// with.
    pub(super) fn compared(&self, with: Compare, zone: &Zone, now: i64) -> Option<Compared> {
        let whole = match with {
            Compare::None => return None,
            Compare::Previous => self.before(zone),
            Compare::Year => self.a_year_earlier(zone)?,
            Compare::Weekdays => self.moved(zone, |at| at.checked_sub_days(self.weeks()))?,
            Compare::Own(own) => own.until_now(zone, now)?,
            Compare::From(begin) => self.moved_to(begin, zone)?.until_now(zone, now)?,
        };
        if now >= self.until {
            return Some(Compared { span: whole, is_cut: false });
        }
        let now = zone.hour_begin(now);
        if now <= self.since {
            return None;
        }
        let cut = match (with, self.made_of) {
            (Compare::Year, _) => zone.instant(zone.local(now).checked_sub_months(Months::new(12))?),
            (Compare::Weekdays, _) => zone.instant(zone.local(now).checked_sub_days(self.weeks())?),
            (_, MadeOf::Time) => whole.since + (now - self.since),
            // By the clock and not by the time that passed: where it was changed in between, the same
            // hours are compared.
            (_, MadeOf::Days(since, _) | MadeOf::Months(since, _)) => {
                let passed = zone.local(now) - begin_of(since);
                zone.instant(whole.begin(zone).checked_add_signed(passed)?)
            }
        };
        let until = cut.min(whole.until);
        let span = Span { until, made_of: MadeOf::Time, ..whole };
        (until > whole.since).then_some(Compared { span, is_cut: until < whole.until })
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

    /// The least whole weeks that are as long.
    fn weeks(&self) -> Days {
        // Clocks that change make up to an hour more or less.
        let weeks = (self.until - self.since - 2 * HOUR_MICROS).div_euclid(WEEK_MICROS) + 1;
        Days::new(weeks.unsigned_abs() * 7)
    }

    /// The span whose ends another rule gives, by the clock.
    fn moved(&self, zone: &Zone, by: impl Fn(NaiveDateTime) -> Option<NaiveDateTime>) -> Option<Span> {
        let day = |date: NaiveDate| Some(by(begin_of(date))?.date());
        let (since, until, made_of) = match self.made_of {
            MadeOf::Time => {
                let at = |micros| Some(zone.instant(by(zone.local(micros))?));
                (at(self.since)?, at(self.until)?, MadeOf::Time)
            }
            MadeOf::Days(since, until) | MadeOf::Months(since, until) => {
                let (since, until) = (day(since)?, day(until)?);
                (zone.day_begin(since), zone.day_begin(until), MadeOf::Days(since, until))
            }
        };
        (since < until).then_some(Span { since, until, made_of })
    }

    /// As long a span from another instant on: as many months from a month's first day, as many days, or as much time.
    fn moved_to(&self, begin: i64, zone: &Zone) -> Option<Span> {
        let first = zone.date(begin);
        if let MadeOf::Months(since, until) = self.made_of
            && first == super::span::first_of_month(first)
        {
            let months = Months::new(months_since_0(until).abs_diff(months_since_0(since)));
            let after = first.checked_add_months(months)?;
            let (since, until) = (zone.day_begin(first), zone.day_begin(after));
            return Some(Span { since, until, made_of: MadeOf::Months(first, after) });
        }
        match self.made_of {
            MadeOf::Time => {
                Some(Span { since: begin, until: begin + (self.until - self.since), made_of: MadeOf::Time })
            }
            MadeOf::Days(since, _) | MadeOf::Months(since, _) => {
                self.moved(zone, |at| at.checked_add_signed(first - since))
            }
        }
    }

    /// What is over of it, in whole hours; `None` of one that has none.
    fn until_now(self, zone: &Zone, now: i64) -> Option<Span> {
        if self.until <= now {
            return Some(self);
        }
        let until = zone.hour_begin(now);
        (self.since < until).then_some(Span { until, made_of: MadeOf::Time, ..self })
    }

    /// What the clock shows where it begins.
    fn begin(&self, zone: &Zone) -> NaiveDateTime {
        match self.made_of {
            MadeOf::Days(first, _) | MadeOf::Months(first, _) => begin_of(first),
            MadeOf::Time => zone.local(self.since),
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
        let got = got.map(|compared| compared.span);
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

    /// Of one's own, as it is written.
    fn check_own(zone: &str, now: &str, (since, until): (&str, Option<&str>), written: &str, expect: &str) {
        let zone: Zone = zone.parse().unwrap();
        let now = DateTime::parse_from_rfc3339(now).unwrap().timestamp_micros();
        let span = Span::parse(since, until, &zone, now).unwrap();
        let got = match Compare::parse(written, &zone, now) {
            Ok(with) => match span.compared(with, &zone, now) {
                Some(Compared { span, is_cut }) => {
                    let cut = if is_cut { " cut" } else { "" };
                    format!("{} {} {}{cut}", with.name(), zone.write(span.since), zone.write(span.until))
                }
                None => format!("{} nothing", with.name()),
            },
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expect, "{since} {until:?} {written}");
    }

    #[test]
    fn the_same_weekdays() {
        let berlin = |now: &str, since: &str, until: Option<&str>, expect: &str| {
            check_own("Europe/Berlin", now, (since, until), "weekdays", &format!("weekdays {expect}"));
        };
        let later = "2026-11-29T15:30:00Z";
        // A Saturday with the one before, which had summer time.
        berlin(later, "2026-10-31", Some("2026-10-31"), "2026-10-24T00:00:00+02:00 2026-10-25T00:00:00+02:00");
        berlin(later, "2026-11-16", Some("2026-11-22"), "2026-11-09T00:00:00+01:00 2026-11-16T00:00:00+01:00");
        // Eight days and the eight that begin two weeks earlier: nothing is in both.
        berlin(later, "2026-11-16", Some("2026-11-23"), "2026-11-02T00:00:00+01:00 2026-11-10T00:00:00+01:00");
        // Five weeks earlier.
        berlin(later, "2026-09", Some("2026-09"), "2026-07-28T00:00:00+02:00 2026-08-27T00:00:00+02:00");
        berlin(
            later,
            "2026-11-20T10:00",
            Some("2026-11-20T12:00"),
            "2026-11-13T10:00:00+01:00 2026-11-13T12:00:00+01:00",
        );
        // Not over: the Sunday before, up to the same hour by the clock, which had been put back that day.
        berlin("2026-11-01T15:30:00Z", "1d", None, "2026-10-25T00:00:00+02:00 2026-10-25T16:00:00+01:00 cut");
        berlin("2026-11-22T15:30:00Z", "30d", None, "2026-09-19T00:00:00+02:00 2026-10-18T16:00:00+02:00 cut");
    }

    #[test]
    fn a_span_of_ones_own() {
        let now = "2026-11-22T15:30:00Z";
        let utc = |since: &str, until: Option<&str>, written: &str, expect: &str| {
            check_own("UTC", now, (since, until), written, expect);
        };
        let week = ("2026-11-09", Some("2026-11-15"));
        utc(week.0, week.1, "2026-10-01..2026-10-31", "own 2026-10-01T00:00:00Z 2026-11-01T00:00:00Z");
        utc(week.0, week.1, "2026-10..2026-10", "own 2026-10-01T00:00:00Z 2026-11-01T00:00:00Z");
        utc(week.0, week.1, "2026-10-05", "own 2026-10-05T00:00:00Z 2026-10-12T00:00:00Z");
        utc("2026-10", Some("2026-10"), "2026-02-01", "own 2026-02-01T00:00:00Z 2026-03-01T00:00:00Z");
        utc("2026-10", Some("2026-10"), "2026-02-02", "own 2026-02-02T00:00:00Z 2026-03-05T00:00:00Z");
        utc(
            "2026-11-20T10:00",
            Some("2026-11-20T12:00"),
            "2026-11-01T09:00",
            "own 2026-11-01T09:00:00Z 2026-11-01T11:00:00Z",
        );
        // Not over: as much of the other.
        utc("7d", None, "2026-10-01..2026-10-31", "own 2026-10-01T00:00:00Z 2026-10-07T15:00:00Z cut");
        utc("7d", None, "2026-10-01..2026-10-02", "own 2026-10-01T00:00:00Z 2026-10-03T00:00:00Z");
        utc("7d", None, "2026-10-01T06:00..2026-10-20T06:00", "own 2026-10-01T06:00:00Z 2026-10-07T21:00:00Z cut");
        // The other isn't over, or hasn't begun.
        utc(week.0, week.1, "2026-11-20..2026-11-26", "own 2026-11-20T00:00:00Z 2026-11-22T15:00:00Z");
        utc(week.0, week.1, "2026-12-01..2026-12-02", "own nothing");
        utc(
            week.0,
            week.1,
            "2026-10-31..2026-10-01",
            "compare can't be read: the period ends before it begins (2026-10-31T00:00:00Z to 2026-10-02T00:00:00Z); put the earlier time first",
        );
        utc(
            week.0,
            week.1,
            "last",
            "compare is \"last\"; write previous, year, weekdays, none, or dates such as 2026-10-01..2026-10-31",
        );
        for wrong in ["..", "2026-10-01..", "..2026-10-01", "2026-10-01..x", "2026-13-01", "100y..1d"] {
            let zone = Zone::UTC;
            let at = DateTime::parse_from_rfc3339(now).unwrap().timestamp_micros();
            let error = Compare::parse(wrong, &zone, at).unwrap_err().to_string();
            assert!(error.starts_with("compare can't be read: "), "{wrong}: {error}");
        }
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
