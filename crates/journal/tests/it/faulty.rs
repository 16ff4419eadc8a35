//! A directory in memory that loses what was not synced.
//!
//! Each file has the bytes that programs see and the bytes that the platter holds. A
//! write reaches the platter at `sync_data`; at a power cut each unsynced 64-byte piece
//! survives or not by the seed, so writes are torn and reordered. Names work alike:
//! each unsynced create, rename and remove survives or not. A failed sync marks
//! everything clean, as Linux does: visible, not on the platter, and never retried.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use journal::{DirLock, Disk, DiskFile};

const PIECE_BYTES: usize = 64;

pub(crate) struct FaultyDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    visible: BTreeMap<String, usize>,
    platter: BTreeMap<String, usize>,
    unsynced_names: Vec<NameChange>,
    files: Vec<Content>,
    faults: Faults,
    locked: Arc<AtomicBool>,
    /// Grows at a power cut: older handles are dead.
    life: u64,
}

#[derive(Default)]
struct Faults {
    /// Operations until the power goes; `None` never.
    power_cut_after: Option<u64>,
    /// The next that many syncs of segments (not of a spare) work, then one fails.
    sync_fails_after: Option<u64>,
    /// The same for writes.
    write_fails_after: Option<u64>,
    free_bytes: Option<u64>,
    /// Every write that grows a file says that the disk is full.
    no_space: bool,
    /// Every file that is to be opened or made says that too many are open.
    no_descriptors: bool,
}

#[derive(Default)]
struct Content {
    visible: Vec<u8>,
    platter: Vec<u8>,
    /// Ranges written since the last sync.
    unsynced: Vec<(usize, usize)>,
}

enum NameChange {
    Set(String, usize),
    Rename(String, String),
    Remove(String),
}

/// A xorshift: a failing seed replays.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

impl FaultyDisk {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(FaultyDisk { state: Arc::default() })
    }

    /// After `operations` more calls every call fails.
    pub(crate) fn cut_power_after(&self, operations: u64) {
        self.lock().faults.power_cut_after = Some(operations);
    }

    pub(crate) fn fail_sync_after(&self, syncs: u64) {
        self.lock().faults.sync_fails_after = Some(syncs);
    }

    pub(crate) fn fail_write_after(&self, writes: u64) {
        self.lock().faults.write_fails_after = Some(writes);
    }

    pub(crate) fn set_free_bytes(&self, bytes: Option<u64>) {
        self.lock().faults.free_bytes = bytes;
    }

    pub(crate) fn set_no_space(&self, no_space: bool) {
        self.lock().faults.no_space = no_space;
    }

    pub(crate) fn set_no_descriptors(&self, no_descriptors: bool) {
        self.lock().faults.no_descriptors = no_descriptors;
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.lock().visible.keys().cloned().collect()
    }

    /// The bytes of the file `name`.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        let state = self.lock();
        state.files[state.visible[name]].visible.clone()
    }

    /// Puts a file there, durably.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        let mut state = self.lock();
        let index = state.files.len();
        let (visible, platter) = (bytes.to_vec(), bytes.to_vec());
        state.files.push(Content { visible, platter, unsynced: Vec::new() });
        state.visible.insert(name.to_owned(), index);
        state.platter.insert(name.to_owned(), index);
    }

    /// A durable copy, not in use by anyone.
    pub(crate) fn copy(&self) -> Arc<Self> {
        let copy = FaultyDisk::new();
        for name in self.names() {
            copy.put(&name, &self.bytes(&name));
        }
        copy
    }

    /// What every file holds, unlinked ones too: what a thief of the platter sees.
    pub(crate) fn platter(&self) -> Vec<Vec<u8>> {
        self.lock().files.iter().map(|file| file.platter.clone()).collect()
    }

    /// Takes the power away and gives it back. What is not synced survives piece by
    /// piece, by the seed.
    pub(crate) fn cut_power(&self, seed: u64) {
        let mut draw = Draw::new(seed);
        let mut state = self.lock();
        for change in std::mem::take(&mut state.unsynced_names) {
            if draw.below(2) == 0 {
                change.apply(&mut state.platter);
            }
        }
        state.visible = state.platter.clone();
        for file in &mut state.files {
            file.lose(&mut draw);
        }
        state.faults = Faults::default();
        state.locked = Arc::default();
        state.life += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics in here")
    }

    fn file(&self, index: usize, life: u64) -> Arc<dyn DiskFile> {
        Arc::new(FaultyFile { state: Arc::clone(&self.state), index, life })
    }
}

impl NameChange {
    fn apply(self, names: &mut BTreeMap<String, usize>) {
        match self {
            NameChange::Set(name, index) => {
                names.insert(name, index);
            }
            NameChange::Rename(from, to) => {
                if let Some(index) = names.remove(&from) {
                    names.insert(to, index);
                }
            }
            NameChange::Remove(name) => {
                names.remove(&name);
            }
        }
    }
}

impl State {
    /// Counts an operation; fails all of them once the power is gone.
    fn operation(&mut self) -> io::Result<()> {
        match &mut self.faults.power_cut_after {
            Some(0) => Err(io::Error::other("the power is gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Whether the file has a segment's name.
    fn is_segment(&self, file: usize) -> bool {
        self.visible.iter().any(|(name, index)| *index == file && name.ends_with(".seg"))
    }

    /// Takes a file descriptor.
    fn descriptor(&self) -> io::Result<()> {
        match self.faults.no_descriptors {
            true => Err(io::Error::from_raw_os_error(24)),
            false => Ok(()),
        }
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        self.visible.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Content {
    fn lose(&mut self, draw: &mut Draw) {
        for (from, to) in std::mem::take(&mut self.unsynced) {
            for piece in (from - from % PIECE_BYTES..to).step_by(PIECE_BYTES) {
                if draw.below(2) == 0 {
                    self.reach_platter(piece.max(from), (piece + PIECE_BYTES).min(to));
                }
            }
        }
        self.visible.clone_from(&self.platter);
    }

    fn reach_platter(&mut self, from: usize, to: usize) {
        if self.platter.len() < to {
            self.platter.resize(to, 0);
        }
        self.platter[from..to].copy_from_slice(&self.visible[from..to]);
    }
}

struct Locked(Arc<AtomicBool>);

impl DirLock for Locked {}

impl Drop for Locked {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Disk for FaultyDisk {
    fn lock(&self) -> io::Result<Box<dyn DirLock>> {
        let locked = Arc::clone(&self.lock().locked);
        match locked.swap(true, Ordering::SeqCst) {
            true => Err(io::ErrorKind::WouldBlock.into()),
            false => Ok(Box::new(Locked(locked))),
        }
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.lock();
        state.operation()?;
        state.descriptor()?;
        let index = state.files.len();
        state.files.push(Content::default());
        state.visible.insert(name.to_owned(), index);
        state.unsynced_names.push(NameChange::Set(name.to_owned(), index));
        Ok(self.file(index, state.life))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.lock();
        state.operation()?;
        state.descriptor()?;
        let index = state.find(name)?;
        Ok(self.file(index, state.life))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.operation()?;
        let index = state.find(from)?;
        state.visible.remove(from);
        state.visible.insert(to.to_owned(), index);
        // A rename of a file whose creation is lost still leaves the new name: the inode
        // is what the journal of a real file system records.
        let created = state.platter.contains_key(from);
        state.unsynced_names.push(match created {
            true => NameChange::Rename(from.to_owned(), to.to_owned()),
            false => NameChange::Set(to.to_owned(), index),
        });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.operation()?;
        state.find(name)?;
        state.visible.remove(name);
        state.unsynced_names.push(NameChange::Remove(name.to_owned()));
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.names())
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.operation()?;
        state.unsynced_names.clear();
        state.platter = state.visible.clone();
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.lock().faults.free_bytes.unwrap_or(u64::MAX))
    }
}

struct FaultyFile {
    state: Arc<Mutex<State>>,
    index: usize,
    life: u64,
}

impl FaultyFile {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state.lock().expect("no test panics in here");
        if state.life != self.life {
            return Err(io::Error::other("this handle was lost with the power"));
        }
        state.operation()?;
        Ok(state)
    }
}

fn runs_out(left: &mut Option<u64>) -> bool {
    match left {
        Some(0) => {
            *left = None;
            true
        }
        Some(count) => {
            *count -= 1;
            false
        }
        None => false,
    }
}

impl DiskFile for FaultyFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state()?;
        let (from, to) = (offset as usize, offset as usize + bytes.len());
        if state.faults.no_space && to > state.files[self.index].visible.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let fails = state.is_segment(self.index) && runs_out(&mut state.faults.write_fails_after);
        let file = &mut state.files[self.index];
        if file.visible.len() < to {
            file.visible.resize(to, 0);
        }
        // A failed write leaves the first half of it behind.
        let to = if fails { from + bytes.len() / 2 } else { to };
        file.visible[from..to].copy_from_slice(&bytes[..to - from]);
        file.unsynced.push((from, to));
        if fails { Err(io::Error::other("the write failed")) } else { Ok(()) }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.state()?;
        let from = state.files[self.index].visible.get(offset as usize..).unwrap_or_default();
        let count = from.len().min(buffer.len());
        buffer[..count].copy_from_slice(&from[..count]);
        Ok(count)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state()?;
        let fails = state.is_segment(self.index) && runs_out(&mut state.faults.sync_fails_after);
        let file = &mut state.files[self.index];
        let unsynced = std::mem::take(&mut file.unsynced);
        if fails {
            return Err(io::Error::other("the sync failed"));
        }
        for (from, to) in unsynced {
            file.reach_platter(from, to);
        }
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.state()?.files[self.index].visible.len() as u64)
    }
}
