//! Receipts: what became of an event id. They are given after everything durable is
//! drained, so that a sender that got its answer finds its event.

use table::{EventDays, FoundEvent, RejectKinds};

use super::Intake;
use super::outcome::Receipt;
use crate::error::IntakeError;

/// Rows of `rejects` that a receipt lists; the others are counted.
const REJECTS_LISTED_MAX: usize = 100;

impl Intake {
    /// What became of an event id.
    pub async fn receipt(&self, id: &str) -> Result<Receipt, IntakeError> {
        self.settle().await?;
        let store = self.store();
        let (known, missing) = {
            let context = self.context();
            let index = context.index();
            (index.day(context.scheme.keys.id(id)), index.missing().max())
        };
        let event = match known {
            // A row of an early version may have a time that the index can't hold.
            Some(day) => match store.find_event(id, EventDays::On(day)).await? {
                None => store.find_event(id, EventDays::Any).await?,
                found => found,
            },
            None => match missing {
                Some(last) => store.find_event(id, EventDays::UpTo(last)).await?,
                None => None,
            },
        };
        let kinds = if event.is_some() { RejectKinds::NoDuplicates } else { RejectKinds::All };
        let (counts, rows) = store.rejects_under(id, kinds, REJECTS_LISTED_MAX).await?;
        let count = counts.others + if event.is_some() { 0 } else { counts.duplicates };
        let more = count.saturating_sub(rows.len() as u64);
        let id = id.to_owned();
        Ok(match event {
            Some(FoundEvent { time, received_at }) => {
                Receipt::Stored { id, time, received_at, duplicates: counts.duplicates, rejected: rows, more }
            }
            None if rows.is_empty() => Receipt::Unknown,
            None => Receipt::Rejected { id, rows, more },
        })
    }
}
