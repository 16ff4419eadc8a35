//! The reference pages `docs/metrics.md` and `docs/sql.md`, written from the same tables
//! that the queries are made of; a test compares them with the files.

mod metrics;
mod sql;

pub use metrics::metrics_markdown;
pub use sql::{EXAMPLES, SqlTable, sql_markdown, sql_tables};
