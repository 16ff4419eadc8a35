//! What the callers, the writer and the preallocator share of one open journal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ambient::Clock;

use crate::catalog::Catalog;
use crate::counters::Counters;
use crate::disk::Disk;
use crate::log::LogStatus;
use crate::queue::Queue;
use crate::seal::KeyWrap;
use crate::spare::Spares;

pub(crate) struct Shared {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) wrap: KeyWrap,
    pub(crate) queue: Queue,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) spares: Spares,
    pub(crate) counters: Counters,
    /// The disk was last seen without room; a caller looks again before it queues.
    pub(crate) is_full: AtomicBool,
    pub(crate) disk_free_bytes_min: u64,
}

impl Shared {
    /// Whether the disk has too little room, after another look if it had.
    pub(crate) fn is_still_full(&self) -> bool {
        if self.is_full.load(Ordering::Relaxed) {
            self.note_free_space();
        }
        self.is_full.load(Ordering::Relaxed)
    }

    /// Looks at the free space. If that is unknown, the write will show.
    pub(crate) fn note_free_space(&self) {
        let is_full = self.disk.free_bytes().is_ok_and(|free| free < self.disk_free_bytes_min);
        self.is_full.store(is_full, Ordering::Relaxed);
    }

    pub(crate) fn status(&self) -> LogStatus {
        self.note_free_space();
        self.note_block();
        LogStatus {
            stored_bytes: self.catalog.file_bytes(),
            free_bytes: self.disk.free_bytes().ok(),
            queue_bytes: self.queue.bytes(),
            ..self.counters.status(self.is_full.load(Ordering::Relaxed))
        }
    }

    /// Looks whether a segment that could not be begun can be by now: nobody may send a
    /// record to find out, as long as this says that none is taken.
    fn note_block(&self) {
        if self.counters.is_blocked() {
            match self.spares.is_ready() {
                true => self.counters.unblock(),
                false => self.spares.order(),
            }
        }
    }
}
