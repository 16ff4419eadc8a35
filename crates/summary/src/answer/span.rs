//! Which part of an answer each bucket of a day belongs to.

use crate::day::DaySummary;
use crate::fold::day_start;
use crate::{DAY_MICROS, Query, REPEAT_MICROS};

/// Where a bucket of a day belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Outside the query's span.
    Outside,
    /// In the span, in no bucket of its series.
    InSpan,
    /// In this bucket of the series.
    InSeries(u32),
}

/// Whether the day has a part in the query's span.
pub(crate) fn overlaps(day: &DaySummary, query: &Query) -> bool {
    let start = day_start(day.day);
    query.since < query.until && start < query.until && start + DAY_MICROS > query.since
}

/// Whether the day comes before the span and can have contact requests that one in the span repeats.
pub(crate) fn precedes(day: &DaySummary, query: &Query) -> bool {
    let start = day_start(day.day);
    let is_before = query.since < query.until && start < query.since;
    is_before && query.since.saturating_sub(start + DAY_MICROS) < *REPEAT_MICROS.end()
}

/// Where each bucket of the day belongs.
pub(crate) fn slots(day: &DaySummary, query: &Query) -> Vec<Slot> {
    let start = day_start(day.day);
    let slot = |bucket: u32| {
        let micros = start + i64::from(bucket) * day.bucket.micros();
        if !(query.since..query.until).contains(&micros) {
            return Slot::Outside;
        }
        let stretches = &query.timeline.stretches;
        let after = stretches.partition_point(|stretch| stretch.0 <= micros);
        match after.checked_sub(1).map(|at| stretches[at].1) {
            Some(bucket) if bucket < query.timeline.buckets => Slot::InSeries(bucket),
            _ => Slot::InSpan,
        }
    };
    (0..day.bucket.per_day()).map(slot).collect()
}
