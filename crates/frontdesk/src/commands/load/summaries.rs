//! The summaries of the days that are loaded, made while their rows are at hand.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};

use intake::{FileWatcher, SystemClock, Watcher};
use report::{FileRows, RowColumns, Summaries};
use table::{Block, Dataset, NewFile, Shape};
use tokio::runtime::{Builder, Runtime};

use crate::{access, memory};

/// Bytes of rows that are kept until the summaries of their days are made: of some twelve million events, twice what is
/// loaded between two commits.
const ROWS_BYTES_MAX: usize = 512 << 20;

/// Bytes that must be available: for the rows, for what they are folded with, and for the load itself. With less the
/// summaries are left to the server, which takes the days one by one.
const AVAILABLE_BYTES_MIN: u64 = 2 << 30;

/// Bytes of summaries that stay in memory, though nobody asks for them here.
const SUMMARY_BYTES_MAX: usize = 32 << 20;

/// Makes them.
#[derive(Debug)]
pub(super) struct LoadedDays {
    data: PathBuf,
    runtime: Runtime,
    /// Once the table is open.
    open: OnceLock<(Summaries, RowColumns)>,
    has_memory: AtomicBool,
}

impl LoadedDays {
    /// Of a data directory; `None` without threads to work on, since they can be made later.
    pub(super) fn new(data: &Path) -> Option<LoadedDays> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().ok()?;
        Some(LoadedDays { data: data.to_owned(), runtime, open: OnceLock::new(), has_memory: AtomicBool::new(true) })
    }
}

/// Where it isn't known how much memory there is, there is enough.
fn has_memory(bytes_min: u64) -> bool {
    memory::available_bytes().is_none_or(|available| available >= bytes_min)
}

impl Watcher for LoadedDays {
    fn opened(&self, events: &Dataset, shape: &Arc<Shape>) {
        let options = report::SummariesOptions {
            rows_bytes_max: ROWS_BYTES_MAX,
            memory_bytes_max: SUMMARY_BYTES_MAX,
            ..report::SummariesOptions::new(self.data.join(access::SUMMARIES_DIR), Arc::new(SystemClock))
        };
        self.has_memory.store(has_memory(AVAILABLE_BYTES_MIN), Relaxed);
        self.open.get_or_init(|| (Summaries::new(events.clone(), options), RowColumns::new(shape)));
    }

    fn begin(&self) -> Option<Box<dyn FileWatcher>> {
        let (summaries, columns) = self.open.get().filter(|_| self.has_memory.load(Relaxed))?;
        let rows = summaries.begin_file(columns)?;
        Some(Box::new(OfFile(rows)))
    }

    fn committed(&self, is_last: bool) {
        if let Some((summaries, _)) = self.open.get() {
            self.runtime.block_on(summaries.make_of_rows_at_hand(is_last));
            // What the load and the rows took may have left little to others.
            self.has_memory.fetch_and(has_memory(AVAILABLE_BYTES_MIN / 2), Relaxed);
        }
    }
}

struct OfFile(FileRows);

impl FileWatcher for OfFile {
    fn push(&mut self, block: &Block) {
        self.0.push(block);
    }

    fn written(self: Box<Self>, file: &NewFile) {
        self.0.written(file);
    }
}
