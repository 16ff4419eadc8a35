//! What one moment of a table consists of, by the days of its rows: data files and fresh rows.
//!
//! For whoever keeps something beside the table that is made of its rows, day by day, and has
//! to know what of it still holds: a data file never changes, so a day is as it was while
//! its files are the same. Files that can't be read are left out and counted, as queries do.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use deltalake::kernel::LogicalFileView;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use parquet::arrow::ProjectionMask;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::schema::types::SchemaDescriptor;
use xxhash_rust::xxh3::xxh3_128;

use crate::dataset::{Dataset, Inner, Snapshot, scan};
use crate::days::Partition;
use crate::dictionaries;
use crate::error::{StoreError, at};
use crate::fresh::FreshMark;
use crate::scan::{FileDays, told_of};

const DOING: &str = "reading a data file";

/// Rows of one step of reading at most.
const BATCH_ROWS_MAX: usize = 8_192;

/// Rows of one step of reading at least.
const BATCH_ROWS_MIN: usize = 64;

/// Bytes of one step of reading, about, before texts are copied out of dictionaries.
const BATCH_BYTES: usize = 4 << 20;

/// How exactly a log tells instants: a millisecond.
const LOG_STEP_MICROS: i64 = 1_000;

/// Batches of some columns of a data file.
pub type Batches = BoxStream<'static, Result<RecordBatch, ReadFailure>>;

/// What queries see of a table at one moment.
#[derive(Clone)]
pub struct Contents {
    /// The committed rows.
    pub files: Arc<DayFiles>,
    /// Those that no file has yet, oldest first. A mark stands for the same rows as long as this
    /// process runs.
    pub fresh: Vec<(FreshMark, RecordBatch)>,
}

/// The data files of a version that can be read, by the days of their rows.
pub struct DayFiles {
    snapshot: Arc<Snapshot>,
    damage_seen: u64,
    days: BTreeMap<Partition, FilesOfDay>,
    undated: Vec<DataFile>,
    damaged_files: u64,
    damaged_rows: u64,
}

/// The files whose rows are all of one day.
pub struct FilesOfDay {
    files: Vec<DataFile>,
    identity: u128,
}

/// A data file of a version.
#[derive(Clone)]
pub struct DataFile {
    view: LogicalFileView,
    identity: u128,
    rows: Option<u64>,
    days: FileDays,
}

/// Why the rows of a file can't be had.
#[must_use]
#[derive(Debug, thiserror::Error)]
pub enum ReadFailure {
    /// The file is out of use and deleted, or was just found damaged and is left out from now on.
    /// Take the [contents](Dataset::contents) anew.
    #[error("the data file is not there any more, or was just found damaged")]
    Gone,
    /// Reading failed, and that says nothing about the file.
    #[error(transparent)]
    Failed(#[from] StoreError),
}

impl DayFiles {
    /// The table's version.
    pub fn version(&self) -> u64 {
        self.snapshot.version()
    }

    /// Its columns, the partition column among them.
    pub fn schema(&self) -> SchemaRef {
        self.snapshot.scan.schema()
    }

    /// The days that have files of their own, ascending.
    pub fn days(&self) -> &BTreeMap<Partition, FilesOfDay> {
        &self.days
    }

    /// The files that belong to no day: their rows may be of several, and of days that have files of
    /// their own too.
    pub fn undated(&self) -> &[DataFile] {
        &self.undated
    }

    /// How many files are left out since they can't be read.
    pub fn damaged_files(&self) -> u64 {
        self.damaged_files
    }

    /// Their rows, as far as the log tells.
    pub fn damaged_rows(&self) -> u64 {
        self.damaged_rows
    }
}

impl FilesOfDay {
    /// The files, in no particular order.
    pub fn files(&self) -> &[DataFile] {
        &self.files
    }

    /// A hash that is the same as long as the files are.
    pub fn identity(&self) -> u128 {
        self.identity
    }
}

impl DataFile {
    /// A hash of its name, which no other file ever has. Where another program has marked rows of
    /// the file deleted, of these too.
    pub fn identity(&self) -> u128 {
        self.identity
    }

    /// Its rows as the log has them; `None` if another program has left that out.
    pub fn rows(&self) -> Option<u64> {
        self.rows
    }

    /// Between which instants, both included, the values of a column of instants are, in microseconds since 1970;
    /// `None` if the log doesn't tell, or if not every row is known to have one.
    pub fn instants(&self, column: &str) -> Option<RangeInclusive<i64>> {
        if self.is_marked() {
            return None;
        }
        let told = told_of(&self.view, column).filter(|told| told.nulls == Some(0))?;
        // Whoever wrote the log may have cut what is less than a millisecond.
        Some(told.first..=told.last.saturating_add(LOG_STEP_MICROS - 1))
    }

    /// The days of its rows.
    pub fn days(&self) -> FileDays {
        self.days
    }

    /// Whether another program has marked rows of it deleted.
    pub(crate) fn is_marked(&self) -> bool {
        self.view.deletion_vector_descriptor().is_some()
    }

    /// The file in the log.
    pub(crate) fn view(&self) -> &LogicalFileView {
        &self.view
    }
}

impl Dataset {
    /// What queries would see now. Walks the list of files if the table has changed.
    pub fn contents(&self) -> Contents {
        let (snapshot, fresh) = self.inner.seen();
        Contents { files: self.inner.day_files(snapshot), fresh }
    }

    /// The rows of a file with the columns at these dotted paths, read as they are taken. Columns that
    /// the file doesn't have are left out. `*` in a path stands for any fields between: the paths
    /// `identityMap.*.key` and `identityMap.*.id` read a map of lists without the rest of the items.
    ///
    /// A column of texts in no map or list that the file keeps as a dictionary comes as one, with keys of 32 bits; all
    /// batches of a row group have the same.
    ///
    /// The first failure is the last item.
    pub fn read_file(&self, files: &DayFiles, file: &DataFile, paths: &'static [&'static str]) -> Batches {
        let (dataset, file) = (self.clone(), file.clone());
        let snapshot = Arc::clone(&files.snapshot);
        let opening = {
            let (dataset, file) = (dataset.clone(), file.clone());
            async move { dataset.open_batches(&snapshot, &file.view, paths).await }
        };
        let batches = futures::stream::once(opening).try_flatten();
        batches.map_err(move |error| dataset.failure(&file.view, error)).boxed()
    }

    fn open_batches<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        file: &'a LogicalFileView,
        paths: &'static [&'static str],
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<RecordBatch, StoreError>>, StoreError>> {
        Box::pin(async move {
            let table = self.name();
            if file.deletion_vector_descriptor().is_some() {
                let batches = self.open_marked(snapshot, file, paths).await.map_err(searching(table))?;
                return Ok(batches.map_err(searching(table)).boxed());
            }
            let builder = self.open_file_as(file, |metadata| Some(dictionaries::kept(metadata))).await?;
            let mask = mask(builder.parquet_schema(), paths);
            let rows = batch_rows(builder.metadata(), &mask);
            let stream = builder.with_projection(mask).with_batch_size(rows).build();
            Ok(stream.map_err(at(table, DOING))?.map_err(at_file(table)).boxed())
        })
    }

    /// Rows of a file in which another program has marked some deleted: the engine knows which.
    async fn open_marked(
        &self,
        snapshot: &Snapshot,
        file: &LogicalFileView,
        paths: &[&str],
    ) -> Result<datafusion::execution::SendableRecordBatchStream, DataFusionError> {
        let inner = &self.inner;
        let only = Some(vec![file.path().into_owned()]);
        let provider = scan(&inner.names, &inner.place, &snapshot.state, only).await?;
        let schema = provider.schema();
        let roots: BTreeSet<&str> = paths.iter().filter_map(|path| path.split('.').next()).collect();
        let roots: Vec<&str> = roots.into_iter().filter(|root| schema.index_of(root).is_ok()).collect();
        SessionContext::new().read_table(provider)?.select_columns(&roots)?.execute_stream().await
    }

    pub(crate) fn failure(&self, file: &LogicalFileView, error: StoreError) -> ReadFailure {
        // A vacuum may have deleted it, which is no damage.
        if !self.is_current(file) || self.note_failure(file, &error) {
            return ReadFailure::Gone;
        }
        ReadFailure::Failed(error)
    }
}

impl Inner {
    fn day_files(&self, snapshot: Arc<Snapshot>) -> Arc<DayFiles> {
        let damage_seen = self.damaged.len() as u64;
        let mut known = self.day_files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(files) = known.as_ref()
            && files.version() == snapshot.version()
            && files.damage_seen == damage_seen
        {
            return Arc::clone(files);
        }
        let files = Arc::new(self.sort_by_day(snapshot, damage_seen));
        *known = Some(Arc::clone(&files));
        files
    }

    fn sort_by_day(&self, snapshot: Arc<Snapshot>, damage_seen: u64) -> DayFiles {
        let mut days: BTreeMap<Partition, FilesOfDay> = BTreeMap::new();
        let mut files = DayFiles {
            snapshot,
            damage_seen,
            days: BTreeMap::new(),
            undated: Vec::new(),
            damaged_files: 0,
            damaged_rows: 0,
        };
        for view in files.snapshot.files() {
            let rows = view.num_records().map(|rows| rows as u64);
            if damage_seen > 0 && self.damaged.contains(&view.path()) {
                files.damaged_files += 1;
                files.damaged_rows += rows.unwrap_or(0);
                continue;
            }
            let file = DataFile { identity: identity(&view), rows, days: self.days_of(&view), view };
            match file.days {
                FileDays::Of(day) => {
                    days.entry(day).or_insert(FilesOfDay { files: Vec::new(), identity: 0 }).files.push(file);
                }
                FileDays::Among(..) | FileDays::Any => files.undated.push(file),
            }
        }
        for day in days.values_mut() {
            let mut identities: Vec<u128> = day.files.iter().map(|file| file.identity).collect();
            identities.sort_unstable();
            day.identity = xxh3_128(&identities.iter().flat_map(|identity| identity.to_le_bytes()).collect::<Vec<_>>());
        }
        files.days = days;
        files
    }
}

fn identity(view: &LogicalFileView) -> u128 {
    let path = view.path();
    let Some(marked) = view.deletion_vector_descriptor() else { return identity_of(&path) };
    let mut bytes = path.into_owned().into_bytes();
    bytes.push(0);
    bytes.extend(marked.path_or_inline_dv.bytes());
    bytes.extend(marked.offset.unwrap_or(-1).to_le_bytes());
    xxh3_128(&bytes)
}

/// The [identity](DataFile::identity) of the file at a path, with all of its rows.
pub(crate) fn identity_of(path: &str) -> u128 {
    xxh3_128(path.as_bytes())
}

fn at_file(table: &'static str) -> impl FnMut(parquet::errors::ParquetError) -> StoreError {
    move |error| at(table, DOING)(error)
}

fn searching(table: &'static str) -> impl Fn(DataFusionError) -> StoreError {
    move |source| StoreError::Search { table, source: Box::new(source) }
}

/// Rows of one step of reading: fewer where they are long.
fn batch_rows(metadata: &ParquetMetaData, mask: &ProjectionMask) -> usize {
    let bytes_of = |group: &RowGroupMetaData| -> usize {
        let chunks = group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf));
        let sizes = chunks.map(|(_, chunk)| usize::try_from(chunk.uncompressed_size()).unwrap_or(0));
        sizes.fold(0, usize::saturating_add) / usize::try_from(group.num_rows()).unwrap_or(0).max(1)
    };
    let longest = metadata.row_groups().iter().map(bytes_of).max().unwrap_or(0);
    (BATCH_BYTES / longest.max(1)).clamp(BATCH_ROWS_MIN, BATCH_ROWS_MAX)
}

/// The leaves at these paths.
pub(crate) fn mask(schema: &SchemaDescriptor, paths: &[&str]) -> ProjectionMask {
    let leaves: Vec<&[String]> = schema.columns().iter().map(|column| column.path().parts()).collect();
    ProjectionMask::leaves(schema, wanted(&leaves, paths))
}

/// The numbers of the leaves at these paths. A map can't be read without keys or without values, so where
/// the paths leave it so, as in files of other programs that name them otherwise, all of it is read.
fn wanted(leaves: &[&[String]], paths: &[&str]) -> Vec<usize> {
    let paths: Vec<Vec<&str>> = paths.iter().map(|path| path.split('.').collect()).collect();
    let is_wanted = |leaf: &[String]| paths.iter().any(|path| is_at(path, leaf));
    let is_cut = |root: &str| {
        let of_root = || leaves.iter().filter(|leaf| leaf[0] == root && is_wanted(leaf));
        let is_key = |leaf: &&&[String]| leaf.last().is_some_and(|name| name == "key");
        let is_whole = of_root().any(|leaf| is_key(&leaf)) && of_root().any(|leaf| !is_key(&leaf));
        !is_whole && paths.iter().any(|path| path[0] == root && path.contains(&"*"))
    };
    let is_read = |leaf: &[String]| is_wanted(leaf) || is_cut(&leaf[0]);
    leaves.iter().enumerate().filter(|(_, leaf)| is_read(leaf)).map(|(number, _)| number).collect()
}

/// Whether a leaf lies at a path or below it.
fn is_at(path: &[&str], parts: &[String]) -> bool {
    match (path, parts) {
        ([], _) => true,
        (["*", rest @ ..], _) => (0..=parts.len()).any(|skipped| is_at(rest, &parts[skipped..])),
        ([_, ..], []) => false,
        ([name, path @ ..], [part, parts @ ..]) => name == part && is_at(path, parts),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ArrowReaderMetadata;
    use parquet::file::properties::WriterProperties;

    use super::*;

    #[test]
    fn long_rows_are_read_in_small_steps() {
        let text = |length: usize| -> ArrayRef { Arc::new(StringArray::from(vec!["x".repeat(length); 8])) };
        let rows_with = |path: &str| {
            let columns = [("short", text(9)), ("long", text(10_000)), ("huge", text(1 << 20))];
            let batch = RecordBatch::try_from_iter(columns).unwrap();
            let properties = WriterProperties::builder().set_dictionary_enabled(false).build();
            let mut file = Vec::new();
            let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            let metadata = ArrowReaderMetadata::load(&bytes::Bytes::from(file), Default::default()).unwrap();
            batch_rows(metadata.metadata(), &mask(metadata.parquet_schema(), &[path]))
        };
        assert_eq!(rows_with("none"), BATCH_ROWS_MAX);
        assert_eq!(rows_with("short"), BATCH_ROWS_MAX);
        assert!((400..420).contains(&rows_with("long")), "{}", rows_with("long"));
        assert_eq!(rows_with("huge"), BATCH_ROWS_MIN);
    }

    #[test]
    fn paths_name_leaves_and_what_is_below() {
        let check = |path: &str, leaf: &str, expect: bool| {
            let path: Vec<&str> = path.split('.').collect();
            let parts: Vec<String> = leaf.split('.').map(str::to_owned).collect();
            assert_eq!(is_at(&path, &parts), expect, "{path:?} {leaf}");
        };
        check("a", "a", true);
        check("a", "a.b", true);
        check("a.b", "a", false);
        check("a.b", "a.c", false);
        check("a.*.id", "a.key_value.value.list.element.id", true);
        check("a.*.id", "a.id", true);
        check("a.*.id", "a.key_value.value.list.element.primary", false);
        check("a.*.id", "b.id", false);
    }

    #[test]
    fn maps_are_read_with_keys_and_values() {
        let check = |leaves: &[&str], expect: &[usize]| {
            let parts: Vec<Vec<String>> =
                leaves.iter().map(|leaf| leaf.split('.').map(str::to_owned).collect()).collect();
            let leaves: Vec<&[String]> = parts.iter().map(Vec::as_slice).collect();
            assert_eq!(wanted(&leaves, &["n", "m.*.key", "m.*.id", "m.*.primary"]), expect, "{leaves:?}");
        };
        check(&["n", "m.kv.key", "m.kv.value.id", "m.kv.value.state"], &[0, 1, 2]);
        check(&["n", "m.kv.key", "m.kv.value.state", "o.key"], &[0, 1, 2]);
        check(&["m.kv.keys", "m.kv.value.id", "m.kv.value.state"], &[0, 1, 2]);
        check(&["o.m.key"], &[]);
    }
}
