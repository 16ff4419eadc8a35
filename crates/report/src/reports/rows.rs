//! A report's rows: by channel, subject, page, referrer or device, or by reason of rejection.

use std::collections::HashMap;

use summary::{Numbers, RowKey};

use super::answer::{MetricNumber, ReportRow, RowKind};
use super::name::ReportName;
use super::numbers::{self, Known, parts};
use super::request::ReportRequest;
use super::run::{Measured, channel_rows};
use crate::contacts::Quality;
use crate::metrics::{Metric, Scope};

/// What the rows of a report are the numbers of.
pub(super) fn by(name: ReportName) -> Option<&'static str> {
    match name {
        ReportName::Overview | ReportName::Channels => Some("channel"),
        ReportName::Subjects => Some("subject"),
        ReportName::Pages => Some("page"),
        ReportName::Referrers => Some("referrer"),
        ReportName::Devices => Some("device"),
        ReportName::Quality => Some("reason"),
        ReportName::Chat => None,
    }
}

/// The rows, the greatest first, then those that are of no single value; as many values as are asked for,
/// and how many are left out.
pub(super) fn of(
    request: &ReportRequest,
    current: &Measured<'_>,
    compared: Option<&Measured<'_>>,
) -> (Vec<ReportRow>, usize) {
    let mut rows = match request.name {
        ReportName::Chat => Vec::new(),
        ReportName::Overview | ReportName::Channels => channel_rows(request, current, compared),
        // Of thousands few are shown: only these are written down.
        ReportName::Subjects | ReportName::Pages | ReportName::Referrers | ReportName::Devices => {
            return value_rows(request, current, compared);
        }
        ReportName::Quality => reason_rows(request, current.received, compared.and_then(|compared| compared.received)),
    };
    let size = |row: &ReportRow| row.metrics.0.first().and_then(|(_, part)| part.value).map_or(0.0, MetricNumber::size);
    rows.sort_by(|one, other| size(other).total_cmp(&size(one)).then_with(|| one.value.cmp(&other.value)));
    let left_out = rows.len().saturating_sub(request.rows_max);
    rows.truncate(request.rows_max);
    (rows, left_out)
}

/// By their first number, the greatest first; then by name. Events without a value, and values without a row
/// of their own, come last and are always told.
fn value_rows(
    request: &ReportRequest,
    current: &Measured<'_>,
    compared: Option<&Measured<'_>>,
) -> (Vec<ReportRow>, usize) {
    let size = |numbers: &Numbers| {
        let first = request.contents.rows.first().map(|first| numbers::of(numbers, Scope::AllChannels, first));
        first.and_then(|first| first.number).map_or(0.0, MetricNumber::size)
    };
    let (mut values, mut others) = (Vec::new(), Vec::new());
    for (key, numbers) in &current.answer.answer.rows {
        match key {
            RowKey::Value(_) => values.push((size(numbers), key, numbers)),
            RowKey::None | RowKey::Other => others.push((0.0, key, numbers)),
        }
    }
    // A key orders no value before the others, and values by name.
    values.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
    others.sort_unstable_by(|one, other| one.1.cmp(other.1));
    let left_out = values.len().saturating_sub(request.rows_max);
    values.truncate(request.rows_max);
    let earlier: Option<HashMap<&RowKey, &Numbers>> =
        compared.map(|compared| compared.answer.answer.rows.iter().map(|(key, numbers)| (key, numbers)).collect());
    let rows = values.into_iter().chain(others);
    (rows.map(|(_, key, numbers)| value_row(request, (key, numbers), earlier.as_ref())).collect(), left_out)
}

fn value_row(
    request: &ReportRequest,
    (key, numbers): (&RowKey, &Numbers),
    earlier: Option<&HashMap<&RowKey, &Numbers>>,
) -> ReportRow {
    let nothing = Numbers::default();
    let earlier = earlier.and_then(|earlier| match earlier.get(key) {
        Some(numbers) => Some(*numbers),
        // It may be among the others there.
        None if earlier.contains_key(&RowKey::Other) => None,
        None => Some(&nothing),
    });
    let earlier = earlier.map(|earlier| |metric: &Metric| numbers::of(earlier, Scope::AllChannels, metric));
    let earlier = earlier.as_ref().map(|earlier| earlier as &dyn Fn(&Metric) -> Known);
    let metrics = parts(request.contents.rows, &|metric| numbers::of(numbers, Scope::AllChannels, metric), earlier);
    let (kind, value) = match key {
        RowKey::Value(value) => (RowKind::Value, Some(value.clone())),
        RowKey::None => (RowKind::None, None),
        RowKey::Other => (RowKind::Other, None),
    };
    ReportRow { kind, value, metrics }
}

fn reason_rows(request: &ReportRequest, current: Option<&Quality>, compared: Option<&Quality>) -> Vec<ReportRow> {
    let metrics = request.contents.rows;
    let counts = |quality: &Quality, reason: &str| quality.rejected_by_reason.get(reason).copied().unwrap_or(0);
    let reasons = current.map(|quality| quality.rejected_by_reason.keys()).into_iter().flatten();
    let row = |reason: &String| {
        let number = |quality: &Quality| Known::count(counts(quality, reason));
        let earlier = compared.map(|compared| move |_: &Metric| number(compared));
        let earlier = earlier.as_ref().map(|earlier| earlier as &dyn Fn(&Metric) -> Known);
        let metrics = parts(metrics, &|_| current.map_or_else(|| Known::count(0), number), earlier);
        ReportRow { kind: RowKind::Value, value: Some(reason.clone()), metrics }
    };
    reasons.map(row).collect()
}
