//! A report's rows: by channel, subject or page, or by reason of rejection.

use std::cmp::Ordering;
use std::collections::HashMap;

use summary::{Numbers, RowKey};

use super::answer::{ReportRow, RowKind};
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
        ReportName::Quality => Some("reason"),
        ReportName::Chat => None,
    }
}

/// All rows, the greatest first, then those that are of no single value.
pub(super) fn of(request: &ReportRequest, current: &Measured<'_>, compared: Option<&Measured<'_>>) -> Vec<ReportRow> {
    let mut rows = match request.name {
        ReportName::Chat => Vec::new(),
        ReportName::Overview | ReportName::Channels => channel_rows(request, current, compared),
        ReportName::Subjects | ReportName::Pages => value_rows(request, current, compared),
        ReportName::Quality => reason_rows(request, current.received, compared.and_then(|compared| compared.received)),
    };
    rows.sort_by(order);
    rows
}

/// By kind; then by their first number, the greatest first; then by name.
fn order(one: &ReportRow, other: &ReportRow) -> Ordering {
    let rank = |row: &ReportRow| match row.kind {
        RowKind::Value => 0,
        RowKind::None => 1,
        RowKind::Other => 2,
    };
    let size = |row: &ReportRow| {
        let first = row.metrics.0.first().and_then(|(_, part)| part.value);
        first.map_or(0.0, super::answer::MetricNumber::size)
    };
    rank(one).cmp(&rank(other)).then(size(other).total_cmp(&size(one))).then_with(|| one.value.cmp(&other.value))
}

fn value_rows(request: &ReportRequest, current: &Measured<'_>, compared: Option<&Measured<'_>>) -> Vec<ReportRow> {
    let metrics = request.name.contents().rows;
    let nothing = Numbers::default();
    let earlier: Option<HashMap<&RowKey, &Numbers>> =
        compared.map(|compared| compared.answer.answer.rows.iter().map(|(key, numbers)| (key, numbers)).collect());
    let row = |(key, numbers): &(RowKey, Numbers)| {
        let earlier = earlier.as_ref().and_then(|earlier| match earlier.get(key) {
            Some(numbers) => Some(*numbers),
            // It may be among the others there.
            None if earlier.contains_key(&RowKey::Other) => None,
            None => Some(&nothing),
        });
        let earlier = earlier.map(|earlier| |metric: &Metric| numbers::of(earlier, Scope::AllChannels, metric));
        let earlier = earlier.as_ref().map(|earlier| earlier as &dyn Fn(&Metric) -> Known);
        let metrics = parts(metrics, &|metric| numbers::of(numbers, Scope::AllChannels, metric), earlier);
        let (kind, value) = match key {
            RowKey::Value(value) => (RowKind::Value, Some(value.clone())),
            RowKey::None => (RowKind::None, None),
            RowKey::Other => (RowKind::Other, None),
        };
        ReportRow { kind, value, metrics }
    };
    current.answer.answer.rows.iter().map(row).collect()
}

fn reason_rows(request: &ReportRequest, current: Option<&Quality>, compared: Option<&Quality>) -> Vec<ReportRow> {
    let metrics = request.name.contents().rows;
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
