//! The key file: 32 random bytes, mode 0600, made once and then only read.
//!
//! The file is written beside its final name, fsynced, linked into place and its
//! directory fsynced before the key is used: nothing may be sealed under a key that a
//! power cut can take back. Linking (not renaming) keeps a key that another process
//! made first. A file that others can read is refused rather than repaired, because a
//! key that was readable may have been read.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

/// Length of the key and of every derived key, in bytes.
const KEY_BYTES: usize = 32;

/// Bits of a file mode that let anybody but the owner at the key.
const MODE_OTHERS: u32 = 0o077;

/// Separates our derivations from any other use of the same key bytes.
const DERIVE_SALT: &[u8] = b"frontdesk key v1";

/// The secret of one data directory. `Debug` shows none of it, and its memory is
/// overwritten on drop.
#[derive(Clone)]
pub struct MasterKey([u8; KEY_BYTES]);

/// Why there is no key to work with.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Others than the owner may read or write the file.
    #[error("key file {} has mode {mode:04o}, others can reach it; make it private with chmod 600, and replace the key if it may have been read", path.display())]
    Mode {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold a key.
    #[error("key file {} has {bytes} bytes instead of 32; restore it from a backup, without it nothing sealed can be opened", path.display())]
    Length {
        /// The key file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// The operating system refused.
    #[error("cannot {action} key file {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The key file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The system's random source failed, so no key can be made.
    #[error("no key can be made, the system's random source failed; try again")]
    Random,
}

impl MasterKey {
    /// Reads the key at `path`, or makes one there when the file does not exist.
    /// When this returns, the file survives a power cut.
    pub fn load_or_create(path: &Path) -> Result<MasterKey, KeyError> {
        match MasterKey::load(path) {
            Err(KeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => create(path),
            outcome => outcome,
        }
    }

    /// Reads the key at `path`; a missing file is an error.
    pub fn load(path: &Path) -> Result<MasterKey, KeyError> {
        let failed = |action| move |source| KeyError::Io { action, path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed("open"))?;
        let about = file.metadata().map_err(failed("inspect"))?;
        let mode = about.mode() & 0o7777;
        if mode & MODE_OTHERS != 0 {
            return Err(KeyError::Mode { path: path.to_owned(), mode });
        }
        if about.len() != KEY_BYTES as u64 {
            return Err(KeyError::Length { path: path.to_owned(), bytes: about.len() });
        }
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        file.read_exact(&mut *bytes).map_err(failed("read"))?;
        Ok(MasterKey(*bytes))
    }

    /// The key for one purpose (HKDF-SHA256). Equal purposes give equal keys; nobody
    /// can get from one purpose's key to another's.
    pub fn derive(&self, purpose: &str) -> [u8; KEY_BYTES] {
        let mut derived = [0; KEY_BYTES];
        Salt::new(HKDF_SHA256, DERIVE_SALT)
            .extract(&self.0)
            .expand(&[purpose.as_bytes()], HKDF_SHA256)
            .and_then(|material| material.fill(&mut derived))
            .expect("32 bytes are within HKDF's output limit of 255 blocks");
        derived
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

fn create(path: &Path) -> Result<MasterKey, KeyError> {
    let failed = |action| move |source| KeyError::Io { action, path: path.to_owned(), source };
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(&mut *bytes).map_err(|_| KeyError::Random)?;

    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let draft = PathBuf::from(name);
    // A leftover of a killed process that had our id; nothing was sealed under it.
    let _ = fs::remove_file(&draft);
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(failed("create"))?;
    file.write_all(&*bytes).and_then(|()| file.sync_all()).map_err(failed("write"))?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(failed("tidy up after"))?;
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed("create")(error)),
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed("make durable"))?;
    // Whoever linked first decides: read back what stands there.
    MasterKey::load(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_stays_the_same() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("vault.key");
        assert!(matches!(MasterKey::load(&path), Err(KeyError::Io { .. })));
        let made = MasterKey::load_or_create(&path).expect("made");
        let again = MasterKey::load_or_create(&path).expect("read");
        assert_eq!(made.0, again.0);
        assert_ne!(made.0, [0; KEY_BYTES]);
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o7777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 1, "no draft is left");
        assert_eq!(format!("{made:?}"), "MasterKey(..)");
    }

    #[test]
    fn wide_modes_and_wrong_lengths_are_refused() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("vault.key");
        MasterKey::load_or_create(&path).expect("made");
        for mode in [0o640, 0o604, 0o620, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
            let refusal = MasterKey::load_or_create(&path).expect_err("others can read it").to_string();
            assert!(refusal.contains("chmod 600"), "{refusal}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
        for length in [0, 31, 33] {
            fs::write(&path, vec![7; length]).expect("written");
            assert!(matches!(MasterKey::load_or_create(&path), Err(KeyError::Length { .. })), "{length}");
        }
    }

    #[test]
    fn each_purpose_has_its_own_key() {
        let key = MasterKey([7; KEY_BYTES]);
        let purposes = ["", "journal", "events", "rejects"];
        for (i, left) in purposes.iter().enumerate() {
            assert_eq!(key.derive(left), key.derive(left));
            assert_ne!(key.derive(left), MasterKey([8; KEY_BYTES]).derive(left));
            for right in &purposes[i + 1..] {
                assert_ne!(key.derive(left), key.derive(right), "{left} {right}");
            }
        }
    }

    #[test]
    fn makers_at_the_same_time_agree() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("vault.key");
        // Both saw no file; the second finds the first one's link in its way.
        let first = create(&path).expect("first");
        let second = create(&path).expect("second");
        assert_eq!(first.0, second.0);
    }
}
