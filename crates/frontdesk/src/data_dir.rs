//! Who works on the data directory: one process at a time, found by a lock file.
//!
//! `frontdesk.lock` is locked by the operating system for as long as its holder lives,
//! so a killed holder leaves nothing to clean up. Its text tells the others who holds
//! it and, when that is a server, where to reach it. It refuses to guess: a directory
//! that is held by something without an address is busy.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::failure::Failure;

const LOCK_FILE: &str = "frontdesk.lock";

/// How long a holder that has just begun may take to write its text.
const SETTLE: Duration = Duration::from_millis(300);
const SETTLE_STEP: Duration = Duration::from_millis(20);

/// The data directory, held by this process until dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    lock: File,
}

/// Who has the data directory now.
#[must_use]
#[derive(Debug)]
pub(crate) enum Claim {
    /// This process.
    Ours(DataDir),
    /// Another process.
    Theirs(Holder),
}

/// The process that has the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its process id, if it has said so.
    pub(crate) pid: Option<u32>,
    /// Where its server listens; `None` for a command or a server that is starting.
    pub(crate) address: Option<String>,
}

/// Takes the data directory, creating it when it is missing.
///
/// # Errors
/// The directory can't be made or written.
pub(crate) fn claim(data: &Path) -> Result<Claim, Failure> {
    fs::create_dir_all(data).map_err(|error| unusable(data, &error))?;
    let path = data.join(LOCK_FILE);
    let options = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut lock = options.map_err(|error| unusable(data, &error))?;
    match lock.try_lock() {
        Ok(()) => {
            write_holder(&mut lock, None).map_err(|error| unusable(data, &error))?;
            Ok(Claim::Ours(DataDir { lock }))
        }
        Err(TryLockError::WouldBlock) => Ok(Claim::Theirs(read_holder(&mut lock))),
        Err(TryLockError::Error(error)) => Err(unusable(data, &error)),
    }
}

impl DataDir {
    /// Tells the others where this process's server is.
    ///
    /// # Errors
    /// The lock file can't be written.
    pub(crate) fn announce(&mut self, address: &str) -> io::Result<()> {
        write_holder(&mut self.lock, Some(address))
    }
}

impl Drop for DataDir {
    /// The lock goes with the file; the text goes too, so that nobody reads of the dead.
    fn drop(&mut self) {
        // Best effort: the lock, not the text, decides who holds the directory.
        let _ = self.lock.set_len(0);
    }
}

impl Holder {
    /// Why the directory can't be used now.
    pub(crate) fn busy(&self, data: &Path) -> Failure {
        let who = self.pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
        Failure::unavailable(format_args!("another frontdesk{who} is working on {}", data.display()))
            .help("wait until it has ended or stop it, or name another directory with --data")
    }
}

fn write_holder(lock: &mut File, address: Option<&str>) -> io::Result<()> {
    let mut text = format!("pid {}\n", std::process::id());
    if let Some(address) = address {
        text += &format!("address {address}\n");
    }
    lock.set_len(0)?;
    lock.seek(SeekFrom::Start(0))?;
    lock.write_all(text.as_bytes())
}

fn read_holder(lock: &mut File) -> Holder {
    let begin = Instant::now();
    loop {
        let holder = parse_holder(lock);
        if holder.address.is_some() || begin.elapsed() >= SETTLE {
            return holder;
        }
        std::thread::sleep(SETTLE_STEP);
    }
}

fn parse_holder(lock: &mut File) -> Holder {
    let mut text = String::new();
    // Unreadable text is the same as none.
    let _ = lock.seek(SeekFrom::Start(0)).and_then(|_| lock.read_to_string(&mut text));
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Holder { pid: field("pid ").and_then(|pid| pid.parse().ok()), address: field("address ").map(str::to_owned) }
}

fn unusable(data: &Path, error: &io::Error) -> Failure {
    let failure = Failure::unavailable(format_args!("cannot use the data directory {}: {error}", data.display()));
    match error.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            failure.help("a file is in the way; name a directory with --data")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            failure.help("give this user the right to write there, or name another directory with --data")
        }
        io::ErrorKind::StorageFull => failure.help("free space on the disk, then try again"),
        _ => failure.help("name a directory that this user can write with --data"),
    }
}

/// The directory as commands suggest it: nothing for the default one.
pub(crate) fn as_flag(data: &Path, is_default: bool) -> String {
    if is_default { String::new() } else { format!(" --data {}", quoted(data)) }
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = PathBuf::from(path).display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_it_can_be_found() {
        let directory = tempfile::tempdir().unwrap();
        let Claim::Ours(mut ours) = claim(directory.path()).unwrap() else { panic!("nobody holds it") };
        ours.announce("127.0.0.1:4711").unwrap();
        let Claim::Theirs(holder) = claim(directory.path()).unwrap() else { panic!("we hold it") };
        assert_eq!(holder, Holder { pid: Some(std::process::id()), address: Some("127.0.0.1:4711".to_owned()) });
        drop(ours);
        assert!(matches!(claim(directory.path()).unwrap(), Claim::Ours(_)));
    }

    #[test]
    fn a_holder_without_an_address_is_busy() {
        let directory = tempfile::tempdir().unwrap();
        let _ours = claim(directory.path()).unwrap();
        let Claim::Theirs(holder) = claim(directory.path()).unwrap() else { panic!("we hold it") };
        assert_eq!(holder.address, None);
        let text = holder.busy(directory.path()).to_string();
        assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
    }

    #[test]
    fn a_file_in_the_way_is_said_plainly() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "x").unwrap();
        let text = claim(&path).unwrap_err().to_string();
        assert!(text.contains("cannot use the data directory"), "{text}");
        assert!(text.contains("--data"), "{text}");
    }

    #[test]
    fn suggests_paths_that_a_shell_takes() {
        let check = |path: &str, expect: &str| assert_eq!(as_flag(Path::new(path), false), expect);
        check("/srv/data", " --data /srv/data");
        check("/srv/my data", " --data '/srv/my data'");
        check("it's", r" --data 'it'\''s'");
        assert_eq!(as_flag(Path::new("x"), true), "");
    }
}
