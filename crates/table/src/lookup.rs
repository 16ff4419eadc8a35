//! Finding rows by id: one event, and the rows of `rejects` that belong to an id.
//!
//! Tables are kept by date and not by id. Whoever knows an event's date says so, and only
//! that day is read; otherwise it costs a scan of the id column.

use std::sync::LazyLock;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use datafusion::error::DataFusionError;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{Expr, ident, lit};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use futures::future::BoxFuture;
use xdm::Violation;

use crate::dataset::Dataset;
use crate::error::StoreError;
use crate::store::Store;

/// The kind of a row that only counts.
const DUPLICATE: &str = "duplicate";

/// An event in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundEvent {
    /// Its own time, in microseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
    /// When it was taken in, likewise.
    pub received_at: i64,
}

/// A row of `rejects` with its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundReject {
    /// The datastream that it came by.
    pub datastream: String,
    /// `invalid`, `conflict` or `duplicate`.
    pub kind: String,
    /// The event as it was sent, sealed; none of a duplicate.
    pub sealed: Option<Vec<u8>>,
    /// The request that it came by, empty where the sender named none; `None` of a file's.
    pub request_id: Option<String>,
}

/// One row of `rejects`, without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// Names the row in `rejects`.
    pub reject_id: String,
    /// `invalid`, `conflict` or `duplicate`.
    pub kind: String,
    /// The broken rules, values masked; empty for conflicts.
    pub violations: Vec<Violation>,
    /// When it was taken in, in microseconds since 1970-01-01T00:00:00Z.
    pub received_at: i64,
}

/// How often an event's id is in `rejects`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RejectCounts {
    /// Rows that only count.
    pub duplicates: u64,
    /// All others.
    pub others: u64,
}

/// Where an event can be, by what is known of its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventDays {
    /// On this one, in days since 1970-01-01.
    On(i32),
    /// Not after this one.
    UpTo(i32),
    /// Anywhere.
    Any,
}

/// Which rows of an event id are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectKinds {
    /// All.
    All,
    /// All but duplicates.
    NoDuplicates,
}

impl Store {
    /// The event of this id.
    pub fn find_event<'a>(
        &'a self,
        id: &'a str,
        days: EventDays,
    ) -> BoxFuture<'a, Result<Option<FoundEvent>, StoreError>> {
        Box::pin(async move {
            let range = match days {
                EventDays::On(day) => Some(day..=day),
                EventDays::UpTo(day) => Some(i32::MIN..=day),
                EventDays::Any => None,
            };
            if let Ok(Some(found)) = self.events.rows_with("_id", id, range, &["timestamp", "received_at"]).await {
                return Ok(found_in(&found));
            }
            let date = |day| lit(ScalarValue::Date32(Some(day)));
            let filter = ident("_id").eq(lit(id));
            let filter = match days {
                EventDays::On(day) => filter.and(ident("event_date").eq(date(day))),
                EventDays::UpTo(day) => filter.and(ident("event_date").lt_eq(date(day))),
                EventDays::Any => filter,
            };
            let rows = select(&self.events, filter, &["timestamp", "received_at"]).await?;
            Ok(rows.iter().find_map(found_in))
        })
    }

    /// What is in `rejects` under an event's id: how much, and the oldest rows of these kinds, `rows_max` at most.
    ///
    /// # Errors
    /// A search failed.
    pub fn rejects_under<'a>(
        &'a self,
        event_id: &'a str,
        kinds: RejectKinds,
        rows_max: usize,
    ) -> BoxFuture<'a, Result<(RejectCounts, Vec<RejectedRow>), StoreError>> {
        const COLUMNS: &[&str] = &["reject_id", "kind", "violations", "received_at"];
        Box::pin(async move {
            let rejects = &self.rejects;
            if let Ok(Some(found)) = rejects.rows_with("event_id", event_id, None, COLUMNS).await {
                let mut rows = rejected_rows(rejects, &by_name(&found, COLUMNS))?;
                let duplicates = rows.iter().filter(|row| row.kind == DUPLICATE).count() as u64;
                let counts = RejectCounts { duplicates, others: rows.len() as u64 - duplicates };
                rows.retain(|row| kinds == RejectKinds::All || row.kind != DUPLICATE);
                sort(&mut rows);
                rows.truncate(rows_max);
                return Ok((counts, rows));
            }
            let counts = self.count_rejects_of(event_id).await?;
            let listed = counts.others + if kinds == RejectKinds::All { counts.duplicates } else { 0 };
            let rows = if listed == 0 { Vec::new() } else { self.rejects_of(event_id, kinds, rows_max).await? };
            Ok((counts, rows))
        })
    }

    /// Counts the rows of `rejects` for an event's id.
    pub fn count_rejects_of<'a>(&'a self, event_id: &'a str) -> BoxFuture<'a, Result<RejectCounts, StoreError>> {
        Box::pin(async move {
            let batches = select(&self.rejects, ident("event_id").eq(lit(event_id)), &["kind"]).await?;
            let mut counts = RejectCounts::default();
            for batch in &batches {
                let kinds = texts(&self.rejects, batch, 0)?;
                let duplicates = (0..batch.num_rows()).filter(|row| text(&kinds, *row) == DUPLICATE).count() as u64;
                counts.duplicates += duplicates;
                counts.others += batch.num_rows() as u64 - duplicates;
            }
            Ok(counts)
        })
    }

    /// The oldest rows of `rejects` for an event's id, `rows_max` at most. Anybody may send an
    /// id again and again, so no more of them are held at once.
    pub fn rejects_of<'a>(
        &'a self,
        event_id: &'a str,
        kinds: RejectKinds,
        rows_max: usize,
    ) -> BoxFuture<'a, Result<Vec<RejectedRow>, StoreError>> {
        Box::pin(async move {
            let filter = ident("event_id").eq(lit(event_id));
            let filter = match kinds {
                RejectKinds::All => filter,
                RejectKinds::NoDuplicates => filter.and(ident("kind").not_eq(lit(DUPLICATE))),
            };
            let rejects = &self.rejects;
            let columns = ["reject_id", "kind", "violations", "received_at"];
            let batches = oldest(rejects, filter, &columns, rows_max).await.map_err(searching(rejects))?;
            let mut rows = Vec::new();
            for batch in &batches {
                rows.extend(rejected_rows(rejects, batch)?);
            }
            sort(&mut rows);
            Ok(rows)
        })
    }

    /// One row of `rejects`, with its payload.
    pub fn find_reject<'a>(&'a self, reject_id: &'a str) -> BoxFuture<'a, Result<Option<FoundReject>, StoreError>> {
        Box::pin(async move {
            let rejects = &self.rejects;
            let filter = ident("reject_id").eq(lit(reject_id));
            let batches = select(rejects, filter, &["datastream", "kind", "sealed", "request_id"]).await?;
            let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) else { return Ok(None) };
            let (datastreams, kinds) = (texts(rejects, batch, 0)?, texts(rejects, batch, 1)?);
            let sealed = as_type(rejects, batch, 2, &DataType::Binary)?;
            let sealed = sealed.as_binary::<i32>();
            let requests = texts(rejects, batch, 3)?;
            Ok(Some(FoundReject {
                datastream: text(&datastreams, 0),
                kind: text(&kinds, 0),
                sealed: sealed.is_valid(0).then(|| sealed.value(0).to_vec()),
                request_id: requests.is_valid(0).then(|| text(&requests, 0)),
            }))
        })
    }
}

/// The event of the first row, in columns of these names.
fn found_in(rows: &RecordBatch) -> Option<FoundEvent> {
    let column = |name| rows.schema().index_of(name).ok();
    let (time, received_at) = (column("timestamp")?, column("received_at")?);
    (rows.num_rows() > 0).then(|| FoundEvent { time: micros(rows, time, 0), received_at: micros(rows, received_at, 0) })
}

/// The columns of these names, in this order.
fn by_name(rows: &RecordBatch, names: &[&str]) -> RecordBatch {
    let places: Vec<usize> = names.iter().filter_map(|name| rows.schema().index_of(name).ok()).collect();
    rows.project(&places).unwrap_or_else(|_| rows.clone())
}

/// Rows in the columns `reject_id`, `kind`, `violations` and `received_at`.
fn rejected_rows(rejects: &Dataset, batch: &RecordBatch) -> Result<Vec<RejectedRow>, StoreError> {
    let [ids, kinds, violations] = [0, 1, 2].map(|column| texts(rejects, batch, column));
    let (ids, kinds, violations) = (ids?, kinds?, violations?);
    let row = |row| RejectedRow {
        reject_id: text(&ids, row),
        kind: text(&kinds, row),
        violations: violations_of(&text(&violations, row)),
        received_at: micros(batch, 3, row),
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

/// The oldest first.
fn sort(rows: &mut [RejectedRow]) {
    rows.sort_by(|left, right| (left.received_at, &left.reject_id).cmp(&(right.received_at, &right.reject_id)));
}

/// The engine's functions are put together once: that takes longer than a look-up.
fn context() -> SessionContext {
    static STATE: LazyLock<SessionState> = LazyLock::new(|| SessionStateBuilder::new().with_default_features().build());
    SessionContext::new_with_state(STATE.clone())
}

async fn select(table: &Dataset, filter: Expr, columns: &[&str]) -> Result<Vec<RecordBatch>, StoreError> {
    let found = match read(table, filter.clone(), columns).await {
        // A damaged file is left out from now on: the row may be in another one.
        Err(_) if table.find_damage().await => read(table, filter, columns).await,
        outcome => outcome,
    };
    found.map_err(searching(table))
}

async fn read(table: &Dataset, filter: Expr, columns: &[&str]) -> Result<Vec<RecordBatch>, DataFusionError> {
    let rows = context().read_table(table.provider())?.filter(filter)?;
    rows.select_columns(columns)?.collect().await
}

async fn oldest(
    table: &Dataset,
    filter: Expr,
    columns: &[&str],
    rows_max: usize,
) -> Result<Vec<RecordBatch>, DataFusionError> {
    let rows = context().read_table(table.provider())?.filter(filter)?.select_columns(columns)?;
    let order = ["received_at", "reject_id"].map(|name| ident(name).sort(true, true));
    rows.sort(order.to_vec())?.limit(0, Some(rows_max))?.collect().await
}

fn searching(table: &Dataset) -> impl FnOnce(DataFusionError) -> StoreError {
    let table = table.name();
    move |source| StoreError::Search { table, source: Box::new(source) }
}

/// A column in one form, whatever the reader chose.
fn as_type(table: &Dataset, batch: &RecordBatch, column: usize, wanted: &DataType) -> Result<ArrayRef, StoreError> {
    cast(batch.column(column), wanted).map_err(|error| searching(table)(DataFusionError::from(error)))
}

fn texts(table: &Dataset, batch: &RecordBatch, column: usize) -> Result<ArrayRef, StoreError> {
    as_type(table, batch, column, &DataType::Utf8)
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
