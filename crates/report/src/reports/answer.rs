//! A report as it is sent: one JSON object, typed, so that a program that only has the JSON writes
//! the same table. Members stand in the order of the definitions.

use serde::{Deserialize, Serialize};

use super::filter::WrittenFilter;
use super::name::ReportName;
use super::named::Named;

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Which one.
    pub report: ReportName,
    /// The span of time that it is about.
    pub period: ReportPeriod,
    /// The span that it is compared with; `None` for none.
    pub compared: Option<ComparedPeriod>,
    /// What the series is divided by: `hour`, `day`, `week`, `month` or `weekday-hour`.
    pub by: String,
    /// Which events it is about, as it was asked.
    pub filter: WrittenFilter,
    /// The numbers of the whole span, by the metrics' names.
    pub metrics: Named<MetricAnswer>,
    /// The parts of the span, oldest first.
    pub series: Vec<ReportBucket>,
    /// What the rows are the numbers of: `channel`, `subject`, `page` or `reason`; `None` in a report without.
    pub rows_by: Option<String>,
    /// Numbers by value, the greatest first; then those of events without a value, and those of
    /// values without a row of their own.
    pub rows: Vec<ReportRow>,
    /// How many rows more there are.
    pub rows_left_out: u64,
    /// What to know before quoting the numbers, a sentence each.
    pub notes: Vec<String>,
    /// What people have noted on the time line within the span, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
}

/// What somebody has noted on the time line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// Its number.
    pub id: i64,
    /// A day such as `2026-11-29`, or an instant as RFC 3339.
    pub at: String,
    /// What happened.
    pub text: String,
}

/// A span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportPeriod {
    /// The first instant within, RFC 3339 with the zone's offset.
    pub since: String,
    /// The first instant after it.
    pub until: String,
    /// The time zone of days and hours.
    pub tz: String,
    /// Whether it isn't over yet.
    pub so_far: bool,
}

/// The span that another one is compared with; of one that isn't over, the part of it that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedPeriod {
    /// What was asked: `previous`, `year`, `weekdays`, or `own` for a span that was named.
    pub with: String,
    /// The first instant within, RFC 3339 with the zone's offset.
    pub since: String,
    /// The first instant after it.
    pub until: String,
    /// Whether it is cut to as much as is over of the report's own span.
    #[serde(default)]
    pub so_far: bool,
}

/// A metric's number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricAnswer {
    /// The number; `None` if it can't be known.
    pub value: Option<MetricNumber>,
    /// That of the span that is compared with.
    pub previous: Option<MetricNumber>,
    /// By how much it changed, as a share of `previous` (0.5 is half as much again); of lengths of
    /// time that of their median. `None` where nothing can be said, as from 0 to something.
    pub change: Option<f64>,
    /// What it counts in: `count`, `visitors`, `share` (of 1) or `seconds`.
    pub unit: String,
    /// What to know of it, such as how far an estimate may be off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MetricNumber {
    /// How many.
    Count(u64),
    /// A share of 1.
    Share(f64),
    /// Lengths of time, in whole seconds.
    Seconds(SecondsAnswer),
}

/// What some lengths of time are like, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondsAnswer {
    /// The smallest that at least half of all don't exceed.
    pub median: u32,
    /// The same for 90 of 100.
    pub p90: u32,
    /// The same for 95 of 100.
    pub p95: u32,
    /// The greatest.
    pub max: u32,
    /// How many there are.
    pub count: u64,
}

/// A part of the span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportBucket {
    /// Where it begins (RFC 3339 with the zone's offset), or the weekday and hour: `mon 09:00`.
    pub at: String,
    /// Its numbers.
    pub metrics: Named<PartAnswer>,
}

/// The numbers of a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportRow {
    /// What the row is of.
    pub kind: RowKind,
    /// The value; `None` in the rows of the other kinds.
    pub value: Option<String>,
    /// Its numbers.
    pub metrics: Named<PartAnswer>,
}

/// What a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowKind {
    /// A value.
    Value,
    /// Events without a value.
    None,
    /// Values that have no numbers of their own.
    Other,
}

/// A metric's number of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartAnswer {
    /// The number; `None` if it can't be known, as of a part of the span that hasn't begun.
    pub value: Option<MetricNumber>,
    /// That of the same part of the span that is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<MetricNumber>,
    /// As of [`MetricAnswer`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<f64>,
    /// Likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl MetricNumber {
    /// The number by which it is compared and drawn: of lengths of time their median.
    pub fn size(self) -> f64 {
        match self {
            MetricNumber::Count(count) => count as f64,
            MetricNumber::Share(share) => share,
            MetricNumber::Seconds(seconds) => f64::from(seconds.median),
        }
    }

    /// By how many points of a hundred a share differs from an earlier one; `None` of what is no share. A percentage of a
    /// percentage is easily taken for these.
    pub fn points_since(self, previous: MetricNumber) -> Option<f64> {
        match (self, previous) {
            (MetricNumber::Share(now), MetricNumber::Share(before)) => Some(100.0 * (now - before)),
            _ => None,
        }
    }
}
