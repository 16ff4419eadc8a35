//! When something in a batch can't be decoded, shown or committed, and trying again won't
//! help: the batch is forgotten and read once more from the journal, in halves, until the
//! record that is to blame stands alone. That one goes to quarantine; all others are committed.
//!
//! Forgetting is complete: the rows, and what the index of known events learnt with them.
//! The journal still has every record, since it is released only after a commit, and the
//! same records give the same rows. Commits of parts carry their own last sequence, so
//! that the watermark moves as it always does.
//!
//! What may pass by itself (a full disk, a table that somebody else changes) is no reason
//! to come here: it is tried again with the same batch.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use journal::Sequence;

use super::batch::Batch;
use super::decode::Decoder;
use super::look_ahead::LookAhead;
use super::quarantine::QuarantineReason;
use super::suspects::Suspects;
use super::{Drain, DrainError};

impl Drain {
    /// Keeps a record out of the tables, durably, and says so.
    pub(super) fn put_in_quarantine(
        &self,
        sequence: u64,
        reason: QuarantineReason,
        record: &[u8],
    ) -> Result<(), DrainError> {
        let at_micros = self.clock.now_micros();
        self.quarantine.put(sequence, reason, at_micros, record)?;
        tracing::error!(
            sequence,
            reason = reason.as_str(),
            bytes = record.len(),
            "a journal record is set aside in journal/quarantine, since {reason}; the rest goes on"
        );
        Ok(())
    }

    /// A batch can't be committed or shown, whatever is tried. Quarantines its record if it
    /// has only one; otherwise it will be read again in halves.
    pub(super) fn isolate(&mut self, batch: Batch) -> Result<(), DrainError> {
        let after = batch.after;
        let outcome = match batch.records {
            0 => Err(DrainError::Empty),
            1 => self.quarantine_from_log(batch.only),
            records => {
                let suspects = Suspects::of_failed(self.suspects, records, batch.last);
                let until = suspects.until;
                tracing::warn!(records, after, until, "a batch can't be committed as a whole; it is tried in halves");
                self.suspects = Some(suspects);
                Ok(())
            }
        };
        // Whatever came of it, its records are read again: nothing else holds them now.
        self.rewind(vec![batch], after);
        outcome
    }

    fn quarantine_from_log(&self, sequence: u64) -> Result<(), DrainError> {
        let mut reader = self.log.reader(Sequence(sequence - 1))?;
        let Some((found, record)) = reader.next()? else { return Err(DrainError::Empty) };
        debug_assert_eq!(found.0, sequence, "the journal keeps what isn't committed");
        let record = record.to_vec();
        self.put_in_quarantine(sequence, QuarantineReason::Rows, &record)
    }

    /// Forgets these batches and the current one, and reads on after `after`.
    pub(super) fn rewind(&mut self, mut batches: Vec<Batch>, after: u64) {
        // A checker that was left in the middle of an event, and blocks that may be torn,
        // go with their decoder.
        let committed = batches.iter().filter(|batch| batch.rejects_committed).map(|batch| batch.last);
        let mark = committed.chain([self.decoder.rejects_mark]).max().unwrap_or(0);
        let runtime = self.runtime.clone();
        let look_ahead = LookAhead { log: Arc::clone(&self.log), store: self.store.clone(), runtime };
        self.decoder = Decoder::new(Arc::clone(&self.context), Some(look_ahead), mark);
        let block = self.decoder.block();
        batches.push(mem::replace(&mut self.current, Batch::new(block, after)));
        let admitted: Vec<_> = batches.iter().flat_map(|batch| batch.admitted.iter().copied()).collect();
        self.context.index().forget(&admitted);
        let tally = &self.context.tally;
        for batch in &batches {
            tally.duplicates.fetch_sub(batch.duplicates, Ordering::Relaxed);
            tally.conflicts.fetch_sub(batch.conflicts, Ordering::Relaxed);
        }
        self.read_after = Some(after);
        self.unshown = true;
        self.progress.send_modify(|progress| {
            progress.drained = progress.drained.min(after);
            progress.shown = progress.shown.min(after);
        });
    }

    /// Nothing more goes into the batch: it has what a commit may have.
    pub(super) fn is_full(&self) -> bool {
        let suspected = self.suspects.as_ref().is_some_and(|suspects| self.current.records >= suspects.records_max);
        suspected || self.current.weight() >= self.timing.commit_bytes
    }

    /// Records up to this one are committed: less to suspect, and more of it at once.
    pub(super) fn clear_suspects(&mut self, committed: u64) {
        self.suspects = self.suspects.and_then(|suspects| suspects.after_commit(committed));
    }

    /// Whether a batch of suspects waits for nothing more.
    pub(super) fn suspects_are_in(&self) -> bool {
        self.suspects.as_ref().is_some_and(|suspects| suspects.until <= self.current.last) || self.is_full()
    }
}
