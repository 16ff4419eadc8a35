//! The data directory itself: made by this one place, for its owner alone, and so
//! that a power cut doesn't take its name back. What is acknowledged must not vanish with the
//! directory it lies in.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Nobody but the owner reaches what is in it.
const MODE_OWNER: u32 = 0o700;

/// Makes the data directory where it is missing, and those above it; their names are
/// durable when this returns. One that is there keeps its mode. Its name is synced all
/// the same: a process that was killed may have made it a moment ago.
///
/// # Errors
/// Those of the operating system.
pub fn make_data_dir(dir: &Path) -> io::Result<()> {
    if dir.as_os_str().is_empty() {
        return Ok(());
    }
    if dir.is_dir() {
        return match sync_dir(parent_of(dir)) {
            // A directory above that may only be passed through was synced by whoever made ours.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            outcome => outcome,
        };
    }
    make_ancestors(parent_of(dir))?;
    make(DirBuilder::new().mode(MODE_OWNER), dir)
}

fn make_ancestors(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    make_ancestors(parent_of(dir))?;
    make(&DirBuilder::new(), dir)
}

fn make(builder: &DirBuilder, dir: &Path) -> io::Result<()> {
    match builder.create(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => {}
        Err(error) => return Err(error),
        Ok(()) => {}
    }
    sync_dir(parent_of(dir))
}

/// The directory that holds the name; the current one for a bare name.
fn parent_of(dir: &Path) -> &Path {
    dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn made_with_all_above_it_and_for_the_owner_alone() {
        let root = tempfile::tempdir().expect("temporary directory");
        let dir = root.path().join("srv").join("desk");
        make_data_dir(&dir).expect("made");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        // One that is there is taken as it is.
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o750)).expect("chmod");
        make_data_dir(&dir).expect("there");
        assert_eq!(mode(&dir), 0o750);
    }

    #[test]
    fn a_file_in_the_way_is_an_error() {
        let root = tempfile::tempdir().expect("temporary directory");
        let file = root.path().join("file");
        fs::write(&file, "x").expect("written");
        assert!(make_data_dir(&file).is_err());
        assert!(make_data_dir(&file.join("below")).is_err());
        make_data_dir(Path::new("")).expect("the current directory");
    }
}
