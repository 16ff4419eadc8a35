//! The data directory as commands meet it: theirs, or a server's that they ask instead. Whose
//! it is, the lock of `intake` says; here are its rights, the secret that commands find, and
//! what people are told.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use intake::{DataDirLock, DirClaim};
use server::LocalKey;

use crate::failure::Failure;

/// The secret by which commands ask the running server; there only while it runs.
const LOCAL_KEY_FILE: &str = "frontdesk.key";
/// Bits of a mode that let others in.
const MODE_OTHERS: u32 = 0o077;
/// On a directory of everybody's, such as /tmp.
const MODE_STICKY: u32 = 0o1000;

/// The data directory, held by this process until dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    lock: Arc<DataDirLock>,
    /// The file with the secret for commands, once it was written.
    local_key: Option<PathBuf>,
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
    /// The secret by which its server knows this machine's commands.
    pub(crate) local_key: Option<String>,
}

/// Takes the data directory, creating it when it is missing.
///
/// # Errors
/// The directory can't be made or written.
pub(crate) fn claim(data: &Path) -> Result<Claim, Failure> {
    make(data)?;
    Ok(match DataDirLock::claim(data).map_err(|error| unusable(data, &error))? {
        DirClaim::Ours(lock) => Claim::Ours(DataDir { lock: Arc::new(lock), local_key: None }),
        // The secret is there before the address is; asked the other way round it could be
        // that of the server before.
        DirClaim::Theirs(holder) => {
            let local_key = read_local_key(data);
            Claim::Theirs(Holder { pid: holder.pid, address: holder.address, local_key })
        }
    })
}

/// Makes the directory where it is missing, for its owner alone; one that was made before
/// is closed to others.
///
/// # Errors
/// It can't be made.
pub(crate) fn make(data: &Path) -> Result<(), Failure> {
    let was_there = data.is_dir();
    let making = || {
        // Durably, and closed to others.
        intake::make_data_dir(data)?;
        if was_there { close_to_others(data) } else { Ok(()) }
    };
    making().map_err(|error| unusable(data, &error))
}

/// Takes away what lets others into a directory that is ours: an empty one, or one that a
/// frontdesk has worked in. Any other may be somebody's home and is only complained of.
fn close_to_others(data: &Path) -> io::Result<()> {
    let about = fs::metadata(data)?;
    let mode = about.mode() & 0o7777;
    if mode & MODE_OTHERS == 0 {
        return Ok(());
    }
    let is_ours = mode & MODE_STICKY == 0
        && (DataDirLock::was_used(data) || fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_none()));
    let closed = if is_ours {
        fs::set_permissions(data, fs::Permissions::from_mode(mode & !MODE_OTHERS)).map_err(|error| error.to_string())
    } else {
        Err("it holds other things than frontdesk's".to_owned())
    };
    let directory = data.display();
    match closed {
        Ok(()) => tracing::warn!(%directory, "the data directory had mode {mode:04o}; it is closed to others now"),
        Err(reason) => tracing::warn!(
            %directory,
            reason,
            "the data directory has mode {mode:04o}, others can read what is in it; close it with chmod 700"
        ),
    }
    Ok(())
}

fn read_local_key(data: &Path) -> Option<String> {
    let text = fs::read_to_string(data.join(LOCAL_KEY_FILE)).ok()?;
    (!text.is_empty()).then_some(text)
}

impl DataDir {
    /// Tells the others where this process's server is.
    ///
    /// # Errors
    /// The lock file can't be written.
    pub(crate) fn announce(&self, address: &str) -> io::Result<()> {
        self.lock.announce(address)
    }

    /// The right to work on the directory, for what is opened in it.
    pub(crate) fn lock(&self) -> Arc<DataDirLock> {
        Arc::clone(&self.lock)
    }

    /// Leaves the secret for the commands that will ask this process's server. Before
    /// [`DataDir::announce`], so that none finds the address without it.
    ///
    /// # Errors
    /// The file can't be written.
    pub(crate) fn leave_key(&mut self, data: &Path, key: &LocalKey) -> io::Result<()> {
        let path = data.join(LOCAL_KEY_FILE);
        let draft = data.join(format!("{LOCAL_KEY_FILE}.tmp"));
        // A new file, so that nobody has an old one open with the rights that it had.
        for old in [&draft, &path] {
            match fs::remove_file(old) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(key.token().as_bytes())?;
        fs::rename(&draft, &path)?;
        self.local_key = Some(path);
        Ok(())
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        // Best effort: the secret is worth nothing without its server.
        if let Some(path) = &self.local_key {
            let _ = fs::remove_file(path);
        }
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
        let key = LocalKey::new().unwrap();
        ours.leave_key(directory.path(), &key).unwrap();
        ours.announce("127.0.0.1:4711").unwrap();
        let Claim::Theirs(holder) = claim(directory.path()).unwrap() else { panic!("we hold it") };
        let (pid, address) = (Some(std::process::id()), Some("127.0.0.1:4711".to_owned()));
        assert_eq!(holder, Holder { pid, address, local_key: Some(key.token()) });
        let path = directory.path().join(LOCAL_KEY_FILE);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        drop(ours);
        assert!(!path.exists(), "the secret goes with its server");
        assert!(matches!(claim(directory.path()).unwrap(), Claim::Ours(_)));
    }

    #[test]
    fn the_directory_is_its_owners_alone() {
        let place = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
        let data = place.path().join("new/data");
        make(&data).unwrap();
        assert_eq!(mode(&data), 0o700);
        assert_ne!(mode(data.parent().unwrap()), 0o700, "what is above it is none of ours");
        let check = |name: &str, before: u32, file: Option<&str>, after: u32| {
            let data = place.path().join(name);
            fs::create_dir(&data).unwrap();
            if let Some(file) = file {
                fs::write(data.join(file), "x").unwrap();
            }
            fs::set_permissions(&data, fs::Permissions::from_mode(before)).unwrap();
            make(&data).unwrap();
            assert_eq!(mode(&data), after, "{name}");
        };
        check("empty", 0o755, None, 0o700);
        check("used", 0o775, Some("frontdesk.lock"), 0o700);
        check("close", 0o500, Some("frontdesk.lock"), 0o500);
        check("home", 0o755, Some("letter"), 0o755);
        check("tmp", 0o1777, None, 0o1777);
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
        std::fs::write(&path, "x").unwrap();
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
