//! What has become of the workers, for `/metrics` and `/readyz`.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndCause {
    /// The query wanted more memory than it may have.
    Memory,
    /// The query recursed too deeply.
    Stack,
    /// The query's time was over.
    Time,
    /// Nobody waited for the answer any more.
    Unwanted,
    /// It had grown, and was replaced between two queries.
    Spent,
    /// Something else ended it.
    Other,
}

impl EndCause {
    const ALL: [(EndCause, &'static str); 6] = [
        (EndCause::Memory, "memory"),
        (EndCause::Stack, "stack"),
        (EndCause::Time, "time"),
        (EndCause::Unwanted, "unwanted"),
        (EndCause::Spent, "spent"),
        (EndCause::Other, "other"),
    ];
}

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    started: AtomicU64,
    start_failures: AtomicU64,
    ended: [AtomicU64; EndCause::ALL.len()],
    /// Failures to start one behind each other.
    failing: AtomicU64,
}

/// Counts of a pool's workers since the start.
#[derive(Clone, Debug, Default)]
pub struct WorkerCounts {
    /// Processes started.
    pub started: u64,
    /// Attempts to start one that failed.
    pub start_failures: u64,
    /// Processes that ended, by cause.
    pub ended: Vec<(&'static str, u64)>,
    /// True if the last attempts to start one failed: queries can't be run now.
    pub is_failing: bool,
}

impl Stats {
    pub(crate) fn started(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
        self.failing.store(0, Ordering::Relaxed);
    }

    /// How many there are behind each other now.
    pub(crate) fn start_failed(&self) -> u64 {
        self.start_failures.fetch_add(1, Ordering::Relaxed);
        self.failing.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn ended(&self, why: EndCause) {
        if let Some(at) = EndCause::ALL.iter().position(|(cause, _)| *cause == why) {
            self.ended[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn counts(&self) -> WorkerCounts {
        let ended = EndCause::ALL.iter().zip(&self.ended);
        WorkerCounts {
            started: self.started.load(Ordering::Relaxed),
            start_failures: self.start_failures.load(Ordering::Relaxed),
            ended: ended.map(|((_, name), count)| (*name, count.load(Ordering::Relaxed))).collect(),
            is_failing: self.failing.load(Ordering::Relaxed) > 0,
        }
    }
}
