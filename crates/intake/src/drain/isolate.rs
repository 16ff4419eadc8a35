//! When something in a batch can't be decoded, shown or committed, and trying again won't
//! help: the batch is forgotten and read once more from the journal, in halves, until the
//! record that is to blame stands alone. That one is set aside; all others are committed.
//!
//! Forgetting is complete: the rows, and what the index of known events learnt with them.
//! The journal still has every record, since it is released only after a commit, and the
//! same records give the same rows. Commits of parts carry their own last sequence, so
//! that the watermark moves as it always does.
//!
//! What may pass by itself (a full disk, a table that somebody else changes) is no reason
//! to come here: it is tried again with the same batch.

use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use journal::Sequence;
use table::{EncodeError, EncodeOptions, Encoder, FileEncoder};

use super::batch::Batch;
use super::decode::Decoder;
use super::{Drain, Halt, Shared, Touched};
use crate::aside::AsideReason;
use crate::dedupe::IdHash;
use crate::files::FilesError;
use crate::record::RecordError;

/// Records up to this one are read in small batches, since one of them is to blame.
pub(super) struct Suspects {
    pub(super) until: u64,
    /// Most records of a batch meanwhile.
    pub(super) records_max: u64,
}

/// Why one record did not become rows.
pub(super) enum Fault {
    Record(RecordError),
    Panic,
}

impl Fault {
    pub(super) fn reason(&self) -> AsideReason {
        match self {
            Fault::Record(RecordError::Version(_)) => AsideReason::Version,
            Fault::Record(RecordError::Form) => AsideReason::Form,
            Fault::Panic => AsideReason::Panic,
        }
    }
}

/// Runs `work`; a panic in it is told, and what it touched must not be used again. The
/// panic's own message goes nowhere: it can repeat a value.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, ()> {
    catch_unwind(AssertUnwindSafe(work)).map_err(drop)
}

/// Whether the rows themselves are why a file can't be written.
pub(super) fn is_of_rows(error: &FilesError) -> bool {
    match error {
        FilesError::Encode(EncodeError::Write(_)) => false,
        FilesError::Encode(_) => true,
        FilesError::Store(_) | FilesError::Thread(_) => false,
    }
}

impl Drain {
    /// Keeps a record out of the tables, durably, and says so.
    pub(super) fn set_aside(&self, sequence: u64, reason: AsideReason, record: &[u8]) -> Result<(), Halt> {
        let at_micros = self.shared.clock.now_micros();
        self.shared.aside.put(sequence, reason, at_micros, record)?;
        tracing::error!(
            sequence,
            reason = reason.as_str(),
            bytes = record.len(),
            "a journal record is set aside in journal/quarantine, since {reason}; the rest goes on"
        );
        Ok(())
    }

    /// A batch can't be committed or shown, whatever is tried. Sets its record aside if it
    /// has only one; otherwise it will be read again in halves.
    pub(super) fn isolate(&mut self, batch: Batch) -> Result<(), Halt> {
        let after = batch.after;
        let outcome = match batch.records {
            0 => Err(Halt::Empty),
            1 => self.set_aside_from_journal(batch.only),
            records => {
                let until = self.suspects.as_ref().map_or(batch.last, |suspects| suspects.until.max(batch.last));
                tracing::warn!(records, after, until, "a batch can't be committed as a whole; it is tried in halves");
                self.suspects = Some(Suspects { until, records_max: records / 2 });
                Ok(())
            }
        };
        // Whatever came of it, its records are read again: nothing else holds them now.
        self.rewind(vec![batch], after);
        outcome
    }

    fn set_aside_from_journal(&self, sequence: u64) -> Result<(), Halt> {
        let mut reader = self.shared.log.reader(Sequence(sequence - 1))?;
        let Some((found, record)) = reader.next()? else { return Err(Halt::Empty) };
        debug_assert_eq!(found.0, sequence, "the journal keeps what isn't committed");
        let record = record.to_vec();
        self.set_aside(sequence, AsideReason::Rows, &record)
    }

    /// Forgets these batches and the current one, and reads on after `after`.
    pub(super) fn rewind(&mut self, mut batches: Vec<Batch>, after: u64) {
        // A checker that was left in the middle of an event, and blocks that may be torn,
        // go with their decoder.
        let committed = batches.iter().filter(|batch| batch.rejects_committed).map(|batch| batch.last);
        let mark = committed.chain([self.decoder.rejects_mark]).max().unwrap_or(0);
        self.decoder = Decoder::new(&self.shared, Some(self.runtime.clone()), mark);
        let block = self.decoder.block(&self.shared);
        batches.push(mem::replace(&mut self.current, Batch::new(block, after)));
        let admitted: Vec<_> = batches.iter().flat_map(|batch| batch.admitted.iter().copied()).collect();
        self.shared.dedupe.lock().unwrap_or_else(PoisonError::into_inner).forget(&admitted);
        let tally = &self.shared.tally;
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
        suspected || self.current.weight() >= self.shared.options.commit_bytes
    }

    /// Records up to this one are committed: less to suspect, and more of it at once.
    pub(super) fn clear_suspects(&mut self, committed: u64) {
        self.suspects = self.suspects.take().filter(|suspects| suspects.until > committed);
        if let Some(suspects) = &mut self.suspects {
            suspects.records_max = suspects.records_max.saturating_mul(2);
        }
    }

    /// Whether a batch of suspects waits for nothing more.
    pub(super) fn suspects_are_in(&self) -> bool {
        self.suspects.as_ref().is_some_and(|suspects| suspects.until <= self.current.last) || self.is_full()
    }
}

/// Makes rows of a record on the side, to see whether it can be done, and tells what the
/// index of known events has learnt from it, to be forgotten again.
pub(crate) fn trial(shared: &Shared, record: &[u8]) -> (Result<(), AsideReason>, Vec<IdHash>) {
    let mut batch = Batch::new(shared.stores.block(), 0);
    let outcome = match guarded(|| Decoder::new(shared, None, 0).decode(shared, 0, record, &mut batch)) {
        Err(()) => Err(AsideReason::Panic),
        Ok(Err(error)) => Err(Fault::Record(error).reason()),
        Ok(Ok(())) => match guarded(|| encode(shared, &batch)) {
            Ok(Ok(())) => Ok(()),
            _ => Err(AsideReason::Rows),
        },
    };
    shared.tally.duplicates.fetch_sub(batch.duplicates, Ordering::Relaxed);
    shared.tally.conflicts.fetch_sub(batch.conflicts, Ordering::Relaxed);
    (outcome, batch.admitted)
}

fn encode(shared: &Shared, batch: &Batch) -> Result<(), EncodeError> {
    for block in batch.blocks() {
        if let Some(tripwire) = &shared.options.tripwire {
            tripwire(Touched::Rows(block));
        }
        let encoder = Encoder::new(shared.stores.shape.clone(), EncodeOptions::default())?;
        let mut file = FileEncoder::new(encoder, io::sink())?;
        file.push(block)?;
        file.finish()?;
    }
    Ok(())
}
