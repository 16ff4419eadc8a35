//! What is durable: the segments that exist and how far each may be read.
//!
//! The writer moves the end forward after each `fdatasync`; readers never look behind
//! it, so they see no byte that a power cut could take back. Entries are in order and
//! the newest is never released: its name carries the sequence to go on with.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
pub(crate) enum Location {
    /// In this segment.
    In(Entry, Arc<dyn DiskFile>),
    /// Not written yet.
    NotYet,
    /// Not kept any more; what is kept follows this sequence.
    Gone(u64),
}

pub(crate) struct Catalog {
    entries: Mutex<VecDeque<Entry>>,
    durable: AtomicU64,
}

impl Catalog {
    pub(crate) fn new(entries: Vec<Entry>, durable: u64) -> Self {
        Catalog { entries: Mutex::new(entries.into()), durable: AtomicU64::new(durable) }
    }

    pub(crate) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// A new, still empty newest segment.
    pub(crate) fn push(&self, entry: Entry) {
        let mut entries = self.lock();
        debug_assert!(entries.back().is_none_or(|last| last.last < entry.segment.first));
        entries.push_back(entry);
    }

    /// The newest segment is durable through `last`, which ends at `end`.
    pub(crate) fn advance(&self, last: u64, end: u64, file_bytes: u64) {
        let mut entries = self.lock();
        let newest = entries.back_mut().expect("records are written to the newest segment");
        debug_assert!(newest.last < last && newest.end < end);
        newest.last = last;
        newest.end = end;
        newest.file_bytes = file_bytes;
        self.durable.store(last, Ordering::Release);
    }

    /// Records up to this one are kept no more.
    pub(crate) fn trim_point(&self) -> u64 {
        self.lock().front().map_or_else(|| self.durable(), |oldest| oldest.segment.previous_last)
    }

    /// Finds the first record after `after` and opens its segment, under the lock, so
    /// that the file is not renamed for release between the two.
    /// An error comes with the name of the file that it is about.
    pub(crate) fn locate(&self, after: u64, disk: &dyn Disk) -> Result<Location, (String, io::Error)> {
        let entries = self.lock();
        if let Some(oldest) = entries.front()
            && after < oldest.segment.previous_last
        {
            return Ok(Location::Gone(oldest.segment.previous_last));
        }
        let index = entries.partition_point(|entry| entry.last <= after);
        match entries.get(index) {
            Some(entry) => match disk.open(&entry.segment.name) {
                Ok(file) => Ok(Location::In(entry.clone(), file)),
                Err(error) => Err((entry.segment.name.clone(), error)),
            },
            None => Ok(Location::NotYet),
        }
    }

    /// How far the segment that starts at `first` may be read now: its last sequence
    /// and end. `None` when it was released.
    pub(crate) fn extent(&self, first: u64) -> Option<(u64, u64)> {
        let entries = self.lock();
        let index = entries.partition_point(|entry| entry.segment.first < first);
        let entry = entries.get(index).filter(|entry| entry.segment.first == first)?;
        Some((entry.last, entry.end))
    }

    /// Takes the oldest segment out when all of it is at or before `through` and it is
    /// not the newest. `rename` marks its file as released; its error leaves the entry in
    /// place.
    pub(crate) fn take_oldest(
        &self,
        through: u64,
        rename: impl FnOnce(&Segment) -> io::Result<()>,
    ) -> Option<Result<Entry, (String, io::Error)>> {
        let mut entries = self.lock();
        let oldest = entries.front()?;
        if entries.len() < 2 || oldest.last > through {
            return None;
        }
        if let Err(error) = rename(&oldest.segment) {
            return Some(Err((oldest.segment.name.clone(), error)));
        }
        entries.pop_front().map(Ok)
    }

    /// Bytes that the segments take on disk.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.lock().iter().map(|entry| entry.file_bytes).sum()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        // Nothing that runs under this lock leaves the entries half-changed.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
