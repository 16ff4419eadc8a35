//! What can go wrong with a stored table, worded so that the operator knows what to do.
//!
//! No message holds a value from an event: Delta's and Parquet's own messages name
//! files, columns and types only.

use std::io;

use deltalake::DeltaTableError;

/// A failure of a stored table.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The place given for the tables can't be used.
    #[error("the tables can't live at {place}: {why}")]
    Place {
        /// The directory or URL.
        place: String,
        /// What is wrong with it.
        why: String,
    },

    /// A log entry that readers need is unreadable and may not be set aside.
    #[error(
        "table {table}: version {version} in its log is damaged ({what}); restore that file from a backup, or move \
         the table away and load it again"
    )]
    Damaged {
        /// The table's name.
        table: &'static str,
        /// The version whose entry it is.
        version: u64,
        /// What was found.
        what: String,
    },

    /// The table was written with another type for a column.
    #[error(
        "table {table}: column {column} is {found} in the table but {wanted} in the schema; name the new field \
         differently, or move the table away and load it again"
    )]
    Schema {
        /// The table's name.
        table: &'static str,
        /// Dotted path of the column.
        column: String,
        /// Its type in the table.
        found: String,
        /// Its type in the schema.
        wanted: String,
    },

    /// Rows handed over don't have the table's columns.
    #[error("table {table}: these rows don't fit the table's columns: {source}")]
    Rows {
        /// The table's name.
        table: &'static str,
        /// Which column, and why.
        source: Box<datafusion::error::DataFusionError>,
    },

    /// Looking for rows failed.
    #[error("searching the table {table} failed: {source}")]
    Search {
        /// The table's name.
        table: &'static str,
        /// The query engine's answer.
        source: Box<datafusion::error::DataFusionError>,
    },

    /// Somebody else committed under the same application id.
    #[error("table {table}: another process is writing as {app:?}; stop one of the two, then restart this one")]
    AnotherWriter {
        /// The table's name.
        table: &'static str,
        /// The application id.
        app: String,
    },

    /// Other writers were always faster.
    #[error("table {table}: gave up after {attempts} attempts against other writers; try again later")]
    Contended {
        /// The table's name.
        table: &'static str,
        /// Attempts made.
        attempts: u32,
    },

    /// The disk or the object store refused.
    #[error("table {table}: {doing} failed: {source}")]
    Io {
        /// The table's name.
        table: &'static str,
        /// What was being done.
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },

    /// The Delta library refused.
    #[error("table {table}: {doing} failed: {source}")]
    Delta {
        /// The table's name.
        table: &'static str,
        /// What was being done.
        doing: &'static str,
        /// Its answer.
        source: Box<DeltaTableError>,
    },

    /// A data file can't be read or written.
    #[error("table {table}: {doing} failed: {source}")]
    Parquet {
        /// The table's name.
        table: &'static str,
        /// What was being done.
        doing: &'static str,
        /// Parquet's answer.
        source: Box<parquet::errors::ParquetError>,
    },
}

/// Names the table and the step an error belongs to: `result.map_err(at(table, "reading the log"))`.
pub(crate) fn at<E: IntoStoreError>(table: &'static str, doing: &'static str) -> impl FnOnce(E) -> StoreError {
    move |source| source.into_store_error(table, doing)
}

/// An error of a library underneath.
pub(crate) trait IntoStoreError {
    fn into_store_error(self, table: &'static str, doing: &'static str) -> StoreError;
}

impl IntoStoreError for io::Error {
    fn into_store_error(self, table: &'static str, doing: &'static str) -> StoreError {
        StoreError::Io { table, doing, source: self }
    }
}

impl IntoStoreError for object_store::Error {
    fn into_store_error(self, table: &'static str, doing: &'static str) -> StoreError {
        StoreError::Io { table, doing, source: io::Error::from(self) }
    }
}

impl IntoStoreError for DeltaTableError {
    fn into_store_error(self, table: &'static str, doing: &'static str) -> StoreError {
        StoreError::Delta { table, doing, source: Box::new(self) }
    }
}

impl IntoStoreError for parquet::errors::ParquetError {
    fn into_store_error(self, table: &'static str, doing: &'static str) -> StoreError {
        StoreError::Parquet { table, doing, source: Box::new(self) }
    }
}

impl IntoStoreError for arrow::error::ArrowError {
    fn into_store_error(self, table: &'static str, doing: &'static str) -> StoreError {
        parquet::errors::ParquetError::from(self).into_store_error(table, doing)
    }
}

impl IntoStoreError for tokio::task::JoinError {
    fn into_store_error(self, table: &'static str, doing: &'static str) -> StoreError {
        io::Error::other(self).into_store_error(table, doing)
    }
}
