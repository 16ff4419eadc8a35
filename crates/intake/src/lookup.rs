//! Finding rows by id, for receipts and for rejects that are sent again.
//!
//! Tables are kept by date and not by id. The index of known events tells an event's
//! date, so that only one day is read; an event of a day that is not in the index costs a
//! scan of the id column.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use datafusion::logical_expr::{Expr, ident, lit};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use futures::future::BoxFuture;
use table::Dataset;
use xdm::Violation;

use crate::answer::RejectedRow;
use crate::error::IntakeError;

/// The kind of a row that only counts.
const DUPLICATE: &str = "duplicate";

/// An event in the table.
pub(crate) struct FoundEvent {
    pub(crate) time: i64,
    pub(crate) received_at: i64,
}

/// A row of `rejects` with its payload.
pub(crate) struct FoundReject {
    pub(crate) datastream: String,
    pub(crate) kind: String,
    pub(crate) sealed: Option<Vec<u8>>,
}

/// Where an event can be, by what the index of known events says.
#[derive(Clone, Copy)]
pub(crate) enum Days {
    /// On this one.
    On(i32),
    /// Not after this one: the index would know it.
    UpTo(i32),
    /// Anywhere.
    Any,
}

/// The event of this id.
pub(crate) async fn event(events: &Dataset, id: &str, days: Days) -> Result<Option<FoundEvent>, IntakeError> {
    let date = |day| lit(ScalarValue::Date32(Some(day)));
    let filter = ident("_id").eq(lit(id));
    let filter = match days {
        Days::On(day) => filter.and(ident("event_date").eq(date(day))),
        Days::UpTo(day) => filter.and(ident("event_date").lt_eq(date(day))),
        Days::Any => filter,
    };
    let rows = select(events, filter, &["timestamp", "received_at"]).await?;
    let found = rows.iter().find(|batch| batch.num_rows() > 0);
    Ok(found.map(|batch| FoundEvent { time: micros(batch, 0, 0), received_at: micros(batch, 1, 0) }))
}

/// Rows of `rejects` that are told of one event id; the others are counted. Anybody may send
/// an id again and again, and each time with violations.
pub(crate) const REJECTS_TOLD_MAX: u64 = 100;

/// How often an event's id stands in `rejects`.
#[derive(Clone, Copy, Default)]
pub(crate) struct RejectCounts {
    pub(crate) duplicates: u64,
    pub(crate) others: u64,
}

/// Counts the rows of `rejects` for an event's id.
pub(crate) async fn count_rejects_of(rejects: &Dataset, event_id: &str) -> Result<RejectCounts, IntakeError> {
    let batches = select(rejects, ident("event_id").eq(lit(event_id)), &["kind"]).await?;
    let mut counts = RejectCounts::default();
    for batch in &batches {
        let kinds = texts(batch, 0)?;
        let duplicates = (0..batch.num_rows()).filter(|row| text(&kinds, *row) == DUPLICATE).count() as u64;
        counts.duplicates += duplicates;
        counts.others += batch.num_rows() as u64 - duplicates;
    }
    Ok(counts)
}

/// The oldest rows of `rejects` for an event's id, at most [`REJECTS_TOLD_MAX`]; duplicates
/// of a stored event are not among them.
pub(crate) async fn rejects_of(
    rejects: &Dataset,
    event_id: &str,
    is_stored: bool,
) -> Result<Vec<RejectedRow>, IntakeError> {
    let filter = ident("event_id").eq(lit(event_id));
    let filter = if is_stored { filter.and(ident("kind").not_eq(lit(DUPLICATE))) } else { filter };
    let batches = oldest(rejects, filter, &["reject_id", "kind", "violations", "received_at"]).await?;
    let mut rows = Vec::new();
    for batch in &batches {
        let [ids, kinds, violations] = [0, 1, 2].map(|column| texts(batch, column));
        let (ids, kinds, violations) = (ids?, kinds?, violations?);
        for row in 0..batch.num_rows() {
            rows.push(RejectedRow {
                reject_id: text(&ids, row),
                kind: text(&kinds, row),
                violations: violations_of(&text(&violations, row)),
                received_at: micros(batch, 3, row),
            });
        }
    }
    rows.sort_by(|left, right| (left.received_at, &left.reject_id).cmp(&(right.received_at, &right.reject_id)));
    Ok(rows)
}

/// One row of `rejects`, with its payload.
pub(crate) async fn reject(rejects: &Dataset, reject_id: &str) -> Result<Option<FoundReject>, IntakeError> {
    let filter = ident("reject_id").eq(lit(reject_id));
    let batches = select(rejects, filter, &["datastream", "kind", "sealed"]).await?;
    let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) else { return Ok(None) };
    let (datastreams, kinds) = (texts(batch, 0)?, texts(batch, 1)?);
    let sealed = cast(batch.column(2), &DataType::Binary).map_err(datafusion::error::DataFusionError::from)?;
    let sealed = sealed.as_binary::<i32>();
    Ok(Some(FoundReject {
        datastream: text(&datastreams, 0),
        kind: text(&kinds, 0),
        sealed: sealed.is_valid(0).then(|| sealed.value(0).to_vec()),
    }))
}

/// In a box, so that the engine is compiled here: async code is compiled by whoever awaits
/// it by its own type.
fn select<'a>(
    table: &'a Dataset,
    filter: Expr,
    columns: &'a [&str],
) -> BoxFuture<'a, Result<Vec<RecordBatch>, IntakeError>> {
    Box::pin(async move {
        match read(table, filter.clone(), columns).await {
            // A damaged file is left out from now on: the row may be in another one.
            Err(_) if table.find_damage().await => read(table, filter, columns).await,
            outcome => outcome,
        }
    })
}

fn read<'a>(
    table: &'a Dataset,
    filter: Expr,
    columns: &'a [&str],
) -> BoxFuture<'a, Result<Vec<RecordBatch>, IntakeError>> {
    Box::pin(async move {
        let rows = SessionContext::new().read_table(table.provider())?.filter(filter)?;
        // By names, since what takes expressions is generic and would be compiled here.
        Ok(rows.select_columns(columns)?.collect().await?)
    })
}

/// The same, of the oldest rows of `rejects`: no more of them are held at once than are told.
fn oldest<'a>(
    table: &'a Dataset,
    filter: Expr,
    columns: &'a [&str],
) -> BoxFuture<'a, Result<Vec<RecordBatch>, IntakeError>> {
    Box::pin(async move {
        let rows = SessionContext::new().read_table(table.provider())?.filter(filter)?.select_columns(columns)?;
        let order = ["received_at", "reject_id"].map(|name| ident(name).sort(true, true));
        Ok(rows.sort(order.to_vec())?.limit(0, Some(REJECTS_TOLD_MAX as usize))?.collect().await?)
    })
}

/// A text column in one form, whatever the reader chose.
fn texts(batch: &RecordBatch, column: usize) -> Result<ArrayRef, IntakeError> {
    cast(batch.column(column), &DataType::Utf8)
        .map_err(|error| IntakeError::from(datafusion::error::DataFusionError::from(error)))
}

fn text(column: &ArrayRef, row: usize) -> String {
    let column = column.as_string::<i32>();
    if column.is_valid(row) { column.value(row).to_owned() } else { String::new() }
}

fn micros(batch: &RecordBatch, column: usize, row: usize) -> i64 {
    let column = batch.column(column).as_primitive_opt::<TimestampMicrosecondType>();
    column.filter(|column| column.is_valid(row)).map_or(0, |column| column.value(row))
}

fn violations_of(json: &str) -> Vec<Violation> {
    // Written by us; a row of another version that can't be read is shown without them.
    serde_json::from_str(json).unwrap_or_default()
}
