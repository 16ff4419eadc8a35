//! The newest events, and one event of a known instant, without a query: their rows are picked out of their files
//! (`table::Dataset::newest`), and the columns that are computed with are computed by the plan of the view `activity`,
//! which is made once.
//!
//! Nothing here is a second definition: what a column means is the view's. What can't be done so is a query's, and so
//! is whatever fails here.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::AsArray;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::MemTable;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, collect};
use futures::future::BoxFuture;
use serde::Deserialize;
use table::Newest;

use super::request::Listed;
use super::{EventDetails, EventLine, EventList, EventsRequest, RejectLine, rows, statement};
use crate::QueryResult;
use crate::engine::SharedEngine;
use crate::views;
use crate::worker::pool::QueryPool;

/// What the view's columns are computed from.
const COLUMNS: &[&str] = &[
    "timestamp",
    "_id",
    "eventType",
    "identityMap",
    "customerFeedback",
    "web",
    "datastream",
    "received_at",
    "request_id",
    "derived",
    "time_anomaly",
];
/// What is told of a rejected event: its columns as they are.
const COLUMNS_OF_REJECTS: &[&str] = &[
    "received_at",
    "reject_id",
    "kind",
    "keyword",
    "pointer",
    "violation_count",
    "event_id",
    "datastream",
    "request_id",
    "violations",
];
/// Memory of the plan, by the engine's own count: it has a few rows.
const MEMORY_BYTES_MAX: usize = 64 << 20;
/// The ciphertext, which is told as its length.
const SEALED: &str = "sealed";

/// The view's columns, planned for the table's columns as they were last.
#[derive(Default)]
pub(crate) struct LinePlan {
    engine: SharedEngine,
    planned: Mutex<Option<(SchemaRef, Planned)>>,
}

#[derive(Clone)]
struct Planned {
    plan: Arc<dyn ExecutionPlan>,
    task: Arc<TaskContext>,
}

impl LinePlan {
    /// The rows in the columns that are shown.
    fn lines(&self, batch: RecordBatch) -> BoxFuture<'_, Result<Vec<EventLine>>> {
        // In a box, so that the engine is compiled here.
        Box::pin(async move {
            let Planned { plan, task } = self.planned(&batch.schema()).await?;
            let filled = plan.transform_down(|node| {
                if !node.children().is_empty() {
                    return Ok(Transformed::no(node));
                }
                let schema = node.schema();
                let place = |field: &Arc<datafusion::arrow::datatypes::Field>| batch.schema().index_of(field.name());
                let places = schema.fields().iter().map(place).collect::<std::result::Result<Vec<_>, _>>()?;
                let rows = batch.project(&places)?;
                let leaf: Arc<dyn ExecutionPlan> = MemorySourceConfig::try_new_exec(&[vec![rows]], schema, None)?;
                Ok(Transformed::yes(leaf))
            })?;
            let schema = filled.data.schema();
            let batches = collect(filled.data, task).await?;
            let mut json = Vec::new();
            QueryResult::new(schema, batches).write_json(&mut json)?;
            rows(&json).map_err(|error| DataFusionError::External(Box::new(error)))
        })
    }

    async fn planned(&self, schema: &SchemaRef) -> Result<Planned> {
        let known = self.planned.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, planned)) = known.filter(|(known, _)| known == schema) {
            return Ok(planned);
        }
        let engine = self.engine.get()?;
        let state = engine.state()?;
        let nothing = MemTable::try_new(Arc::clone(schema), vec![vec![]])?;
        let nothing: Arc<dyn TableProvider> = Arc::new(nothing);
        views::register(&state, &["activity"], &nothing, &nothing).await?;
        let plan = state.create_logical_plan(&format!("select {} from activity", statement::STORED)).await?;
        let plan = state.create_physical_plan(&plan).await?;
        let planned = Planned { plan, task: engine.task(&state, MEMORY_BYTES_MAX) };
        *self.planned.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(schema), planned.clone()));
        Ok(planned)
    }
}

impl QueryPool {
    /// Plans the view's columns before somebody waits for them. It is only for speed.
    pub(crate) async fn plan_lines(&self) {
        let schema = self.inner.tables.events.moment().schema;
        let _ = self.inner.lines.lines(RecordBatch::new_empty(schema)).await;
    }

    /// A page of the list of all events; `None` where a query must find it.
    pub(super) async fn newest(&self, request: &EventsRequest) -> Option<EventList> {
        let is_plain = request.find.is_none()
            && request.anomaly.is_none()
            && request.reason.is_none()
            && request.filter == summary::Filter::default();
        if !is_plain {
            return None;
        }
        let (since, until) = (request.period.since().timestamp_micros(), request.period.until().timestamp_micros());
        let place = match &request.before {
            None => None,
            Some(place) => Some((micros(&place.time)?, place.id.as_str())),
        };
        let until = place.map_or(until, |(time, _)| until.min(time.saturating_add(1)));
        // Those of one instant with the place are among them, and are left out below.
        let mut wanted = request.rows_max + 1;
        let table::Store { events, rejects, .. } = &self.inner.tables;
        loop {
            let newest = Newest { within: since..until, rows: wanted };
            let (found, list) = match request.listed {
                Listed::Stored => {
                    let batch = events.newest(&newest, COLUMNS).await.ok()??;
                    let found = batch.num_rows();
                    let mut lines = self.inner.lines.lines(batch).await.ok()?;
                    in_order(&mut lines, place, |line| (&line.time, &line.id));
                    (found, Ordered::Stored(lines))
                }
                Listed::Rejected => {
                    let batch = rejects.newest(&newest, COLUMNS_OF_REJECTS).await.ok()??;
                    let mut lines: Vec<RejectLine> = as_they_are(&batch)?;
                    in_order(&mut lines, place, |line| (&line.received_at, &line.reject_id));
                    (batch.num_rows(), Ordered::Rejected(lines))
                }
            };
            // Fewer than there could be, since some of the place's own instant were left out.
            if list.len() <= request.rows_max && found >= wanted {
                wanted += found;
                continue;
            }
            return Some(match list {
                Ordered::Stored(lines) => EventList::of(request, lines),
                Ordered::Rejected(lines) => EventList::of_rejected(request, lines),
            });
        }
    }

    /// What is known of the event of an instant; `None` where a query must find it.
    pub(super) async fn details(&self, id: &str, time: i64) -> Option<EventDetails> {
        let batch = self.inner.tables.events.row_at(time, id).await.ok()??;
        let line = self.inner.lines.lines(batch.clone()).await.ok()?.pop()?;
        let row = open(&batch)?;
        let mut json = Vec::new();
        QueryResult::new(row.schema(), vec![row]).write_json(&mut json).ok()?;
        Some(EventDetails::of(line, rows(&json).ok()?.pop()?))
    }
}

/// Lines of either table, the newest first.
enum Ordered {
    Stored(Vec<EventLine>),
    Rejected(Vec<RejectLine>),
}

impl Ordered {
    fn len(&self) -> usize {
        match self {
            Ordered::Stored(lines) => lines.len(),
            Ordered::Rejected(lines) => lines.len(),
        }
    }
}

/// Puts lines in the order of the list, by their instant and id, without those before a place in it.
fn in_order<T>(lines: &mut Vec<T>, place: Option<(i64, &str)>, key: impl Fn(&T) -> (&String, &String)) {
    let key = |line: &T| {
        let (time, id) = key(line);
        (micros(time), id.clone())
    };
    lines.sort_by_cached_key(|line| Reverse(key(line)));
    if let Some((time, id)) = place {
        lines.retain(|line| key(line) < (Some(time), id.to_owned()));
    }
}

/// Rows whose columns need no computing.
fn as_they_are<T: for<'a> Deserialize<'a>>(batch: &RecordBatch) -> Option<Vec<T>> {
    let places: Vec<usize> =
        COLUMNS_OF_REJECTS.iter().map(|name| batch.schema().index_of(name).ok()).collect::<Option<_>>()?;
    let batch = batch.project(&places).ok()?;
    let mut json = Vec::new();
    QueryResult::new(batch.schema(), vec![batch]).write_json(&mut json).ok()?;
    rows(&json).ok()
}

/// Microseconds since 1970. As texts times are in another order: they have no zeros behind their last digit.
fn micros(rfc3339: &str) -> Option<i64> {
    chrono::DateTime::parse_from_rfc3339(rfc3339).ok().map(|time| time.timestamp_micros())
}

/// A row as the view `events` has it: the sealed bytes as their length.
fn open(batch: &RecordBatch) -> Option<RecordBatch> {
    use datafusion::arrow::array::{ArrayRef, Int32Array};
    use datafusion::arrow::datatypes::{Field, Schema};

    let (mut fields, mut columns): (Vec<Arc<Field>>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if field.name() == SEALED {
            let bytes = cast(column, &DataType::Binary).ok()?;
            let bytes = bytes.as_binary_opt::<i32>()?;
            let lengths = bytes.iter().map(|bytes| bytes.and_then(|bytes| i32::try_from(bytes.len()).ok()));
            fields.push(Arc::new(Field::new("sealed_bytes", DataType::Int32, true)));
            columns.push(Arc::new(lengths.collect::<Int32Array>()));
        } else {
            fields.push(Arc::clone(field));
            columns.push(Arc::clone(column));
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).ok()
}
