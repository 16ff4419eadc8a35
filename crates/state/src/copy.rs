//! A copy of the file as it was when it was whole last, beside it: made at each start and once a day by whoever serves.
//!
//! Nothing puts it back by itself. It lacks what came later, and has what was deleted or revoked since: whether that is better than
//! nothing is for a person to say.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::StateError;
use crate::open::{MODE_OWN, STATE_FILE, with_suffix};
use crate::state::{State, within};

/// What a copy is called.
const COPY_SUFFIX: &str = ".copy";
/// The same until it is whole.
const DRAFT_SUFFIX: &str = ".copy.new";

/// A copy that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCopy {
    /// Where it is.
    pub path: PathBuf,
    /// When it was made.
    pub made_at: SystemTime,
}

impl StateCopy {
    /// The copy of a data directory's file, if there is one. Whether it is whole, opening it tells.
    pub fn of(data: &Path) -> Option<StateCopy> {
        let path = with_suffix(&data.join(STATE_FILE), COPY_SUFFIX);
        let metadata = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
        let made_at = metadata.modified().ok()?;
        Some(StateCopy { path, made_at })
    }
}

impl State {
    /// Makes the copy anew, of what is there now.
    ///
    /// # Errors
    /// The file failed, or there is no room. The copy before stays.
    pub async fn copy(&self) -> Result<(), StateError> {
        let path = self.path();
        let draft = begin(path).map_err(|error| StateError::Other(error.to_string()))?;
        let target = draft.to_string_lossy().into_owned();
        within(async {
            let mut writer = self.writer().await?;
            sqlx::query("vacuum into ?").bind(target).execute(&mut *writer).await?;
            Ok::<_, StateError>(())
        })
        .await?;
        finish(path, &draft).map_err(|error| StateError::Other(error.to_string()))
    }
}

/// Copies a file that is whole and that nobody works in.
pub(crate) fn keep(path: &Path) -> io::Result<()> {
    let draft = begin(path)?;
    fs::copy(path, &draft)?;
    finish(path, &draft)
}

/// An empty draft, closed to others.
fn begin(path: &Path) -> io::Result<PathBuf> {
    let draft = with_suffix(path, DRAFT_SUFFIX);
    // What a crash has left.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::options().write(true).create_new(true).mode(MODE_OWN).open(&draft)?;
    Ok(draft)
}

/// Puts the draft in the place of the copy, durably.
fn finish(path: &Path, draft: &Path) -> io::Result<()> {
    fs::set_permissions(draft, Permissions::from_mode(MODE_OWN))?;
    File::open(draft)?.sync_all()?;
    fs::rename(draft, with_suffix(path, COPY_SUFFIX))?;
    let directory = path.parent().unwrap_or(path);
    File::open(directory)?.sync_all()
}
