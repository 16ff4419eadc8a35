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
        let rejects = &stores.store.rejects;
        let counts = lookup::count_rejects_of(rejects, id).await?;
        let told = if event.is_some() { counts.others } else { counts.others + counts.duplicates };
        let rows = match told {
            0 => Vec::new(),
            _ => lookup::rejects_of(rejects, id, event.is_some()).await?,
        };
        let more = told.saturating_sub(rows.len() as u64);
        let id = id.to_owned();
        Ok(match event {
            Some(lookup::FoundEvent { time, received_at }) => {
                Receipt::Stored { id, time, received_at, duplicates: counts.duplicates, rejected: rows, more }
            }
            None if rows.is_empty() => Receipt::Unknown,
            None => Receipt::Rejected { id, rows, more },
        })
    }
}
