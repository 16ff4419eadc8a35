//! Reading a few columns of every file, past the query engine.
//!
//! The dedupe index is rebuilt from the stored ids when the process starts; nobody is
//! served until it is there, so this reads files side by side and nothing but the
//! columns it needs.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use bytes::Bytes;
use deltalake::kernel::LogicalFileView;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use tokio::sync::mpsc;

use crate::dataset::Dataset;
use crate::days::Partition;
use crate::error::{StoreError, at};

/// Files read side by side.
const FILES_AT_ONCE: usize = 4;

/// Batches waiting for the caller.
const BATCHES_WAITING: usize = 8;

/// Rows read in one step.
const BATCH_ROWS: usize = 32_768;

/// What the dedupe index needs to know of a stored row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoredId<'a> {
    /// The row's id.
    pub id: &'a str,
    /// Hash of its content.
    pub content_hash: i64,
    /// Its instant, microseconds since 1970-01-01T00:00:00Z; 0 when it has none.
    pub instant_micros: i64,
}

impl Dataset {
    /// Calls `f` for each committed row of the days from `since` on (`None`: of all), in no
    /// particular order. Rows without an id are passed over. Answers the number of calls.
    ///
    /// Of a damaged file come the rows whose ids can still be read: they must not be taken
    /// for new, since the file may be restored.
    pub fn scan_ids<'a>(
        &'a self,
        since: Option<Partition>,
        f: &'a mut (dyn FnMut(StoredId<'_>) + Send),
    ) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move {
            let snapshot = self.inner.snapshot();
            // A file of no known day may hold rows of any.
            let wanted = |file: &LogicalFileView| since.is_none() || self.inner.partition_of(file) >= since;
            let files =
                snapshot.files().into_iter().filter(|file| wanted(file) || self.inner.partition_of(file).is_none());
            let files: Vec<_> = files.collect();
            let (send, mut batches) = mpsc::channel(BATCHES_WAITING);
            let dataset = self.clone();
            let reading = tokio::spawn(async move {
                let reads = files.into_iter().map(|file| {
                    let (dataset, send) = (dataset.clone(), send.clone());
                    // A task of its own, so that files are decoded on different threads.
                    tokio::spawn(async move { dataset.send_ids(&file, &send).await })
                });
                let mut reads = futures::stream::iter(reads).buffer_unordered(FILES_AT_ONCE);
                while let Some(read) = reads.next().await {
                    read.map_err(at(dataset.name(), "reading ids"))??;
                }
                Ok(())
            });
            let mut rows = 0;
            while let Some(batch) = batches.recv().await {
                rows += self.report(&batch, f);
            }
            reading.await.map_err(at(self.name(), "reading ids"))??;
            Ok(rows)
        })
    }

    async fn send_ids(&self, file: &LogicalFileView, send: &mpsc::Sender<RecordBatch>) -> Result<(), StoreError> {
        match self.send_readable_ids(file, send).await {
            Err(error) if self.note_failure(file, &error) => Ok(()),
            outcome => outcome,
        }
    }

    async fn send_readable_ids(
        &self,
        file: &LogicalFileView,
        send: &mpsc::Sender<RecordBatch>,
    ) -> Result<(), StoreError> {
        let names = self.inner.names;
        let mut batches = self.read_columns(file, &[names.id, "content_hash", names.instant]).await?;
        while let Some(batch) = batches.try_next().await.map_err(at(names.table, "reading ids"))? {
            if send.send(batch).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    fn report(&self, batch: &RecordBatch, f: &mut (dyn FnMut(StoredId<'_>) + Send)) -> u64 {
        let names = self.inner.names;
        let Some(ids) = batch.column_by_name(names.id).and_then(|column| column.as_string_opt::<i32>()) else {
            return 0;
        };
        let hashes = batch.column_by_name("content_hash").and_then(|column| column.as_primitive_opt::<Int64Type>());
        let instants = batch
            .column_by_name(names.instant)
            .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let mut rows = 0;
        for (row, id) in ids.iter().enumerate() {
            let Some(id) = id else { continue };
            let content_hash = hashes.filter(|hashes| hashes.is_valid(row)).map_or(0, |hashes| hashes.value(row));
            let instant_micros = instants.filter(|at| at.is_valid(row)).map_or(0, |at| at.value(row));
            f(StoredId { id, content_hash, instant_micros });
            rows += 1;
        }
        rows
    }

    /// The rows of a file with the columns at these dotted paths; those that the file
    /// doesn't have are left out.
    pub(crate) async fn read_columns(
        &self,
        file: &LogicalFileView,
        paths: &[&str],
    ) -> Result<BoxStream<'static, Result<RecordBatch, ParquetError>>, StoreError> {
        let table = self.name();
        let (store, path) = (self.inner.place.store(), file.object_store_path());
        let reader = StoredFile { store, path, bytes: file.size().unsigned_abs() };
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchStreamBuilder::new_with_options(reader, options)
            .await
            .map_err(at(table, "opening a data file"))?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), paths.iter().copied());
        let stream = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
        Ok(stream.map_err(at(table, "opening a data file"))?.boxed())
    }
}

/// A file of the table, for Parquet's reader.
struct StoredFile {
    store: Arc<dyn ObjectStore>,
    path: Path,
    bytes: u64,
}

impl AsyncFileReader for StoredFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        Box::pin(async move { self.store.get_range(&self.path, range).await.map_err(external) })
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        Box::pin(async move { self.store.get_ranges(&self.path, &ranges).await.map_err(external) })
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        Box::pin(async move {
            let bytes = self.bytes;
            let metadata = ParquetMetaDataReader::new().with_arrow_reader_options(options);
            metadata.load_and_finish(self, bytes).await.map(Arc::new)
        })
    }
}

fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}
