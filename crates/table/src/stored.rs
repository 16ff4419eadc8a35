//! All committed rows of a span of time, read beside whoever writes the table.
//!
//! Unlike a query this shows every column, sealed ones too: it is for whoever has the key and
//! judges stored events anew. Rows come a batch at a time, so that memory doesn't grow with the
//! table. What is drained and not committed yet is the writer's, and isn't here.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::{SessionConfig, SessionContext, col, lit};
use deltalake::table::state::DeltaTableState;
use futures::StreamExt as _;
use futures::future::BoxFuture;

use crate::error::{StoreError, at};
use crate::follow::Follower;

/// Rows of one batch: those of events with long texts must fit into memory some at a time.
const BATCH_ROWS: usize = 2_048;
/// Files read side by side.
const FILES_AT_ONCE: usize = 2;
const DOING: &str = "reading rows";

/// Rows on their way.
pub struct StoredRows {
    table: &'static str,
    rows: SendableRecordBatchStream,
}

impl StoredRows {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// A file can't be read.
    pub async fn next(&mut self) -> Option<Result<RecordBatch, StoreError>> {
        let batch = self.rows.next().await?;
        Some(batch.map_err(|source| StoreError::Search { table: self.table, source: Box::new(source) }))
    }
}

impl Follower {
    /// The rows of the newest version whose instant (`timestamp`, `received_at` in `rejects`) lies
    /// in the span, in microseconds since 1970, in no particular order.
    ///
    /// # Errors
    /// The table can't be opened.
    pub fn stored_rows(&mut self, span: Range<i64>) -> BoxFuture<'_, Result<StoredRows, StoreError>> {
        Box::pin(async move {
            let table = self.table();
            let newest = DeltaTableState::try_new(self.log_store(), None).await.map_err(at(table, DOING))?;
            let version = newest.version();
            let provider = self.provider(version, &[], Vec::new()).await?;
            let config = SessionConfig::new()
                .with_batch_size(BATCH_ROWS)
                .with_target_partitions(FILES_AT_ONCE)
                .set_bool("datafusion.execution.parquet.schema_force_view_types", false);
            let failed = |source| StoreError::Search { table, source: Box::new(source) };
            let instant = |micros| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some(Arc::from("UTC"))));
            let column = col(self.instant());
            let within = column.clone().gt_eq(instant(span.start)).and(column.lt(instant(span.end)));
            let rows = SessionContext::new_with_config(config).read_table(provider).map_err(failed)?;
            let rows = rows.filter(within).map_err(failed)?.execute_stream().await.map_err(failed)?;
            Ok(StoredRows { table, rows })
        })
    }
}
