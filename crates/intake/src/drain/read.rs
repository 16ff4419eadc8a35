//! Records from the log into the open batch.

use std::sync::atomic::Ordering;

use journal::Sequence;

use super::fault::{Fault, guarded};
use super::{Drain, DrainError, ROUND_BYTES_MAX};

impl Drain {
    /// Decodes records until the journal's end, the round's bound or a full batch.
    pub(super) fn read(&mut self) -> Result<bool, DrainError> {
        let mut bytes = 0;
        if let Some(after) = self.read_after {
            self.reader = self.log.reader(Sequence(after))?;
            self.read_after = None;
        }
        loop {
            if self.is_full() || bytes >= ROUND_BYTES_MAX {
                return Ok(true);
            }
            let (sequence, record) = match self.reader.next() {
                Ok(Some(next)) => next,
                Ok(None) => {
                    self.pass_over_lost();
                    return Ok(false);
                }
                // Too many open files: that passes, and the next round looks again.
                Err(error) if error.is_transient() => {
                    if !std::mem::replace(&mut self.unread, true) {
                        tracing::warn!(%error, "the journal can't be read at the moment; it is tried again");
                    }
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            };
            self.unread = false;
            let (sequence, length) = (sequence.0, record.len() as u64);
            if !self.quarantine.holds(sequence) {
                let Drain { decoder, current, .. } = self;
                let decoded = guarded(|| decoder.decode(sequence, record, current));
                if let Err(fault) = decoded.map_or(Err(Fault::Panic), |decoded| decoded.map_err(Fault::Record)) {
                    let record = record.to_vec();
                    let kept = self.put_in_quarantine(sequence, fault.reason(), &record);
                    if kept.is_err() || matches!(fault, Fault::Panic) {
                        // What it left behind can't be distinguished from what was there before.
                        self.rewind(Vec::new(), self.current.after);
                        return kept.map(|()| true);
                    }
                } else {
                    self.current.records += 1;
                    self.current.only = sequence;
                }
            }
            bytes += length;
            self.current.last = sequence;
            self.current.bytes += length;
            self.begin_to_wait();
            self.unshown = true;
            if sequence > self.recovered.max(self.counted) {
                self.counted = sequence;
                self.context.tally.drained_bytes.fetch_add(length, Ordering::Release);
            }
        }
    }

    /// At the end of what the journal held at the start: numbers that follow, up to where
    /// new records begin, are of records that it has lost.
    fn pass_over_lost(&mut self) {
        if self.current.last < self.recovered {
            self.current.last = self.recovered;
            self.unshown = true;
            // So that a commit takes the watermark there.
            self.begin_to_wait();
        }
    }

    /// From its first record on a batch waits for its commit.
    fn begin_to_wait(&mut self) {
        let Drain { current, clock, .. } = self;
        current.since.get_or_insert_with(|| clock.monotonic());
    }
}
