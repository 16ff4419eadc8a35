//! Numbers out of reports, ready to be drawn.

use chrono::{DateTime, Datelike, TimeDelta, Timelike};
use report::{
    Metric, MetricAnswer, MetricNumber, Named, PartAnswer, Report, ReportBucket, ReportPeriod, SecondsAnswer,
};

use crate::annotations;
use crate::format::number::{Unit, count};
use crate::format::time::{self, PartName};

/// What a series is divided by whose parts are the hours of a week.
const WEEKDAY_HOUR: &str = "weekday-hour";
/// Hours of a week.
const WEEK_HOURS: usize = 7 * 24;

/// What a metric counts in, as it is written.
pub(crate) fn unit(metric: &Metric) -> Unit {
    match metric.unit {
        report::Unit::Share => Unit::Share,
        report::Unit::Seconds => Unit::Seconds,
        report::Unit::Count | report::Unit::Visitors => Unit::Count,
    }
}

/// A number as it is written.
pub(crate) fn written(number: MetricNumber) -> String {
    match number {
        MetricNumber::Count(number) => count(number),
        MetricNumber::Share(share) => Unit::Share.write(share),
        MetricNumber::Seconds(seconds) => Unit::Seconds.write(f64::from(seconds.median)),
    }
}

/// The total of a metric, where the report has it.
pub(crate) fn total<'a>(report: &'a Report, metric: &Metric) -> Option<&'a MetricAnswer> {
    report.metrics.get(metric.name)
}

/// The same as a count; 0 where nothing is known.
pub(crate) fn counted(report: &Report, metric: &Metric) -> u64 {
    match total(report, metric).and_then(|answer| answer.value) {
        Some(MetricNumber::Count(count)) => count,
        _ => 0,
    }
}

/// What is known of lengths of time.
pub(crate) fn lengths(report: &Report, metric: &Metric) -> Option<SecondsAnswer> {
    match total(report, metric)?.value? {
        MetricNumber::Seconds(seconds) if seconds.count > 0 => Some(seconds),
        _ => None,
    }
}

/// A number of a part.
pub(crate) fn part(metrics: &Named<PartAnswer>, metric: &Metric) -> Option<f64> {
    metrics.get(metric.name).and_then(|part| part.value).map(MetricNumber::size)
}

/// That of the same part of the span that is compared with.
pub(crate) fn part_before(metrics: &Named<PartAnswer>, metric: &Metric) -> Option<f64> {
    metrics.get(metric.name).and_then(|part| part.previous).map(MetricNumber::size)
}

/// Where a part of a series stands to the present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// It is over.
    Over,
    /// It isn't over yet.
    SoFar,
    /// It hasn't begun.
    ToCome,
    /// It is an hour of the week that the period doesn't have.
    Outside,
}

impl When {
    /// Whether there is something to be counted.
    pub(crate) fn has_begun(self) -> bool {
        matches!(self, When::Over | When::SoFar)
    }
}

/// A part of a series, with its name and where it stands.
pub(crate) struct Part<'a> {
    pub(crate) bucket: &'a ReportBucket,
    pub(crate) when: When,
    /// Notes about it.
    pub(crate) notes: Vec<String>,
    by: &'a str,
}

impl Part<'_> {
    /// What it is called. Writing that is most of the work for a part, so it is done only where it is read.
    pub(crate) fn name(&self) -> PartName {
        time::part(self.by, &self.bucket.at)
    }

    /// Why it has no number, if it has none. Days and hours at the end of a period are seen to be still to come; of hours of
    /// the week it is told, since others come behind them.
    pub(crate) fn why_blank(&self) -> Option<&'static str> {
        match self.when {
            When::ToCome if self.by == WEEKDAY_HOUR => Some("no data yet"),
            When::Outside => Some("not in this period"),
            _ => None,
        }
    }
}

/// The parts of a report's series. `now` is in microseconds since 1970.
pub(crate) fn parts(report: &Report, now: i64) -> Vec<Part<'_>> {
    let end = time::micros(&report.period.until);
    let begins: Vec<Option<i64>> = report.series.iter().map(|bucket| time::micros(&bucket.at)).collect();
    let hours = (report.by == WEEKDAY_HOUR).then(|| week_hours(&report.period, now));
    let when = |place: usize| match (begins[place], begins.get(place + 1).copied().unwrap_or(end)) {
        (None, _) => hours.and_then(|hours| hours.get(place).copied()).unwrap_or(When::Over),
        (Some(begin), _) if begin > now => When::ToCome,
        (Some(_), Some(next)) if next > now => When::SoFar,
        _ => When::Over,
    };
    let part = |((place, bucket), notes)| Part { bucket, when: when(place), notes, by: &report.by };
    std::iter::zip(report.series.iter().enumerate(), annotations::of_parts(report)).map(part).collect()
}

/// Where each hour of a week stands, from Monday's first on, as clocks show it in the period's zone. Where clocks are
/// changed within it, the present may be shown an hour later than it is: better a number too many than one left out.
fn week_hours(period: &ReportPeriod, now: i64) -> [When; WEEK_HOURS] {
    let mut hours = [When::Outside; WEEK_HOURS];
    let at = |rfc3339: &str| DateTime::parse_from_rfc3339(rfc3339).ok();
    let (Some(since), Some(until)) = (at(&period.since), at(&period.until)) else {
        return [When::Over; WEEK_HOURS];
    };
    let present = DateTime::from_timestamp_micros(now).unwrap_or_default();
    let offset = since.offset().local_minus_utc().max(until.offset().local_minus_utc());
    let present = present.naive_utc() + TimeDelta::seconds(i64::from(offset));
    let (since, until) = (since.naive_local(), until.naive_local());
    let first = since.date().and_hms_opt(since.hour(), 0, 0).unwrap_or(since);
    // In one week each hour has come, and a week has every hour.
    for hour in (0..WEEK_HOURS as i64).map(|hours| first + TimeDelta::hours(hours)).take_while(|hour| *hour < until) {
        let place = hour.weekday().num_days_from_monday() * 24 + hour.hour();
        hours[place as usize % WEEK_HOURS] = match hour {
            hour if hour > present => When::ToCome,
            hour if hour + TimeDelta::hours(1) > present => When::SoFar,
            _ => When::Over,
        };
    }
    hours
}

/// What the parts of a series are called.
pub(crate) fn part_head(report: &Report) -> &'static str {
    match report.by.as_str() {
        "hour" | WEEKDAY_HOUR => "Hour",
        "week" => "Week",
        "month" => "Month",
        _ => "Day",
    }
}

/// What a report is compared with, in words; `None` for nothing.
pub(crate) fn compared(report: &Report) -> Option<&'static str> {
    Some(match report.compared.as_ref()?.with.as_str() {
        "year" => "a year earlier",
        "weekdays" => "the same weekdays before",
        "own" => "the other period",
        _ => "the period before",
    })
}

/// The same as the name of a line.
pub(crate) fn compared_line(report: &Report) -> Option<&'static str> {
    Some(match report.compared.as_ref()?.with.as_str() {
        "year" => "A year earlier",
        "weekdays" => "Same weekdays before",
        "own" => "Other period",
        _ => "Period before",
    })
}

#[cfg(test)]
mod tests {
    use report::{ReportName, ReportPeriod, WrittenFilter};

    use super::*;

    fn report(by: &str, begins: &[&str], until: &str) -> Report {
        let bucket = |at: &&str| ReportBucket { at: (*at).to_owned(), metrics: Named(Vec::new()) };
        let period = ReportPeriod {
            since: begins[0].to_owned(),
            until: until.to_owned(),
            tz: "Europe/Berlin".to_owned(),
            so_far: true,
        };
        Report {
            report: ReportName::Overview,
            period,
            compared: None,
            by: by.to_owned(),
            filter: WrittenFilter::default(),
            metrics: Named(Vec::new()),
            series: begins.iter().map(bucket).collect(),
            rows_by: None,
            rows: Vec::new(),
            rows_left_out: 0,
            notes: Vec::new(),
            annotations: Vec::new(),
        }
    }

    #[test]
    fn a_part_is_over_so_far_or_to_come() {
        use When::{Over, SoFar, ToCome};
        let days = report(
            "day",
            // Clocks are put back on the 25th: it has 25 hours.
            &["2026-10-24T00:00:00+02:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"],
            "2026-10-27T00:00:00+01:00",
        );
        let check = |report: &Report, now: &str, expect: &[When]| {
            let when: Vec<When> = parts(report, time::micros(now).unwrap()).iter().map(|part| part.when).collect();
            assert_eq!(when, expect, "{now}");
        };
        check(&days, "2026-10-23T12:00:00Z", &[ToCome, ToCome, ToCome]);
        check(&days, "2026-10-23T22:00:00Z", &[SoFar, ToCome, ToCome]);
        check(&days, "2026-10-24T21:59:59Z", &[SoFar, ToCome, ToCome]);
        check(&days, "2026-10-24T22:00:00Z", &[Over, SoFar, ToCome]);
        check(&days, "2026-10-25T22:59:59Z", &[Over, SoFar, ToCome]);
        check(&days, "2026-10-25T23:00:00Z", &[Over, Over, SoFar]);
        check(&days, "2026-10-26T23:00:00Z", &[Over, Over, Over]);
        let hours = report("weekday-hour", &["mon 00:00", "mon 01:00"], "2026-10-27T00:00:00+01:00");
        assert_eq!(parts(&hours, 0)[1].name().long, "Mon 01:00");
        assert_eq!(part_head(&hours), "Hour");
    }

    #[test]
    fn hours_of_a_week_are_over_so_far_to_come_or_outside() {
        let check = |since: &str, until: &str, now: &str, expect: &[(usize, When)]| {
            let names: Vec<String> = (0..WEEK_HOURS).map(|hour| format!("{hour}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut report = report("weekday-hour", &names, until);
            report.period.since = since.to_owned();
            let when: Vec<When> = parts(&report, time::micros(now).unwrap()).iter().map(|part| part.when).collect();
            let runs = when.chunk_by(|one, other| one == other).map(|run| (run.len(), run[0])).collect::<Vec<_>>();
            assert_eq!(runs, expect, "{since} {until} {now}");
        };
        use When::{Outside, Over, SoFar, ToCome};
        // Sunday 22 to Saturday 28 November 2026, on that Saturday.
        let week = ("2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z");
        let saturday = [(5 * 24 + 12, Over), (1, SoFar), (11, ToCome), (24, Over)];
        check(week.0, week.1, "2026-11-28T12:40:00Z", &saturday);
        check(week.0, week.1, "2026-11-28T12:00:00Z", &saturday);
        check(week.0, week.1, "2026-11-29T00:00:00Z", &[(168, Over)]);
        check("2026-11-15T00:00:00Z", week.1, "2026-11-28T12:40:00Z", &[(168, Over)]);
        // A day and a half, from half past nine on.
        let short = [(9, Outside), (5, Over), (1, SoFar), (33, ToCome), (120, Outside)];
        check("2026-11-23T09:30:00+01:00", "2026-11-25T00:00:00+01:00", "2026-11-23T13:59:00Z", &short);
        // Clocks were put back on Sunday at 3: at one of the two hours the present is.
        let change = [(5 * 24, Outside), (24 + 10, Over), (1, SoFar), (13, ToCome)];
        check("2026-10-24T00:00:00+02:00", "2026-10-26T00:00:00+01:00", "2026-10-25T08:30:00Z", &change);
        check("", "", "2026-11-28T12:40:00Z", &[(168, Over)]);
    }

    #[test]
    fn a_note_stands_at_its_part() {
        let mut days =
            report("day", &["2026-10-24T00:00:00+02:00", "2026-10-25T00:00:00+02:00"], "2026-10-26T00:00:00+01:00");
        let note = |at: &str, text: &str| ::report::Annotation { id: 1, at: at.to_owned(), text: text.to_owned() };
        days.annotations = vec![note("2026-10-25", "opened"), note("2026-10-24T21:59:00Z", "closed\u{202e}")];
        let notes: Vec<Vec<String>> = parts(&days, 0).into_iter().map(|part| part.notes).collect();
        assert_eq!(notes, [vec!["closed\\u202e".to_owned()], vec!["opened".to_owned()]]);
    }
}
