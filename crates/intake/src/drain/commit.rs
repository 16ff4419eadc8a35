//! A batch into the tables, then the journal's segments away.
//!
//! The order is the promise: rejects, events, release. Each commit is durable with its
//! directory entries when it returns; only then does the next step begin.

use std::mem;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arrow::array::RecordBatch;
use journal::Sequence;
use table::{Committed, Dataset, StoreError, Txn};

use super::batch::Batch;
use super::fault::guarded;
use super::{APP, Drain, DrainError, RETRY_AFTER, SPARE_BLOCKS_MAX};
use crate::day::day_of;
use crate::hooks::{DrainStep, Touched};
use crate::rows::dates::Dates;
use crate::rows::files::{DatedFiles, FilesError};

impl Drain {
    /// Closes the current batch, so that its commit can be tried until it succeeds.
    pub(super) fn freeze(&mut self) {
        let block = self.decoder.block();
        let next = Batch::new(block, self.current.last);
        self.frozen = Some(mem::replace(&mut self.current, next));
    }

    /// Tries to commit the frozen batch. A failure that may pass is noted, and tried
    /// again later; one that won't makes the batch be tried in parts.
    pub(super) fn try_commit(&mut self) -> Result<(), DrainError> {
        let Some(mut batch) = self.frozen.take() else { return Ok(()) };
        let (events, rejects) = match self.fresh() {
            Ok(Some(fresh)) => fresh,
            // The batch behind it was forgotten; this one is untouched.
            outcome => {
                self.frozen = Some(batch);
                return outcome.map(drop);
            }
        };
        let began = self.clock.monotonic();
        let outcome = guarded(|| self.commit(&mut batch, events, rejects));
        let outcome = match outcome {
            Ok(outcome) => outcome,
            // It may have happened all the same.
            Err(()) if self.is_committed(&batch) => Ok(()),
            Err(()) => return self.isolate(batch),
        };
        match outcome {
            Ok(()) => {
                self.release(batch.last)?;
                self.committed(&batch, began);
                self.clear_suspects(batch.last);
                self.recycle(batch);
                Ok(())
            }
            Err(DrainError::Files(error)) if error.is_of_rows() => {
                tracing::error!(%error, "rows can't be written");
                self.isolate(batch)
            }
            Err(DrainError::Files(_)) if self.is_poisoned() => Err(DrainError::Poisoned),
            Err(DrainError::Files(error)) if !is_final(&error) => {
                tracing::warn!(%error, pause = ?self.retry_pause, "a commit failed and is tried again");
                self.frozen = Some(batch);
                self.retry_at = Some(self.clock.monotonic() + self.retry_pause);
                self.retry_pause = (self.retry_pause * 2).min(RETRY_AFTER[1]);
                self.context.tally.commit_failures.fetch_add(1, Ordering::Relaxed);
                self.progress.send_modify(|progress| {
                    progress.failures += 1;
                    progress.trouble = Some(error.to_string());
                });
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// `events` and `rejects` are the rows that stay fresh.
    fn commit(&self, batch: &mut Batch, events: Vec<RecordBatch>, rejects: Vec<RecordBatch>) -> Result<(), DrainError> {
        batch.protect();
        let store = &self.store;
        let txn = Txn { app: APP, version: version_of(batch) };
        if !batch.rejects.is_empty() && !batch.rejects_committed {
            let files = batch.rejects.write(&store.rejects).map_err(FilesError::from)?;
            self.pass(DrainStep::RejectsWritten)?;
            let committed = self.runtime.block_on(store.rejects.commit(txn, files, rejects));
            note(committed.map_err(FilesError::from)?, "rejects");
            batch.rejects_committed = true;
            self.pass(DrainStep::RejectsCommitted)?;
        }
        let today = day_of(self.clock.now_micros());
        let mut files = DatedFiles::new(&store.events, &self.context.scheme, Dates::of(batch.blocks(), today), 1);
        for block in batch.blocks() {
            self.context.touch(Touched::Rows(block));
            files.push(block)?;
        }
        let files = files.finish()?;
        self.pass(DrainStep::EventsWritten)?;
        let committed = self.runtime.block_on(store.events.commit(txn, files, events));
        note(committed.map_err(FilesError::from)?, "events");
        self.pass(DrainStep::EventsCommitted)
    }

    /// Whether both tables have the batch, by what their logs say now.
    fn is_committed(&self, batch: &Batch) -> bool {
        let store = &self.store;
        let has = |table: &Dataset| {
            let read = guarded(|| self.runtime.block_on(table.refresh()));
            matches!(read, Ok(Ok(()))) && table.watermark(APP).is_some_and(|mark| mark >= version_of(batch))
        };
        (batch.rejects.is_empty() || batch.rejects_committed || has(&store.rejects)) && has(&store.events)
    }

    fn is_poisoned(&self) -> bool {
        let store = &self.store;
        store.events.is_poisoned() || store.rejects.is_poisoned()
    }

    fn committed(&mut self, batch: &Batch, began: Duration) {
        self.retry_at = None;
        self.retry_pause = RETRY_AFTER[0];
        let tally = &self.context.tally;
        let took = u64::try_from(self.since(began).as_micros()).unwrap_or(u64::MAX);
        tally.last_commit_took_micros.store(took, Ordering::Relaxed);
        tally.last_commit_micros.store(self.clock.now_micros(), Ordering::Relaxed);
        tally.commits.fetch_add(1, Ordering::Relaxed);
        self.progress.send_modify(|progress| {
            progress.committed = batch.last;
            progress.trouble = None;
        });
    }

    fn recycle(&mut self, batch: Batch) {
        let Batch { full, open, .. } = batch;
        for mut block in full.into_iter().map(|(block, _)| block).chain([open]) {
            if self.decoder.spare.len() < SPARE_BLOCKS_MAX {
                block.clear();
                self.decoder.spare.push(block);
            }
        }
    }

    /// Both tables hold everything up to the last commit: what the journal has of it may
    /// go. What can't be deleted now is tried again with the next commit.
    fn release(&self, through: u64) -> Result<(), DrainError> {
        if let Err(error) = self.log.release(Sequence(through)) {
            tracing::warn!(%error, "drained journal segments could not be deleted");
        }
        self.pass(DrainStep::Released)
    }
}

fn version_of(batch: &Batch) -> i64 {
    i64::try_from(batch.last).expect("a journal ends long before 2^63 records")
}

/// A commit that was there already is the one whose answer was lost.
fn note(committed: Committed, table: &str) {
    if committed == Committed::Already {
        tracing::info!(table, "a commit had happened although its answer was lost");
    }
}

/// Trying again can't help: somebody else commits in our name.
fn is_final(error: &FilesError) -> bool {
    matches!(error, FilesError::Store(StoreError::AnotherWriter { .. }))
}
