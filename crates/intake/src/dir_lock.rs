//! Who works on a data directory: one process at a time, by one lock.
//!
//! `frontdesk.lock` is locked by the operating system for as long as its holder lives,
//! so a killed holder leaves nothing to clean up. Its text tells the others who holds
//! it and, when that is a server, where to reach it. It refuses to guess: a directory
//! that is held by something without an address is busy.
//!
//! A process takes it once, before anything else in the directory is touched, and hands it
//! on to what works there ([`IntakeOptions::lock`](crate::IntakeOptions)). The lock inside
//! `journal/` is another thing: it keeps a log's writer alone on its segments, wherever they
//! are.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

/// Below the data directory.
const LOCK_FILE: &str = "frontdesk.lock";
/// How often, and how far apart, the text of a holder that has just begun is looked for.
const SETTLE_LOOKS: u32 = 15;
const SETTLE_STEP: Duration = Duration::from_millis(20);

/// The right to work on a data directory, held until it is dropped.
#[derive(Debug)]
pub struct DataDirLock {
    file: File,
}

/// Who has a data directory now.
#[must_use]
#[derive(Debug)]
pub enum DirClaim {
    /// This process.
    Ours(DataDirLock),
    /// Another process.
    Theirs(DirHolder),
}

/// The process that has the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirHolder {
    /// Its process id, if it has said so.
    pub pid: Option<u32>,
    /// Where its server listens; `None` for a command or a server that is starting.
    pub address: Option<String>,
}

impl DataDirLock {
    /// Takes a directory that exists.
    ///
    /// # Errors
    /// The lock file can't be made, or locked at all.
    pub fn claim(data: &Path) -> io::Result<DirClaim> {
        let mut file = open(data)?;
        Ok(match try_lock(&file)? {
            true => DirClaim::Ours(DataDirLock::of(file)?),
            false => DirClaim::Theirs(read_holder(&mut file)),
        })
    }

    /// Takes a directory that exists; `None` when another holder exists.
    pub(crate) fn take(data: &Path) -> io::Result<Option<DataDirLock>> {
        let file = open(data)?;
        if try_lock(&file)? { DataDirLock::of(file).map(Some) } else { Ok(None) }
    }

    /// Whether somebody ever worked on this directory.
    pub fn was_used(data: &Path) -> bool {
        data.join(LOCK_FILE).exists()
    }

    /// Tells the others where this process's server is.
    ///
    /// # Errors
    /// The lock file can't be written.
    pub fn announce(&self, address: &str) -> io::Result<()> {
        self.write(Some(address))
    }

    fn of(file: File) -> io::Result<DataDirLock> {
        let lock = DataDirLock { file };
        lock.write(None)?;
        Ok(lock)
    }

    fn write(&self, address: Option<&str>) -> io::Result<()> {
        let mut text = format!("pid {}\n", std::process::id());
        if let Some(address) = address {
            text += &format!("address {address}\n");
        }
        let mut file = &self.file;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(text.as_bytes())
    }
}

impl Drop for DataDirLock {
    /// The lock goes with the file; the text goes too, so that nobody reads of the dead.
    fn drop(&mut self) {
        // Best effort: the lock, not the text, decides who holds the directory.
        let _ = self.file.set_len(0);
    }
}

fn open(data: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(false).open(data.join(LOCK_FILE))
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn read_holder(file: &mut File) -> DirHolder {
    let mut looks = 0;
    loop {
        let holder = parse_holder(file);
        looks += 1;
        if holder.address.is_some() || looks > SETTLE_LOOKS {
            return holder;
        }
        std::thread::sleep(SETTLE_STEP);
    }
}

fn parse_holder(file: &mut File) -> DirHolder {
    let mut text = String::new();
    // Unreadable text is the same as none.
    let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut text));
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let pid = field("pid ").and_then(|pid| pid.parse().ok());
    DirHolder { pid, address: field("address ").map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_it_can_be_found() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let holder = || match DataDirLock::claim(dir.path()).expect("readable") {
            DirClaim::Theirs(holder) => holder,
            DirClaim::Ours(_) => panic!("we hold it"),
        };
        assert!(!DataDirLock::was_used(dir.path()));
        let ours = DataDirLock::take(dir.path()).expect("made").expect("nobody holds it");
        let pid = Some(std::process::id());
        assert_eq!(holder(), DirHolder { pid, address: None });
        ours.announce("127.0.0.1:4711").expect("written");
        assert_eq!(holder(), DirHolder { pid, address: Some("127.0.0.1:4711".to_owned()) });
        assert!(DataDirLock::take(dir.path()).expect("readable").is_none());
        drop(ours);
        assert_eq!(std::fs::read(dir.path().join(LOCK_FILE)).expect("there"), b"", "nobody reads of the dead");
        assert!(DataDirLock::was_used(dir.path()));
        let DirClaim::Ours(again) = DataDirLock::claim(dir.path()).expect("readable") else { panic!("given up") };
        assert_eq!(holder().address, None, "nobody reads of the one before");
        drop(again);
    }
}
