//! A log in memory: for tests of whoever uses a [`Log`], and the second one to pass the
//! conformance suite.
//!
//! It keeps the promises as far as memory can: what it confirmed is there for the next log
//! that is opened on the same [`MemoryStorage`], in order and once, and ends with the
//! process. Tests can hold it up, fill it and break it.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use bytes::Bytes;

use crate::error::{AppendError, OpenError, ReadError, ReleaseError};
use crate::log::{Done, Log, LogHealth, LogReader, LogStatus, Released};
use crate::recovery::Recovery;
use crate::sequence::Sequence;

/// What outlives a log in memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage(Arc<Mutex<Stored>>);

#[derive(Debug, Default)]
struct Stored {
    /// In order; numbers may jump.
    records: VecDeque<(u64, Arc<[u8]>)>,
    bytes: u64,
    tail: u64,
    trim_point: u64,
    is_open: bool,
}

/// Settings of a log in memory; as those of the segment files.
#[derive(Clone, Copy, Debug)]
pub struct MemoryOptions {
    /// Largest `head` + `body` of one record (64 MiB). Above it: `TooLarge`.
    pub record_bytes_max: usize,
    /// Records that wait to become durable, in bytes (64 MiB). Above it: `Overloaded`.
    pub queue_bytes_max: usize,
    /// The next record's sequence is at least this.
    pub first_sequence_min: u64,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        MemoryOptions { record_bytes_max: 64 << 20, queue_bytes_max: 64 << 20, first_sequence_min: 1 }
    }
}

/// The log of one [`MemoryStorage`]. Clones share it; the last one to be dropped, or
/// [`Log::close`], ends it.
#[derive(Clone)]
pub struct MemoryLog {
    handle: Arc<Handle>,
}

struct Handle {
    inner: Arc<Inner>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Inner {
    storage: MemoryStorage,
    options: MemoryOptions,
    queue: Mutex<PendingRecords>,
    changed: Condvar,
}

#[derive(Default)]
struct PendingRecords {
    records: VecDeque<(Vec<u8>, Done)>,
    bytes: usize,
    appended: u64,
    next: u64,
    is_paused: bool,
    is_full: bool,
    is_closed: bool,
    poison_cause: Option<String>,
}

impl MemoryLog {
    /// Opens the log, with the records that the one before left.
    pub fn open(storage: &MemoryStorage, options: MemoryOptions) -> Result<(MemoryLog, Recovery), OpenError> {
        let mut stored = storage.lock();
        if std::mem::replace(&mut stored.is_open, true) {
            return Err(OpenError::InUse(PathBuf::from("memory")));
        }
        let records = stored.records.len() as u64;
        let last = stored.records.back().map_or(stored.trim_point, |(sequence, _)| *sequence);
        let next = options.first_sequence_min.max(last + 1);
        stored.tail = next - 1;
        drop(stored);
        let recovery = Recovery { records, last: Sequence(last), next: Sequence(next), ..Recovery::default() };
        let queue = Mutex::new(PendingRecords { next, ..PendingRecords::default() });
        let inner = Arc::new(Inner { storage: storage.clone(), options, queue, changed: Condvar::new() });
        let for_writer = Arc::clone(&inner);
        let writer = thread::Builder::new().name("memory-log".to_owned()).spawn(move || for_writer.write());
        let writer = writer.map_err(|source| OpenError::Io {
            action: "start the thread of",
            file: "memory-log".to_owned(),
            source,
        })?;
        let handle = Handle { inner, writer: Mutex::new(Some(writer)) };
        Ok((MemoryLog { handle: Arc::new(handle) }, recovery))
    }

    /// Records wait from now on, as for a slow disk.
    pub fn pause(&self) {
        self.handle.inner.change(|queue| queue.is_paused = true);
    }

    /// Those that wait become durable.
    pub fn resume(&self) {
        self.handle.inner.change(|queue| queue.is_paused = false);
    }

    /// Refuses records as a full disk does, or takes them again.
    pub fn set_full(&self, is_full: bool) {
        self.handle.inner.change(|queue| queue.is_full = is_full);
    }

    /// Breaks as after a failed sync: what waits fails, and nothing is taken any more.
    pub fn poison(&self, cause: &str) {
        self.handle.inner.change(|queue| queue.poison_cause = Some(cause.to_owned()));
    }
}

impl Log for MemoryLog {
    fn append(&self, head: Vec<u8>, body: Bytes, done: Done) -> Result<(), AppendError> {
        let inner = &self.handle.inner;
        let bytes = head.len().saturating_add(body.len());
        if bytes > inner.options.record_bytes_max {
            return Err(AppendError::TooLarge);
        }
        let mut queue = inner.lock();
        match (queue.poison_cause.is_some(), queue.is_closed, queue.is_full) {
            (true, _, _) => return Err(AppendError::Poisoned),
            (false, true, _) => return Err(AppendError::Closed),
            (false, false, true) => return Err(AppendError::Full),
            _ => {}
        }
        if queue.bytes > 0 && queue.bytes + bytes > inner.options.queue_bytes_max {
            return Err(AppendError::Overloaded);
        }
        let mut record = head;
        record.extend_from_slice(&body);
        queue.bytes += bytes;
        queue.records.push_back((record, done));
        drop(queue);
        inner.changed.notify_one();
        Ok(())
    }

    fn tail(&self) -> Sequence {
        Sequence(self.handle.inner.storage.lock().tail)
    }

    fn reader(&self, after: Sequence) -> Result<Box<dyn LogReader>, ReadError> {
        let storage = self.handle.inner.storage.clone();
        storage.lock().check(after.0)?;
        Ok(Box::new(MemoryReader { storage, after: after.0, record: Arc::from([]) }))
    }

    fn release(&self, through: Sequence) -> Result<Released, ReleaseError> {
        let mut stored = self.handle.inner.storage.lock();
        let kept = stored.records.partition_point(|(sequence, _)| *sequence <= through.0);
        let mut released = Released::default();
        if let Some((last, _)) = kept.checked_sub(1).and_then(|at| stored.records.get(at)) {
            stored.trim_point = *last;
        }
        for (_, record) in stored.records.drain(..kept) {
            released.pieces += 1;
            released.bytes += record.len() as u64;
        }
        stored.bytes -= released.bytes;
        Ok(released)
    }

    fn trim_point(&self) -> Sequence {
        Sequence(self.handle.inner.storage.lock().trim_point)
    }

    fn status(&self) -> LogStatus {
        let inner = &self.handle.inner;
        let queue = inner.lock();
        let health = match (&queue.poison_cause, queue.is_full) {
            (Some(cause), _) => LogHealth::Poisoned { cause: cause.clone() },
            (None, true) => LogHealth::Full,
            (None, false) => LogHealth::Writable,
        };
        LogStatus {
            health,
            stored_bytes: inner.storage.lock().bytes,
            free_bytes: None,
            queue_bytes: queue.bytes,
            appended: queue.appended,
            syncs: queue.appended,
            last_sync_us: 0,
        }
    }

    fn close(&self) {
        self.handle.close();
    }
}

impl fmt::Debug for MemoryLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLog").field("tail", &self.tail()).finish_non_exhaustive()
    }
}

impl Handle {
    fn close(&self) {
        self.inner.change(|queue| queue.is_closed = true);
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(writer) = writer else { return };
        // A thread cannot wait for itself.
        if writer.thread().id() != thread::current().id() {
            // A panic there came from a callback, and has its own message.
            let _ = writer.join();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

impl Inner {
    /// The body of the log's thread: makes records durable one by one. Ends when the log is
    /// closed and nothing waits.
    fn write(&self) {
        loop {
            let mut queue = self.wait();
            let Some((record, done)) = queue.records.pop_front() else { break };
            queue.bytes -= record.len();
            if queue.poison_cause.is_some() {
                drop(queue);
                done(Err(AppendError::Poisoned));
                continue;
            }
            let sequence = queue.next;
            queue.next += 1;
            queue.appended += 1;
            drop(queue);
            self.storage.lock().push(sequence, record);
            done(Ok(Sequence(sequence)));
        }
        self.storage.lock().is_open = false;
    }

    /// Waits for a record, or the end.
    fn wait(&self) -> MutexGuard<'_, PendingRecords> {
        let idle = |queue: &mut PendingRecords| {
            let is_held = queue.is_paused && queue.poison_cause.is_none();
            !queue.is_closed && (is_held || queue.records.is_empty())
        };
        self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut PendingRecords)) {
        change(&mut self.lock());
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, PendingRecords> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryStorage {
    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    fn push(&mut self, sequence: u64, record: Vec<u8>) {
        self.bytes += record.len() as u64;
        self.records.push_back((sequence, record.into()));
        self.tail = sequence;
    }

    /// Whether records after `after` are all there.
    fn check(&self, after: u64) -> Result<(), ReadError> {
        if after >= self.trim_point {
            return Ok(());
        }
        Err(ReadError::Released { after: Sequence(after), oldest: Sequence(self.trim_point) })
    }
}

struct MemoryReader {
    storage: MemoryStorage,
    after: u64,
    record: Arc<[u8]>,
}

impl LogReader for MemoryReader {
    fn next(&mut self) -> Result<Option<(Sequence, &[u8])>, ReadError> {
        let stored = self.storage.lock();
        stored.check(self.after)?;
        let at = stored.records.partition_point(|(sequence, _)| *sequence <= self.after);
        let Some((sequence, record)) = stored.records.get(at) else { return Ok(None) };
        self.record = Arc::clone(record);
        self.after = *sequence;
        Ok(Some((Sequence(self.after), &self.record)))
    }
}
