//! The key file: which keys there are, and the hash of each one's secret.
//!
//! `keys.json` in the data directory is written by commands only and read by the server
//! only, so that making or revoking a key needs nothing of a running server. A change is
//! a new file, fsynced and renamed into place under a lock of the directory: a reader sees
//! the one or the other, and no two commands lose each other's change. When the last use
//! of keys is told, it comes from a file of the server's own (`keys-used.json`), which
//! nothing depends on.
//!
//! A file that can't be read, or that others could have written, gives no keys and is no
//! reason to do without: whoever demands keys goes on demanding them.

pub(crate) mod document;
#[cfg(test)]
mod tests;
pub(crate) mod used;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::digest::Digest;
use super::scope::Scope;
use super::token::{self, Token};
use super::verifier;
use crate::app::name::is_name;
use crate::app::timestamp;
use document::{Document, Entry};

pub use document::Standing;

/// Its name in the data directory.
pub const KEY_FILE: &str = "keys.json";
/// Keys that are kept, those that were revoked or have expired included.
const KEYS_MAX: usize = 1_000;
/// Longest key file; a thousand keys take half of it.
const KEY_FILE_BYTES_MAX: u64 = 1 << 20;
/// Bits of a file mode that let anybody but the owner at the file.
const MODE_OTHERS: u32 = 0o077;

/// Why keys can't be read or changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Others than the owner may read or write the file.
    #[error("the key file {} has mode {mode:04o}, others can reach it; look at `frontdesk key list` for keys that aren't yours, and make it private with chmod 600", path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It doesn't hold keys.
    #[error("the key file {} can't be read: {what}; restore it, or delete it and make new keys", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// No more keys are kept.
    #[error("there are {KEYS_MAX} keys in use; revoke those that nobody needs")]
    Full,
    /// A name that a key can't have.
    #[error("a key's name is 1 to 128 letters, digits, `-`, `_`, `.` or `:`")]
    Name,
    /// No key has this id or name.
    #[error("there is no key `{0}` that could be revoked; `frontdesk key list` shows all of them")]
    Unknown(String),
    /// Several keys have this name.
    #[error("{count} keys are called `{name}`; revoke one by its id, which `frontdesk key list` shows")]
    Ambiguous {
        /// The name.
        name: String,
        /// How many.
        count: usize,
    },
    /// The system's random source failed, so no key can be made.
    #[error("no key can be made, the system's random source failed; try again")]
    Random,
}

/// What a new key is to be.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What it may do.
    pub scope: Scope,
    /// What people call it.
    pub name: String,
    /// The only datastream that it is for.
    pub datastream: Option<String>,
    /// When it ends, in seconds since 1970.
    pub expires_s: Option<i64>,
}

/// A key that was made. The only place that ever has its secret.
pub struct Made {
    /// Its id.
    pub id: String,
    /// The key itself, to be shown once.
    pub token: String,
}

/// A key as it is listed.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// The only datastream that it is for.
    pub datastream: Option<String>,
    /// When it was made, RFC 3339.
    pub created: String,
    /// When it ends, RFC 3339.
    pub expires: Option<String>,
    /// When the server last saw it, RFC 3339; up to half a minute behind.
    pub used: Option<String>,
    /// How it stands.
    pub standing: Standing,
}

/// The key file of one data directory.
#[derive(Clone, Debug)]
pub struct KeyFile {
    directory: PathBuf,
}

/// What tells a file from the one that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    place: (u64, u64),
    bytes: u64,
    changed: [(i64, i64); 2],
}

impl KeyFile {
    /// The one in this directory, whether it is there or not.
    pub fn of(directory: &Path) -> KeyFile {
        KeyFile { directory: directory.to_owned() }
    }

    fn path(&self) -> PathBuf {
        self.directory.join(KEY_FILE)
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Makes a key. When this returns, it survives a power cut.
    ///
    /// # Errors
    /// The name can't be one, or the file can't be read or written.
    pub fn make(&self, new: &NewKey, now_s: i64) -> Result<Made, KeyFileError> {
        if !is_name(&new.name) || new.datastream.as_deref().is_some_and(|name| !is_name(name)) {
            return Err(KeyFileError::Name);
        }
        let secret = token::secret().map_err(|_| KeyFileError::Random)?;
        self.change(|document| {
            document.forget_dead(KEYS_MAX - 1, now_s);
            if document.keys.len() >= KEYS_MAX {
                return Err(KeyFileError::Full);
            }
            let id = loop {
                let id = token::id().map_err(|_| KeyFileError::Random)?;
                if document.keys.iter().all(|key| key.id != id) {
                    break id;
                }
            };
            let token = Token { scope: new.scope, id: &id, secret: &secret }.text();
            document.keys.push(Entry {
                id: id.clone(),
                name: new.name.clone(),
                scope: new.scope.name().to_owned(),
                datastream: new.datastream.clone(),
                created: timestamp::seconds(now_s),
                expires: new.expires_s.map(timestamp::seconds),
                revoked: None,
                sha256: Digest::of(&secret).hex(),
                scram: Some(verifier::make(&token).map_err(|_| KeyFileError::Random)?),
            });
            Ok(Made { id, token })
        })
    }

    /// Takes a key back, by its id or, where only one has it, by its name; what it was.
    ///
    /// # Errors
    /// There is none or there are several, or the file can't be read or written.
    pub fn revoke(&self, which: &str, now_s: i64) -> Result<(String, String), KeyFileError> {
        self.change(|document| {
            let live = || document.keys.iter().enumerate().filter(|(_, key)| key.revoked.is_none());
            let by_id = live().find(|(_, key)| key.id == which).map(|(place, _)| place);
            let by_name: Vec<usize> = live().filter(|(_, key)| key.name == which).map(|(place, _)| place).collect();
            let place = match (by_id, &by_name[..]) {
                (Some(place), _) => place,
                (None, [place]) => *place,
                // What was typed could be the key itself.
                (None, []) if token::is_id(which) || is_name(which) && !which.starts_with(token::PREFIX) => {
                    return Err(KeyFileError::Unknown(which.to_owned()));
                }
                (None, []) => return Err(KeyFileError::Unknown("…".to_owned())),
                (None, several) => {
                    return Err(KeyFileError::Ambiguous { name: which.to_owned(), count: several.len() });
                }
            };
            let key = &mut document.keys[place];
            key.revoked = Some(timestamp::seconds(now_s));
            Ok((key.id.clone(), key.name.clone()))
        })
    }

    /// All keys, the oldest first.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn list(&self, now_s: i64) -> Result<Vec<Listed>, KeyFileError> {
        let Some((document, _)) = self.read()? else { return Ok(Vec::new()) };
        let used = used::read(&self.directory);
        let listed = document.keys.into_iter().map(|entry| {
            let standing = entry.standing(now_s);
            let used = used.get(&entry.id).map(|used_s| timestamp::seconds(*used_s));
            // Reading has checked that it is one.
            let scope = Scope::named(&entry.scope).unwrap_or(Scope::Collect);
            let Entry { id, name, datastream, created, expires, .. } = entry;
            Listed { id, name, scope, datastream, created, expires, used, standing }
        });
        Ok(listed.collect())
    }

    /// The file as it is now; `None` when there is none.
    pub(crate) fn read(&self) -> Result<Option<(Document, Stamp)>, KeyFileError> {
        let path = self.path();
        let failed = |action| move |source| KeyFileError::Io { action, path: self.path(), source };
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed("open"))?,
        };
        let about = file.metadata().map_err(failed("inspect"))?;
        let mode = about.mode() & 0o7777;
        if mode & MODE_OTHERS != 0 {
            return Err(KeyFileError::Mode { path, mode });
        }
        let mut text = String::new();
        let bytes = (&mut file).take(KEY_FILE_BYTES_MAX + 1).read_to_string(&mut text);
        let damaged = |what: String| KeyFileError::Damaged { path: self.path(), what };
        match bytes {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(damaged("it is no text".to_owned()));
            }
            Err(error) => return Err(failed("read")(error)),
            Ok(bytes) if bytes as u64 > KEY_FILE_BYTES_MAX => {
                return Err(damaged(format!("it has more than {KEY_FILE_BYTES_MAX} bytes")));
            }
            Ok(_) => {}
        }
        let document = Document::parse(&text).map_err(damaged)?;
        Ok(Some((document, Stamp::of(&about))))
    }

    /// What tells whether it has changed; `None` when there is none.
    pub(crate) fn stamp(&self) -> io::Result<Option<Stamp>> {
        match fs::metadata(self.path()) {
            Ok(about) => Ok(Some(Stamp::of(&about))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads, changes and replaces the file while no other command does.
    fn change<T>(&self, change: impl FnOnce(&mut Document) -> Result<T, KeyFileError>) -> Result<T, KeyFileError> {
        let failed = |action| move |source| KeyFileError::Io { action, path: self.directory.clone(), source };
        let directory = File::open(&self.directory).map_err(failed("open"))?;
        // The lock goes with the handle.
        directory.lock().map_err(failed("lock"))?;
        let mut document = self.read()?.map(|(document, _)| document).unwrap_or_default();
        let outcome = change(&mut document)?;
        self.replace(&directory, document.text().as_bytes())?;
        Ok(outcome)
    }

    /// Puts a whole file there, in one step that lasts.
    fn replace(&self, directory: &File, bytes: &[u8]) -> Result<(), KeyFileError> {
        let draft = self.directory.join(format!("{KEY_FILE}.tmp"));
        let failed = |source| KeyFileError::Io { action: "write", path: self.path(), source };
        // Left behind by a command that was killed.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let writing = || {
            let mut file = File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
            give_to_owner(&file, directory)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&draft, self.path())?;
            directory.sync_all()
        };
        writing().map_err(failed)
    }
}

/// A command that root runs must not leave a file that the server can't read.
fn give_to_owner(file: &File, directory: &File) -> io::Result<()> {
    let (file_owner, owner) = (file.metadata()?.uid(), directory.metadata()?);
    if file_owner == owner.uid() { Ok(()) } else { fchown(file, Some(owner.uid()), Some(owner.gid())) }
}

impl Stamp {
    fn of(about: &fs::Metadata) -> Stamp {
        Stamp {
            place: (about.dev(), about.ino()),
            bytes: about.size(),
            changed: [(about.mtime(), about.mtime_nsec()), (about.ctime(), about.ctime_nsec())],
        }
    }
}
