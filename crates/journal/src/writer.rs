//! The writer: one thread that turns whatever is queued into one write and one
//! `fdatasync`, then answers everyone. While one group is being synced the next gathers
//! by itself. After a group that many shared, the next one is given up to a millisecond
//! to gather: a sync, and waking all those who wait for it, cost the processor more than
//! the records do, and with so many senders each of them waits for its turn anyway. A few
//! senders never wait for others.
//!
//! After a write or a sync failed, what the disk holds is unknown and stays so: the
//! kernel may have dropped the pages and report the next sync as fine. So the writer
//! fails everything from then on. Only a new `open` looks at the disk again. A file that
//! could not even be opened leaves nothing in doubt: those who wait for it are refused,
//! and the next group tries again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};

use crate::catalog::Entry;
use crate::disk::{DirLock, DiskFile};
use crate::error::AppendError;
use crate::frame;
use crate::log::Done;
use crate::queue::{Group, Pending, Take};
use crate::segment::{self, SPARE_NAME, Segment};
use crate::sequence::Sequence;
use crate::shared::Shared;
use crate::spare::NoSpare;

/// Sealed bytes in one write and sync, unless one record is larger. Small enough to
/// stay in the buffer that is reused, large enough that the sync is not what counts.
const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Records of a group after which the next one is given time to gather.
const SHARED_RECORDS_MIN: usize = 16;

/// The segment that is written to.
pub(crate) struct Active {
    pub(crate) segment: Arc<Segment>,
    pub(crate) file: Arc<dyn DiskFile>,
    /// Behind the last durable frame.
    pub(crate) offset: u64,
    /// Size of the file; frames do not grow it.
    pub(crate) capacity: u64,
}

/// Why there is no room for a record.
enum NoRoom {
    /// At the moment; the reason is the sender's answer.
    Refused(AppendError),
    Broken(String),
}

pub(crate) struct Writer {
    shared: Arc<Shared>,
    /// `None` until the first append needs a segment.
    active: Option<Active>,
    /// The next record's sequence.
    next: u64,
    /// The last sequence that the journal holds; `next - 1` unless that jumped.
    held_last: u64,
    /// Frames of the group that is being gathered, and those who wait for it.
    buffer: Vec<u8>,
    waiting: Vec<Done>,
    poisoned: bool,
    spare_thread: Option<JoinHandle<()>>,
    /// Given up last: the directory is ours as long as this thread can write to it.
    _dir: Box<dyn DirLock>,
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        active: Option<Active>,
        next: u64,
        held_last: u64,
        spare_thread: JoinHandle<()>,
        dir: Box<dyn DirLock>,
    ) -> Self {
        Writer {
            shared,
            active,
            next,
            held_last,
            buffer: Vec::new(),
            waiting: Vec::new(),
            poisoned: false,
            spare_thread: Some(spare_thread),
            _dir: dir,
        }
    }

    /// The body of the writer's thread. Ends when the queue is closed and drained.
    pub(crate) fn run(mut self) {
        let mut group = Group::default();
        let mut take = Take::AtOnce;
        while self.shared.queue.take(&mut group, take) {
            take = if group.records.len() >= SHARED_RECORDS_MIN { Take::Gathered } else { Take::AtOnce };
            self.shared.note_free_space();
            self.write_group(&mut group);
            group.clear();
        }
    }

    fn write_group(&mut self, group: &mut Group) {
        // Asking for room is tried once a group: it can cost a preallocation.
        let mut refusal = None;
        for pending in group.records.drain(..) {
            if self.poisoned {
                (pending.done)(Err(AppendError::Poisoned));
                continue;
            }
            match self.make_room(pending.frame_bytes(), refusal) {
                Ok(()) => self.gather(pending, &group.bytes),
                Err(NoRoom::Refused(error)) => {
                    refusal = Some(error);
                    self.refuse(pending, error);
                }
                Err(NoRoom::Broken(cause)) => {
                    self.waiting.push(pending.done);
                    self.poison(cause);
                }
            }
        }
        self.flush();
    }

    /// Sees to it that `frame_bytes` fit behind the buffer in the active segment.
    fn make_room(&mut self, frame_bytes: usize, known: Option<AppendError>) -> Result<(), NoRoom> {
        if self.fits(frame_bytes) {
            if !self.buffer.is_empty() && self.buffer.len() + frame_bytes > GROUP_BYTES_MAX {
                self.flush_or_break()?;
            }
            return Ok(());
        }
        // Nothing may be written to a new segment before the old one is synced.
        self.flush_or_break()?;
        match known {
            Some(error) => Err(NoRoom::Refused(error)),
            None => self.rotate(frame_bytes),
        }
    }

    fn fits(&self, frame_bytes: usize) -> bool {
        self.active
            .as_ref()
            .is_some_and(|active| active.offset + (self.buffer.len() + frame_bytes) as u64 <= active.capacity)
    }

    fn gather(&mut self, pending: Pending, bytes: &[u8]) {
        let active = self.active.as_ref().expect("make_room made one");
        let durable = self.shared.catalog.durable();
        let key = &active.segment.key;
        let (head, body) = pending.parts(bytes);
        frame::encode(&mut self.buffer, key, self.next, durable, head, body);
        self.next += 1;
        self.waiting.push(pending.done);
    }

    fn flush_or_break(&mut self) -> Result<(), NoRoom> {
        self.flush();
        match self.poisoned {
            // The record that asked was not gathered yet; the cause is recorded already.
            true => Err(NoRoom::Broken(String::new())),
            false => Ok(()),
        }
    }

    /// Writes and syncs what was gathered, then answers.
    fn flush(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        let active = self.active.as_mut().expect("something was gathered for it");
        if let Err(error) = active.file.write_at(active.offset, &self.buffer) {
            let cause = format!("cannot write {}: {error}", active.segment.name);
            return self.poison(cause);
        }
        let started = self.shared.clock.monotonic();
        if let Err(error) = active.file.sync_data() {
            let cause = format!("cannot sync {}: {error}", active.segment.name);
            return self.poison(cause);
        }
        self.shared.counters.synced(self.shared.clock.monotonic().saturating_sub(started), self.waiting.len());
        active.offset += self.buffer.len() as u64;
        self.held_last = self.next - 1;
        self.shared.catalog.advance(self.held_last, active.offset, active.capacity);
        let bytes = self.buffer.len();
        self.buffer.clear();
        self.buffer.shrink_to(2 * GROUP_BYTES_MAX);
        // The room is given back first: whoever hears "durable" may append at once.
        self.shared.queue.answered(bytes);
        let first = self.next - self.waiting.len() as u64;
        for (sequence, done) in (first..).zip(self.waiting.drain(..)) {
            done(Ok(Sequence(sequence)));
        }
    }

    /// Makes the spare file the active segment.
    fn rotate(&mut self, frame_bytes: usize) -> Result<(), NoRoom> {
        let bytes = segment::HEADER_BYTES + frame_bytes as u64;
        let spare = self.shared.spares.take(bytes).map_err(|error| match error {
            NoSpare::Full => NoRoom::Refused(AppendError::Full),
            NoSpare::Unopened(cause) => {
                self.shared.counters.block(cause);
                NoRoom::Refused(AppendError::Overloaded)
            }
            NoSpare::Broken(cause) => NoRoom::Broken(cause),
        })?;
        let (segment, header) = Segment::create(self.next, self.held_last, spare.bytes, &self.shared.wrap)
            .map_err(|_| NoRoom::Broken("the system's random source failed".to_owned()))?;
        let disk = &self.shared.disk;
        // The header is on disk before the name is, and the name before any record is
        // acknowledged: a file named .seg is whole.
        spare
            .file
            .write_at(0, &header)
            .and_then(|()| spare.file.sync_data())
            .and_then(|()| disk.rename(SPARE_NAME, &segment.name))
            .and_then(|()| disk.sync_dir())
            .map_err(|error| NoRoom::Broken(format!("cannot start {}: {error}", segment.name)))?;
        self.shared.counters.unblock();
        self.shared.spares.order();
        let segment = Arc::new(segment);
        self.shared.catalog.push(Entry::empty(Arc::clone(&segment), spare.bytes));
        self.active = Some(Active { segment, file: spare.file, offset: segment::HEADER_BYTES, capacity: spare.bytes });
        Ok(())
    }

    fn refuse(&mut self, pending: Pending, error: AppendError) {
        if error == AppendError::Full {
            self.shared.is_full.store(true, Ordering::Relaxed);
        }
        self.shared.queue.answered(pending.frame_bytes());
        (pending.done)(Err(error));
    }

    /// Fails what was gathered and what is queued; nothing is written ever again. Only
    /// the first cause is kept.
    fn poison(&mut self, cause: String) {
        self.poisoned = true;
        self.shared.counters.poison(cause);
        self.buffer = Vec::new();
        let queued = self.shared.queue.poison();
        for done in self.waiting.drain(..).chain(queued.into_iter().map(|pending| pending.done)) {
            done(Err(AppendError::Poisoned));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if thread::panicking() {
            self.shared.counters.poison("a callback panicked on the journal's thread".to_owned());
            // Dropping them uncalled ends the wait of those who wait; calling them could panic again.
            drop(self.shared.queue.poison());
        }
        self.shared.spares.stop();
        if let Some(thread) = self.spare_thread.take() {
            // It panics only with a bug, which has its own message.
            let _ = thread.join();
        }
    }
}
