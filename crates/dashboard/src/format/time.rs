//! Times as the clock of a report's zone shows them. They come as RFC 3339 with the zone's offset, so
//! that no time zones are known here.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

/// Between the ends of a span.
const DASH: &str = "\u{2009}–\u{2009}";

/// What the clock shows; `None` for what is no time.
pub(crate) fn local(rfc3339: &str) -> Option<NaiveDateTime> {
    DateTime::parse_from_rfc3339(rfc3339).ok().map(|time| time.naive_local())
}

/// Microseconds since 1970.
pub(crate) fn micros(rfc3339: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(rfc3339).ok().map(|time| time.timestamp_micros())
}

/// A span, its last day included: `22 – 28 Nov 2026`, with hours where it has odd ones.
pub(crate) fn span(since: &str, until: &str) -> String {
    let (Some(since), Some(until)) = (local(since), local(until)) else { return format!("{since}{DASH}{until}") };
    let is_day = |time: NaiveDateTime| time.time() == NaiveTime::MIN;
    if !is_day(since) || !is_day(until) {
        return match since.date() == until.date() {
            true => format!("{} {}{DASH}{}", since.format("%-d %b %Y,"), since.format("%H:%M"), until.format("%H:%M")),
            false => format!("{}{DASH}{}", moment(since), moment(until)),
        };
    }
    let last = until - TimeDelta::days(1);
    match () {
        () if last <= since => since.format("%-d %b %Y").to_string(),
        () if (since.year(), since.month()) == (last.year(), last.month()) => {
            format!("{}{DASH}{}", since.day(), last.format("%-d %b %Y"))
        }
        () if since.year() == last.year() => format!("{}{DASH}{}", since.format("%-d %b"), last.format("%-d %b %Y")),
        () => format!("{}{DASH}{}", since.format("%-d %b %Y"), last.format("%-d %b %Y")),
    }
}

/// The first and the last day of a span, as a date field takes them; `None` where it isn't made of days.
pub(crate) fn days(since: &str, until: &str) -> Option<(String, String)> {
    let (since, until) = (local(since)?, local(until)?);
    // A span that ends within a day includes that day.
    let last = until - TimeDelta::microseconds(1);
    Some((since.date().to_string(), last.date().to_string()))
}

/// `28 Nov 2026, 09:00`
fn moment(time: NaiveDateTime) -> String {
    time.format("%-d %b %Y, %H:%M").to_string()
}

/// `28 Nov 2026`, of an instant in microseconds since 1970, by UTC.
pub(crate) fn day(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).unwrap_or_default().format("%-d %b %Y").to_string()
}

/// The same as a date field takes it.
pub(crate) fn date(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).unwrap_or_default().format("%Y-%m-%d").to_string()
}

/// When a note is about: `28 Nov 2026`, with the time where it has one.
pub(crate) fn noted(at: &str) -> String {
    let day = || at.parse::<NaiveDate>().map(|day| day.format("%-d %b %Y").to_string());
    local(at).map(moment).or_else(|| day().ok()).unwrap_or_else(|| at.to_owned())
}

/// `28 Nov 2026, 09:00:07`, by the clock that it was written by.
pub(crate) fn second(rfc3339: &str) -> String {
    local(rfc3339).map_or_else(|| rfc3339.to_owned(), |time| time.format("%-d %b %Y, %H:%M:%S").to_string())
}

/// How the parts of a series are named: under its chart, in full, and as a span that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartName {
    /// `28 Nov`
    pub(crate) short: String,
    /// `Sat 28 Nov 2026`
    pub(crate) long: String,
    /// `since` and `until` of just this part; `None` where it can't be said.
    pub(crate) span: Option<(String, String)>,
}

/// Where a part stands in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// What its row is called: `Sat 28 Nov 2026` of an hour, `Nov 2026` of a day, `2026` of a week or a month.
    pub(crate) row: String,
    /// The order of its column, and what that is called: `09:00`, `28`, `W48`, `Nov`.
    pub(crate) place: u32,
    pub(crate) column: String,
}

/// That of the part that begins at `at`; `None` where parts are divided by what no calendar has.
pub(crate) fn cell(by: &str, at: &str) -> Option<Cell> {
    let time = local(at)?;
    let (year, month) = (time.year(), MONTHS[time.month0() as usize % MONTHS.len()]);
    let (row, place, column) = match by {
        "hour" => {
            let row = format!("{} {} {year}", time.weekday(), day_of_month(time));
            (row, time.hour(), format!("{:02}:00", time.hour()))
        }
        "day" => (format!("{month} {year}"), time.day(), time.day().to_string()),
        "week" => {
            (time.iso_week().year().to_string(), time.iso_week().week(), format!("W{:02}", time.iso_week().week()))
        }
        "month" => (year.to_string(), time.month(), month.to_owned()),
        _ => return None,
    };
    Some(Cell { row, place, column })
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `28 Nov`
fn day_of_month(time: NaiveDateTime) -> String {
    format!("{} {}", time.day(), MONTHS[time.month0() as usize % MONTHS.len()])
}

/// `2026-11-28`
fn written(time: NaiveDateTime) -> String {
    format!("{:04}-{:02}-{:02}", time.year(), time.month(), time.day())
}

/// Of the part that begins at `at`, when parts are divided by `by` as reports are. Written by hand, since chrono reads its
/// patterns anew each time and a page names hundreds of parts.
pub(crate) fn part(by: &str, at: &str) -> PartName {
    let Some(time) = local(at) else {
        return if by == "weekday-hour" { hour_of_week(at) } else { as_it_is(at) };
    };
    let (weekday, year) = (time.weekday(), time.year());
    let short = day_of_month(time);
    let (short, long, span) = match by {
        "hour" => {
            let clock = |time: NaiveDateTime| format!("{:02}:{:02}", time.hour(), time.minute());
            let long = format!("{weekday} {short}, {}", clock(time));
            let short = if time.time() == NaiveTime::MIN { short } else { clock(time) };
            let end = |time: NaiveDateTime| format!("{}T{}", written(time), clock(time));
            (short, long, (end(time), end(time + TimeDelta::hours(1))))
        }
        "day" => {
            let long = format!("{weekday} {short} {year}");
            (short, long, (written(time), written(time)))
        }
        "week" => {
            let long = format!("Week of {short} {year}");
            let left = 6 - i64::from(weekday.num_days_from_monday());
            (short, long, (written(time), written(time + TimeDelta::days(left))))
        }
        "month" => {
            let form = |form: &str| time.format(form).to_string();
            (form("%b %Y"), form("%B %Y"), (form("%Y-%m"), form("%Y-%m")))
        }
        _ => return as_it_is(at),
    };
    PartName { short, long, span: Some(span) }
}

fn as_it_is(at: &str) -> PartName {
    PartName { short: at.to_owned(), long: at.to_owned(), span: None }
}

/// Of an hour of the week, as reports write it: `mon 09:00`.
fn hour_of_week(at: &str) -> PartName {
    let mut long = at.to_owned();
    if let Some(first) = long.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let short = long.strip_suffix(" 00:00").unwrap_or(&long).to_owned();
    PartName { short, long, span: None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spans_include_their_last_day() {
        let check = |since: &str, until: &str, expect: &str| {
            assert_eq!(span(since, until).replace('\u{2009}', " "), expect, "{since} {until}");
        };
        check("2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z", "22 – 28 Nov 2026");
        check("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", "25 Oct 2026");
        check("2026-10-30T00:00:00Z", "2026-11-03T00:00:00Z", "30 Oct – 2 Nov 2026");
        check("2025-12-30T00:00:00Z", "2026-01-02T00:00:00Z", "30 Dec 2025 – 1 Jan 2026");
        check("2026-11-21T16:00:00Z", "2026-11-22T16:00:00Z", "21 Nov 2026, 16:00 – 22 Nov 2026, 16:00");
        check("2026-11-22T09:00:00Z", "2026-11-22T10:30:00Z", "22 Nov 2026, 09:00 – 10:30");
        check("odd", "2026-11-22T10:30:00Z", "odd – 2026-11-22T10:30:00Z");
    }

    #[test]
    fn parts_have_names_and_can_be_asked_for() {
        let check = |by: &str, at: &str, short: &str, long: &str, span: Option<(&str, &str)>| {
            let span = span.map(|(since, until)| (since.to_owned(), until.to_owned()));
            assert_eq!(part(by, at), PartName { short: short.to_owned(), long: long.to_owned(), span });
        };
        let hour = Some(("2026-11-22T09:00", "2026-11-22T10:00"));
        check("hour", "2026-11-22T09:00:00+01:00", "09:00", "Sun 22 Nov, 09:00", hour);
        let midnight = Some(("2026-11-22T00:00", "2026-11-22T01:00"));
        check("hour", "2026-11-22T00:00:00Z", "22 Nov", "Sun 22 Nov, 00:00", midnight);
        check("day", "2026-11-22T00:00:00Z", "22 Nov", "Sun 22 Nov 2026", Some(("2026-11-22", "2026-11-22")));
        // A span that begins on a Thursday has three days of its first week left after it.
        let week = Some(("2026-01-01", "2026-01-04"));
        check("week", "2026-01-01T00:00:00Z", "1 Jan", "Week of 1 Jan 2026", week);
        check("month", "2026-11-01T00:00:00Z", "Nov 2026", "November 2026", Some(("2026-11", "2026-11")));
        check("weekday-hour", "mon 09:00", "Mon 09:00", "Mon 09:00", None);
        check("weekday-hour", "sun 00:00", "Sun", "Sun 00:00", None);
        check("weekday-hour", "", "", "", None);
        check("weekday-hour", "é 00:00", "é", "é 00:00", None);
    }

    #[test]
    fn parts_have_a_place_in_a_calendar() {
        let check = |by: &str, at: &str, expect: Option<(&str, u32, &str)>| {
            let expect =
                expect.map(|(row, place, column)| Cell { row: row.to_owned(), place, column: column.to_owned() });
            assert_eq!(cell(by, at), expect, "{by} {at}");
        };
        check("hour", "2026-11-22T09:00:00+01:00", Some(("Sun 22 Nov 2026", 9, "09:00")));
        check("day", "2026-11-02T00:00:00Z", Some(("Nov 2026", 2, "2")));
        // The last days of a year may be of the first week of the next one.
        check("week", "2025-12-29T00:00:00Z", Some(("2026", 1, "W01")));
        check("month", "2026-11-01T00:00:00Z", Some(("2026", 11, "Nov")));
        check("weekday-hour", "mon 09:00", None);
    }

    /// Each day of four years, beside chrono's own patterns.
    #[test]
    fn parts_are_named_as_by_patterns() {
        let first = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
        for hours in (0..4 * 366 * 24).step_by(7) {
            let time = first + TimeDelta::hours(hours);
            let at = format!("{}Z", time.format("%Y-%m-%dT%H:%M:%S"));
            let form = |form: &str| time.format(form).to_string();
            let day = part("day", &at);
            assert_eq!((day.short, day.long), (form("%-d %b"), form("%a %-d %b %Y")));
            assert_eq!(day.span, Some((form("%Y-%m-%d"), form("%Y-%m-%d"))));
            let hour = part("hour", &at);
            assert_eq!(hour.long, form("%a %-d %b, %H:%M"));
            assert_eq!(hour.span.unwrap().0, form("%Y-%m-%dT%H:%M"));
        }
    }

    #[test]
    fn a_date_field_gets_days() {
        let check = |since: &str, until: &str, expect: (&str, &str)| {
            assert_eq!(days(since, until), Some((expect.0.to_owned(), expect.1.to_owned())));
        };
        check("2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z", ("2026-11-22", "2026-11-28"));
        check("2026-11-21T16:00:00Z", "2026-11-22T16:00:00Z", ("2026-11-21", "2026-11-22"));
        assert_eq!(days("", ""), None);
    }

    proptest! {
        /// Texts that are no times are shown as they are.
        #[test]
        fn any_text_has_a_name(text in any::<String>(), other in "[-0-9T:Z+.]{0,30}", by in "hour|day|week|month|x") {
            for at in [&text, &other] {
                let name = part(&by, at);
                prop_assert!(local(at).is_some() || (&name.long, name.span) == (at, None));
                let _ = (span(at, &other), days(at, &other), noted(at));
                prop_assert!(local(at).is_some() || second(at) == *at);
            }
        }
    }
}
