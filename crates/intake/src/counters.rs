//! Counting: what came in and what became of it, since the start of the process.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What the pipeline counts. Numbers start at zero with the process.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Events accepted and durable.
    pub accepted: u64,
    /// Events rejected and durable, by the keyword of their first violation.
    pub rejected: BTreeMap<String, u64>,
    /// Events that were known with the same content.
    pub duplicates: u64,
    /// Events that were known with other content.
    pub conflicts: u64,
    /// Records that are durable and not drained.
    pub lag_records: u64,
    /// Their bytes.
    pub lag_bytes: u64,
    /// Records that are durable and not committed to the tables.
    pub uncommitted_records: u64,
    /// When the last commit ended, in microseconds since 1970-01-01T00:00:00Z.
    pub last_commit_micros: Option<i64>,
    /// How long the last commit took, in microseconds.
    pub last_commit_took_micros: u64,
    /// Commits since the start.
    pub commits: u64,
    /// Commits that failed since the start; each is tried again.
    pub commit_failures: u64,
    /// How the journal is, and what it counts.
    pub journal: journal::LogStatus,
    /// Records that are set aside, since they can't become rows.
    pub quarantined_records: u64,
    /// Their bytes.
    pub quarantined_bytes: u64,
    /// Acknowledged requests that the journal was found to have lost when it was opened.
    pub journal_records_lost: u64,
    /// Data files of the tables that can't be read and are left out.
    pub damaged_files: u64,
    /// True when requests are taken in.
    pub ready: bool,
    /// True after a failed write to the journal: only a restart helps.
    pub poisoned: bool,
    /// True once no more requests are taken because the pipeline was closed.
    pub closed: bool,
    /// Why storing stopped or fails at the moment.
    pub trouble: Option<String>,
}

/// The counters that are counted as things happen.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) accepted: AtomicU64,
    rejected: Mutex<BTreeMap<String, u64>>,
    pub(crate) duplicates: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    /// Bytes handed to the journal, and bytes of those drained: the difference is the
    /// backlog. Records from before the start count in neither.
    pub(crate) admitted_bytes: AtomicU64,
    pub(crate) drained_bytes: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) commit_failures: AtomicU64,
    pub(crate) last_commit_micros: AtomicI64,
    pub(crate) last_commit_took_micros: AtomicU64,
}

impl Tally {
    /// Counts answers that are about to be given: the rejected ones by keyword, of so many
    /// events.
    pub(crate) fn answered(&self, rejected: &BTreeMap<String, u64>, events: usize) {
        let mut accepted = events as u64;
        if !rejected.is_empty() {
            let mut sums = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
            for (keyword, count) in rejected {
                accepted -= count;
                match sums.get_mut(keyword) {
                    Some(sum) => *sum += count,
                    None => drop(sums.insert(keyword.clone(), *count)),
                }
            }
        }
        self.accepted.fetch_add(accepted, Ordering::Relaxed);
    }

    pub(crate) fn backlog_bytes(&self) -> u64 {
        // Read in this order the difference is never below zero by more than a race.
        let drained = self.drained_bytes.load(Ordering::Acquire);
        self.admitted_bytes.load(Ordering::Acquire).saturating_sub(drained)
    }

    /// The part of the counters that is kept here.
    pub(crate) fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let commits = read(&self.commits);
        Counters {
            accepted: read(&self.accepted),
            rejected: self.rejected.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            duplicates: read(&self.duplicates),
            conflicts: read(&self.conflicts),
            lag_bytes: self.backlog_bytes(),
            commits,
            commit_failures: read(&self.commit_failures),
            last_commit_micros: (commits > 0).then(|| self.last_commit_micros.load(Ordering::Relaxed)),
            last_commit_took_micros: read(&self.last_commit_took_micros),
            ..Counters::default()
        }
    }
}
