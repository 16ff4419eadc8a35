//! The next segment, made ahead of time: a file of real zeros, written and synced by a
//! thread of its own, so that rotation costs two small syncs and no allocation.
//!
//! Zeros are written, not just reserved: `fdatasync` into space that the file system
//! has yet to mark as written costs a metadata commit, which was measured at half the
//! rate and with tails of milliseconds.
//!
//! A disk without room is a state to come back from, not a failure: the writer goes on
//! in its segment and asks again when that is used up. So is a process without a file
//! descriptor: where no file could be opened nothing was written, and nothing is in doubt.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::disk::{Disk, DiskFile};
use crate::segment::SPARE_NAME;

/// Bytes of zeros in one write.
const ZEROS_BYTES: usize = 1024 * 1024;
/// A sync after this many, so that the writer's own syncs never queue behind a whole
/// segment of zeros.
const SYNC_EVERY_BYTES: u64 = 4 * 1024 * 1024;

/// A zero-filled file named `spare.tmp`.
pub(crate) struct Spare {
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) bytes: u64,
}

/// Why there is no spare.
#[derive(Debug)]
pub(crate) enum NoSpare {
    /// The disk has no room for it.
    Full,
    /// No file could be opened for it; that may pass.
    Unopened(String),
    /// Writing or syncing it failed.
    Broken(String),
}

impl NoSpare {
    fn of_open(error: &io::Error) -> Self {
        match is_full(error) {
            true => NoSpare::Full,
            false => NoSpare::Unopened(format!("cannot open {SPARE_NAME}: {error}")),
        }
    }

    fn of_write(error: &io::Error) -> Self {
        match is_full(error) {
            true => NoSpare::Full,
            false => NoSpare::Broken(format!("cannot preallocate {SPARE_NAME}: {error}")),
        }
    }
}

/// Whether `error` says that the disk has no room, as against being broken.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Writes zeros from `from` to `to` and syncs them; stops early when `go_on` says so.
pub(crate) fn zero_fill(file: &dyn DiskFile, from: u64, to: u64, go_on: impl Fn() -> bool) -> io::Result<()> {
    let zeros = vec![0; ZEROS_BYTES.min((to - from) as usize)];
    let (mut offset, mut synced) = (from, from);
    while offset < to && go_on() {
        let count = zeros.len().min((to - offset) as usize);
        file.write_at(offset, &zeros[..count])?;
        offset += count as u64;
        if offset - synced >= SYNC_EVERY_BYTES {
            file.sync_data()?;
            synced = offset;
        }
    }
    file.sync_data()
}

/// Should the preallocating thread panic, the writer must not wait for it for ever.
struct StopAtPanic<'a>(&'a Spares);

impl Drop for StopAtPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

pub(crate) struct Spares {
    disk: Arc<dyn Disk>,
    segment_bytes: u64,
    disk_free_bytes_min: u64,
    state: Mutex<SpareState>,
    changed: Condvar,
}

enum SpareState {
    Idle,
    Wanted,
    Making,
    Ready(Spare),
    Failed(NoSpare),
    Stopped,
}

impl Spares {
    pub(crate) fn new(disk: Arc<dyn Disk>, segment_bytes: u64, disk_free_bytes_min: u64) -> Self {
        // The first spare is wanted from the start.
        let state = Mutex::new(SpareState::Wanted);
        Spares { disk, segment_bytes, disk_free_bytes_min, state, changed: Condvar::new() }
    }

    /// The body of the preallocating thread: makes a spare whenever one is wanted.
    pub(crate) fn run(&self) {
        let _guard = StopAtPanic(self);
        let mut state = self.lock();
        loop {
            match *state {
                SpareState::Stopped => return,
                SpareState::Wanted => {
                    *state = SpareState::Making;
                    drop(state);
                    let made = self.make();
                    state = self.lock();
                    if matches!(*state, SpareState::Stopped) {
                        drop(state);
                        // The next open removes it too.
                        let _ = self.disk.remove(SPARE_NAME);
                        return;
                    }
                    *state = made.map_or_else(SpareState::Failed, SpareState::Ready);
                    self.changed.notify_all();
                }
                _ => state = self.wait(state),
            }
        }
    }

    /// Asks for the next spare without waiting for it.
    pub(crate) fn order(&self) {
        let mut state = self.lock();
        if matches!(*state, SpareState::Idle | SpareState::Failed(_)) {
            *state = SpareState::Wanted;
            self.changed.notify_all();
        }
    }

    /// Whether one lies ready.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(*self.lock(), SpareState::Ready(_))
    }

    /// Waits for a spare of at least `bytes`. An earlier failure is tried again once,
    /// here, so that the answer is about the disk as it is now.
    pub(crate) fn take(&self, bytes: u64) -> Result<Spare, NoSpare> {
        let mut asked = false;
        let mut state = self.lock();
        loop {
            match std::mem::replace(&mut *state, SpareState::Idle) {
                SpareState::Ready(spare) => {
                    drop(state);
                    return self.grow(spare, bytes);
                }
                SpareState::Failed(error) if asked => return Err(error),
                SpareState::Idle | SpareState::Failed(_) => {
                    asked = true;
                    *state = SpareState::Wanted;
                    self.changed.notify_all();
                }
                SpareState::Stopped => {
                    *state = SpareState::Stopped;
                    return Err(NoSpare::Unopened("the journal is closing".to_owned()));
                }
                in_work => *state = in_work,
            }
            state = self.wait(state);
        }
    }

    /// Ends the thread; a spare that was made is removed.
    pub(crate) fn stop(&self) {
        let old = std::mem::replace(&mut *self.lock(), SpareState::Stopped);
        self.changed.notify_all();
        if let SpareState::Ready(_) = old {
            // The next open removes it too.
            let _ = self.disk.remove(SPARE_NAME);
        }
    }

    /// For the rare record that is larger than a segment.
    fn grow(&self, spare: Spare, bytes: u64) -> Result<Spare, NoSpare> {
        if bytes <= spare.bytes {
            return Ok(spare);
        }
        let fill = || zero_fill(&*spare.file, spare.bytes, bytes, || true).map_err(|error| NoSpare::of_write(&error));
        match self.check_room(bytes - spare.bytes).and_then(|()| fill()) {
            Ok(()) => Ok(Spare { bytes, ..spare }),
            Err(error) => {
                let _ = self.disk.remove(SPARE_NAME);
                Err(error)
            }
        }
    }

    fn make(&self) -> Result<Spare, NoSpare> {
        self.check_room(self.segment_bytes)?;
        let file = self.disk.create(SPARE_NAME).map_err(|error| NoSpare::of_open(&error))?;
        let go_on = || !matches!(*self.lock(), SpareState::Stopped);
        match zero_fill(&*file, 0, self.segment_bytes, go_on) {
            Ok(()) => Ok(Spare { file, bytes: self.segment_bytes }),
            Err(error) => {
                // Half a spare must not take the room that somebody waits for.
                let _ = self.disk.remove(SPARE_NAME);
                Err(NoSpare::of_write(&error))
            }
        }
    }

    fn check_room(&self, bytes: u64) -> Result<(), NoSpare> {
        match self.disk.free_bytes() {
            Ok(free) if free < self.disk_free_bytes_min.saturating_add(bytes) => Err(NoSpare::Full),
            // If that is unknown, the write will show.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, SpareState>) -> MutexGuard<'a, SpareState> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, SpareState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
