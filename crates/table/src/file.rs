//! Data files on their way into a table.
//!
//! A worker thread writes a [`PendingFile`] (an `std::io::Write`) and finishes it into
//! a [`NewFile`]; only a commit makes the file part of the table. Until then nobody
//! reads it, and one that is never committed is taken by vacuum. On this machine the
//! bytes are synced by `finish`, in the thread that wrote them; bound for an object
//! store they are kept in memory and put by the commit.
//!
//! The log gets the row count and the range of two instants per file and nothing else:
//! the smallest and largest value of a text column would be somebody's data.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{max, min};
use arrow::datatypes::TimestampMicrosecondType;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use columns::FileSummary;
use deltalake::kernel::Add;
use serde_json::json;

use crate::day_files::identity_of;
use crate::days::Partition;
use crate::disk::{self, Disk, DiskFile};
use crate::error::{StoreError, at};
use crate::place::Place;
use crate::undated::NO_DAY;

/// How much a [`PendingFile`] gathers before it asks the disk.
const WRITE_BUFFER_BYTES: usize = 256 * 1024;

/// The range of one instant over a file's rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MicrosRange {
    /// Smallest value, microseconds since 1970-01-01T00:00:00Z.
    pub min: i64,
    /// Largest value.
    pub max: i64,
    /// Rows without one.
    pub nulls: u64,
}

/// What the log says about a file.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct FileStats {
    /// Rows in the file.
    pub rows: u64,
    /// The range of column `timestamp`, when known.
    pub timestamp: Option<MicrosRange>,
    /// The range of column `received_at`, when known.
    pub received_at: Option<MicrosRange>,
}

impl From<FileSummary> for FileStats {
    /// What the table's log says about the file.
    fn from(summary: FileSummary) -> FileStats {
        let range = |range: Option<(i64, i64)>, nulls| range.map(|(min, max)| MicrosRange { min, max, nulls });
        FileStats {
            rows: summary.rows,
            timestamp: range(summary.timestamp_micros, summary.timestamp_nulls),
            received_at: range(summary.received_micros, 0),
        }
    }
}

impl FileStats {
    /// Adds the rows of a batch.
    pub fn observe(&mut self, batch: &RecordBatch) {
        if batch.num_rows() == 0 {
            return;
        }
        self.timestamp = merge(self.timestamp, range_of(batch, "timestamp"), self.rows == 0);
        self.received_at = merge(self.received_at, range_of(batch, "received_at"), self.rows == 0);
        self.rows += batch.num_rows() as u64;
    }

    /// As the log writes it. Delta keeps instants to the millisecond, so the range is
    /// widened to whole ones.
    fn to_json(self) -> Option<String> {
        let columns = [("timestamp", self.timestamp), ("received_at", self.received_at)];
        let known = columns.into_iter().filter_map(|(name, range)| Some((name.to_owned(), range?)));
        let (mut mins, mut maxs, mut nulls) = (json!({}), json!({}), json!({}));
        for (name, range) in known {
            mins[&name] = millis_text(range.min.div_euclid(1000))?.into();
            maxs[&name] = millis_text(range.max.div_euclid(1000) + i64::from(range.max.rem_euclid(1000) > 0))?.into();
            nulls[&name] = range.nulls.into();
        }
        let stats = json!({ "numRecords": self.rows, "minValues": mins, "maxValues": maxs, "nullCount": nulls });
        Some(stats.to_string())
    }
}

fn millis_text(millis: i64) -> Option<String> {
    let instant: DateTime<Utc> = DateTime::from_timestamp_millis(millis)?;
    Some(instant.to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn range_of(batch: &RecordBatch, column: &str) -> Option<MicrosRange> {
    let values = batch.column_by_name(column)?.as_primitive_opt::<TimestampMicrosecondType>()?;
    Some(MicrosRange { min: min(values)?, max: max(values)?, nulls: values.null_count() as u64 })
}

/// A range is known for a file only when it is known for all its batches.
fn merge(so_far: Option<MicrosRange>, next: Option<MicrosRange>, first: bool) -> Option<MicrosRange> {
    match (so_far, next?) {
        (None, next) => first.then_some(next),
        (Some(a), b) => Some(MicrosRange { min: a.min.min(b.min), max: a.max.max(b.max), nulls: a.nulls + b.nulls }),
    }
}

/// A data file in the making. Dropped unfinished, it is deleted.
pub struct PendingFile {
    table: &'static str,
    /// Relative to the table.
    path: String,
    partition: Option<Partition>,
    bytes: u64,
    body: Body,
}

enum Body {
    Disk { file: BufWriter<Box<dyn DiskFile>>, on_disk: OnDisk },
    Memory(Vec<u8>),
}

/// A file that is deleted unless it is kept.
#[derive(Debug)]
struct OnDisk {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    keep: bool,
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        if !self.keep {
            // What can't be deleted now is an orphan, which vacuum takes.
            let _ = self.disk.remove(&self.path);
        }
    }
}

impl PendingFile {
    pub(crate) fn create(
        table: &'static str,
        column: &str,
        place: &Place,
        partition: Option<Partition>,
    ) -> Result<PendingFile, StoreError> {
        let day = partition.map_or_else(|| Some(NO_DAY.to_owned()), Partition::to_text).ok_or_else(|| {
            at(table, "creating a data file")(io::Error::new(io::ErrorKind::InvalidInput, "the day is out of range"))
        })?;
        let folder = format!("{column}={day}");
        let path = format!("{folder}/part-{}.parquet", place.new_file_id());
        let body = match &place.dir {
            None => Body::Memory(Vec::new()),
            Some(dir) => {
                let full = dir.join(&path);
                disk::ensure_dir(place.disk.as_ref(), &dir.join(folder)).map_err(at(table, "creating a partition"))?;
                let file = place.disk.create(&full).map_err(at(table, "creating a data file"))?;
                let on_disk = OnDisk { disk: place.disk.clone(), path: full, keep: false };
                Body::Disk { file: BufWriter::with_capacity(WRITE_BUFFER_BYTES, file), on_disk }
            }
        };
        Ok(PendingFile { table, path, partition, bytes: 0, body })
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends the file. On this machine its bytes and its name are synced when this
    /// returns: a power cut after that leaves it whole.
    pub fn finish(self, stats: FileStats) -> Result<NewFile, StoreError> {
        let PendingFile { table, path, partition, bytes, body } = self;
        let (body, on_disk) = match body {
            Body::Memory(body) => (Some(Bytes::from(body)), None),
            Body::Disk { mut file, on_disk } => {
                file.flush().map_err(at(table, "writing a data file"))?;
                file.get_mut().sync().map_err(at(table, "syncing a data file"))?;
                if let Some(dir) = on_disk.path.parent() {
                    on_disk.disk.sync_dir(dir).map_err(at(table, "syncing a partition"))?;
                }
                (None, Some(on_disk))
            }
        };
        Ok(NewFile { path, partition, bytes, stats, body, on_disk })
    }
}

impl Write for PendingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.body {
            Body::Disk { file, .. } => file.write(bytes)?,
            Body::Memory(body) => body.write(bytes)?,
        };
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.body {
            Body::Disk { file, .. } => file.flush(),
            Body::Memory(_) => Ok(()),
        }
    }
}

/// A finished data file that no version of the table names yet. Dropped uncommitted, it
/// is deleted.
#[derive(Debug)]
pub struct NewFile {
    path: String,
    partition: Option<Partition>,
    bytes: u64,
    stats: FileStats,
    body: Option<Bytes>,
    on_disk: Option<OnDisk>,
}

impl NewFile {
    /// Size in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Rows in the file.
    pub fn rows(&self) -> u64 {
        self.stats.rows
    }

    /// The [identity](crate::DataFile::identity) that it has in the table once it is committed.
    pub fn identity(&self) -> u128 {
        identity_of(&self.path)
    }

    /// Path relative to the table, and the bytes that are still to be put there.
    pub(crate) fn unsent(&self) -> Option<(object_store::path::Path, Bytes)> {
        Some((object_store::path::Path::from(self.path.as_str()), self.body.clone()?))
    }

    /// Whether the file outlives this value. It must from before the log may name it.
    pub(crate) fn keep(&mut self, keep: bool) {
        if let Some(on_disk) = &mut self.on_disk {
            on_disk.keep = keep;
        }
    }

    /// The log's line for it. `adds_rows` is false when the rows were in the table before.
    pub(crate) fn to_add(&self, column: &str, now_millis: i64, adds_rows: bool) -> Add {
        Add {
            path: self.path.clone(),
            partition_values: [(column.to_owned(), self.partition.and_then(Partition::to_text))].into(),
            size: self.bytes as i64,
            modification_time: now_millis,
            data_change: adds_rows,
            stats: self.stats.to_json(),
            tags: None,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
            clustering_provider: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(min: i64, max: i64) -> Option<MicrosRange> {
        Some(MicrosRange { min, max, nulls: 0 })
    }

    #[test]
    fn ranges_are_widened_to_whole_milliseconds() {
        let stats = FileStats { rows: 2, timestamp: range(-1, 1), received_at: range(1_000, 2_000) };
        let json: serde_json::Value = serde_json::from_str(&stats.to_json().unwrap()).unwrap();
        assert_eq!(
            json,
            json!({
                "numRecords": 2,
                "minValues": { "timestamp": "1969-12-31T23:59:59.999Z", "received_at": "1970-01-01T00:00:00.001Z" },
                "maxValues": { "timestamp": "1970-01-01T00:00:00.001Z", "received_at": "1970-01-01T00:00:00.002Z" },
                "nullCount": { "timestamp": 0, "received_at": 0 },
            })
        );
    }

    #[test]
    fn a_range_is_known_when_it_is_known_for_every_batch() {
        for (so_far, next, first, expect) in [
            (None, range(1, 2), true, range(1, 2)),
            (None, range(1, 2), false, None),
            (range(3, 4), None, false, None),
            (range(3, 4), range(1, 9), false, range(1, 9)),
        ] {
            assert_eq!(merge(so_far, next, first), expect);
        }
    }
}
