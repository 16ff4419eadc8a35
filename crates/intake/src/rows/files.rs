//! Blocks of events into data files, one or more per event date.
//!
//! Events arrive roughly in the order of time, so a block mostly belongs to one date
//! and goes to that date's file as it is. A block of several dates is split: the rows
//! of each date wait in a block of their own until it is full.
//!
//! Open files and memory are bounded whatever the dates. So many dates have a file open;
//! rows of further ones wait together, mixed, and are written date by date when they have
//! gathered, one file at a time. Past `OPEN_BYTES_MAX` the file that was idle longest is
//! ended. An input in random order over many dates thus makes more, smaller files, which
//! compaction merges; it never makes the process grow.
//!
//! The number of files is bounded too: [`Dates`] says which dates get files of their own.
//! All other rows share files of no day, in the order of their dates.
//!
//! A file that is ended is synced on a thread of its own, since the disk may take as long
//! for it as decoding a block takes.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use table::{
    Block, Dataset, EncodeError, EncodeOptions, Encoder, FileStats, FileSummary, FileWriter, MicrosRange, NewFile,
    Partition, PendingFile, RowGroup, StoreError,
};
use thiserror::Error;

use super::dates::Dates;
use super::scheme::RowScheme;
use crate::watch::{FileWatcher, Watcher};

/// Memory of the files in the making, in bytes.
const OPEN_BYTES_MAX: usize = 48 * 1024 * 1024;
/// Dates that have a file open at the same time, of all threads that write.
const OPEN_FILES_MAX: usize = 128;
/// The same of one thread.
const THREAD_OPEN_FILES_MAX: usize = 24;
/// Rows of other dates that wait to be written date by date, in bytes of blocks.
const WAITING_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A file that reaches this size is ended, and another begun.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Files that are synced at the same time; the next one waits for the first of them.
const SYNCING_MAX: usize = 4;
/// Empty blocks kept for the next date.
const SPARE_BLOCKS_MAX: usize = 4;

/// Why files could not be written.
#[derive(Debug, Error)]
pub(crate) enum FilesError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error("no thread could be started to sync a data file: {0}")]
    Thread(io::Error),
}

impl FilesError {
    /// Whether the rows themselves are why a file can't be written.
    pub(crate) fn is_of_rows(&self) -> bool {
        match self {
            FilesError::Encode(EncodeError::Write(_)) => false,
            FilesError::Encode(_) => true,
            FilesError::Store(_) | FilesError::Thread(_) => false,
        }
    }
}

/// Data files in the making.
pub(crate) struct DatedFiles<'a> {
    events: &'a Dataset,
    scheme: &'a RowScheme,
    dates: Dates,
    open_max: usize,
    open: Vec<OpenFile>,
    /// Rows of dates that have no open file, and of those that get none of their own.
    waiting: [Waiting; 2],
    done: Vec<NewFile>,
    syncing: VecDeque<Syncing>,
    encoders: Vec<Encoder>,
    blocks: Vec<Block>,
    /// The row group that is being handed over; kept for its memory.
    group: RowGroup,
    /// Counts pushes: shows which file was idle longest.
    turn: u64,
    rows: Vec<u32>,
    watcher: Option<&'a dyn Watcher>,
}

/// A file that is being synced, and who looks on.
struct Syncing {
    file: JoinHandle<Result<NewFile, StoreError>>,
    watcher: Option<Box<dyn FileWatcher>>,
}

/// Mixed rows that are written in the order of their dates.
#[derive(Default)]
struct Waiting {
    blocks: Vec<Block>,
    /// Bytes of those that are full.
    bytes: usize,
}

/// Indexes of [`DatedFiles::waiting`].
const DATED: usize = 0;
const UNDATED: usize = 1;

struct OpenFile {
    /// `None` for rows that share a file although their dates differ.
    day: Option<i32>,
    encoder: Encoder,
    file: FileWriter<PendingFile>,
    waiting: Option<Block>,
    used: u64,
    watcher: Option<Box<dyn FileWatcher>>,
}

impl OpenFile {
    fn heap_bytes(&self) -> usize {
        self.encoder.heap_bytes() + self.waiting.as_ref().map_or(0, Block::heap_bytes)
    }

    /// Adds a block's rows to the row group; a row group that is full goes out first.
    fn push(&mut self, block: &Block, group: &mut RowGroup) -> Result<(), EncodeError> {
        if !self.encoder.has_room_for(block) {
            self.flush(group)?;
        }
        self.encoder.push(block)?;
        if let Some(watcher) = &mut self.watcher {
            watcher.push(block);
        }
        Ok(())
    }

    /// Adds some rows of a block by way of the block in which they wait.
    fn gather(&mut self, block: &Block, rows: &[u32], group: &mut RowGroup) -> Result<(), EncodeError> {
        let Some(mut waiting) = self.waiting.take() else { return Ok(()) };
        block.gather(rows, &mut waiting);
        if waiting.is_full() {
            self.push(&waiting, group)?;
            waiting.clear();
        }
        self.waiting = Some(waiting);
        Ok(())
    }

    fn flush(&mut self, group: &mut RowGroup) -> Result<(), EncodeError> {
        if self.encoder.rows() > 0 {
            self.encoder.finish(group)?;
            self.file.append(group)?;
        }
        Ok(())
    }
}

impl<'a> DatedFiles<'a> {
    /// For one of `threads` that write at the same time.
    pub(crate) fn new(events: &'a Dataset, scheme: &'a RowScheme, dates: Dates, threads: usize) -> Self {
        DatedFiles {
            events,
            scheme,
            dates,
            open_max: (OPEN_FILES_MAX / threads.max(1)).clamp(2, THREAD_OPEN_FILES_MAX),
            open: Vec::new(),
            waiting: Default::default(),
            done: Vec::new(),
            syncing: VecDeque::new(),
            encoders: Vec::new(),
            blocks: Vec::new(),
            group: RowGroup::default(),
            turn: 0,
            rows: Vec::new(),
            watcher: None,
        }
    }

    /// The same with somebody who looks on.
    pub(crate) fn watched_by(self, watcher: Option<&'a dyn Watcher>) -> Self {
        DatedFiles { watcher, ..self }
    }

    /// Adds all rows of a block.
    pub(crate) fn push(&mut self, block: &Block) -> Result<(), FilesError> {
        let dates = block.dates();
        let Some(&first) = dates.first() else { return Ok(()) };
        self.turn += 1;
        if dates.iter().all(|day| *day == first) && self.dates.holds(first) {
            let at = match self.place_of(first) {
                Some(at) => at,
                None => {
                    self.make_place()?;
                    self.begin_open(first)?
                }
            };
            self.open[at].push(block, &mut self.group)?;
            return self.tidy();
        }
        let mut rows = std::mem::take(&mut self.rows);
        rows.clear();
        rows.extend(0..u32::try_from(dates.len()).expect("a block has some thousand rows"));
        let split = self.split(block, &mut rows);
        self.rows = rows;
        split?;
        self.tidy()
    }

    /// Adds some rows of a block, given in ascending order.
    pub(crate) fn push_rows(&mut self, block: &Block, rows: &mut [u32]) -> Result<(), FilesError> {
        self.turn += 1;
        self.split(block, rows)?;
        self.tidy()
    }

    /// Ends all files. They are durable, and in no commit.
    pub(crate) fn finish(mut self) -> Result<Vec<NewFile>, FilesError> {
        self.write_dated()?;
        while let Some(open) = self.open.pop() {
            self.end(open)?;
        }
        self.write_undated()?;
        while !self.syncing.is_empty() {
            self.await_sync()?;
        }
        Ok(self.done)
    }

    /// Moves the rows to where the rows of their dates wait.
    fn split(&mut self, block: &Block, rows: &mut [u32]) -> Result<(), FilesError> {
        let dates = block.dates();
        // Stable, so that the rows of a date stay in their order.
        rows.sort_by_key(|row| dates[*row as usize]);
        let mut others: [Vec<u32>; 2] = Default::default();
        for of_day in rows.chunk_by(|left, right| dates[*left as usize] == dates[*right as usize]) {
            let day = dates[of_day[0] as usize];
            if !self.dates.holds(day) {
                others[UNDATED].extend_from_slice(of_day);
                continue;
            }
            let at = match self.place_of(day) {
                Some(at) => at,
                None if self.open.len() < self.open_max => self.begin_open(day)?,
                None => {
                    others[DATED].extend_from_slice(of_day);
                    continue;
                }
            };
            if self.open[at].waiting.is_none() {
                self.open[at].waiting = Some(self.spare_block());
            }
            self.open[at].gather(block, of_day, &mut self.group)?;
        }
        for (kind, rows) in others.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            self.wait(kind, block, rows);
        }
        if self.waiting[DATED].bytes >= WAITING_BYTES_MAX {
            self.write_dated()?;
            self.end_idle()?;
        }
        if self.waiting[UNDATED].bytes >= WAITING_BYTES_MAX {
            self.write_undated()?;
        }
        Ok(())
    }

    /// Lets rows wait among others.
    fn wait(&mut self, kind: usize, block: &Block, rows: &[u32]) {
        let mut last = match self.waiting[kind].blocks.pop() {
            Some(last) if !last.is_full() => last,
            full => {
                self.waiting[kind].blocks.extend(full);
                self.spare_block()
            }
        };
        block.gather(rows, &mut last);
        if last.is_full() {
            self.waiting[kind].bytes += last.heap_bytes();
        }
        self.waiting[kind].blocks.push(last);
    }

    /// Writes the rows that wait for a file of their date, one file after the other.
    fn write_dated(&mut self) -> Result<(), FilesError> {
        let blocks = std::mem::take(&mut self.waiting[DATED]).blocks;
        for of_day in in_order(&blocks).chunk_by(|left, right| left.day == right.day) {
            let day = of_day[0].day;
            match self.place_of(day) {
                Some(at) => {
                    if self.open[at].waiting.is_none() {
                        self.open[at].waiting = Some(self.spare_block());
                    }
                    gather_all(&mut self.open[at], &blocks, of_day, &mut self.group)?;
                }
                None => {
                    let mut open = self.begin(Some(day))?;
                    open.waiting = Some(self.spare_block());
                    gather_all(&mut open, &blocks, of_day, &mut self.group)?;
                    self.end(open)?;
                }
            }
        }
        self.keep_blocks(blocks);
        Ok(())
    }

    /// Writes the rows that get no file of their date, in the order of their dates.
    fn write_undated(&mut self) -> Result<(), FilesError> {
        let blocks = std::mem::take(&mut self.waiting[UNDATED]).blocks;
        if blocks.is_empty() {
            return Ok(());
        }
        let mut open = self.begin(None)?;
        open.waiting = Some(self.spare_block());
        // A block's worth at a time by their dates, and within that block by block: taking
        // single rows out of many blocks in turn is slow.
        for some in in_order(&blocks).chunks_mut(Block::ROWS_MAX) {
            some.sort_unstable_by_key(|row| (row.block, row.row));
            gather_all(&mut open, &blocks, some, &mut self.group)?;
        }
        self.end(open)?;
        self.keep_blocks(blocks);
        Ok(())
    }

    fn spare_block(&mut self) -> Block {
        self.blocks.pop().unwrap_or_else(|| self.scheme.block())
    }

    fn keep_blocks(&mut self, blocks: impl IntoIterator<Item = Block>) {
        for mut block in blocks {
            if self.blocks.len() < SPARE_BLOCKS_MAX {
                block.clear();
                self.blocks.push(block);
            }
        }
    }

    /// The place of the open file of a date.
    fn place_of(&mut self, day: i32) -> Option<usize> {
        let at = self.open.iter().position(|open| open.day == Some(day))?;
        self.open[at].used = self.turn;
        Some(at)
    }

    fn begin_open(&mut self, day: i32) -> Result<usize, FilesError> {
        let open = self.begin(Some(day))?;
        self.open.push(open);
        Ok(self.open.len() - 1)
    }

    /// Begins a file.
    fn begin(&mut self, day: Option<i32>) -> Result<OpenFile, FilesError> {
        let out = self.events.create_file(day.map(Partition))?;
        let encoder = match self.encoders.pop() {
            Some(encoder) => encoder,
            None => Encoder::new(Arc::clone(&self.scheme.shape), EncodeOptions::default())?,
        };
        let file = FileWriter::new(&self.scheme.shape, out)?;
        let watcher = self.watcher.filter(|_| day.is_some()).and_then(Watcher::begin);
        Ok(OpenFile { day, encoder, file, waiting: None, used: self.turn, watcher })
    }

    /// Makes room for another open file.
    fn make_place(&mut self) -> Result<(), FilesError> {
        while self.open.len() >= self.open_max {
            self.end_idlest()?;
        }
        Ok(())
    }

    fn end_idlest(&mut self) -> Result<(), FilesError> {
        let idle = self.open.iter().enumerate().min_by_key(|(_, open)| open.used);
        let Some((at, _)) = idle else { return Ok(()) };
        let open = self.open.swap_remove(at);
        self.end(open)
    }

    /// Ends the files that got nothing lately: their dates have passed.
    fn end_idle(&mut self) -> Result<(), FilesError> {
        while self.open.iter().any(|open| open.used < self.turn) {
            self.end_idlest()?;
        }
        Ok(())
    }

    /// Ends files that are large enough, and those idle longest while memory is short.
    fn tidy(&mut self) -> Result<(), FilesError> {
        if let Some(at) = self.open.iter().position(|open| open.file.bytes() >= FILE_BYTES_MAX) {
            let open = self.open.swap_remove(at);
            self.end(open)?;
        }
        while self.open.len() > 1 && self.open.iter().map(OpenFile::heap_bytes).sum::<usize>() > OPEN_BYTES_MAX {
            self.end_idlest()?;
        }
        Ok(())
    }

    fn end(&mut self, mut open: OpenFile) -> Result<(), FilesError> {
        if let Some(waiting) = open.waiting.take() {
            open.push(&waiting, &mut self.group)?;
            self.keep_blocks([waiting]);
        }
        open.flush(&mut self.group)?;
        if self.encoders.is_empty() {
            self.encoders.push(open.encoder);
        }
        let (out, summary) = open.file.finish()?;
        if summary.rows > 0 {
            if self.syncing.len() == SYNCING_MAX {
                self.await_sync()?;
            }
            let sync = thread::Builder::new().name("sync".to_owned()).spawn(move || out.finish(stats(&summary)));
            self.syncing.push_back(Syncing { file: sync.map_err(FilesError::Thread)?, watcher: open.watcher });
        }
        Ok(())
    }

    /// Waits for the file that is being synced longest.
    fn await_sync(&mut self) -> Result<(), FilesError> {
        if let Some(Syncing { file, watcher }) = self.syncing.pop_front() {
            let file = file.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            if let Some(watcher) = watcher {
                watcher.written(&file);
            }
            self.done.push(file);
        }
        Ok(())
    }
}

/// One row that waits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct WaitingRow {
    day: i32,
    block: u32,
    row: u32,
}

/// All rows by their dates; those of a date in the order in which they came.
fn in_order(blocks: &[Block]) -> Vec<WaitingRow> {
    let mut rows = Vec::with_capacity(blocks.iter().map(Block::rows).sum());
    for (block, of_block) in (0..).zip(blocks) {
        rows.extend((0..).zip(of_block.dates()).map(|(row, day)| WaitingRow { day: *day, block, row }));
    }
    rows.sort_unstable();
    rows
}

/// Adds rows to a file, block by block.
fn gather_all(
    open: &mut OpenFile,
    blocks: &[Block],
    rows: &[WaitingRow],
    group: &mut RowGroup,
) -> Result<(), EncodeError> {
    for of_block in rows.chunk_by(|left, right| left.block == right.block) {
        let places: Vec<u32> = of_block.iter().map(|row| row.row).collect();
        open.gather(&blocks[of_block[0].block as usize], &places, group)?;
    }
    Ok(())
}

/// What the table's log says about a file.
fn stats(summary: &FileSummary) -> FileStats {
    // Every row has both instants: `timestamp` is required, `received_at` is ours.
    let range = |range: Option<(i64, i64)>| range.map(|(min, max)| MicrosRange { min, max, nulls: 0 });
    FileStats {
        rows: summary.rows,
        timestamp: range(summary.timestamp_micros),
        received_at: range(summary.received_micros),
    }
}
