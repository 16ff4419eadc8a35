//! The schemas that events are judged by, as far as the server tells of them, and the way to have them read anew.
//! Reading and judging are somebody else's.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

use dashboard::CollectedSchema;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

/// What is collected, for the page `/schemas`: the schema of most datastreams first. Clones are the same list, so that
/// whoever reads the schemas anew can say so.
#[derive(Clone, Debug, Default)]
pub struct CollectedSchemas(Arc<RwLock<Arc<[CollectedSchema]>>>);

impl CollectedSchemas {
    /// Those of now.
    pub fn get(&self) -> Arc<[CollectedSchema]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Others from now on.
    pub fn set(&self, schemas: Vec<CollectedSchema>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = schemas.into();
    }
}

/// What came of reading the schemas anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemasRead {
    /// Whether others are in force than before.
    pub changed: bool,
    /// The documents that events are judged by.
    pub schemas: SchemasChanged,
    /// The columns of the table `events`.
    pub columns: ColumnsChanged,
    /// What is wrong with the schema files and keeps nothing from being in force.
    #[serde(default)]
    pub warnings: Vec<SchemaWarning>,
}

/// Something that is wrong with a schema file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaWarning {
    /// The file, or the `$id` of a schema without one.
    pub file: String,
    /// A JSON pointer into it; empty for the file as a whole.
    pub pointer: String,
    /// What is wrong, and how to mend it.
    pub message: String,
}

/// Documents by their `$id`, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemasChanged {
    /// They take part in judging now, and didn't.
    pub added: Vec<String>,
    /// They say something else than before.
    pub changed: Vec<String>,
    /// They took part, and don't now.
    pub removed: Vec<String>,
}

/// Columns by their path, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnsChanged {
    /// New events fill them; older rows are null there.
    pub added: Vec<String>,
    /// No schema has them any more; they stay in the table, null in new rows.
    pub retired: Vec<String>,
}

/// Why the schemas stay as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemasRefused {
    /// Something is wrong with the settings or the schemas, or they contradict what is stored.
    Invalid(String),
    /// They can't be changed now.
    Unavailable(String),
}

/// Reads the schemas anew, as the program does at its start, and puts them into force.
#[derive(Clone)]
pub struct SchemaReader(Arc<dyn Fn() -> BoxFuture<'static, Result<SchemasRead, SchemasRefused>> + Send + Sync>);

impl SchemaReader {
    /// One that does this. What it has begun must come to its end even if nobody waits for it any more.
    pub fn new<F>(read: impl Fn() -> F + Send + Sync + 'static) -> SchemaReader
    where
        F: Future<Output = Result<SchemasRead, SchemasRefused>> + Send + 'static,
    {
        SchemaReader(Arc::new(move || read().boxed()))
    }

    /// Reads them.
    pub(crate) async fn read(&self) -> Result<SchemasRead, SchemasRefused> {
        (self.0)().await
    }
}

impl fmt::Debug for SchemaReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SchemaReader")
    }
}
