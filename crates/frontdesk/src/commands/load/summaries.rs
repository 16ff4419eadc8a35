//! The summaries of the days that are loaded, made while their rows are at hand.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use intake::{FileWatcher, SystemClock, Watcher};
use report::{FileRows, RowColumns, Summaries};
use table::{Block, Dataset, NewFile, Shape};
use tokio::runtime::{Builder, Runtime};

use crate::access;

/// Bytes of rows that are kept until the summaries of their days are made: of some twelve million events, twice what is
/// loaded between two commits.
const ROWS_BYTES_MAX: usize = 512 << 20;

/// Bytes of summaries that stay in memory, though nobody asks for them here.
const SUMMARY_BYTES_MAX: usize = 32 << 20;

/// Makes them.
pub(super) struct LoadedDays {
    data: PathBuf,
    runtime: Runtime,
    /// Once the table is open.
    open: OnceLock<(Summaries, RowColumns)>,
}

impl LoadedDays {
    /// Of a data directory; `None` without threads to work on, since they can be made later.
    pub(super) fn new(data: &Path) -> Option<LoadedDays> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().ok()?;
        Some(LoadedDays { data: data.to_owned(), runtime, open: OnceLock::new() })
    }
}

impl Watcher for LoadedDays {
    fn opened(&self, events: &Dataset, shape: &Arc<Shape>) {
        let options = report::SummariesOptions {
            rows_bytes_max: ROWS_BYTES_MAX,
            memory_bytes_max: SUMMARY_BYTES_MAX,
            ..report::SummariesOptions::new(self.data.join(access::SUMMARIES_DIR), Arc::new(SystemClock))
        };
        self.open.get_or_init(|| (Summaries::new(events.clone(), options), RowColumns::new(shape)));
    }

    fn begin(&self) -> Option<Box<dyn FileWatcher>> {
        let (summaries, columns) = self.open.get()?;
        let rows = summaries.begin_file(columns)?;
        Some(Box::new(OfFile(rows)))
    }

    fn committed(&self, is_last: bool) {
        if let Some((summaries, _)) = self.open.get() {
            self.runtime.block_on(summaries.make_of_rows_at_hand(is_last));
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
