//! Records in quarantine, looked at and tried again.
//!
//! A record comes back as a new record of the journal, byte for byte: its events get the
//! ids they would have had, so that one that is in the tables already is a duplicate. It
//! is tried on the side first, and is taken from the quarantine only when its rows are
//! committed: a crash in between leaves both, and the next retry finds duplicates.

use bytes::Bytes;

use super::Intake;
use crate::drain::quarantine::{QuarantineReason, QuarantinedRecord};
use crate::drain::trial;
use crate::error::IntakeError;

/// What became of a record that was tried again.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// Its events are in the tables, or in `rejects`; it is set aside no more.
    Stored,
    /// It still can't become rows; nothing changed.
    Still(QuarantineReason),
}

impl Intake {
    /// The records that are set aside, in the journal's order.
    pub fn quarantined(&self) -> Vec<QuarantinedRecord> {
        self.inner.quarantine.all()
    }

    /// Takes a record in again that was set aside.
    ///
    /// # Errors
    /// There is no such record, or it can't be read, or nothing can be stored now.
    pub async fn quarantine_retry(&self, sequence: u64) -> Result<Replayed, IntakeError> {
        self.settle().await?;
        let quarantine = &self.inner.quarantine;
        let record = quarantine.read(sequence)?;
        if let Err(reason) = trial(&self.context(), &record) {
            return Ok(Replayed::Still(reason));
        }
        let before = quarantine.totals().0;
        self.inner.admit.append(record, Bytes::new()).await?;
        self.flush().await?;
        // Should it be set aside once more, that file has it.
        let is_stored = quarantine.totals().0 == before;
        quarantine.remove(sequence)?;
        Ok(if is_stored { Replayed::Stored } else { Replayed::Still(QuarantineReason::Rows) })
    }

    /// What is to be said while records are set aside.
    pub(crate) fn quarantine_said(&self) -> Option<String> {
        let (records, bytes) = self.inner.quarantine.totals();
        let requests = if records == 1 { "request" } else { "requests" };
        (records > 0).then(|| {
            format!(
                "{records} acknowledged {requests} ({bytes} bytes) can't be stored and are set aside in \
                 journal/quarantine; see `frontdesk quarantine list`"
            )
        })
    }
}
