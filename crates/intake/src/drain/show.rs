//! Drained rows for queries, before they are committed.

use arrow::array::RecordBatch;

use super::batch::Batch;
use super::fault::guarded;
use super::{Drain, DrainError, SHOWN_OPEN_ROWS_MAX};
use crate::hooks::DrainStep;
use crate::rows::files::FilesError;

impl Drain {
    /// Makes all drained rows visible to queries.
    pub(super) fn show(&mut self) -> Result<(), DrainError> {
        if self.current.open.rows() >= SHOWN_OPEN_ROWS_MAX {
            let next = self.decoder.block();
            self.current.close_block(next);
        }
        let Some((events, rejects)) = self.fresh()? else {
            // Shown by the next round, without what can't be.
            self.asked = true;
            return Ok(());
        };
        let store = &self.store;
        store.events.set_fresh(events).and_then(|()| store.rejects.set_fresh(rejects)).map_err(FilesError::from)?;
        self.unshown = false;
        self.shown_at = Some(self.clock.monotonic());
        let shown = self.current.last;
        self.progress.send_modify(|progress| progress.shown = shown);
        self.pass(DrainStep::Shown)
    }

    /// All drained rows in their form for queries. `None` when there is a batch that has
    /// none: it was forgotten, to be read again in parts.
    pub(super) fn fresh(&mut self) -> Result<Option<(Vec<RecordBatch>, Vec<RecordBatch>)>, DrainError> {
        let (mut events, mut rejects) = (Vec::new(), Vec::new());
        let touch_hook = self.context.touch_hook.as_ref();
        let of_batch = |batch: &mut Batch, events: &mut Vec<RecordBatch>, rejects: &mut Vec<RecordBatch>| {
            events.append(&mut batch.fresh_events(touch_hook));
            // Committed rejects are seen in their table while their events still wait.
            if !batch.rejects_committed {
                rejects.append(&mut batch.fresh_rejects());
            }
        };
        if let Some(frozen) = &mut self.frozen
            && guarded(|| of_batch(frozen, &mut events, &mut rejects)).is_err()
        {
            let frozen = self.frozen.take().ok_or(DrainError::Empty)?;
            self.isolate(frozen)?;
            return Ok(None);
        }
        if guarded(|| of_batch(&mut self.current, &mut events, &mut rejects)).is_err() {
            let block = self.decoder.block();
            let after = self.current.last;
            let current = std::mem::replace(&mut self.current, Batch::new(block, after));
            self.isolate(current)?;
            return Ok(None);
        }
        Ok(Some((events, rejects)))
    }
}
