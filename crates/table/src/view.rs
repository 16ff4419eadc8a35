//! What a query sees: the committed rows of one version and the fresh rows beside it.
//!
//! Both halves are fixed when the view is made, in one step, so that a row is in one
//! of them and never in both, whatever is committed while the query runs. The
//! committed half is Delta's own scan: it prunes by partition and by the range of the
//! instants, and reads only the columns asked for. The fresh half is memory.
//!
//! Files that are known to be damaged when a query is planned are left out of it.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::union::UnionExec;

use crate::damage::DamageList;
use crate::dataset::{Names, Snapshot, scan};
use crate::place::Place;

/// A consistent view of one table.
pub(crate) struct View {
    pub(crate) names: Names,
    pub(crate) place: Place,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) damaged: DamageList,
    pub(crate) fresh: Vec<RecordBatch>,
}

impl View {
    /// The committed rows that can be read.
    async fn committed(&self) -> Result<Arc<dyn TableProvider>> {
        match self.damaged.whole_of(&self.snapshot) {
            None => Ok(Arc::clone(&self.snapshot.scan)),
            Some(paths) => scan(&self.names, &self.place, &self.snapshot.state, Some(paths)).await,
        }
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("version", &self.snapshot.version()).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for View {
    fn schema(&self) -> SchemaRef {
        self.snapshot.scan.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let committed = self.committed().await?.scan(session, projection, filters, limit).await?;
        if self.fresh.is_empty() {
            return Ok(committed);
        }
        let fresh =
            MemorySourceConfig::try_new_exec(std::slice::from_ref(&self.fresh), self.schema(), projection.cloned())?;
        UnionExec::try_new(vec![committed, fresh])
    }

    /// Never exact, so that the query filters once more. Fresh rows come unfiltered; and what Delta calls exact, any
    /// predicate over partition columns or over none, only leaves files out, where a predicate that is null leaves
    /// none out and yet keeps no row.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let committed = self.snapshot.scan.supports_filters_pushdown(filters)?;
        let inexact = |pushdown| match pushdown {
            TableProviderFilterPushDown::Exact => TableProviderFilterPushDown::Inexact,
            other => other,
        };
        Ok(committed.into_iter().map(inexact).collect())
    }
}
