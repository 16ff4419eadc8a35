//! Content hashes from before they were keyed, and their end.
//!
//! Early tables hold, in the column `content_hash`, a plain hash of the bytes that an event
//! was sent as. Whoever reads it can try phone numbers until the hash fits. So the column
//! leaves the table's schema when the table is opened, and the files are rewritten without
//! it: by compaction, by deletions, and by [`Dataset::forget_legacy_hashes`], which goes
//! through all of them. In `events` the hash lives on in `content_mac`, passed through a
//! keyed function, so that a resend of an old event is still known. The old files go from
//! the disk with a vacuum.
//!
//! A property of the table says that some of its files may still hold the column.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::error::ArrowError;
use columns::{CONTENT_MAC, LEGACY_HASH};
use deltalake::DeltaTableError;
use deltalake::kernel::{Action, LogicalFileView, MetadataExt as _};
use deltalake::protocol::DeltaOperation;
use futures::future::BoxFuture;

use crate::commit::{ATTEMPTS_MAX, Attempt};
use crate::dataset::{Dataset, Inner};
use crate::error::{StoreError, at};
use crate::rewrite::Change;

/// Set while files may hold the column.
pub(crate) const PROPERTY: &str = "frontdesk.legacyContentHash";

/// What became of one file.
enum Forgotten {
    /// It has no unkeyed hashes.
    Without,
    Rewritten,
    /// It has to stay for now.
    Left,
}

const DOING: &str = "forgetting unkeyed hashes";

/// Gives the keyed form of a row's unkeyed hash: of its id and the hash.
pub type KeyHash = Arc<dyn Fn(&str, i64) -> i64 + Send + Sync>;

/// The schema without the column; `None` if it lacks it.
pub(crate) fn without(schema: &Schema) -> Option<Schema> {
    let (at, _) = schema.column_with_name(LEGACY_HASH)?;
    let fields: Vec<_> = schema.fields().iter().enumerate().filter(|(place, _)| *place != at).collect();
    let fields: Vec<_> = fields.into_iter().map(|(_, field)| Arc::clone(field)).collect();
    Some(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

impl Inner {
    /// The rows of a file as they are stored from now on.
    pub(crate) fn without_legacy_hash(&self, batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
        let (Some(key_hash), Some(at)) = (&self.key_hash, place_of(&batch)) else { return Ok(batch) };
        let macs = match batch.column_by_name(self.names.id).and_then(|ids| ids.as_string_opt::<i32>()) {
            Some(ids) if self.names.keeps_content => macs(ids, batch.column(at), key_hash),
            _ => None,
        };
        let mut fields: Vec<_> = batch.schema_ref().fields().iter().cloned().collect();
        let mut columns = batch.columns().to_vec();
        fields.remove(at);
        columns.remove(at);
        if let Some(macs) = macs {
            fields.insert(at, Arc::new(Field::new(CONTENT_MAC, DataType::Int64, true)));
            columns.insert(at, macs);
        }
        let schema = Schema::new_with_metadata(fields, batch.schema_ref().metadata().clone());
        RecordBatch::try_new(Arc::new(schema), columns)
    }
}

fn place_of(batch: &RecordBatch) -> Option<usize> {
    batch.schema_ref().column_with_name(LEGACY_HASH).map(|(at, _)| at)
}

fn macs(ids: &StringArray, hashes: &ArrayRef, key_hash: &KeyHash) -> Option<ArrayRef> {
    let hashes = hashes.as_primitive_opt::<Int64Type>()?;
    let macs = ids.iter().zip(hashes.iter()).map(|(id, hash)| Some(key_hash(id?, hash?)));
    Some(Arc::new(macs.collect::<Int64Array>()))
}

impl Dataset {
    /// True while files of the table may hold unkeyed hashes.
    pub fn has_legacy_hashes(&self) -> bool {
        self.inner.snapshot().state.metadata().configuration().contains_key(PROPERTY)
    }

    /// Rewrites the files that hold unkeyed hashes, one after the other, and answers how
    /// many there were. Rows and their order stay as they are. What can't be rewritten now,
    /// since somebody else changes it, is left for the next call.
    pub fn forget_legacy_hashes(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            if self.inner.key_hash.is_none() || !self.has_legacy_hashes() {
                return Ok(0);
            }
            let _maintaining = self.inner.maintaining.lock().await;
            let (mut rewritten, mut left) = (0, 0);
            for file in self.inner.snapshot().files() {
                match self.forget_in(&file).await {
                    Ok(Forgotten::Rewritten) => rewritten += 1,
                    Ok(Forgotten::Without) => {}
                    Ok(Forgotten::Left) => left += 1,
                    // It is damaged or missing, which is no reason to leave the others.
                    Err(error) => {
                        tracing::warn!(table = self.name(), file = %file.path(), %error, "a file can't be rewritten");
                        left += 1;
                    }
                }
            }
            if left == 0 {
                self.unset_property().await?;
            }
            Ok(rewritten)
        })
    }

    async fn forget_in(&self, file: &LogicalFileView) -> Result<Forgotten, StoreError> {
        if !self.has_column(file, LEGACY_HASH).await? {
            return Ok(Forgotten::Without);
        }
        let Some(day) = self.inner.place_of(file) else { return Ok(Forgotten::Left) };
        if file.deletion_vector_descriptor().is_some() {
            // It holds rows that are not in the table.
            return Ok(Forgotten::Left);
        }
        let old = std::slice::from_ref(file);
        let new = self.merge(old, day, None).await?.files;
        let operation = DeltaOperation::Optimize { predicate: None, target_size: file.size() };
        Ok(match self.inner.replace(operation, Change::Layout, old, new).await? {
            Some(_) => Forgotten::Rewritten,
            None => Forgotten::Left,
        })
    }

    async fn unset_property(&self) -> Result<(), StoreError> {
        let inner = &self.inner;
        let table = inner.names.table;
        let _writing = inner.writing.lock().await;
        for _ in 0..ATTEMPTS_MAX {
            let metadata = inner.snapshot().state.metadata().clone().remove_config_key(PROPERTY);
            let metadata = metadata.map_err(DeltaTableError::from).map_err(at(table, DOING))?;
            let properties = std::collections::HashMap::from([(PROPERTY.to_owned(), String::new())]);
            let operation = DeltaOperation::SetTableProperties { properties };
            match inner.attempt(vec![Action::Metadata(metadata)], operation, None).await? {
                Attempt::Won(snapshot) => return inner.show(Some(snapshot), None),
                Attempt::Lost => inner.reload().await?,
            }
        }
        Err(StoreError::Contended { table, attempts: ATTEMPTS_MAX })
    }
}
