//! What the journal counts of itself, for [`LogStatus`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::log::{LogHealth, LogStatus};

#[derive(Default)]
pub(crate) struct Counters {
    appended: AtomicU64,
    syncs: AtomicU64,
    last_sync_us: AtomicU64,
    poison_cause: OnceLock<String>,
    /// Why no segment could be begun when one was last needed.
    block_cause: Mutex<Option<String>>,
}

impl Counters {
    pub(crate) fn synced(&self, took: Duration, records: usize) {
        self.appended.fetch_add(records as u64, Ordering::Relaxed);
        self.syncs.fetch_add(1, Ordering::Relaxed);
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.last_sync_us.store(us, Ordering::Relaxed);
    }

    /// Keeps the first cause.
    pub(crate) fn poison(&self, cause: String) {
        let _ = self.poison_cause.set(cause);
    }

    /// Keeps why a segment can't be begun.
    pub(crate) fn block(&self, cause: String) {
        *self.block_cause.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
    }

    /// A segment could be begun.
    pub(crate) fn unblock(&self) {
        *self.block_cause.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.block_cause.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The part of the status that is kept here; `is_full` is what was seen of the disk.
    pub(crate) fn status(&self, is_full: bool) -> LogStatus {
        let health = match (self.poison_cause.get(), is_full) {
            (Some(cause), _) => LogHealth::Poisoned { cause: cause.clone() },
            (None, true) => LogHealth::Full,
            (None, false) => match self.block_cause.lock().unwrap_or_else(PoisonError::into_inner).clone() {
                Some(cause) => LogHealth::Blocked { cause },
                None => LogHealth::Writable,
            },
        };
        LogStatus {
            health,
            appended: self.appended.load(Ordering::Relaxed),
            syncs: self.syncs.load(Ordering::Relaxed),
            last_sync_us: self.last_sync_us.load(Ordering::Relaxed),
            ..LogStatus::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_that_is_known_is_reported() {
        let counters = Counters::default();
        let check = |is_full: bool, expect: LogHealth| assert_eq!(counters.status(is_full).health, expect);
        check(false, LogHealth::Writable);
        counters.block("no file".to_owned());
        check(false, LogHealth::Blocked { cause: "no file".to_owned() });
        check(true, LogHealth::Full);
        counters.unblock();
        check(false, LogHealth::Writable);
        counters.poison("first".to_owned());
        counters.poison("second".to_owned());
        check(true, LogHealth::Poisoned { cause: "first".to_owned() });
    }
}
