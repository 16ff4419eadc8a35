//! What is durable: the segments that exist and how far each may be read.
//!
//! The writer moves the end forward after each `fdatasync`; readers never look behind
//! it, so they see no byte that a power cut could take back. Entries are in order and
//! the newest is never released: its name carries the sequence to go on with.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::disk::{Disk, DiskFile};
use crate::segment::{self, Segment};

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) segment: Arc<Segment>,
    /// Last durable sequence in it; `previous_last` while it is empty.
    pub(crate) last: u64,
    /// Offset behind the last durable frame.
    pub(crate) end: u64,
    /// Size of the file, with what is preallocated.
    pub(crate) file_bytes: u64,
}

impl Entry {
    pub(crate) fn empty(segment: Arc<Segment>, file_bytes: u64) -> Self {
        let last = segment.previous_last;
        Entry { segment, last, end: segment::HEADER_BYTES, file_bytes }
    }
}

/// Where the record after a given sequence is.
pub(crate) enum Place {
    /// In this segment.
    In(Entry, Arc<dyn DiskFile>),
    /// Not written yet.
    NotYet,
    /// Not kept any more; what is kept follows this sequence.
    Gone(u64),
}

pub(crate) struct Catalog {
    state: Mutex<State>,
    durable: AtomicU64,
    changed: Condvar,
}

struct State {
    entries: VecDeque<Entry>,
    waiters: usize,
    closed: bool,
}

impl Catalog {
    pub(crate) fn new(entries: Vec<Entry>, durable: u64) -> Self {
        Catalog {
            state: Mutex::new(State { entries: entries.into(), waiters: 0, closed: false }),
            durable: AtomicU64::new(durable),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// A new, still empty newest segment.
    pub(crate) fn push(&self, entry: Entry) {
        let mut state = self.lock();
        debug_assert!(state.entries.back().is_none_or(|last| last.last < entry.segment.first));
        state.entries.push_back(entry);
    }

    /// The newest segment is durable through `last`, which ends at `end`.
    pub(crate) fn advance(&self, last: u64, end: u64, file_bytes: u64) {
        let mut state = self.lock();
        let newest = state.entries.back_mut().expect("records are written to the newest segment");
        debug_assert!(newest.last < last && newest.end < end);
        newest.last = last;
        newest.end = end;
        newest.file_bytes = file_bytes;
        self.durable.store(last, Ordering::Release);
        let wake = state.waiters > 0;
        drop(state);
        // A notify is a system call even when nobody waits.
        if wake {
            self.changed.notify_all();
        }
    }

    pub(crate) fn wait_past(&self, after: u64, timeout: Duration) -> u64 {
        if self.durable() > after {
            return self.durable();
        }
        // A timeout too long for the clock is no timeout.
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.lock();
        state.waiters += 1;
        while self.durable() <= after && !state.closed {
            let Some(deadline) = deadline else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let woken = self.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiters -= 1;
        self.durable()
    }

    /// Wakes everyone in [`Catalog::wait_past`], now and from now on.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Finds the first record after `after` and opens its segment, under the lock, so
    /// that the file is not renamed for release between the two.
    /// An error comes with the name of the file that it is about.
    pub(crate) fn locate(&self, after: u64, disk: &dyn Disk) -> Result<Place, (String, io::Error)> {
        let state = self.lock();
        if let Some(oldest) = state.entries.front()
            && after < oldest.segment.previous_last
        {
            return Ok(Place::Gone(oldest.segment.previous_last));
        }
        let index = state.entries.partition_point(|entry| entry.last <= after);
        match state.entries.get(index) {
            Some(entry) => match disk.open(&entry.segment.name) {
                Ok(file) => Ok(Place::In(entry.clone(), file)),
                Err(error) => Err((entry.segment.name.clone(), error)),
            },
            None => Ok(Place::NotYet),
        }
    }

    /// How far the segment that starts at `first` may be read now: its last sequence
    /// and end. `None` when it was released.
    pub(crate) fn extent(&self, first: u64) -> Option<(u64, u64)> {
        let state = self.lock();
        let index = state.entries.partition_point(|entry| entry.segment.first < first);
        let entry = state.entries.get(index).filter(|entry| entry.segment.first == first)?;
        Some((entry.last, entry.end))
    }

    /// Takes the oldest segment out when all of it is at or before `through` and it is
    /// not the newest. `condemn` renames the file; its error leaves the entry in place.
    pub(crate) fn take_oldest(
        &self,
        through: u64,
        condemn: impl FnOnce(&Segment) -> io::Result<()>,
    ) -> Option<Result<Entry, (String, io::Error)>> {
        let mut state = self.lock();
        let oldest = state.entries.front()?;
        if state.entries.len() < 2 || oldest.last > through {
            return None;
        }
        if let Err(error) = condemn(&oldest.segment) {
            return Some(Err((oldest.segment.name.clone(), error)));
        }
        state.entries.pop_front().map(Ok)
    }

    /// Number of segments and the bytes they take on disk.
    pub(crate) fn size(&self) -> (usize, u64) {
        let state = self.lock();
        (state.entries.len(), state.entries.iter().map(|entry| entry.file_bytes).sum())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under this lock leaves the entries half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
