//! Numbers out of reports, ready to be drawn.

use report::{Metric, MetricAnswer, MetricNumber, Named, PartAnswer, Report, ReportBucket, SecondsAnswer};

use crate::annotations;
use crate::format::number::{Unit, count};
use crate::format::time::{self, PartName};

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
}

/// A part of a series, with its name and where it stands.
pub(crate) struct Part<'a> {
    pub(crate) bucket: &'a ReportBucket,
    pub(crate) name: PartName,
    pub(crate) when: When,
    /// Notes about it.
    pub(crate) notes: Vec<String>,
}

/// The parts of a report's series. `now` is in microseconds since 1970.
pub(crate) fn parts(report: &Report, now: i64) -> Vec<Part<'_>> {
    let begin = |bucket: &ReportBucket| time::micros(&bucket.at);
    let end = time::micros(&report.period.until);
    let part = |(place, bucket): (usize, &'_ ReportBucket)| {
        let next = report.series.get(place + 1).map_or(end, begin);
        match (begin(bucket), next) {
            (Some(begin), _) if begin > now => When::ToCome,
            (Some(_), Some(next)) if next > now => When::SoFar,
            _ => When::Over,
        }
    };
    let named = |((place, bucket), notes)| Part {
        bucket,
        name: time::part(&report.by, &bucket.at),
        when: part((place, bucket)),
        notes,
    };
    std::iter::zip(report.series.iter().enumerate(), annotations::of_parts(report)).map(named).collect()
}

/// What the parts of a series are called.
pub(crate) fn part_head(report: &Report) -> &'static str {
    match report.by.as_str() {
        "hour" => "Hour",
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
