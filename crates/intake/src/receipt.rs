//! Receipts: what became of an event id. They are given after everything durable is
//! drained, so that a sender that got its answer finds its event.

use std::sync::PoisonError;

use crate::answer::Receipt;
use crate::error::IntakeError;
use crate::intake::Intake;
use crate::lookup;

impl Intake {
    /// What became of an event id.
    pub async fn receipt(&self, id: &str) -> Result<Receipt, IntakeError> {
        self.settle().await?;
        let stores = &self.shared().stores;
        let known = {
            let index = self.shared().dedupe.lock().unwrap_or_else(PoisonError::into_inner);
            index.day(stores.ids.hash(id))
        };
        let mut event = match known {
            Some(day) => lookup::event(&stores.store.events, id, Some(day)).await?,
            None => None,
        };
        if event.is_none() {
            // Forgotten by the index, or remembered under a day that is not its own.
            event = lookup::event(&stores.store.events, id, None).await?;
        }
        let mut rows = lookup::rejects_of(&stores.store.rejects, id).await?;
        let id = id.to_owned();
        Ok(match event {
            Some(event) => {
                let all = rows.len();
                rows.retain(|row| row.kind != "duplicate");
                let duplicates = (all - rows.len()) as u64;
                let lookup::FoundEvent { time, received_at } = event;
                Receipt::Stored { id, time, received_at, duplicates, rejected: rows }
            }
            None if rows.is_empty() => Receipt::Unknown,
            None => Receipt::Rejected { id, rows },
        })
    }
}
