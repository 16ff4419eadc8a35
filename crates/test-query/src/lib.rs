//! Runs the SQL of other crates' tests, and writes to tables as other programs do.
//!
//! Async code is compiled by whoever awaits it by its own type. Tests that await the engine
//! themselves therefore compile it, and those of crates at level 3 at that level: minutes for
//! a few queries. Here it is compiled once, unoptimised, and handed out in a box.

mod deletion_vector;

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::error::Result;
use datafusion::prelude::SessionContext;
use futures::future::BoxFuture;

pub use deletion_vector::{MARKS_FILE, Marks, mark_deleted};

/// The rows of a statement over one table, which the statement calls by this name.
///
/// # Errors
/// Those of the engine.
pub fn query<'a>(
    name: &'a str,
    table: Arc<dyn TableProvider>,
    sql: &'a str,
) -> BoxFuture<'a, Result<Vec<RecordBatch>>> {
    Box::pin(async move {
        let session = SessionContext::new();
        session.register_table(name, table)?;
        session.sql(sql).await?.collect().await
    })
}
