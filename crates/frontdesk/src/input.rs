//! Files of events as commands name them: a path or `-`. Reading them is `intake`'s.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use intake::{EventReader, InputError, LoadInput};
use xxhash_rust::xxh3::xxh3_64;

use crate::failure::Failure;

/// How much of a file's begin and end its fingerprint covers.
const FINGERPRINT_BYTES: usize = 1024 * 1024;

/// One input of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Input {
    /// `-` is standard input.
    pub(crate) fn named(path: &Path) -> Input {
        if path == Path::new("-") { Input::Stdin } else { Input::File(path.to_owned()) }
    }

    /// The name to show.
    pub(crate) fn name(&self) -> String {
        match self {
            Input::Stdin => "standard input".to_owned(),
            Input::File(path) => path.display().to_string(),
        }
    }

    /// The same as `intake` knows it.
    pub(crate) fn to_load(&self) -> LoadInput {
        match self {
            Input::Stdin => LoadInput::Stdin,
            Input::File(path) => LoadInput::File(path.clone()),
        }
    }

    /// Opens it for reading, event by event.
    ///
    /// # Errors
    /// It can't be opened, or isn't JSON text.
    pub(crate) fn open(&self) -> Result<EventReader, Failure> {
        EventReader::open(&self.to_load()).map_err(|error| self.unreadable(&error))
    }

    /// The failure to read it.
    pub(crate) fn unreadable(&self, error: &InputError) -> Failure {
        Failure::usage(format_args!("cannot read {}: {error}", self.name())).help(error.help())
    }

    /// Bytes on disk, if that is known.
    pub(crate) fn stored_bytes(&self) -> Option<u64> {
        match self {
            Input::Stdin => None,
            Input::File(path) => Some(path.metadata().ok()?.len()),
        }
    }

    /// Tells a file from others: its length, first and last MiB. `None` for what can be
    /// read only once.
    pub(crate) fn fingerprint(&self) -> Result<Option<u64>, Failure> {
        let Input::File(path) = self else { return Ok(None) };
        let print = || -> io::Result<Option<u64>> {
            let mut file = File::open(path)?;
            if !file.metadata()?.is_file() {
                return Ok(None);
            }
            let length = file.metadata()?.len();
            let mut bytes = length.to_le_bytes().to_vec();
            file.by_ref().take(FINGERPRINT_BYTES as u64).read_to_end(&mut bytes)?;
            file.seek(SeekFrom::Start(length.saturating_sub(FINGERPRINT_BYTES as u64)))?;
            file.take(FINGERPRINT_BYTES as u64).read_to_end(&mut bytes)?;
            Ok(Some(xxh3_64(&bytes)))
        };
        print().map_err(|error| self.unreadable(&InputError::Io(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_a_path() {
        let directory = tempfile::tempdir().unwrap();
        let check = |path: PathBuf, parts: [&str; 2]| {
            let text = Input::named(&path).open().err().unwrap().to_string();
            assert!(parts.iter().all(|part| text.contains(part)), "{text}");
        };
        check(directory.path().join("absent"), ["cannot read", "name a file"]);
        check(directory.path().to_owned(), ["is a directory", "/*.ndjson"]);
        let zip = directory.path().join("events.json");
        std::fs::write(&zip, b"PK\x03\x04").unwrap();
        check(zip, ["it is a zip archive", "unzip -p"]);
        let cut = directory.path().join("events.gz");
        std::fs::write(&cut, b"\x1F\x8B\x08\x00\x00").unwrap();
        check(cut, ["cannot read", "damaged or cut short"]);
    }
}
