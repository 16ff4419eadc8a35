//! Data files that can't be read: found, named, and passed over, so that one bad file costs
//! its own rows and nothing else.
//!
//! A file that is damaged stays in the table's log and on the disk: it can be restored from
//! a copy, and the next opening looks again. Until then queries leave it out, compaction and
//! deletion don't touch it, and whoever reads is told how many rows are missing.
//!
//! Files are looked at three times: when the table is opened (is it there, is it as long as
//! the log says, does it begin and end as a file of ours), whenever reading one fails, and
//! now and then from end to end by [`Dataset::inspect`]. A file that can't be opened because
//! this process has too many open, or no memory, is not damaged.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use columns::{BareHeader, crc32};
use deltalake::kernel::LogicalFileView;
use futures::future::BoxFuture;
use object_store::ObjectStoreExt as _;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

use crate::dataset::{Dataset, Snapshot};
use crate::error::StoreError;

/// The first and last bytes of a Parquet file.
const MAGIC: &[u8; 4] = b"PAR1";
/// The footer's length and the magic behind it.
const TAIL_BYTES: u64 = 8;
/// Rows decoded in one step when a file is read to its end.
const BATCH_ROWS: usize = 8_192;
/// Time after a search that found nothing in which there is no other one.
const SEARCH_PAUSE_MILLIS: i64 = 60_000;

/// How many times as long as reading a file takes an inspection that isn't waited for rests after it.
const INSPECT_RESTS: u32 = 3;

/// A data file that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedFile {
    /// The table's name.
    pub table: &'static str,
    /// Its path in the table.
    pub path: String,
    /// Rows in it, as the table's log has them.
    pub rows: Option<u64>,
    /// What is wrong with it.
    pub what: String,
}

impl std::fmt::Display for DamagedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let DamagedFile { table, path, rows, what } = self;
        match rows {
            Some(rows) => write!(f, "table {table} is read without {rows} rows: ")?,
            None => write!(f, "table {table} is read without some rows: ")?,
        }
        write!(f, "data file {path} {what}; restore it from a copy and restart")
    }
}

/// The damaged files of one table by their path, shared by all who read it here.
#[derive(Clone, Debug, Default)]
pub(crate) struct DamageList(Arc<RwLock<BTreeMap<String, DamagedFile>>>);

impl DamageList {
    pub(crate) fn files(&self) -> Vec<DamagedFile> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(crate) fn contains(&self, path: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(path)
    }

    /// True if it wasn't known.
    fn add(&self, file: DamagedFile) -> bool {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(file.path.clone(), file).is_none()
    }

    /// Adds a file that somebody else has found damaged.
    pub(crate) fn add_path(&self, table: &'static str, path: &str) {
        if !self.contains(path) {
            let what = "can't be read".to_owned();
            self.add(DamagedFile { table, path: path.to_owned(), rows: None, what });
        }
    }

    /// The files of a version without those that are damaged; `None` when all are whole.
    pub(crate) fn whole_of(&self, snapshot: &Snapshot) -> Option<Vec<String>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            return None;
        }
        let (damaged, whole): (Vec<String>, Vec<String>) = snapshot
            .files()
            .iter()
            .map(|file| file.path().into_owned())
            .partition(|path| all.contains_key(path.as_str()));
        (!damaged.is_empty()).then_some(whole)
    }
}

/// What looking at a file found.
#[must_use]
enum Look {
    Whole,
    Damaged(String),
    /// It couldn't be looked at now, and that says nothing about it.
    Unknown,
}

impl Dataset {
    /// The data files that queries leave out now.
    pub fn damaged(&self) -> Vec<DamagedFile> {
        self.inner.damaged.files()
    }

    /// How many those are.
    pub fn damaged_count(&self) -> usize {
        self.inner.damaged.len()
    }

    /// Looks for damaged files after reading failed. True if one was found that wasn't known:
    /// asking again then answers without it.
    ///
    /// Reads every file of the table if need be. One search runs at a time, and whoever comes
    /// meanwhile waits for it and learns what it found; after one that found nothing there is
    /// none for a while, since what fails isn't the files.
    pub fn find_damage(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let before = self.damage_count();
            let mut in_vain = self.inner.searching.lock().await;
            if self.damage_count() > before {
                return true;
            }
            let now = self.inner.now_millis();
            if in_vain.is_some_and(|at| (at..at + SEARCH_PAUSE_MILLIS).contains(&now)) {
                return false;
            }
            let found = self.look_at_all().await || self.inspect(Duration::ZERO).await > 0;
            *in_vain = (!found).then(|| self.inner.now_millis());
            found
        })
    }

    /// Reads every file from end to end, checksums included, and answers how many damaged
    /// ones it found. Rests after each file, so that others get at the disk and the processor: `rest` at least, and
    /// three times as long as reading took; not at all if `rest` is zero.
    pub fn inspect(&self, rest: Duration) -> BoxFuture<'_, usize> {
        Box::pin(async move {
            let mut found = 0;
            let mut files = self.inner.snapshot().files();
            // The newest are asked for most.
            files.sort_by_key(|file| std::cmp::Reverse(file.modification_time()));
            for file in files {
                if self.is_damaged(&file.path()) {
                    continue;
                }
                let begun = self.inner.clock.monotonic();
                if let Look::Damaged(what) = self.read_whole(&file).await
                    && self.is_current(&file)
                {
                    found += usize::from(self.note_damage(&file, what));
                }
                if !rest.is_zero() {
                    let took = self.inner.clock.monotonic().saturating_sub(begun);
                    tokio::time::sleep(rest.max(took * INSPECT_RESTS)).await;
                }
            }
            found
        })
    }

    /// Reads these files after working on them failed. True if one of them is damaged.
    pub(crate) async fn find_damage_in(&self, files: &[LogicalFileView]) -> bool {
        let mut found = false;
        for file in files {
            if let Look::Damaged(what) = self.read_whole(file).await {
                self.note_damage(file, what);
                found = true;
            }
        }
        found
    }

    /// Looks at every file without reading it. True if a damaged one was found. Files in an
    /// object store are left to reading: a question for each would cost money and time.
    pub(crate) async fn look_at_all(&self) -> bool {
        let Some(dir) = self.inner.place.dir.clone() else { return false };
        let files = self.inner.snapshot().files();
        let asked: Vec<(String, u64)> = files
            .iter()
            .filter(|file| !self.is_damaged(&file.path()))
            .map(|file| (file.object_store_path().to_string(), file.size().unsigned_abs()))
            .collect();
        let looks = tokio::task::spawn_blocking(move || {
            asked.iter().map(|(path, bytes)| look_at(&dir.join(path), *bytes)).collect::<Vec<_>>()
        });
        let Ok(looks) = looks.await else { return false };
        let mut found = false;
        let unknown = files.iter().filter(|file| !self.is_damaged(&file.path()));
        for (file, look) in unknown.collect::<Vec<_>>().into_iter().zip(looks) {
            if let Look::Damaged(what) = look {
                found |= self.note_damage(file, what);
            }
        }
        found
    }

    /// Notes that a file can't be read. True if that is new.
    pub(crate) fn note_damage(&self, file: &LogicalFileView, what: String) -> bool {
        let path = file.path().into_owned();
        let rows = file.num_records().map(|rows| rows as u64);
        let (table, reason) = (self.name(), what.clone());
        let is_new = self.inner.damaged.add(DamagedFile { table, path: path.clone(), rows, what });
        if is_new {
            tracing::error!(table, path, rows, reason, "a data file is damaged and left out");
            self.inner.damage_seen.fetch_add(1, Ordering::Release);
        }
        is_new
    }

    /// Notes an error of reading a file, unless it says nothing about the file.
    pub(crate) fn note_failure(&self, file: &LogicalFileView, error: &StoreError) -> bool {
        match look_of(error) {
            Look::Damaged(what) => {
                self.note_damage(file, what);
                true
            }
            Look::Whole | Look::Unknown => false,
        }
    }

    pub(crate) fn is_damaged(&self, path: &str) -> bool {
        self.inner.damaged.contains(path)
    }

    fn damage_count(&self) -> u64 {
        self.inner.damage_seen.load(Ordering::Acquire)
    }

    /// A compaction may have replaced the file, and a vacuum deleted it, meanwhile.
    pub(crate) fn is_current(&self, file: &LogicalFileView) -> bool {
        self.inner.snapshot().files().iter().any(|now| now.path() == file.path())
    }

    async fn read_whole(&self, file: &LogicalFileView) -> Look {
        let expected = file.size().unsigned_abs();
        let bytes = match self.inner.place.store().get(&file.object_store_path()).await {
            Ok(got) => got.bytes().await,
            Err(error) => Err(error),
        };
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error) => return of_io(&io::Error::from(error)),
        };
        if bytes.len() as u64 != expected {
            return wrong_length(bytes.len() as u64, expected);
        }
        tokio::task::spawn_blocking(move || decode_all(bytes)).await.unwrap_or(Look::Unknown)
    }
}

fn look_at(path: &Path, expected: u64) -> Look {
    let look = || -> io::Result<Look> {
        let mut file = File::open(path)?;
        let bytes = file.metadata()?.len();
        if bytes != expected {
            return Ok(wrong_length(bytes, expected));
        }
        let mut head = [0; MAGIC.len()];
        let mut tail = [0; TAIL_BYTES as usize];
        if bytes < (MAGIC.len() as u64) + TAIL_BYTES {
            return Ok(Look::Damaged("is too short for a Parquet file".to_owned()));
        }
        file.read_exact(&mut head)?;
        file.seek(SeekFrom::End(-(TAIL_BYTES as i64)))?;
        file.read_exact(&mut tail)?;
        let footer_bytes = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
        if &head != MAGIC || &tail[4..] != MAGIC || footer_bytes + TAIL_BYTES > bytes {
            return Ok(Look::Damaged("doesn't begin and end as a Parquet file".to_owned()));
        }
        Ok(Look::Whole)
    };
    look().unwrap_or_else(|error| of_io(&error))
}

/// Compares the checksum of every page, and decodes it as a query would.
fn decode_all(bytes: bytes::Bytes) -> Look {
    let read = || -> Result<(), ParquetError> {
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes.clone(), options)?;
        check_pages(&bytes, builder.metadata())?;
        for batch in builder.with_batch_size(BATCH_ROWS).build()? {
            let _ = batch.map_err(ParquetError::from)?;
        }
        Ok(())
    };
    // Whatever is thrown at a decoder, it must cost no more than this file.
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)) {
        Ok(Ok(())) => Look::Whole,
        Ok(Err(error)) => of_parquet(&error),
        Err(_) => Look::Damaged("can't be decoded".to_owned()),
    }
}

/// Pages of versions that wrote no checksums are left to the decoder.
fn check_pages(file: &[u8], metadata: &ParquetMetaData) -> Result<(), ParquetError> {
    for column in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        let (start, bytes) = column.byte_range();
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let Some(mut pages) = file.get(place(start)..place(start.saturating_add(bytes))) else {
            return Err(ParquetError::EOF("a column lies outside of the file".to_owned()));
        };
        while !pages.is_empty() {
            let wrong = |what: &str| Err(ParquetError::General(format!("{what} in column {}", column.column_path())));
            let Some(header) = BareHeader::read(pages) else { return wrong("a page header can't be read") };
            let Some((page, rest)) = pages.split_at_checked(header.bytes.saturating_add(header.body_bytes)) else {
                return wrong("a page is cut");
            };
            if header.crc.is_some_and(|crc| crc != crc32(&page[header.bytes..])) {
                return wrong("the checksum of a page is wrong");
            }
            pages = rest;
        }
    }
    Ok(())
}

fn wrong_length(bytes: u64, expected: u64) -> Look {
    Look::Damaged(match bytes {
        0 => "is empty".to_owned(),
        _ => format!("has {bytes} of its {expected} bytes"),
    })
}

fn look_of(error: &StoreError) -> Look {
    match error {
        StoreError::Io { source, .. } => of_io(source),
        StoreError::Parquet { source, .. } => of_parquet(source),
        _ => Look::Unknown,
    }
}

fn of_parquet(error: &ParquetError) -> Look {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(error) = inner.downcast_ref::<io::Error>() {
            return of_io(error);
        }
        if let Some(error) = inner.downcast_ref::<object_store::Error>() {
            if let object_store::Error::NotFound { .. } = error {
                return Look::Damaged("is missing".to_owned());
            }
            if let object_store::Error::PermissionDenied { .. } = error {
                return Look::Damaged("may not be read by this user".to_owned());
            }
        }
        cause = inner.source();
    }
    Look::Damaged(format!("can't be decoded ({error})"))
}

/// Too many open files, too little memory, an interrupted call: they pass.
fn of_io(error: &io::Error) -> Look {
    /// Files are open to the limit: of the system, of this process.
    const OPEN_TO_THE_LIMIT: [i32; 2] = [23, 24];
    let raw = raw_os_error(error);
    if raw.is_some_and(|raw| OPEN_TO_THE_LIMIT.contains(&raw)) {
        return Look::Unknown;
    }
    let kind = raw.map_or(error.kind(), |raw| io::Error::from_raw_os_error(raw).kind());
    match kind {
        io::ErrorKind::NotFound => Look::Damaged("is missing".to_owned()),
        io::ErrorKind::PermissionDenied => Look::Damaged("may not be read by this user".to_owned()),
        io::ErrorKind::OutOfMemory
        | io::ErrorKind::Interrupted
        | io::ErrorKind::TimedOut
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionAborted => Look::Unknown,
        // An object store that is away says so as "other"; a disk has a number.
        _ if raw.is_none() => Look::Unknown,
        _ => Look::Damaged(format!("can't be read ({error})")),
    }
}

/// The system's number, also where the error is wrapped.
fn raw_os_error(error: &io::Error) -> Option<i32> {
    if let Some(raw) = error.raw_os_error() {
        return Some(raw);
    }
    let mut cause = std::error::Error::source(error);
    if let Some(inner) = error.get_ref() {
        cause = Some(inner);
    }
    while let Some(inner) = cause {
        if let Some(raw) = inner.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return Some(raw);
        }
        cause = inner.source();
    }
    None
}
