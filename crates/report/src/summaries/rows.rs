//! Events as `summary` takes them, out of the columns of the table.
//!
//! The same rules as those of the views: the visitor by [`crate::visitor`], the page by its address
//! or its name. A column that a file doesn't have, or has with a type that can't be read as ours, is
//! null, as in the views.

use std::ops::Range;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, MapArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use summary::{Counter, Event, RowsBuilder, cut, page};

use crate::visitor::Identities;

const TIME: &str = "timestamp";
const RECEIVED_AT: &str = "received_at";
const DATASTREAM: &str = "datastream";
const TIME_ANOMALY: &str = "time_anomaly";
const IDENTITIES: &str = "identityMap";
const SESSION: &str = "customerFeedback.chatSessionID";
const SUBJECT: &str = "customerFeedback.subject";
const PAGE_URL: &str = "web.webPageDetails.URL";
const PAGE_NAME: &str = "web.webPageDetails.name";

/// What is read of a data file.
pub(super) const COLUMNS: &[&str] = &[
    TIME,
    RECEIVED_AT,
    DATASTREAM,
    TIME_ANOMALY,
    "identityMap.*.key",
    "identityMap.*.id",
    "identityMap.*.primary",
    SESSION,
    SUBJECT,
    PAGE_URL,
    PAGE_NAME,
    Counter::ALL[0].field(),
    Counter::ALL[1].field(),
    Counter::ALL[2].field(),
    Counter::ALL[3].field(),
    Counter::ALL[4].field(),
    Counter::ALL[5].field(),
    Counter::ALL[6].field(),
    Counter::ALL[7].field(),
];

/// What is read to learn the days of a file's rows.
pub(super) const TIME_ONLY: &[&str] = &[TIME];

/// The days of a batch's rows, ascending.
pub(super) fn days(batch: &RecordBatch) -> Vec<i32> {
    let times = instants(batch, TIME);
    let times = times.iter().flat_map(|times| times.iter().flatten());
    let mut days: Vec<i32> = times.map(|micros| table::Partition::of_micros(micros).0).collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// The column by which a batch of fresh rows is known again.
pub(super) fn mark_of(batch: &RecordBatch) -> Option<&ArrayRef> {
    batch.column_by_name(TIME)
}

/// Adds a batch's events within `span`, in microseconds, to the rows. An event without a time belongs to
/// no day and isn't among them.
pub(super) fn push(builder: &mut RowsBuilder, batch: &RecordBatch, span: &Range<i64>) {
    let Some(times) = instants(batch, TIME) else { return };
    let received = instants(batch, RECEIVED_AT);
    let [datastreams, sessions, subjects, urls, names] =
        [DATASTREAM, SESSION, SUBJECT, PAGE_URL, PAGE_NAME].map(|path| texts(batch, path));
    let counters = Counter::ALL.map(|counter| integers(batch, counter.field()));
    let anomalies =
        leaf(batch, TIME_ANOMALY).and_then(|(column, nulls)| (column.len() == batch.num_rows()).then_some(nulls));
    let identities = leaf(batch, IDENTITIES).map(|(column, _)| column);
    let map: Option<&MapArray> = identities.as_ref().and_then(|column| column.as_map_opt());
    let visitors = map.and_then(|map| Some((map, Identities::of(map).ok()?)));
    for row in 0..batch.num_rows() {
        if times.is_null(row) || !span.contains(&times.value(row)) {
            continue;
        }
        builder.push(&Event {
            micros: times.value(row),
            received_micros: received.as_ref().filter(|at| at.is_valid(row)).map_or(i64::MIN, |at| at.value(row)),
            datastream: value(&datastreams, row).unwrap_or_default(),
            visitor: visitors
                .as_ref()
                .filter(|(map, _)| map.is_valid(row))
                .and_then(|(map, identities)| identities.visitor(map, row)),
            session: value(&sessions, row),
            subject: value(&subjects, row).map(cut),
            page: page(value(&urls, row), value(&names, row)).map(cut),
            counters: counters
                .each_ref()
                .map(|column| column.as_ref().filter(|column| column.is_valid(row)).map(|column| column.value(row))),
            is_time_off: anomalies.as_ref().is_some_and(|nulls| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))),
        });
    }
}

fn value(column: &Option<StringArray>, row: usize) -> Option<&str> {
    column.as_ref().filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

/// A column by its dotted path, and where it or a column around it is null.
fn leaf(batch: &RecordBatch, path: &str) -> Option<(ArrayRef, Option<NullBuffer>)> {
    let mut names = path.split('.');
    let mut column = batch.column_by_name(names.next()?)?;
    let mut nulls = column.logical_nulls();
    for name in names {
        column = column.as_struct_opt()?.column_by_name(name)?;
        nulls = NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref());
    }
    Some((column.clone(), nulls))
}

fn texts(batch: &RecordBatch, path: &str) -> Option<StringArray> {
    let (column, nulls) = leaf(batch, path)?;
    // A reader may hand out views or dictionaries; for plain text the cast is free.
    let column = cast(&column, &DataType::Utf8).ok()?;
    let (offsets, values, _) = column.as_string_opt::<i32>()?.clone().into_parts();
    StringArray::try_new(offsets, values, nulls).ok()
}

fn integers(batch: &RecordBatch, path: &str) -> Option<Int64Array> {
    let (column, nulls) = leaf(batch, path)?;
    let column = cast(&column, &DataType::Int64).ok()?;
    let (_, values, _) = column.as_primitive_opt::<Int64Type>()?.clone().into_parts();
    Int64Array::try_new(values, nulls).ok()
}

fn instants(batch: &RecordBatch, path: &str) -> Option<TimestampMicrosecondArray> {
    let (column, nulls) = leaf(batch, path)?;
    let column = cast(&column, &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))).ok()?;
    let (_, values, _) = column.as_primitive_opt::<TimestampMicrosecondType>()?.clone().into_parts();
    TimestampMicrosecondArray::try_new(values, nulls).ok()
}
