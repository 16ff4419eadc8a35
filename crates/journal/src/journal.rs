//! The journal as its callers see it, and what its threads share.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;

use crate::catalog::Catalog;
use crate::disk::{Disk, RealDisk};
use crate::error::{AppendError, OpenError, ReadError, ReleaseError};
use crate::log::{Done, Released, Sequence};
use crate::options::Options;
use crate::queue::Queue;
use crate::reader::Reader;
use crate::recovery::{self, Recovery};
use crate::release::Condemned;
use crate::seal::KeyWrap;
use crate::spare::Spares;
use crate::stats::{Counters, Stats};
use crate::writer::Writer;

/// The durable log of one directory. Clones share it; the last one to be dropped, or
/// [`Journal::close`], ends it.
#[derive(Clone)]
pub struct Journal {
    handle: Arc<Handle>,
}

/// Owns the writer's thread. Readers do not hold it, so they keep nothing open.
struct Handle {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What callers, readers, the writer and the preallocator share.
pub(crate) struct Shared {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) wrap: KeyWrap,
    pub(crate) queue: Queue,
    pub(crate) catalog: Catalog,
    pub(crate) spares: Spares,
    pub(crate) counters: Counters,
    /// The disk was last seen without room; a caller looks again before it queues.
    pub(crate) tight: AtomicBool,
    condemned: Condemned,
    record_bytes_max: usize,
    disk_free_bytes_min: u64,
}

impl Journal {
    /// Opens the journal in `options.dir`, or starts one. Returns when every record that
    /// [`Recovery`] counts is known to be durable.
    pub fn open(options: Options) -> Result<(Journal, Recovery), OpenError> {
        // First the settings: a refused journal leaves no directory behind.
        options.validate()?;
        let disk = RealDisk::new(&options.dir).map_err(|source| OpenError::Io {
            action: "create",
            file: options.dir.display().to_string(),
            source,
        })?;
        Journal::open_on(Arc::new(disk), options)
    }

    /// As [`Journal::open`], on any disk; `options.dir` only names it in errors.
    pub fn open_on(disk: Arc<dyn Disk>, options: Options) -> Result<(Journal, Recovery), OpenError> {
        options.validate()?;
        let dir = disk.lock().map_err(|source| match source.kind() {
            io::ErrorKind::WouldBlock => OpenError::InUse(options.dir.clone()),
            _ => OpenError::Io { action: "lock", file: "lock".to_owned(), source },
        })?;
        let wrap = KeyWrap::new(&options.key);
        let recovered = recovery::recover(&*disk, &wrap, options.first_sequence_min)?;
        let recovery = recovered.recovery;
        let durable = recovery.next.0 - 1;
        let shared = Arc::new(Shared {
            wrap,
            queue: Queue::new(options.queue_bytes_max),
            catalog: Catalog::new(recovered.entries, durable),
            spares: Spares::new(Arc::clone(&disk), options.segment_bytes, options.disk_free_bytes_min),
            disk,
            counters: Counters::default(),
            tight: AtomicBool::new(false),
            condemned: Condemned::default(),
            record_bytes_max: options.record_bytes_max,
            disk_free_bytes_min: options.disk_free_bytes_min,
        });
        shared.note_free_space();
        let for_spares = Arc::clone(&shared);
        let spare_thread = spawn("journal-spare", move || for_spares.spares.run())?;
        let (next, held_last) = (recovery.next.0, recovery.last.0);
        let writer = Writer::new(Arc::clone(&shared), recovered.active, next, held_last, spare_thread, dir);
        let writer = spawn("journal-writer", move || writer.run())?;
        let handle = Handle { shared, writer: Mutex::new(Some(writer)) };
        Ok((Journal { handle: Arc::new(handle) }, recovery))
    }

    /// Queues the record `head` + `body`. `done` runs on the journal's thread once the
    /// record is durable (`fdatasync`: it survives a power cut) or has failed. After an
    /// `Err` it is dropped uncalled; [`AppendError::is_retryable`] says if the same
    /// record can pass later.
    pub fn append(&self, head: Vec<u8>, body: Bytes, done: Done) -> Result<(), AppendError> {
        let shared = &*self.handle.shared;
        if head.len().saturating_add(body.len()) > shared.record_bytes_max {
            return Err(AppendError::TooLarge);
        }
        if shared.tight.load(Ordering::Relaxed) {
            shared.note_free_space();
            if shared.tight.load(Ordering::Relaxed) {
                return Err(AppendError::Full);
            }
        }
        shared.queue.push(head, body, done)
    }

    /// The last durable record. Before the first it is the one before
    /// `first_sequence_min`.
    pub fn durable(&self) -> Sequence {
        Sequence(self.handle.shared.catalog.durable())
    }

    /// Blocks until a record after `after` is durable, `timeout` passes or the journal
    /// is closed; returns [`Journal::durable`].
    pub fn wait_past(&self, after: Sequence, timeout: Duration) -> Sequence {
        Sequence(self.handle.shared.catalog.wait_past(after.0, timeout))
    }

    /// Reads durable records after `after`, in order; draining and replaying are the
    /// same. Skipping within the first segment costs reading it. Fails when records
    /// after `after` were released.
    pub fn reader(&self, after: Sequence) -> Result<Reader, ReadError> {
        Reader::new(Arc::clone(&self.handle.shared), after)
    }

    /// Deletes each whole segment whose last record is at or before `through`, but never
    /// the newest. The wrapped key is overwritten and synced before the file is unlinked,
    /// so that its records cannot be read again. Durable when it returns.
    pub fn release(&self, through: Sequence) -> Result<Released, ReleaseError> {
        let shared = &*self.handle.shared;
        shared.condemned.release(&shared.catalog, &*shared.disk, through.0)
    }

    /// The journal's numbers now.
    pub fn stats(&self) -> Stats {
        let shared = &*self.handle.shared;
        let (segments, disk_bytes) = shared.catalog.size();
        let queue_bytes = shared.queue.bytes();
        shared.note_free_space();
        shared.note_hindrance();
        let full = shared.tight.load(Ordering::Relaxed);
        Stats { segments, disk_bytes, queue_bytes, full, ..shared.counters.read() }
    }

    /// Refuses further records, makes those queued durable, ends the threads and gives
    /// the directory up. Dropping the last clone does it too. From within `done` it
    /// returns before the rest is written.
    pub fn close(&self) {
        self.handle.close();
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("durable", &self.durable()).finish_non_exhaustive()
    }
}

impl Handle {
    fn close(&self) {
        self.shared.queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A thread cannot wait for itself.
        if let Some(writer) = writer.filter(|writer| writer.thread().id() != thread::current().id()) {
            // A panic there has poisoned the journal, which is how it is told.
            let _ = writer.join();
        }
        self.shared.catalog.close();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// Looks whether a segment that could not be begun can be by now: nobody may send a
    /// record to find out, as long as this says that none is taken.
    fn note_hindrance(&self) {
        if self.counters.is_hindered() {
            match self.spares.is_ready() {
                true => self.counters.hinder(None),
                false => self.spares.order(),
            }
        }
    }

    /// Looks at the free space. If that cannot be told, the write will tell.
    pub(crate) fn note_free_space(&self) {
        let tight = self.disk.free_bytes().is_ok_and(|free| free < self.disk_free_bytes_min);
        self.tight.store(tight, Ordering::Relaxed);
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map_err(|source| OpenError::Io {
        action: "start the thread of",
        file: name.to_owned(),
        source,
    })
}
