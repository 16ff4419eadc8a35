//! Forgetting drained segments. A segment is marked as released by a rename, made unreadable
//! by overwriting its wrapped key, and only then unlinked, each step synced before the
//! next: at no moment is there a file named `.seg` that cannot be read, and none of the
//! steps can be undone by a power cut once the next has begun.

use std::io;
use std::sync::{Mutex, PoisonError};

use crate::catalog::Catalog;
use crate::disk::Disk;
use crate::error::ReleaseError;
use crate::log::Released;
use crate::seal::WRAPPED_KEY_BYTES;
use crate::segment;

/// Segments that are out of the catalog and not yet off the disk.
#[derive(Default)]
pub(crate) struct PendingDeletions(Mutex<Vec<File>>);

struct File {
    name: String,
    bytes: u64,
}

impl PendingDeletions {
    pub(crate) fn release(&self, catalog: &Catalog, disk: &dyn Disk, through: u64) -> Result<Released, ReleaseError> {
        // Held throughout: two releases at once would only wait for each other.
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rename = |segment: &segment::Segment| disk.rename(&segment.name, &segment::released_name(segment.first));
        while let Some(taken) = catalog.take_oldest(through, rename) {
            let entry = taken.map_err(|(file, source)| failed("rename", file, source))?;
            let name = segment::released_name(entry.segment.first);
            pending.push(File { name, bytes: entry.file_bytes });
        }
        let mut released = Released::default();
        if pending.is_empty() {
            return Ok(released);
        }
        let sync_dir = || disk.sync_dir().map_err(|source| failed("sync", ".".to_owned(), source));
        sync_dir()?;
        while let Some(file) = pending.last() {
            destroy(disk, &file.name).map_err(|source| failed("delete", file.name.clone(), source))?;
            released.pieces += 1;
            released.bytes += file.bytes;
            pending.pop();
        }
        sync_dir()?;
        Ok(released)
    }
}

/// Overwrites the wrapped key of a released file, syncs, and unlinks it. A file that
/// is gone already is fine.
pub(crate) fn destroy(disk: &dyn Disk, name: &str) -> io::Result<()> {
    let file = match disk.open(name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    file.write_at(segment::WRAPPED_KEY_OFFSET, &[0; WRAPPED_KEY_BYTES])?;
    file.sync_data()?;
    disk.remove(name)
}

fn failed(action: &'static str, file: String, source: io::Error) -> ReleaseError {
    ReleaseError { action, file, source }
}
