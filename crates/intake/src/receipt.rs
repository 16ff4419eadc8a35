//! Receipts: what became of an event id. They are given after everything durable is
//! drained, so that a sender that got its answer finds its event.

use std::sync::PoisonError;

use crate::answer::Receipt;
use crate::error::IntakeError;
use crate::intake::Intake;
use crate::lookup::{self, Days};

impl Intake {
    /// What became of an event id.
    pub async fn receipt(&self, id: &str) -> Result<Receipt, IntakeError> {
        self.settle().await?;
        let stores = &self.shared().stores;
        let (known, missing) = {
            let index = self.shared().dedupe.lock().unwrap_or_else(PoisonError::into_inner);
            (index.day(stores.keys.id(id)), index.missing().max())
        };
        let events = &stores.store.events;
        let event = match known {
            // A row of an early version may have a time that the index can't hold.
            Some(day) => match lookup::event(events, id, Days::On(day)).await? {
                None => lookup::event(events, id, Days::Any).await?,
                found => found,
            },
            None => match missing {
                Some(last) => lookup::event(events, id, Days::UpTo(last)).await?,
                None => None,
            },
        };
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
