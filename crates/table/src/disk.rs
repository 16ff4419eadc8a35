//! The few disk operations that durability hangs on, and the one order in which they are done.
//!
//! A file is durable when its bytes *and* its name are: the bytes by `fsync` of the
//! file, the name by `fsync` of its directory, the directory's own name by `fsync`
//! of the parent. A name may reach the disk before the bytes it stands for, so a
//! name that readers trust is given only to bytes that are already synced:
//!
//! ```text
//! create temp → write → fsync(temp) → link or rename → fsync(directory) → done
//! ```
//!
//! The operations come in as a [`Disk`] so that tests can record their order, stop
//! after any of them and take away whatever was not synced by then. Reading is not
//! part of it: what is read wrongly is seen by checksums, not by fsync.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use uuid::Uuid;

/// The operations that change what is on disk.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Creates a file that must not exist yet.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file a second name; fails with `AlreadyExists` when that name is taken.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Moves a file, replacing what was there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Deletes a name.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Creates one directory, whose parent exists.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
}

/// A file being written.
pub trait DiskFile: Write + Send {
    /// Makes the bytes written so far durable, not the file's name.
    fn sync(&mut self) -> io::Result<()>;
}

/// The operating system's disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsDisk;

impl Disk for OsDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Box::new(OsFile(file)))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::hard_link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

struct OsFile(File);

impl Write for OsFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl DiskFile for OsFile {
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}

/// What happens when the name is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Publish {
    /// The first one wins; the others get `AlreadyExists`.
    Create,
    /// The last one wins.
    Replace,
}

/// Creates a directory and its missing ancestors, each durable in its parent.
pub(crate) fn ensure_dir(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let parent =
        dir.parent().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the root directory is missing"))?;
    ensure_dir(disk, parent)?;
    match disk.create_dir(dir) {
        // Another writer may have made it a moment ago and not have synced it yet.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => disk.sync_dir(parent),
    }
}

/// A file that was not published.
#[derive(Debug)]
pub(crate) struct PublishError {
    /// A sync failed: nobody knows what is on the disk, and asking again may be answered
    /// "fine" for pages that were dropped.
    pub(crate) unsure: bool,
    pub(crate) source: io::Error,
}

impl PublishError {
    fn unsure(source: io::Error) -> PublishError {
        PublishError { unsure: true, source }
    }
}

impl From<io::Error> for PublishError {
    fn from(source: io::Error) -> PublishError {
        PublishError { unsure: false, source }
    }
}

/// Writes `parts` under `path`. When this returns `Ok`, a power cut leaves the whole
/// file under that name; when it returns `Err`, the name holds all of it or none.
pub(crate) fn publish(disk: &dyn Disk, path: &Path, parts: &[Bytes], mode: Publish) -> Result<(), PublishError> {
    let dir = path.parent().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no directory"))?;
    ensure_dir(disk, dir)?;
    let temp = temp_name(path);
    let result = write_synced(disk, &temp, parts).and_then(|()| match mode {
        Publish::Create => Ok(disk.link(&temp, path)?),
        Publish::Replace => Ok(disk.rename(&temp, path)?),
    });
    if result.is_err() || mode == Publish::Create {
        // A temp file that stays behind is in nobody's way; vacuum takes it.
        let _ = disk.remove(&temp);
    }
    result?;
    disk.sync_dir(dir).map_err(PublishError::unsure)
}

fn write_synced(disk: &dyn Disk, path: &Path, parts: &[Bytes]) -> Result<(), PublishError> {
    let mut file = disk.create(path)?;
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.sync().map_err(PublishError::unsure)
}

/// Begins with a dot, so that readers of Delta and of Hive directories pass it over.
fn temp_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}{TEMP_SUFFIX}", Uuid::new_v4().simple()))
}

/// How the names of files in the making end.
pub(crate) const TEMP_SUFFIX: &str = ".tmp";

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Records what is asked, in order, and does it.
    #[derive(Clone, Debug, Default)]
    struct Recorder(Arc<Mutex<Vec<String>>>);

    impl Recorder {
        fn note(&self, what: &str, path: &Path) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = if name.ends_with(TEMP_SUFFIX) { "temp".to_owned() } else { name.into_owned() };
            self.0.lock().unwrap().push(format!("{what} {name}"));
        }
    }

    impl Disk for Recorder {
        fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
            self.note("create", path);
            let inner = OsDisk.create(path)?;
            Ok(Box::new(RecordedFile { recorder: self.clone(), path: path.to_owned(), inner }))
        }
        fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
            self.note("link", to);
            OsDisk.link(from, to)
        }
        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            self.note("rename", to);
            OsDisk.rename(from, to)
        }
        fn remove(&self, path: &Path) -> io::Result<()> {
            self.note("remove", path);
            OsDisk.remove(path)
        }
        fn create_dir(&self, path: &Path) -> io::Result<()> {
            self.note("create_dir", path);
            OsDisk.create_dir(path)
        }
        fn sync_dir(&self, path: &Path) -> io::Result<()> {
            self.note("sync_dir", path);
            OsDisk.sync_dir(path)
        }
    }

    struct RecordedFile {
        recorder: Recorder,
        path: PathBuf,
        inner: Box<dyn DiskFile>,
    }

    impl Write for RecordedFile {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.recorder.note("write", &self.path);
            self.inner.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.inner.flush()
        }
    }

    impl DiskFile for RecordedFile {
        fn sync(&mut self) -> io::Result<()> {
            self.recorder.note("sync", &self.path);
            self.inner.sync()
        }
    }

    fn check(mode: Publish, in_the_way: Option<&[u8]>, expect_ok: bool, expect: &[&str]) {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("log").join("1.json");
        if let Some(bytes) = in_the_way {
            ensure_dir(&OsDisk, path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
        }
        let recorder = Recorder::default();
        let result = publish(&recorder, &path, &[Bytes::from_static(b"ab"), Bytes::from_static(b"c")], mode);
        assert_eq!(result.is_ok(), expect_ok, "{result:?}");
        let mut seen = recorder.0.lock().unwrap().clone();
        if let Some(first) = seen.iter_mut().find(|step| step.starts_with("sync_dir .tmp")) {
            *first = "sync_dir root".to_owned();
        }
        assert_eq!(seen, expect);
        let expect_bytes = if expect_ok { b"abc" } else { in_the_way.unwrap() };
        assert_eq!(std::fs::read(&path).unwrap(), expect_bytes);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "a temp file stayed behind");
    }

    #[test]
    fn a_name_is_given_only_to_synced_bytes() {
        let write = ["create temp", "write temp", "write temp", "sync temp"];
        let new_dir = ["create_dir log", "sync_dir root"];
        check(
            Publish::Create,
            None,
            true,
            &[&new_dir[..], &write, &["link 1.json", "remove temp", "sync_dir log"]].concat(),
        );
        check(Publish::Replace, None, true, &[&new_dir[..], &write, &["rename 1.json", "sync_dir log"]].concat());
        check(Publish::Replace, Some(b"old"), true, &[&write[..], &["rename 1.json", "sync_dir log"]].concat());
        check(Publish::Create, Some(b"old"), false, &[&write[..], &["link 1.json", "remove temp"]].concat());
    }
}
