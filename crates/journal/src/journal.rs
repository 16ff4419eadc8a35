//! The journal: the log that is kept in the segment files of one directory.

use std::fmt;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use bytes::Bytes;

use crate::catalog::Catalog;
use crate::counters::Counters;
use crate::disk::{Disk, RealDisk};
use crate::error::{AppendError, OpenError, ReadError, ReleaseError};
use crate::log::{Done, Log, LogReader, LogStatus, Released};
use crate::options::Options;
use crate::queue::Queue;
use crate::reader::Reader;
use crate::recovery::{self, Recovery};
use crate::release::PendingDeletions;
use crate::seal::KeyWrap;
use crate::sequence::Sequence;
use crate::shared::Shared;
use crate::spare::Spares;
use crate::writer::Writer;

/// The durable log of one directory. Clones share it; the last one to be dropped, or
/// [`Log::close`], ends it. What is durable here survives a power cut (`fdatasync`).
#[derive(Clone)]
pub struct Journal {
    handle: Arc<Handle>,
}

/// Owns the writer's thread. Readers do not hold it, so they keep nothing open.
struct Handle {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    deletions: PendingDeletions,
    record_bytes_max: usize,
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
            catalog: Arc::new(Catalog::new(recovered.entries, durable)),
            spares: Spares::new(Arc::clone(&disk), options.segment_bytes, options.disk_free_bytes_min),
            disk,
            clock: options.clock,
            counters: Counters::default(),
            is_full: AtomicBool::new(false),
            disk_free_bytes_min: options.disk_free_bytes_min,
        });
        shared.note_free_space();
        let for_spares = Arc::clone(&shared);
        let spare_thread = spawn("journal-spare", move || for_spares.spares.run())?;
        let (next, held_last) = (recovery.next.0, recovery.last.0);
        let writer = Writer::new(Arc::clone(&shared), recovered.active, next, held_last, spare_thread, dir);
        let writer = spawn("journal-writer", move || writer.run())?;
        let handle = Handle {
            shared,
            writer: Mutex::new(Some(writer)),
            deletions: PendingDeletions::default(),
            record_bytes_max: options.record_bytes_max,
        };
        Ok((Journal { handle: Arc::new(handle) }, recovery))
    }
}

impl Log for Journal {
    fn append(&self, head: Vec<u8>, body: Bytes, done: Done) -> Result<(), AppendError> {
        let Handle { shared, record_bytes_max, .. } = &*self.handle;
        if head.len().saturating_add(body.len()) > *record_bytes_max {
            return Err(AppendError::TooLarge);
        }
        if shared.is_still_full() {
            return Err(AppendError::Full);
        }
        shared.queue.push(head, body, done)
    }

    fn tail(&self) -> Sequence {
        Sequence(self.handle.shared.catalog.durable())
    }

    /// Skipping within the first segment costs reading it.
    fn reader(&self, after: Sequence) -> Result<Box<dyn LogReader>, ReadError> {
        let shared = &self.handle.shared;
        Ok(Box::new(Reader::new(Arc::clone(&shared.catalog), Arc::clone(&shared.disk), after)?))
    }

    /// Deletes each whole segment whose last record is at or before `through`, but never
    /// the newest. The wrapped key is overwritten and synced before the file is unlinked,
    /// so that its records cannot be read again. Durable when it returns.
    fn release(&self, through: Sequence) -> Result<Released, ReleaseError> {
        let Handle { shared, deletions, .. } = &*self.handle;
        deletions.release(&shared.catalog, &*shared.disk, through.0)
    }

    fn trim_point(&self) -> Sequence {
        Sequence(self.handle.shared.catalog.trim_point())
    }

    fn status(&self) -> LogStatus {
        self.handle.shared.status()
    }

    /// Dropping the last clone does it too. From within `done` it returns before the rest
    /// is written.
    fn close(&self) {
        self.handle.close();
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("tail", &self.tail()).finish_non_exhaustive()
    }
}

impl Handle {
    fn close(&self) {
        self.shared.queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A thread cannot wait for itself.
        if let Some(writer) = writer.filter(|writer| writer.thread().id() != thread::current().id()) {
            // A panic there has poisoned the journal, which is how it is reported.
            let _ = writer.join();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map_err(|source| OpenError::Io {
        action: "start the thread of",
        file: name.to_owned(),
        source,
    })
}
