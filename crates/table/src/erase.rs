//! Deleting rows by an opaque id.
//!
//! Rows go from the table at once and from the disk with the next vacuum. Neither the
//! ids nor any value is written to the log: Delta's own delete would keep its predicate
//! there. Rows that are fresh or still in the journal are not touched; drain and commit
//! first, and keep the ids in a ledger that draining asks.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch, StringArray};
use deltalake::kernel::LogicalFileView;
use deltalake::protocol::DeltaOperation;
use futures::TryStreamExt as _;
use futures::future::BoxFuture;

use crate::commit::ATTEMPTS_MAX;
use crate::dataset::Dataset;
use crate::error::{StoreError, at};
use crate::rewrite::{Change, Keep};

/// The rows to delete: those whose `column` holds one of `ids`.
#[derive(Clone, Debug)]
pub struct DeleteWhere {
    /// A text column by its dotted path: `_id`, `endUserIDs.visitor`. Not inside a list.
    pub column: String,
    /// Opaque ids. Never phone numbers, addresses or names.
    pub ids: HashSet<String>,
}

/// What a deletion did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Deleted {
    /// Rows deleted.
    pub rows: u64,
    /// Files that held them, replaced by files without.
    pub files: u64,
    /// The version without the rows; `None` when there were none.
    pub version: Option<u64>,
    /// Files that can't be read and were not touched: rows to delete may be in them.
    pub files_damaged: u64,
}

impl Dataset {
    /// Deletes rows, all in one commit. A file that can't be read stays as it is and is
    /// counted: the deletion isn't complete then, and has to be asked for again once the file
    /// is restored.
    pub fn delete_where(&self, delete: DeleteWhere) -> BoxFuture<'_, Result<Deleted, StoreError>> {
        Box::pin(async move {
            let inner = &self.inner;
            let _maintaining = inner.maintaining.lock().await;
            let delete = Arc::new(delete);
            for _ in 0..ATTEMPTS_MAX {
                let mut old = Vec::new();
                let (mut new, mut rows, mut files_damaged) = (Vec::new(), 0, 0);
                for file in inner.snapshot().files() {
                    match self.delete_in(&file, &delete).await {
                        Ok(None) => {}
                        Ok(Some(merged)) => {
                            new.extend(merged.files);
                            rows += merged.rows_left_out;
                            old.push(file);
                        }
                        Err(_) if self.find_damage_in(std::slice::from_ref(&file)).await => files_damaged += 1,
                        Err(error) => return Err(error),
                    }
                }
                if old.is_empty() {
                    return Ok(Deleted { files_damaged, ..Deleted::default() });
                }
                let files = old.len() as u64;
                let operation = DeltaOperation::Delete { predicate: None };
                let version = inner.replace(operation, Change::Rows, &old, new).await?;
                if version.is_some() {
                    return Ok(Deleted { rows, files, version, files_damaged });
                }
            }
            Err(StoreError::Contended { table: self.name(), attempts: ATTEMPTS_MAX })
        })
    }

    /// The file's other rows in new files; `None` when it holds none of those to delete.
    async fn delete_in(
        &self,
        file: &LogicalFileView,
        delete: &Arc<DeleteWhere>,
    ) -> Result<Option<crate::rewrite::Merged>, StoreError> {
        if !self.holds(file, delete).await? {
            return Ok(None);
        }
        self.rewrite_without(file, delete).await.map(Some)
    }

    /// Whether a file has such a row; reads only the one column.
    async fn holds(&self, file: &LogicalFileView, delete: &DeleteWhere) -> Result<bool, StoreError> {
        let mut batches = self.read_columns(file, &[&delete.column]).await?;
        while let Some(batch) = batches.try_next().await.map_err(at(self.name(), "reading a data file"))? {
            if delete.matches(&batch).true_count() > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn rewrite_without(
        &self,
        file: &LogicalFileView,
        delete: &Arc<DeleteWhere>,
    ) -> Result<crate::rewrite::Merged, StoreError> {
        let unsupported = |why| at(self.name(), "deleting rows")(std::io::Error::other(why));
        if file.deletion_vector_descriptor().is_some() {
            return Err(unsupported(
                "another program has marked rows deleted in a file; purge the table with it first",
            ));
        }
        let Some(partition) = self.inner.place_of(file) else {
            return Err(unsupported("a file of another program belongs to no day"));
        };
        let delete = delete.clone();
        let keep: Keep = Arc::new(move |batch| {
            let matches = delete.matches(batch);
            BooleanArray::new(!matches.values(), None)
        });
        self.merge(std::slice::from_ref(file), partition, Some(keep)).await
    }
}

impl DeleteWhere {
    /// One value per row, none null. Files from before the column came have no such row.
    fn matches(&self, batch: &RecordBatch) -> BooleanArray {
        let Some(texts) = text_column(batch, &self.column) else {
            return BooleanArray::from(vec![false; batch.num_rows()]);
        };
        texts.iter().map(|text| Some(text.is_some_and(|text| self.ids.contains(text)))).collect()
    }
}

fn text_column<'a>(batch: &'a RecordBatch, path: &str) -> Option<&'a StringArray> {
    let mut names = path.split('.');
    let mut column = batch.column_by_name(names.next()?)?;
    for name in names {
        column = column.as_struct_opt()?.column_by_name(name)?;
    }
    column.as_string_opt()
}
