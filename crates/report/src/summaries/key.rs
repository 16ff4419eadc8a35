//! The key by which visitors are hashed in summaries: a secret of the data directory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use summary::HashKey;
use xxhash_rust::xxh3::xxh3_128;

const FILE: &str = "key";
const DRAFT: &str = ".key.tmp";
const BYTES: usize = 16;

/// The key, and what tells summaries of one key from those of another.
pub(super) struct Key {
    pub(super) hash: HashKey,
    pub(super) name: u128,
}

impl Key {
    fn of(bytes: [u8; BYTES]) -> Key {
        Key { hash: HashKey::new(bytes), name: xxh3_128(&bytes) }
    }

    /// A key that nobody has had before.
    pub(super) fn new() -> io::Result<Key> {
        Ok(Key::of(draw()?))
    }

    /// The directory's key; where there is none, or it isn't whole, a new one.
    pub(super) fn open(dir: &Path) -> io::Result<Key> {
        match read(dir)? {
            Some(bytes) => Ok(Key::of(bytes)),
            None => {
                let bytes = draw()?;
                write(dir, bytes)?;
                Ok(Key::of(bytes))
            }
        }
    }
}

/// A secret is drawn where it is made: one that can be repeated is none.
fn draw() -> io::Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

fn read(dir: &Path) -> io::Result<Option<[u8; BYTES]>> {
    let file = match File::open(dir.join(FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        outcome => outcome?,
    };
    let mut bytes = Vec::with_capacity(BYTES + 1);
    file.take(BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes.try_into().ok())
}

fn write(dir: &Path, bytes: [u8; BYTES]) -> io::Result<()> {
    let draft = dir.join(DRAFT);
    // Made anew, so that it has the rights that it is given here.
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(&bytes)?;
    // A key that a power cut takes back costs all summaries, and nothing else.
    file.sync_all()?;
    std::fs::rename(&draft, dir.join(FILE))
}
