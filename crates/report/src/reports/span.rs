//! The span of time that a report is about, from what people write: `7d`, `24h`, a date.
//!
//! What is written stands for a stretch of the zone's calendar or clock: `2026-11` is a month, `7d`
//! today and the six days before, `24h` the current hour and the 23 before. A span goes from where
//! one begins to where another one ends. It remembers whether it is made of days or months, since
//! what came before it is then days or months, however many hours those have.

use super::words::repeated;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime};
use thiserror::Error;

use super::zone::{HOUR_MICROS, Zone};

/// Longest span of a report, in days: ten years.
pub(super) const SPAN_DAYS_MAX: i64 = 3_660;
/// What a period begins and ends with, in microseconds: a minute.
pub(crate) const MINUTE_MICROS: i64 = 60 * 1_000_000;
/// Years that a time may be in.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;
/// The units that stand behind a number, as messages name them.
const FORMS: &str = "7d (days), 24h (hours), 12w (weeks), 6m (months), 1y (years), 2026-11-01, 2026-11, \
                     2026-11-01T09:00 or 2026-11-01T09:00:00Z";

/// From one instant, within, to another, without. Microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first instant within.
    pub(crate) since: i64,
    /// The first instant after it.
    pub(crate) until: i64,
    pub(super) made_of: MadeOf,
}

/// What a span is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MadeOf {
    /// Whole days of the zone, from the first to before the last.
    Days(NaiveDate, NaiveDate),
    /// Whole months, likewise; both are a month's first day.
    Months(NaiveDate, NaiveDate),
    /// Time that passes.
    Time,
}

/// Why a span could not be understood.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SpanError {
    /// Not one of the forms.
    #[error("can't read {text:?} as a time; write {FORMS}")]
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
    /// Finer than summaries tell the time.
    #[error("the period begins or ends within a minute ({at}); leave the seconds out")]
    TooFine {
        /// The end that does.
        at: String,
    },
    /// More than a report covers.
    #[error("the period is {days} days long, and a report covers {SPAN_DAYS_MAX} (ten years) at most; ask for less")]
    TooLong {
        /// Its length.
        days: i64,
    },
}

/// What a text stands for.
#[derive(Clone, Copy)]
enum Point {
    /// Days, from the first to before the last.
    Days(NaiveDate, NaiveDate, Origin),
    /// Months, likewise.
    Months(NaiveDate, NaiveDate, Origin),
    /// Hours up to and including the current one.
    Hours(i64, i64),
    /// An instant.
    Instant(i64),
}

/// What a stretch is told from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Now,
    Calendar,
}

impl Span {
    /// As [`Span::read`], and it begins and ends with a minute, since summaries tell no seconds.
    ///
    /// # Errors
    /// [`SpanError`], with what to write instead.
    pub(crate) fn parse(since: &str, until: Option<&str>, zone: &Zone, now: i64) -> Result<Span, SpanError> {
        let span = Span::read(since, until, zone, now)?;
        match [span.since, span.until].into_iter().find(|at| at.rem_euclid(MINUTE_MICROS) != 0) {
            Some(at) => Err(SpanError::TooFine { at: zone.write(at) }),
            None => Ok(span),
        }
    }

    /// Reads both ends in a zone's calendar; `now` is in microseconds since 1970.
    ///
    /// A date, a month or a year as `until` is included; `7d` as `until` ends where `7d` as `since`
    /// begins. Without `until` the span ends with the current day, week, month, year or hour:
    /// whichever `since` is counted in, and with the current day where that is none of these.
    ///
    /// # Errors
    /// [`SpanError`], with what to write instead.
    pub(crate) fn read(since: &str, until: Option<&str>, zone: &Zone, now: i64) -> Result<Span, SpanError> {
        let read = |text: &str| Point::parse(text.trim(), zone, now).ok_or_else(|| unreadable(text));
        let begin = read(since)?;
        let end = match until {
            Some(text) => read(text)?.as_end(),
            None => begin.default_end(zone, now),
        };
        let made_of = match (begin, end) {
            (Point::Months(since, ..), Point::Months(_, until, _)) => MadeOf::Months(since, until),
            (
                Point::Days(since, ..) | Point::Months(since, ..),
                Point::Days(_, until, _) | Point::Months(_, until, _),
            ) => MadeOf::Days(since, until),
            _ => MadeOf::Time,
        };
        Span::checked(begin.begin(zone), end.end(zone), made_of, zone)
    }

    fn checked(since: i64, until: i64, made_of: MadeOf, zone: &Zone) -> Result<Span, SpanError> {
        if since >= until {
            return Err(SpanError::Empty { since: zone.write(since), until: zone.write(until) });
        }
        // Clocks that change make up to a day more or less.
        let days = (until - since + 12 * HOUR_MICROS) / (24 * HOUR_MICROS);
        if days > SPAN_DAYS_MAX {
            return Err(SpanError::TooLong { days });
        }
        Ok(Span { since, until, made_of })
    }

    /// Whether it has begun and isn't over.
    pub(super) fn is_so_far(&self, now: i64) -> bool {
        self.since < now && now < self.until
    }
}

impl Point {
    fn parse(text: &str, zone: &Zone, now: i64) -> Option<Point> {
        let point = relative(text, zone, now)
            .or_else(|| text.parse::<NaiveDate>().ok().and_then(day))
            .or_else(|| month(text))
            .or_else(|| instant(text, zone))?;
        let is_near = |date: NaiveDate| YEARS.contains(&date.year());
        match point {
            Point::Days(first, ..) | Point::Months(first, ..) => is_near(first),
            Point::Hours(micros, _) | Point::Instant(micros) => is_near(zone.date(micros)),
        }
        .then_some(point)
    }

    fn begin(self, zone: &Zone) -> i64 {
        match self {
            Point::Days(first, ..) | Point::Months(first, ..) => zone.day_begin(first),
            Point::Hours(first, _) | Point::Instant(first) => first,
        }
    }

    fn end(self, zone: &Zone) -> i64 {
        match self {
            Point::Days(_, after, _) | Point::Months(_, after, _) => zone.day_begin(after),
            Point::Hours(_, after) | Point::Instant(after) => after,
        }
    }

    /// As the end of a span: what is counted from now ends where it would begin.
    fn as_end(self) -> Point {
        match self {
            Point::Days(first, _, Origin::Now) => Point::Days(first, first, Origin::Now),
            Point::Months(first, _, Origin::Now) => Point::Months(first, first, Origin::Now),
            Point::Hours(first, _) => Point::Instant(first),
            other => other,
        }
    }

    fn default_end(self, zone: &Zone, now: i64) -> Point {
        let today = zone.date(now);
        match self {
            Point::Days(.., Origin::Now) | Point::Months(.., Origin::Now) | Point::Hours(..) => self,
            Point::Months(..) => {
                let first = first_of_month(today);
                Point::Months(first, later(first, 1), Origin::Now)
            }
            Point::Days(..) | Point::Instant(_) => Point::Days(today, today + Days::new(1), Origin::Now),
        }
    }
}

fn unreadable(text: &str) -> SpanError {
    SpanError::Unreadable { text: repeated(text) }
}

/// `7d`, `24h`, `12w`, `6m`, `1y`: so many whole ones, the current one being the last.
fn relative(text: &str, zone: &Zone, now: i64) -> Option<Point> {
    let unit = text.chars().last()?;
    let number: u32 =
        text.strip_suffix(unit).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    let before = number.checked_sub(1)?;
    let today = zone.date(now);
    let from = |first: NaiveDate, days_each: u32, after: NaiveDate| {
        let first = first.checked_sub_days(Days::new(u64::from(before.checked_mul(days_each)?)))?;
        Some(Point::Days(first, after, Origin::Now))
    };
    let months = |first: NaiveDate, months_each: u32| {
        let begin = first.checked_sub_months(Months::new(before.checked_mul(months_each)?))?;
        Some(Point::Months(begin, later(first, months_each), Origin::Now))
    };
    match unit {
        'h' => {
            let after = zone.next_hour(now);
            let first = zone.hour_begin(now).checked_sub(HOUR_MICROS.checked_mul(i64::from(before))?)?;
            Some(Point::Hours(first, after))
        }
        'd' => from(today, 1, today + Days::new(1)),
        'w' => {
            let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
            from(monday, 7, monday + Days::new(7))
        }
        'm' => months(first_of_month(today), 1),
        'y' => months(first_of_month(today).with_month(1)?, 12),
        _ => None,
    }
}

fn day(date: NaiveDate) -> Option<Point> {
    Some(Point::Days(date, date.checked_add_days(Days::new(1))?, Origin::Calendar))
}

/// `2026-11`, or `2026` for the year.
fn month(text: &str) -> Option<Point> {
    let number = |text: &str, digits: usize| {
        (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<u32>().ok())?
    };
    let (year, month, months) = match text.split_once('-') {
        Some((year, month)) => (year, number(month, 2)?, 1),
        None => (text, 1, 12),
    };
    let first = NaiveDate::from_ymd_opt(i32::try_from(number(year, 4)?).ok()?, month, 1)?;
    Some(Point::Months(first, first.checked_add_months(Months::new(months))?, Origin::Calendar))
}

/// RFC 3339, or without an offset for what the zone's clock shows.
fn instant(text: &str, zone: &Zone) -> Option<Point> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(Point::Instant(time.timestamp_micros()));
    }
    let shown = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let local = shown.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(Point::Instant(zone.instant(local)))
}

pub(super) fn first_of_month(date: NaiveDate) -> NaiveDate {
    date - Days::new(u64::from(date.day0()))
}

/// So many months later; the calendar's end is never near.
pub(super) fn later(date: NaiveDate, months: u32) -> NaiveDate {
    date.checked_add_months(Months::new(months)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(zone: &str, since: &str, until: Option<&str>, expect: &str) {
        let zone: Zone = zone.parse().unwrap();
        // A Sunday.
        let now = DateTime::parse_from_rfc3339("2026-11-22T15:30:00Z").unwrap().timestamp_micros();
        let got = match Span::parse(since, until, &zone, now) {
            Ok(span) => format!("{} {}", zone.write(span.since), zone.write(span.until)),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expect, "{since} {until:?}");
    }

    #[test]
    fn reads_what_people_write() {
        let utc = |since: &str, until: Option<&str>, expect: &str| check("UTC", since, until, expect);
        utc("7d", None, "2026-11-16T00:00:00Z 2026-11-23T00:00:00Z");
        utc("1d", None, "2026-11-22T00:00:00Z 2026-11-23T00:00:00Z");
        // The current hour and the 23 before.
        utc("24h", None, "2026-11-21T16:00:00Z 2026-11-22T16:00:00Z");
        utc("1h", None, "2026-11-22T15:00:00Z 2026-11-22T16:00:00Z");
        // This week, to its Sunday, and the one before.
        utc("2w", None, "2026-11-09T00:00:00Z 2026-11-23T00:00:00Z");
        utc("2m", None, "2026-10-01T00:00:00Z 2026-12-01T00:00:00Z");
        utc("1y", None, "2026-01-01T00:00:00Z 2027-01-01T00:00:00Z");
        utc("14d", Some("7d"), "2026-11-09T00:00:00Z 2026-11-16T00:00:00Z");
        utc("2m", Some("1m"), "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z");
        utc("48h", Some("24h"), "2026-11-20T16:00:00Z 2026-11-21T16:00:00Z");
        utc("2026-11-01", None, "2026-11-01T00:00:00Z 2026-11-23T00:00:00Z");
        utc("2026-11-01", Some("2026-11-01"), "2026-11-01T00:00:00Z 2026-11-02T00:00:00Z");
        utc("2026-09", None, "2026-09-01T00:00:00Z 2026-12-01T00:00:00Z");
        utc("2026-09", Some("2026-10"), "2026-09-01T00:00:00Z 2026-11-01T00:00:00Z");
        utc("2025", Some("2025"), "2025-01-01T00:00:00Z 2026-01-01T00:00:00Z");
        utc(" 2026-11-01T09:00:00+02:00 ", Some("2026-11-01T09:30"), "2026-11-01T07:00:00Z 2026-11-01T09:30:00Z");
        utc("2026-11-22T15:01:00Z", None, "2026-11-22T15:01:00Z 2026-11-23T00:00:00Z");
    }

    #[test]
    fn dates_are_of_the_zone() {
        check("America/New_York", "1d", None, "2026-11-22T00:00:00-05:00 2026-11-23T00:00:00-05:00");
        // In Auckland it is Monday already.
        check("Pacific/Auckland", "1w", None, "2026-11-23T00:00:00+13:00 2026-11-30T00:00:00+13:00");
        check("Europe/Berlin", "2026-10-25", Some("2026-10-25"), "2026-10-25T00:00:00+02:00 2026-10-26T00:00:00+01:00");
        // The clock never shows 02:30 that day, and shows it twice on the other.
        check(
            "Europe/Berlin",
            "2026-03-29T02:30",
            Some("2026-03-29"),
            "2026-03-29T03:00:00+02:00 2026-03-30T00:00:00+02:00",
        );
        check(
            "Europe/Berlin",
            "2026-10-25T02:30",
            Some("2026-10-25"),
            "2026-10-25T02:30:00+02:00 2026-10-26T00:00:00+01:00",
        );
        check("Asia/Kolkata", "2h", None, "2026-11-22T20:00:00+05:30 2026-11-22T22:00:00+05:30");
    }

    #[test]
    fn says_what_is_wrong() {
        for text in [
            "",
            "d",
            "0d",
            "-1d",
            "+1d",
            "7 d",
            "99999999999d",
            "4000000000d",
            "2026-13-01",
            "2026-13",
            "yesterday",
            "7D",
            "é",
            "12026",
            "26",
            "0001-01-01",
            "9999-12-31",
            "+262142-01-01",
            "7s",
        ] {
            check("UTC", text, None, &unreadable(text).to_string());
            check("UTC", "7d", Some(text), &unreadable(text).to_string());
        }
        check(
            "UTC",
            "2026-11-02",
            Some("2026-11-01"),
            "the period ends before it begins (2026-11-02T00:00:00Z to 2026-11-02T00:00:00Z); put the earlier time first",
        );
        let too_fine = "the period begins or ends within a minute (2026-11-22T15:00:00.250Z); leave the seconds out";
        check("UTC", "2026-11-22T15:00:00.25Z", None, too_fine);
        let too_long = "the period is 36525 days long, and a report covers 3660 (ten years) at most; ask for less";
        check("UTC", "1927-01-01", Some("2026-12-31"), too_long);
        check("UTC", "100y", None, too_long);
        check("UTC", "3660d", None, "2016-11-15T00:00:00Z 2026-11-23T00:00:00Z");
        let long = "x".repeat(10_000);
        check("UTC", &long, None, &unreadable(&long[..40]).to_string());
    }
}
