//! What must happen in the order of the file: finding duplicates, and listing rejects.
//!
//! Workers decode and encode chunks side by side and come here one after the other, by
//! the number of their chunk. The first of two events with the same id is the one that
//! is kept, whichever worker was faster.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use table::{Dataset, NewFile, StoreError};

use crate::rows::dedupe::Dedupe;
use crate::rows::rejects::RejectRows;

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadSummary {
    /// Events read in this run: lines that are not blank.
    pub read: u64,
    /// Events that are new in the table.
    pub accepted: u64,
    /// Events that break rules, by the keyword of their first violation.
    pub rejected: BTreeMap<String, u64>,
    /// Events that were known with the same content.
    pub duplicates: u64,
    /// Events that were known with other content.
    pub conflicts: u64,
    /// Bytes of text, decompressed, of this run.
    pub bytes: u64,
    /// The file was loaded to its end before; nothing was done.
    pub already_loaded: bool,
}

/// The state that chunks pass through in their order.
pub(crate) struct InOrder {
    pub(crate) dedupe: Dedupe,
    pub(crate) rejects: RejectRows,
    /// Rejects that were too many to be held in memory.
    pub(crate) reject_files: Vec<NewFile>,
    pub(crate) summary: LoadSummary,
    /// Lines of the chunks so far, blank ones included.
    pub(crate) lines: u64,
    next: u64,
    failed: bool,
}

impl InOrder {
    /// The rejects gathered so far, if they take this much memory: whoever takes them
    /// writes them, when others have had their turn.
    pub(crate) fn overflow(&mut self, bytes_min: usize) -> Option<RejectRows> {
        let is_due = self.rejects.bytes() >= bytes_min && !self.rejects.is_empty();
        is_due.then(|| std::mem::take(&mut self.rejects))
    }
}

/// Lets chunks through by their number.
pub(crate) struct ChunkSequencer {
    state: Mutex<InOrder>,
    moved: Condvar,
}

/// Another worker failed, so this chunk's turn will not come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Abandoned;

impl ChunkSequencer {
    pub(crate) fn new(dedupe: Dedupe) -> Self {
        let state = InOrder {
            dedupe,
            rejects: RejectRows::default(),
            reject_files: Vec::new(),
            summary: LoadSummary::default(),
            lines: 0,
            next: 0,
            failed: false,
        };
        ChunkSequencer { state: Mutex::new(state), moved: Condvar::new() }
    }

    /// Waits for the chunk's turn and does `work` in it.
    pub(crate) fn pass<T>(&self, chunk: u64, work: impl FnOnce(&mut InOrder) -> T) -> Result<T, Abandoned> {
        let waiting = |state: &mut InOrder| state.next != chunk && !state.failed;
        let mut state = self.moved.wait_while(self.lock(), waiting).unwrap_or_else(PoisonError::into_inner);
        if state.failed {
            return Err(Abandoned);
        }
        let done = work(&mut state);
        state.next += 1;
        drop(state);
        self.moved.notify_all();
        Ok(done)
    }

    /// Ends the wait of all workers: no chunk has its turn any more.
    pub(crate) fn fail(&self) {
        self.lock().failed = true;
        self.moved.notify_all();
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, InOrder> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes rejects to files, which the next commit takes.
    pub(crate) fn write(&self, mut rejects: RejectRows, dataset: &Dataset) -> Result<(), StoreError> {
        let mut files = rejects.write(dataset)?;
        self.lock().reject_files.append(&mut files);
        Ok(())
    }

    pub(crate) fn into_summary(self) -> LoadSummary {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_pass_in_their_order() {
        let sequencer = ChunkSequencer::new(Dedupe::new(30, 0, 0, 0));
        let seen = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for worker in [2, 1, 0] {
                let (sequencer, seen) = (&sequencer, &seen);
                scope.spawn(move || {
                    for chunk in (worker..30).step_by(3) {
                        let outcome = sequencer.pass(chunk, |_| seen.lock().expect("sound").push(chunk));
                        assert_eq!(outcome, Ok(()));
                    }
                });
            }
        });
        assert!(seen.into_inner().expect("sound").into_iter().eq(0..30));
    }

    #[test]
    fn a_failure_ends_the_wait_of_all_workers() {
        let sequencer = ChunkSequencer::new(Dedupe::new(30, 0, 0, 0));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| sequencer.pass(1, |_| ()));
            sequencer.fail();
            assert_eq!(waiting.join().expect("no panic"), Err(Abandoned));
        });
    }
}
