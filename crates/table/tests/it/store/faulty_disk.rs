//! A disk whose power is cut before a given operation, and which then has lost
//! everything that was not synced.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use table::{Disk, DiskFile, OsDisk};

/// What the disk keeps of names that were given but not synced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum UnsyncedNames {
    /// Nothing: new names are gone, old ones are back.
    Lost,
    /// All of them, though the bytes they stand for may be gone.
    Kept,
}

#[derive(Clone, Debug)]
pub(super) struct FaultyDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Operations until the power is cut.
    operations_left: usize,
    /// Says "synced" and does nothing.
    lies: bool,
    next_id: u64,
    /// A second name for each file, so that a removed one can be brought back.
    backup: PathBuf,
    /// Bytes of each file that are synced.
    synced: HashMap<u64, u64>,
    names: HashMap<PathBuf, u64>,
    durable_names: HashMap<PathBuf, u64>,
    dirs: HashSet<PathBuf>,
    durable_dirs: HashSet<PathBuf>,
}

impl FaultyDisk {
    /// `backup` is a directory on the same file system, outside of the tables.
    pub(super) fn new(backup: &Path, operations: usize) -> FaultyDisk {
        let state = State {
            operations_left: operations,
            lies: false,
            next_id: 0,
            backup: backup.to_owned(),
            synced: HashMap::new(),
            names: HashMap::new(),
            durable_names: HashMap::new(),
            dirs: HashSet::new(),
            durable_dirs: HashSet::new(),
        };
        FaultyDisk(Arc::new(Mutex::new(state)))
    }

    pub(super) fn lying(self) -> FaultyDisk {
        self.0.lock().unwrap().lies = true;
        self
    }

    pub(super) fn has_power(&self) -> bool {
        self.0.lock().unwrap().operations_left > 0
    }

    /// Leaves on the real disk what a power cut at this moment would.
    pub(super) fn cut_power(&self, unsynced: UnsyncedNames) {
        let mut state = self.0.lock().unwrap();
        state.operations_left = 0;
        for (id, bytes) in &state.synced {
            let file = std::fs::OpenOptions::new().write(true).open(state.backup.join(id.to_string())).unwrap();
            if file.metadata().unwrap().len() > *bytes {
                file.set_len(*bytes).unwrap();
            }
        }
        if unsynced == UnsyncedNames::Kept {
            return;
        }
        for path in state.names.keys() {
            let _ = std::fs::remove_file(path);
        }
        for (path, id) in &state.durable_names {
            if path.parent().is_some_and(Path::is_dir) {
                std::fs::hard_link(state.backup.join(id.to_string()), path).unwrap();
            }
        }
        for dir in state.dirs.difference(&state.durable_dirs) {
            let _ = std::fs::remove_dir_all(dir);
        }
    }

    fn operate<T>(&self, operation: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.0.lock().unwrap();
        if state.operations_left <= 1 {
            state.operations_left = 0;
            return Err(io::Error::other("the power is gone"));
        }
        state.operations_left -= 1;
        operation(&mut state)
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.operate(|state| {
            let inner = OsDisk.create(path)?;
            state.next_id += 1;
            let id = state.next_id;
            std::fs::hard_link(path, state.backup.join(id.to_string()))?;
            state.synced.insert(id, 0);
            state.names.insert(path.to_owned(), id);
            Ok(Box::new(FaultyFile { disk: self.clone(), id, written: 0, inner }) as Box<dyn DiskFile>)
        })
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate(|state| {
            OsDisk.link(from, to)?;
            if let Some(id) = state.names.get(from).copied() {
                state.names.insert(to.to_owned(), id);
            }
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate(|state| {
            OsDisk.rename(from, to)?;
            if let Some(id) = state.names.remove(from) {
                state.names.insert(to.to_owned(), id);
            }
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.operate(|state| {
            OsDisk.remove(path)?;
            state.names.remove(path);
            Ok(())
        })
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.operate(|state| {
            OsDisk.create_dir(path)?;
            state.dirs.insert(path.to_owned());
            Ok(())
        })
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.operate(|state| {
            if state.lies {
                return Ok(());
            }
            let inside = |name: &Path| name.parent() == Some(path);
            state.durable_names.retain(|name, _| !inside(name));
            let now: Vec<_> =
                state.names.iter().filter(|(name, _)| inside(name)).map(|(n, id)| (n.clone(), *id)).collect();
            state.durable_names.extend(now);
            let dirs: Vec<_> = state.dirs.iter().filter(|dir| inside(dir)).cloned().collect();
            state.durable_dirs.extend(dirs);
            Ok(())
        })
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    id: u64,
    written: u64,
    inner: Box<dyn DiskFile>,
}

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.disk.operate(|_| self.inner.write(bytes))?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl DiskFile for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        let (id, written) = (self.id, self.written);
        self.disk.operate(|state| {
            if !state.lies {
                state.synced.insert(id, written);
            }
            Ok(())
        })
    }
}
