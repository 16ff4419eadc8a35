//! Writing data files from Arrow rows, and replacing files by others with the same rows
//! or fewer.
//!
//! Compaction and deletion are one thing: read some files, keep all or some of their
//! rows, write new files, and swap them in one log entry. The columns are copied as
//! the files have them and not as the table has them now, so a file from before the
//! schema grew stays one, and no value is interpreted on the way but one ([`legacy`](crate::legacy)).

use std::io;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Date32Type, SchemaRef};
use bytes::Bytes;
use columns::Checksummed;
use deltalake::kernel::{Action, LogicalFileView};
use deltalake::protocol::DeltaOperation;
use object_store::ObjectStoreExt as _;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{Compression, Type, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::commit::{ATTEMPTS_MAX, Attempt};
use crate::dataset::{Dataset, Inner};
use crate::days::Partition;
use crate::error::{StoreError, at};
use crate::file::{FileStats, NewFile, PendingFile};

/// Rows of a row group: what a reader skips or reads as one.
const ROW_GROUP_ROWS_MAX: usize = 131_072;

/// Rows copied in one step.
const BATCH_ROWS: usize = 8_192;

/// Which rows of a batch stay.
pub(crate) type Keep = Arc<dyn Fn(&RecordBatch) -> BooleanArray + Send + Sync>;

/// A data file being written from batches.
pub(crate) struct RowWriter {
    writer: ArrowWriter<Checksummed<PendingFile>>,
    stats: FileStats,
}

impl RowWriter {
    pub(crate) fn new(file: PendingFile, schema: SchemaRef) -> Result<RowWriter, ParquetError> {
        // The schema in Arrow's own form is left out: it would tell readers to build the
        // arrays this process happened to have.
        let options = ArrowWriterOptions::new().with_properties(properties(&schema)?).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Checksummed::new(file), schema, options)?;
        Ok(RowWriter { writer, stats: FileStats::default() })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        self.stats.observe(batch);
        self.writer.write(batch)
    }

    pub(crate) fn finish(mut self, table: &'static str) -> Result<NewFile, StoreError> {
        const DOING: &str = "writing a data file";
        self.writer.flush().and_then(|()| self.writer.sync().map_err(ParquetError::from)).map_err(at(table, DOING))?;
        self.writer.inner_mut().end_pages().map_err(at(table, DOING))?;
        let file = self.writer.into_inner().and_then(Checksummed::finish).map_err(at(table, DOING))?;
        file.finish(self.stats)
    }
}

/// Ranges are written for fixed-size columns only. The smallest and largest text of a
/// row group would be somebody's data in a place where nobody looks for it.
pub(crate) fn properties(schema: &SchemaRef) -> Result<WriterProperties, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .set_offset_index_disabled(true)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for column in ArrowSchemaConverter::new().convert(schema)?.columns() {
        if column.physical_type() == Type::BYTE_ARRAY {
            properties = properties.set_column_statistics_enabled(column.path().clone(), EnabledStatistics::None);
        }
    }
    Ok(properties.build())
}

impl Dataset {
    /// As [`write_batches`](Self::write_batches), of one batch.
    pub fn write_rows(&self, rows: &RecordBatch) -> Result<Vec<NewFile>, StoreError> {
        self.write_batches(std::slice::from_ref(rows))
    }

    /// Writes rows as data files, one for each day they belong to. The rows have the
    /// table's columns, the partition column among them. Blocks on the disk.
    pub fn write_batches(&self, batches: &[RecordBatch]) -> Result<Vec<NewFile>, StoreError> {
        let names = self.inner.names;
        let doing = "writing a data file";
        let mut files: Vec<(Partition, RowWriter)> = Vec::new();
        for rows in batches {
            let Ok(column) = rows.schema_ref().index_of(names.partition) else {
                let why = format!("the rows have no column {}", names.partition);
                return Err(at(names.table, doing)(io::Error::new(io::ErrorKind::InvalidInput, why)));
            };
            let mut rest = rows.clone();
            let days = rest.remove_column(column);
            let ranges = arrow::compute::partition(std::slice::from_ref(&days)).map_err(at(names.table, doing))?;
            for range in ranges.ranges() {
                let day = day_at(&days, range.start);
                let at_day = match files.iter().position(|(open, _)| *open == day) {
                    Some(index) => index,
                    None => {
                        let writer =
                            RowWriter::new(self.create_file(day)?, rest.schema()).map_err(at(names.table, doing))?;
                        files.push((day, writer));
                        files.len() - 1
                    }
                };
                files[at_day].1.write(&rest.slice(range.start, range.len())).map_err(at(names.table, doing))?;
            }
        }
        files.into_iter().map(|(_, writer)| writer.finish(names.table)).collect()
    }
}

/// Rows without a day go to the first one: a partition must have a name.
fn day_at(days: &ArrayRef, row: usize) -> Partition {
    let days = days.as_primitive_opt::<Date32Type>();
    Partition(days.filter(|days| days.is_valid(row)).map_or(0, |days| days.value(row)))
}

/// Copies rows of source files into new ones, in a worker thread.
struct Merge {
    dataset: Dataset,
    partition: Option<Partition>,
    keep: Option<Keep>,
    open: Option<(SchemaRef, RowWriter)>,
    done: Vec<NewFile>,
    rows_left_out: u64,
}

impl Merge {
    fn add(&mut self, source: Bytes) -> Result<(), StoreError> {
        const DOING: &str = "rewriting a data file";
        let table = self.dataset.inner.names.table;
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let source =
            ParquetRecordBatchReaderBuilder::try_new_with_options(source, options).map_err(at(table, DOING))?;
        for batch in source.with_batch_size(BATCH_ROWS).build().map_err(at(table, DOING))? {
            let mut batch = batch.map_err(at(table, DOING))?;
            if let Some(keep) = &self.keep {
                let rows = batch.num_rows();
                batch = filter_record_batch(&batch, &keep(&batch)).map_err(at(table, DOING))?;
                self.rows_left_out += (rows - batch.num_rows()) as u64;
            }
            if batch.num_rows() > 0 {
                let batch = self.dataset.inner.without_legacy_hash(batch).map_err(at(table, DOING))?;
                self.writer(&batch.schema())?.write(&batch).map_err(at(table, DOING))?;
            }
        }
        Ok(())
    }

    /// The file in the making, if it has this schema; otherwise a new one.
    fn writer(&mut self, schema: &SchemaRef) -> Result<&mut RowWriter, StoreError> {
        let table = self.dataset.inner.names.table;
        let (open, writer) = match self.open.take() {
            Some((open, writer)) if open == *schema => (open, writer),
            other => {
                if let Some((_, writer)) = other {
                    self.done.push(writer.finish(table)?);
                }
                let file = self.dataset.create_file(self.partition)?;
                (schema.clone(), RowWriter::new(file, schema.clone()).map_err(at(table, "rewriting a data file"))?)
            }
        };
        Ok(&mut self.open.insert((open, writer)).1)
    }

    fn finish(mut self) -> Result<Merged, StoreError> {
        if let Some((_, writer)) = self.open.take() {
            self.done.push(writer.finish(self.dataset.inner.names.table)?);
        }
        Ok(Merged { files: self.done, rows_left_out: self.rows_left_out })
    }
}

/// New files that stand for old ones.
pub(crate) struct Merged {
    pub(crate) files: Vec<NewFile>,
    pub(crate) rows_left_out: u64,
}

/// Whether rows changed, or only the files they are in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    Layout,
    Rows,
}

impl Dataset {
    /// Writes the rows of `sources`, all of one day or all of none, into new files.
    pub(crate) async fn merge(
        &self,
        sources: &[LogicalFileView],
        partition: Option<Partition>,
        keep: Option<Keep>,
    ) -> Result<Merged, StoreError> {
        const DOING: &str = "rewriting a data file";
        let table = self.name();
        let store = self.inner.place.store();
        let dataset = self.clone();
        let mut merge = Merge { dataset, partition, keep, open: None, done: Vec::new(), rows_left_out: 0 };
        for source in sources {
            let bytes = store.get(&source.object_store_path()).await.map_err(at(table, DOING))?;
            let bytes = bytes.bytes().await.map_err(at(table, DOING))?;
            merge = tokio::task::spawn_blocking(move || merge.add(bytes).map(|()| merge))
                .await
                .map_err(at(table, DOING))??;
        }
        tokio::task::spawn_blocking(move || merge.finish()).await.map_err(at(table, DOING))?
    }
}

impl Inner {
    /// Swaps files for others. `None` when one of the old files is no longer in the table:
    /// somebody else has rewritten it, and what was read from it is out of date.
    pub(crate) async fn replace(
        &self,
        operation: DeltaOperation,
        change: Change,
        old: &[LogicalFileView],
        mut new: Vec<NewFile>,
    ) -> Result<Option<u64>, StoreError> {
        let table = self.names.table;
        self.put(&new).await?;
        let now = self.now_millis();
        let adds = new.iter().map(|file| Action::Add(file.to_add(self.names.partition, now, change == Change::Rows)));
        let removes = old.iter().map(|file| {
            let mut remove = file.remove_action(change == Change::Rows);
            remove.deletion_timestamp = Some(now);
            Action::Remove(remove)
        });
        let actions: Vec<Action> = removes.chain(adds).collect();
        for _ in 0..ATTEMPTS_MAX {
            let _writing = self.writing.lock().await;
            if self.is_stale() {
                self.reload().await?;
            }
            let files = self.snapshot().files();
            let live: hashbrown::HashSet<String> = files.iter().map(|file| file.path().into_owned()).collect();
            if !old.iter().all(|file| live.contains(file.path().as_ref())) {
                return Ok(None);
            }
            new.iter_mut().for_each(|file| file.keep(true));
            match self.attempt(actions.clone(), operation.clone(), None).await? {
                Attempt::Won(snapshot) => {
                    let version = snapshot.version();
                    self.show(Some(snapshot), None)?;
                    self.checkpoint_if_due(version).await;
                    return Ok(Some(version));
                }
                Attempt::Lost => {
                    new.iter_mut().for_each(|file| file.keep(false));
                    self.reload().await?;
                }
            }
        }
        Err(StoreError::Contended { table, attempts: ATTEMPTS_MAX })
    }

    /// The day of a file, `None` when the log gives none.
    pub(crate) fn partition_of(&self, file: &LogicalFileView) -> Option<Partition> {
        self.place_of(file).flatten()
    }

    /// The partition of a file: of a day, or of none. `None` when it is another writer's and
    /// can't be told.
    pub(crate) fn place_of(&self, file: &LogicalFileView) -> Option<Option<Partition>> {
        match file.partition_values_map().get(self.names.partition)? {
            Some(day) => Partition::from_text(day).map(Some),
            None => Some(None),
        }
    }
}
