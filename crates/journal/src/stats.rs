//! Numbers for an operator: how full the journal is and how the disk does. They count
//! bytes and records and hold nothing of either.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// A moment's numbers. See [`crate::Journal::stats`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Segment files, without the preallocated one.
    pub segments: usize,
    /// Size of those files in bytes, with their unused ends.
    pub disk_bytes: u64,
    /// Bytes that wait for their `fdatasync`.
    pub queue_bytes: usize,
    /// Records made durable since the journal was opened.
    pub appended: u64,
    /// `fdatasync` calls for records since then.
    pub fsyncs: u64,
    /// Duration of the last one in microseconds.
    pub last_fsync_us: u64,
    /// The disk has less than `disk_free_bytes_min` left; records are refused meanwhile.
    pub full: bool,
    /// The journal refuses everything until the process restarts.
    pub poisoned: bool,
    /// Which write or sync failed, when `poisoned`.
    pub poison_cause: Option<String>,
    /// Why no segment could be begun when one was last needed; records that needed it were
    /// refused as `Overloaded`.
    pub hindrance: Option<String>,
}

#[derive(Default)]
pub(crate) struct Counters {
    appended: AtomicU64,
    fsyncs: AtomicU64,
    last_fsync_us: AtomicU64,
    poison_cause: OnceLock<String>,
    hindrance: Mutex<Option<String>>,
}

impl Counters {
    pub(crate) fn synced(&self, took: Duration, records: usize) {
        self.appended.fetch_add(records as u64, Ordering::Relaxed);
        self.fsyncs.fetch_add(1, Ordering::Relaxed);
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.last_fsync_us.store(us, Ordering::Relaxed);
    }

    /// Keeps the first cause.
    pub(crate) fn poison(&self, cause: String) {
        let _ = self.poison_cause.set(cause);
    }

    /// Keeps why a segment can't be begun, until one could.
    pub(crate) fn hinder(&self, cause: Option<String>) {
        *self.hindrance.lock().unwrap_or_else(PoisonError::into_inner) = cause;
    }

    pub(crate) fn is_hindered(&self) -> bool {
        self.hindrance.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(crate) fn read(&self) -> Stats {
        Stats {
            appended: self.appended.load(Ordering::Relaxed),
            fsyncs: self.fsyncs.load(Ordering::Relaxed),
            last_fsync_us: self.last_fsync_us.load(Ordering::Relaxed),
            poisoned: self.poison_cause.get().is_some(),
            poison_cause: self.poison_cause.get().cloned(),
            hindrance: self.hindrance.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            ..Stats::default()
        }
    }
}
