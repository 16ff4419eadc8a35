//! Records that were set aside, looked at and tried again.
//!
//! A record comes back as a new record of the journal, byte for byte: its events get the
//! ids they would have had, so that one that is in the tables already is a duplicate. It
//! is tried on the side first, and is taken from the quarantine only when its rows are
//! committed: a crash in between leaves both, and the next retry finds duplicates.

use std::sync::PoisonError;

use bytes::Bytes;

use crate::aside::{AsideReason, AsideRecord};
use crate::drain::trial;
use crate::error::IntakeError;
use crate::intake::Intake;

/// What became of a record that was tried again.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// Its events are in the tables, or in `rejects`; it is set aside no more.
    Stored,
    /// It still can't become rows; nothing changed.
    Still(AsideReason),
}

impl Intake {
    /// The records that are set aside, in the journal's order.
    pub fn quarantined(&self) -> Vec<AsideRecord> {
        self.shared().aside.all()
    }

    /// Takes a record in again that was set aside.
    ///
    /// # Errors
    /// There is no such record, or it can't be read, or nothing can be stored now.
    pub async fn quarantine_retry(&self, sequence: u64) -> Result<Replayed, IntakeError> {
        self.settle().await?;
        let shared = self.shared();
        let record = shared.aside.read(sequence)?;
        let (tried, admitted) = trial(shared, &record);
        shared.dedupe.lock().unwrap_or_else(PoisonError::into_inner).forget(&admitted);
        if let Err(reason) = tried {
            return Ok(Replayed::Still(reason));
        }
        let before = shared.aside.totals().0;
        self.inner.append(record, Bytes::new()).await?;
        self.flush().await?;
        // Should it be set aside once more, that file has it.
        let is_stored = shared.aside.totals().0 == before;
        shared.aside.remove(sequence)?;
        Ok(if is_stored { Replayed::Stored } else { Replayed::Still(AsideReason::Rows) })
    }

    /// What is to be said while records are set aside.
    pub(crate) fn quarantine_said(&self) -> Option<String> {
        let (records, bytes) = self.shared().aside.totals();
        let requests = if records == 1 { "request" } else { "requests" };
        (records > 0).then(|| {
            format!(
                "{records} acknowledged {requests} ({bytes} bytes) can't be stored and are set aside in \
                 journal/quarantine; see `frontdesk quarantine list`"
            )
        })
    }
}
