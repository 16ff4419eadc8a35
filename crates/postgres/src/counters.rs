//! What has happened on the port, for `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start, and connections now.
#[derive(Debug, Default)]
pub struct PortCounters {
    open: AtomicU64,
    opened: AtomicU64,
    refused: AtomicU64,
    logins_refused: AtomicU64,
    statements: AtomicU64,
    failures: AtomicU64,
}

/// The place of a connection that is logged in: free when it is dropped.
pub(crate) struct Slot(Arc<PortCounters>);

impl Slot {
    /// One of so many, if one is free.
    pub(crate) fn of(counters: &Arc<PortCounters>, max: usize) -> Option<Slot> {
        counters.try_open(max).then(|| Slot(Arc::clone(counters)))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortCounts {
    /// Connections now that are logged in.
    pub open: u64,
    /// Connections since the start that were logged in.
    pub opened: u64,
    /// Connections that were one too many.
    pub refused: u64,
    /// Logins that were refused.
    pub logins_refused: u64,
    /// Statements that workers ran.
    pub statements: u64,
    /// Those of them that gave an error.
    pub failures: u64,
}

impl PortCounters {
    /// The counts now.
    pub fn counts(&self) -> PortCounts {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        PortCounts {
            open: get(&self.open),
            opened: get(&self.opened),
            refused: get(&self.refused),
            logins_refused: get(&self.logins_refused),
            statements: get(&self.statements),
            failures: get(&self.failures),
        }
    }

    /// Counts a connection in, if there is room for it.
    fn try_open(&self, max: usize) -> bool {
        let more = |open: u64| (open < max as u64).then_some(open + 1);
        let is_open = self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        let count = if is_open { &self.opened } else { &self.refused };
        count.fetch_add(1, Ordering::Relaxed);
        is_open
    }

    fn close(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn login_refused(&self) {
        self.logins_refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn ran(&self, is_ok: bool) {
        self.statements.fetch_add(1, Ordering::Relaxed);
        if !is_ok {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }
}
