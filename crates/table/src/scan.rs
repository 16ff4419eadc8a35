//! Reading a few columns of every file, past the query engine.
//!
//! The dedupe index is rebuilt from the stored ids when the process starts; nobody is
//! served until it is there, so this reads files side by side and nothing but the
//! columns it needs.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{Int64Type, SchemaRef, TimestampMicrosecondType};
use bytes::Bytes;
use columns::{CONTENT_MAC, LEGACY_HASH};
use deltalake::kernel::LogicalFileView;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use tokio::sync::mpsc;

use crate::dataset::{Dataset, Inner};
use crate::days::Partition;
use crate::error::{StoreError, at};

/// Files read side by side.
const FILES_AT_ONCE: usize = 4;

/// Batches waiting for the caller.
const BATCHES_WAITING: usize = 8;

/// Rows read in one step.
const BATCH_ROWS: usize = 32_768;

/// Some rows of one file, and its day.
type DayBatch = (Option<Partition>, RecordBatch);

/// The days of the rows of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileDays {
    /// All are of this one.
    Of(Partition),
    /// The file belongs to no day; its rows are of these, or of some between them.
    Among(Partition, Partition),
    /// Nothing is known.
    Any,
}

/// What the dedupe index needs to know of a stored row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoredId<'a> {
    /// The row's id.
    pub id: &'a str,
    /// Keyed hash of its content; `None` where the file has only `legacy_hash`, and in `rejects`.
    pub content_mac: Option<i64>,
    /// Hash of the bytes that it was sent as, from before hashes were keyed.
    pub legacy_hash: Option<i64>,
    /// The day of its file, or that of its instant where the file belongs to none.
    pub day: Partition,
}

impl Dataset {
    /// The days that have files, with their rows. Files of no day may have more.
    pub fn days(&self) -> BTreeMap<Partition, u64> {
        let mut days = BTreeMap::new();
        for file in self.inner.snapshot().files() {
            if let Some(day) = self.inner.partition_of(&file) {
                *days.entry(day).or_default() += file.num_records().unwrap_or(0) as u64;
            }
        }
        days
    }

    /// Calls `f` for each committed row of the files that are `wanted`, in no particular order.
    /// Rows without an id are passed over. Answers the number of calls.
    ///
    /// Of a damaged file come the rows whose ids can still be read: they must not be taken
    /// for new, since the file may be restored.
    pub fn scan_ids<'a>(
        &'a self,
        wanted: &'a (dyn Fn(FileDays) -> bool + Sync),
        f: &'a mut (dyn FnMut(StoredId<'_>) + Send),
    ) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move {
            let snapshot = self.inner.snapshot();
            let is_wanted = |file: &LogicalFileView| wanted(self.inner.days_of(file));
            let files: Vec<_> = snapshot.files().into_iter().filter(is_wanted).collect();
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
            while let Some((day, batch)) = batches.recv().await {
                rows += self.report(day, &batch, f);
            }
            reading.await.map_err(at(self.name(), "reading ids"))??;
            Ok(rows)
        })
    }

    async fn send_ids(&self, file: &LogicalFileView, send: &mpsc::Sender<DayBatch>) -> Result<(), StoreError> {
        match self.send_readable_ids(file, send).await {
            Err(error) if self.note_failure(file, &error) => Ok(()),
            outcome => outcome,
        }
    }

    async fn send_readable_ids(&self, file: &LogicalFileView, send: &mpsc::Sender<DayBatch>) -> Result<(), StoreError> {
        let names = self.inner.names;
        let day = self.inner.partition_of(file);
        let mut batches = self.read_columns(file, &[names.id, CONTENT_MAC, LEGACY_HASH, names.instant]).await?;
        while let Some(batch) = batches.try_next().await.map_err(at(names.table, "reading ids"))? {
            if send.send((day, batch)).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    fn report(&self, day: Option<Partition>, batch: &RecordBatch, f: &mut (dyn FnMut(StoredId<'_>) + Send)) -> u64 {
        let names = self.inner.names;
        let Some(ids) = batch.column_by_name(names.id).and_then(|column| column.as_string_opt::<i32>()) else {
            return 0;
        };
        let longs = |name| batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Int64Type>());
        let (macs, legacy) = (longs(CONTENT_MAC), longs(LEGACY_HASH));
        let long =
            |column: Option<&Int64Array>, row| column.filter(|column| column.is_valid(row)).map(|c| c.value(row));
        let instants = batch
            .column_by_name(names.instant)
            .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let mut rows = 0;
        for (row, id) in ids.iter().enumerate() {
            let Some(id) = id else { continue };
            let day = day.unwrap_or_else(|| {
                Partition::of_micros(instants.filter(|at| at.is_valid(row)).map_or(0, |at| at.value(row)))
            });
            f(StoredId { id, content_mac: long(macs, row), legacy_hash: long(legacy, row), day });
            rows += 1;
        }
        rows
    }

    /// Whether a file has a column of this name.
    pub(crate) async fn has_column(&self, file: &LogicalFileView, name: &str) -> Result<bool, StoreError> {
        let builder = self.open_file(file).await?;
        Ok(builder.parquet_schema().root_schema().get_fields().iter().any(|field| field.name() == name))
    }

    pub(crate) async fn open_file(
        &self,
        file: &LogicalFileView,
    ) -> Result<ParquetRecordBatchStreamBuilder<StoredFile>, StoreError> {
        self.open_file_as(file, |_| None).await
    }

    /// The file, its columns with the types that `typed` gives, if it gives any that they can be read with.
    pub(crate) async fn open_file_as(
        &self,
        file: &LogicalFileView,
        typed: impl Fn(&ArrowReaderMetadata) -> Option<SchemaRef>,
    ) -> Result<ParquetRecordBatchStreamBuilder<StoredFile>, StoreError> {
        let (store, path) = (self.inner.place.store(), file.object_store_path());
        let mut reader = StoredFile { store, path, bytes: file.size().unsigned_abs() };
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let opened = ArrowReaderMetadata::load_async(&mut reader, options.clone()).await;
        let metadata = opened.map_err(at(self.name(), "opening a data file"))?;
        let as_typed = typed(&metadata).and_then(|schema| {
            ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options.with_schema(schema)).ok()
        });
        Ok(ParquetRecordBatchStreamBuilder::new_with_metadata(reader, as_typed.unwrap_or(metadata)))
    }

    /// The rows of a file with the columns at these dotted paths; those that the file
    /// doesn't have are left out.
    pub(crate) async fn read_columns(
        &self,
        file: &LogicalFileView,
        paths: &[&str],
    ) -> Result<BoxStream<'static, Result<RecordBatch, ParquetError>>, StoreError> {
        let table = self.name();
        let builder = self.open_file(file).await?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), paths.iter().copied());
        let stream = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
        Ok(stream.map_err(at(table, "opening a data file"))?.boxed())
    }
}

impl Inner {
    pub(crate) fn days_of(&self, file: &LogicalFileView) -> FileDays {
        match self.partition_of(file) {
            Some(day) => FileDays::Of(day),
            None => self.range_of(file).map_or(FileDays::Any, |(first, last)| FileDays::Among(first, last)),
        }
    }

    /// By the instants that the log tells of a file.
    fn range_of(&self, file: &LogicalFileView) -> Option<(Partition, Partition)> {
        let Told { first, last, .. } = told_of(file, self.names.instant)?;
        Some((Partition::of_micros(first), Partition::of_micros(last)))
    }
}

/// What the log tells of a column of instants of a file.
pub(crate) struct Told {
    /// The first and the last one, in microseconds since 1970, as exact as the log has them.
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// Rows without one.
    pub(crate) nulls: Option<u64>,
}

pub(crate) fn told_of(file: &LogicalFileView, column: &str) -> Option<Told> {
    let stats: serde_json::Value = serde_json::from_str(&file.stats()?).ok()?;
    let instant = |bound: &str| {
        let instant = chrono::DateTime::parse_from_rfc3339(stats[bound][column].as_str()?).ok()?;
        Some(instant.timestamp_micros())
    };
    let told =
        Told { first: instant("minValues")?, last: instant("maxValues")?, nulls: stats["nullCount"][column].as_u64() };
    Some(told).filter(|told| told.first <= told.last)
}

/// A file of the table, for Parquet's reader.
pub(crate) struct StoredFile {
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
