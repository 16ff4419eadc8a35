//! Blocks of events into data files, one or more per event date.
//!
//! Events arrive roughly in the order of time, so a block mostly belongs to one date
//! and goes to that date's file as it is. A block of several dates is split: the rows
//! of each date wait in a block of their own until it is full.
//!
//! Memory is bounded: past `OPEN_BYTES_MAX` the file that was idle longest is ended.
//! An input in random order over many dates thus makes more, smaller files, which
//! compaction merges; it never makes the process grow.
//!
//! A file that is ended is synced on a thread of its own, since the disk may take as long
//! for it as decoding a block takes.

use std::collections::VecDeque;
use std::io;
use std::thread::{self, JoinHandle};

use table::{
    Block, EncodeError, EncodeOptions, Encoder, FileStats, FileSummary, FileWriter, MicrosRange, NewFile, Partition,
    PendingFile, RowGroup, StoreError,
};
use thiserror::Error;

use crate::stores::Stores;

/// Memory of the files in the making, in bytes.
const OPEN_BYTES_MAX: usize = 48 * 1024 * 1024;
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

/// Data files in the making.
pub(crate) struct DatedFiles<'a> {
    stores: &'a Stores,
    open: Vec<OpenFile>,
    done: Vec<NewFile>,
    syncing: VecDeque<JoinHandle<Result<NewFile, StoreError>>>,
    encoders: Vec<Encoder>,
    blocks: Vec<Block>,
    /// The row group that is being handed over; kept for its memory.
    group: RowGroup,
    /// Counts pushes: tells which file was idle longest.
    turn: u64,
    rows: Vec<u32>,
}

struct OpenFile {
    day: i32,
    encoder: Encoder,
    file: FileWriter<PendingFile>,
    waiting: Option<Block>,
    used: u64,
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
        self.encoder.push(block)
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
    pub(crate) fn new(stores: &'a Stores) -> Self {
        DatedFiles {
            stores,
            open: Vec::new(),
            done: Vec::new(),
            syncing: VecDeque::new(),
            encoders: Vec::new(),
            blocks: Vec::new(),
            group: RowGroup::default(),
            turn: 0,
            rows: Vec::new(),
        }
    }

    /// Adds all rows of a block.
    pub(crate) fn push(&mut self, block: &Block) -> Result<(), FilesError> {
        let dates = block.dates();
        let Some(&first) = dates.first() else { return Ok(()) };
        self.turn += 1;
        if dates.iter().all(|day| *day == first) {
            let at = self.file_of(first)?;
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
    pub(crate) fn push_rows(&mut self, block: &Block, rows: &mut Vec<u32>) -> Result<(), FilesError> {
        self.turn += 1;
        self.split(block, rows)?;
        self.tidy()
    }

    /// Ends all files. They are durable, and in no commit.
    pub(crate) fn finish(mut self) -> Result<Vec<NewFile>, FilesError> {
        while let Some(open) = self.open.pop() {
            self.end(open)?;
        }
        while !self.syncing.is_empty() {
            self.await_sync()?;
        }
        Ok(self.done)
    }

    /// Moves the rows to where the rows of their dates wait. Leaves `rows` empty.
    fn split(&mut self, block: &Block, rows: &mut Vec<u32>) -> Result<(), FilesError> {
        let dates = block.dates();
        let mut of_day = Vec::with_capacity(rows.len());
        while let Some(&first) = rows.first() {
            let day = dates[first as usize];
            of_day.clear();
            rows.retain(|row| {
                let other = dates[*row as usize] != day;
                if !other {
                    of_day.push(*row);
                }
                other
            });
            let at = self.file_of(day)?;
            let open = &mut self.open[at];
            let spare = || self.blocks.pop().unwrap_or_else(|| self.stores.block());
            let mut waiting = open.waiting.take().unwrap_or_else(spare);
            block.gather(&of_day, &mut waiting);
            if waiting.is_full() {
                open.push(&waiting, &mut self.group)?;
                waiting.clear();
            }
            open.waiting = Some(waiting);
        }
        Ok(())
    }

    /// The place of the file for a date, which is begun if need be.
    fn file_of(&mut self, day: i32) -> Result<usize, FilesError> {
        let at = match self.open.iter().position(|open| open.day == day) {
            Some(at) => at,
            None => {
                let out = self.stores.store.events.create_file(Partition(day))?;
                let encoder = match self.encoders.pop() {
                    Some(encoder) => encoder,
                    None => Encoder::new(self.stores.shape.clone(), EncodeOptions::default())?,
                };
                let file = FileWriter::new(&self.stores.shape, out)?;
                self.open.push(OpenFile { day, encoder, file, waiting: None, used: 0 });
                self.open.len() - 1
            }
        };
        self.open[at].used = self.turn;
        Ok(at)
    }

    /// Ends files that are large enough, and those idle longest while memory is short.
    fn tidy(&mut self) -> Result<(), FilesError> {
        if let Some(at) = self.open.iter().position(|open| open.file.bytes() >= FILE_BYTES_MAX) {
            let open = self.open.swap_remove(at);
            self.end(open)?;
        }
        while self.open.len() > 1 && self.open.iter().map(OpenFile::heap_bytes).sum::<usize>() > OPEN_BYTES_MAX {
            let idle = self.open.iter().enumerate().min_by_key(|(_, open)| open.used);
            let at = idle.map_or(0, |(at, _)| at);
            let open = self.open.swap_remove(at);
            self.end(open)?;
        }
        Ok(())
    }

    fn end(&mut self, mut open: OpenFile) -> Result<(), FilesError> {
        if let Some(mut waiting) = open.waiting.take() {
            open.push(&waiting, &mut self.group)?;
            if self.blocks.len() < SPARE_BLOCKS_MAX {
                waiting.clear();
                self.blocks.push(waiting);
            }
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
            self.syncing.push_back(sync.map_err(FilesError::Thread)?);
        }
        Ok(())
    }

    /// Waits for the file that is being synced longest.
    fn await_sync(&mut self) -> Result<(), FilesError> {
        if let Some(sync) = self.syncing.pop_front() {
            let synced = sync.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            self.done.push(synced?);
        }
        Ok(())
    }
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
