//! Files that belong to no day.
//!
//! All rows of a data file share its partition value, so a commit makes a file per day.
//! Events of very many days, or of days far from now, would make very many files, each
//! with its directory and its syncs. They share a few files instead, whose partition value
//! is null. Delta readers know that: such a row's `event_date` is null to them, and
//! `timestamp` prunes as ever.
//!
//! The engine's own queries are to see each row's date, whichever file it lies in. So where
//! a version has such files, and a query asks for the date, the date of their rows is
//! computed; all other queries, and tables without such files, are read as they were.

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, ident};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, IsNotNullExpr, IsNullExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use deltalake::table::state::DeltaTableState;

use crate::dataset::Names;

/// What stands for null in the name of a partition's directory, with all engines.
pub(crate) const NO_DAY: &str = "__HIVE_DEFAULT_PARTITION__";

/// `scan`, with the dates of rows whose file has none.
pub(crate) fn with_dates(
    names: &Names,
    state: &DeltaTableState,
    scan: Arc<dyn TableProvider>,
) -> Arc<dyn TableProvider> {
    let directory = format!("{}={NO_DAY}/", names.partition);
    let has_undated = state.log_data().iter().any(|file| file.path().starts_with(&directory));
    if !has_undated {
        return scan;
    }
    Arc::new(Dated { scan, partition: names.partition, instant: names.instant })
}

/// A version that has files of no day.
#[derive(Debug)]
struct Dated {
    scan: Arc<dyn TableProvider>,
    partition: &'static str,
    instant: &'static str,
}

impl Dated {
    fn mentions_date(&self, filter: &Expr) -> bool {
        filter.column_refs().iter().any(|column| column.name == self.partition)
    }

    /// The plan's rows that have a date in their file, or those that have none.
    fn only(&self, plan: Arc<dyn ExecutionPlan>, undated: bool) -> Result<Arc<dyn ExecutionPlan>> {
        let date = column(self.partition, &plan)?;
        let predicate: Arc<dyn PhysicalExpr> =
            if undated { Arc::new(IsNullExpr::new(date)) } else { Arc::new(IsNotNullExpr::new(date)) };
        Ok(Arc::new(FilterExec::try_new(predicate, plan)?))
    }

    /// The wanted columns, with a date that is computed where the file has none.
    fn project(&self, plan: Arc<dyn ExecutionPlan>, wanted: &[usize], undated: bool) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.scan.schema();
        let mut columns = Vec::with_capacity(wanted.len());
        for at in wanted {
            let name = schema.field(*at).name();
            let value = if undated && name == self.partition {
                Arc::new(CastExpr::new(column(self.instant, &plan)?, DataType::Date32, None))
            } else {
                column(name, &plan)?
            };
            columns.push((value, name.clone()));
        }
        Ok(Arc::new(ProjectionExec::try_new(columns, plan)?))
    }
}

fn column(name: &str, plan: &Arc<dyn ExecutionPlan>) -> Result<Arc<dyn PhysicalExpr>> {
    Ok(Arc::new(Column::new(name, plan.schema().index_of(name)?)))
}

#[async_trait]
impl TableProvider for Dated {
    fn schema(&self) -> SchemaRef {
        self.scan.schema()
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
        let schema = self.schema();
        let needed = [schema.index_of(self.partition)?, schema.index_of(self.instant)?];
        let wanted = projection.cloned().unwrap_or_else(|| (0..schema.fields().len()).collect());
        let (of_date, of_rows): (Vec<&Expr>, Vec<&Expr>) =
            filters.iter().partition(|filter| self.mentions_date(filter));
        if of_date.is_empty() && !wanted.contains(&needed[0]) {
            return self.scan.scan(session, projection, filters, limit).await;
        }
        let mut read = wanted.clone();
        read.extend(needed.into_iter().filter(|column| !wanted.contains(column)));
        let mut halves: Vec<Arc<dyn ExecutionPlan>> = Vec::with_capacity(2);
        for undated in [false, true] {
            let date = ident(self.partition);
            let (pushed, is_half) = match undated {
                // A date in a filter is that of the row, which these files don't have.
                true => (of_rows.iter().map(|filter| (*filter).clone()).collect(), date.is_null()),
                false => (filters.to_vec(), date.is_not_null()),
            };
            let pushed: Vec<Expr> = pushed.into_iter().chain([is_half]).collect();
            let half = self.scan.scan(session, Some(&read), &pushed, None).await?;
            halves.push(self.project(self.only(half, undated)?, &wanted, undated)?);
        }
        UnionExec::try_new(halves)
    }

    /// Never exact: dates that are computed are not filtered yet.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let supported = self.scan.supports_filters_pushdown(filters)?;
        let inexact = |pushdown| match pushdown {
            TableProviderFilterPushDown::Exact => TableProviderFilterPushDown::Inexact,
            other => other,
        };
        Ok(supported.into_iter().map(inexact).collect())
    }
}
